"""Base64url without padding, read strictly: one text for each octet string. Source: RFC 7515, section 2."""

from __future__ import annotations

import base64
import binascii

from circuits import Malformed


def encode_base64url(octets: bytes) -> str:
    """The text for `octets`, without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode_base64url(text: str, max_octets: int) -> bytes:
    """The octets of `text`, at most `max_octets`. Raises `Malformed` for padding, other alphabets, loose last bits."""
    if len(text) > (max_octets * 4 + 2) // 3:
        raise Malformed(f"more than {max_octets} octets of base64url")
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64url") from None
    if encode_base64url(octets) != text:
        raise Malformed("not canonical base64url")
    return octets
