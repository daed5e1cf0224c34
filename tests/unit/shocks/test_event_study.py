"""Event study on series whose answer is known, and on the bundled events."""

from __future__ import annotations

import calendar
import math
from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError
from toolkit.shocks.event_study import (
    HORIZONS,
    LARGEST_LEVEL_ERROR,
    Case,
    event_metals,
    find_event,
    notice_key,
    overlapping,
    reactions,
    study,
    summary,
)
from toolkit.shocks.monthly_series import month_number, monthly, window

EVENT = date(2024, 6, 15)
BENCHMARK = ("copper", "zinc")


def series(asset, price, *, basis="monthly_average", quantity=lambda i: None, months=range(-6, 13)):
    """Monthly prices; `price` and `quantity` are functions of the month counted from the event."""
    rows = []
    for i in months:
        y, m = divmod(EVENT.year * 12 + EVENT.month - 1 + i, 12)
        day = date(y, m + 1, calendar.monthrange(y, m + 1)[1])
        rows.append({"date": day, "asset": asset, "price": float(price(i)), "quantity": quantity(i), "basis": basis})
    return pl.DataFrame(rows, schema_overrides={"quantity": pl.Float64, "price": pl.Float64})


def quiet():
    return pl.concat([series("copper", lambda i: 9.0), series("zinc", lambda i: 3.0)])


def test_a_step_is_measured_and_the_month_of_the_event_is_not():
    prices = pl.concat([quiet(), series("gallium", lambda i: 100 if i < 0 else 900 if i == 0 else 150)])
    found = reactions(monthly(prices), "gallium", EVENT, benchmark=BENCHMARK)
    assert [r.change for r in found] == [pytest.approx(0.5)] * len(HORIZONS)
    assert {r.verdict for r in found} == {"up"}


def test_the_benchmark_is_taken_off():
    moving = pl.concat([series("copper", lambda i: 8 if i < 0 else 16), series("zinc", lambda i: 3 if i < 0 else 6)])
    prices = pl.concat([moving, series("gallium", lambda i: 100 if i < 0 else 200)])
    for r in reactions(monthly(prices), "gallium", EVENT, benchmark=BENCHMARK):
        assert (r.change, r.benchmark, r.adjusted) == (pytest.approx(1), pytest.approx(1), pytest.approx(0, abs=1e-12))
        assert r.verdict == "none"


def test_a_noisy_level_weighs_months_by_quantity_and_never_crosses_the_event():
    noisy = series(
        "gallium",
        lambda i: {-1: 1000, 0: 5000}.get(i, 100) if i <= 0 else 200,
        basis="customs_unit_value",
        quantity=lambda i: 1.0 if i == -1 else 99.0,
    )
    first = reactions(monthly(pl.concat([quiet(), noisy])), "gallium", EVENT, benchmark=BENCHMARK)[0]
    before = (1000 * 1 + 100 * 99 * 2) / 199
    assert first.change == pytest.approx(200 / before - 1)
    assert (first.before_months, first.after_months) == (3, 1)


def test_no_change_is_told_from_a_base_of_two_odd_months():
    """Indium before No. 23 of 2023: 72 and 94 in months of large parcels beside 196 to 238 in all others."""
    usual = {i: 1.0 + 0.02 * (i % 3) for i in range(-24, 13)}
    odd = {-3: 0.36, -2: 0.47}
    noisy = series(
        "indium",
        lambda i: 200 * odd.get(i, usual[i]),
        months=range(-24, 13),
        basis="customs_unit_value",
        quantity=lambda i: 2.0 if i in odd else 1.0,
    )
    rest = pl.concat([series(key, lambda i: 5.0, months=range(-24, 13)) for key in BENCHMARK])
    found = reactions(monthly(pl.concat([rest, noisy])), "indium", EVENT, benchmark=BENCHMARK)
    assert {r.thin for r in found} == {"before"}
    assert {r.verdict for r in found} == {"too_thin"}
    assert all(r.change is None and r.adjusted is None for r in found)
    assert found[0].before_error > LARGEST_LEVEL_ERROR
    assert all(row.n == 0 for row in summary([case_of(found)]))


def test_a_level_of_thin_months_has_the_error_of_their_quantity():
    """The variance of a mean of parcels falls with what was weighed: a twentieth of the quantity, 4.5 times the error."""
    rough = lambda i: 100 * math.exp(0.1 * (-1) ** i)  # noqa: E731
    frame = series("gallium", rough, months=range(-24, 13), basis="customs_unit_value",
                   quantity=lambda i: 0.05 if i > 9 else 1.0)  # fmt: skip
    own = monthly(frame)["gallium"]
    zero = month_number(EVENT)
    thick, scarce = own.level(window(zero, 6)), own.level(window(zero, 12))
    assert scarce.error > 3 * thick.error
    assert monthly(series("gallium", rough))["gallium"].level(window(zero, 3)).error == 0


def case_of(found):
    return Case("E", "indium", "announcement", EVENT, "customs_unit_value", form_named=True, overlaps=(), reactions=found)


