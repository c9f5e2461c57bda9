"""Mails to those who run the loop: gaps, expired mail, failed tasks. Ids and counts only, gathered into one mail."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Any

from trainloop.config import Locale
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement
from trainloop.yaml_text import read_yaml

LISTED = 20
KIND_NAMES: dict[str, dict[Locale, str]] = {
    "survey_invitation": {"zh-CN": "问卷邀请", "en": "Survey invitations"},
    "survey_reminder": {"zh-CN": "问卷提醒", "en": "Survey reminders"},
    "survey_without_attendance": {"zh-CN": "缺少签到通知", "en": "Notices of missing attendance"},
    "evaluation_report": {"zh-CN": "培训效果分析报告", "en": "Training effect reports"},
    "action_plan_report": {"zh-CN": "30 天行动计划报告", "en": "30-day Action Plan Reports"},
    "monthly_results": {"zh-CN": "月度成果汇报", "en": "Monthly results"},
    "commitment_request": {"zh-CN": "待办请求", "en": "Requests"},
    "commitment_reminder": {"zh-CN": "待办提醒", "en": "Reminders of requests"},
    "commitment_digest": {"zh-CN": "待办跟进清单", "en": "Lists of what is owed"},
    "weekly_digest": {"zh-CN": "培训周报", "en": "Weekly digests"},
    "approval_request": {"zh-CN": "审批请求", "en": "Requests for approval"},
    "approval_reminder": {"zh-CN": "审批提醒", "en": "Reminders of approvals"},
    "annual_needs_report": {"zh-CN": "年度培训需求分析报告", "en": "Annual needs reports"},
    "trainer_needs": {"zh-CN": "培训需求摘录", "en": "Extracts of needs"},
    "pulse_result": {"zh-CN": "季度满意度调研结果", "en": "Results of quarterly pulses"},
    "performance_report": {"zh-CN": "训后 90 天绩效报告", "en": "90-day performance reports"},
    "training_review": {"zh-CN": "年度培训复盘报告", "en": "Annual training reviews"},
    "department_review": {"zh-CN": "年度培训复盘部门摘录", "en": "Extracts of training reviews"},
    "vendor_scores": {"zh-CN": "供应商评分卡", "en": "Vendor scorecards"},
    "budget_status": {"zh-CN": "培训预算状况", "en": "States of budgets"},
    "assessment_feedback": {"zh-CN": "360 度反馈（仅本人）", "en": "Private 360 feedback"},
    "competency_result": {"zh-CN": "胜任力测评结果（仅本人）", "en": "Private competency results"},
    "team_competency_results": {"zh-CN": "团队胜任力测评结果", "en": "Competency results of teams"},
    "cohort_brief": {"zh-CN": "新任管理者课程简报", "en": "Briefs on new managers"},
    "raters_missing": {"zh-CN": "缺少评价人通知", "en": "Notices of missing raters"},
    "class_changed": {"zh-CN": "班次变更通知", "en": "Corrections of classes"},
    "class_desk": {"zh-CN": "签到表链接", "en": "Links of sign-in sheets"},
    "class_log": {"zh-CN": "班级日志", "en": "Class logs"},
    "login_guide": {"zh-CN": "登录指南", "en": "Login guides"},
    "platform_alert": {"zh-CN": "平台检查告警", "en": "Alarms of platform checks"},
    "seat_offer": {"zh-CN": "候补名额通知", "en": "Offers of seats"},
    "readiness_problems": {"zh-CN": "开课准备问题", "en": "Readiness problems"},
    "readiness_digest": {"zh-CN": "开课准备清单", "en": "Readiness lists"},
    "course_materials": {"zh-CN": "课前资料", "en": "Course materials"},
    "case_invitation": {"zh-CN": "案例征集", "en": "Invitations to tell a case"},
    "case_decided": {"zh-CN": "案例审批结果", "en": "Decisions on cases"},
    "plan_digest": {"zh-CN": "行动计划周报", "en": "Weekly digests of action plans"},
    "plan_check_in": {"zh-CN": "30 天回顾", "en": "30-day check-ins"},
    "team_plan_digest": {"zh-CN": "团队行动计划周报", "en": "Managers' weekly digests of action plans"},
    "prework_reminder": {"zh-CN": "预习提醒", "en": "Pre-work reminders"},
    "question_digest": {"zh-CN": "学员提问汇总", "en": "Digests of questions"},
    "dispute_news": {"zh-CN": "课程分歧进展", "en": "News of course disputes"},
    "dispute_pack": {"zh-CN": "需求澄清会材料", "en": "Clarification packs"},
    "pilot_report": {"zh-CN": "试点报告", "en": "Pilot reports"},
    "agreed_plan": {"zh-CN": "商定方案", "en": "Agreed plans"},
    "run_sheet": {"zh-CN": "班次执行单", "en": "Run sheets"},
    "asset_tasks": {"zh-CN": "知识资产待办", "en": "Tasks about assets"},
    "knowledge_digest": {"zh-CN": "知识库清单", "en": "Lists of the knowledge base"},
    "trainer_steps": {"zh-CN": "内部讲师培养提醒", "en": "Steps of internal trainers"},
    "trainer_pipeline": {"zh-CN": "内部讲师培养清单", "en": "Lists of internal trainers"},
    "allowance_statement": {"zh-CN": "课时津贴通知", "en": "Statements of allowances"},
    "allowance_problems": {"zh-CN": "无法计算的课时津贴", "en": "Allowances that cannot be computed"},
    "payroll_file": {"zh-CN": "课时津贴发放文件", "en": "Payroll files"},
    "trainer_award": {"zh-CN": "年度优秀培训师评审材料", "en": "Trainer award packs"},
    "trainer_workshops": {"zh-CN": "培训师工作坊建议", "en": "Suggestions of workshops"},
    "trainer_thanks": {"zh-CN": "培训师感谢信", "en": "Thank-you mails to trainers"},
    "trainer_pulse_result": {"zh-CN": "培训师年度调研结果", "en": "Results of trainer pulses"},
    "growth_digest": {"zh-CN": "培训师成长清单", "en": "Lists of trainer growth"},
    "promotion_points": {"zh-CN": "晋升积分通知", "en": "Notices of promotion points"},
    "promotion_list": {"zh-CN": "晋升建议清单", "en": "Advisory promotion lists"},
    "certificate_ending": {"zh-CN": "证书到期提醒", "en": "Certificates that end"},
    "appeal_answered": {"zh-CN": "积分申诉答复", "en": "Answers to appeals"},
    "quarantined_rows": {"zh-CN": "数据更正请求", "en": "Requests to correct rows"},
    "file_refused": {"zh-CN": "文件未接收通知", "en": "Notices of refused files"},
    "audit_gaps": {"zh-CN": "对账差异", "en": "Reconciliation gaps"},
    "mail_backlog_expired": {"zh-CN": "过期邮件通知", "en": "Notices of expired mail"},
    "incident_digest": {"zh-CN": "任务失败告警", "en": "Alerts of failed tasks"},
}
_INCIDENT = ("dag_id", "task_id", "error_type", "run_id")
_LINE = {"zh-CN": "{name}：{count} 封", "en": "{name}: {count}"}


def mail_backlog_expired(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what expired and was not told before, by kind."""
    rows = connection.execute(statement("outbox", "untold_expired")).fetchall()
    total = sum(row["notice_count"] for row in rows)
    if total == 0:
        return {due.notice_id: Unwritable("resolved") for due in notices}
    return {
        due.notice_id: Content({
            "total_count": total,
            "lines": [
                _LINE[due.locale].format(name=KIND_NAMES[row["kind"]][due.locale], count=row["notice_count"])
                for row in rows
            ],
        })
        for due in notices
    }


