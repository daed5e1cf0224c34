"""`toolkit data list|validate`."""

from __future__ import annotations

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import console, print_json

app = typer.Typer(
    help="Data: what is bundled, how old it is, and whether it holds its contracts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
@with_common
def list_data(*, common: Common) -> None:
    """Every table and source: rows, newest date, publication date, age against its rhythm, licence."""
    from toolkit.app.config import resolve
    from toolkit.app.market import load

    day = common.day()
    package = load(resolve(common.settings(), file=common.config))
    records = [provenance.to_json() for provenance in package.market.until(day).provenance()]
    if common.json:
        weaknesses = dict(package.weaknesses)
        print_json({"as_of": day.isoformat(), "package": str(package.folder), "data": records, "weaknesses": weaknesses})
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("table", "source", "rows", "newest", "known from", "overdue"):
        table.add_column(heading, justify="right" if heading in ("rows", "overdue") else "left", overflow="fold")
    for record in records:
        overdue = f"{record['overdue_days']} d" if record["overdue_days"] else ""
        newest = record["as_of"] or ""
        table.add_row(record["table"], record["source"], str(record["rows"]), newest, record["known_from"], overdue)
    console(common).print(table)


@app.command("validate")
@with_common
def validate(*, common: Common) -> None:
    """Check every table against its contract, its keys and its sums; exit 3 when one fails."""
    from toolkit.app.config import resolve
    from toolkit.app.market import package_folder
    from toolkit.core.errors import FrameError
    from toolkit.core.frames import TABLES
    from toolkit.data.package import validate_package

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            f"{folder}: {len(faults)} faults: " + "; ".join(str(fault) for fault in faults) + ".",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
        )
    if common.json:
        print_json({"package": str(folder), "tables": sorted(TABLES), "faults": []})
    else:
        console(common).print(f"{folder}: {len(TABLES)} tables hold their contracts", markup=False)
