"""Figures of whole reports that contradict each other, or themselves, whatever the report and the language.

Every report is composed from a record whose numbers know their place in the JSON (`tests.traced`). So each figure on a page is a
number of the JSON, or a formula of such numbers that stands in `FORMULAS`; a figure that was made in any other way fails. What
a column of a table shows stands in `COLUMNS`, and which numbers of the JSON are one quantity in `SAME`.
"""

from __future__ import annotations

import email
import functools
import html
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from email import policy
from typing import Any

import pytest

from tests import subjects as known
from tests.lots import HEADER, TWELVE
from tests.records import report, subject_of
from tests.subjects import context
from tests.traced import Shown, Traced, bare, figures, marked, pattern, traced, traced_record
from tests.unit.report.kinds import bars
from tests.unit.report.test_catalogues import ENGLISH
from toolkit.app.definitions import find
from toolkit.app.languages import language
from toolkit.app.prices import PriceFiles
from toolkit.app.report.render import FORMATS, ReportSpec
from toolkit.core.decode import decode, read_toml
from toolkit.records.findings import Parts
from toolkit.report import document as d
from toolkit.report.compose import compose, looked_at
from toolkit.report.findings import Findings
from toolkit.report.formats.data import as_data
from toolkit.report.i18n.language import WORDS
from toolkit.report.i18n.text import NONE, Span, plain
from toolkit.report.markers import Origin, origins_of

REPORTS = {
    "run": ("allocation", "full", "webinar"),
    "moved": ("allocation", "full"),
    "shocks": ("full",),
    "origins": ("full",),
    "lots": ("exposure", "full", "webinar"),
    "movements": ("exposure", "full"),
    "stored": ("exposure", "full"),
    "ordered": ("exposure", "full"),
    "unknown": ("exposure", "full"),
    "market": ("market-brief", "full"),
    "conflict": ("conflict",),
}
"""Every kind of report, and what it is about: runs without and with holdings, with scenarios, with offers of an origin; files of
lots of every kind, all stored, all on order, and with lots that have no price, no place, no origin or no metal."""
ORDERED = [row for row in TWELVE if any(word in row for word in (",ordered,", ",in_transit,", ",planned,"))]
UNKNOWN = """lot_id,asset,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,form
U-1,gallium,2,kg,2025-01-10,600,EUR,unknown,,stored,oxide
U-2,germanium,1,kg,,,,unknown,Musterlager 7,stored,metal
U-3,gallium,3,kg,2025-02-10,600,EUR,CHN,Zürich or Shanghai,stored,metal
U-4,GLD,20,share,2025-02-10,150,EUR,,,stored,
"""


@dataclass(frozen=True)
class Page:
    """A report in one language, the record and the parts that it shows, and every figure that was written for it."""

    subject: str
    name: str
    lang: str
    record: Any
    parts: Any
    document: d.Document
    shown: tuple[Shown, ...]
    origins: tuple[Origin, ...]

    def __str__(self) -> str:
        return f"{self.subject} {self.name} {self.lang}"


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lots")
    (folder / "held.csv").write_text(known.HOLDINGS, encoding="utf-8")
    (folder / "GLD.csv").write_text("date,GLD\n2026-09-30,170\n2026-10-30,175.5\n", encoding="utf-8")
    lots = {
        "lots": "\n".join([HEADER, *TWELVE]),
        "movements": known.MOVES,
        "stored": known.HOLDINGS,
        "ordered": "\n".join([HEADER, *ORDERED]),
        "unknown": UNKNOWN,
    }
    prices = {"unknown": PriceFiles((str(folder / "GLD.csv"),), currency="EUR")}
    return {
        "run": known.with_parts(known.proposal()),
        "moved": known.with_parts(known.proposal(holdings=str(folder / "held.csv"))),
        "shocks": known.with_parts(known.proposal("us-ban-returns")),
        "origins": known.with_parts(known.proposal("origin-at-a-premium")),
        "market": known.market(),
        "conflict": known.conflict(),
        **{name: known.holdings(folder / f"{name}.csv", text, prices=prices.get(name)) for name, text in lots.items()},
    }


@pytest.fixture(scope="module")
def pages(subjects) -> tuple[Page, ...]:
    made = []
    for subject, names in REPORTS.items():
        plain_record, plain_parts = subjects[subject].record, subjects[subject].parts
        record, parts = traced(plain_record), traced(plain_parts)
        for name, lang in itertools.product(names, ("en", "de")):
            path = find("reports", name).path
            definition = decode(ReportSpec, read_toml(path), file=str(path)).definition
            about = traced_record(subject_of(plain_record), record)
            found = looked_at(Parts.model_validate(plain_parts), definition)
            found = traced_record(found, {name: part for name, part in parts.items() if getattr(found, name) is not None})
            with figures() as shown:
                document = compose(Findings.of(about, found, language(lang)), definition)
            origins = tuple(origins_of(about, found))
            made.append(Page(subject, name, lang, record, parts, document, tuple(shown), origins))
    return tuple(made)


def walk(node: Any, kind: type | tuple[type, ...]) -> Iterator[Any]:
    """Every object of a kind in a document, in reading order."""
    left = [node]
    while left:
        node = left.pop()
        if isinstance(node, kind):
            yield node
        if isinstance(node, tuple):
            left.extend(reversed(node))
        elif names := field_names(type(node)):
            left.extend([getattr(node, name) for name in names])


@functools.cache
def field_names(kind: type) -> tuple[str, ...]:
    """Fields of a part of a document, the last first; none of what is drawn."""
    return tuple(field.name for field in fields(kind))[::-1] if is_dataclass(kind) and kind is not d.Drawing else ()


def written(node: Any) -> list[Shown]:
    """The figures in a part of a document."""
    return [shown for span in walk(node, Span) for shown in marked(span.text)]


def words(node: Any) -> str:
    """A text as a reader sees it."""
    return bare(plain(node))


def rows(table: d.Table | d.BarTable) -> Iterator[tuple[bool, tuple[Any, ...]]]:
    """(is a total, cells) of each row, the head first."""
    if isinstance(table, d.Table):
        yield from ((row.total, row.cells) for row in table.rows)
    else:
        yield from ((bar.total, (bar.label, *bar.cells)) for bar in table.bars)


