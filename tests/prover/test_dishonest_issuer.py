"""What an issuer with all its keys, together with a gateway, could make a wallet show or do that names its licence.

Found by a review; each test fails without what was done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import pytest

import circuits
from circuits import RevocationEntry
from circuits.scalar import ORDER, inverse
from circuits.suite import SHA256
from prover import NotReady, ProverError, TrustError, Wallet
from prover.enrol import apply, obtain, withdraw
from prover.refresh import refresh
from tests.prover.conftest import ISSUER_URL, PASSPHRASE, FakeGateway, World, handle_of, unb64
from tests.prover.two import HERE, agent, exchanges, knows_none, shown

CURVE = SHA256.curve


def signature_of(wallet: Wallet) -> bytes | None:
    licence = wallet.reload().licence
    return None if licence is None else licence.credential.signature


def is_standing_true(world: World, gateway: FakeGateway) -> bool:
    """Whether C' and Cbar of all that the gateway was shown are as of a witness: alpha C' = Cbar. Where they are not,
    the difference is a multiple of C' or of V that depends on the handle."""
    alpha = world.keys.accumulator.secret_key.expose()
    for form in exchanges(gateway):
        proof = circuits.decode_presentation(unb64(form["subject_token"])).proof
        if CURVE.encode_g1(CURVE.multiply(CURVE.decode_g1(proof[144:192]), alpha)) != proof[192:240]:
            return False
    return True


@pytest.mark.attack("48")
def test_no_proof_at_an_epoch_whose_value_is_not_the_witnesses_own(world: World) -> None:
    """Epoch 1 has another value and says that nobody was revoked in epoch 2, which has the true one again. The wallet
    goes from 0 straight to 2, and a gateway that does not know 2 asks for 1."""
    client = agent(world)
    other = CURVE.encode_g1(CURVE.multiply(CURVE.decode_g1(world.issuer.value), 5))
    world.issuer.publish(value=other)
    world.issuer.publish()
    world.gateway.override = knows_none(world.gateway)
    with suppress(ProverError):
        client.get(f"{HERE}/v1/autonomous/x")
    assert shown(world.gateway) == [2]
    assert is_standing_true(world, world.gateway)


@pytest.mark.attack("48")
def test_entries_that_lead_on_for_some_handles_lead_on_for_none(world: World) -> None:
    """Signed, hashed, the same for all: whether a wallet got on would tell a gateway whether it is one of `chosen`."""
    wallets = [world.wallet(str(number)) for number in range(4)]
    for_these_alone(world, [handle_of(wallet) for wallet in wallets[1::2]])
    for wallet in wallets:
        with pytest.raises(TrustError, match="list-damaged"):
            refresh(wallet, world.issuer.client(), world.clock)


def for_these_alone(world: World, chosen: Sequence[int]) -> None:
    """Publish entries that lead from the value to that of a new epoch for the handles `chosen`, and for no other.

    With d_s = V_(s-1) - (y_s + alpha) V_s, they do for y where the sum of p_s(y) d_s vanishes: a polynomial in y, which
    is made to be the product of (chosen - y).
    """
    alpha, start = world.keys.accumulator.secret_key.expose(), CURVE.decode_g1(world.issuer.value)
    handles = [circuits.new_handle() for _ in range(len(chosen) + 1)]
    defects: list[int] = []
    value = 1
    for handle in handles:
        wanted, weight = 1, 1
        for one in chosen:
            wanted = wanted * (one - handle) % ORDER
        for earlier, defect in zip(handles, defects, strict=False):
            wanted = (wanted - weight * defect) % ORDER
            weight = weight * (earlier - handle) % ORDER
        defects.append(wanted * inverse(weight) % ORDER)
        value = (value - defects[-1]) * inverse((handle + alpha) % ORDER) % ORDER
        world.issuer.entries.append(RevocationEntry(handle, CURVE.multiply(start, value)))
    world.issuer.publish()


@pytest.mark.attack("48")
def test_a_late_refresh_gives_no_witness_of_one_licence_to_another_of_the_same_id(world: World) -> None:
    """The id is the issuer's to choose, and the host of the public files can make a refresh last."""
    wallet = world.wallet()
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    world.issuer.publish()
    world.issuer.before = another_meanwhile(world, wallet)
    refresh(wallet, world.issuer.client(), world.clock)
    licence = wallet.reload().licence
    assert licence is not None
    circuits.check_membership(licence.membership, licence.credential.handle)


def another_meanwhile(world: World, wallet: Wallet) -> Callable[[httpx.Request], None]:
    """Obtain another licence, of the epoch before the newest, while the entries are fetched."""
    left = [1]

    def before(request: httpx.Request) -> None:
        if not request.url.path.endswith(".entries") or not left:
            return
        left.pop()
        newest = world.issuer.epochs.pop()
        other = Wallet.open(wallet.path, PASSPHRASE)
        apply(other, world.issuer.client())
        obtain(other, world.issuer.client(), 3, world.clock)
        world.issuer.epochs.append(newest)

    return before


