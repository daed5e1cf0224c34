"""Quality of price series: frequency, gaps, stale runs, outliers, changes of unit, age.

Everything is measured against the series itself, never against another one, and nothing is repaired.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, message
from toolkit.core.units import DAYS_PER_YEAR, FREQUENCIES, FREQUENCY_NAMES
from toolkit.market.price_series import IntArray, PriceSeries

OUTLIER_Z = 6.0
"""Robust z of a log change beyond which a print is stray, if the price comes back as far with the next print."""

EDGE_Z = 2 * OUTLIER_Z
"""Robust z for the first and the last print, whose return is not observed: silver in January 2026 had 7 and stayed."""

EDGE_PRICES = 12
"""Prints from which the first and the last are judged: of fewer, the usual move is not known."""

STALE_RUN = 5
"""Identical prices in a row that are reported as stale: thin markets repeat a price, but rarely five times."""

LOW_COVERAGE = 0.9
HOLIDAY_WEEKDAYS = 7
"""Weekdays in a row without a price that an exchange holiday explains (Chinese New Year and Golden Week: six)."""

STALE_PERIODS = 2.5
OLD_DAYS = 10
"""A newest price is old beyond both: so many of its own periods, and so many days."""

UNIT_RATIOS: Mapping[float, str] = MappingProxyType(
    {
        10.0: message("kg against metric ton units, or a split of shares"),
        100.0: message("pence or cents against pounds or dollars"),
        1000.0: message("g against kg, or kg against tonnes"),
        2.204623: message("lb against kg"),
        31.10348: message("g against troy ounces"),
        32.15075: message("troy ounces against kg"),
        453.5924: message("g against lb"),
        2204.623: message("lb against tonnes"),
    }
)
"""Level changes that a change of unit leaves behind."""
SPLITS = (2.0, 3.0, 4.0, 5.0, 10.0, 20.0)
"""Splits and mergers of shares that are common, each also a level change of prices that are not adjusted for it."""
LONGEST_WEEKEND, LONGEST_WEEK = 5, 8  # days from one daily price, and from one weekly, to the next
SPLIT_TOLERANCE = 0.03  # log points the market may move on the day of a split
WEEK_TOLERANCE = 0.12  # and in its week, of which no more than twice the usual change counts

_PERIODS = {
    "daily": (message("weekday"), message("weekdays")),
    "weekly": (message("week"), message("weeks")),
    "monthly": (message("month"), message("months")),
    "quarterly": (message("quarter"), message("quarters")),
    "annual": (message("year"), message("years")),
}
_ANY_PERIOD = (message("period"), message("periods"))
_LEVEL_WINDOW = 6  # prints on each side whose median is the level before and after a jump
_SCALE_WINDOW = 20  # changes around a print whose median size is the local scale
_WINDOW = np.arange(1 - _SCALE_WINDOW // 2, 2 + _SCALE_WINDOW // 2)  # rows around the one behind a change
_BLOCK = 1_000_000  # prices that are measured at once
_MAD_TO_SIGMA = 1.4826  # for normal changes
_MEAN_AD_TO_SIGMA = 1.2533  # fallback where most changes are zero and the median deviation vanishes
MOVES = ("stale_run", "stale_until", "large_moves", "outliers", "outlier_date", "outlier_z",
         "unit_ratio", "unit_factor", "unit_date")  # fmt: skip
_JUMP_TOLERANCE = (0.02, 0.15)  # log points the market may move beside the change of unit


def quality(prices: PriceSeries | pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an asset, sorted by asset, over what was known on `as_of`.

    Columns: `asset`, `first`, `last` (Date), `observations`, `rhythm` (``daily`` to ``annual``, ``irregular``; null for a
    single print), `expected` (observations plus the periods missing between them), `coverage` (fraction), `gaps`
    (holes of at least one period; for daily series of more weekdays than a holiday explains), `longest_gap` (missing
    periods; weekdays for daily series), `longest_gap_after` (Date), `stale_run` (most identical prices in a row),
    `stale_until`, `large_moves` (log changes beyond a robust z of 6, true or not), `outliers` (single prints off
    both neighbours by as much), `outlier_date`, `outlier_z` (the worst), `unit_ratio` (of a lasting jump that looks like
    a change of unit, or of daily prices a split), `unit_factor` (the price level after it over that before), `unit_date`,
    `age_days`.

    Args:
        prices: Series, or a frame that holds the contract `core.frames.Prices`.
        as_of: Rows of a later date, or known later, are not used; ages are counted to this day.
    """
    own = _each(prices, as_of)
    result = _gaps(own).join(_moves(own), on="asset", how="left", maintain_order="left")
    stale = pl.DataFrame(
        [_stale_run(one) for one in own], schema={"stale_run": pl.Int64, "stale_until": pl.Int64}, orient="row"
    ).with_columns(pl.col("stale_until").cast(pl.Int32).cast(pl.Date))
    result = result.with_columns(
        stale["stale_run"], stale["stale_until"], pl.col("large_moves", "outliers").fill_null(0),
        asset=pl.Series([one.asset for one in own], dtype=pl.String),
    )  # fmt: skip
    result = result.select(*(name for name in result.columns if name not in MOVES), *MOVES)
    return result.with_columns(age_days=(pl.lit(as_of) - pl.col("last")).dt.total_days())


