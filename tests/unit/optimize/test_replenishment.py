"""Orders over drawn arrivals: against all plans one by one, and against a model written for the test alone."""

import itertools
from dataclasses import replace

import highspy
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.holdings.cover import NEVER, Supply
from toolkit.optimize.replenishment import (
    OrderOffer,
    OrderProblem,
    best_plans,
    largest_order,
    order_plan,
    without_the_unavoidable,
)

RNG = np.random.default_rng(11)
DRAWS = 40


def least_probability(one):
    return one.paths(largest_order(one)).probability


def offer(key, kg, price, lead, *, part=1.0, **more):
    days = np.ceil(lead * np.exp(0.3 * RNG.standard_normal(DRAWS)))
    days[RNG.random(DRAWS) > part] = NEVER
    return OrderOffer(key, kg, price, 0.01 * kg, days, **more)


def problem(**more):
    days = np.column_stack([RNG.integers(5, 60, DRAWS).astype(float), np.full(DRAWS, 20.0)])
    days[:8, 0] = NEVER
    given = {
        "need": np.full(90, 1.0),
        "supply": Supply(25.0, np.array([20.0, 10.0]), days),
        "offers": (
            offer("near", 10.0, 9_000.0, 25, most=3),
            offer("far", 10.0, 5_000.0, 50, part=0.7, most=4),
            offer("kilo", 1.0, 1_200.0, 15, least=5, most=9),
        ),
        "missing_cost": 2_000.0,
        "probability": 0.1,
        "resale": 0.7,
    }
    return OrderProblem(**(given | more))


def every_plan(one):
    return [np.array(lots) for lots in itertools.product(*(
        [0, *range(offered.least, (offered.most or 0) + 1)] for offered in one.offers
    ))]  # fmt: skip


@pytest.mark.parametrize(
    "more", [{}, {"safety": 5, "probability": 0.6}, {"probability": None}, {"probability": 0.3, "missing_cost": 900.0}]
)
def test_it_is_the_best_of_all_plans(more):
    one = problem(**more)
    found = order_plan([one])
    assert found is not None
    most = 1.0 if one.probability is None else one.probability
    allowed = [lots for lots in every_plan(one) if one.paths(lots).probability <= most]
    best = min(map(one.expected_cost, allowed))
    assert one.expected_cost(found.lots[0]) == pytest.approx(best, rel=2e-3)
    assert found.cost == pytest.approx(one.expected_cost(found.lots[0]), rel=1e-6)
    assert found.bound <= best + 1e-6 * abs(best)
    assert one.paths(found.lots[0]).probability <= most


def test_a_budget_is_spent_where_most_is_missed():
    pair = [problem(probability=None, missing_cost=cost) for cost in (500.0, 3_000.0)]
    found = order_plan(pair, budget=30_000.0)
    assert found is not None
    assert sum(one.spent(lots) for one, lots in zip(pair, found.lots, strict=True)) <= 30_000.0
    plans = [
        [(one.spent(lots), one.missing_cost * one.paths(lots).expected_missing) for lots in every_plan(one)] for one in pair
    ]
    best = min(a + b for (x, a), (y, b) in itertools.product(*plans) if x + y <= 30_000.0)
    missed = sum(one.missing_cost * one.paths(lots).expected_missing for one, lots in zip(pair, found.lots, strict=True))
    assert missed == pytest.approx(best, rel=2e-3, abs=1.0)


def test_what_no_order_reaches_is_told_with_the_best_that_one_does():
    one = problem(probability=0.0, offers=(offer("far", 10.0, 5_000.0, 50, part=0.7, most=4),))
    assert order_plan([one]) is None
    least = least_probability(one)
    assert 0 < least < 1
    assert least == one.paths(np.array([4])).probability
    reached = OrderProblem(
        **{key: getattr(one, key) for key in ("need", "supply", "offers", "missing_cost")}, probability=least
    )
    assert order_plan([reached]) is not None


