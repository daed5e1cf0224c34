"""Flows: series, changes, summaries, diversion, and collapse under holidays, single zeros, lumpy trade and gaps."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.errors import GapError
from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table
from toolkit.supply.collapse import collapses, flow_around, months_needed
from toolkit.supply.flows import ALL_LISTED, FlowSeries, change, diversion, flow_series, summarise
from toolkit.supply.tariff import mixed_code, sole_asset, tariff_code, tariff_codes


def month_ends(n: int, year: int = 2020) -> tuple[date, ...]:
    first = pl.date_range(date(year, 1, 1), pl.lit(date(year, 1, 1)).dt.offset_by(f"{n - 1}mo"), "1mo", eager=True)
    return tuple(first.dt.month_end())


def series(quantities, *, partner: str = "CHN", inferred=()) -> FlowSeries:
    """A series from January 2020 on."""
    months = month_ends(len(quantities))
    return FlowSeries("tin", "800110", "USA", partner, "import", months, tuple(quantities), tuple(inferred), "test")


def rows(*entries, code: str = "800110") -> pl.DataFrame:
    """A flows frame from (month end, partner, quantity)."""
    return pl.DataFrame(
        [
            {"date": day, "reporter": None, "partner": partner, "direction": None, "asset": None, "hs_code": code,
             "quantity": quantity, "basis": "reported", "source": "test"}
            for day, partner, quantity in entries
        ],
        schema_overrides={"reporter": pl.String, "direction": pl.String, "asset": pl.String, "quantity": pl.Float64},
    )  # fmt: skip


@pytest.fixture(scope="module")
def bundled() -> tuple[FlowSeries, ...]:
    return flow_series(read_table(bundled_folder() / "flows.csv", TABLES["flows"]))


def from_china(bundled: tuple[FlowSeries, ...], asset: str) -> FlowSeries:
    return next(one for one in bundled if (one.asset, one.partner) == (asset, "CHN"))


# Series and summaries


def test_a_missing_month_is_none_and_a_total_is_not_known_when_a_partner_is_not():
    jan, feb, mar = month_ends(3)
    total, a, b = flow_series(rows((jan, "A", 1.0), (mar, "A", 3.0), (jan, "B", 5.0), (mar, "B", None)))
    assert (total.partner, a.partner, b.partner) == (ALL_LISTED, "A", "B")
    assert a.months == (jan, feb, mar)
    assert (a.quantities, b.quantities, total.quantities) == ((1.0, None, 3.0), (5.0, None, None), (6.0, None, None))


def test_a_world_row_is_the_total_and_nothing_is_added_to_it():
    jan = month_ends(1)[0]
    found = flow_series(rows((jan, "WLD", 9.0), (jan, "A", 1.0)))
    assert [(one.partner, one.quantities) for one in found] == [("WLD", (9.0,)), ("A", (1.0,))]


@pytest.mark.parametrize(
    ("present", "base", "usual", "value", "reason"),
    [(150.0, 100.0, 100.0, 0.5, ""), (0.0, 100.0, 100.0, -1.0, ""), (5.0, 9.9, 100.0, None, "small base"),
     (5.0, 0.0, 100.0, None, "small base"), (0.0, 0.0, 0.0, None, "small base"), (None, 1.0, 1.0, None, "missing"),
     (1.0, None, 1.0, None, "missing")],
)  # fmt: skip
def test_changes_are_left_out_of_small_bases(present, base, usual, value, reason):
    found = change(present, base, usual)
    assert (found.value, found.base, found.reason) == (value, base, reason)


def test_a_summary_by_hand():
    one = series([*range(1, 13), 0.0, 0.0])
    total = series([20.0] * 14, partner="WLD")
    found = summarise(one, total)
    assert (found.latest, found.zeros_running, found.zeros_in_twelve) == (0.0, 2, 2)
    assert found.three_months == 4.0
    assert found.twelve_months == pytest.approx(75 / 12)
    assert found.three_on_twelve.value == pytest.approx(4 / (75 / 12) - 1)
    assert found.share == pytest.approx(75 / 240)
    assert (found.on_month.reason, found.on_year.value) == ("small base", -1.0)


def test_a_short_series_and_a_hole_give_no_means():
    short = summarise(series([1.0, 2.0]))
    assert (short.three_months, short.twelve_months, short.on_year.reason) == (None, None, "missing")
    holed = summarise(series([1.0] * 12 + [None]))
    assert (holed.latest, holed.twelve_months, holed.missing_in_twelve, holed.zeros_in_twelve) == (None, None, 1, 0)


# Collapse


def test_a_stop_is_found_with_its_first_month_and_the_month_of_proof():
    (found,) = collapses(series([100.0] * 15 + [10.0, 0.0, 20.0, 5.0] + [100.0]))
    assert (found.onset, found.confirmed, found.last) == (date(2021, 4, 30), date(2021, 6, 30), date(2021, 7, 31))
    assert (found.base, found.mean, found.months, found.needed) == (100.0, 8.75, 4, 3)
    assert not found.running


@pytest.mark.parametrize("dip", [[0.0], [0.0, 0.0]])
def test_single_zero_months_are_no_collapse(dip):
    assert collapses(series([100.0] * 15 + dip + [100.0] * 6)) == ()


def test_holidays_that_come_every_year_are_no_collapse():
    assert collapses(series(([0.0, 0.0] + [100.0] * 10) * 4)) == ()
    assert collapses(series(([0.0, 0.0, 0.0] + [100.0] * 9) * 4)) == ()  # a March at zero beside them, every year


def test_holidays_count_only_against_the_same_months_a_year_earlier():
    ordinary = [100.0] * 12
    (found,) = collapses(series([*ordinary, *ordinary[:11], 20.0, 30.0, 10.0, 100.0, 100.0]))
    assert (found.onset, found.confirmed, found.months) == (date(2021, 12, 31), date(2022, 2, 28), 3)
    seasonal = [30.0, 10.0, *[100.0] * 10]
    assert collapses(series([*seasonal, *seasonal[:11], 20.0, 30.0, 10.0, 100.0, 100.0])) == ()


def test_an_open_january_waits_for_its_february():
    assert collapses(series([100.0] * 22 + [0.0, 0.0, 0.0])) == ()
    (found,) = collapses(series([100.0] * 22 + [0.0, 0.0, 0.0, 0.0]))
    assert (found.confirmed, found.running) == (date(2022, 2, 28), True)


def test_a_lumpy_trade_needs_a_longer_run():
    lumpy = [0.0, 0.0, 300.0] * 6
    assert months_needed(lumpy[:12]) == 7  # p = 9 / 14: 0.643 ** 7 = 0.045
    # Six low months from July to December; January and February were zero a year earlier too, so they say nothing.
    assert collapses(series([*lumpy, *[0.0] * 8])) == ()
    (found,) = collapses(series([*lumpy, *[0.0] * 9]))
    assert (found.onset, found.confirmed, found.months) == (date(2021, 7, 31), date(2022, 3, 31), 7)


def test_what_has_fallen_to_a_few_kg_does_not_collapse_again():
    fallen = [1000.0] * 15 + [1.0] * 20
    assert len(collapses(series([*fallen, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]))) == 1


def test_a_missing_month_ends_a_run_and_spoils_a_base():
    assert collapses(series([100.0] * 15 + [0.0, 0.0, None, 0.0, 0.0])) == ()
    assert collapses(series([100.0] * 10 + [None] + [100.0] * 4 + [0.0] * 6)) == ()


@given(st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=13, max_size=48), st.sampled_from([0.001, 1000.0]))
def test_collapses_do_not_depend_on_the_unit_of_mass(quantities, factor):
    quantities = [round(q, 3) for q in quantities]
    told = [(c.onset, c.last) for c in collapses(series(quantities))]
    # Halves and tenths are compared: a factor that is no power of two may move a month that lies exactly on the line.
    moved = [(c.onset, c.last) for c in collapses(series([q * 2**10 if factor > 1 else q / 2**10 for q in quantities]))]
    assert told == moved


@given(st.lists(st.integers(0, 1000), min_size=30, max_size=48), st.integers(13, 29))
def test_later_months_never_change_what_was_confirmed(quantities, cut):
    whole = collapses(series([float(q) for q in quantities]))
    early = collapses(series([float(q) for q in quantities[:cut]]))
    assert [(c.onset, c.confirmed) for c in early] == [
        (c.onset, c.confirmed) for c in whole if c.confirmed <= month_ends(cut)[-1]
    ]


def test_the_flow_around_a_day():
    one = series([100.0] * 15 + [10.0, 0.0, 20.0, 100.0])
    around = flow_around(one, date(2021, 4, 1), collapses(one))
    assert around is not None
    assert (around.base, around.after, around.change.value) == (100.0, 10.0, pytest.approx(-0.9))
    assert around.collapse is not None
    calm = flow_around(one, date(2021, 1, 15), collapses(one))
    assert calm is not None
    assert calm.collapse is None
    assert flow_around(one, date(2020, 6, 1), ()) is None  # no year before it
    assert flow_around(one, date(2021, 6, 1), ()) is None  # two months from it on
    assert flow_around(one, date(2022, 1, 1), ()) is None  # after the end


# Bundled US imports


def test_bismuth_from_china_has_collapsed_and_is_down_in_2026(bundled):
    found = collapses(from_china(bundled, "bismuth"))[-1]
    assert found.running
    assert found.last == date(2026, 7, 31)
    assert found.mean < 1.0  # kg a month, from a base of tonnes
    assert found.base > 10_000
    assert summarise(from_china(bundled, "bismuth")).inferred_in_twelve == 7


def test_antimony_from_china_collapsed_in_2025(bundled):
    onsets = [found.onset for found in collapses(from_china(bundled, "antimony"))]
    assert onsets == [date(2025, 5, 31)]  # and none of the single zeros of 2023 and 2024


# Diversion


def test_others_step_in_for_one_that_falls_away():
    origin = series([100.0] * 12 + [20.0] * 12)
    total = series([150.0] * 12 + [130.0] * 12, partner="WLD")
    other = series([50.0] * 12 + [110.0] * 12, partner="MYS")
    found = diversion(origin, total, [origin, other])
    assert (found.before, found.after, found.others_before, found.others_after) == (100.0, 20.0, 50.0, 110.0)
    assert found.offset == pytest.approx(60 / 80)
    assert found.suspected
    assert found.risers == (("MYS", 60.0),)


@pytest.mark.parametrize(("origin", "total"), [((100.0, 60.0), (150.0, 150.0)), ((100.0, 20.0), (150.0, 80.0))])
def test_a_mild_fall_or_others_that_stay_are_no_diversion(origin, total):
    before, after = origin
    one = series([before] * 12 + [after] * 12)
    whole = series([total[0]] * 12 + [total[1]] * 12, partner="WLD")
    assert not diversion(one, whole).suspected


def test_diversion_needs_two_whole_years():
    with pytest.raises(GapError):
        diversion(series([1.0] * 23), series([1.0] * 23))
    with pytest.raises(GapError):
        diversion(series([None] + [1.0] * 23), series([1.0] * 24))


# Tariff codes


def test_mixed_codes_and_what_counts_one_metal():
    codes = tariff_codes(read_table(bundled_folder() / "tariff_codes.csv", TABLES["tariff_codes"]))
    mixed = mixed_code(codes, "811292")
    assert mixed is not None
    assert {"gallium", "germanium", "indium"} <= set(mixed.assets)
    assert "niobium" in mixed.caution
    assert mixed_code(codes, "8112921000") is None  # a national line is finer
    assert (mixed_code(codes, "250410"), sole_asset(codes, "250410")) == (None, "graphite_flake")
    assert sole_asset(codes, "811292") is None
    assert sole_asset(codes, "380110") is None
    assert tariff_code(codes, "999999") is None


def test_every_metal_of_a_tariff_code_is_one_the_data_knows():
    codes = tariff_codes(read_table(bundled_folder() / "tariff_codes.csv", TABLES["tariff_codes"]))
    known = set(read_table(bundled_folder() / "metals.csv", TABLES["metals"])["asset"])
    known |= set(read_table(bundled_folder() / "flows.csv", TABLES["flows"])["asset"])
    assert {asset for code in codes for asset in code.assets} <= known
