"""A browser is known by a cookie that no other host of the issuer's domain, and nobody on the way, can plant there."""

from __future__ import annotations

import pytest
from fastapi import Request

from issuer.web.session import read_cookie
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


@pytest.fixture
def public(issuer: IssuerUnderTest) -> IssuerUnderTest:
    """The issuer as it is reached from outside."""
    return issuer.with_settings(lambda settings: settings.update(issuer_url="https://issuer.test"))


def test_nobody_signs_in_for_a_stranger_by_a_planted_cookie(public: IssuerUnderTest) -> None:
    with public.http:
        mallory, ada = (Applicant(public.http, public.world.trust) for _ in range(2))
        mallory.apply()
        there = mallory.to_provider().headers["location"]  # in Mallory's browser, where the code is seen
        # Mallory's page on another host of that domain says `Set-Cookie: ..; Domain=` and leads to the provider. That a
        # name that begins with __Host- cannot have a Domain is the browser's rule (RFC 6265bis, 4.1.3.2).
        ada.cookies = {name: value for name, value in mallory.cookies.items() if not name.startswith("__Host-")}
        ada.cookies |= {name.removeprefix("__Host-"): value for name, value in mallory.cookies.items()}
        answer = ada.come_back(public.provider.authorize(there, ADA))
        assert "<code>sign-in-state</code>" in answer.text
        assert mallory.status()["identity"] == "unverified"


def test_a_session_is_not_planted_either_and_ends(public: IssuerUnderTest) -> None:
    with public.http:
        ada = Applicant(public.http, public.world.trust)
        ada.apply()
        assert ada.sign_in(public.provider, ADA).status_code == 303
        planted = {name.removeprefix("__Host-"): value for name, value in ada.cookies.items()}
        csrf = ada.browse("GET", "/apply").text.split('name="csrf" value="')[1].split('"')[0]
        ended = ada.browse("POST", "/apply/sign-out", data={"csrf": csrf})
        said = ended.headers["set-cookie"]
        assert said.startswith("__Host-application=")
        assert all(part in said for part in ("Max-Age=0", "Path=/", "Secure", "HttpOnly"))
        ada.cookies = planted
        assert ada.browse("GET", "/apply").status_code == 401


@pytest.mark.parametrize("before", [b"", b"other=1; ", b"__Host-other=1;"])
def test_our_cookie_is_read(public: IssuerUnderTest, before: bytes) -> None:
    request = Request({"type": "http", "headers": [(b"cookie", before + b"__Host-sign-in=ours")]})
    assert read_cookie(request, public.world, "sign-in") == "ours"


@pytest.mark.parametrize("blank", [b"\xa0", b"\x85", b"\x1c", b"\t", b"  "])
@pytest.mark.parametrize("before", [b"", b"__Host-sign-in=ours; "])
def test_a_name_with_a_blank_in_it_is_another(public: IssuerUnderTest, blank: bytes, before: bytes) -> None:
    # To a browser such a name has no prefix, so that another host of the domain may set it.
    planted = before + blank + b"__Host-sign-in=planted; __Host-sign-in\xa0=planted"
    request = Request({"type": "http", "headers": [(b"cookie", planted)]})
    assert read_cookie(request, public.world, "sign-in") == ("ours" if before else None)
