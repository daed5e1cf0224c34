"""What a file says beside its fields is asked about once: names, columns not read, kinds of rows, comments, classes of purity."""

from __future__ import annotations

import io
from datetime import date

import pytest
import xlsxwriter

from tests.holdings_files import NAMES, TODAY, asked, parsed
from tests.subjects import context
from toolkit.app.holdings.lots import read_lots
from toolkit.core.errors import FrameError, SpecError
from toolkit.core.messages import message
from toolkit.market.readers.holdings.read import parse
from toolkit.market.readers.tabular import read_table


def lots(text: str):
    table = read_table(io.BytesIO(text.encode()))
    return read_lots(table, context().ledger, context().products, TODAY)


class TestClassesOfPurity:
    @pytest.mark.parametrize(
        ("row", "nines"),
        [
            ("Gallium zone refined;;", 1),
            ("Gallium;zone refined;", 1),
            ("Gallium;;zone refined", 1),
            ("Gallium;zonengereinigter Barren;", 1),
            ("Germanium zone refined;;", 0),  # is what is traded
            ("Germanium;zone refined ingot;", 0),
        ],
    )
    def test_zone_refined_metal_is_of_its_class(self, row, nines):
        held = lots(f"asset;form;purity;quantity (kg)\n{row};5\n")
        assert held.frame["purity"].item().startswith("zone")
        assert held.frame["form"].item() == "metal"
        assert list(held.other_grade.values()) == [nines] * bool(nines)
        assert not any("not understood" in note for note in held.notes)

    def test_a_grade_without_a_number_is_asked(self):
        assert asked(parsed("asset;purity;quantity\ngallium;electronic;5\n")) == {"electronic": None}
        assert not parsed("asset;purity;quantity\ngallium;6N electronic;5\n").questions


@pytest.mark.parametrize("header", ["lot_id", "client", "Dealer", "Supplier", "invoice no"])
@pytest.mark.parametrize(("text", "proposed"), [("GA-1 sold", None), ("verkauft an Meier", None), ("lost 2025", "at_risk")])
def test_a_name_that_says_more_is_asked(header, text, proposed):
    content = f"{header};asset;quantity\n{text};gallium;5\n"
    assert asked(parsed(content)) == {text: proposed}
    assert len(parsed(content, **{text: "no_meaning"}).holdings().frame) == 1
    assert parsed(content, **{text: "not_mine"}).holdings().frame.is_empty()
    assert not parsed(f"{header};asset;quantity\nMeier and Sons;gallium;5\n").questions


@pytest.mark.parametrize("header", ["Liefertermin", "received"])
@pytest.mark.parametrize(
    ("text", "is_asked"), [("storniert", True), ("nach Rücksprache", True), ("KW 3/2027", False), ("?", False)]
)
def test_when_an_order_comes_is_a_day_or_asked(header, text, is_asked):
    assert asked(parsed(f"asset;quantity;status;{header}\ngallium;5;ordered;{text}\n")) == ({text: None} if is_asked else {})


class TestKindsOfRows:
    TRADES = "Type;Metal;Quantity (kg)\n{};Gallium;20\n{};Gallium;5\n"

    def test_sales_are_not_ignored_into_holdings(self):
        content = self.TRADES.format("Buy", "Sell")
        with pytest.raises(SpecError, match="a sale that is not read counts as held") as caught:
            parsed(content, Type="ignore")
        assert "Type=remark" in caught.value.hint
        assert asked(parsed(content, Type="remark")) == {"Buy": None, "Sell": None}

    @pytest.mark.parametrize("words", [("A", "V"), ("Koop", "Verkoop")])
    def test_words_by_which_rows_of_one_metal_differ_are_asked(self, words):
        assert asked(parsed(self.TRADES.format(*words), Type="ignore")) == dict.fromkeys(words)

    def test_a_column_of_one_word_is_ignored_as_long_as_it_says_it(self):
        read = parsed(self.TRADES.format("Buy", "Buy"), Type="ignore")
        assert not read.questions
        again = parse(io.BytesIO(self.TRADES.format("Buy", "Sell").encode()), names=NAMES, today=TODAY, layout=read.layout)
        assert [(one.name, one.proposed) for one in again.questions] == [("Type", None)]


