"""A company with planted truth: teams, people, twelve months of one indicator around a class in May 2026."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from trainloop.impact.analysis import Study, analyse_all
from trainloop.impact.finding import Finding, Indicator

SALES = Indicator("sales", "销售额", "sales", "higher", unit="k")
COMPLAINTS = Indicator("complaints", "投诉率", "complaint rate", "lower", rate_per=1000)
CLASS = pd.Timestamp("2026-05-14")
STUDY = Study(known_until=date(2026, 9, 30))
FIRST = "2025-11-01"
MONTHS = 10  # November to August: six before, the class month, three after
AFTER = np.arange(MONTHS) > 6


def staff(learners: int, others: int, role: str, team_size: int = 5) -> pd.DataFrame:
    """Learners and comparison people in teams of their own."""
    count = learners + others
    is_learner = np.arange(count) < learners
    nth = np.where(is_learner, np.arange(count), np.arange(count) - learners) // team_size
    return pd.DataFrame({
        "unit_id": [f"E{number:05}" for number in range(count)],
        "role": np.where(is_learner, "learner", role),
        "team_code": [f"{'L' if own else 'C'}{team}" for own, team in zip(is_learner, nth, strict=True)],
        "job_family": "sales",
        "job_level": "P5",
        "class_ends_on": CLASS,
    })


def levels(
    people: pd.DataFrame, generator: np.random.Generator, effect: float = 0.0, noise: float = 3.0, drift: float = 0.0
) -> np.ndarray:
    """Monthly levels (people × months): a steady person, a shared season, luck, the effect on learners after class."""
    is_learner = (people["role"] == "learner").to_numpy()
    steady = generator.normal(100, 8, len(people))
    season = generator.normal(0, 4, MONTHS)
    luck = generator.normal(0, noise, (len(people), MONTHS))
    return (
        steady[:, None]
        + season
        + luck
        + effect * np.outer(is_learner, AFTER)
        + drift * np.outer(is_learner, np.arange(MONTHS))
    )


def facts(people: pd.DataFrame, values: np.ndarray, kpi_code: str = "sales") -> pd.DataFrame:
    starts = pd.date_range(FIRST, periods=MONTHS, freq="MS")
    return pd.DataFrame({
        "kpi_code": kpi_code,
        "unit_id": np.repeat(people["unit_id"].to_numpy(), MONTHS),
        "starts_on": np.tile(starts, len(people)),
        "value": values.ravel(),
    })


def complaints(people: pd.DataFrame, generator: np.random.Generator, ratio: float) -> pd.DataFrame:
    """Orders and complaints: about 8 per 1,000 orders, times `ratio` for learners after the class."""
    is_learner = (people["role"] == "learner").to_numpy()
    orders = generator.integers(400, 900, (len(people), MONTHS))
    rate = 0.008 * np.where(np.outer(is_learner, AFTER), ratio, 1.0)
    table = facts(people, orders.astype(float), "complaints").rename(columns={"value": "denominator"})
    return table.assign(numerator=generator.poisson(orders * rate).ravel(), value=np.nan)


def found(indicator: Indicator, table: pd.DataFrame, people: pd.DataFrame, study: Study = STUDY) -> Finding:
    return analyse_all([indicator], table, people, study)[0]
