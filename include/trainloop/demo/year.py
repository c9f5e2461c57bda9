"""One training year: day by day the clock is set, files are dropped, the day's work is done.

Every day is idempotent, so a year that was interrupted goes on at the day of the warehouse's clock, and a year that was
finished is offered all its files once more, which must change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import fsspec

from trainloop import clock
from trainloop.demo import knowledge_base
from trainloop.demo.careers import Careers
from trainloop.demo.company import Company
from trainloop.demo.disputes_truth import dispute
from trainloop.demo.files import year_files
from trainloop.demo.learners import completions
from trainloop.demo.parties import Parties
from trainloop.demo.planners import Planners
from trainloop.demo.respondents import Respondents, is_exported
from trainloop.demo.runners import Runner, Tell
from trainloop.demo.tables import PlantedFile
from trainloop.demo.timeline import FULL, Step, Work, steps
from trainloop.settings import Settings
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

Outcome = Literal["new", "resumed", "repeated"]
# Files count as stable when nobody has written for some seconds of real time. Theirs is a fixed time long ago, in the
# order of arrival: the same file again has the same time, as if it had been left over.
_AGO = timedelta(days=3653)
# Who does the acts that are written as `<script>:<act>`; the others are surveys and decisions (`Respondents`).
_ACTORS: Mapping[str, type[Planners | Careers | Parties]] = {
    "plans": Planners,
    "careers": Careers,
    "parties": Parties,
}
# What HR fills into the form of a DAG.
_FORMS: Mapping[Work, Callable[[Company], Mapping[str, str]]] = {"mediate": dispute().opening}


@dataclass(frozen=True)
class Progress:
    """Tells whoever watches: a day begins, a part of its work begins, a day is done."""

    begin: Callable[[Step], None]
    tell: Tell
    done: Callable[[Step], None]


class Year:
    """The year of one company in one home."""

    def __init__(self, company: Company, runner: Runner, settings: Settings) -> None:
        self.company = company
        self.files = year_files(company)
        self.steps = steps()
        self.completions: list[PlantedFile] = []
        self._runner = runner
        self._inbox = Path(str(fsspec.core.url_to_fs(settings.folder_uri("inbox"))[1]))
        self._kept = settings.home.absolute() / "demo" / "completions"

    def run(self, progress: Progress) -> Outcome:
        """Run what is left of the year; all of it at once more when nothing is left."""
        knowledge_base.write_files(self.company)
        with engine.connect("owner") as connection:
            row = connection.execute(statement("demo", "frozen_at")).fetchone()
        frozen_at: datetime | None = row["frozen_at"] if row else None
        if frozen_at is not None and frozen_at >= self.steps[-1].moment:
            self._repeat(progress)
            return "repeated"
        left = [step for step in self.steps if frozen_at is None or step.moment >= frozen_at]
        for step in left:
            progress.begin(step)
            self._live(step, progress.tell)
            progress.done(step)
        self._load_completions()
        return "new" if len(left) == len(self.steps) else "resumed"

    def _live(self, step: Step, tell: Tell) -> None:
        with engine.connect("owner") as connection:
            clock.freeze(connection, step.moment)
        tell("files")
        is_next_on_this_day = step.number > 0 and self.steps[step.number - 1].on == step.on
        files = () if is_next_on_this_day else self.files.get(step.on, ())
        arrived = [*files, *self._completions(step)]
        self._drop(arrived, step)
        self._respond(step, tell)
        forms = {work: _FORMS[work](self.company) for work in step.forms}
        self._runner.run(step.work, tell, plans=_has_classes(arrived), forms=forms)

    def _respond(self, step: Step, tell: Tell) -> None:
        """Let people follow the links of the mails they have got so far."""
        rounds = {code: number for code, number in step.answers.items() if not is_exported(self.company, code)}
        if not rounds and not step.acts:
            return
        tell("answers")
        with self._runner.browser() as browser:
            people = Respondents(self.company, self._runner.letters(), browser)
            for code, number in rounds.items():
                people.evaluate(code, number)
            for act in step.acts:
                script, _, argument = act.partition(":")
                if script in _ACTORS:
                    actors = _ACTORS[script](self.company, self._runner.letters(), browser)
                    getattr(actors, argument)()
                else:
                    getattr(people, script)(*filter(None, [argument]))

    def _completions(self, step: Step) -> list[PlantedFile]:
        """Return the outside tool's list of who answered, of the classes that are evaluated with it."""
        answers = {code: number for code, number in step.answers.items() if is_exported(self.company, code)}
        if not answers:
            return []
        name = f"完成名单_{step.number:02d}_{step.on.isoformat()}.csv"
        path = self._kept / name
        file = completions(self.company, answers, self._runner.letters(), name) if not path.exists() else None
        if file is not None:
            # Links die when a wave closes: an interrupted day takes the list that was made, not a new one.
            self._kept.mkdir(parents=True, exist_ok=True)
            _write(path, file.content)
            return [file]
        return [PlantedFile("survey_completions", name, path.read_bytes())]

    def _load_completions(self) -> None:
        self.completions = [
            PlantedFile("survey_completions", path.name, path.read_bytes()) for path in sorted(self._kept.glob("*.csv"))
        ]

    def _repeat(self, progress: Progress) -> None:
        """Offer every file of the year again: the same bytes change nothing and mail nobody."""
        self._load_completions()
        last = self.steps[-1]
        progress.begin(last)
        for step in self.steps:
            kept = [one for one in self.completions if one.name.endswith(f"{step.on.isoformat()}.csv")]
            self._drop([*self.files.get(step.on, ()), *kept], step)
        self._runner.run(FULL, progress.tell, plans=False, forms={})
        progress.done(last)

    def _drop(self, files: Iterable[PlantedFile], step: Step) -> None:
        for number, file in enumerate(files):
            folder = self._inbox / file.dataset
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / file.name
            _write(path, file.content)
            moment = (step.moment - _AGO + timedelta(seconds=number)).timestamp()
            os.utime(path, (moment, moment))
            if file.kind == "data":
                # The copy that was under way has its real name now.
                path.with_name(f"{file.name}.part").unlink(missing_ok=True)


def _has_classes(files: Iterable[PlantedFile]) -> bool:
    return any(file.dataset == "class_sessions" for file in files)


def _write(path: Path, content: bytes) -> None:
    """Write a file under its name only when it is whole."""
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    draft.replace(path)
