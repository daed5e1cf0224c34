"""`toolkit performance`: figures of a file, recomputed from the file itself."""

from __future__ import annotations

import json

import pytest

import toolkit as tk
from toolkit.cli.main import run

MOVES = """date,kind,lot,asset,quantity,unit,price,currency,fees,location,client
2024-03-12,buy,A,gallium,10,kg,412.50,EUR,35,Frankfurt,Muster
2024-09-05,buy,B,germanium,4,kg,2050,EUR,20,Zürich,Muster
2025-01-20,buy,C,gallium,5,kg,690,USD,18,Frankfurt,Zeisig
2025-06-30,sell,A,gallium,6,kg,780,EUR,25,Frankfurt,Muster
2025-10-01,storage,B,germanium,,,,EUR,,Zürich,Muster
2026-02-01,buy,D,indium,20,kg,398,EUR,15,Frankfurt,Zeisig
"""
MOVES = MOVES.replace("2025-10-01,storage,B,germanium,,,,EUR,,", "2025-10-01,storage,B,,,,,EUR,48,")
DAY = "2026-11-01"


@pytest.fixture
def moves(tmp_path, monkeypatch):
    """A working folder with purchases, a sale and a bill of two clients."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moves.csv").write_text(MOVES, encoding="utf-8")
    return tmp_path / "moves.csv"


def performance(capsys, *words: str) -> dict:
    """What the command prints."""
    assert run(["performance", "moves.csv", "--as-of", DAY, "--json", "--quiet", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_cent_is_somewhere(moves, capsys):
    found = performance(capsys)
    for one in (found["whole"], *found["metals"], *found["clients"], *found["lots"]):
        gain = one["gain"]
        assert sum(part for key, part in gain.items() if key != "total") == pytest.approx(gain["total"], abs=1e-6)
        assert round(one["value"] + one["taken_out"] - one["put_in"], 2) == gain["total"]
    whole = found["whole"]
    for part in (found["metals"], found["clients"], found["lots"]):
        for key in ("put_in", "taken_out", "value", "realised"):
            assert sum(one[key] for one in part) == pytest.approx(whole[key], abs=0.011)
    assert sum(one["gain"] for one in found["years"]) == pytest.approx(whole["gain"]["total"], abs=0.03)
    assert whole["taken_out"] == 6 * 780 - 25
    assert whole["gain"]["storage"] == -48
    assert whole["realised"] == pytest.approx(6 * 780 - 25 - 6 * 412.5 - 21, abs=0.005)


def test_values_are_those_of_the_exposure_of_the_same_stock(moves, capsys):
    found = performance(capsys)
    assert run(["exposure", "moves.csv", "--as-of", DAY, "--json", "--quiet"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert {one["lot_id"]: one["value"] for one in held["lots"]} == pytest.approx(
        {one["key"]: one["value"] for one in found["lots"] if one["held"]}, abs=0.01
    )


def test_returns_lie_in_their_intervals_and_chain_over_years(moves, capsys):
    found = performance(capsys)
    for one in (found["whole"], *found["metals"]):
        for figure, ends in (("value", "value_ends"), ("time_weighted", "time_weighted_ends")):
            assert one[ends]["low"] < one[figure] < one[ends]["high"]
    chained = 1.0
    for year in found["years"]:
        chained *= 1 + year["time_weighted"]
    assert chained - 1 == pytest.approx(found["whole"]["time_weighted"], rel=1e-9)
    young = next(one for one in found["lots"] if one["key"] == "D")
    assert young["rate"] is None
    assert young["money_weighted"] is not None
    assert found == performance(capsys)


def test_the_answer_to_one_client_has_no_cell_of_the_other(moves, capsys):
    found = json.dumps(performance(capsys, "--client", "Muster"))
    assert "Zeisig" not in found
    assert "indium" not in found


def test_it_is_told_in_both_languages_and_on_a_page(moves, capsys):
    for words, told in (((), "Money-weighted return (IRR)"), (("--lang", "de"), "Kapitalgewichtete Rendite (IRR)")):
        assert run(["performance", "moves.csv", "--as-of", DAY, *words]) == 0
        assert told in capsys.readouterr().out
    assert run(["performance", "moves.csv", "--as-of", DAY, "--format", "html"]) == 0
    assert "<svg" in capsys.readouterr().out


def test_a_price_that_is_not_known_leaves_its_lot_out_and_says_so(moves, capsys):
    moves.write_text(MOVES.replace("buy,D,indium,20,kg,398", "buy,D,indium,20,kg,"), encoding="utf-8")
    found = performance(capsys)
    assert found["left_out"] == [{"lot_id": "D", "why": "cost"}]
    assert any("D" in words for words in found["warnings"])


def test_a_list_of_lots_is_none_of_movements(moves, capsys):
    moves.write_text("asset,quantity\ngallium,5\n", encoding="utf-8")
    assert run(["performance", "moves.csv", "--quiet"]) != 0
    assert "list of lots" in capsys.readouterr().err


def test_in_python(moves):
    found = tk.performance("moves.csv", as_of=DAY)
    assert found.lots["key"].to_list() == ["A", "B", "C", "D"]
    assert found.metals.height == 3
    assert found.path["value"][-1] == pytest.approx(found.record["whole"]["value"], abs=0.01)
    assert found.path["index"][-1] - 1 == pytest.approx(found.record["whole"]["time_weighted"])
    assert found.left.select("lot_id", "how", "quantity").rows() == [("A", "sell", 6.0)]
    assert found.years["fees"].sum() == pytest.approx(-found.record["whole"]["gain"]["fees"], abs=0.01)


def test_what_an_insurance_paid_for_a_loss_is_received(moves, capsys):
    """It was left out: a loss brought nothing, whatever stood in its total."""
    text = MOVES.replace("quantity,unit,price,", "quantity,unit,price,total,")
    text = "\n".join(
        line if i == 0 else ",".join([*line.split(",")[:7], "", *line.split(",")[7:]])
        for i, line in enumerate(text.splitlines())
    )
    moves.write_text(text + "\n2026-03-03,loss,B,germanium,1,kg,,1900,EUR,,Zürich,Muster\n", encoding="utf-8")
    found = performance(capsys)
    lost = next(one for one in found["left"] if one["how"] == "loss")
    assert (lost["proceeds"], lost["cost"], lost["gain"]) == (1900.0, 2050.0, 1900.0 - 2050.0 - 5.0)
    assert found["whole"]["taken_out"] == 6 * 780 - 25 + 1900


def test_metal_that_was_taken_leaves_at_its_value_of_the_day(moves, capsys):
    moves.write_text(MOVES + "2026-03-03,withdraw,B,germanium,4,kg,,EUR,,Zürich,Muster\n", encoding="utf-8")
    found = performance(capsys)
    taken = next(one for one in found["lots"] if one["key"] == "B")
    assert (taken["held"], taken["sold"], taken["value"]) == (0, 4, 0)
    assert taken["taken_out"] > 0
    assert taken["taken_out"] - taken["put_in"] == pytest.approx(taken["gain"]["total"], abs=0.011)


def test_a_lot_without_a_price_of_today_is_named(moves, capsys):
    moves.write_text(MOVES.replace("D,indium,20,kg", "D,gallium oxide,20,kg"), encoding="utf-8")
    found = performance(capsys)
    assert found["unpriced"] == ["D"]
    assert found["whole"]["value"] is None
    assert found["whole"]["rate"] is None
    assert next(one for one in found["lots"] if one["key"] == "A")["value"] > 0
    assert "D" in found["warnings"][0]


def test_what_has_not_arrived_is_named_beside_the_value_that_counts_it(moves, capsys):
    moves.write_text(MOVES.replace("2026-02-01,buy,D", "2026-02-01,order,D"), encoding="utf-8")
    found = performance(capsys)
    assert next(one for one in found["lots"] if one["key"] == "D")["value"] > 0
    assert [words for words in found["warnings"] if "not arrived" in words and "D" in words]


def test_what_was_paid_for_a_lot_in_no_figure_is_in_none(moves, capsys):
    moves.write_text(MOVES.replace("buy,B,germanium,4,kg,2050", "buy,B,germanium,4,kg,"), encoding="utf-8")
    found = performance(capsys)
    assert found["left_out"] == [{"lot_id": "B", "why": "cost"}]
    assert found["whole"]["gain"]["storage"] == 0


def _earned(tmp_path, capsys, rows: str, *words: str) -> dict:
    """What `toolkit performance` says of movements of gallium on the first of December 2026."""
    head = "date,kind,lot,asset,quantity,unit,price,currency,fees,location,rate"
    (tmp_path / "own.csv").write_text(f"{head}\n{rows}", encoding="utf-8")
    assert run(["performance", str(tmp_path / "own.csv"), "--as-of", "2026-12-01", "--json", "--quiet", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("rate", ["1.08", "0.925925925926"])
def test_an_own_rate_is_used_whichever_way_round_it_is_written(rate, tmp_path, capsys):
    found = _earned(tmp_path, capsys, f"2024-08-01,buy,A,gallium,4,kg,550,USD,10.80,Frankfurt,{rate}\n")
    assert found["lots"][0]["put_in"] == pytest.approx((2200 + 10.8) / 1.08, abs=0.01)


def test_an_own_rate_far_from_that_of_the_day_is_named_and_not_used(tmp_path, capsys):
    row = "2024-08-01,buy,A,gallium,4,kg,550,USD,0,Frankfurt,"
    found, known = (_earned(tmp_path, capsys, f"{row}{rate}\n") for rate in ("2.5", ""))
    assert any("2024-08-01" in words and "exchange rates" in words for words in found["warnings"])
    assert found["lots"] == known["lots"]


def test_the_same_money_in_a_metal_and_in_a_series_of_a_file(tmp_path, capsys):
    series = "date,price,asset,currency\n2024-06-30,100,INDEX,EUR\n2025-06-30,150,INDEX,EUR\n2026-11-30,225,INDEX,EUR\n"
    (tmp_path / "index.csv").write_text(series, encoding="utf-8")
    rows = (
        "2024-08-01,buy,A,gallium,4,kg,500,EUR,0,Frankfurt,\n2025-07-01,buy,B,gallium,2,kg,600,EUR,0,Frankfurt,\n"
        "2025-08-01,sell,A,gallium,1,kg,700,EUR,0,Frankfurt,\n"
    )
    words = ["--benchmark", str(tmp_path / "index.csv"), "--benchmark", "In"]
    by = {one["key"]: one for one in _earned(tmp_path, capsys, rows, *words)["benchmarks"]}
    assert by["INDEX"]["value"] == pytest.approx(2000 * 2.25 + (1200 - 700) * 1.5)
    assert list(by) == ["INDEX", "indium", "gold", "cash"]
    named = _earned(tmp_path, capsys, rows, "--prices", str(tmp_path / "index.csv"), "--benchmark", "index")
    assert named["benchmarks"][0] == by["INDEX"]


def test_a_benchmark_without_a_price_on_a_day_is_named_and_left_out(tmp_path, capsys):
    (tmp_path / "late.csv").write_text("date,price,asset,currency\n2025-06-30,150,LATE,EUR\n", encoding="utf-8")
    row = "2024-08-01,buy,A,gallium,4,kg,500,EUR,0,Frankfurt,\n"
    found = _earned(tmp_path, capsys, row, "--benchmark", str(tmp_path / "late.csv"))
    assert [one["key"] for one in found["benchmarks"]] == ["gold", "cash"]
    assert any("LATE" in words for words in found["warnings"])


def test_a_benchmark_that_is_nothing_is_an_error(tmp_path, capsys):
    (tmp_path / "own.csv").write_text("date,kind,lot,asset,quantity,price,currency\n2024-08-01,buy,A,gallium,4,500,EUR\n")
    assert run(["performance", str(tmp_path / "own.csv"), "--benchmark", "DAX", "--json", "--quiet"]) == 2
    assert "DAX" in json.loads(capsys.readouterr().out)["error"]["message"]


PART = (
    "date,kind,lot,asset,quantity,unit,price,total,paid,currency,fees,location,rate\n"
    "2025-01-10,order,GA-1,gallium,10,kg,500,,30 %,EUR,25,,\n"
    "2025-02-10,pay,GA-1,,,,,1000,,EUR,,,\n"
    "2025-03-10,order,IN-1,indium,10,kg,300,,50 %,USD,,,\n"
    "2025-06-10,deliver,GA-1,gallium,10,kg,,,,EUR,,Frankfurt,\n"
    "2025-07-10,pay,IN-1,,,,,1500,,USD,,,\n"
)


def test_what_is_owed_is_not_put_in_and_not_worth_anything(tmp_path, capsys):
    (tmp_path / "part.csv").write_text(PART, encoding="utf-8")
    words = [str(tmp_path / "part.csv"), "--as-of", "2026-12-01", "--json", "--quiet"]
    answers = {}
    for command in ("performance", "exposure"):
        assert run([command, *words]) == 0
        answers[command] = json.loads(capsys.readouterr().out)
    found, exposed = answers["performance"], answers["exposure"]
    lots = {one["key"]: one for one in found["lots"]}
    values = {one["lot_id"]: one["value"] for one in exposed["lots"]}
    assert lots["GA-1"]["put_in"] == 1500 + 1000 + 25
    assert lots["GA-1"]["value"] == pytest.approx(values["GA-1"] - 2500, abs=0.01)
    assert lots["IN-1"]["value"] == pytest.approx(values["IN-1"], abs=0.01)
    assert [one["owed"] for one in exposed["purchases"]] == [2500, 0]
    for one in (found["whole"], *found["metals"], *lots.values()):
        assert one["put_in"] + one["gain"]["total"] == pytest.approx(one["value"] + one["taken_out"], abs=0.005)
    # Both halves of the dollars at the rates of their days, which differ.
    assert lots["IN-1"]["gain"]["currency"] != 0
    year = next(one for one in found["years"] if one["year"] == 2025)
    assert year["put_in"] == pytest.approx(found["whole"]["put_in"])


def test_costs_of_all_clients_are_in_the_figures_of_none(moves, capsys):
    with moves.open("a", encoding="utf-8") as file:
        file.write("2025-12-31,storage,,,,,90,EUR,,,\n")
    one = performance(capsys, "--client", "Muster")
    whole = performance(capsys)
    assert one["whole"]["gain"]["storage"] == -48
    assert whole["whole"]["gain"]["storage"] == -138
    assert [note for note in one["notes"] if "row 8" in note]
    assert run(["performance", "moves.csv", "--as-of", DAY]) == 0
    assert "was paid for all together, 90 EUR" in " ".join(capsys.readouterr().out.split())


def test_a_price_that_is_missing_between_movements_leaves_the_return_by_time(tmp_path, monkeypatch, capsys):
    """14 months lie between two prices: the return is chained between days on which money moved."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moves.csv").write_text(
        "date,kind,lot,asset,quantity,price,currency\n2024-01-15,buy,A,XG,100,60,EUR\n2025-03-03,buy,B,XG,50,88,EUR\n", "utf-8"
    )
    (tmp_path / "p.csv").write_text("date,XG\n2024-01-15,60\n2025-03-03,88\n2026-10-30,118\n", encoding="utf-8")
    found = performance(capsys, "--prices", "p.csv", "--prices-currency", "EUR")
    assert found["whole"]["time_weighted"] == pytest.approx(88 / 60 * 118 / 88 - 1)
    by_year = {one["year"]: one["time_weighted"] for one in found["years"]}
    assert by_year == pytest.approx({2024: 0.0, 2025: 88 / 60 - 1, 2026: 118 / 88 - 1})
    assert found["whole"]["value_ends"] is None  # of a price without an error
    assert found["whole"]["rate_ends"] is None
    assert [one["free_from"] for one in found["lots"]] == [None, None]  # a share is no metal


