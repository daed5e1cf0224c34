"""The law of the three faces.

What a measure says of given losses is the minimum of its convex form over its own variables, and its subgradient is a slope of
the same number.
"""

import warnings

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from toolkit.optimize.functions import RiskOf
from toolkit.risk_measures import measures
from toolkit.risk_measures.base import measured, scale
from toolkit.scenarios.sets import Scenarios

NAMES = sorted(measures())
UNORDERED = [name for name in NAMES if not measures()[name].needs_order]
DEVIATIONS = ["gini", "mad", "semideviation", "semivariance", "variance", "volatility"]
COHERENT = ["cvar", "evar", "worst_case"]
TIGHT = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-11, "tol_feas": 1e-11, "tol_ktratio": 1e-9}


@st.composite
def outcomes(draw, least=1):
    """Losses with ties and probabilities with zeros: what breaks formulas written for a continuous sample."""
    size = draw(st.integers(least, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.sampled_from(["normal", "heavy", "tied", "constant"]))
    losses = {
        "normal": rng.normal(0.01, 0.1, size),
        "heavy": rng.standard_t(2.5, size) * 0.05,
        "tied": rng.integers(-3, 4, size) * 0.05,
        "constant": np.full(size, round(rng.normal(0, 0.1), 3)),
    }[shape]
    p = {
        "equal": np.ones(size),
        "unequal": rng.dirichlet(np.ones(size)) + 1e-3,
        "shocks": np.where(np.arange(size) < size - 2, 1.0, rng.uniform(0.2, 2, size)),
        "impossible": np.where(np.arange(size) % 3 == 1, 0.0, rng.uniform(0.2, 1, size)),
    }[draw(st.sampled_from(["equal", "unequal", "shocks", "impossible"]))]
    return losses, p / p.sum()


def instance(name, confidence=None):
    return measures()[name]() if confidence is None else measures()[name](confidence=confidence)


def every(names):
    """The measures by name, those with a confidence at several levels."""
    made = []
    for name in names:
        levels = (0.5, 0.9, 0.95) if "confidence" in measures()[name].__dataclass_fields__ else (None,)
        made += [pytest.param(instance(name, level), id=f"{name}-{level}" if level else name) for level in levels]
    return made


def minimum(measure, returns, probabilities, constraints=()):
    expression, own = measure.convex(returns, probabilities)
    assert expression.is_convex()
    assert expression.size == 1
    problem = cp.Problem(cp.Minimize(expression), [*own, *constraints])
    assert problem.is_dcp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "may be inaccurate": the comparison judges
        problem.solve(solver=cp.CLARABEL, **TIGHT)
    assert problem.status in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}
    return float(problem.value)


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(given_=outcomes())
def test_the_two_faces_agree(measure, given_):
    losses, p = given_
    numeric = measure.numeric(losses, p)
    assert np.isfinite(numeric)
    scale = np.abs(losses).max() ** (1 if measure.homogeneous else 2)
    assert minimum(measure, cp.Constant(-losses), p) == pytest.approx(numeric, rel=1e-6, abs=1e-8 * scale + 1e-10)


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(seed=st.integers(0, 10_000))
def test_a_minimum_over_weights_is_what_the_numbers_say_and_nothing_near_is_better(measure, seed):
    rng = np.random.default_rng(seed)
    R = rng.normal(0.002, 0.05, (30, 4)) * np.array([1, 1.5, 0.7, 2.0])
    p = rng.dirichlet(np.full(30, 5.0))
    w = cp.Variable(4, nonneg=True)
    least = minimum(measure, R @ w, p, [cp.sum(w) == 1])
    weights = np.maximum(w.value, 0) / np.maximum(w.value, 0).sum()
    assert measure.numeric(-R @ weights, p) == pytest.approx(least, rel=1e-5, abs=1e-9)
    for other in [*np.eye(4), *rng.dirichlet(np.ones(4), 20), *(0.98 * weights + 0.02 * rng.dirichlet(np.ones(4), 20))]:
        assert measure.numeric(-R @ other, p) >= least - 1e-6 * abs(least) - 1e-9


