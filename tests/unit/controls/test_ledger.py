"""The bundled ledger answers what the notices say, form by form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError
from toolkit.core.frames import TABLES
from toolkit.records.controls import FormState

TODAY = date(2026, 11, 24)


def state(ledger, metal, form, on=TODAY, destination="DEU", **kwargs):
    return ledger.state(metal, form, on=on, destination=destination, **kwargs)


def by_id(measures):
    return {measure.event_id: measure for measure in measures}


@pytest.mark.parametrize("name", ["controls", "control_scopes", "control_items"])
def test_bundled_tables_hold_their_contracts(tables, name):
    TABLES[name].validate(tables[name])


@pytest.mark.parametrize(
    ("on", "headline"),
    [
        (date(2023, 7, 31), "not_listed"),
        (date(2023, 8, 1), "licence"),
        (date(2024, 12, 2), "licence"),
        (date(2024, 12, 3), "ban"),
        (date(2025, 11, 8), "ban"),
        (date(2025, 11, 9), "licence+ban_suspended"),
        (date(2026, 11, 24), "licence+ban_suspended"),
        (date(2026, 11, 27), "licence+ban_suspended"),
        (date(2026, 11, 28), "ban"),
        (date(2027, 1, 11), "ban"),
    ],
)
def test_gallium_metal_to_the_united_states(ledger, on, headline):
    found = state(ledger, "gallium", "metal", on, "USA")
    assert found.headline == headline
    assert found.listed == (headline != "not_listed")
    assert state(ledger, "gallium", "metal", on, "DEU").headline in ("not_listed", "licence")


@pytest.mark.parametrize(
    ("metal", "form", "headline"),
    [
        ("gallium", "metal", "licence"),
        ("germanium", "metal", "licence"),
        ("antimony", "metal", "licence"),
        ("bismuth", "metal", "licence"),
        ("tellurium", "metal", "licence"),
        ("molybdenum", "metal powder", "licence_uncertain"),
        ("dysprosium", "oxide", "licence"),
        ("terbium", "oxide", "licence"),
        ("tungsten", "metal", "licence_above_size"),
        ("silver", "metal", "whitelist"),
        ("indium", "metal", "not_listed"),
        ("neodymium", "oxide", "not_listed"),
        ("praseodymium", "oxide", "not_listed"),
        ("hafnium", "metal", "licence"),
        ("rhenium", "metal", "licence_above_size"),
        ("gold", "metal", "not_listed"),
        ("platinum", "metal", "not_listed"),
    ],
)
def test_every_product_today(ledger, metal, form, headline):
    assert state(ledger, metal, form).headline == headline


def test_every_product_can_be_asked_about(ledger, tables):
    for row in tables["products"].iter_rows(named=True):
        assert state(ledger, row["asset"], row["form"]).metal == row["asset"]


@pytest.mark.parametrize("word", ["phosphide", "InP", "inp"])
def test_indium_phosphide_by_any_word(ledger, word):
    assert state(ledger, "indium", word, date(2025, 2, 3)).headline == "not_listed"
    found = state(ledger, "indium", word, date(2025, 2, 4))
    assert (found.form, found.headline) == ("phosphide", "licence")
    assert by_id(found.measures)["EV039"].since == date(2025, 2, 4)


@pytest.mark.parametrize(
    ("word", "event_id"), [("TMIn", "EV039"), ("triethyl", "EV039"), ("InSb", "EV032"), ("InGaAs", "EV020")]
)
def test_other_indium_compounds_that_are_listed(ledger, word, event_id):
    assert by_id(state(ledger, "indium", word).measures)[event_id].counts


def test_indium_metal_says_why_people_think_it_is_controlled(ledger):
    found = state(ledger, "indium", "metal")
    assert found.measures == ()
    assert "lists only indium phosphide" in found.note
    assert "practice, not law" in found.note
    assert not state(ledger, "indium", "metal", date(2025, 2, 3)).note.startswith("People think")


@pytest.mark.parametrize(("purity", "headline"), [(0.9999, "licence"), (0.995, "not_listed"), (None, "licence_uncertain")])
def test_antimony_oxide_is_listed_from_a_purity_on(ledger, purity, headline):
    found = state(ledger, "antimony", "Sb2O3", purity=purity)
    assert found.headline == headline
    assert "99.99 %" in found.note


def test_an_uncertain_form_counts_as_controlled_and_says_so(ledger):
    found = state(ledger, "tungsten", "bar")
    assert found.uncertain
    assert ledger.is_controlled("tungsten", "bar", on=TODAY, destination="DEU")
    assert not state(ledger, "tungsten", "oxide").uncertain


def test_a_whitelist_is_no_licence(ledger):
    assert not ledger.is_controlled("silver", "metal", on=TODAY, destination="DEU")
    assert ledger.is_controlled("silver", "metal", on=TODAY, instruments=("exporter_whitelist",))
    assert "needs no dual-use licence" in state(ledger, "silver", "metal").note


def test_military_and_listed_end_users_are_conditional_for_civil_ones(ledger):
    found = by_id(state(ledger, "dysprosium", "oxide", destination="JPN").measures)
    assert found["EV068"].conditional
    assert not found["EV068"].counts
    military = state(ledger, "dysprosium", "oxide", destination="JPN", end_user="military")
    assert military.headline == "ban"
    assert state(ledger, "dysprosium", "oxide", destination="JPN", end_user="listed").headline == "entity_list"


def test_all_dual_use_items_cover_a_form_exactly_while_a_licence_does(ledger):
    def covered(metal, form, on):
        return "EV037a" in by_id(state(ledger, metal, form, on, "USA").measures)

    assert not covered("tellurium", "metal", date(2025, 2, 3))
    assert covered("tellurium", "metal", date(2025, 2, 4))
    assert covered("tungsten", "metal", TODAY)
    assert not covered("indium", "metal", TODAY)
    assert not covered("holmium", "oxide", date(2026, 6, 1))  # its licence is suspended, and so is its dual-use status
    assert covered("holmium", "oxide", date(2026, 11, 11))


def test_no_route_shows_every_destination_as_conditional(ledger):
    found = by_id(ledger.state("gallium", "metal", on=TODAY).measures)
    assert found["EV020"].counts
    assert found["EV037b"].conditional
    assert found["EV068"].conditional
    assert ledger.state("gallium", "metal", on=date(2026, 11, 28)).headline == "licence"


def test_a_destination_gets_only_its_own_measures(ledger):
    assert set(by_id(state(ledger, "gallium", "metal", destination="KOR").measures)) == {"EV020"}
    lists = by_id(state(ledger, "gallium", "metal", destination="DEU").measures)
    assert set(lists) == {"EV020", "EV099", "EV100"}  # entities in the EU are listed
    assert all(lists[key].conditional for key in ("EV099", "EV100"))


def test_practice_is_shown_and_never_counts(ledger):
    found = state(ledger, "germanium", "metal", date(2023, 10, 2))
    stop = by_id(found.measures)["EV021"]
    assert (stop.status, stop.standing, stop.counts) == ("reported", "reported", False)
    assert found.headline == "licence"
    assert not ledger.is_controlled("germanium", "metal", on=date(2023, 10, 2), instruments=("de_facto_stop",))


def test_the_end_of_practice_is_seen_only_once_it_has_come(ledger):
    assert ledger.known(date(2023, 10, 2))["EV021"].ends is None
    assert ledger.known(date(2023, 11, 1))["EV021"].ends == date(2023, 10, 31)
    assert "EV021" not in {event.event_id for event in ledger.known(date(2023, 9, 15)).events}


def test_forms_of_notices_that_have_run_out_are_not_told_as_named(ledger):
    # The quotas of 2011 named antimony metal; No. 33 of 2024 was not known yet.
    assert "metal" in ledger.named_forms("antimony", on=date(2011, 3, 1))
    assert "metal" not in ledger.named_forms("antimony", on=date(2023, 9, 15))


def test_practice_alone_makes_a_headline_but_no_listing(ledger):
    found = state(ledger, "neodymium", "oxide", date(2010, 12, 31), "JPN", origin="IND")
    assert found.headline == "not_covered"
    found = state(ledger, "neodymium", "oxide", TODAY, "JPN", origin="IND")
    assert (found.headline, found.listed) == ("de_facto_stop", False)


@pytest.mark.parametrize("standing", ["claimed", "agreed"])
def test_a_claim_is_named_and_changes_nothing(tables, standing):
    table = tables["controls"].with_columns(
        standing=pl.when(pl.col("event_id") == "EV089").then(pl.lit(standing)).otherwise("standing")
    )
    ledger, after = ControlLedger.of(table, tables["control_scopes"]), date(2026, 11, 11)
    assert state(ledger, "holmium", "oxide", date(2026, 11, 10)).headline == "licence_suspended"
    found = state(ledger, "holmium", "oxide", after)
    assert (found.headline, found.listed) == ("licence", True)
    claim, licence = (by_id(found.measures)[key] for key in ("EV089", "EV056"))
    assert (claim.status, claim.counts) == (standing, False)
    assert (licence.status, licence.since, licence.until, licence.counts) == ("in_force", after, None, True)
    assert [(c.date, c.standing) for c in found.next_changes] == [(date(2027, 1, 10), standing)]


def test_the_next_change_of_the_ban(ledger):
    found = state(ledger, "gallium", "metal", destination="USA")
    (change,) = found.next_changes
    assert (change.date, change.standing) == (date(2026, 11, 27), "official")
    assert "2026-11-28" in change.what
    assert by_id(found.measures)["EV037b"].until == date(2026, 11, 27)
    assert state(ledger, "gallium", "metal", destination="DEU").next_changes == ()


def test_an_announced_measure_is_shown_before_its_first_day(ledger):
    found = state(ledger, "gallium", "metal", date(2023, 7, 3))
    assert [(m.event_id, m.status) for m in found.measures] == [("EV020", "announced")]
    assert [(c.date, c.standing) for c in found.next_changes] == [(date(2023, 8, 1), "official")]
    assert state(ledger, "gallium", "metal", date(2023, 7, 2)).measures == ()


def test_what_stays_in_the_country_of_an_export_control_is_not_exported(ledger):
    """An owner in China was told that his order in Shanghai needs an export licence."""
    assert ledger.is_controlled("gallium", "metal", on=TODAY, destination="HKG")
    assert not ledger.is_controlled("gallium", "metal", on=TODAY, destination="CHN")
    found = state(ledger, "gallium", "metal", destination="CHN")
    assert (found.headline, found.measures, found.doubt) == ("not_listed", (), "")
    assert found.note == "What stays in CHN is not exported: no export control applies to it."


def test_other_origins_belong_to_themselves(ledger):
    assert by_id(state(ledger, "rhenium", "metal").elsewhere).keys() == {"EV015"}
    entry = by_id(state(ledger, "rhenium", "metal").elsewhere)["EV015"]
    assert (entry.status, entry.confidence) == ("unchecked", "not checked against the text")
    assert state(ledger, "rhenium", "metal", origin="EU").headline == "licence_unchecked_uncertain"
    assert state(ledger, "nickel", "ore", origin="IDN").headline == "ban"
    assert not state(ledger, "nickel", "ore").listed


@pytest.mark.parametrize("on", [date(2011, 3, 1), date(2014, 12, 31), date(2015, 1, 1)])
def test_rare_earth_quotas_reached_every_member_of_the_group_and_ended(ledger, on):
    headline = state(ledger, "neodymium", "oxide", on).headline
    assert headline == ("quota" if on.year < 2015 else "not_covered")


def test_named_forms_hold_what_notices_name_and_nothing_else(ledger):
    assert ledger.named_forms("indium", on=date(2025, 12, 1)) == (
        "antimonide",
        "indium gallium arsenide",
        "organic compound",
        "phosphide",
        "technology",
    )
    assert ledger.named_forms("neodymium", on=date(2010, 1, 1)) == ()


@pytest.mark.parametrize(
    ("metal", "form", "hint"),
    [("galium", "metal", "gallium"), ("gallium", "oxyde", "oxide"), ("rare earths", "oxide", "neodymium"),
     ("iridium", "metal", "Nothing is known of iridium here."), ("antimony", "compound", "hydride, organic compound"),
     ("bismuth", "compound", "germanate"), ("indium", "compound", "organic compound")],
)  # fmt: skip
def test_unknown_names_are_refused_with_the_nearest(ledger, metal, form, hint):
    with pytest.raises(DataError) as error:
        ledger.state(metal, form, on=TODAY)
    assert hint in error.value.hint


@pytest.mark.parametrize("kwargs", [{"destination": "US"}, {"destination": "usa"}, {"origin": "China"}, {"end_user": "police"}])
def test_places_and_users_that_match_nothing_are_refused(ledger, kwargs):
    with pytest.raises(DataError):
        ledger.state("gallium", "metal", on=TODAY, **kwargs)


def test_unknown_event(ledger):
    assert ledger["EV020"].title == "No. 23 of 2023"
    with pytest.raises(DataError, match="EV20"):
        ledger["EV20"]


def test_a_metal_in_no_notice_is_a_valid_question_when_it_is_known(tables):
    ledger = ControlLedger.of(tables["controls"], tables["control_scopes"], assets=["palladium"], forms=["sponge"])
    found = ledger.state("palladium", "sponge", on=TODAY)
    assert (found.headline, found.note) == ("not_listed", "No notice of CHN that applies names this form of palladium.")


def test_json_has_the_keys_of_the_contract_and_is_plain(ledger):
    found = json.loads(json.dumps(FormState.model_validate(state(ledger, "gallium", "metal", destination="USA")).to_json()))
    assert found.keys() >= {
        "metal", "form", "origin", "destination", "end_user", "as_of", "headline", "listed", "measures", "next_changes", "note",
    }  # fmt: skip
    keys = {"event_id", "instrument", "standing", "since", "until", "number", "authority", "metals", "scope", "source"}
    assert all(measure.keys() >= keys for measure in found["measures"])
    assert found["as_of"] == "2026-11-24"
    assert found["next_changes"][0].keys() == {"date", "what", "standing"}


def test_no_em_dash_reaches_a_reader(tables):
    for name in ("controls", "control_scopes", "control_items"):
        assert "\N{EM DASH}" not in tables[name].write_csv()


def test_no_form_is_known_before_its_event(tables):
    early = tables["control_scopes"].join(tables["controls"].select("event_id", announced_from="known_from"), on="event_id")
    assert early.filter(pl.col("known_from") < pl.col("announced_from")).is_empty()


def test_what_was_asked_before_is_answered_without_a_search(ledger):
    first, again = (ledger.known(TODAY).state("gallium", "metal", on=TODAY, destination="USA") for _ in range(2))
    assert again is first
    reviewed = (
        replace(ledger, reviewed_to=date(2026, 10, 8)).known(TODAY).state("gallium", "metal", on=TODAY, destination="USA")
    )
    assert (first.reviewed_to, reviewed.reviewed_to) == (None, date(2026, 10, 8))


@pytest.mark.parametrize("place", ["Germany", "DE", "deu", "XYZ"])
@pytest.mark.parametrize("role", ["destination", "origin"])
def test_a_place_that_is_no_code_is_refused_and_is_no_place_without_controls(ledger, role, place):
    with pytest.raises(DataError) as refused:
        ledger.state("gallium", "metal", on=date(2026, 11, 24), **{role: place})
    assert refused.value.details == {role: place}
