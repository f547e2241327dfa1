"""Tables of one point's multiples, so that multiplying it is a few dozen additions: fixed windows with signed digits.

A scalar is written with digits between -2**(bits-1) and 2**(bits-1), and a table holds, for the digit at each place it
keeps, the positive multiples; a negative digit subtracts. That halves a table for the price of a comparison. With a
`stride` above 1 a table keeps every stride-th place only, and the others are reached by doubling the running sum: the
doublings are paid once for a whole combination, so that one of many points does with a fraction of the memory.

Nothing here knows a curve library: points are added, subtracted and doubled with + and - alone.
Legend: bits the width of a window, places the number of digits, stride as above, O the identity.
Source: Brickell, Gordon, McCurley, Wilson 1992 (fixed windows); Lim, Lee 1994 (sharing the doublings).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circuits.cached import cached_property
from circuits.scalar import ORDER

_SCALAR_BITS = 257  # one more than a scalar has, for the carry out of the highest signed digit, and one for rounding


@dataclass(frozen=True, eq=False)
class Windows:
    """How a table is laid out: `bits` of a window, `stride` between the places kept."""

    bits: int
    stride: int

    @cached_property
    def places(self) -> int:
        """How many digits a scalar has: a multiple of the stride."""
        digits = -(-_SCALAR_BITS // self.bits)
        return -(-digits // self.stride) * self.stride

    @cached_property
    def points(self) -> int:
        """How many points a table holds."""
        return (self.places // self.stride) << (self.bits - 1)

    @cached_property
    def _half(self) -> int:
        return 1 << (self.bits - 1)

    @cached_property
    def _shift(self) -> int:
        """Half a window at every place: added to a scalar, it makes all digits non-negative."""
        return sum(self._half << (self.bits * place) for place in range(self.places))

    def rows(self, point: Any) -> list[list[Any]]:
        """The table of `point`: for each place kept, its multiples by 1 .. 2**(bits-1) behind an unused entry."""
        rows, base = [], point
        for _ in range(self.places // self.stride):
            row = [None, base]
            for _ in range(self._half - 1):
                row.append(row[-1] + base)
            rows.append(row)
            base = row[-1]
            for _ in range(self.bits * (self.stride - 1) + 1):
                base = base + base
        return rows

    def combine(self, total: Any, tables: Sequence[list[list[Any]]], scalars: Sequence[int]) -> Any:
        """`total` + sum scalars[i] * (the point of tables[i]), where `total` must be O when the stride is above 1."""
        digits = [self._digits(scalar) for scalar in scalars]
        half, stride = self._half, self.stride
        for phase in range(stride - 1, -1, -1):
            if phase < stride - 1:
                for _ in range(self.bits):
                    total = total + total
            for rows, places in zip(tables, digits, strict=True):
                for row, digit in zip(rows, places[phase::stride], strict=True):
                    if digit > half:
                        total = total + row[digit - half]
                    elif digit < half:
                        total = total - row[half - digit]
        return total

    def _digits(self, scalar: int) -> list[int]:
        """The digits from the lowest place on, each with half a window added."""
        shifted, bits, mask = scalar % ORDER + self._shift, self.bits, 2 * self._half - 1
        return [shifted >> at & mask for at in range(0, bits * self.places, bits)]
