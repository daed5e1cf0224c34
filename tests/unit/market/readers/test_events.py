"""A user's own events: the same in CSV and TOML, strict, with file, row and remedy."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.subjects import context
from toolkit.app.controls.own_events import event_names
from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.market.package import bundled_folder, read_table
from toolkit.market.readers.events import OwnEvents, read_events

TOML = """
[[event]]
event_id = "own-1"
kind = "control"
instrument = "licence"
standing = "official"
announced = 2026-11-01
effective = 2026-12-01
authority = "Ministry"
origin = "CHN"
metals = ["hafnium"]
forms = ["metal"]
dual_use = true
citation = "gazette"

[[event]]
event_id = "EV063"
ends = "2027-03-31"
"""
CSV = """event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,dual_use,citation,ends
own-1,control,licence,official,2026-11-01,2026-12-01,Ministry,CHN,hafnium,metal,true,gazette,
EV063,,,,,,,,,,,,2027-03-31
"""
HEADER = "event_id,kind,instrument,standing,announced,effective,authority,origin,metals,citation,forms"
GOOD = "own-1,control,licence,official,2026-11-01,2026-12-01,Ministry,CHN,hafnium,gazette,metal"


@pytest.fixture(scope="module")
def bundled():
    return read_table(bundled_folder() / "controls.csv", ControlEvents)


@pytest.fixture(scope="module")
def names():
    ledger = context(date(2026, 11, 24)).ledger
    return event_names(ledger, {"rare_earths"})


@pytest.fixture
def read(tmp_path, bundled, names):
    def reader(text: str, name: str = "own.csv", until: date = date(2026, 12, 31)):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_events(path, bundled=bundled, names=names, until=until)

    return reader


def test_both_formats_say_the_same(read):
    one, two = read(CSV), read(TOML, "own.toml")
    assert one.events.equals(two.events)
    assert one.scopes.equals(two.scopes)
    ControlEvents.validate(one.events)
    ControlScopes.validate(one.scopes)
    assert (one.rows["EV063"], two.rows["EV063"]) == (3, 2)


def test_an_override_keeps_what_it_does_not_give(read, bundled):
    own = read(CSV).events.filter(event_id="EV063").row(0, named=True)
    was = bundled.filter(event_id="EV063").row(0, named=True)
    assert own["ends"] == date(2027, 3, 31) != was["ends"]
    for kept in ("instrument", "acts_on", "relation", "coverage", "known_from", "effective"):
        assert own[kept] == was[kept]
    assert own["source"] == "user"
    assert "own" in own["confidence"]


def test_a_new_event_is_known_when_it_is_announced(read):
    own = read(CSV).events.filter(event_id="own-1").row(0, named=True)
    assert (own["known_from"], own["coverage"], own["destination"]) == (date(2026, 11, 1), "listed", "all")


@pytest.mark.parametrize(
    ("rows", "rule", "row", "remedy"),
    [
        (f"{GOOD}\n{GOOD}", "event_id", 2, "Keep one"),
        (GOOD.replace("gazette", ""), "incomplete", 2, "citation"),
        (GOOD.replace("own-1", "EV63").replace("licence,official", ","), "incomplete", 2, "instrument"),
        (GOOD.replace("control", "contol"), "kind", 2, "control"),
        (GOOD.replace("licence", "licens"), "instrument", 2, "licence"),
        (GOOD.replace("official", "offical"), "standing", 2, "official"),
        (GOOD.replace("CHN", "CHI"), "origin", 2, "CHN"),
        (GOOD.replace(",metal", ","), "no_effect", 2, "forms"),
        (GOOD.replace("2026-12-01", ""), "no_effect", 2, "effective"),
        (GOOD.replace("control,licence", "policy,licence"), "no_effect", 2, "kind"),
        (GOOD.replace("2026-11-01", "2027-01-01"), "dates", 2, "--as-of"),
        ("EV063,,,,,,,,,,", "no_effect", 2, "leave the event out"),
        ("EV063,control,,,,,,,,,", "no_effect", 2, "leave the event out"),
        (GOOD.replace("hafnium", "hafnum"), "unknown_metals", 2, "hafnium"),
        (GOOD.replace(",metal", ",mettal"), "unknown_forms", 2, "metal"),
        (GOOD.replace("2026-11-01", "1.11.2026"), "date", 2, "2026-05-31"),
        (GOOD.replace("2026-11-01", "2026-02-30"), "date", 2, "2026-05-31"),
    ],
)
def test_faulty_rows_are_named_with_a_remedy(read, rows, rule, row, remedy):
    with pytest.raises(FrameError) as caught:
        read(f"{HEADER}\n{rows}\n")
    error = caught.value
    assert error.details["rule"] == rule
    assert error.details["rows"][0] == row
    assert "own.csv" in error.message
    assert remedy in error.hint


@pytest.mark.parametrize(
    ("cells", "rule", "remedy"),
    [
        ({"destination": "USA;GER"}, "destination", "DEU"),
        ({"end_user": "militry"}, "end_user", "military"),
        ({"ends": "2026-11-15"}, "dates", "last day"),
        ({"known_from": "2026-10-01"}, "dates", "known_from"),
        ({"acts_on": "EV63", "relation": "extends"}, "acts_on", "EV063"),
        ({"acts_on": "EV063"}, "relation", "both"),
        ({"relation": "suspnds", "acts_on": "EV063"}, "relation", "suspends"),
        ({"purity_min": "99.99"}, "purity_min", "0.9999"),
        ({"purity_min": "0.9999", "forms": ""}, "purity_min", "forms"),
        ({"direction": "tight"}, "direction", "tighten"),
        ({"colour": "red"}, "unknown_key", "Known"),
        ({"efective": "2026-12-01"}, "unknown_key", "effective"),
    ],
)
def test_every_column_is_checked_with_the_nearest(read, cells, rule, remedy):
    record = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | cells
    with pytest.raises(FrameError) as caught:
        read(f"{','.join(record)}\n{','.join(record.values())}\n")
    found = caught.value.details.get("faults") or [{**caught.value.details, "hint": caught.value.hint}]
    assert any(fault["rule"] == rule and remedy in fault["hint"] for fault in found)


def test_all_faults_of_a_file_are_told_at_once(read):
    rows = [GOOD.replace("CHN", "CHI"), GOOD.replace("own-1", "own-2").replace("hafnium", "hafnum"), "EV063,,,,,,,,,,"]
    with pytest.raises(FrameError) as caught:
        read("\n".join([f"{HEADER},colour", *(f"{row}," for row in rows)]))
    faults = caught.value.details["faults"]
    assert [fault["rule"] for fault in faults] == ["unknown_key", "origin", "unknown_metals", "no_effect"]
    assert [fault["rows"] for fault in faults] == [[1], [2], [3], [4]]


def test_countries_metals_and_forms_are_read_in_any_accepted_spelling(read):
    plain = read(f"{HEADER},destination\n{GOOD},DEU;JPN\n")
    spelled = GOOD.replace("CHN", "VR China").replace("hafnium", "Hf").replace(",metal", ",crystal bar")
    same = read(f"{HEADER},destination\n{spelled},Deutschland;Japan\n")
    assert same.events.equals(plain.events)
    assert same.scopes.equals(plain.scopes)
    assert plain.scopes["form"].to_list() == ["metal"]


def test_what_a_stored_run_keeps_is_the_same_events(read):
    own = read(CSV)
    again = OwnEvents.from_json(json.loads(json.dumps(own.to_json())))
    assert again.events.equals(own.events)
    assert again.scopes.equals(own.scopes)


def test_what_changes_no_legal_state_is_said(read):
    assert "changes no legal state" in read(f"{HEADER}\n{GOOD.replace('official', 'reported')}\n").notes[0]
    early = read(f"{HEADER}\n{GOOD.replace('2026-12-01', '2026-10-01')}\n")
    assert "before it is announced" in early.notes[0]


@pytest.mark.parametrize("value", ["perhaps", "ja"])
def test_truth_is_true_or_false(read, value):
    with pytest.raises(FrameError, match="dual_use"):
        read(f"{HEADER},dual_use\n{GOOD},{value}\n")


@pytest.mark.parametrize(
    "text",
    [
        "[[events]]\nevent_id = 'a'\n",
        "event = 3\n",
        "[[event]\n",
        "[[event]]\nevent_id = {a = 1}\n",
        "[[event]]\nevent_id = 'x'\ncolour = 'red'\n",
    ],
)
def test_toml_that_is_no_list_of_events_is_refused(read, text):
    with pytest.raises(DataError) as caught:
        read(text, "own.toml")
    assert "own.toml" in caught.value.message


def test_a_purity_is_a_fraction(read):
    with pytest.raises(FrameError, match="purity_min"):
        read(f"{HEADER},purity_min\n{GOOD},99.99\n")
