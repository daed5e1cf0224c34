"""`toolkit sell`: each order of lots side by side, recomputed by hand, and the rows that are added."""

import json

import pytest

from toolkit.cli.main import run

HEAD = "date,kind,lot,asset,quantity,unit,price,total,currency,fees,location,document\n"
MOVES = HEAD + (
    "2023-06-10,buy,A,gallium,5,kg,300,,EUR,25,Frankfurt,R1\n"
    "2024-07-10,buy,B,gallium,5,kg,700,,EUR,,Frankfurt,R2\n"
    "2026-03-10,buy,C,gallium,5,kg,500,,EUR,,Zürich,R3\n"
)
DAY = ["--as-of", "2026-12-01"]


@pytest.fixture
def moves(tmp_path, monkeypatch):
    """A working folder with three lots of gallium."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moves.csv").write_text(MOVES, encoding="utf-8")
    return tmp_path / "moves.csv"


def sell(capsys, *words: str, code: int = 0) -> dict:
    """What the command prints."""
    assert run(["sell", "gallium", *words, "--holdings", "moves.csv", "--json", "--quiet"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_orders_of_lots_side_by_side(moves, capsys):
    found = sell(capsys, "6kg", "--price", "900", "--fees", "12", "--tax-rate", "0.4", "--lot", "C", "--lot", "A", *DAY)
    by = {one["order"]: one for one in found["orders"]}
    # Fees by mass; cost with the fees of the purchase; C, bought in March, is taxed until the next.
    lots = {"A": (5, 4500 - 10 - 1525), "B": (1, 900 - 2 - 700)}
    assert [(lot["lot"], lot["quantity"], lot["gain"]) for lot in by["fifo"]["lots"]] == [(k, *v) for k, v in lots.items()]
    assert [one["lot"] for order in ("lifo", "highest_cost", "least_tax", "named") for one in by[order]["lots"]] == [
        "C", "B", "B", "C", "B", "A", "C", "A",
    ]  # fmt: skip
    taxed = {order: (one["gain"], one["taxable"], one["tax"], one["net"]) for order, one in by.items()}
    assert taxed["fifo"] == (3163.0, 0.0, 0.0, 5388.0)
    assert taxed["lifo"] == (1990.0 + 198.0, 1990.0, 796.0, 4592.0)
    assert by["lifo"]["lots"][0]["days_to_free"] == 100
    assert by["lifo"]["lots"][0]["free_from"] == "2027-03-11"
    assert moves.read_text(encoding="utf-8") == MOVES


def test_the_believed_price_has_its_error_and_loses_half_the_spread(moves, capsys):
    found = sell(capsys, "1000g", *DAY)
    assert found["price_se"] > 0
    (lot,) = found["orders"][0]["lots"]
    assert lot["proceeds"] == pytest.approx(1000 * found["price"] * 0.925, abs=0.01)
    taxes = {one["order"]: one["tax"] for one in found["orders"]}
    assert (taxes["fifo"], taxes["lifo"]) == (0.0, None), "no rate is needed of a gain that is free"


def test_the_rate_of_the_owner_is_that_of_the_command_and_the_option_goes_first(moves, capsys, monkeypatch):
    monkeypatch.setenv("TOOLKIT_OWNER_TAX_RATE", "0,25")
    lifo = next(one for one in sell(capsys, "5kg", "--price", "900", *DAY)["orders"] if one["order"] == "lifo")
    assert lifo["tax"] == 0.25 * lifo["taxable"] == 500.0
    other = next(
        one for one in sell(capsys, "5kg", "--price", "900", "--tax-rate", "0.4", *DAY)["orders"] if one["order"] == "lifo"
    )
    assert other["tax"] == 800.0
    for country, tax in (("AUT", 500.0), ("CHE", 0.0), ("GBR", None), ("USA", None)):
        found = sell(capsys, "5kg", "--price", "900", "--destination", country, *DAY)["orders"]
        assert next(one for one in found if one["order"] == "lifo")["tax"] == tax
    monkeypatch.setenv("TOOLKIT_OWNER_TAX_RATE", "25")
    assert run(["sell", "gallium", "1kg", "--holdings", "moves.csv", *DAY]) == 2


@pytest.mark.parametrize("order", ["fifo", "least_tax", "named"])
def test_what_is_added_is_the_sale_when_it_is_read_again(order, moves, capsys):
    words = ["6.5kg", "--price", "901.23", "--fees", "10", "--lot", "C", "--lot", "B", "--order", order, *DAY]
    shown = {one["order"]: one for one in sell(capsys, *words)["orders"]}[order]
    assert sell(capsys, *words, "--write")["written"] == 2
    assert moves.read_text(encoding="utf-8").startswith(MOVES)
    assert run(["holdings", "stock", "moves.csv", "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    key = lambda one: one["lot"]  # noqa: E731
    sold = [(one["lot"], one["quantity"], one["proceeds"], one["fees"]) for one in sorted(found["sales"], key=key)]
    assert sold == [(one["lot"], one["quantity"], one["proceeds"], one["fees"]) for one in sorted(shown["lots"], key=key)]
    assert sum(lot["mass"] for lot in found["lots"]) == pytest.approx(15 - 6.5)


def test_a_german_file_gets_rows_that_it_can_read(moves, capsys):
    text = (
        "Datum;Vorgang;Posten;Metall;Menge (g);Gesamtpreis EUR;Lagerort\n10.06.2024;Kauf;A;Gallium;5.000,5;2.500,00;Frankfurt\n"
    )
    moves.write_bytes(text.encode("cp1252"))
    assert sell(capsys, "1.1250kg", "--price", "900", "--order", "fifo", "--write", *DAY)["written"] == 1
    assert moves.read_bytes().decode("cp1252").splitlines()[-1] == "2026-12-01;sell;A;gallium;1125;1012,5;"


REFUSED = {
    "more than there is": (["16kg", "--price", "9"], 3, "15 kg are there, and 0 in other places or on order."),
    "in another place": (
        ["6kg", "--price", "9", "--place", "Zürich"],
        3,
        "5 kg are there, and 10 in other places or on order.",
    ),
    "no quantity": (["0kg", "--price", "9"], 2, "5kg"),
    "no lot": (["1kg", "--price", "9", "--lot", "Z"], 2, "Known: A, B, C."),
    "no order": (["1kg", "--price", "9", "--order", "random"], 2, "fifo"),
    "rows of no order": (["1kg", "--price", "9", "--write"], 2, "--order"),
}


@pytest.mark.parametrize(("words", "code", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_sold_is_refused(words, code, hint, moves, capsys):
    assert hint in sell(capsys, *words, *DAY, code=code)["error"]["hint"]
    assert moves.read_text(encoding="utf-8") == MOVES


@pytest.mark.parametrize(
    "text",
    [
        MOVES.replace("lot,", "nr,"),
        HEAD.replace("price,total,", "") + "2023-06-10,buy,A,gallium,5,kg,EUR,,Frankfurt,R1\n",
        HEAD + "2023-06-10,buy,,gallium,5,kg,300,,EUR,,Frankfurt,R1\n",
    ],
)
def test_nothing_is_added_where_the_columns_cannot_say_it(text, moves, capsys):
    moves.write_text(text, encoding="utf-8")
    assert run(["holdings", "map", "moves.csv", "--accept", "--write", "--quiet"]) in (0, 3)
    capsys.readouterr()
    sell(capsys, "1kg", "--price", "900", "--order", "fifo", "--write", *DAY, code=2)
    assert moves.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("order", ["fifo", "lifo", "highest_cost", "least_tax", "named"])
def test_optimize_sells_the_lots_that_sell_shows(order, moves, capsys, monkeypatch):
    (moves.parent / "config.toml").write_text(
        f'[owner]\nsale_order = "{order}"\n' + ('sale_lots = ["C", "B"]\n' if order == "named" else ""), encoding="utf-8"
    )
    words = ["optimize", "physical-basket", "--holdings", "moves.csv", "--total", "30000", "--no-report", "--json", "--quiet"]
    assert run([*words, *DAY]) == 0
    orders = {one["asset"]: one for one in json.loads(capsys.readouterr().out)["orders"]}
    parts = [(part["lot_id"], pytest.approx(part["quantity"])) for part in orders["gallium"]["from_lots"]]
    assert orders["gallium"]["side"] == "sell"
    named = [word for lot in ("C", "B") for word in ("--lot", lot)] if order == "named" else []
    found = sell(capsys, f"{orders['gallium']['quantity']!r}kg", *named, *DAY)
    shown = next(one for one in found["orders"] if one["order"] == order)
    assert [(lot["lot"], lot["quantity"]) for lot in shown["lots"]] == parts


def test_costs_in_two_currencies_are_compared_at_the_rates_of_their_days(moves, capsys):
    dollars = MOVES.replace("500,,EUR,,Zürich", "560,,USD,,Zürich").replace("700", "490")
    moves.write_text(dollars, encoding="utf-8")
    by = {one["order"]: one for one in sell(capsys, "6kg", "--price", "900", *DAY)["orders"]}
    # 560 USD of 10 March 2026 were less than 490 EUR: the dearest is B.
    assert [lot["lot"] for lot in by["highest_cost"]["lots"]] == ["B", "C"]
    assert all(lot["cost"] is not None for lot in by["highest_cost"]["lots"])


def test_an_own_rate_is_that_of_the_cost(moves, capsys):
    text = (
        MOVES.replace("document\n", "document,rate\n").replace("Zürich,R3\n", "Zürich,R3,1.1\n").replace("500,,EUR", "550,,USD")
    )
    moves.write_text(text.replace("R1\n", "R1,\n").replace("R2\n", "R2,\n"), encoding="utf-8")
    by = {one["order"]: one for one in sell(capsys, "2kg", "--price", "900", "--lot", "C", *DAY)["orders"]}
    assert by["named"]["lots"][0]["cost"] == 1000.0


def test_a_listed_instrument_has_no_clock_of_metal(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    moves = "date,kind,lot,asset,quantity,price,currency\n2024-01-15,buy,A,XG,100,60,EUR\n"
    (tmp_path / "moves.csv").write_text(moves, encoding="utf-8")
    (tmp_path / "p.csv").write_text("date,XG\n2026-11-30,118\n", encoding="utf-8")
    words = ["sell", "XG", "10", "--holdings", "moves.csv", "--price", "118", "--tax-rate", "0.25", "--json", "--quiet"]
    assert run([*words, "--prices", "p.csv", "--prices-currency", "EUR", *DAY]) == 0
    found = json.loads(capsys.readouterr().out)
    fifo = next(one for one in found["orders"] if one["order"] == "fifo")
    assert (fifo["lots"][0]["is_free"], fifo["lots"][0]["free_from"], fifo["tax"]) == (False, None, None)
