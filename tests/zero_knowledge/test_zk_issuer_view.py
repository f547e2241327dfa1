"""Whose presentation is it? The issuer asks its whole archive, with all its keys, together with every gateway.

Excepted, as documented: the pseudonym for who has the link secret, the ciphertext for a quorum of openers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.zero_knowledge.distinguish import Verdict, bits, distinguish, octet_matrix
from tests.zero_knowledge.entropy import Seeded, Spoilt
from tests.zero_knowledge.issuer_view import relations, view
from tests.zero_knowledge.recording import Recording, Way, record, schedule
from tests.zero_knowledge.stage import Holder, Stage, binding
from tests.zero_knowledge.test_zk_unlinkability import FEW, is_it_holder_0
from tests.zero_knowledge.transcripts import Transcript, presented

pytestmark = pytest.mark.timeout(1200)  # whichever test comes first waits for the recording

NONCE_OF_E = 6  # its place in the draw order r1, r2, rho, t_1, t_2, k, nonces
STRUCTURE = {  # what the equations say of everybody's presentation
    ("Bbar", "sk", "Abar"), ("Abar", "1/sk", "Bbar"), ("Cbar", "alpha", "C'"), ("C'", "1/alpha", "Cbar"),
    ("Sbar1", "x", "S'1"), ("S'1", "1/x", "Sbar1"), ("Sbar2", "x", "S'2"), ("S'2", "1/x", "Sbar2"),
    ("r1 D", "sk+e", "Abar"), ("rho V", "alpha+y", "C'"), ("t1 Gd", "x+d1", "S'1"), ("t2 Gd", "x+d2", "S'2"),
    ("Abar", "1/sk+e", "r1 D"), ("C'", "1/alpha+y", "rho V"), ("S'1", "1/x+d1", "t1 Gd"), ("S'2", "1/x+d2", "t2 Gd"),
}  # fmt: skip


def judged(stage: Stage, recording: Recording, seed: int) -> Verdict:
    """Each presentation beside one row of the archive, its maker's or another's: is it the maker's?

    Holder 0's stand beside another's row and the others' beside holder 0's, so that each row is asked about equally
    often whether it is the maker's or not: which row it is tells nothing.
    """
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(len(recording.transcripts)) % 2)
    rows = []
    for transcript, maker, label in zip(recording.transcripts, recording.holders, labels, strict=True):
        stranger = 0 if maker else int(generator.integers(1, len(stage.holders)))
        rows.append(view(transcript, stage.holders[int(maker) if label else stranger]))
    octets = octet_matrix(rows)
    return distinguish(bits(octets), octets, labels, seed=seed)


@pytest.mark.slow
@pytest.mark.requirement("R14")
@pytest.mark.attack("49")
def test_no_row_of_the_archive_fits_better_than_another(stage: Stage, crowd: Recording) -> None:
    half = crowd.first(len(crowd.rows) // 2)
    verdict = judged(stage, half, seed=49)
    print(f"the maker's row or another's, {len(half.rows)} presentations: {verdict}")
    assert verdict.at_chance, verdict


@pytest.mark.slow
@pytest.mark.attack("49")
def test_short_nonces_show_to_the_issuer_and_to_nobody_else(stage: Stage) -> None:
    """The control: a wallet whose nonce for e lacks 16 bits. A gateway sees nothing of it; the issuer finds it."""

    def entropy(number: int, holder: int) -> Spoilt:
        return Spoilt(Seeded(f"short {number}"), short={NONCE_OF_E})

    recording = record(stage, schedule(len(stage.holders), FEW // 2, FEW // 50, seed=3), Way(entropy=entropy))
    assert is_it_holder_0(recording).at_chance
    assert judged(stage, recording, seed=50).auc > 0.95


@pytest.fixture(scope="module")
def few(stage: Stage) -> Sequence[tuple[Transcript, Holder, Holder]]:
    """Presentations with their maker and a wrong candidate."""
    return [
        (
            presented(stage, stage.holders[number], stage.statement(f"view {number}"), binding(f"view {number}")),
            stage.holders[number],
            stage.holders[number + 1],
        )
        for number in range(2)
    ]


@pytest.mark.requirement("R14")
@pytest.mark.attack("49")
def test_every_relation_says_the_same_of_maker_and_stranger(
    stage: Stage, few: Sequence[tuple[Transcript, Holder, Holder]]
) -> None:
    for transcript, maker, stranger in few:
        assert relations(stage, transcript, maker) == relations(stage, transcript, stranger) == STRUCTURE


@pytest.mark.attack("49")
def test_the_openers_key_names_the_maker(stage: Stage, few: Sequence[tuple[Transcript, Holder, Holder]]) -> None:
    """The control, and the documented exception: with kappa, which only a quorum has, the ciphertext is its maker's."""
    transcript, maker, stranger = few[0]
    more = {"kappa": stage.escrow_key}
    assert relations(stage, transcript, maker, more) - STRUCTURE == {("k K", "kappa", "E1")}
    assert relations(stage, transcript, stranger, more) == STRUCTURE


@pytest.mark.attack("49")
def test_the_link_secret_names_the_maker(stage: Stage, few: Sequence[tuple[Transcript, Holder, Holder]]) -> None:
    """The other exception: who has a holder's link secret recognises its pseudonyms everywhere."""
    transcript, maker, stranger = few[0]
    secret = {"link secret": maker.credential.link_secret.expose()}
    other = {"link secret": stranger.credential.link_secret.expose()}
    assert ("Nym", "link secret", "OP") in relations(stage, transcript, maker, secret)
    assert relations(stage, transcript, stranger, other) == STRUCTURE


@pytest.mark.attack("49")
@pytest.mark.parametrize(
    ("place", "relation"), [(0, ("r1 D", "1", "D")), (2, ("rho V", "1", "V")), (3, ("t1 Gd", "1", "Gd"))]
)
def test_a_blind_of_one_is_seen(stage: Stage, place: int, relation: tuple[str, str, str]) -> None:
    """More controls: each blind left out shows as a relation that holds for the maker alone."""
    maker, stranger = stage.holders[:2]
    spoilt = Spoilt(Seeded("blind"), fixed={place: 1})
    transcript = presented(stage, maker, stage.statement("blind"), binding("blind"), spoilt)
    assert relation in relations(stage, transcript, maker)
    assert relation not in relations(stage, transcript, stranger)
