"""The proof of the default statement, made on one curve backend and verified on the other."""

from __future__ import annotations

import pytest

from circuits import Binding, Rejected, Statement, decode_statement, verify
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord
from circuits.suite import SHA256
from tests.circuits.core.world import World


@pytest.mark.slow
@pytest.mark.requirement("R73")
def test_the_reference_curve_agrees(world: World, statement: Statement, binding: Binding, proof: bytes) -> None:
    suite = SHA256.on("reference")
    theirs, found = decode_statement(
        statement.octets(binding),
        IssuerRecord.decode(world.issuer.octets, suite),
        AccumulatorRecord.decode(world.accumulator.octets, suite),
        EpochRecord.decode(world.epoch.octets, suite),
        EscrowRecord.decode(world.escrow.octets, suite),
    )
    assert theirs.issuer.suite.curve.name == "reference"
    assert found == binding
    assert verify(theirs, binding, proof) == verify(statement, binding, proof)
    forged = proof[:1500] + bytes([proof[1500] ^ 1]) + proof[1501:]
    with pytest.raises(Rejected):
        verify(theirs, binding, forged)
