"""Targets: everything that a wallet reads: challenges, addresses, its file, and what issuers and gateways answer."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import httpx

from circuits import Malformed, Rejected, Secret, encode_scalar
from prover import IssuerClient, ProverError, Wallet, WalletSession
from prover.challenge import check_challenge, parse_challenge
from prover.enrol import apply, fetch_trust, obtain, status
from prover.errors import ChallengeRefused, TrustError, WalletError
from prover.issuer_client import to_base64url
from prover.leases import LicensedTransport
from prover.origin import check_authenticated
from prover.refresh import check_epoch_follows, decode_epoch, refresh
from prover.sign_in import check_sign_in_code, check_sign_in_page, check_sign_in_redirect
from prover.wallet import Application, Contents, Licence, PendingRequest
from prover.wallet.file import FileKey, key_for, new_key, seal, unseal
from tests.fuzz import mutate
from tests.fuzz.asgi import headers_of
from tests.fuzz.scratch import scratch
from tests.fuzz.target import Target, require
from tests.fuzz.targets_octets import round_trip
from tests.fuzz.world import AUDIENCE, ISSUER_URL, NOW, octets32, the_world

_PASSPHRASE = Secret("correct horse")


def _text(data: bytes) -> str:
    """Text as JSON may carry it: with half surrogates where the octets are no UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def _challenge(data: bytes) -> None:
    found = parse_challenge(data.decode("latin-1"))
    require(len(found.nonce) == 32 and found.policy_id != "", "a challenge without nonce or policy")
    check_challenge(found, the_world().bundle.policies[0], NOW)


def _challenge_header() -> bytes:
    return f'"{to_base64url(octets32("challenge"))}";policy="tier3-insured";t={NOW};max_age=120'.encode()


def _address(data: bytes) -> None:
    """An address of a service, of the sign-in page, at the identity provider; a code."""
    text, world = _text(data), the_world()
    checks = (
        lambda: check_authenticated(text),
        lambda: check_sign_in_page(text, world.bundle),
        lambda: check_sign_in_code(text, world.registration),
        lambda: check_sign_in_redirect(text, world.registration),
    )
    for check in checks:
        try:
            check()
        except TrustError:
            continue


def _signed_epoch(data: bytes) -> None:
    """The octets as an epoch file, and as a payload that the pinned key has signed."""
    world = the_world()
    try:
        epoch = decode_epoch(data, world.bundle)
    except TrustError:
        epoch = decode_epoch(world.sign(data), world.bundle)
    check_epoch_follows(epoch, _contents(), NOW)


@lru_cache(maxsize=1)
def _key() -> FileKey:
    return new_key(_PASSPHRASE, 10)


def _file(data: bytes) -> None:
    # What a dearer file costs is its owner's choice, and capped; here only the cheapest is tried.
    octets = data[:8] + bytes([min(data[8], 10)]) + data[9:] if len(data) > 8 else data
    key = _key() if octets.startswith(_key().prefix) else key_for(octets, _PASSPHRASE)
    require(len(unseal(key, octets)) == len(octets) - 69, "another length than the file's content")


def _wallet_contents(data: bytes) -> None:
    found = Contents.decode(Secret(data))
    round_trip(data, found.encode().expose())
    _ = found.epoch


def _contents(licensed: bool = True, pending: bool = False) -> Contents:
    world = the_world()
    application = Application("app-1", Secret("token"), f"{ISSUER_URL}/sign-in/app-1", "000000", NOW + 3600, False)
    request = PendingRequest(3, world.request.commitment, world.request.proof, world.pending, ())
    licence = Licence("L-1", world.credential, world.membership)
    return Contents(
        trust=world.bundle,
        registration=world.registration,
        application=application if pending else None,
        pending=request if pending else None,
        licence=licence if licensed else None,
        signed_epoch=world.sign(world.epoch.octets) if licensed else None,
    )