def test_an_offer_of_two_sites_is_ordered_for_both_together():
    """A least quantity that neither site needs alone, and a largest that both share."""
    days, none = np.full(DRAWS, 10.0), Supply(12.0, np.empty(0), np.empty((DRAWS, 0)))
    large = OrderOffer("large", 1.0, 500.0, 0.0, days, least=100, most=110)
    dear = OrderOffer("dear", 1.0, 900.0, 0.0, days)
    pair = [problem(supply=none, need=np.full(60, kg), offers=(large, dear)) for kg in (1.0, 1.2)]
    assert all(one.target.sum() < large.least for one in pair)
    found = order_plan(pair)
    assert found is not None
    first, second = found.lots
    assert 100 <= first[0] + second[0] <= 110
    assert all(one.paths(lots).probability <= 0.1 for one, lots in zip(pair, found.lots, strict=True))
    alone = [order_plan([one]) for one in pair]
    assert found.cost < sum(one.cost for one in alone if one is not None)


def test_an_offer_that_is_worse_in_everything_is_never_taken():
    days = np.full(DRAWS, 10.0)
    good, worse = OrderOffer("good", 5.0, 1_000.0, 0.1, days), OrderOffer("worse", 5.0, 1_100.0, 0.2, days + 1)
    found = order_plan([problem(offers=(good, worse))])
    assert found is not None
    assert found.lots[0][0] > 0
    assert found.lots[0][1] == 0


def test_price_breaks_exclude_each_other():
    days = np.full(DRAWS, 10.0)
    small = OrderOffer("small", 1.0, 1_000.0, 0.0, days, least=1, most=49, group="break")
    large = OrderOffer("large", 1.0, 700.0, 0.0, days, least=50, group="break")
    found = order_plan([problem(offers=(small, large))])
    assert found is not None
    assert (found.lots[0] > 0).sum() == 1
    assert found.lots[0][1] in (0, *range(50, 200))


def test_shares_hold():
    days = np.full(DRAWS, 10.0)
    cheap = OrderOffer("cheap", 1.0, 500.0, 0.0, days, members=frozenset({"CHN"}))
    dear = OrderOffer("dear", 1.0, 900.0, 0.0, days, members=frozenset({"JPN"}))
    found = order_plan([problem(offers=(cheap, dear), shares={"CHN": 0.5})])
    assert found is not None
    cheap_lots, dear_lots = found.lots[0]
    assert 0 < cheap_lots <= dear_lots


def test_the_order_plan_of_a_model_with_stock_day_by_day():
    """Another program: stock, use and what is missing are variables of each day and scenario, as in lot-sizing."""
    one = problem(probability=None, need=np.full(60, 1.0))
    draws, days, count = DRAWS, len(one.need), len(one.offers)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 1e-6)
    inf, offers = highspy.kHighsInf, one.offers
    for at, offered in enumerate(offers):
        carried = np.mean([max(days - day, 0) for day in offered.days]) * offered.carrying
        model.addVar(0, offered.most)
        model.changeColCost(at, offered.price + carried)
        model.changeColIntegrality(at, highspy.HighsVarType.kInteger)
    for at in range(count):
        model.addVar(0, 1)
        model.changeColIntegrality(count + at, highspy.HighsVarType.kInteger)
        model.addRow(0, inf, 2, [at, count + at], [1, -offers[at].least])
        model.addRow(-inf, 0, 2, [at, count + at], [1, -offers[at].most])
    column = 2 * count
    for s in range(draws):
        before = None
        for day in range(days + 1):
            stock, missing = column, column + 1
            column += 2
            model.addVar(0, inf)
            model.addVar(0, inf if day else 0)
            model.changeColCost(missing, one.missing_cost / draws)
            if day == days:
                model.changeColCost(stock, -one.credit / draws)
            came = sum(kg for kg, arrives in zip(one.supply.kg, one.supply.days[s], strict=True) if arrives == day)
            ordered = [at for at in range(count) if offers[at].days[s] == day]
            right = came + (one.supply.stock if day == 0 else -one.need[day - 1])
            where = [stock, missing, *ordered, *([] if before is None else [before])]
            entries = [1.0, -1.0, *(-offers[at].kg for at in ordered), *([] if before is None else [-1.0])]
            model.addRow(right, right, len(where), where, entries)
            before = stock
    model.run()
    expected = model.getInfo().objective_function_value
    found = order_plan([one])
    assert found is not None
    assert found.cost == pytest.approx(expected, rel=2e-3)


