"""Evidence for the error of a price as a price of today: past prices held against what the same metal cost later.

`benchmarks.evidence` writes the tables. Each statement sees what was known on its day. Scales are chosen on one half of the
dates and held against the other (`toolkit.returns.price_errors` has those of both together).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.decades import known_prices
from benchmarks.levels import FIRST, assessed, customs
from toolkit.core.calendar import month_end, month_number
from toolkit.core.forecast import FloatArray
from toolkit.market.market import Market
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.history import ANNUAL_AVERAGE, MONTHLY_AVERAGE
from toolkit.returns.observation.level_filter import DELIVERY_LAG, filtered_levels
from toolkit.returns.price_errors import OF_LEVEL, OF_OWN_VOLATILITY, OF_VOLATILITY, PLACE, SPANS, ErrorScale
from toolkit.returns.volatility_prior import VolatilityPrior, group_of, volatility_prior

AGES = (0, 1, 2, 4, 6, 9, 12)
"""Months between the date of a price and the day that it is taken for."""
PRODUCT_OF = {"ammonium_paratungstate": "tungsten", "germanium_powder": "germanium"}
OTHER_GOODS = ("oxide", "tungsten", "concentrate", "lump")
"""Words of assessed prices that are of another good than the customs series of the metal."""
WARM_UP = 36
FIRST_YEAR, MIDDLE_YEAR = 1980, 2016


NOWHERE = ErrorScale(0.0, 0.0)


class Outcome(NamedTuple):
    """One statement and what came.

    Attributes:
        change: Log of the later price over the stated one.
        level: Error of the level on its own date, log points.
        moved: Volatility times the root of the time between.
        key: Of the group, the metal or the age.
        first: Whether it is of the first half of the dates.
    """

    change: float
    level: float
    moved: float
    key: object
    first: bool


def held(outcomes: Sequence[Outcome], of_time: ErrorScale, place: ErrorScale = NOWHERE) -> tuple[float, float]:
    """Shares of outcomes within one standard error and within the interval of 95 %."""
    change, level, moved = (np.array([getattr(one, name) for one in outcomes]) for name in ("change", "level", "moved"))
    shares = []
    for own, time, elsewhere in zip(OF_LEVEL, of_time, place, strict=True):
        shares.append(float(np.mean(np.abs(change) <= np.sqrt((own * level) ** 2 + (time * moved) ** 2 + elsewhere**2))))
    return shares[0], shares[1]


def chosen(outcomes: Sequence[Outcome], goals: tuple[float, float] = (0.68, 0.95)) -> ErrorScale:
    """The least scales of the time, in steps of a twentieth, that hold 68 and 95 % of the outcomes."""
    steps = [step / 20.0 for step in range(1, 100)]
    return ErrorScale(*(next((s for s in steps if held(outcomes, ErrorScale(s, s))[k] >= goals[k]), steps[-1]) for k in (0, 1)))


def rows(outcomes: Sequence[Outcome], scale: ErrorScale, keys: Sequence[object]) -> Iterator[list[str]]:
    """A row a key: outcomes, mean error stated, mean distance, shares held, and those by scales of the other half."""
    halves = [[one for one in outcomes if one.first is first] for first in (True, False)]
    other = [chosen(halves[1]), chosen(halves[0])]
    for key in (*keys, "all"):
        own = [[one for one in half if key in (one.key, "all")] for half in halves]
        both = own[0] + own[1]
        if not both:
            continue
        stated = np.mean([math.hypot(one.level, scale.error * one.moved) for one in both])
        distance = np.mean([abs(one.change) for one in both])
        crossed = [held(half, by) for half, by in zip(own, other, strict=True) if half]
        counts = [len(half) for half in own if half]
        cross = [sum(n * one[k] for n, one in zip(counts, crossed, strict=True)) / sum(counts) for k in (0, 1)]
        shares = (*held(both, scale), *(held(half, scale)[0] if half else math.nan for half in own), *cross)
        yield [
            f"{key}",
            f"{len(both)}",
            f"{100 * stated:.0f} %",
            f"{100 * distance:.0f} %",
            *("–" if math.isnan(share) else f"{100 * share:.0f} %" for share in shares),
        ]


HEAD = ("outcomes", "error stated", "distance, mean", "within one error", "within 95 %", "first half", "second half",
        "one error, scale of the other half", "95 %, scale of the other half")  # fmt: skip


def _prior(market: Market, day: date, priors: dict[date, VolatilityPrior]) -> VolatilityPrior:
    if day not in priors:
        found = volatility_prior(known_prices(market, day))
        assert found is not None
        priors[day] = found
    return priors[day]


def _volatility(prior: VolatilityPrior, asset: str) -> float:
    name = PRODUCT_OF.get(asset, asset)
    return (prior.metals.get(name) or prior.metals[group_of(name)]).volatility


def customs_outcomes(market: Market, *, by_metal: int | None = None) -> list[Outcome]:
    """Customs levels against those of the deliveries that were agreed on the day for which they were taken.

    Args:
        market: The bundle.
        by_metal: The age in months of which outcomes are keyed by metal; None for all ages, keyed by age.
    """
    names, log_price, kilograms = customs(market.until(date.today()))
    level, error = filtered_levels(log_price, kilograms)
    start, priors = month_number(date(2023, 1, 31)), dict[date, VolatilityPrior]()
    middle = (FIRST + len(level)) / 2.0
    found = []
    for t in range(FIRST, len(level)):
        prior = _prior(market, month_end(start + t), priors)
        for age in AGES if by_metal is None else (by_metal,):
            later = t + age + DELIVERY_LAG
            if later >= len(level):
                continue
            for i, name in enumerate(names):
                moved = _volatility(prior, name) * math.sqrt(age / 12.0 + SPANS[CUSTOMS])
                key = age if by_metal is None else name.replace("_", " ")
                change, first = float(level[later, i] - level[t, i]), t < middle - DELIVERY_LAG
                found.append(Outcome(change, float(error[t, i]), moved, key, first))
    return found


def place_distances(market: Market) -> FloatArray:
    """Log of assessed prices of other places over the customs levels of the deliveries that they speak of; month in 2023 on."""
    known = market.until(date.today())
    names, log_price, kilograms = customs(known)
    level, _ = filtered_levels(log_price, kilograms)
    found = []
    for (asset, basis), prices in assessed(known, names).items():
        if not any(word in f"{asset} {basis}" for word in OTHER_GOODS):
            for first, after, price in prices:
                span = slice(first + DELIVERY_LAG, after + DELIVERY_LAG)
                if span.stop <= len(level):
                    found.append((first, price - level[span, names.index(asset)].mean()))
    return np.array(sorted(found))


def elsewhere_outcomes(market: Market) -> list[Outcome]:
    """The customs level known on the day of an assessed price of another place, against that price."""
    names, log_price, kilograms = customs(market.until(date.today()))
    level, error = filtered_levels(log_price, kilograms)
    start, priors = month_number(date(2023, 1, 31)), dict[date, VolatilityPrior]()
    points = market.until(date.today())["price_points"]
    found = []
    for row in points.iter_rows(named=True):
        asset, basis = row["asset"], row["basis"]
        lag = (
            month_number(row["date"]) - start - (2 if row["date"].day >= 10 else 3)
        )  # published on day 10 of the month after next
        if asset not in names or lag < FIRST // 2 or any(word in f"{asset} {basis}" for word in OTHER_GOODS):
            continue
        unit = {"kg": 1.0, "lb": 0.45359237, "t": 1000.0}[row["unit"]]
        price = 0.5 * (row["price_low"] + row["price_high"]) / unit
        i = names.index(asset)
        years = (row["date"] - month_end(start + lag)).days / 365.25 + SPANS[CUSTOMS]
        moved = _volatility(_prior(market, row["date"], priors), asset) * math.sqrt(years)
        first = row["date"] < date(2025, 1, 1)
        found.append(Outcome(float(np.log(price) - level[lag, i]), float(error[lag, i]), moved, asset, first))
    return found


def annual_outcomes(market: Market) -> list[Outcome]:
    """Means of a year against those of the next year and the one after, the prior made of the years before."""
    prices = known_prices(market, date.today())
    quiet = prices.filter(~pl.col("noisy"))
    series = {
        (str(asset), str(name)): dict(zip(rows["year"].to_list(), np.log(rows["price"].to_numpy()), strict=True))
        for (asset, name), rows in quiet.group_by(["asset", "series"], maintain_order=True)
    }
    found = []
    for year in range(FIRST_YEAR, int(quiet["year"].max()) + 1):  # type: ignore[arg-type]
        prior = volatility_prior(prices.filter(pl.col("year") <= year))
        if prior is None:
            continue
        for (asset, _), levels in series.items():
            for ahead in (1, 2):
                if year in levels and year + ahead in levels:
                    # Two means are a third of a year nearer to each other than the second is to the end of the first.
                    moved = _volatility(prior, asset) * math.sqrt(ahead - SPANS[ANNUAL_AVERAGE])
                    key = f"{group_of(asset)}, {ahead} year{'s' if ahead > 1 else ''}"
                    found.append(Outcome(float(levels[year + ahead] - levels[year]), 0.0, moved, key, year <= MIDDLE_YEAR))
    return found


def monthly_outcomes(market: Market) -> list[Outcome]:
    """Means of a month against those of later months, with the volatility of the months before."""
    rows = market.until(date.today())["prices"].filter(pl.col("basis") == MONTHLY_AVERAGE).sort("asset", "date")
    found = []
    for _, own in rows.group_by("asset", maintain_order=True):
        level = np.log(own["price"].to_numpy())
        for t in range(WARM_UP, len(level)):
            volatility = math.sqrt(float((np.diff(level[: t + 1]) ** 2).sum()) / (t / 12.0) * 1.5)
            for age in AGES[1:]:
                if t + age < len(level):
                    moved = volatility * math.sqrt(age / 12.0 - SPANS[MONTHLY_AVERAGE])
                    found.append(Outcome(float(level[t + age] - level[t]), 0.0, moved, age, t < (WARM_UP + len(level)) / 2))
    return found


def parts(market: Market, table: Callable[[Sequence[str], Sequence[Sequence[str]]], str]) -> dict[str, str]:
    """Tables by their names in the template."""
    months = customs_outcomes(market)
    metals = customs_outcomes(market, by_metal=4)
    annual, monthly = annual_outcomes(market), monthly_outcomes(market)
    groups = tuple(dict.fromkeys(one.key for one in annual))
    distance = place_distances(market)
    early = np.abs(distance[distance[:, 0] < 24, 1])
    late = np.abs(distance[distance[:, 0] >= 24, 1])
    spread = [
        [name, f"{len(part)}", f"{100 * np.quantile(part, 0.68):.0f} %", f"{100 * np.quantile(part, 0.95):.0f} %"]
        for name, part in (("2023 and 2024", early), ("2025 on", late), ("all", np.abs(distance[:, 1])))
    ]
    elsewhere = elsewhere_outcomes(market)
    rival = []
    for name, place in (("time alone", NOWHERE), ("**time and place, as shipped**", PLACE)):
        halves = [[one for one in elsewhere if one.first is first] for first in (True, False)]
        shares = (*held(elsewhere, OF_VOLATILITY[CUSTOMS], place), *(held(h, OF_VOLATILITY[CUSTOMS], place)[0] for h in halves))
        rival.append([name, f"{len(elsewhere)}", *(f"{100 * share:.0f} %" for share in shares)])
    used = tuple(sorted({str(one.key) for one in metals}))
    return {
        "errors_customs": table(["age, months", *HEAD], [*rows(months, OF_VOLATILITY[CUSTOMS], AGES)]),
        "errors_metals": table(["metal", *HEAD[:7]], [row[:8] for row in rows(metals, OF_VOLATILITY[CUSTOMS], used)]),
        "errors_annual": table(["group and horizon", *HEAD], [*rows(annual, OF_VOLATILITY[ANNUAL_AVERAGE], groups)]),
        "errors_monthly": table(["age, months", *HEAD], [*rows(monthly, OF_OWN_VOLATILITY, AGES)]),
        "errors_place": table(["dates", "prices", "68 % within", "95 % within"], spread),
        "errors_elsewhere": table(["error", "prices", "within one error", "within 95 %", "to 2024", "2025 on"], rival),
        "errors_scales": ", ".join(
            f"{name} {a.error:.2f} and {a.interval:.2f} from the first half, {b.error:.2f} and {b.interval:.2f} from the second"
            for name, of in (("customs months", months), ("means of a year", annual), ("means of a month", monthly))
            for a, b in ((chosen([o for o in of if o.first]), chosen([o for o in of if not o.first])),)
        ),
    }
