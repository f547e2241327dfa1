"""An adversarial SigmaProof record beside the accepted one it was made from: what of the two differs.

Source: [SIGMA Test vectors].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from circuits.sigma.protocol import COMPACT
from console.conformance.sigma_record import require, same
from console.conformance.sigma_statement import Statement, changed


@dataclass(frozen=True)
class Mutation:
    """An adversarial record's statement, its base (the accepted one of `BaseId`), and all accepted ones beside it."""

    said: Statement
    base: Statement
    accepted: Sequence[Statement]
    comment: str = ""
    remarks: list[str] = field(default_factory=list)

    def told(self, pattern: str) -> int | None:
        """The number that the comment gives at `pattern`'s group, if it does."""
        found = re.search(pattern, self.comment)
        return int(found[1]) if found else None

    def tells(self, pattern: str, actual: int) -> None:
        """`Mismatch` if the comment gives another number than the actual one."""
        told = self.told(pattern)
        same("Comment", actual if told is None else told, actual)

    def check_statement_kept(self) -> None:
        """Tag and instance are the base's."""
        same("Tag", self.said.tag, self.base.tag)
        same("Instance", self.said.instance, self.base.instance)

    def new_commitment(self) -> tuple[bytes, bytes]:
        """(base's, own) of the one commitment that is changed, where nothing else is."""
        self.check_statement_kept()
        same("responses", self.said.scalars(), self.base.scalars())
        at = changed("commitments", self.said.commitments(), self.base.commitments())
        self.tells(r"commitment\[(\d+)\]", at)
        return self.base.commitments()[at], self.said.commitments()[at]

    def new_scalar(self, is_challenge: bool) -> tuple[int, int]:
        """(base's, own) of the one response (or the challenge) that is changed, where nothing else is."""
        self.check_statement_kept()
        same("commitments", self.said.commitments(), self.base.commitments())
        new, old = self.said.scalars(), self.base.scalars()
        at = changed("scalars", new, old)
        head = 1 if self.said.flavour is COMPACT else 0
        require((at < head) == is_challenge, "another scalar is changed than the one that must be")
        self.tells(r"response\[(\d+)\]", at - head)
        return int.from_bytes(old[at], "big"), int.from_bytes(new[at], "big")


def compare_loosely(mutation: Mutation) -> None:
    """For a change of no known kind: each part is the base's but for one short run, unless the statement is its own."""
    said, base = mutation.said, mutation.base
    require(said != base, "nothing is changed")
    if said.tag != base.tag and said.instance != base.instance:
        mutation.remarks.append("a change of no known kind to a statement of its own: only the refusal was checked")
        return
    for what, new, old in (
        ("Tag", said.tag.encode(), base.tag.encode()),
        ("Instance", said.instance, base.instance),
        ("NargString", said.proof, base.proof),
    ):
        require(_run(new, old) <= 48, f"{what} differs from the base's in more than a few octets")
    mutation.remarks.append("a change of no known kind: refused, and its base but for a few octets")


def _run(new: bytes, old: bytes) -> int:
    # Length of the run between the common beginning and the common end.
    shorter = min(len(new), len(old))
    front = next((at for at in range(shorter) if new[at] != old[at]), shorter)
    back = next((at for at in range(shorter - front) if new[-1 - at] != old[-1 - at]), shorter - front)
    return max(len(new), len(old)) - front - back
