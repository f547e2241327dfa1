"""`licence wallet audit`: what an issuer could publish that does not fit together is found, each kind of it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import circuits
from circuits.records import GENESIS, EpochRecord
from console.audit import audit_publications
from console.main import app
from console.output import Failure
from prover import ProverError, Wallet
from prover.wallet import Contents
from tests.prover.conftest import PASSPHRASE, FakeIssuer, World, keys, world

__all__ = ["keys", "world"]

COUNTS = (2, 0, 1, 3)


def publish(world: World) -> FakeIssuer:
    """An issuer with epochs 0 to 4, of which the second and the fifth have more than one entry."""
    for count in COUNTS:
        world.issuer.revoke_strangers(count)
        world.issuer.publish()
    return world.issuer


def linked(issuer: FakeIssuer, entries: list[Any], counts: tuple[int, ...] = COUNTS) -> None:
    """Publish other entries, `counts` of them with each epoch: counted, hashed, signed and linked by the issuer itself.

    The values that are signed stay the true ones.
    """
    at, previous, epochs = 0, GENESIS, list[EpochRecord]()
    for epoch, count in zip(issuer.epochs, (0, *counts), strict=True):
        own, at = entries[at : at + count], at + count
        octets = circuits.entries_octets(own) if own else b""
        changes = {"entries_hash": hashlib.sha256(octets).digest(), "entries_count": count, "previous": previous}
        epochs.append(replace(epoch, **changes))
        previous = epochs[-1].hash
    issuer.entries[:], issuer.epochs[:] = entries, epochs


def found(issuer: FakeIssuer) -> str:
    """The code of what the audit finds."""
    with pytest.raises((Failure, circuits.CircuitError, ProverError)) as raised:
        audit_publications(issuer.keys.bundle, issuer.client())
    return str(raised.value.code)


@pytest.mark.attack("V9")
def test_what_fits_together_is_looked_at_whole(world: World) -> None:
    issuer = publish(world)
    done = audit_publications(issuer.keys.bundle, issuer.client())
    assert (done["epoch"], done["entries_audited"]) == (4, 6)
    asked = [line.rpartition("/")[2] for line in issuer.log]
    assert asked[2:] == ["0.cose", "1.cose", "1.entries", "2.cose", "3.cose", "3.entries", "4.entries"]


def test_an_issuer_without_revocations_is_looked_at_too(world: World) -> None:
    world.issuer.publish()
    done = audit_publications(world.keys.bundle, world.issuer.client())
    assert (done["epoch"], done["entries_audited"]) == (1, 0)


@pytest.mark.attack("V9")
@pytest.mark.parametrize("place", [0, 1, 4])
def test_a_phantom_entry_is_found(world: World, place: int) -> None:
    """A handle that was not revoked, under the value that another's revocation led to: signed by the issuer."""
    issuer = publish(world)
    entries = list(issuer.entries)
    entries[place] = entries[place]._replace(handle=circuits.new_handle())
    linked(issuer, entries)
    assert found(issuer) == "entries"


@pytest.mark.attack("V9")
def test_a_phantom_entry_that_stands_beside_the_true_ones_is_found(world: World) -> None:
    issuer = publish(world)
    first, second, *rest = issuer.entries
    phantom = first._replace(handle=circuits.new_handle())
    linked(issuer, [first, phantom, second, *rest], (3, 0, 1, 3))
    assert found(issuer) == "entries"


@pytest.mark.attack("V9")
@pytest.mark.parametrize("place", [0, 1, 2, 5])
def test_an_entry_left_out_is_found(world: World, place: int) -> None:
    """Of the first epoch's two the first, or the second; an epoch's only one; the last of all."""
    issuer = publish(world)
    fewer = {0: (1, 0, 1, 3), 1: (1, 0, 1, 3), 2: (2, 0, 0, 3), 5: (2, 0, 1, 2)}[place]
    linked(issuer, [entry for number, entry in enumerate(issuer.entries) if number != place], fewer)
    # The value that an epoch ends at is another where its last is missing; else the next entry does not follow.
    assert found(issuer) == ("entries" if place == 0 else "audit")


