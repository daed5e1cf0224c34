"""`toolkit holdings template|check|map`: a commented holdings file, every fault of one at once, and how one is read."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated, Literal

import typer

from toolkit.cli.mapping import Accept, Sets, Write, settled
from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.request import Client
from toolkit.cli.terminal import print_json, say, show, tell_remarks, translator
from toolkit.core.messages import message

DATA_FAULT = 3
Kind = Literal["holdings", "movements", "bids", "needs", "quotes", "licences"]

app = typer.Typer(
    help="Holdings files: write a template, check one, say how one is read.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("template")
@partial(without_prices, formats=("terminal", "json"))
def template(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="A new file; - is stdout.")] = "-",
    *,
    lang: Annotated[str, typer.Option("--lang", metavar="en|de", help="Language of headers and comments.")] = "en",
    of: Annotated[
        Kind, typer.Option("--of", help="Lots, or what else a file may hold (docs/movements.md, bids.md, cover.md).")
    ] = "holdings",
    common: Common,
) -> None:
    """Write a file of holdings, or of what goes with them, with every column explained and no row."""
    from toolkit.app.holdings.check import write_text
    from toolkit.app.languages import language
    from toolkit.report.topics.files import template as text_of

    text = text_of(language(lang), of)
    if common.json:
        print_json({"language": lang, "template": text}, common.part)
    elif file == "-":
        sys.stdout.write(text)
        return
    if file != "-":
        write_text(file, text)
        say(message("wrote {file:s}", file=str(file)), common)


@app.command("check")
@with_common
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your lots (a workbook, CSV or Parquet; - is stdin).")],
    *,
    common: Common,
) -> None:
    """Tell how a holdings file is understood and every fault of it at once; exit 3 when there is one."""
    from toolkit.app.holdings.check import check_holdings
    from toolkit.report.topics.files import check as document

    tell = translator(common)
    found = check_holdings(file, common.context(), prices=common.price_files())
    show(common, found.record(), lambda record, say: document(record, common.day(), say))
    tell_remarks(found.warnings, common)
    error = found.error
    if error is not None:
        if not common.json:
            told = f"{tell(message('error'))}: {tell(error.message)}\n{tell(error.hint)}".rstrip()
            sys.stderr.write(f"{told}\n")
        raise typer.Exit(DATA_FAULT)


@app.command("stock")
@with_common
def stock(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your movements (a workbook, CSV or Parquet; - is stdin).")],
    *,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write the lots as a new CSV file.")] = None,
    client: Client = None,
    common: Common,
) -> None:
    """Tell what is there on a day (--as-of) by a file of movements, where the money is, and what was sold."""
    from toolkit.app.clients import client_name
    from toolkit.app.holdings.check import stock_of, write_text
    from toolkit.report.topics.files import stock as document

    found = stock_of(file, common.context(), prices=common.price_files(), client=client_name(client))
    if output is not None:
        write_text(output, found.to_csv())
    show(common, found.record(output), document)


@app.command("map")
@with_common
def map_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your lots (a workbook, CSV or Parquet; - is stdin).")],
    *,
    sets: Sets = None,
    accept: Accept = False,
    write: Write = False,
    common: Common,
) -> None:
    """Tell how each column of a holdings file is read and why, ask what is open, and keep it; exit 3 with more to do."""
    from toolkit.app.holdings.check import map_holdings, write_layout
    from toolkit.market.layouts.layout import beside
    from toolkit.market.readers.contents import file_and_sheet
    from toolkit.report.topics.files import mapped as document

    context, prices = common.context(), common.price_files()
    found, in_dialogue = settled(
        lambda answers: map_holdings(file, context, prices=prices, answers=answers), sets, common, accept=accept
    )
    written = None
    if (write or in_dialogue) and not found.questions and file != "-":
        written = str(beside(*file_and_sheet(file)))
        write_layout(found, written)
    record, in_terminal = found.record(written), common.format in (None, "terminal")
    show(common, record, lambda record, say: document(record, common.day(), say, command=not in_terminal))
    if found.questions and in_terminal and not common.json:
        sys.stdout.write(f"{record.command}{f' --layout {common.layout}' if common.layout else ''}\n")
    if found.questions or record.faults:
        raise typer.Exit(DATA_FAULT)
