"""Where people answer, behind one interface: the own forms, LimeSurvey, exported files of any tool.

A source is a module of this package with one function, `collect`. Nothing behind it knows which source an answer came
through: all of them end in `confidential` (named forms in core) and in the flag `is_used` of an invitation.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final, Protocol

from trainloop.config.surveys import Source

# Counts and ids only: they go into logs and XCom. Numbers of the same name are added up, lists put together.
Counts = Mapping[str, Any]


class SurveySource(Protocol):
    """What every source offers."""

    def collect(self) -> Counts:
        """Take in what people answered since the last time; return counts and ids, `changed_count` among them.

        Runs again whenever it was interrupted, and changes nothing then. Raises what it cannot do: a TransientError
        when trying again helps. Other sources never notice.
        """


# In this order: what hangs on another machine comes last. Modules are imported when they are asked.
MODULES: Final[Mapping[Source, str]] = {
    "forms": f"{__name__}.forms",
    "exports": f"{__name__}.exports",
    "limesurvey": f"{__name__}.limesurvey",
}


def load_source(name: Source) -> SurveySource:
    """Return a source by its name in the site file."""
    return importlib.import_module(MODULES[name])
