"""Kept from the review of whole chains: connections, renewals over floors, relays, periods, and licences replaced."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from circuits import (
    Binding,
    Membership,
    Rejected,
    Statement,
    Unsatisfiable,
    check_membership,
    count_heads,
    scope_context,
    update_membership,
)
from circuits.scalar import ORDER
from tests.attacks.forge import Holding, draft
from tests.circuits.core.world import Licence, World
from tests.verifier.sim_gateway import Asked, Gateway, Holder, refused
from tests.verifier.sim_server import listening_socket, serving
from verifier.app import server_options

PUBLIC = b"GET /v1/public/a HTTP/1.1\r\nhost: x\r\n\r\n"
CLOSE = b"host: x\r\nconnection: close\r\n\r\n"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def _statuses(bound: socket.socket, octets: bytes) -> list[int]:
    """The statuses of all answers to `octets` on one connection."""
    with socket.create_connection(bound.getsockname(), timeout=5) as connection:
        connection.sendall(octets)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
def test_one_connection_many_requests(gateway: Gateway) -> None:
    """What came before on a connection, how a request is put, and what it wants to become open nothing."""
    bound = listening_socket()
    path = b"/v1/autonomous/echo"
    with serving(gateway.app, bound, **server_options()):
        assert _statuses(bound, PUBLIC + PUBLIC + b"GET " + path + b" HTTP/1.1\r\n" + CLOSE) == [200, 200, 401]
        count = gateway.upstream.count
        for method in (b"HEAD", b"OPTIONS", b"TRACE", b"get", b"PROPFIND"):
            assert _statuses(bound, method + b" " + path + b" HTTP/1.1\r\n" + CLOSE) == [401]
        for target in (b"http://x" + path, b"x:80", b"*", b"/v1/public/..;/autonomous/echo", b"/v1;/autonomous/echo"):
            assert _statuses(bound, b"GET " + target + b" HTTP/1.1\r\n" + CLOSE)[0] in (400, 401)
        for becomes in (b"websocket", b"h2c"):
            wish = b"connection: upgrade, http2-settings\r\nhttp2-settings: AAA\r\nupgrade: " + becomes + b"\r\n"
            assert _statuses(bound, b"GET " + path + b" HTTP/1.1\r\n" + wish + CLOSE) == [401]
        hidden = b"GET " + path + b" HTTP/1.1\r\n" + CLOSE
        for lengths in (b"content-length: 0\r\ntransfer-encoding: chunked\r\n", b"transfer_encoding: chunked\r\n"):
            said = b"POST /v1/public/a HTTP/1.1\r\nhost: x\r\n" + lengths + b"\r\n0\r\n\r\n" + hidden
            assert 200 not in _statuses(bound, said)[1:]
        assert path.decode() not in {seen for seen, _ in gateway.upstream.calls[count:]}


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
def test_a_chain_of_renewals_over_a_floor_is_one_tree(gateway: Gateway) -> None:
    """A lease from below the floor still hands its root on, so that one stop of the root ends all that came of it."""

    async def story() -> None:
        holder, other = gateway.holder(), gateway.holder()
        first = await gateway.lease(holder)
        root = gateway.point.inspect(first).root
        gateway.clock.time += 10
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        refused(await gateway.call(holder, first), 403, "floor")
        for one in (holder, other):
            gateway.issuer.update(one.licence)
        second = await gateway.lease(holder, running=first)
        assert gateway.point.inspect(second).root == root
        assert (await gateway.call(holder, second)).status_code == 200
        stolen = await gateway.exchange(other, other.present(await gateway.challenge()), lease=second)
        refused(stolen, 403, "holder-proof")
        await gateway.deny(root=root, reason="complaint")
        refused(await gateway.call(holder, second), 403, "revoked")
        for ridden in (first, second):
            again = await gateway.exchange(holder, holder.present(await gateway.challenge()), lease=ridden)
            refused(again, 403, "revoked")

    asyncio.run(story())


@pytest.mark.attack("11")
def test_a_gateway_that_passes_anothers_challenge_on(gateway: Gateway, tmp_path: Path) -> None:
    """A dishonest provider gives its callers the nonce of another gateway, to be let in there in their name."""
    (tmp_path / "other").mkdir()
    other = Gateway(tmp_path / "other", gateway.issuer, gateway.clock, origin="http://other.example")

    async def story() -> None:
        victim = gateway.holder()
        thief = Holder(gateway.issuer, victim.licence, other.origin)
        for holder, url in ((victim, gateway.origin), (victim, other.origin), (thief, other.origin)):
            asked = await other.challenge()
            answer = victim.present(Asked(asked.nonce, asked.time, asked.max_age))
            proof = holder.proof("POST", f"{url}/licence/token")
            reply = await other.exchange(thief, answer, proof=proof)
            refused(reply, 403, "holder-proof" if url == gateway.origin else "proof-context")
        lease = await gateway.lease(victim)
        proof = victim.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease)
        assert (await gateway.call(victim, lease, proof=proof)).status_code == 200
        refused(await other.call(victim, lease, proof=proof), 403, "wrong-audience")
        assert other.upstream.count == 0

    asyncio.run(story())


@pytest.mark.attack("46")
@pytest.mark.requirement("R66")
def test_a_stopped_name_at_the_end_of_its_week(gateway: Gateway) -> None:
    """A challenge keeps the period it was given in: after midnight too it shows the name that was stopped."""
    monday = (gateway.clock.time // 86400 + 7 - (gateway.clock.time // 86400 + 3) % 7) * 86400

    async def story() -> None:
        holder = gateway.holder()
        gateway.clock.time = monday - 20
        gateway.point.offer_epoch(gateway.issuer.publish())
        gateway.issuer.update(holder.licence)
        lease = await gateway.lease(holder)
        name = gateway.point.inspect(lease).pseudonym
        assert (await gateway.deny(pseudonym=name, reason="complaint")).status_code == 200
        asked = await gateway.challenge()
        gateway.clock.time = monday + 20
        refused(await gateway.exchange(holder, holder.present(asked)), 403, "revoked")
        refused(await gateway.call(holder, lease), 403, "revoked")
        back_dated = holder.present(await gateway.challenge(), time=monday - 1)
        refused(await gateway.exchange(holder, back_dated), 403, "proof-context")
        assert gateway.point.inspect(await gateway.lease(holder)).pseudonym != name

    asyncio.run(story())


def _heads(world: World, statement: Statement, *held: tuple[Licence, Membership]) -> list[tuple[Binding, bytes]]:
    """A proof of each licence with the membership that is claimed for it, true or not."""
    bindings = [world.binding(f"head {number}") for number in range(len(held))]
    holdings = [Holding.of(licence.credential, claimed.witness_point, world.table) for licence, claimed in held]
    drafts = [draft(statement, holding) for holding in holdings]
    return [(binding, one.proof(binding)) for one, binding in zip(drafts, bindings, strict=True)]


@pytest.mark.attack("26")
def test_a_lost_licence_and_the_one_in_its_place(world: World) -> None:
    """At a fresh epoch they are one head; at an old one two, for whoever is licensed later can prove there too."""
    lost = world.licence()
    epoch, entries = world.revoke(world.epoch, lost.credential.handle)
    fresh = world.licence(epoch)
    context = scope_context("permit", ("P-1",), "2026-Q4")

    with pytest.raises(Unsatisfiable, match="revoked"):
        update_membership(lost.membership, lost.credential.handle, entries, epoch)
    claimed = Membership(world.accumulator, epoch.number, epoch.value, lost.membership.witness)
    now = replace(world.statement(epoch), context=context)
    heads = _heads(world, now, (lost, claimed), (fresh, fresh.membership))
    assert len(count_heads(now, heads, 1)) == 1
    with pytest.raises(Rejected, match="head-count"):
        count_heads(now, heads, 2)

    # The update run backwards: C = (y_revoked - y) C' + V'.
    curve, handle = world.curve, fresh.credential.handle
    back = curve.multiply(fresh.membership.witness_point, (lost.credential.handle - handle) % ORDER)
    earlier = Membership(world.accumulator, 0, world.epoch.value, curve.encode_g1(curve.add(back, entries[0].point)))
    check_membership(earlier, handle)
    then = replace(world.statement(), context=context)
    assert len(count_heads(then, _heads(world, then, (lost, lost.membership), (fresh, earlier)), 2)) == 2
