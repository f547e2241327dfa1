"""The `licence` command: every role's work from one terminal.

Nothing heavy is imported here, so that `licence --help` answers at once; each subcommand imports its role when it runs.
LICENCE_CURVE (arkworks or reference) chooses the curve backend, and is read here only.
"""

from __future__ import annotations

import os

import typer

from console.commands import bench, conformance, demo, gateway, issuer, opener, vectors, wallet

CURVE_ENVIRONMENT = "LICENCE_CURVE"

app = typer.Typer(
    name="licence",
    help="Anonymous, insured, revocable licences for the operators of autonomous agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(issuer.app, name="issuer")
app.add_typer(wallet.app, name="wallet")
app.add_typer(gateway.app, name="gateway")
app.add_typer(opener.app, name="opener")
app.add_typer(vectors.app, name="vectors")
app.command("conformance")(conformance.conformance)
app.command("bench")(bench.bench)
app.command("demo")(demo.demo)


@app.callback()
def choose_curve() -> None:
    """Anonymous, insured, revocable licences for the operators of autonomous agents."""
    chosen = os.environ.get(CURVE_ENVIRONMENT)
    if chosen is None:
        return
    if chosen not in ("arkworks", "reference"):
        raise typer.BadParameter(f"{CURVE_ENVIRONMENT} is {chosen!r}; it may be arkworks or reference")
    from circuits import use_curve

    use_curve(chosen)


if __name__ == "__main__":
    app()
