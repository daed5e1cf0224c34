"""The words of a worth, shared with the report, and the object of an explanation by independent arithmetic."""

import functools
from datetime import date

import numpy as np
import pytest

from tests.records import partial, partial_findings
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.explain import explanation
from toolkit.app.optimize import optimize
from toolkit.records.limits import Objective
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.measures import in_words, worth
from toolkit.report.topics.limits import limits

DAY = date(2026, 10, 2)


def asked(strategy, *overrides):
    return optimize(Request(strategy=strategy, context=Context(resolve({}, file=None), DAY), overrides=overrides))


@pytest.fixture(scope="module")
def basket():
    result = asked("physical-basket")
    return result, explanation(result).to_json()


def test_a_worth_in_each_unit():
    euros = lambda amount: f"{amount:,.0f} EUR"  # noqa: E731
    told = functools.partial(partial, Objective)
    cost = {"kind": "min_risk", "unit": "cost", "risk_aversion": 5.0}
    units = lambda gain: {key: value for key, value in gain if value not in (None, "")}  # noqa: E731
    assert units(worth(told(cost), 0.2, 0.001)) == {"volatility": 0.001, "cost": 0.001}
    assert (
        in_words(worth(told(cost), 0.2, 0.001), euros, 50_000, Language())
        == "50 EUR a year, as much as 0.10 points less volatility"
    )
    assert in_words(worth(told(cost), 0.2, 2e-5), euros, 50_000, Language()) == "1 EUR a year"
    assert in_words(worth(told(cost), 0.0, 0.001), euros, 50_000, Language()) == "50 EUR a year"
    variance = {"kind": "min_risk", "unit": "variance", "risk_aversion": None}
    assert in_words(worth(told(variance), 0.2, 0.0012), euros, 1, Language()) == "0.30 points less volatility"
    assert in_words(worth(told(variance), 0.0, 0.0012), euros, 1, Language()) is None
    assert (
        in_words(worth(told({"kind": "max_ratio", "unit": "ratio"}), 0.2, 0.0123), euros, 1, Language())
        == "0.012 more of the ratio"
    )
    assert (
        in_words(worth(told({"kind": "max_return", "unit": "return"}), 0.2, 0.002), euros, 1, Language())
        == "0.20 points more return a year"
    )
    tail = in_words(worth(told({**variance, "measure": "cvar"}), 0.2, 0.002), euros, 1, Language())
    assert tail == "0.20 points less average loss of the worst outcomes (CVaR)"
    assert units(worth(told({**variance, "measure": "volatility"}), 0.2, 0.002)) == {"volatility": 0.002}
    assert units(worth(told({**cost, "measure": "cvar"}), 0.2, 0.002)) == {"cost": 0.002}
    track = {"kind": "track", "unit": "distance"}
    assert in_words(worth(told(track), 0.05, 0.0001), euros, 1, Language()) == "0.10 points less tracking error"
    assert in_words(worth(told({"kind": "risk_parity", "unit": "distance"}), 0.2, 0.1), euros, 1, Language()) is None


@pytest.mark.parametrize("strategy", ["can-be-sold", "minimum-risk", "ex-china"])
def test_report_and_terminal_word_a_price_alike(strategy):
    record = asked(strategy).record.to_json()
    run = partial_findings(record)
    figure = limits.build(run)[0]
    told = {row.cells[0][0].text: "".join(span.text for span in row.cells[-1]) for row in figure.body[0].rows}
    compared = 0
    for c in record["constraints"]:
        if c["value"] is None or not c["binding"] or 0.01 * c["shadow_price"] < 1e-4:
            continue
        gain = worth(run.proposal.objective, record["relaxed"]["volatility"], 0.01 * c["shadow_price"])
        assert in_words(gain, run.money, record["budget"], run.say) == told[c["name"]]
        compared += 1
    assert compared


