"""All settings of a gateway, in one frozen object. None of them switches the kill switch or the audit trail off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from circuits import Misuse, Secret
from verifier.paths import check_prefix

PUBLIC_PREFIX = "/v1/public"


@dataclass(frozen=True)
class Settings:
    """What a deployment chooses. Raises `Misuse` for an origin or prefix that is none.

    `trust_path` the trust bundle, `trust_hash` the 32 octets it is pinned to; `origin` this gateway's own origin, its
    audience; `upstream_url` what it stands before; `state_dir` a folder of its own; `issuer_url` overrides the
    bundle's. Under `public_prefix`, if there is one, calls go through without a lease. `admin_token` opens the
    operator's endpoints, which are closed without one. Times in seconds. `proof_workers` proofs may be under way, which
    are then checked together, and `proofs_waiting` more wait.
    """

    trust_path: Path
    trust_hash: bytes
    origin: str
    upstream_url: str
    state_dir: Path
    issuer_url: str | None = None
    policy_id: str | None = None
    protected_prefix: str = "/v1/autonomous"
    public_prefix: str | None = PUBLIC_PREFIX
    holder_proof_required: bool = True
    admin_token: Secret[str] | None = None
    poll_seconds: float = 5.0
    challenge_capacity: int = 100_000
    proof_workers: int = 16
    proofs_waiting: int = 64

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if (
            parts.scheme not in ("http", "https")
            or self.origin != f"{parts.scheme}://{parts.netloc}"
            or not parts.netloc
        ):
            raise Misuse("an origin is scheme://host[:port] and nothing else")
        if self.origin != self.origin.lower() or "@" in parts.netloc:
            raise Misuse("an origin is written in lower case and without a user")
        for prefix in self.prefixes:
            check_prefix(prefix)
        if len(self.trust_hash) != 32:
            raise Misuse("a trust bundle is pinned by the 32 octets of its SHA-256")
        if self.admin_token is not None and not self.admin_token.expose():
            raise Misuse("an admin token of no characters would be everybody's; without one the endpoints are closed")

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What is forwarded at all."""
        return (self.protected_prefix,) if self.public_prefix is None else (self.protected_prefix, self.public_prefix)

    @property
    def resource(self) -> str:
        """The URL of what a lease opens."""
        return self.origin + self.protected_prefix
