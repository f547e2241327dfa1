"""Wire forms of permits. No field asks for age, degree, employer or income [R15, R16]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class SolePermitWanted(BaseModel):
    """A permit for the person of the application."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["sole"]


class CorporatePermitWanted(BaseModel):
    """A company's permit; `invitation` is a colleague's code when the company has one already."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Literal["corporate"]
    company: str = Field(max_length=20)
    name: str = Field(min_length=1, max_length=200)
    invitation: str | None = Field(default=None, max_length=64)


PermitWanted = Annotated[SolePermitWanted | CorporatePermitWanted, Field(discriminator="kind")]


class PermitOut(BaseModel):
    """The permit; `until_day` counts from 1970-01-01."""

    permit: str
    kind: str
    until_day: int


class ActionWanted(BaseModel):
    """Why the authority acts; shown to the permit's operators."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class StateOut(BaseModel):
    """The state of a permit."""

    permit: str
    state: str


class InvitationOut(BaseModel):
    """A one-time code for a colleague."""

    invitation: str
