"""Before and during the class: readiness, groups, materials, pre-work, questions, run sheets, and the class day."""
