"""The words of the statement language: what can be said about a credential, one class each.

    all_of(Possession(issuer), NotRevoked(accumulator, epoch), Pseudonym(context), Disclose(1, 3), OneOf(2, countries),
           AtLeast(3, today), Between(4, 2, 9), Escrowed(escrow),
           Companion(Possession(permits), NotRevoked(permit_accumulator, permit_epoch), AtLeast(3, today)),
           Equals(5, 1), Signed(digest))

Source: [PROTOCOL 5].
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.attributes import WINDOW, AttributeValue
from circuits.errors import Misuse
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.set import SetRecord

DIGEST_OCTETS = 32


@dataclass(frozen=True)
class Possession:
    """The holder has a credential signed by `issuer`."""

    issuer: IssuerRecord


@dataclass(frozen=True)
class Disclose:
    """The attribute at `index` has this `value`, and the verifier may see it."""

    index: int
    value: AttributeValue


@dataclass(frozen=True)
class AtLeast:
    """bound <= the hidden attribute at `index` <= bound + 4095."""

    index: int
    bound: int


@dataclass(frozen=True)
class AtMost:
    """bound - 4095 <= the hidden attribute at `index` <= bound."""

    index: int
    bound: int


@dataclass(frozen=True)
class Between:
    """low <= the hidden attribute at `index` <= high. The two may be at most 4095 apart (`Misuse`)."""

    index: int
    low: int
    high: int

    def __post_init__(self) -> None:
        if type(self.low) is not int or type(self.high) is not int or not 0 <= self.high - self.low < WINDOW:
            raise Misuse("the ends of a range are whole numbers in order, at most 4095 apart")


@dataclass(frozen=True)
class OneOf:
    """The hidden attribute at `index` is a member of `members`, and the verifier does not see which."""

    index: int
    members: SetRecord


@dataclass(frozen=True)
class NotRevoked:
    """The credential's handle is live in `accumulator` at `epoch`."""

    accumulator: AccumulatorRecord
    epoch: EpochRecord


@dataclass(frozen=True)
class Pseudonym:
    """The holder shows its pseudonym for `context` (octets), the same each time, and meaningless elsewhere."""

    context: bytes


@dataclass(frozen=True)
class Escrowed:
    """The proof carries the holder's archive point, encrypted to the openers of `escrow`."""

    escrow: EscrowRecord


@dataclass(frozen=True, init=False)
class Companion:
    """The same holder has a credential about which this is said: the same link secret is in both.

    Of one issuer it may be the licence itself: what is shown of each can rule that out.
    """

    nodes: tuple[OwnNode, ...]

    def __init__(self, *nodes: OwnNode) -> None:
        object.__setattr__(self, "nodes", nodes)


@dataclass(frozen=True)
class Equals:
    """The hidden attribute at `index` of the licence equals the hidden one at `companion_index` of the companion."""

    index: int
    companion_index: int


@dataclass(frozen=True)
class Signed:
    """The holder signs the document of this SHA-256 `digest`. Such a proof is a signature and opens no gateway."""

    digest: bytes

    def __post_init__(self) -> None:
        if type(self.digest) is not bytes or len(self.digest) != DIGEST_OCTETS:
            raise Misuse("a document is signed by its digest of 32 octets")


Predicate = AtLeast | AtMost | OneOf
OwnNode = Possession | NotRevoked | Disclose | Predicate | Between
Node = OwnNode | Pseudonym | Escrowed | Companion | Equals | Signed
