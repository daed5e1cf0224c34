"""The `[costs]` table of a strategy as rates of the universe: dealer terms, charges in money, VAT and market volumes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import polars as pl

from toolkit.app.allocation.holdings import Held
from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.core.messages import few, message
from toolkit.core.remarks import Remark, note
from toolkit.optimize.costs import COST_ITEMS, TRADING_DAYS_A_YEAR, Costs, Site, impact_coefficients
from toolkit.strategy.model import CostsSpec, SiteSpec, VatSpec, months
from toolkit.supply.concentration import newest_shares, scored_stage

MASS = "kg"


def world_production(shares: pl.DataFrame, universe: Universe) -> dict[str, float]:
    """Asset key -> kg a year that the world produces; only where quantities are known.

    At the stage of the asset's form, or at the one with quantities where that one has none, as tungsten.
    Of the newest period with quantities; where the source gives some countries' shares without them, scaled to the world.

    Args:
        shares: A table with the contract of `toolkit.core.frames.Shares`, already narrowed to what was known.
        universe: The assets.
    """
    massed = newest_shares(shares.filter(pl.col("quantity").is_not_null() & (pl.col("unit") == MASS)))
    sums = massed.group_by("asset", "stage").agg(pl.col("quantity").sum(), pl.col("share").sum())
    world = {(key, stage): quantity / share for key, stage, quantity, share in sums.iter_rows() if quantity > 0 and share > 0}
    stages = by_key(world)
    return {
        asset.key: world[asset.key, scored_stage(asset.stage, stages[asset.key]) or ""]
        for asset in universe
        if asset.key in stages and asset.stage is not None
    }


def strategy_costs(
    spec: CostsSpec | None,
    universe: Universe,
    *,
    known: Universe,
    prices: FloatArray,
    volatility: FloatArray,
    production: Mapping[str, float],
    budget: float,
    premium: FloatArray,
) -> tuple[Costs, tuple[Remark, ...]]:
    """The costs of a strategy, and remarks on them.

    Args:
        spec: The table; None for dealer terms that are paid and not optimized.
        universe: The n assets.
        known: Every product, for names in the table that this universe does not hold.
        prices: (n,) of a unit in the reporting currency.
        volatility: (n,) a year.
        production: See `world_production`.
        budget: In the reporting currency.
        premium: (n,) part of the purchase price that no sale regains, as a fraction of the value.

    Raises:
        SpecError: for a name that is neither an asset nor an element, with the nearest, and for an asset at two sites.
    """
    if spec is None:
        return replace(Costs.of(universe, fee=_fees(universe, 0.0)), premium=premium), ()
    names = _Names(universe, known)
    costs = Costs.of(
        universe,
        include=spec.include,
        fee=names.values("fees", spec.fees, _fees(universe, spec.fee)),
        holding_years=months(spec.holding_period) / 12,
        in_objective=True,
    )
    lots = np.array([np.nan if asset.lot_size is None else asset.lot_size for asset in universe]) * prices
    mass = np.array([asset.unit == MASS for asset in universe])
    fees, storage = "fees" in spec.include, "storage" in spec.include
    stored = np.where(mass, spec.storage_per_kg / prices, 0.0) + _per_lot(spec.storage_per_lot, lots)
    vat, told = _vat(spec.vat, names)
    impact, assumed = _impact(spec, names, prices, volatility, production, budget)
    costs = replace(
        costs,
        storage=costs.storage + stored if storage else costs.storage,
        lot_fee=_per_lot(spec.fee_per_lot, lots) if fees else np.zeros(len(universe)),
        vat=vat,
        premium=premium,
        impact=impact,
        borrow=names.values("borrows", spec.borrows, spec.borrow),
        sites=_sites(spec.sites, names) if storage else (),
    )
    return costs, (*_uncharged(spec, universe, lots, mass), *told, *_fixed(costs.sites), *assumed)


def with_own_terms(spec: CostsSpec | None, universe: Universe, known: Universe) -> Universe:
    """The assets with the spreads and the storage that the strategy states for them.

    Args:
        spec: The table; None for the dealer's usual terms.
        universe: The n assets.
        known: Every product, for names in the table that this universe does not hold.
    """
    if spec is None or not (spec.spreads or spec.storages):
        return universe
    names, found = _Names(universe, known), list(universe)
    for key, where, given in (("spread", "spreads", spec.spreads), ("storage", "storages", spec.storages)):
        for i, value in enumerate(names.values(where, given, np.nan)):
            if np.isfinite(value):
                terms = "given" if found[i].terms == "unknown" else found[i].terms
                found[i] = replace(found[i], **{key: float(value), "terms": terms})
    return Universe(tuple(found))


def at_own_terms(
    costs: Costs, spec: CostsSpec | None, universe: Universe, held: Held, waits: Mapping[str, Collection[str]]
) -> tuple[Costs, tuple[Remark, ...]]:
    """The costs with the spread and storage that the holdings file gives for lots, and a note on these lots.

    Each asset has one rate, the mean of its lots by quantity: the spread of those that may be sold, the storage of all.

    Args:
        costs: At the dealer's usual terms.
        spec: The table of the strategy; a cost that it leaves out stays out.
        universe: The n assets.
        held: Its lots by these assets.
        waits: Asset -> ids of lots that are not sold yet.
    """
    include = COST_ITEMS if spec is None else spec.include
    if not any(lot.spread is not None or lot.storage is not None for lot in held.lots):
        return costs, ()
    spread, storage, own = np.zeros(len(universe)), np.zeros(len(universe)), []
    for i, asset in enumerate(universe):
        lots = held.of(asset.key)
        sold = [lot for lot in lots if lot.for_sale and lot.lot_id not in waits.get(asset.key, ())] or lots
        if "spread" in include and any(lot.spread is not None for lot in sold):
            halves = [costs.half_spread[i] if lot.spread is None else lot.spread / 2 for lot in sold]
            spread[i] = np.average(halves, weights=[lot.quantity for lot in sold]) - costs.half_spread[i]
        if "storage" in include and any(lot.storage is not None for lot in lots):
            rates = [costs.storage[i] if lot.storage is None else lot.storage for lot in lots]
            storage[i] = np.average(rates, weights=[lot.quantity for lot in lots]) - costs.storage[i]
        own += [lot.lot_id for lot in lots if lot.spread is not None or lot.storage is not None]
    if not own or not {"spread", "storage"} & {*include}:
        return costs, ()
    text = message(
        "A sale costs the spread and what is kept the storage of the holdings file, for each product the mean of its lots by "
        "quantity; a purchase takes the usual terms: {lots}.",
        lots=few(own),
    )
    return replace(costs, held_spread=spread, held_storage=storage), (note(text),)


class _Names:
    """Positions of the assets that names in the table stand for; none for a product that is not in the universe."""

    def __init__(self, universe: Universe, known: Universe) -> None:
        self.universe, self.known = universe, known

    @cached_property
    def spoken(self) -> set[str]:
        """What an asset may be called."""
        return self.universe.names | self.known.names

    def members(self, where: str, name: str) -> list[int]:
        if name not in self.spoken:
            raise SpecError(
                "costs.{where:s}: {name!r:s} is neither an asset nor an element.",
                hint=did_you_mean(name, self.spoken),
                where=where,
                name=name,
            )
        return list(self.universe.members(name)) if name in self.universe.names else []

    def group(self, where: str, group: str) -> list[int]:
        found = [i for i, asset in enumerate(self.universe) if asset.group == group]
        if not found:
            hint = did_you_mean(group, self.universe.groups)
            raise SpecError(
                "costs.{where:s}: nothing here belongs to a group {group!r:s}.", hint=hint, where=where, group=group
            )
        return found

    def values(self, where: str, given: Mapping[str, float], default: FloatArray | float) -> FloatArray:
        """Values (n,) of the assets; that of an asset's own key goes before that of its metal.

        Args:
            where: Key path of the values in the strategy, for messages.
            given: Asset key or element -> value.
            default: Value of the others, one or (n,).
        """
        found = np.full(len(self.universe), default)
        for name, value in sorted(given.items(), key=lambda item: -len(self.members(where, item[0]))):
            found[self.members(where, name)] = value
        return found


def _fees(universe: Universe, usual: float) -> FloatArray:
    """(n,) the fixed charge of a trade of each asset, `usual` where it has none of its own."""
    return np.array([usual if asset.fee is None else asset.fee for asset in universe])


def _per_lot(amount: float, lots: FloatArray) -> FloatArray:
    """An amount a lot as a fraction of its value, 0 where there are no lots."""
    return np.nan_to_num(amount / lots)


def _vat(spec: VatSpec | None, names: _Names) -> tuple[FloatArray, tuple[Remark, ...]]:
    nothing = np.zeros(len(names.universe))
    if spec is None:
        return nothing, ()
    rates = names.values("vat.rates", spec.rates, spec.rate or 0.0)
    if spec.state == "customs_warehouse":
        kept = message("Metal is taken to stay in a customs warehouse: VAT is not counted, and falls due when it leaves.")
        return nothing, (note(kept),)
    taxed = [message("{rate:.3g}", rate=float(rate)) for rate in np.unique(rates[rates > 0]) * 100] or ["0"]
    paid = message("VAT of {rates} % is paid on purchases and not recovered; the rates are those of the strategy.", rates=taxed)
    return rates, (note(paid),)


def _sites(specs: Sequence[SiteSpec], names: _Names) -> tuple[Site, ...]:
    n, taken, found = len(names.universe), {}, []
    for spec in specs:
        stored = np.full(n, not spec.assets and not spec.groups)
        for name in spec.assets:
            stored[names.members("sites", name)] = True
        for group in spec.groups:
            stored[names.group("sites", group)] = True
        for i in np.flatnonzero(stored):
            if (other := taken.setdefault(int(i), spec.name)) != spec.name:
                raise SpecError(
                    "costs.sites: {keys:s} is stored at {other} and at {name:s}.",
                    hint="Name the assets or groups of each site.",
                    keys=names.universe.keys[int(i)],
                    other=other,
                    name=spec.name,
                )
        found.append(Site(spec.name, spec.fee, stored))
    return tuple(found)


def _impact(
    spec: CostsSpec,
    names: _Names,
    prices: FloatArray,
    volatility: FloatArray,
    production: Mapping[str, float],
    budget: float,
) -> tuple[FloatArray, tuple[Remark, ...]]:
    """Coefficients of the market impact: the user's volumes, else a year's world production bought once."""
    volume, universe = names.values("volumes", spec.volumes, np.nan), names.universe
    prefactor = names.values("impacts", spec.impacts, spec.impact)
    if not prefactor.any():
        return prefactor, ()
    given = np.isfinite(volume) | (prefactor == 0)
    made = np.array([production.get(asset.key, np.nan) if asset.unit == MASS else np.nan for asset in universe])
    volume = np.where(given, volume, made * prices / TRADING_DAYS_A_YEAR)
    notes: list[Remark] = []
    if assumed := [key for key, own, known in zip(universe.keys, given, np.isfinite(volume), strict=True) if known and not own]:
        text = message(
            "Market volume of {assets}: assumed to be world production at today's price, sold once a year; what "
            "exchanges trade is not counted. Give better figures under [costs.volumes].",
            assets=assumed,
        )
        notes.append(note(text))
    if without := [key for key, known in zip(universe.keys, np.isfinite(volume) | (prefactor == 0), strict=True) if not known]:
        text = message("No market volume is known for {assets}: no market impact is counted for them.", assets=without)
        notes.append(Remark("terms", text, message("Give their turnover a day under [costs.volumes]."), tuple(without)))
    return impact_coefficients(prefactor, volatility, volume, budget), tuple(notes)


def _uncharged(spec: CostsSpec, universe: Universe, lots: FloatArray, mass: FloatArray) -> tuple[Remark, ...]:
    """A remark on assets without lots or mass, to which a charge by lot or mass does not apply."""
    notes: list[Remark] = []
    for asked, reached, what in (
        (bool(spec.fee_per_lot or spec.storage_per_lot), np.isfinite(lots), message("lot size, so charges per lot")),
        (bool(spec.storage_per_kg), mass, message("mass, so charges per kg")),
    ):
        if asked and not np.all(reached):
            outside = [key for key, inside in zip(universe.keys, reached, strict=True) if not inside]
            text = message("{assets}: no known {what} do not count.", assets=outside, what=what)
            notes.append(Remark("terms", text, message("Add these charges by hand."), tuple(outside)))
    return tuple(notes)


def _fixed(sites: tuple[Site, ...]) -> tuple[Remark, ...]:
    if not any(site.fee for site in sites):
        return ()
    names = [site.name for site in sites if site.fee]
    text = message("The charge of {sites} is fixed: it is part of the cost a year and does not move the weights.", sites=names)
    return (note(text),)
