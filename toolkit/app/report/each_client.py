"""A report for each client of one file of lots or movements, and a table of all of them for the advisor."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from toolkit.app.clients import content_hash, path_word
from toolkit.app.definitions import find
from toolkit.app.holdings.check import names_of
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.holdings.sheets import AND, refuse_no_clients
from toolkit.app.languages import language
from toolkit.app.report.pdf import printer
from toolkit.app.report.render import FORMATS, report
from toolkit.app.report.stored import file_name
from toolkit.app.runs import put
from toolkit.app.status import status_of
from toolkit.app.subjects import DEFAULT_REPORT, METAL_REPORT, holdings
from toolkit.core.errors import DataError, SeveralSheets, SpecError, ToolkitError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.text import one_line
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.holdings.lots import ReadFile, Unconfirmed
from toolkit.market.readers.holdings.read import parse
from toolkit.records.base import with_phrases
from toolkit.records.each_client import ClientReport, EachClient
from toolkit.records.subjects import HOLDINGS, Holdings
from toolkit.report.formats.brand import Brand
from toolkit.report.topics.each_client import document

TABLE = "clients.html"
"""File of the table of all clients."""
OFFICIAL = "official"


@dataclass(frozen=True, slots=True)
class EachClientRequest:
    """A request for a report for each client.

    Attributes:
        of: What is asked of each; `holdings` is the file of all, and `client` None.
        folder: Of the files.
        report: Name of the report, or path of its definition; None for the usual one.
        formats: Of the files, by the word of ``--format``.
        lang: Code of a language.
        brand: Whose reports they are.
    """

    of: ExposureRequest
    folder: Path
    report: str | None
    formats: tuple[str, ...]
    lang: str
    brand: Brand | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """Where the rows of one client are.

    Attributes:
        name: Of the client.
        holdings: The file, or a sheet or sheets of it.
        by_column: Whether a column names the client; else the whole sheet is theirs.
    """

    name: str
    holdings: str
    by_column: bool


def usual_formats() -> tuple[str, ...]:
    """A page and a mail, and a PDF where the machine has what makes one."""
    return ("html", *(("pdf",) if printer(os.environ) else ()), "email")


def clients_of(request: ExposureRequest) -> tuple[list[Theirs], tuple[str, ...]]:
    """The clients of a file by its column of clients, else by its sheets, in their order; and sheets that are not read.

    Names that differ in case alone are one client.

    Raises:
        DataError, SpecError: for a file that cannot be read, that names no client, or of which a sheet may be no client's.
    """
    path, names = str(request.holdings), names_of(request.context, request.prices)[0]
    file, sheet = file_and_sheet(path)

    def read(what: str) -> ReadFile:
        return parse(what, names=names, today=date.today(), layout=request.context.layout)

    try:
        whole = read(str(file) if sheet == "*" else path)
    except SeveralSheets as error:
        return _of_sheets(str(file), error.details["sheets"], read), tuple(error.details["unread"])
    if whole.questions:
        raise Unconfirmed(whole)
    found = _named(whole)
    if not found:
        hint = message("Name whose lot it is in a column 'client', or give each client a sheet.")
        raise SpecError("{file:s} names no client.", hint=hint, file=whole.table.name)
    return [Theirs(name, path, by_column=True) for name in found.values()], ()


def _named(read: ReadFile) -> dict[str, str]:
    """Client in one case -> as first written."""
    found: dict[str, str] = {}
    for name in (row.get("client") for row in read.rows):
        if name:
            found.setdefault(name.casefold(), name)
    return found


def _of_sheets(file: str, sheets: list[str], read: Callable[[str], ReadFile]) -> list[Theirs]:
    """The clients of a workbook: those whom columns name, and of a sheet without such a column its own."""
    lots, found = dict[str, pl.DataFrame](), dict[tuple[bool, str], tuple[str, list[str]]]()
    for sheet in sheets:
        own = dict[str, str]()
        # What cannot be read is raised again, and told, where its client is asked for.
        with contextlib.suppress(DataError):
            known = read(f"{file}#{sheet}")
            rows = [[str(row.get(key)) for key in ("asset", "quantity", "unit", "purchase_date", "date")] for row in known.rows]
            lots[sheet] = pl.DataFrame(rows, schema=["asset", "quantity", "unit", "bought", "date"], orient="row")
            own = _named(known)
        for key, name in own.items() or [(sheet, sheet.strip())]:
            found.setdefault((bool(own), key), (name, []))[1].append(sheet)
    refuse_no_clients(file, {sheet: own for sheet, own in lots.items() if own.height} or lots)
    return [Theirs(name, f"{file}#{AND.join(places)}", by_column=by_column) for (by_column, _), (name, places) in found.items()]


def each_client(request: EachClientRequest) -> tuple[EachClient, int]:
    """Write the reports, one client after the other, and return the table of all and the exit code.

    A client whose report fails is in the table with the error, and ends none of the others; the code is then that of the first
    error, else 0.

    Raises:
        DataError, SpecError: as `clients_of`, and for a report, a format or a language that does not exist.
    """
    context, rows, code = request.of.context, list[ClientReport](), 0
    chosen = request.report or (DEFAULT_REPORT[HOLDINGS] if request.of.metal is None else METAL_REPORT)
    say = language(request.lang)
    find("reports", chosen)
    for kind in (kind for kind in request.formats if kind not in FORMATS):
        raise SpecError("no format is named {format!r:s}.", hint=did_you_mean(kind, FORMATS), format=kind)
    clients, unread = clients_of(request.of)
    for theirs in clients:
        name = " ".join(one_line(theirs.name).split())
        try:
            rows.append(_written(request, theirs, name, chosen))
        except ToolkitError as error:
            failed = {"client": name, "files": (), "error": error.message, "hint": error.hint}
            rows.append(ClientReport.model_validate(dict.fromkeys(ClientReport.model_fields) | failed))
            code = code or status_of(error).exit_code
    table = EachClient(
        as_of=context.as_of.isoformat(),
        file=_file_of(request.of),
        currency=context.settings.config.owner.currency,
        report=chosen,
        table=str((request.folder / TABLE).resolve()),
        clients=tuple(rows),
        unread=unread,
        phrases={},
    )
    found = with_phrases(table)
    put(request.folder / TABLE, FORMATS["html"].make(document(found, say), say, request.brand or Brand()))
    return found, code


def _file_of(request: ExposureRequest) -> str:
    """Name of the file, without sheets, which may have the names of other clients."""
    return file_and_sheet(str(request.holdings))[0].name


def _written(request: EachClientRequest, theirs: Theirs, name: str, chosen: str) -> ClientReport:
    """The files of one client; none is written where one of them cannot be made."""
    context, lang = request.of.context, request.lang
    found = holdings(replace(request.of, holdings=theirs.holdings, client=theirs.name if theirs.by_column else None))
    record = found.record.model_copy(update={"client": name, "subject": _file_of(request.of)})
    if not isinstance(record, Holdings):
        raise TypeError(f"{record.kind!r} is not what one holds")
    stem = "-".join(filter(None, (path_word(name), content_hash(record.to_json()))))
    made = {
        kind: report(record, found.parts, name=chosen, lang=lang, format=kind, brand=request.brand) for kind in request.formats
    }
    usual = context.settings.config.output.language
    endings = {kind: file_name(chosen, record.kind, lang, usual, FORMATS[kind].suffix) for kind in made}
    files = [put(request.folder / f"{stem}.{endings[kind].removeprefix('report.')}", content) for kind, content in made.items()]
    exposure, tax = record.exposure, found.parts.exit and found.parts.exit.tax
    gains = [row.gain for row in tax.lots if row.gain is not None] if tax else []
    earned = found.parts.performance
    return ClientReport(
        client=name,
        value=exposure.value,
        gain=earned.whole.gain.total if earned else sum(gains) if gains else None,
        at_risk=exposure.at_risk.lots,
        next_change=min((row.date for row in exposure.next_changes if row.standing == OFFICIAL), default=None),
        files=tuple(str(file.resolve()) for file in files),
        error=None,
        hint=None,
    )
