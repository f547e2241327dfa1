from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from issuer.app import create_app
from issuer.assessment import library
from issuer.db.base import Database
from issuer.epochs.service import Epochs
from issuer.licences.models import Licence
from issuer.permits.schemas import CorporatePermitWanted, SolePermitWanted
from issuer.permits.service import Permits
from issuer.setup import initialise
from issuer.world import World
from tests.issuer.assessment.exam_world import MovableClock, Setting, Signer


def _post(setting: Setting, path: str, body: object, token: str) -> httpx.Response:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(setting.world.settings, setting.clock))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://issuer.example", headers=headers) as client:
            return await client.post(path, json=body)

    return asyncio.run(post())


@pytest.mark.requirement("R34")
@pytest.mark.requirement("R37")
def test_permits_over_the_api(setting: Setting) -> None:
    for name in ("ada", "bob", "eve"):
        setting.person(name)
    sole = _post(setting, "/api/applications/a-ada/permit", {"kind": "sole"}, "token-ada")
    assert sole.status_code == 200
    assert sole.json()["permit"].startswith("P-")
    company = {"kind": "corporate", "company": "01234567", "name": "Acme"}
    first = _post(setting, "/api/applications/a-bob/permit", company, "token-bob").json()
    assert first["kind"] == "corporate"
    assert _post(setting, "/api/applications/a-eve/permit", company, "token-eve").json()["code"] == "company-has-permit"
    invited = _post(setting, "/api/applications/a-bob/permit/invitations", {}, "token-bob")
    assert invited.status_code == 201
    joined = _post(setting, "/api/applications/a-eve/permit", company | invited.json(), "token-eve")
    assert joined.json()["permit"] == first["permit"]
    assert _post(setting, "/api/applications/a-bob/permit", company, "token-eve").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "royal"},
        {"kind": "sole", "age": 17},
        {"kind": "corporate"},
        {"kind": "corporate", "company": "01234567", "name": ""},
        [],
    ],
)
def test_malformed_applications_are_refused(setting: Setting, body: object) -> None:
    setting.person("p")
    refused = _post(setting, "/api/applications/a-p/permit", body, "token-p")
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


@pytest.mark.requirement("R15")
@pytest.mark.requirement("R16")
def test_no_field_asks_for_age_degree_employer_or_income() -> None:
    assert set(SolePermitWanted.model_fields) == {"kind"}
    assert set(CorporatePermitWanted.model_fields) == {"kind", "company", "name", "invitation"}


@pytest.mark.requirement("R83")
def test_the_authority_suspends_a_permit_and_its_licences_end_in_one_epoch(tmp_path: Path) -> None:
    clock = MovableClock()
    made = initialise(tmp_path / "data", "issuer-1", "http://issuer.example", (), tmp_path / "shares", now=clock)
    world = World(made.settings, Database(made.settings.database_file), clock)
    library.initialise(made.settings, clock())
    setting = Setting(world, clock, Signer("t"), Signer("i"))
    permit = Permits(world).apply_sole(setting.person("p"))
    for number in (1, 2):
        _add_licence(world, setting.person(f"holder-{number}"), permit.id, number)
    before = Epochs(world).latest().number
    path, token = f"/admin/permits/{permit.id}/suspend", made.admin_token_file.read_text().strip()
    assert _post(setting, path, {"reason": "inquiry"}, "token-p").status_code in (401, 403)
    assert _post(setting, path, {"reason": ""}, token).status_code == 400
    assert _post(setting, path.replace("suspend", "burn"), {"reason": "x"}, token).status_code == 400
    done = _post(setting, path, {"reason": "inquiry"}, token)
    assert done.json() == {"permit": permit.id, "state": "suspended"}
    assert Epochs(world).latest().number == before + 1
    with world.database.read() as session:
        assert {row.state for row in session.query(Licence)} == {"revoked"}
    assert Permits(world).current("p") is None
    world.database.dispose()


def _add_licence(world: World, person_id: str, permit_id: str, number: int) -> None:
    with world.database.write() as session:
        session.add(
            Licence(
                licence_id=f"L-{number}",
                person_id=person_id,
                state="live",
                handle=number.to_bytes(32, "big"),
                holder_point=b"x%d" % number,
                archive_point=b"m%d" % number,
                permit_id=permit_id,
                created_at=world.now(),
                revoked_at=None,
                reason=None,
            )
        )
