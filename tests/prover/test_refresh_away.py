"""Coming back after an absence: in pieces, without losing what was done, and asking for what anybody would ask for."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import circuits
from circuits.records import EpochRecord
from prover import IssuerClient, NotReady, Revoked, TrustError, Unreachable, Wallet, licensed_client
from prover.challenge import Challenge
from prover.enrol import apply, obtain
from prover.prove import Prover, Request, standing
from prover.refresh import EPOCHS_IN_STRETCH, refresh
from tests.prover.conftest import GATEWAY_URL, ISSUER_URL, PASSPHRASE, unb64

TWO = 2 * EPOCHS_IN_STRETCH
AWAY = TWO + 9  # epochs: two stretches, and forty-five minutes


def pass_time(world: Any, epochs: int, seconds: int = 300, revoked: tuple[int, ...] = ()) -> None:
    """Publish `epochs` epochs, one every `seconds`; with a revocation in the last, and in those `revoked`."""
    for left in reversed(range(epochs)):
        world.clock.at += seconds
        if left == 0 or len(world.issuer.epochs) in revoked:
            world.issuer.revoke_strangers(1)
        world.issuer.publish()


def lose(number: int) -> Callable[[httpx.Request], None]:
    """A network that loses request `number` (counted from 1), and every one after it."""
    left = [number]

    def before(request: httpx.Request) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise httpx.ConnectError("lost")

    return before


def whole_again(request: httpx.Request) -> None:
    """A network that loses nothing."""


def check_reached(world: Any, wallet: Wallet, number: int) -> None:
    """That the wallet's file is at epoch `number` in every part, and has seen the newest epoch's number."""
    contents = wallet.reload()
    epoch, membership = standing(contents)
    assert contents.licence is not None
    assert (epoch.number, membership.epoch_number) == (number, number)
    assert epoch.hash == world.issuer.epochs[number].hash
    assert membership.value == epoch.value
    assert contents.high_water == world.issuer.epochs[-1].number
    circuits.check_membership(membership, contents.licence.credential.handle)


def present(world: Any, wallet: Wallet) -> bytes:
    asked = Challenge(secrets.token_bytes(32), "tier3-insured", world.clock(), 120)
    wanted = Request(GATEWAY_URL, f"{GATEWAY_URL}/v1/autonomous", "autonomous", bytes(range(32)))
    return Prover(world.keys.table).present(wallet.reload(), asked, wanted, GATEWAY_URL, world.clock())


def test_what_was_done_before_a_failure_is_kept_and_not_asked_for_again(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, AWAY, revoked=(3, 300))
    world.issuer.before = lose(EPOCHS_IN_STRETCH + 100)
    with pytest.raises(Unreachable):
        refresh(wallet, client, world.clock)
    check_reached(world, wallet, EPOCHS_IN_STRETCH)
    world.issuer.before = whole_again
    world.issuer.log.clear()
    refreshed = refresh(wallet, client, world.clock)
    assert (refreshed.epoch.number, refreshed.changed, refreshed.applied) == (AWAY, True, 2)
    check_reached(world, wallet, AWAY)
    assert world.issuer.log == [
        "GET /epochs/latest.cose",
        *(f"GET /epochs/{number}.cose" for number in range(EPOCHS_IN_STRETCH + 1, TWO + 1)),
        "GET /epochs/300.entries",
        *(f"GET /epochs/{number}.cose" for number in range(TWO + 1, AWAY)),
        f"GET /epochs/{AWAY}.entries",
    ]


def test_a_network_that_loses_one_request_in_three_hundred_is_got_through(world: Any) -> None:
    """Each try gets further than the one before."""
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, 2 * TWO + 10, revoked=(1, 700))
    for _ in range(3):
        world.issuer.before = lose(300)
        with pytest.raises(Unreachable):
            refresh(wallet, client, world.clock)
    world.issuer.before = lose(300)
    assert refresh(wallet, client, world.clock).applied == 1
    check_reached(world, wallet, 2 * TWO + 10)


def without(world: Any, name: str) -> IssuerClient:
    """A host of the public files that has not got one of them yet."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(name):
            return httpx.Response(404)
        response: httpx.Response = world.issuer.handle(request)
        return response

    return IssuerClient(ISSUER_URL, httpx.Client(transport=httpx.MockTransport(answer)))


def test_entries_that_are_not_there_in_a_later_stretch_keep_the_earlier_one(world: Any) -> None:
    wallet = world.wallet()
    pass_time(world, AWAY, revoked=(3,))
    with pytest.raises(Unreachable, match="issuer-files"):
        refresh(wallet, without(world, f"/{AWAY}.entries"), world.clock)
    check_reached(world, wallet, TWO)
    assert refresh(wallet, world.issuer.client(), world.clock).applied == 1
    check_reached(world, wallet, AWAY)


