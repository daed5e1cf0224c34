"""Files that strangers made from the documentation alone, with their truth: never wrong in silence, right in two commands, asked once."""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.map_prices import MappedPrices, map_prices
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import per_kg
from toolkit.core.errors import ToolkitError
from toolkit.core.places import place
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.layout import Layout
from toolkit.market.readers.holdings.lots import ReadFile
from toolkit.market.readers.holdings.read import parse
from toolkit.market.readers.price_checks import OF_DEALERS

TODAY = date(2026, 12, 1)
FOLDER = Path(__file__).parents[1] / "corpus" / "strangers_2"
TRUTH: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "truth.toml").read_text("utf-8"))
SIDES = {"dealer_bid": "bid", "dealer_ask": "ask"}
Found = ReadFile | MappedPrices | None


def files(about: str, *of: str) -> list[Any]:
    """Names of files, those with a known fault in ``about`` marked."""
    return [
        pytest.param(name, marks=[pytest.mark.xfail(reason=truth["faults"][about], strict=True)])
        if about in truth.get("faults", {})
        else name
        for name, truth in TRUTH.items()
        if not of or truth["kind"] in of
    ]


@cache
def context() -> Context:
    return Context(resolve({}, file=None), TODAY, None, TODAY)


def read(name: str, answers: dict[str, str] | None = None, path: Path | None = None) -> Found:
    """The file as far as it is read; None where it is refused as a whole."""
    truth, source = TRUTH[name], str(path or FOLDER / name)
    try:
        if truth["of"] == "prices":
            return map_prices(source, context(), answers=answers or {})
        names = LotNames(context().ledger, context().products, tuple(truth.get("instruments", ())))
        of = truth["of"] if truth["of"] in ("needs", "quotes") else None
        return parse(source, names=names, today=TODAY, answers=answers or {}, of=of)
    except ToolkitError:
        return None


def questions(found: Found) -> list[Any]:
    if found is None:
        return []
    return list(found.columns.questions if isinstance(found, MappedPrices) else found.questions)


def layout(found: Found) -> Layout:
    assert found is not None
    return found.columns.layout if isinstance(found, MappedPrices) else found.layout


def is_used(found: Found) -> bool:
    """Whether commands would take the file."""
    if isinstance(found, MappedPrices):
        return found.file is not None
    return found is not None and not (found.questions or found.faults or found.broken)


def told(found: Found) -> list[dict[str, Any]]:
    """What the file says, in the terms of ``truth.toml``."""
    if isinstance(found, MappedPrices):
        assert found.file is not None
        rows, _ = per_kg(pl.concat([found.file.frame, found.file.quotes]), context().products)
        metals = rows.filter(pl.col("asset").is_in([*context().products.keys])).sort("date")
        newest = metals.group_by("asset", "basis", maintain_order=True).last().to_dicts()
        return [
            {"asset": row["asset"], "price_per_kg": row["price"], "side": SIDES.get(row["basis"])}
            | ({} if row["asset"] in found.file.unstated else {"currency": row["currency"]})
            | ({"side": SIDES[row["basis"]]} if row["basis"] in OF_DEALERS else {})
            for row in newest
        ]
    assert found is not None
    rows = []
    for line in found.rows:
        row = line if isinstance(line, dict) else asdict(line)
        kg = KG_PER_UNIT.get(row.get("unit") or "kg")
        price = next((row[key] for key in ("purchase_price", "price") if row.get(key) is not None), None)
        more = {"kg": float(row["quantity"]) * kg} if kg and row.get("quantity") is not None else {}
        more |= {"price_per_kg": float(price) / kg} if kg and price is not None else {}
        more |= {"country": place(row.get("location") or "").country}
        rows.append(row | more)
    return rows