def labels(table: d.Table | d.BarTable) -> tuple[str, ...]:
    """Labels of the columns, that of the head first."""
    named = tuple(bare(column.label) for column in table.columns)
    return named if isinstance(table, d.Table) else (bare(table.head), *named)


def leaves(node: Any) -> Iterator[Traced]:
    if isinstance(node, dict):
        for item in node.values():
            yield from leaves(item)
    elif isinstance(node, list):
        for item in node:
            yield from leaves(item)
    elif isinstance(node, Traced):
        yield node


FORMULAS = {
    # a share of a whole
    "(costs.entry/budget)", "(costs.entry/costs.entry)", "(positions[].cost/costs.entry)", "(Σpositions[].cost/costs.entry)",
    "(exposure.at_risk.value/exposure.value)", "(exposure.controlled.value/exposure.value)",
    "(exposure.resale_restricted.value/exposure.value)", "(Σexposure.lots[].value/exposure.value)",
    "(Σexposure.lots[].value/Σexposure.lots[].value)",
    # a sum of rows, a difference, a change
    "(changes.value.now-changes.value.before)", "(changes.value.before-changes.value.now)",
    "(cash.weight-relaxed.cash)", "(cash.weight-cash.previous_weight)", "(positions[].weight-positions[].previous_weight)",
    "Σexit.ladder.goods[].value", "(Σperformance.metals[].gain.total-performance.whole.gain.total)",
    "Σorders[].cash", "Σorders[].value", "(exposure.purchases[].cost-exposure.purchases[].owed)", "Σexposure.purchases[].owed",
    "Σ(exposure.purchases[].cost-exposure.purchases[].owed)", "Σbefore.country[]", "Σexposure.concentration.country[]", "Σexit.products[].vat[]", "Σexit.tax.lots[].cost", "Σexit.tax.lots[].gain", "Σexit.tax.lots[].value",
    "Σresale.groups[].value", "Σexposure.lots[].value", "-Σexit.tax.lots[].gain", "Σexposures.country[]", "Σpositions[].value", "Σpositions[].weight",
    "(at_last_prices.value-cash.value)", "(money.added-money.reserved)", "(exit.total.value+exit.total.entry)", "(positions[].weight-positions[].relaxed_weight)",
    "(exposure.at_risk.value-Σexposure.lots[].value)", "((exposure.at_risk.value-Σexposure.lots[].value)-Σexposure.lots[].value)", "(flows.flows[].partners[].became.level/flows.flows[].partners[].became.base)",
    "(whatif.largest_observed-1)", "(risk.cvar_95*(budget-costs.entry))",
    # another unit: points, tonnes, an index of 10,000, powers of ten, an error in per cent as an amount
    "(100*constraints[].slack)",
    "(100*(positions[].weight-positions[].previous_weight))", "(100*scenarios[].loss)", "(100*risk.measures[])",
    "(10000*supply.metals[].scored.hhi)",
    "(10000*supply.metals[].scored.hhi_upper)", "(10000*supply.metals[].scored.hhi_range[])", "(10000*supply.thresholds.highly_concentrated)", "(flows.flows[].partners[].quantities[]/1000)",
    "(flows.flows[].partners[].latest/1000)", "(solver.kkt.dual/1e-n)", "(solver.kkt.gap/1e-n)", "(solver.kkt.primal/1e-n)",
    "(prices.series[].months[].level*prices.series[].months[].error)", "(positions[].price_today_se/positions[].price)",
    # what a limit costs, half the points that rounding moved, one estimate in twenty
    "(((constraints[].shadow_price*0.01)*1)*budget)",
    "(100*((constraints[].shadow_price*0.01)*1))",
    "(100*(((constraints[].shadow_price*0.01)*1)/(objective.risk_aversion*relaxed.volatility)))",
    "(100*((Σ(positions[].weight-positions[].relaxed_weight)+(cash.weight-relaxed.cash))/2))",
    "(objective.risk_aversion/2)", "(factor_model.tests.estimates/20)",
    # of movements
    "(exposure.resale_unknown_origin.value/exposure.value)", "(performance.whole.put_in-performance.whole.taken_out)",
    "(((performance.whole.gain.spread+performance.whole.gain.fees)+performance.whole.gain.storage)+performance.whole.gain.tax)",
    "((performance.path[].index/performance.path[].index)-1)", "(performance.left[].fees+performance.left[].tax)", "Σperformance.left[].gain", "Σ((performance.years[].fees+performance.years[].storage)+performance.years[].tax)",
}  # fmt: skip
"""How figures are computed on a page, from numbers of the JSON."""
CENTS = {"allocation._equation", "allocation._table", "allocation.cost_waterfall"}
"""Amounts whose cents are shared out so that they add up: `tests/unit/app/test_money.py` adds them."""
COUNTS = {
    "allocation.answer", "market._products_controlled", "market._next_date", "market._controlled_today", "market._status",
    "dates._entry", "dates._finding", "concentration._above", "concentration._weights", "concentration._won",
    "limits._figures", "limits.no_answer", "factors._pairs_title", "factors._correlations", "controls._finding", "dates._returned", "dates.next_change", "measures.doubts", "flows._effects",
    "changes._flows", "flows._recent", "history._foot", "holdings._figure", "holdings._status", "holdings._stoppable", "holdings._totals", "method._data", "official._finding", "official._views", "resale._by_measure", "sources._dates",
    "sources._late", "sources._metals", "supply._finding",
}  # fmt: skip
"""Where rows or days are counted."""
CONSTANTS = {
    "concentration.indices": {10_000}, "factors._correlations": {0, 0.25, 0.5, 0.75, 1}, "flows.relative": {-0.999}, "flows.quantity": {1}, "holdings._totals": {1.0},
    "prices._title": {0.1}, "measures.measure_words": {0.95},
}  # fmt: skip
"""Ends of scales, thresholds, the least that is written."""
NAMES = {
    "dates._titles",
    "dates.change_in_words",
    "changes._ledger",
    "changes._measure",
    "changes._notice",
    "sources._cited",
    "sources._facts",
}
"""Days in the names of acts and in citations, which a German name writes itself."""
AXES = {"measures.timeline"}
"""Ends of axes of time."""
COLUMNS = {
    "Fall": "((performance.path[].index/performance.path[].index)-1)",
    "Share of value": "supply.metals[].weight",
    "Upper end": "performance.path[].ends.high",
    "Tax": "performance.years[].tax",
    "Income": "performance.years[].income",
    "Taken out": "performance.metals[].taken_out performance.years[].taken_out",
    "TWR": "performance.metals[].time_weighted performance.years[].time_weighted",
    "Storage": "performance.years[].storage",
    "Quantity": "performance.left[].quantity",
    "Put in": "performance.metals[].put_in performance.years[].put_in",
    "Proceeds": "performance.left[].proceeds",
    "Nine of ten cases": "performance.metals[].value_ends.high performance.metals[].value_ends.low",
    "Net paid in": "performance.path[].paid",
    "Lower end": "performance.path[].ends.low",
    "It would be": "performance.benchmarks[].value",
    "IRR": "performance.benchmarks[].rate performance.lots[].rate performance.metals[].rate",
    "Held": "performance.lots[].held",
    "Gain": "performance.left[].gain performance.lots[].gain.total performance.metals[].gain.total performance.years[].gain",
    "Free of tax from": "performance.lots[].free_from",
    "Fees": "performance.years[].fees",
    "Fees and tax": "(performance.left[].fees+performance.left[].tax)",
    "Cost": "performance.left[].cost performance.lots[].cost",
    "At the end": "performance.years[].end",
    "At the beginning": "performance.years[].begin",
    "% of value": "(100*risk.measures[])",
    "12 before": "flows.flows[].partners[].year_before",
    "12 months, kg a month": "flows.flows[].partners[].year flows.quantity",
    "68% interval": "assets[].volatility.high assets[].volatility.low",
    "95% interval": "correlations[].high correlations[].low correlation_risk.pairs[].high correlation_risk.pairs[].low",
    "a year before": "flows.flows[].partners[].on_year.base",
    "After 3 years, EUR": "exit.products[].net exit.total.net",
    "All, kg": "flows.flows[].partners[].latest",
    "Amount, EUR": "allocation._table",
    "Asked": "constraints[].limit constraints[].hold_limit",
    "Asks": "measures.asked",
    "Before": "flows.flows[].controls[].around.base",
    "Bought": "performance.lots[].first exit.tax.lots[].bought",
    "Bought for, EUR": "exposure.purchases[].cost",
    "Days to a licence: half; nine in ten": "exposure.licence_delay.median exposure.licence_delay.tail",
    "Paid, EUR": "(exposure.purchases[].cost-exposure.purchases[].owed)",
    "Still owed, EUR": "exposure.purchases[].owed",
    "To replace today, EUR": "exposure.lots[].value",
    "Change": (
        "changes.prices[].change flows.flows[].controls[].around.change.value flows.flows[].partners[].year_on_year.value "
        "history.points[].change flows.relative"
    ),
    "Common changes": "correlations[].periods",
    "change": "(cash.weight-cash.previous_weight) (positions[].weight-positions[].previous_weight)",
    "Change of the price": "whatif.response.cases[].change",
    "Changes each": "factor_model.assets[].changes",
    "Collapse from": "flows.flows[].controls[].around.collapse.onset",
    "Corrected": "assets[].volatility.corrected",
    "Correlation observed": "correlations[].observed correlation_risk.pairs[].observed",
    "Correlation used": "correlations[].forecast correlation_risk.pairs[].forecast",
    "Cost, EUR": "costs.entry orders[].cost",
    "Date": "changes.controls[].day flows.reported[].announced",
    "Days old": "quality.series[].age_days",
    "Days to the money: low, middle, high": ("exit.products[].days.low exit.products[].days.central exit.products[].days.high"),
    "Deepest fall": "prices.series[].fall.depth prices.series[].fall.since",
    "e that gives it at a full stop": "whatif.checks[].implied_elasticity",
    "EI": "supply.metals[].eu.economic_importance",
    "EUR": "performance.whole.gain.currency performance.whole.gain.fees performance.whole.gain.income performance.whole.gain.price performance.whole.gain.spread performance.whole.gain.storage performance.whole.gain.tax performance.whole.gain.total",
    "Explained": "factor_model.assets[].fit",
    "explained": "factor_model.assets[].fit",
    "exposure": "exposures.factors[]",
    "falls by": "scenarios[].size",
    "Fall of US imports": "whatif.response.cases[].fall",
    "First": "quality.series[].first",
    "First day": "flows.flows[].controls[].effective",
    "First price": "history.points[].first.low history.points[].first.high history.points[].first.date",
    "First three months": "flows.flows[].controls[].around.after",
    "From": "measures._table assets[].volatility.first",
    "Day": "performance.left[].day performance.path[].day exposure.instruments[].date",
    "From China, kg": "flows.flows[].partners[].latest",
    "Gain, EUR": "exit.tax.lots[].gain Σexit.tax.lots[].gain",
    "Gives way by": "asked.step",
    "Held after": "positions[].quantity",
    "HHI, of 10,000": "(10000*supply.metals[].scored.hhi) (10000*supply.metals[].scored.hhi_upper) "
    "(10000*supply.metals[].scored.hhi_range[])",
    "high": "whatif.money_words whatif.metals[].bands[].high whatif.metals[].stop.high",
    "flows by month in kg (* zero inferred)": "flows.flows[].partners[].quantities[]",
    "In days": "exit.tax.lots[].days",
    "index by month, the weighted mean and in brackets the price as published": (
        "history.cases[].path[].level history.cases[].path[].printed"
    ),
    "Known from": (
        "performance.data[].known_from data[].as_of changes.data[].known_from data[].known_from exit.data[].known_from history.data[].known_from "
        "quality.data[].known_from supply.data[].known_from whatif.data[].known_from"
    ),
    "Known now, EUR": "changes.prices[].price changes.prices[].standard_error",
    "Known then, EUR": "changes.prices[].before.price",
    "Largest producer": "supply.metals[].scored.top_share",
    "Last 12 months": "factor_model.factors[].return_12m",
    "Last price": "history.points[].last.low history.points[].last.high history.points[].last.date",
    "Last observed price, EUR": "positions[].price_raw positions[].price_date",
    "Latest month, kg": "flows.flows[].partners[].latest",
    "Left without it": "supply.metals[].scored.n_minus_1 supply.metals[].scored.n_minus_1_range[]",
    "Left, EUR": "allocation._table Σpositions[].value",
    "Estimated price ± error, EUR": "positions[].price positions[].price_today_se",
    "Loadings, t-statistic in brackets": ("factor_model.assets[].loadings[].loading factor_model.assets[].loadings[].t"),
    "loss": "scenarios[].loss",
    "Loss of world supply": "whatif.response.cases[].loss",
    "Loss of supply": (
        "whatif.metals[].stop.loss whatif.money.coming[].loss whatif.money.held[].loss whatif.money.whole[].loss "
        "whatif.money.ordered[].loss whatif.money.planned[].loss "
        "whatif.metals[].bands[].loss whatif.carried_to"
    ),
    "Loss, %": "(100*scenarios[].loss)",
    "Lot": "positions[].lot_size",
    "Lots": "orders[].lots",
    "low": "whatif.money_words whatif.metals[].bands[].low whatif.metals[].stop.low",
    "Measure of risk": "measures.measure_words",
    "Measure, announced": "history.cases[].announced",
    "middle": "whatif.money_words whatif.metals[].bands[].central whatif.metals[].stop.central",
    "Month": "performance._falls flows._months history.cases[].path[].shift prices.series[].months[].month prices.rates[]",
    "Months below a peak": "prices.series[].fall.under_water",
    "Months in a row at zero": "flows.flows[].partners[].zeros_running",
    "n": "assets[].volatility.observations",
    "New": "constraints[].value",
    "new": (
        "cash.weight exposures.controlled exposures.country[] exposures.country_other positions[].weight Σexposures.country[]"
    ),
    "Newest": (
        "performance.data[].as_of changes.data[].as_of data[].as_of history.data[].as_of quality.data[].as_of quality.series[].last supply.data[].as_of"
    ),
    "Newest month": "changes.newest flows.flows[].partners[].month",
    "Noise of a price": "assets[].volatility.noise",
    "Now": "before.limits[]",
    "now": (
        "before.controlled before.country[] before.country_other cash.previous_weight positions[].previous_weight "
        "Σbefore.country[]"
    ),
    "Number of lots": "holdings._totals",
    "of": "changes.prices[].before.date changes.prices[].date",
    "On the month before": "flows.flows[].partners[].on_month.value",
    "On the year before": "flows.flows[].partners[].on_year.value",
    "One more point": (
        "(((constraints[].shadow_price*0.01)*1)*budget) "
        "(100*(((constraints[].shadow_price*0.01)*1)/(objective.risk_aversion*relaxed.volatility))) "
        "(100*((constraints[].shadow_price*0.01)*1))"
    ),
    "Order": "orders[].quantity",
    "Our formula, middle e: at a loss of": "whatif.checks[].implied_loss",
    "Overdue": "changes.data[].overdue_days data[].overdue_days history.data[].overdue_days quality.data[].overdue_days",
    "Own data": "factor_model.assets[].own_weight",
    "Purchase price, EUR": "exit.tax.lots[].cost Σexit.tax.lots[].cost",
    "Prices by month, EUR per kg: observed, then estimated price ± one standard error": (
        "prices.series[].months[].print prices.series[].months[].level "
        "(prices.series[].months[].level*prices.series[].months[].error) "
        "prices.series[].last.print prices.series[].last.level prices.series[].last.error"
    ),
    "95% of prices of today, EUR": "exposure.prices[].price_today_low exposure.prices[].price_today_high",
    "Price of a kg, EUR": (
        "exposure.prices[].price exposure.prices[].price_today_se exposure.prices[].date "
        "exposure.prices[].price_today_low exposure.prices[].price_today_high"
    ),
    "Price used, EUR": "exposure.prices[].price",
    "Standard error": "exposure.prices[].price_today_se",
    "Price, EUR": "exposure.instruments[].price",
    "Units": "exposure.instruments[].quantity",
    "Basis": "exposure.prices[].date",
    "Quotation": "exposure.prices[].in_europe.date",
    "Quoted in Europe, EUR": "exposure.prices[].in_europe.low exposure.prices[].in_europe.high",
    "Without history": "assets[].volatility.without_history",
    "Used": "assets[].volatility.used",
    "Observed": "assets[].volatility.raw",
    "Prices": "quality.series[].observations",
    "Probability": "scenarios[].probability",
    "Published change": "whatif.checks[].change",
    "Quantity, kg": "exposure.lots[].mass",
    "remaining": "supply.metals[].scored.n_minus_1",
    "remains": "assets[].supply.n_minus_1",
    "risk": "risk_contributions[]",
    "Room, points": "(100*constraints[].slack)",
    "Rows": "data[].rows",
    "Share": "(Σexposure.lots[].value/Σexposure.lots[].value) exposure.industries.sectors[].share holdings._totals",
    "share": (
        "exposure.concentration.country[] exposure.concentration.other exposure.concentration.unknown "
        "Σexposure.concentration.country[] (costs.entry/costs.entry) (positions[].cost/costs.entry) exposures.controlled exposures.country[] "
        "exposures.country_other Σexposures.country[] costs.share"
    ),
    "Share of all partners": "flows.flows[].partners[].share",
    "Share of China then": "whatif.response.cases[].share_then",
    "Share of China": "whatif.checks[].share",
    "Since": "resale.groups[].answers[].measures[].since",
    "Share of production": "supply.metals[].other_stages[].producers[].share supply.metals[].scored.producers[].share",
    "Sold at once, EUR": "exit.products[].net_now exit.total.net_now",
    "Spread": "exit.products[].spread exit.ladder.goods[].spread",
    **dict.fromkeys(
        ("2 days", "14 days", "30 days", "90 days"),
        "exit.ladder.goods[].rungs[].money exit.ladder.rungs[].high exit.ladder.rungs[].low exit.ladder.rungs[].money",
    ),
    "Later, or not known": "exit.ladder.goods[].later exit.ladder.later",
    "kg": "exit.ladder.goods[].quantity",
    "Value through time, EUR": "performance.path[].ends.high performance.path[].ends.low",
    "SR": "supply.metals[].eu.supply_risk",
    "SR, our scenario": "supply.metals[].scenario_supply_risk",
    "Storage a year": "exit.products[].storage",
    "Tax-free from": "exit.tax.lots[].free_from",
    "To": "assets[].volatility.last factor_model.assets[].last factor_model.factors[].last",
    "To, inclusive": "measures._table resale.groups[].answers[].measures[].until",
    "Today": "positions[].previous_weight",
    "US net imports": "official._reliance",
    "Value": (
        "performance.lots[].value performance.metals[].value performance.path[].value objective.value periods_per_year seed solver.kkt.primal solver.kkt.dual solver.kkt.gap (solver.kkt.primal/1e-n) (solver.kkt.dual/1e-n) (solver.kkt.gap/1e-n)"
    ),
    "value": "positions[].weight",
    "Value, EUR": (
        "exposure.instruments[].value resale.groups[].value exit.products[].value exit.tax.lots[].value exit.total.value exposure.lots[].value orders[].value "
        "Σexit.tax.lots[].value Σexposure.lots[].value Σorders[].cash Σpositions[].value "
        "exit.ladder.goods[].value exit.ladder.lots[].value Σexit.ladder.goods[].value"
    ),
    "variance": "risk.factor_shares[]",
    "Volatility with the observed": "correlation_risk.pairs[].volatility",
    "Volatility a year": "factor_model.factors[].volatility",
    "Weight": "positions[].weight supply.metals[].weight",
    "weight": "cash.weight positions[].weight",
    "What": "sources._metals",
    "Which metal": "whatif.metals[].share",
    "Whole lots": "cash.weight positions[].weight",
    "Would ask": "measures.asked",
    "Year ahead": "factor_model.assets[].forecast",
    **dict.fromkeys(
        ("1 m", "3 m", "6 m", "12 m"),
        "history.summary[].high history.summary[].low history.summary[].median "
        "history.summary[].n history.summary[].none history.summary[].up history.summary[].down history.cases[].reactions[].adjusted",
    ),
    **dict.fromkeys(
        ("1\N{NO-BREAK SPACE}year", "3\N{NO-BREAK SPACE}years", "5\N{NO-BREAK SPACE}years"),
        "exit.products[].rise[] exit.total.rise[]",
    ),
    "Months": "whatif.response.cases[].months",
    "Months at zero": "flows.flows[].partners[].zeros_in_year",
}
"""What stands under a label of a table: a number of the JSON or a formula of such numbers, or the function that made it of several."""
SAME = (
    ("positions[].weight", "supply.metals[].weight", "whatif.metals[].weight"),
    ("weights[]", "supply.metals[].weight", "whatif.metals[].weight"),
    ("positions[].value", "exit.products[].value"),
    ("positions[].price", "orders[].price", "changes.prices[].price", "exposure.prices[].price"),
    ("positions[].price_se", "changes.prices[].standard_error", "exposure.prices[].standard_error", "prices.series[].last.error"),
    ("positions[].price_raw", "prices.series[].last.print"),
    ("positions[].price_date", "prices.series[].last.month", "changes.prices[].date", "quality.series[].last",
     "assets[].volatility.last", "factor_model.assets[].last"),
    ("assets[].volatility.first", "factor_model.assets[].first", "quality.series[].first"),
    ("assets[].volatility.observations", "factor_model.assets[].changes"),
    ("factor_model.assets[].observations", "quality.series[].observations"),
    ("assets[].volatility.corrected", "factor_model.assets[].corrected"),
    ("assets[].volatility.without_history", "factor_model.assets[].without_history"),
    ("assets[].volatility.raw", "factor_model.assets[].raw"),
    ("assets[].volatility.low", "factor_model.assets[].low"),
    ("assets[].volatility.high", "factor_model.assets[].high"),
    ("assets[].volatility.noise", "factor_model.assets[].noise"),
    ("assets[].volatility.used", "factor_model.assets[].forecast"),
    ("assets[].spread", "exit.products[].spread"),
    ("assets[].storage", "exit.products[].storage"),
    ("assets[].supply.n_minus_1", "supply.metals[].scored.n_minus_1"),
    ("assets[].supply.hhi", "supply.metals[].scored.hhi"),
    ("assets[].supply.top_share", "supply.metals[].scored.top_share"),
    ("assets[].supply.period_end", "supply.metals[].scored.period_end", "whatif.metals[].period_end"),
    ("whatif.checks[].share", "whatif.metals[].share"),
    ("exit.tax.lots[].value", "exposure.lots[].value"),
    ("exit.tax.lots[].mass", "exposure.lots[].mass"),
    ("exit.tax.lots[].cost", "exposure.purchases[].cost"),
    ("exit.tax.lots[].bought", "exposure.purchases[].bought"),
    ("at_last_prices.limits_broken[].limit", "constraints[].limit"),
    ("exposures.concentration.n_minus_1", "supply.portfolio.n_minus_1"),
    ("exposures.concentration.hhi", "supply.portfolio.hhi"),
)  # fmt: skip
"""Numbers of the JSON that are one quantity: those of one row agree."""
APART = (
    "at_last_prices.", "before.", "orders[].", "exit.products[].days.", "history.points[]", "history.cases[].path[].",
    "flows.flows[].partners[].became.", "flows.flows[].partners[].",
    "changes.prices[].before.", "changes.prices[].change", "whatif.metals[].stop.", "whatif.checks[].change",
    "assets[].volatility.observations", "exposure.prices[].in_europe.",
    "supply.metals[].scored.producers[].", "supply.metals[].other_stages[].producers[].", "performance.left[].",
)  # fmt: skip
"""What shares its last name with another quantity: another day, another flow, a trade beside a holding, days beside rates."""
OF_WORDS = {"asked.step"}
"""Functions whose figure takes a number out of a word of the JSON."""
OF_OFFERS = {"exposures.concentration.n_minus_1", "exposures.concentration.hhi"}
"""What is held from a chosen origin, where the part on supply looks at the world."""


