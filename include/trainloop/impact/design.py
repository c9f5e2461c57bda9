"""The design of a study as an analyst writes it down (YAML), before anybody looks at results."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainloop.domain.return_on_investment import CostCategory
from trainloop.errors import PermanentError
from trainloop.impact.finding import Indicator
from trainloop.yaml_text import read_yaml


class DesignInvalidError(PermanentError):
    """The design {path} is not valid. Correct the named keys. They are: {detail}"""


class Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kpi(Declared):
    """One indicator as its definition says; `rate_per` makes it a rate (1000: complaints per 1,000 orders)."""

    kpi_code: str
    name_zh: str
    name_en: str
    direction: Literal["higher", "lower"]
    grain: Literal["day", "week", "month"] = "month"
    unit: str | None = None
    rate_per: float | None = Field(None, gt=0)
    redefined_on: date | None = None
    relevant_effect: float | None = Field(None, gt=0, description="Smallest effect that matters, in its units")

    @property
    def indicator(self) -> Indicator:
        return Indicator(**self.model_dump(exclude={"relevant_effect"}))


class CostLine(Declared):
    category: CostCategory
    amount: Decimal = Field(ge=0)
    currency: str = Field(pattern="^[A-Z]{3}$")


class ReturnTerms(Declared):
    """What the return on investment of one indicator is computed from."""

    kpi_code: str
    unit_value_amount: Decimal = Field(gt=0)
    currency: str = Field(pattern="^[A-Z]{3}$")
    learners_in_job: int = Field(ge=0)
    periods: int = Field(gt=0)
    confidence: Decimal = Field(Decimal(1), gt=0, le=1)
    costs: tuple[CostLine, ...] = Field(min_length=1)


class Design(Declared):
    """`people`: the file of people, relative to the design. `known_until`: default is the last period of the facts."""

    title: str
    people: Path
    kpis: tuple[Kpi, ...] = Field(min_length=1)
    class_ends_on: date | None = None
    known_until: date | None = None
    drawn_by: Literal["person", "team"] | None = None
    selected_on_results: bool = False
    comparison_untouched: bool = True
    covariates: tuple[str, ...] = ()
    returns: ReturnTerms | None = None

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        codes = [kpi.kpi_code for kpi in self.kpis]
        if len(codes) != len(set(codes)):
            raise ValueError("kpis: one kpi_code stands twice")
        if self.returns is not None and self.returns.kpi_code not in codes:
            raise ValueError(f"returns.kpi_code: {self.returns.kpi_code} is none of the kpis ({', '.join(codes)})")
        return self


def read_design(path: Path) -> Design:
    """Return the design of one YAML file; raise DesignInvalidError naming each wrong key and what it wants."""
    try:
        written: Any = read_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise DesignInvalidError(path=path, detail=f"it cannot be read ({error.strerror}). Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        where = f"line {place.line + 1}, column {place.column + 1}" if place else "it is no UTF-8 text"
        raise DesignInvalidError(path=path, detail=f"no YAML ({where}). Mind colons and indentation.") from error
    if not isinstance(written, dict):
        raise DesignInvalidError(path=path, detail="it is empty or no list of keys. The README shows an example.")
    try:
        return Design.model_validate(written)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc'])) or 'design'}: {one['msg']}" for one in error.errors()]
        raise DesignInvalidError(path=path, detail="\n".join(["", *(f"  {fault}" for fault in faults)])) from error
