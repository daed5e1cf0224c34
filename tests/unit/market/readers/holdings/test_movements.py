"""Files of movements: what each row is, and what is asked before one is read."""

import io
from datetime import date
from decimal import Decimal

import pytest

from tests.holdings_files import NAMES, TODAY, asked, parsed
from toolkit.market.readers.holdings.read import parse

HEAD = "date,kind,lot,asset,quantity,unit,price,total,cash,fees,taxes,currency,from,to,document\n"
BUY = "2024-06-10,buy,A,gallium,10,kg,500,,,25,,EUR,,Frankfurt,R1\n"


def rows(*lines: str, head: str = HEAD):
    """The movements of a file without a question or a fault."""
    read = parsed(head + "".join(lines))
    assert (read.layout.of, list(read.questions), read.faults) == ("movements", [], [])
    return read.rows


def faults(*lines: str, head: str = HEAD) -> list[tuple[str, str, int]]:
    return [(fault.rule, fault.column, fault.row) for fault in parsed(head + "".join(lines)).faults]


def test_a_purchase_is_read_as_a_lot_with_its_money_to_the_cent():
    (one,) = rows(BUY)
    said = ("date", "kind", "lot", "asset", "quantity", "unit", "total", "fees", "currency", "to", "document")
    assert [one[key] for key in said] == [
        date(2024, 6, 10), "buy", "A", "gallium", Decimal(10), "kg", Decimal("5000.00"), Decimal("25.00"), "EUR", "Frankfurt",
        "R1",
    ]  # fmt: skip


