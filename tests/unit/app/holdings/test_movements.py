"""Movements where holdings are asked for: the stock of the day, what cannot be, and the lots that are written."""

import io
import json
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from tests.holdings_files import NAMES, TODAY, parsed
from toolkit.app.holdings.movements import stock_frame, with_stock
from toolkit.app.languages import language
from toolkit.cli.main import run
from toolkit.holdings.holding_period import HoldingRule
from toolkit.market.layouts.fields import FIELDS as FIELDS_OF
from toolkit.market.layouts.fields import MOVEMENTS
from toolkit.market.readers.holdings.read import parse
from toolkit.report.topics.files import template

HEAD = (
    "date,kind,lot,asset,quantity,unit,price,total,fees,currency,location,from,to,document,into,settled,client,reverses,paid\n"
)
FIELDS = HEAD.strip().split(",")


def line(day: str, kind: str, lot: str = "", **said: object) -> str:
    own = {"date": day, "kind": kind, "lot": lot, "unit": "kg", "currency": "EUR", "asset": "gallium", **said}
    return ",".join(str(own.get(field, "")) for field in FIELDS) + "\n"


BUY = line("2024-06-10", "buy", "A", quantity=10, price=500, fees=25, location="Frankfurt", document="R1")


def stock(*lines: str, day: date = TODAY, rule: HoldingRule | None = None, **answers: str):
    """The stock of a file without a fault or a question."""
    read, found = with_stock(parsed(HEAD + "".join(lines), **answers), day, rule)
    assert (list(read.questions), [(one.rule, one.hint) for one in read.faults]) == ([], [])
    return found


def refused(*lines: str) -> list[tuple[int, str, str]]:
    read, _ = with_stock(parsed(HEAD + "".join(lines)), TODAY, None)
    return [(fault.row, fault.rule, str(fault.hint)) for fault in read.faults]


def lots(found) -> list[tuple]:
    return stock_frame(found).select("lot_id", "quantity", "location", "status").rows()


