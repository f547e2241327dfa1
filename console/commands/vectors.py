"""`licence vectors`: this project's own test vectors, made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.options import Json
from console.output import speaking

app = typer.Typer(help="Our own test vectors. To check them: licence conformance.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(file_okay=False, metavar="DIR", help="Folder to write the files into.")]


@app.callback()
def vectors() -> None:
    """Our own test vectors. To check them: licence conformance."""


@app.command()
def write(folder: Folder, as_json: Json = False) -> None:
    """Write every file; the same octets every time."""
    with speaking(as_json) as speaker:
        from console.conformance import frozen

        paths = frozen.write(folder)
        speaker.done({"files": [str(path) for path in paths]}, f"{len(paths)} files written")
