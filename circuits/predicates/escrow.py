"""Proves that the ciphertext holds this licence's archive point, encrypted to the openers.

    E1 = k G_e        E2 = k K + m_11 J_1 + m_0 H_0

Legend: K the openers' key, m_11 link secret, m_0 handle; m_11 J_1 + m_0 H_0 is what the issuer archived.
Source: [PROTOCOL 5] R6, R7. The caller still owes: K from its own trusted record, E1 in the subgroup and not O.
"""

from __future__ import annotations

from circuits.attributes import LINK_SECRET_INDEX
from circuits.predicates.frame import Frame, Part, Witness
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord


def rows(frame: Frame, part: Part) -> None:
    """R6 and R7."""
    frame.row([(1, "E1")], [(1, "k", "Ge")])
    frame.row([(1, "E2")], [(1, "k", "K"), (1, part.message(LINK_SECRET_INDEX), "J1"), (1, part.message(0), "H0")])


def witness(
    found: Witness, escrow: EscrowRecord, issuer: IssuerRecord, link_secret: int, handle: int, blind: int
) -> None:
    """E1, E2; k."""
    base, key = escrow.tables
    found.points["E1"] = [(base, blind)]
    found.points["E2"] = [
        (key, blind),
        (issuer.message_tables[LINK_SECRET_INDEX], link_secret),
        (issuer.message_tables[0], handle),
    ]
    found.scalars["k"] = blind
