from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.exchange_rates import Rates, last_rate

FX = pl.DataFrame(
    {
        "date": [date(2025, 1, 31), date(2025, 2, 28), date(2025, 1, 31)],
        "base": ["USD", "USD", "USD"],
        "quote": ["EUR", "EUR", "CNY"],
        "rate": [0.9, 0.8, 7.2],
    }
)


def test_direct_inverse_and_over_a_pivot():
    assert last_rate(FX, "USD", "EUR").value == 0.8
    assert last_rate(FX, "EUR", "USD").value == pytest.approx(1.25)
    cross = last_rate(FX, "CNY", "EUR")
    assert cross.value == pytest.approx(0.8 / 7.2)
    assert cross.date == date(2025, 1, 31)
    assert last_rate(FX, "CHF", "CHF").value == 1.0


def test_a_currency_without_a_rate_names_those_that_have_one():
    with pytest.raises(DataError) as refused:
        last_rate(FX, "CHF", "EUR")
    assert "CNY, EUR, USD" in refused.value.hint


def test_rates_of_a_day_are_those_that_were_published_by_then():
    days = [date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)]
    published = [date(2025, 1, 2), date(2025, 1, 9), date(2025, 1, 4)]
    fx = pl.DataFrame({"date": days, "base": "USD", "quote": "EUR", "rate": [0.9, 0.8, 0.7], "known_from": published})
    rates = Rates(fx)
    for day in (date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 4), date(2025, 1, 9)):
        seen = fx.filter((pl.col("date") <= day) & (pl.col("known_from") <= day))
        assert rates.until(day).pair("USD", "EUR")[1].tolist() == seen["rate"].to_list()
        assert rates.until(day).visible.equals(seen)
    assert last_rate(rates.until(date(2025, 1, 4)), "EUR", "USD") == last_rate(fx.head(1).vstack(fx.tail(1)), "EUR", "USD")
