"""A holder's credential: the signature on twelve scalars, and the scalars.

Legend: (A, e) the BBS signature, B the signed point, m_0..m_9 the attributes, m_10 the blind, m_11 the link secret.
Source: [PROTOCOL 2, 4].
"""

from __future__ import annotations

from dataclasses import dataclass, field

from circuits.attributes import ATTRIBUTE_COUNT, LINK_SECRET_INDEX, AttributeValue, Kind
from circuits.bbs.octets import Signature, decode_signature
from circuits.bbs.signature import verify_point
from circuits.cached import cached_property
from circuits.curve import G1, FixedBase
from circuits.encoding import Value, decode_map, encode, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed, Misuse
from circuits.records.issuer import IssuerRecord
from circuits.scalar import decode_scalar, encode_scalar
from circuits.secret import Secret

_MAX_OCTETS = 4096


@dataclass(frozen=True, eq=False)
class Credential:
    """`issuer` record; `signature` 80 octets; `attributes` ten values, the handle first; `blind` and `link_secret`
    scalars. `check` says whether the signature is the issuer's; whoever makes one from octets calls it.
    """

    issuer: IssuerRecord
    signature: bytes = field(repr=False)
    attributes: tuple[AttributeValue, ...] = field(repr=False)
    blind: Secret[int]
    link_secret: Secret[int]

    @property
    def handle(self) -> int:
        """The revocation handle. Whoever learns it can tell when this licence is revoked: keep it with the secrets."""
        value = self.attributes[0]
        if not isinstance(value, int):
            raise Misuse("a handle is a scalar")
        return value

    def value(self, name: str) -> AttributeValue:
        """The value of the attribute called `name`; `Misuse` when there is none."""
        return self.attributes[self.issuer.index(name)]

    @cached_property
    def messages(self) -> Secret[tuple[int, ...]]:
        """m_0 .. m_11."""
        scalars = self.issuer.scalars(self.attributes)
        return Secret((*scalars, self.blind.expose(), self.link_secret.expose()))

    @cached_property
    def _parsed(self) -> Signature:
        return decode_signature(self.issuer.suite, self.signature)

    @property
    def exponent(self) -> int:
        """e."""
        return self._parsed.exponent

    @cached_property
    def _signed_point(self) -> G1:
        return self.issuer.signed_point(self.messages.expose())

    @cached_property
    def tables(self) -> tuple[FixedBase, FixedBase, FixedBase]:
        """A, B and B - e A, prepared for multiplication."""
        curve = self.issuer.suite.curve
        a, b = self._parsed.point, self._signed_point
        difference = curve.add(b, curve.multiply(a, -self.exponent))
        return curve.fixed_base(a), curve.fixed_base(b), curve.fixed_base(difference)

    def check(self) -> None:
        """Check pair(A, W + e P2) = pair(B, P2) and that the secrets are not zero. Raises `Rejected`, `Malformed`."""
        messages = self.messages.expose()
        if messages[0] == 0 or messages[LINK_SECRET_INDEX] == 0:
            raise Malformed("a link secret or handle of zero")
        verify_point(self.issuer.suite, self.issuer.public_key, self._parsed, self._signed_point)

    def encode(self) -> Secret[bytes]:
        """The credential as deterministic CBOR, for an encrypted file."""
        values: list[Value] = list(self.attributes[1:])
        return Secret(
            encode(
                {
                    1: 1,
                    2: self.issuer.hash,
                    3: self.signature,
                    4: encode_scalar(self.handle),
                    5: values,
                    6: encode_scalar(self.blind.expose()),
                    7: encode_scalar(self.link_secret.expose()),
                }
            )
        )

    @classmethod
    def decode(cls, issuer: IssuerRecord, octets: bytes) -> Credential:
        """The credential of `encode`'s octets, signed by the same issuer. Raises `Malformed`, `Rejected`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 8))
        if fields[2] != issuer.hash:
            raise Malformed("a credential of another issuer")
        attributes: list[AttributeValue] = [decode_scalar(take_octets(fields[4], 32))]
        values = take_list(fields[5], ATTRIBUTE_COUNT - 1)
        for (_, kind), value in zip(issuer.attributes[1:], values, strict=False):
            attributes.append(take_text(value) if kind is Kind.TEXT else take_uint(value, 32))
        credential = cls(
            issuer=issuer,
            signature=take_octets(fields[3], 80),
            attributes=tuple(attributes),
            blind=Secret(decode_scalar(take_octets(fields[6], 32))),
            link_secret=Secret(decode_scalar(take_octets(fields[7], 32))),
        )
        credential.check()
        return credential
