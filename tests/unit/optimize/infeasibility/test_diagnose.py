import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.infeasibility.diagnose import conflict

FACTS = {
    "countries": {"CHN": np.array([0.9, 0.8, 0.7, 0.1]), "ZAF": np.array([0.0, 0, 0, 0.7])},
    "controlled": np.array([1.0, 1, 0, 0]),
}
CASH = {"name": "cash", "kind": "cash", "upper": 0.05}
CASES = {
    "caps below one": ([CASH, {"name": "cap", "kind": "bounds", "upper": 0.2}], {"cash", "cap"}),
    "a floor above a ceiling": (
        [
            {"name": "much", "kind": "bounds", "assets": ["a0"], "lower": 0.5},
            {"name": "little", "kind": "group", "assets": ["a0", "a1"], "upper": 0.3},
        ],
        {"much", "little"},
    ),
    "two floors": (
        [
            {"name": "f0", "kind": "bounds", "assets": ["a0"], "lower": 0.6},
            {"name": "f1", "kind": "bounds", "assets": ["a1"], "lower": 0.6},
        ],
        {"f0", "f1"},
    ),
    "cash floor and asset floor": (
        [{"name": "cash", "kind": "cash", "lower": 0.7}, {"name": "f", "kind": "group", "assets": ["a2", "a3"], "lower": 0.4}],
        {"cash", "f"},
    ),
    "three at once": (
        [
            CASH,
            {"name": "controlled", "kind": "control_exposure", "upper": 0.1},
            {"name": "China", "kind": "country_exposure", "country": "CHN", "upper": 0.2},
            {"name": "cap", "kind": "bounds", "assets": ["a3"], "upper": 0.4},
            {"name": "idle", "kind": "group", "assets": ["a0", "a3"], "upper": 0.9},
        ],
        {"cash", "China", "cap"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_conflict_is_named_and_irreducible_and_the_relaxation_works(case):
    constraints, names = CASES[case]
    with pytest.raises(Infeasible) as refused:
        allocate(problem_of(random_covariance(4), constraints=constraints, **FACTS))
    error = refused.value
    assert set(error.details["conflict"]) == names
    for name in names:  # irreducible: any one less and it can be solved
        rest = [c for c in constraints if c["name"] in names and c["name"] != name]
        assert conflict(problem_of(random_covariance(4), constraints=rest, **FACTS)) is None
    moves = error.details["relaxation"]
    relaxed = []
    for constraint in constraints:
        moved = dict(constraint)
        for side, sign in (("upper", 1), ("lower", -1)):
            if side in moved:
                moved[side] = float(np.clip(moved[side] + sign * (moves.get(moved["name"], 0.0) + 1e-6), 0, 1))
        relaxed.append(moved)
    assert conflict(problem_of(random_covariance(4), constraints=relaxed, **FACTS)) is None
    assert "--set" in error.hint


def test_no_conflict_where_there_is_none():
    assert conflict(problem_of(random_covariance(4), constraints=[CASH])) is None
