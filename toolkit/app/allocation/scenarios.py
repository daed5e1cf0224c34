"""The joint scenarios of a strategy: its set, its shocks with their default prior, and its views on them.

Built only for a strategy that asks for them: variance needs none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from toolkit.app.allocation.forecast import lookback_months
from toolkit.app.allocation.inputs import Inputs
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.shocks import base_key, strategy_shocks
from toolkit.app.context import Context
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError, SpecError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import Message, message, together
from toolkit.risk_measures import measures
from toolkit.risk_model.expected_returns.views import portfolio
from toolkit.risk_model.named import not_read, positions, unused
from toolkit.scenarios.entropy_pooling import (
    MomentView,
    Pooling,
    Side,
    entropy_pooling,
    mean_view,
    probability_view,
    volatility_view,
)
from toolkit.scenarios.sets import (
    SCENARIOS_OF_SHOCK,
    Scenarios,
    check_size,
    historical,
    is_matched,
    limit_losses_to_total,
    overlaid,
    simulated,
)
from toolkit.shocks.shock_prior import ShockPrior
from toolkit.strategy.model import Strategy
from toolkit.strategy.scenarios import HistoricalScenarios, OwnScenarios, Range, SimulatedScenarios, ViewSpec

WHERE = "forecast.scenarios"
NO_RETURN = 0.5
"""Where half of all numbers are beyond it, up or down, they are in per cent; of one noisy metal they may be."""
LIKE_ONE = 1e-3
"""By which the sum of a column may miss 1 that was meant for probabilities."""


@dataclass(frozen=True, slots=True)
class StrategyScenarios:
    """The scenarios of a strategy.

    Attributes:
        scenarios: Over the universe and the horizon, with shocks and under the views.
        base: Scenarios without shocks and views.
        priors: Default priors that shocks rest on; empty where the strategy states everything.
        pooling: How the views changed the probabilities; None without views.
        shocks: Name of a `[[scenario]]` -> (n,) returns of the assets in it.
        notes: Notes on the scenarios.
    """

    scenarios: Scenarios
    base: Scenarios
    priors: tuple[ShockPrior, ...]
    pooling: Pooling | None
    shocks: Mapping[str, FloatArray]
    notes: tuple[str, ...]


def needed_scenarios(strategy: Strategy, inputs: Inputs, forecast: Forecast, request: Request) -> StrategyScenarios | None:
    """The scenarios of a strategy; None where no term of it reads any, and they are not the user's own.

    Args:
        strategy: Names its scenarios, shocks and views.
        inputs: Prices, supply and controls as known on a day.
        forecast: Forecast of the strategy.
        request: Currency, seed and context.
    """
    terms = (strategy.objective, *strategy.constraints)
    own = isinstance(strategy.forecast.scenarios, OwnScenarios)
    if not (own or strategy.scenarios or strategy.views or any(term.needs.scenarios for term in terms)):
        return None
    currency = request.owner.currency
    return strategy_scenarios(strategy, inputs, forecast, request.context, currency=currency, seed=request.seed)


def strategy_scenarios(
    strategy: Strategy,
    inputs: Inputs,
    forecast: Forecast,
    context: Context,
    *,
    currency: str,
    seed: int = 0,
    rows: int = SCENARIOS_OF_SHOCK,
) -> StrategyScenarios:
    """The scenarios of a strategy as known at the date of its inputs.

    Args:
        strategy: Its scenarios, shocks and views; by default draws over a year from its forecast.
        inputs: Inputs of the strategy.
        forecast: Forecast of the universe of the inputs, in its order.
        context: Market as known on that day, without the user's prices.
        currency: ISO 4217 code of the reporting currency.
        seed: Seed of the draws.
        rows: Scenarios of one shock.

    Raises:
        SpecError: for names that nobody knows, shocks without a base rate, or views that contradict each other.
        GapError: where a history is asked for and there is none.
    """
    spec = strategy.forecast.scenarios or SimulatedScenarios()
    shocks = strategy_shocks(strategy, inputs.universe, context)
    if strategy.views:
        _check_weighable(spec, strategy)
    base, notes = _base(spec, strategy, inputs, forecast, currency, seed)
    whole = base
    if shocks.events and base.ordered:
        notes = (*notes, message("Scenarios are one path in order: shocks stand beside it, and are not mixed into it."))
    elif shocks.events:
        whole = overlaid(base, shocks.over(1 / base.periods_per_year), rows)
    pooling = None
    if strategy.views:
        pooling = entropy_pooling(whole, moment_views(strategy.views, whole, inputs.universe))
        whole = pooling.scenarios
        notes = (*notes, pooling.note, *_view_notes(strategy.views, pooling))
    notes = (*notes, *_moved(base, whole))
    returns = {event.name: event.row(inputs.universe.keys) for event in shocks.events}
    return StrategyScenarios(whole, base, shocks.priors, pooling, MappingProxyType(returns), (*notes, *shocks.notes))


def _check_weighable(spec: HistoricalScenarios | SimulatedScenarios | OwnScenarios, strategy: Strategy) -> None:
    """Check that a strategy with views does not need consecutive periods; the error names the key or measure that does.

    Raises:
        SpecError: in the words of the strategy.
    """
    path = None
    if isinstance(spec, HistoricalScenarios):
        path = "draws = 0" if spec.draws == 0 else None
    elif spec.ordered:
        path = "ordered = true"
    if path is not None:
        raise SpecError(
            "views weigh scenarios anew, and those of `{path:s}` are consecutive periods of one path, which have no weights.",
            hint="Leave out the views, or `{path:s}` of the scenarios.",
            path=str(path),
        )
    known = measures()
    for term in (strategy.objective, *strategy.constraints):
        name = str(getattr(term, "measure", None))
        if name in known and known[name].needs_order:
            raise SpecError(
                "views weigh scenarios anew, and the measure {name!r:s} needs consecutive periods, which have no weights.",
                hint="Leave out the views, or use a measure of single periods, such as cvar.",
                name=name,
            )


def _base(
    spec: HistoricalScenarios | SimulatedScenarios | OwnScenarios,
    strategy: Strategy,
    inputs: Inputs,
    forecast: Forecast,
    currency: str,
    seed: int,
) -> tuple[Scenarios, tuple[str, ...]]:
    """The set without shocks, and notes on it."""
    if isinstance(spec, OwnScenarios):
        return _own(spec, inputs, forecast)
    if isinstance(spec, HistoricalScenarios):
        found, lost = _past(spec, strategy, inputs, currency, seed)
        if spec.mean == "forecast":
            found = found.centred(forecast.expected)
        ratio = volatility_ratios(found, forecast)
        note = message(
            "Scenarios: {count} from past periods, {path}, {periods:g} a year, centred on {centre}; volatility {low:.2f} to "
            "{high:.2f} of that of the forecast.",
            count=len(found),
            path=message("in order") if found.ordered else message("not in order"),
            periods=found.periods_per_year,
            centre=message("the forecast") if spec.mean == "forecast" else message("the history"),
            low=ratio.min(),
            high=ratio.max(),
        )
        return found, (note, *lost)
    drawn = simulated(
        forecast, spec.count, seed, spec.distribution, degrees=spec.degrees, ordered=spec.ordered, years=spec.years
    )
    law = message("normal distribution")
    if spec.distribution == "student_t":
        law = message("Student t of {degrees:g} degrees of freedom", degrees=spec.degrees)
    told = [
        message(
            "Scenarios: {count:,} draws over {months:g} months from the forecast, {law}, seed {seed:d}.",
            count=spec.count,
            months=12 / drawn.periods_per_year,
            law=law,
            seed=seed,
        )
    ]
    if not is_matched(forecast, spec.count, ordered=spec.ordered):
        told.append(message("They are too few to match its covariance."))
    drawn, share = limit_losses_to_total(drawn)
    if share > 0:
        told.append(
            message(
                "In {share:.1%} of them a price would have fallen by more than all of it: it falls by all, and the other draws "
                "are stretched so that mean and volatility stay.",
                share=share,
            )
        )
    return drawn, (together(*told),)


def volatility_ratios(scenarios: Scenarios, forecast: Forecast) -> FloatArray:
    """(n,) volatility a year of the scenarios over that of the forecast."""
    return np.sqrt(np.diag(scenarios.covariance) * scenarios.periods_per_year / forecast.variances)


def _own(spec: OwnScenarios, inputs: Inputs, forecast: Forecast) -> tuple[Scenarios, tuple[str, ...]]:
    """The user's own scenarios of the universe, by name, and notes on them; offers of one product have its returns.

    Raises:
        SpecError: for a file that was not read.
        DataError: for an asset without a column, and numbers that are no simple returns.
    """
    if spec.periods_per_year is None:
        raise not_read(WHERE, spec.file)
    names, assets = [*spec.values], [base_key(asset) for asset in inputs.universe]
    at = positions(names, assets, WHERE)
    check_size(len(spec.values[names[0]]), len(assets), message("own scenarios"))
    returns = np.array([spec.values[names[i]] for i in at], dtype=float).T
    odd = (returns < -1).any(axis=0) | (np.median(np.abs(returns)) > NO_RETURN)
    if odd.any():
        first = int(odd.argmax())
        raise DataError(
            "{where:s}: the numbers of {asset!r:s} are no simple returns: {low:.4g} to {high:.4g}.",
            hint="Give fractions: 0.05 is 5 %, -1 is everything.",
            where=WHERE,
            asset=assets[first],
            low=returns[:, first].min(),
            high=returns[:, first].max(),
        )
    for name in [name for name in names if name not in assets]:
        column = np.array(spec.values[name])
        if (column >= 0).all() and abs(column.sum() - 1) < LIKE_ONE:
            raise DataError(
                "{where:s}: the column {name!r:s} is no asset, and adds up to 1 as probabilities do.",
                hint="Name it probability, or leave it out.",
                where=WHERE,
                name=name,
            )
    count = len(returns)
    p = np.array(spec.probabilities, dtype=float) if spec.probabilities else np.full(count, 1 / count)
    found = Scenarios(inputs.universe.keys, returns, p / p.sum(), spec.ordered, "own", spec.periods_per_year)
    ratio = volatility_ratios(found, forecast)
    note = message(
        "Scenarios: {count:,} of your own, {path}, {periods:g} a year, {weighted}, with their own means; volatility {low:.2f} "
        "to {high:.2f} of that of the forecast.",
        count=count,
        path=message("in order") if found.ordered else message("not in order"),
        periods=found.periods_per_year,
        weighted=message("with their own probabilities") if spec.probabilities else message("equally probable"),
        low=ratio.min(),
        high=ratio.max(),
    )
    return found, (note, *unused(names, assets))


def _past(
    spec: HistoricalScenarios, strategy: Strategy, inputs: Inputs, currency: str, seed: int
) -> tuple[Scenarios, tuple[Message, ...]]:
    """Past periods of the universe, and how many of them lack an asset; offers of one product have its history."""
    from toolkit.returns.currencies import fx_returns  # noqa: PLC0415
    from toolkit.returns.panel import align  # noqa: PLC0415
    from toolkit.risk_model.observed import observe  # noqa: PLC0415

    keys = tuple(base_key(asset) for asset in inputs.universe)
    distinct = tuple(dict.fromkeys(keys))
    products = {base_key(asset): asset for asset in inputs.universe}
    known = {asset.key: asset for asset in inputs.products}
    universe = Universe(tuple(known.get(key) or _as_product(products[key], key) for key in distinct))
    latent = strategy.forecast.observation == "latent"
    history = inputs.history if latent else None
    panel = align(inputs.series, universe, lookback_months=lookback_months(strategy), history=history)
    seen = observe(panel, fx_returns(panel, inputs.snapshot.rates, currency), latent=latent).total
    changes = seen.take(distinct)
    found = historical(changes, panel.periods_per_year, draws=spec.draws, seed=seed)
    at = [distinct.index(key) for key in keys]
    scenarios = Scenarios(
        inputs.universe.keys,
        found.returns[:, at],
        found.probabilities,
        # Views take every period by itself, also where the prices are exact and were seen in order.
        found.ordered and not strategy.views,
        found.kind,
        found.periods_per_year,
        found.labels,
    )
    return scenarios, changes.lost_periods()


def _as_product(asset: Asset, key: str) -> Asset:
    return Asset(key, asset.name, asset.element, group=asset.group, unit=asset.unit)


def _moved(base: Scenarios, whole: Scenarios) -> tuple[str, ...]:
    """Notes on the change of expected returns by shocks and views."""
    change = (whole.mean - base.mean) * base.periods_per_year
    i = int(np.abs(change).argmax())
    if abs(change[i]) < 5e-4:
        return ()
    return (
        message(
            "Shocks and views move the mean of the scenarios, {asset} most, by {change:+.1%} a year: a forecast of returns in "
            "all but name.",
            asset=base.assets[i],
            change=change[i],
        ),
    )


def moment_views(views: Sequence[ViewSpec], scenarios: Scenarios, universe: Universe) -> tuple[MomentView, ...]:
    """The views of a strategy as linear constraints on the probabilities of its scenarios.

    Args:
        views: As the strategy writes them.
        scenarios: Set of S scenarios of n assets, labelled where a shock is in them.
        universe: The n assets.

    Raises:
        SpecError: for an expression of what is not there.
    """
    stated: list[MomentView] = []
    rows = {v.expression: portfolio(v.expression, universe, f"view {v.label!r}") for v in views if v.expression is not None}
    means = {v.expression: v.mean for v in views if v.mean is not None}
    for view in views:
        if view.scenario is not None and view.probability is not None:
            happens = np.array([label == view.scenario for label in scenarios.labels], dtype=bool)
            years = 1 / scenarios.periods_per_year
            stated += [
                probability_view(view.label, happens, 1 - (1 - value) ** years, side)
                for side, value in _sides(view.probability)
            ]
        elif view.expression is not None:
            stated += _of_expression(view, scenarios, rows[view.expression], means.get(view.expression))
    return tuple(stated)


def _of_expression(view: ViewSpec, scenarios: Scenarios, row: FloatArray, mean: Range | None) -> list[MomentView]:
    label = view.label
    if view.mean is not None:
        return [mean_view(label, scenarios, row, value, side) for side, value in _sides(view.mean)]
    if view.probability is not None:
        change = scenarios.portfolio(row)
        happens = change < view.below if view.below is not None else change > (view.above or 0.0)
        return [probability_view(label, happens, value, side) for side, value in _sides(view.probability)]
    if view.volatility is None:
        return []
    # A second moment is a volatility only about the mean that holds: where no view fixes it, this one does.
    own = float(scenarios.mean @ row) * scenarios.periods_per_year
    fixed = None if mean is None else mean.exact
    if mean is not None:
        own = float(np.clip(own, mean.at_least, mean.at_most))
    about = own if fixed is None else fixed
    held = [] if fixed is not None else [mean_view(label, scenarios, row, about)]
    sides = _sides(view.volatility)
    return [*held, *(volatility_view(label, scenarios, row, value, side, mean=about) for side, value in sides)]


def _sides(wanted: Range) -> tuple[tuple[Side, float], ...]:
    """One equality, or one or two inequalities."""
    if wanted.exact is not None:
        return (("equal", wanted.exact),)
    sides: tuple[tuple[Side, float | None], ...] = (("at_least", wanted.at_least), ("at_most", wanted.at_most))
    return tuple((side, value) for side, value in sides if value is not None)


def _view_notes(views: Sequence[ViewSpec], pooling: Pooling) -> tuple[str, ...]:
    """Notes on the change by each view of a probability or a mean."""
    told: list[str] = []
    years = 1 / pooling.scenarios.periods_per_year
    for view in views:
        at = next((i for i, stated in enumerate(pooling.views) if stated.name == view.label), None)
        if at is None or view.volatility is not None:
            continue
        moved = {"view": view.label, "before": pooling.before[at], "after": pooling.after[at]}
        if view.mean is not None:
            moved |= {"before": pooling.before[at] / years, "after": pooling.after[at] / years}
            told.append(message("View {view!r}: mean {before:+.1%} a year before, {after:+.1%} after.", **moved))
        else:
            told.append(message("View {view!r}: probability {before:.1%} before, {after:.1%} after.", **moved))
    return tuple(told)
