"""The `licence` command as a person and as a machine meet it: help, JSON, errors with a next step, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from circuits.records import TrustBundle
from console.main import app

COMMANDS = [
    ["issuer", "init"],
    ["issuer", "serve"],
    ["issuer", "revoke"],
    ["issuer", "epoch"],
    ["wallet", "enrol"],
    ["wallet", "obtain"],
    ["wallet", "show"],
    ["wallet", "refresh"],
    ["wallet", "prove"],
    ["wallet", "audit"],
    ["gateway", "serve"],
    ["gateway", "deny"],
    ["vectors", "write"],
    ["opener", "share"],
    ["opener", "combine"],
    ["conformance"],
    ["bench"],
    ["demo"],
]
SERVERS = (["issuer", "serve"], ["gateway", "serve"])

VECTORS = Path(os.environ.get("LICENCE_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))

runner = CliRunner()


def _error(*arguments: str) -> dict[str, str]:
    done = runner.invoke(app, [*arguments, "--json"])
    assert done.exit_code == 1, done.output
    error = json.loads(done.stdout)["error"]
    assert set(error) == {"code", "sentence", "next"}
    return dict(error)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = runner.invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "Usage:" in done.output
    assert ("--json" in done.output) is (command not in SERVERS)
    assert "passphrase-file" in done.output if command[0] == "wallet" else True


def test_no_option_takes_a_passphrase_on_the_command_line() -> None:
    for command in COMMANDS:
        assert "--passphrase " not in runner.invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).output


def test_help_imports_no_role() -> None:
    text = "import sys; sys.argv = ['licence', '--help']\nimport console.main\nprint([m for m in sys.modules if m in "
    text += "('issuer', 'prover', 'verifier', 'circuits', 'fastapi', 'httpx')])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_wallet_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    error = _error("wallet", "show", "--wallet", str(tmp_path / "none"))
    assert error["code"] == "wallet-missing"
    assert "licence wallet enrol" in error["next"]


def test_without_json_the_error_goes_to_standard_error_with_the_next_step(tmp_path: Path) -> None:
    done = runner.invoke(app, ["wallet", "show", "--wallet", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "wallet-missing" in done.stderr
    assert "next:" in done.stderr


def test_an_unreachable_issuer_is_an_error(tmp_path: Path) -> None:
    secret = tmp_path / "pass"
    secret.write_text("correct horse battery staple\n")
    arguments = ["--wallet", str(tmp_path / "w"), "--issuer", "http://127.0.0.1:9", "--passphrase-file", str(secret)]
    assert _error("wallet", "enrol", *arguments)["code"] == "issuer-unreachable"
    assert not (tmp_path / "w").exists()


def test_administration_needs_to_know_which_issuer() -> None:
    assert _error("issuer", "epoch")["code"] == "which-issuer"
    assert _error("issuer", "revoke", "L-1", "--reason", "test")["code"] == "which-issuer"


@pytest.mark.parametrize("text", ["", "abcd", "zz" * 32])
def test_a_gateway_needs_a_whole_trust_hash(tmp_path: Path, text: str) -> None:
    arguments = ["--data", str(tmp_path), "--trust", str(tmp_path / "t"), "--trust-hash", text]
    more = ["--upstream", "http://127.0.0.1:1", "--origin", "http://127.0.0.1:2"]
    done = runner.invoke(app, ["gateway", "serve", *arguments, *more])
    assert done.exit_code == 1
    assert "trust-hash" in done.stderr


def test_an_issuer_is_made_once_and_hands_its_secrets_to_files(tmp_path: Path) -> None:
    arguments = ["issuer", "init", "--data", str(tmp_path / "i"), "--shares", str(tmp_path / "s")]
    arguments += ["--url", "http://127.0.0.1:9000", "--identity-provider", "http://127.0.0.1:9001", "--json"]
    done = runner.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    bundle = TrustBundle.decode(Path(told["trust_bundle"]).read_bytes())
    assert bundle.hash.hex() == told["trust_hash"]
    assert len(told["shares"]) == 3
    for path in [*told["shares"], told["admin_token_file"]]:
        assert Path(path).stat().st_mode & 0o077 == 0
        assert Path(path).read_text().strip().split(":")[-1] not in done.output
    assert "d" not in json.loads(Path(told["client_keys"]).read_text())["keys"][0]
    again = runner.invoke(app, arguments)
    assert again.exit_code == 1
    assert json.loads(again.stdout)["error"]["code"] == "already-initialised"


def test_an_insurer_is_given_as_name_and_file(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path / "i"), "--shares", str(tmp_path / "s"), "--url", "http://127.0.0.1:9000"]
    assert _error("issuer", "init", *arguments, "--insurer", "nameless")["code"] == "insurer"


def test_conformance_finds_nothing_in_an_empty_folder_and_says_so(tmp_path: Path) -> None:
    done = runner.invoke(app, ["conformance", str(tmp_path)])
    assert done.exit_code == 2


def test_conformance_prints_a_line_for_each_folder_and_the_count() -> None:
    folder = VECTORS / "fiat-shamir"
    done = runner.invoke(app, ["conformance", str(folder)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")
    told = json.loads(runner.invoke(app, ["conformance", "--json", str(folder)]).stdout)
    assert told["failed"] == 0 < told["passed"] == sum(each["passed"] for each in told["folders"])


def test_conformance_fails_on_one_flipped_digit(tmp_path: Path) -> None:
    folder = VECTORS / "fiat-shamir"
    [source, *_] = sorted(folder.rglob("*.json"))
    text = source.read_text()
    place = next(i for i, letter in enumerate(text) if letter in "0123456789" and text[i - 8 : i].isalnum())
    changed = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]
    (tmp_path / source.name).write_text(changed)
    assert runner.invoke(app, ["conformance", str(tmp_path)]).exit_code == 1


def test_an_unknown_curve_is_refused() -> None:
    environment = os.environ | {"LICENCE_CURVE": "secp256k1"}
    command = [sys.executable, "-m", "console.main", "issuer", "epoch"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "LICENCE_CURVE" in done.stderr


def test_an_unknown_sabotage_is_refused(tmp_path: Path) -> None:
    assert _error("demo", "--output", str(tmp_path), "--sabotage", "gremlins")["code"] == "sabotage"


def test_help_answers_at_once() -> None:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "console.main", "--help"], capture_output=True, check=True)
    assert time.perf_counter() - started < 5
