"""What a backup says about itself: versions, checksums, what it holds. Read before anything of it is believed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from trainloop import storage
from trainloop.errors import PermanentError
from trainloop.settings import Settings

MANIFEST = "manifest.json"
WAREHOUSE, AIRFLOW, REFERENCES = "warehouse.dump", "airflow.dump", "references.jsonl"
# Folders of ours only: <environment>-<moment>-<random>; anything else beside them is left alone.
NAME = re.compile(r"^(?P<environment>\w+)-(?P<taken>\d{8}T\d{6}Z)-[0-9a-f]{4}$")


class BackupUnreadableError(PermanentError):
    """{uri} is no whole backup: {detail}.

    A folder without manifest.json was left by a backup that did not end. Choose another one of the same place.
    """


class BackupDamagedError(PermanentError):
    """{name} in {uri} is not what the backup wrote: {detail}. Nothing was changed here. Choose another backup."""


class Piece(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    size_bytes: int


class Manifest(BaseModel):
    """One backup. `holds` counts what a reader knows it by; `needed_bytes` is what its databases took on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    backup_id: str
    taken_at: datetime
    environment: str
    release: str
    migrations: tuple[str, ...]
    postgres_major: int
    airflow_version: str | None
    key_fingerprint: str
    needed_bytes: int
    holds: dict[str, int]
    files: dict[str, Piece]

    @property
    def schema_version(self) -> str:
        return max(self.migrations)


class Place:
    """A folder at any fsspec URI."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")

    def below(self, name: str) -> Place:
        return Place(f"{self.uri}/{name}")

    def names(self) -> list[str]:
        """Return the names of what is in the folder; none where there is no folder."""
        return [str(one["name"]) for one in storage.listing(self.uri)]

    def make(self) -> None:
        """Make a folder that only its owner reads: a dump holds everything the warehouse holds."""
        storage.make_private(self.uri)

    def remove(self) -> None:
        storage.remove_folder(self.uri)


def key_fingerprint(settings: Settings) -> str:
    """Return what tells whether two environments have the same secret key, and nothing about the key."""
    return hmac.new(settings.secret().encode(), b"backup", hashlib.sha256).hexdigest()[:16]


def write(place: Place, manifest: Manifest) -> None:
    """Make a backup whole: the manifest appears complete or not at all."""
    storage.keep(f"{place.uri}/{MANIFEST}", json.dumps(manifest.model_dump(mode="json"), indent=2).encode())


def read(place: Place) -> Manifest:
    """Return a backup's manifest. Raises BackupUnreadableError, StoreFailedError."""
    try:
        return Manifest.model_validate_json(storage.read(f"{place.uri}/{MANIFEST}"))
    except FileNotFoundError as error:
        raise BackupUnreadableError(uri=place.uri, detail="there is no manifest.json") from error
    except ValidationError as error:
        keys = ", ".join(sorted({str(one["loc"][0]) if one["loc"] else "text" for one in error.errors()}))
        raise BackupUnreadableError(uri=place.uri, detail=f"manifest.json is wrong at: {keys}") from error


def require_sound(place: Place, manifest: Manifest) -> None:
    """Compare every file with its checksum. Raises BackupDamagedError with the first that differs."""
    for name, piece in manifest.files.items():
        digest, size_bytes = hashlib.sha256(), 0
        try:
            for chunk in storage.pieces(f"{place.uri}/{name}"):
                digest.update(chunk)
                size_bytes += len(chunk)
        except FileNotFoundError as error:
            raise BackupDamagedError(name=name, uri=place.uri, detail="it is missing") from error
        if size_bytes != piece.size_bytes:
            detail = f"{size_bytes} bytes instead of {piece.size_bytes}"
            raise BackupDamagedError(name=name, uri=place.uri, detail=detail)
        if digest.hexdigest() != piece.sha256:
            raise BackupDamagedError(name=name, uri=place.uri, detail="another checksum")
