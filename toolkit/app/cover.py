"""`cover`: when metal that is used runs out, with what is on its way, and what to order today."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.assumptions import find_assumption, licence_delay, metal_contents
from toolkit.app.context import Context
from toolkit.app.holdings.lots import read_lots
from toolkit.app.holdings.names import LotNames
from toolkit.controls.events import EU_MEMBERS
from toolkit.controls.ledger import CHINA
from toolkit.controls.purity import purity_fraction
from toolkit.controls.state import piece_of
from toolkit.core.countries import UNKNOWN_ORIGIN, country_names, customs_area, fold
from toolkit.core.countries import country as country_of
from toolkit.core.errors import DataError, GapError, SpecError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, phrases
from toolkit.core.places import ARRIVAL, place_of_delivery
from toolkit.core.remarks import Remark, by_money, in_record, note
from toolkit.holdings.cover import (
    LEAST,
    ApprovalRate,
    Delivery,
    Licences,
    StockPaths,
    Supply,
    arrival_days,
    days_of_cover,
)
from toolkit.holdings.exposure import (
    MAY_NOT_RETURN,
    METALLIC,
    PLANS,
    STORED_AT_ORIGIN,
    STORED_SAFE,
    STORED_UNPLACED,
    LotExposure,
    lot_exposures,
)
from toolkit.holdings.price_slips import KnownPrices, is_far
from toolkit.market.exchange_rates import Rates, rate_on
from toolkit.market.layouts.layout import Kind
from toolkit.market.needs import DAYS_OF, Application, Need, Quote
from toolkit.market.readers.cells import number
from toolkit.market.readers.faults import OneFault, grouped, row_error
from toolkit.market.readers.holdings.read import parse
from toolkit.market.readers.tabular import Table
from toolkit.optimize.replenishment import Lots, OrderOffer, OrderProblem, best_plans, order_plan, without_the_unavoidable
from toolkit.records.cover import CoverAnswer, OrderPlan
from toolkit.supply.concentration import OTHER, newest_shares

DRAWS, CHOSEN = 2000, 500
"""Draws of arrivals by which an answer is told, and others by which orders are chosen."""
SEED = 20261202
QUANTILES = (0.1, 0.5, 0.9)
MORE_USED, LATER = 1.2, 60.0
"""Of the scenarios: use, and days of a supplier who is late."""
WEEK = 7
NO_RATE = (
    "rate",
    message("money in a currency without an exchange rate of the day"),
    message("Bring rates with --rates FILE, or fetch them: `toolkit data fetch ecb`."),
)


@dataclass(frozen=True, slots=True)
class CoverRequest:
    """A request for cover.

    Attributes:
        holdings: File of lots or movements, or its cells; None where nothing is there.
        needs: File of needs, or its cells.
        context: Settings, day, and market as known on it.
        quotes: Files of quotations, or their cells.
        licences: Likewise; None for none.
        client: Whose lots are meant, where the file has a column of clients.
        months: Asked about.
        probability: Of a stop, that orders may leave.
        budget: Money for orders, in the reporting currency; then they miss least for it.
        shares: Country of origin or supplier -> largest share of what is ordered of a metal.
        interest: Of money that is tied up, a year.
    """

    holdings: str | Table | None
    needs: str | Table
    context: Context
    quotes: Sequence[str | Table] = ()
    licences: str | Table | None = None
    client: str | None = None
    months: int = 12
    probability: float = 0.05
    budget: float | None = None
    shares: Mapping[str, float] | None = None
    interest: float = 0.0


def fraction(option: str, text: str) -> float:
    """A fraction that an option gives: ``5%`` or ``0.05``.

    Raises:
        SpecError: for another text, and for what is not from 0 to 1.
    """
    whole = 100.0 if text.strip().endswith("%") else 1.0
    value = number(option, text.strip().removesuffix("%"), whole) / whole
    if not 0 <= value <= 1:
        raise SpecError("{option:s} {text:s} is no share.", hint="Write it as 5% or 0.05.", option=option, text=text)
    return value


def shares_of(entries: Sequence[str]) -> dict[str, float]:
    """Country of origin (ISO-3) or supplier -> largest share, of ``NAME=50%`` each.

    Raises:
        SpecError: for another text.
    """
    found = {}
    for entry in entries:
        name, _, share = entry.rpartition("=")
        if not name.strip():
            raise SpecError("--share {entry!r:s} is not NAME=50%.", hint="Write it as China=50%.", entry=entry)
        found[country_of(name) or name.strip()] = fraction("--share", share)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class SiteNeed:
    """One need: rows of one metal, form, purity and site.

    Attributes:
        daily: (days,) kg of contained metal.
        beyond: (days,) the same of the days after these, for the safety.
        kg_a_month: What a month without it misses, on average over its use; of a need of once all of it.
        missing_cost: Money for a kg that is missing, by the cost of a month; None where that is not told.
    """

    key: str
    asset: str
    form: str
    purity: str | None
    site: str
    country: str
    daily: FloatArray
    beyond: FloatArray
    kg_a_month: float
    safety: float
    missing_cost: float | None

    @property
    def nines(self) -> float:
        """Purity as a fraction, for the order in which metal is taken: the most demanding need first."""
        return purity_fraction(self.purity) or 0.0

    @property
    def used(self) -> float:
        """What it takes within the days asked about and as safety, kg."""
        return float(self.daily.sum() + self.beyond[: round(self.safety * WEEK)].sum())

    def why_not(self, form: str, purity: str | None) -> str | None:
        """Why a good of its metal does not serve it; None where it does."""
        if form != self.form:
            return "form"
        if self.purity is None:
            return None
        told, least = purity_fraction(purity), self.nines
        return "purity_unknown" if told is None else None if told >= least - 1e-12 else "purity"


def members(quote: Quote) -> frozenset[str]:
    """What limits on shares name of a quotation: its origin, where unknown the controlling country, and its supplier."""
    return frozenset(filter(None, (CHINA if quote.origin == UNKNOWN_ORIGIN else quote.origin, quote.counterparty)))


def cover(request: CoverRequest) -> CoverAnswer:
    """When metal runs out, and what to order.

    Raises:
        SpecError: for an option that cannot be used.
        DataError, FrameError, GapError: for bad input, with file, rows and remedy.
    """
    if not 1 <= request.months <= 60:
        raise SpecError("--months {months:d} is not between 1 and 60.", hint="Give 12.", months=request.months)
    if not 0 <= request.probability < 1:
        raise SpecError("a probability of {share:g} is not between 0 and 1.", hint="Give 5 %.", share=request.probability)
    if request.budget is not None and not request.budget > 0:
        raise SpecError("a budget of {budget:g} is not above zero.", hint="Leave --budget out.", budget=request.budget)
    return SupplyCase(request).answer()


class SupplyCase:
    """The answer to a request, part by part."""

    def __init__(self, request: CoverRequest) -> None:
        self.request, self.context = request, request.context
        self.today, self.owner = self.context.as_of, self.context.settings.config.owner
        self.horizon = round(request.months * DAYS_OF["month"])
        self.contents = metal_contents(self.context.snapshot)
        self.remarks: list[Remark] = []
        self.uncounted: list[dict[str, str]] = []
        self.names = LotNames(self.context.ledger, self.context.products)
        self.file, needs = self._read(request.needs, "needs")
        self.quotes = self._quotes([self._read(file, "quotes") for file in request.quotes])
        self._check_shares(request.shares or {})
        licences, applied = ("", []) if request.licences is None else self._read(request.licences, "licences")
        self.applications: tuple[Application, ...] = tuple(
            one for one in applied if one.filed is None or one.filed <= self.today
        )
        self.past = [
            message("{metal} ({day:%Y-%m-%d})", metal=one.asset, day=one.last)
            for one in needs if one.last is not None and one.last <= self.today
        ]  # fmt: skip
        self.later = [
            message("{metal} ({day:%Y-%m-%d})", metal=one.asset, day=one.start)
            for one in needs if one.start is not None and (one.start - self.today).days > self.horizon
        ]  # fmt: skip
        self.groups = self._groups(needs)
        self.deliveries: dict[str, list[Delivery]] = {group.key: [] for group in self.groups}
        self.due: dict[str, date | None] = {}
        self.placed = dict.fromkeys(self.deliveries, 0.0)
        self.stock: dict[str, dict[str, float]] = {group.key: {} for group in self.groups}  # lot -> kg of metal
        lots = () if request.holdings is None else self._place_lots(request.holdings)
        self._check_applications(licences, applied, lots)

    # What is read

    def _read(self, file: str | Table, of: Kind) -> tuple[str, list[Any]]:
        """The name of a file, and its rows, of which nothing is open."""
        found = parse(file, names=self.names, today=max(self.today, self.context.today), of=of)
        found.raise_open()
        self.remarks += map(note, found.notes)
        return found.table.name, found.rows

    def _quotes(self, files: Sequence[tuple[str, list[Quote]]]) -> tuple[Quote, ...]:
        """The quotations of all files; those of several files are named by their file too."""
        for name, quotes in files:
            self._raise(name, [(*NO_RATE, (one.row, one.key, None)) for one in quotes if self.rate(one.currency) is None])
        if len(files) == 1:
            return tuple(files[0][1])
        names = [name for name, _ in files]
        if twice := next((name for name in names if names.count(name) > 1), None):
            hint = message("Give it once, or rename one: quotations of several files are told apart by their names.")
            raise DataError("two files of quotations are called {file!r:s}.", hint=hint, file=twice)
        named = (replace(one, key=f"{file} {one.key}") for file, quotes in files for one in quotes)
        return tuple(replace(one, row=number) for number, one in enumerate(named, start=1))

    def _groups(self, needs: Sequence[Need]) -> tuple[SiteNeed, ...]:
        """The needs, each with its days; a `FrameError` for rows that tell the same twice."""
        if not needs:
            raise DataError("{file:s} has no need.", hint="Give a metal and how much is used a month.", file=self.file)
        named = [replace(one, site=one.site or self.owner.country, country=one.country or self.owner.country) for one in needs]
        self._check(named)
        by_good: dict[tuple[str, str, str | None, str], list[Need]] = {}
        for one in named:
            by_good.setdefault(one.good, []).append(one)
        found = []
        for (asset, form, purity, site), rows in by_good.items():
            content, safety = self.content(asset, form) or 1.0, max(one.safety for one in rows)
            days = [one.daily(self.today, self.horizon + round(safety * WEEK) + WEEK) for one in rows]
            daily, used = np.sum(days, axis=0) * content, [float(one[: self.horizon].sum()) for one in days]
            same = [good for good in by_good if good[0] == asset]
            apart = [
                asset,
                *([form] if len({good[1] for good in same}) > 1 else []),
                *([purity] if purity and len({good[2] for good in same}) > 1 else []),
                *([site] if len({good[3] for good in same}) > 1 else []),
            ]
            found.append(
                SiteNeed(
                    " ".join(apart), asset, form, purity, site, rows[0].country,
                    daily[: self.horizon], daily[self.horizon :],
                    content * sum(used) / max(sum(kg / one.kg_a_month for kg, one in zip(used, rows, strict=True)), LEAST),
                    safety, self._missing_cost(rows, used, content),
                )
            )  # fmt: skip
        return tuple(found)

    def _check(self, needs: Sequence[Need]) -> None:
        """A `FrameError` with every row that cannot be used."""
        faults = list[OneFault]()
        for at, two in enumerate(needs):
            cell = (two.row, two.asset, None)
            if any(one.overlaps(two) for one in needs[:at]):
                hint = message("Give the use of the same days once, or end one row before the other begins.")
                faults.append(("overlap", message("a need of days that another row tells of"), hint, cell))
            if self.content(two.asset, two.form) is None:
                hint = message("Give the need as metal, or in a form that is one compound.")
                faults.append(("content", message("a form whose content of metal is not known"), hint, cell))
            if two.missing_cost is not None and self.rate(two.currency) is None:
                faults.append((*NO_RATE, cell))
        self._raise(self.file, faults)

    @staticmethod
    def _raise(file: str, faults: Sequence[OneFault]) -> None:
        """A `FrameError` with faults of rows of a file, where there are any."""
        if faults:
            raise row_error(file, grouped(faults))

    def _check_shares(self, shares: Mapping[str, float]) -> None:
        """A `SpecError` for a limit on a name that no quotation has, neither as its origin nor as its supplier."""
        english = country_names("en")
        known = {member: english.get(member, member) for quote in self.quotes for member in members(quote)}
        for name in shares:
            if name not in known:
                raise SpecError(
                    "--share {name!r:s}: neither origin nor supplier of a quotation.",
                    hint=did_you_mean(english.get(name, name), known.values()), name=english.get(name, name),
                )  # fmt: skip

    def _check_applications(self, file: str, applied: Sequence[Application], lots: Collection[str]) -> None:
        """A `FrameError` for applications of lots that the holdings do not have."""
        words = message("an application for a lot that the holdings do not have")
        faults = [
            ("lot", words, did_you_mean(one.lot_id, lots) or message("Name an order of the holdings, or leave the cell empty."),
             (one.row, one.lot_id, None))
            for one in applied if one.lot_id is not None and one.lot_id not in lots
        ]  # fmt: skip
        self._raise(file, faults)

    def rate(self, currency: str | None) -> float | None:
        """The exchange rate of the day into the reporting currency."""
        return rate_on(Rates.by_date(self.context.snapshot["fx"]), str(currency), self.owner.currency, self.today)

    def _missing_cost(self, rows: Sequence[Need], used: Sequence[float], content: float) -> float | None:
        """Money for a missing kg of metal: that of a month over what a month of its row uses, on average over the use."""
        told = [
            (kg, one.missing_cost * (self.rate(one.currency) or 0.0) / (one.kg_a_month * content))
            for kg, one in zip(used, rows, strict=True) if one.missing_cost is not None
        ]  # fmt: skip
        kg = sum(one for one, _ in told)
        return sum(one * cost for one, cost in told) / kg if kg else None

    def content(self, asset: str, form: str) -> float | None:
        """Fraction of a good that is the metal; None where it is not known."""
        return 1.0 if form in METALLIC else self.contents.get((asset, form))

    def _place_lots(self, file: str | Table) -> tuple[str, ...]:
        """Each lot to the need that it serves; what serves none is told. Returns the names of all lots."""
        context = self.context
        holdings = read_lots(
            file, context.ledger, context.products, self.today, client=self.request.client, layout=context.layout,
            rule=self.owner.holding_rule,
        )  # fmt: skip
        self.remarks += map(note, holdings.notes)
        frame = holdings.frame.filter(pl.col("mass").is_not_null())
        sites = dict(frame.select("lot_id", "destination").iter_rows())
        self.bought = dict(frame.select("lot_id", "purchase_date").iter_rows())
        found = {  # each lot under the law of the country where it is to be used
            country: lot_exposures(frame, (), context.ledger, on=self.today, destination=country, contents=self.contents)
            for country in {group.country for group in self.groups} | {self.owner.country}
        }
        lots = [dict(zip(found, one, strict=True)) for one in zip(*found.values(), strict=True)]
        own = self.owner.country  # what is there goes first, then orders by whether they have a day
        for for_country in sorted(
            lots, key=lambda one: (one[own].delivery != STORED_SAFE, holdings.arrivals.get(one[own].lot_id) is None)
        ):
            lot = for_country[own]
            why, groups = self._serves(for_country, sites[lot.lot_id])
            due = holdings.arrivals.get(lot.lot_id)
            if groups and lot.delivery not in (STORED_SAFE, STORED_AT_ORIGIN) and due is None:
                why = "due"
            if why is not None:
                self.uncounted.append({"lot_id": lot.lot_id, "asset": lot.asset, "why": why})
            for group, kg in self._shared(lot, groups):
                lot = for_country[group.country]
                if lot.delivery == STORED_SAFE or _is_home(lot, group):  # what stays in the country of the site leaves none
                    self.stock[group.key][lot.lot_id] = kg
                else:
                    self.due[lot.lot_id] = due
                    self.deliveries[group.key].append(one := replace(self._delivery(lot, group, due), kg=kg))
                    self.placed[group.key] -= kg if one.licence == "never" or one.due is None else 0.0
        return tuple(holdings.frame["lot_id"])

    def _shared(self, lot: LotExposure, groups: Sequence[SiteNeed]) -> Iterator[tuple[SiteNeed, float]]:
        """Metal of a lot for each need that it serves, up to what the need uses; what nothing uses is of the first.

        The most demanding need comes first, and of equal ones the site where the lot lies; others share by what they lack.
        """
        rest, where, parts = lot.metal or 0.0, {*fold(lot.location or "").split()}, dict[str, float]()

        def rank(group: SiteNeed) -> tuple[float, int]:
            return -group.nines, -len(where.intersection(fold(group.site).split()))

        for _, some in groupby(sorted(groups, key=rank), key=rank):
            lacks = {group.key: group.used - self.placed[group.key] for group in some}
            lacking = sum(max(kg, 0.0) for kg in lacks.values())
            part = min(rest, lacking)
            parts |= {key: part * max(kg, 0.0) / lacking if lacking else 0.0 for key, kg in lacks.items()}
            rest -= part
        for at, (key, kg) in enumerate(parts.items()):
            if kg := kg + (0.0 if at else rest):
                self.placed[key] += kg
                yield next(group for group in groups if group.key == key), kg

    def _serves(self, for_country: Mapping[str, LotExposure], to: str | None) -> tuple[str | None, Sequence[SiteNeed]]:
        """Why a lot is in no need, or the needs of a country that it serves.

        Args:
            for_country: The lot under the law of each country of use, and of its owner's.
            to: Its destination, where the file says one.
        """
        lot = for_country[self.owner.country]
        fitting, unfit = self.serving(lot.asset, lot.form, lot.purity)
        here = [group for group in fitting if len({one.country for one in fitting}) == 1 or group.country == (to or lot.place)]
        free = [group for group in here if not _is_withheld(for_country[group.country], group)]
        told = {
            "unused": unfit == "unused",
            "at_risk": lot.delivery == MAY_NOT_RETURN,
            "planned": lot.delivery in PLANS,
            "content": lot.metal is None,
            "place": lot.delivery == STORED_UNPLACED,
            "withheld": bool(here) and not free,
        }
        if why := next((key for key, holds in told.items() if holds), None):
            return why, ()
        return None if free else unfit or "site", free

    def serving(self, asset: str, form: str, purity: str | None) -> tuple[Sequence[SiteNeed], str | None]:
        """The needs that a good serves, or why it serves none: the reason that is nearest to serving one.

        Args:
            asset: Its metal.
            form: Its form.
            purity: None where it is not told.
        """
        why = {group.key: group.why_not(form, purity) for group in self.groups if group.asset == asset}
        fitting = [group for group in self.groups if group.key in why and why[group.key] is None]
        told = next((one for one in ("purity", "purity_unknown", "form") if one in why.values()), "unused")
        return fitting, None if fitting else told

    def _delivery(self, lot: LotExposure, group: SiteNeed, due: date | None) -> Delivery:
        """What is to arrive of a lot that is not there yet: an order, or metal that still has to leave."""
        days = float((due - self.today).days) if due else 1.0 if lot.delivery == STORED_AT_ORIGIN else None
        licence = self.licence(lot.asset, lot.form, lot.purity, lot.export_from, group, lot.size)
        last, applied = self.agreed.get(lot.lot_id), 0.0
        if last is not None and licence == "licence":
            licence = {"approved": "approved", "refused": "never"}.get(last.outcome, "licence")
            applied = float((self.today - last.filed).days) if last.outcome == "pending" and last.filed else 0.0
        ordered = self.bought[lot.lot_id] if lot.delivery != STORED_AT_ORIGIN else None
        since = float((self.today - ordered).days) if ordered else 0.0
        return Delivery(lot.lot_id, lot.metal or 0.0, days, licence, applied, since, lot.export_from == CHINA)

    def licence(self, asset: str, form: str, purity: str | None, origin: str, group: SiteNeed, size: str | None = None) -> str:
        """What a good needs to leave its country for a site: a suspended or doubtful control counts as the ledger counts it.

        Args:
            asset: Its metal.
            form: Its form.
            purity: None where it is not told.
            origin: Country that it leaves.
            group: The need, in the country of its site.
            size: Of a piece, as written.
        """
        state = self.context.ledger.state(
            asset, form, on=self.today, origin=origin, destination=group.country, **piece_of(purity, size)
        )
        if state.is_controlled(("ban",)):
            return "never"
        stops = any(measure.status == "reported" and not measure.conditional for measure in state.measures)
        if stops or any(measure.counts and measure.is_law for measure in state.measures):
            return "licence"
        return "not_covered" if state.headline == "not_covered" else "none"

    @cached_property
    def agreed(self) -> Mapping[str, Application]:
        """Order -> the newest of what is told of its licence; one that is not filed yet is newer than any."""
        rows = sorted(self.applications, key=lambda one: one.filed or date.max)
        return {one.lot_id: one for one in rows if one.lot_id}

    @cached_property
    def papers(self) -> list[dict[str, str]]:
        """What an application for a Chinese licence has to hold."""
        rows = self.context.snapshot["licence_papers"].filter(pl.col("origin") == CHINA)
        return rows.select(key="paper", statement="statement", source="citation").to_dicts()

    # What is believed

    @cached_property
    def licences(self) -> Licences | None:
        """Beliefs on licences, with one's own applications; None on a day when nothing was known."""
        rows = self.context.snapshot["assumptions"].filter(pl.col("name") == "licence_approval")
        rates = tuple(
            ApprovalRate(rate, message("{statement} ({citation})", statement=statement, citation=citation))
            for rate, statement, citation in rows.select("central", "statement", "citation").iter_rows()
        )
        prior = find_assumption(self.context.snapshot, "licence_prior")
        if not rates or prior is None or prior.central is None:
            return None
        outcomes = [one.outcome for one in self.applications]
        days = tuple(one.days for one in self.applications if one.days is not None)
        delay = licence_delay(self.context.snapshot)
        return Licences(rates, delay, prior.central, outcomes.count("approved"), outcomes.count("refused"), days)

    @cached_property
    def late(self) -> tuple[float, float, float]:
        """Times the time of its contract within which nine in ten deliveries arrive: least, central, most."""
        row = find_assumption(self.context.snapshot, "delivery_late")
        if row is None or row.central is None:
            raise GapError("nothing is known of how late deliveries are.", hint="Choose a later --as-of.")
        return row.low or row.central, row.central, row.high or row.central

    def supply(
        self, group: SiteNeed, draws: int, *, seed: int = SEED, licences: Licences | None = None, late: float = 0.0
    ) -> Supply:
        """Stock and drawn arrivals of a need.

        Args:
            group: The need.
            draws: How many.
            seed: Of the draws.
            licences: Beliefs in place of one's own; None for these.
            late: Lateness in place of the usual; 0 for this.
        """
        some = self.deliveries[group.key]
        days = arrival_days(some, licences or self.licences, late or self.late[1], draws=draws, seed=seed)
        stock = sum(self.stock[group.key].values())
        return Supply(stock, np.array([one.kg for one in some]), days)

    def stops(self, group: SiteNeed) -> float:
        """Probability of a stop without new orders."""
        return StockPaths.of(self.supply(group, DRAWS), group.daily).probability

    # What is told

    def answer(self) -> CoverAnswer:
        """The record."""
        needs = sorted((self._need(group) for group in self.groups), key=lambda one: (-one["probability"], one["key"]))
        offers = QuotationLines(self)
        plan = offers.plan() if self.quotes else None
        licensed = any(one["licence"] == "licence" for need in needs for one in need["arriving"])
        licensed |= any(one["licence"] == "licence" for one in offers.rows)
        beliefs, context = self.licences, self.context
        self.remarks += [*self._warnings(needs, plan), *self._price_warnings()]
        told = by_money(self.remarks, {})
        ahead = {(one["day"], one["key"], one["subject"]): one for one in self._ahead(needs, offers.rows, plan)}
        delay = None if beliefs is None else beliefs.updated
        sources = () if beliefs is None else tuple(rate.source for rate in beliefs.rates)
        files = (str(getattr(file, "name", file)) for file in (self.request.holdings,) if file is not None)
        return CoverAnswer.from_objects(
            as_of=self.today,
            until=self.day(self.horizon),
            holdings=next(files, ""),
            client=self.request.client,
            currency=self.owner.currency,
            draws=DRAWS,
            needs=needs,
            uncounted=self.uncounted,
            approval=None if beliefs is None else beliefs.probability,
            prior=beliefs and beliefs.weight,
            applications=sum(one.outcome in ("approved", "refused") for one in self.applications),
            calibration=self._calibration(),
            delay_median=delay and delay.median,
            delay_tail=delay and delay.tail,
            late=self.late[1],
            quotes=offers.rows,
            plan=plan,
            papers=self.papers if licensed else (),
            ahead=[one for _, one in sorted(ahead.items())],
            reviewed_to=context.ledger.reviewed_on(self.today),
            **in_record(told),
            data=context.snapshot.provenance(self._used()),
            phrases=phrases((*sources, *(words for one in told for words in (one.text, one.remedy)))),
        )

    def _calibration(self) -> dict | None:
        """How one's own applications went beside what the reports alone expect of them; None without any that was decided."""
        beliefs = self.licences
        if beliefs is None or not (decided := beliefs.approved + beliefs.refused):
            return None
        reported = replace(beliefs, approved=0, refused=0, days=())
        rates = reported.rates_drawn(np.random.default_rng([SEED, 2]), DRAWS)
        low, high = np.quantile(np.random.default_rng([SEED, 3]).binomial(decided, rates), (0.05, 0.95), method="inverted_cdf")
        within = sum(days <= reported.delay.tail for days in beliefs.days)
        return {
            "decided": decided, "approved": beliefs.approved, "low": int(low), "high": int(high), "timed": len(beliefs.days),
            "within": within, "tail": reported.delay.tail,
        }  # fmt: skip

    def _need(self, group: SiteNeed) -> dict:
        """The record of one need."""
        supply = self.supply(group, DRAWS)
        paths = StockPaths.of(supply, group.daily)
        days = [*range(0, self.horizon, WEEK), self.horizon]
        low, middle, high = paths.fan(QUANTILES, days)
        cover_days = days_of_cover(supply.stock, group.daily)
        some, chances = self.deliveries[group.key], supply.days <= self.horizon
        return {
            "key": group.key, "asset": group.asset, "form": group.form, "purity": group.purity, "site": group.site,
            "country": group.country, "kg_a_month": float(group.daily.mean()) * DAYS_OF["month"],
            "safety_weeks": group.safety, "stock": supply.stock,
            "on_order": float(supply.kg[np.isfinite(supply.days).any(axis=0)].sum()),
            "days": cover_days if math.isfinite(cover_days) else None,
            "probability": paths.probability,
            **{key: self.day(paths.stop_at(p)) for key, p in
               (("stop_early", 0.05), ("stop_middle", 0.5), ("stop_late", 0.95))},
            "missing": paths.expected_missing,
            "missing_cost": None if group.missing_cost is None else group.missing_cost * paths.expected_missing,
            "fan": [
                {"day": self.day(day), "low": float(a), "middle": float(b), "high": float(c)}
                for day, a, b, c in zip(days, low, middle, high, strict=True)
            ],
            "arriving": [self._arriving(one, float(chances[:, at].mean()), supply.days[:, at]) for at, one in enumerate(some)],
            "scenarios": [*self._scenarios(group, supply)],
            "drivers": [*self._drivers(group)],
            **self._producers(group),
            "lots": [*self.stock[group.key]],
        }  # fmt: skip

    def _arriving(self, one: Delivery, chance: float, days: FloatArray) -> dict:
        due, file_by, agreed = self.due[one.key], None, self.agreed.get(one.key)
        lacking = None
        if one.licence == "licence" and agreed is not None and agreed.papers is not None:
            lacking = [paper["key"] for paper in self.papers if not agreed.papers & {paper["key"], "all"}]
        if one.licence == "licence" and due is not None and self.licences is not None and not one.applied:
            file_by = due - timedelta(days=math.ceil(self.licences.updated.tail))
        return {
            "lot_id": one.key, "kg": one.kg, "due": due, "licence": one.licence, "chance": chance,
            "expected": self.day(float(np.quantile(days, 0.5, method="inverted_cdf"))), "file_by": file_by,
            "refusal": agreed and agreed.refusal, "price_basis": agreed and agreed.price_basis, "lacking": lacking,
        }  # fmt: skip

    def _scenarios(self, group: SiteNeed, supply: Supply) -> Iterator[dict]:
        """The same draws where something happens."""
        some = self.deliveries[group.key]

        def told(key: str, subject: str, changed: Supply, daily: FloatArray = group.daily) -> dict:
            paths = StockPaths.of(changed, daily)
            stop = self.day(paths.stop_at(0.5))
            return {
                "key": key, "subject": subject, "probability": paths.probability, "missing": paths.expected_missing,
                "stop": stop,
            }  # fmt: skip

        if any(one.stopped for one in some):
            yield told("exports_stop", "", supply.keep(np.array([not one.stopped for one in some])))
        for at, one in enumerate(some):
            if np.isfinite(supply.days[:, at]).any():
                yield told("refused", one.key, supply.keep(np.arange(len(some)) != at))
                yield told("late", one.key, supply.later(np.arange(len(some)) == at, LATER))
        yield told("more_used", "", supply, group.daily * MORE_USED)

    def _drivers(self, group: SiteNeed) -> Iterator[dict]:
        """The probability of a stop by each report of approvals alone, and where deliveries are on time or later."""
        if not self.deliveries[group.key]:
            return
        cases = list[tuple[str, str, Licences | None, float]]()
        if self.licences is not None and any(one.licence == "licence" for one in self.deliveries[group.key]):
            cases += [("approval", rate.source, self.licences.alone(at), 0.0) for at, rate in enumerate(self.licences.rates)]
        cases += [("late_low", "", None, self.late[0]), ("late_high", "", None, self.late[2])]
        for key, source, licences, late in cases:
            paths = StockPaths.of(self.supply(group, DRAWS, licences=licences, late=late), group.daily)
            yield {"key": key, "source": source, "probability": paths.probability, "missing": paths.expected_missing}

    def _producers(self, group: SiteNeed) -> dict[str, object]:
        """The share of China in what the world makes of the metal, and the largest others."""
        shares = newest_shares(self.context.snapshot["shares"].filter(pl.col("quantity").is_not_null()))
        own = shares.filter((pl.col("asset") == group.asset) & (pl.col("unit") == "kg") & (pl.col("quantity") > 0))
        stage = max(own["stage"].unique().to_list(), default="")  # processing before extraction
        rows = own.filter(pl.col("stage") == stage).sort("quantity", "country", descending=[True, False])
        year, made = float(group.daily.mean()) * DAYS_OF["year"], dict(rows.select("country", "quantity").iter_rows())
        others = [(country, kg) for country, kg in made.items() if country not in (CHINA, OTHER)][:5]
        return {
            "controlled": made.get(CHINA, 0.0) / sum(made.values()) if made else None,
            "producers": [{"country": country, "kg": kg, "need": year / kg, "stage": stage} for country, kg in others],
        }

    def _warnings(self, needs: Sequence[dict], plan: OrderPlan | None) -> Iterator[Remark]:
        """What of the answer rests on something that is not known."""
        without = {one.key for one in self.quotes if one.freight is None and ARRIVAL.isdisjoint(fold(one.terms or "").split())}
        if plan is not None and (ordered := [*dict.fromkeys(one.quote for one in plan.orders if one.quote in without)]):
            text = message("Ordered at a price without freight to the site: {quotes}.", quotes=ordered)
            yield Remark(
                "data", text, message("Give it in a column 'freight': another order may be cheaper."), comes_first=True
            )
        open_law = sorted({one["lot_id"] for need in needs for one in need["arriving"] if one["licence"] == "not_covered"})
        if open_law:
            text = message(
                "The export law that {lots} have to pass is not in the ledger: they count as free to leave.", lots=open_law
            )
            yield Remark("law", text, message("Ask the supplier which licence they need."))
        if undated := [one["lot_id"] for one in self.uncounted if one["why"] == "due"]:
            text = message("Orders without a day of arrival are not counted on: {lots}.", lots=undated)
            yield Remark("data", text, message("Give the day in a column 'delivery date'."), comes_first=True)
        overdue = sorted(
            {one["lot_id"] for need in needs for one in need["arriving"] if one["due"] and one["due"] < self.today}
        )
        if overdue:
            text = message(
                "Overdue, and taken to come after as long again as they are late, half of the time: {lots}.", lots=overdue
            )
            yield Remark("data", text, message("Give the status, or a new day of delivery."))
        unknown = [one["lot_id"] for one in self.uncounted if one["why"] in ("purity_unknown", "site", "place")]
        if unknown:
            text = message("Lots that may serve a need and are not counted: {lots}.", lots=unknown)
            yield Remark("data", text, message("Say their purity, place and destination."))
        if self.past:
            text = message("Needs whose days are over are not counted: {needs}.", needs=self.past)
            yield Remark("data", text, message("Give days that are ahead, or leave the rows out."), comes_first=True)
        if self.later:
            text = message("Needs that begin after the days asked about are not counted: {needs}.", needs=self.later)
            yield Remark("data", text, message("Ask for more months (--months)."), comes_first=True)
        if self.licences is None and any(one["licence"] == "licence" for need in needs for one in need["arriving"]):
            yield Remark("data", message("Nothing is known of licences on this day."), "")

    def _price_warnings(self) -> Iterator[Remark]:
        """Quotations at a price far from the newest one that is known, with the likely slip."""
        snapshot, traded = self.context.snapshot, {(asset.key, asset.form) for asset in self.context.products}
        known = KnownPrices.of(snapshot["prices"], snapshot, self.context.products) if self.quotes else None
        for one in self.quotes:
            level = known and known.at(one.asset, None, one.currency)
            if known is None or not level or (one.asset, one.form) not in traded or not is_far(one.price / level):
                continue
            times = one.price / level
            yield Remark(
                "data",
                message(
                    "{quote}: offered at {price:,.6g} {currency} a kg, {times:,.3g} times the newest price ({level:,.4g}). "
                    "{cause}",
                    quote=one.key, price=one.price, currency=one.currency, times=times, level=level,
                    cause=known.slip(times, "kg", one.currency) or message("Check price, unit and currency."),
                ),
                "",
                (one.asset,),
            )  # fmt: skip

    def _ahead(self, needs: Iterable[dict], quotes: Iterable[dict], plan: OrderPlan | None) -> Iterator[dict]:
        """Dates ahead."""
        for need in needs:
            if need["stop_early"]:
                key = "stops" if need["stop_early"] == need["stop_late"] else "stop"
                yield {"day": need["stop_early"], "key": key, "subject": need["key"]}
            for one in need["arriving"]:
                if one["file_by"] is not None:  # what is late is filed today
                    yield {"day": max(one["file_by"], self.today), "key": "file", "subject": one["lot_id"]}
                if one["due"] is not None and one["due"] >= self.today:
                    yield {"day": one["due"], "key": "due", "subject": one["lot_id"]}
        for day, quote in dict.fromkeys((one["valid_until"], one["quote"]) for one in quotes if one["need"]):
            if day:
                yield {"day": day, "key": "expires", "subject": quote}
        latest = dict[str, date]()
        for line in plan.orders if plan else ():
            day = date.fromisoformat(line.latest) if line.latest else self.today
            latest[line.quote] = min(day, latest.get(line.quote, day))
        yield from ({"day": day, "key": "order", "subject": quote} for quote, day in latest.items())

    def _used(self) -> dict[str, pl.DataFrame]:
        snapshot = self.context.snapshot
        assets = [group.asset for group in self.groups]
        shares = newest_shares(snapshot["shares"]).filter(pl.col("asset").is_in(assets))
        return {
            **{name: snapshot[name] for name in ("controls", "control_scopes", "assumptions", "compounds", "licence_papers")},
            "shares": shares,
        }

    def day(self, days: float | None) -> date | None:
        """The day so many days ahead; None for one that never comes."""
        return None if days is None or not math.isfinite(days) else self.today + timedelta(days=int(days))


