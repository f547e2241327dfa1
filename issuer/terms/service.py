"""The terms: which text is in force, and who accepted it. Changing the text changes its hash, so everybody accepts
anew."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from issuer.errors import Conflict
from issuer.terms import store
from issuer.world import World

TEXT_FILE = Path(__file__).parent / "text.json"


@dataclass(frozen=True)
class TermsText:
    """One version of the terms; `hash` is SHA-256 of the text's UTF-8 octets."""

    version: str
    text: str

    @property
    def hash(self) -> bytes:
        """What an acceptance names."""
        return hashlib.sha256(self.text.encode()).digest()


@cache
def terms_in_force() -> TermsText:
    """The terms that ship with this release."""
    return TermsText(**json.loads(TEXT_FILE.read_text("utf-8")))


class Terms:
    """Acceptances."""

    def __init__(self, world: World) -> None:
        self._world = world

    def accept(self, application_id: str, person_id: str, accepted_hash: bytes) -> None:
        """Records that the person accepts the terms in force; again is no error. Raises Conflict("terms-changed")."""
        terms = terms_in_force()
        if not hmac.compare_digest(accepted_hash, terms.hash):
            raise Conflict("terms-changed", "These are not the terms in force; read and accept the current ones.")
        with self._world.database.write() as session:
            if store.accepted_at(session, application_id, terms.hash) is None:
                store.add(session, application_id, person_id, terms.version, terms.hash, self._world.now())

    def accepted(self, application_id: str) -> bool:
        """Whether the terms in force have been accepted in this application."""
        with self._world.database.read() as session:
            return store.accepted_at(session, application_id, terms_in_force().hash) is not None
