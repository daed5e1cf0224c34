"""The `Market`: validated tables with provenance, visible as of a day only."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import polars as pl

from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.frames import REFERENCE_DATE, TABLES
from toolkit.market.exchange_rates import Rates
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.price_checks import in_order
from toolkit.records.sources import Provenance

MadeT = TypeVar("MadeT")
USER = "user"
"""The `source` of rows of the ledger that a user has given: it travels with every measure that rests on them."""
UNKNOWN = "unknown"
"""Licence of a source that nobody has described."""
SMALL_TABLE = 5_000
"""Rows of a table of which the visible ones are kept from day to day."""
OF_EVENTS = ("price_points",)
"""Tables of single dated points around events, without a fixed frequency."""


Overlay = Callable[[pl.DataFrame, date], pl.DataFrame]
"""What makes the rows of a table, of those of a package that were known on a day, and the day."""


@dataclass(frozen=True, slots=True)
class Source:
    """Source of rows: the id used in `source` columns, a title for people, the licence, and its release interval.

    Attributes:
        rhythm_days: Days between releases; 0 where the source has no schedule.
        lag_days: Days from the end of a period to its publication, at most.
        complete_to: Day to which a ledger of events was kept; events have no frequency from which an age could be read.
        own: Whether its rows are from files of the user.
    """

    id: str
    title: str
    licence: str
    url: str = ""
    rhythm_days: int = 0
    lag_days: int = 0
    complete_to: date | None = None
    own: bool = False


def _canonical_sha256(frame: pl.DataFrame) -> str:
    """Hash of a frame that does not depend on row order, column order or polars' memory layout."""
    schema = frame.schema
    columns = sorted(schema)
    # A column of one value orders nothing.
    ends = zip(frame.row(0), frame.row(-1), strict=True) if frame.height else [(None, None)] * len(columns)
    alike = [name for name, (first, last) in zip(schema, ends, strict=True) if first == last]
    found = frame.select((pl.col(name).ne_missing(pl.col(name).first())).any() for name in alike)
    other = dict(zip(alike, found.row(0), strict=True)) if alike else {}
    keys = [name for name in columns if other.get(name, True)]
    order = None
    if keys and (any(frame.select(keys).null_count().row(0)) or not in_order(frame, keys)):
        order = frame.select(pl.arg_sort_by(keys, nulls_last=True)).to_series()
    digest = hashlib.sha256()
    for name in columns:
        digest.update(f"{name!r} {schema[name]}\n".encode())
        if schema[name] == pl.String and frame.height and name not in keys:
            # One run of one text, which is never made of millions of rows.
            digest.update(pl.Series([frame.height], dtype=pl.UInt32).to_numpy().data)
            digest.update(repr([frame.select(pl.col(name).first()).item()]).encode())
            continue
        # Never all of them, nor one by name, which the frame would keep: rows are millions.
        column = frame.select(name if order is None else pl.col(name).gather(order)).to_series()
        if column.dtype.is_numeric() or column.dtype.is_temporal():
            some = column.null_count() > 0
            digest.update((column.is_null().to_numpy() if some else np.zeros(len(column), dtype=bool)).data)
            column = column.to_physical()
            digest.update((column.fill_null(0) if some else column).rechunk().to_numpy().data)
        else:  # texts, of which most columns repeat a few
            runs = column.rle().struct.unnest()
            digest.update(runs["len"].to_numpy().data)
            digest.update(repr(runs["value"].to_list()).encode())
    return digest.hexdigest()


def _dates(table: str) -> list[str]:
    """Columns of a table with days on which a row was not visible before."""
    return [name for name in ("known_from", REFERENCE_DATE.get(table)) if name is not None]


