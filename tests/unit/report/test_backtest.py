"""The report of a backtest of less than a year: returns in all, axes with months on them, columns that say something."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from tests.records import as_document, partial_findings
from tests.subjects import backtest
from tests.svg_texts import assert_apart, texts
from toolkit.core.calendar import add_months
from toolkit.records.backtest import Comparison, EventLosses, Incident, Interval
from toolkit.report.charts.flow_bars import FlowBars, flow_bars
from toolkit.report.charts.histogram import bins
from toolkit.report.charts.paths import ChartPath, Paths, paths
from toolkit.report.document import Chart, Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.backtest import _finding, by_kind, conclusions, incidents, told_apart
from toolkit.report.topics.simulated import _events as events
from toolkit.report.topics.simulated import distribution, growth, months

FMT = Formats()
MONTH_ENDS = (date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31))


@pytest.fixture(scope="module")
def found():
    subject = backtest()
    assert subject.record["backtest"]["years"] < 1
    return partial_findings(subject.record, subject.parts)


def test_no_return_of_less_than_a_year_is_a_rate(found):
    """The table stretched nine months to a year, and an interval of rates stood beside the return in all."""
    (figure,) = growth.build(found)
    table = figure.body[1]
    assert [column.label for column in table.columns][:3] == ["Strategy", "Return in all", "Volatility"]
    totals = [one.figures.total for one in found.record.backtest.strategies]
    assert [plain(row.cells[1]) for row in table.rows] == [FMT.percent(total, 1, signed=True) for total in totals]
    gold = next(one for one in found.record.backtest.strategies if one.name == "gold-only")
    notes = [plain(words) for _, words in conclusions.build(found)[-1].items]
    assert notes[0].startswith(f"Gold alone made {FMT.percent(gold.figures.total, 1, signed=True)} in all over")
    document, _ = as_document(backtest().record, backtest().parts, name="backtest")
    assert "Growth a year" not in str(document)
    assert "histories drawn anew" not in str(document.sections[0])


def test_months_and_metals_that_nothing_is_known_of_have_no_column(found):
    (figure,) = months.build(found)
    table = figure.data
    known = {date.fromisoformat(row.ends).month for row in found.record.backtest.strategies[0].months}
    assert len(table.columns) == len(known) + 2
    for figure in incidents.build(found):
        for table in figure.body:
            columns = [[plain(row.cells[i]) for row in table.rows] for i in range(len(table.columns))]
            assert all(set(cells) != {"–"} for cells in columns[:2])


def test_the_map_of_months_has_every_month_by_its_year_with_a_tint_of_its_size(found):
    (figure,) = months.build(found)
    one = found.record.backtest.strategies[0]
    widest = figure.body[0].drawings[-1]
    words = {text.words for text in texts(widest.spec)}
    assert {FMT.points(month.value) for month in (*one.months, *one.calendar_years)} <= words
    assert {"2025", "2026"} <= words
    tints = [layer for layer in json.loads(widest.spec)["layer"] if layer["mark"]["type"] == "rect"]
    assert sum(len(layer["data"]["values"]) for layer in tints) == len(one.months)
    full = [layer for layer in tints if layer["mark"]["opacity"] == 1.0]
    most = max(abs(month.value) for month in one.months)
    assert sum(len(layer["data"]["values"]) for layer in full) == sum(abs(m.value) >= 0.75 * most for m in one.months)
    for drawing in figure.body[0].drawings:
        assert_apart(Chart((drawing,), "told"))


def test_nothing_of_sizes_is_told_where_dates_are_few(found):
    one = found.record.backtest.strategies[0]
    still = one.model_copy(update={"figures": one.figures.model_copy(update={"skew": None})})
    alike = found.record.backtest.model_copy(update={"strategies": [still]})
    assert isinstance(distribution.build(replace(found, record=replace_backtest(found, alike))), Missing)


def replace_backtest(found, backtest):
    return found.record.model_copy(update={"backtest": backtest})


def test_every_return_is_in_the_bin_of_its_size(found):
    values = np.random.default_rng(4).standard_t(3, 500) * 0.03
    for given in (values.tolist(), np.round(values, 2).tolist(), [0.01] * 300 + [0.5], [-1.0, 0.0, 1.0]):
        made = bins(given)
        assert sum(count for *_, count in made) == len(given)
        assert len(made) <= 160
        for low, high, count in made:
            assert count == sum(low - 1e-9 <= value < high - 1e-9 for value in given)
    (figure,) = distribution.build(found)
    one = found.record.backtest.strategies[0]
    assert sum(int(plain(row.cells[2])) for row in figure.data.rows) == len(one.wealth) - 1
    words = {text.words for text in texts(figure.body[0].drawings[-1].spec)}
    assert f"worst twentieth {FMT.percent(-one.figures.cvar, signed=True)}" in words
    assert_apart(figure.body[0])


def test_of_overdrafts_the_largest_is_told_and_no_sum_of_balances():
    bills = [
        Incident(day=day, kind="overdrawn", asset=None, amount=owed, reason=None)
        for day, owed in zip(MONTH_ENDS, (5.0, 9.0, 7.0), strict=False)
    ]
    cut = [Incident(day=day, kind="short", asset=None, amount=3.0, reason=None) for day in MONTH_ENDS[:2]]
    told = {kind: money for kind, _, money in by_kind(SimpleNamespace(incidents=[*bills, *cut]))}
    assert told == {"overdrawn": 9.0, "short": 6.0}


def test_nothing_lost_after_a_control_is_nought_and_not_undefined(found):
    """The page says that a dash is undefined or not applicable, and had one where nothing fell."""
    one = found.record.backtest
    losses = {strategy.name: 0.02 if strategy.role == "strategy" else 0.0 for strategy in one.strategies}
    event = EventLosses(event="EV1", title="No. 1 of 2026", announced="2026-01-15", metals=["gallium"], losses=losses)
    table = events(found, one.model_copy(update={"events": [event]}))
    assert [plain(cell) for cell in table.rows[0].cells[2:]] == [FMT.percent(loss) for loss in losses.values()]


def lines():
    return Chart(paths(Paths(MONTH_ENDS, ChartPath("a", (100e3, 97e3, 98e3, 99e3, 92e3, 103e3)), (), (), "money"), FMT), "told")


def test_months_are_named_and_end_within_the_drawing():
    """The axis showed its ends alone, and the last month reached into the margin of the page."""
    assert_apart(lines())
    for drawing in lines().drawings:
        named = [one.words for one in texts(drawing.spec) if "\xa020" in one.words]
        assert (named[0], named[-1]) == ("Dec\xa02025", "May\xa02026")
        assert len(named) > 2
    assert len(named) == len(MONTH_ENDS), "there is room for each on a page"


@pytest.fixture
def identical(found):
    """The record of the strategy beside one that did the same on every date."""
    one = found.record.backtest
    ours = one.strategies[0].name
    same = Comparison(
        strategy=ours, against="gold-only", growth=0.0, interval=Interval(0.0, 0.0), distinguishable=False, years_needed=None
    )
    other = same.model_copy(update={"against": "equal-weight", "growth": 0.1, "interval": Interval(-0.1, 0.3)})
    return one.model_copy(update={"comparisons": [same, other], "years": 2.3})


def test_what_did_the_same_is_told_so_and_widens_no_range(found, identical):
    """Beside a baseline that was the strategy itself, 2.3 years told "no difference below 0 to 9 points"."""
    run = replace(found, record=replace_backtest(found, identical))
    told = [plain(words) for words in told_apart(run, identical.strategies[0])]
    assert len(told) == 2
    assert "Equal weight" in told[0]
    assert "Gold only" not in told[0]
    assert told[1] == f"On these dates {identical.strategies[0].title} did the same as Gold only."
    assert plain(_finding(found, identical)) == "2.3 years tell no difference below 20 to 20 points a year from chance"
    alone = identical.model_copy(update={"comparisons": identical.comparisons[:1]})
    assert plain(_finding(found, alone)) == "Nothing that it is compared with did otherwise"


@pytest.mark.parametrize("months", [1, 2, 5, 30])
def test_the_axis_of_a_panel_ends_with_its_last_month(months):
    """A panel to May 2026 ended with "Jun 2026"."""
    last = date(2026, 5, 1)
    bars = FlowBars(add_months(last, 1 - months), (0.1,) * months, frozenset(), "10%")
    chart = Chart(flow_bars(bars, FMT), "told")
    assert_apart(chart)
    named = [one.words for one in texts(chart.drawings[0].spec) if "20" in one.words]
    assert named[-1] == ("2026" if months > 24 else "May\xa02026")


def test_wealth_that_hardly_moved_fills_its_axis():
    """Ticks of 1, 2 and 5 made half of the field empty: 50,000 and 100,000."""
    ticks = [one.words for one in texts(lines().drawings[-1].spec) if "," in one.words]
    assert len(ticks) >= 3
    assert min(float(tick.replace(",", "")) for tick in ticks) >= 80e3
