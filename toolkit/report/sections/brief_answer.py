"""The opening of the market brief: how many products are controlled today, what changed, and the next date."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.changes import Changes
from toolkit.records.controls import ControlState
from toolkit.report.compose import section
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.findings import Findings, official_dates
from toolkit.report.i18n.text import Inline, Text, sentences, text
from toolkit.report.markers import UNCERTAIN
from toolkit.report.tables.basket import market
from toolkit.report.tables.facts import doubts
from toolkit.report.topics.changes import inferred, newest_months
from toolkit.report.topics.dates import next_change


@section("brief-answer", "", needs=["market", "changes"], uses=["flows"])
def brief_answer(found: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, what changes next, the bar, key figures and the status line."""
    return (
        Heading(_result(found)),
        Paragraph(text(*_paragraph(found)), "answer"),
        Paragraph(sentences(*next_change(found)), "next"),
        KeyFigures((_controlled(found), _changed(found), _next(found))),
        *((bar,) if (bar := market(found)) else ()),
        Status(tuple(_status(found))),
    )


def _counted(found: Findings) -> list[ControlState]:
    return [row for row in found.record.controls if row.counts]


def _result(found: Findings) -> Text:
    say, since = found.say, found.fmt.long_date(found.part(Changes).since)
    changed = len(found.part(Changes).controls)
    if not changed:
        return say("No export control changed since {since}", since=since)
    told = inferred(found, found.part(Changes))
    return told or say.counted(changed, "One measure changed since {since}", "{N} measures changed since {since}", since=since)


def _paragraph(found: Findings) -> Iterator[Inline]:
    say, total = found.say, len(found.record.controls)
    doubtful = sum(row.uncertain for row in _counted(found))
    need = len(_counted(found)) - doubtful
    yield from say.counted(
        need,
        "One of {total} products needs a Chinese licence for delivery {towards} today, or may not leave China{markers}. ",
        "{N} of {total} products need a Chinese licence for delivery {towards} today, or may not leave China{markers}. ",
        total=say.number_word(total),
        towards=found.towards(found.record.owner.country),
        markers=found.of_tables("controls"),
    )
    if doubtful:
        yield from say.counted(
            doubtful,
            "{N} more is controlled only in part and counts in full{marks}. ",
            "{N} more are controlled only in part and count in full{marks}. ",
            marks=found.rests_on(UNCERTAIN),
        )


def _controlled(found: Findings) -> KeyFigure:
    say, rows = found.say, found.record.controls
    note = say(
        "of {total} products, for delivery {towards}",
        total=len(rows),
        towards=found.towards(found.record.owner.country),
    )
    count = str(len(_counted(found)))
    rests = any(row.uncertain for row in _counted(found))
    return KeyFigure(say.words("Under export control"), text(found.derived(count, UNCERTAIN) if rests else count), note)


def _changed(found: Findings) -> KeyFigure:
    say, part = found.say, found.part(Changes)
    since = found.fmt.short_date(part.since)
    note = say("by their dates alone, since {since}", since=since) if inferred(found, part) else say(
        "announced, begun or ended since {since}", since=since
    )  # fmt: skip
    return KeyFigure(say.words("Measures changed"), text(str(len(part.controls))), note)


def _next(found: Findings) -> KeyFigure:
    say, ahead = found.say, official_dates(found.record.upcoming)
    if not ahead:
        return KeyFigure(say.words("Next official date"), text("–"), say("none is known"))
    return KeyFigure(
        say.words("Next official date"), text(found.fmt.short_date(ahead[0].date)), text(found.away(ahead[0].date))
    )


def _status(found: Findings) -> Iterator[tuple[str, Text]]:
    say, part = found.say, found.part(Changes)
    prices, flows = [row.new for row in part.prices], [new for _, new in newest_months(found)]
    yield say.words("New prices"), say("{new} of {total}", new=sum(prices), total=len(prices))
    yield say.words("New months of customs data"), say("{new} of {total}", new=sum(flows), total=len(flows))
    yield from doubts(found)
