"""Internal trainers in the making: one whose stage is overdue, one trial judged by a single assessor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from trainloop.demo.company import Company
from trainloop.demo.tables import PlantedFile, Table, csv_bytes

ARRIVE_ON = date(2026, 10, 9)
TOPICS = {"overdue": "T-NEG", "half_judged": "T-DATA"}
STAGE_WORDS = {"nominated": "提名", "mentored": "导师辅导", "micro_course": "微课", "trial": "试讲"}


def candidates(company: Company) -> dict[str, str]:
    """Return who is what: the candidate whose stage is overdue, the one with half a verdict."""
    people = [one.employee_id for one in company.employees if one.level == "P6" and one.department_code == "D130"]
    return dict(zip(TOPICS, people, strict=False))


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the stages and the marks with the day they arrive."""
    people = candidates(company)
    mentor = next(one.employee_id for one in company.employees if one.department_code == "D130" and one.level == "M3")
    stages = Table({
        "employee_id": "候选人工号",
        "topic_code": "培训主题",
        "stage": "培养阶段",
        "reached_on": "阶段日期",
        "mentor_id": "导师",
    })

    def reach(person: str, topic: str, stage: str, on: date) -> int:
        word = STAGE_WORDS[stage]
        return stages.add(employee_id=person, topic_code=topic, stage=word, reached_on=on, mentor_id=mentor)

    reach(people["overdue"], TOPICS["overdue"], "nominated", date(2026, 8, 3))
    path = (date(2026, 6, 1), date(2026, 6, 20), date(2026, 8, 1), date(2026, 9, 25))
    for stage, day in zip(STAGE_WORDS, path, strict=True):
        reach(people["half_judged"], TOPICS["half_judged"], stage, day)
    skipped = reach(company.spare[1], TOPICS["half_judged"], "trial", date(2026, 9, 1))
    stages.note(skipped, "wrong_order", "stage")
    content = csv_bytes(stages, "gb18030")
    yield ARRIVE_ON, PlantedFile("trainer_candidates", "内部讲师培养.csv", content, len(stages.rows), stages.bad())
    marks = Table({
        "employee_id": "候选人工号",
        "topic_code": "培训主题",
        "stage": "评审环节",
        "criterion_code": "评分项",
        "assessor_id": "评委工号",
        "score": "得分",
        "assessed_on": "评审日期",
    })
    for criterion in ("structure", "delivery"):
        marks.add(
            employee_id=people["half_judged"],
            topic_code=TOPICS["half_judged"],
            stage="试讲",
            criterion_code=criterion,
            assessor_id=mentor,
            score=4,
            assessed_on=date(2026, 9, 26),
        )
    yield ARRIVE_ON, PlantedFile("trainer_assessments", "内部讲师评审.csv", csv_bytes(marks), len(marks.rows))
