"""The shocks of a strategy: `[[scenario]]` tables with the default prior where they state no probability or no returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial

from toolkit.app.context import Context
from toolkit.app.stops import price_responses, stop_shares
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import GapError
from toolkit.core.messages import message, together
from toolkit.risk_model.expected_returns.prior import members
from toolkit.scenarios.sets import Shock
from toolkit.shocks.base_rates import LIFT, TIGHTEN, control_changes, control_rate
from toolkit.shocks.shock_prior import ShockPrior, shock_prior, sizes_of, typical_fall
from toolkit.strategy.model import Strategy
from toolkit.strategy.scenarios import ShockSpec

NEW_CONTROLS = message("new controls by China")
"""Name of the shock of a strategy that states none."""


@dataclass(frozen=True, slots=True)
class StrategyShocks:
    """Shocks with their probability within a year.

    Attributes:
        events: One a `[[scenario]]`, in order.
        priors: Default priors that were used, each once.
        notes: What each shock rests on, and the priors in words.
    """

    events: tuple[Shock, ...]
    priors: tuple[ShockPrior, ...]
    notes: tuple[str, ...]

    def over(self, years: float) -> tuple[Shock, ...]:
        """The shocks with their probability within so many years, at a constant rate."""
        return tuple(replace(event, probability=1 - (1 - event.probability) ** years) for event in self.events)


def strategy_shocks(strategy: Strategy, universe: Universe, context: Context) -> StrategyShocks:
    """The shocks of a strategy on what was known on the day; prices of the user do not enter the priors.

    Args:
        strategy: Its `[[scenario]]` tables.
        universe: What it may hold.
        context: The day, and what was known on it.

    Raises:
        SpecError: for an asset that is not there.
        GapError: for a default where nothing was known to rest it on.
    """
    prior_of, used = cache(partial(_prior, context)), dict[int, tuple[ShockPrior, dict[str, None]]]()
    events, notes = [], []
    for spec in strategy.scenarios:
        event, note, prior, sized = _shock(spec, universe, context, prior_of)
        events.append(event)
        notes.append(note)
        if prior is not None:
            used.setdefault(id(prior), (prior, {}))[1].update(dict.fromkeys(sized))
    told = [line for prior, assets in used.values() for line in prior.notes(tuple(assets))]
    return StrategyShocks(tuple(events), tuple(prior for prior, _ in used.values()), (*notes, *dict.fromkeys(told)))


def new_controls(universe: Universe, context: Context) -> ShockSpec | None:
    """New controls by China on all metals of a universe whose size a prior tells; None where it tells none."""
    spec = ShockSpec(name=NEW_CONTROLS, control=CHINA)
    targets = _targets(spec, universe, context, "")
    prior = _prior(context, CHINA, TIGHTEN, tuple(sorted({asset.group for asset in targets})))
    sized = () if prior is None else tuple(asset.key for asset in targets if base_key(asset) in prior.sizes)
    return spec.model_copy(update={"assets": sized}) if sized else None


def base_key(asset: Asset) -> str:
    """The product that an asset is, or is an offer of."""
    return asset.offer_of or asset.key


def _named(universe: Universe, name: str, where: str) -> tuple[Asset, ...]:
    """The assets that a key, a product or an element stands for."""
    return tuple(universe.assets[i] for i in members(universe, name, where))


def _prior(context: Context, origin: str, direction: str, groups: tuple[str, ...]) -> ShockPrior | None:
    metals = [asset for asset in context.products if asset.group in groups]
    rate = control_rate(context.ledger, metals, on=context.as_of, origin=origin, direction=direction)
    if rate is None:
        return None
    known, shares = context.comparable_cases, stop_shares(context, rate.metals, origin)
    seen = price_responses(context, tuple(shares))
    fall = typical_fall(seen.cases)
    # Without a posterior there is an assumption, of a stop of half of the supply and more: no size of what past controls did.
    up = {} if seen.found is None or fall is None else sizes_of(shares, fall, seen.elasticity)
    return shock_prior(rate, seen.cases, up, known.series, benchmark=known.benchmark)


def _shock(
    spec: ShockSpec, universe: Universe, context: Context, prior_of: Callable[..., ShockPrior | None]
) -> tuple[Shock, str, ShockPrior | None, tuple[str, ...]]:
    """One shock, the note on its basis, its default prior where it has one, and the products that this sizes."""
    where = f"scenario {spec.name!r}"
    on = context.as_of
    direction = LIFT if spec.lifted is not None else TIGHTEN
    origin = spec.origin or CHINA
    stated = {asset.key: change for name, change in spec.returns.items() for asset in _named(universe, name, where)}
    targets = _targets(spec, universe, context, where) if spec.origin is not None else ()
    sized = tuple(asset for asset in targets if asset.key not in stated)
    groups = tuple(sorted({asset.group for asset in (*targets, *(universe[key] for key in stated))}))
    needed = bool(sized) or spec.probability is None
    prior = prior_of(origin, direction, groups) if needed else None
    if needed and prior is None:
        raise _without_prior(spec, where, origin, on)
    returns, bands = dict(stated), dict[str, tuple[float, float]]()
    if sized and prior is not None:
        missing = [asset.key for asset in sized if base_key(asset) not in prior.sizes]
        if missing:
            raise GapError(
                "{where:s}: on {on} no share of {origin} in the supply, or too few reactions to controls, were known "
                "to size {missing} by; what trades on an exchange is never sized.",
                hint="Give `returns`, leave the asset out of `assets`, or choose a later day.",
                where=where,
                on=on,
                origin=origin,
                missing=[*missing],
            )
        sizes = {asset.key: prior.sizes[base_key(asset)] for asset in sized}
        returns |= {key: size.change for key, size in sizes.items()}
        bands = {key: (size.low, size.high) for key, size in sizes.items()}
    if not returns:
        raise GapError(
            "{where:s} moves none of the assets of the strategy.",
            hint="Name them in `returns` or `assets`, or choose a later day.",
            where=where,
        )
    probability = spec.probability if spec.probability is not None else prior.probability if prior is not None else 0.0
    event, note = Shock(spec.name, returns, probability, bands), _note(spec, probability, tuple(returns), sized)
    return event, note, prior, tuple(base_key(asset) for asset in sized)


def _targets(spec: ShockSpec, universe: Universe, context: Context, where: str) -> tuple[Asset, ...]:
    """Assets of a control or its lifting: those named, else all of a group of which the origin has controlled one."""
    if spec.assets:
        return tuple(dict.fromkeys(asset for name in spec.assets for asset in _named(universe, name, where)))
    changes = control_changes(context.ledger, context.products, on=context.as_of, origin=spec.origin or CHINA)
    struck = {change.asset for change in changes}
    kinds = {asset.group for asset in context.products if asset.key in struck}
    if spec.lifted is not None:  # only what is controlled can be freed
        return tuple(asset for asset in universe if base_key(asset) in struck)
    return tuple(asset for asset in universe if asset.group in kinds and asset.form is not None)


def _without_prior(spec: ShockSpec, where: str, origin: str, on: date) -> GapError:
    missing = "`probability`" if spec.probability is None else "`returns`"
    return GapError(
        "{where:s}: no measure by {origin} on such metals was known on {on}, so there is no base rate.",
        hint="Give {missing} in the scenario, or choose a later day.",
        where=where,
        origin=origin,
        on=on,
        missing=missing,
    )


def _note(spec: ShockSpec, probability: float, moved: tuple[str, ...], sized: tuple[Asset, ...]) -> str:
    stated = {"name": spec.name, "probability": probability}
    if spec.probability is not None:
        told = [message("Scenario {name!r}: probability {probability:.0%} within a year, as the strategy states.", **stated)]
    else:
        by_default = message(
            "Scenario {name!r}: probability {probability:.0%} within a year, the base rate of one metal, by default; "
            "override it with `probability`.",
            **stated,
        )
        dependence = message(
            "Its {count} assets are taken to move together, which is the dependence at its strongest.", count=len(moved)
        )
        told = [by_default, *([dependence] if len(moved) > 1 else [])]
    if sized:
        told.append(message("Default sizes for {assets}.", assets=[asset.key for asset in sized]))
    return together(*told)
