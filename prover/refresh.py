"""Keeps a licence's membership up to date with the issuer's epochs, or finds that the licence is revoked.

An epoch is believed when its COSE_Sign1 verifies under the pinned key, it is of the pinned accumulator, its number is
not lower than any seen before, and it is the same record where the number is the same. From the epoch that the wallet
is at, the epochs are walked forwards, each linked to the one before by its hash, up to the newest. The revocation list
is not signed, but each epoch names its entries by a hash: they are taken for no more than that, and before the handle
has a part in anything. To lead to the signed value is not enough: a list can be made that does so for one handle
alone, and whether a wallet gets on with it would tell the server whose wallet it is.

The membership is updated, and the wallet saved, a stretch of epochs at a time, so that a long absence is caught up
with in pieces and a failure costs one stretch. A stretch ends only at an epoch that is too old to be proved at, or at
the newest: no gateway is shown how far a wallet has come. Each stretch is audited before the handle has a part in it:
the issuer, who signs it, can make one that gets chosen wallets on and no others. The update is checked by a pairing,
for a proof with a witness that does not belong to handle and value names the handle to whoever has the accumulator's
key. When the licence is revoked the rest is fetched all the same: a revoked wallet asks for what any other asks for.

Source: [PROTOCOL 4], [ISSUING 4].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circuits import CircuitError, Membership, RevocationEntry, audit_entries, update_membership
from circuits.records import EpochRecord, Sign1, TrustBundle
from prover.challenge import MAX_CLOCK_DIFFERENCE_SECONDS
from prover.errors import NotReady, Revoked, TrustError, Unreachable
from prover.issuer_client import IssuerClient
from prover.revocation_list import COMPARE, entries_of, list_damaged
from prover.wallet.records import MAX_SIGNED_EPOCH_OCTETS, Contents, Licence
from prover.wallet.store import Wallet

CLOCK_TOLERANCE_SECONDS = 300
EPOCHS_IN_STRETCH = 256


@dataclass(frozen=True)
class Refreshed:
    """A refresh's outcome: the epoch the membership is now at, whether that is another than before, how many entries
    were applied; and the `contents` that it came to itself, wherever others have brought the wallet meanwhile."""

    epoch: EpochRecord
    changed: bool
    applied: int
    contents: Contents


@dataclass(frozen=True)
class _Signed:
    """An epoch, checked by `decode_epoch`, with the COSE_Sign1 that it came in."""

    octets: bytes
    epoch: EpochRecord


def decode_epoch(signed: bytes, bundle: TrustBundle) -> EpochRecord:
    """The epoch record inside the COSE_Sign1 `signed`, its signature and accumulator checked against `bundle`.

    Raises `TrustError`: `epoch-malformed`, `epoch-signature`, `epoch-accumulator`. Source: [RFC9052 4.4].
    """
    try:
        envelope = Sign1.decode(signed, MAX_SIGNED_EPOCH_OCTETS)
        epoch = EpochRecord.decode(envelope.payload)
        Ed25519PublicKey.from_public_bytes(bundle.epoch_key).verify(envelope.signature, envelope.to_be_signed)
    except CircuitError as error:
        raise _distrust("epoch-malformed", f"The epoch is {error.sentence}.") from error
    except InvalidSignature:
        raise _distrust("epoch-signature", "The epoch is not signed by the issuer's key that is pinned.") from None
    if epoch.accumulator_hash != bundle.accumulator.hash:
        raise _distrust("epoch-accumulator", "The epoch is of another accumulator than the one that is pinned.")
    return epoch


def check_epoch_follows(epoch: EpochRecord, contents: Contents, now: int) -> None:
    """Refuse an epoch that rolls back, forks or lies in the future. `now` is unix seconds.

    Raises `TrustError`: `epoch-rollback`, `epoch-fork`, `epoch-future`.
    """
    if epoch.number < contents.high_water:
        raise _distrust(
            "epoch-rollback", f"Epoch {epoch.number} was offered after epoch {contents.high_water} had been seen."
        )
    check_epoch_is_of_one_history(epoch, contents, now)


def check_epoch_is_of_one_history(epoch: EpochRecord, contents: Contents, now: int) -> None:
    """Refuse an epoch, of whatever number, that forks from the one held or lies in the future. `now` is unix seconds.

    Raises `TrustError`: `epoch-fork`, `epoch-future`.
    """
    held = contents.epoch
    same_number = held is not None and held.number == epoch.number and held.hash != epoch.hash
    wrong_link = held is not None and held.number + 1 == epoch.number and held.hash != epoch.previous
    if same_number or wrong_link:
        raise _fork(epoch.number)
    if epoch.not_before > now + CLOCK_TOLERANCE_SECONDS:
        raise _distrust("epoch-future", f"Epoch {epoch.number} begins in the future of this machine's clock.")


def refresh(wallet: Wallet, issuer: IssuerClient, now: Callable[[], int], since: Contents | None = None) -> Refreshed:
    """Bring the wallet's membership up to the newest epoch and save it. It starts at `since`, an earlier state of this
    licence, where given: so it asks for the same as a wallet that is still there.

    Raises `Revoked`; `NotReady` without a licence; `TrustError` for data that is not to be believed; `Unreachable`
    when the issuer's files cannot be had. Whole stretches that were caught up with before it failed are kept.
    """
    contents = wallet.reload()
    start = since or contents
    licence = _licence(start)
    newest = _signed(issuer.latest_epoch(), contents.trust)
    check_epoch_follows(newest.epoch, contents, now())
    _remember_number(wallet, newest.epoch.number)
    if licence.membership.value == newest.epoch.value:
        kept, applied = _applied(licence, (), newest.epoch), 0
        saved = _keep(wallet, licence, kept, newest)
    else:
        saved, kept, applied = _catch_up(wallet, issuer, contents, start, newest)
    reached = saved.epoch or newest.epoch
    changed = contents.epoch is None or contents.epoch.hash != reached.hash
    return Refreshed(reached, changed, applied, replace(start, licence=kept, signed_epoch=newest.octets))


def epoch_before(contents: Contents, issuer: IssuerClient) -> Contents | None:
    """`contents` at the epoch right before theirs, for a gateway that has not got that one yet; None where somebody was
    revoked in between. Nothing but public files decides what it is. Raises `TrustError`, `Unreachable`."""
    licence, epoch = _licence(contents), contents.epoch
    if epoch is None or epoch.number == 0 or epoch.entries_count:
        return None
    before = _signed(issuer.epoch(epoch.number - 1), contents.trust)
    if before.epoch.hash != epoch.previous:
        raise _fork(epoch.number)
    return replace(contents, licence=_applied(licence, (), before.epoch), signed_epoch=before.octets)


def _licence(contents: Contents) -> Licence:
    if contents.licence is None:
        raise NotReady("no-licence", "This wallet holds no licence yet.", "Apply for one, then obtain it.")
    return contents.licence


def _signed(octets: bytes, bundle: TrustBundle) -> _Signed:
    return _Signed(octets, decode_epoch(octets, bundle))


def _remember_number(wallet: Wallet, number: int) -> None:
    # Before anything else can fail: a rollback must be noticed even if this update never completes.
    # Saved also where it is known: what the disk takes would tell a gateway whether this wallet has been elsewhere.
    wallet.update(lambda found: replace(found, high_water=max(found.high_water, number)))


def _catch_up(
    wallet: Wallet, issuer: IssuerClient, contents: Contents, start: Contents, newest: _Signed
) -> tuple[Contents, Licence, int]:
    """Go from the epoch of `start` to `newest`, saving after each stretch; gives the contents saved last, the licence
    at `newest`, and how many entries were applied. Raises as `refresh` does."""
    licence = _licence(start)
    kept, saved, applied = licence, contents, 0
    stretches = _stretches(issuer, contents, _epoch_held(issuer, start, licence), newest)
    checked = ((stretch[-1], _entries(issuer, stretch)) for stretch in stretches)
    for last, entries in checked:
        try:
            kept = _applied(kept, entries, last.epoch)
        except (Revoked, TrustError):
            _ask_on(checked)
            raise
        saved = _keep(wallet, licence, kept, last)
        applied += len(entries)
    return saved, kept, applied


def _epoch_held(issuer: IssuerClient, contents: Contents, licence: Licence) -> EpochRecord:
    """The epoch that the licence's membership is at: the one in the wallet, or else fetched. Raises `TrustError`."""
    at = licence.membership.epoch_number, licence.membership.value
    held = contents.epoch
    if held is None or (held.number, held.value) != at:
        held = decode_epoch(issuer.epoch(at[0]), contents.trust)
    if (held.number, held.value) != at:
        raise _fork(at[0])
    return held


