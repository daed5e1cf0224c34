"""The section on factors: figures of the record and no others, and what it says when there is nothing to show."""

from __future__ import annotations

import copy

import pytest

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.document import Figure, Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.factors import SPECIFIC, factor, factors

FMT = Formats()
DE = language("de")


def build(record, say=None):
    return factors.build(partial_findings(record, language=say))


def figures(record, say=None):
    """Shares of the variance, what is explained, and what the estimates are from."""
    columns, _, coverage = build(record, say)
    shares, explained = columns.figures
    return shares, explained, coverage


@pytest.fixture
def model(records):
    return records["normal"]["factor_model"]


def test_shares_of_the_variance_are_those_of_the_record_and_add_up(records):
    record = records["normal"]
    shares, _, _ = figures(record)
    found = record["risk"]["factor_shares"]
    told = {plain(bar.label).casefold(): bar for bar in shares.body[0].bars}
    assert len(told) == len(found)
    assert sum(found.values()) == pytest.approx(1)
    say = partial_findings(record).say
    for key, share in found.items():
        bar = told["the metals themselves" if key == SPECIFIC else factor(say, key)]
        assert plain(bar.cells[1]) == FMT.percent(share)
        assert (bar.value is None) == (share <= 0)
        if key != SPECIFIC:
            assert plain(bar.cells[0]) == FMT.number(record["exposures"]["factors"][key], 2)
    widths = {key: bar.value for key, bar in told.items() if bar.value is not None}
    assert max(widths.values()) == pytest.approx(1 / 1.05)
    assert record["risk"]["systematic"] == pytest.approx(1 - found[SPECIFIC])


def test_the_title_names_what_brings_most(records):
    record = copy.deepcopy(records["normal"])
    record["exposures"]["factors"] = {"gold": 0.5}
    record["risk"]["factor_shares"] = {"gold": 0.6, SPECIFIC: 0.4}
    assert "60% of the variance" in plain(figures(record)[0].title)
    record["risk"]["factor_shares"] = {"gold": 0.3, SPECIFIC: 0.7}
    assert plain(figures(record)[0].title) == "The metals themselves bring 70% of the variance, more than any factor"


def test_a_run_without_shares_shows_what_is_explained(records):
    record = copy.deepcopy(records["normal"])
    del record["risk"]["factor_shares"]
    explained, _, coverage = build(record)
    assert isinstance(explained, Figure)
    assert coverage.body == ()


def test_every_loading_is_in_the_record(records, model):
    _, explained, _ = figures(records["normal"])
    cells = {plain(row.cells[0]): row.cells[1:] for row in explained.data.rows}
    bars = {plain(bar.label): bar for bar in explained.body[0].bars}
    for a in model["assets"]:
        *shown, fit = cells[a["asset"].capitalize()]
        assert plain(fit) == FMT.percent(a["fit"], 0) == plain(bars[a["asset"].capitalize()].cells[1])
        for one, cell in zip(model["factors"], shown, strict=True):
            loading = a["loadings"][one["name"]]
            star = "*" if abs(loading["t"]) >= model["tests"]["threshold"] else ""
            assert plain(cell) == f"{FMT.number(loading['loading'], 2)} ({FMT.number(loading['t'], 1)}){star}"


def test_only_what_can_be_told_from_zero_is_strong(records, model):
    _, explained, _ = figures(records["normal"])
    strong = [cell for row in explained.data.rows for cell in row.cells[1:] if any(s.style == "strong" for s in cell)]
    threshold = model["tests"]["threshold"]
    beyond = [a for a in model["assets"] for t in a["loadings"].values() if abs(t["t"]) >= threshold]
    assert 0 < len(strong) == len(beyond)
    clearest = [plain(bar.cells[0]) for bar in explained.body[0].bars]
    assert clearest.count("–") == sum(all(abs(x["t"]) < threshold for x in a["loadings"].values()) for a in model["assets"])


def test_titles_are_findings_of_the_data(records, model):
    record = copy.deepcopy(records["normal"])
    tests = model["tests"]
    title = plain(figures(record)[1].title)
    assert f"{tests['significant']} of {tests['estimates']} estimates" in title
    for a in record["factor_model"]["assets"]:
        for loading in a["loadings"].values():
            loading["t"] = 1.0
    record["factor_model"]["tests"]["significant"] = 0
    explained = figures(record)[1]
    assert plain(explained.title) == "No loading on any factor is distinguishable from zero"
    assert not any(s.style == "strong" for row in explained.data.rows for cell in row.cells for s in cell)
    assert all(plain(bar.cells[0]) == "–" for bar in explained.body[0].bars)


def test_a_loading_that_was_not_fitted_is_a_dash(records):
    record = copy.deepcopy(records["normal"])
    first = record["factor_model"]["assets"][0]
    first["loadings"]["energy"] |= {"loading": 0.0, "error": None, "t": None}
    explained = figures(record)[1]
    assert any(span.style == "none" for row in explained.data.rows for cell in row.cells for span in cell)


def test_factors_say_what_they_are_made_of(records, model):
    shares, _, _ = figures(records["normal"])
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in shares.data.rows}
    assert rows["Precious metals"][-1] == "gold, silver and platinum"
    assert "; against " in rows["The supply shock"][-1]
    assert rows["The dollar"][-1] == "exchange rate"
    for one in model["factors"]:
        row = rows[factor(partial_findings(records["normal"]).say, one["name"]).capitalize()]
        assert row[0] == FMT.percent(one["volatility"])
        assert row[1] == FMT.percent(one["return_12m"], signed=True)


def test_who_was_estimated_alike_shares_a_row(records, model):
    _, _, coverage = figures(records["normal"])
    alike = {(a["observation"], a["volatility_from"], a["comovement_from"]) for a in model["assets"]}
    told = [[plain(cell) for cell in row.cells] for row in coverage.data.rows]
    assert len(told) == len(alike)
    assert sum(row[0].casefold().count(a["asset"]) for row in told for a in model["assets"]) == len(model["assets"])
    counts = [a["changes"] for a in model["assets"]]
    assert plain(coverage.title) == f"The estimates of each metal rest on {min(counts)} to {max(counts)} price changes"
    assert "Gaps left out" not in [column.label for column in coverage.data.columns]
    record = copy.deepcopy(records["normal"])
    record["factor_model"]["assets"][0]["gaps"] = 2
    gapped = figures(record)[2].data
    at = [column.label for column in gapped.columns].index("Gaps left out")
    assert sorted(plain(row.cells[at]) for row in gapped.rows) == ["2", *["–"] * (len(alike) - 1)]


def test_what_is_missing_has_a_reason(records):
    record = {**records["normal"], "correlations": [], "factor_model": None}
    found = build(record)
    assert isinstance(found, Missing)
    assert "no named factors" in found.reason
    assert build(record, DE).reason != found.reason


def test_names_from_outside_stay_names(records):
    record = copy.deepcopy(records["normal"])
    for a in record["factor_model"]["assets"]:
        a |= {"element": None, "name": "<script>"}
    _, explained, coverage = figures(record)
    names = [row.cells[0] for row in coverage.data.rows]
    texts = [explained.title, *(bar.label for bar in explained.body[0].bars), *names]
    spans = [span for words in texts for span in words if "script" in span.text]
    assert len(spans) > len(record["factor_model"]["assets"])
    assert all(span.style == "name" for span in spans)
