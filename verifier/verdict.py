"""`Verified`: the outcome of a presentation that was checked, as a type.

Only `verifier.verify` can make one: the constructor wants a seal that nobody else imports (a test sees to that), and
copying, pickling, replacing and subclassing are refused, because each would make a second one without a check.
Source: docs/architecture.md, 4.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import NoReturn

from circuits import Misuse

_SEAL = object()


@dataclass(frozen=True, eq=False)
class Verified:
    """A presentation that met every step. Octets: pseudonym 48, hashes and thumbprint 32; times in unix seconds."""

    seal: InitVar[object]
    pseudonym: bytes
    proof_hash: bytes
    statement_octets: bytes
    proof: bytes
    epoch_number: int
    policy_id: str
    policy_hash: bytes
    scope: str
    tier: int
    insured: bool
    session_thumbprint: bytes
    verified_at: int

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise Misuse("a verdict is made by verification and by nothing else")

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        raise Misuse("a verdict has no subclasses")

    def __copy__(self) -> NoReturn:
        raise Misuse("a verdict is not copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise Misuse("a verdict is not copied")

    def __replace__(self, **changes: object) -> NoReturn:
        raise Misuse("a verdict is not changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise Misuse("a verdict is not pickled")
