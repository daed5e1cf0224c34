"""From a sign-up to a seat. Every change is one transaction, and writes its mail with itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from toolkit.web.gate import consent, tokens
from toolkit.web.models import Outbox, Registration, Session, Token, Webinar
from toolkit.web.writing import writing

State = Registration.State
NOTHING = "noop"
AGAIN = timedelta(minutes=10)
"""Between two mails that only repeat a link."""
SESSIONS = 3
"""Of one registration; the oldest ends."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """What a visitor sends.

    Attributes:
        email: As the visitor wrote it, checked.
        shown: Consent texts by purpose.
        shown_at: Path of the form.
        refused: Whether nothing may come of it: a limit is exceeded, or a robot filled the form.
    """

    email: str
    name: str
    company: str
    language: str
    marketing: bool
    shown: dict[str, str]
    shown_at: str
    source: str = ""
    refused: bool = False


@writing
def register(webinar: Webinar, sign_up: SignUp) -> None:
    """Store a sign-up and its mail. Whoever asked learns nothing about the address: only the mail differs."""
    if sign_up.refused:
        Outbox.objects.create(kind=NOTHING)
        return
    registration, is_new = Registration.objects.get_or_create(
        webinar=webinar,
        email=sign_up.email.lower(),
        defaults={
            "name": sign_up.name,
            "company": sign_up.company,
            "language": sign_up.language,
            "source": sign_up.source,
        },
    )
    if registration.state == State.CANCELLED:
        registration.state = State.PENDING
        registration.save(update_fields=["state"])
        is_new = True
    if is_new:
        consent.record(registration, sign_up.shown, marketing=sign_up.marketing, shown_at=sign_up.shown_at)
        Outbox.objects.create(kind="confirm", registration=registration)
    else:
        _tell_again(registration)


@writing
def resend(webinar: Webinar, email: str, *, refused: bool = False) -> None:
    """Send the mail of a registration again, where there is one.

    Args:
        webinar: Of the page that was asked.
        email: Checked before.
        refused: Whether nothing may come of it.
    """
    found = None if refused else Registration.objects.filter(webinar=webinar, email=email.lower()).first()
    if found is None:
        Outbox.objects.create(kind=NOTHING)
    else:
        _tell_again(found)


@writing
def remind(registration: Registration) -> None:
    """Send the mail of a registration again, because its host asks for it."""
    _tell_again(registration)


def _tell_again(registration: Registration) -> None:
    """The mail that fits the state; a confirmed address gets its link at most every ten minutes."""
    kinds = {State.PENDING: "confirm", State.CONFIRMED: "link", State.WAITLISTED: "waitlist"}
    kind = kinds.get(State(registration.state), NOTHING)
    recent = Outbox.objects.filter(registration=registration, kind=kind, created__gt=timezone.now() - AGAIN).exists()
    Outbox.objects.create(kind=NOTHING if recent and kind != "confirm" else kind, registration=registration)


@writing
def confirm(secret: str) -> tuple[str, Registration | None]:
    """Confirm an address by the secret that was sent to it.

    Returns:
        ``confirmed``, ``waitlisted``, ``already``, ``expired`` or ``invalid``, and whose it was.
    """
    token = tokens.find("confirm", secret)
    if token is None or token.registration is None:
        return "invalid", None
    webinar = Webinar.objects.select_for_update().get(id=token.registration.webinar_id)
    registration = Registration.objects.select_related("webinar").get(id=token.registration_id)
    if registration.state not in (State.PENDING, State.CONFIRMED, State.WAITLISTED):
        return "invalid", None
    if registration.state != State.PENDING:
        return "already", registration
    now = timezone.now()
    # Of two requests with one secret the second finds it used.
    if not Token.objects.filter(digest=token.digest, used=None, expires__gt=now).update(used=now):
        return "expired", registration
    registration.confirmed = now
    registration.state = State.CONFIRMED if seats_left(webinar) > 0 else State.WAITLISTED
    registration.save(update_fields=["confirmed", "state"])
    registration.consents.filter(confirmed=None).update(confirmed=now)  # type: ignore[attr-defined]
    Outbox.objects.create(kind="link" if registration.state == State.CONFIRMED else "waitlist", registration=registration)
    return registration.state, registration


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
    living = (State.PENDING, State.CONFIRMED, State.WAITLISTED)
    changed = Registration.objects.filter(id=registration.id, state__in=living).update(
        state=state, link_version=F("link_version") + 1
    )
    if not changed:
        return False
    Session.objects.filter(registration=registration).delete()
    Token.objects.filter(registration=registration).delete()
    Outbox.objects.create(kind="cancelled" if state == State.CANCELLED else NOTHING, registration=registration)
    _move_up(webinar)
    return True


def _move_up(webinar: Webinar) -> None:
    """Give free seats to the waiting list, in the order of confirmation."""
    waiting = Registration.objects.filter(webinar=webinar, state=State.WAITLISTED).order_by("confirmed", "id")
    for registration in waiting[: max(seats_left(webinar), 0)]:
        Registration.objects.filter(id=registration.id).update(state=State.CONFIRMED)
        Outbox.objects.create(kind="link", registration=registration)


def enter(secret: str) -> Registration | None:
    """The registration of a personal link that has a seat."""
    found = tokens.follow(secret, tokens.ACCESS)
    return found if found is not None and found.state == State.CONFIRMED else None


@writing
def end_oldest_sessions(registration: Registration) -> None:
    """Leave the newest sessions of a registration."""
    newest = Session.objects.filter(registration=registration).order_by("-expire_date").values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(newest[SESSIONS:])).delete()
