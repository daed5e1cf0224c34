"""The error of a price taken as the price of a later day, by what the price is and how old it is.

    error^2 = (error of the level)^2 + (a s sqrt(t))^2 + place^2,    interval likewise of its own three parts,

all in log points, without a drift: s is the volatility of a year and t the years between the goods that the price speaks of
and the day. Customs record what was agreed `DELIVERY_LAG` months before; the mean of a span is a third of the span away from
its end (Working 1960). One standard error is meant to hold two outcomes of three and the interval 95 %, so that both scales
are quantiles of past outcomes over s sqrt(t): in most years a price moves less than its volatility, which rests on the few wild
ones, and in those far more. They were found on one half of the past and held against the other (docs/evidence.md, "Prices as
prices of today"); no asset has numbers of its own.

A customs value or the mean of a year is paid in one country, and the same metal costs something else elsewhere on the same
day: `place` is the distance of assessed prices of other places from customs levels of the months that they speak of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.market.market import Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.history import ANNUAL_AVERAGE, MONTHLY_AVERAGE
from toolkit.returns.observation.level_filter import DELIVERY_LAG
from toolkit.returns.volatility_pooling import AVERAGED_VARIANCE
from toolkit.returns.volatility_prior import EXCHANGE, VolatilityPrior, group_of, volatility_prior, yearly_prices

YEARLY = ("history", "unit_values", "prices_annual")
"""Tables of decades of yearly prices."""


class ErrorScale(NamedTuple):
    """Standard error and half width of the 95 % interval, in units of what they scale."""

    error: float
    interval: float


OF_LEVEL = ErrorScale(1.0, 2.0)
OF_VOLATILITY: Mapping[str, ErrorScale] = {CUSTOMS: ErrorScale(1.2, 2.35), ANNUAL_AVERAGE: ErrorScale(0.65, 2.0)}
"""By basis: of the volatility of decades times the root of the time."""
OF_OWN_VOLATILITY = ErrorScale(1.05, 2.35)
"""Of prices whose volatility is that of their own series."""
PLACE = ErrorScale(0.25, 0.5)
"""Log points: the same metal in another place on the same day."""
SPANS = {CUSTOMS: DELIVERY_LAG / 12.0, ANNUAL_AVERAGE: 1.0 / 3.0, MONTHLY_AVERAGE: 1.0 / 36.0}
"""Years that the goods of a price lie before its date, for the variance of a random walk."""


@dataclass(frozen=True, slots=True)
class PriceError:
    """Error of a price as the price of a day, in log points.

    Attributes:
        error: One standard error, which two outcomes of three lie within.
        interval: Half width of the interval of 95 %.
    """

    error: float
    interval: float

    def bounds(self, price: float) -> tuple[float, float]:
        """Ends of the interval of 95 % about a price."""
        return price * math.exp(-self.interval), price * math.exp(self.interval)


def price_error(basis: str, years: float, volatility: float, level_error: float = 0.0) -> PriceError:
    """The error of a price as one of a later day.

    Args:
        basis: What the price is, as in `toolkit.core.frames.Prices`; the mean of a year is `ANNUAL_AVERAGE`.
        years: Between its date and the day; none where the date is later.
        volatility: A year, from `PriceErrors.volatility`.
        level_error: Log points, of the level on its own date; that of the mean of a year is in its time.
    """
    moved = volatility * math.sqrt(max(years, 0.0) + SPANS.get(basis, 0.0))
    level, time = 0.0 if basis == ANNUAL_AVERAGE else level_error, OF_VOLATILITY.get(basis, OF_OWN_VOLATILITY)
    place = PLACE if basis in OF_VOLATILITY else ErrorScale(0.0, 0.0)
    parts = zip(OF_LEVEL, time, place, strict=True)
    return PriceError(*(math.hypot(own * level, of_time * moved, elsewhere) for own, of_time, elsewhere in parts))


@dataclass(frozen=True, slots=True, eq=False)
class PriceErrors:
    """The errors of all prices as prices of one day.

    Attributes:
        day: The day.
        series: The prices known on it.
        prior: Volatilities of metals from decades of yearly prices; None where none are known.
    """

    day: date
    series: PriceSeries
    prior: VolatilityPrior | None

    @classmethod
    def on(cls, snapshot: Snapshot, series: PriceSeries | None = None) -> PriceErrors:
        """The errors on the day of a snapshot, of its prices or of these."""
        known = all(name in snapshot for name in YEARLY)
        prior = volatility_prior(yearly_prices(*(snapshot[name] for name in YEARLY))) if known else None
        return cls(snapshot.as_of, snapshot.series if series is None else series, prior)

    def of(self, asset: str, basis: str, date: date, level_error: float = 0.0) -> PriceError:
        """The error of a price of an asset.

        Args:
            asset: Key of the asset, of an offer its product's.
            basis: As of `price_error`.
            date: Day of the price.
            level_error: As of `price_error`.
        """
        return price_error(basis, (self.day - date).days / DAYS_PER_YEAR, self.volatility(asset, basis), level_error)

    def volatility(self, asset: str, basis: str) -> float:
        """Volatility of a year that the error of a price of this basis is scaled by; 0 where nothing tells one.

        Decades of yearly prices tell it for a metal without an exchange that has customs values, means of years or a price of
        one day; for others it is that of their own series.
        """
        at = self.series.place.get(asset)
        of_series = at is not None and basis == self.series.bases[at] and basis not in OF_VOLATILITY
        if self.prior is None or asset in EXCHANGE or of_series:
            return 0.0 if at is None else _realised(self.series, at)
        return (self.prior.metals.get(asset) or self.prior.metals[group_of(asset)]).volatility

    @property
    def correlation(self) -> float:
        """Correlation of the errors of two metals: that of the yearly changes of minor metals; 0 where it is not known."""
        known = None if self.prior is None else self.prior.correlation
        return 0.0 if known is None else known.mean


def _realised(series: PriceSeries, at: int) -> float:
    """Root of the sum of squared log changes over the years that they took; of averages, which move less, of their ends."""
    years = float(series.days(at)[-1] - series.days(at)[0]) / DAYS_PER_YEAR
    squares = float((np.diff(np.log(series.prices(at))) ** 2).sum())
    averaged = series.bases[at] in (MONTHLY_AVERAGE, ANNUAL_AVERAGE)
    return math.sqrt(squares / years / (AVERAGED_VARIANCE if averaged else 1.0)) if years else 0.0


def error_of_sum(errors: Iterable[tuple[str, float]], correlation: float) -> float:
    """Standard error of a sum of values.

    Args:
        errors: Metal and standard error of each value, in money: those of one metal have the same price and add up.
        correlation: Between the prices of two metals.
    """
    of_metal: dict[str, float] = {}
    for metal, error in errors:
        of_metal[metal] = of_metal.get(metal, 0.0) + error
    found: FloatArray = np.array([*of_metal.values()])
    return math.sqrt(max((1.0 - correlation) * float(found @ found) + correlation * float(found.sum()) ** 2, 0.0))
