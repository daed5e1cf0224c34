"""Workbooks: what a sheet shows is what is read, and what it does not say is asked."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import textwrap
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.holdings_files import NAMES, TODAY, confirmed, parsed
from tests.workbooks import Raw, packed, sheet_xml, xlsx
from toolkit.core.errors import DataError, FrameError, ToolkitError
from toolkit.market.readers import contents
from toolkit.market.readers.holdings.read import parse
from toolkit.market.readers.price_files import read_price_files
from toolkit.market.readers.tabular import read_table
from toolkit.market.readers.workbook import formatted

FOLDER = Path(__file__).parent / "workbooks"
EURO = "#,##0.00\\ [$€-407];[Red]\\-#,##0.00\\ [$€-407]"
HEAD = ["Los", "Metall", "Menge", "Einheit", "Kaufdatum", "Einzelpreis", "Lagergebühr %", "Reinheit", "Lagerort"]
LOT = ["A-1", "Gallium", 12.5, "kg", date(2024, 11, 5), (580.25, EURO), (0.015, "0.00%"), (0.9999, "0.00%"), "Frankfurt"]


def lots(content: bytes) -> list[dict]:
    return confirmed(content).holdings().frame.to_dicts()


def notes(content: bytes) -> str:
    return " ".join(parsed(content).notes)


def prices(tmp_path, sheets, name="prices.xlsx", **options):
    file = tmp_path / name.partition("#")[0]
    file.write_bytes(xlsx(sheets))
    return read_price_files([tmp_path / name], today=TODAY, **options)


def test_cells_are_what_the_sheet_shows():
    lot, silver = lots(
        xlsx(
            {
                "Bestand": [
                    HEAD,
                    LOT,
                    [2, "Silber", (1234.5, '0.000" g"'), None, None, (1.05, '_-* #,##0.00\\ "CHF"_-'), 1.5, 999, None],
                ]
            }
        )
    )[::-1]
    assert (lot["quantity"], lot["unit"], lot["purchase_date"]) == (12.5, "kg", date(2024, 11, 5))
    assert (lot["purchase_price"], lot["currency"]) == (580.25, "EUR")  # the currency stands in the format alone
    assert (lot["storage_fee"], lot["purity"]) == (0.015, "99.99 %")  # 0.015 shown as 1.50% under a header in per cent
    assert (silver["lot_id"], silver["quantity"], silver["mass"], silver["currency"]) == ("2", 1234.5, 1.2345, "CHF")
    assert silver["storage_fee"] == 0.015  # 1.5 under a header in per cent


def test_titles_gaps_and_totals_of_a_sheet_that_begins_elsewhere():
    rows = [["Bestand 2026"], ["Stand", date(2026, 3, 1)], [], HEAD, LOT, [], ["A-2", "Silber", 2], ["Summe", None, 14.5]]
    read = confirmed(xlsx({"Bestand": sheet_xml(rows, first=4, column=3)}))
    assert read.numbers == [8, 10]
    assert read.holdings().frame["quantity"].to_list() == [12.5, 2.0]
    assert "Totals and no lots: row 11." in " ".join(read.notes)
    with pytest.raises(DataError, match="row 4"):
        parsed(xlsx({"Bestand": [["Bestand"], [], [], ["Metall", "Menge", "Menge"], ["Gallium", 1, 2]]}))


def test_text_and_numbers_in_one_column_are_read_each_as_it_is():
    """A typed 2.5 settles nothing for the text 1.234,50 beside it, and is not settled by it."""
    rows = [["Metall", "Menge"], ["Gallium", "1.234,50"], ["Silber", 2.5], ["Gold", 1.125], ["Nd", 3]]
    assert sorted(lot["quantity"] for lot in lots(xlsx({"B": rows}))) == [1.125, 2.5, 3.0, 1234.5]
    with pytest.raises(DataError, match="which mark is the decimal"):
        parsed(xlsx({"B": [["Metall", "Menge"], ["Gallium", "1.234"], ["Silber", 2.5]]})).holdings()


def test_several_sheets_that_fit_are_a_question_and_a_name_answers_it(tmp_path):
    file = tmp_path / "mine.xlsx"
    sheets = {"Notizen": [["nur Text"]], "2025": [HEAD, LOT], "Alt & neu": [["Metall", "Menge"], ["Gold", 1]]}
    file.write_bytes(xlsx(sheets))
    with pytest.raises(DataError, match="2 sheets that fit: '2025', 'Alt & neu'") as caught:
        parse(file, names=NAMES, today=TODAY)
    assert caught.value.hint.startswith("Name one: mine.xlsx#2025. All of one owner are 'mine.xlsx#2025+")
    assert "'mine.xlsx#*' is all of them." in caught.value.hint
    read = parse(f"{file}#alt & Neu", names=NAMES, today=TODAY)
    assert (read.table.name, read.rows[0]["asset"]) == ("mine.xlsx#Alt & neu", "gold")
    assert 'mine.xlsx: the sheet "Alt & neu" is read.' in " ".join(read.notes)
    with pytest.raises(DataError, match="has no sheet 'x'") as caught:
        parse(f"{file}#x", names=NAMES, today=TODAY)
    assert "'2025'" in caught.value.hint
    (tmp_path / "odd#name.csv").write_text("asset,quantity\ngold,1\n")
    assert parse(tmp_path / "odd#name.csv", names=NAMES, today=TODAY).rows[0]["asset"] == "gold"
    with pytest.raises(DataError, match="has no sheets"):
        read_table(f"{tmp_path / 'odd#name.csv'}#x")


def test_what_is_hidden_is_said():
    bestand = sheet_xml([HEAD, LOT], columns='<cols><col min="2" max="2" hidden="1"/></cols>')
    told = notes(xlsx({"Bestand": bestand, "alt": [HEAD, LOT]}, hidden=("alt",)))
    for words in ("hidden sheets are not read: alt", "hidden columns are read: B"):
        assert words in told
    with pytest.raises(DataError, match="every sheet that is not hidden has no cell") as caught:
        parsed(xlsx({"leer": [], "alt": [HEAD, LOT]}, hidden=("alt",)))
    assert "#alt" in caught.value.hint


@pytest.mark.parametrize(("column", "key"), [(2, "quantity"), (5, "purchase_price"), (8, "location"), (0, "lot_id")])
def test_errors_of_formulas_are_faults_and_never_empty_cells(column, key):
    row = [cell[0] if isinstance(cell, tuple) else cell for cell in LOT]
    row[column] = "#REF!"
    read = parsed(xlsx({"B": [["Titel"], HEAD, row]}))
    fault = next(fault for fault in read.faults if fault.rule == "formula")
    assert (fault.row, fault.column, fault.value) == (3, key, "#REF!")
    assert repr(HEAD[column]) in fault.fault


def test_an_error_in_a_column_that_is_not_read_is_no_matter_and_one_at_the_edge_is_seen():
    assert lots(xlsx({"B": [[*HEAD, "Marktwert"], [*LOT, "#DIV/0!"]]}))[0]["quantity"] == 12.5
    with pytest.raises(FrameError, match="a formula without a value in column 'Menge'"):
        parsed(xlsx({"B": [["Metall", "Menge"], ["Gallium", "#N/A"]]})).holdings()


def test_a_formula_that_was_never_calculated_is_a_fault():
    row = [*LOT]
    row[5] = Raw('<c r="@"><f>C2*46</f><v></v></c>')
    with pytest.raises(FrameError, match=r"=C2\*46") as caught:
        parsed(xlsx({"B": [HEAD, row]})).holdings()
    assert "save it again" in caught.value.hint
    row[5] = Raw('<c r="@" t="str"><f>IF(1,"")</f><v></v></c>')  # a formula whose value is an empty text
    assert lots(xlsx({"B": [HEAD, row]}))[0]["purchase_price"] is None


def test_columns_without_a_name_are_asked_about():
    read = parsed(xlsx({"B": [["Metall", None, "Menge"], ["Gallium", "x", 1, "weit rechts"]]}))
    assert [question.name for question in read.questions] == ["column B", "column D"]


def test_a_fraction_under_a_header_in_per_cent_is_asked_where_no_format_settles_it():
    with pytest.raises(FrameError, match="may be a fraction or in per cent"):
        parsed("Metall;Menge;Lagergebühr %\nGallium;1;0,015\n").holdings()
    assert parsed("Metall;Menge;Lagergebühr %\nGallium;1;0,8\n").rows[0]["storage_fee"] == 0.008


def test_locked_files_and_other_archives_are_told():
    with pytest.raises(DataError, match="locked by a password"):
        read_table(FOLDER / "locked.xlsx")
    for content, says in (
        (packed({"a.txt": "x"}), "a zip archive and no workbook"),
        (packed({"xl/workbook.bin": "x"}), "binary workbook"),
        (xlsx({"B": [HEAD, LOT]})[:-30], "no workbook that can be read"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, r"a workbook of Excel 97 to 2003 \(.xls\)"),
        (packed({"content.xml": "x"}), r"an OpenDocument workbook \(.ods\)"),
        (xlsx({"B": []}), "is empty"),
    ):
        with pytest.raises(DataError, match=says) as caught:
            parsed(content)
        assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        packed({"xl/workbook.xml": "", "xl/worksheets/sheet1.xml": " " * (contents.MAX_UNPACKED + 1)}),  # a few kB that unpack to more
        xlsx({"B": sheet_xml([[1]]).replace("</row>", '</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')}),
        xlsx({"B": sheet_xml([[1]]).replace("</row>", '</row><row r="2"><c r = "xfd1048576"><v>1</v></c></row>')}),
    ],
    ids=["bomb", "far cell", "far from its row"],
)  # fmt: skip
def test_what_would_not_fit_is_refused_before_it_is_laid_out(content):
    assert len(content) < 400_000
    with pytest.raises(DataError, match="at most"):
        parsed(content)


def test_a_part_that_is_larger_than_it_states_is_read_to_what_it_states():
    content = xlsx({"B": [HEAD, LOT, *([[None] * 5] * 4000)]})
    at = content.rindex(b"PK\x01\x02", 0, content.index(b"xl/worksheets/sheet1.xml", content.index(b"PK\x01\x02")))
    lying = content[: at + 24] + (1000).to_bytes(4, "little") + content[at + 28 :]
    with pytest.raises(DataError, match="no workbook that can be read"):
        parsed(lying)


def test_prices_of_every_shape_are_read_from_sheets(tmp_path):
    days = [date(2026, 1, 31), date(2026, 2, 28)]
    long = prices(
        tmp_path,
        {
            "P": [
                ["Datum", "Metall", "Preis", "Einheit"],
                *([d, "Gallium", (500.5 + i, EURO), "kg"] for i, d in enumerate(days)),
            ]
        },
    )
    assert long.frame.select("date", "asset", "price", "currency", "unit").rows() == [
        (days[0], "Gallium", 500.5, "EUR", "kg"), (days[1], "Gallium", 501.5, "EUR", "kg")]  # fmt: skip
    table = prices(
        tmp_path,
        {
            "Info": [["von", "Lieferant"]],
            "P": [["Kurse"], [], ["Datum", "gold", "silver"], [days[0], 80000.5, 900], [days[1], 81000, None]],
        },
    )
    assert table.frame["price"].to_list() == [80000.5, 81000.0, 900.0]
    assert table.shape == "wide"
    assert 'the sheet "P" is read' in " ".join(table.reading)
    quoted = prices(
        tmp_path, {"S": [["Date", "Open", "Close", "Adj Close"], [days[0], 1, 2, 3], [days[1], 1, 2, 3.5]]}, "GLD.xlsx"
    )
    assert (quoted.frame["asset"].to_list(), quoted.frame["price"].to_list()) == (["GLD", "GLD"], [3.0, 3.5])
    with pytest.raises(DataError, match="2 sheets that fit"):
        prices(tmp_path, {n: [["Date", "Close"], [days[0], 2], [days[1], 3]] for n in ("GLD", "SLV")})
    both = {n: [["Date", "Open", "Close"], [days[0], 2, 2], [days[1], 3, 3]] for n in ("GLD", "SLV")}
    assert prices(tmp_path, both, "prices.xlsx#SLV").frame["asset"].to_list() == ["SLV", "SLV"]


def test_errors_in_a_price_sheet_are_faults(tmp_path):
    rows = [["Datum", "gold"], [date(2026, 1, 31), 80000.0], [date(2026, 2, 28), "#REF!"]]
    with pytest.raises(FrameError, match="#REF!") as caught:
        prices(tmp_path, {"P": rows})
    assert caught.value.details["rows"] == [3]


def test_titles_above_the_header_of_a_csv():
    read = parsed("Bestand Muster;;\n;;\nMetall;Menge;Lagerort\nGold;1;Zürich\n")
    assert (read.numbers, read.rows[0]["asset"]) == ([4], "gold")
    assert parsed("Inventar\n\nMetall;Menge\nGold;1\n").rows[0]["quantity"] == 1


def test_damaged_workbooks_are_refused_and_crash_nothing():
    rng = random.Random(7)
    content, told = xlsx({"Bestand": [HEAD, LOT, ["Summe", None, 12.5]]}), 0
    for _ in range(60):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {info.filename: bytearray(archive.read(info)) for info in archive.infolist()}
        part = parts[rng.choice([name for name, text in parts.items() if text])]
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(part))
            match rng.randrange(3):
                case 0:
                    part[at] = rng.randrange(32, 127)
                case 1:
                    del part[at : at + rng.randint(1, 40)]
                case _:
                    part[at:at] = rng.choice([b"<", b">", b"&", b'"', b"</row>", b"<c>", b"9999999", b"-"])
            if not part:
                break
        try:
            parsed(packed({name: bytes(text) for name, text in parts.items()}))
        except ToolkitError:
            told += 1
    assert told > 12


def test_a_tenth_of_the_largest_workbook_costs_less_than_a_gigabyte():
    """In a process of its own; `ru_maxrss` would begin with that of the process that started it."""
    script = textwrap.dedent(
        """
        import io
        from tests.workbooks import xlsx, sheet_xml
        from toolkit.market.readers.tabular import read_table
        lines = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}.25</v></c><c r="B{r}" t="str"><v>text {r}</v></c></row>' for r in range(1, 150_000))
        content = xlsx({"B": sheet_xml([]).replace("<sheetData>", "<sheetData>" + lines)})
        del lines
        table = read_table( io.BytesIO(content), may_be_empty=True)
        assert table.cells.height > 140_000
        status = open("/proc/self/status").read()
        print(status.split("VmHWM:")[1].split()[0])
        """
    )
    tree = Path(__file__).parents[4]
    done = subprocess.run([sys.executable, "-c", script], cwd=tree, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < 1_000_000


def test_parquet_and_csv_keep_their_rows(tmp_path):
    file = tmp_path / "t.parquet"
    pl.DataFrame({"asset": ["gold"], "quantity": [1.0]}).write_parquet(file)
    assert parse(file, names=NAMES, today=TODAY).numbers == [1]


MERGED = [
    ["Metall", "Menge kg", "Lager"],
    ["Gallium", 10, "Frankfurt"],
    [None, 5, "Zürich"],
    ["Gold", 1, None],
    ["Silber", 2, None],
    ["Summe", 18, None],
]


def as_excel(rows):
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in ("A2:A3", "A6:B6", "A900:A999"))
    xml = sheet_xml(rows, hidden=(4, 9)).replace("</worksheet>", f"<mergeCells>{merged}</mergeCells></worksheet>")
    return xlsx({"L": xml})


def test_hidden_rows_and_cells_merged_over_rows_are_asked_about(tmp_path):
    """Counted, dropped or filled in silence they were a lot too many, one too few, or the metal of another."""
    file = tmp_path / "mine"
    file.write_bytes(as_excel(MERGED))
    with pytest.raises(FrameError) as caught:
        read_table(file)
    faults = {fault["rule"]: fault for fault in caught.value.details["faults"]}
    assert [faults[rule]["rows"] for rule in ("hidden", "merged")] == [[4], [2]]
    assert "row 2 ('A2:A3')" in caught.value.message
    assert "Show the rows" in caught.value.message
    read = parse(file, names=NAMES, today=TODAY)
    assert {fault.rule for fault in read.broken} == {"hidden", "merged"}
    with pytest.raises(FrameError, match="hidden rows"):
        read.holdings()


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (5, '0 "à 100 g"', "5 à 100 g"), (12, '0.00 "€/lb"', "12 €/lb"), (3, "General\\ \\k\\g", "3 kg"), (3, "0 kg", "3 kg"),
        (3, "[$USD] #,##0.00", "USD 3"), (-12, EURO, "-12 €"), (0, '0\\ "€";-0\\ "€";"-"??\\ "€"', "0 €"), (7, '"L-"0000', "L-0007"),
        (0.03, "0%", "3 %"), (3, '0"%"', "3 %"), (5000, '0, "t"', '5000 [0, "t"]'), (5000, "#,##0,.0", "5000 [#,##0,.0]"),
        (500, '[>=1000]0,"t";0"kg"', '500 [[>=1000]0,"t";0"kg"]'), (3, '0"kg";0"t"', '3 [0"kg";0"t"]'), (-3, '0"kg";;', "-3 kg"),
        (1.5, "0.00E+00", 1.5), (1.5, "# ?/?", 1.5), (45000, "yyyy\\-mm", 45000), (-5, "#,##0_);[Red](#,##0)", -5), (3, "General", 3),
    ],
)  # fmt: skip
def test_a_number_is_what_its_format_shows(number, code, shown):
    assert formatted(number, code) == shown


def test_a_unit_that_only_the_format_shows_is_asked_for_or_read():
    def lot(quantity, price):
        return lots(xlsx({"B": [["Metall", "Menge", "Preis", "Währung"], ["Gallium", quantity, price, "EUR"]]}))[0]

    of_pieces, of_pounds = ((5, one) for one in ('0 "à 100 g"', '0.00 "€/lb"'))
    with pytest.raises(FrameError, match="à 100 g"):
        lot(of_pieces, 400)
    assert lot(5, of_pounds)["purchase_price"] == pytest.approx(5 / 0.45359237)
