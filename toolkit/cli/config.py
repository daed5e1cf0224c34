"""`toolkit config show`."""

from __future__ import annotations

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, print_json

app = typer.Typer(help="Settings: where, for whom and how fast.", no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
@without_prices
def show(*, common: Common) -> None:
    """Every setting, its value and where it came from."""
    from toolkit.app.config import resolve

    rows = resolve(common.settings(), file=common.config).rows()
    if common.json:
        print_json({"settings": [{"key": row.key, "value": row.value, "origin": row.origin} for row in rows]})
        return
    from toolkit.cli.tables import Table

    table = Table.of(("setting", "value", "from"))
    for row in rows:
        table.add_row(row.key, "" if row.value is None else str(row.value), row.origin)
    console(common).print(table)
