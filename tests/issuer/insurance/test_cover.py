from __future__ import annotations

import asyncio
import base64
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from issuer.app import create_app
from issuer.errors import Refused
from issuer.insurance.claims import Attestation
from issuer.insurance.service import Cover, Insurance
from issuer.permits.service import Permits
from issuer.settings import TrustedInsurer
from issuer.signed import read_signed
from tests.issuer.assessment.exam_world import DAY, NOON, Revocations, Setting, Signer

TODAY = NOON // DAY


@pytest.fixture
def revocations() -> Revocations:
    return Revocations()


@pytest.fixture
def insurance(setting: Setting, revocations: Revocations) -> Insurance:
    return Insurance(setting.world, revocations)


@pytest.fixture
def permit(setting: Setting) -> str:
    return Permits(setting.world).apply_sole(setting.person("p")).id


def _claims(permit: str, /, **changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": "insurer.example",
        "permit": permit,
        "class": "autonomous",
        "limit_band": 4,
        "from_day": TODAY,
        "until_day": TODAY + 100,
        "iat": NOON,
        "jti": "cover-1",
    }
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def _cancellation(setting: Setting, from_day: int, cover: str = "cover-1", **changes: object) -> str:
    claims = {"iss": "insurer.example", "cover": cover, "from_day": from_day, "iat": NOON, "jti": "x-1"} | changes
    return setting.insurer.sign(claims, "cover-cancellation+jwt")


def _code(call: object, *arguments: object) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.requirement("R44")
def test_cover_is_in_force_from_its_first_to_its_last_day(setting: Setting, insurance: Insurance, permit: str) -> None:
    taken = insurance.register("p", setting.insurer.sign(_claims(permit, from_day=TODAY + 2)))
    assert (taken.band, taken.cover_id, taken.until_day) == (4, "cover-1", TODAY + 100)
    days = {day: insurance.current(permit, TODAY + day) for day in (1, 2, 100, 101)}
    assert days == {1: None, 2: Cover(4, TODAY + 100), 100: Cover(4, TODAY + 100), 101: None}
    assert insurance.insurers_of(permit, TODAY + 50) == ("insurer.example",)
    assert insurance.insurers_of(permit, TODAY + 101) == ()
    assert insurance.current("P-other", TODAY + 5) is None


@pytest.mark.requirement("R44")
def test_the_best_cover_counts(setting: Setting, insurance: Insurance, permit: str) -> None:
    for jti, band, until in (("a", 2, 300), ("b", 7, 50), ("c", 7, 60)):
        insurance.register(
            "p", setting.insurer.sign(_claims(permit, jti=jti, limit_band=band, until_day=TODAY + until))
        )
    assert insurance.current(permit, TODAY) == Cover(7, TODAY + 60)
    assert insurance.current(permit, TODAY + 61) == Cover(2, TODAY + 300)


def test_the_same_attestation_again_changes_nothing(setting: Setting, insurance: Insurance, permit: str) -> None:
    signed = setting.insurer.sign(_claims(permit))
    assert insurance.register("p", signed) == insurance.register("p", signed)
    resigned = setting.insurer.sign(_claims(permit))
    assert insurance.register("p", resigned).cover_id == "cover-1"
    assert _code(insurance.register, "p", setting.insurer.sign(_claims(permit, limit_band=9))) == "cover-id-reused"


@pytest.mark.requirement("R44")
def test_wrong_attestations_are_refused_with_stable_codes(setting: Setting, insurance: Insurance, permit: str) -> None:
    sign = setting.insurer.sign
    cases = {
        Signer("insurer.example").sign(_claims(permit)): "bad-signature",
        Signer.ed25519("insurer.example").sign(_claims(permit)): "bad-signature",
        Signer("stranger.example").sign(_claims(permit, iss="stranger.example")): "unknown-signer",
        sign(_claims("P-other")): "other-permit",
        sign(_claims(permit, **{"class": "premises"})): "other-class",
        sign(_claims(permit, from_day=TODAY - 9, until_day=TODAY - 1)): "cover-expired",
        sign(_claims(permit, from_day=TODAY + 9, until_day=TODAY + 8)): "claims-malformed",
        sign(_claims(permit, iat=NOON + 61)): "claims-malformed",
        sign(_claims(permit), "cover-cancellation+jwt"): "wrong-type",
        _cancellation(setting, TODAY): "wrong-type",
        "": "statement-malformed",
        "a.b": "statement-malformed",
        "a.b.c.d.e": "statement-malformed",
        "x" * 4097: "statement-too-large",
    }
    for attestation, code in cases.items():
        assert _code(insurance.register, "p", attestation) == code
    assert insurance.current(permit, TODAY) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"limit_band": -1}, {"limit_band": 4096}, {"limit_band": True}, {"limit_band": "4"}, {"limit_band": 4.0},
        {"from_day": -1}, {"until_day": 65_536}, {"class": "Tier 3"}, {"class": ...}, {"permit": ...}, {"permit": 5},
        {"iat": ...}, {"jti": ""}, {"jti": ...}, {"exp": NOON}, {"crit": 1}, {"limit_band": None},
    ],
)  # fmt: skip
def test_claims_are_strict(setting: Setting, insurance: Insurance, permit: str, changes: dict[str, object]) -> None:
    assert _code(insurance.register, "p", setting.insurer.sign(_claims(permit, **changes))) == "claims-malformed"