@lru_cache(maxsize=1)
def _wallet() -> Wallet:
    path = scratch() / "wallet"
    return Wallet.create(path, _PASSPHRASE, _contents(), log_cost=10)


def _wallet_with(contents: Contents) -> Wallet:
    wallet = _wallet()
    wallet.update(lambda found: replace(contents, generation=found.generation))
    return wallet


class _Script(httpx.BaseTransport):
    """Answers one request after the other from pieces that form feeds part: a status, header fields, a body."""

    def __init__(self, data: bytes) -> None:
        self._pieces = data.split(b"\f")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The next answer; 404 when there is none left."""
        piece = self._pieces.pop(0) if self._pieces else b"404\n\n"
        head, _, body = piece.partition(b"\n\n")
        first, _, fields = head.partition(b"\n")
        code = int(first) if first.isdigit() and len(first) == 3 and first >= b"200" else 200
        headers = [(name, value) for name, value in headers_of(fields) if name and value.isascii()]
        return httpx.Response(code, headers=headers, content=body, request=request)


def _issuer_answers(data: bytes) -> None:
    """The first octet says what the wallet is doing. Whatever the issuer answers, the wallet reads back afterwards."""
    doing, script = data[0] % 4 if data else 0, _Script(data[1:])
    issuer = IssuerClient(ISSUER_URL, httpx.Client(transport=script))
    wallet = _wallet_with(_contents(licensed=doing == 3, pending=doing == 1))
    try:
        match doing:
            case 0:
                apply(wallet, issuer)
                status(wallet, issuer)
            case 1:
                licence = obtain(wallet, issuer, 3, lambda: NOW)
                same = licence.credential.encode().expose() == the_world().credential.encode().expose()
                require(same, "another licence than the one signed is kept")
            case 2:
                fetch_trust(issuer)
            case _:
                refresh(wallet, issuer, lambda: NOW)
    finally:
        wallet.reload()


def _answer(body: bytes) -> bytes:
    return b"200\n\n" + body


def _issuer_seeds() -> list[bytes]:
    from circuits import entries_octets, registration_code

    world = the_world()
    code = registration_code(world.registration.point)
    opened = {"application": "app-1", "token": "token", "sign_in": f"{ISSUER_URL}/sign-in/app-1", "code": code,
              "expires_at": NOW + 3600}  # fmt: skip
    state = {"state": "new", "identity": "verified", "missing": ["terms"], "next_at": None}
    reply = world.reply
    handle, *others = reply.attributes
    licence = {"licence": "L-1", "signature": to_base64url(reply.signature), "epoch": 0,
               "attributes": [to_base64url(encode_scalar(int(handle))), *others],
               "signer_share": to_base64url(encode_scalar(reply.signer_share)),
               "witness": to_base64url(reply.witness)}  # fmt: skip
    epoch, entries = world.revoked
    return [
        b"\0" + b"\f".join([_answer(json.dumps(opened).encode()), _answer(json.dumps(state).encode())]),
        b"\1" + b"\f".join([_answer(json.dumps(licence).encode()), _answer(world.sign(world.epoch.octets))]),
        b"\1" + b'409\n\n{"code": "no-challenge", "detail": "gone"}',
        b"\2" + _answer(world.bundle.octets),
        b"\3" + b"\f".join([_answer(world.sign(epoch.octets)), _answer(entries_octets(entries, affine=True))]),
        b"\3" + b"\f".join([_answer(world.sign(epoch.octets)), b"404\n\n"]),
        b"\3" + b"\f".join([_answer(world.sign(epoch.octets)), _answer(entries_octets(entries))]),
    ]


def _script_mutation(data: bytes, rng: Any) -> bytes:
    """One answer's body, as JSON where it is that, or its head."""
    pieces = data[1:].split(b"\f")
    at = rng.randrange(len(pieces))
    head, parted, body = pieces[at].partition(b"\n\n")
    if rng.random() < 0.2:
        head = mutate.words(b"401", b"403", b"503", b"304", b"\nretry-after: 9", b"\netag: x")(head, rng)
    else:
        body = (mutate.json_text if body[:1] in (b"{", b"[") else mutate.octets)(body, rng)
    pieces[at] = head + parted + body
    return data[:1] + b"\f".join(pieces)


