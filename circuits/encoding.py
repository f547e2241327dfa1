"""Octets: deterministic CBOR read strictly, and the drafts' small integer encodings.

Strict means: the length is capped and tags are refused before anything is parsed; only unsigned integers, octet
strings, text, arrays and maps with small unsigned keys are read; and the value encodes back to the very octets that
came. So there is one encoding of each value, and duplicate keys, long forms, indefinite lengths, tags, floats and
trailing octets are all `Malformed`. Source: RFC 8949, section 4.2.1.
"""

from __future__ import annotations

from collections.abc import Mapping

import cbor2

from circuits.errors import Malformed, Misuse

Value = int | bytes | str | list["Value"] | dict[int, "Value"]

MAX_DEPTH = 8
MAX_UINT = 2**64 - 1

# RFC 8949, section 3: three bits of major type, five of argument; 24 to 27 announce 1, 2, 4 or 8 octets of argument.
_KINDS_REFUSED = frozenset({1, 6, 7})
_STRINGS = frozenset({2, 3})
_SHORTEST_ARGUMENT = 24
_LONGEST_ARGUMENT = 27
_MAP = 0xA0
_MAX_FIELDS = 23


def encode(value: Value) -> bytes:
    """detCBOR of `value`. Raises `Misuse` for anything that `decode` would not give back."""
    _check_shape(value, MAX_DEPTH, Misuse)
    return cbor2.dumps(value, canonical=True)


class PartialMap:
    """A map of which some fields are known ahead: their octets are made once, and the rest in each `complete`."""

    __slots__ = ("_known",)

    def __init__(self, known: Mapping[int, Value]) -> None:
        """Raises `Misuse` as `encode` does."""
        self._known = _encode_fields(known)

    def complete(self, rest: Mapping[int, Value]) -> bytes:
        """What `encode` makes of both parts together, where `rest` wins. Raises `Misuse` as `encode` does."""
        fields = self._known | _encode_fields(rest)
        return bytes([_MAP | len(fields)]) + b"".join(fields[key] for key in sorted(fields))


def decode(octets: bytes, max_octets: int) -> Value:
    """The value of deterministic CBOR `octets`, at most `max_octets` long. Raises `Malformed`, nothing else."""
    if len(octets) > max_octets:
        raise Malformed(f"more than {max_octets} octets")
    _check_heads(octets)
    try:
        value = cbor2.loads(octets, max_depth=MAX_DEPTH + 1, allow_indefinite=False, allow_duplicate_keys=False)
    except Exception:
        raise Malformed("not CBOR") from None
    _check_shape(value, MAX_DEPTH, Malformed)
    if cbor2.dumps(value, canonical=True) != octets:
        raise Malformed("not deterministic CBOR")
    return value  # type: ignore[no-any-return]


def decode_map(octets: bytes, max_octets: int, keys: range, optional: range = range(0)) -> dict[int, Value]:
    """A CBOR map with exactly the keys of `keys`, and after them any of `optional`; key 1 is the version, which must be
    1. Raises `Malformed`."""
    value = decode(octets, max_octets)
    if not isinstance(value, dict) or [key for key in value if key not in optional] != list(keys):
        raise Malformed("not a map with the keys expected")
    if value.get(1) != 1:
        raise Malformed("unknown version")
    return value


def take_uint(value: Value, bits: int = 64) -> int:
    """`value` as an unsigned integer below 2**bits, or `Malformed`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise Malformed("not an unsigned integer in range")
    return value


def take_octets(value: Value, count: int | None = None) -> bytes:
    """`value` as an octet string (of `count` octets, where given), or `Malformed`."""
    if not isinstance(value, bytes) or (count is not None and len(value) != count):
        raise Malformed("not an octet string of the length expected")
    return value


def take_text(value: Value, max_octets: int = 255) -> str:
    """`value` as text of 1 to `max_octets` octets, or `Malformed`."""
    if not isinstance(value, str) or not 0 < len(value.encode()) <= max_octets:
        raise Malformed("not text of the length expected")
    return value


def check_text(text: str, sentence: str, max_octets: int = 255) -> None:
    """That `text` of our own will load: Unicode, of 1 to `max_octets` octets. Raises `Misuse` with `sentence`."""
    try:
        length = len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate, which JSON can carry
        length = 0
    if not 0 < length <= max_octets:
        raise Misuse(sentence)


def take_list(value: Value, max_items: int) -> list[Value]:
    """`value` as a list of at most `max_items`, or `Malformed`."""
    if not isinstance(value, list) or len(value) > max_items:
        raise Malformed("not a list of the length expected")
    return value


def i2osp(value: int, count: int) -> bytes:
    """`value` as `count` big-endian octets. Source: RFC 8017, section 4.1."""
    try:
        return value.to_bytes(count, "big")
    except OverflowError:
        raise Misuse("integer too large for its encoding") from None


def lp(octets: bytes) -> bytes:
    """The octets behind their length in 8 big-endian octets."""
    return i2osp(len(octets), 8) + octets


def _encode_fields(fields: Mapping[int, Value]) -> dict[int, bytes]:
    """Key and value of each field. So few small keys that each is one octet, and so is the head of their map."""
    found = {}
    for key, value in fields.items():
        if type(key) is not int or not 0 <= key < _MAX_FIELDS:
            raise Misuse("a map key that is not a small unsigned integer")
        found[key] = bytes((key,)) + encode(value)
    return found


def _check_heads(octets: bytes) -> None:
    """One pass over the heads of all items, so that the parser never sees a tag, a negative number or a simple value.

    The parser gives tags a meaning (dates, patterns, shared references); a few hundred octets of shared references
    stand for a value of billions of items, which nothing that walks the value would survive. Raises `Malformed`.
    """
    at = 0
    while at < len(octets):
        major, info = octets[at] >> 5, octets[at] & 0x1F
        if major in _KINDS_REFUSED or info > _LONGEST_ARGUMENT:
            raise Malformed("a value of a kind that is not used here")
        at += 1
        argument = info
        if info >= _SHORTEST_ARGUMENT:
            width = 1 << (info - _SHORTEST_ARGUMENT)
            argument = int.from_bytes(octets[at : at + width], "big")
            at += width
        if major in _STRINGS:
            at += argument


def _check_shape(value: object, depth: int, error: type[Malformed] | type[Misuse]) -> None:
    if depth < 0:
        raise error("nested too deeply")
    match value:
        case bool():
            raise error("a value of a kind that is not used here")
        case int():
            if not 0 <= value <= MAX_UINT:
                raise error("integer out of range")
        case bytes():
            pass
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise error("text that is not Unicode") from None
        case list():
            for item in value:
                _check_shape(item, depth - 1, error)
        case dict():
            for key, item in value.items():
                if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key < 24:
                    raise error("a map key that is not a small unsigned integer")
                _check_shape(item, depth - 1, error)
        case _:
            raise error("a value of a kind that is not used here")
