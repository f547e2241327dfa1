"""Opens the identity behind one recorded call, as openers do it: each for itself, and only together.

First round: an opener takes the presentation and its calls from a gateway's audit trail, verifies them again (`trail`),
and gives a share over the escrow ciphertext. Enough shares give the archive point M; the issuer hands out the archive
row for M, and logs that before it does. Second round: every opener checks that M really comes from the first-round
shares and from the row's own numbers, and gives a share over the row's sealed evidence. Enough of these unseal an ID
token, made outside the issuer, whose nonce covers the holder's registration: so an opening names the person who asked
for this licence, and no issuer can frame anybody. Source: docs/protocol.md, section 7.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from circuits import (
    IssueRequest,
    Secret,
    check_issue_request,
    check_opening,
    combine_shares,
    decode_cbor,
    encode_cbor,
    escrow_ciphertext,
    open_identity,
    open_share,
    registration_nonce,
    sealed_point,
    unsealed_key,
)
from circuits.records import TrustBundle
from console.output import Failure
from console.trail import Recorded

if TYPE_CHECKING:
    from joserfc.jwk import KeySetSerialization

MAX_FILE_OCTETS = 1 << 20
_PERSONAL = ("name", "birthdate")


@dataclass(frozen=True)
class Share:
    """An opener's secret share, from its file `<index>:<hex>`."""

    index: int
    secret: Secret[int]


@dataclass(frozen=True)
class ArchiveRow:
    """What the issuer's archive holds for one licence: its first issue. The evidence is sealed to the openers."""

    registration: bytes
    signer_share: int
    handle: int
    request: IssueRequest
    challenge: tuple[bytes, bytes]
    encapsulation: bytes
    nonce: bytes
    ciphertext: bytes
    sealed_for: str

    @property
    def digest(self) -> bytes:
        """The name of the sealed evidence, 32 octets."""
        return hashlib.sha256(self.encapsulation + self.nonce + self.ciphertext).digest()


@dataclass(frozen=True)
class TrustedProvider:
    """An identity provider by the opener's own knowledge: its identifier, the issuer's client id there, its keys,
    and the levels of confidence (`vot`) at which it has looked at a person's documents."""

    issuer: str
    client_id: str
    jwks: dict[str, Any]
    vot: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What was sealed at the sign-in: the ID token, the salt r of its nonce, and the person's claims."""

    id_token: str
    salt: bytes
    claims: dict[str, Any]

    def __repr__(self) -> str:
        return "Evidence(<a person>)"


def first_share(trust: TrustBundle, share: Share, recorded: Recorded, case: str) -> bytes:
    """One opener's share over the escrow ciphertext of a recorded presentation."""
    first = escrow_ciphertext(recorded.statement, recorded.proof).first
    return open_share(trust.escrow, share.index, share.secret, first, case, recorded.digest)


def archive_point(trust: TrustBundle, recorded: Recorded, shares: list[bytes], case: str) -> bytes:
    """M, from enough shares of the first round. Raises `Rejected` for too few or bad ones."""
    ciphertext = escrow_ciphertext(recorded.statement, recorded.proof)
    combined = combine_shares(trust.escrow, ciphertext.first, shares, case, recorded.digest)
    return open_identity(trust.escrow, ciphertext, combined)


