"""Holdings files: what the contract accepts and refuses, lot by lot."""

from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest

from tests.holdings_files import NAMES, TODAY, asked, confirmed, parsed
from toolkit.core.errors import DataError, FrameError
from toolkit.market.layouts.fields import HOLDINGS
from toolkit.market.layouts.headers import read_header
from toolkit.market.readers.holdings.lots import Lots, Unconfirmed
from toolkit.market.readers.holdings.read import parse

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
}


def csv(*lots: dict[str, str]) -> bytes:
    columns = list(dict.fromkeys(name for lot in lots for name in lot))
    lines = [",".join(columns), *(",".join(lot.get(name, "") for name in columns) for lot in lots)]
    return "\n".join(lines).encode()


def read(*lots: dict[str, str]):
    return parse(io.BytesIO(csv(*lots)), names=NAMES, today=TODAY).holdings()


CONTRACT = (
    "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,custody,"
    "certificate,spread,storage_fee,vat_state"
)


def test_the_columns_are_those_of_the_contract_with_how_a_price_is_meant_the_size_of_a_piece_where_it_goes_and_whose_it_is():
    keys = [column.key for column in HOLDINGS if column.key in {*CONTRACT.split(",")}]
    assert ",".join(keys) == CONTRACT


@pytest.mark.parametrize(
    ("words", "status"),
    [("auf dem Schiff", "in_transit"), ("an Bord", "in_transit"), ("auf Lager", "stored"), ("vorr\u00e4tig", "stored")],
)
def test_words_of_a_status(words, status):
    assert read(LOT | {"status": words}).frame["status"].to_list() == [status]


@pytest.mark.parametrize("price", ["EUR 450500/t", "450500 EUR/t"])
def test_a_currency_may_stand_before_a_price_per_mass(price):
    row = read(LOT | {"purchase_price": price, "currency": ""}).frame.row(0, named=True)
    assert (row["purchase_price"], row["currency"]) == (450.5, "EUR")


def test_a_lot_comes_back_with_its_mass():
    held = read(LOT | {"spread": "0.12", "custody": "bonded"})
    assert held.name == "stdin"
    row = held.frame.row(0, named=True)
    assert (row["quantity"], row["unit"], row["mass"]) == (2.0, "kg", 2.0)
    assert (row["purchase_date"], row["purchase_price"], row["currency"]) == (date(2024, 5, 17), 450.5, "EUR")
    assert (row["spread"], row["storage_fee"], row["custody"], row["vat_state"]) == (0.12, None, "bonded", None)
    assert Lots.is_valid(held.frame)


@pytest.mark.parametrize(
    ("form", "purity"),
    [("Barren 4N", "4N"), ("Metall 99.65 %", "99.65 %"), ("5N metal", "5N"), ("metal", None)],
)
def test_a_purity_beside_the_form_is_read(form, purity):
    row = read(LOT | {"form": form, "purity": ""}).frame.row(0, named=True)
    assert (row["form"], row["purity"]) == ("metal", purity)
    assert read(LOT | {"form": form}).frame["purity"].item() == "99.99 %"  # the column of purities is the user's word


def test_every_purity_within_the_name_of_a_product_is_read():
    row = read({"asset": '"Gallium 4N (99.99 %), Ingots"', "quantity": "2 kg"}).frame.row(0, named=True)
    assert (row["asset"], row["form"], row["purity"]) == ("gallium", "metal", "4N")


def test_a_purity_within_the_name_of_a_product_is_read():
    row = read({"asset": "Gallium 6N ingot", "quantity": "2 kg"}).frame.row(0, named=True)
    assert (row["asset"], row["form"], row["purity"]) == ("gallium", "metal", "6N")


def test_the_unit_that_a_price_says_counts_before_that_of_its_header():
    lot = {"asset": "gallium", "quantity": "2 t", "Kaufpreis EUR/kg": "11.5"}
    for price, per_t in (("11.5", 11_500), ("11500 EUR/t", 11_500), ("11.5 EUR/kg", 11_500), ("0.0115 EUR/g", 11_500)):
        assert read(lot | {"Kaufpreis EUR/kg": price}).frame["purchase_price"].item() == per_t


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


@pytest.mark.parametrize(("form", "purity"), [("oxide", "95 %"), ("metal", "90 %")])
def test_a_purity_that_is_traded_is_taken(form, purity):
    assert read(LOT | {"form": form, "purity": purity}).frame["purity"].to_list() == [purity]


def test_a_quantity_below_zero_of_an_instrument_is_a_short_position():
    gld = {"asset": "GLD", "quantity": "-2", "total_price": "901", "currency": "EUR"}
    held = read(LOT, gld)
    row = held.frame.row(1, named=True)
    assert (row["quantity"], row["unit"], row["mass"], row["purchase_price"]) == (-2.0, "unit", None, 450.5)
    assert any(note.startswith("Sold short") and "row 3" in note for note in held.notes)
    assert Lots.is_valid(held.frame)
    assert not Lots.is_valid(held.frame.with_columns(-pl.col("quantity")))  # metal
    others = read(gld | {"client": "Meier"}, gld | {"client": "Meyer", "quantity": "5", "total_price": "2252.5"})
    assert others.frame["quantity"].to_list() == [-2.0, 5.0]