class TestWhatAFileIs:
    TRADES = (
        "Date,Type,Symbol,Shares,Price,Amount,Currency\n2024-06-10,{},GLD,10,180,1800,USD\n2025-02-11,{},GLD,4,220,880,USD\n"
    )

    def test_a_list_of_trades_is_movements_and_its_amount_the_total(self):
        read = parsed(self.TRADES.format("Buy", "Sell"))
        assert not read.questions
        assert read.columns["Amount"] == "total"
        assert [(row["kind"], row["quantity"], row["total"]) for row in read.rows] == [
            ("buy", 10, Decimal("1800.00")), ("sell", 4, Decimal("880.00")),
        ]  # fmt: skip

    def test_an_unknown_kind_is_asked_and_its_answer_kept(self):
        content = self.TRADES.format("Buy", "Redemption")
        assert asked(parsed(content)) == {"Redemption": None}
        read = parsed(content, Redemption="sell")
        assert [row["kind"] for row in read.rows] == ["buy", "sell"]
        again = parse(io.BytesIO(content.encode()), names=NAMES, today=TODAY, layout=read.layout)
        assert not again.questions
        assert [row["kind"] for row in parsed(content, Redemption="not_mine").rows] == ["buy"]

    @pytest.mark.parametrize("word", ["Gutschrift", "credit note", "receipt", "issue", "Zugang", "Ankauf", "101", "S"])
    def test_a_word_that_may_be_more_than_one_kind_is_asked(self, word):
        assert asked(parsed(self.TRADES.format("Buy", word))) == {word: None}

    def test_lots_with_a_status_are_no_movements(self):
        read = parsed("purchase_date;asset;quantity;status\n2024-06-10;gallium;5;ordered\n2024-06-10;gallium;5;delivered\n")
        assert (read.layout.of, len(read.rows)) == ("holdings", 2)

    def test_a_title_that_says_movements_is_not_asked(self):
        content = "{};;;\nDatum;Vorgang;Metall;Menge (kg)\n10.06.2024;Kauf;Gallium;5\n"
        assert not asked(parsed(content.format("Kontoauszug 2024")))
        assert asked(parsed(content.format("Stornierte Buchungen"))) == {"Stornierte Buchungen": None}
        assert asked(parsed("Kontoauszug;\nMetall;Menge (kg)\nGallium;5\n")) == {"Kontoauszug": None}

    def test_numbers_of_files_are_no_kinds(self):
        read = parsed("Kaufdatum;Metall;Menge (kg);Vorgang\n10.06.2024;Gallium;5;4711\n11.06.2024;Gallium;5;4712\n")
        assert (read.layout.of, asked(read)) == ("holdings", {"Vorgang": None})

    def test_the_owner_says_what_a_file_is(self):
        content = "purchase_date;asset;quantity\n2024-06-10;GLD;5\n2024-07-10;GLD;-2\n"
        assert asked(parsed(content)) == {"kind": "moved"}
        assert parsed(content, of="holdings").layout.of == "holdings"
        assert parsed("date;asset;quantity\n2024-06-10;gallium;5\n", of="movements", kind="buy").rows[0]["kind"] == "buy"

    @pytest.mark.parametrize(
        ("answer", "kinds"),
        [("signed", ["buy", "sell"]), ("credited", ["buy", "reversal"]), ("moved", ["deposit", "withdraw"])],
    )
    def test_what_a_number_below_zero_is_is_asked(self, answer, kinds):
        content = "date;asset;quantity (kg);price EUR/kg\n2024-06-10;gallium;5;500\n2024-07-10;gallium;-2;600\n"
        assert asked(parsed(content)) == {"kind": None}
        read = parsed(content, kind=answer)
        assert [(row["kind"], row["quantity"]) for row in read.rows] == [(kinds[0], 5), (kinds[1], 2)]
        assert not read.faults

    def test_a_balance_is_no_quantity(self):
        content = "Datum;Metall;Zugang (kg);Abgang (kg);Bestand (kg)\n10.06.2024;Gallium;5;;5\n11.06.2024;Gallium;;2;3\n"
        assert asked(parsed(content)) == {"kind": "moved", "Bestand (kg)": "ignore"}
        read = parsed(content, **{"kind": "moved", "Bestand (kg)": "ignore"})
        assert [row["quantity"] for row in read.rows] == [5, 2]

    def test_what_came_in_and_went_out_stands_in_two_columns(self):
        content = "Datum;Metall;Zugang (kg);Abgang (kg)\n10.06.2024;Gallium;5;\n11.06.2024;Gallium;;2\n12.06.2024;Gallium;1;1\n"
        assert asked(parsed(content)) == {"kind": "moved"}
        read = parsed(content, kind="moved")
        assert [(row["kind"], row["quantity"]) for row in read.rows[:2]] == [("deposit", 5), ("withdraw", 2)]
        assert [(fault.rule, fault.row) for fault in read.faults if fault.rule != "empty"] == [("two_sides", 4)]

    def test_the_card_of_a_warehouse_and_numbers_of_papers_have_the_same_headers(self):
        """Receipt and issue say what came in and went out, or which paper says so: the cells tell."""
        card = "Date,Lot,Metal,Receipt kg,Issue kg,Balance kg\n2024-06-10,W1,Gallium,10,,10\n2024-06-11,W1,Gallium,,4,6\n"
        assert asked(parsed(card)) == {"kind": "moved", "Balance kg": "ignore"}
        read = parsed(card, **{"kind": "moved", "Balance kg": "ignore"})
        assert [(row["kind"], row["quantity"], row["unit"]) for row in read.rows] == [
            ("deposit", 10, "kg"),
            ("withdraw", 4, "kg"),
        ]
        papers = "Date,Receipt,Issue,Metal,Quantity,Unit,Type\n2024-06-10,R-100,,Gallium,10,kg,buy\n2024-06-11,,I-22,Gallium,4,kg,sell\n"
        assert asked(parsed(papers)) == {"Receipt": "ignore", "Issue": "ignore"}
        assert [row["quantity"] for row in parsed(papers, Receipt="ignore", Issue="ignore").rows] == [10, 4]


