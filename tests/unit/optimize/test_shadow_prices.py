"""Shadow prices are what solving again with a little more room says, over random strategies and at equal multipliers."""

import numpy as np
import pytest
from scipy.optimize import linprog

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from tests.unit.optimize.random_strategies import random_strategy
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.analysis.sensitivity import analyse
from toolkit.optimize.costs import Costs
from toolkit.optimize.shadow_prices import UNLIMITED, ShadowPrices, _null_space
from toolkit.optimize.solution import Allocation
from toolkit.scenarios.sets import Scenarios

STEP = 1e-4
MEASURES = ["variance", "volatility", "gini", "mad", "cvar", "evar", "cdar", "ulcer", "max_drawdown", "average_drawdown"]
PRICED = ("min_risk", "min_risk", "min_risk", "max_utility", "max_return", "max_ratio", "max_diversification")


def with_room(strategy, name, step):
    """The strategy with every limit of one constraint moved outward; None where that cannot be written."""
    moved = []
    for term in strategy["constraints"]:
        term = dict(term)  # noqa: PLW2901
        if term["name"] == name:
            if "upper" not in term and "lower" not in term:
                return None
            term |= {side: term[side] + sign * step for side, sign in (("upper", 1), ("lower", -1)) if side in term}
            if min(term.get("lower", 0), term.get("upper", 0)) < 0 or term.get("upper", 0) > 1:
                return None
        moved.append(term)
    return {**strategy, "constraints": moved}


def gained(strategy, name, step, objective):
    moved = with_room(strategy, name, step)
    try:
        return None if moved is None else (objective - allocate(problem_of(**moved)).objective) / step
    except Infeasible:
        return None


