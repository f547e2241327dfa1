"""The wallet's contents: one encoding, no lost updates, nothing secret in sight."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import prover
from circuits import Malformed, Secret, encode_cbor, register
from prover import Wallet, WalletError
from prover.wallet import Application, Contents, PendingRequest

PASSPHRASE = Secret("correct horse")


def full(world: Any) -> Contents:
    """Contents with every part filled."""
    wallet = world.wallet()
    held: Contents = wallet.contents
    registration = register(held.trust.issuer)
    issue = __import__("circuits").PendingIssue(Secret(5), Secret(7))
    return replace(
        held,
        registration=registration,
        application=Application("a-1", Secret("t" * 20), "https://x", "123456", 9, True),
        pending=PendingRequest(3, bytes(144), bytes(160), issue, (("cover_band", 3), ("permit", "P-1"))),
    )


def test_contents_come_back_exactly(world: Any) -> None:
    contents = full(world)
    octets = contents.encode()
    again = Contents.decode(octets)
    assert again.encode().expose() == octets.expose()
    assert again.licence is not None
    assert contents.licence is not None
    assert again.licence.credential.handle == contents.licence.credential.handle
    assert again.epoch == contents.epoch
    assert again.pending is not None
    assert again.pending.expected == (("cover_band", 3), ("permit", "P-1"))
    assert again.trust.hash == world.keys.bundle.hash


def test_what_is_the_same_is_not_decoded_twice(world: Any) -> None:
    contents = full(world)
    again = Contents.decode(contents.encode(), contents)
    assert again.trust is contents.trust
    assert again.licence is not None
    assert contents.licence is not None
    assert again.licence.credential is contents.licence.credential


def test_contents_of_another_shape_are_malformed(world: Any) -> None:
    fields: dict[int, Any] = __import__("circuits").decode_cbor(full(world).encode().expose(), 1 << 20)
    wrong: list[dict[int, Any]] = [
        fields | {1: 2},
        fields | {10: 0},
        {key: value for key, value in fields.items() if key != 9},
        fields | {2: b""},
        fields | {3: b"nothing"},
        fields | {4: [b"short", bytes(48), bytes(32)]},
        fields | {5: [1, 2]},
        fields | {6: 7},
        fields | {7: ["id", b"x", b"y", []]},
        fields | {8: "high"},
    ]
    for value in wrong:
        with pytest.raises(Malformed):
            Contents.decode(Secret(encode_cbor(value)))


def test_no_secret_shows_in_a_repr(world: Any) -> None:
    contents = full(world)
    assert contents.application is not None
    assert contents.pending is not None
    text = repr(contents.application) + repr(contents.pending) + repr(contents.registration) + repr(contents.licence)
    assert "t" * 20 not in text
    assert text.count("redacted") >= 5
    assert contents.licence is not None
    assert str(contents.licence.credential.handle) not in text


def test_a_wallet_is_not_made_over_another(world: Any) -> None:
    wallet = world.wallet()
    with pytest.raises(WalletError, match="wallet-exists"):
        Wallet.create(wallet.path, PASSPHRASE, wallet.contents, 10)


def test_a_change_that_changes_nothing_writes_nothing(world: Any) -> None:
    wallet = world.wallet()
    before = wallet.path.read_bytes()
    wallet.update(lambda found: found)
    assert wallet.path.read_bytes() == before


def test_a_change_that_fails_leaves_everything_as_it_was(world: Any) -> None:
    wallet = world.wallet()
    before = wallet.path.read_bytes()

    def fail(found: Contents) -> Contents:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        wallet.update(fail)
    assert wallet.path.read_bytes() == before


def test_a_new_passphrase_replaces_the_old_one(world: Any) -> None:
    wallet = world.wallet()
    other = Wallet.open(wallet.path, PASSPHRASE)
    wallet.change_passphrase(Secret("another"), 10)
    with pytest.raises(WalletError, match="wallet-passphrase"):
        Wallet.open(wallet.path, PASSPHRASE)
    with pytest.raises(WalletError, match="its passphrase was changed"):
        other.reload()
    assert Wallet.open(wallet.path, Secret("another")).contents.licence is not None


def test_threads_do_not_lose_each_others_changes(world: Any) -> None:
    wallet = world.wallet()
    start = wallet.contents.high_water

    def count() -> None:
        for _ in range(10):
            wallet.update(lambda found: replace(found, high_water=found.high_water + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wallet.contents.high_water == start + 40


_COUNT = """
import sys
from dataclasses import replace
from pathlib import Path
from circuits import Secret
from prover import Wallet
wallet = Wallet.open(Path(sys.argv[1]), Secret("correct horse"))
for _ in range(15):
    wallet.update(lambda found: replace(found, high_water=found.high_water + 1))
"""


def test_two_processes_do_not_lose_each_others_changes(world: Any) -> None:
    wallet = world.wallet()
    start = wallet.contents.high_water
    root = Path(prover.__file__).parents[1]
    command = [sys.executable, "-c", _COUNT, str(wallet.path)]
    processes = [subprocess.Popen(command, cwd=root) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert wallet.reload().high_water == start + 30
