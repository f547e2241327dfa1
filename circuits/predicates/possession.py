"""Proves possession of a credential: a BBS signature on the twelve scalars, some of them shown.

    Bbar = r1 D - e Abar                  with  Abar = r1 r2 A,  Bbar = r1 r2 (B - e A),  D = r2 B,  r3 = 1/r2
    B_d  = r3 D - sum_hidden m_j H_j      with  B_d = P1 + domain Q1 + sum_disclosed m_i H_i
    pair(Abar, W) = pair(Bbar, P2)

Legend: (A, e) signature, B the signed point, W the issuer's key. Source: [BBS CoreProofGen], [PROTOCOL 5] R1, R2.
The caller still owes: B_d != O, Abar in the subgroup and not O.
"""

from __future__ import annotations

from circuits.credential import Credential
from circuits.predicates.frame import Claim, Frame, Part, Witness, message_base
from circuits.scalar import ORDER, inverse

POINTS = ("Abar", "Bbar", "D")


def claim(part: Part) -> Claim:
    """pair(Abar, W) = pair(Bbar, P2)."""
    return Claim(part.name("Abar"), part.claims.issuer.public_point, part.name("Bbar"))


def rows(frame: Frame, part: Part) -> None:
    """R1 and R2."""
    issuer, name = part.claims.issuer, part.name
    frame.row([(1, name("Bbar"))], [(1, name("r1"), name("D")), (-1, name("e"), name("Abar"))])
    shown = [(issuer.scalar(index, value), message_base(index)) for index, value in part.claims.disclosed]
    hidden = [(-1, part.message(index), message_base(index)) for index in part.claims.hidden]
    frame.row([(1, "P1"), (issuer.domain, "Q1"), *shown], [(1, name("r3"), name("D")), *hidden])


def witness(found: Witness, part: Part, credential: Credential, r1: int, r2: int) -> None:
    """Abar, Bbar, D; e, r1, r3 and the hidden messages."""
    product = r1 * r2 % ORDER
    signature_base, signed_base, difference_base = credential.tables
    name = part.name
    found.points |= {
        name("Abar"): [(signature_base, product)],
        name("Bbar"): [(difference_base, product)],
        name("D"): [(signed_base, r2)],
    }
    found.scalars |= {name("e"): credential.exponent, name("r1"): r1, name("r3"): inverse(r2)}
    messages = credential.messages.expose()
    found.scalars |= {part.message(index): messages[index] for index in part.claims.hidden}
