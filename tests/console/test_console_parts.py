"""The parts that the commands and the demonstration are made of."""

from __future__ import annotations

import io
import os
import stat
import time
from pathlib import Path

import pytest
from rich.console import Console

from console import passphrase
from console.clock import clock_of, read_offset, write_offset
from console.demo import comparison
from console.demo.account import Account, StoryEnded, duration
from console.demo.browser import Form, _page
from console.demo.page import Highlight, write_page
from console.demo.processes import Process, ProcessDied, Processes, free_ports
from console.opening import octets_of, read_share, text_of
from console.output import Failure


def test_a_clock_file_moves_the_clock_and_can_be_moved_again(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    write_offset(path, 86_400)
    clock = clock_of(path)
    assert abs(clock() - time.time() - 86_400) < 5
    write_offset(path, -60)
    assert read_offset(path) == -60
    assert abs(clock() - time.time() + 60) < 5
    assert abs(clock_of(None)() - time.time()) < 5


@pytest.mark.parametrize("content", ["", "soon", "1.5"])
def test_a_clock_file_without_a_number_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clock"
    path.write_text(content)
    with pytest.raises(Failure, match="clock-file"):
        clock_of(path)()


def test_a_passphrase_comes_from_a_file_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pass"
    path.write_text("from the file\nand a second line\n")
    monkeypatch.setenv("LICENCE_PASSPHRASE", "from the environment")
    assert passphrase.read_passphrase(path).expose() == "from the file"
    assert passphrase.read_passphrase(None).expose() == "from the environment"


@pytest.mark.parametrize("content", ["", "\n", "x" * 1025])
def test_an_empty_or_endless_passphrase_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pass"
    path.write_text(content)
    with pytest.raises(Failure, match="passphrase"):
        passphrase.read_passphrase(path)


def test_a_share_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "opener-1.share"
    path.write_text(f"1:{7:064x}\n")
    path.chmod(0o644)
    with pytest.raises(Failure, match="share"):
        read_share(path)
    path.chmod(stat.S_IRUSR)
    share = read_share(path)
    assert (share.index, share.secret.expose()) == (1, 7)
    assert f"{7:064x}" not in repr(share)


def test_base64url_of_octets_goes_both_ways() -> None:
    for length in range(5):
        assert octets_of(text_of(bytes(range(length)))) == bytes(range(length))


def test_an_account_fails_on_one_check_that_does_not_hold(tmp_path: Path) -> None:
    screen = io.StringIO()
    account = Account(Console(file=screen, width=100))
    with account.section("an act"):
        account.check("<b>this</b> holds", True, "so it does", 0.0123)
        account.table("figures", ("name", "value"), [("one", "1"), ("two", "2")], [1])
        account.listing("a program", "x = 1\ny = 2", 2)
        account.note("remember")
    with pytest.raises(StoryEnded), account.section("another"):
        account.check("this does not", False)
    with pytest.raises(StoryEnded), account.section("a third"):
        raise LookupError("the page is gone")
    account.close()
    assert [check.sentence for check in account.failures] == ["this does not", "this act could be played to its end"]
    assert "2 of 3 checks failed" in screen.getvalue()
    write_page(account, tmp_path / "out" / "index.html", 6, [Highlight("3 ms", "quick")])
    page = (tmp_path / "out" / "index.html").read_text()
    assert "&lt;b&gt;this&lt;/b&gt; holds" in page
    assert "LookupError: the page is gone" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(2e-5, "20 µs"), (0.0042, "4.2 ms"), (0.25, "250 ms"), (3.14159, "3.14 s"), (61, "1 min 1 s")],
)
def test_durations_are_for_people(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_the_browser_reads_forms_as_a_browser_would() -> None:
    import httpx

    text = """<style>.x{}</style><h1>Hello</h1><form method=post action="/go"><input type=hidden name=csrf value=abc>
    <input name=login><button name=decision value=yes>Yes</button><button name=decision value=no>No</button></form>"""
    page = _page(httpx.Response(200, text=text, request=httpx.Request("GET", "http://127.0.0.1/")))
    assert page.text == "Hello Yes No"
    wanted = Form("/go", "post", {"csrf": "abc", "login": ""}, [("decision", "yes"), ("decision", "no")])
    assert page.form_with("csrf", "login") == wanted
    with pytest.raises(LookupError):
        page.form_with("password")


def _record(lease: str, own: dict[str, object], octets: bytes) -> comparison.Record:
    return comparison.Record(lease, {"epoch": 1}, own, octets)


@pytest.mark.requirement("R74")
def test_the_comparison_finds_whatever_two_records_share() -> None:
    one = _record("a", {"pseudonym": b"p" * 48, "nonce": b"n" * 32}, bytes(range(100)))
    same = comparison.compare(one, one)
    assert same.matching == ("pseudonym = pseudonym", "nonce = nonce")
    assert same.common_octets == 93
    crossed = _record("b", {"pseudonym": b"q" * 48, "session key": b"n" * 32}, bytes(range(90, 190)))
    found = comparison.compare(one, crossed)
    assert found.matching == ("nonce = session key",)
    assert found.common_octets == 3
    apart = _record("c", {"pseudonym": b"r" * 48}, bytes(range(120, 220)))
    assert comparison.compare(one, apart) == comparison.Comparison((), 0, 2, 186)


def _start_two_and_fail(folder: Path, started: list[Process]) -> None:
    with Processes(folder, {"PYTHONPATH": str(folder)}) as processes:
        started.append(processes.start("stubborn", "stubborn"))
        started.append(processes.start("polite", "http.server", "--bind", "127.0.0.1", str(free_ports(1)[0])))
        time.sleep(0.5)
        raise LookupError


def test_processes_are_ended_with_the_block_and_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text("import signal, time; signal.signal(15, signal.SIG_IGN)\ntime.sleep(600)\n")
    started: list[Process] = []
    with pytest.raises(LookupError):
        _start_two_and_fail(tmp_path, started)
    assert [process.popen.poll() is not None for process in started] == [True, True]


def test_a_server_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path, {}) as processes:
        process = processes.start("broken", "no_such_module_at_all")
        with pytest.raises(ProcessDied, match="no_such_module_at_all"):
            processes.wait_ready(process, f"http://127.0.0.1:{free_ports(1)[0]}/")


def test_a_conversation_gives_one_report_for_one_order(tmp_path: Path) -> None:
    source = "import json, sys\nfor line in sys.stdin: print(json.dumps({'got': json.loads(line)}), flush=True)\n"
    (tmp_path / "echo_orders.py").write_text(source)
    with Processes(tmp_path, {"PYTHONPATH": str(tmp_path)}) as processes:
        talk = processes.converse("echo", "echo_orders")
        assert talk.carry_out(calls=3) == {"got": {"calls": 3}}
        assert talk.carry_out(calls=4) == {"got": {"calls": 4}}
        processes.kill(talk.process)
        with pytest.raises((ProcessDied, BrokenPipeError)):
            talk.carry_out(calls=5)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_command_that_fails_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    with Processes(tmp_path, dict(os.environ)) as processes:
        done = processes.run("json.tool", "--help")
        assert "usage" in done.stdout
        with pytest.raises(ProcessDied, match="ended with 1"):
            processes.run("no_such_module_at_all")
