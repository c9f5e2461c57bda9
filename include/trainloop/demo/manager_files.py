"""Who rates the new managers: HR names raters for some of them, the reporting line decides for the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from trainloop.demo.company import Company
from trainloop.demo.surveys_truth import surveys
from trainloop.demo.tables import PlantedFile, Table, csv_bytes

ARRIVE_ON = date(2026, 9, 30)
GROUP_WORDS = {"self": "本人", "manager": "上级", "peer": "同级", "report": "下属"}


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the list of raters with the day it arrives; one row names a group that there is not."""
    table = Table({"employee_id": "被评价人工号", "rater_id": "评价人工号", "rater_group": "评价组"})
    people = {one.employee_id: one for one in company.on(ARRIVE_ON) if one.left_on is None}
    chosen = surveys().new_managers.nominated
    for subject in (people[one] for one in company.promotions if people[one].department_code in chosen):
        peers = [one for one in people.values() if one.manager_id == subject.manager_id and one.level == "M1"]
        reports = [one for one in people.values() if one.manager_id == subject.employee_id]
        raters = [("self", subject.employee_id), ("manager", subject.manager_id)]
        raters += [("peer", one.employee_id) for one in peers if one is not subject][:4]
        raters += [("report", one.employee_id) for one in reports][:6]
        for group, rater_id in raters:
            table.add(employee_id=subject.employee_id, rater_id=rater_id, rater_group=GROUP_WORDS[group])
    wrong = table.add(**table.rows[-1] | {"rater_id": company.spare[9]})
    table.spoil(wrong, "not_allowed", rater_group="邻居")
    content = csv_bytes(table)
    yield ARRIVE_ON, PlantedFile("rater_nominations", "360评价人名单.csv", content, len(table.rows), table.bad())
