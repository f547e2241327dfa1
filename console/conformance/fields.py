"""Reading a vector file strictly: hex is lower case and whole, and every value asked for is there.

The drafts' files spell some names in two ways (`A_bar`, `Abar`; `e_tilde`, `e_Tilde`; `random_scalars`,
`randomScalars`), so names are compared without case and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from console.conformance.exceptions import SHORT, SHORT_SCALAR, STRAY_LETTER

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_SCALAR = re.compile(r"[0-9a-f]{64}")


class BadVector(Exception):
    """The file does not say what a file of its kind says."""


def plain(name: str) -> str:
    """A field's name without case and underscores."""
    return name.replace("_", "").lower()


class Fields:
    """The fields of one JSON object. `notes` gathers the upstream defects met while reading."""

    def __init__(self, values: Mapping[str, object], notes: set[str], prefix: str = "") -> None:
        self._values = {plain(name): value for name, value in values.items()}
        if len(self._values) != len(values):
            raise BadVector("two fields of one name")
        self._prefix = prefix
        self.notes = notes

    def __contains__(self, name: str) -> bool:
        return plain(name) in self._values

    def is_null(self, name: str) -> bool:
        """Whether the field is there and null."""
        return self.value(name) is None

    def value(self, name: str) -> object:
        """Whatever the field holds."""
        if name not in self:
            raise BadVector(f"no field {self._prefix}{name}")
        return self._values[plain(name)]

    def text(self, name: str) -> str:
        """A string."""
        value = self.value(name)
        return value if isinstance(value, str) else self._refuse(name)

    def octets(self, name: str) -> bytes:
        """A string of whole octets in lower-case hex."""
        return self._octets(name, self.value(name))

    def octets_list(self, name: str) -> list[bytes]:
        """A list of such strings."""
        return [self._octets(name, item) for item in self._items(name)]

    def octets_map(self, name: str) -> dict[int, bytes]:
        """{index: octets} of an object whose names are decimal numbers; empty for null."""
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(re.fullmatch("0|[1-9][0-9]*", key) for key in value):
            return self._refuse(name)
        return {int(key): self._octets(name, item) for key, item in value.items()}

    def scalar(self, name: str) -> int:
        """A scalar of 64 hex digits."""
        return self._scalar(name, self.value(name))

    def scalars(self, name: str) -> list[int]:
        """A list of them."""
        return [self._scalar(name, item) for item in self._items(name)]

    def number(self, name: str) -> int:
        """An unsigned integer."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return self._refuse(name)
        return value

    def numbers(self, name: str) -> list[int]:
        """A list of integers."""
        items = self._items(name)
        numbers = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
        return numbers if len(numbers) == len(items) else self._refuse(name)

    def flag(self, name: str) -> bool:
        """A boolean."""
        value = self.value(name)
        return value if isinstance(value, bool) else self._refuse(name)

    def inner(self, name: str) -> Fields:
        """An object within this one."""
        value = self.value(name)
        if not isinstance(value, dict):
            return self._refuse(name)
        return Fields(value, self.notes, f"{self._prefix}{name}.")

    def inner_list(self, name: str) -> list[Fields]:
        """A list of objects."""
        items = self._items(name)
        objects = [Fields(item, self.notes, f"{self._prefix}{name}.") for item in items if isinstance(item, dict)]
        return objects if len(objects) == len(items) else self._refuse(name)

    def _items(self, name: str) -> list[object]:
        value = self.value(name)
        return value if isinstance(value, list) else self._refuse(name)

    def _octets(self, name: str, value: object) -> bytes:
        if isinstance(value, str) and value.endswith("s"):
            value = value[:-1]
            self.notes.add(f"{STRAY_LETTER} ({self._prefix}{name})")
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            return self._refuse(name)
        return bytes.fromhex(value)

    def _scalar(self, name: str, value: object) -> int:
        if isinstance(value, str) and SHORT.fullmatch(value):
            self.notes.add(f"{SHORT_SCALAR} ({self._prefix}{name})")
        elif not isinstance(value, str) or not _SCALAR.fullmatch(value):
            return self._refuse(name)
        return int(value, 16)

    def _refuse(self, name: str) -> NoReturn:
        raise BadVector(f"{self._prefix}{name} is not of the form expected")
