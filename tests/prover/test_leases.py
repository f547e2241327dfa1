"""The transport wrapper, synchronous: one presentation, kept, renewed, refreshed, halted, and never astray."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import httpx2
import pytest

import circuits
from prover import (
    BodyNotReplayable,
    CannotProve,
    ChallengeRefused,
    Gateway,
    LicensedTransport,
    NotReady,
    ProverError,
    Refused,
    Revoked,
    TrustError,
    Unreachable,
    WalletSession,
    licensed_client,
)
from prover.holder_key import HolderKey
from prover.keeper import LeaseKeeper
from tests.prover.conftest import GATEWAY_URL, FakeGateway, unb64

URL = "https://gateway.example/v1/autonomous/chat"


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return {"httpx": httpx, "httpx2": httpx2}[request.param]


def client_for(world: Any, session: WalletSession | None = None, library: Any = httpx, **options: Any) -> Any:
    transport = library.MockTransport(world.gateway.handle)
    name = library.__name__
    return licensed_client(session or world.session(), library=name, transport=transport, **options)


@pytest.mark.requirement("R72")
def test_a_call_is_challenged_proved_once_and_goes_through(world: Any, library: Any) -> None:
    with client_for(world, library=library) as client:
        for _ in range(3):
            response = client.post(URL, params={"q": "1"}, json={"hello": "world"})
            assert response.status_code == 200
            assert response.json()["body"] == len(response.request.content) > 0
            assert isinstance(response, library.Response)
            assert "agent-licence" not in response.request.headers
    assert world.gateway.presentations == 1
    paths = [request.url.path for request in world.gateway.requests]
    assert paths == ["/v1/autonomous/chat", "/licence/token"] + ["/v1/autonomous/chat"] * 3


def test_the_callers_authorization_stays_its_own(world: Any) -> None:
    client_for(world).get(URL, headers={"Authorization": "Bearer provider-key", "Agent-Licence": "made up"})
    last = world.gateway.requests[-1]
    assert last.headers["authorization"] == "Bearer provider-key"
    assert last.headers["agent-licence"] in world.gateway.leases
    assert len(last.headers.get_list("agent-licence")) == 1
    token = next(request for request in world.gateway.requests if request.url.path == "/licence/token")
    assert "authorization" not in token.headers


def test_calls_that_need_no_lease_make_no_presentation(world: Any) -> None:
    client = client_for(world)
    assert client.get("https://gateway.example/v1/public").json() == {"public": True}
    assert world.gateway.presentations == 0


@pytest.mark.attack("4")
def test_another_origin_never_gets_the_lease(world: Any) -> None:
    client = client_for(world)
    client.get(URL)
    for url in (
        "https://other.example/v1/autonomous",
        "http://gateway.example/v1/autonomous",
        "https://gateway.example:8443/v1/autonomous",
        "https://gateway.example.other.example/v1/autonomous",
        "https://sub.gateway.example/v1/autonomous",
    ):
        client.get(url, headers={"Agent-Licence": "made up"})
        last = world.gateway.requests[-1]
        assert "agent-licence" not in last.headers
        assert "dpop" not in last.headers
    assert world.gateway.presentations == 1
    client.get("HTTPS://GATEWAY.example:443/v1/autonomous")
    assert world.gateway.requests[-1].headers["agent-licence"] in world.gateway.leases


@pytest.mark.parametrize("target", ["https://other.example/v1/autonomous", "/v1/autonomous/b"])
def test_redirects_take_the_lease_to_the_same_origin_only(world: Any, target: str, library: Any) -> None:
    def redirect(request: Any) -> httpx.Response | None:
        if request.url.path.endswith("/from") and "agent-licence" in request.headers:
            return httpx.Response(307, headers={"location": target})
        return None

    world.gateway.override = redirect
    client = client_for(world, library=library, follow_redirects=True)
    client.post("https://gateway.example/v1/autonomous/from", content=b"body")
    last = world.gateway.requests[-1]
    assert ("agent-licence" in last.headers) == target.startswith("/")
    assert last.read() == b"body" or target.startswith("https://other")


def test_a_challenge_from_another_origin_is_not_answered(world: Any) -> None:
    other = "https://other.example/v1/autonomous"
    assert client_for(world).get(other).status_code == 401
    assert world.gateway.presentations == 0


def test_many_threads_make_one_presentation(world: Any) -> None:
    client, statuses = client_for(world), []
    barrier = threading.Barrier(50)

    def call() -> None:
        barrier.wait()
        statuses.append(client.get(URL).status_code)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert world.gateway.presentations == 1


@pytest.mark.requirement("R61")
def test_a_lease_is_renewed_ahead_of_its_end_at_a_random_moment(world: Any) -> None:
    start, moments = world.clock(), set()
    for fraction in (0.0, 0.37, 1.0):
        asked: list[tuple[float, float]] = []

        def uniform(low: float, high: float, asked: list[Any] = asked, fraction: float = fraction) -> float:
            asked.append((low, high))
            return low + (high - low) * fraction

        world.clock.at, world.gateway.presentations = start, 0
        client = client_for(world, world.session(world.wallet(f"w{fraction}"), uniform=uniform))
        client.get(URL)
        assert asked == [(0.6, 0.9)]
        moment = next(at for at in range(0, 900, 5) if _presents_at(world, client, start + at))
        assert 540 <= moment <= 815
        moments.add(moment)
    assert len(moments) == 3


def _presents_at(world: Any, client: Any, at: int) -> bool:
    world.clock.at = at
    before = world.gateway.presentations
    assert client.get(URL).status_code == 200
    return bool(world.gateway.presentations > before)


def test_the_moments_of_renewal_are_spread_by_default(world: Any) -> None:
    wallet = world.wallet()
    moments = []
    for _ in range(12):
        session = world.session(wallet)
        client_for(world, session).get(URL)
        lease = session.keeper(URL)._lease
        moments.append(lease.renew_at - world.clock())
    assert all(540 <= moment <= 810 for moment in moments)
    assert len(set(moments)) == 12


@pytest.mark.requirement("R64")
def test_a_renewal_that_fails_leaves_the_running_lease_in_use(world: Any) -> None:
    client = client_for(world)
    client.get(URL)
    for fault in ("refused", "down", "clock"):
        world.clock.at += 5

        def override(request: Any, fault: str = fault) -> httpx.Response | None:
            if not request.url.path.startswith("/licence/"):
                return None
            if fault == "refused":
                return httpx.Response(503)
            if fault == "down":
                raise httpx.ConnectError("down")
            return httpx.Response(200, headers={"agent-licence-challenge": "nonsense"})

        world.gateway.override = override
        world.clock.at = 1_794_000_000 + 820
        assert client.get(URL).status_code == 200
    world.clock.at = 1_794_000_000 + 900
    world.gateway.override = lambda request: None
    assert client.get(URL).status_code == 200
    assert world.gateway.presentations == 2


def test_a_renewal_shows_the_running_lease(world: Any) -> None:
    client = client_for(world)
    client.get(URL)
    first = world.gateway.requests[-1].headers["agent-licence"]
    world.clock.at += 850
    client.get(URL)
    token = [request for request in world.gateway.requests if request.url.path == "/licence/token"]
    assert "agent-licence" not in token[0].headers
    assert token[1].headers["agent-licence"] == first
    assert world.gateway.requests[-1].headers["agent-licence"] != first


def test_a_lease_that_ran_out_is_replaced_before_the_call(world: Any) -> None:
    client = client_for(world)
    client.get(URL)
    world.clock.at += 900
    world.gateway.requests.clear()
    assert client.get(URL).status_code == 200
    assert [item.url.path for item in world.gateway.requests] == [
        "/licence/challenge",
        "/licence/token",
        "/v1/autonomous/chat",
    ]


@pytest.mark.requirement("R65")
@pytest.mark.attack("L1")
def test_after_an_urgent_epoch_an_honest_agent_proves_again_inside_the_call(world: Any) -> None:
    session = world.session()
    client = client_for(world, session)
    client.get(URL)
    world.issuer.revoke_strangers(2)
    world.gateway.floor = world.issuer.publish(urgent=True).number
    assert client.get(URL).status_code == 200
    assert world.gateway.presentations == 2
    assert session.wallet.contents.licence.membership.epoch_number == 1


@pytest.mark.requirement("R65")
@pytest.mark.requirement("R72")
@pytest.mark.attack("L1")
def test_after_its_revocation_an_agent_halts_at_once(world: Any) -> None:
    session = world.session()
    client = client_for(world, session)
    client.get(URL)
    world.issuer.revoke(session.wallet.contents.licence.credential.handle)
    world.gateway.floor = world.issuer.publish(urgent=True).number
    with pytest.raises(Revoked):
        client.get(URL)
    calls = len(world.gateway.requests)
    with pytest.raises(Revoked):
        client.get(URL)
    assert len(world.gateway.requests) == calls
    assert world.gateway.presentations == 1


def test_a_gateway_that_says_revoked_is_believed_for_itself_alone(world: Any) -> None:
    session = world.session(gateways=["https://gateway.example", "https://bank.example"])
    client = client_for(world, session)
    world.gateway.override = lambda request: (
        world.gateway.refuse(403, "revoked") if request.url.host == "gateway.example" else None
    )
    with pytest.raises(Revoked, match="says: Because of revoked"):
        client.get(URL)
    calls = len(world.gateway.requests)
    with pytest.raises(Revoked):
        client.get(URL)
    assert len(world.gateway.requests) == calls
    assert client.get("https://bank.example/v1/public").status_code == 200


def test_each_gateway_sees_another_key(world: Any) -> None:
    session = world.session(gateways=["https://gateway.example", "https://bank.example"])
    one, two = session.keeper(URL), session.keeper("https://bank.example/")
    assert one.request.session_thumbprint != two.request.session_thumbprint
    assert two.request.resource == "https://bank.example/v1/autonomous"
    with pytest.raises(TrustError, match="gateway-twice"):
        world.session(session.wallet, gateways=["https://bank.example", "https://bank.example:443/x"])


@pytest.mark.parametrize("code", ["tier", "wrong-audience", "unregistered-agent"])
def test_a_final_refusal_is_raised_with_its_code_and_sentence(world: Any, code: str, library: Any) -> None:
    world.gateway.override = lambda request: world.gateway.refuse(403, code)
    with pytest.raises(Refused) as refused:
        client_for(world, library=library).get(URL)
    assert refused.value.code == code
    assert f"Because of {code}." in refused.value.sentence
    assert refused.value.next_step


def test_refusals_of_the_service_behind_the_gateway_pass_through(world: Any) -> None:
    client = client_for(world)
    for status in (400, 401, 403, 404, 429, 500, 503):
        world.gateway.override = lambda request, status=status: httpx.Response(status, json={"mine": status})
        response = client.get(URL)
        assert (response.status_code, response.json()) == (status, {"mine": status})
    assert world.gateway.presentations == 0


def test_503_at_the_token_endpoint_is_the_callers_and_holds_back_further_proofs(world: Any, library: Any) -> None:
    client = client_for(world, library=library)

    def override(request: Any) -> httpx.Response | None:
        if request.url.path == "/licence/token":
            return httpx.Response(503, headers={"retry-after": "20"}, json={"code": "overloaded"})
        return None

    world.gateway.override = override
    for _ in range(4):
        response = client.get(URL)
        assert (response.status_code, response.headers["retry-after"]) == (503, "20")
        assert isinstance(response, library.Response)
        assert response.json() == {"code": "overloaded"}
    tokens = [request for request in world.gateway.requests if request.url.path == "/licence/token"]
    assert len(tokens) == 1
    world.gateway.override = lambda request: None
    world.clock.at += 20
    assert client.get(URL).status_code == 200


def test_network_errors_are_the_librarys_own(world: Any, library: Any) -> None:
    def override(request: Any) -> httpx.Response | None:
        if request.url.path == "/licence/token":
            raise library.ConnectError("down")
        return None

    world.gateway.override = override
    with pytest.raises(library.ConnectError, match="down"):
        client_for(world, library=library).get(URL)


def test_a_challenge_after_a_fresh_proof_is_final_and_no_loop(world: Any) -> None:
    def override(request: Any) -> httpx.Response | None:
        return world.gateway.refuse(401, "lease-required", fresh=True) if request.url.path.startswith("/v1/") else None

    world.gateway.override = override
    with pytest.raises(Refused, match="lease-required"):
        client_for(world).get(URL)
    assert world.gateway.presentations == 1


def test_a_nonce_that_was_spent_is_asked_for_once_more(world: Any) -> None:
    dropped: list[bool] = []

    def override(request: Any) -> httpx.Response | None:
        if request.url.path == "/licence/token" and not dropped:
            dropped.append(True)
            world.gateway.nonces.clear()
        return None

    world.gateway.override = override
    assert client_for(world).get(URL).status_code == 200
    assert world.gateway.presentations == 2


def test_a_gateway_one_epoch_behind_gets_a_proof_at_the_epoch_before(world: Any) -> None:
    client = client_for(world)
    client.get(URL)
    world.clock.at += 900
    world.issuer.revoke_strangers(1)
    world.issuer.publish()
    world.gateway.known_epochs = 1
    assert client.get(URL).status_code == 200
    assert [lease["epoch"] for lease in world.gateway.leases.values()] == [0, 0]


@pytest.mark.parametrize("revoked", [0, 1])
def test_a_gateway_one_epoch_behind_that_was_shown_nothing_yet(world: Any, revoked: int) -> None:
    """Where nobody was revoked in between, any wallet can stand at the epoch before; else the gateway has to catch up,
    for what this wallet was at before is nobody's business."""
    session = world.session()
    world.issuer.revoke_strangers(revoked)
    world.issuer.publish()
    world.gateway.known_epochs = 1
    if revoked:
        with pytest.raises(Refused, match="unknown-epoch"):
            client_for(world, session).get(URL)
        world.gateway.known_epochs = None
    assert client_for(world, session).get(URL).status_code == 200
    assert [lease["epoch"] for lease in world.gateway.leases.values()] == [revoked]