def test_forged_entries_in_a_later_stretch_keep_the_earlier_one(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, AWAY, revoked=(3, 300))
    world.issuer.tamper = lambda path, body: bytes(128) if path.endswith("/300.entries") else body
    with pytest.raises(TrustError, match="list-damaged"):
        refresh(wallet, client, world.clock)
    check_reached(world, wallet, EPOCHS_IN_STRETCH)
    world.issuer.tamper = lambda path, body: body
    assert refresh(wallet, client, world.clock).applied == 2


@pytest.mark.attack("48")
def test_a_wallet_that_stopped_halfway_shows_itself_to_no_gateway(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, AWAY, revoked=(3,))
    world.issuer.before = lose(TWO)
    with pytest.raises(Unreachable):
        refresh(wallet, client, world.clock)
    check_reached(world, wallet, EPOCHS_IN_STRETCH)
    for seconds in (0, -300):  # also where this machine's clock is as far behind as is put up with
        world.clock.at += seconds
        with pytest.raises(NotReady, match="old-epoch"):
            present(world, wallet)
    world.issuer.before = whole_again
    refresh(wallet, client, world.clock)
    assert circuits.decode_presentation(present(world, wallet)).epoch_number == AWAY


@pytest.mark.attack("48")
@pytest.mark.parametrize("behind", [1, 8, 9])
def test_no_stretch_ends_at_an_epoch_young_enough_to_be_shown(world: Any, behind: int) -> None:
    """The constant's end falls into the last forty minutes: from there it goes on to the newest, or keeps nothing."""
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, EPOCHS_IN_STRETCH + behind, revoked=(3,))
    world.issuer.before = lose(EPOCHS_IN_STRETCH + behind + 1)  # the last of all, for the entries
    with pytest.raises(Unreachable):
        refresh(wallet, client, world.clock)
    kept = behind == 9
    check_reached(world, wallet, EPOCHS_IN_STRETCH if kept else 0)
    with pytest.raises(NotReady, match="old-epoch"):
        present(world, wallet)


@pytest.mark.attack("48")
@pytest.mark.attack("V9")
def test_every_licence_asks_for_the_same_the_revoked_ones_too(world: Any) -> None:
    """Whichever stretch names it, a revoked wallet fetches what the others fetch."""
    wallets = [world.wallet(str(number)) for number in range(4)]
    for wallet in wallets[2:]:
        world.issuer.revoke(wallet.contents.licence.credential.handle)
        pass_time(world, EPOCHS_IN_STRETCH + 1)
    pass_time(world, 8)
    logs: list[list[str]] = []
    outcomes: list[int | str] = []
    for wallet in wallets:
        world.issuer.log.clear()
        try:
            outcomes.append(refresh(wallet, world.issuer.client(), world.clock).applied)
        except Revoked as revoked:
            outcomes.append(revoked.code)
        logs.append(list(world.issuer.log))
    assert outcomes == [5, 5, "revoked", "revoked"]
    assert logs[0] == logs[1] == logs[2] == logs[3]
    assert len(logs[0]) == TWO + 10 + 5


@pytest.mark.attack("V9")
def test_a_revocation_found_halfway_is_told_though_the_rest_cannot_be_had_unless_the_rest_is_forged(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke(wallet.contents.licence.credential.handle)
    pass_time(world, AWAY)
    true = world.issuer.epochs[400]
    world.issuer.epochs[400] = replace(true, next_update=true.next_update + 1)
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)
    world.issuer.epochs[400] = true
    world.issuer.before = lose(400)
    with pytest.raises(Revoked):
        refresh(wallet, client, world.clock)


@pytest.mark.attack("V11")
@pytest.mark.parametrize(
    ("how", "place"),
    [("altered", 2), ("altered", AWAY - 1), ("another", EPOCHS_IN_STRETCH), ("stranger", EPOCHS_IN_STRETCH + 1)],
)
def test_a_wrong_link_is_refused_wherever_it_is(world: Any, how: str, place: int) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, AWAY, revoked=(1, 300))
    epochs = world.issuer.epochs
    signed = {
        "altered": world.issuer.signed(replace(epochs[place], floor=epochs[place].floor + 1)),
        "another": world.issuer.signed(epochs[place - 1]),
        "stranger": world.issuer.signed(epochs[place], Ed25519PrivateKey.generate()),
    }[how]
    world.issuer.tamper = lambda path, body: signed if path.endswith(f"/{place}.cose") else body
    with pytest.raises(TrustError, match="epoch-signature" if how == "stranger" else "epoch-fork"):
        refresh(wallet, client, world.clock)
    check_reached(world, wallet, (place - 1) // EPOCHS_IN_STRETCH * EPOCHS_IN_STRETCH)
    world.issuer.tamper = lambda path, body: body
    assert refresh(wallet, client, world.clock).epoch.number == AWAY


def test_the_newest_epoch_must_follow_the_ones_before_it(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, 5)
    world.issuer.epochs[-1] = replace(world.issuer.epochs[-1], previous=bytes([1]) * 32)
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)
    check_reached(world, wallet, 0)


