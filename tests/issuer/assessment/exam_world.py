"""A small real world for the tests of assessment, permits and insurance: database, starter bank, movable clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey

from issuer.assessment import library
from issuer.assessment.policy import ExamPolicy, TrustedTrainer
from issuer.assessment.service import Assessment
from issuer.db.base import Database
from issuer.db.migrate import upgrade
from issuer.kyc.models import Application, Person
from issuer.settings import Settings, TrustedInsurer
from issuer.web.session import token_hash
from issuer.world import World

NOON = 1_795_262_400  # 2026-11-21 12:00:00 UTC
DAY = 86_400


@dataclass
class MovableClock:
    """Unix seconds that a test moves."""

    seconds: int = NOON

    def __call__(self) -> int:
        return self.seconds


class ExamSettings(Settings):
    """The settings with a policy of the assessment."""

    exam: ExamPolicy = ExamPolicy()


@dataclass
class Signer:
    """A trainer or insurer with its key."""

    name: str
    algorithm: str = "ES256"
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}, auto_kid=False))

    @classmethod
    def ed25519(cls, name: str) -> Signer:
        return cls(name, "Ed25519", OKPKey.generate_key("Ed25519", {"kid": "k1"}, auto_kid=False))

    @property
    def jwks(self) -> dict[str, object]:
        return {"keys": [self.key.as_dict(private=False)]}

    def sign(self, claims: dict[str, object], typ: str | None = None, **header: object) -> str:
        protected = {"alg": self.algorithm, "kid": "k1"} | ({} if typ is None else {"typ": typ}) | header
        return jws.serialize_compact(protected, json.dumps(claims), self.key, [self.algorithm])


@dataclass
class Revocations:
    """Remembers which licences would have been revoked."""

    permits: list[tuple[str, bool]] = field(default_factory=list)
    leavers: list[str] = field(default_factory=list)
    uncovered: list[tuple[str, list[tuple[int, int]]]] = field(default_factory=list)

    def revoke_permit(self, permit_id: str, reason: str, *, urgent: bool) -> None:
        self.permits.append((permit_id, urgent))

    def revoke_leaver(self, person_id: str, reason: str) -> None:
        self.leavers.append(person_id)

    def revoke_uncovered(self, permit_id: str, covers: Sequence[tuple[int, int]], reason: str) -> None:
        self.uncovered.append((permit_id, list(covers)))


@dataclass
class Setting:
    """One deployment with its clock and parties."""

    world: World
    clock: MovableClock
    trainer: Signer
    insurer: Signer

    @property
    def assessment(self) -> Assessment:
        return Assessment(self.world)

    def person(self, person_id: str) -> str:
        """A person with an application whose bearer token is `token-<person>`."""
        with self.world.database.write() as session:
            session.add(Person(person_id=person_id, status="verified", created_at=self.clock()))
            session.flush()
            session.add(
                Application(
                    application_id=f"a-{person_id}",
                    token_hash=token_hash(f"token-{person_id}"),
                    ticket_hash=person_id.encode(),
                    registration=b"x",
                    salt=b"y",
                    code="123456",
                    refresh=False,
                    identity="verified",
                    person_id=person_id,
                    created_at=self.clock(),
                    sign_in_until=self.clock() + DAY,
                    expires_at=self.clock() + 4000 * DAY,
                )
            )
        return person_id

    def answer_all(self, person_id: str, sitting_id: str, wrong: dict[str, int] | None = None) -> None:
        """Answers every question right, but for `wrong` (topic -> how many) of each topic."""
        left = dict(wrong or {})
        for number in range(1, self.assessment.policy.questions + 1):
            view = self.assessment.question(person_id, sitting_id, number)
            right = self.right_place(view.stem, view.options)
            if left.get(view.topic, 0) > 0:
                left[view.topic] -= 1
                right = (right + 1) % len(view.options)
            self.assessment.answer(person_id, sitting_id, number, right)

    def right_place(self, stem: str, options: tuple[str, ...] | list[str]) -> int:
        """Where the right option stands."""
        bank = library.current_bank(self.world.settings)
        key = library.key_of(self.world.settings, bank)
        item = next(item for item in bank.items if item.stem == stem)
        return list(options).index(item.options[key[item.id]])

    def fail(self, person_id: str) -> None:
        """One failed sitting, handed in empty."""
        sitting = self.assessment.start(person_id)
        self.assessment.submit(person_id, sitting.sitting_id)

    def certificate(self, person_id: str, jti: str = "c-1", **changes: object) -> str:
        """A training certificate for the person by the accredited trainer."""
        claims: dict[str, object] = {
            "iss": self.trainer.name,
            "sub": self.assessment.training_reference(person_id),
            "jti": jti,
            "iat": self.clock(),
            "course": "operator-training",
        }
        return self.trainer.sign(claims | changes, "training+jwt")


def make_setting(folder: Path) -> Setting:
    """A new deployment in `folder`."""
    trainer, insurer, clock = Signer("trainer.example"), Signer("insurer.example"), MovableClock()
    (folder / "keys").mkdir(mode=0o700)
    settings = ExamSettings(
        data_dir=folder,
        issuer_url="http://issuer.example",
        insurers=(TrustedInsurer(issuer=insurer.name, jwks=insurer.jwks),),
        exam=ExamPolicy(trainers=(TrustedTrainer(issuer=trainer.name, jwks=trainer.jwks, revoked=("withdrawn",)),)),
    )
    database = Database(settings.database_file)
    upgrade(database)
    library.initialise(settings, clock())
    return Setting(World(settings, database, clock), clock, trainer, insurer)
