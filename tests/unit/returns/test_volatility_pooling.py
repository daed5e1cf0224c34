from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from toolkit.core.errors import GapError
from toolkit.returns.history import AnnualPrices
from toolkit.returns.volatility_pooling import (
    annual_changes,
    annual_volatility,
    effective_excess,
    level_error,
    log_volatility,
    polygammas,
    pooled_volatility,
    yearly_rate,
)


def test_error_of_a_long_normal_history_is_the_textbook_one_and_fat_tails_widen_it():
    n = np.array([2001.0, 2001.0])
    mean, variance = log_volatility(np.array([0.2, 0.2]), n, np.array([0.0, 3.0]))
    assert np.exp(mean) == pytest.approx([0.2, 0.2], rel=2e-3)
    assert variance == pytest.approx([1 / (2 * 2000), (6 - 1) / (4 * 2001)], rel=2e-3)


@pytest.mark.parametrize("n", [2, 4, 12])
def test_log_of_a_short_deviation_is_unbiased_with_its_stated_variance(n):
    s = np.random.default_rng(0).standard_normal((n, 200_000)).std(axis=0, ddof=1)
    mean, variance = log_volatility(s, np.full(s.shape, float(n)), np.zeros(s.shape))
    assert mean.mean() == pytest.approx(0.0, abs=0.01)
    assert mean.var() == pytest.approx(variance[0], rel=0.02)


def test_weight_of_own_data_grows_with_the_history_and_with_what_sets_the_group_apart():
    def weights(spread: float) -> np.ndarray:
        volatility = 0.3 * np.exp(spread * np.array([-1.5, -0.5, 0.5, 1.5, 0.0, 0.2]))
        mean, variance = log_volatility(volatility, np.array([4.0, 12.0, 40.0, 170.0, 170.0, 170.0]), np.zeros(6))
        return pooled_volatility(mean, variance, ("g",) * 6).own_weight

    alike, apart = weights(0.05), weights(0.5)
    assert (np.diff(apart[:4]) > 0).all()
    assert (apart > alike).all()
    assert apart[3] > 0.97


def test_own_weight_is_the_share_of_its_own_estimate_that_an_asset_takes_over():
    mean, variance = log_volatility(np.array([0.2, 0.25, 0.3, 0.35]), np.array([170.0, 40.0, 40.0, 4.0]), np.zeros(4))
    bumped = mean.copy()
    bumped[3] += 1e-4
    before, after = (pooled_volatility(m, variance, ("g",) * 4) for m in (mean, bumped))
    moved = np.log(after.volatility[3] / before.volatility[3]) / 1e-4
    # Not exactly: the spread of the group is estimated from the asset as well.
    assert moved == pytest.approx(before.own_weight[3], abs=0.1)


def test_a_group_of_one_keeps_its_own_and_groups_do_not_mix():
    mean, variance = np.log([0.1, 0.5, 0.4, 0.6]), np.full(4, 0.02)
    found = pooled_volatility(mean, variance, ("alone", "g", "g", "g"))
    assert found.volatility[0] == pytest.approx(0.1)
    assert found.error[0] == pytest.approx(np.sqrt(0.02))
    assert found.own_weight[0] == pytest.approx(1.0)
    without = pooled_volatility(mean[1:], variance[1:], ("g",) * 3)
    assert found.volatility[1:] == pytest.approx(without.volatility)


def test_an_asset_that_says_nothing_gets_its_group_and_the_widest_interval():
    mean, variance = np.array([*np.log([0.2, 0.3, 0.4]), np.nan]), np.array([0.01, 0.01, 0.01, np.nan])
    found = pooled_volatility(mean, variance, ("g",) * 4)
    assert found.volatility[3] == pytest.approx(np.exp(np.log([0.2, 0.3, 0.4]).mean()), rel=0.01)
    assert found.own_weight[3] == 0.0
    assert found.error[3] > 2 * found.error[:3].max()


def test_kurtosis_is_shared_in_a_group_and_never_below_normal():
    rng = np.random.default_rng(1)
    changes = np.column_stack([rng.standard_t(8, (4000, 3)), rng.uniform(-1, 1, (4000, 2))])
    changes[40:, 2] = np.nan
    found = effective_excess(changes, ("fat",) * 3 + ("flat",) * 2)
    assert found[:3] == pytest.approx(np.full(3, 1.5), abs=0.5)  # 6 / (8 - 4)
    assert len(set(found[:3])) == 1
    assert (found[3:] == 0).all()
    short = effective_excess(rng.standard_normal((6, 3000)), ("normal",) * 3000)
    assert short[0] == pytest.approx(0.0, abs=0.05)


def walks(count: int, years: int, volatility: float, seed: int = 0, drift: float = 0.0) -> np.ndarray:
    """Daily log prices (years, 250, count) of random walks."""
    steps = np.random.default_rng(seed).standard_normal((years * 250, count)) * volatility / np.sqrt(250) + drift / 250
    return steps.cumsum(axis=0).reshape(years, 250, count)


