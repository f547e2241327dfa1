"""The Fiat-Shamir draft's sponge records, and the two extendable-output functions they are about.

Source: [FS Appendix B], [RFC9861].
"""

from __future__ import annotations

import hashlib

from Crypto.Hash import TurboSHAKE128

from circuits.sigma.sponge import DuplexSponge, Xof, XofFactory, derive_session
from console.conformance.sigma_record import Case, Record, UnknownRecord, choice, items, octets, same


class TurboShake128:
    """TurboSHAKE128 with the domain octet 0x1F in the shape that the sponge asks for. Source: [RFC9861]."""

    def __init__(self) -> None:
        self._absorbed = b""

    def update(self, octets: bytes, /) -> None:
        """Absorb octets."""
        self._absorbed += octets

    def digest(self, length: int, /) -> bytes:
        """The first `length` octets of output."""
        return bytes(TurboSHAKE128.new(data=self._absorbed, domain=0x1F).read(length))


def _shake128() -> Xof:
    return hashlib.shake_128()


_XOFS: dict[str, XofFactory] = {"SHAKE128": _shake128, "TurboSHAKE128": TurboShake128}

_MOST_SQUEEZED = 1 << 20


def one_xof(record: Record) -> XofFactory:
    """The function that the record names."""
    return choice(record, "Hash", _XOFS)


def all_xofs(record: Record) -> list[XofFactory]:
    """The function that the record names; each, where it names none."""
    return [one_xof(record)] if "Hash" in record else list(_XOFS.values())


def replay(record: Record) -> bytes:
    """Everything that the record's operations squeeze."""
    sponge, out = DuplexSponge(octets(record, "SessionId"), one_xof(record)), b""
    for operation in items(record, "Operations"):
        match operation:
            case {"type": "absorb", "data": str(data)}:
                sponge.absorb(bytes.fromhex(data))
            case {"type": "squeeze", "length": int(length)} if length <= _MOST_SQUEEZED:
                out += sponge.squeeze(length)
            case _:
                raise UnknownRecord(f"unknown sponge operation {operation!r}")
    return out


def check_duplex_sponge(case: Case) -> None:
    """The operations squeeze the output."""
    same("Output", replay(case.record), octets(case.record, "Output"))


def check_derive_session_id(case: Case) -> None:
    """The tag gives the session identifier."""
    same("Output", derive_session(octets(case.record, "Tag"), one_xof(case.record)), octets(case.record, "Output"))
