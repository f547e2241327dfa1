"""Gives openers the archive row for a point M that t of them have opened. The log line is committed before anything is
told.

What comes out is still sealed: only the openers' shares read the evidence. They check M = X_h + ls_i*J_1 + y*H_0, the
issue proof, and that the evidence covers X_h. Source: [PROTOCOL 7], R60.
"""

from __future__ import annotations

from dataclasses import dataclass

from issuer.errors import NotFound
from issuer.kyc import store as kyc_store
from issuer.kyc.models import Evidence
from issuer.licences import store as licence_store
from issuer.licences.models import Issue
from issuer.openings import store
from issuer.world import World


@dataclass(frozen=True)
class ArchiveRow:
    """What belongs to one point M: `handle` (32 octets), the first issue, and the sealed evidence of its sign-in.

    Refreshes are left out: they prove nothing about M, and a holder who makes many would make the answer too long.
    """

    opening_id: int
    licence_id: str
    handle: bytes
    issue: Issue
    evidence: Evidence | None


class Openings:
    """The archive's door."""

    def __init__(self, world: World) -> None:
        self._world = world

    def evidence(self, point: bytes, case_id: str) -> ArchiveRow:
        """The archive row of M (48 octets). Raises NotFound("unknown-point"), logged as well: it is evidence against
        us."""
        with self._world.database.write() as session:
            licence = licence_store.licence_by_archive_point(session, point)
            opening_id = store.log(session, point, case_id, licence is not None, self._world.now())
        if licence is None:
            raise NotFound("unknown-point", "No licence of this issuer opens to this point.")
        with self._world.database.read() as session:
            issue = licence_store.first_issue(session, licence.licence_id)
            evidence = kyc_store.evidence(session, issue.application_id)
        return ArchiveRow(opening_id, licence.licence_id, licence.handle, issue, evidence)
