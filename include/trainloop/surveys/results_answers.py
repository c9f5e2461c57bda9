"""The answers of waves with one questionnaire as arrays, as the estimators take them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.values import Counts, Numbers
from trainloop.surveys.results_inputs import WaveInputs


class Answered:
    """The complete responses by item: waves × people, a wave's people in the order of its `ids`.

    Scores are NaN and choices None where somebody did not answer, and beyond the people of a smaller wave.
    """

    def __init__(self, waves: Sequence[WaveInputs]) -> None:
        """Pivot the answers; an item nobody answered has gaps only."""
        questions = waves[0].questions
        row_of = {question.code: row for row, question in enumerate(questions)}
        self.ids = [sorted(wave.complete_ids) for wave in waves]
        # One row more takes what the questionnaire does not ask.
        shape = len(waves), len(questions) + 1, max(map(len, self.ids))
        scores, choices = np.full(shape, np.nan), np.full(shape, None, dtype=object)
        for place, wave in enumerate(waves):
            person_of = {respondent_id: person for person, respondent_id in enumerate(self.ids[place])}
            rows = [row_of.get(code, len(questions)) for code in wave.answers.item_codes]
            people = [person_of[respondent_id] for respondent_id in wave.answers.respondent_ids]
            scores[place, rows, people] = np.array(wave.answers.scores, dtype=np.float64)
            choices[place, rows, people] = wave.answers.choices
        self.scores: dict[str, Numbers] = {code: scores[:, row] for code, row in row_of.items()}
        self.choices: dict[str, NDArray[np.object_]] = {code: choices[:, row] for code, row in row_of.items()}
        # Where agreeing is bad, the scale is turned before items are put together or judged; items show what was said.
        self.turned = self.scores | {
            question.code: question.scale[0] + question.scale[-1] - self.scores[question.code]
            for question in questions
            if question.is_reverse_coded
        }

    def turned_of(self, items: Sequence[str]) -> Numbers:
        """Return waves × people × items, turned."""
        return np.stack([self.turned[item] for item in items], axis=-1)

    def chosen_count(self, item: str, option: str | None = None) -> Counts:
        """Return how many people of each wave chose an option, or any."""
        choices = self.choices[item]
        is_chosen = choices != None if option is None else choices == option  # noqa: E711 - of every entry
        return np.asarray(is_chosen.sum(axis=-1), dtype=np.int64)

    def people(self, place: int, is_there: Iterable[object]) -> frozenset[str]:
        """Return the ids of the respondents of a wave at the places that are true."""
        return frozenset(itertools.compress(self.ids[place], is_there))

    def scored(self, place: int, values: Numbers) -> frozenset[str]:
        """Return the ids of the respondents of a wave who have a value; values are waves × people."""
        return self.people(place, ~np.isnan(values[place]))
