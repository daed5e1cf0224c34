"""The items of the ledger beside China's licence catalogue: what agrees, what one of them lacks, what nobody can tell."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.controls.licence_catalogue import compare_with_catalogue, metals_named
from toolkit.core.trade_names import CHINESE

TODAY = date(2026, 11, 25)


@pytest.fixture
def ledger(tables):
    return ControlLedger.of(tables["controls"], tables["control_scopes"], tables["control_items"], assets=["indium", "hafnium"])


def row(name, code, number=2, description="", control_code=""):
    return {"row": number, "name": name, "description": description, "control_code": control_code, "code": code}


def compare(ledger, rows, on=TODAY):
    frame = pl.DataFrame(
        rows, schema={"row": pl.Int64, **dict.fromkeys(("name", "description", "control_code", "code"), pl.String)}
    )
    checks, missing = compare_with_catalogue(ledger, frame, on=on)
    return {one.item: one for one in checks}, missing


@pytest.fixture
def whole(ledger):
    """A catalogue of what the ledger says."""
    return [
        row(item["item_cn"], code, number, control_code=item["control_code"] or "")
        for number, item in enumerate(ledger.items.iter_rows(named=True), start=2)
        for code in (item["hs_codes"].split(";") if item["hs_codes"] else [None])
    ]


def test_a_catalogue_of_the_same_items_agrees(ledger, whole):
    checks, missing = compare(ledger, whole)
    assert missing == ()
    assert sum(len(one.agreeing) for one in checks.values()) == sum(one["code"] is not None for one in whole)
    assert not any(one.lacked or one.in_part for one in checks.values())
    # Items without a code are found by their name.
    assert all(one.rows for one in checks.values() if not one.agreeing)


def test_a_code_that_the_catalogue_lacks_is_told_with_the_rows_of_its_item(ledger, whole):
    checks, _ = compare(ledger, [one for one in whole if one["code"] != "8112929010"])
    assert [(name, one.lacked) for name, one in checks.items() if one.lacked] == [("gallium metal", ("8112929010",))]
    metal = checks["gallium metal"]
    assert not metal.may_be_left_out
    assert {found.code for found in metal.rows} == {"8112929090", "8112999000"}


def test_items_of_suspended_notices_may_be_left_out(ledger, whole):
    checks, _ = compare(ledger, [])
    lacking = {one.notice for one in checks.values() if one.lacked and one.may_be_left_out}
    assert lacking == {"MOFCOM-2025-55", "MOFCOM-2025-56", "MOFCOM-2025-57", "MOFCOM-2025-58"}
    assert {(one.status, one.status_in_january) for one in checks.values() if one.may_be_left_out} == {
        ("unsettled", "suspended")
    }


def test_a_notice_after_january_may_be_left_out_and_a_later_one_is_not_asked(ledger):
    checks, _ = compare(ledger, [], on=date(2025, 5, 1))
    assert checks["Dy oxide"].may_be_left_out
    assert checks["Dy oxide"].status == "in_force"
    assert not any(one.notice == "MOFCOM-2025-57" for one in checks.values())


def test_a_code_for_other_metals_does_not_agree(ledger):
    checks, missing = compare(ledger, [row("含镝化合物", "3824999922"), row("含铒化合物", "3824999922", 3)])
    assert checks["Dy compounds"].agreeing == ("3824999922",)
    assert "3824999922" in checks["Tb compounds"].lacked
    assert [found.name for found in checks["Tb compounds"].rows] == ["含镝化合物", "含铒化合物"]
    (erbium,) = missing
    assert (erbium.row, erbium.metals) == (3, ("erbium",))
    assert "Dy compounds" in erbium.items


def test_eight_digits_are_no_agreement_in_ten(ledger):
    checks, _ = compare(ledger, [row("金属铒", "2805301999"), row("碲化镉", "28429020", 3)])
    assert checks["Er metal, oxide, compounds"].in_part == ("28053019",)
    assert not checks["Er metal, oxide, compounds"].agreeing
    assert checks["cadmium telluride"].in_part == ("2842902000",)


@pytest.mark.parametrize(
    ("name", "description", "code", "metals", "named_in"),
    [
        ("金属铟", "", "8112923010", ("indium",), "name"),
        ("Hafnium metal", "", "8112310010", ("hafnium",), "name"),
        ("粉末", "铪含量大于60%", "8112310010", ("hafnium",), "description"),
        ("稀土永磁体", "", "8505111000", ("rare_earths",), "name"),
    ],
)
def test_codes_that_the_ledger_lacks(ledger, name, description, code, metals, named_in):
    _, (found,) = compare(ledger, [row(name, code, 7, description)])
    assert (found.row, found.code, found.metals, found.named_in) == (7, code, metals, named_in)


def test_what_a_machine_is_made_of_is_no_metal(ledger):
    assert compare(ledger, [row("阀门", "8481803110", description="接触表面由铪、钨制成")])[1] == ()


def test_technology_is_found_by_control_code_or_name_and_else_only_shown(ledger):
    rows = [row("铋生产技术", None, 2, control_code="6E001"), row("钨的技术", None, 3), row("阀门的技术", None, 4)]
    checks, _ = compare(ledger, rows)
    assert [found.row for found in checks["bismuth production technology"].rows] == [2]
    tungsten = checks["tungsten production technology"]
    assert (tungsten.rows, [found.row for found in tungsten.similar]) == ((), [3])


def test_chinese_names_are_those_of_the_notices(ledger):
    names = {key.removesuffix("_flake"): name for name, key in CHINESE.items()}
    checked = set()
    for item in ledger.items.iter_rows(named=True):
        for metal in item["metals"].split(";"):
            if metal in names and item["item_cn"] and names[metal] in item["item_cn"]:
                assert metal in metals_named(item["item_cn"])
                checked.add(metal)
    listed = {metal for metals in ledger.items["metals"] for metal in metals.split(";")}
    assert listed - checked == {"rare_earths", "superhard_materials"}


def test_no_name_is_part_of_another():
    assert len(CHINESE) == len(set(CHINESE.values()))
    assert [(a, b) for a in CHINESE for b in CHINESE if a != b and a in b] == []
    assert metals_named("合金、金属制品") == frozenset()
    assert metals_named("Gold-antimony; graphite") == {"gold", "antimony", "graphite"}