def test_every_figure_is_a_number_of_the_json_or_a_formula_that_is_named(pages):
    unknown = set()
    for page in pages:
        days = {
            date.fromisoformat(leaf) for leaf in leaves([page.record, page.parts]) if isinstance(leaf, str) and len(leaf) == 10
        }
        days |= {day + timedelta(days=step) for day in days for step in (-1, 1)}
        months = {day.replace(day=1) for day in days}
        for shown in page.shown:
            if shown.by in NAMES:
                continue
            formula, day = "" if shown.by in OF_WORDS else pattern(shown.formula), shown.value
            if not formula and isinstance(day, (date, str)):
                day = date.fromisoformat(day) if isinstance(day, str) else day
                if day not in days and day not in months and shown.by not in AXES:
                    unknown.add(f"{shown.by}: {day}, a day that the record does not hold")
            elif not formula and not is_made(page, shown):
                unknown.add(f"{shown.by}: {shown.text}, made of no number of the record")
            elif re.search(r"[()Σ]", formula) and formula not in FORMULAS and shown.by not in CENTS:
                unknown.add(f"{shown.by}: {formula}")
    assert not unknown, "figures to be named in FORMULAS, COUNTS or CONSTANTS:\n" + "\n".join(sorted(unknown))


def is_made(page: Page, shown: Shown) -> bool:
    """Whether a figure without a formula is a count, a constant, a word of the data, or a number of the JSON that was rounded."""
    value, conflict = shown.value, page.record.get("conflict", {})
    match shown.by:
        case "whatif.money_words":
            return any(float(f"{leaf:.3g}") == value for leaf in leaves(page.parts["whatif"]["money"]))
        case "official._reliance":
            told = [row["us_net_import_reliance"] or "" for row in page.parts["supply"]["metals"]]
            return any(re.match(rf"\D*{100 * value:.0f}\b", one) for one in told)
        case "asked.step":
            return any(0 <= value - 100 * leaf < 0.1 for leaf in leaves(conflict["details"]["relaxation"]))
        case "measures.asked":
            moved = [float(one.rpartition("=")[2]) for one in conflict.get("details", {}).get("set", ())]
            return value in moved or value in [*leaves(conflict), *leaves(page.record.get("constraints"))]
    return value in CONSTANTS.get(shown.by, ()) or shown.by in CENTS or (shown.by in COUNTS and isinstance(value, int))


