"""The moduli that the drafts' records work with. A record's own may be another one, but not nearly one of these."""

from __future__ import annotations

from circuits.scalar import ORDER
from console.conformance.sigma_record import Record, choice, number, same, undamaged

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MERSENNE31 = (1 << 31) - 1
_GROUPS = {"P-256": _P256_ORDER, "Mersenne31": _MERSENNE31}
_PUBLISHED = (_P256_ORDER, _MERSENNE31, (1 << 256) - 189, ORDER)


def modulus_of(record: Record) -> int:
    """The modulus, which is that of the record's group where it names one."""
    modulus = number(record["Modulus"])
    if "Group" in record:
        same("Modulus", modulus, choice(record, "Group", _GROUPS))
    for published in _PUBLISHED:
        undamaged("Modulus", f"{modulus:x}", f"{published:x}")
    return modulus
