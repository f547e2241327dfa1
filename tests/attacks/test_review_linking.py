"""What a review tried to link or name a holder with and did not achieve, kept as tests.

The wallet is the real one. Each test has its opposite beside it: something that the same comparison does find.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from circuits import CircuitError, decode_cbor, decode_entries, decode_presentation, entries_octets, update_membership
from circuits.scalar import ORDER, inverse
from prover import CannotProve, ProverError, Refused, Wallet, licensed_client
from prover.enrol import apply, obtain
from prover.issuer_client import IssuerClient
from prover.refresh import refresh
from tests.prover.conftest import FakeGateway, World, b64, keys, unb64, world
from tests.verifier.sim_gateway import Gateway, Holder
from tests.verifier.sim_issuer import Clock, SimulatedIssuer
from verifier.base64url import decode_base64url
from verifier.evidence import read_evidence

__all__ = ["keys", "world"]

HERE, THERE = "https://gateway.example", "https://other.example"
CALL = f"{HERE}/v1/autonomous/chat"


def agent(world: World, wallet: Any = None, *gateways: FakeGateway, **options: Any) -> httpx.Client:
    """A client of one session for all `gateways`."""
    all_of_them = {gateway.origin: gateway for gateway in gateways or (world.gateway,)}

    def route(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = all_of_them[f"https://{request.url.host}"].handle(request)
        return answer

    session = world.session(wallet or world.wallet(), gateways=list(all_of_them))
    client: httpx.Client = licensed_client(session, transport=httpx.MockTransport(route), **options)
    return client


def other_gateway(world: World) -> FakeGateway:
    return FakeGateway(world.keys, world.issuer, world.clock, origin=THERE)


def own_requests(gateway: FakeGateway) -> list[httpx.Request]:
    """What the wallet itself sent, and not its caller."""
    return [request for request in gateway.requests if request.url.path.startswith("/licence/")]


def slices(octets: bytes) -> Iterator[bytes]:
    """In sixteens, into which points and responses go without a rest."""
    return (octets[at : at + 16] for at in range(0, len(octets), 16))


def atoms(requests: list[httpx.Request]) -> set[object]:
    """All that the wallet's own requests say, taken apart down to single keys, ids, numbers, and parts of points."""
    found: set[object] = set()
    for request in requests:
        form = dict(parse_qsl(request.content.decode()))
        if "subject_token" in form:
            presentation = decode_presentation(unb64(form.pop("subject_token")))
            found |= {presentation.nonce, presentation.epoch_number, *slices(presentation.proof)}
            found |= set(presentation.disclosed.values())
        found |= {*form.values(), *(value for name, value in request.headers.items() if name != "dpop")}
        if "dpop" in request.headers:
            header, claims, signature = (unb64(part) for part in request.headers["dpop"].split("."))
            found |= {*json.loads(header)["jwk"].values(), *json.loads(claims).values(), *slices(signature)}
    return found


@pytest.mark.attack("48")
def test_two_gateways_are_sent_nothing_in_common(world: World) -> None:
    """Not a key, an id, a nonce, a point or a response: only what any other wallet sends too."""
    other, wallet = other_gateway(world), world.wallet()
    client = agent(world, wallet, world.gateway, other)
    client.get(CALL)
    client.get(f"{THERE}/v1/autonomous/chat")
    stranger = FakeGateway(world.keys, world.issuer, world.clock, origin=THERE)
    agent(world, world.wallet("stranger"), stranger).get(f"{THERE}/v1/autonomous/chat")
    here, there, anybody = (atoms(own_requests(gateway)) for gateway in (world.gateway, other, stranger))
    assert here & there <= anybody
    before = len(own_requests(world.gateway))
    agent(world, wallet).get(CALL)
    again = atoms(own_requests(world.gateway)[before:])
    assert (here & again) - anybody >= set(slices(world.gateway.pseudonyms[0]))


