"""Sigma and Fiat-Shamir records of the official shape that are not among the official files: they are checked as well
as their surroundings allow, and what could not be checked is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from circuits import curve as curves
from circuits.scalar import ORDER
from console.conformance import CaseResult, Outcome, run
from console.conformance.sigma import run_document

Record = dict[str, Any]

CURVE = curves.default()
VALID = "sigma/sigma-proofs_Shake128_BLS12381.json"
INVALID = "sigma/sigma-proofs-invalid_Shake128_BLS12381.json"
CODEC = "fiat-shamir/fiatShamirCodecVectors.json"
# made of accepted records, at places where the official files have none
RELATIONS = [
    "discrete_logarithm",
    "dleq",
    "pedersen_commitment",
    "pedersen_commitment_dleq",
    "bbs_blind_commitment_computation",
    "elgamal_decryption",
    "dleq_derived_element",
]


def load(vectors: Path, name: str) -> list[Record]:
    records: list[Record] = json.loads((vectors / name).read_text())
    return records


def check(record: Record, beside: list[Record]) -> CaseResult:
    (result,) = run_document([record], beside)
    return result


def negative(base: Record, suffix: str, **changes: object) -> Record:
    kept = {key: base[key] for key in ("Function", "Ciphersuite", "Flavor", "Tag", "Instance", "NargString")}
    return {"Id": f"{base['Id']}/{suffix}", "BaseId": base["Id"], **kept, "Expected": "reject", **changes}


def find(records: list[Record], identifier: str) -> Record:
    (record,) = [record for record in records if record["Id"].endswith(identifier)]
    return record


def plus_one(scalar: str) -> str:
    return format((int(scalar, 16) + 1) % ORDER, "064x")


def other_point(multiple: int) -> str:
    return CURVE.encode_g1(CURVE.multiply(CURVE.g1_generator(), multiple)).hex()


LAST_COMMITMENT: dict[str, Callable[[str], str]] = {
    "A1": lambda point: format(int(point[0], 16) & 7, "x") + point[1:],
    "A4": lambda _: "c" + "0" * 95,
    "A5": lambda _: "8" + "0" * 95,
    "A6": lambda _: "8" + "0" * 94 + "1",
    "H2": lambda _: other_point(31337),
}


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("suffix", LAST_COMMITMENT)
def test_a_commitment_of_another_relation(vectors: Path, relation: str, suffix: str) -> None:
    valid = load(vectors, VALID)
    base = find(valid, f"/{relation}/batchable")
    equations = int.from_bytes(bytes.fromhex(base["Instance"])[:4], "little")
    proof, at = base["NargString"], 96 * (equations - 1)
    changed = proof[:at] + LAST_COMMITMENT[suffix](proof[at : at + 96]) + proof[at + 96 :]
    assert check(negative(base, suffix, NargString=changed), valid) == passed(base, suffix)
    worse = changed[:-1] + format(int(changed[-1], 16) ^ 1, "x")
    assert check(negative(base, suffix, NargString=worse), valid).outcome is Outcome.FAILED


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("flavour", ["batchable", "compact"])
def test_framing_and_scalars_of_another_relation(vectors: Path, relation: str, flavour: str) -> None:
    valid = load(vectors, VALID)
    base = find(valid, f"/{relation}/{flavour}")
    proof, challenge = base["NargString"], base["NargString"][:64]
    changes = {"C1": proof + "00", "C2": proof[:-2], "H1": proof[:-64] + plus_one(proof[-64:])}
    if flavour == "compact":
        changes |= {"H3": plus_one(challenge) + proof[64:], "D1": "0" * len(proof)}
    for suffix, changed in changes.items():
        assert check(negative(base, suffix, NargString=changed), valid) == passed(base, suffix)
        wrong = "H2" if suffix != "H2" else "H1"
        assert check(negative(base, wrong, NargString=changed), valid).outcome is Outcome.FAILED


@pytest.mark.parametrize("relation", RELATIONS)
def test_statements_of_another_relation(vectors: Path, relation: str) -> None:
    valid = load(vectors, VALID)
    base = find(valid, f"/{relation}/compact")
    element = negative(base, "F3", Instance=base["Instance"][:-96] + other_point(31337))
    tag = negative(base, "F1b", Tag=base["Tag"].replace(relation, f"{relation}/another"))
    for record in (element, tag):
        assert check(record, valid).outcome is Outcome.PASSED
        swapped = {**record, "NargString": find(valid, f"/{relation}/batchable")["NargString"]}
        assert check(swapped, valid).outcome is Outcome.FAILED


def passed(base: Record, suffix: str) -> CaseResult:
    return CaseResult(None, f"{base['Id']}/{suffix}", Outcome.PASSED)


def test_the_invalid_file_alone_finds_its_bases_in_the_file_beside_it(vectors: Path) -> None:
    (report,) = run([vectors / INVALID])
    assert (report.passed, report.failed) == (32, 0)
    assert not [case for case in report.cases if case.detail]


def test_the_invalid_file_without_any_beside_it_finds_its_bases_in_itself(vectors: Path, tmp_path: Path) -> None:
    shutil.copy(vectors / INVALID, tmp_path)
    (report,) = run([tmp_path])
    assert (report.passed, report.failed) == (32, 0)
    assert not [case for case in report.cases if case.detail]


def test_without_any_base_what_was_not_checked_is_told(vectors: Path) -> None:
    refused = [record for record in load(vectors, INVALID) if record["Expected"] == "reject"]
    results = list(run_document(refused))
    assert {result.outcome for result in results} == {Outcome.PASSED}
    told = {result.name.rsplit("/", 1)[1] for result in results if result.detail}
    assert {"A1", "B2", "C1", "F1b", "F2b", "F4", "H3"} <= told
    assert told.isdisjoint({"E1", "E1b", "E2", "E3"})  # these have a statement of their own


def test_without_any_base_the_stage_of_the_refusal_still_counts(vectors: Path) -> None:
    refused = find(load(vectors, INVALID), "/batchable/H1")
    assert check(refused, []).outcome is Outcome.PASSED
    malformed = check({**refused, "NargString": refused["NargString"] + "00"}, [])
    assert malformed.outcome is Outcome.FAILED
    assert "refusal" in malformed.detail


def test_a_record_without_base_id_finds_it_by_its_own(vectors: Path) -> None:
    valid, record = load(vectors, VALID), find(load(vectors, INVALID), "/batchable/A1")
    del record["BaseId"]
    assert check(record, valid).outcome is Outcome.PASSED
    assert check({**record, "NargString": record["NargString"][:-1] + "0"}, valid).outcome is Outcome.FAILED


def test_a_known_change_under_another_name_is_checked_by_its_comment(vectors: Path) -> None:
    valid, record = load(vectors, VALID), find(load(vectors, INVALID), "/batchable/B1")
    renamed = {**record, "Id": record["BaseId"] + "/B7"}
    result = check(renamed, valid)
    assert (result.outcome, "B7" in result.detail) == (Outcome.PASSED, True)
    assert check({**renamed, "NargString": "b" + record["NargString"][1:]}, valid).outcome is Outcome.FAILED


def test_a_comment_that_tells_another_change_fails(vectors: Path) -> None:
    valid, invalid = load(vectors, VALID), load(vectors, INVALID)
    record = find(invalid, "/batchable/H1") | {"Comment": find(invalid, "/batchable/H2")["Comment"]}
    assert check(record, valid).outcome is Outcome.FAILED


def test_an_unknown_change_is_refused_and_near_its_base(vectors: Path) -> None:
    valid = load(vectors, VALID)
    base, other = find(valid, "/dleq/batchable"), find(valid, "/dleq_derived_element/batchable")
    near = check(negative(base, "Z1", NargString=base["NargString"][:-4] + "0000"), valid)
    assert (near.outcome, "no known kind" in near.detail) == (Outcome.PASSED, True)
    assert check(negative(base, "Z2", NargString=other["NargString"]), valid).outcome is Outcome.FAILED
    assert check(negative(base, "Z3"), valid).outcome is Outcome.FAILED  # nothing is changed, so it is accepted
    own = check(negative(base, "Z4", Tag=other["Tag"], Instance=other["Instance"]), valid)
    assert (own.outcome, "refusal alone" in own.detail or "only the refusal" in own.detail) == (Outcome.PASSED, True)


def test_a_base_that_is_no_accepted_record_is_none(vectors: Path) -> None:
    valid, record = load(vectors, VALID), find(load(vectors, INVALID), "/batchable/H1")
    base = find(valid, "/discrete_logarithm/batchable")
    false = base | {"NargString": record["NargString"]}
    result = check(record, [false])
    assert (result.outcome, "base is not here" in result.detail) == (Outcome.PASSED, True)


def test_another_suite_is_unknown_and_ends_nothing(vectors: Path) -> None:
    records = [
        {
            key: value.replace("bls12381", "p256").replace("BLS12381", "P256") if isinstance(value, str) else value
            for key, value in record.items()
        }
        for record in [*load(vectors, VALID), *load(vectors, INVALID)]
    ]
    results = list(run_document([*records, *load(vectors, INVALID)], load(vectors, VALID)))
    assert {result.outcome for result in results[: len(records)]} == {Outcome.UNKNOWN}
    assert {result.outcome for result in results[len(records) :]} == {Outcome.PASSED}


def test_codec_records_that_were_cut_from_nothing_here_say_so(vectors: Path) -> None:
    refused = [record for record in load(vectors, CODEC) if record.get("Expected") == "reject"]
    results = {result.name.rsplit("/", 1)[1]: result for result in run_document(refused)}
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}
    told = {name for name, result in results.items() if result.detail}
    assert told == {"deserialize_uint_reject_short", "deserialize_varlen_reject_truncated"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("deserialize_uint_reject_modulus", {"Input": "44" + "ff" * 31}),  # refused as well, and not the modulus
        ("deserialize_varlen_reject_truncated", {"Input": "0500000070726f"}),  # two octets short
        ("deserialize_varlen_reject_overflow", {"Input": "fffffffedeadbeef"}),
        ("deserialize_field_reject_second_coordinate", {"Input": "ff" * 64}),  # the first is bad, too
        (
            "sumcheck_reject_round_identity",
            {"Narg": "5556000055560000b8eefc2728ccf677b7aabd44c1001d074205d5576c3d307d"},
        ),
        ("serialize_uint", {"Modulus": "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff53"}),
        ("serialize_uint", {"Value": "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff43"}),
    ],
)
def test_a_codec_record_that_is_not_what_it_claims_to_be(vectors: Path, name: str, changes: Record) -> None:
    document = load(vectors, CODEC)
    assert check(find(document, f"/{name}") | changes, document).outcome is Outcome.FAILED


def test_a_codec_change_of_no_known_kind_is_told(vectors: Path) -> None:
    document = load(vectors, CODEC)
    record = find(document, "/deserialize_uint_reject_short") | {"Id": "fiat-shamir/codec/x", "Name": "x", "Input": ""}
    result = check(record, document)
    assert (result.outcome, "no known kind" in result.detail) == (Outcome.PASSED, True)


@pytest.mark.parametrize("suffix", ["A1", "E1", "E1b", "E2", "F2b", "H1"])
def test_an_instance_that_names_billions_of_scalars_costs_nothing(vectors: Path, suffix: str) -> None:
    """Scalars are counted by their greatest index: a record must not make the run count to four billion."""
    valid = load(vectors, VALID)
    record = find(load(vectors, INVALID), f"/batchable/{suffix}")
    instance = record["Instance"]
    at = 2 * (4 + 4 + 36 * int(instance[8:10], 16) + 4)  # where the first term names its scalar
    assert check({**record, "Instance": instance[:at] + "000000ff" + instance[at + 8 :]}, valid).outcome is (
        Outcome.FAILED
    )


def test_a_record_that_asks_for_too_much_costs_nothing(vectors: Path) -> None:
    document = load(vectors, "fiat-shamir/fiatShamirShake128Vectors.json")
    squeeze = find(document, "/init_squeeze") | {"Operations": [{"type": "squeeze", "length": 1 << 40}]}
    sumcheck = find(document, "/sumcheck") | {"NumVariables": 1 << 40}
    assert Outcome.PASSED not in {check(squeeze, []).outcome, check(sumcheck, []).outcome}
