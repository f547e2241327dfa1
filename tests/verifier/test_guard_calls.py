"""Hostile calls, one guard of the gateway's way in each: beside every refusal stands the call that differs by it alone.

The parts are real, down to leases and proofs; only the application behind the middleware is written here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from circuits import Malformed, Misuse
from circuits.records import PolicyRecord
from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway, Holder, refused
from tests.verifier.sim_issuer import Clock
from verifier.app import create_gateway
from verifier.asgi import Doorkeeper, LicenceMiddleware
from verifier.authoriser import ACCESS_TOKEN_TYPE, GRANT_TYPE, MAX_FORM_OCTETS, PRESENTATION_TYPE
from verifier.base64url import decode_base64url, encode_base64url
from verifier.challenge import MemoryChallengeStore
from verifier.decision import DecisionPoint, Parts, Terms, open_decision_point
from verifier.killswitch import Denied
from verifier.lease import MAX_LEASE_CHARACTERS
from verifier.policy import Policy

PROTECTED, PUBLIC = "/v1/autonomous/echo", "/v1/public/echo"
PIECES = [b"1", b"2", b"3", b"4", b""]
EVENTS, JSON = b"text/event-stream", b"application/json"


@dataclass
class Service:
    """The application behind. What happens on its way: `begins` first, `happens` before the piece called `at`.

    `stubborn`: it sends on, whatever its send raises.
    """

    content_type: bytes = EVENTS
    begins: Callable[[], None] = lambda: None
    happens: Callable[[], None] = lambda: None
    at: bytes = b"3"
    stubborn: bool = False
    calls: int = 0
    sent: list[Message] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        self.begins()
        headers = [(b"content-type", self.content_type)]
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": headers})
        for piece in PIECES:
            if piece == self.at:
                self.happens()
            await self._send(send, {"type": "http.response.body", "body": piece, "more_body": piece != b""})

    async def _send(self, send: Send, message: Message) -> None:
        try:
            await send(message)
        except Exception:
            if not self.stubborn:
                raise

    @property
    def bodies(self) -> list[bytes]:
        """The pieces of the answer as the client gets them."""
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]


async def visit(gateway: Gateway, service: Service, scope: dict[str, Any]) -> list[Message]:
    """What goes out to the client when it calls `service` through the middleware; raises what the server would see."""
    given = {"type": "http", "method": "GET", "headers": [], "path": PROTECTED, **scope}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        service.sent.append(message)

    await LicenceMiddleware(service, Doorkeeper(gateway.point), ("/v1/autonomous",))(given, receive, send)
    return service.sent


def under(holder: Holder, lease: str) -> dict[str, Any]:
    """The headers of a call under `lease`."""
    proof = holder.proof("GET", holder.origin + PROTECTED, lease)
    return {"headers": [(b"agent-licence", lease.encode()), (b"dpop", proof.encode())]}


def stop(gateway: Gateway, lease: str, code: str) -> None:
    """Makes the running lease one that is refused with `code`."""
    if code == "lease-expired":
        gateway.clock.time += 931
    else:
        gateway.point.deny(Denied.LEASE, gateway.point.inspect(lease).id, "now")


def run(gateway: Gateway, service: Service, begins: str = "", happens: str = "") -> None:
    """A call of `service` under a lease that is stopped so when the service begins, or on the way."""

    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        if begins:
            service.begins = partial(stop, gateway, lease, begins)
        if happens:
            service.happens = partial(stop, gateway, lease, happens)
        await visit(gateway, service, under(holder, lease))

    asyncio.run(story())


STUBBORN = pytest.mark.parametrize("stubborn", [False, True], ids=["", "by an application that sends on"])
CODES = pytest.mark.parametrize("code", ["revoked", "lease-expired"])


class TestTheMiddleware:
    """verifier/asgi.py"""

    def test_a_gateway_that_protects_nothing(self, gateway: Gateway) -> None:
        door = Doorkeeper(gateway.point)
        LicenceMiddleware(Service(), door, ("/v1/autonomous",))
        with pytest.raises(Misuse, match="protects nothing"):
            LicenceMiddleware(Service(), door, ())
        with pytest.raises(Misuse, match="a list of texts"):
            LicenceMiddleware(Service(), door, "/v1/autonomous")
        with pytest.raises(Misuse, match="no slash at its end"):
            LicenceMiddleware(Service(), door, ("/v1/public", "/v1/autonomous/"))

    @pytest.mark.attack("9")
    @pytest.mark.requirement("R02")
    def test_a_gateway_that_protects_everything(self, gateway: Gateway) -> None:
        async def story() -> None:
            for prefix, expected in (("/", 401), ("/v1/autonomous", 200)):
                app = LicenceMiddleware(PlainTextResponse("it ran"), Doorkeeper(gateway.point), [prefix])
                client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=gateway.origin)
                for path in ("/", "/x;v1/y", "/caf%C3%A9", "/v1/public"):
                    assert (await client.get(path)).status_code == expected

        asyncio.run(story())

    @pytest.mark.attack("9")
    def test_a_gateway_that_lets_nothing_public_through(self, gateway: Gateway, tmp_path: Path) -> None:
        settings = replace(gateway.settings(), public_prefix=None, state_dir=tmp_path / "closed")
        closed = create_gateway(settings, gateway.clock, gateway.connections())

        async def story() -> None:
            client = httpx.AsyncClient(transport=httpx.ASGITransport(closed), base_url=gateway.origin)
            assert (await client.get("/v1/public/echo")).status_code == 404
            assert (await client.get("/v1/autonomous/echo")).status_code == 401

        asyncio.run(story())
        assert gateway.upstream.count == 0

    @pytest.mark.parametrize("name", ["protected_prefix", "public_prefix"])
    def test_a_gateway_set_to_protect_nothing(self, gateway: Gateway, name: str) -> None:
        for prefix in ("/v1/other", "/v1/other/", "/v1/%6fther", "/v1/other."):
            changed: dict[str, Any] = {name: prefix}
            with nullcontext() if prefix == "/v1/other" else pytest.raises(Misuse, match="a prefix"):
                replace(gateway.settings(), **changed)

    @pytest.mark.attack("9")
    @pytest.mark.parametrize(
        ("raw_path", "path"),
        [
            pytest.param(PUBLIC, PROTECTED, id="checked as public, routed as autonomous"),
            pytest.param(PROTECTED, PUBLIC, id="checked as autonomous, routed as public"),
            pytest.param(PUBLIC, PUBLIC + "/more", id="a longer path"),
        ],
    )
    def test_a_target_that_reads_in_two_ways(self, gateway: Gateway, raw_path: str, path: str) -> None:
        service = Service()
        sent = asyncio.run(visit(gateway, service, {"path": path, "raw_path": raw_path.encode()}))
        assert (sent[0]["status"], dict(sent[0]["headers"])[b"agent-licence-error"]) == (400, b"malformed")
        assert service.calls == 0
        asyncio.run(visit(gateway, service, {"path": PUBLIC, "raw_path": b"/v1/public/%65cho"}))
        assert service.calls == 1

    def test_an_answer_that_breaks_does_not_seem_whole(self, gateway: Gateway) -> None:
        """An application's own failure goes on to the server, which cuts the connection."""

        def fail() -> None:
            raise RuntimeError("the model is gone")

        whole, broken = Service(), Service(happens=fail)
        run(gateway, whole)
        assert whole.bodies == PIECES
        with pytest.raises(RuntimeError, match="the model is gone"):
            run(gateway, broken)
        assert broken.bodies == PIECES[:2]

    @pytest.mark.attack("45")
    @pytest.mark.requirement("R65")
    @STUBBORN
    @CODES
    def test_stopped_before_the_answer_begins(self, gateway: Gateway, code: str, stubborn: bool) -> None:
        service = Service(stubborn=stubborn)
        run(gateway, service, begins=code)
        start, body = service.sent
        assert (start["status"], dict(start["headers"])[b"agent-licence-error"]) == (403, code.encode())
        assert not body.get("more_body", False)

    @pytest.mark.attack("45")
    @pytest.mark.requirement("R65")
    @STUBBORN
    @CODES
    @pytest.mark.parametrize("at", [b"1", b"3"])
    def test_a_stream_of_events_is_stopped(self, gateway: Gateway, at: bytes, code: str, stubborn: bool) -> None:
        """The client is told why, once, and gets nothing more."""
        service = Service(EVENTS, at=at, stubborn=stubborn)
        run(gateway, service, happens=code)
        assert service.bodies[:-1] == PIECES[: PIECES.index(at)]
        assert f'event: error\ndata: {{"code": "{code}"'.encode() in service.bodies[-1]
        assert not service.sent[-1]["more_body"]

    @pytest.mark.attack("45")
    @pytest.mark.requirement("R65")
    @STUBBORN
    @CODES
    @pytest.mark.parametrize("at", [b"1", b"3"])
    def test_any_other_answer_is_stopped(self, gateway: Gateway, at: bytes, code: str, stubborn: bool) -> None:
        """It never ends: half of it is not taken for the whole, and none of it follows a head that was early."""
        service = Service(JSON, at=at, stubborn=stubborn)
        with pytest.raises(ConnectionAbortedError):
            run(gateway, service, happens=code)
        assert service.bodies == PIECES[: PIECES.index(at)]
        assert service.sent[-1].get("more_body", True)

    @STUBBORN
    @pytest.mark.parametrize("content_type", [EVENTS, JSON])
    def test_an_answer_that_nobody_stops(self, gateway: Gateway, content_type: bytes, stubborn: bool) -> None:
        service = Service(content_type, stubborn=stubborn)
        run(gateway, service)
        assert (service.sent[0]["status"], service.bodies) == (200, PIECES)