@pytest.mark.attack("48")
def test_a_gateway_hears_nothing_again_but_the_lease(world: World) -> None:
    """Its cookies and tags come back in no request of the wallet's own, and two wallets' have one form."""

    def forms(name: str, number: int) -> list[Any]:
        gateway = FakeGateway(world.keys, world.issuer, world.clock)
        true_answer = gateway._answer

        def named(request: httpx.Request) -> httpx.Response:
            answer = true_answer(request)
            marks = {"set-cookie": f"agent={number}; Path=/", "etag": f'"{number}"', "link": f"</{number}>"}
            return httpx.Response(answer.status_code, headers=dict(answer.headers) | marks, content=answer.content)

        gateway.override = named
        world.gateway = gateway
        client = agent(world, world.wallet(name))
        for _ in range(2):
            assert client.get(CALL).status_code == 200
            world.clock.at += 850
        world.clock.at -= 1700
        own = own_requests(gateway)
        assert [("agent-licence" in request.headers) for request in own] == [False, False, True]
        assert own[-1].headers["agent-licence"] in gateway.leases
        return [(request.method, request.url, [*request.headers], len(request.content)) for request in own]

    assert forms("one", 1) == forms("two", 22222)


@pytest.mark.attack("48")
def test_a_presentation_is_not_sent_on_to_another_gateway(world: World) -> None:
    """A redirect of the token endpoint is a refusal: a proof made for one gateway is never seen by the next."""
    other, sent_on = other_gateway(world), [True]

    def redirect(request: httpx.Request) -> httpx.Response | None:
        to = {"location": f"{THERE}/licence/token?agent=7"}
        return httpx.Response(307, headers=to) if sent_on[0] and "token" in request.url.path else None

    world.gateway.override = redirect
    client = agent(world, None, world.gateway, other, follow_redirects=True)
    with pytest.raises(Refused):
        client.get(CALL)
    assert not other.requests
    sent_on[0] = False
    assert client.get(CALL).status_code == 200


@pytest.mark.attack("48")
def test_a_licence_that_falls_short_does_not_say_in_what(world: World) -> None:
    """Expired, too little cover, another tier or place: the gateway sees the same silence."""
    day, seen = world.clock() // 86400, []
    cases: list[dict[str, Any]] = [
        {"good_until": day, "insured_until": day},
        {"cover_band": 1},
        {"jurisdiction": "FR"},
        {"tier": 2},
        {},
    ]
    for number, changed in enumerate(cases):
        gateway = FakeGateway(world.keys, world.issuer, world.clock)
        world.gateway, world.issuer.attributes = gateway, {**changed}
        world.clock.at = day * 86400 + 86000
        world.issuer.publish()
        wallet = world.wallet(f"wallet-{number}", tier=changed.get("tier", 3))
        world.clock.at += 1000
        if changed:
            with pytest.raises(CannotProve):
                agent(world, wallet).get(CALL)
        else:
            assert agent(world, wallet).get(CALL).status_code == 200
        seen.append([(str(request.url), [*request.headers.raw], request.content) for request in gateway.requests])
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert len(seen[0]) == 1
    assert len(seen[4]) == 3


@pytest.mark.attack("48")
@pytest.mark.parametrize("code", ["challenge-expired", "replay", "proof-context", "stale-epoch", "floor"])
def test_a_gateway_gets_two_presentations_out_of_a_call_at_most(world: World, code: str) -> None:
    """However often it asks again; so it cannot ask its way through times, days or policies within one call."""

    def refuse(request: httpx.Request) -> httpx.Response | None:
        return world.gateway.refuse(403, code, fresh=True) if request.url.path == "/licence/token" else None

    world.gateway.override = refuse
    client = agent(world)
    with pytest.raises(Refused):
        client.get(CALL)
    assert len([request for request in own_requests(world.gateway) if request.url.path == "/licence/token"]) == 2
    world.gateway.override = lambda request: None
    assert client.get(CALL).status_code == 200


