"""Attacks on opening: too few shares, wrong ones, shares for something else, records that a dealer can open alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits import (
    Accepted,
    Binding,
    Malformed,
    Misuse,
    Rejected,
    Statement,
    archive_point,
    combine_shares,
    encode_cbor,
    escrow_ciphertext,
    holder_point,
    open_identity,
    open_share,
    reverify,
    seal_key,
    sealed_point,
    unsealed_key,
    verify,
)
from circuits.encoding import decode_map
from circuits.polynomial import interpolate_points
from circuits.records import EscrowRecord
from circuits.threshold import _relation, _share_tag
from tests.attacks.forge import prove_anyway, random_point
from tests.circuits.core.world import Licence, World, octets32
from tests.circuits.curve.torsion import g2_off_subgroup

CASE = "case-1"


@pytest.fixture(scope="module")
def accepted(statement: Statement, binding: Binding, proof: bytes) -> Accepted:
    return verify(statement, binding, proof)


@pytest.fixture(scope="module")
def first(accepted: Accepted, proof: bytes) -> bytes:
    return escrow_ciphertext(accepted.statement_octets, proof).first


@pytest.fixture(scope="module")
def shares(world: World, accepted: Accepted, first: bytes) -> list[bytes]:
    return [
        open_share(world.escrow, index, world.dealt.shares[index - 1], first, CASE, accepted.proof_hash)
        for index in (1, 2, 3)
    ]


def refused(world: World, accepted: Accepted, first: bytes, shares: list[bytes], code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        combine_shares(world.escrow, first, shares, CASE, accepted.proof_hash)
    assert refusal.value.code == code


def share_of(world: World, first: bytes, digest: bytes, known: int, factor: int) -> bytes:
    """Opener 2's share with the point `factor` E1 and a proof by who knows `known`, whether or not it is his share."""
    curve, opened = world.curve, world.curve.decode_g1(first)
    point = curve.multiply(opened, factor)
    elements = [curve.g1_generator(), world.escrow.base, world.escrow.share_points[1], opened, point]
    proof = prove_anyway(curve, _share_tag(world.escrow, 2, CASE, digest), _relation(), elements, [known])
    return encode_cbor({1: 1, 2: 2, 3: curve.encode_g1(point), 4: proof})


@pytest.mark.requirement("R60")
def test_a_quorum_finds_the_archive_row(
    world: World, licence: Licence, accepted: Accepted, proof: bytes, shares: list[bytes]
) -> None:
    ciphertext = escrow_ciphertext(accepted.statement_octets, proof)
    holder = holder_point(world.issuer, licence.point, licence.signer_share)
    row = archive_point(world.issuer, holder, licence.credential.handle)
    for quorum in ([0, 1], [1, 2], [2, 0], [0, 1, 2]):
        chosen = [shares[place] for place in quorum]
        combined = combine_shares(world.escrow, ciphertext.first, chosen, CASE, accepted.proof_hash)
        assert open_identity(world.escrow, ciphertext, combined) == row


@pytest.mark.attack("X6")
@pytest.mark.attack("47")
def test_too_few_shares(world: World, accepted: Accepted, first: bytes, shares: list[bytes]) -> None:
    refused(world, accepted, first, [], "too-few-shares")
    for share in shares:
        refused(world, accepted, first, [share], "too-few-shares")


@pytest.mark.attack("X7")
def test_one_opener_twice(world: World, accepted: Accepted, first: bytes, shares: list[bytes]) -> None:
    refused(world, accepted, first, [shares[0], shares[0]], "repeated-share")
    again = open_share(world.escrow, 1, world.dealt.shares[0], first, CASE, accepted.proof_hash)
    assert again != shares[0]
    refused(world, accepted, first, [shares[0], again], "repeated-share")


