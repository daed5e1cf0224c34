"""The report of a backtest of less than a year: returns in all, axes with months on them, columns that say something."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from tests.records import as_document, partial_findings
from tests.subjects import backtest
from tests.svg_texts import assert_apart, texts
from toolkit.holdings.exposure_history import Exposure
from toolkit.records.answers.backtest import EventLosses, Incident
from toolkit.report.charts.exposure_steps import exposure_steps
from toolkit.report.charts.paths import Path, Paths, paths
from toolkit.report.document import Chart
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.sections.backtest_conclusions import conclusions
from toolkit.report.sections.backtest_growth import _events as events
from toolkit.report.sections.backtest_growth import growth, months
from toolkit.report.sections.backtest_money import incidents
from toolkit.report.tables.backtest import by_kind

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
    table = figure.body[-1]
    known = {date.fromisoformat(row.ends).month for row in found.record.backtest.strategies[0].months}
    assert len(table.columns) == len(known) + 2
    for figure in incidents.build(found):
        for table in figure.body:
            columns = [[plain(row.cells[i]) for row in table.rows] for i in range(len(table.columns))]
            assert all(set(cells) != {"–"} for cells in columns[:2])


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
    return Chart(paths(Paths(MONTH_ENDS, Path("a", (100e3, 97e3, 98e3, 99e3, 92e3, 103e3)), (), (), "money"), FMT), "told")


def steps():
    return Chart(
        exposure_steps(tuple(Exposure(day, 0.2, 0.1, 0.0) for day in MONTH_ENDS[:-1]), MONTH_ENDS[-1], (), FMT), "told"
    )


@pytest.mark.parametrize("chart", [lines(), steps()])
def test_months_are_named_and_end_within_the_drawing(chart):
    """The axis showed its ends alone, and the last month reached into the margin of the page."""
    assert_apart(chart)
    for drawing in chart.drawings:
        named = [one.words for one in texts(drawing.spec) if "\xa020" in one.words]
        assert (named[0], named[-1]) == ("Dec\xa02025", "May\xa02026")
        assert len(named) > 2
    assert len(named) == len(MONTH_ENDS), "there is room for each on a page"


def test_wealth_that_hardly_moved_fills_its_axis():
    """Ticks of 1, 2 and 5 made half of the field empty: 50,000 and 100,000."""
    ticks = [one.words for one in texts(lines().drawings[-1].spec) if "," in one.words]
    assert len(ticks) >= 3
    assert min(float(tick.replace(",", "")) for tick in ticks) >= 80e3
