"""The issuer keeps no readable identity, and writes no secret into its log or its answers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

CAROL = SimPerson("carol-subject-77", "Carola Unmistakable", "1971-02-03", (("passport", "GBR", "ZZ9876543"),))


@pytest.mark.requirement("R75")
@pytest.mark.requirement("R12")
def test_no_file_of_the_issuer_names_a_person(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready(CAROL)
    assert one.send(one.request()[0]).status_code == 201
    texts = [CAROL.sub, str(CAROL.name), "Unmistakable", "UNMISTAKABLE", str(CAROL.birthdate), "ZZ9876543", one.token]
    texts += list(one.cookies.values())
    for path in Path(issuer.settings.data_dir).rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            assert not [text for text in texts if text.encode() in octets], path.name


def test_the_log_tells_codes_and_no_secrets(
    issuer: IssuerUnderTest, ready: ReadyApplicant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one = ready(CAROL)
    request, _ = one.request()
    answer = one.send(request)
    one.send(request, tier=2)
    text = caplog.text
    assert "refused already-issued" in text
    secrets = [one.token, one.id, *one.cookies.values(), CAROL.sub, str(CAROL.name), "ZZ9876543"]
    secrets += [answer.json()["signature"], answer.json()["attributes"][0], issuer.admin["Authorization"][7:]]
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("issuer"))
    assert ours
    assert not [secret for secret in secrets if secret in ours]


def test_an_unexpected_error_tells_nothing(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    (issuer.settings.public_dir / "trust.cbor").unlink()
    issuer.world.__dict__.pop("trust", None)
    answer = Applicant(issuer.http, applicant.trust).apply()
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "trust.cbor" not in answer.text


def test_what_was_sent_is_not_repeated(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    applicant.sign_in(issuer.provider, ADA)
    answer = applicant.call("POST", "/terms", json={"hash": "my secret"})
    assert answer.status_code == 400
    assert answer.json()["members"] == ["body.hash"]
    assert "secret" not in answer.text
    assert ADA.sub not in answer.text
