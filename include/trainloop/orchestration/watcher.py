"""A leaf that makes a run red.

The state of a run is the state of its leaves: behind a leaf with the rule ALL_DONE a failed task would stay unseen.
"""

from __future__ import annotations

from airflow.sdk import TriggerRule, task

from trainloop.errors import PermanentError


class UpstreamFailedError(PermanentError):
    """A task of this run failed. Its own log says why; clear it when that is mended."""


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0, on_failure_callback=None)
def fail_the_run() -> None:
    """Fail when any task before this one failed; skipped (and free) otherwise."""
    raise UpstreamFailedError
