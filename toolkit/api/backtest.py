"""`backtest` of the Python API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl

from toolkit.api.answers import ReportedAnswer, rows
from toolkit.api.market import Market, day_of
from toolkit.api.plot import BacktestPlots
from toolkit.api.run import OfPrices, asks, request_of
from toolkit.app.backtest.cash_rate import CashRate
from toolkit.app.backtest.run import BacktestRequest
from toolkit.app.backtest.run import backtest as backtest_of
from toolkit.app.context import Context
from toolkit.app.threads import one_thread
from toolkit.core.errors import SpecError
from toolkit.records import backtest as records
from toolkit.strategy.model import Strategy

if TYPE_CHECKING:
    from toolkit.app.subjects import Subject

Named = str | PathLike[str] | Strategy


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(ReportedAnswer[records.Backtest]):
    """What strategies and baselines would have done over the same dates."""

    told = "topics.backtest:document"
    found: records.Backtest
    context: Context

    @property
    def figures(self) -> pl.DataFrame:
        """One row a strategy or baseline: growth, volatility, drawdown, turnover and costs."""
        told = []
        for one in self.found.strategies:
            figures = one.figures.to_json()
            ends = {
                f"{name}_{end}": None if figures[f"{name}_interval"] is None else figures[f"{name}_interval"][end]
                for name in ("growth", "volatility")
                for end in ("low", "high")
            }
            plain = {name: value for name, value in figures.items() if not name.endswith("_interval")}
            told.append({"strategy": one.name, "role": one.role, **plain, **ends})
        return rows(told)

    @property
    def returns(self) -> pl.DataFrame:
        """One row a date but the first: simple return of each strategy and baseline since the date before."""
        return self.wealth.with_columns(pl.exclude("date").pct_change())[1:]

    @property
    def rolling(self) -> pl.DataFrame:
        """One row a date and strategy: return and annual volatility of the year until then, null before there is one."""
        dates = [date.fromisoformat(day) for day in self.found.dates]
        return rows(
            {"date": day, "strategy": one.name, "return": earned, "volatility": volatility}
            for one in self.found.strategies
            for day, earned, volatility in zip(dates, one.rolling_return, one.rolling_volatility, strict=True)
        )

    @property
    def attribution(self) -> pl.DataFrame:
        """Where wealth came from: one row a strategy and asset, its gain; what storage, costs and bans took is below zero."""
        return rows(
            {"strategy": one.name, "source": source, "asset": asset, "amount": amount}
            for one in self.found.strategies
            for source, asset, amount in (
                *(("gain", asset, amount) for asset, amount in one.attribution.gains.items()),
                ("interest", None, one.attribution.interest),
                *((kind, None, 0.0 - getattr(one.attribution, kind)) for kind in ("storage", "costs", "lost")),
            )
        )

    @property
    def against_benchmark(self) -> pl.DataFrame:
        """One row a strategy or baseline beside the benchmark: beta, alpha, tracking error, information ratio, capture."""
        beside = [(one.name, one.against_benchmark) for one in self.found.strategies if one.against_benchmark is not None]
        return rows({"strategy": name, **asdict(found)} for name, found in beside)

    @property
    def wealth(self) -> pl.DataFrame:
        """One row a date: wealth of each strategy and baseline, in the reporting currency."""
        dates = [date.fromisoformat(day) for day in self.found.dates]
        return pl.DataFrame({"date": dates, **{one.name: list(one.wealth) for one in self.found.strategies}})

    @property
    def weights(self) -> pl.DataFrame:
        """One row a date and strategy: a column of weights for each asset, the rest is cash."""
        assets = sorted({key for one in self.found.strategies for weights in one.weights for key in weights})
        return pl.DataFrame(
            [
                {"date": date.fromisoformat(day), "strategy": one.name, **{key: weights.get(key, 0.0) for key in assets}}
                for one in self.found.strategies
                for day, weights in zip(self.found.dates, one.weights, strict=True)
            ]
        )

    @property
    def orders(self) -> pl.DataFrame:
        """One row a trade."""
        return self._of_each("orders")

    @property
    def incidents(self) -> pl.DataFrame:
        """One row for each thing that did not go as decided."""
        return self._of_each("incidents")

    @property
    def comparisons(self) -> pl.DataFrame:
        """One row a pair: the difference of their growth, and whether it can be told from chance."""
        return rows(self.record["comparisons"])

    def _of_each(self, field: str) -> pl.DataFrame:
        """Entries of every strategy and baseline, each with its name."""
        return rows({"strategy": one["name"], **entry} for one in self.record["strategies"] for entry in one[field])

    @cached_property
    def _subject(self) -> Subject:
        from toolkit.app.subjects import backtest as subject_of  # noqa: PLC0415  # who asks for figures alone does not pay for it

        return subject_of(self.found, self.context)

    @property
    def plot(self) -> BacktestPlots:
        """Pictures of the backtest."""
        return BacktestPlots(self._subject.record)


@one_thread()
@asks(OfPrices)
def backtest(
    strategies: Named | Sequence[Named] = "physical-basket",
    market: Market | None = None,
    *,
    start: str | date | None = None,
    end: str | date | None = None,
    estimated: bool = True,
    baselines: bool = True,
    select: bool = False,
    benchmark: str | None = None,
    cash_rate: Any = None,
    **asked: Unpack[OfPrices],
) -> Backtest:
    """What strategies would have done: decided on what was known, traded at the next price, after all costs.

    Args:
        strategies: One or several: themselves, their names, or the paths of their files.
        market: What is known; by default the bundled market.
        start: First day; by default the first after a year of prices of half of the assets.
        end: Last day; by default the last on which as many assets as in the year before have a price.
        estimated: Whether customs values are traded and valued at the prices that a filter finds behind them, or at themselves.
        baselines: Whether equal weight, least risk, gold, and the first strategy bought and held are simulated too.
        select: Whether all of them are compared at once: which can be the best, which beats equal weight (extra `evidence`).
        benchmark: What returns are held against: a strategy or baseline by its name, or an asset by its key, without costs.
        cash_rate: Interest a year on cash, 0.03 for 3 %, or a mapping, a frame or a file of dates and rates; none by default.
        asked: Arguments of `toolkit.api.run.OfPrices`.

    Raises:
        Infeasible: for a strategy whose limits contradict each other and that says ``on_infeasible = "stop"``.
        GapError: for a range without prices.
        ToolkitError: as of `optimize`.
    """
    named = list(strategies) if isinstance(strategies, Sequence) and not isinstance(strategies, str) else [strategies]
    if not named:
        raise SpecError("backtest: no strategy is named.")
    requests = tuple(request_of(one, market, **asked) for one in named)
    first, last = (None if day is None else day_of(day) for day in (start, end))
    rate = None if cash_rate is None else CashRate.of(cash_rate)
    request = BacktestRequest(requests, first, last, estimated, baselines, selects=select, benchmark=benchmark, cash_rate=rate)
    found = backtest_of(request)
    return Backtest(found, requests[0].context)
