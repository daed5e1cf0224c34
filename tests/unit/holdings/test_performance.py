"""Returns by money and by time, parts of a gain, and intervals that hold what they say."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.holdings.performance import (
    Costs,
    Flow,
    Gain,
    Levels,
    Owned,
    Paid,
    Parcel,
    Quote,
    a_year,
    gain_of,
    grown,
    internal_rate,
    interval,
)

GOOD = ("gallium", "metal", "4N")
FIRST = date(2024, 1, 1)


def levels(days: tuple[date, ...], quotes: list[float], rates: list[float] | None = None, error: float = 0.0) -> Levels:
    """Of gallium alone."""
    T = len(days)
    shown = np.array([quotes]), np.array([rates or [1.0] * T])
    return Levels((GOOD,), days, *shown, np.full((1, T), error), np.zeros(1))


class TestInternalRate:
    def test_the_example_of_xirr(self) -> None:
        """Microsoft, "XIRR function": 37.3362535 %."""
        paid = [
            Flow(date(2008, 1, 1), 10_000.0), Flow(date(2008, 3, 1), -2_750.0), Flow(date(2008, 10, 30), -4_250.0),
            Flow(date(2009, 2, 15), -3_250.0),
        ]  # fmt: skip
        assert internal_rate(paid, 2_750.0, date(2009, 4, 1)) == pytest.approx(0.373362535, abs=5e-9)

    def test_one_payment_is_a_root(self) -> None:
        found = internal_rate([Flow(FIRST, 100.0)], 150.0, FIRST + timedelta(730))
        assert found == pytest.approx(math.sqrt(1.5) - 1, abs=1e-12)

    def test_what_was_put_in_and_no_more_is_a_rate_of_zero_whatever_the_rounding(self) -> None:
        """The sum of these is zero but for rounding, of which the sign differs between one sum and many at once."""
        paid = [
            Flow(date(2025, 5, 5), 4602.9), Flow(date(2024, 5, 6), 6824.55), Flow(date(2025, 12, 1), -8497.5),
            Flow(date(2025, 12, 15), 289.9),
        ]  # fmt: skip
        assert internal_rate(paid, 3219.85, date(2026, 11, 15)) == 0.0

    def test_several_rates_are_none(self) -> None:
        """100 - 230 (1 + r) + 132 (1 + r)^2 = 0 at 10 % and at 20 %."""
        paid = [Flow(FIRST, -100.0), Flow(FIRST + timedelta(365), 230.0)]
        assert internal_rate(paid, 132.0, FIRST + timedelta(730)) is None

    def test_no_rate_and_all_lost(self) -> None:
        end = FIRST + timedelta(400)
        assert internal_rate([Flow(FIRST, -100.0)], 10.0, end) is None
        assert internal_rate([Flow(FIRST, 100.0)], 0.0, end) == -1.0
        assert internal_rate([Flow(end, 100.0)], 100.0, end) is None

    @given(st.floats(-0.9, 4.0), st.lists(st.tuples(st.integers(0, 1500), st.floats(1.0, 1e6)), min_size=1, max_size=8))
    def test_it_finds_the_rate_that_made_the_value(self, rate: float, paid: list[tuple[int, float]]) -> None:
        end = FIRST + timedelta(1600)
        flows = [Flow(FIRST + timedelta(after), amount) for after, amount in paid]
        value = sum(one.amount * (1 + rate) ** ((end - one.day).days / 365) for one in flows)
        assert internal_rate(flows, value, end) == pytest.approx(rate, abs=1e-9, rel=1e-9)


class TestGain:
    @given(
        st.floats(0.01, 1e4), st.floats(0.01, 1e6), st.none() | st.floats(0.01, 1e4), st.none() | st.floats(0.01, 1e4),
        st.floats(0.2, 5.0), st.floats(0.2, 5.0), st.none() | st.floats(0, 1e6), st.floats(0, 1e3), st.floats(0, 1e3),
    )  # fmt: skip
    def test_the_parts_add_up_to_the_cent(
        self, quantity: float, cost: float, before: float | None, now: float | None, x0: float, x1: float,
        proceeds: float | None, fees: float, tax: float,
    ) -> None:  # fmt: skip
        cost, fees, tax = round(cost, 2), round(fees, 2), round(tax, 2)
        proceeds = None if proceeds is None else round(proceeds, 2)
        if now is None and proceeds is None:
            return
        bought, today = (None if level is None else Quote(level, x) for level, x in ((before, x0), (now, x1)))
        found = gain_of(quantity, cost, bought, today, proceeds=proceeds, costs=Costs(fees, tax))
        end = proceeds if proceeds is not None else round(quantity * (now or 0.0) * x1, 2)
        assert found.total == pytest.approx(end - cost - fees - tax, abs=0.0101)
        assert (found.fees, found.tax) == (-fees, -tax)

    def test_the_currency_is_apart_from_the_price(self) -> None:
        """10 kg from 100 to 120 USD while the dollar falls from 0.90 to 0.80 EUR, 50 EUR over the level."""
        found = gain_of(10, 950.0, Quote(100, 0.9), Quote(120, 0.8))
        assert found == Gain(price=180.0, currency=-120.0, spread=-50.0)


class TestOwned:
    days = (FIRST, date(2024, 7, 1), date(2025, 1, 1), date(2026, 1, 1))

    def owned(self) -> Owned:
        """Two lots, of which one was sold, and a bill for storage."""
        sold = Parcel(
            "B", "Y", GOOD, 4, self.days[1], 430.0, Costs(2.0), ended=self.days[2], proceeds=420.0, exit_costs=Costs(1.0, 2.0)
        )
        held = Parcel("A", "X", GOOD, 10, self.days[0], 950.0, Costs(5.0))
        return Owned((held, sold), (Paid(self.days[2], "storage", 12.0, "A", "gallium", "X"),))

    def test_what_went_in_is_somewhere(self) -> None:
        """In = value + out - gain, to the cent, for the whole and each lot."""
        quotes = levels(self.days, [100.0, 110.0, 120.0, 150.0], [0.9, 0.95, 0.9, 0.88])
        for part in (self.owned(), *self.owned().parts(lambda one: one.lot_id).values()):
            gain = round(sum(one.total for one in part.gains(quotes).values()), 2)
            assert part.track(quotes).value[-1] - sum(one.amount for one in part.flows) == pytest.approx(gain, abs=1e-9)

    def test_the_return_by_time_is_chained_with_what_trades_cost(self) -> None:
        quotes = levels(self.days, [100.0, 110.0, 120.0, 150.0])
        track = self.owned().track(quotes)
        expected = (
            (1000 / 955) * (1100 / 1000) * (1540 / (1100 + 432)) * (1680 / 1540) * ((1200 + 417) / (1680 + 12)) * (1500 / 1200)
        )
        assert track.index()[-1] == pytest.approx(expected, rel=1e-12)
        assert track.index(gross=True)[-1] == pytest.approx(1.5, rel=1e-12)

    def test_a_day_without_a_level_leaves_it_open(self) -> None:
        track = self.owned().track(levels(self.days, [100.0, math.nan, 120.0, 150.0]))
        assert math.isnan(track.index()[-1])
        assert track.value[-1] == 1500

    def test_cash_that_was_deposited_belongs_to_the_whole(self) -> None:
        """2,000 are brought, a lot is bought, and half of what is left is taken: only what moved in and out is a flow."""
        day, later, end = self.days[:3]
        lot = Parcel("A", None, GOOD, 10, day, 1000.0)
        owned = Owned((lot,), (), (Flow(day, 2000.0), Flow(later, -500.0)))
        track = owned.track(levels((day, later, end), [100.0, 110.0, 120.0]))
        assert track.value.tolist() == [2000.0, 1600.0, 1700.0]
        assert track.index()[-1] == pytest.approx(2100 / 2000 * 1700 / 1600, rel=1e-12)
        assert owned.flows == owned.deposits

    def test_a_year_only_of_a_year(self) -> None:
        assert a_year(0.1, 364) is None
        assert a_year(0.21, 730) == pytest.approx(0.1, abs=1e-12)

    def test_the_same_money_in_something_else(self) -> None:
        flows = [Flow(FIRST, 100.0), Flow(self.days[1], -50.0)]
        assert grown(flows, [10.0, 20.0], 30.0) == 100 * 3 - 50 * 1.5


def test_nine_tenths_of_the_intervals_hold_the_truth() -> None:
    """Levels differ from the truth by errors of the size that is told: 90 % of 300 intervals hold it, within four errors."""
    random, days = np.random.default_rng(0), (FIRST, date(2025, 1, 1), date(2026, 1, 1))
    truth, error, inside = [100.0, 120.0, 150.0], 0.15, np.zeros(2)
    cost = Parcel("A", None, GOOD, 10, days[0], 1010.0)
    for _ in range(300):
        seen = (np.array(truth) * np.exp(error * random.standard_normal(3))).tolist()
        drawn = Owned((cost,)).track(levels(days, seen, error=error), drawn=True)
        value, index = interval(drawn.value[-1]), interval(drawn.index()[-1])
        inside += [value[0] <= 1500 <= value[1], index[0] <= 1500 / 1010 <= index[1]]
    assert np.all(np.abs(inside / 300 - 0.9) < 4 * math.sqrt(0.09 / 300))
