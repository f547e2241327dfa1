"""Deterministic CBOR, read strictly: one encoding of each value, and hostile octets cost neither time nor memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.encoding import (
    MAX_DEPTH,
    MAX_UINT,
    Value,
    decode,
    decode_map,
    encode,
    i2osp,
    lp,
    take_list,
    take_octets,
    take_text,
    take_uint,
)
from circuits.errors import Malformed, Misuse

CAP = 4096

REFUSED = {
    "nothing": "",
    "duplicate keys": "a2010101 02".replace(" ", ""),
    "duplicate keys, equal values": "a201010101",
    "keys out of order": "a202000100",
    "integer 23 in two octets": "1817",
    "integer 255 in three octets": "1900ff",
    "integer in five octets": "1a0000ffff",
    "integer in nine octets": "1b00000000ffffffff",
    "key in two octets": "a1180100",
    "string length in two octets": "580161",
    "string length in nine octets": "5b000000000000000161",
    "array length in two octets": "980100",
    "map length in two octets": "b8010100",
    "indefinite array": "9f00ff",
    "indefinite map": "bf0100ff",
    "indefinite octets": "5f4100ff",
    "indefinite text": "7f6161ff",
    "break alone": "ff",
    "trailing octet": "0000",
    "trailing break": "00ff",
    "array cut short": "8201",
    "map cut short": "a101",
    "octets cut short": "4401",
    "argument cut short": "1901",
    "reserved argument 28": "1c",
    "reserved argument 30": "5e",
    "reserved argument 31 of an integer": "1f",
    "negative": "20",
    "most negative": "3bffffffffffffffff",
    "true": "f5",
    "false": "f4",
    "null": "f6",
    "undefined": "f7",
    "simple value": "f0",
    "simple value in two octets": "f8ff",
    "half float": "f93c00",
    "not a number": "f97e00",
    "single float": "fa3f800000",
    "double float": "fb3ff0000000000000",
    "tag: positive bignum": "c249010000000000000000",
    "tag: bignum for 5": "c24105",
    "tag: negative bignum": "c34105",
    "tag: date": "c074323031332d30332d32315432303a30343a30305a",
    "tag: seconds": "c11a514b67b0",
    "tag: decimal with a vast exponent": "c4821b7fffffffffffffff01",
    "tag: bigfloat with a vast exponent": "c5821a3fffffff01",
    "tag: fraction over zero": "d81e820100",
    "tag: pattern": "d8236161",
    "tag: message": "d8246161",
    "tag: list within itself": "d81c81d81d00",
    "tag: string reference": "d901008244616263 64d81900".replace(" ", ""),
    "tag: set": "d901028101",
    "tag: self-described": "d9d9f700",
    "tag: unknown": "da0001000000",
    "text key": "a1616100",
    "octet key": "a1416100",
    "array key": "a1810000",
    "negative key": "a12000",
    "true as key": "a1f500",
    "key of 24": "a1181800",
    "surrogate in text": "63eda080",
    "text that is not UTF-8": "61ff",
    "overlong UTF-8": "62c080",
    "deep inside: null": "81a101f6",
}


@pytest.mark.attack("22")
@pytest.mark.parametrize("octets", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_deterministic_is_malformed(octets: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode(bytes.fromhex(octets), CAP)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def shared_references(width: int, depth: int) -> bytes:
    """Lists of references to the list before: a few octets that stand for width ** depth values."""
    levels = [b"\xd8\x1c\x80"]
    levels += [b"\xd8\x1c" + bytes([0x80 + width]) + (b"\xd8\x1d" + bytes([level])) * width for level in range(depth)]
    return bytes([0x80 + len(levels)]) + b"".join(levels)


HOSTILE = {
    "10,000 arrays deep": b"\x81" * 10_000 + b"\x00",
    "10,000 tags deep": b"\xc1" * 10_000 + b"\x00",
    "5,000 maps deep": b"\xa1\x01" * 5_000 + b"\x00",
    "1 GiB of octets announced": bytes.fromhex("5a40000000"),
    "1 GiB of text announced": bytes.fromhex("7a40000000"),
    "2**30 items announced": bytes.fromhex("9a40000000"),
    "2**30 pairs announced": bytes.fromhex("ba40000000"),
    "2**63 octets announced": bytes.fromhex("5b7fffffffffffffff"),
    "2**64 items announced": bytes.fromhex("9bffffffffffffffff"),
    "2**64 pairs announced": bytes.fromhex("bbffffffffffffffff"),
    "arrays of 2**30, nested": bytes.fromhex("9a40000000") * 100,
    "shared references, 20 ** 6": shared_references(20, 6),
    "shared references, 23 ** 7": shared_references(23, 7),
    "a vast power of two": bytes.fromhex("c5821a3fffffff01"),
    "a vast power of ten": bytes.fromhex("c4821a3fffffff01"),
}


@pytest.mark.attack("22")
@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_octets_are_refused_at_once(octets: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(Malformed):
        decode(octets, 1 << 20)
    assert time.perf_counter() - started < 1.0


MEASURE = """
import sys
from circuits.encoding import decode
from circuits.errors import Malformed
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmPeak"))
before = peak()
for line in sys.stdin:
    try:
        decode(bytes.fromhex(line), 1 << 20)
    except Malformed:
        continue
    sys.exit("accepted")
