"""A user's own events: the same in CSV and TOML, strict, with file, row and remedy."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.data.files.events import read_events
from toolkit.data.package import bundled_folder, read_table

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
HEADER = "event_id,kind,instrument,standing,announced,authority,origin,metals,citation,forms"
GOOD = "own-1,control,licence,official,2026-11-01,Ministry,CHN,hafnium,gazette,metal"


@pytest.fixture(scope="module")
def bundled():
    return read_table(bundled_folder() / "controls.csv", ControlEvents)


@pytest.fixture
def read(tmp_path, bundled):
    def reader(text: str, name: str = "own.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_events(path, bundled=bundled, metals={"hafnium", "gallium", "rare_earths"}, forms={"metal", "oxide"})

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
        (GOOD.replace("gazette", ""), "citation", 2, "citation"),
        (GOOD.replace("hafnium", "hafnum"), "unknown_metals", 2, "hafnium"),
        (GOOD.replace(",metal", ",mettal"), "unknown_forms", 2, "metal"),
        (GOOD.replace("2026-11-01", "1.11.2026"), "date", 2, "2026-05-31"),
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
