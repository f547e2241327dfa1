"""Every use of a secret key of the issuer, behind one interface, so that an HSM or a signing process can replace the
files.

Signing with the issuer's keys happens in this module only. Nothing here returns, logs or prints a key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from circuits import RevocationEntry, Secret, revoke, sign_licence, witness_for
from circuits.records import AccumulatorRecord, Sign1
from issuer.errors import Denied
from issuer.keys.lints import Approval

ISSUER_KEY = "issuer.key"
ACCUMULATOR_KEY = "accumulator.key"
EPOCH_KEY = "epoch.key"
DEDUPE_KEY = "dedupe.key"
CLIENT_KEY = "identity-client.jwk"
CLIENT_SECRET = "identity-client.secret"  # noqa: S105  (a file name)
ADMIN_TOKEN = "admin.token"  # noqa: S105  (a file name)
CLIENT_ASSERTION_ALGORITHM = "ES256"


class Keyring(Protocol):
    """What the issuer may do with its keys."""

    def redeem(self, approval: Approval) -> bytes:
        """The 80-octet signature over the approved draft; the approval is spent. Deterministic in the draft."""

    def witness(self, accumulator: AccumulatorRecord, value: bytes, handle: int) -> bytes:
        """The membership witness C_w (48 octets) of `handle` for the accumulator value V (48)."""

    def revoke(self, accumulator: AccumulatorRecord, value: bytes, handle: int) -> RevocationEntry:
        """The next entry of the revocation list after value V."""

    def sign_epoch(self, record: bytes) -> bytes:
        """COSE_Sign1 (Ed25519) over an epoch record's octets."""

    def tag(self, message: bytes) -> bytes:
        """The 32-octet dedupe tag of a canonical message: a keyed function that only the issuer can compute."""

    def client_assertion(self, claims: Mapping[str, str | int]) -> str:
        """A JWT signed with the key that identity providers know as this client's (private_key_jwt)."""

    def client_secret(self) -> Secret[str]:
        """The shared secret of client_secret_basic, where a provider offers nothing better."""

    def client_jwks(self) -> dict[str, object]:
        """The public half of the client's key, as a key set."""

    def check_admin(self, token: str) -> None:
        """Raises Denied("unknown-admin") unless this is the administrator's token."""


class FileKeyring:
    """Keys in files 0600 under `<data>/keys`: the embedded default."""

    def __init__(self, folder: Path) -> None:
        self._issuer = Secret(int.from_bytes(_read(folder / ISSUER_KEY), "big"))
        self._accumulator = Secret(int.from_bytes(_read(folder / ACCUMULATOR_KEY), "big"))
        self._epoch = Ed25519PrivateKey.from_private_bytes(_read(folder / EPOCH_KEY))
        self._dedupe = Secret(_read(folder / DEDUPE_KEY))
        self._client = ECKey.import_key(json.loads(_read_text(folder / CLIENT_KEY)))
        self._folder = folder
        self._admin = hashlib.sha256(_read_text(folder / ADMIN_TOKEN).strip().encode()).digest()
        epoch_public = self._epoch.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._epoch_key_id = hashlib.sha256(epoch_public).digest()[:8]

    def redeem(self, approval: Approval) -> bytes:
        """See `Keyring`."""
        draft = approval.redeem()
        return sign_licence(draft.issuer, self._issuer, draft.request, draft.attributes, draft.signer_share)

    def witness(self, accumulator: AccumulatorRecord, value: bytes, handle: int) -> bytes:
        """See `Keyring`."""
        return witness_for(accumulator, self._accumulator, value, handle)

    def revoke(self, accumulator: AccumulatorRecord, value: bytes, handle: int) -> RevocationEntry:
        """See `Keyring`."""
        return revoke(accumulator, self._accumulator, value, handle)

    def sign_epoch(self, record: bytes) -> bytes:
        """See `Keyring`."""
        signature = self._epoch.sign(Sign1.to_sign(record, self._epoch_key_id))
        return Sign1.encode(record, self._epoch_key_id, signature)

    def tag(self, message: bytes) -> bytes:
        """See `Keyring`. HMAC-SHA256 under a key of its own; a threshold OPRF can take its place."""
        return hmac.digest(self._dedupe.expose(), message, "sha256")

    def client_assertion(self, claims: Mapping[str, str | int]) -> str:
        """See `Keyring`."""
        header = {"alg": CLIENT_ASSERTION_ALGORITHM, "kid": self._client.thumbprint()}
        return jwt.encode(header, dict(claims), self._client, algorithms=[CLIENT_ASSERTION_ALGORITHM])

    def client_secret(self) -> Secret[str]:
        """See `Keyring`."""
        return Secret(_read_text(self._folder / CLIENT_SECRET).strip())

    def client_jwks(self) -> dict[str, object]:
        """See `Keyring`."""
        public = dict(self._client.as_dict(private=False))
        public |= {"kid": self._client.thumbprint(), "use": "sig", "alg": CLIENT_ASSERTION_ALGORITHM}
        return {"keys": [public]}

    def check_admin(self, token: str) -> None:
        """See `Keyring`."""
        if not hmac.compare_digest(hashlib.sha256(token.encode()).digest(), self._admin):
            raise Denied("unknown-admin", "This is not the administrator's token.")


def write_secret(path: Path, octets: bytes) -> None:
    """Writes a new file that only its owner may read (0600), durably. Refuses to overwrite (FileExistsError)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def new_epoch_key() -> tuple[Secret[bytes], bytes]:
    """A fresh Ed25519 key: its 32 secret octets and its 32 public octets."""
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return Secret(secret), key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def new_client_key() -> Secret[str]:
    """A fresh ES256 key for private_key_jwt, as a private JWK."""
    return Secret(json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True)))


def _read(path: Path) -> bytes:
    """A key file: one line of hexadecimal digits."""
    return bytes.fromhex(_read_text(path).strip())


def _read_text(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path.name} is readable by others; it must be 0600")
    return path.read_text("ascii")
