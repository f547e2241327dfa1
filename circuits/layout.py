"""Where everything of a presentation stands: the compiled relation of a statement, the same for both roles.

A layout depends on the records, the disclosed values, the predicates and the context, but on no challenge, so that it
is made once and used for every proof of one epoch. Source: [PROTOCOL 5].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from circuits import generators
from circuits.attributes import AttributeValue
from circuits.curve import G1_OCTETS, G2, FixedBase
from circuits.errors import Misuse
from circuits.language import OneOf, Predicate
from circuits.predicates import escrow, interval, one_of, possession, pseudonym, standing
from circuits.predicates.frame import Claim, Frame, Part, Public, message_base, parts_of
from circuits.records.issuer import IssuerRecord
from circuits.scalar import SCALAR_OCTETS
from circuits.sigma.relation import Equation, Shape
from circuits.statement import Statement
from circuits.suite import Suite

_KEPT_LAYOUTS = 32


@dataclass(frozen=True, eq=False)
class Layout:
    """The relation of one statement, compiled.

    `shape` its equations; `folded` the same without the images that `image_bases` stand for; `public` element index to
    prepared base for the bases that terms use; `image_bases` equation index to prepared base where an image is all
    public; `wire` the names of the wire's points, which are the last elements; `scalars` the names of the secrets, in
    order; `claims` by element index; `prefix` the octets before the wire's points in the serialised relation.
    """

    shape: Shape
    folded: Shape
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
    companion = None if statement.companion is None else statement.companion.key
    key = (statement.licence.key, companion, statement.equal, escrow_hash, statement.context)
    return _kept.get(key, statement)


class _Kept:
    """The last few layouts. Callers reach it only after their policy has been checked, so strangers cannot fill it.

    Gateways verify on several threads, and a wallet's process may fork while one of them is in here: so nobody waits
    for a lock. A dictionary that others may see is never changed, but another put in its place. Of two threads that do
    so at once one has worked for nothing, and its layout is compiled again.
    """

    def __init__(self) -> None:
        self._layouts: dict[object, Layout] = {}

    def get(self, key: object, statement: Statement) -> Layout:
        """The layout kept under `key`, or that of `statement`, as the newest of those kept."""
        layouts = dict(self._layouts)
        layout = layouts.pop(key, None)
        if layout is None:
            layout = _compile(statement)
        layouts[key] = layout
        if len(layouts) > _KEPT_LAYOUTS:
            del layouts[next(iter(layouts))]
        self._layouts = layouts
        return layout


_kept = _Kept()


def _compile(statement: Statement) -> Layout:
    frame, parts = Frame(), parts_of(statement)
    bases, wire = _public_bases(statement, parts), _wire(statement, parts)
    for name in (*bases, *wire):
        frame.declare_element(name)
    for name in _secrets(statement, parts):
        frame.declare_scalar(name)
    _rows(frame, statement, parts)
    shape = frame.builder.shape()
    index = {name: element.index for name, element in frame.elements.items()}
    curve = statement.issuer.suite.curve
    image_bases = {
        row: disclosed_base(p.claims.issuer, p.claims.issuer.suite, p.claims.disclosed)
        for row, p in zip(_image_rows(statement), parts, strict=True)
    }
    equations = tuple(
        Equation((), equation.terms) if row in image_bases else equation for row, equation in enumerate(shape.equations)
    )
    in_terms = {term.element for equation in shape.equations for term in equation.terms}
    return Layout(
        shape=shape,
        folded=Shape(equations, shape.scalar_count, shape.element_count),
        public={index[name]: b.table for name, b in bases.items() if b.table is not None and index[name] in in_terms},
        image_bases=image_bases,
        wire=wire,
        scalars=tuple(frame.scalars),
        claims=tuple((index[claim.left], claim.key, index[claim.right]) for part in parts for claim in _claims(part)),
        prefix=shape.prefix + b"".join(curve.encode_g1(base.point) for base in bases.values()),
    )


def _predicates(part: Part) -> Iterator[tuple[int, Predicate]]:
    return enumerate(part.claims.predicates, 1)


def _rows(frame: Frame, statement: Statement, parts: Sequence[Part]) -> None:
    """The licence's rows, the pseudonym's, the escrow's, then the companion's."""
    licence, *others = parts
    _own_rows(frame, licence)
    pseudonym.rows(frame, licence)
    if statement.escrow is not None:
        escrow.rows(frame, licence)
    for part in others:
        _own_rows(frame, part)


def _image_rows(statement: Statement) -> list[int]:
    """Where the R2 of each part stands: its image is all public."""
    if statement.companion is None:
        return [1]
    rows = 3 + len(statement.predicates) + 1 + (0 if statement.escrow is None else 2)
    return [1, rows + 1]


def _own_rows(frame: Frame, part: Part) -> None:
    possession.rows(frame, part)
    standing.rows(frame, part)
    for position, node in _predicates(part):
        if isinstance(node, OneOf):
            one_of.rows(frame, part, position, node)
        else:
            interval.rows(frame, part, position, node)


def _claims(part: Part) -> Iterator[Claim]:
    yield possession.claim(part)
    yield standing.claim(part)
    for position, node in _predicates(part):
        yield one_of.claim(part, position, node) if isinstance(node, OneOf) else interval.claim(part, position)


def _public_bases(statement: Statement, parts: Sequence[Part]) -> dict[str, Public]:
    issuer = statement.issuer
    bases = {"P1": Public(issuer.suite.p1), "Q1": Public(issuer.q1)}
    for index, point in enumerate(issuer.message_bases):
        bases[message_base(index)] = Public(point, issuer.message_tables[index])
    licence, *others = parts
    bases |= _own_bases(licence)
    bases["OP"] = Public(
        generators.named_base(issuer.suite, issuer.api_id, generators.PSEUDONYM_BASE, statement.context),
        pseudonym_base(issuer.suite, issuer.api_id, statement.context),
    )
    if statement.escrow is not None:
        base, key = statement.escrow.tables
        bases["Ge"] = Public(statement.escrow.base, base)
        bases["K"] = Public(statement.escrow.public_point, key)
    for part in others:
        bases |= _own_bases(part)
    return bases


def _own_bases(part: Part) -> dict[str, Public]:
    bases = standing.bases(part)
    if any(not isinstance(node, OneOf) for node in part.claims.predicates):
        bases |= interval.bases(part)
    for position, node in _predicates(part):
        if isinstance(node, OneOf):
            bases |= one_of.bases(part, position, node)
    return bases


def _wire(statement: Statement, parts: Sequence[Part]) -> tuple[str, ...]:
    licence, *others = parts
    wire = [*_own_wire(licence), "Nym"]
    if statement.escrow is not None:
        wire += ["E1", "E2"]
    for part in others:
        wire += _own_wire(part)
    return tuple(wire)


def _own_wire(part: Part) -> list[str]:
    wire = [part.name(point) for point in (*possession.POINTS, *standing.POINTS)]
    for position, _ in _predicates(part):
        wire += interval.names(part, position)[:2]
    return wire


def _secrets(statement: Statement, parts: Sequence[Part]) -> list[str]:
    licence, *others = parts
    names = _own_secrets(licence)
    if statement.escrow is not None:
        names.append("k")
    for part in others:
        names += _own_secrets(part)
    return names


def _own_secrets(part: Part) -> list[str]:
    names = [part.name("e"), part.name("r1"), part.name("r3"), *part.secrets, part.name("rho")]
    return names + [interval.names(part, position)[2] for position, _ in _predicates(part)]


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
