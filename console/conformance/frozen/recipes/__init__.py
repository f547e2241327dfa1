"""Which vectors there are, one module and one file per topic, in the order in which they are made.

A new topic is a module with a `recipe` and a line here. Batches come after the proofs that they name.
"""

from __future__ import annotations

from console.conformance.frozen.recipes import (
    accumulator,
    attributes,
    bases,
    batch,
    calendar,
    digits,
    documents,
    further,
    heads,
    issuance,
    presentation,
    records,
    sets,
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
    "sets": sets.recipe,
    "further": further.recipe,
    "documents": documents.recipe,
    "heads": heads.recipe,
}

__all__ = ["TOPICS", "Topic"]
