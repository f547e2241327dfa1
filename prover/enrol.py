"""From nothing to a licence: make a wallet, apply, let the person sign in, and obtain the licence.

Every step can be taken again after a crash, and takes up what the last attempt left:

1. `create_wallet` pins the issuer's trust bundle and checks the digit table once (public data, kept beside the wallet).
2. `apply` draws the registration, SAVES it, then opens an application. The person signs in at `sign_in` and compares
   the six-digit code, so that nobody signs in for a stranger's wallet.
3. `obtain` asks for a challenge, makes the request, SAVES it with its secrets, then sends it. A retry sends the very
   same octets, to which the issuer gives the very same licence. Only the answer that passes all of the holder's checks
   replaces the request.

What the holder checks on receipt: the signature and the witness (in `receive_licence`), the epoch's signature by the
pinned key, and that the attributes are those applied for. Source: [PROTOCOL 4], "Issue".
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from circuits import (
    SECONDS_PER_DAY,
    CircuitError,
    Credential,
    DigitTable,
    IssueReply,
    Malformed,
    Membership,
    Secret,
    check_digit_table,
    decode_scalar,
    receive_licence,
    register,
    request_licence,
)
from circuits.records import EpochRecord, IssuerRecord, TrustBundle
from prover.errors import IssuerRefused, NotReady, TrustError
from prover.issuer_client import IssuerClient, bad_answer, from_base64url, to_base64url
from prover.refresh import check_epoch_is_of_one_history, decode_epoch
from prover.sign_in import check_sign_in_code, check_sign_in_page
from prover.wallet.file import DEFAULT_LOG_COST
from prover.wallet.records import Application, Contents, Licence, PendingRequest
from prover.wallet.store import Wallet

DIGIT_WINDOW_DAYS = 4000
KEPT_AT_RENEWAL = ("jurisdiction", "permit", "permit_kind")
# The issuer has dropped the application: nobody signed in for it in time.
FORGOTTEN_CODES = frozenset({"unknown-credentials", "unknown-application"})
# The challenge is no longer open, or was replaced, and nothing was signed for this request: a new one is safe. Any
# other refusal leaves the pending request as it is.
STALE_CHALLENGE_CODES = frozenset({"no-challenge", "bad-request"})


@dataclass(frozen=True)
class Status:
    """Where an application stands: `state` new, signed-in or issued; `missing` the steps still to be taken; `next_at`
    unix seconds of the earliest next sitting, if one must wait; `raw` the issuer's whole answer."""

    state: str
    identity: str
    missing: tuple[str, ...]
    next_at: int | None
    raw: Mapping[str, Any]


def fetch_trust(issuer: IssuerClient, expected_hash: bytes | None = None) -> TrustBundle:
    """The issuer's trust bundle, whose SHA-256 must be `expected_hash` (32 octets) where given.

    Without it the caller must show `bundle.hash` to a person who can compare it with the published one.
    Raises `TrustError` (`trust-hash`, `trust-malformed`), `Unreachable`.
    """
    try:
        bundle = TrustBundle.decode(issuer.trust())
    except CircuitError as error:
        raise _distrust("trust-malformed", f"The trust bundle is {error.sentence}.") from error
    if expected_hash is not None and not hmac.compare_digest(bundle.hash, expected_hash):
        raise _distrust("trust-hash", f"The trust bundle's hash is {bundle.hash.hex()}, not the one expected.")
    return bundle


def create_wallet(
    path: Path,
    passphrase: Secret[str],
    issuer: IssuerClient,
    trust_hash: bytes | None = None,
    log_cost: int = DEFAULT_LOG_COST,
) -> Wallet:
    """A new wallet at `path` that trusts the issuer's bundle; stores the checked digit table beside it.

    Raises `TrustError`, `WalletError`, `Unreachable`. May be called again after a crash: there is no wallet until all
    is checked.
    """
    bundle = fetch_trust(issuer, trust_hash)
    _fetch_table(table_path(path, bundle.issuer), bundle.issuer, issuer)
    return Wallet.create(path, passphrase, Contents(trust=bundle), log_cost)


