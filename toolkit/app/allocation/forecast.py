"""The forecast of a strategy from its inputs: risk by its covariance, returns where it asks for them."""

from __future__ import annotations

from toolkit.app.allocation.inputs import Inputs
from toolkit.core.forecast import Forecast
from toolkit.risk_model.expected_returns.own import OwnReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.risk_model.model import estimate
from toolkit.risk_model.supply_characteristics import control_pressure, import_drop
from toolkit.strategy.model import Strategy, months


def strategy_forecast(
    strategy: Strategy, inputs: Inputs, currency: str, destination: str, *, risk_alone: bool = False
) -> Forecast:
    """The forecast of a strategy for the universe of its inputs.

    Args:
        strategy: Its covariance and expected returns are estimated.
        inputs: Prices, supply and controls as known on a day.
        currency: ISO 4217 code of the reporting currency.
        destination: ISO-3 code of the country of import, whose controls count.
        risk_alone: Whether expected returns are left out, for the evaluation of its risk.

    Raises:
        GapError, DataError: see `toolkit.risk_model.model.estimate`.
    """
    spec = strategy.forecast
    returns = None if risk_alone else spec.returns
    if isinstance(returns, OwnReturns | ViewsReturns):
        returns = returns.known_on(inputs.snapshot.as_of)
    return estimate(
        prices=inputs.series,
        fx=inputs.snapshot.rates,
        universe=inputs.universe,
        controlled=inputs.read_controlled(destination),
        covariance=spec.covariance,
        observation=spec.observation,
        lookback_months=lookback_months(strategy),
        currency=currency,
        supply_scores=_supply_scores(inputs),
        returns=returns,
        pressure=None if returns is None else _pressure(inputs, destination),
        history=inputs.history,
        level_paths=inputs.level_paths,
    )


def lookback_months(strategy: Strategy) -> int | None:
    """Months of history that the strategy uses; None for all."""
    lookback = strategy.forecast.lookback
    return None if lookback is None else round(months(lookback))


def _pressure(inputs: Inputs, destination: str) -> dict[str, float]:
    """Legal measures in force on each asset's traded form for the owner's country; assets without a form are left out."""
    on = inputs.snapshot.as_of
    # Who holds no form of a metal needs no ledger.
    traded = [asset for asset in inputs.universe if asset.form is not None]
    found = {asset.key: control_pressure(inputs.ledger, asset, on, destination=destination) for asset in traded}
    return {key: pressure for key, pressure in found.items() if pressure is not None}


def _supply_scores(inputs: Inputs) -> dict[str, float]:
    """Prior shape of the loadings on the supply shock, 0..1: concentration of supply, raised by a drop of imports.

    HHI + (1 - HHI) x drop. Only the shape is used; the size is estimated from returns.
    """
    scores: dict[str, float] = {}
    for asset, supply in inputs.supply.items():
        if asset not in inputs.universe:
            continue
        flows = inputs.snapshot["flows"]
        found = [
            import_drop(flows, asset, inputs.snapshot.as_of, reporter=reporter)
            for reporter in flows["reporter"].unique().sort()
        ]
        shortfall = max((min(max(short, 0.0), 1.0) for short in found if short is not None), default=0.0)
        scores[asset] = supply.hhi + (1 - supply.hhi) * shortfall
    return scores
