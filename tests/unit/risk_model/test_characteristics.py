"""The characteristic block: what it recovers, what it states, what it leaves out and says so."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.errors import DataError, GapError
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.characteristics import Exposures, characteristic_returns
from toolkit.risk_model.cross_section import independent, standardise
from toolkit.risk_model.premia import factor_covariance, mean_and_error

YEAR = 12.0
FACTOR, MARKET = 0.02, 0.03


def days(periods):
    return tuple(date(2000, 1, 1) + timedelta(days=31 * t) for t in range(periods + 1))


def names(n):
    return tuple(f"m{i:02}" for i in range(n))


def exposed(values, currencies=None, labels="abcdefgh"):
    periods, n, k = values.shape
    return Exposures(days(periods)[:-1], names(n), tuple(labels[:k]), values, currencies or ("USD",) * n)


def exact(values):
    return Returns.exact(days(len(values))[1:], names(values.shape[1]), values)


def world(seed, periods=120, n=16, k=3):
    """Exposures, their standardised form, specific deviations, factor returns and true changes."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(periods, n, k))
    deviation = np.exp(rng.normal(np.log(0.05), 0.5, n))
    factor = rng.normal(0.0, FACTOR, (periods, k))
    market = rng.normal(0.0, MARKET, (periods, 1))
    z, _, _ = standardise(values, np.tile(deviation**-2.0, (periods, 1)))
    true = market + np.einsum("tnk,tk->tn", z, factor) + rng.normal(size=(periods, n)) * deviation
    return rng, values, z, deviation, factor, true


def through_noise(rng, true, z, deviation, noise):
    """Posterior of the first half of the assets, printed with errors, when their joint distribution is known."""
    periods, n = true.shape
    m = n // 2
    printed = true[:, :m] + rng.normal(0.0, noise, (periods, m))
    columns = np.concatenate([np.ones((periods, n, 1)), z], axis=2)
    prior = np.array([MARKET**2] + [FACTOR**2] * z.shape[2])
    joint = (columns * prior) @ columns.transpose(0, 2, 1) + np.diag(deviation**2)
    seen = np.diag([noise**2] * m + [1e-12] * (n - m))
    gain = joint @ np.linalg.inv(joint + seen)
    mean = np.einsum("tij,tj->ti", gain, np.hstack([printed, true[:, m:]]))
    uncertainty = (joint - gain @ joint)[:, :m, :m]
    return Returns(days(periods)[1:], names(n), np.hstack([mean[:, :m], true[:, m:]]), np.arange(m), uncertainty)


@pytest.mark.parametrize(
    ("prices", "one", "two"),
    [
        ("exact", (0.66, 0.70), (0.935, 0.965)),
        ("prints", (0.66, 0.70), (0.935, 0.965)),
        ("posterior", (0.66, 0.73), (0.935, 0.975)),
    ],
)
def test_factor_returns_lie_within_their_stated_errors(prices, one, two):
    """20 seeds, 7,200 returns: 68 and 95 % by the normal distribution; what is smoothed may not fall below."""
    inside, wide, variance = [], [], []
    for seed in range(20):
        rng, values, z, deviation, factor, true = world(seed)
        if prices == "exact":
            changes = exact(true)
        elif prices == "prints":  # the noise is part of specific variance, and differences of it are autocorrelated
            changes = exact(true + np.diff(rng.normal(0.0, 0.04, (len(true) + 1, true.shape[1])), axis=0))
        else:
            changes = through_noise(rng, true, z, deviation, 0.05)
        found = characteristic_returns(changes, exposed(values), YEAR)
        score = (found.returns[:, 1:] - factor) / found.errors[:, 1:]
        inside.append(np.mean(np.abs(score) < 1.0))
        wide.append(np.mean(np.abs(score) < 1.96))
        variance.append(np.diag(found.covariance)[1:] / YEAR / FACTOR**2)
    assert one[0] < np.mean(inside) < one[1]
    assert two[0] < np.mean(wide) < two[1]
    assert np.mean(variance) == pytest.approx(1.0, abs=0.12)  # not 1.9, as that of the raw estimates


def test_specific_variances_are_those_of_the_truth():
    ratio = []
    for seed in range(20):
        _, values, _, deviation, _, true = world(seed, periods=60)
        found = characteristic_returns(exact(true), exposed(values), YEAR)
        ratio.append(found.specific_var / YEAR / deviation**2)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.06)


def test_a_premium_is_found_and_none_is_not_invented():
    scores = []
    for seed in range(50):
        _, values, z, _, _, true = world(seed, periods=60, k=2)
        found = characteristic_returns(exact(true + 0.01 * z[:, :, 0]), exposed(values), YEAR)
        scores.append(found.t_statistics[1:])
    scores = np.array(scores)
    assert scores[:, 0].mean() == pytest.approx(0.01 / np.sqrt((FACTOR**2 + 0.0001) / 60), rel=0.25)
    assert np.mean(np.abs(scores[:, 1]) > 2.0) <= 0.12


