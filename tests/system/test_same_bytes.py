"""Answers in another process are the same bytes: whatever its hashes, threads, encoding, time zone, folder and kept drawings."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.subjects import AS_OF, factors
from toolkit.core.text import indented

DAY = ("--as-of", "2026-11-24")
EXPLAIN = ("optimize", "--as-of", "2026-10-02", "--json", "--explain", "--no-report")
FRONTIER = ("frontier", "physical-basket", *DAY, "--json", "--points", "5")
FLOWS = ("flows", "bismuth", *DAY, "--json")
CONTROLS = ("controls", "gallium", "--to", "USA", *DAY, "--json")
COMMANDS = (
    ("optimize", *DAY, "--json"),
    ("report", "last", "--out", "-"),
    ("factors", *DAY, "--json"),
    EXPLAIN, FRONTIER, FLOWS, CONTROLS,
    ("controls", "--item", "8112929010", *DAY),
)  # fmt: skip
"""The report is of the run that the first stored. The last one's text has characters that the stream does not have."""

ONE_PROCESS = f"""
import sys
from toolkit.cli.main import run
from toolkit.cli.terminal import tolerant_streams

tolerant_streams()
for words in {COMMANDS!r}:
    if run(list(words)):
        sys.exit(repr(words))
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\0")
"""


def test_answers_are_the_same_bytes_in_another_process(toolkit, stored_answer, tmp_path):
    printed, here = stored_answer
    there = tmp_path / "there"
    there.mkdir()
    others = {"PYTHONIOENCODING": "cp949", "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    others |= {"TZ": "Asia/Shanghai", "HOME": str(there), "TOOLKIT_CACHE": str(tmp_path / "empty")}
    # The kernel of BLAS is part of what a run was made from: where this process was told which, the other one is told too.
    others |= {name: value for name, value in os.environ.items() if name == "OPENBLAS_CORETYPE"}
    command = [sys.executable, "-c", ONE_PROCESS]
    done = subprocess.run(command, cwd=there, env=others, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode("cp949")
    optimized, report, factored, *asked, _, rest = done.stdout.split(b"\0")
    assert optimized.decode() == printed
    assert report == (here / "report.html").read_bytes()
    assert factored.decode() == indented(factors(AS_OF).to_json(), ascii_only=True) + "\n"
    for words, answer in zip((EXPLAIN, FRONTIER, FLOWS, CONTROLS), asked, strict=True):
        assert answer.decode() == toolkit(*words).stdout, words
    assert rest == b""
    stored, again = (
        {file.name: file.read_bytes() for file in run.iterdir()} for run in (here, there / "out" / "runs" / here.name)
    )
    assert stored == again
    assert len(stored) == 6
