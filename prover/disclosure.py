"""Says, in words for a person, what answering a policy reveals about a licence, and what it does not.

For the wallet's own page and for `licence wallet show`. The words follow the statement that is really proved: what is
disclosed and what is compared is read from the policy record and from the credential, not from a fixed text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from circuits import SECONDS_PER_DAY, Credential, Kind, day_number
from circuits.records import BOUND_DAY, PolicyRecord
from prover.choose import check_meets


@dataclass(frozen=True)
class Explanation:
    """What one presentation tells: `reveals` values shown as they are, `proves` facts without the value behind them,
    `hides` what stays secret, `links` what can be put together with what. Sentences in plain English."""

    policy_id: str
    reveals: tuple[str, ...]
    proves: tuple[str, ...]
    hides: tuple[str, ...]
    links: tuple[str, ...]

    def text(self) -> str:
        """All of it as lines for a terminal."""
        parts = (
            ("The gateway sees", self.reveals),
            ("It is convinced of", self.proves),
            ("It does not learn", self.hides),
            ("What can be linked", self.links),
        )
        lines = [f"Policy {self.policy_id}"]
        for title, sentences in parts:
            lines += [f"{title}:", *(f"  - {sentence}" for sentence in sentences)]
        return "\n".join(lines)


def explain(policy: PolicyRecord, credential: Credential, audience: str, time: int) -> Explanation:
    """What a presentation of `credential` under `policy` to `audience` (an origin) at `time` (unix seconds) tells.

    Raises `CannotProve` (`predicate`) when the licence does not meet the policy: then nothing would be sent.
    """
    check_meets(policy, credential, time)
    names = [name for name, _ in credential.issuer.attributes]
    shown = {index for index, _ in policy.disclosed}
    compared = {index for index, _, _ in policy.predicates}
    untold = [
        names[index] for index in range(1, len(names)) if index not in shown | compared and names[index] != "spare"
    ]
    return Explanation(
        policy_id=policy.id,
        reveals=(
            *(f"{_title(names[index])}: {credential.attributes[index]}" for index, _ in policy.disclosed),
            "The licence's issuer, and which of its accumulators (a cohort of many licences) it belongs to",
        ),
        proves=(
            f"A licence of issuer {credential.issuer.id} that is not revoked in the current epoch",
            *(_comparison(credential, item, time) for item in policy.predicates),
        ),
        hides=(
            "Who you are: no name, document, or licence number is in the proof",
            *(f"The exact value behind a comparison: {_title(names[index])}" for index in sorted(compared)),
            *(f"{_title(name)}: no word about it" for name in untold),
            "Where else, when, or how often the licence is used; nor does the issuer learn that it is used here",
        ),
        links=_links(policy, audience),
    )


def _links(policy: PolicyRecord, audience: str) -> tuple[str, ...]:
    sentences = [
        f"{audience} sees the same pseudonym of yours for one {policy.period}, and another one after that",
        "Two gateways see two pseudonyms that nobody can match",
        "Network addresses, API keys and the content of calls can link what the proof does not",
    ]
    if policy.escrow_hash:
        sentences.append(
            "A sealed envelope goes with it: enough of the named openers together can open one, in a logged case"
        )
    return tuple(sentences)


def _comparison(credential: Credential, item: tuple[int, int, int], time: int) -> str:
    index, kind, value = item
    name, attribute_kind = credential.issuer.attributes[index]
    bound = value + day_number(time) if kind == BOUND_DAY else value
    shown = (
        datetime.fromtimestamp(bound * SECONDS_PER_DAY, UTC).date().isoformat() if attribute_kind is Kind.DAY else bound
    )
    return f"{_title(name)} is {shown} or {'later' if attribute_kind is Kind.DAY else 'more'}"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
