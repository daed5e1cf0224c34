"""The items of the ledger against China's catalogue of dual-use items under licence: codes that agree, and codes of one alone.

A code agrees where the catalogue has it under a name that does not speak of another metal: one code may count many items.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.controls.chronology import IN_FORCE
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError
from toolkit.core.text import words
from toolkit.core.trade_names import CHINESE, METALS

NATIONAL_LINE = 8
"""Digits of a line of the Chinese tariff; ten add the number under which customs counts a part of it."""
EQUIPMENT = 82
"""First chapter of the tariff of tools, machines and instruments, whose descriptions speak of what they are made of."""
_GROUPS = {
    "稀土": "rare_earths",
    "rare earth": "rare_earths",
    "金刚石": "superhard_materials",
    "立方氮化硼": "superhard_materials",
}
_LEDGER_KEYS = {"graphite_flake": "graphite"}
NOT_JUDGED = (
    "Items without a tariff code (technology) are found by control code and name; whether their texts agree was not judged.",
    "Purity, size, end use and end user in a description were not compared.",
    "A code is for reference: what fits a description needs a licence under any code, and a code alone is no control.",
    "Metals are found by their Chinese and English names; of tools and machines (chapter 82 and up) in the name alone.",
    "Which year the file is of, and whether a row is of the list of exports or of imports, was not read from it.",
)


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A row of the licence catalogue.

    Attributes:
        row: Its number in the file.
        code: Tariff code.
        name: Of the item.
    """

    row: int
    code: str | None
    name: str