def test_mean_and_error_by_hand():
    series = np.array([[0.01], [np.nan], [0.03], [-0.01], [0.05], [0.02]])
    none = np.zeros_like(series)
    mean, error, count = mean_and_error(series, none, none)
    z = np.nan_to_num(series[:, 0] - 0.02)
    lags = int(4 * (5 / 100) ** (2 / 9))
    assert lags == 2
    long_run = z @ z + 2 * (2 / 3) * (z[1:] @ z[:-1]) + 2 * (1 / 3) * (z[2:] @ z[:-2])
    assert (mean[0], count[0]) == (pytest.approx(0.02), 5)
    assert error[0] == pytest.approx(np.sqrt(long_run / 20))
    # Periods cannot vary less than each is uncertain, and what smoothing took away is put back.
    assert mean_and_error(series, none + 1.0, none)[1][0] == pytest.approx(np.sqrt(5 / 20))
    assert mean_and_error(series, none, none + 1.0)[1][0] == pytest.approx(np.sqrt((long_run + 5) / 20))


def test_covariance_is_positive_semidefinite_and_has_the_error_taken_off():
    rng = np.random.default_rng(3)
    returns = rng.normal(0.0, 0.01, (40, 3))
    returns[:35, 2] = np.nan
    own = np.tile(np.diag([0.5e-4, 4e-4, 0.0]), (40, 1, 1))
    cov = factor_covariance(returns, own, 0.0 * own)
    assert np.isnan(cov[2]).all()
    assert np.isnan(cov[:, 2]).all()
    assert np.linalg.eigvalsh(cov[:2, :2]).min() >= -1e-18
    assert cov[0, 0] == pytest.approx(np.var(returns[:, 0], ddof=1) - 0.5e-4, rel=0.05)
    assert cov[1, 1] == pytest.approx(0.0, abs=2e-6)  # all of it was error


def test_standardised_exposures():
    rng = np.random.default_rng(0)
    values = rng.normal(5.0, 3.0, (4, 20, 2))
    values[1, 1:4, 1] = np.nan
    weights = rng.uniform(1.0, 9.0, (4, 20))
    weights[:, 19] = 0.0
    z, known, varies = standardise(values, weights)
    assert varies.all()
    assert np.einsum("tnk,tn->tk", z, weights) == pytest.approx(np.zeros((4, 2)), abs=1e-12)
    assert z[1, :, 1][known[1, :, 1]].std() == pytest.approx(1.0)
    assert known.sum() == 4 * 19 * 2 - 3
    assert (z[~known] == 0.0).all()


def test_an_outlier_is_winsorised():
    values = np.random.default_rng(1).normal(size=(1, 60, 1))
    values[0, 0, 0] = 40.0
    weights = np.random.default_rng(2).uniform(1.0, 2.0, (1, 60))
    z, _, _ = standardise(values, weights)
    away = (values[0, :, 0] - values.mean()) / values.std()
    assert away[0] > 7.0
    assert z[0, 0, 0] - z[0, 1, 0] == pytest.approx(3.0 - away[1])
    assert (weights @ z[0]).item() == pytest.approx(0.0, abs=1e-12)


def test_collinear_columns_go_in_order():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 3))
    columns = np.column_stack([x[:, 0], x[:, 1], x[:, 0] + x[:, 1], x[:, 2]])
    gram = (columns.T @ columns)[None]
    assert independent(gram, np.ones((1, 4), dtype=bool)).tolist() == [[True, True, False, True]]
    assert independent(gram, np.array([[True, False, True, True]])).tolist() == [[True, False, True, True]]


def test_a_copy_is_left_out_with_a_note():
    _, values, _, _, _, true = world(1, periods=20, k=2)
    alone = characteristic_returns(exact(true), exposed(values), YEAR)
    twice = characteristic_returns(exact(true), exposed(np.dstack([values, -3.0 * values[:, :, :1]])), YEAR)
    assert np.isnan(twice.returns[:, 3]).all()
    assert twice.returns[:, :3] == pytest.approx(alone.returns, abs=1e-12)
    assert "c: left out of 20 periods, because the factors before it explain it." in twice.notes


def test_missing_exposures_stand_at_the_mean_and_are_counted():
    _, values, _, _, _, true = world(2, periods=20, k=2)
    values[:, :4, 1] = np.nan
    values[5:, :, 0] = np.where(np.arange(16) < 13, np.nan, values[5:, :, 0])
    found = characteristic_returns(exact(true), exposed(values), YEAR)
    assert found.imputed.tolist() == [0, 0, 80]
    assert found.cells.tolist() == [320, 80, 320]
    assert found.periods.tolist() == [20, 5, 20]
    assert "b: 80 of 320 exposures (25%) were not known and stand at the mean." in found.notes
    assert any(note.startswith("a: no return in 15 of 20 periods") for note in found.notes)
    assert np.isfinite(found.premia[1])
    assert np.isnan(found.t_statistics[1])  # five periods are no test