def row_of(answer: dict[str, Any]) -> ArchiveRow:
    """The archive row in the issuer's answer.

    :raises Failure: it is none.
    """
    try:
        sealed = answer["evidence"]
        challenge = octets_of(answer["nonce"]), octets_of(answer["session"])
        if any(len(part) != 32 for part in challenge):
            raise ValueError("a nonce and a session have 32 octets")
        return ArchiveRow(
            registration=octets_of(answer["registration"]),
            signer_share=int.from_bytes(octets_of(answer["signer_share"]), "big"),
            handle=int.from_bytes(octets_of(answer["handle"]), "big"),
            request=IssueRequest(octets_of(answer["commitment"]), octets_of(answer["proof"])),
            challenge=challenge,
            encapsulation=octets_of(sealed["encapsulation"]),
            nonce=octets_of(sealed["nonce"]),
            ciphertext=octets_of(sealed["ciphertext"]),
            sealed_for=str(sealed["id"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Failure("issuer-answer", "the issuer's archive row is not of this version") from error


def check_row(trust: TrustBundle, row: ArchiveRow, point: bytes) -> None:
    """That M names this archive row, by the row's own numbers, and that its holder asked for it. Raises `Rejected`."""
    check_opening(trust.issuer, point, row.registration, row.signer_share, row.handle)
    check_issue_request(trust.issuer, row.registration, row.request, *row.challenge)


def sealed_share(trust: TrustBundle, share: Share, row: ArchiveRow, case: str) -> bytes:
    """One opener's share over the row's sealed evidence. The caller has checked the row.

    :raises Rejected: the evidence was not sealed for this row, so that a share could open something else.
    """
    return open_share(trust.escrow, share.index, share.secret, _sealed(trust, row), case, row.digest)


def unseal(trust: TrustBundle, row: ArchiveRow, shares: list[bytes], case: str) -> Evidence:
    """The evidence, from enough shares of the second round.

    :raises Failure: the evidence does not open with this key.
    """
    first = _sealed(trust, row)
    combined = combine_shares(trust.escrow, first, shares, case, row.digest)
    key = unsealed_key(trust.escrow, first, combined)
    try:
        clear = ChaCha20Poly1305(key.expose()).decrypt(row.nonce, row.ciphertext, row.sealed_for.encode())
    except InvalidTag as error:
        raise Failure("evidence", "the sealed evidence does not open: it was sealed to others, or changed") from error
    fields = decode_cbor(clear, MAX_FILE_OCTETS)
    match fields:
        case {1: 1, 2: str(id_token), 3: bytes(salt), 4: str(claims)}:
            return Evidence(id_token, salt, _claims(claims))
        case _:
            raise Failure("evidence", "the sealed evidence is not of this version")


def _claims(text: str) -> dict[str, Any]:
    try:
        claims = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure("evidence", "the claims in the sealed evidence are no JSON") from error
    if not isinstance(claims, dict):
        raise Failure("evidence", "the claims in the sealed evidence are no JSON object")
    return claims


def read_provider(path: Path) -> TrustedProvider:
    """The identity provider that the opener trusts: {"issuer", "client_id", "jwks", "vot"}, had from the provider.

    :raises Failure: the file is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        levels = tuple(str(level) for level in found["vot"])
        return TrustedProvider(str(found["issuer"]), str(found["client_id"]), dict(found["jwks"]), levels)
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(
            "provider",
            f"{path} names no identity provider",
            'write {"issuer": URL, "client_id": ID, "jwks": {...}, "vot": ["P2"]}',
        ) from error


def person_of(row: ArchiveRow, evidence: Evidence, provider: TrustedProvider) -> dict[str, Any]:
    """Who the evidence names: claims that `provider` signed, once their nonce is seen to cover the row's registration.

    What the issuer keeps beside the token it could have written itself: it is returned apart, under `told_by_issuer`.

    :raises Failure: the token is not that provider's, for that client, at a level that it vouches for, or is about
        another registration.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        keys = KeySet.import_key_set(cast("KeySetSerialization", provider.jwks))
        claims = jwt.decode(evidence.id_token, keys, algorithms=["ES256", "RS256", "PS256"]).claims
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Failure("evidence", f"the ID token in the evidence does not verify: {error}") from error
    audience = claims.get("aud")
    parties = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if party is None and len(parties) == 1:
        party = provider.client_id  # one that is for several says which of them asked for it
    if claims.get("iss") != provider.issuer or provider.client_id not in parties or party != provider.client_id:
        raise Failure("evidence", "the ID token is another provider's, or was made out to another client")
    if not set(str(claims.get("vot")).split(".")) & set(provider.vot):
        raise Failure("evidence", "the identity provider did not look at who this is: anybody can give any name")
    if claims.get("nonce") != registration_nonce(row.registration, evidence.salt):
        sentence = "the ID token does not cover this licence's registration: the issuer has to explain itself"
        raise Failure("evidence", sentence)
    person = {"provider": claims["iss"], "subject": claims.get("sub"), "signed_in_at": claims.get("iat")}
    signed = {name: claims[name] for name in _PERSONAL if name in claims}
    told = {name: evidence.claims[name] for name in _PERSONAL if name in evidence.claims and name not in claims}
    return person | signed | ({"told_by_issuer": told} if told else {})


def read_share(path: Path) -> Share:
    """An opener's share file, which nobody else may be able to read.

    :raises Failure: not a share, or readable by others.
    """
    if path.stat().st_mode & 0o077:
        raise Failure("share", f"{path} can be read by others", f"chmod 600 {path}")
    try:
        index, _, secret = path.read_text(encoding="ascii").strip().partition(":")
        if not index.isdecimal():
            raise ValueError("not an index")
        return Share(int(index), Secret(int(secret, 16)))
    except ValueError:  # whose text is that of the file
        sentence, remedy = f"{path} is no opener's share", "use the file opener-<number>.share that you were given"
        raise Failure("share", sentence, remedy) from None


def octets_of(text: str) -> bytes:
    """Octets of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(octets: bytes) -> str:
    """Unpadded base64url of octets."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _sealed(trust: TrustBundle, row: ArchiveRow) -> bytes:
    return sealed_point(trust.escrow, row.encapsulation, encode_cbor([row.sealed_for, row.registration]))
