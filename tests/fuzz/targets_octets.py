"""Targets: the smallest decoders. CBOR, numbers, points, relations, and what BBS sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from circuits import Malformed, Rejected, decode_cbor, decode_scalar, encode_cbor, encode_scalar
from circuits.bbs import blind, keys, octets, proof, signature
from circuits.bbs.pseudonym import (
    NymSecrets,
    blind_sign_with_nym,
    commit_with_nym,
    finish_nym_secrets,
    proof_gen_with_nym,
    proof_verify_with_nym,
)
from circuits.curve import load
from circuits.encoding import decode_map
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.sigma import codec, protocol, relation
from circuits.suite import SHA256
from tests.fuzz import mutate
from tests.fuzz.target import Target, require
from tests.fuzz.world import Stream, the_world

T = TypeVar("T")
CURVE = SHA256.curve
_FIELD = mutate.FIELD
_HEADER, _PRESENTATION, _CONTEXT = b"header", b"presentation header", b"context"
_MESSAGES = [b"first", b"second", b"third"]


def round_trip(data: bytes, decoded: bytes) -> None:
    """The oracle of every strict decoder: what was read is written back as it came."""
    require(decoded == data, f"read, and written back as {decoded.hex()}")


def _cbor(data: bytes) -> None:
    round_trip(data, encode_cbor(decode_cbor(data, 4096)))
    decode_map(data, 4096, range(1, 4))


def _cbor_seeds() -> list[bytes]:
    values: list[Any] = [
        0,
        23,
        24,
        2**64 - 1,
        b"",
        b"x" * 24,
        "",
        "\u00e9",
        [],
        [[[[[[[[]]]]]]]],
        {},
        {1: 1, 2: 2, 3: 3},
    ]
    return [encode_cbor(value) for value in values] + [the_world().bundle.policies[0].octets]


def _scalars(data: bytes) -> None:
    if len(data) % 32 or not data:
        decode_scalar(data)
    round_trip(data, b"".join(encode_scalar(decode_scalar(data[at : at + 32])) for at in range(0, len(data), 32)))
    values = octets.decode_scalars(data)
    require(0 not in values and max(values) < ORDER, "zero, or a scalar not below the order")
    octets.decode_nonzero(data[:32])


def _points(data: bytes) -> None:
    """Every form by its length, and the identity's own decoder."""
    if len(data) == 96:
        try:
            point = CURVE.decode_g1_affine(data)
        except Malformed:
            round_trip(data, CURVE.encode_g2(CURVE.decode_g2(data)))
        else:
            round_trip(data, CURVE.encode_g1_affine(point))
        return
    one = CURVE.decode_g1_or_identity(data)
    if not CURVE.is_identity(one):
        round_trip(data, CURVE.encode_g1(CURVE.decode_g1(data)))
        require(CURVE.in_subgroup(one), "a point outside the subgroup")
    require(CURVE.encode_g1(one) == data, "the identity in two ways")
    keys.decode_public_key(SHA256, data)


def _points_twice(data: bytes) -> None:
    """Both backends say the same of every encoding."""
    said = []
    for curve in (CURVE, load("reference")):
        compressed = _said(data, curve.decode_g1, curve.encode_g1)
        identity = _said(data, curve.decode_g1_or_identity, curve.encode_g1)
        affine = _said(data, curve.decode_g1_affine, curve.encode_g1_affine)
        second = _said(data, curve.decode_g2, curve.encode_g2)
        said.append((compressed, identity, affine, second))
    require(said[0] == said[1], f"arkworks and the reference differ: {said}")


def _said(data: bytes, decode: Callable[[bytes], T], encode: Callable[[T], bytes]) -> bytes:
    try:
        return encode(decode(data))
    except Malformed:
        return b"malformed"


def _point_seeds() -> list[bytes]:
    generator, key = CURVE.g1_generator(), the_world().bundle.issuer.public_key
    return [CURVE.encode_g1(generator), b"\xc0" + bytes(47), CURVE.encode_g1_affine(generator), key]


def _codec(data: bytes) -> None:
    string, rest = codec.deserialize_var_len_string(data)
    round_trip(data, codec.serialize_var_len_string(string) + rest)
    for modulus in (ORDER, _FIELD, 251):
        for order in ("little", "big"):
            value, after = codec.deserialize_uint(string, modulus, order)
            round_trip(string, codec.serialize_uint(value, modulus, order) + after)
        found, after = codec.deserialize_field(string, modulus, 2)
        round_trip(string, codec.serialize_field(found, modulus) + after)
    require(codec.decode_uint(string[:48], ORDER) < ORDER, "a challenge not below the order")


def _relation_parts() -> tuple[relation.Shape, list[Any], bytes]:
    builder = relation.Builder()
    g, h, c = (builder.element(name) for name in "GHC")
    x, y = builder.scalar("x"), builder.scalar("y")
    builder.equation([(1, c)], [(1, x, g), (1, y, h)])
    builder.equation([(2, g)], [(1, y, h), (3, x, builder.generator)])
    shape, stream = builder.shape(), Stream("relation")
    first, second = stream.scalar(), stream.scalar()
    base = CURVE.g1_generator()
    h_point = CURVE.multiply(base, stream.scalar())
    g_point = CURVE.combine([h_point, base], [second * pow(2, -1, ORDER), 3 * first * pow(2, -1, ORDER)])
    elements = [base, g_point, h_point, CURVE.combine([g_point, h_point], [first, second])]
    return shape, elements, protocol.prove(CURVE, b"tag", shape, elements, [first, second], stream)


