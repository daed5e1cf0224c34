"""Pages (html, markdown) lose nothing that the JSON of the same command says: warnings, notes, and errors."""

import html
import json
import re

import pytest

DAY = ("--as-of", "2026-11-24")
LOTS = "lot_id,asset,quantity,unit,country\nA1,gallium,25,kg,CHN\nA2,gold,1,kg,CHE\n"
FAULTY = "lot_id,asset,quantity,unit\nA1,galium,25,kg\nA2,gold,x,kg\n"
CONFLICT = ("optimize", "ex-china", "--set", "constraint.China.upper=0.01", "--no-report", *DAY)


def listed(page: str, form: str, title: str) -> list[str]:
    """The items of a section."""
    if form == "markdown":
        section = page.partition(f"## {title}\n")[2].partition("\n#")[0]
        return re.findall(r"^- (.*)$", section, re.MULTILINE)
    section = page.partition(f">{title}</h2>")[2].partition("</section>")[0]
    return [html.unescape(re.sub("<[^>]+>", "", item)) for item in re.findall("<li>(.*?)</li>", section, re.DOTALL)]


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("command", [("optimize", "--no-report", *DAY), ("exposure", "lots.csv", *DAY)])
def test_a_page_has_every_warning_and_note_of_the_record(toolkit, tmp_path, command, form):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "lots.csv").write_text(LOTS)
    record = json.loads(toolkit(*command, "--json").stdout)
    page = toolkit(*command, "--format", form).stdout
    assert record["warnings"]
    assert len(listed(page, form, "Warnings")) == len(record["warnings"])
    assert len(listed(page, form, "Notes")) == len(record["notes"])


def test_a_terminal_has_warnings_on_stderr_alone(toolkit):
    ran = toolkit("optimize", "--no-report", *DAY)
    assert "warning: " in ran.stderr
    assert "Warnings" not in ran.stdout


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_limits_that_contradict_each_other_are_a_page_with_the_least_relaxation(toolkit, form):
    details = json.loads(toolkit(*CONFLICT, "--json").stdout)["error"]["details"]
    ran = toolkit(*CONFLICT, "--format", form)
    assert ran.returncode == 5
    assert all(name in html.unescape(ran.stdout) for name in (*details["conflict"], *details["set"]))


@pytest.mark.parametrize("form", ["markdown", "html"])
@pytest.mark.parametrize("command", [("holdings", "check"), ("exposure",)])
def test_every_fault_of_a_file_is_on_the_page(toolkit, tmp_path, command, form):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "bad.csv").write_text(FAULTY)
    faults = json.loads(toolkit(*command, "bad.csv", *DAY, "--json").stdout)["error"]["details"]["faults"]
    ran = toolkit(*command, "bad.csv", *DAY, "--format", form)
    assert ran.returncode == 3
    assert all(fault["fault"] in ran.stdout for fault in faults)
