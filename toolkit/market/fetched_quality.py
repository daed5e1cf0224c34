"""Checks of fetched series before they are stored: what each finds, how severe it is, and what is done about it.

Dates are checked in every table of observations, values in those of `VALUES`.

| rule | severity | what is done |
|---|---|---|
| `unit_jump` | error; warning for customs unit values | a step by about 10, 100 or 1000: the series is refused |
| `revised_unit` | error | stored values come again times 10, 100 or 1000: refused |
| `duplicated_day` | error; note where the rows are equal | refused; equal rows are kept once |
| `future_date` | error | refused; accepted: those rows are dropped |
| `currency_switch` | error, never accepted | refused |
| `unadjusted_split` | error | a split whose ratio the closes still show: refused |
| `unreported_split` | warning | a step by the ratio of a split that is not told: kept |
| `gap` | warning | sessions of the exchange, or weekdays, without a price: kept, never filled |
| `closed_day` | warning | prices of days on which the exchange was closed: kept |
| `stale_run` | warning | the same price five times and more: kept |
| `outlier` | warning | prints far off both neighbours: kept |
| `unsorted` | note | sorted |
| `revision` | note | other values of stored days: kept as new vintages, known from the day of the fetch |
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from toolkit.market.quality import SPLIT_TOLERANCE, SPLITS, STALE_RUN, quality
from toolkit.market.tables import Table
from toolkit.records.store import QualityFinding

RULES = (
    "unit_jump", "revised_unit", "duplicated_day", "future_date", "unadjusted_split",
)  # fmt: skip
"""Rules that refuse a series unless they are accepted."""
STEPS = (10.0, 100.0, 1000.0)
"""Ratios of pence and pounds, of cents and dollars, of g and kg, of kg and t, of quotation in 10 or 100 units."""
STEP_TOLERANCE = 0.15
"""Log points that a step may be off, for the market's own move."""
NOISY = ("customs_unit_value",)
"""Bases whose steps are of what was shipped, not of prices."""
VALUES: Mapping[str, tuple[str, str]] = {
    "prices": ("asset", "price"), "quotations": ("asset", "close"), "energy": ("asset", "price"), "fx": ("quote", "rate"),
    "prices_annual": ("asset", "price"),
}  # fmt: skip
"""Table whose values are checked -> column that names its series, and column of its value."""
CALENDARS: Mapping[str, str] = {
    "PCX": "XNYS", "NYQ": "XNYS", "ASE": "XNYS", "BTS": "XNYS", "NMS": "XNAS", "NGM": "XNAS", "NCM": "XNAS", "LSE": "XLON",
    "GER": "XETR", "FRA": "XFRA", "PAR": "XPAR", "AMS": "XAMS", "MIL": "XMIL", "EBS": "XSWX", "VIE": "XWBO", "TOR": "XTSE",
    "ASX": "XASX", "JPX": "XTKS", "HKG": "XHKG", "SHH": "XSHG", "SHZ": "XSHG", "KSC": "XKRX", "JNB": "XJSE", "CMX": "CMES",
    "NYM": "CMES", "CBT": "CMES",
}  # fmt: skip
"""Code of an exchange at Yahoo -> its calendar in exchange_calendars."""
CALENDAR_YEARS = 20
"""Years back to which calendars reach."""
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """A table after its checks.

    Attributes:
        rows: To be stored; None where the series is refused.
        findings: What was found, errors first.
    """

    rows: pl.DataFrame | None
    findings: tuple[QualityFinding, ...]


def check_fetched(
    table: str, rows: pl.DataFrame, stored: pl.DataFrame, *, as_of: date, accept: Collection[str] = ()
) -> CheckedRows:
    """Check the rows of one series of a source against themselves and against what is stored of it.

    Args:
        table: Name of the table.
        rows: As they came, with the columns of the table.
        stored: Last vintages that a store has of the same series; may be empty.
        as_of: Day of the fetch.
        accept: Rules, or ``RULE:ASSET`` for one asset, whose findings are meant.
    """
    described = Table.of(table)
    if described.reference is None or rows.is_empty():
        return CheckedRows(rows, ())
    given = _uniform(rows, described)
    before = _uniform(stored, described) if not stored.is_empty() else given.clear()
    ahead = pl.col(described.reference) > as_of + timedelta(days=1)
    kept = rows.filter(~ahead).unique(described.key, keep="first", maintain_order=True)
    found = [*_dates(given, as_of)]
    if table in VALUES:
        clean = _uniform(kept, described).sort("asset", "date")
        # Steps are looked for across the seam to what is stored.
        joined = pl.concat([before.join(clean, on=["asset", "date"], how="anti"), clean]).sort("asset", "date")
        new = clean.group_by("asset").agg(pl.col("date").min().alias("from"))
        found += [*_steps(joined.join(new, on="asset")), *_against(clean, before), *_sessions(joined, as_of)]
        found += [] if table == "prices_annual" else _of_prints(joined, as_of)
    accepted = [_accepted(finding, accept) for finding in found]
    order = ("error", "warning", "note")
    findings = tuple(sorted(accepted, key=lambda finding: (order.index(finding.severity), finding.rule, finding.asset)))
    refused = any(finding.action == "refused" for finding in findings)
    return CheckedRows(None if refused else kept.sort(*described.series, described.reference), findings)


def _uniform(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Series, date, value, currency, basis, split and exchange of the rows of a table; `/` joins the columns of a series."""
    named, value = VALUES.get(table.name) or ("", next(name for name in table.values if table.dtypes[name] == pl.Float64))
    one_name = len(table.series) == 1 or table.name == "fx"
    series = pl.col(named) if one_name else pl.concat_str(table.series, separator="/", ignore_nulls=True)
    optional = dict.fromkeys(("currency", "basis", "exchange"), pl.String) | {"split": pl.Float64}
    return rows.select(
        series.alias("asset"), pl.col(str(table.reference)).alias("date"), pl.col(value).alias("price"),
        *(pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name) for name, dtype in optional.items()),
    )  # fmt: skip


def _finding(
    rule: str, asset: str, severity: Severity, rows: pl.DataFrame, value: pl.Expr | float | None = None, **more: Any
) -> Iterator[QualityFinding]:
    """A finding about some rows, if there are any: how many, the first day, and a value, which may be that of the first row."""
    if rows.is_empty():
        return
    figure: Any = rows.select(value.first()).item() if isinstance(value, pl.Expr) else value
    actions = {"error": "refused", "warning": "kept", "note": "kept"}
    first: Any = rows["date"].min()
    told = {"action": actions[severity], "count": rows.height, "date": None if first is None else first.isoformat(), **more}
    yield QualityFinding(rule=rule, asset=asset, severity=severity, value=figure, **told)


def _accepted(finding: QualityFinding, accept: Collection[str]) -> QualityFinding:
    named = {finding.rule, f"{finding.rule}:{finding.asset}"} & {*accept}
    if finding.action != "refused" or finding.rule not in RULES or not named:
        return finding
    return finding.model_copy(update={"action": "dropped" if finding.rule in ("future_date", "duplicated_day") else "accepted"})


def _by_asset(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (asset,), part in rows.group_by("asset", maintain_order=True):
        yield str(asset), part


def _dates(given: pl.DataFrame, as_of: date) -> Iterator[QualityFinding]:
    """Days that come twice, lie ahead, or are out of order."""
    for asset, part in _by_asset(given):
        yield from _finding("future_date", asset, "error", part.filter(pl.col("date") > as_of + timedelta(days=1)))
        twice = part.filter(pl.struct("date").is_duplicated())
        unlike = twice.filter(pl.col("price").n_unique().over("date") > 1)
        yield from _finding("duplicated_day", asset, "error", unlike)
        yield from _finding("duplicated_day", asset, "note", twice.clear() if unlike.height else twice, action="dropped")
        yield from _finding("unsorted", asset, "note", part.clear() if part["date"].is_sorted() else part)


def _near(change: pl.Expr, ratios: Collection[float], tolerance: float) -> pl.Expr:
    """Whether a log change is that of one of some ratios, up or down."""
    return pl.any_horizontal((change.abs() - math.log(ratio)).abs() <= tolerance for ratio in ratios)


def _steps(joined: pl.DataFrame) -> Iterator[QualityFinding]:
    """Steps by a change of unit and by splits, from the first new row on."""
    change = pl.col("price").log().diff().over("asset")
    moved = joined.with_columns(change=change).filter(pl.col("date") >= pl.col("from"))
    factor = pl.col("change").exp()
    for asset, part in _by_asset(moved):
        units = part.filter(_near(pl.col("change"), STEPS, STEP_TOLERANCE))
        told = part.filter(pl.col("split").is_not_null(), (pl.col("split").log()).abs() > math.log(1.4))
        unadjusted = told.filter((pl.col("change") + pl.col("split").log()).abs() <= STEP_TOLERANCE)
        yield from _finding("unadjusted_split", asset, "error", unadjusted, pl.col("split"))
        units = units.join(unadjusted, on="date", how="anti")
        noisy = units["basis"].is_in(NOISY).fill_null(value=False).all()
        yield from _finding("unit_jump", asset, "warning" if noisy else "error", units, factor)
        splits = part.filter(pl.col("split").is_null(), _near(pl.col("change"), SPLITS, SPLIT_TOLERANCE))
        splits = splits.join(units, on="date", how="anti").filter(~pl.col("basis").is_in(NOISY).fill_null(value=False))
        yield from _finding("unreported_split", asset, "warning", splits, factor)


def _against(clean: pl.DataFrame, before: pl.DataFrame) -> Iterator[QualityFinding]:
    """What differs from stored rows: currency, unit, values."""
    for asset, part in _by_asset(clean):
        stored = before.filter(pl.col("asset") == asset)
        currencies = {*part["currency"].drop_nulls(), *stored["currency"].drop_nulls()}
        if len(currencies) > 1:
            yield from _finding("currency_switch", asset, "error", part)
            continue
        both = part.join(stored.select("date", was="price"), on="date").filter(pl.col("price") != pl.col("was"))
        both = both.with_columns(change=(pl.col("price") / pl.col("was")).log())
        scaled = both.filter(_near(pl.col("change"), STEPS, STEP_TOLERANCE))
        yield from _finding("revised_unit", asset, "error", scaled, pl.col("change").exp())
        largest = max(both["change"], key=abs, default=0.0)
        yield from _finding("revision", asset, "note", both, math.expm1(largest), action="new_vintage")


def _sessions(joined: pl.DataFrame, as_of: date) -> Iterator[QualityFinding]:
    """Sessions of the exchange without a price, and prices of days without a session."""
    for asset, part in _by_asset(joined):
        code = next(iter(part["exchange"].drop_nulls().unique()), None)
        if code not in CALENDARS:
            continue
        held = part.filter(pl.col("date") > as_of - timedelta(days=365 * CALENDAR_YEARS - 30))
        if held.height < 2:
            continue
        days = _open_days(CALENDARS[code])
        sessions = days.filter(days.is_between(held["date"].min(), held["date"].max())).to_frame()  # type: ignore[arg-type]
        missing = sessions.join(held, on="date", how="anti").sort("date")
        yield from _finding("gap", asset, "warning", missing, 1 - missing.height / max(sessions.height, 1))
        closed = held.join(sessions, on="date", how="anti").sort("date")
        yield from _finding("closed_day", asset, "warning", closed)


@functools.cache
def _open_days(calendar: str) -> pl.Series:
    """Days on which an exchange was open, and will be."""
    import exchange_calendars  # noqa: PLC0415  (an extra, with pandas)

    # Deprecations of pandas inside it. `catch_warnings` would undo the filters of sources, which are read in other threads.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"exchange_calendars(\.|$)")
    warnings.filterwarnings("ignore", "Series.values returning an ndarray that drops timezone", DeprecationWarning)
    sessions = exchange_calendars.get_calendar(calendar).sessions
    return pl.Series("date", [session.date() for session in sessions])


def _of_prints(joined: pl.DataFrame, as_of: date) -> Iterator[QualityFinding]:
    """Gaps of series without a calendar, runs of one price, stray prints."""
    told = joined.filter(pl.col("exchange").is_not_null())["asset"].unique().to_list()
    unknown = {"unit": pl.lit(None, pl.String), "quantity": pl.lit(None, pl.Float64)}
    frame = quality(joined.with_columns(known_from=pl.col("date"), **unknown), as_of=as_of)
    for row in frame.iter_rows(named=True):
        part = joined.filter(pl.col("asset") == row["asset"])
        if row["gaps"] and row["asset"] not in told:
            after = part.filter(pl.col("date") > row["longest_gap_after"])
            count = {"count": row["expected"] - row["observations"]}
            yield from _finding("gap", row["asset"], "warning", after, row["coverage"], **count)
        if row["stale_run"] >= STALE_RUN:
            run = part.filter(pl.col("date") <= row["stale_until"]).tail(row["stale_run"])
            yield from _finding("stale_run", row["asset"], "warning", run, float(row["stale_run"]))
        if row["outliers"]:
            stray = part.filter(pl.col("date") == row["outlier_date"])
            yield from _finding("outlier", row["asset"], "warning", stray, row["outlier_z"], count=row["outliers"])
