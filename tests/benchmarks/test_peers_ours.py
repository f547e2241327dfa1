"""This project as a peer, really run: the processes that the benchmark starts, without the other peers."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.peers.checks import EXPECTED, check_refusals
from benchmarks.peers.conversation import Conversation
from benchmarks.peers.entries import Entry
from benchmarks.peers.fresh import FreshVerifier
from benchmarks.peers.ours import Ours
from benchmarks.peers.ours_verifier import cold, unpack
from circuits import CircuitError

PYTHON = (sys.executable, "-m")


@pytest.mark.parametrize(("which", "octets"), [("same", 1228), ("whole", 1628)])
def test_ours_refuses_makes_and_checks(tmp_path: Path, which: str, octets: int) -> None:
    packed = tmp_path / "packed"
    with Conversation((*PYTHON, "benchmarks.peers.ours", which), os.environ, tmp_path / "log") as peer:
        assert check_refusals(peer).keys() == EXPECTED.keys()
        assert peer.timed("issue").octets == 80
        assert peer.timed("prove").octets == octets
        assert peer.timed("verify").octets == 0
        peer.ask("pack", path=str(packed))
    entry = Entry("ours", "Ours", (), (*PYTHON, "benchmarks.peers.ours_verifier"))
    with FreshVerifier(entry, packed, tmp_path / "fresh.log") as fresh:
        assert fresh.first_verdict().us > 1000


def test_what_is_packed_is_really_checked(tmp_path: Path) -> None:
    ours = Ours("same")
    ours.prove()()
    ours.pack(tmp_path / "packed")
    assert cold(tmp_path / "packed")() == 0
    gateway, octets, nonce = unpack((tmp_path / "packed").read_bytes())
    with pytest.raises(CircuitError):
        gateway.check(octets, bytes(32))
    with pytest.raises(CircuitError):
        gateway.check(octets[:-1] + bytes([octets[-1] ^ 1]), nonce)
    with pytest.raises(CircuitError):
        replace(gateway, time=gateway.time + 86_400 * 365).check(octets, nonce)
    with pytest.raises(ValueError, match="not a file of this benchmark"):
        unpack(b"\xa1\x01\x01")


def test_the_same_work_asks_for_no_more_than_the_peers_do() -> None:
    policy = Ours("same")._gateway.bundle.policies[0]
    assert len(policy.disclosed) == 2
    assert len(policy.predicates) == 1
    assert policy.escrow_hash == b""
