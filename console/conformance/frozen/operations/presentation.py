"""The proof: made with replayed randomness, and verified."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from circuits import presentation
from circuits.accumulator import Membership
from circuits.attributes import AttributeValue
from circuits.credential import Credential
from circuits.layout import layout_of
from circuits.records import IssuerRecord
from circuits.scalar import encode_scalar
from circuits.secret import Secret
from circuits.sigma import protocol
from circuits.statement import Statement
from circuits.suite import Suite
from circuits.weak_bb import TABLE_OCTETS, DigitTable
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.statement import binding_of, statement_of

_TAG = "AIOL-V01-PRESENT"


def present(given: Given) -> dict[str, Leaf]:
    """The proof of a statement, and what it is made over. Draws r1, r2, rho, t_q, k, the companion's, the nonces."""
    statement, binding = statement_of(given), binding_of(given)
    proof = presentation.finish(prepared_for(statement, given), binding)
    octets, layout = statement.octets(binding), layout_of(statement)
    session = protocol.session_id(protocol.make_tag(_TAG, suffix=hashlib.sha256(octets).hexdigest()))
    ends = layout.points_octets, layout.points_octets + layout.commitments_octets
    c = protocol.challenge(session, layout.prefix + proof[: ends[0]], proof[ends[0] : ends[1]])
    return {
        "statement": octets.hex(),
        "session_id": session.hex(),
        "prefix_hash": hashlib.sha256(layout.prefix).hexdigest(),
        "challenge": encode_scalar(c).hex(),
        "proof": proof.hex(),
    }


def prepared_for(statement: Statement, given: Given) -> presentation.Prepared:
    """The part of a proof that needs no challenge, from the licence and, where there is one, the companion."""
    own, companion = _held(given), given.companion
    return presentation.prepare(
        statement,
        own.credential,
        own.membership,
        own.table,
        given.entropy,
        companion=None if companion is None else _held(companion),
    )


def envelope(given: Given) -> dict[str, Leaf]:
    """The presentation that carries a proof."""
    return {"presentation": statement_of(given).present(binding_of(given), given.octets("proof")).hex()}


def verify(given: Given) -> dict[str, Leaf]:
    """What a verifier learns from a proof: pseudonym and proof hash, and where there is an escrow, the ciphertext."""
    statement, binding, proof = statement_of(given), binding_of(given), given.octets("proof")
    return _learnt(given, presentation.verify(statement, binding, proof), proof)


def reverify(given: Given) -> dict[str, Leaf]:
    """The same of logged statement octets."""
    octets, proof = given.octets("statement"), given.octets("proof")
    accepted = presentation.reverify(
        octets,
        proof,
        given.issuer,
        given.accumulator,
        given.epoch,
        given.escrow_or_none,
        companion=given.companion_records,
        sets=given.sets,
    )
    return _learnt(given, accepted, proof)


def _learnt(given: Given, accepted: presentation.Accepted, proof: bytes) -> dict[str, Leaf]:
    learnt: dict[str, Leaf] = {"pseudonym": accepted.pseudonym.hex(), "proof_hash": accepted.proof_hash.hex()}
    if given.octets("escrow"):
        ciphertext = presentation.escrow_ciphertext(accepted.statement_octets, proof)
        learnt |= {"e1": ciphertext.first.hex(), "e2": ciphertext.second.hex()}
    return learnt


def _held(given: Given) -> presentation.Held:
    issuer, secrets = given.issuer, (given.scalar("blind"), given.scalar("link_secret"))
    membership = Membership(
        given.accumulator, given.number("witness_epoch"), given.octets("witness_value"), given.octets("witness")
    )
    digits = tuple((item.number("digit"), item.octets("signature")) for item in given.inner("digits"))
    return presentation.Held(
        _credential(issuer, given.suite, given.octets("signature"), given.attributes(), *secrets),
        membership,
        _table(issuer, given.suite, digits),
    )


# Kept, as a wallet keeps them: what they prepare for many multiplications costs more than a proof. Records are equal
# under every suite, and so the suite is named.
@lru_cache(maxsize=16)
def _credential(
    issuer: IssuerRecord,
    suite: Suite,  # noqa: ARG001
    signature: bytes,
    attributes: tuple[AttributeValue, ...],
    blind: int,
    link_secret: int,
) -> Credential:
    return Credential(issuer, signature, attributes, Secret(blind), Secret(link_secret))


@lru_cache(maxsize=16)
def _table(issuer: IssuerRecord, suite: Suite, digits: tuple[tuple[int, bytes], ...]) -> DigitTable:  # noqa: ARG001
    """A table that holds the digits listed and nothing else."""
    table = bytearray(TABLE_OCTETS)
    for digit, signature in digits:
        table[48 * digit : 48 * digit + 48] = signature
    return DigitTable(issuer, bytes(table))
