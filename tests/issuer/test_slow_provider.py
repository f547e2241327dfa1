"""A provider that takes for ever is given up after the time limit, and leaves nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import copy_issuer, make_issuer
from tests.support.moving_clock import MovingClock


@pytest.mark.attack("32")
@pytest.mark.parametrize("path", ["/token", "/userinfo"])
def test_a_slow_provider(issuer_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("LICENCE_ISSUER_PROVIDER_TIMEOUT_SECONDS", "0.2")
    copy_issuer(issuer_template, tmp_path / "issuer")
    issuer = make_issuer(tmp_path / "issuer", MovingClock())
    with issuer.http:
        one = Applicant(issuer.http, issuer.world.trust)
        one.apply()
        there = one.to_provider()
        issuer.provider.faults.slow.add(path)
        began = time.monotonic()
        answer = one.come_back(issuer.provider.authorize(there.headers["location"], ADA))
        assert time.monotonic() - began < 5
        assert answer.status_code == 503
        assert "<code>provider-unavailable</code>" in answer.text
        assert one.status()["identity"] == "unverified"