def adopt_trust(wallet: Wallet, issuer: IssuerClient, trust_hash: bytes) -> TrustBundle:
    """Pin the issuer's new trust bundle, whose SHA-256 a person gives as `trust_hash` (32 octets); gives the bundle.

    For new policies, or a new escrow key. Raises `TrustError` (`trust-hash`, `trust-malformed`), and `trust-other` for
    a bundle of another issuer or accumulator than the licence or application in the wallet: that takes a new wallet.
    """
    bundle = fetch_trust(issuer, trust_hash)

    def with_bundle(found: Contents) -> Contents:
        same = (found.trust.issuer.hash, found.trust.accumulator.hash) == (bundle.issuer.hash, bundle.accumulator.hash)
        if not same or found.trust.epoch_key != bundle.epoch_key:
            raise _distrust("trust-other", "The new trust bundle is of another issuer, accumulator or epoch key.")
        return found if found.trust.hash == bundle.hash else replace(found, trust=bundle)

    return wallet.update(with_bundle).trust


def table_path(wallet: Path, record: IssuerRecord) -> Path:
    """Where the digit table of `record` lies: beside the wallet, named by its hash. Public data."""
    return wallet.parent / f"digits-{record.table_hash.hex()[:32]}.bin"


def digit_table(wallet: Wallet, issuer: IssuerClient | None = None) -> DigitTable:
    """The checked digit table of the wallet's issuer, fetched again from `issuer` if its file is gone or damaged.

    Checks the hash and one batched pairing: call it once per process. Raises `TrustError` (`digit-table`),
    `NotReady` when the file is gone and no `issuer` is given.
    """
    record = wallet.contents.trust.issuer
    path = table_path(wallet.path, record)
    with suppress(OSError, CircuitError):
        return check_digit_table(record, path.read_bytes())
    if issuer is None:
        raise NotReady("no-digit-table", f"The digit table {path} is gone or damaged.", "Refresh the wallet online.")
    return _fetch_table(path, record, issuer)


def apply(wallet: Wallet, issuer: IssuerClient, renew: bool = False) -> Application:
    """Open an application (a renewal of the licence held if `renew`) and give the page to sign in at.

    Gives the application that is already open, if there is one of this sort and the issuer still knows it (those that
    nobody signs in for are soon dropped). The page must lie at the pinned issuer's
    origin and its code be that of this wallet's X_h; where the page leads from there is for the browser to see, and for
    `prover.sign_in.check_sign_in_redirect`. Raises `NotReady` for a renewal without a licence, `IssuerRefused`,
    `Unreachable`, `TrustError` (`sign-in-origin`, `sign-in-code`: the application is not kept).
    """
    contents = wallet.update(lambda found: _with_registration(found, renew))
    if contents.application is not None and _is_forgotten(issuer, contents):
        contents = wallet.update(lambda found: _without_application(found, contents.application))
    if contents.application is not None:
        return contents.application
    registration = contents.registration
    if registration is None:
        raise NotReady("no-registration", "The wallet has no registration.", "Apply again.")
    body = {"registration": to_base64url(registration.point), "salt": to_base64url(registration.salt), "refresh": renew}
    application = _application(issuer.post("/api/applications", body, None), renew)
    check_sign_in_page(application.sign_in, contents.trust)
    check_sign_in_code(application.code, registration)
    saved = wallet.update(lambda found: found if found.application else replace(found, application=application))
    return saved.application or application


def withdraw(wallet: Wallet) -> None:
    """Forget an application that has led to nothing, with its registration and request. A licence held stays.

    A request that the issuer may already have answered is lost with it: only for applications refused or expired.
    """
    wallet.update(lambda found: replace(found, application=None, registration=None, pending=None))


def status(wallet: Wallet, issuer: IssuerClient) -> Status:
    """Where the application stands. Raises `NotReady` without one, `IssuerRefused`, `Unreachable`."""
    application = _application_of(wallet.reload())
    raw = issuer.get(f"/api/applications/{application.id}", application.token)
    missing, next_at = raw.get("missing", []), raw.get("next_at")
    if not isinstance(missing, list) or not (next_at is None or isinstance(next_at, int)):
        raise bad_answer("the application's state is malformed")
    return Status(
        state=_text(raw.get("state")),
        identity=_text(raw.get("identity")),
        missing=tuple(_text(step) for step in missing),
        next_at=next_at,
        raw=raw,
    )


