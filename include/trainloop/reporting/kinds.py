"""The kinds of report there are: one class of view each. How to add one stands in the docstring of the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trainloop.reporting.action_plans_view import PlanReportView
from trainloop.reporting.assessment_view import AssessmentView
from trainloop.reporting.award_view import AwardView
from trainloop.reporting.class_log_view import ClassLogView
from trainloop.reporting.department_review import DepartmentReviewView
from trainloop.reporting.dispute_view import AgreedPlanView, PackView, PilotReportView
from trainloop.reporting.document import Document
from trainloop.reporting.monthly_view import MonthlyView
from trainloop.reporting.needs_model import NeedsView, TrainerNeedsView
from trainloop.reporting.performance_view import PerformanceView
from trainloop.reporting.promotion_view import PromotionView
from trainloop.reporting.review_view import ReviewView
from trainloop.reporting.run_sheet import RunSheetView
from trainloop.reporting.vendor_view import VendorView
from trainloop.reporting.view import ReportView

KINDS: Mapping[str, type[Document]] = {
    view.kind: view
    for view in (
        ReportView,
        NeedsView,
        TrainerNeedsView,
        AssessmentView,
        RunSheetView,
        VendorView,
        ReviewView,
        DepartmentReviewView,
        ClassLogView,
        PlanReportView,
        MonthlyView,
        PackView,
        PilotReportView,
        AgreedPlanView,
        PerformanceView,
        AwardView,
        PromotionView,
    )
}


def write_document(view: Document) -> bytes:
    """Return a view as one line for the process that draws."""
    return json.dumps({"kind": view.kind, "view": view.model_dump(mode="json")}).encode()


def read_document(line: bytes) -> Document:
    """Return the view of one line; raises KeyError for a kind that is not listed."""
    content: dict[str, Any] = json.loads(line)
    return KINDS[content["kind"]].model_validate(content["view"])