def differs(row: dict[str, Any], meant: dict[str, Any]) -> str | None:
    for key, value in meant.items():
        if key == "unknown_origin":
            if row["origin_country"] not in (None, "unknown"):
                return f"origin: {row['origin_country']}"
            continue
        if key == "currency" and "currency" not in row:
            continue  # of a file that names none, which a warning tells
        found = row.get(key)
        if key == "country" and found is None:
            continue  # a place that is not understood is never safe
        same = str(found) == str(value)
        if isinstance(value, float):
            same = found is not None and math.isclose(float(found), value, rel_tol=2e-5)
        if not same:
            return f"{key}: {found} for {value}"
    return None


def wrong(name: str, found: Found) -> list[str]:
    """What is not as a careful person reads it."""
    rows, meant = told(found), list(TRUTH[name].get("rows", ()))
    if TRUTH[name]["of"] == "prices":
        meant = [{"side": None} | one for one in meant]
        left = [row for row in rows if not any(differs(row, one) is None for one in meant)]
        lost = [one for one in meant if not any(differs(row, one) is None for row in rows)]
        return [f"{row} for {meant}" for row in left] + [f"no {one}" for one in lost]
    if len(rows) != len(meant):
        return [f"{len(rows)} rows for {len(meant)}"]
    return [why for row, one in zip(rows, meant, strict=True) if (why := differs(row, one))]


@cache
def answered(name: str) -> tuple[Found, dict[str, str]]:
    """The file by what its owner says in one command, and by what is proposed in a second."""
    answers = dict(TRUTH[name].get("answers", {}))
    found = read(name, answers)
    if questions(found):
        answers |= {one.name: one.proposed for one in questions(found) if one.proposed and one.name not in answers}
        found = read(name, answers)
    return found, answers


def test_every_file_has_a_truth():
    assert {FOLDER / name for name in TRUTH} | {FOLDER / "truth.toml"} == set(FOLDER.iterdir())


@pytest.mark.parametrize("name", files("silence"))
def test_no_file_is_wrong_in_silence(name):
    found = read(name)
    if is_used(found):
        assert not TRUTH[name].get("refuse"), told(found)
        assert not wrong(name, found)


@pytest.mark.parametrize("name", files("tidy", "tidy"))
def test_a_tidy_file_is_read_at_once(name):
    assert is_used(read(name))


@pytest.mark.parametrize("name", files("asked"))
def test_what_has_to_be_asked_is_asked(name):
    if TRUTH[name].get("asks"):
        assert not is_used(read(name))


@pytest.mark.parametrize("name", [one for one in files("stuck") if not TRUTH[getattr(one, "values", [one])[0]].get("refuse")])
def test_its_owner_reaches_the_right_answer_in_two_commands(name):
    found, _ = answered(name)
    assert is_used(found), [one.name for one in questions(found)]
    assert not wrong(name, found)


def edited(name: str, edits: list[list[str]], folder: Path) -> Path:
    """A copy of a file with some of its text changed, beside the layout that its owner confirmed."""
    content, (found, _) = (FOLDER / name).read_bytes(), answered(name)
    (folder / f"{Path(name).stem}.layout.toml").write_text(layout(found).to_toml(), encoding="utf-8")
    encoding = "cp1252" if "\ufffd" in content.decode(errors="replace") else "utf-8"
    text = content.decode(encoding)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.mark.parametrize("name", [one for one in files("second") if TRUTH[getattr(one, "values", [one])[0]].get("second")])
def test_the_next_file_of_its_shape_is_not_asked_about(name, tmp_path):
    again = read(name, path=edited(name, TRUTH[name]["second"], tmp_path))
    assert is_used(again), [one.name for one in questions(again)]
    assert len(told(again)) == len(told(answered(name)[0])) + TRUTH[name].get("second_rows", 1)


CHANGES = [(name, *change) for name, truth in TRUTH.items() for change in truth.get("changes", ())]


@pytest.mark.parametrize(("name", "old", "new"), CHANGES)
def test_what_contradicts_its_layout_is_told(name, old, new, tmp_path):
    assert not is_used(read(name, path=edited(name, [[old, new]], tmp_path)))
