"""The demonstration's insurer: one signing key, and attestations that a permit is covered."""

from __future__ import annotations

import json
import secrets
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

NAME = "Demonstration Mutual"
ALGORITHM = "ES256"


class Insurer:
    """Signs cover attestations, as an insurer's own systems would."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM, "kid": secrets.token_hex(4)})

    def public_keys(self) -> dict[str, Any]:
        """The JWKS that the issuer is told to trust."""
        return {"keys": [self._key.as_dict(private=False)]}

    def attest(self, permit: str, limit_band: int, from_day: int, until_day: int, signed_at: int) -> str:
        """A compact JWS that `permit` is covered.

        :param limit_band: 0 to 4095, the insurance limit's band in the policy's table
        :param from_day: first day of cover, days since 1970-01-01
        :param until_day: last day of cover
        :param signed_at: unix seconds
        """
        claims = {
            "iss": NAME,
            "permit": permit,
            "class": "autonomous",
            "limit_band": limit_band,
            "from_day": from_day,
            "until_day": until_day,
            "iat": signed_at,
            "jti": secrets.token_hex(8),
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self._key, [ALGORITHM])
