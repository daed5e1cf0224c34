"""The record of a backtest: what each strategy did over time and against the others, and what to know before believing it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.backtest.baselines import EQUAL_WEIGHT
from toolkit.backtest import evaluation, time_series
from toolkit.backtest.evaluation import Paths
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.selection import select
from toolkit.backtest.simulate import Backtest
from toolkit.controls.events import COUNTING
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import sums_by_key
from toolkit.core.messages import Message, first_names, message, phrases, together
from toolkit.core.remarks import Remark, in_record, note
from toolkit.market.exchange_rates import rates_used
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.records import backtest as records
from toolkit.returns.history import MONTHLY_AVERAGE
from toolkit.strategy.model import ForecastSpec, Strategy

if TYPE_CHECKING:
    from toolkit.app.backtest.run import BacktestRequest

SCHEMA_VERSION = 2
FEW_DECISIONS = 4
"""Decisions below which a backtest says little of a rule and much of its first purchase."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A strategy or a baseline and what it did.

    Attributes:
        title: For a reader.
        role: ``strategy`` or ``baseline``.
    """

    strategy: Strategy
    title: str
    role: str
    backtest: Backtest


def backtest_record(
    asked: BacktestRequest,
    prices: BacktestPrices,
    market: PricedMarket,
    simulated: Sequence[Simulation],
    budget: float,
    notes: tuple[Remark, ...],
) -> records.Backtest:
    """The record.

    Args:
        asked: The question.
        prices: Of all assets at the dates.
        market: Of the last day.
        simulated: Strategies, then baselines.
        budget: Cash at the start, in the reporting currency.
        notes: Notes on what was read.
    """
    first, seed = simulated[0].backtest, asked.requests[0].seed
    paths = evaluation.resampled(first, seed=seed)
    held = {trade.asset for one in simulated for trade in one.backtest.trades}
    bases = dict(zip(prices.assets, prices.bases, strict=True))
    benchmark = None if asked.benchmark is None else _benchmark(asked.benchmark, prices, simulated)
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "backtest",
        "as_of": market.snapshot.as_of,
        "currency": market.context.settings.config.owner.currency,
        "budget": budget,
        "prices": "estimated" if asked.estimated else "observed",
        "monthly": prices.monthly,
        "periods_per_year": prices.periods_per_year,
        "dates": prices.dates,
        "years": evaluation.years_of(first),
        "strategies": [_one(one, prices, paths, benchmark) for one in simulated],
        "cash_rate": float(first.rates.sum()) / evaluation.years_of(first),
        "benchmark": asked.benchmark,
        "comparisons": [
            records.Comparison.from_objects(
                apart := evaluation.difference(
                    ours.backtest, other.backtest, paths if _began(ours.backtest) == _began(other.backtest) else None
                ),
                strategy=ours.strategy.name,
                against=other.strategy.name,
                distinguishable=apart.is_distinguishable,
            )
            for ours, other in itertools.combinations(simulated, 2)
            if ours.role == "strategy"
        ],
        "selection": _selection(simulated, seed) if asked.selects else None,
        "events": _events(market, prices, simulated),
        "noisy": sorted(key for key in held if bases[key] == CUSTOMS and not asked.estimated),
        "filtered": sorted(key for key in held if bases[key] == CUSTOMS and asked.estimated),
        "averaged": sorted(key for key in held if bases[key] == MONTHLY_AVERAGE),
        "seed": seed,
        "data": [one.to_json() for one in market.snapshot.provenance(_used(market, prices), past=True)],
    }
    told = (*remarks(found, simulated), *notes)
    sentences = [words for remark in told for words in (remark.text, remark.remedy) if words]
    sentences += [one.title for one in simulated]
    found |= {**in_record(told), "phrases": phrases(sentences)}
    return records.Backtest.model_validate(found)


def _undated(forecast: ForecastSpec) -> list[Message]:
    """What a strategy states itself for all dates alike."""
    own = [getattr(part, "kind", None) == "own" for part in (forecast.covariance, forecast.returns, forecast.scenarios)]
    own[1] = (own[1] or bool(getattr(forecast.returns, "views", ()))) and not getattr(forecast.returns, "by_date", None)
    told = (message("Covariance"), message("Expected returns"), message("Scenarios"))
    return [words for words, stated in zip(told, own, strict=True) if stated]


def _failed(found: Backtest) -> list[date]:
    """Days on which there was no answer."""
    return [incident.day for incident in found.incidents if incident.kind in ("unsolved", "no_forecast")]


def _began(found: Backtest) -> date | None:
    """The first decision where it was in cash before for want of an answer: what had one is no fair comparison."""
    return found.decided[0] if found.decided and any(day < found.decided[0] for day in _failed(found)) else None


def _selection(simulated: Sequence[Simulation], seed: int) -> records.Selection:
    """All of them compared at once; equal weight is the benchmark of the strategies where it is one of them."""
    returns = {one.strategy.name: one.backtest.returns for one in simulated}
    benchmark = EQUAL_WEIGHT if EQUAL_WEIGHT in returns else None
    against = [one.strategy.name for one in simulated if one.role == "strategy" and one.strategy.name != benchmark]
    if len(returns) < 2:
        raise SpecError("--select compares strategies, and there is one.", hint="Name several, or leave --no-baselines out.")
    return select(returns, benchmark, against, seed=seed)


def _benchmark(name: str, prices: BacktestPrices, simulated: Sequence[Simulation]) -> Backtest | FloatArray:
    """What a strategy or a baseline did, or (T,) levels of an asset at its prices and without costs."""
    return next((one.backtest for one in simulated if one.strategy.name == name), None) or prices.levels(name)


def _one(
    one: Simulation, prices: BacktestPrices, paths: evaluation.Paths | None, benchmark: Backtest | FloatArray | None
) -> dict[str, Any]:
    """Fields of `toolkit.records.backtest.Simulated`; `benchmark`, or (T,) levels of it, is what to compare with."""
    strategy, found = one.strategy, one.backtest
    figures = evaluation.performance(found, paths)
    over_time = _over_time(found, prices, paths, banded=one.role == "strategy")
    months = [month["value"] for month in over_time["months"]]
    beside = None if benchmark is None else evaluation.beside_benchmark(found, benchmark)
    return {
        "name": strategy.name,
        "title": one.title,
        "role": one.role,
        "fingerprint": strategy.fingerprint,
        "figures": records.Figures.from_objects(
            figures,
            figures.ratios,
            fall := figures.drawdown,
            max_drawdown=fall.depth,
            days_under_water=fall.under_water,
            best_month=max(months, default=None),
            worst_month=min(months, default=None),
        ),
        "against_benchmark": beside,
        "wealth": found.wealth,
        **over_time,
        "weights": [
            {key: weight for key, weight in zip(found.assets, row, strict=True) if weight} for row in found.weights.tolist()
        ],
        "decisions": found.decided,
        "orders": found.trades,
        "incidents": found.incidents,
        "stuck": found.stuck,
    }


def _events(market: PricedMarket, prices: BacktestPrices, simulated: Sequence[Simulation]) -> list[records.EventLosses]:
    """Official licences and bans on the assets, announced between the dates, oldest first."""
    ledger = market.context.ledger
    named: dict[str, set[str]] = {}
    for scope in ledger.scopes:
        if scope.certainty != "not_named" and scope.asset in prices.assets:
            named.setdefault(scope.event_id, set()).add(scope.asset)
    chosen = [
        event
        for event in sorted(ledger.events, key=lambda event: (event.announced, event.event_id))
        if event.is_law and event.instrument in COUNTING and event.event_id in named
    ]
    days = {event.event_id: event.announced for event in chosen}
    losses = {one.strategy.name: evaluation.event_losses(one.backtest, days) for one in simulated}
    return [
        records.EventLosses.from_objects(
            event,
            event=event.event_id,
            metals=sorted(named[event.event_id]),
            losses={name: of[event.event_id] for name, of in losses.items()},
        )
        for event in chosen
        if all(event.event_id in of for of in losses.values())
    ]


def _used(market: PricedMarket, prices: BacktestPrices) -> dict[str, pl.DataFrame]:
    """The rows of prices, exchange rates and controls that were read, up to the last date."""
    currency, end = market.context.settings.config.owner.currency, prices.dates[-1]
    rows = market.snapshot["prices"].filter(pl.col("date") <= end)
    quoted = {*rows["currency"].unique()}
    frames = {"prices": rows}
    if quoted != {currency}:
        frames["fx"] = rates_used(market.snapshot["fx"], {*quoted, currency}).filter(pl.col("date") <= end)
    return frames | {name: market.snapshot[name] for name in ("products", "controls", "control_scopes", "shares")}


def _over_time(backtest: Backtest, prices: BacktestPrices, paths: Paths | None, *, banded: bool) -> dict[str, Any]:
    """Fields of `toolkit.records.backtest.Simulated`.

    Args:
        backtest: T dates.
        prices: Those that it was simulated at.
        paths: (draws, T - 1) positions of resampled returns; None where they are too few.
        banded: Whether wealth has a band of noise.
    """
    dates, wealth, returns, frequency = backtest.dates, backtest.wealth, backtest.returns, backtest.periods_per_year
    window = round(frequency)
    rolling = time_series.rolling_volatility(returns, window, frequency).tolist()
    earned_over = time_series.rolling_return(wealth, window).tolist()
    band = time_series.wealth_band(returns, paths if banded else None, float(wealth[0]))
    earned = time_series.attribution(backtest, prices)
    return {
        "band": [{"low": low, "high": high} for low, high in band.tolist()],
        "drawdown": time_series.drawdowns(wealth),
        "rolling_volatility": [*[None] * (len(dates) - len(rolling)), *rolling],
        "rolling_return": [*[None] * (len(dates) - len(earned_over)), *earned_over],
        "months": _periods(backtest, yearly=False),
        "calendar_years": _periods(backtest, yearly=True),
        "attribution": records.Attribution.from_objects(
            earned, gains={key: gain for key, gain in zip(backtest.assets, earned.gains.tolist(), strict=True) if gain}
        ),
    }


def _periods(backtest: Backtest, *, yearly: bool) -> list[dict[str, Any]]:
    found = time_series.returns_of_periods(backtest.dates, backtest.wealth, yearly=yearly)
    return [{"ends": day, "value": value} for day, value in found]


def remarks(record: Mapping[str, Any], simulated: Sequence[Simulation]) -> Iterator[Remark]:
    """Warnings and notes on a backtest.

    Args:
        record: Its object, without remarks.
        simulated: The strategies and baselines.
    """
    asked = [one for one in simulated if one.role == "strategy"]
    for name, strategy, found in ((one.strategy.name, one.strategy, one.backtest) for one in asked):
        if len(found.decided) < FEW_DECISIONS:
            text = message(
                "Decisions of {strategy}: {count:d}, too few to say much of its rule.",
                strategy=name,
                count=len(found.decided),
            )
            yield Remark("answer", text, message("Choose a longer range, or a shorter period of rebalancing."))
        if undated := _undated(strategy.forecast):
            text = message(
                "{parts:and} of {strategy} are your own and the same on all dates: what they know of later ones is look-ahead.",
                parts=undated,
                strategy=name,
            )
            yield Remark("answer", text, message("Give expected returns by date, and let the rest be estimated."))
        if failed := _failed(found):
            text = message(
                "{strategy} found no answer on {count:d} of {all:d} days, first on {day:%Y-%m-%d}: what was held was kept.",
                strategy=name, count=len(failed), all=len(failed) + len(found.decided), day=failed[0],
            )  # fmt: skip
            remedy, began = message("The reasons stand in the incidents of the object (--json)."), _began(found)
            if began is not None:
                remedy = together(message("It was in cash until {day:%Y-%m-%d}: choose that --start.", day=began), remedy)
            yield Remark("answer", text, remedy)
    paid = sums_by_key((trade.asset, trade.cost) for one in simulated for trade in one.backtest.trades)
    if free := sorted(asset for asset, cost in paid.items() if not cost):
        yield Remark(
            "terms",
            message("Trades of {assets} cost nothing: no spread or fee of them is above nought.", assets=first_names(free)),
            message("State spread and fee of each in a file of [universe], or under [costs]."),
            tuple(free),
        )
    if record["noisy"]:
        yield Remark(
            "data",
            message(
                "Trades and values of {assets} are at customs unit values: their noise is in the volatility and in the "
                "drawdowns, and nobody is promised these prices.",
                assets=record["noisy"],
            ),
            message("--estimated takes the prices that a filter finds behind them."),
            tuple(record["noisy"]),
        )
    if record["filtered"]:
        yield note(
            message(
                "Trades and values of {assets} are at prices estimated behind customs unit values, none from a later month. "
                "No interval holds the error of these prices.",
                assets=record["filtered"],
            )
        )
    if record["averaged"]:
        yield note(
            message(
                "Values of {assets} are monthly averages, which move a fifth less than prices of a day (Working 1960).",
                assets=record["averaged"],
            )
        )
    yield note(
        message(
            "Decisions know what was published on their day; trades are made at the next price; spreads, fees and storage are "
            "paid; income tax is not."
        )
    )
    yield note(
        message(
            "Cash earns {rate:.2%} a year, on average over the dates, and what is borrowed pays it.", rate=record["cash_rate"]
        )
        if record["cash_rate"]
        else message("Cash earns nothing.")
    )
