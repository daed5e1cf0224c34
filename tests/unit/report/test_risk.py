"""The section on risk: contributions, printed against corrected volatility, and the words for both in two languages."""

from __future__ import annotations

import copy

import pytest

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.document import Columns, Figure, Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import NONE, plain
from toolkit.report.topics.factors import NOISY, risk

FMT = Formats()
DE = language("de")


def pair(record, parts=None, say=None):
    first = risk.build(partial_findings(record, parts, say))[0]
    assert isinstance(first, Columns)
    return first.figures


def cells(figure):
    return {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in figure.data.rows}


def test_contributions_are_those_of_the_record_largest_first(records):
    record = records["normal"]
    shares = record["risk_contributions"]
    contributions, _ = pair(record)
    shown = [plain(bar.cells[1]) for bar in contributions.body[0].bars]
    held = sorted((p["asset"] for p in record["positions"] if p["weight"] > 1e-6), key=lambda key: -shares[key])
    assert shown == [FMT.percent(shares[key]) for key in held]
    assert FMT.percent(shares[held[0]], 0) in plain(contributions.title)
    assert "measured by variance" in plain(contributions.sub)


def test_a_run_that_minimises_a_tail_has_parts_of_the_tail(records):
    record = records["shocks"]
    assert record["risk"]["contributions_of"] == "cvar"
    assert "average loss of the worst twentieth (CVaR 95%)" in plain(pair(record)[0].sub)


def test_volatilities_are_paired_and_told_with_their_numbers(records):
    record = records["normal"]
    _, volatility = pair(record)
    told = volatility.body[0].told
    table = cells(volatility)
    for a in record["assets"]:
        v, name = a["volatility"], a["asset"].capitalize()
        figures = [v[key] for key in ("used", "raw", "without_history", "corrected")]
        assert table[name][:4] == [NONE.text if figure is None else FMT.percent(figure) for figure in figures]
        believed, printed, low, high = (FMT.percent(v[key], 0) for key in ("used", "raw", "low", "high"))
        assert f"{name} {believed}, observed {printed}, corrected {low} to {high}" in told


def test_the_volatility_shown_first_is_that_behind_the_risk_of_the_answer(records):
    """One metal has one volatility: gold at 15% beside a risk that takes 23% was two."""
    record = records["normal"]
    model = {a["asset"]: a["forecast"] for a in record["factor_model"]["assets"]}
    assert {a["asset"]: a["volatility"]["used"] for a in record["assets"]} == pytest.approx(model)
    weights = {p["asset"]: p["weight"] for p in record["positions"]}
    alone = sum(weights[asset] * figure for asset, figure in model.items())
    assert alone / record["risk"]["volatility"] == pytest.approx(record["risk"]["diversification_ratio"])
    figure = pair(record)[1]
    apart = {a for a, v in model.items() if abs(v / model_corrected(record)[a] - 1) > 0.01}
    assert "gold" in apart
    assert all(asset in plain(figure.source) for asset in apart)
    drawn = figure.body[0].drawings[0].figures[0]
    assert [row.believed for row in drawn] == pytest.approx(sorted(model.values(), reverse=True))


def model_corrected(record):
    return {a["asset"]: a["volatility"]["corrected"] for a in record["assets"]}


def test_the_table_tells_how_deep_prices_fell(records):
    record = records["normal"]
    fall = {
        "depth": -0.25,
        "since": "2024-01-31",
        "peak": "2025-01-31",
        "trough": "2025-06-30",
        "under_water": 7,
        "lasts": True,
    }
    parts = {"prices": {"series": [{"asset": "gallium", "fall": fall}]}}
    _, volatility = pair(record, parts)
    heads = [column.label for column in volatility.data.columns[1:]]
    table = cells(volatility)
    gallium = dict(zip(heads, table["Gallium"], strict=True))
    assert gallium["Deepest fall"].replace("\u00a0", " ") == "−25.0% since Jan 2024"
    assert gallium["Months below a peak"] == "7 (still)"
    assert dict(zip(heads, table["Gold"], strict=True))["Deepest fall"] == "–"
    assert gallium["Seen"] == "through the noise of customs values"
    bare = {**record, "factor_model": None}
    assert len(pair(bare)[1].data.columns) == len(heads) + 1 - 3


def test_the_title_counts_series_that_are_mostly_noise(records):
    record = copy.deepcopy(records["normal"])
    noisy = [a for a in record["assets"] if a["volatility"]["corrected"] < NOISY * a["volatility"]["raw"]]
    message = partial_findings(record).say.number_word(len(noisy))
    assert plain(pair(record)[1].title).startswith(f"In {message} of eleven price series")
    for a in noisy[1:]:
        a["volatility"]["raw"] = a["volatility"]["corrected"]
    metal = noisy[0]["asset"]
    assert plain(pair(record)[1].title) == f"For {metal} more than half of the observed volatility is noise"
    assert plain(pair(record, say=DE)[1].title).startswith("Bei ")
    noisy[0]["volatility"]["raw"] = noisy[0]["volatility"]["corrected"]
    assert plain(pair(record)[1].title).startswith("Volatility lies between")


def test_a_flat_series_has_no_logarithm(records):
    record = copy.deepcopy(records["normal"])
    assert "Logarithmic" in plain(pair(record)[1].sub)
    record["assets"][0]["volatility"] |= {"raw": 0.0, "corrected": 0.0, "used": 0.0, "low": 0.0, "high": 0.0}
    assert "Logarithmic" not in plain(pair(record)[1].sub)


def test_nothing_held_carries_no_risk(records):
    record = records["cash"]
    first = risk.build(partial_findings(record))[0]
    assert isinstance(first, Figure)
    nothing = {**record, "assets": []}
    found = risk.build(partial_findings(nothing))
    assert isinstance(found, Missing)
    assert risk.build(partial_findings(nothing, language=DE)).reason == "Es wird nichts gehalten, also trägt nichts Risiko."
