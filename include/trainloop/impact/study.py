"""A study from an analyst's files: design, people and facts → findings, and a return where the design asks for it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from trainloop.config import get_site
from trainloop.domain.return_on_investment import (
    Cost,
    Effect,
    Return,
    ReturnRefusal,
    Worth,
    return_on_investment,
)
from trainloop.impact.analysis import Study, analyse_all
from trainloop.impact.design import Design, ReturnTerms, read_design
from trainloop.impact.finding import Finding, Locale
from trainloop.impact.tables import read_facts, read_people
from trainloop.statistics.refusal import Refusal


@dataclass(frozen=True)
class StudyResult:
    """Findings in the order of the design; `returns`: the indicator's code and its return, where asked for."""

    title: str
    known_until: date
    findings: list[Finding]
    kpis_not_in_design: list[str]
    returns: tuple[str, Return | ReturnRefusal] | None

    def as_dict(self, locale: Locale) -> dict[str, Any]:
        """Return everything as JSON values."""
        returns: dict[str, Any] | None = None
        if self.returns is not None:
            found = self.returns[1]
            shown = {"reason": found.text(locale)} if isinstance(found, ReturnRefusal) else _return(found)
            returns = {"kpi_code": self.returns[0], **shown}
        return {
            "title": self.title,
            "known_until": self.known_until.isoformat(),
            "findings": [finding.as_dict(locale) for finding in self.findings],
            "kpis_not_in_design": self.kpis_not_in_design,
            "returns": returns,
        }


def _return(found: Return) -> dict[str, Any]:
    shown: dict[str, Any] = {"cost_amount": str(found.cost_amount), "currency": found.currency}
    for name in ("benefit", "ratio", "return_pct"):
        one = getattr(found, name)
        shown[name] = {part.name: str(getattr(one, part.name)) for part in fields(one)}
    return shown


def run_study(kpi_file: Path, design_file: Path, locale: Locale) -> StudyResult:
    """Read the three files and analyse; every fault of them is an error that names file, place and remedy."""
    design = read_design(design_file)
    people = read_people(design_file.parent / design.people, design.covariates, locale)
    if design.class_ends_on is not None:
        import pandas as pd

        people["class_ends_on"] = people["class_ends_on"].fillna(pd.Timestamp(design.class_ends_on))
    today = datetime.now(get_site().company.zone).date()
    facts = read_facts(kpi_file, {kpi.kpi_code: kpi.grain for kpi in design.kpis}, locale, today)
    known_until = design.known_until or facts["ends_on"].max().date()
    study = Study(
        known_until,
        design.drawn_by,
        design.selected_on_results,
        design.comparison_untouched,
        design.covariates,
        {kpi.kpi_code: kpi.relevant_effect for kpi in design.kpis if kpi.relevant_effect is not None},
    )
    findings = analyse_all([kpi.indicator for kpi in design.kpis], facts, people, study)
    known = {kpi.kpi_code for kpi in design.kpis}
    others = sorted(set(facts["kpi_code"].cat.categories) - known)
    return StudyResult(design.title, known_until, findings, others, _returns(design, findings))


def _returns(design: Design, findings: list[Finding]) -> tuple[str, Return | ReturnRefusal] | None:
    terms = design.returns
    if terms is None:
        return None
    finding = next(one for one in findings if one.indicator.kpi_code == terms.kpi_code)
    return terms.kpi_code, return_of(finding, terms)


def return_of(finding: Finding, terms: ReturnTerms) -> Return | ReturnRefusal:
    """Return the money's worth of a finding; an effect without interval, or evidence below C, has none."""
    effect = finding.effect
    if isinstance(effect, Refusal):
        low = high = None
        estimate = Decimal(0)
    else:
        estimate = Decimal(repr(effect.estimate))
        low, high = (
            None if isinstance(bound, Refusal) else Decimal(repr(bound)) for bound in (effect.low, effect.high)
        )
    return return_on_investment(
        Effect(estimate, low, high, finding.indicator.direction),
        Worth(terms.unit_value_amount, terms.currency, terms.learners_in_job, terms.periods, terms.confidence),
        [Cost(line.category, line.amount, line.currency) for line in terms.costs],
        finding.graded.grade,
    )
