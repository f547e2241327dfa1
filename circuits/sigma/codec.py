"""How the Fiat-Shamir draft writes integers, strings and field elements, and how it turns squeezed octets into numbers.

Serialising and decoding are different things: a serialisation is read back strictly, while decoding takes any uniform
octets to a near-uniform number. Little-endian is the draft's default; a standard's own order is pinned with
`byteorder`. Legend: Ns octets of a number below the modulus. Source: [FS 4.2], [FS 6.1], [FS 6.2].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from circuits.errors import Malformed, Misuse

ByteOrder = Literal["little", "big"]

_LENGTH_OCTETS = 4
_EXTRA_OCTETS = 16


def octets_below(modulus: int) -> int:
    """Ns: the least number with 256**Ns >= modulus."""
    return ((modulus - 1).bit_length() + 7) // 8


def serialize_var_len_string(octets: bytes) -> bytes:
    """SerializeVarLenString: the octets behind a four-octet little-endian length. `Misuse` from 2**32 octets on."""
    if len(octets) >> 32:
        raise Misuse("string too long for its length prefix")
    return len(octets).to_bytes(_LENGTH_OCTETS, "little") + octets


def deserialize_var_len_string(octets: bytes) -> tuple[bytes, bytes]:
    """DeserializeVarLenString: the string and the octets after it, or `Malformed` when some are missing."""
    if len(octets) < _LENGTH_OCTETS:
        raise Malformed("length prefix cut short")
    count, rest = int.from_bytes(octets[:_LENGTH_OCTETS], "little"), octets[_LENGTH_OCTETS:]
    if count > len(rest):
        raise Malformed("string cut short")
    return rest[:count], rest[count:]


def serialize_uint(value: int, modulus: int, byteorder: ByteOrder = "little") -> bytes:
    """SerializeUint: Ns octets. `Misuse` outside [0, modulus)."""
    if not 0 <= value < modulus:
        raise Misuse("integer not below its modulus")
    return value.to_bytes(octets_below(modulus), byteorder)


def deserialize_uint(octets: bytes, modulus: int, byteorder: ByteOrder = "little") -> tuple[int, bytes]:
    """DeserializeUint: the integer and the octets after it. `Malformed` when cut short or not below the modulus."""
    width = octets_below(modulus)
    if len(octets) < width:
        raise Malformed("integer cut short")
    value = int.from_bytes(octets[:width], byteorder)
    if value >= modulus:
        raise Malformed("integer not below its modulus")
    return value, octets[width:]


def serialize_field(coordinates: Sequence[int], characteristic: int, byteorder: ByteOrder = "little") -> bytes:
    """SerializeField: the coordinates over the prime field, in order. `Misuse` for none, or one out of range."""
    if not coordinates:
        raise Misuse("a field element has at least one coordinate")
    return b"".join(serialize_uint(value, characteristic, byteorder) for value in coordinates)


def deserialize_field(
    octets: bytes, characteristic: int, degree: int, byteorder: ByteOrder = "little"
) -> tuple[tuple[int, ...], bytes]:
    """DeserializeField: `degree` coordinates and the octets after them. `Malformed` when one is not canonical."""
    coordinates = []
    for _ in range(degree):
        value, octets = deserialize_uint(octets, characteristic, byteorder)
        coordinates.append(value)
    return tuple(coordinates), octets


def decode_uint_octets(modulus: int) -> int:
    """How many octets DecodeUint takes: Ns + 16, which bounds its bias by 2**-128."""
    return octets_below(modulus) + _EXTRA_OCTETS


def decode_uint(octets: bytes, modulus: int) -> int:
    """DecodeUint: a near-uniform integer below the modulus. `Misuse` for another number of octets than Ns + 16."""
    if len(octets) != decode_uint_octets(modulus):
        raise Misuse("DecodeUint takes exactly Ns + 16 octets")
    return int.from_bytes(octets, "little") % modulus
