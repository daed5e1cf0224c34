"""The calendar of `toolkit upcoming` as iCalendar (RFC 5545) and RSS 2.0: the same bytes for the same ledger and day."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

from toolkit.records.dates import Dates, Upcoming

NAME = "Export controls on strategic metals"
OF_LINE = 75
"""Octets of a content line of iCalendar, without its end."""
REFERENCE = "https://www.mofcom.gov.cn/"


def ics(record: Dates) -> str:
    """The changes ahead as all-day events of an iCalendar.

    Args:
        record: The calendar.
    """
    rows = (
        (
            row.date, uid(row), _headline(row), f"DESCRIPTION:{_escaped(_details(row, record))}",
            f"CATEGORIES:{','.join(map(_escaped, (row.kind, row.standing, *row.metals.split(';'))))}",
            f"STATUS:{'CONFIRMED' if row.standing == 'official' else 'TENTATIVE'}",
        )
        for row in record.upcoming
    )  # fmt: skip
    return calendar(NAME, "upcoming", record.as_of, rows)


def calendar(name: str, command: str, as_of: str, rows: Iterable[tuple[str, ...]]) -> str:
    """All-day events of an iCalendar.

    Args:
        name: Of the calendar.
        command: That made it.
        as_of: Day asked about.
        rows: Day, identity and headline of each event, then lines of its own.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//strategic-metals//toolkit {command}//EN", "CALSCALE:GREGORIAN",
             "METHOD:PUBLISH", f"X-WR-CALNAME:{_escaped(name)}"]  # fmt: skip
    for written, identity, headline, *own in rows:
        day = date.fromisoformat(written)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{identity}",
            f"DTSTAMP:{date.fromisoformat(as_of):%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(headline)}",
            *own,
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def rss(record: Dates) -> str:
    """The changes ahead as an RSS 2.0 channel, built on the day asked about."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    built = datetime.combine(date.fromisoformat(record.as_of), time(), UTC)
    head = {"title": NAME, "link": REFERENCE, "description": record.review, "lastBuildDate": format_datetime(built)}
    for tag, text in head.items():
        ET.SubElement(channel, tag).text = text
    for row in record.upcoming:
        item = ET.SubElement(channel, "item")
        for tag, text in (("title", f"{row.date}: {_headline(row)}"), ("description", _details(row, record))):
            ET.SubElement(item, tag).text = _visible(text)
        ET.SubElement(item, "guid", isPermaLink="false").text = uid(row)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


FORMATS: Mapping[str, Callable[[Dates], str]] = {"ics": ics, "rss": rss}
"""Writer of each format by name; JSON is the record itself."""


def uid(row: Upcoming) -> str:
    """The identity of a change: event and kind of change, so that a new day of the same change moves it in a calendar."""
    return f"{row.event_id}.{row.change}@toolkit.strategic-metals".lower()


def _headline(row: Upcoming) -> str:
    """The instrument and its notice, short: the whole is in the description."""
    return f"{row.title} ({row.instrument.replace('_', ' ')}): {row.change.replace('_', ' ')}, {row.standing}"


def _details(row: Upcoming, record: Dates) -> str:
    own = "An event of your own. " if row.event_id in record.own_events else ""
    return f"{row.what}. {own}Metals: {row.metals.replace(';', ', ')}. Checked: {row.confidence}. {record.review}"


def _escaped(text: str) -> str:
    """TEXT of RFC 5545, section 3.3.11."""
    text = _visible(text)
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _visible(text: str) -> str:
    """A text without control characters: neither format has a place for them."""
    return "".join(character for character in text if character.isprintable() or character == "\n")


def _folded(line: str) -> str:
    """A content line in pieces of at most `OF_LINE` octets, none of which cuts a character (section 3.1)."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > OF_LINE:
            pieces.append("")
            size = 1  # the space that the next line begins with
        pieces[-1] += character
        size += octets
    return "\r\n ".join(pieces)
