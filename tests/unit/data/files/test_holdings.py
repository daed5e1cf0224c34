"""Holdings files: what the contract accepts and refuses, lot by lot."""

from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError, FrameError
from toolkit.data.files.holdings import OPTIONAL, REQUIRED, Lots, read_holdings

TODAY = date(2026, 11, 24)
KNOWN = {"gallium": ("metal", "oxide"), "germanium": ("metal",), "gold": ("metal",)}
LOT = {
    "lot_id": "L1",
    "asset": "gallium",
    "form": "metal",
    "purity": "99.99 %",
    "quantity": "2",
    "unit": "kg",
    "purchase_date": "2024-05-17",
    "purchase_price": "450.5",
    "currency": "EUR",
    "origin_country": "CHN",
    "location": "Frankfurt",
    "status": "stored",
}


def csv(*lots: dict[str, str]) -> bytes:
    columns = list(dict.fromkeys(name for lot in lots for name in lot))
    lines = [",".join(columns), *(",".join(lot.get(name, "") for name in columns) for lot in lots)]
    return "\n".join(lines).encode()


def read(*lots: dict[str, str]):
    return read_holdings("-", known_assets=KNOWN, today=TODAY, stdin=io.BytesIO(csv(*lots)))


def test_the_header_is_that_of_the_contract():
    contract = "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status"
    assert ",".join(REQUIRED) == contract
    assert ",".join(OPTIONAL) == "custody,certificate,spread,storage_fee,vat_state"


def test_a_lot_comes_back_with_its_mass():
    held = read(LOT | {"spread": "0.12", "custody": "bonded"})
    assert held.name == "stdin"
    row = held.frame.row(0, named=True)
    assert (row["quantity"], row["unit"], row["mass"]) == (2.0, "kg", 2.0)
    assert (row["purchase_date"], row["purchase_price"], row["currency"]) == (date(2024, 5, 17), 450.5, "EUR")
    assert (row["spread"], row["storage_fee"], row["custody"], row["vat_state"]) == (0.12, None, "bonded", None)
    assert Lots.is_valid(held.frame)


@pytest.mark.parametrize(("unit", "kg"), [("kg", 2.0), ("g", 0.002), ("t", 2000.0), ("lb", 0.90718474), ("ozt", 0.0622069536)])
def test_masses_in_kg(unit, kg):
    frame = read(LOT | {"unit": unit}).frame
    assert frame["mass"].item() == pytest.approx(kg, rel=1e-12)
    assert frame["unit"].item() == unit


def test_planned_lots_may_lack_the_purchase_and_lie_ahead():
    bare = LOT | {"lot_id": "P1", "status": "planned", "purchase_date": "", "purchase_price": "", "currency": ""}
    ahead = LOT | {"lot_id": "P2", "status": "planned", "purchase_date": "2027-01-10"}
    frame = read(ahead, bare).frame
    assert frame["lot_id"].to_list() == ["P1", "P2"]
    assert frame["purchase_date"].to_list() == [None, date(2027, 1, 10)]


def test_origin_may_be_openly_unknown_and_location_or_purity_empty():
    row = read(LOT | {"origin_country": "unknown", "location": "", "purity": ""}).frame.row(0, named=True)
    assert (row["origin_country"], row["location"], row["purity"]) == ("unknown", None, None)


