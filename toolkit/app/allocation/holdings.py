"""Holdings before trading: lots in a file of the user, or the positions of a stored run."""

from __future__ import annotations

import glob
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from toolkit.app.allocation.inputs import Inputs
from toolkit.app.allocation.origins import key_of_lot
from toolkit.app.allocation.request import Request
from toolkit.app.holdings.names import instruments_of
from toolkit.app.run_store.lookup import LAST, meant
from toolkit.app.runs import REPORTS, RUNS, read_run, stored_runs
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Universe
from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key, sums_by_key
from toolkit.core.messages import few, message
from toolkit.core.size import PieceSize
from toolkit.core.units import KG_PER_UNIT, cents
from toolkit.holdings.exposure import MAY_NOT_RETURN, STORED_UNPLACED, lot_exposures
from toolkit.holdings.lots import GRADE, Lot
from toolkit.holdings.purchases import purchases, without_rate
from toolkit.market.exchange_rates import last_rate
from toolkit.market.readers.tabular import Table
from toolkit.records.run import Run
from toolkit.strategy.model import Strategy

if TYPE_CHECKING:
    from toolkit.market.readers.holdings.lots import Holdings

WHOLE_PIECES = 1e-6
"""Distance from a whole number within which a number of pieces is whole."""
PLANNED, STORED, ORDERED = "planned", "stored", "ordered"


@dataclass(frozen=True)  # no slots: lots are sorted by asset once
class Held:
    """Holdings before trading.

    Attributes:
        units: Asset key -> quantity, what arrives included.
        lots: Of the file, or left by the orders of the run.
        cash: Left by the run that is held; below zero where bills were more.
        run: Its id.
        notes: How the file was read.
        read: The file, where it is one.
        of_wealth: Whether weights are held: `units` are fractions of the whole until prices are known (see `at_prices`).
    """

    units: Mapping[str, float] = field(default_factory=dict)
    lots: tuple[Lot, ...] = ()
    cash: float = 0.0
    run: str | None = None
    notes: tuple[str, ...] = ()
    read: Holdings | None = None
    of_wealth: bool = False

    def at_prices(self, wealth: float, universe: Universe, prices: FloatArray) -> Held:
        """Weights as quantities, of each asset in one lot, and cash for the rest; any other holdings as they are.

        Args:
            wealth: Of the whole, in the reporting currency.
            universe: Of n assets.
            prices: (n,) of a unit in the reporting currency.

        Raises:
            SpecError: for an asset without a price.
        """
        if not self.of_wealth:
            return self
        if unpriced := [key for key, weight in self.units.items() if weight and key not in universe]:
            raise SpecError(
                "weights: {asset!r:s} has no price.", hint=did_you_mean(unpriced[0], universe.keys), asset=unpriced[0]
            )
        price = dict(zip(universe.keys, prices.tolist(), strict=True))
        units = {key: weight * wealth / price[key] for key, weight in self.units.items() if weight}
        lots = tuple(one_lot(key, quantity, STORED) for key, quantity in units.items() if quantity > 0)
        worth = float(cents(np.array([units[key] * price[key] for key in units])).sum())
        return replace(self, units=units, lots=lots, cash=round(wealth - worth, 2))

    def arriving(self, asset: str) -> float:
        """Quantity of an asset that is ordered or travels."""
        return sum(lot.quantity for lot in self.of(asset) if lot.arriving)

    @property
    def origins(self) -> dict[str, tuple[str, ...]]:
        """Asset -> countries that its lots are exported from by law, sorted."""
        found = by_key((lot.asset, lot.from_country) for lot in self.lots if lot.from_country is not None)
        return {asset: tuple(sorted({*countries})) for asset, countries in found.items()}

    @property
    def unpaid(self) -> list[str]:
        """Ids of lots that are not fully paid."""
        return [lot.lot_id for lot in self.lots if lot.owed]

    @property
    def owed(self) -> float:
        """Debt on all lots, in the reporting currency."""
        return round(sum(lot.owed for lot in self.lots), 2)

    def owed_on(self, asset: str) -> float:
        """Debt on the lots of an asset, in the reporting currency."""
        return round(sum(lot.owed for lot in self.of(asset)), 2)

    def under(self, universe: Universe) -> Held:
        """The holdings of a universe with offers by origin: each lot under its offer, and a note on unknown origins."""
        if not any(asset.offer_of for asset in universe):
            return self
        lots = tuple(
            replace(lot, asset=key_of_lot(universe, lot.asset, lot.from_country or UNKNOWN_ORIGIN)) for lot in self.lots
        )
        units = sums_by_key((lot.asset, lot.quantity) for lot in lots) if lots else dict(self.units)
        guessed = sorted(
            {
                (old.asset, new.asset)
                for old, new in zip(self.lots, lots, strict=True)
                if old.asset != new.asset and old.from_country is None
            }
        )
        notes = [
            message(
                "Lots of {asset} count as {offer}: their origin is unknown, or the place is not understood.",
                asset=asset,
                offer=key,
            )
            for asset, key in guessed
        ]
        own = [lot.lot_id for old, lot in zip(self.lots, lots, strict=True) if old.asset in universe and lot.asset != old.asset]
        if own:
            notes.append(message("Counted in limits by the country they are from, as the file says: {lots}.", lots=few(own)))
        return replace(self, units=units, lots=lots, notes=(*self.notes, *notes))

    def of(self, asset: str) -> tuple[Lot, ...]:
        """The lots of an asset."""
        return tuple(self._by_asset.get(asset, ()))

    @cached_property
    def _by_asset(self) -> dict[str, list[Lot]]:
        return by_key((lot.asset, lot) for lot in self.lots)


