from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.subjects import context
from toolkit.app.allocation.request import Request
from toolkit.app.optimize import optimize
from toolkit.core.errors import GapError, SpecError
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns import ReturnsSpec
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.expected_returns.prior import labelled
from toolkit.risk_model.expected_returns.views import ViewsReturns, portfolio, terms
from toolkit.risk_model.expected_returns.zero import ZeroReturns
from toolkit.risk_model.model import estimate
from toolkit.strategy.decode import decode_strategy

NAMES = ("gallium", "tungsten", "tungsten_bar", "BRK-B", "gold")
ELEMENTS = ("Ga", "W", "W", None, "Au")
LOADINGS = np.array([[1.0], [0.8], [0.9], [0.2], [0.1]])
FORM = StructuredCovariance(
    ("f",), LOADINGS, np.array([[0.04]]), np.array([0.05, 0.04, 0.06, 0.02, 0.01]), np.full((5, 1), np.nan)
)
SIGMA = LOADINGS @ LOADINGS.T * 0.04 + np.diag(FORM.specific_var)


def inputs_of(changes: np.ndarray, **known) -> CovarianceInputs:
    days = tuple(date(2000 + t // 12, t % 12 + 1, 28) for t in range(len(changes)))
    increments = Returns.exact(days, NAMES, changes)
    return CovarianceInputs(
        increments,
        increments,
        NAMES,
        ("other",) * 5,
        (),
        np.zeros(changes.shape),
        lambda: np.diag(SIGMA),
        12.0,
        elements=ELEMENTS,
        **known,
    )


INPUTS = inputs_of(
    np.random.default_rng(0).normal(0.01, 0.05, (48, 5)), pressure={"gallium": 1.0, "tungsten": 3.0, "gold": 0.0}
)


def believe(**data):
    return ViewsReturns.model_validate(data).estimate(INPUTS, FORM)


def strategy(returns: dict):
    about = {"title": "T", "idea": "I", "source": "S"}
    data = {"about": about, "objective": {"kind": "max_utility"}, "forecast": {"returns": returns}}
    return decode_strategy(data, name="x", file="x.toml")


# Expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gallium", ((1.0, "gallium"),)),
        ("gallium - germanium", ((1.0, "gallium"), (-1.0, "germanium"))),
        ("- 0.5 * W + 2*gold", ((-0.5, "W"), (2.0, "gold"))),
        ("  .25 * BRK-B  -  Gold LBMA + 600111.SS ", ((0.25, "BRK-B"), (-1.0, "Gold LBMA"), (1.0, "600111.SS"))),
    ],
)
def test_a_sum_of_names_is_read(text, expected):
    assert terms(text) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "gold -", "+", "gold - - silver", "2 * 3 * gold", "gold * 2", "* gold", "1.2.3 * gold"]
)
def test_what_is_not_a_sum_is_refused(text):
    with pytest.raises(ValueError, match="must be a sum such as"):
        terms(text)


def test_an_element_is_the_mean_of_its_products_and_a_key_goes_first():
    universe = labelled(INPUTS)
    assert portfolio("2 * W - BRK-B", universe, "view").tolist() == [0, 1, 1, -1, 0]
    assert portfolio("tungsten - W", universe, "view").tolist() == [0, 0.5, -0.5, 0, 0]


def test_names_of_nothing_and_sums_of_nothing_are_the_users_to_mend():
    with pytest.raises(SpecError, match="view 'galium - gold': 'galium' is neither") as refused:
        believe(views=[{"expression": "galium - gold", "value": 0.1, "error": 0.1}])
    assert "'gallium'" in refused.value.hint
    with pytest.raises(SpecError, match="cancels"):
        believe(views=[{"expression": "gold - Au", "value": 0.1, "error": 0.1}])