class TestMoney:
    def test_cash_has_the_fees_and_taxes_in_it(self):
        bought, sold = rows(
            "2024-06-10,buy,A,gallium,10,kg,,,5030,25,5,EUR,,,\n", "2024-07-10,sell,A,gallium,5,kg,,,2965,25,10,EUR,,,\n"
        )
        assert (bought["total"], sold["total"]) == (Decimal("5000.00"), Decimal("3000.00"))

    @pytest.mark.parametrize(("amounts", "reads"), [((5000, 1200), "total"), ((5025, 1175), "cash")])
    def test_an_amount_is_asked_about_and_what_is_said_of_it_is_checked_by_the_price(self, amounts, reads):
        head = "date,type,asset,quantity,price,amount,fees,currency\n"
        content = head + "2024-06-10,buy,gallium,10,500,{},25,EUR\n2024-06-11,sell,gallium,2,600,{},25,EUR\n".format(*amounts)
        assert asked(parsed(content)) == {"amount": "total"}
        read = parsed(content, amount=reads)
        assert [row["total"] for row in read.rows] == [Decimal("5000.00"), Decimal("1200.00")]
        assert (list(read.questions), read.faults) == ([], [])
        assert parsed(content, amount={"total": "cash", "cash": "total"}[reads]).faults

    def test_an_amount_that_nothing_settles_is_asked(self):
        head = "date,type,asset,quantity,total,fees,currency\n"
        assert asked(parsed(head + "2024-06-10,buy,gallium,10,5025,25,EUR\n")) == {"total": "total"}
        assert asked(parsed("date,type,asset,amount,currency\n2024-06-10,buy,gallium,10,EUR\n")) == {"amount": "quantity"}

    def test_a_total_with_the_fees_in_it_is_a_fault(self):
        read = parsed(HEAD + "2024-06-10,buy,A,gallium,10,kg,500,5025,,25,,EUR,,,\n", total="total")
        assert [fault.rule for fault in read.faults] == ["with_costs"]

    def test_money_that_does_not_add_up_is_a_fault(self):
        assert faults("2024-06-10,buy,A,gallium,10,kg,,5000,5030,25,,EUR,,,\n") == [("cash", "cash", 2)]
        assert faults("2024-06-10,buy,A,gallium,10,kg,,5000,5025,25,,EUR,,,\n") == []

    def test_costs_are_money_alone(self):
        fee, tax, storage = rows(
            "2024-06-10,fee,,,,,,,,25,,EUR,,,\n", "2024-06-10,tax,,gallium,,,,,,,7,EUR,,,\n",
            "2024-06-10,storage,A,,,,,120,,,,EUR,,,\n",
        )  # fmt: skip
        assert [(one["total"], one["fees"], one["taxes"]) for one in (fee, tax, storage)] == [
            (25, 0, 0),
            (7, 0, 0),
            (120, 0, 0),
        ]
        assert (tax["asset"], storage["lot"]) == ("gallium", "A")
        assert faults("2024-06-10,fee,,,,,,,,,,EUR,,,\n") == [("empty", "total", 2)]

    @pytest.mark.parametrize(
        ("kind", "told", "total", "fees"),
        [
            ("buy", "264.03,", "264.03", "3.96"),  # a rate is of the total, and half a cent goes up
            ("buy", ",267.99", "264.03", "3.96"),
            ("sell", ",260.07", "264.03", "3.96"),
            ("buy", "264.03,267.99", "264.03", "3.96"),
        ],
    )
    @pytest.mark.parametrize(("header", "rate"), [("fees %", "1.5"), ("fees", "1.5 %")])
    def test_a_fee_in_per_cent_is_of_the_total(self, header, rate, kind, told, total, fees):
        head = f"date,kind,lot,asset,quantity,unit,total,cash,{header},currency\n"
        read = parsed(
            f"{head}2025-01-02,buy,A,gold,5,g,400,,0 %,EUR\n2025-02-02,{kind},{kind[0]},gold,3.2,g,{told},{rate},EUR\n"
        )
        assert not read.questions
        assert not read.faults
        assert (str(read.rows[1]["total"]), str(read.rows[1]["fees"])) == (total, fees)

    def test_a_fee_in_per_cent_of_no_price_or_beside_another_sum_is_a_fault(self):
        head = "date,kind,lot,asset,quantity,unit,total,cash,fees %,currency\n"
        assert [one.rule for one in parsed(f"{head}2025-01-02,buy,A,gold,5,g,,,1.5,EUR\n").faults] == ["percent"]
        assert [one.rule for one in parsed(f"{head}2025-01-02,buy,A,gold,5,g,400,400,1.5,EUR\n").faults] == ["cash"]
        assert [one.rule for one in parsed(f"{head}2025-01-02,storage,,gold,,,120,,1.5,EUR\n").faults] == ["percent"]

    @pytest.mark.parametrize("fee", ["5 USD", "$5"])
    def test_a_fee_is_an_amount_in_the_currency_of_the_price(self, fee):
        head = "date,kind,asset,quantity,price,fees,currency\n"
        assert not parsed(f"{head}2024-06-10,buy,gallium,1,500,5 EUR,EUR\n").faults
        (fault,) = parsed(f"{head}2024-06-10,buy,gallium,1,500,{fee},EUR\n").faults
        assert (fault.column, fault.rule) == ("fees", "two_currencies")

    @pytest.mark.parametrize("header", ["Bruttobetrag", "Betrag EUR", "gross amount", "Value"])
    def test_an_amount_without_a_price_beside_it_is_asked(self, header):
        read = parsed(f"date,type,asset,quantity,{header},currency\n2024-06-10,buy,gallium,1,500,EUR\n")
        assert asked(read) == {header: "total"}

    def test_fees_in_another_currency_are_a_fault(self):
        head = "date,kind,asset,quantity,total EUR,fees USD\n"
        read = parsed(f"{head}2024-06-10,buy,gallium,1,500,5\n", **{"total EUR": "total EUR"})
        assert "two_currencies" in {fault.rule for fault in read.faults}


