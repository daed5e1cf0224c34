"""The border of reports and the answers of the application: what is read from a result is an attribute of a record."""

import ast
from collections.abc import Mapping
from pathlib import Path

from tests.architecture.syntax import nodes
from toolkit.records.base import Record

TOOLKIT = Path(__file__).resolve().parents[2] / "toolkit"
UNTYPED = "Mapping[str, Any]"
TABLES = ("dict[str, Any]", "Mapping[str, Any]", "list[dict[str, Any]]")
FIELDS = {
    "app/controls/own_events.py: kept", "app/subjects.py: base",
    "app/supply.py: shown_shares",
}  # fmt: skip
"""Functions with fields that several records share."""
STORED = {"app/optimize.py: inputs", "app/runs.py: read_object", "app/runs.py: read_stored"}
"""Functions with the JSON of a file, before a record is validated from it, and with what is stored beside one."""


def test_reports_read_records():
    """Only a Vega-Lite specification, which charts make, is a table of anything."""
    untyped = [
        str(path.relative_to(TOOLKIT))
        for path in (TOOLKIT / "report").rglob("*.py")
        if "charts" not in path.parts and UNTYPED in path.read_text(encoding="utf-8")
    ]
    assert untyped == [], "read attributes of toolkit.records"


def test_a_record_is_no_table():
    assert not issubclass(Record, Mapping)
    assert not hasattr(Record, "__getitem__")


def test_no_function_of_the_application_answers_with_a_table():
    """A public function of `app/` that returns a dictionary answers with what nobody can check."""
    found = set()
    for path in sorted((TOOLKIT / "app").rglob("*.py")):
        name = path.relative_to(TOOLKIT).as_posix()
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef) and node.returns is not None and not node.name.startswith("_"):
                returned = {part.strip() for part in ast.unparse(node.returns).split("|")}
                found |= {f"{name}: {node.name}"} if returned & {*TABLES} else set()
    assert found == FIELDS | STORED, "return a record of toolkit.records"
