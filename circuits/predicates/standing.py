"""Proves that the licence is not revoked: its handle m_0 has a witness in the accumulator at the epoch's value.

    Cbar = rho V - m_0 C'                 with  C' = rho C,  Cbar = rho (V - m_0 C)
    pair(C', Q_a) = pair(Cbar, P2)

Legend: V value, C witness, Q_a the accumulator's key. Source: [VB20], [PROTOCOL 5] R3.
The caller still owes: V from its own trusted epoch, C' in the subgroup and not O.
"""

from __future__ import annotations

from circuits.accumulator import Membership
from circuits.predicates.frame import Claim, Frame, Witness, message
from circuits.scalar import ORDER

CLAIM = Claim("C'", "Q_a", "Cbar")


def rows(frame: Frame) -> None:
    """R3."""
    frame.row([(1, "Cbar")], [(1, "rho", "V"), (-1, message(0), "C'")])


def witness(found: Witness, membership: Membership, handle: int, rho: int) -> None:
    """C', Cbar; rho."""
    value_base, witness_base = membership.tables
    found.points |= {
        "C'": [(witness_base, rho)],
        "Cbar": [(value_base, rho), (witness_base, -rho * handle % ORDER)],
    }
    found.scalars["rho"] = rho