def read_held(request: Request, strategy: Strategy, inputs: Inputs) -> Held:
    """The holdings of a request; none where it names neither a file nor a run.

    Args:
        request: Names the file of lots or the stored run.
        strategy: Strategy whose newest run ``last`` means.
        inputs: Universe, products and ledger by which lots are recognised.

    Raises:
        SpecError: when there is no such run.
        DataError, FrameError: for a file that cannot be read.
    """
    if request.holdings is None:
        return Held()
    if isinstance(request.holdings, Held):
        return request.holdings
    if isinstance(request.holdings, Table):
        return _of_lots(request.holdings, request, inputs)
    run = _stored_run(request.holdings, request, strategy)
    if run is not None:
        return _of_run(run, request.owner.currency)
    return _of_lots(request.holdings, request, inputs)


@dataclass(frozen=True, slots=True)
class Whole:
    """Wealth before trading, in the reporting currency.

    Attributes:
        units: (n,) held today, what arrives included; `arriving`, (n,), of them.
        budget: Value of holdings, their cash and added money, less debt paid from it.
        added: Money added to the holdings.
        reserved: Part of it that pays debt on the holdings.
    """

    units: FloatArray
    arriving: FloatArray
    budget: float
    added: float
    reserved: float = 0.0
    notes: tuple[str, ...] = ()


def one_lot(asset: str, quantity: float, status: str) -> Lot:
    """All that is held of an asset, of unknown origin and purchase.

    Args:
        asset: Its key.
        quantity: In its unit.
        status: stored or ordered.
    """
    return Lot(
        lot_id=f"{asset} ({status})",
        asset=asset,
        quantity=quantity,
        arriving=status == ORDERED,
        status=status,
        origin=UNKNOWN_ORIGIN,
        bought=None,
        cost=None,
    )


def whole(request: Request, held: Held, inputs: Inputs, prices: FloatArray) -> Whole:
    """The wealth that a request distributes: holdings and what is added to them, or the total asked for.

    With holdings and neither `--budget` nor `--total`, nothing is added.

    Args:
        request: Budget or total.
        held: The holdings.
        inputs: Universe of n assets, and exchange rates.
        prices: (n,) price of a unit in the reporting currency.

    Raises:
        SpecError: when the holdings are worth more than the whole that was asked for, or nothing is held and nothing added.
    """
    universe = inputs.universe
    units = np.array([held.units.get(key, 0.0) for key in universe.keys], dtype=float)
    ordered = {lot.asset for lot in held.lots if lot.arriving}
    arriving = np.array([held.arriving(key) if key in ordered else 0.0 for key in universe.keys], dtype=float)
    configured, converted = reporting_budget(request, inputs)
    if request.holdings is None:
        budget = configured if request.total is None else request.total
        return Whole(units, arriving, budget, budget, notes=converted)
    values = units * prices
    worth = round(float(cents(values).sum()) + held.cash, 2)
    notes = list(held.notes)
    if held.of_wealth:
        added = 0.0
    elif request.total is not None:
        added = round(request.total - worth, 2)
        if added < 0:
            raise SpecError(
                "the holdings are worth {worth:,.2f}, more than the whole of {total:,.2f}.",
                hint="Raise --total, or give the money that is added with --budget.",
                worth=worth,
                total=request.total,
            )
    elif request.budget_given or worth <= 0:
        added = configured
        notes += converted
    else:
        added = 0.0
        notes.append(message("No money is added to what is held: --budget names money to place beside it, --total the whole."))
    # What is held, without cash beside it, must not be worth more than the whole by a part of a cent.
    exact = math.ceil(float(values.sum()) * 100 - 1e-4) / 100 + min(held.cash, 0.0)
    reserved = min(held.owed, added)
    if reserved:
        notes.append(
            message(
                "{reserved:,.2f} {currency} of the money added pay what is still owed on {lots}; the rest is placed.",
                reserved=reserved,
                currency=request.owner.currency,
                lots=held.unpaid,
            )
        )
    return Whole(units, arriving, max(round(worth + added - reserved, 2), exact), added, reserved, tuple(notes))


