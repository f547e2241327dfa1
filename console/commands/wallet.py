"""`licence wallet`: what the holder of a licence does, from the first application to a proof at a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.options import ClockFile, Json, PassphraseFile, Wallet
from console.output import Failure, speaking

if TYPE_CHECKING:
    from prover.enrol import Status
    from prover.wallet.records import Contents
    from prover.wallet.store import Wallet as OpenWallet

app = typer.Typer(help="The operator's wallet: enrol, obtain, show, refresh, prove, audit.", no_args_is_help=True)

IssuerUrl = Annotated[str, typer.Option("--issuer", help="The issuer's address.")]
TrustHash = Annotated[
    str | None, typer.Option("--trust-hash", help="Hash of the issuer's trust bundle, as published elsewhere (hex).")
]
Renew = Annotated[bool, typer.Option("--renew", help="Renew the licence that this wallet holds.")]
Tier = Annotated[int, typer.Option("--tier", min=2, max=3, help="The tier applied for.")]
Gateway = Annotated[str, typer.Option("--gateway", help="The gateway's origin, such as https://api.example.")]


@app.command()
def enrol(
    wallet: Wallet,
    issuer: IssuerUrl,
    trust_hash: TrustHash = None,
    renew: Renew = False,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Make the wallet if there is none, open an application, and give the page to sign in at."""
    with speaking(as_json) as speaker:
        from console.passphrase import read_passphrase
        from prover.enrol import apply, create_wallet
        from prover.issuer_client import IssuerClient
        from prover.wallet.store import Wallet as OpenWallet

        expected = None if trust_hash is None else bytes.fromhex(trust_hash)
        passphrase = read_passphrase(passphrase_file, new=not wallet.exists())
        with IssuerClient(issuer) as client:
            if wallet.exists():
                opened = OpenWallet.open(wallet, passphrase)
            else:
                with speaker.console().status("fetching the issuer's records and checking its digit table"):
                    opened = create_wallet(wallet, passphrase, client, expected)
            application = apply(opened, client, renew)
        result = {
            "wallet": str(wallet),
            "trust_hash": opened.contents.trust.hash.hex(),
            "application": application.id,
            "sign_in": application.sign_in,
            "code": application.code,
            "expires_at": application.expires_at,
        }
        speaker.done(
            result, "Open the sign_in page in a browser; it must show the code below. Then: licence wallet obtain"
        )


@app.command()
def obtain(
    wallet: Wallet,
    tier: Tier = 3,
    passphrase_file: PassphraseFile = None,
    clock_file: ClockFile = None,
    as_json: Json = False,
) -> None:
    """Collect the licence, once every step of the application is done."""
    with speaking(as_json) as speaker:
        from console.clock import clock_of
        from prover import enrol as enrolment
        from prover.issuer_client import IssuerClient

        opened = _open(wallet, passphrase_file)
        with IssuerClient(opened.contents.trust.issuer_url) as client:
            if opened.contents.licence is None or opened.contents.registration is not None:
                _check_complete(enrolment.status(opened, client))
            licence = enrolment.obtain(opened, client, tier, clock_of(clock_file))
        speaker.done({"licence": licence.id} | _attributes(opened.contents), "The licence is in the wallet.")


@app.command()
def show(wallet: Wallet, passphrase_file: PassphraseFile = None, as_json: Json = False) -> None:
    """What the wallet holds, and what a gateway learns from it. No secret is shown."""
    with speaking(as_json) as speaker:
        contents = _open(wallet, passphrase_file).contents
        result: dict[str, Any] = {"wallet": str(wallet), "issuer": contents.trust.issuer_url}
        result["trust_hash"] = contents.trust.hash.hex()
        if contents.application is not None:
            result |= {"application": contents.application.id, "code": contents.application.code}
        if contents.licence is not None:
            result |= {"licence": contents.licence.id} | _attributes(contents)
            result["epoch"] = contents.licence.membership.epoch_number
            result["shown_to_gateways"] = _disclosed(contents)
        speaker.done(result)


@app.command()
def refresh(
    wallet: Wallet, passphrase_file: PassphraseFile = None, clock_file: ClockFile = None, as_json: Json = False
) -> None:
    """Bring the licence up to the newest epoch, from public files only."""
    with speaking(as_json) as speaker:
        from console.clock import clock_of
        from prover.issuer_client import IssuerClient
        from prover.refresh import refresh as bring_up_to_date

        opened = _open(wallet, passphrase_file)
        with IssuerClient(opened.contents.trust.issuer_url) as client:
            done = bring_up_to_date(opened, client, clock_of(clock_file))
        speaker.done({"epoch": done.epoch.number, "revocations_applied": done.applied}, "The licence is up to date.")


@app.command()
def prove(
    wallet: Wallet,
    gateway: Gateway,
    passphrase_file: PassphraseFile = None,
    clock_file: ClockFile = None,
    as_json: Json = False,
) -> None:
    """Prove the licence at a gateway once, and show what passed between them."""
    with speaking(as_json) as speaker:
        from console.clock import clock_of
        from console.proving import present

        opened = _open(wallet, passphrase_file)
        done = present(opened, gateway, clock_of(clock_file))
        if done.status != 200:
            raise Failure(done.code or f"http-{done.status}", done.sentence or f"the gateway answered {done.status}")
        result = {
            "gateway": gateway,
            "lease_seconds": done.lease_seconds,
            "presentation_octets": done.presentation_octets,
            "proving_ms": round(done.proving_seconds * 1000, 2),
            "deciding_ms": round(done.deciding_seconds * 1000, 2),
            "shown": _disclosed(opened.contents),
        }
        speaker.done(result, "The gateway has accepted the proof and given a lease.")


@app.command()
def audit(wallet: Wallet, passphrase_file: PassphraseFile = None, as_json: Json = False) -> None:
    """Check what the issuer publishes: the digit table, and that every entry of the revocation list is real."""
    with speaking(as_json) as speaker:
        from console.audit import audit_publications
        from prover.issuer_client import IssuerClient

        opened = _open(wallet, passphrase_file)
        with IssuerClient(opened.contents.trust.issuer_url) as client:
            done = audit_publications(opened.contents.trust, client)
        speaker.done(done, "Everything that the issuer publishes fits together.")


def _open(path: Path, passphrase_file: Path | None) -> OpenWallet:
    from console.passphrase import read_passphrase
    from prover.wallet.store import Wallet as OpenWallet

    if not path.exists():
        raise Failure(
            "wallet-missing", f"there is no wallet at {path}", "licence wallet enrol --wallet ... --issuer ..."
        )
    return OpenWallet.open(path, read_passphrase(passphrase_file))


def _check_complete(status: Status) -> None:
    if status.missing:
        steps = ", ".join(status.missing)
        later = f" (next sitting not before {status.next_at})" if status.next_at else ""
        sentence = f"the application still lacks: {steps}{later}"
        raise Failure("application-incomplete", sentence, "take these steps on the application's page, then try again")


def _attributes(contents: Contents) -> dict[str, Any]:
    """The attributes of the licence held, without the handle, which belongs in no terminal."""
    if contents.licence is None:
        return {}
    credential = contents.licence.credential
    hidden = ("handle", "spare")
    return {name: credential.value(name) for name, _ in credential.issuer.attributes if name not in hidden}


def _disclosed(contents: Contents) -> list[str]:
    names = [name for name, _ in contents.trust.issuer.attributes]
    shown = sorted({index for policy in contents.trust.policies for index, _ in policy.disclosed})
    return [names[index] for index in shown]
