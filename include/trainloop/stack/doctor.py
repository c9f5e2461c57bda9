"""What this machine lacks, and the remedy of each gap."""

from __future__ import annotations

import ctypes.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trainloop.errors import TrainLoopError
from trainloop.settings import PROJECT_DIR, SECRET_LENGTH, Settings
from trainloop.stack import ports
from trainloop.stack.layout import Layout

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
FONTS = PROJECT_DIR / "include" / "trainloop" / "reporting" / "fonts"
WANTED_FREE_GB = 3
SAMPLE_DOMAIN = "@example.com"


@dataclass(frozen=True)
class Finding:
    """One thing looked at; a remedy where something is to be done."""

    subject: str
    level: Literal["ok", "advice", "problem"]
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything the stack needs; starts nothing."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _python,
        _libraries,
        _fonts,
        _ordinary_user,
        _disk,
        _site_file,
        _airflow_port,
        *((_mailbox_ports,) if settings.environment != "production" else ()),
        _forms_port,
        _secret,
        _database,
        _pdf_viewer,
        _browser,
    )
    return [check(settings) for check in checks]


def _python(_: Settings) -> Finding:
    found = f"{platform.python_version()} ({sys.executable})"
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Finding("Python", "ok", found)
    return Finding("Python", "problem", found, "Install Python 3.11–3.13 and run `make setup PYTHON=/path/to/python3`.")


def _libraries(_: Settings) -> Finding:
    missing = [package for name, package in LIBRARIES.items() if ctypes.util.find_library(name) is None]
    if not missing:
        return Finding("PDF libraries", "ok", "Pango and HarfBuzz are there")
    remedy = f"sudo apt-get install {' '.join(missing)} (on a Mac: brew install pango)"
    return Finding("PDF libraries", "problem", f"missing: {', '.join(missing)}", remedy)


def _fonts(_: Settings) -> Finding:
    missing = [face for face in ("Regular", "Bold") if not (FONTS / f"NotoSansSC-{face}.ttf").exists()]
    if not missing:
        return Finding("Fonts", "ok", "Noto Sans SC regular and bold are shipped with the project")
    return Finding(
        "Fonts", "problem", f"missing: {', '.join(missing)}", "Check the files out again: git checkout -- include"
    )


def _ordinary_user(settings: Settings) -> Finding:
    if os.getuid() != 0 or settings.warehouse_url is not None:
        return Finding("PostgreSQL's user", "ok", "runs as this user or on your own server")
    namespace = ("unshare", "-U", "--map-user=1000", "--map-group=1000", "true")
    if shutil.which("unshare") and subprocess.run(namespace, capture_output=True, check=False).returncode == 0:
        return Finding("PostgreSQL's user", "ok", "root, by a user namespace")
    if shutil.which("runuser") and shutil.which("useradd"):
        return Finding("PostgreSQL's user", "advice", "root without user namespaces: system user trainloop is used")
    remedy = "Run as an ordinary user, allow user namespaces, or set TRAINLOOP_WAREHOUSE_URL."
    return Finding("PostgreSQL's user", "problem", "root, and neither user namespaces nor runuser", remedy)


def _disk(settings: Settings) -> Finding:
    folder = settings.home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if free >= WANTED_FREE_GB:
        return Finding("Disk", "ok", f"{free:.0f} GB free in {folder}")
    remedy = "Free some space or set TRAINLOOP_HOME to another disk."
    return Finding("Disk", "problem", f"{free:.1f} GB free in {folder}", remedy)


def _site_file(settings: Settings) -> Finding:
    from trainloop.config import load_site

    try:
        site = load_site(settings.site_file)
    except TrainLoopError as error:
        return Finding("Site file", "problem", str(error), "Correct the keys it names.")
    samples = [key for key, contact in site.contacts.items() if contact.email.endswith(SAMPLE_DOMAIN)]
    if samples and settings.environment == "production":
        detail = f"contacts with the sample's addresses, which nobody reads: {', '.join(samples)}"
        return Finding("Site file", "problem", detail, "Name your own under `contacts` in TRAINLOOP_SITE_FILE.")
    return Finding("Site file", "ok", f"version {site.version}, {site.company.timezone}")


