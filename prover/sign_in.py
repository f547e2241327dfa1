"""What the wallet can check of a person's sign-in, so that nobody signs in for another's registration unawares.

The issuer tells the wallet where the person signs in and which six digits the page shows; both are checked when the
application is opened, against the pinned trust bundle and the wallet's own X_h, because an issuer that shows the code
of another wallet would have the person vouch for that one. The page then sends the browser on to an identity provider,
with `nonce` = the hash of X_h and of the wallet's salt. The wallet does not follow the browser: who has that address
(a wallet with a browser of its own, a person who copies it) gives it to `check_sign_in_redirect`.
Source: [PROTOCOL 4], [OIDC 3.1.2.1].
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from circuits import Registration, registration_code, registration_nonce
from circuits.records import TrustBundle
from prover.errors import TrustError
from prover.origin import origin_of

_MAX_PARAMETERS = 64
_BY_REFERENCE = ("request", "request_uri")


def check_sign_in_page(url: str, bundle: TrustBundle) -> None:
    """The sign-in page `url` must lie at the origin of the issuer that is pinned. Raises `TrustError`
    (`sign-in-origin`)."""
    with suppress(TrustError):
        if url.isascii() and url.isprintable() and origin_of(url) == origin_of(bundle.issuer_url):
            return
    raise _distrust("sign-in-origin", f"The sign-in page offered is not at {bundle.issuer_url}.")


def check_sign_in_code(code: str, registration: Registration) -> None:
    """The code that the issuer shows must be that of this wallet's X_h. Raises `TrustError` (`sign-in-code`)."""
    if not code.isascii() or not hmac.compare_digest(code, registration_code(registration.point)):
        raise _distrust("sign-in-code", "The issuer's code is not that of this wallet's registration.")


def check_sign_in_redirect(url: str, registration: Registration) -> None:
    """The address `url` at the identity provider, where the issuer sends the browser, must carry this wallet's nonce.

    Raises `TrustError`: `sign-in-nonce` when the `nonce` is missing, there twice, or another's; `sign-in-unseen` when
    the request goes by reference (a pushed authorization request's `request_uri`, or a `request` object): then the
    nonce is not in the address and cannot be checked by the wallet. Source: [RFC9126 4], [RFC9101 5].
    """
    try:
        query = parse_qs(urlsplit(url).query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise _distrust("sign-in-nonce", "The address at the identity provider cannot be read.") from None
    if any(name in query for name in _BY_REFERENCE):
        raise _distrust("sign-in-unseen", "This sign-in goes by reference, so that its nonce cannot be seen here.")
    wanted = registration_nonce(registration.point, registration.salt)
    nonces = query.get("nonce", [])
    if len(nonces) != 1 or not nonces[0].isascii() or not hmac.compare_digest(nonces[0], wanted):
        raise _distrust("sign-in-nonce", "This sign-in is not for this wallet's registration.")


def _distrust(code: str, sentence: str) -> TrustError:
    return TrustError(code, sentence, "Do not sign in. Withdraw the application, and tell the licensing body.")
