"""Answers about a store: tables and ages, verification, compaction, revisions, queries, exports and imports."""

from __future__ import annotations

from typing import Any

from toolkit.records.store import Compacted, Differences, Exported, Imported, QueryResult, Stored, Verified
from toolkit.report.answers.answer import Answer
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

REVISIONS_SHOWN = 200
"""Revisions that are shown; the object has all."""


def tables(answer: Answer, store: Stored) -> None:
    """The tables of a store, below those of the market."""
    answer.line("Store {folder}:", folder=store.store)
    rows = (
        (row.table, str(row.version), row.rows, row.files, _size(answer, row.bytes), row.fetched_at[:10],
         answer.say.words("{n} d", n=row.age_days))
        for row in store.tables
    )  # fmt: skip
    answer.table("table | >version | >rows | >files | >size | fetched | >age", rows)
    if store.corrections:
        answer.line("Corrected:")
        corrected = ((row.table, row.source, row.fetched_at[:10], row.rows, row.reason) for row in store.corrections)
        answer.table("table | source | on | >rows | why", corrected)


def verified(found: Verified, say: Language) -> Document:
    """A store of which every byte is as it was committed."""
    answer = Answer(say, found.as_of)
    answer.heading(
        "{folder}: {n:d} files, {size}, are as they were committed.", folder=found.store, n=found.files,
        size=_size(answer, found.bytes),
    )  # fmt: skip
    answer.table("table | >version", ((name, str(version)) for name, version in found.versions.items()))
    if found.uncommitted:
        answer.line(
            "Left by a writer that was stopped: {names}. Nobody reads them, and the next writer takes them up or removes them.",
            names=found.uncommitted,
        )
    return answer.document("data-verify")


def compacted(found: Compacted, say: Language) -> Document:
    """A store whose small files were merged."""
    answer = Answer(say, found.as_of)
    answer.heading("{folder}: small files are merged.", folder=found.store)
    rows = ((row.table, str(row.version), row.files_before, row.files_after) for row in found.tables)
    answer.table("table | >version | >files before | >files after", rows)
    return answer.document("data-compact")


def differences(found: Differences, say: Language) -> Document:
    """What two states of a store have differently."""
    answer = Answer(say, found.as_of)
    if not found.counts:
        answer.heading("{before} and {after} are the same.", before=found.before, after=found.after)
        return answer.document("data-diff")
    answer.heading("From {before} to {after}", before=found.before, after=found.after)
    answer.table(
        "table | >added | >removed | >revised", ((row.table, row.added, row.removed, row.revised) for row in found.counts)
    )
    answer.table(
        "table | observation | change | value | before | after",
        (
            (row.table, ", ".join(map(str, row.key.values())), answer.word(row.change), name, _text(row.before.get(name)),
             _text(row.after.get(name)))
            for row in found.rows[:REVISIONS_SHOWN]
            for name in (row.before or row.after)
        ),
    )  # fmt: skip
    if len(found.rows) > REVISIONS_SHOWN:
        answer.line("{n:d} more are in the object (--json).", n=len(found.rows) - REVISIONS_SHOWN)
    return answer.document("data-diff")


def query(found: QueryResult, say: Language) -> Document:
    """Rows that a query selects, as the data has them."""
    answer = Answer(say, found.as_of)
    numeric = [any(_is_number(row[i]) for row in found.rows) for i in range(len(found.columns))]
    heads = " | ".join(f">{name}" if right else name for name, right in zip(found.columns, numeric, strict=True))
    if not answer.table("{columns}", (map(_text, row) for row in found.rows), columns=heads):
        answer.line("No rows.")
    return answer.document("data-query")


def exported(found: Exported, say: Language) -> Document:
    """A table that was written to a file."""
    answer = Answer(say, found.as_of)
    answer.heading(
        "{table}, version {version}: {rows:,} rows in {file}", table=found.table, version=str(found.version), rows=found.rows,
        file=found.file,
    )  # fmt: skip
    answer.line("SHA-256 {hash}", hash=found.sha256)
    return answer.document("data-export")


def imported(found: Imported, say: Language) -> Document:
    """What of a file was added to a store."""
    answer = Answer(say, found.as_of)
    answer.heading("{file}: {rows:,} new rows in table {table}", file=found.file, rows=found.rows, table=found.table)
    answer.line("Store {folder}.", folder=found.store)
    if found.sources:
        answer.line("Source: {names}.", names=found.sources)
    answer.table(
        ">series | >new | >of them revised | >there already | >left out",
        [(found.series, found.rows, found.revised, found.unchanged, found.left_out)],
    )
    answer.notes(say.translate(note) for note in found.notes)
    return answer.document("data-import")


def _size(answer: Answer, size: int) -> str:
    return answer.say.words("{n} kB", n=answer.say.fmt.number(-(-size // 1000)))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
