"""What ends at its limit of work: the same bytes each time, nothing called proven that is not, proposals that have an answer."""

import shlex
import time

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from tests.unit.optimize.random_strategies import random_problem, random_strategy
from toolkit.core.errors import Infeasible, NumericalFailure, SpecError, ToolkitError, quoted
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.optimize.infeasibility.diagnose import has_answer
from toolkit.optimize.solvers.solve import OPTIONS, SolverSpec
from toolkit.optimize.solvers.work import Work
from toolkit.scenarios.sets import Scenarios

LOTS = {"name": "lots", "kind": "lots"}
CASH = {"name": "cash", "kind": "cash", "upper": 0.05}
CAP = {"name": "cap", "kind": "bounds", "upper": 0.2}


def path(covariance, count, seed):
    rng = np.random.default_rng(seed)
    draws = rng.standard_t(4, size=(count, len(covariance))) @ np.linalg.cholesky(covariance).T * 0.2
    keys = tuple(f"a{i}" for i in range(len(covariance)))
    return Scenarios(keys, np.maximum(draws, -0.9), np.full(count, 1 / count), True, "historical", 12.0)


def hard(measure):
    rng, covariance = np.random.default_rng(3), random_covariance(25, 3)
    return problem_of(
        covariance,
        objective={"kind": "min_risk", "measure": measure},
        constraints=[CASH, {**CAP, "upper": 0.3}, LOTS],
        lots=rng.uniform(0.003, 0.03, 25),
        scenarios=path(covariance, 300, 3),
    )


@pytest.mark.parametrize("measure", ["cvar", "mad"])
def test_a_search_that_ends_at_its_limit_gives_the_same_bytes(measure):
    answers = [allocate(hard(measure), SolverSpec(time_limit=0.3, gap=1e-5)) for _ in range(2)]
    assert answers[0].lots_gap > 1e-4, "the limit ended the search"
    assert len({(a.values.tobytes(), a.lots.tobytes(), a.lots_gap, a.objective) for a in answers}) == 1
    assert all(a.reproducible for a in answers)


def test_an_answer_that_the_clock_cut_short_says_so():
    work = Work(1e-3)
    work._stop = time.process_time() + 1.0  # a machine so slow that the backstop comes first
    work._left = 1e6
    answer = allocate(hard("mad"), SolverSpec(gap=1e-5), work=work)
    assert not answer.reproducible


def pasted(strategy, settings):
    """The strategy with the proposed settings."""
    moved, objective = {term["name"]: dict(term) for term in strategy["constraints"]}, dict(strategy.get("objective", {}))
    for setting in settings:
        key, _, value = setting.partition("=")
        if key == "objective.volatility":
            objective["volatility"] = float(value)
            continue
        _, name, field = key.split(".")
        moved[name][field] = type(moved[name][field])(float(value)) if not isinstance(moved[name][field], str) else value
    return {**strategy, "constraints": list(moved.values()), "objective": objective or None}


def checked(strategy, solver=None):
    """The answer, or a refusal each of whose proposals has an answer and whose claims of a proof are true."""
    try:
        return allocate(problem_of(**strategy), solver)
    except Infeasible as error:
        if error.details.get("set"):
            allocate(problem_of(**pasted(strategy, error.details["set"])))
        return error
    except NumericalFailure as error:
        return None if error.details["proven"] is False else pytest.fail(str(error))


@pytest.mark.parametrize(("seed", "seconds"), [*((seed, 0.05) for seed in range(6)), (0, 2.0), (1, 2.0)])
def test_a_search_that_ran_out_is_not_told_as_a_proof(seed, seconds):
    rng = np.random.default_rng(seed)
    n = 9
    strategy = {
        "covariance": random_covariance(n, seed),
        "constraints": [CASH, CAP, {"name": "calm", "kind": "risk_limit", "measure": "volatility", "upper": 0.10}, LOTS],
        "lots": rng.uniform(0.01, 0.06, n),
    }
    told = checked(strategy, SolverSpec(time_limit=seconds))
    if isinstance(told, Infeasible):
        # Enough volatility is allowed by 1: that a limit cannot give way far enough would be false.
        wide = [{**term, "upper": 1.0} if term["name"] == "calm" else term for term in strategy["constraints"]]
        if has_answer(problem_of(**{**strategy, "constraints": wide}), Work(5.0)):
            assert "No limit can give way" not in str(told)


@pytest.mark.parametrize("seed", range(4))
def test_a_proposal_holds_with_market_impact(seed):
    rng = np.random.default_rng(seed)
    n = 6
    strategy = {
        "covariance": random_covariance(n, seed),
        "constraints": [CASH, {"name": "floor", "kind": "bounds", "lower": 0.2}, LOTS],
        "lots": rng.uniform(0.01, 0.05, n),
        "costs": Costs(np.full(n, 0.01), np.zeros(n), impact=rng.uniform(0.02, 0.2, n)),
        "budget": 1_000_000.0,
    }
    told = checked(strategy)
    assert isinstance(told, Infeasible)
    assert told.details["set"]


