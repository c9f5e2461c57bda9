"""Named points at which a test may kill the process.

Every commit and every foreign call of intake, reporting and delivery has a point before and after it. In production
the environment variable is unset and a point costs one dictionary look-up. The differential kill test
(`tests/faults/`) runs the product once per point and compares the warehouse with an undisturbed run.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "TRAINLOOP_FAULT_POINT"


def point(name: str) -> None:
    """Kill this process with SIGKILL when the environment names this point."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
