"""A stop of one country's exports: loss of supply and price band of each metal.

Every command and report uses this rule. A metal loses the production of the country, at the stage at which it is scored, and
at most the loss of the request. The price response is a posterior of observed reactions and published models. Metals
that trade on exchanges, from stocks above ground, are left out: the cases are those of minor metals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.assumptions import find_assumption, parse_elasticity
from toolkit.app.context import Context
from toolkit.app.supply import Scenario
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Universe
from toolkit.core.baskets import MEMBERS
from toolkit.core.messages import message
from toolkit.market.market import Snapshot
from toolkit.shocks.elasticity import Elasticity, PriceBand, price_band
from toolkit.shocks.event_study import Case
from toolkit.shocks.price_response import (
    OBSERVED,
    PUBLISHED,
    PUBLISHED_ERROR,
    Response,
    ResponseCase,
    import_fall,
    responses,
)
from toolkit.supply.concentration import scored_supplies
from toolkit.supply.flows import flow_series

POSTERIOR, FURTHER = "posterior", "other metals"
PUBLISHED_RESPONSE = "published_price_response"

PRECIOUS_METALS = "precious_metals"


def is_exchange_traded(asset: str, products: Universe) -> bool:
    """Whether a metal trades on an exchange: the precious and the base metals."""
    group = products[asset].group if asset in products else None
    return group == PRECIOUS_METALS or asset in MEMBERS["precious_metals"] or asset in MEMBERS["base_metals"]


def stop_shares(context: Context, assets: Sequence[str], country: str = CHINA) -> dict[str, float]:
    """Asset key -> fraction of world supply that ends with the exports of a country; only assets that lose some.

    The country's own use is in its share, so exports alone may be less.

    Args:
        context: What was known on the day.
        assets: Asset keys; those that trade on exchanges are left out.
        country: ISO-3 code.
    """
    moving = [key for key in assets if not is_exchange_traded(key, context.products)]
    supplies = {key: context.metal_supply(key, Scenario()).scored for key in moving}
    shares = {key: one.supply.share(country) for key, one in supplies.items() if one}
    return {key: shares[key] for key in moving if (shares.get(key) or 0.0) > 0}


@dataclass(frozen=True, slots=True)
class PriceResponses:
    """Price responses to a loss of supply, from changes after controls.

    Attributes:
        largest_observed: Multiple that no price rose above, over base metals, in the year after a control; None without a case.
        cases: Cases of the posterior, and those left out of it since their loss is not known.
        found: Asset -> its response; None where too few cases were known by then, and the marked assumption is in use.
        given: The user's own elasticities, in place of both.
    """

    snapshot: Snapshot
    given: Elasticity | None
    largest_observed: float | None
    cases: tuple[ResponseCase, ...]
    found: Mapping[str, Response] | None

    def elasticity(self, asset: str) -> Elasticity:
        """The elasticities whose multiples are the 90 % band and the median of a metal; the assumption without a posterior.

        Raises:
            GapError: on a day when neither cases enough nor an assumption was known.
        """
        if self.given is not None:
            return self.given
        if self.found is None:
            return parse_elasticity(None, self.snapshot)
        one = self.found[asset]
        source = message(
            "what {observed} reactions to controls and {published} published models leave open, {own} of {metal}",
            observed=one.observed, published=one.published, own=one.own, metal=asset,
        )  # fmt: skip
        first, middle, last = one.quantiles[0], one.quantiles[2], one.quantiles[-1]
        return Elasticity(1 / last, 1 / middle, 1 / first, POSTERIOR, source)


def price_responses(context: Context, assets: Sequence[str], elasticity: str | None = None) -> PriceResponses:
    """The price responses of assets; that of `FURTHER` is the response of a metal without a case of its own.

    Args:
        context: What was known on the day.
        assets: Asset keys.
        elasticity: ``0.4``, ``0.25:0.7`` or ``0.25:0.4:0.7`` of the user, in place of the posterior.

    Raises:
        SpecError: for an `elasticity` of the user that is no range.
    """
    snapshot, assumed = context.snapshot, find_assumption(context.snapshot, "elasticity_sum")
    found = context.comparable_cases.cases
    cases = (*_observed(context, found), *_published(context))
    changes = [reaction.adjusted for case in found for reaction in case.reactions if reaction.adjusted is not None]
    middle = 1 / assumed.central if assumed is not None and assumed.central else 1.0
    largest = 1.0 + max(changes) if changes else None
    given = None if elasticity is None else parse_elasticity(elasticity, snapshot)
    return PriceResponses(snapshot, given, largest, cases, responses(cases, assets, middle))


def _observed(context: Context, cases: Sequence[Case]) -> Iterator[ResponseCase]:
    """Controls of China at the longest horizon with a figure; the loss by imports from it over the same months.

    The share is the one known on the day of the announcement, before it could be an answer to the control.
    """
    flows = [one for one in flow_series(context.snapshot["flows"]) if one.partner == CHINA]
    for case in cases:
        at = next((r for r in reversed(case.reactions) if r.adjusted is not None and r.error is not None), None)
        if at is None or context.ledger[case.event_id].origin != CHINA:
            continue
        yield ResponseCase(
            case.event_id,
            case.asset,
            OBSERVED,
            case.day,
            at.adjusted or 0.0,
            at.error or 0.0,
            at.horizon,
            _share_then(context, case.asset, case.day),
            import_fall([one for one in flows if one.asset == case.asset], case.day, at.horizon),
        )


def _published(context: Context) -> Iterator[ResponseCase]:
    """Published responses to a full stop; the share is the one known on the day of publication."""
    table = context.snapshot["assumptions"].filter((pl.col("name") == PUBLISHED_RESPONSE) & pl.col("central").is_not_null())
    for row in table.sort("subject").iter_rows(named=True):
        asset, day, change = row["subject"], row["known_from"], row["central"]
        error, share = PUBLISHED_ERROR * abs(math.log1p(change)), _share_then(context, asset, day)
        yield ResponseCase(row["citation"], asset, PUBLISHED, day, change, error, None, share, 1.0)


def _share_then(context: Context, asset: str, day: date) -> float | None:
    """Share of China in the world supply of a product at its stage, as known on a day."""
    known = context.snapshot["shares"].filter(pl.col("known_from") <= day)
    supply = scored_supplies((product for product in context.products if product.key == asset), known).get(asset)
    return supply and supply.share(CHINA)


def stop_bands(
    shares: Mapping[str, float], loss: float, elasticity: Callable[[str], Elasticity], *, cap: float | None = None
) -> dict[str, PriceBand]:
    """Asset key -> band of its price when it loses its share of world supply.

    Args:
        shares: Asset key -> fraction of world supply, as of `stop_shares`.
        loss: Largest fraction that any of them loses.
        elasticity: Asset key -> its elasticity.
        cap: Price multiple at which a substitute is used; None for none.

    Raises:
        SpecError: for a loss or a cap out of range.
    """
    return {key: price_band(min(share, loss), elasticity(key), cap=cap) for key, share in shares.items()}
