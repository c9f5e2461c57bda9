"""The view of the 《培训效果分析报告》 Training Effect Analysis Report: evidence → one frozen `ReportView`."""

from __future__ import annotations

from datetime import UTC

from trainloop.config import Locale, Site
from trainloop.reporting import comparisons, glyphs, open_text, quality, sections, verdict
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Audience, DataRow
from trainloop.reporting.evidence import Evidence, Row, Suggestion
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.printing import Desk
from trainloop.reporting.questionnaire import questionnaire
from trainloop.reporting.view import Fact, ReportView
from trainloop.surveys.instrument import Instrument


def build_view(
    evidence: Evidence, instrument: Instrument, site: Site, audience: Audience, locale: Locale
) -> ReportView:
    """Return the view of one report.

    `instrument` is the questionnaire that was answered. A wave with fewer
    answers than a mean needs gives a short view: what happened, what to do, what it rests on.
    """
    words = catalogue(locale)
    desk = Desk(
        evidence=evidence,
        words=words,
        questions=questionnaire(instrument, locale),
        site=site,
        audience=audience,
    )
    words_reason = open_text.words_reason(desk)
    is_small = verdict.is_small(desk)
    test_sentence, test_bars, test_facts = sections.test(desk)
    attendance_sentence, attendance_facts = sections.attendance(desk)
    quotes, marked = open_text.quotes(desk)
    quality_sentence, quality_tone = quality.statement(desk)
    release, session = evidence.release, evidence.session
    released_on = words.day(release.released_at, site.company.zone)
    return ReportView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience=audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("title"),
        audience_label=words(f"audience.{audience}"),
        course_name=glyphs.tidy(words.either(session.course_name_zh, session.course_name_en)),
        session_code=session.session_code,
        released_at=release.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        released_on=released_on,
        site_version=release.site_version,
        revision=words("revision", number=release.revision_number, date=released_on),
        is_small=is_small,
        distribution_min=site.suppression.distribution_min,
        facts=_facts(desk),
        glance=sections.glance(desk, words(f"quality.tone_{quality_tone}")),
        response=verdict.response(desk),
        verdict=verdict.verdict(desk),
        mean_scale=sections.mean_scale(desk),
        dimensions=sections.dimensions(desk),
        reliability=sections.reliability(desk),
        legend=sections.legend(desk),
        distributions=() if is_small else sections.distributions(desk),
        nps=sections.nps(desk),
        choices=() if is_small else sections.choices(desk),
        comparisons=() if is_small else comparisons.comparisons(desk),
        test=test_facts,
        test_bars=test_bars,
        test_sentence=test_sentence,
        attendance=attendance_facts,
        interaction=sections.interaction(desk),
        cost=sections.cost(desk),
        attendance_sentence=attendance_sentence,
        words_reason=words_reason,
        themes=() if words_reason else open_text.themes(desk),
        quotes=() if words_reason else quotes,
        suggestions=tuple(verdict.suggestion_point(desk, one) for one in _suggestions(desk)),
        suggestions_sentence=_suggestions_sentence(desk),
        quality_sentence=quality_sentence,
        quality_tone=quality_tone,
        files=quality.file_rows(desk),
        quality_facts=quality.answer_facts(desk),
        quality_notes=quality.notes(desk, marked),
        anonymity_notes=quality.anonymity_notes(desk),
        method_notes=quality.method_notes(desk),
        data_rows=_data_rows(desk),
    )


def _facts(desk: Desk) -> tuple[Fact, ...]:
    words, session = desk.words, desk.evidence.session
    texts = {
        "session": glyphs.tidy(session.session_code),
        "trainer": glyphs.tidy(session.trainer_name),
        "date": words.period(session.starts_at, session.ends_at, session.zone),
        "mode": words(f"mode.{session.mode}"),
        "released": words.day(desk.evidence.release.released_at, desk.site.company.zone),
    }
    return tuple(Fact(label=words(f"fact.{name}"), text=text) for name, text in texts.items())


def _suggestions(desk: Desk) -> tuple[Suggestion, ...]:
    return verdict.findings(desk) or desk.evidence.suggestions


def _suggestions_sentence(desk: Desk) -> str:
    rules = desk.site.statistics
    if verdict.findings(desk):
        return desk.words("suggestions.sentence")
    if desk.evidence.suggestions:
        low, high = rules.improvement_talk_min, rules.improvement_min - 1
        return desk.words("suggestions.sentence_talk", low=low, high=high)
    return desk.words("suggestions.none")


def _data_rows(desk: Desk) -> tuple[DataRow, ...]:
    return tuple(
        DataRow(
            family=row.family,
            code=row.code,
            label=desk.questions.label(row.code),
            statistic=row.statistic,
            value=_plain(row),
            respondent_count=row.respondent_count,
            is_hidden=row.is_hidden,
            reason=row.reason or "",
        )
        for row in desk.figures.rows
        # A trainer's edition has no money, in its attached data neither.
        if desk.audience != "trainer" or row.family != "cost"
    )


def _plain(row: Row) -> str:
    if row.value is not None:
        return format(row.value, "f")
    return row.text_value or ""
