"""The holder's own checks, and the life of a prepared proof."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from typing import Any

import pytest

import circuits
from circuits.records import BOUND_CONSTANT, TrustBundle
from prover import CannotProve, ChallengeRefused, NotReady, TokenSpent, TrustError
from prover.challenge import Challenge, check_challenge, parse_challenge
from prover.choose import choose
from prover.disclosure import explain
from prover.prove import Pool, Prover, Request, Token, standing

ORIGIN = "https://gateway.example"
NONCE = "A" * 42 + "E"


def request(audience: str = ORIGIN, resource: str = ORIGIN + "/v1/autonomous") -> Request:
    return Request(audience, resource, "autonomous", bytes(range(32)))


def challenge(world: Any, **changes: Any) -> Challenge:
    return replace(Challenge(secrets.token_bytes(32), "tier3-insured", world.clock(), 120), **changes)


def verified(world: Any, octets: bytes, asked: Challenge, origin: str = ORIGIN) -> circuits.Accepted:
    """What a gateway at `origin` makes of a presentation."""
    bundle, policy = world.keys.bundle, world.keys.bundle.policies[0]
    presentation = circuits.decode_presentation(octets)
    statement = circuits.policy_statement(
        policy,
        bundle.issuer,
        bundle.accumulator,
        world.issuer.epochs[presentation.epoch_number],
        bundle.escrow,
        presentation.disclosed,
        origin,
        asked.time,
    )
    digest = circuits.request_digest(origin + "/v1/autonomous", "autonomous")
    binding = circuits.Binding(policy.hash, origin, asked.nonce, digest, bytes(range(32)), asked.not_after)
    return circuits.verify(statement, binding, presentation.proof)


@pytest.fixture
def prover(world: Any) -> Prover:
    return Prover(world.keys.table)


@pytest.mark.requirement("R73")
def test_a_presentation_convinces_a_gateway_and_is_short(world: Any, prover: Prover) -> None:
    contents, asked = world.wallet().contents, challenge(world)
    octets = prover.present(contents, asked, request(), ORIGIN, world.clock())
    assert len(octets) <= 4096
    accepted = verified(world, octets, asked)
    assert len(accepted.pseudonym) == 48


@pytest.mark.requirement("R74")
@pytest.mark.requirement("R14")
def test_pseudonyms_stay_within_a_gateway_and_a_week_and_nothing_else_repeats(world: Any, prover: Prover) -> None:
    world.clock.at = (1_794_009_600 // 86400 // 7 * 7 + 4) * 86400 - 300  # Sunday, five minutes to midnight
    world.issuer.publish()
    contents = world.wallet().contents
    seen = {}
    octets = []
    other = "https://bank.example"
    for label, origin, time in (
        ("now", ORIGIN, world.clock()),
        ("again", ORIGIN, world.clock()),
        ("other gateway", other, world.clock()),
        ("next week", ORIGIN, world.clock() + 600),
    ):
        asked = challenge(world, time=time)
        octets.append(prover.present(contents, asked, request(origin, origin + "/v1/autonomous"), origin, time))
        seen[label] = verified(world, octets[-1], asked, origin).pseudonym
    assert seen["now"] == seen["again"]
    assert len(set(seen.values())) == 3
    credential = contents.licence.credential
    proofs = [circuits.decode_presentation(item).proof for item in octets]
    pseudonyms = set(seen.values())
    for first, second in ((0, 1), (0, 2), (1, 3)):
        mine = {proofs[first][at : at + 16] for at in range(0, len(proofs[first]), 16)}
        yours = {proofs[second][at : at + 16] for at in range(0, len(proofs[second]), 16)}
        assert {part for part in mine & yours if not any(part in name for name in pseudonyms)} == set()
    for item in octets:
        for name in ("permit", "handle"):
            value = credential.value(name)
            raw = value.encode() if isinstance(value, str) else value.to_bytes(32, "big")
            assert raw not in item


@pytest.mark.attack("F8")
@pytest.mark.parametrize("offset", [-301, 301, -86400, 86400, 400 * 86400])
def test_a_challenge_with_another_clock_is_refused(world: Any, prover: Prover, offset: int) -> None:
    contents = world.wallet().contents
    asked = challenge(world, time=world.clock() + offset)
    with pytest.raises(ChallengeRefused, match="challenge-clock"):
        prover.present(contents, asked, request(), ORIGIN, world.clock())


@pytest.mark.attack("F8")
@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_a_challenge_within_five_minutes_is_answered_at_its_own_time(world: Any, prover: Prover, offset: int) -> None:
    world.clock.at = 1_794_009_600 // 86400 * 86400  # midnight: the challenge's day counts, on both sides
    world.issuer.publish()
    contents, asked = world.wallet().contents, challenge(world, time=world.clock() + offset)
    octets = prover.present(contents, asked, request(), ORIGIN, world.clock())
    assert verified(world, octets, asked).pseudonym


@pytest.mark.parametrize("max_age", [0, -1, 121, 10**9])
def test_a_challenge_with_a_senseless_life_is_refused(world: Any, max_age: int) -> None:
    policy = world.keys.bundle.policies[0]
    with pytest.raises(ChallengeRefused, match="challenge-age"):
        check_challenge(challenge(world, max_age=max_age), policy, world.clock())


@pytest.mark.attack("N4")
def test_a_proof_is_made_out_to_the_authenticated_origin_alone(world: Any, prover: Prover) -> None:
    contents, asked = world.wallet().contents, challenge(world)
    other = "https://other.example"
    cases = [
        (request(other, other + "/v1/autonomous"), ORIGIN),
        (request(ORIGIN, other + "/v1/autonomous"), ORIGIN),
        (request(), other),
        (request(), "https://gateway.example:8443"),
        (request(ORIGIN + ".evil.example", ORIGIN + ".evil.example/v1"), ORIGIN),
    ]
    for asked_for, origin in cases:
        with pytest.raises(ChallengeRefused, match="audience"):
            prover.present(contents, asked, asked_for, origin, world.clock())
    plain = "http://gateway.example"
    with pytest.raises(TrustError, match="unauthenticated-origin"):
        prover.present(contents, asked, request(plain, plain + "/v1"), plain, world.clock())


@pytest.mark.attack("G7")
def test_policies_come_from_the_pinned_bundle_alone(world: Any, prover: Prover) -> None:
    contents = world.wallet().contents
    with pytest.raises(ChallengeRefused, match="unknown-policy"):
        prover.present(contents, challenge(world, policy_id="tier3-nosy"), request(), ORIGIN, world.clock())
    with pytest.raises(ChallengeRefused, match="policy-scope"):
        prover.present(contents, challenge(world), replace(request(), scope="all"), ORIGIN, world.clock())
    with pytest.raises(ChallengeRefused, match="parameters"):
        parse_challenge(f'"{NONCE}";policy="tier3-insured";t=1;max_age=2;bound=20800')


@pytest.mark.attack("4")
def test_a_policy_that_does_not_accept_my_issuer_is_refused(world: Any) -> None:
    contents, bundle = world.wallet().contents, world.keys.bundle
    stranger = replace(bundle.policies[0], id="elsewhere", issuers=(bytes(32), bundle.issuer.hash))
    both = TrustBundle(
        bundle.issuer, bundle.accumulator, bundle.escrow, bundle.epoch_key, (stranger,), bundle.issuer_url
    )
    assert choose(both, [contents.licence], "elsewhere", "autonomous", world.clock()).policy is stranger
    foreign = replace(contents.licence.credential, issuer=replace(bundle.issuer, id="issuer-2"))
    with pytest.raises(ChallengeRefused, match="issuer-not-accepted"):
        choose(both, [replace(contents.licence, credential=foreign)], "elsewhere", "autonomous", world.clock())
    with pytest.raises(CannotProve, match="no-licence"):
        choose(both, [], "elsewhere", "autonomous", world.clock())


@pytest.mark.attack("P2")
@pytest.mark.attack("17")
@pytest.mark.attack("18")
def test_what_the_licence_lacks_is_named_and_nothing_is_proved(world: Any, prover: Prover) -> None:
    second = world.wallet("tier2", tier=2).contents
    with pytest.raises(CannotProve, match="tier is 2"):
        prover.present(second, challenge(world), request(), ORIGIN, world.clock())
    third = world.wallet("tier3").contents
    later = world.clock() + 301 * 86400
    with pytest.raises(CannotProve, match="good_until") as refused:
        prover.present(third, challenge(world, time=later), request(), ORIGIN, later)
    assert refused.value.code == "predicate"
    assert len(prover.pool) == 0


def test_a_wallet_without_licence_or_epoch_is_not_ready(world: Any, prover: Prover) -> None:
    with pytest.raises(CannotProve, match="no-licence"):
        prover.present(world.empty_wallet("empty").contents, challenge(world), request(), ORIGIN, world.clock())
    with pytest.raises(NotReady, match="no-epoch"):
        standing(replace(world.wallet().contents, signed_epoch=None))


@pytest.mark.parametrize(
    "header",
    [
        "",
        NONCE,
        f'"{NONCE}"',
        f'"{NONCE}";policy="p";t=1',
        f'"{NONCE}";policy=p;t=1;max_age=2',
        f'"{NONCE}";policy="p";t="1";max_age=2',
        f'"{NONCE}";policy="p";t=1.0;max_age=2',
        f'"{NONCE}";policy="p";t=?1;max_age=2',
        f'"{NONCE}";policy="p";t=-1;max_age=2',
        f'"{NONCE}=";policy="p";t=1;max_age=2',
        f'"{NONCE}A";policy="p";t=1;max_age=2',
        f'"{NONCE[:-1]}F";policy="p";t=1;max_age=2',
        f':{NONCE}=:;policy="p";t=1;max_age=2',
        f'("{NONCE}");policy="p";t=1;max_age=2',
        f'"{NONCE}";policy="p";t=1;max_age=2, "{NONCE}";policy="p";t=1;max_age=2',
        f'"{NONCE}";policy="";t=1;max_age=2',
        f'"{NONCE}";policy="p";t=1;max_age=2' + " " * 600,
        f'"{NONCE}";policy="\u00e9";t=1;max_age=2',
    ],
)
def test_a_challenge_of_any_other_form_is_refused(header: str) -> None:
    with pytest.raises(ChallengeRefused, match="challenge-malformed"):
        parse_challenge(header)


def test_a_challenge_of_the_form_is_read() -> None:
    asked = parse_challenge(f'"{NONCE}";policy="tier3-insured";t=1794000000;max_age=120')
    assert (asked.policy_id, asked.time, asked.max_age) == ("tier3-insured", 1_794_000_000, 120)
    assert asked.not_after == 1_794_000_120


def binding_for(world: Any, asked: Challenge) -> circuits.Binding:
    policy = world.keys.bundle.policies[0]
    return circuits.Binding(policy.hash, ORIGIN, asked.nonce, bytes(32), bytes(32), asked.not_after)


def token_for(world: Any, contents: Any) -> Token:
    prover = Prover(world.keys.table, pool_size=1)
    prover.warm(contents, "tier3-insured", request(), world.clock())
    (tokens,) = prover.pool._tokens.values()
    return tokens.popleft()


@pytest.mark.attack("P1")
def test_a_prepared_proof_answers_once(world: Any) -> None:
    contents, asked = world.wallet().contents, challenge(world)
    token = token_for(world, contents)
    assert token.finish(binding_for(world, asked), contents.epoch)
    with pytest.raises(TokenSpent, match="answers one challenge"):
        token.finish(binding_for(world, challenge(world)), contents.epoch)


@pytest.mark.attack("P1")
def test_a_prepared_proof_is_of_one_epoch_and_spent_by_trying(world: Any) -> None:
    contents, asked = world.wallet().contents, challenge(world)
    token = token_for(world, contents)
    with pytest.raises(TokenSpent, match="another epoch"):
        token.finish(binding_for(world, asked), world.issuer.publish())
    with pytest.raises(TokenSpent):
        token.finish(binding_for(world, asked), contents.epoch)


@pytest.mark.attack("P1")
def test_a_forked_child_has_no_prepared_proofs(world: Any) -> None:
    contents, asked = world.wallet().contents, challenge(world)
    prover = Prover(world.keys.table)
    prover.warm(contents, "tier3-insured", request(), world.clock())
    token = token_for(world, contents)
    assert len(prover.pool) == 2
    prover.pool._guard.acquire()  # as if another thread held it at that moment
    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            empty = len(prover.pool) == 0
            token.finish(binding_for(world, asked), contents.epoch)
        except TokenSpent:
            outcome = 0 if empty else 2
        finally:
            os._exit(outcome)
    prover.pool._guard.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(prover.pool) == 2
    assert token.finish(binding_for(world, asked), contents.epoch)


def test_the_pool_serves_the_challenge_it_was_prepared_for_and_is_bounded(world: Any) -> None:
    contents, prover = world.wallet().contents, Prover(world.keys.table, pool_size=2)
    assert prover.warm(contents, "tier3-insured", request(), world.clock()) == 2
    assert prover.warm(contents, "tier3-insured", request(), world.clock()) == 0
    asked = challenge(world)
    octets = prover.present(contents, asked, request(), ORIGIN, world.clock())
    assert verified(world, octets, asked)
    assert len(prover.pool) == 1
    other = "https://bank.example"
    prover.present(contents, challenge(world), request(other, other + "/v1/autonomous"), other, world.clock())
    assert len(prover.pool) == 1
    prover.pool.clear()
    assert len(prover.pool) == 0


def test_the_pool_forgets_the_oldest_statement_first(world: Any) -> None:
    contents, pool = world.wallet().contents, Pool(size=1)
    token = token_for(world, contents)
    keys = [(bytes(32), bytes(32), f"https://g{number}.example", bytes(32), 0, "week") for number in range(17)]
    for key in keys:
        pool.put(key, token)
        pool.put(key, token)
    assert len(pool) == 16
    assert pool.take(keys[0]) is None
    assert pool.take(keys[16]) is token
    assert pool.take(keys[16]) is None


@pytest.mark.requirement("R75")
def test_what_a_presentation_tells_is_explained_from_the_policy(world: Any) -> None:
    credential = world.wallet().contents.licence.credential
    policy = world.keys.bundle.policies[0]
    explanation = explain(policy, credential, ORIGIN, world.clock())
    assert "Tier: 3" in explanation.reveals
    assert "Jurisdiction: GB" in explanation.reveals
    text = explanation.text()
    assert "Good until is 2026-11-06 or later" in text
    assert "Cover band is 2 or more" in text
    assert "P-1" not in text
    assert "openers" in text
    shown = {sentence.split(":")[0] for sentence in explanation.reveals}
    hidden = " ".join(explanation.hides)
    for name in ("Permit", "Competence", "Permit kind", "Insured until"):
        assert name in hidden
        assert name not in shown
    stricter = replace(policy, predicates=((4, BOUND_CONSTANT, 9),))
    with pytest.raises(CannotProve, match="cover_band is 3"):
        explain(stricter, credential, ORIGIN, world.clock())
