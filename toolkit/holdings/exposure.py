"""Export-control exposure of holdings, lot by lot.

Three statements are kept apart: metal that is stored outside the country of its origin and outside every controlling country
cannot be stopped by an export control; a delivery that is still open can; passing a lot on to certain users is restricted,
whatever its place. A control binds the goods that leave a country, whatever their origin: metal in China is under Chinese law.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import polars as pl

from toolkit.controls.coverage import NOT_COVERED, POINTER, export_law
from toolkit.controls.events import CIVIL, EUROPEAN_UNION
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import COUNTED, NOT_LISTED, REPORTED, Measure, Piece, piece_of
from toolkit.core.countries import UNKNOWN_ORIGIN, customs_area
from toolkit.core.grouping import by_key, sums_by_key
from toolkit.core.places import place
from toolkit.holdings.resale import (
    NO,
    ResaleAnswer,
    Restriction,
    laws_to_leave,
    resale_answer,
    resale_buyers,
    resale_restrictions,
)
from toolkit.holdings.traceability import Traceability, traceability
from toolkit.holdings.unit_price import UnitPrice, lot_price

STORED_SAFE, STORED_AT_ORIGIN, STORED_UNPLACED = "stored_safe", "stored_at_origin", "stored_place_unknown"
IN_TRANSIT = "in_transit"
MAY_NOT_RETURN = "may_not_return"
"""Delivery state of what is lent, pledged, seized or lost: no export control decides whether its owner has it again."""
ORDER_AT_RISK, ORDER_CLEAR, ORDER_UNKNOWN = "open_order_at_risk", "open_order_clear", "open_order_not_covered"
PLANNED_AT_RISK, PLANNED_CLEAR, PLANNED_UNKNOWN = "planned_at_risk", "planned_clear", "planned_not_covered"
STORED = (STORED_SAFE, STORED_AT_ORIGIN, STORED_UNPLACED)
PLANS = (PLANNED_AT_RISK, PLANNED_CLEAR, PLANNED_UNKNOWN)
ORDERS = (ORDER_AT_RISK, ORDER_CLEAR, ORDER_UNKNOWN)
DELIVERIES = (*STORED, IN_TRANSIT, *ORDERS, MAY_NOT_RETURN)
"""Delivery states of lots that are owned or ordered: each lot is in exactly one, so that their totals add up. A planned lot is
not owned: it is in one of `PLANS` and in no total of holdings. An order is clear where nothing is in force on it and the export
law of its origin is modelled in the ledger; where that law is not, it is not covered."""

LICENCE, PLACE = "licence", "place"
METALLIC = ("metal", "metal powder")
"""Forms that are the metal, whose impurities are not deducted."""


@dataclass(frozen=True, slots=True)
class BuyerAnswer:
    """Whether a lot may be passed on to a buyer, see `toolkit.holdings.resale.ResaleAnswer`, and by which notices.

    Attributes:
        destination: ISO-3 code of the country of the buyer.
        end_user: civil, military or listed.
        answer: yes, no, permit, licence, suspended, unsettled or not_covered.
        measures: Numbers of the measures behind it.
        not_in_ledger: ISO-3 codes of countries, or EU, whose export law is not modelled in the ledger.
        licence_to_leave: Whether it needs a licence to leave where it lies.
        export_bans: Numbers of the bans on its export.
    """

    destination: str
    end_user: str
    answer: str
    measures: tuple[str, ...]
    not_in_ledger: tuple[str, ...]
    licence_to_leave: bool
    export_bans: tuple[str, ...]

    @property
    def singled_out(self) -> bool:
        """Whether a measure forbids this buyer, beyond a ban of exports that no buyer escapes while the lot has not left."""
        return self.answer == NO and bool(set(self.measures) - set(self.export_bans))

    @classmethod
    def of(cls, found: ResaleAnswer) -> BuyerAnswer:
        """The summary of a resale answer."""
        acts, bans = (
            tuple(dict.fromkeys(m.number or m.authority for m in measures)) for measures in (found.measures, found.export_bans)
        )
        return cls(found.destination, found.end_user, found.answer, acts, found.not_in_ledger, found.licence_to_leave, bans)


@dataclass(frozen=True, slots=True)
class LotExposure:
    """One lot and its exposure to export controls.

    Attributes:
        size: Of one piece, as `PieceSize` writes it.
        mass: kg.
        metal: kg of the metal in it; None where its form is no one compound, as an alloy or an ore.
        value: In the reporting currency at today's price level; None where no price of this form is known.
        origin: ISO-3 or ``unknown``.
        assumed_origin: The origin is unknown and the controlling country was assumed, on the safe side.
        export_from: ISO-3 code of the country whose controls are asked about: the controlling country for a lot that lies in
            its customs area, comes from there or is of unknown origin; else the origin.
        location: The storage place as the file names it.
        destination: ISO-3 code of the country that it goes to, or is used in.
        end_user: Who uses it there: civil, military or listed.
        headline: State of the form for this destination and end user, as in `ControlState`.
        coverage: How far the export law of where it is exported from is in the ledger: modelled, partial or pointer.
        controlled: A licence or ban is in force on the form for this route; law only.
        uncertain: No notice settles the form; it counts as controlled.
        unconfirmed: The headline rests on the end of a suspension after the last reviewed day; it counts as controlled.
        measures: Numbers of the measures that make it controlled, and of export quotas in force.
        practice: Instruments that are only reported (a de-facto stop); never law.
        delivery: One of `DELIVERIES` or `PLANS`.
        resale: Buyers to whom the lot may not be passed on; of one that is `supposed`, those that would be.
        answers: Whether it may be passed on, buyer by buyer: what the report shows too.
        elsewhere: Measures on the form by the law of where it lies, if not `export_from`, each with what was checked of it.
        market_controlled: The form is controlled in the controlling country, wherever this lot is from: its replacement is.
        value_se: Standard error of `value`, that of a price of another grade included.
        priced_as: Purity that the price is for, where the lot is of another grade; None where it is of that one.
        nines: By which the lot is purer than that, negative where it is less pure: `value` is no more than a bound.
        lot_id: Id in the holdings file.
        asset: Key of the metal.
        form: Form that it is held in.
        purity: As the file says.
        status: stored, in_transit, ordered, planned or at_risk.
        place: ISO-3 code of the country of `location`; None where it is not understood.
        traceability: What of it can be shown.
        client: Whose it is, as the file says.
    """

    lot_id: str
    asset: str
    form: str
    purity: str | None
    size: str | None
    status: str
    mass: float
    metal: float | None
    value: float | None
    origin: str
    assumed_origin: bool
    export_from: str
    location: str | None
    place: str | None
    destination: str
    end_user: str
    headline: str
    coverage: str
    controlled: bool
    uncertain: bool
    unconfirmed: bool
    measures: tuple[str, ...]
    practice: tuple[str, ...]
    delivery: str
    resale: tuple[Restriction, ...]
    answers: tuple[BuyerAnswer, ...]
    elsewhere: tuple[tuple[str, str], ...]
    market_controlled: bool
    traceability: Traceability
    value_se: float | None = None
    priced_as: str | None = None
    nines: int = 0
    client: str | None = None

    @property
    def piece(self) -> Piece:
        """What is known of a piece of it."""
        return piece_of(self.purity, self.size)

    @property
    def supposed(self) -> bool:
        """Whether its law rests on an origin that was assumed: where it lies in the controlling country it does not."""
        return self.assumed_origin and self.place not in customs_area(self.export_from)

    @property
    def obstacle(self) -> str | None:
        """The obstacle to a sale today, None where there is none; all commands use this rule.

        LICENCE: a licence, a ban or an export quota is in force on it, or a stop in practice reported, where it is exported
        from; PLACE: that may be, for its place is not known; else the delivery state of a lot that has not arrived, or may not
        come back.
        """
        if self.delivery not in STORED:
            return self.delivery
        threatened = self.measures or self.practice
        return {STORED_AT_ORIGIN: LICENCE, STORED_UNPLACED: PLACE}.get(self.delivery) if threatened else None

    @property
    def not_covered(self) -> bool:
        """Whether nothing is known to stop it, by an export law that is not, or only in part, in the ledger."""
        return self.headline == NOT_COVERED and self.delivery not in (STORED_SAFE, MAY_NOT_RETURN)

    @property
    def withheld(self) -> bool:
        """Whether a measure forbids that it goes where it is to be used: it covers no use there."""
        route = (self.destination, self.end_user)
        return any((one.destination, one.end_user) == route and one.singled_out for one in self.answers)

    @property
    def barred(self) -> bool:
        """Whether a buyer is singled out to whom the lot may not be passed on; what is not settled bars none."""
        return any(one.singled_out for one in self.answers)


@dataclass(frozen=True, slots=True)
class Total:
    """Lots that share a state: how many, their value, and the fraction of the value of all lots with a price.

    Attributes:
        name: Which lots.
        lots: How many.
        value: Of those with a price.
        share: Fraction of the value of all that is owned or ordered.
        unpriced: How many of the lots have no price, and are in no value.
    """

    name: str
    lots: int
    value: float
    share: float
    unpriced: int


def is_out(delivery: str, export_from: str) -> bool:
    """Whether a lot can be sold when the exports of China stop: it is stored in, or exported from, another country."""
    return delivery == STORED_SAFE or (delivery in (*STORED, IN_TRANSIT) and export_from != CHINA)


def _delivery(status: str, country: str | None, origin: str, *, at_risk: bool, covered: bool) -> str:
    """Delivery state of a lot in `country`, None where its place is not known, under the controls of `origin`."""
    at = 0 if at_risk else 1 if covered else 2
    match status:
        case "stored" if country is None:  # only a known place can be outside
            return STORED_UNPLACED
        case "stored":
            return STORED_AT_ORIGIN if country in customs_area(origin) else STORED_SAFE
        case "in_transit":
            return IN_TRANSIT
        case "ordered":
            return ORDERS[at]
        case "at_risk":
            return MAY_NOT_RETURN
        case _:
            return PLANS[at]


def _is_export_quota(measure: Measure) -> bool:
    """Whether a measure lets out no more than a quantity: it is no licence, and what is ordered can stay behind."""
    return measure.is_law and measure.instrument == "quota" and measure.status in COUNTED and not measure.conditional


def lot_exposures(
    lots: pl.DataFrame,
    prices: Sequence[UnitPrice],
    ledger: ControlLedger,
    *,
    on: date,
    destination: str,
    end_user: str = CIVIL,
    contents: Mapping[tuple[str, str], float] = MappingProxyType({}),
    grade_step: float = 0.0,
) -> tuple[LotExposure, ...]:
    """The exposure of every lot, in the order of the frame.

    A lot is at risk when a licence, a ban or an export quota is in force on its form where it is exported from, or a stop in
    practice is reported for it. China is the origin that is assumed where a lot's own is unknown, and its controls threaten
    replacement and whatever lies in its customs area.

    Args:
        lots: Columns of the holdings contract: lot_id, asset, form, purity, size, status, mass (kg), origin_country,
            location, certificate, destination, end_user, client.
        prices: Of one kg in the reporting currency, by form and grade.
        ledger: The control ledger.
        on: Day of the question.
        destination: ISO-3 code of the country that lots go to which do not say where.
        end_user: Who uses lots that do not say who.
        contents: (asset, form) -> fraction of the mass of a compound that is the metal.
        grade_step: As of `toolkit.holdings.unit_price.LotPrice.standard_error`.
    """
    found: list[LotExposure] = []
    # Many lots share metal, form, origin, purity and size: the state of each is computed once.
    of_form = cache(partial(ledger.state, on=on))
    resale, stored_at = cache(partial(resale_restrictions, ledger, on=on)), cache(place)
    price_of = cache(partial(lot_price, prices))
    given = lots.select(pl.col("destination").fill_null(destination), pl.col("end_user").fill_null(end_user))
    routes = [*given.iter_rows()]
    buyers = resale_buyers(ledger, on=on, routes=routes, owner=destination)

    @cache
    def answers(metal: str, form: str, **where: Any) -> tuple[BuyerAnswer, ...]:
        return tuple(BuyerAnswer.of(resale_answer(ledger, metal, form, buyer, on=on, **where)) for buyer in buyers)

    for row, (to, user) in zip(lots.iter_rows(named=True), routes, strict=True):
        assumed = row["origin_country"] == UNKNOWN_ORIGIN
        stored_in = stored_at(row["location"]).country
        own = {row["origin_country"], stored_in}
        origin = CHINA if assumed or own & customs_area(CHINA) else row["origin_country"]
        metal, form, piece = row["asset"], row["form"], piece_of(row["purity"], row["size"])
        route = {"destination": to, "end_user": user, **piece}
        # What leaves the European Union is under its law, what moves inside it under none.
        law = EUROPEAN_UNION if export_law(origin) == EUROPEAN_UNION != export_law(to) else origin
        state = of_form(metal, form, origin=law, **route)
        supposed = assumed and stored_in not in customs_area(CHINA)  # it may be from where the law is not in the ledger
        headline = NOT_COVERED if supposed and state.headline == NOT_LISTED else state.headline
        market = state if law == CHINA else of_form(metal, form, origin=CHINA, **route)
        counting = [m for m in state.measures if m.counts and m.is_law]
        quotas = [m for m in state.measures if _is_export_quota(m)]
        stops = tuple(dict.fromkeys(m.instrument for m in state.measures if m.status == REPORTED and not m.conditional))
        price = price_of(metal, form, row["purity"])
        content = 1.0 if form in METALLIC else contents.get((metal, form))
        rate = None if price is None else price.price.price
        delivery = _delivery(
            row["status"], stored_in, origin, at_risk=bool(counting or quotas or stops), covered=headline != NOT_COVERED
        )
        laws = laws_to_leave(stored_in, origin, at_origin=delivery != STORED_SAFE)
        found.append(
            LotExposure(
                lot_id=row["lot_id"],
                asset=metal,
                form=form,
                purity=row["purity"],
                size=row["size"],
                status=row["status"],
                mass=row["mass"],
                metal=None if content is None else content * row["mass"],
                value=None if rate is None else rate * row["mass"],
                value_se=None if price is None else price.standard_error(grade_step) * row["mass"],
                priced_as=price.price.purity if price is not None and price.nines else None,
                nines=price.nines if price is not None else 0,
                origin=row["origin_country"],
                assumed_origin=assumed,
                export_from=origin,
                location=row["location"],
                place=stored_in,
                destination=to,
                end_user=user,
                headline=headline,
                coverage=POINTER if supposed else state.coverage,
                controlled=bool(counting),
                uncertain=state.uncertain,
                unconfirmed=state.unconfirmed,
                measures=tuple(dict.fromkeys(m.number or m.authority for m in (*counting, *quotas))),
                practice=stops,
                delivery=delivery,
                resale=resale(metal, form, origin=origin, **piece),
                answers=answers(
                    metal, form, origin=origin, at_origin=delivery != STORED_SAFE, lies_in=stored_in, supposed=supposed, **piece
                ),
                elsewhere=tuple((m.number or m.authority, m.confidence) for m in state.elsewhere if m.origin in laws),
                market_controlled=any(m.counts and m.is_law for m in market.measures),
                traceability=traceability(row["origin_country"], row["certificate"]),
                client=row["client"],
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PortfolioExposure:
    """The exposure of all lots. Fractions are of `value`, the sum over lots with a price that are owned or ordered.

    Attributes:
        lots: All of them, planned ones included.
        unpriced: Ids of lots without a price: in no total, and named.
    """

    lots: tuple[LotExposure, ...]
    value: float
    unpriced: tuple[str, ...]

    @classmethod
    def of(cls, lots: Iterable[LotExposure]) -> PortfolioExposure:
        """The portfolio of these lots."""
        kept = tuple(lots)
        value = sum(lot.value for lot in kept if lot.value is not None and lot.delivery not in PLANS)
        return cls(kept, value, tuple(lot.lot_id for lot in kept if lot.value is None))

    @property
    def held(self) -> tuple[LotExposure, ...]:
        """The lots that are owned or ordered."""
        return tuple(lot for lot in self.lots if lot.delivery not in PLANS)

    def total(self, name: str, lots: Iterable[LotExposure]) -> Total:
        """Number, value and fraction of some of the lots."""
        kept = tuple(lots)
        priced = [lot.value for lot in kept if lot.value is not None]
        value = sum(priced)
        return Total(name, len(kept), value, value / self.value if self.value else 0.0, len(kept) - len(priced))

    @property
    def whole(self) -> Total:
        """All that is owned or ordered."""
        return self.total("held", self.held)

    @property
    def deliveries(self) -> tuple[Total, ...]:
        """One total a state of delivery, in the order of `DELIVERIES`; they add up to `value`."""
        return tuple(self.total(name, (lot for lot in self.lots if lot.delivery == name)) for name in DELIVERIES)

    @property
    def planned(self) -> tuple[Total, ...]:
        """One total a state of `PLANS`; `share` compares their value with that of what is held."""
        return tuple(self.total(name, (lot for lot in self.lots if lot.delivery == name)) for name in PLANS)

    @property
    def controlled(self) -> Total:
        """Lots whose form is under licence or ban for their own route, wherever they are."""
        return self.total("controlled", (lot for lot in self.held if lot.controlled))

    @property
    def open_orders(self) -> Total:
        """All that is ordered and at risk: the part that can really fail to arrive."""
        return self.total("open_at_risk", (lot for lot in self.lots if lot.delivery == ORDER_AT_RISK))

    @property
    def may_not_return(self) -> Total:
        """What is lent, pledged, seized or lost, by its owner's word: it is in no figure of what a control may stop."""
        return self.total(MAY_NOT_RETURN, (lot for lot in self.lots if lot.delivery == MAY_NOT_RETURN))

    @property
    def at_risk(self) -> Total:
        """All that a control in force, or a stop in practice, may stop: open, on its way, at its origin, or unplaced."""
        settled = (STORED_SAFE, ORDER_CLEAR, ORDER_UNKNOWN, MAY_NOT_RETURN)
        threatened = (lot for lot in self.held if lot.delivery not in settled and (lot.measures or lot.practice))
        return self.total("at_risk", threatened)

    @property
    def not_covered(self) -> Total:
        """All of which it is not known that nothing can stop it: the export law that it has to pass is not in the ledger."""
        return self.total("not_covered", (lot for lot in self.held if lot.not_covered))

    @property
    def resale_restricted(self) -> Total:
        """Lots that are `barred` from a buyer, their origin being known, or lying in the controlling country."""
        return self.total("resale_restricted", (lot for lot in self.held if lot.barred and not lot.supposed))

    @property
    def resale_unknown(self) -> Total:
        """Lots of unknown origin elsewhere that would be restricted if they came from the controlling country."""
        return self.total("resale_unknown", (lot for lot in self.held if lot.barred and lot.supposed))

    @property
    def weights(self) -> dict[str, float]:
        """Fraction of `value` by asset, in the order of the alphabet; 0 for one that is only planned."""
        priced = ((lot.asset, 0.0 if lot.delivery in PLANS else lot.value) for lot in self.lots if lot.value is not None)
        return {asset: value / (self.value or 1.0) for asset, value in sorted(sums_by_key(priced).items())}


