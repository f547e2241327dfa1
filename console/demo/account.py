"""The account of a demonstration: what was claimed, whether it held, and how long it took.

Every sentence of the story is a `Check`; it is printed as it happens and kept for the page. Nothing is ever ticked that
was not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table as RichTable

COLUMN_CHARACTERS = 24


@dataclass(frozen=True)
class Check:
    """One sentence of the story and whether it held."""

    sentence: str
    held: bool
    detail: str = ""
    seconds: float | None = None
    kind: str = "check"


@dataclass(frozen=True)
class Note:
    """Something the reader should know to understand the checks that follow."""

    text: str
    kind: str = "note"


@dataclass(frozen=True)
class Table:
    """Rows under headings; `marked` rows are drawn to the eye."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[int] = frozenset()
    kind: str = "table"


@dataclass(frozen=True)
class Listing:
    """A piece of a program, shown as it ran; `marked` is the number of the line that matters."""

    title: str
    text: str
    marked: int | None = None
    kind: str = "listing"


Item = Check | Note | Table | Listing


@dataclass
class Section:
    """One act of the story."""

    title: str
    started_at: float
    items: list[Item] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether every check of this act held."""
        return all(item.held for item in self.items if isinstance(item, Check))


class Account:
    """Collects and prints the story. `failures` is what decides the exit code."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.sections: list[Section] = []
        self.started_at = time.perf_counter()
        self.seconds = 0.0

    @property
    def checks(self) -> list[Check]:
        """All checks so far, in order."""
        return [item for section in self.sections for item in section.items if isinstance(item, Check)]

    @property
    def failures(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check in self.checks if not check.held]

    @contextmanager
    def section(self, title: str) -> Iterator[Section]:
        """One act. An exception inside becomes a failed check; an act with one ends the story, which stands on it.

        :raises StoryEnded: after the act.
        """
        section = Section(title, time.perf_counter())
        self.sections.append(section)
        self._console.print()
        self._console.print(
            Rule(f"[bold cyan]{len(self.sections)}[/]  [bold]{escape(title)}[/]", align="left", style="dim")
        )
        try:
            yield section
        except Exception as error:
            self.check("this act could be played to its end", False, f"{type(error).__name__}: {error}")
            raise StoryEnded(title) from error
        finally:
            section.seconds = time.perf_counter() - section.started_at
        if not section.held:
            raise StoryEnded(title)

    def check(self, sentence: str, held: bool, detail: str = "", seconds: float | None = None) -> None:
        """One sentence, ticked or crossed."""
        self._add(Check(sentence, held, detail, seconds))
        mark = "[green]✓[/]" if held else "[bold red]✗[/]"
        more = f"  [dim]{escape(detail)}[/]" if detail else ""
        row = RichTable.grid(padding=(0, 1), expand=True)
        row.add_column(width=3, justify="right")
        row.add_column(ratio=1)
        row.add_column(justify="right", style="magenta", no_wrap=True)
        text = escape(sentence) if held else f"[red]{escape(sentence)}[/]"
        row.add_row(mark, text + more, duration(seconds) if seconds is not None else "")
        self._console.print(row)

    def note(self, text: str) -> None:
        """A sentence of explanation."""
        self._add(Note(text))
        self._console.print(f"    [dim italic]{escape(text)}[/]")

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], marked: Sequence[int] = ()
    ) -> None:
        """A table, in the terminal cut to its width, on the page whole."""
        table = Table(title, tuple(columns), tuple(tuple(row) for row in rows), frozenset(marked))
        self._add(table)
        drawn = RichTable(box=None, pad_edge=True, padding=(0, 2), header_style="dim")
        for position, name in enumerate(columns):
            longest = max((len(row[position]) for row in table.rows), default=0)
            style = "cyan" if position == 0 else ""
            shown = min(longest, COLUMN_CHARACTERS, self._console.width // 6)
            drawn.add_column(name, style=style, overflow="ellipsis", no_wrap=True, min_width=shown)
        for number, row in enumerate(table.rows):
            drawn.add_row(*(escape(cell) for cell in row), style="bold yellow" if number in table.marked else "")
        self._console.print()
        self._console.print(f"    [bold]{escape(title)}[/]")
        self._console.print(drawn)
        self._console.print()

    def listing(self, title: str, text: str, marked: int | None = None) -> None:
        """A piece of Python."""
        self._add(Listing(title, text, marked))
        lines = {marked} if marked else set()
        self._console.print(f"    [dim]{escape(title)}[/]")
        self._console.print(
            Syntax(
                text, "python", theme="ansi_dark", line_numbers=True, highlight_lines=lines, background_color="default"
            )
        )

    def close(self) -> None:
        """The last lines."""
        self.seconds = time.perf_counter() - self.started_at
        count, failed = len(self.checks), len(self.failures)
        self._console.print()
        self._console.print(Rule(style="dim"))
        if failed or not count:
            self._console.print(f"  [bold red]✗ {failed} of {count} checks failed[/] in {duration(self.seconds)}")
            for check in self.failures:
                self._console.print(f"    [red]{escape(check.sentence)}[/]  [dim]{escape(check.detail)}[/]")
        else:
            self._console.print(f"  [bold green]✓ all {count} checks held[/] in {duration(self.seconds)}")

    def _add(self, item: Item) -> None:
        if not self.sections:
            raise RuntimeError("nothing is said outside an act")
        self.sections[-1].items.append(item)


class StoryEnded(Exception):
    """An act did not hold; the failed check is in the account."""


def duration(seconds: float) -> str:
    """Seconds as a person reads them: 3.1 ms, 1.24 s."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.1f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {seconds % 60:.0f} s"


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Measures its body: the list holds the seconds afterwards."""
    elapsed: list[float] = []
    started = time.perf_counter()
    try:
        yield elapsed
    finally:
        elapsed.append(time.perf_counter() - started)
