"""A workbook with a sheet for each client, read as one list of lots."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import polars as pl

from toolkit.core.countries import fold
from toolkit.core.errors import DataError, SeveralSheets, did_you_mean
from toolkit.core.messages import Message, message, named
from toolkit.market.readers.cells import month
from toolkit.market.readers.holdings.lots import Holdings

EVERY_SHEET, AND = "*", "+"
_NO_CLIENT = re.compile(
    r"(.* )?(archiv\w*|backup|kopie|copy|vorlage|template|beispiel|example|gesamt\w*|summe|totals?|ubersicht|overview|summary|"
    r"verkauft|sold|[0-9 ]*20[0-9]{2})( .*)?|"
    r"alt|old|neu|new|alle|all|muster|bestand\w*|holdings|stock|lots?|lager\w*|aktuell\w*|current|history|historie|verkaufe|"
    r"sales|planned|geplant|orders?|bestellungen|(tabelle|table|sheet|blatt) ?[0-9]*|"
    r"q[1-4]|[1-4] quartal|quartal [1-4]|(kw|cw|week|woche) ?[0-9]+"
)
"""Names of sheets, as `fold` writes them, that are no client's: such a sheet may hold the lots of another one again."""
_SAME = ("asset", "quantity", "unit", "purchase_date")
"""Columns by which a lot is one that another sheet lists."""


def of_every_sheet(file: str, read: Callable[..., Holdings], client: str | None) -> Holdings:
    """The lots of all sheets that fit and are not hidden; the client of a lot is its sheet where no column names another.

    Args:
        file: The workbook.
        read: Reads the lots of a file, or of the sheet behind its ``#``, and of a `client` of them.
        client: The sheet that is meant; None for all.

    Raises:
        DataError, FrameError: as `read`, for a client without a sheet, and for a sheet that is no client's.
    """
    try:
        return read(file, client=client)
    except SeveralSheets as error:
        sheets: list[str] = error.details["sheets"]
        unread: list[str] = error.details["unread"]
    meant = [sheet for sheet in sheets if client is None or sheet.strip().casefold() == client.casefold()]
    found = {sheet: read(f"{file}#{sheet}") for sheet in sorted(meant or sheets)}
    if client is not None and not meant:
        found = _of_client(client, file, read, found)
    found = {sheet: own for sheet, own in found.items() if own.frame.height} or found
    refuse_no_clients(file, {sheet: own.frame.select(_SAME) for sheet, own in found.items()})
    return _together(file, found, unread if client is None else [])


def refuse_no_clients(file: str, found: Mapping[str, pl.DataFrame]) -> None:
    """`DataError` where one of several sheets may be no client's, by its name or because it lists others again.

    Args:
        file: The workbook.
        found: Sheet -> metal, quantity, unit and day of purchase of its lots.
    """
    months = [sheet for sheet in found if month(f"{sheet.strip('. ')} 2000")]
    odd = [sheet for sheet in found if _NO_CLIENT.fullmatch(fold(sheet)) or (sheet in months and len(months) > 1)]
    odd = odd or [sheet for sheet in found if _is_again(sheet, found)]
    if odd and len(found) > 1:
        raise DataError(
            "{file:s}: sheets that may not be one client's: {sheets:, }.",
            hint="Hide a sheet whose lots are not to count, rename one of a client, or give one: {file:s}#{sheet:s}.",
            file=Path(file).name,
            sheets=named(odd),
            sheet=next((sheet for sheet in found if sheet not in odd), odd[0]),
        )


def of_some_sheets(file: str, sheets: str, read: Callable[..., Holdings], client: str | None) -> Holdings:
    """The lots of sheets of one owner, as ``Metals+Funds`` names them.

    Args:
        file: The workbook.
        sheets: Their names, joined.
        read: As of `of_every_sheet`.
        client: Whose lots are meant, where sheets have a column of clients; None for all.

    Raises:
        DataError, FrameError: as `read`.
    """
    found = {sheet: read(f"{file}#{sheet}", client=client) for sheet in sheets.split(AND)}
    return _together(file, found, [], of_clients=False)


def _of_client(client: str, file: str, read: Callable[..., Holdings], found: Mapping[str, Holdings]) -> dict[str, Holdings]:
    """The sheets whose column of clients names one, with the lots of that one alone."""
    clients = {sheet: own.frame["client"].drop_nulls().to_list() for sheet, own in found.items()}
    theirs = [sheet for sheet, names in clients.items() if client.casefold() in map(str.casefold, names)]
    if not theirs:
        fault, hint = (
            "no lot of {file:s} is of the client {client!r:s}.",
            did_you_mean(client, sorted({*found, *chain(*clients.values())})),
        )
        raise DataError(fault, hint=hint, file=Path(file).name, client=client)
    return {sheet: read(f"{file}#{sheet}", client=client) for sheet in theirs}


def _is_again(sheet: str, found: Mapping[str, pl.DataFrame]) -> bool:
    """Whether a sheet lists what several others list together, or all of another one by whose name its own begins."""
    lots = {**found}
    listed = lots.pop(sheet)
    near = [lots[other] for other in lots if sheet.casefold().startswith(other.casefold())]
    pairs = [(one, other) for own in near for one, other in ((own, listed), (listed, own))]
    return any(one.join(other, on=one.columns, how="anti", nulls_equal=True).is_empty() for one, other in pairs) or (
        len(lots) > 1 and listed.sort(pl.all()).equals(pl.concat(lots.values()).sort(pl.all()))
    )


def _together(file: str, found: Mapping[str, Holdings], unread: Sequence[str], *, of_clients: bool = True) -> Holdings:
    """Lots of several sheets, each named by its own; what all sheets note is told once."""
    parts = {
        sheet: own.frame.with_columns(
            lot_id=pl.lit(f"{sheet} ") + pl.col("lot_id"),
            client=pl.col("client").fill_null(pl.lit(sheet.strip() if of_clients else None, dtype=pl.String)),
        )
        for sheet, own in found.items()
    }
    name = Path(file).name
    told: dict[str, list[str]] = {}
    for sheet, own in found.items():
        for note in own.notes:
            said = note
            if isinstance(note, Message):
                if note.values.get("sheet") == sheet:  # that it is read
                    continue
                if note.values.get("file") == own.name:
                    said = Message(note.template, {**note.values, "file": name})
            told.setdefault(said, []).append(sheet)
    theirs = [
        sheet for sheet, own in found.items() if of_clients and (own.frame["client"].null_count() or not own.frame.height)
    ]
    notes = (
        [message("{file}: each of these sheets is read as one client's: {sheets}.", file=name, sheets=theirs)] if theirs else []
    )
    if unread:
        notes.append(
            message(
                "{file}: sheets that are hidden or have no header of lots are not read: {sheets}.", file=name, sheets=unread
            )
        )
    notes += [note if len(of) == len(found) else message("{sheets}: {note}", sheets=of, note=note) for note, of in told.items()]
    units = {own.price_unit for own in found.values()}
    return Holdings(
        pl.concat(parts.values()),
        name,
        tuple(notes),
        price_unit=units.pop() if len(units) == 1 else None,
        other_grade={f"{sheet} {lot}": nines for sheet, own in found.items() for lot, nines in own.other_grade.items()},
        arrivals={f"{sheet} {lot}": day for sheet, own in found.items() for lot, day in own.arrivals.items()},
    )
