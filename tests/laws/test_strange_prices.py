"""Price files of strangers: read at once where every word is exact, else asked about; no wrong price of a metal in silence."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from tests.strangers import Stranger, strangers
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.import_file import ImportOptions, import_file
from toolkit.app.data.map_prices import MappedPrices, map_prices
from toolkit.app.prices import per_kg
from toolkit.core.errors import DataError
from toolkit.market.layouts.fields import FIELDS
from toolkit.market.layouts.layout import load_layout, shipped
from toolkit.market.readers.price_checks import OF_DEALERS
from toolkit.market.readers.price_columns import read_columns
from toolkit.market.store.store import Store

TODAY = date(2026, 12, 1)
FILES = strangers("prices")
ASSUMED = {"index-points-en.csv": "names no currency, which a warning tells; of no other metal is anything read"}
SIDES = {"bid": "dealer_bid", "ask": "dealer_ask"}


@cache
def context() -> Context:
    return Context(resolve({}, file=None), TODAY, None, TODAY)


def mapped(file: Stranger, path: Path | None = None, **answers: str) -> MappedPrices | None:
    """The file as it is read; None where it is refused as a whole."""
    try:
        return map_prices(str(path or file.path), context(), answers=answers)
    except DataError:
        return None


def is_used(found: MappedPrices | None) -> bool:
    """Whether commands would take its prices."""
    return found is not None and found.file is not None


def newest(found: MappedPrices) -> list[dict]:
    """The newest price of each metal, a kilogram, on each side."""
    assert found.file is not None
    rows, _ = per_kg(pl.concat([found.file.frame, found.file.quotes]), context().products)
    metals = rows.filter(pl.col("asset").is_in([*context().products.keys]))
    return metals.sort("date").group_by("asset", "basis", maintain_order=True).last().to_dicts()


def is_right(row: dict, found: MappedPrices, file: Stranger) -> bool:
    """Whether a price is one of its metal as a careful person reads it."""
    assert found.file is not None
    told = row["asset"] in found.file.unstated
    side = row["basis"] if row["basis"] in OF_DEALERS else None
    return any(
        one.asset == row["asset"]
        and one.price_per_kg == pytest.approx(row["price"], rel=1e-6)
        and (told or one.currency == row["currency"])
        and (side is None or SIDES.get(one.side or "") == side)
        for one in file.prices
    )


@pytest.mark.parametrize("file", [one for one in FILES if one.kind == "tidy"], ids=lambda one: one.path.name)
def test_a_tidy_file_is_read_at_once_and_whole(file: Stranger):
    found = mapped(file)
    assert found is not None
    assert is_used(found)
    rows = newest(found)
    assert all(is_right(row, found, file) for row in rows)
    assert len(rows) == len(file.prices)


@pytest.mark.parametrize("file", [one for one in FILES if one.path.name not in ASSUMED], ids=lambda one: one.path.name)
def test_no_price_of_a_metal_is_wrong_in_silence(file: Stranger):
    found = mapped(file)
    assert found is None or not is_used(found) or all(is_right(row, found, file) for row in newest(found))


@pytest.mark.parametrize("file", [one for one in FILES if one.path.name not in ASSUMED], ids=lambda one: one.path.name)
def test_what_its_owner_says_is_right_and_said_once(file: Stranger, tmp_path: Path):
    fields = {one.key for one in FIELDS["prices"]} | {"ignore"}
    columns = {name: field for name, field in file.layout.get("columns", {}).items() if field in fields}
    words = file.layout.get("words", {})
    conventions = {name: file.layout[name] for name in ("decimal", "dates", "currency", "unit") if name in file.layout}
    if (first := mapped(file)) is None or (first.file is None and not first.columns.questions):
        return  # refused, with what helps
    if first.columns.layout.shape != "ohlc":
        conventions = {name: one for name, one in conventions.items() if name not in ("currency", "unit")}
    asked = {one.name for one in first.columns.questions}
    text = "" if first.columns.table.encoding != "utf-8" else file.path.read_text("utf-8-sig")
    words = {name: one for name, one in words.items() if name in text}
    answers = {name: one for name, one in columns.items() if name in asked} | words | conventions
    found = mapped(file, **answers)
    if found is None or not is_used(found):
        return
    assert all(is_right(row, found, file) for row in newest(found))
    copy, kept = tmp_path / file.path.name, tmp_path / "kept.layout.toml"
    copy.write_bytes(file.path.read_bytes())
    kept.write_text(found.columns.layout.to_toml(), encoding="utf-8")
    again = mapped(file, copy)
    assert again is not None
    assert is_used(again)
    assert newest(again) == newest(found)


FORMS = "date,asset,price,currency,unit,{}\n2026-11-20,germanium,1234,USD,kg,{}\n"


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Form", "oxide"), ("form", "dioxide"), ("Spec", "dioxide"), ("Status", "target price"), ("Status", "forecast"),
        ("Delivery", "Q3 2027"), ("Delivery", "2027-06"), ("Liefermonat", "März 2027"), ("Remark", "error - ignore"),
        ("Bemerkung", "Prognose"), ("Price type", "indicative"), ("Side", "Buy"), ("Foo", "bar"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("second", ["", "2026-11-20,gallium,1400,USD,kg,{}\n"])
def test_what_is_no_price_of_the_metal_today_is_asked_about_or_none(tmp_path, header, cell, second):
    """Metal was sold at it: a form, a status, a delivery and a remark of a price list were ignored."""
    path = tmp_path / "list.csv"
    path.write_text(FORMS.format(header, cell) + second.format(""), encoding="utf-8")
    try:
        found = map_prices(str(path), context())
    except DataError:
        return
    assert found.file is None or "germanium" not in {row["asset"] for row in newest(found)}


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_layout_is_what_it_says(name, tmp_path):
    kept = tmp_path / "kept.layout.toml"
    kept.write_text(shipped()[name].to_toml(), encoding="utf-8")
    assert load_layout(kept) == shipped()[name]


def test_a_column_that_is_ignored_is_asked_about_when_it_says_more(tmp_path):
    head, path = "date,asset,price,currency,unit,Kind of it\n", tmp_path / "list.csv"
    path.write_text(head + "2026-11-20,indium,560,USD,kg,plain\n", encoding="utf-8")
    found = map_prices(str(path), context(), answers={"Kind of it": "ignore"})
    assert found.file is not None
    (tmp_path / "list.layout.toml").write_text(found.columns.layout.to_toml(), encoding="utf-8")
    assert map_prices(str(path), context()).file is not None
    path.write_text(head + "2026-11-20,indium,560,USD,kg,forecast\n", encoding="utf-8")
    assert [one.name for one in map_prices(str(path), context()).questions] == ["Kind of it"]


def test_preview_is_import(tmp_path, monkeypatch):
    """The prices that the map shows are those that the store takes."""
    monkeypatch.chdir(tmp_path)
    for file in FILES:
        if file.kind == "tidy":
            shown = map_prices(str(file.path), context(), currency="EUR")
            found = Context(resolve({"data.path": str(tmp_path / file.path.stem)}, file=None), TODAY, None, TODAY)
            import_file(found, str(file.path), ImportOptions(currency="EUR"))
            rows = Store.open(tmp_path / file.path.stem).scan("prices").collect().sort("date")
            newest_of = (
                rows.group_by("asset", "basis").last().select("asset", "basis", pl.col("price").round(6), "currency", "unit")
            )
            told = [(one.asset, one.basis, round(one.price, 6), one.currency, one.unit) for one in shown.record(None).series]
            assert sorted(newest_of.rows()) == sorted(told)


@pytest.mark.parametrize(("decimal", "price"), [(",", 1.085), (".", 1085.0)])
def test_a_decimal_mark_of_a_layout_settles_numbers_of_two_readings_and_a_cell_that_contradicts_it_is_a_fault(
    tmp_path, decimal, price
):
    path, cell = tmp_path / "list.csv", f"{price:.3f}".replace(".", ",") if price < 2 else "1,085"
    path.write_text(f"date;asset;price;currency\n2026-11-20;FUND;{cell};USD\n", encoding="utf-8")
    found = map_prices(str(path), context(), answers={"decimal": decimal})
    assert found.file is not None
    assert found.file.frame["price"].to_list() == [price]
    other = "4.5" if decimal == "," else "4,5"
    path.write_text(f"date;asset;price;currency\n2026-11-20;FUND;{other};USD\n", encoding="utf-8")
    assert "another decimal mark" in str(map_prices(str(path), context(), answers={"decimal": decimal}).fault)


TITLES = (
    "Terminpreis Lieferung März 2027", "Forecast 2027", "Preise inkl. Steuer", "Scrap prices", "Oxides", "IVA compresa",
    "Bruttopreisliste", "prices with our margin", "target prices for the year end", "Tsd. EUR je Tonne",
)  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_a_line_above_the_prices_of_which_a_word_is_not_known_is_asked_about(title, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{title}\nDatum;Metall;Preis EUR/kg\n2026-11-26;Gallium;1410\n", encoding="utf-8")
    assert [question.name for question in read_columns(file).questions] == [title]
    taken = read_columns(file, answers={title: "no_meaning"})
    assert not taken.questions
    (tmp_path / "list.layout.toml").write_text(taken.layout.to_toml(), encoding="utf-8")
    assert not read_columns(file).questions
    with pytest.raises(DataError, match="no prices of today"):
        read_columns(file, answers={title: "not_a_price"})


@pytest.mark.parametrize(
    "title", ["Preisliste vom 26.11.2026, alle Preise in EUR je kg netto", "Prices as of 26 Nov 2026", "Stand: 26.11.2026"]
)
def test_a_plain_title_is_no_question(title, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{title}\nDatum;Metall;Preis EUR/kg\n2026-11-26;Gallium;1410\n", encoding="utf-8")
    assert not read_columns(file).questions


def test_a_title_against_the_layout_is_asked_about(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("Datum;Metall;Preis\n2026-11-26;Gallium;1410\n", encoding="utf-8")
    kept = read_columns(file, answers={"currency": "EUR", "unit": "kg", "Preis": "price"}).layout
    (tmp_path / "list.layout.toml").write_text(kept.to_toml(), encoding="utf-8")
    assert not read_columns(file).questions
    file.write_text("alle Preise in USD/lb\nDatum;Metall;Preis\n2026-11-26;Gallium;1410\n", encoding="utf-8")
    assert [question.name for question in read_columns(file).questions] == ["alle Preise in USD/lb"]


@pytest.mark.parametrize("basis", ["3-month forward", "target", "forecast", "per 500 g"])
def test_a_basis_that_is_not_known_is_asked_about(basis, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"date,asset,price,currency,unit,basis\n2026-11-26,gallium,1410,EUR,kg,{basis}\n", encoding="utf-8")
    assert [question.name for question in read_columns(file).questions] == [basis]


def test_an_answer_that_is_none_leaves_the_question_open(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("date,asset,price,currency,unit,remark\n2026-11-26,gallium,2400,EUR,kg,year-end target\n", encoding="utf-8")
    assert read_columns(file, answers={"year-end target": "not a price"}).questions
    assert not read_columns(file, answers={"year-end target": "not_a_price"}).questions


@pytest.mark.parametrize(
    ("column", "cell"),
    [("incoterm", "forward March 2027"), ("incoterm", "taxes included"), ("moq", "price is for a drum"), ("moq", "sold out")],
)
def test_what_stands_beside_a_price_is_asked_about_where_it_says_more(column, cell, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"date,asset,price,currency,unit,{column}\n2026-11-26,gallium,1410,EUR,kg,{cell}\n", encoding="utf-8")
    assert [question.name for question in read_columns(file).questions] == [cell]
    file.write_text(
        f"date,asset,price,currency,unit,{column}\n2026-11-26,gallium,1410,EUR,kg,{'CIF Rotterdam' if column == 'incoterm' else '25 kg'}\n",
        encoding="utf-8",
    )
    assert not read_columns(file).questions
