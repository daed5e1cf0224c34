"""`toolkit exposure`: export-control exposure of what one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, with_common
from toolkit.cli.shock import beyond, marked
from toolkit.cli.terminal import console, headline, price_sources, print_json, tell_remarks
from toolkit.core.text import figure

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.app.exposure import ExposureAnswer
    from toolkit.cli.tables import Table
    from toolkit.holdings.exposure import LotExposure

Use = Annotated[
    list[str] | None,
    typer.Option("--use", metavar="METAL=KG", help="Your use in kg a month, for days of cover; repeatable."),
]


@with_common
def exposure(
    holdings: Annotated[str, typer.Argument(metavar="HOLDINGS", help="Your lots (a workbook, CSV or Parquet; - is stdin).")],
    *,
    loss: Annotated[float, typer.Option("--loss", help="Fraction of supply lost in the shock.")] = 0.5,
    elasticity: Annotated[
        str | None, typer.Option("--elasticity", metavar="LOW:HIGH", help="Supply plus demand elasticity; default: cases.")
    ] = None,
    cap: Annotated[float | None, typer.Option("--cap", help="Multiple of the price at which buyers substitute.")] = None,
    use: Use = None,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 7 when there are warnings.")] = False,
    common: Common,
) -> None:
    """Show lot by lot what is stored safe, what can fail to arrive, and to whom it may not be resold."""
    from toolkit.app.exposure import ExposureRequest, expose
    from toolkit.app.status import WARNINGS_UNDER_STRICT

    answer = expose(
        ExposureRequest(
            holdings=holdings,
            context=common.context(events),
            prices=common.price_files(),
            loss=loss,
            elasticity=elasticity,
            cap=cap,
            use=tuple(use or ()),
        )
    )
    if common.json:
        print_json(answer.to_json())
    else:
        _show(answer, console(common))
    tell_remarks([remark for remark in answer.remarks if remark.text not in answer.reading], common)
    if strict and any(remark.is_warning for remark in answer.remarks):
        raise typer.Exit(WARNINGS_UNDER_STRICT)


def _table(*headings: str, right: tuple[str, ...] = ()) -> Table:
    from toolkit.cli.tables import Table

    table = Table()
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left")
    return table


def _show(answer: ExposureAnswer, out: Console) -> None:
    from toolkit.market.market import OWN_MARK

    portfolio, money = answer.portfolio, answer.currency
    out.print(headline("Exposure", f" to export controls on {answer.as_of}, owner in {answer.destination}, values in {money}"))
    lots = _table("lot", "metal", "kg", "value", "from", "law", "delivery", "resale", "origin", "paper", right=("kg", "value"))
    resale = {lot.lot_id: _resale(lot) for lot in portfolio.lots}
    marks = {text: f"({n})" for n, text in enumerate(dict.fromkeys(text for text in resale.values() if text != FREE), start=1)}
    for lot in portfolio.lots:
        lots.add_row(
            lot.lot_id,
            f"{lot.asset} {lot.form}",
            figure(lot.mass),
            "" if lot.value is None else f"{'<= ' if lot.at_most else ''}{lot.value:,.2f}",
            lot.origin,
            lot.headline + (OWN_MARK if any(OWN_MARK in title for title in lot.measures) else ""),
            lot.delivery.replace("_", " "),
            marks.get(resale[lot.lot_id], FREE),
            lot.traceability.origin,
            lot.traceability.certificate,
        )
    out.print(lots)
    for text, mark in marks.items():
        out.print(f"Resale {mark}: {text}.", markup=False)
    totals = _table("where it stands", "lots", "value", "share", right=("lots", "value", "share"))
    for total in portfolio.deliveries:
        if total.lots:
            totals.add_row(total.name.replace("_", " "), str(total.lots), f"{total.value:,.2f}", f"{total.share:.1%}")
    threatened = portfolio.at_risk
    whole = portfolio.whole
    totals.add_row("total", str(whole.lots), f"{whole.value:,.2f}", "100.0%" if whole.value else "")
    totals.add_row("can be stopped", str(threatened.lots), f"{threatened.value:,.2f}", f"{threatened.share:.1%}")
    for total in portfolio.planned:
        if total.lots:
            totals.add_row(total.name.replace("_", " ") + ", not owned", str(total.lots), f"{total.value:,.2f}", "")
    out.print(totals)
    for text in answer.statements:
        out.print(text, markup=False)
    out.print(answer.review, markup=False)
    for day, metal, what, standing in answer.next_changes:
        out.print(f"{day} ({standing}), {metal}: {what}", markup=False)
    _show_prices(answer, out)
    if answer.instruments:
        out.print(_instruments(answer))
    _show_shock(answer, out)
    _show_supply(answer, out)
    _show_cover(answer, out)
    for words in answer.reading:
        out.print(f"note: {words}", markup=False)
    out.print("Indicative values and control notices as compiled; not investment, tax or legal advice.")


def _instruments(answer: ExposureAnswer) -> Table:
    table = _table("listed", "lot", "units", "price", "of", "value", right=("units", "price", "value"))
    for lot in answer.instruments:
        row = (figure(lot.quantity), f"{lot.price:,.2f}", str(lot.date), f"{lot.value:,.2f}")
        table.add_row(lot.asset, lot.lot_id, *row)
    return table


FREE = "free"
RESALE = {"unsettled": "not settled", "permit": "permit"}
"""Answers about resale in the words of the column; see `toolkit.holdings.resale`."""

PERHAPS_OUT = ("in_transit", "stored_place_unknown")
"""Deliveries of which the file does not say whether the lot has left the country that it is exported from."""

USERS = {"civil": "anyone", "military": "military users", "listed": "listed firms"}
"""End users in the words of the column, widest first."""


def _resale(lot: LotExposure) -> str:
    """The buyers to whom the lot may not go, and what else is not free; "perhaps" where its origin is unknown."""
    barred = [one for one in lot.answers if one.singled_out]
    leaving = any(one.licence_to_leave for one in lot.answers)
    bans = sorted({act for one in lot.answers for act in one.export_bans})
    told = [f"export ban ({', '.join(bans)}), to no buyer abroad"] if bans else ["licence to leave"] if leaving else []
    if told and lot.delivery in PERHAPS_OUT:
        told = [f"{told[0]}, if it has not left"]
    told += [
        f"not to {words} in {', '.join(places)}"
        for user, words in USERS.items()
        if (places := sorted({one.destination for one in barred if one.end_user == user}))
    ]
    told += [words for answer, words in RESALE.items() if any(one.answer == answer for one in lot.answers)]
    unread = sorted({place for one in lot.answers for place in one.not_in_ledger})
    told += [f"export law of {', '.join(unread)} not in the ledger"] if unread else []
    perhaps = lot.supposed and told
    return f"{'perhaps ' if perhaps else ''}{'; '.join(told)}" or FREE


def _show_prices(answer: ExposureAnswer, out: Console) -> None:
    unit = f"{answer.currency}/kg"
    table = _table("price of", unit, "+/-", "is", "of", right=(unit, "+/-"))
    sources: list[tuple[str, str, str, str]] = []
    for price in answer.prices.values():
        error, kind = f"{price.standard_error:,.2f}" if price.standard_error else "", price.kind.replace("_", " ")
        table.add_row(price.asset, f"{price.price:,.2f}", error, kind, str(price.date))
        region = price.region or ("a region that is not stated" if price.basis.startswith(kind) else "")
        basis = price.basis.replace("_", " ") + (f", paid in {region}" if region else "")
        sources.append((price.source, price.price_from, basis, price.asset))
    out.print(table)
    price_sources(out, sources)
    for price in answer.prices.values():
        if price.in_europe is not None and price.in_europe.told:
            out.print(price.in_europe.told, markup=False)


def _show_shock(answer: ExposureAnswer, out: Console) -> None:
    from toolkit.app.stops import FURTHER

    band = answer.bands[FURTHER]
    e = band.elasticity
    spread = f"elasticity {e.low:.2f} to {e.high:.2f} ({e.basis})"
    if e.basis == "posterior":
        spread = "first and last row are the ends of what past cases leave open (`toolkit shock METAL` has them)"
    out.print(
        f"If exports of China stop and each metal loses what it makes, at most {band.loss:.0%} of supply, {spread};"
        " what is held outside China gains, what is still to come costs more:",
        markup=False,
    )
    headings = ("price up to", "stored gains", "open order lost", "order to replace", "plan dearer", "truce: stored loses")
    table = _table(*headings, right=headings)
    for case in answer.replacement:
        figures = (case.stored_gain, case.order_undelivered, case.order_cost, case.planned_cost, case.stored_loss_at_truce)
        table.add_row(marked(case.multiple, answer.largest_observed), *(f"{figure:,.0f}" for figure in figures))
    out.print(table)
    if on_its_way := answer.replacement[0].in_transit:
        out.print(
            f"In transit from China, or of unknown origin: {on_its_way:,.0f} {answer.currency} may be stopped. Whether it has"
            " left is not known: it is in no column."
        )
    if answer.largest_observed is not None and answer.replacement[-1].multiple > answer.largest_observed:
        out.print(beyond(answer.largest_observed), markup=False)
    if answer.still:
        out.print(
            f"Not moved: {', '.join(answer.still)} (not made there, no shares known, or traded on exchanges).", markup=False
        )


def _show_supply(answer: ExposureAnswer, out: Console) -> None:
    supply = answer.concentration
    if supply.hhi is not None and supply.n_minus_1 is not None:
        leading = ", ".join(f"{country} {share:.0%}" for country, share in list(supply.as_mapping().items())[:5])
        out.print(
            f"Supply behind the portfolio: {leading}; unnamed countries {supply.other:.0%}. Weighted HHI {supply.hhi:.2f}"
            f" (0 to 1), left without each metal's largest producer {supply.n_minus_1:.0%}. Shares: "
            f"{', '.join(sorted({of.source for of in answer.supplies}))}."
        )
    if supply.without_shares:
        out.print(f"No production shares are known for {', '.join(supply.without_shares)}.", markup=False)
    told = "; ".join(f"{i.nace2 or 'other'} {i.share:.0%} ({', '.join(i.applications[:2])})" for i in answer.industries[:4])
    if told:
        out.print(f"Industries behind it (EU uses, NACE): {told}.", markup=False)
    if answer.without_uses:
        out.print(f"No uses are known for {', '.join(answer.without_uses)}.", markup=False)


def _show_cover(answer: ExposureAnswer, out: Console) -> None:
    delay = answer.delay
    if delay is None:
        return
    out.print(
        f"A licence takes {delay.quantile(0.1):.0f} / {delay.quantile(0.5):.0f} / {delay.quantile(0.9):.0f} days"
        f" (one in ten / half / nine in ten take at most that; partly assumption); statutory {delay.statutory:.0f} days,"
        f" kept in {1 - delay.exceeds(delay.statutory):.0%}."
    )
    table = _table("stored", "kg", "use kg/month", "days of cover", "licence later than that", "days without")
    for entry in answer.covers:
        if entry.days is not None and entry.shortfall is not None and entry.gap is not None:
            table.add_row(
                entry.asset, figure(entry.stored), figure(entry.monthly_use or 0.0), f"{entry.days:,.0f}",
                f"{entry.shortfall:.0%}",
                f"{entry.gap:,.0f}",
            )  # fmt: skip
    out.print(table if table.rows else "Give --use METAL=KG (a month) for the days of cover.")
