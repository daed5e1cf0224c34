"""Write docs/benchmarks.md: the optimizer beside its peers, run now and on this machine.

Run: `make benchmarks`, or `.peers/bin/python -m benchmarks.page` in an environment that holds the toolkit's dependencies and
the peers (skfolio, riskfolio-lib, pyportfolioopt, cvxportfolio); a peer that is not installed is left out. The names of parts
(`CALLED SHIPPED FEW MANY LARGE BACKTEST SCALE LOTS STORE PORTAL`) run these alone. About forty minutes on a machine of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.optimizer.data import MEASURES, SHAPE

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
CALLED = (
    "min_risk", "max_utility", "max_ratio", "max_diversification", "risk_parity", "hrp", "min_cvar",
    *(f"least {measure}" for measure in MEASURES),
)  # fmt: skip
"""Problems of the part that shows what is called."""
TEMPLATE = HERE / "benchmarks.template.md"


def run(*arguments: str, shape: str = "500 0.2") -> str:
    """The output of one benchmark, in a process of its own."""
    print("running", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=HERE.parent,
        env={**os.environ, SHAPE: shape},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def optimizer(folder: Path, shape: str, *arguments: str) -> str:
    """Tables of `benchmarks.optimizer` for days and cap of a shape."""
    file = folder / "optimizer.md"
    run("-m", "benchmarks.optimizer", "--limit", "40", "--markdown", str(file), *arguments, shape=shape)
    return file.read_text(encoding="utf-8").strip()


def parts() -> dict[str, Callable[[Path], str]]:
    """Name of a part of the page -> what makes it, given a folder for its files."""
    once, cases = ("--repeats", "5"), ("--only", "min_risk", "max_utility", "max_ratio")
    sizes = ("--sizes", "30", "200")
    return {
        "CALLED": lambda folder: optimizer(folder, "500 0.2", "--sizes", "30", "--repeats", "3", "--only", *CALLED),
        "SHIPPED": lambda folder: optimizer(folder, "500 0.2", "--sizes", "20", *once, *cases, "min_cvar"),
        "FEW": lambda folder: optimizer(folder, "500 0.2", *sizes, *once),
        "MANY": lambda folder: optimizer(folder, "2500 0.11", *sizes, *once, *cases, "min_cvar"),
        "LARGE": lambda folder: "\n\n".join(
            optimizer(folder, shape, "--repeats", "3", "--sizes", *asked)
            for asked in (("1000", "--only", "min_risk", "max_utility"), ("3000", "--only", "min_risk", "--limit", "10"))
            for shape in ("500 0.2", "2500 0.11")
        ),
        "BACKTEST": lambda _: run("-m", "benchmarks.backtests").strip(),
        "SCALE": lambda _: "\n\n".join(
            run("-m", "benchmarks.scale", "--days", days, "--sizes", *asked).strip()
            # Of 3,000 a peer takes minutes a run.
            for days, *asked in (
                ("2500", *sizes[1:], "1000"),
                ("2500", "3000", "--no-peers"),
                ("500", "3000", "--repeats", "1"),
            )
        ),
        "LOTS": lambda _: "```text\n" + run("-m", "benchmarks.lots").strip() + "\n```",
        "STORE": lambda _: run("-m", "benchmarks.store").strip(),
        "PORTAL": lambda _: run("-m", "benchmarks.portal").strip(),
    }


def between(name: str, text: str) -> str:
    """A part of the page as it is: what stands between its marks."""
    return text.split(f"<!-- {name} -->\n", 1)[1].split(f"\n<!-- /{name} -->", 1)[0]


def main() -> None:
    """Run the parts that are named, all by default, and fill the template; the page is written after each, the others stay."""
    makers = parts()
    asked = sys.argv[1:] or [*makers]
    found = {name: between(name, PAGE.read_text(encoding="utf-8")) for name in makers}
    for name in asked:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = makers[name](Path(folder))
        text = TEMPLATE.read_text(encoding="utf-8")
        for part, told in found.items():
            text = text.replace(f"{{{{{part}}}}}", f"<!-- {part} -->\n{told}\n<!-- /{part} -->")
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
