"""What a sixth review found: one item that spoils a batch, a fork in the middle, records and values that verify and
never load again, and values that lie about what they equal. Each refusal has its control."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from circuits import (
    LICENCE_ATTRIBUTES,
    Accepted,
    AtLeast,
    Binding,
    Companion,
    Disclose,
    Held,
    Kind,
    Malformed,
    Misuse,
    NotRevoked,
    Possession,
    Pseudonym,
    Rejected,
    Statement,
    all_of,
    count_heads,
    create_accumulator,
    create_set,
    decode_statement,
    encode_cbor,
    finish,
    prepare,
    reverify,
    scope_context,
    verify,
    verify_batch,
)
from circuits.layout import _kept, layout_of
from circuits.records import IssuerRecord, SetRecord
from tests.circuits.core.world import TODAY, Licence, World, first_epoch, octets32
from tests.circuits.statements.conftest import Stage, stage

__all__ = ["stage"]

Item = tuple[Statement, Binding, bytes]
SCOPE = scope_context("permit", ("P-1",), "2026-47")
JURISDICTION, SPARE = 2, 9


def forced(binding: Binding, **changes: Any) -> Binding:
    """A binding that its own constructor would refuse."""
    made = replace(binding)
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    return made


def rogue_companion(stage: Stage) -> tuple[Companion, IssuerRecord]:
    """What nobody can decide: a companion whose issuer has the bound as its digits' key."""
    curve = stage.world.curve
    key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), TODAY))
    issuer = replace(stage.permits.issuer, id="rogue", digit_key=key)
    accumulator = create_accumulator("rogue-accumulator", "rogue").record
    live = NotRevoked(accumulator, first_epoch(accumulator))
    return Companion(Possession(issuer), live, AtLeast(3, TODAY)), issuer


@pytest.fixture(params=["a key that is a bound", "a time without octets", "an audience without octets"])
def undecidable(request: pytest.FixtureRequest, stage: Stage, honest: Item) -> Item:
    """An item about which `verify` raises `Misuse`."""
    statement, binding, proof = honest
    if request.param == "a key that is a bound":
        return stage.say(rogue_companion(stage)[0]), binding, proof
    if request.param == "a time without octets":
        return statement, forced(binding, not_after=2**64), proof
    return statement, forced(binding, audience="https://\ud800"), proof


@pytest.mark.attack("B7")
def test_what_cannot_be_decided_spoils_no_neighbour(honest: Item, undecidable: Item) -> None:
    with pytest.raises(Misuse) as alone:
        verify(*undecidable)
    statement, binding, proof = honest
    false = statement, replace(binding, nonce=octets32("another")), proof
    found = verify_batch([honest, undecidable, false, honest])
    assert [type(one) for one in found] == [Accepted, Misuse, Rejected, Accepted]
    assert str(found[1]) == str(alone.value)
    with pytest.raises(Misuse, match="empty"):
        verify_batch([])


@pytest.mark.attack("B7")
def test_it_spoils_no_head_count(stage: Stage) -> None:
    statement = stage.say(AtLeast(3, TODAY), escrow=False, context=SCOPE)
    first, second = stage.world.binding("first"), stage.world.binding("second")
    one, other = (finish(stage.prepare(statement, who), first) for who in (stage.licence, stage.world.licence()))
    shown = [(first, one), (forced(second, not_after=-1), one), (first, other)]
    assert len(count_heads(statement, shown, 2)) == 2
    with pytest.raises(Rejected):
        count_heads(statement, shown, 3)


@pytest.mark.parametrize("audience", ["", "a" * 256, "é" * 128, "https://\ud800"])
def test_an_audience_that_has_no_place_in_a_statement(binding: Binding, audience: str) -> None:
    with pytest.raises(Misuse, match="audience"):
        replace(binding, audience=audience)


@pytest.mark.parametrize("time", [-1, 2**64, 5.0, True, "5"])
def test_an_end_that_has_no_place_in_a_statement(binding: Binding, time: Any) -> None:
    with pytest.raises(Misuse, match="whole number of seconds"):
        replace(binding, not_after=time)


def test_the_longest_binding_is_read_again(world: World, statement: Statement, binding: Binding) -> None:
    records = world.issuer, world.accumulator, world.epoch, world.escrow
    for time in (0, 2**64 - 1):
        longest = replace(binding, audience="é" * 127 + "a", not_after=time)
        assert decode_statement(statement.octets(longest), *records) == (statement, longest)


