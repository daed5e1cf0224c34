"""The fold of decisions over prices: a case by hand, and what does not go as decided."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.unit.backtest.worlds import MONTHS, FixedWeights, Plan, costs, world
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.simulate import Deliveries, decision_dates, simulate
from toolkit.core.errors import GapError, Infeasible, SpecError
from toolkit.holdings.cover import LicenceDelay
from toolkit.optimize.costs import Costs
from toolkit.strategy.model import RebalanceSpec

NAN = float("nan")
WEEKS = LicenceDelay(45, 120, "test")


def kinds(found):
    return [(incident.day, incident.kind) for incident in found.incidents]


def test_three_periods_by_hand():
    prices = world(MONTHS[:4], gold=[100, 110, 121, 100])
    plan = Plan(prices, costs(storage=0.12), {MONTHS[0]: [50], MONTHS[2]: [20]})
    found = simulate(plan, prices, budget=10_000)
    opening, first, second, third = found.entries
    assert (opening.cash, opening.wealth) == (10_000, 10_000)
    # 50 at 110 and half a spread of 1 %
    assert (first.traded, first.costs, first.cash, first.wealth) == (5_500, 55, 4_445, 9_945)
    # 50 x 121 x 12 % x 31 days
    assert (second.gain, second.storage, second.cash, second.wealth) == (550, 61.62, 4_383.38, 10_433.38)
    # 30 are sold at 100; the storage of 50 for 30 days is paid before
    assert (third.gain, third.storage, third.traded, third.costs) == (-1_050, 49.28, -3_000, 30)
    assert (third.cash, third.wealth) == (7_304.10, 9_304.10)
    assert [(trade.decided, trade.day, trade.units) for trade in found.trades] == [
        (MONTHS[0], MONTHS[1], 50),
        (MONTHS[2], MONTHS[3], -30),
    ]
    assert not found.incidents
    assert found.periods_per_year == 12
    assert found.weights[:, 0] == pytest.approx([0, 5_500 / 9_945, 6_050 / 10_433.38, 2_000 / 9_304.10])


def test_purchases_are_cut_to_the_cash_in_whole_lots_and_the_rest_is_said():
    prices = world(MONTHS[:3], gold=[100, 150, 150], tin=[10, 10, 10])
    found = simulate(Plan(prices, costs(2), {MONTHS[0]: [60, 400]}), prices, budget=10_000)
    bought = {trade.asset: trade.units for trade in found.trades if trade.day == MONTHS[1]}
    entry = found.entries[1]
    assert entry.cash >= 0
    assert all(units == round(units) for units in bought.values())
    assert entry.traded + (found.incidents[0].amount or 0) == 150 * 60 + 10 * 400
    assert found.incidents[0].kind == "short"
    # One lot more of the dearer one is not affordable.
    assert entry.cash < 150 * 1.01


def test_what_is_delisted_is_sold_at_its_last_price_once_and_not_decided_on():
    """It stayed in the universe: every order of every month after was one without a price, 350 in two years."""
    prices = world(MONTHS, gold=[100, 110, *[NAN] * (len(MONTHS) - 2)], tin=[10] * len(MONTHS))
    decided = {day: [0, 100] for day in MONTHS[2:]} | {MONTHS[0]: [10, 0], MONTHS[1]: [20, 0]}
    asked: list[tuple[str, ...]] = []
    plan = Plan(prices, costs(2), decided)

    def decide(day, account):
        asked.append(account.ended)
        return plan(day, account)

    found = simulate(decide, prices, budget=10_000)
    assert (MONTHS[-1] - MONTHS[1]).days > 186
    assert kinds(found) == [(MONTHS[2], "ended")]
    assert found.incidents[0].asset == "gold"
    sold = [(trade.day, trade.units, trade.price) for trade in found.trades if trade.asset == "gold"]
    assert sold == [(MONTHS[1], 10, 110), (MONTHS[2], -10, 110)]
    assert found.entries[2].units[0] == 0
    assert found.entries[2].wealth == round(found.entries[1].wealth - found.entries[2].costs, 2)
    assert asked[:2] == [(), ()]  # on the day of its last price nobody knows that it is the last
    assert set(asked[2:]) == {("gold",)}


def test_a_series_that_ends_shortly_before_the_end_still_waits():
    prices = world(MONTHS[:4], gold=[100, 110, NAN, NAN])
    found = simulate(Plan(prices, costs(), {MONTHS[0]: [10], MONTHS[1]: [20]}), prices, budget=10_000)
    assert {kind for _, kind in kinds(found)} == {"missing_price", "lapsed"}


def test_an_order_waits_for_a_price_and_lapses_with_the_next_decision():
    prices = world(MONTHS[:5], gold=[100, NAN, 100, NAN, 100])
    found = simulate(Plan(prices, costs(), {MONTHS[0]: [10], MONTHS[2]: [20]}), prices, budget=10_000,
                     rebalance=RebalanceSpec(every="quarter"))  # fmt: skip
    assert [(trade.decided, trade.day) for trade in found.trades] == [(MONTHS[0], MONTHS[2]), (MONTHS[2], MONTHS[4])]
    assert kinds(found) == [(MONTHS[1], "missing_price"), (MONTHS[3], "missing_price")]
    monthly = simulate(Plan(prices, costs(), {MONTHS[0]: [10]}), prices, budget=10_000)
    assert (MONTHS[1], "lapsed") in kinds(monthly)


def test_what_has_no_price_today_keeps_its_last_value():
    prices = world(MONTHS[:4], gold=[100, 100, NAN, 130])
    found = simulate(Plan(prices, costs(half_spread=0), {MONTHS[0]: [10]}), prices, budget=1_000)
    assert [entry.gain for entry in found.entries] == [0, 0, 0, 300]
    assert found.wealth.tolist() == [1_000, 1_000, 1_000, 1_300]


def test_storage_is_billed_at_the_published_price_and_may_overdraw_the_cash():
    prices = world(MONTHS[:3], gold=[100, 100, 200])
    prices = replace(prices, published=np.array([[100.0], [100.0], [100.0]]))
    found = simulate(Plan(prices, costs(half_spread=0, storage=0.12), {MONTHS[0]: [100]}), prices, budget=10_000)
    billed = round(10_000 * 0.12 * 31 / 365.25, 2)
    assert found.entries[2].storage == billed
    assert found.entries[2].cash == -billed
    assert found.incidents[-1].kind == "overdrawn"
    few = simulate(Plan(prices, costs(half_spread=0, storage=0.001), {MONTHS[0]: [100]}), prices, budget=10_000)
    assert few.entries[2].cash == -round(10_000 * 0.001 * 31 / 365.25, 2) < 0
    assert few.incidents == ()  # a bill of a day's interest is no incident
    assert found.incidents[-1].amount == billed


def test_nothing_is_traded_within_the_threshold():
    prices = world(MONTHS, gold=[100 * 1.02**t for t in range(12)], tin=[10.0] * 12)
    rebalance = RebalanceSpec(threshold=0.05)
    found = simulate(FixedWeights(prices, costs(2), [0.45, 0.45]), prices, budget=10_000, rebalance=rebalance)
    days = sorted({trade.day for trade in found.trades})
    assert days[0] == MONTHS[1]
    assert 1 < len(days) < 11
    at = [found.dates.index(day) for day in days[1:]]
    assert all(abs(found.weights[t - 1] - 0.45).max() > 0.05 for t in at)
    assert {incident.kind for incident in found.incidents} == {"within_threshold"}


def test_a_day_without_an_answer_holds_or_stops():
    prices = world(MONTHS[:5], gold=[100.0] * 5)
    plan = Plan(prices, costs(), {MONTHS[0]: [10]})

    def decide(day: date, account: Account) -> Decision:
        if day == MONTHS[2]:
            raise Infeasible("no weights hold the limits.")
        if day == MONTHS[0]:
            raise GapError("too few prices.")
        return plan(day, account)

    found = simulate(decide, prices, budget=10_000)
    assert kinds(found) == [(MONTHS[0], "no_forecast"), (MONTHS[2], "unsolved")]
    assert found.decided == (MONTHS[1], MONTHS[3])
    assert [trade.day for trade in found.trades] == [MONTHS[2]]
    with pytest.raises(Infeasible, match="2024-03-31") as error:
        simulate(decide, prices, budget=10_000, rebalance=RebalanceSpec(on_infeasible="stop"))
    assert error.value.details["day"] == "2024-03-31"


@pytest.mark.parametrize("every", ["quarter", "never"])
def test_the_first_decision_waits_for_the_first_date_on_which_enough_is_known(every):
    """What is bought once had no other date: beside a strategy that began later it ended the whole command."""
    prices = world(MONTHS[:6], gold=[100.0] * 6)

    def decide(day: date, account: Account) -> Decision:
        if day <= MONTHS[0]:
            raise GapError("too few prices.")
        return Plan(prices, costs(), {MONTHS[1]: [10], MONTHS[2]: [10]})(day, account)

    found = simulate(decide, prices, budget=10_000, rebalance=RebalanceSpec(every=every))
    assert kinds(found) == [(MONTHS[0], "no_forecast")]
    assert found.decided == ((MONTHS[1], MONTHS[2]) if every == "quarter" else (MONTHS[1],))


def test_without_any_decision_there_is_no_backtest():
    prices = world(MONTHS[:5], gold=[100.0] * 5)

    def decide(day: date, account: Account) -> Decision:
        raise GapError("too few prices.")

    with pytest.raises(GapError, match="too few"):
        simulate(decide, prices, budget=10_000)


def controlled(licence=(), ban=()):
    """Assets under licence, and (from, to) of a ban of each."""

    def found(asset, day, instruments):
        if instruments == ("licence",):
            return asset in licence
        return any(start <= day <= end for start, end in ban)

    return found


def bought_late(ban=(), on_ban="stuck"):
    prices = world(MONTHS[:8], gallium=[100.0, 100, 120, 120, 120, 120, 120, 120])
    deliveries = Deliveries(controlled(("gallium",), ban), WEEKS, "median")
    rebalance = RebalanceSpec(every="never", on_ban=on_ban)
    return simulate(Plan(prices, costs(storage=0.12), {MONTHS[0]: [50]}), prices, budget=10_000, rebalance=rebalance,
                    deliveries=deliveries)  # fmt: skip


def test_a_licence_delays_the_metal_and_not_the_payment():
    found = bought_late()
    # Ordered on 31 January, 45 days: 16 March; until then it costs no storage, and is worth its price.
    assert found.entries[1].traded == 5_000
    assert found.entries[1].wealth == 10_000 - 50
    assert [entry.storage > 0 for entry in found.entries[:5]] == [False, False, False, True, True]
    assert kinds(found) == [(MONTHS[1], "delayed")]
    assert found.entries[2].wealth == found.entries[1].wealth + 1_000


def test_a_ban_before_arrival_returns_the_money_or_leaves_it_stuck_until_it_ends():
    ban = ((date(2024, 3, 1), date(2024, 5, 15)),)
    back = bought_late(ban, "returned")
    assert kinds(back) == [(MONTHS[1], "delayed"), (MONTHS[2], "stopped")]
    assert (back.entries[2].returned, back.entries[2].lost) == (5_000, 1_000)
    assert back.entries[2].cash == 9_950 == back.entries[-1].wealth
    stuck = bought_late(ban)
    assert kinds(stuck) == [(MONTHS[1], "delayed"), (MONTHS[2], "stopped"), (MONTHS[4], "returned")]
    assert stuck.entries[2].wealth == 4_950
    assert stuck.entries[-1].wealth == 9_950
    assert stuck.stuck == 0
    for_ever = bought_late(((date(2024, 3, 1), date(2030, 1, 1)),))
    assert for_ever.stuck == 5_000
    assert for_ever.entries[-1].wealth == 4_950


def test_a_ban_is_judged_on_the_day_of_arrival_and_not_on_the_next_date():
    # Due on 16 March, between two dates: a ban of the 20th finds it in the warehouse, one of those days alone stops it.
    assert kinds(bought_late(((date(2024, 3, 20), date(2024, 5, 15)),))) == [(MONTHS[1], "delayed")]
    stopped = bought_late(((date(2024, 3, 10), date(2024, 3, 20)),))
    assert kinds(stopped) == [(MONTHS[1], "delayed"), (MONTHS[2], "stopped"), (MONTHS[3], "returned")]


def test_nothing_is_bought_under_a_ban():
    found = bought_late(((date(2024, 1, 1), date(2024, 2, 29)),))
    assert kinds(found) == [(MONTHS[1], "refused")]
    assert not found.trades


def test_draws_of_one_order_do_not_depend_on_others():
    def arrives(asset, seed):
        return Deliveries(controlled(("gallium", "tin")), WEEKS, "drawn", seed).arrives(asset, MONTHS[0])

    assert arrives("gallium", 1) == arrives("gallium", 1)
    assert len({arrives("gallium", seed) for seed in range(50)}) > 20
    days = sorted((arrives("gallium", seed) - MONTHS[0]).days for seed in range(2_000))
    assert days[1_000] == pytest.approx(45, abs=5)
    assert days[1_800] == pytest.approx(120, abs=15)
    assert Deliveries(controlled(), WEEKS).arrives("gallium", MONTHS[0]) == MONTHS[0]


@pytest.mark.parametrize(
    ("every", "expected"),
    [("never", (0,)), ("month", range(11)), ("quarter", (0, 2, 5, 8)), ("year", (0,))],
)
def test_decisions_are_made_at_the_first_date_and_at_the_ends_of_periods(every, expected):
    assert decision_dates(MONTHS, every, monthly=True) == tuple(MONTHS[t] for t in expected)


def test_decisions_more_often_than_prices_are_refused():
    with pytest.raises(SpecError, match="monthly"):
        decision_dates(MONTHS, "week", monthly=True)


def test_a_short_position_on_borrowed_money_by_hand():
    prices = world(MONTHS[:3], a=[100, 100, 110], b=[50, 50, 45])
    terms = Costs(half_spread=np.zeros(2), storage=np.array([0.12, 0.12]), borrow=np.array([0.0, 0.06]))
    found = simulate(Plan(prices, terms, {MONTHS[0]: [160, -100]}), prices, budget=10_000)
    first, second = found.entries[1:]
    # 16,000 bought, 5,000 sold short: 1,000 are borrowed, as decided.
    assert (first.cash, first.units.tolist(), first.wealth) == (-1_000, [160, -100], 10_000)
    billed = round((160 * 110 * 0.12 + 100 * 45 * 0.06) * 31 / 365.25, 2)
    assert (second.gain, second.storage) == (2_100, billed)
    assert second.wealth == round(12_100 - billed, 2)
