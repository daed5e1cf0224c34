"""Every objective against closed forms, brute force and its own conditions."""

import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance, worth_of_room
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError, Infeasible, SpecError, Unbounded
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives.hierarchical import hierarchical_weights

MU = np.array([0.05, 0.11, 0.03, 0.08, 0.06])
CAP = {"name": "cap", "kind": "bounds", "upper": 0.3}


def simplex(n: int, steps: int) -> np.ndarray:
    """Every point of the simplex on a grid of 1 / steps."""
    cuts = itertools.combinations(range(steps + n - 1), n - 1)
    return np.array([np.diff((-1, *cut, steps + n - 1)) - 1 for cut in cuts]) / steps


def two_factor(rho: float, vols: np.ndarray) -> np.ndarray:
    n = len(vols)
    return np.outer(vols, vols) * (rho * np.ones((n, n)) + (1 - rho) * np.eye(n))


# Largest ratio


@pytest.mark.parametrize("risk_free", [0.0, 0.02])
def test_the_tangency_portfolio_is_inverse_covariance_times_excess_return(risk_free):
    covariance = two_factor(0.2, np.array([0.2, 0.25, 0.15]))
    mu = np.array([0.08, 0.1, 0.06])
    objective = {"kind": "max_ratio", "risk_free": risk_free}
    answer = allocate(problem_of(covariance, objective=objective, expected=mu))
    direction = np.linalg.solve(covariance, mu - risk_free)
    assert (direction > 0).all()
    assert answer.weights == pytest.approx(direction / direction.sum(), abs=1e-7)
    assert answer.objective == pytest.approx(-np.sqrt((mu - risk_free) @ direction), rel=1e-9)
    assert answer.cash == pytest.approx(0, abs=1e-12)
    assert answer.continuous.certificate.worst < 1e-6


def test_the_largest_ratio_beats_every_point_of_a_grid_and_holds_its_cap():
    covariance = random_covariance(4, seed=5)
    mu = MU[:4]
    answer = allocate(problem_of(covariance, objective={"kind": "max_ratio"}, expected=mu, constraints=[NO_CASH, CAP]))
    grid = simplex(4, 40)
    grid = grid[(grid <= 0.3 + 1e-12).all(axis=1)]
    ratios = grid @ mu / np.sqrt(np.einsum("ij,jk,ik->i", grid, covariance, grid))
    assert -answer.objective >= ratios.max() - 1e-12
    assert -answer.objective == pytest.approx(ratios.max(), rel=2e-3)
    assert answer.weights.max() <= 0.3 + 1e-9


def test_costs_in_the_objective_are_taken_from_the_excess():
    assets = [Asset(key="dear", name="Dear", spread=0.3, storage=0.01), Asset(key="cheap", name="Cheap")]
    covariance, mu = np.diag([0.04, 0.04]), np.array([0.12, 0.1])
    free = problem_of(covariance, assets=assets, objective={"kind": "max_ratio"}, expected=mu)
    costs = Costs.of(free.universe, in_objective=True, holding_years=3)
    answer = allocate(problem_of(covariance, assets=assets, objective={"kind": "max_ratio"}, expected=mu, costs=costs))
    net = mu - costs.annual_rate
    assert answer.continuous.x[:2] == pytest.approx(net / net.sum(), abs=1e-7)


def test_cash_is_held_at_the_least_that_the_limits_allow():
    floor = {"name": "cash", "kind": "cash", "lower": 0.1}
    answer = allocate(problem_of(random_covariance(4), objective={"kind": "max_diversification"}, constraints=[floor]))
    assert answer.cash == pytest.approx(0.1, abs=1e-9)


@pytest.mark.parametrize("risk_free", [0.2, 0.11])
def test_without_a_positive_excess_return_there_is_no_answer(risk_free):
    with pytest.raises(SpecError, match="no excess return is positive"):
        allocate(problem_of(random_covariance(5), objective={"kind": "max_ratio", "risk_free": risk_free}, expected=MU))


