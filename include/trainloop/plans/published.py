"""What releases about plans are called: products, subjects and units, for whoever writes or reads them."""

from __future__ import annotations

from typing import Final

CLASS_PRODUCT: Final = "action_plans_30d"
CLASS_SUBJECT: Final = "class_session"
CLASS_UNIT: Final = "class"
MONTH_PRODUCT: Final = "monthly_results"
MONTH_SUBJECT: Final = "month"
MONTH_UNIT: Final = "all"
DEPARTMENT: Final = "department:"
COURSE: Final = "course:"
