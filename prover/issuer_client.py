"""The wallet's side of the issuer's HTTP interface: requests out, bounded and checked answers in.

Nothing is believed here: what comes back is octets or JSON of a checked shape, and `enrol` and `refresh` check the
signatures and hashes. Every answer is capped in octets while it is read, and in time; nothing is unpacked; redirects
are not followed. An application's refusals (problem+json, [RFC9457]) become `IssuerRefused` with the issuer's own
code; a public file that is not served, whatever is said instead, is `Unreachable`.

Fetching public files tells the issuer's web server that some wallet is alive, from which address, and which epoch it
had come to before. So that nothing else joins one fetch to another, or to the application that a person signed in for,
a request carries what is written here and nothing that an earlier answer said: no cookie, no ETag, no version of a
library; and each has a connection of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import httpx

from circuits import AFFINE_ENTRY_OCTETS, Secret
from prover.errors import IssuerRefused, Unreachable
from prover.origin import check_authenticated

MAX_ENTRIES = 1 << 20

_MAX_TRUST_OCTETS = 256 * 1024
_DIGIT_TABLE_OCTETS = 196608
_MAX_EPOCH_OCTETS = 4096
_MAX_JSON_OCTETS = 1 << 20
_TIMEOUT_SECONDS = 20.0
_LONGEST_ANSWER_SECONDS = 60.0
_ONE_REQUEST_EACH = httpx.Limits(max_keepalive_connections=0)
_HEADERS = {"User-Agent": "operator-licence-wallet", "Accept": "*/*", "Accept-Encoding": "identity"}
_TRY_LATER = "Try again in a moment; what was done so far is kept."


@dataclass(frozen=True)
class Answer:
    """An answer: HTTP status, header fields (case-insensitive), body octets within the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class IssuerClient:
    """Talks to the issuer at `url` over `http` (an own `httpx.Client` by default, closed by `close`).

    Raises `TrustError` when `url` is not https (or loopback). Every method raises `Unreachable` when there is no
    answer or one that is no answer of the protocol, and `IssuerRefused` for a refusal.
    """

    def __init__(self, url: str, http: httpx.Client | None = None) -> None:
        check_authenticated(url)
        self._url = url.rstrip("/")
        self._own = http is None
        self._http = _client() if http is None else http

    def __enter__(self) -> IssuerClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection pool, if it is this client's own."""
        if self._own:
            self._http.close()

    def after_fork(self) -> None:
        """Go on with a client of this process's own: a thread that is not here may have held the locks of the old."""
        if self._own:
            self._http = _client()

    @property
    def url(self) -> str:
        """The issuer's base URL, without a trailing slash."""
        return self._url

    def trust(self) -> bytes:
        """The octets of `trust.cbor`, at most 256 KiB."""
        return self._public("/trust.cbor", _MAX_TRUST_OCTETS).body

    def digits(self) -> bytes:
        """The octets of the digit table: 196608 of them when it is right."""
        return self._public("/records/digits.bin", _DIGIT_TABLE_OCTETS).body

    def latest_epoch(self) -> bytes:
        """The COSE_Sign1 of the newest epoch. It is asked for whole each time: a tag would tell which one is held."""
        return self._public("/epochs/latest.cose", _MAX_EPOCH_OCTETS).body

    def epoch(self, number: int) -> bytes:
        """The COSE_Sign1 of epoch `number`."""
        return self._public(f"/epochs/{number}.cose", _MAX_EPOCH_OCTETS).body

    def entries(self, epoch: int, count: int) -> bytes:
        """The `count` entries of epoch `epoch`, 128 octets each; whether they are, is for whoever asks to see."""
        return self._public(f"/epochs/{epoch}.entries", min(count, MAX_ENTRIES) * AFFINE_ENTRY_OCTETS).body

    def post(self, path: str, body: Mapping[str, object], token: Secret[str] | None) -> dict[str, Any]:
        """POST a JSON body with the application's bearer token; gives the JSON object answered."""
        return self._json("POST", path, token, json.dumps(body).encode())

    def get(self, path: str, token: Secret[str] | None) -> dict[str, Any]:
        """GET a JSON object with the application's bearer token."""
        return self._json("GET", path, token, None)

    def _json(self, method: str, path: str, token: Secret[str] | None, body: bytes | None) -> dict[str, Any]:
        headers = {} if token is None else {"Authorization": f"Bearer {token.expose()}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return _object(_accepted(self._send(method, path, _MAX_JSON_OCTETS, headers, body)).body)

    def _public(self, path: str, max_octets: int) -> Answer:
        return _served(self._send("GET", path, max_octets, {}), path)

    def _send(
        self, method: str, path: str, max_octets: int, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        request = self._http.build_request(method, self._url + path, headers={**_HEADERS, **headers}, content=body)
        request.headers.pop("Cookie", None)
        try:
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(response.status_code, response.headers, _capped(response, max_octets))
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # for a redirect too, which none follows
            raise Unreachable("issuer-unreachable", f"No answer from {self._url}: {error}.", _TRY_LATER) from error


def from_base64url(text: object, octets: int | None = None) -> bytes:
    """The octets of unpadded base64url `text` (exactly `octets` of them, where given), in its one spelling.

    Raises `Unreachable` (`issuer-answer`) for anything else.
    """
    if not isinstance(text, str):
        raise bad_answer("a field is not base64url")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_answer("a field is not base64url") from None
    if to_base64url(decoded) != text or (octets is not None and len(decoded) != octets):
        raise bad_answer("a field has not the length expected")
    return decoded


def to_base64url(octets: bytes) -> str:
    """Unpadded base64url of `octets`. Source: [RFC4648 5]."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def is_packed(response: httpx.Response) -> bool:
    """Whether its length says nothing of what it unpacks to: a kilobyte can stand for a gigabyte. Nothing packed was
    asked for."""
    encoding: str = response.headers.get("Content-Encoding", "identity")
    return encoding != "identity"


def bad_answer(sentence: str) -> Unreachable:
    """The error for an answer of the issuer that is none of the protocol's."""
    return Unreachable("issuer-answer", f"The issuer's answer was not understood: {sentence}.", _TRY_LATER)


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT_SECONDS, limits=_ONE_REQUEST_EACH)


def _capped(response: httpx.Response, max_octets: int) -> bytes:
    if is_packed(response):
        raise bad_answer("it is packed")
    received, deadline = bytearray(), time.monotonic() + _LONGEST_ANSWER_SECONDS
    for part in response.iter_bytes():
        received += part
        if len(received) > max_octets:
            raise bad_answer(f"it is longer than {max_octets} octets")
        if time.monotonic() > deadline:
            raise bad_answer(f"it took longer than {_LONGEST_ANSWER_SECONDS:.0f} seconds")
    return bytes(received)


def _served(answer: Answer, path: str) -> Answer:
    """Files that anybody may fetch are there or not: a refusal of one says nothing about this wallet's own affairs."""
    if answer.status != 200:
        raise Unreachable("issuer-files", f"The issuer answered {answer.status} for {path}.", _TRY_LATER)
    return answer


def _accepted(answer: Answer) -> Answer:
    if answer.status in (200, 201):
        return answer
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise Unreachable("issuer-busy", f"The issuer answered {answer.status}.", _TRY_LATER)
    code, sentence = _problem(answer.body)
    raise IssuerRefused(code or f"http-{answer.status}", sentence, "See the application's page.", answer.status)


def _problem(body: bytes) -> tuple[str, str]:
    try:
        problem = _object(body)
    except Unreachable:
        return "", "The issuer refused without saying why."
    code, sentence = problem.get("code"), problem.get("detail") or problem.get("title")
    return (
        code if isinstance(code, str) else "",
        sentence if isinstance(sentence, str) else "The issuer refused without saying why.",
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_answer("it is not JSON") from None
    if not isinstance(value, dict):
        raise bad_answer("it is not a JSON object")
    return cast("dict[str, Any]", value)
