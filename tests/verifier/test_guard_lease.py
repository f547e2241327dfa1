"""What a lease, the file of the lease keys and the deny list are refused for, each beside what is let through.

The forged leases are signed with the gateway's own key: what refuses them is the guard, not the signature.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws

from circuits import Malformed, Misuse, Rejected
from tests.verifier.sim_issuer import START
from verifier.base64url import encode_base64url
from verifier.killswitch import MAX_REASON_CHARACTERS, MAX_VALUE_CHARACTERS, Denial, Denied, KillSwitch
from verifier.lease import MAX_LEASE_CHARACTERS, SKEW_SECONDS, LeaseOffice
from verifier.leasekeys import KEEP_SECONDS, LeaseKey, LeaseKeyRing

ORIGIN = "https://gateway.example"
HONEST: dict[str, Any] = {
    "iss": ORIGIN, "aud": ORIGIN, "iat": START, "exp": START + 900, "jti": "lease-1", "sub": "pseudonym",
    "scope": "autonomous", "tier": 3, "insured": True, "policy": "tier3-insured", "rev": 0, "rid": "lease-1", "dep": 0,
}  # fmt: skip


@pytest.fixture
def ring(tmp_path: Path) -> LeaseKeyRing:
    """Fresh keys in a file."""
    return LeaseKeyRing(tmp_path / "keys", START)


def sign(key: LeaseKey, claims: Any, **header: Any) -> str:
    """A lease as the holder of the gateway's key could make it, of whatever it likes."""
    made = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | header
    return jws.serialize_compact(made, json.dumps(claims), key.key, algorithms=["ES256"])


def unsigned(kid: Any) -> str:
    """What anybody can send."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": kid}
    return ".".join(encode_base64url(json.dumps(part).encode()) for part in (header, HONEST, "no signature"))


BOUND: dict[str, Any] = {"client_id": "key", "cnf": {"jkt": "key"}}


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        pytest.param({}, {"iss": "https://other.example"}, "wrong-audience", id="made by another gateway"),
        pytest.param(
            {"iat": START + SKEW_SECONDS}, {"iat": START + SKEW_SECONDS + 1}, "lease-from-future", id="not begun yet"
        ),
        pytest.param({}, {"operator": "Ltd"}, "malformed-lease", id="a claim that none of ours has"),
        pytest.param({"insured": False}, {"insured": 0}, "malformed-lease", id="a number for a truth value"),
        pytest.param({"tier": 1}, {"tier": True}, "malformed-lease", id="a truth value for a number"),
        pytest.param({"tier": 1}, {"tier": "1"}, "malformed-lease", id="a text for a number"),
        pytest.param({"jti": "5"}, {"jti": 5}, "malformed-lease", id="a number for a text"),
        pytest.param({"jti": "a b"}, {"jti": "a\r\nx: y"}, "malformed-lease", id="a header line in a name"),
        pytest.param({"jti": "a"}, {"jti": "\u00e4"}, "malformed-lease", id="a name that no header can hold"),
        pytest.param(BOUND, BOUND | {"cnf": "key"}, "malformed-lease", id="a key that is no key"),
        pytest.param(
            BOUND, BOUND | {"cnf": {"jkt": "key", "jwk": {}}}, "malformed-lease", id="bound in two ways at once"
        ),
    ],
)
def test_a_lease_that_says_what_none_of_ours_says(
    ring: LeaseKeyRing, good: dict[str, Any], bad: dict[str, Any], code: str
) -> None:
    office = LeaseOffice(ORIGIN, ring)
    assert office.check(sign(ring.signing, HONEST | good), START).claims == HONEST | good
    with pytest.raises(Rejected, match=code):
        office.check(sign(ring.signing, HONEST | bad), START)


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "dpop+jwt"}, {"crit": []}, {"crit": ["kid"]}], ids=str)
def test_a_token_that_is_signed_and_no_lease(ring: LeaseKeyRing, header: dict[str, Any]) -> None:
    """The key's signature under another kind of token, or with a header that has to be understood."""
    office = LeaseOffice(ORIGIN, ring)
    assert office.check(sign(ring.signing, HONEST), START).id == "lease-1"
    with pytest.raises(Rejected, match="malformed-lease"):
        office.check(sign(ring.signing, HONEST, **header), START)


@pytest.mark.attack("52")
def test_a_lease_longer_than_any_of_ours(ring: LeaseKeyRing) -> None:
    office = LeaseOffice(ORIGIN, ring)
    short, long = (sign(ring.signing, HONEST | {"scope": "s" * length}) for length in (2600, 2700))
    assert len(short) <= MAX_LEASE_CHARACTERS < len(long)
    assert len(office.check(short, START).scope) == 2600
    with pytest.raises(Rejected, match="malformed-lease"):
        office.check(long, START)


