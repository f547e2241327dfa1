"""What each operation of our vectors computes: from what is given to what comes out, all as in the files.

One module per topic. An operation raises whatever `circuits` raises; the code of that error is the vector's code.
"""

from __future__ import annotations

from collections.abc import Callable

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations import (
    accumulator,
    bases,
    digits,
    issuance,
    presentation,
    records,
    statement,
    threshold,
    values,
)
from console.conformance.frozen.operations.batch import check_batch

Operation = Callable[[Given], dict[str, Leaf]]

OPERATIONS: dict[str, Operation] = {
    "issuer-record": records.issuer,
    "accumulator-record": records.accumulator,
    "epoch-record": records.epoch,
    "escrow-record": records.escrow,
    "policy-record": records.policy,
    "trust-bundle": records.trust,
    "sign1": records.sign1,
    "named-base": bases.named,
    "generators": bases.generators,
    "attribute": values.attribute,
    "day-number": values.day,
    "period-label": values.period,
    "register": issuance.register,
    "registration-nonce": issuance.nonce,
    "registration-code": issuance.code,
    "request": issuance.request,
    "check-request": issuance.check_request,
    "sign": issuance.sign,
    "receive": issuance.receive,
    "archive-point": issuance.archive,
    "check-opening": issuance.check_opening,
    "create-accumulator": accumulator.create,
    "witness": accumulator.witness,
    "check-membership": accumulator.check,
    "revoke": accumulator.revoke,
    "update": accumulator.update,
    "audit": accumulator.audit,
    "decode-entries": accumulator.decode,
    "create-issuer": digits.create_issuer,
    "digit-signature": digits.signature,
    "check-digit-table": digits.check_table,
    "statement": statement.octets,
    "policy-statement": statement.from_policy,
    "decode-statement": statement.decode,
    "decode-presentation": statement.decode_envelope,
    "request-digest": statement.digest,
    "present": presentation.present,
    "envelope": presentation.envelope,
    "verify": presentation.verify,
    "reverify": presentation.reverify,
    "deal-escrow": threshold.deal,
    "open-share": threshold.share,
    "combine-shares": threshold.combine,
    "open-identity": threshold.identity,
    "seal": threshold.seal,
    "sealed-point": threshold.sealed,
    "unsealed-key": threshold.unsealed,
}

__all__ = ["OPERATIONS", "Operation", "check_batch"]
