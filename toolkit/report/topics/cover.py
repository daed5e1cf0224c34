"""When metal runs out, and what to order: `toolkit cover`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.records.cover import Arriving, CoverAnswer, NeedCover, OrderPlan, Reached
from toolkit.report.answer import Answer, Cell
from toolkit.report.charts.paths import ChartPath, Paths, paths
from toolkit.report.document import Chart, Document, Figure
from toolkit.report.formats.feeds import calendar
from toolkit.report.formats.pictures import file_word
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text, text

LICENCES: Mapping[str, str] = {
    "none": mark("no licence"),
    "licence": mark("an export licence"),
    "approved": mark("its licence is there"),
    "never": mark("banned or refused"),
    "not_covered": mark("law of its origin not in the ledger"),
}
WHY: Mapping[str, str] = {
    "unused": mark("no need of this metal"),
    "form": mark("another form is used"),
    "purity": mark("not pure enough"),
    "purity_unknown": mark("its purity is not known"),
    "place": mark("where it lies is not known"),
    "site": mark("for which site is not told: give its destination"),
    "at_risk": mark("may not come back"),
    "withheld": mark("may not go where it is to be used"),
    "planned": mark("only planned"),
    "content": mark("its content of metal is not known"),
    "due": mark("no day of arrival"),
    "expired": mark("no longer valid"),
    "lots": mark("no whole lot lies between its least and its largest quantity"),
    "delivered": mark("it is delivered to another country than that of the site"),
    "destination": mark("the country of its place of delivery is not known: write it, as in DAP Boston, US"),
}
AHEAD: Mapping[str, str] = {
    "order": mark("order at the latest"),
    "file": mark("file the application for a licence"),
    "due": mark("due to arrive"),
    "expires": mark("quotation ends"),
    "stop": mark("production may stop (5 of 100 draws)"),
    "stops": mark("production stops (95 of 100 draws)"),
}
SCENARIOS: Mapping[str, str] = {
    "exports_stop": mark("China stops exports today"),
    "refused": mark("this order never comes"),
    "late": mark("this order is 60 days later"),
    "more_used": mark("a fifth more is used"),
}
DRIVERS: Mapping[str, str] = {
    "late_low": mark("Deliveries come on time."),
    "late_high": mark("Nine in ten deliveries come within twice the time of their contract."),
}
PAPERS: Mapping[str, str] = {
    "contract": mark("contract"),
    "specification": mark("specification"),
    "end_use": mark("end use"),
    "importer": mark("importer"),
    "identity": mark("identity"),
}
"""Papers that an order may lack, in a word."""
BEARS: Mapping[str, str] = {"buyer": mark("buyer"), "seller": mark("seller")}
AHEAD_SHOWN = 8
"""Dates on the page for a board."""
DRAWN = 6
"""Needs whose stock is drawn."""


def document(found: CoverAnswer, say: Language) -> Document:
    """When each metal runs out, what could happen, what is on its way, what to order, and which dates are ahead."""
    answer = Answer(say, found.as_of, found.phrases)
    _headline(answer, found)
    answer.subtitle("When it runs out")
    answer.table(
        "need | >kg a month | >in stock, kg | >on its way, kg | >days of cover | stops: 5 % | 50 % | 95 % | >by {until}",
        (_need(answer, one) for one in found.needs),
        until=say.fmt.short_date(found.until),
    )
    answer.line(
        "The kg a month are the average to {until}. Days of cover are of the stock alone; none where it lasts longer. The days "
        "after it are those up to which 5, 50 and 95 of 100 draws have stopped; the last column is the share that has stopped "
        "by then. There are {draws:,d} draws.",
        until=say.fmt.short_date(found.until),
        draws=found.draws,
    )
    for one in found.needs[:DRAWN]:
        answer.blocks += _fan(answer, one)
    if found.plan is not None:
        answer.subtitle("What to order")
        _plan(answer, found, found.plan)
    answer.subtitle("What if")
    answer.table(
        "need | what happens | order | >stops by {until} | >kg missing by then | half of the draws by",
        (
            (_name(answer, need), answer.words(SCENARIOS, one.key), one.subject, answer.number(one.probability, ".0%"),
             answer.number(one.missing, ",.0f"), answer.day(one.stop))
            for need in found.needs for one in need.scenarios
        ),
        until=say.fmt.short_date(found.until),
    )  # fmt: skip
    answer.subtitle("On its way")
    if not answer.table(
        "order | need | >kg | due | it needs | >arrives by {until} | half of the draws by | file by | papers it lacks | "
        "refusal borne by | price basis",
        (
            (answer.say.name(one.lot_id), _name(answer, need), answer.number(one.kg, ",.6g"), answer.day(one.due),
             answer.words(LICENCES, one.licence), answer.number(one.chance, ".0%"), answer.day(one.expected),
             answer.day(one.file_by), _lacking(answer, one), answer.words(BEARS, one.refusal or ""), one.price_basis or "")
            for need in found.needs for one in need.arriving
        ),
        until=say.fmt.short_date(found.until),
    ):  # fmt: skip
        answer.line("Nothing is on its way.")
    if found.quotes:
        answer.subtitle("Quotations side by side")
        _quotes(answer, found)
    answer.subtitle("Dates ahead")
    answer.table(
        "day | what | of",
        ((answer.day(one.day), answer.words(AHEAD, one.key), _of(answer, found, one.subject)) for one in found.ahead),
    )
    if found.papers:
        answer.subtitle("Papers for an export licence")
        answer.table(
            "paper | what it is | by",
            ((answer.words(PAPERS, one.key), answer.sentence(one.statement), one.source) for one in found.papers),
        )
        answer.line("By a translation of the notice; the authority may ask for more. Not legal advice.")
    answer.subtitle("What decides")
    _drivers(answer, found)
    answer.subtitle("Who else makes it")
    if answer.table(
        "need | country | >made a year, kg | >your need of a year",
        (
            (_name(answer, need), answer.country(one.country), answer.number(one.kg, ",.0f"), answer.number(one.need, ".1%"))
            for need in found.needs for one in need.producers
        ),
    ):  # fmt: skip
        answer.line("Capacity of countries outside China, and no offer.")
    if found.uncounted:
        answer.subtitle("Lots that are not counted")
        answer.table(
            "lot | metal | why",
            ((answer.say.name(one.lot_id), answer.metal(one.asset), answer.words(WHY, one.why)) for one in found.uncounted),
        )
    answer.subtitle("How this is computed")
    answer.notes([*_method(answer, found), *map(answer.sentence, found.notes)])
    return answer.document("cover", answer.told("Cover of use"))


def board(found: CoverAnswer, say: Language, *, redacted: bool = False) -> Document:
    """One page for a board, under the headings of Article 24 of Regulation (EU) 2024/1252.

    Args:
        found: The answer.
        say: The language.
        redacted: Whether quantities, money, sites, names of orders, quotations and counterparties are left out.
    """
    answer, fmt = Answer(say, found.as_of, found.phrases), say.fmt
    found = _redacted(found) if redacted else found
    _headline(answer, found, with_money=not redacted)
    answer.subtitle("How vulnerable we are")
    after = {one.need: one.after for one in found.plan.reached} if found.plan else {}
    answer.table(
        "need | >weeks of cover | stops: 5 % | 50 % | >by {until} | >with the orders",
        (
            (_name(answer, one), answer.number(None if one.days is None else one.days / 7, ",.0f"), answer.day(one.stop_early),
             answer.day(one.stop_middle), answer.number(one.probability, ".0%"), answer.number(after.get(one.key), ".0%"))
            for one in found.needs
        ),
        until=fmt.short_date(found.until),
    )  # fmt: skip
    if at_risk := sum(one.missing_cost or 0.0 for one in found.needs):
        answer.line(
            "Money at risk by {day}: {money:,.0f} {currency}, by your own cost of a month without each metal.",
            day=fmt.long_date(found.until), money=at_risk, currency=found.currency,
        )  # fmt: skip
    answer.subtitle("Where the metal is made")
    answer.table(
        "metal | >China’s share of what the world makes | others, largest first",
        (
            (answer.metal(one.asset), answer.number(one.controlled, ".0%"),
             ", ".join(answer.country(made.country) for made in one.producers))
            for one in {one.asset: one for one in found.needs}.values()
        ),
    )  # fmt: skip
    answer.subtitle("What may affect supply")
    answer.table(
        "need | >China stops exports today | >a fifth more is used | >orders that need a licence | >their chance to arrive",
        (_affected(answer, one) for one in found.needs),
    )
    answer.subtitle("What mitigates it")
    if found.plan is not None and not redacted:
        _orders(answer, found, found.plan)
    elif found.plan is not None:
        answer.table(
            "order | for | at the latest",
            (
                (answer.say.name(one.quote), _of(answer, found, one.need), answer.day(one.latest or found.as_of))
                for one in found.plan.orders
            ),
        )
    answer.subtitle("Dates ahead")
    answer.table(
        "day | what | of",
        (
            (answer.day(one.day), answer.words(AHEAD, one.key), _of(answer, found, one.subject))
            for one in [one for one in found.ahead if one.key not in ("order", "expires")][:AHEAD_SHOWN]  # of which above
        ),
    )
    answer.notes(
        [
            answer.told(
                "The headings are those of the risk assessment of Article 24 of Regulation (EU) 2024/1252. An amendment was "
                "proposed in December 2025: check the text in force. Not legal advice."
            ),
            *_method(answer, found),
            *(() if redacted else map(answer.sentence, found.warnings)),
        ]
    )
    return answer.document("cover-board", answer.told("Supply of strategic metals"))


def _affected(answer: Answer, one: NeedCover) -> Iterator[Cell]:
    """A need where something happens, and its orders under licence."""
    yield _name(answer, one)
    by_key = {case.key: case.probability for case in one.scenarios}  # without an order that it stops nothing changes
    for key in ("exports_stop", "more_used"):
        yield answer.number(by_key.get(key, one.probability), ".0%")
    licensed = [order for order in one.arriving if order.licence == "licence"]
    yield answer.number(float(len(licensed)), ".0f")
    kg = sum(order.kg for order in licensed)
    yield answer.number(sum(order.kg * order.chance for order in licensed) / kg, ".0%") if kg else ""


def _redacted(found: CoverAnswer) -> CoverAnswer:
    """The same without names of needs' sites, of orders and of quotations: each is its metal and its number."""
    names = dict[str, str]()
    for number, one in enumerate(found.needs, start=1):
        many = sum(other.asset == one.asset for other in found.needs) > 1
        names[one.key] = f"{one.asset} {number}" if many else one.asset
    orders = [order.lot_id for one in found.needs for order in one.arriving]
    names |= {lot: f"#{number}" for number, lot in enumerate(dict.fromkeys(orders), start=1)}
    quotes = dict.fromkeys(one.quote for one in found.quotes)
    names |= {quote: f"Q{number}" for number, quote in enumerate(quotes, start=1)}
    plan = found.plan
    if plan is not None:
        bought = [one.model_copy(update={"quote": names[one.quote], "need": names[one.need]}) for one in plan.orders]
        reached = [one.model_copy(update={"need": names[one.need]}) for one in plan.reached]
        plan = plan.model_copy(update={"orders": tuple(bought), "reached": tuple(reached), "spent": 0.0})
    return found.model_copy(
        update={
            "needs": tuple(one.model_copy(update={"key": names[one.key], "missing_cost": None}) for one in found.needs),
            "plan": plan,
            "ahead": tuple(one.model_copy(update={"subject": names.get(one.subject, "")}) for one in found.ahead),
            "notes": (),
        }
    )


