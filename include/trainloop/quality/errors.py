"""What keeps the quality layer from giving a verdict. Each of them blocks: data that were not judged do not pass."""

from __future__ import annotations

from trainloop.errors import PermanentError


class ValidationNotRunError(PermanentError):
    """The checks {checks} of suite {suite} could not run ({detail}). Nothing was let through.

    Correct the contract or the check's SQL, then run again.
    """


class VerdictsDisagreeError(PermanentError):
    """Check {check} of suite {suite} failed in Great Expectations but no row fails it in PostgreSQL.

    Nothing was let through. Report the check: its expectation and its condition must say the same.
    """


class StagingIncompleteError(PermanentError):
    """Staging holds {found} rows of file {file_id}, intake read {expected}. Nothing was let through; run it again."""


class CheckFileInvalidError(PermanentError):
    """sql/checks/{name}.sql has no complete header: {detail}. Every check says there what it checks and why."""


class FindingUnknownError(PermanentError):
    """Intake found {rule} in column {column} of file {file_id}, which contract {dataset} does not declare.

    Nothing was let through.
    """
