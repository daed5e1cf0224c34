"""Which of several backtests is the best, and whether any beats a benchmark, when many are looked at at once.

The library arch (extra `evidence`) computes the model confidence set (Hansen, Lunde and Nason 2011), the test of superior
predictive ability (Hansen 2005) and the stepwise procedure (Romano and Wolf 2005) by the stationary bootstrap. The loss of a
period is the logarithm of what a unit of wealth became, with its sign changed: the least mean loss is the fastest growth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from statistics import NormalDist
from typing import Any

import numpy as np

from toolkit.backtest.evaluation import DRAWS, block_length
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.records.backtest import Selection

LEAST_RETURNS = 8
"""Returns below which skewness and kurtosis say nothing."""


def deflated_sharpe_ratio(tries: Sequence[FloatArray]) -> float | None:
    """Probability that the Sharpe ratio of the best try is above what the best of so many without merit is expected to have.

    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equations 1 and 2; interest on cash is zero.

    Args:
        tries: Returns (T,) of each try, over the same T periods.

    Returns:
        None for fewer than two tries or `LEAST_RETURNS` returns, and where a try does not move.
    """
    if len(tries) < 2 or len(tries[0]) < LEAST_RETURNS or any(np.ptp(returns) == 0 for returns in tries):
        return None
    ratios = np.array([returns.mean() / returns.std(ddof=1) for returns in tries])
    best = tries[int(np.argmax(ratios))]
    white = (best - best.mean()) / best.std()
    skewness, kurtosis = float((white**3).mean()), float((white**4).mean())
    return above_luck(float(ratios.max()), float(ratios.std(ddof=1)), len(tries), len(best), skewness, kurtosis)


def above_luck(ratio: float, spread: float, tries: int, periods: int, skewness: float, kurtosis: float) -> float:
    """Probability that a Sharpe ratio is above the greatest that is expected of tries without merit.

    Args:
        ratio: Of the best try, a period.
        spread: Standard deviation of the ratios of all tries.
        tries: How many, from 2.
        periods: Returns of each.
        skewness: Third standardised moment of the returns of the best.
        kurtosis: The fourth; 3 for a normal distribution.
    """
    normal = NormalDist()
    luck = (1 - np.euler_gamma) * normal.inv_cdf(1 - 1 / tries) + np.euler_gamma * normal.inv_cdf(1 - 1 / (tries * np.e))
    variance = (1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2) / (periods - 1)
    return normal.cdf((ratio - spread * luck) / np.sqrt(variance))


SET_CONFIDENCE = 0.9
"""Of the set, and of what is said to beat the benchmark: the level of Hansen, Lunde and Nason."""
LEAST_COMPARED = 24
"""Returns below which nothing is compared: with blocks of three there are eight of them, and the p-values hold for many."""
SAME_RETURNS = 1e-12
"""Difference of returns below which two strategies did the same, and no test tells them apart."""


def select(returns: Mapping[str, FloatArray], benchmark: str | None, against: Sequence[str], *, seed: int) -> Selection:
    """Compare strategies over the same T periods.

    Args:
        returns: (T,) simple returns by strategy; two of them, or more.
        benchmark: The one that others are tested against; None for no such test.
        against: Those others.
        seed: Of the resampled paths.

    Raises:
        SpecError: without the library arch.
    """
    count = len(next(iter(returns.values())))
    block = max(1, round(block_length(count)))
    found = partial(
        Selection,
        returns=count,
        least=LEAST_COMPARED,
        block=block,
        draws=DRAWS,
        seed=seed,
        confidence=SET_CONFIDENCE,
        benchmark=benchmark,
    )
    if count < LEAST_COMPARED:
        return found(p_values=None, best=())
    bootstrap = _library()
    losses = {name: -np.log1p(values) for name, values in returns.items()}
    alike = _alike(losses)
    different = [name for name, first in alike.items() if name == first]
    drawn = {"block_size": block, "reps": DRAWS, "seed": seed}
    p_values = dict.fromkeys(different, 1.0)
    if len(different) > 1:
        remaining = bootstrap.MCS(np.column_stack([losses[name] for name in different]), size=1 - SET_CONFIDENCE, **drawn)
        remaining.compute()
        p_values = {different[int(index)]: float(p) for index, p in remaining.pvalues["Pvalue"].items()}
    p_values = {name: p_values[alike[name]] for name in returns}
    best = tuple(name for name, p in p_values.items() if p > 1 - SET_CONFIDENCE)
    others = [] if benchmark is None else [name for name in against if alike[name] != alike[benchmark]]
    if benchmark is None or not others:
        return found(p_values=p_values, best=best)
    models = np.column_stack([losses[name] for name in others])
    superior = bootstrap.SPA(losses[benchmark], models, **drawn)
    superior.compute()
    stepwise = bootstrap.StepM(losses[benchmark], models, size=1 - SET_CONFIDENCE, **drawn)
    stepwise.compute()
    chosen = tuple(others[int(index)] for index in stepwise.superior_models)
    return found(p_values=p_values, best=best, superior_p=float(superior.pvalues["consistent"]), superior=chosen)


def _alike(losses: Mapping[str, FloatArray]) -> dict[str, str]:
    """Each strategy and the first that did the same."""
    found: dict[str, str] = {}
    for name, values in losses.items():
        same = (one for one in found.values() if np.abs(losses[one] - values).max() < SAME_RETURNS)
        found[name] = next(same, name)
    return found


def _library() -> Any:
    try:
        return import_module("arch.bootstrap")  # an extra, which imports pandas
    except ImportError:
        hint = message("pip install 'strategic-metals-toolkit[evidence]'")
        raise SpecError("a comparison of many strategies needs the library arch.", hint=hint) from None
