"""`licence opener`: one opener's share of an opening, and the combination of enough of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.options import Json
from console.output import Failure, speaking

if TYPE_CHECKING:
    from circuits.records import TrustBundle
    from console.opening import ArchiveRow
    from console.trail import Recorded

app = typer.Typer(help="Openers: share, combine. One alone opens nothing.", no_args_is_help=True)

Trust = Annotated[Path, typer.Option("--trust", help="The opener's own copy of the issuer's trust bundle.")]
Record = Annotated[Path, typer.Option("--record", help="Folder of the gateway's audit trail.")]
Lease = Annotated[str, typer.Option("--lease", help="The lease of the call in question, as the audit trail shows it.")]
Case = Annotated[str, typer.Option("--case", help="The approved case. Every share is bound to it.")]
Out = Annotated[Path, typer.Option("--out", help="File to write.")]
Row = Annotated[Path | None, typer.Option("--row", help="Second round: the archive row that combine has written.")]
SealedUnder = Annotated[
    Path | None,
    typer.Option("--sealed-under", help="Second round: the trust bundle of the sign-in's time, if its openers differ."),
]
Shares = Annotated[list[Path], typer.Option("--from", help="A file that licence opener share wrote. Repeat for each.")]
IssuerUrl = Annotated[str | None, typer.Option("--issuer", help="The issuer's address: asks it for the archive row.")]
AdminToken = Annotated[Path | None, typer.Option("--admin-token", help="File with the administrator's token.")]
Provider = Annotated[
    Path | None,
    typer.Option("--provider", help="Second round: the identity provider that you trust, its client id and keys."),
]


@app.command()
def share(
    trust: Trust,
    share: Annotated[Path, typer.Option("--share", help="This opener's secret share.")],
    record: Record,
    lease: Lease,
    case: Case,
    out: Out,
    row: Row = None,
    sealed_under: SealedUnder = None,
    as_json: Json = False,
) -> None:
    """Verify the recorded proof and calls again, then give this opener's share; with --row for the sealed evidence."""
    with speaking(as_json) as speaker:
        from console import opening, trail

        bundle = _trust(trust)
        recorded = trail.read_recorded(bundle, record, lease)
        mine = opening.read_share(share)
        if row is None:
            given = opening.first_share(bundle, mine, recorded, case)
        else:
            given = opening.sealed_share(
                _sealing(bundle, sealed_under), mine, _checked_row(bundle, recorded, row, case), case
            )
        result = {"case": case, "lease": lease, "round": 1 if row is None else 2, "share": opening.text_of(given)}
        out.write_text(json.dumps(result), encoding="utf-8")
        done = {"opener": mine.index, "round": result["round"], "gateway": recorded.gateway, "calls": recorded.calls}
        speaker.done(done | {"file": str(out)}, "Verified, the calls too, and the share is given.")


@app.command()
def combine(
    trust: Trust,
    record: Record,
    lease: Lease,
    case: Case,
    shares: Shares,
    out: Annotated[Path | None, typer.Option("--out", help="First round: file for the archive row.")] = None,
    row: Row = None,
    sealed_under: SealedUnder = None,
    issuer: IssuerUrl = None,
    admin_token: AdminToken = None,
    provider: Provider = None,
    as_json: Json = False,
) -> None:
    """Check and combine shares. First round: find the archive row. Second round (--row): name the person."""
    with speaking(as_json) as speaker:
        from console import opening, trail

        bundle = _trust(trust)
        recorded = trail.read_recorded(bundle, record, lease)
        given = [_given(path) for path in shares]
        if row is not None:
            checked = _checked_row(bundle, recorded, row, case)
            if provider is None:
                raise Failure("provider", "nobody is named on evidence that is not checked", "give --provider")
            trusted = opening.read_provider(provider)
            evidence = opening.unseal(_sealing(bundle, sealed_under), checked, given, case)
            person = opening.person_of(checked, evidence, trusted)
            speaker.done({"case": case, "gateway": recorded.gateway} | person, "The evidence names this person.")
            return
        point = opening.archive_point(bundle, recorded, given, case)
        answer = _ask_archive(issuer, admin_token, point, case)
        opening.check_row(bundle, opening.row_of(answer), point)
        _write_row(out, {"case": case, "shares": [_member(path, "share") for path in shares], "row": answer})
        result = {"archive_point": opening.text_of(point), "row": str(out)}
        speaker.done(result, "The archive knows this licence. Second round: licence opener share --row")


def _trust(path: Path) -> TrustBundle:
    from circuits.records import TrustBundle

    return TrustBundle.decode(path.read_bytes())


def _sealing(bundle: TrustBundle, sealed_under: Path | None) -> TrustBundle:
    """The bundle to whose openers the evidence was sealed: the one of the presentation, unless another is given."""
    return bundle if sealed_under is None else _trust(sealed_under)


def _member(path: Path, name: str) -> str:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))[name]
    except (ValueError, KeyError, TypeError) as error:
        raise Failure("share", f"{path} is no share", "use the files that licence opener share has written") from error
    return str(value)


def _given(path: Path) -> bytes:
    from console.opening import octets_of

    try:
        return octets_of(_member(path, "share"))
    except ValueError:
        raise Failure("share", f"{path} is no share", "use the files that licence opener share has written") from None


def _ask_archive(issuer: str | None, admin_token: Path | None, point: bytes, case: str) -> dict[str, Any]:
    from console.administration import administration
    from console.opening import text_of

    body = {"point": text_of(point), "case_id": case}
    return administration(None, issuer, admin_token).post("/admin/openings/evidence", body)


def _write_row(out: Path | None, content: dict[str, Any]) -> None:
    if out is None:
        raise Failure("out", "there is nowhere to write the archive row to", "give --out")
    out.touch(mode=0o600)
    out.write_text(json.dumps(content), encoding="utf-8")


def _checked_row(bundle: Any, recorded: Recorded, path: Path, case: str) -> ArchiveRow:
    """The archive row of an earlier combination, believed only after M is derived again from the shares beside it."""
    from console import opening

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        shares, row = [opening.octets_of(text) for text in content["shares"]], content["row"]
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(
            "row", f"{path} is no archive row", "use the file that licence opener combine has written"
        ) from error
    point = opening.archive_point(bundle, recorded, shares, case)
    checked = opening.row_of(row)
    opening.check_row(bundle, checked, point)
    return checked
