"""How a file of lots or of prices is read: its columns, what is open, and what says it."""

from __future__ import annotations

from datetime import date

from toolkit.core.messages import message
from toolkit.records.layouts import HoldingsMap, PricesMap
from toolkit.report.answers.answer import Answer
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import name, text


def mapped(found: HoldingsMap | PricesMap, as_of: date, say: Language, *, command: bool = True) -> Document:
    """How each column is read and why, what is open, and of prices the newest of each series.

    Args:
        found: The file.
        as_of: Day of the answer.
        say: Language.
        command: Whether the command that answers is told.
    """
    answer = Answer(say, as_of)
    if found.questions:
        answer.heading("Open questions before {file} is read: {n:d}", file=found.file, n=len(found.questions))
    elif isinstance(found, HoldingsMap) and found.faults:
        answer.heading("{file}: its columns are known, and cells of it are wrong", file=found.file)
    elif isinstance(found, HoldingsMap) and found.movements is not None:
        answer.heading(
            "{file}: {n:d} movements, {lots:d} lots on {day}, nothing is open",
            file=found.file, n=found.movements, lots=found.lots, day=answer.day(as_of),
        )  # fmt: skip
    elif isinstance(found, HoldingsMap) and found.of != "holdings":
        answer.heading("{file}: {n:d} rows, nothing is open", file=found.file, n=found.lots)
    elif isinstance(found, HoldingsMap):
        answer.heading("{file}: {lots:d} lots, nothing is open", file=found.file, lots=found.lots)
    elif found.fault:
        answer.heading("{file}: its columns are known, and its prices cannot be read", file=found.file)
    else:
        answer.heading("{file}: {n:d} series, nothing is open", file=found.file, n=len(found.series))
    _columns(answer, found)
    if isinstance(found, PricesMap):
        _series(answer, found)
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    if isinstance(found, HoldingsMap):
        answer.notes(answer.told("fault: {words}", words=words) for words in found.wrong)
    _closing(answer, found, command=command)
    return answer.document("prices-map" if isinstance(found, PricesMap) else "holdings-map")


def _series(answer: Answer, found: PricesMap) -> None:
    """The newest price of each series, and why there is none."""
    say = answer.say
    answer.table(
        "series | >prices | from | to | >newest | currency | unit | basis",
        (
            [
                say.name(one.asset), one.prices, answer.day(one.first), answer.day(one.last),
                answer.number(one.price, ",.6g"),
                one.currency, say.name(one.unit), say.name(one.basis),
            ]
            for one in found.series
        ),
    )  # fmt: skip
    answer.notes(answer.told("fault: {words}", words=words) for words in found.fault)


def _columns(answer: Answer, found: HoldingsMap | PricesMap) -> None:
    """How each column is read and why, and what else is open."""
    say = answer.say
    answer.table(
        "column | cells | read as | unit | why",
        (
            [
                say.name(one.header),
                say.name(", ".join(one.cells)),
                say.name(one.reads or "?"),
                answer.sentence(one.unit),
                answer.sentence(one.why if one.sure else message("asked: {why}", why=answer.phrase(one.why))),
            ]
            for one in found.columns
        ),
    )
    texts = [one for one in found.questions if one.about != "column"]
    answer.table(
        "open | where | what is asked | answers",
        (
            [say.name(one.name), say.name(", ".join(one.cells)), answer.sentence(one.asks), say.name(", ".join(one.answers))]
            for one in texts
        ),
    )


def _closing(answer: Answer, found: HoldingsMap | PricesMap, *, command: bool) -> None:
    """The command that says what is open, or where the layout is kept."""
    sure = sum(one.sure for one in found.columns)
    if found.questions:
        answer.line(
            "{sure:d} of {all:d} columns are read without a question. To say the rest once:", sure=sure, all=len(found.columns)
        )
        if command:  # a terminal has it in one line, to be copied
            answer.paragraph(text(name(found.command)))
    elif found.written:
        answer.line("The layout is kept in {file}; the next file of this shape is read without a question.", file=found.written)
