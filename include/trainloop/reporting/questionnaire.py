"""What was asked, in the reader's language: codes → wordings, in the instrument's order."""

from __future__ import annotations

from dataclasses import dataclass

from trainloop.config import Locale
from trainloop.surveys.instrument import Instrument


@dataclass(frozen=True)
class Question:
    code: str
    kind: str
    dimension: str | None
    label: str
    points: tuple[int, ...]
    anchors: dict[int, str]
    options: dict[str, str]


@dataclass(frozen=True)
class Questionnaire:
    questions: tuple[Question, ...]
    dimensions: dict[str, str]

    def of_kind(self, kind: str) -> tuple[Question, ...]:
        """Return the questions of one kind (scale, nps, choice, text) in order."""
        return tuple(question for question in self.questions if question.kind == kind)

    def label(self, code: str) -> str:
        """Return the wording of a question or the name of a dimension."""
        if code in self.dimensions:
            return self.dimensions[code]
        return next((question.label for question in self.questions if question.code == code), code)


def questionnaire(instrument: Instrument, locale: Locale) -> Questionnaire:
    """Return an instrument in the words of one locale."""
    questions = []
    for item in instrument.items:
        scale = instrument.scales[item.scale] if item.scale else None
        questions.append(
            Question(
                code=item.code,
                kind=item.kind,
                dimension=item.dimension,
                label=item.text(locale),
                points=tuple(scale.scores) if scale else (),
                anchors=scale.anchors(locale) if scale else {},
                options={option.code: option.text(locale) for option in item.options},
            )
        )
    return Questionnaire(
        questions=tuple(questions),
        dimensions={code: dimension.text(locale) for code, dimension in instrument.dimensions.items()},
    )