FAULTS = {
    "asset": ({"asset": "galium"}, "unknown_asset", "'gallium'"),
    "mass of a piece in the name": (
        {"asset": "Galliumbarren 1 kg"},
        "unknown_asset",
        "Write Galliumbarren as the asset, and 1 kg",
    ),
    "instrument without a price": ({"asset": "SPY"}, "unknown_asset", "--prices"),
    "metal that nothing is known of": ({"asset": "Tantal"}, "unknown_asset", "Nothing is known of tantalum"),
    "metal with what is made of it": ({"asset": "Gallium widgets"}, "unknown_asset", "Write gallium as the asset"),
    "symbol that is a series too": ({"asset": "Ge"}, "unknown_asset", "germanium"),
    "form": ({"form": "metall oxyd"}, "unknown_form", "metal"),
    "form against the asset": ({"asset": "Gallium ingot", "form": "oxide"}, "two_forms", "once"),
    "content for purity": ({"form": "oxide", "purity": "74.4 %"}, "content", "of the compound"),
    "content in the name": ({"asset": "Galliumoxid 74 %", "form": "", "purity": ""}, "content", "of the compound"),
    "form of what nobody trades": ({"asset": "cobalt", "form": ""}, "empty", "metal"),
    "unit": ({"unit": "kk"}, "unknown_unit", "kg"),
    "ounce of no precious metal": ({"unit": "oz"}, "unknown_unit", "ozt"),
    "German pound": ({"unit": "Pfund"}, "unknown_unit", "0.5 kg"),
    "ton": ({"unit": "tons"}, "unknown_unit", "short ton"),
    "short ton": ({"unit": "short tons"}, "unknown_unit", "907.18474 kg"),
    "long ton": ({"unit": "Long Ton"}, "unknown_unit", "1016.0469 kg"),
    "unit of a content": ({"unit": "mtu"}, "unknown_unit", "contained WO3"),
    "pieces": ({"unit": "St\u00fcck"}, "unknown_unit", "mass"),
    "two units": ({"quantity": "2 g"}, "two_units", "g, kg"),
    "shares in kg": ({"asset": "GLD", "form": ""}, "unknown_unit", "'unit'"),
    "origin": ({"origin_country": "CHI"}, "origin_country", "CHN (China)"),
    "origin that is no country": ({"origin_country": "XXX"}, "origin_country", "'unknown'"),
    "origin by another standard": ({"origin_country": "GER"}, "origin_country", "DEU"),
    "negative quantity": ({"quantity": "-1", "purchase_date": ""}, "positive", "A sale is no lot"),
    "short and ordered": ({"asset": "GLD", "form": "", "unit": "", "quantity": "-1", "status": "ordered"}, "short", "status"),
    "short and not paid": ({"asset": "GLD", "form": "", "unit": "", "quantity": "-1", "paid": "30 %"}, "short", "payment"),
    "quantity in words": ({"quantity": "two"}, "number", "plain number"),
    "about": ({"quantity": "ca. 2"}, "number", "number"),
    "brackets": ({"quantity": "(2)"}, "positive", "above zero"),
    "no quantity": ({"quantity": ""}, "empty", "'quantity'"),
    "nan quantity": ({"quantity": "nan"}, "finite", "empty"),
    "other decimal mark": ({"quantity": '"2,5"'}, "decimal", "one decimal mark"),
    "zero price": ({"purchase_price": "0"}, "positive", "above zero"),
    "no currency": ({"currency": ""}, "empty", "currency"),
    "planned price without currency": ({"status": "planned", "currency": ""}, "empty", "currency"),
    "currency": ({"currency": "EUX"}, "currency", "EUR"),
    "yen or yuan": ({"currency": "", "purchase_price": "\u00a5450.5"}, "currency", "JPY or CNY"),
    "two currencies": ({"purchase_price": "$450.5"}, "two_currencies", "EUR, USD"),
    "price per no unit": ({"purchase_price": "450.5 EUR/bag"}, "two_units", "one unit"),
    "total that is not": ({"total_price": "450.5"}, "total_price", "901.00"),
    "no day of the calendar": ({"purchase_date": "31.02.2024"}, "date", "31.05.2026"),
    "day of a spreadsheet": ({"purchase_date": "45429"}, "date", "31.05.2026"),
    "future": ({"purchase_date": "2026-11-25"}, "future", "'planned'"),
    "spread in percent": ({"spread": "15"}, "fraction", "0.15"),
    "negative fee": ({"storage_fee": "-0.01"}, "fraction", "0.15"),
    "several pieces": ({"Anzahl": "12"}, "pieces", "Give the mass of one"),
    "no asset": ({"asset": ""}, "empty", "'asset'"),
}


@pytest.mark.parametrize(("change", "rule", "hint"), FAULTS.values(), ids=FAULTS)
def test_faulty_lots_are_refused_with_row_rule_and_remedy(change, rule, hint):
    with pytest.raises(FrameError) as caught:
        read(LOT, LOT | {"lot_id": "L2"} | change)
    details = caught.value.details
    assert (details["file"], details["rule"], details["count"], details["rows"]) == ("stdin", rule, 1, [3])
    assert caught.value.message.startswith("stdin: ")
    assert hint in caught.value.hint


def test_a_sale_beside_its_lot_is_no_short_position():
    with pytest.raises(FrameError, match=r"not positive in row 3 \('-1'\)") as caught:
        read({"asset": "GLD", "quantity": "5"}, {"asset": "GLD", "quantity": "-1"})
    assert "A sale is no lot" in caught.value.hint


