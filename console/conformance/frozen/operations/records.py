"""Records: read strictly, written again, named by their hash."""

from __future__ import annotations

from circuits.attributes import AttributeValue
from circuits.records import (
    AccumulatorRecord,
    EpochRecord,
    EscrowRecord,
    IssuerRecord,
    PolicyRecord,
    Sign1,
    TrustBundle,
)
from circuits.scalar import encode_scalar
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given


def issuer(given: Given) -> dict[str, Leaf]:
    """Members `octets` to the fields, the hash and the BBS domain."""
    record = IssuerRecord.decode(given.octets("octets"), given.suite)
    return {
        "hash": record.hash.hex(),
        "issuer_id": record.id.encode().hex(),
        "profile_id": record.profile_id.encode().hex(),
        "api_id": record.api_id.hex(),
        "header": record.header.hex(),
        "public_key": record.public_key.hex(),
        "digit_key": record.digit_key.hex(),
        "table_hash": record.table_hash.hex(),
        "names": [name.encode().hex() for name, _ in record.attributes],
        "kinds": [str(int(kind)) for _, kind in record.attributes],
        "domain": encode_scalar(record.domain).hex(),
        "base_point": given.suite.curve.encode_g1(record.base_point).hex(),
        "encoded": record.octets.hex(),
    }


def accumulator(given: Given) -> dict[str, Leaf]:
    """Member `octets` to the fields, the hash and V_0."""
    record = AccumulatorRecord.decode(given.octets("octets"), given.suite)
    return {
        "hash": record.hash.hex(),
        "accumulator_id": record.id.encode().hex(),
        "issuer_id": record.issuer_id.encode().hex(),
        "public_key": record.public_key.hex(),
        "start_value": record.start_value.hex(),
        "encoded": record.octets.hex(),
    }


def epoch(given: Given) -> dict[str, Leaf]:
    """Member `octets` to the fields and the hash."""
    record = EpochRecord.decode(given.octets("octets"), given.suite)
    return {
        "hash": record.hash.hex(),
        "accumulator_hash": record.accumulator_hash.hex(),
        "number": str(record.number),
        "value": record.value.hex(),
        "not_before": str(record.not_before),
        "next_update": str(record.next_update),
        "floor": str(record.floor),
        "previous": record.previous.hex(),
        "entries_hash": record.entries_hash.hex(),
        "entries_count": str(record.entries_count),
        "encoded": record.octets.hex(),
    }


def escrow(given: Given) -> dict[str, Leaf]:
    """Member `octets` to the fields, the hash and G_e."""
    record = EscrowRecord.decode(given.octets("octets"), given.suite)
    return {
        "hash": record.hash.hex(),
        "escrow_id": record.id.encode().hex(),
        "public_key": record.public_key.hex(),
        "share_keys": [key.hex() for key in record.share_keys],
        "threshold": str(record.threshold),
        "not_before": str(record.not_before),
        "not_after": str(record.not_after),
        "base": given.suite.curve.encode_g1(record.base).hex(),
        "encoded": record.octets.hex(),
    }


def policy(given: Given) -> dict[str, Leaf]:
    """Member `octets` to the fields and the hash."""
    record = PolicyRecord.decode(given.octets("octets"))
    return {
        "hash": record.hash.hex(),
        "policy_id": record.id.encode().hex(),
        "scope": record.scope.encode().hex(),
        "issuers": [issuer_hash.hex() for issuer_hash in record.issuers],
        "disclosed": [
            {"index": str(index), "allowed": [_value(value) for value in values]} for index, values in record.disclosed
        ],
        "predicates": [
            {"index": str(index), "bound_kind": str(kind), "bound": str(bound)}
            for index, kind, bound in record.predicates
        ],
        "escrow_hash": record.escrow_hash.hex(),
        "challenge_seconds": str(record.challenge_seconds),
        "epoch_seconds": str(record.epoch_seconds),
        "renewal_seconds": str(record.renewal_seconds),
        "lease_seconds": str(record.lease_seconds),
        "period": record.period.encode().hex(),
        "encoded": record.octets.hex(),
    }


def trust(given: Given) -> dict[str, Leaf]:
    """Member `octets` to the records within and the hash."""
    bundle = TrustBundle.decode(given.octets("octets"), given.suite)
    return {
        "hash": bundle.hash.hex(),
        "issuer": bundle.issuer.octets.hex(),
        "accumulator": bundle.accumulator.octets.hex(),
        "escrow": bundle.escrow.octets.hex(),
        "epoch_key": bundle.epoch_key.hex(),
        "policies": [policy.octets.hex() for policy in bundle.policies],
        "issuer_url": bundle.issuer_url.encode().hex(),
    }


def sign1(given: Given) -> dict[str, Leaf]:
    """Member `octets` of a COSE_Sign1 to its parts and the octets that are signed. The signature is not checked."""
    found = Sign1.decode(given.octets("octets"))
    return {
        "payload": found.payload.hex(),
        "key_id": found.key_id.hex(),
        "signature": found.signature.hex(),
        "to_be_signed": found.to_be_signed.hex(),
        "encoded": Sign1.encode(found.payload, found.key_id, found.signature).hex(),
    }


def _value(value: AttributeValue) -> Leaf:
    return {"text": value.encode().hex()} if isinstance(value, str) else {"number": str(value)}
