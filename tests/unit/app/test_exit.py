"""`toolkit exit` on a file of lots and one of bids: what is in no column, what a lot lacks, and one spread everywhere."""

import json

import pytest

from toolkit.cli.main import run
from toolkit.holdings.exit import RUNGS

LOTS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,paid,origin_country,location,status,custody,certificate
GA-1,gallium,metal,99.99 %,10,kg,2024-06-10,580,EUR,,CHN,Frankfurt,stored,segregated,COA 123
GA-2,gallium,metal,99.99 %,6,kg,2025-11-03,900,EUR,,unknown,Zürich,stored,collective,
GE-1,germanium,metal,99.999 %,4,kg,2025-02-01,1900,EUR,,CHN,Shanghai,stored,,yes
GE-2,germanium,metal,99.999 %,3,kg,2026-02-01,2300,EUR,30 %,CHN,,ordered,,
IN-1,indium,metal,99.99 %,20,kg,2025-02-01,310,EUR,,KOR,Rotterdam,stored,bonded,COA 7
"""
BIDS = """date,asset,form,purity,bid,ask,size,unit,currency,counterparty,valid_until
2026-10-05,gallium,,99.99 %,980,1300,5,kg,USD,Alpha,
2026-10-20,Ga,metal,4N,1.010,,10000,g,USD,Beta,2026-10-27
2026-11-20,gallium,,4N,995,1290,4,kg,USD,Gamma,2026-12-10
2026-11-25,germanium,,5N,2600,,2,kg,USD,Alpha,2026-12-31
"""
DAY = ["--as-of", "2026-12-01", "--json", "--quiet"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A working folder with lots and bids."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text(LOTS, encoding="utf-8")
    (tmp_path / "bids.csv").write_text(BIDS.replace("1.010,,10000,g", "1010,,10,kg"), encoding="utf-8")
    return tmp_path


def answer(capsys, *words: str, code: int = 0) -> dict:
    """What a command prints."""
    assert run([*words, *DAY]) == code
    return json.loads(capsys.readouterr().out)


def test_own_bids_are_the_spread_and_what_cannot_leave_is_in_no_column(files, capsys):
    found = answer(capsys, "exit", "lots.csv", "--bids", "bids.csv")
    ladder = found["ladder"]
    for whose in (ladder, *ladder["goods"]):  # each rung once, and what is money sooner is money later
        assert [rung["days"] for rung in whose["rungs"]] == [*RUNGS]
        assert [rung["money"] for rung in whose["rungs"]] == sorted(rung["money"] for rung in whose["rungs"])
    goods = {one["asset"]: one for one in ladder["goods"]}
    assert {*goods} == {"gallium", "indium"}  # germanium lies in Shanghai, or is ordered
    gallium = goods["gallium"]
    (offer,) = gallium["seen"]["offers"]
    assert (gallium["terms"], gallium["seen"]["bids"], gallium["seen"]["quantity"]) == ("bids", 3, 19)
    by = {rung["days"]: rung for rung in gallium["rungs"]}
    assert by[2]["money"] == 0
    assert by[14]["money"] == by[14]["low"] == by[14]["high"] == pytest.approx(4 * offer["price"])
    of_terms = gallium["value"] * (1 - gallium["spread"] / 2)
    assert by[30]["money"] == pytest.approx(4 * offer["price"] + 12 / 16 * of_terms)
    assert goods["indium"]["terms"] == "assumption"
    for at, rung in enumerate(ladder["rungs"]):
        assert rung["money"] == pytest.approx(sum(one["rungs"][at]["money"] for one in ladder["goods"]))
    assert ladder["licence"]["tail"] == 180


def test_what_each_lot_lacks_and_by_what_that_is_known(files, capsys):
    lots = {one["lot_id"]: one for one in answer(capsys, "exit", "lots.csv")["ladder"]["lots"]}
    lacks = {name: [one["what"] for one in lot["lacks"]] for name, lot in lots.items()}
    assert lacks == {
        "GA-1": [],
        "GA-2": ["certificate", "origin", "title"],
        "GE-1": ["licence", "certificate_number", "origin_paper", "custody"],
        "GE-2": ["arrival", "certificate", "origin_paper", "custody", "payment"],
        "IN-1": ["customs"],
    }
    assert [name for name, lot in lots.items() if not lot["for_sale"]] == ["GE-1", "GE-2"]
    assert lots["GE-1"]["lacks"][0]["source"] == "No. 23 of 2023"
    assert {one["source"] for one in lots["GE-2"]["lacks"]} == {"file"}


def test_one_spread_in_every_command(files, capsys):
    moves = "date,kind,lot,asset,quantity,unit,price,currency,location\n2024-06-10,buy,GA-1,gallium,10,kg,580,EUR,Frankfurt\n"
    (files / "moves.csv").write_text(moves, encoding="utf-8")
    bids = ["--bids", "bids.csv"]
    spread = answer(capsys, "exit", "moves.csv", *bids)["ladder"]["goods"][0]["spread"]
    assert answer(capsys, "exposure", "moves.csv", *bids)["purchases"][0]["spread"] == spread
    sale = answer(capsys, "sell", "gallium", "2kg", "--holdings", "moves.csv", *bids)
    assert sale["orders"][0]["lots"][0]["proceeds"] == pytest.approx(2 * sale["price"] * (1 - spread / 2), abs=0.01)
    words = ["optimize", "physical-basket", "--holdings", "moves.csv", "--budget", "50000", "--no-report", *bids]
    (lot,) = (one for one in answer(capsys, *words)["lots"] if one["lot_id"] == "GA-1")
    assert lot["spread"] == pytest.approx(spread)
    assert spread != answer(capsys, "exit", "moves.csv")["ladder"]["goods"][0]["spread"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("2027-01-01,gallium,,,900,,,kg,EUR,,", "future"),
        (",gallium,,,900,,,kg,EUR,,", "empty"),
        ("2026-10-01,gallium,,,,,1,kg,EUR,,", "empty"),
        ("2026-10-01,gallium,,,900,800,1,kg,EUR,,", "ask"),
        ("2026-10-01,gallium,,,900,,1,kg,,,", "empty"),
        ("2026-10-01,unobtainium,,,900,,1,kg,EUR,,", "unknown_asset"),
        ("2026-10-01,gallium,,,-900,,1,kg,EUR,,", "positive"),
        ("2026-10-01,gallium,,,900,,1,kg,EUR,,soon", "date"),
    ],
)
def test_a_bid_that_is_none_is_a_fault_with_its_row(row, rule, files, capsys):
    (files / "bids.csv").write_text(f"{BIDS.splitlines()[0]}\n{row}\n", encoding="utf-8")
    error = answer(capsys, "exit", "lots.csv", "--bids", "bids.csv", code=3)["error"]
    faults = error["details"].get("faults") or [error["details"]]
    assert {one["rule"] for one in faults} == {rule}


def test_a_list_of_lots_is_no_list_of_bids(files, capsys):
    assert "no column 'bid'" in answer(capsys, "exit", "lots.csv", "--bids", "lots.csv", code=3)["error"]["message"]


def test_a_column_that_is_not_known_is_asked_and_its_layout_is_kept(files, capsys):
    (files / "own.csv").write_text("Tag;Metall;Preis je kg in EUR;Wer\n05.10.2026;Gallium;900,50;Alpha\n", encoding="utf-8")
    error = answer(capsys, "exit", "lots.csv", "--bids", "own.csv", code=3)["error"]
    assert "--set of=bids" in (error["hint"] + str(error["details"]))
    words = ["holdings", "map", "own.csv", "--set", "of=bids", "--set", "Preis je kg in EUR=bid EUR/kg"]
    assert run([*words, "--set", "Wer=counterparty", "--write", "--json", "--quiet"]) == 0
    capsys.readouterr()
    (seen,) = answer(capsys, "exit", "lots.csv", "--bids", "own.csv")["bids"]
    assert (seen["bids"], seen["quantity"], seen["spread"]) == (1, None, None)
