"""`toolkit sell`: which lots a sale would take, by each order, and what each leaves."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, number_option, with_common
from toolkit.cli.request import Client
from toolkit.cli.terminal import show


@with_common
def sell(
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="Metal, element symbol, or listed instrument.")],
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="With its unit: 5kg, '500 g', 12.")],
    *,
    holdings: Annotated[str, typer.Option("--holdings", metavar="FILE", help="Your movements (docs/movements.md).")],
    price: Annotated[
        float | None, number_option("--price", "Offered for one unit, in the reporting currency; default: the believed one.")
    ] = None,
    fees: Annotated[float, number_option("--fees", "Of the whole sale.")] = 0.0,
    tax_rate: Annotated[
        float | None, number_option("--tax-rate", "On gains that are not free, from 0 to 1; default: owner.tax_rate.", most=1)
    ] = None,
    lot: Annotated[list[str] | None, typer.Option("--lot", metavar="LOT", help="Take this lot first; repeatable.")] = None,
    place: Annotated[str | None, typer.Option("--place", metavar="PLACE", help="Where it lies; default: anywhere.")] = None,
    order: Annotated[
        str | None, typer.Option("--order", metavar="ORDER", help="fifo, lifo, highest_cost, least_tax or named.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Add the movements of --order to the file, one a lot.")] = False,
    client: Client = None,
    common: Common,
) -> None:
    """Compare which lots a sale would take: gain, days until free of tax and net, by each order side by side."""
    from toolkit.app.clients import client_name
    from toolkit.app.sell import Selling, SellRequest, check_order
    from toolkit.report.topics.exit import sale as document

    check_order(order, write=write, lots=lot or ())
    context = common.context()
    rate = context.settings.config.owner.tax_rate if tax_rate is None else tax_rate
    request = SellRequest(asset, quantity, holdings, price, fees, rate, tuple(lot or ()), client_name(client), place)
    selling = Selling(request, context, common.price_files())
    preview = selling.preview()
    if write and order is not None:
        preview = preview.model_copy(update={"written": selling.write(order)})
    show(common, preview, document)
