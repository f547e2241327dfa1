"""The options that several subcommands share, each defined once. Imports nothing heavy: `licence --help` reads this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ENVIRONMENT = "LICENCE_PASSPHRASE"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
Data = Annotated[Path, typer.Option("--data", help="Folder of this service: its records, keys and database.")]
Wallet = Annotated[Path, typer.Option("--wallet", help="The wallet's encrypted file.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen at.")]
ClockFile = Annotated[
    Path | None,
    typer.Option("--clock-file", hidden=True, help="File with an offset in seconds that moves this command's clock."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help=f"File with the wallet's passphrase (else {ENVIRONMENT}, else a prompt)."),
]
