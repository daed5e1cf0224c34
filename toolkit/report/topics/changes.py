"""What changed: law, value, customs flows and prices since last month, and what differs between two stored runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from toolkit.records.backtest import Backtest
from toolkit.records.changes import Changes, ControlChange, PriceChange, RunDifference, RunDifferences, RunEntry, RunList
from toolkit.records.conflict import Conflict
from toolkit.records.findings import Parts
from toolkit.records.flows import CodeFlows
from toolkit.records.run import Run
from toolkit.records.sweep import Sweep
from toolkit.report.answer import Answer, Cell
from toolkit.report.compose import folded, section
from toolkit.report.document import Block, Document, Figure, Heading, Paragraph, Section, Table, left, right
from toolkit.report.findings import Findings, is_confirmed
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import TAIL_LEVEL, measure_words
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, sentences, strong, text
from toolkit.report.topics import backtest, sweep
from toolkit.report.topics.allocation import document as optimize
from toolkit.report.topics.dates import STANDING
from toolkit.report.topics.flows import first_day, quantity, relative
from toolkit.report.topics.measures import review

STATUS: Mapping[str, str] = {
    **STANDING,
    "unchecked": mark("in force, not checked against the text"),
    "announced": mark("announced, not yet in force"),
    "in_force": mark("in force"),
    "suspended": mark("suspended"),
    "expired": mark("has ended"),
    "repealed": mark("repealed"),
}
"""Legal statuses in words."""
MOVED = 0.005
"""A change of a price below half a percent is none."""
PARTS: Mapping[str, str] = {
    "settings": mark("settings"),
    "strategy": mark("strategy"),
    "holdings": mark("holdings"),
    "prices": mark("own prices"),
    "data": mark("data"),
    "versions": mark("versions"),
    "weights": mark("weights"),
    "orders": mark("orders"),
    "figures": mark("key figures"),
}
"""Parts of a run."""
FRACTION = "fraction"
DIFFERENCES_SHOWN = 200
"""Differences that a page shows; the object has all."""


@section("changes", mark("What changed since last month"), needs=["changes"], uses=["flows"])
def changes(found: Findings) -> tuple[Block, ...]:
    """The law and the value of what is held, and behind them the flows and the prices."""
    part = found.part(Changes)
    first = (_controls(found, part), _value(found, part))
    return (*filter(None, first), *folded(_flows(found, part), _prices(found, part)))


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
    if isinstance(part, RunDifferences):
        yield say("Measures on the products of the runs, as each knew them.")
    else:
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


def newest_months(found: Findings) -> list[tuple[CodeFlows, bool]]:
    """Customs flows of the report, each with whether its newest month became known since."""
    since = found.part(Changes).since
    flows = found.parts.flows.flows if found.parts.flows else ()
    return [(code, code.known_from is not None and code.known_from > since) for code in flows]


def _flows(found: Findings, part: Changes) -> Figure | None:
    rows = newest_months(found)
    if not rows:
        return None
    say, fmt = found.say, found.fmt
    stopped = [code for code, _ in rows if code.watched and code.flow.latest == 0]
    new, month = sum(new for _, new in rows), fmt.month(first_day(max(code.flow.month for code, _ in rows)))
    if stopped:
        title = say.counted(
            len(stopped),
            "In {month} the US recorded no import from China of one of {total} metals: {names}",
            "In {month} the US recorded no import from China of {n} of {total} metals: {names}",
            month=month,
            total=say.number_word(len(rows)),
            names=found.metals(stopped),
        )
    else:
        title = say("In {month} all {total} metals still reached the US from China", month=month, total=len(rows))
    sub = (
        say.counted(new, "One series has a month that is new.", "{N} series have a month that is new.")
        if new
        else say("No month is new since {since}: customs data come late.", since=fmt.long_date(part.since))
    )

    def newest(row: tuple[CodeFlows, bool]) -> Inline:
        month = fmt.month(first_day(row[0].flow.month))
        return strong(month) if row[1] else month

    def from_china(row: tuple[CodeFlows, bool]) -> Text:
        flow = row[0].flow
        return text(quantity(found, flow.latest), "*" if flow.month in flow.inferred else "") if row[0].watched else text(NONE)

    table = found.table(
        "Newest month of imports",
        rows,
        left("Metal", lambda row: found.head(row[0])),
        left("Newest month", newest),
        right("All, kg", lambda row: quantity(found, row[0].partners[0].latest)),
        right("On the month before", lambda row: relative(found, row[0].partners[0].on_month)),
        right("On the year before", lambda row: relative(found, row[0].partners[0].on_year)),
        right("From China, kg", from_china),
        right("Months in a row at zero", lambda row: fmt.number(zeros) if (zeros := _zeros(row[0])) else NONE),
    )
    foot = say(
        "Source: US imports{markers}. † is a change on less than a tenth of the usual month. One month at zero is not proof.",
        markers=found.of_tables("flows"),
    )
    return Figure(title, sub, (table,), source=foot)


def _zeros(code: CodeFlows) -> int:
    """Months in a row without an import from China."""
    return code.flow.zeros_running if code.watched else 0


def _prices(found: Findings, part: Changes) -> Figure | None:
    rows = part.prices
    if not rows:
        return None
    say, fmt, since = found.say, found.fmt, found.fmt.long_date(part.since)
    new = [row for row in rows if row.new]
    moved = [(change, row) for row in rows if (change := row.change) is not None and abs(change) > MOVED]
    if not new:
        title = say("No price is newer than those known on {since}", since=since)
    elif not moved:
        title = say.counted(len(new), "One price is new, and it has not moved", "{N} prices are new, and none has moved")
    else:
        change, most = max(moved, key=lambda row: (abs(row[0]), row[1].asset))
        told = {"metal": capital(of_key(most.asset, say)), "since": since, "change": fmt.percent(change, 0, signed=True)}
        title = say("{metal} moved most since {since}: {change}", **told)

    def price(row: PriceChange) -> Text:
        error = f" ± {fmt.price(row.standard_error, like=row.price)}" if row.standard_error else ""
        return text(strong(fmt.price(row.price)), error)

    sub = say(
        "Price of one unit, estimated where the observed prices are noisy, as known on {day} and on {since}.",
        day=fmt.long_date(found.as_of), since=since,
    )  # fmt: skip
    table = found.table(
        "Prices then and now",
        rows,
        left("Metal", lambda row: name(capital(of_key(row.asset, say)))),
        right("Known now, {currency}", price),
        left("of", lambda row: muted(fmt.month(row.date))),
        right("Known then, {currency}", lambda row: fmt.price(row.before.price, like=row.price) if row.before else NONE),
        left("of", lambda row: muted(fmt.month(row.before.date)) if row.before else NONE),
        right("Change", lambda row: fmt.percent(row.change, 1, signed=True)),
    )
    foot = say("Source: price series{markers}. Prices are indicative.", markers=found.of_prices("fx", part="changes"))
    return Figure(title, sub, (table,), source=foot)


def _value(found: Findings, part: Changes) -> Figure | None:
    """What the owner's lots have gained or lost since by their prices."""
    say, value = found.say, part.value
    if value is None or not value.lots:
        return None
    since = found.fmt.long_date(part.since)
    if value.now < value.before:
        loss = found.money(value.before - value.now)
        title = say("The lots are worth {loss} less than at the prices known on {since}", loss=loss, since=since)
    else:
        gain = found.money(value.now - value.before)
        title = say("The lots are worth {gain} more than at the prices known on {since}", gain=gain, since=since)
    told = {"now": found.money(value.now), "before": found.money(value.before)}
    sub = say.counted(value.lots, "{N} lot: {before} then, {now} now.", "{N} lots: {before} then, {now} now.", **told)
    if value.left_out:
        left_out = say.counted(
            value.left_out,
            "{N} lot without two prices of one series is left out.",
            "{N} lots without two prices of one series are left out.",
        )
        sub = sentences(sub, left_out)
    foot = say("Source: price series{markers}. Prices are indicative.", markers=found.of_prices("fx", part="changes"))
    return Figure(title, sub, (), source=foot)


