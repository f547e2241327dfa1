"""The small stores with a memory: challenges, used proofs, the clock, the queue for proofs."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import Malformed, Misuse, Rejected
from tests.verifier.sim_issuer import START, Clock
from verifier.base64url import decode_base64url, encode_base64url
from verifier.challenge import Challenge, MemoryChallengeStore
from verifier.holder import ReplayCache
from verifier.leasekeys import LeaseKeyRing
from verifier.steady import SteadyClock
from verifier.unavailable import Unavailable
from verifier.workbench import Workbench


def challenge(name: int, at: int = START) -> Challenge:
    return Challenge(name.to_bytes(32, "big"), "p", bytes(32), "r", "s", at, 120)


@pytest.mark.attack("12")
def test_one_of_many_takers_gets_it() -> None:
    store = MemoryChallengeStore()
    store.put(challenge(1))
    outcomes: list[str] = []
    gate = threading.Barrier(16)

    def taker() -> None:
        gate.wait()
        try:
            store.take(challenge(1).nonce, START)
            outcomes.append("taken")
        except Rejected as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=taker) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["replay"] * 15 + ["taken"]


def test_an_expired_challenge_is_spent_all_the_same() -> None:
    store = MemoryChallengeStore()
    store.put(challenge(1))
    with pytest.raises(Rejected, match="challenge-expired"):
        store.take(challenge(1).nonce, START + 121)
    with pytest.raises(Rejected, match="replay"):
        store.take(challenge(1).nonce, START + 60)


@pytest.mark.attack("52")
def test_a_flood_of_challenges_is_bounded_and_spares_the_honest() -> None:
    store = MemoryChallengeStore(capacity=100)
    for name in range(100):
        store.put(challenge(name))
    with pytest.raises(Unavailable, match="overloaded"):
        store.put(challenge(1000, START + 4))
    store.put(challenge(1000, START + 5))
    with pytest.raises(Rejected, match="proof-context"):
        store.take(challenge(0).nonce, START + 5)
    assert store.take(challenge(1).nonce, START + 5).time == START
    store.put(challenge(2000, START + 500))
    assert store.take(challenge(2000).nonce, START + 501).time == START + 500


@pytest.mark.attack("6")
def test_a_use_is_remembered_for_the_whole_window() -> None:
    cache = ReplayCache(window=90, capacity=3)
    cache.check_new(b"a", START)
    for later in (0, 45, 90):
        with pytest.raises(Rejected, match="replay"):
            cache.check_new(b"a", START + later)
    cache.check_new(b"b", START + 91)
    with pytest.raises(Rejected, match="replay"):
        cache.check_new(b"a", START + 92)
    cache.check_new(b"c", START + 92)
    cache.check_new(b"d", START + 92)
    with pytest.raises(Unavailable, match="overloaded"):
        cache.check_new(b"e", START + 92)
    cache.check_new(b"a", START + 1000)


@pytest.mark.attack("46")
def test_time_stands_still_rather_than_going_back(tmp_path: Path) -> None:
    wall = Clock()
    clock = SteadyClock(wall, tmp_path / "time")
    assert clock.read() == START
    wall.time -= 60
    assert clock.read() == START
    wall.time -= 1
    with pytest.raises(Unavailable, match="clock-went-back"):
        clock.read()
    wall.time = START + 30
    assert clock.read() == START + 30
    clock.persist()
    wall.time = START - 31
    with pytest.raises(Unavailable, match="clock-went-back"):
        SteadyClock(wall, tmp_path / "time").read()
    (tmp_path / "time").write_text("yesterday")
    with pytest.raises(Misuse):
        SteadyClock(wall, tmp_path / "time")


def test_lease_keys_turn_and_survive(tmp_path: Path) -> None:
    ring = LeaseKeyRing(tmp_path / "keys", START)
    first = ring.signing.kid
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in str(ring.jwks(START)).replace("'", '"')
    ring.rotate_if_due(START + 3600, 4)
    assert ring.signing.kid == first
    ring.rotate_if_due(START + 86400, 4)
    assert ring.signing.kid.startswith("4-")
    again = LeaseKeyRing(tmp_path / "keys", START)
    assert again.signing.kid == ring.signing.kid
    assert len(again.jwks(START + 86400)["keys"]) == 2
    assert len(again.jwks(START + 86400 + 961)["keys"]) == 1
    again.rotate(START + 86401, 5, withdraw=True)
    assert [key["kid"] for key in again.jwks(START + 86401)["keys"]] == [again.signing.kid]
    assert again.find(first, START + 86401).kid == first
    for content in (b"", b"{}", b'{"keys":[{}]}'):
        (tmp_path / "keys").write_bytes(content)
        with pytest.raises(Misuse):
            LeaseKeyRing(tmp_path / "keys", START)


@pytest.mark.attack("52")
def test_the_queue_for_proofs_is_short() -> None:
    async def story() -> None:
        bench = Workbench(workers=1, waiting=1)
        first = asyncio.create_task(bench.run(lambda: time.sleep(0.05)))
        second = asyncio.create_task(bench.run(lambda: 2))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="overloaded"):
            await bench.run(lambda: 3)
        await first
        assert await second == 2
        await asyncio.sleep(0.01)
        assert await bench.run(lambda: 4) == 4
        with pytest.raises(Rejected):
            await bench.run(refuse)
        bench.close()

    asyncio.run(story())


def refuse() -> None:
    raise Rejected("no", "no")


@given(st.binary(max_size=64))
def test_base64url_there_and_back(octets: bytes) -> None:
    assert decode_base64url(encode_base64url(octets), 64) == octets


@given(st.text(max_size=12))
def test_base64url_has_one_text_for_each_octet_string(text: str) -> None:
    try:
        octets = decode_base64url(text, 64)
    except Malformed:
        return
    assert encode_base64url(octets) == text
