"""Quotation files in the layouts that Yahoo, yfinance, Stooq and Investing.com write: one asset a file or a ticker, never a column."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.core.frames import Prices
from toolkit.market.readers.price_files import read_price_files
from toolkit.market.readers.prices import read_prices

TODAY = date(2026, 11, 24)
JAN2, JAN3 = date(2024, 1, 2), date(2024, 1, 3)

YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume
2024-01-02,191.440002,191.720001,190.449997,190.720001,188.1,7457500
2024-01-03,null,null,null,null,null,null
2024-01-04,189.720001,190.210007,188.789993,189.289993,186.7,6800500
"""
ONE_TICKER = """Price,Close,High,Low,Open,Volume
Ticker,GLD,GLD,GLD,GLD,GLD
Date,,,,,
2024-01-02,190.720001,191.720001,190.449997,191.440002,7457500
2024-01-03,189.289993,190.210007,188.789993,189.720001,6800500
"""
MANY_TICKERS = """Price,Adj Close,Adj Close,Close,Close,Volume,Volume
Ticker,^GSPC,EURUSD=X,^GSPC,EURUSD=X,^GSPC,EURUSD=X
Date,,,,,,
2024-01-02,4742.830078,1.1032,4742.8301,1.1032,3743050000,0
2024-01-03,,1.0942,,1.0942,3950760000,0
"""
BY_TICKER = """Ticker,AAPL,AAPL,AAPL,MSFT,MSFT,MSFT
Price,Open,Close,Volume,Open,Close,Volume
Date,,,,,,
2024-01-02,187.15,185.64,82488700,373.86,370.87,25258600
2024-01-03,184.22,184.25,58414500,369.01,370.60,23083500
"""
OLDER = """,Adj Close,Adj Close,Close,Close
,AAPL,MSFT,AAPL,MSFT
Date,,,,
2024-01-02,184.94,368.12,185.64,370.87
2024-01-03,183.55,367.85,184.25,370.60
"""
FLATTENED = """Date,"('Close', 'AAPL')","('Close', 'MSFT')","('Volume', 'AAPL')","('Volume', 'MSFT')"
2024-01-02,185.64,370.87,82488700,25258600
2024-01-03,184.25,370.60,58414500,23083500
"""
HISTORY = """Date,Open,High,Low,Close,Volume,Dividends,Stock Splits,Capital Gains
2024-01-02 00:00:00-05:00,191.44,191.72,190.45,190.72,7457500,0.0,0.0,0.0
2024-07-03 00:00:00-04:00,189.72,190.21,188.79,189.29,6800500,0.0,0.0,0.0
"""
STOOQ = """Date,Open,High,Low,Close,Volume
2024-01-02,191.44,191.72,190.45,190.72,7457500
2024-01-03,189.72,190.21,188.79,189.29,6800500
"""
STOOQ_TEXT = """<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
GLD.US,D,20240102,000000,191.44,191.72,190.45,190.72,7457500,0
GLD.US,D,20240103,000000,189.72,190.21,188.79,189.29,6800500,0
"""
INVESTING = """"Date","Price","Open","High","Low","Vol.","Change %"
"01/31/2024","2,067.40","2,057.10","2,074.60","2,050.80","271.01K","0.84%"
"01/03/2024","2,042.80","2,067.10","2,072.70","2,038.10","228.83K","-1.47%"
"""
INVESTING_GERMAN = """\ufeff"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"
"31.01.2024","2.067,40","2.057,10","2.074,60","2.050,80","271,01K","0,84%"
"03.01.2024","2.042,80","2.067,10","2.072,70","2.038,10","228,83K","-1,47%"
"""
NAMED_MONTHS = """"Date","Price","Open","High","Low","Vol.","Change %"
"Jan 03, 2024","942.80","967.10","972.70","938.10","-","-1.47%"
"Jan 02, 2024","967.40","957.10","974.60","950.80","1.2M","0.84%"
"""
KURS = "Datum;Kurs\n02.01.2024;1.190,72\n03.01.2024;1.189,29\n"

