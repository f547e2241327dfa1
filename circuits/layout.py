"""Where everything of a presentation stands: the compiled relation of a statement, the same for both roles.

A layout depends on the records, the disclosed values, the predicates and the context, but on no challenge, so that it
is made once and used for every proof of one epoch. Source: [PROTOCOL 5].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from circuits import generators
from circuits.attributes import AttributeValue
from circuits.curve import G1, G1_OCTETS, G2, FixedBase
from circuits.errors import Misuse
from circuits.predicates import escrow, interval, possession, pseudonym, standing
from circuits.predicates.frame import Claim, Frame, message, message_base
from circuits.records.issuer import IssuerRecord
from circuits.scalar import SCALAR_OCTETS
from circuits.sigma.relation import Shape
from circuits.statement import Statement
from circuits.suite import Suite

_KEPT_LAYOUTS = 32


@dataclass(frozen=True, eq=False)
class Layout:
    """The relation of one statement, compiled.

    `shape` its equations; `public` element index to prepared base for the bases that terms use; `image_bases` equation
    index to prepared base where an image is all public; `wire` the names of the wire's points, which are the last
    elements; `scalars` the names of the secrets, in order; `claims` by element index; `prefix` the octets before the
    wire's points in the serialised relation.
    """

    shape: Shape
    public: dict[int, FixedBase]
    image_bases: dict[int, FixedBase]
    wire: tuple[str, ...]
    scalars: tuple[str, ...]
    claims: tuple[tuple[int, G2, int], ...]
    prefix: bytes

    @property
    def first_wire(self) -> int:
        """The index of the wire's first point among the elements."""
        return self.shape.element_count - len(self.wire)

    @property
    def points_octets(self) -> int:
        """The octets of the wire's points in a proof."""
        return G1_OCTETS * len(self.wire)

    @property
    def commitments_octets(self) -> int:
        """The octets of T in a proof."""
        return G1_OCTETS * len(self.shape.equations)

    @property
    def proof_octets(self) -> int:
        """The exact length of a proof: 48 (14+3n) + 32 (5+n+hidden) with n predicates and an escrow."""
        return self.points_octets + self.commitments_octets + SCALAR_OCTETS * len(self.scalars)


def layout_of(statement: Statement) -> Layout:
    """The layout of `statement`. Raises `Misuse` when its B_d is O, which nobody can bring about by chance."""
    escrow_hash = b"" if statement.escrow is None else statement.escrow.hash
    key = (
        statement.issuer.suite,
        statement.issuer.hash,
        statement.accumulator.hash,
        statement.epoch.value,
        escrow_hash,
        statement.disclosed,
        statement.predicates,
        statement.context,
    )
    return _kept.get(key, statement)


