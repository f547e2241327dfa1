"""Proves that a credential is not revoked: its handle m_0 has a witness in the accumulator at the epoch's value.

    Cbar = rho V - m_0 C'                 with  C' = rho C,  Cbar = rho (V - m_0 C)
    pair(C', Q_a) = pair(Cbar, P2)

Legend: V value, C witness, Q_a the accumulator's key. Source: [VB20], [PROTOCOL 5] R3.
The caller still owes: V from its own trusted epoch, C' in the subgroup and not O.
"""

from __future__ import annotations

from circuits.accumulator import Membership
from circuits.predicates.frame import Claim, Frame, Part, Public, Witness
from circuits.scalar import ORDER

POINTS = ("C'", "Cbar")


def bases(part: Part) -> dict[str, Public]:
    """V."""
    epoch = part.claims.epoch
    return {part.name("V"): Public(epoch.point, epoch.table)}


def claim(part: Part) -> Claim:
    """pair(C', Q_a) = pair(Cbar, P2)."""
    return Claim(part.name("C'"), part.claims.accumulator.public_point, part.name("Cbar"))


def rows(frame: Frame, part: Part) -> None:
    """R3."""
    name = part.name
    frame.row([(1, name("Cbar"))], [(1, name("rho"), name("V")), (-1, part.message(0), name("C'"))])


def witness(found: Witness, part: Part, membership: Membership, handle: int, rho: int) -> None:
    """C', Cbar; rho. The membership's value is the epoch's."""
    found.points |= {
        part.name("C'"): [(membership.table, rho)],
        part.name("Cbar"): [(part.claims.epoch.table, rho), (membership.table, -rho * handle % ORDER)],
    }
    found.scalars[part.name("rho")] = rho
