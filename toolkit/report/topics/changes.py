"""What changed since last month: controls, customs flows and prices, each against what was known then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.records.changes import Changes, ControlChange, FlowChange, PriceChange
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Figure, left, right
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n import formats
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Span, Text, muted, name, sentences, strong, text
from toolkit.report.topics.measures import review
from toolkit.supply.flows import Change

STATUS: Mapping[str, str] = {
    "announced": mark("announced, not yet in force"),
    "in_force": mark("in force"),
    "suspended": mark("suspended"),
    "expired": mark("has ended"),
    "repealed": mark("repealed"),
}
"""Legal statuses in words."""
MOVED = 0.005
"""A change of a price below half a percent is none."""


@section("changes", mark("What changed since last month"), needs=["changes"])
def changes(found: Findings) -> tuple[Block, ...]:
    """The law, and behind it the flows and the prices."""
    part = found.part(Changes)
    return (_controls(found, part), *folded(_flows(found, part), _prices(found, part)))


def _controls(found: Findings, part: Changes) -> Figure:
    say, fmt = found.say, found.fmt
    rows = part.controls
    since = fmt.long_date(part.since)
    source = say("Source: control ledger{markers}.", markers=found.of_tables("controls"))
    if not rows:
        none = say("No control was announced, began or ended since {since}", since=since)
        return Figure(none, review(found, part.reviewed_to or part.ledger_until), (), source=source)
    title = say.counted(
        len(rows),
        "One measure was announced or changed since {since}",
        "{N} measures were announced or changed since {since}",
        since=since,
    )
    if inferred(found, part):  # the opening of a brief counts them
        title = say("Changed by date alone: {notices}", notices=say.listed([_notice(found, row) for row in rows]))
    table = found.table(
        "Controls that changed",
        rows,
        left("Date", lambda row: fmt.short_date(row.day)),
        left("Measure", lambda row: _measure(found, row)),
        left("Names", lambda row: say.series([of_key(metal, say) for metal in row.metals])),
        left("Was", lambda row: muted(say.words(STATUS[row.was])) if row.was else say("new")),
        left("Is now", lambda row: _targets(found, row) if row.targets_now else strong(say.words(STATUS[row.now]))),
        left("Rests on", lambda row: _standing(found, row)),
    )
    return Figure(title, sentences(*_ledger(found, part)), (table,), source=source)


def _ledger(found: Findings, part: Changes) -> Iterator[Text]:
    """What the table covers, how far the ledger reaches, and claims that it does not follow."""
    say = found.say
    yield say("Legal measures and reported practice of every country in the ledger.")
    yield review(found, part.reviewed_to or part.ledger_until)
    for row in found.record.upcoming:
        number = name(say.notice(row.number or row.title))
        for claim in row.claims:
            told = {"who": name(say.term("term", claim.authority)), "number": number}
            yield say("{who} claimed that the suspension by {number} goes on; no legal act confirms it.", **told)


def inferred(found: Findings, part: Changes) -> Text:
    """The finding where all that changed is read from the dates of earlier acts; nothing where an act tells of a change."""
    rows = part.controls
    if not rows or not part.reviewed_to or not all(row.inferred for row in rows):
        return ()
    return found.say.counted(
        len(rows),
        "One measure changed by its date since {since}; no act after {reviewed} was seen, so that it is unconfirmed",
        "{N} measures changed by their dates since {since}; no act after {reviewed} was seen, so that they are unconfirmed",
        since=found.fmt.long_date(part.since),
        reviewed=found.fmt.long_date(part.reviewed_to),
    )


def _notice(found: Findings, row: ControlChange) -> Span:
    return name(found.say.notice(row.title))


def _measure(found: Findings, row: ControlChange) -> Text:
    say = found.say
    number = _notice(found, row)
    if row.targets:
        targets = say.series([say.notice(title) for title in row.targets])
        return say("{number} (suspension of {targets})", number=number, targets=targets)
    return say("{number} ({instrument})", number=number, instrument=say.word(row.instrument))


def _targets(found: Findings, row: ControlChange) -> Text:
    """How what a suspension acts on stands now."""
    told = found.say.series([found.say.words(STATUS[status]) for status in row.targets_now])
    return found.say("{status}; what it suspended: {told}", status=found.say.words(STATUS[row.now]), told=strong(told))


def _standing(found: Findings, row: ControlChange) -> Text:
    """Law as such; what is inferred from a date, claimed, reported or not checked is marked."""
    if row.inferred:
        return found.say("its date, no later act seen")
    words = found.say.term("term", row.standing)
    if is_confirmed(row):
        return text(words)
    return found.say("{standing}, unconfirmed", standing=Span(words, "warn"))


def _flows(found: Findings, part: Changes) -> Figure | None:
    rows = part.flows
    if not rows:
        return None
    say, fmt = found.say, found.fmt
    stopped = [row for row in rows if row.china and row.china.latest == 0]
    new = [row for row in rows if row.new]
    month = fmt.month(max(row.month for row in rows))
    if stopped:
        title = say.counted(
            len(stopped),
            "In {month} the US recorded no import from China of one of {total} metals: {names}",
            "In {month} the US recorded no import from China of {n} of {total} metals: {names}",
            month=month,
            total=say.number_word(len(rows)),
            names=say.listed([_metal(found, row) for row in stopped]),
        )
    else:
        title = say("In {month} all {total} metals still reached the US from China", month=month, total=len(rows))
    sub = (
        say.counted(len(new), "One series has a month that is new.", "{N} series have a month that is new.")
        if new
        else say("No month is new since {since}: customs data come late.", since=fmt.long_date(part.since))
    )
    table = found.table(
        "Newest month of imports",
        rows,
        left("Metal", lambda row: _head(found, row)),
        left("Newest month", lambda row: strong(fmt.month(row.month)) if row.new else fmt.month(row.month)),
        right("All, kg", lambda row: _kg(found, row.all.latest)),
        right("On the month before", lambda row: _change(found, row.all.on_month)),
        right("On the year before", lambda row: _change(found, row.all.on_year)),
        right("From China, kg", lambda row: _kg(found, row.china.latest, inferred=row.china.inferred) if row.china else NONE),
        right(
            "Months in a row at zero",
            lambda row: fmt.number(row.china.zeros_running) if row.china and row.china.zeros_running else NONE,
        ),
    )
    foot = say(
        "Source: US imports{markers}. A change on less than a tenth of the usual month is not computed. One month at zero is"
        " not proof.",
        markers=found.of_tables("flows"),
    )
    return Figure(title, sub, (table,), source=foot)


def _kg(found: Findings, value: float | None, *, inferred: bool = False) -> Text:
    if value is None:
        return text(NONE)
    return text(found.fmt.number(value), "*" if inferred else "")


def _change(found: Findings, change: Change) -> Text:
    """A change in per cent, or why there is none."""
    if change.value is not None:
        return text(found.fmt.percent(change.value, 0, signed=True))
    return text(muted(found.say.words("small base"))) if change.reason == "small base" else text(NONE)


def _prices(found: Findings, part: Changes) -> Figure | None:
    rows = part.prices
    if not rows:
        return None
    say, fmt = found.say, found.fmt
    new = [row for row in rows if row.new]
    moved = [(change, row) for row in rows if (change := row.change) is not None and abs(change) > MOVED]
    if not new:
        title = say("No price is newer than a month ago")
    elif not moved:
        title = say.counted(len(new), "One price is new, and it has not moved", "{N} prices are new, and none has moved")
    else:
        change, most = max(moved, key=lambda row: (abs(row[0]), row[1].asset))
        title = say(
            "{metal} moved most since {since}: {change}",
            metal=_head(found, most),
            since=fmt.long_date(part.since),
            change=fmt.percent(change, 0, signed=True),
        )
    sub = say("Price of one kg, estimated where the observed prices are noisy, as known now and as known on {since}.",
              since=fmt.long_date(part.since))  # fmt: skip
    table = found.table(
        "Prices now and a month ago",
        rows,
        left("Metal", lambda row: _head(found, row)),
        right("Known now, {currency}", lambda row: _price(found, row)),
        left("of", lambda row: muted(fmt.month(row.date))),
        right("Known then, {currency}", lambda row: fmt.price(row.before.price, like=row.price) if row.before else NONE),
        left("of", lambda row: muted(fmt.month(row.before.date)) if row.before else NONE),
        right("Change", lambda row: fmt.percent(row.change, 1, signed=True)),
    )
    foot = say("Source: price series{markers}. Prices are indicative.", markers=found.of_prices("fx", part="changes"))
    return Figure(title, sub, (table,), source=foot)


def _price(found: Findings, row: PriceChange) -> Text:
    error = f" ± {found.fmt.price(row.standard_error, like=row.price)}" if row.standard_error else ""
    return text(strong(found.fmt.price(row.price)), error)


def _metal(found: Findings, row: FlowChange | PriceChange) -> Span:
    """The name of the metal of a row, which has its key alone."""
    return name(of_key(row.asset, found.say))


def _head(found: Findings, row: FlowChange | PriceChange) -> Text:
    """The same at the start of a row or a sentence."""
    return text(name(formats.capital(_metal(found, row).text)))
