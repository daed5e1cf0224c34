"""Stored runs: which there are, and what one answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from toolkit.records.backtest import Backtest
from toolkit.records.changes import RunEntry, RunList
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.sweep import Sweep
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.topics import backtest, sweep
from toolkit.report.topics.allocation import document as optimize

STATUS: Mapping[str, str] = {
    "infeasible": mark("no answer"),
    "complete": mark("complete"),
    "partial": mark("incomplete"),
    "unreadable": mark("cannot be read"),
}


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
