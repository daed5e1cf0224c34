"""`toolkit shock`: the price band of a metal when part of its supply stops."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, number_option, without_prices
from toolkit.cli.terminal import show
from toolkit.core.limits import LARGEST_RATIO


@without_prices
def shock(
    metal: Annotated[str, typer.Argument(metavar="METAL", help="Metal or element symbol.")],
    *,
    loss: Annotated[float, number_option("--loss", "Fraction of supply lost, from 0 to below 1.", most=1)] = 0.5,
    elasticity: Annotated[
        str | None,
        typer.Option("--elasticity", metavar="LOW:HIGH", help="Supply plus demand elasticity; default: from past cases."),
    ] = None,
    cap: Annotated[float | None, number_option("--cap", "Price of a substitute per kg, in the reporting currency.")] = None,
    premium: Annotated[
        float | None,
        number_option(
            "--premium", "Price outside the controlling country over the one inside, as a fraction.", most=LARGEST_RATIO
        ),
    ] = None,
    common: Common,
) -> None:
    """Show how far a price can go when supply stops, and what that means for who holds, waits or has yet to buy."""
    from toolkit.app.topics.whatif import shock as answer_of
    from toolkit.report.topics.whatif import document

    answer = answer_of(common.context(), metal, loss=loss, elasticity=elasticity, cap=cap, premium=premium)
    show(common, answer, document)
