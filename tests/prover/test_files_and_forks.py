"""Public files that are not served as they should be, and a wallet among links and forked processes.

Found by a review; each test fails without what was done about it.
"""

from __future__ import annotations

import gzip
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from prover import Refused, Unreachable, Wallet, licensed_client
from prover.enrol import apply, digit_table, obtain, table_path
from prover.issuer_client import IssuerClient
from prover.wallet.file import locked
from tests.prover.conftest import PASSPHRASE, World
from tests.prover.two import (
    HERE,
    agent,
    shown,
)


@pytest.mark.parametrize("status", [302, 403, 404, 409, 410, 451, 503])
def test_a_public_file_that_is_not_served_does_not_stop_an_agent(world: World, status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"code": "no-challenge"}, headers={"location": "https://elsewhere.example"})

    client = agent(world, issuer=_issuer_with(answer))
    world.clock.at += 910
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert shown(world.gateway) == [0]


def test_an_answer_for_a_public_file_does_not_lose_the_licence(world: World) -> None:
    """The request must stay: the issuer has signed for it, and signs for no other."""
    wallet = world.empty_wallet("served")
    apply(wallet, world.issuer.client())
    other = iter([httpx.Response(409, json={"code": "no-challenge", "detail": "x"})])

    def answer(request: httpx.Request) -> httpx.Response:
        first = next(other, None) if request.url.path.startswith("/epochs/") else None
        return first or world.issuer.handle(request)

    client = _issuer_with(answer)
    with pytest.raises(Unreachable, match="issuer-files"):
        obtain(wallet, client, 3, world.clock)
    assert wallet.reload().pending is not None
    assert obtain(wallet, client, 3, world.clock).id == "L-1"


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br"])
def test_nothing_packed_is_read(world: World, encoding: str) -> None:
    """A kilobyte unpacks to a megabyte, and twice packed to a gigabyte."""
    bomb = gzip.compress(bytes(1 << 20))
    headers = {"content-encoding": encoding, "agent-licence-error": "revoked"}

    def packed(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(bomb))

    with pytest.raises(Unreachable, match="packed"):
        _issuer_with(packed).latest_epoch()

    def from_gateway(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/"):
            return httpx.Response(403, headers=headers, stream=_Stream(bomb))
        return httpx.Response(404)

    client = licensed_client(world.session(), transport=httpx.MockTransport(from_gateway))
    with pytest.raises(Refused, match="without a reason"):
        client.get(f"{HERE}/v1/autonomous/x")


class _Stream(httpx.SyncByteStream):
    """Octets that are not read before somebody asks, as from a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def __iter__(self) -> Any:
        yield self._octets


def _issuer_with(answer: Any) -> IssuerClient:
    return IssuerClient("https://issuer.example", httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_child_that_was_forked_meanwhile_does_not_hold_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    with locked(path):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with locked(path, seconds=0.2):
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child is there, and has the file open"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_child_reads_a_wallet_that_another_thread_was_reading(world: World) -> None:
    wallet = world.wallet()
    with wallet._guard:
        child = os.fork()
        if child == 0:
            os._exit(0 if wallet.contents.licence is not None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_wallet_opened_by_a_link_is_the_file_that_it_leads_to(world: World) -> None:
    wallet = world.wallet()
    link = wallet.path.parent / "link"
    link.symlink_to(wallet.path)
    Wallet.open(link, PASSPHRASE).update(lambda found: found.following())
    assert link.is_symlink()
    assert wallet.reload().generation == Wallet.open(link, PASSPHRASE).contents.generation


def test_a_digit_table_that_cannot_be_kept_is_used_all_the_same(world: World) -> None:
    wallet = world.wallet()
    path = table_path(wallet.path, world.keys.bundle.issuer)
    path.unlink()
    path.mkdir()
    assert digit_table(wallet, world.issuer.client()).issuer == world.keys.bundle.issuer
    assert not list(path.parent.glob("*.tmp"))
