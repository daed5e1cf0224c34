"""Feeds of the calendar: what RFC 5545 and RSS 2.0 ask for, read back by independent means."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date
from email.utils import parsedate_to_datetime

import pytest

from tests.records import partial
from tests.subjects import context
from toolkit.app.controls.answers import dates
from toolkit.records.dates import Dates
from toolkit.report.formats.feeds import ics, rss

CONTENT_LINE = re.compile(r'[A-Z0-9-]+(;[A-Z0-9-]+=("[^"]*"|[^";:,]*))*:.*', re.DOTALL)


@pytest.fixture(scope="module")
def record():
    return dates(context(date(2026, 11, 1)), "120d")


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]


def plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def test_the_calendar_is_one_of_rfc_5545(record):
    lines = unfolded(ics(record))
    assert all(CONTENT_LINE.fullmatch(line) for line in lines)
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//strategic-metals//toolkit upcoming//EN"]
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(record.upcoming) > 2
    events = "\n".join(lines).split("BEGIN:VEVENT\n")[1:]
    uids = set()
    for row, event in zip(record.upcoming, events, strict=True):
        told = dict(line.split(":", 1) for line in event.split("\nEND:VEVENT")[0].split("\n"))
        uids.add(told["UID"])
        assert told["DTSTAMP"] == "20261101T000000Z"
        assert told["DTSTART;VALUE=DATE"] == row.date.replace("-", "")
        assert date.fromisoformat(told["DTEND;VALUE=DATE"]).toordinal() == date.fromisoformat(row.date).toordinal() + 1
        assert row.what in plain(told["DESCRIPTION"])
        assert "Legal state of 2026-10-08" in told["DESCRIPTION"]
        assert re.search(r"(?<!\\)[,;]", told["DESCRIPTION"] + told["SUMMARY"]) is None
        assert told["STATUS"] == ("CONFIRMED" if row.standing == "official" else "TENTATIVE")
    assert len(uids) == len(events)


def test_an_event_keeps_its_identity_from_day_to_day(record):
    later = dates(context(date(2026, 11, 5)), "120d")
    first, second = ({line for line in unfolded(ics(one)) if line.startswith("UID:")} for one in (record, later))
    assert second & first
    assert ics(record) == ics(record)


def test_hostile_words_break_no_line():
    row = {
        "event_id": "OWN-1", "change": "begins", "date": "2026-12-24", "standing": "claimed", "kind": "control",
        "instrument": "licence", "title": "Nr. 1; a,b\\c", "metals": "gallium;tin", "confidence": "none",
        "what": "Ä" * 60 + "\r\nBEGIN:VEVENT\nx\x07",
    }  # fmt: skip
    record = partial(Dates, {"as_of": "2026-11-01", "review": "r", "upcoming": [row], "own_events": ["OWN-1"]})
    lines = unfolded(ics(record))
    assert lines.count("BEGIN:VEVENT") == 1
    description = next(line for line in lines if line.startswith("DESCRIPTION:"))
    assert "Ä" * 60 + "\nBEGIN:VEVENT\nx. An event of your own." in plain(description)
    assert plain(next(line for line in lines if line.startswith("SUMMARY:"))).startswith("SUMMARY:Nr. 1; a,b\\c (licence)")
    assert "CATEGORIES:control,claimed,gallium,tin" in lines
    assert ET.fromstring(rss(record)).findtext("channel/item/title") == "2026-12-24: Nr. 1; a,b\\c (licence): begins, claimed"


def test_the_channel_is_one_of_rss_2(record):
    root = ET.fromstring(rss(record))
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert all(root.findtext(f"channel/{tag}") for tag in ("title", "link", "description"))
    assert parsedate_to_datetime(root.findtext("channel/lastBuildDate") or "").isoformat() == "2026-11-01T00:00:00+00:00"
    items = root.findall("channel/item")
    assert [item.findtext("title", "")[:10] for item in items] == [row.date for row in record.upcoming]
    guids = [item.find("guid") for item in items]
    assert all(guid is not None and guid.get("isPermaLink") == "false" for guid in guids)
    assert len({guid.text for guid in guids if guid is not None}) == len(items)
