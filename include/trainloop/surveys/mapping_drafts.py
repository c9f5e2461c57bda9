"""Drafts of mapping files: what a tool's export of one of our instruments looks like when it was set up word for word.

A person copies the draft into the inbox and corrects what differs in their tool. The four shapes: 问卷星 (wide XLSX,
question numbers), LimeSurvey (CSV, full texts and answer codes), Microsoft Forms and Google Forms (CSV, wordings).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import yaml

from trainloop.domain.survey import WAVE_PREFIXES
from trainloop.errors import PermanentError
from trainloop.surveys.instrument import Instrument, load_instrument
from trainloop.surveys.limesurvey_form import NOT_APPLICABLE_CODE, codes_of
from trainloop.surveys.mapping import read_mapping

Tool = Literal["wjx", "limesurvey", "microsoft_forms", "google_forms"]
TOOLS: tuple[Tool, ...] = get_args(Tool)
_HEADS: dict[Tool, dict[str, Any]] = {
    "wjx": {
        "external_id": "序号",
        "submitted_at": "提交答卷时间",
        "ignore": ["所用时间", "来源", "来源详情", "来自IP", "来自", "昵称", "微信昵称", "总分"],
        "blank": ["(空)", "(跳过)", "-3"],
    },
    "limesurvey": {
        "external_id": "Response ID",
        "partial": {"column": "Date submitted", "is_blank": True},
        "ignore": [
            "Last page",
            "Start language",
            "Seed",
            "Date started",
            "Date last action",
            "IP address",
            "Referrer URL",
        ],
    },
    "microsoft_forms": {
        "external_id": "ID",
        "submitted_at": "Completion time",
        "separator": ";",
        "ignore": ["Start time", "Email", "Name", "Last modified time"],
    },
    # Google Forms numbers nothing: the time to the second stands for the answer sheet. Two in one second are held back.
    "google_forms": {
        "external_id": "Timestamp",
        "separator": ", ",
        "ignore": ["Email Address", "Username", "Score"],
    },
}
_TOKENS: dict[Tool, str] = {
    "wjx": "自定义参数", "limesurvey": "Access code", "microsoft_forms": "token", "google_forms": "token",
}  # fmt: skip
_ENDINGS: dict[Tool, str] = {"wjx": "xlsx", "limesurvey": "csv", "microsoft_forms": "csv", "google_forms": "csv"}


class NoMappingError(PermanentError):
    """Answers to {instrument} carry names, so no export of a tool is read. They are given in the own forms only."""


def draft_mapping(tool: Tool, instrument_code: str) -> str:
    """Return the text of a mapping file; raise InstrumentUnknownError or NoMappingError when there can be none."""
    instrument = load_instrument(instrument_code)
    if instrument.anonymity == "named":
        raise NoMappingError(instrument=instrument_code)
    prefix = WAVE_PREFIXES[instrument_code]
    content: dict[str, Any] = {
        "name": f"{tool}_{instrument_code}",
        "file_patterns": [f"{tool}_{prefix}-*.{_ENDINGS[tool]}"],
        "instrument": instrument_code,
        "wave": {"file_name": f"(?P<wave>{prefix}-[A-Za-z0-9_.-]*[A-Za-z0-9])"},
        **_HEADS[tool],
    }
    if instrument.anonymity == "confidential":
        content["token"] = _TOKENS[tool]
    content |= _questions(tool, instrument)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
    read_mapping(text)
    title = f"{instrument.title_zh} · {instrument.title_en}"
    return f"# {title}: {tool}. Put it into <inbox>/survey_exports/mappings/ when it fits your export.\n{text}"


def _questions(tool: Tool, instrument: Instrument) -> dict[str, Any]:
    """Return how columns and words are known: by number for 问卷星, by codes for LimeSurvey, else by wording alone."""
    if tool == "wjx":
        return {"items": {item.code: {"number": number} for number, item in enumerate(instrument.items, 1)}}
    if tool != "limesurvey":
        return {}
    words = {
        code: {option: [word] for option, word in options.items()}
        for code, options in codes_of(instrument).options.items()
    }
    return {"words": words, "not_applicable": [NOT_APPLICABLE_CODE, "Not applicable"]}
