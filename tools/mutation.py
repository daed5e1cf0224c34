"""Mutation score of modules by their own unit tests, into `docs/mutation.md`: `python -m tools.mutation [MODULE...]`.

Each module is changed in a copy of the last commit, one mutant after the other, and its tests are run. Rows of other modules
stay as they are. Survivors are written as what the mutant reads: an expert sees which are no other behaviour.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path

import pytest
from mutmut.mutation.file_mutation import mutate_file_contents

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "mutation.md"
TESTS = {
    "core": "unit/core",
    "controls": "unit/controls laws/test_controls.py",
    "controls/ledger": "unit/controls",
    "controls/ledger_checks": "unit/controls",
    "holdings/movements": "unit/holdings/test_movements.py unit/app/holdings/test_movements.py laws/test_movements.py",
    "holdings/performance": "unit/holdings/test_performance.py unit/app/test_performance.py",
    "holdings/cover": "unit/holdings/test_cover.py unit/holdings/test_licence_delay.py laws/test_cover.py",
    "holdings/exit": "unit/holdings/test_exit.py unit/holdings/test_exit_terms.py unit/app/test_exit.py laws/test_exit.py",
    "holdings/price_slips": "unit/holdings/test_price_slips.py",
    "holdings": "unit/holdings unit/app/holdings",
    "optimize/limits": "unit/optimize/test_limits.py",
    "market/readers": "unit/market/readers",
}
"""Package or module below `toolkit/` -> its tests below `tests/`; of several the longest name counts."""
MUTMUT = """
[tool.mutmut]
source_paths = ["toolkit"]
"""
HEAD = "| module | mutants | killed | score | by time | words alone | survivors | of |\n|:--|--:|--:|--:|--:|--:|--:|:--|\n"
ROW = re.compile(r"^\| `([\w/]+)` \|.*$", re.MULTILINE)


def score(module: str) -> tuple[str, list[str]]:
    """The row of a module, and its survivors."""
    own = max((name for name in TESTS if module == name or module.startswith(f"{name}/")), key=len)
    tests = [f"tests/{one}" for one in TESTS[own].split()]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "toolkit"
        subprocess.run(["git", "clone", "-q", ROOT, copy], check=True)
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(MUTMUT)
        source = copy / "toolkit" / f"{module}.py"
        with contextlib.chdir(copy):
            changed = mutate_file_contents(str(source), source.read_text("utf-8"))
        source.write_text(changed.code, encoding="utf-8")
        prefix = f"toolkit.{module.replace('/', '.')}."
        mutants, cores = [f"{prefix}{name}" for name in changed.mutant_names], os.cpu_count() or 1
        with ThreadPoolExecutor(cores) as pool:
            parts = pool.map(lambda share: _run(share, tests, copy), [mutants[first::cores] for first in range(cores)])
            results = {mutant: result for part in parts for mutant, result in part.items()}
    left = [name.removeprefix(prefix) for name, result in results.items() if result not in ("killed", "timeout")]
    functions = {one.name: one for one in ast.walk(ast.parse(changed.code)) if isinstance(one, ast.FunctionDef)}
    shown = [_difference(changed.code, functions, name) for name in left]
    survivors = [_told(one) for one in shown if not _is_of_words(one)]
    killed, late = len(results) - len(left), [*results.values()].count("timeout")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    share = f"{killed / len(results):.0%}" if results else ""
    cells = len(results), killed, share, late, len(left) - len(survivors), len(survivors), day
    return f"| `{module}` | {' | '.join(map(str, cells))} |", survivors


def _run(mutants: list[str], tests: list[str], copy: Path) -> dict[str, str]:
    """The result of each mutant; one that ends its process is killed, and the others go on in a new one.

    One at which pytest itself fails, which is no failing test, counts as one that survived.
    """
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    results: dict[str, str] = {}
    while left := [name for name in mutants if name not in results]:
        with tempfile.TemporaryDirectory() as folder:
            names, lines = Path(folder, "names.json"), Path(folder, "results")
            names.write_text(json.dumps(left), encoding="utf-8")
            command = [sys.executable, "-m", "tools.mutants", names, lines, *tests]
            done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
            if not lines.exists():
                raise SystemExit(done.stdout + done.stderr)
            ended = "survived" if done.returncode == pytest.ExitCode.INTERNAL_ERROR else "killed"
            found = dict(json.loads(line) for line in lines.read_text("utf-8").splitlines())
            results |= {name: ended if result == "begun" else result for name, result in found.items()}
    return results


def _difference(code: str, functions: dict[str, ast.FunctionDef], mutant: str) -> str:
    """The lines of a mutant that differ from those of its function, as a difference."""
    original = functions[f"{mutant.partition('__mutmut_')[0]}__mutmut_orig"]
    old, new = ((ast.get_source_segment(code, one) or "").splitlines()[1:] for one in (original, functions[mutant]))
    return "\n".join(line for line in unified_diff(old, new, n=0, lineterm=""))


def _lines(shown: str, sign: str) -> str:
    """The lines that a mutant adds (``+``) or takes away (``-``)."""
    return " ".join(line[1:].strip() for line in shown.splitlines() if line.startswith(sign) and not line.startswith(3 * sign))


def _is_of_words(shown: str) -> bool:
    """Whether a mutant changes the words of a sentence alone, which then has no German: the check of catalogues finds that."""
    old, new = (re.sub(r'"[^"]* [^"]*"', '""', _lines(shown, sign)) for sign in "-+")
    return bool(new) and old == new


def _told(shown: str) -> str:
    """A mutant as the lines that it adds, or takes away where it adds none."""
    return _lines(shown, "+") or _lines(shown, "-") or "no tests"


def main() -> None:
    """Measure modules, by default those of the page, and write the page after each: a run of hours may end early."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    introduction, *parts = re.split(r"(?m)^## ", text)
    rows = {found[1]: found[0] for found in ROW.finditer(introduction)}
    survivors = {part.partition("\n")[0].strip("`"): part.partition("\n")[2].strip() for part in parts}
    before = introduction.partition("| module |")[0]
    for module in sys.argv[1:] or [*rows]:
        rows[module], left = score(module)
        survivors[module] = "```\n" + "\n".join(left) + "\n```" if left else "None."
        listed = sorted(rows)
        page = before + HEAD + "".join(f"{rows[one]}\n" for one in listed)
        page += "".join(f"\n## `{one}`\n\n{survivors[one]}\n" for one in listed)
        PAGE.write_text(page, encoding="utf-8")
        sys.stdout.write(f"{rows[module]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
