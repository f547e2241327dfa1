"""Plays the demonstration from beginning to end, and always tidies up."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from console.demo import acts_end, acts_issue, acts_use
from console.demo.account import Account, StoryEnded, duration
from console.demo.off_stage import OffStage
from console.demo.page import Highlight, write_page
from console.demo.processes import Processes
from console.demo.world import World, build, new_passphrase
from console.output import Failure

PAGE = "index.html"
SABOTAGES = ("", "no-gateway")


def play(output: Path, sabotage: str, console: Console) -> tuple[Account, Path]:
    """The whole story; gives the account and the page that was written.

    Every process is ended before this returns, also on Ctrl-C, on SIGTERM and on a failure. Wallets, keys and databases
    live in a temporary folder that is removed; logs and the page stay in `output`.

    :param output: folder for the page and the logs.
    :param sabotage: empty, or one of `SABOTAGES`: what to break on purpose.
    :raises Failure: an unknown sabotage.
    """
    if sabotage not in SABOTAGES:
        raise Failure("sabotage", f"there is no sabotage {sabotage!r}", f"choose one of {', '.join(SABOTAGES[1:])}")
    output.mkdir(parents=True, exist_ok=True)
    account, figures = Account(console), acts_use.Figures()
    console.print("[bold]Operator licence: the whole story, on this machine[/]")
    with _scratch() as folder, _terminable():
        try:
            passphrase, environment = new_passphrase()
            with Processes(folder, environment | _quiet(folder)) as processes:
                try:
                    _acts(build(folder, processes, passphrase, sabotage), account, figures)
                finally:
                    figures.processes = processes.started
        except StoryEnded:
            console.print("[red]  the story ends here; the logs of every process tell more[/]")
        finally:
            account.close()
            _keep_logs(folder, output / "logs")
    page = output / PAGE
    write_page(account, page, figures.processes, _highlights(figures))
    console.print(f"  the account as a page: {page}")
    return account, page


def _acts(world: World, account: Account, figures: acts_use.Figures) -> None:
    acts_issue.set_the_stage(world, account)
    with OffStage(world) as others:
        acts_issue.without_a_licence(world, account)
        ada = acts_issue.ada_applies(world, account)
        acts_issue.ada_is_assessed(world, account, ada, others)
        acts_issue.ada_gets_her_licence(account, ada)
        acts_use.agents_at_work(world, account, ada, others, figures)
        acts_use.gateways_compare_notes(world, account, others.grace, figures)
        acts_use.one_person_one_licence(account, others)
        acts_use.tier_two_is_not_enough(world, account, others.tim)
        acts_end.ada_loses_her_licence(world, account, ada, others.grace, figures)
        acts_end.the_issuer_is_away(world, account, others.grace)
        acts_end.cover_lapses(world, account, others.grace)
        acts_end.openers_name_one_operator(world, account, figures)


def _highlights(figures: acts_use.Figures) -> list[Highlight]:
    found: list[Highlight] = []
    if figures.revoked_seconds:
        found.append(Highlight(duration(figures.revoked_seconds), "from revocation to refusal, everywhere"))
    if figures.calls_per_second:
        found.append(Highlight(f"{figures.calls_per_second:.0f}/s", "calls of one agent, on one proof"))
    if figures.presentation_octets:
        found.append(Highlight(f"{figures.presentation_octets}", "octets that a gateway gets to see"))
    return found


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="operator-licence-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM tidies up as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _quiet(folder: Path) -> dict[str, str]:
    """An environment without proxies, so that loopback stays loopback."""
    return {
        "NO_PROXY": "*",
        "no_proxy": "*",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": os.environ.get("TMPDIR", str(folder.parent)),
    }


def _keep_logs(folder: Path, logs: Path) -> None:
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, logs / log.name)
