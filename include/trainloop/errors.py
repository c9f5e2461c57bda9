"""Every error TrainLoop raises.

The docstring of a type is its message: it names what happened and what to do. Whether a retry can help is in the
type (`TransientError`, `PermanentError`), so the retry policy needs no list of names.
"""

from __future__ import annotations

import inspect
import re

_BETWEEN_SENTENCES = re.compile(r"(?<=[.;!?])\s+|\n\n")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class TrainLoopError(Exception):
    """Something in TrainLoop went wrong; the subclass says what and what to do."""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        template = inspect.cleandoc(type(self).__doc__ or type(self).__name__)
        super().__init__(template.format(**facts))

    @classmethod
    def remedy(cls) -> str:
        """Return what to do about errors of this type in English, for readers who may see no facts of one.

        It is what the docstring says after its first sentence, without the sentences that hold facts and without the
        paragraphs that say it once more in Chinese. The Chinese is in the outbox's own_remedies.zh-CN.yaml.
        """
        _, *rest = _BETWEEN_SENTENCES.split(inspect.cleandoc(cls.__doc__ or ""))
        sayable = (one for one in rest if "{" not in one and not _CHINESE.match(one))
        told = " ".join(" ".join(one.split()) for one in sayable)
        return told[:1].upper() + told[1:]


class TransientError(TrainLoopError):
    """A failure outside TrainLoop that passes by itself; the task is retried."""


class PermanentError(TrainLoopError):
    """A failure that a retry cannot mend; a person has to act."""


class SettingMissingError(PermanentError):
    """The setting {name} is not set. `.env.example` shows every setting. {remedy}"""


class SettingInvalidError(PermanentError):
    """The environment or .env holds settings that cannot be: {detail}. `.env.example` shows every setting."""


class SecretTooShortError(PermanentError):
    """{name} has {length} characters, which can be guessed; {wanted} or more are needed. Nothing was started.

    Make one with `openssl rand -hex 32` and keep it.
    """


class HomeFileDamagedError(PermanentError):
    """{path} cannot be read: a crash, a full disk or a hand has cut it. Put a copy of it back.

    Without a copy: stack.json, postgres/port and secrets/airflow-passwords.json may be removed, `trainloop up` makes
    them anew. secrets.json holds the secret key and must not be removed: links, pseudonyms and passwords hang on it.
    """


class SiteFileInvalidError(PermanentError):
    """The site file {path} is not valid: {detail}. Correct the named keys; config/site.yaml shows all."""


class ServerStartError(PermanentError):
    """The embedded PostgreSQL in {path} did not start. `trainloop doctor` says what is missing. Its log ends: {log}"""


class ServerKeyError(PermanentError):
    """The embedded PostgreSQL in {path} was made under another secret key and refuses this one. Nothing was changed.

    Set TRAINLOOP_SECRET_KEY to the key of then, or leave it out where <home>/secrets.json has it. If it is lost for
    good, move the folder away and restore a backup with --other-key.
    """


class ServerVersionError(PermanentError):
    """The data in {path} belong to PostgreSQL {found}, this release runs {expected}. Nothing was started or changed.

    1. With the release that wrote them: `trainloop up`, `trainloop backup <folder>`, `trainloop down`.
    2. Move {folder} to a place outside; keep it until the new one has proved itself.
    3. With this release: `trainloop restore <folder>/<backup>`, `trainloop up`.
    """


class RootNotAllowedError(PermanentError):
    """PostgreSQL refuses to run as root and this machine offers neither user namespaces nor `runuser`.

    Run as an ordinary user or set TRAINLOOP_WAREHOUSE_URL.
    """


class WarehouseFullError(TransientError):
    """The disk of the warehouse is full. What was under way is rolled back; nothing is half-written.

    Free some space there (RUNBOOK 8): the next try goes on.
    """


class WarehouseUnreachableError(TransientError):
    """The warehouse does not answer as role {role}: {detail}.

    Start it with `trainloop up`, or check TRAINLOOP_WAREHOUSE_URL.
    """


class WarehouseLoginRefusedError(PermanentError):
    """The warehouse refuses the login of role {role}: {detail}. Correct the password where this process has it from.

    That is the Airflow Connection trainloop_warehouse_<role> in tasks, else TRAINLOOP_WAREHOUSE_URL (owner) and
    TRAINLOOP_SECRET_KEY (the other roles; after a change of the key: `trainloop migrate`, with compose `provision`);
    for Airflow's metadata AIRFLOW__DATABASE__SQL_ALCHEMY_CONN or TRAINLOOP_AIRFLOW_DATABASE_URL.
    """


class WarehouseAddressInvalidError(PermanentError):
    """The address of the warehouse for role {role} is no valid postgresql:// URL (not shown: it holds a password).

    Write special characters of the password percent-encoded, such as %40 for @ and %25 for %.
    """


class WarehouseConnectionTypeError(PermanentError):
    """The Airflow Connection {connection_id} is of type {found}, not postgres: it leads to no warehouse.

    Give it type Postgres with host, port, login, password and database, or delete it: then the settings say where.
    """


class ServerTooOldError(PermanentError):
    """The warehouse server is PostgreSQL {found}; TrainLoop needs 16 or newer (it checks values by pg_input_is_valid).

    Unset TRAINLOOP_WAREHOUSE_URL to use the embedded server, or upgrade yours.
    """


class SchemaNewerError(PermanentError):
    """The warehouse is at migration {found}, this release knows {known} at most. Nothing was started or changed.

    Install the release that migrated it, or restore a backup of before: `trainloop restore <uri> --replace`.
    """


class MigrationChangedError(PermanentError):
    """Migration {name} was changed after it ran here. Restore the file and write a new migration."""


class StatementUnknownError(PermanentError):
    """sql/statements/{area}.sql has no block named {name}. Install the release again: code and SQL belong together."""
