"""Warnings about lots: of their prices, origins, purity and the law on them, each with the money that it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from toolkit.app.allocation.holdings import Held, in_words
from toolkit.app.holdings.valuation import FILTERED, KINDS
from toolkit.controls.coverage import MODELLED, PARTIAL, POINTER, export_law, uncovered_note
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Universe
from toolkit.core.countries import CUSTOMS_CHINA
from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.core.messages import few, message
from toolkit.core.remarks import Remark, note
from toolkit.holdings.clients import summed
from toolkit.holdings.exposure import PLANS, STORED_AT_ORIGIN, STORED_UNPLACED, LotExposure, PortfolioExposure
from toolkit.holdings.unit_price import STALE_PRICE_DAYS, UnitPrice


def exposure_remarks(
    portfolio: PortfolioExposure, levels: Collection[UnitPrice], ledger: ControlLedger, as_of: date
) -> list[Remark]:
    """Warnings of old and missing prices, of origins that are not known, and of law that is not in the ledger or not settled.

    Args:
        portfolio: The lots.
        levels: Their prices.
        ledger: Of controls.
        as_of: The day.
    """

    def worth(lots: Iterable[LotExposure]) -> float:
        return sum(lot.value or 0.0 for lot in lots if lot.delivery not in PLANS)

    stale = (level for level in levels if (as_of - level.date).days > STALE_PRICE_DAYS)
    old = by_key(((level.kind, level.date, level.basis), level.asset) for level in stale)
    found = [
        Remark(
            "data",
            message(
                "{assets}: valued at the {kind} of {day:%Y-%m-%d} ({basis}), {age} days old.",
                assets=assets,
                kind=KINDS[kind],
                day=day,
                basis=basis.replace("_", " "),
                age=(as_of - day).days,
            ),
            message("Ask a dealer for a price, and bring it with --prices."),
            tuple(dict.fromkeys(assets)),
        )
        for (kind, day, basis), assets in old.items()
    ]
    found += [one for level in levels if level.in_europe is not None for one in level.in_europe.remark(level.asset)]
    if portfolio.unpriced:
        text = message("No price is known for the form of {lots}: in no total.", lots=few(list(portfolio.unpriced)))
        found.append(
            Remark(
                "data",
                text,
                message("Bring one with --prices, its name with the form, as Terbium metal."),
                tuple(portfolio.unpriced),
            )
        )
    if any(level.kind == FILTERED for level in levels):
        words = message(
            "Prices of customs unit values are estimated from noisy observations, with their standard errors; no bids."
        )
        found.append(note(words))
    if assumed := [lot for lot in portfolio.lots if lot.assumed_origin]:
        text = message(
            "Origin unknown, taken as the controlling country: {lots}.",
            lots=few([lot.lot_id for lot in assumed], of=len(portfolio.lots)),
        )
        found.append(Remark("data", text, message("Write it in the column origin_country."), money=worth(assumed)))
    places = {
        lot.lot_id: {
            country
            for country in (lot.export_from, lot.place)
            if country and export_law(country) != export_law(lot.destination)
        }
        for lot in portfolio.lots
    }
    coverage = {country: ledger.coverage(country, on=as_of) for country in sorted(set().union(*places.values()))}
    if open_ones := {country for country, found in coverage.items() if found != MODELLED}:
        elsewhere = [lot for lot in portfolio.lots if places[lot.lot_id] & open_ones]
        partial = sorted({export_law(country) for country in open_ones if coverage[country] == PARTIAL})
        text = uncovered_note(partial, [country for country in coverage if coverage[country] == POINTER])
        found.append(Remark("law", text, message("Check the export law there before you rely on it."), money=worth(elsewhere)))
    if unplaced := [lot for lot in portfolio.lots if lot.delivery == STORED_UNPLACED]:
        text = message(
            "Stored at a place that is not named or not understood: {lots}. Whether it can still be stopped is unknown, so "
            "what of it is under control counts as at risk.",
            lots=few([lot.lot_id for lot in unplaced], of=len(portfolio.lots)),
        )
        found.append(Remark("data", text, message("Write city and country of the warehouse."), money=worth(unplaced)))
    if any(lot.delivery == STORED_AT_ORIGIN and lot.place in CUSTOMS_CHINA - {CHINA} for lot in portfolio.lots):
        found.append(note(message("Hong Kong and Macau count as China: metal there is not outside it.")))
    if uncertain := [lot for lot in portfolio.lots if lot.uncertain]:
        text = message(
            "Controlled only in part of the form (by size, purity or use), counted as controlled: {lots}.",
            lots=few([lot.lot_id for lot in uncertain], of=len(portfolio.lots)),
        )
        remedy = message("See {command}, and have the goods classified.", command=f"`toolkit controls {uncertain[0].asset}`")
        found.append(Remark("law", text, remedy, money=worth(uncertain)))
    return found


def held_remarks(
    held: Held, universe: Universe, prices: FloatArray, short: tuple[str, ...], currency: str, step: float
) -> Iterator[Remark]:
    """What is told of holdings that a run starts from: what cannot be sold, and what has no price or none that is meant for it.

    Args:
        held: The holdings.
        universe: The n assets of the run.
        prices: (n,) of a unit in the reporting currency.
        short: Keys of what is held with too few prices.
        currency: The reporting currency.
        step: As of `grade_remarks`.
    """
    counted = [lot for lot in held.lots if lot.asset in universe]
    if ordered := sorted({lot.asset for lot in counted if lot.arriving}):
        text = message(
            "Orders and lots in transit of {assets} count as held, in limits and in value. They cannot be sold before they "
            "arrive.",
            assets=ordered,
        )
        yield note(text)
    if stopped := [lot.why_kept() for lot in counted if lot.obstacle is not None]:
        yield note(message("Not sold, and counted as held in limits and in value: {lots:; }.", lots=stopped))
    if unpriced := tuple(sorted(key for key in held.units if key not in universe and key not in short)):
        text = message(
            "Held without a price here, kept, and counted in no limit and no amount: {assets}.",
            assets=[*map(in_words, unpriced)],
        )
        remedy = message("Bring a series of the traded form with --prices; `toolkit exposure` values other forms, too.")
        yield Remark("data", text, remedy, unpriced)
    if held.read is not None:
        yield from of_clients(held.read.frame["client"])
        priced = dict(zip(universe.keys, prices.tolist(), strict=True))
        worth = {lot.lot_id: lot.quantity * priced[lot.asset] for lot in held.lots if lot.asset in priced}
        grades = held.read.other_grade
        usual = {lot.lot_id: universe[lot.asset].purity for lot in counted if lot.lot_id in grades}
        rows = ((lot, purity, grades[lot], worth.get(lot)) for lot, purity in usual.items())
        yield from grade_remarks(rows, step, currency)
    if short:
        left = tuple(sorted(short))
        text = message(
            "Held with too few prices to tell its risk, kept, and counted in no limit and no amount: {assets}.", assets=left
        )
        yield Remark("data", text, message("Bring a longer series with --prices."), left)


def of_clients(clients: Iterable[str | None]) -> Iterator[Remark]:
    """A warning that every figure is of the lots of several clients; none where they are of one."""
    for text in summed(clients):
        yield Remark("data", text, message("Limits, orders and tax are a client's own."), comes_first=True)


def grade_remarks(lots: Iterable[tuple[str, str | None, int, float | None]], step: float, currency: str) -> Iterator[Remark]:
    """A warning for lots that are valued at the price of another grade, by that grade and how far off it may be.

    Args:
        lots: Id, purity that the price is for, nines by which the lot is purer, and value at that price; 0 nines are none.
        step: As of `toolkit.holdings.unit_price.LotPrice.standard_error`.
        currency: The reporting currency.
    """
    grades = by_key(((purity, nines), (lot, value)) for lot, purity, nines, value in lots if nines and value is not None)
    for (purity, nines), rows in grades.items():
        words = {
            "purity": purity or "", "lots": few([lot for lot, _ in rows]), "error": step * abs(nines), "currency": currency,
            "value": (value := sum(value for _, value in rows)),
        }  # fmt: skip
        text = (
            message(
                "The price is that of a purity of {purity}, and that of {lots} is higher: {value:,.2f} {currency} +/- "
                "{error:.0%}, and rather more than less.",
                **words,
            )
            if nines > 0
            else message(
                "The price is that of a purity of {purity}, and that of {lots} is lower: {value:,.2f} {currency} +/- "
                "{error:.0%}, and rather less than more.",
                **words,
            )
        )
        yield Remark("data", text, message("Ask a dealer for a price of that grade, and bring it with --prices."), money=value)
