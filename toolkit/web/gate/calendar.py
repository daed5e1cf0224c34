"""The calendar file of a webinar, with its time zone; the personal link is not in it: calendars are shared."""

from __future__ import annotations

from datetime import UTC
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from toolkit.web.models import Webinar


def calendar(webinar: Webinar, url: str) -> bytes:
    """An iCalendar file (RFC 5545, 5546): each change has the same `UID` and the next `SEQUENCE`.

    Args:
        webinar: What happens.
        url: Of its public page.
    """
    from icalendar import Calendar, Event, vCalAddress  # noqa: PLC0415 - a fifth of a second that few commands need

    # An hour that comes twice is the first of both in a calendar file (RFC 5545, 3.3.5): only UTC says which is meant.
    twice = webinar.comes_twice(webinar.starts) or webinar.comes_twice(webinar.ends)
    zone = UTC if twice else ZoneInfo(webinar.zone)
    event = Event()
    event.add("uid", f"{webinar.slug}@{url.split('/')[2].partition(':')[0]}")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", webinar.starts.astimezone(zone))
    event.add("dtend", webinar.ends.astimezone(zone))
    event.add("summary", webinar.title)
    event.add("description", url)
    event.add("url", url)
    event.add("sequence", webinar.revision)
    event.add("organizer", vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"))
    if webinar.cancelled_at:
        event.add("status", "CANCELLED")
    found = Calendar()
    found.add("prodid", "-//strategic-metals-toolkit//webinar//EN")
    found.add("version", "2.0")
    found.add("method", "CANCEL" if webinar.cancelled_at else "PUBLISH")
    found.add_component(event)
    found.add_missing_timezones()
    return found.to_ical()
