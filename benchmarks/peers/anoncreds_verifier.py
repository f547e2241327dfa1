"""AnonCreds as a verifier: the public objects it holds parsed, and the way from a presentation's octets to the verdict.

The library takes the predicate from the presentation and does not compare it with the request's, so the caller must:
without `_check_predicates` a proof of any other bound, or on any other attribute, is accepted.

A fresh verifier is `python -m benchmarks.peers.anoncreds_verifier FILE`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import anoncreds

from benchmarks.peers.child import Work, run_cold

SCHEMA, DEFINITION, REGISTRY = "schema:1", "definition:1", "registry:1"
_KINDS = {">=": "GE"}


@dataclass(frozen=True)
class Request:
    """A presentation request as JSON, and parsed."""

    fields: dict[str, Any]

    @cached_property
    def parsed(self) -> Any:
        """The library's object."""
        return anoncreds.PresentationRequest.load(self.fields)


@dataclass(frozen=True)
class Gateway:
    """A verifier's public objects. Every presentation is checked against `status`, one revocation status list."""

    schema: Any
    definition: Any
    registry: Any
    status: Any

    def check(self, octets: bytes, request: Request) -> None:
        """The verdict on a presentation for `request`. Raises AnoncredsError, or ValueError where it does not hold."""
        _check_predicates(json.loads(octets), request.fields)
        holds = anoncreds.Presentation.load(octets).verify(
            request.parsed,
            {SCHEMA: self.schema},
            {DEFINITION: self.definition},
            {REGISTRY: self.registry},
            [self.status],
        )
        if not holds:
            raise ValueError("the presentation does not hold")

    def pack(self, octets: bytes, request: Request) -> str:
        """This verifier with one presentation to check, as JSON."""
        objects = (self.schema, self.definition, self.registry, self.status)
        return json.dumps([*(one.to_json() for one in objects), request.fields, octets.decode()])


def _check_predicates(presentation: dict[str, Any], request: dict[str, Any]) -> None:
    """What is proved is what was asked for. Raises ValueError, LookupError."""
    for name, asked in request["requested_predicates"].items():
        proof = presentation["proof"]["proofs"][presentation["requested_proof"]["predicates"][name]["sub_proof_index"]]
        wanted = {"attr_name": asked["name"], "p_type": _KINDS[asked["p_type"]], "value": asked["p_value"]}
        if wanted not in [one["predicate"] for one in proof["primary_proof"]["ge_proofs"]]:
            raise ValueError("another predicate is proved than was asked for")


def cold(path: Path) -> Work:
    """A fresh verifier's work: reads the file, then gives the verdict as often as it is called."""
    schema, definition, registry, status, request, octets = json.loads(path.read_text(encoding="utf-8"))
    gateway = Gateway(
        anoncreds.Schema.load(schema),
        anoncreds.CredentialDefinition.load(definition),
        anoncreds.RevocationRegistryDefinition.load(registry),
        anoncreds.RevocationStatusList.load(status),
    )
    asked = Request(request)

    def verdict() -> int:
        gateway.check(octets.encode(), asked)
        return 0

    return verdict


if __name__ == "__main__":
    run_cold(cold)
