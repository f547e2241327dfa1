"""Applications, and the sign-in of their person at an identity provider.

    wallet: POST /api/applications (X_h, r) -> sign-in URL, code
    browser: page with the code -> provider (state, nonce = hash of X_h and r, PKCE S256) -> callback -> /apply

The state is taken before the code is exchanged, and everything that a sign-in leaves behind is stored in one
transaction at its end, so that a provider that fails on the way leaves nothing. Source: [ISSUING 1], [PROTOCOL 4].
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from circuits import holder_point, registration_code, registration_nonce
from issuer.errors import Denied, Invalid, NotFound, Unavailable
from issuer.kyc import persons, store
from issuer.kyc.claims import PersonClaims
from issuer.kyc.evidence import seal_evidence
from issuer.kyc.id_token import Expected, UnknownKey, check_id_token, level_of
from issuer.kyc.models import Application, Evidence, Receipt, SignIn
from issuer.kyc.provider import Provider
from issuer.web.session import token_hash
from issuer.world import World

CALLBACK_PATH = "/sign-in/callback"


@dataclass(frozen=True)
class NewApplication:
    """What the wallet gets: `token` is its bearer secret, `ticket` part of the URL that the person's browser opens."""

    application_id: str
    token: str
    ticket: str
    code: str
    expires_at: int


@dataclass(frozen=True)
class Callback:
    """The parameters with which the browser comes back; each at most once."""

    state: str
    code: str | None
    iss: str | None
    error: str | None


@dataclass(frozen=True)
class _SignedIn:
    """What a finished round trip says, before any of it is stored."""

    provider: str
    level: str
    id_token: str
    claims: PersonClaims
    raw_claims: str