@pytest.mark.attack("49")
def test_a_renewal_at_an_epoch_of_the_issuers_choice_names_nobody(world: World) -> None:
    """Each renewal is answered with another epoch, and what came before the newest is no longer served. Wallets at work
    do not ask for that; a renewed one that had been set back would go on showing its own number, at every gateway."""
    wallets = [world.wallet(str(number)) for number in range(3)]
    gateways = [FakeGateway(world.keys, world.issuer, world.clock) for _ in wallets]
    clients = [agent(world, gateway, wallet=wallet) for gateway, wallet in zip(gateways, wallets, strict=True)]
    for _ in range(3):
        epoch_passes(world, gateways, clients)
    for number in (1, 2):
        world.obtain_elsewhere(wallets[number], renew=True, at=number)
    newest = f"{len(world.issuer.epochs)}."
    served = world.issuer._file
    world.issuer._file = lambda path: served(path) if "latest" in path or newest in path else None  # type: ignore[method-assign]
    epoch_passes(world, gateways, clients)
    assert [shown(gateway) for gateway in gateways] == [[1, 2, 3, 4]] * 3


def epoch_passes(world: World, gateways: Sequence[FakeGateway], clients: Sequence[httpx.Client]) -> None:
    world.clock.at += 200
    world.issuer.revoke_strangers(1)
    world.issuer.publish(next_update=world.clock() + 200)
    for gateway, client in zip(gateways, clients, strict=True):
        gateway.leases.clear()
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.parametrize("again", [None, False, True])
def test_of_two_answers_to_one_registration_one_is_taken(world: World, again: bool | None) -> None:
    """The issuer keeps one process's request and answers another's; the answer that comes late has a share of its own.
    Were both used, the gateway's two pseudonyms would differ by what the issuer knows. Also where the wallet has
    applied again by then, and got an application of the same number."""
    wallet, client = world.empty_wallet(), world.issuer.client()
    apply(wallet, client)
    other = Wallet.open(wallet.path, PASSPHRASE)
    first: list[int] = []

    def late(request: httpx.Request) -> None:
        if request.url.path.endswith("/licence") and not first:
            first.append(0)
            application = world.issuer.applications["app-0"]
            nonces = set(application["nonces"])
            obtain(other, world.issuer.client(), 3, world.clock)
            first.append(handle_of(other))
            if again is not None:
                world.issuer.opened = {"application": "app-0", "sign_in": f"{ISSUER_URL}/sign-in/app-0"}
                world.issuer.opened["token"] = application["token"]
                apply(other, world.issuer.client(), again)
            application["replies"].clear()
            application["nonces"] = nonces

    world.issuer.before = late
    licence = obtain(wallet, client, 3, world.clock)
    assert first == [0, licence.credential.handle]
    assert handle_of(wallet) == licence.credential.handle


@pytest.mark.parametrize("renew", [False, True])
def test_an_answer_to_an_application_that_was_given_up_is_not_taken(world: World, renew: bool) -> None:
    wallet, client = world.wallet() if renew else world.empty_wallet(), world.issuer.client()
    held = signature_of(wallet)
    if renew:
        world.issuer.attributes = {"handle": handle_of(wallet)}
    apply(wallet, client, renew)
    other = Wallet.open(wallet.path, PASSPHRASE)
    world.issuer.before = lambda request: withdraw(other) if request.url.path.endswith("/licence") else None
    with pytest.raises(NotReady, match="no-application"):
        obtain(wallet, client, 3, world.clock)
    assert signature_of(wallet) == held


def test_a_secret_that_was_drawn_for_a_renewal_is_for_no_other_licence(world: World) -> None:
    """The issuer fails while a renewal is applied for, and the wallet applies for another licence: by a share of the
    issuer's its pseudonyms would differ from the old ones."""
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.opened = {"code": "000000"}
    with pytest.raises(TrustError, match="sign-in-code"):
        apply(wallet, client, renew=True)
    world.issuer.opened = {}
    apply(wallet, client)
    contents = wallet.reload()
    assert contents.registration is not None
    assert contents.licence is not None
    assert contents.registration.secret.expose() != contents.licence.credential.link_secret.expose()


@pytest.mark.parametrize("requested", [False, True])
def test_what_another_process_renews_is_no_other_licence(
    world: World, requested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The issuer keeps the challenge for another licence back until another process has given that up and renews; then
    it signs what it is sent, with a share."""
    monkeypatch.setattr(circuits, "check_issue_request", lambda *ignored: None)
    wallet = world.wallet()
    held, other, left = signature_of(wallet), Wallet.open(wallet.path, PASSPHRASE), [1]
    apply(wallet, world.issuer.client())

    def renewed(request: httpx.Request) -> None:
        if not request.url.path.endswith("/challenge") or not left:
            return
        left.pop()
        apply(other, world.issuer.client(), renew=True)
        with suppress(TrustError):
            if requested:
                world.issuer.attributes = {"tier": 2}
                obtain(other, world.issuer.client(), 3, world.clock)
        world.issuer.attributes = {}

    world.issuer.before = renewed
    with pytest.raises(TrustError, match="renewal-other-licence"):
        obtain(wallet, world.issuer.client(), 3, world.clock)
    assert signature_of(wallet) == held
