"""Effects of a stop of exports: price multiples of each metal, value of holdings, cost of open purchases.

One rule bounds every figure. The formula of `toolkit.shocks.elasticity` grows without end as the loss nears all of the supply
(at 99 % lost and the lowest elasticity, a hundred million times the price), so it is carried to a loss of one half, the largest
that DOMAIN tabulates, and no further: where a country makes more than that, the full stop has no figure, and sums count one
half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import polars as pl

from toolkit.app.assumptions import EVERY, Assumption, find_assumption
from toolkit.app.context import Context
from toolkit.app.holdings.valuation import unit_prices
from toolkit.app.stops import (
    FURTHER,
    POSTERIOR,
    PUBLISHED_RESPONSE,
    PriceResponses,
    is_exchange_traded,
    price_responses,
    stop_bands,
    stop_shares,
)
from toolkit.app.supply import MetalSupply, Scenario
from toolkit.app.topics.part import Ask, named, part
from toolkit.controls.ledger import CHINA
from toolkit.core.errors import GapError, SpecError
from toolkit.core.grouping import sums_by_key
from toolkit.core.limits import HELD, LARGEST_RATIO, check_number
from toolkit.core.messages import Message, message
from toolkit.holdings.exposure import IN_TRANSIT, ORDERS, is_out
from toolkit.holdings.unit_price import UnitPrice
from toolkit.market.market import Snapshot
from toolkit.records.run import Run
from toolkit.records.subjects import Holdings, Subject
from toolkit.records.whatif import (
    AskedLoss,
    Band,
    Effect,
    Level,
    MetalStop,
    Multiples,
    OutsidePremium,
    PublishedCheck,
    Response,
    ResponseCase,
    WhatIf,
)
from toolkit.report.i18n.countries import country
from toolkit.shocks.elasticity import (
    Elasticity,
    SupplyPremium,
    implied_elasticity,
    implied_loss,
    linear_multiple,
    price_band,
    price_multiple,
)
from toolkit.shocks.price_response import LEVELS, LOSS_ERROR, PUBLISHED_ERROR

LARGEST_SUPPLY_LOSS = 0.5
"""Largest loss that the formula is carried to, as a fraction of world supply."""
LOSSES = (0.2, LARGEST_SUPPLY_LOSS)
"""Losses that every metal is shown at, as far as the country supplies that much."""
COUNTED, BEYOND, NOT_MADE, PRECIOUS, UNKNOWN = "counted", "beyond", "not_made", "precious", "unknown"
"""Result of a full stop for a metal: it has a figure; it is larger than the formula carries; the country is not among the named
producers; it is a precious metal; no shares are known."""
MOVING = (COUNTED, BEYOND)
SUM, STOP, CARRIED, STOCKS = "elasticity_sum", "stop_of_exports", "carried_to", "stocks_above_ground"
"""Keys of the assumptions."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Value by product, in the reporting currency: what is held today, and what is still to be bought or delivered.

    Attributes:
        undelivered: Of what is ordered, the part from the stopped country or of unknown origin.
        in_transit: Of what is on its way, that part: it may be stopped or have left, so it is neither held nor coming.
        planned: Of what is coming, purchases that are only planned for a holdings file.
    """

    held: Mapping[str, float]
    coming: Mapping[str, float]
    undelivered: Mapping[str, float]
    in_transit: Mapping[str, float]
    planned: Mapping[str, float]

    @property
    def whole(self) -> dict[str, float]:
        """Both together."""
        return _sums([*self.held.items(), *self.coming.items()])


NONE = Amounts({}, {}, {}, {}, {})


@part("whatif")
def whatif(ask: Ask) -> WhatIf | None:
    """The price multiples of a stop of all Chinese exports for a year, and their effect on holdings and open purchases.

    Returns:
        Multiples are price after over price before, at both ends of the 90 % band of each metal and at its median; `shown` is a
        metal without a case of its own. Effects are in the reporting currency and as fractions of the whole. None on a day
        when neither cases nor an assumption was known.
    """
    assets, published = _held(ask), _published(ask.context.snapshot)
    seen = price_responses(ask.context, (*dict.fromkeys((*assets, *published["subject"])), FURTHER), ask.elasticity)
    try:
        seen.elasticity(FURTHER)
    except GapError:
        return None
    if ask.cap is not None:
        check_number("--cap", ask.cap, LARGEST_RATIO)
    losses = sorted({*LOSSES, *(() if ask.loss is None else (ask.loss,))})
    return _answer(
        ask.context, assets, seen, published, weights=ask.weights, amounts=amounts_of(ask.record), losses=losses, cap=ask.cap
    )


def shock(
    context: Context,
    metal: str,
    *,
    loss: float,
    elasticity: str | None = None,
    cap: float | None = None,
    premium: float | None = None,
) -> WhatIf:
    """The price band of a metal under a loss of supply, beside a stop of Chinese exports of it.

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
        GapError: on a day when neither cases enough nor an assumption was known.
    """
    asset = context.metal(metal)
    if elasticity is None and is_exchange_traded(asset, context.products):
        raise SpecError(
            "no elasticity of {asset} is known here: it trades on an exchange from stocks above ground, and the "
            "marked assumption is one of minor metals.",
            hint="Give one with a source of your own: --elasticity LOW:HIGH.",
            details={"metal": asset},
            asset=asset,
        )
    price = _price(context, asset, cap)
    seen = price_responses(context, (asset, FURTHER), elasticity)
    spread = seen.elasticity(asset)
    band = price_band(loss, spread, cap=None if cap is None or price is None else cap / price.price)
    response = seen.found[asset] if seen.found is not None and spread.basis == POSTERIOR else None
    points = zip((0.0, 0.5, 1.0), (spread.high, spread.central, spread.low), strict=True)
    if response is not None:
        points = ((level, 1 / b) for level, b in zip(LEVELS, response.quantiles, strict=False))
    outside = _premium(premium, find_assumption(context.snapshot, "outside_premium", asset))
    asked = AskedLoss.from_objects(
        named(context, asset),
        loss=loss,
        elasticity=spread,
        levels=tuple(_level(level, e, loss, band.cap, price) for level, e in points),
        linear_rule=linear_multiple(loss, spread.central),
        price=price,
        cap=band.cap,
        cap_price=cap,
        uncapped=band.uncapped_high if band.capped else None,
        premium=outside and OutsidePremium(**asdict(outside), outside_price=price and outside.outside(price.price)),
    )
    published = _published(context.snapshot).filter(pl.col("subject") == asset)
    return _answer(context, (asset,), seen, published, asked=asked)


def _answer(
    context: Context,
    assets: Sequence[str],
    seen: PriceResponses,
    published: pl.DataFrame,
    *,
    asked: AskedLoss | None = None,
    weights: Mapping[str, float] | None = None,
    amounts: Amounts = NONE,
    losses: Sequence[float] = LOSSES,
    cap: float | None = None,
) -> WhatIf:
    """What is found of some metals.

    Args:
        context: What was known on the day.
        assets: Asset keys.
        seen: Price responses of them, of `FURTHER` and of what is published.
        published: Rows of the table of assumptions.
        asked: The loss of one metal that is asked about.
        weights: Share of value by product; empty for none.
        amounts: Value by product.
        losses: Of supply, at which every metal is shown.
        cap: Multiple of the price at which a substitute is used; None for none.
    """
    snapshot, spread = context.snapshot, seen.elasticity(FURTHER)
    supplies = {key: context.metal_supply(key, Scenario()) for key in dict.fromkeys((*assets, *published["subject"]))}
    shares = stop_shares(context, assets)
    effects = partial(_effects, shares=shares, seen=seen, losses=losses, cap=cap)
    metals = tuple(_metal(supplies[key], seen.elasticity(key), context, weights or {}, losses, cap) for key in assets)
    return WhatIf(
        schema_version=2,
        as_of=context.as_of.isoformat(),
        currency=context.settings.config.owner.currency,
        asked=asked,
        country=CHINA,
        elasticity=spread,
        carried_to=LARGEST_SUPPLY_LOSS,
        largest_observed=seen.largest_observed,
        response=_response(seen, context),
        metals=metals,
        shown=tuple(Band.model_validate(price_band(loss, spread, cap=cap)) for loss in losses),
        weights=effects(weights) if weights else None,
        money={
            name: effects(values)
            for name, values in (
                ("whole", amounts.whole),
                ("held", amounts.held),
                ("coming", amounts.coming),
                ("ordered", amounts.undelivered),
                ("planned", amounts.planned),
            )
            if values
        },
        undelivered=sum(value for key, value in amounts.undelivered.items() if key in shares),
        in_transit=sum(value for key, value in amounts.in_transit.items() if key in shares),
        checks=tuple(
            _check(row, supplies[row["subject"]], seen.elasticity(row["subject"]), context)
            for row in published.iter_rows(named=True)
        ),
        assumptions={
            key: words
            for key, words in _assumptions(snapshot, seen, metals).items()
            if asked or key == STOCKS or any(metal.state in MOVING for metal in metals)
        },
        data=snapshot.provenance({"shares": _rows(snapshot, metals), "assumptions": published}),
    )


def _price(context: Context, asset: str, cap: float | None) -> UnitPrice | None:
    """Today's price of a metal; a cap needs one that it is not below."""
    currency = context.settings.config.owner.currency
    held = (context.products[asset],) if asset in context.products else ()
    found = unit_prices(context.snapshot, context.snapshot["prices"], held, currency, context.level_paths)
    price = next(iter(found.values()), None)
    if cap is not None and price is None:
        raise SpecError(
            "no price of {asset} is known to compare --cap with.", hint="Leave --cap out: multiples need no price.", asset=asset
        )
    if cap is not None and price is not None and cap < price.price:
        raise SpecError(
            "--cap {cap:,.6g} lies below today's {price:,.2f} {currency} a kg.",
            hint="A substitute at that price would already be in use.",
            cap=cap,
            price=price.price,
            currency=currency,
        )
    return price


