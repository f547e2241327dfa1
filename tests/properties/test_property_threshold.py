"""Every quorum opens to the same point, and no smaller group opens anything."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import (
    EscrowCiphertext,
    Malformed,
    Misuse,
    Rejected,
    combine_shares,
    deal_escrow,
    open_identity,
    open_share,
)
from circuits.entropy import SYSTEM
from circuits.polynomial import interpolate_points, lagrange, share_secret
from circuits.records import EscrowRecord
from circuits.scalar import ORDER
from tests.circuits.core.world import octets32

CASE, DIGEST = "case-9", octets32("proof")
SIZES = [(2, 2), (2, 4), (3, 5), (4, 4)]


@pytest.mark.requirement("R60")
@pytest.mark.attack("X6")
@pytest.mark.attack("47")
@pytest.mark.parametrize(("threshold", "openers"), SIZES)
def test_every_quorum_and_no_less(threshold: int, openers: int) -> None:
    dealt = deal_escrow("quorum", threshold, openers, 0, 10)
    escrow, curve = dealt.record, dealt.record.suite.curve
    identity, k = curve.multiply(curve.g1_generator(), 77), 12345
    first = curve.encode_g1(curve.multiply(escrow.base, k))
    second = curve.encode_g1(curve.add(curve.multiply(escrow.public_point, k), identity))
    shares = {
        index: open_share(escrow, index, share, first, CASE, DIGEST) for index, share in enumerate(dealt.shares, 1)
    }
    for quorum in combinations(shares.values(), threshold):
        combined = combine_shares(escrow, first, quorum, CASE, DIGEST)
        assert open_identity(escrow, EscrowCiphertext(first, second), combined) == curve.encode_g1(identity)
    assert combine_shares(escrow, first, list(shares.values()), CASE, DIGEST) == combined
    for few in combinations(shares.values(), threshold - 1):
        with pytest.raises(Rejected, match="too-few-shares"):
            combine_shares(escrow, first, few, CASE, DIGEST)
    for few in combinations(enumerate(dealt.shares, 1), threshold - 1):  # nor does interpolating what there is
        points = {index: curve.multiply(curve.decode_g1(first), share.expose()) for index, share in few}
        assert curve.encode_g1(interpolate_points(curve, points)) != combined


@pytest.mark.parametrize(("threshold", "openers"), SIZES)
def test_a_dealt_record_loads_again(threshold: int, openers: int) -> None:
    record = deal_escrow("quorum", threshold, openers, 0, 10).record
    assert EscrowRecord.decode(record.octets) == record


@pytest.mark.parametrize(("threshold", "openers"), [(1, 3), (0, 3), (4, 3), (2, 33), (2, 1)])
def test_numbers_that_no_record_allows(threshold: int, openers: int) -> None:
    with pytest.raises(Malformed):
        deal_escrow("quorum", threshold, openers, 0, 10)


@given(st.integers(2, 6), st.integers(0, 4), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_shares_give_the_secret_back(threshold: int, more: int, chance: object) -> None:
    secret, shares = share_secret(threshold, threshold + more, SYSTEM)
    indexes = list(range(1, len(shares) + 1))
    chance.shuffle(indexes)  # type: ignore[attr-defined]
    chosen = indexes[:threshold]
    weights = lagrange(chosen)
    assert sum(weights[index] * shares[index - 1] for index in chosen) % ORDER == secret
    fewer = lagrange(chosen[1:])
    assert sum(fewer[index] * shares[index - 1] for index in fewer) % ORDER != secret


@given(st.lists(st.integers(1, 5), max_size=6))
def test_repeated_indexes_do_not_interpolate(indexes: list[int]) -> None:
    if indexes and len(set(indexes)) == len(indexes):
        assert sum(lagrange(indexes).values()) % ORDER == 1
        return
    with pytest.raises(Misuse):
        lagrange(indexes)
