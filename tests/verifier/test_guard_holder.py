"""Proofs of the session key that are right but for one thing: each is refused, and says for which."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from circuits import Rejected
from tests.verifier.sim_issuer import START
from verifier.base64url import decode_base64url, encode_base64url
from verifier.holder import MAX_PROOF_CHARACTERS, HolderProof, check_holder_proof

URL = "https://gateway.example/licence/token"
KEY = ECKey.generate_key("P-256")


def proof(key: ECKey = KEY, header: dict[str, Any] | None = None, signer: Any = None, **claims: Any) -> str:
    """An honest proof made at START, but for these changes to its header and claims; by `key` if by no `signer`."""
    own_header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    own_claims = {"htm": "POST", "htu": URL, "iat": START, "jti": secrets.token_urlsafe(12)}
    return jwt.encode(own_header | (header or {}), own_claims | claims, signer or key, algorithms=["ES256", "HS256"])


def check(text: str, now: int = START) -> HolderProof:
    return check_holder_proof(text, "POST", URL, now)


def check_refused(text: str, reason: str, now: int = START) -> None:
    with pytest.raises(Rejected, match=reason) as refusal:
        check(text, now)
    assert refusal.value.code == "holder-proof"


@pytest.mark.attack("52")
def test_a_proof_that_is_all_padding() -> None:
    """It is signed and right, and every octet of it would be hashed and parsed at each call."""
    sizes = {len(text): text for text in (proof(pad="x" * size) for size in range(1000, 1400))}
    longest = max(size for size in sizes if size <= MAX_PROOF_CHARACTERS)
    assert check(sizes[longest]).jkt == KEY.thumbprint()
    check_refused(sizes[min(size for size in sizes if size > MAX_PROOF_CHARACTERS)], "too long")


CONFUSED = OctKey.import_key({"kty": "oct", "k": str(KEY.as_dict(private=False)["x"])})


@pytest.mark.attack("5")
@pytest.mark.parametrize(
    ("header", "signer"),
    [
        pytest.param({"typ": "at+jwt"}, KEY, id="another token is shown as a proof"),
        pytest.param({"alg": "HS256"}, CONFUSED, id="the public key serves as a secret"),
        pytest.param({"crit": ["jwk"]}, KEY, id="what is called critical is no extension"),
        pytest.param({"crit": []}, KEY, id="nothing is called critical"),
    ],
)
def test_a_header_of_another_make(header: dict[str, Any], signer: Any) -> None:
    check_refused(proof(header=header, signer=signer), "type or algorithm")
    assert check(proof()).jkt == KEY.thumbprint()


def key_with_a_short(name: str) -> ECKey:
    """The first key whose coordinate begins with a zero octet: one in 256 does."""
    for number in range(1, 10_000):
        private = ec.derive_private_key(number, ec.SECP256R1())
        if getattr(private.public_key().public_numbers(), name) < 2**248:
            return ECKey.import_key(private)
    raise AssertionError(name)


@pytest.mark.attack("6")
@pytest.mark.parametrize("name", ["x", "y"])
def test_one_key_under_two_thumbprints(name: str) -> None:
    """Without its zero octet a coordinate is the same number with another text; its proofs would count as new ones."""
    key = key_with_a_short(name)
    public = key.as_dict(private=False)
    octets = decode_base64url(str(public[name]), 32)
    assert check(proof(key)).jkt == key.thumbprint()
    assert (len(octets), octets[0]) == (32, 0)
    check_refused(proof(key, {"jwk": public | {name: encode_base64url(octets[1:])}}), "cannot be read")


@pytest.mark.attack("46")
@pytest.mark.parametrize("iat", [True, "1", None], ids=str)
def test_a_time_that_is_no_number(iat: Any) -> None:
    """JSON's `true` counts as 1, which is just now to a machine that lost its clock."""
    check_refused(proof(iat=iat), "does not say when", now=2)
    assert check(proof(iat=1), now=2).jkt == KEY.thumbprint()