ASKED = {
    "status": ({"status": "storred"}, "storred"),
    "cancelled": ({"status": "storniert"}, "storniert"),
    "sold in part": ({"Davon verkauft (kg)": "4"}, "Davon verkauft (kg)"),
    "stock today": ({"Bestand am Monatsende": "1"}, "Bestand am Monatsende"),
    "sold on a day": ({"Date sold": "2026-10-01"}, "Date sold"),
    "what is left": ({"Restmenge kg": "6"}, "Restmenge kg"),
    "side of a statement": ({"B/S": "S"}, "S"),
    "a discount": ({"Rabatt %": "10"}, "Rabatt %"),
    "the credit side of an account": ({"Soll/Haben": "H"}, "Soll/Haben"),
    "a remark on a sale": ({"Bemerkung": "davon 0.4 kg am 12.02.2026 verkauft"}, "davon 0.4 kg am 12.02.2026 verkauft"),
    "a remark of the customs": ({"Notes": "seized by customs"}, "seized by customs"),
    "partly arrived": ({"status": "ordered", "Arrived (kg)": "0.4"}, "Arrived (kg)"),
    "open in part": ({"Offen (kg)": "0.5"}, "Offen (kg)"),
    "balance": ({"Saldo kg": "1"}, "Saldo kg"),
    "ownership": ({"Anteil %": "50"}, "Anteil %"),
    "day or month": ({"purchase_date": "03/04/2026"}, "dates"),
    "decimal or thousands": ({"purchase_price": "", "currency": "", "quantity": "1.234"}, "decimal"),
    "place of an order": ({"location": "bestellt; Januar 2027"}, "bestellt; Januar 2027"),
    "place with a term of delivery": ({"location": "CIF Rotterdam"}, "CIF Rotterdam"),
    "place with a day": ({"location": "Rotterdam; expected 15 Dec"}, "Rotterdam; expected 15 Dec"),
    "place with a doubt": ({"location": "Rotterdam?"}, "Rotterdam?"),
    "keeper of an order": ({"custody": "afloat; MV Ever"}, "afloat; MV Ever"),
    "claim on metal": ({"custody": "unallocated"}, "unallocated"),
    "waits for a licence": ({"status": "bestellt, wartet auf MOFCOM"}, "bestellt, wartet auf MOFCOM"),
}


@pytest.mark.parametrize(("change", "name"), ASKED.values(), ids=ASKED)
def test_what_is_not_known_exactly_is_asked_and_nothing_is_read_before_it_is_answered(change, name):
    quoted = {key: f'"{cell}"' if "," in cell else cell for key, cell in change.items()}
    with pytest.raises(Unconfirmed) as caught:
        read(LOT | quoted)
    assert name in {question["name"] for question in caught.value.details["questions"]}
    assert name in caught.value.message
    assert "toolkit holdings map" in caught.value.hint


def test_a_lot_id_that_occurs_twice_is_refused_with_both_rows():
    with pytest.raises(FrameError) as caught:
        read(LOT, LOT | {"lot_id": "L2"}, LOT)
    assert (caught.value.details["rule"], caught.value.details["rows"]) == ("duplicate", [2, 4])


@pytest.mark.parametrize(
    ("lot", "says", "hint"),
    [
        ({k: v for k, v in LOT.items() if k != "quantity"}, "no column 'quantity'", "needs all of"),
        ({("Menge brutto" if k == "quantity" else k): v for k, v in LOT.items()}, "no column 'quantity'", "'Menge brutto'"),
    ],
)
def test_slips_in_the_header(lot, says, hint):
    with pytest.raises(DataError) as caught:
        read(lot)
    assert caught.value.kind == "data"
    assert says in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("lot", "proposed"),
    [
        ({("quantty" if k == "quantity" else k): v for k, v in LOT.items()}, {"quantty": "quantity"}),
        (
            {("Einkaufspreis usw" if k == "purchase_price" else k): v for k, v in LOT.items()},
            {"Einkaufspreis usw": "purchase_price"},
        ),
        (LOT | {"vat_sate": "paid"}, {"vat_sate": "vat_state"}),
        (LOT | {"Menge": "2"}, {"quantity": "quantity", "Menge": "ignore"}),
    ],
)
def test_a_header_that_is_nearly_a_field_is_proposed_as_it(lot, proposed):
    assert asked(parsed(csv(lot))) == proposed


@pytest.mark.parametrize(
    ("header", "cell", "state"),
    [
        ("MwSt", "112,10", None),
        ("USt", "19 %", None),
        ("MwSt-Satz", "19 %", None),
        ("MwSt", "unverzollt", "unverzollt"),
    ],
)
def test_an_amount_or_a_rate_of_tax_is_no_state_of_it(header, cell, state):
    lot = {key: value for key, value in LOT.items() if key != "vat_state"}
    assert (
        read(lot | {header: f'"{cell}"', "quantity": '"2,0"', "purchase_price": '"450,5"'}).frame["vat_state"].item() == state
    )


def test_a_remark_below_the_table_needs_no_separators():
    found = confirmed("asset;quantity (kg)\ngallium;5\nTotal;5\nAngaben ohne Gewaehr\n")
    assert found.holdings().frame["quantity"].to_list() == [5.0]
    assert found.layout.remarks == {"Angaben ohne Gewaehr": "no_meaning"}


@pytest.mark.parametrize("line", ["germanium 5 kg", "germanium", "please hurry up"])
def test_a_line_of_one_field_that_may_be_a_lot_is_a_fault(line):
    with pytest.raises(FrameError):
        parse(io.BytesIO(f"asset;quantity (kg)\ngallium;5\n{line}\n".encode()), names=NAMES, today=TODAY).holdings()


