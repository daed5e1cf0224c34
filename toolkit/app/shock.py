"""`shock`: price band of a metal under a loss of supply, effects on holders, and a comparison with published responses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict

from toolkit.app.assumptions import EVERY, Assumption, find_assumption
from toolkit.app.context import Context
from toolkit.app.holdings.valuation import unit_prices
from toolkit.app.stops import PUBLISHED_RESPONSE, is_exchange_traded, price_responses
from toolkit.core.errors import SpecError
from toolkit.core.limits import LARGEST_RATIO, check_number
from toolkit.core.messages import message
from toolkit.market.market import Snapshot
from toolkit.records.answers.shock import (
    CasesByName,
    OutsidePremium,
    Posterior,
    PublishedResponse,
    ResponseCase,
    ShockAnswer,
    ShockCase,
)
from toolkit.shocks.elasticity import (
    HolderEffect,
    PriceBand,
    SupplyPremium,
    holder_effect,
    implied_elasticity,
    linear_multiple,
    loosen,
    price_band,
    price_multiple,
    tighten,
)
from toolkit.shocks.price_response import LEVELS, Response
from toolkit.shocks.price_response import ResponseCase as Observed

PREMIUM = "outside_premium"


def shock(
    context: Context,
    metal: str,
    *,
    loss: float,
    elasticity: str | None = None,
    cap: float | None = None,
    premium: float | None = None,
) -> ShockAnswer:
    """The price band of a metal under a loss of supply.

    Args:
        context: The reporting currency, the day of the price, and what was known on it.
        metal: Asset key or element symbol.
        loss: Fraction of supply lost.
        elasticity: ``LOW:HIGH``; None for the posterior of observed reactions, the marked assumption where they are too few.
        cap: Price of a substitute per kg in the reporting currency.
        premium: Price outside over price inside, as a fraction; None for the marked assumption, where there is one.

    Raises:
        SpecError: for an option out of range, or a cap without a price to compare it with.
        DataError: for a metal that is not known.
    """
    currency = context.settings.config.owner.currency
    snapshot = context.snapshot
    asset = context.metal(metal)
    if elasticity is None and is_exchange_traded(asset, context.products):
        raise SpecError(
            "no elasticity of {asset} is known here: it trades on an exchange from stocks above ground, and the "
            "marked assumption is one of minor metals.",
            hint="Give one with a source of your own: --elasticity LOW:HIGH.",
            details={"metal": asset},
            asset=asset,
        )
    held = (context.products[asset],) if asset in context.products else ()
    found = unit_prices(snapshot, snapshot["prices"], held, currency, context.level_paths)
    price = next(iter(found.values()), None)
    if cap is not None and price is None:
        raise SpecError(
            "no price of {asset} is known to compare --cap with.", hint="Leave --cap out: multiples need no price.", asset=asset
        )
    if cap is not None and price is not None and cap < price.price:
        hint = message("A substitute at that price would already be in use.")
        raise SpecError(
            "--cap {cap:,.6g} lies below today's {price:,.2f} {currency} a kg.",
            hint=hint,
            cap=cap,
            price=price.price,
            currency=currency,
        )
    seen = price_responses(context, (asset,), elasticity)
    spread = seen.elasticity(asset)
    band = price_band(loss, spread, cap=None if cap is None or price is None else cap / price.price)
    low, central, high = (holder_effect(multiple) for multiple in band.multiples)
    name = f"{loss:.0%} of the supply of {asset}"
    response = seen.found[asset] if seen.given is None and seen.found is not None else None
    level, given = None if price is None else price.price, _premium(premium, find_assumption(snapshot, PREMIUM, asset))
    return ShockAnswer(
        schema_version=1,
        metal=asset,
        as_of=snapshot.as_of.isoformat(),
        currency=currency,
        loss=loss,
        elasticity=spread,
        formula="P1/P0 = (1 - loss) ** (-1 / elasticity)",
        cap=band.cap,
        cap_price=cap,
        capped=band.capped,
        price=price,
        cases=CasesByName(
            low=_case(spread.high, low, level),
            central=_case(spread.central, central, level),
            high=_case(spread.low, high, level),
        ),
        linear_rule=linear_multiple(loss, spread.central),
        largest_observed=seen.largest_observed,
        posterior=response and _posterior(response, seen.cases, band, level),
        published=outside_check(snapshot, asset, loss),
        premium=given and OutsidePremium(**asdict(given), outside_price=None if level is None else given.outside(level)),
        scenarios=(
            tighten(f"{name} stops", asset, loss, spread.central, source=spread.source, cap=band.cap),
            loosen(f"{name} returns", asset, loss, spread.central, source=spread.source),
        ),
    )


def _case(elasticity: float, effect: HolderEffect, price: float | None, **level: float) -> ShockCase:
    return ShockCase(**level, elasticity=elasticity, price=None if price is None else price * effect.multiple, **asdict(effect))


def _posterior(response: Response, cases: Iterable[Observed], band: PriceBand, price: float | None) -> Posterior:
    """Levels of the posterior with what their multiples mean, never above the cap, and the cases behind it."""
    most = math.inf if band.cap is None else band.cap
    return Posterior.from_objects(
        response,
        levels=tuple(
            _case(1 / b, holder_effect(min(price_multiple(band.loss, 1 / b), most)), price, level=level)
            for level, b in zip(LEVELS, response.quantiles, strict=False)
        ),
        cases=tuple(ResponseCase.model_validate(case) for case in cases),
    )


def outside_check(snapshot: Snapshot, asset: str, loss: float) -> PublishedResponse | None:
    """The published price response of a metal beside a loss of supply; None where none was published by the day.

    Args:
        snapshot: What was known on the day.
        asset: Asset key.
        loss: Fraction of world supply lost.
    """
    row = find_assumption(snapshot, PUBLISHED_RESPONSE, asset)
    if row is None or row.subject == EVERY or not row.central or not 0 < loss < 1:
        return None
    implied = implied_elasticity(loss, 1 + row.central)
    return PublishedResponse(change=row.central, implied=implied, statement=row.statement, citation=row.citation)


def _premium(given: float | None, row: Assumption | None) -> SupplyPremium | None:
    if given is not None:
        if not given > -1:
            raise SpecError(
                "--premium {given:g} makes the price outside zero or less.", hint="Write +20 % as 0.2.", given=given
            )
        return SupplyPremium(check_number("--premium", given, LARGEST_RATIO), "given", "option --premium")
    if row is None or row.central is None:
        return None
    return SupplyPremium(row.central, row.basis, f"{row.statement} ({row.citation})")