@pytest.mark.parametrize("lots", [False, True])
def test_a_proposal_for_contributions_to_risk_has_an_answer_and_names_no_lots_that_are_not_there(lots):
    limit = {"name": "no one decides", "kind": "risk_contribution", "upper": 0.26}
    strategy = {
        "covariance": np.diag([0.01, 0.02, 0.05, 0.3]),
        "constraints": [CASH, {"name": "cap", "kind": "bounds", "upper": 0.3}, limit, *([LOTS] if lots else [])],
        "lots": np.full(4, 0.05) if lots else None,
    }
    told = checked(strategy)
    if not lots:
        assert "'lots'" not in str(told)


def test_a_ratio_that_the_limits_leave_nothing_positive_is_refused_in_words():
    covariance = random_covariance(4, 2)
    calm = {"name": "calm", "kind": "risk_limit", "measure": "volatility", "upper": 0.35}
    little = {"name": "little", "kind": "bounds", "assets": ["a0"], "upper": 0.0}
    for constraints in ([CASH, calm, little], [CASH, little], [CASH, calm]):
        expected = np.array([0.05 if little in constraints else -0.05, -0.02, -0.03, -0.01])
        with pytest.raises(SpecError, match="no excess return is positive"):
            allocate(problem_of(covariance, objective={"kind": "max_ratio"}, constraints=constraints, expected=expected))


NO_CASH = {"name": "cash", "kind": "cash", "upper": 0.0}


@pytest.mark.parametrize("lots", [False, True])
def test_a_conflict_beside_a_volatility_that_is_too_low_is_resolved_with_it(lots):
    """What constraints need and what the objective asks are proposed together: each alone leaves no answer."""
    strategy = {
        "covariance": np.diag([0.04, 0.06, 0.09, 0.2]),
        "objective": {"kind": "max_return", "volatility": 0.02},
        "expected": np.array([0.02, 0.03, 0.04, 0.05]),
        "constraints": [CASH, {"name": "cap", "kind": "bounds", "upper": 0.2}, *([LOTS] if lots else [])],
        "lots": np.full(4, 0.03) if lots else None,
    }
    told = checked(strategy)
    assert isinstance(told, Infeasible)
    assert {setting.partition("=")[0].rpartition(".")[0] for setting in told.details["set"]} >= {"objective", "constraint.cap"}
    assert set(told.details["conflict"]) == {"cash", "cap"}


@pytest.mark.parametrize(("seed", "volatility"), [(5, 0.15), (5, 0.17), (6, 0.17), (8, 0.17)])
def test_whole_lots_that_spend_everything_under_a_volatility_are_refused_in_words(seed, volatility):
    """The limit of the objective has no position among the constraints: the last of them is not moved in its place."""
    rng = np.random.default_rng(seed)
    strategy = {
        "covariance": random_covariance(5, seed),
        "objective": {"kind": "max_return", "volatility": volatility},
        "expected": rng.normal(0.03, 0.06, 5),
        "constraints": [NO_CASH, {**CAP, "upper": 0.6}, LOTS],
        "lots": rng.uniform(0.02, 0.06, 5),
    }
    told = checked(strategy, SolverSpec(time_limit=1.0))
    if isinstance(told, Infeasible):
        assert {"cash", "lots"} <= set(told.details["conflict"]), "with more cash there is an answer"


def test_whole_lots_that_spend_everything_are_proposed_with_the_price_of_a_lot_in_cash():
    rng = np.random.default_rng(8)
    lots = rng.uniform(0.01, 0.05, 8)
    strategy = {"covariance": random_covariance(8, 8), "constraints": [NO_CASH, {**CAP, "upper": 0.3}, LOTS], "lots": lots}
    with pytest.raises(NumericalFailure) as refused:
        allocate(problem_of(**strategy), SolverSpec(time_limit=1.0))
    (setting,) = refused.value.details["set"]
    allowed = float(setting.removeprefix("constraint.cash.upper="))
    assert lots.min() - 1e-6 < allowed < 2.5 * lots.min(), "room for a choice, and no more than that"
    assert allocate(problem_of(**pasted(strategy, [setting]))).cash <= allowed


def test_what_a_program_of_impact_can_burn_is_no_cash_that_an_answer_can_spend():
    rng = np.random.default_rng(2)
    n = 4
    strategy = {
        "covariance": random_covariance(n, 2),
        "constraints": [NO_CASH, LOTS, {"name": "count", "kind": "cardinality", "upper": 2}],
        "lots": rng.uniform(0.06, 0.1, n),
        "costs": Costs(np.full(n, 0.01), np.zeros(n), impact=np.full(n, 0.07)),
    }
    told = checked(strategy, SolverSpec(time_limit=1.0))
    assert isinstance(told, Infeasible), "so few holdings are a finite number of sums"
    assert [setting.partition("=")[0] for setting in told.details["set"]] == ["constraint.cash.upper"]
    assert not told.details["irreducible"]


