"""What holdings earned by their movements: `toolkit performance`, and a section of reports on a file of movements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter

from toolkit.core.messages import retellable
from toolkit.records.findings import Parts
from toolkit.records.performance import Earned, Ends, Performance, YearEarned
from toolkit.report.charts.paths import ChartPath, Paths, paths
from toolkit.report.charts.waterfall import Kind, WaterfallStep, waterfall
from toolkit.report.compose import section
from toolkit.report.document import (
    Block,
    Chart,
    Document,
    Figure,
    Heading,
    KeyFigure,
    KeyFigures,
    Notes,
    Paragraph,
    Row,
    Section,
    Shown,
    left,
    legend,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import DASH, NBSP, capital, day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import Inline, Text, joined, name, plain, strong, text
from toolkit.report.shorten import ROWS_SHOWN_WHOLE, largest
from toolkit.report.topics.holdings import lot_name

PARTS: Mapping[str, str] = {
    "price": mark("price of the metal"),
    "currency": mark("exchange rate"),
    "income": mark("income"),
    "spread": mark("spread"),
    "fees": mark("fees"),
    "storage": mark("storage"),
    "tax": mark("tax"),
}
BROUGHT = (mark("{cause} took {amount}"), mark("{cause} brought {amount}"))
BENCHMARKS: Mapping[str, str] = {"gold": mark("gold"), "cash": mark("cash without interest")}
LEFT: Mapping[str, str] = {"sell": mark("sold"), "withdraw": mark("taken out"), "loss": mark("lost")}


@section("performance", mark("What it earned"), needs=["exposure"], uses=["performance"])
def performance(run: Findings) -> tuple[Block, ...]:
    """What was put in and what became of it; nothing for a list of lots, which tells no movements."""
    if not run.has("performance"):
        return ()
    found = run.part(Performance)
    warned = [row.text for row in found.remarks if row.kind != "note"]
    told = [run.say.translate(found.phrases.get(words) or retellable(words)) for words in warned]
    notes = [Notes(tuple(("", words) for words in told))] if told else []
    return (Paragraph(text(_headline(run, found), "."), "intro"), _returns(run, found), *notes, *_findings(run, found))


def document(found: Performance, say: Language) -> Document:
    """The answer of `toolkit performance`: the section of a report, and how it is computed."""
    run = Findings.alone(found.as_of, Parts(performance=found), say, found.currency)
    sections = (
        Section("answer", "", (Heading(_headline(run, found)), _returns(run, found))),
        Section("performance", say.words(performance.title), tuple(_findings(run, found))),
        Section("method", say.words("How this is computed"), (Notes(tuple(("", words) for words in _method(run, found))),)),
    )
    title = say.words("Performance of {file}", file=found.file)
    return Document(title, say.code, found.as_of, run.fmt.long_date(found.as_of), found.client or "", sections)


def _headline(run: Findings, found: Performance) -> Text:
    """Money in, money out, value, and the return a year where there is one."""
    say, whole = run.say, found.whole
    put, out, worth = map(run.money, (whole.put_in, whole.taken_out, whole.value))
    if whole.value is None:
        return say("Put in {put}, taken out {out}; what is held has in part no price today", put=put, out=out)
    if whole.rate is None:
        return say("Put in {put}, taken out {out}, worth {worth} today", put=put, out=out, worth=worth)
    if whole.rate_ends is None:
        rate = _percent(run, whole.rate)
        return say(
            "Put in {put}, taken out {out}, worth {worth} today: {rate} a year", put=put, out=out, worth=worth, rate=rate
        )
    return say(
        "Put in {put}, taken out {out}, worth {worth} today: {rate} a year, between {low} and {high}",
        put=put, out=out, worth=worth, rate=_percent(run, whole.rate), **_ends(run, whole.rate_ends),
    )  # fmt: skip


def _percent(run: Findings, value: float | None) -> str:
    return run.fmt.percent(value, signed=True)


def _ends(run: Findings, ends: Ends) -> dict[str, str]:
    return {"low": run.fmt.percent(ends.low, 0, signed=True), "high": run.fmt.percent(ends.high, 0, signed=True)}


def _returns(run: Findings, found: Performance) -> KeyFigures:
    return KeyFigures(tuple(_figures(run, found)))


def _findings(run: Findings, found: Performance) -> Iterator[Block]:
    """What was found, each with what shows it."""
    shown = (_causes, _through_time, _lots, _left, _years, _falls, _metals, _clients, _benchmarks)
    yield from filter(None, (build(run, found) for build in shown))


def _figures(run: Findings, found: Performance) -> Iterator[KeyFigure]:
    """The gain and both returns, or why they are not defined."""
    say, fmt, whole = run.say, run.fmt, found.whole
    since, none = fmt.long_date(whole.first), text(DASH)
    realised = say("{realised} of it realised", realised=run.money(whole.realised, signed=True))
    if whole.value is None:
        realised = text(realised, "; ", say("without what has no price today"))
    yield KeyFigure(say.words("Gain"), text(run.money(whole.gain.total, signed=True)), realised)
    label = say.words("Money-weighted return (IRR)")
    if whole.rate is not None:
        told = (
            say("a year, from {low} to {high}", **_ends(run, whole.rate_ends))
            if whole.rate_ends
            else say("since {day}", day=since)
        )
        yield KeyFigure(label, text(_percent(run, whole.rate)), told)
    elif whole.money_weighted is not None:
        told = say("since {day}; below a year no return is told a year", day=since)
        yield KeyFigure(label, text(_percent(run, whole.money_weighted)), told)
    elif whole.value is None:
        yield KeyFigure(label, none, say("not defined: what is held has in part no price today"))
    else:
        yield KeyFigure(label, none, say("not defined: no rate, or more than one, brings these flows to this value"))
    label = say.words("Time-weighted return (TWR)")
    if whole.time_weighted is None:
        metals = say.listed([of_key(one, say) for one in found.turned])
        told = say("not defined: {metals} have an own price of today alone, and other prices before", metals=metals)
        yield KeyFigure(label, none, told if metals else say("not defined: a price is missing on a day on which money moved"))
        return
    parts = [say("since {day}", day=since)]
    if whole.time_weighted_a_year is not None:
        parts.append(say("{rate} a year", rate=_percent(run, whole.time_weighted_a_year)))
    if whole.time_weighted_ends:
        parts.append(say("from {low} to {high}", **_ends(run, whole.time_weighted_ends)))
    parts.append(say("{gross} without what trades and storage cost", gross=_percent(run, whole.gross)))
    yield KeyFigure(label, text(_percent(run, whole.time_weighted)), joined(parts, "; "))


def _causes(run: Findings, found: Performance) -> Figure | None:
    """The way from the money that is in it to its value, by cause; without one where the value is not known."""
    say, whole, gain = run.say, found.whole, found.whole.gain
    costs = gain.spread + gain.fees + gain.storage + gain.tax
    causes = {
        say.words("the price of the metal"): gain.price,
        say.words("the exchange rate"): gain.currency,
        say.words("income"): gain.income,
        say.words("spread, fees, storage and tax"): costs,
    }
    brought = [say(BROUGHT[one > 0], cause=cause, amount=run.money(abs(one))) for cause, one in causes.items() if one]
    title = text(capital(plain(joined(brought, "; "))))
    amounts = {say.words(words): getattr(gain, part) for part, words in PARTS.items()}
    table = run.table(
        "Gain by cause",
        amounts.items(),
        left("Cause", lambda row: row[0]),
        right("{currency}", lambda row: run.fmt.number(row[1], 2, signed=True)),
        below=[Row.of(say("gain"), run.fmt.number(gain.total, 2, signed=True), total=True)],
    )
    foot = _source(run, say("parts add up to the cent"))
    if whole.value is None:
        return Figure(title, say("In {currency}.", currency=run.currency), (table,), (), foot)
    paid = whole.put_in - whole.taken_out
    steps = [WaterfallStep(say.words("Net paid in"), run.money(paid), paid, "whole")]
    steps += [
        WaterfallStep(capital(words), run.money(one, signed=True), -one, _kind(one)) for words, one in amounts.items() if one
    ]
    steps.append(WaterfallStep(say.words("Value today"), run.money(whole.value), whole.value, "kept"))
    told = "; ".join(f"{step.label}: {step.written}" for step in steps)
    sub = say(
        "From the money that is in it to its value, in {currency}; spread, fees and tax are those of trades too.",
        currency=run.currency,
    )
    return Figure(title, sub, (Chart(waterfall(steps, run.fmt), f"{told}."),), (), foot, table)


def _kind(amount: float) -> Kind:
    return "gain" if amount > 0 else "cost"


def _source(run: Findings, *more: Text) -> Text:
    """Where the figures come from."""
    told = run.say("Source: your movements; estimated prices{prices}", prices=run.of_prices(part="performance"))
    return text(told, *(text("; ", one) for one in more), ".")


def _through_time(run: Findings, found: Performance) -> Figure | None:
    """Value with the band of what it may be, beside the money that is in it; None where it is known on less than two days."""
    say, fmt = run.say, run.fmt
    known = [one for one in found.path if one.value is not None and one.ends is not None]
    if len(known) < 2:
        return None
    drawn = Paths(
        tuple(day(one.day) for one in known),
        ChartPath(say.words("value"), tuple(one.value for one in known)),
        (ChartPath(say.words("net paid in"), tuple(one.paid for one in known)),),
        tuple((one.ends.low, one.ends.high) for one in known if one.ends),
        "amount",
        marked=tuple(day(one.day) for one in known if one.is_flow),
    )
    last = known[-1]
    ends = {"low": run.money(last.ends.low), "high": run.money(last.ends.high)} if last.ends else {}
    worth = {"value": run.money(last.value), **ends}
    title = say("Worth {value}, in nine of ten cases from {low} to {high}", **worth)
    if last.ends and last.ends.low == last.ends.high:
        title = say("Worth {value}", **worth)
    if last.day != found.as_of:
        day_of = fmt.long_date(last.day)
        title = say("Last known on {day}: {value}, in nine of ten cases from {low} to {high}", day=day_of, **worth)
    told = say.words(
        "Value from {first} to {last}: at last {value}, with {paid} net paid in.",
        first=fmt.month(drawn.dates[0]), last=fmt.month(drawn.dates[-1]),
        value=run.money(last.value), paid=run.money(last.paid),
    )  # fmt: skip
    marks = legend(
        (True, "band", say.words("nine of ten cases, by the errors of prices")),
        (drawn.marked, "dot", say.words("money moved")),
    )
    ends_of_years = {year: one.day for year, one in ((one.day[:4], one) for one in known)}
    rows = [one for one in known if one.is_flow or one.day == ends_of_years[one.day[:4]]]
    table = run.table(
        "Value through time, {currency}",
        rows if len(rows) <= ROWS_SHOWN_WHOLE else [one for one in rows if one.day == ends_of_years[one.day[:4]]],
        left("Day", lambda one: fmt.short_date(one.day)),
        right("Value", lambda one: fmt.number(one.value)),
        right("Lower end", lambda one: fmt.number(one.ends and one.ends.low)),
        right("Upper end", lambda one: fmt.number(one.ends and one.ends.high)),
        right("Net paid in", lambda one: fmt.number(one.paid)),
    )
    sub = say(
        "In {currency}, each day valued at what is known of it today; net paid in is put in less taken out.",
        currency=found.currency,
    )
    return Figure(title, sub, (Chart(paths(drawn, fmt), told),), marks, _source(run), table)


def _lots(run: Findings, found: Performance) -> Figure | None:
    """What each lot cost, is worth and earned, and from when on it is free of tax; the rest of many is one row."""
    if not found.lots:
        return None
    say, fmt = run.say, run.fmt
    rows, others = largest(found.lots, lambda one: one.gain.total)
    best = max(found.lots, key=lambda one: one.gain.total)
    named = {"lot": _lot(run, found, best.key, best.client), "gain": run.money(best.gain.total, signed=True)}
    title = say.counted(len(found.lots), "{lot} earned {gain}", "{lot} earned most of {n} lots, {gain}", **named)
    below = []
    if others:
        cells = [fmt.number(sum(one.cost for one in others)), fmt.number(sum(one.value or 0.0 for one in others))]
        gain = fmt.number(sum(one.gain.total for one in others), signed=True)
        below = [
            Row.of(say("{n} other lots", n=fmt.number(len(others))), DASH, DASH, DASH, *cells, gain, DASH, DASH, total=True)
        ]
    table = run.table(
        "By lot, {currency}",
        rows,
        left("Lot ID", lambda one: _lot(run, found, one.key, one.client)),
        left("Metal", lambda one: of_key(one.metal, say)),
        left("Bought", lambda one: fmt.short_date(one.first)),
        right("Held", lambda one: fmt.quantity(one.held) if one.held else DASH),
        right("Cost", lambda one: fmt.number(one.cost) if one.held else DASH),
        right("Value", lambda one: fmt.number(one.value) if one.held else DASH),
        right("Gain", lambda one: strong(fmt.number(one.gain.total, signed=True))),
        right("IRR", lambda one: _return(run, one)),
        right("Free of tax from", lambda one: DASH if one.free_from is None else fmt.short_date(one.free_from)),
        below=below,
        keys=1,
    )
    sub = say(
        "In {currency}; held in kg, of listed instruments in units. IRR is a year, and over all the time below one.",
        currency=run.currency,
    )
    return Figure(title, sub, (table,), (), _source(run))


def _return(run: Findings, one: Earned) -> str:
    return _percent(run, one.money_weighted if one.rate is None else one.rate)


def _lot(run: Findings, found: Performance, lot: str, client: str | None) -> Inline:
    return name(lot_name(lot, client, run.say, several=bool(found.clients)))


def _left(run: Findings, found: Performance) -> Figure | None:
    """What was sold, taken or lost, and with which result; None where nothing was."""
    if not found.left:
        return None
    say, fmt = run.say, run.fmt
    rows, others = largest(found.left, lambda one: one.gain)
    gain = sum(one.gain for one in found.left)
    title = say("What was sold, taken out or lost brought {gain} beyond its cost", gain=run.money(gain, signed=True))
    below = []
    if others:
        amounts = [[one.cost, one.proceeds, one.fees + one.tax] for one in others]
        sums = [*map(fmt.number, map(sum, zip(*amounts, strict=True)))]
        sums.append(fmt.number(sum(one.gain for one in others), signed=True))
        below = [Row.of(say("{n} others", n=fmt.number(len(others))), DASH, DASH, DASH, DASH, *sums, total=True)]
    table = run.table(
        "What was sold, taken out or lost, {currency}",
        rows,
        left("Lot ID", lambda one: _lot(run, found, one.lot_id, one.client)),
        left("Metal", lambda one: of_key(one.metal, say)),
        left("How", lambda one: say.words(LEFT[one.how])),
        left("Day", lambda one: fmt.short_date(one.day)),
        right("Quantity", lambda one: fmt.quantity(one.quantity)),
        right("Cost", lambda one: fmt.number(one.cost)),
        right("Proceeds", lambda one: fmt.number(one.proceeds)),
        right("Fees and tax", lambda one: fmt.number(one.fees + one.tax)),
        right("Gain", lambda one: strong(fmt.number(one.gain, signed=True))),
        below=below,
    )
    sub = say(
        "In {currency}; fees and tax are those of purchase and sale, and others in no row. What was taken out unsold counts "
        "as its value of the day.",
        currency=run.currency,
    )
    return Figure(title, sub, (table,), (), _source(run))


def _years(run: Findings, found: Performance) -> Figure | None:
    """Each year with what was paid beside the metal."""
    say, fmt = run.say, run.fmt
    total = sum(one.fees + one.storage + one.tax for one in found.years)

    def of(key: str) -> Callable[[YearEarned], Inline]:
        return lambda one: fmt.number(getattr(one, key), signed=key == "gain")

    shown: list[Shown[YearEarned]] = [
        right("At the beginning", of("begin")),
        right("Put in", of("put_in")),
        right("Taken out", of("taken_out")),
        right("At the end", of("end")),
        right("Gain", of("gain")),
        right("TWR", lambda one: _percent(run, one.time_weighted)),
        *(right(text(capital(say.words(PARTS[key]))), of(key)) for key in ("income", "fees", "storage", "tax")),
    ]
    table = run.table("By year, {currency}", found.years, left("Year", lambda one: str(one.year)), *shown)
    title = say.counted(
        len(found.years),
        "Fees, storage and tax came to {total} in one year",
        "Fees, storage and tax came to {total} in {n} years",
        total=run.money(total),
    )
    sub = say("In {currency}; gain and return are after costs and with income.", currency=run.currency)
    return Figure(title, sub, (table,), (), _source(run)) if found.years else None


def _falls(run: Findings, found: Performance) -> Figure | None:
    """How far the return by time lay below its highest so far, at the ends of months; None where no risk is told."""
    say, fmt, risk = run.say, run.fmt, found.risk
    ends = [(day(one.day), one.index) for one in found.path if (day(one.day) + timedelta(days=1)).day == 1]
    if risk is None or any(index is None for _, index in ends):
        return None
    highs = itertools.accumulate((index for _, index in ends if index is not None), max)
    below = tuple(index / high - 1.0 for (_, index), high in zip(ends, highs, strict=True) if index is not None)
    drawn = Paths(tuple(one for one, _ in ends), ChartPath(say.words("fall"), below), (), (), "percent", filled=True)
    depth, volatility = fmt.percent(risk.depth), fmt.percent(risk.volatility)
    title = say(
        "The deepest fall was {depth}, from {peak} to {trough}; volatility is {volatility} a year",
        depth=depth, volatility=volatility, peak=fmt.month(risk.peak), trough=fmt.month(risk.trough),
    )  # fmt: skip
    sub = say(
        "Return by time at the ends of months below its highest so far, by estimated prices; the longest time below it was "
        "{days} days.",
        days=fmt.number(risk.days_below),
    )
    of_months = [*zip(drawn.dates, below, strict=True)]
    table = run.table(
        "Deepest fall of each year",
        [min(own, key=itemgetter(1)) for _, own in itertools.groupby(of_months, key=lambda row: row[0].year)],
        left("Month", lambda row: fmt.month(row[0])),
        right("Fall", lambda row: fmt.percent(row[1])),
        stacks=False,
    )
    first, last = fmt.month(drawn.dates[0]), fmt.month(drawn.dates[-1])
    told = say.words("Fall from {first} to {last}: at last {fall}.", first=first, last=last, fall=fmt.percent(below[-1]))
    return Figure(title, sub, (Chart(paths(drawn, fmt), told),), (), _source(run), table)


def _metals(run: Findings, found: Performance) -> Figure | None:
    """Each metal, where there are several."""
    return _earned(run, found, found.metals, "Metal", lambda one: of_key(one.key, run.say), "By metal, {currency}")


def _clients(run: Findings, found: Performance) -> Figure | None:
    """Each client, where there are several."""
    return _earned(run, found, found.clients, "Client", lambda one: name(one.key), "By client, {currency}")


def _earned(
    run: Findings, found: Performance, rows: Sequence[Earned], head: str, named: Callable[[Earned], Inline], caption: str
) -> Figure | None:
    """What each of several earned; None of one."""
    if len(rows) < 2:
        return None
    say, fmt = run.say, run.fmt
    best = max(rows, key=lambda one: one.gain.total)
    gain = run.money(best.gain.total, signed=True)
    title = say("{name} earned most, {gain}", name=name(capital(plain(text(named(best))))), gain=gain)

    def ends(one: Earned) -> Inline:
        low, high = (one.value_ends.low, one.value_ends.high) if one.value_ends else (None, None)
        return DASH if low is None else f"{fmt.number(low)}{NBSP}–{NBSP}{fmt.number(high)}"

    table = run.table(
        caption,
        rows,
        left(head, named),
        right("Put in", lambda one: fmt.number(one.put_in)),
        right("Taken out", lambda one: fmt.number(one.taken_out)),
        right("Value", lambda one: fmt.number(one.value)),
        right("Nine of ten cases", ends),
        right("Gain", lambda one: strong(fmt.number(one.gain.total, signed=True))),
        right("IRR", lambda one: _return(run, one)),
        right("TWR", lambda one: _percent(run, one.time_weighted)),
    )
    sub = say("In {currency}; IRR is a year, and over all the time below one; TWR is over all the time.", currency=run.currency)
    apart = sum(one.gain.total for one in rows) - found.whole.gain.total
    if apart >= 0.01:  # half a cent of each row is rounding
        sub = text(sub, " ", say("In no row is what was paid for all together, {amount}.", amount=run.money(apart)))
    return Figure(title, sub, (table,), (), _source(run))


def _benchmarks(run: Findings, found: Performance) -> Figure | None:
    """The same money in something else."""
    say, fmt = run.say, run.fmt
    if not found.benchmarks:
        return None

    def named(key: str) -> Inline:
        return say.words(BENCHMARKS[key]) if key in BENCHMARKS else of_key(key, say)

    would = [say("{value} in {what}", value=run.money(one.value), what=named(one.key)) for one in found.benchmarks]
    title = say("The same money would be {values}", values=say.listed(would))
    table = run.table(
        "The same money in something else, {currency}",
        found.benchmarks,
        left("In its place", lambda one: named(one.key)),
        right("It would be", lambda one: fmt.number(one.value)),
        right("IRR", lambda one: _percent(run, one.rate)),
    )
    sub = say("Each payment on its day, without spread, fees and storage of its own.")
    return Figure(title, sub, (table,), (), say("Source: your movements; the estimated price of each day."))


def _method(run: Findings, found: Performance) -> Iterator[Text]:
    """How it was computed."""
    say = run.say
    yield say("IRR is the internal rate of all flows, actual/365; TWR is chained between days on which money moved.")
    yield say(
        "Past days are valued at what is known of them today, later publications among it, by the last price before each."
    )
    yield (
        say("Cash that was deposited belongs to the whole.")
        if found.account
        else say("No money was deposited: each purchase is paid from elsewhere, and each sale paid out.")
    )
