"""Data: tables and their age, price files and what a fetch brought with their checks, and what is done with a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from toolkit.core.grouping import by_key
from toolkit.records.lists import (
    DataList,
    PackageCheck,
    PriceCheck,
    StoreCheck,
)
from toolkit.records.sources import Provenance
from toolkit.records.store import (
    Compacted,
    Differences,
    Exported,
    Fetch,
    Imported,
    QualityFinding,
    QueryResult,
    SeriesOutcome,
    Stored,
    Verified,
)
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.topics.sources import ACTIONS, first_day


def package_check(found: PackageCheck, as_of: date, say: Language) -> Document:
    """A data package without a fault."""
    answer = Answer(say, as_of)
    answer.line("{folder}: {n:d} tables hold their contracts", folder=found.package, n=len(found.tables))
    return answer.document("data-validate")


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
        "{folder}: every file is as it was committed ({n:d}, {size}).", folder=found.store, n=found.files,
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


ALL_SHOWN = 30
"""Series that are all shown; of more, those that are not ok or have a finding."""
MOST_SHOWN = 60
"""Rows of a table; the object has all."""
CHECKED_SERIES_NAMED = 12
"""Series that are named beside a check; of more the rest is counted."""
STATUSES: Mapping[str, str] = {
    "ok": mark("ok"),
    "empty": mark("empty"),
    "partial": mark("partial"),
    "stale": mark("stale"),
    "failed": mark("failed"),
}
REASONS: Mapping[str, str] = {
    "rate_limited": mark("too many requests"),
    "server_error": mark("error of the source"),
    "timeout": mark("too slow"),
    "cut_off": mark("cut off"),
    "unreachable": mark("not reached"),
    "not_data": mark("no data but another page"),
    "login": mark("asks for a login"),
    "denied": mark("refused by the source"),
    "not_found": mark("not there"),
    "no_key": mark("needs a key in the environment"),
    "format": mark("the format has changed"),
    "contract": mark("rows break the contract"),
    "missing_rows": mark("rows are missing"),
    "quality": mark("refused by a check"),
    "offline": mark("not stored, and nothing was asked"),
    "store": mark("refused by the store"),
}
SEVERITIES: Mapping[str, str] = {"error": mark("error"), "warning": mark("warning"), "note": mark("note")}
UNUSED: Mapping[str, str] = {
    "short": mark("too few prices to replace a series of another kind"),
    "other_source": mark("another source has newer rows"),
    "same_day": mark("another of your files has one of the same day"),
    "unknown_name": mark("no product has that name"),
    "not_read": mark("no answer is made from its table"),
}
BAD = ("failed", "empty")


def fetch(found: Fetch, say: Language) -> Document:
    """The answer of `toolkit data fetch`."""
    answer = Answer(say, found.as_of)
    here = [one for one in found.series if one.status not in BAD]
    counts = {"n": len(here), "all": len(found.series)}
    if found.offline:
        answer.heading("In the store on {day:%Y-%m-%d}: {n:d} of {all:d} series", day=found.as_of, **counts)
    else:
        answer.heading("Fetched on {day:%Y-%m-%d}: {n:d} of {all:d} series", day=found.as_of, **counts)
    answer.table(
        "source | >series | >came | >new rows | >revised | terms",
        ((terms.title, *_counts(found, terms.source), terms.terms) for terms in found.sources),
    )
    odd = [one for one in found.series if one.status != "ok" or any(f.severity != "note" for f in one.findings)]
    shown = found.series if len(found.series) <= ALL_SHOWN else odd
    answer.table(
        "series | state | >rows | >new | >revised | last | why",
        (_series(answer, alike) for alike in _alike(shown[:MOST_SHOWN])),
    )
    findings = [finding for one in odd for finding in one.findings]
    _findings(answer, findings)
    if (more := len(shown) - MOST_SHOWN) > 0:
        answer.line("{n} more: --json.", n=more)
    for terms in found.sources:
        if terms.use == "personal" and terms.url:
            answer.line("{source}: for your personal use only; not to be published or passed on.", source=terms.title)
    if found.missing:
        answer.line("Required and missing: {names}.", names=list(found.missing))
    if refused := sorted({f.rule for one in found.series for f in one.findings if f.action == "refused"}):
        answer.line("What a check refused is not stored; if it is meant: --accept {rule}.", rule=refused[0])
    if found.skipped:
        answer.line("Left out, because they ask for a key that is not set: {names}.", names=list(found.skipped))
    return answer.document("data-fetch")


def _counts(found: Fetch, source: str) -> Iterable[Cell]:
    of_source = [one for one in found.series if one.source == source]
    yield len(of_source)
    yield sum(one.status not in BAD for one in of_source)
    yield sum(one.new for one in of_source)
    yield sum(one.revised for one in of_source)


def _alike(series: Iterable[SeriesOutcome]) -> Iterable[Sequence[SeriesOutcome]]:
    """Series of a source that brought nothing for one reason together, every other by itself."""
    found: dict[object, list[SeriesOutcome]] = {}
    for one in series:
        nothing = not one.rows and one.last is None and not one.findings
        key = (one.source, one.status, one.reason, one.detail) if nothing else (one.source, one.series)
        found.setdefault(key, []).append(one)
    return found.values()


def _series(answer: Answer, alike: Sequence[SeriesOutcome]) -> Iterable[Cell]:
    one = alike[0]
    yield f"{one.source}:{', '.join(other.series for other in alike)}"
    yield answer.words(STATUSES, one.status)
    yield one.rows
    yield one.new
    yield one.revised
    yield answer.say.fmt.short_date(one.last) if one.last else ""
    why = answer.words(REASONS, one.reason) if one.reason else ""
    converted = f"{one.quoted_currency} x {answer.number(one.factor, 'g')}" if one.quoted_currency else ""
    yield "; ".join(part for part in (why, one.detail, converted) if part)


def store_check(store: StoreCheck, say: Language) -> Document:
    """The answer of `toolkit data validate` over a store."""
    answer = Answer(say, store.verified.as_of)
    answer.line("{folder}: every table holds its contract ({n:d}).", folder=store.verified.store, n=store.tables)
    answer.line("{n:,d} files are as they were committed.", n=store.verified.files)
    _findings(answer, store.quality)
    if store.unused:
        answer.line("In the store and used by no answer:")
        answer.table(
            "table | series | source | kind | >rows | why",
            ((one.table, one.asset, one.source, one.kind, one.rows, answer.words(UNUSED, one.reason)) for one in store.unused),
        )
    return answer.document("data-validate")


def _findings(answer: Answer, findings: Sequence[QualityFinding]) -> None:
    """What the checks of quality found, a row for each check; the first day and the largest size of its series."""
    say = answer.say
    groups = by_key(((finding.rule, finding.severity, finding.action), finding) for finding in findings)
    answer.table(
        "series | check | severity | >rows | first | >size | what was done",
        (
            (
                _names([finding.asset for finding in alike]), rule, answer.words(SEVERITIES, severity),
                sum(finding.count for finding in alike), first_day(say, alike),
                answer.number(max((one.value for one in alike if one.value is not None), key=abs, default=None), ".4g"),
                answer.words(ACTIONS, action),
            )
            for (rule, severity, action), alike in groups.items()
        ),
    )  # fmt: skip


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:CHECKED_SERIES_NAMED]) + (
        f" + {len(names) - CHECKED_SERIES_NAMED}" if len(names) > CHECKED_SERIES_NAMED else ""
    )
