"""What these experiments share: one stage of 26 holders, and the image pairs that the simulator works from."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from circuits import revoke
from tests.zero_knowledge.entropy import Seeded
from tests.zero_knowledge.recording import Recording, record, schedule, warm
from tests.zero_knowledge.simulator import ImagePair, pair_of_digits, pair_of_recording, pair_of_revocation
from tests.zero_knowledge.stage import Stage, binding, make_stage
from tests.zero_knowledge.transcripts import presented

HOLDERS = 26


@pytest.fixture(scope="session")
def stage() -> Stage:
    """Holder 0, whom everybody looks for, and 25 others."""
    return make_stage("crowd", HOLDERS)


@pytest.fixture(scope="session")
def crowd(stage: Stage) -> Recording:
    """2,000 presentations, or LICENCE_PRESENTATIONS: half of them holder 0's, half of them 25 others', in random order,
    each in a context of its own, for a pseudonym that came back would link them as it is meant to."""
    each = int(os.environ.get("LICENCE_PRESENTATIONS", "2000")) // (2 * (HOLDERS - 1))
    warm(stage)
    return record(stage, schedule(HOLDERS, each * (HOLDERS - 1), each, seed=14))


@pytest.fixture(scope="session")
def pairs(stage: Stage) -> Mapping[bytes, ImagePair]:
    """One pair for each of the three keys, by the key's octets."""
    return image_pairs(stage, recorded_from=HOLDERS - 1)


def image_pairs(stage: Stage, recorded_from: int) -> Mapping[bytes, ImagePair]:
    """From the public table, from the revocation of a handle that was nobody's, from one recorded presentation."""
    issuer, accumulator, start = stage.created.record, stage.accumulated.record, stage.epoch.value
    entry = revoke(accumulator, stage.accumulated.secret_key, start, Seeded("a handle of nobody").scalar())
    recorded = presented(stage, stage.holders[recorded_from], stage.statement("recorded"), binding("recorded"))
    found = [
        pair_of_digits(issuer, stage.created.digit_table),
        pair_of_revocation(accumulator, start, entry),
        pair_of_recording(issuer, recorded.octets),
    ]
    return {stage.curve.encode_g2(pair.key): pair for pair in found}
