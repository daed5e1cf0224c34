"""The layering, as import-linter and as a look at the sources sees it."""

import ast
import re
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture.syntax import nodes

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = sorted((REPOSITORY / "toolkit").rglob("*.py"))


def test_imports_point_down_only(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)
    assert lint_imports(no_cache=True, no_logo=True) == 0, capsys.readouterr().out


def test_no_module_speaks_of_managers():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert "\u2014" not in text, f"an em dash breaks --help on some terminals: {path}"
        for name in re.findall(r"^\s*class (\w+)", text, re.MULTILINE):
            assert not name.endswith(("Manager", "Helper", "Engine", "Handler")), path


def test_nothing_reads_the_shared_folder():
    for path in SOURCES:
        assert "shared/" not in path.read_text(encoding="utf-8"), path


KINDS = {"objectives": "toolkit.optimize.objectives", "constraints": "toolkit.optimize.constraints"}
BASES = {"Objective", "Constraint"}


@pytest.mark.parametrize("folder", KINDS)
def test_no_module_asks_which_objective_or_constraint_it_is(folder):
    package = REPOSITORY / "toolkit" / "optimize" / folder
    kinds = {
        node.name
        for path in package.glob("*.py")
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and any("kind" in ast.dump(item) for item in node.body)
    } - BASES
    assert len(kinds) >= 8
    found = []
    for path in SOURCES:
        if path.parent == package:
            continue
        for node in nodes(path):
            asked = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")
            ) or isinstance(node, ast.MatchClass)
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} if asked else set()
            found += [f"{path.relative_to(REPOSITORY)}:{node.lineno} {name}" for name in sorted(names & kinds)]
    assert not found, "give the kind a member that answers the question"
