"""The section on limits: every kind in its own unit, soft limits apart from broken ones, prices per point of that unit."""

from __future__ import annotations

import copy
import math

import pytest

from tests.records import partial_findings
from toolkit.report.i18n.measures import measure_words
from toolkit.report.i18n.text import plain
from toolkit.report.topics.allocation import answer
from toolkit.report.topics.limits import limits

VARIANCE = {"kind": "min_risk", "unit": "variance", "risk_aversion": None, "measure": "variance", "value": 0.04}


def limited(records, *changes, objective=VARIANCE, **risk):
    """The normal run with its limits replaced, which hold at the last prices; one not described is an upper one with room."""
    record = copy.deepcopy(records["normal"])
    first = record["constraints"][0]
    bare = {"side": "upper", "binding": False, "shadow_price": 0.0, "where": "", "measure": None, "days": None}
    record["constraints"] = [
        {**first, **bare, "slack": (change["limit"] - change["value"]) * (-1 if change.get("side") == "lower" else 1), **change}
        for change in changes
    ]
    record["objective"] = {**record["objective"], **objective}
    record["risk"] |= risk
    record["at_last_prices"] = {**record["at_last_prices"], "limits_broken": []}
    return record


def figure(record):
    (found,) = limits.build(partial_findings(record))
    return found


def cells(record):
    return [plain(cell) for cell in figure(record).body[0].rows[0].cells]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "bounds", "where": "gallium", "value": 0.18, "limit": 0.2}, ["gallium", "at most 20%", "18.0%", "2.0"]),
        ({"kind": "bounds", "where": "Ga", "value": 0.1, "limit": 0.2}, ["gallium", "at most 20%", "10.0%", "10.0"]),
        ({"kind": "country_exposure", "where": "CHN", "value": 0.3, "limit": 0.4}, ["China", "at most 40%", "30.0%", "10.0"]),
        ({"kind": "currency_exposure", "where": "USD", "value": 0.3, "limit": 0.4}, ["USD", "at most 40%", "30.0%", "10.0"]),
        ({"kind": "liquidity", "where": "not sold within 7 days", "days": 7.0, "value": 0.5, "limit": 0.6},
         ["not sold within 7 days", "at most 60%", "50.0%", "10.0"]),
        ({"kind": "turnover", "where": "turnover", "value": 0.1, "limit": 0.15}, ["turnover", "at most 15%", "10.0%", "5.0"]),
        ({"kind": "risk_contribution", "where": "technology_metals", "value": 0.5, "limit": 0.6},
         ["technology metals", "at most 60% of risk", "50.0%", "10.0"]),
        ({"kind": "factor_exposure", "where": "base_metals", "value": -0.123, "limit": -0.2, "side": "lower"},
         ["base metals", "at least −0.2", "−0.12", "7.7"]),
        ({"kind": "linear", "where": "gallium + germanium <= 0.3", "value": 0.2, "limit": 0.3},
         ["gallium + germanium <= 0.3", "at most 30%", "20.0%", "10.0"]),
        ({"kind": "scenario_loss", "where": "base_metals falls", "value": 0.2, "limit": 0.25},
         ["base metals falls", "at most 25%", "20.0%", "5.0"]),
        ({"kind": "scenario_loss", "where": "My_Own Scenario", "value": -0.06, "limit": -0.05},
         ["My_Own Scenario", "at most −5%", "−6.0%", "1.0"]),
        ({"kind": "tracking_error", "where": "tracking error a year", "value": 0.04, "limit": 0.05},
         ["tracking error a year", "at most 5% a year", "4.0%", "1.0"]),
        ({"kind": "risk_limit", "measure": "volatility", "value": 0.2, "limit": 0.25},
         ["volatility a year", "at most 25% a year", "20.0%", "5.0"]),
        # The square is told by its root: 0.04 is 20 % of volatility, 0.0625 is 25 %.
        ({"kind": "risk_limit", "measure": "variance", "value": 0.04, "limit": 0.0625},
         ["volatility a year", "at most 25% (variance 0.0625)", "20.0%", "5.0"]),
        ({"kind": "risk_limit", "measure": "semivariance", "value": 0.01, "limit": 0.0225},
         ["deviation below the mean (semideviation)", "at most 15% (semivariance 0.0225)", "10.0%", "5.0"]),
        ({"kind": "risk_limit", "measure": "cvar", "value": 0.3, "limit": 0.35},
         ["average loss of the worst outcomes (CVaR)", "at most 35%", "30.0%", "5.0"]),
        ({"kind": "risk_limit", "measure": "cvar", "value": 0.3, "limit": 0.35, "confidence": 0.9},
         ["average loss of the worst tenth (CVaR 90%)", "at most 35%", "30.0%", "5.0"]),
    ],
)  # fmt: skip
def test_a_limit_is_told_in_its_unit(records, change, told):
    assert cells(limited(records, change))[1:5] == told


