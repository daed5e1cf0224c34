"""`flows`: customs flows of a metal: recent change, collapse, diversion, and changes around controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.controls.events import COUNTING, Event
from toolkit.controls.ledger import CHINA
from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.plain import plain
from toolkit.market.readers.flows import read_flows
from toolkit.records.sources import Provenance
from toolkit.supply.collapse import RULE, Collapse, FlowAround, collapses, flow_around
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
class ControlOnFlow:
    """A control that came into force while a series ran, and the flow around that day."""

    event_id: str
    title: str
    instrument: str
    partner: str
    around: FlowAround


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
    controls: tuple[ControlOnFlow, ...]
    mixed: TariffCode | None

    @property
    def name(self) -> str:
        """The metal, or the code where it has no metal to itself."""
        return self.asset or f"HS {self.hs_code}"


@dataclass(frozen=True, slots=True)
class ReportedPoint:
    """A reported figure that is in no series: shown alone, never joined to a series."""

    event_id: str
    announced: date
    precision: str
    what: str
    citation: str
    confidence: str
    note: str | None


@dataclass(frozen=True, slots=True)
class FlowAnswer:
    """The answer of `toolkit flows`.

    Attributes:
        metal: Asset key or tariff code asked about; None for everything.
        file: Name of the user's file; None for the data package.
    """

    as_of: date
    metal: str | None
    file: str | None
    codes: tuple[CodeFlows, ...]
    reported: tuple[ReportedPoint, ...]
    notes: tuple[str, ...]
    provenance: tuple[Provenance, ...]

    def to_json(self) -> dict[str, Any]:
        """One object; the months of a series are given when one metal or code was asked for."""
        return {
            "as_of": self.as_of.isoformat(),
            "metal": self.metal,
            "file": self.file,
            "unit": "kg",
            "rules": {"collapse": RULE, "diversion": DIVERSION_RULE},
            "flows": [_code_json(code, history=self.metal is not None) for code in self.codes],
            "reported": [plain(point) for point in self.reported],
            "notes": list(self.notes),
            "data": [dict(record) for record in self.provenance],
        }


def _code_json(code: CodeFlows, *, history: bool) -> dict[str, Any]:
    caution = code.mixed.caution if code.mixed else None
    return {
        "asset": code.asset,
        "hs_code": code.hs_code,
        "reporter": code.reporter,
        "direction": code.direction,
        "mixed": caution,
        "series": [_summary_json(summary, history=history) for summary in (code.total, *code.partners)],
        "collapses": [{"partner": partner, **plain(collapse)} for partner, collapse in code.collapsed],
        "diversion": [plain(found) for found in code.diversions],
        "controls": [plain(control) for control in code.controls],
    }


def _summary_json(summary: FlowSummary, *, history: bool) -> dict[str, Any]:
    series = summary.series
    told = {name: value for name, value in plain(summary).items() if name != "series"}
    told = {"partner": series.partner, "source": series.source, **told}
    if history:
        told["history"] = [
            {
                "month": month.isoformat()[:7],
                "quantity": plain(quantity),
                "basis": "missing" if quantity is None else "inferred_zero" if month in series.inferred else "reported",
            }
            for month, quantity in zip(series.months, series.quantities, strict=True)
        ]
    return told


def flows(context: Context, metal: str | None = None, file: str | None = None) -> FlowAnswer:
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
    codes = tariff_codes(context.snapshot["tariff_codes"]) if "tariff_codes" in context.snapshot else ()
    notes: tuple[str, ...] = () if codes else ("The data package has no table of tariff codes: mixed codes are not marked.",)
    provenance: tuple[Provenance, ...] = ()
    if file is None:
        name, table = None, context.snapshot["flows"]
    else:
        read = read_flows(file, today=context.today)
        name, table = read.name, read.frame.filter(pl.col("date") <= as_of)
        notes = (*notes, *read.notes)
        if table.height < read.frame.height:
            notes = (*notes, f"Months after {as_of} are left out.")
        own = {code: sole_asset(codes, code) for code in table["hs_code"].unique()}
        table = table.with_columns(asset=pl.col("hs_code").replace_strict(own, return_dtype=pl.String))
    asked = None if metal is None else _asked(metal, context, codes)
    chosen = table if asked is None else table.filter(_matches(asked, codes))
    if chosen.is_empty():
        what = "in all" if asked is None else f"of {asked}"
        raise GapError(f"no customs flow {what} was known on {as_of}.", hint=_offered(table), details={"metal": asked})
    if file is None:
        provenance = context.snapshot.provenance({"flows": chosen})
    asset = None if asked is None or asked.isdecimal() else asked
    found = tuple(_code(series, asset, context, codes, as_of) for series in _by_code(flow_series(chosen)))
    metals = (asset,) if asset else tuple(dict.fromkeys(code.asset for code in found if code.asset))
    return FlowAnswer(
        as_of=as_of,
        metal=asked,
        file=name,
        codes=found,
        reported=_reported(context, metals),
        notes=notes,
        provenance=provenance,
    )


def _asked(text: str, context: Context, codes: tuple[TariffCode, ...]) -> str:
    """The asset key or tariff code that a word on the command line means."""
    word = text.strip().casefold().replace(" ", "_").replace("-", "_")
    code = word.replace(".", "")
    if code.isdecimal():
        return code
    word = context.symbols.get(word, word)
    # Intermediates have flows and no product; graphite and others have controls and no product: all are names one may ask for.
    known = {*context.ledger.assets, *context.snapshot["flows"]["asset"], *context.snapshot["metals"]["asset"]}
    known |= {asset for entry in codes for asset in entry.assets}
    if word in known:
        return word
    raise DataError(f"unknown metal {text!r}.", hint=did_you_mean(text, known), details={"metal": text})


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
) -> tuple[ControlOnFlow, ...]:
    """The flow around each control on the metal: the imports from the controlling country, else the total."""
    if asset is None or asset not in context.ledger.assets:
        return ()
    told: list[ControlOnFlow] = []
    for event in context.ledger.events:
        if not _controls_metal(event, asset, context, as_of) or event.effective is None:
            continue
        if total.direction == "import" and not {"all", total.reporter} & set(event.destinations):
            continue
        series = next((one for one in partners if one.partner == event.origin), total)
        around = flow_around(series, event.effective, found[series.partner])
        if around is not None:
            told.append(ControlOnFlow(event.event_id, event.title, event.instrument, series.partner, around))
    return tuple(sorted(told, key=lambda control: (control.around.day, control.event_id)))


def _controls_metal(event: Event, asset: str, context: Context, as_of: date) -> bool:
    ledger = context.ledger
    if not event.is_law or event.instrument not in COUNTING or event.origin is None:
        return False
    forms = ledger.named_forms(asset, on=as_of, origin=event.origin)
    return any(ledger.certainty(event, asset, form, on=as_of) for form in forms)


def _reported(context: Context, metals: tuple[str, ...]) -> tuple[ReportedPoint, ...]:
    """Stops that were reported of these metals' trade out of the default origin, oldest first."""
    named = {scope.event_id for scope in context.ledger.scopes if scope.asset in metals and scope.certainty == "named"}
    rows = context.snapshot["controls"].select("event_id", "announced_precision")
    precision: dict[str, str] = dict(rows.iter_rows())
    points = [
        ReportedPoint(
            event_id=event.event_id,
            announced=event.announced,
            precision=precision.get(event.event_id, "day"),
            what=event.scope or event.title,
            citation=event.citation,
            confidence=event.confidence,
            note=event.note,
        )
        for event in context.ledger.events
        if (event.kind, event.instrument) == REPORTED_STOP and event.event_id in named and event.origin == CHINA
    ]
    return tuple(sorted(points, key=lambda point: (point.announced, point.event_id)))
