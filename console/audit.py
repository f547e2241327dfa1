"""Checks everything that an issuer publishes, as any member of the public could.

The digit table against the issuer record's hash and key; each signed epoch from the first to the newest, linked to the
one before; and the revocations that they name, entry by entry, from the accumulator's start to the newest value. A
phantom entry, or one left out, does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from circuits import RevocationEntry, audit_entries, check_digit_table
from circuits.records import GENESIS, EpochRecord, TrustBundle
from console.output import Failure
from prover.issuer_client import IssuerClient
from prover.refresh import decode_epoch
from prover.revocation_list import entries_of


def audit_publications(trust: TrustBundle, issuer: IssuerClient) -> dict[str, object]:
    """Check the table, the epochs and the whole list; gives what was looked at.

    :raises Failure: `audit` where the epochs, or the list, do not lead from the start to the newest epoch.
    :raises CircuitError: the table or an entry does not verify.
    :raises ProverError: an epoch or its entries are not the issuer's, or cannot be had.
    """
    check_digit_table(trust.issuer, issuer.digits())
    newest = decode_epoch(issuer.latest_epoch(), trust)
    entries: list[RevocationEntry] = []
    for epoch in _epochs(trust, issuer, newest):
        entries += entries_of(issuer, epoch)
        reached = entries[-1].value if entries else trust.accumulator.start_value
        if reached != epoch.value:
            raise _failure(f"the revocation list does not lead to epoch {epoch.number}")
    if entries:
        audit_entries(trust.accumulator, trust.accumulator.start_value, entries)
    return {"digit_table": trust.issuer.table_hash.hex(), "epoch": newest.number, "entries_audited": len(entries)}


def _epochs(trust: TrustBundle, issuer: IssuerClient, newest: EpochRecord) -> Iterator[EpochRecord]:
    previous = GENESIS
    for number in range(newest.number + 1):
        epoch = newest if number == newest.number else decode_epoch(issuer.epoch(number), trust)
        if (epoch.number, epoch.previous) != (number, previous):
            raise _failure(f"epoch {number} does not follow the one before it")
        yield epoch
        previous = epoch.hash


def _failure(sentence: str) -> Failure:
    return Failure("audit", sentence, "compare the issuer's files from another network")