class TestSigns:
    def test_a_column_has_one_sign_a_kind(self):
        head = "Date,Buy/Sell,Symbol,Quantity,Price,Proceeds,Commission,Currency\n"
        body = "2024-06-10,BUY,GLD,10,180,-1800,-1,USD\n2025-02-11,SELL,GLD,-4,220,880,-1,USD\n"
        read = parsed(head + body, Proceeds="total")
        assert (list(read.questions), read.faults) == ([], [])
        assert [(row["quantity"], row["total"], row["fees"]) for row in read.rows] == [(10, 1800, 1), (4, 880, 1)]

    @pytest.mark.parametrize(
        "line",
        [
            "2024-06-11,buy,B,gallium,-1,kg,500,,,,,EUR,,,\n",
            "2024-06-11,buy,B,gallium,1,kg,,-500,,,,EUR,,,\n2024-06-11,buy,C,gallium,1,kg,,500,,,,EUR,,,\n",
            "2024-06-11,sell,A,gallium,-1,kg,500,,,,,EUR,,,\n2024-06-11,sell,A,gallium,1,kg,500,,,,,EUR,,,\n",
            "2024-06-11,buy,B,gallium,1,kg,500,,,-5,,EUR,,,\n",
            "2024-06-11,income,,gallium,,,,-5,,,,EUR,,,\n",
            "2024-06-11,buy,B,gallium,1,kg,,-500,,,,EUR,,,\n2024-06-12,tax,,,,,,30,,,,EUR,,,\n",
        ],
    )
    def test_a_number_unlike_those_of_its_kind_is_a_fault(self, line):
        assert "sign" in {rule for rule, _, _ in faults(BUY, line)}

    def test_a_difference_keeps_its_sign(self):
        less, more = rows("2024-06-11,adjust,A,gallium,-0.2,kg,,,,,,,,,\n", "2024-06-12,adjust,A,gallium,0.1,kg,,,,,,,,,\n")
        assert (less["quantity"], more["quantity"]) == (Decimal("-0.2"), Decimal("0.1"))