def test_an_excess_that_the_constraints_forbid_is_told_as_such():
    caps = [NO_CASH, {"name": "none", "kind": "bounds", "assets": ["a1"], "upper": 0.0}]
    objective = {"kind": "max_ratio", "risk_free": 0.09}
    with pytest.raises(SpecError, match=r"best that the constraints allow is -1\.00%"):
        allocate(problem_of(random_covariance(5), objective=objective, expected=MU, constraints=caps))


def test_a_contradiction_is_infeasible_whatever_the_objective():
    floors = [CAP, {"name": "floor", "kind": "bounds", "assets": ["a0"], "lower": 0.5}]
    for objective in (
        {"kind": "max_ratio"},
        {"kind": "max_return", "volatility": 0.3},
        {"kind": "max_diversification"},
        {"kind": "risk_parity", "budgets": {"a0": 2}},
        {"kind": "track", "target": {"a0": 1}},
    ):
        with pytest.raises(Infeasible) as found:
            allocate(problem_of(random_covariance(5), objective=objective, expected=MU, constraints=floors))
        assert found.value.details["conflict"] == ["cap", "floor"]


def test_a_riskless_gain_is_unbounded():
    covariance = np.diag([0.04, 0.0])
    with pytest.raises(Unbounded):
        allocate(problem_of(covariance, objective={"kind": "max_ratio"}, expected=np.array([0.1, 0.05])))


@pytest.mark.parametrize(
    "objective",
    [{"kind": "max_ratio", "risk_free": 0.01}, {"kind": "max_diversification"}, {"kind": "max_return", "volatility": 0.25}],
)
@pytest.mark.parametrize("kind", ["bounds", "group", "country_exposure", "control_exposure", "cash"])
def test_a_shadow_price_is_what_relaxing_the_limit_is_worth(objective, kind):
    covariance = random_covariance(6, seed=8)
    mu = np.array([0.1, 0.12, 0.05, 0.07, 0.06, 0.03])
    term = {
        "bounds": {"upper": 0.23},
        "group": {"assets": ["a4", "a5"], "lower": 0.6},
        "country_exposure": {"country": "CHN", "upper": 0.2},
        "control_exposure": {"upper": 0.1},
        "cash": {"lower": 0.1},
    }[kind]
    base, report, gained = worth_of_room(kind, term, covariance, objective=objective, expected=mu)
    assert report.shadow_price == pytest.approx(gained, rel=2e-3, abs=1e-6)
    assert base.continuous.certificate.worst < 1e-6


# Largest return


