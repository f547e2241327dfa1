"""The encrypted file: one encoding, capped costs, whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import Secret
from prover.errors import WalletError
from prover.wallet import file as wallet_file
from prover.wallet.file import (
    MAX_LOG_COST,
    MAX_WALLET_OCTETS,
    key_for,
    locked,
    new_key,
    read_file,
    replace_file,
    seal,
    unseal,
)

PASSPHRASE = Secret("correct horse")
KEY = new_key(PASSPHRASE, 10)
CONTENT = b"the content of a wallet" * 20
FILE = seal(KEY, CONTENT)


def test_a_file_opens_with_its_passphrase_and_gives_its_content() -> None:
    assert unseal(key_for(FILE, PASSPHRASE), FILE) == CONTENT


def test_the_same_passphrase_in_another_unicode_form_opens_it() -> None:
    file = seal(new_key(Secret("caf\u00e9"), 10), CONTENT)
    assert unseal(key_for(file, Secret("cafe\u0301")), file) == CONTENT


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=2000))
def test_every_content_comes_back_and_no_two_files_are_alike(content: bytes) -> None:
    assert unseal(KEY, seal(KEY, content)) == content
    assert seal(KEY, content) != seal(KEY, content)


def test_a_wrong_passphrase_is_told_as_that() -> None:
    with pytest.raises(WalletError) as refused:
        key_for(FILE, Secret("correct house"))
    assert refused.value.code == "wallet-passphrase"
    assert "Try the passphrase again" in refused.value.next_step
    assert "house" not in str(refused.value)


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(WalletError, match="wallet-passphrase"):
        new_key(Secret(""), 10)


def test_every_bit_flip_of_the_body_is_refused() -> None:
    for at in range(41, len(FILE)):
        for bit in range(8):
            flipped = bytearray(FILE)
            flipped[at] ^= 1 << bit
            with pytest.raises(WalletError, match="wallet-damaged"):
                unseal(KEY, bytes(flipped))


def test_every_bit_flip_of_the_header_is_refused_with_a_clear_code() -> None:
    for at in range(41):
        for bit in range(8):
            flipped = bytearray(FILE)
            flipped[at] ^= 1 << bit
            if at == 8 and flipped[at] > 12:
                continue  # the same refusals, but slow: see the test of caps
            with pytest.raises(WalletError) as refused:
                key_for(bytes(flipped), PASSPHRASE)
            expected = {"wallet-damaged"} if at < 8 else {"wallet-passphrase", "wallet-cost"}
            assert refused.value.code in expected


def test_every_truncation_and_any_extension_is_refused() -> None:
    for length in range(len(FILE)):
        with pytest.raises(WalletError, match="wallet-damaged"):
            unseal(KEY, FILE[:length])
    with pytest.raises(WalletError, match="wallet-damaged"):
        unseal(KEY, FILE + b"\x00")
    for length in (0, 7, 8, 52, 68):
        with pytest.raises(WalletError, match="wallet-damaged"):
            key_for(FILE[:length], PASSPHRASE)


@pytest.mark.parametrize("log_cost", [0, 9, MAX_LOG_COST + 1, 42, 255])
def test_a_cost_beyond_the_caps_is_refused_at_once_and_says_what_it_costs(log_cost: int) -> None:
    file = FILE[:8] + bytes([log_cost]) + FILE[9:]
    started = time.perf_counter()
    with pytest.raises(WalletError) as refused:
        key_for(file, PASSPHRASE)
    assert time.perf_counter() - started < 0.1
    assert refused.value.code == "wallet-cost"
    assert "256 MiB, about a second" in refused.value.sentence


def test_a_wallet_beyond_the_size_cap_is_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="wallet-size"):
        seal(KEY, bytes(MAX_WALLET_OCTETS))
    path = tmp_path / "wallet"
    replace_file(path, bytes(MAX_WALLET_OCTETS + 1))
    with pytest.raises(WalletError, match="wallet-size"):
        read_file(path)


def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    before = os.umask(0)
    try:
        with locked(path):
            replace_file(path, FILE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(WalletError, match="wallet-permissions"):
        read_file(path)


def test_a_missing_wallet_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="wallet-missing"):
        read_file(tmp_path / "nothing")


def test_leftovers_of_a_crash_are_swept_at_the_next_save(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    (tmp_path / ".wallet.0123.tmp").write_bytes(b"half")
    replace_file(path, FILE)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["wallet"]


def test_a_save_that_fails_leaves_the_old_file_and_no_leftover(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    path.mkdir()
    (path / "occupied").touch()
    with pytest.raises(WalletError, match="wallet-io"):
        replace_file(path, FILE)
    with pytest.raises(WalletError, match="wallet-io"):
        replace_file(tmp_path / "no" / "wallet", FILE)
    with pytest.raises(WalletError, match="wallet-io"), locked(tmp_path / "no" / "wallet"):
        pass
    assert [item.name for item in tmp_path.iterdir()] == ["wallet"]


def test_a_lock_that_another_holds_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    with locked(path), pytest.raises(WalletError, match="wallet-busy"), locked(path, seconds=0.05):
        pass


_SAVE_FOR_EVER = """
import sys
from pathlib import Path
from circuits import Secret
from prover.wallet.file import key_for, locked, read_file, replace_file, seal
path = Path(sys.argv[1])
key = key_for(read_file(path), Secret("correct horse"))
print("ready", flush=True)
number = 0
while True:
    number += 1
    with locked(path):
        replace_file(path, seal(key, b"%08d" % number * 5000))
"""


def test_kill_9_during_a_save_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    replace_file(path, seal(KEY, b"%08d" % 0 * 5000))
    root = Path(wallet_file.__file__).parents[2]
    for attempt in range(8):
        command = [sys.executable, "-c", _SAVE_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.011 * (attempt + 1))
            process.send_signal(signal.SIGKILL)
        content = unseal(KEY, read_file(path))
        assert content == content[:8] * 5000
        with locked(path, seconds=1):
            replace_file(path, seal(KEY, content))
    assert int(content[:8]) > 0
