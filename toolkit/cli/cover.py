"""`toolkit cover`: when metal that is used runs out, and what to order."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import FORMATS, Common, number_option, without_prices
from toolkit.cli.request import Client, Strict
from toolkit.cli.terminal import progress, say, show, tell_remarks
from toolkit.core.errors import SpecError
from toolkit.core.messages import message

if TYPE_CHECKING:
    from toolkit.records.cover import CoverAnswer


@partial(without_prices, formats=(*FORMATS, "ics"))
def cover(
    holdings: Annotated[
        str | None, typer.Argument(metavar="[HOLDINGS]", help="What is there and ordered: lots or movements; - is stdin.")
    ] = None,
    *,
    needs: Annotated[str, typer.Option("--needs", metavar="FILE", help="What is used: asset, quantity a month, site.")],
    quotes: Annotated[
        list[str] | None,
        typer.Option("--quotes", metavar="FILE", help="What can be ordered: asset, price, lead time, origin; repeatable."),
    ] = None,
    licences: Annotated[
        str | None, typer.Option("--licences", metavar="FILE", help="Own applications: order, filed, outcome, decided.")
    ] = None,
    months: Annotated[int, typer.Option("--months", help="Months ahead that are asked about.", min=1, max=60)] = 12,
    probability: Annotated[
        str, typer.Option("--probability", metavar="SHARE", help="Of a stop, that orders may leave to each metal.")
    ] = "5%",
    budget: Annotated[
        float | None, number_option("--budget", "Money for orders: what misses least for it, in place of --probability.")
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option("--share", metavar="NAME=50%", help="Most that one origin or supplier delivers; repeatable."),
    ] = None,
    interest: Annotated[str, typer.Option("--interest", metavar="SHARE", help="A year on money that is tied up.")] = "0%",
    board: Annotated[
        str | None,
        typer.Option("--board", metavar="FILE", help="Write one page for a board there: .html, .pdf, .eml, .md or .xlsx."),
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Without quantities, money, places and names on that page.")] = False,
    client: Client = None,
    strict: Strict = False,
    common: Common,
) -> None:
    """Show when metal that is used runs out, how probable that is, and which orders keep it running."""
    from toolkit.app.clients import client_name
    from toolkit.app.cover import CoverRequest, fraction, shares_of
    from toolkit.app.cover import cover as answer_of
    from toolkit.app.status import WARNINGS_UNDER_STRICT
    from toolkit.report.topics.cover import document

    context = common.context()
    request = CoverRequest(
        holdings, needs, context, quotes or (), licences, client_name(client), months, fraction("--probability", probability),
        budget, shares_of(share or ()), fraction("--interest", interest),
    )  # fmt: skip
    if redact and board is None:
        raise SpecError("--redact says nothing without --board.", hint="Add --board FILE.")
    found = answer_of(request)
    if common.format == "ics":
        from toolkit.app.languages import language
        from toolkit.report.topics.cover import reminders

        sys.stdout.flush()
        sys.stdout.buffer.write(reminders(found, language(common.language())).encode())
    else:
        show(common, found, document)
    if board is not None:
        _write_board(found, board, common, redacted=redact)
    tell_remarks(found.remarks, common, found.phrases)
    if strict and found.warnings:
        raise typer.Exit(WARNINGS_UNDER_STRICT)


def _write_board(found: CoverAnswer, file: str, common: Common, *, redacted: bool) -> None:
    """Write the page for a board in the format that the ending of the file means, and say where it is."""
    from pathlib import Path

    with progress(message("Rendering"), common):
        from toolkit.app.languages import language
        from toolkit.app.report.render import FORMATS as WRITTEN
        from toolkit.app.report.render import format_of
        from toolkit.app.runs import put
        from toolkit.report.topics.cover import board

        kind = format_of(file)
        if kind is None:
            raise SpecError("{file:s}: no format has this ending.", hint="Write it to board.html or board.pdf.", file=file)
        spoken = language(common.language())
        path = put(Path(file), WRITTEN[kind].make(board(found, spoken, redacted=redacted), spoken))
    say(message("report: {path:s}", path=str(path.resolve())), common)
