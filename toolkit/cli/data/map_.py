"""`toolkit data map`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show, translator
from toolkit.core.errors import SpecError

DATA_FAULT = 3


@partial(with_common, refused=("prices", "prices_only"))
def map_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your prices (CSV, a workbook or Parquet; - is stdin).")],
    *,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=MEANING", help="Column=field or ignore, text=meaning, currency=EUR; repeatable."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take every answer that is proposed.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Keep the layout beside the file (FILE.layout.toml).")] = False,
    common: Common,
) -> None:
    """Tell how each column of a price file is read and why, ask what is open, and keep it; exit 3 while it is open."""
    from toolkit.app.data.map_prices import map_prices
    from toolkit.app.runs import put
    from toolkit.market.layouts.layout import beside
    from toolkit.market.readers.contents import file_and_sheet
    from toolkit.report.answers.data.mapped import mapped as document

    answers = dict(pair(one) for one in sets or ())
    context, currency = common.context(), common.prices_currency
    found = map_prices(file, context, currency=currency, answers=answers)
    if accept and (proposed := {one.name: one.proposed for one in found.columns.questions if one.proposed}):
        answers = {**proposed, **answers}
        found = map_prices(file, context, currency=currency, answers=answers)
    while found.columns.questions and not common.json and sys.stdin.isatty() and sys.stdout.isatty():
        tell = translator(common)
        for one in found.columns.questions:
            where = ", ".join(map(tell, one.cells))
            sys.stdout.write(f"\n{one.name} ({where}): {tell(one.asks)}\n  {', '.join(one.answers)}\n")
            answers[one.name] = typer.prompt("", default=one.proposed or one.answers[0], prompt_suffix="> ")
        found = map_prices(file, context, currency=currency, answers=answers)
        write = write or not found.columns.questions
    written = None
    if write and not found.columns.questions and file != "-":
        written = str(beside(*file_and_sheet(file)))
        put(Path(written), found.columns.layout.to_toml().encode())
    show(common, found.record(written), lambda record, say: document(record, common.day(), say))
    if found.columns.questions or found.fault:
        raise typer.Exit(DATA_FAULT)


def pair(text: str) -> tuple[str, str]:
    """Name and answer of ``NAME=MEANING``; a header may hold the sign."""
    name, sign, answer = text.rpartition("=")
    if not sign or not name.strip() or not answer.strip():
        raise SpecError("--set {text!r:s} is no answer.", hint="Write it as --set 'Notierung=price'.", text=text)
    return name.strip(), answer.strip()
