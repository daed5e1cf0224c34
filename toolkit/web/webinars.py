"""Webinars: announced and counted."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from toolkit.app.definitions import find
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.text import printable
from toolkit.web.config import WebConfig
from toolkit.web.hosts import named
from toolkit.web.models import Host, Registration, Webinar
from toolkit.web.operations import audit
from toolkit.web.words import line
from toolkit.web.writing import writing

QUESTIONS = 10
"""Of one webinar."""


@writing
def announce(
    starts: Sequence[str],
    *,
    title: str,
    zone: str,
    strategy: str,
    capacity: int,
    minutes: int = 45,
    description: str = "",
    questions: Sequence[str] = (),
    host: str | None = None,
) -> list[Webinar]:
    """A new webinar, a row for each of its sessions.

    Args:
        starts: ISO date and time of each session on the clock of the zone.
        title: As visitors read it.
        zone: IANA name.
        strategy: Of the demo: a name, or a path.
        capacity: Seats of each session.
        minutes: Planned length.
        description: Paragraphs.
        questions: Asked at sign-up; one that ends with ``*`` must be answered.
        host: Name of the host; by default the only one there is.

    Raises:
        SpecError: for a zone, a time, a strategy or a host that is none, and for a title or questions that are no words.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SpecError(f"--zone {zone!r} is no time zone.", hint=did_you_mean(zone, available_timezones())) from None
    find("strategies", strategy)
    title = line(title)
    if not 1 <= len(title) <= 200:
        raise SpecError("the title must be one line of 1 to 200 characters.")
    asked = [line(question) for question in questions]
    if len(asked) > QUESTIONS or len({question.rstrip(" *") for question in asked}) < len(asked):
        raise SpecError(f"at most {QUESTIONS} questions, each another one.")
    if any(not question.strip(" *") or len(question) > 200 for question in asked):
        raise SpecError("each question must be one line of 1 to 200 characters.")
    moments = [_moment(start, there) for start in starts]
    over = [moment for moment in moments if moment + timedelta(minutes=minutes) <= timezone.now()]
    if over:
        raise SpecError(f"--starts {over[0].isoformat()} is past: the webinar is over.", hint="Look at the year.")
    owner, series = _host(host), secrets.token_hex(6) if len(starts) > 1 else ""
    found = [
        Webinar.objects.create(
            slug=f"{slugify(title)[:60] or 'webinar'}-{secrets.token_hex(3)}",
            title=title,
            description=printable(description),
            starts=moment,
            zone=zone,
            minutes=minutes,
            strategy=strategy,
            capacity=capacity,
            questions=asked,
            host=owner,
            series=series,
        )
        for moment in moments
    ]
    for webinar in found:
        audit.record(audit.CONSOLE, "webinar", webinar.slug)
    return found


def _moment(starts: str, there: ZoneInfo) -> datetime:
    """A time to come on the clock of a zone, or with an offset of its own."""
    with contextlib.suppress(ValueError):
        date.fromisoformat(starts)
        raise SpecError(f"--starts {starts!r} is a day without a time.", hint=f"Write it as {starts}T17:00.")
    try:
        when = datetime.fromisoformat(starts)
    except ValueError:
        raise SpecError(f"--starts {starts!r} is no time.", hint="Write it as 2026-12-03T17:00.") from None
    if when.tzinfo is None:
        early, late = (when.replace(tzinfo=there, fold=fold) for fold in (0, 1))
        # An hour that the clocks leave out at the beginning of summer comes back as another one.
        if early.astimezone(UTC).astimezone(there).replace(tzinfo=None) != when:
            raise SpecError(
                f"--starts {starts} does not exist in {there.key}: the clocks go forward.", hint="Take another hour."
            )
        if early.utcoffset() != late.utcoffset():
            hint = f"Write which: {early.isoformat()} or {late.isoformat()}."
            raise SpecError(f"--starts {starts} comes twice in {there}: the clocks go back.", hint=hint)
        when = early
    return when


def _host(name: str | None) -> Host | None:
    """A host by name, or the only one; None as long as there is none: the first host gets the webinars made before."""
    if name is None:
        hosts = list(Host.objects.all()[:2])
        if len(hosts) > 1:
            raise SpecError("whose webinar is it?", hint="Name the host with --host.")
        return hosts[0] if hosts else None
    return named(name)


def sessions(webinar: Webinar) -> QuerySet[Webinar]:
    """Sessions of one webinar that are still ahead, itself among them."""
    same = Q(series=webinar.series) if webinar.series else Q(id=webinar.id)
    return Webinar.objects.filter(same, starts__gt=timezone.now()).order_by("starts")


def with_counts() -> QuerySet[Webinar]:
    """Every webinar with the number of its registrations under the name of each state."""
    states = {state.value: Count("registrations", filter=Q(registrations__state=state.value)) for state in Registration.State}
    return Webinar.objects.annotate(**states)


def coming_and_over(webinars: Iterable[Webinar]) -> tuple[list[Webinar], list[Webinar]]:
    """Webinars that are not over, the nearest first, and those that are, the latest first."""
    found, now = sorted(webinars, key=lambda webinar: (webinar.starts, webinar.id)), timezone.now()
    return [one for one in found if one.ends >= now], [one for one in reversed(found) if one.ends < now]


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
