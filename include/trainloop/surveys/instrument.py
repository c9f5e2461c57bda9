"""Instruments: what a survey asks. One YAML file each; items, scales and wording in both languages."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainloop.config import Locale
from trainloop.domain.survey import Anonymity
from trainloop.errors import PermanentError
from trainloop.yaml_text import read_yaml

FOLDER = Path(__file__).parent / "instruments"
ItemKind = Literal["scale", "nps", "choice", "multi", "number", "date", "text"]
# Lists of the warehouse that an item may offer: the topics that could be trained.
OptionList = Literal["training_topics"]


class InstrumentUnknownError(PermanentError):
    """There is no instrument {code}. Correct the name. Known are: {known}."""


class InstrumentInvalidError(PermanentError):
    """The instrument {path} is not valid: {detail}. Correct the named keys; course_evaluation.yaml shows them."""


class Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(Declared):
    """Whole numbers from lowest to highest; anchors are the words a form shows for some or all of them."""

    lowest: int
    highest: int
    is_not_applicable_allowed: bool = False
    anchors_zh: dict[int, str]
    anchors_en: dict[int, str]

    @model_validator(mode="after")
    def _anchors_lie_on_the_scale(self) -> Self:
        if self.highest <= self.lowest or not {*self.anchors_zh, *self.anchors_en} <= set(self.scores):
            raise ValueError("anchors lie on the scale, and the scale has two points at least")
        if self.anchors_zh.keys() != self.anchors_en.keys():
            raise ValueError("both languages anchor the same points")
        return self

    @property
    def scores(self) -> range:
        return range(self.lowest, self.highest + 1)

    def anchors(self, locale: Locale) -> dict[int, str]:
        return self.anchors_zh if locale == "zh-CN" else self.anchors_en


class Bilingual(Declared):
    zh: str
    en: str

    def text(self, locale: Locale) -> str:
        return self.zh if locale == "zh-CN" else self.en


class Option(Bilingual):
    """One answer of a choice item."""

    code: str


class Item(Bilingual):
    """One question: its wording is what an export's header repeats."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    kind: ItemKind
    scale: str | None = None
    dimension: str | None = None
    is_required: bool = False
    is_reverse_coded: bool = False
    hint: Bilingual | None = None
    options: tuple[Option, ...] = ()
    options_from: OptionList | None = None
    max_choices: int | None = Field(None, gt=0, description="Of a multi item: how many options may be chosen")
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None

    @property
    def header_aliases(self) -> tuple[str, ...]:
        """Every wording by which an export may head this item's column."""
        return (self.code, self.zh, self.en)


class Instrument(Declared):
    """One version of one questionnaire."""

    code: str
    version: str
    anonymity: Anonymity
    title_zh: str
    title_en: str
    minutes: int = Field(gt=0, description="How long it takes, as invitations say")
    intro: Bilingual | None = Field(None, description="Why it is asked and what becomes of the answers")
    scales: dict[str, Scale] = {}
    dimensions: dict[str, Bilingual] = {}
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        codes = [item.code for item in self.items]
        if len(codes) != len(set(codes)):
            raise ValueError("an item code is used twice")
        for item in self.items:
            if (item.kind in {"scale", "nps"}) != (item.scale in self.scales):
                raise ValueError(f"{item.code}: a scale or nps item names one of the scales, and only they do")
            if item.dimension is not None and item.dimension not in self.dimensions:
                raise ValueError(f"{item.code}: no dimension named {item.dimension}")
            if (item.kind in {"choice", "multi"}) != (bool(item.options) != (item.options_from is not None)):
                raise ValueError(f"{item.code}: a choice lists options or says where they are; nothing else does")
            if item.max_choices is not None and item.kind != "multi":
                raise ValueError(f"{item.code}: only a multi item limits how many options are chosen")
            if (item.minimum is not None or item.maximum is not None) and item.kind != "number":
                raise ValueError(f"{item.code}: only a number has a range")
            # Zero to ten is what the score is defined on; a five-point item under that name would be another number.
            if item.kind == "nps" and (self.scale_of(item).lowest, self.scale_of(item).highest) != (0, 10):
                raise ValueError(f"{item.code}: a net promoter item is asked from 0 to 10")
        return self

    def item(self, code: str) -> Item:
        """Return an item by its code; KeyError when there is none."""
        for item in self.items:
            if item.code == code:
                return item
        raise KeyError(code)

    def scale_of(self, item: Item) -> Scale:
        """Return the scale of a scale or nps item; KeyError for other kinds."""
        return self.scales[item.scale or ""]

    def with_options(self, lists: Mapping[OptionList, tuple[Option, ...]]) -> Instrument:
        """Return the instrument with the options that stand elsewhere filled in; see `trainloop.surveys.options`."""
        items = tuple(
            item.model_copy(update={"options": lists[item.options_from]}) if item.options_from else item
            for item in self.items
        )
        return self.model_copy(update={"items": items})

    def title(self, locale: Locale) -> str:
        return self.title_zh if locale == "zh-CN" else self.title_en


def read_instrument(path: Path) -> Instrument:
    """Return the instrument of one YAML file; raise InstrumentInvalidError naming the wrong keys."""
    try:
        return Instrument.model_validate(read_yaml(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InstrumentInvalidError(path=path.name, detail=error) from error


@functools.cache
def load_instrument(code: str) -> Instrument:
    """Return a shipped instrument; raise InstrumentUnknownError naming the known ones."""
    known = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    if code not in known:
        raise InstrumentUnknownError(code=code, known=", ".join(known))
    return read_instrument(FOLDER / f"{code}.yaml")
