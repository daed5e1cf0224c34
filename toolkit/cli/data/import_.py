"""`toolkit data import`."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show
from toolkit.core.errors import SpecError


@partial(with_common, refused=("prices", "prices_only"), makes_store=True)
def import_(
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
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=COLUMN", help="Column of a field (as date), or =VALUE; kept; repeatable."),
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
    """Add a file to a store; a header that is not understood is asked about once, and the answer is kept with the store."""
    from toolkit.app.data.import_file import ImportOptions, import_file
    from toolkit.report.answers.data.store import imported as document

    pairs = [text.partition("=") for text in column or ()]
    if wrong := [name for name, sign, value in pairs if not sign or value in ("", "=")]:
        raise SpecError("--column {wrong}: is no FIELD=COLUMN.", hint='Write it as --column date="Stand".', wrong=wrong[0])
    options = ImportOptions(
        table, source, {name: value for name, _, value in pairs}, common.prices_currency, tuple(common.accept or ()), reporter,
        direction, lag_days, correct.strip(),
    )  # fmt: skip
    answer = import_file(common.context(), file, options, _ask if sys.stdin.isatty() and file != "-" else None)
    show(common, answer, document)


def _ask(name: str, columns: tuple[str, ...]) -> str | None:
    """The column of a field, as the user answers on the terminal; none for an empty answer."""
    listed = ", ".join(columns)
    while True:
        answer = typer.prompt(f"Column of {name} (of {listed}; empty for none)", default="", show_default=False, err=True)
        if answer in ("", *columns):
            return answer or None