# Decoding


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        ({"kind": "equilibrum"}, "not a known kind"),
        ({"kind": "equilibrium", "risk_aversion": 0}, "must be above 0"),
        ({"kind": "equilibrium", "weights": {"gold": -1}}, "must be at least 0"),
        ({"kind": "equilibrium", "weights": {}}, "at least 1"),
        ({"kind": "views"}, "needs `views` or `control_pressure`"),
        ({"kind": "views", "views": [{"expression": "gold", "value": 0.1}]}, "exactly one of"),
        ({"kind": "views", "views": [{"expression": "gold", "value": 0.1, "error": 0.1, "confidence": 0.5}]}, "exactly one of"),
        ({"kind": "views", "views": [{"expression": "gold -", "value": 0.1, "error": 0.1}]}, "must be a sum such as"),
        ({"kind": "views", "views": [{"expression": "gold", "value": 0.1, "error": -0.1}]}, "must be at least 0"),
        ({"kind": "views", "control_pressure": {"premium": 0.02, "error": 0}}, "must be above 0"),
        ({"kind": "views", "control_pressure": {"premium": 0.02, "error": 0.1}, "prior": {"kind": "historical"}}, "known kind"),
        ({"kind": "historical", "shrinkage": "james_stein"}, 'must be "bayes_stein" or a number'),
        ({"kind": "historical", "shrinkage": 1.5}, "must be at most 1"),
        ({"kind": "equilibrium", "weights": "equl"}, 'must be "equal" or a table'),
    ],
)
def test_faults_of_a_strategy_are_told(returns, message):
    with pytest.raises(SpecError, match=r"forecast\.returns") as refused:
        strategy(returns)
    assert message in str(refused.value)


def test_every_kind_survives_canonical_json_and_tells_its_defaults():
    adapter = TypeAdapter(ReturnsSpec)
    kinds = {
        "zero": {},
        "historical": {"shrinkage": 0.3},
        "equilibrium": {"weights": {"W": 2.0, "gold": 1.0}, "tau": 0.05},
        "views": {
            "prior": {"kind": "zero", "tau": 0.1},
            "views": [{"expression": "gallium - gold", "value": 0.05, "confidence": 0.5}],
            "control_pressure": {"premium": 0.02, "error": 0.1},
        },
    }
    for kind, data in kinds.items():
        spec = strategy({"kind": kind, **data}).forecast.returns
        dumped = strategy({"kind": kind, **data}).canonical()["forecast"]["returns"]
        assert adapter.validate_python(dumped) == spec
    assert dumped["prior"] == {"kind": "zero", "tau": 0.1}
    assert strategy({"kind": "equilibrium"}).canonical()["forecast"]["returns"]["risk_aversion"] == 2.5
    assert (
        strategy({"kind": "equilibrium"}).fingerprint != strategy({"kind": "equilibrium", "weights": {"gold": 1}}).fingerprint
    )


# Equilibrium


def test_equal_weights_are_called_a_convention_and_tau_is_one_over_the_years():
    found = EquilibriumReturns(risk_aversion=3).estimate(INPUTS, FORM)
    assert found.mean == pytest.approx(3 * SIGMA.mean(axis=1))
    assert found.covariance == pytest.approx(SIGMA / 4)
    (note,) = found.notes
    assert "risk aversion 3 " in note
    assert "no metal has a market capitalisation" in note
    assert "tau = 0.250, one over the 4.0 years" in note


def test_the_years_of_the_median_asset_count():
    changes = np.zeros((48, 5))
    changes[:24, :2] = np.nan
    changes[:36, 2] = np.nan
    found = EquilibriumReturns().estimate(inputs_of(changes), FORM)
    assert found.covariance == pytest.approx(SIGMA / 2)


def test_weights_given_are_scaled_and_those_of_an_element_are_shared():
    found = EquilibriumReturns(weights={"W": 30.0, "gold": 70.0}, tau=0.1).estimate(INPUTS, FORM)
    assert found.mean == pytest.approx(2.5 * SIGMA @ [0, 0.15, 0.15, 0, 0.7])
    assert "zero for gallium, BRK-B" in found.notes[0]
    assert "tau = 0.1, given" in found.notes[0]
    with pytest.raises(SpecError, match="'glod' is neither") as refused:
        EquilibriumReturns(weights={"glod": 1}).estimate(INPUTS, FORM)
    assert "'gold'" in refused.value.hint
    with pytest.raises(SpecError, match="every weight is zero"):
        EquilibriumReturns(weights={"gold": 0.0}).estimate(INPUTS, FORM)


def test_the_optimum_under_equilibrium_returns_is_the_portfolio_they_came_from():
    weights = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    found = EquilibriumReturns(risk_aversion=4, weights=dict(zip(NAMES, weights, strict=True))).estimate(INPUTS, FORM)
    assert np.linalg.solve(4 * SIGMA, found.mean) == pytest.approx(weights)


