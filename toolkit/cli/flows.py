"""`toolkit flows`: what customs data say of a metal, with alerts and their rule in words."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def flows(
    metal: Annotated[
        str | None, typer.Argument(metavar="[METAL]", help="Metal, element symbol or tariff code; default: all.")
    ] = None,
    *,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="A customs file of your own (CSV or Parquet; - is stdin).")
    ] = None,
    common: Common,
) -> None:
    """Show customs flows by partner: recent change, months at zero, collapse alerts, diversion, effect of controls."""
    from toolkit.app.topics.flows import flows as ask
    from toolkit.report.topics.flows import document

    answer = ask(common.context(), metal, file)
    show(common, answer, document)
