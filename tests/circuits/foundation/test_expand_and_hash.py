"""expand_message's limits, and hash_to_scalar over it. The RFC's known answers are in tests/differential."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.errors import Misuse
from circuits.hashing import Expander, expand_message_xmd_sha256, expand_message_xof_shake256, hash_to_scalar
from circuits.scalar import ORDER

EXPANDERS = [expand_message_xmd_sha256, expand_message_xof_shake256]
both = pytest.mark.parametrize("expand", EXPANDERS, ids=["xmd", "xof"])


@both
def test_an_empty_tag_is_a_misuse(expand: Expander) -> None:
    with pytest.raises(Misuse):
        expand(b"m", b"", 32)
    with pytest.raises(Misuse):
        hash_to_scalar(expand, b"m", b"")


@both
@pytest.mark.parametrize("octets", [-1, 0, 65536, 1 << 32])
def test_counts_outside_the_range_are_a_misuse(expand: Expander, octets: int) -> None:
    with pytest.raises(Misuse):
        expand(b"m", b"d", octets)


def test_the_longest_outputs() -> None:
    assert len(expand_message_xmd_sha256(b"m", b"d", 255 * 32)) == 255 * 32
    with pytest.raises(Misuse):
        expand_message_xmd_sha256(b"m", b"d", 255 * 32 + 1)
    assert len(expand_message_xof_shake256(b"m", b"d", 65535)) == 65535


@both
@given(message=st.binary(max_size=80), count=st.integers(1, 200))
def test_the_length_asked_for_is_hashed_in(expand: Expander, message: bytes, count: int) -> None:
    one, other = expand(message, b"d", count), expand(message, b"d", count + 1)
    assert (len(one), len(other)) == (count, count + 1)
    if count > 15:
        assert other[:count] != one


@both
def test_tags_and_messages_do_not_run_together(expand: Expander) -> None:
    outputs = {
        expand(message, tag, 32) for message, tag in ((b"a", b"bc"), (b"ab", b"c"), (b"", b"abc"), (b"abc", b"d"))
    }
    assert len(outputs) == 4


@both
def test_a_tag_over_255_octets_is_shortened_as_the_rfc_says(expand: Expander) -> None:
    long = b"H2C-OVERSIZE-DST-" + bytes(256)
    short = hashlib.sha256(long).digest() if expand is expand_message_xmd_sha256 else hashlib.shake_256(long).digest(32)
    assert expand(b"m", bytes(256), 32) == expand(b"m", short, 32)
    assert expand(b"m", bytes(255), 32) != expand(b"m", short, 32)


@both
def test_hash_to_scalar_takes_no_long_tag(expand: Expander) -> None:
    assert 0 <= hash_to_scalar(expand, b"m", b"d" * 255) < ORDER
    with pytest.raises(Misuse):
        hash_to_scalar(expand, b"m", b"d" * 256)


@both
@given(message=st.binary(max_size=80))
def test_hash_to_scalar_reduces_forty_eight_octets(expand: Expander, message: bytes) -> None:
    assert hash_to_scalar(expand, message, b"d") == int.from_bytes(expand(message, b"d", 48), "big") % ORDER
