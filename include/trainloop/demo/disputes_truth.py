"""What is true about the year's dispute, read from `disputes_truth.yaml`."""

from __future__ import annotations

import functools
from importlib import resources

from trainloop.demo.company import Company
from trainloop.demo.performance_truth import Case
from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml


class Pilot(Planted):
    """The class in which the design is tried, its two teams and the criterion that is registered for it."""

    session: str
    kpi: str
    team: str
    comparison: str
    threshold: str
    window_days: int
    change: float
    threshold_refused: str

    @property
    def case(self) -> Case:
        """What the class changes in the figures of those who came."""
        return Case(session=self.session, kpi=self.kpi, change=self.change, sentences=())


class DisputeTruth(Planted):
    """Who disagrees about what, what the three agree on, and what the pilot shows."""

    number: str
    course: str
    trainer: str
    head_of: str
    reason: str
    statements: dict[str, dict[str, str | int]]
    divergent: tuple[str, ...]
    core_target: str
    shares: dict[str, int]
    shares_refused: dict[str, int]
    pilot: Pilot
    feedback: dict[str, float]
    grade: str
    suggestion: str
    decision: str
    decision_reason: str

    def head(self, company: Company) -> str:
        """Return the employee number of the head of business."""
        return next(one.head_id for one in company.departments if one.code == self.head_of)

    def opening(self, company: Company) -> dict[str, str]:
        """Return what HR fills into the form of `mediate_course_dispute`."""
        return {
            "course_code": self.course,
            "trainer_id": self.trainer,
            "business_head_id": self.head(company),
            "reason_code": self.reason,
        }


@functools.cache
def dispute() -> DisputeTruth:
    """Return the planted dispute."""
    text = resources.files(__package__).joinpath("disputes_truth.yaml").read_text("utf-8")
    return DisputeTruth.model_validate(read_yaml(text))
