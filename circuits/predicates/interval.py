"""Proves b <= m < b + 4096, or b - 4096 < m <= b, for a hidden attribute m: the difference d is a signed digit.

    at least:   Sbar - b S' = t G_d - m S'      d = m - b
    at most:    Sbar + b S' = t G_d + m S'      d = b - m
    with  S' = t S_d,  Sbar = t (G_d - d S_d)   and   pair(S', X_d) = pair(Sbar, P2)

Legend: S_d the weak Boneh-Boyen signature on digit d, X_d the digits' key. Source: [CCS08], [PROTOCOL 5] R4.
The caller still owes: S' in the subgroup and not O, b from its own policy. The image is not O in a true proof, because
X_d = b P2 (or -b P2) is refused here and Sbar = b S' would need it by the pairing.
"""

from __future__ import annotations

from circuits.attributes import WINDOW
from circuits.errors import Misuse, Unsatisfiable
from circuits.language import AtLeast, AtMost
from circuits.predicates.frame import Claim, Frame, Part, Public, Witness
from circuits.scalar import ORDER
from circuits.weak_bb import DigitTable


def names(part: Part, position: int) -> tuple[str, str, str]:
    """The names of S', Sbar and t of the predicate at `position`, counted from 1."""
    return part.name(f"S'{position}"), part.name(f"Sbar{position}"), part.name(f"t{position}")


def bases(part: Part) -> dict[str, Public]:
    """G_d."""
    issuer = part.claims.issuer
    return {part.name("Gd"): Public(issuer.digit_base, issuer.digit_base_table)}


def claim(part: Part, position: int) -> Claim:
    """pair(S', X_d) = pair(Sbar, P2)."""
    digit, difference, _ = names(part, position)
    return Claim(digit, part.claims.issuer.digit_point, difference)


def rows(frame: Frame, part: Part, position: int, node: AtLeast | AtMost) -> None:
    """R4 of one predicate. Raises `Misuse` when the digits' key is the bound, by no chance."""
    digit, difference, blind = names(part, position)
    sign = _sign(node)
    _check_key(part, sign * node.bound)
    frame.row(
        [(1, difference), (-sign * node.bound, digit)],
        [(1, blind, part.name("Gd")), (-sign, part.message(node.index), digit)],
    )


def witness(
    found: Witness, part: Part, position: int, node: AtLeast | AtMost, table: DigitTable, value: int, blind: int
) -> None:
    """S', Sbar; t. Raises `Unsatisfiable` with code `predicate` when the value is not in the window."""
    digit = _sign(node) * (value - node.bound)
    if not 0 <= digit < WINDOW:
        raise Unsatisfiable("predicate", "an attribute of the licence is not in the range that is asked for")
    shown, difference, name = names(part, position)
    base = table.signature(digit)
    found.points[shown] = [(base, blind)]
    found.points[difference] = [(table.issuer.digit_base_table, blind), (base, -blind * digit % ORDER)]
    found.scalars[name] = blind


def _sign(node: AtLeast | AtMost) -> int:
    return 1 if isinstance(node, AtLeast) else -1


def _check_key(part: Part, bound: int) -> None:
    """Instance check 9 once for all proofs: an image of O means Sbar = b S', and with the pairing X_d = b P2."""
    issuer = part.claims.issuer
    curve = issuer.suite.curve
    if curve.encode_g2(curve.multiply_g2(curve.g2_generator(), bound)) == issuer.digit_key:
        raise Misuse("the digits' key is a bound of the statement")
