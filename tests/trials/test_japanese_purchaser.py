"""A purchaser in Yokohama: a dealer's list in yen, 20 kg of gallium used a month, and an event that no ledger has yet.

He asks how long the stored gallium lasts, which orders could be stopped, and what changes if the notice that his agent reports
is true. Yen, days and states are recomputed here.
"""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.market.package import bundled_market

MONTHS = ["2025-11-28", "2025-12-26", "2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30", "2026-05-29", "2026-06-30",
          "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-30"]  # fmt: skip
GALLIUM = (165000, 171000, 178000, 186500, 191000, 199500, 205000, 212000, 209000, 221500, 228000, 231000)
INDIUM = (61000, 63500, 66000, 71000, 74500, 79000, 83000, 88500, 91000, 96500, 99000, 104000)
STOCK = """lot_id,asset,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
K-1,gallium,60,kg,2025-12-10,168000,JPY,China,Yokohama warehouse,stored
K-2,gallium,40,kg,2026-11-05,233000,JPY,China,,ordered
K-3,indium,25,kg,2026-02-16,70500,JPY,South Korea,Osaka,stored
K-4,tungsten,200,kg,,,,China,Kobe,stored
K-5,indium,10,kg,2026-10-20,103000,JPY,China,,ordered
"""
EVENT = """[[event]]
event_id = "agent-1"
kind = "control"
instrument = "licence"
standing = "official"
announced = 2026-11-20
effective = 2026-11-20
authority = "MOFCOM"
origin = "CHN"
metals = ["indium"]
forms = ["metal"]
citation = "our agent in Shanghai, 20 November 2026"
"""
ASKED = ("exposure", "stock.csv", "--prices", "dealer.csv", "--destination", "Japan", "--currency", "JPY",
         "--as-of", "2026-11-25")  # fmt: skip


@pytest.fixture
def desk(ask, tmp_path):
    """What he asks of his own files."""
    rows = [
        f"{day.replace('-', '/')},{asset},{price},JPY,kg"
        for asset, prices in (("gallium", GALLIUM), ("indium", INDIUM))
        for day, price in zip(MONTHS, prices, strict=True)
    ]
    (tmp_path / "dealer.csv").write_text("\n".join(["date,asset,price,currency,unit", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "stock.csv").write_text(STOCK, encoding="utf-8")
    (tmp_path / "events.toml").write_text(EVENT, encoding="utf-8")
    return ask


def test_his_list_in_yen_values_his_stock(desk):
    code, record = desk(*ASKED)
    assert code == 0, record
    assert record["destination"] == "JPN"
    value = {lot["lot_id"]: lot["value"] for lot in record["lots"]}
    assert value["K-1"] == pytest.approx(60 * GALLIUM[-1])
    assert value["K-2"] == pytest.approx(40 * GALLIUM[-1])
    assert value["K-3"] == pytest.approx(25 * INDIUM[-1])
    cost = {row["lot_id"]: row["cost"] for row in record["purchases"]}
    assert cost == {"K-1": 60 * 168000, "K-2": 40 * 233000, "K-3": 25 * 70500, "K-4": None, "K-5": 10 * 103000}


def test_a_metal_that_he_has_no_price_of_is_converted_at_the_rate_of_the_central_bank(desk):
    _, yen = desk(*ASKED)
    _, euro = desk(*ASKED[:6], "--currency", "EUR", "--as-of", "2026-11-25")
    tungsten = {
        record["currency"]: next(lot["value"] for lot in record["lots"] if lot["lot_id"] == "K-4") for record in (yen, euro)
    }
    assert tungsten["JPY"] / tungsten["EUR"] == pytest.approx(last_rate_of_euro("JPY", date(2026, 11, 25)), rel=1e-9)


def last_rate_of_euro(currency: str, day: date) -> float:
    """Units of a currency for a euro, from the bundled table."""
    rows = bundled_market().until(day)["fx"].filter(base="EUR", quote=currency)
    return rows.sort("date")["rate"][-1]


def test_what_changes_if_his_agent_is_right(desk):
    _, before = desk(*ASKED)
    _, after = desk(*ASKED, "--events", "events.toml")
    told = [{lot["lot_id"]: lot["delivery"] for lot in record["lots"]} for record in (before, after)]
    assert told[0]["K-5"] == "open_order_clear"
    assert told[1]["K-5"] == "open_order_at_risk"
    # Metal in Japan, and indium from Korea, are not touched by it.
    assert {key: state for key, state in told[0].items() if key != "K-5"} == {
        key: state for key, state in told[1].items() if key != "K-5"
    }
    risk = [
        next(row["value"] for row in record["deliveries"] if row["name"] == "open_order_at_risk") for record in (before, after)
    ]
    assert risk == pytest.approx([40 * GALLIUM[-1], 40 * GALLIUM[-1] + 10 * INDIUM[-1]])


def test_a_sheet_that_can_be_read_in_two_ways_is_a_question(desk, tmp_path):
    text = STOCK.replace("168000,JPY", "¥168000,").replace("70500,JPY,South Korea", '"70,500",JPY,Korea')
    (tmp_path / "stock.csv").write_text(text, encoding="utf-8")
    code, record = desk(*ASKED)
    assert code == 3
    told = record["error"]["message"]
    for words in ("70.5 or 70500", "Write JPY or CNY", "South Korea"):
        assert words in told
