"""expand_message of RFC 9380 for both suites, and the drafts' hash_to_scalar over it.

Legend: DST domain separation tag, L octets asked for. Source: [RFC9380 5.3], [BBS 4.2.3].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from circuits.errors import Misuse
from circuits.scalar import ORDER

Expander = Callable[[bytes, bytes, int], bytes]

EXPAND_OCTETS = 48
_MAX_DST_OCTETS = 255


def expand_message_xmd_sha256(message: bytes, dst: bytes, octets: int) -> bytes:
    """expand_message_xmd with SHA-256: `octets` uniform octets. `Misuse` for an empty DST or more than 8160 octets."""
    dst_prime = _check_dst(dst, lambda long: hashlib.sha256(long).digest())
    blocks = -(-octets // 32)
    if octets <= 0 or blocks > 255:
        raise Misuse("expand_message cannot give so many octets")
    first = hashlib.sha256(bytes(64) + message + octets.to_bytes(2, "big") + b"\x00" + dst_prime).digest()
    block = hashlib.sha256(first + b"\x01" + dst_prime).digest()
    out = [block]
    for index in range(2, blocks + 1):
        mixed = bytes(a ^ b for a, b in zip(first, block, strict=True))
        block = hashlib.sha256(mixed + bytes([index]) + dst_prime).digest()
        out.append(block)
    return b"".join(out)[:octets]


def expand_message_xof_shake256(message: bytes, dst: bytes, octets: int) -> bytes:
    """expand_message_xof with SHAKE-256, k = 128: `octets` octets. `Misuse` for an empty DST or more than 65535."""
    dst_prime = _check_dst(dst, lambda long: hashlib.shake_256(long).digest(32))
    if not 0 < octets <= 65535:
        raise Misuse("expand_message cannot give so many octets")
    return hashlib.shake_256(message + octets.to_bytes(2, "big") + dst_prime).digest(octets)


def hash_to_scalar(expand: Expander, message: bytes, dst: bytes) -> int:
    """h2s: a scalar in [0, r-1] from 48 expanded octets. Source: [BBS hash_to_scalar]."""
    if len(dst) > _MAX_DST_OCTETS:
        raise Misuse("DST longer than 255 octets")
    return int.from_bytes(expand(message, dst, EXPAND_OCTETS), "big") % ORDER


def _check_dst(dst: bytes, shorten: Callable[[bytes], bytes]) -> bytes:
    if not dst:
        raise Misuse("empty domain separation tag")
    if len(dst) > _MAX_DST_OCTETS:
        dst = shorten(b"H2C-OVERSIZE-DST-" + dst)
    return dst + bytes([len(dst)])
