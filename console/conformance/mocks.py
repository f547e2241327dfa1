"""The drafts' mocked randomness: the scalars that made the published proofs. Never for anything but vectors."""

from __future__ import annotations

from circuits.scalar import ORDER
from circuits.suite import SHA256, SHAKE256, Suite
from console.conformance.exceptions import OTHER_SUITE_TAG

SEED = b"3.141592653589793238462643383279"
MOCK_DST = b"MOCK_RANDOM_SCALARS_DST_"
_EXPAND_OCTETS = 48


def seeded_random_scalars(suite: Suite, seed: bytes, dst: bytes, count: int) -> list[int]:
    """`count` scalars of one expansion of `seed`. Source: [BBS seeded_random_scalars]."""
    octets = suite.expand(seed, dst, _EXPAND_OCTETS * count)
    pieces = (octets[at : at + _EXPAND_OCTETS] for at in range(0, len(octets), _EXPAND_OCTETS))
    return [int.from_bytes(piece, "big") % ORDER for piece in pieces]


def tag_of(suite: Suite, text: str, excepted: set[str]) -> bytes:
    """The tag that a file names, put right (and noted in `excepted`) where it is the other suite's."""
    tag = text.encode()
    for other in (SHA256, SHAKE256):
        if other.ciphersuite_id != suite.ciphersuite_id and tag.startswith(other.ciphersuite_id):
            excepted.add(OTHER_SUITE_TAG)
            return suite.ciphersuite_id + tag[len(other.ciphersuite_id) :]
    return tag
