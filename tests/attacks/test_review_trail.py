"""A provider writes its trail anew, well chained, to have somebody else named for a call: an opener gives no share."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from circuits import (
    Disclose,
    Escrowed,
    NotRevoked,
    Possession,
    Pseudonym,
    Signed,
    all_of,
    document_digest,
    prepare,
    sign_document,
    signing_binding,
)
from console.output import Failure
from console.trail import Recorded, read_recorded
from tests.verifier.sim_gateway import Gateway, Holder
from verifier.base64url import decode_base64url, encode_base64url
from verifier.evidence import START, read_evidence

Row = dict[str, Any]
pytestmark = [pytest.mark.attack("47"), pytest.mark.requirement("R50")]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def _called(gateway: Gateway, *holders: Holder) -> list[str]:
    """The ids of leases, one for each holder, under which each called twice."""

    async def story() -> list[str]:
        leases = [await gateway.lease(holder) for holder in holders]
        for holder, lease in zip(holders, leases, strict=True):
            assert (await gateway.call(holder, lease)).status_code == 200
            assert (await gateway.call(holder, lease)).status_code == 200
        return [gateway.point.inspect(lease).id for lease in leases]

    return asyncio.run(story())


def _rows(gateway: Gateway) -> list[Row]:
    return list(read_evidence(gateway.folder / "state" / "evidence"))


def _read(gateway: Gateway, rows: list[Row], lease: str) -> Recorded:
    """What an opener makes of a trail with these rows, chained anew."""
    folder = Path(tempfile.mkdtemp(dir=gateway.folder))
    head, lines = START, list[bytes]()
    for number, row in enumerate(rows):
        lines.append(json.dumps(row | {"n": number, "prev": head}).encode() + b"\n")
        head = hashlib.sha256(lines[-1]).hexdigest()
    (folder / "00000001.jsonl").write_bytes(b"".join(lines))
    return read_recorded(gateway.issuer.bundle(), folder, lease)


def _refused(gateway: Gateway, rows: list[Row], lease: str) -> str:
    with pytest.raises(Failure) as caught:
        _read(gateway, rows, lease)
    return caught.value.code


def test_what_was_recorded_is_read(gateway: Gateway) -> None:
    first, second = _called(gateway, gateway.holder(), gateway.holder())
    rows = _rows(gateway)
    found = _read(gateway, rows, second)
    [presented] = [row for row in rows if row["kind"] == "presentation" and row["lease"] == second]
    assert (encode_base64url(found.statement), encode_base64url(found.proof)) == (
        presented["statement"],
        presented["proof"],
    )
    assert (found.lease, found.calls) == (second, 2)
    assert first != second


def test_anothers_presentation_under_a_lease(gateway: Gateway) -> None:
    mine, others = _called(gateway, gateway.holder(), gateway.holder())
    rows = _rows(gateway)
    presented = {row["lease"]: row for row in rows if row["kind"] == "presentation"}
    told = [presented[others] | {"lease": mine} if row is presented[mine] else row for row in rows]
    assert _refused(gateway, told, mine) == "another-holder"


def test_anothers_call_under_a_lease(gateway: Gateway) -> None:
    mine, others = _called(gateway, gateway.holder(), gateway.holder())
    rows = _rows(gateway)
    moved = [row | {"lease": mine} if row["kind"] == "call" and row["lease"] == others else row for row in rows]
    assert _refused(gateway, moved, mine) == "another-holder"


CHANGES: dict[str, tuple[Callable[[Row], Row], str]] = {
    "another path": (lambda row: row | {"path": "/v1/autonomous/worse"}, "another-holder"),
    "a query": (lambda row: row | {"path": row["path"] + "?order=all"}, "another-holder"),
    "a fragment": (lambda row: row | {"path": row["path"] + "#order=all"}, "another-holder"),
    "another method": (lambda row: row | {"method": "DELETE"}, "another-holder"),
    "another time": (lambda row: row | {"at": row["at"] + 3600}, "another-holder"),
    "no proof": (lambda row: {key: row[key] for key in row if key != "holder_proof"}, "trail"),
    "another lease": (lambda row: row | {"lease_digest": "A" * 43}, "another-holder"),
    "no text": (lambda row: row | {"holder_proof": None}, "trail"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_call_that_was_another(gateway: Gateway, change: str) -> None:
    [lease] = _called(gateway, gateway.holder())
    altered, code = CHANGES[change]
    rows = [altered(row) if row["kind"] == "call" else row for row in _rows(gateway)]
    assert _refused(gateway, rows, lease) == code


def test_the_proof_that_got_the_lease_is_no_call(gateway: Gateway) -> None:
    """It is signed by the same key, but covers no lease."""
    holder = gateway.holder()
    [lease] = _called(gateway, holder)
    proof = holder.proof("POST", f"{gateway.origin}/licence/token")
    asked = {"method": "POST", "path": "/licence/token", "holder_proof": proof}
    rows = [row | asked if row["kind"] == "call" else row for row in _rows(gateway)]
    assert _refused(gateway, rows, lease) == "another-holder"


def test_a_presentation_without_a_call_or_after_it_or_twice(gateway: Gateway) -> None:
    [lease] = _called(gateway, gateway.holder())
    rows = _rows(gateway)
    [presented] = [row for row in rows if row["kind"] == "presentation"]
    others = [row for row in rows if row["kind"] not in ("presentation", "call")]
    calls = [row for row in rows if row["kind"] == "call"]
    for told, code in (
        ([*others, presented], "no-call"),
        ([*others, *calls, presented], "trail"),
        ([*others, presented, presented, *calls], "trail"),
        ([*others, *calls[:0]], "no-such-lease"),
    ):
        assert _refused(gateway, told, lease) == code


def test_a_signature_on_a_document_is_no_presentation(gateway: Gateway) -> None:
    """Its holder proved as much by it, and for no session key that a call could be compared with."""
    holder = gateway.holder()
    [lease] = _called(gateway, holder)
    bundle, epoch = gateway.issuer.bundle(), gateway.issuer.epochs[-1]
    shown = [Disclose(index, holder.licence.credential.attributes[index]) for index, _ in bundle.policies[0].disclosed]
    document = b"a sign-off"
    statement = all_of(
        Possession(bundle.issuer),
        NotRevoked(bundle.accumulator, epoch),
        Pseudonym(b"sign-offs"),
        *shown,
        Escrowed(bundle.escrow),
        Signed(document_digest(document)),
    )
    for policy, code in ((bundle.policies[0].hash, "trail"), (bytes(32), "another-policy")):
        binding = signing_binding(policy, gateway.origin, bytes(32), gateway.clock.time + 600)
        prepared = prepare(statement, holder.licence.credential, holder.licence.membership, gateway.issuer.keys.table)
        signed = sign_document(prepared, document, binding)
        texts = {"statement": encode_base64url(signed.statement), "proof": encode_base64url(signed.proof)}
        rows = [row | texts if row["kind"] == "presentation" else row for row in _rows(gateway)]
        assert _refused(gateway, rows, lease) == code


def test_whatever_a_holder_calls_can_be_opened(gateway: Gateway) -> None:
    """No method or path of its choice keeps its calls from being read again."""

    async def story() -> str:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        for method, path in (("X" * 40, "/v1/autonomous/echo"), ("GET", "/v1/autonomous/" + "long/" * 200)):
            headers = {"agent-licence": lease, "dpop": holder.proof(method, gateway.origin + path, lease)}
            await gateway.client.request(method, path + "?query=1", headers=headers)
        return gateway.point.inspect(lease).id

    lease = asyncio.run(story())
    assert _read(gateway, _rows(gateway), lease).calls == 2
    assert "query" not in json.dumps(_rows(gateway))


def test_a_call_that_is_written_down_again(gateway: Gateway) -> None:
    [lease] = _called(gateway, gateway.holder())
    rows = _rows(gateway)
    calls = [row for row in rows if row["kind"] == "call"]
    assert _read(gateway, rows + 50 * calls, lease).calls == 2


def test_calls_that_their_holder_gave_one_name(gateway: Gateway) -> None:
    """A gateway forgets a proof's name when it is too old to be used again; those are calls all the same."""

    async def story() -> str:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        for _ in range(4):
            proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease, jti="one")
            assert (await gateway.call(holder, lease, proof=proof)).status_code == 200
            gateway.clock.time += 185
        return gateway.point.inspect(lease).id

    lease = asyncio.run(story())
    assert _read(gateway, _rows(gateway), lease).calls == 4