@pytest.mark.parametrize("measure", MEASURES)
def test_two_multipliers_of_one_weight_are_one_price(measure):
    """`cash <= 0` beside `cash >= 0`, which a cone solver splits as it likes."""
    rng = np.random.default_rng(4)
    covariance = random_covariance(5, 11)
    draws = rng.standard_t(5, size=(60, 5)) @ np.linalg.cholesky(covariance).T * 0.2 + 0.01
    path = Scenarios(tuple(f"a{i}" for i in range(5)), np.maximum(draws, -0.9), np.full(60, 1 / 60), True, "historical", 12.0)
    cap = {"name": "cap", "kind": "bounds", "upper": 0.4}
    strategy = {
        "covariance": covariance,
        "constraints": [NO_CASH, cap],
        "objective": {"kind": "min_risk", "measure": measure},
        "scenarios": path,
    }
    problem = problem_of(**strategy)
    answer = allocate(problem)
    for report in answer.limits:
        found = gained(strategy, report.name, STEP, answer.objective)
        assert report.shadow_price == pytest.approx(found, rel=5e-3, abs=1e-5)
    assert answer.limits[0].shadow_price_less is None  # less than no cash there is not
    told = {entry.name: entry.price for entry in analyse(problem).limits}
    for report in answer.limits:
        if report.binding:
            assert told[report.name] == pytest.approx(report.shadow_price, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_prices_of_random_strategies_are_what_differences_say(seed):
    strategy = random_strategy(seed, kinds=PRICED)
    strategy["constraints"] = [{**one, **({"hard": True} if one["kind"] in HARD else {})} for one in strategy["constraints"]]
    try:
        answer = allocate(problem_of(**strategy))
    except Infeasible:
        return
    for report in answer.limits:
        if report.shadow_price is None or not report.binding or report.name.startswith("objective"):
            continue
        more = gained(strategy, report.name, STEP, answer.objective)
        less = gained(strategy, report.name, -STEP, answer.objective)
        # A difference over a step is between the prices at its ends.
        if more is not None:
            assert report.shadow_price == pytest.approx(more, rel=0.01, abs=1e-3)
        if less is not None and report.shadow_price_less is not None:
            assert report.shadow_price_less == pytest.approx(less, rel=0.01, abs=1e-3)


HARD = ("bounds", "group", "country_exposure", "control_exposure")
"""Kinds of which what has grown through a limit would stay: the price is that of the limit that holds."""
SHORT = [
    {"name": "each", "kind": "bounds", "lower": -0.2, "upper": 0.4},
    {"name": "net", "kind": "net", "lower": 0.5, "upper": 0.9},
]


@pytest.mark.parametrize("seed", range(12))
def test_prices_of_the_net_exposure_of_books_with_shorts_are_what_differences_say(seed):
    rng = np.random.default_rng(seed)
    high = rng.uniform(-0.2, 1.1)
    limits = [
        {"name": "each", "kind": "bounds", "lower": -rng.uniform(0.1, 0.4), "upper": rng.uniform(0.3, 0.9)},
        {"name": "gross", "kind": "gross", "upper": rng.uniform(1.2, 2.0)},
        {"name": "net", "kind": "net", "lower": high - (0.0, 0.1, 0.5)[seed % 3], "upper": high},
    ]
    kind = ("min_risk", "max_utility", "max_return")[seed // 3 % 3]
    strategy = {
        "covariance": random_covariance(6, seed),
        "expected": rng.normal(0.04, 0.08, 6),
        "objective": {"kind": kind, **({"volatility": 0.3} if kind == "max_return" else {})},
        "constraints": limits,
    }
    answer = allocate(problem_of(**strategy))
    net = next(report for report in answer.limits if report.name == "net")
    found = []
    for side, step in (("upper", STEP), ("lower", -STEP)):
        wider = [*limits[:2], {**limits[2], side: limits[2][side] + step}]
        found.append((answer.objective - allocate(problem_of(**{**strategy, "constraints": wider})).objective) / STEP)
    assert (net.shadow_price or 0.0) == pytest.approx(max(found), rel=5e-3, abs=1e-4)


TURNOVER = {"name": "turnover", "kind": "turnover", "upper": 0.15}
HELD = np.array([0.3, 0.3, 0.2, 0.1, 0.0, 0.0])


TAIL = {"name": "tail", "kind": "risk_limit", "measure": "cvar", "upper": 0.07}


@pytest.mark.parametrize(
    ("kind", "impact", "constraints", "in_objective"),
    [
        ("min_risk", 0.1, [NO_CASH, TURNOVER], True),
        ("max_utility", 0.0, [NO_CASH, TURNOVER], True),
        ("max_ratio", 0.0, [NO_CASH, TURNOVER], True),
        ("min_risk", 0.1, [NO_CASH, TURNOVER], False),
        ("max_ratio", 0.0, [NO_CASH, TURNOVER], False),
        ("max_utility", 0.1, [NO_CASH, {"name": "cap", "kind": "bounds", "upper": 0.25}], True),
        ("max_utility", 0.1, [NO_CASH, {"name": "near", "kind": "tracking_error", "target": "held", "upper": 0.08}], True),
        ("max_utility", 0.0, [NO_CASH, TAIL, TURNOVER], True),
        ("max_ratio", 0.0, [NO_CASH, {"name": "shares", "kind": "risk_contribution", "upper": 0.22}], True),
        ("min_risk", 0.1, [*SHORT, TURNOVER], True),
        ("max_ratio", 0.0, [*SHORT, {"name": "gross", "kind": "gross", "upper": 0.95}], True),
    ],
)
def test_prices_count_the_wealth_that_more_room_costs(kind, impact, constraints, in_objective):
    """Where trades are dear, room that moves them moves the wealth after costs, by which the objective is measured."""
    rng, n = np.random.default_rng(7), len(HELD)
    covariance = random_covariance(n, 5)
    draws = np.maximum(rng.standard_t(4, size=(60, n)) @ np.linalg.cholesky(covariance).T * 0.2, -0.9)
    strategy = {
        "covariance": covariance,
        "constraints": constraints,
        "objective": {"kind": kind},
        "expected": rng.normal(0.06, 0.05, n),
        "previous": HELD,
        "scenarios": Scenarios(tuple(f"a{i}" for i in range(n)), draws, np.full(60, 1 / 60), True, "historical", 12.0),
        "costs": Costs(
            half_spread=rng.uniform(0.02, 0.06, n),
            storage=np.full(n, 0.003),
            borrow=np.full(n, 0.01),
            impact=np.full(n, impact),
            in_objective=in_objective,
        ),
    }
    problem = problem_of(**strategy)
    answer = allocate(problem)
    told = {entry.name: entry.price for entry in analyse(problem).limits}
    binding = [report for report in answer.limits if report.binding]
    assert binding
    for report in binding:
        assert report.slack > -1e-7
        differences = [gained(strategy, report.name, step, answer.objective) for step in (STEP, -STEP)]
        known = [found for found in differences if found is not None]
        near = 2e-5 + 2e-3 * max(known)
        assert min(known) - near < report.shadow_price < max(known) + near
        if report.kind != "risk_contribution":
            assert told[report.name] == pytest.approx(report.shadow_price, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("kind", ["min_risk", "max_utility"])
@pytest.mark.parametrize("in_objective", [True, False])
@pytest.mark.parametrize("seed", [1, 3])
def test_whoever_is_fully_invested_before_and_after_is_told_what_cash_is_worth(kind, in_objective, seed):
    """The turnover has a kink where cash is what it was: of many multipliers a solver finds one, four times the price."""
    rng, n = np.random.default_rng(seed), 5
    held, expected, spread = rng.dirichlet(np.ones(n)), rng.normal(0.06, 0.05, n), rng.uniform(0.0, 0.03, n)
    costs = Costs(half_spread=spread * in_objective, storage=np.zeros(n), in_objective=in_objective)

    def answer(room: float) -> Allocation:
        constraints = [{**NO_CASH, "upper": room}, TURNOVER]
        problem = {"objective": {"kind": kind}, "expected": expected, "previous": held, "costs": costs}
        return allocate(problem_of(random_covariance(n, seed), constraints=constraints, **problem))

    found = answer(0.0)
    assert found.limits[0].binding
    assert found.limits[0].shadow_price_less is None
    price = (found.objective - answer(STEP).objective) / STEP
    assert found.limits[0].shadow_price == pytest.approx(price, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "term", "side"),
    [
        ("min_risk", {"kind": "group", "assets": ["a4", "a5"], "lower": 0.3}, "lower"),
        ("max_utility", {"kind": "group", "assets": ["a4", "a5"], "lower": 0.3}, "lower"),
        ("min_risk", {"kind": "bounds", "upper": 0.25, "hard": True}, "upper"),
    ],
)
def test_fixed_fees_weigh_more_on_less_wealth(kind, term, side):
    rng, n, step = np.random.default_rng(7), len(HELD), 1e-5
    spread, expected, vat = rng.uniform(0.02, 0.06, n), rng.normal(0.06, 0.05, n), rng.uniform(0, 0.15, n)
    costs = Costs(half_spread=spread, storage=np.full(n, 0.003), vat=vat, fee=1_000.0, in_objective=True)

    def answer(room: float) -> Allocation:
        moved = {**term, "name": "it", side: term[side] + (room if side == "upper" else -room)}
        constraints = [{**NO_CASH, "upper": 0.05}, moved]
        problem = {"objective": {"kind": kind}, "expected": expected, "previous": HELD, "costs": costs}
        return allocate(problem_of(random_covariance(n, 5), constraints=constraints, **problem))

    found = answer(0.0)
    assert found.status == "optimal"
    fall = (answer(-step).objective - answer(step).objective) / (2 * step)
    (report,) = [report for report in found.limits if report.name == "it"]
    assert report.shadow_price == pytest.approx(fall, rel=1e-4)


@pytest.mark.parametrize("kind", ["min_risk", "max_utility"])
def test_what_is_kept_moves_no_wealth(kind):
    """Where trades are dear some holdings are kept: with another wealth their weight is another, and still nothing is traded."""
    rng, n, step = np.random.default_rng(7), len(HELD), 1e-4
    strategy = {
        "objective": {"kind": kind},
        "expected": rng.normal(0.06, 0.05, n),
        "previous": HELD,
        "costs": Costs(half_spread=rng.uniform(0.1, 0.2, n), storage=np.full(n, 0.003), vat=np.full(n, 0.1), in_objective=True),
    }

    def answer(lower: float):
        group = {"name": "new", "kind": "group", "assets": ["a4", "a5"], "lower": lower}
        return allocate(problem_of(random_covariance(n, 5), constraints=[{**NO_CASH, "upper": 0.05}, group], **strategy))

    found = answer(0.2)
    assert (np.abs(found.values - HELD)[:4] < 1e-6).any()
    less = (answer(0.2 + step).objective - answer(0.2 - step).objective) / (2 * step)
    (report,) = [report for report in found.limits if report.name == "new"]
    assert report.shadow_price == pytest.approx(less, rel=1e-3)


def test_a_price_that_holds_for_more_room_only_says_so():
    """Two limits hold the same weight: relaxing one gains nothing, tightening it costs."""
    first = {"name": "first", "kind": "bounds", "assets": ["a0"], "upper": 0.2}
    second = {"name": "second", "kind": "group", "assets": ["a0"], "upper": 0.2}
    covariance = np.diag([0.01, 0.04, 0.09])
    strategy = {"covariance": covariance, "constraints": [NO_CASH, first, second]}
    answer = allocate(problem_of(**strategy))
    less = gained(strategy, "first", -STEP, answer.objective)
    assert less > 0.01
    for report in answer.limits[1:]:
        assert report.shadow_price == pytest.approx(0.0, abs=1e-7)
        assert report.shadow_price_less == pytest.approx(less, rel=2e-3)


@pytest.mark.parametrize("seed", range(30))
def test_a_price_in_closed_form_is_that_of_the_linear_program(seed):
    """One direction in which multipliers may move, bounds and signs that stop it: the vertex, and `linprog` over all multipliers."""
    rng = np.random.default_rng(seed)
    n, k = 6, 4
    columns = rng.standard_normal((n, k))
    zero = np.arange(n) == rng.integers(n)
    columns[~zero, -1] = columns[~zero, :-1] @ rng.standard_normal(k - 1) + rng.standard_normal()  # depends on the others
    multipliers, signs = rng.exponential(size=k) * (rng.random(k) < 0.7), rng.exponential(size=n) * zero
    multipliers[0] += 0.1
    highest = np.where(rng.random(k) < 0.3, multipliers + rng.exponential(size=k), np.inf)
    free = _null_space(np.hstack([columns, np.ones((n, 1))])[~zero])
    assert free.shape[1] == 1
    prices = ShadowPrices(columns, {}, {}, multipliers, highest, zero, signs, {}, {}, free, smooth=True)
    needed = columns @ multipliers - signs
    rows = np.hstack([columns, np.ones((n, 1))])
    size = max(multipliers.max(), signs.max())
    bounds = [(0.0, min(upper, UNLIMITED * size)) for upper in highest] + [(None, None)]
    for weight in (np.eye(k)[0], -np.eye(k)[0], np.array([0.0, 1.0, 1.0, 0.0])):
        found = linprog(
            np.append(weight, 0.0), A_ub=-rows[zero], b_ub=-needed[zero], A_eq=rows[~zero], b_eq=needed[~zero], bounds=bounds
        )
        assert prices._least(weight) == pytest.approx(found.fun, rel=1e-6, abs=1e-7 * size)


TIES = [("gini", 48), ("mad", 23), ("average_drawdown", 3), ("mean_loss", 21), ("cvar", 7), ("cdar", 18), ("max_drawdown", 18)]


@pytest.mark.parametrize(("measure", "seed"), TIES)
def test_prices_where_scenarios_tie_are_what_differences_say(measure, seed):
    """Prices that seldom move: returns of whole tenths tie, the measure has a kink, and a solver tells one of many multipliers."""
    rng, covariance = np.random.default_rng(seed), random_covariance(6, seed)
    draws = rng.standard_t(5, size=(20, 6)) @ np.linalg.cholesky(covariance).T * 0.2 + 0.01
    returns = np.round(np.maximum(draws, -0.9), 1)
    path = Scenarios(tuple(f"a{i}" for i in range(6)), returns, np.full(20, 1 / 20), True, "historical", 1.0)
    strategy = {
        "covariance": covariance,
        "objective": {"kind": "min_risk", "measure": measure},
        "scenarios": path,
        "constraints": [
            {**NO_CASH, "upper": 0.05},
            {"name": "cap", "kind": "bounds", "upper": 0.3},
            {"name": "first", "kind": "group", "assets": ["a0", "a1"], "lower": 0.4},
        ],
    }
    answer = allocate(problem_of(**strategy))
    for report in answer.limits:
        found = gained(strategy, report.name, STEP, answer.objective)
        assert report.shadow_price == pytest.approx(found, rel=0.01, abs=1e-5)


@pytest.mark.parametrize(
    "objective", [{"kind": "max_ratio"}, {"kind": "max_ratio", "measure": "cvar"}, {"kind": "max_diversification"}]
)
@pytest.mark.parametrize("cash", [1.0, 0.5])
def test_a_ratio_that_next_to_nothing_has_as_well_jumps_with_room(objective, cash):
    """None of an asset: with room for a little of it a little of the whole is best, and so is half where cash is half at most."""
    rng, n = np.random.default_rng(0), 4
    path = Scenarios(tuple("abcd"), rng.normal(0.01, 0.1, (40, n)), np.full(40, 1 / 40), True, "historical", 1.0)
    strategy = {
        "covariance": random_covariance(n, 1),
        "objective": objective,
        "expected": np.array([0.1, 0.05, 0.08, 0.03]),
        "scenarios": path,
        "constraints": [
            {"name": "none", "kind": "group", "assets": ["a0"], "upper": 0.0},
            {"name": "cash", "kind": "cash", "upper": cash},
        ],
    }
    problem = problem_of(**strategy)
    answer, (told, *_) = allocate(problem), analyse(problem).limits
    none = answer.limits[0]
    assert none.binding
    found = gained(strategy, "none", STEP, answer.objective)
    if cash == 1.0:
        assert found > 100  # the smaller the step, the more
        assert none.shadow_price is None
        assert told.price is None
    else:
        assert none.shadow_price == pytest.approx(found, rel=5e-3)
        assert told.price == pytest.approx(none.shadow_price, rel=1e-6)


def test_a_kink_within_the_step_moves_no_price():
    """With 1e-4 of room a tenth less is gained a unit than with 1e-5, and the multipliers are unique."""
    rng, covariance = np.random.default_rng(32), random_covariance(6, 32)
    draws = np.maximum(rng.standard_t(5, size=(60, 6)) @ np.linalg.cholesky(covariance).T * 0.2 + 0.01, -0.9)
    strategy = {
        "covariance": covariance,
        "objective": {"kind": "min_risk", "measure": "mad"},
        "scenarios": Scenarios(tuple(f"a{i}" for i in range(6)), draws, np.full(60, 1 / 60), True, "historical", 1.0),
        "constraints": [
            {**NO_CASH, "upper": 0.05},
            {"name": "cap", "kind": "bounds", "upper": 0.25},
            {"name": "first", "kind": "group", "assets": ["a0", "a1"], "lower": 0.4},
        ],
    }
    answer = allocate(problem_of(**strategy))
    for report in answer.limits[1:]:
        assert report.shadow_price == pytest.approx(gained(strategy, report.name, STEP / 10, answer.objective), rel=1e-4)
        assert report.shadow_price > 1.05 * gained(strategy, report.name, STEP, answer.objective)