class TestTheEndpoints:
    """verifier/authoriser.py"""

    @pytest.mark.attack("52")
    @pytest.mark.parametrize(
        "announced", [b"16385", b"9" * 5000, b"-1", b"", b"\xb2"], ids=lambda octets: repr(octets[:8])
    )
    def test_an_announced_length(self, gateway: Gateway, announced: bytes) -> None:
        """Refused before a body is read; no length breaks the gateway, such as a superscript two, which is a digit."""

        async def story() -> None:
            holder = gateway.holder()
            form = {
                "grant_type": GRANT_TYPE,
                "subject_token_type": PRESENTATION_TYPE,
                "subject_token": encode_base64url(holder.present(await gateway.challenge())),
            }
            headers = {b"dpop": holder.proof("POST", f"{gateway.origin}/licence/token").encode()}
            for length, status in ((announced, 413), (str(MAX_FORM_OCTETS).encode(), 200)):
                sent = headers | {b"content-length": length}
                response = await gateway.client.post("/licence/token", data=form, headers=sent)
                assert response.status_code == status, response.text
                assert response.headers.get("agent-licence-error") == ("too-large" if status == 413 else None)

        asyncio.run(story())

    @pytest.mark.parametrize(
        "form",
        [
            {"grant_type": ""},
            {"subject_token_type": ""},
            {"subject_token": ""},
            {"subject_token_type": ACCESS_TOKEN_TYPE},
            {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
        ],
        ids=str,
    )
    def test_an_exchange_of_something_else(self, gateway: Gateway, form: dict[str, str]) -> None:
        """A presentation that is called another token is no presentation, and its nonce stays unspent."""

        async def story() -> None:
            holder = gateway.holder()
            presentation = holder.present(await gateway.challenge())
            answer = await gateway.exchange(holder, presentation, **form)
            refused(answer, 400, "invalid-request")
            assert answer.json()["error"] == "invalid_request"
            assert (await gateway.exchange(holder, presentation)).status_code == 200

        asyncio.run(story())

    @pytest.mark.parametrize("path", ["/licence/introspect", "/licence/revoke"])
    def test_a_question_about_no_token(self, gateway: Gateway, path: str) -> None:
        """It has no answer; one about a token that is none has (RFC 7009, 2.2; RFC 7662, 2.2)."""
        admin = {"authorization": f"Bearer {ADMIN_TOKEN}"}
        for form in ({"token": ""}, {"taken": "x"}):
            refused(asyncio.run(gateway.client.post(path, data=form, headers=admin)), 400, "invalid-request")
        assert asyncio.run(gateway.client.post(path, data={"token": "x"}, headers=admin)).status_code == 200

    @pytest.mark.attack("9")
    def test_a_method_told_in_two_ways(self, gateway: Gateway) -> None:
        """The gateway in front sets one header; the client adds the other, to have a GET decided and a DELETE done."""

        async def ask(added: str) -> httpx.Response:
            said = {"x-original-uri": PROTECTED, "x-original-method": "DELETE", "x-forwarded-method": added}
            proof = holder.proof("DELETE", gateway.origin + PROTECTED, lease)
            return await gateway.client.get("/licence/check", headers={**said, "agent-licence": lease, "dpop": proof})

        holder = gateway.holder()
        lease = asyncio.run(gateway.lease(holder))
        refused(asyncio.run(ask("GET")), 400, "malformed")
        assert asyncio.run(ask("DELETE")).status_code == 200

    @pytest.mark.attack("52")
    @pytest.mark.parametrize("name", ["authorization", "agent-licence", "dpop"])
    def test_a_header_that_is_all_padding(self, gateway: Gateway, name: str) -> None:
        async def story() -> None:
            most = 4 * MAX_LEASE_CHARACTERS
            assert (await gateway.client.get(PUBLIC, headers={name: "x" * most})).status_code == 200
            refused(await gateway.client.get(PUBLIC, headers={name: "x" * (most + 1)}), 400, "malformed")
            assert gateway.upstream.count == 1

        asyncio.run(story())

    def test_text_for_more_octets_than_there_may_be(self) -> None:
        for octets in (bytes(32), bytes(31), b""):
            assert decode_base64url(encode_base64url(octets), 32) == octets
        for octets in (bytes(33), bytes(3000)):
            with pytest.raises(Malformed, match="more than 32 octets"):
                decode_base64url(encode_base64url(octets), 32)


def resigned(gateway: Gateway, lease: str, **claims: Any) -> str:
    """The lease with other claims, signed with the gateway's own key, as for another route that has the same keys."""
    key = gateway.point.keys.signing
    own = gateway.point.inspect(lease).claims
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, own | claims, key.key, algorithms=["ES256"])


