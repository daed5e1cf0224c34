"""The protocol of data sources: terms, rhythm, series, and how series are fetched."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, ConfigDict

from toolkit.core.calendar import month_end, month_number
from toolkit.core.discovery import models_by_kind
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.market.market import Source
from toolkit.market.sources.client import Budget, Client, FetchError, as_they_come
from toolkit.market.tables import STORE_TABLES, Table
from toolkit.records.store import Reason, SeriesOutcome, Status, Use

LONGEST_DETAIL = 200
"""Most characters of an error of a reader that are told: it may quote what it has read."""


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """One series as it came.

    Attributes:
        outcome: What became of it.
        tables: Table of the data package -> rows that hold its contract; empty where there are none.
        addresses: URLs or paths that were read.
    """

    outcome: SeriesOutcome
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()

    def with_outcome(self, **update: object) -> SeriesResult:
        """The result with some fields of its outcome changed; a failed one has no rows."""
        outcome = self.outcome.model_copy(update=update)
        return replace(self, outcome=outcome, tables={} if outcome.status == "failed" else self.tables)


@dataclass(frozen=True, slots=True)
class Query:
    """What a source is asked for.

    Attributes:
        series: Names of series that it accepts.
        since: Series -> first day wanted; all history of one that is absent.
        client: Client with the budget of the source.
    """

    series: Sequence[str]
    since: Mapping[str, date]
    client: Client


class DataSource(BaseModel):
    """Base of the sources: a subclass with a default `kind`, which is its key, is one.

    It has a method `one`, or is a `OneFile`.

    Attributes:
        title, url: Name and page for people.
        terms: Terms of use in a sentence.
        use: What the data may be used for.
        rhythm_days, lag_days: As of `toolkit.market.market.Source`.
        overlap_days: Days before the newest stored one that are fetched again, because they may have been revised.
        required: Whether a fetch fails that does not get it.
        begins_anew: Whether it is always read as a whole, and not from the newest row that is stored.
        key_variable: Environment variable of the key that it asks for; empty where it asks for none.
        budget: Requests that it is sent.
        table: Table of its series.
    """

    model_config = ConfigDict(frozen=True)

    kind: Any  # each source narrows it to its own literal
    title: ClassVar[str]
    url: ClassVar[str]
    terms: ClassVar[str]
    use: ClassVar[Use]
    rhythm_days: ClassVar[int] = 1
    lag_days: ClassVar[int] = 4
    overlap_days: ClassVar[int] = 10
    required: ClassVar[bool] = False
    begins_anew: ClassVar[bool] = False
    key_variable: ClassVar[str] = ""
    budget: ClassVar[Budget] = Budget(requests=30, seconds=60.0)
    table: ClassVar[str] = "prices"

    @property
    def description(self) -> Source:
        """The source as the market knows it."""
        return Source(self.kind, self.title, self.terms, self.url, self.rhythm_days, self.lag_days)

    def describe(self, source_id: str) -> Source:
        """The source of rows that have an id of their own: an edition, what a dealer asks and pays."""
        return replace(self.description, id=source_id)

    def series(self) -> tuple[str, ...]:
        """Names of the series that are fetched where none is named; none where files are."""
        return ()

    def accepts(self, series: str) -> bool:
        """Whether the source may have a series of that name."""
        return series in self.series()

    def stored_as(self, series: str) -> str | None:
        """Name of the series in `table` of a store, by whose newest row a fetch goes on; None where it always begins anew."""
        return None if self.begins_anew else series

    def fetch(self, query: Query) -> Iterator[SeriesResult]:
        """Each series as it comes; what the source refuses is a failed outcome, no exception."""
        yield from self.each(query, lambda series: self.one(series, query))

    def one(self, series: str, query: Query) -> SeriesResult:
        """One series; raises `FetchError` for what the source refuses."""
        raise NotImplementedError

    def key(self) -> str:
        """The key of `key_variable`; raises `FetchError` where the environment has none."""
        key = os.environ.get(self.key_variable)
        if not key:
            raise FetchError("no_key", self.key_variable)
        return key

    def result(
        self,
        series: str,
        tables: Mapping[str, pl.DataFrame],
        client: Client,
        addresses: Iterable[str],
        *,
        partial: str | None = None,
        quoted: tuple[str, float] | None = None,
    ) -> SeriesResult:
        """The result of rows that came: failed if they break a contract, empty without any, stale if the newest is overdue.

        Args:
            series: Name at the source.
            tables: Table -> rows, whose columns are put in order here.
            client: Client that fetched them.
            addresses: URLs that were read.
            partial: What is missing; None where nothing is.
            quoted: Unit of quotation and factor, where prices were converted.
        """
        ordered: dict[str, pl.DataFrame] = {}
        for name, frame in tables.items():
            contract = STORE_TABLES[name]
            ordered[name] = frame.select(pl.col(column).cast(spec.dtype) for column, spec in contract.columns().items())
            # Duplicated days and dates ahead are told by the checks of quality, each by its name.
            failures = [contract.filter(part)[1].counts() for part in ordered[name].partition_by("source")]
            broken = Counter({rule: n for counts in failures for rule, n in counts.items() if rule != "primary_key"})
            if broken:
                detail = "; ".join(f"{rule} ({count})" for rule, count in sorted(broken.items()))
                return self.failed(series, "contract", f"{name}: {detail}")
        days = [
            day for name, frame in ordered.items() if (column := Table.of(name).reference) for day in frame[column].drop_nulls()
        ]
        status: Status = "ok"
        reason: Reason | None = None
        detail = None
        if not days:
            status = "empty"
        elif partial is not None:
            status, reason, detail = "partial", "missing_rows", partial
        elif self.rhythm_days and (client.today - max(days)).days > self.rhythm_days + self.lag_days:
            status = "stale"
        unit, factor = quoted or (None, None)
        outcome = self._outcome(series, status, reason, detail).model_copy(
            update={
                "rows": sum(frame.height for frame in ordered.values()),
                "first": min(days).isoformat() if days else None,
                "last": max(days).isoformat() if days else None,
                "quoted_currency": unit,
                "factor": factor,
            }
        )
        return SeriesResult(outcome, ordered if days else {}, tuple(addresses))

    def failed(self, series: str, reason: Reason, detail: str | None) -> SeriesResult:
        """The result of a series that did not come.

        Args:
            series: Name at the source.
            reason: Why.
            detail: What the source said.
        """
        return SeriesResult(self._outcome(series, "failed", reason, detail))

    def unchanged(self, series: str, addresses: Iterable[str]) -> SeriesResult:
        """The result of a series whose source says that nothing changed since it was stored."""
        return SeriesResult(self._outcome(series, "ok", None, None), {}, tuple(addresses))

    def each(self, query: Query, one: Callable[[str], SeriesResult]) -> Iterator[SeriesResult]:
        """The results of a request a series, concurrently within the budget, in the order in which they end."""

        def guarded(name: str) -> SeriesResult:
            try:
                with reading():
                    return one(name)
            except FetchError as error:
                return self.failed(name, error.reason, error.detail)

        yield from query.client.concurrently(guarded, query.series)

    def _outcome(self, series: str, status: Status, reason: Reason | None, detail: str | None) -> SeriesOutcome:
        return SeriesOutcome(
            source=self.kind, series=series, status=status, reason=reason, detail=detail, rows=0, new=0, revised=0, first=None,
            last=None, quoted_currency=None, factor=None, required=False, findings=(),
        )  # fmt: skip


class OneFile(DataSource):
    """Base of sources one file of which has all series: each fails where the file does, or where it is not in it."""

    def fetch(self, query: Query) -> Iterator[SeriesResult]:
        """All series of the file."""
        try:
            with reading():
                found = self.load(query)
        except FetchError as error:
            found = {name: self.failed(name, error.reason, error.detail) for name in query.series}
        for name in query.series:
            yield found.get(name) or self.failed(name, "not_found", None)

    def load(self, query: Query) -> Mapping[str, SeriesResult]:
        """The results by series; raises `FetchError` for what the source refuses."""
        raise NotImplementedError


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """A reply that is not laid out as the reader expects is a `FetchError` with the reason ``format``.

    A reader of another language panics at what it does not expect, and a panic is no `Exception`.
    """
    try:
        yield
    except (FetchError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        detail = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')[:LONGEST_DETAIL]}"
        raise FetchError("format", detail.rstrip(": ")) from error


def published_after(months: int, day: int, today: date) -> pl.Expr:
    """The day on which a month's figure is published, by the column `date`: a day of a later month, at the latest today.

    Args:
        months: Months after the month of `date`.
        day: Day of that month.
        today: Day of the fetch, on which everything that came is known.
    """
    published = pl.col("date").dt.month_start().dt.offset_by(f"{months}mo").dt.offset_by(f"{day - 1}d")
    return pl.min_horizontal(published, pl.lit(today))


def end_of_month(text: str) -> date:
    """The last day of a month written 2026-05, 2026M05 or 202605."""
    digits = "".join(mark for mark in text if mark.isdigit())
    if len(digits) != 6:
        raise ValueError(f"{text!r} is no month")
    return month_end(month_number(date(int(digits[:4]), int(digits[4:]), 1)))


def months_until(first: date, last: date) -> list[str]:
    """The months from one day to another, written 2026-05."""
    numbers = range(month_number(first), month_number(last) + 1)
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in numbers]


def data_sources() -> Mapping[str, type[DataSource]]:
    """Every source by its key."""
    return models_by_kind("toolkit.market.sources", DataSource)


def data_source(name: str) -> DataSource:
    """The source of a key.

    Raises:
        SpecError: for a key that is none, with the nearest.
    """
    known = data_sources()
    if name not in known:
        raise SpecError("there is no source {name!r:s}.", hint=did_you_mean(name, known), name=name)
    return known[name].model_validate({})


def fetch_all(jobs: Sequence[tuple[DataSource, Query]]) -> Iterator[SeriesResult]:
    """Every series of sources and what each is asked for, as it comes; each source is in a thread of its own.

    What fails in one source fails the series of it that have not come, and none of another's. Where the iterator is closed, or
    the thread that reads it is interrupted, no source sends a further request.
    """

    def results(source: DataSource, query: Query) -> Iterator[SeriesResult]:
        left = dict.fromkeys(query.series)
        try:
            with reading():
                for result in source.fetch(query):
                    left.pop(result.outcome.series, None)
                    yield result
                    if query.client.stop.is_set():
                        break
        except FetchError as error:
            yield from (source.failed(name, error.reason, error.detail) for name in left)

    try:
        yield from as_they_come([results(*job) for job in jobs])
    finally:
        for _, query in jobs:
            query.client.stop.set()
            query.client.close()
