"""Mapping files: how one outside survey tool exports its answers, written once by the person who knows the tool.

`<inbox>/survey_exports/mappings/<name>.yaml`; `surveys/mappings/` holds an annotated example of each common shape. A
mapping says which files it is for, where wave and response id stand, which column is which item (by exact header, by
question number, by a part of the wording, or by the instrument's own wording) and which words the tool uses.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from trainloop import storage
from trainloop.settings import get_settings
from trainloop.surveys.instrument import Instrument, Item, load_instrument
from trainloop.yaml_text import read_yaml

FOLDER = "survey_exports/mappings"


class Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WaveSource(Declared):
    """Where the wave code stands: in a column, in the file's name (group `wave`), or one for all files."""

    column: str | None = None
    constant: str | None = None
    file_name: str | None = Field(
        None, description="Regular expression with a group named wave, for the name without its ending"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.column, self.constant, self.file_name)) != 1:
            raise ValueError("wave: give one of column, constant, file_name")
        if self.file_name is not None and "wave" not in re.compile(self.file_name).groupindex:
            raise ValueError("wave.file_name: needs a group (?P<wave>…)")
        return self

    def of_file(self, name: str) -> str | None:
        """Return the wave of a whole file; None when it stands in a column or the name does not tell."""
        if self.file_name is None:
            return self.constant
        found = re.search(self.file_name, unicodedata.normalize("NFKC", PurePosixPath(name).stem))
        return found["wave"] if found else None


class ItemSource(Declared):
    """How the column of one item is known; all given signs must agree. Without any: by the instrument's wording."""

    header: str | None = Field(None, description="The header, exactly")
    number: int | None = Field(None, ge=1, description="Question number the header starts with: 3、… Q3 … 第3题")
    contains: str | None = Field(None, description="Part of the header")
    is_absent: bool = Field(False, description="The outside questionnaire does not ask this item")


class PartialMarker(Declared):
    """Which rows are unfinished answer sheets: the column holds one of the words, or nothing."""

    column: str
    words: tuple[str, ...] = ()
    is_blank: bool = False


