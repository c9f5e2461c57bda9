"""The run-time contract of one survey export: the head columns, and one column per item of the instrument.

Scales and choices become `choice` columns whose words are the anchors in both languages and the tool's own, so that
casting, checks, quarantine and its plain words are those of every other dataset. A file that cannot be one is refused
with the reason: no mapping, several, or questions that are not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainloop.contracts import Contract, load_contract
from trainloop.contracts.model import word_key
from trainloop.domain.survey import NOT_APPLICABLE
from trainloop.intake.refusal import FileRefusedError
from trainloop.surveys.choices import CHOSEN, NO, NOT_CHOSEN, YES, option_column, option_headers, option_words
from trainloop.surveys.instrument import Instrument, Item, Option, load_instrument
from trainloop.surveys.limesurvey_form import Codes, mapping_of, survey_of
from trainloop.surveys.mapping import Mapping, mappings_in_inbox
from trainloop.surveys.options import instrument_now
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

DATASET = "survey_exports"
# A word by which a tool says that a question was passed over: no answer, and no error.
SKIPPED = "skipped"
MARKER = "completion_marker"
TOKEN = "respondent_token"  # noqa: S105 - a column's name
SUBMITTED = "submitted_at"


def refused(rule: str, zh: str, en: str) -> FileRefusedError:
    """Return the refusal of a whole export, in words of its own."""
    return FileRefusedError.because(rule, zh, en)


def choose_mapping(file_name: str) -> Mapping:
    """Return the one mapping for a file of this name; raise FileRefusedError when there is none, or are several."""
    pulled = pulled_mapping(file_name)
    if pulled is not None:
        return pulled
    mappings, broken = mappings_in_inbox()
    fitting = [one for one in mappings if one.is_for(file_name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(one.name for one in fitting)
        raise refused(
            "several_mappings",
            f"文件「{file_name}」同时符合多个映射（{names}）。请修改映射文件中的 file_patterns，使其只符合一个。",
            f"{file_name} fits several mappings ({names}). Make their file_patterns tell them apart.",
        )
    detail = "; ".join(f"{name}: {error}" for name, error in broken.items())
    raise refused(
        "no_mapping",
        f"没有适用于文件「{file_name}」的映射。请在 survey_exports/mappings 中添加后重新上传。"
        + (f"以下映射无法读取：{detail}" if detail else ""),
        f"No mapping is for {file_name}. Add one to survey_exports/mappings and drop the file again."
        + (f" These mappings cannot be read: {detail}" if detail else ""),
    )


def pulled_mapping(file_name: str) -> Mapping | None:
    """Return the mapping of a file that our own pull from LimeSurvey has put into the inbox; None for every other."""
    survey_id = survey_of(file_name)
    if survey_id is None:
        return None
    with engine.connect("intake") as connection:
        row = connection.execute(statement("limesurvey", "survey"), {"survey_id": survey_id}).fetchone()
    if row is None:
        return None
    codes = Codes(row["questions"]["items"], row["questions"]["options"])
    return mapping_of(row["wave_code"], load_instrument(row["instrument_code"]), codes, survey_id)


def item_column(item: Item) -> str:
    """Return the contract column of an item; the prefix keeps items apart from the head columns."""
    return f"item_{item.code}"


def peek_contract(mapping: Mapping) -> Contract:
    """Return a contract that demands nothing and knows enough headers to tell which row of a file is the header."""
    instrument = load_instrument(mapping.instrument)
    spellings: dict[str, list[str]] = {}
    for item in mapping.asked_items(instrument):
        source = mapping.source(item)
        numbers = [f"{source.number}", f"Q{source.number}"] if source.number else []
        wordings = [source.header] if source.header else [item.zh, item.en]
        spellings[item_column(item)] = [*wordings, *(f"{one}{wording}" for one in numbers for wording in wordings)]
    columns = [
        {"name": name, "zh": texts[0], "en": texts[0], "aliases": texts[1:], "type": "text", "example": "x"}
        for name, texts in spellings.items()
    ]
    return _contract([*_head_columns(mapping, wave_code="x", is_strict=False), *columns], {})


def export_contract(mapping: Mapping, file_name: str, texts: Sequence[str] | None) -> Contract:
    """Return the contract of one file; `texts` are its headers, None for rows that were landed before.

    Raises FileRefusedError naming the questions whose column is missing or ambiguous, or a wave that nobody names.
    """
    instrument = instrument_now(mapping.instrument)
    wave_code = mapping.wave.of_file(file_name)
    if wave_code is None and mapping.wave.column is None:
        raise refused(
            "no_wave",
            f"文件名「{file_name}」中没有问卷批次。请按映射「{mapping.name}」要求的格式命名后重新上传。",
            f"The name {file_name} tells no wave. Name the file as mapping {mapping.name} expects and drop it again.",
        )
    exact = {} if texts is None else _item_headers(mapping, instrument, file_name, texts)
    columns = [
        column
        for item in mapping.asked_items(instrument)
        for column in _item_columns(mapping, instrument, item, None if texts is None else exact)
    ]
    heads = _head_columns(mapping, wave_code=wave_code, is_strict=True)
    return _contract([*heads, *columns], {text: name for name, text in exact.items()})


def _item_headers(mapping: Mapping, instrument: Instrument, file_name: str, texts: Sequence[str]) -> dict[str, str]:
    found = mapping.find_headers(instrument, texts)
    options = {
        item.code: option_headers(mapping, item, mapping.readable(texts))
        for item in mapping.asked_items(instrument)
        if item.kind == "multi"
    }
    for code, by_option in options.items():
        taken = {header for headers in by_option.values() for header in headers}
        # What is left is one cell for all answers, or, beside option columns, an option that nobody knows.
        found[code] = [header for header in found[code] if header not in taken]
    several = {code for code, by_option in options.items() if by_option}
    missing = [
        code
        for code, headers in found.items()
        if not headers and code not in several and instrument.item(code).is_required
    ]
    doubled = [code for code, headers in found.items() if len(headers) > (0 if code in several else 1)]
    doubled += [code for code, by_option in options.items() if any(len(headers) > 1 for headers in by_option.values())]
    for rule, codes, zh, en in (
        ("question_missing", missing, "找不到题目列", "lacks the columns of"),
        ("question_ambiguous", doubled, "有多列都符合题目", "has several columns that fit"),
    ):
        if codes:
            items = [instrument.item(code) for code in codes]
            raise refused(
                rule,
                f"文件「{file_name}」{zh}：{'、'.join(item.zh for item in items)}。请核对映射「{mapping.name}」"
                f"（{', '.join(codes)}）与问卷表头后重新上传。",
                f"{file_name} {en}: {', '.join(item.en for item in items)}. Compare mapping {mapping.name} "
                f"({', '.join(codes)}) with the headers and drop the file again.",
            )
    columns = {item_column(instrument.item(code)): headers[0] for code, headers in found.items() if headers}
    for code, by_option in options.items():
        item = instrument.item(code)
        columns |= {
            option_column(item, option): by_option[option.code][0]
            for option in item.options
            if option.code in by_option
        }
    return columns


def _head_columns(mapping: Mapping, *, wave_code: str | None, is_strict: bool) -> list[dict[str, Any]]:
    """Return the columns every export has; labels are the tool's own headers, so that reasons speak its language."""

    def head(name: str, header: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "zh": header, "en": header, "type": kind, "example": "x", **more}

    wave: dict[str, Any] = {"is_required": True} if is_strict else {"default": "x"}
    if wave_code is not None:
        wave = {"default": wave_code}
    key: dict[str, Any] = {"is_required": True} if is_strict else {"default": "x"}
    columns = [
        head("wave_code", mapping.wave.column or "wave_code", "code", max_length=100, **wave),
        head("external_response_id", mapping.external_id, "code", max_length=200, personal_data="identifier", **key),
    ]
    if mapping.submitted_at is not None:
        # A time that cannot be read judges nothing: the row then counts as one without a time.
        columns.append(
            head(
                SUBMITTED,
                mapping.submitted_at,
                "timestamp",
                personal_data="sensitive",
                severities={"wrong_type": "warn"},
            )
        )
    if mapping.token is not None:
        columns.append(head(TOKEN, mapping.token, "text", personal_data="secret", max_length=200))
    if mapping.partial is not None:
        columns.append(head(MARKER, mapping.partial.column, "text"))
    return columns


