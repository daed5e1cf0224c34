"""`flows`: customs flows of a metal: recent change, collapse, diversion, and changes around controls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.context import Context
from toolkit.controls.events import COUNTING, Event
from toolkit.controls.ledger import CHINA
from toolkit.core.errors import GapError
from toolkit.core.messages import message
from toolkit.core.trade_names import known_metal
from toolkit.market.readers.flows import read_flows
from toolkit.records.answers import flows as records
from toolkit.records.sources import Provenance
from toolkit.supply.collapse import RULE, Collapse, collapses, flow_around
from toolkit.supply.flows import (
    DIVERSION_RULE,
    Diversion,
    FlowSeries,
    FlowSummary,
    diversion,
    flow_series,
    summarise,
)
from toolkit.supply.tariff import SUBHEADING, TariffCode, mixed_code, sole_asset, tariff_codes

MATERIAL_SHARE = 0.05
"""Partners that had at least this share of the flow before are reported; smaller ones are not."""

REPORTED_STOP = ("practice", "de_facto_stop")
"""Kind and instrument of the ledger's events that tell of flows which no bundled series shows."""


@dataclass(frozen=True, slots=True)
class CodeFlows:
    """One tariff code of one reporter.

    Attributes:
        total: All partners together.
        partners: Single partners, the largest of the latest two years first.
        collapsed: (partner, collapse) of the total and of every partner that mattered before it.
        diversions: One for each partner that mattered in the year before the latest, where two years are known.
        controls: Controls on the metal of this code, oldest first.
        mixed: The code, when it counts several materials.
    """

    asset: str | None
    hs_code: str
    reporter: str | None
    direction: str | None
    total: FlowSummary
    partners: tuple[FlowSummary, ...]
    collapsed: tuple[tuple[str, Collapse], ...]
    diversions: tuple[Diversion, ...]
    controls: tuple[records.ControlOnFlow, ...]
    mixed: TariffCode | None

    def record(self, *, history: bool) -> records.CodeFlows:
        """What is shown of it, with the months of each series where `history`."""
        return records.CodeFlows.from_objects(
            self,
            mixed=self.mixed.caution if self.mixed else None,
            series=tuple(_partner(summary, history=history) for summary in (self.total, *self.partners)),
            collapses=tuple(
                records.PartnerCollapse.from_objects(collapse, partner=partner) for partner, collapse in self.collapsed
            ),
            diversion=self.diversions,
        )


def _partner(summary: FlowSummary, *, history: bool) -> records.PartnerFlow:
    series = summary.series
    months = [
        {
            "month": f"{month:%Y-%m}",
            "quantity": quantity,
            "basis": "missing" if quantity is None else "inferred_zero" if month in series.inferred else "reported",
        }
        for month, quantity in zip(series.months, series.quantities, strict=True)
        if history
    ]
    return records.PartnerFlow.from_objects(summary, series, **({"history": months} if history else {}))


