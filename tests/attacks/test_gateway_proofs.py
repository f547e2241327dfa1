"""Attacks on presentations: wrong context, wrong epoch, wrong licence, wrong octets. No lease comes of any of them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import circuits
from circuits import Unsatisfiable
from tests.verifier.sim_gateway import Asked, Gateway, Holder, refused
from tests.verifier.sim_issuer import SimulatedIssuer, make_keys
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.holder import ReplayCache


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def attack(gateway: Gateway, steps: Callable[[Holder], Awaitable[None]]) -> None:
    """Runs `steps` with an honest holder; afterwards no lease was given and the service was never called."""

    async def story() -> None:
        await steps(gateway.holder())
        assert gateway.upstream.count == 0

    asyncio.run(story())
    evidence = (gateway.folder / "state" / "evidence" / "00000001.jsonl").read_text()
    assert '"kind":"presentation"' not in evidence


WRONG_CONTEXTS: list[dict[str, Any]] = [
    {"audience": "http://bank.example"},
    {"request_digest": circuits.request_digest("http://gateway.example/v1/other", "autonomous")},
    {"request_digest": circuits.request_digest("http://gateway.example/v1/autonomous", "everything")},
    {"session_thumbprint": bytes(32)},
    {"policy_hash": bytes(32)},
    {"not_after": 1_994_000_000},
    {"time": 1_794_000_000 - 30 * 86400},
]


@pytest.mark.attack("11")
@pytest.mark.attack("F1")
@pytest.mark.parametrize("wrong", WRONG_CONTEXTS, ids=lambda wrong: next(iter(wrong)))
def test_another_context(gateway: Gateway, wrong: dict[str, Any]) -> None:
    async def steps(holder: Holder) -> None:
        asked = await gateway.challenge()
        refused(await gateway.exchange(holder, holder.present(asked, **wrong)), 403, "proof-context")
        refused(await gateway.exchange(holder, holder.present(asked)), 403, "replay")

    attack(gateway, steps)


@pytest.mark.attack("11")
def test_another_nonce_and_a_strangers_nonce(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        asked = await gateway.challenge()
        strange = dataclasses.replace(asked, nonce=bytes(32))
        refused(await gateway.exchange(holder, holder.present(strange)), 403, "proof-context")
        other = await gateway.challenge()
        octets = holder.present(asked).replace(asked.nonce, other.nonce)
        refused(await gateway.exchange(holder, octets), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("11")
@pytest.mark.parametrize("form", [{"resource": "http://gateway.example/v1/other"}, {"scope": "everything"}])
def test_another_request(gateway: Gateway, form: dict[str, str]) -> None:
    async def steps(holder: Holder) -> None:
        presentation = holder.present(await gateway.challenge())
        refused(await gateway.exchange(holder, presentation, **form), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("11")
def test_another_session_key(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        presentation = holder.present(await gateway.challenge())
        thief = Holder(gateway.issuer, holder.licence)
        refused(await gateway.exchange(thief, presentation), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("12")
@pytest.mark.attack("F6")
def test_replayed_proof(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        presentation = holder.present(await gateway.challenge())
        assert (await gateway.exchange(holder, presentation)).status_code == 200
        refused(await gateway.exchange(holder, presentation), 403, "replay")

    asyncio.run(story())


@pytest.mark.attack("12")
def test_many_answers_at_once_get_one_lease(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        asked = await gateway.challenge()
        presentations = [holder.present(asked) for _ in range(8)]
        answers = await asyncio.gather(*(gateway.exchange(holder, octets) for octets in presentations))
        assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7

    asyncio.run(story())


def test_late_answer(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        presentation = holder.present(await gateway.challenge())
        gateway.clock.time += 121
        refused(await gateway.exchange(holder, presentation), 403, "challenge-expired")

    attack(gateway, steps)


@pytest.mark.attack("13")
@pytest.mark.attack("18")
@pytest.mark.requirement("R44")
@pytest.mark.parametrize("name", ["good_until", "cover_band"])
def test_lapsed_licence_or_cover(gateway: Gateway, name: str) -> None:
    async def steps(_: Holder) -> None:
        lapsed = circuits.day_number(gateway.clock.time) - 1 if name == "good_until" else 1
        holder = gateway.holder(**{name: lapsed})
        asked = await gateway.challenge()
        with pytest.raises(Unsatisfiable, match="predicate"):
            holder.present(asked)
        better = forged(holder, **{name: lapsed + 400})
        refused(await gateway.exchange(better, better.present(asked)), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("18")
def test_cover_that_lapses_today_ends_with_the_day(gateway: Gateway) -> None:
    async def story() -> None:
        day = circuits.day_number(gateway.clock.time)
        holder = gateway.holder(good_until=day)
        assert await gateway.lease(holder)
        gateway.clock.time = (day + 1) * 86400
        gateway.point.offer_epoch(gateway.issuer.publish())
        gateway.issuer.update(holder.licence)
        asked = await gateway.challenge()
        with pytest.raises(Unsatisfiable, match="predicate"):
            holder.present(asked)

    asyncio.run(story())


def forged(holder: Holder, **changes: int | str) -> Holder:
    """The holder with other attributes under the old signature."""
    credential = holder.licence.credential
    names = [name for name, _ in circuits.LICENCE_ATTRIBUTES]
    values = tuple(changes.get(name, value) for name, value in zip(names, credential.attributes, strict=True))
    changed = dataclasses.replace(credential, attributes=values)
    return Holder(holder.issuer, dataclasses.replace(holder.licence, credential=changed), holder.origin, holder.key)


@pytest.mark.attack("17")
@pytest.mark.requirement("R06")
def test_tier_two(gateway: Gateway) -> None:
    async def steps(_: Holder) -> None:
        holder = gateway.holder(tier=2)
        asked = await gateway.challenge()
        with pytest.raises(circuits.Rejected, match="predicate"):
            holder.present(asked)
        liar = forged(holder, tier=3)
        refused(await gateway.exchange(liar, liar.present(asked)), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("17")
@pytest.mark.attack("F2")
@pytest.mark.parametrize(
    ("disclosed", "code"),
    [
        ([[1, 2], [2, "GB"]], "predicate"),
        ([[1, 3], [2, "FR"]], "predicate"),
        ([[1, 3]], "predicate-mismatch"),
        ([[1, 3], [2, "GB"], [5, "P-0001"]], "predicate-mismatch"),
        ([[1, "3"], [2, "GB"]], "predicate"),
    ],
    ids=str,
)
def test_other_disclosures(gateway: Gateway, disclosed: list[list[int | str]], code: str) -> None:
    async def steps(holder: Holder) -> None:
        fields = read(holder.present(await gateway.challenge()))
        fields[6] = disclosed
        refused(await gateway.exchange(holder, circuits.encode_cbor(fields)), 403, code)

    attack(gateway, steps)


def read(presentation: bytes) -> dict[int, Any]:
    fields = circuits.decode_cbor(presentation, 4096)
    assert isinstance(fields, dict)
    return fields


@pytest.mark.attack("14")
@pytest.mark.attack("F4")
@pytest.mark.attack("V2")
def test_old_epoch(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        old = gateway.issuer.epochs[0]
        for _ in range(2):
            gateway.clock.time += 300
            gateway.point.offer_epoch(gateway.issuer.publish())
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge(), old)), 403, "stale-epoch")

    attack(gateway, steps)


def test_the_epoch_before_the_newest_will_do_unless_it_lies_below_the_floor(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        old = gateway.issuer.epochs[0]
        gateway.point.offer_epoch(gateway.issuer.publish())
        answer = await gateway.exchange(holder, holder.present(await gateway.challenge(), old))
        assert answer.status_code == 200
        assert gateway.point.inspect(answer.json()["access_token"]).epoch_number == 0
        gateway.issuer.update(holder.licence)
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        older = await gateway.exchange(holder, holder.present(await gateway.challenge()))
        refused(older, 403, "stale-epoch")

    asyncio.run(story())


@pytest.mark.attack("15")
def test_future_epoch(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        gateway.issuer.publish()
        gateway.issuer.update(holder.licence)
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge())), 403, "unknown-epoch")

    attack(gateway, steps)


@pytest.mark.attack("16")
@pytest.mark.attack("V1")
def test_revoked_holder(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        gateway.issuer.revoke(holder.licence)
        gateway.point.offer_epoch(gateway.issuer.publish())
        with pytest.raises(Unsatisfiable, match="revoked"):
            gateway.issuer.update(holder.licence)
        epoch = gateway.issuer.epochs[-1]
        membership = dataclasses.replace(holder.licence.membership, epoch_number=epoch.number, value=epoch.value)
        holder.licence.membership = membership
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge())), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("19")
def test_another_issuer(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        stranger = SimulatedIssuer(gateway.clock, make_keys("issuer-2"))
        stranger.publish()
        other = Holder(stranger, stranger.issue())
        asked = await gateway.challenge()
        refused(await gateway.exchange(other, other.present(asked)), 403, "unknown-issuer")
        fields = read(other.present(await gateway.challenge()))
        fields[3] = gateway.issuer.record.hash
        refused(await gateway.exchange(other, circuits.encode_cbor(fields)), 403, "unknown-issuer")
        fields = read(other.present(await gateway.challenge()))
        fields[3], fields[4] = gateway.issuer.record.hash, gateway.issuer.accumulator.hash
        refused(await gateway.exchange(other, circuits.encode_cbor(fields)), 403, "proof-context")

    attack(gateway, steps)


@pytest.mark.attack("24")
@pytest.mark.attack("F3")
def test_other_bounds(gateway: Gateway) -> None:
    async def steps(_: Holder) -> None:
        holder = gateway.holder(cover_band=1)
        policy = gateway.issuer.bundle().policies[0]
        lax = tuple((index, kind, 0 if kind == 0 else value) for index, kind, value in policy.predicates)
        octets = with_policy(holder, dataclasses.replace(policy, predicates=lax), await gateway.challenge())
        refused(await gateway.exchange(holder, octets), 403, "proof-context")
        fewer = with_policy(holder, dataclasses.replace(policy, predicates=lax[:1]), await gateway.challenge())
        refused(await gateway.exchange(holder, fewer), 400, "malformed")

    attack(gateway, steps)


def with_policy(holder: Holder, policy: Any, asked: Asked) -> bytes:
    """A presentation of a weaker statement, bound as if it were the gateway's own."""
    bundle = holder.issuer.bundle()
    credential = holder.licence.credential
    values = {index: credential.attributes[index] for index, _ in policy.disclosed}
    records = (bundle.issuer, bundle.accumulator, holder.issuer.epochs[-1], bundle.escrow)
    statement = circuits.policy_statement(policy, *records, values, holder.origin, asked.time)
    bound = circuits.Binding(
        policy_hash=bundle.policies[0].hash,
        audience=holder.origin,
        nonce=asked.nonce,
        request_digest=circuits.request_digest(f"{holder.origin}/v1/autonomous", "autonomous"),
        session_thumbprint=bytes(32),
        not_after=asked.time + asked.max_age,
    )
    prepared = circuits.prepare(statement, credential, holder.licence.membership, holder.issuer.keys.table)
    return statement.present(bound, circuits.finish(prepared, bound))


