"""Webinars: announced, changed, cancelled and counted."""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from toolkit.app.definitions import find
from toolkit.app.languages import ENGLISH
from toolkit.core.errors import SpecError, ToolkitError, did_you_mean, nearest
from toolkit.core.messages import message
from toolkit.core.text import printable
from toolkit.web.config import WebConfig
from toolkit.web.demo.showing import gap_told
from toolkit.web.gate import registering
from toolkit.web.gate.follow_up import PAUSE
from toolkit.web.hosts import named
from toolkit.web.models import File, Host, Registration, Webinar
from toolkit.web.operations import audit, journal
from toolkit.web.room import talking
from toolkit.web.room.talking import TWICE
from toolkit.web.words import language, line
from toolkit.web.writing import writing

QUESTIONS = HANDOUTS = 10
"""Of one webinar."""
YEAR = "Look at the year."
MOST_MINUTES = 1440
"""Minutes of a webinar."""


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
    approval: bool = False,
    host: str | None = None,
    actor: str = audit.CONSOLE,
) -> list[Webinar]:
    """A new webinar, a row for each of its sessions; what was just announced in the same words is not announced twice.

    Args:
        starts: ISO date and time of each session on the clock of the zone.
        title: As visitors read it.
        zone: IANA name.
        strategy: Of the demo: a name, or a path.
        capacity: Seats of each session.
        minutes: Planned length.
        description: Paragraphs.
        questions: Asked at sign-up; one that ends with ``*`` must be answered.
        approval: Whether the host admits each who has confirmed the address.
        host: Name of the host; by default the only one there is.
        actor: For the audit log.

    Raises:
        SpecError: for a zone, a time, a strategy or a host that is none, and for a title or questions that are no words.
    """
    # EST has no summer time, where New York has it, and Etc/GMT+1 is an hour behind GMT.
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")} | {"UTC"}
    if zone not in places:
        hint = did_you_mean(zone, nearest(zone, places)) or "Name a place, as America/New_York."
        raise SpecError(message("{zone!r:s} is no time zone of a place.", zone=zone), hint=hint)
    there = ZoneInfo(zone)
    find("strategies", strategy)
    title = _title(title)
    asked = [line(question) for question in questions]
    if len(asked) > QUESTIONS or len({question.rstrip(" *") for question in asked}) < len(asked):
        raise SpecError(message("At most {count} questions, each another one.", count=QUESTIONS))
    if any(not question.strip(" *") or len(question) > 200 for question in asked):
        raise SpecError(message("Each question must be one line of 1 to 200 characters."))
    moments = [_moment(start, there) for start in starts]
    if len({moment.timestamp() for moment in moments}) < len(moments):
        raise SpecError(message("Each session must begin at another time."))
    over = [moment for moment in moments if moment + timedelta(minutes=minutes) <= timezone.now()]
    if over:
        raise SpecError(message("{moment:s} is past: the webinar is over.", moment=over[0].isoformat()), hint=YEAR)
    owner, series = _host(host), secrets.token_hex(6) if len(starts) > 1 else ""
    if owner is not None:
        Host.objects.select_for_update().get(pk=owner.pk)  # of two at once the second finds what the first has announced
    new = {
        "title": title,
        "description": printable(description),
        "zone": zone,
        "minutes": minutes,
        "strategy": strategy,
        "capacity": capacity,
        "questions": asked,
        "approval": approval,
        "host": owner,
    }
    same = Webinar.objects.filter(**new, starts__in=moments, cancelled_at=None, created__gt=timezone.now() - TWICE)
    if len(known := list(same.order_by("id"))) == len(moments):
        return known
    found = [
        Webinar.objects.create(
            slug=f"{slugify(title)[:60] or 'webinar'}-{secrets.token_hex(3)}", starts=moment, series=series, **new
        )
        for moment in moments
    ]
    for webinar in found:
        audit.record(actor, "webinar", webinar.slug)
    return found


