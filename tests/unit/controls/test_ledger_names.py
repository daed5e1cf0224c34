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


NOW = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("metal", "on", "origin", "form"),
    [
        ("graphite", date(2023, 10, 19), "CHN", None), ("graphite", date(2023, 10, 20), "CHN", "natural flake"),
        ("graphite", NOW, "CHN", "natural flake"), ("Ga", date(2023, 7, 2), "CHN", None), ("Ga", date(2023, 7, 3), "CHN", "metal"),
        ("nickel", NOW, "CHN", "metal powder"), ("nickel", NOW, "IDN", "ore"), ("cobalt", NOW, "COD", "metal"),
        ("cobalt", NOW, "CHN", "magnet"), ("lithium", NOW, "CHN", "battery"), ("gold", NOW, "CHN", None),
        ("superhard_materials", NOW, "CHN", "material"), ("uranium", NOW, "RUS", "compound"), ("tungsten", NOW, "EU", "metal"),
    ],
)  # fmt: skip
def test_the_first_form_that_acts_of_a_country_named(ledger, metal, on, origin, form):
    assert ledger.first_named_form(metal, on=on, origin=origin) == form


def test_of_forms_named_on_one_day_the_metal_then_a_certain_one_is_the_first(tables):
    is_first = (pl.col("event_id") == "EV020") & (pl.col("asset") == "gallium")
    scopes, rest = tables["control_scopes"].filter(is_first), tables["control_scopes"].filter(~is_first)

    def first(*rows: tuple[str, str]) -> str | None:
        own = pl.concat(
            scopes.head(1).with_columns(form=pl.lit(form), certainty=pl.lit(certainty, scopes["certainty"].dtype))
            for form, certainty in rows
        )
        return ControlLedger.of(tables["controls"], pl.concat([rest, own])).first_named_form("gallium", on=NOW)

    assert first(("oxide", "named"), ("metal", "uncertain")) == "metal"
    assert first(("alloy", "uncertain"), ("oxide", "named")) == "oxide"
    assert first(("oxide", "named"), ("alloy", "named")) == "alloy"
    assert first(("alloy", "not_named"), ("technology", "named"), ("oxide", "uncertain")) == "oxide"
    assert first(("alloy", "not_named"), ("equipment", "named")) is None


def test_the_table_of_coverage_has_each_law_and_what_is_in_it(ledger):
    now = {one.law: one for one in ledger.coverages(NOW)}
    laws = ["CHN", "EU", "USA", "JPN", "KOR", "CHE", "GBR"]
    assert [*now] == [*laws, "COD", "GAB", "IDN", "MYS", "RUS", "VNM", "ZWE"]
    assert [one.coverage for one in now.values()] == ["modelled", "partial", "partial", *["pointer"] * 4, *["partial"] * 7]
    assert now["EU"].metals == ("beryllium", "bismuth", "hafnium", "magnesium", "rhenium", "tungsten", "zirconium")
    assert (now["EU"].name, now["EU"].acts) == ("Regulation (EU) 2021/821, Annex I", 2)
    assert now["EU"].reason == "some entries of Annex I, from cross-references; its list was not entered"
    assert (now["JPN"].acts, now["JPN"].metals) == (0, ())
    cobalt = now["COD"]
    assert (cobalt.name, cobalt.acts, cobalt.metals) == (None, 2, ("cobalt",))
    assert cobalt.reason == "single acts; no list of goods"
    before = {one.law: one for one in ledger.coverages(date(2023, 7, 3))}
    assert [*before] == [*laws, "IDN", "ZWE"]
    assert (before["CHN"].coverage, before["CHN"].acts, before["USA"].coverage) == ("modelled", 8, "pointer")
    assert {one.law: one for one in ledger.coverages(date(2023, 7, 2))}["CHN"].acts == 7


@pytest.mark.parametrize(
    ("metal", "form", "origin", "note", "forms"),
    [
        ("tin", "metal", "CHN", "No notice of CHN that applies names this form of tin.", ()),
        ("gallium", "ore", "CHN", "Forms of it that notices name: ", ...),
        ("tin", "metal", "USA", "The export law of USA is in the ledger in part only: that it finds no control is no proof.", None),
        ("tin", "metal", "DEU", "The export law of EU is in the ledger in part only: that it finds no control is no proof.", None),
        ("gallium", "oxide", "BRA", "The export law of BRA is not in the ledger: that it finds no control is no proof.", None),
        ("gallium", "arsenide", "CHN", "", None), ("cobalt", "ore", "COD", "", None),
        ("antimony", "oxide", "CHN", "Only oxide of 99.99 % purity or more is listed: standard-grade trioxide is not.", None),
    ],
)  # fmt: skip
def test_the_note_on_a_form_is_that_of_the_data_or_what_the_ledger_does_not_hold(ledger, metal, form, origin, note, forms):
    found = ledger.state(metal, form, on=NOW, origin=origin)
    if forms is ...:
        assert found.named_forms == ledger.named_forms(metal, on=NOW) != ()
        assert found.note.endswith(f"{note}{', '.join(found.named_forms)}.")
    else:
        assert (found.note, found.named_forms) == (note, forms)


def test_a_measure_has_its_days_its_source_and_what_acts_on_it(ledger):
    ban = next(one for one in ledger.state("gallium", "metal", on=NOW, destination="USA").measures if one.event_id == "EV037b")
    assert (ban.since, ban.until, ban.status_since) == (date(2024, 12, 3), date(2026, 11, 27), date(2025, 11, 9))
    assert (ban.acted_on_by, ban.source_id, ban.status) == (("EV063",), "official_notices", "suspended")
    claimed = {one.event_id: one for one in ledger.state("dysprosium", "metal", on=NOW, destination="USA").measures}
    assert claimed["EV058"].acted_on_by == claimed["EV058b"].acted_on_by == ("EV089",)
    assert claimed["EV089"].status == "claimed"
    announced = next(
        one
        for one in ledger.state("gallium", "metal", on=date(2023, 7, 20), destination="USA").measures
        if one.event_id == "EV020"
    )
    assert (announced.status, announced.since) == ("announced", date(2023, 8, 1))


def test_a_purity_decides_on_a_form_that_is_listed_from_one_on(ledger):
    def headline(**piece: float) -> str:
        return ledger.state("antimony", "oxide", on=NOW, destination="DEU", **piece).headline

    assert (headline(), headline(purity=0.999), headline(purity=0.9999)) == ("licence_uncertain", "not_listed", "licence")


@pytest.mark.parametrize(
    ("asset", "form"), [("nickel", "metal powder"), ("tungsten", "metal powder"), ("lithium", "metal powder")]
)
def test_powder_is_the_powder_of_the_metal_where_nothing_else_is_meant(ledger, asset, form):
    assert ledger.form(asset, "powder") == form


def test_a_word_of_another_metal_is_known_for_any_where_it_is_no_compound(ledger):
    assert ledger.known_form("tin", "unwrought") == "metal"
    assert {ledger.known_form("tin", word) for word in ("ATO", "Tantalum niobium", "xx")} == {None}
