"""Every corrected fact of the ledger as a case: the state of a form for a route on days around it."""

from datetime import date

import polars as pl
import pytest

from toolkit.controls.upcoming import upcoming
from toolkit.core.errors import DataError, SpecError
from toolkit.core.size import PieceSize


def headline(ledger, metal, form, day, to="DEU", **kwargs):
    return ledger.state(metal, form, on=date.fromisoformat(day), destination=to, **kwargs).headline


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-10-08", "not_listed"),
        ("2025-10-09", "not_listed"),  # announced
        ("2025-11-07", "licence_suspended"),
        ("2025-11-08", "licence_suspended"),
        ("2026-11-10", "licence_suspended"),
        ("2026-11-11", "licence"),
        ("2026-11-25", "licence"),
        ("2027-01-10", "licence"),
        ("2027-01-11", "licence"),
    ],
)
def test_holmium(ledger, day, expected):
    assert headline(ledger, "holmium", "metal", day) == expected


@pytest.mark.parametrize("form", ["metal", "oxide", "alloy", "magnet"])
def test_terbium_stays_under_licence_whatever_is_suspended(ledger, form):
    for day in ("2025-04-04", "2025-11-08", "2025-12-19", "2026-11-11", "2027-01-11"):
        assert headline(ledger, "terbium", form, day) == "licence"
    assert headline(ledger, "terbium", form, "2025-04-03") == "not_listed"


@pytest.mark.parametrize("metal", ["neodymium", "praseodymium", "cobalt"])
def test_a_magnet_is_not_called_free_before_its_composition_is_known(ledger, metal):
    """No. 18 of 2025 names magnets with terbium or dysprosium, and of samarium and cobalt: nothing says that this is none."""
    assert headline(ledger, metal, "magnet", "2025-04-03") == "not_listed"
    assert headline(ledger, metal, "NdFeB", "2025-04-04") == "licence_uncertain"
    assert headline(ledger, metal, "metal", "2025-04-04") == "not_listed"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2010-12-31", "not_covered"),
        ("2011-01-01", "quota"),
        ("2023-12-31", "not_listed"),
        ("2024-01-01", "whitelist"),
        ("2024-11-30", "whitelist"),
        ("2024-12-01", "licence_above_size"),  # the unified list: hollow cylinders above 20 kg
        ("2025-02-04", "licence_above_size"),
        ("2025-11-08", "licence_above_size"),
        ("2026-01-01", "licence_above_size"),
        ("2026-11-25", "licence_above_size"),
        ("2027-12-31", "licence_above_size"),
    ],
)
def test_tungsten_bar(ledger, day, expected):
    assert headline(ledger, "tungsten", "bar", day) == expected


@pytest.mark.parametrize(
    ("size", "named"),
    [
        ("120x50", True),  # the cylinder of the notice
        ("120x120x50", True),  # the block
        ("115x50", True),  # the tube of 65 mm inside with a wall of 25 mm can be machined from it
        ("114x50", False),
        ("30x700", False),  # a bar of 9.5 kg
        ("1000x120x49", None),  # too flat for No. 10 of 2025, and not said to be below the 20 kg of a hollow cylinder
        ("6.7kg", False),
        ("10kg", None),
    ],
)
def test_solid_tungsten_is_named_from_a_size_on(ledger, size, named):
    found = headline(ledger, "tungsten", "metal", "2026-11-25", size=PieceSize.parse(size))
    assert found == {True: "licence", False: "whitelist", None: "licence_above_size"}[named]


@pytest.mark.parametrize("text", ["", "bar", "30", "30x", "0x50", "0kg", "30x40x50x60", "-3x5"])
def test_a_text_that_is_no_size_is_refused(text):
    with pytest.raises(SpecError, match="no size"):
        PieceSize.parse(text)


def test_molybdenum_powder_is_named_for_its_grain_and_use_and_ingot_is_not(ledger):
    assert headline(ledger, "molybdenum", "metal powder", "2026-11-25") == "licence_uncertain"
    assert headline(ledger, "molybdenum", "metal powder", "2026-11-25", purity=0.96) == "not_listed"
    assert headline(ledger, "molybdenum", "metal", "2026-11-25") == "not_listed"
    assert headline(ledger, "tungsten", "metal powder", "2026-11-25") == "whitelist"


@pytest.mark.parametrize(
    ("metal", "form", "purity"),
    [("antimony", "hydride", 0.99999), ("antimony", "organic compound", 0.99999), ("antimony", "oxide", 0.9999)],
)
def test_purities_of_the_notices(ledger, metal, form, purity):
    assert headline(ledger, metal, form, "2026-11-25", purity=purity).startswith("licence")
    assert not headline(ledger, metal, form, "2026-11-25", purity=purity - 1e-6).startswith("licence")
    assert headline(ledger, metal, form, "2026-11-25") == "licence_uncertain"


