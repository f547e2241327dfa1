"""What the files around a vector file say: the shared messages, the valid cases, and the suite.

A home is the nearest folder above a file that holds a shared file (generators, messages); a file without one is at
home in its own folder. Where a subfolder alone is given, the shared files of up to two folders above are borrowed.
The suite is told by content: by the domain that a trace publishes, by P1, or by the identifiers in the file; and only
where a file says nothing, by the files around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from circuits.errors import CircuitError
from circuits.suite import SHA256, SHAKE256, Suite
from console.conformance import blind, core, pseudonym
from console.conformance.check import Setting
from console.conformance.fields import BadVector, Fields
from console.conformance.shapes import CONTEXT_SHAPES, Kind, Shape, VectorFile, load

SUITES = (SHA256, SHAKE256)
SUITE_NAMES = {SHA256.ciphersuite_id: "SHA-256", SHAKE256.ciphersuite_id: "SHAKE-256"}
_FOLDERS_ABOVE = 2

_DOMAINS: dict[Shape, Callable[[Fields, Suite], int]] = {
    Shape.SIGNATURE: core.signature_domain,
    Shape.PROOF: core.proof_domain,
    Shape.BLIND_SIGNATURE: blind.signature_domain,
    Shape.BLIND_PROOF: blind.proof_domain,
    Shape.NYM_SIGNATURE: pseudonym.signature_domain,
    Shape.NYM_PROOF: pseudonym.proof_domain,
}
_MESSAGE_SHAPE = {
    Kind.BBS: Shape.MESSAGE_LIST,
    Kind.BLIND: Shape.TWO_MESSAGE_LISTS,
    Kind.PSEUDONYM: Shape.TWO_MESSAGE_LISTS,
}


@dataclass(frozen=True)
class Home:
    """The files that belong together; `borrowed` are shared files of the folders above."""

    folder: Path
    files: tuple[VectorFile, ...]
    borrowed: tuple[VectorFile, ...] = ()

    @cached_property
    def own_suites(self) -> dict[Path, Suite]:
        """The suites of the files that tell their own."""
        told = ((file.path, own_suite(file)) for file in (*self.files, *self.borrowed))
        return {path: suite for path, suite in told if suite is not None}

    def suite_of(self, file: VectorFile) -> Suite | None:
        """The suite of a file: its own, else that of its folder, else that of its home; None where these disagree."""
        if file.path in self.own_suites:
            return self.own_suites[file.path]
        beside = [suite for path, suite in self.own_suites.items() if path.parent == file.path.parent]
        return _only(beside) or _only(self.own_suites.values())

    def kind_of(self, file: VectorFile) -> Kind:
        """The draft of a file; a shared file has that of its identifiers, else that of the files beside it."""
        if file.shape.kind is not Kind.SHARED:
            return file.shape.kind
        if file.shape is Shape.TWO_GENERATORS:
            return Kind.PSEUDONYM if "PSEUDONYM_" in _api_id(file) else Kind.BLIND
        around = {other.shape.kind for other in self.files} & {Kind.BLIND, Kind.PSEUDONYM}
        return Kind.PSEUDONYM if around == {Kind.PSEUDONYM} else Kind.BLIND

    def setting_of(self, file: VectorFile, suite: Suite) -> Setting:
        """What the file is checked with."""
        messages, committed = self._messages(file)
        siblings = [other for other in self.files if other.shape is file.shape and self.suite_of(other) == suite]
        return Setting(suite, messages, committed, siblings, self.files)

    def _messages(self, file: VectorFile) -> tuple[list[bytes] | None, list[bytes] | None]:
        wanted = _MESSAGE_SHAPE[self.kind_of(file)]
        shared = [other for other in (*self.files, *self.borrowed) if other.shape is wanted]
        if file.shape is wanted:
            shared = [file]
        if not shared:
            return None, None
        nearest = max(shared, key=lambda other: _common(other.path, file.path))
        if wanted is Shape.MESSAGE_LIST:
            return Fields({"messages": nearest.content}, set()).octets_list("messages"), None
        return nearest.fields().octets_list("messages"), nearest.fields().octets_list("committedMessages")


def own_suite(file: VectorFile) -> Suite | None:
    """The suite that the file's own content tells, or None."""
    matching = [suite for suite in SUITES if _has_domain_of(file, suite)] or [
        suite for suite in SUITES if _names(file, suite)
    ]
    return _only(matching)


def homes(root: Path, files: Sequence[VectorFile]) -> Iterator[Home]:
    """The files of one given folder (or the one file that was given), by home."""
    shared = {file.path.parent for file in files if file.shape in CONTEXT_SHAPES}
    members: dict[Path, list[VectorFile]] = {}
    for file in files:
        above = [folder for folder in file.path.parents if folder in shared]
        members.setdefault(above[0] if above else file.path.parent, []).append(file)
    for folder, belonging in sorted(members.items()):
        yield Home(folder, tuple(belonging), () if folder in shared else tuple(_borrow(root)))


def _borrow(root: Path) -> Iterator[VectorFile]:
    beside = [root.resolve().parent] if root.is_file() else []
    top = beside[0] if beside else root.resolve()
    for folder in [*beside, *list(top.parents)[:_FOLDERS_ABOVE]]:
        loaded = [load(path) for path in sorted(folder.glob("*.json")) if path.is_file()]
        found = [file for file in loaded if isinstance(file, VectorFile) and file.shape in CONTEXT_SHAPES]
        yield from found
        if found:
            return


def _has_domain_of(file: VectorFile, suite: Suite) -> bool:
    compute = _DOMAINS.get(file.shape)
    if compute is None:
        return False
    try:
        fields = file.fields()
        return compute(fields, suite) == fields.inner("trace").scalar("domain")
    except (BadVector, CircuitError):
        return False


def _names(file: VectorFile, suite: Suite) -> bool:
    texts = set(_texts(file.content))
    text, encoded = suite.ciphersuite_id.decode(), suite.ciphersuite_id.hex()
    marked = any(value.startswith((text, f"BLIND_{text}", encoded)) for value in texts)
    return marked or suite.p1_octets.hex() in texts


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def _api_id(file: VectorFile) -> str:
    try:
        return file.fields().inner("generators").text("api_id")
    except BadVector:
        return ""


def _only(suites: Iterable[Suite]) -> Suite | None:
    distinct = {suite.ciphersuite_id: suite for suite in suites}
    return next(iter(distinct.values())) if len(distinct) == 1 else None


def _common(left: Path, right: Path) -> int:
    return sum(1 for folder in left.parents if folder in right.parents)
