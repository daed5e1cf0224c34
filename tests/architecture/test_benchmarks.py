"""The benchmarks, which no test runs, name what is there."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

PATHS = sorted((Path(__file__).resolve().parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_benchmark_imports_from_the_package_exists(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("toolkit")
    ]
    for node in imports:
        assert find_spec(node.module), node.module
        for alias in node.names:
            assert hasattr(import_module(node.module), alias.name) or find_spec(f"{node.module}.{alias.name}"), alias.name
