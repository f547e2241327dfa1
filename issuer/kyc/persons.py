"""Decides whose sign-in it is: a known person, a new one, a possible namesake, or somebody who has been here already.

One identity, one licence: a document or an account belongs to one person for ever. A hit on another person's tag is
refused as `duplicate-identity`; a hit on name and birth date alone is for a human to review. Source: [ISSUING 1], R13.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from issuer.errors import Conflict, Denied, NotFound
from issuer.keys.keyring import Keyring
from issuer.kyc import store
from issuer.kyc.claims import PersonClaims
from issuer.kyc.documents import RULES_VERSION, account_message, canonical_document, namesake_message
from issuer.kyc.models import Application, Person
from issuer.world import World

VERIFIED = "verified"
REVIEW = "review"
REFUSED = "refused"
DUPLICATE = "duplicate"
BARRED = "barred"


@dataclass(frozen=True)
class Tags:
    """The dedupe tags of one sign-in, 32 octets each."""

    account: bytes
    documents: frozenset[bytes]
    namesake: bytes


def make_tags(keyring: Keyring, provider: str, claims: PersonClaims) -> Tags:
    """The tags of what a provider says about a person. Raises Denied("claims-missing")."""
    documents = [canonical_document(one.type, one.issuer, one.number) for one in claims.documents]
    return Tags(
        keyring.tag(account_message(provider, claims.sub)),
        frozenset(keyring.tag(document.message) for document in documents),
        keyring.tag(namesake_message(claims.name, claims.birthdate)),
    )


def place(session: Session, application: Application, tags: Tags, now: int) -> str | None:
    """Ties the application to its person within the caller's transaction, and returns the person's id.

    Returns None when the person is a duplicate; an application that is nobody's yet is marked so, whoever the account
    stands for waits for an officer, also when the account comes back without the document, and nothing else is stored.
    Raises Denied("other-person") when somebody else has signed in for this application before.
    """
    known = store.owners(session, {tags.account})
    owners = store.owners(session, tags.documents)
    person_id = next(iter(known), None)
    if owners - known:
        if application.person_id is None:
            application.identity = DUPLICATE
        person = store.person(session, person_id) if person_id else _new_person(session, tags, REVIEW, now)
        if person is not None and person.status == VERIFIED:
            person.status = REVIEW  # known here, and now seen to be somebody else as well
        return None
    if application.person_id is not None and application.person_id != person_id:
        raise Denied("other-person", "Another person has signed in for this application.")
    if person_id is None:
        status = REVIEW if store.namesakes(session, tags.namesake) else VERIFIED
        person_id = _new_person(session, tags, status, now).person_id
    for tag in sorted(tags.documents):
        store.add_strong_tag(session, tag, "document", person_id, RULES_VERSION, now)
    store.add_weak_tag(session, tags.namesake, person_id, RULES_VERSION, now)
    person = store.person(session, person_id)
    if person is None or person.status == REFUSED:
        application.identity = DUPLICATE
        return None
    application.person_id, application.identity = person_id, person.status
    return person_id


def _new_person(session: Session, tags: Tags, status: str, now: int) -> Person:
    person = store.add_person(session, secrets.token_urlsafe(16), status, now)
    store.add_strong_tag(session, tags.account, "account", person.person_id, RULES_VERSION, now)
    return person


def check_verified(session: Session, person_id: str) -> None:
    """Within the caller's transaction. Raises Conflict("identity-unverified") for anybody whose identity is not, or no
    longer, verified."""
    person = store.person(session, person_id)
    if person is None or person.status != VERIFIED:
        raise Conflict("identity-unverified", "The person is not verified.")


def check_open(session: Session, application_id: str, now: int) -> Application:
    """The application, within the caller's transaction: a report or an order may have ended it since its token was
    looked at. Raises Conflict("application-over")."""
    application = store.application(session, application_id)
    if application is None or application.expires_at <= now:
        raise Conflict("application-over", "This application is over.")
    return application


def bar(session: Session, person_id: str) -> None:
    """Keeps a person from any further licence, within the caller's transaction; an officer can lift it, but nobody the
    refusal of one who is somebody else."""
    person = store.person(session, person_id)
    if person is None:
        raise NotFound("unknown-person", "There is no such person.")
    if person.status != REFUSED:
        person.status = BARRED


def waive_wait(world: World, person_id: str) -> None:
    """An officer lets a person whose licence was revoked have the next one without waiting; a later one waits again.

    Raises NotFound("unknown-person").
    """
    with world.database.write() as session:
        person = store.person(session, person_id)
        if person is None:
            raise NotFound("unknown-person", "There is no such person.")
        person.wait_waived_at = world.now()


def decide_review(session: Session, person_id: str, accept: bool) -> None:
    """An officer's decision on a namesake: another human being (accept), or the same one again; or on lifting a bar.

    Within the caller's transaction, which owes the end of a refused person's licences. Raises
    NotFound("unknown-review").
    """
    person = store.person(session, person_id)
    if person is None or person.status not in (REVIEW, BARRED):
        raise NotFound("unknown-review", "There is no such person in review.")
    person.status = VERIFIED if accept else REFUSED
    for application in store.applications_of(session, person_id):
        application.identity = VERIFIED if accept else DUPLICATE
