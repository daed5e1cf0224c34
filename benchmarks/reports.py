"""The report beside those of quantstats and jquantstats: time, size, requests, what a reader without eyes or network gets.

Run: `make benchmarks-reports`, or `python -m benchmarks.reports` in an environment that holds the toolkit and the peers.
Each report is made in a process of its own, from data that are loaded before the clock starts; prints a Markdown table.

`python -m benchmarks.reports --lengths` needs no peers: how long each default report is on a desktop, a phone and on paper.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AS_OF = "2026-11-24"
REPEATS = 3
SCREEN = 1000
"""Height of a screen in px, of a desktop and of a phone alike."""
WIDTHS = (1280, 390)
LENGTHS = (
    ("allocation", ("report", "last")),
    ("full", ("report", "last", "--report", "full")),
    ("exposure", ("report", "docs/gallery/holdings.csv", "--as-of", AS_OF)),
    ("market-brief", ("report", "--as-of", AS_OF)),
    ("metal", ("report", "--metal", "indium", "--as-of", AS_OF)),
    ("backtest", ("backtest", "minimum-risk", "--start", "2020-12-31", "--as-of", AS_OF, "--report")),
)
"""Reports by name, and the command that makes each."""
OURS = """
import json, os, resource, sys, time
from datetime import date
from pathlib import Path
os.environ["TOOLKIT_CACHE"] = sys.argv[2]
from toolkit.app.report import report
from toolkit.records.findings import Parts
from toolkit.records.run import Run
record = Run.model_validate_json(Path(sys.argv[3], "run.json").read_text())
parts = Parts.model_validate_json(Path(sys.argv[3], "findings.json").read_text())
from toolkit.app.languages import language
from toolkit.app.report.theme import theme
def once():
    started = time.perf_counter()
    page = report(record, parts)
    return time.perf_counter() - started, page
first, page = once()
cached, _ = once()
Path(sys.argv[1]).write_bytes(page)
for _ in range(20):
    once()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(100):
    once()
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(json.dumps({"seconds": first, "cached": cached, "grown": grown}))
"""
SERIES = """
import json, random, sys, time, datetime
draw = random.Random(1)
days = [datetime.date(2018, 1, 1) + datetime.timedelta(days=i) for i in range(2500)]
days = [day for day in days if day.weekday() < 5]
returns = [draw.gauss(0.0003, 0.01) for _ in days]
"""
QUANTSTATS = (
    SERIES
    + """
import warnings; warnings.filterwarnings("ignore")
import matplotlib; matplotlib.use("Agg")
import pandas as pd, quantstats as qs
series = pd.Series(returns, index=pd.DatetimeIndex(days), name="portfolio")
started = time.perf_counter()
qs.reports.html(series, output=sys.argv[1], title="Portfolio")
print(json.dumps({"seconds": time.perf_counter() - started}))
"""
)
JQUANTSTATS = (
    SERIES
    + """
