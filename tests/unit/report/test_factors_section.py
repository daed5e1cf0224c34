"""The section on factors: figures of the record and no others, and what it says when there is nothing to show."""

from __future__ import annotations

import copy

import pytest

from toolkit.report import formats
from toolkit.report.document import Figure, Missing, Notes
from toolkit.report.findings import Findings
from toolkit.report.sections.factors import factors
from toolkit.report.text import plain


def build(record):
    return factors.build(Findings.of(record))


@pytest.fixture
def model(records):
    return records["normal"]["factor_model"]


def test_every_figure_is_in_the_record(records, model):
    corrections, loadings, coverage = build(records["normal"])
    assert isinstance(coverage, Notes)
    told = {plain(row.cells[0]): [plain(cell) for cell in row.cells] for row in corrections.body[0].rows}
    for a in model["assets"]:
        row = told[a["asset"].capitalize()]
        assert row[2:4] == [formats.percent(a["raw"]), formats.percent(a["corrected"])]
        assert row[4] == f"{formats.percent(a['low'])} to {formats.percent(a['high'])}"
    cells = {plain(row.cells[0]): row.cells[1:] for row in loadings.body[0].rows}
    for a in model["assets"]:
        *shown, fit = cells[a["asset"].capitalize()]
        assert plain(fit) == formats.percent(a["fit"], 0)
        for factor, cell in zip(model["factors"], shown, strict=True):
            loading = a["loadings"][factor["name"]]
            assert plain(cell) == f"{formats.number(loading['loading'], 2)} ({formats.number(loading['t'], 1)})"


def test_only_what_can_be_told_from_zero_is_strong(records, model):
    loadings = build(records["normal"])[1]
    strong = [
        row.cells[0][0].text
        for row in loadings.body[0].rows
        for cell in row.cells[1:]
        if any(s.style == "strong" for s in cell)
    ]
    beyond = [a for a in model["assets"] for t in a["loadings"].values() if abs(t["t"]) >= model["tests"]["threshold"]]
    assert len(strong) == len(beyond)


def test_titles_are_findings_of_the_data(records, model):
    record = copy.deepcopy(records["normal"])
    corrections, loadings, _ = build(record)
    assert "lowers" in plain(corrections.title)
    assert str(model["tests"]["significant"]) in plain(loadings.title)
    for a in record["factor_model"]["assets"]:
        a["raw"] = a["corrected"]
        for loading in a["loadings"].values():
            loading["t"] = 1.0
    record["factor_model"]["tests"]["significant"] = 0
    corrections, loadings, *_ = build(record)
    assert "changes no volatility" in plain(corrections.title)
    assert plain(loadings.title) == "No loading on any factor can be told from zero"
    assert not any(s.style == "strong" for row in loadings.body[0].rows for cell in row.cells[1:] for s in cell)


def test_a_loading_that_was_not_fitted_is_a_dash(records):
    record = copy.deepcopy(records["normal"])
    first = record["factor_model"]["assets"][0]
    first["loadings"]["energy"] |= {"loading": 0.0, "error": None, "t": None}
    loadings = build(record)[1]
    assert any(span.style == "none" for row in loadings.body[0].rows for cell in row.cells for span in cell)


def test_more_factors_than_fit_are_left_to_the_file(records):
    record = copy.deepcopy(records["normal"])
    model = record["factor_model"]
    for i in range(4):
        model["factors"].append({**model["factors"][0], "name": f"extra_{i}"})
        for a in model["assets"]:
            a["loadings"][f"extra_{i}"] = dict(a["loadings"]["energy"])
    loadings = build(record)[1]
    assert len(loadings.body[0].columns) == 8


@pytest.mark.parametrize(("change", "told"), [("none", "no named factors"), ("old", "stored before")])
def test_what_is_missing_has_a_reason(records, change, told):
    record = dict(records["normal"])
    if change == "old":
        del record["factor_model"]
    else:
        record["factor_model"] = None
    found = build(record)
    assert isinstance(found, Missing)
    assert told in found.reason


def test_names_from_outside_stay_names(records):
    figures = [block for block in build(records["tiny"]) if isinstance(block, Figure)]
    texts = [text for f in figures for text in (f.title, f.sub, *(cell for row in f.body[0].rows for cell in row.cells))]
    spans = [span for text in texts for span in text if "script" in span.text]
    assert len(spans) > 2
    assert all(span.style == "name" for span in spans)
