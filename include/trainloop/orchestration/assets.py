"""Assets: what changed in the warehouse, so that the DAG that needs it starts at once.

A dataset's asset is emitted only when rows changed. A task would emit its outlets always, so the emitting tasks have
an alias as outlet and add the assets that apply. `evaluation_closed` and `performance_due` are partitioned: their key
is the session code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, Final

from airflow.sdk import Asset, AssetAlias, get_current_context

# Answers of outside survey tools: their contract is derived from the instrument, there is no YAML of that name.
SURVEY_EXPORTS: Final = "survey_exports"


def dataset_names() -> tuple[str, ...]:
    """Return the names of all datasets with a contract: the file names, since a parse must not read the files."""
    folder = resources.files("trainloop.contracts")
    return tuple(sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")))


DATASETS: Final[dict[str, Asset]] = {
    name: Asset(name, group="dataset") for name in sorted({*dataset_names(), SURVEY_EXPORTS})
}
CHANGED_DATASETS: Final = AssetAlias("changed_datasets", group="dataset")
CLASS_SESSIONS: Final = DATASETS["class_sessions"]

NOTICES_PLANNED: Final = Asset("notices_planned", group="mail")
PLANNED_NOTICES: Final = AssetAlias("planned_notices", group="mail")

EVALUATION_CLOSED: Final = Asset("evaluation_closed", group="class_session")
ACTION_PLANS_DUE: Final = Asset("action_plans_due", group="class_session")
PERFORMANCE_DUE: Final = Asset("performance_due", group="class_session")


def announce_changes(datasets: Iterable[str]) -> None:
    """Emit the assets of the changed datasets; the task has the outlet CHANGED_DATASETS."""
    events = get_current_context()["outlet_events"][CHANGED_DATASETS]
    for name in datasets:
        events.add(DATASETS[name])


def announce_notices(counts: Mapping[str, Any]) -> None:
    """Wake `deliver_mail` when the entry point planned notices; the task has the outlet PLANNED_NOTICES."""
    if counts["notices_planned"]:
        get_current_context()["outlet_events"][PLANNED_NOTICES].add(NOTICES_PLANNED)


def announce_sessions(session_codes: Iterable[str], event: Asset = EVALUATION_CLOSED) -> None:
    """Start one report run per class session; the task has the partition event as its outlet."""
    get_current_context()["outlet_events"][event].add_partitions(list(session_codes))
