"""A presentation over a document: the holder of a licence signs it, once, for good, and without a name.

The proof is bound to the document's digest instead of to a request and a session, so that it opens no gateway, and a
presentation made for a gateway signs nothing: the digest is a key of its own in the statement octets. Anybody with the
records of that epoch checks it, years later. What a document says and who must sign it is the caller's matter.
Source: docs/protocol.md, section 10.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from circuits.encoding import decode_map, encode, take_octets
from circuits.errors import Misuse, Rejected
from circuits.presentation import Accepted, Prepared, finish, verify
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.set import SetRecord
from circuits.statement import Binding, decode_statement

MAX_SIGNATURE_OCTETS = 16384
_NOTHING = bytes(32)


@dataclass(frozen=True)
class DocumentSignature:
    """A signature that explains itself: the `statement` octets and the `proof`."""

    statement: bytes
    proof: bytes

    @property
    def octets(self) -> bytes:
        """The signature as deterministic CBOR."""
        return encode({1: 1, 2: self.statement, 3: self.proof})

    @classmethod
    def decode(cls, octets: bytes) -> DocumentSignature:
        """The signature of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, MAX_SIGNATURE_OCTETS, range(1, 4))
        return cls(take_octets(fields[2]), take_octets(fields[3]))


def document_digest(document: bytes) -> bytes:
    """SHA-256 of the document: what `Signed` carries."""
    return hashlib.sha256(document).digest()


def signing_binding(policy_hash: bytes, audience: str, nonce: bytes, not_after: int) -> Binding:
    """The binding of a signature for `audience`: a policy, a nonce (the signer's own, or the asking side's) and until
    when the signature counts (unix seconds); no request and no session."""
    return Binding(policy_hash, audience, nonce, _NOTHING, _NOTHING, not_after)


def sign_document(prepared: Prepared, document: bytes, binding: Binding) -> DocumentSignature:
    """The signature on `document`, with a proof prepared for a statement that says `Signed` of it. Raises `Misuse`."""
    if prepared.statement.document != document_digest(document):
        raise Misuse("the proof was prepared for another document")
    _check_binding(binding)
    return DocumentSignature(prepared.statement.octets(binding), finish(prepared, binding))


def check_signature(
    document: bytes,
    signature: DocumentSignature,
    issuer: IssuerRecord,
    accumulator: AccumulatorRecord,
    epoch: EpochRecord,
    escrow: EscrowRecord | None,
    *,
    companion: tuple[IssuerRecord, AccumulatorRecord, EpochRecord] | None = None,
    sets: Sequence[SetRecord] = (),
) -> tuple[Accepted, Binding]:
    """Check a signature on `document` against the records of its time, and give the signer's pseudonym and the binding.

    The signer has written the statement. An escrow or a companion whose records are given must be in it.
    The caller still owes: that the epoch was fresh when it was signed (a licence issued later can prove at an earlier
    epoch, as one revoked later can), that policy, audience and time are those it
    wants, and that the statement (`Accepted.statement_octets`) says enough, in the context that it should be signed in.
    Raises `Malformed`; `Rejected` with code `document` for a signature on another one (or on none), or without what
    must be in it, else as `verify`.
    """
    statement, binding = decode_statement(
        signature.statement, issuer, accumulator, epoch, escrow, companion=companion, sets=sets
    )
    if statement.document != document_digest(document):
        raise Rejected("document", "the signature is not on this document")
    if (statement.escrow is None) != (escrow is None) or (statement.companion is None) != (companion is None):
        raise Rejected("document", "the signature leaves out the escrow or the companion")
    _check_binding(binding)
    return verify(statement, binding, signature.proof), binding


def _check_binding(binding: Binding) -> None:
    if (binding.request_digest, binding.session_thumbprint) != (_NOTHING, _NOTHING):
        raise Rejected("document", "a signature belongs to no request and no session")
