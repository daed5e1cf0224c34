from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

from toolkit.core.errors import SpecError
from toolkit.risk_measures import collected, measure_of, measures
from toolkit.risk_measures.base import Measure, measured, scale
from toolkit.risk_measures.dispersion import EQUAL_LIMIT, PAIR_LIMIT, GiniMeanDifference, _exchanges
from toolkit.scenarios.sets import Scenarios


def test_every_family_is_found_and_describes_itself():
    found = measures()
    assert set(found) == {
        *("variance", "volatility", "semivariance", "semideviation", "mad", "gini", "cvar", "evar", "worst_case"),
        *("mean_loss", "downside_deviation", "cdar", "edar", "max_drawdown", "average_drawdown", "ulcer"),
    }
    for name, measure in found.items():
        assert measure.name == name
        assert measure.unit
        assert isinstance(measure.needs_order, bool)
        assert isinstance(measure.homogeneous, bool)
        assert any(year in (measure.__doc__ or "") for year in ("19", "20")), "the source is in the docstring"
    with pytest.raises(TypeError):
        found["mine"] = found["cvar"]  # type: ignore[index]


def test_two_measures_of_one_name_are_refused():
    module = ModuleType("twice")
    for title in ("First", "Second"):
        made = type(title, (Measure,), {"name": "same", "__module__": "twice"})
        setattr(module, title, made)
    with pytest.raises(TypeError, match="two measures are named 'same': First and Second"):
        collected([module])


def test_a_new_measure_is_one_class():
    class Mean(Measure):
        name: ClassVar[str] = "mean"

    module = ModuleType(Mean.__module__)
    module.Mean = Mean
    assert collected([module]) == {"mean": Mean}


@pytest.mark.parametrize("name", ["cvar", "evar", "cdar"])
@pytest.mark.parametrize("confidence", [0.0, 1.0, -1.0, float("nan")])
def test_a_confidence_outside_its_range_is_refused(name, confidence):
    with pytest.raises(SpecError, match="confidence"):
        measures()[name](confidence=confidence)


def test_a_strategy_names_a_measure():
    assert measure_of("mad") == measures()["mad"]()
    assert measure_of("cvar") == measures()["cvar"](confidence=0.95)
    assert measure_of("cdar", 0.8) == measures()["cdar"](confidence=0.8)


@pytest.mark.parametrize(
    ("name", "confidence", "message"),
    [
        ("cvarr", None, "no measure of risk is called 'cvarr'. Did you mean .*'cvar'"),
        ("mad", 0.9, "'mad' has no confidence level. Leave it out: cdar, cvar, edar, evar have one"),
        ("evar", 1.5, "a confidence of 1.5 is not between 0 and 1"),
    ],
)
def test_a_measure_that_is_named_wrongly_is_refused(name, confidence, message):
    with pytest.raises(SpecError, match=message):
        measure_of(name, confidence)


def test_drawdowns_are_refused_where_there_is_no_path():
    loose = Scenarios(
        ("a",), np.array([[0.1], [-0.2]]), np.array([0.5, 0.5]), ordered=False, kind="simulated", periods_per_year=12.0
    )
    with pytest.raises(SpecError, match="'ulcer' needs consecutive periods, and the simulated"):
        measured(measures()["ulcer"](), loose, np.ones(1))
    path = Scenarios(("a",), loose.returns, loose.probabilities, ordered=True, kind="historical", periods_per_year=12.0)
    assert measured(measures()["max_drawdown"](), path, np.ones(1)) == pytest.approx(0.2)
    assert measured(measures()["worst_case"](), loose, np.array([0.5])) == pytest.approx(0.1)


def test_returns_are_scaled_by_their_typical_size_where_they_move():
    def one(returns):
        return Scenarios(("a",), np.array([returns]).T, np.array([0.25, 0.75]), False, "simulated", 12.0)

    assert scale(one([0.2, 0.0])) == pytest.approx(0.1)
    assert scale(one([0.0, 0.0])) == 1


@pytest.mark.parametrize("count", range(1, 13))
def test_the_network_sorts_every_input_of_zeros_and_ones(count):
    for bits in range(1 << count):  # the zero-one principle: a network that sorts these sorts everything
        wires = np.array([bits >> i & 1 for i in range(count)])
        for low, high in _exchanges(count):
            assert len({*low, *high}) == 2 * len(low), "a wire is used once a layer"
            wires[low], wires[high] = np.minimum(wires[low], wires[high]), np.maximum(wires[low], wires[high])
        assert (np.diff(wires) >= 0).all()


def test_the_convex_gini_difference_refuses_what_takes_too_long_at_once():
    import cvxpy as cp

    count = EQUAL_LIMIT + 1
    with pytest.raises(SpecError, match=f"at most {EQUAL_LIMIT} are taken"):
        GiniMeanDifference().convex(cp.Variable(count), np.full(count, 1 / count))


def test_the_gini_difference_refuses_more_pairs_than_memory_holds():
    p = np.arange(1.0, 701.0)
    import cvxpy as cp

    with pytest.raises(SpecError, match=f"more than {PAIR_LIMIT:,}"):
        GiniMeanDifference().convex(cp.Variable(700), p / p.sum())