LAYOUTS = {
    "yahoo": ("GLD.csv", YAHOO, {"GLD": [188.1, 186.7]}, "adjusted close"),
    "downloaded again": ("GLD (1).csv", YAHOO, {"GLD": [188.1, 186.7]}, "adjusted close"),
    "yfinance history": ("GLD.csv", HISTORY, {"GLD": [190.72, 189.29]}, "the close"),
    "stooq": ("gld_us_d.csv", STOOQ, {"gld_us": [190.72, 189.29]}, "the close"),
    "stooq text": ("gld.us.txt", STOOQ_TEXT, {"GLD.US": [190.72, 189.29]}, "the close"),
    "investing": ("Gold Futures Historical Data.csv", INVESTING, {"Gold Futures": [2042.8, 2067.4]}, "the close"),
    "investing, german": (
        "Gold Futures Historische Daten.csv",
        INVESTING_GERMAN,
        {"Gold Futures": [2042.8, 2067.4]},
        "the close",
    ),
    "investing, months by name": ("XAU.csv", NAMED_MONTHS, {"XAU": [967.4, 942.8]}, "the close"),
    "german spreadsheet": ("Xetra-Gold.csv", KURS, {"Xetra-Gold": [1190.72, 1189.29]}, "the close"),
}


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("name", "text", "prices", "says"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_is_read_as_its_assets(tmp_path, name, text, prices, says):
    file = read_prices(write(tmp_path, name, text), today=TODAY)
    assert file.shape == "ohlc"
    assert {key: rows["price"].to_list() for (key,), rows in file.frame.partition_by("asset", as_dict=True).items()} == prices
    assert any(says in note for note in file.reading)
    assert Prices.is_valid(file.frame)


def test_days_are_those_of_the_file(tmp_path):
    for name in ("yahoo", "stooq text", "investing, months by name", "german spreadsheet"):
        file, text, *_ = LAYOUTS[name]
        assert read_prices(write(tmp_path, file, text), today=TODAY).frame["date"][0] == JAN2
    assert read_prices(write(tmp_path, "X.csv", INVESTING), today=TODAY).frame["date"].to_list() == [JAN3, date(2024, 1, 31)]


REFUSED = {
    "high and low alone": "Date,High,Low\n2024-01-02,5,4\n",
    "an asset among fields": "Date,Open,High,Low,Close,gold\n2024-01-02,1,1,1,1,5\n",
    "no date": "Open,High,Low,Close\n1,1,1,1\n",
    "fields and a ticker": ONE_TICKER,
    "fields and tickers": MANY_TICKERS,
    "tickers and fields": BY_TICKER,
    "fields and tickers without a name": OLDER,
    "fields and tickers in one name": FLATTENED,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_fields_of_a_quotation_are_never_assets(tmp_path, text):
    with pytest.raises(DataError) as caught:
        read_prices(write(tmp_path, "mine.csv", text), today=TODAY)
    assert caught.value.details["rows"] == [1]
    assert caught.value.hint


DATES = {
    "months first": (("01/31/2024", "02/01/2024"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "days first": (("31/01/2024", "01/02/2024"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "points": (("31.01.2024", "1.2.2024"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "compact": (("20240131", "20240201"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "undecidable": (("03/04/2024", "05/06/2024"), "cannot be told apart"),
    "contradictory": (("13/04/2024", "05/16/2024"), "the day first beside"),
    "two styles": (("2024-01-31", "01.02.2024"), "not a date"),
    "hours, as a sheet exports them": (("31.01.2024 15:30", "01.02.2024"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "an hour among days": (("2024-01-31 15:30:00", "2024-02-01"), [date(2024, 1, 31), date(2024, 2, 1)]),
    "an hour and a style": (("31.01.2024 15:30", "2024-02-01"), "not a date"),
    "an hour of another zone": (("2024-01-31 23:30:00Z", "2024-02-01 23:30:00Z"), "not a date"),
    "a quarter": (("Q1 2024", "Q2 2024"), "not a date"),
    "no such day": (("30.02.2024", "01.03.2024"), "not a date"),
}


@pytest.mark.parametrize(("cells", "expected"), DATES.values(), ids=DATES)
def test_dates_are_read_where_the_column_settles_them(tmp_path, cells, expected):
    file = write(tmp_path, "mine.csv", "date,gold\n" + "".join(f"{cell},1\n" for cell in cells))
    if isinstance(expected, list):
        assert read_prices(file, today=TODAY).frame["date"].to_list() == expected
        return
    with pytest.raises(FrameError, match=expected) as caught:
        read_prices(file, today=TODAY)
    assert (caught.value.details["rule"], caught.value.hint[:12]) == ("date", "Write dates ")


def test_a_folder_is_merged_by_date_and_names_what_it_left(tmp_path):
    write(tmp_path, "GLD.csv", YAHOO)
    write(tmp_path, "SLV.csv", STOOQ)
    write(tmp_path, "notes.md", "buy low")
    (tmp_path / "old").mkdir()
    file = read_price_files([tmp_path], today=TODAY)
    assert file.frame.group_by("asset").len().sort("asset").rows() == [("GLD", 2), ("SLV", 2)]
    assert set(file.frame["source"]) == {"GLD.csv", "SLV.csv"}
    assert any("notes.md" in note for note in file.reading)


def test_files_of_one_asset_continue_each_other_and_never_contradict(tmp_path):
    first = write(tmp_path, "a.csv", "date,gold\n2024-01-31,5\n2024-02-29,6\n")
    later = write(tmp_path, "b.csv", "date,gold\n2024-02-29,6\n2024-03-31,7\n")
    other = write(tmp_path, "c.csv", "date,gold\n2024-03-31,8\n")
    assert read_price_files([first, later], today=TODAY).frame["price"].to_list() == [5.0, 6.0, 7.0]
    with pytest.raises(DataError, match=r"two prices on 2024-03-31: in b\.csv and c\.csv"):
        read_price_files([later, other], today=TODAY)
    euros = write(tmp_path, "d.csv", "date,asset,price,currency\n2024-04-30,gold,8,EUR\n")
    with pytest.raises(DataError, match="two kinds of currency"):
        read_price_files([first, euros], today=TODAY)
    far = write(tmp_path, "e.csv", "date,gold\n2024-04-30,700\n")
    with pytest.raises(DataError, match="jumps by a factor of 10"):
        read_price_files([later, far], today=TODAY)


def test_an_empty_folder_says_what_a_price_file_is(tmp_path):
    write(tmp_path, "readme.md", "")
    with pytest.raises(DataError, match="no price file"):
        read_price_files([tmp_path], today=TODAY)


JUMPING = "date,asset,price,basis\n2024-01-31,gold,5000,{0}\n2024-02-29,gold,{1},{0}\n2024-03-31,gold,5100,{0}\n"


@pytest.mark.parametrize("price", ["50000", "500", "5000000", "5"])
def test_a_jump_by_ten_is_refused_with_its_row_unless_it_is_accepted(tmp_path, price):
    file = write(tmp_path, "mine.csv", JUMPING.format("dealer", price))
    with pytest.raises(FrameError) as caught:
        read_prices(file, today=TODAY)
    assert (caught.value.details["rule"], caught.value.details["rows"]) in (("jump", [3, 4]), ("jump", [3]))
    assert "--accept 'gold'" in caught.value.hint
    for accept in ("gold", "jumps"):
        assert read_price_files([file], today=TODAY, accept=[accept]).frame.height == 3
    with pytest.raises(SpecError, match="'silver'"):
        read_price_files([file], today=TODAY, accept=["gold", "silver"])


@pytest.mark.parametrize("date_column", ["Datum", "Stand", "Monat", "month"])
def test_a_list_of_a_day_or_month_and_a_price_is_of_the_asset_that_its_file_names(tmp_path, date_column):
    file = write(tmp_path, "gallium.csv", f"{date_column};Kurs\n2024-01;5\n2024-02;6\n")
    assert read_prices(file, today=TODAY).frame["asset"].unique().to_list() == ["gallium"]


def test_of_two_columns_of_dates_in_a_quotation_file_neither_is_chosen(tmp_path):
    file = write(tmp_path, "gallium.csv", "Date,Month,Close\n2024-01-31,2024-01,5\n2024-02-29,2024-02,6\n")
    with pytest.raises(DataError, match="another column may be date too"):
        read_prices(file, today=TODAY)


@pytest.mark.parametrize("count", [2, 6])
def test_following_the_hint_of_jumps_accepts_those_of_every_asset(tmp_path, count):
    rows = "".join(f"2024-0{month}-28,a{n},{10 ** (2 * month)}\n" for n in range(count) for month in (1, 2))
    file = write(tmp_path, "mine.csv", f"date,asset,price\n{rows}")
    with pytest.raises(FrameError) as caught:
        read_prices(file, today=TODAY)
    accept = re.findall(r"--accept '?(\w+)", caught.value.hint)
    assert read_prices(file, today=TODAY, accept=accept).frame.height == 2 * count


def test_customs_values_may_jump(tmp_path):
    file = write(tmp_path, "mine.csv", JUMPING.format("customs_unit_value", "90000"))
    assert read_prices(file, today=TODAY).frame.height == 3


@pytest.mark.parametrize("price", ["1e26", "1e308", "1e-300", "5e-324"])
def test_no_unit_costs_that(tmp_path, price):
    with pytest.raises(FrameError) as caught:
        read_prices(write(tmp_path, "mine.csv", f"date,gold\n2024-01-31,{price}\n"), today=TODAY)
    assert caught.value.details["rule"] == "range"


@pytest.mark.parametrize("name", ["a\x07b", "\x1b[31mred", "zero\u200bwidth", "x" * 101])
def test_names_that_cannot_be_seen_are_refused(tmp_path, name):
    for text in (f"date,{name}\n2024-01-31,1\n", f"date,asset,price\n2024-01-31,{name},1\n"):
        with pytest.raises(FrameError) as caught:
            read_prices(write(tmp_path, "mine.csv", text), today=TODAY)
        assert caught.value.details["rule"] == "name"
        assert all(sign.isprintable() or sign == "\n" for sign in str(caught.value))


def test_the_case_of_a_header_means_nothing(tmp_path):
    texts = ("date,asset,price,Unit\n", "DATE,Asset,PRICE,unit\n", "Datum,Metall,Preis,Einheit\n")
    frames = [read_prices(write(tmp_path, "a.csv", head + "2024-01-31,gallium,5,kg\n"), today=TODAY).frame for head in texts]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    assert isinstance(frames[0], pl.DataFrame)
