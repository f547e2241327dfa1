"""The people of the story, as the demonstration's identity provider knows them. None of them exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """An identity document that the provider has seen."""

    type: str
    issuer: str
    number: str

    def claim(self) -> dict[str, str]:
        """The document as a member of the userinfo claim `documents`."""
        return {"type": self.type, "issuer": self.issuer, "number": self.number}


@dataclass(frozen=True)
class Account:
    """One account at the provider. A person may hold several; the documents give it away."""

    login: str
    password: str
    subject: str
    name: str
    birthdate: str
    documents: tuple[Document, ...]
    vot: str = "P2"


_ADA_PASSPORT = Document("passport", "GBR", "533401372")

ADA = Account("ada", "analytical-engine", "b3f1c0de-ada-1", "Ada Lovelace", "1990-12-10", (_ADA_PASSPORT,))
ADA_AGAIN = Account("ada.two", "difference-engine", "77aa01fe-ada-2", "Ada King", "1990-12-10", (_ADA_PASSPORT,))
GRACE = Account(
    "grace", "nanosecond-wire", "c0b01-grace", "Grace Hopper", "1986-12-09", (Document("passport", "USA", "561209446"),)
)
TIM = Account(
    "tim", "hypertext-1989", "0ddba11-tim", "Tim Berners", "1985-06-08", (Document("passport", "GBR", "208977154"),)
)

DIRECTORY: Mapping[str, Account] = {account.login: account for account in (ADA, ADA_AGAIN, GRACE, TIM)}