def test_a_floor_with_the_issuer_out_of_reach_is_told_and_mended_later(world: Any) -> None:
    session = world.session()
    client = client_for(world, session)
    client.get(URL)
    world.issuer.revoke_strangers(1)
    world.gateway.floor = world.issuer.publish(urgent=True).number

    def down(request: httpx.Request) -> None:
        raise httpx.ConnectError("down")

    world.issuer.before = down
    with pytest.raises(Unreachable):
        client.get(URL)
    world.issuer.before = lambda request: None
    assert client.get(URL).status_code == 200


@pytest.mark.requirement("R64")
def test_an_epoch_past_its_update_is_refreshed_if_the_issuer_is_there_and_used_if_not(world: Any) -> None:
    session = world.session()
    client = client_for(world, session)
    world.clock.at += 1000

    def down(request: httpx.Request) -> None:
        raise httpx.ConnectError("down")

    world.issuer.before = down
    assert client.get(URL).status_code == 200
    assert session.wallet.contents.epoch.number == 0
    world.issuer.before = lambda request: None
    world.issuer.publish()
    world.clock.at += 900
    assert client.get(URL).status_code == 200
    assert session.wallet.contents.epoch.number == 1


def test_a_body_that_cannot_be_sent_twice_gets_its_lease_ahead(world: Any, library: Any) -> None:
    def body() -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    client = client_for(world, library=library)
    response = client.post(URL, content=body())
    assert (response.status_code, response.json()["body"]) == (200, 6)
    assert world.gateway.requests[0].url.path == "/licence/challenge"
    world.issuer.revoke_strangers(1)
    world.gateway.floor = world.issuer.publish(urgent=True).number
    with pytest.raises(BodyNotReplayable, match="send the request again"):
        client.post(URL, content=body())
    assert client.post(URL, content=body()).status_code == 200
    assert world.gateway.presentations == 2


