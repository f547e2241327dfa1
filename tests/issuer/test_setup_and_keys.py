"""Set-up, the keyring, the lints, the schema."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from circuits import IssueRequest, Misuse
from circuits.records import TrustBundle
from issuer.db.base import Database
from issuer.db.migrate import configuration, upgrade
from issuer.db.tables import all_tables
from issuer.errors import Conflict
from issuer.keys import profile
from issuer.keys.keyring import FileKeyring, write_secret
from issuer.keys.lints import LINTS, Approval, Draft, approve
from issuer.settings import Settings, load_settings
from issuer.setup import initialise
from issuer.world import World


@pytest.fixture
def data(issuer_template: Path) -> Path:
    """The data folder of a new issuer."""
    return issuer_template / "data"


@pytest.fixture
def draft(data: Path) -> Draft:
    """A draft that passes every lint."""
    trust = TrustBundle.decode((data / "public" / "trust.cbor").read_bytes())
    attributes = (7, 3, "GB", 20_100, 3, "P-1", 1, 1, 20_100, 0)
    return Draft(
        trust.issuer, IssueRequest(bytes(144), bytes(160)), attributes, 5, False, 20_000, (20_700, 20_100, 20_600)
    )


class TestSetup:
    """A new issuer."""

    def test_secrets_are_for_the_owner_only(self, data: Path) -> None:
        secret = [
            *(data / "keys").iterdir(),
            *(data.parent / "shares").iterdir(),
            data / "issuer.sqlite3",
            data / "issuer.json",
        ]
        assert len(secret) >= 10
        assert {oct(path.stat().st_mode & 0o777) for path in secret} == {"0o600"}
        assert oct((data / "keys").stat().st_mode & 0o777) == "0o700"

    def test_the_bundle_holds_together(self, data: Path) -> None:
        trust = TrustBundle.decode((data / "public" / "trust.cbor").read_bytes())
        assert trust.policy("tier3-insured").scope == "autonomous"
        assert trust.escrow.threshold == 2
        assert len(trust.escrow.share_keys) == 3
        assert tuple(name for name, _ in trust.issuer.attributes) == profile.NAMES

    def test_no_public_file_holds_a_secret(self, data: Path) -> None:
        secrets = [path.read_bytes().strip() for path in (data / "keys").iterdir()]
        raw = [bytes.fromhex(one.decode()) for one in secrets if len(one) == 64]
        assert len(raw) == 4
        for path in (data / "public").rglob("*"):
            if path.is_file():
                octets = path.read_bytes()
                assert not [one for one in raw if one in octets]
                assert not [one for one in secrets if one in octets]

    def test_never_twice(self, issuer_template: Path, tmp_path: Path) -> None:
        for data_dir, shares in (
            (issuer_template / "data", tmp_path / "s"),
            (tmp_path / "d", issuer_template / "shares"),
        ):
            with pytest.raises(Conflict, match="already-initialised"):
                initialise(data_dir, "issuer-1", "http://x.test", [], shares)

    def test_a_threshold_that_makes_no_sense(self, tmp_path: Path) -> None:
        with pytest.raises(Exception, match=r"threshold|openers"):
            initialise(tmp_path / "d", "i", "http://x.test", [], tmp_path / "s", openers=2, threshold=3)
        assert not (tmp_path / "d" / "issuer.json").exists()

    def test_settings_come_from_the_file_and_the_environment(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert load_settings(data).issuer_url == "http://issuer.test"
        monkeypatch.setenv("LICENCE_ISSUER_EPOCH_SECONDS", "60")
        assert load_settings(data).epoch_seconds == 60
        monkeypatch.setenv("LICENCE_ISSUER_EPOCH_SECONDS", "901")
        with pytest.raises(ValueError, match="epoch_seconds"):
            load_settings(data)


class TestKeyring:
    """Keys in files."""

    def test_a_key_file_that_others_can_read_is_refused(self, issuer_template: Path, tmp_path: Path) -> None:
        from tests.support.issuer_world import copy_issuer

        keys = copy_issuer(issuer_template, tmp_path / "issuer") / "keys"
        (keys / "issuer.key").chmod(0o640)
        with pytest.raises(PermissionError, match=r"issuer\.key"):
            FileKeyring(keys)

    def test_secret_files_are_never_overwritten(self, tmp_path: Path) -> None:
        write_secret(tmp_path / "x", b"1")
        with pytest.raises(FileExistsError):
            write_secret(tmp_path / "x", b"2")

    def test_nothing_shows(self, data: Path) -> None:
        keyring = FileKeyring(data / "keys")
        secret = (data / "keys" / "issuer.key").read_text().strip()
        assert secret not in repr(vars(keyring))
        assert str(int(secret, 16)) not in repr(vars(keyring))
        assert "d" not in keyring.client_jwks()["keys"][0]  # type: ignore[index]

    def test_tags_depend_on_the_key_and_the_message(self, data: Path, tmp_path: Path) -> None:
        initialise(tmp_path / "d", "issuer-2", "http://x.test", [], tmp_path / "s")
        one, other = FileKeyring(data / "keys"), FileKeyring(tmp_path / "d" / "keys")
        assert one.tag(b"a") == one.tag(b"a")
        assert len({one.tag(b"a"), one.tag(b"b"), other.tag(b"a")}) == 3

    def test_an_approval_buys_one_signature(self, data: Path, draft: Draft) -> None:
        approval = approve(draft)
        keyring = FileKeyring(data / "keys")
        with pytest.raises(Exception):  # noqa: B017  (the commitment of this draft is no point: the signing itself fails)
            keyring.redeem(approval)
        with pytest.raises(Conflict, match="approval-spent"):
            keyring.redeem(approval)


CHANGES: dict[str, dict[str, Any]] = {
    "handle": {"handle": 0},
    "tier": {"tier": 1},
    "jurisdiction": {"jurisdiction": ""},
    "good-until-limits": {"good_until": 20_101, "insured_until": 20_200},
    "good-until-past": {"good_until": 19_999},
    "insured-until": {"insured_until": 20_099},
    "cover-band": {"cover_band": 0},
    "permit": {"permit": "x" * 65},
    "permit-kind": {"permit_kind": 3},
    "competence": {"competence": 0},
    "spare": {"spare": 1},
}


class TestLints:
    """Each lint refuses what it is there for."""

    def test_a_good_draft_passes(self, draft: Draft) -> None:
        assert isinstance(approve(draft), Approval)

    @pytest.mark.parametrize(("code", "change"), CHANGES.items())
    def test_each_attribute(self, draft: Draft, code: str, change: dict[str, Any]) -> None:
        values = dict(zip(profile.NAMES, draft.attributes, strict=True)) | change
        with pytest.raises(Conflict, match=f"lint-{code}:"):
            approve(dataclasses.replace(draft, attributes=tuple(values.values())))

    @pytest.mark.parametrize(
        ("name", "value"), [("tier", "3"), ("jurisdiction", 3), ("cover_band", 4096), ("jurisdiction", "A\u030a")]
    )
    def test_wrong_kinds(self, draft: Draft, name: str, value: Any) -> None:
        values = dict(zip(profile.NAMES, draft.attributes, strict=True)) | {name: value}
        with pytest.raises(Conflict, match="lint-"):
            approve(dataclasses.replace(draft, attributes=tuple(values.values())))

    def test_the_digit_window(self, draft: Draft) -> None:
        values = dict(zip(profile.NAMES, draft.attributes, strict=True)) | {
            "good_until": 24_001,
            "insured_until": 24_001,
        }
        late = dataclasses.replace(draft, attributes=tuple(values.values()), limits=(30_000, 30_000, 30_000))
        with pytest.raises(Conflict, match="lint-digit-window"):
            approve(late)

    def test_shares_and_counts(self, draft: Draft) -> None:
        for change in ({"signer_share": 0}, {"refresh": True}):
            with pytest.raises(Conflict, match="lint-signer-share"):
                approve(dataclasses.replace(draft, **change))
        with pytest.raises(Conflict, match="lint-attribute-count"):
            approve(dataclasses.replace(draft, attributes=(*draft.attributes, 0)))

    def test_every_lint_names_its_source(self) -> None:
        assert len({lint.code for lint in LINTS}) == len(LINTS)
        assert all(lint.source for lint in LINTS)

    def test_an_approval_is_made_by_the_lints_alone(self, draft: Draft) -> None:
        with pytest.raises(TypeError):
            Approval(draft, _seal=object())
        approval = approve(draft)
        for copying in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                copying(approval)


class TestSchema:
    """The migrations make exactly what the models say."""

    def test_migrations_and_models_agree(self, tmp_path: Path) -> None:
        database = Database(tmp_path / "x.sqlite3")
        upgrade(database)
        upgrade(database)
        with database.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), all_tables()) == []

    def test_one_linear_chain(self) -> None:
        script = ScriptDirectory.from_config(configuration())
        assert len(script.get_heads()) == 1
        assert len(script.get_bases()) == 1

    def test_the_connection_is_strict(self, tmp_path: Path) -> None:
        database = Database(tmp_path / "x.sqlite3")
        upgrade(database)
        with database.read() as session:
            pragmas = {
                name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")
            }
        assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
        with pytest.raises(IntegrityError), database.write() as session:
            session.execute(text("INSERT INTO weak_tags VALUES (x'00', 'nobody', 1, 0)"))

    def test_a_failed_block_leaves_nothing(self, tmp_path: Path) -> None:
        database = Database(tmp_path / "x.sqlite3")
        upgrade(database)

        def fail_half_way() -> None:
            with database.write() as session:
                session.execute(text("INSERT INTO persons VALUES ('p', 'verified', 0, NULL)"))
                raise Misuse("stop")

        with pytest.raises(Misuse):
            fail_half_way()
        with database.read() as session:
            assert session.scalar(text("SELECT count(*) FROM persons")) == 0


def test_the_world_loads_keys_and_records_once(data: Path) -> None:
    settings: Settings = load_settings(data)
    world = World(settings, Database(settings.database_file))
    assert world.trust is world.trust
    assert world.keyring is world.keyring
