from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.exchange_rates import last_rate

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
