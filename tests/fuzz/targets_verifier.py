"""Targets: everything that a gateway reads, from headers and bodies over epochs to its own files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from functools import lru_cache
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx

from circuits import Malformed, Misuse, Rejected, Secret
from console.output import Failure
from console.trail import read_recorded
from tests.fuzz import mutate
from tests.fuzz.asgi import ask, asyncio_run, headers_of
from tests.fuzz.scratch import scratch
from tests.fuzz.signed import sign
from tests.fuzz.target import Target, require
from tests.fuzz.targets_octets import round_trip
from tests.fuzz.world import AUDIENCE, NOW, ec_key, the_world
from verifier.app import Connections, create_gateway
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.base64url import decode_base64url, encode_base64url
from verifier.evidence import START, EvidenceLog, read_evidence
from verifier.fields import is_ours, read_credentials, upstream_headers
from verifier.holder import check_holder_proof
from verifier.killswitch import KillSwitch
from verifier.lease import LeaseOffice
from verifier.leasekeys import VERSION, LeaseKeyRing
from verifier.paths import lies_under, read_path
from verifier.settings import Settings
from verifier.sources import read_events
from verifier.steady import SteadyClock
from verifier.trust import TrustedState, load_bundle_octets
from verifier.unavailable import Unavailable

_PROTECTED = "/v1/autonomous"


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _base64url(data: bytes) -> None:
    round_trip(data, encode_base64url(decode_base64url(_text(data), 512)).encode())


def _path(data: bytes) -> None:
    segments = read_path(data)
    # A second reading of what the first one understood must not lead elsewhere.
    again = read_path(("/" + "/".join(segments)).encode("ascii", "ignore"))
    if _text(data).isascii() and b"%" not in data and all(part.isascii() for part in segments):
        require(lies_under(again, [_PROTECTED]) == lies_under(segments, [_PROTECTED]), "a path that is two places")


def _headers(data: bytes) -> None:
    headers = headers_of(data)
    kept = upstream_headers(headers, None, strip_authorization=True)
    require(not any(is_ours(name) for name, _ in kept), "a header in the gateway's name goes upstream")
    read_credentials(headers)


def _events(data: bytes) -> None:
    """The same events, however the octets arrive."""
    found = []
    for size in (len(data) or 1, 1, 3):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        found.append(_drain(pieces))
    # Only the cap depends on the pieces' sizes, so a refusal of one arrangement is not compared.
    whole = [events for events in found if events is not None]
    require(all(events == whole[0] for events in whole), f"events depend on how the octets arrive: {found}")


def _drain(pieces: list[bytes]) -> list[tuple[str, str]] | None:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def collect() -> list[tuple[str, str]]:
        return [event async for event in read_events(chunks())]

    try:
        return asyncio_run(collect())
    except Malformed:
        return None


def _lease_keys() -> str:
    key = ec_key("lease-key")
    row = {"jwk": dict(key.as_dict(private=True)), "kid": "lease-key", "epoch": 0, "made_at": NOW,
           "retired_at": None, "withdrawn_in": None}  # fmt: skip
    return json.dumps({"version": VERSION, "keys": [row]})


@lru_cache(maxsize=1)
def _office() -> LeaseOffice:
    path = scratch() / "office-keys.json"
    path.write_text(_lease_keys())
    return LeaseOffice(AUDIENCE, LeaseKeyRing(path, NOW), cache_capacity=4)


def _lease_parts() -> tuple[bytes, bytes]:
    claims: dict[str, Any] = dict.fromkeys(("iss", "aud"), AUDIENCE) | {
        "iat": NOW, "exp": NOW + 900, "jti": "lease-1", "sub": "pseudonym", "scope": "autonomous", "tier": 3,
        "insured": True, "policy": "tier3-insured", "rev": 0, "rid": "lease-1", "dep": 0, "client_id": "key",
        "cnf": {"jkt": "key"},
    }  # fmt: skip
    return json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": "lease-key"}).encode(), json.dumps(claims).encode()


def _lease_text(data: bytes) -> None:
    lease = _office().check(_text(data), NOW)
    require(lease.text.encode("latin-1") == data, "another text than the lease's")


def _lease_signed(data: bytes) -> None:
    header, _, payload = data.partition(b"\n")
    lease = _office().check(sign(header, payload, ec_key("lease-key")), NOW)
    require(lease.expires_at - lease.issued_at <= 900 and lease.expires_at >= NOW - 30, "a lease that is not running")


def _lease_seeds() -> list[bytes]:
    return [b"\n".join(_lease_parts())]


def _holder_parts() -> tuple[bytes, bytes]:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": ec_key("holder").as_dict(private=False)}
    claims = {"htm": "POST", "htu": f"{AUDIENCE}/licence/token", "iat": NOW, "jti": "use-1"}
    return json.dumps(header).encode(), json.dumps(claims).encode()


def _holder_text(data: bytes) -> None:
    check_holder_proof(_text(data), "POST", f"{AUDIENCE}/licence/token", NOW)


def _holder_signed(data: bytes) -> None:
    header, _, payload = data.partition(b"\n")
    found = check_holder_proof(sign(header, payload, ec_key("holder")), "POST", f"{AUDIENCE}/licence/token", NOW)
    require(found.jkt == ec_key("holder").thumbprint(), "another key's thumbprint")


class _Gateway:
    """A whole gateway as an ASGI application, its upstream counting."""

    def __init__(self) -> None:
        world, folder = the_world(), scratch()
        (folder / "trust.cbor").write_bytes(world.bundle.octets)
        self.reached = 0
        settings = Settings(
            trust_path=folder / "trust.cbor", trust_hash=world.bundle.hash, origin=AUDIENCE,
            upstream_url="http://upstream.example", state_dir=folder / "state", admin_token=Secret("operator"),
        )  # fmt: skip
        upstream = httpx.ASGITransport(self._upstream)
        self.app = create_gateway(settings, lambda: NOW, Connections(upstream=upstream))
        self.app.state.point.offer_epoch(world.sign(world.epoch.octets))

    async def _upstream(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached += scope["path"].lower().startswith(_PROTECTED)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@lru_cache(maxsize=1)
def _gateway() -> _Gateway:
    return _Gateway()


def _http(data: bytes) -> None:
    """A request: method and target on the first line, header fields, an empty line, the body."""
    gateway = _gateway()
    answer = ask(gateway.app, data, plain_target=False)
    if answer is not None:
        require(answer.status < 500, f"the gateway answers {answer.status}, {answer.headers}")
    require(gateway.reached == 0, "a call without a lease reached the protected service")


def _http_seeds() -> list[bytes]:
    world = the_world()
    presentation = encode_base64url(world.statements[0].present(world.binding(), world.proofs[0]))
    form = urlencode({"grant_type": GRANT_TYPE, "subject_token_type": PRESENTATION_TYPE, "subject_token": presentation})
    kind = b"content-type: application/x-www-form-urlencoded\n"
    lease = sign(*_lease_parts(), ec_key("lease-key")).encode()
    admin = b"authorization: Bearer operator\n"
    proof = sign(*_holder_parts(), ec_key("holder")).encode()
    return [
        b"POST /licence/token\n" + kind + b"dpop: " + proof + b"\n\n" + form.encode(),
        b"POST /licence/challenge\n\n",
        b"GET /licence/check\nx-original-uri: /v1/autonomous/x\nx-original-method: GET\nagent-licence: "
        + lease + b"\n\n",
        b"GET /v1/autonomous/echo\nauthorization: DPoP " + lease + b"\ndpop: " + proof + b"\n\n",
        b"GET /v1/public/%2e%2e/autonomous\n\n", b"GET /v1/public/echo?a=\xff\nconnection: agent-lease-id\n\n",
        b"POST /licence/introspect\n" + kind + admin + b"\ntoken=" + lease,
        b"POST /licence/revoke\n" + kind + b"dpop: " + proof + b"\n\ntoken=" + lease,
        b'POST /licence/deny\n' + admin + b'\n{"lease": "x", "reason": "because"}',
        b"GET /licence/jwks\n\n", b"GET /licence/floor\n\n", b"GET /.well-known/oauth-protected-resource\n\n",
    ]  # fmt: skip


_HTTP = mutate.lines(
    mutate.words(b"/licence/token", b"/v1/autonomous", b"%2f", b"%2e", b"..", b"//", b";", b"%00", b"HEAD ", b"%ff"),
    mutate.words(b"agent_licence: ", b"content-length: 99999999999999999999", b"dpop: ", b"\xff", b"Bearer eyJ.e.y"),
)


@lru_cache(maxsize=1)
def _trusted() -> TrustedState:
    bundle = the_world().bundle
    return TrustedState(bundle.octets, bundle.hash, scratch())


def _epoch(data: bytes) -> None:
    """Signed epochs: as they come, and, where that is refused, the same octets as a payload that is signed."""
    world = the_world()
    state = _trusted()
    state._view = type(state._view)()
    for path in scratch().glob("split-view-*"):
        path.unlink()
    state.offer_epoch(world.sign(world.epoch.octets), NOW)
    try:
        state.offer_epoch(data, NOW)
        return
    except (Malformed, Rejected):
        pass
    record = state.offer_epoch(world.sign(data), NOW)
    round_trip(data, record.octets)
    require(record.number >= 0 and record.not_before <= NOW + 60, "an epoch that has not begun")


def _epoch_seeds() -> list[bytes]:
    world = the_world()
    return [world.sign(world.epoch.octets), world.epoch.octets, world.revoked[0].octets]


def _state(data: bytes) -> None:
    """A gateway's own files, damaged. The first octet says which: it starts with the file or it refuses to."""
    folder = scratch() / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chosen, content = data[0] % 5 if data else 0, data[1:]
    path, bundle = folder / "file", the_world().bundle
    path.write_bytes(content)
    match chosen:
        case 0:
            KillSwitch(path).check("pseudonym", "root", "lease")
        case 1:
            ring = LeaseKeyRing(path, NOW)
            ring.jwks(NOW)
            ring.rotate_if_due(NOW, 0)
        case 2:
            SteadyClock(lambda: NOW, path).read()
        case 3:
            path.rename(folder / f"epochs-{bundle.accumulator.hash.hex()[:16]}.json")
            TrustedState(bundle.octets, bundle.hash, folder)
        case _:
            load_bundle_octets(path)


