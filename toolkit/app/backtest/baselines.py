"""Strategies that need no idea, which any other must beat after the same costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolkit.core.messages import Message, message
from toolkit.optimize.objectives.equal_weight import EqualWeight
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.strategy.model import ForecastSpec, RebalanceSpec, Strategy, UniverseSpec

GOLD, GOLD_ONLY = "gold", "gold-only"
PRECIOUS = "precious_metals"
EQUAL_WEIGHT = "equal-weight"
SAMPLE = "sample-minimum-risk"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline of a strategy: the same lots and terms of trade; costs are charged and not optimized.

    Attributes:
        title: For a reader.
        optimizes_costs: Whether it is the strategy itself, which weighs its costs.
    """

    strategy: Strategy
    title: Message
    optimizes_costs: bool = False


def baselines(of: Strategy, *, gold: bool) -> Iterator[Baseline]:
    """Equal weight, least risk on the sample covariance, gold alone, and the strategy bought once and held.

    Args:
        of: Its assets, lots, costs and dates of decisions are those of the baselines.
        gold: Whether gold has a price.
    """
    lots = tuple(term for term in of.constraints if term.of_dealer)
    freely = (of.rebalance or RebalanceSpec()).model_copy(update={"sell": "free", "new_money_first": False})

    def baseline(name: str, title: Message, universe: UniverseSpec, forecast: ForecastSpec) -> Baseline:
        strategy = Strategy(
            name=name,
            universe=universe,
            forecast=forecast,
            objective=EqualWeight(),
            constraints=lots,
            costs=of.costs,
            rebalance=freely,
        )
        return Baseline(strategy, title)

    yield baseline(EQUAL_WEIGHT, message("Equal weight"), of.universe, of.forecast)
    sample, costs_count = least_risk_on_sample(of)
    yield Baseline(sample, message("Least risk on the sample covariance"), costs_count)
    if gold:
        yield Baseline(gold_alone(of).model_copy(update={"rebalance": freely}), message("Gold only"))
    every = (of.rebalance or RebalanceSpec()).model_copy(update={"every": "never"})
    held = of.model_copy(update={"name": f"{of.name}-held", "rebalance": every})
    yield Baseline(held, message("{title}, bought and held", title=of.about.title), optimizes_costs=True)


def least_risk_on_sample(of: Strategy) -> tuple[Strategy, bool]:
    """Least variance on the sample covariance under the limits and terms of a strategy, and whether costs are weighed.

    Of a strategy that minimises variance itself, only the covariance differs; costs are weighed as there. Limits on factors are
    left out, since a sample has none.
    """
    objective, forecast = of.objective, ForecastSpec(covariance=SampleCovariance())
    alike = objective.least_variance
    if alike:
        forecast = of.forecast.model_copy(update={"covariance": SampleCovariance()})
    limits = tuple(term for term in of.constraints if not term.on_factors)
    update = {"name": SAMPLE, "constraints": limits, "objective": objective if alike else MinRisk(), "forecast": forecast}
    return of.model_copy(update=update), alike


def gold_alone(of: Strategy) -> Strategy:
    """Nothing but gold, at the terms of a strategy; of its sites those that store it."""
    sites = [
        one
        for one in (() if of.costs is None else of.costs.sites)
        if not (one.assets or one.groups) or GOLD in one.assets or PRECIOUS in one.groups
    ]
    return of.model_copy(
        update={
            "name": GOLD_ONLY,
            "universe": UniverseSpec(assets=(GOLD,)),
            "forecast": ForecastSpec(covariance=SampleCovariance()),
            "objective": EqualWeight(),
            "constraints": tuple(term for term in of.constraints if term.of_dealer),
            "scenarios": (),
            "views": (),
            "costs": of.costs and of.costs.model_copy(update={"sites": tuple(sites)}),
        }
    )
