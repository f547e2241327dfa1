"""Speaks to an issuer as its administrator: revocations, epochs, evidence for an opening."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from circuits import Secret
from console.output import Failure

TIMEOUT_SECONDS = 30.0
MAX_ANSWER_OCTETS = 1 << 20


class Administration:
    """The issuer at `url`, with its administrator's token; `http` is a client to use, by default one of its own."""

    def __init__(self, url: str, token: Secret[str], http: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http = http or httpx.Client(timeout=TIMEOUT_SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST a JSON object, and give the JSON object answered.

        :raises Failure: unreachable, or refused, with the issuer's own code and sentence.
        """
        headers = {"Authorization": f"Bearer {self._token.expose()}"}
        try:
            answer = self._http.post(self._url + path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Failure("unreachable", f"no answer from {self._url}: {error}") from error
        return _checked(answer)


def administration(data: Path | None, url: str | None, token_file: Path | None) -> Administration:
    """The issuer to administer: the one whose folder this machine has, or another by address and token file.

    :raises Failure: neither is given.
    """
    if data is not None:
        from issuer.keys.keyring import ADMIN_TOKEN
        from issuer.settings import load_settings

        settings = load_settings(data)
        return Administration(url or settings.issuer_url, read_token(token_file or settings.keys_dir / ADMIN_TOKEN))
    if url is None or token_file is None:
        raise Failure("which-issuer", "no issuer was named", "give --data, or --issuer with --admin-token")
    return Administration(url, read_token(token_file))


def read_token(path: Path) -> Secret[str]:
    """The administrator's token: the file's one line."""
    return Secret(path.read_text(encoding="ascii").strip())


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > MAX_ANSWER_OCTETS:
        raise Failure("issuer-answer", "the issuer's answer is far too long")
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    if answer.is_success:
        return body
    code, sentence = (
        str(body.get("code", f"http-{answer.status_code}")),
        str(body.get("detail") or body.get("title") or ""),
    )
    raise Failure(code, sentence or f"the issuer answered {answer.status_code}")