@dataclass(frozen=True, slots=True)
class ItemCheck:
    """An item of the ledger beside the licence catalogue.

    Attributes:
        item: Its words in English.
        item_cn: Its words in Chinese.
        notice: Number of its notice.
        metals: Keys of metals that it names.
        status: Of its notice on the day.
        status_in_january: On 1 January of that year, when the catalogue takes effect.
        agreeing: Codes that the catalogue has.
        in_part: Codes that it has in the first eight digits alone.
        lacked: Codes that it has not.
        rows: Rows that may be meant by a lacked code: with the eight digits, the code for other metals, the name or the
            control code of the item.
        similar: Of an item without a code, rows without one that name one of its metals.
        may_be_left_out: Whether its notice was not in force on both days: nothing is contradicted.
    """

    item: str
    item_cn: str | None
    notice: str
    metals: tuple[str, ...]
    status: str
    status_in_january: str
    agreeing: tuple[str, ...]
    in_part: tuple[str, ...]
    lacked: tuple[str, ...]
    rows: tuple[CatalogueRow, ...]
    similar: tuple[CatalogueRow, ...]
    may_be_left_out: bool


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A code of the catalogue, for a metal of the ledger, that no item of the ledger has for it.

    Attributes:
        row: Its number in the file.
        code: Tariff code.
        name: Of the item.
        metals: Keys of metals of the ledger that it names.
        named_in: Where they were found: name or description.
        items: Items of the ledger that have the code, for other metals.
    """

    row: int
    code: str
    name: str
    metals: tuple[str, ...]
    named_in: str
    items: tuple[str, ...]


def metals_named(text: str) -> frozenset[str]:
    """Metals and groups of the ledger that a text in Chinese or English names."""
    plain = text.casefold()
    latin = {METALS[word] for word in re.findall(r"[a-z]{3,}", plain) if word in METALS}
    found = latin | {key for name, key in {**CHINESE, **_GROUPS}.items() if name in plain}
    return frozenset(_LEDGER_KEYS.get(key, key) for key in found)


def compare_with_catalogue(
    ledger: ControlLedger, catalogue: pl.DataFrame, *, on: date
) -> tuple[tuple[ItemCheck, ...], tuple[MissingCode, ...]]:
    """The items of a ledger beside those of a catalogue, and codes of the catalogue that no item has.

    Args:
        ledger: A ledger built with its `control_items`.
        catalogue: Columns `row` (Int64), `name`, `description`, `control_code`, `code` (String; code may be null).
        on: Day of the question; items published later are not looked at.
    """
    if ledger.items is None:
        raise DataError("the ledger was built without its items.", hint="Give the table control_items to ControlLedger.of.")
    rows = catalogue.to_dicts()
    lines: dict[str | None, list[dict]] = defaultdict(list)
    for row in rows:
        row["in_name"] = metals_named(row["name"])
        row["named"] = row["in_name"] | metals_named(row["description"])
        row["keys"] = {_folded(row["name"]), *re.split(r"[;,\s]+", row["control_code"])} - {""}
        lines[row["code"] and row["code"][:NATIONAL_LINE]].append(row)
    checks: list[ItemCheck] = []
    ours: dict[str, list[tuple[str, frozenset[str], str]]] = defaultdict(list)
    for item in ledger.items.filter(pl.col("known_from") <= on).sort("known_from", "notice", "item").iter_rows(named=True):
        event, codes = ledger[item["event_id"]], words(item["hs_codes"])
        if not codes and event.instrument == "suspension":
            continue
        metals = frozenset(words(item["metals"]))
        agreeing, in_part, lacked = [], [], []
        seen = []
        for code in codes:
            ours[code[:NATIONAL_LINE]].append((code, metals, item["item"]))
            near = [row for row in lines[code[:NATIONAL_LINE]] if _is_heading(code, row["code"])]
            fits = [row for row in near if _is_of(metals, row["named"])]
            agrees = any(row["code"] == code for row in fits)
            (agreeing if agrees else in_part if fits else lacked).append(code)
            seen += [] if agrees else fits or near
        keys = {_folded(item["item"]), _folded(item["item_cn"] or ""), *words(item["control_code"])} - {""}
        if lacked or not codes:
            seen += [row for row in rows if keys & row["keys"]]
        similar = [row for row in lines[None] if not codes and metals & row["named"] and not keys & row["keys"]]
        status, january = (ledger.chronology.status(event, day, known=on) for day in (on, date(on.year, 1, 1)))
        checks.append(
            ItemCheck(
                item["item"],
                item["item_cn"],
                item["notice"],
                tuple(sorted(metals)),
                status,
                january,
                tuple(agreeing),
                tuple(in_part),
                tuple(lacked),
                _rows(seen),
                _rows(similar),
                may_be_left_out=(status, january) != (IN_FORCE, IN_FORCE),
            )
        )
    missing, groups = [], frozenset(_GROUPS.values())
    for row in rows:
        if row["code"] is None:
            continue
        named = row["in_name"] or (row["named"] if int(row["code"][:2]) < EQUIPMENT else frozenset())
        metals = named & (groups | {*ledger.assets})
        near = [(of, name) for code, of, name in ours[row["code"][:NATIONAL_LINE]] if _is_heading(code, row["code"])]
        if metals and not any(of & metals or metals <= groups for of, _ in near):
            named_in, names = "name" if row["in_name"] else "description", tuple(name for _, name in near)
            missing.append(MissingCode(row["row"], row["code"], row["name"], tuple(sorted(metals)), named_in, names))
    return tuple(checks), tuple(missing)


def _rows(rows: Iterable[Mapping]) -> tuple[CatalogueRow, ...]:
    return tuple(dict.fromkeys(CatalogueRow(row["row"], row["code"], row["name"]) for row in rows))


def _is_heading(one: str, other: str) -> bool:
    """Whether two codes are the same, or one of eight digits is the heading of the other."""
    return one.startswith(other) or other.startswith(one)


def _is_of(metals: Iterable[str], named: Iterable[str]) -> bool:
    """Whether a text that names `named` may be about one of `metals`; a text or an item that names no metal may be."""
    groups = frozenset(_GROUPS.values())
    metals, named = frozenset(metals) - groups, frozenset(named) - groups
    return not metals or not named or bool(metals & named)


def _folded(name: str) -> str:
    """A name without spaces and punctuation."""
    return re.sub(r"\W", "", name).casefold()
