"""Where things are and how to reach them: the environment, prefix `TRAINLOOP_`.

Rules of the company (thresholds, dates, recipients) are not here but in the site file: `trainloop.config`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parents[2]
SECRET_LENGTH = 32
LAST_PORT = 65_535


class Settings(BaseSettings):
    """One environment's settings; every key stands in `.env.example`."""

    # A line of .env that was left empty is a setting nobody made: as a key or a folder, "" would be taken at its word.
    model_config = SettingsConfigDict(
        env_prefix="TRAINLOOP_", env_file=PROJECT_DIR / ".env", extra="ignore", env_ignore_empty=True
    )

    environment: Literal["development", "demo", "production"] = Field(
        "development", description="Name of this environment; production refuses generated secrets"
    )
    home: Path = Field(
        PROJECT_DIR / ".trainloop", description="Folder of the embedded server, logs, inbox and artefacts"
    )
    secret_key: SecretStr | None = Field(
        None, description="Key for tokens, pseudonyms and role passwords; ≥ 32 characters"
    )
    warehouse_url: SecretStr | None = Field(
        None, description="postgresql:// URL of the warehouse's owner; empty = embedded server"
    )
    airflow_database_url: SecretStr | None = Field(
        None, description="postgresql:// URL of Airflow's metadata database; empty = embedded server"
    )
    postgres_port: int = Field(
        0, ge=0, le=LAST_PORT, description="Port of the embedded server; 0 = any free one, kept once chosen"
    )
    inbox_uri: str = Field("", description="Where files arrive; empty = <home>/inbox")
    archive_uri: str = Field("", description="Where files are kept after intake; empty = <home>/archive")
    reports_uri: str = Field("", description="Where PDFs are kept; empty = <home>/reports")
    materials_uri: str = Field("", description="Where course materials are kept; empty = <home>/materials")
    data_docs_uri: str = Field("", description="Where the data-quality pages are kept; empty = <home>/data-docs")
    backups_uri: str = Field("", description="Where `trainloop backup` keeps its folders; empty = <home>/backups")
    site_file: Path | None = Field(None, description="Your own site file, merged over trainloop/config/site.yaml")
    airflow_port: int = Field(8080, ge=1, le=LAST_PORT, description="Port of the local Airflow UI")
    mailbox_port: int = Field(8025, ge=1, le=LAST_PORT, description="Port of the dev mailbox's pages")
    mailbox_smtp_port: int = Field(1025, ge=1, le=LAST_PORT, description="Port of the dev mailbox's SMTP server")
    survey_base_url: str = Field(
        "http://127.0.0.1:8030/s", description="Address of the survey tool; an invitation's token is appended"
    )
    limesurvey_url: str = Field(
        "",
        description="Your LimeSurvey up to index.php, such as https://survey.example.com/index.php (…/index.php?r= "
        "where its addresses look like that); empty = none",
    )
    limesurvey_user: str = Field(
        "", description="Its account for RemoteControl 2; it needs the right to create surveys, no more"
    )
    limesurvey_password: SecretStr | None = Field(None, description="The password of that account")
    forms_url: str = Field(
        "http://127.0.0.1:8030", description="Address of the forms service as people's browsers reach it"
    )
    forms_host: str = Field("127.0.0.1", description="Address the forms service listens on")
    forms_port: int = Field(8030, ge=1, le=LAST_PORT, description="Port the forms service listens on")
    forms_key: SecretStr | None = Field(
        None,
        description="Key of links, drafts and pseudonyms; empty = made of the secret key. Same here and in Airflow",
    )
    forms_database_url: SecretStr | None = Field(
        None, description="postgresql:// URL of role trainloop_forms, for a forms host that knows no other secret"
    )
    forms_trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses of reverse proxies whose X-Forwarded-For is believed, comma-separated"
    )

    def folder_uri(self, name: Literal["inbox", "archive", "reports", "materials", "data_docs", "backups"]) -> str:
        """Return the URI of a folder, without a trailing slash."""
        chosen: str = getattr(self, f"{name}_uri")
        # Not Path.as_uri: fsspec takes a local path as it stands, percent signs and all.
        return (chosen or f"file://{(self.home / name.replace('_', '-')).absolute()}").rstrip("/")

    def secret(self) -> str:
        """Return the environment's secret key; outside production one is made and kept in `<home>/secrets.json`.

        Raises SettingMissingError, SecretTooShortError.
        """
        if self.secret_key is not None:
            return _long_enough("TRAINLOOP_SECRET_KEY", self.secret_key)
        if self.environment == "production":
            from trainloop.errors import SettingMissingError

            raise SettingMissingError(
                name="TRAINLOOP_SECRET_KEY", remedy="Set it to at least 32 random characters and keep it."
            )
        return self._kept_secret()

    def forms_secret(self) -> bytes:
        """Return the key of links, drafts and pseudonyms: its own setting, else made of the environment's key."""
        if self.forms_key is not None:
            return _long_enough("TRAINLOOP_FORMS_KEY", self.forms_key).encode()
        return hmac.new(self.secret().encode(), b"forms", hashlib.sha256).digest()

    def pseudonym_key(self) -> bytes:
        """Return the key by which answers of one person to confidential waves are linked."""
        return hmac.new(self.forms_secret(), b"pseudonym", hashlib.sha256).digest()

    def erasure_key(self) -> bytes:
        """Return the key under which erased people are remembered, and recognised if a file brings them again."""
        return hmac.new(self.secret().encode(), b"erased people", hashlib.sha256).digest()

    def _kept_secret(self) -> str:
        path = self.home / "secrets.json"
        self.home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Linked: a second process never reads a half-written key, and the first one wins.
            key = json.dumps({"secret_key": secrets.token_urlsafe(48)})
            with private_draft(path, key) as draft, contextlib.suppress(FileExistsError):
                os.link(draft, path)
        return str(read_kept(path)["secret_key"])


def _long_enough(name: str, key: SecretStr) -> str:
    value = key.get_secret_value()
    if len(value) < SECRET_LENGTH:
        from trainloop.errors import SecretTooShortError

        raise SecretTooShortError(name=name, length=len(value), wanted=SECRET_LENGTH)
    return value


@contextlib.contextmanager
def private_draft(path: Path, text: str) -> Iterator[Path]:
    """Write what a file of the home is to hold beside it, for its owner alone; the caller gives the draft its name."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            # Named only when it is on the disk: after a power cut the name would lead to an empty file.
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def read_kept(path: Path) -> dict[str, Any]:
    """Return what a JSON file of the home holds. Raises HomeFileDamagedError."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict) or not kept:
        from trainloop.errors import HomeFileDamagedError

        raise HomeFileDamagedError(path=path)
    return kept


@functools.cache
def get_settings() -> Settings:
    """Return this process's settings (read once; tests call `get_settings.cache_clear()`).

    Raises SettingInvalidError naming the variables, without their values.
    """
    try:
        return Settings()
    except ValidationError as error:
        from trainloop.errors import SettingInvalidError

        wrong = [(f"TRAINLOOP_{one['loc'][0]}".upper(), one["msg"]) for one in error.errors()]
        raise SettingInvalidError(detail="; ".join(f"{name}: {told}" for name, told in wrong)) from None
