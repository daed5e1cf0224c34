from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from toolkit.factors.factors import MARKET, SUPPLY, build, fit, membership, supply_weights
from toolkit.factors.increments import Increments

SPELLS = {"asset": pl.String, "from": pl.Date, "to": pl.Date}


def exact(mean: np.ndarray, series: tuple[str, ...]) -> Increments:
    dates = tuple(date(2015 + t // 12, t % 12 + 1, 28) for t in range(len(mean)))
    return Increments.exact(dates, series, mean)


def spells(*rows: tuple[str, date, date | None]) -> pl.DataFrame:
    return pl.DataFrame([dict(zip(SPELLS, row, strict=True)) for row in rows], schema=SPELLS)


def test_membership_is_by_date_and_ends_are_inclusive():
    dates = (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31))
    state = membership(
        spells(("a", date(2024, 2, 29), date(2024, 2, 29)), ("b", date(2024, 3, 1), None), ("z", date(2020, 1, 1), None)),
        dates,
        ("a", "b", "c"),
    )
    assert state.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_supply_shock_is_missing_while_one_side_is_empty():
    increments = exact(np.ones((3, 3)), ("a", "b", "gold"))
    state = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]], dtype=float)
    weights = supply_weights(increments, ("a", "b"), state)
    assert np.isnan(weights[0]).all()
    assert weights[1].tolist() == [1.0, -1.0, 0.0]
    assert np.isnan(weights[2]).all()


def test_a_factor_never_contains_the_asset_it_explains():
    rng = np.random.default_rng(0)
    series = ("gold", "silver", "platinum", "copper", "a", "b")
    changes = rng.standard_normal((40, 6))
    state = np.tile(np.array([0, 0, 0, 0, 1, 1], dtype=float), (40, 1))
    metals = ("copper", "a", "b")
    for i, asset in enumerate(series):
        other = changes.copy()
        other[:, i] += 1.0
        mean, poisoned = (
            build(exact(x, series), metals, state, series, without=asset).portfolios.mean for x in (changes, other)
        )
        np.testing.assert_array_equal(mean, poisoned)


def test_loadings_are_found_and_the_shock_is_separated_from_base_metals():
    rng = np.random.default_rng(1)
    T = 600
    base, shock = 0.05 * rng.standard_normal(T), 0.04 * rng.standard_normal(T)
    names = ("aluminium", "copper", "zinc", "u", "v", "c1", "c2", "c3", "c4")
    own = 0.01 * rng.standard_normal((T, len(names)))
    mean = own + np.outer(base, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) + np.outer(shock, [0, 0, 0, 0, 0, 1, 1, 1, 1])
    increments = exact(mean, names)
    state = np.tile(np.array([0, 0, 0, 0, 0, 1, 1, 1, 1], dtype=float), (T, 1))
    assets = ("u", "v", "c1", "c2", "c3", "c4")
    variance = np.array([mean[:, names.index(a)].var() for a in assets]) * 12
    model = fit(increments, increments, assets, ("g",) * 6, names, state, variance, 12.0)
    assert model.factors == ("base_metals", SUPPLY)
    assert np.abs(model.loadings[:, 0] - 0.5).max() < 0.05
    assert np.abs(model.loadings[:2, 1]).max() < 0.1
    assert model.loadings[2:, 1].min() > 0.8
    assert model.fit.min() > 0.8
    assert model.factor_cov[0, 1] == 0


def test_scores_shape_the_prior_of_the_supply_loading():
    rng = np.random.default_rng(2)
    names = ("copper", "zinc", "c1", "c2", "c3")
    increments = exact(0.05 * rng.standard_normal((20, 5)), names)
    state = np.tile(np.array([0, 0, 1, 1, 1], dtype=float), (20, 1))
    assets = ("c1", "c2", "c3")
    scores = {"c1": 1.0, "c2": 0.5, "c3": 0.0}
    model = fit(increments, increments, assets, ("g",) * 3, names, state, np.full(3, 0.03), 12.0, scores)
    plain = fit(increments, increments, assets, ("g",) * 3, names, state, np.full(3, 0.03), 12.0)
    last = model.factors.index(SUPPLY)
    assert abs(model.loadings[2, last]) < abs(plain.loadings[2, last]) or abs(model.loadings[2, last]) < 1e-12


def test_without_explanation_the_mean_of_the_others_stands_in():
    rng = np.random.default_rng(3)
    common = 0.05 * rng.standard_normal(200)
    increments = exact(common[:, None] + 0.03 * rng.standard_normal((200, 3)), ("x", "y", "z"))
    model = fit(increments, increments, ("x", "y", "z"), ("o",) * 3, (), np.zeros((200, 3)), np.full(3, 0.04), 12.0)
    assert model.factors == (MARKET,)
    assert (model.loadings > 0.5).all()


def test_a_factor_that_is_only_the_asset_itself_is_dropped():
    increments = exact(0.05 * np.random.default_rng(4).standard_normal((60, 1)), ("gold",))
    model = fit(increments, increments, ("gold",), ("p",), (), np.zeros((60, 1)), np.array([0.03]), 12.0)
    assert model.factors == ()
    assert model.loadings.shape == (1, 0)
