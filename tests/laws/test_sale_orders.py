"""Law: what `optimize` takes of lots is what `toolkit sell` takes for the same quantity and order."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.app.allocation.sales import sold
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.sell import Selling, SellRequest
from toolkit.holdings.holding_period import LotOrder
from toolkit.holdings.lots import Lot

DAY = date(2026, 12, 1)
HEAD = "date,kind,lot,asset,quantity,unit,price,total,currency,location"
LOTS = st.lists(
    st.tuples(
        # Neither today's purchases nor what is free within a month, which optimize keeps.
        st.integers(40, 329) | st.integers(370, 1500),
        st.integers(1, 5000),
        st.integers(100, 100_000),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def context() -> Context:
    """The market on the day."""
    return Context(resolve({}), DAY)


@settings(max_examples=25, deadline=None)
@given(LOTS, st.sampled_from(("fifo", "lifo", "highest_cost", "least_tax", "named")), st.integers(1, 1000), st.randoms())
def test_optimize_and_sell_take_the_same_lots(context, tmp_path_factory, lots, order, share, random):
    names = [f"L{at}" for at in range(len(lots))]
    random.shuffle(names)
    bought = [DAY - timedelta(days) for days, *_ in lots]
    rows = [
        f"{day},buy,{name},gallium,{grams},g,,{Decimal(cents) / 100:.2f},EUR,Frankfurt"
        for name, day, (_, grams, cents) in zip(names, bought, lots, strict=True)
    ]
    file = tmp_path_factory.mktemp("moves") / "moves.csv"
    file.write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
    whole = sum(grams for _, grams, _ in lots)
    quantity = max(1, whole * share // 1000)
    picked = tuple(sorted(names)) if order == "named" else ()
    request = SellRequest("gallium", f"{quantity}g", str(file), price=0.9, lots=picked)
    preview = Selling(request, context, None).preview()
    shown = next(one for one in preview.orders if one.order == order)
    assert shown.refused is None
    rule = context.settings.config.owner.holding_rule
    held = [
        Lot(name, "gallium", float(grams), False, "stored", "CHN", day, cents / 100)
        for name, day, (_, grams, cents) in zip(names, bought, lots, strict=True)
    ]
    taken = sold(held, quantity, 0.9, LotOrder(order, rule, picked), DAY)
    assert [(one.lot.lot_id, pytest.approx(one.quantity)) for one in taken] == [(one.lot, one.quantity) for one in shown.lots]