class Pieces(httpx.SyncByteStream):
    """A streamed answer that tells when it is read and closed."""

    def __init__(self) -> None:
        self.read, self.closed = 0, False

    def __iter__(self) -> Iterator[bytes]:
        for number in range(3):
            self.read += 1
            yield b"data: %d\n\n" % number

    def close(self) -> None:
        self.closed = True


class Streaming(httpx.BaseTransport):
    """The gateway, except that the protected resource streams."""

    def __init__(self, world: Any) -> None:
        self.world, self.pieces = world, Pieces()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self.world.gateway.handle(request)
        if request.url.path.startswith("/v1/") and response.status_code == 200:
            return httpx.Response(200, stream=self.pieces)
        return response


def test_streamed_answers_pass_through_unread(world: Any) -> None:
    wrapped = Streaming(world)
    client = httpx.Client(transport=LicensedTransport(world.session(), wrapped))
    with client.stream("GET", URL) as response:
        assert wrapped.pieces.read == 0
        parts = response.iter_raw()
        assert next(parts) == b"data: 0\n\n"
        assert wrapped.pieces.read == 1
    assert wrapped.pieces.closed


def test_responses_that_are_not_given_to_the_caller_are_closed(world: Any) -> None:
    refused: list[Pieces] = []

    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response: httpx.Response = world.gateway.handle(request)
            if response.status_code in (401, 403):
                refused.append(Pieces())
                return httpx.Response(response.status_code, headers=response.headers, stream=refused[-1])
            return response

    client = httpx.Client(transport=LicensedTransport(world.session(), Refusing()))
    client.get(URL)
    world.gateway.override = lambda request: world.gateway.refuse(403, "tier")
    with pytest.raises(Refused):
        client.get(URL)
    assert [pieces.closed for pieces in refused] == [True, True]