def test_a_horizon_that_is_not_reached_is_unknown():
    prices = pl.concat([quiet(), series("gallium", lambda i: 100, months=range(-6, 4))])
    found = {r.horizon: r for r in reactions(monthly(prices), "gallium", EVENT, benchmark=BENCHMARK)}
    assert found[3].change == pytest.approx(0)
    assert found[6].change is None
    assert found[6].verdict == "unknown"


def test_an_asset_is_no_part_of_its_own_benchmark():
    prices = pl.concat([series("copper", lambda i: 9 if i < 0 else 18), series("zinc", lambda i: 3.0)])
    assert reactions(monthly(prices), "copper", EVENT, benchmark=BENCHMARK)[0].benchmark == pytest.approx(0)


def test_the_future_changes_nothing():
    full = pl.concat([quiet(), series("gallium", lambda i: 100 + i)])
    seen = full.filter(pl.col("date") <= date(2024, 10, 1))
    poisoned = seen.vstack(full.filter(pl.col("date") > date(2024, 10, 1)).with_columns(price=pl.col("price") * 7))
    for h in (0, 1):
        kept = [reactions(monthly(frame), "gallium", EVENT, benchmark=BENCHMARK)[h] for frame in (seen, poisoned)]
        assert kept[0] == kept[1]


@pytest.mark.parametrize("name", ["EV020", "ev020", "No. 23 of 2023", "23/2023", "no. 23/2023"])
def test_events_are_found_by_id_or_number(ledger, name):
    assert find_event(ledger, name).event_id == "EV020"


def test_names_that_fit_none_or_many(ledger):
    with pytest.raises(DataError) as several:
        find_event(ledger, "46/2024")
    assert all(event_id in several.value.hint for event_id in ("EV037a", "EV037b", "EV037c"))
    with pytest.raises(DataError) as none:
        find_event(ledger, "EV999")
    assert "EV0" in none.value.hint


def test_notice_numbers_have_one_key():
    assert notice_key("No. 46 of 2024 para 2") == notice_key("No. 46/2024") == "46/2024"
    assert notice_key("No. 46/2024") != notice_key("No. 46/2025")
    assert notice_key("quotas 2010-11") != notice_key("2nd batch export quota 2010")


def test_metals_of_an_event_with_the_forms_it_names(ledger: ControlLedger):
    ban = event_metals(ledger, ledger["EV037b"])
    assert {"gallium", "germanium", "antimony"} <= set(ban)
    assert "metal" in ban["gallium"]
    assert "metal" not in event_metals(ledger, ledger["EV039"])["indium"]
    # What suspends the ban names what the ban names: gallium was "form not named".
    assert event_metals(ledger, ledger["EV063"])["gallium"] == ban["gallium"]
    assert {"EV021", "EV032"} & set(overlapping(ledger, ledger["EV037b"], "antimony", date(2024, 12, 3))) == {"EV032"}


def test_a_notice_on_another_form_of_the_metal_is_no_overlap(ledger):
    # No. 23 of 2023 names gallium antimonide, and so antimony, but not the metal that the series prices.
    day = date(2024, 8, 15)
    assert "EV020" in overlapping(ledger, ledger["EV032"], "antimony", day)
    assert "EV020" not in overlapping(ledger, ledger["EV032"], "antimony", day, "metal")
    assert "EV037b" in overlapping(ledger, ledger["EV032"], "antimony", day, "metal")


def test_a_metal_without_a_series_is_said_so_and_not_replaced(ledger):
    prices = pl.concat([quiet(), series("gallium", lambda i: 100, months=range(-30, 13))])
    found = study(ledger, ledger["EV020"], monthly(prices), traded={"gallium": "metal"}, benchmark=BENCHMARK)
    assert {case.asset for case in found.cases} == {"gallium"}
    assert {case.zero for case in found.cases} == {"announcement", "effect"}
    assert "germanium" in found.without_series
    rare = study(ledger, ledger["EV056"], monthly(prices), traded={}, benchmark=BENCHMARK)
    assert rare.cases == ()
    assert {"holmium", "erbium"} <= set(rare.without_series)


def test_summary_counts_non_reactions_and_overlaps(ledger):
    prices = pl.concat([
        quiet(),
        series("gallium", lambda i: 100 if i < -11 else 150, months=range(-30, 13)),
        series("germanium", lambda i: 100, months=range(-30, 13)),
    ])  # fmt: skip
    traded = {"gallium": "metal", "germanium": "metal"}
    prices = prices.filter(~pl.col("asset").is_in(BENCHMARK)).vstack(
        pl.concat([series(key, lambda i: 5.0, months=range(-30, 13)) for key in BENCHMARK]).select(prices.columns)
    )
    cases = [c for c in study(ledger, ledger["EV020"], monthly(prices), traded=traded, benchmark=BENCHMARK).cases
             if c.zero == "announcement" and c.form_named]  # fmt: skip
    first = summary(cases)[0]
    assert (first.n, first.up, first.down, first.none) == (2, 1, 0, 1)
    assert first.median == pytest.approx(0.25)
    assert (first.low, first.high) == (pytest.approx(0), pytest.approx(0.5))
    assert first.overlapping == sum(bool(case.overlaps) for case in cases)


def test_summary_of_nothing():
    assert all((row.n, row.median) == (0, None) for row in summary(()))
