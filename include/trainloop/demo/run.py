"""`trainloop demo`: start the stack, live the sample year through the real DAGs, compare and tell."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from trainloop.demo.company import build_company
from trainloop.demo.timeline import Step
from trainloop.demo.year import Outcome, Progress, Year
from trainloop.errors import PermanentError
from trainloop.settings import Settings, get_settings

OUTCOMES: dict[Outcome, str] = {
    "new": "The year is over 全年结束",
    "resumed": "The interrupted year is over 中断的一年已续完",
    "repeated": "The year was over already; every file came once more and changed nothing 全部文件重复到达，无任何变化",
}


class DemoElsewhereError(PermanentError):
    """The demo moves the clock and writes invented people, so it runs in a home of its own, not in {environment}.

    Run `make demo`.
    """


def main(settings: Settings | None = None) -> int:
    """Run the demo in the environment of the settings; return 0 when every planted truth was found, else 1."""
    from trainloop.demo.airflow_runner import AirflowRunner
    from trainloop.demo.findings import check_all
    from trainloop.demo.summary import sent_count, show_summary
    from trainloop.stack import local
    from trainloop.stack.airflow_api import AirflowApi
    from trainloop.warehouse import engine

    settings = settings or get_settings()
    if settings.environment != "demo":
        raise DemoElsewhereError(environment=settings.environment)
    console = Console()
    if not console.is_terminal:
        # A log file has no width of its own; the summary's tables need this much to be read.
        console.width = 120
    started = time.monotonic()
    with console.status("Starting PostgreSQL, Airflow and the mailbox 正在启动…") as shown:
        local.up(settings, lambda part: shown.update(f"Starting 正在启动… {part}"))
    console.print(f"[green]✓[/] the stack is up after {time.monotonic() - started:.0f} s", highlight=False)
    with AirflowApi.from_settings(settings) as api, AirflowRunner(settings, api) as runner:
        year = Year(build_company(), runner, settings)
        with engine.connect("owner") as connection:
            before = sent_count(connection)
        outcome = live(year, console)
    files = [file for arrived in year.files.values() for file in arrived] + year.completions
    with engine.connect("owner") as connection:
        checks = check_all(connection, year.company, files)
        show_summary(console, connection, year.company, checks, settings, sent_count(connection) - before)
    is_met = all(check.is_met for check in checks)
    mark = "[green]✓[/]" if is_met else "[bold red]✗[/]"
    console.print(f"{mark} {OUTCOMES[outcome]}: {time.monotonic() - started:.0f} s", highlight=False)
    if not is_met:
        console.print(
            "Some planted truth was not found (✗ above): a fault of the product or of the demo company. "
            "Its files are in the archive, its numbers in the warehouse.",
            highlight=False,
        )
    return 0 if is_met else 1


def live(year: Year, console: Console) -> Outcome:
    """Run the year under a progress bar; a line stays for each day."""
    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=len(year.steps))
        since = time.monotonic()

        def begin(step: Step) -> None:
            nonlocal since
            since = time.monotonic()
            bar.update(task, description=_words(step), completed=step.number)

        def done(step: Step) -> None:
            bar.console.print(f"[green]✓[/] {_words(step)}  {time.monotonic() - since:.0f} s", highlight=False)
            bar.update(task, completed=step.number + 1)

        last: list[Step] = []

        def tell(part: str) -> None:
            bar.update(task, description=f"{_words(last[-1])} · {part}" if last else part)

        def begin_and_note(step: Step) -> None:
            last.append(step)
            begin(step)

        return year.run(Progress(begin_and_note, tell, done))


def _words(step: Step) -> str:
    return f"[bold]{step.on}[/] {step.en} {step.zh}"