@pytest.mark.parametrize("averaged", [True, False])
def test_annual_volatility_of_a_random_walk_is_unbiased_however_few_the_years(averaged):
    logs = walks(4000, 5, 0.3, drift=0.2)
    prices = np.exp(logs.mean(axis=1) if averaged else logs[:, -1])
    found = [annual_volatility(AnnualPrices("a", tuple(range(2020, 2025)), p, averaged))[0] for p in prices.T]
    assert np.mean(np.square(found)) == pytest.approx(0.09, rel=0.05)
    # And distributed as from four independent changes, which is what its error assumes.
    assert np.var(np.log(found)) == pytest.approx(log_volatility(np.ones(1), np.array([4.0]), np.zeros(1))[1][0], rel=0.06)


def test_a_missing_year_takes_its_two_changes_with_it():
    whole = AnnualPrices("a", (2018, 2019, 2020, 2021, 2022, 2023), np.array([1.0, 1.2, 1.1, 1.5, 1.4, 1.9]), True)
    holed = AnnualPrices("a", (2018, 2019, 2021, 2022, 2023), np.array([1.0, 1.2, 1.5, 1.4, 1.9]), True)
    assert (whole.changes, holed.changes) == (5, 3)
    assert len(annual_changes(holed)) == 3
    assert annual_volatility(holed)[1] == 3


def test_an_exchange_rate_changes_what_is_measured_and_an_unknown_one_drops_the_change():
    history = AnnualPrices("a", (2020, 2021, 2022, 2023), np.array([1.0, 1.2, 1.1, 1.5]), True)
    rate = np.array([1.0, 0.9, 1.1, 0.8])
    joint = AnnualPrices("a", history.years, history.prices * rate, True)
    assert annual_volatility(history, rate) == pytest.approx(annual_volatility(joint))
    assert annual_volatility(history, 7 * np.ones(4)) == pytest.approx(annual_volatility(history))
    assert annual_volatility(history, np.array([np.nan, 1.0, 1.0, 1.0]))[1] == 2
    with pytest.raises(GapError, match="'a' has 1 annual changes"):
        annual_volatility(history, np.array([np.nan, np.nan, 1.0, 1.0]))


def test_yearly_rate_is_the_mean_of_twelve_months_or_unknown():
    dates = tuple(date(2020 + t // 12, t % 12 + 1, 28) for t in range(30))
    level = 1.0 + 0.01 * np.arange(30)
    changes = level[1:] / level[:-1] - 1.0
    found = yearly_rate(dates, changes, (2020, 2021, 2022))
    assert found[:2] == pytest.approx([level[:12].mean(), level[12:24].mean()])
    assert np.isnan(found[2])
    changes[:3] = np.nan
    later = yearly_rate(dates, changes, (2020, 2021))
    assert np.isnan(later[0])
    assert np.isfinite(later[1])


def test_level_error_of_last_years_average_is_that_of_a_random_walk():
    logs = walks(20_000, 2, 0.4)
    gap = logs[1, 124] - logs[0].mean(axis=0)
    assert level_error(0.4, 0.5, averaged=True) == pytest.approx(gap.std(), rel=0.02)
    assert level_error(0.4, 0.5, averaged=False) == pytest.approx((logs[1, 124] - logs[0, -1]).std(), rel=0.02)


@pytest.mark.parametrize(("spread", "low", "high"), [(0.15, 0.66, 0.80), (0.3, 0.64, 0.73), (0.6, 0.64, 0.73)])
@pytest.mark.parametrize("freedom", [None, 6])
def test_intervals_after_pooling_cover_at_their_nominal_rate(spread, low, high, freedom):
    """68 % of one standard error: groups of eight, histories of 4 to 170 changes, normal or fat-tailed (t, 6)."""
    rng = np.random.default_rng(3)
    counts, groups, inside, nearer = (4, 12, 24, 40, 60, 100, 170, 170), ("g",) * 8, [], []
    for _ in range(600):
        truth = np.log(0.3) + spread * rng.standard_normal(8)
        z = rng.standard_normal((170, 8)) if freedom is None else rng.standard_t(freedom, (170, 8)) * np.sqrt(1 - 2 / freedom)
        z[np.arange(170)[:, None] >= np.array(counts)] = np.nan
        changes = z * np.exp(truth)
        own = np.nanstd(changes, axis=0, ddof=1)
        mean, variance = log_volatility(own, np.array(counts, float), effective_excess(changes, groups))
        found = pooled_volatility(mean, variance, groups)
        error = np.log(found.volatility) - truth
        inside.append(np.abs(error) < found.error)
        nearer.append((error[:2] ** 2).mean() / ((np.log(own) - truth)[:2] ** 2).mean())
    covered = np.mean(inside, axis=0)
    assert low < covered[:2].mean() < high  # four and twelve changes
    assert 0.63 < covered.mean() < 0.75
    assert np.median(nearer) < 1.0  # and pooling brings the thin ones nearer to the truth


def test_digamma_and_trigamma_are_those_of_scipy():
    x = np.geomspace(1e-3, 1e5, 500)
    ours = polygammas(x)
    np.testing.assert_allclose(ours[0], digamma(x), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(ours[1], polygamma(1, x), rtol=1e-13)