def _level(level: float, elasticity: float, loss: float, cap: float | None, price: UnitPrice | None) -> Level:
    multiple = min(price_multiple(loss, elasticity), math.inf if cap is None else cap)
    return Level(
        level=level,
        elasticity=elasticity,
        multiple=multiple,
        price=price and price.price * multiple,
        gain=multiple - 1.0,
        loss_on_return=1.0 - 1.0 / multiple,
    )


def _premium(given: float | None, row: Assumption | None) -> SupplyPremium | None:
    if given is not None:
        if not given > -1:
            raise SpecError(
                "--premium {given:g} makes the price outside zero or less.", hint="Write +20 % as 0.2.", given=given
            )
        return SupplyPremium(check_number("--premium", given, LARGEST_RATIO), "given", "option --premium")
    if row is None or row.central is None:
        return None
    source = message("{statement} ({citation})", statement=row.statement, citation=row.citation)
    return SupplyPremium(row.central, row.basis, source)


def _held(ask: Ask) -> tuple[str, ...]:
    """The products of a proposal that it holds; of any other subject, or where it holds none, all that it is about."""
    held = {row.product for row in ask.positions if abs(row.weight) > HELD}
    return tuple(key for key in ask.assets if key in held) or ask.assets


def amounts_of(record: Subject) -> Amounts:
    """Amounts of a subject held outside China and still to come: purchases, plans, and open orders that may not arrive."""
    if isinstance(record, Holdings):
        lots = record.exposure.lots
        stopped, moving = (
            [lot for lot in lots if lot.delivery in kind and lot.export_from == CHINA] for kind in (ORDERS, (IN_TRANSIT,))
        )
        planned = [lot for lot in lots if lot.status == "planned"]
        held = [lot for lot in lots if is_out(lot.delivery, lot.export_from)]
        kinds = (held, [*stopped, *planned], stopped, moving, planned)
        return Amounts(*(_sums((lot.asset, lot.value or 0.0) for lot in some) for some in kinds))
    if not isinstance(record, Run):
        return NONE
    kept = [(row.product, min(row.value, row.previous_weight * record.budget)) for row in record.positions]
    bought = [(row.product, max(0.0, row.value - row.previous_weight * record.budget)) for row in record.positions]
    return Amounts(_sums(kept), _sums(bought), {}, {}, {})


