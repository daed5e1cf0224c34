"""Laws of exposure: an order and the same lot stored differ only in what can stop them; a spelling changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import QUICK
from tests.subjects import context
from toolkit.core.countries import CODES, country, country_names
from toolkit.core.places import place
from toolkit.holdings.exposure import lot_exposures

TODAY = date(2026, 11, 25)
PLACED = {"status", "delivery"}
"""Fields that may differ between an order and the same lot stored."""


@pytest.fixture(scope="module")
def ledger():
    return context(TODAY).ledger


def exposed(ledger, **lot):
    words = ("certificate", "location", "purity", "size", "destination", "end_user")
    frame = pl.DataFrame([lot], schema_overrides=dict.fromkeys(words, pl.String))
    (found,) = lot_exposures(frame, (), ledger, on=TODAY, destination="DEU")
    return asdict(found)


lots = st.fixed_dictionaries(
    {
        "asset": st.sampled_from(["gallium", "germanium", "indium", "antimony", "dysprosium", "tungsten"]),
        "form": st.sampled_from(["metal", "oxide"]),
        "origin_country": st.sampled_from(["CHN", "DEU", "KOR", "unknown"]),
        "location": st.sampled_from([None, "Frankfurt", "Shanghai warehouse", "Hongkong", "Tresor"]),
        "mass": st.floats(0.1, 100),
        "purity": st.just("99.99 %"),
        "size": st.sampled_from([None, "700x30x30 mm", "5 kg"]),
        "certificate": st.sampled_from([None, "COA-1"]),
        "client": st.just("Meier"),
        "destination": st.sampled_from([None, "USA", "JPN"]),
        "end_user": st.sampled_from([None, "military"]),
    }
)


@given(lot=lots)
def test_an_order_and_the_same_lot_stored_differ_only_in_what_can_stop_them(ledger, lot):
    ordered = exposed(ledger, lot_id="A", status="ordered", **lot)
    stored = exposed(ledger, lot_id="A", status="stored", **lot)
    # What is not known to be outside needs a licence to leave, whoever buys it; an order never is.
    placed = {*PLACED, *(["answers"] if stored["delivery"] == "stored_safe" else [])}
    assert {key: value for key, value in ordered.items() if key not in placed} == {
        key: value for key, value in stored.items() if key not in placed
    }


@given(
    lot=lots,
    status=st.sampled_from(["stored", "in_transit", "ordered", "planned"]),
    place=st.sampled_from(["Shanghai", "Hongkong", "Macau"]),
)
def test_no_origin_makes_a_lot_in_china_safer_than_a_chinese_one(ledger, lot, status, place):
    there = {**lot, "lot_id": "A", "status": status, "location": place}
    own, chinese = exposed(ledger, **there), exposed(ledger, **there | {"origin_country": "CHN"})
    assert own["delivery"] != "stored_safe"
    of_origin = {"origin", "assumed_origin", "traceability"}
    assert {key: value for key, value in own.items() if key not in of_origin} == {
        key: value for key, value in chinese.items() if key not in of_origin
    }


@QUICK
@given(code=st.sampled_from(sorted(CODES)), language=st.sampled_from(["en", "de"]), change=st.sampled_from(
    [str, str.upper, str.lower, lambda text: f"  {text} ", lambda text: text.replace("ü", "ue"), lambda text: text.title()]
))  # fmt: skip
def test_a_country_is_the_same_in_every_spelling(code, language, change):
    assert country(change(country_names(language)[code])) == country(change(code)) == code


@QUICK
@given(text=st.text(max_size=40))
def test_any_text_is_a_place_of_a_country_or_unknown(text):
    assert place(text).country in {None, *CODES}


@QUICK
@given(
    first=st.sampled_from(sorted(CODES)), second=st.sampled_from(sorted(CODES)), between=st.sampled_from([" / ", ", ", " - "])
)
def test_a_text_that_names_two_countries_is_unknown_or_one_that_both_share(first, second, between):
    names = country_names("en")
    found = place(f"{names[first]}{between}{names[second]}").country
    assert found is None or found == first == second or {first, second} < {"CHN", "HKG", "MAC"}
