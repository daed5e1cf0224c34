"""Linear expressions, factor limits, numbers of holdings and what is kept: rows, faults, prices, and brute force."""

import itertools
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError, Infeasible, SpecError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.constraints.linear import Linear, Relation
from toolkit.optimize.solvers.solve import SolverSpec

ASSETS = [Asset("gallium", "Gallium", element="Ga"), Asset("oxide", "Oxide", element="Ga"), Asset("BRK-B", "Shares")]


def row(expression):
    problem = problem_of(np.eye(3), assets=ASSETS, constraints=[{"name": "it", "kind": "linear", "expression": expression}])
    return problem.linear_constraints()


@pytest.mark.parametrize(
    ("expression", "coefficients", "limit", "sides"),
    [
        ("gallium + BRK-B <= 0.3", [1, 0, 1, 0], 0.3, ("upper",)),
        ('2*gallium - 0.5*"BRK-B" >= 0.1', [2, 0, -0.5, 0], 0.1, ("lower",)),
        ("Ga <= 0.4", [1, 1, 0, 0], 0.4, ("upper",)),
        ("gallium == oxide", [1, -1, 0, 0], 0.0, ("upper", "lower")),
        ("0.5 - cash >= gallium + 0.1", [-1, 0, 0, -1], -0.4, ("lower",)),
        ("gallium >= -1e-3", [1, 0, 0, 0], -0.001, ("lower",)),
    ],
)
def test_an_expression_is_one_row(expression, coefficients, limit, sides):
    limits = row(expression)
    assert limits.sides == sides
    for G, h, side in zip(limits.G, limits.h, sides, strict=True):
        sign = 1 if side == "upper" else -1
        assert (sign * G).tolist() == pytest.approx(coefficients)
        assert sign * h == pytest.approx(limit)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("gallium * oxide <= 0.3", "'gallium * oxide'"),
        ("gallium", "exactly one of <=, >= and =="),
        ("0.1 <= gallium <= 0.2", "exactly one"),
        ("gallium < 0.2", "not '<'"),
        ("0.1 <= 0.2", "names no asset"),
        ("gallium + <= 0.2", "must be a sum"),
    ],
)
def test_what_is_no_linear_relation_is_refused_with_the_spot(expression, told):
    with pytest.raises(SpecError, match="expression") as refused:
        Linear(name="it", expression=expression)
    assert told in str(refused.value)


def test_names_are_checked_against_the_universe():
    with pytest.raises(DataError, match="constraint 'it': 'galium'") as refused:
        row("galium <= 0.3")
    assert "'gallium'" in refused.value.hint
    with pytest.raises(SpecError, match="not linear at 'max"):
        row("max(gallium, oxide) <= 0.3")
    with pytest.raises(SpecError, match="cancels"):
        row("gallium - gallium <= 0.3")


def test_a_relation_is_written_so_that_it_reads_back():
    for text in ("gallium - 0.5 * BRK-B <= 0.3", "- gallium == cash - 0.25", "0.9 - gallium <= 0"):
        assert Relation.of(str(Relation.of(text))) == Relation.of(text)
    assert Linear(name="x", expression="gallium <= cash").relaxed("upper", 0.05, 6) == {"expression": "gallium <= cash + 0.05"}
    assert outward(0.1, "upper", 0.2, 6) == 0.3
    assert outward(0.3, "lower", 1 / 3, 6) == pytest.approx(-0.033334, abs=1e-9)


def test_an_expression_has_a_certificate_and_its_price_is_what_relaxing_it_is_worth():
    def solve(limit):
        term = {"name": "it", "kind": "linear", "expression": f"2 * a0 - 0.5 * a1 >= {limit}"}
        return allocate(problem_of(random_covariance(6, 4), constraints=[NO_CASH, term]))

    answer, step = solve(0.6), 1e-4
    assert answer.continuous.certificate.worst < 1e-6
    assert answer.limits[1].where == "2 * a0 - 0.5 * a1 >= 0.6"
    gained = (solve(0.6 + step).objective - solve(0.6 - step).objective) / (2 * step)
    assert answer.limits[1].shadow_price == pytest.approx(gained, rel=2e-3)


def with_factor(problem, loading):
    n = len(loading)
    forecast = replace(
        problem.forecast,
        factors=("oil",),
        loadings=loading.reshape(n, 1),
        factor_cov=np.eye(1) * 0.04,
        specific_var=np.full(n, 0.02),
        loading_errors=np.array([[np.nan], *[[0.1]] * (n - 1)]),
    )
    return replace(problem, forecast=forecast)