def test_a_header_that_was_renamed_takes_the_place_of_its_column():
    kept = parsed("Metall;Bestandsgewicht kg\ngallium;5\n", **{"Bestandsgewicht kg": "quantity kg"}).layout
    renamed = io.BytesIO(b"Metall;Lagergewicht kg\ngallium;6\n")
    read = parse(renamed, names=NAMES, today=TODAY, layout=kept, answers={"Lagergewicht kg": "quantity kg"})
    assert (list(read.questions), [row["quantity"] for row in read.rows]) == ([], [6])
    assert [*read.layout.columns] == ["Metall", "Lagergewicht kg"]


class TestMonths:
    @pytest.mark.parametrize(
        ("text", "day"), [("11/2024", date(2024, 11, 30)), ("2024-02", date(2024, 2, 29)), ("Nov 2026", TODAY)]
    )
    def test_a_month_counts_from_its_last_day_and_is_said(self, text, day):
        held = parsed(f"asset;quantity;purchase_date\ngallium;1;{text}\n").holdings()
        assert held.frame["purchase_date"].item() == day
        assert any("the tax clock runs from its last day: row 2" in note for note in held.notes)

    def test_a_month_ahead_is_no_purchase(self):
        (fault,) = parsed("asset;quantity;purchase_date\ngold;1;12/2026\n").faults
        assert fault.rule == "future"


def workbook(*, comment: str = "", struck: int | None = None) -> bytes:
    """Two lots in a workbook of another library, with a comment on a cell or a row that is struck through."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet, through = book.add_worksheet("L"), book.add_format({"font_strikeout": True})
        for at, row in enumerate((["asset", "quantity"], ["indium", 1], ["gallium", 5]), start=1):
            sheet.write_row(at - 1, 0, row, through if at == struck else None)
        if comment:
            sheet.write_comment(comment, "sold in May")
    return out.getvalue()


@pytest.mark.parametrize(("content", "left"), [(workbook(comment="B3"), 1), (workbook(comment="A1"), 2)])
def test_a_comment_on_a_cell_is_asked(content, left):
    read = parsed(content)
    assert asked(read) == {"sold in May": None}
    assert len(parsed(content, **{"sold in May": "not_mine"}).rows) == left
    assert any("comments on cells: sold in May" in note for note in read.notes)


def test_rows_that_are_struck_through_are_refused():
    with pytest.raises(FrameError, match="rows struck through") as caught:
        parsed(workbook(struck=3)).holdings()
    assert caught.value.details["rows"] == [3]


def test_of_a_confirmed_layout_only_a_new_column_is_asked():
    first = parsed("asset;quantity (kg);Text\ngold;1;blue box\n", Text="remark", **{"blue box": "no_meaning"})
    assert not first.questions
    content = "asset;quantity (kg);Text;Neu\ngold;1;blue box;x\n"
    again = parse(io.BytesIO(content.encode()), names=NAMES, today=TODAY, layout=first.layout)
    assert asked(again) == {"Neu": None}


def test_the_price_of_a_whole_lot_is_proposed_where_a_row_sums_the_column():
    lots = "Nr;Metall;Menge (kg);EK\n1;Gallium;5;2.150,00 €\n2;Indium;10;2.800,50 €\n"
    assert not [one for one in parsed(lots).questions if one.proposed == "total_price"]
    assert [one.proposed for one in parsed(f"{lots}Summe;;;4.950,50 €\n").questions if one.name == "EK"] == ["total_price"]


def test_a_column_with_a_header_of_its_own_is_proposed_by_its_cells():
    content = "asset;quantity;Zweck\ngallium;5;{}\nindium;4;ordered\n"
    assert asked(parsed(content.format("gelagert"))) == {"Zweck": "status"}
    assert asked(parsed(content.format("Sammlung"))) == {"Zweck": None}


def test_a_place_may_be_answered_as_unknown_and_what_is_no_answer_is_said():
    content = "asset;quantity;location\ngallium;5;beim Onkel\n"
    assert parsed(content, **{"beim Onkel": "unknown"}).holdings().frame["location"].is_null().all()
    (question,) = parsed(content, **{"beim Onkel": "cellar 7 of his"}).questions
    assert "cellar 7 of his" in str(question.asks)


def test_a_row_is_named_once_however_many_of_its_texts_ask_the_same():
    rows = [
        "date,kind,lot,asset,quantity,unit,price,currency,remark",
        "2024-01-10,buy,L-1,gallium,5,kg,200,EUR,Rest",
        "2024-02-10,Teil,L-1,,2,kg,,,Rest",
    ]
    found = {one.name: one.cells for one in parsed("\n".join(rows)).questions}
    assert [message("row {row:d}", row=row) for row in (2, 3)] == [*found["Rest"]]
