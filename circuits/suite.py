"""One object for all that distinguishes a ciphersuite: its name, its hash, its base point P1, and the curve beneath.

Everything in `circuits` that hashes or touches a point takes its suite as a parameter (or finds it in a record), so
that the SHAKE-256 suite and the reference curve run the very same code. Licences are issued under SHA-256 only.
Source: [BBS 7.2].
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from circuits import curve as curves
from circuits.cached import cached_property
from circuits.curve import G1, Curve
from circuits.curve.backend import FIELD
from circuits.errors import Misuse
from circuits.hashing import (
    Expander,
    expand_message_xmd_sha256,
    expand_message_xof_shake256,
    hash_to_scalar,
)


@dataclass(frozen=True)
class Suite:
    """A BBS ciphersuite over BLS12-381.

    `ciphersuite_id` octets of the name; `expand` its expand_message; `p1_octets` the encoding of P1; `xof` whether
    hash-to-curve runs over the extendable-output function; `backend` a curve backend's name, None for the process's.
    """

    ciphersuite_id: bytes
    expand: Expander
    p1_octets: bytes
    xof: bool = False
    backend: str | None = None

    @property
    def curve(self) -> Curve:
        """The curve that this suite computes on."""
        return curves.default() if self.backend is None else curves.load(self.backend)

    def on(self, backend: str) -> Suite:
        """The same suite on the backend of that name."""
        return replace(self, backend=backend)

    @cached_property
    def p1(self) -> G1:
        """P1, the base point that every B begins with."""
        return self.curve.decode_g1(self.p1_octets)

    @property
    def api_id(self) -> bytes:
        """The draft's own interface identifier, `<ciphersuite_id>H2G_HM2S_`."""
        return self.ciphersuite_id + b"H2G_HM2S_"

    def hash_to_scalar(self, message: bytes, dst: bytes) -> int:
        """h2s, a scalar in [0, r-1]. Source: [BBS hash_to_scalar]."""
        return hash_to_scalar(self.expand, message, dst)

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1:
        """hash_to_curve of the suite. Source: [RFC9380 3]."""
        if not self.xof:
            return self.curve.hash_to_g1(message, dst)
        if len(dst) > 255:
            raise Misuse("a domain separation tag has 1 to 255 octets")
        uniform = self.expand(message, dst, 128)
        first, second = (int.from_bytes(uniform[at : at + 64], "big") % FIELD for at in (0, 64))
        return self.curve.add(self.curve.map_to_g1(first), self.curve.map_to_g1(second))


SHA256 = Suite(
    b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
    expand_message_xmd_sha256,
    bytes.fromhex("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9"),
)
SHAKE256 = Suite(
    b"BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_",
    expand_message_xof_shake256,
    bytes.fromhex("8929dfbc7e6642c4ed9cba0856e493f8b9d7d5fcb0c31ef8fdcd34d50648a56c795e106e9eada6e0bda386b414150755"),
    xof=True,
)
LICENCE_API_ID = SHA256.ciphersuite_id + b"H2G_TM2S_AIOL-V1_"