def _text(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.attack("19")
def test_algorithm_tricks_are_refused(setting: Setting, insurance: Insurance, permit: str) -> None:
    claims = _claims(permit)
    public = setting.insurer.key.as_dict(private=False)
    unsigned = f"{_text({'alg': 'none'})}.{_text(claims)}."
    secret = OctKey.import_key(json.dumps(public).encode())
    hmac_signed = Signer("insurer.example", "HS256", secret).sign(claims)
    rsa = Signer("insurer.example", "RS256", RSAKey.generate_key(2048, {"kid": "k1"}, auto_kid=False)).sign(claims)
    p384 = Signer("insurer.example", "ES384", ECKey.generate_key("P-384", {"kid": "k1"}, auto_kid=False)).sign(claims)
    for attestation in (
        unsigned,
        hmac_signed,
        rsa,
        p384,
        unsigned.replace(_text({"alg": "none"}), _text({"kid": "k1"})),
    ):
        assert _code(insurance.register, "p", attestation) in {"bad-algorithm", "statement-malformed"}
    embedded = Signer("insurer.example")
    own_key = embedded.sign(claims, None, jwk=embedded.key.as_dict(private=False))
    assert _code(insurance.register, "p", own_key) == "bad-signature"
    assert _code(insurance.register, "p", setting.insurer.sign(claims, None, kid="k2")) == "bad-signature"


def test_the_algorithms_on_the_list_are_accepted(setting: Setting) -> None:
    for algorithm in ("EdDSA", "Ed25519"):
        signer = Signer.ed25519("i")
        signer.algorithm = algorithm
        party = TrustedInsurer(issuer="i", jwks=signer.jwks)
        read = read_signed(signer.sign(_claims("P-1", iss="i")), (party,), Attestation, (None,))
        assert read.permit == "P-1"


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda octets: octets.decode("latin-1")))
def test_no_text_breaks_the_reader(text: str) -> None:
    party = TrustedInsurer(issuer="i", jwks=Signer("i").jwks)
    with pytest.raises(Refused):
        read_signed(text, (party,), Attestation, (None,))


