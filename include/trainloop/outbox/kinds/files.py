"""The PDF of a report for one reader: the newest of a revision, in the reader's language or the company's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.outbox.kinds.content import StoredFile
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

FILE_NAMES: Mapping[str, Mapping[Locale, str]] = {
    "annual_needs": {"zh-CN": "年度培训需求分析报告", "en": "Annual training needs report"},
    "trainer_award": {"zh-CN": "年度优秀培训师评审材料", "en": "Trainer award pack"},
    "training_review": {"zh-CN": "年度培训复盘报告", "en": "Annual Training Review"},
    "department_review": {"zh-CN": "年度培训复盘部门摘录", "en": "Annual Training Review, extract"},
    "vendor_scores": {"zh-CN": "供应商评分卡", "en": "Vendor scorecard"},
    "action_plans_30d": {"zh-CN": "30天行动计划报告", "en": "30-day Action Plan Report"},
    "monthly_results": {"zh-CN": "月度成果汇报", "en": "Monthly results"},
    "dispute_pack": {"zh-CN": "需求澄清会材料", "en": "Clarification pack"},
    "pilot_report": {"zh-CN": "试点报告", "en": "Pilot report"},
    "agreed_plan": {"zh-CN": "商定方案", "en": "Agreed plan"},
    "performance_90d": {"zh-CN": "训后90天绩效报告", "en": "90-day Performance Report"},
    "class_log": {"zh-CN": "班次日志", "en": "Class log"},
    "promotion_list": {"zh-CN": "晋升参考名单", "en": "Promotion advisory list"},
    "run_sheet": {"zh-CN": "班次执行单", "en": "Run sheet"},
    "trainer_needs": {"zh-CN": "培训需求摘录", "en": "Training needs extract"},
}


def printed_locale(locale: Locale) -> Locale:
    """Return the language in which a reader's PDF is printed: their own where the site prints it."""
    company = get_site().company
    if locale in company.report_locales:
        return locale
    return company.locale if company.locale in company.report_locales else company.report_locales[0]


def report_file(
    connection: Connection, report: str, subject: Mapping[str, Any], audience: str, locale: Locale, *, note: str = ""
) -> StoredFile | None:
    """Return the PDF of a subject's revision (keys subject_kind, subject_id, revision_number), if it is rendered."""
    keys = {name: subject[name] for name in ("subject_kind", "subject_id", "revision_number")}
    row = connection.execute(
        statement("outbox", "report_file"),
        keys | {"kind": report, "audience": audience, "locale": printed_locale(locale)},
    ).fetchone()
    if row is None:
        return None
    # A colon is no part of a file's name everywhere.
    about = str(subject["subject_id"]).replace(":", " ")
    name = f"{FILE_NAMES[report][row['locale']]} {about} v{subject['revision_number']}{note}.pdf"
    return StoredFile(name, "application/pdf", row["uri"], row["pdf_sha256"])


def payroll_file(row: Mapping[str, Any], locale: Locale, *, note: str = "") -> StoredFile:
    """Return the payroll CSV of a batch (a row of the statement `batches`)."""
    title = "课时津贴" if locale == "zh-CN" else "Allowances"
    name = f"{title} {row['month']} r{row['revision_number']}{note}.csv"
    return StoredFile(name, "text/csv", row["uri"], row["file_sha256"])


def payroll_draft(connection: Connection, asked: Mapping[str, Any], locale: Locale) -> tuple[StoredFile, ...]:
    """Return the payroll CSV that an approval is about, named as the draft it is before the decision."""
    keys = {"month": asked["subject_id"], "revision_number": asked["revision_number"]}
    row = connection.execute(statement("allowances", "batches"), keys).fetchone()
    assert row is not None
    return (payroll_file(row, locale, note="（待批）" if locale == "zh-CN" else " (draft)"),)


def draft_files(
    connection: Connection, report: str, subject: Mapping[str, Any], locale: Locale
) -> tuple[StoredFile, ...]:
    """Return HR's version of a report, named as the draft it is before the decision."""
    note = "（草稿）" if printed_locale(locale) == "zh-CN" else " (draft)"
    file = report_file(connection, report, subject, "hr", locale, note=note)
    return (file,) if file else ()