def test_artificial_graphite_is_named_by_its_purity_and_since_the_unified_list_by_its_density(ledger):
    assert headline(ledger, "graphite", "artificial", "2024-11-30", purity=0.998) == "not_listed"
    assert headline(ledger, "graphite", "artificial", "2026-11-25", purity=0.998) == "licence_uncertain"
    assert headline(ledger, "graphite", "artificial", "2026-11-25", purity=0.9995) == "licence_uncertain"


def test_what_was_suspended_before_it_took_effect_has_no_first_day_until_it_can_operate(ledger):
    def since(event_id, day):
        on = date.fromisoformat(day)
        return ledger.chronology.first_day(ledger[event_id], on)

    for event_id in ("EV054", "EV055", "EV056", "EV057", "EV058"):
        assert since(event_id, "2026-11-10") is None
        assert since(event_id, "2026-11-25") == date(2026, 11, 11)
    assert since("EV058b", "2025-12-01") == date(2025, 10, 9)  # limb 1(3), in force at once


def test_the_two_limbs_of_no_61(ledger):
    on = date(2025, 10, 20)
    measures = {m.event_id: m for m in ledger.state("terbium", "oxide", on=on, destination="DEU").measures}
    assert measures["EV058"].status == "announced"
    assert measures["EV058b"].status == "in_force"


def test_dates_and_standings(ledger):
    for event_id, effective, ends in (
        ("EV026", date(2023, 10, 31), date(2025, 10, 31)),
        ("EV035", date(2024, 12, 1), None),
        ("EV043", date(2025, 4, 5), date(2026, 2, 24)),
        ("EV063", date(2025, 11, 9), date(2026, 11, 27)),
        ("EV064", date(2025, 12, 19), None),
        ("EV089", date(2026, 9, 28), date(2027, 1, 10)),
        ("EV094", date(2025, 3, 4), None),
        ("EV098", date(2025, 11, 10), date(2026, 11, 10)),
    ):
        event = ledger[event_id]
        assert (event.effective, event.ends) == (effective, ends), event_id
    assert (ledger["EV089"].standing, ledger["EV089"].known_from) == ("claimed", date(2026, 9, 28))
    assert ledger.chronology.status(ledger["EV042"], date(2026, 6, 1), known=date(2026, 6, 1)) == "suspended"
    assert "25 % on tungsten" in ledger["EV033"].scope
    assert "25 % on permanent magnets from 2026-01-01" in ledger["EV033b"].scope


@pytest.mark.parametrize(
    ("asked", "event_id", "day"),
    [
        ("2025-04-10", "EV094", None),  # stopped by a statement of 2025-11-06
        ("2025-11-06", "EV098b", "2025-11-10"),
        ("2025-04-10", "EV043", None),  # ended by a court in February 2026
        ("2012-01-15", "EV001", None),
        ("2024-12-05", "EV033", None),  # the follow-up with tungsten is of 2024-12-11
        ("2024-12-11", "EV033", "2025-01-01"),
        ("2024-12-05", "EV033b", "2026-01-01"),
        ("2025-11-09", "EV063", "2026-11-27"),
    ],
)
def test_no_date_ahead_is_known_before_somebody_said_it(ledger, asked, event_id, day):
    rows = upcoming(ledger, on=date.fromisoformat(asked), within_days=400)
    ahead = [str(row["date"]) for row in rows if (row["event_id"], row["status"]) == (event_id, "ahead")]
    assert ahead == ([day] if day else [])


def test_a_suspension_that_begins_names_what_it_suspends(ledger):
    """ "Suspension to the US: all dual-use items" said that all controls towards the US are set aside."""
    rows = upcoming(ledger, on=date(2025, 11, 7), within_days=5)
    whats = {row["event_id"]: row["what"] for row in rows}
    assert str(whats["EV098"]) == "MOFCOM statement of 2025-11-06 (suspension of No. 21 of 2025) takes effect"
    assert str(whats["EV098b"]) == "MOFCOM statement of 2025-11-06 (repeal of No. 13 of 2025) takes effect"


def test_what_a_later_statement_stopped_is_in_force_until_then(ledger):
    def status(day):
        return ledger.chronology.status(ledger["EV094"], date.fromisoformat(day), known=date.fromisoformat(day))

    assert [status(day) for day in ("2025-11-09", "2025-11-10", "2026-11-27")] == ["in_force", "repealed", "repealed"]