@pytest.mark.attack("48")
def test_no_log_says_whose_agent_it_is(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Everything that any library writes, at its most talkative, while a wallet applies, proves and refreshes."""
    caplog.set_level(logging.DEBUG)
    wallet = world.wallet()
    client = agent(world, wallet)
    client.get(CALL)
    world.clock.at += 850
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    client.get(CALL)
    licence, application = wallet.contents.licence, wallet.contents.application
    assert licence is not None
    credential = licence.credential
    numbers = [credential.handle, credential.link_secret.expose()]
    secrets = [str(number) for number in numbers] + [f"{number:x}" for number in numbers]
    secrets += [b64(number.to_bytes(32, "big")) for number in numbers]
    secrets += [b64(name) for name in world.gateway.pseudonyms] + list(world.gateway.leases)
    secrets += [lease["jkt"] for lease in world.gateway.leases.values()]
    secrets += [application.token.expose()] if application else []
    assert len(secrets) >= 11
    assert not [secret for secret in secrets if secret in caplog.text]
    assert CALL in caplog.text


def values(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a row of evidence about a presentation holds, its statement and proof taken apart."""
    statement = decode_cbor(decode_base64url(row["statement"], 8192), 8192)
    assert isinstance(statement, dict)
    yield from ((f"statement {key}", json.dumps(str(value))) for key, value in statement.items())
    proof = decode_base64url(row["proof"], 8192)
    points = 48 * 20  # twelve points and eight announcements
    yield from (("point", proof[at : at + 48]) for at in range(0, points, 48))
    yield from (("response", proof[at : at + 32]) for at in range(points, len(proof), 32))
    yield from ((name, row[name]) for name in ("pseudonym", "proof_hash", "lease", "root"))


@pytest.mark.attack("48")
def test_two_seized_trails_have_no_row_in_common(tmp_path: Path) -> None:
    """A holder's rows at two gateways agree in what any other holder's row says too, and in nothing else."""
    issuer = SimulatedIssuer(Clock())
    first, second = (gateway_in(tmp_path / name, issuer, f"http://{name}.example") for name in ("one", "two"))
    licence, other = first.holder().licence, first.holder().licence

    async def story() -> None:
        for gateway, holders in ((first, [licence, licence]), (second, [licence, other])):
            for one in holders:
                holder = Holder(issuer, one, gateway.origin)
                answer = await gateway.exchange(holder, holder.present(await gateway.challenge()))
                assert answer.status_code == 200

    asyncio.run(story())
    here, again = (set(values(row)) for row in presentations(tmp_path / "one"))
    there, anybody = (set(values(row)) for row in presentations(tmp_path / "two"))
    assert here & there <= anybody
    of_the_gateway = {"statement 11", "statement 12", "statement 14"}  # context, audience, what was asked for
    assert {name for name, _ in (here & again) - anybody} == {"pseudonym", "point"} | of_the_gateway


def gateway_in(folder: Path, issuer: SimulatedIssuer, origin: str) -> Gateway:
    folder.mkdir()
    return Gateway(folder, issuer, issuer.clock, origin=origin)


def presentations(folder: Path) -> list[dict[str, Any]]:
    (trail,) = {path.parent for path in folder.rglob("*.jsonl")}
    return [row for row in read_evidence(trail) if row["kind"] == "presentation"]


@pytest.mark.attack("48")
@pytest.mark.parametrize("entries", [0, 2])
def test_a_refresh_asks_for_the_same_whoever_asks(world: World, entries: int) -> None:
    """What is fetched depends on the epochs held and published; handle, tier, cover and term have no part in it."""
    wallets = []
    others: list[dict[str, Any]] = [{"cover_band": 9, "jurisdiction": "FR", "permit": "Q" * 60}, {"tier": 2}]
    for number, changed in enumerate(({}, *others)):
        world.issuer.attributes = changed
        wallets.append(world.wallet(f"wallet-{number}", tier=changed.get("tier", 3)))
    for _ in range(2):
        world.issuer.revoke_strangers(entries)
        world.issuer.publish()
    asked: list[list[Any]] = []
    world.issuer.before = lambda request: asked[-1].append((str(request.url), request.headers.raw))
    for wallet in wallets:
        asked.append([])
        world.session(wallet).refresh()
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) == (4 if entries else 1)
    asked.append([])
    world.session(wallets[0]).refresh()
    assert len(asked[-1]) == 1


Served = Callable[[httpx.Request, httpx.Response], httpx.Response]


def body(octets: bytes) -> httpx.Response:
    return httpx.Response(200, content=octets)