class TestStock:
    def test_part_deliveries_leave_the_rest_ordered(self):
        ordered = line("2024-06-10", "order", "A", quantity=10, price=500, fees=30)
        first = line("2024-08-01", "deliver", "A", quantity=4, to="Frankfurt", fees=12)
        second = line("2024-09-01", "deliver", "A", to="Zürich")
        days = [date(2024, 7, 1), date(2024, 8, 2), TODAY]
        assert [lots(stock(ordered, first, second, day=day)) for day in days] == [
            [("A", 10.0, None, "ordered")],
            [("A ordered", 6.0, None, "ordered"), ("A Frankfurt", 4.0, "Frankfurt", "stored")],
            [("A Frankfurt", 4.0, "Frankfurt", "stored"), ("A Zürich", 6.0, "Zürich", "stored")],
        ]
        (money,) = stock(ordered, first, second).account().values()
        assert (money.paid_in, money.costs, money.stock) == (Decimal("5042.00"), Decimal("42.00"), Decimal("5000.00"))
        assert [row[:2] for row in refused(ordered, first, line("2024-09-01", "deliver", "A", quantity=7))] == [(4, "too_much")]

    def test_a_purchase_is_ordered_until_it_is_settled_or_delivered(self):
        bought = line("2024-06-10", "buy", "A", quantity=10, price=500, settled="2024-07-01")
        assert [lots(stock(bought, day=day))[0][3] for day in (date(2024, 6, 30), date(2024, 7, 1))] == ["ordered", "stored"]
        sold = line("2024-06-20", "sell", "A", quantity=1, price=600)
        assert [row[:2] for row in refused(bought, sold)] == [(3, "not_arrived")]
        assert (
            stock(BUY, line("2024-07-01", "deliver", "A"), day=date(2024, 6, 30)).parts[0].is_there(date(2024, 6, 30)) is False
        )

    def test_an_order_by_its_status_is_one_until_it_is_delivered(self):
        head = HEAD.replace("\n", ",status\n")
        content = (
            head + BUY.replace("\n", ",in transit\n") + line("2024-08-01", "deliver", "A", to="Zürich").replace("\n", ",\n")
        )
        for day, status in ((date(2024, 7, 1), "in_transit"), (TODAY, "stored")):
            assert stock_frame(with_stock(parsed(content), day, None)[1])["status"].to_list() == [status]

    def test_a_split_and_an_adjustment_keep_cost_and_day(self):
        found = stock(
            BUY,
            line("2024-07-01", "split", "A", quantity=4, into="B"),
            line("2024-07-02", "adjust", "B", quantity="-0.1"),
            line("2024-07-03", "loss", "A", asset=""),
        )
        (part,) = found.parts
        assert (part.lot, part.quantity, part.cost, part.bought) == ("B", Decimal("3.9"), Decimal("2000.00"), date(2024, 6, 10))
        assert found.account(lot="A")["EUR"].gain == Decimal("-3000.00")
        assert all(one.is_balanced for one in found.accounts.values())

    def test_money_that_comes_back(self):
        credit = line("2024-07-01", "reversal", quantity=4, total=2000, reverses="R1", document="C1")
        rebate = line("2024-07-02", "reversal", total=300, unit="", reverses="R1")
        found = stock(BUY, credit, rebate)
        assert [(part.quantity, part.cost) for part in found.parts] == [(Decimal(6), Decimal("2700.00"))]
        whole = line("2024-07-01", "reversal", quantity=10, total=4900, reverses="R1")
        (money,) = stock(BUY, whole).account().values()  # the fee, and what was not given back
        assert (money.paid_in, money.costs, money.stock) == (Decimal("125.00"), Decimal("125.00"), 0)

    @pytest.mark.parametrize("order", ["fifo", "lifo", "highest_cost", "least_tax"])
    def test_the_lot_that_is_sold_is_asked_or_as_said(self, order):
        bought = [
            line(day, "buy", lot, quantity=5, price=price)
            for lot, day, price in (("A", "2023-01-10", 500), ("B", "2024-01-10", 700), ("C", "2025-01-10", 600))
        ]
        sold = line("2025-03-01", "sell", quantity=6, price=800, fees="10.01")
        read, _ = with_stock(parsed(HEAD + "".join([*bought, sold])), TODAY, None)
        assert [(one.name, one.proposed) for one in read.questions] == [("sale_order", None)]
        found = stock(*bought, sold, rule=HoldingRule("DEU", 1), sale_order=order)
        expected = {"fifo": ["A", "B"], "lifo": ["C", "B"], "highest_cost": ["B", "C"], "least_tax": ["B", "A"]}
        assert [one.lot for one in found.sales] == expected[order]
        assert [one.quantity for one in found.sales] == [5, 1]
        assert sum(one.fees for one in found.sales) == Decimal("10.01")

    def test_a_sale_of_any_lot_leaves_what_another_of_the_day_names(self):
        other = line("2024-06-11", "buy", "B", quantity=5, price=700)
        named = line("2025-03-01", "sell", "A", quantity=10, price=800)
        assert [one.lot for one in stock(BUY, other, line("2025-03-01", "sell", quantity=5, price=800), named).sales] == [
            "A",
            "B",
        ]

    def test_two_currencies_have_no_one_gain(self):
        found = stock(BUY, line("2025-01-10", "sell", "A", quantity=4, price=700, currency="USD"))
        assert found.sales[0].gain is None
        assert {currency: one.gain for currency, one in found.account().items()} == {
            "EUR": Decimal("-2000.00"), "USD": Decimal("2800.00"),
        }  # fmt: skip

    def test_what_has_no_known_cost_has_no_gain(self):
        found = stock(line("2024-06-10", "deposit", "A", quantity=5), line("2025-01-10", "sell", "A", quantity=2, price=700))
        (money,) = (one for one in found.account().values() if one.unknown)
        assert (money.gain, money.unknown, found.sales[0].gain) == (0, Decimal("1400.00"), None)


