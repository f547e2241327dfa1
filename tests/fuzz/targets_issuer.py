"""Targets: what the issuer reads from applicants, identity providers, insurers and trainers, and openers from it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import httpx
from fastapi import Request
from joserfc.jwk import KeySet

from circuits import Malformed, Rejected
from console.opening import check_row, row_of
from console.output import Failure
from issuer.app import create_app
from issuer.assessment.bank import decode_answers, decode_bank, starter_octets
from issuer.assessment.policy import ExamPolicy, TrustedTrainer
from issuer.assessment.training import TYPE, read_certificate, training_reference
from issuer.errors import Denied, Invalid, TooLarge, Unavailable
from issuer.insurance.claims import ATTESTATION_TYPES, Attestation
from issuer.kyc.id_token import Expected, UnknownKey, check_id_token
from issuer.kyc.provider import Provider
from issuer.settings import IdentityProvider, TrustedInsurer, load_settings
from issuer.signed import read_signed
from issuer.web.octets import from_text, to_text
from issuer.web.session import COOKIE, read_cookie
from tests.fuzz import mutate
from tests.fuzz.asgi import ask, asyncio_run
from tests.fuzz.scratch import scratch
from tests.fuzz.signed import sign
from tests.fuzz.target import Target, require
from tests.fuzz.targets_octets import round_trip
from tests.fuzz.world import NOW, ec_key, octets32, the_world
from tests.support.issuer_world import prepare_issuer

_PROVIDER = IdentityProvider(
    issuer="https://identity.example", client_id="licence-issuer", client_auth="private_key_jwt"
)
_PARTY = "https://insurer.example"


def _octets(data: bytes) -> None:
    round_trip(data, to_text(from_text(data.decode("latin-1"))).encode())


def _keys(label: str) -> KeySet:
    return KeySet([ec_key(label)])


def _expected() -> Expected:
    return Expected(_PROVIDER, "nonce", "access", NOW, 60)


def _id_token(data: bytes) -> None:
    """The octets as a token, and, as header and payload, in one that the provider has signed."""
    header, _, payload = data.partition(b"\n")
    for token in (data.decode("latin-1"), sign(header, payload, ec_key("provider"))):
        try:
            claims = check_id_token(token, _keys("provider"), _expected())
        except (Denied, UnknownKey):
            continue
        require(claims["nonce"] == "nonce" and claims["iss"] == _PROVIDER.issuer, "a token for another sign-in")


def _id_token_seeds() -> list[bytes]:
    claims = {"iss": _PROVIDER.issuer, "sub": "ada", "aud": _PROVIDER.client_id, "exp": NOW + 300, "iat": NOW,
              "nonce": "nonce", "vot": "P2"}  # fmt: skip
    header = json.dumps({"alg": "ES256", "kid": "provider"}).encode() + b"\n"
    return [header + json.dumps(claims).encode(), header + b"[" * 3000]


def _statement(data: bytes) -> None:
    header, _, payload = data.partition(b"\n")
    jwks: dict[str, object] = dict(_keys("insurer").as_dict(private=False))
    parties = [TrustedInsurer(issuer=_PARTY, jwks=jwks)]
    policy = ExamPolicy(trainers=(TrustedTrainer(issuer=_PARTY, jwks=jwks),))
    for text in (data.decode("latin-1"), sign(header, payload, ec_key("insurer"))):
        for read in (
            lambda text=text: read_signed(text, parties, Attestation, ATTESTATION_TYPES),
            lambda text=text: read_certificate(text, "person", NOW - 3600, NOW, policy),
        ):
            try:
                read()
            except (Denied, Invalid, TooLarge):
                continue


def _statement_seeds() -> list[bytes]:
    header = {"alg": "ES256", "kid": "insurer"}
    cover = {"iss": _PARTY, "permit": "P-1", "class": "autonomous", "limit_band": 3, "from_day": 1, "until_day": 9,
             "iat": NOW}  # fmt: skip
    training = {
        "iss": _PARTY,
        "sub": training_reference("person"),
        "jti": "1",
        "iat": NOW,
        "course": "operator-training",
    }
    pairs = ((header, cover), (header | {"typ": TYPE}, training))
    return [json.dumps(one).encode() + b"\n" + json.dumps(claims).encode() for one, claims in pairs]


def _bank(data: bytes) -> None:
    bank = decode_bank(data)
    require(len(bank.items) > 0, "a bank without items")
    decode_answers(data, bank)


def _bank_seeds() -> list[bytes]:
    items = json.loads(starter_octets()[0])
    return [json.dumps(items | {"items": items["items"][:1]}).encode()]


def _answers(data: bytes) -> None:
    decode_answers(data, decode_bank(starter_octets()[0]))


class _Assertions:
    """Instead of the keyring: what a provider is told of who is asking does not matter here."""

    def client_assertion(self, claims: Any) -> str:
        """Any text."""
        return "a.b.c"


def _provider_answers(data: bytes) -> None:
    """Discovery, keys, token and userinfo, one line each."""
    pieces = data.split(b"\n")
    paths = {"/.well-known/openid-configuration": 0, "/keys": 1, "/token": 2, "/userinfo": 3}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise httpx.UnsupportedProtocol("as the network's own transport would")
        at = paths.get(request.url.path, 0)
        return httpx.Response(200, content=pieces[at] if at < len(pieces) else b"")

    async def story() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
            provider = Provider(_PROVIDER, client, _Assertions(), lambda: NOW, 5)  # type: ignore[arg-type]
            await provider.keys()
            answer = await provider.exchange("code", "verifier", "https://issuer.example/callback")
            await provider.userinfo(answer.access_token)

    asyncio_run(story())


def _provider_seeds() -> list[bytes]:
    base = _PROVIDER.issuer
    metadata = {"issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo", "jwks_uri": f"{base}/keys",
                "code_challenge_methods_supported": ["S256"]}  # fmt: skip
    token = {"access_token": "access", "token_type": "Bearer", "id_token": "a.b.c"}
    answers = (metadata, _keys("provider").as_dict(private=False), token, {"sub": "ada"})
    return [b"\n".join(json.dumps(answer).encode() for answer in answers)]


class _Issuer:
    """A whole issuer as an ASGI application, with one application open."""

    def __init__(self) -> None:
        settings = load_settings(prepare_issuer(scratch()))
        self.app = create_app(settings, lambda: NOW, provider_transport=httpx.MockTransport(self._nobody))
        self.admin = (settings.keys_dir / "admin.token").read_text().strip().encode()
        world = the_world()
        body = {"registration": to_text(world.registration.point), "salt": to_text(world.registration.salt)}
        opened = ask(
            self.app, b"POST /api/applications\ncontent-type: application/json\n\n" + json.dumps(body).encode()
        )
        assert opened is not None
        answer = json.loads(opened.body)
        self.identifier, self.token = answer["application"].encode(), answer["token"].encode()

    def _nobody(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(404)


@lru_cache(maxsize=1)
def _issuer() -> _Issuer:
    return _Issuer()


def _http(data: bytes) -> None:
    """A request; APP, TOKEN and ADMIN in it stand for the application open, its token, and the administrator's."""
    issuer = _issuer()
    for word, value in ((b"APP", issuer.identifier), (b"TOKEN", issuer.token), (b"ADMIN", issuer.admin)):
        data = data.replace(word, value)
    if b" /epochs/events" in data.partition(b"\n")[0]:
        return  # a stream that does not end
    answer = ask(issuer.app, data)
    if answer is not None:
        expected = answer.status < 500 or b"unavailable" in answer.body or b"provider" in answer.body
        require(expected, f"the issuer answers {answer.status}: {answer.body[:300]!r}")


