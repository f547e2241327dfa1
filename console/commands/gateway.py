"""`licence gateway`: run a provider's gateway, and stop somebody at it at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.options import ClockFile, Data, Host, Json
from console.output import Failure, speaking

if TYPE_CHECKING:
    from circuits import Secret

app = typer.Typer(help="A provider's gateway: serve, deny.", no_args_is_help=True)

ADMIN_TOKEN = "gateway-admin.token"  # noqa: S105 (the name of a file)

Trust = Annotated[Path, typer.Option("--trust", help="The issuer's trust bundle, trust.cbor.")]
TrustHash = Annotated[str, typer.Option("--trust-hash", help="Its hash as published elsewhere (hex): what is pinned.")]
Upstream = Annotated[str, typer.Option("--upstream", help="Address of the API behind the gateway.")]
Origin = Annotated[str, typer.Option("--origin", help="The gateway's own public origin, such as https://api.example.")]


class What(StrEnum):
    """What can be denied."""

    PSEUDONYM = "pseudonym"
    ROOT = "root"
    LEASE = "lease"


@app.command()
def serve(
    data: Data,
    trust: Trust,
    trust_hash: TrustHash,
    upstream: Upstream,
    origin: Origin,
    port: Annotated[int, typer.Option("--port", help="Port to listen at.")] = 8000,
    host: Host = "127.0.0.1",
    poll_seconds: Annotated[
        float, typer.Option("--poll-seconds", help="How often epochs are asked for without push.")
    ] = 5.0,
    public: Annotated[bool, typer.Option(help="Whether calls under /v1/public go through, without a lease.")] = True,
    clock_file: ClockFile = None,
) -> None:
    """Run the gateway: leases for proofs, and no autonomous call without one."""
    with speaking(as_json=False) as speaker:
        import uvicorn

        from console.clock import clock_of
        from verifier.app import create_gateway, server_options
        from verifier.settings import PUBLIC_PREFIX, Settings

        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = Settings(
            trust_path=trust,
            trust_hash=_hash(trust_hash),
            origin=origin,
            upstream_url=upstream,
            state_dir=data,
            admin_token=_admin_token(data),
            poll_seconds=poll_seconds,
            public_prefix=PUBLIC_PREFIX if public else None,
        )
        application = create_gateway(settings, clock_of(clock_file))
        speaker.line(f"gateway {origin} at http://{host}:{port}  (Ctrl-C to stop)")
        uvicorn.run(application, host=host, port=port, log_level="warning", **server_options())


@app.command()
def deny(
    data: Data,
    what: Annotated[What, typer.Argument(help="What the value names.")],
    value: Annotated[str, typer.Argument(help="The pseudonym, lease tree or lease, as the audit trail shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit trail.")],
    gateway: Annotated[str, typer.Option("--gateway", help="Where the gateway listens.")],
    as_json: Json = False,
) -> None:
    """Stop a pseudonym, a lease tree or a lease at this gateway, from the next call on."""
    with speaking(as_json) as speaker:
        from console.administration import Administration, read_token

        administration = Administration(gateway, read_token(data / ADMIN_TOKEN))
        answer = administration.post("/licence/deny", {what.value: value, "reason": reason})
        speaker.done(answer or {"denied": value}, f"The {what.value} is stopped at {gateway}.")


def _hash(text: str) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 32:
        raise Failure(
            "trust-hash", "the trust hash is not 64 hexadecimal digits", "licence issuer init prints it as trust_hash"
        )
    return octets


def _admin_token(data: Path) -> Secret[str]:
    import secrets

    from circuits import Secret
    from verifier.durable import write_durably

    path = data / ADMIN_TOKEN
    if not path.exists():
        write_durably(path, f"{secrets.token_urlsafe(32)}\n".encode("ascii"))
    return Secret(path.read_text(encoding="ascii").strip())
