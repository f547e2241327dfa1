"""The upstream defects that a run excepts, each with its reason. Nothing else is excepted.

The data is left as published. A value read past a defect is still compared in full, and no change of one digit can
look like one of these: the first two change a value's length, the third a whole identifier, the last is pinned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STRAY_LETTER = "upstream defect: a stray letter s stands behind the hex value"
SHORT_SCALAR = "upstream defect: a scalar of fewer than 64 hex digits, its leading zero is missing"
OTHER_SUITE_TAG = "upstream defect: the mocked randomness is named by the other suite's tag"

SHORT = re.compile(r"[0-9a-f]{60,63}")


@dataclass(frozen=True)
class SwappedTrace:
    """A blind signature whose trace.domain holds the value of B, and whose trace.B is one unrelated point."""

    case_name: str
    trace_b: str
    reason: str


SWAPPED_TRACES = (
    SwappedTrace(
        "valid no prover committed messages, multiple signer messages signature",
        "99c95be56780fa694d182ca279de80297eb93fae1c8f398c7bc155b0a3be3abc7c61813cfead8a35a89dc4d7118b266f",
        "upstream defect: trace.domain holds the value of B and trace.B an unrelated point",
    ),
)
