"""From a sign-up to a seat. Every change is one transaction, and writes its mail with itself."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from toolkit.web.gate import consent, mail, tokens
from toolkit.web.models import Consent, Outbox, Registration, Session, Survey, Token, Webinar
from toolkit.web.operations import audit, journal, webhook
from toolkit.web.writing import together, writing

State = Registration.State
NOTHING = "noop"
AGAIN, TWICE = timedelta(minutes=10), timedelta(minutes=1)
"""Between two mails that only repeat a link, and between two that confirm an address: a button is pressed twice at once."""
SESSIONS = 3
"""Of one registration; the oldest ends."""
TOLD = (*Registration.ENTERS, State.WAITLISTED)
"""Who is told of changes of a webinar: the address is confirmed."""
LIVING = (State.PENDING, *TOLD)
UNCONFIRMED = (State.PENDING, State.CANCELLED)
"""What the next sign-up of the address replaces: nobody has confirmed it, or its visitor has taken it back."""
ENTERED = ("name", "company", "language", "source", "answers")
"""What a visitor enters beside the address."""
WEBHOOK = "webhook"


@writing
def register(new: Registration, shown: dict[str, str], *, marketing: bool, shown_at: str, refused: bool = False) -> None:
    """Store a sign-up and its mail.

    Whoever asked learns nothing about the address, by the time it takes either: each address costs the same number of
    statements, and a sign-up that is refused costs them too and is rolled back.

    Args:
        new: Not yet stored.
        shown: Consent texts by purpose.
        marketing: Whether the box for news was ticked.
        shown_at: Path of the form, or origin of the site that it stood on.
        refused: Whether nothing may come of it: a limit is exceeded, or a robot filled the form.
    """
    with transaction.atomic():
        Registration.objects.bulk_create([new], ignore_conflicts=True)
        if new.webinar.gives_replay:  # who waited for a seat confirmed the address
            waited = Registration.objects.filter(webinar=new.webinar, email=new.email, state=State.WAITLISTED)
            waited.update(state=State.REPLAY)
        there = Registration.objects.select_for_update().only("id", "state")
        registration = there.get(webinar=new.webinar, email=new.email)
        registration.webinar, entered = new.webinar, {name: getattr(new, name) for name in ENTERED}
        Registration.objects.filter(id=registration.id, state__in=UNCONFIRMED).update(state=State.PENDING, **entered)
        texts = consent.stored(shown, new.language)
        if registration.id == new.id or registration.state == State.CANCELLED:
            consent.record(registration, texts, marketing=marketing, shown_at=shown_at)
            Outbox.objects.create(kind="confirm", registration=registration)
        else:
            tell_again(registration)
        transaction.set_rollback(refused)
    if refused:
        Outbox.objects.create(kind=NOTHING)


@writing
def resend(webinar: Webinar, email: str, *, refused: bool = False) -> None:
    """Send the mail of a registration again, where there is one.

    Args:
        webinar: Of the page that was asked.
        email: Checked before.
        refused: Whether nothing may come of it.
    """
    there = Registration.objects.select_for_update(of=("self",)).select_related("webinar")
    found = there.filter(webinar=webinar, email=email.lower()).first()
    tell_again(None if refused else found)


@writing
def tell_again(registration: Registration | None) -> None:
    """The mail that fits the state, and none where there is no registration; each again after `AGAIN`, or `TWICE`, alone.

    Args:
        registration: Its row locked: of two at once the second finds what the first has written.
    """
    kinds: dict[State, str] = {
        State.PENDING: "confirm",
        State.WAITLISTED: "waitlist",
        **dict.fromkeys(Registration.ENTERS, "link"),
    }
    if registration is not None and registration.webinar.cancelled_at:
        kinds = dict.fromkeys(TOLD, "cancellation")
    kind = NOTHING if registration is None else kinds.get(State(registration.state), NOTHING)
    told = Outbox.objects.filter(registration=registration, kind=kind, failed=None)  # one that was refused has told nobody
    recent = told.filter(created__gt=timezone.now() - (TWICE if kind == "confirm" else AGAIN)).exists()
    Outbox.objects.create(kind=NOTHING if recent else kind, registration=registration)


@writing
def confirm(secret: str) -> tuple[str, Registration | None]:
    """Confirm an address by the secret that was sent to it.

    Returns:
        ``confirmed``, ``waitlisted``, ``replay``, ``already``, ``expired``, ``webinar_cancelled`` or ``invalid``, and whose it
        was; of an address that takes the place of another one ``corrected``, ``taken`` or ``expired``.
    """
    token = tokens.find("confirm", secret)
    if token is None or token.registration is None:
        return "invalid", None
    webinar = Webinar.objects.select_for_update().get(id=token.registration.webinar_id)
    registration = Registration.objects.select_related("webinar").get(id=token.registration_id)
    if registration.state not in LIVING:
        return "invalid", None
    if webinar.cancelled_at:
        return "webinar_cancelled", registration
    if token.email or registration.state != State.PENDING:
        return _readdress(token, registration, webinar) if token.email else "already", registration
    now = timezone.now()
    # Of two requests with one secret the second finds it used.
    if not Token.objects.filter(digest=token.digest, used=None, expires__gt=now).update(used=now):
        return "expired", registration
    registration.confirmed = now
    has_seat = not webinar.is_over and not webinar.approval and seats_left(webinar) > 0
    registration.state = State.REPLAY if webinar.gives_replay else State.CONFIRMED if has_seat else State.WAITLISTED
    registration.save(update_fields=["confirmed", "state"])
    registration.consents.filter(confirmed=None).update(confirmed=now)  # type: ignore[attr-defined]
    if registration.state == State.CONFIRMED:
        _give_seat(registration, webinar)
    else:
        Outbox.objects.create(kind="link" if registration.state == State.REPLAY else "waitlist", registration=registration)
        _hook(registration, webinar, registration.state)
    return registration.state, registration


def _readdress(token: Token, registration: Registration, webinar: Webinar) -> str:
    """Put the confirmed address of a token in place of the registration's: what was sent to the former one opens no room."""
    now, before = timezone.now(), registration.email
    if before == token.email:  # the button was pressed twice
        return "corrected"
    if token.used or token.expires <= now:
        return "expired"
    if Registration.objects.filter(webinar=webinar, email=token.email).exists():
        return "taken"
    Token.objects.filter(digest=token.digest).update(used=now)
    Registration.objects.filter(id=registration.id).update(email=token.email)
    registration.email = token.email
    registration.consents.filter(given=True, withdrawn=None).update(confirmed=now)  # type: ignore[attr-defined]
    Outbox.objects.create(kind="corrected", registration=registration, data={"email": before})
    _hook(registration, webinar, "corrected")
    audit.record(audit.VISITOR, "correct", registration.id)
    renew(registration)
    return "corrected"