def test_what_is_asked_and_what_is_wrong_are_one_answer():
    faulty = {("quantty" if k == "quantity" else k): v for k, v in LOT.items()} | {"origin_country": "CHI", "status": "mislaid"}
    with pytest.raises(Unconfirmed) as caught:
        read(faulty)
    for words in ("'quantty'", "not a country", "'mislaid'"):
        assert words in caught.value.message


def test_headers_of_the_template_need_no_word():
    assert not [note for note in read({"Metall": "Gallium", "Menge": "5"}).notes if "Columns" in note]
    assert any('"Artikel" as asset' in note for note in read({"Artikel": "Gallium", "Menge": "5"}).notes)


def test_every_fault_of_a_file_comes_in_one_answer():
    with pytest.raises(FrameError) as caught:
        read(
            LOT | {"asset": "galium"},
            LOT | {"lot_id": "L2", "quantity": "x", "origin_country": "CHI"},
            LOT | {"lot_id": "L3", "unit": "Pfund"},
        )
    details = caught.value.details
    assert {fault["rule"]: fault["rows"] for fault in details["faults"]} == {
        "unknown_asset": [2], "number": [3], "origin_country": [3], "unknown_unit": [4],
    }  # fmt: skip
    for words in ("row 2", "'galium'", "'gallium'", "row 3", "'CHI'", "row 4", "'Pfund'"):
        assert words in caught.value.message
    assert "holdings check" in caught.value.hint


def test_a_row_of_zero_is_no_lot_and_is_told():
    found = parsed("asset;quantity\ngold;0\nsilver;0,000\ngallium;5\n")
    assert [row["asset"] for row in found.rows] == ["gallium"]
    assert any("row 2, row 3" in note for note in found.notes)


# What people write


def one(**cells):
    """The one lot of a file with these columns alone."""
    content = ";".join(cells) + "\n" + ";".join(cells.values()) + "\n"
    return confirmed(content).holdings()


def test_asset_and_quantity_are_enough_and_every_default_is_told():
    held = one(asset="neodymium", quantity="5")
    row = held.frame.row(0, named=True)
    assert (row["form"], row["unit"], row["mass"], row["status"]) == ("oxide", "kg", 5.0, "stored")
    assert (row["origin_country"], row["location"], row["purchase_price"]) == ("unknown", None, None)
    told = " ".join(held.notes)
    for words in ("taken as kg", "neodymium (oxide)", "taken as stored", "taken as unknown", "not called safe", "row 2"):
        assert words in told


@pytest.mark.parametrize(
    ("text", "asset", "form"),
    [
        ("Ga", "gallium", "metal"),
        ("GALLIUM", "gallium", "metal"),
        ("gallium_ingot", "gallium", "metal"),
        ("Gallium-Barren", "gallium", "metal"),
        ("Silberbarren", "silver", "metal"),
        ("Neodym", "neodymium", "oxide"),
        ("Nd", "neodymium", "oxide"),
        ("Neodymoxid", "neodymium", "oxide"),
        ("Neodymium metal", "neodymium", "metal"),
        ("Gold bar", "gold", "metal"),
        ("Gold", "gold", "metal"),
    ],
)
def test_names_of_metals_and_products(text, asset, form):
    row = one(asset=text, quantity="5").frame.row(0, named=True)
    assert (row["asset"], row["form"]) == (asset, form)


@pytest.mark.parametrize(
    ("text", "form"),
    [("bar", "metal"), ("Barren", "metal"), ("crystal bar", "metal"), ("Oxid", "oxide"), ("M\u00fcnzen", "metal")],
)
def test_forms_by_the_names_of_products(text, form):
    assert one(asset="silver", quantity="5 kg", form=text).frame["form"].item() == form


@pytest.mark.parametrize(
    ("cells", "kg"),
    [
        ({"quantity": "5", "unit": "Kg"}, 5.0),
        ({"quantity": "500", "unit": "Gramm"}, 0.5),
        ({"quantity": "0,5", "unit": "Tonnen"}, 500.0),
        ({"quantity": "500 g"}, 0.5),
        ({"quantity": "2,5kg"}, 2.5),
        ({"Menge (g)": "500"}, 0.5),
        ({"weight_kg": "5"}, 5.0),
        ({"kg": "5"}, 5.0),
        ({"Gewicht in g": "500"}, 0.5),
        ({"quantity": "10", "unit": "Unzen"}, 0.311034768),
        ({"quantity": "10", "unit": "oz t"}, 0.311034768),
        ({"quantity": "1.234,5", "unit": "g"}, 1.2345),
        ({"quantity": "1 234,5", "unit": "g"}, 1.2345),
        ({"quantity": "1'234.5", "unit": "g"}, 1.2345),
        ({"quantity": "1.2e+03", "unit": "g"}, 1.2),
        ({"quantity": "\uff11\uff12"}, 12.0),
    ],
)
def test_quantities_and_units(cells, kg):
    assert one(asset="gold", **cells).frame["mass"].item() == pytest.approx(kg, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "values"), [("1.234", (1.234, 1234)), ("1,234", (1234, 1.234)), ("999,999", (999999, 999.999))]
)
def test_a_mark_that_nothing_settles_is_asked(text, values):
    content = f"asset;quantity\ngallium;{text}\n"
    assert asked(parsed(content)) == {"decimal": None}
    for mark, value in zip(".,", values, strict=True):
        assert parsed(content, decimal=mark).holdings().frame["mass"].item() == value
    (fault,) = parsed("asset;quantity\ngallium;3,5\n", decimal=".").faults
    assert fault.rule == "decimal"


