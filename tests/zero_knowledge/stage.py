"""Issuer, openers and many holders for these experiments: everything from one seed, and no secret of theirs destroyed.

The holders agree in what they show (tier and jurisdiction) and differ in what they hide. Together they use no more
digits than one process keeps prepared, so that no wallet's table has to be made again because of another's. The stage
stands on any suite, so that the same story is played on the real curve and in the exponent (`exponent.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from circuits import (
    AtLeast,
    Binding,
    CreatedAccumulator,
    CreatedIssuer,
    Credential,
    DealtEscrow,
    DigitTable,
    Disclose,
    Escrowed,
    IssueReply,
    Membership,
    NotRevoked,
    Possession,
    Pseudonym,
    Secret,
    Statement,
    all_of,
    archive_point,
    check_issue_request,
    create_accumulator,
    create_issuer,
    deal_escrow,
    encode_cbor,
    holder_point,
    receive_licence,
    register,
    request_licence,
    sign_licence,
    witness_for,
)
from circuits.curve import G1, Curve
from circuits.records import EpochRecord
from circuits.suite import SHA256, Suite
from tests.circuits.core.world import NOW, TODAY, first_epoch
from tests.zero_knowledge.entropy import Seeded

AUDIENCE = "https://gw.example"
BOUNDS = ((3, TODAY), (4, 2))
"""The predicates of the statement: good until today at least, cover of band 2 at least."""
SESSION = hashlib.sha256(b"a sign-in session").digest()


@dataclass(frozen=True)
class Holder:
    """A licence, and what the issuer's archive says of it: X and M as 48 octets each."""

    credential: Credential
    membership: Membership
    holder_point: bytes
    archive_point: bytes

    @property
    def messages(self) -> tuple[int, ...]:
        """m_0 .. m_11."""
        return self.credential.messages.expose()

    @property
    def signature_point(self) -> G1:
        """A."""
        return self.credential.issuer.suite.curve.decode_g1(self.credential.signature[:48])

    @property
    def signed_point(self) -> G1:
        """B."""
        return self.credential.issuer.signed_point(self.messages)


@dataclass(frozen=True, eq=False)
class Stage:
    """Keys, records, table and holders. `digit_key` x and `escrow_key` kappa exist here alone: in life they do not."""

    created: CreatedIssuer
    accumulated: CreatedAccumulator
    dealt: DealtEscrow
    table: DigitTable
    epoch: EpochRecord
    holders: tuple[Holder, ...]
    digit_key: int
    escrow_key: int

    @property
    def curve(self) -> Curve:
        return self.created.record.suite.curve

    def statement(self, context: str, epoch: EpochRecord | None = None) -> Statement:
        """The default policy's statement at the gateway and period called `context`."""
        return all_of(
            Possession(self.created.record),
            NotRevoked(self.accumulated.record, self.epoch if epoch is None else epoch),
            Pseudonym(encode_cbor(["verifier", AUDIENCE, context])),
            Disclose(1, 3),
            Disclose(2, "GB"),
            *(AtLeast(index, bound) for index, bound in BOUNDS),
            Escrowed(self.dealt.record),
        )


def binding(label: str) -> Binding:
    """A binding to the challenge called `label`."""
    return Binding(
        policy_hash=hashlib.sha256(b"a policy").digest(),
        audience=AUDIENCE,
        nonce=hashlib.sha256(label.encode()).digest(),
        request_digest=hashlib.sha256(b"a request").digest(),
        session_thumbprint=hashlib.sha256(b"session of " + label.encode()).digest(),
        not_after=NOW + 120,
    )


def make_stage(seed: str, holders: int, suite: Suite = SHA256) -> Stage:
    """The stage of `seed`."""
    entropy = Seeded(f"stage {seed}")
    created = create_issuer(f"{seed}-issuer", "operator-2026", suite, entropy)
    digit_key = entropy.given[-1]
    accumulated = create_accumulator(f"{seed}-accumulator", created.record.id, suite, entropy)
    before = len(entropy.given)
    dealt = deal_escrow(f"{seed}-escrow", 2, 3, NOW - 1000, NOW + 10_000_000, suite, entropy)
    epoch = first_epoch(accumulated.record)
    return Stage(
        created=created,
        accumulated=accumulated,
        dealt=dealt,
        table=DigitTable(created.record, created.digit_table),
        epoch=epoch,
        holders=tuple(_issue(created, accumulated, epoch, number, entropy) for number in range(holders)),
        digit_key=digit_key,
        escrow_key=entropy.given[before],
    )


def _issue(
    created: CreatedIssuer, accumulated: CreatedAccumulator, epoch: EpochRecord, number: int, entropy: Seeded
) -> Holder:
    issuer, nonce = created.record, entropy.octets(32)
    attributes = (
        entropy.scalar(), 3, "GB", TODAY + 30 + 11 * (number % 15), 3 + number % 13, f"P-{number}", 1 + number % 2,
        number % 5, TODAY + 40 + 11 * number, 0,
    )  # fmt: skip
    registration = register(issuer, Secret(entropy.scalar()), entropy)
    request, pending = request_licence(issuer, registration, nonce, SESSION, entropy=entropy)
    check_issue_request(issuer, registration.point, request, nonce, SESSION)
    share = entropy.scalar()
    signature = sign_licence(issuer, created.secret_key, request, attributes, share)
    witness = witness_for(accumulated.record, accumulated.secret_key, epoch.value, attributes[0])
    reply = IssueReply(signature, attributes, share, witness, epoch.number)
    credential, membership = receive_licence(issuer, accumulated.record, epoch, pending, reply)
    point = holder_point(issuer, registration.point, share)
    return Holder(credential, membership, point, archive_point(issuer, point, attributes[0]))