def named(request: httpx.Request, true: httpx.Response) -> httpx.Response:
    """Every field of HTTP that a client might say again or act on."""
    fields = {"etag": '"alice"', "set-cookie": "wallet=alice; Path=/", "last-modified": "Fri, 01 Jan 2027 00:00:07 GMT"}
    fields |= {"cache-control": "max-age=999999, immutable", "link": "</alice>; rel=next", "retry-after": "77"}
    fields |= {"location": "/alice", "content-location": "/alice", "alt-svc": 'h3="alice.example:443"'}
    return httpx.Response(true.status_code, headers=fields, content=true.content)


def moved(request: httpx.Request, true: httpx.Response) -> httpx.Response:
    return httpx.Response(308, headers={"location": f"/alice{request.url.path}"})


def list_of(entries: int) -> Served:
    """A place in a list that is found by counting what is served: some entries of nothing, then the value wanted."""

    def served(request: httpx.Request, true: httpx.Response) -> httpx.Response:
        return body(bytes(80) * entries + true.content[-48:])

    return served


# What the host does to one wallet, and of which of the files.
MARKS: dict[str, tuple[str, Served]] = {
    "names": ("", named),
    "moved": ("", moved),
    "moved entries": (".entries", moved),
    "a place, 7 on": (".entries", list_of(7)),
    "a place, 201 on": (".entries", list_of(201)),
    "nothing there": (".entries", lambda request, true: httpx.Response(404)),
    "empty": (".entries", lambda request, true: body(b"")),
    "cut": (".entries", lambda request, true: body(true.content[:128])),
    "longer": (".entries", lambda request, true: body(true.content + true.content)),
    "packed": (".entries", lambda request, true: httpx.Response(200, headers={"content-encoding": "gzip"})),
    "an older epoch": (".cose", lambda request, true: body(bytes(300))),
    "no epoch between": ("2.cose", lambda request, true: httpx.Response(410)),
}


def host(world: World, log: list[Any], only: str = "", mark: Served = lambda request, true: true) -> IssuerClient:
    """The issuer's files by way of a host that keeps a log, and does `mark` to its answers for paths ending so."""

    def answer(request: httpx.Request) -> httpx.Response:
        log.append((request.method, str(request.url), request.headers.raw, request.content))
        true: httpx.Response = world.issuer.handle(request)
        of_the_host = not request.url.path.startswith("/api/") and request.url.path.endswith(only)
        return mark(request, true) if of_the_host else true

    return IssuerClient(world.issuer.client().url, httpx.Client(transport=httpx.MockTransport(answer)))


def refreshed(world: World, wallet: Wallet, client: IssuerClient) -> tuple[int, bool, int] | str:
    """What a refresh comes to."""
    try:
        done = refresh(wallet, client, world.clock)
    except ProverError as error:
        return error.code
    return done.epoch.number, done.changed, done.applied


def enrolled(world: World, name: str, marking: IssuerClient) -> Wallet:
    """A wallet that got its licence by way of a marking host, asking again where that host kept it from it."""
    wallet = world.empty_wallet(name)
    apply(wallet, world.issuer.client())
    try:
        obtain(wallet, marking, 3, world.clock)
    except ProverError:
        obtain(wallet, world.issuer.client(), 3, world.clock)
    return wallet


def publish(world: World, epochs: int = 1) -> None:
    for _ in range(epochs):
        world.issuer.revoke_strangers(2)
        world.issuer.publish()


