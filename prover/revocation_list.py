"""Fetches the revocations that a signed epoch names, and gives them only where they are those, octet for octet.

The entries are not signed: each epoch names its own by their number and by the hash of their 80-octet form. They are
served in the 128-octet form, which is decoded fifty times faster, and no more of them is read than the epoch names.
Source: [PROTOCOL 4], [ISSUING 4].
"""

from __future__ import annotations

import hashlib

from circuits import AFFINE_ENTRY_OCTETS, CircuitError, RevocationEntry, decode_entries, entries_octets
from circuits.records import EpochRecord
from prover.errors import TrustError
from prover.issuer_client import IssuerClient

COMPARE = "Nothing of it was kept. If it goes on, compare the issuer's files from another network."


def entries_of(issuer: IssuerClient, epoch: EpochRecord) -> tuple[RevocationEntry, ...]:
    """The entries that `epoch` names. One fetch, or none where it names none.

    Raises `TrustError` (`list-damaged`) where what is served is something else, `Unreachable`.
    """
    raw = issuer.entries(epoch.number, epoch.entries_count) if epoch.entries_count else b""
    if len(raw) != epoch.entries_count * AFFINE_ENTRY_OCTETS:
        raise list_damaged()
    try:
        entries = decode_entries(raw, affine=True)
    except CircuitError as error:
        raise list_damaged() from error
    if hashlib.sha256(entries_octets(entries)).digest() != epoch.entries_hash:
        raise list_damaged()
    return entries


def list_damaged() -> TrustError:
    """The refusal of entries that are not what the signed epoch names."""
    return TrustError("list-damaged", "The revocation list does not lead to the signed epoch.", COMPARE)
