"""Data Docs of our own: what was checked, what was found, dataset by dataset and day by day.

Great Expectations' own pages load scripts and fonts from foreign hosts and keep sample values; these are plain HTML
with inline styles, no script, counts and ids only. One folder per language below settings.folder_uri("data_docs"):

    index.html                      → the site's language
    zh-CN/index.html  en/index.html   datasets, last audit
    <locale>/datasets/<dataset>.html  history of a dataset
    <locale>/runs/<check_run_id>.html one verdict in plain words
    <locale>/audits.html              history of the audits

Pages are written after the commit they speak about, whole or not at all. `publish` may be repeated and heals itself: a
run without a page has `document_uri` null.
"""

from __future__ import annotations

import functools
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from trainloop import clock, storage
from trainloop.config import Locale, get_site
from trainloop.contracts import all_contracts
from trainloop.errors import TransientError
from trainloop.quality.docs_text import RULES, SEVERITIES, STEPS, TEXTS
from trainloop.settings import get_settings
from trainloop.storage import StoreFailedError
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:
    from jinja2 import Environment

LOCALES: tuple[Locale, ...] = get_args(Locale)
HISTORY = 60
PAGES_PER_CALL = 500
SHOWN_GAPS = 50


class DocsNotWrittenError(TransientError):
    """The data-quality pages could not be written to {uri}: {detail}. Check the folder; the next run writes them."""


def publish() -> dict[str, int]:
    """Write the page of every run that has none, then the overviews; return {"pages_written": n}.

    Opens its own connection (planner). Call it after the commit of a verdict.
    """
    with engine.connect("planner") as connection:
        rows = connection.execute(statement("quality", "docs_unpublished"), {"limit": PAGES_PER_CALL}).fetchall()
        written = sum(_publish_run(connection, row["check_run_id"]) for row in rows)
        return {"pages_written": written + _publish_overviews(connection)}


def run_uri(check_run_id: int, locale: Locale) -> str:
    """Return the address of a run's page in a language."""
    return f"{get_settings().folder_uri('data_docs')}/{locale}/runs/{check_run_id}.html"


def _publish_run(connection: Connection, check_run_id: int) -> int:
    key = {"check_run_id": check_run_id}
    run = connection.execute(statement("quality", "docs_run"), key).fetchone()
    assert run is not None
    gaps: dict[str, list[dict[str, Any]]] = {}
    for gap in connection.execute(statement("quality", "docs_gaps"), key | {"limit": SHOWN_GAPS}):
        gaps.setdefault(gap["check_code"], []).append(gap)
    facts = {
        "run": run,
        "results": connection.execute(statement("quality", "docs_results"), key).fetchall(),
        "gaps": gaps,
        "steps": connection.execute(statement("quality", "docs_reconciliation"), key).fetchall(),
        "titles": _titles(),
    }
    for locale in LOCALES:
        _write(run_uri(check_run_id, locale), _render("run.html", locale, f"runs/{check_run_id}.html", facts))
    connection.execute(
        statement("quality", "docs_published"),
        key | {"document_uri": run_uri(check_run_id, get_site().company.locale), "checked_at": run["checked_at"]},
    )
    return len(LOCALES)


def _publish_overviews(connection: Connection) -> int:
    files: dict[str, list[dict[str, Any]]] = {}
    for file in connection.execute(statement("quality", "docs_files"), {"limit": HISTORY}):
        files.setdefault(file["dataset"], []).append(file)
    totals = {row["dataset"]: row for row in connection.execute(statement("quality", "docs_totals"))}
    audits = connection.execute(statement("quality", "docs_audits"), {"limit": HISTORY}).fetchall()
    datasets = [_dataset(connection, name, files, totals) for name in _titles() | dict.fromkeys(files)]
    facts: dict[str, Any] = {
        "datasets": datasets,
        "audits": audits,
        "titles": _titles(),
    }
    folder = get_settings().folder_uri("data_docs")
    written = 0
    for locale in LOCALES:
        pages = {"index.html": ("index.html", facts), "audits.html": ("audits.html", facts)}
        for dataset in datasets:
            if dataset["files"]:
                pages[f"datasets/{dataset['name']}.html"] = ("dataset.html", facts | {"dataset": dataset})
        for path, (template, values) in pages.items():
            _write(f"{folder}/{locale}/{path}", _render(template, locale, path, values))
        written += len(pages)
    home = _render("home.html", get_site().company.locale, "index.html", facts)
    _write(f"{folder}/index.html", home)
    return written + 1


def _dataset(
    connection: Connection, name: str, files: dict[str, list[dict[str, Any]]], totals: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return one line of the overview: a dataset, its files newest first, how fresh it is."""
    promised = {contract.dataset: contract.fresh_within_days for contract in all_contracts()}.get(name)
    total = totals.get(name, {})
    renewed = total.get("renewed_at")
    today, zone = clock.today(connection), get_site().company.zone
    age_days = (today - renewed.astimezone(zone).date()).days if renewed is not None else None
    is_stale = age_days is not None and promised is not None and age_days > promised
    return {
        "name": name,
        "files": files.get(name, []),
        "total": total,
        "age_days": age_days,
        "promised_days": promised,
        "is_stale": is_stale,
    }


@functools.cache
def _titles() -> dict[str, tuple[str, str]]:
    """Return (zh, en) title by dataset, in load order."""
    return {contract.dataset: (contract.title_zh, contract.title_en) for contract in all_contracts()}


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(template: str, locale: Locale, path: str, facts: dict[str, Any]) -> str:
    """Return one page. `root` leads from the page to its language's folder, `other_path` to its twin."""
    root = "../" * path.count("/")
    other: Locale = "en" if locale == "zh-CN" else "zh-CN"
    language = 0 if locale == "zh-CN" else 1
    site = get_site()

    def moment(value: datetime | None) -> str:
        return value.astimezone(site.company.zone).strftime("%Y-%m-%d %H:%M") if value is not None else "–"

    def title(dataset: str | None) -> str:
        titles = facts["titles"]
        return titles[dataset][language] if dataset in titles else str(dataset)

    def count(value: int | None) -> str:
        return f"{value:,}" if value is not None else "–"

    def day(value: date | None) -> str:
        return value.isoformat() if value is not None else "–"

    return (
        _environment()
        .get_template(template)
        .render(
            facts,
            t=TEXTS[locale],
            rules=RULES[locale],
            severities=SEVERITIES[locale],
            step_names=STEPS[locale],
            locale=locale,
            other=other,
            other_path=f"{root}../{other}/{path}",
            root=root,
            company=site.company.name(locale),
            colour=site.company.colour,
            moment=moment,
            day=day,
            title=title,
            count=count,
        )
    )


def _write(uri: str, page: str) -> None:
    """Put a page in place."""
    try:
        storage.keep(uri, page.encode())
    except StoreFailedError as error:
        raise DocsNotWrittenError(uri=uri, detail=error.facts["detail"]) from error