def _state_seeds() -> list[bytes]:
    world = the_world()
    denied = {"version": 1, "floor": 3, "denied": [["lease", "x", "because", NOW, None], ["root", "y", "", NOW, NOW]]}
    epochs = [encode_base64url(world.sign(world.epoch.octets))]
    contents = (
        json.dumps(denied), _lease_keys(), str(NOW - 5), json.dumps({"version": 1, "epochs": epochs}), "bundle",
    )  # fmt: skip
    return [bytes([index]) + content.encode() for index, content in enumerate(contents)]


def _state_mutation(data: bytes, rng: Random) -> bytes:
    return data[:1] + mutate.json_text(data[1:], rng)


def _trail(data: bytes) -> None:
    """An audit trail of one segment or, after a form feed, two: read by an opener, and gone on with by a gateway."""
    folder = scratch() / "trail"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, piece in enumerate(data.split(b"\f")[:3], 1):
        (folder / f"{number:08d}.jsonl").write_bytes(piece)
    try:
        rows = list(read_evidence(folder))
        require(all(isinstance(row, dict) for row in rows), "a row that is no record")
    except Rejected:
        pass
    EvidenceLog(folder).close()


def _trail_seeds() -> list[bytes]:
    folder = scratch() / "true-trail"
    shutil.rmtree(folder, ignore_errors=True)
    log = EvidenceLog(folder, segment_octets=600)
    for number in range(4):
        log.record_denial("lease", f"lease-{number}", "because", NOW)
    log.close()
    pieces = [path.read_bytes() for path in sorted(folder.glob("*.jsonl"))]
    return [b"\f".join(pieces[:3]), pieces[0], b"", b"[" * 3000 + b"\n"]