@pytest.mark.attack("V11")
def test_the_first_epoch_fetched_must_follow_the_one_held(world: Any) -> None:
    """A whole other history from the wallet's epoch on, signed and linked in itself."""
    wallet, client = world.wallet(), world.issuer.client()
    held, true = wallet.contents.signed_epoch, world.issuer.epochs[0]
    world.issuer.epochs[0] = replace(true, next_update=true.next_update + 1)
    pass_time(world, 5)
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)
    assert wallet.reload().signed_epoch == held


@contextmanager
def calls_of(function: Callable[..., object]) -> Iterator[list[FrameType]]:
    """The calls of `function` while this lasts, as the interpreter itself reports them."""
    seen: list[FrameType] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is function.__code__:
            seen.append(frame)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(before)


def entries_asked(world: Any) -> list[str]:
    return [line.rpartition("/")[2] for line in world.issuer.log if line.endswith(".entries")]


def test_epochs_with_none_and_with_many_entries(world: Any) -> None:
    """A file is asked for where the epoch names entries, once and in turn; the epochs before the wallet's are not."""
    world.issuer.revoke_strangers(30)
    world.issuer.publish()
    wallet = world.wallet()
    for count in (0, 2, 0, 0, 90, 0, 1, 0):
        world.issuer.revoke_strangers(count)
        world.issuer.publish()
    world.issuer.log.clear()
    assert refresh(wallet, world.issuer.client(), world.clock).applied == 93
    check_reached(world, wallet, 9)
    assert entries_asked(world) == ["3.entries", "6.entries", "8.entries"]


@pytest.mark.attack("V9")
@pytest.mark.parametrize("entries", [0, 1, 2999, 3001, 1 << 17])
def test_a_phantom_file_of_another_length_is_refused_before_it_is_decoded(world: Any, entries: int) -> None:
    """Good points, each of which costs time to decode, in a number that the epoch does not name."""
    wallet = world.wallet()
    world.issuer.revoke_strangers(3000)
    world.issuer.publish()
    phantom = circuits.entries_octets(world.issuer.entries[:1], affine=True)
    world.issuer.tamper = lambda path, body: phantom * entries if path.endswith(".entries") else body
    with (
        calls_of(circuits.decode_entries) as decoded,
        pytest.raises((TrustError, Unreachable), match="longer than 384000" if entries > 3000 else "list-damaged"),
    ):
        refresh(wallet, world.issuer.client(), world.clock)
    assert decoded == []
    world.issuer.tamper = lambda path, body: body
    with calls_of(circuits.decode_entries) as decoded:
        assert refresh(wallet, world.issuer.client(), world.clock).applied == 3000
    assert [len(frame.f_locals["octets"]) for frame in decoded] == [3000 * 128]


@pytest.mark.attack("V9")
def test_files_of_entries_for_epochs_that_name_none_are_not_asked_for(world: Any) -> None:
    wallet = world.wallet()
    pass_time(world, 3, revoked=(1,))

    def everywhere(request: httpx.Request) -> httpx.Response:
        response: httpx.Response = world.issuer.handle(request)
        garbage = request.url.path.endswith(".entries") and response.status_code == 404
        return httpx.Response(200, content=b"\xff" * 128) if garbage else response

    client = IssuerClient(ISSUER_URL, httpx.Client(transport=httpx.MockTransport(everywhere)))
    with calls_of(circuits.decode_entries) as decoded:
        assert refresh(wallet, client, world.clock).applied == 2
    assert entries_asked(world) == ["1.entries", "3.entries"]
    assert [len(frame.f_locals["octets"]) for frame in decoded if frame.f_locals["octets"]] == [128, 128]


def test_two_processes_do_not_undo_each_other(world: Any) -> None:
    """The second comes and goes while the first is in its first stretch."""
    first, client = world.wallet(), world.issuer.client()
    second = Wallet.open(first.path, PASSPHRASE)
    pass_time(world, AWAY, revoked=(3, 300))
    passed: list[int] = []

    def come_and_go(request: httpx.Request) -> None:
        passed.append(standing(second.reload())[0].number)
        if len(passed) == 100:
            world.issuer.before = whole_again
            refresh(second, client, world.clock)
            world.issuer.before = come_and_go

    world.issuer.before = come_and_go
    refreshed = refresh(first, client, world.clock)
    assert (set(passed[:100]), set(passed[100:])) == ({0}, {AWAY})
    assert (refreshed.epoch.number, refreshed.applied) == (AWAY, 3)
    check_reached(world, first, AWAY)