def _item_columns(
    mapping: Mapping, instrument: Instrument, item: Item, exact: dict[str, str] | None
) -> list[dict[str, Any]]:
    """Return the columns of one item; `exact` are the file's headers by column, None when they are not known."""
    # The column of a required item must be there; an empty cell of it makes the answer sheet a partial one.
    column: dict[str, Any] = {
        "name": item_column(item),
        "zh": item.zh,
        "en": item.en,
        "is_required": item.is_required and exact is not None and item_column(item) in exact,
        "severities": {"missing_value": "warn", "too_many_empty": "warn"},
        "personal_data": "sensitive",
        "example": "x",
    }
    match item.kind:
        case "text":
            return [column | {"type": "text"}]
        case "number":
            bounds = {"minimum": item.minimum, "maximum": item.maximum, "decimals": 2}
            return [column | {"type": "decimal", "example": f"{item.minimum or 0}", **bounds}]
        case "date":
            return [column | {"type": "date", "example": "2026-03-01"}]
        case "multi":
            options = [
                _option_column(mapping, column, item, option, number) for number, option in enumerate(item.options)
            ]
            several = [one for one in options if exact is None or one["name"] in exact]
            is_listed = exact is None or column["name"] in exact or not several
            return [*([column | {"type": "text"}] if is_listed else []), *several]
        case _:
            return [column | {"type": "choice", "allowed": _allowed(mapping, instrument, item)}]


