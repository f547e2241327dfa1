"""The world that the targets share: the same keys, records, licence and proofs in every process.

All randomness comes from a fixed stream, so that an input found in one process means the same in the next one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import ECKey

from circuits import (
    AtLeast,
    AtMost,
    AttributeValue,
    Between,
    Binding,
    Companion,
    CreatedAccumulator,
    CreatedIssuer,
    Credential,
    DealtEscrow,
    DigitTable,
    Disclose,
    Equals,
    Escrowed,
    Held,
    IssueReply,
    IssueRequest,
    Kind,
    Membership,
    NotRevoked,
    OneOf,
    PendingIssue,
    Possession,
    Pseudonym,
    Registration,
    RevocationEntry,
    Signed,
    Statement,
    all_of,
    create_accumulator,
    create_issuer,
    create_set,
    deal_escrow,
    document_digest,
    entries_octets,
    finish,
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
from circuits.records import (
    AccumulatorRecord,
    EpochRecord,
    IssuerRecord,
    SetRecord,
    Sign1,
    TrustBundle,
    default_policy,
    key_id,
)
from circuits.scalar import ORDER
from tests.circuits.core.world import NOW, TODAY, first_epoch

AUDIENCE = "https://gateway.example"
ISSUER_URL = "https://issuer.example"
DOCUMENT = b"a document"


class Stream:
    """Entropy that is the same each time: SHAKE-256 over a label and a counter."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._count = 0

    def octets(self, count: int) -> bytes:
        """The next `count` octets."""
        self._count += 1
        return hashlib.shake_256(f"{self._label}/{self._count}".encode()).digest(count)

    def scalar(self) -> int:
        """The next scalar other than 0."""
        return int.from_bytes(self.octets(48), "big") % (ORDER - 1) + 1


def octets32(label: str) -> bytes:
    """32 octets that stand for `label`."""
    return hashlib.sha256(label.encode()).digest()


def ec_key(label: str) -> ECKey:
    """The P-256 key of `label`, with `label` for its key id."""
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = int.from_bytes(octets32(label), "big") % 2**255 + 1
    return ECKey.import_key(_pem(ec.derive_private_key(secret, ec.SECP256R1())), {"kid": label})


