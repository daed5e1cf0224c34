"""The evidence of strategies: each followed over all dates that prices allow, beside what it must beat; made once and stored.

What is compared has the universe, limits, costs and `[rebalance]` of the strategy, so that only its idea differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.allocation.request import Request
from toolkit.app.backtest.baselines import EQUAL_WEIGHT, GOLD_ONLY, SAMPLE, gold_alone, least_risk_on_sample
from toolkit.app.backtest.decide import PastDecisions, PastMarkets, universe_of
from toolkit.app.backtest.run import BacktestRequest, followed, past_markets, past_prices
from toolkit.app.definitions import find
from toolkit.app.strategies.own_files import read_strategy
from toolkit.app.threads import one_thread
from toolkit.backtest import evaluation
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.evaluation import Paths
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.refutation import FIGURES, Margin, RefutationOutcome, against_numbers, against_other, outcome
from toolkit.backtest.simulate import Backtest
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.optimize.objectives.track import Track
from toolkit.records.evidence import EvidenceList, Followed, LimitsKept, Refutation, StrategyEvidence, Verdict
from toolkit.strategy.model import RebalanceSpec, RefutedSpec, Strategy


def followed_with_limits(
    asked: BacktestRequest,
    strategy: Strategy,
    decide: PastDecisions,
    prices: BacktestPrices,
    budget: float,
    market: PricedMarket,
) -> tuple[Backtest, LimitsKept]:
    """A strategy over the dates of some prices, and the limits that were exceeded on a date or by a decision.

    Args:
        asked: As of `followed`.
        strategy: With its assets named one by one.
        decide: Its decisions, and its limits.
        prices: On the dates.
        budget: Cash at the start.
        market: Of the last day.
    """
    decisions: dict[date, Decision] = {}

    def noted(day: date, account: Account) -> Decision:
        return decisions.setdefault(day, decide(day, account))

    run = followed(asked, strategy, noted, prices, budget, market)
    dates = [entry for entry in run.entries if entry.units.any()]
    on_dates = [decide.exceeded(entry.day, Account(run.assets, entry.cash, entry.units)) for entry in dates]
    after = [decide.exceeded(day, _carried_out(run, day, decision)) for day, decision in decisions.items()]
    names = Counter(name for found in (*on_dates, *after) for name in found)
    return run, LimitsKept(
        dates=len(dates),
        exceeded=sum(map(bool, on_dates)),
        decisions=len(after),
        beyond=sum(map(bool, after)),
        names=tuple(name for name, _ in names.most_common()),
    )


def _carried_out(run: Backtest, day: date, decision: Decision) -> Account:
    """What would be owned if a decision were carried out on its day at its own prices."""
    entry, units = next(entry for entry in run.entries if entry.day == day), np.zeros(len(run.assets))
    at = [run.assets.index(key) for key in decision.assets]
    units[at] = decision.quantities
    amounts = (decision.quantities - entry.units[at]) * decision.prices
    cash = entry.cash - float(amounts.sum() + decision.costs.paid(amounts, decision.budget).sum())
    return Account(run.assets, cash, units)


RHYTHMS = ("month", "quarter", "year")
FOLLOWED, HELD, WITHOUT = "followed", "held", "without "
STORED_DECIMALS = 6
PATHS_DRAWN = 1000
"""Resampled paths of a margin."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What past days are asked with.

    Attributes:
        request: On the last day.
        asked: A backtest of it.
        levels, prints: The same dates at prices freed of noise, at which is traded, and as observed.
    """

    request: Request
    asked: BacktestRequest
    markets: PastMarkets
    levels: BacktestPrices
    prints: BacktestPrices

    def followed(self, strategy: Strategy, *, costs_count: bool = True) -> Backtest:
        """The strategy over all dates."""
        decide = PastDecisions(self.request, self.markets, strategy, costs_count=costs_count)
        return followed(self.asked, strategy, decide, self.levels, self._budget, self.markets.last)

    def with_limits(self, strategy: Strategy) -> tuple[Backtest, LimitsKept]:
        """The strategy over all dates, and on how many of them it held its limits."""
        decide = PastDecisions(self.request, self.markets, strategy)
        return followed_with_limits(self.asked, strategy, decide, self.levels, self._budget, self.markets.last)

    @property
    def _budget(self) -> float:
        return self.request.settings.config.owner.budget

    def outcomes(self, backtest: Backtest, groups: Iterable[str]) -> tuple[RefutationOutcome, RefutationOutcome]:
        """What was held, at levels and at prints."""
        products = self.request.context.products
        within = frozenset(key for key in backtest.assets if key in products and products[key].group in {*groups})
        return outcome(backtest, self.levels, within), outcome(backtest, self.prints, within)


@one_thread()
def compute(request: Request, names: Iterable[str], told: Callable[[str], None] = lambda _: None) -> EvidenceList:
    """The evidence of strategies over all dates that prices allow.

    Args:
        request: Context of all; its strategy is not asked.
        names: Names or files of strategies.
        told: Called with each name.
    """
    markets, found = past_markets(request), []
    for name in names:
        told(name)
        found.append(_of(replace(request, strategy=name), markets))
    owner = request.settings.config.owner
    listed = EvidenceList(
        as_of=request.as_of.isoformat(), currency=owner.currency, budget=owner.budget, strategies=tuple(found)
    )
    return EvidenceList.model_validate(rounded(listed.to_json()))


def rounded(value: Any) -> Any:
    """A value of JSON, numbers to `STORED_DECIMALS`: the last bits of a sum follow from where an array lies in memory."""
    match value:
        case float():
            return round(value, STORED_DECIMALS)
        case list():
            return [rounded(one) for one in value]
        case dict():
            return {key: rounded(one) for key, one in value.items()}
    return value


def _of(request: Request, markets: PastMarkets) -> StrategyEvidence:
    strategy = request.read_strategy()
    every = (strategy.rebalance or RebalanceSpec()).every
    about: dict[str, Any] = {
        "name": strategy.name,
        "title": strategy.about.title,
        "fingerprint": strategy.fingerprint,
        "day": request.as_of.isoformat(),
        "every": every,
    }
    try:
        named = universe_of(strategy, markets.last)
        asked = BacktestRequest((request,), against_baselines=False)
        levels, gold = past_prices(asked, [named], markets.last)
        begin = {"start": levels.dates[0], "end": levels.dates[-1]}
        prints, _ = past_prices(replace(asked, estimated=False, **begin), [named], markets.last)
        past = _Past(request, replace(asked, **begin), markets, levels, prints)
        own, limits = past.with_limits(named)
        runs = {(FOLLOWED, every): own, **dict(_runs(past, named, gold=gold))}
    except DataError as error:
        open_ = tuple(_unknown(one) for one in strategy.about.refuted)
        return StrategyEvidence(**about, refutations=open_, missing=error.message)
    years = evaluation.years_of(own)
    paths = evaluation.resampled(own, seed=request.seed)
    rows = tuple(_row(past, name, rhythm, own, run, paths) for (name, rhythm), run in runs.items() if name in NAMED)
    refutations = tuple(_refutation(past, one, runs, every) for one in strategy.about.refuted)
    verdict, needed = _together(refutations)
    return StrategyEvidence(
        **about,
        start=own.dates[0].isoformat(),
        end=own.dates[-1].isoformat(),
        years=years,
        verdict=verdict,
        years_needed=needed,
        against=verdict == "cannot_tell" and any(one.so_far == "refuted" for one in refutations),
        refutations=refutations,
        followed=rows,
        limits=limits,
    )


NAMED = (FOLLOWED, HELD, EQUAL_WEIGHT, SAMPLE, GOLD_ONLY)
"""What every strategy is shown beside."""


def _runs(past: _Past, strategy: Strategy, *, gold: bool) -> Iterator[tuple[tuple[str, str], Backtest]]:
    """The strategy in other rhythms, and what it is compared with."""
    rebalance = strategy.rebalance or RebalanceSpec()

    def at(every: str) -> Strategy:
        return strategy.model_copy(update={"rebalance": rebalance.model_copy(update={"every": every})})

    for every in RHYTHMS:
        if every != rebalance.every:
            yield (FOLLOWED, every), past.followed(at(every))
    yield (HELD, "never"), past.followed(at("never"))
    others = {one.against for one in strategy.about.refuted if one.against} - {*NAMED}
    for name in (EQUAL_WEIGHT, SAMPLE, *((GOLD_ONLY,) if gold else ()), *sorted(others)):
        rival, costs_count = _rival(strategy, name)
        yield (name, rebalance.every), past.followed(rival, costs_count=costs_count)


def _rival(of: Strategy, name: str) -> tuple[Strategy, bool]:
    """What a strategy is held against, under its own universe, limits and terms, and whether it weighs costs.

    Raises:
        SpecError: for a name that is none.
    """
    if name == SAMPLE:
        return least_risk_on_sample(of)
    if name == EQUAL_WEIGHT:
        return of.model_copy(
            update={"name": name, "objective": Track(target="equal_weight")}
        ), False  # has a price for soft limits
    if name == GOLD_ONLY:
        return gold_alone(of), False
    if name.startswith(WITHOUT):
        key = name.removeprefix(WITHOUT)
        field = type(of.objective).model_fields.get(key)
        if field is None:
            known = type(of.objective).model_fields
            raise SpecError("no key of the objective is named {key!r:s}.", hint=did_you_mean(key, known), key=key)
        plain = of.objective.model_copy(update={key: field.get_default(call_default_factory=True)})
        return of.model_copy(update={"name": name, "objective": plain}), True
    other = read_strategy(find("strategies", name).path)
    update = {"name": name, "objective": other.objective, "forecast": other.forecast}
    return of.model_copy(update=update), True


def _row(past: _Past, name: str, every: str, own: Backtest, run: Backtest, paths: Paths | None) -> Followed:
    """A backtest in figures.

    Args:
        past: Its prices.
        name: Of the row.
        every: Its rhythm.
        own: The strategy in its own rhythm.
        run: What the row is of.
        paths: Positions of resampled returns.
    """
    figures, apart = evaluation.performance(run, paths), evaluation.difference(own, run, paths)
    first = run.decided[0]
    later = [trade for trade in run.trades if trade.decided != first]
    mean, years = float(run.wealth.mean()), evaluation.years_of(run)
    return Followed(
        name=name,
        every=every,
        growth=figures.growth,
        growth_interval=figures.growth_interval,
        ahead=apart.growth,
        ahead_interval=apart.interval,
        first_costs=sum(trade.cost for trade in run.trades if trade.decided == first) / float(run.wealth[0]),
        costs=sum(trade.cost for trade in later) / mean / years,
        turnover=sum(abs(trade.amount) for trade in later) / 2 / mean / years,
        volatility=FIGURES["volatility"].of(outcome(run, past.levels)),
        volatility_prints=FIGURES["volatility"].of(outcome(run, past.prints)),
    )


def _stated(one: RefutedSpec) -> dict[str, object]:
    stated = {key: getattr(one, key) for key in ("figure", "against", "above", "below", "years", "needs")}
    return {**stated, "until": one.until and one.until.isoformat()}


def _unknown(one: RefutedSpec, needed: float | None = None) -> Refutation:
    return Refutation.model_validate({**_stated(one), "years_needed": needed})


def _refutation(past: _Past, one: RefutedSpec, runs: dict[tuple[str, str], Backtest], every: str) -> Refutation:
    """One refutation of a strategy, on levels and on prints."""
    own = runs[FOLLOWED, every]
    years = evaluation.years_of(own)
    asked = max(one.years, years + _years_between(own.dates[-1], one.until) if one.until else 0.0)
    if one.figure is None:
        return _unknown(one, asked or None)
    figure = FIGURES[one.figure]
    paths = evaluation.resampled(own, draws=PATHS_DRAWN, seed=past.request.seed)
    ours = past.outcomes(own, one.groups)
    if one.against is None:
        margins = [against_numbers(figure, at, one.below, one.above, paths) for at in ours]
    else:
        rival = next(run for (name, _), run in runs.items() if name == one.against)
        others = past.outcomes(rival, one.groups)
        margins = [against_other(figure, a, b, paths) for a, b in zip(ours, others, strict=True)]
    level, observed = margins
    so_far = level.verdict if level.verdict == observed.verdict else "cannot_tell"
    needed = _needed(margins, years, asked)
    return Refutation.model_validate(
        {
            **_stated(one),
            "value": level.value,
            "other": level.other,
            "margin": level.margin,
            "interval": level.interval,
            "margin_prints": observed.margin,
            "interval_prints": observed.interval,
            "so_far": so_far,
            "verdict": so_far if years >= asked else "cannot_tell",
            "years_needed": None if so_far != "cannot_tell" and years >= asked else needed,
        }
    )


def _needed(margins: list[Margin], years: float, asked: float) -> float | None:
    """Years after which both margins tell the same, if they stay; None where they speak against each other."""
    needed = [one.years_needed(years) for one in margins]
    if len({np.sign(one.margin) for one in margins}) > 1 or None in needed:
        return None
    return max(asked, *(one for one in needed if one is not None))


def _years_between(first: date, last: date) -> float:
    return (last - first).days / 365.25


def _together(refutations: Iterable[Refutation]) -> tuple[Verdict, float | None]:
    """Whether a strategy is refuted, and how many years the slowest open refutation needs, where that is known."""
    listed = [*refutations]
    if any(one.verdict == "refuted" for one in listed):
        return "refuted", None
    open_ = [one.years_needed for one in listed if one.verdict == "cannot_tell"]
    if listed and not open_:
        return "holds", None
    known = [one for one in open_ if one is not None]
    return "cannot_tell", max(known) if len(known) == len(open_) and known else None
