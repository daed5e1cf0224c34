"""Short positions and leverage: what lets a weight be negative, what is refused, prices, conflicts and the frontier."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import DataError, Infeasible, SpecError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.analysis.frontier import frontier
from toolkit.optimize.analysis.sensitivity import analyse
from toolkit.optimize.constraints.bounds import Bounds, Group
from toolkit.optimize.constraints.leverage import Gross, Net
from toolkit.optimize.constraints.risk import RiskLimit, ScenarioLoss, TrackingError
from toolkit.optimize.constraints.trading import Turnover
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.strategy.decode import decode_strategy
from toolkit.strategy.model import Strategy

SHORT = {"name": "short", "kind": "bounds", "lower": -0.3, "upper": 0.6}
GROSS = {"name": "gross", "kind": "gross", "upper": 1.4}
INVESTED = {"name": "net", "kind": "net", "lower": 1.0, "upper": 1.0}
EXPECTED = np.array([0.02, 0.09, 0.05, 0.01, 0.12, -0.04])


def test_weights_are_negative_where_a_lower_limit_says_so_and_nowhere_else():
    covariance = random_covariance(6, 3)
    some = {**SHORT, "assets": ["a0", "a5"]}
    utility = {"kind": "max_utility", "risk_aversion": 1.0}
    answer = allocate(problem_of(covariance, objective=utility, constraints=[some, INVESTED], expected=EXPECTED))
    assert answer.weights[5] == pytest.approx(-0.3, abs=1e-8)
    assert answer.weights[1:5].min() >= 0.0
    assert answer.cash == pytest.approx(0.0, abs=1e-8)
    borrowed = {"name": "cash", "kind": "cash", "lower": -0.25, "upper": 0.0}
    levered = allocate(problem_of(covariance, objective=utility, constraints=[borrowed], expected=EXPECTED))
    assert levered.cash == pytest.approx(-0.25, abs=1e-8)
    assert levered.weights.sum() == pytest.approx(1.25, abs=1e-8)


def test_a_limit_on_gross_exposure_gives_the_answer_of_split_variables():
    covariance = random_covariance(6, 3) * 4.0
    answer = allocate(problem_of(covariance, constraints=[{**SHORT, "lower": -0.5}, {**GROSS, "upper": 1.05}, INVESTED]))

    def value(z):
        return 100 * (z[:6] - z[6:]) @ covariance @ (z[:6] - z[6:])

    rows = [
        {"type": "eq", "fun": lambda z: z[:6].sum() - z[6:].sum() - 1.0},
        {"type": "ineq", "fun": lambda z: 1.05 - z.sum()},
    ]
    start, box = np.append(np.full(6, 1 / 6), np.zeros(6)), [(0, 0.6)] * 6 + [(0, 0.5)] * 6
    peer = minimize(value, start, bounds=box, constraints=rows, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500})
    assert peer.success
    np.testing.assert_allclose(answer.weights, peer.x[:6] - peer.x[6:], atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "term"),
    [("gross", {"upper": 1.1}), ("net", {"upper": 0.5}), ("net", {"lower": 1.6, "upper": 2.0}), ("bounds", {"lower": -0.02})],
)
def test_the_price_of_a_limit_is_what_room_is_worth(kind, term):
    others = {"objective": {"kind": "max_utility", "risk_aversion": 1.0}, "expected": EXPECTED}
    covariance = random_covariance(6, 3)

    def solve(change):
        side = "lower" if "lower" in term else "upper"
        moved = {**term, side: term[side] + (change if side == "upper" else -change)}
        short = [] if kind == "bounds" else [SHORT]
        return allocate(problem_of(covariance, constraints=[*short, {"name": "it", "kind": kind, **moved}], **others))

    (report,) = [limit for limit in solve(0.0).limits if limit.name == "it"]
    assert report.binding
    assert report.shadow_price == pytest.approx((solve(-1e-4).objective - solve(1e-4).objective) / 2e-4, rel=1e-3)


def test_a_derivative_with_short_positions_is_the_change_of_the_optimum():
    def problem(lower):
        limits = [{**SHORT, "lower": lower}, INVESTED]
        utility = {"kind": "max_utility", "risk_aversion": 1.0}
        return problem_of(random_covariance(6, 3), objective=utility, constraints=limits, expected=EXPECTED)

    found = next(entry for entry in analyse(problem(-0.1)).limits if entry.name == "short" and entry.side == "lower")
    assert found.low is not None
    moved = allocate(problem(-0.1001)).continuous.x - allocate(problem(-0.1)).continuous.x
    np.testing.assert_allclose(found.slope, moved / 1e-4, atol=1e-3)


def test_a_frontier_of_short_positions_turns_exactly_and_under_gross_exposure_holds_it():
    covariance = random_covariance(6, 3)
    free = frontier(problem_of(covariance, constraints=[SHORT, INVESTED], expected=EXPECTED), 7)
    assert not free.unresolved
    assert len(free.critical) > 2
    for point in free.points[1:-1]:
        utility = {"kind": "max_utility", "risk_aversion": point.risk_aversion}
        same = allocate(problem_of(covariance, objective=utility, constraints=[SHORT, INVESTED], expected=EXPECTED))
        np.testing.assert_allclose(point.weights, same.continuous.x, atol=1e-5)
    held = frontier(problem_of(covariance, constraints=[SHORT, {**GROSS, "upper": 1.2}, INVESTED], expected=EXPECTED), 7)
    assert all(np.abs(point.weights[:-1]).sum() <= 1.2 + 1e-6 for point in held.points)
    for point in held.points[1:-1]:
        utility = {"kind": "max_utility", "risk_aversion": point.risk_aversion}
        limits = [SHORT, {**GROSS, "upper": 1.2}, INVESTED]
        same = allocate(problem_of(covariance, objective=utility, constraints=limits, expected=EXPECTED))
        np.testing.assert_allclose(point.weights, same.continuous.x, atol=1e-3)
    costs = Costs(np.full(6, 0.01), np.zeros(6), in_objective=True)
    with pytest.raises(SpecError, match="a short position has another than a long one"):
        frontier(problem_of(covariance, constraints=[SHORT, INVESTED], expected=EXPECTED, costs=costs))


def test_metal_is_not_sold_short():
    metal = Asset("gallium", "Gallium", element="Ga", unit="kg")
    with pytest.raises(SpecError, match="metal in a warehouse cannot be sold short: gallium") as error:
        problem_of(np.eye(2), assets=[Asset("GLD", "Gold fund"), metal], constraints=[SHORT])
    assert error.value.details["assets"] == ["gallium"]
    problem = problem_of(np.eye(2), assets=[Asset("GLD", "Gold fund"), metal], constraints=[{**SHORT, "assets": ["GLD"]}])
    assert problem.data.negative.tolist() == [True, False, False]
    with pytest.raises(DataError, match="value held today is negative for gallium"):
        replace(problem, data=replace(problem.data, previous=np.array([-0.1, -0.1])))


@pytest.mark.parametrize("kind", ["risk_parity", "max_diversification", "hierarchical_risk_parity"])
def test_an_objective_of_long_positions_is_refused_by_name(kind):
    with pytest.raises(SpecError, match=f"objective '{kind}' takes no negative weights, and 'short'"):
        problem_of(np.eye(3), objective={"kind": kind}, constraints=[SHORT])


@pytest.mark.parametrize(
    "rule", [{"kind": "lots"}, {"kind": "cardinality", "upper": 2}, {"kind": "min_ticket", "fraction": 0.1}]
)
def test_what_asks_for_whole_lots_is_refused_by_name(rule):
    with pytest.raises(SpecError, match="'rule': whole lots"):
        problem_of(np.eye(3), constraints=[SHORT, {"name": "rule", **rule}], lots=np.full(3, 0.01))


def test_a_conflict_over_gross_exposure_is_named_and_relaxed():
    floor = {"name": "floor", "kind": "group", "assets": ["a0", "a1"], "lower": 1.1}
    with pytest.raises(Infeasible) as error:
        allocate(problem_of(np.eye(3), constraints=[{**SHORT, "upper": 1.0}, {**GROSS, "upper": 0.9}, floor]))
    details = error.value.details
    assert set(details["conflict"]) == {"gross", "floor"}
    settings = dict(setting.removeprefix("constraint.").split("=") for setting in details["set"])
    gross, lower = float(settings.get("gross.upper", 0.9)), float(settings.get("floor.lower", 1.1))
    limits = [{**SHORT, "upper": 1.0}, {**GROSS, "upper": gross}, {**floor, "lower": lower}]
    assert allocate(problem_of(np.eye(3), constraints=limits)).status == "optimal"
    with pytest.raises(Infeasible) as error:
        allocate(problem_of(np.eye(3), constraints=[SHORT, {"name": "sold", "kind": "group", "assets": ["a0"], "upper": -0.5}]))
    assert set(error.value.details["conflict"]) == {"short", "sold"}


def test_per_cent_for_fractions_are_refused_where_nothing_may_be_negative():
    with pytest.raises(SpecError, match=r"'cap'\.upper: 5 is above 1, and no constraint lets a weight be negative"):
        Strategy(objective=MinRisk(), constraints=[Bounds(name="cap", upper=5)])
    for limit in (
        RiskLimit("volatility", name="cap", upper=10),
        RiskLimit("cvar", name="cap", upper=15),
        TrackingError("held", name="cap", upper=3),
        Turnover(name="cap", upper=20),
        ScenarioLoss("ban", name="cap", upper=5),
    ):
        with pytest.raises(SpecError, match=r"'cap'\.upper: \d+ is above 1, .* 0\.05 is five per cent"):
            Strategy(objective=MinRisk(), constraints=[limit])
        assert Strategy(objective=MinRisk(), constraints=[limit, Bounds(lower=-0.1, upper=0.6)]).constraints[0] == limit
    with pytest.raises(SpecError, match=r"'cap'\.lower: -0\.1 is below 0"):
        Strategy(objective=MinRisk(), constraints=[Group(["a", "b"], name="cap", lower=-0.1)])
    about = {"title": "t", "idea": "i", "source": "s"}
    listed = [{"name": "cap", "kind": "bounds", "upper": 5}]
    with pytest.raises(SpecError, match="5 is above 1") as error:
        decode_strategy({"about": about, "objective": {"kind": "min_risk"}, "constraint": listed}, name="s", file="s.toml")
    assert error.value.details["faults"][0]["key"] == "constraint 'cap'.upper"
    for model in (Gross, Net):
        with pytest.raises(SpecError, match=r"upper must be at most 10, not 160\. 160 % is 1\.6\."):
            model(upper=160)


def test_a_strategy_in_python_says_the_same_in_a_file():
    strategy = Strategy(objective=MinRisk(), constraints=[Bounds(lower=-0.3, upper=0.6), Gross(1.6), Net(lower=0.9, upper=1.1)])
    assert [one.kind for one in strategy.constraints] == ["bounds", "gross", "net"]  # net says how much cash there is
    read = decode_strategy(tomllib.loads(strategy.to_toml()), name="own", file="own.toml")
    assert read.fingerprint == strategy.fingerprint


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize(
    ("term", "keys"),
    [({"kind": "net", "lower": 1.0, "upper": 1.0}, {"lower": -1, "upper": 1}), ({"kind": "cash", "lower": 0.0}, {"lower": -1})],
)
def test_a_limit_at_all_that_is_owned_is_priced_with_what_could_be_borrowed_beyond_it(term, keys, seed):
    """The sign of cash holds the same, and gives way with the limit: one of the two was taken for worth nothing."""
    utility = {"kind": "max_utility", "risk_aversion": 1.0}

    def solve(room):
        moved = {**term, "name": "it", **{key: term[key] + sign * room for key, sign in keys.items()}}
        return allocate(
            problem_of(random_covariance(6, seed), objective=utility, constraints=[SHORT, moved], expected=EXPECTED)
        )

    (report,) = [limit for limit in solve(0.0).limits if limit.name == "it"]
    worth = (solve(0.0).objective - solve(1e-4).objective) / 1e-4
    assert worth > 1e-3
    assert report.shadow_price == pytest.approx(worth, rel=1e-2)


def test_metal_has_no_price_of_being_sold_short():
    metal = [Asset(key=f"a{i}", name=f"A{i}", unit="kg") for i in range(3)]
    none = {"name": "it", "kind": "bounds", "lower": 0.0, "upper": 0.9}
    assert all(asset.is_physical for asset in metal)
    answer = allocate(problem_of(random_covariance(3, 1), assets=metal, constraints=[none, INVESTED]))
    assert [limit.shadow_price for limit in answer.limits if limit.name == "it"] == [0.0]


@pytest.mark.parametrize("seed", range(3))
def test_returns_in_a_box_are_worst_for_shorts_where_they_are_high(seed):
    rng = np.random.default_rng(seed)
    covariance, error = random_covariance(6, seed), rng.uniform(0.01, 0.04, 6)
    problem = problem_of(
        covariance,
        objective={"kind": "max_utility", "risk_aversion": 1.0, "robust": "box"},
        constraints=[SHORT, INVESTED],
        expected=EXPECTED,
    )
    problem = replace(problem, forecast=replace(problem.forecast, expected_cov=np.diag(error**2)))
    answer = allocate(problem)
    w = answer.weights
    assert w.min() < -1e-3
    worst = min(EXPECTED @ w - sum(s * error * w) for s in np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T)
    assert answer.objective == pytest.approx(0.5 * w @ covariance @ w - worst, abs=1e-9)
    gradient = problem.objective.gradient(problem, w)
    assert gradient is not None
    slope = covariance @ w - EXPECTED + error * np.sign(w)
    np.testing.assert_allclose(gradient.total[np.abs(w) > 1e-6], slope[np.abs(w) > 1e-6], atol=1e-9)


@pytest.mark.parametrize("kind", ["no_trade", "no_sell", "no_buy", "keep_at_least"])
def test_a_book_with_shorts_is_held_and_traded_to_the_cent(kind):
    """What is kept was refused beside shorts, by constraints of the holdings that nobody wrote."""
    previous = np.array([0.5, -0.2, 0.45, 0.1, -0.1, 0.15])
    costs = Costs(half_spread=np.full(6, 0.02), storage=np.zeros(6))
    keeps = {
        "name": "kept",
        "kind": kind,
        **({"values": {"a0": 30_000.0}} if kind == "keep_at_least" else {"assets": ["a0", "a1"]}),
    }
    utility = {"kind": "max_utility", "risk_aversion": 1.0}
    pulled = np.array([0.3 if kind == "no_buy" else -0.2, 0.3, 0.05, 0.01, 0.12, -0.04])
    problem = problem_of(
        random_covariance(6, 3),
        objective=utility,
        constraints=[SHORT, {**GROSS, "upper": 1.8}, INVESTED, keeps],
        expected=pulled,
        previous=previous,
        costs=costs,
    )
    answer = allocate(problem)
    assert answer.entry_cost > 1e-3
    match kind:
        case "no_trade":
            np.testing.assert_allclose(answer.values[:2], previous[:2], atol=1e-7)
        case "no_sell":
            assert answer.values[0] == pytest.approx(previous[0], abs=1e-7)
            assert answer.values[1] > previous[1]
        case "no_buy":
            np.testing.assert_allclose(answer.values[:2], previous[:2], atol=1e-7)
        case _:
            assert answer.values[0] == pytest.approx(0.3, abs=1e-7)
    assert all(limit.slack is None or limit.slack > -1e-6 for limit in answer.limits)
    assert answer.weights.min() < -0.05
