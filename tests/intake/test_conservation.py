"""The law of conservation, for any file: rows in = accepted + unchanged + quarantined + parked + refused."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.conftest import Inbox

SESSIONS = st.sampled_from(["2026-C001", "2026-C002", " 2026-C001 ", "２０２６-C001", "NOBODY", "", "x" * 60])
PEOPLE = st.sampled_from(["E0001", "E0002", "e0001", "Ｅ0003", "E9999", "", "#N/A", "6.22202E+15"])
STATUSES = st.sampled_from(["出勤", "present", "PRESENT ", "迟到", "来了", "", "0"])
TIMES = st.sampled_from(["2026-03-05 09:00", "2026/3/5 9:00", "25点", "", "46086.375", "2026-03-05 17:00"])
ROW = st.tuples(SESSIONS, PEOPLE, STATUSES, TIMES, TIMES)
ODD = st.one_of(st.just(()), st.lists(st.text("a,\"'\n；0１ ", max_size=4), max_size=7).map(tuple))
FILES = st.lists(st.one_of(ROW, ROW, ROW, ODD), min_size=1, max_size=14)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=FILES, encoding=st.sampled_from(["utf-8", "utf-16", "gb18030"]), delimiter=st.sampled_from([",", ";", "\t"])
)
@pytest.mark.slow
def test_no_row_of_any_file_is_lost_or_counted_twice(
    classes: Inbox, rows: list[tuple[str, ...]], encoding: str, delimiter: str
) -> None:
    """Whatever stands in the cells: no crash, every row with a value is somewhere, exactly once."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(["班次编码", "工号", "出勤状态", "签到时间", "签退时间"])
    writer.writerows(rows)
    before = len(classes.rows("select from ops.inbox_files"))
    classes.take("attendance", f"{before}.csv", buffer.getvalue().encode(encoding))
    file = classes.last_file("attendance")
    filled = sum(any(cell.strip(" \t\r\n\u3000") for cell in row[:5]) for row in rows)
    if len(classes.rows("select from ops.inbox_files")) == before:
        return  # the same bytes again
    if file["state"] == "refused":
        assert filled == 0
        return
    assert file["row_count"] == filled
    kept = classes.rows(
        """select (select count(*) from ops.quarantined_rows where file_id = %s) as quarantined,
        (select count(*) from ops.parked_rows where file_id = %s) as parked""",
        file["file_id"],
        file["file_id"],
    )[0]
    assert kept == {"quarantined": file["quarantined_count"], "parked": file["parked_count"]}
    unexplained = classes.rows(
        """select from ops.quarantined_rows as old where file_id = %s and not exists (
        select from ops.quarantine_reasons as why where why.quarantined_row_id = old.quarantined_row_id)""",
        file["file_id"],
    )
    assert not unexplained
