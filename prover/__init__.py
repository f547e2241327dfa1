"""The operator's side: the wallet that holds a licence, and the SDK that lets an agent use it.

    wallet = Wallet.open(path, passphrase)
    client = licensed_client(wallet, "https://api.example")

Functions for getting and keeping a licence are in `prover.enrol`, `prover.sign_in` and `prover.refresh`, what a
presentation tells in `prover.disclosure`, the errors in `prover.errors`.
"""

from prover.errors import (
    BodyNotReplayable,
    CannotProve,
    ChallengeRefused,
    IssuerRefused,
    NotReady,
    ProverError,
    Refused,
    Revoked,
    TokenSpent,
    TrustError,
    Unreachable,
    WalletError,
)
from prover.issuer_client import IssuerClient
from prover.leases import AsyncLicensedTransport, LicensedTransport, licensed_async_client, licensed_client
from prover.session import Gateway, WalletSession
from prover.wallet.store import Wallet

__all__ = [
    "AsyncLicensedTransport",
    "BodyNotReplayable",
    "CannotProve",
    "ChallengeRefused",
    "Gateway",
    "IssuerClient",
    "IssuerRefused",
    "LicensedTransport",
    "NotReady",
    "ProverError",
    "Refused",
    "Revoked",
    "TokenSpent",
    "TrustError",
    "Unreachable",
    "Wallet",
    "WalletError",
    "WalletSession",
    "licensed_async_client",
    "licensed_client",
]
