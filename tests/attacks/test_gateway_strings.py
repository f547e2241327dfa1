"""JSON can say what no text can hold: half of a surrogate pair. Wherever a caller puts one, it is refused: no 500."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey
from starlette.types import Message

from circuits import Malformed, Misuse, Rejected
from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway, Holder, refused
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.base64url import encode_base64url
from verifier.holder import check_holder_proof
from verifier.killswitch import Denial, Denied, KillSwitch
from verifier.sources import EpochSource

HALF = "\ud800"
TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [HALF, "\udfff", "a\udc00", "\ud83d\ude00", "\ufdd0", "é", "\x00", "\x7f", "\ud800" * 43]
)
VALUE = TEXT | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(TEXT) | st.dictionaries(TEXT, TEXT)
ADMIN = {"authorization": f"Bearer {ADMIN_TOKEN}"}
CALL, TOKEN, REVOKE = "/v1/autonomous/echo", "/licence/token", "/licence/revoke"
PROOF_CLAIMS = ("jti", "htu", "htm", "ath", "iat")
PROOF_HEADERS = ("typ", "alg", "kid", "jwk", "crit", "b64", "jwk.x", "jwk.y", "jwk.kty", "jwk.crv", "jwk.d")
LEASE_CLAIMS = (
    "iss", "aud", "jti", "sub", "scope", "policy", "rid", "iat", "exp", "rev", "tier", "insured", "dep", "client_id",
    "cnf", "cnf.jkt", "cnf.other", "other",
)  # fmt: skip
LEASE_HEADERS = ("kid", "typ", "alg", "crit", "b64")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    return Gateway(Path(tmp_path_factory.mktemp("strings")))


@pytest.fixture(scope="module")
def holder(shared: Gateway) -> Holder:
    return shared.holder()


@pytest.fixture(scope="module")
def lease(shared: Gateway, holder: Holder) -> str:
    return asyncio.run(shared.lease(holder))


def put(target: dict[str, Any], position: str, value: Any) -> None:
    """Sets the member at `position` ("jwk.x" is a member of a member)."""
    *path, name = position.split(".")
    for step in path:
        target = target[step]
    target[name] = value


def sign(key: ECKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A genuine ES256 signature over whatever the two hold; libraries check first and would refuse to make it."""
    parts = [encode_base64url(json.dumps(part).encode("ascii")) for part in (header, claims)]
    signature = key.get_op_key("sign").sign(".".join(parts).encode("ascii"), ECDSA(SHA256()))
    r, s = decode_dss_signature(signature)
    return ".".join([*parts, encode_base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])


def proof_with(holder: Holder, url: str, method: str, lease: str | None, where: tuple[str, str], value: Any) -> str:
    """A holder proof, true and signed but for `value` in its "header" or "claim" at a position."""
    claims = {"htm": method, "htu": url, "iat": holder.issuer.clock.time, "jti": secrets.token_urlsafe(12)}
    if lease is not None:
        claims["ath"] = encode_base64url(hashlib.sha256(lease.encode()).digest())
    header: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": dict(holder.key.as_dict(private=False))}
    part, position = where
    put({"header": header, "claim": claims}[part], position, value)
    return sign(holder.key, header, claims)