def reminders(found: CoverAnswer, say: Language) -> str:
    """The dates ahead as all-day events of an iCalendar.

    Args:
        found: The answer.
        say: The language.
    """
    rows = (
        (one.day, f"{one.key}.{file_word(one.subject)}@toolkit.strategic-metals", f"{one.subject}: {say.words(AHEAD[one.key])}")
        for one in found.ahead
    )
    return calendar(say.words("Supply of strategic metals"), "cover", found.as_of, rows)


def _name(answer: Answer, need: NeedCover) -> str:
    """A need by its metal, and by form, purity and site where others are of that metal."""
    return need.key.replace(need.asset, answer.metal(need.asset), 1)


def _headline(answer: Answer, found: CoverAnswer, *, with_money: bool = True) -> None:
    """The day on which the first metal runs out, or that none does, and what the orders do."""
    fmt, first = answer.say.fmt, [one for one in found.needs if one.stop_middle]
    risky = [one for one in found.needs if one.probability > 0.05]
    if first:
        soonest = min(first, key=lambda one: one.stop_middle or "")
        values = {"metal": _name(answer, soonest), "day": fmt.long_date(soonest.stop_middle or "")}
        if soonest.stop_early == soonest.stop_late:
            answer.heading("By {day} {metal} runs out in at least 95 of 100 draws", **values)
        else:
            answer.heading("By {day} {metal} runs out in half of the draws", **values)
    elif risky:
        worst = risky[0]
        answer.heading(
            "By {day} {metal} runs out in {share:.0%} of the draws",
            metal=_name(answer, worst), share=worst.probability, day=fmt.long_date(found.until),
        )  # fmt: skip
    else:
        answer.heading("By {day} no metal runs out in 95 of 100 draws", day=fmt.long_date(found.until))
    if found.plan is not None and with_money:
        answer.paragraph(_done(answer, found, found.plan))
    for one in found.needs:
        if one.missing_cost and with_money:
            answer.line(
                "By {day} {kg:,.0f} kg of {metal} are missing on average, which cost {money:,.0f} {currency} by your own "
                "figure.",
                metal=_name(answer, one), kg=one.missing, day=fmt.long_date(found.until), money=one.missing_cost,
                currency=found.currency,
            )  # fmt: skip