@pytest.mark.attack("X7")
def test_shares_for_something_else(
    world: World, second_world: World, accepted: Accepted, first: bytes, shares: list[bytes]
) -> None:
    share, digest = world.dealt.shares[1], accepted.proof_hash
    other_first = world.curve.encode_g1(random_point(world.curve))
    for wrong in (
        open_share(world.escrow, 2, share, first, "case-2", digest),
        open_share(world.escrow, 2, share, first, CASE, octets32("another proof")),
        open_share(world.escrow, 2, share, other_first, CASE, digest),
        open_share(second_world.escrow, 2, second_world.dealt.shares[1], first, CASE, digest),
        open_share(replace(world.escrow, not_after=world.escrow.not_after + 1), 2, share, first, CASE, digest),
    ):
        refused(world, accepted, first, [shares[0], wrong], "bad-share")


@pytest.mark.attack("X7")
@pytest.mark.parametrize("index", [0, 1, 3, 4, 255])
def test_a_share_under_another_index(
    world: World, accepted: Accepted, first: bytes, shares: list[bytes], index: int
) -> None:
    fields = decode_map(shares[1], 512, range(1, 5))
    refused(world, accepted, first, [encode_cbor(fields | {2: index})], "bad-share")


@pytest.mark.attack("X7")
def test_a_share_with_another_point(world: World, accepted: Accepted, first: bytes, shares: list[bytes]) -> None:
    fields = decode_map(shares[1], 512, range(1, 5))
    for point in (world.curve.encode_g1(random_point(world.curve)), b"\xc0" + bytes(47), b"\xff" * 48):
        refused(world, accepted, first, [shares[0], encode_cbor(fields | {3: point})], "bad-share")
    refused(world, accepted, first, [shares[0], encode_cbor(fields | {4: bytes(128)})], "bad-share")


@pytest.mark.attack("X7")
def test_octets_that_are_no_share(world: World, accepted: Accepted, first: bytes, shares: list[bytes]) -> None:
    for octets in (b"", b"\xa0", shares[0][:-1], shares[0] + b"\x00", bytes(513), encode_cbor({1: 1, 2: 1})):
        with pytest.raises(Malformed):
            combine_shares(world.escrow, first, [octets], CASE, accepted.proof_hash)


@pytest.mark.attack("47")
def test_each_equation_of_a_share(world: World, accepted: Accepted, first: bytes, shares: list[bytes]) -> None:
    """The right key and another point; another key and the point that is its own: one equation fails, one holds."""
    own, digest = world.dealt.shares[1].expose(), accepted.proof_hash
    true = share_of(world, first, digest, own, own)
    honest = combine_shares(world.escrow, first, shares[:2], CASE, digest)
    assert combine_shares(world.escrow, first, [shares[0], true], CASE, digest) == honest
    for known, factor in ((own, own + 1), (own + 1, own + 1)):
        refused(world, accepted, first, [shares[0], share_of(world, first, digest, known, factor)], "bad-share")


def test_an_opener_uses_his_own_share(world: World, accepted: Accepted, first: bytes) -> None:
    for index in (0, 2, 4, -1):
        with pytest.raises(Misuse):
            open_share(world.escrow, index, world.dealt.shares[0], first, CASE, accepted.proof_hash)
    for case, digest in (("", accepted.proof_hash), (CASE, b"")):
        with pytest.raises(Misuse):
            open_share(world.escrow, 1, world.dealt.shares[0], first, case, digest)


@pytest.mark.attack("X8")
def test_the_opener_verifies_again(world: World, accepted: Accepted, proof: bytes, binding: Binding) -> None:
    own = (world.issuer, world.accumulator, world.epoch, world.escrow)
    assert reverify(accepted.statement_octets, proof, *own) == accepted
    swapped = proof[:480] + proof[528:576] + proof[480:528] + proof[576:]
    with pytest.raises(Rejected):
        reverify(accepted.statement_octets, swapped, *own)
    with pytest.raises(Malformed):
        escrow_ciphertext(accepted.statement_octets, proof[:500])