class Mapping(Declared):
    """One tool's export."""

    name: str
    file_patterns: tuple[str, ...] = Field(min_length=1)
    instrument: str
    wave: WaveSource
    external_id: str = Field(description="Header of the tool's own id of an answer sheet")
    submitted_at: str | None = Field(None, description="Header of the time an answer was sent; judged, never kept")
    token: str | None = Field(
        None,
        description="Header of the invitation's token; confidential surveys need it, anonymous ones must not have it",
    )
    partial: PartialMarker | None = None
    items: dict[str, ItemSource] = Field(default_factory=dict)
    words: dict[str, dict[str, tuple[str, ...]]] = Field(
        default_factory=dict, description="Scale or choice item → score or option code → the tool's words for it"
    )
    separator: str | None = Field(
        None, description="What stands between several answers in one cell; else ┋, ; or | (Google Forms: a comma)"
    )
    not_applicable: tuple[str, ...] = ("不适用", "N/A", "NA", "Not applicable")
    blank: tuple[str, ...] = Field(("(空)", "(跳过)"), description="Words the tool writes where nothing was said")
    ignore: tuple[str, ...] = Field((), description="Headers never to be read: address, time, nickname …")

    @field_validator("words", mode="before")
    @classmethod
    def _codes_are_text(cls, words: object) -> object:
        """Scores are written as numbers in YAML."""
        if not isinstance(words, dict):
            return words
        return {
            name: {str(code): said for code, said in of_name.items()} if isinstance(of_name, dict) else of_name
            for name, of_name in words.items()
        }

    @model_validator(mode="after")
    def _fits_its_instrument(self) -> Self:
        instrument = load_instrument(self.instrument)
        codes = {item.code for item in instrument.items}
        if unknown := sorted(self.items.keys() - codes):
            raise ValueError(f"items: {instrument.code} has no item {', '.join(unknown)}")
        if unknown := sorted(self.words.keys() - codes - instrument.scales.keys()):
            raise ValueError(f"words: {instrument.code} has no scale or item {', '.join(unknown)}")
        if instrument.anonymity == "named":
            raise ValueError(f"instrument: {instrument.code} carries names and is answered in the own forms only")
        if (self.token is not None) != (instrument.anonymity == "confidential"):
            need = "needs" if self.token is None else "must not read"
            raise ValueError(
                f"token: {instrument.code} is {instrument.anonymity}, its export {need} the column of tokens"
            )
        heads = {
            self.token,
            self.external_id,
            self.wave.column,
            self.submitted_at,
            self.partial and self.partial.column,
        }
        if clash := sorted(header for header in self.ignore if header in heads):
            raise ValueError(f"ignore: {clash[0]} is read as well")
        return self

    def is_for(self, file_name: str) -> bool:
        """Return whether a file of this name is one of the tool's."""
        name = unicodedata.normalize("NFKC", file_name).casefold()
        return any(
            fnmatch.fnmatchcase(name, unicodedata.normalize("NFKC", one).casefold()) for one in self.file_patterns
        )

    def asked_items(self, instrument: Instrument) -> tuple[Item, ...]:
        """Return the items that the outside questionnaire asks."""
        return tuple(item for item in instrument.items if not self.source(item).is_absent)

    def source(self, item: Item) -> ItemSource:
        return self.items.get(item.code, ItemSource())

    def find_headers(self, instrument: Instrument, texts: Sequence[str]) -> dict[str, list[str]]:
        """Return for each asked item the headers of one file that are its column; one each when all is well."""
        readable = self.readable(texts)
        return {
            item.code: [text for text in readable if self.is_header_of(item, text)]
            for item in self.asked_items(instrument)
        }

    def readable(self, texts: Sequence[str]) -> list[str]:
        """Return the headers that may be read at all."""
        return [text for text in texts if text and text not in self.ignore]

    def is_header_of(self, item: Item, text: str) -> bool:
        """Return whether a column of this header answers the item."""
        source = self.source(item)
        header = plain(text)
        if source.header is not None:
            return header == plain(source.header)
        if source.number is None and source.contains is None:
            return _without_number(header) in {plain(alias) for alias in item.header_aliases}
        has_number = source.number is None or _number(header) == source.number
        return has_number and (source.contains is None or plain(source.contains) in header)


_NUMBER = re.compile(r"^(?:q|第)?0*(\d{1,3})(?:题)?(?:[\s、.,:)_\-\]]+|$)")


def plain(text: str) -> str:
    """Return what two spellings of a header share: width, case and spaces fall away."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _number(header: str) -> int | None:
    found = _NUMBER.match(header)
    return int(found[1]) if found else None


def _without_number(header: str) -> str:
    """Return the wording behind a question number; tools put it before each header."""
    return _NUMBER.sub("", header) or header


def read_mapping(text: str) -> Mapping:
    """Return the mapping of one YAML text; raise ValueError saying what is wrong with it."""
    try:
        return Mapping.model_validate(read_yaml(text))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except ValidationError as error:
        raise ValueError(
            "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        ) from error


def mappings_in_inbox() -> tuple[list[Mapping], dict[str, str]]:
    """Return the mappings of the inbox, and what is wrong with those that cannot be read, by file name.

    Raises StoreFailedError.
    """
    found: list[Mapping] = []
    broken: dict[str, str] = {}
    for info in storage.listing(f"{get_settings().folder_uri('inbox')}/{FOLDER}"):
        name = info["name"]
        if info["type"] != "file" or not name.endswith((".yaml", ".yml")) or name.startswith("."):
            continue
        try:
            found.append(read_mapping(storage.read(info["uri"]).decode("utf-8-sig")))
        except (ValueError, FileNotFoundError) as error:
            broken[name] = str(error)
    return found, broken
