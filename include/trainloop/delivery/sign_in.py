"""Sign-in sheets 签到表 (R22): the class manager's own page, opened before the class, handed in as a file of the inbox.

The page writes `forms.sign_in_entries`; a slot is a day of the class. What is complete, or whose day is over, becomes a
file of the dataset `attendance` and goes through the same gate as every file; a correction is another file. Where no
class manager is named, or the named one has left, HR holds the sheet.
"""

from __future__ import annotations

from trainloop.config import get_site
from trainloop.delivery.hand_in import hand_in_file
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

DATASET = "attendance"
COLUMNS = ("session_code", "employee_id", "slot", "status", "method")


def open_desks(connection: Connection, scan: Scan) -> dict[str, int]:
    """Open the sheets of classes that begin soon and mail their links; return opened, notices."""
    site = get_site()
    contacts = list(site.contacts_of("hr"))
    keys = {
        "now": scan.real_now,
        "today": scan.real_today,
        "contact": contacts[0] if contacts else "hr",
        "contacts": contacts,
        "hours_before": site.class_days.desk_hours_before,
        "urgent_hours": site.class_days.urgent_hours,
    }
    opened = connection.execute(statement("class_days", "open_desks"), keys).rowcount
    return {
        "opened": opened,
        "notices": connection.execute(statement("class_days", "plan_desk_notices"), keys).rowcount,
    }


def hand_in(connection: Connection, scan: Scan) -> int:
    """Write what the sheets say and no file does yet into the inbox, one file per class; return the files written.

    The version of an entry stands in the file, so that a correction back to an earlier word is another file.
    """
    rows = connection.execute(
        statement("class_days", "sign_ins_to_hand_in"), {"now": scan.real_now, "zone": get_site().company.timezone}
    ).fetchall()
    for code in sorted({row["session_code"] for row in rows}):
        hand_in_file(
            DATASET,
            f"sign-in-{code}",
            COLUMNS,
            [row | {"method": f"sign-in sheet v{row['version']}"} for row in rows if row["session_code"] == code],
        )
    if rows:
        connection.execute(
            statement("class_days", "mark_sign_ins"),
            {name: [row[name] for row in rows] for name in ("session_code", "employee_id", "slot", "version")},
        )
    return len({row["session_code"] for row in rows})
