"""One thing of the default proof changed at a time: every point, every response, the lengths, other proofs' parts."""

from __future__ import annotations

from collections.abc import Iterator

from circuits.scalar import ORDER
from circuits.suite import SHA256
from console.conformance.frozen.recipes.points import ORDER_3, ORDER_11, bad_points, shifted
from console.conformance.frozen.recipes.topic import Topic, cut, lengths

POINTS = (
    "Abar", "Bbar", "D", "C'", "Cbar", "S'_1", "Sbar_1", "S'_2", "Sbar_2", "Nym", "E1", "E2",
    "T_1", "T_2", "T_3", "T_4", "T_5", "T_6", "T_7", "T_8",
)  # fmt: skip
RESPONSES = (
    "e", "r1", "r3", "m_0", "m_3", "m_4", "m_5", "m_6", "m_7", "m_8", "m_9", "m_10", "m_11", "rho", "t_1", "t_2", "k",
)  # fmt: skip
_FIRST_RESPONSE = 48 * len(POINTS)
_PAIRED = frozenset({"Abar", "Bbar", "C'", "Cbar", "S'_1", "Sbar_1", "S'_2", "Sbar_2"})


def recipe(topic: Topic, proof_hex: str) -> None:
    """All of them, refused by `verify`."""
    proof = bytes.fromhex(proof_hex)
    for place, part in enumerate(POINTS):
        at = 48 * place
        for name, comment, code, octets in _points(proof[at : at + 48], part):
            _refuse(topic, f"{part}/{name}", f"{part}: {comment}", code, part, at, octets, 48)
    for place, part in enumerate(RESPONSES):
        at = _FIRST_RESPONSE + 32 * place
        for name, comment, code, octets in _responses(proof[at : at + 32]):
            _refuse(topic, f"{part}/{name}", f"response of {part}: {comment}", code, part, at, octets, 32)
    for name, comment, change in lengths("proof", proof_hex):
        topic.refuse(f"length/{name}", "verify", comment, "malformed", base="default", change=change)
    for name, comment, start, end, octets in _moved(proof):
        change = cut("proof", name, start, end, octets)
        topic.refuse(f"moved/{name}", "verify", comment, "proof", base="default", change=change)


def _refuse(topic: Topic, name: str, comment: str, code: str, part: str, at: int, octets: bytes, count: int) -> None:
    change = cut("proof", part, at, at + count, octets)
    topic.refuse(f"spoilt/{name}", "verify", comment, code, base="default", change=change)


def _points(octets: bytes, part: str) -> Iterator[tuple[str, str, str, bytes]]:
    curve = SHA256.curve
    for name, comment, bad in bad_points(octets):
        yield name, comment, "malformed", bad
    yield "plus-order-3", "a point of order 3 added", "malformed", shifted(curve, octets, ORDER_3)
    if part in _PAIRED:
        yield "plus-order-11", "a point of order 11 added", "malformed", shifted(curve, octets, ORDER_11)
    yield "negated", "the other sign", "proof", bytes([octets[0] ^ 0x20]) + octets[1:]
    yield "generator", "the standard generator instead", "proof", curve.encode_g1(curve.g1_generator())


def _responses(octets: bytes) -> Iterator[tuple[str, str, str, bytes]]:
    value = int.from_bytes(octets, "big")
    yield "plus-1", "one more", "proof", ((value + 1) % ORDER).to_bytes(32, "big")
    yield "zero", "zero", "proof", bytes(32)
    yield "negated", "negated", "proof", (-value % ORDER).to_bytes(32, "big")
    yield "plus-r", "the same value, not reduced", "malformed", (value + ORDER).to_bytes(32, "big")
    yield "r", "r itself", "malformed", ORDER.to_bytes(32, "big")
    yield "all-ones", "2^256 - 1", "malformed", b"\xff" * 32


def _moved(proof: bytes) -> Iterator[tuple[str, str, int, int, bytes]]:
    """(name, comment, from, to, octets) of well-formed proofs whose parts stand elsewhere."""
    points = [proof[48 * place : 48 * place + 48] for place in range(len(POINTS))]
    responses = [proof[at : at + 32] for at in range(_FIRST_RESPONSE, len(proof), 32)]
    yield "digits-swapped", "the two predicates in each other's place", 240, 432, proof[336:432] + proof[240:336]
    yield "t1-t2-swapped", "T_1 and T_2 in each other's place", 576, 672, points[13] + points[12]
    yield "responses-reversed", "all responses from the last to the first", 960, 1504, b"".join(responses[::-1])
    yield "e1-e2-swapped", "E1 and E2 in each other's place", 480, 576, points[11] + points[10]
    yield "t-negated", "every T negated", 576, 960, b"".join(_negated(point) for point in points[12:])
    yield "bound-in-digit", "check 9: Sbar_2 = 2 S'_2 makes the image of R4 zero", 384, 432, _doubled(points[7])


def _negated(octets: bytes) -> bytes:
    return bytes([octets[0] ^ 0x20]) + octets[1:]


def _doubled(octets: bytes) -> bytes:
    curve = SHA256.curve
    return curve.encode_g1(curve.multiply(curve.decode_g1(octets), 2))
