"""Runs the published vectors of the sigma-protocols and Fiat-Shamir drafts against `circuits.sigma`.

Everything that a record pins is recomputed: session identifiers, instances, and the proofs themselves from the seeded
generator of the draft's appendix, byte for byte. A record that must be refused names in `BaseId` the accepted one that
it mutates, so that a verifier which refuses everything would not pass. Source: [SIGMA Test vectors], [FS Appendix B].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from Crypto.Hash import TurboSHAKE128

from circuits import curve as curves
from circuits.errors import Malformed, Rejected
from circuits.scalar import ORDER
from circuits.sigma.codec import (
    ByteOrder,
    decode_uint,
    decode_uint_octets,
    deserialize_field,
    deserialize_uint,
    deserialize_var_len_string,
    serialize_field,
    serialize_uint,
    serialize_var_len_string,
)
from circuits.sigma.protocol import BATCHABLE, COMPACT, SUITE, Flavour, decode_responses, prove, session_id, verify
from circuits.sigma.relation import check_elements, check_shape, decode_instance, encode_elements
from circuits.sigma.sponge import DuplexSponge, Xof, XofFactory, derive_session
from console.conformance.report import CaseResult, Outcome

Record = Mapping[str, object]
T = TypeVar("T")

_MERSENNE31 = (1 << 31) - 1
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MODULI = {"P-256": _P256_ORDER, "Mersenne31": _MERSENNE31}
_FLAVOURS = {"batchable": BATCHABLE, "compact": COMPACT}


class Mismatch(Exception):
    """A record says one thing and the software another."""


class UnknownRecord(Exception):
    """A record of a kind that nothing here checks."""


def run_document(document: Sequence[Record]) -> Iterator[CaseResult]:
    """One result per record of a sigma-protocols or Fiat-Shamir vector file; every record yields exactly one."""
    for record in document:
        name = str(record.get("Id", "a record without Id"))
        try:
            _run(record)
            yield CaseResult(None, name, Outcome.PASSED)
        except UnknownRecord as unknown:
            yield CaseResult(None, name, Outcome.UNKNOWN, str(unknown))
        except Mismatch as mismatch:
            yield CaseResult(None, name, Outcome.FAILED, str(mismatch))
        except Exception as error:  # a record that cannot be read is a failure of the run, never the end of it
            yield CaseResult(None, name, Outcome.FAILED, f"{type(error).__name__}: {error}")


class TurboShake128:
    """TurboSHAKE128 with the domain octet 0x1F in the shape that the sponge asks for. Source: [RFC9861]."""

    def __init__(self) -> None:
        self._absorbed = b""

    def update(self, octets: bytes, /) -> None:
        """Absorb octets."""
        self._absorbed += octets

    def digest(self, length: int, /) -> bytes:
        """The first `length` octets of output."""
        return bytes(TurboSHAKE128.new(data=self._absorbed, domain=0x1F).read(length))


class SeededScalars:
    """The generator that the appendix draws a proof's nonces from. For vectors only: everybody can compute it."""

    def __init__(self, relation: str, flavour: Flavour) -> None:
        tag = f"TestDRNG-SIGMA-PROOFS-{flavour.value}-{SUITE}-{relation}"
        self._sponge = DuplexSponge(derive_session(tag.encode("ascii")))

    def scalar(self) -> int:
        """The next scalar, uniform modulo r."""
        return decode_uint(self._sponge.squeeze(decode_uint_octets(ORDER)), ORDER)

    def octets(self, count: int) -> bytes:
        """The next `count` octets."""
        return self._sponge.squeeze(count)


def _run(record: Record) -> None:
    function = _text(record, "Function")
    if function not in _CHECKS:
        raise UnknownRecord(f"nothing here checks {function!r}")
    if record.get("Expected", "accept") not in ("accept", "reject"):
        raise UnknownRecord(f"cannot be expected to {record['Expected']!r}")
    _CHECKS[function](record)


def _sigma_proof(record: Record) -> None:
    _same("Ciphersuite", record.get("Ciphersuite"), SUITE)
    flavour = _choice(record, "Flavor", _FLAVOURS)
    _check_identifier(record)
    if "SessionId" in record:
        _same("SessionId", session_id(_text(record, "Tag").encode("ascii")), _octets(record, "SessionId"))
    if _must_refuse(record):
        _must_raise(lambda: _verify_proof(record, flavour))
        return
    _verify_proof(record, flavour)
    if "Witness" in record:
        _reproduce_proof(record, flavour)


def _check_identifier(record: Record) -> None:
    # sigma-protocols/bls12381/<relation>/<flavour>, and for a mutated record one part more.
    parts = _text(record, "Id").split("/")
    _same("Id", parts[:2], ["sigma-protocols", "bls12381"])
    _same("Id", parts[3:4], [record["Flavor"]])
    if "Relation" in record:
        _same("Id", parts[2:], [record["Relation"], record["Flavor"]])
    if "BaseId" in record:
        _same("BaseId", record["BaseId"], "/".join(parts[:4]))