@pytest.mark.parametrize("name", ["no ASCII", "a key's name that is a list", "claims that are a list"])
def test_what_is_no_lease_is_refused_and_breaks_nothing(ring: LeaseKeyRing, name: str) -> None:
    """Each would otherwise end in an error of the language's own, which is an answer of the status 500."""
    office = LeaseOffice(ORIGIN, ring)
    good = sign(ring.signing, HONEST)
    bad = {
        "no ASCII": good + "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "a key's name that is a list": unsigned([ring.signing.kid]),
        "claims that are a list": sign(ring.signing, [HONEST]),
    }
    for kid, code in ((ring.signing.kid, "bad-signature"), ("nobody's", "unknown-key")):
        with pytest.raises(Rejected, match=code):
            office.check(unsigned(kid), START)
    with pytest.raises(Rejected, match="malformed-lease"):
        office.check(bad[name], START)
    assert office.check(good, START).text == good


@pytest.mark.attack("7")
def test_a_retired_key_is_of_no_use_once_its_leases_have_run_out(ring: LeaseKeyRing) -> None:
    retired = ring.signing.kid
    ring.rotate(START, 1, withdraw=False)
    assert ring.find(retired, START + KEEP_SECONDS).kid == retired
    with pytest.raises(Rejected, match="unknown-key"):
        ring.find(retired, START + KEEP_SECONDS + 1)


def test_a_key_that_was_dropped_while_a_call_was_under_way(ring: LeaseKeyRing) -> None:
    """Between the two looks at the ring another thread may have rotated it."""
    dropped = ring.signing.kid
    ring.check_not_withdrawn(dropped)
    ring.rotate(START, 1, withdraw=False)
    ring.check_not_withdrawn(dropped)
    ring.rotate(START + KEEP_SECONDS + 1, 1, withdraw=False)
    with pytest.raises(Rejected, match="floor"):
        ring.check_not_withdrawn(dropped)


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        ({"version": 1}, {}),
        ({"terms": 7}, {}),
        ({}, {"kid": 5}),
        ({}, {"epoch": "0"}),
        ({}, {"epoch": True}),
        ({}, {"made_at": None}),
        ({}, {"made_at": START + 0.5}),
        ({}, {"retired_at": "never"}),
        ({}, {"withdrawn_in": False}),
    ],
    ids=str,
)
def test_a_damaged_file_of_keys_stops_the_start(tmp_path: Path, damage: dict[str, Any], row: dict[str, Any]) -> None:
    path = tmp_path / "keys"
    kid = LeaseKeyRing(path, START).signing.kid
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content))
    assert LeaseKeyRing(path, START).signing.kid == kid
    path.write_text(json.dumps(content | damage | {"keys": [content["keys"][0] | row]}))
    with pytest.raises(Misuse, match="does not hold lease keys"):
        LeaseKeyRing(path, START)


@pytest.mark.parametrize(
    ("value", "reason", "wrong"),
    [
        ("lease-1", "r" * (MAX_REASON_CHARACTERS + 1), "reason"),
        ("lease-1", "two\nlines", "reason"),
        ("two\nlines", "r", "value"),
        ("\u00e4", "r", "value"),
        ("v" * (MAX_VALUE_CHARACTERS + 1), "r", "value"),
        ("", "r", "value"),
    ],
)
def test_a_denial_that_could_not_be_written_down(value: str, reason: str, wrong: str) -> None:
    """It is written to the disk with every further denial, and given out again."""
    longest = "v" * MAX_VALUE_CHARACTERS, "r" * MAX_REASON_CHARACTERS
    assert Denial(Denied.LEASE, *longest, START).reason == longest[1]
    with pytest.raises(Malformed, match=wrong):
        Denial(Denied.LEASE, value, reason, START)


@pytest.mark.requirement("R51")
def test_a_deny_list_of_another_version_stops_the_start(tmp_path: Path) -> None:
    """Its entries may mean something else, and none may be forgotten."""
    path = tmp_path / "denied.json"
    KillSwitch(path).deny(Denial(Denied.LEASE, "lease-1", "", START))
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps(content))
    with pytest.raises(Rejected, match="revoked"):
        KillSwitch(path).check("pseudonym", None, "lease-1")
    path.write_text(json.dumps(content | {"version": 2}))
    with pytest.raises(Misuse, match="cannot be read"):
        KillSwitch(path)
