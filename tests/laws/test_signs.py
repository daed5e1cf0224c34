"""A sign beside words, of a doubt or of a note elsewhere, is never dropped: its cell or column is asked about, or a fault."""

from __future__ import annotations

import io
from datetime import date

import pytest

from tests.holdings_files import NAMES, parsed
from toolkit.core.errors import ToolkitError
from toolkit.market.readers.prices import read_prices

TODAY = date(2026, 12, 1)
SIGNS = ("{}?", "{} (?)", "?{}", "~{}", "{}*", "{} ¹")
LOT = {
    "lot_id": "A1", "asset": "gallium", "form": "ingot", "purity": "99.99 %", "quantity": "10", "unit": "kg",
    "purchase_date": "2025-03-12", "purchase_price": "520", "currency": "EUR", "origin_country": "Japan",
    "location": "Rotterdam", "status": "stored", "custody": "segregated", "certificate": "COA 123",
    "vat_state": "customs_warehouse", "destination": "USA", "end_user": "civil", "client": "Meier", "spread": "0.1",
}  # fmt: skip
PRICE = {
    "date": "2026-11-25", "asset": "Gallium", "price": "1400", "currency": "EUR", "unit": "kg", "form": "metal",
    "purity": "4N", "place": "Rotterdam", "side": "ask", "status": "final", "basis": "warehouse", "terms": "CIF Rotterdam",
    "delivery": "spot", "valid_until": "2026-12-31", "counterparty": "ACME", "least": "25 kg", "source": "SMM",
}  # fmt: skip


def written(row: dict[str, str]) -> str:
    return f"{';'.join(row)}\n{';'.join(row.values())}\n"


def priced(text: str) -> bool:
    try:
        found = read_prices(io.BytesIO(text.encode()), today=TODAY, key=NAMES.series)
    except ToolkitError:
        return False
    return bool(found.frame.height + found.quotes.height)


def used(text: str, **answers: str) -> bool:
    found = parsed(text, **answers)
    return not (found.questions or found.faults or found.broken)


def test_without_a_sign_both_are_read():
    assert used(written(LOT))
    assert priced(written(PRICE))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("field", LOT)
def test_a_cell_of_a_lot(field: str, sign: str):
    assert not used(written({**LOT, field: sign.format(LOT[field])}))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("field", PRICE)
def test_a_cell_of_a_price(field: str, sign: str):
    assert not priced(written({**PRICE, field: sign.format(PRICE[field])}))


@pytest.mark.parametrize("sign", SIGNS)
def test_a_header(sign: str):
    assert not priced(f"date;{sign.format('Gallium')}\n2026-10-31;1400\n2026-11-30;1450\n")
    assert not used(written({sign.format(key) if key == "quantity" else key: cell for key, cell in LOT.items()}))


def test_the_owner_says_what_it_means_and_the_same_word_without_it_keeps_its_own():
    rows = "metal,kg,origin\ngallium*,10,Japan?\ngermanium,5,China\ngermanium,5,China?\ngallium,5,?\n"
    answers = {"gallium*": "no_meaning", "Japan?": "Japan", "China?": "unknown"}
    assert used(rows, **answers)
    assert [row["origin_country"] for row in parsed(rows, **answers).rows] == ["JPN", "CHN", "unknown", "unknown"]


@pytest.mark.parametrize("text", ["expired", "withdrawn", "31.10.2026 verlängert", "while stocks last"])
def test_an_end_that_is_no_day_is_asked_about(text: str):
    assert not priced(written({**PRICE, "valid_until": text}))


@pytest.mark.parametrize(
    ("text", "unit"), [("EUR/kg", "kg"), ("EUR/kg netto", "kg"), ("EUR/kg V", "EUR/kg V"), ("EUR/mtu", "EUR/mtu")]
)
def test_what_a_unit_says_beside_a_mass_stays_in_it(text: str, unit: str):
    rows = written({**PRICE, "asset": "Ferro-vanadium", "unit": text, "currency": "", "side": "", "form": "", "purity": ""})
    found = read_prices(io.BytesIO(rows.encode()), today=TODAY, key=NAMES.series).frame
    assert found.select("unit", "currency").rows() == [(unit, "EUR")]
