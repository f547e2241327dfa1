"""Keeping up with epochs: catching up, falling back, being revoked, and being lied to."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import circuits
from circuits.records import Sign1, key_id
from circuits.scalar import ORDER
from prover import IssuerClient, NotReady, Revoked, TrustError, Unreachable
from prover.refresh import refresh
from tests.circuits.curve.torsion import affine, point_of_order

FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB


def with_y(body: bytes, y: int) -> bytes:
    """A file with another ordinate in its first entry: S(y) || x || y of V'."""
    return body[:80] + y.to_bytes(48, "big") + body[128:]


def ordinate(body: bytes) -> int:
    return int.from_bytes(body[80:128], "big")


# What a file of three entries is altered to; the second argument is the file of another epoch.
ALTERATIONS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "reordered": lambda body, other: body[128:256] + body[:128] + body[256:],
    "missing": lambda body, other: body[:128] + body[256:],
    "repeated": lambda body, other: body[:128] + body[:128] + body[256:],
    "phantom": lambda body, other: circuits.new_handle().to_bytes(32, "big") + body[32:],
    "cut": lambda body, other: body[:-1],
    "garbage": lambda body, other: bytes([255]) * 128 + body[128:],
    "empty": lambda body, other: b"",
    "zeros": lambda body, other: bytes(len(body)),
    "of another epoch": lambda body, other: other,
    "partly of another epoch": lambda body, other: body[:256] + other[256:],
    "in the short form": lambda body, other: circuits.entries_octets(circuits.decode_entries(body, affine=True)),
    # The hash is of the short form, which holds one bit of the ordinate.
    "another ordinate of the same sign": lambda body, other: with_y(body, ordinate(body) ^ 2),
    "the opposite ordinate": lambda body, other: with_y(body, FIELD - ordinate(body)),
    "an ordinate beyond the field": lambda body, other: with_y(body, FIELD + ordinate(body)),
}