def test_a_column_shows_one_quantity(pages):
    """What stands under a label is what `COLUMNS` says: never another number, nor another window."""
    metals = {
        words(cells[0]) for page in pages for table in walk(page.document, (d.Table, d.BarTable)) for _, cells in rows(table)
    }
    other = defaultdict(set)
    for page in pages:
        if page.lang != "en":
            continue
        for table in walk(page.document, (d.Table, d.BarTable)):
            if table.caption == "Further findings":  # titles of figures that the full report shows
                continue
            for _, cells in rows(table):
                for label, cell in zip(labels(table), cells, strict=False):
                    name = bare(table.caption) if label.partition(",")[0] in metals else label
                    formulas = {
                        pattern(shown.formula) if shown.by not in CENTS | OF_WORDS and shown.formula else shown.by
                        for shown in written(cell)
                        if shown.by not in NAMES
                    }
                    other[name] |= formulas - set(COLUMNS.get(name, "").split())
    other = {name: found for name, found in other.items() if found}
    assert not other, "columns to be named in COLUMNS:\n" + "\n".join(
        f"{name!r}: {sorted(found)}," for name, found in sorted(other.items())
    )


def without_drawings(node: Any) -> Any:
    """A part of a document with one small drawing in each chart: what is drawn has no words."""
    if isinstance(node, d.Chart):
        return replace(node, drawings=(d.Drawing(bars, (320,)),))
    if isinstance(node, tuple):
        return tuple(without_drawings(item) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{field.name: without_drawings(getattr(node, field.name)) for field in fields(node)})
    return node


