"""Why a whole file is refused, in plain words with the remedy, in both languages.

A refusal is an answer to the owner of the file, not a failure of the task: the pipeline records it, mails the owner and
goes on with the next file.
"""

from __future__ import annotations

from typing import Self

from trainloop.errors import PermanentError

# rule: (zh, en). {file} is the file's name; rules that know rows, columns or limits name them.
REASONS: dict[str, tuple[str, str]] = {
    "too_large": (
        "文件「{file}」有 {size_mb} MB，超过上限 {limit_mb} MB。请拆分成几个文件后重新上传。",
        "{file} has {size_mb} MB, the limit is {limit_mb} MB. Split it into several files and drop them again.",
    ),
    "wrong_name": (
        "文件「{file}」的名称不符合约定（{patterns}）。请改名后重新上传。",
        "The name of {file} is not one of those agreed ({patterns}). Rename it and drop it again.",
    ),
    "wrong_format": (
        "文件「{file}」不是 CSV 或 XLSX（{detail_zh}）。请另存为「CSV UTF-8」或「.xlsx」后重新上传。",
        "{file} is neither CSV nor XLSX ({detail_en}). Save it as 'CSV UTF-8' or '.xlsx' and drop it again.",
    ),
    "unreadable": (
        "文件「{file}」无法读取（{detail_zh}）。请用 Excel 打开检查，另存为新文件后重新上传。",
        "{file} cannot be read ({detail_en}). Open it in Excel, save it as a new file and drop it again.",
    ),
    "unknown_encoding": (
        "文件「{file}」的文字编码无法识别（第 {row} 行）。请另存为「CSV UTF-8」后重新上传。",
        "The text encoding of {file} is not recognised (row {row}). Save it as 'CSV UTF-8' and drop it again.",
    ),
    "zip_bomb": (
        "文件「{file}」解压后过大（{detail_zh}），可能有害，未打开。请重新导出并只保留数据。",
        "{file} unpacks to far too much ({detail_en}); it may be harmful and was not opened. Export the data only.",
    ),
    "xml_bomb": (
        "文件「{file}」内含不允许的 XML 定义（{part}），可能有害，未打开。请用 Excel 另存为新文件。",
        "{file} contains forbidden XML definitions ({part}); it may be harmful and was not opened. Save it anew.",
    ),
    "bad_json": (
        "文件「{file}」不是有效的 JSON 语句（{detail_zh}）。请从学习平台重新导出 xAPI 语句后上传。",
        "{file} holds no valid JSON statements ({detail_en}). Export the xAPI statements again and drop the file.",
    ),
    "too_deep": (
        "文件「{file}」的 JSON 嵌套超过 {limit} 层，可能有害，未打开。请只导出 xAPI 语句。",
        "{file} is nested deeper than {limit} levels; it may be harmful and was not opened. Export statements only.",
    ),
    "empty": (
        "文件「{file}」没有数据行。请确认表头下方有数据后重新上传。",
        "{file} has no data rows. Make sure that there are rows below the header and drop it again.",
    ),
    "missing_column": (
        "文件「{file}」第 {row} 行的表头缺少必填列：{columns_zh}。请补充后重新上传。",
        "The header of {file} (row {row}) lacks required columns: {columns_en}. Add them and drop it again.",
    ),
    "duplicate_header": (
        "文件「{file}」第 {row} 行有两列都表示「{column_zh}」（{headers}），内容却不同。请只保留一列。",
        "Row {row} of {file} has two columns for {column_en} ({headers}) that differ. Keep one and drop it again.",
    ),
    "several_sheets": (
        "文件「{file}」有多个工作表都像数据表（{sheets}）。请只保留一个，或分成几个文件上传。",
        "{file} has several sheets with these columns ({sheets}). Keep one of them, or make one file of each.",
    ),
    "disappearing": (
        (
            "文件「{file}」缺少 {count} 个现有记录，占 {share_pct}%，超过上限 {limit_pct}%。请核对导出是否完整；"
            "如确属实情，请管理员调高上限 (intake.max_disappearing_share) 后重新上传。"
        ),
        (
            "{file} lacks {count} known records ({share_pct} %, limit {limit_pct} %); it must be complete. Check the "
            "export; if it is right, have intake.max_disappearing_share raised and drop the file again."
        ),
    ),
    "untraceable": (
        (
            "更正文件「{file}」缺少「文件编号」和「行号」两列，无法对应到原来的行。"
            "请在邮件附带的表格中直接更正并保留这两列。"
        ),
        (
            "The corrected list {file} lacks the columns 'file_id' and 'row_number', so nobody knows which rows it "
            "mends. Correct the workbook that was mailed and keep these columns."
        ),
    ),
    "older_snapshot": (
        (
            "文件「{file}」（数据日期 {covers_on}）比已入库的「{newer}」（数据日期 {newer_on}）旧；"
            "旧数据不会覆盖新数据。如需更正，请上传最新的全量文件。"
        ),
        (
            "{file} (data of {covers_on}) is older than {newer} (data of {newer_on}), which is already in; older "
            "data never overwrites newer. To correct something, drop a file of the newest date."
        ),
    ),
}


class FileRefusedError(PermanentError):
    """The file is refused ({rule}). Correct it and drop it again. {reason_en}"""

    def __init__(self, rule: str, *, row_count: int = 0, **facts: object) -> None:
        zh, en = REASONS[rule]
        self._say(rule, row_count, zh.format(**facts), en.format(**facts))

    def _say(self, rule: str, row_count: int, zh: str, en: str) -> None:
        self.rule = rule
        self.row_count = row_count
        self.reason_zh = zh
        self.reason_en = en
        super().__init__(rule=rule, reason_en=en)

    @classmethod
    def because(cls, rule: str, zh: str, en: str, row_count: int = 0) -> Self:
        """Return a refusal in somebody else's words: the gate's, or those of a route of its own."""
        refusal = cls.__new__(cls)
        refusal._say(rule, row_count, zh, en)
        return refusal