# Views


def test_absolute_and_relative_views_move_what_they_speak_of_and_what_moves_with_it():
    found = believe(views=[{"expression": "gallium", "value": 0.30, "error": 0.05}])
    before = EquilibriumReturns().estimate(INPUTS, FORM)
    moved = found.mean - before.mean
    assert moved.argmax() == 0
    assert (moved > 0).all()
    relative = believe(views=[{"expression": "gallium - tungsten", "value": 0.30, "error": 0.05}])
    assert (relative.mean - before.mean)[0] > 0 > (relative.mean - before.mean)[1]


def test_notes_print_prior_views_errors_and_what_moved_most():
    found = believe(
        views=[
            {"expression": "gallium - gold", "value": 0.20, "error": 0.05},
            {"expression": "BRK-B", "value": 0.05, "confidence": 0.0},
        ]
    )
    prior, first, second, after = found.notes
    assert prior.startswith("Equilibrium returns")
    row = np.array([1, 0, 0, 0, -1.0])
    before = 100 * row @ EquilibriumReturns().estimate(INPUTS, FORM).mean
    assert f"+20.0 % a year, give or take 5.0 points: {before:+.1f} % before the views" in first
    assert f"{100 * row @ found.mean:+.1f} % after" in first
    assert "gallium most, by +" in first
    assert "without any confidence" in second
    assert "moves nothing" in second
    errors = 100 * np.sqrt(np.diag(found.covariance))
    assert f"standard errors of {errors.min():.1f} to {errors.max():.1f} percentage points" in after


def test_a_prior_of_zero_is_moved_by_views_alone():
    found = believe(prior={"kind": "zero", "tau": 0.5}, views=[{"expression": "gold", "value": 0.06, "confidence": 0.5}])
    assert found.mean[4] == pytest.approx(0.03)
    assert found.mean == pytest.approx(0.03 * SIGMA[:, 4] / SIGMA[4, 4])
    assert "every expected return is zero" in found.notes[0]


def test_certain_views_may_repeat_themselves_but_not_contradict_each_other():
    once = {"expression": "gallium - gold", "value": 0.1, "error": 0.0}
    again = {"expression": "gold - gallium", "value": -0.1, "confidence": 1.0}
    assert believe(views=[once, again]).mean == pytest.approx(believe(views=[once]).mean)
    assert believe(views=[once, again]).covariance == pytest.approx(believe(views=[once]).covariance)
    with pytest.raises(SpecError, match="contradict each other") as refused:
        believe(views=[once, {"expression": "BRK-B", "value": 0.1, "error": 0.0}, {**again, "value": 0.1}])
    assert "'gallium - gold' and 'gold - gallium'" in refused.value.message
    assert "confidence" in refused.value.hint


def test_a_certain_spread_of_what_always_moves_together_is_refused():
    twins = replace(FORM, loadings=np.ones((5, 1)), specific_var=np.zeros(5))
    spec = ViewsReturns.model_validate({"views": [{"expression": "gallium - gold", "value": 0.1, "error": 0.0}]})
    with pytest.raises(SpecError, match="always move together"):
        spec.estimate(INPUTS, twins)


# Views from control pressure


def test_control_pressure_makes_one_standardised_view_a_metal():
    found = believe(prior={"kind": "zero", "tau": 10.0}, control_pressure={"premium": 0.02, "error": 1e-6})
    # Pressures 1, 3 and 0 of gallium, tungsten and gold: against their mean, in standard deviations.
    score = (np.array([1.0, 3.0, 0.0]) - 4 / 3) / np.std([1.0, 3.0, 0.0])
    known = found.mean[[0, 1, 4]]
    assert known - known.mean() == pytest.approx(0.02 * score, abs=1e-6)
    assert any("your hypothesis and not an estimate" in note for note in found.notes)
    assert any("known for tungsten_bar, BRK-B: no view" in note for note in found.notes)


