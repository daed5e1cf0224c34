"""The shocks of a strategy: `[[scenario]]` tables with the default prior where they state no probability or no returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from toolkit.app.allocation.inputs import Inputs
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Asset, Universe
from toolkit.core.baskets import MEMBERS
from toolkit.core.errors import SpecError
from toolkit.core.messages import message, together
from toolkit.risk_model.expected_returns.prior import members
from toolkit.scenarios.sets import Shock
from toolkit.shocks.base_rates import LIFT, TIGHTEN, control_changes
from toolkit.shocks.monthly_series import NOISY, monthly
from toolkit.shocks.shock_prior import ShockPrior, shock_prior
from toolkit.strategy.model import Strategy
from toolkit.strategy.scenarios import ShockSpec

BENCHMARK, METAL = "base_metals", "metal"


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
        return tuple(Shock(e.name, e.returns, 1 - (1 - e.probability) ** years) for e in self.events)


def strategy_shocks(strategy: Strategy, inputs: Inputs) -> StrategyShocks:
    """The shocks of a strategy as known at the date of its inputs.

    Raises:
        SpecError: for an asset that is not there, or a default where nothing was known to rest it on.
    """
    defaults = _Defaults(inputs)
    events, notes = [], []
    for spec in strategy.scenarios:
        event, note = _shock(spec, inputs, defaults)
        events.append(event)
        notes.append(note)
    told = [line for prior, assets in defaults.used() for line in prior.notes(assets)]
    return StrategyShocks(tuple(events), tuple(p for p, _ in defaults.used()), (*notes, *dict.fromkeys(told)))


def base_key(asset: Asset) -> str:
    """The product that an asset is, or is an offer of."""
    return asset.offer_of or asset.key


def _named(universe: Universe, name: str, where: str) -> tuple[Asset, ...]:
    """The assets that a key, a product or an element speaks of."""
    return tuple(universe.assets[i] for i in members(universe, name, where))


@dataclass(slots=True)
class _Defaults:
    """Default priors, each made once, and the assets that they were asked about."""

    inputs: Inputs
    made: dict[tuple[str, str, tuple[str, ...]], tuple[ShockPrior, dict[str, None]]] = field(default_factory=dict)

    def prior(self, origin: str, direction: str, groups: tuple[str, ...]) -> ShockPrior | None:
        """The prior over the products of these groups; None where nothing was known of the origin."""
        key = (origin, direction, groups)
        if key not in self.made:
            found = _prior(self.inputs, origin, direction, groups)
            if found is None:
                return None
            self.made[key] = (found, {})
        return self.made[key][0]

    def asked(self, prior: ShockPrior, assets: tuple[str, ...]) -> None:
        """Remember that the sizes of these assets were used."""
        for found, names in self.made.values():
            if found is prior:
                names.update(dict.fromkeys(assets))

    def used(self) -> tuple[tuple[ShockPrior, tuple[str, ...]], ...]:
        """The priors with the assets whose sizes were used."""
        return tuple((prior, tuple(names)) for prior, names in self.made.values())


def _prior(inputs: Inputs, origin: str, direction: str, groups: tuple[str, ...]) -> ShockPrior | None:
    prices, on = inputs.snapshot["prices"], inputs.snapshot.as_of
    # A metal that any country's notice names in any form is no quiet comparison.
    touched = {scope.asset for scope in inputs.ledger.scopes if scope.certainty != "not_named"}
    noisy = set(prices.filter(prices["basis"] == NOISY)["asset"])
    traded = {asset.key: asset.form for asset in inputs.products if asset.form is not None}
    return shock_prior(
        inputs.ledger,
        [asset for asset in inputs.products if asset.group in groups],
        monthly(prices),
        on=on,
        # Base metals are no products; their series are of metal, so that an ore ban does not name what they price.
        traded={**dict.fromkeys(MEMBERS[BENCHMARK], METAL), **traded},
        benchmark=[metal for metal in MEMBERS[BENCHMARK] if metal not in touched | noisy],
        origin=origin,
        direction=direction,
    )


def _shock(spec: ShockSpec, inputs: Inputs, defaults: _Defaults) -> tuple[Shock, str]:
    """One shock and the sentence on what it rests on."""
    where = f"scenario {spec.name!r}"
    universe, on = inputs.universe, inputs.snapshot.as_of
    direction = LIFT if spec.lifted is not None else TIGHTEN
    origin = spec.origin or CHINA
    stated = {asset.key: change for name, change in spec.returns.items() for asset in _named(universe, name, where)}
    targets = _targets(spec, inputs, where) if spec.origin is not None else ()
    sized = tuple(asset for asset in targets if asset.key not in stated)
    groups = tuple(sorted({asset.group for asset in (*targets, *(universe[key] for key in stated))}))
    needed = bool(sized) or spec.probability is None
    prior = defaults.prior(origin, direction, groups) if needed else None
    if needed and prior is None:
        raise _without_prior(spec, where, origin, on)
    returns = dict(stated)
    if sized and prior is not None:
        missing = [asset.key for asset in sized if base_key(asset) not in prior.sizes]
        if missing:
            raise SpecError(
                f"{where}: no price after a control was known on {on} to size {', '.join(missing)} by.",
                hint="Give `returns`, or leave the asset out of `assets`.",
            )
        returns |= {asset.key: prior.sizes[base_key(asset)].change for asset in sized}
        defaults.asked(prior, tuple(dict.fromkeys(base_key(asset) for asset in sized)))
    if not returns:
        raise SpecError(f"{where} moves none of the assets of the strategy.", hint="Name them in `returns` or `assets`.")
    probability = spec.probability if spec.probability is not None else prior.probability if prior is not None else 0.0
    return Shock(spec.name, returns, probability), _note(spec, probability, tuple(returns), sized)


def _targets(spec: ShockSpec, inputs: Inputs, where: str) -> tuple[Asset, ...]:
    """What a control or its lifting is about: the named assets, else all of a kind of which the origin has controlled one."""
    universe = inputs.universe
    if spec.assets:
        return tuple(dict.fromkeys(asset for name in spec.assets for asset in _named(universe, name, where)))
    changes = control_changes(inputs.ledger, inputs.products, on=inputs.snapshot.as_of, origin=spec.origin or CHINA)
    struck = {change.asset for change in changes}
    kinds = {asset.group for asset in inputs.products if asset.key in struck}
    if spec.lifted is not None:  # only what is controlled can be freed
        return tuple(asset for asset in universe if base_key(asset) in struck)
    return tuple(asset for asset in universe if asset.group in kinds and asset.form is not None)


def _without_prior(spec: ShockSpec, where: str, origin: str, on: date) -> SpecError:
    missing = "`probability`" if spec.probability is None else "`returns`"
    return SpecError(
        f"{where}: no measure by {origin} on such metals was known on {on}, so there is no base rate.",
        hint=f"Give {missing} in the scenario.",
    )


def _note(spec: ShockSpec, probability: float, moved: tuple[str, ...], sized: tuple[Asset, ...]) -> str:
    if spec.probability is not None:
        told = [
            message(
                "Scenario {name!r}: probability {probability:.0%} within a year, as the strategy states.",
                name=spec.name,
                probability=probability,
            )
        ]
    else:
        told = [
            message(
                "Scenario {name!r}: probability {probability:.0%} within a year, the base rate of one metal, by default; "
                "override it with `probability`.",
                name=spec.name,
                probability=probability,
            )
        ]
    if len(moved) > 1 and spec.probability is None:
        told.append(
            message(
                "Its {count} assets are taken to move together, which is the dependence at its strongest.", count=len(moved)
            )
        )
    if sized:
        told.append(message("Default sizes for {assets}.", assets=[asset.key for asset in sized]))
    return together(*told)
