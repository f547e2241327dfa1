"""What can go wrong for a holder, each with a stable code, a sentence, and what to do next.

Every error of this package is a `ProverError`. `code` is stable and for programs, `sentence` says what happened, and
`next_step` says what the person at the keyboard (or the agent's author) should do about it. None of them ever holds a
passphrase, a secret, a lease or an application token.
"""

from __future__ import annotations


class ProverError(Exception):
    """Base of all errors of the wallet and the agent's SDK."""

    def __init__(self, code: str, sentence: str, next_step: str) -> None:
        super().__init__(f"{code}: {sentence} {next_step}".rstrip())
        self.code = code
        self.sentence = sentence
        self.next_step = next_step


class WalletError(ProverError):
    """The wallet's file cannot be read or written. Codes: `wallet-passphrase`, `wallet-damaged`, `wallet-cost`,
    `wallet-permissions`, `wallet-busy`, `wallet-missing`, `wallet-exists`, `wallet-size`, `wallet-io`."""


class NotReady(ProverError):
    """The wallet does not hold yet what this step needs (no sign-in, no licence)."""


class TrustError(ProverError):
    """Public data did not match what this wallet has pinned, or rolled back. Nothing of it was kept."""


class IssuerRefused(ProverError):
    """The issuer answered with a refusal; `code` is the issuer's own, `status` its HTTP status."""

    def __init__(self, code: str, sentence: str, next_step: str, status: int) -> None:
        super().__init__(code, sentence, next_step)
        self.status = status


class Unreachable(ProverError):
    """The issuer or its public files could not be reached, or gave an answer that is none of the protocol's."""


class ChallengeRefused(ProverError):
    """The holder will not answer this challenge: nothing was proved and nothing was sent."""


class CannotProve(ProverError):
    """The licence in this wallet does not meet the policy (expired, too little cover, wrong tier)."""


class Refused(ProverError):
    """A gateway refused for good; `code` is the gateway's. Trying again with the same licence will not help."""


class Revoked(Refused):
    """The licence, or the lease tree this agent belongs to, is revoked: the agent halts."""

    def __init__(self, sentence: str = "This licence has been revoked.") -> None:
        super().__init__(
            "revoked", sentence, "Stop this agent. Ask the licensing body why, and apply again if you may."
        )


class BodyNotReplayable(ProverError):
    """The gateway asked for a proof in mid-call, and the request's body was a stream that cannot be sent twice."""

    def __init__(self) -> None:
        super().__init__(
            "body-not-replayable",
            "The gateway asked for a new proof, and this request's body is a stream that is already spent.",
            "A fresh lease is held now: send the request again, or give the body as bytes.",
        )


class TokenSpent(ProverError):
    """A prepared proof was used twice, in another process than made it, or after its epoch: it is refused, because
    two answers from one preparation would give the licence's secret away."""

    def __init__(self, sentence: str) -> None:
        super().__init__("token-spent", sentence, "Prepare another one; none of this was sent.")


def not_begun() -> NotReady:
    """For a call that a gateway has heard of before this wallet was up to date for it (see `WalletSession.begin`)."""
    return NotReady("not-begun", "A day began, or another licence was got, while this call went on.", "Call again.")