def _pem(key: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    return pem


@dataclass(frozen=True, eq=False)
class World:
    """Keys, records, one licence with all that was said while it was made."""

    created: CreatedIssuer
    accumulated: CreatedAccumulator
    dealt: DealtEscrow
    epoch_key: Ed25519PrivateKey
    bundle: TrustBundle
    epoch: EpochRecord
    registration: Registration
    request: IssueRequest
    pending: PendingIssue
    reply: IssueReply
    credential: Credential
    membership: Membership

    @cached_property
    def table(self) -> DigitTable:
        """The digit table, unchecked: it was made here."""
        return DigitTable(self.created.record, self.created.digit_table)

    @cached_property
    def revoked(self) -> tuple[EpochRecord, tuple[RevocationEntry, ...]]:
        """The next epoch, in which three strangers are revoked."""
        stream, entries, value = Stream("revoked"), list[RevocationEntry](), self.epoch.value
        for _ in range(3):
            entry = revoke(self.accumulated.record, self.accumulated.secret_key, value, stream.scalar())
            entries.append(entry)
            value = entry.value
        after = replace(
            self.epoch,
            number=1,
            value=value,
            not_before=self.epoch.not_before + 900,
            next_update=self.epoch.next_update + 900,
            previous=self.epoch.hash,
            entries_hash=hashlib.sha256(entries_octets(entries)).digest(),
            entries_count=3,
        )
        return after, tuple(entries)

    def sign(self, payload: bytes) -> bytes:
        """The COSE_Sign1 of a payload, under the epoch key."""
        name = key_id(self.bundle.epoch_key)
        return Sign1.encode(payload, name, self.epoch_key.sign(Sign1.to_sign(payload, name)))

    @cached_property
    def countries(self) -> SetRecord:
        """A signed set."""
        return create_set("countries", Kind.TEXT, ["FR", "GB", "IE"], entropy=Stream("countries"))

    @property
    def companion(self) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord]:
        """The records of the companion: it is the licence itself, which is another credential to the proof."""
        return self.bundle.issuer, self.bundle.accumulator, self.epoch

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The default policy's statement; one without escrow and predicates; one with four predicates; one that says
        everything there is to say, of a document, with a companion."""
        bundle = self.bundle
        shown: dict[int, AttributeValue] = {1: 3, 2: "GB"}
        issuer, accumulator, escrow = bundle.issuer, bundle.accumulator, bundle.escrow
        common = (Possession(issuer), NotRevoked(accumulator, self.epoch), Pseudonym(b"context"))
        return (
            policy_statement(bundle.policies[0], issuer, accumulator, self.epoch, escrow, shown, AUDIENCE, NOW),
            all_of(*common, Disclose(1, 3)),
            all_of(*common, Escrowed(escrow), *(AtLeast(*pair) for pair in ((3, TODAY), (4, 2), (4, 0), (6, 0)))),
            all_of(
                *common,
                *(OneOf(2, self.countries), AtMost(3, TODAY + 400), Between(4, 2, 9), Disclose(1, 3), Escrowed(escrow)),
                Companion(*common[:2], AtLeast(4, 1), OneOf(2, self.countries)),
                Equals(5, 5),
                Signed(document_digest(DOCUMENT)),
            ),
        )

    def binding(self, label: str = "challenge") -> Binding:
        """A binding to the challenge called `label`."""
        return Binding(
            policy_hash=self.bundle.policies[0].hash,
            audience=AUDIENCE,
            nonce=octets32(label),
            request_digest=request_digest(f"{AUDIENCE}/v1/autonomous", "autonomous"),
            session_thumbprint=bytes(32),
            not_after=NOW + 120,
        )

    def prove(self, statement: Statement, binding: Binding, label: str = "proof") -> bytes:
        """The honest holder's proof, the same each time."""
        held = Held(self.credential, self.membership, self.table) if statement.companion is not None else None
        parts = (self.credential, self.membership, self.table, Stream(label))
        return finish(prepare(statement, *parts, companion=held), binding)

    @cached_property
    def proofs(self) -> tuple[bytes, ...]:
        """One proof for each statement."""
        return tuple(self.prove(statement, self.binding()) for statement in self.statements)


@lru_cache(maxsize=1)
def the_world() -> World:
    """The one world of this process."""
    created = create_issuer("fuzz-issuer", "operator-2026", entropy=Stream("issuer"))
    accumulated = create_accumulator("fuzz-accumulator", created.record.id, entropy=Stream("accumulator"))
    dealt = deal_escrow("fuzz-escrow", 2, 3, NOW - 1000, NOW + 10_000_000, entropy=Stream("escrow"))
    epoch_key = Ed25519PrivateKey.from_private_bytes(octets32("epoch key"))
    bundle = TrustBundle(
        issuer=created.record,
        accumulator=accumulated.record,
        escrow=dealt.record,
        epoch_key=epoch_key.public_key().public_bytes_raw(),
        policies=(default_policy(created.record, dealt.record),),
        issuer_url=ISSUER_URL,
    )
    epoch = first_epoch(accumulated.record)
    stream = Stream("licence")
    registration = register(created.record, entropy=stream)
    nonce, session = octets32("issue nonce"), octets32("issue session")
    request, pending = request_licence(created.record, registration, nonce, session, entropy=stream)
    handle, share = stream.scalar(), stream.scalar()
    attributes: tuple[AttributeValue, ...] = (
        handle, 3, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0,
    )  # fmt: skip
    signature = sign_licence(created.record, created.secret_key, request, attributes, share)
    witness = witness_for(accumulated.record, accumulated.secret_key, epoch.value, handle)
    reply = IssueReply(signature, attributes, share, witness, epoch.number)
    credential, membership = receive_licence(created.record, accumulated.record, epoch, pending, reply)
    return World(
        created, accumulated, dealt, epoch_key, bundle, epoch,
        registration, request, pending, reply, credential, membership,
    )  # fmt: skip
