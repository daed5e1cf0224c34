"""The command line as a process of its own, in an empty folder, without a home and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def toolkit(tmp_path: Path) -> Run:
    """Run `toolkit ARGS`; `env` adds variables, `stdin` feeds text."""
    home = tmp_path / "home"
    home.mkdir(mode=0o500)

    def run(*arguments: str, cwd: Path | None = None, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        folder = cwd or tmp_path / "work"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", "toolkit", *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
