"""From registration to licence, and the archive point."""

from __future__ import annotations

from circuits import issuance
from circuits.issuance import IssueReply, IssueRequest, PendingIssue, Registration
from circuits.scalar import encode_scalar
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given


def register(given: Given) -> dict[str, Leaf]:
    """The issuer, at a refresh the `link_secret`, to ls_h, X_h and the salt. Draws ls_h, then the salt."""
    own = given.secret("link_secret") if "link_secret" in given else None
    made = issuance.register(given.issuer, own, given.entropy)
    return {
        "link_share": encode_scalar(made.secret.expose()).hex(),
        "registered_point": made.point.hex(),
        "salt": made.salt.hex(),
    }


def nonce(given: Given) -> dict[str, Leaf]:
    """`registered_point` and `salt` to the OpenID Connect nonce, as text."""
    text = issuance.registration_nonce(given.octets("registered_point"), given.octets("salt"))
    return {"sign_in_nonce": text.encode().hex()}


def code(given: Given) -> dict[str, Leaf]:
    """`registered_point` to the six digits that a person compares, as text."""
    return {"sign_in_code": issuance.registration_code(given.octets("registered_point")).encode().hex()}


def request(given: Given) -> dict[str, Leaf]:
    """The holder's request. Draws blind, s~, m~ (the draft's commitment), then the nonces of blind and ls."""
    registration = Registration(given.secret("link_share"), given.octets("registered_point"), given.octets("salt"))
    made, pending = issuance.request_licence(
        given.issuer,
        registration,
        given.octets("nonce"),
        given.octets("session"),
        given.number("refresh") == 1,
        given.entropy,
    )
    return {
        "commitment": made.commitment.hex(),
        "request_proof": made.proof.hex(),
        "blind": encode_scalar(pending.blind.expose()).hex(),
    }


def check_request(given: Given) -> dict[str, Leaf]:
    """The issuer's check of a request against the registered point."""
    issuance.check_issue_request(
        given.issuer,
        given.octets("registered_point"),
        IssueRequest(given.octets("commitment"), given.octets("request_proof")),
        given.octets("nonce"),
        given.octets("session"),
        given.number("refresh") == 1,
    )
    return {}


def sign(given: Given) -> dict[str, Leaf]:
    """The issuer's signature A || e on ten attributes and the committed secret."""
    signature = issuance.sign_licence(
        given.issuer,
        given.secret("issuer_secret_key"),
        IssueRequest(given.octets("commitment"), given.octets("request_proof")),
        given.attributes(),
        given.scalar("signer_share"),
    )
    return {"signature": signature.hex()}


def receive(given: Given) -> dict[str, Leaf]:
    """The holder's check of the reply, to the link secret and B."""
    pending = PendingIssue(given.secret("blind"), given.secret("link_share"))
    reply = IssueReply(
        given.octets("signature"),
        given.attributes(),
        given.scalar("signer_share"),
        given.octets("witness"),
        given.number("epoch_number"),
    )
    credential, _ = issuance.receive_licence(given.issuer, given.accumulator, given.epoch, pending, reply)
    signed = given.issuer.signed_point(credential.messages.expose())
    return {
        "link_secret": encode_scalar(credential.link_secret.expose()).hex(),
        "messages": [encode_scalar(message).hex() for message in credential.messages.expose()],
        "signed_point": given.suite.curve.encode_g1(signed).hex(),
    }


def archive(given: Given) -> dict[str, Leaf]:
    """X = X_h + ls_i J_1 and M = X + y H_0."""
    holder = issuance.holder_point(given.issuer, given.octets("registered_point"), given.scalar("signer_share"))
    archived = issuance.archive_point(given.issuer, holder, given.scalar("handle"))
    return {"holder_point": holder.hex(), "archive_point": archived.hex()}


def check_opening(given: Given) -> dict[str, Leaf]:
    """Whether an archive row is the one that was opened."""
    issuance.check_opening(
        given.issuer,
        given.octets("opened"),
        given.octets("registered_point"),
        given.scalar("signer_share"),
        given.scalar("handle"),
    )
    return {}
