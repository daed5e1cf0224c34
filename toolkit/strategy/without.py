"""A strategy without what is not there on a day: assets that have no price yet or no more, and holdings at an empty start."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from toolkit.core.assets import Universe
from toolkit.core.decode import less, names_nothing
from toolkit.core.expression import terms
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.strategy.model import CostsSpec, Strategy
from toolkit.strategy.scenarios import ShockSpec


def of_assets(strategy: Strategy, assets: tuple[str, ...]) -> Strategy:
    """The strategy with these assets, and their offers, for its universe."""
    offers = tuple(offer for offer in strategy.universe.offer if offer.asset in assets)
    named = {"assets": assets, "groups": (), "exclude": (), "offer": offers}
    return strategy.model_copy(update={"universe": strategy.universe.model_copy(update=named)})


def among(strategy: Strategy, universe: Universe, assets: tuple[str, ...]) -> Strategy:
    """The strategy with some assets of its universe, which names none of the others; see `without`.

    Args:
        strategy: Names its assets.
        universe: All of them.
        assets: Keys of those that are there.
    """
    return without(of_assets(strategy, assets), universe.names - universe.take(assets).names)


def without(strategy: Strategy, absent: Collection[str]) -> Strategy:
    """The strategy where some assets have no weight: nothing in it names them, and what names nothing else is left out.

    A target that is one absent asset, or has no other, stays: there is nothing to measure against.

    Args:
        strategy: Its universe is left as it is.
        absent: Names that stand for no asset of the universe.
    """
    if not absent:
        return strategy
    shocks = {shock.name: one for shock in strategy.scenarios if (one := _shock(shock, absent)) is not None}
    gone = {shock.name for shock in strategy.scenarios} - {*shocks}
    found: dict[str, Any] = {
        "objective": less(strategy.objective, absent),
        "constraints": tuple(
            one
            for term in strategy.constraints
            if getattr(term, "scenario", None) not in gone and (one := term.without(absent)) is not None
        ),
        "scenarios": tuple(shocks.values()),
        "views": tuple(view for view in strategy.views if view.scenario not in gone and not _names(view.expression, absent)),
    }
    if strategy.costs is not None:
        found["costs"] = _costs(strategy.costs, absent)
    if isinstance(returns := strategy.forecast.returns, ViewsReturns):
        views = returns.with_views([view for view in returns.views if not _names(view.expression, absent)])
        found["forecast"] = strategy.forecast.model_copy(update={"returns": views})
    return strategy.model_copy(update=found)


def from_cash(strategy: Strategy) -> Strategy:
    """The strategy where nothing is held yet: without limits that speak of what is held."""
    kept = tuple(constraint for constraint in strategy.constraints if not constraint.needs.holdings)
    return strategy if len(kept) == len(strategy.constraints) else strategy.model_copy(update={"constraints": kept})


def _names(expression: str | None, absent: Collection[str]) -> bool:
    return expression is not None and any(name in absent for _, name in terms(expression))


def _shock(shock: ShockSpec, absent: Collection[str]) -> ShockSpec | None:
    """What it moves of the others; None where it moves nothing else."""
    found = less(shock, absent)
    if names_nothing(shock, found):
        found = found.model_copy(update={"control": None, "lifted": None})
    return found if found.returns or found.origin else None


def _costs(costs: CostsSpec, absent: Collection[str]) -> CostsSpec:
    sites = tuple(one for site in costs.sites if not names_nothing(site, one := less(site, absent)))
    vat = costs.vat and less(costs.vat, absent)
    return less(costs, absent).model_copy(update={"sites": sites, "vat": vat})
