"""Out-of-sample evidence for price levels: forecasts of the next quarter's customs unit values, and the lag of deliveries.

`python -m benchmarks.levels --choose` finds the fixed numbers of `LevelModel` by the predictive likelihood of the bundled
series. `benchmarks.evidence` writes the tables. Every forecast sees only what was there in its month,
the quantities of the months to come excluded.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
from scipy.optimize import minimize

from toolkit.core.forecast import FloatArray
from toolkit.market.market import Snapshot
from toolkit.returns.observation.level_filter import (
    DELIVERY_LAG,
    MODEL,
    LevelModel,
    Mixture,
    beliefs,
    filtered_levels,
    scarcity,
)
from toolkit.returns.observation.local_level import local_levels

FIRST = 11
"""First month whose forecast counts, from 0."""
BURN_IN = 5
"""Months whose densities do not count when numbers are chosen."""
QUARTER = 3
DRAWS = 2_000
HISTORY = 24
"""Months of quantities that those of the next quarter are drawn from."""
CHOSEN = (
    "low_volatility",
    "high_volatility",
    "to_high",
    "to_low",
    "exponent",
    "noise",
    "premium",
    "premium_spread",
    "wide",
    "wider",
)
PROBABILITIES = frozenset({"to_high", "to_low", "wide"})
KILOGRAMS = {"kg": 1.0, "kg Mo": 1.0, "lb": 0.45359237, "t": 1000.0, "mtu": 1.0, "mtu WO3": 1.0}
"""Of the unit of an assessed price; only changes within one series count, so that 'mtu' may stand for anything."""


def customs(market: Snapshot) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names of the customs series, their log prices (T, m) and kilograms (T, m), each from its first month."""
    rows = market["prices"].filter(pl.col("basis") == "customs_unit_value")
    wide = [rows.pivot(on="asset", index="date", values=name).sort("date") for name in ("price", "quantity")]
    names = tuple(sorted(set(rows["asset"])))
    price, kilograms = (part.select(names).to_numpy().astype(float) for part in wide)
    return names, np.log(price), kilograms