def _done(answer: Answer, found: CoverAnswer, plan: OrderPlan) -> Text:
    """What the orders cost and do, in one sentence."""
    values = {
        "n": len({one.quote for one in plan.orders}),
        "spent": plan.spent,
        "currency": found.currency,
        "asked": plan.asked,
        "budget": plan.budget,
    }
    match plan.status:
        case "met" if not plan.orders:
            return answer.told("Nothing has to be ordered today: a stop is as improbable as asked for ({asked:.0%}).", **values)
        case "met":
            return answer.told(
                "Order {n:d} of the quotations, for {spent:,.0f} {currency}: each metal then stops with at most {asked:.0%}.",
                **values,
            )
        case "budget":
            return answer.told(
                "Of {budget:,.0f} {currency} spend {spent:,.0f} on {n:d} of the quotations: least is missing then.", **values
            )
    if not plan.orders:
        return answer.told(
            "No order of these quotations that was found brings each stop to {asked:.0%}, and none is advised.", **values
        )
    return answer.told(
        "No order of these quotations that was found brings each stop to {asked:.0%}; order {n:d} of them, for {spent:,.0f} "
        "{currency}.",
        **values,
    )


def _nearest(answer: Answer, found: CoverAnswer, plan: OrderPlan) -> None:
    """What would help to choose where no order keeps the probability asked for."""
    missed = [one for one in plan.reached if plan.asked is not None and one.after > plan.asked]
    for one in (cheap := [one for one in missed if one.after != one.nearest]):
        answer.line(
            "For {need} the orders are the cheapest by your own cost of a month without it; those that come nearest to "
            "{asked:.0%} would bring its stop to {nearest:.1%}.",
            need=_of(answer, found, one.need), asked=plan.asked, nearest=one.nearest,
        )  # fmt: skip
    if cheap:
        answer.line(
            "All orders that come nearest to {asked:.0%} cost {dear:,.0f} {currency}.",
            dear=plan.spent_nearest, currency=found.currency, asked=plan.asked,
        )  # fmt: skip
    if untold := [one for one in found.needs if one.missing_cost is None and one.key in {gone.need for gone in missed}]:
        answer.line(
            "What it is worth to keep {needs} running depends on what a month without the metal costs: say it in missing_cost, "
            "or ask for a budget (--budget).",
            needs=[_name(answer, one) for one in untold],
        )


