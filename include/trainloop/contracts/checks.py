"""Every check a contract implies, as one list: what the suite runs, what messages and documents are named after."""

from __future__ import annotations

from dataclasses import dataclass

from trainloop.contracts.model import Column, Contract, RowRule, Rule, Severity


@dataclass(frozen=True)
class Check:
    """One check. `code` is unique within the contract, `finding` is what stands in the findings' column_name."""

    code: str
    rule: Rule
    severity: Severity
    column: Column | None = None
    row_rule: RowRule | None = None

    @property
    def finding(self) -> str:
        """Column that a finding of this check names: the column, a row rule's left operand, else empty."""
        if self.column is not None:
            return self.column.name
        return self.row_rule.left if self.row_rule is not None else ""


def checks_of(contract: Contract) -> tuple[Check, ...]:
    """Return the checks of a contract in the order of its columns, then of its rows, then of the file."""
    found = [
        Check(f"{column.name}.{rule}", rule, column.severity(rule), column=column)
        for column in contract.columns
        for rule in _rules_of(column)
    ]
    # A default fills an empty key cell, so the whole key is never null when its columns passed.
    found.append(Check("key.duplicate_key", "duplicate_key", contract.duplicate_key_severity))
    if contract.ranges is not None:
        first_day = contract.column(contract.ranges.first_day)
        broken: tuple[Rule, ...] = ("overlapping_ranges", "gap_in_ranges")
        name = first_day.name
        found += [Check(f"{name}.{rule}", rule, first_day.severity(rule), column=first_day) for rule in broken]
    found += [Check(f"row.{rule.code}", "row_rule", rule.severity, row_rule=rule) for rule in contract.row_rules]
    # A row with more cells than the header has columns: its values have slipped, nobody can say from where.
    found.append(Check("row.extra_cells", "extra_cells", "block"))
    found.append(Check("file.unexpected_volume", "unexpected_volume", contract.expected_volume.severity))
    return tuple(found)


def _rules_of(column: Column) -> tuple[Rule, ...]:
    """Return the rules that apply to one column."""
    conditions: tuple[tuple[Rule, bool], ...] = (
        ("missing_value", column.is_required),
        ("wrong_type", column.type not in {"text", "code", "choice"}),
        ("lost_digits", column.type in {"text", "code"}),
        ("not_allowed", bool(column.allowed)),
        ("out_of_range", any(x is not None for x in (column.minimum, column.maximum, column.earliest, column.latest))),
        ("wrong_pattern", column.pattern is not None),
        ("too_long", column.max_length is not None),
        ("too_many_empty", column.max_empty_share is not None),
        ("unknown_reference", column.references is not None),
        ("wrong_grain", column.grain_of is not None),
        ("not_ended", column.type == "period"),
        ("wrong_order", column.order is not None),
        ("mixed_values", column.is_uniform),
    )
    return tuple(rule for rule, applies in conditions if applies)
