"""The layer table of the architecture as data, and what the code imports as facts.

A package may import the standard library and third-party modules unless forbidden, and of `trainloop` only what its row
names. A name stands for the module and everything below it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainloop.settings import PROJECT_DIR

PACKAGE_DIR = PROJECT_DIR / "include" / "trainloop"

FOUNDATION = {"errors", "settings", "config", "faults", "storage", "yaml_text"}
WORK = FOUNDATION | {"clock", "warehouse", "domain", "statistics"}

# package → what it may import of trainloop besides itself. Doors between the work packages are named one by one.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "faults": set(),
    "settings": {"errors"},
    "yaml_text": set(),
    "config": {"errors", "settings", "yaml_text"},
    "storage": {"errors", "faults"},
    "clock": {"config", "warehouse"},
    "warehouse": {"errors", "settings"},
    "domain": {"errors"},
    "statistics": {"errors"},
    "contracts": FOUNDATION,
    "intake": WORK | {"contracts", "quality", "outbox.notices"},
    "quality": WORK | {"contracts", "outbox.notices"},
    "surveys": WORK | {"contracts", "intake", "quality", "outbox.notices", "requests.commitments"},
    "requests": WORK | {"outbox.notices", "surveys.scan"},
    "delivery": WORK | {"outbox.notices", "reporting.production", "reporting.run_sheet", "surveys.scan"},
    "needs": WORK
    | {"outbox.notices", "requests.approvals", "surveys.instrument", "surveys.results_texts", "surveys.scan"},
    "plans": WORK | {"outbox.notices", "requests.commitments", "surveys.scan"},
    "impact": WORK | {"contracts", "intake.source", "quality.messages", "surveys.scan"},
    "retention": WORK,
    "recovery": WORK | {"outbox.leases", "retention.erasure"},
    "review": WORK | {"plans.published", "requests.approvals", "surveys.follow_up", "surveys.scan"},
    "resources": WORK
    | {"outbox.notices", "requests.approvals", "surveys.releases", "surveys.scan", "delivery.asset_files"},
    "disputes": WORK | {"outbox.notices", "requests.commitments", "surveys", "impact"},
    "trainers": WORK
    | {
        "outbox.notices",
        "requests.approvals",
        "surveys.releases",
        "surveys.scan",
        "surveys.instrument",
        "reporting.attachments",
    },
    "talent": WORK
    | {"outbox.notices", "requests.commitments", "requests.approvals", "surveys.scan", "delivery.hand_in"},
    "reporting": WORK
    | {
        "outbox.notices",
        "surveys.instrument",
        "surveys.dispute_forms",
        "surveys.scan",
        "needs.published",
        "plans.published",
        "requests.approvals",
    },
    "outbox": WORK | {"contracts", "quality.offending", "surveys.instrument", "requests.words", "forms.links"},
    "forms": WORK | {"delivery.asset_files", "surveys.instrument", "surveys.dispute_forms"},
    "board": WORK
    | {
        "contracts",
        "forms.http",
        "forms.pages",
        "forms.words",
        "outbox.kinds.alert",
        "outbox.kinds.request",
        "quality.offending",
        "requests.words",
        "surveys.instrument",
    },
    "stack": FOUNDATION | {"warehouse", "outbox.leases"},
    "orchestration": FOUNDATION
    | {
        "board.app",
        "board.guard",
        "warehouse",
        "clock",
        "outbox.notices",
        "outbox.transport",
        "requests.approvals",
        "requests.signatures",
        "requests.words",
    },
    "commands": WORK
    | {
        "board",
        "contracts",
        "intake",
        "surveys",
        "delivery",
        "needs",
        "resources",
        "plans",
        "trainers",
        "retention",
        "recovery",
        "talent",
        "impact",
        "review",
        "requests",
        "reporting",
        "outbox",
        "forms",
        "stack",
        "demo",
    }
    | {"orchestration.broker", "orchestration.catalogue", "orchestration.mail"},
    "cli": {"commands"},
    "__main__": {"cli"},
    "demo": WORK
    | {
        "contracts",
        "intake",
        "quality",
        "surveys",
        "plans",
        "delivery",
        "needs",
        "resources",
        "impact",
        "trainers",
        "talent",
        "disputes",
        "review",
        "requests",
        "reporting",
        "outbox",
        "forms",
        "stack",
    },
}
FORBIDDEN_LIBRARIES: dict[str, set[str]] = {
    "domain": {
        "airflow",
        "psycopg",
        "sqlalchemy",
        "pandas",
        "numpy",
        "pathlib",
        "os",
        "io",
        "shutil",
        "time",
        "fsspec",
    },
    "statistics": {"airflow", "psycopg", "sqlalchemy", "pathlib", "os", "io", "shutil", "time"},
}
# Only these parts know Airflow.
AIRFLOW_ALLOWED = {"orchestration"}
# Only here is PostgreSQL opened; everybody else gets a connection. COPY and JSON adapters are types, not connections.
CONNECTS_ALLOWED = {"warehouse", "stack"}


@dataclass(frozen=True)
class Import:
    """One import: in which file and line, of which dotted module."""

    path: Path
    line: int
    module: str
    is_top_level: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(PROJECT_DIR)}:{self.line} imports {self.module}"


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file, inside functions too; `if TYPE_CHECKING` counts, since a type is a dependency."""
    tree = ast.parse(path.read_text("utf-8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(path, node.lineno, name.name, id(node) in top)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                yield Import(path, node.lineno, f"{node.module}.{name.name}", id(node) in top)


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def package_of(path: Path) -> str:
    """Return the part of trainloop a file belongs to: its package, or its own name at the top level."""
    return path.relative_to(PACKAGE_DIR).parts[0].removesuffix(".py")


def is_allowed(package: str, module: str) -> bool:
    """Whether a file of `package` may import `trainloop.<module>`."""
    names = MAY_IMPORT[package] | {package}
    return any(module == name or module.startswith(f"{name}.") for name in names)
