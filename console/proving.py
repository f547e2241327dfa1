"""One presentation at one gateway, step by step, for a person who wants to see what passes between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from circuits import DigitTable
from console.output import Failure
from prover.challenge import parse_challenge
from prover.enrol import digit_table
from prover.holder_key import HolderKey
from prover.issuer_client import IssuerClient, to_base64url
from prover.keeper import CHALLENGE_HEADER, ERROR_HEADER, GRANT_TYPE, SUBJECT_TOKEN_TYPE
from prover.origin import check_authenticated
from prover.prove import Prover, Request
from prover.refresh import refresh
from prover.wallet.records import Contents
from prover.wallet.store import Wallet

TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Exchange:
    """What came of it: the gateway's status and code, the lease's life, and what the proof cost."""

    status: int
    code: str
    sentence: str
    lease_seconds: int
    presentation_octets: int
    proving_seconds: float
    deciding_seconds: float


def present(
    wallet: Wallet,
    gateway: str,
    now: Callable[[], int],
    contents: Contents | None = None,
    http: httpx.Client | None = None,
    table: DigitTable | None = None,
    issuer: IssuerClient | None = None,
) -> Exchange:
    """Ask `gateway` for a challenge, answer it with a proof of the wallet's licence, and give its verdict.

    The wallet is refreshed first, and the holder proof dated by the gateway's clock: which epoch a wallet happens to be
    at, and by how much its machine's clock is off, is the same at every gateway.

    :param contents: what to prove from, as it is, if not the wallet's own contents.
    :param http: the client to use, closed afterwards; by default one of its own.
    :param table: the issuer's digit table, if it is at hand; by default it is read and checked, which takes a second.
    :param issuer: where to fetch epochs, closed afterwards; by default the trust bundle's issuer.
    :raises ProverError: the wallet has no proof to offer.
    """
    origin = check_authenticated(gateway)
    held = contents
    if held is None:  # not what the wallet then holds, which another process may have got from the issuer meanwhile
        with issuer or IssuerClient(wallet.contents.trust.issuer_url) as files:
            held = refresh(wallet, files, now).contents
    key, prover = HolderKey(), Prover(table or digit_table(wallet))
    request = Request(origin, f"{origin}/v1/autonomous", "autonomous", key.thumbprint)
    with http or httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        challenge = parse_challenge(_ask(client, origin, request))
        started = time.perf_counter()
        presentation = prover.present(held, challenge, request, origin, now())
        proved = time.perf_counter()
        holder_proof = key.proof("POST", f"{origin}/licence/token", challenge.time, None)
        answer = _redeem(client, origin, request, presentation, holder_proof)
        decided = time.perf_counter()
    told = answer.json() if answer.headers.get("content-type", "").partition(";")[0].endswith("json") else {}
    return Exchange(
        status=answer.status_code,
        code=answer.headers.get(ERROR_HEADER) or str(told.get("code", "")),
        sentence=str(told.get("detail") or told.get("error_description") or ""),
        lease_seconds=int(told.get("expires_in", 0)),
        presentation_octets=len(presentation),
        proving_seconds=proved - started,
        deciding_seconds=decided - proved,
    )


def _ask(client: httpx.Client, origin: str, request: Request) -> str:
    answer = client.post(f"{origin}/licence/challenge", data={"resource": request.resource, "scope": request.scope})
    header: str | None = answer.headers.get(CHALLENGE_HEADER)
    if header is None:
        raise Failure(
            "no-challenge", f"{origin} gave no challenge but {answer.status_code}", "check the gateway's address"
        )
    return header


def _redeem(
    client: httpx.Client, origin: str, request: Request, presentation: bytes, holder_proof: str
) -> httpx.Response:
    form = {
        "grant_type": GRANT_TYPE,
        "subject_token": to_base64url(presentation),
        "subject_token_type": SUBJECT_TOKEN_TYPE,
        "resource": request.resource,
        "scope": request.scope,
    }
    return client.post(f"{origin}/licence/token", data=form, headers={"DPoP": holder_proof})