class Applications:
    """Makes and finds applications."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, registration: bytes, salt: bytes, refresh: bool) -> NewApplication:
        """A new application for X_h (48 octets) and r (32).

        Anybody may ask, so the number of those that nobody has signed in for is bounded, and they are dropped after
        `sign_in_seconds`; to bound them per address is for the proxy in front. Raises circuits' Malformed or Rejected
        for a point that is none, Unavailable("too-many-applications").
        """
        holder_point(self._world.trust.issuer, registration, 1)
        now, settings = self._world.now(), self._world.settings
        token, ticket = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        row = Application(
            application_id=secrets.token_urlsafe(16),
            token_hash=token_hash(token),
            ticket_hash=token_hash(ticket),
            registration=registration,
            salt=salt,
            code=registration_code(registration),
            refresh=refresh,
            identity="unverified",
            created_at=now,
            sign_in_until=now + settings.sign_in_seconds,
            expires_at=now + settings.application_seconds,
        )
        with self._world.database.write() as session:
            store.drop_abandoned(session, now)
            if store.count_open_applications(session) >= settings.max_open_applications:
                raise Unavailable(
                    "too-many-applications", "Too many applications wait for their sign-in; try again later."
                )
            store.add_application(session, row)
        return NewApplication(row.application_id, token, ticket, row.code, row.expires_at)

    def by_ticket(self, ticket: str) -> Application:
        """The application that a sign-in page is for. Raises NotFound("unknown-sign-in")."""
        with self._world.database.read() as session:
            row = store.application_by_ticket(session, token_hash(ticket))
        if row is None or row.sign_in_until <= self._world.now():
            raise NotFound("unknown-sign-in", "This sign-in link is unknown or over; start again in your wallet.")
        return row


class SignIns:
    """Round trips to identity providers. `providers` by their configured name."""

    def __init__(self, world: World, providers: Mapping[str, Provider]) -> None:
        self._world = world
        self._providers = providers

    async def start(self, application: Application, provider_name: str, browser: str) -> str:
        """The URL at the provider to which the browser goes. `browser` is its sign-in cookie.

        Raises NotFound("unknown-provider"), Unavailable("provider-unavailable" | "too-many-sign-ins"); then nothing was
        stored.
        """
        provider = self._providers.get(provider_name)
        if provider is None:
            raise NotFound("unknown-provider", "There is no such identity provider here.")
        metadata = await provider.metadata()
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        now = self._world.now()
        row = SignIn(
            state_hash=token_hash(state),
            application_id=application.application_id,
            browser_hash=token_hash(browser),
            provider=provider_name,
            code_verifier=verifier,
            created_at=now,
            expires_at=now + self._world.settings.sign_in_round_trip_seconds,
        )
        await run_in_threadpool(self._add, row)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": provider.config.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": provider.config.scope,
            "state": state,
            "nonce": registration_nonce(application.registration, application.salt),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "vtr": json.dumps(list(provider.config.vtr)),
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def finish(self, callback: Callback, browser: str | None) -> str:
        """Ends a round trip, and returns the application's id. Raises Denied or Unavailable with the check's own code.

        On `duplicate-identity` the application is marked; on every other refusal nothing is stored.
        """
        row, application = await run_in_threadpool(self._take, callback.state, browser)
        provider = self._providers[row.provider]
        _check_response(callback, provider)
        signed_in = await self._ask(provider, row, application, callback.code or "")
        await run_in_threadpool(self._store, application.application_id, signed_in)
        return application.application_id

    @property
    def _redirect_uri(self) -> str:
        return self._world.settings.issuer_url + CALLBACK_PATH

    def _add(self, row: SignIn) -> None:
        with self._world.database.write() as session:
            under_way = store.count_sign_ins(session, row.application_id, row.created_at)
            if under_way >= self._world.settings.max_round_trips:
                raise Unavailable("too-many-sign-ins", "Too many sign-ins of this application are open; wait a little.")
            store.add_sign_in(session, row)

    def _take(self, state: str, browser: str | None) -> tuple[SignIn, Application]:
        """The round trip of this state and this browser; the state is spent whatever comes after."""
        with self._world.database.write() as session:
            row = store.take_sign_in(session, token_hash(state))
            application = store.application(session, row.application_id) if row else None
        if (
            row is None
            or application is None
            or browser is None
            or row.browser_hash != token_hash(browser)
            or row.expires_at <= self._world.now()
            or row.provider not in self._providers
        ):
            raise Denied("sign-in-state", "This answer belongs to no sign-in of this browser; start again.")
        return row, application

    async def _ask(self, provider: Provider, row: SignIn, application: Application, code: str) -> _SignedIn:
        tokens = await provider.exchange(code, row.code_verifier, self._redirect_uri)
        expected = Expected(
            provider=provider.config,
            nonce=registration_nonce(application.registration, application.salt),
            access_token=tokens.access_token,
            now=self._world.now(),
            skew_seconds=self._world.settings.clock_skew_seconds,
        )
        token_claims = await _checked_id_token(provider, tokens.id_token, expected)
        info = await provider.userinfo(tokens.access_token)
        if info.get("sub") != token_claims["sub"]:
            raise Denied("userinfo-sub", "The identity provider's two answers are about different people.")
        try:
            claims = PersonClaims.model_validate(token_claims | info)
        except ValidationError:
            raise Denied("claims-missing", "The identity provider gave no name or no birth date.") from None
        level = level_of(token_claims, provider.config)
        raw = json.dumps(info, sort_keys=True, ensure_ascii=False)
        return _SignedIn(provider.config.issuer, level, tokens.id_token, claims, raw)

    def _store(self, application_id: str, signed_in: _SignedIn) -> None:
        """Everything that a sign-in leaves behind, in one transaction. Raises Denied("duplicate-identity") after
        marking."""
        now = self._world.now()
        tags = persons.make_tags(self._world.keyring, signed_in.provider, signed_in.claims)
        with self._world.database.write() as session:
            application = store.application(session, application_id)
            if application is None:
                raise Denied("sign-in-state", "This application is no longer there.")
            person_id = persons.place(session, application, tags, now)
            if person_id is not None:
                store.add_receipt(session, _receipt(person_id, signed_in, now))
                store.replace_evidence(session, self._evidence(application, signed_in, now))
        if person_id is None:
            raise Denied(
                "duplicate-identity", "A person with one of these documents has a licence or application already."
            )

    def _evidence(self, application: Application, signed_in: _SignedIn, now: int) -> Evidence:
        sealed = seal_evidence(
            self._world.trust.escrow,
            secrets.token_urlsafe(16),
            application.registration,
            signed_in.id_token,
            application.salt,
            signed_in.raw_claims,
        )
        return Evidence(
            evidence_id=sealed.evidence_id,
            application_id=application.application_id,
            encapsulation=sealed.encapsulation,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
            created_at=now,
        )


def _check_response(callback: Callback, provider: Provider) -> None:
    """The checks on the authorization response. Source: [OAUTH 4.1.2], [RFC9207 2.4]."""
    if callback.iss != provider.config.issuer and (callback.iss is not None or provider.config.require_iss_parameter):
        raise Denied("sign-in-iss", "This answer does not come from the identity provider that was asked.")
    if callback.error == "access_denied":
        raise Denied("access-denied", "You did not agree at the identity provider; nothing was stored.")
    if callback.error in ("temporarily_unavailable", "server_error"):
        raise Unavailable(
            "provider-unavailable", "The identity provider is not available at the moment; try again later."
        )
    if callback.error is not None:
        raise Denied("sign-in-refused", "The identity provider refused the sign-in; nothing was stored.")
    if not callback.code:
        raise Invalid("sign-in-response", "The identity provider's answer carries no code.")


async def _checked_id_token(provider: Provider, token: str, expected: Expected) -> dict[str, Any]:
    for fetch in (provider.keys, provider.newer_keys):
        # The provider may have rotated its keys since they were fetched: an unknown key is looked up once more.
        with suppress(UnknownKey):
            return check_id_token(token, await fetch(), expected)
    raise Denied("id-token-signature", "The identity provider's token is signed with an unknown key.")


def _receipt(person_id: str, signed_in: _SignedIn, now: int) -> Receipt:
    return Receipt(
        receipt_id=secrets.token_urlsafe(16),
        person_id=person_id,
        provider=signed_in.provider,
        level=signed_in.level,
        verified_at=now,
        token_hash=hashlib.sha256(signed_in.id_token.encode()).digest(),
    )
