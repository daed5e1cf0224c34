"""`toolkit report`: runs rendered again to the byte and without the market, holdings, the market, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.subjects import HOLDINGS

DAY = ("--as-of", "2026-11-24")


@pytest.fixture
def run_folder(stored_run, tmp_path) -> Path:
    """A run as `optimize` stored it, in the folder of the test."""
    return shutil.copytree(stored_run[1], tmp_path / "work" / "out" / "runs" / stored_run[1].name)


def test_a_stored_run_is_rendered_again_to_the_byte_without_the_market(toolkit, run_folder, tmp_path):
    assert {path.name for path in run_folder.iterdir()} == {
        "run.json",
        "findings.json",
        "inputs.json",
        "orders.csv",
        "weights.csv",
        "report.html",
    }
    before = (run_folder / "report.html").read_bytes()
    (run_folder / "report.html").unlink()
    (tmp_path / "nothing").mkdir()
    again = toolkit("report", "last", "--json", "--data", str(tmp_path / "nothing"))
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert (run_folder / "report.html").read_bytes() == before
    assert told["sha256"] == hashlib.sha256(before).hexdigest()
    assert Path(told["path"]) == run_folder / "report.html"
    fresh = toolkit("report", run_folder.name, "--out", "-", cwd=tmp_path / "other")
    assert fresh.returncode == 3, "another folder has no such run"


@pytest.mark.parametrize(("kind", "file"), [("md", "report.md"), ("json", "report.json"), ("email", "report.eml")])
def test_formats_have_files_of_their_own(toolkit, run_folder, kind, file):
    assert toolkit("report", "last", "--format", kind).returncode == 0
    assert (run_folder / file).stat().st_size > 1000


def test_a_file_is_written_in_the_format_of_its_ending(toolkit, run_folder, tmp_path):
    done = toolkit("report", "last", "--report", str(tmp_path / "tables.xlsx"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["report"], told["format"], Path(told["path"])) == ("allocation", "xlsx", tmp_path / "tables.xlsx")
    assert (tmp_path / "tables.xlsx").read_bytes().startswith(b"PK")
    assert not list(run_folder.glob("*.xlsx"))
    for more in (("--format", "md"), ("--out", "-")):
        assert toolkit("report", "last", "--report", "x.xlsx", *more).returncode == 2


def test_languages_and_other_reports_have_names_of_their_own(toolkit, run_folder):
    assert toolkit("report", "last", "--lang", "de").returncode == 0
    german = (run_folder / "report.de.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in german
    assert toolkit("report", "last", "--report", "webinar").returncode == 0
    assert (run_folder / "webinar.html").is_file()
    assert toolkit("report", "last", TOOLKIT_OUTPUT_LANGUAGE="de").returncode == 0
    assert (run_folder / "report.html").read_text(encoding="utf-8") == german


@pytest.mark.parametrize(("upper", "code"), [("0.2", 0), ("0.01", 5)])
def test_an_answer_in_another_language_has_its_report_in_it(toolkit, tmp_path, upper, code):
    done = toolkit("optimize", *DAY, "--set", f"constraint.any metal.upper={upper}", "--lang", "de")
    assert done.returncode == code
    page = next((tmp_path / "work" / "out" / "runs").glob("*/report*.html"))
    assert page.name == "report.de.html"
    assert f"Bericht: {page}" in done.stderr
    assert '<html lang="de">' in page.read_text(encoding="utf-8")


def test_a_run_stored_without_a_report_gets_one_later(toolkit, tmp_path):
    assert toolkit("optimize", *DAY, "--quiet", "--no-report").returncode == 0
    folder = next((tmp_path / "work" / "out" / "runs").iterdir())
    assert not (folder / "findings.json").exists()
    assert toolkit("report", "last").returncode == 0
    late = (folder / "report.html").read_bytes()
    assert toolkit("optimize", *DAY, "--quiet").returncode == 0
    assert (folder / "report.html").read_bytes() == late


def test_lots_and_the_market_are_reported_without_a_run(toolkit, tmp_path):
    (tmp_path / "work").mkdir(exist_ok=True)
    (tmp_path / "work" / "mine.csv").write_text(HOLDINGS, encoding="utf-8")
    assert toolkit("report", "mine.csv", *DAY).returncode == 0
    assert toolkit("report", *DAY).returncode == 0
    reports = tmp_path / "work" / "out" / "reports"
    names = sorted(path.parent.name for path in reports.glob("*/report.html"))
    assert [name.rpartition("-")[0] for name in names] == ["2026-11-24-market", "2026-11-24-mine"]
    assert all(len(name.rpartition("-")[2]) == 10 for name in names), "the path ends with what the content is"
    piped = toolkit("report", "-", *DAY, "--out", "-", stdin=HOLDINGS)
    assert piped.returncode == 0
    assert piped.stdout.startswith("<!doctype html>")


def test_a_conflict_is_stored_and_reported_and_nothing_can_be_held_by_it(toolkit, tmp_path):
    done = toolkit("optimize", *DAY, "--set", "constraint.any metal.upper=0.01")
    assert done.returncode == 5
    folder = next((tmp_path / "work" / "out" / "runs").iterdir())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "report:" in done.stderr
    assert "any metal" in page
    assert not (folder / "weights.csv").exists()
    again = toolkit("report", "last")
    assert again.returncode == 0, again.stderr
    assert (folder / "report.html").read_text(encoding="utf-8") == page
    refused = toolkit("optimize", *DAY, "--holdings", folder.name)
    assert refused.returncode == 2
    assert "no answer" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nosuch.csv",), 3, "neither a stored run nor a file"),
        (("last",), 3, "neither a stored run nor a file"),
        (("--report", "alocation", *DAY), 2, "'allocation'"),
        (("--format", "htm", *DAY), 2, "'html'"),
        (("--lang", "fr", *DAY), 2, "not written in 'fr'"),
        (("--as-of", "tomorrow"), 2, "is not a date"),
    ],
)
def test_what_cannot_be_is_refused_with_what_helps(toolkit, arguments, code, message):
    done = toolkit("report", *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stored_run_has_a_date_of_its_own(toolkit, run_folder):
    done = toolkit("report", "last", "--as-of", "2025-01-01")
    assert done.returncode == 2
    assert "2026-11-24" in done.stderr


def test_a_broken_run_is_told_and_a_folder_that_cannot_be_written_too(toolkit, run_folder, tmp_path):
    (run_folder / "findings.json").write_text("{", encoding="utf-8")
    done = toolkit("report", "last")
    assert done.returncode == 2
    assert "was changed after the run wrote it" in done.stderr
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = toolkit("report", *DAY, "--out", str(tmp_path / "file"))
    assert done.returncode == 2
    assert "--out" in done.stderr


def test_charts_are_written_beside_a_report_as_svg_and_png(toolkit, tmp_path):
    one = ("equal-weight", "--set", "universe.assets=['gallium']")  # each metal has drawings of its own
    assert toolkit("optimize", *one, *DAY, "--no-report").returncode == 0
    done = toolkit("report", "last", "--report", "full", "--format", "md", "--charts", str(tmp_path / "charts"))
    assert done.returncode == 0, done.stderr
    found = {path.name for path in (tmp_path / "charts").iterdir()}
    named = ("allocation-weights", "calendar", "prices-gallium", "flows-gallium")
    assert {f"{name}.{ending}" for name in named for ending in ("svg", "png")} <= found
    assert f"{len(found) // 2} in {tmp_path / 'charts'}" in done.stderr


def test_a_theme_has_a_file_of_its_own_and_a_bad_one_is_refused(toolkit, run_folder, tmp_path):
    before = (run_folder / "report.html").read_bytes()
    assert toolkit("report", "last", "--theme", "example").returncode == 0
    assert "Muster Metallberatung" in (run_folder / "report-example.html").read_text(encoding="utf-8")
    assert (run_folder / "report.html").read_bytes() == before
    (tmp_path / "mine.toml").write_text('data = "#ffee00"', encoding="utf-8")
    done = toolkit("report", "last", "--theme", str(tmp_path / "mine.toml"))
    assert done.returncode == 2
    assert "nearest" in done.stderr
