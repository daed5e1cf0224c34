"""Own bids as a spread, and what of a good could be money when: recomputed by hand."""

from datetime import date, timedelta

import pytest

from toolkit.holdings.exit import WINDOW_DAYS, Amount, Bid, Days, bids_seen, steps, within

DAY = date(2026, 12, 1)
DAYS = Days(10, 30, 90)


def bid(price: float, days: int = 10, *, level: float | None = 1000.0, kg: float | None = 5.0, holds: int | None = None) -> Bid:
    """A bid for gallium some days ago."""
    made = DAY - timedelta(days)
    return Bid(made, "gallium", "metal", price, level, kg, "A", None if holds is None else DAY + timedelta(holds))


def test_the_spread_is_twice_what_the_median_is_below_the_price_of_its_day():
    (seen,) = bids_seen([bid(900), bid(800, level=1600), bid(700)], DAY)
    assert (seen.spread, seen.low, seen.high, seen.quantity) == (pytest.approx(0.6), 0.5, 0.9, 15)
    assert bids_seen([bid(1100), bid(1200), bid(1050)], DAY)[0].spread == 0


@pytest.mark.parametrize(
    "bids",
    [
        [bid(900), bid(900)],
        [bid(900), bid(900), bid(900, level=None)],
        [bid(900), bid(900), bid(900, WINDOW_DAYS)],
        [bid(900), bid(900), bid(900, -1)],
    ],
    ids=["two", "no price of its day", "too old", "later"],
)
def test_fewer_than_three_bids_are_no_spread(bids):
    (seen,) = bids_seen(bids, DAY)
    assert (seen.spread, seen.low, seen.high) == (None, 0.9, 0.9), "what was bid is told all the same"


def test_only_a_bid_that_holds_and_tells_its_quantity_is_an_offer():
    bids = [bid(900, holds=3), bid(950, holds=0), bid(800, holds=-1), bid(990), bid(940, kg=None, holds=3)]
    (seen,) = bids_seen(bids, DAY)
    assert [one.price for one in seen.offers] == [950, 900]
    assert seen.quantity is None  # one does not tell how much


def test_offers_then_what_was_seen_then_the_rest():
    (seen,) = bids_seen([bid(900, holds=3), bid(800), bid(700)], DAY)
    found = steps(20, 20_000, 2_000, seen.spread or 0, DAYS, seen)
    assert [(one.quantity, one.days, one.by) for one in found] == [(5, 10, "offer"), (10, 30, "seen"), (5, 90, "terms")]
    # 5 kg at the bid; else the median of the bids, 0.8 of the price, between the lowest and the highest.
    assert [within(found, days) for days in (9, 10, 30, 90)] == [
        Amount(), Amount(4500, 4500, 4500), *(Amount(*map(pytest.approx, ends)) for ends in ((12500, 11500, 13500), (16500, 15000, 18000))),
    ]  # fmt: skip


def test_without_bids_all_is_sold_after_the_middle_days_within_the_error_of_the_price():
    (step,) = steps(4, 1000, 100, 0.2, DAYS, None)
    assert (step.quantity, step.days, step.by, step.amount.money) == (4, 30, "terms", 900)
    assert step.amount.low == pytest.approx(900 / 1.17877, rel=1e-4)
    assert step.amount.high == pytest.approx(900 * 1.17877, rel=1e-4)


def test_where_nothing_is_known_of_the_days_nothing_is_money_within_any():
    found = steps(4, 1000, 100, 0.2, None, bids_seen([bid(900, holds=3)], DAY)[0])
    assert within(found, 10_000) == Amount()
    assert sum(one.quantity for one in found) == 4
