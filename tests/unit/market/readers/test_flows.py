"""Customs files: columns under their names, what is missing, what is zero, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from toolkit.core.errors import DataError, FrameError
from toolkit.market.readers.flows import CustomsFlows, read_flows
from toolkit.supply.collapse import collapses, flow_around
from toolkit.supply.flows import ALL_LISTED, flow_series

TODAY = date(2026, 11, 24)
TESTDATA = Path(__file__).parents[5] / "shared" / "testdata" / "china_exports_hs6_partner_monthly.csv"


def read(folder: Path, text: str):
    file = folder / "customs.csv"
    file.write_text(text, encoding="utf-8")
    return read_flows(file, today=TODAY)


def test_canonical_and_comtrade_names_are_the_same_file(tmp_path):
    mine = read(tmp_path, "date,partner,hs_code,quantity_kg,value_usd\n2026-01,JPN,2504.10,5,9\n")
    theirs = read(
        tmp_path, "period_dt,partner_name,hs6,value_usd,quantity_kg,uv_usd_kg\n2026-01-01,JPN,250410,9,5,1.8\n"
    )  # fmt: skip
    assert mine.frame.equals(theirs.frame)
    assert mine.frame.select("date", "partner", "hs_code", "value", "quantity").row(0) == (
        date(2026, 1, 31), "JPN", "250410", 9.0, 5.0,
    )  # fmt: skip
    assert CustomsFlows.is_valid(mine.frame)


def test_a_mass_of_zero_beside_a_value_is_not_known(tmp_path):
    file = read(tmp_path, "date,partner,hs_code,quantity_kg,value_usd\n2026-01,JPN,250410,0,900\n2026-02,JPN,250410,0,0\n")
    assert file.frame["quantity"].to_list() == [None, 0.0]
    assert any("not known" in note for note in file.notes)


def test_blanks_are_zeros_only_where_the_code_has_a_row(tmp_path):
    file = read(
        tmp_path,
        "date,partner,hs_code,quantity_kg\n2026-01,JPN,250410,5\n2026-01,KOR,250410,6\n2026-02,KOR,250410,7\n2026-04,KOR,250410,8\n",
    )
    japan = file.frame.filter(pl.col("partner") == "JPN").sort("date")
    assert japan.select("date", "quantity", "basis").rows() == [
        (date(2026, 1, 31), 5.0, "reported"),
        (date(2026, 2, 28), 0.0, "inferred_zero"),
        (date(2026, 4, 30), 0.0, "inferred_zero"),
    ]
    _, series, _ = flow_series(file.frame.with_columns(asset=pl.lit(None, pl.String)))
    assert series.quantities == (5.0, 0.0, None, 0.0)  # March: no row at all


FAULTS = {
    "letters": ("date,partner,hs_code,quantity_kg\n2026-01,JPN,25O410,5\n", "hs_code", [2]),
    "short": ("date,partner,hs_code,quantity_kg\n2026-01,JPN,250,5\n", "hs_code", [2]),
    "negative": ("date,partner,hs_code,quantity_kg\n2026-01,JPN,250410,-5\n", "quantity_sign", [2]),
    "running": ("date,partner,hs_code,quantity_kg\n2026-11,JPN,250410,5\n", "month", [2]),
    "future": ("date,partner,hs_code,quantity_kg\n2027-01,JPN,250410,5\n", "month", [2]),
    "twice": ("date,partner,hs_code,quantity_kg\n2026-01-01,JPN,250410,5\n2026-01,JPN,250410,5\n", "unique", [2, 3]),
    "text": ("date,partner,hs_code,quantity_kg\n2026-01,JPN,250410,none\n", "number", [2]),
    "date": ("date,partner,hs_code,quantity_kg\nQ1 2026,JPN,250410,5\n", "date", [2]),
    "partner": ("date,partner,hs_code,quantity_kg\n2026-01,,250410,5\n", "empty", [2]),
    "direction": ("date,partner,hs_code,quantity_kg,direction\n2026-01,JPN,250410,5,out\n", "direction", [2]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_rows_are_refused_with_rule_and_row(tmp_path, fault):
    text, rule, at = FAULTS[fault]
    with pytest.raises(FrameError) as refused:
        read(tmp_path, text)
    assert (refused.value.details["rule"], refused.value.details["rows"]) == (rule, at)
    assert refused.value.hint


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    with pytest.raises(FrameError) as refused:
        read(tmp_path, "date,partner,hs_code,quantity_kg\n2026-01,JPN,250,5\n2026-01,KOR,250410,-5\n2027-01,JPN,250410,5\n")
    assert [(fault["rule"], fault["rows"]) for fault in refused.value.details["faults"]] == [
        ("hs_code", [2]), ("quantity_sign", [3]), ("month", [4])]  # fmt: skip


def test_columns_that_are_missing_unknown_or_given_under_two_names(tmp_path):
    with pytest.raises(DataError, match="quantity_kg"):
        read(tmp_path, "date,partner,hs_code\n2026-01,JPN,250410\n")
    with pytest.raises(DataError, match="colour"):
        read(tmp_path, "date,partner,hs_code,quantity_kg,colour\n2026-01,JPN,250410,5,red\n")
    with pytest.raises(DataError, match="hs6"):
        read(tmp_path, "date,partner,hs_code,hs6,quantity_kg\n2026-01,JPN,250410,250410,5\n")


needs_testdata = pytest.mark.skipif(not TESTDATA.exists(), reason="../shared/testdata is not here")


@pytest.fixture(scope="module")
def totals():
    """All partners together, by code: UN Comtrade, Chinese exports 2017 to 2024."""
    frame = read_flows(TESTDATA, today=TODAY).frame.with_columns(asset=pl.lit(None, pl.String))
    return {one.hs_code: one for one in flow_series(frame) if one.partner == ALL_LISTED}


@pytest.mark.testdata
@needs_testdata
def test_masses_that_were_not_reported_are_missing(totals):
    one = totals["811292"]
    year = [q for month, q in zip(one.months, one.quantities, strict=True) if month.year == 2017]
    assert None in year


@pytest.mark.testdata
@needs_testdata
def test_graphite_drops_in_december_2023(totals):
    (found,) = collapses(totals["250410"])
    assert (found.onset, found.confirmed) == (date(2023, 12, 31), date(2024, 2, 29))
    assert found.month_before > 2.5  # 40.5 kt in November against a mean of 14.9
    december = totals["250410"].quantities[totals["250410"].months.index(date(2023, 12, 31))]
    assert december == pytest.approx(2.7e6, rel=0.02)


@pytest.mark.testdata
@needs_testdata
def test_the_total_of_mixed_metals_shows_no_stop_in_august_2023(totals):
    around = flow_around(totals["811292"], date(2023, 8, 1), collapses(totals["811292"]))
    assert around is not None
    assert around.collapse is None
    assert around.change.value is not None
    assert around.change.value > 0
