"""What a deployment of the issuer may choose. Read once, then frozen and passed about; no other module reads files or
the environment for configuration.

`issuer.setup.initialise` writes `<data>/issuer.json`; `load_settings(data_dir)` reads it, and environment variables
`LICENCE_ISSUER_<NAME>` (nested: `__`) override it. No secret is kept here: keys and tokens are files under
`<data>/keys`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from circuits import SECONDS_PER_DAY
from issuer.assessment.policy import ExamPolicy

SETTINGS_FILE = "issuer.json"
MAX_EPOCH_SECONDS = 900
DEFAULT_EPOCH_SECONDS = 300


class IdentityProvider(BaseModel):
    """One OpenID provider of the trust list. `issuer` is its issuer identifier, exactly as its tokens write it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "identity"
    issuer: str
    client_id: str
    client_auth: Literal["private_key_jwt", "client_secret_basic"] = "private_key_jwt"
    vot: tuple[str, ...] = ("P2",)
    """Levels of confidence (claim `vot`) that suffice. P0 and P1 must not be listed."""
    vtr: tuple[str, ...] = ("P2",)
    """What is asked for in the authorization request."""
    id_token_algorithms: tuple[Literal["ES256", "RS256", "PS256"], ...] = ("ES256", "RS256")
    scope: str = "openid identity"
    require_iss_parameter: bool = True
    """RFC 9207: the `iss` parameter must be there. Where it is there, it must be right in any case."""


class TrustedInsurer(BaseModel):
    """An insurer whose cover attestations are accepted; `jwks` is its public key set (RFC 7517)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    jwks: dict[str, object]


class Settings(BaseSettings):
    """All settings of the issuer; seconds, days and octets as the names say."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="LICENCE_ISSUER_", env_nested_delimiter="__"
    )

    data_dir: Path
    issuer_url: str
    """Public base URL without a trailing slash, e.g. `http://127.0.0.1:9000`."""
    identity_providers: tuple[IdentityProvider, ...] = ()
    insurers: tuple[TrustedInsurer, ...] = ()
    cover_classes: tuple[str, ...] = ("autonomous",)
    """The classes of cover that count: what an insurer covers a permit for beside its agents bears no licence out."""
    jurisdiction: str = "GB"
    exam: ExamPolicy = ExamPolicy()

    epoch_seconds: int = Field(default=DEFAULT_EPOCH_SECONDS, ge=1, le=MAX_EPOCH_SECONDS)
    """How often an epoch is published. Its record promises the next within 900 s, so a late one is no outage."""
    epoch_poll_seconds: float = Field(default=0.5, gt=0, le=60)
    max_event_streams: int = Field(default=512, ge=1)

    application_seconds: int = 90 * SECONDS_PER_DAY
    sign_in_seconds: int = Field(default=3600, ge=60)
    """How long an application waits for its person to sign in; then it is dropped."""
    max_open_applications: int = Field(default=10_000, ge=1)
    """How many applications may wait for a sign-in. Opening one needs no account, so something must bound them."""
    max_round_trips: int = Field(default=16, ge=1)
    """How many sign-ins of one application may be under way at identity providers."""
    sign_in_round_trip_seconds: int = 1800
    browser_session_seconds: int = 12 * 3600
    challenge_seconds: int = 600
    provider_timeout_seconds: float = 5.0
    clock_skew_seconds: int = 60

    licence_days: int = Field(default=730, ge=1, le=4000)
    receipt_max_age_days: int = 180
    assessment_max_age_days: int = 730
    replacement_wait_days: int = Field(default=7, ge=7, le=366)
    """How long after a licence was revoked the person's next one is issued; not less than a pseudonym's week."""
    urgent_report_days: int = Field(default=30, ge=1, le=366)
    """How often one person may have an urgent epoch for a lost wallet."""

    max_body_octets: int = 64 * 1024

    @property
    def keys_dir(self) -> Path:
        """Where secret keys and the admin token live, each file 0600."""
        return self.data_dir / "keys"

    @property
    def public_dir(self) -> Path:
        """Static files for any web server: nothing secret, nothing personal."""
        return self.data_dir / "public"

    @property
    def database_file(self) -> Path:
        """The SQLite database."""
        return self.data_dir / "issuer.sqlite3"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then what was passed (the file); dotenv and secret files are not read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load_settings(data_dir: Path) -> Settings:
    """The settings of the deployment in `data_dir`. Raises FileNotFoundError before set-up, pydantic's ValidationError
    after."""
    values = json.loads((data_dir / SETTINGS_FILE).read_text("utf-8"))
    return Settings(**(values | {"data_dir": data_dir}))


def save_settings(settings: Settings) -> None:
    """Writes `<data>/issuer.json` (0600, though nothing in it is secret). Refuses to overwrite (FileExistsError)."""
    path = settings.data_dir / SETTINGS_FILE
    with path.open("x", encoding="utf-8") as file:
        file.write(settings.model_dump_json(indent=2, exclude={"data_dir"}) + "\n")
    path.chmod(0o600)
