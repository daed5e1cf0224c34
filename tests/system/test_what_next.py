"""What next, with money and with what one holds: orders, whose sums close, from files as users keep them."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import toolkit.market

BUNDLED = Path(toolkit.market.__file__).parent / "bundled"
ARGUMENTS = (
    "--no-report", "--quiet", "--json", "--as-of", "2026-11-24",
    "--set", "rebalance.sell=free", "--set", "rebalance.new_money_first=false", "--set", "rebalance.band=0",
)  # fmt: skip
"""Whatever may be sold is: these tests are about what may not."""
HEAD = "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status\n"
OWNED = """GA-OLD,gallium,metal,4N,3,kg,2024-01-03,500,EUR,unknown,DEU,stored
GA-SOON,gallium,metal,4N,5,kg,2025-12-01,400,EUR,unknown,DEU,stored
AU-1,gold,metal,999.9,200,g,2025-02-11,100,EUR,unknown,DEU,stored
ND-1,neodymium,oxide,99.5 %,150,kg,2024-09-01,60,EUR,unknown,DEU,stored
"""
ORDERED = "GA-ORDER,gallium,metal,4N,{},kg,2026-10-03,900,EUR,unknown,,{}\n"


@pytest.fixture
def ask(toolkit, tmp_path):
    """The record of a run on lots; the folder it was stored in is beside it."""

    def run(lots, *options, strategy="physical-basket", head=HEAD, **env):
        (tmp_path / "lots.csv").write_text(head + lots, encoding="utf-8")
        result = toolkit("optimize", strategy, *ARGUMENTS, "--holdings", str(tmp_path / "lots.csv"), *options, **env)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)

    return run


def by_asset(record, key="positions"):
    return {row["asset"]: row for row in record[key]}


def check_that_it_closes(record):
    """Cash before and the cash of every order is the cash that is left; quantities follow from the orders."""
    orders = by_asset(record, "orders")
    moved = sum(row["cash"] for row in orders.values())
    assert record["money"]["cash_before"] + moved == pytest.approx(record["cash"]["value"], abs=1e-6)
    assert sum(row["cost"] for row in orders.values()) == pytest.approx(record["costs"]["entry"], abs=1e-6)
    whole = sum(p["value"] for p in record["positions"]) + record["cash"]["value"] + record["costs"]["entry"]
    assert whole == pytest.approx(record["budget"], abs=1e-6)
    for p in record["positions"]:
        sign = {"buy": 1, "sell": -1, "keep": 0}[orders[p["asset"]]["side"]] if p["asset"] in orders else 0
        change = sign * orders[p["asset"]]["quantity"] if sign else 0.0
        assert p["quantity"] == pytest.approx(p["previous_quantity"] + change, rel=1e-9)


def test_money_is_added_to_what_is_held_and_every_order_closes(ask, tmp_path):
    record = ask(OWNED, "--budget", "50000")
    check_that_it_closes(record)
    held = sum(p["previous_quantity"] * p["price"] for p in record["positions"])
    assert record["budget"] == pytest.approx(held + 50_000, abs=0.03)
    assert record["money"]["added"] == 50_000
    orders = by_asset(record, "orders")
    assert (orders["neodymium"]["side"], orders["neodymium"]["lot_ids"]) == ("keep", ["ND-1"])
    assert by_asset(record)["neodymium"]["outside"]
    rows = list(
        csv.DictReader(io.StringIO((tmp_path / "work" / "out" / "runs" / record["run_id"] / "orders.csv").read_text("utf-8")))
    )
    assert [(row["asset"], row["side"], float(row["quantity"])) for row in rows] == [
        (row["asset"], row["side"], row["quantity"]) for row in record["orders"]
    ]
    # The whole and the money beside are two ways to say one thing.
    assert ask(OWNED, "--total", f"{record['budget']:.2f}")["positions"] == record["positions"]


def test_a_total_below_the_holdings_is_refused_and_half_a_cent_is_not(toolkit, ask, tmp_path):
    alone = ask(OWNED)
    worth = alone["budget"]
    assert alone["money"]["added"] == 0
    assert ask(OWNED, "--total", f"{worth:.2f}")["money"]["added"] == pytest.approx(0, abs=0.011)
    low = toolkit("optimize", *ARGUMENTS, "--holdings", str(tmp_path / "lots.csv"), "--total", f"{worth - 1:.2f}")
    assert low.returncode == 2
    assert "more than the whole" in json.loads(low.stdout)["error"]["message"]
    both = toolkit("optimize", *ARGUMENTS, "--budget", "1", "--total", "2")
    assert both.returncode == 2


def test_orders_count_in_the_limits_and_cannot_be_sold(ask, toolkit, tmp_path):
    """40 kg on order are nearly a fifth of 280,000 EUR less the costs of entry: no kg more fits. Of 110,000 EUR they are beyond it, and cannot be sold."""
    record = ask(ORDERED.format(40, "ordered"), "--budget", "226000")
    gallium, order = by_asset(record)["gallium"], by_asset(record, "orders")["gallium"]
    assert (gallium["quantity"], gallium["ordered_quantity"], order["side"]) == (40, 40, "keep")
    assert 0.2 - gallium["price"] / record["budget"] < gallium["weight"] <= 0.2
    assert any("count as held" in note for note in record["notes"])
    check_that_it_closes(record)
    beyond = toolkit("optimize", "physical-basket", *ARGUMENTS, "--holdings", str(tmp_path / "lots.csv"), "--budget", "60000")
    cap = next(limit for limit in json.loads(beyond.stdout)["constraints"] if limit["name"] == "any metal")
    assert (cap["where"], cap["soft"] is not None, cap["slack"] < 0) == ("gallium", True, True)


def test_an_order_without_a_price_is_not_told_as_counted(ask, tmp_path):
    """Metal of terbium is not traded: its series values it in `exposure` alone, and nothing says that it counts here."""
    (tmp_path / "tb.csv").write_text("date,asset,price,currency,unit\n2026-11-20,Terbium metal,2500,EUR,kg\n", encoding="utf-8")
    lots = ORDERED.format(4, "ordered") + "TB,terbium,metal,,3,kg,2026-10-03,900,EUR,unknown,,ordered\n"
    record = ask(lots, "--budget", "60000", "--prices", str(tmp_path / "tb.csv"))
    assert [note for note in record["notes"] if "count as held" in note] == [
        "Orders and lots in transit of gallium count as held, in limits and in value. They cannot be sold before they arrive."
    ]
    unused = [one for one in record["warnings"] if one.startswith("Own prices")]
    assert unused == ["Own prices of Terbium metal are of forms or grades that are not traded, and not used here."]
    assert any("counted in no limit" in one and "terbium (metal)" in one for one in record["warnings"])


def test_an_order_and_the_same_lot_stored_differ_only_in_what_can_be_sold(ask):
    ordered, stored = (ask(OWNED + ORDERED.format(2, status), "--budget", "50000") for status in ("ordered", "stored"))
    assert ordered["budget"] == stored["budget"]
    assert [p["previous_weight"] for p in ordered["positions"]] == [p["previous_weight"] for p in stored["positions"]]
    planned = ask(OWNED + ORDERED.format(2, "planned"), "--budget", "50000")
    assert planned["budget"] == pytest.approx(ordered["budget"] - 2 * by_asset(ordered)["gallium"]["price"], abs=0.02)


def test_a_lot_that_is_free_of_tax_in_eight_days_is_not_sold_today_unless_asked(ask):
    """Little may be under control: GA-SOON, bought on 2025-12-01, is free from 2026-12-02 on and stays."""
    record = ask(OWNED, "--set", "universe.assets=['gold', 'silver', 'platinum', 'tungsten', 'antimony', 'indium', 'bismuth']",
                 "--sell-others", "--set", "constraint.precious metals.upper=1.0",
                 "--set", "constraint.under export control.upper=0.2", "--set", "constraint.cash.upper=0.1")  # fmt: skip
    gallium = by_asset(record)["gallium"]
    assert gallium["quantity"] >= 5
    told = [note for note in record["notes"] if "GA-SOON" in note]
    assert len(told) == 1
    assert "sale_order" in told[0]
    order = by_asset(record, "orders")["gallium"]
    if order["side"] == "sell":
        assert order["lot_ids"] == ["GA-OLD"]
        assert "law of the owner's country" in order["note"]
    free = ask(OWNED, TOOLKIT_OWNER_SALE_ORDER="fifo")
    assert not [note for note in free["notes"] if "GA-SOON" in note]


def test_who_asks_for_it_sells_the_lot_that_is_nearly_free_of_tax(ask, toolkit, tmp_path):
    """Of 8 kg of gallium at most 3 may stay: by tax nothing is sold of GA-SOON, so no answer; oldest first sells both lots."""
    shown = toolkit("strategies", "show", "physical-basket").stdout
    (tmp_path / "less.toml").write_text(
        f'{shown}\n[[constraint]]\nname = "little gallium"\nkind = "bounds"\nassets = ["gallium"]\nupper = 0.045\n', "utf-8"
    )
    strategy = str(tmp_path / "less.toml")
    sold = by_asset(ask(OWNED, "--budget", "50000", strategy=strategy, TOOLKIT_OWNER_SALE_ORDER="fifo"), "orders")["gallium"]
    assert sold["side"] == "sell"
    assert sold["quantity"] >= 5
    assert sold["lot_ids"] == ["GA-OLD", "GA-SOON"]
    arguments = (strategy, *ARGUMENTS, "--holdings", str(tmp_path / "lots.csv"), "--budget", "50000")
    kept = toolkit("optimize", *arguments)
    assert kept.returncode == 5
    error = json.loads(kept.stdout)["error"]
    assert {"not sold yet", "little gallium"} <= set(error["details"]["conflict"])
    assert "5 kg of gallium (GA-SOON): free of tax from 2026-12-02" in error["message"]
    assert error["hint"].startswith("Of the lots that are nearly free of tax: wait until 2026-12-02, or sell today")


@pytest.mark.parametrize(
    ("place", "told"),
    [("Hongkong", "a licence, or part of a quota, is needed to leave"), ("Tresor 7", "write it in the column location")],
)
def test_what_an_export_control_may_hold_where_it_lies_is_not_sold(ask, place, told):
    lot = "GA-1,gallium,metal,4N,60,kg,2024-01-03,500,EUR,unknown,{},stored\n"
    options = ("--budget", "500000")
    assert by_asset(ask(lot.format("Frankfurt"), *options))["gallium"]["quantity"] < 60
    record = ask(lot.format(place), *options)
    assert by_asset(record)["gallium"]["quantity"] >= 60
    assert [note for note in record["holdings_notes"] if told in note and "60 kg of gallium" in note]
    check_that_it_closes(record)


def test_what_is_held_outside_is_sold_only_where_that_is_asked(ask):
    kept = ask(OWNED, "--budget", "10000")
    assert by_asset(kept)["neodymium"]["quantity"] == 150
    free = ask(OWNED, "--budget", "10000", "--sell-others")
    assert by_asset(free)["neodymium"]["quantity"] <= 150
    check_that_it_closes(free)


@pytest.mark.parametrize("strategy", ["physical-basket", "minimum-risk", "equal-weight", "few-holdings"])
def test_what_a_run_proposed_is_not_traded_on_the_same_data(toolkit, strategy):
    first = json.loads(toolkit("optimize", strategy, *ARGUMENTS).stdout)
    again = json.loads(toolkit("optimize", strategy, *ARGUMENTS, "--holdings", "last").stdout)
    assert {row["side"] for row in again["orders"]} == {"keep"}
    assert again["costs"]["entry"] == 0
    assert again["money"]["added"] == 0
    assert again["budget"] == pytest.approx(first["budget"] - first["costs"]["entry"], abs=0.05)
    assert [p["quantity"] for p in again["positions"]] == pytest.approx([p["quantity"] for p in first["positions"]], rel=1e-9)


def test_expected_returns_are_told_with_their_errors_or_not_at_all(toolkit):
    views = json.loads(toolkit("optimize", "control-pressure-views", *ARGUMENTS).stdout)["expected_return"]
    assert views["horizon"] == "1 year"
    assert views["error"] > 0
    assert all(row["error"] > 0 for row in views["assets"].values())
    assert json.loads(toolkit("optimize", "minimum-risk", *ARGUMENTS).stdout)["expected_return"] is None


def test_the_last_prices_are_another_value_and_their_broken_limits_are_named(stored_run):
    record, _ = stored_run
    last = record["at_last_prices"]
    worth = sum(p["quantity"] * p["price_raw"] for p in record["positions"]) + record["cash"]["value"]
    assert last["value"] == pytest.approx(worth, rel=1e-9)
    weights = {p["asset"]: p["quantity"] * p["price_raw"] / worth for p in record["positions"]}
    broken = {row["name"] for row in last["limits_broken"]}
    assert ("any metal" in broken) == (max(weights.values()) > 0.2 + 1e-6)
    assert record["ledger"]["reviewed_to"] <= date.today().isoformat()


def test_the_default_basket_costs_at_last_prices_what_the_bundled_tables_say(stored_run):
    """From the files themselves: the last row of each asset, over the last rate of the European Central Bank."""

    def rows(name):
        with (BUNDLED / name).open(encoding="utf-8", newline="") as lines:
            return [row for row in csv.DictReader(lines) if max(row["date"], row["known_from"]) <= "2026-11-24"]

    last = {row["asset"]: row for row in sorted(rows("prices.csv"), key=lambda row: row["date"])}
    rates = (
        pl.read_parquet(BUNDLED / "fx.parquet")
        .filter(base="EUR", quote="USD")
        .filter(pl.max_horizontal("date", "known_from") <= date(2026, 11, 24))
        .sort("date")
    )
    record, _ = stored_run
    held = [p for p in record["positions"] if p["quantity"]]
    assert len(held) > 5
    cost = sum(p["quantity"] * float(last[p["asset"]]["price"]) / rates["rate"][-1] for p in held)
    assert record["at_last_prices"]["value"] - record["cash"]["value"] == pytest.approx(cost, rel=1e-9)


def test_a_dealer_sets_the_price_of_what_he_names_and_of_nothing_else(toolkit, stored_run, tmp_path):
    (tmp_path / "list.csv").write_text(
        "date,asset,price,currency,unit,basis\n2026-11-20,gallium,1.65,EUR,g,dealer_ask\n2026-11-02,gallium,1.5,EUR,g,dealer_ask\n"
        "2026-11-20,indium,650,EUR,kg,dealer_ask\n",
        encoding="utf-8",
    )
    result = toolkit("optimize", *ARGUMENTS, "--prices", str(tmp_path / "list.csv"))
    asked, plain = json.loads(result.stdout), stored_run[0]
    ours, before = by_asset(asked), by_asset(plain)
    assert set(ours) == set(before)
    for key, p in ours.items():
        if key not in {"gallium", "indium"}:
            assert p["price"] == pytest.approx(before[key]["price"], rel=1e-9)
    for key, ask in (("gallium", 1650), ("indium", 650)):
        p = ours[key]
        assert (p["basis"], p["price_date"], p["price_se"]) == ("dealer_ask", "2026-11-20", 0)
        # With half the spread of the trade an order pays what is asked.
        assert p["quantity"] > 0
        assert (p["value"] + p["cost"]) / p["quantity"] == pytest.approx(ask, rel=1e-4)
    told = (
        "gallium: the dealer asks 1,650.00 EUR a kg on 2026-11-20, which a purchase pays, half the spread included; the price "
    )
    assert any(text.startswith(told) for text in asked["notes"])
    loud = (argument for argument in ARGUMENTS if argument != "--quiet")
    assert f"prices: {told}" in toolkit("optimize", *loud, "--prices", str(tmp_path / "list.csv")).stderr
    assert any("list.csv" in str(row) for row in asked["data"])


SHARES = "".join(f"20{20 + i // 12}-{i % 12 + 1:02d}-28,{180 + (i * 7) % 11}.37,{20 + (i * 3) % 5}.11\n" for i in range(48))


def test_shares_are_whole_under_lots(toolkit, tmp_path):
    (tmp_path / "p.csv").write_text("date,GLD,SLV\n" + SHARES)
    (tmp_path / "own.toml").write_text(
        '[about]\ntitle="t"\nidea="i"\nsource="s"\n[objective]\nkind="min_risk"\n[[constraint]]\nname="whole"\nkind="lots"\n'
    )
    result = toolkit("optimize", str(tmp_path / "own.toml"), *ARGUMENTS, "--prices", str(tmp_path / "p.csv"))
    record = json.loads(result.stdout)
    assert all(float(p["quantity"]).is_integer() and p["lots"] == p["quantity"] for p in record["positions"])
    assert 0 <= record["cash"]["value"] < min(p["price"] for p in record["positions"]) * 2


def test_prices_of_standard_input_are_read_once_where_holdings_are_outside_of_them(toolkit, tmp_path):
    (tmp_path / "lots.csv").write_text(HEAD + OWNED, encoding="utf-8")
    arguments = ("optimize", "equal-weight", *ARGUMENTS, "--budget", "9000", "--prices", "-", "--prices-currency", "USD")
    result = toolkit(*arguments, "--holdings", str(tmp_path / "lots.csv"), stdin="date,GLDX,SLVX\n" + SHARES)
    record = json.loads(result.stdout)
    assert {p["asset"] for p in record["positions"]} == {"GLDX", "SLVX", "gallium", "gold", "neodymium"}
    assert by_asset(record)["gallium"]["outside"]
    both = toolkit(*arguments, "--holdings", "-", stdin="date,GLDX,SLVX\n" + SHARES)
    assert both.returncode == 2
    assert "both read standard input" in json.loads(both.stdout)["error"]["message"]


def test_a_frontier_is_that_of_the_whole_and_of_what_may_be_sold(toolkit, tmp_path):
    (tmp_path / "lots.csv").write_text(HEAD + OWNED.replace("99.5 %,150", "99.5 %,600"), encoding="utf-8")
    options = ("--json", "--as-of", "2026-11-24", "--points", "2", "--holdings", str(tmp_path / "lots.csv"))
    kept = json.loads(toolkit("frontier", *options, "--total", "200000").stdout)
    free = json.loads(toolkit("frontier", *options, "--total", "200000", "--sell-others").stdout)
    assert min(point["weights"]["neodymium"] for point in kept["points"]) > 0.15
    assert min(point["weights"]["neodymium"] for point in free["points"]) < 0.15
    assert toolkit("frontier", "--json", "--sell-others").returncode == 2


def test_that_nothing_is_added_is_said_without_verbose(toolkit, tmp_path):
    (tmp_path / "lots.csv").write_text(HEAD + OWNED, encoding="utf-8")
    result = toolkit("optimize", "--no-report", "--as-of", "2026-11-24", "--holdings", str(tmp_path / "lots.csv"))
    assert "No money is added to what is held" in result.stderr


def test_lots_go_on_in_the_run_so_that_rebalancing_what_it_proposed_trades_nothing(ask, toolkit, tmp_path):
    """A lot that is nearly free of tax is still not sold when the run itself is what one holds."""
    lots = OWNED + ORDERED.format(2, "ordered")
    first = ask(lots, "--budget", "50000")
    left = {lot["lot_id"]: lot for lot in first["lots"]}
    assert (left["GA-SOON"]["quantity"], left["GA-SOON"]["bought"], left["GA-ORDER"]["status"]) == (5, "2025-12-01", "ordered")
    for p in first["positions"]:
        product, country = p["offer_of"] or p["asset"], p["origin"]
        lots = [lot for lot in first["lots"] if (lot["asset"], lot["from_country"]) == (product, country)]
        assert sum(lot["quantity"] for lot in lots) == pytest.approx(p["quantity"])
    again = json.loads(toolkit("optimize", *ARGUMENTS, "--holdings", first["run_id"]).stdout)
    assert {row["side"] for row in again["orders"]} == {"keep"}
    assert (again["costs"]["entry"], again["cash"]["value"]) == (0, first["cash"]["value"])
    assert again["lots"] == first["lots"]
    other = toolkit("optimize", *ARGUMENTS, "--holdings", first["run_id"], "--currency", "USD")
    assert other.returncode == 2
    assert "--currency EUR" in json.loads(other.stdout)["error"]["hint"]
    text = (tmp_path / "work" / "out" / "runs" / first["run_id"] / "orders.csv").read_text("utf-8")
    assert ",'" not in text  # an empty cell is empty


def test_what_would_not_be_sold_is_not_told_to_wait(ask):
    """With 600,000 EUR beside it gallium is bought, so that nobody has to hear of the lot that would be kept."""
    record = ask(OWNED, "--budget", "600000")
    assert by_asset(record, "orders")["gallium"]["side"] == "buy"
    assert not [words for words in (*record["notes"], *record["holdings_notes"]) if "Not sold today" in words]


def test_a_sale_without_a_choice_names_no_rule_and_a_loss_no_tax(ask):
    """A single lot that is sold leaves nothing to choose; bought at 5,000 EUR a kg, it brings no gain to be taxed."""
    lots = "GA-{},gallium,metal,4N,{},kg,2026-10-03,{},EUR,unknown,DEU,stored\n"
    for price, taxed in ((5000, False), (100, True)):
        order = by_asset(ask(lots.format("1", 60, price)), "orders")["gallium"]
        assert (order["side"], order["lot_ids"]) == ("sell", ["GA-1"])
        assert "law of the owner" not in order["note"]
        assert ("a gain on GA-1 is taxed today" in order["note"]) == taxed
    both = by_asset(ask(lots.format("1", 60, 5000) + lots.format("2", 20, 5000)), "orders")["gallium"]
    assert "law of the owner" in both["note"]


def test_who_sells_with_taxed_gain_is_told_of_the_lot_that_is_free_of_tax_tomorrow(ask):
    """GA-1 is kept for being free of tax on the morrow, so that GA-2 is sold taxed in its place: a warning with the money."""
    lots = "GA-{},gallium,metal,4N,{},kg,{},{},EUR,unknown,DEU,stored\n"
    alone = ask(lots.format(2, 60, "2026-10-03", 100))
    assert not [words for words in alone["warnings"] if "wait until" in words]
    record = ask(lots.format(1, 2, "2025-12-01", 100) + lots.format(2, 60, "2026-10-03", 100))
    order = by_asset(record, "orders")["gallium"]
    (part,) = order["from_lots"]
    assert part["lot_id"] == "GA-2"
    gain = part["quantity"] * (order["price"] - 100)
    (told,) = [words for words in record["warnings"] if "wait until" in words]
    assert f"A gain of {gain:,.2f} EUR on GA-2 of" in told
    assert "2 kg (GA-1) can be sold free of tax in their place" in told


def test_terms_that_nobody_knows_are_told_of_what_is_held_or_traded(toolkit, tmp_path):
    """No cost of trading beta is stated: it moves as gold and twice as far, so nothing is held of it; that of alpha counts."""
    moves, level, rows = (0.03, -0.02, 0.01, -0.03, 0.04, -0.01, 0.02) * 6, [100.0, 100.0], []
    for i, move in enumerate(moves):
        level = [level[0] * (1 + move), level[1] * (1 + 2 * move)]
        rows.append(f"{2022 + i // 12}-{i % 12 + 1:02d},{level[0]:.4f},{level[1]:.4f}")
    for own, told in (("gold", False), ("alpha", True)):
        (tmp_path / "own.csv").write_text(f"date,{own},beta\n" + "\n".join(rows), "utf-8")
        (tmp_path / "least.toml").write_text(
            f'[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n[universe]\nassets = ["{own}", "beta"]\n'
            '[forecast]\ncovariance = {kind = "sample"}\n[objective]\nkind = "min_risk"\nmeasure = "variance"\n', "utf-8",
        )  # fmt: skip
        arguments = (str(tmp_path / "least.toml"), *ARGUMENTS, "--prices", str(tmp_path / "own.csv"))
        record = json.loads(toolkit("optimize", *arguments).stdout)
        assert [p["value"] > 0 for p in record["positions"]] == [True, False]
        assert any("Costs of trading shares and funds are not stated" in words for words in record["notes"]) == told


def test_what_is_owed_on_an_order_comes_out_of_the_money_that_is_added(ask, toolkit, tmp_path):
    """10 kg at 900 EUR with 30 % paid owe 6,300 EUR: of 50,000 EUR, 43,700 are placed; run again, nothing is owed or traded."""
    order = ORDERED.format(10, "ordered").strip()
    head = HEAD.replace("status", "status,paid").strip()
    lots = "\n".join([head, *(f"{lot}," for lot in OWNED.strip().split("\n")), f"{order},30 %"]).removeprefix(HEAD)
    paid = ask(OWNED + order, "--budget", "43700")
    record = ask(lots, "--budget", "50000", head="")
    assert (record["money"]["owed"], record["money"]["reserved"], record["money"]["added"]) == (6300, 6300, 50_000)
    assert record["budget"] == paid["budget"]
    assert [p["quantity"] for p in record["positions"]] == [p["quantity"] for p in paid["positions"]]
    check_that_it_closes(record)
    gallium = by_asset(record, "orders")["gallium"]
    assert gallium["owed"] == 6300
    assert "6,300.00 EUR are still to be paid on GA-ORDER" in gallium["note"]
    folder = tmp_path / "work" / "out" / "runs" / record["run_id"]
    rows = {row["asset"]: row for row in csv.DictReader(io.StringIO((folder / "orders.csv").read_text("utf-8")))}
    assert float(rows["gallium"]["owed"]) == 6300
    again = json.loads(toolkit("optimize", *ARGUMENTS, "--holdings", "last").stdout)
    assert {row["side"] for row in again["orders"]} == {"keep"}
    assert again["money"]["owed"] == 0
    assert again["cash"]["value"] == record["cash"]["value"]
    short = ask(lots, "--budget", "5000", "--set", "constraint.any metal.upper=0.4", head="")
    assert short["money"]["reserved"] == 5000
    assert any(words.startswith("1,300.00 EUR still owed on GA-ORDER") for words in short["warnings"])


OF_ORIGIN = """GA-JP,gallium,metal,4N,12,kg,2024-01-03,500,EUR,JPN,Frankfurt,stored
GA-CN,gallium,metal,4N,2,kg,2024-01-03,500,EUR,CHN,Frankfurt,stored
GA-SH,gallium,metal,4N,1,kg,2024-01-03,500,EUR,JPN,Shanghai,stored
GA-X,gallium,metal,4N,1,kg,2024-01-03,500,EUR,unknown,Frankfurt,stored
GA-WHERE,gallium,metal,4N,1,kg,2024-01-03,500,EUR,JPN,Halle 7,stored
GA-DE,gallium,metal,4N,1,kg,2026-10-03,900,EUR,DEU,,ordered
SB-JP,antimony,metal,,100,kg,2024-01-03,10,EUR,JPN,Frankfurt,stored
BI-JP,bismuth,metal,4N,20,kg,2024-01-03,10,EUR,JPN,Frankfurt,stored
W-VN,tungsten,metal,99.95 %,20,kg,2024-01-03,45,EUR,VNM,Hamburg,stored
"""


def test_limits_on_control_and_countries_count_a_lot_by_its_own_origin_as_the_exposure_does(ask, toolkit, tmp_path):
    """Of gallium in Shanghai, in a place that is not understood, from China or from nobody knows where, control is counted."""
    record = ask(OF_ORIGIN, "--budget", "60000")
    check_that_it_closes(record)
    positions = by_asset(record)
    before = {row["asset"]: row["previous_quantity"] for row in record["positions"] if row["previous_quantity"]}
    assert {key: before[key] for key in before if "gallium" in key} == {
        "gallium": 2,
        "gallium_CHN": 3,
        "gallium_JPN": 12,
        "gallium_DEU": 1,
    }
    result = toolkit("exposure", str(tmp_path / "lots.csv"), "--json", "--as-of", "2026-11-24")
    controlled = {lot["lot_id"] for lot in json.loads(result.stdout)["lots"] if lot["controlled"] and lot["asset"] == "gallium"}
    assert controlled == {"GA-CN", "GA-SH", "GA-X"}
    measures = {row["asset"]: row["measures"] for row in record["controls"]}
    chinese = [p for p in record["positions"] if p["origin"] in (None, "CHN")]
    counted = [p for p in chinese if any(m["counts"] for m in measures.get(p["offer_of"] or p["asset"], []))]
    assert positions["gallium"] in counted
    wealth = sum(p["value"] for p in record["positions"]) + record["cash"]["value"]
    limit = next(row for row in record["constraints"] if row["kind"] == "control_exposure")
    assert limit["value"] == pytest.approx(sum(p["value"] for p in counted) / wealth, rel=1e-6)  # amounts are cents
    assert record["exposures"]["country"]["JPN"] >= positions["gallium_JPN"]["weight"]
    assert sum(p["weight"] for p in record["positions"] if p["element"] == "Ga") <= 0.2 + 1e-9  # a limit on the metal: both
    assert not [row for row in record["orders"] if row["side"] == "buy" and row["asset"] in ("gallium_JPN", "gallium_DEU")]
    uncertain = next(text for text in record["warnings"] if "is uncertain and counts as controlled" in text)
    assert positions["tungsten"]["name"] in uncertain  # of Chinese origin; that from Vietnam is under no Chinese licence
    assert positions["tungsten_VNM"]["name"] not in uncertain
    sides = [
        {row["side"] for row in record["orders"] if row["asset"].split("_")[0] == metal} for metal in ("gallium", "antimony")
    ]
    assert not [found for found in sides if {"buy", "sell"} <= found]
    told = next(note for note in record["holdings_notes"] if note.startswith("Counted in limits by"))
    assert "GA-DE" in told
    assert "GA-JP" in told
    again = toolkit("optimize", "physical-basket", *ARGUMENTS, "--holdings", "last")
    assert {row["side"] for row in json.loads(again.stdout)["orders"]} == {"keep"}


def test_a_strategy_that_cannot_tell_origins_apart_says_so(ask):
    record = ask(OF_ORIGIN, "--budget", "60000", strategy="least-drawdown")
    assert by_asset(record)["gallium"]["previous_quantity"] == 18
    told = [warning for warning in record["warnings"] if "count in limits on control and countries" in warning]
    assert any("not of their own" in warning and "GA-JP" in warning for warning in told)
    assert any("their place is not known" in warning and "GA-WHERE" in warning for warning in told)


OF_HAFNIUM = """HF-FR,hafnium,metal,99.9 %,2,kg,2023-03-01,1400,EUR,FRA,Frankfurt,stored
HF-CN,hafnium,metal,99.9 %,4,kg,2023-03-01,1400,EUR,CHN,Frankfurt,stored
IN-CN,indium,metal,99.99 %,60,kg,2023-03-01,250,EUR,CHN,Zug,stored
IN-KR,indium,metal,99.99 %,40,kg,2023-03-01,250,EUR,KOR,Zug,stored
IN-WHERE,indium,metal,99.99 %,20,kg,2023-03-01,250,EUR,KOR,,stored
"""


def test_a_limit_on_china_sells_what_is_from_china_and_not_what_is_from_elsewhere(ask):
    """Of metals under control and of others, wherever they lie: indium is under none, so its place does not matter."""
    limit = ("--set", "constraint.China.upper=0.1", "--sell-others", "--budget", "60000")
    record = ask(OF_HAFNIUM, *limit, strategy="ex-china")
    check_that_it_closes(record)
    before = {p["asset"]: p["previous_quantity"] for p in record["positions"] if p["previous_quantity"]}
    assert before == {"hafnium_FRA": 2, "hafnium_CHN": 4, "indium_CHN": 60, "indium_KOR": 60}
    shares = {p["asset"]: p["weight"] for p in record["positions"]}
    assert shares["hafnium_CHN"] + shares["indium_CHN"] <= 0.1
    china = next(row for row in record["constraints"] if row["name"] == "China")
    assert china["value"] >= shares["hafnium_CHN"] + shares["indium_CHN"]
    assert by_asset(record, "orders")["hafnium_FRA"]["side"] == "keep"
    control = next(row for row in record["constraints"] if row["kind"] == "control_exposure")
    assert control["coverage"] == {"CHN": "modelled", "KOR": "pointer"}  # from France to Germany nothing is exported
    assert any("The export law of KOR is not in the ledger" in warning for warning in record["warnings"])


PIECES = """AU-COIN,gold,916.7,339.3 g,33.93 g,2023-12-03,60,unknown,Frankfurt
GA-BLOCK,gallium,4N,30 kg,2.5 kg,2024-06-10,280,unknown,Frankfurt
GA-ODD,gallium,4N,1.3 kg,,2024-06-11,280,unknown,Frankfurt
IN-ODD,indium,4N,12.3 kg,,2024-06-10,280,unknown,Frankfurt
"""
OF_PIECES = "lot_id,asset,purity,quantity,size,purchase_date,purchase_price,origin_country,location\n"


def test_what_is_sold_is_whole_pieces_and_what_is_bought_whole_lots(ask, tmp_path):
    """Ten coins and 1.3 kg of gallium cannot be cut where the optimum ends: recomputed from orders.csv."""
    lots = PIECES.replace(",280,", ",280 EUR,").replace(",60,", ",60 EUR,")
    record = ask(lots, "--budget", "10000", head=OF_PIECES)
    check_that_it_closes(record)
    stored = tmp_path / "work" / "out" / "runs" / record["run_id"] / "orders.csv"
    rows = {row["asset"]: row for row in csv.DictReader(io.StringIO(stored.read_text("utf-8")))}
    coin, block = 33.93 * 0.9167 / 1000, 2.5
    before = {p["asset"]: p["previous_quantity"] for p in record["positions"]}
    gold = next(row for key, row in rows.items() if key.startswith("gold") and row["side"] == "sell")
    coins = float(gold["quantity"]) / coin
    assert coins == pytest.approx(round(coins), abs=1e-6)
    assert 0 < round(coins) < 10
    assert f"{round(coins)} of 10 pieces of AU-COIN" in gold["note"]
    assert rows["gallium"]["side"] == "sell"
    sold = float(rows["gallium"]["quantity"])
    cut = [sold - part for part in (0.0, 1.0, 1.3) if abs((sold - part) / block - round((sold - part) / block)) < 1e-6]
    assert cut  # blocks, and of the odd lot nothing, a lot of the dealer or all
    for key, row in rows.items():
        size = next(p["lot_size"] or 1.0 for p in record["positions"] if p["asset"] == key)
        if row["side"] == "buy" and before[key]:
            assert float(row["quantity"]) / size == pytest.approx(round(float(row["quantity"]) / size), abs=1e-9)
    assert record["cash"]["value"] >= 0


def test_a_sale_that_no_whole_quantity_can_replace_is_named_with_its_money(ask, tmp_path):
    """A bar of a kg is two thirds of all: at most a fifth may be gold, and a tenth has to be."""
    found = Path(toolkit.__file__).parent.parent / "strategies" / "physical-basket.toml"
    own = '\n\n[[constraint]]\nname = "some gold"\nkind = "bounds"\nassets = ["gold"]\nlower = 0.10\n'
    (tmp_path / "work").mkdir(exist_ok=True)
    (tmp_path / "work" / "mine.toml").write_text(found.read_text("utf-8") + own, encoding="utf-8")
    bar = "AU-BAR,gold,999.9,1 kg,1 kg,2023-12-03,60000 EUR,unknown,Frankfurt\n"
    record = ask(bar, "--budget", "60000", strategy="mine.toml", head=OF_PIECES)
    check_that_it_closes(record)
    order = by_asset(record, "orders")["gold"]
    assert order["side"] == "sell"
    assert 0 < order["quantity"] < 1
    assert order["from_lots"][0]["pieces"] is None
    told = next(text for text in record["warnings"] if "cuts a piece of AU-BAR" in text)
    assert "neither 0 nor 1 hold the limits" in told
    assert f"{order['value']:,.2f} EUR" in told
    free = ask(bar, "--budget", "600000", head=OF_PIECES)
    assert by_asset(free, "orders")["gold"]["side"] == "keep" or by_asset(free, "orders")["gold"]["quantity"] == 1


def test_metal_of_one_origin_is_not_sold_to_buy_it_of_another(ask):
    """Of 4 kg of Japanese gallium 2 were sold, and 1 kg from China bought: no metal is on both sides."""
    lots = "W,tungsten,,60 kg,30x700 mm,,,CHN,Rotterdam\nGA,gallium,,4 kg,,,,JPN,Rotterdam\n"
    record = ask(lots + "SB,antimony,,200 kg,,,,BOL,Rotterdam\nIN,indium,,15 kg,,,,KOR,Rotterdam\n", head=OF_PIECES)
    sides = [{row["side"] for row in record["orders"] if row["asset"].startswith(metal)} for metal in ("gallium", "antimony")]
    assert all(len(side) == 1 for side in sides)
