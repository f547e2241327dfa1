"""Keeps a licence's membership up to date with the issuer's epochs, or finds that the licence is revoked.

An epoch is believed when its COSE_Sign1 verifies under the pinned key, it is of the pinned accumulator, its number is
not lower than any seen before, and it is the same record where the number is the same. The revocation list is not
signed, but each epoch names its part of it by a hash, and the epochs are chained: a list is looked at only when it is
those parts, octet for octet, back to the licence's own epoch. To lead to the signed value is not enough: a list can be
made that does so for one handle alone, and whether a wallet gets on with it would tell the server whose wallet it is.
The update itself is checked by a pairing. Before a list is believed to say that this licence is revoked, the whole
stretch is audited too, so that a forged list cannot frighten an agent into halting.

A list may run ahead of an epoch (the next one is being published) or lag behind it (a cache): entries after the
epoch's value are left alone, and a list that is too short is asked for again later.
Source: [PROTOCOL 4], [ISSUING 4].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circuits import (
    CircuitError,
    Membership,
    RevocationEntry,
    Unsatisfiable,
    audit_entries,
    decode_entries,
    entries_octets,
    update_membership,
)
from circuits.records import EpochRecord, Sign1, TrustBundle
from prover.errors import NotReady, Revoked, TrustError, Unreachable
from prover.issuer_client import ENTRIES_IN_CHUNK, ENTRY_OCTETS, IssuerClient
from prover.wallet.records import MAX_SIGNED_EPOCH_OCTETS, Contents, Licence
from prover.wallet.store import Wallet

MAX_CHUNKS = (1 << 20) // ENTRIES_IN_CHUNK
CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class Refreshed:
    """A refresh's outcome: the epoch the membership is now at, whether that is another than before, and how many
    entries were applied."""

    epoch: EpochRecord
    changed: bool
    applied: int


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
    held = contents.epoch
    same_number = held is not None and held.number == epoch.number and held.hash != epoch.hash
    wrong_link = held is not None and held.number + 1 == epoch.number and held.hash != epoch.previous
    if same_number or wrong_link:
        raise _distrust("epoch-fork", f"Two different histories were offered at epoch {epoch.number}.")
    if epoch.not_before > now + CLOCK_TOLERANCE_SECONDS:
        raise _distrust("epoch-future", f"Epoch {epoch.number} begins in the future of this machine's clock.")


def refresh(wallet: Wallet, issuer: IssuerClient, now: Callable[[], int]) -> Refreshed:
    """Bring the wallet's membership up to the newest epoch and save it.

    Raises `Revoked`; `NotReady` without a licence; `TrustError` for data that is not to be believed; `Unreachable`
    when the issuer's files cannot be had, or the list lags behind the epoch (code `list-behind`: try again).
    """
    contents = wallet.reload()
    licence = _licence(contents)
    signed = issuer.latest_epoch()
    epoch = decode_epoch(signed, contents.trust)
    check_epoch_follows(epoch, contents, now())
    _remember_number(wallet, epoch.number)
    entries, start = _new_entries(issuer, licence, contents.trust, epoch)
    if entries:
        _check_entries(issuer, licence, contents.trust, entries, epoch)
    membership = _updated(licence, entries, epoch)
    kept = replace(licence, membership=membership, applied=None if start is None else start + len(entries))
    saved = wallet.update(lambda found: _with_membership(found, licence, kept, signed, epoch))
    newest = saved.epoch or epoch
    changed = contents.epoch is None or contents.epoch.hash != newest.hash
    return Refreshed(newest, changed, len(entries))


def _licence(contents: Contents) -> Licence:
    if contents.licence is None:
        raise NotReady("no-licence", "This wallet holds no licence yet.", "Apply for one, then obtain it.")
    return contents.licence


def _remember_number(wallet: Wallet, number: int) -> None:
    # Before anything else can fail: a rollback must be noticed even if this update never completes.
    wallet.update(lambda found: found if found.high_water >= number else replace(found, high_water=number))


def _updated(licence: Licence, entries: Sequence[RevocationEntry], epoch: EpochRecord) -> Membership:
    before = licence.membership
    try:
        return update_membership(before, licence.credential.handle, entries, epoch)
    except Unsatisfiable as unsatisfiable:
        if unsatisfiable.code != "revoked":
            raise _list_damaged() from unsatisfiable
        _audit(before, entries)
        raise Revoked("The revocation list of the current epoch names this licence.") from None
    except CircuitError as error:
        raise _list_damaged() from error


def _check_entries(
    issuer: IssuerClient, licence: Licence, bundle: TrustBundle, entries: Sequence[RevocationEntry], epoch: EpochRecord
) -> None:
    """That `entries` are those of the signed epochs after the licence's own, before the handle has a part in anything.

    Raises `TrustError` (`list-damaged`, and what `decode_epoch` raises), the same for every licence.
    """
    octets, held = entries_octets(entries), licence.membership.epoch_number
    end = len(octets)
    while epoch.number > held:
        begin = end - ENTRY_OCTETS["80"] * epoch.entries_count
        if begin < 0 or hashlib.sha256(octets[begin:end]).digest() != epoch.entries_hash:
            raise _list_damaged()
        end = begin
        if epoch.number == held + 1:
            break
        older = decode_epoch(issuer.epoch(epoch.number - 1), bundle)
        if older.hash != epoch.previous or older.number != epoch.number - 1:
            raise _distrust("epoch-fork", f"Epoch {epoch.number} does not follow the one offered before it.")
        epoch = older
    if end:
        raise _list_damaged()


def _audit(before: Membership, entries: Sequence[RevocationEntry]) -> None:
    try:
        audit_entries(before.accumulator, before.value, entries)
    except CircuitError as error:
        raise _list_damaged() from error


def _with_membership(found: Contents, started: Licence, kept: Licence, signed: bytes, epoch: EpochRecord) -> Contents:
    """`found` with the new membership, unless another process got further, or the licence is another one by now."""
    held = found.licence
    if held is None or held.id != started.id or held.membership.epoch_number > epoch.number:
        return found
    if found.signed_epoch == signed and held.applied == kept.applied:
        return found
    return replace(
        found,
        licence=replace(held, membership=kept.membership, applied=kept.applied),
        signed_epoch=signed,
        high_water=max(found.high_water, epoch.number),
    )


def _new_entries(
    issuer: IssuerClient, licence: Licence, bundle: TrustBundle, epoch: EpochRecord
) -> tuple[tuple[RevocationEntry, ...], int | None]:
    """The entries between the membership and the epoch, and the place in the list where they begin (if known)."""
    at = licence.membership.value
    start = 0 if at == bundle.accumulator.start_value else licence.applied
    if at == epoch.value:
        return (), start
    if start is None:
        start = place_of(issuer, bundle, at)
    entries: list[RevocationEntry] = []
    for entry in _entries_from(issuer, start):
        entries.append(entry)
        if entry.value == epoch.value:
            return tuple(entries), start
    raise Unreachable(
        "list-behind",
        f"The revocation list does not yet reach epoch {epoch.number}.",
        "Try again in a minute: a cache on the way may be behind.",
    )


def place_of(issuer: IssuerClient, bundle: TrustBundle, value: bytes) -> int:
    """The place in the list after the entry that led to `value`. Looks at raw octets: decoding them all takes long.

    Whoever looks for it has just got a licence, so it is looked for where the issuer knows that anyway, and not with
    the first refresh. Raises `Unreachable`, and `TrustError` (`list-damaged`).
    """
    if value == bundle.accumulator.start_value:
        return 0
    octets = ENTRY_OCTETS["80"]
    for chunk in range(MAX_CHUNKS):
        raw = issuer.entries(chunk, "80")
        if not raw:
            break
        _check_whole(raw, octets)
        for index in range(len(raw) // octets):
            if raw[index * octets + 32 : (index + 1) * octets] == value:
                return chunk * ENTRIES_IN_CHUNK + index + 1
    raise Unreachable("list-behind", "The revocation list does not know this licence's epoch.", "Try again later.")


def _entries_from(issuer: IssuerClient, start: int) -> Iterator[RevocationEntry]:
    """The entries from place `start` on, of the 128-octet list (40 times faster to decode) where it is served."""
    for chunk in range(start // ENTRIES_IN_CHUNK, MAX_CHUNKS):
        form, raw = "128", issuer.entries(chunk, "128")
        if raw is None:
            form, raw = "80", issuer.entries(chunk, "80")
        if not raw:
            return
        octets = ENTRY_OCTETS[form]
        _check_whole(raw, octets)
        skip = max(0, start - chunk * ENTRIES_IN_CHUNK)
        if skip * octets < len(raw):
            yield from _decoded(raw[skip * octets :], form)
        if len(raw) < ENTRIES_IN_CHUNK * octets:
            return


def _decoded(raw: bytes, form: str) -> tuple[RevocationEntry, ...]:
    try:
        return tuple(decode_entries(raw, affine=form == "128"))
    except CircuitError as error:
        raise _list_damaged() from error


def _check_whole(raw: bytes, octets: int) -> None:
    if len(raw) % octets:
        raise _list_damaged()


def _list_damaged() -> TrustError:
    return _distrust("list-damaged", "The revocation list does not lead to the signed epoch.")


def _distrust(code: str, sentence: str) -> TrustError:
    return TrustError(
        code, sentence, "Nothing was changed. If it goes on, compare the issuer's files from another network."
    )
