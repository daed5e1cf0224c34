"""A strategy of the assets that are there on a day."""

import pytest

import toolkit as tk
from toolkit.strategy.without import from_cash, without

ABSENT = {"X", "Y"}
LEAST = tk.MinRisk()


def less(**parts):
    return without(tk.Strategy(**{"objective": LEAST, **parts}), ABSENT)


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (tk.Bounds(["X", "A"], upper=0.1), ("A",)),
        (tk.Group(["X"], groups=["metals"], upper=0.1), ()),
        (tk.Group(["X", "Y"], upper=0.1), None),
        (tk.Bounds(["Y"], lower=0.1), None),
        (tk.Cardinality(lower=1, assets=["X", "A"]), ("A",)),
    ],
)
def test_a_limit_speaks_of_the_assets_that_are_there_and_goes_with_its_last(limit, left):
    kept = [one for one in less(constraints=[limit, tk.FullyInvested()]).constraints if one.kind == limit.kind]
    assert [one.assets for one in kept] == ([] if left is None else [left])


@pytest.mark.parametrize(
    ("expression", "left"),
    [("A + 2 * X <= 0.3", "A <= 0.3"), ("X - Y <= 0.3", None), ("X >= cash - 0.1", "0 >= cash - 0.1"), ("A >= X", "A >= 0")],
)
def test_what_is_absent_is_zero_in_an_expression(expression, left):
    kept = [one.expression for one in less(constraints=[tk.Linear(expression)]).constraints if one.kind == "linear"]
    assert kept == ([] if left is None else [left])


def test_values_by_name_lose_what_is_absent_and_a_target_that_has_no_other_stays():
    assert less(objective=tk.RiskParity(budgets={"X": 2, "A": 3})).objective.budgets == {"A": 3}
    assert less(objective=tk.Track({"X": 0.5, "A": 0.2})).objective.target == {"A": 0.2}
    assert less(objective=tk.Track({"X": 0.5})).objective.target == {"X": 0.5}


def test_costs_and_places_of_what_is_absent_are_left_out():
    sites = [tk.SiteSpec(name="far", fee=9, assets=["X"]), tk.SiteSpec(name="near", fee=1)]
    vat = tk.VatSpec(state="paid", rate=0.1, rates={"X": 0.2})
    found = less(costs=tk.CostsSpec(spreads={"X": 0.01, "A": 0.02}, sites=sites, vat=vat)).costs
    assert (found.spreads, [site.name for site in found.sites], found.vat.rates) == ({"A": 0.02}, ["near"], {})


def test_views_on_what_is_absent_are_left_out():
    views = [{"expression": name, "value": 0.1, "confidence": 0.5} for name in ("A - X", "A")]
    one, other = (tk.ForecastSpec(returns=tk.ViewsReturns(views=views[:n])) for n in (2, 1))
    assert [view.expression for view in less(forecast=one).forecast.returns.views] == ["A"]
    assert less(forecast=other).forecast.returns.kind == "equilibrium"
    found = less(views=[tk.ViewSpec(expression=name, mean=0.1) for name in ("A - X", "A")])
    assert [view.expression for view in found.views] == ["A"]


def test_a_shock_that_moves_nothing_else_goes_with_what_is_said_of_it():
    shocks = [tk.ShockSpec(name="stop", returns={"X": -0.5, "A": 0.1}), tk.ShockSpec(name="law", control="CHN", assets=["X"])]
    found = less(
        scenarios=shocks,
        views=[tk.ViewSpec(scenario=name, probability=0.1) for name in ("stop", "law")],
        constraints=[tk.ScenarioLoss(name, upper=0.2) for name in ("stop", "law")],
    )
    assert [(shock.name, shock.returns) for shock in found.scenarios] == [("stop", {"A": 0.1})]
    assert [view.scenario for view in found.views] == ["stop"]
    assert [limit.scenario for limit in found.constraints if limit.kind == "scenario_loss"] == ["stop"]


def test_limits_on_what_is_held_begin_when_something_is():
    limits = [tk.Turnover(upper=0.1), tk.NoTrade(), tk.TrackingError("held", upper=0.1), tk.Bounds(upper=0.5)]
    kept = from_cash(tk.Strategy(objective=LEAST, constraints=limits)).constraints
    assert [one.kind for one in kept] == ["bounds", "fully_invested"]
