"""Proves that a hidden attribute m is a member of a signed set, without saying which.

    Sbar = t G_s - m S'                   with  S' = t S_m,  Sbar = t (G_s - m S_m)
    pair(S', X_s) = pair(Sbar, P2)

Legend: S_m the weak Boneh-Boyen signature on m, G_s and X_s the set's base and key. Source: [CCS08],
docs/protocol.md, section 10. The caller still owes: the set from its own policy, S' in the subgroup and not O.
"""

from __future__ import annotations

from circuits.errors import Unsatisfiable
from circuits.language import OneOf
from circuits.membership_set import check_set_once, prepared_signature
from circuits.predicates.frame import Claim, Frame, Part, Public, Witness
from circuits.predicates.interval import names
from circuits.scalar import ORDER


def bases(part: Part, position: int, node: OneOf) -> dict[str, Public]:
    """G_s."""
    return {part.name(f"Gs{position}"): Public(node.members.base, node.members.base_table)}


def claim(part: Part, position: int, node: OneOf) -> Claim:
    """pair(S', X_s) = pair(Sbar, P2)."""
    shown, difference, _ = names(part, position)
    return Claim(shown, node.members.public_point, difference)


def rows(frame: Frame, part: Part, position: int, node: OneOf) -> None:
    """R4 of one predicate."""
    shown, difference, blind = names(part, position)
    base = part.name(f"Gs{position}")
    frame.row([(1, difference)], [(1, blind, base), (-1, part.message(node.index), shown)])


def witness(found: Witness, part: Part, position: int, node: OneOf, value: int, blind: int) -> None:
    """S', Sbar; t. Raises `Rejected` with code `set` when any member's signature is false, whichever the holder's is: a
    proof over such a set would tell its maker who could not make one. `Unsatisfiable` (`predicate`) for no member."""
    check_set_once(node.members)
    if value not in node.members.signatures:
        raise Unsatisfiable("predicate", "an attribute of the licence is not in the set that is asked for")
    shown, difference, name = names(part, position)
    base = prepared_signature(node.members, value)
    found.points[shown] = [(base, blind)]
    found.points[difference] = [(node.members.base_table, blind), (base, -blind * value % ORDER)]
    found.scalars[name] = blind
