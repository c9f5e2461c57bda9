"""The answers of waves with one questionnaire as arrays, as the estimators take them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.values import Counts, Numbers
from trainloop.surveys.results_inputs import WaveInputs


class Answers:
    """The complete responses by item: waves × people, a wave's people in the order of its `ids`.

    Scores are NaN and choices None where somebody did not answer, and beyond the people of a smaller wave.
    """

    def __init__(self, waves: Sequence[WaveInputs]) -> None:
        """Pivot the answers; an item nobody answered has gaps only."""
        questions = waves[0].questions
        self.ids = [sorted(wave.complete_ids) for wave in waves]
        shape = len(waves), max(map(len, self.ids))
        self.scores: dict[str, Numbers] = {question.code: np.full(shape, np.nan) for question in questions}
        self.choices: dict[str, NDArray[np.object_]] = {
            question.code: np.full(shape, None, dtype=object) for question in questions
        }
        for place, wave in enumerate(waves):
            person_of = {respondent_id: person for person, respondent_id in enumerate(self.ids[place])}
            for respondent_id, item_code, score, choice, _ in wave.answers:
                if score is not None and item_code in self.scores:
                    self.scores[item_code][place, person_of[respondent_id]] = score
                elif choice is not None and item_code in self.choices:
                    self.choices[item_code][place, person_of[respondent_id]] = choice
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
