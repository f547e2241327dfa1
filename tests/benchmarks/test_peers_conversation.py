"""The driver's and the peer's side of the conversation, over real pipes."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.peers import child
from benchmarks.peers.checks import EXPECTED, check_refusals
from benchmarks.peers.conversation import Conversation, PeerFailed
from benchmarks.peers.fresh import FreshVerifier
from tests.benchmarks.peer_samples import GOOD, idle_entry


def talk(folder: Path, source: str, patience: float = 60) -> Conversation:
    return Conversation([sys.executable, "-c", source], os.environ, folder / "log", patience)


def test_a_peer_is_asked_and_answers(tmp_path: Path) -> None:
    entry = idle_entry(tmp_path)
    with Conversation(entry.command, entry.environment, tmp_path / "log") as peer:
        assert peer.ask("about") == {"version": "idle 1"}
        assert peer.timed("prove").octets == 1500
        assert 0 < peer.timed("verify").us < 1e6
        assert peer.ask("pack", path=str(tmp_path / "packed")) == {}
        assert (tmp_path / "packed").read_text() == "packed"
        assert check_refusals(peer) == GOOD


def test_an_error_is_told_and_the_peer_lives_on(tmp_path: Path) -> None:
    entry = idle_entry(tmp_path, more="def VERIFY(): raise ValueError('false proof')")
    with Conversation(entry.command, entry.environment, tmp_path / "log") as peer:
        with pytest.raises(PeerFailed, match="verify: ValueError: false proof"):
            peer.timed("verify")
        with pytest.raises(PeerFailed, match="unknown request"):
            peer.ask("sing")
        assert peer.timed("prove").octets == 1500


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import sys; sys.exit('no such library')", "no such library"),
        ("print('hello')", "not an answer: hello"),
        ("print('[1]')", "not an answer"),
        ('import sys; sys.stdin.readline(); print(\'{"us": -1, "cpu_us": 1, "octets": 0}\')', "not a timing"),
        ('import sys; sys.stdin.readline(); print(\'{"us": 1, "cpu_us": NaN, "octets": 0}\')', "not a timing"),
        ("import sys; sys.stdin.readline(); print('{\"us\": 1.5}')", "not a timing"),
    ],
)
def test_anything_but_an_answer_is_a_failure(tmp_path: Path, source: str, message: str) -> None:
    with talk(tmp_path, source) as peer, pytest.raises(PeerFailed, match=message):
        peer.timed("prove")


def test_patience_ends(tmp_path: Path) -> None:
    with talk(tmp_path, "import time; time.sleep(100)", patience=0.3) as peer, pytest.raises(PeerFailed, match="0 s"):
        peer.ask("about")


@pytest.mark.parametrize("attempt", sorted(EXPECTED))
def test_a_peer_that_accepts_what_it_must_refuse_is_not_measured(tmp_path: Path, attempt: str) -> None:
    wrong = GOOD | {attempt: "verifier" if attempt == "valid" else "accepted"}
    entry = idle_entry(tmp_path, outcomes=wrong)
    with Conversation(entry.command, entry.environment, tmp_path / "log") as peer, pytest.raises(PeerFailed) as failure:
        check_refusals(peer)
    assert str(failure.value).startswith(f"{attempt}: ")


def test_an_attempt_left_out_is_a_failure(tmp_path: Path) -> None:
    entry = idle_entry(tmp_path, outcomes={"valid": "accepted"})
    with (
        Conversation(entry.command, entry.environment, tmp_path / "log") as peer,
        pytest.raises(PeerFailed, match="not all"),
    ):
        check_refusals(peer)


def test_a_prover_may_not_stand_in_for_the_verifier_where_the_proof_is_old() -> None:
    for attempt in ("replayed", "revoked, old proof", "expired, old proof"):
        assert EXPECTED[attempt] == {"verifier"}


def test_a_fresh_verifier_is_timed_and_weighed(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.write_text("x")
    with FreshVerifier(idle_entry(tmp_path), packed, tmp_path / "log") as fresh:
        timing = fresh.first_verdict()
        peak = fresh.peak_mib()
    assert timing.us > 1000
    assert timing.cpu_us > 1000
    assert peak is None or 2 < peak < 200


def test_a_fresh_verifier_that_says_something_else_is_a_failure(tmp_path: Path) -> None:
    entry = idle_entry(tmp_path, fresh="print('refused')")
    with (
        FreshVerifier(entry, tmp_path / "packed", tmp_path / "log") as fresh,
        pytest.raises(PeerFailed, match="'refused' and not 'verdict'"),
    ):
        fresh.first_verdict()
    with FreshVerifier(entry, tmp_path, tmp_path / "log") as fresh, pytest.raises(PeerFailed, match="started before"):
        fresh.peak_mib()


def test_the_peer_s_side_answers_line_by_line() -> None:
    class Nothing:
        def about(self) -> str:
            return "nothing"

        def refusals(self) -> dict[str, str]:
            return GOOD

        def issue(self) -> child.Work:
            return lambda: 1

        prove = verify = issue

        def pack(self, path: Path) -> None:
            raise OSError(f"nowhere to write {path}")

    asked = [
        '{"op": "about"}',
        '{"op": "prove"}',
        '{"op": "pack", "path": "x"}',
        "not JSON",
        '{"op": "pack", "path": 1}',
    ]
    answers = io.StringIO()
    child.serve(Nothing(), io.StringIO("\n".join(asked)), answers)
    said = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert said[0] == {"version": "nothing"}
    assert said[1]["octets"] == 1
    assert said[2] == {"error": "OSError: nowhere to write x"}
    assert "JSONDecodeError" in said[3]["error"]
    assert said[4] == {"error": "ValueError: unknown request"}
