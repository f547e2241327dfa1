"""What a policy, the trusted state and the verifier refuse, each beside what they let through."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest

import circuits
from circuits import Binding, Misuse, Rejected
from circuits.records import TrustBundle, default_policy
from tests.verifier.sim_gateway import ORIGIN, Asked, Holder
from tests.verifier.sim_issuer import START, Clock, SimulatedIssuer, make_keys
from verifier.base64url import decode_base64url, encode_base64url
from verifier.challenge import Challenge, MemoryChallengeStore
from verifier.policy import MAX_EPOCH_AGE_SECONDS, Policy
from verifier.trust import TrustedState
from verifier.unavailable import Unavailable
from verifier.verdict import Verified
from verifier.verify import CheckProof, Verifier, Wanted

RESOURCE = f"{ORIGIN}/v1/autonomous"
ISSUER_KEY = 3
POLICY = default_policy(make_keys().issuer.record, make_keys().escrow.record)


class TrustsAnother(SimulatedIssuer):
    """An issuer whose policy accepts the licences of another issuer, too."""

    another = bytes(range(32))

    def bundle(self, url: str = "http://issuer.example") -> TrustBundle:
        """The bundle with that policy."""
        own = super().bundle(url)
        policy = dataclasses.replace(own.policies[0], issuers=(own.issuer.hash, self.another))
        return dataclasses.replace(own, policies=(policy,))


class Desk:
    """A verifier at the newest epoch of `issuer`, with the challenges that it is asked for.

    `policy` is what its policy has that the bundle's has not.
    """

    def __init__(
        self, issuer: SimulatedIssuer, folder: Path, check_proof: CheckProof = circuits.verify, **policy: Any
    ) -> None:
        self.issuer = issuer
        bundle = issuer.bundle()
        self.policy = dataclasses.replace(bundle.policies[0], **policy)
        self.challenges = MemoryChallengeStore()
        trust = TrustedState(bundle.octets, bundle.hash, folder)
        trust.offer_epoch(issuer.publish(), issuer.clock.time)
        self.verifier = Verifier(trust, Policy(self.policy), self.challenges, ORIGIN, check_proof)

    def ask(self) -> Asked:
        """An open challenge."""
        nonce, time = secrets.token_bytes(32), self.issuer.clock.time
        asked = Challenge(nonce, self.policy.id, self.policy.hash, RESOURCE, self.policy.scope, time, 120)
        self.challenges.put(asked)
        return Asked(nonce, time, 120)

    def verify(self, holder: Holder, octets: bytes, now: int) -> Verified:
        """The verdict."""
        thumbprint = decode_base64url(holder.key.thumbprint(), 32)
        return self.verifier.verify(octets, Wanted(RESOURCE, self.policy.scope, thumbprint), now)


@pytest.mark.parametrize(
    "changes", [{"disclosed": ()}, {"predicates": ()}, {"renewal_seconds": MAX_EPOCH_AGE_SECONDS}], ids=str
)
def test_a_policy_that_asks_for_something(changes: dict[str, Any]) -> None:
    record = dataclasses.replace(POLICY, **changes)
    assert Policy(record).record is record


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"disclosed": (), "predicates": ()}, "asks for nothing"),
        ({"escrow_hash": b""}, "no escrow"),
        ({"renewal_seconds": MAX_EPOCH_AGE_SECONDS + 1}, "epoch"),
    ],
    ids=str,
)
def test_a_policy_that_everybody_meets_or_nobody_answers_for(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence):
        Policy(dataclasses.replace(POLICY, **changes))


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ({"tier": 3}, "predicate-mismatch"),
        ({"tier": 2, "jurisdiction": "GB"}, "predicate:"),
        ({"tier": 1, "jurisdiction": "FR"}, "predicate:"),
        ({"tier": True, "jurisdiction": "GB"}, "predicate:"),
    ],
    ids=str,
)
def test_what_is_disclosed_is_what_is_asked_for_and_does_suffice(shown: dict[str, int | str], code: str) -> None:
    index = make_keys().issuer.record.index
    allowed = ((index("tier"), (1, 3)), (index("jurisdiction"), ("GB",)))
    policy = Policy(dataclasses.replace(POLICY, disclosed=allowed))
    for tier in (1, 3):
        policy.check_disclosed({index("tier"): tier, index("jurisdiction"): "GB"})
    with pytest.raises(Rejected, match=code):
        policy.check_disclosed({index(name): value for name, value in shown.items()})


def test_an_old_epoch_that_does_for_a_renewal_alone(tmp_path: Path) -> None:
    """The sentence tells the operator which of the two it is."""
    issuer = SimulatedIssuer(Clock())
    bundle = issuer.bundle()
    trust = TrustedState(bundle.octets, bundle.hash, tmp_path)
    trust.offer_epoch(issuer.publish(), START)
    grace, stale = START + POLICY.renewal_seconds, START + POLICY.renewal_seconds + 1
    trust.check_fresh(POLICY, grace, renewal=True)
    with pytest.raises(Rejected, match=r"stale-epoch: .* only running leases are renewed"):
        trust.check_fresh(POLICY, grace, renewal=False)
    with pytest.raises(Rejected, match=r"stale-epoch: .* too old to prove anything"):
        trust.check_fresh(POLICY, stale, renewal=False)


@pytest.mark.parametrize(
    "damage",
    [lambda marks: {"version": 2, "epochs": marks[1:]}, lambda marks: {"version": 1, "epochs": marks}],
    ids=["another version", "three epochs"],
)
def test_marks_that_nobody_here_wrote_stop_the_start(
    tmp_path: Path, damage: Callable[[list[str]], dict[str, Any]]
) -> None:
    issuer = SimulatedIssuer(Clock())
    bundle = issuer.bundle()
    trust = TrustedState(bundle.octets, bundle.hash, tmp_path)
    marks = [encode_base64url(issuer.publish()) for _ in range(3)]
    trust.offer_epoch(issuer.signed[0], START)
    path = next(tmp_path.glob("epochs-*.json"))
    path.write_text(json.dumps({"version": 1, "epochs": marks[1:]}))
    assert TrustedState(bundle.octets, bundle.hash, tmp_path).epoch(1, POLICY, START).record.number == 1
    path.write_text(json.dumps(damage(marks)))
    with pytest.raises(Misuse, match="guards against old epochs"):
        TrustedState(bundle.octets, bundle.hash, tmp_path)


def test_a_licence_in_the_name_of_another_trusted_issuer(tmp_path: Path) -> None:
    """The proof is true, and the envelope says of it what is not so."""
    desk = Desk(TrustsAnother(Clock()), tmp_path)
    holder = Holder(desk.issuer, desk.issuer.issue())
    assert desk.verify(holder, holder.present(desk.ask()), START).tier == 3
    relabelled = cbor2.loads(holder.present(desk.ask())) | {ISSUER_KEY: TrustsAnother.another}
    with pytest.raises(Rejected, match="unknown-issuer"):
        desk.verify(holder, cbor2.dumps(relabelled, canonical=True), START)


def test_a_licence_of_the_pinned_issuer_that_the_policy_does_not_accept(tmp_path: Path) -> None:
    desk = Desk(SimulatedIssuer(Clock()), tmp_path, issuers=(TrustsAnother.another,))
    holder = Holder(desk.issuer, desk.issuer.issue())
    with pytest.raises(Rejected, match="unknown-issuer"):
        desk.verify(holder, holder.present(desk.ask(), policy_hash=desk.policy.hash), START)


def test_no_proof_counts_while_nobody_could_open_it(tmp_path: Path) -> None:
    """The openers' key is in force from START + 10 to START + 20; the challenge may be older than the answer."""
    keys = make_keys()
    term = dataclasses.replace(keys.escrow.record, not_before=START + 10, not_after=START + 20)
    issuer = SimulatedIssuer(Clock(), dataclasses.replace(keys, escrow=dataclasses.replace(keys.escrow, record=term)))
    desk = Desk(issuer, tmp_path)
    holder = Holder(issuer, issuer.issue())
    for asked_at, now in ((10, 10), (19, 19)):
        issuer.clock.time = START + asked_at
        assert desk.verify(holder, holder.present(desk.ask()), START + now).tier == 3
    asked_for = {(9, 9): 10, (19, 20): 19, (20, 20): 19}
    for (asked_at, now), said in asked_for.items():
        issuer.clock.time = START + asked_at
        asked = desk.ask()
        octets = holder.present(asked, time=START + said)
        with pytest.raises(Unavailable, match="escrow-expired"):
            desk.verify(holder, octets, START + now)


@pytest.mark.parametrize(("refusal", "code"), [("proof", "proof-context"), ("set", "set")])
def test_only_a_false_proof_is_called_one(tmp_path: Path, refusal: str, code: str) -> None:
    """Whatever else checks proofs in `circuits.verify`'s place, its other refusals keep their names."""

    def check(statement: circuits.Statement, binding: Binding, proof: bytes) -> circuits.Accepted:
        raise Rejected(refusal, "for this reason")

    desk = Desk(SimulatedIssuer(Clock()), tmp_path, check)
    holder = Holder(desk.issuer, desk.issuer.issue())
    with pytest.raises(Rejected, match=f"^{code}:"):
        desk.verify(holder, holder.present(desk.ask()), START)
