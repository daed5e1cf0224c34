"""Write docs/benchmarks.md: the optimizer beside its peers, run now and on this machine.

Run: `make benchmarks`, or `.peers/bin/python -m benchmarks.page` in an environment that holds the toolkit's dependencies and
the peers (skfolio, riskfolio-lib, pyportfolioopt, cvxportfolio). About a quarter of an hour; nothing else should run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
TEMPLATE = HERE / "benchmarks.template.md"


def tail_table(report: dict[str, Any]) -> str:
    """The cases of `benchmarks.cvar` as a table."""
    lines = ["| Solver | Assets | Scenarios | First call | Median | Over the toolkit's |", "|---|--:|--:|--:|--:|--:|"]
    for case in report["cases"]:
        own = case["results"]["toolkit"]["median"]
        for name, found in case["results"].items():
            lines.append(
                f"| {name} | {case['assets']} | {case['scenarios']:,} | {found['first']:.3f} s | {found['median']:.3f} s "
                f"| {found['median'] / own:.1f} |"
            )
        lines.append(
            f"| **fastest peer: {case['fastest_peer']}** | {case['assets']} | {case['scenarios']:,} | | "
            f"| **{case['ratio']:.1f}** (at least {case['least']:g}, goal {case['goal']:g}) |"
        )
    return "\n".join(lines)


def run(*arguments: str) -> str:
    """The output of one benchmark, in a process of its own."""
    print("running", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, *arguments], cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def main() -> None:
    """Run everything and fill the template."""
    with tempfile.TemporaryDirectory() as folder:
        quadratic, tail = Path(folder) / "quadratic.md", Path(folder) / "tail.json"
        run("-m", "benchmarks.optimizer", "--limit", "40", "--markdown", str(quadratic))
        run("-m", "benchmarks.cvar", "5", str(tail))
        parts = {
            "QUADRATIC": quadratic.read_text(encoding="utf-8").strip(),
            "TAIL": tail_table(json.loads(tail.read_text(encoding="utf-8"))),
            "LOTS": "```text\n" + run("-m", "benchmarks.lots").strip() + "\n```",
        }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