def flows(context: Context, metal: str | None = None, file: str | None = None) -> records.CustomsFlows:
    """Customs flows as known on the day.

    Args:
        context: Settings, day, and market as known on it.
        metal: Asset key, element symbol or tariff code; None for every flow there is.
        file: A customs file of the user in place of the bundled flows.

    Raises:
        DataError: for an unknown metal, with the nearest names, or a file that cannot be used.
        GapError: for a known metal without a flow.
    """
    as_of = context.as_of
    codes = _tariff_codes(context)
    notes: tuple[str, ...] = () if codes else ("The data package has no table of tariff codes: mixed codes are not marked.",)
    provenance: tuple[Provenance, ...] = ()
    if file is None:
        name, table = None, context.snapshot["flows"]
    else:
        read = read_flows(file, today=context.today)
        name, table = read.name, read.frame.filter(pl.col("date") <= as_of)
        notes = (*notes, *read.notes)
        if table.height < read.frame.height:
            notes = (*notes, message("Months after {as_of:%Y-%m-%d} are left out.", as_of=as_of))
        own = {code: sole_asset(codes, code) for code in table["hs_code"].unique()}
        table = table.with_columns(asset=pl.col("hs_code").replace_strict(own, return_dtype=pl.String))
    asked = None if metal is None else _asked(metal, context, codes)
    chosen = table if asked is None else table.filter(_matches(asked, codes))
    if chosen.is_empty():
        raise GapError(
            message("no customs flow was known on {as_of:%Y-%m-%d}.", as_of=as_of)
            if asked is None
            else message("no customs flow of {metal} was known on {as_of:%Y-%m-%d}.", metal=asked, as_of=as_of),
            hint=_offered(table),
            details={"metal": asked},
        )
    if file is None:
        provenance = context.snapshot.provenance({"flows": chosen})
    asset = None if asked is None or asked.isdecimal() else asked
    found = code_flows(context, chosen, asset)
    return records.CustomsFlows(
        as_of=as_of.isoformat(),
        metal=asked,
        file=name,
        unit="kg",
        rules=records.Rules(collapse=RULE, diversion=DIVERSION_RULE),
        flows=tuple(code.record(history=asked is not None) for code in found),
        reported=reported_stops(context, {asset} if asset else {code.asset for code in found}),
        notes=notes,
        data=provenance,
    )


def code_flows(context: Context, table: pl.DataFrame, metal: str | None = None) -> tuple[CodeFlows, ...]:
    """Flows by tariff code, reporter and direction.

    Args:
        context: Tariff codes and controls, as known on the day.
        table: Visible flows.
        metal: Asset key asked about; None for the metal of each code.
    """
    codes = _tariff_codes(context)
    return tuple(_code(series, metal, context, codes, context.as_of) for series in _by_code(flow_series(table)))


def _tariff_codes(context: Context) -> tuple[TariffCode, ...]:
    return tariff_codes(context.snapshot["tariff_codes"]) if "tariff_codes" in context.snapshot else ()


def _asked(text: str, context: Context, codes: tuple[TariffCode, ...]) -> str:
    """The asset key or tariff code that a word on the command line means."""
    if (code := text.strip().replace(".", "")).isdecimal():
        return code
    # Intermediates have flows and no product; graphite and others have controls and no product: all are names one may ask for.
    known = {*context.ledger.assets, *context.snapshot["flows"]["asset"], *context.snapshot["metals"]["asset"]}
    return known_metal(text, known | {asset for entry in codes for asset in entry.assets}, context.symbols)


def _matches(asked: str, codes: tuple[TariffCode, ...]) -> pl.Expr:
    """The rows of a metal, a mixed code that counts it among them; or of a tariff code and the lines under it."""
    if asked.isdecimal():
        return pl.col("hs_code").str.starts_with(asked)
    shared = [code.hs_code for code in codes if code.mixed and asked in code.assets]
    return (pl.col("asset") == asked) | (pl.col("asset").is_null() & pl.col("hs_code").str.head(SUBHEADING).is_in(shared))


def _offered(table: pl.DataFrame) -> str:
    known = table.select(pl.coalesce("asset", pl.lit("HS ") + pl.col("hs_code"))).to_series().unique().sort()
    return f"There are flows of {', '.join(known)}; --file brings others." if len(known) else "--file brings flows of your own."


def _by_code(series: tuple[FlowSeries, ...]) -> tuple[tuple[FlowSeries, ...], ...]:
    """Series of one code, reporter and direction together, the sum of all partners first (as `flow_series` orders them)."""
    groups: dict[tuple[str, str | None, str | None], tuple[FlowSeries, ...]] = {}
    for one in series:
        key = (one.hs_code, one.reporter, one.direction)
        groups[key] = (*groups.get(key, ()), one)
    return tuple(sorted(groups.values(), key=lambda group: (group[0].asset or "~", group[0].hs_code)))


