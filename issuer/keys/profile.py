"""The one licence profile that this issuer signs: the limits that the lints hold every licence to.

Source: [PROTOCOL 2].
"""

from __future__ import annotations

PROFILE_ID = "operator-licence-1"
TIERS = (2, 3)
PERMIT_KINDS = {"sole": 1, "corporate": 2}
MAX_BAND = 4095
DIGIT_WINDOW_DAYS = 4000
"""No day later than the day of issue plus this is ever signed: the range proof has one digit of base 4096."""
MAX_TEXT_OCTETS = 64
NAMES = (
    "handle",
    "tier",
    "jurisdiction",
    "good_until",
    "cover_band",
    "permit",
    "permit_kind",
    "competence",
    "insured_until",
    "spare",
)
