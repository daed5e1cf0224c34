"""`toolkit holdings template|check`: a commented holdings file, and every fault of one at once."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.terminal import print_json, say, show, tell_remarks, translator, try_write
from toolkit.core.messages import message

DATA_FAULT = 3

app = typer.Typer(help="Holdings files: write a template, check one.", no_args_is_help=True, rich_markup_mode=None)


@app.command("template")
@partial(without_prices, formats=("terminal", "json"))
def template(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="A new file; - is stdout.")] = "-",
    *,
    lang: Annotated[str, typer.Option("--lang", metavar="en|de", help="Language of headers and comments.")] = "en",
    common: Common,
) -> None:
    """Write a holdings file with every column explained and no lot."""
    from toolkit.app.holdings.check import write_text
    from toolkit.app.languages import language
    from toolkit.report.answers.holdings import template as text_of

    text = text_of(language(lang))
    if common.json:
        print_json({"language": lang, "template": text})
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
    write: Annotated[
        str | None, typer.Option("--write", metavar="FILE", help="Write a corrected copy to a new file; - is stdout.")
    ] = None,
    common: Common,
) -> None:
    """Tell how a holdings file is understood and every fault of it at once; exit 3 when there is one."""
    from toolkit.app.holdings.check import check_holdings, write_text
    from toolkit.report.answers.holdings import check as document

    tell = translator(common)
    found = check_holdings(file, common.context(), prices=common.price_files())
    unwritten = try_write(lambda: write_text(write, found.copy(tell)))[1] if write is not None and write != "-" else None
    if write == "-" and not common.json:
        sys.stdout.write(found.copy(tell))
    else:
        record = found.record(write if unwritten is None else None)
        show(common, record, lambda record, say: document(record, common.day(), say))
    tell_remarks(found.warnings, common)
    error = found.error
    if unwritten is not None and error is None:
        raise unwritten
    if unwritten is not None:
        say(message("warning: {told}", told=unwritten.message), common)
    elif write is not None and write != "-":
        say(message("wrote {file:s}", file=write), common)
    if error is not None:
        if not common.json:
            told = f"{tell(message('error'))}: {tell(error.message)}\n{tell(error.hint)}".rstrip()
            sys.stderr.write(f"{told}\n")
        raise typer.Exit(DATA_FAULT)