def _need(answer: Answer, one: NeedCover) -> Iterator[Cell]:
    yield _name(answer, one)
    for figure in (one.kg_a_month, one.stock, one.on_order):
        yield answer.number(figure, ",.4g")
    yield answer.number(one.days, ",.0f")
    for stop in (one.stop_early, one.stop_middle, one.stop_late):
        yield answer.day(stop)
    yield answer.number(one.probability, ".0%")


def _fan(answer: Answer, one: NeedCover) -> Iterator[Figure]:
    """Stock through time with the band of eight draws in ten."""
    say, name = answer.say, _name(answer, one)
    drawn = Paths(
        tuple(day(point.day) for point in one.fan),
        ChartPath(say.words("stock"), tuple(point.middle for point in one.fan)),
        (),
        tuple((point.low, point.high) for point in one.fan),
        "amount",
    )
    told = say.words(
        "Stock from {first} to {last}.",
        first=say.fmt.short_date(one.fan[0].day), last=say.fmt.short_date(one.fan[-1].day),
    )  # fmt: skip
    title = answer.told("Stock of {metal} without new orders", metal=name)
    sub = answer.told("In kg of contained metal; the line is the middle, the band holds eight draws in ten.")
    yield Figure(title, sub, (Chart(paths(drawn, say.fmt), told),), (), text(""))


