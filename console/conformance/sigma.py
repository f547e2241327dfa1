"""Runs the published vectors of the sigma-protocols and Fiat-Shamir drafts against `circuits.sigma`.

Everything that a record pins is recomputed: session identifiers, instances, and the proofs themselves from the seeded
generator of the draft's appendix, byte for byte. A record that must be refused has to be refused for its own reason,
and to be an accepted one with the one change it tells of: a verifier that refuses everything does not pass, nor does
a refused record that was damaged. Source: [SIGMA Test vectors], [FS Appendix B].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from console.conformance.report import CaseResult, Outcome
from console.conformance.shapes import Shape, VectorFile, load
from console.conformance.sigma_codec import (
    check_decode_uint,
    check_deserialize_field,
    check_deserialize_uint,
    check_deserialize_var_len_string,
    check_serialize_field,
    check_serialize_uint,
    check_serialize_var_len_string,
)
from console.conformance.sigma_proofs import check_sigma_proof
from console.conformance.sigma_record import Case, Mismatch, Record, UnknownRecord, same, text, undamaged
from console.conformance.sigma_sponge import check_derive_session_id, check_duplex_sponge
from console.conformance.sigma_sumcheck import check_sumcheck

_CHECKS: dict[str, Callable[[Case], None]] = {
    "SigmaProof": check_sigma_proof,
    "DuplexSponge": check_duplex_sponge,
    "DeriveSessionID": check_derive_session_id,
    "DecodeUint": check_decode_uint,
    "SerializeVarLenString": check_serialize_var_len_string,
    "DeserializeVarLenString": check_deserialize_var_len_string,
    "SerializeUint": check_serialize_uint,
    "DeserializeUint": check_deserialize_uint,
    "SerializeField": check_serialize_field,
    "DeserializeField": check_deserialize_field,
    "Sumcheck": check_sumcheck,
}


def run_document(document: Sequence[Record], beside: Sequence[Record] = ()) -> Iterator[CaseResult]:
    """One result per record of a sigma-protocols or Fiat-Shamir vector file; every record yields exactly one.

    `beside` are the records of the files next to it, among which a refused record finds the one it was made from.
    """
    for record in document:
        case = Case(record, [*document, *beside])
        name = str(record.get("Id", "a record without Id"))
        try:
            _run(case)
            yield CaseResult(None, name, Outcome.PASSED, "; ".join(case.remarks))
        except UnknownRecord as unknown:
            yield CaseResult(None, name, Outcome.UNKNOWN, str(unknown))
        except Mismatch as mismatch:
            yield CaseResult(None, name, Outcome.FAILED, str(mismatch))
        except Exception as error:  # a record that cannot be read is a failure of the run, never the end of it
            yield CaseResult(None, name, Outcome.FAILED, f"{type(error).__name__}: {error}")


def records_beside(path: Path) -> list[Record]:
    """The records of the other vector files in the folder of the file at `path`."""
    others = sorted(other for other in path.parent.glob("*.json") if other.is_file() and other.name != path.name)
    return [record for file in map(load, others) if isinstance(file, VectorFile) for record in records_of(file)]


def records_of(file: VectorFile) -> list[Record]:
    """The records of a file; none of one that is no list of them."""
    content = file.content if file.shape is Shape.RECORDS else None
    return [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []


def _run(case: Case) -> None:
    function, expected = text(case.record, "Function"), case.record.get("Expected", "accept")
    if function not in _CHECKS:
        raise UnknownRecord(f"nothing here checks {function!r}")
    if expected not in ("accept", "reject"):
        raise UnknownRecord(f"cannot be expected to {expected!r}")
    if "Name" in case.record:
        _check_name(case.record)
    _CHECKS[function](case)


def _check_name(record: Record) -> None:
    # fiat-shamir/<codec, or the hash>/<name>
    draft, group, name = text(record, "Id").split("/")
    same("Name", record["Name"], name)
    same("Id", draft, "fiat-shamir")
    if "Hash" in record:
        same("Id", group, text(record, "Hash").lower())
    else:
        undamaged("Id", group, "codec")
