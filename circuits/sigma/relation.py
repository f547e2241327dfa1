"""Linear relations over G1: what a sigma proof is about, how it is written, and the ten checks it must pass.

A relation says that somebody knows scalars x_0 .. x_(s-1) such that every equation holds:

    sum coefficient * element  =  sum coefficient * x_scalar * element
    (the image)                   (the terms)

`Shape` is everything but the points: equations, indices and coefficients. The elements are a sequence in which index 0
is BP1, the standard generator; BP1 is never written. So instance octets = `shape.prefix` || the octets of elements 1..

The checks keep the draft's numbers: 1 to 6 by `check_shape`, 7 to 10 by `check_elements`. A decoder here only parses;
`protocol.prove` and `protocol.verify` make all ten checks. A caller with its own fast path owes them itself.
Source: [SIGMA Linear relations], [SIGMA SerializeLinearRelation], [SIGMA Instance validation].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from circuits.cached import cached_property
from circuits.curve import G1, G1_OCTETS, Curve
from circuits.errors import Malformed, Misuse, Rejected
from circuits.scalar import ORDER, SCALAR_OCTETS, decode_scalar, encode_scalar

MAX_INSTANCE_OCTETS = 1 << 20
_UINT32 = 1 << 32


@dataclass(frozen=True, slots=True)
class ImageTerm:
    """coefficient * element, on the image side of an equation."""

    coefficient: int
    element: int


@dataclass(frozen=True, slots=True)
class MapTerm:
    """coefficient * x_scalar * element, on the side of the secrets."""

    coefficient: int
    scalar: int
    element: int


@dataclass(frozen=True, slots=True)
class Equation:
    """sum of `image` = sum of `terms`."""

    image: tuple[ImageTerm, ...]
    terms: tuple[MapTerm, ...]


@dataclass(frozen=True)
class Shape:
    """A relation without its points. `element_count` includes the generator at index 0."""

    equations: tuple[Equation, ...]
    scalar_count: int
    element_count: int

    @cached_property
    def prefix(self) -> bytes:
        """SerializeLinearRelation up to the elements. Raises `Misuse` for an index or coefficient out of range."""
        out = [_uint32(len(self.equations))]
        for equation in self.equations:
            out.append(_uint32(len(equation.image)))
            out += [_uint32(term.element) + encode_scalar(term.coefficient) for term in equation.image]
            out.append(_uint32(len(equation.terms)))
            out += [
                _uint32(term.scalar) + _uint32(term.element) + encode_scalar(term.coefficient)
                for term in equation.terms
            ]
        return b"".join(out)

    @staticmethod
    def decode(octets: bytes) -> tuple[Shape, bytes]:
        """The shape that `octets` begin with and the element octets after it, whose length is checked. `Malformed`."""
        if len(octets) > MAX_INSTANCE_OCTETS:
            raise Malformed("instance too long")
        reader = _Reader(octets)
        equations = tuple(reader.equation() for _ in range(reader.uint32()))
        shape = Shape(equations, 1 + _highest(_scalars(equations)), 1 + _highest(_elements(equations)))
        rest = reader.rest()
        if len(rest) != G1_OCTETS * (shape.element_count - 1):
            raise Malformed("number of elements is not what the equations name")
        return shape, rest


def decode_instance(curve: Curve, octets: bytes) -> tuple[Shape, tuple[G1, ...]]:
    """Shape and elements (the generator first) of a serialised instance. `Malformed` for anything that does not encode
    back to the same octets, an element outside the subgroup and the identity. Checks 1 to 10 are still owed."""
    shape, rest = Shape.decode(octets)
    points = (curve.decode_g1(rest[at : at + G1_OCTETS]) for at in range(0, len(rest), G1_OCTETS))
    return shape, (curve.g1_generator(), *points)


def encode_elements(curve: Curve, elements: Sequence[G1]) -> bytes:
    """The octets of elements 1.. (the generator at index 0 is not written)."""
    return b"".join(curve.encode_g1(point) for point in elements[1:])


def check_shape(shape: Shape) -> None:
    """Instance checks 1 to 6. Raises `Rejected` with code `instance-check-<number>`."""
    equations = shape.equations
    if not equations:
        raise _refuse(1, "the relation has no equations")
    if any(not equation.image or not equation.terms for equation in equations):
        raise _refuse(2, "an equation has an empty side")
    if any(not 0 <= number < _UINT32 for number in _numbers(shape)):
        raise _refuse(3, "a count or index does not fit in 32 bits")
    named = set(_elements(equations))
    if max(named) >= shape.element_count:
        raise _refuse(4, "an equation names an element that is not there")
    if len(named | {0}) != shape.element_count:
        raise _refuse(5, "an element is named by no equation")
    if set(_scalars(equations)) != set(range(min(shape.scalar_count, 1 + len(_scalars(equations))))):
        raise _refuse(6, "a scalar is constrained by no equation, or one is used that was not declared")


def check_elements(curve: Curve, shape: Shape, elements: Sequence[G1]) -> None:
    """Instance checks 7 to 10; `check_shape` comes first. Raises `Rejected` with code `instance-check-<number>`, and
    `Misuse` when the number of elements is not the shape's."""
    if len(elements) != shape.element_count:
        raise Misuse("as many elements as the shape has are needed")
    if not curve.equal(elements[0], curve.g1_generator()):
        raise _refuse(7, "element 0 is not the generator")
    if any(curve.is_identity(point) for point in elements):
        raise _refuse(8, "an element is the identity")
    if any(curve.is_identity(image_point(curve, equation, elements)) for equation in shape.equations):
        raise _refuse(9, "the image of an equation is the identity")
    constrained = _constrained(curve, shape, elements)
    if any(scalar not in constrained for scalar in range(shape.scalar_count)):
        raise _refuse(10, "the terms of a scalar cancel in every equation")


