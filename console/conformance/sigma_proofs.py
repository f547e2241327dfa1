"""The SigmaProof records: accepted proofs are made again octet for octet, refused ones compared with their base.

Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from circuits import curve as curves
from circuits.errors import CircuitError
from circuits.sigma.protocol import SUITE, decode_responses, prove, session_id
from circuits.sigma.relation import decode_instance
from console.conformance.sigma_changes import CHANGES, kind_of
from console.conformance.sigma_mutation import Mutation, compare_loosely
from console.conformance.sigma_record import (
    Case,
    Mismatch,
    Record,
    UnknownRecord,
    must_refuse,
    octets,
    same,
    text,
    undamaged,
)
from console.conformance.sigma_statement import SeededScalars, Statement

_CURVE = "bls12381"


def check_sigma_proof(case: Case) -> None:
    """An accepted proof verifies and, with its witness, is made again; a refused one is what it claims to be."""
    record = case.record
    if text(record, "Ciphersuite") != SUITE:
        raise UnknownRecord(f"unknown Ciphersuite {record['Ciphersuite']!r}")
    _check_identifier(record)
    said = Statement.of(record)
    if "SessionId" in record:
        same("SessionId", session_id(said.tag.encode("ascii")), octets(record, "SessionId"))
    if must_refuse(record):
        _check_refused(case, said)
        return
    said.verify()
    if "Relation" not in record:
        _check_restated(case)
    if "Witness" in record:
        _reproduce(record, said)


def _check_identifier(record: Record) -> None:
    # sigma-protocols/bls12381/<relation>/<flavour>, and for an adversarial record one part more.
    parts = text(record, "Id").split("/")
    same("Id", parts[:2], ["sigma-protocols", _CURVE])
    same("Id", parts[3:4], [record["Flavor"]])
    if "Relation" in record:
        same("Id", parts[2:], [record["Relation"], record["Flavor"]])
        same("Tag", Statement.of(record).name, record["Relation"])
    if "BaseId" in record:
        same("BaseId", record["BaseId"], _base_identifier(record))


def _base_identifier(record: Record) -> str:
    return "/".join(text(record, "Id").split("/")[:4])


def _check_restated(case: Case) -> None:
    # An accepted record without a relation of its own goes under the Id of one that has it.
    identifier = _base_identifier(case.record)
    known = [text(other, "Id") for other in case.beside if "Relation" in other]
    for other in known if identifier not in known else ():
        undamaged("Id", identifier, other)


def _reproduce(record: Record, said: Statement) -> None:
    curve = curves.default()
    shape, elements = decode_instance(curve, said.instance)
    witness = decode_responses(octets(record, "Witness"), shape.scalar_count)
    scalars = SeededScalars(text(record, "Relation"), said.flavour)
    proof = prove(curve, said.tag.encode("ascii"), shape, elements, witness, scalars, said.flavour)
    same("NargString", proof, said.proof)


def _check_refused(case: Case, said: Statement) -> None:
    refusal, comment = said.refusal(), str(case.record.get("Comment", ""))
    suffix = text(case.record, "Id").removeprefix(_base_identifier(case.record)).removeprefix("/")
    change = kind_of(suffix, comment)
    if change is not None:
        same("refusal", refusal, change.stage)
        if suffix not in CHANGES:
            case.remarks.append(f"nothing here is called {suffix}: it was checked as what its comment tells")
    accepted = dict(_accepted(case))
    base = said if change is not None and change.has_own_statement else _base(case, accepted)
    if base is None:
        case.remarks.append("its base is not here: only the refusal and its stage were checked")
        return
    mutation = Mutation(said, base, list(accepted.values()), comment, case.remarks)
    (change.compare if change is not None else compare_loosely)(mutation)


def _base(case: Case, accepted: dict[str, Statement]) -> Statement | None:
    """The accepted statement that BaseId names, else one of its relation that another file's record restates."""
    identifier = _base_identifier(case.record)
    if identifier in accepted:
        return accepted[identifier]
    relation = identifier.split("/")[2]
    restated = [said for name, said in accepted.items() if name.startswith(f"{identifier}/") and said.name == relation]
    return restated[0] if restated else None


def _accepted(case: Case) -> Iterator[tuple[str, Statement]]:
    """The accepted records of this suite beside the case, by Id. One that is damaged fails on its own account."""
    for record in case.beside:
        if record is case.record or record.get("Ciphersuite") != SUITE or must_refuse(record):
            continue
        try:
            said = Statement.of(record)
        except (Mismatch, UnknownRecord):
            continue
        if _verifies(said):
            yield text(record, "Id"), said


@lru_cache(maxsize=256)
def _verifies(said: Statement) -> bool:
    try:
        said.verify()
    except (CircuitError, Mismatch):
        return False
    return True
