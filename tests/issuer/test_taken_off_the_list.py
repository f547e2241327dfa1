"""What an insurer or a provider has signed counts no more once it is taken off its trust list."""

from __future__ import annotations

import json

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest, make_issuer


@pytest.mark.parametrize(("listed", "missing"), [("insurers", "cover"), ("identity_providers", "identity")])
def test_no_licence_on_the_word_of_a_stranger(
    issuer: IssuerUnderTest, ready: ReadyApplicant, listed: str, missing: str
) -> None:
    one = ready()
    file = issuer.folder / "data" / "issuer.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {listed: []}))
    later = make_issuer(issuer.folder, issuer.clock)
    with later.http:
        one.http = later.http
        assert one.status()["missing"] == [missing]
        assert one.send(one.request()[0]).status_code == 409