def _code(
    series: tuple[FlowSeries, ...], metal: str | None, context: Context, codes: tuple[TariffCode, ...], as_of: date
) -> CodeFlows:
    total, *singles = series
    partners = sorted(singles, key=lambda one: (-sum(q or 0.0 for q in one.tail(24)), one.partner))
    found = {one.partner: collapses(one) for one in series}
    watched = [one for one in partners if (_share(one, total, -24, -12) or 0.0) >= MATERIAL_SHARE]
    return CodeFlows(
        asset=total.asset,
        hs_code=total.hs_code,
        reporter=total.reporter,
        direction=total.direction,
        total=summarise(total),
        partners=tuple(summarise(one, total) for one in partners),
        collapsed=tuple(
            (one.partner, collapse)
            for one in (total, *partners)
            for collapse in found[one.partner]
            if one is total or _mattered(one, total, collapse)
        ),
        diversions=tuple(diversion(one, total, partners) for one in watched if _two_years(one, total)),
        controls=_controls(total, partners, found, metal or total.asset, context, as_of),
        mixed=mixed_code(codes, total.hs_code),
    )


def _share(one: FlowSeries, total: FlowSeries, start: int, stop: int) -> float | None:
    """Share of a partner in the flow from month `start` to `stop`; None when a month is missing or the flow is zero."""
    part, whole = one.quantities[start:stop], total.quantities[start:stop]
    known = [q for q in (*part, *whole) if q is not None]
    mass = sum(q or 0.0 for q in whole)
    return sum(q or 0.0 for q in part) / mass if mass and len(known) == len(part) + len(whole) else None


def _mattered(one: FlowSeries, total: FlowSeries, collapse: Collapse) -> bool:
    """Whether a partner had a share worth watching in the twelve months before it collapsed."""
    at = one.months.index(collapse.onset)
    return (_share(one, total, at - 12, at) or 0.0) >= MATERIAL_SHARE


def _two_years(*series: FlowSeries) -> bool:
    return all(len(one.quantities) >= 24 and None not in one.tail(24) for one in series)


def _controls(
    total: FlowSeries,
    partners: list[FlowSeries],
    found: Mapping[str, tuple[Collapse, ...]],
    asset: str | None,
    context: Context,
    as_of: date,
) -> tuple[records.ControlOnFlow, ...]:
    """The flow around each control on the metal: the imports from the controlling country, else the total."""
    if asset is None or asset not in context.ledger.assets:
        return ()
    told: list[records.ControlOnFlow] = []
    for event in context.ledger.events:
        if not _controls_metal(event, asset, context, as_of) or event.effective is None:
            continue
        if total.direction == "import" and not {"all", total.reporter} & set(event.destinations):
            continue
        series = next((one for one in partners if one.partner == event.origin), total)
        around = flow_around(series, event.effective, found[series.partner])
        if around is not None:
            told.append(records.ControlOnFlow.from_objects(event, partner=series.partner, around=around))
    return tuple(sorted(told, key=lambda control: (control.around.day, control.event_id)))


def _controls_metal(event: Event, asset: str, context: Context, as_of: date) -> bool:
    ledger = context.ledger
    if not event.is_law or event.instrument not in COUNTING or event.origin is None:
        return False
    forms = ledger.named_forms(asset, on=as_of, origin=event.origin)
    return any(ledger.certainty(event, asset, form, on=as_of) for form in forms)


def reported_stops(context: Context, metals: Collection[str | None]) -> tuple[records.ReportedPoint, ...]:
    """Stops that were reported of these metals' trade out of the default origin, oldest first."""
    named = {scope.event_id for scope in context.ledger.scopes if scope.asset in metals and scope.certainty == "named"}
    rows = context.snapshot["controls"].select("event_id", "announced_precision")
    precision: dict[str, str] = dict(rows.iter_rows())
    points = [
        records.ReportedPoint.from_objects(
            event, precision=precision.get(event.event_id, "day"), what=event.scope or event.title
        )
        for event in context.ledger.events
        if (event.kind, event.instrument) == REPORTED_STOP and event.event_id in named and event.origin == CHINA
    ]
    return tuple(sorted(points, key=lambda point: (point.announced, point.event_id)))
