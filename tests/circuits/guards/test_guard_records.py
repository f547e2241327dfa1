"""Each rule of a record's constructor and decoder, broken alone, is refused with that rule's own sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from circuits import AttributeValue, Kind, Malformed, Misuse, create_set
from circuits.records import (
    BOUND_CONSTANT,
    EscrowRecord,
    IssuerRecord,
    SetRecord,
    Sign1,
    TrustBundle,
    default_policy,
)
from tests.circuits.core.world import Licence, World, octets32, other_world


def bundle(world: World, **changes: Any) -> TrustBundle:
    parts: dict[str, Any] = {
        "issuer": world.issuer,
        "accumulator": world.accumulator,
        "escrow": world.escrow,
        "epoch_key": octets32("epoch key"),
        "policies": (world.policy,),
        "issuer_url": "https://issuer.example",
    }
    return TrustBundle(**parts | changes)


@pytest.mark.attack("F4")
def test_a_trust_bundle_is_of_records_that_go_together(world: World) -> None:
    other, policy = other_world(), world.policy
    cases: list[tuple[dict[str, Any], str]] = [
        ({"accumulator": other.accumulator}, "the accumulator is another issuer's"),
        ({"epoch_key": bytes(31)}, "an epoch key has 32 octets"),
        ({"epoch_key": bytes(33)}, "an epoch key has 32 octets"),
        ({"policies": ()}, "policies with distinct ids"),
        ({"policies": (policy, policy)}, "policies with distinct ids"),
        ({"policies": (replace(policy, issuers=(other.issuer.hash,)),)}, "a policy of another issuer or escrow"),
        ({"policies": (replace(policy, escrow_hash=other.escrow.hash),)}, "a policy of another issuer or escrow"),
    ]
    for changes, sentence in cases:
        with pytest.raises(Malformed, match=sentence):
            bundle(world, **changes)
    assert bundle(world).policy(policy.id) == policy
    with pytest.raises(Misuse, match="no policy 'other'"):
        bundle(world).policy("other")


def points(world: World, count: int) -> tuple[bytes, ...]:
    """G_e times 5 + 7 x for x = 1 .. count: shares of two-of-count."""
    curve, base = world.curve, world.escrow.base
    return tuple(curve.encode_g1(curve.multiply(base, 5 + 7 * x)) for x in range(count + 1))


@pytest.mark.attack("X11")
def test_an_escrow_has_at_most_32_keys_and_all_of_them_differ(world: World) -> None:
    common, *shares = points(world, 33)
    record = EscrowRecord(world.escrow.id, common, tuple(shares[:32]), 2, 0, 1)
    with pytest.raises(Malformed, match="2 <= threshold <= openers <= 32"):
        replace(record, share_keys=tuple(shares))
    with pytest.raises(Malformed, match="two of the escrow's keys are the same"):
        replace(record, share_keys=(shares[0], shares[1], shares[1]))
    with pytest.raises(Malformed, match="two of the escrow's keys are the same"):
        replace(record, share_keys=(shares[0], shares[1], common))


def changed(record: Any, key: int, change: Callable[[Any], Any]) -> bytes:
    """A record's octets with one field changed."""
    fields = cbor2.loads(record.octets)
    return cbor2.dumps({**fields, key: change(fields[key])}, canonical=True)


@pytest.mark.attack("E1")
def test_attributes_of_an_issuer_are_pairs_of_a_name_and_a_kind(world: World, licence: Licence) -> None:
    for wrong, sentence in ((["tier"], "a name and a kind"), (["tier", 9], "unknown kind of attribute")):
        octets = changed(world.issuer, 9, lambda rows, wrong=wrong: [*rows[:1], wrong, *rows[2:]])
        with pytest.raises(Malformed, match=sentence):
            IssuerRecord.decode(octets)
    messages = licence.credential.messages.expose()
    for count in (11, 13):
        with pytest.raises(Malformed, match="twelve signed scalars"):
            world.issuer.signed_point((*messages, 1)[:count])
    with pytest.raises(Misuse, match="no attribute 'colour'"):
        world.issuer.index("colour")


def test_a_profile_has_ten_attributes_the_handle_first(world: World) -> None:
    own = world.issuer.attributes
    for attributes in ((*own, own[1]), (("name", Kind.SCALAR), *own[1:]), (("handle", Kind.INT), *own[1:])):
        with pytest.raises(Malformed, match="ten attributes, the handle first"):
            replace(world.issuer, attributes=attributes)


def test_a_handle_is_a_number(licence: Licence) -> None:
    attributes: tuple[AttributeValue, ...] = ("one", *licence.credential.attributes[1:])
    with pytest.raises(Misuse, match="a handle is a scalar"):
        _ = replace(licence.credential, attributes=attributes).handle


@pytest.mark.attack("24")
def test_a_policy_has_no_predicate_on_the_handle(world: World) -> None:
    with pytest.raises(Malformed, match="no predicate on this attribute"):
        replace(default_policy(world.issuer, world.escrow), predicates=((0, BOUND_CONSTANT, 1),))


@pytest.fixture(scope="module")
def bands() -> SetRecord:
    return create_set("guards-bands", Kind.INT, [2, 3, 5])


def test_members_of_a_set(bands: SetRecord) -> None:
    (_, one), (_, other), *_ = bands.members
    text = replace(bands, kind=Kind.TEXT, members=(("a", one), ("b", other)))
    with pytest.raises(Malformed, match="texts, numbers or days"):
        replace(bands, kind=Kind.SCALAR)
    with pytest.raises(Malformed, match="not Unicode"):
        replace(text, members=(("a", one), ("\ud800", other)))
    with pytest.raises(Malformed, match="a value and its signature"):
        SetRecord.decode(changed(bands, 5, lambda rows: [rows[0], rows[1][:1], rows[2]]))


def test_what_no_set_is_made_of() -> None:
    with pytest.raises(Malformed, match="out of range"):
        create_set("guards-wrong", Kind.INT, [1, 2**32])
    with pytest.raises(Malformed, match="named twice"):
        create_set("guards-wrong", Kind.TEXT, ["GB", "IE", "GB"])


@pytest.mark.attack("E1")
def test_a_signed_record_is_in_the_one_profile() -> None:
    key, signature = bytes(range(8)), bytes(64)
    good = Sign1.encode(b"payload", key, signature)
    assert Sign1.decode(good, len(good)) == Sign1(b"payload", key, signature)
    with pytest.raises(Malformed, match=f"more than {len(good) - 1} octets"):
        Sign1.decode(good, len(good) - 1)
    parts = cbor2.loads(good).value
    for wrong in (
        [parts[0], {1: 1}, parts[2], parts[3]],
        [parts[0], {}, parts[2], bytes(63)],
        [parts[0], {}, parts[2], bytes(65)],
        [parts[0][:-1], {}, parts[2], parts[3]],
    ):
        with pytest.raises(Malformed, match="not a COSE_Sign1 of this profile"):
            Sign1.decode(cbor2.dumps(cbor2.CBORTag(18, wrong), canonical=True))