def image_point(curve: Curve, equation: Equation, elements: Sequence[G1]) -> G1:
    """The image of one equation: sum coefficient * element."""
    first = equation.image[0]
    if len(equation.image) == 1 and first.coefficient == 1:
        return elements[first.element]
    return curve.combine(
        [elements[term.element] for term in equation.image], [term.coefficient for term in equation.image]
    )


@dataclass(frozen=True, slots=True)
class Scalar:
    """A handle for one secret scalar of a builder. The same handle is the same secret: that shows equality."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Element:
    """A handle for one element of a builder."""

    index: int
    name: str


class Builder:
    """The draft's relation notation: declare scalars and elements in order, then write equations.

    Indices follow the order of declaration, terms stay as written, a coefficient of 0 is written, -1 becomes r - 1.
    Source: [SIGMA Relation notation].
    """

    def __init__(self) -> None:
        self.generator = Element(0, "")
        self._scalars: list[Scalar] = []
        self._elements: list[Element] = [self.generator]
        self._equations: list[Equation] = []

    def scalar(self, name: str) -> Scalar:
        """Declare a secret scalar. `Misuse` for an empty or repeated name."""
        handle = Scalar(len(self._scalars), _new_name(name, self._scalars))
        self._scalars.append(handle)
        return handle

    def element(self, name: str) -> Element:
        """Declare an element. `Misuse` for an empty or repeated name."""
        handle = Element(len(self._elements), _new_name(name, self._elements))
        self._elements.append(handle)
        return handle

    def equation(self, image: Iterable[tuple[int, Element]], terms: Iterable[tuple[int, Scalar, Element]]) -> None:
        """Add sum coefficient * element = sum coefficient * scalar * element. `Misuse` for another builder's handle."""
        left = tuple(ImageTerm(value % ORDER, self._own(element)) for value, element in image)
        right = tuple(MapTerm(value % ORDER, self._own(scalar), self._own(element)) for value, scalar, element in terms)
        self._equations.append(Equation(left, right))

    def shape(self) -> Shape:
        """The relation as declared. `Misuse` where checks 1 to 6 fail: then the relation itself is written wrongly."""
        shape = Shape(tuple(self._equations), len(self._scalars), len(self._elements))
        try:
            check_shape(shape)
        except Rejected as refusal:
            raise Misuse(f"the relation is written wrongly: {refusal.sentence}") from None
        return shape

    def _own(self, handle: Scalar | Element) -> int:
        declared: Sequence[Scalar | Element] = self._scalars if isinstance(handle, Scalar) else self._elements
        if not handle.index < len(declared) or declared[handle.index] is not handle:
            raise Misuse(f"{handle.name!r} was not declared here")
        return handle.index


class _Reader:
    """Reads the draft's fixed-width fields off the front of some octets."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def equation(self) -> Equation:
        image = tuple(self._image_term() for _ in range(self.uint32()))
        terms = tuple(self._map_term() for _ in range(self.uint32()))
        return Equation(image, terms)

    def uint32(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def rest(self) -> bytes:
        return self._octets[self._at :]

    def _image_term(self) -> ImageTerm:
        element = self.uint32()
        return ImageTerm(self._coefficient(), element)

    def _map_term(self) -> MapTerm:
        scalar, element = self.uint32(), self.uint32()
        return MapTerm(self._coefficient(), scalar, element)

    def _coefficient(self) -> int:
        return decode_scalar(self._take(SCALAR_OCTETS))

    def _take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) != count:
            raise Malformed("instance cut short")
        self._at += count
        return taken


def _uint32(value: int) -> bytes:
    if not 0 <= value < _UINT32:
        raise Misuse("a count or index does not fit in 32 bits")
    return value.to_bytes(4, "little")


def _new_name(name: str, declared: Sequence[Scalar | Element]) -> str:
    if not name or any(handle.name == name for handle in declared):
        raise Misuse(f"the name {name!r} is empty or taken")
    return name


def _scalars(equations: Sequence[Equation]) -> list[int]:
    return [term.scalar for equation in equations for term in equation.terms]


def _elements(equations: Sequence[Equation]) -> list[int]:
    out = []
    for equation in equations:
        out += [term.element for term in equation.image]
        out += [term.element for term in equation.terms]
    return out


def _highest(indices: Sequence[int]) -> int:
    return max(indices, default=-1)


def _numbers(shape: Shape) -> Iterable[int]:
    yield len(shape.equations)
    for equation in shape.equations:
        yield len(equation.image)
        yield len(equation.terms)
    yield from _scalars(shape.equations)
    yield from _elements(shape.equations)


def _constrained(curve: Curve, shape: Shape, elements: Sequence[G1]) -> set[int]:
    """The scalars whose terms do not cancel in some equation. One pass over all terms, however many scalars."""
    found: set[int] = set()
    for equation in shape.equations:
        by_scalar: dict[int, list[MapTerm]] = {}
        for term in equation.terms:
            if term.scalar not in found:
                by_scalar.setdefault(term.scalar, []).append(term)
        found.update(scalar for scalar, own in by_scalar.items() if not _cancel(curve, own, elements))
    return found


def _cancel(curve: Curve, own: Sequence[MapTerm], elements: Sequence[G1]) -> bool:
    if len(own) == 1 and own[0].coefficient % ORDER:
        return False  # one element other than O (check 8) times a non-zero coefficient
    return curve.is_identity(
        curve.combine([elements[term.element] for term in own], [term.coefficient for term in own])
    )


def _refuse(number: int, sentence: str) -> Rejected:
    return Rejected(f"instance-check-{number}", sentence)