@writing
def correct(registration: Registration, email: str, *, refused: bool, actor: str = audit.VISITOR, **words: str) -> bool:
    """Change name and company at once, and the address once a mail to it was answered; whether such a mail was asked for.

    Args:
        registration: That has a seat or waits.
        email: The address from now on, in lower case.
        refused: Whether no mail may come of it, as a limit is exceeded.
        actor: For the audit log.
        words: `name` and `company`.
    """
    if any(getattr(registration, name) != value for name, value in words.items()):
        Registration.objects.filter(id=registration.id).update(**words)
        _hook(registration, registration.webinar, "corrected")
        audit.record(actor, "correct", registration.id)
    if email == registration.email:
        return False
    Registration.objects.select_for_update().get(id=registration.id)
    asked = Outbox.objects.filter(registration=registration, kind="correct", created__gt=timezone.now() - TWICE)
    kind = NOTHING if refused or any(row.data["email"] == email for row in asked) else "correct"
    Outbox.objects.create(kind=kind, registration=registration, data={"email": email})
    return True


@writing
def answer_survey(registration: Registration, rating: int, comment: str) -> None:
    """Store what an attendee thought of a webinar, in place of an earlier answer.

    Args:
        registration: Whose.
        rating: 1 to 5.
        comment: In words.
    """
    new = {"rating": rating, "comment": comment, "at": timezone.now()}
    Survey.objects.update_or_create(registration=registration, defaults=new)
    webhook.notify(registration.webinar, "survey.answered", registration.id)


