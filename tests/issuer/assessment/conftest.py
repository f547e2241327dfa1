from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.issuer.assessment.exam_world import Setting, make_setting


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    """A fresh deployment with the starter bank."""
    made = make_setting(tmp_path)
    yield made
    made.world.database.dispose()
