"""The escrow: dealt, opened by shares, and the sealing of evidence."""

from __future__ import annotations

from circuits import threshold
from circuits.scalar import encode_scalar
from circuits.threshold import EscrowCiphertext
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given


def deal(given: Given) -> dict[str, Leaf]:
    """A new escrow. Draws the t coefficients of the polynomial, the secret first."""
    made = threshold.deal_escrow(
        given.text("escrow_id"),
        given.number("threshold"),
        given.number("openers"),
        given.number("not_before"),
        given.number("not_after"),
        given.suite,
        given.entropy,
    )
    return {
        "escrow": made.record.octets.hex(),
        "share_secrets": [encode_scalar(share.expose()).hex() for share in made.shares],
    }


def share(given: Given) -> dict[str, Leaf]:
    """One opener's share, with its proof. Draws the nonce."""
    made = threshold.open_share(
        given.escrow,
        given.number("opener"),
        given.secret("share_secret"),
        given.octets("e1"),
        given.text("case_id"),
        given.octets("digest"),
        given.entropy,
    )
    return {"share": made.hex()}


def combine(given: Given) -> dict[str, Leaf]:
    """kappa E1 from the `shares`."""
    combined = threshold.combine_shares(
        given.escrow, given.octets("e1"), given.octets_list("shares"), given.text("case_id"), given.octets("digest")
    )
    return {"combined": combined.hex()}


def identity(given: Given) -> dict[str, Leaf]:
    """M = E2 - kappa E1."""
    ciphertext = EscrowCiphertext(given.octets("e1"), given.octets("e2"))
    return {"archive_point": threshold.open_identity(given.escrow, ciphertext, given.octets("combined")).hex()}


def seal(given: Given) -> dict[str, Leaf]:
    """An encapsulation for `seal_context` and the content key. Draws u, then the nonce."""
    encapsulation, key = threshold.seal_key(given.escrow, given.octets("seal_context"), given.entropy)
    return {"encapsulation": encapsulation.hex(), "content_key": key.expose().hex()}


def sealed(given: Given) -> dict[str, Leaf]:
    """The point that openers may give shares over."""
    point = threshold.sealed_point(given.escrow, given.octets("encapsulation"), given.octets("seal_context"))
    return {"e1": point.hex()}


def unsealed(given: Given) -> dict[str, Leaf]:
    """The content key from the combined shares."""
    return {
        "content_key": threshold.unsealed_key(given.escrow, given.octets("e1"), given.octets("combined")).expose().hex()
    }
