"""demo, forms, mailbox, bench: the sample company, the pages people answer on, the page that catches mails, figures."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from trainloop.settings import PROJECT_DIR

# The ratios P1 to P7: minutes on a small company.
_QUICK = ["growth", "intake", "marts", "orchestration", "outbox", "reporting"]


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


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which of them (marts, intake, …); without: all.")] = None,
    people: Annotated[int, typer.Option(help="Employees of the generated company: 1000, 10000, 100000 …")] = 10_000,
    rounds: Annotated[int, typer.Option(help="How often both sides run.")] = 3,
    quick: Annotated[
        bool, typer.Option("--quick", help="A company of 1,000, one round, ratios P1 to P7 only.")
    ] = False,
) -> None:
    """Measure ratios against COPY, DuckDB, Typst, smtplib and an empty DAG; keeps them as JSON in .trainloop/bench."""
    folder = PROJECT_DIR / "tests" / "benchmarks"
    wanted = names or (_QUICK if quick else [file.stem.removeprefix("bench_") for file in folder.glob("bench_*.py")])
    files = [folder / f"bench_{name}.py" for name in sorted(wanted)]
    if missing := [file.stem for file in files if not file.exists()]:
        known = ", ".join(sorted(file.stem.removeprefix("bench_") for file in folder.glob("bench_*.py")))
        raise typer.BadParameter(f"no benchmark {', '.join(missing)}; there are: {known}")
    size = ["--people", str(1_000 if quick else people), "--rounds", str(1 if quick else rounds)]
    command = ["-m", "pytest", "-m", "benchmark", "-q", "-s", *size, *map(str, files)]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - ours
