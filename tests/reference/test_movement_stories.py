"""Stories of movements whose every figure is computed again by plain arithmetic that shares nothing with the toolkit.

An advisor keeps six clients over three years: part deliveries, a loss, a division, an assay, moves, bills. A private saver buys a
fraction of a basket each month with a fee in per cent. Prices are the user's own, so that the level of a day is the last of them.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from toolkit.cli.main import run

DAY = date(2026, 11, 15)
CENT = Decimal("0.01")
HEAD = "date,kind,lot,asset,quantity,unit,price,total,currency,fees,location,to,into,client,document"
ADVISOR = f"""{HEAD}
2024-01-15,buy,A1,gallium,10,kg,320.35,,EUR,31.40,Frankfurt,,,Ahrens,R1
2024-03-01,order,A2,germanium,6,kg,1611.10,,EUR,24.15,,,,Ahrens,R2
2024-04-10,deliver,A2,,2.5,kg,,,EUR,12.20,,Zürich,,Ahrens,R2a
2024-05-20,deliver,A2,,3.5,kg,,,EUR,13.70,,Zürich,,Ahrens,R2b
2025-02-03,sell,A1,gallium,3.7,kg,571.95,,EUR,18.05,Frankfurt,,,Ahrens,S1
2025-08-11,sell,A2,germanium,1.3,kg,2210.55,,EUR,16.85,Zürich,,,Ahrens,S2
2024-01-22,buy,B1,indium,40,kg,258.15,,EUR,42.10,Frankfurt,,,Brandt,R3
2024-09-09,loss,B1,indium,1.75,kg,,,EUR,,Frankfurt,,,Brandt,L1
2025-04-14,loss,B1,indium,2.25,kg,,410.60,EUR,,Frankfurt,,,Brandt,L2
2025-10-01,storage,B1,,,,,64.35,EUR,,,,,Brandt,T1
2024-02-12,buy,C1,gallium,8,kg,331.05,,EUR,27.95,Frankfurt,,,Claasen,R4
2024-07-01,split,C1,gallium,3,kg,,,EUR,,Frankfurt,,C2,Claasen,P1
2025-01-20,sell,C2,gallium,3,kg,512.45,,EUR,15.55,Frankfurt,,,Claasen,S3
2025-03-03,transfer,C1,gallium,5,kg,,,EUR,22.60,Frankfurt,Zürich,,Claasen,U1
2024-03-18,buy,D1,germanium,4,kg,1633.25,,EUR,19.80,Zürich,,,Dorn,R5
2024-11-04,adjust,D1,germanium,-0.125,kg,,,EUR,35.00,Zürich,,,Dorn,W1
2025-06-02,sell,D1,germanium,1.5,kg,2101.75,,EUR,14.45,Zürich,,,Dorn,S4
2024-05-06,buy,E1,indium,25,kg,271.85,,EUR,28.30,Frankfurt,,,Ewald,R6
2025-05-05,buy,E2,indium,15,kg,305.45,,EUR,21.15,Frankfurt,,,Ewald,R7
2025-12-01,sell,E1,indium,25,kg,341.25,,EUR,33.75,Frankfurt,,,Ewald,S5
2025-12-15,tax,E1,,,,,289.90,EUR,,,,,Ewald,X1
2025-09-15,buy,F1,gallium,12,kg,655.65,,EUR,39.45,Frankfurt,,,Fink,R8
2026-04-01,storage,F1,,,,,77.25,EUR,,,,,Fink,T2
"""
CLIENTS = ("Ahrens", "Brandt", "Claasen", "Dorn", "Ewald", "Fink")


def month_ends() -> list[date]:
    """From November 2023 to October 2026."""
    firsts = [date(2023 + (11 + i) // 12, (11 + i) % 12 + 1, 1) for i in range(36)]
    return [first - timedelta(days=1) for first in firsts]


def prices() -> dict[str, dict[date, Decimal]]:
    """Of a kg at month ends, and of a basket each day: walks that a plain generator draws."""
    random = np.random.default_rng(20261115)
    days = month_ends()
    found: dict[str, dict[date, Decimal]] = {}
    for asset, first in (("gallium", 300.0), ("germanium", 1500.0), ("indium", 255.0)):
        steps = np.exp(np.cumsum(random.normal(0.02, 0.05, len(days))))
        found[asset] = {day: Decimal(f"{first * step:.2f}") for day, step in zip(days, steps, strict=True)}
    every = [date(2023, 12, 1) + timedelta(days=i) for i in range((DAY - date(2023, 12, 1)).days + 1)]
    every = [day for day in every if day.weekday() < 5]
    steps = np.exp(np.cumsum(random.normal(0.0004, 0.01, len(every))))
    found["BASKET"] = {day: Decimal(f"{100 * step:.4f}") for day, step in zip(every, steps, strict=True)}
    return found


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass
class Ledger:
    """What a bookkeeper would note of one client: quantity, cost and fees by lot, and money by day."""

    lots: dict[str, list[Decimal]] = field(default_factory=dict)  # quantity, cost, fees of the purchase
    metal: dict[str, str] = field(default_factory=dict)
    money: list[tuple[date, Decimal]] = field(default_factory=list)
    held: dict[tuple[str, str], list[tuple[date, Decimal]]] = field(default_factory=lambda: defaultdict(list))
    realised: Decimal = Decimal(0)
    paid: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def take(self, lot: str, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Cost and fees of a part, to the cent; of the rest what is left."""
        own = self.lots[lot]
        part = [own[at] if quantity == own[0] else cents(own[at] * quantity / own[0]) for at in (1, 2)]
        self.lots[lot] = [own[0] - quantity, own[1] - part[0], own[2] - part[1]]
        return part[0], part[1]

    def move(self, day: date, lot: str, quantity: Decimal) -> None:
        self.held[lot, self.metal[lot]].append((day, quantity))

    def read(self, row: dict[str, str]) -> None:
        """One row of the file."""
        day, lot = date.fromisoformat(row["date"]), row["lot"]
        quantity, price, total, fees = (Decimal(row[key] or 0) for key in ("quantity", "price", "total", "fees"))
        match row["kind"]:
            case "buy" | "order":
                cost = cents(total or quantity * price)
                self.lots[lot], self.metal[lot] = [quantity, cost, fees], row["asset"]
                self.move(day, lot, quantity)
                self.money.append((day, cost + fees))
                self.paid["fees"] += fees
            case "sell" | "loss":
                cost, bought_for = self.take(lot, quantity)
                proceeds = total if row["kind"] == "loss" else cents(total or quantity * price)
                self.move(day, lot, -quantity)
                self.money.append((day, fees - proceeds))
                self.realised += proceeds - fees - cost - bought_for
                self.paid["fees"] += fees
            case "split":
                cost, bought_for = self.take(lot, quantity)
                self.lots[row["into"]], self.metal[row["into"]] = [quantity, cost, bought_for], row["asset"]
                self.move(day, lot, -quantity)
                self.move(day, row["into"], quantity)
            case "adjust":
                # What an assay finds was so from the purchase on: past days are valued at what is known of them today.
                self.lots[lot][0] += quantity
                self.move(self.held[lot, self.metal[lot]][0][0], lot, quantity)
                self._pay(day, "fees", fees)
            case "deliver" | "transfer":
                self._pay(day, "fees", fees)
            case kind:
                self._pay(day, kind, total)

    def _pay(self, day: date, kind: str, amount: Decimal) -> None:
        self.money.append((day, amount))
        self.paid[kind] += amount

    def quantity(self, metal: str, day: date, *, before: bool = False) -> Decimal:
        rows = [one for (_, name), moves in self.held.items() if name == metal for one in moves]
        return sum((q for when, q in rows if when < day or (when == day and not before)), Decimal(0))

    def worth(self, known: dict[str, dict[date, Decimal]], day: date, *, before: bool = False) -> float:
        total = 0.0
        for metal in {*self.metal.values()}:
            level = known[metal][max(one for one in known[metal] if one <= day)]
            total += float(self.quantity(metal, day, before=before) * level)
        return total


