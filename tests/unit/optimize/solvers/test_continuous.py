import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance, worth_of_room
from toolkit.core.assets import Asset
from toolkit.core.errors import SpecError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.solvers.solve import SolverSpec


def reference(covariance, constraints=(), linear=None, weight=1.0):
    """The same problem with the covariance as it stands, in another solver."""
    w = cp.Variable(len(covariance) + 1)
    a = w[:-1]
    objective = weight * cp.quad_form(a, cp.psd_wrap(covariance)) + (0 if linear is None else linear @ a)
    cp.Problem(cp.Minimize(objective * 100), [w >= 0, cp.sum(w) == 1, *(c(w) for c in constraints)]).solve(solver="CLARABEL")
    return w.value


def test_uncorrelated_assets_are_held_in_inverse_variance():
    variance = np.array([0.04, 0.01, 0.16])
    answer = allocate(problem_of(np.diag(variance), constraints=[NO_CASH]))
    expected = (1 / variance) / (1 / variance).sum()
    assert answer.weights == pytest.approx(expected, abs=1e-8)
    assert answer.objective == pytest.approx(1 / (1 / variance).sum(), rel=1e-8)


@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e3])
def test_weights_agree_with_another_solver_whatever_the_scale_of_the_variances(scale):
    covariance = random_covariance(12)
    cap = {"name": "cap", "kind": "bounds", "upper": 0.15}
    answer = allocate(problem_of(covariance * scale, constraints=[NO_CASH, cap]))
    other = reference(covariance, [lambda w: w[-1] <= 0, lambda w: w[:-1] <= 0.15])
    assert answer.weights == pytest.approx(other[:-1], abs=1e-5)
    assert answer.continuous.certificate is not None
    assert answer.continuous.certificate.worst < 1e-6


def test_nothing_but_cash_is_the_least_risky():
    answer = allocate(problem_of(random_covariance(4)))
    assert answer.cash == pytest.approx(1.0, abs=1e-3)  # the optimum is flat: weights of 1e-4 carry a variance of 1e-9


def test_utility_trades_return_against_risk_and_needs_a_forecast():
    covariance, mu = random_covariance(5, seed=3), np.array([0.05, 0.1, 0.02, 0.08, 0.0])
    objective = {"kind": "max_utility", "risk_aversion": 4.0}
    answer = allocate(problem_of(covariance, objective=objective, expected=mu))
    assert answer.weights == pytest.approx(reference(covariance, linear=-mu, weight=2.0)[:-1], abs=1e-5)
    with pytest.raises(SpecError, match="forecast of returns"):
        allocate(problem_of(covariance, objective=objective))


def test_costs_in_the_objective_move_money_to_what_is_cheap_to_hold():
    assets = [Asset(key="dear", name="Dear", spread=0.3, storage=0.02), Asset(key="cheap", name="Cheap", spread=0.02)]
    covariance = np.diag([0.04, 0.04])
    free = problem_of(covariance, assets=assets, constraints=[NO_CASH])
    costly = problem_of(
        covariance, assets=assets, constraints=[NO_CASH], costs=Costs.of(free.universe, in_objective=True, holding_years=3)
    )
    assert allocate(free).weights == pytest.approx([0.5, 0.5], abs=1e-7)
    weights = allocate(costly).weights
    # Stationarity by hand: 6 v (w1 - w2) = c2 - c1 with risk_aversion / 2 = 3.
    rate = costly.costs.annual_rate
    assert weights[0] - weights[1] == pytest.approx((rate[1] - rate[0]) / (6 * 0.04), abs=1e-6)


def test_entry_cost_is_half_the_spread_of_what_is_bought():
    assets = [Asset(key=k, name=k, spread=0.1) for k in "ab"]
    answer = allocate(problem_of(np.diag([0.04, 0.04]), assets=assets, constraints=[NO_CASH]))
    assert answer.entry_cost == pytest.approx(0.05 * answer.values.sum())
    assert answer.values.sum() + answer.entry_cost == pytest.approx(1.0)
    assert answer.weights.sum() + answer.cash == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("kind", ["bounds", "group", "country_exposure", "control_exposure", "cash"])
