"""approvals, needs: what waits for a decision and the door to it; a year's ranked needs in the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from trainloop.commands.console import FAILURE, Commands, console, error_console, show_table

if TYPE_CHECKING:  # nothing heavy before a command is chosen
    from trainloop.needs.published import ShownLayer

approvals = typer.Typer(cls=Commands, no_args_is_help=True, help="What people are asked to decide.")
seeds = typer.Typer(cls=Commands, no_args_is_help=True, help="What annual reviews found for next year's needs.")
_VERDICTS = {"valid": "valid 有效", "to_clarify": "to clarify 待澄清", "rejected": "rejected 不采纳"}
_FUNDING = {"funded": "funded", "below_line": "below the line", "cost_missing": "no cost given", "not_valid": ""}


def register(app: typer.Typer) -> None:
    app.add_typer(approvals, name="approvals")
    app.add_typer(seeds, name="seeds")
    app.command()(needs)


@approvals.command("list")
def list_approvals(
    everything: Annotated[bool, typer.Option("--all", help="decided, expired and withdrawn ones, too")] = False,
    limit: Annotated[int, typer.Option(min=1, help="newest first")] = 50,
) -> None:
    """Show what is open: about which revision, asked of whom, until when."""
    from trainloop.requests.approvals import newest

    found = newest(limit, only_open=not everything)
    if not found:
        console.print("Nothing waits for a decision." if not everything else "Nobody was asked for a decision yet.")
        return
    show_table(
        "Approvals",
        ("id", "kind", "subject", "revision", "asked of", "until", "state", "decided by", "via"),
        [
            (
                one.approval_id,
                one.kind,
                one.subject_id,
                one.revision_number,
                one.asked_of,
                _day(one.expires_at),
                one.state,
                one.decided_by,
                one.decided_via,
            )
            for one in found
        ],
    )


@approvals.command()
def decide(
    approval_id: Annotated[int, typer.Argument(help="id from `trainloop approvals list`")],
    by: Annotated[str, typer.Option("--by", help="who decides; kept with the decision")],
    is_approved: Annotated[bool, typer.Option("--approve/--send-back", help="which it is", show_default=False)],
    comment: Annotated[str, typer.Option(help="needed to send something back: what has to change")] = "",
) -> None:
    """Decide here when neither the link nor Airflow is at hand; the first decision counts, whatever its door."""
    from trainloop.requests.approvals import decide as decide_approval

    if not by.strip():
        raise typer.BadParameter("say who decides", param_hint="--by")
    found = decide_approval(approval_id, is_approved=is_approved, decided_by=by.strip(), via="console", comment=comment)
    wanted = "approved" if is_approved else "rejected"
    if (found.state, found.decided_by, found.decided_via) != (wanted, by.strip(), "console"):
        said = f" by {found.decided_by} ({found.decided_via})" if found.decided_by else ""
        error_console.print(f"[bold red]✗[/] Nothing was changed: approval {approval_id} is {found.state}{said}.")
        raise typer.Exit(FAILURE)
    console.print(f"Approval {approval_id} is {found.state}; `ask_approvals` carries it out.", highlight=False)


def needs(year: Annotated[int, typer.Argument(help="plan year, such as 2027")]) -> None:
    """A year's training needs as published. Layers: ✓ passed, – not passed, ? its evidence is missing."""
    from trainloop.config import get_site
    from trainloop.domain.need import LAYERS
    from trainloop.needs.published import load_needs
    from trainloop.warehouse import engine

    with engine.connect("reporter") as connection:
        found = load_needs(connection, year)
    locale = get_site().company.locale
    show_table(
        f"Needs of {year}, revision {found.revision_number} ({_day(found.released_at)}), survey {found.wave_code}",
        ("rank", "topic", "", "verdict", "priority", "strategy", "business", "individual", "cost", "budget"),
        [
            (
                need.rank,
                need.topic_code,
                found.name("topic", need.topic_code, locale),
                _VERDICTS[need.verdict] + (" *" if need.is_overridden else ""),
                need.priority,
                *(_mark(need.layer(layer)) for layer in LAYERS),
                need.estimated_cost_amount and f"{need.estimated_cost_amount:,.0f} {found.currency}",
                _FUNDING.get(need.funding, need.funding),
            )
            for need in found.needs
        ],
    )
    if any(need.is_overridden for need in found.needs):
        console.print("* HR's own verdict, with reason and name in the report.", highlight=False)


def _mark(layer: ShownLayer) -> str:
    """✓ passed, – not passed, ? not passed because its evidence is missing."""
    return "✓" if layer.is_passed else "?" if layer.is_evidence_missing else "–"


def _day(moment: datetime | None) -> str:
    from trainloop.config import get_site

    return "" if moment is None else f"{moment.astimezone(get_site().company.zone):%Y-%m-%d}"


@seeds.command("list")
def list_seeds(year: Annotated[int, typer.Argument(help="plan year")]) -> None:
    """Show what the review of the year before found: topic, source, finding, and what HR dropped for which reason."""
    from trainloop.review import annual

    columns = ("topic_code", "source_kind", "source_code", "finding", "dropped_reason")
    rows = [tuple(row[name] for name in columns) for row in annual.seeds(year)]
    if not rows:
        console.print(f"No review found anything for the needs of {year}.")
        return
    show_table(f"Seeds of {year}", ("topic", "kind", "source", "finding", "dropped because"), rows)


@seeds.command("drop")
def drop_seed(
    year: Annotated[int, typer.Argument(help="plan year")],
    topic: Annotated[str, typer.Argument(help="topic code")],
    source: Annotated[str, typer.Argument(help="source as `trainloop seeds list` shows it")],
    reason: Annotated[str, typer.Option("--reason", help="kept with the row")],
    by: Annotated[str, typer.Option("--by", help="who decides; kept in the audit")],
) -> None:
    """Take one finding out of a plan year's evidence; no later review brings it back."""
    from trainloop.errors import TrainLoopError
    from trainloop.review import annual

    try:
        annual.drop_seed(year, topic, source, reason, by)
    except TrainLoopError as error:
        error_console.print(str(error))
        raise typer.Exit(FAILURE) from error
