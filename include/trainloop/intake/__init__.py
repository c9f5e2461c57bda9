"""Intake: find files, read them as they are, land them, cast them, put them through the gate, merge what passed."""
