"""Class sessions 班次: who counts as having been there."""

from __future__ import annotations

# Attendance of any slot with one of these words makes a person an attendee: only attendees are surveyed (R22).
ATTENDED_STATUSES: tuple[str, ...] = ("present", "late", "early")
# Who is asked when no attendance came.
EXPECTED_STATUSES: tuple[str, ...] = ("confirmed",)