def test_a_sale_far_from_the_price_of_its_day_is_told(moves, capsys):
    assert not [text for text in performance(capsys)["warnings"] if "three times the price" in text]
    with moves.open("a", encoding="utf-8") as file:
        file.write("2025-07-02,sell,A,gallium,100,g,700,EUR,,Frankfurt,Muster\n")
    assert [text for text in performance(capsys)["warnings"] if "three times the price" in text and text.endswith("A.")]


def test_an_own_price_of_today_alone_gives_no_return_by_time(moves, capsys):
    (moves.parent / "own.csv").write_text("date,asset,price,currency,unit\n2026-10-30,gallium,1900,EUR,kg\n", encoding="utf-8")
    found = performance(capsys, "--prices", "own.csv")
    assert found["turned"] == ["gallium"]
    assert found["whole"]["time_weighted"] is None
    by_key = {one["key"]: one for one in found["metals"]}
    assert by_key["gallium"]["time_weighted"] is None
    assert by_key["indium"]["time_weighted"] is not None
    assert by_key["gallium"]["rate"] is not None


def test_income_and_taxes_are_parts_of_their_own(moves, capsys):
    """They were in the fees: a lease that paid more than it cost was told as fees below zero."""
    moves.write_text(
        "date,kind,lot,asset,quantity,unit,price,total,currency,fees,taxes,to\n"
        "2024-03-12,buy,A,gallium,10,kg,400,,EUR,10,70,Frankfurt\n"
        "2024-12-01,income,A,,,,,200,EUR,2,50,\n"
        "2025-02-01,transfer,A,,,,,,EUR,4,1,Zürich\n"
        "2025-06-30,sell,A,,4,kg,700,,EUR,8,30,\n"
        "2025-07-01,tax,,,,,,12,EUR,,,\n",
        encoding="utf-8",
    )
    found = performance(capsys)
    gain = found["whole"]["gain"]
    assert [gain[part] for part in ("income", "fees", "storage", "tax")] == [200.0, -24.0, 0.0, -163.0]
    assert [(one["year"], one["income"], one["fees"], one["tax"]) for one in found["years"] if one["year"] < 2026] == [
        (2024, 200.0, 12.0, 120.0), (2025, 0.0, 12.0, 43.0),
    ]  # fmt: skip
    (sold,) = found["left"]
    assert (sold["fees"], sold["tax"], sold["gain"]) == (12.0, 58.0, 2800.0 - 1600.0 - 70.0)
    whole = found["whole"]
    assert whole["value"] == pytest.approx(whole["put_in"] - whole["taken_out"] + gain["total"], abs=0.005)
    assert run(["performance", "moves.csv"]) == 0
    assert "Income" in capsys.readouterr().out


def test_fees_of_money_put_into_an_account_are_paid(moves, capsys):
    """They were in no year and in no gain."""
    moves.write_text(
        "date,kind,lot,asset,quantity,unit,price,total,currency,fees\n"
        "2024-03-01,deposit,,,,,,5000,EUR,25\n"
        "2024-03-12,buy,A,gallium,10,kg,400,,EUR,\n",
        encoding="utf-8",
    )
    found = performance(capsys)
    assert (found["account"], found["whole"]["gain"]["fees"], found["years"][0]["fees"]) == (True, -25.0, 25.0)