def test_the_errors_of_its_views_are_independent():
    """With twice the metals at the same pressures, what divides the pressed from the others is twice as sure."""
    pressed = {"prior": {"kind": "zero"}, "control_pressure": {"premium": 0.02, "error": 0.3}}
    spec, plain = ViewsReturns.model_validate(pressed), replace(FORM, loadings=np.zeros((5, 1)), specific_var=np.full(5, 0.04))
    two = spec.estimate(replace(INPUTS, pressure={"gallium": 0.0, "gold": 2.0}), plain)
    four = spec.estimate(replace(INPUTS, pressure={"gallium": 0.0, "tungsten": 0.0, "BRK-B": 2.0, "gold": 2.0}), plain)
    pair, pairs = np.array([-1.0, 0, 0, 0, 1]), np.array([-0.5, -0.5, 0, 0.5, 0.5])
    assert pairs @ four.mean == pytest.approx(pair @ two.mean)
    assert pairs @ four.covariance @ pairs == pytest.approx(0.5 * pair @ two.covariance @ pair)


def test_it_says_nothing_of_the_level_of_returns():
    flat = replace(FORM, loadings=np.zeros((5, 1)), specific_var=np.full(5, 0.04))
    spec = ViewsReturns.model_validate({"control_pressure": {"premium": 0.02, "error": 0.001}})
    found, before = spec.estimate(INPUTS, flat), EquilibriumReturns().estimate(INPUTS, flat)
    level = np.array([1, 1, 0, 0, 1]) / 3
    assert level @ found.mean == pytest.approx(level @ before.mean)
    assert level @ found.covariance @ level == pytest.approx(level @ before.covariance @ level)


def test_stated_views_stand_beside_those_from_control_pressure():
    certain = {"expression": "gallium - gold", "value": 0.07, "error": 0.0}
    found = believe(views=[certain], control_pressure={"premium": 0.02, "error": 0.05})
    alone = believe(views=[certain])
    assert found.mean[0] - found.mean[4] == pytest.approx(0.07)
    assert found.mean[1] != pytest.approx(alone.mean[1], rel=1e-3)


@pytest.mark.parametrize("pressure", [None, {}, {"gold": 1.0}, {"gold": 1.0, "gallium": 1.0}])
def test_pressure_that_says_nothing_makes_no_view(pressure):
    spec = ViewsReturns.model_validate({"control_pressure": {"premium": 0.02, "error": 0.1}})
    found = spec.estimate(replace(INPUTS, pressure=pressure), FORM)
    assert found.mean == pytest.approx(EquilibriumReturns().estimate(INPUTS, FORM).mean)
    assert any("makes no view" in note for note in found.notes)


# Historical


def test_a_weight_given_pulls_to_the_plain_mean():
    raw = HistoricalReturns(shrinkage=0.0).estimate(INPUTS, FORM)
    assert raw.mean == pytest.approx(12 * INPUTS.increments.mean.mean(axis=0))
    assert raw.covariance == pytest.approx(SIGMA / 4)
    half = HistoricalReturns(shrinkage=0.5).estimate(INPUTS, FORM)
    assert half.mean == pytest.approx(0.5 * raw.mean + 0.5 * raw.mean.mean())
    full = HistoricalReturns(shrinkage=1.0).estimate(INPUTS, FORM)
    assert full.covariance == pytest.approx(np.full((5, 5), raw.covariance.mean()))


@pytest.mark.parametrize("shrinkage", [0.2, 0.7])
def test_the_covariance_is_that_of_the_error_under_its_own_prior(shrinkage):
    """Drawn, not derived: true means around a common one, seen with error, shrunk by the weight."""
    rng = np.random.default_rng(1)
    V, w, size = SIGMA / 4, shrinkage, 200_000
    chol = np.linalg.cholesky(V)
    true = 0.05 + np.sqrt((1 - w) / w) * rng.standard_normal((size, 5)) @ chol.T
    seen = true + rng.standard_normal((size, 5)) @ chol.T
    error = (1 - w) * seen + w * seen.mean(axis=1, keepdims=True) - true
    found = HistoricalReturns(shrinkage=shrinkage).estimate(INPUTS, FORM)
    assert found.covariance == pytest.approx(np.cov(error.T), rel=0.02, abs=2e-4)


def test_means_share_the_error_of_the_periods_they_share():
    changes = np.random.default_rng(2).normal(0, 0.05, (48, 5))
    changes[24:, 0] = np.nan
    changes[:24, 1] = np.nan
    changes[:36, 4] = np.nan
    found = HistoricalReturns(shrinkage=0.0).estimate(inputs_of(changes), FORM)
    years = np.array([2, 2, 4, 4, 1])
    assert np.diag(found.covariance) == pytest.approx(np.diag(SIGMA) / years)
    assert found.covariance[0, 1] == 0.0
    assert found.covariance[0, 2] == pytest.approx(SIGMA[0, 2] * 2 / (2 * 4))
    assert found.covariance[1, 4] == pytest.approx(SIGMA[1, 4] * 1 / (2 * 1))