def test_a_shadow_price_is_what_relaxing_the_limit_is_worth(kind):
    covariance = random_covariance(6, seed=8)
    term = {
        "bounds": {"upper": 0.2},
        "group": {"assets": ["a0", "a1"], "lower": 0.6},
        "country_exposure": {"country": "CHN", "upper": 0.2},
        "control_exposure": {"upper": 0.1},
        "cash": {"upper": 0.03},
    }[kind]
    _, report, gained = worth_of_room(kind, term, covariance)
    assert report.binding
    assert report.shadow_price == pytest.approx(gained, rel=2e-3)
    assert report.shadow_price > 0


def test_a_limit_that_does_not_bind_has_no_price():
    answer = allocate(
        problem_of(np.diag([0.04, 0.04]), constraints=[NO_CASH, {"name": "wide", "kind": "bounds", "upper": 0.9}])
    )
    wide = answer.limits[1]
    assert not wide.binding
    assert wide.shadow_price == pytest.approx(0.0, abs=1e-6)
    assert wide.slack == pytest.approx(0.4, abs=1e-6)


def test_two_products_of_one_metal_share_one_cap():
    assets = [
        Asset(key="germanium", name="Ingot", element="Ge"),
        Asset(key="germanium_oxide", name="Oxide", element="Ge"),
        Asset(key="gold", name="Gold", element="Au"),
    ]
    covariance = np.diag([0.01, 0.01, 0.2])
    for term in ({"upper": 0.3}, {"upper": 0.3, "assets": ["Ge"]}):
        answer = (
            allocate(problem_of(covariance, assets=assets, constraints=[NO_CASH, {"name": "it", "kind": "bounds", **term}]))
            if ("assets" in term)
            else allocate(
                problem_of(
                    covariance,
                    assets=assets,
                    constraints=[{"name": "c", "kind": "cash", "upper": 0.4}, {"name": "it", "kind": "bounds", **term}],
                )
            )
        )
        assert answer.weights[0] + answer.weights[1] == pytest.approx(0.3, abs=1e-6)


def test_country_caps_count_the_named_share_and_leave_out_what_is_not_known():
    countries = {"CHN": np.array([0.9, 0.0]), "ZAF": np.array([0.0, 0.0])}
    cap = {"name": "any country", "kind": "country_exposure", "country": "any", "upper": 0.45}
    problem = problem_of(np.diag([0.01, 0.09]), constraints=[NO_CASH, cap], countries=countries, unknown_supply=("a1",))
    answer = allocate(problem)
    assert answer.weights[0] == pytest.approx(0.5, abs=1e-6)
    assert "a1" in problem.notes()[0].text


def test_every_attempt_is_recorded_and_an_unknown_solver_is_refused():
    problem = problem_of(random_covariance(4), constraints=[NO_CASH])
    answer = allocate(problem, SolverSpec(order=("clarabel",)))
    assert [attempt.solver for attempt in answer.continuous.attempts] == ["CLARABEL"]
    assert answer.continuous.attempts[0].outcome == "accepted"
    with pytest.raises(SpecError) as refused:
        allocate(problem, SolverSpec(order=("CLARABLE",)))
    assert "'CLARABEL'" in refused.value.hint


def test_equal_weight_is_exact_and_otherwise_the_nearest_that_holds():
    free = allocate(problem_of(random_covariance(4), objective={"kind": "equal_weight"}))
    assert free.weights.tolist() == [0.25] * 4
    assert free.continuous.certificate is None
    cap = {"name": "cap", "kind": "bounds", "assets": ["a0"], "upper": 0.1}
    near = allocate(problem_of(random_covariance(4), objective={"kind": "equal_weight"}, constraints=[cap, NO_CASH]))
    assert near.weights == pytest.approx([0.1, 0.3, 0.3, 0.3], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_risk_parity_shares_risk_equally(seed):
    covariance = random_covariance(9, seed)
    answer = allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[NO_CASH]))
    contributions = answer.weights * (covariance @ answer.weights)
    assert contributions / contributions.sum() == pytest.approx(np.full(9, 1 / 9), abs=1e-6)
    assert answer.status == "optimal"


def test_risk_parity_under_a_cap_still_holds_its_conditions():
    covariance = np.diag([0.01, 0.09, 0.09])
    cap = {"name": "cap", "kind": "bounds", "upper": 0.4}
    answer = allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[cap]))
    assert answer.weights == pytest.approx([0.4, 0.3, 0.3], abs=1e-6)
    assert answer.cash == pytest.approx(0, abs=1e-9)
