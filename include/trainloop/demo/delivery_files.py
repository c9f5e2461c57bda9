"""The files of resources and delivery: vendors, knowledge, money, bookings, and what happens before and in class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from trainloop.demo import knowledge_base
from trainloop.demo.company import Company
from trainloop.demo.delivery_truth import delivery
from trainloop.demo.tables import PlantedFile, Table, csv_bytes, xlsx_bytes

Dated = tuple[date, PlantedFile]
VENDOR_KINDS = {"consultancy": "咨询公司", "practitioner": "实战专家", "platform": "在线平台"}
BOOKING = {
    "session_code": "班次编号",
    "kind": "资源类型",
    "item_code": "资源编码",
    "due_on": "确认期限",
    "confirmed_on": "确认日期",
    "cancelled_on": "取消日期",
    "cost_amount": "费用",
    "owner_id": "负责人",
}
ARRIVE_ON = date(2026, 1, 5)
# Each list of costs comes before the reports it belongs to.
COSTS_ARRIVE = {"01-26": ("2026-C002",), "04-27": ("2026-C004",), "06-23": ("2026-C007", "2026-C008")}
APRIL, JUNE = date(2026, 4, 2), date(2026, 5, 28)


def files(company: Company) -> Iterator[Dated]:
    """Yield the files of resources and delivery with the day each arrives."""
    yield ARRIVE_ON, _vendors()
    yield ARRIVE_ON, _ratings(company)
    yield ARRIVE_ON, knowledge_base.catalogue(company)
    renewed = delivery().knowledge.renewed
    yield renewed.arrives_on, knowledge_base.renewal(company)
    yield APRIL, _budgets(company)
    for day, codes in COSTS_ARRIVE.items():
        yield date.fromisoformat(f"2026-{day}"), _costs(day, codes)
    yield APRIL, _bookings(company, ("2026-C004", "2026-C005", "2026-C006"), "资源预订_四月.csv")
    yield delivery().double_booked.corrected_on, _corrected_booking(company)
    yield JUNE, _bookings(company, ("2026-C007", "2026-C008"), "资源预订_六月.csv")
    yield from _before_class(company)


def _coordinator(company: Company) -> str:
    """Return who books rooms: the class manager of every class."""
    return next(one.employee_id for one in company.employees if one.department_code == "D160" and one.level == "M1")


def _vendors() -> PlantedFile:
    table = Table({
        "vendor_code": "供应商编码",
        "name_zh": "公司名称",
        "name_en": "英文名称",
        "kind": "供应商类型",
        "industries": "擅长行业",
        "licence_no": "课程授权编号",
        "licence_expires_on": "授权有效期",
    })
    for one in (*delivery().vendors, delivery().unrated):
        table.add(
            vendor_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            kind=VENDOR_KINDS[one.kind],
            industries=one.industries,
            licence_no=one.licence_no,
            licence_expires_on=one.licence_expires_on,
        )
    wrong = table.add(**table.rows[0] | {"vendor_code": "V090"})
    table.spoil(wrong, "not_allowed", kind="亲戚")
    content = xlsx_bytes(table, "供应商", formats={"licence_expires_on": "yyyy年m月d日"})
    return PlantedFile("vendors", "供应商名录.xlsx", content, len(table.rows), table.bad())


def _ratings(company: Company) -> PlantedFile:
    """Each rater's mark of a vendor, spread over the criteria so that their weighted mean is the planted one."""
    table = Table({
        "vendor_code": "供应商",
        "criterion_code": "评分维度",
        "rater_id": "评委工号",
        "score": "得分",
        "weight": "权重",
        "evidence": "评分依据",
        "rated_on": "评分日期",
    })
    raters = [one.employee_id for one in company.employees if one.level == "M1"][:3]
    for vendor in (*delivery().vendors, delivery().unrated):
        for rater_id, score in zip(raters, vendor.scores, strict=False):
            for code, weight in delivery().criteria.items():
                table.add(
                    vendor_code=vendor.code,
                    criterion_code=code,
                    rater_id=rater_id,
                    score=score,
                    weight=str(weight),
                    evidence="现场评审",
                    rated_on=date(2025, 12, 18),
                )
    wrong = table.add(**table.rows[0] | {"rater_id": company.spare[0]})
    table.spoil(wrong, "out_of_range", score=120)
    return PlantedFile("vendor_ratings", "供应商评分.csv", csv_bytes(table, "gb18030"), len(table.rows), table.bad())


def _budgets(company: Company) -> PlantedFile:
    table = Table({
        "budget_code": "预算编号",
        "name": "预算项目",
        "year": "年度",
        "department_code": "归口部门",
        "planned_amount": "年度预算",
        "committed_amount": "已签合同",
        "actual_amount": "实际支出",
        "currency": "币种",
        "owner_id": "预算负责人",
    })
    for one in delivery().budgets:
        table.add(
            budget_code=one.code,
            name=one.name,
            year=2026,
            department_code="D160",
            planned_amount=f"{int(one.planned):,}",
            committed_amount=f"{int(one.committed):,}",
            actual_amount=f"{int(one.actual):,}",
            currency="CNY",
            owner_id=_coordinator(company),
        )
    return PlantedFile("budgets", "2026培训预算.csv", csv_bytes(table), len(table.rows))