def is_old(row: Mapping[str, Any]) -> bool:
    """Whether the newest price of a row of `quality` is older than the frequency of its series explains."""
    period = (row["last"] - row["first"]).days / max(1, row["expected"] - 1)
    return row["age_days"] > max(OLD_DAYS, STALE_PERIODS * period)


def findings(frame: pl.DataFrame) -> tuple[Message, ...]:
    """Findings of a `quality` frame, one message each; none for a series without any."""
    return tuple(sentence for row in frame.iter_rows(named=True) for sentence in (*_gap_findings(row), *_price_findings(row)))


def gap_findings(prices: PriceSeries | pl.DataFrame) -> tuple[Message, ...]:
    """The gaps of price series alone, one sentence an asset at most."""
    own = _each(prices, None)
    rows = _gaps(own).with_columns(asset=pl.Series([one.asset for one in own], dtype=pl.String)).iter_rows(named=True)
    return tuple(sentence for row in rows for sentence in _gap_findings(row))


@dataclass(frozen=True, slots=True)
class _One:
    """The days since 1970 (m,) and prices (m,) of an asset."""

    asset: str
    days: IntArray
    prices: FloatArray


def _each(prices: PriceSeries | pl.DataFrame, as_of: date | None) -> list[_One]:
    """Every series, sorted by asset and date; of a day only what was known on it."""
    series = PriceSeries.of(prices) if as_of is None else PriceSeries.of(prices).until(as_of)
    days = series.common_days  # of thousands of series on the same days one array, not thousands
    return [_One(key, series.days(at) if days is None else days, series.prices(at)) for at, key in enumerate(series.assets)]


def _gaps(own: Sequence[_One]) -> pl.DataFrame:
    """Frequency, coverage and gaps by number of the asset; those of the same days, as all of a wide file are, are counted once.

    The frequency is read off the median step, which holes in a series do not move (as `core.units.periods_per_year`).
    """
    calendars: dict[bytes, int] = {}
    which = [calendars.setdefault(one.days.tobytes(), len(calendars)) for one in own]
    days = [np.frombuffer(calendar, dtype=np.int64) for calendar in calendars]
    series = pl.DataFrame(
        {
            "asset": np.repeat(np.arange(len(days)), [len(one) for one in days]),
            "date": pl.Series(np.concatenate([np.empty(0, np.int64), *days])).cast(pl.Int32).cast(pl.Date),
        }
    )
    counted = _counted_gaps(series)[which]
    return counted.with_columns(asset=pl.int_range(pl.len()))


