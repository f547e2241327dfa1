"""Named bases and generators."""

from __future__ import annotations

from circuits.encoding import encode
from circuits.suite import LICENCE_API_ID
from console.conformance.frozen.recipes.topic import Topic, text


def recipe(topic: Topic) -> None:
    """The bases of protocol.md, and refused identifiers."""
    topic.accept(
        "generators",
        "generators",
        "P1, Q_1, H_0 .. H_9 of the licence's interface, and Q_2, J_1 of its blind part",
        {"api_id": LICENCE_API_ID.hex()},
    )
    for role, name in (("digit", "issuer-1"), ("accumulator", "acc-1"), ("escrow", "escrow-1")):
        topic.accept(role, "named-base", f"the {role} base of {name}", {"role": role, "identifier": text(name)})
    pseudonym = encode(["verifier", "gateway.example", "2026-47"]).hex()
    topic.accept(
        "pseudonym", "named-base", "the base of a pseudonym's context", {"role": "pseudonym", "identifier": pseudonym}
    )
    topic.accept(
        "one-name-two-roles",
        "named-base",
        "the same name in another role is another point",
        {"role": "escrow", "identifier": text("issuer-1")},
    )
    for role in ("digit", "accumulator", "escrow", "pseudonym"):
        topic.refuse(f"{role}/empty", "named-base", "an empty identifier", "misuse", {"identifier": ""}, base=role)
