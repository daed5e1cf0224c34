"""The price band of a metal when part of its supply stops, and what it means for who holds, waits or has yet to buy."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.answers.shock import OutsidePremium, ResponseCase, ShockAnswer
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.sections.whatif import ENDS
from toolkit.shocks.elasticity import price_multiple

BANDS = {
    0.05: mark("90 % low"),
    0.16: mark("68 % low"),
    0.5: mark("median"),
    0.84: mark("68 % high"),
    0.95: mark("90 % high"),
}


def shock(found: ShockAnswer, say: Language) -> Document:
    """The band, today's price, what is published, and the cases behind it."""
    answer = Answer(say, found.as_of)
    high, e, money = found.cases.high.multiple, found.elasticity, found.currency
    answer.heading(
        "{metal}: {loss:.0%} of supply stops, as of {day:%Y-%m-%d}", metal=found.metal, loss=found.loss, day=found.as_of
    )
    answer.line(
        "P1/P0 = (1 - loss) ** (-1 / e), e = supply + demand elasticity ({basis}: {source})",
        basis=answer.word(e.basis), source=e.source,
    )  # fmt: skip
    answer.table(
        "band | >e | >price | >{money}/kg | >stored gains | >truce: stored loses | >open order: undelivered | >and dearer by",
        _rows(answer, found), money=money,
    )  # fmt: skip
    truce(answer)
    if found.largest_observed is not None and high > found.largest_observed:
        beyond(answer, found.largest_observed)
    if found.price is None:
        answer.line("No price of this metal is known here: the multiples hold for any.")
    else:
        p = found.price
        values = {
            "price": p.price,
            "money": money,
            "kind": answer.price_kind(p.kind),
            "day": p.date,
            "basis": answer.word(p.basis),
        }
        answer.line(
            "Today: {price:,.2f} +/- {error:,.0f} {money}/kg, {kind} of {day:%Y-%m-%d} ({basis}).",
            error=p.price_today_se, **values,
        )  # fmt: skip
    if found.capped and found.cap_price is not None:
        answer.line(
            "Cut at a substitute's {price:,.2f} {money}/kg; without it up to {most:.1f} x.",
            price=found.cap_price, money=money, most=price_multiple(found.loss, e.low),
        )  # fmt: skip
    answer.line(
        "The linear rule gives {linear:.2f} x at e = {e:.2f}: it understates large losses.",
        linear=found.linear_rule,
        e=e.central,
    )
    if found.published is not None:
        answer.line(
            "Published: {change:+.0%} ({citation}). {statement}. At the loss asked here, that change means e = {implied:.2f}.",
            change=found.published.change, citation=found.published.citation, statement=found.published.statement,
            implied=found.published.implied,
        )  # fmt: skip
    if found.premium is not None:
        _premium(answer, found, found.premium)
    if found.posterior is not None:
        answer.line(
            "The band is of the stop alone: {own:d} cases are of {metal}, the others are pooled as far as metals differ. In a "
            "year prices moved by some {moves:.0%} of their own besides. The loss of a case is the share of China as then "
            "known times the fall of US imports from there, itself uncertain by half.",
            own=found.posterior.own, metal=found.metal, moves=found.posterior.moves,
        )  # fmt: skip
        answer.table(
            "case | metal | >share | >imports fell | >loss | >price | >months",
            (_case(answer, case) for case in found.posterior.cases),
        )
    answer.line("A scenario under stated assumptions, not a forecast.")
    return answer.document("shock", answer.told("Shock to the supply of {metal}", metal=answer.metal(found.metal)))


def _rows(answer: Answer, found: ShockAnswer) -> Iterator[tuple[Cell, ...]]:
    cases = zip(ENDS, (found.cases.low, found.cases.central, found.cases.high), strict=True)
    for name, one in cases if found.posterior is None else ((BANDS[one.level], one) for one in found.posterior.levels):
        yield (
            answer.say.words(name),
            answer.number(one.elasticity, ".2f"), multiple(answer, one.multiple, found.largest_observed),
            answer.number(one.price, ",.0f"), answer.number(one.stored_gain, "+.0%"),
            answer.number(-one.stored_loss_at_truce, ".0%"), answer.number(-one.order_undelivered, ".0%"),
            answer.number(one.order_replacement, "+.0%"),
        )  # fmt: skip


def _premium(answer: Answer, found: ShockAnswer, premium: OutsidePremium) -> None:
    values = {"premium": premium.premium, "basis": answer.word(premium.basis), "source": premium.source}
    if premium.outside_price is None:
        answer.line("Outside the controlling country {premium:+.0%} ({basis}: {source}).", **values)
    else:
        answer.line(
            "Outside the controlling country {premium:+.0%} ({basis}: {source}), {price:,.0f} {money}/kg if the price above "
            "is the one inside.",
            price=premium.outside_price, money=found.currency, **values,
        )  # fmt: skip


def _case(answer: Answer, case: ResponseCase) -> Iterator[Cell]:
    def percent(figure: float | None, spec: str = ".0%") -> str:
        return answer.say.words("n/a") if figure is None else answer.number(figure, spec)

    yield case.source.split(";")[0]
    yield answer.metal(case.asset)
    yield percent(case.share_then)
    yield percent(case.fall)
    yield percent(case.loss)
    yield percent(case.change, "+.0%")
    yield answer.say.words("model") if case.months is None else case.months


def multiple(answer: Answer, value: float, observed: float | None) -> str:
    """A multiple, marked where no price has been seen as high in the year after a control."""
    return f"{answer.number(value, '.2f')} x" + ("!" if observed is not None and value > observed else "")


def truce(answer: Answer) -> None:
    """What the column means."""
    answer.line("Truce: supply comes back and the price falls by the same factor; the column is what stored metal loses then.")


def beyond(answer: Answer, observed: float) -> None:
    """What the mark means."""
    answer.line(
        "! Beyond what was ever observed: no monthly price rose above {observed:.2f} x within a year after a control.",
        observed=observed,
    )  # fmt: skip
