"""The honest way through a gateway, from the first refusal to a renewed lease."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.verifier.sim_gateway import Gateway, read_challenge, refused
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.base64url import decode_base64url, encode_base64url
from verifier.evidence import read_evidence


@pytest.mark.requirement("R05")
@pytest.mark.requirement("R73")
def test_from_refusal_to_call(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        first = await gateway.client.get("/v1/autonomous/echo")
        refused(first, 401, "lease-required")
        assert 'scope="autonomous"' in first.headers["www-authenticate"]
        answer = await gateway.exchange(holder, holder.present(read_challenge(first)))
        assert answer.status_code == 200, answer.text
        granted = answer.json()
        assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("DPoP", 900, "autonomous")
        assert answer.headers["cache-control"] == "no-store"
        reply = await gateway.call(holder, granted["access_token"])
        assert reply.status_code == 200
        assert reply.headers["x-own"] == "1"
        assert "agent-licence-error" not in reply.headers
        seen = reply.json()["headers"]
        assert seen["agent-licence-tier"] == "3"
        assert seen["agent-lease-id"] == seen["agent-lease-root"]
        assert not {"agent-licence", "dpop"} & set(seen)
        assert gateway.upstream.count == 1

    asyncio.run(story())


@pytest.mark.requirement("R61")
def test_a_lease_says_what_it_should_and_names_nobody(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder(permit="P-SECRET")
        text = await gateway.lease(holder)
        keys = KeySet.import_key_set((await gateway.client.get("/licence/jwks")).json())
        token = jwt.decode(text, keys, algorithms=["ES256"])
        claims = token.claims
        assert token.header["typ"] == "at+jwt"
        assert claims["exp"] - claims["iat"] == 900
        assert claims["cnf"] == {"jkt": holder.key.thumbprint()}
        assert claims["client_id"] == holder.key.thumbprint()
        assert (claims["tier"], claims["insured"], claims["policy"], claims["rev"]) == (3, True, "tier3-insured", 0)
        assert (claims["iss"], claims["aud"]) == (gateway.origin, gateway.origin)
        assert claims["rid"] == claims["jti"]
        assert len(decode_base64url(claims["sub"], 48)) == 48
        assert "P-SECRET" not in str(claims)
        assert len(text) < 1000

    asyncio.run(story())


@pytest.mark.requirement("R63")
def test_a_renewal_keeps_root_and_pseudonym(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        first = await gateway.lease(holder)
        gateway.clock.time += 600
        second = await gateway.lease(holder, running=first)
        one, two = gateway.point.inspect(first), gateway.point.inspect(second)
        assert one.id != two.id
        assert (one.root, one.pseudonym) == (two.root, two.pseudonym)
        assert (await gateway.call(holder, second)).status_code == 200

    asyncio.run(story())


@pytest.mark.requirement("R08")
def test_two_gateways_see_two_pseudonyms(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        here = Gateway(tmp_path / "a")
        there = Gateway(tmp_path / "b", here.issuer, here.clock, origin="http://bank.example")
        holder = here.holder()
        mine = here.point.inspect(await here.lease(holder))
        holder.origin = there.origin
        other = there.point.inspect(await there.lease(holder))
        assert mine.pseudonym != other.pseudonym

    asyncio.run(story())


def test_public_needs_nothing_and_the_rest_is_not_there(gateway: Gateway) -> None:
    async def story() -> None:
        assert (await gateway.client.get("/v1/public/echo?x=1")).status_code == 200
        assert (await gateway.client.post("/v1/public/echo", content=b"hello")).json()["octets"] == 5
        refused(await gateway.client.get("/v1/other"), 404, "not-found")
        refused(await gateway.client.get("/v1/autonomousx"), 401, "lease-required")  # to some that is under it
        assert gateway.upstream.count == 2

    asyncio.run(story())


def test_discovery_names_every_endpoint(gateway: Gateway) -> None:
    async def story() -> None:
        resource = (await gateway.client.get("/.well-known/oauth-protected-resource/v1/autonomous")).json()
        assert resource["resource"] == f"{gateway.origin}/v1/autonomous"
        assert resource["agent_licence"]["header"] == "Agent-Licence"
        assert resource["agent_licence"]["policies"][0]["id"] == "tier3-insured"
        server = (await gateway.client.get("/.well-known/oauth-authorization-server")).json()
        assert resource["authorization_servers"] == [server["issuer"]]
        for name in ("token", "challenge", "introspection", "revocation"):
            url = server[f"{name}_endpoint"].removeprefix(gateway.origin)
            assert (await gateway.client.post(url)).status_code in (200, 400, 401)
        assert (await gateway.client.get("/licence/jwks")).json()["keys"][0]["alg"] == "ES256"

    asyncio.run(story())


def test_introspection_is_for_the_operator(gateway: Gateway) -> None:
    async def story() -> None:
        lease = await gateway.lease(gateway.holder())
        refused(await gateway.client.post("/licence/introspect", data={"token": lease}), 401, "admin-token")
        admin = {"authorization": "Bearer operator-of-the-gateway"}
        answer = await gateway.client.post("/licence/introspect", data={"token": lease}, headers=admin)
        assert answer.json()["active"] is True
        assert answer.json()["tier"] == 3
        nothing = await gateway.client.post("/licence/introspect", data={"token": "x.y.z"}, headers=admin)
        assert nothing.json() == {"active": False}

    asyncio.run(story())


def test_a_holder_gives_its_lease_up(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        url = f"{gateway.origin}/licence/revoke"
        refused(await gateway.client.post("/licence/revoke", data={"token": lease}), 403, "holder-proof")
        proof = holder.proof("POST", url, lease)
        done = await gateway.client.post("/licence/revoke", data={"token": lease}, headers={"dpop": proof})
        assert done.status_code == 200
        refused(await gateway.call(holder, lease), 403, "revoked")
        assert (await gateway.client.post("/licence/revoke", data={"token": "nonsense"})).status_code == 200

    asyncio.run(story())


@pytest.mark.parametrize(
    "said",
    [
        {"x-original-uri": "/v1/autonomous/echo?q=1", "x-original-method": "POST"},
        {"x-forwarded-uri": "/v1/autonomous/echo", "x-forwarded-method": "POST"},
    ],
)
def test_the_decision_point_serves_other_gateways(gateway: Gateway, said: dict[str, str]) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        refused(await gateway.client.get("/licence/check", headers=said), 401, "lease-required")
        proof = holder.proof("POST", f"{gateway.origin}/v1/autonomous/echo", lease)
        answer = await gateway.client.get("/licence/check", headers={**said, "agent-licence": lease, "dpop": proof})
        assert answer.status_code == 200
        assert answer.headers["agent-licence-tier"] == "3"
        both = {"x-original-uri": "/a", "x-forwarded-uri": "/b", "agent-licence": lease, "dpop": proof}
        refused(await gateway.client.get("/licence/check", headers=both), 400, "malformed")

    asyncio.run(story())


def test_the_path_may_follow_the_check(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        proof = holder.proof("POST", f"{gateway.origin}/v1/autonomous/echo", lease)
        headers = {"agent-licence": lease, "dpop": proof}
        answer = await gateway.client.post("/licence/check/v1/autonomous/echo", headers=headers)
        assert answer.status_code == 200

    asyncio.run(story())


@pytest.mark.requirement("R50")
@pytest.mark.requirement("R54")
def test_evidence_verifies_again_offline(gateway: Gateway) -> None:
    import circuits
    from circuits.records import EpochRecord, Sign1, TrustBundle

    async def story() -> None:
        holder = gateway.holder()
        await gateway.call(holder, await gateway.lease(holder))

    asyncio.run(story())
    rows = {row["kind"]: row for row in read_evidence(gateway.folder / "state" / "evidence")}
    assert set(rows) == {"open", "trust", "epoch", "presentation", "call"}
    bundle = TrustBundle.decode(decode_base64url(rows["trust"]["bundle"], 65536))
    epoch = EpochRecord.decode(Sign1.decode(decode_base64url(rows["epoch"]["cose"], 1024)).payload)
    row = rows["presentation"]
    accepted = circuits.reverify(
        decode_base64url(row["statement"], 4096),
        decode_base64url(row["proof"], 4096),
        bundle.issuer,
        bundle.accumulator,
        epoch,
        bundle.escrow,
    )
    assert accepted.pseudonym == decode_base64url(row["pseudonym"], 48)
    assert rows["call"]["lease"] == row["lease"]
    assert not {"name", "ip", "address", "subject", "user"} & {key for row in rows.values() for key in row}


def test_where_no_holder_proof_is_required_a_key_still_binds(tmp_path: Path) -> None:
    async def story() -> None:
        gateway = Gateway(tmp_path, holder_proof_required=False)
        holder = gateway.holder()
        presentation = holder.present(await gateway.challenge(), session_thumbprint=bytes(32))
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token_type": PRESENTATION_TYPE,
            "subject_token": encode_base64url(presentation),
        }
        granted = (await gateway.client.post("/licence/token", data=form)).json()
        assert granted["token_type"] == "Bearer"
        headers = {"agent-licence": granted["access_token"]}
        assert (await gateway.client.get("/v1/autonomous/echo", headers=headers)).status_code == 200
        bound = await gateway.lease(holder)
        bare = await gateway.client.get("/v1/autonomous/echo", headers={"agent-licence": bound})
        refused(bare, 403, "holder-proof")
        assert (await gateway.call(holder, bound)).status_code == 200

    asyncio.run(story())