@given(st.integers(0, 2000), st.integers(0, 63))
def test_no_changed_character_is_accepted(place: int, letter: int) -> None:
    signed = SIGNER.sign(_claims("P-1", iss="i"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place %= len(signed)
    changed = signed[:place] + alphabet[letter] + signed[place + 1 :]
    party = TrustedInsurer(issuer="i", jwks=SIGNER.jwks)
    if changed == signed:
        return
    with pytest.raises(Refused):
        read_signed(changed, (party,), Attestation, (None,))


SIGNER = Signer("i")


def test_cover_needs_a_permit_in_force(setting: Setting, insurance: Insurance) -> None:
    person = setting.person("p")
    assert _code(insurance.register, person, setting.insurer.sign(_claims("P-1"))) == "no-permit"


@pytest.mark.requirement("R44")
def test_a_cancellation_ends_cover_and_its_licences_at_once(
    setting: Setting, insurance: Insurance, revocations: Revocations, permit: str
) -> None:
    signed = setting.insurer.sign(_claims(permit))
    insurance.register("p", signed)
    done = insurance.cancel(_cancellation(setting, TODAY))
    assert (done.permit_id, done.from_day) == (permit, TODAY)
    assert insurance.current(permit, TODAY) is None
    assert revocations.uncovered == [(permit, [])]
    insurance.cancel(_cancellation(setting, TODAY))
    assert revocations.uncovered == [(permit, [])]
    assert _code(insurance.register, "p", signed) == "cover-cancelled"


@pytest.mark.requirement("R44")
def test_a_cancellation_for_a_later_day_acts_on_that_day(
    setting: Setting, insurance: Insurance, revocations: Revocations, permit: str
) -> None:
    insurance.register("p", setting.insurer.sign(_claims(permit)))
    insurance.cancel(_cancellation(setting, TODAY + 10))
    assert insurance.current(permit, TODAY + 9) == Cover(4, TODAY + 9)
    assert insurance.current(permit, TODAY + 10) is None
    assert revocations.uncovered == []
    setting.clock.seconds += 10 * DAY
    assert insurance.end_lapsed() == 1
    assert insurance.end_lapsed() == 0
    assert revocations.uncovered == [(permit, [])]


def test_the_earliest_cancellation_stands(setting: Setting, insurance: Insurance, permit: str) -> None:
    insurance.register("p", setting.insurer.sign(_claims(permit)))
    assert insurance.cancel(_cancellation(setting, TODAY + 10)).from_day == TODAY + 10
    assert insurance.cancel(_cancellation(setting, TODAY + 20)).from_day == TODAY + 10
    assert insurance.cancel(_cancellation(setting, TODAY + 5)).from_day == TODAY + 5
    assert insurance.current(permit, TODAY + 5) is None


def test_a_cancellation_that_comes_before_its_cover_waits_for_it(
    setting: Setting, insurance: Insurance, permit: str
) -> None:
    assert insurance.cancel(_cancellation(setting, TODAY)).permit_id is None
    assert _code(insurance.register, "p", setting.insurer.sign(_claims(permit))) == "cover-cancelled"


def test_what_other_cover_bears_out_is_told(
    setting: Setting, insurance: Insurance, revocations: Revocations, permit: str
) -> None:
    insurance.register("p", setting.insurer.sign(_claims(permit)))
    insurance.register("p", setting.insurer.sign(_claims(permit, jti="cover-2", limit_band=5)))
    insurance.cancel(_cancellation(setting, TODAY))
    assert revocations.uncovered == [(permit, [(5, TODAY + 100)])]
    assert insurance.current(permit, TODAY) == Cover(5, TODAY + 100)


def test_only_the_insurer_itself_can_cancel(setting: Setting, insurance: Insurance, permit: str) -> None:
    insurance.register("p", setting.insurer.sign(_claims(permit)))
    claims = {"iss": "insurer.example", "cover": "cover-1", "from_day": TODAY, "iat": NOON, "jti": "x"}
    forged = Signer("insurer.example").sign(claims, "cover-cancellation+jwt")
    assert _code(insurance.cancel, forged) == "bad-signature"
    assert _code(insurance.cancel, setting.insurer.sign(claims)) == "wrong-type"
    assert (
        _code(insurance.cancel, setting.insurer.sign(_claims(permit), "cover-cancellation+jwt")) == "claims-malformed"
    )
    assert insurance.current(permit, TODAY) is not None


@pytest.mark.requirement("R44")
def test_cover_over_the_api(setting: Setting, permit: str) -> None:
    async def talk() -> None:
        transport = httpx.ASGITransport(create_app(setting.world.settings, setting.clock))
        async with httpx.AsyncClient(transport=transport, base_url="http://issuer.example") as client:
            bearer = {"Authorization": "Bearer token-p"}
            body = {"attestation": setting.insurer.sign(_claims(permit))}
            reply = await client.post("/api/applications/a-p/cover", json=body, headers=bearer)
            assert reply.json() == {"cover": "cover-1", "band": 4, "from_day": TODAY, "until_day": TODAY + 100}
            refused = await client.post("/api/applications/a-p/cover", json={"attestation": "x"}, headers=bearer)
            assert (refused.status_code, refused.json()["code"]) == (400, "statement-malformed")
            assert (await client.post("/api/applications/a-p/cover", json=body)).status_code == 401
            later = {"cancellation": _cancellation(setting, TODAY + 3)}
            reply = await client.post("/api/insurers/cancellations", json=later)
            assert reply.json() == {"cover": "cover-1", "from_day": TODAY + 3}
            forged = {
                "cancellation": Signer("insurer.example").sign({"iss": "insurer.example"}, "cover-cancellation+jwt")
            }
            assert (await client.post("/api/insurers/cancellations", json=forged)).status_code == 403

    asyncio.run(talk())
