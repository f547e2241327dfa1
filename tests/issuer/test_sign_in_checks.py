"""Every check of the relying party: what a wrong answer of the identity provider leads to, and that nothing is left of
it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from circuits import registration_nonce
from issuer.kyc.models import Evidence, Person, Receipt, SignIn, StrongTag
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

pytestmark = [pytest.mark.attack("32"), pytest.mark.requirement("R11")]


def _stored(issuer: IssuerUnderTest) -> dict[str, int]:
    with issuer.world.database.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Person, Receipt, StrongTag, Evidence, SignIn)
        }


def _assert_refused(issuer: IssuerUnderTest, one: Applicant, answer: Any, code: str) -> None:
    assert answer.status_code in (400, 403, 503)
    assert f"<code>{code}</code>" in answer.text
    assert set(_stored(issuer).values()) == {0}
    assert one.status()["identity"] == "unverified"
    assert "application" not in one.cookies


def test_the_sign_in_carries_the_registration(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    page = applicant.browse("GET", applicant.sign_in_path)
    assert f"{applicant.code[:3]} {applicant.code[3:]}" in page.text
    there = applicant.to_provider()
    nonce = registration_nonce(applicant.registration.point, applicant.registration.salt)
    assert applicant.nonce_sent(there.headers["location"]) == nonce
    back = applicant.come_back(issuer.provider.authorize(there.headers["location"], ADA))
    assert back.status_code == 303
    assert back.headers["location"] == "/apply"
    assert "HttpOnly" in back.headers["set-cookie"]
    assert applicant.browse("GET", "/apply").status_code == 200
    assert applicant.status()["identity"] == "verified"


ID_TOKEN_CHANGES = {
    "id-token-iss": {"iss": "https://evil.example"},
    "id-token-aud": {"aud": "somebody-else"},
    "id-token-azp": {"azp": "somebody-else"},
    "id-token-exp": {"exp": 1},
    "id-token-iat": {"iat": 1},
    "id-token-nonce": {"nonce": "another"},
    "id-token-at-hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "userinfo-sub": {"sub": "mallory"},
}


@pytest.mark.parametrize(("code", "change"), ID_TOKEN_CHANGES.items())
def test_a_wrong_claim(issuer: IssuerUnderTest, applicant: Applicant, code: str, change: dict[str, Any]) -> None:
    issuer.provider.faults.id_token_claims = change
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), code)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_a_missing_claim(issuer: IssuerUnderTest, applicant: Applicant, name: str) -> None:
    issuer.provider.faults.id_token_claims = {name: None}
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), f"id-token-{name}")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "id-token-iat"),
        ({"exp": float("nan")}, "id-token-exp"),
        ({"exp": "4000000000"}, "id-token-exp"),
        ({"aud": ["licence-issuer", "another"]}, "id-token-azp"),
        ({"aud": {"licence-issuer": 1}}, "id-token-aud"),
        ({"nonce": ["x", "y"]}, "id-token-nonce"),
    ],
)
def test_an_odd_claim(issuer: IssuerUnderTest, applicant: Applicant, change: dict[str, Any], code: str) -> None:
    issuer.provider.faults.id_token_claims = change
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), code)


def test_several_audiences_with_us_as_authorised_party_are_fine(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.provider.faults.id_token_claims = {"aud": ["licence-issuer", "another"], "azp": "licence-issuer"}
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303


@pytest.mark.attack("33")
@pytest.mark.parametrize("level", ["P0", "P1", "Cl.Cm", "P22", "", None, ["P2"], 2])
def test_assurance_too_low(issuer: IssuerUnderTest, applicant: Applicant, level: Any) -> None:
    issuer.provider.faults.id_token_claims = {"vot": level}
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "assurance-too-low")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_algorithm_that_is_not_on_the_list(issuer: IssuerUnderTest, applicant: Applicant, algorithm: str) -> None:
    issuer.provider.faults.algorithm = algorithm
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "id-token-alg")


def test_a_signature_by_another_key_of_the_same_name(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.provider.faults.sign_with_stranger_key = True
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "id-token-signature")


def test_a_damaged_signature(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.provider.faults.tamper_signature = True
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "id-token-signature")


def test_a_key_that_is_not_published(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.provider.rotate(publish=False)
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "id-token-signature")


def test_keys_rotated_in_mid_flow(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    there = applicant.to_provider()
    issuer.clock.move(30)
    issuer.provider.rotate()
    back = applicant.come_back(issuer.provider.authorize(there.headers["location"], ADA))
    assert back.status_code == 303
    assert issuer.provider.requests.count("/jwks") == 2


def test_unknown_keys_do_not_make_us_hammer_the_provider(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.provider.rotate(publish=False)
    for _ in range(4):
        applicant.sign_in(issuer.provider, ADA)
    assert issuer.provider.requests.count("/jwks") <= 2


def test_another_providers_iss_parameter(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    answer = applicant.sign_in(issuer.provider, ADA, iss="https://other.example")
    _assert_refused(issuer, applicant, answer, "sign-in-iss")
    assert "/token" not in issuer.provider.requests


def test_no_iss_parameter(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA, iss=None), "sign-in-iss")


def test_an_invented_state(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    answer = applicant.come_back({"state": "x" * 43, "code": "c", "iss": issuer.provider.issuer})
    _assert_refused(issuer, applicant, answer, "sign-in-state")


def test_no_state(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    answer = applicant.come_back({"code": "c", "iss": issuer.provider.issuer})
    _assert_refused(issuer, applicant, answer, "sign-in-state")


def test_parameters_given_twice(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    answer = applicant.browse("GET", "/sign-in/callback?state=a&state=b&code=c")
    _assert_refused(issuer, applicant, answer, "sign-in-response")


def test_state_and_code_work_once(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    parameters = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    assert applicant.come_back(parameters).status_code == 303
    again = applicant.come_back(parameters)
    assert "<code>sign-in-state</code>" in again.text
    assert issuer.provider.requests.count("/token") == 1


def test_a_replayed_code_under_a_fresh_state(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    first = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    second = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    answer = applicant.come_back(second | {"code": first["code"]})
    assert "<code>sign-in-code</code>" in answer.text
    assert applicant.status()["identity"] == "unverified"


def test_two_sign_ins_mixed_up(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    """Mallory's answer in Ada's browser, and Mallory's code under Ada's state: both are refused."""
    mallory = Applicant(issuer.http, issuer.world.trust)
    mallory.apply()
    ours = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    theirs = issuer.provider.authorize(mallory.to_provider().headers["location"], SimPerson("mallory"))
    assert "<code>sign-in-state</code>" in applicant.come_back(theirs).text
    assert "<code>sign-in-code</code>" in applicant.come_back(ours | {"code": theirs["code"]}).text
    assert _stored(issuer)["persons"] == 0


def test_a_callback_in_another_browser(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    parameters = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    applicant.cookies.clear()
    _assert_refused(issuer, applicant, applicant.come_back(parameters), "sign-in-state")


def test_a_round_trip_that_took_too_long(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    parameters = issuer.provider.authorize(applicant.to_provider().headers["location"], ADA)
    issuer.clock.move(issuer.settings.sign_in_round_trip_seconds)
    _assert_refused(issuer, applicant, applicant.come_back(parameters), "sign-in-state")


def test_a_sign_in_link_that_is_over(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    issuer.clock.move(issuer.settings.sign_in_seconds)
    assert "<code>unknown-sign-in</code>" in applicant.browse("GET", applicant.sign_in_path).text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "access-denied"),
        ("temporarily_unavailable", "provider-unavailable"),
        ("server_error", "provider-unavailable"),
        ("invalid_scope", "sign-in-refused"),
    ],
)
def test_an_error_from_the_provider(issuer: IssuerUnderTest, applicant: Applicant, error: str, code: str) -> None:
    answer = applicant.sign_in(issuer.provider, ADA, code=None, error=error)
    _assert_refused(issuer, applicant, answer, code)


def test_no_code(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA, code=None), "sign-in-response")


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("fault", ["down", "500", "rubbish", "huge", "nested"])
def test_a_provider_that_fails_half_way_leaves_nothing(
    issuer: IssuerUnderTest, applicant: Applicant, path: str, fault: str
) -> None:
    there = applicant.to_provider()
    faults = issuer.provider.faults
    match fault:
        case "down":
            faults.down.add(path)
        case "500":
            faults.status[path] = 500
        case "rubbish":
            faults.raw[path] = b"<html>"
        case "huge":
            faults.raw[path] = b'"' + b"x" * 600_000 + b'"'
        case _:
            faults.raw[path] = b"[" * 100_000
    answer = applicant.come_back(issuer.provider.authorize(there.headers["location"], ADA))
    code = "provider-unavailable" if fault in ("down", "500") else "provider-answer"
    _assert_refused(issuer, applicant, answer, code)
    assert answer.status_code == 503
    faults.down.clear()
    faults.status.clear()
    faults.raw.clear()
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks"])
def test_a_provider_that_is_down_at_the_start(issuer: IssuerUnderTest, applicant: Applicant, path: str) -> None:
    issuer.provider.faults.down.add(path)
    _assert_refused(issuer, applicant, applicant.to_provider(), "provider-unavailable")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint": "http://identity.example/token"},
        {"jwks_uri": None},
    ],
)
def test_a_discovery_document_that_cannot_be_used(
    issuer: IssuerUnderTest, applicant: Applicant, metadata: dict[str, Any]
) -> None:
    issuer.provider.faults.metadata = metadata
    _assert_refused(issuer, applicant, applicant.to_provider(), "provider-answer")


@pytest.mark.parametrize(
    "change", [{"name": None}, {"birthdate": None}, {"name": "  "}, {"name": "-"}, {"birthdate": "soon"}]
)
def test_a_missing_name_or_birth_date(issuer: IssuerUnderTest, applicant: Applicant, change: dict[str, Any]) -> None:
    issuer.provider.faults.userinfo_claims = change
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "claims-missing")


@pytest.mark.parametrize(
    "documents",
    [
        [{"type": "passport", "issuer": "GBR"}],
        [{"type": "passport", "issuer": "GBR", "number": ""}],
        [{"type": "passport", "issuer": "GBR", "number": "<<<"}],
        [{"type": "passport", "issuer": "GBR", "number": str(n)} for n in range(17)],
        "passport",
    ],
)
def test_documents_that_cannot_be_read(issuer: IssuerUnderTest, applicant: Applicant, documents: Any) -> None:
    issuer.provider.faults.userinfo_claims = {"documents": documents}
    _assert_refused(issuer, applicant, applicant.sign_in(issuer.provider, ADA), "claims-missing")


def test_the_redirect_uri_and_the_verifier_are_those_of_the_request(
    issuer: IssuerUnderTest, applicant: Applicant
) -> None:
    """The provider checks both; here it is seen that we send them, and that a wrong verifier gets no token."""
    applicant.sign_in(issuer.provider, ADA)
    sent = issuer.provider.bodies[-1]
    assert sent["redirect_uri"] == ["http://issuer.test/sign-in/callback"]
    assert len(sent["code_verifier"][0]) >= 43
    assert sent["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert "client_secret" not in sent


def test_the_page_with_the_code_cannot_be_skipped(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    form = {"csrf": "0" * 64, "provider": "identity", "number": "0000"}
    without_cookie = applicant.browse("POST", applicant.sign_in_path, data=form)
    assert without_cookie.status_code == 403
    applicant.browse("GET", applicant.sign_in_path)
    assert applicant.browse("POST", applicant.sign_in_path, data=form).status_code == 403
    assert issuer.provider.requests == []


def test_the_page_with_the_code_has_to_be_read(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    """Another site has its visitor click or type fast, and leads on to a stranger's page between two clicks or keys."""
    page = applicant.browse("GET", applicant.sign_in_path).text
    csrf, number = re.findall(r'name="csrf" value="([^"]*)"|type (\d{4}) here', page)
    form = {"csrf": csrf[0], "provider": "identity"}
    for typed in ("", applicant.code, "0000" if number[1] != "0000" else "0001"):
        assert applicant.browse("POST", applicant.sign_in_path, data=form | {"number": typed}).status_code in (400, 403)
    assert issuer.provider.requests == []
    assert applicant.browse("POST", applicant.sign_in_path, data=form | {"number": f" {number[1]} "}).status_code == 303
    mallory = Applicant(issuer.http, issuer.world.trust)  # sees another number on the same page
    mallory.sign_in_path = applicant.sign_in_path
    assert f"type {number[1]} here" not in mallory.browse("GET", applicant.sign_in_path).text


def test_an_unknown_provider(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.to_provider("nobody").status_code == 404


def test_somebody_else_cannot_take_over_an_application(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    mallory = SimPerson("mallory", name="Mallory", documents=(("passport", "GBR", "999"),))
    assert "<code>other-person</code>" in applicant.sign_in(issuer.provider, mallory).text
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
