"""What holdings earned by their movements: `toolkit performance`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.records.performance import Earned, Ends, LotEarned, Performance
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.charts.paths import Path, Paths, paths
from toolkit.report.document import Chart, Document, Figure
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import plain, text

PARTS: Mapping[str, str] = {
    "price": mark("price of the metal"),
    "currency": mark("exchange rate"),
    "spread": mark("spread at purchase and sale"),
    "fees": mark("fees"),
    "storage": mark("storage"),
    "tax": mark("tax"),
    "total": mark("gain"),
}
HEADS = mark("{of} | >put in | >taken out | >value | >90% of what it may be | >gain | >IRR | >TWR")
BENCHMARKS: Mapping[str, str] = {"gold": mark("gold"), "cash": mark("cash without interest")}


def document(found: Performance, say: Language) -> Document:
    """Headline, the way from money in to value, value through time, metals, clients, lots, years, benchmarks and risk."""
    answer, whole = Answer(say, found.as_of, found.phrases), found.whole
    values = {
        "put": whole.put_in, "out": whole.taken_out, "currency": found.currency, "value": whole.value, "gain": whole.gain.total,
    }  # fmt: skip
    if whole.value is None:
        answer.heading("Put in {put:,.0f} {currency}, taken out {out:,.0f}; what is held has in part no price today", **values)
    else:
        answer.heading("Put in {put:,.0f} {currency}, taken out {out:,.0f}, worth {value:,.0f} today", **values)
    for words in _returns(answer, found):
        answer.paragraph(words)
    answer.subtitle("Where the gain came from")
    answer.table(
        "cause | >{currency}",
        ((answer.words(PARTS, part), answer.number(getattr(whole.gain, part), "+,.2f")) for part in PARTS),
        currency=found.currency,
    )
    answer.line("Of it {realised:+,.2f} {currency} is realised.", realised=whole.realised, currency=found.currency)
    answer.subtitle("Value through time")
    answer.blocks += _through_time(answer, found)
    answer.subtitle("By metal")
    answer.table(HEADS, (_earned(answer, one, answer.metal(one.key)) for one in found.metals), of=say.words("metal"))
    if found.clients:
        answer.subtitle("By client")
        answer.table(HEADS, (_earned(answer, one, one.key) for one in found.clients), of=say.words("client"))
    answer.subtitle("By lot")
    answer.table(
        "lot | metal | bought | >held | >sold | >cost | >value | >gain | >IRR | free of tax from",
        (_lot(answer, one) for one in found.lots),
    )
    answer.subtitle("By year")
    answer.table(
        "year | >at the beginning | >put in | >taken out | >at the end | >gain | >TWR",
        (
            (
                str(one.year), *_money(answer, one.begin, one.put_in, one.taken_out, one.end),
                answer.number(one.gain, "+,.0f"), answer.number(one.time_weighted, "+.1%"),
            )
            for one in found.years
        ),
    )  # fmt: skip
    answer.subtitle("The same money in something else")
    answer.table(
        "in | >it would be, {currency} | >a year",
        (
            (answer.words(BENCHMARKS, one.key), answer.number(one.value, ",.0f"), answer.number(one.rate, "+.1%"))
            for one in found.benchmarks
        ),
        currency=found.currency,
    )
    answer.line("Without spread, fees and storage of its own.")
    answer.subtitle("How this is computed")
    answer.notes(_notes(answer, found))
    return answer.document("performance", answer.told("Performance of {file}", file=found.file))


def _returns(answer: Answer, found: Performance) -> Iterator:
    """Both returns with their ends, a year where there is one; and what is not defined."""
    whole, told = found.whole, answer.told
    if whole.rate is not None:
        yield told(
            "Money-weighted return (IRR): {rate:+.1%} a year{ends}.", rate=whole.rate, ends=_between(answer, whole.rate_ends)
        )
    elif whole.money_weighted is not None:
        yield told(
            "Money-weighted return (IRR): {rate:+.1%} since {day}; of less than a year none is told a year.",
            rate=whole.money_weighted,
            day=answer.say.fmt.long_date(whole.first),
        )
    else:
        yield told(
            "Money-weighted return (IRR): not defined, because no rate, or more than one, brings these flows to this value."
        )
    if whole.time_weighted is None:
        yield told("Time-weighted return (TWR): not defined, because a price is missing on a day on which money moved.")
        return
    ends = _between(answer, whole.time_weighted_ends)
    yield told(
        "Time-weighted return (TWR): {total:+.1%} since {day}{ends}; {gross:+.1%} without what trades and storage cost.",
        total=whole.time_weighted, day=answer.say.fmt.long_date(whole.first), ends=ends, gross=whole.gross,
    )  # fmt: skip
    if whole.time_weighted_a_year is not None:
        yield told("That is {rate:+.1%} a year.", rate=whole.time_weighted_a_year)
    if found.risk is not None:
        risk = found.risk
        yield told(
            "Volatility of the estimated prices {volatility:.1%} a year; the deepest fall was {depth:.1%}, and {days:d} days "
            "the longest time below an earlier peak.",
            volatility=risk.volatility, depth=risk.depth, days=risk.days_below,
        )  # fmt: skip


def _between(answer: Answer, ends: Ends | None) -> str:
    """The ends of an interval behind a return; nothing where there is none."""
    if ends is None:
        return ""
    return plain(answer.told(", between {low:+.0%} and {high:+.0%}", low=ends.low, high=ends.high))


def _money(answer: Answer, *amounts: float | None) -> Iterator[str]:
    return (answer.number(amount, ",.0f") for amount in amounts)


def _earned(answer: Answer, one: Earned, name: Cell) -> Iterator[Cell]:
    yield name
    yield from _money(answer, one.put_in, one.taken_out, one.value)
    yield "" if one.value_ends is None else " … ".join(_money(answer, one.value_ends.low, one.value_ends.high))
    yield answer.number(one.gain.total, "+,.0f")
    yield answer.number(one.money_weighted if one.rate is None else one.rate, "+.1%")
    yield answer.number(one.time_weighted, "+.1%")


def _lot(answer: Answer, one: LotEarned) -> Iterator[Cell]:
    yield one.key
    yield answer.metal(one.metal)
    yield answer.day(one.first)
    yield answer.number(one.held or None, ",.6g")
    yield answer.number(one.sold or None, ",.6g")
    yield from _money(answer, one.cost or None, one.value or None)
    yield answer.number(one.gain.total, "+,.0f")
    yield answer.number(one.money_weighted if one.rate is None else one.rate, "+.1%")
    yield answer.day(one.free_from)


def _through_time(answer: Answer, found: Performance) -> Iterator[Figure]:
    """Value with the band of what it may be, beside the money that is in it."""
    say, known = answer.say, [one for one in found.path if one.value is not None and one.ends is not None]
    if len(known) < 2:
        return
    drawn = Paths(
        tuple(day(one.day) for one in known),
        Path(say.words("value"), tuple(one.value for one in known)),
        (Path(say.words("put in less taken out"), tuple(one.paid if one.paid > 0 else None for one in known)),),
        tuple((one.ends.low, one.ends.high) for one in known if one.ends),
        "money",
    )
    last = known[-1]
    title = answer.told("Worth {value:,.0f} {currency}", value=last.value, currency=found.currency)
    told = say.words("Value from {first} to {last}.", first=say.fmt.month(day(known[0].day)), last=say.fmt.month(day(last.day)))
    sub = say(
        "In {currency}, logarithmic; the band holds 90% of what it may be by the errors of prices.",
        currency=found.currency,
    )
    yield Figure(title, sub, (Chart(paths(drawn, say.fmt), told),), (), text(""))


def _notes(answer: Answer, found: Performance) -> Iterator:
    """How it was computed."""
    told = answer.told
    yield told("IRR is the internal rate of all flows, actual/365; TWR is chained between days on which money moved.")
    yield told(
        "Past days are valued at what is known of them today, later publications among it, by the last price before each."
    )
    yield (
        told("Cash that was deposited belongs to the whole.")
        if found.account
        else told("No money was deposited: each purchase is paid from elsewhere, and each sale paid out.")
    )
    yield from (answer.sentence(words) for words in found.notes)
