"""Counts distinct holders without naming one: k licences, k pseudonyms of one scope, no two alike.

In one context a holder has one pseudonym, so whoever presents twice is counted once; in another context, another permit
or another quarter, nothing links him. Source: docs/protocol.md, section 10.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.encoding import decode, encode, take_list, take_text
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Misuse, Rejected
from circuits.presentation import Accepted, verify_batch
from circuits.statement import MAX_CONTEXT_OCTETS, Binding, Statement

SCOPES = ("permit", "insurer")
_MOST_PARTS = 4


def scope_context(kind: str, identifiers: tuple[str, ...], period: str) -> bytes:
    """The context of a head count: detCBOR [kind, identifier .., period].

    `("permit", (permit,), period)` where a permit's operators are counted by its authority, `("insurer", (insurer,
    permit), period)` where an insurer counts them: with the permit named, one person at two firms is two pseudonyms.
    Raises `Misuse` for another kind.
    """
    _check_parts([kind, *identifiers, period])
    return encode([kind, *identifiers, period])


def count_heads(
    statement: Statement, presentations: Sequence[tuple[Binding, bytes]], least: int, entropy: Entropy = SYSTEM
) -> frozenset[bytes]:
    """The distinct pseudonyms (48 octets each) of the true proofs of `statement` among (binding, proof).

    A false proof counts for nobody and spoils no other. The caller still owes each binding's nonce, consumed before,
    and a statement at a fresh epoch: at an old one a licence revoked since and the one that replaced it are two heads.
    Raises `Rejected` with code `head-count` when they are fewer than `least`; `Malformed` when the statement's context
    is not a list of at most four texts in deterministic CBOR; `Misuse` when it is and not one of `scope_context`, or
    nothing is asked for.
    """
    if type(least) is not int or least < 1:
        raise Misuse("a head count asks for at least one")
    _check_scope(statement.context)
    outcomes = (
        verify_batch([(statement, binding, proof) for binding, proof in presentations], entropy)
        if presentations
        else []
    )
    heads = frozenset(outcome.pseudonym for outcome in outcomes if isinstance(outcome, Accepted))
    if len(heads) < least:
        raise Rejected("head-count", "fewer distinct operators than are asked for")
    return heads


def _check_scope(context: bytes) -> None:
    _check_parts([take_text(part) for part in take_list(decode(context, MAX_CONTEXT_OCTETS), _MOST_PARTS)])


def _check_parts(parts: list[str]) -> None:
    if not parts or parts[0] not in SCOPES or len(parts) != 3 + SCOPES.index(parts[0]):
        raise Misuse("heads are counted for a permit, or for an insurer and a permit")
