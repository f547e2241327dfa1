"""`licence demo`: the whole story on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.options import Json
from console.output import speaking

Output = Annotated[Path, typer.Option("--output", help="Folder for the page and the logs of every process.")]
Sabotage = Annotated[
    str,
    typer.Option("--sabotage", hidden=True, help="Break something on purpose: no-gateway. The story must then fail."),
]


def demo(output: Output = Path("demo-output"), sabotage: Sabotage = "", as_json: Json = False) -> None:
    """Play the whole story between separate processes, check every sentence of it, and write it as a page."""
    with speaking(as_json) as speaker:
        from console.demo.run import play

        account, page = play(output, sabotage, speaker.console())
        if as_json:
            failures = [{"sentence": check.sentence, "detail": check.detail} for check in account.failures]
            result = {"checks": len(account.checks), "failed": len(failures), "failures": failures}
            speaker.done(result | {"seconds": round(account.seconds, 2), "page": str(page)})
    if account.failures or not account.checks:
        raise typer.Exit(1)