def _recorded(data: bytes) -> None:
    """A trail as a dishonest provider could write it: any records, each chained to the one before."""
    folder, world = scratch() / "recorded", the_world()
    folder.mkdir(exist_ok=True)
    head, lines = START, list[bytes]()
    for text in data.split(b"\n"):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            lines.append(json.dumps(row | {"n": len(lines), "prev": head}).encode() + b"\n")
            head = hashlib.sha256(lines[-1]).hexdigest()
    (folder / "00000001.jsonl").write_bytes(b"".join(lines))
    found = read_recorded(world.bundle, folder, "lease-1")
    honest = world.statements[0].octets(world.binding()), world.proofs[0]
    require((found.statement, found.proof) == honest, "a presentation that nobody made")


def _recorded_seeds() -> list[bytes]:
    world = the_world()
    epoch = {"kind": "epoch", "number": world.epoch.number, "cose": encode_base64url(world.sign(world.epoch.octets))}
    presentation = {
        "kind": "presentation", "lease": "lease-1", "at": NOW, "epoch": world.epoch.number,
        "statement": encode_base64url(world.statements[0].octets(world.binding())),
        "proof": encode_base64url(world.proofs[0]),
    }  # fmt: skip
    call = {"kind": "call", "lease": "lease-1", "at": NOW, "method": "GET", "path": "/v1/autonomous"}
    bare = {"kind": "presentation", "lease": "lease-1"}
    rows = [epoch, presentation, bare, {}, {"kind": "epoch", "number": [], "cose": 1}, presentation | {"at": None}]
    one = [json.dumps(row).encode() for row in rows]
    return [b"\n".join([*one[:2], json.dumps(call).encode()]), one[0] + b"\n" + one[1], b"{}\n" + one[2], *one]


