"""demo, forms, mailbox, bench: the sample company, the pages people answer on, the page that catches mails, figures."""

from __future__ import annotations

import os
import sys

import typer

from trainloop.settings import PROJECT_DIR


def register(app: typer.Typer) -> None:
    for command in (demo, forms, mailbox, bench):
        app.command()(command)


def demo() -> None:
    """Run a sample company's training year through the real DAGs; leaves the stack up."""
    from trainloop.demo.run import main

    raise typer.Exit(main() or 0)


def forms() -> None:
    """Run the forms service alone, in this terminal (`up` starts it in the background)."""
    os.execv(sys.executable, [sys.executable, "-m", "trainloop.forms"])  # noqa: S606 - ours


def mailbox() -> None:
    """Run the dev mailbox alone, in this terminal (`up` starts it in the background)."""
    from trainloop.settings import get_settings
    from trainloop.stack.layout import Layout

    settings = get_settings()
    layout = Layout(settings)
    layout.create()
    ports = ("--smtp-port", str(settings.mailbox_smtp_port), "--web-port", str(settings.mailbox_port))
    module = "trainloop.outbox.mailbox"
    os.execv(sys.executable, [sys.executable, "-m", module, *ports, "--folder", str(layout.mailbox)])  # noqa: S606 - ours


def bench() -> None:
    """Measure intake, PDFs and the outbox against plain COPY, Typst and smtplib, both sides in one run."""
    command = ["-m", "pytest", "-m", "benchmark", "-q", "-s", str(PROJECT_DIR / "tests" / "benchmarks")]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - ours
