"""BBS signatures: A = (sk + e)^-1 * B, checked by pair(A, W + e*BP2) = pair(B, BP2).

B = P1 + domain*Q_1 + sum m_i*H_i. The core functions take scalars and the interface's `api_id`; `sign` and `verify`
are the draft's own interface over octet messages. Generators are always (Q_1, H_1, .., H_L).
Source: [BBS 3.5.1], [BBS 3.5.2], [BBS 3.6.1], [BBS 3.6.2].
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bbs.keys import decode_public_key
from circuits.bbs.octets import H2S, Signature, decode_signature, domain, encode_signature, messages_to_scalars
from circuits.curve import G1
from circuits.errors import Misuse, Rejected
from circuits.generators import create_generators
from circuits.scalar import ORDER, encode_scalar, inverse
from circuits.secret import Secret
from circuits.suite import Suite

__all__ = [
    "Signature",
    "core_sign",
    "core_verify",
    "sign",
    "sign_point",
    "signature_exponent",
    "signed_point",
    "verify",
    "verify_point",
]


def signed_point(suite: Suite, generators: Sequence[G1], domain_scalar: int, scalars: Sequence[int]) -> G1:
    """B = P1 + domain*Q_1 + sum m_i*H_i, which may be O. Raises `Misuse` unless there is one H_i for each scalar.

    Source: [BBS CoreSign].
    """
    if len(generators) != len(scalars) + 1:
        raise Misuse("as many message generators as messages are needed")
    return suite.curve.combine([suite.p1, *generators], [1, domain_scalar, *scalars])


def sign_point(suite: Suite, sk: Secret[int], base: G1, e: int) -> Signature:
    """The signature ((sk+e)^-1 * base, e), by a blinded inversion. Raises `Misuse` for base O, e = 0 or sk + e = 0.

    Source: [BBS CoreSign], [BlindBBS FinalizeBlindSign].
    """
    if suite.curve.is_identity(base):
        raise Misuse("the identity is never signed")
    if not 0 < e < ORDER:
        raise Misuse("the exponent of a signature lies in [1, r-1]")
    return Signature(suite.curve.multiply(base, inverse(sk.expose() + e)), e)


def signature_exponent(suite: Suite, sk: Secret[int], base: G1, api_id: bytes) -> int:
    """e = h2s(S(sk) || P(B), api_id || "H2S_"): the exponent of a blind signature, without the domain (deviation 1).

    Source: [PROTOCOL 4], [BlindBBS FinalizeBlindSign] as its vectors have it.
    """
    return suite.hash_to_scalar(encode_scalar(sk.expose()) + suite.curve.encode_g1(base), api_id + H2S)


def core_sign(
    suite: Suite,
    sk: Secret[int],
    public_key_octets: bytes,
    generators: Sequence[G1],
    header: bytes,
    scalars: Sequence[int],
    api_id: bytes,
) -> Signature:
    """Sign message scalars. Raises `Misuse` for unequal lengths. Source: [BBS CoreSign]."""
    domain_scalar = domain(suite, public_key_octets, generators, header, api_id)
    base = signed_point(suite, generators, domain_scalar, scalars)
    octets = b"".join(map(encode_scalar, (sk.expose(), *scalars, domain_scalar)))
    return sign_point(suite, sk, base, suite.hash_to_scalar(octets, api_id + H2S))


def verify_point(suite: Suite, public_key_octets: bytes, signature: Signature, base: G1) -> None:
    """Check pair(A, W + e*BP2) = pair(B, BP2). Raises `Malformed` for the key, `Rejected` "bad-signature".

    The caller owes: A in the subgroup and not O, 0 < e < r (`decode_signature` sees to it). Source: [BBS CoreVerify].
    """
    curve = suite.curve
    generator = curve.g2_generator()
    key = curve.add_g2(decode_public_key(suite, public_key_octets), curve.multiply_g2(generator, signature.exponent))
    if curve.is_identity(base):
        raise Rejected("bad-signature", "the signature does not verify")
    if not curve.pairing_product_is_one([(signature.point, key), (curve.negate(base), generator)]):
        raise Rejected("bad-signature", "the signature does not verify")


def core_verify(
    suite: Suite,
    public_key_octets: bytes,
    signature: Signature,
    generators: Sequence[G1],
    header: bytes,
    scalars: Sequence[int],
    api_id: bytes,
) -> None:
    """Check a signature over message scalars. Raises `Rejected` "bad-signature", `Malformed` for the key.

    Source: [BBS CoreVerify].
    """
    domain_scalar = domain(suite, public_key_octets, generators, header, api_id)
    verify_point(suite, public_key_octets, signature, signed_point(suite, generators, domain_scalar, scalars))


def sign(suite: Suite, sk: Secret[int], public_key_octets: bytes, header: bytes, messages: Sequence[bytes]) -> bytes:
    """The draft's Sign over octet messages: 80 octets. Source: [BBS Sign]."""
    scalars = messages_to_scalars(suite, messages, suite.api_id)
    generators = create_generators(suite, len(messages) + 1, suite.api_id)
    return encode_signature(suite, core_sign(suite, sk, public_key_octets, generators, header, scalars, suite.api_id))


def verify(
    suite: Suite, public_key_octets: bytes, signature_octets: bytes, header: bytes, messages: Sequence[bytes]
) -> None:
    """The draft's Verify over octet messages. Raises `Malformed`, `Rejected` "bad-signature". Source: [BBS Verify]."""
    signature = decode_signature(suite, signature_octets)
    scalars = messages_to_scalars(suite, messages, suite.api_id)
    generators = create_generators(suite, len(messages) + 1, suite.api_id)
    core_verify(suite, public_key_octets, signature, generators, header, scalars, suite.api_id)
