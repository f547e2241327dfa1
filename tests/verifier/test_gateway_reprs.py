"""What a log or a traceback shows of the gateway's own objects: never what opens something."""

from __future__ import annotations

import asyncio

from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway
from verifier.decision import Request
from verifier.fields import read_credentials


def test_no_repr_shows_what_opens_something(gateway: Gateway) -> None:
    holder = gateway.holder()
    text = asyncio.run(gateway.lease(holder))
    proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", text)
    lease, key = gateway.point.inspect(text), gateway.point.keys.signing
    private = key.key.as_dict(private=True)["d"]
    shown = [
        lease,
        key,
        gateway.point.keys,
        Request("GET", "/", proof),
        read_credentials([(b"agent-licence", text.encode()), (b"dpop", proof.encode())]),
        gateway.settings(),
    ]
    for secret in (text, text.split(".")[2], proof, proof.split(".")[2], private, ADMIN_TOKEN):
        assert not [thing for thing in shown if str(secret) in f"{thing!r}{thing!s}{thing}"]
    assert lease.id in repr(lease)
    assert "ECKey" not in repr(key)
