"""Reading one record of a sigma-protocols or Fiat-Shamir vector file, and what a check says about it.

Hex is lower case and whole; integers are JSON numbers when small and 0x strings when as large as a field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from circuits.errors import Malformed, Rejected

Record = Mapping[str, object]
T = TypeVar("T")

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_NEARLY = 2


class Mismatch(Exception):
    """A record says one thing and the software another."""


class UnknownRecord(Exception):
    """A record of a kind that nothing here checks."""


@dataclass(frozen=True)
class Case:
    """A record, all records that stand beside it (its own file's and its folder's), and what remains to be said."""

    record: Record
    beside: Sequence[Record] = ()
    remarks: list[str] = field(default_factory=list)


def text(record: Record, key: str) -> str:
    """A string. `UnknownRecord` where there is none."""
    value = record.get(key)
    if not isinstance(value, str):
        raise UnknownRecord(f"has no text under {key}")
    return value


def octets(record: Record, key: str) -> bytes:
    """A string of whole octets in lower-case hex. `UnknownRecord` without a string, `Mismatch` for other letters."""
    value = text(record, key)
    if not _HEX.fullmatch(value):
        raise Mismatch(f"{key} is no hex")
    return bytes.fromhex(value)


def items(record: Record, key: str) -> Sequence[object]:
    """A list. `UnknownRecord` where there is none."""
    value = record.get(key)
    if not isinstance(value, list):
        raise UnknownRecord(f"has no list under {key}")
    return value


def number(value: object) -> int:
    """An integer. `UnknownRecord` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UnknownRecord(f"{value!r} is no number")
    return value if isinstance(value, int) else int(value, 16)


def choice(record: Record, key: str, table: Mapping[str, T]) -> T:
    """What the table holds for a string. `UnknownRecord` for one that is not in it."""
    value = text(record, key)
    if value not in table:
        raise UnknownRecord(f"unknown {key} {value!r}")
    return table[value]


def must_refuse(record: Record) -> bool:
    """Whether the draft refuses what the record holds."""
    return record.get("Expected") == "reject"


def refusal_code(attempt: Callable[[], object]) -> str:
    """The code with which the attempt is refused. `Mismatch` if it is not."""
    try:
        attempt()
    except (Malformed, Rejected) as refusal:
        return refusal.code
    raise Mismatch("accepted, and the draft refuses it")


def same(what: str, got: object, expected: object) -> None:
    """`Mismatch` unless the two are equal."""
    if got != expected:
        raise Mismatch(f"{what}: {_show(got)} instead of {_show(expected)}")


def require(condition: bool, problem: str) -> None:
    """`Mismatch` with the problem unless the condition holds."""
    if not condition:
        raise Mismatch(problem)


def nearly(left: Sequence[object], right: Sequence[object]) -> bool:
    """Whether two values of one length differ, and in no more than two places."""
    if len(left) != len(right):
        return False
    return 0 < sum(one != other for one, other in zip(left, right, strict=True)) <= _NEARLY


def undamaged(what: str, got: Sequence[object], published: Sequence[object]) -> None:
    """`Mismatch` for a value that is nearly the published one. Another one altogether is a choice of the file's own."""
    if nearly(got, published):
        raise Mismatch(f"{what}: {_show(got)} is damaged, {_show(published)} is published")


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