def _option_column(mapping: Mapping, column: dict[str, Any], item: Item, option: Option, number: int) -> dict[str, Any]:
    """Return the column of one option: whether it was chosen, in the tool's words or by the option's own."""
    yes, no = {word_key(word): word for word in YES}, {word_key(word): word for word in NO}
    words = {word_key(word): word for word in option_words(mapping, item, option, number)}
    blank = {word_key(word): word for word in mapping.blank}
    chosen = [word for key, word in (yes | words).items() if key not in no and key not in blank]
    unchosen = [word for key, word in (no | blank).items() if key not in words]
    return column | {
        "name": option_column(item, option),
        "zh": f"{item.zh}：{option.zh}",
        "en": f"{item.en} {option.en}",
        "is_required": False,
        "type": "choice",
        "allowed": [_choice(CHOSEN, "已选", "Chosen", chosen), _choice(NOT_CHOSEN, "未选", "Not chosen", unchosen)],
    }


def _allowed(mapping: Mapping, instrument: Instrument, item: Item) -> list[dict[str, Any]]:
    own = {code: list(words) for code, words in mapping.words.get(item.code, {}).items()}
    choices: list[dict[str, Any]] = []
    if item.kind == "choice":
        for number, option in enumerate(item.options):
            words = [*option_words(mapping, item, option, number)]
            choices.append(_choice(option.code, option.zh, option.en, words))
    else:
        scale = instrument.scale_of(item)
        for score in scale.scores:
            words = [*mapping.words.get(item.scale or "", {}).get(str(score), ()), *own.get(str(score), [])]
            zh, en = scale.anchors_zh.get(score, f"{score}"), scale.anchors_en.get(score, f"{score}")
            choices.append(_choice(str(score), zh, en, [f"{score}.0", f"{score}分", f"{score} - {en}", *words]))
        if scale.is_not_applicable_allowed:
            choices.append(_choice(NOT_APPLICABLE, "不适用", "Not applicable", list(mapping.not_applicable)))
    taken = {word_key(word) for one in choices for word in (one["code"], one["zh"], one["en"], *one["aliases"])}
    blank = [word for word in mapping.blank if word_key(word) not in taken]
    return [*choices, _choice(SKIPPED, "跳过", "Skipped", blank)]


def _choice(code: str, zh: str, en: str, aliases: list[str]) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "aliases": aliases}


def _contract(columns: list[dict[str, Any]], exact_headers: dict[str, str]) -> Contract:
    base = load_contract(DATASET).model_dump(exclude={"columns", "row_rules"})
    return Contract.model_validate(base | {"columns": columns, "exact_headers": exact_headers})