@pytest.mark.parametrize("measure", every(NAMES))
def test_as_a_limit_it_holds_and_is_reached(measure):
    rng = np.random.default_rng(3)
    R, p = rng.normal([0.0, 0.004, 0.008], [0.01, 0.04, 0.09], (40, 3)), rng.dirichlet(np.full(40, 5.0))
    alone = [measure.numeric(-R @ weights, p) for weights in np.eye(3)]
    upper = 0.5 * (alone[0] + max(alone))
    w = cp.Variable(3, nonneg=True)
    expression, own = measure.convex(R @ w, p)
    problem = cp.Problem(cp.Maximize(np.array([0.0, 1.0, 3.0]) @ w), [*own, expression <= upper, cp.sum(w) == 1])
    problem.solve(solver=cp.CLARABEL, tol_gap_rel=1e-9)
    assert measure.numeric(-R @ w.value, p) == pytest.approx(upper, rel=1e-4)


@pytest.mark.parametrize("measure", every(NAMES))
@given(given_=outcomes(), seed=st.integers(0, 10_000), far=st.sampled_from([1e-3, 0.1, 10.0]))
def test_a_cut_along_the_subgradient_is_never_above_the_measure(measure, given_, seed, far):
    losses, p = given_
    slopes = measure.subgradient(losses, p)
    assert slopes.shape == losses.shape
    assert np.isfinite(slopes).all()
    assert not slopes[p == 0].any() or measure.needs_order
    other = losses + far * np.random.default_rng(seed).normal(0, 0.1, len(losses))
    size = max(np.abs(losses).max(), np.abs(other).max()) ** (1 if measure.homogeneous else 2)
    cut = measure.numeric(losses, p) + slopes @ (other - losses)
    assert cut <= measure.numeric(other, p) + 1e-11 * size


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(seed=st.integers(0, 10_000))
def test_where_a_measure_is_smooth_its_subgradient_is_what_differences_say(measure, seed):
    rng = np.random.default_rng(seed)
    losses, p, along = rng.normal(0, 0.1, 15), rng.dirichlet(np.full(15, 3.0)), rng.normal(0, 1, 15)
    step = 1e-6
    rise = measure.numeric(losses + step * along, p) - measure.numeric(losses - step * along, p)
    assert measure.subgradient(losses, p) @ along == pytest.approx(rise / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(given_=outcomes())
def test_a_measure_is_the_mean_loss_under_its_subgradient_as_euler_says(measure, given_):
    losses, p = given_
    degree = 1 if measure.homogeneous else 2
    assert measure.subgradient(losses, p) @ losses == pytest.approx(degree * measure.numeric(losses, p), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(seed=st.integers(0, 10_000))
def test_contributions_add_up_and_the_gradient_is_what_differences_say(measure, seed):
    rng = np.random.default_rng(seed)
    returns, weights = rng.normal(0.001, 0.03, (25, 4)), rng.dirichlet(np.ones(4))
    path = Scenarios(tuple("abcd"), returns, rng.dirichlet(np.full(25, 5.0)), True, "historical", 52.0)
    degree = 1 if measure.homogeneous else 2  # Euler: w'grad is so many times the risk
    gradient = RiskOf(measure, path).gradient(np.append(weights, 0.0))[:-1]
    assert weights @ gradient == pytest.approx(degree * measured(measure, path, weights), rel=1e-9)
    step = 1e-7 * np.eye(4)
    rises = [(measured(measure, path, weights + d) - measured(measure, path, weights - d)) / 2e-7 for d in step]
    assert gradient == pytest.approx(rises, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("measure", every(COHERENT))
@SOLVED
@given(given_=outcomes())
def test_the_subgradient_of_a_coherent_measure_is_a_distribution(measure, given_):
    losses, p = given_
    worst = measure.subgradient(losses, p)
    assert (worst >= 0).all()
    assert worst.sum() == pytest.approx(1, abs=1e-12)
    if measure.name == "cvar":
        assert (worst <= p / (1 - measure.confidence) + 1e-15).all()


@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("measure", every(NAMES))
def test_scaled_returns_make_the_convex_face_exact_at_any_size(measure, size):
    rng = np.random.default_rng(7)
    returns = size * rng.standard_t(4, (60, 5)) * np.array([1, 1.5, 0.7, 2, 1])
    path = Scenarios(tuple("abcde"), returns, np.full(60, 1 / 60), True, "historical", 52.0)
    typical, w = scale(path), cp.Variable(5, nonneg=True)
    least = minimum(measure, returns / typical @ w, path.probabilities, [cp.sum(w) == 1])
    weights = np.maximum(w.value, 0) / np.maximum(w.value, 0).sum()
    value = least * typical ** (1 if measure.homogeneous else 2)
    assert measured(measure, path, weights) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("measure", every([name for name in NAMES if measures()[name].homogeneous]))
@SOLVED
@given(given_=outcomes(), factor=st.floats(1e-3, 1e3))
def test_twice_the_position_is_twice_the_risk(measure, given_, factor):
    losses, p = given_
    assert measure.numeric(factor * losses, p) == pytest.approx(
        factor * measure.numeric(losses, p), rel=1e-9, abs=1e-12 * factor
    )


@pytest.mark.parametrize("measure", every(NAMES))
@SOLVED
@given(given_=outcomes(), seed=st.integers(0, 10_000))
def test_a_mixture_is_never_riskier_than_its_parts(measure, given_, seed):
    losses, p = given_
    other = np.random.default_rng(seed).normal(0, 0.1, len(losses))
    parts = 0.3 * measure.numeric(losses, p) + 0.7 * measure.numeric(other, p)
    assert measure.numeric(0.3 * losses + 0.7 * other, p) <= parts + 1e-12
    if measure.homogeneous:
        assert measure.numeric(losses + other, p) <= measure.numeric(losses, p) + measure.numeric(other, p) + 1e-12


@pytest.mark.parametrize("measure", every([name for name in NAMES if name not in DEVIATIONS]))
@SOLVED
@given(given_=outcomes(), seed=st.integers(0, 10_000))
def test_larger_losses_are_never_less_risky(measure, given_, seed):
    losses, p = given_
    more = losses + np.random.default_rng(seed).exponential(0.05, len(losses))
    assert measure.numeric(more, p) >= measure.numeric(losses, p) - 1e-12


@pytest.mark.parametrize("measure", every(COHERENT))
@SOLVED
@given(given_=outcomes(), shift=st.floats(-2, 2))
def test_a_certain_loss_adds_itself(measure, given_, shift):
    losses, p = given_
    assert measure.numeric(losses + shift, p) == pytest.approx(measure.numeric(losses, p) + shift, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("measure", every(DEVIATIONS))
@SOLVED
@given(given_=outcomes(), shift=st.floats(-2, 2))
def test_a_certain_loss_is_no_dispersion(measure, given_, shift):
    losses, p = given_
    assert measure.numeric(losses + shift, p) == pytest.approx(measure.numeric(losses, p), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("measure", every(UNORDERED))
@SOLVED
@given(given_=outcomes(), seed=st.integers(0, 10_000))
def test_the_order_of_scenarios_means_nothing(measure, given_, seed):
    losses, p = given_
    order = np.random.default_rng(seed).permutation(len(p))
    assert measure.numeric(losses[order], p[order]) == pytest.approx(measure.numeric(losses, p), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("measure", every(UNORDERED))
@SOLVED
@given(given_=outcomes())
def test_a_scenario_split_in_two_halves_is_the_same(measure, given_):
    losses, p = given_
    halves = measure.numeric(np.repeat(losses, 2), np.repeat(p / 2, 2))
    assert halves == pytest.approx(measure.numeric(losses, p), rel=1e-9, abs=1e-15)


@SOLVED
@given(given_=outcomes(), confidence=st.floats(0.01, 0.99))
def test_tails_are_ordered_mean_cvar_evar_worst(given_, confidence):
    losses, p = given_
    cvar, evar = (instance(name, confidence).numeric(losses, p) for name in ("cvar", "evar"))
    assert p @ losses <= cvar + 1e-12
    assert cvar <= evar + 1e-9
    assert evar <= instance("worst_case").numeric(losses, p) + 1e-12


@SOLVED
@given(given_=outcomes())
def test_drawdowns_are_ordered_average_ulcer_cdar_maximum(given_):
    losses, p = given_
    average, ulcer, deepest = (instance(name).numeric(losses, p) for name in ("average_drawdown", "ulcer", "max_drawdown"))
    assert 0 <= average <= ulcer + 1e-12 <= deepest + 2e-12
    assert average - 1e-12 <= instance("cdar", 0.8).numeric(losses, p) <= deepest + 1e-12
