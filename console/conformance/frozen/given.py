"""What an operation is given: members read strictly, the suite, and the randomness of the vector.

Octets, points and text (its UTF-8) are lower-case hex, scalars 64 hex digits, numbers decimal without leading zeros.
Every name that an operation reads is remembered, so that a member which nothing reads can be found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from circuits.attributes import AttributeValue
from circuits.entropy import Entropy
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord, PolicyRecord, SetRecord
from circuits.secret import Secret
from circuits.suite import Suite
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf

_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_SCALAR = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}|-[1-9][0-9]{0,19}")


class Given:
    """The members of one vector's effective input, or of an object within it: all, or those whose name has a prefix."""

    def __init__(self, values: Mapping[str, Leaf], suite: Suite, entropy: Entropy, prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self.suite = suite
        self.entropy = entropy
        self.read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._values

    def value(self, name: str) -> Leaf:
        """Whatever the member holds."""
        whole = self._prefix + name
        self.read.add(whole)
        if whole not in self._values:
            raise BadVector(f"no member {whole}")
        return self._values[whole]

    def octets(self, name: str) -> bytes:
        """Whole octets in lower-case hex."""
        return _octets(name, self.value(name))

    def octets_list(self, name: str) -> list[bytes]:
        """A list of such."""
        return [_octets(name, item) for item in self._list(name)]

    def text(self, name: str) -> str:
        """Text, given as the hex of its UTF-8."""
        try:
            return self.octets(name).decode()
        except UnicodeDecodeError:
            raise BadVector(f"{name} is not the hex of a text") from None

    def word(self, name: str) -> str:
        """A word of this format itself, such as a role or a kind."""
        value = self.value(name)
        if not isinstance(value, str):
            raise BadVector(f"{name} is not a word")
        return value

    def scalar(self, name: str) -> int:
        """64 hex digits."""
        value = self.value(name)
        if not isinstance(value, str) or not _SCALAR.fullmatch(value):
            raise BadVector(f"{name} is not a scalar")
        return int(value, 16)

    def secret(self, name: str) -> Secret[int]:
        """A scalar, in its box."""
        return Secret(self.scalar(name))

    def number(self, name: str) -> int:
        """A decimal number."""
        value = self.value(name)
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise BadVector(f"{name} is not a number")
        return int(value)

    def inner(self, name: str) -> list[Given]:
        """A list of objects."""
        items = self._list(name)
        objects = [Given(item, self.suite, self.entropy) for item in items if isinstance(item, dict)]
        if len(objects) != len(items):
            raise BadVector(f"{name} is not a list of objects")
        return objects

    def words(self, name: str) -> list[str]:
        """A list of words."""
        items = self._list(name)
        words = [item for item in items if isinstance(item, str)]
        if len(words) != len(items):
            raise BadVector(f"{name} is not a list of words")
        return words

    def attribute(self) -> AttributeValue:
        """The attribute value of an object with one member `number`, `scalar` or `text`."""
        if "number" in self:
            return self.number("number")
        return self.scalar("scalar") if "scalar" in self else self.text("text")

    def attributes(self, name: str = "attributes") -> tuple[AttributeValue, ...]:
        """A list of attribute values."""
        return tuple(item.attribute() for item in self.inner(name))

    @property
    def issuer(self) -> IssuerRecord:
        """The issuer record of the member `issuer`."""
        return _issuer(self.octets("issuer"), self.suite)

    @property
    def accumulator(self) -> AccumulatorRecord:
        """The accumulator record of the member `accumulator`."""
        return AccumulatorRecord.decode(self.octets("accumulator"), self.suite)

    @property
    def epoch(self) -> EpochRecord:
        """The epoch record of the member `epoch`."""
        return EpochRecord.decode(self.octets("epoch"), self.suite)

    @property
    def escrow(self) -> EscrowRecord:
        """The escrow record of the member `escrow`."""
        return _escrow(self.octets("escrow"), self.suite)

    @property
    def escrow_or_none(self) -> EscrowRecord | None:
        """The same, None where the member is empty."""
        return self.escrow if self.octets("escrow") else None

    @property
    def policy(self) -> PolicyRecord:
        """The policy record of the member `policy`."""
        return PolicyRecord.decode(self.octets("policy"))

    @property
    def sets(self) -> list[SetRecord]:
        """The set records of the member `sets`, none where it is absent."""
        return [_set(octets, self.suite) for octets in self.octets_list("sets")] if "sets" in self else []

    @property
    def companion(self) -> Given | None:
        """What is given of a second credential: the members that begin with `companion_`, under their names without it.

        None where there is no `companion_issuer`, or an empty one.
        """
        if "companion_issuer" not in self or not self.octets("companion_issuer"):
            return None
        companion = Given(self._values, self.suite, self.entropy, "companion_")
        companion.read = self.read
        return companion

    @property
    def companion_records(self) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord] | None:
        """The companion's records, None without a companion."""
        companion = self.companion
        return None if companion is None else (companion.issuer, companion.accumulator, companion.epoch)

    def _list(self, name: str) -> list[Leaf]:
        value = self.value(name)
        if not isinstance(value, list):
            raise BadVector(f"{name} is not a list")
        return value


@lru_cache(maxsize=64)
def _issuer(octets: bytes, suite: Suite) -> IssuerRecord:
    """Kept: what a record prepares for many multiplications costs more than a whole verification."""
    return IssuerRecord.decode(octets, suite)


@lru_cache(maxsize=64)
def _escrow(octets: bytes, suite: Suite) -> EscrowRecord:
    return EscrowRecord.decode(octets, suite)


@lru_cache(maxsize=64)
def _set(octets: bytes, suite: Suite) -> SetRecord:
    return SetRecord.decode(octets, suite)


def _octets(name: str, value: Leaf) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise BadVector(f"{name} is not of whole octets in hex")
    return bytes.fromhex(value)
