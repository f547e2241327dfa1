"""The trust bundle: the one file that a wallet and a gateway start from, and pin by its hash.

It holds the issuer's, accumulator's and escrow's records, the key that signs epochs, and the policies. Everything
learnt later is checked against it. Source: [ISSUING 6].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from circuits.attributes import LICENCE_ATTRIBUTES
from circuits.cached import cached_property
from circuits.encoding import decode_map, encode, take_list, take_octets, take_text
from circuits.errors import Malformed, Misuse
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.policy import PolicyRecord
from circuits.suite import SHA256, Suite

MAX_BUNDLE_OCTETS = 65536


@dataclass(frozen=True)
class TrustBundle:
    """`issuer`, `accumulator`, `escrow` records that go together; `epoch_key` Ed25519, 32 octets; `policies` with
    distinct ids, all of this issuer and escrow; `issuer_url` where epochs and records are served. Raises `Malformed`.
    """

    issuer: IssuerRecord
    accumulator: AccumulatorRecord
    escrow: EscrowRecord
    epoch_key: bytes
    policies: tuple[PolicyRecord, ...]
    issuer_url: str
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.accumulator.issuer_id != self.issuer.id:
            raise Malformed("the accumulator is another issuer's")
        if self.issuer.attributes != LICENCE_ATTRIBUTES:  # a policy names attributes by their index in this list
            raise Malformed("the issuer's profile is not the one that policies speak about")
        if len(self.epoch_key) != 32:
            raise Malformed("an epoch key has 32 octets")
        if not self.policies or len({policy.id for policy in self.policies}) != len(self.policies):
            raise Malformed("a trust bundle needs policies with distinct ids")
        for policy in self.policies:
            if self.issuer.hash not in policy.issuers or policy.escrow_hash not in (b"", self.escrow.hash):
                raise Malformed("a policy of another issuer or escrow")

    def policy(self, policy_id: str) -> PolicyRecord:
        """The policy called `policy_id`. Raises `Misuse` when the bundle has none."""
        for policy in self.policies:
            if policy.id == policy_id:
                return policy
        raise Misuse(f"the trust bundle has no policy {policy_id!r}")

    @cached_property
    def octets(self) -> bytes:
        """The bundle as deterministic CBOR."""
        return encode(
            {
                1: 1,
                2: self.issuer.octets,
                3: self.accumulator.octets,
                4: self.escrow.octets,
                5: self.epoch_key,
                6: [policy.octets for policy in self.policies],
                7: self.issuer_url,
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets: what a deployment pins."""
        return hashlib.sha256(self.octets).digest()

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> TrustBundle:
        """The bundle of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, MAX_BUNDLE_OCTETS, range(1, 8))
        return cls(
            issuer=IssuerRecord.decode(take_octets(fields[2]), suite),
            accumulator=AccumulatorRecord.decode(take_octets(fields[3]), suite),
            escrow=EscrowRecord.decode(take_octets(fields[4]), suite),
            epoch_key=take_octets(fields[5], 32),
            policies=tuple(PolicyRecord.decode(take_octets(item)) for item in take_list(fields[6], 64)),
            issuer_url=take_text(fields[7], 1024),
            suite=suite,
        )
