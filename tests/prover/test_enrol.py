"""Getting a licence, over every crash, and against an issuer that lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

import circuits
from circuits.scalar import ORDER
from prover import IssuerClient, IssuerRefused, NotReady, ProverError, TrustError, Unreachable, Wallet
from prover.enrol import (
    adopt_trust,
    apply,
    create_wallet,
    digit_table,
    fetch_trust,
    obtain,
    status,
    table_path,
    withdraw,
)
from prover.issuer_client import from_base64url, to_base64url

PASSPHRASE = circuits.Secret("correct horse")


class Crash(BaseException):
    """The process ends here."""


def empty(world: Any, name: str = "wallet") -> Wallet:
    wallet: Wallet = world.empty_wallet(name)
    return wallet


@pytest.mark.requirement("R33")
def test_a_wallet_gets_its_licence_step_by_step(world: Any) -> None:
    client = world.issuer.client()
    wallet = create_wallet(world.directory / "wallet", PASSPHRASE, client, world.keys.bundle.hash, log_cost=10)
    application = apply(wallet, client)
    assert application.sign_in.startswith("https://issuer.example/sign-in/")
    assert wallet.contents.registration is not None
    assert application.code == circuits.registration_code(wallet.contents.registration.point)
    assert status(wallet, client).missing == ()
    licence = obtain(wallet, client, 3, world.clock, {"permit": "P-1", "cover_band": 3})
    assert licence.credential.value("tier") == 3
    again = Wallet.open(wallet.path, PASSPHRASE).contents
    assert again.licence is not None
    assert again.licence.id == "L-1"
    assert again.pending is None
    assert again.registration is None
    assert obtain(wallet, client, 3, world.clock).id == "L-1"


def test_the_pinned_hash_decides_over_the_trust_bundle(world: Any) -> None:
    client = world.issuer.client()
    assert fetch_trust(client).hash == world.keys.bundle.hash
    with pytest.raises(TrustError, match="trust-hash"):
        create_wallet(world.directory / "wallet", PASSPHRASE, client, bytes(32), log_cost=10)
    world.issuer.tamper = lambda path, body: body[:-1]
    with pytest.raises(TrustError, match="trust-malformed"):
        fetch_trust(client)
    assert list(world.directory.iterdir()) == []


@pytest.mark.attack("G8")
def test_a_digit_table_with_one_wrong_entry_is_refused(world: Any) -> None:
    def swap(path: str, body: bytes) -> bytes:
        return body if "digits" not in path else body[48:96] + body[:48] + body[96:]

    world.issuer.tamper = swap
    with pytest.raises(TrustError, match="digit-table"):
        create_wallet(world.directory / "wallet", PASSPHRASE, world.issuer.client(), log_cost=10)
    assert not (world.directory / "wallet").exists()


def test_a_lost_or_damaged_digit_table_is_fetched_again(world: Any) -> None:
    wallet = empty(world)
    path = table_path(wallet.path, world.keys.bundle.issuer)
    assert digit_table(wallet) is not None
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NotReady, match="no-digit-table"):
        digit_table(wallet)
    digit_table(wallet, world.issuer.client())
    path.unlink()
    digit_table(wallet, world.issuer.client())
    assert path.exists()


def test_a_new_bundle_of_the_same_issuer_is_adopted_by_its_hash(world: Any) -> None:
    wallet, client, bundle = world.wallet(), world.issuer.client(), world.keys.bundle
    newer = replace(bundle, policies=(*bundle.policies, replace(bundle.policies[0], id="stricter")))
    foreign = replace(bundle, epoch_key=bytes(32))
    for offered in (newer, foreign):
        world.issuer.tamper = lambda path, body, offered=offered: offered.octets if path == "/trust.cbor" else body
        with pytest.raises(TrustError, match="trust-hash"):
            adopt_trust(wallet, client, bundle.hash)
        if offered is newer:
            adopt_trust(wallet, client, newer.hash)
        else:
            with pytest.raises(TrustError, match="trust-other"):
                adopt_trust(wallet, client, foreign.hash)
    reopened = Wallet.open(wallet.path, PASSPHRASE).contents
    assert reopened.trust.hash == newer.hash
    assert reopened.licence is not None


def test_steps_out_of_order_say_what_is_missing(world: Any) -> None:
    wallet, client = empty(world), world.issuer.client()
    with pytest.raises(NotReady, match="Apply first"):
        obtain(wallet, client, 3, world.clock)
    with pytest.raises(NotReady, match="Apply first"):
        status(wallet, client)
    with pytest.raises(NotReady, match="no licence to renew"):
        apply(wallet, client, renew=True)


def test_an_answer_lost_in_a_crash_is_fetched_again_with_the_very_same_octets(world: Any) -> None:
    wallet, client = empty(world), world.issuer.client()
    apply(wallet, client)

    def crash(request: httpx.Request) -> None:
        if request.url.path.endswith("/licence"):
            raise Crash

    world.issuer.after = crash
    with pytest.raises(Crash):
        obtain(wallet, client, 3, world.clock)
    world.issuer.after = lambda request: None
    reopened = Wallet.open(wallet.path, PASSPHRASE)
    licence = obtain(reopened, client, 3, world.clock)
    assert len(world.issuer.bodies) == 2
    assert world.issuer.bodies[0] == world.issuer.bodies[1]
    assert licence.credential.value("tier") == 3


def requests_of_a_whole_enrolment(world: Any) -> int:
    enrol(world, world.issuer.client(), "counted")
    return len(world.issuer.log)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_crash_at_any_request_loses_nothing(world: Any, side: str) -> None:
    total = requests_of_a_whole_enrolment(world)
    for at in range(2, total):
        client, seen = world.issuer.client(), [0]

        def crash(request: httpx.Request, seen: list[int] = seen, at: int = at) -> None:
            seen[0] += 1
            if seen[0] == at + 1:
                raise Crash

        world.empty_wallet(f"wallet-{at}")
        seen[0] = 2  # the trust bundle and the digit table, which `create_wallet` fetches before there is a wallet
        setattr(world.issuer, side, crash)
        with pytest.raises(Crash):
            enrol(world, client, f"wallet-{at}")
        setattr(world.issuer, side, lambda request: None)
        signed = len({raw for app in world.issuer.applications.values() for raw in app["replies"]})
        licence = enrol(world, client, f"wallet-{at}")
        assert licence.credential.value("tier") == 3
        issued = len({raw for app in world.issuer.applications.values() for raw in app["replies"]})
        assert issued - signed <= 1


def enrol(world: Any, client: IssuerClient, name: str) -> Any:
    path = world.directory / name
    made = path.exists()
    wallet = Wallet.open(path, PASSPHRASE) if made else create_wallet(path, PASSPHRASE, client, log_cost=10)
    if wallet.contents.licence is None:
        apply(wallet, client)
    return obtain(wallet, client, 3, world.clock)


def test_a_challenge_that_the_issuer_forgot_is_asked_for_anew(world: Any) -> None:
    wallet, client = empty(world), world.issuer.client()
    application = apply(wallet, client)

    def forget(request: httpx.Request) -> None:
        if request.url.path.endswith("/licence"):
            world.issuer.applications[application.id]["nonces"].clear()
            world.issuer.before = lambda request: None

    world.issuer.before = forget
    assert obtain(wallet, client, 3, world.clock).id == "L-1"
    assert len(set(world.issuer.bodies)) == 2


@pytest.mark.parametrize(
    "attributes",
    [
        {"tier": 2},
        {"spare": 1},
        {"permit": "P-2"},
        {"cover_band": 2},
        {"good_until": 100, "insured_until": 100},
        {"good_until": 1_794_000_000 // 86400 + 4001, "insured_until": 1_794_000_000 // 86400 + 4001},
        {"insured_until": 1_794_000_000 // 86400 + 1},
    ],
)
def test_a_licence_that_is_not_what_was_applied_for_is_not_kept(world: Any, attributes: dict[str, Any]) -> None:
    wallet, client = empty(world), world.issuer.client()
    apply(wallet, client)
    world.issuer.attributes = attributes
    with pytest.raises(TrustError, match="licence-attributes"):
        obtain(wallet, client, 3, world.clock, {"permit": "P-1", "cover_band": 3})
    assert wallet.reload().licence is None
    assert wallet.contents.pending is not None


def altered(change: Callable[[dict[str, Any]], None]) -> Callable[[httpx.Response], httpx.Response]:
    def alter(response: httpx.Response) -> httpx.Response:
        body = response.json()
        change(body)
        return httpx.Response(response.status_code, json=body)

    return alter


def beyond_the_order(text: str) -> str:
    """The same scalar in octets that no strict reader takes."""
    return to_base64url((circuits.decode_scalar(from_base64url(text, 32)) + ORDER).to_bytes(32, "big"))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(signature=body["signature"][:-2] + "AA"),
        lambda body: body.update(witness=body["witness"][:-2] + "AA"),
        lambda body: body["attributes"].__setitem__(2, "FR"),
        lambda body: body.update(signer_share="A" * 42 + "E"),
        lambda body: body.update(signer_share=beyond_the_order(body["signer_share"])),
        lambda body: body["attributes"].__setitem__(0, beyond_the_order(body["attributes"][0])),
        lambda body: body.update(attributes=body["attributes"][:-1]),
        lambda body: body["attributes"].__setitem__(4, True),
        lambda body: body["attributes"].__setitem__(4, -1),
        lambda body: body["attributes"].__setitem__(4, 1.5),
        lambda body: body.update(epoch=True),
        lambda body: body.update(epoch=99),
        lambda body: body.update(signature=body["signature"] + "="),
        lambda body: body.update(licence="../../x"),
        lambda body: body.pop("witness"),
    ],
)
def test_a_reply_altered_in_any_part_is_refused_and_can_be_fetched_again(world: Any, change: Any) -> None:
    wallet, alter = empty(world), altered(change)

    def handle(request: httpx.Request) -> httpx.Response:
        response: httpx.Response = world.issuer.handle(request)
        return alter(response) if request.url.path.endswith("/licence") else response

    client = world.issuer.client()
    apply(wallet, client)
    lying = IssuerClient(client.url, httpx.Client(transport=httpx.MockTransport(handle)))
    with pytest.raises((TrustError, Unreachable, IssuerRefused)):
        obtain(wallet, lying, 3, world.clock)
    assert wallet.reload().licence is None
    assert obtain(wallet, client, 3, world.clock).id == "L-1"


def test_an_epoch_under_another_key_is_refused_at_issue(world: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    wallet, client = empty(world), world.issuer.client()
    apply(wallet, client)
    stranger = Ed25519PrivateKey.generate()
    world.issuer.tamper = lambda path, body: (
        world.issuer.signed(world.issuer.epochs[0], stranger) if path == "/epochs/0.cose" else body
    )
    with pytest.raises(TrustError, match="epoch-signature"):
        obtain(wallet, client, 3, world.clock)


def test_a_renewal_keeps_the_link_secret_and_the_handle(world: Any) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    before = wallet.contents.licence
    world.issuer.attributes = {"handle": before.credential.handle}
    application = apply(wallet, client, renew=True)
    assert application.refresh
    assert world.issuer.applications[application.id]["refresh"] is True
    assert wallet.contents.licence is not None
    renewed = obtain(wallet, client, 3, world.clock)
    assert renewed.credential.link_secret.expose() == before.credential.link_secret.expose()
    assert renewed.credential.signature != before.credential.signature


@pytest.mark.attack("I4")
@pytest.mark.parametrize("lie", ["share", "handle", "both", "jurisdiction"])
def test_a_renewal_that_is_another_licence_is_not_kept(world: Any, lie: str) -> None:
    wallet, client = world.wallet(), world.issuer.client()
    before = wallet.contents.licence
    if lie in ("share", "jurisdiction"):
        world.issuer.attributes = {"handle": before.credential.handle}
    if lie == "jurisdiction":
        world.issuer.attributes["jurisdiction"] = "IE"
    world.issuer.renewal_share = 4711 if lie in ("share", "both") else 0
    apply(wallet, client, renew=True)
    with pytest.raises(TrustError, match="renewal-other-licence"):
        obtain(wallet, client, 3, world.clock)
    kept = Wallet.open(wallet.path, PASSPHRASE).contents.licence
    assert kept is not None
    assert kept.credential.encode().expose() == before.credential.encode().expose()
    withdraw(wallet)
    assert wallet.contents.licence is not None


def test_applying_twice_gives_the_same_application_and_withdrawing_forgets_it(world: Any) -> None:
    wallet, client = empty(world), world.issuer.client()
    first = apply(wallet, client)
    assert apply(wallet, client).id == first.id
    assert len(world.issuer.applications) == 1
    withdraw(wallet)
    assert wallet.contents.registration is None
    assert apply(wallet, client).id != first.id


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403, json={"code": "identity-unverified", "detail": "Sign in first."}), IssuerRefused),
        (httpx.Response(503), Unreachable),
        (httpx.Response(429), Unreachable),
        (httpx.Response(200, content=b"[]"), Unreachable),
        (httpx.Response(200, content=b"{" * 100), Unreachable),
        (httpx.Response(200, content=b" " * ((1 << 20) + 1)), Unreachable),
        (httpx.Response(302, headers={"location": "https://other.example"}), IssuerRefused),
    ],
)
def test_answers_that_are_none_of_the_protocols_are_told_apart(
    world: Any, answer: httpx.Response, error: type[ProverError]
) -> None:
    wallet = empty(world)
    client = IssuerClient("https://issuer.example", httpx.Client(transport=httpx.MockTransport(lambda request: answer)))
    with pytest.raises(error) as refused:
        apply(wallet, client)
    if answer.status_code == 403:
        assert refused.value.code == "identity-unverified"
        assert refused.value.sentence == "Sign in first."


def test_the_issuer_must_be_authenticated() -> None:
    for url in ("http://issuer.example", "ftp://issuer.example", "https://user@issuer.example", "issuer.example"):
        with pytest.raises(TrustError):
            IssuerClient(url)
    for url in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "https://issuer.example/base/"):
        IssuerClient(url).close()