def tried(strategy: str, config: WebConfig) -> list[dict[str, Any]]:
    """What visitors of a demo would miss over the ranges of its sliders, tried in this process, in JSON.

    Args:
        strategy: A name, or a path.
        config: For the host's own prices.
    """
    from toolkit.web.demo.solving import Demo  # noqa: PLC0415  # the serving process loads no solver

    demo, say = Demo(date.today(), config.prices), language(ENGLISH)
    try:
        start, found = demo.start(strategy), demo.trial(strategy)
    except ToolkitError as error:
        return [{"kind": "refused", "slider": "", "values": [], "told": str(error)}]
    return [{**gap.as_record(), "told": gap_told(gap, start, say)} for gap in found]


@writing
def change(webinar: Webinar, *, starts: str | None = None, actor: str = audit.CONSOLE, **words: Any) -> bool:
    """Change a webinar; whether anything changed.

    A new time is told by mail to each who has a seat or waits; more seats go to who waits, in order.

    Args:
        webinar: That is not over.
        starts: ISO date and time on the clock of its zone; None leaves it.
        actor: For the audit log.
        words: New `title`, `description`, `minutes`, `capacity` and `approval`; None leaves what is.

    Raises:
        SpecError: for what is over, a new time of what has begun or in the past, and fewer seats than are given.
    """
    webinar = Webinar.objects.select_for_update().get(id=webinar.id)
    _refuse_over(webinar)
    new = {**words, "starts": None if starts is None else _moment(starts, ZoneInfo(webinar.zone))}
    if words.get("title") is not None:
        new["title"] = _title(words["title"])
    if words.get("description") is not None:
        new["description"] = printable(words["description"])
    new = {name: value for name, value in new.items() if value is not None and value != getattr(webinar, name)}
    if webinar.is_open and new.keys() & {"starts", "minutes"}:
        raise SpecError(message("This webinar has begun: its time cannot be changed any more."))
    if "starts" in new and new["starts"] <= timezone.now():
        raise SpecError(message("{moment:s} is past: a webinar is moved to a time to come.", moment=starts), hint=YEAR)
    given = webinar.capacity - registering.seats_left(webinar)
    if new.get("capacity", given) < given:
        raise SpecError(message("Seats that are given: {given}. There cannot be fewer.", given=given))
    if not new:
        return False
    before = webinar.starts
    Webinar.objects.filter(id=webinar.id).update(**new, revision=F("revision") + 1)
    webinar.refresh_from_db()
    if "starts" in new:
        journal.note_webinar(webinar.slug, starts=webinar.starts)
        registering.tell_new_time(webinar, before)
    registering.move_up(webinar)
    audit.record(actor, "change", webinar.slug)
    return True


@writing
def set_player(webinar: Webinar, address: str, replay_days: int, *, actor: str) -> None:
    """Set where voice and picture of a webinar come from, and how long its replay is given to who registers afterwards.

    Args:
        webinar: Of the host.
        address: Checked before; empty for none.
        replay_days: After its end.
        actor: For the audit log.
    """
    Webinar.objects.filter(id=webinar.id).update(player=address, replay_days=replay_days)
    audit.record(actor, "player", webinar.slug)


@writing
def set_brand(webinar: Webinar, given: Mapping[str, Any], *, actor: str) -> None:
    """Set how a webinar looks; a picture that is not given stays as it is.

    Args:
        webinar: Of the host.
        given: What `toolkit.web.forms.BrandForm` has cleaned.
        actor: For the audit log.
    """
    new = {name: given[name] for name in ("colour", "speaker", "about_speaker", "sender")}
    for name in ("logo", "portrait"):
        if given[name] or given[f"no_{name}"]:
            File.objects.filter(id=getattr(webinar, f"{name}_id")).delete()
            content = given[name]
            new[name] = File.objects.create(webinar=webinar, media="image/webp", content=content) if content else None
    Webinar.objects.filter(id=webinar.id).update(**new)
    audit.record(actor, "brand", webinar.slug)


