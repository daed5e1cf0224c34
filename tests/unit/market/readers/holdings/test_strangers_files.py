"""Files as people have them: headers of two rows, days beside a status, parts of a lot, prices per an ounce, bars by name."""

from __future__ import annotations

import io

import pytest

from tests.holdings_files import asked, confirmed, parsed
from toolkit.core.errors import DataError
from toolkit.market.layouts.headers import read_header

ROWS = "1;Gallium;20;390;Frankfurt;gelagert\n2;Silber;400;45;Rotterdam;bestellt\n"


def test_groups_above_the_header_are_asked_about_as_a_title():
    content = f"Position;;Bestand;;Lager;\nNr.;Metall;Menge (kg);Kaufpreis EUR/kg;Lagerort;Status\n{ROWS}"
    assert asked(parsed(content)) == {"Position Bestand Lager": None}
    lots = confirmed(content).holdings().frame.sort("lot_id")
    assert lots.select("asset", "quantity", "unit", "purchase_price", "currency", "status").rows() == [
        ("gallium", 20.0, "kg", 390.0, "EUR", "stored"),
        ("silver", 400.0, "kg", 45.0, "EUR", "ordered"),
    ]
    assert lots["location"].to_list() == ["Frankfurt", "Rotterdam"]


def test_the_kind_of_a_transaction_is_never_proposed_as_a_form():
    read = parsed("Type;Metal;Quantity (kg)\nBuy;Gallium;20\nSell;Gallium;5\n")
    assert asked(read) == {"Type": None}
    assert not read.faults
    assert not parsed("Type;Metal;Quantity (kg)\ningot;Gallium;20\n").questions


def test_cells_merged_over_two_rows_are_one_header():
    content = "Nr.;Metall;Kauf;Preis;Lager;-\n;;Menge (kg);Preis (EUR/kg);Ort;Status\n" + ROWS
    read = parsed(content)
    assert read.table.columns == ("Nr.", "Metall", "Menge (kg)", "Preis (EUR/kg)", "Ort", "Status")
    assert asked(read) == {"Nr. Metall Kauf Preis Lager -": None, "Preis (EUR/kg)": "purchase_price"}
    assert [(row["asset"], row["quantity"], row["purchase_price"]) for row in confirmed(content).rows] == [
        ("gallium", 20, 390),
        ("silver", 400, 45),
    ]


def test_of_columns_with_one_name_the_group_above_tells_which_is_which():
    read = parsed("Lot;Metal;Purchase;;;Sale;\n;;Qty kg;Date;EUR/kg;Date;EUR/kg\nL1;Gallium;50;2024-03-05;310;2025-01-07;520\n")
    assert read.table.columns == ("Lot", "Metal", "Qty kg", "Purchase Date", "Purchase EUR/kg", "Sale Date", "Sale EUR/kg")
    assert {"Sale Date", "Sale EUR/kg"} <= asked(read).keys()  # what was sold is not held, and is never read in silence


def test_of_columns_with_one_name_none_is_read_unasked():
    content = "Metal;Qty kg;EUR/kg;EUR/kg\nGallium;50;310;520\n"
    assert asked(parsed(content)) == {"EUR/kg (1)": None, "EUR/kg (2)": None}
    answers = {"EUR/kg (1)": "ignore", "EUR/kg (2)": "purchase_price EUR/kg"}
    assert [row["purchase_price"] for row in parsed(content, **answers).rows] == [520]


@pytest.mark.parametrize("units", [";%;kg;EUR/kg;", ";(%);[kg];in EUR per kg;TT.MM.JJJJ"])
def test_a_row_of_units_below_the_header_is_part_of_it(units):
    read = parsed(f"Metal;Purity;Weight;Purchase price;Purchase date\n{units}\nGallium;99.99;50;310;05.03.2024\n")
    assert not read.faults
    assert [(row["quantity"], row["unit"], row["purchase_price"], row["currency"]) for row in read.rows] == [
        (50, "kg", 310, "EUR")
    ]
    assert read.table.rows.to_list() == [3]
    assert {*asked(read)} <= {"Purchase date TT.MM.JJJJ"}


@pytest.mark.parametrize("first", ["EUR;;", ";;50 kg", ";kg;sold"])
def test_a_first_row_that_says_more_than_units_is_none_of_them(first):
    read = parsed(f"Metal;Weight;Remark\n{first}\nGallium;50 kg;\n")
    assert read.table.columns == ("Metal", "Weight", "Remark")


