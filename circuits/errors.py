"""The four ways in which the mathematics can say no.

A check raises; nothing here returns a flag. Every error carries a stable `code` that other packages may show, and a
sentence for a person. Parsers raise nothing but `Malformed`, and say no more than which thing was malformed.
"""

from __future__ import annotations


class CircuitError(Exception):
    """Base of all errors raised by `circuits`. `code` is stable, lower case, hyphenated."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Malformed(CircuitError):
    """The octets are not an encoding of the thing that was expected."""

    def __init__(self, sentence: str) -> None:
        super().__init__("malformed", sentence)


class Rejected(CircuitError):
    """Well-formed, and false: a signature, proof, record or share that does not verify."""


class Unsatisfiable(CircuitError):
    """The holder has no witness for the statement (revoked, expired, not covered). Nothing was sent."""


class Misuse(CircuitError):
    """The caller broke a rule of this package: a bug on our side, never the other side's fault."""

    def __init__(self, sentence: str) -> None:
        super().__init__("misuse", sentence)
