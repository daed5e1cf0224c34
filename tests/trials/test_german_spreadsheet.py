"""A buyer in Cologne keeps her lots in Excel: semicolons, decimal commas, German names, one lot in Shanghai, one order, a total.

She saved the sheet as "CSV (Trennzeichen-getrennt)", which is Windows-1252, and asks what could fail to arrive. Quantities, money
and places are recomputed here from the file by a few lines of their own.
"""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date

import pytest

from tests.trials.conftest import FILES
from toolkit.cli.main import run

SHEET = FILES / "lagerbestand.csv"
REMARKS = {
    "Zollfreilager": "no_meaning", "bei der Hütte": "stored", "Lieferung Dezember": "ordered", "Erbschaft": "no_meaning",
}  # fmt: skip
"""What she answered when she was asked once; it is kept beside her sheet."""
KG = {"kg": 1.0, "g": 0.001, "Unzen": 0.0311034768}


def number(text: str) -> float:
    return float(text.replace("€", "").strip().replace(".", "").replace(",", "."))


def rows() -> list[dict[str, str]]:
    text = SHEET.read_bytes().decode("cp1252")
    lines = [line for line in csv.DictReader(io.StringIO(text), delimiter=";") if line["Metall"]]
    return [{key: value for key, value in line.items() if key} for line in lines]


def test_a_wrong_cell_ends_the_map_of_a_file_with_the_code_of_a_fault_and_its_words(ask, tmp_path):
    """It ended with 0, as a file of which nothing is wrong, and named `holdings check` alone."""
    (tmp_path / "wrong.csv").write_text("Metall;Menge kg\nGallium;-5\nIndium;2\n", encoding="utf-8")
    code, record = ask("holdings", "map", str(tmp_path / "wrong.csv"))
    assert (code, record["questions"], record["faults"]) == (3, [], 1)
    assert "a quantity that is not positive in row 2" in record["wrong"][0]


def test_she_learns_how_her_sheet_is_read(ask):
    code, record = ask("holdings", "check", str(SHEET))
    assert code == 0
    assert record["columns"] == {
        "Posten-Nr.": "lot_id", "Metall": "asset", "Reinheit": "purity", "Menge": "quantity", "Einheit": "unit",
        "Kaufdatum": "purchase_date", "Kaufpreis je Einheit (EUR)": "purchase_price", "Herkunftsland": "origin_country",
        "Lagerort": "location", "Status": "status", "Bemerkung": "remark",
    }  # fmt: skip
    assert record["ignored"] == []
    lots = {lot["lot_id"]: lot for lot in record["lots"]}
    assert len(lots) == len(rows())
    for row in rows():
        lot = lots[row["Posten-Nr."]]
        assert lot["mass"] == pytest.approx(number(row["Menge"]) * KG[row["Einheit"]], rel=1e-12)
        day = row["Kaufdatum"].split(".")
        assert lot["purchase_date"] == (date(int(day[2]), int(day[1]), int(day[0])).isoformat() if row["Kaufdatum"] else None)
        assert lot["purchase_price"] == (
            number(row["Kaufpreis je Einheit (EUR)"]) if row["Kaufpreis je Einheit (EUR)"] else None
        )
    assert (lots["7"]["asset"], lots["7"]["form"]) == ("neodymium", "oxide")
    assert (lots["3"]["country"], lots["2"]["country"]) == ("CHN", "CHE")
    assert any("Totals and no lots: row 10." in note for note in record["notes"])


def test_what_lies_in_shanghai_is_not_called_safe(ask):
    code, record = ask("exposure", str(SHEET))
    assert code == 0
    lots = {lot["lot_id"]: lot for lot in record["lots"]}
    deliveries = {lot_id: lot["delivery"] for lot_id, lot in lots.items()}
    assert deliveries["1"] == "stored_safe"
    assert deliveries["3"] == "stored_at_origin"
    assert deliveries["4"] == "open_order_at_risk"
    assert deliveries["7"] != "stored_safe"  # the sheet names no place
    safe = sum(lot["value"] for lot in lots.values() if lot["delivery"] == "stored_safe")
    assert next(total["value"] for total in record["deliveries"] if total["name"] == "stored_safe") == pytest.approx(safe)


