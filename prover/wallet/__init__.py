"""The operator's wallet: an encrypted file that holds a licence and what is needed to use and renew it."""

from prover.wallet.records import Application, Contents, Licence, PendingRequest
from prover.wallet.store import Wallet

__all__ = ["Application", "Contents", "Licence", "PendingRequest", "Wallet"]