def test_slopes_of_holdings_add_up_by_euler(basket):
    result, told = basket
    rows = told["holdings"]
    assert [row["asset"] for row in rows] == [position["asset"] for position in result.record.to_json()["positions"]]
    weights = np.array([row["weight"] for row in rows])
    risk = np.array([row["from_cash"]["volatility"] for row in rows])
    volatility = result.record.to_json()["risk"]["volatility"]
    assert weights @ risk == pytest.approx(volatility)
    assert weights * risk / volatility == pytest.approx(
        [result.record.to_json()["risk_contributions"][row["asset"]] for row in rows]
    )
    assert weights @ [row["from_cash"]["cost"] for row in rows] == pytest.approx(result.record.to_json()["costs"]["annualised"])
    for row in rows:
        parts = row["from_cash"]
        assert parts["objective"] == pytest.approx(
            parts["objective_risk"] + parts["objective_cost"] + parts["objective_reward"]
        )
        assert parts["objective_risk"] == pytest.approx(6.0 * volatility * parts["volatility"])
        assert row["funded_by"] == "cash"


def test_what_moves_with_a_limit_pays_its_price(basket):
    """The price is risk at its price plus cost, both as they move: 0.01 more room of each limit that binds."""
    result, told = basket
    binding = [limit for limit in told["limits"] if limit["binding"]]
    assert {limit["name"] for limit in binding} == {c["name"] for c in result.record.to_json()["constraints"] if c["binding"]}
    prices = {c["name"]: c["shadow_price"] for c in result.record.to_json()["constraints"]}
    relaxed = np.array([pair["divisible"] for pair in told["rounding"]["weights"].values()])
    volatility = np.sqrt(result.prepared.problem.forecast.variance(relaxed))
    for limit in binding:
        moves = limit["moves"]
        assert moves["method"] == "derivative"
        assert limit["price"] == pytest.approx(prices[limit["name"]], rel=1e-4, abs=1e-7)
        assert limit["price"] == pytest.approx(-6.0 * volatility * moves["volatility"] - moves["cost"], rel=1e-5, abs=1e-6)
        assert sum(moves["weights"].values()) + moves["cash"] == pytest.approx(0, abs=1e-9)
        assert limit["worth"]["cost"] == pytest.approx(0.01 * limit["price"])
    free = [limit for limit in told["limits"] if not limit["binding"]]
    assert all(limit["moves"] is None and limit["worth"] is None and limit["room"] > 0 for limit in free)


def test_rounding_shows_both_portfolios_and_never_a_better_objective(basket):
    result, told = basket
    rounding = told["rounding"]
    for side in ("divisible", "lots"):
        assert sum(pair[side] for pair in rounding["weights"].values()) + rounding["cash"][side] == pytest.approx(1)
    assert rounding["objective"]["lots"] >= rounding["objective"]["divisible"]
    assert rounding["objective"]["lots"] == result.record.to_json()["objective"]["value"]
    assert rounding["volatility"]["lots"] == pytest.approx(result.record.to_json()["risk"]["volatility"], rel=1e-6)


def test_counts_of_bets_are_ordered_and_in_range(basket):
    bets = basket[1]["bets"]
    for count in ("effective_holdings", "effective_risks", "effective_bets"):
        assert 1 < bets[count] <= bets["holdings"]


def test_a_strategy_that_names_its_shares_of_risk_has_no_prices_and_equal_risks():
    told = explanation(asked("risk-parity")).to_json()
    assert told["bets"]["effective_risks"] == pytest.approx(told["bets"]["holdings"], rel=1e-6)
    assert all(limit["price"] is None and limit["worth"] is None for limit in told["limits"])
    assert told["risk_aversion"] is None
    assert told["rounding"] is None
    assert all(row["funded_by"] == "others" for row in told["holdings"])
    swaps = [row["weight"] * (1 - row["weight"]) * row["from_others"]["volatility"] for row in told["holdings"]]
    assert sum(swaps) == pytest.approx(0, abs=1e-9)


def test_without_a_price_of_cost_the_risk_aversion_is_not_told():
    assert explanation(asked("minimum-risk")).to_json()["risk_aversion"] is None
    utility = explanation(asked("control-pressure-views")).to_json()["risk_aversion"]
    assert utility["valid_from"] < utility["at"] < utility["valid_to"]