def _plan(answer: Answer, found: CoverAnswer, plan: OrderPlan) -> None:
    answer.paragraph(_done(answer, found, plan))
    _nearest(answer, found, plan)
    for need in (one for one in found.needs if one.key in plan.unserved):
        why = {one.why: answer.words(WHY, one.why) for one in found.quotes if one.asset == need.asset and one.why}
        if why:
            answer.line("No quotation serves {need}: {why}.", need=_name(answer, need), why=[*why.values()])
        else:
            answer.line("No quotation serves {need}.", need=_name(answer, need))
    _orders(answer, found, plan)
    answer.table(
        "need | >stops without orders | >with orders | >preventable | >kg missing without | >kg missing with | "
        ">{currency} missing without | >{currency} missing with | >one more week of safety, {currency}",
        (_reached(answer, found, one) for one in plan.reached),
        currency=found.currency,
    )
    answer.line(
        "Plans are searched over {chosen:d} draws, and the cheapest of those found over {draws:,d} others is shown; over the "
        "draws it was searched by no plan of its limits costs {gap:.1%} less.",
        chosen=500, draws=found.draws, gap=max(plan.gap, 0.001),
    )  # fmt: skip
    if plan.asked is not None:
        answer.line("Preventable is a stop that other orders prevent, or one longer than with all that is quoted.")
    if plan.loosened:
        answer.line("An answer is there without the limit on {names:or}.", names=[*plan.loosened])


def _orders(answer: Answer, found: CoverAnswer, plan: OrderPlan) -> None:
    answer.table(
        "quotation | of | for | >kg | >{currency} | at the latest",
        (
            (answer.say.name(one.quote), one.counterparty or "", _of(answer, found, one.need),
             answer.number(one.quantity, ",.6g"), answer.number(one.cost, ",.0f"), answer.day(one.latest or found.as_of))
            for one in plan.orders
        ),
        currency=found.currency,
    )  # fmt: skip


def _of(answer: Answer, found: CoverAnswer, key: str) -> str:
    return next((_name(answer, one) for one in found.needs if one.key == key), answer.say.lot(key))


def _reached(answer: Answer, found: CoverAnswer, one: Reached) -> Iterator[Cell]:
    yield _of(answer, found, one.need)
    before = next(need for need in found.needs if need.key == one.need)
    for share in (one.before, one.after, one.preventable):
        yield answer.number(share, ".1%")
    for figure in (before.missing, one.missing, before.missing_cost, one.missing_cost):
        yield answer.number(figure, ",.0f")
    yield answer.number(one.week, ",.0f")