def reporting_budget(request: Request, inputs: Inputs) -> tuple[float, tuple[str, ...]]:
    """The budget in the reporting currency, and a note where it is configured in another; the shipped default is rounded."""
    settings = request.settings
    owner, currency = settings.config.owner, settings.budget_currency
    if currency == owner.currency or request.total is not None:
        return owner.budget, ()
    rate = last_rate(inputs.snapshot["fx"], currency, owner.currency)
    shipped = settings.origins["owner.budget"] == "shipped default"
    budget = owner.budget * rate.value
    if shipped:
        budget = float(f"{budget:.1e}")
        note = message(
            "Budget: {configured:,.0f} {currency}, the default, are about {budget:,.0f} {reporting}; --budget names another.",
            configured=owner.budget, currency=currency, budget=budget, reporting=owner.currency,
        )  # fmt: skip
        return budget, (note,)
    budget = cents(budget)
    note = message(
        "Budget: {configured:,.0f} {currency} as configured, at {rate:,.6g} of {day:%Y-%m-%d} {budget:,.2f} {reporting}; "
        "--budget names another.",
        configured=owner.budget, currency=currency, rate=rate.value, day=rate.date, budget=budget, reporting=owner.currency,
    )  # fmt: skip
    return budget, (note,)


def _of_lots(file: str | Table, request: Request, inputs: Inputs) -> Held:
    """Lots that are stored, in transit, ordered or at risk; plans are no holdings.

    Raises:
        DataError: for a lot by mass of a product whose own price is in a unit that nobody stated.
    """
    from toolkit.app.holdings.bids import own_bids, with_own_spreads  # noqa: PLC0415  # not where nothing is held
    from toolkit.app.holdings.lots import read_lots  # noqa: PLC0415
    from toolkit.market.readers.holdings.lots import ARRIVING, AT_RISK  # noqa: PLC0415

    currency = request.owner.currency
    own = inputs.prices.filter(pl.col("asset").is_in(inputs.own))
    listed = {*instruments_of(own, inputs.ledger), *request.context.listed}
    holdings = read_lots(
        file,
        inputs.ledger,
        inputs.products,
        inputs.snapshot.as_of,
        instruments=listed,
        client=request.client,
        layout=request.context.layout,
        rule=request.owner.holding_rule,
    )
    bids = own_bids(request.context, request.prices)
    frame, traded = with_own_spreads(holdings.frame, bids), {(asset.key, asset.form) for asset in inputs.products}
    per_unit = set(inputs.prices.filter(pl.col("unit") == "unit")["asset"]) & set(inputs.products.keys) & set(frame["asset"])
    if per_unit:
        raise DataError(
            "{name:s}: the price file states no unit for {per_unit}, so lots by mass have no value.",
            hint="State the unit of the price in a column unit (kg, g, lb, ozt, t).",
            name=holdings.name,
            per_unit=[*sorted(per_unit)],
        )
    paid = {purchase.lot_id: purchase for purchase in purchases(frame, inputs.snapshot["fx"], currency)}
    massed = frame.filter(pl.col("mass").is_not_null())
    exposed = lot_exposures(massed, (), inputs.ledger, on=request.as_of, destination=request.owner.country)
    obstacles = {lot.lot_id: lot.obstacle for lot in exposed}
    # At an unknown place, which may be in China, only what its law does not control there is surely under that of its origin.
    bound = [
        lot.lot_id for lot in exposed if lot.delivery == STORED_UNPLACED and lot.export_from != CHINA and lot.market_controlled
    ]
    countries = {lot.lot_id: lot.export_from for lot in exposed if not lot.assumed_origin and lot.lot_id not in bound}
    units: dict[str, float] = {}
    lots: list[Lot] = []
    for row in frame.iter_rows(named=True):
        if row["status"] == PLANNED:
            continue
        # Another form of a metal is another good, of which no price is known.
        same = row["form"] is None or (row["asset"], row["form"]) in traded
        key = row["asset"] if same else f"{row['asset']} ({row['form']})"
        quantity = row["quantity"] if row["mass"] is None else row["mass"]
        units[key] = units.get(key, 0.0) + quantity
        if quantity < 0:  # a short position is no lot that could be sold
            continue
        purchase = paid[row["lot_id"]]
        arriving = row["status"] in ARRIVING
        obstacle = obstacles.get(row["lot_id"]) or (GRADE if row["lot_id"] in holdings.other_grade else None)
        if row["status"] == AT_RISK:  # of what is listed no export control tells
            obstacle = MAY_NOT_RETURN
        lots.append(
            Lot(
                row["lot_id"],
                key,
                quantity,
                arriving,
                row["status"],
                row["origin_country"],
                purchase.bought,
                purchase.cost,
                purchase.owed,
                row["location"],
                None if arriving else obstacle,
                countries.get(row["lot_id"]),
                _piece(row),
                purchase.spread,
                purchase.storage,
                row["mass"] is None,
            )
        )
    notes = [*holdings.notes, *(remark.text for remark in (*bids.remarks, *without_rate([*paid.values()])))]
    plans = frame.filter(frame["status"] == PLANNED)["lot_id"].to_list()
    if plans:
        notes.append(message("Planned lots are not held and do not count: {lots}.", lots=plans))
    return Held(units, tuple(lots), notes=tuple(notes), read=holdings)


