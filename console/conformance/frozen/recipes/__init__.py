"""Which vectors there are, one module and one file per topic, in the order in which they are made.

A new topic is a module with a `recipe` and a line here. A batch names proofs of the presentations, and so comes last.
"""

from __future__ import annotations

from console.conformance.frozen.recipes import (
    accumulator,
    attributes,
    bases,
    batch,
    calendar,
    digits,
    issuance,
    presentation,
    records,
    statement,
    threshold,
)
from console.conformance.frozen.recipes.topic import Recipe, Topic

TOPICS: dict[str, Recipe] = {
    "bases": bases.recipe,
    "attributes": attributes.recipe,
    "calendar": calendar.recipe,
    "records": records.recipe,
    "digits": digits.recipe,
    "issuance": issuance.recipe,
    "accumulator": accumulator.recipe,
    "threshold": threshold.recipe,
    "statement": statement.recipe,
    "presentation": presentation.recipe,
    "batch": batch.recipe,
}

__all__ = ["TOPICS", "Topic"]