@pytest.mark.parametrize(("other", "grams"), [("0,5", 1234.0), ("0.5", 1.234), ("3.900,00", 1234.0), ("3,900.00", 1.234)])
def test_another_cell_of_the_file_settles_the_mark_and_it_is_said(other, grams):
    held = one(asset="gold", quantity="1.234", unit="g", total_price=other, currency="EUR")
    assert held.frame["quantity"].item() == pytest.approx(grams)
    assert any("1.234" in note for note in held.notes)


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-10", "10.06.2024", "10.6.24", "2024/06/10", "10. Juni 2024", "10 June 2024", "June 10, 2024", "10-Jun-2024",
        "2024-06-10 00:00:00", "2024-06-10T12:30:00", "10.06.2024 00:00",
    ],
)  # fmt: skip
def test_dates(text):
    assert one(asset="gold", quantity="1", purchase_date=text).frame["purchase_date"].item() == date(2024, 6, 10)


def test_one_date_of_the_file_settles_the_order_of_all():
    lots = [LOT | {"purchase_date": "03/04/2025"}, LOT | {"lot_id": "L2", "purchase_date": "24/04/2025"}]
    held = read(*lots)
    assert held.frame["purchase_date"].to_list() == [date(2025, 4, 3), date(2025, 4, 24)]
    assert any("day comes first" in note for note in held.notes)
    with pytest.raises(DataError, match="two orders"):
        read(*lots, LOT | {"lot_id": "L3", "purchase_date": "04/24/2025"})
    month = parsed(csv(LOT | {"purchase_date": "04/24/2025"}), dates="day")
    assert [fault.rule for fault in month.faults] == ["date_order"], "a layout that a cell contradicts"


@pytest.mark.parametrize(
    ("cells", "price", "currency"),
    [
        ({"purchase_price": "580", "currency": "eur"}, 580.0, "EUR"),
        ({"Einzelpreis": "3.900,00 \u20ac"}, 3900.0, "EUR"),
        ({"Kaufpreis (EUR/kg)": "580"}, 580.0, "EUR"),
        ({"Preis EUR": "580"}, 580.0, "EUR"),
        ({"price": "US$ 580.50"}, 580.5, "USD"),
        ({"Preis": "3.900,-", "W\u00e4hrung": "CHF"}, 3900.0, "CHF"),
        ({"Kaufpreis \u20ac/g": "0,58"}, 580.0, "EUR"),
        ({"Gesamtpreis EUR": "1160"}, 580.0, "EUR"),
        ({"purchase_price": "1160", "purchase_price_is": "total", "currency": "EUR"}, 580.0, "EUR"),
        ({"Kosten": "1160", "Preisbezug": "gesamt", "currency": "EUR"}, 580.0, "EUR"),
        ({"Einzelpreis": "580", "Gesamtpreis": "1160", "currency": "EUR"}, 580.0, "EUR"),
        ({"Einzelpreis EUR": "580000", "Preiseinheit": "t"}, 580.0, "EUR"),
        ({"Price": "0.58", "Price Unit": "USD/g"}, 580.0, "USD"),
        ({"EK": "58", "pro": "100 g", "currency": "EUR"}, 580.0, "EUR"),
        ({"Preis EUR": "0,58", "Preis je": "je g"}, 580.0, "EUR"),
        ({"Price EUR": "580", "per": "kg"}, 580.0, "EUR"),
        ({"Einzelpreis EUR": "58000", "PE": "100"}, 580.0, "EUR"),
        ({"Einzelpreis EUR": "580", "Preisbezug": "je Einheit"}, 580.0, "EUR"),
    ],
)
def test_prices_of_a_unit_or_of_the_lot(cells, price, currency):
    row = one(asset="gold", quantity="2", unit="kg", **cells).frame.row(0, named=True)
    assert (row["purchase_price"], row["currency"]) == (pytest.approx(price), currency)


def test_a_price_per_kg_of_a_quantity_in_g_is_per_kg():
    row = one(asset="gold", quantity="500", unit="g", Preis="100000", Preisbezug="pro kg", currency="EUR").frame.row(
        0, named=True
    )
    assert (row["purchase_price"], row["mass"]) == (pytest.approx(100.0), 0.5)


@pytest.mark.parametrize(
    ("basis", "says"), [("Fass", "unknown purchase_price_is"), ("EUR/g", "its cell or header says is per kg")]
)
def test_what_a_price_is_per_is_understood_or_refused(basis, says):
    with pytest.raises(FrameError, match=says):
        one(asset="gold", quantity="2", unit="kg", Preis="580 EUR/kg", Preiseinheit=basis)


