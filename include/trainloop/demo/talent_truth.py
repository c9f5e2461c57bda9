"""What is true about promotion and practice cases, read from `talent_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources
from typing import Annotated, Literal

from pydantic import BeforeValidator

from trainloop.demo.company import Company
from trainloop.demo.learners import answering_order
from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml

# YAML reads 2026-07 as text, but a key of a mapping may come as a date.
Month = Annotated[str, BeforeValidator(lambda value: str(value)[:7])]


class Rules(Planted):
    """What the next level asks for, by family."""

    valid_from: date
    months: int
    certificate: str
    points: dict[str, int]
    levels: dict[str, str]


class Certificate(Planted):
    zh: str
    en: str
    issuer: str
    arrives_on: date | None = None


class Holder(Planted):
    """A learner who holds a certificate, named by class and place in the order of planning."""

    session: str
    place: int
    certificate: str

    def person(self, company: Company) -> str:
        """Return who it is."""
        return answering_order(company, company.session(self.session))[self.place]


class Renewal(Holder):
    """Somebody who passed again."""

    passed_on: date
    expires_on: date
    arrives_on: date


class Candidate(Holder):
    """One person with a certificate; `lists`: what each month's list says (met, or the open condition)."""

    passed_on: date
    expires_on: date | None = None
    number: str = ""
    rating: str
    is_revoked: bool = False
    is_counted: bool = True
    appeal: Literal["uphold", "decline"] | None = None
    lists: dict[Month, Literal["met", "certificate", "points", "appraisal"]]


class Claim(Planted):
    """What appeals claim."""

    rule: str
    happened_on: date
    quantity: int


class ClassCases(Planted):
    """The practice cases of one class; counts are people."""

    invited: int
    written: int
    is_comment_late: bool
    declined: int
    withdrawn: int

    @property
    def published(self) -> int:
        return self.written - self.declined - self.withdrawn

    def counts(self) -> tuple[int, ...]:
        """Invited, silent, in the knowledge base, declined, taken back."""
        return self.invited, self.invited - self.written, self.published, self.declined, self.withdrawn


class TalentTruth(Planted):
    rules: Rules
    certificates: dict[str, Certificate]
    people: tuple[Candidate, ...]
    renewal: Renewal
    claim: Claim
    rates: dict[str, int]
    cases: dict[str, ClassCases]
    stories: tuple[dict[Literal["zh", "en"], dict[str, str]], ...]

    def months(self) -> list[str]:
        """The months that have a list."""
        return sorted({month for one in self.people for month in one.lists})

    def appeals(self) -> list[Candidate]:
        return [one for one in self.people if one.appeal is not None]


@functools.cache
def talent() -> TalentTruth:
    """Return the planted truth."""
    text = resources.files("trainloop.demo").joinpath("talent_truth.yaml").read_text("utf-8")
    return TalentTruth.model_validate(read_yaml(text))
