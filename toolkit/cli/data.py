"""`toolkit data ...`: what is bundled or in a store, its vintages, and files that are brought into it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.mapping import Accept, Sets, Write, settled
from toolkit.cli.options import Common, parse_day, with_common, without_prices
from toolkit.cli.terminal import print_json, say, show
from toolkit.core.errors import SourceError
from toolkit.core.messages import message, together

if TYPE_CHECKING:
    from toolkit.app.prices import PriceFiles

app = typer.Typer(
    help="Data: what is bundled or in a store, how old it is, and whether it holds its contracts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("compact")
@without_prices
def compact(*, common: Common) -> None:
    """Merge small files of a store; no row changes, every version stays."""
    from toolkit.app.data.store import compact as ask
    from toolkit.report.topics.data import compacted as document

    answer = ask(common.context())
    show(common, answer, document)


@app.command("diff")
@without_prices
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A day (what was known on it), or a version of --table.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The other day or version.")],
    *,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="One table; default: all.")] = None,
    added: Annotated[
        bool, typer.Option("--added", help="List observations that only B has, too; else they are counted.")
    ] = False,
    common: Common,
) -> None:
    """Show the revisions between two vintages of a store."""
    from toolkit.app.data.store import diff as ask
    from toolkit.report.topics.data import differences as document

    answer = ask(common.context(), before, after, table=table, added=added)
    show(common, answer, document)


@app.command("export")
@without_prices
def export(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A table of the store.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes; ends in .csv or .parquet.")],
    *,
    version: Annotated[int | None, typer.Option("--version", min=0, help="Version of the table; default: the last.")] = None,
    common: Common,
) -> None:
    """Write a table of a store to a file that `toolkit data import` reads back; with --as-of only what was known then."""
    from toolkit.app.data.store import export as ask
    from toolkit.report.topics.data import exported as document

    as_of: date | None = None if common.as_of is None else common.day()
    answer = ask(common.context(), table, file, as_of=as_of, version=version)
    show(common, answer, document)
    say(message("wrote {file:s}", file=str(answer.file)), common)


LIBRARIES = ("exchange_calendars", "httpx", "yfinance")
"""Of the extra `data`."""


@app.command("fetch")
@partial(without_prices, makes_store=True)
def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources; default: all that need no key or have it.")
    ] = None,
    *,
    series: Annotated[
        list[str] | None,
        typer.Option("--series", metavar="NAME", help="A series of the source, as SOURCE:NAME where several are; repeatable."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="First day; default: what the store does not have.")
    ] = None,
    required: Annotated[
        list[str] | None,
        typer.Option("--required", metavar="NAME", help="A source or SOURCE:SERIES without which it exits 4; repeatable."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="RULE", help="A check whose findings are meant, or RULE:ASSET; repeatable."),
    ] = None,
    common: Common,
) -> None:
    """Bring series of public sources and of your own files up to date in the store, each checked before it is stored."""
    from datetime import UTC, datetime

    from toolkit.core.errors import SpecError

    for library in LIBRARIES:
        if importlib.util.find_spec(library) is None:
            hint = message('Install the extra: pip install "strategic-metals-toolkit[data]".')
            raise SpecError("live data needs {library}, which is not installed.", hint=hint, library=library)
    from toolkit.app.config import resolve
    from toolkit.app.data.fetch import FetchRequest, Stored
    from toolkit.app.data.fetch import fetch as ask
    from toolkit.app.data.places import store_to_write
    from toolkit.app.status import status_of
    from toolkit.report.topics.data import fetch as document

    first = parse_day("--since", since)
    if common.as_of is not None:
        raise SpecError("what is fetched is known from today: --as-of says nothing here.", hint="Leave --as-of out.")
    settings = resolve(common.settings(), file=common.config)
    request = FetchRequest(
        folder=store_to_write(settings),
        now=datetime.now(UTC),
        sources=tuple(sources or ()),
        series=tuple(series or ()),
        since=first,
        offline=common.offline,
        required=tuple(required or ()),
        accept=tuple(accept or ()),
        mirror=settings.config.data.mirror,
    )
    so_far = Stored()
    try:
        with _progress(common) as tell:
            found = ask(request, tell, so_far)
    except KeyboardInterrupt:
        say(message("interrupted; {n} series are stored, the next fetch goes on from them", n=len(so_far.outcomes)), common)
        raise typer.Exit(130) from None
    show(common, found, document)
    if found.missing:
        raise typer.Exit(status_of(SourceError("")).exit_code)


@contextmanager
def _progress(common: Common) -> Iterator[Callable[[int, int, int], None]]:
    """A bar with counts and rate on stderr, on a terminal only."""
    if common.quiet or common.no_color or "NO_COLOR" in os.environ or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Fetching", total=None, rate="")

        def tell(done: int, total: int, rows: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{rows:,} rows, {rows / elapsed:,.0f} a second" if elapsed > 0 and rows else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield tell


@app.command("import")
@partial(with_common, refused=("prices", "prices_only"), makes_store=True)
def import_file(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A dealer's list, prices, customs flows, or an export; - is stdin."),
    ],
    *,
    table: Annotated[
        str | None, typer.Option("--table", metavar="TABLE", help="Where it goes; default: read from its header.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="Source of rows that name none; default: the words of its name."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=MEANING", help="What is open of a price file, as of data map; repeatable."),
    ] = None,
    reporter: Annotated[
        str | None, typer.Option("--reporter", metavar="COUNTRY", help="Of customs flows: whose office counted.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WORD", help="Of customs flows: import or export.")
    ] = None,
    lag_days: Annotated[
        int | None,
        typer.Option("--lag-days", min=0, help="Of customs flows: days from month to publication; default: known today."),
    ] = None,
    correct: Annotated[
        str,
        typer.Option("--correct", metavar="REASON", help="Why these rows replace stored ones, also in other units."),
    ] = "",
    common: Common,
) -> None:
    """Add a file to a store. What is open of a price file `toolkit data map` asks once, and keeps beside the file."""
    from toolkit.app.data.import_file import ImportOptions
    from toolkit.app.data.import_file import import_file as ask
    from toolkit.cli.mapping import pair
    from toolkit.report.topics.data import imported as document

    answers = dict(pair(one) for one in sets or ())
    options = ImportOptions(
        table,
        source,
        answers,
        common.prices_currency,
        tuple(common.accept or ()),
        reporter,
        direction,
        lag_days,
        correct.strip(),
    )
    show(common, ask(common.context(), file, options), document)


@app.command("list")
@without_prices
def list_tables(*, common: Common) -> None:
    """Every table and source: rows, newest date, publication date, age against its release interval, licence."""
    from toolkit.app.data.places import package_folder
    from toolkit.records.lists import DataList
    from toolkit.report.topics.data import data as document

    context = common.context()
    found = DataList(
        as_of=context.as_of.isoformat(),
        package=str(package_folder(context.settings)),
        data=context.snapshot.provenance(),
        weaknesses=context.weaknesses,
    )
    if context.store is not None:
        from toolkit.app.data.store import stored

        found = found.model_copy(update={"store": stored(context.store, context.today)})
    show(common, found, document)


DATA_FAULT = 3


@app.command("map")
@partial(with_common, refused=("prices", "prices_only"))
def map_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your prices (CSV, a workbook or Parquet; - is stdin).")],
    *,
    sets: Sets = None,
    accept: Accept = False,
    write: Write = False,
    common: Common,
) -> None:
    """Tell how each column of a price file is read and why, ask what is open, and keep it; exit 3 while it is open."""
    from toolkit.app.data.map_prices import map_prices
    from toolkit.app.runs import put
    from toolkit.market.layouts.layout import beside
    from toolkit.market.readers.contents import file_and_sheet
    from toolkit.report.topics.files import mapped as document

    context, currency = common.context(), common.prices_currency
    found, in_dialogue = settled(
        lambda answers: map_prices(file, context, currency=currency, answers=answers), sets, common, accept=accept
    )
    written = None
    if (write or in_dialogue) and not found.questions and file != "-":
        written = str(beside(*file_and_sheet(file)))
        put(Path(written), found.columns.layout.to_toml().encode())
    record, in_terminal = found.record(written), common.format in (None, "terminal")
    show(common, record, lambda record, say: document(record, common.day(), say, command=not in_terminal))
    if found.questions and in_terminal and not common.json:
        sys.stdout.write(f"{record.command}\n")
    if found.questions or found.fault:
        raise typer.Exit(DATA_FAULT)


@app.command("query")
@without_prices
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over tables of `toolkit data list` (SQL of polars).")],
    *,
    common: Common,
) -> None:
    """Select rows with SQL, as known on the day; NAME_vintages are the tables of a store with every vintage."""
    from toolkit.app.data.store import query as ask
    from toolkit.report.topics.data import query as document

    answer = ask(common.context(), sql)
    show(common, answer, document)


@app.command("show")
@partial(without_prices, formats=("terminal", "json"))
def show_table(
    *, table: Annotated[str, typer.Argument(metavar="TABLE", help="A table of `toolkit data list`.")], common: Common
) -> None:
    """Print the rows of a table that were known on the day, as CSV, sorted: what is packed can be compared, too."""
    import polars as pl

    from toolkit.core.errors import SpecError, did_you_mean
    from toolkit.core.frames import TABLES

    if table not in TABLES:
        raise SpecError("there is no table {table!r:s}.", hint=did_you_mean(table, TABLES), table=table)
    frame = common.context().snapshot[table]
    frame = frame.sort(TABLES[table].primary_key() or frame.columns)
    if common.json:
        rows = frame.with_columns(pl.selectors.date().cast(pl.String)).to_dicts()
        print_json({"as_of": common.day().isoformat(), "table": table, "rows": rows})
    else:
        sys.stdout.write(frame.write_csv())


@app.command("validate")
@with_common
def validate(*, common: Common) -> None:
    """Check every table against its contract, its keys and its sums; with --prices, a price file and its quality."""
    if (files := common.price_files()) is not None:
        _validate_prices(files, common)
        return
    from toolkit.app.config import resolve
    from toolkit.app.data.places import package_folder
    from toolkit.core.errors import FrameError
    from toolkit.core.frames import TABLES
    from toolkit.market.package import validate_package
    from toolkit.records.lists import PackageCheck
    from toolkit.report.topics.data import package_check

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            "{folder:s}: {n} faults: {faults:; }.",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
            folder=str(folder),
            n=len(faults),
            faults=[str(fault) for fault in faults],
        )
    found, context = PackageCheck(package=str(folder), tables=tuple(sorted(TABLES)), faults=()), common.context()
    if context.store is not None:
        from toolkit.app.data.store import check_contracts, stored_quality, verify
        from toolkit.records.lists import StoreCheck
        from toolkit.report.topics.data import store_check

        store = StoreCheck(
            verified=verify(context), tables=check_contracts(context), quality=stored_quality(context),
            unused=context.unused_series,
        )  # fmt: skip
        found = found.model_copy(update={"store": store})
        show(common, found, lambda _, say: store_check(store, say))
        return
    show(common, found, lambda found, say: package_check(found, common.day(), say))


def _validate_prices(files: PriceFiles, common: Common) -> None:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files; what `optimize` refuses is refused."""
    from toolkit.app.holdings.names import LotNames
    from toolkit.app.prices import of_no_product, read_own
    from toolkit.market.quality import findings, quality
    from toolkit.market.readers.price_checks import visible
    from toolkit.records.lists import PriceCheck, Quote, SeriesCheck
    from toolkit.report.topics.data import quality as document

    context = common.context()
    names, currency = LotNames(context.ledger, context.products), context.settings.config.owner.currency
    own = read_own(files, context.snapshot, names, currency, masses=False)
    day, frame = common.day(), own.file.frame
    newest = visible(frame, day).sort("date").group_by("asset").last().select("asset", "price", "currency", "unit")
    series = quality(frame, as_of=day).join(newest, on="asset", maintain_order="left")
    others = of_no_product(own.assets, (*context.products.keys, *context.snapshot["prices"]["asset"], *own.apart))
    told = (together(remark.text, remark.remedy) for remark in own.reading)
    found = PriceCheck(
        file=own.name,
        shape=own.file.shape,
        quality=tuple(map(SeriesCheck.model_validate, series.to_dicts())),
        quotes=tuple(map(Quote.model_validate, own.file.quotes.to_dicts())),
        findings=tuple(dict.fromkeys((*told, *others, *(remark.text for remark in own.notes), *findings(series)))),
        faults=(),
    )
    show(common, found, lambda found, say: document(found, day, say))


@app.command("verify")
@without_prices
def verify(*, common: Common) -> None:
    """Read every file of a store again and hold it against its hash: data of all versions, and logs."""
    from toolkit.app.data.store import verify as ask
    from toolkit.report.topics.data import verified as document

    answer = ask(common.context())
    show(common, answer, document)
