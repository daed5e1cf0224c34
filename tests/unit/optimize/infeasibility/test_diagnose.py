import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.core.errors import Infeasible
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.base import outward
from toolkit.optimize.infeasibility.diagnose import conflict

FACTS = {
    "countries": {"CHN": np.array([0.9, 0.8, 0.7, 0.1]), "ZAF": np.array([0.0, 0, 0, 0.7])},
    "controlled": np.array([1.0, 1, 0, 0]),
}
CASH = {"name": "cash", "kind": "cash", "upper": 0.05}


@pytest.mark.parametrize(
    ("limit", "side", "move", "told"),
    [
        (0.01, "upper", 0.130573, 0.1406), (0.05, "lower", 0.0352888, 0.0147), (0.02, "lower", 0.0, 0.02),
        (0.1, "upper", 0.2, 0.3), (0.0001, "upper", 0.0003115, 0.000412), (0.2, "lower", 0.2 - 1e-7, 0.0),
        (0.14, "upper", 0.00005 + 2e-9, 0.1401), (-0.02, "lower", 0.012345, -0.0324),
    ],
)  # fmt: skip
def test_a_limit_that_gives_way_keeps_few_digits_and_is_never_rounded_back(limit, side, move, told):
    found = outward(limit, side, move, 4)
    assert found == pytest.approx(told, abs=1e-12)
    assert (found - limit - move if side == "upper" else limit - move - found) >= -1.1e-9


def test_no_conflict_where_there_is_none():
    assert conflict(problem_of(random_covariance(4), constraints=[CASH])) is None


@pytest.mark.parametrize("more", [[], [{"name": "risk", "kind": "risk_limit", "measure": "volatility", "upper": 3.0}]])
def test_of_limits_that_may_give_way_for_one_another_one_does(more):
    """A cone solver ends between them: half of the sum at each."""
    pair = ["a0", "a1"], ["a2", "a3"]
    caps = [{"name": f"cap{i}", "kind": "group", "assets": assets, "upper": 0.3} for i, assets in enumerate(pair)]
    with pytest.raises(Infeasible) as refused:
        allocate(
            problem_of(random_covariance(4), constraints=[{"name": "full", "kind": "fully_invested"}, *caps, *more], **FACTS)
        )
    (moved,) = refused.value.details["relaxation"].values()
    assert moved == pytest.approx(0.4, abs=1e-4)
