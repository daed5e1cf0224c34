"""Numbers around 1: returns that were written as 1 + r are no prices, and exchange rates, coins and indices from 1 are."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from toolkit.core.errors import DataError
from toolkit.market.readers.prices import read_prices

DAYS = 60


def read(folder, columns, **options):
    first = date(2026, 1, 1)
    rows = [",".join(["date", *columns])]
    rows += [
        f"{first + timedelta(days=i)},{','.join(f'{x:.6f}' for x in row)}"
        for i, row in enumerate(zip(*columns.values(), strict=True))
    ]
    file = folder / "mine.csv"
    file.write_text("\n".join(rows) + "\n")
    return read_prices(file, today=date(2026, 11, 24), **options)


def returns(seed, spread=0.02):
    return 1 + np.random.default_rng(seed).normal(0.001, spread, DAYS)


def test_a_file_of_gross_returns_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(DataError, match="the prices of a, b lie around 1") as told:
        read(tmp_path, {"a": returns(1), "b": returns(2)})
    assert "running product" in told.value.hint
    assert "--accept 'a'" in told.value.hint
    assert read(tmp_path, {"a": returns(1), "b": returns(2)}, accept={"a"}).frame.height == 2 * DAYS


FEW = [1.012, 0.987, 1.003, 1.05, 0.97, 1.01, 0.99, 1.02, 1.03, 0.96, 1.0]


def test_of_few_rows_all_that_lies_around_1_is_asked_about(tmp_path):
    with pytest.raises(DataError, match="the prices of a lie around 1"):
        read(tmp_path, {"a": FEW})
    assert read(tmp_path, {"a": FEW}, accept={"a"}).frame.height == len(FEW)
    assert read(tmp_path, {"a": FEW, "b": [30 * x for x in FEW]}).frame.height == 2 * len(FEW)
    assert read(tmp_path, {"a": FEW[:2]}).frame.height == 2
    assert read(tmp_path, {"rising": np.cumprod([1.01] * 11)}).frame.height == len(FEW)


def test_their_running_product_is_an_index(tmp_path):
    assert read(tmp_path, {"a": np.cumprod(returns(1)), "b": np.cumprod(returns(2))}).frame.height == 2 * DAYS


@pytest.mark.parametrize("seed", range(40))
def test_an_exchange_rate_around_1_is_a_price(tmp_path, seed):
    steps = np.random.default_rng(seed).normal(0, 0.006, DAYS)
    assert read(tmp_path, {"EURUSD": 1 + np.cumsum(steps) - np.cumsum(steps).mean()}).frame.height == DAYS


def test_a_coin_pegged_to_1_is_a_price(tmp_path):
    assert read(tmp_path, {"coin": 1 + np.random.default_rng(3).normal(0, 0.0004, DAYS)}).frame.height == DAYS


def test_a_price_among_returns_is_left_to_the_user(tmp_path):
    assert read(tmp_path, {"a": returns(1), "gold": 100 * np.cumprod(returns(2))}).frame.height == 2 * DAYS


def test_simple_returns_are_called_changes_and_one_price_below_zero_is_not(tmp_path):
    """The hint was to leave cells empty where a price is missing, which half of a file are not."""
    with pytest.raises(DataError, match="a price that is not positive") as told:
        read(tmp_path, {"a": returns(1) - 1, "b": returns(2) - 1})
    assert "running product of 1 + r" in told.value.hint
    with pytest.raises(DataError, match="a price that is not positive") as told:
        read(tmp_path, {"a": np.where(np.arange(DAYS) == 5, -1.0, 100.0), "b": 100 * np.cumprod(returns(2))})
    assert "Leave the cell" in told.value.hint
