"""The border of reports and the answers of the application: what is read from a result is an attribute of a record."""

import ast
from collections.abc import Mapping
from pathlib import Path

from toolkit.records.base import Record

TOOLKIT = Path(__file__).resolve().parents[2] / "toolkit"
UNTYPED = "Mapping[str, Any]"
TABLES = ("dict[str, Any]", "Mapping[str, Any]", "list[dict[str, Any]]")
MADE_OF_JSON = {
    "app/allocation/holdings.py", "app/allocation/record.py", "app/config.py", "app/data", "app/doctor.py", "app/exposure.py",
    "app/language.py", "app/language_words.py", "app/optimize.py", "app/own_events.py", "app/runs.py", "app/subjects.py",
    "app/supply.py", "app/versions.py", "app/backtest",
}  # fmt: skip
"""Files of the application with tables that are no answer: settings, stored files, rows of frames, fields of a record."""


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
    found = []
    for path in sorted((TOOLKIT / "app").rglob("*.py")):
        name = str(path.relative_to(TOOLKIT))
        if any(name == one or name.startswith(f"{one}/") for one in MADE_OF_JSON):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None and not node.name.startswith("_"):
                returned = {part.strip() for part in ast.unparse(node.returns).split("|")}
                found += [f"{name}: {node.name}"] * bool(returned & {*TABLES})
    assert found == [], "return a record of toolkit.records"