class FramesOnDemand(Mapping[str, pl.DataFrame]):
    """Frames by table name, each made when it is first asked for: a question reads the tables that it uses, and no others."""

    def __init__(self, makers: Mapping[str, Callable[[], pl.DataFrame]]) -> None:
        self._makers, self._made = makers, dict[str, pl.DataFrame]()

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self._made:
            self._made[table] = self._makers[table]()
        return self._made[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, table: object) -> bool:
        return table in self._makers


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known on `as_of`: frames by table name, filtered by both dates of every row."""

    as_of: date
    _frames: Mapping[str, pl.DataFrame] = field(repr=False)
    _sources: Mapping[str, Source] = field(repr=False)
    _series: Callable[[], PriceSeries] | None = field(repr=False, compare=False, default=None)
    _rates: Rates | None = field(repr=False, compare=False, default=None)
    _version: Callable[[str], object] | None = field(repr=False, compare=False, default=None)

    def version(self, table: str) -> object:
        """What is equal on days of one market on which the same rows of a table are visible."""
        return self.as_of if self._version is None else self._version(table)

    @property
    def series(self) -> PriceSeries:
        """The visible prices as arrays."""
        return PriceSeries.of(self["prices"]) if self._series is None else self._series()

    @property
    def rates(self) -> Rates:
        """The visible exchange rates as arrays."""
        return Rates(self["fx"]) if self._rates is None else self._rates

    def __getitem__(self, table: str) -> pl.DataFrame:
        try:
            return self._frames[table]
        except KeyError:
            raise DataError(
                "the market has no table {table!r:s}.", hint=did_you_mean(table, self._frames), table=table
            ) from None

    def __contains__(self, table: object) -> bool:
        return table in self._frames

    def source(self, source_id: str) -> Source:
        """The description of a source; one without a description has its id for a title."""
        return self._sources.get(source_id, Source(id=source_id, title=source_id, licence=UNKNOWN))

    def complete_to(self, table: str) -> date | None:
        """Last day through which every source of a table was kept, at most `as_of`; None where one does not say.

        A user's own rows complete nothing and leave nothing incomplete.
        """
        kept = [self.source(source_id).complete_to for source_id in self[table]["source"].unique() if source_id != USER]
        days = [day for day in kept if day is not None]
        return min(*days, self.as_of) if days and len(days) == len(kept) else None

    def provenance(self, tables: Mapping[str, pl.DataFrame] | None = None, *, past: bool = False) -> tuple[Provenance, ...]:
        """Visible rows of each table and source, by table and source: over the rows given, or over everything.

        Args:
            tables: The rows that were really used, by table name; hashes then describe those alone.
            past: Whether the rows end on a past day, as those of a simulation do: a source of which they leave out newer
                rows is not late for them.
        """
        records: list[Provenance] = []
        for table, frame in sorted((tables or self._frames).items()):
            sources = frame.select(pl.col("source").unique().sort()).to_series()
            for source_id in sources:
                rows = frame.filter(pl.col("source") == source_id) if len(sources) > 1 else frame
                source = self.source(source_id)
                speaks_of = REFERENCE_DATE.get(table)
                newest: Any = rows[speaks_of].max() if speaks_of else None
                if newest is None and source.complete_to is not None:
                    newest = min(source.complete_to, self.as_of)
                known: Any = rows["known_from"].max()
                latest: Any = newest
                if past and speaks_of:
                    own = pl.col(speaks_of).filter(pl.col("source") == source_id)
                    latest = self._frames[table].select(own.max()).item()
                # Single points are dated by events, not by releases: the newest of them is no measure of the source's age.
                kept = min(source.complete_to, self.as_of) if source.complete_to else known
                due = (self.as_of - (kept if table in OF_EVENTS else latest or known)).days
                due -= source.rhythm_days + source.lag_days
                records.append(
                    Provenance(
                        table=table,
                        source=source.title,
                        source_id=source.id,
                        licence=source.licence,
                        as_of=newest and newest.isoformat(),
                        known_from=known.isoformat(),
                        rows=rows.height,
                        sha256=_canonical_sha256(rows),
                        overdue_days=max(0, due) if source.rhythm_days and latest == newest else 0,
                    )
                )
        return tuple(records)


@dataclass(frozen=True, slots=True)
class Market:
    """Everything that was ever known: validated frames by table name, each row dated twice.

    There is no attribute for a frame: `until` is the only way to look, so nothing can look ahead by accident.
    """

    _frames: Mapping[str, pl.DataFrame] = field(repr=False)
    _sources: Mapping[str, Source] = field(repr=False)
    _over: Mapping[str, Overlay] = field(repr=False, default_factory=dict)
    _days: dict[str, list[date]] = field(repr=False, compare=False, init=False, default_factory=dict)
    _visible: dict[tuple[str, int], pl.DataFrame] = field(repr=False, compare=False, init=False, default_factory=dict)
    _series: list[PriceSeries] = field(repr=False, compare=False, init=False, default_factory=list)
    _rates: list[Rates] = field(repr=False, compare=False, init=False, default_factory=list)
    _made: dict[Hashable, Any] = field(repr=False, compare=False, init=False, default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], MadeT]) -> MadeT:
        """What is made of the tables of the market, the same for all who ask.

        Args:
            key: Of what is made.
            make: Makes it, where nobody asked before.
        """
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @classmethod
    def of(cls, frames: Mapping[str, pl.DataFrame], sources: Mapping[str, Source]) -> Market:
        """A market from frames that already hold their contracts (see `toolkit.market`)."""
        unknown = sorted(set(frames) - set(TABLES))
        if unknown:
            raise DataError("no contract for table {unknown!r:s}.", hint=did_you_mean(unknown[0], TABLES), unknown=unknown[0])
        made = FramesOnDemand({name: partial(frames.__getitem__, name) for name in frames})
        return cls(made, MappingProxyType(dict(sources)))

    def replace(
        self,
        table: str,
        frame: pl.DataFrame | Callable[[], pl.DataFrame],
        sources: Mapping[str, Source] | None = None,
        *,
        series: PriceSeries | None = None,
    ) -> Market:
        """The same market with one table exchanged, for instance for the user's own prices.

        Args:
            table: Name of the table.
            frame: Its rows, with the contract of that table, or what makes them when they are asked for.
            sources: Source name -> source, for sources that the market does not have yet.
            series: The same rows as arrays, where they were made before and the table is that of prices.
        """
        others = {name: partial(self._frames.__getitem__, name) for name in self._frames}
        replaced = Market.of(
            FramesOnDemand({**others, table: frame if callable(frame) else lambda: frame}), {**self._sources, **(sources or {})}
        )
        found = replaced.under({name: overlay for name, overlay in self._over.items() if name != table})
        found._series.extend([] if series is None else [series])
        found._rates.extend([] if table == "fx" else self._exchange())
        return found

    def _exchange(self) -> list[Rates]:
        """The rates of all days, made once; none where the table is none of the package."""
        if not self._rates and "fx" in self._frames and "fx" not in self._over:
            self._rates.append(Rates(self._frames["fx"]))
        return self._rates

    def under(self, overlays: Mapping[str, Overlay], sources: Mapping[str, Source] | None = None) -> Market:
        """The same market with rows of a store over those of its tables.

        Args:
            overlays: Table -> what makes its rows of those known on a day, with the vintages of that day.
            sources: Source name -> source, for sources that the market does not have yet.
        """
        return replace(self, _over=MappingProxyType({**overlays}), _sources={**self._sources, **(sources or {})})

    def _version(self, table: str, as_of: date) -> int:
        """Number of the days up to one from which on more rows of the package were visible."""
        if table not in self._days:
            frame = self._frames[table]
            self._days[table] = sorted({day for name in _dates(table) for day in frame[name].drop_nulls().unique()})
        return bisect.bisect_right(self._days[table], as_of)

    def _rows(self, table: str, as_of: date) -> pl.DataFrame:
        """The rows of a table that are visible on a day; those of a small one are kept, since few days change it."""
        frame = self._frames[table]

        def rows() -> pl.DataFrame:
            return frame.filter(pl.all_horizontal(pl.col(name) <= as_of for name in _dates(table)))

        if frame.height > SMALL_TABLE:
            return rows()
        version = self._version(table, as_of)
        if (table, version) not in self._visible:
            self._visible[table, version] = rows()
        return self._visible[table, version]

    def until(self, as_of: date) -> Snapshot:
        """What was known on `as_of`: rows published by then with no later observation date."""

        def visible(table: str) -> pl.DataFrame:
            rows = self._rows(table, as_of)
            return self._over[table](rows, as_of) if table in self._over else rows

        frames = FramesOnDemand({table: partial(visible, table) for table in self._frames})

        @cache
        def series() -> PriceSeries:
            if "prices" in self._over:
                return PriceSeries.of(frames["prices"])
            if not self._series:  # of all days, made once
                self._series.append(PriceSeries.of(self._frames["prices"]))
            return self._series[0].until(as_of)

        rates = next((rates.until(as_of) for rates in self._exchange()), None)

        def version(table: str) -> object:  # rows of a store are others from day to day
            return as_of if table in self._over else self._version(table, as_of)

        return Snapshot(as_of, frames, self._sources, series, rates, version)