def document(found: RunDifferences, say: Language) -> Document:
    """The answer of `toolkit runs diff`: what differs, and how law and prices changed from the earlier to the later day."""
    run = Findings.alone(found.as_of, Parts(changes=found), say, found.currency or "")
    count, parts = len(found.differences), {row.part for row in found.differences}
    told: list[Block] = [Heading(say("{first} and {second}", first=name(found.first.run_id), second=name(found.second.run_id)))]
    if not count:
        told.append(Paragraph(say("Nothing differs.")))
    if count and not parts & {"settings", "strategy", "holdings", "prices"}:
        told.append(Paragraph(say("Both asked the same question: what differs comes from data or versions.")))
    if count and not parts & {"weights", "orders", "figures"}:
        told.append(Paragraph(say("The answer is the same: neither a weight nor an order nor a key figure differs.")))
    if count:
        told.append(_differences(run, found.differences[:DIFFERENCES_SHOWN]))
    if count > DIFFERENCES_SHOWN:
        words = say("The first {shown} of {count} are shown; --json has all.", shown=DIFFERENCES_SHOWN, count=count)
        told.append(Paragraph(words))
    between = (_controls(run, found) if found.law_compared else None, _prices(run, found))
    blocks = (*told, *(figure for figure in between if figure))
    written = say.fmt.long_date(found.as_of)
    return Document("toolkit runs diff", say.code, found.as_of, written, "", (Section("runs-diff", "", blocks),))


