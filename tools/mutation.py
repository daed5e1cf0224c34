"""Mutation score of modules by their own unit tests, into `docs/mutation.md`: `python -m tools.mutation [MODULE...]`.

Each module is changed in a copy of the last commit, one mutant after the other, and its tests are run. Rows of other modules
stay as they are. Survivors are written as what the mutant reads: an expert sees which are no other behaviour.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "mutation.md"
TESTS = {
    "core": "unit/core",
    "controls": "unit/controls laws/test_controls.py",
    "holdings/movements": "laws/test_movements.py unit/app/holdings/test_movements.py laws/test_sale_orders.py",
    "holdings/performance": "unit/holdings/test_performance.py unit/app/test_performance.py",
    "holdings/cover": "unit/holdings/test_cover.py unit/holdings/test_licence_delay.py laws/test_cover.py",
    "holdings/exit": "unit/holdings/test_exit.py unit/holdings/test_exit_terms.py unit/app/test_exit.py laws/test_exit.py",
    "holdings": "unit/holdings unit/app/holdings",
    "optimize/limits": "unit/optimize/test_limits.py",
    "market/readers": "unit/market/readers",
}
"""Package or module below `toolkit/` -> its tests below `tests/`; of several the longest name counts."""
SETTINGS = """
[tool.mutmut]
source_paths = ["toolkit"]
only_mutate = ["toolkit/{module}.py"]
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-x"]
pytest_add_cli_args_test_selection = {tests}
process_isolation = "forkserver"
forkserver_warmup = "none"
"""
"""Nothing is imported before a mutant is forked: polars does not outlive a fork, and each mutant would end by time."""
HEAD = "| module | mutants | killed | score | by time | words alone | survivors | of |\n|:--|--:|--:|--:|--:|--:|--:|:--|\n"
ROW = re.compile(r"^\| `([\w/]+)` \|.*$", re.MULTILINE)


def score(module: str) -> tuple[str, list[str]]:
    """The row of a module, and its survivors."""
    with tempfile.TemporaryDirectory() as folder:
        copy, program = Path(folder) / "toolkit", Path(sys.executable).with_name("mutmut")
        subprocess.run(["git", "clone", "-q", ROOT, copy], check=True)
        copied = sorted(path.name for path in copy.iterdir() if path.name not in (".git", "toolkit"))
        own = max((name for name in TESTS if module == name or module.startswith(f"{name}/")), key=len)
        tests = [f"tests/{one}" for one in TESTS[own].split()]
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(module=module, copied=copied, tests=tests).replace("'", '"'))

        def mutmut(*arguments: str) -> str:
            environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
            done = subprocess.run(
                [program, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
            )  # fmt: skip
            return done.stdout

        mutmut("run")
        results = dict(re.findall(r"^\s+(\S+): (.+)$", mutmut("results", "--all", "true"), re.MULTILINE))
        left = [name for name, result in results.items() if result not in ("killed", "timeout", "caught by type check")]
        shown = [mutmut("show", name) for name in left]
        survivors = [_told(one) for one in shown if not _is_of_words(one)]
    killed, late = len(results) - len(left), [*results.values()].count("timeout")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    cells = len(results), killed, f"{killed / len(results):.0%}", late, len(left) - len(survivors), len(survivors), day
    return f"| `{module}` | {' | '.join(map(str, cells))} |", survivors


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
