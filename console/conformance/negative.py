"""Invalid cases: each is a valid case of the same folder with that one thing changed which its reason names.

Without this, a damaged invalid case would still be refused, and the damage would go unseen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from console.conformance.check import Check, Setting
from console.conformance.fields import Fields

# the words of a reason, and the fields that may then differ; the first that fits counts
_MAY_DIFFER: tuple[tuple[str, frozenset[str]], ...] = (
    ("presentation header", frozenset({"presentationHeader"})),
    ("header", frozenset({"header"})),
    ("public key", frozenset({"publicKey"})),
    ("truncated", frozenset({"proof"})),
    ("extra", frozenset({"messages", "disclosedIndexes"})),
    ("modified", frozenset({"messages"})),
    ("message", frozenset({"messages", "disclosedIndexes"})),
)
_COMPARED = (
    "publicKey",
    "secretKey",
    "signature",
    "header",
    "presentationHeader",
    "messages",
    "disclosedIndexes",
    "proof",
)


def check_against_valid(fields: Fields, setting: Setting, check: Check) -> None:
    """Compare an invalid case with the valid one of the same trace, where the folder has valid cases at all."""
    reason = fields.inner("result").text("reason")
    valid = [other.fields() for other in setting.siblings if _is_valid(other.fields())]
    if not valid:
        return
    twins = [other for other in valid if other.value("trace") == fields.value("trace")]
    if not twins:
        check.problems.append("no valid case has the same trace")
        return
    allowed = next((names for words, names in _MAY_DIFFER if words in reason), frozenset(_COMPARED))
    differences = [_differing(fields, twin) for twin in twins]
    check.require(
        any(names and names <= allowed for names in differences), "something else differs than the reason says"
    )
    if "proof" in allowed:
        check.require(any(_is_shortened(fields, twin) for twin in twins), "the proof is not a truncated one")
    _check_changed_messages(fields, twins, reason, setting, check)
    if "disclosedIndexes" in fields:
        _check_changed_indexes(set(fields.numbers("disclosedIndexes")), twins, reason, check)


def check_messages_known(check: Check, known: Sequence[bytes] | None, messages: Sequence[bytes], what: str) -> None:
    """Every message is one of the folder's shared list, where there is such a list."""
    check.require(known is None or all(message in known for message in messages), f"{what} are not of the shared list")


def _check_changed_messages(fields: Fields, twins: list[Fields], reason: str, setting: Setting, check: Check) -> None:
    messages = fields.octets_list("messages")
    known = set(setting.messages or ())
    for twin in twins:
        known.update(twin.octets_list("messages"))
    foreign = [message for message in messages if message not in known]
    may_be_foreign = ("modified" in reason and len(messages) == len(twins[0].octets_list("messages"))) or (
        "extra" in reason and foreign == messages[-1:]
    )
    check.require(not foreign or (may_be_foreign and len(foreign) == 1), "messages are not of the shared list")


def _check_changed_indexes(indexes: set[int], twins: list[Fields], reason: str, check: Check) -> None:
    valid = [set(twin.numbers("disclosedIndexes")) for twin in twins]
    if "extra" in reason:
        check.require(any(shown < indexes for shown in valid), "the indexes are not the valid ones and an extra one")
    if "missing" in reason:
        check.require(any(indexes < shown for shown in valid), "the indexes are not the valid ones but for one")


def _is_valid(fields: Fields) -> bool:
    return "result" in fields and fields.inner("result").flag("valid")


def _differing(fields: Fields, twin: Fields) -> frozenset[str]:
    return frozenset(name for name in _COMPARED if _text(fields, name) != _text(twin, name))


def _text(fields: Fields, name: str) -> str:
    if name == "publicKey" and "signerPublicKey" in fields:
        name = "signerPublicKey"
    if name in ("publicKey", "secretKey") and "signerKeyPair" in fields:
        fields = fields.inner("signerKeyPair")
    return json.dumps(fields.value(name)) if name in fields else ""


def _is_shortened(fields: Fields, twin: Fields) -> bool:
    short, whole = fields.octets("proof"), twin.octets("proof")
    cut = len(whole) - len(short)
    return cut > 0 and any(whole[:at] + whole[at + cut :] == short for at in range(len(short) + 1))
