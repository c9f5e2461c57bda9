"""The closing summary: what came in, what came out, planted truth against what was found, and where to look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainloop.demo.answers import INSTRUMENT
from trainloop.demo.company import Company
from trainloop.demo.findings import Check
from trainloop.settings import Settings
from trainloop.stack.layout import ADMIN, Layout
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

EXAMPLE_WIDTH = 100
MARK = {True: "[green]✓[/]", False: "[bold red]✗[/]"}


def sent_count(connection: Connection) -> int:
    """Return how many mails have left so far."""
    row = connection.execute(statement("demo", "sent")).fetchone()
    assert row is not None
    count: int = row["sent"]
    return count


def show_summary(
    console: Console,
    connection: Connection,
    company: Company,
    checks: Sequence[Check],
    settings: Settings,
    new_mails: int,
) -> None:
    """Print the tables of a finished year."""
    _show_files(console, connection)
    _show_mails(console, connection)
    _show_quality(console, company, checks)
    _show_checks(console, checks)
    _show_places(console, connection, settings, new_mails)


def _table(title: str, *headers: str, numbers_from: int = 1) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number >= numbers_from else "left")
    return table


def _show_files(console: Console, connection: Connection) -> None:
    names = ("row_count", "accepted_count", "unchanged_count", "quarantined_count", "parked_count", "refused_count")
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * (len(names) + 1))
    for row in connection.execute(statement("demo", "files")):
        for place, value in enumerate((1, *(int(row[name]) for name in names))):
            sums[row["dataset"]][place] += value
    table = _table(
        "Rows 数据行", "dataset 数据集", "files 文件", "rows 行", "accepted 入库", "unchanged 无变化",
        "quarantined 隔离", "parked 待匹配", "refused 拒收", "in = out 守恒",
    )  # fmt: skip
    total = [sum(column) for column in zip(*sums.values(), strict=True)]
    for dataset, counts in [*sums.items(), ("total 合计", total)]:
        is_kept = counts[1] == sum(counts[2:])
        table.add_row(dataset, *map(str, counts), MARK[is_kept], style="bold" if dataset.startswith("total") else None)
    console.print(table)


def _show_mails(console: Console, connection: Connection) -> None:
    kinds: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(statement("demo", "mails")):
        kinds[row["kind"]][row["outcome"]] = row["notices"]
    outcomes = sorted({outcome for found in kinds.values() for outcome in found}, key=lambda one: (one != "sent", one))
    table = _table("Notices 通知", "kind 类型", *outcomes)
    for kind, found in kinds.items():
        table.add_row(kind, *(str(found.get(outcome, "")) for outcome in outcomes))
    console.print(table)


def _show_quality(console: Console, company: Company, checks: Sequence[Check]) -> None:
    """One row per class: the planted mean of each dimension and what its report says."""
    dimensions = load_instrument(INSTRUMENT).dimensions
    found = {(check.subject, check.dimension): check for check in checks if check.dimension}
    table = _table(
        "Planted means and what the reports say 预埋均值与报告", "class 班次", "course 课程",
        *(f"{one.en}\n{one.zh}" for one in dimensions.values()), numbers_from=99,
    )  # fmt: skip
    courses = {one.code: one for one in company.courses}
    for session in company.sessions:
        course = courses[session.course_code]
        cells = [_quality_cell(found.get((session.code, code))) for code in dimensions]
        table.add_row(session.code, f"{course.name_en}\n{course.name_zh}", *cells)
    console.print(table)


def _quality_cell(check: Check | None) -> str:
    return "–" if check is None else f"{check.planted} → {escape(check.found)} {MARK[check.is_met]}"


def _show_checks(console: Console, checks: Sequence[Check]) -> None:
    """One row per promise with how often it was kept and an example; each broken one in full below."""
    grouped: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        grouped[check.promise].append(check)
    table = _table(
        "Planted truth → what was found 预埋真值 → 发现",
        "promise 承诺",
        "kept 兑现",
        "for example 例如",
        numbers_from=99,
    )
    for found in grouped.values():
        met = sum(check.is_met for check in found)
        # The example that says most: a broken one, else the one with the longest story.
        example = max(found, key=lambda one: (not one.is_met, len(one.planted)))
        told = f"{example.subject}: {example.planted} → {example.found}"
        table.add_row(
            f"{example.en}\n{example.zh}", f"{met}/{len(found)} {MARK[met == len(found)]}",
            escape(told if len(told) <= EXAMPLE_WIDTH else f"{told[:EXAMPLE_WIDTH]}…"),
        )  # fmt: skip
    console.print(table)
    for check in checks:
        if not check.is_met:
            text = f"{check.subject}: {check.en} {check.zh}: planted {check.planted}, found {check.found}"
            console.print(f"{MARK[False]} {escape(text)}", highlight=False)


def _show_places(console: Console, connection: Connection, settings: Settings, new_mails: int) -> None:
    layout = Layout(settings)
    record = layout.read_record()
    row: dict[str, Any] | None = connection.execute(statement("demo", "totals")).fetchone()
    assert row is not None
    console.print(
        f"{row['files']} files, {row['answers']} answer sheets, {row['pdfs']} PDFs, "
        f"[bold]{new_mails} new mails[/] in this run  ·  本次新发 {new_mails} 封邮件",
        highlight=False,
    )
    for name, place in (
        ("Airflow", f"{record.airflow_url}   user {ADMIN}   password {layout.admin_password()}"),
        ("Lifecycle board 培训全景看板", f"{record.airflow_url}/plugin/lifecycle-board"),
        ("Mailbox 邮箱", record.mailbox_url),
        ("PDFs 报告", settings.folder_uri("reports")),
        ("Data docs 数据质量", f"{settings.folder_uri('data_docs')}/en/index.html"),
    ):
        console.print(f"  {name}   {place}", highlight=False, soft_wrap=True)
    console.print("  The stack stays up: `make demo-down` stops it. 停止：make demo-down", highlight=False)
