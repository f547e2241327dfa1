"""Attacks on leases and headers: each meets its refusal, and the service behind the gateway is never reached."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.verifier.sim_gateway import Gateway, Holder, refused
from verifier.app import Connections


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def attack(gateway: Gateway, steps: Callable[[Holder, str], Awaitable[None]], calls: int = 0) -> None:
    """Runs `steps` with a holder and its lease; afterwards the service has been called `calls` times."""

    async def story() -> None:
        holder = gateway.holder()
        await steps(holder, await gateway.lease(holder))
        assert gateway.upstream.count == calls

    asyncio.run(story())


def resigned(gateway: Gateway, lease: str, **claims: Any) -> str:
    """The lease with other claims, signed with the gateway's own key: what a bug or a stolen key could make."""
    key = gateway.point.keys.signing
    old = gateway.point.inspect(lease).claims
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, old | claims, key.key, algorithms=["ES256"])


@pytest.mark.attack("1")
@pytest.mark.requirement("R01")
@pytest.mark.requirement("R02")
def test_no_header(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"):
            response = await gateway.client.request(method, "/v1/autonomous/echo")
            assert response.status_code == 401
            assert response.headers["agent-licence-error"] == "lease-required"
            assert "agent-licence-challenge" in response.headers

    attack(gateway, steps)


@pytest.mark.attack("2")
@pytest.mark.attack("L3")
@pytest.mark.requirement("R61")
def test_expired_beyond_skew(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        gateway.clock.time += 900 + 30
        assert (await gateway.call(holder, lease)).status_code == 200
        gateway.clock.time += 1
        response = await gateway.call(holder, lease)
        refused(response, 403, "lease-expired")
        assert "agent-licence-challenge" in response.headers

    attack(gateway, steps, calls=1)


@pytest.mark.attack("3")
@pytest.mark.requirement("R61")
def test_too_long(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        now = gateway.clock.time
        exact = resigned(gateway, lease, iat=now, exp=now + 900)
        assert (await gateway.call(holder, exact)).status_code == 200
        longer = resigned(gateway, lease, iat=now, exp=now + 901)
        refused(await gateway.call(holder, longer), 403, "lease-too-long")

    attack(gateway, steps, calls=1)


@pytest.mark.attack("4")
@pytest.mark.requirement("R09")
def test_lease_of_another_provider(gateway: Gateway, tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "other").mkdir()
        other = Gateway(tmp_path / "other", gateway.issuer, gateway.clock, origin="http://bank.example")
        holder = other.holder()
        foreign = await other.lease(holder)
        refused(await gateway.call(holder, foreign), 403, "wrong-audience")
        own = await gateway.lease(gateway.holder())
        refused(await gateway.call(holder, resigned(gateway, own, aud="http://bank.example")), 403, "wrong-audience")
        assert gateway.upstream.count == 0

    asyncio.run(story())


@pytest.mark.attack("5")
@pytest.mark.attack("L2")
def test_copied_lease(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        thief = Holder(gateway.issuer, holder.licence)
        refused(await gateway.call(thief, lease), 403, "holder-proof")
        bare = await gateway.client.get("/v1/autonomous/echo", headers={"agent-licence": lease})
        refused(bare, 403, "holder-proof")

    attack(gateway, steps)


@pytest.mark.attack("6")
def test_replayed_holder_proof(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease)
        assert (await gateway.call(holder, lease, proof=proof)).status_code == 200
        refused(await gateway.call(holder, lease, proof=proof), 403, "replay")
        gateway.clock.time += 85
        refused(await gateway.call(holder, lease, proof=proof), 403, "holder-proof")

    attack(gateway, steps, calls=1)


@pytest.mark.attack("5")
@pytest.mark.parametrize(
    "claims",
    [
        {"htm": "POST"},
        {"htu": "http://gateway.example/v1/public/echo"},
        {"htu": "http://other.example/v1/autonomous/echo"},
        {"htu": "https://gateway.example/v1/autonomous/echo"},
        {"htu": "http://gateway.example:x/"},
        {"htu": 7},
        {"ath": "AAAA"},
        {"ath": None},
        {"iat": 0},
        {"iat": 10**12},
        {"iat": "now"},
        {"iat": True},
        {"jti": ""},
        {"jti": "x" * 129},
        {"jti": 5},
    ],
    ids=str,
)
def test_holder_proof_for_something_else(gateway: Gateway, claims: dict[str, Any]) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease, **claims)
        refused(await gateway.call(holder, lease, proof=proof), 403, "holder-proof")

    attack(gateway, steps)


@pytest.mark.attack("5")
def test_holder_proof_of_another_make(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        claims = {"htm": "GET", "htu": f"{gateway.origin}/v1/autonomous/echo", "iat": gateway.clock.time, "jti": "a"}
        public, private = holder.key.as_dict(private=False), holder.key.as_dict(private=True)
        other = ECKey.generate_key("P-384")
        headers: list[tuple[dict[str, Any], ECKey]] = [
            ({"typ": "JWT", "alg": "ES256", "jwk": public}, holder.key),
            ({"typ": "dpop+jwt", "alg": "ES256", "jwk": private}, holder.key),
            ({"typ": "dpop+jwt", "alg": "ES256"}, holder.key),
            ({"typ": "dpop+jwt", "alg": "ES256", "jwk": {**public, "x": "AA"}}, holder.key),
            ({"typ": "dpop+jwt", "alg": "ES384", "jwk": other.as_dict(private=False)}, other),
            ({"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, ECKey.generate_key("P-256")),
        ]
        for header, key in headers:
            proof = jwt.encode(header, claims, key, algorithms=["ES256", "ES384"])
            refused(await gateway.call(holder, lease, proof=proof), 403, "holder-proof")
        for text in ("x", "a.b.c", "e30.e30.e30", "." * 20, "x" * 3000):
            refused(await gateway.call(holder, lease, proof=text), 403, "holder-proof")

    attack(gateway, steps)


@pytest.mark.attack("7")
def test_retired_key(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        key, old = gateway.point.keys.signing, gateway.point.inspect(lease).claims
        gateway.point.keys.rotate(gateway.clock.time, 1, withdraw=False)
        assert (await gateway.call(holder, lease)).status_code == 200
        gateway.clock.time += 961
        late = old | {"iat": gateway.clock.time, "exp": gateway.clock.time + 900}
        forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, late, key.key, algorithms=["ES256"])
        refused(await gateway.call(holder, forged), 403, "unknown-key")
        assert key.kid not in str((await gateway.client.get("/licence/jwks")).json())

    attack(gateway, steps, calls=1)


@pytest.mark.attack("8")
def test_raised_tier(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        header, payload, signature = lease.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        claims["tier"] = 4
        raised = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        refused(await gateway.call(holder, f"{header}.{raised}.{signature}"), 403, "bad-signature")
        stranger = jwt.encode(
            {"alg": "ES256", "typ": "at+jwt", "kid": gateway.point.keys.signing.kid},
            claims,
            ECKey.generate_key("P-256"),
            algorithms=["ES256"],
        )
        refused(await gateway.call(holder, stranger), 403, "bad-signature")

    attack(gateway, steps)


@pytest.mark.attack("8")
def test_other_algorithms(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        _, payload, signature = lease.split(".")
        kid = gateway.point.keys.signing.kid
        for header in (
            {"alg": "none", "typ": "at+jwt", "kid": kid},
            {"alg": "HS256", "typ": "at+jwt", "kid": kid},
            {"alg": "ES256", "typ": "JWT", "kid": kid},
            {"alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["kid"]},
            {"alg": "ES256", "typ": "at+jwt"},
        ):
            text = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
            response = await gateway.call(holder, f"{text}.{payload}.{signature}")
            assert response.status_code in (401, 403)
            assert response.headers["agent-licence-error"] in ("malformed-lease", "bad-signature")

    attack(gateway, steps)


@pytest.mark.attack("9")
@pytest.mark.parametrize("name", ["authorization", "agent-licence", "Agent_Licence", "dpop"])
def test_two_of_a_kind(gateway: Gateway, name: str) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease)
        headers = [("agent-licence", lease), ("dpop", proof), ("authorization", "Bearer sk-1")]
        headers.append((name, dict(headers).get(name.lower().replace("_", "-"), "")))
        refused(await gateway.client.get("/v1/autonomous/echo", headers=headers), 400, "malformed")
        refused(await gateway.client.get("/v1/public/echo", headers=headers), 400, "malformed")

    attack(gateway, steps)


@pytest.mark.attack("10")
@pytest.mark.requirement("R04")
@pytest.mark.parametrize("path", ["/v1/autonomous/echo", "/v1/public/echo"])
def test_the_gateways_own_headers(gateway: Gateway, path: str) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        claimed = {
            "Agent-Licence-Tier": "9",
            "agent_licence_tier": "9",
            "AGENT-LEASE-ID": "mine",
            "Agent-Lease-Root": "mine",
            "Agent-Lease-Other": "mine",
            "agent_lease_id": "mine",
            "Authorization": "Bearer sk-provider-key",
        }
        headers = {**claimed, "agent-licence": lease, "dpop": holder.proof("GET", gateway.origin + path, lease)}
        response = await gateway.client.get(path, headers=headers)
        seen = {name: value for name, value in response.json()["headers"].items() if name.startswith("agent")}
        assert "9" not in seen.values()
        assert "mine" not in seen.values()
        assert len(seen) == (3 if "autonomous" in path else 0)
        assert response.json()["headers"]["authorization"] == "Bearer sk-provider-key"

    attack(gateway, steps, calls=1)


def test_a_lease_in_authorization_is_not_passed_on(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        for scheme in ("DPoP", "Bearer"):
            proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease)
            headers = {"authorization": f"{scheme} {lease}", "dpop": proof}
            response = await gateway.client.get("/v1/autonomous/echo", headers=headers)
            assert response.status_code == 200
            assert "authorization" not in response.json()["headers"]
        key = await gateway.client.get("/v1/autonomous/echo", headers={"authorization": "Bearer sk-provider-key"})
        refused(key, 401, "lease-required")

    attack(gateway, steps, calls=2)


@pytest.mark.attack("8")
def test_garbage_is_no_lease(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        for text in ("x", "a.b", "a.b.c", "e30.e30.e30", "..", "x" * 5000, "e30." + "W" * 3000 + ".e30", lease[:-40]):
            response = await gateway.call(holder, text, proof="x")
            assert response.status_code in (401, 403)
            assert response.headers["agent-licence-error"] in ("malformed-lease", "bad-signature")

    attack(gateway, steps)


@pytest.mark.attack("L4")
@pytest.mark.requirement("R64")
def test_running_leases_finish_without_heartbeat_and_no_new_ones_begin(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        gateway.clock.time += 800
        second = await gateway.lease(holder, running=lease)
        gateway.clock.time += 101
        newcomer = gateway.holder()
        fresh = await gateway.exchange(newcomer, newcomer.present(await gateway.challenge()))
        refused(fresh, 403, "stale-epoch")
        third = await gateway.lease(holder, running=second)
        gateway.clock.time += 899
        fourth = await gateway.lease(holder, running=third)
        gateway.clock.time += 1
        late = await gateway.exchange(holder, holder.present(await gateway.challenge()), lease=fourth)
        refused(late, 403, "stale-epoch")
        assert (await gateway.call(holder, fourth)).status_code == 200
        gateway.clock.time += 930
        refused(await gateway.call(holder, fourth), 403, "lease-expired")

    attack(gateway, steps, calls=1)


def test_grace_is_for_the_holder_of_the_running_lease(gateway: Gateway) -> None:
    async def steps(holder: Holder, lease: str) -> None:
        gateway.clock.time += 901
        stranger = gateway.holder()
        answer = await gateway.exchange(stranger, stranger.present(await gateway.challenge()), lease=lease)
        refused(answer, 403, "holder-proof")

    attack(gateway, steps)


@pytest.mark.attack("1")
def test_no_cache_answers_in_the_place_of_the_gateway(gateway: Gateway) -> None:
    """What answers a request with `Authorization` a shared cache keeps for nobody else; of leases it knows nothing."""

    async def story() -> None:
        holder = gateway.holder()
        answer = await gateway.call(holder, await gateway.lease(holder))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private")
        assert "cache-control" not in (await gateway.client.get("/v1/public/echo")).headers

    asyncio.run(story())


@pytest.mark.attack("1")
def test_no_cache_is_told_otherwise_by_the_service(gateway: Gateway) -> None:
    """Some headers are for shared caches alone, and go before `Cache-Control`."""
    told = {
        "X-Accel-Expires": "60",
        "CDN-Cache-Control": "max-age=60",
        "Surrogate-Control": "max-age=60",
        "Edge-Control": "max-age=60",
    }
    said = told | {"Cache-Control": "max-age=60", "Access-Control-Max-Age": "9"}
    service = httpx.MockTransport(lambda _: httpx.Response(200, headers=said, stream=httpx.ByteStream(b"plan")))
    gateway.connections = lambda: Connections(upstream=service)  # type: ignore[method-assign]
    gateway.start()

    async def story() -> None:
        holder = gateway.holder()
        protected = await gateway.call(holder, await gateway.lease(holder))
        assert protected.headers.get_list("cache-control") == ["max-age=60, private"]
        assert protected.headers["access-control-max-age"] == "9"
        assert not [name for name in told if name in protected.headers]
        public = await gateway.client.get("/v1/public/echo")
        assert [public.headers[name] for name in told] == list(told.values())

    asyncio.run(story())