def test_a_factor_limit_may_be_negative_agrees_with_another_solver_and_names_what_is_not_known():
    loading = np.array([0.0, -1.5, 0.4, 2.0])
    term = {"name": "oil", "kind": "factor_exposure", "factor": "oil", "upper": -0.6}
    problem = with_factor(problem_of(np.eye(4), constraints=[NO_CASH, term]), loading)
    answer = allocate(problem)
    w = cp.Variable(4, nonneg=True)
    risk = 0.04 * cp.square(loading @ w) + 0.02 * cp.sum_squares(w)
    cp.Problem(cp.Minimize(100 * risk), [cp.sum(w) == 1, loading @ w <= -0.6]).solve(solver="CLARABEL")
    assert answer.weights == pytest.approx(w.value, abs=1e-5)
    assert loading @ answer.weights == pytest.approx(-0.6, abs=1e-7)
    assert "a0" in problem.notes()[0].text
    with pytest.raises(SpecError, match="unknown factor 'oli'") as refused:
        with_factor(problem_of(np.eye(4), constraints=[{**term, "factor": "oli"}]), loading).linear_constraints()
    assert "'oil'" in refused.value.hint
    with pytest.raises(SpecError, match="no named factors"):
        problem_of(np.eye(4), constraints=[term]).linear_constraints()


def test_a_floor_on_the_expected_return_is_a_point_of_the_frontier_and_gives_way_when_it_is_too_high():
    covariance, expected = random_covariance(4, 3), np.array([0.02, 0.05, 0.08, -0.03])
    floor = {"name": "return", "kind": "expected_return", "lower": 0.06}
    answer = allocate(problem_of(covariance, expected=expected, constraints=[NO_CASH, floor]))
    w = cp.Variable(4, nonneg=True)
    cp.Problem(cp.Minimize(100 * cp.quad_form(w, covariance)), [cp.sum(w) == 1, expected @ w >= 0.06]).solve(solver="CLARABEL")
    assert answer.weights == pytest.approx(w.value, abs=1e-5)
    assert expected @ answer.weights == pytest.approx(0.06, abs=1e-8)
    with pytest.raises(Infeasible) as refused:
        allocate(problem_of(covariance, expected=expected - 0.2, constraints=[NO_CASH, floor]))
    assert refused.value.details["set"] == ["constraint.return.lower=-0.12"]  # the best asset, and below zero
    with pytest.raises(SpecError, match="expects no return"):
        allocate(problem_of(covariance, constraints=[NO_CASH, floor]))


def best_subset(covariance, sizes, cap, floor):
    """The least variance over all subsets, each a convex problem of its own."""
    n, best = len(covariance), np.inf
    for size in sizes:
        for chosen in itertools.combinations(range(n), size):
            at = np.ix_(chosen, chosen)
            w = cp.Variable(size)
            bounds = [cp.sum(w) == 1, w >= floor, w <= cap]
            program = cp.Problem(cp.Minimize(100 * cp.quad_form(w, cp.psd_wrap(covariance[at]))), bounds)
            if program.solve(solver="CLARABEL") is not None and program.status == "optimal":
                best = min(best, program.value / 100)
    return best


@pytest.mark.parametrize(
    ("limits", "sizes", "cap", "floor"),
    [
        ({"upper": 2}, (2,), 0.7, 0.0),
        ({"lower": 4}, (4, 5), 1.0, 1e-3),
        ({"lower": 2, "upper": 3}, (2, 3), 0.5, 0.15),
    ],
)
def test_a_number_of_holdings_is_exact(limits, sizes, cap, floor):
    covariance = random_covariance(5, seed=sum(sizes))
    terms = [NO_CASH, {"name": "n", "kind": "cardinality", **limits}, {"name": "cap", "kind": "bounds", "upper": cap}]
    if floor > 1e-3:
        terms.append({"name": "ticket", "kind": "min_ticket", "fraction": floor})
    answer = allocate(problem_of(covariance, constraints=terms), SolverSpec(gap=1e-6))
    assert answer.objective == pytest.approx(best_subset(covariance, sizes, cap, floor), rel=1e-5)
    assert np.count_nonzero(answer.values) in sizes
    assert answer.lots_gap <= 1e-6