def test_a_second_row_that_names_nothing_says_which_row_is_the_header():
    read = parsed("Metall;Menge;Preis\nwas;wieviel;wie teuer\nGallium;20;390\n")
    (fault,) = (fault for fault in read.faults if fault.rule == "unknown_asset")
    assert fault.row == 2
    assert fault.hint.startswith("Row 1 is taken for the header.")


def test_a_first_lot_without_numbers_is_no_header():
    read = parsed("Metall;Menge;Lager\nGallium;;Frankfurt\nSilber;2;Frankfurt\n")
    assert [(fault.row, fault.rule) for fault in read.faults] == [(2, "empty")]


@pytest.mark.parametrize("header", ["Ordered on", "Bestellt am"])
def test_the_day_of_an_order_is_that_of_the_purchase(header):
    assert [str(row["purchase_date"]) for row in parsed(f"asset;quantity;{header}\ngallium;2;2026-09-01\n").rows] == [
        "2026-09-01"
    ]


def test_a_day_ahead_as_that_of_the_purchase_is_told_where_it_belongs():
    (fault,) = parsed("asset;quantity;date;status\ngallium;2;2027-01-05;ordered\n").faults
    assert fault.hint.endswith("A day of delivery belongs in a column 'delivery date'.")


def test_the_lots_of_an_order_confirmation_are_not_stored_without_a_word():
    content = "Auftragsbestätigung 1183;;\nArtikel;Menge;ME\nGallium;25;kg\n"
    assert [*asked(parsed(content))] == ["Auftragsbestätigung 1183"]
    (row,) = parsed(content, **{"Auftragsbestätigung 1183": "ordered"}).rows
    assert row["status"] == "ordered"


CLIENTS = """Mandant;Depot-Nr.;Posten;Metall;Menge (kg);Lagerort
Meier;7;1;Gallium;25;Frankfurt
Öztürk;8;1;Silber;50;Zürich
Öztürk;8;2;Gallium;1.234,5;
meier;7;2;Gold;1;Zürich
Summe;;;;1.310,5;
"""


def test_of_a_file_of_clients_those_of_one_are_read_and_nothing_tells_of_the_others():
    everything, one = parsed(CLIENTS), parsed(CLIENTS, client="MEIER")
    assert everything.columns["Mandant"] == "client"
    assert everything.ignored == ("Depot-Nr.",)
    frame = everything.holdings().frame
    assert frame["lot_id"].to_list() == ["Meier 1", "meier 2", "Öztürk 1", "Öztürk 2"]
    assert frame["client"].to_list() == ["Meier", "meier", "Öztürk", "Öztürk"]
    assert one.holdings().frame["lot_id"].to_list() == ["Meier 1", "meier 2"]
    assert not [note for note in one.notes if "ztürk" in str(note)]
    assert parsed("metal;kg\nGa;2\n", client="Meier").holdings().frame.height == 1


def test_a_client_that_no_lot_is_of_is_told_and_so_is_a_lot_of_no_client():
    with pytest.raises(DataError, match=r"no lot of .* is of the client 'Maier'") as told:
        parsed(CLIENTS, client="Maier")
    assert told.value.hint == "Did you mean 'meier'?"
    merged = "Kunde;Metall;Menge kg\nMeier;Gallium;25\n;Silber;50\nÖztürk;Gold;1\n"
    assert not parsed(merged).faults
    assert [(fault.column, fault.row) for fault in parsed(merged, client="Meier").faults] == [("client", 3)]


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("Konto;Kunden-Nr.", "Konto"),
        ("Konto;Eigentümer", "Eigentümer"),
        ("Account holder;Portfolio", "Account holder"),
        ("Depot-Nr.;Bemerkung", "Depot-Nr."),
    ],
)
def test_a_name_tells_clients_apart_before_a_number_and_one_number_is_enough(header, read):
    found = parsed(f"asset;quantity;{header}\ngallium;2;A;B\n")
    assert not found.faults
    assert [text for text, key in found.columns.items() if key == "client"] == [read]


def test_a_net_price_is_one():
    assert parsed("Metall;Menge kg;Nettopreis EUR/kg\nGallium;2;610\n").rows[0]["purchase_price"] == 610


def test_rows_at_two_places_or_with_faults_do_not_say_the_same():
    read = parsed("asset;quantity;location\ngallium;2;Frankfurt\ngallium;2;Zürich\nunknown;3;\nunheard;3;\n")
    assert not [note for note in read.notes if "say the same" in note]


