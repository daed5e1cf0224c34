"""What must not change the return of a characteristic: order, the unit of an exposure, a constant, and the future."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from toolkit.app.characteristics import supply_exposures
from toolkit.market.market import Snapshot
from toolkit.market.package import bundled_market
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.characteristics import Exposures, characteristic_returns

PERIODS, N = 40, 14
RNG = np.random.default_rng(11)
DAYS = tuple(date(2015, 1, 1) + timedelta(days=31 * t) for t in range(PERIODS + 1))
KEYS = tuple(f"m{i:02}" for i in range(N))
VALUES = RNG.normal(size=(PERIODS, N, 3))
VALUES[RNG.random(VALUES.shape) < 0.1] = np.nan
ROOT = RNG.normal(0.0, 0.02, (PERIODS, 5, 5))
MEAN = RNG.normal(0.0, 0.06, (PERIODS, N))
MEAN[:9, 10:] = np.nan
CHANGES = Returns(DAYS[1:], KEYS, MEAN, np.array([0, 2, 3, 7, 11]), ROOT @ ROOT.transpose(0, 2, 1))
CURRENCIES = ("USD", "CNY") * (N // 2)


def exposures(values=VALUES, names=("a", "b", "c")):
    return Exposures(DAYS[:-1], KEYS, names, values, CURRENCIES)


REFERENCE = characteristic_returns(CHANGES, exposures(), 12.0)
SAME = {"rel": 1e-8, "abs": 1e-10, "nan_ok": True}


def equal(found, columns=slice(None)):
    for name in ("returns", "errors"):
        assert getattr(found, name)[:, columns] == pytest.approx(getattr(REFERENCE, name), **SAME)
    for name in ("premia", "t_statistics"):
        assert getattr(found, name)[columns] == pytest.approx(getattr(REFERENCE, name), **SAME)


@SOLVED
@given(order=st.permutations(range(N)), series=st.permutations(KEYS))
def test_permuting_assets_changes_nothing(order, series):
    at = list(order)
    permuted = Exposures(
        DAYS[:-1], tuple(KEYS[i] for i in at), ("a", "b", "c"), VALUES[:, at], tuple(CURRENCIES[i] for i in at)
    )
    found = characteristic_returns(CHANGES.take(tuple(series)), permuted, 12.0)
    equal(found)
    back = [found.assets.index(key) for key in KEYS]
    assert found.specific_var[back] == pytest.approx(REFERENCE.specific_var, rel=1e-8)
    assert found.covariance == pytest.approx(REFERENCE.covariance, rel=1e-7, abs=1e-10)


@SOLVED
@given(scale=st.floats(1e-4, 1e5), shift=st.floats(-1e3, 1e3), column=st.integers(0, 2))
def test_the_unit_and_the_zero_of_an_exposure_change_nothing(scale, shift, column):
    values = VALUES.copy()
    values[:, :, column] = values[:, :, column] * scale + shift * scale
    found = characteristic_returns(CHANGES, exposures(values), 12.0)
    equal(found)
    assert found.imputed.tolist() == REFERENCE.imputed.tolist()


@SOLVED
@given(value=st.floats(-1e6, 1e6), place=st.integers(0, 3))
def test_a_constant_exposure_changes_nothing(value, place):
    values = np.insert(VALUES, place, value, axis=2)
    names = [*"abc"]
    names.insert(place, "constant")
    found = characteristic_returns(CHANGES, exposures(values, tuple(names)), 12.0)
    assert np.isnan(found.returns[:, 1 + place]).all()
    equal(found, [j for j in range(found.returns.shape[1]) if j != 1 + place])


@SOLVED
@given(scale=st.floats(0.1, 10.0))
def test_returns_scale_with_the_changes_and_tests_do_not(scale):
    scaled = Returns(CHANGES.dates, KEYS, CHANGES.mean * scale, CHANGES.noisy, CHANGES.uncertainty * scale**2)
    found = characteristic_returns(scaled, exposures(), 12.0)
    assert found.returns == pytest.approx(REFERENCE.returns * scale, **SAME)
    assert found.t_statistics == pytest.approx(REFERENCE.t_statistics, **SAME)
    assert found.r_squared == pytest.approx(REFERENCE.r_squared, **SAME)


MARKET = bundled_market()
TODAY = date(2026, 11, 24)
TABLES = (
    "products", "shares", "flows", "metals", "controls", "control_scopes", "control_items", "dual_use_list", "assumptions",
    "prices",
)  # fmt: skip
MONTHS = tuple(pl.date_range(date(2022, 11, 1), date(2026, 5, 1), "1mo", eager=True).dt.month_end())
METALS = ("antimony", "copper", "gallium", "gold", "graphite_flake", "tungsten", "zinc")
NAMED = Returns.exact(MONTHS, METALS, np.zeros((len(MONTHS), len(METALS))))


def supplied(snapshot):
    return supply_exposures(snapshot, NAMED, destination="DEU")


def changed(change) -> Snapshot:
    snapshot = MARKET.until(TODAY)
    return Snapshot(TODAY, {name: change(name, snapshot[name]) for name in TABLES}, {})


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_rows_changes_no_exposure(seed):
    found = supplied(changed(lambda _, frame: frame.sample(fraction=1.0, shuffle=True, seed=seed)))
    assert np.array_equal(found.values, supplied(MARKET.until(TODAY)).values, equal_nan=True)


@pytest.mark.parametrize("day", [date(2023, 9, 15), date(2024, 12, 31), date(2026, 2, 28)])
def test_the_future_changes_no_exposure_of_the_past(day):
    """A market that ends on a day gives the same exposures up to that day as one that knows what came after."""
    now, then = supplied(MARKET.until(TODAY)), supplied(MARKET.replace("products", MARKET.until(TODAY)["products"]).until(day))
    rows = [t for t, start in enumerate(now.dates) if start <= day]
    both = [now.assets.index(key) for key in then.assets]
    assert len(rows) > 8
    assert np.array_equal(now.values[rows][:, both], then.values[rows], equal_nan=True)
