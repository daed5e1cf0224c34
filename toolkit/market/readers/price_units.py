"""Currency and unit beside a price: `Gallium (CNY/kg)` or `Preis EUR/t` in a header, `USD/lb` in a column of units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from toolkit.core.currencies import currency as currency_of
from toolkit.market.readers.tabular import Table

_PER = r"(?i)^(.*?)(?:^|[\s(\[,])(\p{L}{3}|[€$£])\s*(?:/|\bper\b|\bje\b|\bpro\b)\s*(kg|g|t|lb|ozt|oz)\s*[)\]]?$"
Stated = Mapping[str, tuple[str, str]]
"""Header -> currency and unit that it stated."""
_HEADER = re.compile(_PER.replace(r"\p{L}", r"[^\W\d_]"))


def column_name(header: str) -> str:
    """The header without currency and unit: ``preis`` of ``Preis EUR/kg``."""
    match = _HEADER.match(header.strip())
    return (match[1].strip(" ([,-") if match else header.strip()).lower()


def without_units(table: Table) -> tuple[Table, Stated]:
    """The table with headers and units without currencies, and header -> (currency, unit) of those that stated them.

    A header that would be that of another column stays. A currency of a cell fills an empty one of the column of currencies.
    """
    found: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    for header in table.columns:
        match = _HEADER.match(header.strip())
        code = currency_of(match[2]) if match else None
        name = match[1].strip(" ([,-") if match else ""
        if match and code and name and name not in {*table.columns, *names.values()}:
            names[header], found[name] = name, (code, match[3].lower())
    cells = table.cells.rename(names)
    column = next((name for name in cells.columns if name.lower() in ("unit", "einheit")), None)
    if column is not None and cells[column].dtype == pl.String:
        code, unit = (cells[column].str.strip_chars().str.extract(_PER, group) for group in (2, 3))
        if code.is_not_null().any():
            money = next((name for name in cells.columns if name.lower() in ("currency", "währung")), "currency")
            given = cells[money] if money in cells.columns else pl.Series([None] * cells.height, dtype=pl.String)
            cells = cells.with_columns(
                pl.coalesce(unit.str.to_lowercase(), cells[column]).alias(column), pl.coalesce(given, code).alias(money)
            )
    return replace(table, cells=cells), found
