"""Every section for every subject in every language and format: blocks, or the reason why there are none; never an error."""

from __future__ import annotations

import itertools
import json
import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.lots import HEADER, TWELVE
from tests.records import Subject, as_document, partial_findings, report
from tests.subjects import (
    HOLDINGS,
    HOSTILE,
    MOVES,
    all_cash,
    backtest,
    conflict,
    holdings,
    market,
    proposal,
    renamed,
    with_parts,
)
from toolkit.app.languages import language
from toolkit.app.report import FORMATS
from toolkit.app.subjects import DEFAULT_REPORT
from toolkit.report.compose import ReportDefinition, builders, compose
from toolkit.report.document import Columns, Figure, Heading, KeyFigures, Matrix, Missing, Paragraph, Table
from toolkit.report.i18n.text import plain
from toolkit.report.shorten import PICTURES

LIMIT = 500_000
ONE = "\n".join(HOLDINGS.splitlines()[:2]) + "\n"
EMPTY = HOLDINGS.splitlines()[0] + "\n"
MANY = "\n".join((HEADER, *[f"{i:03d}-{row}" for i in range(42) for row in TWELVE][:500]))
PATTERNS = (
    "=cmd()|'/C calc'!A0",
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "稀土 Überlänge",
    "[x](javascript:alert(1))",
    "x" * 300,
)
NAMED = [f'"{name}",gallium,metal,4N,{i + 1},kg,2025-01-10,600,EUR,CHN,"{name}",stored' for i, name in enumerate(PATTERNS)]
STRANGE = "\n".join((HOLDINGS.splitlines()[0], *NAMED))


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    folder = tmp_path_factory.mktemp("contract")
    run = with_parts(proposal())
    return {
        "run": run,
        "cash": with_parts(all_cash(dict(run.record))),
        "hostile": Subject(renamed(dict(run.record), HOSTILE), run.parts),
        "nothing found": Subject(run.record, {}),
        "held": with_parts(proposal(holdings=str(_file(folder / "held.csv", HOLDINGS)))),
        "lots": holdings(folder / "lots.csv"),
        "movements": holdings(folder / "moves.csv", MOVES),
        "one lot": holdings(folder / "one.csv", ONE),
        "no lot": holdings(folder / "none.csv", EMPTY),
        "500 lots": holdings(folder / "many.csv", MANY),
        "strange lots": holdings(folder / "strange.csv", STRANGE),
        "market": market(),
        "conflict": conflict(),
        "backtest": backtest(),
    }


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


SUBJECTS = (
    "run", "cash", "hostile", "nothing found", "held", "lots", "movements", "one lot", "no lot", "500 lots", "strange lots", "market", "conflict", "backtest",
)  # fmt: skip

REPEATED = ("run", "strange lots", "market", "conflict")
"""One of each kind of subject is made twice."""


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_section_answers(subjects, name, lang):
    findings = partial_findings(subjects[name].record, subjects[name].parts, language(lang))
    for section in builders():
        document = compose(findings, ReportDefinition("All", (section,)))
        for found in document.sections:
            assert isinstance(found.content, Missing) or found.content, section
            if isinstance(found.content, Missing):
                assert found.content.reason.endswith("."), section


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {"pdf"}))
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_format_holds_the_whole_and_repeats_its_bytes(subjects, name, kind):
    subject = subjects[name]
    wanted = DEFAULT_REPORT[subject.kind]
    first = report(subject.record, subject.parts, name=wanted, format=kind)
    if name in REPEATED:
        assert report(subject.record, subject.parts, name=wanted, format=kind) == first
    if kind == "html":
        assert len(first) < LIMIT
    if kind in ("html", "md"):
        document, _ = as_document(subject.record, subject.parts, name=wanted)
        text = first.decode("utf-8", "replace")
        for section in document.sections:
            assert section.title in text