def _gateway_answers(data: bytes) -> None:
    """A licensed call: what the gateway answers to it, to a request for a challenge, and to a presentation."""
    script = _Script(data[1:])
    issuer = IssuerClient(ISSUER_URL, httpx.Client(transport=_Script(b"")))
    world = the_world()
    session = WalletSession(
        _wallet_with(_contents()), [AUDIENCE], issuer=issuer, now=lambda: NOW, uniform=lambda low, high: low,
        table=world.table,
    )  # fmt: skip
    client = httpx.Client(transport=LicensedTransport(session, script))
    for _ in range(2):
        client.post(f"{AUDIENCE}/v1/autonomous/x", content=b"body")


def _gateway_seeds() -> list[bytes]:
    challenge = b"401\nagent-licence-error: lease-required\nagent-licence-challenge: " + _challenge_header() + b"\n\n"
    lease = b'200\n\n{"access_token": "a.b.c", "token_type": "DPoP", "expires_in": 900}'
    refused = b'403\nagent-licence-error: revoked\n\n{"code": "revoked", "detail": "stopped"}'
    return [
        b"\0" + b"\f".join([challenge, lease, b"200\n\n{}", b"200\n\n{}"]),
        b"\0" + b"\f".join([challenge, refused]),
        b"\0" + b"\f".join([challenge, b"503\nretry-after: 5\n\n", b"200\n\n"]),
    ]


TARGETS = (
    Target("challenge", _challenge, (ChallengeRefused,), lambda: [_challenge_header()],
           ("prover.challenge.parse_challenge",),
           mutate.words(b";t=1", b';policy="x"', b"?1", b"@1", b":AA==:", b"%\"a\"", b"1.5", b"(1 2)"), 600, runs=1500),
    Target("addresses", _address, (TrustError,),
           lambda: [b"https://issuer.example/sign-in/1", b"https://id.example/?nonce=x&request=1", b"http://[::1]:80/"],
           ("prover.sign_in.check_sign_in_page", "prover.sign_in.check_sign_in_code",
            "prover.origin.check_authenticated",
            "prover.sign_in.check_sign_in_redirect"),
           mutate.words(b"[", b"@", b":99999", b"nonce=", b"\xff", "\u2100".encode(), b"%", b"&", b";", b"#"), 256,
           runs=1000),
    Target("wallet-epoch", _signed_epoch, (TrustError,),
           lambda: [the_world().sign(the_world().epoch.octets), the_world().revoked[0].octets],
           ("prover.refresh.decode_epoch",), mutate.cbor, 1100, runs=500),
    Target("wallet-file", _file, (WalletError,), lambda: [seal(_key(), b"content")],
           ("prover.wallet.file.key_for", "prover.wallet.file.unseal"), mutate.fields(32), 256, runs=150),
    Target("wallet-contents", _wallet_contents, (Malformed, Rejected),
           lambda: [_contents(pending=True).encode().expose(), Contents(the_world().bundle).encode().expose()],
           ("prover.wallet.records.Contents.decode",), mutate.cbor, 8192, runs=300),
    Target("issuer-answers", _issuer_answers, (ProverError,), _issuer_seeds,
           ("prover.issuer_client.IssuerClient", "prover.issuer_client.from_base64url"), _script_mutation, 8192,
           runs=120),
    Target("gateway-answers", _gateway_answers, (ProverError, httpx.HTTPError), _gateway_seeds,
           ("prover.keeper.LeaseKeeper",), _script_mutation, 4096, runs=60),
)  # fmt: skip
