"""Proves b <= m < b + 4096 for a hidden attribute m: d = m - b is a signed digit.

    Sbar - b S' = t G_d - m S'            with  S' = t S_d,  Sbar = t (G_d - d S_d)
    pair(S', X_d) = pair(Sbar, P2)

Legend: S_d the weak Boneh-Boyen signature on digit d, X_d the digits' key. Source: [CCS08], [PROTOCOL 5] R4.
The caller still owes: Sbar != b S', S' in the subgroup and not O, b from its own policy.
"""

from __future__ import annotations

from circuits.attributes import WINDOW
from circuits.errors import Unsatisfiable
from circuits.predicates.frame import Claim, Frame, Witness, message
from circuits.scalar import ORDER
from circuits.weak_bb import DigitTable


def names(position: int) -> tuple[str, str, str]:
    """The names of S', Sbar and t of the predicate at `position`, counted from 1."""
    return f"S'{position}", f"Sbar{position}", f"t{position}"


def claim(position: int) -> Claim:
    """pair(S', X_d) = pair(Sbar, P2)."""
    digit, difference, _ = names(position)
    return Claim(digit, "X_d", difference)


def rows(frame: Frame, position: int, index: int, bound: int) -> None:
    """R4 of one predicate."""
    digit, difference, blind = names(position)
    frame.row([(1, difference), (-bound, digit)], [(1, blind, "Gd"), (-1, message(index), digit)])


def witness(found: Witness, position: int, table: DigitTable, value: int, bound: int, blind: int) -> None:
    """S', Sbar; t. Raises `Unsatisfiable` with code `predicate` when the value is not in the window."""
    difference_digit = value - bound
    if not 0 <= difference_digit < WINDOW:
        raise Unsatisfiable("predicate", "an attribute of the licence is not in the range that is asked for")
    digit, difference, name = names(position)
    base = table.signature(difference_digit)
    found.points[digit] = [(base, blind)]
    found.points[difference] = [(table.issuer.digit_base_table, blind), (base, -blind * difference_digit % ORDER)]
    found.scalars[name] = blind
