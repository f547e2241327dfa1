"""COSE_Sign1 around a record: what is signed and how it is written, but not the signature algorithm.

The one profile here: protected header {1: -19 (Ed25519), 4: key id}, empty unprotected header, attached payload, empty
external data, tag 18. Each role signs or verifies `to_be_signed` with its own key library.
Source: [COSE 4.2, 4.4], [RFC9864 2.2].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cbor2

from circuits.encoding import decode, take_list, take_octets
from circuits.errors import Malformed

_ED25519 = -19
_SIGN1_TAG = 18
_SIGN1_HEAD = b"\xd2"  # tag 18
KEY_ID_OCTETS = 8
SIGNATURE_OCTETS = 64


def key_id(public_key: bytes) -> bytes:
    """The first 8 octets of SHA-256 of an Ed25519 public key."""
    return hashlib.sha256(public_key).digest()[:KEY_ID_OCTETS]


@dataclass(frozen=True)
class Sign1:
    """A parsed COSE_Sign1: `payload`, `key_id` (8 octets), `signature` (64 octets). Parsed is not yet verified."""

    payload: bytes
    key_id: bytes
    signature: bytes

    @property
    def to_be_signed(self) -> bytes:
        """The octets that the signature covers."""
        return self.to_sign(self.payload, self.key_id)

    @staticmethod
    def to_sign(payload: bytes, key_id: bytes) -> bytes:
        """The Sig_structure for `payload` under the key called `key_id`."""
        return cbor2.dumps(["Signature1", _protected(key_id), b"", payload], canonical=True)

    @staticmethod
    def encode(payload: bytes, key_id: bytes, signature: bytes) -> bytes:
        """The tagged COSE_Sign1."""
        return cbor2.dumps(cbor2.CBORTag(_SIGN1_TAG, [_protected(key_id), {}, payload, signature]), canonical=True)

    @classmethod
    def decode(cls, octets: bytes, max_octets: int = 1024) -> Sign1:
        """The parts of a COSE_Sign1 in exactly the profile above. Raises `Malformed`."""
        if len(octets) > max_octets:
            raise Malformed(f"more than {max_octets} octets")
        # The profile leaves one tag and one header: the strict parser, which knows neither, never has to read them.
        parts = take_list(decode(octets[1:], max_octets), 4) if octets[:1] == _SIGN1_HEAD else []
        if len(parts) != 4 or parts[1] != {}:
            raise Malformed("not a COSE_Sign1 of this profile")
        protected, payload, signature = take_octets(parts[0]), take_octets(parts[2]), take_octets(parts[3])
        found = cls(payload, protected[-KEY_ID_OCTETS:], signature)
        if protected != _protected(found.key_id) or len(signature) != SIGNATURE_OCTETS:
            raise Malformed("not a COSE_Sign1 of this profile")
        return found


def _protected(key_id: bytes) -> bytes:
    return cbor2.dumps({1: _ED25519, 4: key_id}, canonical=True)
