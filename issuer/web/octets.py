"""Binary members of JSON bodies: base64url without padding, of one exact length, strictly read."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema


def to_text(octets: bytes) -> str:
    """base64url without padding. Source: [RFC4648 5]."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """The octets of base64url text. Raises ValueError for padding, other alphabets or stray bits."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64url") from None
    if to_text(octets) != text:
        raise ValueError("not base64url")
    return octets


def _exactly(count: int) -> BeforeValidator:
    def read(value: object) -> bytes:
        if isinstance(value, bytes) and len(value) == count:
            return value
        if not isinstance(value, str) or len(value) != -(-count * 4 // 3):
            raise ValueError("not base64url of the length expected")
        return from_text(value)

    return BeforeValidator(read)


_WRITE = PlainSerializer(to_text, return_type=str)
_SCHEMA = WithJsonSchema({"type": "string", "format": "base64url"})
Octets32 = Annotated[bytes, _exactly(32), _WRITE, _SCHEMA]
Octets48 = Annotated[bytes, _exactly(48), _WRITE, _SCHEMA]
Octets80 = Annotated[bytes, _exactly(80), _WRITE, _SCHEMA]
Octets128 = Annotated[bytes, _exactly(128), _WRITE, _SCHEMA]
Octets144 = Annotated[bytes, _exactly(144), _WRITE, _SCHEMA]
Octets160 = Annotated[bytes, _exactly(160), _WRITE, _SCHEMA]
AnyOctets = Annotated[bytes, _WRITE, _SCHEMA]
