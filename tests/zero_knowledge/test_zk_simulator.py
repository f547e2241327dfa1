"""A simulator without a licence makes transcripts that the verifier's equations accept, if it chooses the challenge."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from circuits import (
    AtMost,
    Between,
    Companion,
    Disclose,
    Equals,
    Escrowed,
    Kind,
    NotRevoked,
    OneOf,
    Possession,
    Pseudonym,
    Rejected,
    Statement,
    all_of,
    create_set,
    verify,
)
from circuits.scalar import ORDER
from tests.zero_knowledge import simulator
from tests.zero_knowledge.conftest import image_pairs
from tests.zero_knowledge.distinguish import Verdict, bits, distinguish, octet_matrix
from tests.zero_knowledge.entropy import Seeded
from tests.zero_knowledge.recording import Recording
from tests.zero_knowledge.simulator import ImagePair, pair_of_set, simulated_octets
from tests.zero_knowledge.stage import TODAY, Stage, binding, make_stage
from tests.zero_knowledge.transcripts import Transcript, accepted, is_accepted

pytestmark = pytest.mark.timeout(1200)  # whichever test comes first waits for the recording

Pairs = Mapping[bytes, ImagePair]
MANY = 240
# A p-value below this, in one of some two hundred seeded tests, is no accident.
IMPOSSIBLE = 1e-9


def simulated(statement: Statement, pairs: Pairs, label: str) -> Transcript:
    entropy = Seeded(f"simulated {label}")
    challenge = int.from_bytes(entropy.octets(48), "big") % ORDER
    octets = simulated_octets(statement, pairs, challenge, entropy)
    return Transcript(statement, binding(label), octets, challenge)


@pytest.fixture(scope="module")
def statement(stage: Stage) -> Statement:
    return stage.statement("one gateway, one week")


@pytest.fixture(scope="module")
def made(statement: Statement, pairs: Pairs) -> list[Transcript]:
    return [simulated(statement, pairs, str(number)) for number in range(MANY)]


@pytest.fixture(scope="module")
def real(crowd: Recording) -> list[Transcript]:
    """Of all holders, each in a context of its own: a pseudonym that comes back would tell them apart."""
    return crowd.transcripts[:MANY]


def test_the_image_pairs_are_what_they_say_and_anybody_can_tell(stage: Stage, pairs: Pairs) -> None:
    assert len(pairs) == 3
    for pair in pairs.values():
        assert pair.holds(stage.curve)
        assert not replace(pair, image=pair.point).holds(stage.curve)


def test_the_simulator_knows_nothing_but_public_things() -> None:
    """It takes a statement, image pairs, a challenge and coins, and imports nothing that holds a secret."""
    parameters = {
        name: {argument: one.annotation for argument, one in inspect.signature(function).parameters.items()}
        for name, function in vars(simulator).items()
        if inspect.isfunction(function) and function.__module__ == simulator.__name__ and not name.startswith("_")
    }
    assert parameters == {
        "pair_of_digits": {"issuer": "IssuerRecord", "table": "bytes"},
        "pair_of_revocation": {"accumulator": "AccumulatorRecord", "value": "bytes", "entry": "RevocationEntry"},
        "pair_of_recording": {"issuer": "IssuerRecord", "proof": "bytes"},
        "pair_of_set": {"record": "SetRecord"},
        "simulate": {
            "statement": "Statement", "pairs": "Mapping[bytes, ImagePair]", "challenge": "int", "entropy": "Entropy",
        },
        "simulated_octets": {
            "statement": "Statement", "pairs": "Mapping[bytes, ImagePair]", "challenge": "int", "entropy": "Entropy",
        },
    }  # fmt: skip
    tree = ast.parse(Path(simulator.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import) for alias in node.names
    }
    assert not imported & {"Credential", "Membership", "Secret", "prepare", "finish", "CreatedIssuer"}


@pytest.mark.requirement("R14")
def test_the_equations_accept_one(made: Sequence[Transcript]) -> None:
    for transcript in made[:5]:
        accepted([transcript])


@pytest.mark.slow
@pytest.mark.requirement("R14")
def test_the_equations_accept_a_batch_of_simulated_and_real(
    made: Sequence[Transcript], real: Sequence[Transcript]
) -> None:
    accepted(made[:100])
    accepted([one for both in zip(made[:40], real[:40], strict=True) for one in both])


def test_the_real_challenge_refuses_them_all(made: Sequence[Transcript]) -> None:
    for transcript in made[:20]:
        with pytest.raises(Rejected) as refusal:
            verify(transcript.statement, transcript.binding, transcript.octets)
        assert refusal.value.code == "proof"


@pytest.mark.slow
def test_the_equations_still_refuse_what_is_false(made: Sequence[Transcript], real: Sequence[Transcript]) -> None:
    """The judge is no rubber stamp: another challenge, a swapped response, an image of another scalar are refused."""
    for one in (made[0], real[0]):
        assert not is_accepted(replace(one, challenge=one.challenge + 1))
        swapped = one.octets[:-64] + one.octets[-32:] + one.octets[-64:-32]
        assert not is_accepted(replace(one, octets=swapped))


def test_without_a_true_image_pair_nothing_is_accepted(stage: Stage, statement: Statement, pairs: Pairs) -> None:
    """Each of the three pairs is needed: what stands in its place, made without the key, is refused."""
    for key, pair in pairs.items():
        false = replace(pair, image=stage.curve.add(pair.image, stage.curve.g1_generator()))
        assert not is_accepted(simulated(statement, {**pairs, key: false}, "false pair"))


def test_the_whole_language_is_simulated(stage: Stage, pairs: Pairs) -> None:
    """A second credential, a membership of a set, an upper bound and a range: the simulator needs no new idea."""
    other = make_stage("permits", 2)
    kinds = create_set("zero-knowledge-countries", Kind.TEXT, ["DE", "FR", "GB"])
    statement = all_of(
        Possession(stage.created.record),
        NotRevoked(stage.accumulated.record, stage.epoch),
        Pseudonym(b"a context"),
        Disclose(1, 3),
        OneOf(2, kinds),
        Between(4, 2, 40),
        Escrowed(stage.dealt.record),
        Companion(
            Possession(other.created.record), NotRevoked(other.accumulated.record, other.epoch), AtMost(3, TODAY + 900)
        ),
        Equals(5, 5),
    )
    pair = pair_of_set(kinds)
    key = stage.curve.encode_g2(pair.key)
    known = {**pairs, **image_pairs(other, recorded_from=1), key: pair}
    assert pair.holds(stage.curve)
    one = simulated(statement, known, "language")
    accepted([one, simulated(statement, known, "language again")])
    assert not is_accepted(replace(one, challenge=one.challenge + 1))
    assert not is_accepted(simulated(statement, {**known, key: replace(pair, image=pair.point)}, "false set"))


def test_whose_recording_the_pair_comes_from_does_not_matter(stage: Stage, statement: Statement) -> None:
    """The simulator's points are uniform multiples of the pair's: where the pair comes from leaves no trace."""
    for recorded_from in (0, 7):
        accepted([simulated(statement, image_pairs(stage, recorded_from), f"from {recorded_from}")])


def fields(transcripts: Sequence[Transcript]) -> dict[str, list[int]]:
    """The points' x-coordinates, flag included, and the responses, over all transcripts."""
    found: dict[str, list[int]] = {}
    for one in transcripts:
        for name, octets in one.point_octets().items():
            found.setdefault(f"point {name}", []).append(int.from_bytes(octets, "big"))
        for name, value in one.responses().items():
            found.setdefault(f"response {name}", []).append(value)
    return found


