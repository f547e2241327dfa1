"""One small world for all tests of the proof: an issuer, an accumulator, openers, a policy, and licences made by the
real protocol. It is made once in a process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

from circuits import (
    AtLeast,
    AttributeValue,
    Binding,
    CreatedAccumulator,
    CreatedIssuer,
    Credential,
    DealtEscrow,
    DigitTable,
    IssueReply,
    Membership,
    RevocationEntry,
    Secret,
    Statement,
    check_digit_table,
    check_issue_request,
    create_accumulator,
    create_issuer,
    day_number,
    deal_escrow,
    entries_octets,
    finish,
    new_handle,
    new_signer_share,
    policy_statement,
    prepare,
    receive_licence,
    register,
    request_digest,
    request_licence,
    revoke,
    sign_licence,
    witness_for,
)
from circuits.curve import Curve
from circuits.records import GENESIS, AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord, PolicyRecord
from circuits.records import default_policy as tier3_insured

AUDIENCE = "https://gw.example"
NOW = 1_794_000_000
TODAY = day_number(NOW)
SESSION = hashlib.sha256(b"sign-in session").digest()


def octets32(label: str) -> bytes:
    """32 octets that stand for `label`."""
    return hashlib.sha256(label.encode()).digest()


@dataclass(frozen=True)
class Licence:
    """A licence and all that was said while it was made."""

    credential: Credential
    membership: Membership
    point: bytes
    signer_share: int


@dataclass(frozen=True, eq=False)
class World:
    """Keys, records and the holder's digit table."""

    created: CreatedIssuer
    accumulated: CreatedAccumulator
    dealt: DealtEscrow
    table: DigitTable
    policy: PolicyRecord
    epoch: EpochRecord

    @property
    def issuer(self) -> IssuerRecord:
        return self.created.record

    @property
    def accumulator(self) -> AccumulatorRecord:
        return self.accumulated.record

    @property
    def escrow(self) -> EscrowRecord:
        return self.dealt.record

    @property
    def curve(self) -> Curve:
        return self.issuer.suite.curve

    def licence(
        self, epoch: EpochRecord | None = None, link_secret: Secret[int] | None = None, **changes: AttributeValue
    ) -> Licence:
        """A licence issued by the whole protocol; `changes` by attribute name. With a `link_secret` for its holder."""
        epoch = self.epoch if epoch is None else epoch
        values: dict[str, AttributeValue] = {
            "handle": new_handle(), "tier": 3, "jurisdiction": "GB", "good_until": TODAY + 300, "cover_band": 5,
            "permit": "P-1", "permit_kind": 1, "competence": 1, "insured_until": TODAY + 300, "spare": 0,
        }  # fmt: skip
        values |= changes
        attributes = tuple(values.values())
        known = link_secret is not None
        registration, nonce = register(self.issuer, link_secret), octets32("issue nonce")
        request, pending = request_licence(self.issuer, registration, nonce, SESSION, refresh=known)
        check_issue_request(self.issuer, registration.point, request, nonce, SESSION, refresh=known)
        share = 0 if known else new_signer_share()
        signature = sign_licence(self.issuer, self.created.secret_key, request, attributes, share)
        handle = attributes[0]
        assert isinstance(handle, int)
        witness = witness_for(self.accumulator, self.accumulated.secret_key, epoch.value, handle)
        reply = IssueReply(signature, attributes, share, witness, epoch.number)
        credential, membership = receive_licence(self.issuer, self.accumulator, epoch, pending, reply)
        return Licence(credential, membership, registration.point, share)

    def revoke(self, epoch: EpochRecord, *handles: int) -> tuple[EpochRecord, tuple[RevocationEntry, ...]]:
        """The next epoch, with `handles` revoked one after the other."""
        entries: list[RevocationEntry] = []
        value = epoch.value
        for handle in handles:
            entries.append(revoke(self.accumulator, self.accumulated.secret_key, value, handle))
            value = entries[-1].value
        after = EpochRecord(
            accumulator_hash=self.accumulator.hash,
            number=epoch.number + 1,
            value=value,
            not_before=epoch.next_update,
            next_update=epoch.next_update + 900,
            floor=epoch.floor,
            previous=epoch.hash,
            entries_hash=hashlib.sha256(entries_octets(entries)).digest(),
            entries_count=len(entries),
        )
        return after, tuple(entries)

    def statement(
        self,
        epoch: EpochRecord | None = None,
        disclosed: dict[int, AttributeValue] | None = None,
        time: int = NOW,
    ) -> Statement:
        """The default policy's statement."""
        return policy_statement(
            self.policy,
            self.issuer,
            self.accumulator,
            self.epoch if epoch is None else epoch,
            self.escrow,
            {1: 3, 2: "GB"} if disclosed is None else disclosed,
            AUDIENCE,
            time,
        )

    def binding(self, label: str = "challenge") -> Binding:
        """A binding to the challenge called `label`."""
        return Binding(
            policy_hash=self.policy.hash,
            audience=AUDIENCE,
            nonce=octets32(label),
            request_digest=request_digest(f"{AUDIENCE}/v1/autonomous", "autonomous"),
            session_thumbprint=octets32("session key"),
            not_after=NOW + 120,
        )

    def proof(self, statement: Statement, licence: Licence, binding: Binding) -> bytes:
        """The honest holder's proof."""
        return finish(prepare(statement, licence.credential, licence.membership, self.table), binding)


def first_epoch(accumulator: AccumulatorRecord) -> EpochRecord:
    """The epoch before any revocation, begun a minute before `NOW`."""
    return EpochRecord(
        accumulator_hash=accumulator.hash,
        number=0,
        value=accumulator.start_value,
        not_before=NOW - 60,
        next_update=NOW + 840,
        floor=0,
        previous=GENESIS,
        entries_hash=hashlib.sha256(b"").digest(),
        entries_count=0,
        suite=accumulator.suite,
    )


def make_world(name: str, checked_table: bool = True) -> World:
    """A world with fresh keys, whose ids begin with `name`; the table's check, a second's work, can be left out."""
    created = create_issuer(f"{name}-issuer", "operator-2026")
    accumulated = create_accumulator(f"{name}-accumulator", created.record.id)
    dealt = deal_escrow(f"{name}-escrow", 2, 3, NOW - 1000, NOW + 10_000_000)
    table = DigitTable(created.record, created.digit_table)
    if checked_table:
        table = check_digit_table(created.record, created.digit_table)
    epoch = first_epoch(accumulated.record)
    return World(created, accumulated, dealt, table, tier3_insured(created.record, dealt.record), epoch)


def said(statement: Statement, **changes: object) -> Statement:
    """The statement with other things said of the licence, as nobody's `all_of` would have made it."""
    return replace(statement, licence=replace(statement.licence, **changes))  # type: ignore[arg-type]


def bounds(statement: Statement) -> list[tuple[int, int]]:
    """The (index, bound) of a statement whose predicates are all of them lower bounds."""
    assert all(type(one) is AtLeast for one in statement.predicates)
    return [(one.index, one.bound) for one in statement.predicates if isinstance(one, AtLeast)]


@lru_cache(maxsize=1)
def the_world() -> World:
    """The world that the tests share."""
    return make_world("shared")


@lru_cache(maxsize=1)
def other_world() -> World:
    """Another one, with other keys and ids."""
    return make_world("other", checked_table=False)


@lru_cache(maxsize=1)
def the_licence() -> Licence:
    """A licence that satisfies the default statement."""
    return the_world().licence()
