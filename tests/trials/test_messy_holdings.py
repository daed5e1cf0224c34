"""Five people give the file that they have: two Excel sheets with titles and remarks, a Swiss list, an invoice, "Unicode text".

None was made for the toolkit. Each gets the lots that a person would read from it, or a question; masses and money are written
here by hand.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.trials.conftest import confirm
from tests.workbooks import sheet_xml, xlsx

EURO = "#,##0.00\\ [$€-407];[Red]\\-#,##0.00\\ [$€-407]"


def lots_of(ask, file):
    code, record = ask("holdings", "check", str(file))
    assert code == 0, record
    return {lot["lot_id"]: lot for lot in record["lots"]}, " ".join(record["notes"])


def test_an_engineer_with_a_title_a_total_and_remarks_in_excel(ask, tmp_path):
    """Currency and date stand in formats only, a link in a column of remarks is broken, the overview is another sheet."""
    sheet = sheet_xml(
        [["Meine strategischen Metalle – Stand Oktober 2026"], [],
         ["Nr.", "Metall", "Reinheit", "Gewicht (kg)", "gekauft am", "EK-Preis/kg", "Summe", "Lager", "Bemerkung"],
         [1, "Gallium", "4N", 10, date(2023, 3, 14), (312.5, EURO), (3125.0, EURO), "Zollfreilager Frankfurt", "Zertifikat"],
         [2, "Indium", "4N5", 8, date(2024, 7, 2), (398.0, EURO), (3184.0, EURO), "Shanghai", "#REF!"],
         [3, "Dysprosiumoxid", 0.995, 5.5, date(2024, 7, 2), (410.0, EURO), (2255.0, EURO), "Zürich", None],
         [None, "Summe", None, 23.5, None, None, (8564.0, EURO)],
         [], ["* Preise netto, Lagerkosten 1,5 % p.a."], ["Versicherung über Lagerhalter"]]
    )  # fmt: skip
    file = tmp_path / "Metalle.xlsx"
    file.write_bytes(xlsx({"Übersicht": [["Gesamtwert", None, (25000.0, EURO)]], "Bestand": sheet}))
    confirm(ask, file, Summe="total_price", **{"#REF!": "no_meaning"})
    lots, notes = lots_of(ask, file)
    assert {key: (lot["asset"], lot["mass"]) for key, lot in lots.items()} == {
        "1": ("gallium", 10.0), "2": ("indium", 8.0), "3": ("dysprosium", 5.5)}  # fmt: skip
    assert [(lot["purchase_price"], lot["currency"]) for lot in lots.values()] == [
        (312.5, "EUR"),
        (398.0, "EUR"),
        (410.0, "EUR"),
    ]
    assert "Totals and no lots: row 7." in notes
    code, record = ask("exposure", str(file))
    assert code == 0
    cost = {purchase["lot_id"]: purchase["cost"] for purchase in record["purchases"]}
    assert cost == pytest.approx({"1": 3125.0, "2": 3184.0, "3": 2255.0})
    assert {lot["lot_id"]: lot["delivery"] for lot in record["lots"]}["2"] == "stored_at_origin"
    code, record = ask("optimize", "--holdings", str(file), "--budget", "20000", "--no-report")
    assert code == 0
    kept = {order["asset"]: order for order in record["orders"]}
    assert kept["dysprosium"]["side"] == "keep"
    assert kept["dysprosium"]["quantity"] == pytest.approx(5.5)


def test_a_swiss_list_with_apostrophes(ask, tmp_path):
    """Each row names its price and its amount; 0.750 kg is three quarters since 42.50 is no thousand."""
    file = tmp_path / "bestand_ch.csv"
    file.write_bytes(
        "Position;Bezeichnung;Menge;Einheit;Preis CHF/kg;Betrag CHF;Kaufdatum;Standort\r\n"
        "1;Wolfram-Pulver;1’250.00;kg;42.50;53’125.00;3.5.2024;Embraport\r\n"
        "2;Galliumbarren;12.5;kg;1'180.00;14’750.00;12.11.2024;Zürich Freilager\r\n"
        "3;Hafnium;0.750;kg;4'200.00;3'150.00;12.11.2024;Genf\r\n".encode("cp1252")
    )
    lots, _ = lots_of(ask, file)
    assert [(lot["asset"], lot["mass"], lot["purchase_price"], lot["currency"], lot["country"]) for lot in lots.values()] == [
        ("tungsten", 1250.0, 42.5, "CHF", "CHE"), ("gallium", 12.5, 1180.0, "CHF", "CHE"), ("hafnium", 0.75, 4200.0, "CHF", "CHE")]  # fmt: skip
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(file.read_bytes().replace(b"3'150.00", b"3'950.00"))
    code, record = ask("holdings", "check", str(wrong))
    assert code == 3
    assert "a total that is not the price times the quantity" in str(record)


INVOICE = """Acme Metals Trading GmbH,,,,,
Invoice 2025-0417,,,,Date: 17.04.2025,
,,,,,
Item,Description,Qty (kg),Unit price EUR,Amount EUR,Origin
1,Gallium ingot 99.99%,20,"1,020.00","20,400.00",China
2,Antimony 99.65,500,21.50,"10,750.00",Tajikistan
3,Indium 4N5,15,385,"5,775.00",South Korea
,,,Subtotal,"36,925.00",
,,,VAT 19 %,"7,015.75",
,,,Total,"43,940.75",
"""


def test_a_dealers_invoice(ask, tmp_path):
    file = tmp_path / "invoice.csv"
    file.write_text(INVOICE)
    confirm(ask, file)
    lots, notes = lots_of(ask, file)
    assert [(lot["asset"], lot["mass"], lot["purchase_price"], lot["purity"]) for lot in lots.values()] == [
        ("gallium", 20.0, 1020.0, "99.99 %"), ("antimony", 500.0, 21.5, "99.65 %"), ("indium", 15.0, 385.0, "4N5")]  # fmt: skip
    assert "Totals and no lots: row 8, row 9, row 10." in notes


def test_an_english_sheet_with_what_was_paid_and_a_question_below(ask, tmp_path):
    """Pounds and ounces; the price is that of the lot. A metal that nothing is known of is a question."""
    rows = [["Metal", "Form", "Qty", "Unit", "Purchase date", "Price paid (total)", "Currency", "Where"],
            ["Rhenium", "pellets", 500, "g", date(2022, 5, 1), 700, "USD", "Dallas"],
            ["Tantalum", "powder", 20, "lb", date(2021, 11, 1), 4200, "USD", "Delaware"],
            ["Silver", "bar", 100, "oz", date(2020, 3, 20), 1450, "USD", "home safe"],
            [], ["Notes: rhenium is at cost"], ["ask John about the neodymium magnets"]]  # fmt: skip
    file = tmp_path / "family.xlsx"
    file.write_bytes(xlsx({"Sheet1": rows}))
    code, record = ask("holdings", "check", str(file))
    assert code == 3
    assert [fault["value"] for fault in record["faults"]] == ["Tantalum"]
    file.write_bytes(xlsx({"Sheet1": [*rows[:2], *rows[3:]]}))
    confirm(ask, file)
    lots, _ = lots_of(ask, file)
    assert [(lot["asset"], lot["purchase_price"], lot["country"]) for lot in lots.values()] == [
        ("rhenium", 1.4, "USA"), ("silver", 14.5, None)]  # fmt: skip
    assert lots["row 3"]["mass"] == pytest.approx(3.11034768)


def test_unicode_text_of_excel(ask, tmp_path):
    """UTF-16, tabs, spaces around the amounts; 1.500 is one and a half thousand since other numbers have a decimal comma."""
    file = tmp_path / "unicode.txt"
    file.write_bytes(
        "Metall\tMenge\tEinheit\tEinzelpreis\tKaufdatum\tHerkunft\tLagerort\tStatus\r\n"
        "Gallium\t12,5\tkg\t 1.020,00 € \t05.11.2024\tChina\tFrankfurt\tgelagert\r\n"
        "Antimon\t1.500\tkg\t 21,50 € \t12.01.2025\tTadschikistan\tRotterdam\tgelagert\r\n"
        "Terbium\t2\tkg\t 1.100,00 € \t03.02.2026\tChina\tShanghai\tbestellt\r\n".encode("utf-16")
    )
    lots, _ = lots_of(ask, file)
    assert [(lot["mass"], lot["purchase_price"]) for lot in lots.values()] == [(12.5, 1020.0), (1500.0, 21.5), (2.0, 1100.0)]
    _, record = ask("exposure", str(file))
    assert [lot["delivery"] for lot in record["lots"]] == ["stored_safe", "stored_safe", "open_order_at_risk"]
