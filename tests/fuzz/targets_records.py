"""Targets: records, statements and presentations as octets, revocation lists, credentials. All read strictly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from circuits import (
    Credential,
    Kind,
    Malformed,
    Membership,
    Rejected,
    Unsatisfiable,
    audit_entries,
    check_digit_table,
    check_set,
    create_set,
    decode_entries,
    decode_presentation,
    decode_statement,
    encode_cbor,
    entries_octets,
    update_membership,
)
from circuits.records import (
    AccumulatorRecord,
    EpochRecord,
    EscrowRecord,
    IssuerRecord,
    PolicyRecord,
    SetRecord,
    Sign1,
    TrustBundle,
)
from tests.fuzz import mutate
from tests.fuzz.target import Target, require
from tests.fuzz.targets_octets import round_trip
from tests.fuzz.world import Stream, the_world


def _record(name: str, decode: Callable[[bytes], Any], seed: Callable[[], Any], covers: str, **options: Any) -> Target:
    """A record: read, written back, and its hash is that of the octets."""

    def run(data: bytes) -> None:
        found = decode(data)
        round_trip(data, found.octets)
        require(found.hash == hashlib.sha256(data).digest(), "the hash is not that of the octets")

    return Target(name, run, (Malformed,), lambda: [seed().octets], (covers,), mutate.cbor, runs=500, **options)


@lru_cache(maxsize=1)
def _sets() -> tuple[bytes, ...]:
    return (create_set("set-1", Kind.TEXT, ["GB", "IE", "FR"], entropy=Stream("set")).octets,)


def _set(data: bytes) -> None:
    found = SetRecord.decode(data)
    round_trip(data, found.octets)
    check_set(found)
    require(data in _sets(), "a set with another member passes")


def _policies() -> list[bytes]:
    policy = the_world().bundle.policies[0]
    other = replace(policy, id="open", disclosed=(), predicates=((3, 1, 30), (4, 0, 7)), escrow_hash=b"", period="day")
    return [policy.octets, other.octets]


def _policy(data: bytes) -> None:
    round_trip(data, PolicyRecord.decode(data).octets)


def _sign1(data: bytes) -> None:
    found = Sign1.decode(data)
    round_trip(data, Sign1.encode(found.payload, found.key_id, found.signature))


def _presentation(data: bytes) -> None:
    found = decode_presentation(data)
    pairs = [[index, value] for index, value in found.disclosed.items()]
    hashes = (found.nonce, found.issuer_hash, found.accumulator_hash)
    fields: dict[int, Any] = dict(enumerate((1, *hashes, found.epoch_number, pairs, found.proof), 1))
    round_trip(data, encode_cbor(fields))


def _presentation_seeds() -> list[bytes]:
    world = the_world()
    # The last statement is a document's: no presentation.
    pairs = list(zip(world.statements, world.proofs, strict=True))[:-1]
    return [statement.present(world.binding(), proof) for statement, proof in pairs]


def _statement(data: bytes) -> None:
    world = the_world()
    records = (world.bundle.issuer, world.bundle.accumulator, world.epoch)
    for escrow in (world.bundle.escrow, None):
        try:
            statement, binding = decode_statement(
                data, *records, escrow, companion=world.companion, sets=[world.countries]
            )
        except Malformed:
            continue
        round_trip(data, statement.octets(binding))
        return
    raise Malformed("a statement about other records")


def _statement_seeds() -> list[bytes]:
    return [statement.octets(the_world().binding()) for statement in the_world().statements]


def _entries(affine: bool) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        world = the_world()
        entries = decode_entries(data, affine)
        round_trip(data, entries_octets(entries, affine))
        epoch, _ = world.revoked
        if entries:
            try:
                audit_entries(world.bundle.accumulator, world.epoch.value, entries)
            except Rejected:
                pass
            else:
                given = entries_octets(entries)
                true = entries_octets(world.revoked[1])
                require(true.startswith(given), "a revocation list that nobody signed passes the audit")
        found = update_membership(world.membership, world.credential.handle, entries, epoch)
        require(found.value == epoch.value, "a membership at another value than the epoch's")

    return run


def _entries_seeds(affine: bool) -> list[bytes]:
    entries = the_world().revoked[1]
    return [entries_octets(entries, affine), entries_octets(entries[:1], affine), b""]


def _credential(data: bytes) -> None:
    found = Credential.decode(the_world().bundle.issuer, data)
    round_trip(data, found.encode().expose())
    require(data == the_world().credential.encode().expose(), "another credential is signed by the issuer")


def _membership(data: bytes) -> None:
    round_trip(data, Membership.decode(the_world().bundle.accumulator, data).encode())


def _digit_table(data: bytes) -> None:
    """Pieces of four octets (a digit, a digit) and 48: puts another entry, or any octets, in the place of an entry."""
    world = the_world()
    true = world.created.digit_table
    table = bytearray(true)
    for at in range(0, len(data), 52):
        to, source, octets = data[at : at + 2], data[at + 2 : at + 4], data[at + 4 : at + 52]
        where, whence = (int.from_bytes(piece, "big") % 4096 * 48 for piece in (to, source))
        table[where : where + 48] = octets if len(octets) == 48 else true[whence : whence + 48]
    record = replace(world.bundle.issuer, table_hash=hashlib.sha256(table).digest())
    check_digit_table(record, bytes(table[: 48 * 4096]))
    require(bytes(table) == true, "a digit table with another entry passes")


TARGETS = (
    _record("issuer-record", IssuerRecord.decode, lambda: the_world().bundle.issuer,
            "circuits.records.issuer.IssuerRecord.decode"),
    _record("accumulator-record", AccumulatorRecord.decode, lambda: the_world().bundle.accumulator,
            "circuits.records.accumulator.AccumulatorRecord.decode"),
    _record("epoch-record", EpochRecord.decode, lambda: the_world().epoch,
            "circuits.records.epoch.EpochRecord.decode", max_len=1024),
    _record("escrow-record", EscrowRecord.decode, lambda: the_world().bundle.escrow,
            "circuits.records.escrow.EscrowRecord.decode"),
    _record("trust-bundle", TrustBundle.decode, lambda: the_world().bundle,
            "circuits.records.trust.TrustBundle.decode", max_len=8192),
    Target("set-record", _set, (Malformed, Rejected), lambda: [_sets()[0]], ("circuits.records.set.SetRecord.decode",),
           mutate.cbor, runs=600),
    Target("policy-record", _policy, (Malformed,), _policies, ("circuits.records.policy.PolicyRecord.decode",),
           mutate.cbor, runs=1200),
    Target("sign1", _sign1, (Malformed,), lambda: [the_world().sign(the_world().epoch.octets)],
           ("circuits.records.sign1.Sign1.decode",), mutate.cbor, 1100, runs=1200),
    Target("presentation", _presentation, (Malformed,), _presentation_seeds,
           ("circuits.presentation.decode_presentation",), mutate.cbor, 4200, runs=1200),
    Target("statement", _statement, (Malformed,), _statement_seeds, ("circuits.statement.decode_statement",),
           mutate.cbor, runs=1200),
    Target("entries-80", _entries(affine=False), (Malformed, Rejected, Unsatisfiable), lambda: _entries_seeds(False),
           ("circuits.accumulator.decode_entries",), mutate.fields(32, 48, 32, 48, 32, 48), 800, runs=200),
    Target("entries-128", _entries(affine=True), (Malformed, Rejected, Unsatisfiable), lambda: _entries_seeds(True),
           ("circuits.accumulator.decode_entries",), mutate.fields(32, 48, 48, 32, 48, 48), 1280, runs=200),
    Target("credential", _credential, (Malformed, Rejected), lambda: [the_world().credential.encode().expose()],
           ("circuits.credential.Credential.decode",), mutate.cbor, runs=400),
    Target("membership", _membership, (Malformed,), lambda: [the_world().membership.encode()],
           ("circuits.accumulator.Membership.decode",), mutate.cbor, 1024, runs=1000),
    Target("digit-table", _digit_table, (Malformed, Rejected), lambda: [bytes(4)],
           ("circuits.weak_bb.check_digit_table",), mutate.fields(32), 208, seconds=6, runs=1),
)  # fmt: skip