def _instance(data: bytes) -> None:
    """A whole serialised instance, its ten checks, and a proof that cannot be right."""
    shape, elements = relation.decode_instance(CURVE, data)
    round_trip(data, shape.prefix + relation.encode_elements(CURVE, elements))
    again, rest = relation.Shape.decode(data)
    require(again == shape and rest == relation.encode_elements(CURVE, elements), "two readings of one instance")
    relation.check_shape(shape)
    relation.check_elements(CURVE, shape, elements)
    for flavour in (protocol.BATCHABLE, protocol.COMPACT):
        wrong = CURVE.encode_g1(CURVE.g1_generator()) * len(shape.equations)
        head = wrong if flavour is protocol.BATCHABLE else bytes(32)
        try:
            protocol.verify(CURVE, b"tag", shape, elements, head + bytes(32 * shape.scalar_count), flavour)
        except Rejected:
            continue
        # c = 0 and z = 0 say T = O, which no decoder takes.
        require(False, "a made-up proof verifies")


def _instance_seeds() -> list[bytes]:
    shape, elements, _ = _relation_parts()
    return [shape.prefix + relation.encode_elements(CURVE, elements)]


def _sigma_proof(data: bytes) -> None:
    shape, elements, good = _relation_parts_once()
    head = 48 * len(shape.equations)
    points = protocol.decode_commitments(CURVE, data[:head], len(shape.equations))
    scalars = protocol.decode_responses(data[head:], shape.scalar_count)
    round_trip(data, protocol.encode_commitments(CURVE, points) + protocol.encode_responses(scalars))
    protocol.verify(CURVE, b"tag", shape, elements, data)
    require(data == good, "another proof than the honest one verifies")


_RELATION: list[tuple[relation.Shape, list[Any], bytes]] = []


def _relation_parts_once() -> tuple[relation.Shape, list[Any], bytes]:
    if not _RELATION:
        _RELATION.append(_relation_parts())
    return _RELATION[0]


class _Bbs:
    """Keys, signatures and proofs of the drafts' own interfaces, made once."""

    def __init__(self) -> None:
        stream, sk = Stream("bbs"), Secret(Stream("bbs key").scalar())
        self.public = keys.encode_public_key(SHA256, keys.sk_to_pk(SHA256, sk))
        self.signature = signature.sign(SHA256, sk, self.public, _HEADER, _MESSAGES)
        self.proof = proof.proof_gen(
            SHA256, self.public, self.signature, _HEADER, _PRESENTATION, _MESSAGES, [0, 2], stream
        )
        self.commitment, secret = blind.commit_messages(SHA256, [b"hidden"], stream)
        self.blind_signature = blind.blind_sign(SHA256, sk, self.public, self.commitment, _HEADER, _MESSAGES)
        self.blind_proof = blind.blind_proof_gen(
            SHA256, self.public, self.blind_signature, _HEADER, _PRESENTATION, _MESSAGES, [b"hidden"], [1], [],
            secret, stream,
        )  # fmt: skip
        nyms: NymSecrets = Secret((stream.scalar(),))
        with_nym, nym_blind = commit_with_nym(SHA256, [b"hidden"], nyms, stream)
        nym_signature = blind_sign_with_nym(SHA256, sk, self.public, with_nym, 1, 7, _HEADER, _MESSAGES)
        nyms = finish_nym_secrets(nyms, 7)
        self.nym_proof, self.nym = proof_gen_with_nym(
            SHA256, self.public, nym_signature, _HEADER, _PRESENTATION, nyms, _CONTEXT, _MESSAGES, [b"hidden"],
            [0], [], nym_blind, stream,
        )  # fmt: skip


_BBS: list[_Bbs] = []


def _bbs() -> _Bbs:
    if not _BBS:
        _BBS.append(_Bbs())
    return _BBS[0]


def _signature(data: bytes) -> None:
    round_trip(data, octets.encode_signature(SHA256, octets.decode_signature(SHA256, data)))
    signature.verify(SHA256, _bbs().public, data, _HEADER, _MESSAGES)
    require(data == _bbs().signature, "another signature verifies")


def _proof(data: bytes) -> None:
    round_trip(data, octets.encode_proof(SHA256, octets.decode_proof(SHA256, data)))
    proof.proof_verify(SHA256, _bbs().public, data, _HEADER, _PRESENTATION, [_MESSAGES[0], _MESSAGES[2]], [0, 2])
    require(data == _bbs().proof, "another proof verifies")


def _blind_proof(data: bytes) -> None:
    shown = {1: _MESSAGES[1]}
    blind.blind_proof_verify(SHA256, _bbs().public, data, _HEADER, _PRESENTATION, len(_MESSAGES), shown, {})
    require(data == _bbs().blind_proof, "another blind proof verifies")