@pytest.mark.parametrize(
    ("cells", "paid"),
    [
        ({"paid": "30 %"}, 0.3),
        ({"Anzahlung": "270.30 €"}, 0.3),
        ({"Anzahlung (EUR)": "270.30"}, 0.3),
        ({"deposit %": "30"}, 0.3),
        ({"Bezahlt": "Ja"}, 1.0),
        ({"prepaid": "no"}, 0.0),
        ({"paid": "0"}, 0.0),
        ({"paid": "901"}, 1.0),
        ({"paid": ""}, None),
        ({"paid": "yes", "purchase_price": ""}, 1.0),
        ({"paid": "90.10", "purchase_price": "", "total_price": "901"}, 0.1),
    ],
)
def test_what_is_paid_of_a_price(cells, paid):
    """Two kg at 450.50 are 901."""
    held = read(LOT | {"status": "ordered"} | cells)
    assert held.frame["paid"][0] == (None if paid is None else pytest.approx(paid, abs=1e-12))
    assert any("taken as paid in full: L1" in note for note in held.notes) == (paid is None)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"paid": "0.3"}, "a fraction or an amount"),
        ({"paid": "1"}, "a fraction or an amount"),
        ({"paid": "950"}, "not between nothing and the purchase price"),
        ({"paid": "120 %"}, "not between nothing and the purchase price"),
        ({"paid": "-5"}, "not between nothing and the purchase price"),
        ({"paid": "100", "purchase_price": ""}, "a part of an unknown purchase price"),
        ({"paid": "half"}, "not a number"),
        ({"paid": "100 USD"}, "two currencies"),
        ({"paid": "30 %", "status": "planned"}, "only planned"),
        ({"paid": "nan"}, "not a finite number"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(cells, says):
    with pytest.raises(FrameError) as refused:
        read(LOT | {"status": "ordered"} | cells)
    assert says in refused.value.message


def test_listed_instruments_are_counted_in_units_without_form_or_mass():
    row = one(asset="gld", quantity="20", unit="Stk.").frame.row(0, named=True)
    assert (row["asset"], row["quantity"], row["unit"], row["form"], row["mass"]) == ("GLD", 20.0, "unit", None, None)


def test_a_comma_in_a_quoted_title_separates_nothing():
    content = b'"ACME LLC"\n"As of November 23, 2026"\n\nasset,quantity\nGa,5\n'
    assert asked(parsed(content)) == {"ACME LLC": None, "As of November 23, 2026": None}
    assert confirmed(content).holdings().frame["mass"].to_list() == [5.0]


@pytest.mark.parametrize("total", ["7", "7000", "0.007", "2005"])
def test_a_total_of_lots_in_two_units_is_their_mass_or_the_sum_of_the_column(total):
    content = f"Los;Metall;Menge;Einheit\nA;Ga;5;kg\nB;Ga;2000;g\nSumme;;{total};\n".encode()
    assert parse(io.BytesIO(content), names=NAMES, today=TODAY).holdings().frame.height == 2
    with pytest.raises(FrameError, match="a total that the lots do not sum to") as caught:
        parse(io.BytesIO(content.replace(total.encode(), b"9")), names=NAMES, today=TODAY).holdings()
    assert "sum to 7 kg" in caught.value.hint


@pytest.mark.parametrize("label", ["Summe", "Total", "Gesamt:", "SUM", "Zwischensumme 2026"])
def test_a_total_is_no_lot_and_must_be_the_sum(label):
    content = f"Los;Metall;Menge\nA;Ga;2\nB;Ga;3\n{label};;5\n".encode()
    held = parse(io.BytesIO(content), names=NAMES, today=TODAY).holdings()
    assert held.frame["lot_id"].to_list() == ["A", "B"]
    assert any("Totals and no lots: row 4." in note for note in held.notes)
    with pytest.raises(FrameError) as caught:
        parse(io.BytesIO(content.replace(b";;5", b";;6")), names=NAMES, today=TODAY).holdings()
    assert (caught.value.details["rule"], caught.value.details["rows"]) == ("total", [4])


def test_a_subtotal_of_tranches_is_that_of_the_last_metal():
    content = b"asset;quantity (kg)\ngold;2\ngold;1\nSubtotal;3\nsilver;40\ngallium;25\ngallium;10\nSubtotal;35\nTotal;78\n"
    held = parse(io.BytesIO(content), names=NAMES, today=TODAY).holdings()
    assert held.frame["mass"].to_list() == [2.0, 1.0, 40.0, 25.0, 10.0]
    assert any("Totals and no lots: row 4, row 8, row 9." in note for note in held.notes)
    with pytest.raises(FrameError):
        parse(io.BytesIO(content.replace(b";35", b";40")), names=NAMES, today=TODAY).holdings()


def test_lines_that_are_taken_for_comments_are_named():
    content = b"lot_id,asset,quantity\n# 1,Ga,2\n#2,Ga,3\n"
    held = parse(io.BytesIO(content), names=NAMES, today=TODAY).holdings()
    assert held.frame.select("lot_id", "mass").rows() == [("2", 3.0)]
    assert any("Comments and no lots: row 2." in note for note in held.notes)


def test_columns_that_are_not_read_are_named():
    held = one(asset="gold", quantity="1", Regal="3", Lieferant="X")
    assert any('"Regal", "Lieferant"' in note for note in held.notes)


def test_parquet_gives_the_same_lots(tmp_path):
    pl.DataFrame([LOT | {"quantity": 2.0, "purchase_price": 450.5, "purchase_date": date(2024, 5, 17)}]).write_parquet(
        tmp_path / "h.parquet"
    )
    held = parse(tmp_path / "h.parquet", names=NAMES, today=TODAY).holdings()
    assert held.frame.equals(read(LOT).frame)


def test_semicolons_with_decimal_commas_and_rows_in_any_order():
    second = LOT | {"lot_id": "L2", "purchase_price": "12.25"}
    german = csv(second, LOT).replace(b",", b";").replace(b".5;", b",5;").replace(b".25", b",25")
    held = parse(io.BytesIO(german), names=NAMES, today=TODAY).holdings()
    assert held.frame.equals(read(LOT, second).frame)


@pytest.mark.parametrize("text", ["CN", "chn", "China", "VR China", "Volksrepublik China", "PRC"])
def test_an_origin_is_read_in_every_usual_spelling(text):
    assert read(LOT | {"origin_country": text}).frame["origin_country"].to_list() == ["CHN"]


def test_an_origin_that_is_not_known_is_said_in_either_language():
    assert read(LOT | {"origin_country": "unbekannt"}).frame["origin_country"].to_list() == ["unknown"]


def test_remarks_need_a_row_apart_and_a_lot_without_quantity_stays_a_fault():
    head = "asset,quantity\ngold,1\n"
    assert parsed(f"{head},\nPrices are net,\n").numbers == [2]
    assert parsed(f"{head}Total,1\nPrices are net,\n").numbers == [2]
    for rest in ("Prices are net,\n", ",\nGallium ingot,\n", ",\nGallium ingot 4N,\n"):
        assert {fault.rule for fault in parsed(head + rest).faults} >= {"empty"}


@pytest.mark.parametrize(
    ("header", "key", "sure"),
    [("Price paid (total)", "total_price", True), ("Kaufpreis gesamt (EUR)", "total_price", True), ("Betrag CHF", "cost", False),
     ("Amount EUR", "total_price", False), ("Amount", "quantity", False), ("Amount (kg)", "quantity", False),
     ("EK-Preis/kg", "purchase_price", True), ("Gesamt", None, True), ("Menge gesamt", None, True)],
)  # fmt: skip
def test_headers_of_money(header, key, sure):
    read = read_header("holdings", header)
    assert (read.key, read.sure) == (key, sure)


def test_a_column_that_counts_is_no_name_and_money_beside_a_unit_price_is_the_total():
    read = parsed("Item,Description,Qty,Unit price EUR,Amount EUR\n1,gallium,2,10,20\n2,gallium,3,1,4\n")
    assert [(fault.row, fault.rule) for fault in read.faults] == [(3, "total_price")]
    assert [row["lot_id"] for row in read.rows] == ["1", "2"]


@pytest.mark.parametrize(
    ("header", "cell", "size"),
    [("Stückgröße", "30x700", "700x30x30 mm"), ("size", "Ø 30 × 700 mm", "700x30x30 mm"), ("Abmessungen", "120 x 120 x 50", "120x120x50 mm"),
     ("piece size", "5 kg", "5 kg"), ("Stückgewicht (g)", "800", "0.8 kg"), ("Stückgewicht", "800 g", "0.8 kg"), ("size", "unknown", None)],
)  # fmt: skip
def test_the_size_of_a_piece(header, cell, size):
    assert parsed(f"asset;quantity kg;{header}\ngold;9;{cell}\n").holdings().frame["size"].to_list() == [size]


@pytest.mark.parametrize(
    ("cell", "says"), [("large", "not a size"), ("1.250 g", "decimals or thousands"), ("10 kg", "heavier than its lot")]
)
def test_sizes_that_are_asked(cell, says):
    with pytest.raises(FrameError, match=says):
        parsed(f"asset;quantity kg;size\ngold;9;{cell}\n").holdings()


@pytest.mark.parametrize(
    ("text", "quantity", "price"),
    [("Metall;Anzahl;Stückgewicht\nGallium;20;500 g\n", 10, None), ("Metall;Stk.;Gewicht/Stk (g)\nGallium;20;500\n", 10, None),
     ("Metal;No. of bars;Bar weight (kg)\nGallium;20;0.5\n", 10, None), ("Metal;Units;Weight per unit\nGallium;20;500 g\n", 10, None),
     ("Metall;Menge;Einheit;Einzelgewicht\nGallium;20;Stk;500 g\n", 10, None),
     ("Metall;Anzahl;Gewicht kg;Stückgewicht\nGallium;20;10;500 g\n", 10, None),
     ("Metall;Anzahl;Stückgewicht;Preis je Stück EUR\nGallium;20;500 g;155\n", 10, 310),
     ("Metall;Anzahl;Stückgewicht;EK ges. (netto) EUR\nGallium;20;500 g;3100\n", 10, 310),
     ("Metall;Menge;Einheit;Stückgewicht;Preis/Stk. EUR\nGallium;10;kg;500 g;155\n", 10, 310),
     ("Metall;Menge;Einheit;Preis/Einheit EUR\nGallium;10;kg;310\n", 10, 310),
     ("Metall;Anzahl;Stückgewicht;Preis je Stück EUR\nSilber;1000;1 oz;31.1034768\n", 31.1034768, 1000),
     ("Metall;Anzahl;Stückgewicht;Preis EUR/kg\nGallium;20;500 g;310\n", 10, 310)],
)  # fmt: skip
def test_a_number_of_pieces_is_as_heavy_as_all_of_them(text, quantity, price):
    lot = confirmed(text).holdings().frame.row(0, named=True)
    assert (lot["quantity"], lot["unit"], lot["mass"], lot["purchase_price"]) == (quantity, "kg", quantity, price)


@pytest.mark.parametrize(
    ("text", "says"),
    [("Metall;Anzahl\nGallium;20\n", "pieces of unknown weight"), ("Metall;Anzahl;size\nGallium;20;30x700\n", "pieces of unknown weight"),
     ("Metall;Anzahl;Stückgewicht\nGallium;2,5;500 g\n", "pieces of unknown weight"),
     ("Metall;Menge;Einzelgewicht\nGallium;20;500 g\n", "may be in kg or a number of pieces"),
     ("Metall;Anzahl;Stückgewicht;Einzelpreis EUR\nGallium;20;500 g;155\n", "a price that may be of a piece or of a kg"),
     ("Metall;Menge;Einheit;Preis/Stk. EUR\nGallium;10;kg;155\n", "a price that may be of a piece or of a kg"),
     ("Metall;Menge;Preis\nKrügerrand;2 oz;830 €/Stück\n", "a price that may be of a piece or of a kg"),
     ("Metall;Anzahl;Gewicht kg;Stückgewicht\nGallium;20;12;500 g\n", "not the quantity")],
)  # fmt: skip
def test_pieces_that_are_asked_for(text, says):
    with pytest.raises(FrameError, match=says):
        confirmed(text).holdings()


@pytest.mark.parametrize("header", ["Units", "Einheiten", "in", "gemessen in"])
def test_a_column_of_units_is_read_whatever_its_header(header):
    content = f"Metal;Quantity;{header}\nGallium;500;g\nGallium;2;kg\n"
    lot = parsed(content, **{header: "unit"}).holdings().frame
    assert lot["mass"].to_list() == [0.5, 2.0]


@pytest.mark.parametrize("written", ["2026-01-31T23:00:00Z", "2025-06-30 22:00:00+00:00", "2026-01-31 10:15+02:00"])
def test_a_moment_of_another_zone_is_no_day(written):
    """At 23:00 UTC of 31 January the first of February has begun in Germany."""
    with pytest.raises(FrameError, match="not a date"):
        read({"asset": "gallium", "quantity": "1", "unit": "kg", "purchase_date": written})


class TestPartsOfAnOunce:
    @pytest.mark.parametrize(("size", "mass"), [("1/2 oz", 0.5), ("½ oz", 0.5), ("1/10 Unze", 0.1), ("¼ ozt", 0.25)])
    @pytest.mark.parametrize("unit", ["coins", "Münzen", "Stück"])
    def test_coins_are_counted_by_the_fine_ounces_of_one(self, size, mass, unit):
        lot = {"asset": "gold", "form": "coin", "purity": "91.67 %", "quantity": "20", "unit": unit, "size": size}
        found = read(lot)
        (row,) = found.frame.iter_rows(named=True)
        assert row["mass"] == pytest.approx(20 * mass * 0.0311034768)
        assert row["purity"] is None
        assert any("Ounces of coins, and fine ounces, are ounces of fine metal" in note for note in found.notes)

    def test_grams_of_a_coin_are_what_it_weighs(self):
        (row,) = read(
            {"asset": "gold", "quantity": "4", "unit": "coins", "size": "33.93 g", "purity": "91.67 %"}
        ).frame.iter_rows(named=True)
        assert (row["mass"], row["purity"]) == (pytest.approx(4 * 0.03393), "91.67 %")

    @pytest.mark.parametrize("size", ["1½ oz", "3/2 oz", "1/0 oz"])
    def test_what_may_be_composed_of_a_number_and_a_part_is_refused(self, size):
        with pytest.raises(DataError, match="not a size of a piece"):
            read({"asset": "gold", "quantity": "2", "unit": "pcs", "size": size})

    def test_coins_without_a_size_are_asked_about(self):
        with pytest.raises(DataError, match="pieces of unknown weight"):
            read({"asset": "gold", "quantity": "20", "unit": "coins"})


class TestEmptyDates:
    @pytest.mark.parametrize(
        "written",
        ["0001-01-01", "0001-01-01T00:00:00Z", "01.01.0001", "1899-12-30", "30.12.1899", "1900-01-01", "1904-01-01", "1970-01-01", "01.01.1970",
         "1970-01-01T00:00:00Z", "1970-01-01 01:00:00", "1969-12-31 19:00:00", "00.00.0000", "0000-00-00", "00000000", "0",
         "00.01.1900", "1/0/1900", "00:00:00"],
    )  # fmt: skip
    def test_an_empty_date_of_a_program_is_no_date_and_said(self, written):
        found = read(LOT | {"purchase_date": written})
        assert found.frame["purchase_date"].item() is None
        assert any("how Excel, SAP or Unix write an empty date: L1" in str(note) for note in found.notes)

    @pytest.mark.parametrize("written", ["1824-05-31", "31.05.1824"])
    def test_a_year_in_which_nobody_bought_is_a_fault(self, written):
        with pytest.raises(FrameError, match="before 1900"):
            read(LOT | {"purchase_date": written})

    def test_a_day_of_the_last_century_is_one(self):
        assert read(LOT | {"purchase_date": "1970-01-02"}).frame["purchase_date"].item() == date(1970, 1, 2)


def test_a_layout_of_another_file_asks_nothing_of_one_that_its_own_words_say_whole(tmp_path):
    """Columns of the other were said to be gone, in a file of headers of the template alone."""
    (tmp_path / "stock.csv").write_text("asset,form,menge EK,unit,location\ngallium,metal,30,kg,Jena\n", encoding="utf-8")
    (tmp_path / "stock.layout.toml").write_text(
        'of = "holdings"\n[columns]\nasset = "asset"\nform = "form"\n"menge EK" = "quantity"\nunit = "unit"\nlocation = "location"\n'
    )
    own = tmp_path / "plain.csv"
    own.write_text(
        "asset,form,quantity,unit,location\ngallium,metal,20,kg,Jena\nindium,metal,60,kg,Jena\nindium,metal,20,kg,Jena\n"
    )
    read = parse(str(own), names=NAMES, today=TODAY)
    assert (read.questions, [row["quantity"] for row in read.rows]) == ((), [20.0, 60.0, 20.0])
