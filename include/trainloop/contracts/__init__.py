"""Data contracts: `<dataset>.yaml` beside this file is the single declaration of a dataset.

A new dataset is one YAML file here and one table in `sql/migrations/` (the declared columns, then `file_id` and
`row_number`); no code.
"""

from __future__ import annotations

import functools
from pathlib import Path

import yaml
from pydantic import ValidationError

from trainloop.contracts.checks import Check, checks_of
from trainloop.contracts.dictionary import dictionary_markdown
from trainloop.contracts.model import Choice, Column, Contract, RowRule, Rule, Severity, Volume, When, header_key
from trainloop.errors import PermanentError
from trainloop.yaml_text import read_yaml

__all__ = [
    "Check",
    "Choice",
    "Column",
    "Contract",
    "ContractInvalidError",
    "ContractUnknownError",
    "RowRule",
    "Rule",
    "Severity",
    "Volume",
    "When",
    "all_contracts",
    "checks_of",
    "dictionary_markdown",
    "header_key",
    "load_contract",
    "read_contract",
]
FOLDER = Path(__file__).parent


class ContractUnknownError(PermanentError):
    """There is no dataset {dataset}. Correct the name, or add its contract. Known are: {known}."""


class ContractInvalidError(PermanentError):
    """The contract {path} is not valid: {detail}. Correct the named keys; contracts/model.py explains each."""


def read_contract(path: Path) -> Contract:
    """Return the contract of one YAML file; its dataset is the file's name unless the file says otherwise."""
    try:
        declared = read_yaml(path.read_text("utf-8"))
        return Contract.model_validate({"dataset": path.stem} | declared)
    except (OSError, yaml.YAMLError, ValidationError, TypeError) as error:
        raise ContractInvalidError(path=path.name, detail=error) from error


@functools.cache
def load_contract(dataset: str) -> Contract:
    """Return the contract of a dataset; raise ContractUnknownError naming the known ones."""
    for contract in all_contracts():
        if contract.dataset == dataset:
            return contract
    raise ContractUnknownError(dataset=dataset, known=", ".join(one.dataset for one in all_contracts()))


@functools.cache
def all_contracts() -> tuple[Contract, ...]:
    """Return every contract, referenced datasets first, else by name."""
    waiting = {path.stem: read_contract(path) for path in sorted(FOLDER.glob("*.yaml"))}
    ordered: dict[str, Contract] = {}
    while waiting:
        ready = [name for name, one in waiting.items() if not one.referenced_datasets & waiting.keys()]
        # A circle of references still loads: the first by name goes first and its rows park until the others came.
        for name in ready or list(waiting)[:1]:
            ordered[name] = waiting.pop(name)
    return tuple(ordered.values())