@dataclass(frozen=True, slots=True)
class IndustryShare:
    """The fraction of a portfolio whose metal goes into one sector (NACE-2; None: not stated), by the use of the metal.

    Attributes:
        nace2: Code of the industry; None where none is stated.
        share: Fraction of value behind it.
        applications: What for.
    """

    nace2: str | None
    share: float
    applications: tuple[str, ...]


def industries(weights: Mapping[str, float], end_uses: pl.DataFrame) -> tuple[tuple[IndustryShare, ...], tuple[str, ...]]:
    """The sectors behind a portfolio, largest first, and the assets whose uses are not known.

    Args:
        weights: Fraction of the portfolio by asset key.
        end_uses: Table with the contract of `toolkit.core.frames.EndUses`: uses within its `scope` (EU), not of the world.
    """
    known = set(end_uses["asset"])
    uses = end_uses.filter(pl.col("asset").is_in(list(weights))).select("nace2", "application", "asset", "share").rows()
    parts = [(sector, use, weights[asset] * share) for sector, use, asset, share in uses]
    sectors = sums_by_key((sector, part) for sector, _, part in parts)
    inside = by_key((sector, (use, part)) for sector, use, part in parts)
    names = {sector: sums_by_key(uses) for sector, uses in inside.items()}
    shares = tuple(
        IndustryShare(sector, share, tuple(sorted(names[sector], key=lambda name: (-names[sector][name], name))))
        for sector, share in sorted(sectors.items(), key=lambda item: (-item[1], item[0] or ""))
        if share > 0
    )
    return shares, tuple(sorted(asset for asset in weights if asset not in known))
