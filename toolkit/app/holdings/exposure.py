"""`exposure`: from a file of lots to their value, control state, resale limits, traceability and shock band."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from toolkit.app.allocation.warnings import late
from toolkit.app.assumptions import grade_step, licence_delay, metal_contents, value_added_tax
from toolkit.app.context import Context
from toolkit.app.data.unused import unused_remarks
from toolkit.app.holdings.bids import own_bids, with_own_spreads
from toolkit.app.holdings.lots import read_lots
from toolkit.app.holdings.names import LotNames, instruments_of
from toolkit.app.holdings.valuation import ANNUAL, unit_prices, with_dealer_spreads, with_own_prices
from toolkit.app.holdings.warnings import exposure_remarks, grade_remarks, of_clients
from toolkit.app.prices import NAME_METAL, OwnPrices, PriceFiles, of_no_product, read_own, with_stored
from toolkit.controls.changes import change_ahead
from toolkit.controls.events import CIVIL
from toolkit.controls.ledger import CHINA
from toolkit.controls.state import piece_of
from toolkit.controls.upcoming import upcoming
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError, GapError
from toolkit.core.messages import few, message, phrases
from toolkit.core.remarks import Remark, by_money, in_record, note
from toolkit.holdings.clients import by_client
from toolkit.holdings.cover import LicenceDelay as Delay
from toolkit.holdings.exposure import (
    MAY_NOT_RETURN,
    LotExposure,
    PortfolioExposure,
    industries,
    lot_exposures,
)
from toolkit.holdings.instruments import instruments, out_of_scope
from toolkit.holdings.price_slips import price_doubts, price_warnings
from toolkit.holdings.purchases import gaps, purchases, without_rate
from toolkit.holdings.unit_price import UnitPrice, lot_price
from toolkit.market.exchange_rates import rates_used
from toolkit.market.market import Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.holdings.lots import Holdings
from toolkit.market.readers.tabular import Table
from toolkit.records.exposure import ExposureAnswer, ExposureConcentration
from toolkit.records.sources import Rate
from toolkit.returns.price_errors import PriceErrors, error_of_sum
from toolkit.supply.concentration import country_exposure, newest_shares, scored_supplies

AHEAD_DAYS = 400
"""Days ahead in the calendar of holdings."""
CHANGE = ("date", "metal", "what", "standing")


@dataclass(frozen=True, slots=True)
class ExposureRequest:
    """A request for the exposure of holdings.

    Attributes:
        holdings: File of lots, or cells of a frame.
        context: Settings, day, and market as known on it.
        prices: The user's own; None for the bundled prices alone.
        loss, elasticity, cap: Of a stop of exports, as of `toolkit.app.topics.Ask`.
        metal: Key of the one metal whose lots are meant; None for all.
        client: Whose lots are meant, where the file has a column of clients; None for all.
        end_user: Of lots that name none.
    """

    holdings: str | Table
    context: Context
    prices: PriceFiles | None = None
    loss: float | None = None
    elasticity: str | None = None
    cap: float | None = None
    metal: str | None = None
    client: str | None = None
    end_user: str = CIVIL


def _read(request: ExposureRequest, instruments: set[str]) -> Holdings:
    """The lots of the file that are meant; `DataError` where there is none of the metal asked for."""
    context = request.context
    holdings = read_lots(
        request.holdings,
        context.ledger,
        context.products,
        context.as_of,
        instruments=instruments,
        client=request.client,
        layout=context.layout,
        rule=context.settings.config.owner.holding_rule,
    )
    if request.metal is None:
        return holdings
    frame = holdings.frame.filter(pl.col("asset") == request.metal)
    if not frame.height:
        raise DataError("no lot of {metal} is in {holdings}.", metal=request.metal, holdings=holdings.name)
    return replace(holdings, frame=frame)


def expose(request: ExposureRequest) -> ExposureAnswer:
    """The exposure of a holdings file for the owner's country.

    Raises:
        SpecError: for an option that cannot be used.
        DataError, FrameError, GapError: for bad input, with file, rows and remedy.
    """
    context = request.context
    owner, as_of = context.settings.config.owner, context.as_of
    currency, destination, snapshot = owner.currency, owner.country, context.snapshot
    prices, own, remarks = snapshot["prices"], None, list[Remark]()
    if (files := with_stored(request.prices, context)) is not None:
        own = read_own(files, snapshot, LotNames(context.ledger, context.products), currency)
        prices = own.over(prices)
    listed = {*instruments_of(None if own is None else own.frame, context.ledger), *context.listed}
    holdings = _read(request, listed)
    if own is not None:
        known = {*context.products.keys, *snapshot["prices"]["asset"], *holdings.frame["asset"]}
        remarks += _of_own(own, own.assets if request.prices is None else known)
    bids = own_bids(context, request.prices)
    lots = with_dealer_spreads(holdings.frame.filter(pl.col("mass").is_not_null()), own, context.products)
    lots, remarks = with_own_spreads(lots, bids), [*remarks, *bids.remarks]
    shares = holdings.frame.filter(pl.col("mass").is_null())
    if own is not None:
        priced = {*prices["asset"], *own.quotes["asset"], *own.goods["asset"]}
        for held in (lots, shares):
            own.check_currency(priced & {*held["asset"]})
    prices = pl.concat([prices, context.quoted({*shares["asset"]} - {*prices["asset"]})])
    errors = PriceErrors.on(snapshot, PriceSeries.of(prices))
    bundled = unit_prices(snapshot, prices, _products(context, lots), currency, context.level_paths, errors)
    levels, read = (*bundled.values(),), tuple[str, ...]()
    if own is not None:
        levels, told = with_own_prices(bundled, own, context.products, snapshot["fx"], currency, errors)
        read = (*own.sentences, *told)
    step, contents = grade_step(snapshot), metal_contents(snapshot)
    found = lot_exposures(
        lots, levels, context.ledger, on=as_of, destination=destination, end_user=request.end_user, contents=contents,
        grade_step=step,
    )  # fmt: skip
    portfolio = PortfolioExposure.of(found)
    levels = _of_valued(levels, found)
    held = [asset for asset in context.products if asset.key in portfolio.weights]
    supplies = scored_supplies(held, snapshot["shares"], snapshot["shares_elsewhere"])
    delay, without_delay = _licence_delay(snapshot)
    data = snapshot.provenance(_used(snapshot, prices, levels, supplies, {currency, *lots["currency"].drop_nulls()}))
    listed_lots = instruments(shares, prices, snapshot["fx"], currency)
    read = (*without_delay, *context.notes, *read, *holdings.notes, *gaps(holdings.frame))
    reading = (*read, *out_of_scope(listed_lots, currency))
    doubts = price_doubts(lots, prices, snapshot, context.products, unit=holdings.price_unit)
    bought = purchases(lots, snapshot["fx"], currency, doubts)
    worth = {key: weight * portfolio.value for key, weight in portfolio.weights.items()}
    remarks = [
        *_may_not_return(portfolio),
        *of_clients(holdings.frame["client"]),
        *exposure_remarks(portfolio, levels, context.ledger, as_of),
        *(remark for remark in late(data, {}) if remark.kind == "law"),  # the age of prices is told by metal
        *grade_remarks(((lot.lot_id, lot.priced_as, lot.nines, lot.value) for lot in found), step, currency),
        *without_rate(bought),
        *unused_remarks(context, portfolio.weights),
        *price_warnings(doubts, {lot.lot_id: (lot.asset, lot.value) for lot in found}),
        *remarks,
    ]
    told, changes = by_money((*remarks, *map(note, reading)), worth), _changes(context, portfolio, as_of)
    supplied = country_exposure(portfolio.weights, supplies)
    return ExposureAnswer.from_objects(
        portfolio,
        schema_version=3,
        as_of=as_of,
        currency=currency,
        destination=destination,
        end_user=request.end_user,
        movements=holdings.movements,
        purchases=bought,
        owed=round(sum(purchase.owed for purchase in bought), 2),
        value_se=error_of_sum(((lot.asset, lot.value_se or 0.0) for lot in portfolio.held), errors.correlation),
        held=portfolio.whole,
        open_at_risk=portfolio.open_orders,
        resale_unknown_origin=portfolio.resale_unknown,
        clients=by_client(portfolio),
        bids=bids.seen,
        ledger=context.ledger,
        prices=[*levels],
        rates=_rates(levels, currency),
        concentration=ExposureConcentration.from_objects(
            supplied, country=supplied.as_mapping(), supplies=[*supplies.values()]
        ),
        industries=dict(zip(("sectors", "without_uses"), industries(portfolio.weights, snapshot["end_uses"]), strict=True)),
        licence_delay=delay,
        vat=value_added_tax(snapshot, destination),
        next_changes=[dict(zip(CHANGE, row, strict=True)) for row in changes],
        own_events=context.own,
        instruments=listed_lots,
        reading=reading,
        **in_record(told),
        data=data,
        phrases=phrases((*(words for one in told for words in (one.text, one.remedy)), *(what for _, _, what, _ in changes))),
    )


def _rates(levels: Iterable[UnitPrice], currency: str) -> tuple[Rate, ...]:
    """The exchange rates of prices in another currency, each once."""
    used = {level.quoted_currency: level for level in levels if level.rate_date is not None}
    return tuple(
        Rate.model_validate({"base": base, "quote": currency, "rate": level.price / level.quoted, "date": level.rate_date})
        for base, level in sorted(used.items())
    )


def _products(context: Context, lots: pl.DataFrame) -> tuple[Asset, ...]:
    held = {*lots["asset"]}
    return tuple(asset for asset in context.products if asset.key in held)


def _of_own(own: OwnPrices, known: Collection[str]) -> Iterator[Remark]:
    """How own prices were read, with a warning of those that are of nothing known or held."""
    if own.assets:
        yield note(message("Own prices for {assets}.", assets=list(own.assets)))
    yield from (Remark("data", text, NAME_METAL) for text in of_no_product(own.assets, (*known, *own.apart)))
    yield from (*own.notes, *own.gaps, *(remark for remark in own.reading if remark.is_warning))


def _licence_delay(snapshot: Snapshot) -> tuple[Delay | None, tuple[str, ...]]:
    """How long a licence takes, and a note in its place on a day when that was not known yet."""
    try:
        return licence_delay(snapshot), ()
    except GapError as error:
        return None, (error.message,)


def _of_valued(levels: Collection[UnitPrice], lots: Iterable[LotExposure]) -> tuple[UnitPrice, ...]:
    """Prices of the lots with a value; a product held in another form or grade alone has none."""
    used = (lot_price(levels, *good) for good in {(lot.asset, lot.form, lot.purity) for lot in lots})
    valued = {one.price for one in used if one is not None}
    return tuple(level for level in levels if level in valued)


def _may_not_return(portfolio: PortfolioExposure) -> Iterator[Remark]:
    """The warning of lots that are lent, pledged or seized, which no figure of export controls tells of."""
    if risky := [lot for lot in portfolio.lots if lot.delivery == MAY_NOT_RETURN]:
        worth, names = portfolio.may_not_return.value, few([lot.lot_id for lot in risky], of=len(portfolio.lots))
        text = message("By your own word it may not come back, whatever an export control does: {lots}.", lots=names)
        remedy = message("Do not count on it; what an export control can stop is another figure.")
        yield Remark("answer", text, remedy, tuple({lot.asset: None for lot in risky}), worth, comes_first=True)


def _used(
    snapshot: Snapshot, prices: pl.DataFrame, levels: Collection[UnitPrice], supplies: Collection[str], paid: Collection[str]
) -> dict[str, pl.DataFrame]:
    """The rows that an exposure rests on, by table; `paid` are the currencies of reporting and of purchases."""
    tables = ("controls", "control_scopes", "products", "end_uses", "assumptions", "compounds")
    yearly = {level.asset: level.source for level in levels if level.kind == ANNUAL}
    quoted = {level.asset: level.in_europe.basis for level in levels if level.in_europe is not None}
    used_years = pl.DataFrame([*yearly.items()], schema={"asset": pl.String, "source": pl.String}, orient="row")
    points = pl.DataFrame([*quoted.items()], schema={"asset": pl.String, "basis": pl.String}, orient="row")
    return {
        "prices": prices.filter(pl.col("asset").is_in([*{level.asset for level in levels} - yearly.keys()])),
        "prices_annual": snapshot["prices_annual"].join(used_years, on=["asset", "source"], how="semi"),
        "price_points": snapshot["price_points"].join(points, on=["asset", "basis"], how="semi"),
        "fx": rates_used(snapshot["fx"], {*prices["currency"], *paid}),
        "shares": newest_shares(snapshot["shares"]).filter(pl.col("asset").is_in([*supplies])),
        **{name: snapshot[name] for name in tables},
    }


def _changes(context: Context, portfolio: PortfolioExposure, as_of: date) -> tuple[tuple[date, str, str, str], ...]:
    """(date, metal, what, standing) of the dated changes ahead for what is held, each once: on every route, for resale too."""
    ledger, rows = context.ledger, set[tuple[date, str, str, str]]()
    found = upcoming(ledger, on=as_of, within_days=AHEAD_DAYS)
    ahead = [ledger[row["event_id"]] for row in found if (row["status"], row["kind"]) == ("ahead", "control")]
    for asset, form, origin, purity, size, to, user in {
        (lot.asset, lot.form, lot.export_from, lot.purity, lot.size, lot.destination, lot.end_user) for lot in portfolio.lots
    }:
        piece = piece_of(purity, size)
        state = ledger.state(asset, form, on=as_of, destination=to, end_user=user, origin=origin, **piece)
        changes = [*state.next_changes]
        for event in ahead:
            reached = asset in event.metals and (event.origin != CHINA or origin == CHINA)
            if reached and (event.coverage == "none" or ledger.certainty(event, asset, form, on=as_of, **piece)):
                changes += filter(None, (change_ahead(ledger.chronology, event, as_of),))
        rows |= {(change.date, asset, change.what, change.standing) for change in changes}
    return tuple(sorted(rows))
