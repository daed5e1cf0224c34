"""Files of strangers: read at once where every word is exact, else asked about; never a wrong lot in silence, and asked once."""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from tests.strangers import FOLDER, Lot, Stranger, strangers, texts
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.lots import read_lots
from toolkit.app.holdings.names import LotNames
from toolkit.core.errors import ToolkitError
from toolkit.core.places import place
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.layout import beside, load_layout
from toolkit.market.readers.holdings.lots import ReadFile
from toolkit.market.readers.holdings.read import parse

FILES = (*strangers("lots"), *strangers("prices"))
HOLDINGS = strangers("lots")
TODAY = date(2026, 12, 1)
BEYOND = {
    "mwst-de.csv": "a price with tax, which is what was paid",
    "sold-column-en.csv": "two columns that have to be subtracted",
    "sap-me2m-de.csv": "an order list that its owner calls a stock list",
    "totaux-fr.csv": "sums that begin as lots do",
}
"""Traps that are asked about, and that one answer a column does not settle."""


def test_every_file_has_a_truth():
    assert {file.path for file in FILES} | {FOLDER / "truth.toml"} == set(FOLDER.iterdir())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path.name)
def test_a_file_is_answered_or_refused(file: Stranger):
    assert file.refuse != bool(file.lots or file.prices)
    assert file.kind == "trap" or not file.refuse
    assert file.kind != "tidy" or not (file.asks or file.layout.keys() & {"words", "remarks", "leave_out"})
    assert file.refuse or file.layout["columns"]


def test_remarks_have_a_known_meaning():
    meanings = set(texts("remark_texts").values()).union(*(file.layout.get("remarks", {}).values() for file in FILES))
    assert meanings == {"stored", "in_transit", "ordered", "at_risk", "not_mine", "no_meaning"}


@cache
def context() -> Context:
    return Context(resolve({}, file=None), TODAY, None, TODAY)


def read(file: Stranger, path: Path | None = None, **answers: str) -> ReadFile | None:
    """The file as far as it is read; None where it is refused as a whole."""
    ledger = context().ledger
    names = LotNames(ledger, context().products, tuple(lot.asset for lot in file.lots if lot.asset not in ledger.assets))
    try:
        return parse(str(path or file.path), names=names, today=TODAY, answers=answers)
    except ToolkitError:
        return None


def is_used(found: ReadFile | None) -> bool:
    """Whether commands would take the file."""
    return found is not None and not (found.questions or found.faults or found.broken)


def wrong(row: dict, truth: Lot) -> str | None:
    """What of a lot is not as a careful person reads it; a place that is not understood is no fault, since it is never safe."""
    kg = KG_PER_UNIT.get(row["unit"])
    lies_in = place(row["location"] or "").country if row["status"] == "stored" else None
    if lies_in and lies_in != truth.country:
        return f"lies in {lies_in}"
    price = row["purchase_price"]
    told = {
        "asset": row["asset"],
        "kg": row["quantity"] * kg if kg else None,
        "units": None if kg else row["quantity"],
        "price_per_kg": price / kg if price and kg else None,
        "unit_price": price,
        **{key: row[key] for key in ("status", "form", "currency", "origin_country", "purchase_date", "destination", "client")},
    }
    for key, value in told.items():
        meant = getattr(truth, key)
        same = math.isclose(value, meant, rel_tol=2e-5) if isinstance(meant, float) and value is not None else value == meant
        if meant is not None and not same:
            return f"{key}: {value}"
    return None


def is_right(found: ReadFile, file: Stranger) -> bool:
    wrongs = [wrong(row, lot) for row, lot in zip(found.rows, file.lots, strict=False)]
    return len(found.rows) == len(file.lots) and not any(wrongs)


@pytest.mark.parametrize("file", HOLDINGS, ids=lambda file: file.path.name)
def test_no_lot_is_wrong_in_silence_and_a_tidy_file_is_read_at_once(file: Stranger):
    found = read(file)
    if is_used(found):
        assert not file.refuse
        assert is_right(found, file), [wrong(row, lot) for row, lot in zip(found.rows, file.lots, strict=False)]
    assert file.kind != "tidy" or is_used(found)


def answers_of(file: Stranger) -> dict[str, str]:
    """What its owner answers, by the truth."""
    layout = file.layout
    kept = {"counterparty": "ignore", "document": "ignore"}
    answers = {header: kept.get(field, field) for header, field in layout.get("columns", {}).items() if header}
    answers |= layout.get("words", {}) | layout.get("remarks", {})
    answers |= {key: layout[key] for key in ("decimal", "dates", "unit", "currency") if key in layout and key not in answers}
    return answers | ({"encoding": layout["encoding"]} if layout.get("encoding") in ("gb18030", "cp932", "cp1250") else {})