def _verify_proof(record: Record, flavour: Flavour) -> None:
    curve, octets = curves.default(), _octets(record, "Instance")
    shape, elements = decode_instance(curve, octets)
    _same("Instance", shape.prefix + encode_elements(curve, elements), octets)
    check_shape(shape)
    check_elements(curve, shape, elements)
    verify(curve, _text(record, "Tag").encode("ascii"), shape, elements, _octets(record, "NargString"), flavour)


def _reproduce_proof(record: Record, flavour: Flavour) -> None:
    curve, relation = curves.default(), _text(record, "Relation")
    shape, elements = decode_instance(curve, _octets(record, "Instance"))
    witness = decode_responses(_octets(record, "Witness"), shape.scalar_count)
    tag = _text(record, "Tag").encode("ascii")
    proof = prove(curve, tag, shape, elements, witness, SeededScalars(relation, flavour), flavour)
    _same("NargString", proof, _octets(record, "NargString"))


def _duplex_sponge(record: Record) -> None:
    _same("Output", _replay(record), _octets(record, "Output"))


def _derive_session_id(record: Record) -> None:
    _same("Output", derive_session(_octets(record, "Tag"), _one_xof(record)), _octets(record, "Output"))


def _decode_uint(record: Record) -> None:
    modulus = _modulus(record)
    if "Operations" in record:
        octets = _replay(record)
        _same("Output", octets, _octets(record, "Output"))
    else:
        octets = _octets(record, "Input")
    _same("Challenge", decode_uint(octets, modulus), _number(record["Challenge"]))


def _serialize_var_len_string(record: Record) -> None:
    payload, output = _octets(record, "Input"), _octets(record, "Output")
    _same("Output", serialize_var_len_string(payload), output)
    _same("Input", deserialize_var_len_string(output), (payload, b""))


def _serialize_uint(record: Record) -> None:
    modulus, value, output = _modulus(record), _number(record["Value"]), _octets(record, "Output")
    _same("Output", serialize_uint(value, modulus), output)
    _same("Value", deserialize_uint(output, modulus), (value, b""))


def _serialize_field(record: Record) -> None:
    orders: dict[str, ByteOrder] = {"little-endian": "little", "big-endian": "big"}
    byteorder = orders[str(record.get("ByteOrder", "little-endian"))]
    modulus, value, output = _modulus(record), _number(record["Value"]), _octets(record, "Output")
    _same("Output", serialize_field((value,), modulus, byteorder), output)
    _same("Value", deserialize_field(output, modulus, 1, byteorder), ((value,), b""))


def _deserialize_var_len_string(record: Record) -> None:
    _expect_value(
        record, lambda: deserialize_var_len_string(_octets(record, "Input")), lambda: _octets(record, "Output")
    )


def _deserialize_uint(record: Record) -> None:
    _expect_value(
        record,
        lambda: deserialize_uint(_octets(record, "Input"), _modulus(record)),
        lambda: _number(record["Value"]),
    )


def _deserialize_field(record: Record) -> None:
    degree = _number(record["ExtensionDegree"])
    _expect_value(
        record,
        lambda: deserialize_field(_octets(record, "Input"), _modulus(record), degree),
        lambda: tuple(_number(value) for value in _items(record, "Coordinates")),
    )


def _sumcheck(record: Record) -> None:
    modulus = _modulus(record)
    for xof in _xofs(record):
        session, claimed = _octets(record, "SessionId"), _number(record["ClaimedSum"])
        if "Tag" in record:
            _same("SessionId", derive_session(_octets(record, "Tag"), xof), session)
        sponge = _open_sumcheck(session, _number(record["NumVariables"]), claimed, modulus, xof)
        if _must_refuse(record):
            _must_raise(partial(_verify_sumcheck, record, sponge, claimed, modulus))
            continue
        table = [_number(value) for value in _items(record, "Witness")]
        _same("Witness", len(table), 1 << _number(record["NumVariables"]))
        _same("ClaimedSum", sum(table) % modulus, claimed)
        proof, evaluation = _prove_sumcheck(sponge, table, modulus)
        _same("Narg", proof, _octets(record, "Narg"))
        _same("FinalEvaluation", evaluation, _number(record["FinalEvaluation"]))
        again = _open_sumcheck(session, _number(record["NumVariables"]), claimed, modulus, xof)
        _same("FinalEvaluation", _verify_sumcheck(record, again, claimed, modulus), evaluation)