def test_every_format_shows_the_figures_of_the_document(pages):
    """The page, the text and the data show all; a mail leaves tables out, and shows no figure that the document does not."""
    for page in pages:
        if page.name not in ("full", "exposure", "market-brief", "conflict") or page.subject in ("shocks", "origins", "stored"):
            continue
        document, say = without_drawings(page.document), language(page.lang)
        shown = {shown.text for shown in written(document)}
        data = json.dumps(as_data(document), ensure_ascii=False)
        for name in ("html", "md"):
            text = FORMATS[name].make(document, say).decode()
            text = html.unescape(re.sub(r"<[^>]+>", "", text)) if name == "html" else re.sub(r"\\(?=\W)", "", text)
            lost = sorted(figure for figure in shown if figure not in text)
            assert lost == [], (str(page), name, lost)
        parts = email.message_from_bytes(FORMATS["email"].make(document, say), policy=policy.default).walk()
        mail = next(part.get_content() for part in parts if part.get_content_type() == "text/html")
        text = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", mail, flags=re.DOTALL))
        found = [set(re.findall(r"\d[\d.,]*\d", one)) for one in (text, data)]
        gauges = {f"{100 * row.gauge:.0f}" for row in walk(document, d.Row) if row.gauge is not None}
        assert found[0] - found[1] - gauges == set(), str(page)
        assert found[0], str(page)


