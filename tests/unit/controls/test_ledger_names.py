"""What a word for a metal, a form or an event means to the ledger, and what is said of one that means nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError


def refusal(call, *args):
    with pytest.raises(DataError) as refused:
        call(*args)
    return refused.value.message, refused.value.hint, refused.value.details


@pytest.mark.parametrize(
    ("word", "asset"),
    [("gallium", "gallium"), (" Ga ", "gallium"), ("Antimon", "antimony"), ("tin", "tin"), ("graphite flake", "graphite_flake"),
     ("Graphite-Flake", "graphite_flake"), ("graphite", "graphite")],
)  # fmt: skip
def test_a_metal_is_named_by_key_symbol_or_name(ledger, word, asset):
    assert ledger.metal(word) == asset


def test_a_group_is_refused_with_its_members(ledger):
    told, hint, details = refusal(ledger.metal, "Heavy rare-earths")
    assert told == "'Heavy rare-earths' is a group; notices and holdings name metals."
    members = "dysprosium, erbium, europium, gadolinium, holmium, lutetium, terbium, thulium, ytterbium, yttrium"
    assert (hint, details) == (f"Ask for one of: {members}.", {"metal": "Heavy rare-earths"})


@pytest.mark.parametrize(
    ("word", "hint"),
    [("galium", "Did you mean 'gallium' or 'gadolinium' or 'germanium'?"), ("Kupfer", "Nothing is known of copper here.")],
)
def test_an_unknown_metal_is_refused_with_what_is_known_of_it(ledger, word, hint):
    assert refusal(ledger.metal, word) == (f"unknown metal {word!r}.", hint, {"metal": word})


@pytest.mark.parametrize(
    ("asset", "word", "form"),
    [
        ("gallium", "metal", "metal"), ("gallium", "ingot", "metal"), ("gallium", " Metal_Powder ", "metal powder"),
        ("gallium", "GaAs", "arsenide"), ("gallium", "gallium arsenide", "arsenide"), ("gallium", "Ga2O3", "oxide"),
        ("gallium", "InGaAs", "indium gallium arsenide"), ("gallium", "Gallium ingot", "metal"), ("gallium", "powder", "metal powder"),
        ("germanium", "wafer", "substrate"), ("germanium", "Zone-refined ingot", "metal"),
        ("germanium", "zone refined_ingot", "metal"), ("antimony", "InSb", "antimonide"), ("antimony", "Pulver", "metal powder"),
        ("tungsten", "APT", "compound"), ("tungsten", "compound", "compound"), ("tungsten", "carbide", "carbide"),
        ("dysprosium", "NdFeB", "magnet"), ("nickel", "SmCo", "magnet"), ("nickel", "ingot", "metal"), ("nickel", "NiO", "oxide"),
        ("tin", "pellets", "metal"), ("indium", "InP wafer", "phosphide"),
    ],
)  # fmt: skip
def test_a_form_is_named_by_a_word_of_its_metal_or_of_the_trade(ledger, asset, word, form):
    assert ledger.form(asset, word) == ledger.known_form(asset, word) == form


@pytest.mark.parametrize(
    ("asset", "word", "other"),
    [("gallium", "Sb2O3", "antimony"), ("tin", "GaAs", "gallium"), ("tin", "gallium arsenide", "gallium"),
     ("gallium", "Indium ingot", "indium"), ("gallium", "APT", "tungsten")],
)  # fmt: skip
def test_a_form_of_another_metal_is_refused(ledger, asset, word, other):
    hint = f"{word!r} is of {other}: write the metal and the form that it is."
    assert refusal(ledger.known_form, asset, word) == (f"unknown form {word!r} of {asset}.", hint, {"form": word})


@pytest.mark.parametrize("asset", ["indium", "yttrium"])
def test_powder_of_a_metal_that_is_traded_as_oxide_is_refused(ledger, asset):
    told = f"'Powder' of {asset} may be the metal or the oxide."
    assert refusal(ledger.known_form, asset, "Powder") == (told, "Write 'metal powder' or 'oxide'.", {"form": "Powder"})


@pytest.mark.parametrize("word", ["wafer", "substrate", "compound", "Verbindung"])
def test_what_is_of_any_compound_is_refused_where_notices_name_which(ledger, word):
    names = "antimonide, arsenide, indium gallium arsenide, nitride, oxide, phosphide, selenide"
    hint = f"Write which: {names}. Of another one nothing is told here."
    assert refusal(ledger.form, "gallium", word) == (f"{word!r} of gallium is of one of its compounds.", hint, {"form": word})


def test_an_unknown_form_is_refused_with_near_words_of_its_metal(ledger):
    assert ledger.known_form("gallium", "GaAz") is None
    hint = "Did you mean 'GaAs' or 'InGaAs'?"
    assert refusal(ledger.form, "gallium", "GaAz") == ("unknown form 'GaAz' of gallium.", hint, {"form": "GaAz"})
    assert "InGaAs" in refusal(ledger.form, "gallium", "xx")[1]
    assert "InSb" not in refusal(ledger.form, "gallium", "xx")[1]
    assert ledger.known_form("tin", "InGaAs") is None


def test_an_event_is_found_by_its_id(ledger):
    assert ledger["EV001"].event_id == "EV001"
    told, hint, _ = refusal(ledger.__getitem__, "EV01")
    assert told == "no event 'EV01' in the ledger."
    assert hint == "Did you mean 'EV101' or 'EV081' or 'EV071'?"


def test_what_was_known_on_a_day_holds_no_later_act_scope_or_item(ledger):
    day = date(2024, 12, 2)
    known, before = ledger.known(day), ledger.known(date(2024, 12, 1))
    assert ledger.known(day) == known
    assert max(event.known_from for event in known.events) <= day
    assert max(scope.known_from for scope in known.scopes) <= day
    assert {scope.event_id for scope in known.scopes} <= {event.event_id for event in known.events}
    assert ledger.items is not None
    assert known.items is not None
    assert known.items["known_from"].max() <= day
    assert len(known.items) == len(ledger.items.filter(pl.col("known_from") <= day)) > 0
    assert (known.assets, known.forms, known.list_rows) == (ledger.assets, ledger.forms, ledger.list_rows)
    assert len(known.events) >= len(before.events)


def test_of_a_past_day_the_review_reaches_its_last_act(ledger):
    reviewed = replace(ledger, reviewed_to=date(2026, 10, 8))
    last = max(event.known_from for event in ledger.events if event.known_from <= date(2024, 12, 20))
    assert reviewed.reviewed_on(date(2026, 10, 7)) == max(
        event.known_from for event in ledger.events if event.known_from <= date(2026, 10, 7)
    )
    assert reviewed.reviewed_on(date(2026, 10, 8)) == reviewed.reviewed_on(date(2027, 1, 1)) == date(2026, 10, 8)
    assert reviewed.reviewed_on(date(2024, 12, 20)) == reviewed.known(date(2024, 12, 20)).reviewed_to == last
    assert reviewed.reviewed_on(date(1900, 1, 1)) is None
    assert ledger.reviewed_on(date(2024, 12, 20)) is ledger.known(date(2024, 12, 20)).reviewed_to is None


def test_a_ledger_names_what_is_asked_for_beside_what_its_acts_name(tables):
    of = ControlLedger.of(tables["controls"], tables["control_scopes"], assets=("tin", "gallium"), forms=("flake", "", "metal"))
    assert {"tin", "antimony"} < {*of.assets}
    assert list(of.assets) == sorted({*of.assets})
    assert {"flake", "oxide"} < {*of.forms}
    assert list(of.forms) == sorted({*of.forms} - {""})
    assert (of.items, of.reviewed_to, of.list_rows) == (None, None, ())
    assert of.known(date(2024, 1, 1)).items is None
    assert of.scopes_of("none of them") == {}
