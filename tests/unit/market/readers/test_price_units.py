"""Currency and unit beside a price, in a header or a column of units."""

from __future__ import annotations

from datetime import date

import pytest

from tests.workbooks import xlsx
from toolkit.core.errors import DataError, FrameError
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.readers.price_columns import read_columns
from toolkit.market.readers.prices import read_prices

DAY = date(2026, 11, 26)
FILES = {
    "wide": (
        "Datum;Gallium (CNY/kg);Antimon EUR/t\n25.11.2026;9500;25500\n",
        [("Antimon", "EUR", "t"), ("Gallium", "CNY", "kg")],
    ),
    "listed": ("date,SPY (EUR),GLD [GBP]\n2026-11-25,430,150\n", [("GLD", "GBP", "unit"), ("SPY", "EUR", "unit")]),
    "listed without brackets": ("date,SPY EUR,GLD GBP\n2026-11-25,430,150\n", [("GLD", "GBP", "unit"), ("SPY", "EUR", "unit")]),
    "price without a mass": ("Datum;Asset;Preis (EUR)\n25.11.2026;ALFA;18,50\n", [("ALFA", "EUR", "unit")]),
    "price": ("date,asset,price (USD/lb)\n2026-11-25,antimony,14\n", [("antimony", "USD", "lb")]),
    "German price": ("Datum;Metall;Preis € pro kg\n25.11.2026;Gallium;1850\n", [("Gallium", "EUR", "kg")]),
    "units": (
        "Datum;Metall;Preis;Einheit\n25.11.2026;Sb;14;USD/lb\n25.11.2026;W;260;kg\n",
        [("Sb", "USD", "lb"), ("W", "USD", "kg")],
    ),
    "a unit of the price": (
        "Datum;Metall;Preis;Preiseinheit;Währung\n25.11.2026;Sb;25500;t;EUR\n",
        [("Sb", "EUR", "t")],
    ),
    "units beside currencies": (
        "Datum;Metall;Preis;Einheit;Währung\n25.11.2026;Sb;25500;EUR/t;\n25.11.2026;W;260;kg;CHF\n",
        [("Sb", "EUR", "t"), ("W", "CHF", "kg")],
    ),
    "in the names of a list": (
        'Description;Date;Price\n"Gallium 99.99% Ga min, in-whs Rotterdam, $/kg";2026-11-26;1400\nTin;2026-11-26;50\n',
        [("Gallium 99.99% Ga min, in-whs Rotterdam", "USD", "kg"), ("Tin", "USD", "unit")],
    ),
    "a line above, wide": (
        "Preise Händler (EUR/t);;\nMonat;Antimon;Zinn\n2026-10;25500;48000\n",
        [("Antimon", "EUR", "t"), ("Zinn", "EUR", "t")],
    ),
    "a line above, long": ("alle Preise in EUR je kg\nDatum;Metall;Preis\n25.11.2026;W;260\n", [("W", "EUR", "kg")]),
    "a line above and a unit": ("Preise in CHF\nDatum;Metall;Preis;Einheit\n25.11.2026;W;261;kg\n", [("W", "CHF", "kg")]),
    "headers before the line above": (
        "in EUR/kg\ndate,W USD/lb,Sb USD/lb\n2026-11-25,260,25\n",
        [("Sb", "USD", "lb"), ("W", "USD", "lb")],
    ),
    "amid a header": (
        "date,Gallium USD/kg CIF,Antimon (EUR/t) FOB,APT USD/mtu\n2026-11-25,260,25500,400\n",
        [("APT USD/mtu", "USD", "unit"), ("Antimon FOB", "EUR", "t"), ("Gallium CIF", "USD", "kg")],
    ),
    "signs of two letters more": (
        "date,Gallium US$/kg,APT US$/mtu WO3,Indium Euro/kg\n2026-11-25,260,400,500\n",
        [("APT US$/mtu WO3", "USD", "unit"), ("Gallium", "USD", "kg"), ("Indium", "EUR", "kg")],
    ),
    "own words and a currency": (
        "Datum;Metall;Preis in EUR;Einheit\n25.11.2026;W;261;kg\n25.11.2026;Sb;25500;t\n",
        [("Sb", "EUR", "t"), ("W", "EUR", "kg")],
    ),
    "no unit": ("date,Tin per lot,AB\n2026-11-25,3,4\n", [("AB", "USD", "unit"), ("Tin per lot", "USD", "unit")]),
    "other words for masses": (
        "date,Antimony US$/MT,Bismuth $/tonne,Silver US$/toz,gallium_eur_kg,Tin_USD_per_lb\n2026-11-25,3,4,5,6,7\n",
        [("Antimony", "USD", "t"), ("Bismuth", "USD", "t"), ("Silver", "USD", "ozt"), ("Tin", "USD", "lb"),
         ("gallium", "EUR", "kg")],
    ),
    "words in the brackets": (
        "date,Gallium (CNY/kg incl. 13% VAT),Bismuth CNY/t (VAT incl.)\n2026-11-25,3,4\n",
        [("Bismuth (VAT incl.)", "CNY", "t"), ("Gallium incl. 13% VAT", "CNY", "kg")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_currency_and_unit_beside_a_price(tmp_path, text, expected):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    found = read_prices(tmp_path / "p.csv", today=DAY)
    assert found.frame.select("asset", "currency", "unit").rows() == expected
    defaulted = any("names no currency" in note for note in found.reading)
    assert defaulted == (
        (("USD" in [currency for _, currency, _ in expected]) and "USD" not in text and "US$" not in text)
        or "W;260;kg\n" in text
    )


@pytest.mark.parametrize(
    "header", ["Bismuth (cents/lb)", "Bismuth US¢/lb", "Gallium TEUR/t", "Gallium per kg", "Gallium [k$/kg]"]
)
def test_a_unit_without_a_known_currency_is_asked_about_and_is_no_piece(tmp_path, header):
    (tmp_path / "p.csv").write_text(f"date,{header},Indium USD/kg\n2026-11-25,3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match="states a unit and no currency that is known") as error:
        read_prices(tmp_path / "p.csv", today=DAY)
    metal = header.split()[0]
    named = error.value.hint.split("'")[1]
    assert named.startswith(f"{metal} USD/")
    (tmp_path / "p.csv").write_text(f"date,{named},Indium USD/kg\n2026-11-25,3,4\n", encoding="utf-8")
    assert set(read_prices(tmp_path / "p.csv", today=DAY).frame["asset"]) == {metal, "Indium"}


@pytest.mark.parametrize(
    "text", ["date,RIO.L (GBp)\n2026-11-25,5642\n", "date,asset,price,currency\n2026-11-25,RIO.L,5642,GBX\n"]
)
def test_prices_in_pence_are_refused_and_never_read_as_pounds(tmp_path, text):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_prices(tmp_path / "p.csv", today=DAY)
    assert "a hundredth of GBP: divide the prices by 100" in error.value.hint


def test_a_metal_in_two_units_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("date,Gallium (EUR/kg),gallium (USD/lb)\n2026-11-25,1800,900\n", encoding="utf-8")
    with pytest.raises(DataError, match="second currency"):
        read_prices(tmp_path / "p.csv", today=DAY, key=lambda name: name.lower())


WORDS = (
    "Stand: 20.11.2026;;\nMetall;Ankauf EUR/kg;Verkauf EUR/kg\nGallium;1100;1400,5\nWismut;-;48\nTerbiumoxid;auf Anfrage;3100\n"
)
SHEET = [["Stand: 20.11.2026"], ["Metall", "Ankauf EUR/kg", "Verkauf EUR/kg"], ["Gallium", 1100, 1400.5]]


@pytest.mark.parametrize("kind", ["CSV", "numbers and words", "whole numbers and others"])
def test_a_price_that_a_dealer_does_not_quote_is_none_and_is_told(tmp_path, kind):
    """Columns of a workbook have types of their own: 1100 and 1400.5 are Int64 and Float64, and a word makes one text."""
    path = tmp_path / ("p.csv" if kind == "CSV" else "p.xlsx")
    words = [["Wismut", "-", 48], ["Terbiumoxid", "auf Anfrage", 3100]] if kind == "numbers and words" else []
    path.write_bytes(WORDS.encode() if kind == "CSV" else xlsx({"Preise": SHEET + words}))
    found = read_prices(path, today=DAY)
    rows = [("Gallium", "dealer_ask", 1400.5), ("Gallium", "dealer_bid", 1100.0)]
    others = [("Terbiumoxid", "dealer_ask", 3100.0), ("Wismut", "dealer_ask", 48.0)]
    told = any("no price is quoted for Terbiumoxid (auf Anfrage)" in str(note) for note in found.reading)
    expected = rows + (others if words or kind == "CSV" else [])
    assert found.quotes.select("asset", "basis", "price").sort("asset", "basis").rows() == expected
    assert told == (expected != rows)


def test_a_price_of_a_mass_that_is_not_known_is_asked_about(tmp_path):
    (tmp_path / "p.csv").write_text("Metall;Preis EUR/10g;Stand\nGallium;130;20.11.2026\n", encoding="utf-8")
    with pytest.raises(Unconfirmed, match="'Preis EUR/10g'"):
        read_prices(tmp_path / "p.csv", today=DAY)


@pytest.mark.parametrize(
    "text",
    [
        "Datum;Metall;Einheit;Preis\n25.11.2026;Re;EUR/100 g;265,5\n",
        "Datum;Metall;Preis EUR/100g\n25.11.2026;Re;265,5\n",
        "Datum;Metall;Preis EUR;Einheit\n25.11.2026;Re;265,5;100 g\n",
        "Datum;Re EUR/100 g\n25.11.2026;265,5\n",
    ],
)
def test_a_price_of_100_g_is_that_of_a_hundredth_a_gram(tmp_path, text):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    found = read_prices(tmp_path / "p.csv", today=DAY).frame
    assert found.select("asset", "price", "currency", "unit").rows() == [("Re", pytest.approx(2.655), "EUR", "g")]


def test_a_thousand_written_with_a_mark_is_no_count_of_a_unit(tmp_path):
    (tmp_path / "p.csv").write_text("Datum;Metall;Preis;Einheit\n25.11.2026;Re;130;1.000 kg\n", encoding="utf-8")
    assert read_prices(tmp_path / "p.csv", today=DAY).frame.select("price", "unit").rows() == [(130, "1.000 kg")]


def test_a_metal_in_two_currencies_is_asked_about_and_never_an_asset_in_dollars(tmp_path):
    (tmp_path / "p.csv").write_text("date,Gallium USD/kg,Gallium EUR/kg\n2026-11-25,260,225\n", encoding="utf-8")
    with pytest.raises(DataError, match="a second currency in the series"):
        read_prices(tmp_path / "p.csv", today=DAY)


def test_no_offer_is_told_and_a_remark_is_read_before_its_price_is(tmp_path):
    text = "Datum;Metall;Preis EUR/kg;Bemerkung\n25.11.2026;Ga;1420;{}\n25.11.2026;Sb;auf Anfrage;\n"
    (tmp_path / "p.csv").write_text(text.format("neu, versiegelt"), encoding="utf-8")
    found = read_prices(tmp_path / "p.csv", today=DAY)
    assert found.frame.select("asset", "price").rows() == [("Ga", 1420)]
    assert [note for note in map(str, found.reading) if "Sb (auf Anfrage)" in note or '"Bemerkung"' in note] == [
        *map(str, found.reading)
    ]
    (tmp_path / "p.csv").write_text(text.format("nur bei Abnahme von 5 t"), encoding="utf-8")
    with pytest.raises(Unconfirmed) as open_:
        read_prices(tmp_path / "p.csv", today=DAY)
    assert [one.name for one in open_.value.read.questions] == ["nur bei Abnahme von 5 t"]


@pytest.mark.parametrize(
    "text",
    [
        "date,asset,price,side,quantity\n2026-01-25,Ga,410,Ask,3\n2026-11-25,Ga,590,Bid,1\n",
        "Datum;Metall;Preis;Art\n25.01.2026;Ga;410;Ankauf\n25.11.2026;Ga;590;Verkauf\n",
    ],
)
def test_purchases_and_sales_of_ones_own_are_not_turned_into_a_dealers(tmp_path, text):
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="or what you bought and sold yourself"):
        read_prices(tmp_path / "p.csv", today=DAY)
    for confirmed in (text.replace("side", "basis").replace("Art", "basis"), text):
        (tmp_path / "p.csv").write_text(confirmed, encoding="utf-8")
        columns = read_columns(
            tmp_path / "p.csv", answers={"Art" if "Art" in confirmed else "side": "side"} if confirmed is text else {}
        )
        assert read_prices(columns, today=DAY, several=True).quotes.height == 2


@pytest.mark.parametrize(("header", "unit"), [("Verkauf EUR/kg", ""), ("Verkauf EUR;Einheit", ";kg")])
def test_packs_beside_a_stated_unit_are_no_part_of_the_price(tmp_path, header, unit):
    text = f"Datum;Metall;Gebinde;{header}\n25.11.2026;Te;5 kg;151,5{unit}\n25.11.2026;Re;100 g;2650{unit}\n"
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    found = read_prices(tmp_path / "p.csv", today=DAY)
    assert found.quotes.select("asset", "price", "unit").rows() == [("Re", 2650, "kg"), ("Te", 151.5, "kg")]
    assert any('"Gebinde"' in note for note in map(str, found.reading))
    (tmp_path / "p.csv").write_text("Datum;Metall;Gebinde;Verkauf EUR\n25.11.2026;Te;5 kg;151,5\n", encoding="utf-8")
    with pytest.raises(Unconfirmed, match="'Gebinde'"):
        read_prices(tmp_path / "p.csv", today=DAY)


def test_a_row_in_another_unit_than_its_name_states_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("date,asset,price,unit\n2026-11-26,Gallium USD/kg,14,USD/lb\n")
    with pytest.raises(FrameError, match="another unit than its name states"):
        read_prices(tmp_path / "p.csv", today=DAY)
    (tmp_path / "p.csv").write_text(
        'date,asset,price,unit\n2026-11-25,"Antimony, $/t",25800,t\n2026-11-26,"Antimony, $/t",25.8,kg\n'
    )
    with pytest.raises(FrameError, match=r"another unit than its name states in row 3 \('Antimony, \$/t': 'kg'\)"):
        read_prices(tmp_path / "p.csv", today=DAY)


def test_what_a_wide_file_writes_where_there_is_no_price_is_empty_and_counted(tmp_path):
    rows = ["20,1400,50", "23,closed,unch", "24,#N/A,holiday", "25,n/a,51", "26,1410.5,n.q."]
    text = "Date,Gallium USD/kg,Tin USD/kg\n" + "".join(f"2026-11-{row}\n" for row in rows)
    (tmp_path / "p.csv").write_text(text)
    found = read_prices(tmp_path / "p.csv", today=DAY)
    gallium = found.frame.filter(asset="Gallium").select("date", "price").rows()
    assert gallium == [(date(2026, 11, 20), 1400.0), (date(2026, 11, 26), 1410.5)]
    (note,) = (text for text in map(str, found.reading) if "no price is quoted" in text)
    assert "Tin (unch)" in note
    assert found.frame.filter(asset="Tin")["price"].to_list() == [50.0, 51.0]
    (tmp_path / "p.csv").write_text(text.replace("closed", "1400 or so"))
    with pytest.raises(FrameError, match=r"not a number in row 3 \('(Gallium|price)': '1400 or so'\)"):
        read_prices(tmp_path / "p.csv", today=DAY)


def test_a_dealers_sheet_with_lots_and_a_day_until_which_it_is_valid_is_read(tmp_path):
    head = "Product;Bid;Ask;Min. lot;Max lot (kg);Spec;Valid from;Valid to;Ccy"
    (tmp_path / "p.csv").write_text(f"{head}\nGallium;1.230,50;1410;1;50;4N;2026-11-20;2026-11-30;EUR\n")
    found = read_prices(tmp_path / "p.csv", today=DAY)
    assert found.quotes.select("date", "price", "currency", "basis").rows() == [
        (date(2026, 11, 20), 1230.5, "EUR", "dealer_bid"), (date(2026, 11, 20), 1410.0, "EUR", "dealer_ask"),
    ]  # fmt: skip
    assert any("Columns that are not read:" in str(note) and '"Max lot (kg)"' in str(note) for note in found.reading)
    assert not found.notes


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("{head}\nGallium;1410;2026-10-20;2026-10-31\nGallium;1420;2026-11-01;2026-11-20\nTin;50;2026-11-20;2026-11-30\n",
         "Gallium (2026-11-20)"),
        ("{head}\nGallium;1410;20.10.2026;31.10.2026\nTin;50;20.10.2026;\n", "Gallium (2026-10-31)"),
        ("Angebot vom 01.10.2026, gültig bis: 31.10.2026\nProduct;Ask\nGallium;1410\n",
         '"Angebot vom 01.10.2026, gültig bis: 31.10.2026"'),
    ],
)  # fmt: skip
def test_an_offer_that_is_no_longer_valid_is_told(tmp_path, text, over):
    (tmp_path / "p.csv").write_text(text.format(head="Product;Ask;Valid from;Valid to"))
    (told,) = read_prices(tmp_path / "p.csv", today=DAY).notes
    assert told == f"p.csv: offers that are no longer valid: {over}."


def test_the_last_day_of_an_offer_is_not_proposed_as_its_date(tmp_path):
    (tmp_path / "p.csv").write_text("Metall;Verkauf EUR/kg;gültig bis\nGallium;1390,00;31.10.2026\n")
    with pytest.raises(DataError, match="no column 'date'") as refused:
        read_prices(tmp_path / "p.csv", today=DAY)
    assert "gültig bis" not in (refused.value.hint or "")


def test_columns_that_are_no_price_are_left_out_of_a_wide_file_and_told(tmp_path):
    """`Gallium Volume` was a series, `Min lot` an asset that a proposal held, and `valid to` a number that is none."""
    beside = {
        "Gallium Volume": "900",
        "MOQ": "25 kg",
        "Min lot (kg)": "25",
        "Tin valid to": "31.12.2026",
        "Prev. close": "1390",
    }
    head, row = ",".join(beside), ",".join(beside.values())
    (tmp_path / "p.csv").write_text(f"date,Gallium,Tin,ACME Stock,{head}\n2026-11-20,1400,50,12,{row}\n")
    found = read_prices(tmp_path / "p.csv", today=DAY, key={"Gallium": "gallium", "Tin": "tin"}.get)
    assert found.frame["asset"].to_list() == ["ACME Stock", "gallium", "tin"]
    assert "Columns that are not read: " + ", ".join(f'"{name}"' for name in beside) + "." in map(str, found.reading)


@pytest.mark.parametrize(
    ("head", "row", "hint"),
    [
        ("Quarter,Gallium", "Q3 2026,1400", "not years or quarters"),
    ],
)
def test_a_wide_file_without_dates_says_which_column_has_them_or_what_is_none(tmp_path, head, row, hint):
    (tmp_path / "p.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'date'") as error:
        read_prices(tmp_path / "p.csv", today=DAY)
    assert hint in error.value.hint


@pytest.mark.parametrize("beside", ["1400.5 $,1410.5 EUR", "1400.5 $,1410.5", "14 $/kg,15 $/kg", "USD 14/100 g,USD 15/100 g"])
def test_cells_of_a_wide_column_of_two_currencies_or_none_that_counts_are_refused(tmp_path, beside):
    first, second = beside.split(",")
    (tmp_path / "p.csv").write_text(f"date,tin\n2026-11-25,{first}\n2026-11-26,{second}\n")
    with pytest.raises(FrameError, match=r"not a number in row 2|in another currency than others, or in none"):
        read_prices(tmp_path / "p.csv", today=DAY)


def test_a_column_in_per_cent_beside_prices_of_a_metal_is_no_price_and_a_discount_is_asked_about(tmp_path):
    for text in ("date,tin,tin d/d\n2026-11-25,50,+0.5%\n2026-11-26,51,\n", "date,asset,price,D/D\n2026-11-26,tin,51,2.0%\n"):
        (tmp_path / "p.csv").write_text(text)
        found = read_prices(tmp_path / "p.csv", today=DAY)
        assert {*found.frame["asset"]} == {"tin"}
        assert any("not read" in str(note) and "d/d" in str(note).lower() for note in found.reading)
    for text in (
        "date,tin,Rabatt\n2026-11-25,50,3%\n", "date,asset,price,Rabatt\n2026-11-26,tin,51,3%\n",
        "date,tin,tin Rabatt\n2026-11-25,50,3%\n", "date,asset,price,Discount (%)\n2026-11-26,tin,51,3\n",
        "date,tin,Mengenrabatt %\n2026-11-25,50,3\n",
    ):  # fmt: skip
        (tmp_path / "p.csv").write_text(text)
        with pytest.raises(Unconfirmed):
            read_prices(tmp_path / "p.csv", today=DAY)
    (tmp_path / "p.csv").write_text("date,tin,Premium\n2026-11-25,50,3\n")
    assert {*read_prices(tmp_path / "p.csv", today=DAY).frame["asset"]} == {"tin"}
