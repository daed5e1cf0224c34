"""`shock`: price band of a metal under a loss of supply, effects on holders, and a comparison with published responses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.app.assumptions import EVERY, Assumption, find_assumption
from toolkit.app.context import Context
from toolkit.app.stops import PUBLISHED_RESPONSE, is_exchange_traded, price_responses
from toolkit.app.valuation import UnitPrice, unit_prices
from toolkit.core.errors import SpecError
from toolkit.core.limits import LARGEST_RATIO, check_number
from toolkit.core.plain import plain
from toolkit.core.text import figure
from toolkit.market.market import Snapshot
from toolkit.shocks.elasticity import (
    HolderEffect,
    PriceBand,
    Scenario,
    SupplyPremium,
    holder_effect,
    implied_elasticity,
    linear_multiple,
    loosen,
    price_band,
    price_multiple,
    tighten,
)
from toolkit.shocks.price_response import LEVELS, Response, ResponseCase

PREMIUM = "outside_premium"


@dataclass(frozen=True, slots=True)
class OutsideCheck:
    """A published price response, and the elasticity that would reproduce it at the loss of the request.

    Attributes:
        change: Published change of the price, as a fraction of it.
        implied: Sum of elasticities at which our formula gives that change; meaningless for another loss.
    """

    change: float
    implied: float
    statement: str
    citation: str


@dataclass(frozen=True, slots=True)
class ShockAnswer:
    """The band of one metal.

    Attributes:
        price: Today's level, None where no price is known: the multiples hold all the same.
        largest_observed: Multiple that no price has been seen above in the year after a control; None without a case.
        response: Posterior behind the band; None where the user gave an elasticity, or too few cases were known.
        cases: Behind it.
        linear: The first-order rule at the central elasticity, for comparison.
        effects: Effects of low, central and high on stored, ordered and planned metal.
        cap_price: Price of a substitute in the reporting currency per kg, None without one.
        premium: Price outside the controlling country over the price inside, None where none is given or assumed.
    """

    metal: str
    as_of: date
    currency: str
    band: PriceBand
    price: UnitPrice | None
    linear: float
    largest_observed: float | None
    response: Response | None
    cases: tuple[ResponseCase, ...]
    effects: tuple[HolderEffect, HolderEffect, HolderEffect]
    cap_price: float | None
    check: OutsideCheck | None
    premium: SupplyPremium | None
    scenarios: tuple[Scenario, Scenario]

    def to_json(self) -> dict[str, Any]:
        """One object; the cases are low, central and high."""
        level = None if self.price is None else self.price.price
        e = self.band.elasticity
        cases = {
            name: {"elasticity": elasticity, "price": None if level is None else level * multiple, **plain(effect)}
            for name, elasticity, multiple, effect in zip(
                ("low", "central", "high"), (e.high, e.central, e.low), self.band.multiples, self.effects, strict=True
            )
        }
        return plain(
            {
                "schema_version": 1,
                "metal": self.metal,
                "as_of": self.as_of,
                "currency": self.currency,
                "loss": self.band.loss,
                "elasticity": e,
                "formula": "P1/P0 = (1 - loss) ** (-1 / elasticity)",
                "cap": self.band.cap,
                "cap_price": self.cap_price,
                "capped": self.band.capped,
                "price": self.price,
                "cases": cases,
                "linear_rule": self.linear,
                "largest_observed": self.largest_observed,
                "posterior": self._posterior(),
                "published": self.check,
                "premium": None if self.premium is None else {
                    **plain(self.premium), "outside_price": None if level is None else self.premium.outside(level),
                },
                "scenarios": self.scenarios,
            }
        )  # fmt: skip

    def levels(self) -> Iterator[tuple[float, float, HolderEffect]]:
        """Level of the posterior, elasticity, and what its multiple means, never above the cap; none without a posterior."""
        most = math.inf if self.band.cap is None else self.band.cap
        for level, b in zip(LEVELS, self.response.quantiles if self.response else (), strict=False):
            yield level, 1 / b, holder_effect(min(price_multiple(self.band.loss, 1 / b), most))

    def _posterior(self) -> dict[str, Any] | None:
        if self.response is None:
            return None
        cases = [{**plain(case), "loss": case.loss} for case in self.cases]
        counts = {name: getattr(self.response, name) for name in ("moves", "own", "observed", "published")}
        price = None if self.price is None else self.price.price
        levels = [
            {"level": level, "elasticity": e, "price": price and price * effect.multiple, **plain(effect)}
            for level, e, effect in self.levels()
        ]
        return {"levels": levels, **counts, "cases": cases}


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
    group = context.products[asset].group if asset in context.products else None
    if elasticity is None and is_exchange_traded(asset, group):
        raise SpecError(
            f"no elasticity of {asset} is known here: it trades on an exchange from stocks above ground, and the marked "
            "assumption is one of minor metals.",
            hint="Give one with a source of your own: --elasticity LOW:HIGH.",
            details={"metal": asset},
        )
    held = (context.products[asset],) if asset in context.products else ()
    found = unit_prices(snapshot, snapshot["prices"], held, currency, context.level_paths)
    price = next(iter(found.values()), None)
    if cap is not None and price is None:
        raise SpecError(
            f"no price of {asset} is known to compare --cap with.", hint="Leave --cap out: multiples need no price."
        )
    if cap is not None and price is not None and cap < price.price:
        hint = "A substitute at that price would already be in use."
        raise SpecError(f"--cap {figure(cap)} lies below today's {price.price:,.2f} {currency} a kg.", hint=hint)
    seen = price_responses(context, (asset,), elasticity)
    spread = seen.elasticity(asset)
    band = price_band(loss, spread, cap=None if cap is None or price is None else cap / price.price)
    low, central, high = (holder_effect(multiple) for multiple in band.multiples)
    caps = None if band.cap is None else {asset: band.cap}
    name = f"{loss:.0%} of the supply of {asset}"
    return ShockAnswer(
        metal=asset,
        as_of=snapshot.as_of,
        currency=currency,
        band=band,
        price=price,
        linear=linear_multiple(loss, spread.central),
        largest_observed=seen.largest_observed,
        response=seen.found[asset] if seen.given is None and seen.found is not None else None,
        cases=seen.cases,
        effects=(low, central, high),
        cap_price=cap,
        check=outside_check(snapshot, asset, loss),
        premium=_premium(premium, find_assumption(snapshot, PREMIUM, asset)),
        scenarios=(
            tighten(f"{name} stops", {asset: loss}, spread.central, source=spread.source, caps=caps),
            loosen(f"{name} returns", {asset: loss}, spread.central, source=spread.source),
        ),
    )


def outside_check(snapshot: Snapshot, asset: str, loss: float) -> OutsideCheck | None:
    """The published price response of a metal beside a loss of supply; None where none was published by the day.

    Args:
        snapshot: What was known on the day.
        asset: Asset key.
        loss: Fraction of world supply lost.
    """
    row = find_assumption(snapshot, PUBLISHED_RESPONSE, asset)
    if row is None or row.subject == EVERY or not row.central or not 0 < loss < 1:
        return None
    return OutsideCheck(row.central, implied_elasticity(loss, 1 + row.central), row.statement, row.citation)


def _premium(given: float | None, row: Assumption | None) -> SupplyPremium | None:
    if given is not None:
        if not given > -1:
            raise SpecError(f"--premium {given:g} makes the price outside zero or less.", hint="Write +20 % as 0.2.")
        return SupplyPremium(check_number("--premium", given, LARGEST_RATIO), "given", "option --premium")
    if row is None or row.central is None:
        return None
    return SupplyPremium(row.central, row.basis, f"{row.statement} ({row.citation})")