def test_both_languages_show_the_same_figures(pages):
    for english, german in zip(pages[::2], pages[1::2], strict=True):
        assert (english.subject, english.name) == (german.subject, german.name)
        counted = [
            Counter((one.by, one.formula, str(one.value)) for one in page.shown if one.by not in NAMES)
            for page in (english, german)
        ]
        assert counted[0] == counted[1], str(english)
        assert [len(labels(t)) for t in walk(english.document, (d.Table, d.BarTable))] == [
            len(labels(t)) for t in walk(german.document, (d.Table, d.BarTable))
        ]


OF_NO_LANGUAGE = re.compile(
    r"`toolkit [^`]*`|^toolkit \d.*|^constraint\..*|Zürich or Shanghai|\b\w+(-\w+)+\b|Meucci \(2008\).*Journal of Risk"
)
"""Commands, versions, keys and places of files, names of strategies and runs, titles of papers."""


def test_no_german_page_holds_a_sentence_of_the_english_one(pages):
    for english, german in zip(pages[::2], pages[1::2], strict=True):
        told, told_in_german = (
            {OF_NO_LANGUAGE.sub("", bare(text)) for text in walk(page.document, str)} for page in (english, german)
        )
        assert [text for text in told & told_in_german if re.search(r"\b[a-z]\w+ \w+", text)] == [], str(german)
        assert [text for text in told_in_german if ENGLISH.search(text)] == [], str(german)