class TestPartPayments:
    ORDER = line("2024-06-10", "order", "A", quantity=10, price=500, fees=25, paid="30 %")

    def test_what_is_owed_is_not_paid_in_until_it_is(self):
        paid = line("2024-08-10", "pay", "A", asset="", unit="", total=1000)
        money = stock(self.ORDER, paid).account()["EUR"]
        assert (money.paid_in, money.owed, money.stock, money.costs) == (2525, 2500, 5000, 25)
        assert stock(self.ORDER, paid, day=date(2024, 7, 1)).account()["EUR"].owed == 3500
        assert stock_frame(stock(self.ORDER, paid))["paid"].to_list() == [0.5]

    def test_what_is_credited_is_owed_no_more(self):
        credit = line("2024-08-10", "reversal", "A", asset="", unit="", total=3500)
        found = stock(self.ORDER, credit)
        assert (found.account()["EUR"].owed, found.owed, found.parts[0].cost) == (0, {}, 1500)

    def test_all_that_is_credited_leaves_nothing(self):
        found = stock(self.ORDER, line("2024-08-10", "reversal", "A", quantity=10, total=5000))
        assert (found.parts, found.owed) == ((), {})
        assert all(one.is_balanced and not one.owed for one in found.account().values())

    def test_what_is_not_fully_paid_is_not_sold_or_divided(self):
        arrived = line("2024-07-01", "deliver", "A", quantity=10, to="Frankfurt")
        for kind in ("sell", "loss", "withdraw", "split"):
            left = line("2024-09-01", kind, "A", quantity=5, price=600 if kind == "sell" else "", into="B")
            ((_, rule, told),) = refused(self.ORDER, arrived, left)
            assert (rule, "rows of kind pay" in told) == ("not_paid", True)

    def test_a_part_payment_of_a_sale_is_a_fault(self):
        sale = line("2024-09-01", "sell", "A", quantity=5, price=600, paid="30 %")
        assert [rule for _, rule, _ in refused(BUY, sale)] == ["paid"]


