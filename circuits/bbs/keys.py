"""Issuer keys: a secret scalar sk and the public point W = sk * BP2.

Source: [BBS 3.4].
"""

from __future__ import annotations

from circuits.curve import G2
from circuits.encoding import i2osp
from circuits.errors import Misuse
from circuits.secret import Secret
from circuits.suite import Suite

KEYGEN_DST = b"KEYGEN_DST_"
MIN_KEY_MATERIAL_OCTETS = 32
MAX_KEY_INFO_OCTETS = 65535


def key_gen(suite: Suite, key_material: bytes, key_info: bytes = b"", key_dst: bytes | None = None) -> Secret[int]:
    """The secret key of at least 32 octets of secret `key_material`, and at most 65535 of `key_info`.

    The default `key_dst` is the draft's, `<ciphersuite_id>KEYGEN_DST_`; its published key pair was made with
    `<api_id>KEYGEN_DST_`, which is passed explicitly (deviation 2).
    Raises `Misuse` outside those lengths. Source: [BBS KeyGen].
    """
    if len(key_material) < MIN_KEY_MATERIAL_OCTETS:
        raise Misuse("key material has at least 32 octets")
    if len(key_info) > MAX_KEY_INFO_OCTETS:
        raise Misuse("key info has at most 65535 octets")
    dst = suite.ciphersuite_id + KEYGEN_DST if key_dst is None else key_dst
    secret = suite.hash_to_scalar(key_material + i2osp(len(key_info), 2) + key_info, dst)
    if secret == 0:
        raise Misuse("this key material gives the zero key")
    return Secret(secret)


def sk_to_pk(suite: Suite, sk: Secret[int]) -> G2:
    """W = sk * BP2. Source: [BBS SkToPk]."""
    return suite.curve.multiply_g2(suite.curve.g2_generator(), sk.expose())


def encode_public_key(suite: Suite, public_key: G2) -> bytes:
    """P(W), 96 octets. Source: [BBS SkToPk]."""
    return suite.curve.encode_g2(public_key)


def decode_public_key(suite: Suite, octets: bytes) -> G2:
    """W of 96 octets: in the subgroup and not O. Raises `Malformed`. Source: [BBS octets_to_pubkey]."""
    return suite.curve.decode_g2(octets)