def quarter(log_price: FloatArray, kilograms: FloatArray, t: int, months: int = QUARTER) -> FloatArray:
    """Log of the quantity-weighted mean price (m,) of the months after t."""
    ahead = slice(t + 1, t + 1 + months)
    weight = np.where(np.isfinite(log_price[ahead]), kilograms[ahead], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log((weight * np.nan_to_num(np.exp(log_price[ahead]))).sum(axis=0) / weight.sum(axis=0))


def draws_of(mixture: Mixture, kilograms: FloatArray, months: int, model: LevelModel) -> FloatArray:
    """Draws (m, DRAWS) of the log quantity-weighted mean price of the next months; kilograms (t + 1, m) are those known."""
    m = kilograms.shape[1]
    rng = np.random.default_rng(0)
    found = np.empty((m, DRAWS))
    for i in range(m):
        known = kilograms[-HISTORY:, i][np.isfinite(kilograms[-HISTORY:, i])]
        path = rng.choice(mixture.weight.shape[1], DRAWS, p=mixture.weight[i] / mixture.weight[i].sum())
        level, premium, variance, cross, own, noise, high_volatility = (
            getattr(mixture, name)[i, path]
            for name in ("level", "premium", "variance", "cross", "own", "noise", "is_high_volatility")
        )
        a, b = rng.standard_normal((2, DRAWS))
        slope = cross / np.sqrt(variance)
        premium = premium + slope * a + np.sqrt(np.maximum(own - slope**2, 0.0)) * b
        level = level + np.sqrt(variance) * a
        value, weight = np.zeros(DRAWS), np.zeros(DRAWS)
        for _ in range(months):
            high_volatility = rng.random(DRAWS) < np.where(high_volatility, 1.0 - model.to_low, model.to_high)
            level = level + np.where(high_volatility, model.high_volatility, model.low_volatility) * rng.standard_normal(DRAWS)
            kg = rng.choice(known, DRAWS)
            scarce = scarcity(known[:, None])[-1, 0] + np.log(known[-1] / kg)
            narrow = noise**2 * np.exp(model.exponent * scarce)
            kind = rng.random(DRAWS)
            wide = np.where(kind < model.wide, model.wider * narrow, narrow)
            size = np.where(kind > 1.0 - model.gross, narrow + model.gross_size**2, wide)
            value += kg * np.exp(level + premium * scarce + np.sqrt(size) * rng.standard_normal(DRAWS))
            weight += kg
        found[i] = np.log(value / weight)
    return found


def density(log_price: FloatArray, kilograms: FloatArray, model: LevelModel) -> float:
    """Log predictive density of all observed prices after the burn-in."""
    seen = np.isfinite(log_price)
    steps = enumerate(beliefs(log_price, kilograms, model))
    return float(sum(found[seen[t]].sum() for t, (_, found) in steps if t >= BURN_IN))


def choose(log_price: FloatArray, kilograms: FloatArray, tries: int = 300) -> LevelModel:
    """The numbers of the largest predictive density, by Nelder and Mead from the shipped ones; shares on the logit scale."""

    def model(x: FloatArray) -> LevelModel:
        values = {
            name: float(
                1.0 / (1.0 + np.exp(-v)) if name in PROBABILITIES else v if name in ("exponent", "premium") else np.exp(v)
            )
            for name, v in zip(CHOSEN, x, strict=True)
        }
        return replace(MODEL, **values)

    def start(name: str) -> float:
        value = float(getattr(MODEL, name))
        return (
            np.log(value / (1.0 - value))
            if name in PROBABILITIES
            else value
            if name in ("exponent", "premium")
            else np.log(value)
        )

    x = np.array([start(name) for name in CHOSEN])
    steps = np.array([0.1 if name in ("exponent", "premium") else 0.4 for name in CHOSEN])
    simplex = np.vstack([x, x + np.diag(steps)])
    options = {"maxfev": tries, "initial_simplex": simplex, "adaptive": True}
    return model(minimize(lambda x: -density(log_price, kilograms, model(x)), x, method="Nelder-Mead", options=options).x)


STILL = tuple(replace(MODEL, low_volatility=size, high_volatility=size) for size in (0.08, 0.1, 0.12, 0.14))
"""Models of one volatility; the third is the likeliest."""
PLAIN = replace(MODEL, premium=0.0, premium_spread=1e-6)


Cover = tuple[FloatArray, FloatArray, FloatArray]
"""Errors (D, m) of forecasts at D dates, and whether 68 % and 95 % intervals hold the outcome, (D, m) of 0 and 1."""


def walk(log_price: FloatArray, kilograms: FloatArray, model: LevelModel, months: int = QUARTER) -> Cover:
    """Forecasts of the filter: median and central intervals of its draws."""
    errors, narrow, wide = [], [], []
    for t, (mixture, _) in enumerate(beliefs(log_price, kilograms, model)):
        if FIRST <= t < len(log_price) - months:
            outcome = quarter(log_price, kilograms, t, months)
            draws = draws_of(mixture, kilograms[: t + 1], months, model)
            below = np.where(np.isfinite(outcome), (draws < outcome[:, None]).mean(axis=1), np.nan)
            errors.append(outcome - np.median(draws, axis=1))
            for rows, share in ((narrow, 0.68), (wide, 0.95)):
                rows.append(np.where(np.isfinite(below), np.abs(below - 0.5) <= share / 2.0, np.nan))
    return np.array(errors), np.array(narrow), np.array(wide)


def walk_before(log_price: FloatArray, kilograms: FloatArray) -> Cover:
    """Forecasts of the local level of one series, which made the levels before; intervals of level, changes and noise."""
    errors, deviations = [], []
    for t in range(FIRST, len(log_price) - QUARTER):
        fits = [local_levels(log_price[: t + 1, [i]], kilograms[: t + 1, [i]], 12.0) for i in range(log_price.shape[1])]
        level, error, change, noise = (
            np.array([getattr(fit, name)[0] for fit in fits]) for name in ("level", "level_error", "change_volatility", "noise")
        )
        # Of the mean of three months of a random walk: 1 + 4/9 + 1/9.
        deviations.append(np.sqrt(error**2 + 14.0 / 9.0 * change**2 / 12.0 + noise**2 / 3.0))
        errors.append(quarter(log_price, kilograms, t) - level)
    return _held(np.array(errors), np.array(deviations))


def walk_simple(log_price: FloatArray, kilograms: FloatArray, point: Callable[[int], FloatArray]) -> Cover:
    """A point forecast, with normal intervals as wide as its past errors over all metals (root mean square)."""
    dates = range(FIRST, len(log_price) - QUARTER)
    errors = np.array([quarter(log_price, kilograms, t) - point(t) for t in dates])
    deviations = np.full(errors.shape, np.nan)
    for k in range(QUARTER + 1, len(errors)):
        # An error is known a quarter after its forecast.
        deviations[k] = np.sqrt(np.nanmean(errors[: k - QUARTER + 1] ** 2))
    return _held(errors, deviations)


def _held(errors: FloatArray, deviations: FloatArray) -> Cover:
    known = np.isfinite(errors / deviations)
    inside = [np.where(known, np.abs(errors) <= reach * deviations, np.nan) for reach in (0.9945, 1.96)]
    return errors, inside[0], inside[1]


def last_observed(log_price: FloatArray) -> Callable[[int], FloatArray]:
    filled = log_price.copy()
    for t in range(1, len(filled)):
        filled[t] = np.where(np.isfinite(filled[t]), filled[t], filled[t - 1])
    return lambda t: filled[t]


def smoothed(log_price: FloatArray, share: float) -> Callable[[int], FloatArray]:
    """Exponential smoothing of log prices."""
    level = [log_price[0]]
    for row in log_price[1:]:
        level.append(np.where(np.isfinite(row), level[-1] + share * (row - level[-1]), level[-1]))
    return lambda t: level[t]


def level_rows(market: Snapshot) -> list[list[str]]:
    """The rivals' rows: errors and coverage of the next quarter's mean."""
    _, log_price, kilograms = customs(market)
    others = [np.arange(log_price.shape[1]) % 2 == half for half in (0, 1)]
    crossed = [
        walk(log_price[:, mine], kilograms[:, mine], choose(log_price[:, ~mine], kilograms[:, ~mine])) for mine in others
    ]
    both: Cover = tuple(np.concatenate(parts, axis=1) for parts in zip(*crossed, strict=True))  # type: ignore[assignment]
    rivals: list[tuple[str, Cover]] = [
        ("last observed price", walk_simple(log_price, kilograms, last_observed(log_price))),
        (
            "mean of three months, by quantity",
            walk_simple(log_price, kilograms, lambda t: quarter(log_price, kilograms, t - QUARTER)),
        ),
        *(
            (f"exponential smoothing, {share}", walk_simple(log_price, kilograms, smoothed(log_price, share)))
            for share in (0.2, 0.3, 0.5)
        ),
        ("local level, before", walk_before(log_price, kilograms)),
        ("**level filter, as shipped**", walk(log_price, kilograms, MODEL)),
        ("level filter, chosen on the other half of the metals", both),
        ("level filter, volatility that never switches", walk(log_price, kilograms, STILL[2])),
        ("level filter, no premium of small months", walk(log_price, kilograms, PLAIN)),
    ]
    return [[name, *cells(cover)] for name, cover in rivals]


def cells(cover: Cover) -> list[str]:
    errors, narrow, wide = cover
    half = len(errors) // 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        halves = [f"{100 * np.nanmean(part):.0f} %" for part in (narrow[:half], narrow[half:])]
    return [
        f"{100 * np.nanmean(np.abs(errors)):.1f} %",
        f"{100 * np.sqrt(np.nanmean(errors**2)):.1f} %",
        f"{100 * np.nanmean(narrow):.0f} %",
        f"{100 * np.nanmean(wide):.0f} %",
        *halves,
    ]


def metal_rows(market: Snapshot) -> list[list[str]]:
    """Coverage of the shipped model by metal, of the next quarter and of the next month."""
    names, log_price, kilograms = customs(market)
    errors, narrow, wide = walk(log_price, kilograms, MODEL)
    _, month_narrow, month_wide = walk(log_price, kilograms, MODEL, 1)
    simple = walk_simple(log_price, kilograms, lambda t: quarter(log_price, kilograms, t - QUARTER))[0]
    rows = []
    for i, name in (*enumerate(names), (slice(None), "all")):
        shares = (narrow[:, i], wide[:, i], month_narrow[:, i], month_wide[:, i])
        size = [f"{100 * np.nanmean(np.abs(part[:, i])):.0f} %" for part in (errors, simple)]
        rows.append([name.replace("_", " "), *size, *(f"{100 * np.nanmean(share):.0f} %" for share in shares)])
    return rows


Assessed = dict[tuple[str, str], list[tuple[int, int, float]]]
"""(asset, basis) -> first month from 2023 on, month after the last one and log price of assessed prices."""


def assessed(market: Snapshot, names: Sequence[str], day: date = date.max) -> Assessed:
    """Dated points and annual averages of the customs metals that were published by a day."""
    found: Assessed = {}
    points, annual = (market[name].filter(pl.col("known_from") <= day) for name in ("price_points", "prices_annual"))
    for row in points.iter_rows(named=True):
        month = 12 * (row["date"].year - 2023) + row["date"].month - 1
        asset = "ammonium_paratungstate" if "APT" in row["basis"] else row["asset"]
        basis = row["basis"] if asset != "gallium" or "China" in row["basis"] else "Rotterdam"
        if asset in names and month >= 0 and row["unit"] in KILOGRAMS:
            price = 0.5 * (row["price_low"] + row["price_high"]) / KILOGRAMS[row["unit"]]
            found.setdefault((asset, basis), []).append((month, month + 1, np.log(price)))
    # A year that several editions speak of is one price: that of the latest.
    annual = annual.sort("known_from", "source").unique(["asset", "series", "date"], keep="last", maintain_order=True)
    for row in annual.iter_rows(named=True):
        month = 12 * (row["date"].year - 2023)
        if row["asset"] in names and month >= 0 and "import" not in row["series"] and row["unit"] in KILOGRAMS:
            found.setdefault((row["asset"], row["series"]), []).append(
                (month, month + 12, np.log(row["price"] / KILOGRAMS[row["unit"]]))
            )
    return found


def lag_rows(market: Snapshot) -> list[list[str]]:
    """Distance of deliveries from assessed prices of the same metals so many months before, each series about its own basis."""
    names, log_price, kilograms = customs(market)
    T = len(log_price)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        centred = np.array([_weighted_median(log_price, kilograms, t) for t in range(T)])
        rows = []
        for lag in range(8):
            apart: list[float] = []
            for (asset, _), prices in assessed(market, names).items():
                path = centred[:, names.index(asset)]
                gaps = np.array([np.nanmean(path[s + lag : e + lag]) - price for s, e, price in prices if e + lag <= T])
                if len(gaps) > 1:
                    apart.extend((gaps - gaps.mean()) * np.sqrt(len(gaps) / (len(gaps) - 1)))
            size = np.abs(apart)
            rows.append([f"{lag}", f"{len(apart)}", f"{100 * np.sqrt(np.mean(size**2)):.0f} %", f"{100 * size.mean():.0f} %"])
    return rows


def _weighted_median(log_price: FloatArray, kilograms: FloatArray, t: int) -> FloatArray:
    """Median (m,) of the observed prices of months t - 1 to t + 1, weighed by the root of their quantity."""
    window = slice(max(t - 1, 0), t + 2)
    found = np.full(log_price.shape[1], np.nan)
    for i in range(len(found)):
        price, weight = log_price[window, i], np.sqrt(kilograms[window, i])
        order = np.argsort(price[np.isfinite(price)])
        if len(order):
            total = np.cumsum(weight[np.isfinite(price)][order])
            found[i] = price[np.isfinite(price)][order][np.searchsorted(total, 0.5 * total[-1])]
    return found


def sibling_rows(market: Snapshot) -> list[list[str]]:
    """Errors of the filter against the change of the sibling's level over three months less that of the own one."""
    names, log_price, kilograms = customs(market)
    level, _ = filtered_levels(log_price, kilograms)
    dates = range(FIRST, len(log_price) - QUARTER)
    rows = []
    for pair in (("tungsten", "ammonium_paratungstate"), ("germanium", "germanium_powder")):
        for own, other in (pair, pair[::-1]):
            i, j = names.index(own), names.index(other)
            error = np.array([quarter(log_price, kilograms, t)[i] - level[t, i] for t in dates])
            moved = np.array([level[t, j] - level[t - 3, j] - level[t, i] + level[t - 3, i] for t in dates])
            left = error - moved * (moved @ error) / (moved @ moved)
            correlation, explained = np.corrcoef(moved, error)[0, 1], 1.0 - (left @ left) / (error @ error)
            rows.append([own.replace("_", " "), other.replace("_", " "), f"{correlation:+.2f}", f"{100 * explained:.0f} %"])
    return rows


def assessed_rows(market: Snapshot) -> list[list[str]]:
    """Errors of the filter against what assessed prices of the same metal, known by then, say of its level.

    Each speaks of the deliveries `DELIVERY_LAG` months later, on its own basis: its mean distance from the level in the months
    that earlier prices of the series spoke of. The newest counts. A weight between filter and assessed price is chosen by least
    squares on the other metals.
    """
    names, log_price, kilograms = customs(market)
    months = list(market["prices"].filter(pl.col("basis") == "customs_unit_value")["date"].unique().sort())
    level = filtered_levels(log_price, kilograms)[0]
    seen: list[tuple[str, bool, int, float, float]] = []
    for t, (mixture, _) in enumerate(beliefs(log_price, kilograms, MODEL)):
        if not FIRST <= t < len(log_price) - QUARTER:
            continue
        error = quarter(log_price, kilograms, t) - np.median(draws_of(mixture, kilograms[: t + 1], QUARTER, MODEL), axis=1)
        for (asset, _), prices in assessed(market, names, months[t]).items():
            i = names.index(asset)
            *before, last = sorted(prices)
            spans = [(slice(first + DELIVERY_LAG, after + DELIVERY_LAG), price) for first, after, price in before]
            basis = [level[span, i].mean() - price for span, price in spans if span.stop <= t + 1]
            if basis and np.isfinite(error[i]):
                end = last[1] + DELIVERY_LAG
                own = level[last[0] + DELIVERY_LAG : end, i].mean() if end <= t + 1 else level[t, i]
                seen.append((f"{asset} {t}", last[1] - last[0] > 1, t + 1 - end, last[2] + np.mean(basis) - own, error[i]))
    rows = []
    for name, annual in (("dated points", (False,)), ("annual averages", (True,)), ("both", (False, True))):
        for what, age in (("deliveries to come", 0), ("deliveries of the past year", 12)):
            newest = {row[0]: row for row in sorted(seen, key=lambda row: -row[2]) if row[1] in annual and row[2] <= age}
            metal = np.array([key.split()[0] for key in newest])
            gap, error = np.array([row[3:] for row in newest.values()]).T
            weight = [gap[metal != one] @ error[metal != one] / (gap[metal != one] @ gap[metal != one]) for one in metal]
            sizes = [f"{100 * np.abs(part).mean():.1f} %" for part in (error, error - weight * gap)]
            rows.append(
                [f"{name}, {what}", f"{len(gap)}", f"{len(set(metal))}", f"{np.corrcoef(gap, error)[0, 1]:+.2f}", *sizes]
            )
    return rows


def path_of(market: Snapshot, asset: str, months: int) -> str:
    """The last levels of an asset, each given nothing later, in the currency of quotation."""
    names, log_price, kilograms = customs(market)
    level, error = (part[-months:, names.index(asset)] for part in filtered_levels(log_price, kilograms))
    told = [f"{price:.0f} +/- {price * size:.0f}" for price, size in zip(np.exp(level), error, strict=True)]
    return ", ".join(told[:-1]) + f" and {told[-1]}"


def less_likely(market: Snapshot) -> str:
    """What volatility that never switches and observed prices without a premium cost in log predictive density."""
    _, log_price, kilograms = customs(market)
    best = density(log_price, kilograms, MODEL)
    others = (max(density(log_price, kilograms, model) for model in models) for models in (STILL, (PLAIN,)))
    return " and ".join(f"{best - other:.0f}" for other in others)


def main() -> None:
    from benchmarks.evidence import bundled_market  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choose", action="store_true", required=True, help="find the fixed numbers of the model again")
    parser.parse_args()
    _, log_price, kilograms = customs(bundled_market().until(date.today()))
    found = choose(log_price, kilograms)
    print(found, density(log_price, kilograms, found), density(log_price, kilograms, MODEL))


if __name__ == "__main__":
    main()
