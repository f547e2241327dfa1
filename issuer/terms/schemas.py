"""Wire forms of the terms."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from issuer.web.octets import Octets32


class TermsOut(BaseModel):
    """The terms in force."""

    version: str
    hash: Octets32
    text: str


class TermsAccepted(BaseModel):
    """The hash of the text that the person accepts."""

    model_config = ConfigDict(extra="forbid")

    hash: Octets32
