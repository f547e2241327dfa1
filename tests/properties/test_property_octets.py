"""Records and presentations: one encoding each, and no octets that do anything but load or be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import (
    CircuitError,
    Malformed,
    Rejected,
    decode_presentation,
    encode_cbor,
    escrow_ciphertext,
    reverify,
    verify,
    verify_batch,
)
from circuits.encoding import decode_map
from circuits.records import (
    AccumulatorRecord,
    EpochRecord,
    EscrowRecord,
    IssuerRecord,
    PolicyRecord,
    Sign1,
    TrustBundle,
)
from tests.circuits.core.world import World, octets32, the_licence, the_world


@dataclass(frozen=True)
class Form:
    """One kind of record: an example, and its loader."""

    octets: bytes
    keys: int
    load: Callable[[bytes], object]


def forms() -> dict[str, Form]:
    world = the_world()
    bundle = TrustBundle(
        world.issuer, world.accumulator, world.escrow, octets32("key"), (world.policy,), "https://issuer.example"
    )
    later, _ = world.revoke(world.epoch, 5)
    return {
        "issuer": Form(world.issuer.octets, 9, IssuerRecord.decode),
        "accumulator": Form(world.accumulator.octets, 4, AccumulatorRecord.decode),
        "epoch": Form(later.octets, 10, EpochRecord.decode),
        "escrow": Form(world.escrow.octets, 7, EscrowRecord.decode),
        "policy": Form(world.policy.octets, 12, PolicyRecord.decode),
        "bundle": Form(bundle.octets, 7, TrustBundle.decode),
    }


NAMES = ("issuer", "accumulator", "epoch", "escrow", "policy", "bundle")
ANYTHING = st.recursive(
    st.integers(0, 2**64 - 1) | st.binary(max_size=100) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 23), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", NAMES)
class TestRecords:
    def test_decode_of_encode_is_the_record(self, name: str) -> None:
        form = forms()[name]
        record = form.load(form.octets)
        assert record.octets == form.octets  # type: ignore[attr-defined]
        assert record == form.load(record.octets)  # type: ignore[attr-defined]

    def test_other_shapes(self, name: str) -> None:
        form = forms()[name]
        fields = decode_map(form.octets, 65536, range(1, form.keys + 1))
        shapes: list[bytes] = [b"", b"\xa0", b"\xf6", form.octets[:-1], form.octets + b"\x00", form.octets * 2]
        shapes += [
            encode_cbor({**fields, form.keys + 1: 1}),
            encode_cbor({**fields, 1: 2}),
            encode_cbor({**fields, 0: 1}),
        ]
        shapes += [encode_cbor({key: fields[key] for key in fields if key != gone}) for gone in fields]
        shapes += [encode_cbor(list(fields.values())), bytes(70_000)]
        backwards = dict(reversed(list(fields.items())))
        shapes += [cbor2.dumps(backwards), b"\xbf" + form.octets[1:] + b"\xff"]
        for octets in shapes:
            with pytest.raises(Malformed):
                form.load(octets)

    def test_any_value_in_any_field(self, name: str) -> None:
        form = forms()[name]
        fields = decode_map(form.octets, 65536, range(1, form.keys + 1))

        @given(st.integers(1, form.keys), ANYTHING)
        @settings(max_examples=60)
        def change(key: int, value: object) -> None:
            octets = encode_cbor({**fields, key: value})  # type: ignore[dict-item]
            try:
                record = form.load(octets)
            except Malformed:
                return
            assert record.octets == octets  # type: ignore[attr-defined]

        change()

    def test_any_altered_octet(self, name: str) -> None:
        form = forms()[name]

        @given(st.integers(0, len(form.octets) - 1), st.integers(1, 255))
        @settings(max_examples=60)
        def change(at: int, flip: int) -> None:
            octets = form.octets[:at] + bytes([form.octets[at] ^ flip]) + form.octets[at + 1 :]
            try:
                record = form.load(octets)
            except Malformed:
                return
            assert record.octets == octets  # type: ignore[attr-defined]

        change()


@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_octets_as_a_record(name: str, octets: bytes) -> None:
    with pytest.raises(Malformed):
        forms()[name].load(octets)


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": ()},
        {"api_id": b"another"},
        {"table_hash": b""},
        {"public_key": b""},
    ],
    ids=str,
)
def test_issuer_records_that_are_none(world: World, changes: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        replace(world.issuer, **changes)  # type: ignore[arg-type]


def test_an_issuers_keys_and_names_are_distinct(world: World) -> None:
    own = world.issuer
    for changes in (
        {"digit_key": own.public_key},
        {"attributes": (*own.attributes[:9], own.attributes[1])},
        {"attributes": own.attributes[::-1]},
        {"attributes": own.attributes[:9]},
    ):
        with pytest.raises(Malformed):
            replace(own, **changes)  # type: ignore[arg-type]


def test_epochs_that_make_no_sense(world: World) -> None:
    later, _ = world.revoke(world.epoch, 5)
    for epoch, changes in (
        (later, {"floor": 2}),
        (later, {"next_update": later.not_before}),
        (later, {"previous": bytes(32)}),
        (later, {"value": b"\xc0" + bytes(47)}),
        (world.epoch, {"previous": octets32("before")}),
        (world.epoch, {"number": 1}),
    ):
        with pytest.raises(Malformed):
            replace(epoch, **changes)  # type: ignore[arg-type]


class TestPresentation:
    """What a stranger may send to a gateway."""

    @given(st.binary(max_size=400))
    def test_any_octets(self, octets: bytes) -> None:
        with pytest.raises(Malformed):
            decode_presentation(octets)

    @given(st.dictionaries(st.integers(0, 9), ANYTHING, max_size=9))
    def test_any_map(self, fields: dict[int, object]) -> None:
        with pytest.raises(Malformed):
            decode_presentation(encode_cbor(fields))  # type: ignore[arg-type]

    @given(st.integers(1, 7), ANYTHING)
    @settings(max_examples=100)
    def test_any_value_in_any_field(self, key: int, value: object) -> None:
        fields = decode_map(_presentation(), 4096, range(1, 8))
        octets = encode_cbor({**fields, key: value})  # type: ignore[dict-item]
        try:
            found = decode_presentation(octets)
        except Malformed:
            return
        again = {
            1: 1, 2: found.nonce, 3: found.issuer_hash, 4: found.accumulator_hash, 5: found.epoch_number,
            6: [[index, value] for index, value in found.disclosed.items()], 7: found.proof,
        }  # fmt: skip
        assert encode_cbor(again) == octets  # type: ignore[arg-type]


def _presentation() -> bytes:
    statement, binding, proof = _proved()
    return statement.present(binding, proof)


def _proved() -> tuple:  # type: ignore[type-arg]
    world = the_world()
    statement, binding = world.statement(), world.binding()
    if not _PROOF:
        _PROOF.append(world.proof(statement, the_licence(), binding))
    return statement, binding, _PROOF[0]


_PROOF: list[bytes] = []
RUNS = st.lists(st.tuples(st.integers(0, 1503), st.binary(min_size=1, max_size=50)), min_size=1, max_size=4)


@given(RUNS, st.integers(-3, 3))
@settings(max_examples=60)
def test_a_mutated_proof_is_refused_in_one_of_two_ways(runs: list[tuple[int, bytes]], longer: int) -> None:
    statement, binding, proof = _proved()
    octets = bytearray(proof)
    for at, run in runs:
        octets[at : at + len(run)] = run[: 1504 - at]
    if longer:
        octets = octets + bytes(longer) if longer > 0 else octets[:longer]
    if bytes(octets) == proof:
        return
    with pytest.raises((Malformed, Rejected)):
        verify(statement, binding, bytes(octets))
    outcome = verify_batch([(statement, binding, bytes(octets))])[0]
    assert isinstance(outcome, CircuitError)


@given(st.binary(max_size=1600) | st.binary(min_size=1504, max_size=1504))
def test_any_octets_as_a_proof(octets: bytes) -> None:
    statement, binding, _ = _proved()
    world = the_world()
    with pytest.raises(Malformed):
        verify(statement, binding, octets)
    with pytest.raises(Malformed):
        reverify(octets, octets, world.issuer, world.accumulator, world.epoch, world.escrow)
    with pytest.raises(Malformed):
        escrow_ciphertext(octets, octets)


class TestSign1:
    """The envelope of epochs: one encoding, and no tag of CBOR's gets a meaning."""

    def test_round_trip(self) -> None:
        octets = Sign1.encode(b"payload", b"8 octets", bytes(64))
        found = Sign1.decode(octets)
        assert (found.payload, found.key_id, found.signature) == (b"payload", b"8 octets", bytes(64))

    @given(st.binary(max_size=200))
    def test_any_octets(self, octets: bytes) -> None:
        for start in (b"", b"\xd2", b"\xd2\x84", b"\xd2\x84\x4d"):
            with pytest.raises(Malformed):
                Sign1.decode(start + octets)

    @given(st.data())
    @settings(max_examples=200)
    def test_any_altered_octet(self, data: st.DataObject) -> None:
        octets = Sign1.encode(b"payload", b"8 octets", bytes(64))
        at = data.draw(st.integers(0, len(octets) - 1))
        altered = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
        try:
            found = Sign1.decode(altered)
        except Malformed:
            return
        assert Sign1.encode(found.payload, found.key_id, found.signature) == altered

    @pytest.mark.attack("22")
    def test_shared_references_are_not_followed(self) -> None:
        """Under a thousand octets that stand for a million and a half of items."""
        inner = b"\xd8\x1c" + cbor2.dumps([1] * 100)
        for depth in (1, 2):
            inner = b"\xd8\x1c\x98\x79" + inner + b"\xd8\x1d" + cbor2.dumps(3 - depth) + (b"\xd8\x1d\x02" * 119)
        protected = cbor2.dumps({1: -19, 4: b"8 octets"})
        octets = b"\xd2\x84" + cbor2.dumps(protected) + b"\xa0" + inner + cbor2.dumps(bytes(64))
        assert len(octets) < 1024
        with pytest.raises(Malformed, match="kind"):
            Sign1.decode(octets)
