"""Whether a file of our own vectors is right: every operation done again, every output and every code compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from circuits.errors import CircuitError, Malformed
from circuits.scalar import decode_scalar
from circuits.suite import SHA256, Suite
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf, Vector, effective_input, gather, read
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations import operate
from console.conformance.frozen.randomness import Replayed
from console.conformance.report import CaseResult, Outcome

_RANDOM = frozenset({"randomness", "random_octets"})


def check_file(path: Path, content: object) -> tuple[str, list[CaseResult]]:
    """(topic, one result per vector) of a parsed file; the files beside it are read for the vectors' bases."""
    try:
        topic, vectors = read(content)
    except BadVector as error:
        return "", [CaseResult(path, path.name, Outcome.FAILED, str(error))]
    known, repeated = gather(path.parent)
    known |= {vector.id: vector for vector in vectors}
    results = []
    for vector in vectors:
        problem = "the id stands twice" if vector.id in repeated else problem_of(vector, known)
        outcome = Outcome.FAILED if problem else Outcome.PASSED
        results.append(CaseResult(path, vector.id, outcome, problem))
    return topic, results


def problem_of(vector: Vector, known: Mapping[str, Vector], suite: Suite = SHA256) -> str:
    """What is wrong with a vector; empty when nothing is."""
    try:
        output, unread = perform(vector, known, suite)
    except BadVector as error:
        return str(error)
    except CircuitError as error:
        if not vector.code:
            return f"refused ({error})"
        return "" if error.code == vector.code and not vector.output else f"refused with the code {error.code}"
    except Exception as error:  # damaged data may provoke anything: a failure of the vector, never the end of the run
        return f"{type(error).__name__}: {error}"
    if vector.code:
        return "accepted"
    if unread:
        return f"nothing reads {', '.join(sorted(unread))}"
    wrong = sorted(name for name in output.keys() | vector.output.keys() if output.get(name) != vector.output.get(name))
    return f"another value is computed for {', '.join(wrong)}" if wrong else ""


def perform(vector: Vector, known: Mapping[str, Vector], suite: Suite = SHA256) -> tuple[dict[str, Leaf], set[str]]:
    """(the operation's output, the names of the vector's own members that it did not read).

    Raises `BadVector` for a vector that cannot be read, and whatever the operation raises.
    """
    entropy = _replayed(vector.own)
    given = Given(effective_input(vector, known), suite, entropy)
    output = operate(vector.operation, given, known)
    if entropy.left():
        raise BadVector("not all randomness was drawn")
    return output, set(vector.own) - given.read - _RANDOM


def _replayed(own: Mapping[str, Leaf]) -> Replayed:
    """A vector's own randomness: its base's was for its base."""
    scalars, octets = own.get("randomness", []), own.get("random_octets", "")
    if not isinstance(scalars, list) or not isinstance(octets, str):
        raise BadVector("randomness is a list of scalars, and octets")
    try:
        return Replayed([decode_scalar(bytes.fromhex(str(item))) for item in scalars], bytes.fromhex(octets))
    except (ValueError, Malformed):
        raise BadVector("randomness that cannot be read") from None