def confirmed(file: Stranger, path: Path | None = None) -> tuple[ReadFile | None, dict[str, str]]:
    """The file by the answers of its owner, and by what is proposed where he says nothing else."""
    answers = answers_of(file)
    found = read(file, path, **answers)
    if found is not None and (found.questions or "leave_out" in file.layout):
        rows = dict(zip(found.table.rows.to_list(), found.table.cells.rows(), strict=True))
        out = (rows[i] for i in file.layout.get("leave_out", ()) if i in rows)
        answers |= {str(next(cell for cell in row if cell is not None)): "leave_out" for row in out}
        kinds = {"text": "no_meaning", "snapshot": "newest"}  # his truth has no word for a title
        answers |= {one.name: one.proposed or kinds.get(one.about) for one in found.questions if one.name not in answers}
        answers = {name: answer for name, answer in answers.items() if answer}
        found = read(file, path, **answers)
    return found, answers


@pytest.mark.parametrize("file", [file for file in HOLDINGS if not file.refuse], ids=lambda file: file.path.name)
def test_what_its_owner_confirmed_is_right_and_is_not_asked_again(file: Stranger, tmp_path: Path):
    found, _ = confirmed(file)
    if not is_used(found):
        return
    assert is_right(found, file) or file.path.name in BEYOND
    copy = tmp_path / file.path.name
    copy.write_bytes(file.path.read_bytes())
    kept = beside(copy)
    kept.write_text(found.layout.to_toml(), encoding="utf-8")
    assert load_layout(kept) == found.layout
    again = read(file, copy)
    assert is_used(again)
    assert again.by
    assert again.rows == found.rows


def test_most_files_are_right_after_one_confirmation():
    right = [
        file for file in HOLDINGS if file.kind == "confirm" and is_used(found := confirmed(file)[0]) and is_right(found, file)
    ]
    assert len(right) >= 21, "of 25"


@pytest.mark.parametrize("text", texts("remark_texts"))
def test_a_remark_is_asked_about_or_harmless(text: str, tmp_path: Path):
    file = tmp_path / "lots.csv"
    file.write_text(f'Metall;Menge (kg);Lagerort;Bemerkung\nGallium;5;Frankfurt;"{text}"\n', encoding="utf-8")
    found = parse(str(file), names=LotNames(context().ledger, context().products), today=TODAY)
    assert found.questions or texts("remark_texts")[text] in ("no_meaning", "stored")


@pytest.mark.parametrize("text", texts("location_texts"))
def test_a_place_is_safe_where_every_word_of_it_is_known(text: str, tmp_path: Path):
    file = tmp_path / "lots.csv"
    file.write_text(f'Metall;Menge (kg);Lagerort\nGallium;5;"{text}"\n', encoding="utf-8")
    found = parse(str(file), names=LotNames(context().ledger, context().products), today=TODAY)
    meant = texts("location_texts")[text]
    lies_in = place(found.rows[0]["location"] or "").country
    assert found.questions or lies_in is None or lies_in == meant


def test_metals_and_funds_on_two_sheets_are_one_owners(tmp_path: Path):
    (file,) = (file for file in HOLDINGS if file.path.name == "metals-and-funds-en.xlsx")
    copy = tmp_path / file.path.name
    copy.write_bytes(file.path.read_bytes())
    ledger, funds = context().ledger, [lot.asset for lot in file.lots if lot.units]
    names = LotNames(ledger, context().products, tuple(funds))
    for sheet in ("Metals", "Funds"):
        answers = {
            header: field
            for header, field in file.layout["columns"].items()
            if (header in ("Metal", "Kilos", "Cost per kilo (EUR)", "Where", "Since")) == (sheet == "Metals")
        }
        found = parse(f"{copy}#{sheet}", names=names, today=TODAY, answers=answers)
        assert not found.questions
        beside(copy, sheet).write_text(found.layout.to_toml(), encoding="utf-8")
    lots = read_lots(f"{copy}#Metals+Funds", ledger, context().products, TODAY, instruments=funds).frame
    assert lots["client"].null_count() == lots.height == len(file.lots)
    assert {*lots["asset"]} == {lot.asset for lot in file.lots}


@pytest.mark.parametrize("file", [file for file in HOLDINGS if file.kind == "tidy"], ids=lambda file: file.path.name)
def test_what_is_shown_is_what_is_used(file: Stranger):
    funds = [lot.asset for lot in file.lots if lot.asset not in context().ledger.assets]
    shown = read(file)
    used = read_lots(str(file.path), context().ledger, context().products, TODAY, instruments=funds)
    same = ["lot_id", "asset", "form", "quantity", "unit", "purchase_price", "currency", "location"]
    assert shown is not None
    assert shown.holdings().frame.select(same).equals(used.frame.select(same))