def test_rows_without_an_id_that_say_the_same_are_named():
    rows = "Gallium;20;2024-05-02;400;Frankfurt\nGa;20;02.05.2024;400;Frankfurt a.M.\nGallium;20;2024-05-03;400;Frankfurt\n"
    read = parsed(f"Metall;Menge kg;Kaufdatum;Kaufpreis EUR/kg;Lagerort\n{rows}")
    assert [str(note) for note in read.notes if "say the same" in note] == [
        "row 2 and row 3 say the same, and each counts as a lot: leave out what stands twice."
    ]
    of_two = parsed("Kunde;Metall;Menge kg\nMeier;Gallium;20\nHarz;Gallium;20\n")
    assert not [note for note in of_two.notes if "say the same" in note]


@pytest.mark.parametrize(
    ("header", "price", "asset", "unit", "expected"),
    [
        ("Price USD/oz", "2000", "gold", "g", 64.3014931374),
        ("Price", "30 USD/oz", "silver", "ozt", 30.0),
        ("Price", "30 USD/oz", "silver", "oz", 30.0),
        ("Price USD/oz", "30", "gallium", "kg", None),
        ("Price USD/mtu", "300", "gallium", "kg", None),
        ("Price", "300 EUR/Pfund", "gallium", "kg", None),
        ("Price USD/ton", "300", "gallium", "kg", None),
    ],
)
def test_a_price_per_a_unit_that_is_no_mass_is_never_one_of_the_quantity(header, price, asset, unit, expected):
    read = parsed(f"asset,quantity,unit,{header}\n{asset},100,{unit},{price}\n")
    if expected is None:
        assert [(fault.column, fault.rule) for fault in read.faults] == [("purchase_price", "price_is")]
    else:
        assert read.rows[0]["purchase_price"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Gesamt EUR", "total_price"),
        ("Total (EUR)", "total_price"),
        ("Gesamt", None),
        ("Date in", None),  # the day on which a warehouse took it in
        ("Purchased kg", None),
        ("Anteil %", None),
        ("Menge in kg", "quantity"),
        ("Preis in EUR/kg", "purchase_price"),
        ("AHK", "cost"),
        ("Einstandskurs", "purchase_price"),
        ("Whg.", "currency"),
    ],
)
def test_headers_of_lists(header, key):
    assert read_header("holdings", header).key == key


@pytest.mark.parametrize("cell", ["(5)", "(5 kg)", "5-", "1.234,5-", "-5"])
def test_the_negative_numbers_of_accounts_are_told_as_such(cell):
    (fault,) = parsed(f"asset;quantity\ngallium;{cell}\n").faults
    assert fault.rule == "positive"


@pytest.mark.parametrize(
    ("name", "kg", "size"),
    [
        ("Goldbarren 100 g", 0.3, "0.1 kg"),
        ("Goldbarren 1 kg 999,9", 3, "1 kg"),
        ("Silver 1 kg bar", 3, "1 kg"),
        ("Krügerrand 1 oz", 3 * 0.0311034768, "0.0311034768 kg"),
        ("Gold 1/10 oz Krugerrand", 0.3 * 0.0311034768, "0.00311034768 kg"),
    ],
)
def test_the_mass_in_the_name_of_a_bar_or_a_coin_is_that_of_one_piece(name, kg, size):
    (row,) = (read := parsed(f"Metall;Menge;Einheit\n{name};3;Stk\n")).rows
    assert (read.faults, row["quantity"], row["unit"], row["size"]) == ([], pytest.approx(kg, rel=1e-12), "kg", size)


@pytest.mark.parametrize(("name", "metal"), [("XAUUSD", "gold"), ("XAG", "silver"), ("XAG/EUR", "silver")])
def test_a_code_of_an_ounce_is_its_metal_and_the_unit_is_asked(name, metal):
    content = f"asset;quantity\n{name};10\ngallium;2\n"
    (question,) = parsed(content).questions
    assert (question.name, question.proposed, [str(one) for one in question.cells]) == ("unit", None, ["row 2"])
    assert [fault.row for fault in parsed(content, unit="oz").faults] == [3]  # no ounce of gallium
    assert (
        parsed(f"asset;quantity\n{name};10\n", unit="oz").rows[0] | {"asset": metal, "unit": "ozt", "quantity": 10.0}
        == (parsed(f"asset;quantity\n{name};10\n", unit="oz").rows[0])
    )


def test_an_empty_unit_beside_other_units_is_asked():
    assert [one.name for one in parsed("asset;quantity;unit\ngallium;500;g\nindium;3;\n").questions] == ["unit"]
    assert [one.name for one in parsed("asset;quantity\ngallium;500 g\nindium;3\n").questions] == ["unit"]
    assert not parsed("asset;quantity;unit\ngallium;5;kg\nindium;3;\n").questions


