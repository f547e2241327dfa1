"""What the predicates share: handles of the relation, the holder's prepared bases, and the order of everything.

Public bases come first, then the points of the wire in wire order; the witness is e, r1, r3, the hidden messages
ascending, rho, t_1 .. t_n, k, and then the companion's. Source: [PROTOCOL 5].
"""

from __future__ import annotations

from dataclasses import dataclass, field

from circuits.attributes import LINK_SECRET_INDEX
from circuits.curve import G1, G2, FixedBase
from circuits.sigma.relation import Builder, Element, Scalar
from circuits.statement import Claims, Statement

Combination = list[tuple[FixedBase, int]]
"""sum scalar * base: how the prover knows a point of the wire."""


@dataclass(frozen=True)
class Frame:
    """The relation of a statement while it is being written, and the names of all that stands in it.

    Legend: P1, Q1, H_j message bases (H_10 = Q2, H_11 = J1), V accumulator value, G_d digits' base, G_s a set's base,
    OP pseudonym base, G_e, K escrow bases; the rest as in docs/protocol.md, section 5.
    """

    builder: Builder = field(default_factory=Builder)
    elements: dict[str, Element] = field(default_factory=dict)
    scalars: dict[str, Scalar] = field(default_factory=dict)

    def declare_element(self, name: str) -> None:
        """Declare an element called `name`."""
        self.elements[name] = self.builder.element(name)

    def declare_scalar(self, name: str) -> None:
        """Declare a secret scalar called `name`."""
        self.scalars[name] = self.builder.scalar(name)

    def row(self, image: list[tuple[int, str]], terms: list[tuple[int, str, str]]) -> None:
        """Add the equation sum coefficient * element = sum coefficient * scalar * element, by names."""
        self.builder.equation(
            [(coefficient, self.elements[element]) for coefficient, element in image],
            [(coefficient, self.scalars[scalar], self.elements[element]) for coefficient, scalar, element in terms],
        )


@dataclass(frozen=True)
class Part:
    """One credential's part of a relation: what is said of it, and how its points and secrets are called.

    The licence's names are plain; the companion's end in `~`, but for the secrets that are the licence's own: the link
    secret, and every attribute that is said to be equal. One name is one handle, and that is the equality.
    """

    claims: Claims
    suffix: str = ""
    shared: tuple[tuple[int, int], ...] = ()

    def name(self, base: str) -> str:
        """`base` as it is called in this part."""
        return base + self.suffix

    def message(self, index: int) -> str:
        """The name of the secret scalar m_index."""
        shared = dict(self.shared)
        return f"m{shared[index]}" if index in shared else self.name(f"m{index}")

    @property
    def secrets(self) -> list[str]:
        """The names of the hidden messages that no other part declares, ascending."""
        shared = dict(self.shared)
        return [self.message(index) for index in self.claims.hidden if index not in shared]


def parts_of(statement: Statement) -> tuple[Part, ...]:
    """The licence's part, then the companion's."""
    if statement.companion is None:
        return (Part(statement.licence),)
    shared = ((LINK_SECRET_INDEX, LINK_SECRET_INDEX), *((other, index) for index, other in statement.equal))
    return Part(statement.licence), Part(statement.companion, "~", shared)


@dataclass(frozen=True)
class Claim:
    """pair(left, key) = pair(right, P2), by the names of the wire's points."""

    left: str
    key: G2
    right: str


@dataclass(frozen=True)
class Public:
    """A public base: the point, and its table where terms use it."""

    point: G1
    table: FixedBase | None = None


@dataclass
class Witness:
    """What the prover knows: each point of the wire as a combination of prepared bases, each scalar's value."""

    points: dict[str, Combination] = field(default_factory=dict, repr=False)
    scalars: dict[str, int] = field(default_factory=dict, repr=False)


def message_base(index: int) -> str:
    """The name of H_index in the relation: `H0` .. `H9`, `Q2`, `J1`."""
    return {10: "Q2", 11: "J1"}.get(index, f"H{index}")