def in_words(key: str) -> str:
    """The key of what is held, as a sentence can name it in any language."""
    asset, of_form, form = key.removesuffix(")").partition(" (")
    return message("{asset} ({form})", asset=asset, form=form) if of_form else key


def _piece(row: Mapping[str, Any]) -> float | None:
    """Quantity of one piece of a lot in kg of what counts of it; all of a lot whose size is no mass, None without a size.

    What is listed has none: it is sold as it is bought, in its lot size where whole lots are asked for.
    """
    if row["mass"] is None or row["size"] is None:
        return None
    mass, fine = PieceSize.parse(row["size"]).mass, row["mass"] / (row["quantity"] * KG_PER_UNIT[row["unit"]])
    return row["mass"] if mass is None else min(row["mass"], mass * fine)


def _of_run(run: Run, currency: str) -> Held:
    """Lots and cash as a stored run proposed them.

    Raises:
        SpecError: for a run in another currency than the one that is asked for.
    """
    if run.currency != currency:
        raise SpecError(
            "run {run_id!r:s} is in {currency}, and {currency2} is asked for.",
            hint="Add --currency {currency}.",
            run_id=run.run_id,
            currency=run.currency,
            currency2=currency,
        )
    units = sums_by_key((lot.asset, lot.quantity) for lot in run.lots)
    units |= {row.asset: row.quantity for row in run.positions if row.quantity is not None and row.quantity < 0}
    notes = (message("Held today is what run {run} proposed, as if it had been bought.", run=run.run_id),)
    return Held(units, run.lots, cash=run.cash.value, run=run.run_id, notes=tuple(notes))


def _stored_run(named: str, request: Request, strategy: Strategy) -> Run | None:
    """The run that the holdings name; None where they name a file.

    Raises:
        SpecError: for a run of another client, and for the last one where there is none of this strategy and client up to the
            day that is asked about.
    """
    output = Path(request.settings.config.output.folder)
    if named != LAST:
        folder = None if named == "-" else meant(named, output, (RUNS, REPORTS))
        if folder is None:
            return None
        run = read_run(folder)
        if not isinstance(run, Run):
            raise SpecError(
                "run {named!r:s} has no answer, so nothing is held by it.", hint="Name another run, or a file.", named=named
            )
        if request.client is not None and run.client not in (None, request.client):
            raise SpecError(
                "run {named!r:s} was made for {other!r:s}, and not for {client!r:s}.",
                hint="Name a run of this client, or a file.",
                named=named,
                other=run.client,
                client=request.client,
            )
        return run
    for folder in reversed(stored_runs(output / RUNS, f"*-{glob.escape(strategy.name)}-*")):
        run = read_run(folder)
        if not isinstance(run, Run) or run.as_of > request.as_of.isoformat():
            continue
        if (run.strategy.name, run.client) == (strategy.name, request.client):
            return run
    raise SpecError(
        "no run of {name!r:s} up to {as_of} is stored in {runs}.",
        hint="Give --holdings FILE or RUN, or run the strategy once without it; a run of another --client is not taken.",
        name=strategy.name,
        as_of=request.as_of,
        runs=output / RUNS,
    )
