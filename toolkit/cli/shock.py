"""`toolkit shock`: the price band of a metal when part of its supply stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, headline, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.shock import ShockAnswer
    from toolkit.shocks.price_response import Response, ResponseCase

BANDS = {0.05: "90 % low", 0.16: "68 % low", 0.5: "median", 0.84: "68 % high", 0.95: "90 % high"}


@without_prices
def shock(
    metal: Annotated[str, typer.Argument(metavar="METAL", help="Metal or element symbol.")],
    *,
    loss: Annotated[float, typer.Option("--loss", help="Fraction of supply lost, from 0 to below 1.")] = 0.5,
    elasticity: Annotated[
        str | None,
        typer.Option("--elasticity", metavar="LOW:HIGH", help="Supply plus demand elasticity; default: from past cases."),
    ] = None,
    cap: Annotated[float | None, typer.Option("--cap", help="Price of a substitute per kg, in the reporting currency.")] = None,
    premium: Annotated[
        float | None,
        typer.Option("--premium", help="Price outside the controlling country over the one inside, as a fraction."),
    ] = None,
    common: Common,
) -> None:
    """Show how far a price can go when supply stops, and what that means for who holds, waits or has yet to buy."""
    from toolkit.app.shock import shock as answer_of

    answer = answer_of(common.context(), metal, loss=loss, elasticity=elasticity, cap=cap, premium=premium)
    if common.json:
        print_json(answer.to_json())
    else:
        _show(answer, console(common))


def marked(multiple: float, observed: float | None) -> str:
    """A multiple, marked where no price has been seen as high in the year after a control."""
    return f"{multiple:.2f} x" + ("!" if observed is not None and multiple > observed else "")


def beyond(observed: float) -> str:
    """What the mark means."""
    return f"! Beyond what was ever observed: no monthly price rose above {observed:.2f} x within a year after a control."


def _show(answer: ShockAnswer, out: Console) -> None:
    from toolkit.cli.tables import Table

    band, e, money = answer.band, answer.band.elasticity, answer.currency
    out.print(headline(answer.metal, f": {band.loss:.0%} of supply stops, as of {answer.as_of}"))
    out.print(f"P1/P0 = (1 - loss) ** (-1 / e), e = supply + demand elasticity ({e.basis}: {e.source})", markup=False)
    headings = ("e", "price", f"{money}/kg", "stored gains", "truce: stored loses", "open order: undelivered", "and dearer by")
    table = Table.of(("band",) if answer.response else (), headings)
    level = None if answer.price is None else answer.price.price
    rows = [((BANDS[level],), value, effect) for level, value, effect in answer.levels()]
    rows = rows or [((), *row) for row in zip((e.high, e.central, e.low), answer.effects, strict=True)]
    for name, value, effect in rows:
        price = "" if level is None else f"{level * effect.multiple:,.0f}"
        table.add_row(
            *name,
            f"{value:.2f}",
            marked(effect.multiple, answer.largest_observed),
            price,
            f"{effect.stored_gain:+.0%}",
            f"{-effect.stored_loss_at_truce:.0%}",
            f"{-effect.order_undelivered:.0%}",
            f"{effect.order_replacement:+.0%}",
        )
    out.print(table)
    if answer.largest_observed is not None and band.high > answer.largest_observed:
        out.print(beyond(answer.largest_observed), markup=False)
    if answer.price is not None:
        p = answer.price
        error = f" +/- {p.standard_error:,.0f}" if p.standard_error else ""
        kind, basis = p.kind.replace("_", " "), p.basis.replace("_", " ")
        out.print(f"Today: {p.price:,.2f}{error} {money}/kg, {kind} of {p.date} ({basis}).", markup=False)
    else:
        out.print("No price of this metal is known here: the multiples hold for any.")
    if band.capped and answer.cap_price is not None:
        out.print(f"Cut at a substitute's {answer.cap_price:,.2f} {money}/kg; without it up to {band.uncapped_high:.1f} x.")
    out.print(f"The linear rule gives {answer.linear:.2f} x at e = {e.central:.2f}: it understates large losses.")
    if answer.check is not None:
        c = answer.check
        out.print(
            f"Published: {c.change:+.0%} ({c.citation}). {c.statement}. At the loss asked here, that change means"
            f" e = {c.implied:.2f}.",
            markup=False,
        )
    if answer.premium is not None:
        outside = (
            "" if level is None else f", {answer.premium.outside(level):,.0f} {money}/kg if the price above is the one inside"
        )
        out.print(
            f"Outside the controlling country {answer.premium.premium:+.0%} ({answer.premium.basis}: {answer.premium.source})"
            f"{outside}.",
            markup=False,
        )
    if answer.response is not None:
        _show_cases(answer.cases, answer.response, out)
    out.print("A scenario under stated assumptions, not a forecast.")


def _show_cases(cases: Sequence[ResponseCase], response: Response, out: Console) -> None:
    from toolkit.cli.tables import Table

    def percent(figure: float | None, form: str = ".0%") -> str:
        return "n/a" if figure is None else f"{figure:{form}}"

    out.print(
        f"The band is of the stop alone: {response.own} cases are of {response.asset}, the others are pooled as far as metals"
        f" differ. In a year prices moved by some {response.moves:.0%} of their own besides. The loss of a case is the share of"
        " China as then known times the fall of US imports from there, itself uncertain by half.",
        markup=False,
    )
    table = Table.of(("case", "metal"), ("share", "imports fell", "loss", "price", "months"))
    for case in cases:
        figures = (percent(case.share_then), percent(case.fall), percent(case.loss), percent(case.change, "+.0%"))
        table.add_row(case.source.split(";")[0], case.asset, *figures, "model" if case.months is None else str(case.months))
    out.print(table)
