"""Sponge and codec: what the vectors do not reach."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.entropy import SYSTEM, ReplayEntropy
from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER
from circuits.sigma.codec import (
    decode_uint,
    deserialize_field,
    deserialize_uint,
    deserialize_var_len_string,
    serialize_field,
    serialize_uint,
    serialize_var_len_string,
)
from circuits.sigma.coins import draw_coins
from circuits.sigma.protocol import BATCHABLE, COMPACT, challenge, make_tag, session_id
from circuits.sigma.sponge import DuplexSponge

SESSION = bytes(range(32))


@given(st.lists(st.binary(max_size=400), max_size=6), st.lists(st.integers(0, 400), min_size=1, max_size=5))
def test_cutting_the_input_or_the_output_changes_nothing(parts: list[bytes], counts: list[int]) -> None:
    cut, whole = DuplexSponge(SESSION), DuplexSponge(SESSION)
    for part in parts:
        cut.absorb(part)
    whole.absorb(b"".join(parts))
    assert b"".join(cut.squeeze(count) for count in counts) == whole.squeeze(sum(counts))


def test_sponge_refuses_another_session_length_and_a_negative_count() -> None:
    for length in (0, 31, 33):
        with pytest.raises(Misuse):
            DuplexSponge(bytes(length))
    with pytest.raises(Misuse):
        DuplexSponge(SESSION).squeeze(-1)


def test_challenge_is_the_one_line_of_the_protocol_page() -> None:
    instance, commitment = b"instance" * 30, b"commitment"
    line = hashlib.shake_128(SESSION + bytes(136) + instance + commitment).digest(48)
    assert challenge(SESSION, instance, commitment) == int.from_bytes(line, "little") % ORDER
    for empty in ((b"", commitment), (instance, b"")):
        with pytest.raises(Misuse):
            challenge(SESSION, *empty)


def test_tags() -> None:
    assert make_tag("A", BATCHABLE) == b"A-DSFS-with-sigma-proofs_Shake128_BLS12381"
    assert make_tag("A", COMPACT, "00ff") == b"A-CMPT-with-sigma-proofs_Shake128_BLS12381-00ff"
    for name in ("", "Ä"):
        with pytest.raises(Misuse):
            make_tag(name)
    with pytest.raises(Misuse):
        session_id(b"")


@given(st.binary(max_size=64), st.binary(max_size=8))
def test_strings_read_back_and_leave_the_rest(payload: bytes, rest: bytes) -> None:
    assert deserialize_var_len_string(serialize_var_len_string(payload) + rest) == (payload, rest)
    with pytest.raises(Malformed):
        deserialize_var_len_string(serialize_var_len_string(payload)[:-1])


@given(st.integers(1, 1 << 80), st.data(), st.sampled_from(["little", "big"]))
def test_integers_read_back_and_the_modulus_does_not(modulus: int, data: st.DataObject, order: str) -> None:
    value = data.draw(st.integers(0, modulus - 1))
    octets = serialize_uint(value, modulus, order)  # type: ignore[arg-type]
    assert deserialize_uint(octets + b"!", modulus, order) == (value, b"!")  # type: ignore[arg-type]
    with pytest.raises(Misuse):
        serialize_uint(modulus, modulus)
    if modulus < 256 ** len(octets):
        with pytest.raises(Malformed):
            deserialize_uint(modulus.to_bytes(len(octets), order), modulus, order)  # type: ignore[arg-type]


def test_fields() -> None:
    assert deserialize_field(serialize_field((1, 2, 3), 7), 7, 3) == ((1, 2, 3), b"")
    with pytest.raises(Malformed):
        deserialize_field(bytes([1, 7]), 7, 2)
    with pytest.raises(Misuse):
        serialize_field((), 7)
    with pytest.raises(Misuse):
        decode_uint(bytes(47), ORDER)


def test_coins_come_sixteen_octets_each_and_never_none() -> None:
    replay = ReplayEntropy([], (5).to_bytes(16, "little") + b"\xff" * 16)
    assert draw_coins(replay, 2) == [5, (1 << 128) - 1]
    assert draw_coins(SYSTEM, 8) != draw_coins(SYSTEM, 8)
    with pytest.raises(Misuse):
        draw_coins(SYSTEM, 0)