def _stretches(
    issuer: IssuerClient, contents: Contents, held: EpochRecord, newest: _Signed
) -> Iterator[Sequence[_Signed]]:
    """The signed epochs after `held` up to `newest`, each the successor of the one before and of one history with
    `contents`, in stretches to save after.

    Raises `TrustError` (`epoch-fork`, and what `decode_epoch` raises), `Unreachable`.
    """
    if newest.epoch.number <= held.number:
        raise _fork(newest.epoch.number)
    stretch: list[_Signed] = []
    bundle = contents.trust
    for number in range(held.number + 1, newest.epoch.number + 1):
        following = newest if number == newest.epoch.number else _signed(issuer.epoch(number), bundle)
        if following.epoch.number != number or following.epoch.previous != held.hash:
            raise _fork(number)
        held = following.epoch
        check_epoch_is_of_one_history(held, contents, held.not_before)
        stretch.append(following)
        if following is newest or (len(stretch) >= EPOCHS_IN_STRETCH and _is_past_showing(held, bundle, newest.epoch)):
            yield stretch
            stretch = []


def _is_past_showing(epoch: EpochRecord, bundle: TrustBundle, newest: EpochRecord) -> bool:
    """Whether nothing can be proved at `epoch` any more, by any clock by which `newest` has begun. (A wallet that
    stopped halfway at a younger one would show it to gateways, and so stand out.)"""
    longest = max((policy.renewal_seconds for policy in bundle.policies), default=0)
    age = newest.not_before - epoch.not_before
    return age > longest + MAX_CLOCK_DIFFERENCE_SECONDS + CLOCK_TOLERANCE_SECONDS