class TestTransfers:
    def test_two_rows_are_one(self):
        content = (
            "Datum;Vorgang;Metall;Menge;Einheit;Lagerort\n10.06.2024;Kauf;Gallium;5;kg;Frankfurt\n"
            "11.06.2024;Umbuchung (Ausgang);Gallium;2;kg;Frankfurt\n11.06.2024;Umbuchung (Eingang);Gallium;2;kg;Zürich\n"
        )
        read = parsed(content)
        assert (list(read.questions), read.faults) == ([], [])
        assert [(row["kind"], row["from"], row["to"]) for row in read.rows] == [
            ("buy", None, "Frankfurt"), ("transfer", "Frankfurt", "Zürich"),
        ]  # fmt: skip
        assert [fault.rule for fault in parsed("\n".join(content.splitlines()[:-1])).faults] == ["empty"]

    def test_one_to_no_place_is_a_fault(self):
        assert faults(BUY, "2024-06-11,transfer,A,gallium,1,kg,,,,,,,,,\n") == [("empty", "to", 3)]
        assert rows(BUY, "2024-06-11,transfer,A,,,,,,,,,,,Zürich,\n")[1]["quantity"] is None


class TestDuplicates:
    SAME = "2024-06-10,buy,,gallium,1,kg,500,,,,,EUR,,Frankfurt,{}\n"

    def test_rows_of_one_document_that_say_the_same_are_asked(self):
        content = HEAD + self.SAME.format("R1") * 2
        assert asked(parsed(content)) == {"R1": None}
        assert [len(parsed(content, R1=answer).rows) for answer in ("once", "each")] == [1, 2]

    def test_rows_without_a_document_count_each_and_are_told(self):
        read = parsed(HEAD + self.SAME.format("") * 2)
        assert len(read.rows) == 2
        assert any("say the same" in note for note in read.notes)
        assert not any("say the same" in note for note in parsed(HEAD + self.SAME.format("R1") + self.SAME.format("R2")).notes)

    def test_a_lot_is_bought_once(self):
        assert ("duplicate", "lot", 3) in faults(BUY, BUY.replace("R1", "R2").replace("06-10", "06-11"))


def test_only_planned_is_no_movement_yet():
    head = "date,kind,asset,quantity,status\n"
    read = parsed(f"{head}2024-06-10,buy,gallium,5,stored\n2024-07-10,sell,gallium,2,planned\n")
    assert [row["kind"] for row in read.rows] == ["buy"]
    assert any("no movements yet" in note for note in read.notes)


def test_a_movement_needs_its_day():
    assert ("empty", "date", 3) in faults(BUY, ",sell,A,gallium,1,kg,500,,,,,EUR,,,\n")
    assert ("future", "date", 2) in faults(BUY.replace("2024", "2031"))


def test_a_row_of_a_lot_alone_is_of_its_asset():
    assert rows(BUY, "2024-06-11,sell,A,,1,kg,600,,,,,EUR,,,\n")[1]["asset"] == "gallium"


def test_a_remark_and_a_cancelled_status_are_asked():
    head = "date,kind,asset,quantity,status,remark\n"
    read = parsed(f"{head}2024-06-10,buy,gallium,5,cancelled,seized by customs\n")
    assert set(asked(read)) == {"cancelled", "seized by customs"}
    assert parsed(f"{head}2024-06-10,buy,gallium,5,cancelled,\n", cancelled="not_mine").rows == []


INVOICES = """Belegnr.;Belegdatum;Belegart;Artikel;Menge;ME;E-Preis;Betrag netto;Whg;Bezug;Bemerkung
RE-11;04.03.2024;Rechnung;Gallium 4N;20;kg;410,00;8.200,00;EUR;;
GS-3;01.07.2024;Gutschrift;Gallium 4N;-2;kg;410,00;-820,00;EUR;RE-11;beim Transport verbeult
"""


def test_all_that_a_list_of_invoices_leaves_open_is_asked_at_once():
    asked = {one.name: one.proposed for one in parsed(INVOICES).questions}
    assert asked == {
        "Bezug": "reverses", "Rechnung": None, "Gutschrift": None, "beim Transport verbeult": None,
    }  # fmt: skip
    answers = {"Rechnung": "buy", "Gutschrift": "reversal", "beim Transport verbeult": "no_meaning"}
    read = parsed(INVOICES, **{name: one for name, one in asked.items() if one}, **answers)
    assert (list(read.questions), read.faults) == ([], [])
    assert [(one["kind"], one["quantity"], one["total"]) for one in read.rows] == [
        ("buy", Decimal(20), Decimal("8200.00")), ("reversal", Decimal(2), Decimal("820.00")),
    ]  # fmt: skip


