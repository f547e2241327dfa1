"""Fixtures around a gateway; the simulators themselves are in sim_issuer.py and sim_gateway.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verifier.sim_gateway import Gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """A gateway that knows one epoch, on an empty folder."""
    return Gateway(tmp_path)
