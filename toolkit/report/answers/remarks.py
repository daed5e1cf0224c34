"""What stands beside an answer: its warnings and notes, and the error where there is none or a file has faults.

The command line shows them on stderr; a page has them as sections of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from toolkit.core.messages import retellable
from toolkit.records.sources import Beside, Fault, Remark
from toolkit.report.answers.answer import Answer
from toolkit.report.document import Block, Document, Heading, Notes, Section
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import text


def with_remarks(document: Document, beside: Beside, say: Language) -> Document:
    """The document with sections for the error, the warnings with their remedies, and the notes that stand beside an answer.

    Args:
        document: Of the answer.
        beside: Remarks and error of its record.
        say: The language of the document.
    """
    remarks = beside.remarks or [Remark(kind="data", money=None, text=words, remedy=None) for words in beside.warnings]

    def listed(rows: Iterable[Remark]) -> tuple[Block, ...]:
        sentences = [[row.text, *([row.remedy] if row.remedy else ())] for row in rows]
        told = [[say.translate(beside.phrases.get(words) or retellable(words)) for words in each] for each in sentences]
        return (Notes(tuple(("", text(each[0], *[part for words in each[1:] for part in (" ", words)])) for each in told)),)

    sections = []
    if beside.error is not None:
        sections.append(Section("error", say.words("Error"), _fault(beside.error, document.as_of, say)))
    if warnings := [row for row in remarks if row.kind != "note"]:
        sections.append(Section("warnings", say.words("Warnings"), listed(warnings)))
    if notes := [row for row in remarks if row.kind == "note"]:
        sections.append(Section("notes", say.words("Notes"), listed(notes)))
    return replace(document, sections=(*document.sections, *sections))


def error(found: Fault, as_of: date, say: Language) -> Document:
    """An error as a page: what is wrong, each fault in a line, and what to do.

    Args:
        found: The error.
        as_of: Day that was asked about.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.title = say.words("Error")
    answer.blocks += [Heading(text(answer.title)), *_fault(found, answer.as_of, say)]
    return answer.document("error")


def _fault(found: Fault, as_of: str, say: Language) -> tuple[Block, ...]:
    first, *faults = found.message.splitlines()
    answer = Answer(say, as_of)
    answer.lines(first)
    answer.notes(line.removeprefix("- ") for line in faults)
    answer.lines(found.hint)
    return tuple(answer.blocks)
