"""Laws of backtests: identities to the cent, and nothing that looks ahead."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.backtest.worlds import MONTHS, FixedWeights, Plan, costs, world
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest, Deliveries, simulate
from toolkit.backtest.time_series import attribution
from toolkit.core.calendar import month_end
from toolkit.holdings.cover import LicenceDelay
from toolkit.strategy.model import RebalanceSpec

LONG = tuple(month_end(2020 * 12 + number) for number in range(48))
DELAY = LicenceDelay(45, 120, "test")


@st.composite
def backtests(draw) -> tuple[BacktestPrices, Backtest]:
    """Random prices with holes, random plans in lots or without, licences, bans and costs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, t = draw(st.integers(1, 4)), draw(st.integers(2, 12))
    paths = 10 ** rng.uniform(-1, 4, n) * np.exp(rng.normal(0, 0.2, (t, n)).cumsum(axis=0))
    holes = rng.random((t, n)) < draw(st.sampled_from([0.0, 0.2]))
    holes[0] = False
    prices = world(MONTHS[:t], **{f"a{i}": np.where(holes, np.nan, paths)[:, i] for i in range(n)})
    lots, budget = draw(st.booleans()), 10 ** rng.uniform(3, 6)
    plan = {day: rng.uniform(0, 1.5 * budget / n, n) / paths[0] for day in MONTHS[:t]}
    plan = {day: np.round(units) if lots else units for day, units in plan.items()}
    table = costs(n, rng.uniform(0, 0.1), rng.uniform(0, 0.2), rng.choice([0.0, 25.0]))
    banned = sorted(rng.choice(np.arange(t), 2))
    deliveries = Deliveries(
        lambda asset, day, what: asset == "a0" and (what == ("licence",) or MONTHS[banned[0]] < day <= MONTHS[banned[1]]),
        DELAY, "drawn", int(rng.integers(100)),
    )  # fmt: skip
    rebalance = RebalanceSpec(
        every=draw(st.sampled_from(["month", "quarter"])), threshold=draw(st.sampled_from([0.0, 0.1])),
        on_ban=draw(st.sampled_from(["stuck", "returned"])),
    )  # fmt: skip
    decide = Plan(prices, table, plan, lots=lots)
    found = simulate(
        decide, prices, budget=budget, rebalance=rebalance,
        deliveries=draw(st.sampled_from([None, deliveries])),
        rates=draw(st.sampled_from([None, rng.uniform(-0.01, 0.02, t - 1)])),
    )  # fmt: skip
    return decide, found


@given(backtests())
def test_accounts_add_up_to_the_cent(drawn):
    decide, found = drawn
    for before, entry in itertools.pairwise(found.entries):
        changes = entry.gain + entry.interest - entry.storage - entry.costs - entry.lost
        assert entry.wealth == pytest.approx(before.wealth + changes, abs=1e-5)
        paid = entry.traded + entry.storage + entry.costs - entry.returned - entry.interest
        assert entry.cash == pytest.approx(before.cash - paid, abs=1e-5)
        assert entry.wealth == pytest.approx(entry.cash + entry.values.sum(), abs=1e-5)
        of_day = [trade for trade in found.trades if trade.day == entry.day]
        assert entry.costs == pytest.approx(sum(trade.cost for trade in of_day), abs=1e-5)
        assert entry.traded == pytest.approx(sum(trade.amount for trade in of_day), abs=1e-5)
        for amount in (entry.cash, entry.gain, entry.interest, entry.storage, entry.costs, entry.traded, *entry.values):
            assert amount * 100 == pytest.approx(round(amount * 100), abs=1e-4)
        # No purchase is made on more credit than its decision takes; bills may be.
        bought = [decide.decisions[trade.decided].credit for trade in of_day if trade.units > 0]
        assert not bought or entry.cash >= -max(bought) - 0.005
        assert (entry.units >= 0).all()


