"""Every shipped strategy: decodes, says its idea and what would refute it, runs, and its books close."""

import functools
from datetime import date
from pathlib import Path

import pytest

from tests.once import once
from toolkit.app.allocation.inputs import load_inputs
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.optimize import optimize
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.objectives import objective_kinds
from toolkit.records.reading import read_run
from toolkit.strategy.decode import load_strategy

FOLDER = Path(__file__).resolve().parents[2] / "strategies"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
ON_BUNDLED = [name for name in NAMES if name != "listed-proxies"]
"""Of listed instruments the bundle has no price: tests/system/test_fetch_command.py runs their strategy on a store."""
OF_HOLDINGS = {"turnover", "no_trade", "buy_only", "no_buy", "no_sell", "keep_at_least"}
"""Limits on trades of what is held: shipped strategies also start from nothing."""
OF_LISTED = {"gross", "net"}
"""Limits on short positions and borrowed money: the bundled products are metal, which cannot be sold short."""
OF_FRONTIERS = {"expected_return"}
"""The floor that a frontier moves: shipped strategies weigh return against risk by a price, or ask for most within a limit."""
NOW, EARLIER = date(2026, 11, 24), date(2025, 6, 30)
ON_WHAT_WAS_KNOWN = ("control-pressure-views", "origin-at-a-premium", "physical-basket", "us-ban-returns")
"""Strategies whose views, scenarios and offers follow from the law of the day: they run on an earlier one too."""
BRIEF = "solver.time_limit=0.1"
"""Less work on whole lots than by default: what is held against is true of every answer, not of the best alone."""


@functools.cache
def context(day):
    return Context(resolve({}), day)


@once
def proposed(name, day=NOW, *settings):
    return optimize(Request(str(FOLDER / f"{name}.toml"), context(day), (BRIEF, *settings))).record.to_json()


@pytest.mark.parametrize("name", ON_BUNDLED)
def test_what_has_the_mean_of_a_year_alone_is_held_only_where_it_is_named(name):
    """Hafnium, rhenium and the oxides of rare earths: their mean of last year is no price that one could buy at."""
    snapshot = context(NOW).snapshot
    yearly = {*snapshot["prices_annual"]["asset"]} - {*snapshot["prices"]["asset"]}
    strategy = load_strategy(FOLDER / f"{name}.toml")
    named = {*strategy.universe.assets} if isinstance(strategy.universe.assets, tuple) else set()
    assert not yearly & {*load_inputs(strategy, context(NOW)).universe.keys} - named


def test_a_product_with_the_mean_of_a_year_can_be_named():
    record = proposed("equal-weight", NOW, 'universe.assets=["gallium", "gold", "hafnium"]')
    row = next(row for row in record["positions"] if row["asset"] == "hafnium")
    assert row["basis"] == "annual_average"
    assert row["price_today_high"] > 3 * row["price"]