@writing
def renew(registration: Registration) -> bool:
    """End the personal link and its sessions, and send a new one; the seat, or the place on the waiting list, stays."""
    held = Registration.objects.filter(id=registration.id, state__in=TOLD)
    if not held.update(link_version=F("link_version") + 1, shared=None):
        return False
    journal.note(journal.RENEWED, registration.id)
    Session.objects.filter(registration=registration).delete()
    kind = "link" if registration.state in Registration.ENTERS else "waitlist"
    Outbox.objects.create(kind=kind, registration=registration)
    return True


def _give_seat(registration: Registration, webinar: Webinar, **about: bool) -> None:
    """The mail with the personal link, and reminders that are still ahead.

    Args:
        registration: Whose seat it is.
        webinar: Of the seat.
        about: `waited` of who gets a seat that came free.
    """
    Outbox.objects.create(kind="link", registration=registration, data=about)
    Outbox.objects.bulk_create(_reminders(registration, webinar))
    _hook(registration, webinar, State.CONFIRMED)


def _reminders(registration: Registration, webinar: Webinar) -> list[Outbox]:
    soon = timezone.now() + AGAIN
    dues = {kind: webinar.starts - before for kind, before in mail.REMINDERS.items()}
    return [Outbox(kind=kind, registration=registration, due=due) for kind, due in dues.items() if due > soon]


def tell_new_time(webinar: Webinar, before: datetime) -> None:
    """One mail to each who has a seat or waits, and the reminders of the new time.

    Of several changes before a mail is sent the last is told, and none that was taken back.

    Args:
        webinar: Stored, its row locked.
        before: Its start until now.
    """
    waiting, after = Outbox.objects.filter(registration__webinar=webinar, sent=None, failed=None), webinar.starts.isoformat()
    untold = waiting.filter(kind="moved", lease=None)
    known = {row.registration_id: row.data["before"] for row in untold}
    untold.delete()
    waiting.filter(kind__in=mail.REMINDERS).delete()
    rows: list[Outbox] = []
    for one in Registration.objects.filter(webinar=webinar, state__in=TOLD):
        data = {"before": known.get(one.id, before.isoformat()), "after": after}
        rows += [Outbox(kind="moved", registration=one, data=data)] if data["before"] != after else []
        rows += _reminders(one, webinar) if one.state == State.CONFIRMED else []
    Outbox.objects.bulk_create(rows)


def tell_cancelled(webinar: Webinar) -> None:
    """One mail to each who has a seat or waits; those that waited to be sent are true no more."""
    told = Registration.objects.filter(webinar=webinar, state__in=TOLD)
    Outbox.objects.bulk_create(Outbox(kind="cancellation", registration=one) for one in told)


def _hook(registration: Registration, webinar: Webinar, event: str) -> None:
    """The webhook of a change."""
    gone = event == journal.ERASED
    webhook.notify(webinar, event, None if gone else registration.id, registration=str(registration.id))


def seats_left(webinar: Webinar) -> int:
    """Seats that nobody has; exact under the lock of the webinar's row."""
    return webinar.capacity - Registration.objects.filter(webinar=webinar, state=State.CONFIRMED).count()


