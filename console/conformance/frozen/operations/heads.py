"""Heads: distinct holders counted by their pseudonyms in one scope."""

from __future__ import annotations

from collections.abc import Mapping

from circuits import head_count
from console.conformance.frozen.document import Leaf, Vector
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.batch import named_proofs
from console.conformance.frozen.operations.statement import statement_of


def scope(given: Given) -> dict[str, Leaf]:
    """`scope_kind`, `identifiers` and `period` to the context."""
    identifiers = tuple(item.decode() for item in given.octets_list("identifiers"))
    return {"context": head_count.scope_context(given.word("scope_kind"), identifiers, given.text("period")).hex()}


def count(given: Given, known: Mapping[str, Vector]) -> dict[str, Leaf]:
    """The distinct pseudonyms, ascending, of the true proofs of the statement among `items`, ids of `verify` vectors.

    Of each item the binding and the proof are taken; the statement is this vector's own.
    """
    shown = [(binding, proof) for _, binding, proof in named_proofs(given, known)]
    heads = head_count.count_heads(statement_of(given), shown, given.number("least"))
    return {"heads": [head.hex() for head in sorted(heads)]}
