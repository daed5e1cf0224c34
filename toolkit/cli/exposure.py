"""`toolkit exposure`: export-control exposure of what one holds."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, number_option, with_common
from toolkit.cli.request import Charts, Client, Strict, write_charts
from toolkit.cli.terminal import show, tell_remarks
from toolkit.core.limits import LARGEST_RATIO

EndUser = Annotated[
    str | None,
    typer.Option("--end-user", metavar="USER", help="Who uses lots that name nobody: civil (default), military or listed."),
]


@with_common
def exposure(
    holdings: Annotated[str, typer.Argument(metavar="HOLDINGS", help="Your lots (a workbook, CSV or Parquet; - is stdin).")],
    *,
    loss: Annotated[
        float | None, number_option("--loss", "Fraction of supply lost in a stop, beside the usual ones.", most=1)
    ] = None,
    elasticity: Annotated[
        str | None, typer.Option("--elasticity", metavar="LOW:HIGH", help="Supply plus demand elasticity; default: cases.")
    ] = None,
    cap: Annotated[
        float | None, number_option("--cap", "Multiple of the price at which buyers substitute.", most=LARGEST_RATIO)
    ] = None,
    end_user: EndUser = None,
    events: Events = None,
    client: Client = None,
    charts: Charts = None,
    strict: Strict = False,
    common: Common,
) -> None:
    """Show lot by lot what is stored safe, what can fail to arrive, and to whom it may not be resold."""
    from toolkit.app.clients import client_name
    from toolkit.app.holdings.exposure import ExposureRequest, expose
    from toolkit.app.status import WARNINGS_UNDER_STRICT
    from toolkit.app.subjects import holdings_of
    from toolkit.controls.events import CIVIL, end_user_of
    from toolkit.report.compose import needed
    from toolkit.report.topics.holdings import ANSWER, document

    request = ExposureRequest(
        holdings=holdings,
        context=common.context(events),
        prices=common.price_files(),
        loss=loss,
        elasticity=elasticity,
        cap=cap,
        client=client_name(client),
        end_user=end_user_of(end_user or CIVIL),
    )
    answer = expose(request)
    subject = cache(lambda: holdings_of(answer, request, None if charts else needed(ANSWER)))
    show(common, answer, lambda found, say: document(subject().record, subject().parts, found.reading, say))
    tell_remarks([remark for remark in answer.remarks if remark.text not in answer.reading], common)
    if charts is not None:
        write_charts(subject(), charts, common)
    if strict and any(remark.is_warning for remark in answer.remarks):
        raise typer.Exit(WARNINGS_UNDER_STRICT)
