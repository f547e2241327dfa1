"""Who presented? Distinguishers over every octet, every length and every time that a gateway sees stay at chance.

Each claim has a control beside it: a wallet with one fault, which the verifier accepts and the distinguishers find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.zero_knowledge.distinguish import Numbers, Octets, Verdict, bits, distinguish, octet_matrix
from tests.zero_knowledge.entropy import Seeded, Spoilt
from tests.zero_knowledge.recording import Recording, Way, record, schedule
from tests.zero_knowledge.stage import Stage

pytestmark = pytest.mark.timeout(1200)  # whichever test comes first waits for the recording

FEW = 150
RHO = 2  # its place in the draw order r1, r2, rho, t_1, t_2, k, nonces


@dataclass(frozen=True)
class Pairs:
    """Two presentations each, as what differs between them; `labels` 1 where one holder made both."""

    octets: Octets
    numbers: Numbers
    labels: NDArray[np.int64]


def is_it_holder_0(recording: Recording, numbers: Numbers | None = None) -> Verdict:
    """The verdict on: did holder 0 make this presentation?"""
    labels = (recording.holders == 0).astype(np.int64)
    octets = recording.octets
    return distinguish(bits(octets), octets, labels, seed=2, numbers=recording.numbers if numbers is None else numbers)


def is_it_one_holder(pairs: Pairs) -> Verdict:
    """The verdict on: did one holder make both?"""
    return distinguish(bits(pairs.octets), pairs.octets, pairs.labels, seed=3, numbers=pairs.numbers)


def paired(recording: Recording, seed: int = 74) -> Pairs:
    """Disjoint pairs, half of them of one holder: no presentation stands in two, so that pairs are independent."""
    generator = np.random.default_rng(seed)
    mine = generator.permutation(np.flatnonzero(recording.holders == 0))
    others = [
        generator.permutation(np.flatnonzero(recording.holders == number))
        for number in range(1, int(recording.holders.max()) + 1)
    ]
    half = len(mine) // 2
    same = [(mine[place], mine[place + 1]) for place in range(0, half - 1, 2)]
    left = []
    for of_one in others:
        cut = len(of_one) // 2 // 2 * 2
        same += [(of_one[place], of_one[place + 1]) for place in range(0, cut, 2)]
        left += list(of_one[cut:])
    different = list(zip(mine[half:], generator.permutation(left), strict=False))
    count = min(len(same), len(different))
    same = [same[place] for place in generator.permutation(len(same))[:count]]
    chosen = [(pair, 1) for pair in same] + [(pair, 0) for pair in different[:count]]
    chosen = [chosen[place] for place in generator.permutation(len(chosen))]
    first, second = (np.array([pair[side] for pair, _ in chosen]) for side in (0, 1))
    octets, numbers = recording.octets, recording.numbers
    return Pairs(
        octets=octets[first] ^ octets[second],
        numbers=np.abs(numbers[first] - numbers[second]),
        labels=np.array([label for _, label in chosen]),
    )


@pytest.mark.slow
@pytest.mark.requirement("R14")
@pytest.mark.requirement("R74")
@pytest.mark.attack("48")
@pytest.mark.attack("49")
def test_nobody_tells_holder_0_from_the_others(crowd: Recording) -> None:
    verdict = is_it_holder_0(crowd)
    print(f"holder 0 or not, {len(crowd.rows)} presentations: {verdict}")
    assert verdict.at_chance, verdict


@pytest.mark.slow
@pytest.mark.requirement("R14")
@pytest.mark.requirement("R74")
@pytest.mark.attack("48")
def test_nobody_tells_whether_one_holder_made_two(crowd: Recording) -> None:
    pairs = paired(crowd)
    verdict = is_it_one_holder(pairs)
    print(f"one holder or two, {len(pairs.labels)} pairs: {verdict}")
    assert verdict.at_chance, verdict


@pytest.mark.slow
@pytest.mark.requirement("R14")
@pytest.mark.attack("48")
def test_all_presentations_are_of_one_length_and_no_octets_come_back(crowd: Recording) -> None:
    """Beyond statistics: outside the envelope's constant part no point and no response occurs twice in the crowd."""
    assert len({len(row) for row in crowd.rows}) == 1
    seen: set[object] = set()
    for transcript in crowd.transcripts:
        new: list[object] = [*transcript.point_octets().values(), *transcript.responses().values()]
        assert len(set(new)) == 37
        assert seen.isdisjoint(new)
        seen.update(new)


