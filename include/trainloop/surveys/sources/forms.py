"""Our own forms: what the service stored moves from its spool into `confidential`, named forms into core.

Who has answered is known without asking: the service marks an invitation in the commit that stores its form. A wave's
anonymous and confidential forms wait until so many are there that a new answer hides among others; the close of a wave
takes what is left in its own commit, so nothing depends on this being run in time.
"""

from __future__ import annotations

from typing import Any

from trainloop import faults
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement


def collect() -> dict[str, Any]:
    """Take what may be taken, one commit per wave; return counts: forms_taken, waves_taken, changed_count."""
    taken = []
    with engine.connect("intake", autocommit=True) as connection:
        for row in connection.execute(statement("forms", "waves_to_take")).fetchall():
            with connection.transaction():
                found = connection.execute(statement("forms", "take"), {"wave_code": row["wave_code"]}).fetchone()
                assert found is not None
                faults.point("forms.take.before_commit")
            faults.point("forms.take.after_commit")
            taken.append(int(found["taken_count"]))
    return {
        "forms_taken": sum(taken),
        "waves_taken": sum(count > 0 for count in taken),
        "changed_count": sum(taken),
    }