@pytest.mark.attack("48")
@pytest.mark.parametrize("how", MARKS)
def test_a_host_cannot_write_a_mark_into_a_wallet(world: World, how: str) -> None:
    """Whatever it answers while a licence is got, or at a refresh: whoever is at the same epoch asks for the same.

    A place in the list, found by counting what was served when the licence was got, was such a mark.
    """
    publish(world, 3)
    only, mark = MARKS[how]
    logs: list[list[Any]] = [[], []]
    marking = [True]
    clients = [
        host(world, logs[0], only, lambda request, true: mark(request, true) if marking[0] else true),
        host(world, logs[1]),
    ]
    wallets = [enrolled(world, name, client) for name, client in zip(("alice", "bob"), clients, strict=True)]
    for _ in range(2):  # marked when the licence is got, and then at a refresh
        marking[0] = False
        publish(world, 3)
        logs[0].clear()
        logs[1].clear()
        outcomes = [refreshed(world, wallet, client) for wallet, client in zip(wallets, clients, strict=True)]
        assert outcomes[0] == outcomes[1]
        assert isinstance(outcomes[0], tuple)
        assert logs[0] == logs[1]
        assert len(logs[0]) == 6
        marking[0] = True
        publish(world, 3)
        for wallet, client in zip(wallets, clients, strict=True):
            refreshed(world, wallet, client)
            refreshed(world, wallet, world.issuer.client())


@pytest.mark.attack("48")
def test_a_host_that_shows_one_wallet_more_than_others_sees_it_until_the_others_see_it_too(world: World) -> None:
    """The opposite: what a wallet remembers, the newest number it was shown, shows while roll-backs are offered."""
    wallets = [world.wallet("alice"), world.wallet("bob")]
    publish(world, 2)
    absent = host(world, [], ".entries", lambda request, true: httpx.Response(404))
    assert refreshed(world, wallets[0], absent) == "issuer-files"
    hidden = world.issuer.epochs.pop()
    assert refreshed(world, wallets[0], world.issuer.client()) == "epoch-rollback"
    world.issuer.epochs.append(hidden)
    logs: list[list[Any]] = [[], []]
    outcomes = [refreshed(world, wallet, host(world, log)) for wallet, log in zip(wallets, logs, strict=True)]
    assert outcomes == [(2, True, 4)] * 2
    assert logs[0] == logs[1]


def with_shift(world: World, wanted: int, in_front: bool) -> bytes:
    """A file that begins with two entries that come to nothing where the handle is `wanted`, and for nobody else."""
    first = world.issuer.entries[0]
    curve, u = first.suite.curve, 123457
    back = curve.multiply(curve.g1_generator(), 77)
    front = [
        first._replace(handle=(wanted + u) % ORDER, point=curve.multiply(back, -u)),
        first._replace(handle=(wanted + inverse(u)) % ORDER, point=back),
    ]
    return entries_octets([*front, *world.issuer.entries[0 if in_front else 2 :]], affine=True)


@pytest.mark.attack("48")
@pytest.mark.attack("V9")
@pytest.mark.parametrize("in_front", [True, False])
def test_two_entries_that_cancel_for_one_handle_are_refused_for_every_handle(world: World, in_front: bool) -> None:
    wallets = [world.wallet(str(number)) for number in range(3)]
    licence = wallets[0].contents.licence
    assert licence is not None
    world.issuer.revoke_strangers(4)
    world.issuer.publish()
    forged = with_shift(world, licence.credential.handle, in_front)
    logs: list[list[Any]] = [[], [], []]
    outcomes = [
        refreshed(world, wallet, host(world, log, ".entries", lambda request, true: body(forged)))
        for wallet, log in zip(wallets, logs, strict=True)
    ]
    assert outcomes == ["issuer-answer" if in_front else "list-damaged"] * 3
    assert logs[0] == logs[1] == logs[2]
    assert [refreshed(world, wallet, world.issuer.client()) for wallet in wallets] == [(1, True, 4)] * 3


@pytest.mark.attack("V9")
def test_the_mathematics_alone_would_take_entries_that_cancel_for_one_handle(world: World) -> None:
    """The opposite: without the hash that the epoch names, the refusal above would be of other handles only."""
    wallets = [world.wallet(str(number)) for number in range(2)]
    licences = [licence for licence in (wallet.contents.licence for wallet in wallets) if licence is not None]
    world.issuer.revoke_strangers(4)
    epoch = world.issuer.publish()
    entries = decode_entries(with_shift(world, licences[0].credential.handle, in_front=True), affine=True)
    updated = update_membership(licences[0].membership, licences[0].credential.handle, entries, epoch)
    assert updated.value == epoch.value
    with pytest.raises(CircuitError):
        update_membership(licences[1].membership, licences[1].credential.handle, entries, epoch)
