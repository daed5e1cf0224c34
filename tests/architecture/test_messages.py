"""What an error says is a message: its translation is looked up by its template, and `tools.messages` knows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.syntax import nodes
from tools.messages import PYTHON, error_sentences, places

ROOT = Path(__file__).resolve().parents[2]
MODULES = [path for path in sorted((ROOT / "toolkit").rglob("*.py")) if path.relative_to(ROOT).parts[1] not in PYTHON]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _bare(node: ast.expr, around: ast.AST, seen: frozenset[str] = frozenset()) -> Iterator[ast.expr]:
    """English that stands as it is: in what an error is given, or in what a name of the same function holds."""
    match node:
        case ast.JoinedStr():
            yield node
        case ast.Constant(value=str(words)) if any(c.isalpha() for c in words):
            yield node
        case ast.IfExp():
            yield from (*_bare(node.body, around, seen), *_bare(node.orelse, around, seen))
        case ast.BoolOp():
            yield from (one for value in node.values for one in _bare(value, around, seen))
        case ast.BinOp():
            yield from (*_bare(node.left, around, seen), *_bare(node.right, around, seen))
        case ast.Call(func=ast.Attribute(value=subject)):  # f"{hint} {more}".strip()
            yield from _bare(subject, around, seen)
        case ast.Call() if _name(node) == "together":
            yield from (one for argument in node.args for one in _bare(argument, around, seen))
        case ast.Name(id=name) if name not in seen:
            for given in ast.walk(around):
                if isinstance(given, ast.Assign) and name in {getattr(target, "id", "") for target in given.targets}:
                    yield from _bare(given.value, around, seen | {name})
        case _:
            pass


def _unfilled(template: ast.Constant, call: ast.Call) -> Iterator[ast.expr]:
    """A template some of whose places have no value among the arguments."""
    values = {keyword.arg for keyword in call.keywords}
    if values - {"hint", "details", "rule", "fault", "texts", "cell"} and not places(str(template.value)) <= values:
        yield template


def untranslatable(module: Path) -> list[str]:
    """The English of errors in a module that is no message."""
    functions = [node for node in nodes(module) if isinstance(node, ast.FunctionDef)]
    found = {
        (one.lineno, ast.unparse(one))
        for call in nodes(module)
        if isinstance(call, ast.Call)
        for given in error_sentences(_name(call), call)
        for around in (nodes(module)[0], *(one for one in functions if one.lineno <= call.lineno <= one.end_lineno))
        for one in (_unfilled(given, call) if isinstance(given, ast.Constant) else _bare(given, around))
    }
    return [f"{line}: {words}" for line, words in sorted(found)]


def test_every_error_says_a_message():
    assert {path: found for path in MODULES if (found := untranslatable(path))} == {}


def test_the_law_sees_what_it_forbids(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('def f(x):\n    hint = f"no {x}"\n    raise DataError("a {y}", hint=hint or "b", x=x)')
    assert untranslatable(module) == [
        "2: f'no {x}'",
        "3: 'a {y}'",
        "3: 'b'",
    ]
