"""Stored runs: which there are, what one answered, and what differs between two."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from toolkit.records.backtest import Backtest
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.runs import RunDifference, RunDifferences, RunEntry, RunList
from toolkit.records.sweep import Sweep
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import TAIL_LEVEL, measure_words
from toolkit.report.topics import backtest, sweep
from toolkit.report.topics.allocation import document as optimize

STATUS: Mapping[str, str] = {
    "infeasible": mark("no answer"),
    "complete": mark("complete"),
    "partial": mark("incomplete"),
    "unreadable": mark("cannot be read"),
}
PARTS: Mapping[str, str] = {
    "settings": mark("settings"),
    "strategy": mark("strategy"),
    "holdings": mark("holdings"),
    "prices": mark("own prices"),
    "data": mark("data"),
    "versions": mark("versions"),
    "weights": mark("weights"),
    "orders": mark("orders"),
    "figures": mark("key figures"),
}
FRACTION = "fraction"
DIFFERENCES_SHOWN = 200
"""Differences that a page shows; the object has all."""


def runs(found: RunList, as_of: date, say: Language) -> Document:
    """Every stored run by the end of its id, which finds it, with its command, strategy, day and status.

    Args:
        found: The runs.
        as_of: Day of the question.
        say: The language.
    """
    answer = Answer(say, as_of)
    told = answer.table("id | written | command | strategy | as of | status | for", (_entry(answer, row) for row in found.runs))
    if not told:
        answer.line("No run is stored in {folder}.", folder=found.folder)
    for row in found.runs:
        if row.fault is not None:
            answer.lines(row.fault)
    return answer.document("runs")


def _entry(answer: Answer, row: RunEntry) -> Iterator[Cell]:
    yield row.run_id.rpartition("-")[2]
    yield date.fromisoformat(row.written)
    yield row.command if row.fault is None else ""
    yield ", ".join(row.strategies)
    yield answer.day(row.as_of)
    yield answer.words(STATUS, row.status) if row.status in STATUS else answer.word(row.status)
    yield row.client or ""


def stored(found: Run | Conflict | Backtest | Sweep, say: Language) -> Document:
    """What a stored run answered, as its command printed it."""
    match found:
        case Backtest():
            return backtest.document(found, say)
        case Sweep():
            return sweep.document(found, say)
        case Conflict():
            answer = Answer(say, found.as_of, found.phrases)
            answer.heading("{title}: no answer", title=found.strategy.title)
            answer.lines(found.conflict.message, found.conflict.hint)
            return answer.document("optimize")
    return optimize(found, say)


def differences(found: RunDifferences, as_of: date, say: Language) -> Document:
    """What differs, a line each, in the order of question, knowledge and answer.

    Args:
        found: The differences.
        as_of: Day of the question.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.heading("{first} and {second}", first=found.first.run_id, second=found.second.run_id)
    count = len(found.differences)
    if not count:
        answer.line("Nothing differs.")
    parts = {row.part for row in found.differences}
    if count and not parts & {"settings", "strategy", "holdings", "prices"}:
        answer.line("Both asked the same question: what differs comes from data or versions.")
    if count and not parts & {"weights", "orders", "figures"}:
        answer.line("The answer is the same: neither a weight nor an order nor a key figure differs.")
    answer.table("what | of | >first | >second | >change", _rows(answer, found.differences[:DIFFERENCES_SHOWN]), keys=2)
    if count > DIFFERENCES_SHOWN:
        answer.line("The first {shown:d} of {count:,d} are shown; --json has all.", shown=DIFFERENCES_SHOWN, count=count)
    return answer.document("runs-diff")


def _rows(answer: Answer, differences: Sequence[RunDifference]) -> Iterator[tuple[Cell, ...]]:
    """A row each; rows, days and checksums of a source of data stand in one."""
    for part, rows in itertools.groupby(differences, key=lambda row: row.part):
        if part != "data":
            yield from (_row(answer, row) for row in rows)
            continue
        for source, of in itertools.groupby(rows, key=lambda row: row.key.rpartition(".")[0] or row.key):
            told = [(_value(answer, row, row.first), _value(answer, row, row.second)) for row in of]
            sides = [", ".join(text for text in side if text) for side in zip(*told, strict=True)]
            yield answer.words(PARTS, part), source, *sides, ""


def _row(answer: Answer, row: RunDifference) -> tuple[Cell, ...]:
    one, other, change = row.first or 0.0, row.second or 0.0, ""
    if row.unit is not None and not isinstance(one, str) and not isinstance(other, str):
        change = _number(answer, row, other - one, sign="+")
    return (
        answer.words(PARTS, row.part),
        _of(answer, row),
        _value(answer, row, row.first),
        _value(answer, row, row.second),
        change,
    )


def _of(answer: Answer, row: RunDifference) -> str:
    """What differs: a metal, cash, a figure or a measure by name, of several strategies behind the name of its own."""
    strategy, between, key = row.key.rpartition(": ")
    if key == "cash":
        told = answer.say.words("cash")
    elif row.part in ("weights", "orders"):
        told = answer.metal(key)
    elif row.part == "figures":
        name, confidence = ("cvar", TAIL_LEVEL) if key == "cvar_95" else (key, None)
        told = measure_words(name, confidence, answer.say)
    else:
        return row.key
    return f"{strategy}{between}{told}"


def _value(answer: Answer, row: RunDifference, value: str | float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else _number(answer, row, value)


def _number(answer: Answer, row: RunDifference, value: float, sign: str = "") -> str:
    if row.unit == FRACTION:
        return answer.number(value, f"{sign}.2%")
    written = answer.number(value, f"{sign},.6g" if row.part != "figures" or row.unit is None else f"{sign},.2f")
    return written if row.unit is None else f"{written} {row.unit}"