def test_a_number_of_holdings_in_whole_lots_agrees_with_brute_force():
    covariance, lot = random_covariance(4, 3), np.array([0.15, 0.1, 0.2, 0.12])
    terms = [
        {"name": "cash", "kind": "cash", "upper": 0.15},
        {"name": "lots", "kind": "lots"},
        {"name": "n", "kind": "cardinality", "lower": 2, "upper": 2},
    ]
    answer = allocate(problem_of(covariance, constraints=terms, lots=lot), SolverSpec(gap=1e-7))
    counts = [np.array(c) for c in itertools.product(*(range(int(1 / a) + 1) for a in lot))]
    allowed = [c * lot for c in counts if np.count_nonzero(c) == 2 and 0.85 - 1e-12 <= c @ lot <= 1 + 1e-12]
    assert answer.objective == pytest.approx(min(x @ covariance @ x for x in allowed), rel=1e-6)


@pytest.mark.parametrize("lots", [None, np.array([0.15, 0.1, 0.2, 0.12, 0.11])])
def test_numbers_of_holdings_of_groups_are_the_best_of_all_choices(lots):
    covariance = random_covariance(5, 3)
    assets = [Asset(f"a{i}", f"A{i}", group="tech" if i < 3 else "health") for i in range(5)]
    terms = [
        {"name": "cash", "kind": "cash", "upper": 0.0 if lots is None else 0.15},
        {"name": "tech", "kind": "cardinality", "groups": ["tech"], "upper": 1},
        {"name": "some", "kind": "cardinality", "assets": ["a1", "a4"], "lower": 1},
        {"name": "all", "kind": "cardinality", "upper": 3},
    ]
    terms += [] if lots is None else [{"name": "lots", "kind": "lots"}]
    answer = allocate(problem_of(covariance, assets=assets, constraints=terms, lots=lots), SolverSpec(gap=1e-7))

    def allowed(held):
        return held[:3].sum() <= 1 and held[1] + held[4] >= 1 and held.sum() <= 3

    best = np.inf
    if lots is None:
        for held in map(np.array, itertools.product((0, 1), repeat=5)):
            if allowed(held):
                lower, upper = 1e-3 * held * np.array([0, 1, 0, 0, 1]), held.astype(float)
                own = [
                    {"name": f"a{i}", "kind": "bounds", "assets": [f"a{i}"], "lower": lower[i], "upper": upper[i]}
                    for i in range(5)
                ]
                best = min(best, allocate(problem_of(covariance, constraints=[NO_CASH, *own])).objective)
    else:
        for counts in itertools.product(*(range(int(1 / a) + 1) for a in lots)):
            x = np.array(counts) * lots
            if 0.85 - 1e-12 <= x.sum() <= 1 + 1e-12 and allowed(x > 0):
                best = min(best, x @ covariance @ x)
    assert allowed(answer.values > 1e-9)
    assert answer.objective == pytest.approx(best, rel=1e-5)
    free = allocate(problem_of(covariance, assets=assets, constraints=[terms[0], *terms[4:]], lots=lots), SolverSpec(gap=1e-7))
    assert free.objective < best - 1e-5  # the numbers decide


def test_a_number_of_a_group_that_cannot_be_held_gives_way_by_the_least():
    assets = [Asset(f"a{i}", f"A{i}", group="tech" if i < 3 else "health") for i in range(5)]
    terms = [
        NO_CASH,
        {"name": "cap", "kind": "bounds", "upper": 0.3},
        {"name": "health", "kind": "group", "groups": ["health"], "upper": 0.2},
        {"name": "few", "kind": "cardinality", "groups": ["tech"], "upper": 1},
    ]
    with pytest.raises(Infeasible) as caught:
        allocate(problem_of(random_covariance(5, 3), assets=assets, constraints=terms))
    assert caught.value.details["set"] == ["constraint.cap.upper=0.4", "constraint.few.upper=2"]
    terms[1] |= {"upper": 0.4}
    terms[3] |= {"upper": 2}
    assert np.count_nonzero(allocate(problem_of(random_covariance(5, 3), assets=assets, constraints=terms)).values[:3]) == 2


