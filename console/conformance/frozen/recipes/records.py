"""Records: one of each that is read, and everything that a loader refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cbor2

from circuits.records import PolicyRecord, Sign1, key_id
from circuits.records.policy import BOUND_CONSTANT, BOUND_DAY
from circuits.suite import SHA256
from console.conformance.frozen.randomness import derived_octets
from console.conformance.frozen.recipes.points import (
    G2_IDENTITY,
    G2_OFF_SUBGROUP,
    bad_points,
)
from console.conformance.frozen.recipes.topic import Topic, cut, lengths
from console.conformance.frozen.recipes.world import the_world

Case = tuple[str, str, dict[int, Any]]


def recipe(topic: Topic) -> None:
    """All kinds of record."""
    world = the_world()
    after, _ = world.revoked(5)
    for name, octets, cases in (
        ("issuer", world.issuer.octets, _issuers()),
        ("accumulator", world.accumulator.octets, _accumulators()),
        ("epoch", world.epoch.octets, _epochs()),
        ("escrow", world.escrow.octets, _escrows()),
        ("policy", world.policy.octets, _policies()),
    ):
        topic.accept(name, f"{name}-record", f"the {name} record of these vectors", {"octets": octets.hex()})
        _encodings(topic, name, f"{name}-record", octets)
        for case, comment, members in cases:
            spoilt = cbor2.dumps({**cbor2.loads(octets), **members}, canonical=True)
            topic.refuse(f"{name}/{case}", f"{name}-record", comment, "malformed", {"octets": spoilt.hex()})
    topic.accept("epoch-1", "epoch-record", "the epoch after five revocations", {"octets": after.octets.hex()})
    topic.accept("policy/widest", "policy-record", "no escrow, two jurisdictions, days", {"octets": _wide().hex()})
    _trust(topic)
    _signed(topic)


def _encodings(topic: Topic, name: str, operation: str, octets: bytes) -> None:
    """The record in ways in which CBOR could say the same, or nearly."""
    values: dict[int, Any] = cbor2.loads(octets)
    last = max(values)
    more, fewer = cbor2.dumps({**values, last + 1: b""}), cbor2.dumps({key: values[key] for key in list(values)[:-1]})
    backwards = cbor2.dumps(dict(reversed(values.items())))
    cases = (
        ("version-2", "another version", cbor2.dumps({**values, 1: 2}, canonical=True)),
        ("member-more", "a member more", more),
        ("member-fewer", "a member fewer", fewer),
        ("order", "members in another order", backwards),
        ("long-key", "a key in two octets", octets[:1] + b"\x18\x01" + octets[2:]),
        ("indefinite", "a map of indefinite length", b"\xbf" + octets[1:] + b"\xff"),
        ("tagged", "a tag before it", b"\xd9\xd9\xf7" + octets),
        ("repeated-key", "the first member twice", bytes([octets[0] + 1]) + b"\x01\x01" + octets[1:]),
        ("list", "a list of the members", cbor2.dumps(list(values.values()))),
    )
    for case, comment, spoilt in cases:
        topic.refuse(f"{name}/{case}", operation, comment, "malformed", {"octets": spoilt.hex()})
    for case, comment, change in lengths("octets", octets.hex()):
        topic.refuse(f"{name}/{case}", operation, comment, "malformed", base=name, change=change)


def _g2(member: int, name: str, octets: bytes) -> Iterator[Case]:
    yield f"{name}/identity", f"{name} is the identity", {member: G2_IDENTITY}
    yield f"{name}/off-subgroup", f"{name} lies outside the subgroup", {member: G2_OFF_SUBGROUP}
    yield f"{name}/not-compressed", f"{name} without its flag", {member: bytes([octets[0] & 0x7F]) + octets[1:]}
    yield f"{name}/short", f"{name} an octet short", {member: octets[:-1]}
    yield f"{name}/text", f"{name} as text", {member: "x"}


def _g1(member: int, name: str, octets: bytes) -> Iterator[Case]:
    for case, comment, bad in bad_points(octets):
        yield f"{name}/{case}", f"{name}: {comment}", {member: bad}


def _issuers() -> Iterator[Case]:
    record = the_world().issuer
    profile: list[list[Any]] = [[name, int(kind)] for name, kind in record.attributes]
    yield from _g2(6, "W", record.public_key)
    yield from _g2(7, "X_d", record.digit_key)
    yield "one-key", "one key in two roles", {7: record.public_key}
    yield "id", "a header of another issuer", {2: "issuer-2"}
    yield "profile", "a header of another profile", {3: "operator-2027"}
    yield "header", "a header of another version", {5: cbor2.dumps([record.id, record.profile_id, 2])}
    yield "empty-id", "no id", {2: "", 5: cbor2.dumps(["", record.profile_id, 1])}
    yield "api-id", "the draft's own interface", {4: SHA256.api_id}
    yield "table-hash", "a hash of 31 octets", {8: record.table_hash[:-1]}
    yield "nine", "nine attributes", {9: profile[:9]}
    yield "eleven", "eleven attributes", {9: [*profile, ["more", 1]]}
    yield "handle-later", "the handle is not the first", {9: [profile[1], profile[0], *profile[2:]]}
    yield "handle-int", "the handle is an int", {9: [["handle", 1], *profile[1:]]}
    yield "one-name", "two attributes of one name", {9: [*profile[:9], ["tier", 1]]}
    yield "kind-4", "an unknown kind", {9: [*profile[:9], ["spare", 4]]}
    yield "no-kind", "an attribute without a kind", {9: [*profile[:9], ["spare"]]}


def _accumulators() -> Iterator[Case]:
    yield from _g2(4, "Q_a", the_world().accumulator.public_key)
    yield "empty-id", "no id", {2: ""}
    yield "number-id", "a number as the id", {2: 1}
    yield "long-id", "an id of 256 octets", {2: "x" * 256}


def _epochs() -> Iterator[Case]:
    record = the_world().epoch
    yield from _g1(4, "V", record.value)
    yield "floor", "a floor above the epoch", {7: 1}
    yield "ended", "it ends when it begins", {6: record.not_before}
    yield "previous", "the first epoch with a predecessor", {8: b"\x01" * 32}
    yield "no-previous", "a later epoch without one", {3: 1}
    yield "short-hash", "a hash of 31 octets", {2: record.accumulator_hash[:-1]}
    yield "text-number", "a number as text", {3: "0"}


def _escrows() -> Iterator[Case]:
    world = the_world()
    record, other = world.escrow, world.other_escrow
    keys = list(record.share_keys)
    curve = SHA256.curve
    doubled = curve.encode_g1(curve.multiply(record.public_point, 2))
    yield from _g1(3, "K", record.public_key)
    yield "K_1/off-subgroup", "K_1 outside the subgroup", {4: [bytes.fromhex("80" + "00" * 47), *keys[1:]]}
    yield "threshold-1", "one opener would do", {5: 1}
    yield "threshold-4", "more are needed than there are", {5: 4}
    yield "threshold-3", "three on a line: two would do", {5: 3}
    yield "off-line", "K_3 off the line of K_1 and K_2", {4: [*keys[:2], other.share_keys[2]]}
    yield "K", "K off the line of K_1 and K_2", {3: doubled}
    yield "repeated", "two openers with one key", {4: [keys[0], keys[0], keys[2]]}
    yield "K-repeated", "an opener who has the common key", {4: [record.public_key, *keys[1:]]}
    yield "exchanged", "K_1 and K_2 in each other's place", {4: [keys[1], keys[0], keys[2]]}
    yield "ended", "it ends when it begins", {7: record.not_before}
    yield "no-openers", "nobody", {4: []}
    yield "g2", "the common key in G2: anybody could test a guess", {3: world.issuer.public_key}


def _policies() -> Iterator[Case]:
    world = the_world()
    tiers, places = [1, [3]], [2, ["GB"]]
    days, cover = [3, BOUND_DAY, 0], [4, BOUND_CONSTANT, 2]
    for index, what in ((0, "handle"), (10, "blind"), (11, "link-secret")):
        shown = [[index, [1]], tiers] if index == 0 else [tiers, [index, [1]]]
        yield f"{what}-disclosed", f"the {what} shown", {5: shown}
        bounded = [[index, BOUND_CONSTANT, 0], cover] if index == 0 else [cover, [index, BOUND_CONSTANT, 0]]
        yield f"{what}-bounded", f"a predicate on the {what}", {6: bounded}
    yield "text-bounded", "a predicate over text", {6: [cover, [5, BOUND_CONSTANT, 0]]}
    yield "shown-and-bounded", "a predicate on what is shown anyway", {6: [[1, BOUND_CONSTANT, 1], cover]}
    yield "nine", "nine predicates", {6: [[4, BOUND_CONSTANT, bound] for bound in range(9)]}
    yield "descending", "predicates in descending order", {6: [cover, days]}
    yield "twice", "a predicate twice", {6: [cover, cover]}
    yield "shown-descending", "shown attributes in descending order", {5: [places, tiers]}
    yield "shown-twice", "an attribute shown twice", {5: [tiers, tiers]}
    yield "no-value", "a shown attribute without a value that suffices", {5: [[1, []]]}
    yield "text-tier", "a tier as text", {5: [[1, ["3"]]]}
    yield "number-place", "a jurisdiction as a number", {5: [[2, [3]]]}
    yield "bound-2^32", "a bound whose window leaves the ints", {6: [[4, BOUND_CONSTANT, 2**32 - 4095]]}
    yield "kind-2", "an unknown kind of bound", {6: [[4, 2, 0]]}
    yield "day-of-cover", "today as the bound of an int", {6: [[4, BOUND_DAY, 0]]}
    yield "no-issuer", "no issuer accepted", {4: []}
    yield "short-issuer", "an issuer's hash of 31 octets", {4: [world.issuer.hash[:-1]]}
    yield "short-escrow", "an escrow's hash of 31 octets", {7: world.escrow.hash[:-1]}
    yield "lease-901", "a lease of more than 900 seconds", {11: 901}
    yield "lease-0", "a lease of no time", {11: 0}
    yield "challenge-301", "a challenge of more than 300 seconds", {8: 301}
    yield "challenge-0", "a challenge of no time", {8: 0}
    yield "renewal-shorter", "a renewal with an older epoch than a first lease", {10: 1}
    yield "month", "an unknown period", {12: "month"}


def _wide() -> bytes:
    world = the_world()
    return PolicyRecord(
        id="widest",
        scope="any",
        issuers=(world.issuer.hash, world.other_issuer.hash),
        disclosed=((1, (1, 2, 3)), (2, ("FR", "GB"))),
        predicates=((3, BOUND_CONSTANT, 1), (3, BOUND_DAY, 30), (4, BOUND_CONSTANT, 2**32 - 4096)),
        escrow_hash=b"",
        period="day",
    ).octets


def _trust(topic: Topic) -> None:
    world = the_world()
    octets = world.trust.octets
    topic.accept("trust", "trust-bundle", "the file that everybody starts from", {"octets": octets.hex()})
    stranger = PolicyRecord("strange", "any", (world.other_issuer.hash,), (), (), b"").octets
    escrowed = PolicyRecord("other", "any", (world.issuer.hash,), (), (), world.other_escrow.hash).octets
    cases: tuple[Case, ...] = (
        ("issuer", "an issuer that the accumulator is not of", {2: world.other_issuer.octets}),
        ("short-key", "an epoch key of 31 octets", {5: bytes(31)}),
        ("no-policy", "no policy", {6: []}),
        ("one-id", "two policies of one id", {6: [world.policy.octets, world.policy.octets]}),
        ("strange-policy", "a policy of another issuer", {6: [stranger]}),
        ("strange-escrow", "a policy of another escrow", {6: [escrowed]}),
        ("no-record", "a record that is none", {3: b""}),
    )
    for name, comment, members in cases:
        spoilt = cbor2.dumps({**cbor2.loads(octets), **members}, canonical=True)
        topic.refuse(f"trust/{name}", "trust-bundle", comment, "malformed", {"octets": spoilt.hex()})


def _signed(topic: Topic) -> None:
    payload = the_world().epoch.octets
    key = key_id(derived_octets("epoch key", 0, 32))
    signature = derived_octets("signature", 0, 64)
    whole = Sign1.encode(payload, key, signature)
    comment = "an epoch record as it travels; the signature is any 64 octets, for it is not checked here"
    topic.accept("sign1", "sign1", comment, {"octets": whole.hex()})
    protected = cbor2.dumps({1: -19, 4: key}, canonical=True)
    cases: tuple[tuple[str, str, list[Any]], ...] = (
        ("algorithm", "another algorithm", [cbor2.dumps({1: -8, 4: key}), {}, payload, signature]),
        ("no-key", "no key id", [cbor2.dumps({1: -19}), {}, payload, signature]),
        ("short-key", "a key id of seven octets", [cbor2.dumps({1: -19, 4: key[:7]}), {}, payload, signature]),
        ("header", "a header more", [cbor2.dumps({1: -19, 4: key, 5: b""}), {}, payload, signature]),
        ("unprotected", "an unprotected header", [protected, {4: key}, payload, signature]),
        ("detached", "no payload", [protected, {}, None, signature]),
        ("short", "a signature of 63 octets", [protected, {}, payload, signature[:-1]]),
        ("three", "no signature at all", [protected, {}, payload]),
    )
    for name, comment, parts in cases:
        spoilt = cbor2.dumps(cbor2.CBORTag(18, parts))
        topic.refuse(f"sign1/{name}", "sign1", comment, "malformed", {"octets": spoilt.hex()})
    no_tag = cut("octets", "tag", 0, 1)
    topic.refuse("sign1/no-tag", "sign1", "without its tag", "malformed", base="sign1", change=no_tag)
    other_tag = cut("octets", "tag", 0, 1, b"\xd1")
    topic.refuse("sign1/mac", "sign1", "the tag of COSE_Mac0", "malformed", base="sign1", change=other_tag)
    for name, comment, change in lengths("octets", whole.hex()):
        topic.refuse(f"sign1/{name}", "sign1", comment, "malformed", base="sign1", change=change)