REFUSED = {
    "more than there is": (line("2024-07-01", "sell", "A", quantity=11, price=1), "not_there", "11 kg of gallium leave, 10 are"),
    "in another place": (
        line("2024-07-01", "sell", "A", quantity=2, price=1, **{"from": "Zürich"}), "not_there", "0 are there, and 10 in other",
    ),
    "before its purchase": (line("2024-06-09", "sell", "A", quantity=2, price=1), "not_there", "nothing of it is there"),
    "of another client": (line("2024-07-01", "sell", "A", quantity=2, price=1, client="Harz"), "not_there", "nothing of it"),
    "another lot": (line("2024-07-01", "sell", "B", quantity=2, price=1), "not_there", "nothing of it is there"),
    "moved": (line("2024-07-01", "transfer", "A", quantity=12, to="Zürich"), "not_there", "10 are there"),
    "delivered": (line("2024-07-01", "deliver", "Z", quantity=1), "no_order", "nothing is ordered of Z"),
    "taken back": (line("2024-07-01", "reversal", reverses="R9"), "no_original", "name its document"),
    "lost": (line("2024-07-01", "loss", "Z", asset=""), "no_lot", "nothing is there of Z"),
    "divided": (line("2024-07-01", "split", "A", quantity=1), "no_into", "in a column 'into'"),
    "all of its price": (
        line("2024-07-01", "reversal", total=5000, unit="", reverses="R1"), "all_of_it", "give the quantity that goes back",
    ),
    "paid twice": (line("2024-07-01", "pay", "A", unit="", total=1), "not_owed", "0 are owed for A"),
    "below zero": (line("2024-07-01", "adjust", "A", quantity=-10), "below_zero", "A would be below zero"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "rule", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_there_is_refused_with_what_is(wrong, rule, hint):
    ((row, found, told),) = refused(BUY, wrong)
    assert (row, found) == (3, rule)
    assert hint in told


def test_what_no_order_of_lots_decides_is_a_fault_and_no_question():
    other = BUY.replace(",A,", ",B,").replace("R1", "R2")
    for wrong in (line("2024-07-01", "adjust", quantity="-0.1"), line("2024-07-01", "transfer", quantity="", to="Zürich")):
        read, _ = with_stock(parsed(HEAD + BUY + other + wrong), TODAY, None)
        assert (list(read.questions), [(one.rule, one.row) for one in read.faults]) == ([], [("several", 4)])
        assert "'A', 'B'" in str(read.faults[0].hint)


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_template_has_an_example_that_reads(lang):
    text = template(language(lang), "movements")
    lines = text.splitlines()
    example = lines[-2].removeprefix("# ")
    read = parsed(f"{lines[-1]}\n{example}\n")
    assert (list(read.questions), read.faults, list(read.ignored)) == ([], [], [])
    (one,) = read.rows
    assert (one["kind"], one["lot"], one["quantity"], one["total"], one["fees"]) == (
        "buy", "GA-01", Decimal(12), Decimal("6960.00"), Decimal("25.00"),
    )  # fmt: skip
    assert set(read.columns.values()) == {field.key for field in MOVEMENTS if field.example}


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("kind", ["bids", "needs", "quotes", "licences"])
def test_the_template_of_what_goes_with_holdings_has_an_example_that_reads(kind, lang):
    *_, example, header = template(language(lang), kind).splitlines()
    text = f"{header}\n{example.removeprefix('# ')}\n"
    read = parse(io.BytesIO(text.encode()), names=NAMES, today=date(2026, 12, 1), answers={"of": kind})
    assert (list(read.questions), read.faults, list(read.ignored), len(read.rows)) == ([], [], [], 1)
    assert set(read.columns.values()) == {field.key for field in FIELDS_OF[kind] if field.example}


@pytest.fixture
def moves(tmp_path, monkeypatch):
    """A working folder with a file of movements."""
    monkeypatch.chdir(tmp_path)
    later = [
        line("2024-08-01", "transfer", "A", quantity=4, to="Zürich", fees="12.50"),
        line("2024-09-01", "order", "B", quantity="2.5", price="520.333"),
        line("2025-01-10", "sell", "A", quantity=3, price=700, **{"from": "Zürich"}),
    ]
    (tmp_path / "moves.csv").write_text(HEAD + BUY + "".join(later), encoding="utf-8")
    return tmp_path


def test_the_lots_that_are_written_are_the_same_when_they_are_read_again(moves, capsys):
    assert run(["holdings", "stock", "moves.csv", "--output", "stock.csv", "--quiet"]) == 0
    capsys.readouterr()
    _, found = with_stock(parse(moves / "moves.csv", names=NAMES, today=TODAY), TODAY, None)
    again = parse(moves / "stock.csv", names=NAMES, today=TODAY)
    assert (list(again.questions), again.faults) == ([], [])
    order = ["client", "lot_id"]
    assert again.holdings().frame.sort(order).equals(stock_frame(found).sort(order))
    cents = sum(Decimal(text) for text in pl.read_csv(moves / "stock.csv", infer_schema=False)["total_price"])
    assert cents == found.account()["EUR"].stock
    assert run(["holdings", "stock", "stock.csv", "--quiet"]) == 2
    assert "no list of movements" in capsys.readouterr().err


def out_of(capsys, words: list[str]) -> dict:
    """What a command prints."""
    assert run([*words, "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_command_takes_the_stock_of_its_day(moves, capsys):
    on = {}
    for day in ("2024-07-01", "2024-08-02", "2025-02-01"):
        found = out_of(capsys, ["exposure", "moves.csv", "--as-of", day, "--json"])
        on[day] = {lot["lot_id"]: lot["mass"] for lot in found["lots"]}
    assert on == {
        "2024-07-01": {"A": 10.0},
        "2024-08-02": {"A Frankfurt": 6.0, "A Zürich": 4.0},
        "2025-02-01": {"A Frankfurt": 6.0, "A Zürich": 1.0, "B": 2.5},
    }
    told = out_of(capsys, ["holdings", "stock", "moves.csv", "--as-of", "2025-02-01", "--json"])
    assert [(one["paid_in"], one["taken_out"], one["costs"], one["gain"], one["stock"]) for one in told["money"]] == [
        (6338.33, 2100.0, 37.5, 600.0, 4800.83)
    ]
    assert out_of(capsys, ["holdings", "map", "moves.csv", "--json"])["movements"] == 4
    assert len(out_of(capsys, ["holdings", "check", "moves.csv", "--json"])["lots"]) == 3
