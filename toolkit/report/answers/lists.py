"""Lists of what there is: settings, strategies, tables of data, checks of the installation, the quality of a price file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from toolkit.records.lists import DataList, Doctor, PackageCheck, PriceCheck, SettingsList, StrategyCheck, StrategyList
from toolkit.records.sources import Provenance
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.answers.data.store import tables
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.topics.evidence import state


def settings(found: SettingsList, as_of: date, say: Language) -> Document:
    """Every setting, its value and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "setting | value | from",
        ((row.key, _value(answer, row.value), say.term("term", row.origin)) for row in found.settings),
    )
    return answer.document("config")


def _value(answer: Answer, value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else answer.number(value, ",.12g")


def strategies(found: StrategyList, as_of: date, say: Language) -> Document:
    """Every strategy by name, with its title and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "name | title | refuted | from",
        (
            (
                row.name,
                say.term("strategy", row.title),
                "" if row.evidence is None else state(say, row.evidence),
                say.term("term", row.origin),
            )
            for row in found.strategies
        ),
    )
    return answer.document("strategies")


def strategy_check(found: StrategyCheck, constraints: int, as_of: date, say: Language) -> Document:
    """A strategy without a fault.

    Args:
        found: Its name.
        constraints: How many it has.
        as_of: Day that was asked about.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.line("{name}: {n:d} constraints, no fault", name=found.name, n=constraints)
    return answer.document("strategies-check")


def package_check(found: PackageCheck, as_of: date, say: Language) -> Document:
    """A data package without a fault."""
    answer = Answer(say, as_of)
    answer.line("{folder}: {n:d} tables hold their contracts", folder=found.package, n=len(found.tables))
    return answer.document("data-validate")


def checks(found: Doctor, as_of: date, say: Language) -> Document:
    """What an installation needs, and whether it has it."""
    answer = Answer(say, as_of)
    answer.table(
        "check | state | detail", ((row.name, "ok" if row.ok else say.words("look"), row.detail) for row in found.findings)
    )
    return answer.document("doctor")


def data(found: DataList, say: Language) -> Document:
    """Every table and source, and the tables of the store over them: rows, days of the newest, age against its rhythm."""
    answer = Answer(say, found.as_of)
    answer.table("table | source | >rows | newest | known from | >overdue", (_table(answer, row) for row in found.data))
    if found.store is not None:
        tables(answer, found.store)
    return answer.document("data")


def _table(answer: Answer, row: Provenance) -> Sequence[Cell]:
    overdue = answer.say.words("{n} d", n=row.overdue_days) if row.overdue_days else ""
    newest, known = (answer.say.fmt.short_date(day) if day else "" for day in (row.as_of, row.known_from))
    return row.table, row.source, str(row.rows), newest, known, overdue


def quality(found: PriceCheck, as_of: date, say: Language) -> Document:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files."""
    answer = Answer(say, as_of)
    answer.table(
        "asset | first | last | >newest price | in | >prices | frequency | >coverage | >gaps | >stale | >outliers | >age",
        (
            (
                row.asset, say.fmt.short_date(row.first), say.fmt.short_date(row.last), answer.number(row.price, ",.6g"),
                row.currency if row.unit == "unit" else f"{row.currency}/{row.unit}",
                row.observations, answer.word(row.rhythm) if row.rhythm else "",
                answer.number(row.coverage, ".0%"), row.gaps, row.stale_run, row.outliers, say.words("{n} d", n=row.age_days),
            )
            for row in found.quality
        ),
    )  # fmt: skip
    for row in found.quotes:
        answer.line(
            "{asset}: {basis} {price:,.2f} {money} a {unit} on {day:%Y-%m-%d}, a price of a day.",
            asset=row.asset, basis=answer.word(row.basis), price=row.price, money=row.currency, unit=row.unit, day=row.date,
        )  # fmt: skip
    answer.lines(*found.findings)
    return answer.document("data-validate")