@pytest.mark.attack("F8")
def test_a_gateway_with_a_wrong_clock_or_policy_gets_nothing(world: Any) -> None:
    client = client_for(world)
    for change in (
        {"time_offset": 301},
        {"time_offset": -301},
        {"max_age": 3600},
        {"policy": "nosy"},
        {"extra": ";bound=1"},
    ):
        kept = {name: getattr(world.gateway, name) for name in change}
        for name, value in change.items():
            setattr(world.gateway, name, value)
        with pytest.raises(ChallengeRefused):
            client.get(URL)
        for name, value in kept.items():
            setattr(world.gateway, name, value)
    assert world.gateway.presentations == 0
    assert client.get(URL).status_code == 200


@pytest.mark.attack("17")
def test_a_licence_of_tier_2_cannot_answer_and_says_so(world: Any) -> None:
    with pytest.raises(CannotProve, match="tier is 2"):
        client_for(world, world.session(world.wallet("two", tier=2))).get(URL)
    assert world.gateway.presentations == 0


@pytest.mark.parametrize(
    "grant",
    [
        {"access_token": "x y", "token_type": "DPoP", "expires_in": 900},
        {"access_token": "x\r\nEvil: 1", "token_type": "DPoP", "expires_in": 900},
        {"access_token": "x", "token_type": "mac", "expires_in": 900},
        {"access_token": "x", "token_type": "DPoP", "expires_in": 901},
        {"access_token": "x", "token_type": "DPoP", "expires_in": 0},
        {"access_token": "x", "token_type": "DPoP", "expires_in": True},
        {"access_token": "", "token_type": "DPoP", "expires_in": 900},
        {"access_token": "x" * 9000, "token_type": "DPoP", "expires_in": 900},
        {"token_type": "DPoP", "expires_in": 900},
        [],
    ],
)
@pytest.mark.requirement("R61")
@pytest.mark.attack("3")
def test_a_grant_that_is_no_lease_is_refused(world: Any, grant: Any) -> None:
    world.gateway.override = lambda request: (
        httpx.Response(200, json=grant) if request.url.path == "/licence/token" else None
    )
    with pytest.raises(Refused, match="not-a-lease"):
        client_for(world).get(URL)


