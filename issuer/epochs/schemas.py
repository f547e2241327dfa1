"""Wire forms of epochs."""

from __future__ import annotations

from pydantic import BaseModel


class EpochNumber(BaseModel):
    """The number of the epoch that was published."""

    epoch: int
