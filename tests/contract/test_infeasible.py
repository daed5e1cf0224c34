"""Failure is an answer: strategies without one, from obvious to four-way conflicts, each explained in the user's own words.

The named set is checked by solving: together there is no answer, and without any one of them there is. The proposed `--set`
options are applied as the command line applies them: they give an answer, and one per cent less of any of them does not.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.linear import Relation
from toolkit.strategy.decode import override

FACTS = {
    "countries": {"CHN": np.array([0.9, 0.8, 0.7, 0.1]), "ZAF": np.array([0.0, 0, 0, 0.7])},
    "controlled": np.array([1.0, 1, 0, 0]),
    "shocks": {"stop": np.array([-0.5, -0.4, 0.0, 0.0])},
}
LOADINGS = np.array([[0.5, 0.9, -0.2, 1.4], [0.1, -0.3, -0.6, 0.2], [0.2, 0.1, 0.0, 0.3], [0.0, 0.1, 0.2, 0.0]]).T
GROUPS = ("technology_metals", "technology_metals", "precious_metals", "precious_metals")


def cash(**limits):
    return {"name": "cash", "kind": "cash", **limits}


def bounds(name, asset=None, **limits):
    return {"name": name, "kind": "bounds", **({"assets": [asset]} if asset else {}), **limits}


def group(name, *assets, **limits):
    return {"name": name, "kind": "group", "assets": list(assets), **limits}


def linear(name, expression):
    return {"name": name, "kind": "linear", "expression": expression}


def factor(name, **keys):
    return {"name": name, "kind": "factor_exposure", **keys}


def country(name, code, **limits):
    return {"name": name, "kind": "country_exposure", "country": code, **limits}


CONTROLLED = {"name": "controlled", "kind": "control_exposure", "upper": 0.1}
LOTS = {"name": "lots", "kind": "lots"}
NEAR = {"name": "near", "kind": "tracking_error", "target": {"a3": 1.0}, "upper": 0.02}
IDLE = [group("idle", "a0", "a3", upper=0.97), bounds("idle too", "a1", upper=0.98)]


def ticket(fraction):
    return {"name": "ticket", "kind": "min_ticket", "fraction": fraction}


def calm(upper, measure="volatility"):
    return {"name": "calm", "kind": "risk_limit", "measure": measure, "upper": upper}


def number(**limits):
    return {"name": "number", "kind": "cardinality", **limits}


CASES = {
    # Limits on weights
    "caps below one": ([cash(upper=0.05), bounds("cap", upper=0.2)], {"cash", "cap"}),
    "a floor above a ceiling": ([bounds("much", "a0", lower=0.5), group("little", "a0", "a1", upper=0.3)], {"much", "little"}),
    "two floors": ([bounds("f0", "a0", lower=0.6), bounds("f1", "a1", lower=0.6)], {"f0", "f1"}),
    "cash and assets": ([cash(lower=0.7), group("f", "a2", "a3", lower=0.4)], {"cash", "f"}),
    "cash said twice": ([cash(lower=0.3), linear("little", "cash <= 0.1")], {"cash", "little"}),
    "control against a floor": ([CONTROLLED, group("tech", "a0", "a1", lower=0.3)], {"controlled", "tech"}),
    "a whole group": (
        [cash(lower=0.5), {"name": "tech", "kind": "group", "groups": ["technology_metals"], "lower": 0.6}],
        {"cash", "tech"},
    ),
    "country, cap and cash": (
        [cash(upper=0.05), CONTROLLED, country("China", "CHN", upper=0.2), bounds("cap", "a3", upper=0.4)],
        {"cash", "China", "cap"},
    ),
    "country against an expression": (
        [country("China", "CHN", upper=0.3), linear("tech", "a0 + a1 >= 0.5")],
        {"China", "tech"},
    ),
    "each country by itself": ([cash(upper=0.05), country("any country", "any", upper=0.2)], {"cash", "any country"}),
    "two expressions": ([linear("more", "a0 >= a1 + 0.4"), linear("base", "a1 >= 0.5")], {"more", "base"}),
    "an equality": ([linear("exact", "a0 == 0.5"), bounds("cap", "a0", upper=0.4)], {"exact", "cap"}),
    "one expression alone": ([linear("more than all", "a0 + a1 + a2 + a3 + cash >= 1.2")], {"more than all"}),
    "an expression of three": (
        [linear("twice", "2 * a0 - a1 >= 0.8"), bounds("floor", "a1", lower=0.3), bounds("cap", "a0", upper=0.5)],
        {"twice", "floor", "cap"},
    ),
    "constants on both sides": ([linear("odd", "0.9 - a0 <= a1 + 0.1"), group("few", "a0", "a1", upper=0.6)], {"odd", "few"}),
    "a factor against a cap": (
        [factor("oil", factor="oil", lower=0.9), bounds("cap", "a3", upper=0.2), cash(lower=0.3)],
        {"oil", "cap", "cash"},
    ),
    "a negative loading": ([factor("dollar", factor="dollar", upper=-0.45), bounds("cap", "a2", upper=0.4)], {"dollar", "cap"}),
    "two factors": (
        [factor("oil", factor="oil", lower=0.7), factor("dollar", factor="dollar", upper=-0.4)],
        {"oil", "dollar"},
    ),
    "what is kept": (
        [{"name": "keep", "kind": "no_trade", "assets": ["a0"]}, {**bounds("cap", "a0", upper=0.3), "hard": True}],
        {"keep", "cap"},
    ),
    # Limits on convex functions and scenarios
    "calmer than can be": ([calm(0.05), cash(upper=0.0)], {"calm", "cash"}),
    "a variance below the least": ([calm(0.0025, "variance"), cash(upper=0.0)], {"calm", "cash"}),
    "near a target, far from a cap": ([NEAR, bounds("cap", "a3", upper=0.3)], {"near", "cap"}),
    "little trading against a floor": (
        [{"name": "trades", "kind": "turnover", "upper": 0.1}, bounds("floor", "a3", lower=0.3)],
        {"trades", "floor"},
    ),
    "a loss against a floor": (
        [{"name": "stop", "kind": "scenario_loss", "scenario": "stop", "upper": 0.05}, group("tech", "a0", "a1", lower=0.3)],
        {"stop", "tech"},
    ),
    "calm, a floor and a ceiling": (
        [calm(0.08), cash(upper=0.3), bounds("cap", "a0", upper=0.02), group("rest", "a2", upper=0.1)],
        {"calm", "cash", "rest"},
    ),
    "what is slow to sell": (
        [
            {"name": "exit", "kind": "liquidity", "days": 10, "upper": 0.1, "exit_days": {"a0": 5, "a1": 50, "a2": 5, "a3": 5}},
            bounds("floor", "a1", lower=0.2),
        ],
        {"exit", "floor"},
    ),
    # Numbers of holdings and tickets
    "few holdings, low caps, no cash": (
        [number(upper=2), bounds("cap", upper=0.3), cash(upper=0.1)],
        {"number", "cap", "cash"},
    ),
    "more holdings than assets": ([number(lower=5)], {"number"}),
    "many holdings of a size": ([number(lower=4), ticket(0.3)], {"number", "ticket"}),
    "a ticket above the cap": ([ticket(0.3), bounds("cap", upper=0.25), cash(upper=0.4)], {"ticket", "cap", "cash"}),
    "few holdings and floors": (
        [number(upper=1), bounds("f0", "a0", lower=0.1), bounds("f1", "a1", lower=0.1)],
        {"number", "f0", "f1"},
    ),
    # Whole lots
    "a budget below one lot": ([cash(upper=0.1), LOTS], {"cash", "lots"}, 1.2),
    "lots, ticket, cap and cash": (
        [LOTS, ticket(0.5), bounds("cap", upper=0.5), cash(upper=0.3)],
        {"lots", "ticket", "cap", "cash"},
        0.4,
    ),
    "a window between two lots": ([LOTS, bounds("window", "a0", lower=0.25, upper=0.28)], {"lots", "window"}, 0.2),
    "an equality that no lot meets": ([LOTS, linear("exact", "a0 == 0.33")], {"lots", "exact"}, 0.1),
    "calm in whole lots": ([LOTS, calm(0.07), cash(upper=0.3)], {"lots", "calm", "cash"}, 0.4),
    "few lots near a target": ([LOTS, NEAR], {"lots", "near"}, 0.3),
    "lots and entry costs": ([LOTS, cash(upper=0.01), bounds("cap", upper=0.5)], {"lots", "cash"}, 0.15, 0.1),
}


def build(constraints, lot=None, spread=0.0):
    assets = [Asset(f"a{i}", f"A{i}", group=GROUPS[i], lot_size=1.0, spread=spread) for i in range(4)]
    lots = None if lot is None else np.full(4, lot)
    previous = np.array([0.5, 0.0, 0.1, 0.0])
    kept = any(c["kind"] in ("no_trade", "turnover") for c in constraints)
    facts = {**FACTS, "previous": previous} if kept else FACTS
    problem = problem_of(random_covariance(4), assets=assets, constraints=constraints, lots=lots, **facts)
    named = replace(
        problem.forecast,
        factors=("oil", "dollar", "component_0", "component_1"),
        loadings=LOADINGS,
        factor_cov=np.eye(4) * 0.04,
        specific_var=np.full(4, 0.01),
    )
    return replace(problem, forecast=named)


def feasible(constraints, *args):
    try:
        allocate(build(constraints, *args))
    except Infeasible:
        return False
    return True


def less(old, new, key):
    """The proposal with one per cent less of its move, or one holding less."""
    if isinstance(new, int) and key != "expression":
        return new - int(np.sign(new - old))
    if key != "expression":
        return old + 0.99 * (new - old)
    before, after = Relation.of(old), Relation.of(new)
    constant = before.right.constant + 0.99 * (after.right.constant - before.right.constant)
    return str(replace(after, right=replace(after.right, constant=constant)))


@pytest.mark.parametrize("case", CASES)
def test_the_conflict_is_irreducible_and_the_least_relaxation_is_feasible_and_tight(case):
    constraints, names, *args = CASES[case]
    with pytest.raises(Infeasible) as refused:
        allocate(build([*constraints, *IDLE], *args))
    error = refused.value
    assert set(error.details["conflict"]) == names
    assert all(repr(name) in error.message for name in names)

    conflict = [c for c in constraints if c["name"] in names]
    assert not feasible(conflict, *args)
    for name in names:
        assert feasible([c for c in conflict if c["name"] != name], *args), name

    settings = error.details["set"]
    if case == "more holdings than assets":
        assert settings == ["constraint.number.lower=4"]
    assert settings
    assert all(f'--set "{setting}"' in error.hint for setting in settings)
    data = {"constraint": [*constraints, *IDLE]}
    assert feasible(override(data, tuple(settings))["constraint"], *args)
    for setting in settings:
        assert len(setting.partition("=")[2].partition(".")[2].lstrip("0")) <= 4, setting
        others = tuple(s for s in settings if s != setting)
        relaxed = override(data, others)["constraint"]
        (_, name, key), changed = setting.partition("=")[0].split("."), override(data, (setting,))["constraint"]
        old, new = (next(c for c in given if c["name"] == name) for given in (relaxed, changed))
        old[key] = less(old[key], new[key], key)
        assert not feasible(relaxed, *args), setting


def test_a_soft_limit_is_never_in_conflict():
    floor, soft = bounds("floor", "a0", lower=0.5), bounds("cap", "a0", upper=0.3)
    assert not feasible([floor, soft])
    assert feasible([floor, {**soft, "soft": 0.1}])
    assert feasible([cash(upper=0.0), {**calm(0.05), "soft": 0.1}])


def test_where_no_limit_can_give_way_the_terms_to_drop_are_named():
    with pytest.raises(Infeasible) as refused:
        allocate(build([number(lower=1), LOTS], 1.5))
    assert set(refused.value.details["conflict"]) == {"number", "lots"}
    assert refused.value.details["set"] == []
    assert "--budget" in refused.value.hint


def contributions(upper, *more, name="rc", **keys):
    return [{"name": name, "kind": "risk_contribution", "upper": upper, **keys}, *more]


def objective_problem(constraints, objective, **keys):
    return problem_of(random_covariance(4), assets=ASSETS, constraints=constraints, objective=objective, **keys)


ASSETS = [Asset(f"a{i}", f"A{i}", group=GROUPS[i], lot_size=1.0) for i in range(4)]
RETURNS = np.array([0.02, 0.05, 0.03, 0.08])


@pytest.mark.parametrize(
    ("constraints", "names", "least"),
    [
        (contributions(0.2, cash(upper=0.0)), {"rc", "cash"}, 0.25),
        (contributions(0.4, cash(upper=0.5), groups=("technology_metals", "precious_metals")), {"rc", "cash"}, 0.5),
        (contributions(0.3, cash(upper=0.5), bounds("none", "a0", upper=0.0)), {"rc", "cash", "none"}, 1 / 3),
        (
            contributions(0.3, *contributions(0.1, name="tech", groups=("technology_metals",)), cash(upper=0.5)),
            {"rc", "tech", "cash"},
            0.45,
        ),
    ],
)
def test_limits_on_contributions_that_add_up_to_less_than_one_are_proven_to_conflict(constraints, names, least):
    with pytest.raises(Infeasible) as refused:
        allocate(objective_problem([*constraints, *IDLE], {"kind": "min_risk"}))
    error = refused.value
    assert set(error.details["conflict"]) == names
    assert "add up" in error.message
    assert "no proof" not in error.message
    assert error.details["relaxation"]["rc"] == pytest.approx(least - constraints[0]["upper"], abs=1e-6)
    (setting,) = error.details["set"]
    allocate(objective_problem(override({"constraint": constraints}, (setting,))["constraint"], {"kind": "min_risk"}))


def test_contributions_that_a_search_did_not_find_are_not_called_impossible():
    constraints = contributions(0.4, cash(upper=0.0), bounds("much", "a0", lower=0.6))
    with pytest.raises(Infeasible, match="no proof") as refused:
        allocate(objective_problem([*constraints, *IDLE], {"kind": "min_risk"}))
    assert set(refused.value.details["conflict"]) == {"rc", "cash", "much"}
    (setting,) = refused.value.details["set"]
    allocate(objective_problem(override({"constraint": constraints}, (setting,))["constraint"], {"kind": "min_risk"}))


@pytest.mark.parametrize("more", [[], [calm(0.5)], [{**NEAR, "upper": 2.0}]])
@pytest.mark.parametrize("lot", [None, 0.02])
def test_the_limit_of_an_objective_is_named_with_the_least_that_works(more, lot):
    constraints = [cash(upper=0.1), *more, *([LOTS] if lot else [])]
    lots = None if lot is None else np.full(4, lot)

    def solved(volatility):
        objective = {"kind": "max_return", "volatility": volatility}
        return allocate(objective_problem(constraints, objective, expected=RETURNS, lots=lots, previous=np.zeros(4)))

    with pytest.raises(Infeasible) as refused:
        solved(0.02)
    error = refused.value
    assert set(error.details["conflict"]) == {"objective.volatility", "cash"}
    (setting,) = error.details["set"]
    proposed = float(setting.partition("=")[2])
    solved(proposed)
    calmest = allocate(objective_problem(constraints, {"kind": "min_risk"}, lots=lots, previous=np.zeros(4)))
    least = np.sqrt(calmest.weights @ random_covariance(4) @ calmest.weights)
    assert error.details["relaxation"]["objective.volatility"] == pytest.approx(least - 0.02, abs=2e-4 if lot else 1e-6)
    assert least <= proposed + 1e-6


def test_the_proposal_for_risk_parity_leaves_something_to_every_asset():
    constraints = [bounds("f0", "a0", lower=0.5), bounds("f1", "a1", lower=0.6)]
    with pytest.raises(Infeasible) as refused:
        allocate(objective_problem(constraints, {"kind": "risk_parity"}))
    assert set(refused.value.details["conflict"]) == {"f0", "f1"}
    settings = tuple(refused.value.details["set"])
    answer = allocate(objective_problem(override({"constraint": constraints}, settings)["constraint"], {"kind": "risk_parity"}))
    assert answer.weights.min() > 1e-4
