"""The command line as a process of its own, in an empty folder, without a home and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.subjects import HOSTILE, conflict, holdings, market, proposal, renamed, with_parts
from toolkit.app.report import report
from toolkit.app.subjects import Subject

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def toolkit(tmp_path: Path, drawings: Path) -> Run:
    """Run `toolkit ARGS`; `env` adds variables, `stdin` feeds text."""
    home = tmp_path / "home"
    home.mkdir(mode=0o500)

    def run(*arguments: str, cwd: Path | None = None, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        folder = cwd or tmp_path / "work"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", "toolkit", *arguments],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "OPENBLAS_NUM_THREADS": "1",
                "TOOLKIT_CACHE": str(drawings),
                **env,
            },
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def report_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports as files by name: of every kind of subject, in German where the name ends so, and one under hostile names."""
    folder = tmp_path_factory.mktemp("reports")
    run = with_parts(proposal())
    held = holdings(folder / "holdings.csv")
    wanted = {
        "allocation": (run, "allocation", "en"),
        "allocation.de": (run, "allocation", "de"),
        "webinar": (run, "webinar", "en"),
        "exposure": (held, "exposure", "en"),
        "exposure.de": (held, "exposure", "de"),
        "market-brief": (market(), "market-brief", "en"),
        "conflict": (conflict(), "conflict", "en"),
        "hostile": (Subject(renamed(dict(run.record), HOSTILE), run.parts), "allocation", "en"),
    }
    for page, (subject, name, lang) in wanted.items():
        (folder / f"{page}.html").write_bytes(report(subject.record, subject.parts, name=name, lang=lang))
    return {page: folder / f"{page}.html" for page in wanted}