def test_one_quantity_has_one_value_in_the_record_and_in_every_part(pages):
    """Numbers of one name and one row agree, unless `APART` says that they are of different things."""
    groups = {name: i for i, group in enumerate(SAME) for name in group}
    compared, apart = 0, set()
    for page in pages:
        values: dict[str, dict[str, Any]] = defaultdict(dict)
        for leaf in leaves({**page.record, **page.parts}):
            values[pattern(leaf.formula)].setdefault(",".join(re.findall(r"\[([^\]]*)\]", leaf.formula)), leaf)
        shown = {pattern(leaf) for one in page.shown for leaf in re.findall(r"[a-z_][\w.\[\] -]*", one.formula)}
        for first, second in itertools.combinations(sorted({*shown, *groups} & values.keys()), 2):
            one_group = groups.get(first, -1) == groups.get(second, -2)
            if not one_group and first.rpartition(".")[2] != second.rpartition(".")[2]:
                continue
            rows = {row for row in values[first].keys() & values[second].keys() if re.match(r"[^\d,]", row)}
            compared += len(rows)
            products = {row["offer_of"] for row in page.record.get("positions", ())}  # its own row is what is of any origin
            unequal = [row for row in rows - products if differ(values[first][row], values[second][row])]
            if not one_group and (first.startswith(APART) or second.startswith(APART)):
                continue
            if unequal and not (page.subject == "origins" and first in OF_OFFERS):
                apart.add(f"{page} {unequal[0]}: {first} {values[first][unequal[0]]}, {second} {values[second][unequal[0]]}")
    assert compared > 1000
    assert not apart, "one name, two numbers:\n" + "\n".join(sorted(apart))


def differ(first: Any, second: Any) -> bool:
    """Whether two numbers, or two days, are not the same."""
    if isinstance(first, str) or isinstance(second, str):
        return str(first) != str(second)
    return abs(first - second) > 1e-6 * max(abs(first), abs(second))


TABLES = ("prices", "prices_annual", "flows", "control_scopes", "price_points", "trade_parameters", "shares", "metals")


@pytest.fixture(scope="module")
def held() -> dict[str, set[str]]:
    """The metals that the tables of each source hold, by the id of the source."""
    snapshot, found = context(known.AS_OF).snapshot, defaultdict(set)
    for table in TABLES:
        for source, metal in snapshot[table].select("source", "asset").unique().iter_rows():
            found[source].add(metal)
    return found


def held_by(record: Any) -> set[str]:
    """The metals that a subject is about."""
    positions = record.get("positions", ())
    held = {row["offer_of"] or row["asset"] for row in positions if max(row["weight"], row["previous_weight"]) > 0}
    return held or set(record.get("weights") or (row["asset"] for row in record["controls"]))


def named(node: Any, metals: dict[str, str], whole: set[str]) -> set[str]:
    """The metals that a part of a document names or shows a figure of; what is of the whole subject is of each of them."""
    told = " ".join([span.text for span in walk(node, Span)] + [chart.told for chart in walk(node, d.Chart)]).casefold()
    formulas = " ".join(shown.formula for shown in written(node))
    found = {key for key, name in metals.items() if f"[{key}]" in formulas or re.search(rf"\b{name}\b", bare(told))}
    return found | whole if not found or re.search(r"Σ|scenarios\[|correlation_risk\.", formulas) else found


def test_a_cited_source_holds_the_metal(pages, held):
    """A source beside a figure has rows of a metal that the figure shows; beside a row of a table, of the metal of the row."""
    cited = 0
    for page in pages:
        if page.lang != "en":
            continue
        origins = {one.marker: one.key for one in page.origins}
        metals = {row["asset"]: row["metal"].casefold() for row in page.record["controls"]} | {"copper": "base metals"}
        for section in page.document.sections:
            if section.name in ("sources", "method", "also"):  # sources, and titles with those of their figures
                continue
            for node in walk(section, (d.Figure, d.Row, d.Bar)):
                shown = named(node, metals, held_by(page.record))
                for marker in {ref for span in walk(node, Span) for ref in span.refs if ref.startswith("S")}:
                    if holds := held.get(origins[marker]):
                        cited += 1
                        where = (str(page), section.name, words(getattr(node, "title", ())), marker, origins[marker])
                        assert holds & shown, (where, sorted(shown))
    assert cited > 200


GAINS, BALANCE = "Lots by their day of purchase", "Left, EUR"
"""A table whose sums are of the lots with a price, and the column of what is left after each row."""
NO_SUMS = {
    "cash.weight", "cash.previous_weight", "relaxed.cash", "(cash.weight-cash.previous_weight)", "(cash.weight-relaxed.cash)",
    "risk.factor_shares[]", "Σorders[].cash", "exit.total.rise[]", "history.summary[].median",
}  # fmt: skip
"""What a row that is set apart shows beside sums: the rest of a whole, and the same of all together."""


def test_totals_are_the_sums_of_the_rows_above_them(pages):
    summed = 0
    for page in pages[::2]:
        for table in walk(page.document, (d.Table, d.BarTable)):
            for j, label in enumerate(labels(table)):
                above = 0.0
                for total, cells in rows(table):
                    if not total and cells[-1] == (NONE,) and table.caption == GAINS:
                        continue
                    figure = written(cells[j])[:1] if j < len(cells) else []
                    for shown in figure:
                        if not total:
                            above += float(shown.value) if isinstance(shown.value, (int, float)) else 0.0
                        elif pattern(shown.formula) not in NO_SUMS and label != BALANCE:
                            summed += 1
                            where = (str(page), table.caption, label, words(cells[0]))
                            assert shown.value == pytest.approx(above, rel=1e-9, abs=0.006), where
    assert summed > 80


