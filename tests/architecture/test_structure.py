"""Rules of the house that a program can check: no import circles, rooms of a size, Args, files and clocks at the rim."""

import ast
import contextlib
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

from tests.architecture.syntax import nodes

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "toolkit"
MODULES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def tree(name: str) -> ast.Module:
    """The syntax of a module."""
    return nodes(MODULES[name])[0]


FILES_IN_A_FOLDER = 16
FOUND_BY_LOOKING = {
    "records", "report/topics", "report/charts", "cli", "optimize/constraints", "optimize/objectives",
    "risk_model/covariance", "risk_model/expected_returns", "market/sources",
}  # fmt: skip
"""A file a kind: one more is how these grow."""
COMMANDS = {path.name for path in (PACKAGE / "cli").glob("*.py")}
OF_COMMANDS = {"app", "records/answers"}
"""Folders in which a command has a file of its name: that is how they grow, too, and only the others are counted."""
CEILINGS = {"app/allocation": 18, "core": 20, "optimize/solvers": 20}
"""Modules in folders that are too large: a number here may only fall."""

OF_AN_ALGORITHM = {
    "ITERATIONS",
    "MINIMUM_PAIRS",
    "MINIMUM_PERIODS",
    "RIDGE",
    "ROUNDING",
    "ROUNDS",
    "SCHEMA_VERSION",
    "STEPS",
    "TOLERANCE",
    "YEAR",
}
"""Names of constants that mean what the one algorithm, format or unit of their module needs."""

PARAMETERS = 3
BEING_REWRITTEN = ("toolkit.optimize", "toolkit.report", "toolkit.records", "toolkit.cli", "toolkit.app.report", "toolkit.api")
WITHOUT_ARGS = 103
"""Functions of these packages that lack Args: the number may only fall."""
TOO_MANY_PARAMETERS = {"toolkit.app.allocation.warnings.warnings"}
"""Functions that should take a noun instead: to be changed, not described."""

RIM = ("toolkit.market.readers", "toolkit.market.layouts", "toolkit.market.sources", "toolkit.market.store", "toolkit.market.package", "toolkit.app", "toolkit.api",
       "toolkit.cli", "toolkit.web")  # fmt: skip
OF_THE_RIM = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "today", "now", "utcnow"}
READS_FROM_A_RIM = {"toolkit.core.decode": {"read_text"}}
"""The one reader of TOML: it is given a path by the rim."""


def numbers(name: str) -> dict[str, float]:
    """The constants of a module that are numbers."""
    found: dict[str, float] = {}
    for node in tree(name).body:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            of_tuple = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            for own, number in zip(target.elts, value.elts, strict=True) if of_tuple else [(target, value)]:
                if isinstance(own, ast.Name) and own.id.isupper():
                    with contextlib.suppress(NameError, TypeError, AttributeError):
                        figure = eval(ast.unparse(number), {"__builtins__": {}})
                        if isinstance(figure, int | float):
                            found[own.id] = figure
    return found


def test_a_constant_is_one_number_in_all_modules():
    """`HELD` had five values, `FAR` eight. Of drawings each has its own measures."""
    values: dict[str, set[float]] = {}
    for name in MODULES:
        if not name.startswith("toolkit.report.charts."):
            for constant, number in numbers(name).items():
                values.setdefault(constant, set()).add(number)
    assert values["HELD"] == {1e-6}
    assert {constant: of for constant, of in values.items() if len(of) > 1 and constant not in OF_AN_ALGORITHM} == {}


def imports(name: str) -> set[str]:
    """Modules of the package that a module imports while it is imported itself."""
    found: set[str] = set()
    for node in tree(name).body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {path if path in MODULES else node.module for path in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {module for module in found if module in MODULES and module != name}


def test_no_modules_import_each_other_in_a_circle():
    TopologicalSorter({name: imports(name) for name in MODULES}).prepare()


def test_a_folder_holds_what_one_sitting_can_read():
    for folder in {str(path.parent.relative_to(PACKAGE)) for path in MODULES.values()} - {".", *FOUND_BY_LOOKING}:
        apart = {"__init__.py", *(COMMANDS if folder in OF_COMMANDS else ())}
        modules = [path for path in (PACKAGE / folder).glob("*.py") if path.name not in apart]
        assert len(modules) <= CEILINGS.get(folder, FILES_IN_A_FOLDER), folder


def public_functions(body: list[ast.stmt], prefix: str):
    """Functions of a module and methods of its classes, with their names; what begins with `_` is private."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if isinstance(node, ast.FunctionDef):
                yield f"{prefix}.{node.name}", node
            else:
                yield from public_functions(node.body, f"{prefix}.{node.name}")


def without_args(name: str) -> list[str]:
    """Public functions of a module with many parameters whose docstring has no Args; those of a form are described by `Sent` or `Posted`."""
    lacking = []
    for function, node in public_functions(tree(name).body, name):
        if any(isinstance(one, ast.Call) and getattr(one.func, "id", "") in ("sent", "posted") for one in node.decorator_list):
            continue
        arguments = node.args
        parameters = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        count = len([parameter for parameter in parameters if parameter not in ("self", "cls")])
        if count >= PARAMETERS and "Args:" not in (ast.get_docstring(node) or ""):
            lacking.append(function)
    return lacking


def test_public_functions_of_three_or_more_parameters_describe_them():
    settled = [name for name in MODULES if not f"{name}.".startswith(tuple(f"{package}." for package in BEING_REWRITTEN))]
    assert {function for name in settled for function in without_args(name)} == TOO_MANY_PARAMETERS
    assert sum(len(without_args(name)) for name in set(MODULES) - set(settled)) <= WITHOUT_ARGS


def test_clocks_are_read_and_files_opened_at_the_rim_only():
    found = Counter()
    for name, path in MODULES.items():
        if f"{name}.".startswith(tuple(f"{package}." for package in RIM)):
            continue
        for node in nodes(path):
            if isinstance(node, ast.Call):
                called = node.func
                method = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
                builtin = isinstance(called, ast.Name) or method != "open"
                if method in OF_THE_RIM - READS_FROM_A_RIM.get(name, set()) and builtin:
                    found[f"{name}: {method}"] += 1
    assert not found


DRAFTS = {"toolkit.app.report.pdf", "toolkit.app.controls.ledger"}
"""Modules that write into a temporary folder."""


def test_files_of_the_user_are_written_in_one_step():
    """Through `toolkit.app.runs`, whose files are whole wherever its process is killed."""
    writers = {
        name
        for name in MODULES
        if name.startswith(("toolkit.app", "toolkit.cli", "toolkit.api"))
        for node in nodes(MODULES[name])
        if isinstance(node, ast.Attribute) and node.attr in ("write_text", "write_bytes")
    }
    assert writers == DRAFTS | {"toolkit.app.runs"}