def test_the_error_of_a_mean_is_of_its_own_history_whatever_the_forecast_of_volatility():
    loud = replace(FORM, factor_cov=FORM.factor_cov * 9, specific_var=FORM.specific_var * 9)
    for shrinkage in (0.0, "bayes_stein"):
        spec = HistoricalReturns(shrinkage=shrinkage)
        assert spec.estimate(INPUTS, loud).covariance == pytest.approx(spec.estimate(INPUTS, FORM).covariance)


def test_bayes_stein_shrinks_alike_means_fully_and_far_ones_hardly():
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((48, 5))
    noise = 0.05 * (noise - noise.mean(axis=0))
    alike = HistoricalReturns().estimate(inputs_of(noise + 0.01), FORM)
    assert alike.mean == pytest.approx(np.full(5, 0.12))
    apart = np.array([0.3, -0.3, 0.2, -0.2, 0.0])
    found = HistoricalReturns().estimate(inputs_of(noise + apart), FORM)
    assert found.mean == pytest.approx(12 * apart, rel=0.02, abs=0.03)


def test_one_asset_keeps_its_own_mean_and_error():
    one = replace(INPUTS, assets=("gold",), groups=("other",), elements=("Au",), read_variance=lambda: INPUTS.variance[4:])
    form = replace(FORM, loadings=LOADINGS[4:], specific_var=FORM.specific_var[4:])
    found = HistoricalReturns().estimate(one, form)
    assert found.mean == pytest.approx(12 * INPUTS.increments.mean[:, 4].mean())
    assert found.covariance == pytest.approx(SIGMA[4:, 4:] / 4)


def test_a_singular_covariance_cannot_say_how_far_to_shrink():
    singular = replace(FORM, specific_var=np.zeros(5))
    with pytest.raises(GapError, match="singular") as refused:
        HistoricalReturns().estimate(INPUTS, singular)
    assert "shrinkage" in refused.value.hint
    assert np.isfinite(HistoricalReturns(shrinkage=0.5).estimate(INPUTS, singular).covariance).all()


# In the forecast and the proposal


def test_a_proposal_hands_the_ledgers_pressure_to_the_views():
    setting = "forecast.returns.control_pressure.premium"
    held = {}
    for premium in ("0.0", "0.05"):
        request = Request("control-pressure-views", context(date(2026, 11, 24)), overrides=(f"{setting}={premium}",))
        record = optimize(request).record.to_json()
        held[premium] = {position["asset"]: position["weight"] for position in record["positions"]}
        assert any("View from control pressure" in warning and "11 assets" in warning for warning in record["notes"])
    # Tungsten and antimony are under the most measures, gold and platinum under none.
    assert held["0.05"].get("antimony", 0.0) > held["0.0"].get("antimony", 0.0)
    assert held["0.05"].get("gold", 0.0) < held["0.0"].get("gold", 0.0)


@pytest.mark.parametrize(
    "returns",
    [
        HistoricalReturns(),
        EquilibriumReturns(),
        ViewsReturns.model_validate({"views": [{"expression": "Ga - gold", "value": 0.05, "error": 0.1}]}),
        ViewsReturns.model_validate({"control_pressure": {"premium": 0.02, "error": 0.1}}),
    ],
    ids=lambda spec: spec.kind,
)
def test_a_forecast_carries_the_mean_its_uncertainty_and_its_notes(arguments, returns):
    pressure = {"gallium": 1.0, "tungsten": 3.0, "gold": 0.0}
    found = estimate(**arguments, covariance=FactorCovariance(), returns=returns, pressure=pressure)
    assert found.expected.any()
    assert found.expected_cov is not None
    assert np.linalg.eigvalsh(found.expected_cov).min() > 0
    assert any("standard errors of" in note for note in found.notes)


def test_no_forecast_has_no_uncertainty(arguments):
    assert estimate(**arguments, covariance=FactorCovariance(), returns=ZeroReturns()).expected_cov is None
