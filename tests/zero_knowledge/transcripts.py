"""A presentation as the mathematics sees it: points, commitments T, a challenge, responses.

`accepted` runs the verifier's own decoding, checks and equations on it, with the challenge that the transcript says
instead of the hash: what a verifier of the interactive protocol does, or one whose hash was programmed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from circuits import Binding, Rejected, Statement, finish, prepare
from circuits.curve import G1, Curve
from circuits.entropy import SYSTEM, Entropy
from circuits.layout import Layout, layout_of
from circuits.presentation import _check, _receive, _session
from circuits.sigma import protocol
from tests.zero_knowledge.stage import Holder, Stage


@dataclass(frozen=True)
class Transcript:
    """`octets` the proof as on the wire, points | T | responses; `challenge` the one it answers."""

    statement: Statement
    binding: Binding
    octets: bytes
    challenge: int

    @property
    def layout(self) -> Layout:
        return layout_of(self.statement)

    @property
    def curve(self) -> Curve:
        return self.statement.issuer.suite.curve

    def point_octets(self) -> dict[str, bytes]:
        """The wire's points by their names, then T by row, `T1` first."""
        names = [*self.layout.wire, *(f"T{row}" for row in range(1, len(self.layout.shape.equations) + 1))]
        return {name: self.octets[48 * place : 48 * place + 48] for place, name in enumerate(names)}

    def points(self) -> dict[str, G1]:
        """The same, decoded."""
        return {name: self.curve.decode_g1(octets) for name, octets in self.point_octets().items()}

    def responses(self) -> dict[str, int]:
        """The responses, by the names of the secrets that they answer for."""
        layout = self.layout
        octets = self.octets[layout.points_octets + layout.commitments_octets :]
        return dict(zip(layout.scalars, protocol.decode_responses(octets, len(layout.scalars)), strict=True))


def presented(
    stage: Stage, holder: Holder, statement: Statement, binding: Binding, entropy: Entropy = SYSTEM
) -> Transcript:
    """What the real holder sends."""
    prepared = prepare(statement, holder.credential, holder.membership, stage.table, entropy)
    octets = finish(prepared, binding)
    return transcript_of(statement, binding, octets)


def transcript_of(statement: Statement, binding: Binding, octets: bytes) -> Transcript:
    """A proof with the challenge that it answers: the hash."""
    layout = layout_of(statement)
    ends = layout.points_octets, layout.points_octets + layout.commitments_octets
    points, commitments = octets[: ends[0]], octets[ends[0] : ends[1]]
    session = _session(statement.octets(binding))
    return Transcript(statement, binding, octets, protocol.challenge(session, layout.prefix + points, commitments))


def accepted(transcripts: Sequence[Transcript]) -> None:
    """Judge them in one batch, by the verifier's own equations. Raises `Malformed` or `Rejected` as it does."""
    received = [
        replace(_receive(one.statement, one.binding, one.octets), challenge=one.challenge) for one in transcripts
    ]
    _check(received, SYSTEM)


def is_accepted(transcript: Transcript) -> bool:
    """Whether one is accepted by itself."""
    try:
        accepted([transcript])
    except Rejected:
        return False
    return True
