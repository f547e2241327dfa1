"""Reads statements signed by parties of a trust list: compact JWS (RFC 7515), explicit algorithms, strict claims.

The claim `iss` chooses the party, the party's own key set checks the signature, and only then are the claims parsed.
Keys offered inside the statement (jwk, jku, x5c) are never used. Nothing unknown is skipped over: a claim that we do
not know is a refusal, because it may be one that limits the statement.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError, SecurityWarning
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from issuer.errors import Denied, Invalid, TooLarge

ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
MAX_STATEMENT_OCTETS = 4096

Claims = TypeVar("Claims", bound=BaseModel)


class Party(Protocol):
    """An entry of a trust list: a name and a public key set (RFC 7517)."""

    @property
    def issuer(self) -> str:
        """The value of `iss` in this party's statements."""

    @property
    def jwks(self) -> dict[str, object]:
        """Its public keys."""


def read_signed(
    statement: str, parties: Iterable[Party], claims: type[Claims], types: tuple[str | None, ...]
) -> Claims:
    """The claims of a statement signed by one of `parties`; `types` are the values of the header `typ` that will do.

    Raises TooLarge("statement-too-large"), Invalid("statement-malformed" | "wrong-type" | "claims-malformed"),
    Denied("unknown-signer" | "bad-algorithm" | "bad-signature").
    """
    if len(statement) > MAX_STATEMENT_OCTETS:
        raise TooLarge("statement-too-large", "A signed statement has at most 4096 characters.")
    header, signer = _peek(statement)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Denied("bad-algorithm", "The statement is not signed with an algorithm that is accepted here.")
    party = next((party for party in parties if party.issuer == signer), None)
    if party is None:
        raise Denied("unknown-signer", "The statement is not from a party that is trusted here.")
    payload = _verified_payload(statement, party, algorithm)
    if header.get("typ") not in types:
        raise Invalid("wrong-type", "The statement is of another kind than the one expected here.")
    try:
        return claims.model_validate_json(payload, strict=True)
    except ValidationError as error:
        places = ", ".join(sorted({str(item["loc"][0]) if item["loc"] else "the whole" for item in error.errors()})[:8])
        raise Invalid("claims-malformed", f"These members of the statement are not as expected: {places}.") from error


def _peek(statement: str) -> tuple[dict[str, Any], str]:
    try:
        unverified = jws.extract_compact(statement.encode())
        claims = json.loads(unverified.payload)
        return dict(unverified.headers()), str(claims["iss"])
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid("statement-malformed", "This is not a compact JWS with a claim iss.") from error


def _verified_payload(statement: str, party: Party, algorithm: str) -> bytes:
    with warnings.catch_warnings():
        # "EdDSA" is deprecated in favour of "Ed25519" (RFC 9864), not broken; the insurers choose.
        warnings.simplefilter("ignore", SecurityWarning)
        try:
            keys = KeySet.import_key_set(party.jwks)  # type: ignore[arg-type]
            return jws.deserialize_compact(statement, keys, [algorithm]).payload
        except BadSignatureError as error:
            raise Denied("bad-signature", "The signature of the statement does not verify.") from error
        except (JoseError, KeyError, ValueError, TypeError, RecursionError) as error:
            raise Denied("bad-signature", "No key of its signer verifies the statement.") from error