@pytest.mark.parametrize(
    ("name", "purity"),
    [
        ("Silber 999", "999"),
        ("Silberbarren 999,5", "999.5"),
        ("Gold 999,9/1000", "999.9"),
        ("Gold 995", "995"),
        ("Gold 99,5", "99.5 %"),
    ],
)
def test_the_fineness_of_a_precious_metal_in_its_name_is_its_purity(name, purity):
    read = parsed(f"Metall;Menge;Einheit\n{name};2,5;kg\n")
    assert not read.faults
    assert read.rows[0]["purity"] == purity


@pytest.mark.parametrize(
    "row",
    ["Goldbarren 100 g;3;Stk;50 g", "Goldbarren 100 g;3;;", "Goldbarren 100 g;3;g;", "Gallium 5 kg;2;Stk;"],
)
def test_a_mass_in_a_name_that_may_be_another_is_asked(row):
    assert parsed(f"Metall;Menge;Einheit;Stückgewicht\n{row}\n").faults


def test_lines_of_one_lot_are_told_how_to_be_lots_and_a_foreign_name_how_metals_are_named():
    (fault, _) = parsed("Lot;Metall;Menge\nL1;gallium;2\nL1;gallium;3\n").faults
    assert "leave the column out" in fault.hint
    assert len(parsed("Metall;Menge\ngallium;2\ngallium;3\n").holdings().frame) == 2
    (fault,) = parsed("Metall;Menge\nSrebro;2\n").faults
    assert fault.hint.startswith("Metals are read by symbol and by English or German name.")


def test_a_file_with_a_header_alone_needs_no_second_row():
    assert parsed(io.BytesIO(b"asset;quantity\n").getvalue()).holdings().frame.is_empty()


def test_a_stock_list_and_a_list_of_orders_of_an_erp():
    header = "Material;Materialkurztext;Charge;Frei verwendbar;ME;Urspr.land"
    (row,) = parsed(f"{header}\n0010;Galliumbarren;7;1.234,500;KG;CN\n").rows
    assert [row[key] for key in ("asset", "form", "quantity", "origin_country")] == ["gallium", "metal", 1234.5, "CHN"]
    (order,) = parsed("Material;Kurztext;Pos.;Best.menge;ME;Lagerort\n0010;Galliumbarren;10;12;kg;Wien\n").rows
    assert [order[key] for key in ("lot_id", "form", "status")] == ["10", "metal", "ordered"]


def test_positions_of_several_orders_are_no_names_of_lots():
    read = confirmed("Bestellung;Pos.;Metall;Menge\n4711;10;gallium;2\n4711;20;gallium;3\n4712;10;gallium;4\n")
    assert not read.faults
    assert [row["lot_id"] for row in read.rows] == ["row 2", "row 3", "row 4"]
    assert any("Pos." in note and "not read" in note for note in map(str, read.notes))
    assert [row["lot_id"] for row in parsed("Pos.;Metall;Menge\n10;gallium;2\n20;gallium;3\n").rows] == ["10", "20"]
    assert parsed("Los;Metall;Menge\n10;gallium;2\n10;gallium;3\n").faults


@pytest.mark.parametrize(
    "cell", ["Metall 99,5", "metal 99.5", "Oxid (4N)", "Ga2O3 99.9", "oxide 4N", "88,5% Nd2O3", "Schrott 3N", "FeV80", "Ferro"]
)
def test_more_than_a_purity_is_asked_and_a_form_among_them_is_one_answer(cell):
    content = f"Metall;Reinheit;Menge\nGallium;{cell};3\n"
    assert asked(parsed(content)) == {cell: None}
    named = parsed(content, Reinheit="form")
    form = {"M": "metal", "m": "metal", "O": "oxide", "G": "oxide", "o": "oxide"}.get(cell[0])
    assert [row["form"] for row in named.rows] == [form]
    assert bool(named.faults) == (form is None)


def test_a_fineness_as_americans_write_it_is_no_part_of_the_name():
    read = parsed("Description,Qty,UOM\nGold Bar .9999,10,ozt\nSilver Bar .999 fine,500,ozt\nGold Bar 999.9 Fine,1,ozt\n")
    assert [(row["asset"], row["purity"]) for row in read.rows] == [
        ("gold", "99.99 %"),
        ("silver", "99.9 %"),
        ("gold", "999.9"),
    ]


def test_a_price_per_unit_of_measure_and_a_net_weight_are_read():
    read = parsed("Description;Net wt (kg);Price;Ccy;per\nGallium;60;385;EUR;ME\nGallium;40;390;EUR;UoM\n")
    assert not read.faults
    assert [(row["quantity"], row["purchase_price"]) for row in read.rows] == [(60, 385), (40, 390)]


