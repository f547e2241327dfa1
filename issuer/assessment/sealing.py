"""Seals the answers of a bank, so that a copied disk, backup or repository of items does not give the key away.

ChaCha20-Poly1305 under a random 32-octet key (a file of its own, mode 0600), fresh 96-bit nonce for every seal; the
associated data names the bank file by its SHA-256, so that answers cannot be moved to another bank. Layout: nonce
(12) || ciphertext. Whoever holds both files reads the answers: keep them apart in backups.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from circuits import Secret
from issuer.errors import Unavailable

KEY_OCTETS = 32
_NONCE_OCTETS = 12
_CONTEXT = b"operator-licence/assessment-answers/v1/"


def new_key() -> Secret[bytes]:
    """A sealing key from the operating system's randomness."""
    return Secret(ChaCha20Poly1305.generate_key())


def seal_answers(key: Secret[bytes], bank_digest: str, answers: bytes) -> bytes:
    """The sealed form of an answers file for the bank of this digest."""
    nonce = os.urandom(_NONCE_OCTETS)
    return nonce + ChaCha20Poly1305(key.expose()).encrypt(nonce, answers, _CONTEXT + bank_digest.encode())


def unseal_answers(key: Secret[bytes], bank_digest: str, sealed: bytes) -> bytes:
    """The answers file. Raises Unavailable("answers-sealed") if anything about seal, key or bank is wrong."""
    nonce, ciphertext = sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:]
    try:
        return ChaCha20Poly1305(key.expose()).decrypt(nonce, ciphertext, _CONTEXT + bank_digest.encode())
    except (InvalidTag, ValueError):
        raise Unavailable("answers-sealed", "The assessment cannot be scored at present.") from None
