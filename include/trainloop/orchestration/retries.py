"""One retry policy for all tasks: whether a retry can help is in the type of the error."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from trainloop.errors import PermanentError, TransientError

RETRIES: Final = 3
RETRY_DELAY: Final = timedelta(seconds=30)

# An error of neither type is a fault of ours or of a library: Airflow's ordinary retries apply.
RETRY_POLICY: Final = ExceptionRetryPolicy(
    rules=[
        RetryRule(PermanentError, RetryAction.FAIL, reason="A retry cannot mend this; a person has to act."),
        RetryRule(TransientError, RetryAction.RETRY, retry_delay=RETRY_DELAY, reason="This passes by itself."),
    ]
)
