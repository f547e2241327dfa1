"""Proves that the pseudonym is the one of this licence's link secret in this context.

    Nym = m_11 OP                         with  OP = hash_to_curve(context)

Legend: m_11 link secret. Source: [NYM 4], [PROTOCOL 5] R5. The caller still owes: Nym != O.
"""

from __future__ import annotations

from circuits.attributes import LINK_SECRET_INDEX
from circuits.curve import FixedBase
from circuits.predicates.frame import Frame, Part, Witness


def rows(frame: Frame, part: Part) -> None:
    """R5."""
    frame.row([(1, "Nym")], [(1, part.message(LINK_SECRET_INDEX), "OP")])


def witness(found: Witness, base: FixedBase, link_secret: int) -> None:
    """Nym."""
    found.points["Nym"] = [(base, link_secret)]
