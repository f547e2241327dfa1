"""Seals identity evidence to the openers, so that the issuer keeps no readable identity.

Plaintext: detCBOR {1: 1, 2: ID token (compact JWS), 3: salt r (32 octets), 4: userinfo claims (JSON text)}. Key: the
escrow's KEM (`seal_key`) for the context detCBOR [row id, X_h]; cipher: ChaCha20-Poly1305, associated data = the row's
id in UTF-8. The openers unseal it with the same shares as a proof, and only after an opening has been logged.
Source: [PROTOCOL 7].
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from circuits import encode_cbor, seal_key
from circuits.records import EscrowRecord

NONCE_OCTETS = 12


@dataclass(frozen=True)
class SealedEvidence:
    """`encapsulation` 128 octets, `nonce` 12."""

    evidence_id: str
    encapsulation: bytes
    nonce: bytes
    ciphertext: bytes


def seal_evidence(
    escrow: EscrowRecord, evidence_id: str, registration: bytes, id_token: str, salt: bytes, claims: str
) -> SealedEvidence:
    """Seals one sign-in's evidence under a fresh key that nobody but t openers can find again, for X_h (48 octets)."""
    plaintext = encode_cbor({1: 1, 2: id_token, 3: salt, 4: claims})
    encapsulation, key = seal_key(escrow, encode_cbor([evidence_id, registration]))
    nonce = os.urandom(NONCE_OCTETS)
    ciphertext = ChaCha20Poly1305(key.expose()).encrypt(nonce, plaintext, evidence_id.encode())
    return SealedEvidence(evidence_id, encapsulation, nonce, ciphertext)