FAULTS = {
    "asset": ({"asset": "galium"}, "unknown_asset", "'gallium'"),
    "form": ({"form": "oxid"}, "unknown_form", "'oxide'"),
    "form of another asset": ({"asset": "gold", "form": "oxide"}, "unknown_form", "metal"),
    "unit": ({"unit": "kgs"}, "unknown_unit", "'kg'"),
    "status": ({"status": "storred"}, "unknown_status", "'stored'"),
    "origin": ({"origin_country": "CN"}, "origin_country", "'unknown'"),
    "origin in small letters": ({"origin_country": "chn"}, "origin_country", "CHN"),
    "no origin": ({"origin_country": ""}, "empty", "'unknown'"),
    "zero quantity": ({"quantity": "0"}, "positive", "above zero"),
    "negative quantity": ({"quantity": "-1"}, "positive", "above zero"),
    "quantity in words": ({"quantity": "two"}, "number", "plain numbers"),
    "no quantity": ({"quantity": ""}, "empty", "'quantity'"),
    "nan quantity": ({"quantity": "nan"}, "finite", "empty"),
    "thousands": ({"purchase_price": "1 234"}, "number", "thousands"),
    "zero price": ({"purchase_price": "0"}, "positive", "above zero"),
    "no price": ({"purchase_price": ""}, "empty", "planned"),
    "no purchase date": ({"purchase_date": ""}, "empty", "planned"),
    "no currency": ({"currency": ""}, "empty", "currency"),
    "planned price without currency": ({"status": "planned", "currency": ""}, "empty", "currency"),
    "currency": ({"currency": "eur"}, "currency", "EUR"),
    "month": ({"purchase_date": "2024-05"}, "date", "2026-05-31"),
    "future": ({"purchase_date": "2026-11-25"}, "future", "'planned'"),
    "spread in percent": ({"spread": "15"}, "fraction", "0.15"),
    "negative fee": ({"storage_fee": "-0.01"}, "fraction", "0.15"),
    "no asset": ({"asset": ""}, "empty", "'asset'"),
    "no form": ({"form": ""}, "empty", "'form'"),
    "no id": ({"lot_id": ""}, "empty", "'lot_id'"),
}


@pytest.mark.parametrize(("change", "rule", "hint"), FAULTS.values(), ids=FAULTS)
def test_faulty_lots_are_refused_with_row_rule_and_remedy(change, rule, hint):
    with pytest.raises(FrameError) as caught:
        read(LOT, LOT | {"lot_id": "L2"} | change)
    details = caught.value.details
    assert (details["file"], details["rule"], details["count"], details["rows"]) == ("stdin", rule, 1, [3])
    assert caught.value.message.startswith("stdin: ")
    assert hint in caught.value.hint


def test_a_lot_id_that_occurs_twice_is_refused_with_both_rows():
    with pytest.raises(FrameError) as caught:
        read(LOT, LOT | {"lot_id": "L2"}, LOT)
    assert (caught.value.details["rule"], caught.value.details["rows"]) == ("duplicate", [2, 4])


@pytest.mark.parametrize(
    ("lot", "says", "hint"),
    [
        ({k: v for k, v in LOT.items() if k != "purity"}, "no column 'purity'", "purity"),
        ({("loc_id" if k == "lot_id" else k): v for k, v in LOT.items()}, "no column 'lot_id'", "Rename column 'loc_id'"),
        (LOT | {"vat_status": "paid"}, "unknown column 'vat_status'", "'vat_state'"),
    ],
)
def test_slips_in_the_header(lot, says, hint):
    with pytest.raises(DataError) as caught:
        read(lot)
    assert caught.value.kind == "data"
    assert says in caught.value.message
    assert hint in caught.value.hint


def test_parquet_gives_the_same_lots(tmp_path):
    pl.DataFrame([LOT | {"quantity": 2.0, "purchase_price": 450.5, "purchase_date": date(2024, 5, 17)}]).write_parquet(
        tmp_path / "h.parquet"
    )
    held = read_holdings(tmp_path / "h.parquet", known_assets=KNOWN, today=TODAY)
    assert held.frame.equals(read(LOT).frame)


def test_semicolons_with_decimal_commas_and_rows_in_any_order():
    second = LOT | {"lot_id": "L2", "purchase_price": "12.25"}
    german = csv(second, LOT).replace(b",", b";").replace(b".5;", b",5;").replace(b".25", b",25")
    held = read_holdings("-", known_assets=KNOWN, today=TODAY, stdin=io.BytesIO(german))
    assert held.frame.equals(read(LOT, second).frame)
