"""The canonical form of documents, as properties."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.errors import Denied
from issuer.kyc.documents import account_message, canonical_document, namesake_message

pytestmark = pytest.mark.requirement("R13")
NUMBERS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=20).filter(lambda n: n.strip("0O"))
SEPARATORS = st.sampled_from(["", " ", "-", "<", ".", "\u00a0", "/"])


@given(NUMBERS, st.data())
def test_separators_case_and_fillers_do_not_matter(number: str, data: st.DataObject) -> None:
    dressed = "".join(char + data.draw(SEPARATORS) for char in number)
    dressed = data.draw(st.sampled_from([dressed, dressed.lower(), "<<" + dressed, "00" + dressed]))
    assert canonical_document("passport", "GBR", dressed) == canonical_document("Passport", "gb", number)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_canonical_is_idempotent_and_plain(kind: str, issuer: str, number: str) -> None:
    try:
        document = canonical_document(kind, issuer, number)
    except Denied:
        return
    assert canonical_document(document.type, document.issuer, document.number) == document
    assert (document.type + document.issuer + document.number).isalnum()
    assert (document.type + document.issuer).isascii()
    assert not document.number.startswith("0")


def test_letters_of_other_alphabets_count() -> None:
    """As Latin ones where they look so, for cards print those that both alphabets have."""
    numbers = ["AB123456", "\u0391\u0392 123456", "\u0410\u0412 123456", "\u03a7\u03a5 123456", "\u03a9\u03a8 123456"]
    one, greek, cyrillic, other, odd = (canonical_document("ID card", "GRC", number) for number in numbers)
    assert one == greek == cyrillic
    assert canonical_document("ID card", "SRB", "\u0405\u0408 12") == canonical_document("ID card", "SRB", "SJ 12")
    assert len({one, other, odd, canonical_document("ID card", "GRC", "123456")}) == 4


@pytest.mark.parametrize("zero", ["\u0660", "\u06f0", "\u0966"])
def test_digits_of_other_scripts_are_the_same_digits(zero: str) -> None:
    written = "".join(chr(ord(zero) + int(digit)) for digit in "29001011234567")
    assert canonical_document("ID card", "EG", written) == canonical_document("ID card", "EG", "29001011234567")


@given(NUMBERS, NUMBERS)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    def folded(number: str) -> str:
        return number.replace("O", "0").replace("I", "1").lstrip("0")

    same = canonical_document("passport", "GBR", one).message == canonical_document("passport", "GBR", other).message
    assert same == (folded(one) == folded(other))


@pytest.mark.parametrize(
    ("kind", "issuer", "number"),
    [
        ("driving_licence", "GB", "MORGA657054SM9IJ"),
        ("driving licence", "GBR", "MORGA657054SM9IJ 35"),
        ("drivingPermit", "DVLA", "MORGA 657054 SM9IJ 78"),
        ("Driver's License", "UK", "morga657054sm91j02"),
        ("driving_licence", "Driver and Vehicle Licensing Agency", "MORGA657054SM9IJ 35"),
        ("full driving licence", "United Kingdom", "MORGA657054SM9IJ 35"),
    ],
)
def test_driver_numbers_without_their_issue_digits(kind: str, issuer: str, number: str) -> None:
    assert canonical_document(kind, issuer, number).number == "M0RGA657054SM91J"


@pytest.mark.parametrize("number", ["OO999657054TZ9QX", "IO999657054A99QX", "ONEIL657054SM9IJ"])
def test_a_driver_number_begins_with_any_name(number: str) -> None:
    cards = {canonical_document("driving_licence", "GB", number + issue) for issue in ("", "35", " 36")}
    assert len(cards) == 1


@pytest.mark.parametrize("number", ["110101198503120035", "GXCA990101HDFRRL09", "GRMRLN85101209M100"])
def test_what_is_no_british_driver_number_keeps_its_last_digits(number: str) -> None:
    assert canonical_document("driving_licence", "CN", number).number == number


@pytest.mark.parametrize(("three", "two"), [("EGY", "EG"), ("TUR", "TR"), ("SRB", "RS"), ("GRC", "EL"), ("RKS", "XK")])
def test_a_country_is_one_in_two_letters_and_in_three(three: str, two: str) -> None:
    assert canonical_document("passport", three, "A12345678") == canonical_document("passport", two, "A12345678")


@pytest.mark.parametrize("kinds", [("residence_permit", "residencePermit"), ("id card", "identityCard", "idCard")])
def test_a_type_is_one_in_one_word_and_in_two(kinds: tuple[str, ...]) -> None:
    assert len({canonical_document(kind, "DE", "L01X00T47") for kind in kinds}) == 1


@pytest.mark.parametrize("kind", ["driver's licence", "drivers_licence", "DriverLicense", "driver permit"])
def test_a_driving_licence_is_one_however_it_is_spelt(kind: str) -> None:
    card = canonical_document("driving_licence", "GB", "MORGA657054SM9IJ 35")
    assert canonical_document(kind, "GBR", "MORGA657054SM9IJ 42") == card


def test_type_and_issuer_tell_documents_apart() -> None:
    messages = {
        canonical_document(kind, issuer, "1234").message
        for kind in ("passport", "identity card")
        for issuer in ("GB", "FR")
    }
    assert len(messages) == 4


@given(st.permutations(["Ada", "Augusta", "King-Noel"]), st.sampled_from([" ", "  ", "\t", "-"]))
def test_names_in_any_order(words: list[str], blank: str) -> None:
    assert namesake_message(blank.join(words), "1985-12-10") == namesake_message("ADA AUGUSTA KING NOEL", "1985-12-10")


@given(st.text(max_size=30), st.text(max_size=12))
def test_names_and_dates_never_crash(name: str, date: str) -> None:
    with suppress(Denied):
        assert namesake_message(name, date)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_accounts_are_framed(a: str, b: str, c: str, d: str) -> None:
    assert (account_message(a, b) == account_message(c, d)) == ((a, b) == (c, d))
