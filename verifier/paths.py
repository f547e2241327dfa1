"""Which requests are protected, decided so that no spelling of a path slips past.

A path that two servers could read as two places (encoded slashes, dot segments, empty segments, double or other
encoding, backslashes, control characters) is refused, wherever it seems to lead. What remains is compared without
regard to case, Unicode look-alikes and trailing dots: in doubt a path counts as protected.
No rule can know every way in which a service reads paths; where none must count, protect `EVERYTHING`.
Source: requirement R02; RFC 3986, section 6.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from circuits import Malformed, Misuse

MAX_PATH_OCTETS = 2048
EVERYTHING = "/"
"""The prefix that every path leads under."""
# One that reads as it is written: what `read_path` takes away or refuses is not in it, nor what only a pattern has.
_PLAIN_PREFIX = re.compile(r"(/[\w.~!$&'()+,=:@-]*[\w~!$&'()+,=:@-])+", re.ASCII)
# A percent sign that is left was encoded itself, or begins what only some servers decode, such as %u002e.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\?#%]")


def read_path(raw_path: bytes) -> tuple[str, ...]:
    """The comparable segments of a request target's path. Raises `Malformed` when it is ambiguous.

    `raw_path` is the target as it came, without the query.
    """
    if len(raw_path) > MAX_PATH_OCTETS or not raw_path.isascii():
        raise Malformed("the path is too long, or not ASCII")
    try:
        once = unquote_to_bytes(raw_path).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the path is not UTF-8") from None
    path = unicodedata.normalize("NFKC", once)
    if not path.startswith("/") or raw_path.count(b"/") != path.count("/"):
        raise Malformed("the path does not begin with a slash, or hides one")
    if _FORBIDDEN.search(path):
        raise Malformed("the path is encoded twice or holds a character that has no place in one")
    segments = path[1:].split("/")
    if any(not segment for segment in segments[:-1]):
        raise Malformed("the path has an empty segment")
    comparable = tuple(_comparable(segment) for segment in segments)
    if any(not segment for segment in comparable[:-1]) or (segments[-1] and not comparable[-1]):
        raise Malformed("the path has a dot segment")
    return comparable


def check_prefix(prefix: str) -> None:
    """Raises `Misuse` for a prefix under which no path is found as it is meant, so that it would protect nothing."""
    if prefix.endswith("/"):
        raise Misuse(f"a prefix has no slash at its end: write {prefix.rstrip('/') or '/a/path'!r}, not {prefix!r}")
    if not _PLAIN_PREFIX.fullmatch(prefix):
        raise Misuse(f"a prefix is a plain path such as '/v1/autonomous', and no pattern; {prefix!r} is none")


def lies_under(segments: tuple[str, ...], prefixes: Iterable[str]) -> bool:
    """Whether the segments given by `read_path` lie under one of `prefixes` (such as "/v1/autonomous")."""
    for prefix in prefixes:
        wanted = tuple(part.casefold() for part in prefix[1:].split("/"))
        if tuple(segment.partition(";")[0] for segment in segments[: len(wanted)]) == wanted:
            return True
    return False


def leads_under(segments: tuple[str, ...], prefixes: Iterable[str]) -> bool:
    """Whether the last part of one of `prefixes` stands anywhere in `segments`, and so may be where they lead.

    How an application is led there is its own affair: it may drop roots and mounts from a path, one after the other, as
    segments or as text, with their slashes or without (Litestar); find its patterns anywhere, also within what others
    take for parameters (Django); mark names, as in `/v1/@@autonomous` (Pyramid). What it drops stands before the rest,
    so the end of a prefix is what stays, unless a root takes that too. In doubt a path counts as protected.
    """
    path = "/".join(segments)
    return any(prefix.rpartition("/")[2].casefold() in path for prefix in prefixes)


def _comparable(segment: str) -> str:
    """Without case, and without dots and blanks before its parameters or end; empty for the dot segments.

    Without accents too, and in capitals first: by some rules of case the dotless and the dotted capital i are an i.
    """
    name, mark, parameters = segment.partition(";")
    name = name.rstrip(". ").lstrip(" ")
    letters = unicodedata.normalize("NFKD", (name + mark + parameters).upper() if name else "")
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
