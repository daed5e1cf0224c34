"""The part on data quality against the price table itself, counted by hand."""

from __future__ import annotations

from datetime import date
from itertools import groupby

import pytest

from tests.records import asked, facts_of
from tests.subjects import AS_OF, context, law
from toolkit.app.topics.prices import quality


def ask(day=AS_OF, assets=None, record=None):
    inputs = context(day)
    return asked(inputs, assets or inputs.products.keys, record or law(day))


@pytest.mark.parametrize("day", [date(2024, 5, 15), AS_OF])
def test_each_series_is_counted_as_it_was_known(day):
    asked = ask(day)
    found = facts_of(quality.find(asked))
    table = asked.context.snapshot["prices"].drop_nulls("price").sort("date")
    for row in found["series"]:
        own = table.filter(table["asset"] == row["asset"])
        dates, prices = own["date"].to_list(), own["price"].to_list()
        assert (row["observations"], row["first"], row["last"]) == (len(dates), dates[0], dates[-1])
        assert row["age_days"] == (day - dates[-1]).days
        months = 12 * (dates[-1].year - dates[0].year) + dates[-1].month - dates[0].month + 1
        assert row["expected"] == months
        assert row["stale_run"] == max(len(list(same)) for _, same in groupby(prices))
        assert row["noisy"] == (own["basis"][-1] == "customs_unit_value")
        assert row["old"] == (row["age_days"] > 2.5 * 365.25 / 12)
    priced = {row["asset"] for row in found["series"]}
    assert priced | {row["asset"] for row in found["without"]} == set(asked.assets)
    assert not priced & {row["asset"] for row in found["without"]}


def test_sources_are_those_of_the_rows_used():
    found = facts_of(quality.find(ask(assets=("gold",))))
    assert [(row["table"], row["source_id"]) for row in found["data"]] == [("prices", "world_bank_pink_sheet")]


def test_assets_without_a_price_are_nothing_to_judge():
    assert facts_of(quality.find(ask(assets=("rhenium",)))) is None


def test_a_proposal_from_other_prices_is_not_judged_by_the_bundled_ones():
    own = {"asset": "gold", "weight": 1.0, "basis": "dealer_ask", "price_date": "2026-11-20"}
    assert facts_of(quality.find(ask(assets=("gold",), record={**law(), "positions": [own]}))) is None
    bundled = {**own, "basis": "monthly_average", "price_date": "2026-05-31"}
    assert (
        facts_of(quality.find(ask(assets=("gold",), record={**law(), "positions": [bundled]})))["series"][0]["asset"] == "gold"
    )
