"""What follows a webinar: a mail to each who had a seat, another one to those who were not there."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from toolkit.web.models import Outbox, Registration, Webinar
from toolkit.web.operations import webhook
from toolkit.web.room.attendance import attendance
from toolkit.web.writing import writing

PAUSE, LATEST = timedelta(minutes=30), timedelta(days=1)
"""After the end: a webinar may run late, and a mail that was missed is not sent much later."""


@writing
def follow_up() -> None:
    """Write the mails and webhooks of the webinars that have ended, once each."""
    now = timezone.now()
    ended = Webinar.objects.select_for_update(skip_locked=True).filter(followed_up=None, cancelled_at=None)
    for webinar in ended.filter(starts__range=(now - 3 * LATEST, now - PAUSE)):
        if not webinar.ends + PAUSE < now < webinar.ends + LATEST:
            continue
        Webinar.objects.filter(id=webinar.id).update(followed_up=now)
        there = {one.registration.id: round(one.minutes, 1) for one in attendance(webinar)}
        seated = Registration.objects.filter(webinar=webinar, state=Registration.State.CONFIRMED)
        for one in seated:
            if webinar.follow_up:
                Outbox.objects.create(kind="thanks" if one.id in there else "missed", registration=one)
            webhook.notify(webinar, "attended" if one.id in there else "missed", one.id, minutes=there.get(one.id, 0.0))