class _Kept:
    """The last few layouts. Callers reach it only after their policy has been checked, so strangers cannot fill it.

    Gateways verify on several threads: the lock covers the dictionary and not the compiling, which two may then do.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._layouts: dict[object, Layout] = {}

    def get(self, key: object, statement: Statement) -> Layout:
        with self._guard:
            layout = self._layouts.get(key)
        if layout is None:
            layout = _compile(statement)
        with self._guard:
            self._layouts.pop(key, None)
            self._layouts[key] = layout
            if len(self._layouts) > _KEPT_LAYOUTS:
                del self._layouts[next(iter(self._layouts))]
        return layout


_kept = _Kept()


def _compile(statement: Statement) -> Layout:
    frame = Frame(statement)
    bases = _public_bases(statement)
    wire, claims = _wire(statement)
    for name in (*bases, *wire):
        frame.declare_element(name)
    for name in _secrets(statement):
        frame.declare_scalar(name)
    _rows(frame)
    shape = frame.builder.shape()
    index = {name: element.index for name, element in frame.elements.items()}
    curve = statement.issuer.suite.curve
    keys = {
        "W": statement.issuer.public_point,
        "Q_a": statement.accumulator.public_point,
        "X_d": statement.issuer.digit_point,
    }
    in_terms = {term.element for equation in shape.equations for term in equation.terms}
    if {index["P1"], index["Q1"], *(index[message_base(shown)] for shown, _ in statement.disclosed)} & in_terms:
        raise Misuse("a base of the disclosed part is used elsewhere too")
    public = {index[name]: base for name, (_, base) in bases.items() if base is not None and index[name] in in_terms}
    return Layout(
        shape=shape,
        public=public,
        image_bases={1: disclosed_base(statement.issuer, statement.issuer.suite, statement.disclosed)},
        wire=wire,
        scalars=tuple(frame.scalars),
        claims=tuple((index[claim.left], keys[claim.key], index[claim.right]) for claim in claims),
        prefix=shape.prefix + b"".join(curve.encode_g1(point) for point, _ in bases.values()),
    )


def _rows(frame: Frame) -> None:
    statement = frame.statement
    possession.rows(frame)
    standing.rows(frame)
    for position, (index, bound) in enumerate(statement.predicates, 1):
        interval.rows(frame, position, index, bound)
    pseudonym.rows(frame)
    if statement.escrow is not None:
        escrow.rows(frame)


def _public_bases(statement: Statement) -> dict[str, tuple[G1, FixedBase | None]]:
    issuer = statement.issuer
    bases: dict[str, tuple[G1, FixedBase | None]] = {"P1": (issuer.suite.p1, None), "Q1": (issuer.q1, None)}
    for index, point in enumerate(issuer.message_bases):
        bases[message_base(index)] = (point, issuer.message_tables[index])
    bases["V"] = (statement.epoch.point, statement.epoch.table)
    if statement.predicates:
        bases["Gd"] = (issuer.digit_base, issuer.digit_base_table)
    bases["OP"] = (
        generators.named_base(issuer.suite, issuer.api_id, generators.PSEUDONYM_BASE, statement.context),
        pseudonym_base(issuer.suite, issuer.api_id, statement.context),
    )
    if statement.escrow is not None:
        base, key = statement.escrow.tables
        bases["Ge"] = (statement.escrow.base, base)
        bases["K"] = (statement.escrow.public_point, key)
    return bases


def _wire(statement: Statement) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    wire = ["Abar", "Bbar", "D", "C'", "Cbar"]
    claims = [possession.CLAIM, standing.CLAIM]
    for position in range(1, len(statement.predicates) + 1):
        wire += interval.names(position)[:2]
        claims.append(interval.claim(position))
    wire.append("Nym")
    if statement.escrow is not None:
        wire += ["E1", "E2"]
    return tuple(wire), tuple(claims)


def _secrets(statement: Statement) -> list[str]:
    names = ["e", "r1", "r3", *(message(index) for index in statement.hidden), "rho"]
    names += [interval.names(position)[2] for position in range(1, len(statement.predicates) + 1)]
    if statement.escrow is not None:
        names.append("k")
    return names


@lru_cache(maxsize=64)
def disclosed_base(issuer: IssuerRecord, suite: Suite, disclosed: tuple[tuple[int, AttributeValue], ...]) -> FixedBase:
    """B_d = P1 + domain Q1 + sum of the disclosed m_i H_i, prepared. Raises `Misuse` for O.

    `suite` is the issuer's: equal records may be on two curve backends, whose points do not mix.
    """
    curve = suite.curve
    scalars = [issuer.scalar(index, value) for index, value in disclosed]
    point = curve.add(
        issuer.base_point, curve.combine([issuer.message_bases[index] for index, _ in disclosed], scalars)
    )
    if curve.is_identity(point):
        raise Misuse("the disclosed part of a licence is the identity")
    return curve.fixed_base(point)


@lru_cache(maxsize=16)
def pseudonym_base(suite: Suite, api_id: bytes, context: bytes) -> FixedBase:
    """OP of `context`, prepared."""
    return suite.curve.fixed_base(generators.named_base(suite, api_id, generators.PSEUDONYM_BASE, context))
