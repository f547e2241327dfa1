"""The drafts' own vectors: the sigma ones through `circuits.sigma` alone, then all of them by the console's runner."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from circuits import curve as curves
from circuits.errors import Malformed, Rejected
from circuits.scalar import ORDER
from circuits.sigma.codec import decode_uint
from circuits.sigma.protocol import BATCHABLE, COMPACT, SUITE, decode_responses, prove, session_id, verify
from circuits.sigma.relation import decode_instance, encode_elements
from circuits.sigma.sponge import DuplexSponge, derive_session
from console.conformance.report import Outcome
from console.conformance.sigma import run_document

CURVE = curves.default()
FLAVOURS = {"batchable": BATCHABLE, "compact": COMPACT}
FILES = [
    "sigma/sigma-proofs_Shake128_BLS12381.json",
    "sigma/sigma-proofs-invalid_Shake128_BLS12381.json",
    "fiat-shamir/fiatShamirCodecVectors.json",
    "fiat-shamir/fiatShamirShake128Vectors.json",
    "fiat-shamir/fiatShamirTurboShake128Vectors.json",
]
# Which of the verifier's refusals each adversarial record must meet; its letter and number end the record's Id.
REFUSALS = {
    "A1": "malformed", "A3": "malformed", "A4": "malformed", "A5": "malformed", "A6": "malformed", "B1": "malformed",
    "B2": "malformed", "C1": "malformed", "C2": "malformed", "D1": "proof", "E1": "instance-check-6",
    "E1b": "instance-check-6", "E2": "instance-check-9", "E3": "malformed", "E4": "malformed", "F1b": "proof",
    "F2b": "proof", "F3": "proof", "F4": "proof", "F4b": "proof", "H1": "proof", "H2": "proof", "H3": "proof",
}  # fmt: skip


class AppendixScalars:
    """The nonce stream of the draft's appendix, written here once more so that nothing is taken from the console."""

    def __init__(self, marker: str, relation: str) -> None:
        self.sponge = DuplexSponge(derive_session(f"TestDRNG-SIGMA-PROOFS-{marker}-{SUITE}-{relation}".encode()))

    def scalar(self) -> int:
        return decode_uint(self.sponge.squeeze(48), ORDER)

    def octets(self, count: int) -> bytes:
        raise AssertionError("a prover draws scalars only")


def load(vectors: Path, name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((vectors / name).read_text())
    return records


def check(record: dict[str, Any]) -> None:
    shape, elements = decode_instance(CURVE, bytes.fromhex(record["Instance"]))
    proof = bytes.fromhex(record["NargString"])
    verify(CURVE, record["Tag"].encode(), shape, elements, proof, FLAVOURS[record["Flavor"]])


def test_valid_vectors_are_reproduced_octet_for_octet(vectors: Path) -> None:
    records = load(vectors, FILES[0])
    assert len(records) == 14
    for record in records:
        shape, elements = decode_instance(CURVE, bytes.fromhex(record["Instance"]))
        assert shape.prefix + encode_elements(CURVE, elements) == bytes.fromhex(record["Instance"])
        tag, flavour = record["Tag"].encode(), FLAVOURS[record["Flavor"]]
        assert session_id(tag).hex() == record["SessionId"]
        witness = decode_responses(bytes.fromhex(record["Witness"]), shape.scalar_count)
        entropy = AppendixScalars(flavour.value, record["Relation"])
        assert prove(CURVE, tag, shape, elements, witness, entropy, flavour).hex() == record["NargString"]
        check(record)


def test_reference_curve_agrees_octet_for_octet(vectors: Path) -> None:
    """The independent backend reproduces one proof of each flavour."""
    reference = curves.load("reference")
    for record in load(vectors, FILES[0])[:2]:
        shape, elements = decode_instance(reference, bytes.fromhex(record["Instance"]))
        tag, flavour = record["Tag"].encode(), FLAVOURS[record["Flavor"]]
        witness = decode_responses(bytes.fromhex(record["Witness"]), shape.scalar_count)
        proof = prove(
            reference, tag, shape, elements, witness, AppendixScalars(flavour.value, record["Relation"]), flavour
        )
        assert proof.hex() == record["NargString"]
        verify(reference, tag, shape, elements, proof, flavour)


def test_adversarial_vectors_are_refused_for_their_own_reason(vectors: Path) -> None:
    records = load(vectors, FILES[1])
    assert len(records) == 32
    for record in records:
        name = record["Id"].rsplit("/", 1)[1]
        if record["Expected"] == "accept":
            check(record)
            continue
        with pytest.raises((Malformed, Rejected)) as refusal:
            check(record)
        assert refusal.value.code == REFUSALS[name], record["Id"]


@pytest.mark.parametrize("name", FILES)
def test_conformance_runner_passes_every_record(vectors: Path, name: str) -> None:
    document = load(vectors, name)
    results = list(run_document(document))
    assert len(results) == len(document) > 0
    assert [result for result in results if result.outcome is not Outcome.PASSED] == []


@pytest.mark.parametrize("name", FILES)
def test_conformance_runner_notices_a_changed_digit(vectors: Path, name: str) -> None:
    for record in load(vectors, name):
        if record.get("Expected") == "reject":
            continue
        for key in {"Output", "NargString", "Narg", "SessionId", "Instance", "Witness", "Challenge", "FinalEvaluation"}:
            value = record.get(key)
            if not isinstance(value, str):
                continue
            changed = copy.deepcopy(record)
            changed[key] = value[:-1] + format(int(value[-1], 16) ^ 1, "x")
            (result,) = run_document([changed])
            assert result.outcome is Outcome.FAILED, (record["Id"], key)


def test_conformance_runner_reports_what_it_does_not_know() -> None:
    unknown, nameless, undecided = run_document(
        [{"Id": "x", "Function": "Frobnicate"}, {}, {"Id": "y", "Function": "SigmaProof", "Expected": "maybe"}]
    )
    assert [unknown.outcome, nameless.outcome, undecided.outcome] == [Outcome.UNKNOWN] * 3


def test_conformance_runner_fails_a_refusal_that_would_be_accepted(vectors: Path) -> None:
    record = load(vectors, FILES[0])[0] | {"Expected": "reject"}
    (result,) = run_document([record])
    assert result.outcome is Outcome.FAILED
