"""Files of clients: another content has another path, and a name is on page and path, whatever it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lots import HEADER, TWELVE
from toolkit.cli.main import run

DAY = ("--as-of", "2026-11-24")
HOSTILE = (
    "../../etc/passwd",
    "CON",
    "a/b\\c:d*e?f",
    "<script>alert(1)</script>",
    "Müller & Söhne GmbH",
    "稀土",
    "x" * 120,
    "\u202egnp.exe",
)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(capsys, *arguments: str) -> Path:
    assert run([*arguments, *DAY, "--json"]) in (0, None)
    return Path(json.loads(capsys.readouterr().out)["path"])


def test_files_of_one_name_are_two_reports_and_the_same_file_is_one(folder, capsys):
    for client, lots in (("c1", TWELVE[:2]), ("c2", TWELVE[2:4])):
        (folder / client).mkdir()
        (folder / client / "holdings.csv").write_text("\n".join([HEADER, *lots]))
    first, second, again = (
        written(capsys, "report", f"{client}/holdings.csv", "--format", "md") for client in ("c1", "c2", "c1")
    )
    assert first == again != second
    assert "gallium" in first.read_text().casefold()
    assert "germanium" in second.read_text().casefold()


def test_a_report_for_another_country_is_another_path(folder, capsys):
    here, there = (written(capsys, "report", "--format", "md", "--destination", country) for country in ("DEU", "USA"))
    assert here.parent != there.parent


@pytest.mark.parametrize("name", HOSTILE)
def test_a_client_is_on_the_page_and_in_the_path(name, folder, capsys):
    (folder / "lots.csv").write_text("\n".join([HEADER, TWELVE[0]]))
    path = written(capsys, "report", "lots.csv", "--format", "html", "--client", name)
    assert path.is_relative_to(folder / "out" / "reports")
    assert len(path.relative_to(folder / "out" / "reports").parts) == 2
    assert len(path.parent.name.encode()) < 200
    page = path.read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    shown = name.replace("\u202e", "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in page


@pytest.mark.parametrize("name", ["", "  ", "../..", "\x00", "y" * 121])
def test_a_name_that_says_nothing_is_refused(name, folder, capsys):
    (folder / "lots.csv").write_text("\n".join([HEADER, TWELVE[0]]))
    assert run(["report", "lots.csv", "--client", name, *DAY]) == 2
    assert "--client" in capsys.readouterr().err


def test_a_run_is_for_a_client_and_its_report_too(folder, capsys):
    assert run(["optimize", "equal-weight", "--client", "Ann & Co", *DAY, "--json"]) in (0, None)
    record = json.loads(capsys.readouterr().out)
    assert record["client"] == "Ann & Co"
    assert record["run_id"].startswith("2026-11-24-ann-co-equal-weight-")
    assert "Ann &amp; Co" in (folder / "out" / "runs" / record["run_id"] / "report.html").read_text(encoding="utf-8")
    assert run(["report", "last", "--client", "Someone else"]) == 2