@pytest.fixture(scope="module")
def same_context(stage: Stage) -> Recording:
    """Everything at one gateway in one week, and holder 0 thinks a little longer."""
    way = Way(context=lambda number: "one week", loops=lambda holder: 0 if holder else 30_000)
    return record(stage, schedule(len(stage.holders), FEW // 2, FEW // 50, seed=1), way)


@pytest.fixture(scope="module")
def repeated_blind(stage: Stage) -> Recording:
    """Each wallet uses one rho for ever."""

    def entropy(number: int, holder: int) -> Spoilt:
        return Spoilt(Seeded(f"spoilt {number}"), fixed={RHO: Seeded(f"rho of {holder}").scalar()})

    return record(stage, schedule(len(stage.holders), FEW // 2, FEW // 50, seed=2), Way(entropy=entropy))


class TestControls:
    """Wallets with a fault. Each recording's presentations were accepted by the real verifier."""

    @pytest.mark.slow
    def test_a_pseudonym_in_one_context_links_as_it_is_meant_to(self, same_context: Recording) -> None:
        verdict = is_it_holder_0(same_context)
        assert verdict.auc > 0.99
        assert is_it_one_holder(paired(same_context)).auc > 0.95

    @pytest.mark.slow
    def test_a_blind_that_is_used_again_links(self, repeated_blind: Recording) -> None:
        assert is_it_holder_0(repeated_blind).auc > 0.99
        assert is_it_one_holder(paired(repeated_blind)).auc > 0.95

    @pytest.mark.slow
    def test_a_slow_wallet_is_recognised_by_its_times_alone(self, same_context: Recording) -> None:
        nothing = octet_matrix([b"\0"] * len(same_context.rows))
        labels = (same_context.holders == 0).astype(np.int64)
        verdict = distinguish(bits(nothing), nothing, labels, seed=4, numbers=same_context.numbers)
        assert verdict.auc > 0.9
        assert not verdict.at_chance

    @pytest.mark.slow
    def test_one_octet_more_is_seen(self, crowd: Recording) -> None:
        """Holder 0's presentations with one zero octet behind them: only their length tells."""
        rows = [row + bytes(1) if holder == 0 else row for row, holder in zip(crowd.rows, crowd.holders, strict=True)]
        numbers = crowd.numbers.copy()
        numbers[:, 0] = [len(row) for row in rows]
        verdict = is_it_holder_0(Recording(crowd.holders, rows, numbers, crowd.transcripts))
        assert verdict.auc > 0.99

    @pytest.mark.slow
    @pytest.mark.parametrize(("right", "at_least"), [(1.0, 0.99), (0.7, 0.64)])
    def test_one_bit_is_seen(self, crowd: Recording, right: float, at_least: float) -> None:
        """The last bit of the response for e says whether it is holder 0: always, or in seven cases of ten."""
        transcript = crowd.transcripts[0]
        place = crowd.rows[0].index(transcript.responses()["e"].to_bytes(32, "big")) + 31
        tells = np.random.default_rng(5).random(len(crowd.rows)) < right
        rows = [
            row[:place] + bytes([row[place] & 0xFE | int((holder == 0) == tell)]) + row[place + 1 :]
            for row, holder, tell in zip(crowd.rows, crowd.holders, tells, strict=True)
        ]
        verdict = is_it_holder_0(Recording(crowd.holders, rows, crowd.numbers, crowd.transcripts))
        assert verdict.auc > at_least
        assert not verdict.at_chance