@pytest.mark.slow
@pytest.mark.requirement("R14")
@pytest.mark.parametrize("kind", ["made", "real"])
def test_each_field_is_uniform(kind: str, request: pytest.FixtureRequest) -> None:
    """Low bits of each field and the high end of each response, by chi-square; the sign bit of each point."""
    transcripts: list[Transcript] = request.getfixturevalue(kind)
    seen = fields(transcripts)
    assert len(seen) == 20 + 17
    for name, values in seen.items():
        counts = [np.bincount([value % 16 for value in values], minlength=16)]
        if name.startswith("response"):
            counts.append(np.bincount([value * 16 // ORDER for value in values], minlength=16))
        else:
            counts.append(np.bincount([value >> 381 & 1 for value in values], minlength=2))
        for count in counts:
            assert chisquare(count).pvalue > IMPOSSIBLE, name


def test_the_uniformity_test_sees_a_fault(made: Sequence[Transcript]) -> None:
    """Responses that are a little short are found."""
    values = [value * 7 // 8 for value in fields(made)["response e"]]
    assert chisquare(np.bincount([value * 16 // ORDER for value in values], minlength=16)).pvalue < 1e-4


@pytest.mark.slow
@pytest.mark.requirement("R14")
def test_no_classifier_tells_simulated_from_real(made: Sequence[Transcript], real: Sequence[Transcript]) -> None:
    verdict = told_apart(made, real)
    assert verdict.at_chance, verdict


@pytest.mark.slow
def test_a_simulator_with_one_wrong_bit_is_told_apart(made: Sequence[Transcript], real: Sequence[Transcript]) -> None:
    """The control: one bit of one response in the simulated ones always even, and that is found."""
    spoilt = [replace(one, octets=one.octets[:-1] + bytes([one.octets[-1] & 0xFE])) for one in made]
    verdict = told_apart(spoilt, real)
    assert verdict.aucs["stump"] > 0.65  # 0.75 is all that this leak gives
    assert not verdict.at_chance


def told_apart(made: Sequence[Transcript], real: Sequence[Transcript]) -> Verdict:
    rows = [one.octets + one.challenge.to_bytes(32, "big") for one in (*made, *real)]
    labels = np.array([1] * len(made) + [0] * len(real))
    order = np.random.default_rng(48).permutation(len(rows))
    octets = octet_matrix(rows)[order]
    return distinguish(bits(octets), octets, labels[order], seed=1)
