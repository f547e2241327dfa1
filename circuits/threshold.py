"""Opens an escrow by a quorum: each opener gives a share with a proof, t shares give one plaintext, t-1 give nothing.

    D_i = kappa_i E1   with a proof that K_i = kappa_i G_e,     kappa E1 = sum lambda_i D_i,     M = E2 - kappa E1

The same shares open sealed evidence: a key encapsulated as u G_e, with content key from u K and a proof that the sealer
knew u. Without that proof a sealer could offer somebody else's E1, shifted, and have the openers open it. The
authenticated encryption around the content is the caller's.

Legend: G_e base, K common key, K_i share keys, (E1, E2) ciphertext, lambda_i Lagrange coefficients, M archive point.
Source: [PROTOCOL 3, 7], [SHAMIR79], [CP92].
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from circuits.curve import G1
from circuits.encoding import decode_map, encode, lp, take_octets, take_uint
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.polynomial import interpolate_points, share_secret
from circuits.records.escrow import MAX_OPENERS, EscrowRecord, escrow_base
from circuits.secret import Secret
from circuits.sigma import protocol
from circuits.sigma.relation import Builder, Shape
from circuits.suite import SHA256, Suite

_TAG = "AIOL-V01-SHARE"
_SEAL_TAG = "AIOL-V01-SEALED"
SEAL_OCTETS = 128
_SHARE_PROOF_OCTETS = 128
_MAX_SHARE_OCTETS = 512


@dataclass(frozen=True)
class DealtEscrow:
    """A fresh escrow: its public `record`, and for each opener, in order, the secret share."""

    record: EscrowRecord
    shares: tuple[Secret[int], ...]


@dataclass(frozen=True)
class EscrowCiphertext:
    """(E1, E2), 48 octets each."""

    first: bytes
    second: bytes


@dataclass(frozen=True)
class _Share:
    index: int
    point: bytes
    proof: bytes = field(repr=False)


def deal_escrow(
    escrow_id: str,
    threshold: int,
    openers: int,
    not_before: int,
    not_after: int,
    suite: Suite = SHA256,
    entropy: Entropy = SYSTEM,
) -> DealtEscrow:
    """A new escrow key, shared `threshold`-of-`openers`; the key itself is forgotten. Times in unix seconds.

    Raises `Malformed` for numbers that no record allows.
    """
    if not 2 <= threshold <= openers <= MAX_OPENERS:
        raise Malformed("an escrow needs 2 <= threshold <= openers <= 32")
    curve = suite.curve
    base = escrow_base(suite, escrow_id)
    secret, shares = share_secret(threshold, openers, entropy)
    record = EscrowRecord(
        id=escrow_id,
        public_key=curve.encode_g1(curve.multiply(base, secret)),
        share_keys=tuple(curve.encode_g1(curve.multiply(base, share)) for share in shares),
        threshold=threshold,
        not_before=not_before,
        not_after=not_after,
        suite=suite,
    )
    return DealtEscrow(record, tuple(Secret(share) for share in shares))


def open_share(
    escrow: EscrowRecord,
    index: int,
    share: Secret[int],
    first: bytes,
    case_id: str,
    digest: bytes,
    entropy: Entropy = SYSTEM,
) -> bytes:
    """Opener `index`'s share (1..n) of one opening, with its proof.

    `first` is E1, 48 octets; `digest` 32 octets names what is opened. The opener owes: that the logged proof verifies
    and fits the case. Raises `Misuse` when `share` is not that opener's, `Malformed` for a bad E1.
    """
    curve = escrow.suite.curve
    opened = curve.decode_g1(first)
    point = curve.multiply(opened, share.expose())
    elements = _elements(escrow, index, opened, point)
    if not curve.equal(elements[2], curve.multiply(escrow.base, share.expose())):
        raise Misuse("the share is not this opener's")
    proof = protocol.prove(
        curve, _share_tag(escrow, index, case_id, digest), _relation(), elements, [share.expose()], entropy
    )
    return encode({1: 1, 2: index, 3: curve.encode_g1(point), 4: proof})


def combine_shares(escrow: EscrowRecord, first: bytes, shares: Sequence[bytes], case_id: str, digest: bytes) -> bytes:
    """kappa * E1 as 48 octets, from at least t checked shares of distinct openers.

    Raises `Rejected`: `bad-share` for a share that does not verify for this case, digest and opener, `repeated-share`,
    `too-few-shares`; `Malformed` for octets that are no share.
    """
    curve = escrow.suite.curve
    opened = curve.decode_g1(first)
    points: dict[int, G1] = {}
    for octets in shares:
        share = _decode_share(octets)
        if share.index in points:
            raise Rejected("repeated-share", "two shares are of the same opener")
        points[share.index] = _check_share(escrow, share, opened, case_id, digest)
    if len(points) < escrow.threshold:
        raise Rejected("too-few-shares", f"{len(points)} of at least {escrow.threshold} shares are here")
    return curve.encode_g1(interpolate_points(curve, points))


def open_identity(escrow: EscrowRecord, ciphertext: EscrowCiphertext, combined: bytes) -> bytes:
    """M = E2 - kappa E1, 48 octets: the archive point to look up with the issuer. Raises `Malformed`, `Rejected`."""
    curve = escrow.suite.curve
    point = curve.add(curve.decode_g1(ciphertext.second), curve.negate(curve.decode_g1(combined)))
    if curve.is_identity(point):
        raise Rejected("bad-opening", "the ciphertext opens to the identity")
    return curve.encode_g1(point)


def seal_key(escrow: EscrowRecord, context: bytes, entropy: Entropy = SYSTEM) -> tuple[bytes, Secret[bytes]]:
    """(encapsulation of 128 octets: u G_e and its proof; a 32-octet content key that only a quorum can derive again).

    `context` says what is sealed and for whom; openers must name the same. Source: [PROTOCOL 7].
    """
    curve = escrow.suite.curve
    blind = entropy.scalar()
    point = curve.multiply(escrow.base, blind)
    first = curve.encode_g1(point)
    elements = [curve.g1_generator(), escrow.base, point]
    proof = protocol.prove(curve, _seal_tag(escrow, context), _seal_relation(), elements, [blind], entropy)
    return first + proof, _content_key(escrow, first, curve.encode_g1(curve.multiply(escrow.public_point, blind)))


def sealed_point(escrow: EscrowRecord, encapsulation: bytes, context: bytes) -> bytes:
    """u G_e, 48 octets, of an encapsulation that was made for `context`: what openers may give shares over.

    Raises `Malformed`, or `Rejected` with code `bad-seal`.
    """
    if len(encapsulation) != SEAL_OCTETS:
        raise Malformed(f"an encapsulation has {SEAL_OCTETS} octets")
    curve = escrow.suite.curve
    first, proof = encapsulation[:48], encapsulation[48:]
    elements = [curve.g1_generator(), escrow.base, curve.decode_g1(first)]
    try:
        protocol.verify(curve, _seal_tag(escrow, context), _seal_relation(), elements, proof)
    except Rejected:
        raise Rejected("bad-seal", "the evidence was not sealed for this row by somebody who knew its key") from None
    return first


def unsealed_key(escrow: EscrowRecord, first: bytes, combined: bytes) -> Secret[bytes]:
    """The content key of `seal_key`, from `sealed_point`'s octets and kappa * first as `combine_shares` gives it."""
    return _content_key(escrow, first, combined)


