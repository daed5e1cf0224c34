"""Several price files, and folders of them, read as one."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.errors import DataError, FrameError, SpecError, did_you_mean
from toolkit.core.messages import Message, first_names, message, together
from toolkit.market.layouts.layout import SUFFIX
from toolkit.market.layouts.prices import Key
from toolkit.market.readers.contents import MAX_PLAIN_CELLS, check_size
from toolkit.market.readers.price_checks import DEALER_BOTH, JUMPS, OF_DEALERS, check_series, visible
from toolkit.market.readers.price_columns import PriceColumns, read_columns
from toolkit.market.readers.price_shapes import with_mids
from toolkit.market.readers.prices import PriceFile, read_prices
from toolkit.market.readers.tabular import Table

Prices = str | Path | Table | PriceColumns
MOST_FILES = 1_000
"""Most files of one folder."""
ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")


def read_price_files(
    paths: Sequence[Prices],
    *,
    default_currency: str = "USD",
    today: date,
    as_of: date | None = None,
    accept: Collection[str] = (),
    key: Callable[[str], str | None] | None = None,
) -> PriceFile:
    """Several price files read as one table.

    An asset may continue from file to file, in one currency, unit and basis; where two files give a price for a day, it must be
    the same. Errors as of `read_prices`.

    Args:
        paths: Files; a folder stands for the price files in it.
        default_currency: As of `read_prices`, like all that follow.
        today: Day on which the files are read.
        as_of: Day asked about: jumps after it, or known later, are not checked.
        accept: Assets whose jumps are correct, or `JUMPS` for those of all assets.
        key: Header in a file -> asset key, None for a name that is not known.
    """
    files, reading = _listed(paths)
    options = {"default_currency": default_currency, "today": today, "as_of": as_of, "accept": accept, "key": key}
    read = [_read(file, several=len(files) > 1, **options) for file in files]
    accepted = {*accept} - {JUMPS}
    # Of millions of prices the names are looked for only where one is asked for.
    known = sorted({name for file in read if accepted for name in (*file.assets, *file.quotes["asset"].unique())})
    if accepted := accepted.difference(known):
        raise SpecError(
            "--accept {name!r:s} is no asset of the price files.",
            hint=did_you_mean(min(accepted), [JUMPS, *known]),
            name=min(accepted),
        )
    if len(read) == 1:
        prices = read[0].prices
        if not read[0].quotes.is_empty() and (frame := with_mids(read[0].frame, read[0].quotes)) is not prices:
            check_series(visible(frame.filter(pl.col("basis") == DEALER_BOTH), as_of or today), accept, file=read[0].name)
            prices = frame
        return replace(read[0], prices=prices, reading=(*reading, *read[0].reading))
    frame, quotes = (_joined(pl.concat(part)) for part in ([file.frame for file in read], [file.quotes for file in read]))
    frame = with_mids(frame, quotes)
    check_size("the price files", rows=frame.height, most_cells=MAX_PLAIN_CELLS)
    check_series(visible(frame, as_of or today), accept)
    names = ", ".join(file.name for file in read)
    notes = dict.fromkeys(note for file in read for note in file.notes)
    reading += _told_once([note for file in read for note in file.reading])
    assumed = _told_once([note for file in read for note in file.assumed])
    places: dict[str, str] = {}
    for file in read:
        for asset in sorted(file.places.keys() & places.keys()):
            if file.places[asset] != places[asset]:
                raise DataError(
                    "{asset!r:s} has prices paid in {first:s} and in {second:s}.",
                    hint="Leave one of them out, or give each an asset name of its own: series of two kinds are never joined.",
                    details={"asset": asset}, asset=asset, first=places[asset], second=file.places[asset],
                )  # fmt: skip
        places |= file.places
    unstated = frozenset[str]().union(*(file.unstated for file in read))
    least = {asset: quantity for file in read for asset, quantity in file.least.items()}
    return PriceFile(frame, quotes, names, "several", tuple(notes), reading, assumed, places, unstated, least)


def _read(file: str | Path | Table | PriceColumns, *, key: Key, **options: Any) -> PriceFile:
    """One file, read once, as standard input is; where its decimal mark is open, the command that says it is told."""
    columns = file if isinstance(file, PriceColumns) else read_columns(file, key=key)
    try:
        return read_prices(columns, key=key, **options)
    except FrameError as error:
        if error.details.get("rule") == "decimal":
            commands = [f"toolkit data map {shlex.quote(columns.path)} --set decimal={mark} --write" for mark in ",."]
            told = message("Or say once what it is: {comma:s}, or {point:s}", comma=commands[0], point=commands[1])
            error.hint = together(error.hint, told)
        raise


def _listed(paths: Sequence[Prices]) -> tuple[list[Prices], tuple[str, ...]]:
    """The files that paths name, and notes on what in a folder is no price file."""
    files: list[Prices] = []
    notes: list[str] = []
    for path in paths:
        if isinstance(path, Table | PriceColumns) or str(path) == "-" or not Path(path).is_dir():
            files.append(path)
            continue
        try:
            entries = sorted(entry for entry in Path(path).iterdir() if not entry.name.startswith("."))
        except OSError as error:
            raise DataError(
                "cannot read {file!r:s}: {reason}.", hint="Check the path.", file=str(path), reason=str(error.strerror)
            ) from None
        own = [entry for entry in entries if entry.suffix.lower() in ENDINGS and entry.is_file()]
        if not own:
            raise DataError(
                "the folder {file!r:s} has no price file.",
                hint="Price files end in {endings:s}.",
                file=str(path),
                endings=", ".join(ENDINGS),
            )
        if len(own) > MOST_FILES:
            raise DataError(
                "the folder {file!r:s} has {n:,} files; at most {most:,} are read.",
                hint="Leave only the price files that are needed.",
                details={"found": len(own), "limit": MOST_FILES},
                file=str(path),
                n=len(own),
                most=MOST_FILES,
            )
        left = [entry.name for entry in entries if entry not in own and entry.is_file() and not entry.name.endswith(SUFFIX)]
        if left:
            notes.append(message("Not read as prices, by the ending of the name: {names}.", names=left))
        files += own
    return files, tuple(notes)


def _told_once(notes: Sequence[str]) -> tuple[str, ...]:
    """Notes in their order, those that say the same of several files as one with the first of their names."""
    files: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for note in notes:
        said: str = note
        if isinstance(note, Message) and "{file}" in note.template:
            said = repr((note.template, {**note.values, "file": ""}))
            files.setdefault(said, []).append(note.values["file"])
        first.setdefault(said, note)
    return tuple(
        message(note.template, **{**note.values, "file": first_names([*dict.fromkeys(files[said])], 2)})
        if isinstance(note, Message) and len({*files.get(said, ())}) > 1
        else note
        for said, note in first.items()
    )


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of several files, equal prices of a day once; `source` is the file of a row where no other is given."""
    for column in ("currency", "unit", "basis"):
        # What a dealer asks and what he pays stand side by side.
        kept = rows.filter(~pl.col("basis").is_in(OF_DEALERS)) if column == "basis" else rows
        kinds = kept.group_by("asset").agg(pl.col(column).unique().sort(), pl.col("source").unique().sort())
        mixed = kinds.filter(pl.col(column).list.len() > 1).sort("asset")
        if mixed.height:
            row = mixed.row(0, named=True)
            raise DataError(
                "{asset!r:s} has two kinds of {column:s}: {kinds:s}, in {files:s}.",
                hint="Give each {column:s} an asset name of its own: series of two kinds are never joined.",
                details={"asset": row["asset"], "files": row["source"]},
                asset=row["asset"],
                column=column,
                kinds=", ".join(row[column]),
                files=", ".join(row["source"]),
            )
    rows = rows.unique(["asset", "date", "basis", "price"], keep="first", maintain_order=True)
    twice = rows.filter(pl.struct("asset", "date", "basis").is_duplicated()).sort("asset", "date")
    if twice.height:
        row = twice.row(0, named=True)
        of = (pl.col(name) == row[name] for name in ("asset", "date", "basis"))
        files = twice.filter(*of)["source"].to_list()
        raise DataError(
            "{asset!r:s} has two prices on {day}: in {files: and }.",
            hint="Take one of the files away, or rename the asset in one.",
            details={"asset": row["asset"], "date": row["date"].isoformat(), "files": files},
            asset=row["asset"],
            day=row["date"],
            files=list(files),
        )
    return rows.sort("asset", "date")
