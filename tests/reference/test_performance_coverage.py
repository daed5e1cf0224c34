"""Intervals of value and returns in simulation: nine tenths of them hold the truth, whatever moved in between."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from toolkit.holdings.performance import Costs, Levels, Owned, Parcel, internal_rate, interval

DRAWS = 1_000
FIRST = date(2023, 1, 1)
DAYS = tuple(FIRST + timedelta(days) for days in (0, 200, 500, 800, 1100))
GOODS = (("gallium", "metal", "4N"), ("gallium", "metal", "6N"), ("indium", "metal", "4N"))
TRUTH = np.array([[100.0, 130.0, 110.0, 160.0, 190.0], [150.0, 190.0, 170.0, 230.0, 270.0], [80.0, 75.0, 90.0, 85.0, 100.0]])
PARCELS = Owned(
    (
        Parcel("A", None, GOODS[0], 10, DAYS[0], 1_050.0, Costs(10.0)),
        Parcel("B", None, GOODS[1], 4, DAYS[1], 800.0, Costs(12.0), DAYS[3], 880.0, Costs(9.0)),
        Parcel("C", None, GOODS[2], 20, DAYS[2], 1_900.0, Costs(15.0)),
    )
)
"""A lot that is held, one that was bought and sold on the way, one that came later."""


@pytest.mark.parametrize(("of_day", "place", "correlation"), [(0.12, 0.0, 0.0), (0.1, 0.15, 0.5)])
def test_intervals_of_ninety_per_cent_hold_the_truth_in_ninety_per_cent(of_day, place, correlation):
    """What is seen is the truth with an error of the metal and day, and of the place where a price is paid; both goods of
    gallium differ together. 87 to 93 of a hundred intervals hold the true value, and the true returns by money and by time."""
    random = np.random.default_rng(7)
    n, T = TRUTH.shape
    metals = np.array([0, 0, 1])

    def seen(quotes: np.ndarray) -> Levels:
        return Levels(GOODS, DAYS, quotes, np.ones((n, T)), np.full((n, T), of_day), np.full(n, place), correlation)

    true = PARCELS.track(seen(TRUTH))
    value, by_time = true.value[-1], true.index()[-1]
    by_money = internal_rate(PARCELS.flows, value, DAYS[-1])
    assert by_money is not None
    inside = np.zeros(3)
    for _ in range(DRAWS):
        common, own = random.standard_normal((1, T)), random.standard_normal((2, T))
        error = of_day * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)[metals]
        error = error + place * random.standard_normal((2, 1))[metals]
        drawn = PARCELS.track(seen(TRUTH * np.exp(error)), drawn=True)
        low, high = interval(drawn.value[-1])
        rates = [internal_rate(PARCELS.flows, end, DAYS[-1]) for end in (low, high)]
        first, last = interval(drawn.index()[-1])
        inside += [low <= value <= high, rates[0] <= by_money <= rates[1], first <= by_time <= last]
    assert np.all((inside / DRAWS > 0.87) & (inside / DRAWS < 0.93)), inside / DRAWS
