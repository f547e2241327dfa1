"""The gateway's own endpoints: discovery, challenge, token, check, introspection, revocation, keys, floor, deny.

They only read requests and write answers; every decision is `DecisionPoint`'s. Bodies are capped before they are
parsed, and a presentation above 4 KiB is refused by its length alone.
Source: docs/gateway.md, section 1; RFC 6749, 7009, 7662, 8414, 8693, 9449, 9728.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from circuits import CircuitError, Malformed, Rejected, Secret
from verifier import decision
from verifier.asgi import Doorkeeper
from verifier.base64url import decode_base64url
from verifier.decision import DecisionPoint
from verifier.fields import challenge_header, lease_headers, read_credentials
from verifier.killswitch import Denied
from verifier.problems import Problem, problem_for
from verifier.unavailable import Unavailable
from verifier.verify import MAX_PRESENTATION_OCTETS
from verifier.workbench import Workbench

MAX_FORM_OCTETS = 16 * 1024
MAX_PRESENTATION_CHARACTERS = (MAX_PRESENTATION_OCTETS * 4 + 2) // 3
BODY_SECONDS = 10.0
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
PRESENTATION_TYPE = "urn:operator-licence:token-type:licence-presentation"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
NO_STORE = {"cache-control": "no-store"}
Handler = Callable[[Request], Awaitable[Response]]


class Authoriser:
    """The endpoints of one gateway. `admin_token` opens introspection and deny; without one they are closed."""

    def __init__(self, point: DecisionPoint, bench: Workbench, admin_token: Secret[str] | None) -> None:
        self._point = point
        self._bench = bench
        self._admin_token = admin_token
        self._door = Doorkeeper(point)

    def routes(self) -> list[Route]:
        """The endpoints as Starlette routes."""
        any_method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        resource_path = self._point.terms.resource.removeprefix(self._point.terms.origin)
        well_known = "/.well-known/oauth-protected-resource"
        plain: list[tuple[str, Handler, list[str]]] = [
            (well_known, self.protected_resource, ["GET"]),
            (well_known + resource_path, self.protected_resource, ["GET"]),
            ("/.well-known/oauth-authorization-server", self.authorization_server, ["GET"]),
            ("/licence/challenge", self.challenge, ["POST"]),
            ("/licence/introspect", self.introspect, ["POST"]),
            ("/licence/revoke", self.revoke, ["POST"]),
            ("/licence/deny", self.deny, ["POST"]),
            ("/licence/jwks", self.jwks, ["GET"]),
            ("/licence/floor", self.floor, ["GET"]),
        ]
        routes = [Route(path, _answering(handler), methods=methods) for path, handler, methods in plain]
        routes.append(Route("/licence/token", _answering(self.token, oauth=True), methods=["POST"]))
        routes.append(Route("/licence/check", self.check, methods=any_method))
        routes.append(Route("/licence/check/{rest:path}", self.check, methods=any_method))
        return routes

    async def protected_resource(self, _: Request) -> Response:
        """RFC 9728 metadata, with the policies that a licence is shown under."""
        terms, record = self._point.terms, self._point.policy.record
        methods = ["DPoP"] if terms.holder_proof_required else ["DPoP", "Bearer"]
        content = {
            "resource": terms.resource,
            "authorization_servers": [terms.origin],
            "scopes_supported": [record.scope],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "dpop_bound_access_tokens_required": terms.holder_proof_required,
            "agent_licence": {
                "header": "Agent-Licence",
                "schemes": methods,
                "challenge_endpoint": terms.origin + "/licence/challenge",
                "trust_bundle": self._point.bundle.hash.hex(),
                "policies": [{"id": record.id, "hash": record.hash.hex(), "scope": record.scope}],
            },
        }
        return JSONResponse(content)

    async def authorization_server(self, _: Request) -> Response:
        """RFC 8414 metadata."""
        origin = self._point.terms.origin
        content = {
            "issuer": origin,
            "token_endpoint": origin + "/licence/token",
            "jwks_uri": origin + "/licence/jwks",
            "challenge_endpoint": origin + "/licence/challenge",
            "introspection_endpoint": origin + "/licence/introspect",
            "revocation_endpoint": origin + "/licence/revoke",
            "floor_endpoint": origin + "/licence/floor",
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],
            "scopes_supported": [self._point.policy.record.scope],
            "token_endpoint_auth_methods_supported": ["none"],
            "dpop_signing_alg_values_supported": ["ES256"],
        }
        return JSONResponse(content)

    async def challenge(self, _: Request) -> Response:
        """A challenge asked for ahead: the header that a 401 carries, and the same as JSON."""
        given = self._point.challenge()
        name, value = challenge_header(given)
        header = {name.decode("ascii"): value.decode("ascii")}
        content = {"challenge": value.decode("ascii"), "resource": given.resource, "scope": given.scope}
        return JSONResponse(content, headers=header | NO_STORE)

    async def token(self, request: Request) -> Response:
        """RFC 8693 token exchange: a presentation for a lease. A running lease may ride along in `Agent-Licence`."""
        form = await _read_form(request)
        credentials = read_credentials(request.scope["headers"])
        presentation = _read_presentation(form)
        record = self._point.policy.record
        wanted = (form.get("resource", self._point.terms.resource), form.get("scope", record.scope))
        asked = decision.Request("POST", self._point.terms.origin + "/licence/token", credentials.holder_proof)
        lease = await self._bench.run(lambda: self._point.grant(presentation, wanted, asked, credentials.lease))
        content = {
            "access_token": lease.text,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": "Bearer" if lease.jkt is None else "DPoP",
            "expires_in": lease.expires_at - lease.issued_at,
            "scope": lease.scope,
        }
        return JSONResponse(content, headers=NO_STORE | {"pragma": "no-cache"})

    async def check(self, request: Request) -> Response:
        """The decision point for other gateways: 200 with the lease's headers, or what a call would meet."""
        try:
            credentials = read_credentials(request.scope["headers"])
            method, path = _original_request(request)
            lease = self._door.admit(credentials, method, path)
        except CircuitError as error:
            return _problem_response(self._door.refuse(error))
        headers = {name.decode("ascii"): value.decode("ascii") for name, value in lease_headers(lease)}
        return Response(status_code=200, headers=headers | NO_STORE)

    async def introspect(self, request: Request) -> Response:
        """RFC 7662, for the gateway's operator and its services."""
        self._check_admin(request)
        token = _required(await _read_form(request), "token")
        try:
            lease = self._point.inspect(token)
        except Rejected:
            return JSONResponse({"active": False}, headers=NO_STORE)
        kind = "Bearer" if lease.jkt is None else "DPoP"
        return JSONResponse({"active": True, "token_type": kind, **lease.claims}, headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """RFC 7009: a holder gives its lease up, with a holder proof. A token that is none gets the same answer."""
        token = _required(await _read_form(request), "token")
        credentials = read_credentials(request.scope["headers"])
        asked = decision.Request("POST", self._point.terms.origin + "/licence/revoke", credentials.holder_proof)
        try:
            self._point.give_up(token, asked)
        except Rejected as error:
            if error.code in ("holder-proof", "replay"):
                raise
        return Response(status_code=200, headers=NO_STORE)

    async def deny(self, request: Request) -> Response:
        """Stops a pseudonym, lease tree or lease: {"pseudonym" | "root" | "lease": value, "reason": text}."""
        self._check_admin(request)
        content = await _read_json(request)
        reason = content.pop("reason", "")
        if len(content) != 1 or not isinstance(reason, str):
            raise Rejected("invalid-request", "Name exactly one of pseudonym, root and lease, and a reason.")
        (name, value), known = content.popitem(), {kind.value: kind for kind in Denied}
        if name not in known or not isinstance(value, str):
            raise Rejected("invalid-request", "Name exactly one of pseudonym, root and lease, and a reason.")
        self._point.deny(known[name], value, reason)
        return JSONResponse({"denied": {name: value}}, headers=NO_STORE)

    async def jwks(self, _: Request) -> Response:
        """The lease keys in use (RFC 7517); cached for two seconds at most, because dropping one is a kill switch."""
        keys = self._point.keys.jwks(self._point.clock.read())
        return JSONResponse(keys, headers={"cache-control": "public, max-age=2"})

    async def floor(self, _: Request) -> Response:
        """Newest epoch, floor and denied ids, signed with the lease key (JWT of type floor+jwt).

        Not in the name of leases: who checks those by the published keys may look at nothing but that, and anybody gets
        this one.
        """
        now, own = self._point.clock.read(), self._point.terms.origin + "/licence/floor"
        current, key = self._point.trust.view.current, self._point.keys.signing
        claims: dict[str, Any] = {
            "iss": own,
            "aud": own,
            "iat": now,
            "exp": now + 60,
            "epoch": None if current is None else current.record.number,
            "floor": self._point.trust.floor,
            "denied": [[entry.kind.value, entry.value] for entry in self._point.killswitch.denials],
        }
        text = jwt.encode({"alg": "ES256", "typ": "floor+jwt", "kid": key.kid}, claims, key.key, algorithms=["ES256"])
        return Response(text, media_type="application/jwt", headers=NO_STORE)

    def _check_admin(self, request: Request) -> None:
        given = request.headers.getlist("authorization")
        if self._admin_token is None or len(given) != 1:
            raise Rejected("admin-token", "This is for the gateway's operator.")
        wanted = b"Bearer " + self._admin_token.expose().encode("utf-8")
        if not hmac.compare_digest(given[0].encode("utf-8"), wanted):
            raise Rejected("admin-token", "This is for the gateway's operator.")


def _answering(handler: Handler, oauth: bool = False) -> Handler:
    """`handler` with its refusals turned into answers."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except CircuitError as error:
            return _problem_response(problem_for(error, oauth=oauth))
        except OSError:
            failure = Unavailable("state-unavailable", "The gateway cannot keep its state.", 30)
            return _problem_response(problem_for(failure, oauth=oauth))

    return answer


def _problem_response(problem: Problem) -> Response:
    response = Response(problem.body, status_code=problem.status)
    response.raw_headers = list(problem.headers)
    return response


async def _read_body(request: Request) -> bytes:
    """The body, at most 16 KiB and within ten seconds. Raises `Rejected` (`too-large`, `too-slow`)."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced[:20]) > MAX_FORM_OCTETS:
        raise Rejected("too-large", f"A body here has at most {MAX_FORM_OCTETS} octets.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_FORM_OCTETS:
                    raise Rejected("too-large", f"A body here has at most {MAX_FORM_OCTETS} octets.")
    except TimeoutError:
        raise Rejected("too-slow", "The body took too long to arrive.") from None
    except ClientDisconnect:
        raise Malformed("the body is incomplete") from None
    return bytes(body)


async def _read_form(request: Request) -> dict[str, str]:
    """The form's fields, each at most once. Raises `Malformed`, `Rejected` (`invalid-request`, `too-large`)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Rejected("invalid-request", "The body has to be a form (application/x-www-form-urlencoded).")
    body = await _read_body(request)
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=32, errors="strict")
    except ValueError:
        raise Malformed("the form cannot be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Rejected("invalid-request", "A field is given more than once.")
    return form


async def _read_json(request: Request) -> dict[str, Any]:
    body = await _read_body(request)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not isinstance(content, dict):
        raise Malformed("the body is not a JSON object")
    return content


def _required(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise Rejected("invalid-request", f"The field {name} is missing.")
    return value


def _read_presentation(form: dict[str, str]) -> bytes:
    if _required(form, "grant_type") != GRANT_TYPE:
        raise Rejected("unsupported-grant", "The one grant here is the token exchange of RFC 8693.")
    if _required(form, "subject_token_type") != PRESENTATION_TYPE:
        raise Rejected("invalid-request", "The one subject token here is a licence presentation.")
    text = _required(form, "subject_token")
    if len(text) > MAX_PRESENTATION_CHARACTERS:
        raise Rejected("too-large", f"A presentation has at most {MAX_PRESENTATION_OCTETS} octets.")
    return decode_base64url(text, MAX_PRESENTATION_OCTETS)


def _original_request(request: Request) -> tuple[str, str]:
    """Method and raw path of the call that another gateway asks about.

    nginx says it in X-Original-*, Traefik and Caddy in X-Forwarded-*; Envoy appends the path to ours. If more than one
    says it, they have to agree: `Malformed` otherwise.
    """
    uris = {value for name in ("x-original-uri", "x-forwarded-uri") for value in request.headers.getlist(name)}
    methods = {value for name in ("x-original-method", "x-forwarded-method") for value in request.headers.getlist(name)}
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode("ascii", "replace")
    appended = raw_path.removeprefix(b"/licence/check").decode("ascii", "replace")
    if appended not in ("", "/"):
        uris.add(appended)
    if len(uris) > 1 or len(methods) > 1:
        raise Malformed("the original request is told in two ways")
    path = uris.pop() if uris else raw_path.decode("ascii", "replace")
    return methods.pop() if methods else request.method, path.split("?", 1)[0]
