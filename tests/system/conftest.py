"""The command line in an empty folder, without a home and without a network."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.records import Subject, report
from tests.subjects import HOSTILE, backtest, conflict, holdings, market, proposal, renamed, with_parts
from tests.system import browser
from toolkit.cli.main import main, run

Answer = subprocess.CompletedProcess[str]
Run = Callable[..., Answer]


def caller(tmp_path: Path, drawings: Path) -> Run:
    """Runs `toolkit ARGS` by its entry point, in an empty folder under an environment without the developer's settings.

    No command leaves a temporary file.
    """
    home = tmp_path / "home"
    home.mkdir(mode=0o500, exist_ok=True)
    fixed = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "TOOLKIT_CACHE": str(drawings),
        "TMPDIR": str(tmp_path / "temporary"),
    }

    def run(*arguments: str, cwd: Path | None = None, stdin: str | None = None, **env: str) -> Answer:
        folder = cwd or tmp_path / "work"
        for place in (folder, tmp_path / "temporary"):
            place.mkdir(exist_ok=True)
        answer = _call(arguments, folder, {**fixed, **env}, stdin)
        assert not [*(tmp_path / "temporary").iterdir()], arguments
        return answer

    return run


def _call(arguments: Sequence[str], folder: Path, environment: dict[str, str], stdin: str | None) -> Answer:
    """The entry point on streams of its own, in the encoding that Python would give them."""
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    into, out, err = (io.TextIOWrapper(io.BytesIO(text.encode()), encoding) for text in (stdin or "", "", ""))
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.multiple(sys, argv=["toolkit", *arguments], stdin=into, stdout=out, stderr=err),
        mock.patch.object(tempfile, "tempdir", None),
        contextlib.chdir(folder),
        pytest.raises(SystemExit) as stop,
    ):
        main()
    told = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]
    return subprocess.CompletedProcess(arguments, int(stop.value.code or 0), *told)


@pytest.fixture(scope="session", autouse=True)
def _no_chromium_is_left() -> Iterator[None]:
    yield
    while browser.running:
        browser.running.pop().close()


@pytest.fixture
def toolkit(tmp_path: Path, drawings: Path) -> Run:
    """Run `toolkit ARGS` by its entry point; `env` adds variables, `stdin` feeds text."""
    return caller(tmp_path, drawings)


@pytest.fixture
def called(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in the folder of the test: its exit code, and what it prints on either stream."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def as_json(called: Callable[..., tuple[int, str, str]]) -> Callable[..., dict[str, Any]]:
    """The object that a command answers with."""

    def call(*arguments: str) -> dict[str, Any]:
        code, out, err = called(*arguments, "--json")
        assert code == 0, err or out
        return json.loads(out)

    return call


@pytest.fixture(scope="session")
def stored_answer(tmp_path_factory: pytest.TempPathFactory, drawings: Path) -> tuple[str, Path]:
    """What a plain run of the default strategy prints as JSON, and the folder it was stored in: copy it before changing it."""
    folder = tmp_path_factory.mktemp("stored")
    done = caller(folder, drawings)("optimize", "--json", "--as-of", "2026-11-24")
    assert done.returncode == 0, done.stderr
    return done.stdout, next((folder / "work" / "out" / "runs").iterdir())


@pytest.fixture(scope="session")
def stored_run(stored_answer: tuple[str, Path]) -> tuple[dict[str, Any], Path]:
    """The same as an object, and its folder."""
    return json.loads(stored_answer[0]), stored_answer[1]


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
        "backtest": (backtest(), "backtest", "en"),
        "backtest.de": (backtest(), "backtest", "de"),
        "hostile": (Subject(renamed(dict(run.record), HOSTILE), run.parts), "allocation", "en"),
    }
    for page, (subject, name, lang) in wanted.items():
        (folder / f"{page}.html").write_bytes(report(subject.record, subject.parts, name=name, lang=lang))
    return {page: folder / f"{page}.html" for page in wanted}