def test_thin_periods_and_thin_assets():
    _, values, _, _, _, true = world(3, periods=30)
    true[:10, 6:] = np.nan  # six assets for four columns
    true[10:25, 15] = np.nan  # five changes are left
    found = characteristic_returns(exact(true), exposed(values), YEAR)
    assert np.isnan(found.returns[:10]).all()
    assert np.isfinite(found.returns[10:]).all()
    assert found.counts.tolist() == [6] * 10 + [15] * 20
    assert "m15" not in found.assets
    assert found.notes[0] == "Fewer than 6 changes, left out: m15."
    assert "10 of 30 periods have fewer assets than columns plus 3, and no returns." in found.notes


def test_currencies_sum_to_zero_by_weight():
    _, values, _, _, _, true = world(4, n=18, k=2)
    currencies = ("CNY",) * 5 + ("EUR",) * 6 + ("USD",) * 7
    effect = {"CNY": 0.02, "EUR": -0.01, "USD": 0.005}
    shift = np.array([effect[currency] for currency in currencies])
    plain = characteristic_returns(exact(true), exposed(values, currencies), YEAR)
    found = characteristic_returns(exact(true + shift), exposed(values, currencies), YEAR)
    assert found.factors[3:] == ("currency:CNY", "currency:EUR", "currency:USD")
    weight = 1 / found.specific_var
    inside = np.array([[currency == other for currency in currencies] for other in effect])
    assert found.returns[:, 3:] @ (inside @ weight) == pytest.approx(np.zeros(120), abs=1e-10)
    mean = weight / weight.sum()
    assert found.returns[:, 0] == pytest.approx((true + shift) @ mean)  # the market is the weighted mean asset
    # What a currency adds to all its assets is its own return, about the mean, and nobody else's.
    assert found.returns[:, 3:] - plain.returns[:, 3:] == pytest.approx(
        np.tile(np.array([*effect.values()]) - shift @ mean, (120, 1)), abs=1e-7
    )
    assert found.returns[:, 1:3] == pytest.approx(plain.returns[:, 1:3], abs=1e-7)
    assert (found.errors[:, 3:] > 0).all()


def test_a_currency_that_a_characteristic_explains_has_no_factor():
    _, values, _, _, _, true = world(5, periods=30, k=1)
    values[:, :, 0] = np.arange(16) < 8
    found = characteristic_returns(exact(true), exposed(values, ("EUR",) * 8 + ("USD",) * 8), YEAR)
    assert np.isnan(found.returns[:, 2:]).all()
    assert np.isfinite(found.returns[:, :2]).all()
    assert any(note.startswith("currency:EUR") for note in found.notes)


def test_frames_have_null_and_never_nan():
    _, values, _, _, _, true = world(6, periods=20, k=1)
    true[:3, 3:] = np.nan
    found = characteristic_returns(exact(true), exposed(values), YEAR)
    frame = found.frame()
    assert frame.columns == ["date", "factor", "value", "standard_error", "assets"]
    assert frame.height == 20 * 2
    assert frame["value"].null_count() == frame["standard_error"].null_count() == 6
    assert not frame["value"].is_nan().any()
    assert frame.row(7) == (found.dates[3], "a", found.returns[3, 1], found.errors[3, 1], 16)
    summary = found.summary()
    assert summary["factor"].to_list() == ["market", "a"]
    assert summary["premium"].to_list() == found.premia.tolist()
    assert frame.schema["date"] == pl.Date


def test_bad_input():
    _, values, _, _, _, true = world(7, periods=20, k=1)
    good = exposed(values)
    late = Exposures(days(20)[1:], good.assets, good.names, values, good.currencies)
    with pytest.raises(DataError, match="too late"):
        characteristic_returns(exact(true), late, YEAR)
    with pytest.raises(DataError, match="19 dates"):
        characteristic_returns(exact(true), exposed(values[1:]), YEAR)
    with pytest.raises(DataError, match="no changes of m15"):
        characteristic_returns(exact(true[:, :15]), good, YEAR)
    still = true.copy()
    still[:, 4] = 0.0
    with pytest.raises(DataError, match="'m04' never changes"):
        characteristic_returns(exact(still), good, YEAR)
    with pytest.raises(GapError, match="no period has 4 assets"):
        characteristic_returns(exact(true[:, :3]), exposed(values[:, :3]), YEAR)
    with pytest.raises(DataError, match="do not fit"):
        Exposures(good.dates, good.assets, ("a", "b"), values, good.currencies)
    with pytest.raises(DataError, match="currency"):
        Exposures(good.dates, good.assets, good.names, values, ("USD",))
