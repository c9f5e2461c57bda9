"""Open answers: themes counted, verbatims masked, and the dictionaries of both read from the site's files."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any

import yaml

from trainloop.domain.evaluation import ImprovementRule, read_rules
from trainloop.errors import PermanentError
from trainloop.settings import get_settings
from trainloop.statistics.figures import Column, Figure, figures_at
from trainloop.statistics.masking import mask_text, narrowed
from trainloop.statistics.themes import Theme, count_themes
from trainloop.surveys.results_inputs import Inputs, WaveInputs
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement
from trainloop.yaml_text import read_yaml


class DictionaryInvalidError(PermanentError):
    """config/{name} cannot be used: {detail}. Compare it with the shipped file and correct the named place."""


def _read(name: str) -> dict[str, Any]:
    try:
        content = read_yaml(resources.files("trainloop.config").joinpath(name).read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DictionaryInvalidError(name=name, detail=error) from error
    if not isinstance(content, dict):
        raise DictionaryInvalidError(name=name, detail="it holds no mapping")
    return content


@functools.cache
def improvement_rules() -> tuple[ImprovementRule, ...]:
    """Return the improvement rules; raise DictionaryInvalidError naming what is wrong."""
    name = "improvement_rules.yaml"
    try:
        return read_rules(_read(name)["rules"])
    except (KeyError, TypeError) as error:
        raise DictionaryInvalidError(name=name, detail=error) from error


@functools.cache
def themes(dictionary: str = "themes") -> tuple[Theme, ...]:
    """Return the themes of a dictionary's files of both languages, merged by code in the order of the Chinese one."""
    names = (f"{dictionary}_zh.yaml", f"{dictionary}_en.yaml")
    try:
        entries = [{entry["code"]: entry for entry in _read(name)["themes"]} for name in names]
        return tuple(
            Theme(
                code=code,
                name_zh=next(known[code]["name"] for known in entries if code in known),
                name_en=next(known[code]["name"] for known in reversed(entries) if code in known),
                words=tuple(str(word) for known in entries if code in known for word in known[code]["words"]),
            )
            for code in entries[0] | entries[1]
        )
    except (KeyError, TypeError) as error:
        raise DictionaryInvalidError(name=" or ".join(names), detail=error) from error


def texts_of(inputs: WaveInputs) -> dict[str, dict[str, str]]:
    """Return the open answers: text item → respondent id → text, blank ones left out."""
    texts: dict[str, dict[str, str]] = {question.code: {} for question in inputs.questions if question.kind == "text"}
    answers = inputs.answers
    for place, text in enumerate(answers.free_texts):
        if text is not None and text.strip() and answers.item_codes[place] in texts:
            texts[answers.item_codes[place]][answers.respondent_ids[place]] = text
    return texts


def cache_folder() -> str:
    """Return the folder where the segmenter of Chinese texts keeps its parsed dictionary."""
    folder = get_settings().home / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def theme_figures(inputs: WaveInputs) -> list[Figure]:
    """Return the themes of one wave."""
    return figures_at(theme_columns([inputs]), 0)


def theme_columns(waves: Sequence[WaveInputs]) -> Iterator[Column]:
    """Yield how many people mention each theme; every theme has its rows, so that a row's existence says nothing.

    The people behind them are all complete responses: among them a reader would have to guess who wrote. The waves have
    one questionnaire.
    """
    n, nobody = [len(one.complete_ids) for one in waves], [None] * len(waves)
    counts = count_themes([texts_of(one) for one in waves], themes(), cache_folder())
    for theme in themes():
        yield Column("theme", theme.code, "name_zh", [theme.name_zh] * len(waves), nobody)
        yield Column("theme", theme.code, "name_en", [theme.name_en] * len(waves), nobody)
        for statistic, people in counts[theme.code].items():
            yield Column("theme", theme.code, statistic, [*map(float, people)], n)


def masked_verbatims(connection: Connection, inputs: WaveInputs) -> list[tuple[str, int, str]]:
    """Return (item, position, masked text) of all open answers.

    Positions follow a hash of item and text: they say nothing about the order of answers, two texts of one person do
    not stand at the same place, and a rerun gives the same list.
    """
    texts = {item: sorted(answers.values()) for item, answers in texts_of(inputs).items()}
    everything = [narrowed(text) for answers in texts.values() for text in answers]
    if not everything:
        return []
    # Parts of names are sought among the people of one class; a wave about many classes knows full names only.
    session_code = inputs.session_code if isinstance(inputs, Inputs) else ""
    keys = {"session_code": session_code, "texts": everything}
    names = [row["name"] for row in connection.execute(statement("results", "names_in_texts"), keys)]
    rows: list[tuple[str, int, str]] = []
    for item, answers in texts.items():
        masked = sorted((mask_text(text, names) for text in answers), key=_shuffled(f"{inputs.wave_code}:{item}"))
        rows += [(item, position, text) for position, text in enumerate(masked, start=1)]
    return rows


def _shuffled(salt: str) -> Callable[[str], str]:
    return lambda text: hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()