class Waiting:
    """A key that is looked up for as long as one likes."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __hash__(self) -> int:
        self.begun.set()
        self.go_on.wait()
        return 0


@pytest.fixture
def clean() -> Iterator[None]:
    yield
    _kept._layouts.clear()


def test_a_thread_among_the_layouts_holds_up_no_forked_child(statement: Statement, clean: None) -> None:
    key = Waiting()
    thread = threading.Thread(target=_kept.get, args=(key, statement))
    thread.start()
    key.begun.wait()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(20)
        outcome = 1
        try:
            outcome = 0 if layout_of(statement).wire else 2
        finally:
            os._exit(outcome)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    key.go_on.set()
    thread.join()
    assert ended == 0


@pytest.mark.attack("G1")
@pytest.mark.parametrize("index", range(1, 10))
def test_no_attribute_beside_the_handle_is_a_scalar(world: World, index: int) -> None:
    """It would be verified, and its 255 bits have no place where a statement is read again."""
    profile = list(LICENCE_ATTRIBUTES)
    profile[index] = (profile[index][0], Kind.SCALAR)
    with pytest.raises(Malformed, match="beside the handle"):
        replace(world.issuer, attributes=tuple(profile))
    rows: list[Any] = [[name, int(kind)] for name, kind in profile]
    fields: dict[int, Any] = {1: 1, 2: world.issuer.id, 3: world.issuer.profile_id, 4: world.issuer.api_id}
    fields |= {5: world.issuer.header, 6: world.issuer.public_key, 7: world.issuer.digit_key}
    fields |= {8: world.issuer.table_hash}
    with pytest.raises(Malformed, match="beside the handle"):
        IssuerRecord.decode(encode_cbor(fields | {9: rows}))
    rows[index][1] = int(LICENCE_ATTRIBUTES[index][1])
    assert IssuerRecord.decode(encode_cbor(fields | {9: rows})) == world.issuer


@pytest.mark.attack("G1")
def test_the_largest_value_that_is_shown_is_opened(stage: Stage, binding: Binding) -> None:
    largest = stage.world.licence(spare=2**32 - 1)
    permit = stage.permits.licence(link_secret=largest.credential.link_secret, spare=2**32 - 1)
    statement = stage.say(Disclose(SPARE, 2**32 - 1), stage.beside(Disclose(SPARE, 2**32 - 1)))
    proof = finish(stage.prepare(statement, largest, permit), binding)
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    accepted = verify(statement, binding, proof)
    assert reverify(accepted.statement_octets, proof, *records, companion=stage.companion_records) == accepted
    assert isinstance(stage.held(permit), Held)
    with pytest.raises(Malformed, match="out of range"):
        stage.say(Disclose(SPARE, 2**32))


class Lying(int):
    """A number that says it is every other, and is found where 3 is looked up."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(3)


class Tier(IntEnum):
    ENTERPRISE = 3


class Country(StrEnum):
    BRITAIN = "GB"


@pytest.mark.attack("F2")
@pytest.mark.parametrize("value", [Lying(2), Tier.ENTERPRISE, True, 3.0, None], ids=repr)
def test_a_number_is_nothing_else(world: World, value: Any) -> None:
    own = Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"somewhere")
    with pytest.raises(Malformed, match="number"):
        all_of(*own, Disclose(1, value))
    with pytest.raises(Malformed, match="number"):
        create_set("sixth-numbers", Kind.INT, [1, value])
    with pytest.raises(Malformed, match="number"):
        replace(world.policy, disclosed=((1, (value,)), *world.policy.disclosed[1:]))
    assert all_of(*own, Disclose(1, 3)).disclosed == ((1, 3),)


@pytest.mark.attack("F2")
@pytest.mark.parametrize("value", [Country.BRITAIN, b"GB", None], ids=repr)
def test_a_text_is_nothing_else(world: World, value: Any) -> None:
    own = Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"somewhere")
    with pytest.raises(Malformed, match="text"):
        all_of(*own, Disclose(JURISDICTION, value))
    with pytest.raises(Malformed, match="text"):
        create_set("sixth-texts", Kind.TEXT, ["FR", value])
    assert all_of(*own, Disclose(JURISDICTION, "GB")).disclosed == ((JURISDICTION, "GB"),)


@pytest.mark.attack("F2")
def test_a_layout_is_not_taken_for_another(world: World, licence: Licence, binding: Binding) -> None:
    """The reviewer's way: a layout for tier 2, found where the one for tier 3 is looked up."""
    own = Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"poisoned")
    with pytest.raises(Malformed):
        layout_of(all_of(*own, Disclose(1, Lying(2))))
    statement = all_of(*own, Disclose(1, 3))
    proof = finish(prepare(statement, licence.credential, licence.membership, world.table), binding)
    assert isinstance(verify(statement, binding, proof), Accepted)


@pytest.mark.parametrize("context", [b"\xff", b"here", b"\x81\x01", b"\x01", b"\x81\x60", b"\x85" + b"\x61a" * 5])
def test_heads_of_a_context_that_is_no_list_of_texts(stage: Stage, context: bytes) -> None:
    with pytest.raises(Malformed):
        count_heads(stage.say(escrow=False, context=context), [], 1)


@pytest.mark.parametrize("context", [b"\x80", b"\x81\x61a", b"\x84" + b"\x61a" * 4])
def test_heads_of_a_context_that_is_no_scope(stage: Stage, context: bytes) -> None:
    with pytest.raises(Misuse, match="heads are counted for"):
        count_heads(stage.say(escrow=False, context=context), [], 1)


def test_a_set_whose_id_would_not_load() -> None:
    for name in ("", "x" * 256, "é" * 128, "half \ud800"):
        with pytest.raises(Misuse, match="the id of a set"):
            create_set(name, Kind.INT, [1, 2])
    longest = create_set("é" * 127 + "x", Kind.INT, [1, 2])
    assert SetRecord.decode(longest.octets) == longest


def test_texts_of_a_set_stand_by_their_utf_8() -> None:
    """In UTF-16 the second would come before the first: its first unit is D800."""
    high, beyond = "\uffe6", "\U00010000"
    assert high.encode("utf-16-be") > beyond.encode("utf-16-be")
    record = create_set("sixth-order", Kind.TEXT, [beyond, high, "ab", "a", "b"])
    assert [value for value, _ in record.members] == ["a", "ab", "b", high, beyond]
    assert SetRecord.decode(record.octets) == record
    one, other, *rest = record.members[::-1]
    with pytest.raises(Malformed, match="ascending"):
        replace(record, members=(*rest[::-1], one, other))