def _differences(run: Findings, differences: Sequence[RunDifference]) -> Table:
    """A row a difference; rows, days and checksums of a source of data stand in one."""
    say = run.say
    rows: list[tuple[str, str, str, str, str]] = []
    for part, group in itertools.groupby(differences, key=lambda row: row.part):
        words = say.words(PARTS[part])
        if part != "data":
            rows += [
                (words, _of(run, row), _side(run, row, row.first), _side(run, row, row.second), _moved(run, row))
                for row in group
            ]
            continue
        for source, of in itertools.groupby(group, key=lambda row: row.key.rpartition(".")[0] or row.key):
            cells = [(_side(run, row, row.first), _side(run, row, row.second)) for row in of]
            first, second = (", ".join(filter(None, side)) for side in zip(*cells, strict=True))
            rows.append((words, source, first, second, ""))
    return run.table(
        "What differs",
        rows,
        left("Part", lambda row: row[0]),
        left("What", lambda row: row[1]),
        right("In the first", lambda row: row[2]),
        right("In the second", lambda row: row[3]),
        right("Change", lambda row: row[4]),
        keys=2,
    )


def _of(run: Findings, row: RunDifference) -> str:
    """What differs: a metal, cash, a figure or a measure by name, of several strategies behind the name of its own."""
    strategy, between, key = row.key.rpartition(": ")
    if key == "cash":
        told = run.say.words("cash")
    elif row.part in ("weights", "orders"):
        told = of_key(key, run.say)
    elif row.part == "figures":
        told = measure_words(*(("cvar", TAIL_LEVEL) if key == "cvar_95" else (key, None)), run.say)
    else:
        return row.key
    return f"{strategy}{between}{told}"


def _moved(run: Findings, row: RunDifference) -> str:
    """The change of a quantity; nothing of what is none."""
    one, other = row.first or 0.0, row.second or 0.0
    return "" if row.unit is None or isinstance(one, str) or isinstance(other, str) else _number(run, row, other - one, "+")


def _side(run: Findings, row: RunDifference, value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else _number(run, row, value)


def _number(run: Findings, row: RunDifference, value: float, sign: str = "") -> str:
    if row.unit == FRACTION:
        return run.say.figure(value, f"{sign}.2%")
    written = run.say.figure(value, f"{sign},.6g" if row.part != "figures" or row.unit is None else f"{sign},.2f")
    return written if row.unit is None else f"{written} {row.unit}"


RUN_STATUS: Mapping[str, str] = {
    "infeasible": mark("no answer"),
    "complete": mark("complete"),
    "partial": mark("incomplete"),
    "unreadable": mark("cannot be read"),
}


def runs(found: RunList, as_of: date, say: Language) -> Document:
    """Every stored run by the end of its id, which finds it, with its command, strategy, day and status.

    Args:
        found: The runs.
        as_of: Day of the question.
        say: The language.
    """
    answer = Answer(say, as_of)
    told = answer.table("id | written | command | strategy | as of | status | for", (_entry(answer, row) for row in found.runs))
    if not told:
        answer.line("No run is stored in {folder}.", folder=found.folder)
    for row in found.runs:
        if row.fault is not None:
            answer.lines(row.fault)
    return answer.document("runs")


def _entry(answer: Answer, row: RunEntry) -> Iterator[Cell]:
    yield row.run_id.rpartition("-")[2]
    yield date.fromisoformat(row.written)
    yield row.command if row.fault is None else ""
    yield ", ".join(row.strategies)
    yield answer.day(row.as_of)
    yield answer.words(RUN_STATUS, row.status) if row.status in RUN_STATUS else answer.word(row.status)
    yield row.client or ""


def stored(found: Run | Conflict | Backtest | Sweep, say: Language) -> Document:
    """What a stored run answered, as its command printed it."""
    match found:
        case Backtest():
            return backtest.document(found, say)
        case Sweep():
            return sweep.document(found, say)
        case Conflict():
            answer = Answer(say, found.as_of, found.phrases)
            answer.heading("{title}: no answer", title=found.strategy.title)
            answer.lines(found.conflict.message, found.conflict.hint)
            return answer.document("optimize")
    return optimize(found, say)