def _http_seeds() -> list[bytes]:
    world = the_world()
    kind, mine = b"content-type: application/json\n", b"authorization: Bearer TOKEN\n"
    admin = b"authorization: Bearer ADMIN\n"
    registration = {"registration": to_text(world.registration.point), "salt": to_text(world.registration.salt)}
    request = {"tier": 3, "commitment": to_text(world.request.commitment), "proof": to_text(world.request.proof)}
    point = {"point": to_text(world.registration.point), "case_id": "case 1"}
    return [
        b"POST /api/applications\n" + kind + b"\n" + json.dumps(registration).encode(),
        b"GET /api/applications/APP\n" + mine + b"\n",
        b"POST /api/applications/APP/challenge\n" + mine + b"\n",
        b"POST /api/applications/APP/licence\n" + kind + mine + b"\n" + json.dumps(request).encode(),
        b"POST /api/applications/APP/lost-wallet\n" + kind + mine + b'\n{"urgent": true}',
        b"POST /api/applications/APP/training\n" + kind + mine + b'\n{"certificate": "a.b.c"}',
        b"POST /admin/revocations\n" + kind + admin + b'\n{"licence": "L", "reason": "because"}',
        b"POST /admin/openings/evidence\n" + kind + admin + b"\n" + json.dumps(point).encode(),
        b"GET /admin/licences?after=x&limit=2\n" + admin + b"\n",
        b"GET /sign-in/APP\n\n", b"GET /sign-in/callback?code=x&state=y&iss=z\n\n",
        b"GET /apply\ncookie: application=x\n\n",
        b"POST /apply/lost-wallet\ncontent-type: application/x-www-form-urlencoded\ncookie: application=x\n\nurgent=1",
        b"GET /trust.cbor\n\n", b"GET /epochs/0.entries\n\n", b"GET /epochs/0.cose\n\n",
    ]  # fmt: skip


