"""`licence issuer`: set an issuer up, run it, revoke, publish epochs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.options import ClockFile, Data, Host, Json
from console.output import Failure, speaking

if TYPE_CHECKING:
    from issuer.settings import IdentityProvider, TrustedInsurer

app = typer.Typer(help="The licensing body: init, serve, revoke, epoch.", no_args_is_help=True)

# Event streams never end by themselves: at shutdown they are given this long.
STREAM_GRACE_SECONDS = 1
CLIENT_JWKS = "identity-client.jwks.json"

Url = Annotated[str, typer.Option("--url", help="The public address that holders and gateways will know it by.")]
Shares = Annotated[
    Path, typer.Option("--shares", help="Folder for the openers' shares; hand them out, then delete it.")
]
Provider = Annotated[
    list[str] | None,
    typer.Option(
        "--identity-provider", metavar="URL", help="An OpenID provider that vouches for people. May be repeated."
    ),
]
Insurer = Annotated[
    list[str] | None,
    typer.Option(
        "--insurer", metavar="NAME=JWKS", help="An insurer to trust and the file of its keys. May be repeated."
    ),
]
OptionalData = Annotated[Path | None, typer.Option("--data", help="The issuer's folder, if it is on this machine.")]
OptionalUrl = Annotated[str | None, typer.Option("--issuer", help="The issuer's address, if it is elsewhere.")]
AdminToken = Annotated[Path | None, typer.Option("--admin-token", help="File with the administrator's token.")]


@app.command()
def init(
    data: Data,
    url: Url,
    shares: Shares,
    identity_provider: Provider = None,
    insurer: Insurer = None,
    issuer_id: Annotated[str, typer.Option("--id", help="Name of this issuer, never used twice.")] = "issuer-1",
    client_id: Annotated[
        str, typer.Option("--client-id", help="What identity providers call this issuer.")
    ] = "licence-issuer",
    openers: Annotated[int, typer.Option("--openers", min=1, help="How many openers there are.")] = 3,
    threshold: Annotated[int, typer.Option("--threshold", min=2, help="How many of them it takes.")] = 2,
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", help="Where its licences are valid.")] = "GB",
    clock_file: ClockFile = None,
    as_json: Json = False,
) -> None:
    """Make a new issuer: keys, records, trust bundle, first epoch, openers' shares."""
    with speaking(as_json) as speaker:
        from console.clock import clock_of
        from issuer.keys.keyring import FileKeyring
        from issuer.setup import initialise

        with speaker.console().status("making keys and the digit table"):
            made = initialise(
                data,
                issuer_id,
                url,
                _providers(identity_provider or [], client_id),
                shares,
                openers=openers,
                threshold=threshold,
                insurers=_insurers(insurer or []),
                jurisdiction=jurisdiction,
                now=clock_of(clock_file),
            )
        client_keys = data / CLIENT_JWKS
        client_keys.write_text(json.dumps(FileKeyring(made.settings.keys_dir).client_jwks()), encoding="utf-8")
        result = {
            "trust_hash": made.trust.hash.hex(),
            "trust_bundle": str(made.settings.public_dir / "trust.cbor"),
            "shares": [str(path) for path in made.share_files],
            "admin_token_file": str(made.admin_token_file),
            "client_keys": str(client_keys),
        }
        speaker.done(
            result,
            "The issuer is ready. Publish the trust_hash; give each opener one share. Then: licence issuer serve",
        )


@app.command()
def serve(
    data: Data,
    port: Annotated[int, typer.Option("--port", help="Port to listen at.")] = 9000,
    host: Host = "127.0.0.1",
    clock_file: ClockFile = None,
) -> None:
    """Run the issuer: applications, assessment, licences, epochs, pages."""
    with speaking(as_json=False) as speaker:
        import uvicorn

        from console.clock import clock_of
        from issuer.app import create_app
        from issuer.settings import load_settings

        application = create_app(load_settings(data), clock_of(clock_file))
        speaker.line(f"issuer at http://{host}:{port}  (Ctrl-C to stop)")
        uvicorn.run(
            application,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=STREAM_GRACE_SECONDS,
        )


@app.command()
def revoke(
    licence: Annotated[str, typer.Argument(help="The licence's number at the issuer.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the issuer's own record.")],
    urgent: Annotated[bool, typer.Option("--urgent/--routine", help="At once, or with the next epoch.")] = True,
    data: OptionalData = None,
    issuer: OptionalUrl = None,
    admin_token: AdminToken = None,
    as_json: Json = False,
) -> None:
    """Revoke a licence: every gateway refuses its holder from the next epoch on."""
    with speaking(as_json) as speaker:
        from console.administration import administration

        body = {"licence": licence, "reason": reason, "urgent": urgent}
        answer = administration(data, issuer, admin_token).post("/admin/revocations", body)
        speaker.done(answer, f"{licence} is revoked.")


@app.command()
def epoch(
    data: OptionalData = None, issuer: OptionalUrl = None, admin_token: AdminToken = None, as_json: Json = False
) -> None:
    """Publish an epoch now."""
    with speaking(as_json) as speaker:
        from console.administration import administration

        speaker.done(administration(data, issuer, admin_token).post("/admin/epochs", {}), "An epoch is published.")


def _providers(urls: list[str], client_id: str) -> list[IdentityProvider]:
    from issuer.settings import IdentityProvider

    if len(urls) == 1:
        return [IdentityProvider(issuer=urls[0], client_id=client_id)]
    return [
        IdentityProvider(name=f"identity-{n}", issuer=url, client_id=client_id) for n, url in enumerate(urls, start=1)
    ]


def _insurers(given: list[str]) -> list[TrustedInsurer]:
    from issuer.settings import TrustedInsurer

    insurers = []
    for text in given:
        name, equals, path = text.rpartition("=")
        if not equals or not name:
            raise Failure(
                "insurer", f"{text!r} names no insurer", "write --insurer 'Name of the insurer=its-keys.jwks.json'"
            )
        insurers.append(TrustedInsurer(issuer=name, jwks=json.loads(Path(path).read_text(encoding="utf-8"))))
    return insurers
