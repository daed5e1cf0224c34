"""What customs data say of some metals: the record that `toolkit flows` prints and that reports show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

import polars as pl

from toolkit.app.context import Context
from toolkit.app.controls.states import spells
from toolkit.app.topics.part import Ask, named, part
from toolkit.controls.events import COUNTING, Event
from toolkit.controls.ledger import CHINA
from toolkit.core.errors import GapError
from toolkit.core.messages import Message, message
from toolkit.core.trade_names import known_metal
from toolkit.market.readers.flows import read_flows
from toolkit.records.base import Named
from toolkit.records.flows import Became, CodeFlows, ControlOnFlow, CustomsFlows, FlowRules, PartnerFlow, ReportedFlow
from toolkit.supply.collapse import BASE_MONTHS, LOW, SHORTEST, SIGNIFICANCE, Collapse, collapses, flow_around
from toolkit.supply.flows import (
    DIVERSION_FALL,
    DIVERSION_OFFSET,
    SMALL_BASE,
    FlowSeries,
    FlowSummary,
    change,
    diversion,
    flow_series,
    mean,
    summarise,
)
from toolkit.supply.tariff import SUBHEADING, TariffCode, mixed_code, sole_asset, tariff_codes

YEAR = 12
LATELY = 12
"""Months in which the end of a collapse still counts as a flow that came back."""
THREE = 3
"""Latest months whose mean is what comes lately."""
MATERIAL_SHARE = 0.05
"""Partners that had at least this share of the flow before are judged; smaller ones are not."""
REPORTED_STOP = ("practice", "de_facto_stop")
"""Kind and instrument of the ledger's events that tell of flows which no bundled series shows."""
RULES = FlowRules(
    collapse=message(
        "Collapse: at least {shortest} months in a row below {low:.0%} of the mean of the {base} months before them, and more "
        "months the more of those {base} were as low (so that chance alone would give the run with at most {chance:.0%}). "
        "January and February count together, and only if also below {low:.0%} of the same two months a year earlier. One "
        "zero month, or a holiday, is never a collapse; a missing month ends a run.",
        shortest=SHORTEST, low=LOW, base=BASE_MONTHS, chance=SIGNIFICANCE,
    ),
    small=message(
        "No change is given from a base below {small:.0%} of the mean month of the series.", small=SMALL_BASE
    ),
    diversion=message(
        "Possible diversion: over twelve months against the twelve before, the flow with one partner falls by at least "
        "{fall:.0%} while flows with others rise by at least {offset:.0%} of what was lost. Consistent with re-routing, no "
        "proof of it: others may have produced more or taken more.",
        fall=DIVERSION_FALL, offset=DIVERSION_OFFSET,
    ),
)  # fmt: skip


@part("flows")
def flows_of_report(ask: Ask) -> CustomsFlows | None:
    """The flows of each metal of a report that has a tariff code to itself; None where none has, and nothing is reported."""
    context, order = ask.context, {asset: i for i, asset in enumerate(ask.assets)}
    table = context.snapshot["flows"].filter(pl.col("asset").is_in(ask.assets))
    codes = sorted(_codes(context, table), key=lambda code: (order[code.asset], code.hs_code))
    reported = tuple(_reported(context, {code.asset for code in codes}))
    return _answer(context, codes, reported, table, without=ask.assets) if codes or reported else None


def flows(context: Context, asked: str | None = None, file: str | None = None) -> CustomsFlows:
    """Customs flows as known on the day.

    Args:
        context: Settings, day, and market as known on it.
        asked: Asset key, element symbol or tariff code; None for every flow there is.
        file: A customs file of the user in place of the bundled flows.

    Raises:
        DataError: for an unknown metal, with the nearest names, or a file that cannot be used.
        GapError: for a known metal without a flow.
    """
    codes, table, name, notes = _tariff_codes(context), context.snapshot["flows"], None, []
    if not codes:
        notes.append("The data package has no table of tariff codes: mixed codes are not marked.")
    if file is not None:
        read = read_flows(file, today=context.today)
        name, table = read.name, read.frame.filter(pl.col("date") <= context.as_of)
        notes += read.notes
        if table.height < read.frame.height:
            notes.append(message("Months after {as_of:%Y-%m-%d} are left out.", as_of=context.as_of))
        own = {code: sole_asset(codes, code) for code in table["hs_code"].unique()}
        table = table.with_columns(asset=pl.col("hs_code").replace_strict(own, return_dtype=pl.String))
    key = None if asked is None else _key(asked, context, codes)
    chosen = table if key is None else table.filter(_rows_of(key, codes))
    if chosen.is_empty():
        raise GapError(
            message("no customs flow was known on {as_of:%Y-%m-%d}.", as_of=context.as_of)
            if key is None
            else message("no customs flow of {metal} was known on {as_of:%Y-%m-%d}.", metal=key, as_of=context.as_of),
            hint=_offered(table),
            details={"metal": key},
        )
    metal = None if key is None or key.isdecimal() else key
    found = sorted(_codes(context, chosen, metal), key=lambda code: (code.asset or "~", code.hs_code))
    reported = tuple(_reported(context, {metal} if metal else {code.asset for code in found}))
    return _answer(context, found, reported, None if file else chosen, asked=key, file=name, notes=notes)