_HTTP = mutate.lines(mutate.words(b"APP", b"%00", b"%ff", b"?", b"&limit=", b"%2e%2e/", b"HEAD ", b"-1"),
                     mutate.json_text)  # fmt: skip


def _cookies(data: bytes) -> None:
    """A Cookie header: a value is taken from the very name alone, whatever stands around that."""
    request = Request({"type": "http", "headers": [(b"cookie", data)]})
    value = read_cookie(request, _issuer().app.state.world, COOKIE)
    if value is not None:
        pair = f"{COOKIE}={value}".encode("latin-1")
        require(any(part in (pair, b" " + pair) for part in data.split(b";")), "a cookie of another name")


def _archive_row(data: bytes) -> None:
    """The issuer's answer to openers, and the checks that an opener makes of it."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    row = row_of(answer)
    check_row(the_world().bundle, row, the_world().registration.point)


def _archive_seeds() -> list[bytes]:
    world = the_world()
    row = {
        "registration": world.registration.point, "signer_share": bytes(32), "handle": bytes(32),
        "commitment": world.request.commitment, "proof": world.request.proof, "nonce": octets32("issue nonce"),
        "session": octets32("issue session"),
    }  # fmt: skip
    sealed = {"id": "row", "encapsulation": to_text(bytes(128)), "nonce": to_text(bytes(12)), "ciphertext": "AAAA"}
    return [json.dumps({name: to_text(octets) for name, octets in row.items()} | {"evidence": sealed}).encode()]


_JSON_LINES = mutate.lines(mutate.json_text, mutate.json_text)
TARGETS = (
    Target("issuer-octets", _octets, (ValueError,), lambda: [b"", b"AAAA", b"-_8"], ("issuer.web.octets.from_text",),
           mutate.words(b"=", b"-", b"+", b"\xff"), 256, runs=500),
    Target("id-token", _id_token, (), _id_token_seeds, ("issuer.kyc.id_token.check_id_token",), _JSON_LINES, 8192,
           runs=500),
    Target("signed-statement", _statement, (), _statement_seeds,
           ("issuer.signed.read_signed", "issuer.assessment.training.read_certificate"), _JSON_LINES, 8192, runs=300),
    Target("question-bank", _bank, (Invalid, TooLarge), _bank_seeds, ("issuer.assessment.bank.decode_bank",),
           mutate.json_text, runs=500),
    Target("question-answers", _answers, (Invalid, TooLarge),
           lambda: [b'{"bank": "starter", "version": 1, "answers": {"a": {"version": 1, "key": 0}}}'],
           ("issuer.assessment.bank.decode_answers",), mutate.json_text, runs=100),
    Target("provider-answers", _provider_answers, (Unavailable, Denied), _provider_seeds,
           ("issuer.kyc.provider.Provider",), _JSON_LINES, 4096, runs=150),
    Target("issuer-http", _http, (), _http_seeds, ("issuer.app.create_app",), _HTTP, 2048, seconds=3, runs=150),
    Target("issuer-cookies", _cookies, (), lambda: [b"application=x", b"a=b; application=x; \xa0application=y"],
           ("issuer.web.session.read_cookie",), mutate.words(b";", b" ", b"\xa0", b"application=", b'"'), 256,
           runs=500),
    Target("archive-row", _archive_row, (Failure, Malformed, Rejected), _archive_seeds, ("console.opening.row_of",),
           mutate.json_text, runs=500),
)  # fmt: skip
