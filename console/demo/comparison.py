"""Lays what two gateways have recorded side by side, and looks for anything that would join the two.

A record is what a gateway keeps of one presentation: statement, proof, pseudonym, lease. Its values are of two sorts.
Some are the same for every licence holder on that day (records of the issuer, the policy, the epoch): they join nobody
to anything, which is shown by a third record, of another person, that has them too. All others must differ, and no
eight octets in a row may occur in both. The second at which a gateway granted is its own clock's, and is left out: two
strangers may come in the same one (docs/limits.md, Timing).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from circuits import LICENCE_ATTRIBUTES, decode_cbor
from verifier.evidence import read_evidence

WINDOW_OCTETS = 8
MAX_STATEMENT_OCTETS = 16384
POINT_OCTETS = 48

# Fields of the statement (docs/protocol.md, section 5) and points of the proof that a person may want to look at.
SHARED = {
    3: "issuer record",
    4: "accumulator record",
    5: "epoch",
    6: "accumulator value",
    7: "escrow record",
    8: "policy",
}
CONTEXT = "pseudonym for"
OWN = {11: CONTEXT, 12: "audience", 13: "nonce", 14: "request digest", 15: "session key"}
# What any two holders share at one gateway: it is the gateway's own.
SAME_GATEWAY = frozenset({CONTEXT, "audience", "request digest"})
POINTS = {0: "A_bar", 1: "B_bar", 2: "D", 3: "C'", 4: "C_bar", 9: "pseudonym", 10: "escrow E1", 11: "escrow E2"}


@dataclass(frozen=True)
class Record:
    """One presentation as a gateway recorded it: `shared` and `own` values by name, and all own octets in a row."""

    lease: str
    shared: Mapping[str, Any]
    own: Mapping[str, Any]
    octets: bytes


@dataclass(frozen=True)
class Comparison:
    """What two records have in common. `matching` names own values that are equal; it must be empty."""

    matching: tuple[str, ...]
    common_octets: int
    pairs_compared: int
    windows_compared: int


def presentations(evidence: Path) -> list[Record]:
    """Every presentation in a gateway's audit trail, oldest first."""
    return [_record(row) for row in read_evidence(evidence) if row["kind"] == "presentation"]


def compare(one: Record, other: Record) -> Comparison:
    """Look for anything that is in both: value against value, each with each, and octets against octets."""
    pairs = [(a, b) for a in one.own for b in other.own]
    matching = tuple(f"{a} = {b}" for a, b in pairs if one.own[a] == other.own[b])
    mine, theirs = set(_windows(one.octets)), set(_windows(other.octets))
    return Comparison(matching, len(mine & theirs), len(pairs), len(mine) + len(theirs))


def rows(one: Record, other: Record) -> tuple[list[tuple[str, str, str, str]], list[int]]:
    """A table for people: name, the two values cut short, and whether they match; with the numbers of rows that do."""
    table: list[tuple[str, str, str, str]] = []
    for name in one.own:
        differs = one.own[name] != other.own[name]
        table.append((name, shown(one.own[name]), shown(other.own[name]), "differs" if differs else "MATCHES"))
    matching = [number for number, row in enumerate(table) if row[3] != "differs"]
    for name in one.shared:
        table.append((name, shown(one.shared[name]), shown(other.shared[name]), "same for all"))
    return table, matching


def shown(value: object) -> str:
    """A value for people: octets in hexadecimal, cut short."""
    if isinstance(value, bytes):
        return value.hex() if len(value) <= WINDOW_OCTETS else f"{value[:6].hex()}…{value[-3:].hex()}"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return str(value)


def _record(row: Mapping[str, Any]) -> Record:
    statement = cast("dict[int, Any]", decode_cbor(_octets(row["statement"]), MAX_STATEMENT_OCTETS))
    context = cast("list[object]", decode_cbor(statement[11], MAX_STATEMENT_OCTETS))
    proof = _octets(row["proof"])
    points = {name: proof[at * POINT_OCTETS : (at + 1) * POINT_OCTETS] for at, name in POINTS.items()}
    kept = {"proof hash": _octets(row["proof_hash"]), "lease": row["lease"]}
    own = {name: statement[key] for key, name in OWN.items()} | points | kept
    own |= {CONTEXT: " ".join(map(str, context))}
    names = [name for name, _ in LICENCE_ATTRIBUTES]
    shared = {name: statement[key] for key, name in SHARED.items()}
    shared |= {"disclosed": ", ".join(f"{names[index]} {value}" for index, value in statement[9])}
    shared |= {"proved": ", ".join(f"{names[index]} >= {bound}" for index, bound, _ in statement[10])}
    loose = [
        value if isinstance(value, bytes) else str(value).encode() for name, value in own.items() if name in _LOOSE
    ]
    return Record(str(row["lease"]), shared, own, b"".join([proof, *loose]))


# The values whose octets are nobody's but this presentation's. Contexts and audiences are words, with words in common.
_LOOSE = frozenset({"nonce", "session key", "proof hash", "lease"})


def _windows(octets: bytes) -> Iterator[bytes]:
    return (octets[at : at + WINDOW_OCTETS] for at in range(len(octets) - WINDOW_OCTETS + 1))


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
