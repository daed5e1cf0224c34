"""`toolkit data fetch`: series of public sources, checked and added to the store as they come."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from toolkit.core.errors import FrameError, SpecError, did_you_mean
from toolkit.market.fetched_quality import RULES, check_fetched
from toolkit.market.sources.base import DataSource, Query, SeriesResult, data_source, data_sources, fetch_all
from toolkit.market.sources.client import Client, Pace
from toolkit.market.store.files import VALIDATORS, write_whole
from toolkit.market.store.store import Store, is_store
from toolkit.market.tables import Table
from toolkit.records.store import Fetch, SeriesOutcome, SourceTerms

SCHEMA_VERSION = 1
BATCH = 25
"""Series that are committed together at most: a commit costs as long as it takes a disk to write."""
BATCH_SECONDS = 2.0
"""Seconds after which a batch is committed whatever its size."""
Progress = Callable[[int, int, int], None]
"""Called with series done, series in all, and rows received."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What is to be fetched.

    Attributes:
        folder: Of the store, which is made where there is none.
        now: Moment of the fetch, with a time zone.
        sources: Keys of sources; all that need no key, or have it, where none is named.
        series: Names of series, with their source and a colon before them where several sources are named; those that the
            sources offer where none is named.
        since: First day; by default the newest that is stored, and some days before it.
        offline: Whether no source is asked: the answer says what the store has.
        required: Sources, or series with their source and a colon, without which the fetch fails.
        accept: Rules of `toolkit.market.fetched_quality` whose findings are meant, also as ``RULE:ASSET``.
        mirror: As of `toolkit.market.sources.client.Client`.
        pace: Deadline and repetition of requests.
    """

    folder: Path
    now: datetime
    sources: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    since: date | None = None
    offline: bool = False
    required: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    mirror: str | None = None
    pace: Pace = field(default_factory=Pace)

    @property
    def today(self) -> date:
        """Day of the fetch (UTC), from which revisions are known."""
        return self.now.astimezone(UTC).date()


@dataclass(slots=True)
class Stored:
    """What was stored so far: the record when the fetch ends, and what there is of it when it is interrupted.

    Attributes:
        outcomes: By source and series.
        commits: By source.
    """

    outcomes: dict[tuple[str, str], SeriesOutcome] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)


def fetch(request: FetchRequest, progress: Progress | None = None, so_far: Stored | None = None) -> Fetch:
    """Fetch series and store them.

    Each series is checked, and refused where a check says so; what comes is committed in small batches, so that a fetch that
    ends at any moment leaves a store that holds whole series, and the next one goes on from them.

    Args:
        request: What is wanted.
        progress: Told after each series.
        so_far: Filled while the fetch runs.

    Raises:
        SpecError: for names that are none, and a store that cannot be written.
        DataError: for a store that is damaged.
    """
    found = Stored() if so_far is None else so_far
    wanted, skipped = _wanted(request)
    required = _required(request, wanted)
    if request.offline:
        found.outcomes.update(_stored_series(request, wanted))
    else:
        _fetch(request, wanted, found, progress or (lambda *_: None))
    outcomes = [
        outcome.model_copy(update={"required": f"{source}:{series}" in required})
        for (source, series), outcome in sorted(found.outcomes.items())
    ]
    return Fetch(
        schema_version=SCHEMA_VERSION,
        as_of=request.today.isoformat(),
        offline=request.offline,
        skipped=skipped,
        sources=tuple(
            SourceTerms(
                source=source.kind, title=source.title, terms=source.terms, use=source.use, url=source.url,
                commits=found.commits.get(source.kind, 0),
            )
            for source in wanted
        ),
        series=tuple(outcomes),
        missing=_missing(request, outcomes, required),
    )  # fmt: skip


def _wanted(request: FetchRequest) -> tuple[dict[DataSource, tuple[str, ...]], tuple[str, ...]]:
    """Source -> series, sorted; and sources that were left out for want of a key."""
    for rule in (accepted.partition(":")[0] for accepted in request.accept):
        if rule not in RULES:
            raise SpecError("--accept {rule!r:s} is no rule that can be accepted.", hint=did_you_mean(rule, RULES), rule=rule)
    by_source = _named_series(request)
    named, skipped = list(dict.fromkeys((*request.sources, *by_source))), ()
    if not named:
        offered = [source for source in map(data_source, data_sources()) if source.series()]
        skipped = tuple(source.kind for source in offered if source.key_variable and not os.environ.get(source.key_variable))
        named = [source.kind for source in offered if source.kind not in skipped]
    wanted: dict[DataSource, tuple[str, ...]] = {}
    for source in map(data_source, sorted(named)):
        series = tuple(by_source.get(source.kind, source.series()))
        for one in (one for one in series if not source.accepts(one)):
            raise SpecError(
                "{kind} has no series {one!r:s}.", hint=did_you_mean(one, source.series()), kind=source.kind, one=one
            )
        if not series:
            raise SpecError("{kind} offers no series of its own.", hint="Name files with --series.", kind=source.kind)
        wanted[source] = series
    return wanted, skipped


def _named_series(request: FetchRequest) -> dict[str, dict[str, None]]:
    """Source -> the series that are named of it, in their order."""
    known = data_sources()
    found: dict[str, dict[str, None]] = {}
    for name in request.series:
        prefix, colon, series = name.partition(":")
        if colon and prefix in known:
            found.setdefault(prefix, {})[series] = None
        elif len(request.sources) == 1:
            found.setdefault(request.sources[0], {})[name] = None
        else:
            raise SpecError("--series {name!r:s}: of which source?", hint="Name one source, or write SOURCE:SERIES.", name=name)
    return found


def _required(request: FetchRequest, wanted: Mapping[DataSource, Sequence[str]]) -> frozenset[str]:
    """Series, as source:series, that must come."""
    every = {f"{source.kind}:{series}": source.kind for source, names in wanted.items() for series in names}
    needed = {source.kind for source in wanted if source.required} | {*request.required}
    for name in request.required:
        if name not in every and name not in every.values():
            known = sorted({*every, *every.values()})
            raise SpecError("--required {name!r:s} is not among what is fetched.", hint=did_you_mean(name, known), name=name)
    return frozenset(series for series, kind in every.items() if series in needed or kind in needed)


def _missing(request: FetchRequest, outcomes: Sequence[SeriesOutcome], required: frozenset[str]) -> tuple[str, ...]:
    """Required series that did not come; and sources that were named, of which nothing came."""
    came = {outcome.source for outcome in outcomes if outcome.status not in ("failed", "empty")}
    lacking = [outcome for outcome in outcomes if outcome.status in ("failed", "empty")]
    names = {f"{outcome.source}:{outcome.series}": outcome.source for outcome in lacking}
    return tuple(sorted(name for name, of in names.items() if name in required or (of in request.sources and of not in came)))


def _stored_series(request: FetchRequest, wanted: Mapping[DataSource, Sequence[str]]) -> dict[tuple[str, str], SeriesOutcome]:
    """What the store has of each series, and whether it is old. No source is asked."""
    store = Store.open(request.folder) if is_store(request.folder) else None
    found: dict[tuple[str, str], SeriesOutcome] = {}
    for source, names in wanted.items():
        last = store.last(source.table, source.kind) if store is not None else {}
        for series in names:
            key = source.stored_as(series)
            day = last.get(key) if key is not None else max(last.values(), default=None)
            outcome = source.failed(series, "offline", None).outcome
            if day is not None:
                old = source.rhythm_days and (request.today - day).days > source.rhythm_days + source.lag_days
                outcome = outcome.model_copy(
                    update={"status": "stale" if old else "ok", "reason": None, "last": day.isoformat()}
                )
            found[source.kind, series] = outcome
    return found


def _fetch(request: FetchRequest, wanted: Mapping[DataSource, Sequence[str]], found: Stored, progress: Progress) -> None:
    store = Store.open(request.folder, create=True)
    validators = _read_validators(request.folder)
    stop = threading.Event()
    jobs: list[tuple[DataSource, Query]] = []
    for source, names in wanted.items():
        last = store.last(source.table, source.kind)
        newest = {series: last[key] for series in names if (key := source.stored_as(series)) is not None and key in last}
        overlap = timedelta(days=source.overlap_days)
        since = {series: day - overlap for series, day in newest.items()}
        since = since if request.since is None else dict.fromkeys(names, request.since)
        kept = {} if request.since is not None else validators.get(source.kind, {})
        client = Client(source.budget, request.today, request.pace, request.mirror, kept, stop)
        jobs.append((source, Query(names, since, client)))
    total, rows = sum(map(len, wanted.values())), 0
    progress(0, total, 0)
    try:
        for batch in _batches(fetch_all(jobs)):
            _commit(store, batch, request, found)
            rows += sum(result.outcome.rows for result in batch)
            progress(len(found.outcomes), total, rows)
    finally:
        # What is fetched and not stored is asked for again: validators are those of whole series in the store.
        for source, query in jobs:
            outcomes = [found.outcomes.get((source.kind, name)) for name in query.series]
            if all(outcome is not None and outcome.status != "failed" for outcome in outcomes):
                validators[source.kind] = {**validators.get(source.kind, {}), **query.client.seen}
        _write_validators(request.folder, validators)


def _batches(results: Iterator[SeriesResult]) -> Iterator[list[SeriesResult]]:
    """Results of one source at a time, some of them together; an interruption comes after what has come before it."""
    waiting: dict[str, list[SeriesResult]] = {}
    since = time.monotonic()
    try:
        for result in results:
            waiting.setdefault(result.outcome.source, []).append(result)
            if sum(map(len, waiting.values())) >= BATCH or time.monotonic() - since > BATCH_SECONDS:
                yield from waiting.values()
                waiting, since = {}, time.monotonic()
    except KeyboardInterrupt:
        yield from waiting.values()
        raise
    yield from waiting.values()


def _commit(store: Store, batch: Sequence[SeriesResult], request: FetchRequest, found: Stored) -> None:
    """Check and store the results of one source; where one of them breaks a rule of the store, each by itself."""
    checked = _checked(store, batch, request)
    kept = [result for result in checked if result.tables]
    try:
        _append(store, kept, request.now, found)
    except FrameError as error:
        if len(kept) > 1:
            for result in checked:
                _commit(store, [result], request, found)
            return
        checked = [result.with_outcome(status="failed", reason="store", detail=error.message) for result in checked]
    for result in checked:
        found.outcomes[result.outcome.source, result.outcome.series] = result.outcome


def _append(store: Store, results: Sequence[SeriesResult], now: datetime, found: Stored) -> None:
    if not results:
        return
    source = data_source(results[0].outcome.source)
    names = {name: None for result in results for name in result.tables}
    joined = {name: pl.concat(result.tables[name] for result in results if name in result.tables) for name in names}
    tables = {name: rows.partition_by("source") for name, rows in joined.items()}
    sources = sorted({one for rows in joined.values() for one in rows["source"].unique()})
    described = [source.describe(one) for one in sources]
    addresses = sorted({address for result in results for address in result.addresses})
    converted = {
        result.outcome.series: {"quoted": result.outcome.quoted_currency, "factor": result.outcome.factor}
        for result in results
        if result.outcome.factor is not None
    }
    commit = store.append(
        tables, source=source.kind, fetched_at=now, addresses=addresses, described=described,
        series=[result.outcome.series for result in results], converted=converted,
    )  # fmt: skip
    found.commits[source.kind] = found.commits.get(source.kind, 0) + any(commit.files.values())


def _checked(store: Store, batch: Sequence[SeriesResult], request: FetchRequest) -> list[SeriesResult]:
    """The results with what the checks of quality found, and how many of their rows are new and revised."""
    results: list[SeriesResult] = []
    of_table = {name: _known(store, name, batch) for result in batch for name in result.tables}
    for result in batch:
        tables: dict[str, pl.DataFrame] = {}
        counts, refused = {"new": 0, "revised": 0}, False
        findings = []
        for name, rows in result.tables.items():
            table, columns = Table.of(name), [*Table.of(name).series, "source"]
            kept: list[pl.DataFrame] = []
            for part in rows.partition_by("source"):
                known = of_table[name].join(part.select(columns).unique(), on=columns, how="semi", nulls_equal=True)
                checked = check_fetched(name, part, known, as_of=request.today, accept=request.accept)
                findings += checked.findings
                refused = refused or checked.rows is None
                if checked.rows is not None:
                    kept.append(checked.rows)
                    new = checked.rows.join(known, on=table.key, how="anti", nulls_equal=True).height
                    same = checked.rows.join(known, on=[*table.key, *table.values], how="semi", nulls_equal=True).height
                    counts["new"] += new
                    counts["revised"] += checked.rows.height - new - same
            tables |= {name: pl.concat(kept)} if kept else {}
        update: dict[str, object] = {"findings": tuple(findings), **counts}
        if refused:
            rules = dict.fromkeys(finding.rule for finding in findings if finding.action == "refused")
            update |= {"status": "failed", "reason": "quality", "detail": ", ".join(rules), "new": 0, "revised": 0}
        results.append(SeriesResult(result.outcome, tables, result.addresses).with_outcome(**update))
    return results


def _known(store: Store, name: str, batch: Sequence[SeriesResult]) -> pl.DataFrame:
    """Last vintages that the store has of the series of a batch."""
    first = Table.of(name).series[0]
    series = sorted({value for result in batch if name in result.tables for value in result.tables[name][first].unique()})
    return store.scan(name, date.max, series=series).collect()


def _read_validators(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Validators by source and address; none where the file is missing or is not ours."""
    try:
        found = json.loads((folder / VALIDATORS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_validators(folder: Path, validators: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
    write_whole(folder / VALIDATORS, json.dumps(validators, sort_keys=True).encode())
