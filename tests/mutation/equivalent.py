"""Guards that no test can be made to miss, each with the reason: the key is (file, function, kind, text, ordinal).

The harness fails when an entry names nothing, and when a test does fail without it.
"""

from __future__ import annotations

_FLAGS = (
    "no octets with these flags decode to the identity; asked of the decoded point all the same, because the library "
    "has other octets that do"
)
_ARKWORKS, _REFERENCE = "circuits/curve/arkworks.py", "circuits/curve/reference.py"
_OFF_SUBGROUP = "is_inf(point) in is_inf(point) or not is_inf(multiply(point, ORDER))"

EQUIVALENT: dict[tuple[str, str, str, str, int], str] = {
    (_ARKWORKS, "ArkworksCurve.decode_g1", "guard", "point == _O", 1): _FLAGS,
    (_ARKWORKS, "ArkworksCurve.decode_g2", "guard", "point == G2Point.identity()", 1): _FLAGS,
    (_REFERENCE, "ReferenceCurve.decode_g1", "part", _OFF_SUBGROUP, 1): _FLAGS,
    (_REFERENCE, "ReferenceCurve.decode_g2", "part", _OFF_SUBGROUP, 1): _FLAGS,
}
