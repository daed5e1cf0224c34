"""`toolkit controls`: which measures name a form of a metal, for a route, on a day."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show
from toolkit.controls.events import EUROPEAN_UNION

Events = Annotated[
    str | None,
    typer.Option(
        "--events", metavar="FILE", help="Your own events (CSV or TOML; - is a CSV on stdin) over the bundled ledger."
    ),
]


@without_prices
def controls(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal or element symbol; default: all products.")
    ] = None,
    *,
    form: Annotated[str | None, typer.Option("--form", help="Form as notices name it (metal, oxide, phosphide, InP).")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="COUNTRY", help="Buyer's country; default: the owner's.")] = None,
    origin: Annotated[str, typer.Option("--origin", metavar="COUNTRY", help="Country whose exports are asked about.")] = "CHN",
    end_user: Annotated[str, typer.Option("--end-user", help="civil, military (defence) or listed.")] = "civil",
    purity: Annotated[str | None, typer.Option("--purity", help="As traded: '99.99 %', 4N or 0.9999.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="Of one solid piece: 30x700 or 120x120x50 in mm, or 5kg.")] = None,
    item: Annotated[
        str | None, typer.Option("--item", metavar="CODE|WORDS", help="Look up controlled items by tariff code or by words.")
    ] = None,
    events: Events = None,
    common: Common,
) -> None:
    """Show the export controls on a metal, form by form, on the day of --as-of: law first, practice beside it."""
    from toolkit.app.controls import answers as app
    from toolkit.controls.events import end_user_of
    from toolkit.core.errors import SpecError
    from toolkit.core.size import PieceSize
    from toolkit.report.topics.controls import document

    day = common.day()
    if item is not None and (metal is not None or form is not None):
        raise SpecError(
            "--item looks through all notices; it takes no metal and no form.", hint="Try --item {metal}.", metal=metal or form
        )
    if form is not None and metal is None:
        raise SpecError(
            "--form needs a metal: notices name forms of metals.", hint="Try `toolkit controls METAL --form {form}`.", form=form
        )
    context = common.context(events)
    if item is not None:
        show(common, app.items(context, item, day), document)
        return
    route: app.Route = {
        "destination": app.check_country(to or context.settings.config.owner.country, "--to"),
        "end_user": end_user_of(end_user),
        "size": None if size is None else PieceSize.parse(size),
        "origin": app.check_country(origin, "--origin", EUROPEAN_UNION),
        "purity": app.parse_purity(purity),
    }
    found = app.product_controls(context, route, day) if metal is None else app.controls(context, metal, form, route, day)
    show(common, found, document)
