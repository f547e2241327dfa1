"""The Fiat-Shamir draft's example protocol, a sumcheck over a small field: its proofs, and its refused ones.

A refused proof is an accepted one with a single thing changed: undoing it must give a proof that verifies, which binds
every other octet. Source: [FS Appendix B].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from circuits.errors import CircuitError, Malformed, Rejected
from circuits.sigma.codec import deserialize_field, octets_below, serialize_field, serialize_uint
from circuits.sigma.sponge import DuplexSponge, XofFactory, derive_session
from console.conformance.sigma_moduli import modulus_of
from console.conformance.sigma_record import (
    Case,
    Mismatch,
    Record,
    items,
    must_refuse,
    number,
    octets,
    refusal_code,
    require,
    same,
    text,
)
from console.conformance.sigma_sponge import all_xofs

_MOST_VARIABLES = 20


@dataclass(frozen=True)
class Sumcheck:
    """What a record is about: the claim, and what the sponge starts from."""

    session: bytes
    variables: int
    claimed: int
    modulus: int
    xof: XofFactory

    @staticmethod
    def of(record: Record, xof: XofFactory) -> Sumcheck:
        """The claim of a record."""
        claimed, modulus, variables = number(record["ClaimedSum"]), modulus_of(record), number(record["NumVariables"])
        require(0 < variables <= _MOST_VARIABLES, f"{variables} variables")
        return Sumcheck(octets(record, "SessionId"), variables, claimed, modulus, xof)

    def prove(self, table: list[int]) -> tuple[bytes, int]:
        """The proof for a table of values, and the evaluation it ends with."""
        sponge, proof = self._open(), b""
        while len(table) > 1:
            even, odd = sum(table[::2]) % self.modulus, sum(table[1::2]) % self.modulus
            message = serialize_field((even, (odd - even) % self.modulus), self.modulus)
            proof += message
            point = self._challenge(sponge, message)
            pairs = zip(table[::2], table[1::2], strict=True)
            table = [(low + point * (high - low)) % self.modulus for low, high in pairs]
        return proof, table[0]

    def verify(self, proof: bytes) -> int:
        """The evaluation that a proof ends with. `Rejected` for a round that does not add up, `Malformed`."""
        sponge, claimed, rest = self._open(), self.claimed, proof
        for _ in range(self.variables):
            (constant, slope), rest = deserialize_field(rest, self.modulus, 2)
            if (2 * constant + slope) % self.modulus != claimed:
                raise Rejected("sumcheck", "a round does not add up")
            point = self._challenge(sponge, serialize_field((constant, slope), self.modulus))
            claimed = (constant + slope * point) % self.modulus
        if rest:
            raise Malformed("octets after the last message")
        return claimed

    def accepts(self, proof: bytes) -> bool:
        """Whether a proof verifies. For guesses at what a refused proof was made from."""
        try:
            self.verify(proof)
        except CircuitError:
            return False
        return True

    def _open(self) -> DuplexSponge:
        sponge = DuplexSponge(self.session, self.xof)
        sponge.absorb(serialize_uint(self.variables, 1 << 32) + serialize_field((self.claimed,), self.modulus))
        return sponge

    def _challenge(self, sponge: DuplexSponge, message: bytes) -> int:
        # The example squeezes Ns octets, without DecodeUint's sixteen more.
        sponge.absorb(message)
        return int.from_bytes(sponge.squeeze(len(message) // 2), "little") % self.modulus


def check_sumcheck(case: Case) -> None:
    """The proof is made again from the witness; a refused one is refused, and was an accepted one before its change."""
    record = case.record
    claims = [Sumcheck.of(record, xof) for xof in all_xofs(record)]
    for claim in claims:
        if "Tag" in record:
            same("SessionId", derive_session(octets(record, "Tag"), claim.xof), claim.session)
        if not must_refuse(record):
            _check_accepted(record, claim)
    if must_refuse(record):
        _check_refused(case, claims)


def _check_accepted(record: Record, claim: Sumcheck) -> None:
    table = [number(value) for value in items(record, "Witness")]
    same("Witness", len(table), 1 << claim.variables)
    same("ClaimedSum", sum(table) % claim.modulus, claim.claimed)
    proof, evaluation = claim.prove(table)
    same("Narg", proof, octets(record, "Narg"))
    same("FinalEvaluation", evaluation, number(record["FinalEvaluation"]))
    same("FinalEvaluation", claim.verify(proof), evaluation)


def _check_refused(case: Case, claims: list[Sumcheck]) -> None:
    proof, name = octets(case.record, "Narg"), text(case.record, "Id")
    codes = {refusal_code(partial(claim.verify, proof)) for claim in claims}
    changes = [(code, undo) for words, code, undo in _CHANGES if words in name]
    if not changes:
        case.remarks.append("a change of no known kind: only the refusal was checked")
        return
    for code, undo in changes:
        if code not in codes:
            raise Mismatch(f"refused as {', '.join(sorted(codes))} instead of {code}")
        # A record that names no hash was made under one of them, and is refused under each.
        if not any(claim.accepts(guess) for claim in claims for guess in undo(proof, claim.modulus)):
            raise Mismatch("no accepted proof becomes this one by the change that the record names")


def _without_last_octet(proof: bytes, _: int) -> Iterator[bytes]:
    if proof[-1:] == b"\0":
        yield proof[:-1]


def _one_coefficient_reduced(proof: bytes, modulus: int) -> Iterator[bytes]:
    yield from _with_one_less(proof, modulus, modulus)


def _one_coefficient_less_one(proof: bytes, modulus: int) -> Iterator[bytes]:
    yield from _with_one_less(proof, modulus, 1)


def _with_one_less(proof: bytes, modulus: int, difference: int) -> Iterator[bytes]:
    width = octets_below(modulus)
    for at in range(0, len(proof), width):
        value = int.from_bytes(proof[at : at + width], "little") - difference
        if value >= 0:
            yield proof[:at] + value.to_bytes(width, "little") + proof[at + width :]


_CHANGES: tuple[tuple[str, str, Callable[[bytes, int], Iterator[bytes]]], ...] = (
    ("trailing_bytes", "malformed", _without_last_octet),
    ("noncanonical_coefficient", "malformed", _one_coefficient_reduced),
    ("round_identity", "sumcheck", _one_coefficient_less_one),
)
