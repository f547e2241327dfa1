"""What each operation of our vectors computes: from what is given to what comes out, all as in the files.

One module per topic. An operation raises whatever `circuits` raises; the code of that error is the vector's code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf, Vector
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations import (
    accumulator,
    bases,
    batch,
    digits,
    documents,
    heads,
    issuance,
    presentation,
    records,
    sets,
    statement,
    threshold,
    values,
)

Operation = Callable[[Given], dict[str, Leaf]]
Comparison = Callable[[Given, Mapping[str, Vector]], dict[str, Leaf]]

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
    "create-set": sets.create,
    "set-record": sets.record,
    "check-set": sets.check,
    "document-digest": documents.digest,
    "sign-document": documents.sign,
    "read-signature": documents.read,
    "enclose-signature": documents.enclose,
    "check-signature": documents.check,
    "scope-context": heads.scope,
}
OVER_OTHERS: dict[str, Comparison] = {"batch": batch.check_batch, "count-heads": heads.count}


def operate(name: str, given: Given, known: Mapping[str, Vector]) -> dict[str, Leaf]:
    """The output of the operation called `name`; `known` holds the vectors that some of them are about, by id.

    Raises `BadVector` where there is no such operation, and whatever the operation raises.
    """
    if name in OVER_OTHERS:
        return OVER_OTHERS[name](given, known)
    if name not in OPERATIONS:
        raise BadVector(f"no operation is called {name}")
    return OPERATIONS[name](given)


__all__ = ["OPERATIONS", "OVER_OTHERS", "operate"]
