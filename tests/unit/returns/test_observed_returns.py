"""Second moments over the periods that two series share."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from toolkit.returns.observed_returns import Returns, patterns


def test_moments_of_pairs_are_those_of_their_shared_periods():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 9))
    x[:20, 1:4] = np.nan  # three series of one pattern, one of another, one of a single period
    x[50:, 4] = np.nan
    x[:59, 5] = np.nan
    dates = tuple(date(2020, 1, 1) + timedelta(day) for day in range(60))
    cov, counts = Returns.exact(dates, tuple("abcdefghi"), x).pairwise()
    for i in range(9):
        for j in range(9):
            shared = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
            assert counts[i, j] == shared.sum()
            expected = np.cov(x[shared, i], x[shared, j])[0, 1] if shared.sum() > 1 else 0.0
            np.testing.assert_allclose(cov[i, j], expected, rtol=1e-12, atol=1e-14)


def test_series_of_the_same_periods_are_one_pattern():
    seen = np.ones((500, 300), dtype=bool)
    assert len(patterns(seen)[0]) == 1
    seen[:30, ::3] = False
    first, pattern = patterns(seen)
    assert len(first) == 2
    assert (seen[:, first][:, pattern] == seen).all()
