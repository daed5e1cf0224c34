"""Lot by lot what is stored safe, what can fail to arrive, and to whom it may not be resold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date

from toolkit.controls.state import review_note
from toolkit.core.text import OWN_MARK
from toolkit.holdings.exposure import LotExposure, Total
from toolkit.holdings.licence_delay import Cover
from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.exposure import ExposureAnswer
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.answers.controls import headline
from toolkit.report.document import Document
from toolkit.report.i18n.formats import NBSP
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import source_of_dealer
from toolkit.report.i18n.text import joined, plain
from toolkit.report.tables.lots import CIVIL, is_routed, lot_names

RESALE = {"unsettled": mark("not settled"), "permit": mark("permit")}
"""Answers about resale in the words of the column; see `toolkit.holdings.resale`."""
LARGE_PRICE = 1000.0
"""Prices from here on are told without cents."""
PERHAPS_OUT = ("in_transit", "stored_place_unknown")
"""Deliveries of which the file does not say whether the lot has left the country that it is exported from."""
USERS = {"civil": mark("anyone"), "military": mark("military users"), "listed": mark("listed firms")}
"""End users in the words of the column, widest first."""
OWN = {
    "own_series": mark("{source} (own series)"),
    "own_price": mark("{source} (own price of a day)"),
    "dealer_ask": mark("{source} (a dealer’s ask)"),
    "dealer_bid": mark("{source} (a dealer’s bid)"),
    "dealer_bid_ask": mark("{source} (between a dealer’s bid and ask)"),
}
"""Whose a price is (`price_from`, of a dealer's the basis); of bundled ones the source says it."""


def exposure(found: ExposureAnswer, say: Language) -> Document:
    """The lots, where they stand, what changes when, prices, the shock, the supply behind them, and days of cover."""
    answer = Answer(say, found.as_of)
    answer.heading(
        "Exposure to export controls on {day:%Y-%m-%d}, owner in {destination}, values in {money}",
        day=found.as_of, destination=found.destination, money=found.currency,
    )  # fmt: skip
    resale = {lot.lot_id: _resale(answer, lot) for lot in found.lots}
    marks = {words: f"({n})" for n, words in enumerate(dict.fromkeys(words for words in resale.values() if words), start=1)}
    marks[""] = say.words("free")
    names = lot_names([*found.lots, *found.instruments], say)
    routed = is_routed(found.destination, found.lots)
    answer.table(
        "lot | metal | >kg | >value | from | law | delivery | to | resale | origin | paper",
        (_lot(answer, lot, names[lot.lot_id], marks[resale[lot.lot_id]], routed=routed) for lot in found.lots),
    )
    answer.notes(answer.told("Resale {mark}: {words}.", mark=mark_, words=words) for words, mark_ in marks.items() if words)
    if found.lots:
        answer.table("where it stands | >lots | >value | >share", _totals(answer, found))
    if len(found.clients) > 1:
        answer.table("client | >lots | >value | >share | >can be stopped", _clients(answer, found))
    reviewed_to = date.fromisoformat(found.ledger.reviewed_to) if found.ledger.reviewed_to else None
    answer.lines(*found.statements, review_note(reviewed_to, date.fromisoformat(found.as_of)))
    answer.notes(
        answer.told(
            "{day:%Y-%m-%d} ({standing}), {metal}: {what}",
            day=one.date,
            standing=answer.word(one.standing),
            metal=one.metal,
            what=one.what,
        )
        for one in found.next_changes
    )
    _prices(answer, found)
    answer.table(
        "listed | lot | >units | >price | of | >value",
        (
            (lot.asset, names[lot.lot_id], answer.number(lot.quantity, ",.6g"), answer.number(lot.price, ",.2f"),
             lot.date, answer.number(lot.value, ",.2f"))
            for lot in found.instruments
        ),
    )  # fmt: skip
    if found.lots:
        _shock(answer, found)
        _supply(answer, found)
        _cover(answer, found)
    answer.notes(answer.told("note: {words}", words=words) for words in found.reading)
    answer.line("Indicative values and control notices as compiled; not investment, tax or legal advice.")
    return answer.document("exposure", answer.told("Exposure to export controls"))


def _lot(answer: Answer, lot: LotExposure, name: str, resale: str, *, routed: bool) -> Iterator[Cell]:
    say, own = answer.say, any(OWN_MARK in title for title in lot.measures)
    yield say.name(name)
    yield f"{answer.metal(lot.asset)} {answer.word(lot.form)}"
    yield answer.number(lot.mass, ",.6g")
    bound = "<= " if lot.nines < 0 else ">= " if lot.nines > 0 else ""
    yield "" if lot.value is None else f"{bound}{answer.number(lot.value, ',.2f')}"
    yield answer.origin(lot.origin)
    yield headline(answer, lot.headline) + (say.fmt.notices(OWN_MARK).replace(" ", NBSP) if own else "")
    yield answer.word(lot.delivery)
    yield _to(answer, lot) if routed else ""
    yield resale
    yield answer.word(lot.traceability.origin)
    yield answer.word(lot.traceability.certificate)


def _to(answer: Answer, lot: LotExposure) -> str:
    """Where a lot goes, and who uses it there where that is not anybody."""
    return lot.destination if lot.end_user == CIVIL else f"{lot.destination}, {answer.word(lot.end_user)}"


def _totals(answer: Answer, found: ExposureAnswer) -> Iterator[Iterable[Cell]]:
    say = answer.say

    def row(name: str, total: Total, share: float | None) -> tuple[Cell, ...]:
        return name, total.lots, _money(answer, total), "" if _unpriced(total) else answer.number(share, ".1%")

    yield from (row(answer.word(total.name), total, total.share) for total in found.deliveries if total.lots)
    yield row(say.words("total"), found.held, 1.0 if found.held.value else None)
    yield row(say.words("can be stopped"), found.at_risk, found.at_risk.share)
    if found.not_covered.lots:
        yield row(say.words("export law not covered"), found.not_covered, found.not_covered.share)
    yield from (row(answer.word(total.name) + say.words(", not owned"), total, None) for total in found.planned if total.lots)


def _clients(answer: Answer, found: ExposureAnswer) -> Iterator[Iterable[Cell]]:
    for one in found.clients:
        name = answer.say.words("not named") if one.client is None else answer.say.name(one.client)
        money = (_money(answer, one.held), "" if _unpriced(one.held) else answer.number(one.held.share, ".1%"))
        yield name, one.held.lots, *money, _money(answer, one.at_risk)


def _money(answer: Answer, total: Total) -> Cell:
    return answer.say.words("no price") if _unpriced(total) else answer.number(total.value, ",.2f")


def _unpriced(total: Total) -> bool:
    """Whether there are lots, and none has a price: they are worth something."""
    return 0 < total.lots == total.unpriced


def _resale(answer: Answer, lot: LotExposure) -> str:
    """The buyers to whom the lot may not go, and what else is not free; "perhaps" where its origin is unknown."""
    say = answer.say
    bans = sorted({act for one in lot.answers for act in one.export_bans})
    told = []
    if bans:
        told = [say.words("export ban ({notices}), to no buyer abroad", notices=", ".join(map(answer.notice, bans)))]
    elif any(one.licence_to_leave for one in lot.answers):
        told = [say.words("licence to leave")]
    if told and lot.delivery in PERHAPS_OUT:
        told = [say.words("{words}, if it has not left", words=told[0])]
    barred = [one for one in lot.answers if one.singled_out]
    told += [
        say.words("not to {users} in {places}", users=say.words(users), places=", ".join(places))
        for user, users in USERS.items()
        if (places := sorted({one.destination for one in barred if one.end_user == user}))
    ]
    bars = {(one.destination, one.end_user) for one in barred}
    perhaps = [one for one in lot.resale if one.certainty != "named" and (one.destination, one.end_user) not in bars]
    words = "not to {users} in {places}" if lot.supposed else mark("perhaps not to {users} in {places}")  # said of all below
    told += [
        say.words(words, users=say.words(users), places=", ".join(places))
        for user, users in USERS.items()
        if (places := sorted({one.destination for one in perhaps if one.end_user == user}))
    ]
    if lot.supposed and told:
        told = [say.words("perhaps {words}", words="; ".join(told))]
    told += [say.words(words) for key, words in RESALE.items() if any(one.answer == key for one in lot.answers)]
    if unread := sorted({place for one in lot.answers for place in one.not_in_ledger}):
        told.append(say.words("not covered: export law of {places}", places=", ".join(unread)))
    return "; ".join(told)


def _prices(answer: Answer, found: ExposureAnswer) -> None:
    prices = found.prices
    answer.table(
        "price of | >{money}/kg | >+/- today | >95 % between | >and | is | of",
        (
            (_good(answer, p), answer.number(p.price, ",.2f"), answer.number(p.price_today_se, ",.2f"),
             *(answer.number(end, ",.0f" if p.price >= LARGE_PRICE else ",.2f")
               for end in (p.price_today_low, p.price_today_high)),
             answer.price_kind(p.kind), p.date)
            for p in prices
        ), money=found.currency,
    )  # fmt: skip
    if found.value:
        answer.line(
            "Together {value:,.2f} +/- {error:,.0f} {money}: one standard error of these prices as prices of today, and of "
            "their grade where a lot is of another; two of three would lie within.",
            value=found.value, error=found.value_se, money=found.currency,
        )  # fmt: skip
    answer.notes(
        answer.told(
            "{base} at {rate:.4f} {quote}, the rate of {day:%Y-%m-%d}.",
            base=one.base, rate=one.rate, quote=one.quote, day=one.date,
        )
        for one in found.rates
    )  # fmt: skip
    sources = []
    for price in prices:
        region = (answer.country(price.place) if price.place else "") or (
            answer.say.words("a region that is not stated") if price.basis.startswith(price.kind.replace("_", " ")) else ""
        )
        basis = "" if price.kind == "quote" else answer.word(price.basis)
        words = answer.say.words("{basis}, paid in {region}", basis=basis, region=region) if basis and region else basis
        sources.append((price.source, price.price_from, price.basis, words, answer.metal(price.asset)))
    price_sources(answer, sources)
    answer.lines(*(price.in_europe.told for price in prices if price.in_europe is not None))


def _good(answer: Answer, price: UnitPrice) -> str:
    """What a price is of: the metal, its form and the purity that the price is for."""
    return " ".join(filter(None, (answer.metal(price.asset), answer.word(price.form), price.purity)))


def price_sources(answer: Answer, prices: Iterable[tuple[str, str, str, str, str]]) -> None:
    """A line for each source of prices.

    Args:
        answer: Where to.
        prices: Id of the source or name of the file, `price_from`, basis, what the price is or of which day, and name of the
            asset.
    """
    of: dict[str, list[str]] = {}
    for source, owner, basis, words, name in prices:
        key = basis if owner == "dealer" else owner
        told = answer.say.words(OWN[key], source=source_of_dealer(source)) if key in OWN else source
        of.setdefault(", ".join(part for part in (told, words) if part), []).append(name)
    for words, names in of.items():
        answer.line("Price from {source}: {names}.", source=words, names=plain(joined(answer.say.shortened(names), ", ")))


def _shock(answer: Answer, found: ExposureAnswer) -> None:
    shock, say = found.shock, answer.say
    e, cases, most = shock.band.elasticity, tuple(shock.replacement.values()), shock.largest_observed
    if e.basis == "posterior":
        spread = say("first and last row are the ends of what past cases leave open (`toolkit shock METAL` has them)")
    else:
        spread = answer.told("elasticity {low:.2f} to {high:.2f} ({basis})", low=e.low, high=e.high, basis=answer.word(e.basis))
    answer.line(
        "If exports of China stop and each metal loses what it makes, at most {loss:.0%} of supply, {spread}; what is held "
        "outside China gains, what is still to come costs more:",
        loss=shock.band.loss, spread=plain(spread),
    )  # fmt: skip
    answer.table(
        ">price up to | >stored gains | >open order lost | >order to replace | >plan dearer | >truce: stored loses",
        (
            (f"{answer.number(case.multiple, '.2f')} x" + ("!" if (most or math.inf) < case.multiple else ""), *(
                answer.say("no price") if amount is None else answer.number(amount, ",.0f")
                for amount in (
                    case.stored_gain, case.order_undelivered, case.order_cost, case.planned_cost, case.stored_loss_at_truce
                )
            ))
            for case in cases
        ),
    )  # fmt: skip
    answer.line("Truce: supply comes back and the price falls by the same factor; the column is what stored metal loses then.")
    if on_its_way := cases[0].in_transit:
        answer.line(
            "In transit from China, or of unknown origin: {amount:,.0f} {money} may be stopped. Whether it has left is not "
            "known: it is in no column.",
            amount=on_its_way, money=found.currency,
        )  # fmt: skip
    if most is not None and cases[-1].multiple > most:
        answer.line(
            "! Beyond what was ever observed: no monthly price rose above {observed:.2f} x within a year after a control.",
            observed=most,
        )  # fmt: skip
    if shock.still:
        answer.line(
            "Not moved: {metals:, } (not made there, no shares known, or traded on exchanges).", metals=shock.still
        )  # fmt: skip


def _supply(answer: Answer, found: ExposureAnswer) -> None:
    supply = found.concentration
    if supply.hhi is not None and supply.n_minus_1 is not None:
        leading = [f"{country} {answer.number(share, '.0%')}" for country, share in list(supply.country.items())[:5]]
        answer.line(
            "Supply behind the portfolio: {leading}; unnamed countries {other:.0%}. Weighted HHI {hhi:.2f} (0 to 1), left "
            "without each metal's largest producer {left:.0%}. Shares: {sources}.",
            leading=", ".join(leading), other=supply.other, hhi=supply.hhi, left=supply.n_minus_1,
            sources=", ".join(sorted({of.source for of in supply.supplies})),
        )  # fmt: skip
    if supply.without_shares:
        answer.line("No production shares are known for {metals:, }.", metals=supply.without_shares)
    industries = "; ".join(
        f"{i.nace2 or answer.say.words('other')} {answer.number(i.share, '.0%')} "
        f"({', '.join(answer.say.term('use', use) for use in i.applications[:2])})"
        for i in found.industries.sectors[:4]
    )
    if industries:
        answer.line("Industries behind it (EU uses, NACE): {industries}.", industries=industries)
    if found.industries.without_uses:
        answer.line("The data have no shares by use of {metals:, }.", metals=found.industries.without_uses)


def _cover(answer: Answer, found: ExposureAnswer) -> None:
    delay = found.licence_delay
    if delay is None:
        return
    answer.line(
        "A licence takes {short:,.0f} / {half:,.0f} / {long:,.0f} days (one in ten / half / nine in ten take at most that; "
        "partly assumption); statutory {statutory:,.0f} days, kept in {kept:.0%}.",
        short=delay.quantiles["0.1"], half=delay.quantiles["0.5"], long=delay.quantiles["0.9"], statutory=delay.statutory,
        kept=delay.within_statutory,
    )  # fmt: skip
    if not answer.table(
        "stored | kg of metal | use kg/month | days of cover | licence later than that | days without",
        (_covered(answer, one) for one in found.cover if None not in (one.days, one.shortfall, one.gap)),
    ):
        answer.line("Give --use METAL=KG (a month) for the days of cover.")


def _covered(answer: Answer, one: Cover) -> Iterator[Cell]:
    yield answer.metal(one.asset)
    yield answer.number(one.stored, ",.6g")
    yield answer.number(one.monthly_use or 0.0, ",.6g")
    yield answer.number(one.days, ",.0f")
    yield answer.number(one.shortfall, ".0%")
    yield answer.number(one.gap, ",.0f")