def incident_digest(_connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return one incident each; the composer merges a recipient's incidents with `merge_incidents`."""
    return {
        due.notice_id: Content({
            "incidents": [_incident(due.facts, due.locale)],
            "log_url": due.facts.get("log_url", ""),
        })
        for due in notices
    }


def merge_incidents(contents: Sequence[Content]) -> Content:
    """Return one section's content for any number of incidents: the first ones listed, all counted."""
    incidents = [line for content in contents for line in content.context["incidents"]]
    return Content({
        "count": len(incidents),
        "incidents": incidents[:LISTED],
        "more_count": max(0, len(incidents) - LISTED),
        "log_url": next((url for content in contents if (url := content.context["log_url"])), ""),
    })


def _incident(facts: Mapping[str, str], locale: Locale) -> str:
    """Return where it failed, of what, and what to do, our own types and others in both languages."""
    words = _words("incident_remedies")[locale]
    error_type = facts.get("error_type", "")
    known = words["types"].get(error_type) or words["natures"][facts.get("nature", "foreign")]
    # An alert that was planned by an earlier release may name a type this one does not have.
    own = facts.get("remedy", "")
    if own and locale == "zh-CN":
        own = _words("own_remedies.zh-CN").get(error_type) or words["english"].format(remedy=own)
    told = {key: facts.get(key, "?") for key in _INCIDENT}
    between = "" if locale == "zh-CN" else " "
    line: str = words["line"].format(**told, remedy=f"{known}{between}{own}".strip())
    return line


@functools.cache
def _words(file: str) -> dict[str, Any]:
    path = resources.files("trainloop.outbox").joinpath("templates", f"{file}.yaml")
    words: dict[str, Any] = read_yaml(path.read_text("utf-8"))
    return words


def audit_gaps(_connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the gaps the reconciliation found; its sentences are in the notice's facts in both languages."""
    return {
        due.notice_id: Content({
            "day": day_text(date.fromisoformat(due.subject_id), due.locale),
            "gap_count": due.facts.get("gap_count", len(due.facts.get("gaps", ()))),
            "gaps": [gap["zh" if due.locale == "zh-CN" else "en"] for gap in due.facts.get("gaps", ())][:LISTED],
        })
        for due in notices
    }
