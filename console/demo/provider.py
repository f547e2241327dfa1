"""The demonstration's identity provider: a small OpenID provider on Authlib, with its own sign-in page.

Authorization code with PKCE (S256 only), `state`, `nonce`, RFC 9207 `iss`; ES256 ID tokens with `nonce`, `at_hash` and
`vot`; the documents it has seen in userinfo. It knows the people of people.py and one client, the issuer. It stands
in for a national identity service and keeps everything in memory: not for use anywhere but here.

Run: python -m console.demo.provider --port 9000 --client-id ... --client-jwks ... --redirect-uri ...
"""

from __future__ import annotations

import argparse
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from authlib.oauth2 import rfc6749
from jinja2 import Environment, PackageLoader, select_autoescape
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from console.clock import clock_of
from console.demo.openid import (
    ALGORITHM,
    PRIVATE_KEY_JWT,
    SCOPES,
    AsAuthlibRequest,
    Client,
    ClientAssertion,
    CodeGrant,
    IdToken,
    Memory,
    NamesItself,
    Pkce,
    Server,
)
from console.demo.people import DIRECTORY, Account


def create_provider(issuer: str, client: Client, now: Callable[[], int]) -> Starlette:
    """The provider as an ASGI application.

    :param issuer: its own origin, such as http://127.0.0.1:9000
    :param now: unix seconds
    """
    memory = Memory(issuer, client, now)
    server = Server(memory)
    server.register_client_auth_method(PRIVATE_KEY_JWT, ClientAssertion(memory))
    server.register_grant(CodeGrant, [Pkce(required=True), IdToken(memory)])
    NamesItself(issuer)(server)
    pages = Environment(loader=PackageLoader("console.demo"), autoescape=select_autoescape())

    async def authorise(request: Request) -> Response:
        asked = AsAuthlibRequest(request, request.query_params)
        try:
            grant = server.get_consent_grant(asked)
        except rfc6749.OAuth2Error as error:
            return server.handle_error_response(asked, error)  # type: ignore[no-any-return]
        if request.method == "GET":
            return _page(pages, client, "")
        form = await request.form(max_files=0, max_fields=4)
        if form.get("decision") == "deny":
            return server.create_authorization_response(asked, grant_user=None, grant=grant)  # type: ignore[no-any-return]
        account = DIRECTORY.get(str(form.get("login", "")))
        if account is None or not hmac.compare_digest(account.password, str(form.get("password", ""))):
            return _page(pages, client, "That account and password do not go together.")
        return server.create_authorization_response(asked, grant_user=account, grant=grant)  # type: ignore[no-any-return]

    async def token(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=16)
        return server.create_token_response(AsAuthlibRequest(request, form))  # type: ignore[no-any-return]

    async def userinfo(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        found = memory.tokens.get(given) if scheme.lower() == "bearer" else None
        if found is None or now() > found[2]:
            return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return JSONResponse(_claims(found[0], found[1].split()))

    async def discovery(_: Request) -> Response:
        return JSONResponse(_metadata(issuer))

    async def jwks(_: Request) -> Response:
        return JSONResponse({"keys": [memory.key.as_dict(private=False)]})

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/jwks", jwks),
            Route("/authorize", authorise, methods=["GET", "POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/userinfo", userinfo),
        ]
    )


def _page(pages: Environment, client: Client, complaint: str) -> HTMLResponse:
    page = pages.get_template("sign_in.html").render(client=client.client_id, complaint=complaint)
    return HTMLResponse(page, 401 if complaint else 200, {"Cache-Control": "no-store"})


def _claims(account: Account, scopes: list[str]) -> dict[str, Any]:
    claims: dict[str, Any] = {"sub": account.subject}
    if "identity" in scopes:
        claims |= {"name": account.name, "birthdate": account.birthdate}
        claims["documents"] = [document.claim() for document in account.documents]
    return claims


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": list(SCOPES),
        "claims_supported": ["sub", "name", "birthdate", "vot", "documents", "nonce", "auth_time"],
        "vot_values_supported": ["P0", "P1", "P2"],
        "authorization_response_iss_parameter_supported": True,
    }


def main() -> None:
    """Serve until stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--client-id", required=True)
    options.add_argument("--client-jwks", type=Path, required=True, help="the client's public keys, RFC 7517")
    options.add_argument("--redirect-uri", required=True)
    options.add_argument("--clock-file", type=Path)
    given = options.parse_args()
    keys = KeySet.import_key_set(json.loads(given.client_jwks.read_text(encoding="utf-8")))
    client = Client(given.client_id, given.redirect_uri, keys)
    app = create_provider(f"http://127.0.0.1:{given.port}", client, clock_of(given.clock_file))
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
