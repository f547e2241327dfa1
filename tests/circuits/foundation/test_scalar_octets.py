"""Scalars: 32 octets below r, blinded inverses, and zero named as a misuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER, SCALAR_OCTETS, batch_inverse, decode_scalar, encode_scalar, inverse

scalars = st.one_of(st.sampled_from([0, 1, ORDER - 1]), st.integers(0, ORDER - 1))
nonzero = st.integers(1, ORDER - 1)


@given(scalars)
def test_decode_undoes_encode(value: int) -> None:
    octets = encode_scalar(value)
    assert len(octets) == SCALAR_OCTETS
    assert decode_scalar(octets) == value


@given(st.binary(min_size=SCALAR_OCTETS, max_size=SCALAR_OCTETS))
def test_what_decodes_encodes_back(octets: bytes) -> None:
    if int.from_bytes(octets, "big") >= ORDER:
        with pytest.raises(Malformed):
            decode_scalar(octets)
    else:
        assert encode_scalar(decode_scalar(octets)) == octets


@pytest.mark.attack("21")
@pytest.mark.attack("E3")
@pytest.mark.parametrize("value", [ORDER, ORDER + 1, 2 * ORDER, 2**255, 2**256 - 1])
def test_a_scalar_of_the_order_and_above_is_malformed(value: int) -> None:
    with pytest.raises(Malformed):
        decode_scalar(value.to_bytes(SCALAR_OCTETS, "big"))


@pytest.mark.attack("E4")
@pytest.mark.parametrize("count", [0, 1, 31, 33, 64])
def test_another_length_is_malformed(count: int) -> None:
    with pytest.raises(Malformed):
        decode_scalar(bytes(count))


@pytest.mark.parametrize("value", [-1, ORDER, 2**256])
def test_encoding_never_reduces(value: int) -> None:
    with pytest.raises(Misuse) as caught:
        encode_scalar(value)
    assert str(value) not in str(caught.value)


@given(st.integers(1, 3 * ORDER).filter(lambda value: value % ORDER))
def test_inverse(value: int) -> None:
    assert inverse(value) * value % ORDER == 1
    assert 0 < inverse(value) < ORDER
    assert inverse(-value) == ORDER - inverse(value)


@given(st.lists(nonzero, max_size=8))
def test_batch_inverse_is_the_inverse_of_each(values: list[int]) -> None:
    assert batch_inverse(values) == [inverse(value) for value in values]


@pytest.mark.parametrize("zero", [0, ORDER, -ORDER])
def test_zero_has_no_inverse(zero: int) -> None:
    with pytest.raises(Misuse):
        inverse(zero)
    for values in ([zero], [3, zero], [zero, 3], [2, zero, zero]):
        with pytest.raises(Misuse):
            batch_inverse(values)


def test_the_order_is_the_published_one() -> None:
    z = -0xD201000000010000
    assert z**4 - z**2 + 1 == ORDER
