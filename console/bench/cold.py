"""The child process of the benchmark's cold start: from the interpreter's first breath to the first verdict.

    python -m console.bench.cold FILE    FILE holds a bundle, an epoch, a proof and its binding, as `packing` writes it.

Says "verdict", gives many more, by when all tables are made, and prints "PEAK TABLES": its peak memory, and by how much
its memory grew since the first verdict, both in KiB.
"""

from __future__ import annotations

import sys
from pathlib import Path

from circuits import Binding, decode_cbor, policy_statement, verify
from circuits.records import EpochRecord, TrustBundle

_MAX_OCTETS = 1 << 20
_MORE_VERDICTS = 60


def main(path: str) -> None:
    """Read, verify, say "verdict", verify some more, print the peak memory."""
    fields = decode_cbor(Path(path).read_bytes(), _MAX_OCTETS)
    match fields:
        case {1: bytes(bundle_octets), 2: bytes(epoch_octets), 3: int(time), 4: list(bound), 5: bytes(proof)}:
            bundle, epoch = TrustBundle.decode(bundle_octets), EpochRecord.decode(epoch_octets)
        case _:
            raise SystemExit("not a file of this benchmark")
    match bound:
        case [str(audience), bytes(nonce), bytes(digest), bytes(thumbprint), int(not_after)]:
            policy = bundle.policies[0]
            binding = Binding(policy.hash, audience, nonce, digest, thumbprint, not_after)
        case _:
            raise SystemExit("not a file of this benchmark")
    statement = policy_statement(
        policy, bundle.issuer, bundle.accumulator, epoch, bundle.escrow, {1: 3, 2: "GB"}, audience, time
    )
    verify(statement, binding, proof)
    sys.stdout.write("verdict\n")
    sys.stdout.flush()
    before = memory_kib("VmRSS")
    for _ in range(_MORE_VERDICTS):
        verify(statement, binding, proof)
    sys.stdout.write(f"{memory_kib('VmHWM')} {memory_kib('VmRSS') - before}\n")


def memory_kib(name: str) -> int:
    """A figure of this process's memory from the kernel: VmRSS now, VmHWM the peak.

    Not `getrusage`: its peak is inherited, so that a child of a large process looks large.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError("the kernel does not tell")


if __name__ == "__main__":
    main(sys.argv[1])