def obtain(
    wallet: Wallet,
    issuer: IssuerClient,
    tier: int,
    now: Callable[[], int],
    expected: Mapping[str, int | str] | None = None,
) -> Licence:
    """Obtain the licence of `tier` for the open application, and keep it; gives the one held if that is done already.

    `expected` names further attributes as applied for (for example `{"permit": "P-1", "cover_band": 3}`). `now` gives
    unix seconds. Raises `NotReady` (no application), `IssuerRefused` (a step is missing), `TrustError`
    (`licence-attributes`, `licence-check`, `renewal-other-licence`: the licence is not what was applied for, and is not
    kept), `Unreachable`.
    """
    contents = wallet.reload()
    if contents.registration is None and contents.licence is not None:
        return contents.licence
    application = _application_of(contents)
    pending = _request(wallet, issuer, application, tier, dict(expected or {}))
    try:
        answer = _hand_in(issuer, application, pending)
    except IssuerRefused as refused:
        if refused.code not in STALE_CHALLENGE_CODES:
            raise
        wallet.update(lambda found: _without_request(found, pending))
        pending = _request(wallet, issuer, application, tier, dict(expected or {}))
        answer = _hand_in(issuer, application, pending)
    return _take(wallet, issuer, application, pending, answer, now)


def _is_forgotten(issuer: IssuerClient, contents: Contents) -> bool:
    """Whether the issuer knows the open application no more. One with a request pending is never given up here: a
    licence may have been issued for it."""
    application = contents.application
    if application is None or contents.pending is not None:
        return False
    try:
        issuer.get(f"/api/applications/{application.id}", application.token)
    except IssuerRefused as refused:
        if refused.code in FORGOTTEN_CODES:
            return True
        raise
    return False


def _without_application(found: Contents, forgotten: Application | None) -> Contents:
    same = found.application is not None and forgotten is not None and found.application.id == forgotten.id
    return replace(found, application=None) if same and found.pending is None else found


def _without_request(found: Contents, stale: PendingRequest) -> Contents:
    """Another process may have made another request by now, and its licence may be on its way."""
    return replace(found, pending=None) if _still_pends(found, stale) else found


def _still_pends(found: Contents, pending: PendingRequest) -> bool:
    return found.pending is not None and found.pending.commitment == pending.commitment


def _with_registration(found: Contents, renew: bool) -> Contents:
    if found.application is not None and found.application.refresh == renew and found.registration is not None:
        return found
    if not renew:
        drawn = found.registration
        if found.application is None and drawn is not None and not _is_held(drawn.secret, found.licence):
            return found
        return replace(found, registration=register(found.trust.issuer), application=None, pending=None)
    if found.licence is None:
        raise NotReady("no-licence", "There is no licence to renew.", "Apply for a first licence.")
    registration = register(found.trust.issuer, found.licence.credential.link_secret)
    return replace(found, registration=registration, application=None, pending=None)


def _is_held(secret: Secret[int], held: Licence | None) -> bool:
    """Whether `secret` is that of the licence held: then it is for its renewal alone. Another licence would differ from
    this one by a share that the issuer knows, who would know the holder by the difference of two pseudonyms."""
    return held is not None and secret.expose() == held.credential.link_secret.expose()


def _application_of(contents: Contents) -> Application:
    if contents.application is None:
        raise NotReady("no-application", "There is no application open.", "Apply first.")
    return contents.application


def _application(answer: Mapping[str, Any], refresh: bool) -> Application:
    expires_at = answer.get("expires_at")
    if type(expires_at) is not int or not 0 <= expires_at < 1 << 63:
        raise bad_answer("the application has no expiry")
    return Application(
        id=_path_segment(answer.get("application")),
        token=Secret(_token(answer.get("token"))),
        sign_in=_text(answer.get("sign_in")),
        code=_text(answer.get("code")),
        expires_at=expires_at,
        refresh=refresh,
    )


