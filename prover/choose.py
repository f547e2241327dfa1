"""Which licence, under which policy, answers a challenge; or a clear word that none does.

The challenge names a policy by its id, and the policy itself comes from the pinned trust bundle: a gateway cannot ask
for more by describing a policy of its own. The choice is made before any proving, so that a refusal names the
attribute that falls short, on this machine only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits import Credential, day_number
from circuits.records import BOUND_DAY, PolicyRecord, TrustBundle
from prover.errors import CannotProve, ChallengeRefused
from prover.wallet.records import Licence


@dataclass(frozen=True, eq=False)
class Choice:
    """A licence and the pinned policy that it will be shown under."""

    policy: PolicyRecord
    licence: Licence

    @property
    def disclosed(self) -> dict[int, int | str]:
        """What the policy has disclosed: attribute index to this licence's value."""
        return {index: self.licence.credential.attributes[index] for index, _ in self.policy.disclosed}


def policy_for(bundle: TrustBundle, policy_id: str) -> PolicyRecord:
    """The pinned policy called `policy_id`. Raises `ChallengeRefused` (`unknown-policy`)."""
    for policy in bundle.policies:
        if policy.id == policy_id:
            return policy
    raise ChallengeRefused(
        "unknown-policy",
        f"The gateway asks for policy {policy_id!r}, which this wallet's trust bundle does not know.",
        "Nothing was proved. If the licensing body has published a new bundle, make the wallet trust that one.",
    )


def choose(bundle: TrustBundle, licences: Sequence[Licence], policy_id: str, scope: str, time: int) -> Choice:
    """The first of `licences` that answers the policy `policy_id` for `scope` at `time` (unix seconds).

    Raises `ChallengeRefused`: `unknown-policy`, `policy-scope`, `issuer-not-accepted`; `CannotProve` (`predicate`)
    when no licence meets the policy, for the reason that the last one does not; `CannotProve` (`no-licence`).
    """
    policy = policy_for(bundle, policy_id)
    if policy.scope != scope:
        raise ChallengeRefused(
            "policy-scope", f"Policy {policy_id!r} is for scope {policy.scope!r}, not {scope!r}.", "Nothing was proved."
        )
    accepted = [licence for licence in licences if licence.credential.issuer.hash in policy.issuers]
    if licences and not accepted:
        raise ChallengeRefused(
            "issuer-not-accepted", f"Policy {policy_id!r} does not accept this licence's issuer.", "Nothing was proved."
        )
    reason = CannotProve("no-licence", "This wallet holds no licence.", "Apply for one, then obtain it.")
    for licence in accepted:
        try:
            check_meets(policy, licence.credential, time)
        except CannotProve as error:
            reason = error
        else:
            return Choice(policy, licence)
    raise reason


def check_meets(policy: PolicyRecord, credential: Credential, time: int) -> None:
    """Check that `credential` meets `policy` at `time` (unix seconds). Raises `CannotProve` (`predicate`)."""
    names = [name for name, _ in credential.issuer.attributes]
    for index, allowed in policy.disclosed:
        if credential.attributes[index] not in allowed:
            raise _short(
                f"{names[index]} is {credential.attributes[index]!r}, which policy {policy.id!r} does not allow"
            )
    for index, kind, value in policy.predicates:
        bound = value + day_number(time) if kind == BOUND_DAY else value
        held = credential.attributes[index]
        if not isinstance(held, int) or held < bound:
            raise _short(f"{names[index]} is {held!r}, and policy {policy.id!r} asks for {bound} at least")


def _short(sentence: str) -> CannotProve:
    return CannotProve("predicate", f"The licence does not suffice: {sentence}.", "Renew it, or renew the cover.")
