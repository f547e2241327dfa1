"""Openings: what the archive gives out, that it is logged first, and that only enough openers can read it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from joserfc import jwt
from joserfc.jwk import KeySet

from circuits import (
    IssueRequest,
    Rejected,
    Secret,
    archive_point,
    check_issue_request,
    check_opening,
    combine_shares,
    decode_cbor,
    encode_cbor,
    holder_point,
    open_share,
    registration_nonce,
    sealed_point,
    unsealed_key,
)
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant, b64, unb64
from tests.support.issuer_world import IssuerUnderTest

pytestmark = pytest.mark.requirement("R60")


def _issued(ready: ReadyApplicant) -> tuple[Applicant, dict[str, Any], bytes]:
    one = ready()
    request, pending = one.request()
    answer = one.send(request).json()
    credential, _ = one.receive(pending, answer)
    issuer = one.trust.issuer
    holder = holder_point(issuer, one.registration.point, int.from_bytes(unb64(answer["signer_share"]), "big"))
    return one, answer, archive_point(issuer, holder, credential.handle)


def _unseal(issuer: IssuerUnderTest, sealed: dict[str, str], registration: bytes, openers: list[int]) -> bytes:
    escrow = issuer.world.trust.escrow
    first = sealed_point(escrow, unb64(sealed["encapsulation"]), encode_cbor([sealed["id"], registration]))
    digest = hashlib.sha256(first).digest()
    shares = []
    for index in openers:
        number, secret = (issuer.folder / "shares" / f"opener-{index}.share").read_text().strip().split(":")
        shares.append(open_share(escrow, int(number), Secret(int(secret, 16)), first, "case-1", digest))
    key = unsealed_key(escrow, first, combine_shares(escrow, first, shares, "case-1", digest))
    return ChaCha20Poly1305(key.expose()).decrypt(
        unb64(sealed["nonce"]), unb64(sealed["ciphertext"]), sealed["id"].encode()
    )


@pytest.mark.attack("I6")
def test_the_archive_row_proves_itself(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one, issued, point = _issued(ready)
    body = {"point": b64(point), "case_id": "case-1"}
    row = issuer.http.post("/admin/openings/evidence", json=body, headers=issuer.admin).json()
    assert row["licence"] == issued["licence"]
    registration = unb64(row["registration"])
    handle, share = (int.from_bytes(unb64(row[name]), "big") for name in ("handle", "signer_share"))
    check_opening(one.trust.issuer, point, registration, share, handle)
    request = IssueRequest(unb64(row["commitment"]), unb64(row["proof"]))
    check_issue_request(one.trust.issuer, registration, request, unb64(row["nonce"]), unb64(row["session"]))

    fields = decode_cbor(_unseal(issuer, row["evidence"], unb64(row["registration"]), [1, 3]), 65536)
    assert isinstance(fields, dict)
    keys = KeySet.import_key_set(KeySet(issuer.provider.published).as_dict(private=False))
    token = jwt.decode(str(fields[2]), keys, algorithms=["ES256"])
    assert isinstance(fields[3], bytes)
    assert token.claims["nonce"] == registration_nonce(registration, fields[3])
    assert token.claims["sub"] == ADA.sub
    assert json.loads(str(fields[4]))["name"] == ADA.name


def test_refreshes_change_nothing_in_the_row(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, pending = one.request()
    answer = one.send(request).json()
    credential, _ = one.receive(pending, answer)
    holder = holder_point(
        one.trust.issuer, one.registration.point, int.from_bytes(unb64(answer["signer_share"]), "big")
    )
    body = {"point": b64(archive_point(one.trust.issuer, holder, credential.handle))}
    for _ in range(5):  # in the very second of the first issue
        again = Applicant(issuer.http, one.trust, credential.link_secret)
        assert again.apply().status_code == 201
        assert again.sign_in(issuer.provider, ADA).status_code == 303
        again.accept_terms()
        assert again.send(again.request()[0]).status_code == 201
    issuer.http.cookies.clear()
    row = issuer.http.post("/admin/openings/evidence", json=body, headers=issuer.admin).json()
    assert row["registration"] == b64(one.registration.point)
    assert unb64(row["commitment"]) == request.commitment
    assert "refreshes" not in row


@pytest.mark.attack("47")
def test_one_opener_reads_nothing(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    _, _, point = _issued(ready)
    row = issuer.http.post("/admin/openings/evidence", json={"point": b64(point)}, headers=issuer.admin).json()
    with pytest.raises(Rejected, match="too-few-shares"):
        _unseal(issuer, row["evidence"], unb64(row["registration"]), [2])
    row["evidence"]["id"] = "another row"
    with pytest.raises(Rejected, match="bad-seal"):
        _unseal(issuer, row["evidence"], unb64(row["registration"]), [1, 2])


def test_every_request_is_logged_also_the_vain_one(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    _, _, point = _issued(ready)
    url = "/admin/openings/evidence"
    issuer.http.post(url, json={"point": b64(point), "case_id": "a"}, headers=issuer.admin)
    vain = issuer.http.post(url, json={"point": b64(bytes(48)), "case_id": "b"}, headers=issuer.admin)
    assert vain.json()["code"] == "unknown-point"
    with sqlite3.connect(issuer.settings.database_file) as connection:
        rows = connection.execute("select case_id, found from openings_log order by opening_id").fetchall()
        assert rows == [("a", 1), ("b", 0)]
        for statement in ("update openings_log set case_id = 'x'", "delete from openings_log"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


@pytest.mark.attack("47")
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_nobody_else_may_ask(issuer: IssuerUnderTest, header: dict[str, str]) -> None:
    for method, path in (
        ("POST", "/admin/openings/evidence"),
        ("POST", "/admin/revocations"),
        ("POST", "/admin/epochs"),
        ("GET", "/admin/licences"),
        ("GET", "/admin/reviews"),
        ("POST", "/admin/reviews/x"),
        ("POST", "/admin/permits/P-1/suspend"),
    ):
        answer = issuer.http.request(method, path, json={}, headers=header)
        assert answer.status_code in (400, 401, 403), path
        assert answer.json()["code"] in ("no-credentials", "unknown-admin", "malformed")
    body = {"point": b64(bytes(48))}
    answer = issuer.http.post("/admin/openings/evidence", json=body, headers=header)
    assert answer.json()["code"] in ("no-credentials", "unknown-admin")
