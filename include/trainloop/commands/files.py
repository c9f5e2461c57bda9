"""intake, template, docs: files in, files out, without Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainloop.commands.console import FAILURE, console, in_a_folder, show_counts
from trainloop.errors import TrainLoopError


def register(app: typer.Typer) -> None:
    for command in (intake, template, mapping, docs):
        app.command()(command)


def intake() -> None:
    """Read what waits in the inbox, here and now; the same work as the DAG `ingest_inbox`."""
    from trainloop.intake.parking import match_parked_rows
    from trainloop.intake.pipeline import ingest_dataset, waiting_datasets

    datasets = waiting_datasets()
    failed: list[str] = []
    for dataset in datasets:
        try:
            show_counts({"dataset": dataset, **ingest_dataset(dataset)})
        except TrainLoopError as error:  # one dataset stops no other
            console.print(f"[red]✗[/] {dataset}: {error}", highlight=False)
            failed.append(dataset)
    if datasets:
        show_counts(match_parked_rows())
    else:
        console.print("No complete file waits in the inbox.")
    if failed:
        raise typer.Exit(FAILURE)


def template(
    dataset: Annotated[str, typer.Argument(help="a dataset, such as enrollments")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", callback=in_a_folder, help="where to write the XLSX")
    ] = None,
) -> None:
    """Write the XLSX to fill for one dataset."""
    from trainloop.intake.template import write_template

    path = output or Path(f"{dataset}.xlsx")
    write_template(dataset, path)
    console.print(f"Wrote {path}. Fill it and put it into <inbox>/{dataset}/.", highlight=False)


def mapping(
    tool: Annotated[str, typer.Argument(help="wjx, limesurvey, microsoft_forms or google_forms")],
    instrument: Annotated[str, typer.Argument(help="a questionnaire, such as annual_needs")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", callback=in_a_folder, help="where to write the YAML")
    ] = None,
    structure: Annotated[
        bool, typer.Option("--structure", help="write the survey for LimeSurvey to import instead (tab-separated)")
    ] = False,
) -> None:
    """Draft the mapping by which a survey tool's export of one questionnaire is read."""
    from trainloop.config import get_site
    from trainloop.surveys.limesurvey_form import structure as survey_structure
    from trainloop.surveys.mapping_drafts import TOOLS, draft_mapping
    from trainloop.surveys.options import instrument_now

    chosen = next((one for one in TOOLS if one == tool), None)
    if chosen is None or (structure and chosen != "limesurvey"):
        console.print(
            f"[red]✗[/] {tool}: known are {', '.join(TOOLS)}; --structure is for limesurvey.", highlight=False
        )
        raise typer.Exit(FAILURE)
    path = output or Path(f"{tool}_{instrument}.{'txt' if structure else 'yaml'}")
    path.write_text(
        survey_structure(instrument_now(instrument), get_site().suppression.mean_min)
        if structure
        else draft_mapping(chosen, instrument),
        "utf-8",
    )
    then = (
        "Import it in LimeSurvey"
        if structure
        else "Compare it with an export, put it into <inbox>/survey_exports/mappings/"
    )
    console.print(f"Wrote {path}. {then}.", highlight=False)


def docs(
    check: Annotated[bool, typer.Option("--check", help="change nothing; fail when a page is stale")] = False,
) -> None:
    """Renew the generated pages: the DAG catalogue and the data dictionary."""
    from trainloop.commands.pages import stale_pages

    stale = stale_pages()
    for path, text in stale.items():
        if not check:
            path.write_text(text, "utf-8")
        console.print(f"{'stale' if check else 'renewed'}: {path}", highlight=False)
    if not stale:
        console.print("All pages are fresh.")
    elif check:
        console.print("Run `make docs` and commit the result.")
        raise typer.Exit(FAILURE)