@writing
def change_handouts(webinar: Webinar, new: tuple[str, str, bytes] | None, gone: UUID | None, *, actor: str) -> bool:
    """Add a handout, or take one away; False where there are `HANDOUTS` already.

    Args:
        webinar: Of the host.
        new: Name, type and content.
        gone: Id of the one that is taken away.
        actor: For the audit log.
    """
    held = File.objects.select_for_update().filter(webinar=webinar).exclude(name="")
    held.filter(id=gone).delete()
    if new is not None and held.count() >= HANDOUTS:
        return False
    if new is not None:
        name, media, content = new
        File.objects.create(webinar=webinar, name=name, media=media, content=content)
    talking.changed(webinar)
    audit.record(actor, "handouts", webinar.slug)
    return True


@writing
def set_mails(webinar: Webinar, *, actor: str) -> None:
    """Store the host's own words in mails, and whether mails follow the webinar."""
    Webinar.objects.filter(id=webinar.id).update(mails=webinar.mails, follow_up=webinar.follow_up)
    audit.record(actor, "mails", webinar.slug)


@writing
def move_end(webinar: Webinar, more: int, *, actor: str) -> None:
    """Lengthen a webinar that has begun, or end it now: open pages are told.

    Args:
        webinar: Of the host.
        more: Minutes after its end, or after now where it is over; 0 ends it with the minute that has passed.
        actor: For the audit log.

    Raises:
        SpecError: before its start, for one that is cancelled, and once what follows it may have been written.
    """
    webinar, now = Webinar.objects.select_for_update().get(id=webinar.id), timezone.now()
    if not webinar.is_open or webinar.followed_up or now >= webinar.ends + PAUSE:
        _refuse_over(webinar)
        raise SpecError(message("This webinar has not begun."))
    until = max(webinar.ends, now) + timedelta(minutes=more) if more else min(webinar.ends, now)
    length = (until - webinar.starts) / timedelta(minutes=1)
    minutes = min(math.ceil(length) if more else int(length), MOST_MINUTES)
    Webinar.objects.filter(id=webinar.id).update(minutes=minutes, revision=F("revision") + 1)
    audit.record(actor, "end", webinar.slug)


@writing
def delete(webinar: Webinar, *, actor: str) -> bool:
    """Delete a webinar that was announced by mistake; False where somebody has registered, or was told of it.

    Args:
        webinar: Of the host.
        actor: For the audit log.
    """
    found = Webinar.objects.select_for_update().get(id=webinar.id)
    if not can_be_deleted(found):
        return False
    found.delete()
    audit.record(actor, "delete", webinar.slug)
    return True


def can_be_deleted(webinar: Webinar) -> bool:
    """Whether nobody has registered for a webinar, nor was told of it."""
    return webinar.news_sent is None and not Registration.objects.filter(webinar=webinar).exists()


@writing
def cancel(webinar: Webinar, *, actor: str = audit.CONSOLE) -> bool:
    """Cancel a webinar and tell each who has a seat or waits, by one mail; whether it was not cancelled before.

    Args:
        webinar: That is not over.
        actor: For the audit log.

    Raises:
        SpecError: for what is over.
    """
    webinar = Webinar.objects.select_for_update().get(id=webinar.id)
    if webinar.cancelled_at:
        return False
    _refuse_over(webinar)
    now = timezone.now()
    Webinar.objects.filter(id=webinar.id).update(cancelled_at=now, revision=F("revision") + 1)
    journal.note_webinar(webinar.slug, cancelled_at=now)
    registering.tell_cancelled(webinar)
    audit.record(actor, "cancel", webinar.slug)
    return True


def _refuse_over(webinar: Webinar) -> None:
    """`SpecError` for a webinar that is over or cancelled."""
    if webinar.cancelled_at:
        raise SpecError(message("This webinar is cancelled."))
    if webinar.is_over:
        raise SpecError(message("This webinar is over."))


