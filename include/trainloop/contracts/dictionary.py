"""The data dictionary: one page generated from the contracts, in both languages."""

from __future__ import annotations

from collections.abc import Iterable

from trainloop.contracts.model import Column, Contract

_MODES = {
    "snapshot": "the file is the whole truth 全量",
    "upsert": "the file changes the rows it names 增量更新",
    "append": "the file only adds 追加",
}


def dictionary_markdown(contracts: Iterable[Contract] | None = None) -> str:
    """Return the data dictionary as Markdown: one section per dataset, one table row per column."""
    if contracts is None:
        from trainloop.contracts import all_contracts

        contracts = all_contracts()
    head = "# Data dictionary 数据字典\n\nGenerated from `include/trainloop/contracts/*.yaml`; do not edit by hand.\n"
    return "\n".join([head, *(_section(contract) for contract in contracts)])


def _section(contract: Contract) -> str:
    lines = [
        f"## {contract.dataset}: {contract.title_en} {contract.title_zh}",
        "",
        f"{contract.purpose_en}  ",
        f"{contract.purpose_zh}",
        "",
        f"- Key 主键: {', '.join(f'`{name}`' for name in contract.key)}",
        f"- Load 加载方式: {contract.load_mode} ({_MODES[contract.load_mode]})",
        f"- Owner 负责人: {contract.owner}",
        f"- Files 文件: `inbox/{contract.dataset}/` {', '.join(f'`{one}`' for one in contract.file_patterns)}",
        "",
        "| column | 中文 | accepted headers | type | required | values and limits | personal data | example |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(column) for column in contract.columns),
    ]
    if contract.row_rules:
        lines += ["", "Rules across columns 跨列规则:", ""]
        lines += [f"- `{rule.code}` ({rule.severity}): {rule.en} {rule.zh}" for rule in contract.row_rules]
    return "\n".join([*lines, ""])


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.zh,
        ", ".join((column.en, *column.aliases)),
        column.type,
        "yes 必填" if column.is_required else f"no (empty = {column.default})" if column.default else "no",
        _limits(column),
        column.personal_data,
        column.example,
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _limits(column: Column) -> str:
    parts = [f"{choice.code} = {choice.zh}/{choice.en}" for choice in column.allowed]
    limits = (
        ("≥ {}", column.minimum),
        ("≤ {}", column.maximum),
        ("from {}", column.earliest),
        ("until {}", column.latest),
        ("{}", f"{column.pattern_en} {column.pattern_zh}" if column.pattern else None),
        ("at most {} characters", column.max_length),
        ("must exist in `{}`", column.references),
    )
    return "; ".join(parts + [text.format(limit) for text, limit in limits if limit is not None])
