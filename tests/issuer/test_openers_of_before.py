"""After a change of the escrow key: a licence of before is opened by its sign-in's openers, in the second round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits import Rejected, archive_point, deal_escrow, holder_point
from circuits.records import default_policy
from console import opening
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import b64, unb64
from tests.support.issuer_world import IssuerUnderTest


@pytest.mark.requirement("R60")
def test_evidence_of_before_takes_the_openers_of_then(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, pending = one.request()
    answer = one.send(request).json()
    credential, _ = one.receive(pending, answer)
    old, share = one.trust, int.from_bytes(unb64(answer["signer_share"]), "big")
    point = archive_point(old.issuer, holder_point(old.issuer, one.registration.point, share), credential.handle)
    escrow = deal_escrow("escrow-2", 2, 3, issuer.clock(), issuer.clock() + 10**8).record
    new = replace(old, escrow=escrow, policies=(default_policy(old.issuer, escrow, ("GB",)),))
    body = {"point": b64(point), "case_id": "case"}
    answered = issuer.http.post("/admin/openings/evidence", json=body, headers=issuer.admin).json()
    row = opening.row_of(answered)
    opening.check_row(new, row, point)
    shares = [opening.read_share(issuer.folder / "shares" / f"opener-{number}.share") for number in (1, 3)]
    with pytest.raises(Rejected, match="bad-seal"):
        opening.sealed_share(new, shares[0], row, "case")
    evidence = opening.unseal(old, row, [opening.sealed_share(old, one, row, "case") for one in shares], "case")
    assert evidence.claims["name"] == ADA.name
