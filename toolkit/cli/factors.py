"""`toolkit factors`: what drives the risk, how prices were corrected, and how past forecasts of risk did."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import DEFAULT_STRATEGY, StrategyName
from toolkit.cli.terminal import progress, show
from toolkit.core.messages import message


@with_common
def factors(
    strategy: StrategyName = DEFAULT_STRATEGY,
    *,
    correlations: Annotated[
        bool, typer.Option("--correlations", help="Show what moves together instead, pair by pair.")
    ] = False,
    common: Common,
) -> None:
    """Show the factor model: loadings, fit, corrected volatilities, and whether past forecasts of risk held."""
    from toolkit.app.factors import factors as ask
    from toolkit.report.topics.factors import document

    context = common.context()
    with progress(message("Estimating, and repeating past forecasts"), common):
        answer = ask(context, strategy, prices=common.price_files(), seed=common.seed)
    show(common, answer, lambda answer, say: document(answer, say, correlations=correlations))