def rate_by_bisection(flows: list[tuple[date, float]], value: float, day: date) -> float:
    """The rate a year at which the flows come to the value: halving an interval, and nothing else."""

    def left(rate: float) -> float:
        return sum(amount * (1 + rate) ** ((day - when).days / 365) for when, amount in flows) - value

    low, high = -0.99, 50.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (left(middle) > 0) == (left(low) > 0) else (low, middle)
    return (low + high) / 2


def chained(ledger: Ledger, known: dict[str, dict[date, Decimal]], day: date) -> float:
    """Growth of 1: on each day with money what is there after it over what there was and came, between days what prices did."""
    growth, last = 1.0, 0.0
    for when in sorted({when for when, _ in ledger.money} | {when for moves in ledger.held.values() for when, _ in moves}):
        own = [float(amount) for on, amount in ledger.money if on == when]
        came, went = sum(one for one in own if one > 0), -sum(one for one in own if one < 0)
        before, after = ledger.worth(known, when, before=True), ledger.worth(known, when)
        growth *= before / last if last else 1.0
        growth *= (after + went) / (before + came) if before + came else 1.0
        last = after
    return growth * (ledger.worth(known, day) / last if last else 1.0)


@pytest.fixture(scope="module")
def known() -> dict[str, dict[date, Decimal]]:
    return prices()


