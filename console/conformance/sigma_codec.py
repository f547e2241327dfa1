"""The Fiat-Shamir draft's codec records: how numbers, strings and field elements are written and read.

An input that must be refused is compared with the accepted record that it was made from, or with the value that its
name speaks of, so that a damaged one is seen although it is refused as well. Source: [FS 4.2], [FS Appendix B].
"""

from __future__ import annotations

from collections.abc import Callable

from circuits.sigma.codec import (
    ByteOrder,
    decode_uint,
    deserialize_field,
    deserialize_uint,
    deserialize_var_len_string,
    octets_below,
    serialize_field,
    serialize_uint,
    serialize_var_len_string,
)
from console.conformance.sigma_moduli import modulus_of
from console.conformance.sigma_record import (
    Case,
    Mismatch,
    Record,
    items,
    must_refuse,
    nearly,
    number,
    octets,
    refusal_code,
    require,
    same,
    text,
    undamaged,
)
from console.conformance.sigma_sponge import replay

_ORDERS: dict[str, ByteOrder] = {"little-endian": "little", "big-endian": "big"}
_OVERLONG = bytes.fromhex("ffffffffdeadbeef")


def check_decode_uint(case: Case) -> None:
    """The octets, squeezed or given, decode to the challenge."""
    record = case.record
    modulus = modulus_of(record)
    if "Operations" in record:
        source = replay(record)
        same("Output", source, octets(record, "Output"))
    else:
        source = octets(record, "Input")
    same("Challenge", decode_uint(source, modulus), number(record["Challenge"]))


def check_serialize_var_len_string(case: Case) -> None:
    """The input is written as the output, and read back from it."""
    payload, output = octets(case.record, "Input"), octets(case.record, "Output")
    same("Output", serialize_var_len_string(payload), output)
    same("Input", deserialize_var_len_string(output), (payload, b""))


def check_serialize_uint(case: Case) -> None:
    """The value, which is below the modulus, is written as the output, and read back from it."""
    record = case.record
    modulus, value, output = modulus_of(record), number(record["Value"]), octets(record, "Output")
    same("Output", serialize_uint(value, modulus), output)
    same("Value", deserialize_uint(output, modulus), (value, b""))


def check_serialize_field(case: Case) -> None:
    """The value is written as the output in the record's order of octets, and read back from it."""
    record = case.record
    byteorder = _ORDERS[str(record.get("ByteOrder", "little-endian"))]
    modulus, value, output = modulus_of(record), number(record["Value"]), octets(record, "Output")
    same("Output", serialize_field((value,), modulus, byteorder), output)
    same("Value", deserialize_field(output, modulus, 1, byteorder), ((value,), b""))


def check_deserialize_var_len_string(case: Case) -> None:
    """The input is read as the output, or is refused for the reason in its name."""
    record = case.record
    source = octets(record, "Input")
    if must_refuse(record):
        _check_refused(case, lambda: deserialize_var_len_string(source))
    else:
        same("Output", deserialize_var_len_string(source), (octets(record, "Output"), b""))


def check_deserialize_uint(case: Case) -> None:
    """The input is read as the value, or is refused for the reason in its name."""
    record = case.record
    source, modulus = octets(record, "Input"), modulus_of(record)
    if must_refuse(record):
        _check_refused(case, lambda: deserialize_uint(source, modulus))
    else:
        same("Value", deserialize_uint(source, modulus), (number(record["Value"]), b""))


def check_deserialize_field(case: Case) -> None:
    """The input is read as the coordinates, or is refused for the reason in its name."""
    record = case.record
    source, modulus, degree = octets(record, "Input"), modulus_of(record), number(record["ExtensionDegree"])
    if must_refuse(record):
        _check_refused(case, lambda: deserialize_field(source, modulus, degree))
    else:
        coordinates = tuple(number(value) for value in items(record, "Coordinates"))
        same("Coordinates", deserialize_field(source, modulus, degree), (coordinates, b""))


def _check_refused(case: Case, attempt: Callable[[], object]) -> None:
    refusal_code(attempt)
    function, name = text(case.record, "Function"), text(case.record, "Id")
    changes = [change for (of, words), change in _CHANGES.items() if of == function and words in name]
    if not changes:
        case.remarks.append("a change of no known kind: only the refusal was checked")
    for change in changes:
        change(case)


def _is_the_modulus(case: Case) -> None:
    modulus = modulus_of(case.record)
    same("Input", octets(case.record, "Input"), modulus.to_bytes(octets_below(modulus), "little"))


def _is_a_short_integer(case: Case) -> None:
    source, modulus = octets(case.record, "Input"), modulus_of(case.record)
    same("length of Input", len(source), octets_below(modulus) - 1)
    base = _cut_base(case, "SerializeUint", source)
    if base is not None:
        same("Modulus", modulus, modulus_of(base))


def _is_a_short_string(case: Case) -> None:
    source = octets(case.record, "Input")
    require(len(source) >= 4, "the length prefix itself is cut short")
    same("length prefix", int.from_bytes(source[:4], "little"), len(source) - 4 + 1)
    _cut_base(case, "SerializeVarLenString", source)


def _is_an_overlong_string(case: Case) -> None:
    source = octets(case.record, "Input")
    same("length prefix", source[:4], b"\xff" * 4)
    undamaged("Input", source, _OVERLONG)


def _has_a_bad_second_coordinate(case: Case) -> None:
    source, modulus = octets(case.record, "Input"), modulus_of(case.record)
    width, degree = octets_below(modulus), number(case.record["ExtensionDegree"])
    same("length of Input", len(source), width * degree)
    values = [int.from_bytes(source[at : at + width], "little") for at in range(0, len(source), width)]
    require([value >= modulus for value in values[:2]] == [False, True], "it is not the second coordinate that is bad")
    greatest = (modulus - 1).to_bytes(width, "little")
    undamaged("Input", source, greatest + b"\xff" * width)


def _cut_base(case: Case, function: str, source: bytes) -> Record | None:
    """The accepted record whose output, less one octet, the input is; None, and a remark, where none is like it."""
    bases = [record for record in case.beside if record.get("Function") == function and not must_refuse(record)]
    for base in bases:
        if octets(base, "Output")[:-1] == source:
            return base
    if any(nearly(octets(base, "Output")[:-1], source) for base in bases):
        raise Mismatch("Input: nearly an accepted output less one octet, and none")
    case.remarks.append("no accepted record that this one was cut from is here: its other octets were not compared")
    return None


_CHANGES: dict[tuple[str, str], Callable[[Case], None]] = {
    ("DeserializeUint", "reject_modulus"): _is_the_modulus,
    ("DeserializeUint", "reject_short"): _is_a_short_integer,
    ("DeserializeField", "reject_second_coordinate"): _has_a_bad_second_coordinate,
    ("DeserializeVarLenString", "reject_truncated"): _is_a_short_string,
    ("DeserializeVarLenString", "reject_overflow"): _is_an_overlong_string,
}