@pytest.mark.attack("F8")
def test_midnight_between_challenge_and_proof_is_no_refusal(gateway: Gateway) -> None:
    async def story() -> None:
        gateway.clock.time = (circuits.day_number(gateway.clock.time) + 1) * 86400 - 30
        gateway.point.offer_epoch(gateway.issuer.publish())
        holder = gateway.holder(good_until=circuits.day_number(gateway.clock.time))
        presentation_for = await gateway.challenge()
        gateway.clock.time += 60
        answer = await gateway.exchange(holder, holder.present(presentation_for))
        assert answer.status_code == 200, answer.text

    asyncio.run(story())


def bad_points(presentation: bytes) -> list[bytes]:
    fields = read(presentation)
    proof = fields[7]
    names = [b"\xff" * 48, b"\xc0" + bytes(47), b"\xe0" + bytes(47), bytes(48), b"\x80" + bytes(46) + b"\x01"]
    broken = [point + proof[48:] for point in names] + [bytes([proof[0] & 0x7F]) + proof[1:]]
    broken += [proof[:-1], proof + b"\0", b"", proof[:960] + b"\xff" * 32 + proof[992:]]
    return [circuits.encode_cbor({**fields, 7: item}) for item in broken]


@pytest.mark.attack("20")
@pytest.mark.attack("21")
@pytest.mark.attack("E1")
@pytest.mark.attack("E4")
def test_points_and_scalars_that_are_none(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        for index in range(10):
            octets = bad_points(holder.present(await gateway.challenge()))[index]
            refused(await gateway.exchange(holder, octets), 400, "malformed")

    attack(gateway, steps)


@pytest.mark.attack("22")
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xa1\x01\x01",
        b"\xbf\x01\x01\xff",
        b"\xa2\x01\x01\x01\x01",
        b"\xa1\x18\x01\x01",
        b"\x9f" * 4000,
        b"\x81" * 4000,
        b"\x5a\x40\x00\x00\x00" + b"x",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xc2" * 100,
        b"\xf9\x7e\x00",
    ],
    ids=lambda octets: octets[:6].hex() or "empty",
)
def test_cbor_that_is_none(gateway: Gateway, octets: bytes) -> None:
    async def steps(holder: Holder) -> None:
        response = await gateway.exchange(holder, octets)
        assert response.status_code == 400
        assert response.headers["agent-licence-error"] in ("malformed", "invalid-request")
        presentation = holder.present(await gateway.challenge())
        refused(await gateway.exchange(holder, presentation + b"\0"), 400, "malformed")

    attack(gateway, steps)


