"""Strategies that need no idea, which any other must beat after the same costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from toolkit.core.messages import Message, message
from toolkit.optimize.objectives.base import Objective
from toolkit.optimize.objectives.equal_weight import EqualWeight
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.strategy.model import ForecastSpec, RebalanceSpec, Strategy, UniverseSpec

GOLD = "gold"
EQUAL_WEIGHT = "equal-weight"


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
    sample, gold_alone = ForecastSpec(covariance=SampleCovariance()), UniverseSpec(assets=(GOLD,))

    def baseline(name: str, title: Message, universe: UniverseSpec, forecast: ForecastSpec, objective: Objective) -> Baseline:
        strategy = Strategy(
            name=name,
            universe=universe,
            forecast=forecast,
            objective=objective,
            constraints=lots,
            costs=of.costs,
            rebalance=freely,
        )
        return Baseline(strategy, title)

    yield baseline(EQUAL_WEIGHT, message("Equal weight"), of.universe, of.forecast, EqualWeight())
    title = message("Least risk on the sample covariance")
    yield baseline("sample-minimum-risk", title, of.universe, sample, MinRisk())
    if gold:
        yield baseline("gold-only", message("Gold only"), gold_alone, sample, EqualWeight())
    every = (of.rebalance or RebalanceSpec()).model_copy(update={"every": "never"})
    held = of.model_copy(update={"name": f"{of.name}-held", "rebalance": every})
    yield Baseline(held, message("{title}, bought and held", title=of.about.title), optimizes_costs=True)