print(peak() - before)
"""


@pytest.mark.attack("22")
def test_hostile_octets_reserve_no_memory() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of reserved memory is read from /proc, which this system does not have")
    lines = "\n".join(octets.hex() for octets in HOSTILE.values())
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], input=lines, capture_output=True, text=True, cwd=root, timeout=60, check=True
    )
    assert int(done.stdout) < 64 * 1024, "KiB reserved beyond the start"


@pytest.mark.attack("23")
def test_too_many_octets_are_refused_before_they_are_read() -> None:
    octets = encode(bytes(10_000_000))
    started = time.perf_counter()
    with pytest.raises(Malformed):
        decode(octets, CAP)
    assert time.perf_counter() - started < 0.05
    assert decode(encode(bytes(CAP - 3)), CAP) == bytes(CAP - 3)
    with pytest.raises(Malformed):
        decode(encode(bytes(CAP - 2)), CAP)


def nested(depth: int) -> Value:
    value: Value = 0
    for _ in range(depth):
        value = [value]
    return value


def test_values_nest_so_deep_and_no_deeper() -> None:
    assert decode(encode(nested(MAX_DEPTH)), CAP) == nested(MAX_DEPTH)
    with pytest.raises(Misuse):
        encode(nested(MAX_DEPTH + 1))
    for depth in (MAX_DEPTH + 1, MAX_DEPTH + 2, 100):
        with pytest.raises(Malformed):
            decode(b"\x81" * depth + b"\x00", CAP)


uints = st.one_of(
    st.sampled_from([0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, MAX_UINT]), st.integers(0, MAX_UINT)
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
leaves: st.SearchStrategy[Value] = st.one_of(uints, st.binary(max_size=40), text)
values: st.SearchStrategy[Value] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.integers(0, 23), inner, max_size=5)),
    max_leaves=12,
)


def depth_of(value: Value) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


@settings(max_examples=150)
@given(values.filter(lambda value: depth_of(value) <= MAX_DEPTH))
def test_decode_undoes_encode(value: Value) -> None:
    assert decode(encode(value), 1 << 16) == value


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=30), values.map(lambda value: cbor2.dumps(value))))
def test_whatever_decodes_encodes_back_to_its_octets(octets: bytes) -> None:
    try:
        value = decode(octets, CAP)
    except Malformed:
        return
    assert encode(value) == octets


@settings(max_examples=200)
@given(values.filter(lambda value: depth_of(value) <= MAX_DEPTH), st.data())
def test_damaged_octets_raise_malformed_or_are_another_value(value: Value, data: st.DataObject) -> None:
    good = encode(value)
    at = data.draw(st.integers(0, len(good) - 1))
    octets = good[:at] + data.draw(st.binary(min_size=0, max_size=2)) + good[at + 1 :]
    try:
        other = decode(octets, CAP)
    except Malformed:
        return
    assert encode(other) == octets
    assert (other == value) == (octets == good)


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        -1,
        MAX_UINT + 1,
        1.0,
        {"a": 1},
        {24: 1},
        {-1: 1},
        {True: 1},
        (1, 2),
        {1},
        bytearray(b"x"),
        "\ud800",
        pytest.param(object(), id="what no codec knows"),
    ],
    ids=repr,
)
def test_encode_refuses_what_decode_would_not_give_back(value: object) -> None:
    for wrapped in (value, [value], {1: value}):
        with pytest.raises(Misuse):
            encode(wrapped)  # type: ignore[arg-type]


def test_maps_are_ordered_by_key() -> None:
    assert encode({16: 0, 1: 0, 9: 0}) == bytes.fromhex("a3010009001000")


def test_a_map_has_exactly_the_keys_expected() -> None:
    keys = range(1, 4)
    assert decode_map(encode({1: 1, 2: 5, 3: b"x"}), CAP, keys) == {1: 1, 2: 5, 3: b"x"}
    wrong: list[Value] = [
        {1: 1, 2: 5},
        {1: 1, 2: 5, 3: 0, 4: 0},
        {0: 0, 1: 1, 2: 5, 3: 0},
        {1: 2, 2: 5, 3: 0},
        {1: "1", 2: 5, 3: 0},
        {1: [], 2: 5, 3: 0},
        {2: 5, 3: 0, 4: 0},
        {},
        [1, 5, 0],
        1,
    ]
    for value in wrong:
        with pytest.raises(Malformed):
            decode_map(encode(value), CAP, keys)


def test_takers_take_only_their_kind() -> None:
    assert take_uint(7, bits=3) == 7
    assert take_octets(b"ab") == take_octets(b"ab", 2) == b"ab"
    assert take_text("é", max_octets=2) == "é"
    assert take_list([1], 1) == [1]
    for call in (
        lambda: take_uint(8, bits=3),
        lambda: take_uint(-1),
        lambda: take_uint(True),
        lambda: take_uint(b"1"),
        lambda: take_octets(b"ab", 3),
        lambda: take_octets("ab"),
        lambda: take_text(""),
        lambda: take_text("é", max_octets=1),
        lambda: take_text(b"a"),
        lambda: take_list([1, 2], 1),
        lambda: take_list({1: 1}, 1),
    ):
        with pytest.raises(Malformed):
            call()


def test_integers_as_octets() -> None:
    assert i2osp(258, 2) == b"\x01\x02"
    assert i2osp(0, 0) == b""
    assert lp(b"abc") == bytes(7) + b"\x03abc"
    for value, count in ((256, 1), (-1, 8), (1, 0)):
        with pytest.raises(Misuse):
            i2osp(value, count)
