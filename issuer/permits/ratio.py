"""How many Principal Operators a permit needs [R38, D4]: a versioned table, and one function over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from issuer.errors import Denied, Invalid

_FACTORS = {
    "customer-service": 1,
    "internal-assistance": 1,
    "business-automation": 2,
    "customer-facing": 2,
    "trading": 4,
    "financial": 4,
    "critical-infrastructure": 4,
}


@dataclass(frozen=True)
class RatioPolicy:
    """max(1, ceil(systems / systems_per_operator), ceil(agents / agents_per_operator)) x the highest class factor."""

    version: int = 1
    systems_per_operator: int = 5
    agents_per_operator: int = 50
    class_factors: Mapping[str, int] = field(default_factory=lambda: MappingProxyType(_FACTORS))

    def required(self, systems: Mapping[str, int], agents: int) -> int:
        """Principal Operators needed for `systems` (class -> how many) with `agents` agents in all.

        Raises Invalid("unknown-class" | "negative-count").
        """
        if unknown := sorted(systems.keys() - self.class_factors.keys()):
            raise Invalid("unknown-class", f"There is no such class of system: {', '.join(unknown)}.")
        if agents < 0 or any(count < 0 for count in systems.values()):
            raise Invalid("negative-count", "Systems and agents cannot be fewer than none.")
        by_systems = -(-sum(systems.values()) // self.systems_per_operator)
        by_agents = -(-agents // self.agents_per_operator)
        factor = max((self.class_factors[name] for name, count in systems.items() if count), default=1)
        return max(1, by_systems, by_agents) * factor


def check_operators(policy: RatioPolicy, systems: Mapping[str, int], agents: int, operators: int) -> None:
    """Raises Denied("too-few-operators", required=..., present=...) if a permit has fewer than it needs."""
    required = policy.required(systems, agents)
    if operators < required:
        sentence = f"These systems need {required} Principal Operators, and the permit has {operators}."
        raise Denied("too-few-operators", sentence, required=required, present=operators)
