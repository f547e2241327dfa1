"""Proves possession of a licence: a BBS signature on the twelve scalars, some of them shown.

    Bbar = r1 D - e Abar                  with  Abar = r1 r2 A,  Bbar = r1 r2 (B - e A),  D = r2 B,  r3 = 1/r2
    B_d  = r3 D - sum_hidden m_j H_j      with  B_d = P1 + domain Q1 + sum_disclosed m_i H_i
    pair(Abar, W) = pair(Bbar, P2)

Legend: (A, e) signature, B the signed point, W the issuer's key. Source: [BBS CoreProofGen], [PROTOCOL 5] R1, R2.
The caller still owes: B_d != O, Abar in the subgroup and not O.
"""

from __future__ import annotations

from circuits.credential import Credential
from circuits.predicates.frame import Claim, Frame, Witness, message, message_base
from circuits.scalar import ORDER, inverse

CLAIM = Claim("Abar", "W", "Bbar")


def rows(frame: Frame) -> None:
    """R1 and R2."""
    statement = frame.statement
    issuer = statement.issuer
    frame.row([(1, "Bbar")], [(1, "r1", "D"), (-1, "e", "Abar")])
    shown = [(issuer.scalar(index, value), message_base(index)) for index, value in statement.disclosed]
    hidden = [(-1, message(index), message_base(index)) for index in statement.hidden]
    frame.row([(1, "P1"), (issuer.domain, "Q1"), *shown], [(1, "r3", "D"), *hidden])


def witness(found: Witness, frame: Frame, credential: Credential, r1: int, r2: int) -> None:
    """Abar, Bbar, D; e, r1, r3 and the hidden messages."""
    product = r1 * r2 % ORDER
    signature_base, signed_base, difference_base = credential.tables
    found.points |= {
        "Abar": [(signature_base, product)],
        "Bbar": [(difference_base, product)],
        "D": [(signed_base, r2)],
    }
    found.scalars |= {"e": credential.exponent, "r1": r1, "r3": inverse(r2)}
    messages = credential.messages.expose()
    found.scalars |= {message(index): messages[index] for index in frame.statement.hidden}
