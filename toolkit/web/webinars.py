"""Webinars: announced and counted."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from toolkit.app.definitions import find
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.web.config import WebConfig
from toolkit.web.models import Registration, Webinar
from toolkit.web.writing import writing


@writing
def announce(
    *, title: str, starts: str, zone: str, strategy: str, capacity: int, minutes: int = 45, description: str = ""
) -> Webinar:
    """A new webinar.

    Args:
        title: As visitors read it.
        starts: ISO date and time on the clock of the zone.
        zone: IANA name.
        strategy: Of the demo: a name, or a path.
        capacity: Seats.
        minutes: Planned length.
        description: Paragraphs.

    Raises:
        SpecError: for a zone, a time or a strategy that is none, and a title without words.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SpecError(f"--zone {zone!r} is no time zone.", hint=did_you_mean(zone, available_timezones())) from None
    try:
        when = datetime.fromisoformat(starts)
    except ValueError:
        raise SpecError(f"--starts {starts!r} is no time.", hint="Write it as 2026-12-03T17:00.") from None
    when = when if when.tzinfo is not None else when.replace(tzinfo=there)
    # An hour that the clocks leave out at the beginning of summer comes back as another one.
    if when.tzinfo is there and when.astimezone(UTC).astimezone(there).replace(tzinfo=None) != when.replace(tzinfo=None):
        raise SpecError(f"--starts {starts} does not exist in {zone}: the clocks go forward.", hint="Take another hour.")
    find("strategies", strategy)
    if not title.strip() or len(title) > 200 or not title.isprintable():
        raise SpecError("the title must be one line of 1 to 200 characters.")
    slug = f"{slugify(title)[:60] or 'webinar'}-{secrets.token_hex(3)}"
    return Webinar.objects.create(
        slug=slug,
        title=title.strip(),
        description=description,
        starts=when,
        zone=zone,
        minutes=minutes,
        strategy=strategy,
        capacity=capacity,
    )


def with_counts() -> QuerySet[Webinar]:
    """Every webinar, the latest first, with the number of its registrations under the name of each state."""
    states = {state.value: Count("registrations", filter=Q(registrations__state=state.value)) for state in Registration.State}
    return Webinar.objects.annotate(**states).order_by("-starts")


def coming_strategies() -> set[str]:
    """Strategies of webinars that are not over."""
    return {webinar.strategy for webinar in Webinar.objects.all() if webinar.ends > timezone.now()}


def as_record(webinar: Webinar, config: WebConfig) -> dict[str, Any]:
    """A webinar in JSON; `registrations` where it was counted.

    Args:
        webinar: What is described.
        config: For the address of its page.
    """
    counts = {state.value: getattr(webinar, state.value) for state in Registration.State if hasattr(webinar, state.value)}
    return {
        "slug": webinar.slug,
        "title": webinar.title,
        "starts": webinar.local_start.isoformat(),
        "zone": webinar.zone,
        "minutes": webinar.minutes,
        "strategy": webinar.strategy,
        "capacity": webinar.capacity,
        "url": config.base_url + reverse("webinar", args=[webinar.slug]),
        **({"registrations": counts} if counts else {}),
    }