def _request(
    wallet: Wallet, issuer: IssuerClient, application: Application, tier: int, expected: Mapping[str, int | str]
) -> PendingRequest:
    """The request that is saved; or ask for a challenge, answer it, and save the request before anybody has seen it."""
    saved = wallet.contents.pending
    if saved is not None:
        return saved
    answer = issuer.post(f"/api/applications/{application.id}/challenge", {}, application.token)
    nonce, session = from_base64url(answer.get("nonce"), 32), from_base64url(answer.get("session"), 32)

    def with_request(found: Contents) -> Contents:
        if found.pending is not None or found.registration is None:
            return found
        request, issue = request_licence(found.trust.issuer, found.registration, nonce, session, application.refresh)
        pending = PendingRequest(tier, request.commitment, request.proof, issue, tuple(sorted(expected.items())))
        return replace(found, pending=pending)

    made = wallet.update(with_request).pending
    if made is None:
        raise NotReady("no-request", "Another program is finishing this application.", "Try again.")
    return made


def _hand_in(issuer: IssuerClient, application: Application, pending: PendingRequest) -> Mapping[str, Any]:
    body = {
        "tier": pending.tier,
        "commitment": to_base64url(pending.commitment),
        "proof": to_base64url(pending.proof),
    }
    return issuer.post(f"/api/applications/{application.id}/licence", body, application.token)


def _take(
    wallet: Wallet,
    issuer: IssuerClient,
    application: Application,
    pending: PendingRequest,
    answer: Mapping[str, Any],
    now: Callable[[], int],
) -> Licence:
    """Check the licence that was answered, and keep it. Until then the request stays: asked again, the issuer gives the
    same answer."""
    contents = wallet.contents
    reply = _reply(answer, contents.trust.issuer)
    signed = issuer.epoch(reply.epoch_number)
    epoch = decode_epoch(signed, contents.trust)
    if epoch.number != reply.epoch_number:
        raise _distrust("epoch-malformed", "The issuer served another epoch than the licence's.")
    # An answer that is given again is of an older epoch than the wallet may have come to: `refresh` goes on from there.
    check_epoch_is_of_one_history(epoch, contents, now())
    credential, membership = _received(contents.trust, epoch, pending, reply)
    if application.refresh or _is_held(pending.issue.link_share, contents.licence):
        _check_same_licence(contents.licence, credential)
    _check_attributes(credential, pending, now())
    licence = Licence(_path_segment(answer.get("licence")), credential, membership)
    saved = wallet.update(lambda found: _with_licence(found, pending, licence, signed, epoch))
    if saved.licence is None or saved.application is None or saved.application.id != application.id:
        raise NotReady("no-application", "Another program gave this application up.", "See the wallet's status.")
    return saved.licence


def _with_licence(
    found: Contents, pending: PendingRequest, licence: Licence, signed: bytes, epoch: EpochRecord
) -> Contents:
    if not _still_pends(found, pending):
        # Another process has an answer to this registration, or gave it up (the number of the application, which the
        # issuer chooses, may be the same). Two licences of one registration differ by shares that the issuer has
        # chosen: it would know the holder by the difference of two pseudonyms.
        return found
    held = found.licence
    if held is not None and held.credential.handle == licence.credential.handle:
        # A renewal takes the membership nowhere: by an epoch of its choice the issuer would know the wallet again.
        return replace(found, licence=replace(licence, membership=held.membership), registration=None, pending=None)
    return replace(
        found,
        licence=licence,
        registration=None,
        pending=None,
        signed_epoch=signed,
        high_water=max(found.high_water, epoch.number),
    )


def _received(
    bundle: TrustBundle, epoch: EpochRecord, pending: PendingRequest, reply: IssueReply
) -> tuple[Credential, Membership]:
    try:
        return receive_licence(bundle.issuer, bundle.accumulator, epoch, pending.issue, reply)
    except CircuitError as error:
        raise _distrust("licence-check", f"The licence received does not verify: {error.sentence}.") from error


