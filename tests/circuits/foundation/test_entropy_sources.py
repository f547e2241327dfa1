"""Randomness: the operating system's by default, a replayed list where a vector fixes it."""

from __future__ import annotations

import pytest

from circuits.entropy import SYSTEM, Entropy, ReplayEntropy, SystemEntropy
from circuits.errors import Misuse
from circuits.scalar import ORDER


@pytest.mark.parametrize("source", [SYSTEM, SystemEntropy()])
def test_the_system_draws_nonzero_scalars_and_octets(source: Entropy) -> None:
    drawn = [source.scalar() for _ in range(64)]
    assert len(set(drawn)) == 64
    assert all(0 < value < ORDER for value in drawn)
    assert max(drawn).bit_length() > 250
    assert len(source.octets(32)) == 32
    assert source.octets(32) != source.octets(32)
    assert source.octets(0) == b""


def test_a_replay_gives_its_values_in_order_and_then_stops() -> None:
    source = ReplayEntropy([5, 6, ORDER + 7], b"abcdef")
    assert [source.scalar() for _ in range(3)] == [5, 6, 7]
    assert (source.octets(2), source.octets(0), source.octets(4)) == (b"ab", b"", b"cdef")
    with pytest.raises(Misuse):
        source.scalar()
    with pytest.raises(Misuse):
        source.octets(1)


def test_a_replay_takes_any_iterable_once() -> None:
    source = ReplayEntropy(iter([1, 2]))
    assert source.scalar() == 1
    other = ReplayEntropy(value for value in (9,))
    assert other.scalar() == 9
    assert source.scalar() == 2


def test_a_replay_shows_no_values() -> None:
    source = ReplayEntropy([123456789], b"secret octets")
    assert "123456789" not in repr(source)
    assert "secret octets" not in repr(source)
    with pytest.raises(Misuse) as caught:
        source.octets(99)
    assert "secret" not in str(caught.value)


def test_too_few_octets_take_nothing() -> None:
    source = ReplayEntropy([], b"ab")
    with pytest.raises(Misuse):
        source.octets(3)
    assert source.octets(2) == b"ab"
