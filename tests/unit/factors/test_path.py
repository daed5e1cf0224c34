"""Smoothed levels against what they must be: the reported level at the end, an exact smoother where nothing is heavy-tailed."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.factors.observation.local_level import local_levels
from toolkit.factors.observation.mixture import smooth_levels
from toolkit.factors.observation.path import level_paths


def prints_of(rng: np.random.Generator, periods: int, persistence: float, change: float, noise: float):
    """(latent, prints) of one level whose changes persist, (T,) each."""
    v, level, latent = rng.standard_normal() * change, 0.0, []
    for _ in range(periods):
        latent.append(level)
        v = persistence * v + rng.standard_normal() * change * np.sqrt(1 - persistence**2)
        level += v
    path = np.array(latent)
    return path, path + rng.standard_normal(periods) * noise


def exact(y: np.ndarray, persistence: float, change: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (T,) of the level given all prints, from its dense joint normal distribution."""
    T, lags = len(y), np.arange(len(y) - 1)
    changes = change**2 * persistence ** np.abs(lags[:, None] - lags[None, :])
    add = np.vstack([np.zeros(T - 1), np.tril(np.ones((T - 1, T - 1)))])
    # A start that is next to unknown.
    prior = add @ changes @ add.T + 1e2
    seen = np.isfinite(y)
    gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + noise**2 * np.eye(seen.sum()))
    return gain @ y[seen], np.sqrt(np.diag(prior - gain @ prior[seen]))


@pytest.mark.parametrize("persistence", [0.0, 0.7])
def test_without_tails_it_is_the_exact_smoother_over_gaps_too(persistence):
    rng = np.random.default_rng(3)
    _, y = prints_of(rng, 60, persistence, 0.02, 0.1)
    y[20:24] = np.nan
    mean, square = smooth_levels(
        y[:, None], np.ones((60, 1)), np.array([1e-4]), np.array([[0.02]]), np.array([[0.1]]), np.array([persistence]), np.ones((1, 1, 1))
    )  # fmt: skip
    level, error = exact(y, persistence, 0.02, 0.1)
    assert mean[:, 0] == pytest.approx(level, abs=0.001)
    # One print in two hundred may be an entry error: what is believed is a little less certain.
    assert np.sqrt(square - mean**2)[:, 0] == pytest.approx(error, rel=0.01)


def test_the_path_ends_at_the_reported_level_and_covers_the_latent_price():
    rng = np.random.default_rng(4)
    pairs = [prints_of(rng, 60, 0.5, 0.08, noise) for noise in (0.05, 0.1, 0.2, 0.3, 0.1, 0.2)]
    latent, prints = (np.column_stack(part) for part in zip(*pairs, strict=True))
    prints[0, 2] = prints[1, 2] = np.nan
    quantity = np.full(prints.shape, np.nan)
    paths, reported = level_paths(prints, quantity, 12.0), local_levels(prints, quantity, 12.0)
    assert paths.level[-1] == pytest.approx(reported.level, abs=1e-12)
    assert paths.error[-1] == pytest.approx(reported.level_error, abs=1e-12)
    assert np.isnan(paths.level[:2, 2]).all()
    assert np.isfinite(paths.level[2:]).all()
    inside = np.abs(paths.level - latent)[2:] < paths.error[2:]
    assert 0.55 < inside.mean() < 0.8
    # What comes later helps: in the middle a level is known better than at either end.
    assert (np.nanmedian(paths.error[20:40], axis=0) < paths.error[-1]).all()


def test_a_later_print_changes_an_earlier_level():
    rng = np.random.default_rng(5)
    _, y = prints_of(rng, 40, 0.5, 0.08, 0.1)
    quantity = np.full((40, 1), np.nan)
    shorter, longer = level_paths(y[:30, None], quantity[:30], 12.0), level_paths(y[:, None], quantity, 12.0)
    assert abs(shorter.level[-1, 0] - longer.level[29, 0]) > 1e-4