def _counted_gaps(series: pl.DataFrame) -> pl.DataFrame:
    """Frequency, coverage and gaps by asset of sorted dates."""
    before = pl.col("date").shift(1).over("asset")
    stepped = series.select(
        "asset",
        "date",
        before=before,
        step=(pl.col("date") - before).dt.total_days(),
        weekdays=pl.business_day_count(before, "date"),
    ).with_columns(a_year=DAYS_PER_YEAR / pl.col("step").median().over("asset"))
    frequency = pl.when(pl.col("a_year").is_null()).then(None)
    for periods, low, high in FREQUENCIES:
        frequency = frequency.when(pl.col("a_year").is_between(low, high)).then(pl.lit(FREQUENCY_NAMES[periods]))
    stepped = stepped.with_columns(rhythm=frequency.otherwise(pl.lit("irregular")))
    # Assessments twice a week step by two and five days: without a known frequency the longer of the usual steps is the period.
    usual = pl.col("step").quantile(0.75).over("asset")
    period = pl.col("rhythm").replace_strict({name: DAYS_PER_YEAR / p for p, name in FREQUENCY_NAMES.items()}, default=usual)
    # Months have 28 to 31 days, so a step is rounded to whole periods; a daily series rests on weekends instead.
    steps = pl.when(pl.col("rhythm") == "daily").then(pl.col("weekdays")).otherwise((pl.col("step") / period).round())
    stepped = stepped.with_columns(missing=(steps - 1).clip(lower_bound=0).cast(pl.Int64))
    allowed = pl.when(pl.col("rhythm") == "daily").then(HOLIDAY_WEEKDAYS).otherwise(0)
    longest = pl.col("missing").max().fill_null(0)
    expected = pl.len().cast(pl.Int64) + pl.col("missing").sum()
    return stepped.group_by("asset", maintain_order=True).agg(
        first=pl.col("date").first(),
        last=pl.col("date").last(),
        observations=pl.len().cast(pl.Int64),
        rhythm=pl.col("rhythm").first(),
        expected=expected,
        coverage=pl.len() / expected,
        gaps=(pl.col("missing") > allowed).sum().cast(pl.Int64),
        longest_gap=longest,
        longest_gap_after=pl.when(longest > 0).then(pl.col("before").get(pl.col("missing").arg_max(), null_on_oob=True)),
    )


def _stale_run(one: _One) -> tuple[int, int]:
    """The longest run of identical prices, the latest of equal ones, and the day on which it ends."""
    ends = np.append(np.flatnonzero(np.diff(one.prices)), len(one.prices) - 1)
    lengths = np.diff(ends, prepend=-1)
    at = len(lengths) - 1 - int(lengths[::-1].argmax())
    return int(lengths[at]), int(one.days[ends[at]])


