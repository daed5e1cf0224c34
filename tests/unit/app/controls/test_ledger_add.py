"""Adding a finding of one's own: once, with evidence, under the rules of own events, and with what changes by it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.ledger import add_event, review
from toolkit.cli.main import run
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.market.package import bundled_folder

TODAY = date(2026, 11, 25)
NEW = ["kind=control", "instrument=licence", "standing=official", "announced=2026-11-20", "effective=2026-12-01",
       "authority=MOFCOM", "origin=China", "metals=Pt", "forms=metal;oxide", "citation=gazette, 20 November"]  # fmt: skip
TRUCE = ["event_id=EV063", "ends=2027-03-31", "citation=seen"]


@pytest.fixture
def add(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notice.pdf").write_bytes(b"%PDF notice")
    settings = resolve({"owner.country": "USA"}, environment={})

    def added(words, file="own.csv", **more):
        return add_event(Context(settings, TODAY), file, words, "notice.pdf", **more)

    return added


@pytest.mark.parametrize("file", ["own.csv", "own.toml"])
def test_a_finding_is_an_own_event_with_its_evidence_and_only_once(add, file):
    before = {path: path.read_bytes() for path in bundled_folder().iterdir()}
    answer = add(NEW, file)
    assert [(c.metal, c.form, c.day, c.was, c.now) for c in answer.changes if c.was != c.now] == [
        ("platinum", form, "2026-12-01", "not_listed", "licence") for form in ("metal", "oxide")
    ]
    text = Path(file).read_bytes()
    again = add(NEW, file)
    assert (answer.written, again.written, again.is_there, again.event) == (True, False, True, answer.event)
    assert Path(file).read_bytes() == text
    add(TRUCE, file)
    inputs = Context(resolve({}, environment={}), TODAY, file)
    assert inputs.own == ("EV063", answer.event["event_id"])
    sha256 = hashlib.sha256(b"%PDF notice").hexdigest()
    assert inputs.events is not None
    assert dict(inputs.events.evidence) == dict.fromkeys(inputs.own, ("notice.pdf", sha256))
    assert {path: path.read_bytes() for path in bundled_folder().iterdir()} == before


def test_what_changes_is_what_controls_says_before_and_after(add):
    answer = add(TRUCE, dry_run=True)
    assert not Path("own.csv").exists()
    by_day = {c.day: (c.was, c.now) for c in answer.changes if c.metal == "gallium"}
    assert by_day == {
        TODAY.isoformat(): ("licence+ban_suspended", "licence+ban_suspended"),  # until a later day
        "2026-11-28": ("ban", "licence+ban_suspended"),
    }
    forms = {(c.metal, c.form) for c in answer.changes}
    assert {"antimony", "gallium", "germanium", "graphite", "superhard_materials"} <= {metal for metal, _ in forms}
    assert ("germanium", "oxide") in forms  # named by what the truce suspends, like the metal


def test_a_file_of_ones_own_keeps_rows_remarks_and_separator(add):
    Path("own.csv").write_text("# mine\nevent_id;ends;citation\nEV062;2027-01-10;seen\n", encoding="utf-8-sig")
    add(NEW)
    lines = Path("own.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# mine"
    assert lines[1].startswith("event_id;ends;citation;kind;")
    assert lines[2].startswith("EV062;2027-01-10;seen;;")
    assert set(Context(resolve({}, environment={}), TODAY, "own.csv").own) == {"EV062", lines[3].split(";")[0]}


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["event_id=EV063", "ends=2026-11-27", "citation=seen"], FrameError, "what the bundled ledger says"),
        ([*NEW, "number=No. 23/2023", "metals=Ga"], SpecError, "twice"),
        ([word for word in NEW if "forms" not in word], FrameError, "covers nothing"),
        ([*NEW[:3], "announced=2099-11-27", *NEW[4:]], FrameError, "announced after the day"),
        ([*(word for word in NEW if "metals" not in word), "metals=Unobtainium"], FrameError, "metal that is not known"),
        ([word for word in NEW if "citation" not in word], SpecError, "no citation"),
        (["kinds=control"], SpecError, "no key of an event"),
        (["kind"], SpecError, "no key with a value"),
        ([*NEW, "evidence=x"], SpecError, "made from --evidence"),
    ],
)
def test_a_void_or_faulty_finding_is_refused_and_nothing_written(add, words, error, what):
    with pytest.raises(error, match=what):
        add(words)
    assert not Path("own.csv").exists()


@pytest.mark.parametrize(
    ("effective", "what"), [("2023-09-01", "contradicts EV020: effective 2023-08-01"), ("2023-08-01", "says what EV020 says")]
)
def test_a_notice_of_the_ledger_under_another_id_is_refused(add, effective, what):
    words = ["kind=control", "instrument=licence", "standing=official", "announced=2023-07-03", f"effective={effective}",
             "authority=MOFCOM", "origin=China", "metals=Ga", "forms=metal", "number=No. 23 of 2023", "citation=x"]  # fmt: skip
    with pytest.raises(FrameError, match=what):
        add(words)


def test_other_words_for_an_id_of_the_file_are_a_contradiction(add):
    add(TRUCE)
    text = Path("own.csv").read_text(encoding="utf-8")
    with pytest.raises(FrameError, match=r"row 2 \(EV063\).*ends '2027-03-31', given '2027-04-30'"):
        add(["event_id=EV063", "ends=2027-04-30", "citation=seen"])
    assert Path("own.csv").read_text(encoding="utf-8") == text


def test_evidence_is_a_file_that_shows_something_and_is_watched(add):
    add(TRUCE)
    settings = resolve({}, environment={})
    states = []
    for content in (b"%PDF notice", b"other", None):
        Path("notice.pdf").unlink() if content is None else Path("notice.pdf").write_bytes(content)
        states += [row.state for row in review(Context(settings, TODAY, "own.csv")).evidence]
    assert states == ["unchanged", "changed", "not found"]
    with pytest.raises(DataError, match=r"cannot read 'notice\.pdf'"):
        add(NEW)
    Path("notice.pdf").touch()
    with pytest.raises(DataError, match="is empty"):
        add(NEW)


@pytest.mark.parametrize("hidden", ["evidence", "evidence_sha256", "citation"])
def test_half_an_evidence_is_a_fault_of_the_file(add, hidden):
    add(TRUCE)
    columns, cells = (line.split(",") for line in Path("own.csv").read_text(encoding="utf-8").splitlines())
    cells[columns.index(hidden)] = ""
    Path("own.csv").write_text(",".join(columns) + "\n" + ",".join(cells) + "\n", encoding="utf-8")
    with pytest.raises(FrameError, match="evidence"):
        _ = Context(resolve({}, environment={}), TODAY, "own.csv").ledger


def test_the_command_says_what_changes_and_where_to_use_it(add, capsys):
    words = ["ledger", "add", "own.csv", *TRUCE, "--evidence", "notice.pdf", "--as-of", "2026-11-25", "--destination", "USA"]
    assert run([*words, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["written"]
    assert {change["now"] for change in shown["changes"]} >= {"licence+ban_suspended"}
    assert run(words) == 0
    assert "says the same of EV063 already" in capsys.readouterr().out
    assert run(["ledger", "review", "--events", "own.csv", "--as-of", "2026-11-25"]) == 0
    assert "EV063 (notice.pdf: unchanged)" in capsys.readouterr().out