def _answer(
    context: Context,
    codes: Sequence[CodeFlows],
    reported: Sequence[ReportedFlow],
    table: pl.DataFrame | None,
    *,
    asked: str | None = None,
    file: str | None = None,
    notes: Sequence[str | Message] = (),
    without: Sequence[str] = (),
) -> CustomsFlows:
    events = context.snapshot["controls"].filter(pl.col("event_id").is_in([point.event_id for point in reported]))
    have = {code.asset for code in codes}
    return CustomsFlows(
        schema_version=2,
        as_of=context.as_of.isoformat(),
        asked=asked,
        file=file,
        origin=CHINA,
        rules=RULES,
        flows=tuple(codes),
        without_flow=tuple(named(context, asset) for asset in without if asset not in have),
        reported=tuple(reported),
        notes=tuple(notes),
        data=() if table is None else context.snapshot.provenance({"flows": table, "controls": events}),
    )


def _tariff_codes(context: Context) -> tuple[TariffCode, ...]:
    return tariff_codes(context.snapshot["tariff_codes"]) if "tariff_codes" in context.snapshot else ()


def _key(text: str, context: Context, codes: Sequence[TariffCode]) -> str:
    """The asset key or tariff code that a word means; intermediates have flows, and graphite controls, without a product."""
    if (code := text.strip().replace(".", "")).isdecimal():
        return code
    known = {*context.ledger.assets, *context.snapshot["flows"]["asset"], *context.snapshot["metals"]["asset"]}
    return known_metal(text, known | {asset for entry in codes for asset in entry.assets}, context.symbols)


def _rows_of(key: str, codes: Sequence[TariffCode]) -> pl.Expr:
    """The rows of a metal, a mixed code that counts it among them; or of a tariff code and the lines under it."""
    if key.isdecimal():
        return pl.col("hs_code").str.starts_with(key)
    shared = [code.hs_code for code in codes if code.mixed and key in code.assets]
    return (pl.col("asset") == key) | (pl.col("asset").is_null() & pl.col("hs_code").str.head(SUBHEADING).is_in(shared))


def _offered(table: pl.DataFrame) -> str:
    known = table.select(pl.coalesce("asset", pl.lit("HS ") + pl.col("hs_code"))).to_series().unique().sort()
    return f"There are flows of {', '.join(known)}; --file brings others." if len(known) else "--file brings flows of your own."


def _codes(context: Context, table: pl.DataFrame, metal: str | None = None) -> Iterator[CodeFlows]:
    """Flows by tariff code, reporter and direction.

    Args:
        context: Tariff codes and controls, as known on the day.
        table: Visible flows.
        metal: Asset key whose controls bear on a mixed code; None for the metal of each code.
    """
    for _, group in groupby(flow_series(table), key=lambda one: (one.hs_code, one.reporter, one.direction)):
        total, *singles = group
        partners = [total, *sorted(singles, key=lambda one: (-sum(q or 0.0 for q in one.tail(2 * YEAR)), one.partner))]
        at = next((i for i, one in enumerate(partners) if one.partner == CHINA), 0)
        mixed = mixed_code(_tariff_codes(context), total.hs_code)
        fell = [one for one in partners[1:] if _two_years(one, total) and _mattered(one, total, len(one.quantities) - YEAR)]
        name = named(context, total.asset) if total.asset else Named(asset="", name=f"HS {total.hs_code}", element=None)
        yield CodeFlows.from_objects(
            total,
            name,
            asset=name.asset,
            months=tuple(f"{month:%Y-%m}" for month in total.months),
            known_from=_known_from(table, total),
            partners=tuple(_partner(one, total) for one in partners),
            watched=at,
            diversion=tuple(diversion(one, total, partners[1:]) for one in fell),
            controls=tuple(_controls(partners, metal or total.asset, context)),
            mixed=mixed.caution if mixed else None,
        )


def _known_from(table: pl.DataFrame, total: FlowSeries) -> date | None:
    """The day on which the newest month of a code became known; None of a file of the user, which does not say."""
    if "known_from" not in table.columns:
        return None
    of_code = (pl.col("hs_code") == total.hs_code) & pl.col("reporter").eq_missing(total.reporter)
    rows = table.filter(of_code & pl.col("direction").eq_missing(total.direction))
    days = rows.filter(pl.col("date") == pl.col("date").max())["known_from"].drop_nulls().to_list()
    return max(days, default=None)


