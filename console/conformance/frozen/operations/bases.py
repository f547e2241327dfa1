"""The points that everybody computes from a name."""

from __future__ import annotations

from circuits import generators as made
from circuits.attributes import ATTRIBUTE_COUNT
from circuits.suite import LICENCE_API_ID
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given

ROLES = {
    "digit": made.DIGIT_BASE,
    "accumulator": made.ACCUMULATOR_START,
    "escrow": made.ESCROW_BASE,
    "set": made.SET_BASE,
    "pseudonym": made.PSEUDONYM_BASE,
}


def named(given: Given) -> dict[str, Leaf]:
    """Members `role` and `identifier` to the tag and the point."""
    role = given.word("role")
    if role not in ROLES:
        raise BadVector(f"no role is called {role}")
    point = made.named_base(given.suite, LICENCE_API_ID, ROLES[role], given.octets("identifier"))
    return {"dst": (LICENCE_API_ID + ROLES[role]).hex(), "point": given.suite.curve.encode_g1(point).hex()}


def generators(given: Given) -> dict[str, Leaf]:
    """Member `api_id` to Q_1, H_0 .. H_9 and Q_2, J_1."""
    api_id = given.octets("api_id")
    own = made.create_generators(given.suite, ATTRIBUTE_COUNT + 1, api_id)
    blind = made.create_generators(given.suite, 2, b"BLIND_" + api_id)
    encode = given.suite.curve.encode_g1
    return {
        "p1": given.suite.p1_octets.hex(),
        "q1": encode(own[0]).hex(),
        "h": [encode(point).hex() for point in own[1:]],
        "q2": encode(blind[0]).hex(),
        "j1": encode(blind[1]).hex(),
    }
