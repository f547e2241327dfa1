"""What kind of file a JSON document is, by the fields it has and never by its name or its folder's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from console.conformance.fields import Fields, plain

MAX_FILE_OCTETS = 64 * 1024 * 1024


class Kind(Enum):
    """The draft that a file belongs to; FROZEN are this project's own. SHARED files are read for the others' sake."""

    BBS = "bbs"
    BLIND = "blind"
    PSEUDONYM = "pseudonym"
    SIGMA = "sigma"
    FIAT_SHAMIR = "fiat-shamir"
    FROZEN = "frozen"
    SHARED = "shared"
    UNKNOWN = "unknown"


class Shape(Enum):
    """The kinds of document, with the draft each belongs to and the fields that tell it from the others.

    The order matters: the first shape whose fields are all there is the document's.
    """

    FROZEN = (Kind.FROZEN, "format suite protocol topic vectors")
    NYM_PROOF = (Kind.PSEUDONYM, "proof pseudonym context_id")
    NYM_SIGNATURE = (Kind.PSEUDONYM, "signature signerKeyPair proverNyms")
    NYM_COMMITMENT = (Kind.PSEUDONYM, "commitmentWithProof proverNyms")
    BLIND_PROOF = (Kind.BLIND, "proof commitmentWithProof")
    BLIND_SIGNATURE = (Kind.BLIND, "signature signerKeyPair commitmentWithProof")
    BLIND_COMMITMENT = (Kind.BLIND, "commitmentWithProof proverBlind")
    PROOF = (Kind.BBS, "proof signerPublicKey disclosedIndexes")
    SIGNATURE = (Kind.BBS, "signature signerKeyPair messages")
    KEY_PAIR = (Kind.BBS, "keyMaterial keyPair")
    HASH_TO_SCALAR = (Kind.BBS, "message dst scalar")
    MOCKED_SCALARS = (Kind.BBS, "seed dst mockedScalars")
    MAP_MESSAGES = (Kind.BBS, "dst cases")
    GENERATORS = (Kind.BBS, "P1 Q1 MsgGenerators")
    TWO_GENERATORS = (Kind.SHARED, "generators blindGenerators")
    TWO_MESSAGE_LISTS = (Kind.SHARED, "messages committedMessages")
    MESSAGE_LIST = (Kind.BBS, None)
    RECORDS = (Kind.SIGMA, None)
    UNKNOWN = (Kind.UNKNOWN, None)

    @property
    def kind(self) -> Kind:
        """The draft."""
        kind: Kind = self.value[0]
        return kind

    @property
    def names(self) -> frozenset[str] | None:
        """The fields that tell it, or None for a document that is no object."""
        names: str | None = self.value[1]
        return None if names is None else frozenset(plain(name) for name in names.split())


CONTEXT_SHAPES = frozenset({Shape.GENERATORS, Shape.TWO_GENERATORS, Shape.MESSAGE_LIST, Shape.TWO_MESSAGE_LISTS})


@dataclass(frozen=True)
class VectorFile:
    """One JSON document. `content` is what was parsed."""

    path: Path
    shape: Shape
    content: object

    def fields(self, notes: set[str] | None = None) -> Fields:
        """Its fields; defects met while reading are added to `notes`."""
        content = self.content if isinstance(self.content, dict) else {}
        return Fields(content, set() if notes is None else notes)


@dataclass(frozen=True)
class UnreadFile:
    """A file that is not JSON, with what stood in the way."""

    path: Path
    reason: str


def load(path: Path) -> VectorFile | UnreadFile:
    """The document at `path`, with its shape."""
    if path.stat().st_size > MAX_FILE_OCTETS:
        return UnreadFile(path, "too large to be a vector file")
    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        return UnreadFile(path, f"not JSON: {type(error).__name__}")
    return VectorFile(path, shape_of(content), content)


def shape_of(content: object) -> Shape:
    """The shape of a parsed document."""
    if isinstance(content, list) and content:
        if all(isinstance(item, str) for item in content):
            return Shape.MESSAGE_LIST
        if all(isinstance(item, dict) and "Function" in item for item in content):
            return Shape.RECORDS
    if isinstance(content, dict):
        names = {plain(name) for name in content}
        for shape in Shape:
            if shape.names is not None and shape.names <= names:
                return shape
    return Shape.UNKNOWN


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return values