def test_a_column_of_kinds_is_one_whatever_its_header():
    read = parsed("Kaufdatum;Was;Metall;Menge;Einheit;Preis;Währung\n3.4.2024;gekauft;Gallium;5;kg;430,00;EUR\n")
    assert [one["kind"] for one in read.rows] == ["buy"]


def test_headers_that_a_program_writes_in_one_word():
    head = "TradeDate,Buy/Sell,Symbol,Quantity,Unit,TradePrice,Currency,IBCommission,TradeID\n"
    (one,) = parsed(head + "2024-03-05,BUY,gold,10,ozt,2100,USD,-2.5,1001\n", Symbol="asset").rows
    assert (one["kind"], one["total"], one["fees"], one["document"]) == ("buy", Decimal(21000), Decimal("2.5"), "1001")


def test_invoices_and_credit_notes_of_metals_named_with_their_purity_are_movements():
    head = "Rechnungsnr.;Datum;Artikel;Menge (kg);Einzelpreis EUR/kg"
    rows = ["RE-7;11.04.2024;Germanium Barren 5N;2;1.520,00", "GU-2;02.05.2024;Germanium Barren 5N;-0,5;1.520,00"]
    read = parsed("\n".join([head, *rows]))
    assert read.layout.of == "movements"
    read = parsed("\n".join([head, *rows]), kind="credited")
    assert [(one["kind"], one["asset"], one["form"], str(one["quantity"])) for one in read.rows] == [
        ("buy", "germanium", "metal", "2.0"),
        ("reversal", "germanium", "metal", "0.5"),
    ]


def test_a_reversal_without_quantity_and_price_is_told_to_be_of_all():
    head = "date,kind,lot,asset,quantity,unit,total,document,reverses,currency\n"
    bought = "2025-01-01,buy,A,gallium,10,kg,5000,R-1,,EUR\n"
    told = "No quantity and no price, so all that is named is taken back: row 3."
    assert told in map(str, parsed(f"{head}{bought}2025-02-01,reversal,,,,,,C-1,R-1,EUR\n").notes)
    assert told not in map(str, parsed(f"{head}{bought}2025-02-01,reversal,,gallium,2,kg,,C-1,R-1,EUR\n").notes)
    (fault,) = parsed(f"{head}{bought}2025-02-01,reversal,,,2,kg,,C-1,R-1,EUR\n").faults  # never all of it
    assert (fault.column, fault.rule) == ("asset", "empty")


def test_money_brought_or_taken_is_of_no_lot_and_what_came_in_cash_is_after_its_costs():
    head = "date,kind,lot,asset,quantity,unit,total,cash,fees,taxes,currency\n"
    moved = [
        "deposit,,,,,,1000,,,EUR", "withdraw,,,,,,90,10,,EUR", "income,,gallium,,,,12.30,,2.17,EUR", "income,,,,,5,,,1,EUR",
        "storage,,,,,,119,,19,EUR", "fee,,,,,,24,,,EUR", "fee,,,,,,,24,,EUR", "tax,,,,,,7,,7,EUR", "deposit,A,gallium,2,kg,600,,,,EUR",
    ]  # fmt: skip
    read = parsed(head + "".join(f"2025-01-{day:02},{row}\n" for day, row in enumerate(moved, start=1)))
    assert not read.questions
    assert not read.faults
    assert [(row["lot"], str(row["total"]), str(row["fees"]), str(row["taxes"])) for row in read.rows] == [
        (None, "1000.00", "0", "0"), (None, "100.00", "10.00", "0"), (None, "14.47", "0", "2.17"), (None, "5.00", "0", "1.00"),
        (None, "100.00", "0", "19.00"), (None, "24.00", "0", "0"), (None, "24.00", "0", "0"), (None, "7.00", "0", "0"),
        ("A", "600.00", "0", "0"),
    ]  # fmt: skip
