"""The closed set of DAG tags: where in the lifecycle a DAG works, and what it does that people should know."""

from __future__ import annotations

from typing import Final

STAGE_NEEDS: Final = "stage:needs"
STAGE_RESOURCES: Final = "stage:resources"
STAGE_DELIVERY: Final = "stage:delivery"
STAGE_TRANSFER: Final = "stage:transfer"
STAGE_TRAINERS: Final = "stage:trainers"
STAGE_PLATFORM: Final = "stage:platform"
SENDS_MAIL: Final = "sends-mail"
MAKES_PDF: Final = "makes-pdf"
NEEDS_APPROVAL: Final = "needs-approval"

STAGES: Final = frozenset({
    STAGE_NEEDS,
    STAGE_RESOURCES,
    STAGE_DELIVERY,
    STAGE_TRANSFER,
    STAGE_TRAINERS,
    STAGE_PLATFORM,
})
EFFECTS: Final = frozenset({SENDS_MAIL, MAKES_PDF, NEEDS_APPROVAL})
"""Every DAG carries exactly one stage and any number of effects."""