SMALL = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "lead": st.integers(12, 40),
        "stock": st.integers(10, 40),
        "missing_cost": st.sampled_from([900.0, 2_000.0, 9_000.0]),
    }
)


def small(seed, lead, stock, missing_cost, draws=40):
    """Two offers, the second dearer, later and with as many draws that never come as the first."""
    rng = np.random.default_rng(seed)

    def days(more):
        found = np.ceil((lead + more) * np.exp(0.3 * rng.standard_normal(draws)))
        return np.where(rng.random(draws) > 0.9, NEVER, found)

    offers = (
        OrderOffer("good", 5.0, 4_000.0, 0.1, days(0), most=8),
        OrderOffer("worse", 5.0, 4_600.0, 0.2, days(6), most=8),
    )
    supply = Supply(float(stock), np.empty(0), np.empty((draws, 0)))
    return OrderProblem(np.full(60, 1.0), supply, offers, missing_cost, resale=0.5)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SMALL)
def test_of_all_plans_the_cheapest_that_keeps_the_probability(drawn):
    """With the draws that it is judged by: against every plan, and a looser limit never costs more."""
    one, before = small(**drawn), -np.inf
    plans = [(one.expected_cost(lots), one.paths(lots).probability) for lots in every_plan(one)]
    for asked in (0.6, 0.3, 0.15, 0.05):
        found = best_plans([one], [one], asked)
        cost, reached = one.expected_cost(found.cheapest.lots[0]), one.paths(found.cheapest.lots[0]).probability
        kept = [price for price, probability in plans if probability <= asked]
        assert found.keeps == bool(kept)
        assert not kept or reached <= asked
        assert cost == pytest.approx(min(kept or [price for price, _ in plans]), rel=5e-3)
        bridged = without_the_unavoidable(one)  # no stop is left that the largest order prevents or ends
        assert bridged.paths(largest_order(one)).probability == 0
        assert found.keeps or bridged.paths(found.nearest.lots[0]).probability <= asked + 1e-9
        assert not kept or cost >= before - 5e-3 * abs(before)
        before = cost if kept else before


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SMALL)
def test_what_holds_over_other_draws_is_never_missed_where_the_cheapest_or_the_safest_plan_does(drawn):
    one, other = small(**drawn), small(**(drawn | {"seed": drawn["seed"] + 1}), draws=160)
    free = order_plan([one])
    assert free is not None
    safest = order_plan([replace(one, probability=least_probability(one))])
    assert safest is not None
    reached = [other.paths(plan.lots[0]).probability for plan in (free, safest)]
    for asked in (0.5, 0.3, 0.2):
        found = best_plans([one], [other], asked)
        assert found.keeps or min(reached) > asked
        assert not found.keeps or other.paths(found.cheapest.lots[0]).probability <= asked
        assert reached[0] > asked or (found.cheapest.lots[0] == free.lots[0]).all()


def test_a_site_that_nothing_keeps_running_does_not_take_its_limit_from_the_other():
    days, draws = np.full(DRAWS, 20.0), np.empty((DRAWS, 0))
    offers = (OrderOffer("one", 5.0, 1_000.0, 0.1, days),)
    empty, stocked = (OrderProblem(np.full(60, 1.0), Supply(stock, np.empty(0), draws), offers, 10.0) for stock in (0.0, 30.0))
    found = best_plans([empty, stocked], [empty, stocked], 0.05)
    assert not found.keeps
    assert found.cheapest.lots[0].sum() == 0  # it stops on the first day, and what is missing costs next to nothing
    assert stocked.paths(found.cheapest.lots[1]).probability == 0
    near = [one.paths(lots).expected_missing for one, lots in zip((empty, stocked), found.nearest.lots, strict=True)]
    assert near == [19.0, 0.0]  # it starts again with the first delivery and goes on to the end
