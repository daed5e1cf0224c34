"""Deletion of what is no longer needed, a class of data at a time; each table with personal data is in one class."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import Q, QuerySet
from django.utils import timezone

from toolkit.web.gate import limits, registering
from toolkit.web.models import Outbox, Registration, Session, Token, Webinar
from toolkit.web.writing import writing

UNCONFIRMED = timedelta(days=7)
ATTENDEES = timedelta(days=90)
SENT = timedelta(days=7)
LOGINS = timedelta(days=30)
"""How long an unconfirmed address, a visitor after the webinar, a row of a mail that was sent, and a failed login are kept."""


def due() -> dict[str, QuerySet]:
    """Class -> rows that are due; what hangs on a registration goes with it."""
    now = timezone.now()
    past = [webinar.id for webinar in Webinar.objects.filter(starts__lt=now - ATTENDEES) if webinar.ends < now - ATTENDEES]
    pending = Q(state=Registration.State.PENDING, created__lt=now - UNCONFIRMED)
    return {
        "registrations": Registration.objects.filter(pending | Q(webinar__in=past)),
        "sessions": Session.objects.filter(expire_date__lt=now),
        "tokens": Token.objects.filter(expires__lt=now - UNCONFIRMED),
        "outbox": Outbox.objects.filter(Q(sent__lt=now - SENT) | Q(failed__lt=now - SENT)),
        "failed_logins": AccessAttempt.objects.filter(attempt_time__lt=now - LOGINS),
        "failure_log": AccessFailureLog.objects.filter(attempt_time__lt=now - LOGINS),
        "login_log": AccessLog.objects.filter(attempt_time__lt=now - LOGINS),
    }


def purge(*, dry_run: bool = False) -> dict[str, int]:
    """Delete what is due, and return how many rows of each class.

    Args:
        dry_run: Count alone.
    """
    if dry_run:
        return {name: rows.count() for name, rows in due().items()}
    counts = _delete()
    if any(counts.values()):
        registering.forget()
    return counts


@writing
def _delete() -> dict[str, int]:
    counts = {}
    for name, rows in due().items():
        counts[name] = rows.count()
        rows.delete()
    return {**counts, "counters": limits.prune()}
