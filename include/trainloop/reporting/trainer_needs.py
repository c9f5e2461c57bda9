"""The extract for one trainer: the trainer's own topics of the approved report, without money and other topics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from trainloop.needs.published import ShownNeed
from trainloop.reporting import glyphs, needs_quality, needs_ranking, needs_tables
from trainloop.reporting.document import DataRow
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import NeedView, TrainerNeedsView
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.view import Fact


@dataclass(frozen=True)
class Trainer:
    """Who teaches courses of which topics."""

    trainer_id: str
    name: str
    topic_codes: tuple[str, ...]


def build_extract(desk: NeedsDesk, trainer: Trainer) -> TrainerNeedsView:
    """Return the view of one trainer's extract; the desk's decision is the approval, without which there is none."""
    assert desk.decision is not None
    words, needs, company = desk.words, desk.needs, desk.site.company
    own = tuple(need for need in needs.needs if need.topic_code in trainer.topic_codes)
    planned = [need for need in own if need.funding == "funded"]
    released_on = words.day(needs.released_at, company.zone)
    approved_on = words.day(desk.decision.decided_at, company.zone)
    headline = "needs.extract.headline" if planned else "needs.extract.headline_none"
    quality_sentence, _ = needs_quality.statement(desk)
    return TrainerNeedsView(
        layout_sha256=layout_sha256(),
        locale=words.locale,
        audience="trainer",
        colour=company.colour,
        company=glyphs.tidy(company.name(words.locale)),
        title=words("needs.extract.title"),
        audience_label=words("needs.audience.trainer"),
        released_at=needs.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=needs.site_version,
        revision=words("revision", number=needs.revision_number, date=released_on),
        data_rows=tuple(_row(desk, need, layer.layer, layer.is_passed) for need in own for layer in need.layers),
        year=needs.year,
        trainer_id=trainer.trainer_id,
        name=words("needs.extract.name", year=needs.year),
        facts=(
            Fact(label=words("needs.extract.trainer"), text=glyphs.tidy(trainer.name)),
            Fact(label=words("needs.extract.topics"), text=words.number(len(own))),
            Fact(label=words("needs.fact.population"), text=words.day(needs.population_on)),
        ),
        headline=words(headline, count=len(planned), year=needs.year),
        evidence=words("needs.extract.evidence", date=approved_on),
        needs=tuple(_without_money(desk, need) for need in own),
        interviews=needs_tables.interview_topics(desk, [need.topic_code for need in own]),
        notes=(
            words("needs.extract.note_use"),
            words("needs.extract.note_money"),
            quality_sentence,
            *needs_quality.warnings(desk),
            *needs_quality.anonymity_notes(desk)[:2],
        ),
    )


def _without_money(desk: NeedsDesk, need: ShownNeed) -> NeedView:
    return needs_ranking.need_view(desk, need).model_copy(update={"cost": "–", "cumulative": "–"})


def _row(desk: NeedsDesk, need: ShownNeed, layer: str, is_passed: bool) -> DataRow:
    return DataRow(
        family="need",
        code=need.topic_code,
        label=desk.name("topic", need.topic_code),
        statistic=f"{layer}_is_passed",
        value=str(is_passed).lower(),
        respondent_count=None,
        is_hidden=False,
        reason="",
    )