def test_what_is_kept_is_kept_to_the_cent_after_costs():
    assets = [Asset(f"a{i}", f"A{i}", spread=0.2) for i in range(3)]
    previous = np.array([0.37, 0.1, 0.0])
    keep = {"name": "keep", "kind": "no_trade", "assets": ["a0", "a2"]}
    problem = problem_of(np.diag([0.4, 0.01, 0.01]), assets=assets, constraints=[NO_CASH, keep], previous=previous)
    answer = allocate(problem)
    assert answer.values[0] == 0.37
    assert answer.values[2] == 0.0
    assert answer.values[1] == pytest.approx(0.63 - answer.entry_cost, abs=1e-8)
    assert all(limit.slack >= -1e-8 for limit in answer.limits if limit.slack is not None)
    with pytest.raises(SpecError, match="nothing is held"):
        allocate(problem_of(np.eye(3), constraints=[keep]))


def test_numbers_that_are_none_are_refused_by_name():
    problem = problem_of(np.diag([0.04, 0.09]))
    forecast, data = problem.forecast, problem.data
    indefinite = np.array([[0.04, 0.09], [0.09, 0.04]])
    for changed, told in (
        ({"specific_var": np.array([0.0, -0.1])}, "negative for a1"),
        ({"expected": np.array([np.nan, 0.1])}, "expected return is not a finite number for a0"),
        ({"loadings": np.array([[1.0, 0.0], [0.0, np.inf]])}, "loading is not a finite number for a1"),
        ({"factor_cov": indefinite}, "not positive semidefinite: its least eigenvalue is -0.05"),
        ({"factor_cov": np.array([[0.04, 0.01], [0.0, 0.04]])}, "not symmetric"),
    ):
        with pytest.raises(DataError, match=told):
            replace(problem, forecast=replace(forecast, **changed))
    for budget in (-1.0, 0.0, np.nan, np.inf):
        with pytest.raises(SpecError, match="budget must be a positive number"):
            replace(problem, data=replace(data, budget=budget))
    metal = problem_of(np.diag([0.04, 0.09]), assets=[Asset("a0", "A0"), Asset("a1", "A1", unit="kg")])
    with pytest.raises(DataError, match="value held today is negative for a1"):
        replace(metal, data=replace(metal.data, previous=np.array([0.0, -0.1])))
    with pytest.raises(DataError, match="value of a lot is not a positive number for a0"):
        replace(problem, lot_values=np.array([0.0, np.nan]))
    with pytest.raises(DataError, match="the spread is not a finite number for a0"):
        replace(problem, costs=replace(problem.costs, half_spread=np.array([np.nan, 0.0])))
    with pytest.raises(DataError, match="constraint 'cap': 'a9'"):
        problem_of(
            np.eye(2), constraints=[{"name": "cap", "kind": "bounds", "assets": ["a9"], "upper": 0.1}]
        ).linear_constraints()


@pytest.mark.parametrize("lots", [None, np.array([0.037, 0.05, 0.011])])
@pytest.mark.parametrize(
    ("kind", "assets"), [("buy_only", None), ("no_sell", ["a0"]), ("no_buy", ["a1"]), ("no_buy", None), ("no_sell", None)]
)
def test_what_is_not_sold_or_not_bought_is_so_to_the_cent(kind, assets, lots):
    """Without the term a0, which is risky, is sold for a1: that is what each term forbids."""
    universe = [Asset(f"a{i}", f"A{i}", spread=0.1) for i in range(3)]
    previous = np.array([0.37, 0.2, 0.11])
    whole = [] if lots is None else [{"name": "lots", "kind": "lots"}]
    term = {"name": "way", "kind": kind, **({} if assets is None else {"assets": assets})}
    more = {"assets": universe, "previous": previous, "lots": lots}
    free = allocate(problem_of(np.diag([0.4, 0.01, 0.02]), constraints=whole, **more))
    bound = allocate(problem_of(np.diag([0.4, 0.01, 0.02]), constraints=[*whole, term], **more))
    named = [0, 1, 2] if assets is None else [int(key[1]) for key in assets]
    moved, freely = (answer.values[named] - previous[named] for answer in (bound, free))
    sign = 1.0 if kind == "no_buy" else -1.0
    assert (sign * moved <= 1e-9).all()
    assert kind == "no_buy" or (sign * freely).max() > 1e-3


def test_rows_of_a_problem_are_made_once_and_cannot_be_written_to():
    problem = problem_of(np.eye(3), constraints=[{"kind": "bounds", "name": "cap", "upper": 0.5, "lower": 0.1}])
    limits = problem.linear_constraints()
    assert problem.linear_constraints() is limits
    assert problem.at_wealth(0.9).linear_constraints() is limits
    with pytest.raises(ValueError, match="read-only"):
        limits.G[0, 0] = 2.0