def test_values_are_the_shown_prices_times_the_masses_of_the_sheet(ask):
    _, record = ask("exposure", str(SHEET))
    price = {(entry["asset"], entry["form"]): entry["price"] for entry in record["prices"]}
    names = {"Gallium": "gallium", "Germanium": "germanium", "Indium": "indium", "Silberbarren": "silver", "Gold": "gold",
             "Neodymoxid": "neodymium", "Antimon": "antimony"}  # fmt: skip
    forms = {"neodymium": "oxide"}
    value = 0.0
    cost = {}
    for row in rows():
        asset = names[row["Metall"]]
        mass = number(row["Menge"]) * KG[row["Einheit"]]
        value += price[asset, forms.get(asset, "metal")] * mass
        if row["Kaufpreis je Einheit (EUR)"]:
            cost[row["Posten-Nr."]] = number(row["Kaufpreis je Einheit (EUR)"]) * number(row["Menge"])
    assert record["value"] == pytest.approx(value, rel=1e-9)
    assert {p["lot_id"]: p["cost"] for p in record["purchases"] if p["cost"] is not None} == pytest.approx(cost)


def test_a_slip_of_a_thousand_is_a_warning(ask, tmp_path):
    text = SHEET.read_bytes().decode("cp1252").replace("1,05;Mexiko", "1.050,00;Mexiko")
    assert "1.050,00;Mexiko" in text
    (tmp_path / "slip.csv").write_text(text, encoding="utf-8")
    (tmp_path / "mine.layout.toml").write_bytes(SHEET.with_suffix(".layout.toml").read_bytes())
    code, record = ask("exposure", "slip.csv")
    assert code == 0
    told = [warning for warning in record["warnings"] if warning.startswith("5: bought at")]
    assert len(told) == 1
    assert "the price of one kg" in told[0]
    _, right = ask("exposure", str(SHEET))
    assert not [warning for warning in right["warnings"] if ": bought at" in warning]


def test_what_she_confirmed_once_stands_beside_her_sheet(ask, tmp_path):
    (tmp_path / "mine.csv").write_bytes(SHEET.read_bytes())
    code, asked = ask("holdings", "map", "mine.csv")
    assert code == 3
    assert [one["name"] for one in asked["questions"]] == [*REMARKS]
    answers = [word for text, meaning in REMARKS.items() for word in ("--set", f"{text}={meaning}")]
    code, written = ask("holdings", "map", "mine.csv", "--write", *answers)
    assert (code, written["questions"]) == (0, [])
    assert (tmp_path / "mine.layout.toml").read_text("utf-8") == SHEET.with_suffix(".layout.toml").read_text("utf-8")
    assert ask("exposure", "mine.csv")[1]["lots"] == ask("exposure", str(SHEET))[1]["lots"]


def test_the_page_says_how_her_sheet_was_read(ask, tmp_path):
    code, _ = ask("report", str(SHEET), "--lang", "de")
    assert code == 0
    (page,) = tmp_path.glob("out/reports/*/*.html")
    shown = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", html.unescape(page.read_text(encoding="utf-8"))))
    section = shown[shown.rindex("Wie die Datei gelesen wurde") :]
    for words in (
        "„Posten-Nr.“ als lot_id",
        "Keine Posten, sondern Summen: Zeile 10.",
        "Kein Lagerort angegeben, daher nicht als sicher bezeichnet: 7",
        "Kein Kaufpreis, daher kein Gewinn: 7",
    ):
        assert words in section


@pytest.mark.parametrize("command", [("exposure",), ("holdings", "check")])
def test_an_unknown_origin_has_a_german_word(tmp_path, monkeypatch, capsys, command):
    """The column of origins said ``unknown`` between German words."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text("asset,quantity,location\ngallium,5,Frankfurt\n", encoding="utf-8")
    assert run([*command, "lots.csv", "--language", "de"]) == 0
    told = capsys.readouterr().out
    assert "unbekannt" in told
    assert " unknown " not in told
