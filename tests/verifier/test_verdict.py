"""A verdict is made by verification alone; a policy that asks for nothing is no policy."""

from __future__ import annotations

import ast
import asyncio
import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest

from circuits import Malformed, Misuse
from tests.verifier.sim_gateway import Gateway
from tests.verifier.sim_issuer import Clock, SimulatedIssuer
from verifier import verify
from verifier.policy import Policy
from verifier.settings import Settings
from verifier.verdict import Verified
from verifier.verify import Wanted

ROOT = Path(verify.__file__).parents[1]


def verdict(gateway: Gateway) -> Verified:
    holder = gateway.holder()
    asked = asyncio.run(gateway.challenge())
    octets = holder.present(asked, session_thumbprint=bytes(32))
    wanted = Wanted(f"{gateway.origin}/v1/autonomous", "autonomous")
    return gateway.point._verifier.verify(octets, wanted, gateway.clock.time)


def test_nobody_else_makes_one(gateway: Gateway) -> None:
    found = verdict(gateway)
    fields = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    attempts: list[Any] = [
        lambda: Verified(seal=object(), **fields),
        lambda: Verified(seal=None, **fields),
        lambda: dataclasses.replace(found, tier=9),
        lambda: dataclasses.replace(found, seal=object(), tier=9),
        lambda: copy.copy(found),
        lambda: copy.deepcopy(found),
        lambda: pickle.dumps(found),
        lambda: found.__replace__(tier=9),
        lambda: type("Mine", (Verified,), {}),
    ]
    for attempt in attempts:
        with pytest.raises((Misuse, ValueError, TypeError)):
            attempt()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.tier = 9  # type: ignore[misc]


def test_the_seal_is_known_to_verification_alone() -> None:
    users = []
    for package in ("verifier", "console", "prover", "issuer"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text())
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
            attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            if "_SEAL" in names | attributes:
                users.append(path.relative_to(ROOT).as_posix())
    assert users == ["verifier/verify.py"]


def test_a_policy_that_asks_for_nothing() -> None:
    record = SimulatedIssuer(Clock()).bundle().policies[0]
    assert Policy(record).record is record
    for changes in (
        {"issuers": ()},
        {"disclosed": (), "predicates": ()},
        {"escrow_hash": b""},
        {"renewal_seconds": 3601},
    ):
        with pytest.raises((Misuse, Malformed)):
            Policy(dataclasses.replace(record, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "gateway.example"},
        {"origin": "http://gateway.example/"},
        {"origin": "http://Gateway.example"},
        {"origin": "http://user@gateway.example"},
        {"origin": "ftp://gateway.example"},
        {"protected_prefix": "v1"},
        {"protected_prefix": "/v1/"},
        {"public_prefix": "/"},
        {"trust_hash": b"short"},
    ],
    ids=str,
)
def test_settings_that_make_no_sense(gateway: Gateway, changes: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        dataclasses.replace(gateway.settings(), **changes)


@pytest.mark.requirement("R51")
def test_no_setting_switches_the_trail_or_the_kill_switch_off() -> None:
    words = ("audit", "evidence", "kill", "deny", "disable", "enable", "off")
    assert not [field.name for field in dataclasses.fields(Settings) if any(word in field.name for word in words)]