def _title(words: str) -> str:
    title = line(words)
    if not 1 <= len(title) <= 200:
        raise SpecError(message("The title must be one line of 1 to 200 characters."))
    return title


def _moment(starts: str, there: ZoneInfo) -> datetime:
    """A time to come on the clock of a zone, or with an offset of its own."""
    with contextlib.suppress(ValueError):
        date.fromisoformat(starts)
        raise SpecError(message("{starts!r:s} is a day without a time.", starts=starts), hint=f"Write it as {starts}T17:00.")
    try:
        when = datetime.fromisoformat(starts)
    except ValueError:
        raise SpecError(message("{starts!r:s} is no time.", starts=starts), hint="Write it as 2026-12-03T17:00.") from None
    if when.tzinfo is None:
        early, late = (when.replace(tzinfo=there, fold=fold) for fold in (0, 1))
        # An hour that the clocks leave out at the beginning of summer comes back as another one.
        if early.astimezone(UTC).astimezone(there).replace(tzinfo=None) != when:
            missing = message("{starts:s} does not exist in {zone:s}: the clocks go forward.", starts=starts, zone=there.key)
            raise SpecError(missing, hint="Take another hour.")
        if early.utcoffset() != late.utcoffset():
            hint = f"Write which: {early.isoformat()} or {late.isoformat()}."
            raise SpecError(
                message("{starts:s} comes twice in {zone:s}: the clocks go back.", starts=starts, zone=there.key), hint=hint
            )
        when = early
    return when


def _host(name: str | None) -> Host | None:
    """A host by name, or the only one; None as long as there is none: the first host gets the webinars made before."""
    if name is None:
        hosts = list(Host.objects.filter(is_active=True)[:2])
        if len(hosts) > 1:
            raise SpecError("whose webinar is it?", hint="Name the host with --host.")
        return hosts[0] if hosts else None
    return named(name)


def page_of(page: str) -> Webinar:
    """The webinar of a page, by its address or the last part of it.

    Raises:
        SpecError: where there is none, with the nearest.
    """
    slug = page.rstrip("/").rpartition("/")[2]
    found = Webinar.objects.filter(slug=slug).first()
    if found is None:
        known = Webinar.objects.values_list("slug", flat=True)
        raise SpecError(f"there is no webinar {slug!r}.", hint=did_you_mean(slug, known))
    return found


def sessions(webinar: Webinar) -> QuerySet[Webinar]:
    """Sessions of one webinar that are still ahead, itself among them."""
    same = Q(series=webinar.series) if webinar.series else Q(id=webinar.id)
    return Webinar.objects.filter(same, starts__gt=timezone.now(), cancelled_at=None).order_by("starts")


def with_counts() -> QuerySet[Webinar]:
    """Every webinar with the number of its registrations under the name of each state, and of links that are shared."""
    states = {state.value: Count("registrations", filter=Q(registrations__state=state.value)) for state in Registration.State}
    shared = Count("registrations", filter=Q(registrations__shared__isnull=False))
    return Webinar.objects.annotate(**states, shared=shared)


def coming_and_over(webinars: Iterable[Webinar]) -> tuple[list[Webinar], list[Webinar]]:
    """Webinars that are not over, the nearest first, and those that are, the latest first."""
    found = sorted(webinars, key=lambda webinar: (webinar.starts, webinar.id))
    return [one for one in found if not one.is_over], [one for one in reversed(found) if one.is_over]


def coming_strategies() -> set[str]:
    """Strategies of webinars that are not over."""
    return {webinar.strategy for webinar in Webinar.objects.all() if not webinar.is_over}


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
        "cancelled": webinar.cancelled_at and webinar.cancelled_at.isoformat(),
        "url": config.base_url + reverse("webinar", args=[webinar.slug]),
        **({"registrations": counts} if counts else {}),
    }