@pytest.mark.attack("X10")
def test_no_record_has_a_g2_image(world: World) -> None:
    fields = decode_map(world.escrow.octets, 4096, range(1, 8))
    image = world.curve.encode_g2(world.curve.multiply_g2(world.curve.g2_generator(), 12345))
    for changed in (
        fields | {8: image},
        fields | {3: image},
        fields | {4: [image, *world.escrow.share_keys[1:]]},
        fields | {4: [*world.escrow.share_keys, image]},
        fields | {3: g2_off_subgroup()},
    ):
        with pytest.raises(Malformed):
            EscrowRecord.decode(encode_cbor(changed))


@pytest.mark.attack("X11")
@pytest.mark.parametrize("place", ["K", 0, 1, 2])
def test_keys_that_do_not_interpolate(world: World, place: str | int) -> None:
    odd = world.curve.encode_g1(random_point(world.curve))
    keys = list(world.escrow.share_keys)
    if isinstance(place, int):
        keys[place] = odd
    key = world.escrow.public_key if isinstance(place, int) else odd
    with pytest.raises(Malformed, match="polynomial"):
        replace(world.escrow, public_key=key, share_keys=tuple(keys))


@pytest.mark.attack("X11")
def test_other_records_that_would_open_too_easily(world: World) -> None:
    keys = world.escrow.share_keys
    points = dict(enumerate(world.escrow.share_points, 1))
    fourth = world.curve.encode_g1(interpolate_points(world.curve, points, 4))
    assert replace(world.escrow, share_keys=(*keys, fourth)).threshold == 2
    for changes in (
        {"threshold": 1},
        {"threshold": 0},
        {"threshold": 4},
        {"threshold": 3},  # the polynomial is a line: two openers would do
        {"share_keys": (*keys, fourth), "threshold": 4},
        {"share_keys": keys[:1]},
        {"share_keys": ()},
        {"share_keys": (keys[1], keys[0], keys[2])},
        {"share_keys": (keys[0], keys[0], keys[2])},
        {"share_keys": (world.escrow.public_key, *keys[1:])},
        {"not_after": world.escrow.not_before},
    ):
        with pytest.raises(Malformed):
            replace(world.escrow, **changes)  # type: ignore[arg-type]


def test_sealed_evidence_needs_the_same_quorum(world: World) -> None:
    encapsulation, key = seal_key(world.escrow, b"row 1")
    first, digest = sealed_point(world.escrow, encapsulation, b"row 1"), octets32("row")
    shares = [open_share(world.escrow, i, world.dealt.shares[i - 1], first, CASE, digest) for i in (1, 3)]
    combined = combine_shares(world.escrow, first, shares, CASE, digest)
    assert unsealed_key(world.escrow, first, combined).expose() == key.expose()
    assert seal_key(world.escrow, b"row 1")[1].expose() != key.expose()
    other = world.curve.encode_g1(random_point(world.curve))
    assert unsealed_key(world.escrow, first, other).expose() != key.expose()
    with pytest.raises(Rejected):
        combine_shares(world.escrow, first, shares[:1], CASE, digest)


@pytest.mark.attack("X8")
def test_a_ciphertext_of_a_proof_is_not_sealed_evidence(world: World, second_world: World, first: bytes) -> None:
    """The openers must not be an oracle: E1, also shifted, comes with no proof that the sealer knew its logarithm."""
    encapsulation, _ = seal_key(world.escrow, b"row 1")
    shifted = world.curve.encode_g1(world.curve.add(world.curve.decode_g1(first), world.escrow.base))
    for wrong in (first + encapsulation[48:], shifted + encapsulation[48:]):
        with pytest.raises(Rejected, match="bad-seal"):
            sealed_point(world.escrow, wrong, b"row 1")
    with pytest.raises(Rejected, match="bad-seal"):
        sealed_point(world.escrow, encapsulation, b"row 2")
    with pytest.raises(Rejected, match="bad-seal"):
        sealed_point(second_world.escrow, encapsulation, b"row 1")
    for octets in (b"", first, encapsulation[:-1], encapsulation + b"\x00", b"\xc0" + bytes(47) + encapsulation[48:]):
        with pytest.raises(Malformed):
            sealed_point(world.escrow, octets, b"row 1")