def _quotes(answer: Answer, found: CoverAnswer) -> None:
    """Landed cost of a kg of contained metal, cheapest first, with what its risk costs; then those that serve no need."""
    served = sorted((one for one in found.quotes if one.need), key=lambda one: (one.need or "", one.per_kg or 0.0))
    answer.table(
        "quotation | of | for | >from, kg | origin | terms | >{currency} a kg | freight | it needs | >arrives by {until} | "
        ">risk a kg | half of the draws by | valid until | refusal borne by",
        (
            (
                answer.say.name(one.quote), one.counterparty or "", _of(answer, found, one.need or ""),
                answer.number(one.least, ",.6g"), answer.origin(one.origin), one.terms or "", answer.number(one.per_kg, ",.0f"),
                answer.say.words("in it") if one.with_freight else answer.say.words("not told"),
                answer.words(LICENCES, one.licence or ""), answer.number(one.chance, ".0%"), answer.number(one.risk, ",.0f"),
                answer.day(one.expected), answer.day(one.valid_until), answer.words(BEARS, one.refusal or ""),
            )
            for one in served
        ),
        currency=found.currency,
        until=answer.say.fmt.short_date(found.until),
    )  # fmt: skip
    answer.line(
        "Of a kg of contained metal at the site, with duty. The risk is the share of draws in which it does not arrive, times "
        "what a missing kg costs: by your own figure, else as much as the dearest quotation for the need."
    )
    answer.table(
        "quotation | metal | not weighed, because",
        (
            (answer.say.name(one.quote), answer.metal(one.asset), answer.words(WHY, one.why or ""))
            for one in found.quotes
            if not one.need
        ),
    )


def _lacking(answer: Answer, one: Arriving) -> str:
    """Papers that an order lacks; empty where it is not told which it has."""
    if one.lacking is None:
        return ""
    return ", ".join(answer.words(PAPERS, key) for key in one.lacking) or answer.say.words("none")


def _drivers(answer: Answer, found: CoverAnswer) -> None:
    """What is believed of licences and deliveries, and the probability of a stop where one row holds alone."""
    if found.approval is not None and found.delay_median is not None:
        answer.line(
            "A licence is approved with {share:.0%}, half of those within {median:.0f} days and nine in ten within {tail:.0f}; "
            "{n:d} applications of your own were decided, and {prior:.2g} weigh as much as a report of others.",
            share=found.approval, median=found.delay_median, tail=found.delay_tail, n=found.applications, prior=found.prior,
        )  # fmt: skip
    if (own := found.calibration) is not None:
        answer.line(
            "Of your own {decided:d} applications {approved:d} were approved, where the reports alone expect {low:d} to "
            "{high:d}; {within:d} of {timed:d} approvals came within {tail:.0f} days, where nine in ten are expected.",
            **own.model_dump(),
        )
    answer.line("Nine in ten deliveries come within {late:.2g} times the time of their contract.", late=found.late)
    answer.table(
        "need | where this holds alone | >stops by {until} | >kg missing by then",
        (
            (_name(answer, need), answer.sentence(one.source) if one.source else answer.told(DRIVERS[one.key]),
             answer.number(one.probability, ".0%"), answer.number(one.missing, ",.0f"))
            for need in found.needs for one in need.drivers
        ),
        until=answer.say.fmt.short_date(found.until),
    )  # fmt: skip


def _method(answer: Answer, found: CoverAnswer) -> Iterator[Text]:
    told = answer.told
    yield told(
        "Metal that is not there on a day is missed, and never made up for. A good serves a need in its form, pure enough, at "
        "a site; stock in other countries that nothing keeps there counts as there, without the time of the way."
    )
    yield told(
        "An order arrives by a lognormal time about that of its contract, or, where it needs a licence, when that comes if "
        "that is later; all orders of a draw have one probability of approval."
    )
    yield told("Times of licences and deliveries are drawn from a fixed seed: the same question has the same answer.")
    if found.reviewed_to is not None:
        yield told("The control ledger is reviewed to {day}.", day=answer.say.fmt.long_date(found.reviewed_to))
