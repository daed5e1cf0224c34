"""Lists of what there is: settings, strategies, tables of data, checks of the installation, the quality of a price file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from toolkit.records.store import Stored
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.answers.data.store import tables
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

Row = Mapping[str, Any]


def settings(rows: Iterable[Row], as_of: date, say: Language) -> Document:
    """Every setting, its value and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "setting | value | from",
        ((row["key"], _value(answer, row["value"]), say.term("term", row["origin"])) for row in rows),
    )
    return answer.document("config")


def _value(answer: Answer, value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else answer.number(value, ",.12g")


def strategies(rows: Iterable[Row], as_of: date, say: Language) -> Document:
    """Every strategy by name, with its title and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "name | title | from",
        ((row["name"], say.term("strategy", row["title"]), say.term("term", row["origin"])) for row in rows),
    )
    return answer.document("strategies")


def strategy_check(name: str, constraints: int, as_of: date, say: Language) -> Document:
    """A strategy without a fault.

    Args:
        name: Of the strategy.
        constraints: Number of its constraints.
        as_of: Day of the answer.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.line("{name}: {n:d} constraints, no fault", name=name, n=constraints)
    return answer.document("strategies-check")


def package_check(folder: str, tables: int, as_of: date, say: Language) -> Document:
    """A data package without a fault.

    Args:
        folder: Of the package.
        tables: Number of its tables.
        as_of: Day of the answer.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.line("{folder}: {n:d} tables hold their contracts", folder=folder, n=tables)
    return answer.document("data-validate")


def checks(rows: Iterable[Row], as_of: date, say: Language) -> Document:
    """What an installation needs, and whether it has it."""
    answer = Answer(say, as_of)
    answer.table(
        "check | state | detail", ((row["name"], "ok" if row["ok"] else say.words("look"), row["detail"]) for row in rows)
    )
    return answer.document("doctor")


def data(rows: Iterable[Row], as_of: date, say: Language, store: Stored | None = None) -> Document:
    """Every table and source, and the tables of the store over them.

    Args:
        rows: One a table and source: rows, newest date, publication date, age against its rhythm.
        as_of: Day that ages are counted to.
        say: The language.
        store: The store, where one is in use.
    """
    answer = Answer(say, as_of)
    answer.table("table | source | >rows | newest | known from | >overdue", (_table(answer, row) for row in rows))
    if store is not None:
        tables(answer, store)
    return answer.document("data")


def _table(answer: Answer, row: Row) -> Sequence[Cell]:
    overdue = answer.say.words("{n} d", n=row["overdue_days"]) if row["overdue_days"] else ""
    newest, known = (answer.say.fmt.short_date(row[key]) if row[key] else "" for key in ("as_of", "known_from"))
    return row["table"], row["source"], str(row["rows"]), newest, known, overdue


def quality(rows: Iterable[Row], quotes: Iterable[Row], findings: Iterable[str], as_of: date, say: Language) -> Document:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files.

    Args:
        rows: One a series, of `toolkit.market.quality.quality`.
        quotes: Prices of a day.
        findings: What is wrong or was supposed, in sentences.
        as_of: Day that ages are counted to.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.table(
        "asset | first | last | >prints | rhythm | >coverage | >gaps | >stale | >outliers | >unit | >age",
        (
            (
                row["asset"], row["first"], row["last"], row["observations"], row["rhythm"] or "",
                answer.number(row["coverage"], ".0%"), row["gaps"], row["stale_run"], row["outliers"],
                f"x {answer.number(row['unit_factor'], '.3g')}" if row["unit_factor"] else "",
                say.words("{n} d", n=row["age_days"]),
            )
            for row in rows
        ),
    )  # fmt: skip
    for row in quotes:
        answer.line(
            "{asset}: {basis} {price:,.2f} {money} a {unit} on {day:%Y-%m-%d}, a price of a day.",
            asset=row["asset"], basis=answer.word(row["basis"]), price=row["price"], money=row["currency"], unit=row["unit"],
            day=row["date"],
        )  # fmt: skip
    answer.lines(*findings)
    return answer.document("data-validate")