def check(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["agent-licence-error"] == response.json()["code"]


PROOF_PLACES = [("claim", name) for name in PROOF_CLAIMS] + [("header", name) for name in PROOF_HEADERS]


async def try_proof(shared: Gateway, holder: Holder, lease: str, where: tuple[str, str], value: Any) -> httpx.Response:
    """The three doors at which a holder proof is read; the last one's answer."""
    form = {"grant_type": GRANT_TYPE, "subject_token_type": PRESENTATION_TYPE, "subject_token": "AAAA"}
    proof = proof_with(holder, shared.origin + TOKEN, "POST", None, where, value)
    check(await shared.client.post(TOKEN, data=form, headers={"dpop": proof}))
    # It covers another lease, so that a harmless value does not give up the one that the next test needs.
    proof = proof_with(holder, shared.origin + REVOKE, "POST", "another", where, value)
    check(await shared.client.post(REVOKE, data={"token": lease}, headers={"dpop": proof}))
    proof = proof_with(holder, shared.origin + CALL, "GET", lease, where, value)
    return await shared.client.get(CALL, headers={"agent-licence": lease, "dpop": proof})


@pytest.mark.attack("5")
@pytest.mark.parametrize("where", PROOF_PLACES, ids=str)
def test_half_a_pair_in_a_holder_proof(shared: Gateway, holder: Holder, lease: str, where: tuple[str, str]) -> None:
    for value in (HALF, "a" + HALF, [HALF], {HALF: HALF}):
        response = asyncio.run(try_proof(shared, holder, lease, where, value))
        if where != ("header", "kid"):  # the key is in the header itself; what else it is called is not read
            refused(response, 403, "holder-proof")
        assert response.status_code < 500


@settings(max_examples=100)
@given(where=st.sampled_from(PROOF_PLACES), value=VALUE)
def test_any_value_in_a_holder_proof(
    shared: Gateway, holder: Holder, lease: str, where: tuple[str, str], value: Any
) -> None:
    response = asyncio.run(try_proof(shared, holder, lease, where, value))
    assert response.status_code == 200 or 400 <= response.status_code < 500, response.text


async def try_lease(shared: Gateway, holder: Holder, text: str) -> httpx.Response:
    """Every door at which a lease is read; the answer to a call."""
    answer = await shared.client.post("/licence/introspect", data={"token": text}, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    assert (await shared.client.post(REVOKE, data={"token": text})).status_code in (200, 403)
    headers = {"agent-licence": text, "dpop": holder.proof("GET", shared.origin + CALL, text)}
    asked = await shared.client.get("/licence/check", headers={**headers, "x-original-uri": CALL})
    assert asked.status_code == 200 or 400 <= asked.status_code < 500, asked.text
    return await shared.call(holder, text)


@pytest.mark.attack("7")
@settings(max_examples=100)
@given(
    where=st.sampled_from([("claim", name) for name in LEASE_CLAIMS] + [("header", name) for name in LEASE_HEADERS]),
    value=VALUE,
)
def test_any_value_in_a_lease_that_our_own_key_signed(
    shared: Gateway, holder: Holder, lease: str, where: tuple[str, str], value: Any
) -> None:
    """What a stolen key could make."""
    key, (part, position) = shared.point.keys.signing, where
    for candidate in (value, HALF):
        claims = json.loads(json.dumps(shared.point.inspect(lease).claims))
        header = {"typ": "at+jwt", "alg": "ES256", "kid": key.kid}
        put({"header": header, "claim": claims}[part], position, candidate)
        response = asyncio.run(try_lease(shared, holder, sign(key.key, header, claims)))
        assert response.status_code == 200 or 400 <= response.status_code < 500, response.text
    check(response)


async def try_stop(shared: Gateway, entry: Any) -> httpx.Response:
    """A stop by the operator; whatever became of it, the floor and its list can be published."""
    response = await shared.client.post("/licence/deny", content=json.dumps(entry).encode("ascii"), headers=ADMIN)
    assert (await shared.client.get("/licence/floor")).status_code == 200
    return response


@given(name=st.sampled_from(["pseudonym", "root", "lease"]) | TEXT, value=VALUE, reason=VALUE)
def test_any_value_in_a_stop(shared: Gateway, name: str, value: Any, reason: Any) -> None:
    response = asyncio.run(try_stop(shared, {name: value, "reason": reason}))
    assert response.status_code == 200 or 400 <= response.status_code < 500, response.text


@pytest.mark.parametrize("name", ["pseudonym", "root", "lease", "reason", HALF])
def test_half_a_pair_in_a_stop(shared: Gateway, name: str) -> None:
    before = shared.point.killswitch.denials
    for value in (HALF, "a\udc00b"):
        check(asyncio.run(try_stop(shared, {"pseudonym": "p", name: value} if name == "reason" else {name: value})))
    assert shared.point.killswitch.denials == before


def test_a_stop_names_ascii_on_disk_too(tmp_path: Path) -> None:
    for value, reason in ((HALF, ""), ("é", ""), ("a b\n", ""), ("x", HALF), ("x", "a\nb")):
        with pytest.raises(Malformed):
            Denial(Denied.ROOT, value, reason, 5)
    assert Denial(Denied.ROOT, "x", "plainte nº 7, déposée", 5).value == "x"
    (tmp_path / "denied.json").write_text(json.dumps({"version": 1, "denied": [["root", HALF, "why", 5, None]]}))
    with pytest.raises(Misuse):
        KillSwitch(tmp_path / "denied.json")


def test_an_issuer_whose_etag_cannot_be_sent_back(shared: Gateway) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.headers))
        return httpx.Response(200, content=shared.issuer.signed[-1], headers=[(b"etag", '"é"'.encode())])

    async def story() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            source = EpochSource(client, "http://issuer.example", shared.point.offer_epoch)
            for _ in range(2):
                await source.poll()

    asyncio.run(story())
    assert ["if-none-match" in headers for headers in asked] == [False, False]


@pytest.mark.attack("9")
@pytest.mark.parametrize(
    ("path", "raw_path", "query"),
    [
        ("/v1/public/" + HALF, b"/v1/public/%ED%A0%80", b""),
        ("/v1/autonomous/" + HALF, b"", b""),
        ("/v1/public/x", b"/v1/public/x", b"q=\xff"),
        ("/v1/public/x", b"/v1/public/x", b"q=\x00"),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_passed_on(shared: Gateway, path: str, raw_path: bytes, query: bytes) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": [], "root_path": ""}
    asyncio.run(shared.app({**scope, "raw_path": raw_path}, receive, send))
    assert sent[0]["status"] == 400


@pytest.mark.attack("5")
def test_a_holder_proof_names_a_plain_url() -> None:
    holder_key, url, now = ECKey.generate_key("P-256"), "https://gateway.example/licence/token", 1_794_000_000
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": holder_key.as_dict(private=False)}

    def prove(target: str) -> None:
        claims = {"htm": "POST", "htu": target, "iat": now, "jti": "a"}
        check_holder_proof(sign(holder_key, header, claims), "POST", url, now)

    for same in (url, "HTTPS://Gateway.example:443/licence/token?x=1#y"):
        prove(same)
    for other in (
        "https://user:secret@gateway.example/licence/token",
        "https://@gateway.example/licence/token",
        "https://gateway.exa\tmple/licence/token",
        "https://gateway.example/licence/to\nken",
        " https://gateway.example/licence/token",
        "https://gateway.example/licence/token ",
        "https://gateway.example:0/licence/token",
        "https://gateway.example:/licence/token?" + HALF,
        "https://gateway.exämple/licence/token",
        "https://gateway.example:99999/licence/token",
    ):
        with pytest.raises(Rejected, match="holder-proof"):
            prove(other)
