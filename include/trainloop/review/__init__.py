"""The annual training review: scorecards of courses, figures of the year, findings that seed next year's needs."""