def _reply(answer: Mapping[str, Any], record: IssuerRecord) -> IssueReply:
    attributes, number = answer.get("attributes"), answer.get("epoch")
    if not isinstance(attributes, list) or len(attributes) != len(record.attributes) or type(number) is not int:
        raise bad_answer("the licence is malformed")
    return IssueReply(
        signature=from_base64url(answer.get("signature"), 80),
        attributes=(_scalar(attributes[0]), *_values(attributes[1:])),
        signer_share=_scalar(answer.get("signer_share")),
        witness=from_base64url(answer.get("witness"), 48),
        epoch_number=number,
    )


def _scalar(value: object) -> int:
    """In its one encoding: the handle and the share are compared, and the handle is looked for in published lists."""
    try:
        return decode_scalar(from_base64url(value, 32))
    except Malformed:
        raise bad_answer("a scalar of the licence is not one") from None


def _values(values: Sequence[object]) -> tuple[int | str, ...]:
    checked: list[int | str] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise bad_answer("an attribute is neither a number nor text")
        checked.append(value)
    return tuple(checked)


def _check_same_licence(held: Licence | None, credential: Credential) -> None:
    """A renewal keeps the link secret, the handle, and what it is a licence for: another secret is another pseudonym at
    every gateway, with another handle one revocation would no longer end both credentials, and another jurisdiction
    would be seen at every gateway by the issuer, who knows whom it has just renewed. Source: [PROTOCOL 4]."""
    if held is None:
        raise NotReady("no-licence", "There is no licence to renew.", "Apply for a first licence.")
    same = credential.handle == held.credential.handle and _is_held(credential.link_secret, held)
    if not same or any(credential.value(name) != held.credential.value(name) for name in KEPT_AT_RENEWAL):
        raise TrustError(
            "renewal-other-licence",
            "The licence received is another one, not a renewal of the licence held.",
            "The licence held was kept. Tell the licensing body; asking again gives the same answer.",
        )


def _check_attributes(credential: Credential, pending: PendingRequest, now: int) -> None:
    """The attributes must be those applied for, good today and within the digit window, with nothing in `spare`."""
    today = now // SECONDS_PER_DAY
    wanted: dict[str, int | str] = {"tier": pending.tier, "spare": 0, **dict(pending.expected)}
    for name, value in wanted.items():
        if credential.value(name) != value:
            raise _not_as_applied(f"{name} is {credential.value(name)!r}, not {value!r}")
    good_until, insured_until = credential.value("good_until"), credential.value("insured_until")
    if not isinstance(good_until, int) or not today <= good_until <= today + DIGIT_WINDOW_DAYS:
        raise _not_as_applied("it is not good today, or good for too long")
    if not isinstance(insured_until, int) or insured_until < good_until:
        raise _not_as_applied("it is good for longer than it is insured")


def _fetch_table(path: Path, record: IssuerRecord, issuer: IssuerClient) -> DigitTable:
    octets = issuer.digits()
    try:
        table = check_digit_table(record, octets)
    except CircuitError as error:
        raise _distrust("digit-table", f"The digit table does not verify: {error.sentence}.") from error
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}.tmp"
    with suppress(OSError):  # the table is good for now; it is fetched again where it cannot be kept
        try:
            temporary.write_bytes(octets)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return table


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 2048:
        raise bad_answer("a field is not text")
    return value


def _token(value: object) -> str:
    """Text that a header field can carry."""
    text = _text(value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise bad_answer("the application's token is not one")
    return text


def _path_segment(value: object) -> str:
    text = _text(value)
    if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
        raise bad_answer("an identifier is not one")
    return text


def _not_as_applied(sentence: str) -> TrustError:
    return TrustError(
        "licence-attributes",
        f"The licence received is not what was applied for: {sentence}.",
        "It was not kept. Tell the licensing body; asking again gives the same answer.",
    )


def _distrust(code: str, sentence: str) -> TrustError:
    return TrustError(code, sentence, "Nothing was kept. Check the issuer's address, and its published hash.")
