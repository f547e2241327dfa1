"""What the wallet checks of its person's sign-in: the page, the code, and the nonce at the identity provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

import circuits
from prover import TrustError
from prover.enrol import apply
from prover.sign_in import check_sign_in_redirect


@pytest.mark.parametrize(
    "page",
    [
        "https://phishing.example/sign-in/1",
        "http://issuer.example/sign-in/1",
        "https://issuer.example:8443/sign-in/1",
        "https://issuer.example.phishing.example/sign-in/1",
        "https://issuer.example@phishing.example/sign-in/1",
        "https://phishing.example\\@issuer.example/sign-in/1",
        "https://issuer.example/sign-in/1\x1b[2J",
        "javascript:alert(1)",
        "/sign-in/1",
        "https://[issuer.example/sign-in/1",
    ],
)
def test_a_sign_in_page_elsewhere_is_refused_and_not_kept(world: Any, page: str) -> None:
    wallet, client = world.empty_wallet(), world.issuer.client()
    world.issuer.opened = {"sign_in": page}
    with pytest.raises(TrustError) as refused:
        apply(wallet, client)
    assert refused.value.code == "sign-in-origin"
    assert wallet.reload().application is None
    world.issuer.opened = {"sign_in": "https://ISSUER.example:443/elsewhere"}
    assert apply(wallet, client).sign_in == "https://ISSUER.example:443/elsewhere"


@pytest.mark.parametrize("code", ["of another wallet", "123456", "000 000", "\u0661\u0661\u0661\u0661\u0661\u0661"])
def test_the_code_of_another_wallet_is_refused(world: Any, code: str) -> None:
    wallet, client = world.empty_wallet(), world.issuer.client()
    if code == "of another wallet":
        stranger = circuits.register(world.keys.bundle.issuer)
        code = circuits.registration_code(stranger.point)
    world.issuer.opened = {"code": code}
    with pytest.raises(TrustError) as refused:
        apply(wallet, client)
    assert refused.value.code == "sign-in-code"
    assert wallet.reload().application is None


def test_the_code_is_six_digits_of_the_point() -> None:
    assert circuits.registration_code(bytes(48)) == "535419"
    with pytest.raises(circuits.Malformed):
        circuits.registration_code(bytes(47))


@pytest.fixture
def registration(world: Any) -> circuits.Registration:
    return circuits.register(world.keys.bundle.issuer)


def at_provider(**parameters: str) -> str:
    return "https://identity.example/authorize?" + urlencode({"response_type": "code", **parameters})


def test_the_redirect_carries_the_wallets_own_nonce(registration: circuits.Registration) -> None:
    nonce = circuits.registration_nonce(registration.point, registration.salt)
    check_sign_in_redirect(at_provider(nonce=nonce, state="x"), registration)


def test_the_redirect_with_another_nonce_is_refused(world: Any, registration: circuits.Registration) -> None:
    nonce = circuits.registration_nonce(registration.point, registration.salt)
    stranger = circuits.register(world.keys.bundle.issuer)
    other = circuits.registration_nonce(stranger.point, stranger.salt)
    wrong = [
        at_provider(nonce=other),
        at_provider(),
        at_provider(nonce=""),
        at_provider(nonce="\u00e9"),
        at_provider(nonce=nonce) + f"&nonce={other}",
        at_provider(nonce=nonce) + f"&nonce={nonce}",
        at_provider() + f"#nonce={nonce}",
        at_provider(nonce=nonce) + "&a=" * 100,
        "https://[identity.example/?nonce=" + nonce,
    ]
    for url in wrong:
        with pytest.raises(TrustError) as refused:
            check_sign_in_redirect(url, registration)
        assert refused.value.code == "sign-in-nonce"


@pytest.mark.parametrize("name", ["request", "request_uri"])
def test_a_request_by_reference_cannot_be_checked_and_says_so(registration: circuits.Registration, name: str) -> None:
    nonce = circuits.registration_nonce(registration.point, registration.salt)
    with pytest.raises(TrustError) as refused:
        check_sign_in_redirect(at_provider(nonce=nonce, **{name: "urn:x"}), registration)
    assert refused.value.code == "sign-in-unseen"
