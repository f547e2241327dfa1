"""Checks everything that an issuer publishes, as any member of the public could.

The digit table against the issuer record's hash and key; the revocation list, entry by entry, from the accumulator's
start to the value of the newest signed epoch. A phantom entry, or one left out, does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from circuits import RevocationEntry, audit_entries, check_digit_table, decode_entries
from circuits.records import TrustBundle
from console.output import Failure
from prover.issuer_client import IssuerClient
from prover.refresh import MAX_CHUNKS, decode_epoch


def audit_publications(trust: TrustBundle, issuer: IssuerClient) -> dict[str, object]:
    """Check the table, the newest epoch's signature and the whole list; gives what was looked at.

    :raises Failure: `audit` where the list does not lead to the signed epoch.
    :raises CircuitError: the table or an entry does not verify.
    """
    check_digit_table(trust.issuer, issuer.digits())
    signed = issuer.latest_epoch()
    epoch = decode_epoch(signed, trust)
    entries = tuple(_entries(issuer))
    if entries:
        audit_entries(trust.accumulator, trust.accumulator.start_value, entries)
    reached = entries[-1].value if entries else trust.accumulator.start_value
    if reached != epoch.value:
        raise Failure("audit", "the revocation list does not lead to the newest signed epoch", "try again in a minute")
    return {"digit_table": trust.issuer.table_hash.hex(), "epoch": epoch.number, "entries_audited": len(entries)}


def _entries(issuer: IssuerClient) -> Iterator[RevocationEntry]:
    for chunk in range(MAX_CHUNKS):
        raw = issuer.entries(chunk, "80")
        if not raw:
            return
        yield from decode_entries(raw, affine=False)