def _open_sumcheck(session: bytes, variables: int, claimed: int, modulus: int, xof: XofFactory) -> DuplexSponge:
    sponge = DuplexSponge(session, xof)
    sponge.absorb(serialize_uint(variables, 1 << 32) + serialize_field((claimed,), modulus))
    return sponge


def _prove_sumcheck(sponge: DuplexSponge, table: list[int], modulus: int) -> tuple[bytes, int]:
    proof = b""
    while len(table) > 1:
        even, odd = sum(table[::2]) % modulus, sum(table[1::2]) % modulus
        message = serialize_field((even, (odd - even) % modulus), modulus)
        proof += message
        point = _sumcheck_challenge(sponge, message, modulus)
        pairs = zip(table[::2], table[1::2], strict=True)
        table = [(low + point * (high - low)) % modulus for low, high in pairs]
    return proof, table[0]


def _verify_sumcheck(record: Record, sponge: DuplexSponge, claimed: int, modulus: int) -> int:
    rest = _octets(record, "Narg")
    for _ in range(_number(record["NumVariables"])):
        (constant, slope), rest = deserialize_field(rest, modulus, 2)
        if (2 * constant + slope) % modulus != claimed:
            raise Rejected("sumcheck", "a round does not add up")
        point = _sumcheck_challenge(sponge, serialize_field((constant, slope), modulus), modulus)
        claimed = (constant + slope * point) % modulus
    if rest:
        raise Malformed("octets after the last message")
    return claimed


def _sumcheck_challenge(sponge: DuplexSponge, message: bytes, modulus: int) -> int:
    # The example squeezes Ns octets, without DecodeUint's sixteen more.
    sponge.absorb(message)
    return int.from_bytes(sponge.squeeze(len(message) // 2), "little") % modulus


_CHECKS: dict[str, Callable[[Record], None]] = {
    "SigmaProof": _sigma_proof,
    "DuplexSponge": _duplex_sponge,
    "DeriveSessionID": _derive_session_id,
    "DecodeUint": _decode_uint,
    "SerializeVarLenString": _serialize_var_len_string,
    "DeserializeVarLenString": _deserialize_var_len_string,
    "SerializeUint": _serialize_uint,
    "DeserializeUint": _deserialize_uint,
    "SerializeField": _serialize_field,
    "DeserializeField": _deserialize_field,
    "Sumcheck": _sumcheck,
}


def _shake128() -> Xof:
    return hashlib.shake_128()


_XOFS: dict[str, XofFactory] = {"SHAKE128": _shake128, "TurboSHAKE128": TurboShake128}


def _one_xof(record: Record) -> XofFactory:
    return _choice(record, "Hash", _XOFS)


def _xofs(record: Record) -> list[XofFactory]:
    # A record that names no hash holds under each.
    return [_one_xof(record)] if "Hash" in record else list(_XOFS.values())


def _replay(record: Record) -> bytes:
    sponge, out = DuplexSponge(_octets(record, "SessionId"), _one_xof(record)), b""
    for operation in _items(record, "Operations"):
        match operation:
            case {"type": "absorb", "data": str(data)}:
                sponge.absorb(bytes.fromhex(data))
            case {"type": "squeeze", "length": int(length)}:
                out += sponge.squeeze(length)
            case _:
                raise UnknownRecord(f"unknown sponge operation {operation!r}")
    return out


def _expect_value(record: Record, read: Callable[[], tuple[object, bytes]], value: Callable[[], object]) -> None:
    if _must_refuse(record):
        _must_raise(read)
        return
    _same("value", read(), (value(), b""))


def _must_refuse(record: Record) -> bool:
    return record.get("Expected") == "reject"


def _must_raise(attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except (Malformed, Rejected):
        return
    raise Mismatch("accepted, and the draft refuses it")


def _same(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise Mismatch(f"{what}: {_show(got)} instead of {_show(expected)}")


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _modulus(record: Record) -> int:
    modulus = _number(record["Modulus"])
    if "Group" in record:
        _same("Modulus", modulus, _choice(record, "Group", _MODULI))
    return modulus


def _choice(record: Record, key: str, table: Mapping[str, T]) -> T:
    value = _text(record, key)
    if value not in table:
        raise UnknownRecord(f"unknown {key} {value!r}")
    return table[value]


def _octets(record: Record, key: str) -> bytes:
    return bytes.fromhex(_text(record, key))


def _text(record: Record, key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise UnknownRecord(f"has no text under {key}")
    return value


def _items(record: Record, key: str) -> Sequence[object]:
    value = record.get(key)
    if not isinstance(value, list):
        raise UnknownRecord(f"has no list under {key}")
    return value


def _number(value: object) -> int:
    # Integers are JSON numbers when small and 0x strings when as large as a field.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UnknownRecord(f"{value!r} is no number")
    return value if isinstance(value, int) else int(value, 16)
