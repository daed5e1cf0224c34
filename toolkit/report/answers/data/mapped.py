"""How a price file is read: its columns, what is open, and the series that every command takes from it."""

from __future__ import annotations

from datetime import date

from toolkit.records.answers.prices import PricesMap
from toolkit.report.answers.answer import Answer
from toolkit.report.answers.holdings import closing, columns
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language


def mapped(found: PricesMap, as_of: date, say: Language, *, command: bool = True) -> Document:
    """How each column is read and why, what is open, and the newest price of each series.

    Args:
        found: The file.
        as_of: Day of the answer.
        say: Language.
        command: As of `closing`.
    """
    answer = Answer(say, as_of)
    if found.questions:
        answer.heading("{file}: {n:d} questions before it is read", file=found.file, n=len(found.questions))
    elif found.fault:
        answer.heading("{file}: its columns are known, and its prices cannot be read", file=found.file)
    else:
        answer.heading("{file}: {n:d} series, nothing is open", file=found.file, n=len(found.series))
    columns(answer, found)
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
    answer.notes(answer.told("note: {words}", words=words) for words in found.notes)
    closing(answer, found, command=command)
    return answer.document("prices-map")