@given(backtests())
def test_interest_is_of_the_cash_of_the_date_before(drawn):
    _, found = drawn
    earned = [round(before.cash * rate, 2) for before, rate in zip(found.entries, found.rates, strict=False)]
    assert [entry.interest for entry in found.entries[1:]] == pytest.approx(earned, abs=0.011)


@given(backtests())
def test_what_assets_earned_less_what_was_paid_is_the_change_of_wealth(drawn):
    decide, found = drawn
    earned = attribution(found, decide.prices)
    assert earned.gains.sum() == pytest.approx(sum(entry.gain for entry in found.entries), abs=1e-5)
    changed = earned.gains.sum() + earned.interest - earned.storage - earned.costs - earned.lost
    assert found.wealth[-1] == pytest.approx(found.wealth[0] + changed, abs=1e-5)


@given(backtests())
def test_metal_is_what_was_traded_less_what_a_ban_stopped(drawn):
    _, found = drawn
    traded = {key: sum(trade.units for trade in found.trades if trade.asset == key) for key in found.assets}
    stopped = {incident.asset for incident in found.incidents if incident.kind == "stopped"}
    for key, units in zip(found.assets, found.entries[-1].units, strict=True):
        if key in stopped:
            assert units < traded[key]
        else:
            assert units == pytest.approx(traded[key], rel=1e-9, abs=1e-9)


@given(st.integers(0, 46), st.integers(0, 1_000))
def test_what_comes_after_a_day_changes_nothing_up_to_it(t, seed):
    rng = np.random.default_rng(seed)
    paths = 100 * np.exp(rng.normal(0, 0.05, (48, 3)).cumsum(axis=0))
    later = paths.copy()
    later[t + 1 :] *= np.exp(rng.normal(0, 1, (47 - t, 3)))
    both = []
    for observed in (paths, later):
        prices = world(LONG, a=observed[:, 0], b=observed[:, 1], c=observed[:, 2])
        both.append(simulate(FixedWeights(prices, costs(3, storage=0.02), [0.4, 0.3, 0.2]), prices, budget=1e5))
    for ours, other in zip(both[0].entries[: t + 1], both[1].entries[: t + 1], strict=True):
        assert ours.cash == other.cash
        assert (ours.values == other.values).all()
        assert (ours.units == other.units).all()
    ours, other = ([trade for trade in found.trades if trade.decided <= LONG[t]] for found in both)
    assert [(trade.asset, trade.decided) for trade in ours if trade.day <= LONG[t]] == [
        (trade.asset, trade.decided) for trade in other if trade.day <= LONG[t]
    ]


def test_equal_weight_is_that_of_ten_lines_of_polars():
    rng = np.random.default_rng(11)
    paths = 50 * np.exp(rng.normal(0, 0.08, (48, 5)).cumsum(axis=0))
    prices = world(LONG, **{f"a{i}": paths[:, i] for i in range(5)})
    found = simulate(FixedWeights(prices, costs(5, half_spread=0.005), [0.16] * 5), prices, budget=1e9)
    # A fifth of 80 % each, in quantities of the month before; half a spread is paid on what changes.
    frame = pl.DataFrame(paths)
    cash, units, wealth = 1e9, pl.Series([0.0] * 5), [1e9]
    for before, now in itertools.pairwise(pl.Series(row) for row in frame.iter_rows()):
        wanted = 0.16 * (cash + float(units.dot(before) or 0.0)) / before
        paid = (wanted - units) * now
        cash, units = cash - float(paid.sum()) - 0.005 * float(paid.abs().sum()), wanted
        wealth.append(cash + float(units.dot(now) or 0.0))
    np.testing.assert_allclose(found.wealth, wealth, rtol=1e-9)


def test_the_first_date_is_the_opening():
    prices = world(MONTHS[:2], a=[100.0, 100.0])
    found = simulate(FixedWeights(prices, costs(), [0.5]), prices, budget=1000.0)
    assert found.dates == MONTHS[:2]
    assert found.entries[0].wealth == 1000.0
    assert isinstance(found.dates[0], date)
