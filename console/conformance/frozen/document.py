"""How our vectors stand in a file, and how what a vector starts from is gathered through its bases.

    effective input = the base's effective input, then the base's output, then the vector's own input, then its change.

A change replaces the octets `from` to `to` of one member by others: a damaged proof shows its damage and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.conformance.fields import BadVector

FORMAT = 1
SUITE = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_TM2S_AIOL-V1_"
PROTOCOL = "AIOL-V01"
ACCEPT, REFUSE = "accept", "refuse"
HEAD = frozenset({"format", "suite", "protocol", "topic", "vectors"})
_MEMBERS = frozenset({"id", "operation", "base", "expect", "code", "comment", "input", "change", "output"})
_OPTIONAL = frozenset({"base", "change"})
_DEEPEST_BASE = 8

Leaf = str | list["Leaf"] | dict[str, "Leaf"]


@dataclass(frozen=True)
class Change:
    """Octets `start` to `end` of the member called `member` are replaced by `octets`; `part` says what stands there."""

    member: str
    part: str
    start: int
    end: int
    octets: bytes

    def as_object(self) -> dict[str, Leaf]:
        """As it stands in a file."""
        return {
            "member": self.member,
            "part": self.part,
            "from": str(self.start),
            "to": str(self.end),
            "octets": self.octets.hex(),
        }


@dataclass(frozen=True)
class Vector:
    """One vector. `code` is empty where `expect` is accept; `own` is what this vector adds to its base."""

    id: str
    operation: str
    comment: str
    own: dict[str, Leaf]
    base: str = ""
    code: str = ""
    change: Change | None = None
    output: dict[str, Leaf] = field(default_factory=dict)

    @property
    def expect(self) -> str:
        """Whether the operation is to succeed."""
        return REFUSE if self.code else ACCEPT

    def as_object(self) -> dict[str, object]:
        """As it stands in a file."""
        base = {"base": self.base} if self.base else {}
        change = {"change": self.change.as_object()} if self.change else {}
        return {
            "id": self.id,
            "operation": self.operation,
            **base,
            "expect": self.expect,
            "code": self.code,
            "comment": self.comment,
            "input": self.own,
            **change,
            "output": self.output,
        }


def document(topic: str, vectors: Iterable[Vector]) -> str:
    """The text of one topic's file."""
    content = {
        "format": FORMAT,
        "suite": SUITE,
        "protocol": PROTOCOL,
        "topic": topic,
        "vectors": [vector.as_object() for vector in vectors],
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def read(content: object) -> tuple[str, list[Vector]]:
    """(topic, vectors) of a parsed file. Raises `BadVector`."""
    if not isinstance(content, dict) or set(content) != HEAD:
        raise BadVector("not a file of this format")
    if (content["format"], content["suite"], content["protocol"]) != (FORMAT, SUITE, PROTOCOL):
        raise BadVector("a file of another format, suite or protocol")
    vectors, topic = content["vectors"], content["topic"]
    if not isinstance(vectors, list) or not vectors or not isinstance(topic, str):
        raise BadVector("a file without vectors")
    return topic, [_vector(item) for item in vectors]


def gather(folder: Path) -> tuple[dict[str, Vector], set[str]]:
    """(every vector of the folder's own files by id, the ids that stand there more than once).

    A file that cannot be read adds nothing: it is reported when it is checked itself.
    """
    found: dict[str, Vector] = {}
    repeated: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        for vector in _vectors_of(path):
            if vector.id in found:
                repeated.add(vector.id)
            found[vector.id] = vector
    return found, repeated


def effective_input(vector: Vector, known: Mapping[str, Vector]) -> dict[str, Leaf]:
    """What the operation starts from. Raises `BadVector` for a missing base, or a change that does not fit."""
    chain = [vector]
    while chain[-1].base:
        if chain[-1].base not in known or len(chain) > _DEEPEST_BASE:
            raise BadVector(f"no base {chain[-1].base}")
        chain.append(known[chain[-1].base])
    values: dict[str, Leaf] = {}
    for link in reversed(chain):
        values |= link.own
        if link.change is not None:
            values[link.change.member] = changed(values.get(link.change.member, ""), link.change)
        if link is not vector:
            values |= link.output
    return values


def changed(value: Leaf, change: Change) -> str:
    """The member's octets with the change made, as hex. Raises `BadVector` where the change does not fit."""
    if not isinstance(value, str):
        raise BadVector("a change of something that is not octets")
    octets = bytes.fromhex(value)
    if not 0 <= change.start <= change.end <= len(octets):
        raise BadVector("a change outside the octets")
    return (octets[: change.start] + change.octets + octets[change.end :]).hex()


def _vectors_of(path: Path) -> list[Vector]:
    try:
        return read(json.loads(path.read_bytes()))[1]
    except (ValueError, RecursionError, BadVector):
        return []


def _vector(item: object) -> Vector:
    if not isinstance(item, dict) or not _MEMBERS - _OPTIONAL <= set(item) <= _MEMBERS:
        raise BadVector("a vector with other members")
    words = [item.get(name, "") for name in ("id", "operation", "base", "expect", "code", "comment")]
    if not all(isinstance(word, str) for word in words) or not all((words[0], words[1], words[5])):
        raise BadVector("a vector without a name, operation or comment")
    if (item["expect"], bool(item["code"])) not in ((ACCEPT, False), (REFUSE, True)):
        raise BadVector("a vector is accepted, or refused with a code")
    change = _change(item["change"]) if "change" in item else None
    return Vector(
        id=item["id"],
        operation=item["operation"],
        comment=item["comment"],
        own=_leaves(item["input"]),
        base=item.get("base", ""),
        code=item["code"],
        change=change,
        output=_leaves(item["output"]),
    )


def _change(item: object) -> Change:
    if not isinstance(item, dict) or set(item) != {"member", "part", "from", "to", "octets"}:
        raise BadVector("a change with other members")
    try:
        return Change(item["member"], item["part"], int(item["from"]), int(item["to"]), bytes.fromhex(item["octets"]))
    except (TypeError, ValueError):
        raise BadVector("a change that cannot be read") from None


def _leaves(item: object) -> dict[str, Leaf]:
    if not isinstance(item, dict):
        raise BadVector("input and output are objects")
    _check_leaf(item)
    return item


def _check_leaf(item: object) -> None:
    if isinstance(item, dict):
        inner: Iterable[object] = item.values()
    elif isinstance(item, list):
        inner = item
    elif isinstance(item, str):
        return
    else:
        raise BadVector("a value that is not text, a list or an object")
    for one in inner:
        _check_leaf(one)
