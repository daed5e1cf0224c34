"""Sending what stands in the outbox: at least once, with leases that outlive no killed process."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import Error, close_old_connections, connections
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from toolkit.web.gate import limits
from toolkit.web.gate.follow_up import follow_up
from toolkit.web.gate.mail import FITS, REMINDERS, compose
from toolkit.web.gate.registering import NOTHING, WEBHOOK
from toolkit.web.gate.retention import Keeper
from toolkit.web.models import Outbox, Registration
from toolkit.web.operations import webhook
from toolkit.web.writing import Busy, together, writing

LEASE = timedelta(minutes=2)
ROWS_OF_CLAIM = 20
"""Rows of one claim: they are sent well within a lease."""
HOOKS = 5
"""Webhooks of one claim: each takes `toolkit.web.operations.webhook.WEBHOOK_SECONDS` at most."""
PURGE = 3600.0
"""Seconds between two deletions of what is no longer needed."""
FOLLOW = 60.0
"""The same for webinars that have ended."""
LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25), timedelta(hours=2))
"""Waits before a mail is tried again; the last repeats."""
TRIES_OF_MAIL = 8
SOON = timedelta(seconds=30)
"""A mail that is due later than this after it was written was put off."""
log = structlog.get_logger("outbox")


@writing
def claim(*, webhooks: bool = False) -> list[Outbox]:
    """Rows that are due, leased to this caller: no other gets them until the lease ends."""
    now = timezone.now()
    due = Outbox.objects.filter(Q(lease=None) | Q(lease__lt=now), sent=None, failed=None, due__lte=now).order_by("due", "id")
    due = due.filter(kind=WEBHOOK) if webhooks else due.exclude(kind=WEBHOOK)
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("registration__webinar", "webinar")
    rows = list(locked[: HOOKS if webhooks else ROWS_OF_CLAIM])
    Outbox.objects.filter(id__in=[row.id for row in rows]).update(lease=now + LEASE)
    return rows


@writing
def _sent(row: Outbox) -> None:
    Outbox.objects.filter(id=row.id).update(sent=timezone.now(), lease=None)


@writing
def _not_sent(row: Outbox, *, final: bool) -> None:
    tries, now = row.tries + 1, timezone.now()
    final = final or tries >= TRIES_OF_MAIL
    wait = LATER[min(tries, len(LATER)) - 1]
    Outbox.objects.filter(id=row.id).update(tries=tries, lease=None, due=now + wait, failed=now if final else None)


@writing
def _postpone(row: Outbox, *, due: datetime) -> None:
    Outbox.objects.filter(id=row.id).update(lease=None, due=due)


def send_due() -> int:
    """Send what is due, and return how many mails the server took."""
    rows = claim()
    if not rows:
        return 0
    connection, taken = get_connection(), 0
    try:
        connection.open()
    except OSError as error:  # no mail is at fault: each waits, and goes within a minute of the server's return
        log.warning("outbox.unreachable", rows=len(rows), error=type(error).__name__)
        connection.close()
        for row in rows:
            _postpone(row, due=timezone.now() + LATER[0])
        return 0
    for row in rows:
        taken += _send(row, connection)
    connection.close()
    return taken


def call_due() -> int:
    """Send the webhooks that are due, and return how many were taken."""
    taken = 0
    for row in claim(webhooks=True):
        try:
            webhook.send(row)
        except webhook.NotTaken as error:
            log.warning("webhook.not_taken", row=row.id, reason=str(error))
            _not_sent(row, final=False)
        else:
            _sent(row)
            taken += 1
    return taken


def last_mail() -> Subquery:
    """Of each registration: ``refused`` or ``waits`` where its last mail was not taken, else empty or None."""
    put_off = Q(due__gt=F("created") + SOON) & ~Q(kind__in=REMINDERS)  # the mail server could not be reached
    tried = Outbox.objects.filter(Q(tries__gt=0) | Q(sent__isnull=False) | put_off, registration=OuterRef("pk"))
    mails = tried.exclude(kind__in=(NOTHING, WEBHOOK)).order_by(Coalesce("sent", "failed", "due").desc(), "-id")
    fate = Case(When(sent__isnull=False, then=Value("")), When(failed=None, then=Value("waits")), default=Value("refused"))
    return Subquery(mails.values(fate=fate)[:1])


def _fits(row: Outbox, registration: Registration, now: datetime) -> bool:
    """Whether a mail is still true: of the state, and of a reminder that no later one is due and nothing has begun."""
    webinar = row.webinar or registration.webinar
    if registration.state not in FITS.get(row.kind, Registration.State.values):
        return False
    if webinar.cancelled_at and row.kind not in ("cancellation", "cancelled"):
        return False
    if row.kind == "moved":
        return row.data["after"] == webinar.starts.isoformat()
    if row.kind not in REMINDERS:
        return True
    later = [before for before in REMINDERS.values() if before < REMINDERS[row.kind]]
    return now < webinar.starts - max(later, default=timedelta(0))


@together
def _message(row: Outbox) -> EmailMessage | None:
    """The mail of a row; None where it is no longer true, or not yet due: the row then says so."""
    now, stored = timezone.now(), Outbox.objects.select_related("registration__webinar", "webinar")
    row = stored.filter(id=row.id).first() or Outbox(id=row.id, kind=NOTHING)  # it may have been erased since it was claimed
    registration = row.registration
    if row.kind == NOTHING or registration is None or not _fits(row, registration, now):
        _sent(row)
        return None
    if row.kind in REMINDERS and (due := registration.webinar.starts - REMINDERS[row.kind]) > now:
        _postpone(row, due=due)  # the webinar was put off
        return None
    if row.kind in ("confirm", "correct") and row.tries == 0 and limits.exceeded([(limits.CONFIRMATIONS, "")]):
        log.error("outbox.confirmations_exceeded", row=row.id)
        _not_sent(row, final=False)
        return None
    return compose(row, registration)


def _send(row: Outbox, connection: BaseEmailBackend) -> bool:
    message = _message(row)
    if message is None:
        return False
    try:
        connection.open()
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=0)
        log.warning("outbox.refused", row=row.id, registration=str(row.registration_id), code=code)
        _not_sent(row, final=code >= 500)
        return False
    except OSError as error:  # smtplib's errors, TLS and timeouts are of this kind
        log.warning("outbox.unreachable", row=row.id, error=type(error).__name__)
        connection.close()
        _not_sent(row, final=False)
        return False
    _sent(row)
    return True


class Worker:
    """A thread that does what is due until it is stopped.

    Args:
        name: Of the thread.
        work: Whether there is more to do at once.
        every: Seconds between two looks.
    """

    def __init__(self, name: str, work: Callable[[], bool], every: float) -> None:
        self._ending = threading.Event()
        self._once, self._every = work, every
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand."""
        self._ending.set()
        self._thread.join()

    def _work(self) -> None:
        away = False
        while not self._ending.is_set():
            close_old_connections()
            try:
                more, away = self._once(), False
            except (Error, Busy) as error:  # the database is away, which is said once: all is looked at again
                if not away:
                    log.warning("outbox.no_database", error=repr(error))
                connections.close_all()
                more, away = False, True
            except Exception:  # whatever it is must not end mail for good: it is in the log, and tried again
                log.exception("outbox.failed")
                more = False
            if not more:
                self._ending.wait(self._every)
        connections.close_all()


def workers(every: float) -> list[Worker]:
    """The threads of a portal, which look every so many seconds: mails with the deletion of what is past, and webhooks."""
    looked, followed, keeper = -PURGE, -FOLLOW, Keeper()

    def mails() -> bool:
        nonlocal looked, followed
        if time.monotonic() - followed >= FOLLOW:
            followed = time.monotonic()
            follow_up()
        if time.monotonic() - looked >= PURGE:
            looked = time.monotonic()
            keeper.look()
        return send_due() == ROWS_OF_CLAIM

    return [Worker("outbox", mails, every), Worker("webhooks", lambda: call_due() == HOOKS, every)]
