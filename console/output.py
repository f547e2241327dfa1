"""How a command speaks: a few lines for a person, one JSON object for a machine, and errors that say what to do next.

Every subcommand does its work inside `speaking(as_json)`. Results go to standard output. With --json an error goes
there too, as {"error": {"code", "sentence", "next"}}; without, it goes to standard error. The exit code is 1 for a
refusal or failure; typer itself uses 2 for a command line that makes no sense.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 112

# What a person can do about a refusal, by its stable code. Anything not here gets the sentence alone.
NEXT_STEPS: Mapping[str, str] = {
    "passphrase": "give the passphrase of this wallet: at the prompt, in LICENCE_PASSPHRASE or by --passphrase-file",
    "revoked": "this licence has been revoked: ask the issuer why, and apply for a new one",
    "stale-witness": "licence wallet refresh",
    "predicate": "licence wallet show, and see which attribute the policy finds too low or too early",
    "stale-epoch": "the gateway has not heard from the issuer: try again, or run licence issuer epoch",
    "cooling-off": "wait until the time shown, then start the next sitting",
    "unreachable": "check the address, and that the server is running",
}


class Failure(Exception):
    """What a command ends with when it cannot do as asked."""

    def __init__(self, code: str, sentence: str, next_step: str = "") -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.next_step = next_step or NEXT_STEPS.get(code, "")


class Speaker:
    """Prints the results of one command in one of the two ways."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def console(self) -> Console:
        """The terminal, for progress and tables; silent in JSON mode."""
        from rich.console import Console

        console = Console(stderr=self.as_json, quiet=self.as_json, highlight=False)
        if not console.is_terminal:
            console.width = PIPED_WIDTH
        return console

    def done(self, result: Mapping[str, Any], sentence: str = "") -> None:
        """The command's result: the object for machines, or the sentence and the object's fields for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")
            return
        terminal = self.console()
        if sentence:
            terminal.print(f"[green]✓[/] {_escaped(sentence)}", soft_wrap=True)
        fields(terminal, result)

    def line(self, text: str) -> None:
        """One line while the command goes on. For people only."""
        self.console().print(_escaped(text), soft_wrap=True)

    def failed(self, failure: Failure) -> None:
        """The error, whichever way was asked for."""
        if self.as_json:
            error = {"code": failure.code, "sentence": failure.sentence, "next": failure.next_step}
            sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
            return
        from rich.console import Console

        terminal = Console(stderr=True, highlight=False)
        terminal.print(f"[red]✗ {_escaped(failure.code)}[/]  {_escaped(failure.sentence)}", soft_wrap=True)
        if failure.next_step:
            terminal.print(f"  [dim]next:[/] {_escaped(failure.next_step)}", soft_wrap=True)


def fields(terminal: Console, result: Mapping[str, Any]) -> None:
    """The members of a result, one a line, names aligned."""
    width = max((len(name) for name in result), default=0)
    for name, value in result.items():
        shown = ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
        terminal.print(f"  [dim]{_escaped(name):<{width}}[/]  {_escaped(shown)}", soft_wrap=True)


@contextmanager
def speaking(as_json: bool) -> Iterator[Speaker]:
    """Run a command's work; turn every expected refusal into an error with a code, and exit 1."""
    speaker = Speaker(as_json)
    try:
        yield speaker
    except Failure as failure:
        speaker.failed(failure)
        raise typer.Exit(1) from failure
    except (OSError, ValueError) as error:
        speaker.failed(_as_failure(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
    except Exception as error:
        if not _is_refusal(error):
            raise
        speaker.failed(_as_failure(error))
        raise typer.Exit(1) from error


def _is_refusal(error: Exception) -> bool:
    """Whether this is an error that a role raises on purpose (they all carry a stable code), or a lost connection."""
    return isinstance(getattr(error, "code", None), str) or type(error).__module__.partition(".")[0] == "httpx"


def _code_of(error: Exception) -> str:
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    if isinstance(error, FileNotFoundError):
        return "no-such-file"
    if isinstance(error, FileExistsError):
        return "exists"
    if type(error).__module__.partition(".")[0] == "httpx":
        return "unreachable"
    return "bad-input"


def _as_failure(error: Exception) -> Failure:
    sentence = getattr(error, "sentence", "") or str(error)
    return Failure(_code_of(error), str(sentence), str(getattr(error, "next_step", "")))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