def test_two_assets_at_a_volatility_solve_a_quadratic_equation():
    v1, v2, rho, ceiling = 0.1, 0.3, 0.25, 0.2
    covariance = np.array([[v1**2, rho * v1 * v2], [rho * v1 * v2, v2**2]])
    answer = allocate(
        problem_of(
            covariance,
            objective={"kind": "max_return", "volatility": ceiling},
            expected=np.array([0.02, 0.09]),
            constraints=[NO_CASH],
        )
    )
    a = v1**2 + v2**2 - 2 * rho * v1 * v2
    b, c = 2 * (rho * v1 * v2 - v1**2), v1**2 - ceiling**2
    second = (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    assert answer.weights == pytest.approx([1 - second, second], abs=1e-7)
    (limit,) = [report for report in answer.limits if report.name == "objective.volatility"]
    assert limit.binding
    assert limit.value == pytest.approx(ceiling, abs=1e-8)
    # Price of volatility by hand: d return / d volatility along the frontier.
    slope = (2 * a * second + b) / (2 * ceiling)
    assert limit.shadow_price == pytest.approx(0.07 / slope, rel=1e-5)


def test_a_volatility_that_does_not_bind_leaves_the_best_asset():
    answer = allocate(
        problem_of(random_covariance(5), objective={"kind": "max_return", "volatility": 5.0}, expected=MU, constraints=[CAP])
    )
    assert answer.objective == pytest.approx(-(0.3 * (0.11 + 0.08 + 0.06) + 0.1 * 0.05), abs=1e-8)
    (limit,) = [report for report in answer.limits if report.name == "objective.volatility"]
    assert not limit.binding
    assert limit.shadow_price == pytest.approx(0, abs=1e-6)


def test_a_volatility_below_the_least_is_told_with_the_least_that_would_do():
    covariance = np.diag([0.04, 0.04, 0.04, 0.04, 0.04])
    problem = {"expected": MU, "constraints": [NO_CASH]}
    with pytest.raises(Infeasible, match=r"least is 8\.94%") as found:
        allocate(problem_of(covariance, objective={"kind": "max_return", "volatility": 0.05}, **problem))
    offered = float(found.value.hint.split("=")[1].split('"')[0])
    assert (
        allocate(problem_of(covariance, objective={"kind": "max_return", "volatility": offered}, **problem)).status == "optimal"
    )


@pytest.mark.parametrize("ceiling", [0.12, 0.16, 0.9])
def test_largest_return_in_whole_lots_holds_the_volatility_with_a_proven_gap(ceiling):
    covariance = random_covariance(4, seed=2)
    lot, mu = 1 / 12, MU[:4]
    answer = allocate(
        problem_of(
            covariance,
            objective={"kind": "max_return", "volatility": ceiling},
            expected=mu,
            constraints=[{"name": "lots", "kind": "lots"}],
            lots=np.full(4, lot),
        )
    )
    grid = simplex(5, 12)[:, :4]
    risk = np.sqrt(np.einsum("ij,jk,ik->i", grid, covariance, grid))
    best = (grid[risk <= ceiling] @ mu).max()
    assert np.sqrt(answer.weights @ covariance @ answer.weights) <= ceiling * (1 + 1e-9)
    assert -answer.objective <= best + 1e-12
    assert -answer.objective >= best - answer.lots_gap * max(best, 1e-9) * 1.5 - 1e-9
    assert answer.lots_gap < 0.2


# Largest diversification


@pytest.mark.parametrize("seed", range(4))
def test_largest_diversification_is_least_variance_between_correlations(seed):
    rng = np.random.default_rng(seed)
    correlation = two_factor(0.0, np.ones(5)) + 0.15 * np.ones((5, 5)) - 0.15 * np.eye(5)
    noise = np.triu(rng.uniform(-0.1, 0.1, (5, 5)), 1)
    correlation += noise + noise.T
    vols = rng.uniform(0.05, 0.6, 5)
    answer = allocate(problem_of(correlation * np.outer(vols, vols), objective={"kind": "max_diversification"}))
    least = np.linalg.solve(correlation, np.ones(5))
    assert (least > 0).all()
    assert answer.weights == pytest.approx(least / vols / (least / vols).sum(), abs=1e-7)
    assert answer.objective == pytest.approx(-np.sqrt(np.ones(5) @ least), rel=1e-9)


# Risk budgets


@pytest.mark.parametrize("seed", range(4))
def test_contributions_are_proportional_to_budgets(seed):
    covariance = random_covariance(7, seed)
    budgets = {"a0": 5, "a1": 0.2, "a3": 2}
    answer = allocate(problem_of(covariance, objective={"kind": "risk_parity", "budgets": budgets}, constraints=[NO_CASH]))
    shares = answer.weights * (covariance @ answer.weights)
    asked = np.array([5, 0.2, 1, 2, 1, 1, 1])
    assert shares / shares.sum() == pytest.approx(asked / asked.sum(), abs=1e-8)


def test_equal_correlations_share_risk_at_inverse_volatility():
    vols = np.array([0.1, 0.2, 0.4, 0.15])
    answer = allocate(problem_of(two_factor(0.3, vols), objective={"kind": "risk_parity"}))
    assert answer.weights == pytest.approx((1 / vols) / (1 / vols).sum(), abs=1e-9)


def test_shares_of_all_risk_that_leave_an_asset_out_are_refused():
    for budgets in ({"a0": 0.6, "a1": 0.4}, {"a0": 60, "a1": 40}):
        with pytest.raises(SpecError, match="left out, and so with 1 each: a2"):
            allocate(problem_of(np.eye(3), objective={"kind": "risk_parity", "budgets": budgets}))
        answer = allocate(problem_of(np.eye(2), objective={"kind": "risk_parity", "budgets": budgets}, constraints=[NO_CASH]))
        assert answer.weights[0] ** 2 / answer.weights[1] ** 2 == pytest.approx(1.5, rel=1e-6)


def test_budgets_without_correlation_are_held_at_their_root_over_volatility():
    vols, budgets = np.array([0.1, 0.2, 0.4]), np.array([4.0, 1.0, 1.0])
    answer = allocate(problem_of(np.diag(vols**2), objective={"kind": "risk_parity", "budgets": {"a0": 4}}))
    shape = np.sqrt(budgets) / vols
    assert answer.weights == pytest.approx(shape / shape.sum(), abs=1e-9)


def test_the_budget_of_a_group_is_the_sum_of_its_members_contributions():
    groups = ["precious_metals"] * 3 + ["technology_metals"] * 2
    assets = [Asset(key=f"a{i}", name=f"A{i}", group=group) for i, group in enumerate(groups)]
    covariance = random_covariance(5, seed=4)
    objective = {"kind": "risk_parity", "by": "group", "budgets": {"technology_metals": 3}}
    answer = allocate(problem_of(covariance, assets=assets, objective=objective))
    shares = answer.weights * (covariance @ answer.weights)
    shares /= shares.sum()
    assert [shares[:3].sum(), shares[3:].sum()] == pytest.approx([0.25, 0.75], abs=1e-8)
    with pytest.raises(SpecError, match="unknown group 'precious'"):
        allocate(problem_of(covariance, assets=assets, objective={**objective, "budgets": {"precious": 2}}))


def test_budgets_and_targets_name_what_there_is_and_nothing_twice():
    assets = [Asset(key="ingot", name="I", element="Ge"), Asset(key="oxide", name="O", element="Ge")]
    covariance = np.diag([0.04, 0.01])
    for objective in ({"kind": "risk_parity", "budgets": {"Gee": 2}}, {"kind": "track", "target": {"Gee": 1}}):
        with pytest.raises(DataError, match="'Gee'"):
            allocate(problem_of(covariance, assets=assets, objective=objective))
    with pytest.raises(SpecError, match="both name 'oxide'"):
        allocate(problem_of(covariance, assets=assets, objective={"kind": "risk_parity", "budgets": {"Ge": 2, "oxide": 1}}))
    with pytest.raises(ValidationError):
        problem_of(covariance, assets=assets, objective={"kind": "risk_parity", "budgets": {"ingot": 0}})
    with pytest.raises(ValidationError, match="more than 1"):
        problem_of(covariance, assets=assets, objective={"kind": "track", "target": {"ingot": 0.6, "oxide": 0.6}})


# Tracking


def test_a_target_that_holds_the_limits_is_the_answer():
    answer = allocate(problem_of(random_covariance(4), objective={"kind": "track", "target": {"a0": 0.5, "a2": 0.3}}))
    assert answer.weights == pytest.approx([0.5, 0, 0.3, 0], abs=1e-6)
    assert answer.cash == pytest.approx(0.2, abs=1e-6)
    assert answer.objective == pytest.approx(0, abs=1e-10)


def test_tracking_under_a_cap_beats_every_point_of_a_grid():
    covariance, target = random_covariance(4, seed=6), np.array([0.7, 0.0, 0.3, 0.0])
    objective = {"kind": "track", "target": {"a0": 0.7, "a2": 0.3}}
    answer = allocate(problem_of(covariance, objective=objective, constraints=[CAP]))
    grid = simplex(5, 40)[:, :4]
    grid = grid[(grid <= 0.3 + 1e-12).all(axis=1)]
    d = grid - target
    errors = np.einsum("ij,jk,ik->i", d, covariance, d)
    assert answer.objective <= errors.min() + 1e-9
    assert answer.objective == pytest.approx(errors.min(), rel=1e-2)
    assert answer.continuous.certificate.worst < 1e-6


@pytest.mark.parametrize(
    "objective",
    [
        {"kind": "track", "target": {"a0": 0.4, "a1": 0.6}},
        {"kind": "equal_weight"},
        {"kind": "risk_parity", "budgets": {"a0": 3}},
        {"kind": "hierarchical_risk_parity"},
    ],
)
def test_whole_lots_are_the_nearest_in_risk(objective):
    covariance = random_covariance(3, seed=9)
    answer = allocate(
        problem_of(
            covariance,
            objective=objective,
            expected=MU[:3],
            constraints=[{"name": "lots", "kind": "lots"}],
            lots=np.full(3, 0.11),
        )
    )
    goal = np.array([0.4, 0.6, 0.0]) if objective["kind"] == "track" else answer.continuous.x[:3]
    grid = np.array([c for c in itertools.product(range(10), repeat=3) if sum(c) <= 9]) * 0.11
    d = grid - goal
    errors = np.einsum("ij,jk,ik->i", d, covariance, d)
    mine = (answer.weights - goal) @ covariance @ (answer.weights - goal)
    assert mine <= errors.min() + 2e-3 * covariance.max()
    assert answer.lots.tolist() == pytest.approx(np.round(answer.values / 0.11).tolist())


# Hierarchical risk parity


def plain_hrp(covariance: np.ndarray) -> np.ndarray:
    """The algorithm of the paper written out again: naive single linkage, nested lists, recursion."""
    n = len(covariance)
    vols = np.sqrt(np.diag(covariance))
    d = np.sqrt((1 - covariance / np.outer(vols, vols)).clip(0) / 2)
    between = np.array([[np.linalg.norm(d[:, i] - d[:, j]) for j in range(n)] for i in range(n)])
    clusters = {i: [i] for i in range(n)}
    following = n
    while len(clusters) > 1:
        pairs = itertools.combinations(sorted(clusters), 2)
        a, b = min(pairs, key=lambda p: min(between[i, j] for i in clusters[p[0]] for j in clusters[p[1]]))
        clusters[following] = clusters.pop(a) + clusters.pop(b)
        following += 1
    (order,) = clusters.values()

    def risk(items: list[int]) -> float:
        inverse = 1 / vols[items] ** 2
        w = inverse / inverse.sum()
        return w @ covariance[np.ix_(items, items)] @ w

    def split(items: list[int], money: float) -> dict[int, float]:
        if len(items) == 1:
            return {items[0]: money}
        half = len(items) // 2
        left, right = items[:half], items[half:]
        share = 1 - risk(left) / (risk(left) + risk(right))
        return {**split(left, money * share), **split(right, money * (1 - share))}

    parts = split(order, 1.0)
    return np.array([parts[i] for i in range(n)])


@pytest.mark.parametrize("seed", range(6))
def test_hierarchical_risk_parity_is_the_algorithm_of_the_paper(seed):
    covariance = random_covariance(9, seed)
    first = np.argsort(np.diag(covariance))
    covariance = covariance[np.ix_(first, first)]
    answer = allocate(problem_of(covariance, objective={"kind": "hierarchical_risk_parity"}))
    assert answer.weights == pytest.approx(plain_hrp(covariance), abs=1e-10)
    assert answer.continuous.certificate is None


def test_two_assets_and_one_are_shared_by_inverse_variance():
    assert hierarchical_weights(np.array([[0.04, 0.01], [0.01, 0.16]]), ("a", "b")) == pytest.approx([0.8, 0.2])
    assert hierarchical_weights(np.array([[0.04]]), ("a",)).tolist() == [1.0]


def test_hierarchical_risk_parity_refuses_what_it_cannot_hold():
    with pytest.raises(SpecError, match="'cap', 'no cash'"):
        allocate(problem_of(random_covariance(4), objective={"kind": "hierarchical_risk_parity"}, constraints=[CAP, NO_CASH]))


@pytest.mark.parametrize("kind", ["max_ratio", "max_return"])
def test_without_a_forecast_of_returns_it_is_refused(kind):
    more = {"volatility": 0.2} if kind == "max_return" else {}
    with pytest.raises(SpecError, match="forecast of returns"):
        allocate(problem_of(random_covariance(3), objective={"kind": kind, **more}))