@pytest.mark.attack("V9")
def test_entries_in_another_order_or_of_another_epoch_are_found(world: World) -> None:
    issuer = publish(world)
    entries = list(issuer.entries)
    linked(issuer, [entries[1], entries[0], *entries[2:]])
    assert found(issuer) == "audit"
    linked(issuer, entries, (1, 1, 1, 3))
    assert found(issuer) == "audit"
    linked(issuer, entries)
    assert audit_publications(issuer.keys.bundle, issuer.client())["entries_audited"] == 6


@pytest.mark.attack("V9")
@pytest.mark.parametrize("name", ["1.entries", "3.entries", "4.entries"])
def test_a_file_that_is_not_what_its_epoch_names_is_found(world: World, name: str) -> None:
    issuer = publish(world)
    other = circuits.entries_octets(issuer.entries[:3], affine=True)
    for forged in (b"", other[128:], other[: 128 * 2][::-1], bytes(128)):
        issuer.tamper = lambda path, body, forged=forged: forged if path.endswith(name) else body
        assert found(issuer) in ("list-damaged", "issuer-answer")


@pytest.mark.attack("V11")
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_broken_link_is_found(world: World, place: int) -> None:
    """Epoch `place` was another one when the next was signed, or the next follows one that nobody knows."""
    issuer = publish(world)
    true, following = issuer.epochs[place : place + 2]
    issuer.epochs[place] = replace(true, next_update=true.next_update + 1)
    assert found(issuer) == "audit"
    issuer.epochs[place : place + 2] = true, replace(following, previous=bytes([1]) * 32)
    assert found(issuer) == "audit"


@pytest.mark.attack("V11")
def test_an_epoch_in_the_place_of_another_is_found(world: World) -> None:
    issuer = publish(world)
    signed = issuer.signed(issuer.epochs[1])
    issuer.tamper = lambda path, body: signed if path.endswith("/2.cose") else body
    assert found(issuer) == "audit"
    misnumbered = replace(issuer.epochs[2], number=7)
    signed, following = issuer.signed(misnumbered), replace(issuer.epochs[3], previous=misnumbered.hash)
    issuer.epochs[3:] = [following, replace(issuer.epochs[4], previous=following.hash)]
    assert found(issuer) == "audit"
    issuer.tamper = lambda path, body: body[:-1] + bytes([body[-1] ^ 1]) if path.endswith("/2.cose") else body
    assert found(issuer) == "epoch-signature"


def test_another_digit_table_is_found(world: World) -> None:
    issuer = publish(world)
    issuer.tamper = lambda path, body: body[48:] + body[:48] if path.endswith("digits.bin") else body
    assert found(issuer) == "digit-table"


@contextmanager
def serving(issuer: FakeIssuer) -> Iterator[str]:
    """The issuer's files over a socket; gives the address."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = issuer.handle(httpx.Request("GET", f"http://127.0.0.1{self.path}"))
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *arguments: Any) -> None:
            """Not to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_command_tells_either(world: World, tmp_path: Path) -> None:
    issuer = publish(world)
    path, secret = tmp_path / "audited", tmp_path / "passphrase"
    secret.write_text(PASSPHRASE.expose())
    secret.chmod(0o600)
    with serving(issuer) as url:
        Wallet.create(path, PASSPHRASE, Contents(trust=replace(world.keys.bundle, issuer_url=url)), log_cost=10)
        command = ["wallet", "audit", "--wallet", str(path), "--passphrase-file", str(secret), "--json"]
        whole = CliRunner().invoke(app, command)
        assert whole.exit_code == 0, whole.output
        assert json.loads(whole.stdout)["entries_audited"] == 6
        phantom = issuer.entries[1]._replace(handle=circuits.new_handle())
        linked(issuer, [issuer.entries[0], phantom, *issuer.entries[2:]])
        broken = CliRunner().invoke(app, command)
        assert broken.exit_code == 1
        assert json.loads(broken.stdout)["error"]["code"] == "entries"
