"""Pages (html, markdown) lose nothing that the JSON of the same command says: warnings, notes, and errors."""

import html
import json
import re

import pytest

DAY = ("--as-of", "2026-11-24")
LOTS = "lot_id,asset,quantity,unit,origin\nA1,gallium,25,kg,CHN\nA2,gold,1,kg,CHE\n"
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


def test_a_page_has_the_title_of_its_answer_and_each_table_a_caption_of_its_own(toolkit):
    page = toolkit("controls", "gallium", "--to", "USA", *DAY, "--format", "html").stdout
    title = re.search("<title>(.*)</title>", page)[1]
    captions = re.findall(r"<caption[^>]*>(.*?)</caption>", page)
    assert "gallium" in title
    assert "toolkit" not in title
    assert title not in captions
    assert len(captions) == len(set(captions)) > 1


def test_a_measure_on_another_route_says_why_it_is_unconfirmed(toolkit):
    state = json.loads(toolkit("controls", "gallium", "--to", "USA", *DAY, "--json").stdout)
    open_now = [row for row in state["measures"] if row["unconfirmed"]]
    assert open_now
    assert all(row["number"] in state["doubt"] for row in open_now)


@pytest.mark.parametrize("command", [("data", "show", "prices"), ("strategies", "show", "ex-china"), ("holdings", "template")])
def test_a_format_that_a_command_does_not_have_is_refused(toolkit, command):
    ran = toolkit(*command, "--format", "html")
    assert (ran.returncode, ran.stdout) == (2, "")


def test_an_option_before_the_command_is_sent_behind_it(toolkit):
    ran = toolkit("--language", "de", "optimize")
    assert ran.returncode == 2
    assert "toolkit optimize --language" in ran.stderr


def test_warnings_on_stderr_are_told_in_the_language_of_the_command(toolkit):
    said = {code: toolkit("optimize", "--no-report", *DAY, "--language", code).stderr.splitlines() for code in ("en", "de")}
    prefix = {"en": "warning: ", "de": "Warnung: "}
    warnings = {code: {line for line in lines if line.startswith(prefix[code])} for code, lines in said.items()}
    assert len(warnings["en"]) == len(warnings["de"]) > 0
    assert not warnings["en"] & warnings["de"]