def _is_withheld(lot: LotExposure, group: SiteNeed) -> bool:
    """Whether a lot that is stored may not go where it is used."""
    return lot.delivery == STORED_SAFE and lot.withheld and not _is_home(lot, group)


def _is_home(lot: LotExposure, group: SiteNeed) -> bool:
    """Whether a lot lies in the country where it is used: it crosses no border."""
    return lot.delivery in (STORED_SAFE, STORED_AT_ORIGIN) and lot.place in customs_area(group.country)


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A quotation for one of the needs that it serves.

    Attributes:
        quote: As read.
        offer: Its lots, with the arrivals by which orders are chosen.
        days: (draws,) on which it arrives, by which they are told.
    """

    quote: Quote
    offer: OrderOffer
    days: FloatArray


class QuotationLines:
    """The quotations for the needs of a case, side by side, and what to order of them."""

    def __init__(self, case: SupplyCase) -> None:
        self.case = case
        self.storage = {asset.key: asset.storage for asset in case.context.products}
        self.spread = {asset.key: asset.spread for asset in case.context.products}
        self.per_kg = {quote.row: self._per_kg(quote) for quote in case.quotes}
        fits = [(quote, *self._fits(quote)) for quote in case.quotes]
        self.dearest: dict[str, float] = {}  # need -> the dearest kg that is quoted for it
        for quote, needs, _ in fits:
            for need in needs:
                self.dearest[need.key] = max(self.dearest.get(need.key, 0.0), self.per_kg[quote.row] or 0.0)
        self.breaks = {key for key, rows in Counter(quote.key for quote in case.quotes).items() if rows > 1}
        self.by_need: dict[str, list[Served]] = {need.key: [] for need in case.groups}
        self.rows = [row for quote, needs, why in fits for row in self._rows(quote, needs, why)]

    def _per_kg(self, quote: Quote) -> float | None:
        """What a kg of contained metal costs at the site; None for an unknown content."""
        content, rate = self.case.content(quote.asset, quote.form), self.case.rate(quote.currency)
        if not content or not rate:
            return None
        return (quote.price * (1 + quote.duty) + (quote.freight or 0.0)) * rate / content

    def _fits(self, quote: Quote) -> tuple[Sequence[SiteNeed], str | None]:
        """The needs that a quotation serves, or why it serves none."""
        fitting, unfit = self.case.serving(quote.asset, quote.form, quote.purity)
        if unfit is not None:
            return (), unfit
        if quote.valid_until is not None and quote.valid_until < self.case.today:
            return (), "expired"
        if self.per_kg[quote.row] is None:
            return (), "content"
        least, most = self._lots(quote)
        if most is not None and most < least:
            return (), "lots"
        to = place_of_delivery(quote.terms)
        area = None if to is None else EU_MEMBERS if to.country in EU_MEMBERS else {to.country}  # no customs within the Union
        there = [need for need in fitting if area is None or need.country in area]
        return there, None if there else "delivered" if to and to.country else "destination"

    @staticmethod
    def _lots(quote: Quote) -> tuple[int, int | None]:
        """The least and the largest number of lots that are sold at its price; None for no limit."""
        most = None if quote.most is None else math.floor(quote.most / quote.lot + 1e-9)
        return max(math.ceil((quote.least or quote.lot) / quote.lot - 1e-9), 1), most

    def _rows(self, quote: Quote, needs: Sequence[SiteNeed], why: str | None) -> Iterator[dict]:
        """A quotation for each need that it serves, or why it serves none."""
        case, per_kg = self.case, self.per_kg[quote.row]
        row = {
            "quote": quote.key, "need": None, "why": why, "counterparty": quote.counterparty, "asset": quote.asset,
            "origin": quote.origin, "terms": quote.terms, "per_kg": per_kg, "with_freight": quote.freight is not None,
            "licence": None, "chance": None, "risk": None, "expected": None, "least": None,
            "valid_until": quote.valid_until, "refusal": quote.refusal,
        }  # fmt: skip
        if not needs or per_kg is None:
            yield row
            return
        content = case.content(quote.asset, quote.form) or 1.0
        origin = CHINA if quote.origin == UNKNOWN_ORIGIN else quote.origin
        lots, most = self._lots(quote)
        kg = quote.lot * content
        price, carried = per_kg * kg, self.storage.get(quote.asset, 0.0) + case.request.interest
        for need in needs:
            licence = case.licence(quote.asset, quote.form, quote.purity, origin, need)
            # The rows of one quotation are one delivery: they arrive on one day, at whichever site.
            delivery = Delivery(f"quote {quote.key}", content, max(quote.lead, 1.0), licence, stopped=origin == CHINA)
            told, chosen = (
                arrival_days([delivery], case.licences, case.late[1], draws=draws, seed=seed)[:, 0]
                for draws, seed in ((DRAWS, SEED), (CHOSEN, SEED + 1))
            )
            offer = OrderOffer(
                str(quote.row), kg, price, price * carried / DAYS_OF["year"], chosen, lots, most,
                quote.key if quote.key in self.breaks else "", members(quote),
                quote.refusal == "seller",
            )  # fmt: skip
            self.by_need[need.key].append(Served(quote, offer, told))
            chance = float((told <= case.horizon).mean())
            yield row | {
                "need": need.key, "licence": licence, "chance": chance,
                "risk": (1 - chance) * (need.missing_cost or self.dearest[need.key]),
                "expected": case.day(float(np.quantile(told, 0.5, method="inverted_cdf"))), "least": lots * kg,
            }  # fmt: skip

    def _problem(self, need: SiteNeed, *, told: bool = False, safety: int = 0) -> OrderProblem:
        """What to order for a need, over the draws that choose, or over those by which it is told."""
        case, served = self.case, self.by_need[need.key]
        offers = tuple(replace(one.offer, days=one.days) if told else one.offer for one in served)
        supply = case.supply(need, DRAWS) if told else case.supply(need, CHOSEN, seed=SEED + 1)
        missing = max(need.missing_cost or 0.0, self.dearest.get(need.key, 0.0))
        return OrderProblem(
            need.daily, supply, offers, missing, round(need.safety * WEEK) + safety, need.beyond,
            1 - self.spread.get(need.asset, 1.0), case.request.probability, dict(case.request.shares or {}),
        )  # fmt: skip

    def plan(self) -> OrderPlan:
        """The orders: needs of one metal share its quotations, and are ordered for together.

        Where none keeps the probability asked for, the cheapest if the cost of a month without it is told of each need of the
        metal: to order nothing may cost least. Else those that keep it for what they can prevent.
        """
        asked, budget = self.case.request.probability, self.case.request.budget
        needs = [need for need in self.case.groups if self.by_need[need.key]]
        unserved = [need for need in self.case.groups if need not in needs and self.case.stops(need) > asked]
        if budget is not None:
            return self._of_budget(needs, budget, unserved)
        chosen, nearest, loosened, gap = dict[str, Lots](), dict[str, Lots](), list[str](), 0.0
        for asset in dict.fromkeys(need.asset for need in needs):
            some = [need for need in needs if need.asset == asset]
            problems = [self._problem(need) for need in some]
            found = best_plans(problems, [self._problem(need, told=True) for need in some], asked)
            shown = found.cheapest if all(need.missing_cost is not None for need in some) else found.nearest
            chosen |= {need.key: lots for need, lots in zip(some, shown.lots, strict=True)}
            nearest |= {need.key: lots for need, lots in zip(some, found.nearest.lots, strict=True)}
            gap = max(gap, shown.gap)
            if not found.keeps:
                loosened += self._loosened(problems)
        return self._record(needs, chosen, gap, unserved, nearest, loosened)

    @staticmethod
    def _loosened(problems: Sequence[OrderProblem]) -> Iterator[str]:
        """Limits on shares of which each, left out alone, makes an answer possible."""
        for name in problems[0].shares:
            others = {key: share for key, share in problems[0].shares.items() if key != name}
            if order_plan([replace(one, shares=others) for one in problems]) is not None:
                yield name

    def _of_budget(self, needs: Sequence[SiteNeed], budget: float, unserved: Sequence[SiteNeed]) -> OrderPlan:
        """The orders that miss least for the money: by the cost of a month without each metal, or each month alike."""
        told = any(need.missing_cost for need in needs)
        problems = [
            problem if told else replace(problem, missing_cost=1 / max(need.kg_a_month, LEAST))
            for need, problem in ((need, self._problem(need)) for need in needs)
        ]
        found = order_plan(problems, budget=budget) if problems else None
        chosen = {} if found is None else {need.key: lots for need, lots in zip(needs, found.lots, strict=True)}
        return self._record(needs, chosen, 0.0 if found is None else found.gap, unserved)

    def _record(
        self, needs: Sequence[SiteNeed], chosen: Mapping[str, Lots], gap: float, unserved: Sequence[SiteNeed],
        nearest: Mapping[str, Lots] | None = None, loosened: Sequence[str] = (),
    ) -> OrderPlan:  # fmt: skip
        """The record of the orders that were chosen, and with a probability asked for of those that come nearest to it."""
        case, orders, reached, spent, spent_nearest = self.case, list[dict](), list[dict](), 0.0, 0.0
        asked = None if nearest is None else case.request.probability
        for need in needs:
            problem = self._problem(need, told=True)
            lots = chosen.get(need.key, np.zeros(len(problem.offers), dtype=int))
            spent += problem.spent(lots)
            spent_nearest += 0.0 if nearest is None else problem.spent(nearest[need.key])
            paths = problem.paths(lots)
            latest = None if asked is None else self._latest(problem, lots)
            orders += [
                {
                    "quote": one.quote.key, "need": need.key, "counterparty": one.quote.counterparty,
                    "quantity": float(n) * one.quote.lot, "cost": float(n) * one.offer.price,
                    "latest": None if latest is None else min(filter(None, (case.day(latest), one.quote.valid_until))),
                }
                for one, n in zip(self.by_need[need.key], lots, strict=True)
                if n
            ]  # fmt: skip
            reached.append(
                {
                    "need": need.key, "before": case.stops(need), "after": paths.probability,
                    "missing": paths.expected_missing,
                    "missing_cost": None if need.missing_cost is None else need.missing_cost * paths.expected_missing,
                    "preventable": None if asked is None else without_the_unavoidable(problem).paths(lots).probability,
                    "nearest": None if nearest is None else problem.paths(nearest[need.key]).probability,
                    "week": None if asked is None or paths.probability > asked else self._week(need, chosen),
                }
            )  # fmt: skip
        met = asked is not None and not unserved and all(one["after"] <= asked for one in reached)
        return OrderPlan.model_validate(
            {
                "status": "budget" if asked is None else "met" if met else "impossible", "asked": asked,
                "budget": case.request.budget, "spent": spent,
                "spent_nearest": None if asked is None else spent_nearest, "gap": gap, "orders": orders, "reached": reached,
                "loosened": tuple(dict.fromkeys(loosened)), "unserved": [need.key for need in unserved],
            }
        )  # fmt: skip

    def _week(self, need: SiteNeed, chosen: Mapping[str, Lots]) -> float | None:
        """What one more week of safety of a need costs, by the draws that chose the orders; others keep theirs."""
        some = [one for one in self.case.groups if one.asset == need.asset and one.key in chosen]
        plans = [(self._problem(one), self._problem(one, safety=WEEK if one is need else 0), chosen[one.key]) for one in some]
        more = [replace(one, probability=before.paths(lots).probability) for before, one, lots in plans]
        found = order_plan(more, start=[lots for _, _, lots in plans])  # as improbable a stop as that of the orders
        spent = sum(before.expected_cost(lots) for before, _, lots in plans)
        return None if found is None else max(found.cost - spent, 0.0)

    @staticmethod
    def _latest(problem: OrderProblem, lots: Lots) -> float | None:
        """Days that all orders of a need can wait and keep the probability; None where not a week."""
        most = problem.probability or 0.0
        kept = 0
        for weeks in range(1, 53):
            later = replace(problem, offers=tuple(replace(one, days=one.days + WEEK * weeks) for one in problem.offers))
            if later.paths(lots).probability > most:
                break
            kept = weeks
        return float(kept * WEEK) if kept else None