def test_the_shipped_set():
    assert {"physical-basket", "minimum-risk", "risk-parity", "ex-china", "equal-weight"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_idea_its_source_and_its_refutation(name):
    about = load_strategy(FOLDER / f"{name}.toml").about
    assert len(about.idea) > 40
    assert len(about.source) > 20
    assert about.refuted_by


FIGURE_WORDS = {
    "volatility": "volatility",
    "growth": ("trails", "returned less"),
    "return_over_volatility": "return over volatility",
    "return_over_tail": "return divided by the mean loss of the worst twentieth",
    "utility": "utility",
    "tail_loss": ("tail loss", "worst tenth"),
    "drawdown": "deepest fall from a high",
    "diversification": "below the weighted mean of its metals' volatilities",
    "unequal_risk": "as unequal as",
    "largest_risk": "one metal brings",
    "largest_tail": "equal part of the basket's loss",
    "group_risk": "share of risk",
}
RIVAL_WORDS = {"equal-weight": "equal weights", "risk-parity": "risk parity", "without robust": "without `robust`"}
NUMBER_WORDS = {0.25: "a quarter", 0.35: "35 %", 0.65: "65 %", 3.0: "three times"}
YEAR_WORDS = {2: ("two years", "24 months"), 3: "three years", 5: "five years"}


@pytest.mark.parametrize("name", NAMES)
def test_what_refutes_it_is_said_in_its_prose_too(name):
    about = load_strategy(FOLDER / f"{name}.toml").about
    prose = " ".join((about.refuted_by or "").split())

    def says(words):
        return any(one in prose for one in ((words,) if isinstance(words, str) else words))

    assert about.refuted
    for one in about.refuted:
        if one.figure is not None:
            assert says(FIGURE_WORDS[one.figure]), one
            assert one.against is None or says(RIVAL_WORDS.get(one.against, one.against)), one
            assert all(says(NUMBER_WORDS[value]) for value in (one.above, one.below) if value is not None), one
        assert not one.years or says(YEAR_WORDS[int(one.years)]), one
        assert one.until is None or says(str(one.until.year)), one


@pytest.mark.parametrize(
    ("name", "day"), [*((name, NOW) for name in ON_BUNDLED), *((name, EARLIER) for name in ON_WHAT_WAS_KNOWN)]
)
def test_it_runs_on_the_bundled_data_and_its_books_close(name, day):
    record = proposed(name, day)
    soft = {term.name for term in load_strategy(FOLDER / f"{name}.toml").constraints if getattr(term, "soft", None)}
    positions, cash = record["positions"], record["cash"]
    assert sum(p["weight"] for p in positions) + cash["weight"] == pytest.approx(1, abs=1e-9)
    spent = sum(p["value"] for p in positions) + cash["value"] + record["costs"]["entry"]
    assert spent == pytest.approx(record["budget"], abs=0.01)
    assert sum(p["cost"] for p in positions) == pytest.approx(record["costs"]["entry"], abs=0.01)
    assert cash["value"] >= -1e-6
    assert record["status"] in ("optimal", "feasible")
    for constraint in record["constraints"]:
        if constraint["slack"] is not None and constraint["name"] not in soft:
            assert constraint["slack"] >= -1e-6, constraint
    assert record["risk"]["volatility"] > 0.03
    read_run(record, name, "")


def test_together_they_use_the_whole_language():
    strategies = [load_strategy(FOLDER / f"{name}.toml") for name in NAMES]
    assert {strategy.objective.kind for strategy in strategies} == set(objective_kinds())
    used = {term.kind for strategy in strategies for term in strategy.constraints}
    assert used == set(constraint_kinds()) - OF_HOLDINGS - OF_LISTED - OF_FRONTIERS


def test_no_holding_decides_more_than_its_part():
    assert max(proposed("no-holding-decides")["risk_contributions"].values()) <= 0.125 + 1e-6


def test_few_holdings_are_few_and_worth_the_trouble():
    held = [position["value"] for position in proposed("few-holdings")["positions"] if position["value"] > 0]
    assert len(held) <= 6
    assert min(held) >= 5000


def test_the_tail_of_the_largest_return_is_at_its_limit():
    tail = proposed("return-under-cvar")["constraints"][0]
    assert tail["binding"]
    assert 0.34 < tail["value"] <= 0.35  # as near as whole lots come


def test_doubt_of_the_scenarios_spreads_the_basket():
    def concentration(*settings):
        return sum(position["weight"] ** 2 for position in proposed("wary-tail", NOW, *settings)["positions"])

    assert concentration() < concentration("objective.ambiguity=0")


def test_a_wary_limit_is_broken_for_less_than_a_hard_one_costs():
    def control(*settings):
        return proposed("wary-tail", NOW, *settings)["constraints"][0]

    hard = control("constraint.under export control.soft=1")
    assert hard["value"] <= 0.30 + 1e-9
    assert control()["value"] > 0.30
    assert control()["shadow_price"] <= hard["shadow_price"]


def test_a_tax_on_metal_is_a_cost_of_entry():
    free, taxed = (proposed("can-be-sold", NOW, f"costs.vat.state={state}") for state in ("customs_warehouse", "paid"))
    assert taxed["costs"]["entry"] > 2 * free["costs"]["entry"]
