"""The files of the needs stage as they arrive in autumn: goals, topics, results, interviews, the heads' word.

Faults are planted in extra rows, so that the truth of the verdicts does not depend on the dirt.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import NormalDist

from trainloop.demo.company import Company
from trainloop.demo.needs_truth import Indicator, Topic, needs
from trainloop.demo.people import Employee
from trainloop.demo.tables import PlantedFile, Table, csv_bytes, full_width, xlsx_bytes

QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
ARRIVE_ON = date(2026, 10, 9)
CONFIRMED_ON = date(2026, 11, 24)
# One head answers after the first report: the analysis is revised.
INDICATORS_ON = date(2026, 1, 5)
LATE_WORD, LATE_ON = ("T-NEG", "D210"), date(2026, 11, 26)
LEADERSHIP, REQUIRED_LEVEL = "people_leadership", 4.0
CAUSE_WORDS = {"skill": "技能", "tool": "工具", "process": "流程", "motivation": "动力"}
_NORMAL = NormalDist()
# How far single people lie from their group's gap, in parts of the target.
_SPREAD = 0.05


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the files of the needs stage with the day each arrives."""
    # Indicators are master data: what classes are measured by is known before the first of them.
    yield INDICATORS_ON, _indicators()
    people = company.on(ARRIVE_ON)
    for file in (
        _goals(),
        _topics(),
        _interview_plan(company),
        _interviews(company),
        _results(people),
        _requirements(),
        _assessments(people),
    ):
        yield ARRIVE_ON, file
    yield CONFIRMED_ON, _confirmations(company)
    yield LATE_ON, _late_confirmation(company)