@writing
def cancel(registration: Registration, *, state: Registration.State = State.CANCELLED) -> bool:
    """Give a seat back: its link and its sessions end, and the first of the waiting list gets it.

    Args:
        registration: Of a pending, waiting or confirmed visitor; nothing happens to others.
        state: ``cancelled`` by the visitor or ``revoked`` by the host.
    """
    webinar = Webinar.objects.select_for_update().get(id=registration.webinar_id)
    changed = Registration.objects.filter(id=registration.id, state__in=LIVING).update(
        state=state, link_version=F("link_version") + 1
    )
    if not changed:
        return False
    journal.note(state, registration.id)
    Session.objects.filter(registration=registration).delete()
    Token.objects.filter(registration=registration).delete()
    Outbox.objects.filter(registration=registration, kind__in=mail.REMINDERS, sent=None).delete()
    Outbox.objects.create(kind="cancelled" if state == State.CANCELLED else NOTHING, registration=registration)
    _hook(registration, webinar, state)
    move_up(webinar)
    return True


def erase(registration: Registration) -> None:
    """Delete everything of a registration: its row with all that hangs on it, mails that wait, and mails that are files."""
    _erase(registration)
    forget()


@writing
def _erase(registration: Registration) -> None:
    webinar = Webinar.objects.select_for_update().get(id=registration.webinar_id)
    journal.note(journal.ERASED, registration.id)
    _hook(registration, webinar, journal.ERASED)
    Registration.objects.filter(id=registration.id).delete()
    move_up(webinar)


def forget() -> None:
    """Take deleted rows from files too: mails of the embedded portal, and the log of SQLite, which `secure_delete` leaves."""
    mail.sweep()
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@writing
def withdraw(registration: uuid.UUID) -> None:
    """Take back the consent to news of the address of a registration, at every webinar.

    Args:
        registration: Its id; nothing happens where it is deleted.
    """
    found = Registration.objects.filter(id=registration).first()
    if found is None:
        return
    given = Consent.objects.filter(registration__email=found.email, text__purpose=consent.MARKETING, given=True, withdrawn=None)
    if given.update(withdrawn=timezone.now()):
        journal.note(journal.WITHDRAWN, registration)
        audit.record(audit.VISITOR, "withdraw", registration)
    Outbox.objects.filter(registration__email=found.email, kind="news", sent=None).delete()


def move_up(webinar: Webinar) -> None:
    """Give free seats to the waiting list, in the order of confirmation, until the webinar is over."""
    if webinar.is_over or webinar.approval:
        return
    waiting = Registration.objects.filter(webinar=webinar, state=State.WAITLISTED).order_by("confirmed", "id")
    for registration in waiting[: max(seats_left(webinar), 0)]:
        Registration.objects.filter(id=registration.id).update(state=State.CONFIRMED)
        _give_seat(registration, webinar, waited=True)


@writing
def admit(registration: Registration) -> bool:
    """Give a seat to who waits, whatever the order; False where there is none, or nobody waits."""
    webinar = Webinar.objects.select_for_update().get(id=registration.webinar_id)
    waits = Registration.objects.filter(id=registration.id, state=State.WAITLISTED)
    if webinar.is_over or seats_left(webinar) <= 0 or not waits.update(state=State.CONFIRMED):
        return False
    _give_seat(registration, webinar)
    return True


@together
def import_registrations(new: list[Registration], shown: dict[str, str], shown_at: str) -> None:
    """Store registrations that a host brings: each counts once its address has confirmed it, and none agrees to news.

    Args:
        new: Not yet stored.
        shown: Consent texts by purpose, which the mail says.
        shown_at: Path of the form.
    """
    for one in new:
        register(one, shown, marketing=False, shown_at=shown_at)


def enter(secret: str) -> Registration | None:
    """The registration of a personal link that opens the room."""
    found = tokens.follow(secret, tokens.ACCESS)
    return found if found is not None and found.state in Registration.ENTERS else None


@writing
def end_oldest_sessions(registration: Registration) -> None:
    """Leave the newest sessions of a registration; where there were more, its host is told once that the link is shared."""
    newest = Session.unexpired().filter(registration=registration).order_by("-expire_date")
    oldest = list(newest.values_list("session_key", flat=True)[SESSIONS:])
    Session.objects.filter(session_key__in=oldest).delete()
    if oldest and Registration.objects.filter(id=registration.id, shared=None).update(shared=timezone.now()):
        audit.record(audit.VISITOR, "link shared", registration.id)
