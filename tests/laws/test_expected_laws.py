"""What must hold of views whatever the assets, the prior and the numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import FITTED
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.expected_returns.views import Views, ViewsReturns, black_litterman

NAMES = tuple("abcdef")
N = len(NAMES)
PRIORS = ({"kind": "equilibrium"}, {"kind": "zero"})
seeds = st.integers(0, 10_000)
ERRORS = st.floats(0.01, 0.5)


def problem(seed: int) -> tuple[CovarianceInputs, StructuredCovariance]:
    """Ragged changes, pressures and a factor form; one asset has no pressure."""
    rng = np.random.default_rng(seed)
    changes = 0.05 * rng.standard_normal((60, N))
    for i, start in enumerate(rng.integers(0, 30, N)):
        changes[:start, i] = np.nan
    days = tuple(date(2000 + t // 12, t % 12 + 1, 28) for t in range(60))
    increments = Returns.exact(days, NAMES, changes)
    loadings = rng.normal(1, 0.5, (N, 2))
    form = StructuredCovariance(
        ("f", "g"), loadings, np.array([[0.04, 0.01], [0.01, 0.02]]), rng.uniform(0.01, 0.1, N), np.full((N, 2), np.nan)
    )
    variance = np.diag(loadings @ form.factor_cov @ loadings.T) + form.specific_var
    pressure = {name: float(value) for name, value in zip(NAMES[:-1], rng.permutation([0, 0, 1, 2, 3]), strict=True)}
    given_ = CovarianceInputs(
        increments, increments, NAMES, ("other",) * N, (), np.zeros((60, N)), lambda: variance, 12.0, pressure=pressure
    )
    return given_, form


def shuffled(seed: int, order: list[int]) -> tuple[CovarianceInputs, StructuredCovariance]:
    """The same problem with its assets in another order; the columns of all series stay where they are."""
    inputs, form = problem(seed)
    names = tuple(NAMES[i] for i in order)
    moved = replace(inputs, assets=names, read_variance=lambda: inputs.variance[order])
    return moved, replace(form, loadings=form.loadings[order], specific_var=form.specific_var[order])


@st.composite
def stated(draw, error=ERRORS) -> list[dict]:
    """One to four views on different spreads."""
    pairs = draw(st.lists(st.sampled_from([(i, j) for i in range(N) for j in range(i)]), min_size=1, max_size=4, unique=True))
    return [
        {
            "expression": f"{NAMES[i]} - {draw(st.sampled_from([0.25, 0.5, 1.5]))} * {NAMES[j]}",
            "value": draw(st.floats(-0.3, 0.3)),
            "error": draw(error),
        }
        for i, j in pairs
    ]


def row_of(view: dict) -> np.ndarray:
    """The portfolio of one of the spreads above, read without the code under test."""
    first, rest = view["expression"].split(" - ")
    coefficient, second = rest.split(" * ")
    row = np.zeros(N)
    row[NAMES.index(first)], row[NAMES.index(second)] = 1.0, -float(coefficient)
    return row


def believe(data: dict, inputs: CovarianceInputs, form: StructuredCovariance):
    return ViewsReturns.model_validate(data).estimate(inputs, form)


@FITTED
@given(seed=seeds, order=st.permutations(range(N)), views=stated(), prior=st.sampled_from(PRIORS))
def test_the_order_of_assets_changes_nothing(seed, order, views, prior):
    pressed = {"prior": prior, "views": views, "control_pressure": {"premium": 0.03, "error": 0.1}}
    for spec in (
        ViewsReturns.model_validate(pressed),
        EquilibriumReturns(),
        HistoricalReturns(),
        HistoricalReturns(shrinkage=0.3),
    ):
        base, moved = spec.estimate(*problem(seed)), spec.estimate(*shuffled(seed, order))
        assert moved.mean == pytest.approx(base.mean[order], rel=1e-9, abs=1e-12)
        assert moved.covariance == pytest.approx(base.covariance[np.ix_(order, order)], rel=1e-8, abs=1e-12)


@FITTED
@given(seed=seeds, views=stated(), data=st.data())
def test_the_order_of_views_changes_nothing(seed, views, data):
    base = believe({"views": views}, *problem(seed))
    moved = believe({"views": data.draw(st.permutations(views))}, *problem(seed))
    assert moved.mean == pytest.approx(base.mean, rel=1e-8, abs=1e-12)
    assert moved.covariance == pytest.approx(base.covariance, rel=1e-8, abs=1e-12)


@FITTED
@given(seed=seeds, views=stated(), prior=st.sampled_from(PRIORS))
def test_it_is_the_textbook_formula(seed, views, prior):
    """Equations 8 and 9 of He and Litterman (1999), with the inverses that the code avoids."""
    inputs, form = problem(seed)
    spec = ViewsReturns.model_validate({"prior": prior, "views": views})
    before = spec.prior.prior(inputs, form)
    P = np.array([row_of(view) for view in views])
    omega = np.diag([1 / view["error"] ** 2 for view in views])
    precision = np.linalg.inv(before.covariance())
    M = np.linalg.inv(precision + P.T @ omega @ P)
    found = spec.estimate(inputs, form)
    assert found.mean == pytest.approx(M @ (precision @ before.mean + P.T @ omega @ [v["value"] for v in views]), abs=1e-9)
    assert found.covariance == pytest.approx(M, abs=1e-9)


@FITTED
@given(seed=seeds, views=stated(), prior=st.sampled_from(PRIORS))
def test_a_view_without_confidence_or_with_a_huge_error_changes_nothing(seed, views, prior):
    before = ViewsReturns.model_validate({"prior": prior, "views": views}).prior.prior(*problem(seed))
    silent = [{**view, "error": None, "confidence": 0.0} for view in views]
    vague = [{**view, "error": 1e8} for view in views]
    for message in (silent, vague):
        found = believe({"prior": prior, "views": message}, *problem(seed))
        assert found.mean == pytest.approx(before.mean, abs=1e-12)
        assert found.covariance == pytest.approx(before.covariance(), abs=1e-12)


@FITTED
@given(seed=seeds, views=stated(error=st.just(0.0)), prior=st.sampled_from(PRIORS))
def test_certain_views_are_met_and_leave_no_doubt(seed, views, prior):
    views = views[:2]  # more spreads than that may contradict each other
    found = believe({"prior": prior, "views": views}, *problem(seed))
    for view in views:
        row = row_of(view)
        assert row @ found.mean == pytest.approx(view["value"], abs=1e-9)
        assert row @ found.covariance @ row == pytest.approx(0.0, abs=1e-12)


@FITTED
@given(seed=seeds, views=stated(), prior=st.sampled_from(PRIORS))
def test_views_that_agree_with_the_prior_move_nothing_and_only_make_it_surer(seed, views, prior):
    inputs, form = problem(seed)
    spec = ViewsReturns.model_validate({"prior": prior, "views": views})
    before = spec.prior.prior(inputs, form)
    message = spec.stated(inputs, before)
    found = black_litterman(before, replace(message, values=message.portfolios @ before.mean))
    assert found.mean == pytest.approx(before.mean, abs=1e-12)
    gained = np.linalg.eigvalsh(before.covariance() - found.covariance)
    assert gained.min() > -1e-12
    assert gained.max() > 1e-6


@FITTED
@given(seed=seeds, view=stated().map(lambda views: views[0]), confidence=st.floats(0, 1))
def test_confidence_is_the_share_of_the_way_that_a_lone_view_goes(seed, view, confidence):
    """Idzorek (2007), in the closed form of Walters (2014)."""
    inputs, form = problem(seed)
    spec = ViewsReturns.model_validate({"views": [{**view, "error": None, "confidence": confidence}]})
    before = spec.prior.prior(inputs, form)
    row = spec.stated(inputs, before).portfolios[0]
    start = float(row @ before.mean)
    reached = float(row @ spec.estimate(inputs, form).mean)
    assert reached == pytest.approx(start + confidence * (view["value"] - start), abs=1e-9)


@FITTED
@given(seed=seeds, views=stated())
def test_the_moves_of_the_views_add_up_to_the_whole_move(seed, views):
    inputs, form = problem(seed)
    spec = ViewsReturns.model_validate({"views": views})
    before = spec.prior.prior(inputs, form)
    found = black_litterman(before, spec.stated(inputs, before))
    assert found.moves.sum(axis=1) == pytest.approx(found.mean - before.mean, abs=1e-12)


@FITTED
@given(seed=seeds, repeats=st.integers(2, 5), value=st.floats(-0.2, 0.2), error=st.floats(0.02, 0.3))
def test_saying_a_view_again_is_saying_it_with_a_smaller_error(seed, repeats, value, error):
    prior = EquilibriumReturns().prior(*problem(seed))
    row = np.array([1.0, -1.0, 0, 0, 0, 0])
    again = Views(("v",) * repeats, np.tile(row, (repeats, 1)), np.full(repeats, value), np.full(repeats, error))
    once = Views(("v",), row[None], np.array([value]), np.array([error / np.sqrt(repeats)]))
    assert black_litterman(prior, again).mean == pytest.approx(black_litterman(prior, once).mean, abs=1e-10)
    assert black_litterman(prior, again).covariance == pytest.approx(black_litterman(prior, once).covariance, abs=1e-10)