@pytest.fixture
def folder(tmp_path, monkeypatch, known):
    monkeypatch.chdir(tmp_path)
    metals = [f"{day},{asset},{price},EUR,kg" for asset in known if asset != "BASKET" for day, price in known[asset].items()]
    (tmp_path / "own.csv").write_text("\n".join(["date,asset,price,currency,unit", *metals]), encoding="utf-8")
    (tmp_path / "basket.csv").write_text(
        "\n".join(["date,BASKET", *(f"{day},{price}" for day, price in known["BASKET"].items())]), encoding="utf-8"
    )
    return tmp_path


def performance(capsys, file: str, own: str, *words: str) -> dict:
    """What the command prints."""
    accept = [part for asset in ("gallium", "germanium", "indium") for part in ("--accept", asset)] if own == "own.csv" else []
    words = ("--prices", own, *accept, "--as-of", DAY.isoformat(), *words)
    assert run(["performance", file, *words, "--prices-currency", "EUR", "--json", "--quiet"]) in (0, None)
    return json.loads(capsys.readouterr().out)


def ledgers(text: str) -> dict[str, Ledger]:
    found: dict[str, Ledger] = defaultdict(Ledger)
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["date"])
    for row in rows:
        found[row["client"]].read(row)
    return found


def check(told: dict, own: Ledger, known: dict[str, dict[date, Decimal]]) -> None:
    """Every figure of one client, or of all, against the bookkeeper's."""
    put = sum(amount for _, amount in own.money if amount > 0)
    out = -sum(amount for _, amount in own.money if amount < 0)
    value = own.worth(known, DAY)
    assert told["put_in"] == pytest.approx(float(put), abs=0.005)
    assert told["taken_out"] == pytest.approx(float(out), abs=0.005)
    assert told["value"] == pytest.approx(value, abs=0.05)
    assert told["gain"]["total"] == pytest.approx(value + float(out - put), abs=0.05)
    for kind in ("fees", "storage", "tax"):
        assert told["gain"][kind] == pytest.approx(-float(own.paid[kind]), abs=0.005)
    assert sum(told["gain"][part] for part in ("price", "currency", "spread", "fees", "storage", "tax")) == pytest.approx(
        told["gain"]["total"], abs=1e-6
    )
    assert told["gain"]["currency"] == 0
    flows = [(when, float(amount)) for when, amount in own.money]
    rate = rate_by_bisection(flows, told["value"], DAY)
    if told["rate"] is not None:
        assert told["rate"] == pytest.approx(rate, abs=1e-9)
        if told["rate_ends"] is not None:  # a price of no error has no interval; the value is to the cent, its ends not
            assert told["rate_ends"]["low"] - 1e-4 < rate < told["rate_ends"]["high"] + 1e-4
    first = min(when for when, _ in own.money)
    assert told["money_weighted"] == pytest.approx((1 + rate) ** ((DAY - first).days / 365) - 1, rel=1e-9, abs=1e-9)
    assert told["time_weighted"] == pytest.approx(chained(own, known, DAY) - 1, rel=1e-9, abs=1e-9)


