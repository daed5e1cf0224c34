"""`toolkit supply`: concentration of supply by stage, and how the official views rate each metal."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, number_option, without_prices
from toolkit.cli.terminal import show
from toolkit.core.limits import LARGEST_RATIO


@without_prices
def supply(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal or element symbol; default: all products.")
    ] = None,
    *,
    trade_parameter: Annotated[
        float | None,
        number_option("--trade-parameter", "Trade parameter t of our scenario; 1 is no restriction.", most=LARGEST_RATIO),
    ] = None,
    origin: Annotated[
        str, typer.Option("--origin", metavar="COUNTRY", help="Country that controls exports in our scenario.")
    ] = "CHN",
    common: Common,
) -> None:
    """Show how concentrated the supply is, stage by stage, and how the EU and the US rate the metal."""
    from toolkit.app.supply import SCENARIO_TRADE, Scenario
    from toolkit.app.topics.supply import supply as ask
    from toolkit.report.topics.supply import document

    scenario = Scenario(SCENARIO_TRADE if trade_parameter is None else trade_parameter, origin)
    answer = ask(common.context(), metal, scenario)
    show(common, answer, document)
