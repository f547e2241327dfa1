"""Whatever is sent to the endpoints, the answer is a refusal with a code, never a failure of the gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import encode_cbor
from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway, Holder
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE

HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    return Gateway(Path(tmp_path_factory.mktemp("fuzz")))


@pytest.fixture(scope="module")
def holder(shared: Gateway) -> Holder:
    return shared.holder()


def check(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["agent-licence-error"] == response.json()["code"]


@given(body=st.binary(max_size=600))
def test_any_body(shared: Gateway, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/licence/token", "/licence/introspect", "/licence/deny"):
        check(asyncio.run(shared.client.post(path, content=body, headers=headers)))


@given(token=st.text(max_size=300), resource=st.text(max_size=40), scope=st.text(max_size=40), proof=HEADER)
def test_any_fields(shared: Gateway, token: str, resource: str, scope: str, proof: str) -> None:
    form = {
        "grant_type": GRANT_TYPE,
        "subject_token_type": PRESENTATION_TYPE,
        "subject_token": token,
        "resource": resource,
        "scope": scope,
    }
    check(asyncio.run(shared.client.post("/licence/token", data=form, headers={"dpop": proof})))


CBOR = st.recursive(
    st.integers(0, 2**64 - 1) | st.binary(max_size=40) | st.text("abc", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 20), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60)
@given(fields=st.fixed_dictionaries({1: st.just(1) | CBOR, **dict.fromkeys(range(2, 8), CBOR)}))
def test_any_presentation(shared: Gateway, holder: Holder, fields: dict[int, object]) -> None:
    async def story() -> None:
        octets = encode_cbor(fields)  # type: ignore[arg-type]
        check(await shared.exchange(holder, octets))

    asyncio.run(story())


@settings(max_examples=60)
@given(data=st.data())
def test_a_presentation_with_octets_changed(shared: Gateway, holder: Holder, data: st.DataObject) -> None:
    async def story() -> None:
        octets = bytearray(holder.present(await shared.challenge()))
        for position in data.draw(st.sets(st.integers(0, len(octets) - 1), min_size=1, max_size=4)):
            octets[position] ^= data.draw(st.integers(1, 255))
        check(await shared.exchange(holder, bytes(octets)))

    asyncio.run(story())


@given(lease=HEADER, proof=HEADER)
def test_any_lease(shared: Gateway, lease: str, proof: str) -> None:
    headers = {"agent-licence": lease, "dpop": proof}
    check(asyncio.run(shared.client.get("/v1/autonomous/echo", headers=headers)))
    check(asyncio.run(shared.client.get("/licence/check", headers=headers)))
    assert shared.upstream.count == 0


@given(body=st.binary(max_size=100) | st.sampled_from([b"{}", b"[]", b"null", b"[" * 10_000, b'{"lease":{}}']))
def test_any_stop(shared: Gateway, body: bytes) -> None:
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    check(asyncio.run(shared.client.post("/licence/deny", content=body, headers=headers)))
