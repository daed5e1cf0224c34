"""Correlations as a picture: every number of the record once, hatched where an interval holds zero, in the order of clusters."""

from __future__ import annotations

import copy
import re

import pytest

from tests.records import partial, partial_findings
from tests.svg_texts import assert_apart, texts
from toolkit.app.languages import language
from toolkit.records.factors import Correlation
from toolkit.report.charts.draw import draw
from toolkit.report.document import Chart, Figure, Missing, Paragraph, apart
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.factors import clustered, factors

FMT = Formats()
DE = language("de")
SHEET = -1
"""The widest drawing, whose cells have room for numbers."""


def figure(record, say=None):
    found = factors.build(partial_findings(record, language=say))
    shown = () if isinstance(found, Missing) else apart(found)
    return next((one for one in shown if isinstance(one, Figure) and isinstance(next(iter(one.body), None), Chart)), None)


def words(spec):
    return [one.words for one in texts(spec)]


def holds_zero(row):
    return row["low"] <= 0 <= row["high"]


@pytest.fixture
def rows(records):
    return records["normal"]["correlations"]


def test_the_record_has_every_pair_of_the_universe_once(records, rows):
    keys = {p["asset"] for p in records["normal"]["positions"]}
    pairs = {frozenset(row["assets"]) for row in rows}
    assert len(pairs) == len(rows) == len(keys) * (len(keys) - 1) // 2
    assert {key for pair in pairs for key in pair} == keys
    assert all(row["low"] < row["observed"] < row["high"] for row in rows if row["observed"] is not None)


def test_offers_of_one_product_are_one_row(records):
    record = records["origins"]
    keys = {key for row in record["correlations"] for key in row["assets"]}
    assert keys == {p.get("offer_of") or p["asset"] for p in record["positions"]}
    assert figure(record).body


def test_cells_have_the_numbers_of_the_record_and_a_hatch_where_the_interval_holds_zero(records, rows):
    spec = figure(records["normal"]).body[0].drawings[SHEET].spec
    numbers = [t for t in words(spec) if re.fullmatch(r"−?\d\.\d\d", t)]
    known = [row["observed"] for row in rows if row["observed"] is not None and not holds_zero(row)]
    assert sorted(numbers) == sorted(FMT.number(v, 2) for v in (*known, *(row["forecast"] for row in rows)))
    hatched = sum(row["observed"] is not None and holds_zero(row) for row in rows)
    assert 0 < hatched < len(rows)
    assert draw(spec).count('class="fill-unsure"') == hatched


def test_a_narrow_cell_keeps_the_sign_alone(records, rows):
    chart = figure(records["normal"]).body[0]
    narrow = words(chart.drawings[0].spec)
    below = sum(row["forecast"] < 0 for row in rows) + sum(
        row["observed"] is not None and row["observed"] < 0 and not holds_zero(row) for row in rows
    )
    assert narrow.count("−") == below > 0
    assert not [t for t in narrow if re.search(r"\d", t)]
    assert_apart(chart)


def test_the_table_has_number_and_interval_of_each_pair(records, rows):
    table = figure(records["normal"]).data
    assert len(table.rows) == len(rows)
    for told, row in zip(table.rows, rows, strict=True):
        one, other, used, observed, interval, n = (plain(cell) for cell in told.cells)
        assert [one.casefold(), other.casefold()] == row["assets"]
        assert used == FMT.number(row["forecast"], 2)
        assert observed == FMT.number(row["observed"], 2)
        assert interval == f"{FMT.number(row['low'], 2)} to {FMT.number(row['high'], 2)}"
        assert n == str(row["periods"])


def test_the_finding_counts_what_is_distinguishable_from_zero(records, rows):
    apart = sum(not holds_zero(row) for row in rows)
    title = plain(figure(records["normal"]).title)
    assert title.endswith(f"of {len(rows)} pairs have an observed correlation that is distinguishable from zero")
    assert title[0].isupper()
    assert figure(records["normal"]).body[0].told.count(";") == apart - 1
    record = copy.deepcopy(records["normal"])
    for row in record["correlations"]:
        row["low"], row["high"] = -0.5, 0.5
    assert plain(figure(record).title).startswith("No pair")
    assert "holds zero" in figure(record).body[0].told


def test_a_pair_with_too_few_common_changes_is_a_dash(records):
    record = copy.deepcopy(records["normal"])
    record["correlations"][0] |= {"periods": 4, "observed": None, "low": None, "high": None}
    shown = figure(record)
    assert words(shown.body[0].drawings[SHEET].spec).count("–") == 1
    assert [plain(cell) for cell in shown.data.rows[0].cells[3:]] == ["–", "–", "4"]


def test_what_moves_together_stands_together():
    used = {("a", "c"): 0.9, ("b", "d"): 0.8, ("a", "b"): 0.1, ("a", "d"): 0.0, ("b", "c"): 0.4, ("c", "d"): 0.2}
    rows = [partial(Correlation, {"assets": pair, "forecast": value}) for pair, value in used.items()]
    assert clustered(rows) == clustered(rows[::-1]) == ("a", "c", "b", "d")


def test_a_covariance_without_factors_has_its_correlations(records):
    record = {**records["normal"], "factor_model": None}
    reason, shown = factors.build(partial_findings(record))
    assert isinstance(reason, Paragraph)
    assert plain(shown.title) == plain(figure(record).title)
    assert figure({**record, "correlations": []}) is None
