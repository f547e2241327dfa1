"""Several proofs at once: the verdict on each is the one it gets alone."""

from __future__ import annotations

from collections.abc import Mapping

from circuits.errors import CircuitError
from circuits.presentation import verify_batch
from circuits.statement import Binding, Statement
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf, Vector, effective_input
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.statement import binding_of, statement_of


def check_batch(given: Given, known: Mapping[str, Vector]) -> dict[str, Leaf]:
    """`items`, ids of vectors of the operation verify, to their codes in order; an empty code is acceptance."""
    outcomes = verify_batch(named_proofs(given, known))
    return {"codes": [outcome.code if isinstance(outcome, CircuitError) else "" for outcome in outcomes]}


def named_proofs(given: Given, known: Mapping[str, Vector]) -> list[tuple[Statement, Binding, bytes]]:
    """What the vectors of the operation verify check whose ids stand in `items`."""
    found = []
    for name in given.words("items"):
        if name not in known or known[name].operation != "verify":
            raise BadVector(f"no proof is called {name}")
        one = Given(effective_input(known[name], known), given.suite, given.entropy)
        found.append((statement_of(one), binding_of(one), one.octets("proof")))
    return found
