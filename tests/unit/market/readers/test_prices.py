"""Price files: what the contract accepts and refuses, row by row."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.core.frames import Prices
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.quality import gap_findings
from toolkit.market.readers.price_columns import read_columns
from toolkit.market.readers.prices import read_prices

TODAY = date(2026, 11, 24)
TESTDATA = Path(__file__).parents[5] / "shared" / "testdata" / "listed_adjclose_daily.csv"
BUNDLED = Path(__file__).parents[4] / "toolkit" / "market" / "bundled" / "prices.csv"


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "mine.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def read(folder: Path, text: str | bytes, **options):
    return read_prices(write(folder, text), today=TODAY, **options)


def test_a_wide_file_with_the_documented_defaults(tmp_path):
    file = read(tmp_path, "date,silver,gold\n2026-02,20,100\n2026-01-31,,101\n", default_currency="EUR")
    assert (file.name, file.shape) == ("mine.csv", "wide")
    jan, feb = date(2026, 1, 31), date(2026, 2, 28)
    assert file.frame.rows() == [
        (jan, "gold", 101.0, "EUR", "unit", None, "as_given", "mine.csv", jan),
        (feb, "gold", 100.0, "EUR", "unit", None, "as_given", "mine.csv", feb),
        (feb, "silver", 20.0, "EUR", "unit", None, "as_given", "mine.csv", feb),
    ]
    assert Prices.is_valid(file.frame)


def test_a_long_file_with_every_column(tmp_path):
    file = read(
        tmp_path,
        "price,asset,date,known_from,source,basis,quantity,unit,currency\n"
        "5.5,gallium,2026-01-31,2026-02-10,me,dealer,12,kg,EUR\n"
        "6,gallium,2026-02-28,,,dealer,,kg,EUR\n",
    )
    assert file.shape == "long"
    assert file.frame.rows() == [
        (date(2026, 1, 31), "gallium", 5.5, "EUR", "kg", 12.0, "dealer", "me", date(2026, 2, 10)),
        (date(2026, 2, 28), "gallium", 6.0, "EUR", "kg", None, "dealer", "mine.csv", date(2026, 2, 28)),
    ]
    assert Prices.is_valid(file.frame)


@pytest.mark.parametrize(
    "months", ["Jan 2026;Mär 2026", "January 2026;March 2026", "01/2026;3/2026", "2026M01;2026M03", "2026 Jan;2026 Mar"]
)
def test_months_as_people_and_offices_write_them(tmp_path, months):
    rows = "".join(f"{month},{price}\n" for month, price in zip(months.split(";"), (1, 2), strict=True))
    file = read(tmp_path, f"date,gold\n{rows}")
    assert file.frame["date"].to_list() == [date(2026, 1, 31), date(2026, 3, 31)]


def test_a_word_for_a_missing_price_is_an_empty_cell_and_never_nothing(tmp_path):
    cells = ("1", "2", "3", "n/a", "k.A.", "6", "7", "8", "9", "10")
    file = read(tmp_path, "date,gold,tin\n" + "".join(f"2026-{i:02},{cell},1\n" for i, cell in enumerate(cells, start=1)))
    assert file.frame.filter(pl.col("asset") == "gold")["price"].to_list() == [1, 2, 3, 6, 7, 8, 9, 10]
    assert any("gold: 2 of 10 months have no price, never filled" in words for words in gap_findings(file.frame))


def test_a_column_whose_name_means_a_metal_is_not_told_as_left_out(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("date,Gallium,Zinn\n2026-01,1,\n2026-02,2,\n", encoding="utf-8")
    file = read_prices(path, default_currency="USD", today=date(2026, 11, 24), key=str.lower)
    assert [note for note in map(str, file.reading) if "left out" in note] == ["'Zinn' has no prices and is left out."]


@pytest.mark.parametrize("month", ["Jan-26", "Mon 2026", "13/2026", "2026M13", "Q1 2026"])
def test_what_may_be_a_day_or_is_no_month_is_no_date(tmp_path, month):
    with pytest.raises(FrameError, match="not a date"):
        read(tmp_path, f"date,gold\n{month},1\n")


@pytest.mark.parametrize("header", ["month,asset,price,quantity_kg", "Monat,Metall,Preis,kg", "Period,asset,price,Menge_kg"])
def test_the_month_of_a_list_is_its_date_and_kilograms_are_its_quantity(tmp_path, header):
    file = read(tmp_path, f"Preisliste\nMonat,Mai 2026\n{header}\n2026-05,gallium,5,12\n")
    assert file.frame.select("date", "asset", "price", "quantity").rows() == [(date(2026, 5, 31), "gallium", 5.0, 12.0)]


def test_of_two_columns_of_dates_neither_is_taken_unasked(tmp_path):
    with pytest.raises(Unconfirmed, match="another column may be date too"):
        read(tmp_path, "Datum;Monat;Metall;Preis\n2026-05-31;2026-05;gallium;5\n")


@pytest.mark.parametrize("header", ["Datetime", "Timestamp", "Tag", "Monat", "as of"])
def test_other_names_of_the_date(tmp_path, header):
    found = read(tmp_path, f"{header},gallium\n2026-05-29T00:00:00+00:00,5\n")
    assert found.frame["date"].to_list() == [date(2026, 5, 29)]


def test_a_list_without_a_date_asks_about_the_column_that_holds_days(tmp_path):
    with pytest.raises(Unconfirmed) as caught:
        read(tmp_path, "asset;price;Liefertag\ngallium;5;31.05.2026\n")
    assert "Liefertag=date" in caught.value.hint


ROW_FAULTS = {
    "zero": ("date,gold\n2026-01-31,1\n2026-02-28,0\n", "positive", [3]),
    "negative": ("date,gold\n2026-01-31,-1\n2026-02-28,1\n", "positive", [2]),
    "underflow": ("date,gold\n2026-01-31,1e-400\n", "positive", [2]),
    "text": ("date,gold\n2026-01-31,1\n2026-02-28,abc\n", "number", [3]),
    "thousands": ('date,gold\n2026-01-31,"1,234"\n', "decimal", [2]),
    "nan": ("date,gold\n2026-01-31,nan\n", "finite", [2]),
    "infinite": ("date,asset,price\n2026-01-31,gold,inf\n", "finite", [2]),
    "wide duplicate": ("date,gold,tin\n2026-01-31,1,1\n2026-02-28,2,2\n2026-01-31,1,1\n", "duplicate", [2, 4]),
    "long duplicate": ("date,asset,price\n2026-01-31,a,1\n2026-01-31,b,1\n2026-01-31,a,2\n", "duplicate", [2, 4]),
    "month and its last day": ("date,asset,price\n2026-01,a,1\n2026-01-31,a,1\n", "duplicate", [2, 3]),
    "running month and today": ("date,gold\n2026-11,1\n2026-11-24,1\n", "duplicate", [2, 3]),
    "no date": ("date,gold\n,1\n", "empty", [2]),
    "bad date": ("date,gold\n2026-01-31,1\n31.01.2026,1\n", "date", [3]),
    "tomorrow": ("date,gold\n2026-11-24,1\n2026-11-25,1\n", "future", [3]),
    "next month": ("date,gold\n2026-10,1\n2026-12,1\n", "future", [3]),
    "two currencies": (
        "date,asset,price,currency\n2026-01-31,a,1,USD\n2026-02-28,b,1,EUR\n2026-02-28,a,1,EUR\n",
        "one_currency",
        [4],
    ),
    "default and another currency": ("date,asset,price,currency\n2026-01-31,a,1,\n2026-02-28,a,1,EUR\n", "one_currency", [3]),
    "two units": ("date,asset,price,unit\n2026-01-31,a,1,kg\n2026-02-28,a,1,lb\n", "one_unit", [3]),
    "two bases": ("date,asset,price,basis\n2026-02-28,a,1,fob\n2026-01-31,a,1,cif\n2026-03-31,a,1,cif\n", "one_basis", [3, 4]),
    "currency code": ("date,asset,price,currency\n2026-01-31,a,1,usx\n", "currency", [2]),
    "no asset": ("date,asset,price\n2026-01-31,a,1\n2026-01-31, ,1\n", "empty", [3]),
    "no price": ("date,asset,price\n2026-01-31,a,\n", "empty", [2]),
    "negative quantity": ("date,asset,price,quantity\n2026-01-31,a,1,-2\n", "quantity", [2]),
    "known_from": ("date,asset,price,known_from\n2026-01-31,a,1,soon\n", "date", [2]),
    "too many fields": ("date,gold\n2026-01-31,1,5\n", "fields", [2]),
    "too few fields": ("date,gold,tin\n2026-01-31,1,1\n2026-02-28,1\n", "fields", [3]),
    "ambiguous decimals": ("date;gold\n2026-01-31;1,234\n", "decimal", [2]),
}


@pytest.mark.parametrize(("text", "rule", "rows"), ROW_FAULTS.values(), ids=ROW_FAULTS)
def test_faulty_rows_are_refused_with_file_rule_rows_and_remedy(tmp_path, text, rule, rows):
    with pytest.raises(FrameError) as caught:
        read(tmp_path, text)
    error = caught.value
    assert error.kind == "frame"
    assert (error.details["file"], error.details["rule"]) == ("mine.csv", rule)
    assert (error.details["count"] >= len(rows), error.details["rows"]) == (True, rows)
    assert error.message.startswith("mine.csv: ")
    assert all(f"row {row}" in error.message for row in rows)
    assert error.hint


FILE_FAULTS = {
    "empty": (b"", "is empty"),
    "header only": (b"date,gold\n", "no rows"),
    "no date column": (b"when,gold\n2026-01-31,1\n", "'when' ('2026-01-31'): a column of days"),
    "no asset column": (b"date,price\n2026-01-31,1\n", "no column 'asset'"),
    "no price beside its form": (b"Datum;Metall;Form\n2026-01-31;gold;bar\n", "no column 'price'"),
    "one end of a range": (b"date,asset,Low\n2026-01-31,a,1\n", "one end of a range without the other"),
    "a price of a unit of nothing": (b"date,USD/kg\n2026-01-31,1\n", "does not say of what it is the price"),
    "no price column": (b"date,asset,prise\n2026-01-31,a,1\n", "'prise' ('1'): its header is not known"),
    "only a date": (b"date\n2026-01-31\n", "single column"),
    "unknown column": (b"date,asset,price,curency\n2026-01-31,a,1,USD\n", "'curency' ('USD'): its header is nearly currency"),
    "words for units in a wide file": (b"date,gold,unit\n2026-01-31,1,kg\n2026-02-28,1,g\n", "belongs to the long shape"),
    "a price of nothing": (b"Datum;Preis EUR/kg\n2026-01-31;1\n", "'Preis' does not say of what it is the price"),
    "a side of nothing": (b"Datum;Ankauf;Verkauf\n2026-01-31;1;2\n", "'Ankauf' does not say of what it is the price"),
    "long column in a wide file": (b"date,gold,currency\n2026-01-31,1,USD\n2026-02-28,1,EUR\n", "belongs to the long shape"),
    "column twice": (b"date,gold, gold\n2026-01-31,1,2\n", "occurs twice"),
    "unnamed asset": (b"date,gold,\n2026-01-31,1,2\n", "has no name"),
    "nothing but empty cells": (b"date,gold\n2026-01-31,\n", "holds no price of today"),
    "neither UTF-8 nor Windows-1252": (b"date,gold\n2026-01-31,\x81\n", "neither UTF-8"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00", "not text"),
}


@pytest.mark.parametrize(("content", "says"), FILE_FAULTS.values(), ids=FILE_FAULTS)
def test_unusable_files_are_refused(tmp_path, content, says):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert caught.value.kind == "data"
    assert says in caught.value.message
    assert "mine.csv" in caught.value.message
    assert caught.value.details["file"] == "mine.csv"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("date,asset,price,curency\n2026-01-31,a,1,USD\n", "--set curency=currency"),
        ("date,asset,prise\n2026-01-31,a,1\n", "--set prise=price"),
    ],
)
def test_slips_in_the_header_are_met_with_the_right_name(tmp_path, text, hint):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert hint in caught.value.hint


def test_a_close_is_in_the_currency_of_its_header(tmp_path):
    found = read(tmp_path, "Date,Open CHF,Close CHF\n2026-01-31,1,2\n").frame
    assert found.select("asset", "price", "currency").rows() == [("mine", 2, "CHF")]


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(DataError) as caught:
            read_prices(path, today=TODAY)
        assert caught.value.kind == "data"
        assert path.name in caught.value.message


def test_a_parquet_file_of_dates_alone_has_no_asset(tmp_path):
    pl.DataFrame({"date": ["2026-01-31"]}).write_parquet(tmp_path / "p.parquet")
    with pytest.raises(DataError, match="no asset column"):
        read_prices(tmp_path / "p.parquet", today=TODAY)


def test_the_default_currency_is_an_option_and_so_a_spec_error(tmp_path):
    with pytest.raises(SpecError):
        read(tmp_path, "date,gold\n2026-01-31,1\n", default_currency="usx")


def test_currencies_are_read_in_any_accepted_spelling(tmp_path):
    long = "date,asset,price,currency\n2026-01-31,a,1,jpy\n2026-02-28,a,1,Yen\n"
    assert read(tmp_path, long).frame["currency"].to_list() == ["JPY", "JPY"]
    assert read(tmp_path, "date,gold\n2026-01-31,1\n", default_currency="chf").frame["currency"].to_list() == ["CHF"]


def test_the_running_month_is_dated_today_and_said_so(tmp_path):
    file = read(tmp_path, "date,gold\n2026-10,1\n2026-11,2\n")
    assert file.frame["date"].to_list() == [date(2026, 10, 31), TODAY]
    assert file.notes == ("2026-11 is still running: its prices (first in row 3) are dated 2026-11-24.",)


def test_gaps_and_columns_without_prices_are_noted_never_filled(tmp_path):
    months = [f"2025-{m:02d}" for m in range(1, 13) if m not in {4, 5}]
    file = read(tmp_path, "date,gold,tin\n" + "".join(f"{m},1{i},\n" for i, m in enumerate(months)))
    assert file.frame.height == 10
    assert "'tin' has no prices and is left out." in file.reading
    assert gap_findings(file.frame) == (
        "gold: 2 of 12 months have no price, never filled; the longest gap is 2 months after 2025-03-31.",
    )


def test_rows_known_later_than_today_are_kept_for_the_market_to_hide(tmp_path):
    file = read(tmp_path, "date,asset,price,known_from\n2026-10-31,a,1,2027-01-15\n")
    assert file.frame["known_from"].to_list() == [date(2027, 1, 15)]
    assert file.notes == ("Rows published after 2026-11-24 and so not visible yet: 1.",)


def test_names_are_read_literally(tmp_path):
    names = ["=cmd()", "<script>alert(1)</script>", "鎵", "Ünobtainium 99,9 %", "row", "value", "source ", "^.*$"]
    text = "date," + ",".join(f'"{n}"' for n in names[:6]) + ",^.*$\n2026-01-31,1,2,3,4,5,6,7\n"
    file = read(tmp_path, text)
    assert dict(file.frame.select("asset", "price").iter_rows()) == dict(zip([*names[:6], "^.*$"], range(1, 8), strict=True))


def test_semicolons_with_decimal_commas(tmp_path):
    file = read(tmp_path, "\ufeffdate;gold;silver\r\n2026-01-31;1234,5;20,25\r\n2026-02-28;;20,5\r\n")
    assert file.frame["price"].to_list() == [1234.5, 20.25, 20.5]


def test_standard_input():
    file = read_prices(io.BytesIO(b"date,gold\n2026-01-31,1e12\n"), today=TODAY)
    assert (file.name, file.frame["price"].to_list(), file.frame["source"].to_list()) == ("stdin", [1e12], ["stdin"])


def test_the_bundled_prices_come_back_as_they_are():
    bundled = pl.read_csv(BUNDLED, try_parse_dates=True, schema_overrides={"quantity": pl.Float64})
    assert read_prices(BUNDLED, today=TODAY).frame.equals(bundled.sort("asset", "date"))


@pytest.mark.testdata
@pytest.mark.skipif(not TESTDATA.exists(), reason="needs ../shared/testdata")
def test_a_real_daily_file():
    file = read_prices(TESTDATA, today=TODAY)
    assert file.shape == "wide"
    assert file.frame["asset"].n_unique() == 17
    assert file.notes == ()
    Prices.validate(file.frame)


@pytest.mark.parametrize(
    ("cells", "currency"),
    [
        (("€ 1.234,50", "€1.240,00"), "EUR"),
        (("1.234,50 EUR", "1.240,00 eur"), "EUR"),
        (("US$ 1,234.50", "$1,240.00"), "USD"),
        (("1234.50 CHF", "1240 Fr"), "CHF"),
    ],
)
@pytest.mark.parametrize("shape", ["date;asset;price", "date;gold"])
def test_a_currency_beside_a_price_is_read(cells, currency, shape):
    name = ";gold" if "asset" in shape else ""
    rows = [f"2026-0{i}-28{name};{cell}" for i, cell in enumerate(cells, start=1)]
    frame = read_prices(io.BytesIO("\n".join([shape, *rows]).encode()), today=date(2026, 5, 1)).frame
    assert frame["price"].to_list() == [1234.5, 1240.0]
    assert frame["currency"].unique().to_list() == [currency]


@pytest.mark.parametrize("cells", [("€ 1234.5", "1240"), ("€ 1234.5", "$ 1240"), ("¥ 1234.5", "¥ 1240"), ("ca. 1234.5", "1240"),
                                   ("€ 1234.5 EUR", "1240")])  # fmt: skip
@pytest.mark.parametrize("shape", ["date;asset;price", "date;gold"])
def test_a_currency_that_is_not_consistent_is_refused(cells, shape):
    name = ";gold" if "asset" in shape else ""
    rows = [f"2026-0{i}-28{name};{cell}" for i, cell in enumerate(cells, start=1)]
    with pytest.raises(FrameError) as caught:
        read_prices(io.BytesIO("\n".join([shape, *rows]).encode()), today=date(2026, 5, 1))
    assert caught.value.details["rule"] in ("one_currency", "number")


@pytest.mark.parametrize(
    "above",
    [
        "Händler Preisliste;;\nStand: 20.05.2026;;\n",
        "Stand: 20.05.2026\n",
        "Stand;20.05.2026\n",
        "Preise in EUR, netto\n\nPreisliste vom 20. Mai 2026\n",
        "Prices as of 2026-05-20, valid to 2026-12-31\n",
    ],
)
def test_the_day_of_a_price_list_stands_above_its_header(tmp_path, above):
    path = tmp_path / "list.csv"
    path.write_text(f"{above}Metall;Preis EUR/kg;\nGallium;1.410,00;\nIndium;640,00;\n", encoding="utf-8")
    file = read_prices(path, today=TODAY)
    assert file.frame["date"].unique().to_list() == [date(2026, 5, 20)]
    assert file.frame["price"].to_list() == [1410.0, 640.0]
    assert any("2026-05-20" in told for told in file.reading)


def test_a_price_list_from_a_pdf_with_purities(tmp_path):
    text = (
        "Preisliste g\u00fcltig ab 20.05.2026\nMetall;Reinheit;Wir verkaufen EUR/kg;Wir kaufen EUR/kg\n"
        "Gallium;99,99 %;1.480,00;1.210,00\nIndium;99,995 %;668,00;541,00\n"
    )
    prices = read(tmp_path, text).quotes.sort("asset", "basis").select("asset", "basis", "price").rows()
    assert prices == [
        ("Gallium", "dealer_ask", 1480.0),
        ("Gallium", "dealer_bid", 1210.0),
        ("Indium", "dealer_ask", 668.0),
        ("Indium", "dealer_bid", 541.0),
    ]


def test_a_header_below_a_title_that_is_not_read_is_told_in_its_row(tmp_path):
    with pytest.raises(DataError) as error:
        read(tmp_path, "Our prices\nWare;Wert\nGallium;1410\n")
    assert error.value.details["rows"] == [2]


@pytest.mark.parametrize(
    ("above", "fault"),
    [("", "no date"), ("Gültig bis 20.05.2026\n", "no date"), ("Stand 1.5.2026\nvom 2.5.2026\n", "two dates")],
)
def test_a_price_list_of_no_day_is_asked_for_it(tmp_path, above, fault):
    path = tmp_path / "list.csv"
    path.write_text(f"{above}Metall;Preis EUR/kg\nGallium;1.410,00\n", encoding="utf-8")
    with pytest.raises(DataError, match=fault) as error:
        read_prices(path, today=TODAY)
    assert "Stand: 26.11.2026" in error.value.hint


def test_remarks_and_sources_beside_wide_prices_are_told_and_asked_about(tmp_path):
    text = (
        "Datum;Gallium EUR/kg;Bemerkung;Quelle;Indium EUR/kg;^a$\n2026-01-31;900;geschätzt;Händler A;-;x\n"
        "2026-02-28;910;;Händler B;450;y\n"
    )
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(Unconfirmed) as open_:
        read_prices(tmp_path / "p.csv", today=TODAY)
    assert [one.name for one in open_.value.read.questions] == ["^a$", "geschätzt"]
    found = read_columns(tmp_path / "p.csv", answers={"^a$": "ignore", "geschätzt": "not_a_price"})
    file = read_prices(found, today=TODAY)
    assert file.frame.select("asset", "price").rows() == [("Gallium", 910.0), ("Indium", 450.0)]
    assert [str(note) for note in (*file.reading, *file.notes)] == [
        "p.csv: rows that are no price of today: geschätzt.",
        'Columns that are not read: "Bemerkung", "Quelle", "^a$".',
    ]


@pytest.mark.parametrize("column", ["Bid", "Ask", "Close"])
def test_a_side_or_a_close_beside_a_price_is_asked_about(tmp_path, column):
    with pytest.raises(Unconfirmed) as open_:
        read(tmp_path, f"date,asset,price,{column}\n2026-01-31,gold,5,4\n")
    assert [(one.name, one.proposed) for one in open_.value.read.questions] == [(column, None)]


def test_standard_input_is_read_by_a_layout_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "Stand;Ware;Notierung\n2026-01-31;gold;5\n"
    with pytest.raises(Unconfirmed):
        read_prices(io.BytesIO(text.encode()), today=TODAY)
    layout = read_columns(io.BytesIO(text.encode()), answers={"Ware": "asset", "Notierung": "price"}).layout
    (tmp_path / "mine.layout.toml").write_text(layout.to_toml(), encoding="utf-8")
    assert read_prices(io.BytesIO(text.encode()), today=TODAY).frame["price"].to_list() == [5]