from pathlib import Path
import polars as pl
import jquantstats as jqs
frame = pl.DataFrame({"Date": days, "portfolio": returns})
started = time.perf_counter()
page = jqs.Data.from_returns(returns=frame).reports.full()
Path(sys.argv[1]).write_text(page, encoding="utf-8")
print(json.dumps({"seconds": time.perf_counter() - started}))
"""
)


def measured(script: str, page: Path, *arguments: str) -> dict[str, float]:
    """What one process says of the report that it wrote."""
    done = subprocess.run([sys.executable, "-c", script, str(page), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def looked_at(page: Path) -> dict[str, float]:
    """What the file holds: size, addresses it would fetch, scripts, pictures, and pictures that say what they show."""
    text = page.read_text(encoding="utf-8", errors="replace")
    body = re.sub(r"<style.*?</style>", "", text, flags=re.S)
    fetched = re.findall(r"(?:src|href)=[\"']?https?://|url\(https?://", text)
    figures = re.findall(r"<svg[^>]*>|<img[^>]*>|<div[^>]*plotly-graph-div[^>]*>", body)
    named = len(re.findall(r"<svg[^>]*role=.img.[^>]*><title>", body)) + len(re.findall(r"<img[^>]*alt=.[^\"'][^>]*>", body))
    return {
        "kb": page.stat().st_size / 1024,
        "fetches": len(fetched),
        "scripts": len(re.findall(r"<script", body)),
        "pictures": len([f for f in figures if "aria-hidden" not in f]),
        "named": named,
        "tables": len(re.findall(r"<table", body)),
    }


@dataclass(frozen=True, slots=True)
class Length:
    """How much of a page there is to read at a width, what is folded left out.

    Attributes:
        figures: Findings with what shows them; a figure inside another is not counted.
        tables: Tables, bars and matrices in sight.
        sideways: Px by which the page is wider than the window.
    """

    height: int
    figures: int
    tables: int
    words: int
    sideways: int


MEASURE = """(() => {
  const shown = one => one.checkVisibility();
  const count = what => [...document.querySelectorAll(what)].filter(shown).length;
  const page = document.documentElement;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walk.nextNode())
    if (shown(walk.currentNode.parentElement)) words += walk.currentNode.data.split(/\\s+/).filter(Boolean).length;
  return [page.scrollHeight, count("figure"), count("table"), words, page.scrollWidth - innerWidth];
})()"""


def lengths(pages: list[Path]) -> Iterator[tuple[Path, int, Length]]:
    """(page, width, length) of each page at each of `WIDTHS`, in a real browser."""
    from tests.system.browser import Browser, running  # noqa: PLC0415  # needs Chromium and pytest, which timings do not

    browser = Browser()
    try:
        for page in pages:
            for width in WIDTHS:
                browser.open(page, width)
                yield page, width, Length(*browser.value(MEASURE))
    finally:
        running.pop().close()


def default_reports(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name, page) of each of `LENGTHS`, made by its command."""

    def toolkit(*arguments: str) -> str:
        command = [sys.executable, "-m", "toolkit", *arguments, "--out", str(folder)]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stderr

    toolkit("optimize", "--as-of", AS_OF)
    for name, command in LENGTHS:
        toolkit(*command)
        yield name, max(folder.rglob("*.html"), key=lambda page: page.stat().st_mtime_ns)


def print_lengths() -> None:
    """A Markdown table: height, screens, figures, tables and words of each default report, and its sheets of A4."""
    from toolkit.app.report.pdf import browser, printed  # noqa: PLC0415  # as above

    with tempfile.TemporaryDirectory() as name:
        made = [(name, page) for name, page in default_reports(Path(name))]
        program, names = browser(dict(os.environ)), {page: name for name, page in made}
        print("| Report | Width, px | Height, px | Screens | Figures | Tables | Words | Sheets of A4 |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|")
        for page, width, one in lengths([page for _, page in made]):
            sheets = ""
            if width == WIDTHS[0] and program:
                sheets = str(len(re.findall(rb"/Type\s*/Page\b", printed(page.read_text(encoding="utf-8"), program))))
            print(
                f"| {names[page]} | {width} | {one.height:,} | {one.height / SCREEN:.1f} | {one.figures} | {one.tables} "
                f"| {one.words:,} | {sheets} |"
            )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-m", "toolkit", "optimize", "--as-of", AS_OF, "--quiet", "--json", "--out", str(folder)],
            check=True, capture_output=True,
        )  # fmt: skip
        run = next((folder / "runs").iterdir())
        found: dict[str, list[dict[str, float]]] = {"toolkit": [], "quantstats": [], "jquantstats": []}
        for i in range(REPEATS):
            found["toolkit"].append(measured(OURS, folder / "toolkit.html", str(folder / f"cache{i}"), str(run)))
            found["quantstats"].append(measured(QUANTSTATS, folder / "quantstats.html"))
            found["jquantstats"].append(measured(JQUANTSTATS, folder / "jquantstats.html"))
        seconds = {peer: statistics.median(one["seconds"] for one in ones) for peer, ones in found.items()}
        cached = statistics.median(one["cached"] for one in found["toolkit"])
        grown = statistics.median(one["grown"] for one in found["toolkit"])
        pages = {folder / f"{peer}.html": peer for peer in seconds}
        screens = {pages[page]: one.height / SCREEN for page, width, one in lengths([*pages]) if width == WIDTHS[0]}
        print(
            "| Report | Seconds | Over ours | KB | Addresses fetched | Scripts | Pictures | of them named | Tables | Screens |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for peer, value in seconds.items():
            seen = looked_at(folder / f"{peer}.html")
            print(
                f"| {peer} | {value:.2f} | {value / seconds['toolkit']:.1f} | {seen['kb']:.0f} | {seen['fetches']} "
                f"| {seen['scripts']} | {seen['pictures']} | {seen['named']} | {seen['tables']} | {screens[peer]:.1f} |"
            )
        print(f"\nWith its charts kept: {cached:.2f} s. Memory over 100 further renders: {grown:+.1f} MB.")


if __name__ == "__main__":
    print_lengths() if "--lengths" in sys.argv[1:] else main()