WEEK = 7 * 86400
MONDAY = 2_966 * WEEK + 4 * 86400  # in 2026: the first of January 1970 was a Thursday


class TestTheDecisionPoint:
    """verifier/decision.py"""

    @pytest.mark.attack("8")
    @pytest.mark.requirement("R02")
    @pytest.mark.parametrize("claims", [{"scope": "public"}, {"policy": "tier1"}], ids=str)
    def test_a_lease_for_an_easier_route(self, gateway: Gateway, claims: dict[str, str]) -> None:
        async def story() -> None:
            holder = gateway.holder()
            lease = await gateway.lease(holder)
            refused(await gateway.call(holder, resigned(gateway, lease, **claims)), 403, "tier")
            assert gateway.upstream.count == 0
            assert (await gateway.call(holder, resigned(gateway, lease))).status_code == 200

        asyncio.run(story())

    @pytest.mark.attack("5")
    @pytest.mark.requirement("R61")
    def test_a_bearer_lease_from_before_keys_were_required(self, tmp_path: Path) -> None:
        async def story() -> None:
            gateway = Gateway(tmp_path, holder_proof_required=False)
            holder = gateway.holder()
            form = {
                "grant_type": GRANT_TYPE,
                "subject_token_type": PRESENTATION_TYPE,
                "subject_token": encode_base64url(
                    holder.present(await gateway.challenge(), session_thumbprint=bytes(32))
                ),
            }
            lease = (await gateway.client.post("/licence/token", data=form)).json()["access_token"]
            bound = await gateway.lease(holder)
            bare = {"agent-licence": lease}
            assert (await gateway.client.get(PROTECTED, headers=bare)).status_code == 200
            gateway.options["holder_proof_required"] = True
            gateway.start(offer=False)
            refused(await gateway.client.get(PROTECTED, headers=bare), 403, "holder-proof")
            refused(await gateway.call(holder, lease), 403, "holder-proof")
            assert (await gateway.call(holder, bound)).status_code == 200

        asyncio.run(story())

    @pytest.mark.attack("L2")
    @pytest.mark.requirement("R63")
    @pytest.mark.parametrize("new_key", [False, True], ids=["", "new key"])
    @pytest.mark.parametrize("new_period", [False, True], ids=["", "new period"])
    def test_a_renewal_of_whose_lease(self, tmp_path: Path, new_key: bool, new_period: bool) -> None:
        """A holder may change its key, and the period changes its pseudonym; who changes both may be anybody."""

        async def story() -> None:
            gateway = Gateway(tmp_path, clock=Clock(MONDAY - 100))
            holder = gateway.holder()
            running = await gateway.lease(holder)
            first = gateway.point.inspect(running)
            gateway.clock.time += 200 if new_period else 50
            if new_key:
                holder.key = ECKey.generate_key("P-256")
            answer = await gateway.exchange(holder, holder.present(await gateway.challenge()), lease=running)
            if new_key and new_period:
                refused(answer, 403, "holder-proof")
                return
            assert answer.status_code == 200, answer.text
            second = gateway.point.inspect(answer.json()["access_token"])
            assert second.root == first.root
            assert (second.pseudonym != first.pseudonym) == new_period

        asyncio.run(story())

    def test_a_policy_that_the_trust_bundle_does_not_hold(self, gateway: Gateway) -> None:
        """What is pinned is the bundle: a policy beside it could be anybody's."""
        point = gateway.point

        def opened(record: PolicyRecord) -> DecisionPoint:
            challenges = MemoryChallengeStore(10)
            state = point.clock, point.trust, Policy(record), challenges, point.keys, point.killswitch, point.evidence
            return open_decision_point(Terms(point.terms.origin, point.terms.resource), Parts(*state))

        record = point.policy.record
        with pytest.raises(Misuse, match="not one of the trust bundle"):
            opened(replace(record, disclosed=()))
        assert opened(record).policy.record == record
