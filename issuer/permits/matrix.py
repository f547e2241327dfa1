"""Which requirements each tier of operation has [R39]: a table, and one function that says what is missing."""

from __future__ import annotations

from collections.abc import Set
from enum import IntEnum, StrEnum

from issuer.errors import Denied


class Tier(IntEnum):
    """Tiers of operation."""

    PERSONAL = 1
    PROFESSIONAL = 2
    ENTERPRISE = 3


class Requirement(StrEnum):
    """What a tier may ask for."""

    OPERATORS_LICENCE = "operators-licence"
    STANDARD_TERMS = "standard-terms"
    OPERATING_PERMIT = "operating-permit"
    FULL_OPERATING_PERMIT = "full-operating-permit"
    MINIMUM_OPERATORS = "minimum-operators"
    INCIDENT_REPORTING = "incident-reporting"
    LIABILITY_INSURANCE = "liability-insurance"
    MANDATORY_INSURANCE = "mandatory-insurance"
    AUDIT_TRAIL = "audit-trail"
    NAMED_OPERATOR_PER_SYSTEM = "named-operator-per-system"


_INDIVIDUAL = frozenset({Requirement.OPERATORS_LICENCE, Requirement.STANDARD_TERMS})
_BUSINESS = _INDIVIDUAL | {Requirement.MINIMUM_OPERATORS, Requirement.INCIDENT_REPORTING}

MATRIX: dict[Tier, frozenset[Requirement]] = {
    Tier.PERSONAL: _INDIVIDUAL,
    Tier.PROFESSIONAL: _BUSINESS | {Requirement.OPERATING_PERMIT, Requirement.LIABILITY_INSURANCE},
    Tier.ENTERPRISE: _BUSINESS
    | {
        Requirement.FULL_OPERATING_PERMIT,
        Requirement.MANDATORY_INSURANCE,
        Requirement.AUDIT_TRAIL,
        Requirement.NAMED_OPERATOR_PER_SYSTEM,
    },
}
"""Version 1. The duties of tier 2 hold in tier 3 as well; its full permit and mandatory insurance take the place of
the lesser.
"""

IMPLIES: dict[Requirement, Requirement] = {
    Requirement.FULL_OPERATING_PERMIT: Requirement.OPERATING_PERMIT,
    Requirement.MANDATORY_INSURANCE: Requirement.LIABILITY_INSURANCE,
}
"""Whoever meets the first meets the second."""


def check_requirements(tier: Tier, met: Set[Requirement]) -> None:
    """Raises Denied("requirements-missing", missing=[...]) unless everything that the tier asks for is met."""
    held = set(met) | {lesser for greater, lesser in IMPLIES.items() if greater in met}
    missing = sorted(MATRIX[tier] - held)
    if missing:
        raise Denied(
            "requirements-missing", f"Tier {int(tier)} also needs: {', '.join(missing)}.", missing=list(missing)
        )
