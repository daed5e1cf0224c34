"""`toolkit data query`: SQL over the tables, as known on a day; nothing is written."""

from __future__ import annotations

import re

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.store import as_json
from toolkit.core.errors import DataError, SpecError
from toolkit.market.tables import STORE_TABLES
from toolkit.records.store import QueryResult

READS = ("select", "with", "show", "explain")
"""First words of statements that write nothing."""
VINTAGES = "_vintages"
"""Ending of the names of tables of a store with every vintage."""


def query(context: Context, sql: str) -> QueryResult:
    """The rows that a query selects.

    A table is that of the market as known on the day; `quotations` and, with every vintage, `NAME_vintages` are those of the
    store. polars reads of files what the query asks for.

    Raises:
        SpecError: for a statement that is no query, or that polars does not understand.
        DataError: for one that cannot be answered, and for a damaged file.
    """
    first = re.match(r"[\s(]*(\w*)", sql)
    if first is None or first[1].lower() not in READS or ";" in sql.rstrip("; \n\t"):
        raise SpecError("a query is one SELECT.", hint='For example: toolkit data query "SELECT * FROM prices LIMIT 5".')
    named = set(re.findall(r"\w+", sql.lower()))
    try:
        with pl.SQLContext(_tables(context, named), eager=False) as tables:
            rows = tables.execute(sql).collect(engine="streaming")
    except pl.exceptions.SQLInterfaceError as error:
        raise SpecError("not understood: {first_line}", hint=_known(context), first_line=_first_line(error)) from None
    except pl.exceptions.SQLSyntaxError as error:
        raise SpecError("not understood: {first_line}", first_line=_first_line(error)) from None
    except pl.exceptions.PolarsError as error:
        raise DataError("the query has no answer: {first_line}", hint=_known(context), first_line=_first_line(error)) from None
    values = tuple(tuple(as_json(value) for value in row) for row in rows.iter_rows())
    return QueryResult(as_of=context.as_of.isoformat(), columns=tuple(rows.columns), rows=values)


def _tables(context: Context, named: set[str]) -> dict[str, pl.LazyFrame]:
    """The tables that a query names."""
    found = {name: context.snapshot[name].lazy() for name in sorted(named) if name in context.snapshot}
    if context.store is not None:
        for name in STORE_TABLES:
            if name in named and name not in found:
                found[name] = context.store.scan(name, context.as_of)
            if f"{name}{VINTAGES}" in named:
                found[f"{name}{VINTAGES}"] = context.store.scan(name)
    return found


def _known(context: Context) -> str:
    names = [*(name for name in STORE_TABLES if name in context.snapshot)]
    if context.store is not None:
        names += [*({*context.store.versions} - {*names}), *(f"{name}{VINTAGES}" for name in context.store.versions)]
    return f"Tables: {', '.join(sorted(names))}."


def _first_line(error: Exception) -> str:
    return f"{str(error).splitlines()[0].rstrip('.')}."