def test_a_point_of_a_limit_on_variance_is_a_point_of_volatility(records):
    """Where the objective is the limited variance itself, one more point of volatility allows one more point of it."""
    bound = {"kind": "risk_limit", "measure": "variance", "value": 0.04, "limit": 0.04, "binding": True}
    record = limited(records, {**bound, "shadow_price": 1.0}, volatility=0.2)
    assert cells(record)[-1] == "1.00 points less volatility"


def test_a_price_of_a_loading_is_per_hundredth(records):
    bound = {"kind": "factor_exposure", "where": "energy", "value": 0.5, "limit": 0.5, "binding": True, "shadow_price": 0.08}
    assert cells(limited(records, bound, volatility=0.2))[-1] == "0.20 points less volatility (per hundredth of a loading)"


def test_the_price_of_a_limit_on_tracking_is_tracking_error(records):
    bound = {"kind": "bounds", "value": 0.2, "limit": 0.2, "binding": True, "shadow_price": 0.01}
    track = {"kind": "track", "unit": "distance", "value": 0.05**2, "measure": None}
    assert cells(limited(records, bound, objective=track))[-1] == "0.10 points less tracking error"


def test_another_measure_is_named_in_words(records):
    bound = {"kind": "bounds", "value": 0.2, "limit": 0.2, "binding": True, "shadow_price": 0.4}
    record = limited(records, bound, objective={**VARIANCE, "unit": "measure", "measure": "cvar"})
    assert cells(record)[-1] == "0.40 points less average loss of the worst outcomes (CVaR)"
    assert "The objective is the average loss of the worst outcomes (CVaR)." in plain(figure(record).source)


def test_a_soft_limit_gives_way_and_is_not_called_broken(records):
    soft = {
        "kind": "group",
        "name": "soft one",
        "value": 0.43,
        "limit": 0.4,
        "soft": 0.05,
        "binding": True,
        "shadow_price": 0.05,
    }
    hard = {"kind": "bounds", "name": "hard one", "value": 0.2, "limit": 0.25}
    record = limited(records, soft, hard)
    assert plain(figure(record).title) == "One soft limit gives way at its price: soft one; the other limit holds"
    assert cells(record)[2:5] == ["at most 40% if the price allows", "▲ 43.0%", "−3.0"]
    assert "In whole lots not every limit can be kept: soft one" in plain(answer.build(partial_findings(record))[1].text)
    record["constraints"][0]["soft"] = None
    assert plain(figure(record).title) == "One limit of two is broken: soft one"


def test_a_limit_that_asks_for_a_gain_has_no_gauge(records):
    change = {"kind": "scenario_loss", "where": "x", "value": -0.06, "limit": -0.05}
    assert figure(limited(records, change)).body[0].rows[0].gauge is None
    square = {"kind": "risk_limit", "measure": "variance", "value": 0.04, "limit": 0.16}
    gauge = figure(limited(records, square, volatility=0.2)).body[0].rows[0].gauge
    assert gauge == pytest.approx(math.sqrt(0.04 / 0.16))


def test_a_number_of_holdings_says_how_many_there_are(records):
    record = limited(records, {"kind": "bounds", "value": 0.1, "limit": 0.2})
    few = {"name": "few metals", "kind": "cardinality", "value": 3.0, "limit": 5.0, "slack": 2.0, "binding": False}
    record["constraints"].append({**record["constraints"][0], **few, "shadow_price": None, "shadow_price_less": None})
    (table,) = figure(record).body
    assert [plain(cell) for cell in table.rows[-1].cells] == ["few metals", "", "at most 5", "3", "2", "–"]


@pytest.mark.parametrize(
    ("name", "confidence", "words"),
    [
        ("cvar", 0.95, "average loss of the worst twentieth (CVaR 95%)"),
        ("cdar", 0.9, "average fall from a peak in the worst tenth (CDaR 90%)"),
        ("evar", 0.975, "entropic bound on the loss of the worst 2.5% (EVaR 97.5%)"),
        ("worst_case", 0.95, "loss in the worst scenario"),
        ("my_measure", None, "my measure"),
    ],
)
def test_measures_in_words(name, confidence, words):
    assert measure_words(name, confidence) == words


@pytest.mark.parametrize(("less", "told"), [(0.2, True), (0.1, False), (None, False)])
def test_a_price_of_more_room_only_says_so(records, less, told):
    change = {"name": "twice", "value": 0.3, "limit": 0.3, "binding": True, "shadow_price": 0.1, "shadow_price_less": less}
    assert ("less room costs more" in plain(figure(limited(records, change)).source)) == told
