"""Strict reading: what a file must be before any column is looked at."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic

import polars as pl
import pytest

from toolkit.core.errors import DataError, FrameError
from toolkit.market.readers import tabular
from toolkit.market.readers.columns import days, numbers, running_months, texts
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.prices import read_prices
from toolkit.market.readers.tabular import read_table


def table_of(text: str | bytes):
    return read_table(io.BytesIO(text.encode() if isinstance(text, str) else text))


def parquet_of(tmp_path: Path, **columns):
    file = tmp_path / "t.parquet"
    pl.DataFrame(columns).write_parquet(file)
    return read_table(file)


def test_cells_are_stripped_text_and_empty_ones_null():
    table = table_of(" date , gold \n2026-01-31, 5 \n2026-02-28,\n")
    assert table.columns == ("date", "gold")
    assert table.cells["gold"].to_list() == ["5", None]
    assert table.rows.to_list() == [2, 3]


def test_rows_are_counted_in_lines_across_blank_lines_and_quoted_line_breaks():
    table = table_of('\ndate,note\n\n2026-01-31,"two\nlines"\n   \n2026-02-28,x\n,\n2026-03-31,y\n')
    assert table.rows.to_list() == [4, 7, 9]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_change_nothing(newline, mark):
    table = table_of(mark + newline.join(["date,gold", "2026-01-31,5", "2026-02-28,6", ""]))
    assert table.columns == ("date", "gold")
    assert (table.rows.to_list(), table.cells["gold"].to_list()) == ([2, 3], ["5", "6"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n \n", "is empty"),
        (b"date,gold\n", "no rows"),
        (b"date,gold\n,\n\n", "no rows"),
        (b"date,gold\n2026-01-31,5\n2026-02-28,5 \x81\n", "row 3: the text is neither UTF-8"),
        ("date,gold\n2026-01-31,5\n".encode("utf-16")[:-1], "neither UTF-8"),
        (b"# a comment\n", "is empty"),
        (b"\x89BIN\x00\x01\x02,\x00\n", "null bytes"),
        (bytes(range(128, 256)), "neither UTF-8 nor"),
        (b"PK\x03\x04rest", "no workbook that can be read"),
        (b'\xef\xbb\xbf [\n {"asset": "gallium", "quantity": 5}]', "is JSON"),
        (b'{"lots": [{"asset": "gallium"}]}', "is JSON"),
        (b"<html><table><tr><td>asset</td></tr></table></html>", "is a web page"),
        (b"PAR1 and then nothing of the kind", "not a whole Parquet"),
        (b"gold\n5\n", "single column"),
        (b"date,gold;silver\n2026-01-31,5;6\n", "ambiguous"),
        (b"date,gold,gold \n2026-01-31,5,6\n", "'gold' occurs twice"),
        (b"date,gold,\n2026-01-31,5,6\n", "column 3 has no name"),
        (b",date,gold\n5,2026-01-31,5\n", "column 1 has no name"),
    ],
)
def test_files_that_are_no_table_are_refused(content, says):
    with pytest.raises(DataError) as caught:
        table_of(content)
    assert caught.value.kind == "data"
    assert says in caught.value.message
    assert "stdin" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "rows", "encoding"),
    [
        ("date,gold\n2026-01-31,Wert in \u20ac\n".encode("cp1252"), [2], "cp1252"),
        ("date,gold\n2026-01-31,Wert in \u20ac\n".encode("utf-16"), [2], "utf-16"),
        ("date\tgold\n2026-01-31\tWert in \u20ac\n".encode(), [2], "utf-8"),
        ("sep=;\r\ndate;gold\r\n2026-01-31;Wert in \u20ac\r\n".encode(), [3], "utf-8"),
        ("date;gold;;\n2026-01-31;Wert in \u20ac;;\n;;;\n".encode(), [2], "utf-8"),
        ("date,gold\n2026-01-31,Wert in \u20ac,,\n".encode(), [2], "utf-8"),
        ('# what, "this" is\n#\n"# quoted by; a spreadsheet",\ndate,gold\n2026-01-31,Wert in \u20ac\n'.encode(), [5], "utf-8"),
        ('date;"gold"\n2026-01-31;"Wert in \u20ac"\n'.encode(), [2], "utf-8"),
        (",date,gold\n0,2026-01-31,Wert in \u20ac\n".encode(), [2], "utf-8"),  # as pandas counts rows
    ],
)
def test_files_as_spreadsheets_save_them(content, rows, encoding):
    table = table_of(content)
    assert table.cells.to_dicts() == [{"date": "2026-01-31", "gold": "Wert in \u20ac"}]
    assert (table.rows.to_list(), table.encoding) == (rows, encoding)


def test_a_header_with_two_marks_is_cut_where_every_line_has_the_same_fields():
    assert table_of("date;gold, fine\n2026-01-31;5\n").columns == ("date", "gold, fine")


def test_a_number_sign_without_a_space_is_no_comment():
    assert table_of("#,gold\n#1,5\n").cells.to_dicts() == [{"#": "#1", "gold": "5"}]


def test_faulty_lines_are_left_out_where_all_faults_are_gathered():
    found: list[Fault] = []
    table = read_table(io.BytesIO(b"date,gold\n2026-01-31,5\n2026-02-28,5,5\n"), faults=found)
    assert (table.rows.to_list(), [fault.details()["rows"] for fault in found]) == ([2], [[3]])


@pytest.mark.parametrize(
    ("text", "rule", "rows"),
    [
        ("date,gold\n2026-01-31,5\n2026-02-28,5,5\n2026-03-31\n", "fields", [3, 4]),
        ('date,gold\n2026-01-31,5\n2026-02-28,"5\n2026-03-31,6\n', "quotes", [3]),
        ('date,gold\n2026-01-31,"5"6\n', "quotes", [2]),
        (f"date,gold\n2026-01-31,{'9' * 200_000}\n", "quotes", [2]),
    ],
)
def test_broken_lines_are_refused_with_their_rows(text, rule, rows):
    with pytest.raises(FrameError) as caught:
        table_of(text)
    assert (caught.value.details["rule"], caught.value.details["rows"]) == (rule, rows)
    assert f"stdin: {'not the 2 fields' if rule == 'fields' else 'broken quotes'}" in caught.value.message


def test_missing_file_names_the_nearest_one(tmp_path):
    (tmp_path / "prices.csv").touch()
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "price.csv")
    assert "price.csv" in caught.value.message
    assert caught.value.hint == "Did you mean 'prices.csv'?"
    with pytest.raises(DataError, match="Check the path"):
        read_table(tmp_path / "nowhere" / "price.csv")


def test_folder_and_impossible_path_are_data_errors(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(DataError, match="cannot read"):
        read_table("a\0b")


@pytest.mark.parametrize("cut", [4, 40, -8])
def test_truncated_parquet_is_refused(tmp_path, cut):
    whole = tmp_path / "whole.parquet"
    pl.DataFrame({"date": ["2026-01-31"], "gold": [5.0]}).write_parquet(whole)
    (tmp_path / "cut.parquet").write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"cut\.parquet is not a whole Parquet file"):
        read_table(tmp_path / "cut.parquet")


def test_parquet_records_are_counted_from_one_and_nested_columns_refused(tmp_path):
    table = parquet_of(tmp_path, date=["2026-01-31", None], gold=[5.0, None])
    assert table.rows.to_list() == [1]
    with pytest.raises(DataError, match="column 'gold' holds List"):
        parquet_of(tmp_path, date=["2026-01-31"], gold=[[5.0]])
    with pytest.raises(DataError, match="holds Boolean"):
        parquet_of(tmp_path, date=["2026-01-31"], gold=[True])


class TestNumbers:
    def test_plain_forms(self):
        table = table_of("date,x\n" + "".join(f"2026-01-01,{x}\n" for x in ("1", "+2.5", ".5", "1e3", "1e308", "")))
        assert numbers(table, ["x"])["x"].to_list() == [1.0, 2.5, 0.5, 1000.0, 1e308, None]

    @pytest.mark.parametrize(
        ("cell", "rule", "hint"),
        [
            ("abc", "number", "plain numbers"),
            ("5 USD", "number", "plain numbers"),
            ("n/a", "number", "leave the cell empty"),
            ("=cmd()", "number", "plain numbers"),
            ("0x10", "number", "plain numbers"),
            ("1_000", "number", "plain numbers"),
            ('"1,234"', "decimal", "without thousands separators"),
            ('"1,23,4"', "number", "plain numbers"),
            ("NaN", "finite", "empty"),
            ("-inf", "finite", "empty"),
            ("1e999", "finite", "empty"),
        ],
    )
    def test_refusals(self, cell, rule, hint):
        with pytest.raises(FrameError) as caught:
            numbers(table_of(f"date,x,y\n2026-01-01,1,1\n2026-01-02,1,{cell}\n"), ["x", "y"])
        details = caught.value.details
        assert (details["rule"], details["count"], details["rows"]) == (rule, 1, [3])
        assert details["first"][0]["what"] == "y"
        assert caught.value.message.startswith("stdin: ")
        assert hint in caught.value.hint

    def test_every_fault_is_counted_and_one_row_does_not_hide_the_others(self):
        text = "date,x,y\n" + "".join(f"2026-01-{i + 1:02d},a,b\n" for i in range(9))
        with pytest.raises(FrameError) as caught:
            numbers(table_of(text), ["x", "y"])
        assert caught.value.details["count"] == 18
        assert caught.value.details["rows"] == [2, 3, 4, 5, 6]
        assert "and 13 more" in caught.value.message

    @pytest.mark.parametrize(
        ("cells", "values"),
        [
            (("12,5", "1000"), [12.5, 1000.0]),
            (("1,234", "12,5"), [1.234, 12.5]),  # 12,5 cannot be thousands, so the comma is the decimal mark
            (("0,125", "3"), [0.125, 3.0]),
            (("1234,567", "3"), [1234.567, 3.0]),
            (("12.5", "1234.567"), [12.5, 1234.567]),
            (("7", "8"), [7.0, 8.0]),
            (("12,5", "1.234,5", "1.234"), [12.5, 1234.5, 1234.0]),
            (("1.234", "2.345.678"), [1234.0, 2345678.0]),
            (("1.234", "12,5"), [1234.0, 12.5]),  # 12,5 decides the mark of the file, as in a file of holdings
            (("1`234,50", "12,5"), [1234.5, 12.5]),
            (("1'234,50", "1 234 567"), [1234.5, 1234567.0]),
        ],
    )
    def test_semicolons_with_a_decidable_decimal_mark(self, cells, values):
        assert numbers(table_of("d;x\n" + "".join(f"1;{c}\n" for c in cells)), ["x"])["x"].to_list() == values

    @pytest.mark.parametrize(
        ("cells", "rule", "rows"),
        [
            (("1,234", "5"), "decimal", [2]),
            (("12,5", "12.5", "13.5"), "decimal", [2]),
            (("12,5", "1,234,567"), "decimal", [3]),
        ],
    )
    def test_semicolons_with_an_undecidable_one_are_refused(self, cells, rule, rows):
        with pytest.raises(FrameError) as caught:
            numbers(table_of("d;x\n" + "".join(f"1;{c}\n" for c in cells)), ["x"])
        assert (caught.value.details["rule"], caught.value.details["rows"]) == (rule, rows)
        assert "1234.5" in caught.value.hint or "separate the cells by ','" in caught.value.hint

    def test_parquet_types(self, tmp_path):
        table = parquet_of(
            tmp_path, c=pl.Series(["4", ""], dtype=pl.Categorical), i=[1, None], f=[0.5, 2.0], s=["3", None], n=[None, None]
        )
        assert numbers(table, ["c", "i", "f", "s", "n"]).rows() == [(4.0, 1.0, 0.5, 3.0, None), (None, None, 2.0, None, None)]

    def test_parquet_nan_and_dates_are_no_numbers(self, tmp_path):
        with pytest.raises(FrameError) as caught:
            numbers(parquet_of(tmp_path, f=[1.0, float("nan")]), ["f"])
        assert (caught.value.details["rule"], caught.value.details["rows"]) == ("finite", [2])
        with pytest.raises(FrameError, match="not a number"):
            numbers(parquet_of(tmp_path, d=[date(2026, 1, 31)]), ["d"])


class TestDays:
    today = date(2026, 11, 24)

    def read(self, *cells: str, **options):
        return days(table_of("date,x\n" + "".join(f"{c},1\n" for c in cells)), "date", **options).to_list()

    def test_a_month_speaks_of_its_last_day_but_not_of_the_future(self):
        read = self.read("2024-02", "2026-10", "2026-11", "2026-11-03", month_until=self.today)
        assert read == [date(2024, 2, 29), date(2026, 10, 31), self.today, date(2026, 11, 3)]
        assert self.read("2026-12", month_until=self.today) == [date(2026, 12, 31)]
        assert self.read("2026-11", month_until=date(2026, 11, 30)) == [date(2026, 11, 30)]

    @pytest.mark.parametrize(
        "cell",
        [
            "2026-13",
            "2026-02-30",
            "31.05.2026",
            "05/31/2026",
            "45000",
            "0026-01-01",
            "2026-05-31T22:00Z",
            "20260531",
            "May",
        ],
    )
    def test_other_forms_are_refused(self, cell):
        with pytest.raises(FrameError) as caught:
            self.read("2026-01-31", cell)
        assert (caught.value.details["rule"], caught.value.details["rows"]) == ("date", [3])
        assert repr(cell) in caught.value.message

    def test_parquet_dates_and_midnights(self, tmp_path):
        table = parquet_of(tmp_path, d=[date(2026, 5, 31), None], t=[datetime(2026, 5, 31), datetime(2026, 6, 30)])
        assert days(table, "d").to_list() == [date(2026, 5, 31), None]
        assert days(table, "t").to_list() == [date(2026, 5, 31), date(2026, 6, 30)]
        assert days(parquet_of(tmp_path, t=[datetime(2026, 5, 31, 12, 30)]), "t").to_list() == [date(2026, 5, 31)]
        with pytest.raises(FrameError, match="2026-05-31T22:30"):
            days(parquet_of(tmp_path, t=[datetime(2026, 5, 31, 22, 30, tzinfo=UTC)]), "t")

    def test_running_months(self):
        table = table_of("date,x\n2026-10,1\n2026-11,1\n")
        assert running_months(table, "date", self.today).to_list() == [3]
        assert running_months(table, "date", date(2026, 11, 30)).to_list() == []


def test_texts_fill_a_default_and_absent_columns():
    table = table_of("a,b\n1,\n2,x\n")
    assert texts(table, "b", default="d").to_list() == ["d", "x"]
    assert texts(table, "c").to_list() == [None, None]


def test_control_characters_never_reach_the_terminal():
    with pytest.raises(FrameError) as caught:
        numbers(table_of("date,x\n2026-01-31,\x1b[2Jboo\n"), ["x"])
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("row", ["{day}, 1.5 ,,2", "{day},7,8,9", '{day},"7",8,9'])
def test_a_large_csv_is_read_by_column_as_line_by_line(tmp_path, monkeypatch, ending, row):
    """The same table, whatever reads it; quotes are read line by line."""
    days = [date(2020, 1, 1) + timedelta(i) for i in range(60)]
    lines = ["date,gold ,zinc,copper", *(row.format(day=day) for day in days), ",,, "]
    path = tmp_path / "prices.csv"
    path.write_text(ending.join(lines) + ending, encoding="utf-8", newline="")
    line_by_line = read_table(path)
    calls = []
    plain = tabular._plain
    monkeypatch.setattr(tabular, "_plain", lambda *given: calls.append(plain(*given)) or calls[-1])
    monkeypatch.setattr(tabular, "BY_COLUMN", 10)
    by_column = read_table(path)
    assert (calls[0] is None) == ('"' in row)
    assert by_column.cells.equals(line_by_line.cells)
    assert by_column.cells.schema == line_by_line.cells.schema
    assert by_column.rows.equals(line_by_line.rows)
    same = ("name", "separator", "encoding", "comments", "header", "notes", "titles")
    assert [getattr(by_column, name) for name in same] == [getattr(line_by_line, name) for name in same]


def test_lines_of_other_lengths_are_told_whatever_the_size(tmp_path, monkeypatch):
    monkeypatch.setattr(tabular, "BY_COLUMN", 1)
    path = tmp_path / "prices.csv"
    path.write_text("date,gold,zinc\n2020-01-01,1,2\n2020-01-02,1\n", encoding="utf-8")
    with pytest.raises(FrameError, match="not the 3 fields of the header"):
        read_table(path)


@pytest.mark.parametrize("mark", ["[", "_", "1", "a ", "99 %"])
@pytest.mark.parametrize(
    "text", ["{long}\n1\n2\n", "date;{long}\n2026-01-31;1\n2026-02-28;2\n", "{long}date;gallium\n2026-01-31;1\n"]
)
def test_a_long_header_is_refused_in_time_that_does_not_grow_with_its_square(tmp_path, mark, text):
    file = tmp_path / "long.csv"
    file.write_text(text.format(long=(mark * 30_000)[:30_000]))
    start = monotonic()
    with pytest.raises(DataError):
        read_prices(file, today=date(2026, 12, 1))
    assert monotonic() - start < 8.0  # of two marks in three it took a minute, of brackets ten seconds
