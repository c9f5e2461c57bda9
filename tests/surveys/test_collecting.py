"""All survey sources in one go: one that fails is named and asked again, and the others are read all the same."""

from __future__ import annotations

import pytest

from trainloop.errors import PermanentError, TransientError
from trainloop.surveys import collecting, sources
from trainloop.surveys.collecting import SourcesFailedError, collect_survey_responses, failures, raise_failures


class DownError(TransientError):
    """The tool {name} is down: 张三 said 'no'."""


class RefusedError(PermanentError):
    """The tool refused."""


class Sources:
    """Stands in for the sources: what each raises or returns, in the order in which it is asked."""

    def __init__(self, **told: list[object]) -> None:
        self.told = told
        self.asked: list[str] = []

    def __call__(self, name: str) -> dict[str, object]:
        self.asked.append(name)
        said = self.told[name].pop(0)
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, dict)
        return said


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MODULES", dict.fromkeys(("forms", "exports", "limesurvey"), ""))


@pytest.mark.usefixtures("three")
def test_a_failing_source_stops_no_other_and_is_named_without_its_words() -> None:
    """The run is red at the end; what the error says may quote an answer and is kept nowhere."""
    pick = Sources(
        forms=[RefusedError()],
        exports=[{"changed_count": 2, "file_ids": [7]}],
        limesurvey=[{"changed_count": 3, "file_ids": [8]}],
    )
    counts = collect_survey_responses(pick)
    assert (counts["changed_count"], counts["file_ids"]) == (5, [7, 8])
    assert counts["failed_sources"] == {"forms": "RefusedError"}
    assert failures(counts) == ["forms (RefusedError)"]
    with pytest.raises(SourcesFailedError, match=r"forms \(RefusedError\)") as raised:
        raise_failures(failures(counts))
    assert "refused" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.usefixtures("three")
def test_a_failure_that_passes_is_tried_once_more_after_the_others() -> None:
    """A restarting tool costs nothing; one that stays down is asked twice, not for ever."""
    pick = Sources(
        forms=[DownError(name="forms"), {"changed_count": 1}],
        exports=[{"changed_count": 0}],
        limesurvey=[DownError(name="x"), DownError(name="x")],
    )
    counts = collect_survey_responses(pick)
    assert pick.asked == ["forms", "exports", "limesurvey", "forms", "limesurvey"]
    assert counts["changed_count"] == 1
    assert counts["failed_sources"] == {"limesurvey": "DownError"}


@pytest.mark.usefixtures("three")
def test_nothing_failed_raises_nothing() -> None:
    """A quiet run is green."""
    pick = Sources(forms=[{}], exports=[{}], limesurvey=[{}])
    counts = collect_survey_responses(pick)
    assert failures(counts) == []
    raise_failures(failures(counts))


def test_every_source_of_the_site_file_can_be_loaded() -> None:
    """A name in the registry is a module with `collect`."""
    for name in sources.MODULES:
        assert callable(sources.load_source(name).collect)