def _partner(one: FlowSeries, total: FlowSeries) -> PartnerFlow:
    newest, q = summarise(one, total), one.quantities
    before = mean(q[-2 * YEAR : -YEAR]) if len(q) >= 2 * YEAR else None
    found = [run for run in collapses(one) if one is total or _mattered(one, total, one.months.index(run.onset))]
    return PartnerFlow.from_objects(
        newest,
        one,
        inferred=tuple(f"{month:%Y-%m}" for month in one.inferred),
        month=f"{newest.month:%Y-%m}",
        year=newest.twelve_months,
        year_before=before,
        year_on_year=change(newest.twelve_months, before, one.mean),
        zeros_in_year=newest.zeros_in_twelve,
        inferred_in_year=newest.inferred_in_twelve,
        share=None if one is total else newest.share,
        collapses=tuple(found),
        became=_became(newest, found),
    )


def _became(flow: FlowSummary, collapses: Sequence[Collapse]) -> Became:
    """Zeros count inside a collapse only; a flow is back that reaches half of what it was, as the rule of collapses counts."""
    months, last = flow.series.months, collapses[-1] if collapses else None
    if last and last.running and flow.zeros_running > 1:
        since = months[-flow.zeros_running].isoformat()
        return Became(state="zero", since=since, months=flow.zeros_running, level=0.0, base=last.base)
    if last and last.running:
        return Became(state="fallen", since=last.onset.isoformat(), months=0, level=last.mean, base=last.base)
    if last and (recent := flow.three_months) is not None and recent >= LOW * last.base:
        end = months.index(last.last)
        since = [quantity for quantity in flow.series.quantities[end + 1 :][-THREE:] if quantity is not None]
        if since and len(months) - 1 - end <= LATELY:
            level = sum(since) / len(since)  # no month before it came back
            return Became(state="back", since=months[end + 1].isoformat(), months=0, level=level, base=last.base)
    return Became(state="running", since=None, months=0, level=flow.twelve_months, base=None)


def _mattered(one: FlowSeries, total: FlowSeries, at: int) -> bool:
    """Whether a partner had a share worth watching in the twelve months before a month."""
    part, whole = (series.quantities[max(at - YEAR, 0) : at] for series in (one, total))
    known, mass = [q for q in (*part, *whole) if q is not None], sum(q or 0.0 for q in whole)
    return len(known) == len(part) + len(whole) and sum(q or 0.0 for q in part) >= MATERIAL_SHARE * mass > 0


def _two_years(*series: FlowSeries) -> bool:
    return all(len(one.quantities) >= 2 * YEAR and None not in one.tail(2 * YEAR) for one in series)


def _controls(partners: Sequence[FlowSeries], asset: str | None, context: Context) -> Iterator[ControlOnFlow]:
    """Licences and bans that bear on a flow, oldest first, with what that from their origin did around their first day."""
    ledger = context.ledger
    if asset is None or asset not in ledger.assets:
        return
    form = context.products[asset].form if asset in context.products else None
    traded = [form] if form else []  # of what is no product, such as an intermediate, each form that is named is traded
    for event in sorted(ledger.events, key=lambda event: (event.effective or context.as_of, event.event_id)):
        if event.effective is None or not _bears(event, partners[0]):
            continue
        series = next((one for one in partners if one.partner == event.origin), partners[0])
        forms = ledger.named_forms(asset, on=context.as_of, origin=event.origin or CHINA)
        covers = any(ledger.certainty(event, asset, one, on=context.as_of) for one in traded or forms)
        named = covers or any(ledger.certainty(event, asset, one, on=context.as_of) for one in forms)
        if named and (covers or event.instrument == "licence"):  # a ban that does not name the form does not bear on its flow
            yield ControlOnFlow.from_objects(
                event,
                covers=covers,
                spells=spells(ledger, event, context.as_of) if covers else (),
                around=flow_around(series, event.effective, collapses(series)),
            )


def _bears(event: Event, series: FlowSeries) -> bool:
    law = event.is_law and event.instrument in COUNTING and event.origin is not None and event.end_user == "all"
    return law and (series.direction != "import" or bool({"all", series.reporter} & {*event.destinations}))


def _reported(context: Context, metals: Collection[str | None]) -> Iterator[ReportedFlow]:
    """Stops that were reported of these metals' trade, oldest first: told alone, never joined to a series."""
    precision = dict(context.snapshot["controls"].select("event_id", "announced_precision").iter_rows())
    named = {scope.event_id for scope in context.ledger.scopes if scope.asset in metals and scope.certainty == "named"}
    for event in sorted(context.ledger.events, key=lambda event: (event.announced, event.event_id)):
        if (event.kind, event.instrument) == REPORTED_STOP and event.event_id in named and event.origin == CHINA:
            yield ReportedFlow.from_objects(
                event,
                precision=precision.get(event.event_id, "day"),
                what=event.scope or event.title,
                source_id=event.source,
                confirmed=event.confidence.startswith("verified"),
            )
