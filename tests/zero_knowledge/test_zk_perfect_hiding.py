"""One transcript, every holder: for each there is exactly one randomness that makes it, but for pseudonym and escrow.

In the exponent every logarithm is known, as to an observer of unlimited power who also has all keys and archives. Given
a proof of one holder, the randomness is computed with which another holder's real prover makes the same octets: all of
possession, standing and predicates, T and responses included. So these octets say nothing about who made them. The
pseudonym and the ciphertext are the exception, and the test names exactly those four points.
"""

from __future__ import annotations

import pytest

from circuits import prepare, verify
from circuits.entropy import ReplayEntropy
from circuits.scalar import ORDER, inverse
from circuits.sigma import protocol
from tests.zero_knowledge.entropy import Seeded, Spoilt
from tests.zero_knowledge.exponent import IN_THE_EXPONENT, quotient
from tests.zero_knowledge.stage import BOUNDS, Holder, Stage, binding, make_stage
from tests.zero_knowledge.transcripts import Transcript, accepted, presented

DETERMINED = {"Nym", "E2"}  # by link secret and handle; and the two T that go with them
DETERMINED_COMMITMENTS = {"T6", "T8"}


@pytest.fixture(scope="module")
def stage() -> Stage:
    return make_stage("exponent", 4, IN_THE_EXPONENT)


@pytest.fixture(scope="module")
def transcript(stage: Stage) -> Transcript:
    return presented(stage, stage.holders[0], stage.statement("exponent"), binding("exponent"), Seeded("exponent"))


def explanation(stage: Stage, transcript: Transcript, holder: Holder) -> ReplayEntropy:
    """The randomness, in draw order, with which `holder` makes the same points and responses."""
    points, messages = transcript.points(), holder.messages
    r2 = quotient(points["D"], holder.signed_point)
    r1 = quotient(points["Abar"], holder.signature_point) * inverse(r2) % ORDER
    rho = quotient(points["C'"], holder.membership.witness_point)
    blinds = [
        quotient(points[f"S'{q}"], stage.curve.decode_g1(stage.table.octets[48 * digit : 48 * digit + 48]))
        for q, (index, bound) in enumerate(BOUNDS, 1)
        for digit in [messages[index] - bound]
    ]
    assert transcript.statement.escrow is not None
    k = quotient(points["E1"], transcript.statement.escrow.base)
    witness = {"e": holder.credential.exponent, "r1": r1, "r3": inverse(r2), "rho": rho, "k": k}
    witness |= {f"m{index}": value for index, value in enumerate(messages)}
    witness |= {f"t{q}": blind for q, blind in enumerate(blinds, 1)}
    nonces = [
        (response - transcript.challenge * witness[name]) % ORDER for name, response in transcript.responses().items()
    ]
    return ReplayEntropy([r1, r2, rho, *blinds, k, *nonces])


def test_the_real_verifier_works_in_the_exponent(transcript: Transcript) -> None:
    verify(transcript.statement, transcript.binding, transcript.octets)


def test_the_holders_differ_in_everything_hidden(stage: Stage) -> None:
    first, *others = (holder.messages for holder in stage.holders)
    for other in others:
        assert all(first[index] != other[index] for index in (0, 3, 4, 5, 7, 8, 10, 11))


@pytest.mark.requirement("R14")
@pytest.mark.attack("49")
@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_other_holder_could_have_made_it(stage: Stage, transcript: Transcript, number: int) -> None:
    holder = stage.holders[number]
    entropy = explanation(stage, transcript, holder)
    prepared = prepare(transcript.statement, holder.credential, holder.membership, stage.table, entropy)
    state = prepared._pop()
    responses = protocol.respond(state.nonces, transcript.challenge, state.witness)
    octets = state.points_octets + state.commitment_octets + protocol.encode_responses(responses)
    explained = Transcript(transcript.statement, transcript.binding, octets, transcript.challenge)
    accepted([explained])
    assert explained.responses() == transcript.responses()
    mine, theirs = transcript.point_octets(), explained.point_octets()
    assert {name for name in mine if mine[name] != theirs[name]} == DETERMINED | DETERMINED_COMMITMENTS


def test_the_holder_itself_is_explained_by_the_randomness_that_it_drew(stage: Stage, transcript: Transcript) -> None:
    """The control of the explanation: for the true holder it is what the prover had drawn, and all octets are equal."""
    entropy, drawn = explanation(stage, transcript, stage.holders[0]), Seeded("exponent")
    count = 6 + len(transcript.responses())
    assert [entropy.scalar() for _ in range(count)] == [drawn.scalar() for _ in range(count)]


def test_a_blind_that_is_not_random_is_seen(stage: Stage) -> None:
    """The control of the claim: with rho always 1 only the true holder's explanation has that rho."""
    statement = stage.statement("exponent")
    spoilt = Spoilt(Seeded("spoilt"), fixed={2: 1})
    transcript = presented(stage, stage.holders[0], statement, binding("exponent"), spoilt)
    accepted([transcript])
    seen = []
    for holder in stage.holders:
        entropy = explanation(stage, transcript, holder)
        seen.append([entropy.scalar() for _ in range(3)][2])
    assert [rho == 1 for rho in seen] == [True, False, False, False]
