"""This project as a verifier: what a gateway pins, and the way from a presentation's octets to the verdict.

Apart from `ours`, so that a fresh verifier, `python -m benchmarks.peers.ours_verifier FILE`, loads `circuits` and
nothing of an issuer or holder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.child import Work, run_cold
from circuits import (
    Accepted,
    Binding,
    decode_cbor,
    decode_presentation,
    encode_cbor,
    policy_statement,
    request_digest,
    verify,
)
from circuits.records import EpochRecord, TrustBundle

ORIGIN = "https://gateway.example"
RESOURCE = f"{ORIGIN}/v1/autonomous"
CHALLENGE_SECONDS = 120
_THUMBPRINT = bytes(range(32))
_MAX_OCTETS = 1 << 20


@dataclass(frozen=True)
class Gateway:
    """A verifier with its pinned records at one `time` (unix seconds)."""

    bundle: TrustBundle
    epoch: EpochRecord
    time: int

    def binding(self, nonce: bytes) -> Binding:
        """What a presentation for the challenge `nonce` (32 octets) must be bound to."""
        return Binding(
            policy_hash=self.bundle.policies[0].hash,
            audience=ORIGIN,
            nonce=nonce,
            request_digest=request_digest(RESOURCE, "autonomous"),
            session_thumbprint=_THUMBPRINT,
            not_after=self.time + CHALLENGE_SECONDS,
        )

    def check(self, octets: bytes, nonce: bytes) -> Accepted:
        """The verdict. Raises `Malformed`, `Rejected`."""
        presentation = decode_presentation(octets)
        bundle = self.bundle
        statement = policy_statement(
            bundle.policies[0],
            bundle.issuer,
            bundle.accumulator,
            self.epoch,
            bundle.escrow,
            presentation.disclosed,
            ORIGIN,
            self.time,
        )
        return verify(statement, self.binding(nonce), presentation.proof)


def pack(gateway: Gateway, octets: bytes, nonce: bytes) -> bytes:
    """A gateway with one presentation to check, as CBOR."""
    return encode_cbor({1: gateway.bundle.octets, 2: gateway.epoch.octets, 3: gateway.time, 4: octets, 5: nonce})


def unpack(packed: bytes) -> tuple[Gateway, bytes, bytes]:
    """What `pack` packed. Raises ValueError, `Malformed`."""
    match decode_cbor(packed, _MAX_OCTETS):
        case {1: bytes(bundle), 2: bytes(epoch), 3: int(time), 4: bytes(octets), 5: bytes(nonce)}:
            return Gateway(TrustBundle.decode(bundle), EpochRecord.decode(epoch), time), octets, nonce
        case _:
            raise ValueError("not a file of this benchmark")


def cold(path: Path) -> Work:
    """A fresh verifier's work: reads the file, then gives the verdict as often as it is called."""
    gateway, octets, nonce = unpack(path.read_bytes())

    def verdict() -> int:
        gateway.check(octets, nonce)
        return 0

    return verdict


if __name__ == "__main__":
    run_cold(cold)
