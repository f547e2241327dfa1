"""A header that names another path than the request's does not go on: some services route by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.verifier.sim_gateway import Gateway


@pytest.mark.attack("10")
@pytest.mark.requirement("R02")
def test_no_header_leads_elsewhere(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    names = ["x-original-url", "X_Rewrite-Url", "x-original-uri", "X-Forwarded-URI"]
    names += ["SCRIPT_NAME", "Script-Name", "X.Script.Name", "PATH_INFO", "path-info"]  # as CGI's own are called
    names += ["X-Vhm-Root"]  # Pyramid puts it before the path
    names += ["Daphne-Root-Path"]  # Daphne takes it for the application's root, which is dropped from the path

    async def story() -> None:
        headers = dict.fromkeys(names, "/v1/autonomous/plan") | {"x-forwarded-for": "192.0.2.1"}
        answer = await gateway.client.get("/v1/public/a", headers=headers)
        seen = answer.json()["headers"]
        assert "x-forwarded-for" in seen
        assert {name.lower() for name in names}.isdisjoint(seen)

    asyncio.run(story())
