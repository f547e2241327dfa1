"""The endpoint from which openers fetch archive evidence."""

from __future__ import annotations

from fastapi import APIRouter

from issuer.openings.schemas import EvidenceIn, EvidenceOut, SealedOut
from issuer.openings.service import Openings
from issuer.web.admin import Admin
from issuer.world import WorldDep

router = APIRouter(tags=["openings"])


@router.post("/admin/openings/evidence")
def evidence(body: EvidenceIn, world: WorldDep, _: Admin) -> EvidenceOut:
    """The archive row for M; logged before it is told."""
    row = Openings(world).evidence(body.point, body.case_id)
    issue, sealed = row.issue, row.evidence
    return EvidenceOut(
        opening=row.opening_id,
        licence=row.licence_id,
        handle=row.handle,
        registration=issue.registration,
        signer_share=issue.signer_share,
        commitment=issue.commitment,
        proof=issue.proof,
        nonce=issue.nonce,
        session=issue.session,
        issued_at=issue.intended_at,
        evidence=None
        if sealed is None
        else SealedOut(
            id=sealed.evidence_id, encapsulation=sealed.encapsulation, nonce=sealed.nonce, ciphertext=sealed.ciphertext
        ),
    )
