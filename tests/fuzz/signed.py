"""Compact JWS whose header and payload are any octets at all, signed with a key of the fuzzers' own.

So the code behind the signature check is reached: what a stolen key, a careless party or a bug in a signer would send.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from verifier.base64url import encode_base64url


def sign(header: bytes, payload: bytes, key: ECKey) -> str:
    """ES256 over whatever `header` and `payload` are."""
    text = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{encode_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