@pytest.mark.parametrize("name", ["hostile", "strange lots"])
def test_hostile_names_are_words_in_every_format(subjects, name):
    subject = subjects[name]
    made = {
        kind: report(subject.record, subject.parts, name=DEFAULT_REPORT[subject.kind], format=kind)
        for kind in ("html", "md", "email", "json")
    }
    mail = message_from_bytes(made["email"], policy=policy.default)
    bodies = [mail.get_body((kind,)) for kind in ("html", "plain")]
    assert all(bodies)
    html = next(body.get_content() for body in bodies if body.get_content_type() == "text/html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made["html"].decode()
    for page in (made["html"].decode().replace("<script data-copy=", ""), html):
        assert "<script" not in page
    assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(javascript", made["md"].decode())
    assert any("<script>" in words for words in _strings(json.loads(made["json"])))


def _strings(data: object) -> list[str]:
    if isinstance(data, str):
        return [data]
    entries = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [words for entry in entries for words in _strings(entry)]


def test_the_report_of_nothing_says_so(subjects):
    document, _ = as_document(subjects["no lot"].record, subjects["no lot"].parts, name="exposure")
    heading = document.sections[0].content[0]
    assert "no lot" in plain(heading.text).casefold() or "nothing" in plain(heading.text).casefold()


SHORT = (
    ("run", "allocation"), ("cash", "allocation"), ("held", "allocation"), ("nothing found", "allocation"), ("lots", "exposure"),
    ("one lot", "exposure"), ("no lot", "exposure"), ("500 lots", "exposure"), ("market", "market-brief"),
)  # fmt: skip
MOST_FIGURES = 12


@pytest.mark.parametrize(("name", "definition"), SHORT)
def test_a_short_report_has_its_evidence_in_sight(subjects, name, definition):
    """No headline stands alone, a section has one picture and one table, and what is left out is a row that the full report has."""
    document, _ = as_document(subjects[name].record, subjects[name].parts, name=definition)
    whole, _ = as_document(subjects[name].record, subjects[name].parts, name="full")
    assert len(_figures(document)) <= MOST_FIGURES
    for section in document.sections:
        if isinstance(section.content, Missing):
            continue
        shown = [kind for block in section.content for kind in _shown(block)]
        assert max((shown.count(kind) for kind in ("picture", "table")), default=0) <= 1, section.name
        for figure in _figures(document, section.name)[1:]:
            assert figure.body, plain(figure.title)
    titles = {plain(figure.title) for figure in _figures(whole)}
    rows = [row for section in document.sections if section.name == "also" for table in section.content for row in table.rows]
    own = re.compile("facts? used in this report")  # each report counts its own
    assert [told for row in rows if (told := plain(row.cells[1])) not in titles and not own.search(told)] == []


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_report_says_a_finding_twice(subjects, name):
    """The market brief had its heading again over its first table, and what is left of supply stood in two sections."""
    subject = subjects[name]
    for wanted, code in itertools.product((DEFAULT_REPORT[subject.kind], "full", "webinar"), ("en", "de")):
        document, _ = as_document(subject.record, subject.parts, name=wanted, lang=code)
        told = [plain(figure.title) for figure in _figures(document)]
        for section in document.sections:
            if not isinstance(section.content, Missing):
                told += [plain(block.text) for block in section.content if isinstance(block, Heading)]
        assert sorted(told) == sorted(set(told)), (wanted, code)


@pytest.mark.parametrize(("name", "definition"), [*SHORT, ("backtest", "backtest")])
def test_the_style_of_a_short_report_hangs_on_what_every_one_has(subjects, name, definition):
    """It hung on the table of further findings: a backtest without any was set as a full report."""
    page = report(subjects[name].record, subjects[name].parts, name=definition, format="html").decode()
    assert set(re.findall(r"\.page:has\(([^)]+)\)", page)) == {"#sources .notes"}
    assert 'class="notes' in page.partition('<section id="sources"')[2].partition("</section>")[0]


def _figures(document, name=None):
    blocks = [
        block
        for section in document.sections
        if name in (None, section.name) and not isinstance(section.content, Missing)
        for block in section.content
    ]
    return [figure for block in blocks for figure in getattr(block, "figures", (block,)) if isinstance(figure, Figure)]


def _shown(block):
    """Pictures and tables in sight; the matrix of controls is both."""
    if isinstance(block, Columns | Figure):
        return [kind for part in (block.figures if isinstance(block, Columns) else block.body) for kind in _shown(part)]
    if isinstance(block, Matrix):
        return ["picture", "table"]
    return ["picture"] if isinstance(block, PICTURES) else ["table"] if isinstance(block, Table) else []


def test_a_run_without_findings_says_what_is_missing_and_shows_the_rest(subjects):
    document, _ = as_document(subjects["nothing found"].record, {}, name="full")
    missing = {section.name for section in document.sections if isinstance(section.content, Missing)}
    assert missing == {
        "changes",
        "whatif",
        "history",
        "concentration",
        "official",
        "flows",
        "prices",
        "quality",
        "stages",
    }


FACTS = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8").partition("## Five facts")[2]


@pytest.mark.parametrize(("name", "column"), [("run", 2), ("500 lots", 3)])
def test_five_facts_stand_where_the_page_on_reports_says(subjects, name, column):
    document, _ = as_document(subjects[name].record, subjects[name].parts, name=DEFAULT_REPORT[subjects[name].kind])
    blocks = {section.name: section.content for section in document.sections}
    opening = next(content for section, content in blocks.items() if section.endswith("answer"))
    notes = {item.label: plain(item.note) for block in opening if isinstance(block, KeyFigures) for item in block.items}
    rows = [row.split("|") for row in FACTS.partition("\n## ")[0].splitlines() if row.startswith("| w")]
    named = {place for row in rows for place in re.findall("`([^`]+)`", row[column])}
    assert len(rows) == 5
    assert named
    assert named <= {*notes, *(section.title for section in document.sections)}
    assert [block.role for block in opening if isinstance(block, Paragraph)].count("next") == 1
    record, say = subjects[name].record, language("en")
    if name == "run":
        assert say.fmt.money(record["costs"]["entry"], "EUR") in notes["Break-even after 3 years"]
        most = max(record["risk_contributions"], key=record["risk_contributions"].__getitem__)
        assert plain(blocks["risk"][0].title).lower().startswith(most)
    else:
        risky = [lot for lot in record["exposure"]["lots"] if lot["delivery"] == "open_order_at_risk"]
        most = max(risky, key=lambda lot: lot["value"])
        assert say.fmt.money(most["value"], "EUR") in plain(blocks["holdings"][0].title)
    page = report(subjects[name].record, subjects[name].parts, name=DEFAULT_REPORT[subjects[name].kind]).decode()
    led = {*re.findall('href="#([sa][0-9]+)"', page)}
    assert led
    assert led <= {*re.findall('id="([sa][0-9]+)"', page)}