def _costs(day: str, codes: tuple[str, ...]) -> PlantedFile:
    table = Table({"session_code": "班次", "category": "费用类别", "amount": "金额", "currency": "币种"})
    words = {"design": "课程开发", "delivery": "授课费", "materials": "资料费", "venue": "场地费"}
    words |= {"travel": "差旅费", "other": "其他"}
    for code in codes:
        for category, amount in delivery().costs[code].items():
            table.add(session_code=code, category=words[category], amount=amount, currency="CNY")
    wrong = table.add(session_code=codes[0], category="其他", amount="五百", currency="CNY")
    table.note(wrong, "wrong_type", "amount")
    return PlantedFile(
        "session_costs", f"班次成本_{day}.csv", csv_bytes(table, "gb18030"), len(table.rows), table.bad()
    )


def _bookings(company: Company, codes: tuple[str, ...], name: str) -> PlantedFile:
    table = Table(BOOKING)
    doubled, unconfirmed = delivery().double_booked, delivery().unconfirmed
    for code in codes:
        session = company.session(code)
        held_on = session.announced_for or session.held_on
        due_on = held_on - timedelta(days=10)
        room = doubled.room if code == doubled.classes[0] else session.venue
        wanted = [("直播", "ZOOM-1")] if session.mode == "online" else [("场地", room), ("设备", f"投影-{code[-1]}")]
        for kind, item in (*wanted, ("茶歇", None)) if session.mode != "online" else wanted:
            is_open = code == unconfirmed.session and kind == "茶歇"
            table.add(
                session_code=code,
                kind=kind,
                item_code=item,
                due_on=due_on,
                confirmed_on=None if is_open else due_on - timedelta(days=6),
                cost_amount="1500.00",
                owner_id=_coordinator(company),
            )
    return PlantedFile("resource_bookings", name, csv_bytes(table), len(table.rows), table.bad())


def _corrected_booking(company: Company) -> PlantedFile:
    """The class that was to share a room gives it up and gets one of its own."""
    doubled = delivery().double_booked
    table = Table(BOOKING)
    day = doubled.corrected_on
    cells = {"session_code": doubled.classes[0], "kind": "场地", "cost_amount": "1500.00"}
    table.add(**cells, item_code=doubled.room, due_on=day, cancelled_on=day, owner_id=_coordinator(company))
    table.add(**cells, item_code=doubled.room_instead, due_on=day, confirmed_on=day, owner_id=_coordinator(company))
    return PlantedFile("resource_bookings", "资源预订_更正.csv", csv_bytes(table), len(table.rows))


def _before_class(company: Company) -> Iterator[Dated]:
    """Pre-work done in the learning platform, questions of the learners, checks of the online platform."""
    moved = company.session(delivery().moved)
    learners = company.learners[moved.code]
    done = Table({
        "session_code": "班次",
        "employee_id": "学员工号",
        "asset_code": "预习资料",
        "event": "进度",
        "happened_at": "完成时间",
    })
    asset = knowledge_base.prework_of(moved.course_code)
    for number, employee_id in enumerate(learners[: delivery().finished_prework]):
        when = datetime(2026, 6, 6, 19, number)  # noqa: DTZ001 - local time of the platform
        done.add(session_code=moved.code, employee_id=employee_id, asset_code=asset, event="已完成", happened_at=when)
    yield (
        date(2026, 6, 8),
        PlantedFile("prework_events", "预习进度_C007.csv", csv_bytes(done, "gb18030"), len(done.rows)),
    )
    asked = Table({
        "question_id": "编号",
        "session_code": "班次",
        "employee_id": "学员工号",
        "question": "问题内容",
        "asked_on": "日期",
    })
    for number, text in enumerate(delivery().questions, start=1):
        asked.add(
            question_id=f"Q2026-{number:03d}",
            session_code=moved.code,
            employee_id=learners[-number],
            question=text,
            asked_on=date(2026, 6, 5),
        )
    yield date(2026, 6, 8), PlantedFile("learner_questions", "学员提问_C007.csv", csv_bytes(asked), len(asked.rows))
    failed = delivery().failed_check
    for session_code, moment, broken in (
        ("2026-C006", "2026-04-15 09:00", ""),
        (failed.session, "2026-06-10 09:30", failed.check),
        (failed.session, "2026-06-11 06:40", ""),
    ):
        checked_at = datetime.fromisoformat(moment)
        yield checked_at.date(), _checks(session_code, checked_at, broken)


def _checks(session_code: str, checked_at: datetime, broken: str) -> PlantedFile:
    table = Table({
        "session_code": "班次",
        "checked_at": "检测时间",
        "check_code": "检查项目",
        "value": "检查值",
        "is_ok": "结果",
    })
    for check in ("network", "audio", "video", "accounts"):
        table.add(
            session_code=session_code,
            checked_at=checked_at,
            check_code=check,
            value="无声" if check == broken else "正常",
            is_ok="否" if check == broken else "是",
        )
    name = f"平台检查_{checked_at:%m%d}.csv"
    return PlantedFile("platform_checks", name, csv_bytes(table), len(table.rows))