def test_the_trail_of_another_gateway(gateway: Gateway, tmp_path: Path) -> None:
    """Its rows are true, whoever shows them: an opener is told where they were made."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Gateway(folder, issuer=gateway.issuer, clock=gateway.clock, origin="http://other.example")
    [lease] = _called(other, other.holder())
    assert _read(gateway, _rows(gateway) + _rows(other), lease).gateway == "http://other.example"


def test_a_lease_with_its_signature_written_in_the_other_way(gateway: Gateway) -> None:
    """Of an ECDSA signature (r, s) anybody makes (r, -s): a gateway takes both, so the calls under both are opened."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    async def story() -> str:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        signed, _, text = lease.rpartition(".")
        signature = decode_base64url(text, 64)
        negated = signature[:32] + (order - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
        for written in (lease, f"{signed}.{encode_base64url(negated)}"):
            assert (await gateway.call(holder, written)).status_code == 200
        return gateway.point.inspect(lease).id

    lease = asyncio.run(story())
    assert _read(gateway, _rows(gateway), lease).calls == 2


def test_a_lease_without_a_session_key(tmp_path: Path) -> None:
    """It is good for whoever holds it, and its calls are put down to who got it."""

    async def story(gateway: Gateway) -> str:
        holder = gateway.holder()
        presentation = holder.present(await gateway.challenge(), session_thumbprint=bytes(32))
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:operator-licence:token-type:licence-presentation",
            "subject_token": encode_base64url(presentation),
        }
        lease = (await gateway.client.post("/licence/token", data=form)).json()["access_token"]
        proof = holder.proof("GET", gateway.origin + "/v1/autonomous/echo", lease)
        for headers in ({"agent-licence": lease}, {"agent-licence": lease, "dpop": proof}):
            assert (await gateway.client.get("/v1/autonomous/echo", headers=headers)).status_code == 200
        return gateway.point.inspect(lease).id

    gateway = Gateway(tmp_path, holder_proof_required=False)
    lease = asyncio.run(story(gateway))
    assert _read(gateway, _rows(gateway), lease).calls == 2
    assert not any("holder_proof" in row for row in _rows(gateway))