def _nym_proof(data: bytes) -> None:
    proof_verify_with_nym(
        SHA256, _bbs().public, data[48:], _HEADER, _PRESENTATION, data[:48], _CONTEXT, 1, len(_MESSAGES),
        {0: _MESSAGES[0]}, {},
    )  # fmt: skip
    require(data == _bbs().nym + _bbs().nym_proof, "another proof or pseudonym verifies")


def _commitment(data: bytes) -> None:
    count = blind.committed_count(data)
    found = blind.decode_commitment(SHA256, data, count)
    scalars = (found.s_hat, *found.m_hats, found.challenge)
    round_trip(data, CURVE.encode_g1(found.point) + b"".join(map(encode_scalar, scalars)))
    blind.verify_commitment(SHA256, data, count, blind.blind_api_id(SHA256))
    require(data == _bbs().commitment, "another commitment verifies")


TARGETS = (
    Target(
        "cbor", _cbor, (Malformed,), _cbor_seeds, ("circuits.encoding.decode", "circuits.encoding.decode_map"),
        mutate.cbor, runs=3000,
    ),
    Target(
        "scalars", _scalars, (Malformed,), lambda: [bytes(31) + b"\1", *mutate.SCALARS],
        ("circuits.scalar.decode_scalar", "circuits.bbs.octets.decode_nonzero", "circuits.bbs.octets.decode_scalars"),
        mutate.fields(32), 128, runs=1500,
    ),
    Target(
        "points", _points, (Malformed,), _point_seeds,
        (
            "circuits.curve.arkworks.ArkworksCurve.decode_g1", "circuits.curve.arkworks.ArkworksCurve.decode_g2",
            "circuits.curve.arkworks.ArkworksCurve.decode_g1_affine", "circuits.bbs.keys.decode_public_key",
            "circuits.curve.arkworks.ArkworksCurve.decode_g1_or_identity",
        ),
        mutate.fields(48), 96, runs=1000,
    ),
    Target(
        "points-two-backends", _points_twice, (Malformed,), _point_seeds,
        (
            "circuits.curve.reference.ReferenceCurve.decode_g1", "circuits.curve.reference.ReferenceCurve.decode_g2",
            "circuits.curve.reference.ReferenceCurve.decode_g1_affine",
            "circuits.curve.reference.ReferenceCurve.decode_g1_or_identity",
        ),
        mutate.fields(48), 96, seconds=5, runs=15,
    ),
    Target(
        "sigma-codec", _codec, (Malformed,), lambda: [codec.serialize_var_len_string(bytes(96)) + b"rest"],
        (
            "circuits.sigma.codec.deserialize_var_len_string", "circuits.sigma.codec.deserialize_uint",
            "circuits.sigma.codec.deserialize_field", "circuits.sigma.codec.decode_uint",
            "circuits.sigma.codec.decode_uint_octets",
        ),
        mutate.fields(4, 32, 32, 32), 256, runs=1500,
    ),
    Target(
        "sigma-instance", _instance, (Malformed, Rejected), _instance_seeds,
        (
            "circuits.sigma.relation.Shape.decode", "circuits.sigma.relation.decode_instance",
            "circuits.sigma.protocol.verify",
        ),
        mutate.fields(4), 2048, runs=700,
    ),
    Target(
        "sigma-proof", _sigma_proof, (Malformed, Rejected), lambda: [_relation_parts_once()[2]],
        ("circuits.sigma.protocol.decode_commitments", "circuits.sigma.protocol.decode_responses"),
        mutate.fields(48, 48, 32), 512, runs=300,
    ),
    Target(
        "bbs-signature", _signature, (Malformed, Rejected), lambda: [_bbs().signature],
        ("circuits.bbs.octets.decode_signature", "circuits.bbs.signature.verify"),
        mutate.fields(48, 32), 128, runs=150,
    ),
    Target(
        "bbs-proof", _proof, (Malformed, Rejected), lambda: [_bbs().proof],
        ("circuits.bbs.octets.decode_proof", "circuits.bbs.proof.proof_verify"),
        mutate.fields(48, 48, 48, 32), 1024, runs=150,
    ),
    Target(
        "bbs-blind-proof", _blind_proof, (Malformed, Rejected), lambda: [_bbs().blind_proof],
        ("circuits.bbs.blind.blind_proof_verify",), mutate.fields(48, 48, 48, 32), 1024, runs=100,
    ),
    Target(
        "bbs-pseudonym-proof", _nym_proof, (Malformed, Rejected), lambda: [_bbs().nym + _bbs().nym_proof],
        ("circuits.bbs.pseudonym.proof_verify_with_nym",), mutate.fields(48, 48, 48, 48, 32), 1024, runs=100,
    ),
    Target(
        "bbs-commitment", _commitment, (Malformed, Rejected), lambda: [_bbs().commitment],
        ("circuits.bbs.blind.decode_commitment", "circuits.bbs.blind.verify_commitment"),
        mutate.fields(48, 32), 512, runs=300,
    ),
)  # fmt: skip
