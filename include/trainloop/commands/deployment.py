"""What `trainloop doctor` says about what this installation works with: schema, lease, folders, mail, forms, clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from trainloop import storage
from trainloop.errors import TrainLoopError
from trainloop.settings import Settings, get_settings
from trainloop.stack.doctor import Finding
from trainloop.stack.layout import Layout
from trainloop.stack.local import belongs_to_an_engine
from trainloop.storage import StoreFailedError, StoreUnknownError
from trainloop.warehouse import engine

FOLDERS: Final = ("inbox", "archive", "reports", "materials", "data_docs", "backups")
PATIENCE_SECONDS: Final = 5.0
# Links and leases live for minutes; a clock that is off by more than this signs what has ended or not begun.
CLOCK_TOLERANCE: Final = timedelta(seconds=30)


def examine_deployment(settings: Settings) -> list[Finding]:
    """Look at what the installation works with; changes nothing but a probe file that it removes again."""
    findings = [_folder(settings, name) for name in FOLDERS]
    findings += _warehouse(settings)
    findings.append(_mail(settings))
    if belongs_to_an_engine():
        findings.append(_broker())
    if forms := _forms(settings):
        findings.append(forms)
    return findings


def _folder(settings: Settings, name: Any) -> Finding:
    subject, uri = f"Folder {name.replace('_', '-')}", settings.folder_uri(name)
    remedy = f"Create it, give this user the right to write there, or set TRAINLOOP_{name.upper()}_URI."
    try:
        system, path = storage.open_store(uri)
        if storage.is_local(system):
            return _local_folder(subject, Path(path), remedy)
        probe = f"{uri}/.trainloop-doctor-{os.getpid()}"
        storage.keep(probe, b"")
        storage.listing(uri)
        storage.remove([probe])
    except (StoreFailedError, StoreUnknownError) as error:
        return Finding(subject, "problem", f"{uri} cannot be used: {error.facts['detail']}", remedy)
    return Finding(subject, "ok", f"{uri} takes files")


def _local_folder(subject: str, folder: Path, remedy: str) -> Finding:
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(subject, "problem", f"nobody may write in {there}", remedy)
    return Finding(subject, "ok", f"{folder} takes files" if there == folder else f"{folder} will be made")


def _warehouse(settings: Settings) -> list[Finding]:
    """Nothing where there is no warehouse yet or none answers: that was said already."""
    from trainloop.warehouse.embedded import EmbeddedServer

    try:
        if EmbeddedServer.is_at_rest(settings):
            return []
        with engine.connect("owner") as connection:
            schema = _schema()
            if schema.level != "ok":
                return [schema, _clock(connection)]
            return [schema, *(look(connection) for look in (_clock, _business_time, _lease))]
    except TrainLoopError:
        return []


def _schema() -> Finding:
    from trainloop.warehouse.migrations import applied_here, files

    known, applied = [path.stem for path in files()], set(applied_here())
    if newer := sorted(applied.difference(known)):
        remedy = "Use the release that made it; an older one would not know its rows."
        return Finding("Schema", "problem", f"{newer[-1]} is newer than this release ({known[-1]})", remedy)
    if missing := [name for name in known if name not in applied]:
        return Finding("Schema", "advice", f"{len(missing)} migrations have not run", "trainloop migrate (up does it)")
    return Finding("Schema", "ok", known[-1])


def _clock(connection: engine.Connection) -> Finding:
    row = connection.execute("select clock_timestamp() as now").fetchone()
    assert row is not None
    drift = abs(datetime.now(UTC) - row["now"])
    if drift > CLOCK_TOLERANCE:
        remedy = "Let both machines keep time by NTP (timedatectl set-ntp true)."
        return Finding("Clock", "problem", f"{drift.total_seconds():.0f} s away from the warehouse's", remedy)
    return Finding("Clock", "ok", "as the warehouse's")


def _business_time(connection: engine.Connection) -> Finding:
    row = connection.execute("select frozen_at from ops.clock").fetchone()
    if row is None or row["frozen_at"] is None:
        return Finding("Business time", "ok", "follows the warehouse's clock")
    stands = f"stands at {row['frozen_at']:%Y-%m-%d %H:%M} UTC"
    if get_settings().environment == "demo":
        return Finding("Business time", "ok", f"{stands}, as the demo left it")
    return Finding(
        "Business time", "problem", f"{stands}: nothing falls due", "As owner: update ops.clock set frozen_at = null"
    )


def _lease(connection: engine.Connection) -> Finding:
    from trainloop.outbox.leases import holds_lease

    environment = get_settings().environment
    if holds_lease(connection):
        return Finding("Sender", "ok", f"{environment} may send mail from this database")
    return Finding(
        "Sender",
        "problem",
        f"{environment} may not send mail from this database: it is a copy, was restored, or belongs to another one",
        "If nobody else sends from it: trainloop outbox lease (after a restore with --discard-queued).",
    )


def _mail(settings: Settings) -> Finding:
    if settings.environment != "production" and "AIRFLOW_CONN_SMTP_DEFAULT" not in os.environ:
        return Finding("Mail", "ok", "goes to the dev mailbox and to nobody else")
    if "AIRFLOW_CONN_SMTP_DEFAULT" not in os.environ:
        remedy = "Define smtp_default in Airflow (Admin → Connections) or your secrets backend, or set AIRFLOW_CONN_…"
        return Finding("Mail", "advice", "the Connection smtp_default is not in the environment: not tried", remedy)
    from trainloop.orchestration.mail import smtp_transport

    remedy = "Correct host, port, login and extras of smtp_default, or open the way to the server."
    try:
        transport = smtp_transport()
        transport.timeout_seconds = PATIENCE_SECONDS
        transport.open()
        transport.close()
    except TrainLoopError as error:
        return Finding("Mail", "problem", str(error), remedy)
    return Finding("Mail", "ok", f"{transport.host}:{transport.port} answers; {transport.security} security")


def _broker() -> Finding:
    from trainloop.orchestration.broker import BrokerUnreachableError, require_broker

    try:
        return Finding("Broker", "ok", f"{require_broker()} answers")
    except BrokerUnreachableError as error:
        detail = f"{error.facts['place']} does not answer: {error.facts['detail']}"
        return Finding("Broker", "problem", detail, "Start it, or correct AIRFLOW__CELERY__BROKER_URL.")


def _forms(settings: Settings) -> Finding | None:
    """Nothing where no forms service was ever started here and people reach none elsewhere."""
    record = Layout(settings).read_record()
    default = Settings.model_fields["forms_url"].default
    url = record.forms_url if "forms" in record.ports and settings.forms_url == default else settings.forms_url
    if url == default and "forms" not in record.ports:
        return None
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=PATIENCE_SECONDS, trust_env=False)
        detail = f"answers {answer.status_code}"
    except httpx.HTTPError as error:
        answer, detail = None, f"does not answer ({type(error).__name__})"
    if answer is not None and answer.is_success:
        return Finding("Forms", "ok", f"{url} answers")
    remedy = "trainloop up; behind a proxy, correct TRAINLOOP_FORMS_URL and the way to the service."
    return Finding("Forms", "problem", f"{url} {detail}: links in mails lead nowhere", remedy)