def test_a_bearer_lease_goes_without_a_proof_of_the_key(world: Any) -> None:
    world.gateway.token_type = "Bearer"
    client = client_for(world)
    assert client.get(URL, headers={"DPoP": "my own"}).status_code == 200
    assert world.gateway.requests[-1].headers["dpop"] == "my own"


def test_a_dpop_header_of_the_callers_own_is_a_conflict_and_told(world: Any) -> None:
    with pytest.raises(ProverError, match="dpop-conflict"):
        client_for(world).get(URL, headers={"DPoP": "my own"})


def test_an_eager_gateway_gets_its_lease_first_and_after_a_bare_401(world: Any) -> None:
    session = world.session(gateways=[Gateway("https://gateway.example/any", eager=True)])
    client = client_for(world, session)
    client.get(URL)
    assert world.gateway.requests[0].url.path == "/licence/challenge"
    rejected = world.gateway.requests[-1].headers["agent-licence"]

    def override(request: Any) -> httpx.Response | None:
        bare = request.url.path.startswith("/v1/") and request.headers.get("agent-licence") == rejected
        return httpx.Response(401) if bare else None

    world.gateway.override = override
    assert client.get(URL).status_code == 200
    assert world.gateway.presentations == 2


def test_warmed_proofs_answer_the_first_challenge(world: Any) -> None:
    session = world.session()
    assert session.warm() == 2
    assert client_for(world, session).get(URL).status_code == 200
    assert len(session._prover.pool) == 1
    world.issuer.publish()
    session.refresh()
    assert len(session._prover.pool) == 1, "the epoch before is shown until its time is over"
    assert session.warm() == 1
    world.clock.at += 900
    assert session.warm() == 2