@pytest.mark.attack("23")
def test_too_large_is_refused_before_parsing(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        asked = await gateway.challenge()
        refused(await gateway.exchange(holder, b"\0" * 4097), 413, "too-large")
        refused(await gateway.exchange(holder, b"\0" * 10_000_000), 413, "too-large")

        async def endless() -> Any:
            for _ in range(1000):
                yield b"x" * 1024

        headers = {"content-type": "application/x-www-form-urlencoded"}
        refused(await gateway.client.post("/licence/token", content=endless(), headers=headers), 413, "too-large")
        assert gateway.point.clock.read() == asked.time

    attack(gateway, steps)


@pytest.mark.attack("5")
def test_no_holder_proof_or_another_form(gateway: Gateway) -> None:
    async def steps(holder: Holder) -> None:
        form = {"grant_type": GRANT_TYPE, "subject_token_type": PRESENTATION_TYPE, "subject_token": "AAAA"}
        refused(await gateway.client.post("/licence/token", data=form), 403, "holder-proof")
        other = await gateway.client.post("/licence/token", data=form | {"grant_type": "password"})
        refused(other, 400, "unsupported-grant")
        assert other.json()["error"] == "unsupported_grant_type"
        missing = await gateway.client.post("/licence/token", data={"grant_type": GRANT_TYPE})
        refused(missing, 400, "invalid-request")
        refused(await gateway.client.post("/licence/token", json=form), 400, "invalid-request")
        twice = "grant_type=a&grant_type=b"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        refused(await gateway.client.post("/licence/token", content=twice, headers=headers), 400, "invalid-request")

    attack(gateway, steps)


@pytest.mark.attack("52")
def test_strangers_fill_no_memory_of_used_proofs(gateway: Gateway) -> None:
    """What it costs to be remembered at the token endpoint is a licence."""

    async def story() -> None:
        gateway.point._token_uses = ReplayCache(capacity=2)
        honest = gateway.holder()
        stranger = forged(gateway.holder(tier=2), tier=3)
        for _ in range(3):
            refused(await gateway.exchange(stranger, b"\0" * 40), 400, "malformed")
            unknown = dataclasses.replace(await gateway.challenge(), nonce=bytes(32))
            refused(await gateway.exchange(stranger, stranger.present(unknown)), 403, "proof-context")
            false = stranger.present(await gateway.challenge())
            refused(await gateway.exchange(stranger, false), 403, "proof-context")
        assert await gateway.lease(honest)
        # A proof that earned a lease is not taken again, with whatever presentation.
        proof = honest.proof("POST", f"{gateway.origin}/licence/token")
        first = await gateway.exchange(honest, honest.present(await gateway.challenge()), proof)
        assert first.status_code == 200
        again = await gateway.exchange(honest, honest.present(await gateway.challenge()), proof)
        refused(again, 403, "replay")

    asyncio.run(story())
