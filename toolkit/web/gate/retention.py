"""Deletion of what is no longer needed: unconfirmed addresses, visitors of past webinars, ended sessions and used secrets."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from toolkit.web.gate import limits
from toolkit.web.models import Outbox, Registration, Session, Token, Webinar
from toolkit.web.writing import writing

UNCONFIRMED = timedelta(days=7)
ATTENDEES = timedelta(days=90)
SENT = timedelta(days=7)
"""How long an unconfirmed address, a visitor after the webinar, and a row of a mail that was sent are kept."""


@writing
def purge() -> dict[str, int]:
    """Delete what is due, and return how many rows of each table."""
    now = timezone.now()
    past = [webinar.id for webinar in Webinar.objects.filter(starts__lt=now - ATTENDEES) if webinar.ends < now - ATTENDEES]
    pending = Q(state=Registration.State.PENDING, created__lt=now - UNCONFIRMED)
    due = {
        "registrations": Registration.objects.filter(pending | Q(webinar__in=past)),
        "sessions": Session.objects.filter(expire_date__lt=now),
        "tokens": Token.objects.filter(expires__lt=now - UNCONFIRMED),
        "outbox": Outbox.objects.filter(Q(sent__lt=now - SENT) | Q(failed__lt=now - SENT)),
    }
    counts = {}
    for name, rows in due.items():
        counts[name] = rows.count()
        rows.delete()
    return {**counts, "counters": limits.prune()}
