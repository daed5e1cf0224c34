"""A stop of one country's exports: which metals lose how much of their supply, and what that does to each price.

One rule for every command and report. A metal loses what the country makes of it, at the stage at which it is scored, and at
most the loss that is asked about. Metals that trade on exchanges, from stocks above ground, are left out: the marked
elasticities are those of minor metals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.app.context import Context
from toolkit.app.events import comparable_cases
from toolkit.app.supply import supply_of
from toolkit.factors.factors import MEMBERS
from toolkit.supply.controls import CHINA
from toolkit.supply.shock import Elasticity, PriceBand, price_band

PRECIOUS_METALS = "precious_metals"


def is_exchange_traded(asset: str, group: str | None = None) -> bool:
    """Whether a metal trades on an exchange: the precious and the base metals."""
    return group == PRECIOUS_METALS or asset in MEMBERS["precious_metals"] or asset in MEMBERS["base_metals"]


def stop_shares(context: Context, assets: Sequence[str], country: str = CHINA) -> dict[str, float]:
    """Asset -> fraction of world supply that ends with the exports of `country`; only assets that lose some.

    What the country uses itself is in its share, so exports alone may be less.
    """
    groups = {product.key: product.group for product in context.products}
    moving = [key for key in assets if not is_exchange_traded(key, groups.get(key))]
    shares = {one.asset: one.scored.supply.share(country) for one in supply_of(context, moving).metals if one.scored}
    return {key: shares[key] for key in moving if (shares.get(key) or 0.0) > 0}


def largest_observed(context: Context) -> float | None:
    """The largest multiple that a price had reached, over base metals, within a year after a control; None without a case."""
    changes = [
        reaction.adjusted
        for case in comparable_cases(context, context.snapshot.as_of).cases
        for reaction in case.reactions
        if reaction.adjusted is not None
    ]
    return 1.0 + max(changes) if changes else None


def stop_bands(
    shares: Mapping[str, float], loss: float, elasticity: Elasticity, *, cap: float | None = None
) -> dict[str, PriceBand]:
    """Asset -> band of its price when it loses its share, and at most `loss`, of world supply.

    Raises:
        SpecError: for a loss or a cap out of range.
    """
    return {key: price_band(min(share, loss), elasticity, cap=cap) for key, share in shares.items()}
