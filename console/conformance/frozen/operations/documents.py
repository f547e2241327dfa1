"""Documents, signed by the holder of a licence under a pseudonym, and such signatures checked."""

from __future__ import annotations

from circuits import signed_document
from circuits.signed_document import DocumentSignature
from circuits.statement import Binding
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.presentation import prepared_for
from console.conformance.frozen.operations.statement import binding_of, statement_of


def digest(given: Given) -> dict[str, Leaf]:
    """`document` to what is signed of it."""
    return {"digest": signed_document.document_digest(given.octets("document")).hex()}


def sign(given: Given) -> dict[str, Leaf]:
    """The signature of a holder on `document`. Draws what `present` draws."""
    prepared = prepared_for(statement_of(given), given)
    made = signed_document.sign_document(prepared, given.octets("document"), _binding(given))
    return {"document_signature": made.octets.hex()}


def read(given: Given) -> dict[str, Leaf]:
    """`document_signature` to its parts."""
    found = DocumentSignature.decode(given.octets("document_signature"))
    return {"statement": found.statement.hex(), "proof": found.proof.hex()}


def enclose(given: Given) -> dict[str, Leaf]:
    """`statement` and `proof`, whatever they are, as a signature is written down."""
    return {"document_signature": DocumentSignature(given.octets("statement"), given.octets("proof")).octets.hex()}


def check(given: Given) -> dict[str, Leaf]:
    """Whether `document_signature` is one on `document`: the signer's pseudonym, and to what it is bound."""
    signature = DocumentSignature.decode(given.octets("document_signature"))
    accepted, binding = signed_document.check_signature(
        given.octets("document"),
        signature,
        given.issuer,
        given.accumulator,
        given.epoch,
        given.escrow_or_none,
        companion=given.companion_records,
        sets=given.sets,
    )
    return {
        "pseudonym": accepted.pseudonym.hex(),
        "proof_hash": accepted.proof_hash.hex(),
        "policy_hash": binding.policy_hash.hex(),
        "audience": binding.audience.encode().hex(),
        "nonce": binding.nonce.hex(),
        "not_after": str(binding.not_after),
    }


def _binding(given: Given) -> Binding:
    """The binding of a signature; the whole one where a request or a session is given, which must be refused."""
    if "request_digest" in given or "session_thumbprint" in given:
        return binding_of(given)
    return signed_document.signing_binding(
        given.octets("policy_hash"), given.text("audience"), given.octets("nonce"), given.number("not_after")
    )
