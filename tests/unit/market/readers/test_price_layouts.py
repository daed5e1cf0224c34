"""Price tables in other shapes: months across, ranges, bid and ask or low and high side by side."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.workbooks import xlsx
from toolkit.core.errors import DataError, FrameError
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.readers.price_files import read_price_files
from toolkit.market.readers.prices import PriceFile, read_prices

TODAY = date(2026, 11, 27)
KNOWN = {"gold": "gold", "gold 99.9% min": "gold"}
"""Names of a metal."""


def read(tmp_path, text: str) -> PriceFile:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    return read_prices(path, today=TODAY, several=True, key=KNOWN.get)


def rows(file: PriceFile) -> list[tuple[str, str, float]]:
    return [(asset, str(day), price) for asset, day, price in file.frame.select("asset", "date", "price").iter_rows()]


@pytest.mark.parametrize(
    "months",
    ["Jan 2024;Feb 2024;Mrz 2024", "2024-01;2024-02;2024-03", "31.01.2024;29.02.2024;31.03.2024"],
)
def test_metals_in_rows_and_months_across(tmp_path, months):
    file = read(tmp_path, f"Preise in USD/kg;{months}\nGallium;400,5;;410\nIndium;250;260;-\n")
    assert rows(file) == [
        ("Gallium", "2024-01-31", 400.5),
        ("Gallium", "2024-03-31", 410),
        ("Indium", "2024-01-31", 250),
        ("Indium", "2024-02-29", 260),
    ]
    assert file.frame.select(pl.struct("currency", "unit").unique()).unnest(pl.all()).rows() == [("USD", "kg")]
    assert any('by the line "Preise in USD/kg"' in note for note in map(str, file.reading))


def test_months_across_below_a_title_with_a_column_of_units(tmp_path):
    text = "Strategic metals\n\nMetal,Unit,Currency,2024-01,2024-02,2024-03\nGallium,t,EUR,1,2,3\nIndium,kg,EUR,4,5,6\n"
    file = read(tmp_path, text)
    assert file.frame.select("asset", "unit", "currency", "price").rows() == [
        *(("Gallium", "t", "EUR", price) for price in (1, 2, 3)),
        *(("Indium", "kg", "EUR", price) for price in (4, 5, 6)),
    ]


@pytest.mark.parametrize("foot", ["Average,2,", "Average 2025,2,", "Mittelwert,2,", "Avg. Dec-25,2,", "YTD average,2,"])
def test_averages_below_the_months_are_told_and_no_date_of_theirs_is_a_fault(tmp_path, foot):
    file = read(tmp_path, f"Month,gold,\n30.11.2025,1,\n31.12.2025,2,\n31.01.2026,3,\n{foot}\n")
    assert [day for _, day, _ in rows(file)] == ["2025-11-30", "2025-12-31", "2026-01-31"]
    assert any("sums, averages, changes" in note and foot.split(",")[0] in note for note in map(str, file.reading))


@pytest.mark.parametrize(
    "row", ["2025-13-01,", "31.11.2025,", "gold,", "Source: agency,", "2025-11-30 (p),1", "KW 1/2026,1", "Nov-25,1"]
)
def test_a_line_of_words_and_what_is_no_day_or_month_are_refused(tmp_path, row):
    with pytest.raises(FrameError, match="not a date"):
        read(tmp_path, f"date,gold\n2025-10-31,1\n{row}\n")


@pytest.mark.parametrize("text", ["metal,bid,ask\ngold,95,105\n{}\n", "Metal,2025-09,2025-10\ngold,95,105\n{}\n"])
def test_a_row_without_a_price_is_refused(tmp_path, text):
    for row in ("Technology metals,,", "tin,,"):
        with pytest.raises(FrameError, match="a row without a price in row"):
            read(tmp_path, f"as of 2025-10-31\n{text.format(row)}")


def test_an_offer_with_a_price_per_kg_and_its_currency_in_a_column(tmp_path):
    text = "Offer 2025-11-20,,,,\nItem,Qty (kg),Price/kg,Currency,Terms\ngold,50,1150.5,EUR,DDP Frankfurt\n"
    assert read(tmp_path, text).frame.select("date", "price", "currency", "unit", "quantity").rows() == [
        (date(2025, 11, 20), 1150.5, "EUR", "kg", 50.0)
    ]
    above = read(tmp_path, "Preise in EUR; Stand: 20.11.2025\nMetall;Preis/kg\ngold;1150,5\n")
    assert above.frame.select("currency", "unit").rows() == [("EUR", "kg")]


@pytest.mark.parametrize("column", ["incoterm", "Lieferbedingung"])
def test_two_terms_of_delivery_of_a_metal_are_two_series(tmp_path, column):
    text = f"date,asset,price,{column}\n2025-09-30,gold,14,CIF Rotterdam\n2025-10-31,gold,12,FOB China\n2025-10-31,tin,3,EXW\n"
    with pytest.raises(
        FrameError, match=r"a second term of delivery in the series of an asset in row 3 \('gold': 'fob china'\)"
    ):
        read(tmp_path, text)
    assert len(rows(read(tmp_path, text.replace("FOB China", "cif rotterdam")))) == 3


def test_text_among_numbers_of_a_workbook(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(xlsx({"Prices": [["Metal", "2025-09", "2025-10", "2025-11"], ["gold", 980, 990, "1010"]]}))
    assert [price for _, _, price in rows(read_prices(path, today=TODAY, several=True))] == [980, 990, 1010]


@pytest.mark.parametrize(
    "cells", ["650p,651p", "650 f,651", "650 kg,651", "650*,651", "650 (p),651", "640-660,651", "$650/kg,651"]
)
def test_a_price_with_more_than_a_currency_beside_it_is_refused(tmp_path, cells):
    first, second = cells.split(",")
    with pytest.raises(FrameError, match="not a number"):
        read(tmp_path, f"date,gold\n2025-10-31,{first}\n2025-11-30,{second}\n")


def test_no_name_above_the_dates_is_an_index(tmp_path):
    assert {*read(tmp_path, ",GLD,SLV\n2025-10-31,100,50\n").frame["asset"]} == {"GLD", "SLV"}


TAXED = {
    "above": "Prices incl. 13% VAT,\ndate,gold\n2025-10-31,1\n",
    "below": "date,gold\n2025-10-31,1\nAlle Preise inkl. 19 % MwSt.,\n",
    "remark": "date,asset,price,remark\n2025-10-31,gold,1,inkl. gesetzl. MwSt.\n",
    "remark of a wide file": "date,gold,source\n2025-10-31,1,SMM VAT included\n",
    "unit": "date,asset,price,unit\n2025-10-31,gold,1,CNY/kg (incl. 13% VAT)\n",
    "basis": "date,asset,price,basis\n2025-10-31,gold,1,Bruttopreis\n",
    "header and cell": "date,asset,price,MwSt\n2025-10-31,gold,1,inkl.\n",
    "header that asks": "date,asset,price,VAT included\n2025-10-31,gold,1,yes\n",
    "gross or net": "date,asset,price,Gross/Net\n2025-10-31,gold,1,gross\n",
    "Chinese": "市场价格（含13%增值税）,\ndate,gold\n2025-10-31,1\n",
}


@pytest.mark.parametrize("text", TAXED.values(), ids=TAXED)
def test_prices_that_include_tax_are_refused_wherever_it_is_said(tmp_path, text):
    with pytest.raises(DataError, match=r"includes? tax") as caught:
        read(tmp_path, text)
    assert "by 1.13 where it is 13 %" in str(caught.value)


@pytest.mark.parametrize("words", ["excl. VAT", "zzgl. 19 % MwSt.", "not incl. VAT", "net of tax", "不含税"])
def test_prices_without_tax_are_read(tmp_path, words):
    assert len(rows(read(tmp_path, f"Prices {words},\ndate,gold\n2025-10-31,1\n"))) == 1


@pytest.mark.parametrize("gap", ["n/a", "-", ""])
def test_no_number_of_a_column_is_refused_for_a_gap_beside_it(tmp_path, gap):
    file = read(tmp_path, f"date,Gallium incl. VAT,Tin\n2025-09-30,720,30\n2025-10-31,{gap},31\n")
    assert {asset for asset, *_ in rows(file)} == {"Gallium incl. VAT", "Tin"}


@pytest.mark.parametrize("cells", ["MwSt,zzgl.", "VAT included,no", "MwSt enthalten,nein", "Gross/Net,net"])
def test_a_column_that_says_without_tax_is_no_tax(tmp_path, cells):
    header, cell = cells.split(",")
    assert len(rows(read(tmp_path, f"date,asset,price,{header}\n2025-10-31,gold,1,{cell}\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Year,Month,gold\n2025,9,1\n2025,10,2\n",
        "Jahr;Monat;Metall;Preis\n2025;Mai;gold;1\n2025;Dezember;gold;2\n",
        "year,month,day,gold\n2025,9,5,1\n2025,10,15,2\n",
        "gold,Month,Year\n1,09,2025\n2,10,2025\n",
        "Date,Gallium,Bismuth\n,USD/kg,USD/lb\n2026-10-31,300,5\n",
        ",Gallium,,Bismuth,\n,USD/kg,,USD/lb,\nDate,Low,High,Low,High\n2026-10-31,290,310,4,6\n",
        "Date,Gallium,,Bismuth,\n,Low,High,Low,High\n2026-10-31,290,310,4,6\n",
    ],
)
def test_a_date_in_parts_and_a_header_of_several_rows_are_refused_with_a_remedy(tmp_path, text):
    with pytest.raises(DataError) as refused:
        read(tmp_path, text)
    assert refused.value.hint


@pytest.mark.parametrize("days", [("Jan-02", "Jan-09", "Jan-16"), ("Jan-05", "Feb-06", "Mar-07"), ("Jan-24", "Feb-24")])
def test_days_without_a_year_are_no_months(tmp_path, days):
    with pytest.raises(FrameError, match="not a date"):
        read(tmp_path, "date,gold\n" + "".join(f"{day},1\n" for day in days))


@pytest.mark.parametrize(
    "text",
    [
        "date,metal,low,high\n2024-01,gold,395,411\n2024-02,gold,400,400\n",
        "date,metal,Low USD/kg,High USD/kg\n2024-01,gold,395,411\n2024-02,gold,400,400\n",
    ],
)
def test_the_middle_of_a_range_is_the_price(tmp_path, text):
    file = read(tmp_path, text)
    assert rows(file) == [("gold", "2024-01-31", 403), ("gold", "2024-02-29", 400)]
    assert any("iddle" in note for note in map(str, file.reading))
    assert {"kg" if "/kg" in text else "unit"} == {*file.frame["unit"]}


@pytest.mark.parametrize(
    "text",
    [
        "date,gold,gold %,other,other YoY\n2024-01,1,0.5,5,1\n2024-02,2,1,5,2\n",
        "Metall;Einheit;Währung;Q;Jan 2024;Feb 2024;Mrz 2024;% chg\ngold;kg;EUR;;1;2;;100%\nother;kg;EUR;;5;5;;\n",
        "date,gold,other,YoY,12-month average\n2024-01,1,5,6,1\n2024-02,2,5,7,1\n",
        "date,gold,other,Total\n2024-01,1,5,6\n2024-02,2,5,7\n",
        "date;gold;other;Summe;Ø\n2024-01;1;5;6;3\n2024-02;2;5;7;3\n",
        "date,asset,price\n2024-01,gold,1\n2024-02,gold,2\n2024-01,other,5\n2024-02,other,5\n2024-02,Average,3\n",
        "Preise;Jan 2024;Feb 2024;Mrz 2024;Durchschnitt;YTD %\ngold;1;2;;1,5;100%\nother;5;5;;5;0%\nGesamt;6;7;;;\n",
    ],
)
def test_sums_averages_changes_and_premiums_are_no_assets_and_are_told(tmp_path, text):
    file = read(tmp_path, text)
    assert [(asset, price) for asset, _, price in rows(file)] == [("gold", 1), ("gold", 2), ("other", 5), ("other", 5)]
    assert any("sums, averages, changes and premiums of others are not read" in note for note in map(str, file.reading))


@pytest.mark.parametrize("head", ["Metal;Unit;2026-10", "Metall;Einheit;31.10.2026", "Item;unit;Okt 2026"])
def test_one_month_across_is_enough_beside_a_column_of_metals(tmp_path, head):
    """It was refused with the advice to write months across as 2026-10."""
    file = read(tmp_path, f"{head}\nGallium;kg;1400,5\nIndium;kg;690\n")
    assert rows(file) == [("Gallium", "2026-10-31", 1400.5), ("Indium", "2026-10-31", 690.0)]


def test_a_wide_file_of_changes_alone_has_no_asset(tmp_path):
    with pytest.raises(DataError, match="there is no asset column"):
        read(tmp_path, "date,gold (%)\n2026-01-31,1.4\n")


def test_a_metal_with_its_purity_in_the_header_is_the_metal(tmp_path):
    file = read(tmp_path, "date,gold 99.9% min\n2024-01,3\n2024-02,4\n")
    assert [(asset, price) for asset, _, price in rows(file)] == [("gold", 3), ("gold", 4)]


def test_one_metal_beside_its_change_is_one_and_a_total_alone_is_a_series(tmp_path):
    assert [asset for asset, *_ in rows(read(tmp_path, "date,gold,Change\n2024-01,1,0.5\n"))] == ["gold"]
    assert [asset for asset, *_ in rows(read(tmp_path, "date,Total\n2024-01,1\n"))] == ["Total"]


def test_a_decimal_comma_in_a_header_of_semicolons_parts_no_columns(tmp_path):
    file = read(tmp_path, "Datum;gold 99,9 %;gold (%);other 99,95%\n2024-01;1;0,5%;5\n2024-02;2;1,5%;5,5\n")
    assert file.frame["asset"].unique().sort().to_list() == ["gold 99,9 %", "other 99,95%"]


@pytest.mark.parametrize(
    "header", ["gold Low", "Tief gold", "gold,gold Mid", "gold,gold Bid", "gold Bid,gold Ask", "tin Low,tin High"]
)
def test_several_prices_of_a_metal_in_a_wide_file_are_refused(tmp_path, header):
    with pytest.raises(DataError, match="is one of several prices of a metal"):
        read(tmp_path, f"date,other,{header}\n2024-01,5,1{',2' * header.count(',')}\n")


@pytest.mark.parametrize("ends", ["411,395", "395,41100"])
def test_what_is_no_range_is_a_fault_of_its_row_as_written(tmp_path, ends):
    with pytest.raises(FrameError, match=rf"a range that is none in row 2 \('gold': '{ends.replace(',', '-')}'\)"):
        read(tmp_path, f"date,asset,low,high\n2024-01,gold,{ends}\n")
    with pytest.raises(DataError, match="one end of a range"):
        read(tmp_path, "date,asset,low\n2024-01,gold,395\n")


def test_known_columns_are_those_that_a_file_may_have(tmp_path):
    with pytest.raises(DataError) as failed:
        read(tmp_path, "date,asset,price,Monat\n2024-01,gold,400,7\n")
    assert "range" not in str(failed.value.hint)


@pytest.mark.parametrize("name", ["alpha low", "Steel High Carbon", "Lowland"])
def test_one_column_alone_is_of_an_asset(tmp_path, name):
    assert [asset for asset, _, _ in rows(read(tmp_path, f"date,{name},other\n2024-01,395,411\n"))] == [name, "other"]


BOTH = "date,asset,bid,ask\n2024-01,gold,95,105\n2024-02,gold,on request,110\n2024-03,gold,190,210\n"


def test_bid_and_ask_of_several_days_are_a_series_of_mid_prices(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(BOTH, encoding="utf-8")
    file = read_price_files([path], today=TODAY)
    assert file.frame.select("asset", "date", "price", "basis").rows() == [
        ("gold", date(2024, 1, 31), 100, "dealer_bid_ask"),
        ("gold", date(2024, 3, 31), 200, "dealer_bid_ask"),
    ]
    assert file.quotes.height == 5  # what he asks and pays is kept: a trade is at his price


def test_price_lists_of_several_days_are_the_same_series_as_one_file(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    for month, bid, ask in ((1, 95, 105), (3, 190, 210)):
        text = f"as of 2024-0{month}-28\nmetal,bid,ask\ngold,{bid},{ask}\n"
        (folder / f"{month}.csv").write_text(text, encoding="utf-8")
    file = read_price_files([folder], today=TODAY)
    assert file.frame.select("date", "price").rows() == [(date(2024, 1, 28), 100), (date(2024, 3, 28), 200)]


def test_one_price_list_is_no_series(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("as of 2024-01-28\nmetal,bid,ask\ngold,95,105\n", encoding="utf-8")
    file = read_price_files([path], today=TODAY)
    assert file.frame.is_empty()
    assert file.quotes.height == 2


def test_a_dealer_who_pays_more_than_he_asks_is_an_error_on_any_day(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(BOTH.replace("95,105", "105,95"), encoding="utf-8")
    with pytest.raises(DataError, match="for gold a dealer asks 95 and pays 105 USD on 2024-01-31"):
        read_price_files([path], today=TODAY)


def test_mid_prices_that_jump_are_refused(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(BOTH.replace("190,210", "1900,2100"), encoding="utf-8")
    with pytest.raises(DataError, match="'gold' jumps"):
        read_price_files([path], today=TODAY)


def test_what_is_said_alike_of_several_files_is_said_once(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    for day in (5, 6, 7, 8):
        (folder / f"l{day}.csv").write_text(f"date,gold,other,Total\n2024-01-0{day},{day},{day},1\n", encoding="utf-8")
    file = read_price_files([folder], today=TODAY)
    (sums,) = [note for note in file.reading if "sums" in note]
    assert sums.startswith("l5.csv, l6.csv, 2 more: sums")
    assert len(file.assumed) == 1
    assert {*file.assumed} <= {*file.reading}


@pytest.mark.parametrize("header", ["Side", "Basis", "basis"])
def test_a_column_of_sides_says_whose_price_a_row_is(tmp_path, header):
    text = f"Date,Metal,{header},Price USD/kg\n2024-01,gold,Bid,390\n2024-01,gold,Verkauf,410\n2024-02,gold,Bid,400\n"
    file = read(tmp_path, text)
    assert file.frame.is_empty()
    assert file.quotes["basis"].to_list() == ["dealer_bid", "dealer_ask", "dealer_bid"]
    assert any("Bid = dealer_bid, Verkauf = dealer_ask" in str(note) for note in file.reading)


@pytest.mark.parametrize("header", ["2021,2022,2023", "Q1 2026,Q2 2026", "Okt 26,Nov 26"])
def test_years_quarters_and_months_without_a_year_across_are_told_apart_from_a_missing_date(tmp_path, header):
    with pytest.raises(DataError, match="no column 'date'") as failed:
        read(tmp_path, f"Metal,{header}\ngold,{','.join('1' * (header.count(',') + 1))}\n")
    assert "write them as 2026-10" in str(failed.value.hint)
    with pytest.raises(DataError, match="no column 'date'"):
        read(tmp_path, f"Metal,Unit,{header}\ngold,USD/kg,{','.join('1' * (header.count(',') + 1))}\n")


@pytest.mark.parametrize(("day", "told"), [("-01", True), ("", False), ("-02", False)])
def test_dates_that_are_all_the_first_of_a_month_are_told(tmp_path, day, told):
    text = "".join(f"2026-{month:02}{day},1\n" for month in range(1, 8))
    file = read(tmp_path, f"date,gold\n{text}")
    assert any("first of a month" in note and "as 2026-07" in note for note in map(str, file.reading)) == told


def test_averages_alone_are_series(tmp_path):
    file = read(tmp_path, "date,Mean,Median\n2026-10,1,2\n")
    assert rows(file) == [("Mean", "2026-10-31", 1), ("Median", "2026-10-31", 2)]


def test_names_that_are_currencies_have_no_names_above(tmp_path):
    assert [row[0] for row in rows(read(tmp_path, "FX rates,,\nDate,EUR,CHF\n2026-10,1,2\n"))] == ["CHF", "EUR"]
    with pytest.raises(DataError, match="occurs twice"):
        read(tmp_path, "FX rates,,\nDate,Gallium,Gallium\n2026-10,1,2\n")


@pytest.mark.parametrize(
    "header", ["gold premium EU", "30d avg gold", "gold 99.9 % Change", "gold Mengenrabatt", "Rabatt", "Stock"]
)
def test_what_may_be_made_of_other_prices_is_asked_about(tmp_path, header):
    with pytest.raises(Unconfirmed) as open_:
        read(tmp_path, f"date,gold,{header}\n2024-01,400,7\n")
    assert [(one.name, one.proposed) for one in open_.value.read.questions] == [(header, "ignore")]


def test_an_average_beside_the_price_of_a_long_file_is_asked_about(tmp_path):
    with pytest.raises(Unconfirmed) as open_:
        read(tmp_path, "date;asset;price;Avg\n2024-01;gold;400;390\n")
    assert [one.name for one in open_.value.read.questions] == ["price", "Avg"]


def test_a_currency_above_the_table_counts_for_no_column_that_states_its_own(tmp_path):
    text = "Preise in EUR/t\ndate;gold USD/kg;tin\n2024-01;400;390\n"
    assert read(tmp_path, text).frame.select("asset", "currency", "unit").rows() == [("gold", "USD", "kg"), ("tin", "EUR", "t")]
    text = "Preise in EUR/t\ndate;asset;price;currency\n2024-01;gold;400;USD\n"
    assert read(tmp_path, text).frame.select("asset", "currency", "unit").rows() == [("gold", "USD", "unit")]
