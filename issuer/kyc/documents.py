"""Turns what identity providers write about documents, accounts and people into one canonical form, so that the same
document always gives the same dedupe tag. Version 1 of the rules; a change of any rule is a new version.

Rules 1:
1. Text is NFKD without marks, upper case.
2. Type: letters and digits only, for some write words together; known synonyms become one name.
3. Issuer: letters only; three-letter and MRZ codes become the two-letter code of ISO 3166-1.
4. Number: letters and digits only (fillers `<`, blanks and hyphens go); Greek and Cyrillic letters that look like Latin
   ones become these, for documents print those that both have; digits of any script become 0 to 9; the letters O and I
   become the digits 0 and 1, because machine-readable zones and people confuse them; leading zeros go.
5. A British driver number is 16 characters; the two issue digits after it, which change with every card, go. It is
   known by its form, whatever the words for its type and issuer.

Source: [ISSUING 1], ICAO 9303-3 (MRZ), DVLA driver number format. Caller still owes: the keyed tag, never a plain hash.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass

from pycountry import countries

from circuits import encode_cbor
from issuer.errors import Denied

RULES_VERSION = 1
_DRIVER = "DRIVINGLICENCE"
_BRITISH_DRIVER = re.compile("((?=[0-9]*[A-Z])[A-Z019]{5}[0-9]{6}[A-Z0-9]{5})[0-9]{2}")
_DRIVER_TYPES = "DRIV(ER|ERS|ING)(LICEN[CS]E|PERMIT)"
_TYPES = {
    "ICAOPASSPORT": "PASSPORT",
    "IDCARD": "IDENTITYCARD",
    "NATIONALIDENTITYCARD": "IDENTITYCARD",
}
_LOOK_ALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЅІЈКМНОРСТУХ", "ABEZHIKMNOPTYXABESIJKMHOPCTYX")
# Codes that documents carry beside ISO 3166-1's; any other is kept as it is written, which never merges two people.
_COUNTRIES = {
    "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB", "UK": "GB", "DVLA": "GB", "DVA": "GB",
    "HMPO": "GB", "D": "DE", "EL": "GR", "RKS": "XK", "XKX": "XK",
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A document in canonical form."""

    type: str
    issuer: str
    number: str

    @property
    def message(self) -> bytes:
        """What the dedupe tag is made of."""
        return encode_cbor(["document", RULES_VERSION, self.type, self.issuer, self.number])


def canonical_document(document_type: str, issuer: str, number: str) -> Document:
    """The canonical form of a document. Raises Denied("claims-missing") when nothing is left of a part."""
    kind = re.sub("[^A-Z0-9]", "", _plain(document_type))
    kind = _DRIVER if re.fullmatch(_DRIVER_TYPES, kind) else _TYPES.get(kind, kind)
    letters = re.sub("[^A-Z]", "", _plain(issuer))
    known = countries.get(alpha_3=letters)
    country = _COUNTRIES.get(letters, letters) if known is None else known.alpha_2
    written = _plain(number).translate(_LOOK_ALIKES)
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in written if letter.isalnum())
    digits = digits.replace("O", "0").replace("I", "1")
    card = _BRITISH_DRIVER.fullmatch(digits)
    digits = (card[1] if card else digits).lstrip("0")
    if not kind or not country or not digits:
        raise Denied("claims-missing", "A document of the identity provider lacks its type, issuer or number.")
    return Document(kind, country, digits)


def account_message(provider: str, subject: str) -> bytes:
    """What the dedupe tag of an account at a provider is made of: issuer identifier and subject, exactly as written."""
    return encode_cbor(["account", RULES_VERSION, provider, subject])


def namesake_message(name: str, birth_date: str) -> bytes:
    """What the weak tag is made of: the name's words in any order, and the birth date.

    Raises Denied("claims-missing") for a name without letters or a date that is none.
    """
    words = sorted("".join(c for c in word if c.isalnum()) for word in re.split(r"[\s\-]+", _plain(name)))
    words = [word for word in words if word]
    try:
        date = datetime.date.fromisoformat(birth_date).isoformat()
    except ValueError:
        raise Denied("claims-missing", "The identity provider gave no birth date that can be read.") from None
    if not words:
        raise Denied("claims-missing", "The identity provider gave no name that can be read.")
    return encode_cbor(["namesake", RULES_VERSION, " ".join(words), date])


def _plain(text: str) -> str:
    # Twice, because upper-casing can bring marks back (e.g. U+0390) and the rules must be idempotent.
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c)).upper()
    return text
