"""`toolkit exit`: what holdings would fetch, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import Client, Strict
from toolkit.cli.terminal import show, tell_remarks


@with_common
def exit_(
    holdings: Annotated[str, typer.Argument(metavar="HOLDINGS", help="Your lots (a workbook, CSV or Parquet; - is stdin).")],
    *,
    client: Client = None,
    strict: Strict = False,
    common: Common,
) -> None:
    """Show what could be money within 2, 14, 30 and 90 days, at which spread, and what each lot lacks to be sold."""
    from toolkit.app.clients import client_name
    from toolkit.app.holdings.exit import exit_answer
    from toolkit.app.holdings.exposure import ExposureRequest
    from toolkit.app.status import WARNINGS_UNDER_STRICT
    from toolkit.report.topics.holdings import document
    from toolkit.report.topics.liquidation import ANSWER

    request = ExposureRequest(holdings, common.context(), common.price_files(), client=client_name(client))
    answer, subject, reading = exit_answer(request)
    show(common, answer, lambda _, say: document(subject.record, subject.parts, reading, say, ANSWER))
    tell_remarks([remark for remark in answer.remarks if remark.text not in reading], common)
    if strict and any(remark.is_warning for remark in answer.remarks):
        raise typer.Exit(WARNINGS_UNDER_STRICT)
