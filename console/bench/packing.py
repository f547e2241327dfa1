"""The file that the cold verifier reads: a trust bundle, an epoch, and one proof with its binding."""

from __future__ import annotations

from circuits import Binding, encode_cbor
from circuits.encoding import Value
from console.bench.world import NOW, World


def pack(world: World, binding: Binding, proof: bytes) -> bytes:
    """What the child process needs to verify `proof`, as CBOR."""
    bound: list[Value] = [
        binding.audience,
        binding.nonce,
        binding.request_digest,
        binding.session_thumbprint,
        binding.not_after,
    ]
    return encode_cbor({1: world.bundle.octets, 2: world.epoch.octets, 3: NOW, 4: bound, 5: proof})