def _indicators() -> PlantedFile:
    headers = {
        "kpi_code": "指标编码",
        "name_zh": "指标名称",
        "name_en": "英文名称",
        "direction": "方向",
        "unit": "单位",
        "rate_basis": "比率基数",
        "rate_per": "比率每",
        "unit_value_amount": "每单位价值",
        "margin_pct": "毛利率",
        "value_owner": "价值认定部门",
        "value_source": "价值依据",
    }
    table = Table(headers)
    for one in needs().indicators:
        table.add(
            kpi_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            direction={"higher": "越高越好", "lower": "越低越好"}[one.direction],
            unit=one.unit,
            rate_basis=one.basis or None,
            rate_per=one.rate_per,
            unit_value_amount=one.value or None,
            margin_pct=one.margin_pct or None,
            value_owner=one.value_owner or None,
            value_source=one.value_source or None,
        )
    return PlantedFile("kpi_definitions", "指标库.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _goals() -> PlantedFile:
    """The strategy paper's table: a title, percent signs, one weight in words."""
    year = needs().plan_year
    headers = {
        "year": "年度",
        "goal_code": "目标编码",
        "name_zh": "战略目标",
        "name_en": "英文名称",
        "kpi_code": "衡量指标",
        "target_value": "目标值",
        "weight_pct": "权重",
        "owner_name": "负责人",
    }
    table = Table(headers, titles=(f"{year} 年战略目标",))
    for one in needs().goals:
        table.add(
            year=year,
            goal_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            kpi_code=one.kpi_code,
            target_value=one.target,
            weight_pct=f"{one.weight}%",
            owner_name="战略委员会",
        )
    wrong = table.add(**table.rows[0] | {"goal_code": "G-BRAND"})
    table.spoil(wrong, "wrong_type", weight_pct="一成")
    content = xlsx_bytes(table, "战略目标")
    return PlantedFile("strategy_goals", f"战略目标_{year}.xlsx", content, len(table.rows), table.bad())


def _topics() -> PlantedFile:
    headers = {
        "topic_code": "主题编码",
        "name_zh": "培训主题",
        "name_en": "英文名称",
        "competency_code": "胜任力编码",
        "goal_code": "战略目标编码",
        "kpi_code": "绩效指标",
        "target_families": "适用序列",
        "target_levels": "适用层级",
        "deadline_on": "完成期限",
        "estimated_cost_amount": "预计费用",
    }
    table = Table(headers)
    for one in needs().topics:
        table.add(
            topic_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            competency_code=one.competency or None,
            goal_code=one.goal or None,
            kpi_code=one.kpi or None,
            target_families="、".join(one.families) or None,
            target_levels="，".join(one.levels) or None,
            deadline_on=f"{one.deadline.year}年{one.deadline.month}月{one.deadline.day}日",
            estimated_cost_amount=full_width(f"{one.cost}"),
        )
    return PlantedFile("training_topics", "培训主题库.csv", csv_bytes(table, "utf-16", "\t"), len(table.rows))


def _operating(company: Company) -> list[str]:
    return [one.code for one in company.departments if one.code not in {"D000", "D100", "D200"}]


def _interviewers(company: Company) -> list[str]:
    return [one.employee_id for one in company.on(ARRIVE_ON) if one.department_code == "D160"][1:4]


def _interview_plan(company: Company) -> PlantedFile:
    headers = {
        "department_code": "部门编码",
        "year": "年度",
        "interviewee_id": "受访人工号",
        "interviewer_id": "访谈人工号",
        "due_on": "截止日期",
    }
    table = Table(headers)
    interviewers = _interviewers(company)
    heads = {one.code: one.head_id for one in company.departments}
    for number, code in enumerate(_operating(company)):
        table.add(
            department_code=code,
            year=needs().plan_year,
            interviewee_id=heads[code],
            interviewer_id=interviewers[number % len(interviewers)],
            due_on=date(2026, 11, 13),
        )
    return PlantedFile("interview_plan", f"业务访谈计划_{needs().plan_year}.csv", csv_bytes(table), len(table.rows))


def _interviews(company: Company) -> PlantedFile:
    """What departments said: each names what hurts it, most of all the topics whose heads confirm a gap later."""
    headers = {
        "interview_id": "访谈编号",
        "department_code": "部门编码",
        "interviewer_id": "访谈人",
        "interviewed_on": "访谈日期",
        "pain_point": "业务痛点",
        "topic_code": "培训主题",
        "severity": "严重程度",
        "quote": "原话",
    }
    table = Table(headers)
    interviewers = _interviewers(company)
    done = [code for code in _operating(company) if code not in needs().interviews_missing]
    for number, code in enumerate(done):
        named = [one for one in needs().topics if code in one.heads] or [_topic("T-LEAD")]
        for place, topic in enumerate([*named, _topic("T-LEAD")] if number % 2 else named):
            quotes = needs().quotes.get(topic.code, ("",))
            table.add(
                interview_id=f"I2026-{number:02d}{place}",
                department_code=code,
                interviewer_id=interviewers[number % len(interviewers)],
                interviewed_on=date(2026, 9, 14) + timedelta(days=number),
                pain_point=f"{topic.name_zh}方面的问题",
                topic_code=topic.code,
                severity=3 if topic.gap_pct is None or topic.gap_pct < 10 else 4 + number % 2,
                quote=quotes[number % len(quotes)] or None,
            )
    wrong = table.add(**table.rows[0] | {"interview_id": "I2026-990"})
    table.spoil(wrong, "out_of_range", severity=6)
    wrong = table.add(**table.rows[0] | {"interview_id": "I2026-991"})
    table.spoil(wrong, "missing_value", pain_point=None)
    content = xlsx_bytes(table, "访谈记录", formats={"interviewed_on": "yyyy/m/d"})
    return PlantedFile("business_interviews", "业务访谈记录.xlsx", content, len(table.rows), table.bad())


def _topic(code: str) -> Topic:
    return next(one for one in needs().topics if one.code == code)


def _results(people: Sequence[Employee]) -> PlantedFile:
    """Four quarters of results; who misses the target says why, four times out of five."""
    headers = {
        "employee_id": "工号",
        "period": "考核周期",
        "kpi_code": "绩效指标",
        "target_value": "目标值",
        "actual_value": "实际值",
        "rating": "绩效等级",
        "cause": "差距原因",
    }
    table = Table(headers)
    indicators = {one.code: one for one in needs().indicators}
    for topic in needs().topics:
        if topic.kpi and topic.gap_pct is not None:
            _add_results(table, topic, indicators[topic.kpi], [one for one in people if topic.is_for(one)])
    wrong = table.add(**table.rows[0] | {"period": "2026Q3"})
    table.rows[wrong]["period"] = "2026年三季度"
    table.note(wrong, "wrong_pattern", "period")
    wrong = table.add(**table.rows[0] | {"period": "2026Q4"})
    table.spoil(wrong, "not_allowed", cause="天气")
    content = csv_bytes(table, "gb18030")
    return PlantedFile("performance_reviews", "绩效数据_2026Q3.csv", content, len(table.rows), table.bad())


def _add_results(table: Table, topic: Topic, indicator: Indicator, group: Sequence[Employee]) -> None:
    draw = random.Random(f"results {topic.code}")
    places = list(range(len(group)))
    for quarter in QUARTERS:
        draw.shuffle(places)
        for person, place in zip(group, places, strict=True):
            # Evenly spaced quantiles in random order: the group's mean is the planted gap whatever its size.
            apart = _SPREAD * _NORMAL.inv_cdf((place + 0.5) / len(group))
            gap = (topic.gap_pct or 0) / 100 + apart
            missed = indicator.target * gap
            actual = indicator.target - missed if indicator.direction == "higher" else indicator.target + missed
            tells = gap > 0 and topic.cause is not None and draw.random() < 0.8
            table.add(
                employee_id=person.employee_id,
                period=quarter,
                kpi_code=indicator.code,
                target_value=f"{indicator.target:g}",
                actual_value=f"{actual:.4f}",
                rating="C" if gap > 0.2 else "B" if gap > 0 else "A",
                cause=CAUSE_WORDS[topic.cause] if tells and topic.cause else None,
            )


def _requirements() -> PlantedFile:
    headers = {
        "job_family": "序列",
        "job_level": "层级",
        "competency_code": "胜任力编码",
        "name_zh": "胜任力名称",
        "name_en": "英文名称",
        "required_level": "要求等级",
        "weight": "权重",
    }
    table = Table(headers)
    for family in ("sales", "service", "engineering", "operations", "finance", "hr", "management"):
        table.add(
            job_family=family,
            job_level="M1",
            competency_code=LEADERSHIP,
            name_zh="带人领导力",
            name_en="Leading people",
            required_level=f"{REQUIRED_LEVEL:g}",
            weight="1",
        )
    return PlantedFile("competency_requirements", "胜任力模型.csv", csv_bytes(table, delimiter=";"), len(table.rows))


def _assessments(people: Sequence[Employee]) -> PlantedFile:
    """Managers rate their team leads below what is required; the leads rate themselves higher."""
    headers = {
        "employee_id": "工号",
        "competency_code": "胜任力编码",
        "assessed_on": "测评日期",
        "self_level": "自评等级",
        "manager_level": "上级评价",
        "test_score": "测验得分",
    }
    topic = _topic("T-LEAD")
    group = [one for one in people if topic.is_for(one)]
    mean = REQUIRED_LEVEL * (1 - (topic.gap_pct or 0) / 100)
    table = Table(headers)
    for number, person in enumerate(group):
        level = mean + 0.2 * (number % 3 - 1)
        table.add(
            employee_id=person.employee_id,
            competency_code=LEADERSHIP,
            assessed_on=date(2026, 9, 21),
            self_level=f"{min(5.0, level + 0.6):.1f}",
            manager_level=f"{level:.1f}",
            test_score=None,
        )
    wrong = table.add(**table.rows[0] | {"assessed_on": date(2026, 9, 22)})
    table.spoil(wrong, "out_of_range", manager_level="7.0")
    content = xlsx_bytes(table, "测评", formats={"assessed_on": "yyyy-mm-dd"})
    return PlantedFile("competency_assessments", "胜任力测评.xlsx", content, len(table.rows), table.bad())


CONFIRMATION_HEADERS = {
    "year": "年度",
    "topic_code": "主题编码",
    "department_code": "部门编码",
    "is_confirmed": "是否确认",
    "confirmed_by": "确认人",
    "confirmed_on": "确认日期",
    "cause": "差距原因",
    "override_verdict": "改判",
    "override_reason": "改判理由",
    "override_by": "改判人",
}


def _late_confirmation(company: Company) -> PlantedFile:
    names = {one.employee_id: one.name for one in company.employees}
    topic_code, code = LATE_WORD
    table = Table(CONFIRMATION_HEADERS)
    table.add(
        year=needs().plan_year,
        topic_code=topic_code,
        department_code=code,
        is_confirmed="是",
        confirmed_by=next(names[one.head_id] for one in company.departments if one.code == code),
        confirmed_on=LATE_ON,
        cause=CAUSE_WORDS["skill"],
    )
    return PlantedFile("need_confirmations", "需求确认_补充.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _confirmations(company: Company) -> PlantedFile:
    """The heads' word on each topic; HR overrides one verdict with reason and name, and once forgets the reason."""
    names = {one.employee_id: one.name for one in company.employees}
    heads = {one.code: names[one.head_id] for one in company.departments}
    table = Table(CONFIRMATION_HEADERS)
    for topic in needs().topics:
        for place, code in enumerate(topic.heads):
            if (topic.code, code) == LATE_WORD:
                continue
            is_overridden = topic.override is not None and place == 0
            table.add(
                year=needs().plan_year,
                topic_code=topic.code,
                department_code=code,
                is_confirmed="是",
                confirmed_by=heads[code],
                confirmed_on=date(2026, 11, 20),
                cause=CAUSE_WORDS[topic.cause] if topic.cause else None,
                override_verdict="有效" if is_overridden else None,
                override_reason=topic.override_reason if is_overridden else None,
                override_by=heads["D160"] if is_overridden else None,
            )
    table.add(
        year=needs().plan_year,
        topic_code="T-PROJ",
        department_code="D230",
        is_confirmed="否",
        confirmed_by=heads["D230"],
        confirmed_on=date(2026, 11, 20),
    )
    wrong = table.add(
        **table.rows[0] | {"department_code": "D110", "override_verdict": "有效", "override_by": heads["D160"]}
    )
    table.note(wrong, "row_rule:valid_has_reason", "override_reason")
    content = xlsx_bytes(table, "需求确认", formats={"confirmed_on": "yyyy-mm-dd"})
    return PlantedFile("need_confirmations", "需求确认表.xlsx", content, len(table.rows), table.bad())
