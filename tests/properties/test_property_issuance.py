"""Issuing: whatever the attributes, the licence that comes out is the one applied for; a refresh keeps the secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import (
    Credential,
    IssueReply,
    Malformed,
    Misuse,
    Rejected,
    Secret,
    archive_point,
    check_issue_request,
    check_opening,
    holder_point,
    receive_licence,
    register,
    request_licence,
    sign_licence,
    verify,
    witness_for,
)
from circuits.attributes import MAX_INT
from circuits.bbs.octets import encode_signature
from circuits.bbs.signature import sign_point
from tests.circuits.core.world import SESSION, TODAY, Licence, World, octets32, the_licence, the_world

NUMBERS = st.integers(0, MAX_INT)
TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=64)


@given(TEXTS, TEXTS, st.lists(NUMBERS, min_size=6, max_size=6))
@settings(max_examples=10)
def test_a_licence_over_any_values(jurisdiction: str, permit: str, numbers: list[int]) -> None:
    world = the_world()
    good_until, cover_band, permit_kind, competence, insured_until, spare = numbers
    own = world.licence(
        jurisdiction=jurisdiction, permit=permit, good_until=good_until, cover_band=cover_band,
        permit_kind=permit_kind, competence=competence, insured_until=insured_until, spare=spare,
    )  # fmt: skip
    assert own.credential.value("permit") == permit
    again = Credential.decode(world.issuer, own.credential.encode().expose())
    assert again.attributes == own.credential.attributes
    assert again.messages.expose() == own.credential.messages.expose()


def test_a_refresh_keeps_link_secret_and_handle(world: World, licence: Licence) -> None:
    """X_h is the stored X, the issuer's share is 0, and the pseudonym stays; only the blind and the values change."""
    issuer, own = world.issuer, licence.credential
    stored = holder_point(issuer, licence.point, licence.signer_share)
    registration = register(issuer, own.link_secret)
    assert registration.point == stored
    nonce = octets32("refresh nonce")
    request, pending = request_licence(issuer, registration, nonce, SESSION, refresh=True)
    check_issue_request(issuer, stored, request, nonce, SESSION, refresh=True)
    with pytest.raises(Rejected):
        check_issue_request(issuer, stored, request, nonce, SESSION)
    attributes = (own.handle, 3, "GB", TODAY + 600, *own.attributes[4:])
    signature = sign_licence(issuer, world.created.secret_key, request, attributes, 0)
    witness = witness_for(world.accumulator, world.accumulated.secret_key, world.epoch.value, own.handle)
    reply = IssueReply(signature, attributes, 0, witness, 0)
    refreshed, membership = receive_licence(issuer, world.accumulator, world.epoch, pending, reply)
    assert refreshed.link_secret.expose() == own.link_secret.expose()
    assert refreshed.handle == own.handle
    assert refreshed.blind.expose() != own.blind.expose()
    statement, binding = world.statement(), world.binding()
    renewed = Licence(refreshed, membership, stored, 0)
    before = verify(statement, binding, world.proof(statement, licence, binding))
    after = verify(statement, binding, world.proof(statement, renewed, binding))
    assert before.pseudonym == after.pseudonym
    opened = archive_point(issuer, stored, own.handle)
    check_opening(issuer, opened, licence.point, licence.signer_share, own.handle)
    check_opening(issuer, opened, stored, 0, own.handle)


def test_no_licence_without_a_handle(world: World) -> None:
    request, _ = request_licence(world.issuer, register(world.issuer), octets32("n"), SESSION)
    attributes = (0, 3, "GB", TODAY, 5, "P-1", 1, 1, TODAY, 0)
    with pytest.raises(Misuse):
        sign_licence(world.issuer, world.created.secret_key, request, attributes, 1)


@pytest.mark.parametrize("zero", [0, 11])
def test_no_licence_with_a_handle_or_secret_of_zero_is_taken(world: World, licence: Licence, zero: int) -> None:
    """Not even a signed one."""
    issuer, own = world.issuer, licence.credential
    messages = list(own.messages.expose())
    messages[zero] = 0
    key, base = world.created.secret_key, issuer.signed_point(messages)
    signature = encode_signature(issuer.suite, sign_point(issuer.suite, key, base, own.exponent))
    attributes = (messages[0], *own.attributes[1:])
    with pytest.raises(Malformed):
        Credential(issuer, signature, attributes, own.blind, Secret(messages[11])).check()


@pytest.mark.parametrize(
    ("index", "value"),
    [(1, -1), (1, 2**32), (1, "3"), (1, True), (2, ""), (2, "x" * 65), (2, 5), (2, "e\u0301"), (2, "\ud800"), (3, 1.5)],
)
def test_values_not_of_their_kind(world: World, index: int, value: object) -> None:
    attributes: list[object] = [7, 3, "GB", TODAY, 5, "P-1", 1, 1, TODAY, 0]
    attributes[index] = value
    with pytest.raises(Malformed):
        world.issuer.scalars(attributes)  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        world.issuer.scalars(attributes[:9])  # type: ignore[arg-type]


def test_secrets_do_not_show(licence: Licence, world: World) -> None:
    shown = repr(licence) + repr(world.created) + repr(world.dealt) + repr(register(world.issuer))
    own = licence.credential
    for secret in (own.link_secret.expose(), own.blind.expose(), own.handle, world.created.secret_key.expose()):
        assert str(secret) not in shown
        assert f"{secret:x}" not in shown


@given(st.binary(max_size=300))
def test_any_octets_as_a_credential(octets: bytes) -> None:
    with pytest.raises(Malformed):
        Credential.decode(the_world().issuer, octets)


@given(st.data())
@settings(max_examples=40)
def test_an_altered_credential(data: st.DataObject) -> None:
    octets = the_licence().credential.encode().expose()
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    with pytest.raises((Malformed, Rejected)):
        Credential.decode(the_world().issuer, altered)