@pytest.mark.parametrize("lots", [False, True])
def test_a_limit_on_contributions_gives_way_with_the_limits_that_conflict(lots):
    limit = {"name": "no one decides", "kind": "risk_contribution", "upper": 0.26}
    strategy = {
        "covariance": np.diag([0.01, 0.02, 0.05, 0.3]),
        "constraints": [NO_CASH, {"name": "cap", "kind": "bounds", "upper": 0.2}, limit, *([LOTS] if lots else [])],
        "lots": np.full(4, 0.05) if lots else None,
    }
    told = checked(strategy, SolverSpec(time_limit=1.0))
    assert isinstance(told, Infeasible)
    assert set(told.details["conflict"]) == {"cash", "cap"}
    assert any("no one decides" in setting for setting in told.details["set"])
    assert "Least relaxation" not in told.hint


def test_lots_that_leave_almost_no_room_for_cash_are_not_called_impossible():
    """The presolve of HiGHS calls the program infeasible, which has a point: 179 and 62 lots."""
    strategy = random_strategy(30062, lots=True)
    strategy["objective"] = {"kind": "min_risk"}
    strategy["constraints"][0]["upper"] = 1.9e-5
    answer = allocate(problem_of(**strategy), SolverSpec(time_limit=2.0))
    assert list(answer.lots) == [179, 0, 62, 0]
    assert answer.cash <= 1.9e-5


def test_nothing_but_cash_holds_every_limit_on_contributions_to_risk():
    """What a solver leaves of weights that are zero is no contribution."""
    free = {"name": "cash", "kind": "cash", "upper": 1.0}
    limit = {"name": "no one decides", "kind": "risk_contribution", "upper": 0.19}
    answer = allocate(problem_of(random_covariance(4, 3), constraints=[free, limit]))
    assert answer.cash > 0.999


def test_an_equality_that_whole_lots_cannot_meet_is_left_open_on_one_side():
    strategy = {
        "covariance": np.diag([0.04, 0.05, 0.06]),
        "constraints": [CASH, {"name": "line", "kind": "linear", "expression": "a0 - a1 == 0.05"}, LOTS],
        "lots": 1 / np.array([32.7, 23.9, 37.1]),
    }
    told = checked(strategy)
    assert isinstance(told, Infeasible)
    assert any("a0 - a1 >= 0.05" in setting or "a0 - a1 <= 0.05" in setting for setting in told.details["set"])


@pytest.mark.parametrize("name", ["any metal", "it's mine", "100 $HOME", 'say "no"', "a`b`", "back\\slash"])
def test_a_proposed_setting_survives_a_shell(name):
    setting = f"constraint.{name}.upper=0.5"
    assert shlex.split(f"--set {quoted(setting)}") == ["--set", setting]


def test_proposals_are_quoted():
    odd = {"name": "Bob's $cap", "kind": "bounds", "upper": 0.2}
    with pytest.raises(ToolkitError) as refused:
        allocate(problem_of(random_covariance(3), constraints=[CASH, odd]))
    assert shlex.split(refused.value.hint.split("Try ")[1])[1].startswith("constraint.")


@pytest.mark.parametrize("seed", [5032, 5267])
def test_risk_parity_under_two_limits_on_functions_is_solved_or_refused(seed):
    try:
        answer = allocate(random_problem(seed, lots=seed % 2 == 0), SolverSpec(time_limit=1.0))
    except ToolkitError:
        return
    assert all(limit.slack is None or limit.slack > -1e-6 for limit in answer.limits)


@pytest.mark.parametrize("seed", [6005, 6242])
def test_assets_without_weight_at_the_least_cash_are_named_and_no_solver_is_blamed(seed):
    """A weight that only the tolerance of the cash allows is none."""
    with pytest.raises(SpecError, match="what has no weight cannot contribute to risk"):
        allocate(random_problem(seed))


def test_no_solver_is_stopped_by_the_clock():
    """A limit in seconds would give another answer on a slower machine, under the same run id."""
    assert not [key for options in OPTIONS.values() for key in options if "time" in key]


def test_risk_parity_over_a_tail_of_forty_assets_gives_the_same_bytes():
    n, count = 40, 600
    draws = np.random.default_rng(4).standard_t(4, size=(count, n)) * np.linspace(0.02, 0.06, n)
    keys = tuple(f"a{i}" for i in range(n))
    scenarios = Scenarios(keys, np.maximum(draws, -0.9), np.full(count, 1 / count), False, "historical", 12.0)
    objective = {"kind": "risk_parity", "measure": "cvar", "confidence": 0.9}
    problem = problem_of(random_covariance(n), objective=objective, constraints=[CASH], scenarios=scenarios)
    assert len({allocate(problem).weights.tobytes() for _ in range(3)}) == 1