def test_six_clients_of_an_advisor_over_three_years(folder, capsys, known):
    (folder / "moves.csv").write_text(ADVISOR, encoding="utf-8")
    own = ledgers(ADVISOR)
    every = performance(capsys, "moves.csv", "own.csv")
    assert tuple(one["key"] for one in every["clients"]) == CLIENTS
    whole = Ledger()
    for row in sorted(csv.DictReader(io.StringIO(ADVISOR)), key=lambda row: row["date"]):
        whole.read(row)
    # Flows of one day of several clients are several flows in both.
    check(every["whole"], whole, known)
    for told in every["clients"]:
        check(told, own[told["key"]], known)
        alone = performance(capsys, "moves.csv", "own.csv", "--client", told["key"])
        drawn = ("key", "client", "rate_ends", "value_ends", "time_weighted_ends")  # other draws than beside other metals
        assert {key: one for key, one in alone["whole"].items() if key not in drawn} == {
            key: one for key, one in told.items() if key not in drawn
        }
        assert alone["whole"]["value_ends"] == pytest.approx(told["value_ends"], rel=0.03)
        assert alone["client"] == told["key"]
    for one in every["lots"]:
        quantity, cost, _ = own[one["client"]].lots[one["key"]]
        assert (one["held"], one["cost"]) == (pytest.approx(float(quantity), abs=1e-9), pytest.approx(float(cost), abs=0.005))
    left = [(one["lot_id"], one["how"], one["quantity"]) for one in every["left"]]
    gone = [
        (r["lot"], r["kind"], float(r["quantity"]))
        for r in csv.DictReader(io.StringIO(ADVISOR))
        if r["kind"] in ("sell", "loss")
    ]
    assert sorted(left) == sorted(gone)
    assert sum(one["gain"] for one in every["left"]) == pytest.approx(
        float(sum(one.realised for one in own.values())), abs=0.005
    )
    years = {one["year"]: one for one in every["years"]}
    assert [*years] == [2024, 2025, 2026]
    for year, told in years.items():
        money = [amount for when, amount in whole.money if when.year == year]
        end = DAY if year == DAY.year else date(year, 12, 31)
        assert told["put_in"] == pytest.approx(float(sum(one for one in money if one > 0)), abs=0.005)
        assert told["taken_out"] == pytest.approx(-float(sum(one for one in money if one < 0)), abs=0.005)
        assert told["end"] == pytest.approx(whole.worth(known, end), abs=0.05)
    for point in every["path"]:
        when = date.fromisoformat(point["day"])
        assert point["value"] == pytest.approx(whole.worth(known, when), rel=1e-9)
        assert point["paid"] == pytest.approx(float(sum(amount for on, amount in whole.money if on <= when)), abs=0.005)


def plan(known: dict[str, dict[date, Decimal]]) -> str:
    """200 EUR a month into a basket that is kept collectively: 2 % of it is the fee, a fraction of a unit comes in."""
    rows = ["date,kind,lot,asset,quantity,unit,price,currency,fees,custody,client,total,into"]
    for i in range(34):
        day = date(2024 + i // 12, i % 12 + 1, 15)
        level = known["BASKET"][max(one for one in known["BASKET"] if one <= day)]
        fee = cents(Decimal(200) * Decimal("0.02"))
        units = ((Decimal(200) - fee) / level).quantize(Decimal("0.000001"))
        rows.append(f"{day},buy,P{i + 1:02d},BASKET,{units},unit,{level},EUR,{fee},collective,,,")
    rows += [
        "2025-07-21,sell,P01,BASKET,1.25,unit,131.77,EUR,1.65,collective,,,",
        "2026-02-02,storage,P02,,,,,EUR,,collective,,9.90,",
    ]
    return "\n".join(rows) + "\n"


def test_a_saver_with_a_monthly_plan_in_a_collective_basket(folder, capsys, known):
    text = plan(known)
    (folder / "plan.csv").write_text(text, encoding="utf-8")
    own = ledgers(text)[""]
    found = performance(capsys, "plan.csv", "basket.csv")
    whole = found["whole"]
    check(whole, own, known)
    assert whole["gain"]["fees"] == -float(34 * Decimal("4.00") + Decimal("1.65"))
    assert len(found["lots"]) == 34
    held = sum(one["held"] for one in found["lots"])
    assert held == pytest.approx(float(own.quantity("BASKET", DAY)), abs=1e-9)
    assert found["missing"] == found["unpriced"] == []
    # A price that is observed each day has no error that the toolkit knows of: there is no interval to tell.
    assert whole["value_ends"] is None
    cash = next(one for one in found["benchmarks"] if one["key"] == "cash")
    assert cash["value"] == pytest.approx(whole["put_in"] - whole["taken_out"], abs=0.01)
