"""`[forecast] scenarios`, `[[scenario]]` and `[[view]]` as tables of a strategy."""

from __future__ import annotations

import pytest

from toolkit.core.errors import SpecError
from toolkit.strategy.decode import decode_strategy, override
from toolkit.strategy.scenarios import HistoricalScenarios, SimulatedScenarios

PLAIN = {"about": {"title": "T", "idea": "I", "source": "S"}, "objective": {"kind": "min_risk"}}
BAN = {"name": "US ban returns", "returns": {"gallium": 0.6, "Ge": 0.4}, "probability": 0.2}
FULL = {
    **PLAIN,
    "forecast": {"scenarios": {"kind": "simulated", "count": 500, "horizon": "6 months"}},
    "scenario": [BAN, {"name": "tightens", "control": "CHN", "assets": ["gallium"]}],
    "view": [
        {"scenario": "US ban returns", "probability": 0.35},
        {"name": "spread", "expression": "gallium - gold", "mean": {"at_least": 0.02, "at_most": 0.08}},
        {"expression": "gallium", "volatility": 0.4},
        {"expression": "gold", "below": -0.3, "probability": 0.1},
    ],
}


def decode(data):
    return decode_strategy(data, name="x", file="x.toml")


def faults(data):
    with pytest.raises(SpecError) as refused:
        decode({**PLAIN, **data})
    return {fault["key"]: (fault["message"], fault["hint"]) for fault in refused.value.details["faults"]}


def test_they_decode_and_survive_canonical_json():
    strategy = decode(FULL)
    assert strategy.forecast.scenarios == SimulatedScenarios(count=500, horizon="6 months")
    assert strategy.forecast.scenarios.years == 0.5
    assert SimulatedScenarios().years == 1
    assert [s.name for s in strategy.scenarios] == ["US ban returns", "tightens"]
    assert strategy.views[0].probability.exact == 0.35
    assert strategy.views[1].mean.exact is None
    assert [view.label for view in strategy.views] == [
        "US ban returns",
        "spread",
        "volatility of gallium",
        "probability of gold below -0.3",
    ]
    told = strategy.canonical()
    assert told["scenarios"][0]["returns"] == {"gallium": 0.6, "Ge": 0.4}
    assert told["views"][0]["probability"] == {"at_least": 0.35, "at_most": 0.35}
    assert told["forecast"]["scenarios"]["degrees"] == 5.0


def test_a_strategy_without_them_is_what_it_was():
    told = decode(PLAIN).canonical()
    assert {"scenarios", "views"}.isdisjoint(told)
    assert "scenarios" not in told["forecast"]
    assert decode(PLAIN).fingerprint != decode({**PLAIN, "scenario": [BAN]}).fingerprint
    assert decode({**PLAIN, "scenario": []}).fingerprint == decode(PLAIN).fingerprint


def test_kinds_have_their_own_keys():
    assert decode({**PLAIN, "forecast": {"scenarios": {"kind": "historical", "draws": 0}}}).forecast.scenarios == (
        HistoricalScenarios(draws=0)
    )
    found = faults({"forecast": {"scenarios": {"kind": "historcal"}}})
    assert "'historical'" in found["forecast.scenarios"][1]
    found = faults({"forecast": {"scenarios": {"kind": "simulated", "count": 3, "degrees": 2, "distrbution": "x"}}})
    assert any("degrees" in key for key in found)
    assert any("distrbution" in key for key in found)
    assert "pairs" in str(faults({"forecast": {"scenarios": {"kind": "simulated", "count": 3}}}))
    assert "frequency" in str(faults({"forecast": {"scenarios": {"kind": "simulated", "ordered": True, "horizon": "1 year"}}}))


def test_every_fault_is_told_at_once():
    found = faults(
        {
            "scenario": [
                {"name": "a", "returns": {"gallium": -1.5}},
                {"name": "b"},
                {"name": "c", "control": "Chima"},
                {"name": "d", "control": "CHN", "lifted": "CHN"},
                {"name": "e", "returns": {"gallium": 0.1}, "probabilty": 0.1},
                {"name": "f", "returns": {"gallium": 0.1}, "probability": 1.1},
                {"name": "f", "returns": {"gallium": 0.1}, "assets": ["gallium"]},
                {"name": "g", "returns": {"gallium": 0.1}},
                {"name": "g", "returns": {"gallium": 0.1}},
            ],
            "view": [
                {"scenario": "gg", "probability": 0.3},
                {"scenario": "g", "mean": 0.3},
                {"expression": "gallium -gold ", "mean": 0.1},
                {"name": "two", "expression": "gallium", "mean": 0.1, "volatility": 0.2},
                {"name": "range", "expression": "gallium", "mean": {"at_least": 0.2, "at_most": 0.1}},
                {"name": "text", "expression": "gallium", "mean": "much"},
                {"name": "level", "expression": "gallium", "probability": 0.1},
                {"name": "sure", "scenario": "g", "probability": 1.2},
                {"name": "nothing", "expression": "gallium", "volatility": {}},
                {"name": "stray", "expression": "gallium", "volatility": {"atleast": 0.1}},
            ],
        }
    )
    assert {
        "scenario 'a'.returns.gallium",
        "scenario 'b'",
        "scenario 'c'.control",
        "scenario 'd'",
        "scenario 'e'.probabilty",
        "scenario 'f'.probability",
        "scenario 'f'",
        "scenario 'g'",
        "view 'gg'.scenario",
        "view 2",
        "view 'two'",
        "view 'range'.mean",
        "view 'text'.mean",
        "view 'level'",
        "view 'sure'.probability",
        "view 'nothing'.volatility",
        "view 'stray'.volatility.atleast",
    } <= set(found)
    assert "'g'" in found["view 'gg'.scenario"][1]
    assert "'probability'" in found["scenario 'e'.probabilty"][1]
    assert "'at_least'" in found["view 'stray'.volatility.atleast"][1]
    assert "named twice" in found["scenario 'g'"][0]


def test_a_view_that_is_stated_twice_needs_a_name():
    twice = {"scenario": "US ban returns", "probability": {"at_least": 0.3}}
    assert "twice" in faults({"scenario": [BAN], "view": [twice, twice]})["view 'US ban returns'"][0]
    assert len(decode({**PLAIN, "scenario": [BAN], "view": [twice, {**twice, "name": "again"}]}).views) == 2


def test_tables_that_are_not_lists_and_misspelt_ones():
    found = faults({"scenario": BAN, "view": {}, "scenarios": [BAN]})
    assert "[[scenario]]" in found["scenario"][0]
    assert "[[view]]" in found["view"][0]
    assert "'scenario'" in found["scenarios"][1]


def test_an_override_reaches_a_scenario_and_a_view_by_name():
    changed = decode(override(FULL, ("scenario.US ban returns.probability=0.5", "view.spread.mean=0.1")))
    assert changed.scenarios[0].probability == 0.5
    assert changed.views[1].mean.exact == 0.1
    with pytest.raises(SpecError, match="no scenario is named 'US ban'"):
        override(FULL, ("scenario.US ban.probability=0.5",))