SAP = """20.11.2026           Dynamische Listenausgabe          1
-------------------------------------------------------------
|Werk|LOrt|Materialkurztext|Charge    |Frei verwendbar|BME|
-------------------------------------------------------------
|1000|FRA1|Gallium 4N      |0000012345|        125,000|KG |
|1000|FRA1|Silber          |0000012346|      1.250,000|KG |
-------------------------------------------------------------
|*   |    |                |          |      1.375,000|KG |
-------------------------------------------------------------
"""


def test_a_list_saved_out_of_sap_is_read_between_its_lines():
    read = confirmed(SAP, LOrt="location", Werk="ignore")
    assert [(row["lot_id"], row["asset"], row["quantity"], row["location"]) for row in read.rows] == [
        ("0000012345", "gallium", 125.0, "FRA1"),
        ("0000012346", "silver", 1250.0, "FRA1"),
    ]
    assert read.numbers == [5, 6]
    assert not read.faults
    assert [(fault.row, fault.rule) for fault in confirmed(SAP.replace("1.375", "1.475")).faults] == [(8, "total")]
    bare = "\n".join(line.strip("|") for line in SAP.splitlines() if line.startswith("|"))
    assert [row["quantity"] for row in confirmed(bare).rows] == [125.0, 1250.0]
    markdown = "| Metall | Menge (kg) |\n|---|:--|\n| Gallium | 10,5 |\n"
    assert [row["quantity"] for row in parsed(markdown).rows] == [10.5]
    for mark in ",;":
        named = parsed(f"Metall{mark}Menge kg{mark}Gut|Neu\nGallium{mark}3{mark}A|B\n")
        assert (named.rows[0]["quantity"], named.ignored) == (3.0, ("Gut|Neu",))


@pytest.mark.parametrize("header", ["Menge brutto (kg)", "Bruttogewicht kg", "Gross qty", "Gewicht inkl. Verpackung"])
def test_a_gross_mass_is_never_proposed_as_the_quantity(header):
    with pytest.raises(DataError) as caught:
        parsed(f"Metall;{header}\nGallium;22\n")
    assert "no column 'quantity'" in caught.value.message
    beside = f"Metall;{header};Menge netto (kg)\nGallium;22;20\n"
    assert asked(parsed(beside)) == {header: None}
    assert parsed(beside).rows[0]["quantity"] == 20


@pytest.mark.parametrize(
    ("cell", "unit", "quantity"),
    [
        ("25 kg net", "", 25.0),
        ("25", "kg netto", 25.0),
        ("25 kg brutto", "", None),
        ("3", "drums of 25 kg", None),
        ("4", "Flaschen à 1 kg", None),
        ("3x25 kg", "", None),
        ("50-60", "", None),
    ],
)
def test_a_mass_beside_packing_is_net_or_asked_for_as_a_whole(cell, unit, quantity):
    read = parsed(f"Metall;Menge;Einheit\nGallium;{cell};{unit}\n")
    assert [fault.hint for fault in read.faults] == (
        [] if quantity else ["Write the net mass of the whole lot as the quantity, with its unit."]
    )
    assert [row["unit"] for row in read.rows] == ["kg" if quantity else None]


def test_subtotals_as_a_spreadsheet_labels_them_are_no_lots():
    """Excel writes 'Gallium Total', 'Meier Ergebnis' and 'Gesamtergebnis'; of clients and their metals they are nested."""
    rows = [
        "Meier;Gallium;5", "Meier;Gallium;7", ";Gallium Ergebnis;12", "Meier;Silber;3", ";Silber Ergebnis;3", "Meier Ergebnis;;15",
        "Öz;Silber;1", ";Silber Ergebnis;1", "Öz;Gold;2", ";Gold Ergebnis;2", "Öz Ergebnis;;{part}", "Gesamtergebnis;;18",
    ]  # fmt: skip
    text = "Kunde;Metall;Menge kg\n" + "\n".join(rows)
    read = parsed(text.format(part=3))
    assert not read.faults
    assert [row["quantity"] for row in read.rows] == [5, 7, 3, 1, 2]
    assert [(fault.row, fault.rule) for fault in parsed(text.format(part=4)).faults] == [(12, "total")]
    assert [row["quantity"] for row in parsed("Material;ME;Bestand\nGallium;KG;5\nIndium;KG;7\n*;KG;12\n").rows] == [5, 7]
    money = "Client;Metal;Qty kg;Cost EUR\nSmith;Gallium;5;500\nSmith Total;;;500\nGrand Total;;;500\n"
    assert [(row["client"], row["quantity"]) for row in parsed(money).rows] == [("Smith", 5)]
