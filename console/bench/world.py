"""What the benchmark measures on: one issuer, one holder, one gateway's statement, made anew for each run."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from functools import cached_property

from circuits import (
    Binding,
    CreatedAccumulator,
    CreatedIssuer,
    Credential,
    DealtEscrow,
    DigitTable,
    IssueReply,
    IssueRequest,
    Membership,
    Registration,
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
from circuits.records import GENESIS, EpochRecord, PolicyRecord, TrustBundle, default_policy

ORIGIN = "https://gateway.example"
RESOURCE = f"{ORIGIN}/v1/autonomous"
NOW = 1_795_000_000
_FAR = 2**40


@dataclass
class World:
    """An issuer with its keys, a holder with a licence, and the statement of the policy `tier3-insured`."""

    issuer: CreatedIssuer
    accumulator: CreatedAccumulator
    escrow: DealtEscrow
    table: DigitTable
    registration: Registration
    request: IssueRequest
    nonce: bytes
    session: bytes
    attributes: tuple[int | str, ...]
    signer_share: int
    credential: Credential
    membership: Membership
    epoch: EpochRecord

    @cached_property
    def policy(self) -> PolicyRecord:
        """`tier3-insured`."""
        return default_policy(self.issuer.record, self.escrow.record)

    @cached_property
    def bundle(self) -> TrustBundle:
        """What a gateway pins. Its epoch key signs nothing here."""
        return TrustBundle(
            self.issuer.record,
            self.accumulator.record,
            self.escrow.record,
            bytes(32),
            (self.policy,),
            "https://issuer.example",
        )

    @cached_property
    def statement(self) -> Statement:
        """What the policy asks for now."""
        return self.statement_at(self.epoch)

    def statement_at(self, epoch: EpochRecord) -> Statement:
        """What the policy asks for now, under another reading of the epoch's record."""
        return policy_statement(
            self.policy,
            self.issuer.record,
            self.accumulator.record,
            epoch,
            self.escrow.record,
            {1: 3, 2: "GB"},
            ORIGIN,
            NOW,
        )

    def binding(self) -> Binding:
        """A fresh challenge's binding."""
        return Binding(
            policy_hash=self.policy.hash,
            audience=ORIGIN,
            nonce=secrets.token_bytes(32),
            request_digest=request_digest(RESOURCE, "autonomous"),
            session_thumbprint=secrets.token_bytes(32),
            not_after=NOW + 120,
        )

    def proof(self) -> tuple[Statement, Binding, bytes]:
        """A fresh proof with what it proves."""
        binding = self.binding()
        prepared = prepare(self.statement, self.credential, self.membership, self.table)
        return self.statement, binding, finish(prepared, binding)

    def issue(self) -> bytes:
        """The issuer's work for one licence: check the request, sign, make the witness."""
        record = self.issuer.record
        check_issue_request(record, self.registration.point, self.request, self.nonce, self.session)
        signature = sign_licence(record, self.issuer.secret_key, self.request, self.attributes, self.signer_share)
        witness_for(self.accumulator.record, self.accumulator.secret_key, self.epoch.value, self.credential.handle)
        return signature

    def revocations(self, count: int) -> tuple[bytes, EpochRecord]:
        """The 128-octet entries of `count` revocations of other licences, and the epoch after them."""
        entries: list[RevocationEntry] = []
        value = self.epoch.value
        for _ in range(count):
            entries.append(revoke(self.accumulator.record, self.accumulator.secret_key, value, new_handle()))
            value = entries[-1].value
        compressed = entries_octets(entries)
        epoch = replace(
            self.epoch,
            number=1,
            value=value,
            not_before=self.epoch.next_update,
            next_update=self.epoch.next_update + 900,
            previous=self.epoch.hash,
            entries_hash=hashlib.sha256(compressed).digest(),
            entries_count=count,
        )
        return entries_octets(entries, affine=True), epoch


def make_world(name: str = "bench", link_secret: Secret[int] | None = None) -> World:
    """A world with fresh keys, whose records' ids begin with `name`: about two seconds. With a `link_secret`, its
    holder is the one who has that already."""
    issuer = create_issuer(f"{name}-issuer", "operator-licence-2026")
    accumulator = create_accumulator(f"{name}-accumulator", issuer.record.id)
    escrow = deal_escrow(f"{name}-escrow", 2, 3, 0, _FAR)
    table = check_digit_table(issuer.record, issuer.digit_table)
    epoch = EpochRecord(
        accumulator_hash=accumulator.record.hash,
        number=0,
        value=accumulator.record.start_value,
        not_before=NOW - 60,
        next_update=NOW + 840,
        floor=0,
        previous=GENESIS,
        entries_hash=hashlib.sha256(b"").digest(),
        entries_count=0,
    )
    registration = register(issuer.record, link_secret)
    nonce, session = secrets.token_bytes(32), secrets.token_bytes(32)
    known = link_secret is not None
    request, pending = request_licence(issuer.record, registration, nonce, session, refresh=known)
    handle, share = new_handle(), 0 if known else new_signer_share()
    day = day_number(NOW)
    attributes = (handle, 3, "GB", day + 300, 5, "P-bench", 1, 1, day + 300, 0)
    reply = IssueReply(
        signature=sign_licence(issuer.record, issuer.secret_key, request, attributes, share),
        attributes=attributes,
        signer_share=share,
        witness=witness_for(accumulator.record, accumulator.secret_key, epoch.value, handle),
        epoch_number=0,
    )
    credential, membership = receive_licence(issuer.record, accumulator.record, epoch, pending, reply)
    return World(
        issuer,
        accumulator,
        escrow,
        table,
        registration,
        request,
        nonce,
        session,
        attributes,
        share,
        credential,
        membership,
        epoch,
    )