def _sums(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    return sums_by_key((key, value) for key, value in pairs if value > 0)


def _metal(
    supply: MetalSupply,
    spread: Elasticity,
    context: Context,
    weights: Mapping[str, float],
    losses: Sequence[float],
    cap: float | None,
) -> MetalStop:
    """A metal with its bands: at each loss that the country can cause, and at the stop of all that it makes."""
    at, share = supply.scored, _share(supply)
    state = PRECIOUS if is_exchange_traded(supply.asset, context.products) else _state(share)
    moves = share if share is not None and state in MOVING else 0.0
    return MetalStop.from_objects(
        supply,
        element=named(context, supply.asset).element,
        weight=weights.get(supply.asset),
        share=share,
        period_start=at and at.supply.period_start,
        period_end=at and at.supply.period_end,
        source_id=at and at.supply.source,
        state=state,
        bands=tuple(price_band(loss, spread, cap=cap) for loss in losses if moves >= loss),
        stop=price_band(moves, spread, cap=cap) if state == COUNTED else None,
    )


def _share(supply: MetalSupply) -> float | None:
    """The share of the country in world supply."""
    return supply.scored.supply.share(CHINA) if supply.scored else None


def _state(share: float | None) -> str:
    if share is None:
        return UNKNOWN
    return NOT_MADE if share <= 0 else COUNTED if share <= LARGEST_SUPPLY_LOSS else BEYOND


def _effects(
    amounts: Mapping[str, float],
    shares: Mapping[str, float],
    seen: PriceResponses,
    losses: Sequence[float],
    cap: float | None,
) -> tuple[Effect, ...]:
    """Gain of amounts at each of the losses: a metal loses what the country makes of it, and at most the loss.

    `multiples` are the largest of any metal, `metals` counts those that move, `short` those of which the country makes more
    than the loss.
    """
    moving = {key: amount for key, amount in amounts.items() if amount > 0 and key in shares}
    rows: list[Effect] = []
    for loss in losses:
        bands = stop_bands({key: shares[key] for key in moving}, loss, seen.elasticity, cap=cap)
        gains = {
            side: sum(amount * (getattr(bands[key], side) - 1.0) for key, amount in moving.items())
            for side in ("low", "central", "high")
        }
        most = {side: max((getattr(band, side) for band in bands.values()), default=1.0) for side in gains}
        rows.append(
            Effect(
                loss=loss,
                **gains,
                multiples=Multiples(**most),
                on_return=Multiples(
                    **{
                        side: sum(amount * (1.0 - 1.0 / getattr(bands[key], side)) for key, amount in moving.items())
                        for side in gains
                    }
                ),
                metals=len(moving),
                short=sum(shares[key] > loss for key in moving),
            )
        )
    return tuple(rows)


def _published(snapshot: Snapshot) -> pl.DataFrame:
    """Rows of the table of assumptions that are published price responses of one metal."""
    rows = snapshot["assumptions"].filter((pl.col("name") == PUBLISHED_RESPONSE) & (pl.col("subject") != EVERY))
    return rows.filter(pl.col("central").is_not_null()).sort("subject")


def _check(row: Mapping[str, Any], supply: MetalSupply, spread: Elasticity, context: Context) -> PublishedCheck:
    """A published response beside the formula: the elasticity that gives it at a full stop, and the loss at our own."""
    share, multiple = _share(supply), 1.0 + row["central"]
    return PublishedCheck.from_objects(
        supply,
        element=named(context, supply.asset).element,
        change=row["central"],
        share=share,
        implied_elasticity=implied_elasticity(share, multiple) if share and share < 1 else None,
        implied_loss=implied_loss(multiple, spread.central),
        statement=row["statement"],
        citation=row["citation"],
        source_id=row["source"],
    )


def _response(seen: PriceResponses, context: Context) -> Response | None:
    """The posterior's cases; None where the assumption or the user's own elasticity is in use."""
    if seen.found is None or seen.given is not None:
        return None
    names = {key: row for key, *row in context.snapshot["metals"].select("asset", "name", "symbol").iter_rows()}
    cases = []
    for case in seen.cases:
        name, element = names.get(case.asset, (case.asset.replace("_", " "), None))
        title = case.source if case.months is None else context.ledger[case.source].title
        cases.append(ResponseCase.from_objects(case, name=name, element=element, title=title))
    return Response.from_objects(seen.found[FURTHER], cases=tuple(cases))


def _assumptions(snapshot: Snapshot, seen: PriceResponses, metals: tuple[MetalStop, ...]) -> dict[str, Message]:
    row, place, spread = find_assumption(snapshot, SUM), country(CHINA), seen.elasticity(FURTHER)
    if row is None:
        return {}
    assumed = {"statement": row.statement, "low": row.low, "central": row.central, "high": row.high, "citation": row.citation}
    found: dict[str, Message] = {}
    if seen.found is not None and seen.given is None:
        one = seen.found[FURTHER]
        found[SUM] = message(
            "How much a price answers a loss of supply is estimated from {observed} reactions to controls and {published} "
            "published models, metals pooled as far as they differ; a loss is taken as uncertain by {error:.0%}, a published "
            "answer by {model:.0%}. The estimate starts from this: {statement}: {low:.2f} to {high:.2f} together, "
            "{central:.2f} in the middle ({citation}).",
            observed=one.observed, published=one.published, error=LOSS_ERROR, model=PUBLISHED_ERROR, **assumed,
        )  # fmt: skip
    elif seen.given is None:
        found[SUM] = message(
            "{statement}: {low:.2f} to {high:.2f} together, {central:.2f} in the middle ({citation}).",
            **assumed | {"low": spread.low, "high": spread.high, "central": spread.central},
        )
    found |= {
        STOP: message(
            "A stop of exports is taken as the loss of all that {country} makes; what it uses itself is in that share, so "
            "exports alone may be less.",
            country=place,
        ),
        CARRIED: message(
            "The price formula is carried to a loss of {most:.0%} of world supply and no further: beyond that, substitutes and "
            "rationing set the price, which no single elasticity describes.",
            most=LARGEST_SUPPLY_LOSS,
        ),
    }
    if any(metal.state == PRECIOUS for metal in metals):
        found[STOCKS] = message(
            "Precious metals are left out of the stop: they trade from stocks above ground, and the elasticities are those of "
            "minor metals."
        )
    return found


def _rows(snapshot: Snapshot, metals: tuple[MetalStop, ...]) -> pl.DataFrame:
    """The rows of the table of shares that the figures rest on."""
    used = {(metal.asset, metal.stage, metal.source_id) for metal in metals if metal.source_id}
    keys = pl.DataFrame(sorted(used), schema=dict.fromkeys(("asset", "stage", "source"), pl.String), orient="row")
    return snapshot["shares"].join(keys, on=["asset", "stage", "source"], how="semi")
