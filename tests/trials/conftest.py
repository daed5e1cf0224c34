"""The command line as its users meet it: in an empty folder, with files of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import run

FILES = Path(__file__).parent / "files"


def confirm(ask: Callable[..., tuple[int, Any]], file: str | Path, *prices: str, **meant: str) -> None:
    """Say once what is open of a file: what is meant, else what is proposed, else that it is of no matter."""
    _, record = ask("holdings", "map", str(file), *prices)
    kinds = {"column": "ignore", "text": "no_meaning"}
    answers = {one["name"]: one["proposed"] or kinds[one["about"]] for one in record["questions"]}
    answers |= {name: meaning for name, meaning in meant.items() if name in answers}
    sets = [word for name, answer in answers.items() for word in ("--set", f"{name}={answer}")]
    code, record = ask("holdings", "map", str(file), "--write", *sets, *prices)
    assert code == 0, record["questions"]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Run `toolkit ARGS --json` in an empty folder; exit code and record."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOOLKIT_DATA_PATH", "TOOLKIT_OWNER_COUNTRY", "TOOLKIT_OWNER_CURRENCY", "TOOLKIT_OWNER_BUDGET"):
        monkeypatch.delenv(name, raising=False)

    def asked(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked
