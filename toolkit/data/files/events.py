"""A user's own control events: CSV or TOML, read strictly into the columns of `core.frames.ControlEvents` and `ControlScopes`.

Both formats have the same keys: a row of the CSV is an ``[[event]]`` table of the TOML. An `event_id` of the bundled ledger
takes that event's place and needs only what is different; a new one needs what makes an event (see `REQUIRED`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from toolkit.core.decode import read_toml
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.data.files.columns import check_columns, days, numbers, required_cells, texts
from toolkit.data.files.faults import refuse
from toolkit.data.files.tabular import Table, read_table

OWN_SOURCE = "user"
CONFIDENCE = "the user's own, not checked"
REQUIRED = ("kind", "instrument", "standing", "announced", "authority", "origin", "metals", "citation")
"""What a new event cannot do without; an event that overrides a bundled one keeps what it does not give."""
OPTIONAL = (
    "direction", "effective", "ends", "acts_on", "relation", "number", "destination", "end_user", "scope", "hs_codes",
    "dual_use", "note", "known_from",
)  # fmt: skip
SCOPE_KEYS = ("forms", "purity_min")
"""The forms that the event names, `;` between them, for each of its metals, and the fraction from which they are named."""
DATES = ("announced", "effective", "ends", "known_from")
TRUTH = {"true": True, "false": False}
_TYPES = {name: column.dtype for name, column in ControlEvents.columns().items()}


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class OwnEvents:
    """The events of one file.

    Attributes:
        events, scopes: Rows with the columns of `ControlEvents` and `ControlScopes`, `source` being the user.
        name: File name as shown.
        rows: Event id -> its row in a CSV, or its number among the tables of a TOML file.
    """

    events: pl.DataFrame
    scopes: pl.DataFrame
    name: str
    rows: Mapping[str, int]


def read_events(
    path: str | Path,
    *,
    bundled: pl.DataFrame,
    metals: Collection[str],
    forms: Collection[str],
    stdin: BinaryIO | None = None,
) -> OwnEvents:
    """Read a file of control events.

    Args:
        path: A CSV, Parquet or TOML file (``.toml``), or ``-`` for a CSV on standard input.
        bundled: Table `controls`: what an override starts from.
        metals: Metals and groups that an event may name.
        forms: Forms that an event may name.
        stdin: What ``-`` reads; the process's own standard input by default.

    Raises:
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows; rule, count and first rows are in `details`.
    """
    table = _toml(Path(path)) if str(path).endswith(".toml") else read_table(path, stdin=stdin).visible()
    check_columns(table, required=("event_id",), optional=(*REQUIRED, *OPTIONAL, *SCOPE_KEYS))
    required_cells(table, "event_id")
    given = _given(table)
    _refuse(table, given, pl.col("event_id").is_duplicated(), "event_id", "an event_id that occurs twice", "Keep one of them.")
    known_ids = set(bundled["event_id"])
    fresh = ~pl.col("event_id").is_in(list(known_ids))
    for column in REQUIRED:
        hint = f"Fill in {column}; only an event with an id of the bundled ledger may leave it out."
        _refuse(table, given, fresh & pl.col(column).is_null(), column, f"a new event without {column}", hint)
    _check_names(table, given, "metals", {*metals})
    _check_names(table, given, "forms", {*forms, "any"})
    events = _completed(given, bundled)
    return OwnEvents(events, _scopes(given, events), table.name, dict(zip(given["event_id"], given["row"], strict=True)))


def _toml(path: Path) -> Table:
    """The tables ``[[event]]`` of a TOML file as cells of text."""
    try:
        data = read_toml(path)
    except SpecError as error:
        # A file of events is input data, as prices and holdings are, whatever it is written in.
        raise DataError(error.message, hint=error.hint, details=error.details) from None
    extra = sorted(set(data) - {"event"})
    records = data.get("event")
    if extra or not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        what = f"unknown key {extra[0]!r}" if extra else "no [[event]] table"
        hint = "Write one [[event]] table an event."
        raise DataError(f"{path.name}: {what}.", hint=hint, details={"file": path.name})
    cells = [{key: _cell(value, path.name, number) for key, value in row.items()} for number, row in enumerate(records, 1)]
    names = list(dict.fromkeys(key for row in cells for key in row))
    columns = {name: pl.Series(name, [row.get(name) for row in cells], dtype=pl.String) for name in names}
    return Table(path.name, pl.DataFrame(columns), pl.Series("row", range(1, len(cells) + 1), dtype=pl.Int64), ",")


def _cell(value: Any, file: str, number: int) -> str | None:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value.strip() or None
        case list():
            return ";".join(str(entry) for entry in value) or None
        case int() | float():
            return repr(value)
        case date():
            return value.isoformat()
    hint = "Values are text, dates, numbers, true or false, or lists of text."
    raise DataError(f"{file}, event {number}: a value that is none of these.", hint=hint, details={"file": file})


def _given(table: Table) -> pl.DataFrame:
    """What the file says, typed; null where it is silent. Columns `row`, those of the events, and `forms`, `purity_min`."""
    plain = ("event_id", "forms", *(name for name in (*REQUIRED, *OPTIONAL) if name not in (*DATES, "dual_use")))
    columns: dict[str, pl.Series] = {"row": table.rows, **{name: texts(table, name) for name in plain}}
    absent = pl.Series([None] * len(table.rows), dtype=pl.Date)
    columns |= {name: days(table, name, months=False) if name in table.columns else absent for name in DATES}
    truth = texts(table, "dual_use").str.to_lowercase()
    given = pl.DataFrame({**columns, "dual_use_text": truth})
    odd = ~pl.col("dual_use_text").is_in(list(TRUTH))
    _refuse(table, given, odd, "dual_use_text", "dual_use that is neither true nor false", "Write true or false.")
    purity = numbers(table, ["purity_min"])["purity_min"] if "purity_min" in table.columns else absent.cast(pl.Float64)
    given = given.with_columns(
        purity_min=purity, dual_use=pl.col("dual_use_text").replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
    )
    outside = ~pl.col("purity_min").is_between(0, 1)
    _refuse(table, given, outside, "purity_min", "a purity_min outside 0..1", "Write 99.99 % as the fraction 0.9999.")
    return given


def _check_names(table: Table, given: pl.DataFrame, column: str, known: Collection[str]) -> None:
    """Every entry of a list column is a known name."""
    entries = (
        given.select("row", "event_id", pl.col(column).str.split(";").alias("name"))
        .explode("name")
        .with_columns(pl.col("name").str.strip_chars().str.replace(r" \(.*$", ""))
        .filter(pl.col("name").is_not_null() & (pl.col("name") != ""))
    )
    wrong = entries.filter(~pl.col("name").is_in(list(known)))
    if wrong.height:
        hint = did_you_mean(wrong["name"][0], known)
        refuse(
            table.name,
            wrong.select("row", what="event_id", value="name"),
            rule=f"unknown_{column}",
            fault=f"a name among the {column} that is not known",
            hint=hint,
        )


def _completed(given: pl.DataFrame, bundled: pl.DataFrame) -> pl.DataFrame:
    """Rows of `ControlEvents`: what the file gives, else the bundled event of that id, else what a new event starts from.

    An event that names forms covers those; one that acts on others covers what they cover.
    """
    base = bundled.rename({name: f"{name}_was" for name in bundled.columns if name != "event_id"})
    merged = given.join(base, on="event_id", how="left", maintain_order="left")
    coverage = (
        pl.when(pl.col("forms").is_not_null())
        .then(pl.lit("listed"))
        .otherwise(
            pl.coalesce("coverage_was", pl.when(pl.col("acts_on").is_not_null()).then(pl.lit("acts_on"))).fill_null("none")
        )
    )
    start = {"direction": "tighten", "destination": "all", "end_user": "all"}
    columns = {
        name: pl.coalesce(name, f"{name}_was", *([pl.lit(start[name])] if name in start else []))
        for name in _TYPES
        if name in given.columns and name != "event_id"
    }
    columns |= {
        "coverage": coverage,
        "announced_precision": pl.lit("day"),
        "citation_date": pl.col("citation_date_was"),
        "source": pl.lit(OWN_SOURCE),
        "confidence": pl.lit(CONFIDENCE),
        "known_from": pl.coalesce("known_from", "known_from_was", "announced", "announced_was"),
    }
    return merged.select("event_id", **columns).select(pl.col(name).cast(dtype) for name, dtype in _TYPES.items())


def _scopes(given: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """One row a metal and form that an own event names."""
    types = {name: column.dtype for name, column in ControlScopes.columns().items()}
    rows = given.select("event_id", "forms", "purity_min").join(
        events.select("event_id", "metals", "known_from"), on="event_id", how="left", maintain_order="left"
    )
    spelled = (
        rows.drop_nulls("forms")
        .with_columns(pl.col("forms").str.split(";"), pl.col("metals").str.split(";"))
        .explode("forms")
        .explode("metals")
        .with_columns(
            form=pl.col("forms").str.strip_chars(),
            asset=pl.col("metals").str.strip_chars().str.replace(r" \(.*$", ""),
            certainty=pl.lit("named"),
            source=pl.lit(OWN_SOURCE),
        )
        .unique(["event_id", "asset", "form"], keep="first", maintain_order=True)
    )
    empty = {name: pl.lit(None, dtype=types[name]) for name in ("group", "aliases", "note")}
    return spelled.with_columns(**empty).select(pl.col(name).cast(dtype) for name, dtype in types.items())


def _refuse(table: Table, given: pl.DataFrame, wrong: pl.Expr, column: str, fault: str, hint: str) -> None:
    bad = given.filter(wrong).select("row", what="event_id", value=pl.col(column).cast(pl.String))
    refuse(table.name, bad, rule=column, fault=fault, hint=hint)