def _airflow_port(settings: Settings) -> Finding:
    return _port(settings, "Airflow's port", "airflow", settings.airflow_port, "TRAINLOOP_AIRFLOW_PORT")


def _mailbox_ports(settings: Settings) -> Finding:
    return _port(settings, "Mailbox port", "mailbox", settings.mailbox_port, "TRAINLOOP_MAILBOX_PORT")


def _forms_port(settings: Settings) -> Finding:
    return _port(settings, "Forms port", "forms", settings.forms_port, "TRAINLOOP_FORMS_PORT")


def _port(settings: Settings, subject: str, key: str, wanted: int, variable: str) -> Finding:
    kept = Layout(settings).read_record().ports.get(key)
    if kept is not None:
        return Finding(subject, "ok", f"{kept} (recorded by the last `trainloop up`)")
    if ports.is_free(wanted):
        return Finding(subject, "ok", f"{wanted} is free")
    return Finding(subject, "advice", f"{wanted} is taken: `up` takes the next free one", f"Set {variable} to choose.")


def _secret(settings: Settings) -> Finding:
    if settings.secret_key is not None:
        length = len(settings.secret_key.get_secret_value())
        if length < SECRET_LENGTH:
            remedy = f"Set it to at least {SECRET_LENGTH} random characters: openssl rand -hex 32"
            return Finding("Secret key", "problem", f"{length} characters can be guessed", remedy)
        return Finding("Secret key", "ok", "set by TRAINLOOP_SECRET_KEY")
    if settings.environment == "production":
        remedy = "Set TRAINLOOP_SECRET_KEY to at least 32 random characters and keep it."
        return Finding("Secret key", "problem", "production makes none by itself", remedy)
    return Finding("Secret key", "ok", "made and kept in the home folder")


def _database(settings: Settings) -> Finding:
    from trainloop.warehouse import engine
    from trainloop.warehouse.migrations import OLDEST_SERVER

    if settings.warehouse_url is None and not (settings.home / "postgres" / "port").exists():
        return Finding("Warehouse", "ok", "the embedded PostgreSQL will be made at `trainloop up`")
    if settings.warehouse_url is None:
        from trainloop.warehouse.embedded import EmbeddedServer

        server = EmbeddedServer.from_settings(settings)
        try:
            server.refuse_other_version()
            is_running = server.is_running()
        except TrainLoopError as error:
            return Finding("Warehouse", "problem", str(error), "Do what it says; RUNBOOK 9.")
        if not is_running:
            return Finding("Warehouse", "ok", "the embedded PostgreSQL is there and stopped", "trainloop up")
    try:
        with engine.connect("owner") as connection:
            version = connection.info.server_version
    except TrainLoopError as error:
        return Finding("Warehouse", "problem", str(error), "Start the server or correct TRAINLOOP_WAREHOUSE_URL.")
    if version < OLDEST_SERVER:
        remedy = "Use PostgreSQL 16 or newer, or unset TRAINLOOP_WAREHOUSE_URL for the embedded one."
        return Finding("Warehouse", "problem", f"PostgreSQL {version // 10000}", remedy)
    return Finding("Warehouse", "ok", f"PostgreSQL {version // 10000}.{version % 10000}")


def _pdf_viewer(_: Settings) -> Finding:
    if shutil.which("pdftoppm"):
        return Finding("poppler", "ok", "pdftoppm is there")
    return Finding(
        "poppler", "advice", "not there; only for looking at PDFs as pictures", "apt-get install poppler-utils"
    )


def _browser(_: Settings) -> Finding:
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return Finding("Chromium", "ok", "is there")
    return Finding(
        "Chromium", "advice", "not there; only for browser tests and screenshots", "apt-get install chromium"
    )