@pytest.mark.attack("P1")
def test_a_forked_child_starts_with_another_key_no_lease_and_free_locks(world: Any) -> None:
    session = world.session()
    client_for(world, session).get(URL)
    keeper = session.keeper(URL)
    thumbprint = keeper.request.session_thumbprint
    keeper.lock.acquire()
    child = os.fork()
    if child == 0:
        fresh = keeper._lease is None and keeper.request.session_thumbprint != thumbprint
        os._exit(0 if fresh and keeper.lock.acquire(blocking=False) else 1)
    keeper.lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert keeper.request.session_thumbprint == thumbprint


def test_leases_show_in_no_repr(world: Any) -> None:
    session = world.session()
    client_for(world, session).get(URL)
    keeper = session.keeper(URL)
    token = keeper._lease.token.expose()
    assert token in world.gateway.leases
    assert token not in repr(keeper._lease) + repr(keeper) + repr(session) + repr(keeper._key)


def test_one_liners_say_what_they_miss(world: Any) -> None:
    wallet = world.wallet()
    with pytest.raises(ValueError, match="name the gateways"):
        licensed_client(wallet)
    with pytest.raises(ValueError, match="has its gateways already"):
        licensed_client(world.session(wallet), "https://gateway.example")
    with pytest.raises(TrustError, match="unauthenticated-origin"):
        licensed_client(wallet, "http://gateway.example")
    with licensed_client(wallet, "https://gateway.example", headers={"x": "y"}) as client:
        assert client.headers["x"] == "y"
        assert isinstance(client, httpx.Client)
    with licensed_client(wallet, [Gateway("https://gateway.example")], library="httpx2") as newer:
        assert isinstance(newer, httpx2.Client)