def _entries(issuer: IssuerClient, stretch: Sequence[_Signed]) -> list[RevocationEntry]:
    """The entries of a stretch's epochs: fetched and checked the same for every licence."""
    return [entry for signed in stretch for entry in entries_of(issuer, signed.epoch)]


def _applied(licence: Licence, entries: Sequence[RevocationEntry], epoch: EpochRecord) -> Licence:
    """`licence` with its membership at `epoch`, after `entries`. Raises `Revoked`, `TrustError` (`list-damaged`)."""
    return replace(licence, membership=_updated(licence, entries, epoch))


def _updated(licence: Licence, entries: Sequence[RevocationEntry], epoch: EpochRecord) -> Membership:
    before = licence.membership
    try:
        if entries:
            audit_entries(before.accumulator, before.value, entries)
        return update_membership(before, licence.credential.handle, entries, epoch)
    except CircuitError as error:
        if error.code != "revoked":
            raise list_damaged() from error
        raise Revoked("The revocation list of the current epoch names this licence.") from None


def _ask_on(rest: Iterator[object]) -> None:
    """Fetch and check what is left, as a wallet does that gets on with its stretch. Raises `TrustError`; what cannot be
    reached changes nothing, for what was found is of signed epochs."""
    with suppress(Unreachable):
        for _ in rest:
            pass


def _keep(wallet: Wallet, started: Licence, kept: Licence, reached: _Signed) -> Contents:
    return wallet.update(lambda found: _with_membership(found, started, kept, reached))


def _with_membership(found: Contents, started: Licence, kept: Licence, reached: _Signed) -> Contents:
    """`found` with the new membership, unless another process got further, or the licence is another one by now."""
    held = found.licence
    other = held is None or held.credential.handle != started.credential.handle
    if held is None or other or held.membership.epoch_number > reached.epoch.number:
        return found
    return replace(
        found,
        licence=replace(held, membership=kept.membership),
        signed_epoch=reached.octets,
        high_water=max(found.high_water, reached.epoch.number),
    )


def _fork(number: int) -> TrustError:
    return _distrust("epoch-fork", f"Two different histories were offered at epoch {number}.")


def _distrust(code: str, sentence: str) -> TrustError:
    return TrustError(code, sentence, COMPARE)