def test_a_statistic_is_of_the_window_that_is_printed(subjects):
    """Recomputed from the monthly figures of the same report, within the months that it names."""
    seen = Counter()
    for subject in subjects.values():
        for series in subject.parts["prices"]["series"]:
            fall, rows = series["fall"], series["months"]
            levels = [row["level"] or row["print"] for row in rows if row["month"] >= fall["since"]]
            peaks = list(itertools.accumulate(levels, max))
            deepest = min(level / peak - 1 for level, peak in zip(levels, peaks, strict=True))
            assert fall["depth"] == pytest.approx(deepest, abs=1e-9), series["asset"]
            days = [row["month"] for row in rows if row["month"] >= fall["since"]]
            assert fall["since"] == days[0] <= fall["peak"] <= fall["trough"]
            assert levels[days.index(fall["trough"])] / levels[days.index(fall["peak"])] - 1 == pytest.approx(deepest, abs=1e-9)
            assert series["last"]["month"] == rows[-1]["month"]
            seen["fall"] += 1
        for flow in subject.parts["flows"]["flows"]:
            told, months = flow["partners"][flow["watched"]], flow["months"]
            masses = told["quantities"]
            assert (told["month"], told["latest"], told["on_year"]["base"]) == (months[-1], masses[-1], masses[-13])
            assert told["year"] == pytest.approx(sum(masses[-12:]) / 12)
            assert told["year_before"] == pytest.approx(sum(masses[-24:-12]) / 12)
            assert told["zeros_in_year"] == masses[-12:].count(0)
            for control in flow["controls"]:
                around = control["around"]
                if around is None:  # fewer than twelve months are known before it
                    continue
                first = months.index(control["effective"][:7])
                assert around["base"] == pytest.approx(sum(masses[first - 12 : first]) / 12)
                assert around["after"] == pytest.approx(sum(masses[first : first + 3]) / 3)
                seen["control"] += 1
        for row in subject.parts["changes"]["prices"]:
            if row["change"] is not None:
                assert row["change"] == pytest.approx(row["price"] / row["before"]["price"] - 1, abs=1e-9)
                seen["change"] += 1
        for row in subject.parts["quality"]["series"]:
            first, last = (12 * int(row[key][:4]) + int(row[key][5:7]) for key in ("first", "last"))
            if row["rhythm"] == "monthly":
                assert row["observations"] + row["gaps"] == row["expected"] == last - first + 1
                seen["quality"] += 1
    assert min(seen[name] for name in ("fall", "control", "change", "quality")) > 20


FALL = re.compile(r"\u2212(\d[\d.,]*)[\u00a0\u202f ]?%")
SPELLED = {word: i for i, word in enumerate(WORDS)}


COUNTED = {"controls", "concentration", "flows", "official", "sources", "history"}
"""Sections whose titles count what their tables have a row of; the states of controls add up in the title."""


def counts(title: str) -> list[int]:
    """Whole numbers of a title, those in words too."""
    found = [SPELLED.get(word, int(word) if word.isdigit() else -1) for word in re.findall(r"\w+", title.lower())]
    return [number for number in found if number >= 0]


def test_a_count_in_a_title_is_that_of_the_rows_below_it(pages):
    """`6 of 8` stands over eight rows; a total of fewer would leave a reader to guess which."""
    seen = Counter()
    for page in pages[::2]:
        for section, figure in [(one, figure) for one in page.document.sections for figure in walk(one, d.Figure)]:
            title = words(figure.title)
            tables = [*walk(figure.body, (d.Table, d.BarTable)), *([figure.data] if figure.data else [])]
            found = re.search(r"\b(\w+) (?:\w+ )?of (\w+) (metals|indices|flows|cases|need|are)\b", title)
            if found is None or not (total := counts(found[2])) or section.name not in COUNTED:
                continue
            seen[section.name] += 1
            if section.name == "controls":
                first, whole, *others = counts(title)
                assert first + sum(others) == whole, title
            elif tables:
                held = [[words(cell) for cell in cells] for table in tables for _, cells in rows(table)]
                kept = [cells for cells in held if all(cells[:2]) and not any("other forms" in cell for cell in cells)]
                assert len(kept) == total[0] * len(tables), title
    assert set(seen) == COUNTED


def test_nothing_falls_by_more_than_all_of_itself(pages):
    """What stands with a minus and in per cent is a fall, and in its column what a factor falls by stands without."""
    falls = 0
    for page in pages:
        comma = "," if page.lang == "de" else "."
        for span in walk(page.document, Span):
            for figure in FALL.findall(bare(span.text)):
                falls += 1
                assert float(figure.replace("." if comma == "," else ",", "").replace(comma, ".")) <= 100, span.text
        for table in walk(page.document, d.BarTable):
            if table.columns[0].label in ("falls by", "fällt um"):
                assert all(0 < shown.value < 1 for bar in table.bars for shown in written(bar.cells[0]))
                falls += len(table.bars)
    assert falls > 100


def test_a_marker_that_is_cited_is_told_in_the_report(pages):
    for page in pages:
        cited = {ref for span in walk(page.document, Span) for ref in span.refs if re.fullmatch(r"[SA]\d+", ref)}
        told = json.dumps([s for s in as_data(page.document)["sections"] if s["name"] in ("sources", "assumptions")]).casefold()
        assert cited
        assert [ref for ref in sorted(cited) if f'"{ref.casefold()}"' not in told] == [], str(page)


def test_no_page_with_noisy_series_says_that_none_has_a_stray_print(pages):
    for page in pages:
        told = " ".join(span.text for span in walk(page.document, Span))
        assert "an outlier" not in told
        assert "einen Ausreißer" not in told


@pytest.mark.parametrize(("lang", "holds"), [("en", "Every limit holds."), ("de", "Alle Grenzen sind eingehalten.")])
def test_every_limit_holds_is_said_only_where_it_holds_at_the_last_prices_too(subjects, lang, holds):
    record, parts = subjects["run"].record, subjects["run"].parts
    last = record["at_last_prices"]
    assert last["limits_broken"]  # of the bundled prices of today
    page = report(record, parts, name="allocation", lang=lang, format="md").decode()
    assert holds not in page
    worth = last["value"] - record["cash"]["value"]
    told = f"{worth:,.0f}" if lang == "en" else f"{worth:,.0f}".replace(",", ".")
    assert told in page
    calm = {**record, "at_last_prices": {**last, "limits_broken": []}}
    assert holds in report(calm, parts, name="allocation", lang=lang, format="md").decode()


def test_a_last_price_far_from_its_level_is_marked_at_the_order(subjects):
    record, parts = subjects["run"].record, subjects["run"].parts
    page = report(record, parts, name="allocation", lang="en", format="md").decode()
    orders = next(lines for lines in page.split("\n\n") if "Last observed price" in lines)
    held = [p for p in record["positions"] if p["value"] > 0.005]
    far = [p["name"] for p in held if abs(p["price_raw"] / p["price"] - 1) > 0.25]
    assert far
    marked = [line for line in orders.splitlines() if "▲" in line]
    assert len(marked) == len(far)
    assert all(any(name in line for line in marked) for name in far)
