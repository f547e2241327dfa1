"""The curve: one set of laws (`backend`), two backends that obey them, and which of the two the process uses.

The default is arkworks, a native wheel. The reference is py_ecc: slow, independent, pure Python; it is the oracle of
the differential tests and runs the whole thing where no wheel exists. A process chooses once, before its first point.
"""

from __future__ import annotations

from importlib import import_module
from sys import getrecursionlimit, setrecursionlimit
from typing import cast

from circuits.curve.backend import G1, G1_AFFINE_OCTETS, G1_OCTETS, G2, G2_OCTETS, Curve, FixedBase
from circuits.errors import Misuse

_BACKENDS = {
    "arkworks": ("circuits.curve.arkworks", "ArkworksCurve"),
    "reference": ("circuits.curve.reference", "ReferenceCurve"),
}
_made: dict[str, Curve] = {}
_default = "arkworks"


def load(name: str) -> Curve:
    """The backend called `name`: `arkworks` or `reference`. `Misuse` for another, ImportError without its library."""
    if name not in _BACKENDS:
        raise Misuse(f"no curve backend is called {name!r}")
    if name not in _made:
        module, attribute = _BACKENDS[name]
        # py_ecc raises the interpreter's recursion limit a hundredfold when it is imported. With that, a deeply nested
        # message anywhere in the process overflows the stack instead of raising RecursionError: the limit is put back.
        limit = getrecursionlimit()
        _made[name] = cast(Curve, getattr(import_module(module), attribute)())
        setrecursionlimit(limit)
    return _made[name]


def use(name: str) -> Curve:
    """Make `name` the backend of this process's suites. Points of two backends do not mix: call it first of all."""
    global _default
    curve = load(name)
    _default = name
    return curve


def default() -> Curve:
    """The backend in use."""
    return load(_default)


__all__ = ["G1", "G1_AFFINE_OCTETS", "G1_OCTETS", "G2", "G2_OCTETS", "Curve", "FixedBase", "default", "load", "use"]
