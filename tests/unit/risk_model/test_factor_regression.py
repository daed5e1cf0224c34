from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from statsmodels.regression.linear_model import OLS, WLS

from toolkit.core.baskets import MEMBERS
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model import factor_regression
from toolkit.risk_model.factor_regression import fit
from toolkit.risk_model.timeseries.baskets import MARKET, SUPPLY, LeaveOneOutFactors, mean_weights, membership
from toolkit.risk_model.timeseries.least_squares import automatic_lags, exact_least_squares, least_squares
from toolkit.risk_model.timeseries.moments import Portfolios, exact_moments
from toolkit.risk_model.weighting import decay

SPELLS = {"asset": pl.String, "from": pl.Date, "to": pl.Date}


def exact(mean: np.ndarray, series: tuple[str, ...]) -> Returns:
    dates = tuple(date(2015 + t // 12, t % 12 + 1, 28) for t in range(len(mean)))
    return Returns.exact(dates, series, mean)


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
    changes = np.random.default_rng(0).standard_normal((40, 3))
    increments = exact(changes, ("a", "b", "gold"))
    state = np.zeros((40, 3))
    state[10:30, 0] = 1
    state[25:, :2] = 1
    factors = LeaveOneOutFactors.of(increments, ("a", "b"), state, ()).without()
    shock = factors.mean[:, factors.names.index(SUPPLY)]
    assert np.isnan(shock[:10]).all()
    np.testing.assert_array_equal(shock[10:25], (changes[:, 0] - changes[:, 1])[10:25])
    assert np.isnan(shock[25:]).all()


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
            LeaveOneOutFactors.of(exact(x, series), metals, state, series).without(asset).mean for x in (changes, other)
        )
        np.testing.assert_array_equal(mean, poisoned)


def ragged(seed: int, *, noisy: bool) -> dict:
    """Arguments of a fit with gaps, late starts, and some series seen through noise."""
    rng = np.random.default_rng(seed)
    series = ("gold", "silver", "platinum", "copper", "zinc", "brent", "natural_gas_us", "currency:USD", *"abcde")
    T, n = 80, len(series)
    mean = 0.05 * rng.standard_normal((T, n)) @ (np.eye(n) + 0.3 * rng.standard_normal((n, n)))
    for column, start in enumerate(rng.integers(0, T // 2, n)):
        mean[:start, column] = np.nan
    mean[rng.random(mean.shape) < 0.03] = np.nan
    at = np.array([3, 8, 9, 10]) if noisy else np.empty(0, dtype=np.intp)
    root = 0.02 * rng.standard_normal((T, len(at), len(at)))
    dates = exact(mean, series).dates
    local = Returns(dates, series, mean, at, root @ root.transpose(0, 2, 1))
    total = Returns(dates, series, (1 + mean) * (1 + 0.02 * rng.standard_normal((T, 1))) - 1, at, local.uncertainty)
    state = np.zeros((T, n))
    state[T // 3 :, [8, 9]] = 1
    state[T // 2 :, 10] = 1
    assets = ("gold", "copper", "brent", *"abcde")
    variance = 12 * np.nanvar(mean[:, [series.index(asset) for asset in assets]], axis=0)
    return {
        "local": local, "total": total, "assets": assets, "groups": ("p", "b", "o", *"ttttt"),
        "metals": ("copper", "zinc", *"abcde"), "state": state, "variance": variance, "periods_per_year": 12.0,
    }  # fmt: skip


def one_by_one(local, total, assets, metals, state) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Loadings of each asset and variances of its factors, each factor built by its definition: no sums are shared."""

    def portfolios(without: str) -> np.ndarray:
        rows = [mean_weights(local, tuple(m for m in members if m != without)) for members in MEMBERS.values()]
        inside = np.isin(local.series, [m for m in metals if m != without]) & np.isfinite(local.mean)
        with np.errstate(invalid="ignore", divide="ignore"):
            sides = [side / side.sum(axis=1, keepdims=True) for side in (inside & (state > 0), inside & (state == 0))]
        rows.append(sides[0] - sides[1])
        return np.stack([row for row in rows if np.isfinite(row).all(axis=1).sum() >= 12], axis=1)

    def moments(mean: np.ndarray, weights: np.ndarray) -> np.ndarray:
        rows = np.isfinite(mean).all(axis=1)
        d = mean[rows] - mean[rows].mean(axis=0)
        w = np.nan_to_num(weights[rows][:, :, local.noisy])
        return (d.T @ d + np.einsum("tan,tnm,tbm->ab", w, local.uncertainty[rows], w)) / (rows.sum() - 1)

    loadings, variances = [], []
    for asset in assets:
        W = portfolios(asset)
        own = np.zeros((len(W), 1, W.shape[2]))
        own[:, 0, local.series.index(asset)] = 1.0
        W = np.concatenate([W, own], axis=1)
        x = np.einsum("trn,tn->tr", W, np.nan_to_num(local.mean))
        x[:, -1] = total.mean[:, total.series.index(asset)]
        k = x.shape[1] - 2
        joint = moments(x[:, : k + 1], W[:, : k + 1])
        slope = np.linalg.solve(joint[:k, :k], joint[:k, k])
        x[:, k] -= x[:, :k] @ slope
        W[:, k] -= np.einsum("k,tkn->tn", slope, W[:, :k])
        seen = [*range(k), k + 1]
        M = moments(x[:, seen], W[:, seen])
        b = np.linalg.solve(M[:k, :k], M[:k, k])
        x[:, -1] -= x[:, :k] @ b
        W[:, -1] -= np.einsum("k,tkn->tn", b, W[:, :k])
        rest = moments(x[:, k:], W[:, k:])
        loadings.append(np.append(b, rest[0, 1] / rest[0, 0]))
        shock = joint[k, k] - joint[k, :k] @ slope
        variances.append(np.append(np.diag(moments(x[:, :k], W[:, :k])), shock))
    return loadings, variances


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noisy", [False, True])
def test_leaving_out_by_shared_sums_is_building_every_factor_anew(seed, noisy):
    arguments = ragged(seed, noisy=noisy)
    arguments["groups"] = tuple(arguments["assets"])  # nothing is pooled
    arguments["variance"] = np.full(8, 1e6)  # nothing is capped
    model = fit(**arguments)
    assert model.factors == (*MEMBERS, SUPPLY)
    own = {key: arguments[key] for key in ("local", "total", "assets", "metals", "state")}
    loadings, variances = one_by_one(**own)
    whole = np.diag(model.factor_cov) / 12
    for i, (b, v) in enumerate(zip(loadings, variances, strict=True)):
        np.testing.assert_allclose(model.loadings[i], b * np.sqrt(v / whole), rtol=1e-11, atol=1e-13)


def portfolios(seed: int, T: int = 200, q: int = 3, *, spread: float = 0.0) -> Portfolios:
    """Autocorrelated regressors, then a target whose noise is autocorrelated and grows with the first of them."""
    rng = np.random.default_rng(seed)
    x = np.zeros((T, q))
    noise = np.zeros(T)
    for t in range(1, T):
        x[t] = 0.4 * x[t - 1] + rng.standard_normal(q)
        noise[t] = 0.5 * noise[t - 1] + rng.standard_normal() * (0.5 + np.abs(x[t, 0]))
    mean = np.column_stack([x, x @ np.arange(1, q + 1) + noise])
    if not spread:
        return Portfolios(mean, None)
    root = spread * rng.standard_normal((T, q + 1, q + 1))
    return Portfolios(mean, root @ root.transpose(0, 2, 1))


@pytest.mark.parametrize("half_life", [None, 50.0])
def test_coefficients_and_newey_west_errors_are_those_of_statsmodels(half_life):
    found = portfolios(0)
    weights = np.ones(200) if half_life is None else decay(200, half_life)
    X = np.column_stack([np.ones(200), found.mean[:, :-1]])
    effective = weights.sum() ** 2 / (weights**2).sum()
    lags = automatic_lags(effective)
    oracle = WLS(found.mean[:, -1], X, weights=weights).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    mine = least_squares(found, weights)
    np.testing.assert_allclose(mine.values, oracle.params[1:], rtol=1e-10)
    # Theirs has no correction for the degrees of freedom, ours has that of Davidson and MacKinnon with the effective number.
    ratio = effective / (effective - 4)
    np.testing.assert_allclose(mine.robust, oracle.cov_params()[1:, 1:] * ratio, rtol=1e-8)
    if half_life is None:
        plain = OLS(found.mean[:, -1], X).fit()
        np.testing.assert_allclose(mine.classical, plain.cov_params()[1:, 1:], rtol=1e-8)
        corrected = OLS(found.mean[:, -1], X).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
        np.testing.assert_allclose(mine.robust, corrected.cov_params()[1:, 1:], rtol=1e-8)


def test_automatic_lags():
    assert [automatic_lags(n) for n in (12, 43, 100, 252, 2500)] == [2, 3, 4, 4, 8]


def test_a_weight_of_two_is_the_period_twice_in_means_and_posterior_covariances():
    single = portfolios(1, spread=0.3)
    twice = np.arange(200) % 3 == 0
    rows = np.repeat(np.arange(200), np.where(twice, 2, 1))
    doubled = Portfolios(single.mean[rows], single.spread[rows])
    weighted = least_squares(single, np.where(twice, 2.0, 1.0))
    np.testing.assert_allclose(weighted.values, least_squares(doubled, np.ones(len(rows))).values, rtol=1e-12)
    flat = least_squares(Portfolios(single.mean, None), np.ones(200))
    assert np.abs(weighted.values - flat.values).max() > 0.01  # the posterior covariances do count


def test_what_is_not_known_of_a_change_counts_in_its_error():
    """A target seen through noise of its own size: its posterior is half as variable as the truth, the error is not."""
    rng = np.random.default_rng(2)
    T, share = 4000, 0.5
    x = rng.standard_normal((T, 1))
    truth = rng.standard_normal(T)
    posterior = share * (truth + rng.standard_normal(T))  # about x b with b = 0
    spread = np.zeros((T, 2, 2))
    spread[:, 1, 1] = 1 - share
    found = least_squares(Portfolios(np.column_stack([x, posterior]), spread), np.ones(T))
    for covariance in (found.classical, found.robust):
        assert np.sqrt(covariance[0, 0]) == pytest.approx(1 / np.sqrt(T), rel=0.05)


def test_constant_and_collinear_regressors():
    plain = portfolios(3, q=2)
    expected = least_squares(plain, np.ones(200))
    x, y = plain.mean[:, :2], plain.mean[:, 2:]
    still = least_squares(Portfolios(np.column_stack([x, np.full(200, 0.7), y]), None), np.ones(200))
    np.testing.assert_allclose(still.values[:2], expected.values, rtol=1e-12)
    np.testing.assert_allclose(still.robust[:2, :2], expected.robust, rtol=1e-10)
    assert np.isnan(still.values[2])
    twin = least_squares(Portfolios(np.column_stack([x, 4 * x[:, 0], y]), None), np.ones(200))
    np.testing.assert_allclose(twin.values, expected.values[[0, 1, 0]] * [0.5, 1, 0.125], rtol=1e-8)
    np.testing.assert_allclose(np.diag(twin.robust), np.diag(expected.robust)[[0, 1, 0]] * [0.25, 1, 1 / 64], rtol=1e-6)


def stale(seed: int, T: int = 1500) -> Returns:
    """Base metals with one common shock; `u` and `v` follow it at once, `s` over three days."""
    rng = np.random.default_rng(seed)
    common = 0.01 * rng.standard_normal(T)
    own = 0.01 * rng.standard_normal((T, 6))
    late = np.convolve(common + own[:, 3], [0.5, 0.3, 0.2])[:T]
    metals = common[:, None] + 0.1 * own[:, :3]
    return exact(np.column_stack([metals, late, common + own[:, 4], 0.5 * common + own[:, 5]]), NAMES)


NAMES = ("aluminium", "copper", "zinc", "s", "u", "v")


def loadings_of(increments: Returns, assets=("s", "u", "v"), **options):
    state = np.zeros(increments.mean.shape)
    return fit(increments, increments, assets, assets, (), state, np.full(len(assets), 9.0), 252.0, **options)


def test_lagged_factors_recover_the_loading_of_a_stale_asset():
    plain, lagged, some = ([], [], [])
    for seed in range(50):
        increments = stale(seed)
        plain.append(loadings_of(increments))
        lagged.append(loadings_of(increments, lags=2))
        some.append(loadings_of(increments, lags=(2, 0, 0)))
    b, error = (np.array([getattr(model, name)[:, 0] for model in lagged]) for name in ("loadings", "errors"))
    assert np.median([model.loadings[0, 0] for model in plain]) == pytest.approx(0.5, abs=0.03)
    assert np.abs(np.median(b, axis=0) - [1.0, 1.0, 0.5]).max() < 0.02
    # The stated errors are those the estimates have.
    np.testing.assert_allclose(np.median(error, axis=0), b.std(axis=0), rtol=0.25)
    np.testing.assert_array_equal([m.loadings[0] for m in some], [m.loadings[0] for m in lagged])
    np.testing.assert_array_equal([m.loadings[1:] for m in some], [m.loadings[1:] for m in plain])


def test_errors_hold_where_residuals_swing_with_the_factor_and_persist():
    b, robust, classical = [], [], []
    for seed in range(50):
        found = least_squares(portfolios(seed, T=1500), np.ones(1500))
        b.append(found.values[0])
        robust.append(np.sqrt(found.robust[0, 0]))
        classical.append(np.sqrt(found.classical[0, 0]))
    assert np.median(robust) == pytest.approx(np.std(b), rel=0.2)
    assert np.median(classical) < 0.75 * np.std(b)


def test_a_half_life_follows_a_loading_that_has_changed():
    rng = np.random.default_rng(5)
    common = 0.01 * rng.standard_normal(1000)
    size = np.where(np.arange(1000) < 700, 0.2, 1.2)
    values = np.column_stack([common, common, size * common]) + 0.001 * rng.standard_normal((1000, 3))
    increments = exact(values, ("copper", "zinc", "u"))
    then, now = (loadings_of(increments, ("u",), half_life=life) for life in (None, 40.0))
    assert then.loadings[0, 0] == pytest.approx(0.5, abs=0.06)
    assert now.loadings[0, 0] == pytest.approx(1.2, abs=0.06)
    np.testing.assert_allclose(now.t, now.loadings / now.errors)
    # A long memory is an equal one.
    np.testing.assert_allclose(loadings_of(increments, ("u",), half_life=1e9).loadings, then.loadings, rtol=1e-5)


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


def test_weights_of_a_very_short_half_life_have_squares():
    weights = decay(40, 0.001)
    assert weights[-1] == 1.0
    assert (weights**2 > 0).all()
    np.testing.assert_array_equal(decay(400, 12.0), 0.5 ** (np.arange(400)[::-1] / 12.0))


@pytest.mark.parametrize("weighted", [False, True])
def test_regressions_of_many_assets_at_once_are_those_of_each(weighted):
    rng = np.random.default_rng(4)
    changes = rng.standard_normal((6, 4, 90))
    changes[:, 3] += changes[:, :3].sum(axis=1)
    changes[:, 3, :20] = changes[:, 0, 40] = np.nan
    changes[2, 1] = changes[2, 0]  # collinear
    changes[4, 2] = 0.25  # constant
    weights = 0.98 ** np.arange(90.0)[::-1] if weighted else np.ones(90)
    together, regular = exact_least_squares(changes, weights, *exact_moments(changes, weights))
    assert regular.tolist() == [True, True, False, True, False, True]
    sums = together.summed(3)
    for i in np.flatnonzero(regular):
        alone = least_squares(Portfolios(changes[i].T, None), weights)
        assert together.count == alone.count == 69
        for name in ("values", "classical", "robust"):
            np.testing.assert_allclose(getattr(together, name)[i], getattr(alone, name), rtol=1e-10, atol=1e-14)
        for mine, other in zip(sums, alone.summed(3), strict=True):
            np.testing.assert_allclose(mine[i], other, rtol=1e-10)
    few = changes[:, :, 14:30], weights[14:30]
    assert not exact_least_squares(*few, *exact_moments(*few))[1].any(), "ten joint periods"


@pytest.mark.parametrize("explained", [True, False], ids=["by named factors", "by the mean of the others"])
def test_factors_of_outsiders_are_those_without_each(explained):
    mean = np.random.default_rng(6).standard_normal((40, 5))
    mean[:9, 3] = np.nan
    names = ("a", "b", "gold", "c", "dollar_eur")
    members = {"precious": ("gold",), "dollar": ("dollar_eur",)} if explained else {}
    recipe = LeaveOneOutFactors.of(exact(mean, names), (), np.zeros((40, 5)), ("a", "b", "c"), members)
    outside = [names[i] for i in recipe.outsiders(names)]
    assert outside == (["a", "b", "c"] if explained else [*names])
    found, means = recipe.of_outsiders(outside)
    for asset, mine in zip(outside, means, strict=True):
        alone = recipe.without(asset)
        assert found == alone.names
        np.testing.assert_array_equal(mine.T, alone.mean)


def test_assets_of_exact_prices_are_regressed_together(monkeypatch):
    rng = np.random.default_rng(5)
    mean = rng.standard_normal((120, 9)) + rng.standard_normal((120, 1))
    mean[:30, 4] = mean[50, 6] = np.nan
    names = tuple("abcdefghi")
    given = exact(mean, names)
    arguments = (given, given, names, ("one",) * 9, (), np.zeros((120, 9)), np.nanvar(mean, axis=0) * 252.0, 252.0)
    found = fit(*arguments, half_life=60.0)
    sizes = []
    together = factor_regression.exact_least_squares

    def none(changes, *other):
        sizes.append(len(changes))
        return together(changes, *other)[0], np.zeros(len(changes), dtype=bool)

    monkeypatch.setattr(factor_regression, "exact_least_squares", none)
    alone = fit(*arguments, half_life=60.0)
    assert sorted(sizes) == [1, 1, 7]
    for name in ("loadings", "errors", "factor_cov", "fit"):
        np.testing.assert_allclose(getattr(found, name), getattr(alone, name), rtol=1e-11)
    assert found.periods == alone.periods == (120, 120, 120, 120, 90, 120, 119, 120, 120)