def _moves(own: Sequence[_One]) -> pl.DataFrame:
    """Large moves, stray prints and unit jumps by number of the asset that has a large move; others have none of them.

    A jump is taken for a change of unit if it is out of the ordinary (robust z), close to a ratio of units, and lasts:
    the median level of the prints after it stands as far from that before. From one day to the next it may be a split.
    """
    moved = _around_moves(own)
    log = pl.col("price").log()
    # Windows run over one asset only, and need two prints on a side: a level seen once is not lasting.
    before = log.shift(1).rolling_median(_LEVEL_WINDOW, min_samples=2)
    after = log.reverse().rolling_median(_LEVEL_WINDOW, min_samples=2).reverse()
    # Volatility clusters: in a crisis large moves out and back are ordinary, so the scale is never below the local one.
    local = pl.col("deviation").rolling_median(_SCALE_WINDOW, min_samples=_SCALE_WINDOW // 4, center=True)
    moved = moved.with_columns(
        shift=(after - before).over("asset"), scale=pl.max_horizontal("overall", (local * _MAD_TO_SIGMA).over("asset"))
    )
    z = pl.when(pl.col("scale") > 0).then((pl.col("change") - pl.col("centre")) / pl.col("scale"))
    moved = moved.with_columns(z=z).with_columns(unit_ratio=_unit_ratio())
    moved = moved.with_columns(
        z_next=pl.col("z").shift(-1).over("asset"),
        unit_next=pl.col("unit_ratio").shift(-1).over("asset"),
        last=pl.col("order") == pl.col("count") - 1,
    )
    inside = (pl.min_horizontal(pl.col("z").abs(), pl.col("z_next").abs()) > OUTLIER_Z) & (pl.col("z") * pl.col("z_next") < 0)
    enough = pl.col("count") >= EDGE_PRICES
    at_start = enough & (pl.col("order") == 0) & (pl.col("z_next").abs() > EDGE_Z)
    at_end = enough & pl.col("last") & (pl.col("z").abs() > EDGE_Z)
    jump = pl.col("unit_ratio").is_not_null()
    outlier = (inside | at_start | at_end) & ~jump & pl.col("unit_next").is_null()
    size = pl.coalesce("z", -pl.col("z_next"))
    worst = pl.when(outlier).then(size.abs()).arg_max()
    biggest_jump = pl.when(jump).then(pl.col("change").abs()).arg_max()
    return moved.group_by("asset", maintain_order=True).agg(
        large_moves=(pl.col("z").abs() > OUTLIER_Z).sum().cast(pl.Int64),
        outliers=outlier.sum().cast(pl.Int64),
        outlier_date=pl.when(outlier.any()).then(pl.col("date").get(worst, null_on_oob=True)),
        outlier_z=pl.when(outlier.any()).then(size.get(worst, null_on_oob=True)),
        unit_ratio=pl.when(jump.any()).then(pl.col("unit_ratio").get(biggest_jump, null_on_oob=True)),
        unit_factor=pl.when(jump.any()).then(pl.col("change").get(biggest_jump, null_on_oob=True).exp()),
        unit_date=pl.when(jump.any()).then(pl.col("date").get(biggest_jump, null_on_oob=True)),
    )


def _around_moves(own: Sequence[_One]) -> pl.DataFrame:
    """The rows around changes that may be large, by number of the asset.

    Windows are laid around these few alone: no scale in them is smaller than the overall one.
    """
    longest = by_key((len(one.prices), at) for at, one in enumerate(own))
    found: list[tuple[Any, ...]] = []
    for count, every in longest.items():
        # Series of one length, as all of a wide file mostly are, are measured in blocks; one print has no change.
        size = max(1, _BLOCK // count)
        for block in (every[i : i + size] for i in range(0, len(every) if count > 1 else 0, size)):
            prices, days = (np.array(part) for part in zip(*((own[at].prices, own[at].days) for at in block), strict=True))
            change = np.diff(np.log(prices), axis=1)
            centre = np.median(change, axis=1)
            deviation = np.abs(change - centre[:, None])
            # Where most changes are zero the median deviation vanishes and the mean one stands in; a series that never
            # moves has no scale, and so no z.
            median = np.median(deviation, axis=1)
            mean = deviation.mean(axis=1) * _MEAN_AD_TO_SIGMA
            overall = np.where(median > 0, median * _MAD_TO_SIGMA, mean)
            series, row = np.nonzero(deviation > OUTLIER_Z * overall[:, None])
            near = row[:, None] + _WINDOW
            inside = (near >= 0) & (near < count)
            i, near = np.divmod(np.unique((series[:, None] * count + near)[inside]), count)
            before, first = near - 1, near == 0
            found.append(
                (
                    np.asarray(block)[i],
                    days[i, near],
                    prices[i, near],
                    np.where(first, np.nan, change[i, before]),
                    np.where(first, np.nan, days[i, near] - days[i, before]),
                    near,
                    np.full(len(near), count),
                    centre[i],
                    np.where(first, np.nan, deviation[i, before]),
                    overall[i],
                )
            )
    names = ("asset", "date", "price", "change", "step", "order", "count", "centre", "deviation", "overall")
    columns = map(np.concatenate, zip(*found, strict=True)) if found else [np.empty(0)] * len(names)
    rows = pl.DataFrame(dict(zip(names, columns, strict=True)), nan_to_null=True).sort("asset", maintain_order=True)
    return rows.with_columns(pl.col("asset", "order", "count").cast(pl.Int64), pl.col("date").cast(pl.Int32).cast(pl.Date))


def _unit_ratio() -> pl.Expr:
    """The ratio of `UNIT_RATIOS` nearest to a jump of the level, or of `SPLITS` near one; null where it is neither."""
    tolerance = (3 * pl.col("scale")).clip(*_JUMP_TOLERANCE)
    size = pl.col("change").abs()
    off = {ratio: (size - math.log(ratio)).abs() for ratio in UNIT_RATIOS}
    nearest = pl.min_horizontal(*off.values())
    lasting = ((pl.col("shift") - pl.col("change")).abs() <= 2 * tolerance) & (pl.col("z").abs() > OUTLIER_Z)
    # Null where there are too few prints on a side: nothing is said then.
    ratio = pl.when(~lasting.fill_null(value=False)).then(None)
    week = (2 * pl.col("scale")).clip(SPLIT_TOLERANCE, WEEK_TOLERANCE)
    moved = pl.when(pl.col("step") <= LONGEST_WEEKEND).then(SPLIT_TOLERANCE).when(pl.col("step") <= LONGEST_WEEK).then(week)
    for value in SPLITS:
        ratio = ratio.when((size - math.log(value)).abs() <= moved).then(value)
    ratio = ratio.when(nearest > tolerance).then(None)
    for value, distance in off.items():
        ratio = ratio.when(distance == nearest).then(pl.lit(value))
    return ratio


def _gap_findings(row: dict[str, Any]) -> Iterator[Message]:
    asset, (one, many) = _name(row), _PERIODS.get(row["rhythm"], _ANY_PERIOD)
    if row["gaps"]:
        yield message(
            "{asset}: {missing} of {expected} {periods} have no price, never filled; the longest gap is {longest} {unit} after "
            "{day:%Y-%m-%d}.",
            asset=asset,
            missing=row["expected"] - row["observations"],
            expected=row["expected"],
            periods=many,
            longest=row["longest_gap"],
            unit=one if row["longest_gap"] == 1 else many,
            day=row["longest_gap_after"],
        )
    elif row["coverage"] < LOW_COVERAGE:
        yield message(
            "{asset}: only {coverage:.0%} of the {periods} have a price; nothing was filled in.",
            asset=asset,
            coverage=row["coverage"],
            periods=many,
        )


def _price_findings(row: dict[str, Any]) -> Iterator[Message]:
    asset = _name(row)
    if row["unit_ratio"] in SPLITS and row["unit_ratio"] not in UNIT_RATIOS:
        yield message(
            "{asset}: the price changes lastingly by a factor of {factor:.4g} on {day:%Y-%m-%d}, as by a split or merger of "
            "shares by {ratio:.6g}: are the prices adjusted for it?",
            asset=asset,
            factor=row["unit_factor"],
            day=row["unit_date"],
            ratio=row["unit_ratio"],
        )
    elif row["unit_ratio"] is not None:
        yield message(
            "{asset}: the price changes lastingly by a factor of {factor:.4g} on {day:%Y-%m-%d}, close to {ratio:.6g} "
            "({units}): has the unit changed?",
            asset=asset,
            factor=row["unit_factor"],
            day=row["unit_date"],
            ratio=row["unit_ratio"],
            units=UNIT_RATIOS[row["unit_ratio"]],
        )
    if row["outliers"]:
        yield message(
            "{asset}: {count} {prints} far off the neighbouring ones; the worst on {day:%Y-%m-%d} (robust z {z:.1f}).",
            asset=asset,
            count=row["outliers"],
            prints=message("price") if row["outliers"] == 1 else message("prices"),
            day=row["outlier_date"],
            z=row["outlier_z"],
        )
    if row["stale_run"] >= STALE_RUN:
        yield message(
            "{asset}: the same price {count} times in a row, until {day:%Y-%m-%d}.",
            asset=asset,
            count=row["stale_run"],
            day=row["stale_until"],
        )
    if is_old(row):
        yield message(
            "{asset}: the newest price is {age} days old ({day:%Y-%m-%d}).", asset=asset, age=row["age_days"], day=row["last"]
        )


def _name(row: dict[str, Any]) -> str:
    """The asset as people read it; control characters of a hostile file are spelled out, never sent to a terminal."""
    return row["asset"] if row["asset"].isprintable() else repr(row["asset"])
