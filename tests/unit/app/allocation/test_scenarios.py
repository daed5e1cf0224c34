"""The scenarios of a strategy on the bundled data: moments, shocks, views, defaults that say so, and nothing from later."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest

from toolkit.app.allocation.forecast import strategy_forecast
from toolkit.app.allocation.inputs import load_inputs
from toolkit.app.allocation.scenarios import strategy_scenarios
from toolkit.app.allocation.shocks import strategy_shocks
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.core.errors import GapError, SpecError
from toolkit.strategy.decode import decode_strategy

ON = date(2026, 11, 24)
PLAIN = {"about": {"title": "T", "idea": "I", "source": "S"}, "objective": {"kind": "min_risk"}}
BAN = {"name": "ban", "returns": {"gallium": 0.6, "Ge": 0.4}, "probability": 0.2}


def decode(**data):
    return decode_strategy({**PLAIN, **data}, name="x", file="x.toml")


@cache
def known(on=ON):
    strategy = decode()
    inputs = load_inputs(strategy, context(on))
    return inputs, strategy_forecast(strategy, inputs, "EUR", "DEU")


@cache
def context(on=ON):
    return Context(resolve({}, environment={}), on)


def scenarios(on=ON, seed=0, **data):
    inputs, forecast = known(on)
    return strategy_scenarios(decode(**data), inputs, forecast, context(on), currency="EUR", seed=seed)


def scenarios_of(**data):
    """Of a universe of its own."""
    strategy = decode(**data)
    inputs = load_inputs(strategy, context())
    forecast = strategy_forecast(strategy, inputs, "EUR", "DEU")
    return strategy_scenarios(strategy, inputs, forecast, context(), currency="EUR", seed=0)


def shocks(on=ON, **data):
    return strategy_shocks(decode(**data), context(on).products, context(on))


def test_without_a_word_they_are_a_year_of_the_forecast():
    inputs, forecast = known()
    found = scenarios()
    assert found.scenarios is found.base
    assert found.scenarios.assets == inputs.universe.keys
    assert (len(found.base), found.base.periods_per_year) == (2000, 1.0)
    np.testing.assert_allclose(found.base.mean, forecast.expected, atol=1e-9)
    np.testing.assert_allclose(np.diag(found.base.covariance), np.diag(forecast.matrix), rtol=1e-6)
    np.testing.assert_allclose(found.base.covariance, forecast.matrix, atol=0.02)
    assert found.base.returns.min() >= -1
    assert found.pooling is None
    assert not found.priors
    assert not found.shocks


def test_the_seed_decides_and_nothing_else():
    assert (scenarios().base.returns == scenarios().base.returns).all()
    assert (scenarios().base.returns != scenarios(seed=1).base.returns).any()


def test_a_stated_shock_has_its_probability_and_its_returns():
    found = scenarios(scenario=[BAN])
    at = known()[0].universe.keys.index("gallium")
    labels = np.array(found.scenarios.labels)
    assert found.scenarios.probabilities[labels == "ban"].sum() == pytest.approx(0.2)
    assert found.shocks["ban"][at] == 0.6
    assert found.shocks["ban"][known()[0].universe.keys.index("germanium")] == 0.4  # by its element
    assert not found.priors
    assert any("as the strategy states" in note for note in found.notes)
    assert any("move the mean" in note for note in found.notes)


def test_a_shorter_horizon_has_a_smaller_probability():
    half = {"scenarios": {"kind": "simulated", "horizon": "6 months"}}
    found = scenarios(forecast=half, scenario=[BAN]).scenarios
    assert found.periods_per_year == 2
    p = found.probabilities[np.array(found.labels) == "ban"].sum()
    assert (1 - p) ** 2 == pytest.approx(0.8)


def test_a_view_overrides_the_probability_and_says_so():
    found = scenarios(scenario=[BAN], view=[{"scenario": "ban", "probability": 0.35}])
    labels = np.array(found.scenarios.labels)
    assert found.scenarios.probabilities[labels == "ban"].sum() == pytest.approx(0.35)
    assert found.pooling.residual <= 1e-10
    assert any("20.0% before, 35.0% after" in note for note in found.notes)


def test_views_of_mean_volatility_and_level_hold():
    keys = known()[0].universe.keys
    row = np.zeros(len(keys))
    row[keys.index("gallium")], row[keys.index("gold")] = 1.0, -1.0
    found = scenarios(
        view=[
            {"expression": "gallium - gold", "mean": 0.05},
            {"expression": "gallium - gold", "name": "calm", "volatility": 0.3},
            {"expression": "Ge", "volatility": {"at_most": 0.35}},
            {"expression": "silver", "below": -0.4, "probability": 0.3},
        ]
    ).scenarios
    spread = found.portfolio(row)
    mean = found.probabilities @ spread
    assert mean == pytest.approx(0.05, abs=1e-9)
    assert np.sqrt(found.probabilities @ (spread - mean) ** 2) == pytest.approx(0.3, rel=1e-8)
    germanium = keys.index("germanium")
    assert np.sqrt(found.covariance[germanium, germanium]) <= 0.35 * (1 + 1e-8)
    assert found.probabilities[found.returns[:, keys.index("silver")] < -0.4].sum() == pytest.approx(0.3, abs=1e-9)


def test_conflicting_views_are_named():
    with pytest.raises(SpecError) as refused:
        scenarios(
            scenario=[BAN],
            view=[
                {"name": "likely", "expression": "gallium", "above": 0.1, "probability": {"at_least": 0.6}},
                {"name": "bust", "expression": "gallium", "below": 0.0, "probability": 0.5},
                {"name": "calm", "expression": "gold", "volatility": 0.2},
            ],
        )
    assert set(refused.value.details["views"]) == {"likely", "bust"}


def test_a_default_control_is_sized_by_past_ones_and_says_what_it_rests_on():
    found = shocks(scenario=[{"name": "China tightens", "control": "CHN", "returns": {"gallium": 1.0}}])
    event, (prior,) = found.events[0], found.priors
    assert event.returns["gallium"] == 1.0
    assert event.returns["indium"] == prior.sizes["indium"].change
    assert "gold" not in event.returns  # no bullion has ever been under a licence or ban
    assert event.probability == prior.probability
    assert prior.origin == "CHN"
    told = " ".join(found.notes)
    for words in ("by default", "override", "Base rate", "90 % interval", "at a loss of", "strongest"):
        assert words in told


def test_the_named_assets_decide_the_population():
    found = shocks(scenario=[{"name": "x", "control": "CHN", "assets": ["gallium"]}])
    assert set(found.events[0].returns) == {"gallium"}
    assert "dysprosium" not in found.priors[0].rate.metals
    assert "indium" in found.priors[0].rate.metals


def test_a_lifting_is_the_opposite_and_marked():
    found = shocks(scenario=[{"name": "up", "control": "CHN"}, {"name": "down", "lifted": "CHN"}])
    up, down = found.events
    assert set(down.returns) < set(up.returns)  # what was never controlled cannot be freed
    assert all((1 + down.returns[k]) * (1 + up.returns[k]) == pytest.approx(1) for k in down.returns)
    assert "assumption" in " ".join(found.notes)
    assert len(found.priors) == 2


def test_one_prior_serves_shocks_of_the_same_kind():
    found = shocks(scenario=[{"name": "a", "returns": {"gallium": 0.5}}, {"name": "b", "returns": {"germanium": 0.5}}])
    assert len(found.priors) == 1


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ({"returns": {"galium": 0.1}, "probability": 0.1}, "neither an asset nor an element"),
        ({"control": "AUS"}, "no base rate"),
        ({"control": "AUS", "assets": ["gallium"], "probability": 0.1}, "no base rate"),
        ({"control": "CHN", "assets": ["lithium"]}, "neither an asset nor an element"),
        ({"control": "CHN", "assets": ["gold"], "probability": 0.1}, "trades on an exchange"),
    ],
)
def test_what_cannot_be_sized_or_found_is_refused(scenario, words):
    with pytest.raises((SpecError, GapError), match=words) as refused:
        shocks(scenario=[{"name": "x", **scenario}])
    assert refused.value.hint


def test_before_any_measure_the_probability_must_be_stated():
    universe, earlier = context().products, context(date(2009, 1, 1))
    with pytest.raises(GapError, match="no base rate"):
        strategy_shocks(decode(scenario=[{"name": "x", "returns": {"gallium": 0.1}}]), universe, earlier)
    stated = decode(scenario=[{"name": "x", "returns": {"gallium": 0.1}, "probability": 0.1}])
    assert strategy_shocks(stated, universe, earlier).events[0].probability == 0.1


def test_what_is_published_later_changes_nothing():
    on = date(2025, 1, 30)
    found = shocks(on, scenario=[{"name": "x", "control": "CHN", "assets": ["gallium"]}])
    assert all(change.day <= on for change in found.priors[0].rate.changes)
    assert all(case.day <= on for case in found.priors[0].cases)


def test_before_three_metals_have_answered_a_control_a_size_must_be_stated():
    with pytest.raises(GapError, match="too few reactions to controls"):
        shocks(date(2024, 6, 30), scenario=[{"name": "x", "control": "CHN", "assets": ["gallium"]}])
    stated = shocks(date(2024, 6, 30), scenario=[{"name": "x", "returns": {"gallium": 0.5}}])
    assert 0 < stated.events[0].probability < 1


def test_paths_stand_beside_shocks_and_refuse_views():
    path = {"scenarios": {"kind": "simulated", "ordered": True, "count": 240}}
    found = scenarios(forecast=path, scenario=[BAN])
    assert found.scenarios.ordered
    assert found.scenarios.periods_per_year == known()[1].periods_per_year
    assert found.shocks["ban"].any()
    assert any("beside it" in note for note in found.notes)
    with pytest.raises(SpecError, match="`ordered = true`"):
        scenarios(forecast=path, scenario=[BAN], view=[{"scenario": "ban", "probability": 0.35}])


EXACT = {"universe": {"groups": ["precious_metals"]}, "forecast": {"scenarios": {"kind": "historical", "mean": "history"}}}


def test_views_weigh_periods_of_market_prices():
    """Prices without noise are seen in order, which nobody asked for: a view takes each period by itself."""
    view = {"expression": "gold", "mean": {"at_least": 0.2}}
    assert scenarios_of(**EXACT).base.ordered
    found = scenarios_of(**EXACT, view=[view], scenario=[{**BAN, "returns": {"gold": 0.3}}])
    gold = found.scenarios.assets.index("gold")
    assert found.scenarios.mean[gold] * found.scenarios.periods_per_year >= 0.2 - 1e-6
    assert found.shocks["ban"].any()
    assert not found.scenarios.ordered


def test_a_view_and_a_path_are_refused_by_the_key_that_asks_for_the_path():
    view = [{"expression": "gold", "mean": 0.1}]
    with pytest.raises(SpecError, match="`draws = 0`") as refused:
        scenarios_of(universe=EXACT["universe"], forecast={"scenarios": {"kind": "historical", "draws": 0}}, view=view)
    assert "draws = 0" in refused.value.hint
    with pytest.raises(SpecError, match="'cdar'") as refused:
        scenarios_of(**EXACT, view=view, objective={"kind": "min_risk", "measure": "cdar", "confidence": 0.9})
    assert "draws" not in refused.value.hint
    assert "ordered" not in refused.value.hint


def test_history_is_centred_on_the_forecast():
    found = scenarios(forecast={"scenarios": {"kind": "historical"}})
    assert (found.base.kind, found.base.ordered) == ("historical", False)
    np.testing.assert_allclose(found.base.mean * found.base.periods_per_year, known()[1].expected, atol=1e-12)
    assert any("of that of the forecast" in note for note in found.notes)
    assert scenarios(forecast={"scenarios": {"kind": "historical", "draws": 0}}).scenarios.ordered


def test_few_draws_are_taken_as_they_fall_and_say_so():
    found = scenarios(forecast={"scenarios": {"kind": "simulated", "count": 10}})
    assert any("too few to match" in note for note in found.notes)
