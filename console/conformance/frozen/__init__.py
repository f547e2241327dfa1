"""This project's own vectors: everything that no draft defines, frozen octet for octet.

One vector names an operation, what goes in and what comes out. `operations` knows how to do each operation, `recipes`
which vectors there are, `document` how they stand in a file, `check` whether a file is right, `write` makes the files.
The format, for other implementations, is described in docs/vectors.md.
"""

from __future__ import annotations

from console.conformance.frozen.check import check_file
from console.conformance.frozen.write import documents, write

__all__ = ["check_file", "documents", "write"]
