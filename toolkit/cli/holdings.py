"""`toolkit holdings template|check`: a commented holdings file, and every fault of one at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.terminal import console, print_json, say, tell_remarks, try_write
from toolkit.core.text import figure

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.holdings_check import HoldingsCheck

DATA_FAULT = 3

app = typer.Typer(help="Holdings files: write a template, check one.", no_args_is_help=True, rich_markup_mode=None)


@app.command("template")
@without_prices
def template(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="A new file; - is stdout.")] = "-",
    *,
    lang: Annotated[str, typer.Option("--lang", metavar="en|de", help="Language of headers and comments.")] = "en",
    common: Common,
) -> None:
    """Write a holdings file with every column explained and no lot."""
    from toolkit.app.holdings_check import write_text
    from toolkit.core.errors import SpecError, did_you_mean
    from toolkit.market.readers.holdings.corrected_copy import TEXTS
    from toolkit.market.readers.holdings.corrected_copy import template as text_of

    if lang not in TEXTS:
        raise SpecError(f"--lang {lang!r} is not a language of the template.", hint=did_you_mean(lang, TEXTS))
    text = text_of(lang)
    if common.json:
        print_json({"language": lang, "template": text})
    elif file == "-":
        sys.stdout.write(text)
        return
    if file != "-":
        write_text(file, text)
        say(f"wrote {file}", common)


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
    from toolkit.app.holdings_check import check_holdings, write_text

    found = check_holdings(file, common.context(), prices=common.price_files())
    unwritten = try_write(lambda: write_text(write, found.copy()))[1] if write is not None and write != "-" else None
    if common.json:
        print_json({**found.to_json(), "written": write if unwritten is None else None})
    elif write == "-":
        sys.stdout.write(found.copy())
    else:
        _show(found, console(common))
    tell_remarks(found.warnings, common)
    error = found.error
    if unwritten is not None and error is None:
        raise unwritten
    if unwritten is not None:
        say(f"warning: {unwritten.message}", common)
    elif write is not None and write != "-":
        say(f"wrote {write}", common)
    if error is not None:
        if not common.json:
            sys.stderr.write(f"error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        raise typer.Exit(DATA_FAULT)


def _show(found: HoldingsCheck, out: Console) -> None:
    """What is understood: lots, and how the columns were read."""
    from toolkit.cli.tables import Table
    from toolkit.core.places import place

    out.print(f"{found.read.table.name}: {found.lots.height} of {len(found.read.rows)} lots are understood", markup=False)
    table = Table()
    payments = ("paid",) if found.lots["paid"].count() else ()
    for heading in ("lot", "asset", "form", "quantity", "bought", "price a unit", *payments, "from", "stored in", "status"):
        table.add_column(heading, justify="right" if heading in ("quantity", "price a unit", "paid") else "left")
    for row in found.lots.iter_rows(named=True):
        price = "" if row["purchase_price"] is None else f"{figure(row['purchase_price'])} {row['currency']}"
        cells = (
            row["lot_id"],
            row["asset"],
            row["form"] or "listed",
            f"{figure(row['quantity'])} {row['unit']}",
            str(row["purchase_date"] or ""),
            price,
            *(("" if row["paid"] is None else f"{row['paid'] * 100:.4g} %",) if payments else ()),
            row["origin_country"],
            (place(row["location"]).country if row["location"] else None) or "unknown",
            row["status"].replace("_", " "),
        )
        table.add_row(*cells)
    if found.lots.height:
        out.print(table)
    for note in found.read.notes:
        out.print(f"note: {note}", markup=False)
