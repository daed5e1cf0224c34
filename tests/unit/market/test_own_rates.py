"""A user's own exchange rates: both layouts, faults with their rows, and what they do to a file of lots."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.core.errors import DataError, FrameError
from toolkit.market.own_rates import OWN_RATES, read_rates

LONG = "date,currency,per_eur\n2026-01-05,hkd,9.10\n2026-11-30,HKD,8.70\n2026-11-30,EUR,1\n"
WIDE = "Date,USD,HKD\n2026-11-30,1.12,8.70\n2026-01-05,N/A,9.10\n"
LOTS = """lot_id,asset,form,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,paid
a,gold,metal,1,kg,2025-01-10,80000,EUR,CHE,Zurich,stored,
b,gold,metal,1,kg,2026-01-07,910000,HKD,CHE,Zurich,stored,
c,gallium,metal,10,kg,2026-05-01,9000,HKD,CHN,Zurich,ordered,30%
"""


def rates_of(tmp_path, text: str):
    (tmp_path / "rates.csv").write_text(text, encoding="utf-8")
    return read_rates(tmp_path / "rates.csv")


@pytest.mark.parametrize("text", [LONG, WIDE])
def test_both_layouts_give_units_for_one_euro(tmp_path, text):
    rows = rates_of(tmp_path, text).filter(quote="HKD").sort("date")
    assert rows.select("date", "base", "rate", "source").rows() == [
        (date(2026, 1, 5), "EUR", 9.10, OWN_RATES),
        (date(2026, 11, 30), "EUR", 8.70, OWN_RATES),
    ]
    assert rows["known_from"].to_list() == rows["date"].to_list()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("date,currency,per_eur\n05.01.2026,HKD,9.1\n", "date"),
        ("date,currency,per_eur\n2026-01-05,Nugget,9.1\n", "currency"),
        ("date,currency,per_eur\n2026-01-05,HKD,-9.1\n", "rate"),
        ("Date,HKD\n2026-01-05,nine\n", "rate"),
    ],
)
def test_what_is_no_rate_is_told_with_its_row(tmp_path, text, rule):
    with pytest.raises(FrameError) as raised:
        rates_of(tmp_path, text)
    assert raised.value.details["rule"] == rule
    assert raised.value.details["rows"] == [2]


def test_other_columns_are_no_rates(tmp_path):
    with pytest.raises(DataError, match="no columns of exchange rates"):
        rates_of(tmp_path, "lot,kg\nA,5\n")


def test_a_lot_in_a_currency_without_a_rate_stops_nothing_and_is_told_until_a_file_gives_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text(LOTS, encoding="utf-8")
    (tmp_path / "rates.csv").write_text(LONG, encoding="utf-8")

    def exposed(**options: str):
        settings = resolve({"owner.currency": "CHF", **options}, environment={})
        return expose(ExposureRequest(str(tmp_path / "lots.csv"), Context(settings, date(2026, 12, 1))))

    without, given = exposed(), exposed(**{"data.rates": "rates.csv"})
    assert [purchase.without_rate for purchase in without.purchases] == [None, "HKD", "HKD"]
    assert without.purchases[1].cost is None
    assert any(words.startswith("No exchange rate of HKD is known") and "b, c" in words for words in without.warnings)
    # The rate of 5 January counts for the 7th, and is none of May: what is owed is at that of today.
    assert given.purchases[1].cost == pytest.approx(910000 / 9.10 * 0.93, rel=0.03)
    assert [purchase.without_rate for purchase in given.purchases] == [None, None, "HKD"]
    assert given.purchases[2].owed == pytest.approx(0.7 * 90000 / 8.70 * 0.9194, abs=0.01)
    assert any(row.source_id == OWN_RATES for row in given.data)