TARGETS = (
    Target("base64url", _base64url, (Malformed,), lambda: [b"", b"AAAA", b"-_8"],
           ("verifier.base64url.decode_base64url",), mutate.words(b"=", b"-", b"+", b"\xff"), 700, runs=1000),
    Target("path", _path, (Malformed,), lambda: [b"/v1/autonomous/x", b"/V1/%61utonomous;a=b/", b"/v1/public/.."],
           ("verifier.paths.read_path",), mutate.words(b"%2e", b"%2f", b"%25", b"..", b"//", b";", b"%ef%bc%8f"), 256,
           runs=1500),
    Target("headers", _headers, (Malformed,), lambda: [b"agent-licence: a.b.c\ndpop: x", b"Authorization: DPoP x"],
           ("verifier.fields.read_credentials",), mutate.lines(mutate.words(b"agent_licence:", b"dpop:")), 1024,
           runs=1000),
    Target("events", _events, (), lambda: [b"event: epoch\r\ndata: AA\r\ndata: B\r\n\r\n: keep\n\ndata\n\n"],
           ("verifier.sources.read_events",), mutate.words(b"\r", b"\n", b"\r\n", b"data:", b"event:"), 2048, runs=300),
    Target("lease", _lease_text, (Rejected,), lambda: [sign(*_lease_parts(), ec_key("lease-key")).encode()],
           ("verifier.lease.LeaseOffice.check",), None, 2048, runs=300),
    Target("lease-signed", _lease_signed, (Rejected,), _lease_seeds, ("verifier.lease.LeaseOffice.check",),
           mutate.lines(mutate.json_text, mutate.json_text), 2048, runs=400),
    Target("holder-proof", _holder_text, (Rejected,), lambda: [sign(*_holder_parts(), ec_key("holder")).encode()],
           ("verifier.holder.check_holder_proof",), None, 1024, runs=500),
    Target("holder-proof-signed", _holder_signed, (Rejected,), lambda: [b"\n".join(_holder_parts())],
           ("verifier.holder.check_holder_proof",), mutate.lines(mutate.json_text, mutate.json_text), 1024, runs=400),
    Target("gateway-http", _http, (), _http_seeds, ("verifier.app.create_gateway",), _HTTP, 4096, seconds=2, runs=300),
    Target("signed-epoch", _epoch, (Malformed, Rejected), _epoch_seeds, ("verifier.trust.TrustedState.offer_epoch",),
           mutate.cbor, 1100, runs=150),
    Target("gateway-files", _state, (Misuse, Malformed, Rejected, Unavailable), _state_seeds,
           ("verifier.killswitch.KillSwitch", "verifier.leasekeys.LeaseKeyRing", "verifier.steady.SteadyClock",
            "verifier.trust.TrustedState", "verifier.trust.load_bundle_octets"), _state_mutation, 2048, runs=150),
    Target("audit-trail", _trail, (Rejected,), _trail_seeds,
           ("verifier.evidence.read_evidence", "verifier.evidence.EvidenceLog"),
           mutate.lines(mutate.json_text, mutate.json_text), 8192, runs=100),
    Target("recorded", _recorded, (Failure, Malformed, Rejected), _recorded_seeds, ("console.trail.read_recorded",),
           mutate.lines(mutate.json_text, mutate.json_text), 8192, runs=150),
)  # fmt: skip