def test_a_wallet_catches_up_over_several_epochs(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    for count in (2, 0, 3):
        world.issuer.revoke_strangers(count)
        world.issuer.publish()
    refreshed = refresh(wallet, client, world.clock)
    assert (refreshed.epoch.number, refreshed.applied, refreshed.changed) == (3, 5, True)
    licence = wallet.contents.licence
    assert licence is not None
    assert licence.membership.value == world.issuer.value
    again = refresh(wallet, client, world.clock)
    assert (again.applied, again.changed) == (0, False)


def test_nothing_new_costs_one_request_and_is_saved_as_news_is(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    refresh(wallet, client, world.clock)
    generation = wallet.contents.generation
    world.issuer.log.clear()
    refresh(wallet, client, world.clock)
    assert world.issuer.log == ["GET /epochs/latest.cose"]
    assert wallet.contents.generation == generation + 2


def asked_entries(world: Any) -> list[str]:
    """The files of entries that were asked for."""
    return [line.rpartition("/")[2] for line in world.issuer.log if line.endswith(".entries")]


def test_a_licence_issued_late_asks_for_what_comes_after_it_only(world: Any) -> None:
    """And for no entries when it is issued: the list may be out of reach then."""
    world.issuer.revoke_strangers(3)
    world.issuer.publish()

    def down(request: httpx.Request) -> None:
        if request.url.path.endswith(".entries"):
            raise httpx.ConnectError("down")

    world.issuer.before = down
    wallet, client = world.wallet(), world.issuer.client()
    assert asked_entries(world) == []
    world.issuer.before = lambda request: None
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    assert refresh(wallet, client, world.clock).applied == 2
    assert asked_entries(world) == ["2.entries"]


def test_entries_of_an_epoch_still_to_come_are_left_for_then(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    for _ in range(2):
        world.issuer.revoke_strangers(2)
        world.issuer.publish()
    last = world.issuer.epochs.pop()
    assert refresh(wallet, client, world.clock).applied == 2
    world.issuer.epochs.append(last)
    assert refresh(wallet, client, world.clock).applied == 2
    assert asked_entries(world) == ["1.entries", "2.entries"]


@pytest.mark.parametrize("status", [302, 403, 404, 410, 503])
def test_a_file_that_is_not_there_yet_is_asked_for_again_later(world: Any, status: int) -> None:
    wallet = world.wallet()
    before = wallet.contents.licence
    world.issuer.revoke_strangers(3)
    world.issuer.publish()
    absent = [True]

    def handle(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = world.issuer.handle(request)
        gone = absent[0] and request.url.path.endswith(".entries")
        return httpx.Response(status, headers={"location": "https://elsewhere.example/"}) if gone else answer

    client = IssuerClient("https://issuer.example", httpx.Client(transport=httpx.MockTransport(handle)))
    with pytest.raises(Unreachable) as refused:
        refresh(wallet, client, world.clock)
    assert refused.value.code == "issuer-files"
    assert wallet.reload().licence.membership == before.membership
    absent[0] = False
    assert refresh(wallet, client, world.clock).applied == 3


@pytest.mark.requirement("R63")
@pytest.mark.attack("V8")
def test_a_revoked_holder_is_told_by_name(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke_strangers(1)
    world.issuer.revoke(wallet.contents.licence.credential.handle)
    world.issuer.revoke_strangers(1)
    world.issuer.publish(urgent=True)
    with pytest.raises(Revoked) as revoked:
        refresh(wallet, client, world.clock)
    assert revoked.value.code == "revoked"
    assert "Stop this agent" in revoked.value.next_step


@pytest.mark.attack("V9")
def test_a_forged_entry_with_my_handle_does_not_frighten_me(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    forged = world.issuer.entries[0]._replace(handle=wallet.contents.licence.credential.handle)
    true_entry, world.issuer.entries[0] = world.issuer.entries[0], forged
    with pytest.raises(TrustError, match="list-damaged"):
        refresh(wallet, client, world.clock)
    world.issuer.entries[0] = true_entry
    assert refresh(wallet, client, world.clock).applied == 2


@pytest.mark.attack("V9")
@pytest.mark.parametrize("how", ALTERATIONS)
def test_an_altered_list_is_refused_and_leaves_the_wallet_as_it_was(world: Any, how: str) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    for _ in range(2):
        world.issuer.revoke_strangers(3)
        world.issuer.publish()
    before = wallet.contents.licence.membership.value
    others = circuits.entries_octets(world.issuer.entries[3:], affine=True)

    def alter(path: str, body: bytes) -> bytes:
        return ALTERATIONS[how](body, others) if path.endswith("/1.entries") else body

    world.issuer.tamper = alter
    with pytest.raises(TrustError, match="list-damaged"):
        refresh(wallet, client, world.clock)
    assert wallet.reload().licence.membership.value == before
    world.issuer.tamper = lambda path, body: body
    assert refresh(wallet, client, world.clock).applied == 6


@pytest.mark.attack("V9")
def test_entries_exchanged_between_two_epochs_are_refused(world: Any) -> None:
    """Their number, their order and where they lead would all be right for one of the two."""
    wallet, client = world.wallet(), world.issuer.client()
    for _ in range(2):
        world.issuer.revoke_strangers(2)
        world.issuer.publish()
    entries, true = world.issuer.entries, list(world.issuer.entries)
    for order in ((2, 3, 0, 1), (0, 2, 1, 3)):
        entries[:] = [true[place] for place in order]
        with pytest.raises(TrustError, match="list-damaged"):
            refresh(wallet, client, world.clock)
    entries[:] = true
    assert refresh(wallet, client, world.clock).applied == 4


@pytest.mark.attack("V11")
def test_a_roll_back_is_refused_even_when_the_update_in_between_failed(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    world.issuer.tamper = lambda path, body: body[:-1] if path.endswith(".entries") else body
    with pytest.raises(TrustError, match="list-damaged"):
        refresh(wallet, client, world.clock)
    world.issuer.tamper = lambda path, body: body
    newest = world.issuer.epochs.pop()
    with pytest.raises(TrustError, match="epoch-rollback"):
        refresh(wallet, client, world.clock)
    world.issuer.epochs.append(newest)
    refresh(wallet, client, world.clock)


def test_a_fork_is_refused_at_the_same_number_and_at_the_next(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.publish()
    refresh(wallet, client, world.clock)
    honest = world.issuer.epochs[-1]
    world.issuer.epochs[-1] = replace(honest, next_update=honest.next_update + 1)
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)
    world.issuer.publish()
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)


@pytest.mark.attack("V11")
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_another_history_of_the_epoch_held_is_refused_however_far_it_goes(world: Any, epochs: int) -> None:
    """Signed, and linked in itself: another record has the number of the one held, and revocations come after it."""
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    refresh(wallet, client, world.clock)
    held, true = wallet.contents, world.issuer.epochs[1]
    world.issuer.epochs[1] = replace(true, next_update=true.next_update + 7)
    for _ in range(epochs):
        world.issuer.revoke_strangers(1)
        world.issuer.publish()
    with pytest.raises(TrustError, match="epoch-fork"):
        refresh(wallet, client, world.clock)
    kept = wallet.reload()
    assert (kept.signed_epoch, kept.licence.membership) == (held.signed_epoch, held.licence.membership)
    world.issuer.epochs[1] = true
    for number in range(2, len(world.issuer.epochs)):
        previous = world.issuer.epochs[number - 1].hash
        world.issuer.epochs[number] = replace(world.issuer.epochs[number], previous=previous)
    assert refresh(wallet, client, world.clock).applied == epochs


def test_an_epoch_must_be_signed_by_the_pinned_key_for_the_pinned_accumulator_and_begun(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.publish()
    stranger = Ed25519PrivateKey.generate()
    other = replace(world.issuer.epochs[-1], accumulator_hash=bytes(32))
    early = replace(world.issuer.epochs[-1], not_before=world.clock() + 301, next_update=world.clock() + 999)
    cases = {
        "epoch-signature": world.issuer.signed(world.issuer.epochs[-1], stranger),
        "epoch-accumulator": world.issuer.signed(other),
        "epoch-future": world.issuer.signed(early),
        "epoch-malformed": b"\xd2\x84",
    }
    for code, signed in cases.items():
        world.issuer.tamper = lambda path, body, signed=signed: signed if path.endswith("latest.cose") else body
        with pytest.raises(TrustError, match=code):
            refresh(wallet, client, world.clock)


def test_every_bit_flip_of_a_signed_epoch_is_refused(world: Any) -> None:
    from prover.refresh import decode_epoch

    epoch = world.issuer.epochs[0]
    signed = world.issuer.signed(epoch)
    assert decode_epoch(signed, world.keys.bundle).hash == epoch.hash
    name = key_id(world.keys.bundle.epoch_key)
    assert Sign1.decode(signed).key_id == name
    for at in range(len(signed)):
        flipped = signed[:at] + bytes([signed[at] ^ 1 << at % 8]) + signed[at + 1 :]
        with pytest.raises(TrustError):
            decode_epoch(flipped, world.keys.bundle)


@pytest.mark.attack("V9")
@pytest.mark.parametrize("longer", [1, 128, None])
def test_a_list_longer_than_the_epoch_names_is_refused_while_it_is_read(world: Any, longer: int | None) -> None:
    """By an octet, by an entry, or without an end."""
    wallet, client_of, sent = world.wallet(), httpx.MockTransport, [0]
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    true = circuits.entries_octets(world.issuer.entries, affine=True)

    def octets() -> Iterator[bytes]:
        yield true
        for _ in itertools.count() if longer is None else range(longer):
            sent[0] += 1
            yield true[:1]

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(".entries"):
            return httpx.Response(200, content=octets())
        response: httpx.Response = world.issuer.handle(request)
        return response

    client = IssuerClient("https://issuer.example", httpx.Client(transport=client_of(handle)))
    with pytest.raises(Unreachable, match="longer than 256 octets"):
        refresh(wallet, client, world.clock)
    assert sent[0] == 1
    assert refresh(wallet, world.issuer.client(), world.clock).applied == 2


def test_without_a_licence_there_is_nothing_to_refresh(world: Any) -> None:
    with pytest.raises(NotReady, match="no-licence"):
        refresh(world.empty_wallet(), world.issuer.client(), world.clock)


@pytest.mark.slow
def test_an_epoch_of_thousands_of_entries_is_one_file(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    world.issuer.revoke_strangers(4100)
    world.issuer.publish()
    assert refresh(wallet, client, world.clock).applied == 4100
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    assert refresh(wallet, client, world.clock).applied == 1
    assert asked_entries(world) == ["1.entries", "2.entries"]


def test_a_licence_issued_anew_at_an_older_epoch_catches_up_again(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    at_issue = wallet.contents
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    refresh(wallet, client, world.clock)
    wallet.update(lambda found: replace(found, licence=at_issue.licence, signed_epoch=at_issue.signed_epoch))
    assert refresh(wallet, client, world.clock).applied == 1


def outcomes(wallets: list[Any], world: Any) -> list[str]:
    """What each wallet's refresh ends in, as the server that serves the list can tell from what it asks for next."""
    found = []
    for wallet in wallets:
        try:
            refresh(wallet, world.issuer.client(), world.clock)
        except (TrustError, Revoked) as error:
            found.append(error.code)
        else:
            found.append("fine")
    return found


@pytest.mark.attack("V9")
@pytest.mark.attack("48")
@pytest.mark.parametrize("how", ["points", "handles", "torsion"])
def test_an_altered_list_does_not_tell_whose_wallet_it_is(world: Any, how: str) -> None:
    """Lists that lead to the signed value for one handle alone, for all but one, or for a third of all handles."""
    wallets = [world.wallet(str(number)) for number in range(12 if how == "torsion" else 2)]
    wanted = wallets[0].contents.licence.credential.handle
    world.issuer.revoke_strangers(3)
    world.issuer.publish()
    listed, true = world.issuer.entries, list(world.issuer.entries)
    curve, keys = listed[0].suite.curve, world.keys.accumulator
    if how == "points":  # sums to nothing where the handle is `wanted`
        shift = curve.hash_to_g1(b"shift", b"LIST-")
        weight = wanted - listed[0].handle
        listed[0] = listed[0]._replace(point=curve.add(listed[0].point, curve.multiply(shift, weight)))
        listed[1] = listed[1]._replace(point=curve.add(listed[1].point, shift))
    elif how == "handles":  # leads to the same value, as the audit sees too, with `wanted` among the revoked
        alpha, order = keys.secret_key.expose(), ORDER
        product = (alpha + listed[0].handle) * (alpha + listed[1].handle) % order
        other = (product * pow(alpha + wanted, -1, order) - alpha) % order
        listed[0] = circuits.revoke(keys.record, keys.secret_key, keys.record.start_value, wanted)
        listed[1] = circuits.revoke(keys.record, keys.secret_key, listed[0].value, other)
        assert listed[1].value == true[1].value
    else:  # needs no key, and no knowledge of any handle
        small = curve.decode_g1_affine(affine(point_of_order(3)))
        listed[0] = listed[0]._replace(point=curve.add(listed[0].point, small))
    assert outcomes(wallets, world) == ["list-damaged"] * len(wallets)
    listed[:] = true
    assert outcomes(wallets, world) == ["fine"] * len(wallets)


@pytest.mark.attack("V9")
def test_the_epochs_between_say_which_entries_are_theirs(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    for count in (2, 0, 1, 3):
        world.issuer.revoke_strangers(count)
        world.issuer.publish()
    altered: list[tuple[int, dict[str, Any]]] = [
        (2, {"entries_count": 2}),
        (1, {"entries_hash": bytes(32)}),
        (3, {"previous": bytes([1]) * 32}),
    ]
    for place, changes in altered:
        true = world.issuer.epochs[place]
        world.issuer.epochs[place] = replace(true, **changes)
        with pytest.raises(TrustError):
            refresh(wallet, client, world.clock)
        world.issuer.epochs[place] = true
    assert refresh(wallet, client, world.clock).applied == 6


class Host(BaseHTTPRequestHandler):
    """A host of the public files that hands each wallet a name of its own, in every way HTTP has."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[int, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.client_address[1], {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(200)
        for name, value in (("ETag", '"wallet-7"'), ("Set-Cookie", "wallet=7; Path=/"), ("Content-Length", "1")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"x")

    def log_message(self, *arguments: Any) -> None:
        """Not to the terminal."""


def test_a_host_of_the_public_files_cannot_join_one_fetch_to_another() -> None:
    """Neither by what it said before, nor by a connection kept, nor by what a person's machine has installed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Host.seen.clear()
    try:
        with IssuerClient(f"http://127.0.0.1:{server.server_port}") as client:
            client.latest_epoch()
            client.epoch(3)
            client.latest_epoch()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len({port for port, _ in Host.seen}) == 3
    ours = {"host", "user-agent", "accept", "accept-encoding"}
    assert [headers.keys() - {"connection"} for _, headers in Host.seen] == [ours] * 3
    assert {headers["user-agent"] for _, headers in Host.seen} == {"operator-licence-wallet"}


def asked_at_first(world: Any, wallet: Any) -> list[str]:
    """What a wallet asks for when it has gone without a refresh for two epochs."""
    for _ in range(2):
        world.issuer.revoke_strangers(1)
        world.issuer.publish()
    world.issuer.log.clear()
    refresh(wallet, world.issuer.client(), world.clock)
    return list(world.issuer.log)


def test_the_first_refresh_is_like_any_other(world: Any) -> None:
    """Whoever serves the files must not see which wallet got its licence just before, and so perhaps whose it is."""
    old = world.wallet("old")
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    refresh(old, world.issuer.client(), world.clock)
    new = world.wallet("new")
    log = asked_at_first(world, new)
    world.issuer.log.clear()
    refresh(old, world.issuer.client(), world.clock)
    assert log == world.issuer.log