def _content_key(escrow: EscrowRecord, first: bytes, common: bytes) -> Secret[bytes]:
    return Secret(hashlib.sha256(b"AIOL-V01-SEAL" + lp(escrow.hash) + lp(first) + lp(common)).digest())


@lru_cache(maxsize=1)
def _relation() -> Shape:
    builder = Builder()
    base, key, opened, point = (builder.element(name) for name in ("Ge", "Ki", "E1", "Di"))
    kappa = builder.scalar("kappa")
    builder.equation([(1, key)], [(1, kappa, base)])
    builder.equation([(1, point)], [(1, kappa, opened)])
    return builder.shape()


@lru_cache(maxsize=1)
def _seal_relation() -> Shape:
    builder = Builder()
    base, point = builder.element("Ge"), builder.element("F")
    builder.equation([(1, point)], [(1, builder.scalar("u"), base)])
    return builder.shape()


def _seal_tag(escrow: EscrowRecord, context: bytes) -> bytes:
    if not context:
        raise Misuse("sealed evidence names what it is")
    return protocol.make_tag(_SEAL_TAG, suffix=hashlib.sha256(encode({1: 1, 2: escrow.hash, 3: context})).hexdigest())


def _elements(escrow: EscrowRecord, index: int, opened: G1, point: G1) -> list[G1]:
    if not 1 <= index <= len(escrow.share_keys):
        raise Misuse("no opener has this index")
    return [escrow.suite.curve.g1_generator(), escrow.base, escrow.share_points[index - 1], opened, point]


def _share_tag(escrow: EscrowRecord, index: int, case_id: str, digest: bytes) -> bytes:
    if len(digest) != 32 or not case_id:
        raise Misuse("an opening names its case and what it opens")
    bound = encode({1: 1, 2: escrow.hash, 3: case_id, 4: digest, 5: index})
    return protocol.make_tag(_TAG, suffix=hashlib.sha256(bound).hexdigest())


def _decode_share(octets: bytes) -> _Share:
    fields = decode_map(octets, _MAX_SHARE_OCTETS, range(1, 5))
    return _Share(take_uint(fields[2], 8), take_octets(fields[3], 48), take_octets(fields[4], _SHARE_PROOF_OCTETS))


def _check_share(escrow: EscrowRecord, share: _Share, opened: G1, case_id: str, digest: bytes) -> G1:
    curve = escrow.suite.curve
    if not 1 <= share.index <= len(escrow.share_keys):
        raise Rejected("bad-share", "no opener has this index")
    try:
        point = curve.decode_g1(share.point)
        protocol.verify(
            curve,
            _share_tag(escrow, share.index, case_id, digest),
            _relation(),
            _elements(escrow, share.index, opened, point),
            share.proof,
        )
    except (Malformed, Rejected):
        raise Rejected("bad-share", f"the share of opener {share.index} does not verify for this case") from None
    return point