def test_no_key_and_no_renewal_joins_the_pseudonyms_of_two_periods(world: Any) -> None:
    """What a gateway keeps of a presentation holds the key's thumbprint and the lease's root: in a seized trail they
    would say which pseudonym of one week is which of the next."""
    monday = world.clock() - (world.clock() // 86400 + 3) % 7 * 86400 - world.clock() % 86400 + 7 * 86400
    world.clock.at = monday - 300
    world.issuer.publish()
    client = client_for(world)
    for wait in (850, 100, 0):
        assert client.get(URL).status_code == 200
        world.clock.at += wait
    tokens = [request for request in world.gateway.requests if request.url.path == "/licence/token"]
    keys = {world.gateway.leases[lease]["jkt"] for lease in world.gateway.leases}
    assert len(tokens) == len(set(world.gateway.pseudonyms)) == len(keys) == 2
    assert "agent-licence" not in tokens[1].headers


def test_within_a_day_the_key_stays_and_a_renewal_is_one(world: Any) -> None:
    client = client_for(world)
    for _ in range(2):
        assert client.get(URL).status_code == 200
        world.clock.at += 850
    tokens = [request for request in world.gateway.requests if request.url.path == "/licence/token"]
    keys = {world.gateway.leases[lease]["jkt"] for lease in world.gateway.leases}
    assert (len(tokens), len(keys), len(set(world.gateway.pseudonyms))) == (2, 1, 1)
    assert "agent-licence" in tokens[1].headers


def shown_epochs(world: Any) -> list[int]:
    """The epoch numbers that the gateway was shown, also in what it refused."""
    forms = [dict(parse_qsl(r.content.decode())) for r in world.gateway.requests if r.url.path == "/licence/token"]
    return [circuits.decode_presentation(unb64(form["subject_token"])).epoch_number for form in forms]


@pytest.mark.parametrize("issuer", ["away", "behind"])
def test_an_epoch_that_no_gateway_takes_is_not_shown(world: Any, issuer: str) -> None:
    """The number alone would tell since when, and with the issuer's files whose, this wallet is."""
    client = client_for(world)
    client.get(URL)

    def down(request: httpx.Request) -> None:
        raise httpx.ConnectError("down")

    for _ in range(3):
        world.clock.at += 900
        if issuer == "away":
            world.issuer.publish()
            world.issuer.before = down
    with pytest.raises(NotReady, match="too old for any gateway"):
        client.get(URL)
    world.issuer.before = lambda request: None
    world.issuer.publish()
    world.clock.at += 31
    assert client.get(URL).status_code == 200
    assert shown_epochs(world) == [0, len(world.issuer.epochs) - 1]


@pytest.mark.parametrize("missed", [1, 3])
def test_a_gateway_that_claims_to_know_no_epoch_learns_none_but_the_newest_two(world: Any, missed: int) -> None:
    session = world.session()
    for _ in range(missed):
        world.issuer.publish()
    world.clock.at += 900
    session.refresh()

    def ignorant(request: httpx.Request) -> httpx.Response | None:
        return world.gateway.refuse(403, "unknown-epoch") if request.url.path == "/licence/token" else None

    world.gateway.override = ignorant
    with pytest.raises(Refused, match="unknown-epoch"):
        client_for(world, session).get(URL)
    assert shown_epochs(world) == [missed, missed - 1]


def two_gateways(world: Any, library: Any, answer: Any) -> tuple[Any, list[Any]]:
    """A client with two gateways of one session, of which the first answers with `answer` under /from, and what the
    second was sent."""
    other = FakeGateway(world.keys, world.issuer, world.clock, origin="https://other.gateway.example")
    world.gateway.override = lambda request: answer if request.url.path.endswith("/from") else None

    def route(request: Any) -> Any:
        return (other if request.url.host == "other.gateway.example" else world.gateway).handle(request)

    session = world.session(gateways=[world.gateway.origin, other.origin])
    transport = library.MockTransport(route)
    client = licensed_client(session, library=library.__name__, transport=transport, follow_redirects=True)
    return client, other.requests


@pytest.mark.parametrize("hops", [1, 2])
def test_a_gateway_cannot_send_an_agent_on_to_another_under_a_name(world: Any, library: Any, hops: int) -> None:
    there = "https://other.gateway.example/v1/autonomous/chat?agent=7"
    target = there if hops == 1 else "https://gateway.example/v1/autonomous/from?again"
    client, seen = two_gateways(world, library, httpx.Response(307, headers={"location": target}))
    first = world.gateway.override
    world.gateway.override = lambda request: (
        httpx.Response(307, headers={"location": there}) if "again" in str(request.url) else first(request)
    )
    with pytest.raises(TrustError, match="sent-on"):  # without a lease it would go by the connection of those with one
        client.post("https://gateway.example/v1/autonomous/from", content=b"body")
    assert not seen
    assert client.get(there).status_code == 200


def test_nobody_else_can_send_an_agent_on_to_a_gateway_under_a_name(world: Any, library: Any) -> None:
    """A host beside a gateway, say, where the gateway's answer has the agent fetch a file."""
    there = "https://gateway.example/v1/autonomous/chat?agent=7"

    def route(request: Any) -> Any:
        if request.url.host == "files.example":
            return library.Response(302, headers={"location": there})
        return world.gateway.handle(request)

    transport = library.MockTransport(route)
    client = licensed_client(world.session(), library=library.__name__, transport=transport, follow_redirects=True)
    assert client.get(there).status_code == 200
    before = len(world.gateway.requests)
    with pytest.raises(TrustError, match="sent-on"):
        client.get("https://files.example/7")
    assert len(world.gateway.requests) == before


def test_a_gateway_cannot_name_an_agent_to_another_of_its_domain_by_a_cookie(world: Any, library: Any) -> None:
    cookie = httpx.Response(200, headers={"set-cookie": "agent=7; Domain=gateway.example; Path=/"})
    client, seen = two_gateways(world, library, cookie)
    client.get("https://gateway.example/v1/autonomous/from")
    assert client.get("https://other.gateway.example/v1/autonomous/chat").status_code == 200
    assert not [request for request in [*seen, *world.gateway.requests] if "cookie" in request.headers]


@pytest.mark.parametrize("offset", [-299, -3, 0, 299])
def test_holder_proofs_show_the_gateways_time_and_not_this_machines(world: Any, offset: int) -> None:
    """A wrong clock would be known again everywhere; and a gateway takes no proof from more than 30 s ahead."""
    world.gateway.time_offset = offset
    client, shown = client_for(world), set()
    for _ in range(3):
        assert client.get(URL).status_code == 200
        world.clock.at += 10
    for request in world.gateway.requests:
        if "dpop" in request.headers:
            claims = json.loads(unb64(request.headers["dpop"].split(".")[1]))
            shown.add(claims["iat"] - offset)
    assert shown == {world.clock() - 30, world.clock() - 20, world.clock() - 10}


def test_a_proof_of_one_day_is_bound_to_the_key_of_that_day(world: Any) -> None:
    """Also where another event loop, or a synchronous client, answers a challenge of the next day in between."""

    class Interrupted(LeaseKeeper):
        def _key_for(self, of: tuple[int, bytes]) -> HolderKey:
            key = super()._key_for(of)
            super()._key_for((of[0] + 1, of[1]))
            return key

    session = world.session()
    keeper = Interrupted(session, Gateway(GATEWAY_URL), world.clock, world.clock)
    session._keepers[GATEWAY_URL] = keeper
    assert client_for(world, session).get(URL).status_code == 200
