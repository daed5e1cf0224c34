"""Exit from holdings: spread, storage and days of a sale, the rise that pays for them, and holding periods of lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.app.assumptions import find_assumption
from toolkit.app.topics.part import Ask, part
from toolkit.core.assets import Asset, Universe
from toolkit.core.countries import fold
from toolkit.core.grouping import by_key
from toolkit.core.limits import HELD
from toolkit.core.messages import Message, message
from toolkit.holdings.exit import FEWEST, RUNGS, WINDOW_DAYS, BidsSeen, Days, ExitTerms, steps, within
from toolkit.holdings.exposure import LICENCE, MAY_NOT_RETURN, PLACE, PLANS, LotExposure
from toolkit.holdings.holding_period import HoldingRule, holding_rule, tax_law
from toolkit.holdings.purchases import Purchase
from toolkit.holdings.traceability import KNOWN, UNKNOWN
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.records.exit import (
    HORIZONS,
    Exit,
    ExitAmounts,
    GoodLadder,
    Lack,
    Ladder,
    LotSale,
    OpenOrders,
    ProductExit,
    Rung,
    Tax,
    TaxLot,
)
from toolkit.records.exposure import Exposure
from toolkit.records.run import Run
from toolkit.records.subjects import Holdings

YEARS_OF_STORAGE = 3.0
"""Years of storage where no strategy says how long it holds."""
SOON_DAYS = 90
ASSUMED, PUBLISHED_FEE, GIVEN, MIXED, BIDS = "assumption", "published_fee", "given", "mixed", "bids"
"""What spread and storage rest on: dealer terms of the package, a published storage fee beside an assumed spread, the user's
file, both, or own bids."""
FREE, SOON, LATER = "free", "soon", "later"


@dataclass(frozen=True, slots=True)
class Stake:
    """A value that can be sold, with the terms that hold for it.

    Attributes:
        entry: Paid beyond the value to come into it today; 0 for what is held already.
        spread: Round trip; `storage` a year; both fractions of the value.
        terms: One of ASSUMED, PUBLISHED_FEE, GIVEN, MIXED, BIDS, or as the product file says.
        lot: That it is; None of a proposal.
    """

    asset: Asset
    value: float
    entry: float
    spread: float
    storage: float
    terms: str
    vat: str | None = None
    lot: LotExposure | None = None


@part("exit")
def exit_(ask: Ask) -> Exit | None:
    """The exit of a proposal or of lots; None for a subject that holds nothing which could be sold."""
    exposure = ask.record.exposure if isinstance(ask.record, Holdings) else None
    run = ask.record if isinstance(ask.record, Run) else None
    stakes = list(_of_lots(exposure, ask.context.products) if exposure else _of_run(run) if run else ())
    stopped = [row for row in ask.lots if not _for_sale(row)]
    tax = None if exposure is None else _tax(exposure, ask)
    if not stakes and not (tax and tax.lots) and not ask.lots:
        return None
    years = run.costs.holding_years if run else YEARS_OF_STORAGE
    assets = dict.fromkeys(stake.asset.key for stake in stakes)
    products = [_product([stake for stake in stakes if stake.asset.key == key], years, ask) for key in assets]
    used = ask.context.snapshot["assumptions"]
    return Exit(
        of="proposal" if exposure is None else "lots",
        years=years,
        horizons=HORIZONS,
        products=tuple(sorted(products, key=lambda row: (-row.value, row.asset))),
        total=ExitAmounts(**_amounts(stakes, years)),
        open=OpenOrders(lots=len(stopped), value=sum(row.value or 0.0 for row in stopped)),
        unpriced=tuple(row.lot_id for row in ask.lots if row.value is None and _for_sale(row)),
        tax=tax,
        ladder=None if exposure is None else _ladder(exposure, stakes, ask),
        assumptions=dict(
            _assumptions(stakes, tax, _rule(ask), of_run=run is not None, has_days=any(row.days for row in products))
        ),
        data=ask.provenance(assumptions=used.filter(used["name"] == "exit_days")),
    )


def _for_sale(lot: LotExposure) -> bool:
    """Whether a lot of an exposure can be sold today."""
    return not lot.nines and lot.obstacle is None


def _of_run(run: Run) -> Iterator[Stake]:
    """Positions of a proposal, at the terms the run was made with."""
    terms = {row.asset: row for row in run.assets}
    for row in run.positions:
        if row.weight <= HELD or row.asset not in terms:
            continue
        known = terms[row.asset]
        asset = Asset(key=row.asset, name=row.name, element=row.element, group=row.group)
        bought = row.weight > row.previous_weight
        yield Stake(asset, row.value, row.cost if bought else 0.0, known.spread, known.storage, known.terms)


def _of_lots(exposure: Exposure, products: Universe) -> Iterator[Stake]:
    """Lots that are for sale and have a price, at the terms of the file where it gives them."""
    known = {asset.key: asset for asset in products}
    own_bids = {(one.asset, one.form) for one in exposure.bids if one.spread is not None}
    for lot, bought in zip(exposure.lots, exposure.purchases, strict=True):
        asset = known.get(lot.asset)
        if lot.value is None or not _for_sale(lot) or asset is None:
            continue
        spread, storage = bought.spread, bought.storage
        own = (spread is not None) + (storage is not None)
        yield Stake(
            asset,
            lot.value,
            entry=0.0,
            spread=asset.spread if spread is None else spread,
            storage=asset.storage if storage is None else storage,
            terms=BIDS if (lot.asset, lot.form) in own_bids else GIVEN if own == 2 else MIXED if own else asset.terms,
            vat=bought.vat_state,
            lot=lot,
        )


def _amounts(stakes: Sequence[Stake], years: float) -> dict[str, Any]:
    """Fields of `ExitAmounts`: stakes added up, and the rise that all of them need."""
    value, entry = sum(stake.value for stake in stakes), sum(stake.entry for stake in stakes)
    sale = sum(stake.value * stake.spread / 2 for stake in stakes)
    storage = sum(stake.value * stake.storage for stake in stakes)
    rates = ExitTerms(entry / value, sale / value, storage / value) if value > 0 else None
    return {
        "value": value,
        "entry": entry,
        "sale": sale,
        "storage_paid": years * storage,
        "net_now": value - sale,
        "net": value - sale - years * storage,
        "rise": tuple(None if rates is None else rates.required_rise(horizon) for horizon in HORIZONS),
    }


def _product(stakes: Sequence[Stake], years: float, ask: Ask) -> ProductExit:
    """One product: rates weighted by value."""
    asset, amounts = stakes[0].asset, _amounts(stakes, years)
    value, kinds = amounts["value"], {stake.terms for stake in stakes}
    return ProductExit.from_objects(
        asset,
        asset=asset.key,
        lots=len(stakes),
        **amounts,
        spread=2 * amounts["sale"] / value if value > 0 else None,
        storage=amounts["storage_paid"] / years / value if value > 0 else None,
        terms=kinds.pop() if len(kinds) == 1 else MIXED,
        days=find_assumption(ask.context.snapshot, "exit_days", asset.group),
        vat=dict(Counter(stake.vat or "" for stake in stakes)),
    )


def _ladder(exposure: Exposure, stakes: Sequence[Stake], ask: Ask) -> Ladder:
    """What of lots could be money within some days, and what each lot lacks."""
    seen = {(one.asset, one.form): one for one in exposure.bids}
    by_good = by_key(((one.lot.asset, one.lot.form), one) for one in stakes if one.lot and one.value > 0)
    goods = [_good(own, seen.get(good), ask) for good, own in by_good.items()]
    for_sale = {one.lot.lot_id for one in stakes if one.lot}
    owned = [pair for pair in zip(exposure.lots, exposure.purchases, strict=True) if pair[0].delivery not in PLANS]
    lots = [
        LotSale.from_objects(
            lot, **dict(ask.named(lot.asset)), for_sale=lot.lot_id in for_sale, lacks=tuple(_lacks(lot, bought))
        )
        for lot, bought in owned
    ]
    waits = any(lack.what == LICENCE for lot in lots for lack in lot.lacks)
    return Ladder(
        goods=tuple(sorted(goods, key=lambda one: (-one.value, one.asset, one.form))),
        rungs=tuple(
            Rung(days=days, **{end: sum(getattr(one.rungs[at], end) for one in goods) for end in ("money", "low", "high")})
            for at, days in enumerate(RUNGS)
        ),
        later=sum(one.later for one in goods),
        licence=exposure.licence_delay if waits else None,
        lots=tuple(lots),
        window=WINDOW_DAYS,
        fewest=FEWEST,
    )


def _good(stakes: Sequence[Stake], seen: BidsSeen | None, ask: Ask) -> GoodLadder:
    """The lots of one metal in one form; the errors of their values are one error."""
    asset, lots = stakes[0].asset, [one.lot for one in stakes if one.lot]
    value, quantity = sum(one.value for one in stakes), sum(lot.mass for lot in lots)
    spread, terms = sum(one.value * one.spread for one in stakes) / value, {one.terms for one in stakes}
    row = find_assumption(ask.context.snapshot, "exit_days", asset.group)
    ends = (row.low, row.central, row.high) if row else (None, None, None)
    days = None if None in ends else Days(*(float(end or 0.0) for end in ends))
    found = steps(quantity, value, sum(lot.value_se or 0.0 for lot in lots), spread, days, seen)
    return GoodLadder.from_objects(
        asset,
        asset=asset.key,
        form=lots[0].form,
        lots=len(lots),
        quantity=quantity,
        value=value,
        spread=spread,
        terms=terms.pop() if len(terms) == 1 else MIXED,
        seen=seen,
        days=days,
        rungs=tuple(Rung.from_objects(within(found, rung), days=rung) for rung in RUNGS),
        later=sum(one.amount.money for one in found) - within(found, RUNGS[-1]).money,
    )


def _lacks(lot: LotExposure, bought: Purchase) -> Iterator[Lack]:
    """What a lot lacks to be sold: what stops it, then papers, title and custody."""
    file, papers = "file", lot.traceability
    if lot.obstacle is not None:
        what = {MAY_NOT_RETURN: "return", LICENCE: LICENCE, PLACE: PLACE}.get(lot.obstacle, "arrival")
        yield Lack(what=what, source=", ".join((*lot.measures, *lot.practice)) or file if what == LICENCE else file)
    if lot.value is None or lot.nines:
        yield Lack(what="price", source=file)
    if papers.certificate != KNOWN:
        yield Lack(what="certificate" if papers.certificate == UNKNOWN else "certificate_number", source=file)
    if papers.origin != KNOWN:
        yield Lack(what="origin" if papers.origin == UNKNOWN else "origin_paper", source=file)
    held = fold(bought.custody or "")
    kind = vocabulary().meanings["custody"].get(held, held)
    if kind in ("", "collective"):
        yield Lack(what="title" if kind else "custody", source=file)
    if kind == "bonded" or (bought.vat_state or "") == "customs_warehouse":
        yield Lack(what="customs", source=file)
    if bought.owed:
        yield Lack(what="payment", source=file)


def _rule(ask: Ask) -> HoldingRule | None:
    """The holding period of the owner."""
    owner = ask.record.owner
    return holding_rule(owner.country, owner.kind, owner.tax_free_after)


def _tax(exposure: Exposure, ask: Ask) -> Tax:
    """Holding period of every bought lot, where the owner has one; what has not arrived, or may not come back, has no gain."""
    owner, rule = ask.record.owner, _rule(ask)
    country = owner.country
    limit = find_assumption(ask.context.snapshot, "tax_exemption", country)
    lots, left_out = [], 0
    for lot, bought in zip(exposure.lots, exposure.purchases, strict=True):
        # A plan, or a purchase after the day of the report, has no holding period yet.
        if bought.bought is None or lot.delivery in PLANS or bought.bought > ask.as_of:
            left_out += 1
            continue
        free = rule and rule.free_from(bought.bought)
        days = free and (free - ask.as_of).days
        value, cost = (None, None) if bought.doubted or lot.nines else (lot.value, bought.cost)
        lots.append(
            TaxLot.from_objects(
                lot,
                bought,
                **dict(ask.named(lot.asset)),
                gain=None if value is None or cost is None or lot.status != "stored" else value - cost,
                free_from=free,
                days=None if days is None else max(days, 0),
                state=None if days is None else FREE if days <= 0 else SOON if days <= SOON_DAYS else LATER,
            )
        )
    return Tax(
        country=country,
        kind=owner.kind,
        by_law=rule is not None and rule.country is not None,
        years=rule and rule.years,
        law=tax_law(country, owner.kind),
        exemption=limit and limit.central,
        left_out=left_out,
        soon_days=SOON_DAYS,
        lots=tuple(sorted(lots, key=lambda lot: (lot.free_from or lot.bought, lot.lot_id))),
    )


def _span(values: set[float]) -> Message:
    """Smallest and largest of some fractions."""
    low, high = min(values), max(values)
    if low == high:
        return message("{rate:.1%}", rate=low)
    return message("{low:.1%} to {high:.1%}", low=low, high=high)


def _assumptions(
    stakes: list[Stake], tax: Tax | None, rule: HoldingRule | None, *, of_run: bool, has_days: bool
) -> Iterator[tuple[str, Message]]:
    """What the part takes as given; a run tells the terms of its dealer itself."""
    if not of_run:
        usual = [stake for stake in stakes if stake.terms in (ASSUMED, PUBLISHED_FEE, MIXED)]
        spreads = {stake.spread for stake in usual if stake.spread == stake.asset.spread}
        rates = {stake.storage for stake in usual if stake.storage == stake.asset.storage}
        if spreads:
            yield (
                "costs",
                message(
                    "Typical dealer terms where the file gives none: spread between buying and selling {rate}; half is lost at "
                    "each trade.",
                    rate=_span(spreads),
                ),
            )
        if rates:
            yield (
                "storage",
                message(
                    "Storage and insurance where the file gives none: {rate} a year of today’s value, for {years:.0f} years.",
                    rate=_span(rates), years=YEARS_OF_STORAGE,
                ),
            )  # fmt: skip
    if has_days:
        yield (
            "exit_days",
            message(
                "Days from the decision to sell to the money are the toolkit’s own, by group of metal; an offer to buy back is "
                "a promise, not a market."
            ),
        )
    if tax and tax.lots and rule:
        yield "tax", rule.note(tax.exemption)
