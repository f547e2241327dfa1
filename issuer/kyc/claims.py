"""What the issuer reads of an identity provider's answers: our own strict models, so that an empty or odd claim is
refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
Url = Annotated[str, StringConstraints(min_length=8, max_length=1024)]


class ProviderMetadata(BaseModel):
    """The part of a discovery document that is used. Source: [OIDC-DISCOVERY 3]."""

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    userinfo_endpoint: Url
    jwks_uri: Url
    code_challenge_methods_supported: list[str] = []


class TokenAnswer(BaseModel):
    """The token endpoint's answer. Source: [OIDC 3.1.3.3]."""

    access_token: Annotated[str, StringConstraints(min_length=1, max_length=8192)] = Field(repr=False)
    token_type: str
    id_token: Annotated[str, StringConstraints(min_length=1, max_length=16384)] = Field(repr=False)


class DocumentClaim(BaseModel):
    """One document that the provider has checked."""

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Text
    issuer: Text
    number: Text


class PersonClaims(BaseModel):
    """Who the person is. Lives in memory only, between the answer and the seal."""

    model_config = ConfigDict(hide_input_in_errors=True)

    sub: Annotated[str, StringConstraints(min_length=1, max_length=255), Field(repr=False)]
    """Exactly as written: another one is another person's."""
    name: Text = Field(repr=False)
    birthdate: Text = Field(repr=False)
    documents: Annotated[list[DocumentClaim], Field(max_length=16, repr=False)] = []
