"""Pairing claims: true ones pass, false ones and cancelling ones are refused, none at all is a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import curve as curves
from circuits.curve import G1, G2, Curve
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Misuse, Rejected
from circuits.scalar import ORDER
from circuits.sigma.coins import draw_coins
from circuits.sigma.pairing import Fold

CURVE = curves.default()
SCALARS = st.integers(1, ORDER - 1)
IDENTITY = CURVE.g1_identity()


def g1(scalar: int) -> G1:
    return CURVE.multiply(CURVE.g1_generator(), scalar)


def g2(scalar: int) -> G2:
    return CURVE.multiply_g2(CURVE.g2_generator(), scalar)


@dataclass(frozen=True)
class PairingClaim:
    """pair(left, key) = pair(right, P2)."""

    left: G1
    key: G2
    right: G1


def check_claims(
    curve: Curve, claims: Sequence[PairingClaim], linear: Sequence[G1] = (), entropy: Entropy = SYSTEM
) -> None:
    """Every claim holds and every point of `linear` is O."""
    coins = draw_coins(entropy, len(claims) + len(linear))
    folded = Fold(curve)
    for one, coin in zip(claims, coins, strict=False):
        folded.pair(one.left, one.key, coin)
        folded.vanish([one.right], [coin])
    folded.vanish(linear, coins[len(claims) :])
    folded.check()


def claim(left: int, key: int, defect: int = 0) -> PairingClaim:
    """left * P1', key * P2, and a right side that is off by `defect`."""
    return PairingClaim(g1(left), g2(key), g1(left * key + defect))


class OneCoins:
    """What a verifier without coins would do: every coefficient is 1."""

    def scalar(self) -> int:
        return 1

    def octets(self, count: int) -> bytes:
        return (b"\x01" + bytes(15)) * (count // 16)


class CountingCurve:
    """Hands everything on, and remembers how many pairs each product had."""

    def __init__(self) -> None:
        self.pairs: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(CURVE, name)

    def pairing_product_is_one(self, pairs: list[tuple[G1, G2]]) -> bool:
        self.pairs.append(len(pairs))
        return CURVE.pairing_product_is_one(pairs)


@given(st.lists(st.tuples(SCALARS, st.sampled_from([3, 5, 7])), min_size=1, max_size=5))
def test_true_claims_pass(pairs: list[tuple[int, int]]) -> None:
    check_claims(CURVE, [claim(left, key) for left, key in pairs], linear=(IDENTITY, IDENTITY))


@given(st.integers(1, 4), st.data())
def test_one_wrong_claim_among_many_is_refused(count: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, count - 1))
    defect = data.draw(SCALARS)
    claims = [claim(3 + at, 5, defect if at == wrong else 0) for at in range(count)]
    with pytest.raises(Rejected) as refusal:
        check_claims(CURVE, claims)
    assert refusal.value.code == "pairing"


def test_wrong_key_is_refused() -> None:
    true = claim(3, 5)
    with pytest.raises(Rejected):
        check_claims(CURVE, [PairingClaim(true.left, g2(6), true.right)])


@pytest.mark.attack("B3")
@pytest.mark.parametrize("keys", [(5, 5), (5, 7)])
def test_defects_that_cancel_between_claims_are_refused(keys: tuple[int, int]) -> None:
    claims = [claim(3, keys[0], defect=99), claim(4, keys[1], defect=-99)]
    check_claims(CURVE, claims, entropy=OneCoins())  # the attack works where there are no coins
    with pytest.raises(Rejected):
        check_claims(CURVE, claims)


def test_defects_that_cancel_between_a_claim_and_a_relation_are_refused() -> None:
    claims, linear = [claim(3, 5, defect=99)], (g1(-99),)
    check_claims(CURVE, claims, linear, OneCoins())
    with pytest.raises(Rejected):
        check_claims(CURVE, claims, linear)
    with pytest.raises(Rejected):
        check_claims(CURVE, [claim(3, 5)], (g1(1),))
    with pytest.raises(Rejected):
        check_claims(CURVE, [claim(3, 5)], (g1(1), g1(-1)))


@pytest.mark.attack("B5")
def test_nothing_proves_nothing() -> None:
    for linear in ((), (IDENTITY,)):
        with pytest.raises(Misuse):
            check_claims(CURVE, [], linear)
    with pytest.raises(Misuse):
        Fold(CURVE).check()


def test_many_proofs_enter_one_fold() -> None:
    folded = Fold(CURVE)
    for number in range(3):
        true, coin = claim(3 + number, 5), 17 + number
        folded.pair(true.left, true.key, coin)
        folded.vanish([true.right, g1(6), g1(2)], [coin, 10 + number, ORDER - 3 * (10 + number)])
    folded.check()
    folded.vanish([g1(1)], [1])
    with pytest.raises(Rejected):
        folded.check()
    with pytest.raises(Misuse):
        folded.vanish([g1(1)], [])


def test_one_miller_loop_per_distinct_key() -> None:
    """Keys are merged by encoding: the same key decoded twice is one loop, and P2 has one of its own."""
    counting = CountingCurve()
    curve: Curve = counting  # type: ignore[assignment]
    check_claims(curve, [claim(3 + at, key) for at, key in enumerate((5, 7, 5, 7, 5))], entropy=SYSTEM)
    assert counting.pairs == [3]
