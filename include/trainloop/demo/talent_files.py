"""The files behind promotion: the catalogue of certificates, who holds one, what a level asks for, the appraisals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from trainloop.demo.company import Company
from trainloop.demo.tables import PlantedFile, Table, csv_bytes, xlsx_bytes
from trainloop.demo.talent_truth import talent

Dated = tuple[date, PlantedFile]
ARRIVE_ON = date(2026, 6, 12)
# Before the quarters that next year's needs look at.
APPRAISED = "2025Q3"


def files(company: Company) -> Iterator[Dated]:
    """Yield the files with the day each arrives."""
    days = sorted({one.arrives_on or ARRIVE_ON for one in talent().certificates.values()})
    for day in days:
        yield day, _catalogue(day)
    yield ARRIVE_ON, _rules()
    yield ARRIVE_ON, _certifications(company)
    yield ARRIVE_ON, _appraisals(company)
    yield talent().renewal.arrives_on, _renewal(company)


def _catalogue(day: date) -> PlantedFile:
    table = Table({"certificate_code": "证书编码", "name_zh": "证书名称", "name_en": "英文名称", "issuer": "发证机构"})
    for code, one in talent().certificates.items():
        if (one.arrives_on or ARRIVE_ON) == day:
            table.add(certificate_code=code, name_zh=one.zh, name_en=one.en, issuer=one.issuer)
    return PlantedFile("certificates", f"证书目录_{day:%m%d}.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _rules() -> PlantedFile:
    """What each level asks for; one row leads to the level one is on."""
    truth = talent().rules
    table = Table({
        "job_family": "岗位序列",
        "job_level": "现层级",
        "valid_from": "生效日期",
        "next_level": "目标层级",
        "certificate_code": "所需证书",
        "required_points": "所需加分",
        "months_in_level": "在级月数",
    })
    for family, points in truth.points.items():
        for level, following in truth.levels.items():
            table.add(
                job_family=family,
                job_level=level,
                valid_from=truth.valid_from,
                next_level=following,
                certificate_code=truth.certificate,
                required_points=points,
                months_in_level=truth.months,
            )
    circle = table.add(**table.rows[0] | {"job_family": "hr", "next_level": table.rows[0]["job_level"]})
    table.note(circle, "row_rule:next_is_another", "next_level")
    content = xlsx_bytes(table, "晋升条件", formats={"valid_from": "yyyy/m/d"})
    return PlantedFile("promotion_rules", "晋升条件_2026.xlsx", content, len(table.rows), table.bad())


def _certifications(company: Company) -> PlantedFile:
    """Who passed what; one row expires before it was passed, one waits for its certificate."""
    table = Table({
        "employee_id": "工号",
        "certificate_code": "证书编码",
        "passed_on": "取得日期",
        "expires_on": "有效期至",
        "certificate_no": "证书编号",
        "is_revoked": "已撤销",
    })
    for place, one in enumerate(talent().people):
        table.add(
            employee_id=one.person(company),
            certificate_code=one.certificate,
            passed_on=one.passed_on,
            expires_on=one.expires_on,
            certificate_no=one.number or f"C2-{place + 200:04d}",
            is_revoked="是" if one.is_revoked else "否",
        )
    early = {"certificate_code": talent().rules.certificate, "certificate_no": "C2-0900", "is_revoked": "否"}
    wrong = table.add(employee_id=company.spare[2], passed_on="2026-03-10", expires_on="2025-03-10", **early)
    table.note(wrong, "row_rule:expires_after_passed", "expires_on")
    late = sum(talent().certificates[one.certificate].arrives_on is not None for one in talent().people)
    return PlantedFile(
        "certifications", "员工证书.csv", csv_bytes(table, "gb18030"), len(table.rows), table.bad(), parked=late
    )


def _renewal(company: Company) -> PlantedFile:
    """The certificates of autumn: who passed again."""
    one = talent().renewal
    table = Table({
        "employee_id": "工号",
        "certificate_code": "证书编码",
        "passed_on": "取得日期",
        "expires_on": "有效期至",
        "certificate_no": "证书编号",
    })
    table.add(
        employee_id=one.person(company),
        certificate_code=one.certificate,
        passed_on=one.passed_on,
        expires_on=one.expires_on,
        certificate_no="C2-1001",
    )
    return PlantedFile("certifications", "员工证书_第四季度.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _appraisals(company: Company) -> PlantedFile:
    """The last appraisal of everybody who may be looked at."""
    table = Table({
        "employee_id": "工号",
        "period": "考核周期",
        "kpi_code": "绩效指标",
        "target_value": "目标值",
        "actual_value": "实际值",
        "rating": "绩效等级",
    })
    for one in talent().people:
        table.add(
            employee_id=one.person(company),
            period=APPRAISED,
            kpi_code="complaint_rate",
            target_value="8",
            actual_value="8",
            rating=one.rating,
        )
    return PlantedFile("performance_reviews", f"绩效等级_{APPRAISED}.csv", csv_bytes(table), len(table.rows))