def test_a_wallet_without_its_epoch_asks_for_it_and_believes_no_other(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    wallet.update(lambda found: replace(found, signed_epoch=None))
    pass_time(world, 2)
    true = world.issuer.epochs[0]
    for other in (world.issuer.epochs[1], replace(true, value=world.issuer.value)):
        world.issuer.tamper = lambda path, body, other=other: (
            world.issuer.signed(other) if path.endswith("/0.cose") else body
        )
        with pytest.raises(TrustError, match="epoch-fork"):
            refresh(wallet, client, world.clock)
    world.issuer.tamper = lambda path, body: body
    world.issuer.log.clear()
    assert refresh(wallet, client, world.clock).applied == 1
    assert world.issuer.log[:2] == ["GET /epochs/latest.cose", "GET /epochs/0.cose"]
    check_reached(world, wallet, 2)


def test_a_licence_renewed_while_away_goes_on_from_where_it_was(world: Any) -> None:
    """By no epoch of the issuer's choice."""
    wallet, client = world.wallet(), world.issuer.client()
    handle = wallet.contents.licence.credential.handle
    pass_time(world, 20, revoked=(3,))
    world.issuer.attributes = {"handle": handle}
    apply(wallet, client, renew=True)
    obtain(wallet, client, 3, world.clock)
    pass_time(world, 4)
    assert refresh(wallet, client, world.clock).applied == 3
    check_reached(world, wallet, 24)


def renewed_at(world: Any, wallet: Wallet, epochs: list[EpochRecord]) -> None:
    """Renew the wallet's licence, with an issuer that answers as if `epochs` were all that there are."""
    client = world.issuer.client()
    world.issuer.attributes = {"handle": wallet.contents.licence.credential.handle}
    apply(wallet, client, renew=True)
    world.issuer.epochs = epochs
    obtain(wallet, client, 3, world.clock)


@pytest.mark.attack("V11")
@pytest.mark.parametrize("how", ["fork", "other value", "fork of the next", "future"])
def test_a_renewal_at_an_epoch_of_another_history_is_refused(world: Any, how: str) -> None:
    wallet = world.wallet()
    pass_time(world, 3, revoked=(1, 2))
    refresh(wallet, world.issuer.client(), world.clock)
    before, true = wallet.contents, list(world.issuer.epochs)
    last, then = true[-1], world.clock() + 10**7
    following = replace(last, number=4, previous=last.hash)
    epochs = {
        "fork": [*true[:3], replace(last, next_update=last.next_update + 5)],
        "other value": [*true[:3], replace(last, value=true[2].value)],
        "fork of the next": [*true, replace(following, previous=true[2].hash)],
        "future": [*true, replace(following, not_before=then, next_update=then + 900)],
    }[how]
    with pytest.raises(TrustError, match="epoch-future" if how == "future" else "epoch-fork"):
        renewed_at(world, wallet, epochs)
    kept = wallet.reload()
    assert (kept.signed_epoch, kept.high_water) == (before.signed_epoch, before.high_water)
    assert kept.licence.membership == before.licence.membership
    assert kept.pending is not None


@pytest.mark.attack("V11")
@pytest.mark.attack("48")
@pytest.mark.parametrize("seconds", [300, 600])
def test_a_renewal_at_an_older_epoch_takes_the_wallet_nowhere(world: Any, seconds: int) -> None:
    """An answer that is given again is of the epoch of then. What is shown is of now, and no roll-back is believed."""
    wallet, client = world.wallet(), world.issuer.client()
    pass_time(world, 3, seconds=seconds, revoked=(1, 2))
    refresh(wallet, client, world.clock)
    true = list(world.issuer.epochs)
    entries, world.issuer.entries = world.issuer.entries, world.issuer.entries[:1]  # as the list was at epoch 1
    renewed_at(world, wallet, true[:2])
    epoch, _ = standing(wallet.reload())
    assert (epoch.number, wallet.contents.high_water) == (3, 3)
    with pytest.raises(TrustError, match="epoch-rollback"):
        refresh(wallet, client, world.clock)
    world.issuer.epochs, world.issuer.entries = true, entries
    world.issuer.log.clear()
    transport = httpx.MockTransport(world.gateway.handle)
    with licensed_client(world.session(wallet), transport=transport) as agent:
        assert agent.get(f"{GATEWAY_URL}/v1/autonomous/x").status_code == 200
    assert world.issuer.log == ["GET /epochs/latest.cose"]
    forms = [dict(parse_qsl(request.content.decode())) for request in world.gateway.requests]
    presented = [unb64(form["subject_token"]) for form in forms if "subject_token" in form]
    assert [circuits.decode_presentation(octets).epoch_number for octets in presented] == [3]
    check_reached(world, wallet, 3)
