"""What every peer must refuse before anything of it is measured: a number for work that checks nothing is worthless."""

from __future__ import annotations

from benchmarks.peers.conversation import Conversation, PeerFailed

# An honest proof against facts that have changed since only the verifier can refuse. A proof made against the new facts
# fails already in the prover where a library will not even make it.
EXPECTED: dict[str, frozenset[str]] = {
    "valid": frozenset({"accepted"}),
    "replayed": frozenset({"verifier"}),
    "revoked, old proof": frozenset({"verifier"}),
    "revoked, old witness": frozenset({"verifier", "prover"}),
    "expired, old proof": frozenset({"verifier"}),
    "expired, new proof": frozenset({"verifier", "prover"}),
}


def check_refusals(peer: Conversation) -> dict[str, str]:
    """The peer's outcomes, when all are as they must be. Raises `PeerFailed`."""
    outcomes = peer.ask("refusals").get("outcomes")
    if not isinstance(outcomes, dict) or set(outcomes) != set(EXPECTED):
        raise PeerFailed(f"not all refusals were tried: {outcomes}")
    for attempt, outcome in outcomes.items():
        if outcome not in EXPECTED[attempt]:
            raise PeerFailed(f"{attempt}: {outcome}, expected {' or '.join(sorted(EXPECTED[attempt]))}")
    return outcomes
