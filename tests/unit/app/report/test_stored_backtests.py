"""A backtest is stored with its report, and rendered again from its folder without a market."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.records import parts_from, subject_of
from tests.subjects import AS_OF, backtest, context, settings
from toolkit.app.report.render import report
from toolkit.app.report.stored import load_run, store_backtest
from toolkit.app.run_store.lookup import meant
from toolkit.app.subjects import Subject
from toolkit.cli.main import run
from toolkit.core.errors import SpecError


@pytest.fixture
def subject() -> Subject:
    found = backtest()
    return Subject(subject_of(found.record), parts_from(found.parts))


@pytest.fixture
def folder(subject: Subject, tmp_path: Path) -> Path:
    return store_backtest(subject, tmp_path / "reports", context(AS_OF)).parent


def test_it_is_rendered_again_to_the_same_bytes(folder, subject):
    assert meant(str(folder), folder.parents[1]) == folder
    assert meant(folder.name[:-4], folder.parents[1]) == folder
    stored = load_run(folder, settings())
    assert stored.record.kind == "backtest"
    assert stored.record.to_json() == subject.record.to_json()
    again = report(stored.record, stored.parts, name="backtest")
    assert again == (folder / "report.html").read_bytes()
    assert store_backtest(subject, folder.parent, context(AS_OF)) == folder / "report.html"


def test_a_changed_figure_is_not_reported(folder):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["backtest"]["strategies"][0]["wealth"][-1] *= 2
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(SpecError, match="checksum"):
        load_run(folder, settings())


def test_the_command_writes_a_report_with_the_name_of_the_client(tmp_path, capsys):
    words = ["backtest", "equal-weight", "--start", "2026-03-31", "--end", "2026-05-31", "--no-baselines"]
    words += ["--as-of", "2026-11-24", "--out", str(tmp_path), "--language", "de"]
    assert run([*words, "--report", "--client", "Müller & Töchter"]) == 0
    (page,) = tmp_path.glob("reports/*müller*backtest-equal-weight*/report.de.html")
    assert str(page) in capsys.readouterr().err
    assert 'lang="de"' in page.read_text(encoding="utf-8")
    assert "Müller &amp; Töchter" in page.read_text(encoding="utf-8")
    assert run([*words, "--client", "Müller"]) == 2
