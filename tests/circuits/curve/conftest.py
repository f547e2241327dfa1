"""The two backends, each of which must obey every law in this folder."""

from __future__ import annotations

import pytest

from circuits import curve as curves
from circuits.curve import Curve


@pytest.fixture(params=["arkworks", "reference"])
def curve(request: pytest.FixtureRequest) -> Curve:
    """One backend after the other."""
    return curves.load(request.param)
