"""What a fetch brought, and what the checks of quality find in a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from toolkit.core.grouping import by_key
from toolkit.records.fetch import Fetch, QualityFinding, SeriesOutcome
from toolkit.records.lists import StoreCheck
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.sections.sources import ACTIONS, first_day

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
