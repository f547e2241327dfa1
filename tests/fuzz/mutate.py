"""Mutators that know a format, so that what they make gets past the first check more often than not.

Each takes an input and a source of randomness and gives another input; the same seed gives the same one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import cbor2

from tests.fuzz.target import Mutator

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB

NUMBERS = (0, 1, 2, 7, 23, 24, 255, 256, 4095, 4096, 65535, 2**31, 2**32 - 1, 2**32, 2**53, 2**63, 2**64 - 1, 2**64)
TEXTS = ("", "a", "GB", "\u00e9", "e\u0301", "\u212b", "\x00", "x" * 64, "x" * 255, "x" * 1024, "\U0001f600", "%2e")
GENERATOR = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)
POINTS = (
    b"\xc0" + bytes(47),
    GENERATOR,
    bytes([GENERATOR[0] ^ 0x20]) + GENERATOR[1:],
    b"\x80" + bytes(47),  # x = 0: a point of the curve, outside the subgroup
    b"\x80" + bytes(46) + b"\x04",
    b"\xff" * 48,
    b"\xe0" + bytes(47),
    (FIELD | 1 << 383).to_bytes(48, "big"),
)
SCALARS = tuple(
    (value % 2**256).to_bytes(32, "big") for value in (0, 1, 2, ORDER - 1, ORDER, ORDER + 1, 2**255, 2**256 - 1)
)


def octets(data: bytes, rng: Random) -> bytes:
    """Knows nothing: bits, octets, pieces taken out, doubled or put elsewhere."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(out) + 1)
        count = rng.choice((1, 2, 4, 8, 32, 48))
        match rng.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << rng.randrange(8)
            case 1 if out:
                out[at % len(out)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2:
                del out[at : at + count]
            case 3:
                out[at:at] = rng.randbytes(count)
            case 4:
                out[at:at] = out[at : at + count]
            case _:
                out[at : at + count] = rng.choice((bytes(count), b"\xff" * count, rng.randbytes(count)))
    return bytes(out)


def fields(*widths: int) -> Mutator:
    """A concatenation of points and scalars: `widths` are 48, 96 and 32, the last one repeats to the end."""

    def mutate(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.2:
            return octets(data, rng)
        starts, at, place = [], 0, 0
        while at < len(data):
            starts.append((at, width := widths[min(place, len(widths) - 1)]))
            at, place = at + width, place + 1
        if not starts:
            return rng.choice(POINTS)
        out = bytearray(data)
        at, width = rng.choice(starts)
        out[at : at + width] = _field(bytes(out[at : at + width]), width, data, starts, rng)
        return bytes(out)

    return mutate


def _field(old: bytes, width: int, data: bytes, starts: list[tuple[int, int]], rng: Random) -> bytes:
    same = [at for at, other in starts if other == width]
    match rng.randrange(5):
        case 0:
            return rng.choice(SCALARS if width == 32 else POINTS)[:width].ljust(width, b"\0")
        case 1:
            other = rng.choice(same)
            return data[other : other + width]
        case 2 if width == 32:
            return ((int.from_bytes(old, "big") + rng.choice((1, -1, ORDER, 2**64))) % 2**256).to_bytes(32, "big")
        case 2 if old:
            return bytes([old[0] ^ 0x20]) + old[1:]  # the point's negative
        case 3:
            return b""
        case _:
            return octets(old, rng)


def cbor(data: bytes, rng: Random) -> bytes:
    """A CBOR value with one node changed, written deterministically; sometimes inside an octet string within it."""
    try:
        value = cbor2.loads(data)
    except Exception:
        return octets(data, rng)
    if rng.random() < 0.15:
        return octets(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2))):
        value = _changed(value, rng, _cbor_leaf)
    try:
        return bytes(cbor2.dumps(value, canonical=rng.random() < 0.95))
    except Exception:
        return octets(data, rng)


def json_text(data: bytes, rng: Random) -> bytes:
    """A JSON value with one node changed. Written with what Python's parser takes too: NaN, half surrogates."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return octets(data, rng)
    if rng.random() < 0.1:
        return octets(data, rng)
    if rng.random() < 0.01:
        return rng.choice((b"[", b'{"a":')) * rng.choice((600, 3000))
    for _ in range(rng.choice((1, 1, 2))):
        value = _changed(value, rng, _json_leaf)
    return json.dumps(value).encode()


def lines(first: Mutator, others: Mutator = octets) -> Mutator:
    """Pieces that line ends part: one is changed, the first by `first`."""

    def mutate(data: bytes, rng: Random) -> bytes:
        pieces = data.split(b"\n")
        chosen = rng.randrange(len(pieces))
        pieces[chosen] = (first if chosen == 0 else others)(pieces[chosen], rng)
        return b"\n".join(pieces)

    return mutate


def words(*known: bytes) -> Mutator:
    """Text: like `octets`, and `known` words are put in."""

    def mutate(data: bytes, rng: Random) -> bytes:
        if rng.random() < 0.5:
            return octets(data, rng)
        at = rng.randrange(len(data) + 1)
        return data[:at] + rng.choice(known) + data[at + rng.choice((0, 0, 1, 4)) :]

    return mutate


def _changed(value: Any, rng: Random, leaf: Callable[[Any, Random], Any]) -> Any:
    """`value` with one node of it, not often the root, replaced, removed, doubled or moved."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        match rng.randrange(12):
            case 0:
                return {name: item for name, item in value.items() if name != key}
            case 1:
                other = leaf(key, rng) if rng.random() < 0.5 else rng.randrange(24)
                return value | {other if isinstance(other, int | str) else 0: value[key]}
            case 2:
                return value | {key: value[rng.choice(list(value))]}
            case _:
                return value | {key: _changed(value[key], rng, leaf)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        match rng.randrange(12):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value[:at], value[at], *value[at:]]
            case 2:
                return value[::-1]
            case _:
                return [*value[:at], _changed(value[at], rng, leaf), *value[at + 1 :]]
    return leaf(value, rng)


def _cbor_leaf(value: Any, rng: Random) -> Any:
    if isinstance(value, bytes) and rng.random() < 0.9:
        if len(value) > 100 and rng.random() < 0.7:
            return cbor(value, rng)
        if len(value) % 48 == 0 and value and rng.random() < 0.5:
            return rng.choice(POINTS) if len(value) == 48 else fields(48)(value, rng)
        return rng.choice((octets(value, rng), bytes(len(value)), value + b"\0", b"", rng.choice(SCALARS)))
    if isinstance(value, int) and rng.random() < 0.8:
        return rng.choice((value + 1, max(0, value - 1), rng.choice(NUMBERS), value ^ 1 << rng.randrange(32)))
    return rng.choice((*NUMBERS, *TEXTS, b"", bytes(32), [], [[]], {}, {1: 1}, -1, True, None, 1.5))


def _json_leaf(value: Any, rng: Random) -> Any:
    if isinstance(value, str) and rng.random() < 0.7:
        at = rng.randrange(len(value) + 1)
        odd = rng.choice(("\ud800", "\n", "\x00", "\u00e9", " ", "=", "%00", "a", ""))
        return rng.choice((value[:at] + odd + value[at + rng.randrange(2) :], value + value, value[:at], ""))
    if isinstance(value, int) and rng.random() < 0.6:
        return rng.choice((value + 1, value - 1, -value, float(value % 2**60), str(value), rng.choice(NUMBERS)))
    numbers = (*NUMBERS, -1, 10**30, 1.5, float("nan"), float("inf"), 1e308)
    return rng.choice((*numbers, *TEXTS, "\ud800", None, True, False, [], {}, [[]], [value], {"a": value}))