@pytest.mark.parametrize(
    ("day", "number", "to"),
    [
        ("2025-01-02", "No. 1 of 2025", "USA"),
        ("2025-03-04", "No. 13 of 2025", "USA"),
        ("2025-04-10", "No. 22 of 2025", "USA"),
        ("2025-07-09", "No. 35 of 2025", "TWN"),
        ("2025-09-25", "No. 51 of 2025", "USA"),
        ("2026-04-24", "No. 20 of 2026", "FRA"),
        ("2026-07-24", "No. 30 of 2026", "DEU"),
    ],
)
def test_entity_notices_bar_the_listed_from_their_day_on(ledger, day, number, to):
    def numbers(on):
        state = ledger.state("gallium", "metal", on=on, destination=to, end_user="listed")
        return {m.number for m in state.measures if m.status == "in_force" and not m.conditional}

    first = date.fromisoformat(day)
    assert number in numbers(first)
    assert number not in numbers(date.fromordinal(first.toordinal() - 1))


@pytest.mark.parametrize(
    ("number", "announced", "origin", "asset"),
    [
        ("No. 26 of 2026", date(2026, 6, 24), "CHN", None),
        ("delegated act on the EU dual-use list", date(2026, 9, 14), "EU", None),
        ("stop of raw lithium exports", date(2026, 2, 25), "ZWE", "lithium"),
        ("EO 14241", date(2025, 3, 20), "USA", None),
        ("EU strategic projects, first list", date(2025, 3, 25), "EU", None),
        ("EU strategic projects, second list", date(2025, 6, 4), "EU", None),
        ("US-Australia critical minerals framework", date(2025, 10, 20), "USA", None),
        ("Australian critical minerals reserve", date(2026, 1, 12), "AUS", "antimony"),
        ("UK critical minerals strategy", date(2025, 11, 22), "GBR", None),
        ("ITC determination on anode graphite", date(2026, 3, 31), "USA", "graphite"),
        ("Proclamation 11012 (Section 122) Annex II", date(2026, 2, 24), "USA", None),
    ],
)
def test_events_that_were_missing_are_known_from_their_day_on(ledger, number, announced, origin, asset):
    (event,) = (one for one in ledger.events if one.number == number)
    assert (event.announced, event.known_from, event.origin) == (announced, announced, origin)
    assert asset is None or any(asset in metal for metal in event.metals)
    before = ledger.known(date.fromordinal(announced.toordinal() - 1))
    assert event.event_id not in {one.event_id for one in before.events}
    assert event.event_id in {one.event_id for one in ledger.known(announced).events}
    # The act on the dual-use list had been adopted and was not in force.
    assert (event.effective is None) == (number == "delegated act on the EU dual-use list")


def test_no_row_says_that_it_is_remembered(tables):
    for name in ("controls", "control_scopes", "control_items"):
        text = tables[name].select(pl.concat_str(pl.all().cast(pl.String), separator="|", ignore_nulls=True)).to_series()
        assert not text.str.contains("memory").any(), name
    codes = ";".join(tables["control_items"]["control_code"].drop_nulls())
    assert "3C902" not in codes
    assert "3C901.b.2" in codes


def test_a_row_that_was_not_checked_is_no_duty(ledger):
    state = ledger.state("hafnium", "metal", on=date(2026, 11, 25), destination="DEU", origin="EU")
    assert state.headline == "licence_unchecked_uncertain"
    (entry,) = (m for m in state.measures if m.event_id == "EV015")
    assert entry.status == "unchecked"
    assert "1C231" in state.note


@pytest.mark.parametrize("word", ["military", "defence", "Defense", "armed forces"])
def test_defence_is_a_military_end_user(ledger, word):
    assert headline(ledger, "gallium", "metal", "2026-11-25", "JPN", end_user=word) == "ban"
    assert headline(ledger, "gallium", "metal", "2026-11-25", "JPN") == "licence"


def test_an_unknown_end_user_is_refused_with_the_nearest(ledger):
    with pytest.raises(DataError) as refused:
        headline(ledger, "gallium", "metal", "2026-11-25", "JPN", end_user="militry")
    assert "military" in refused.value.hint


@pytest.mark.parametrize(("event", "day"), [("EV005", "2011-08-01"), ("EV040", "2025-03-01")])
def test_a_measure_is_not_told_by_how_it_ended_later(ledger, event, day):
    known = ledger.known(date.fromisoformat(day))[event]
    told = f"{known.title} {known.scope}"
    assert known.ends is None
    assert not any(later in told for later in ("2012", "2014", "June", "Oct", "004"))
