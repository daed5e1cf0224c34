"""Mails: what each says, and the folder that keeps them where no mail server is configured."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import engines
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from toolkit.report.i18n.language import Language
from toolkit.web.gate import consent, tokens
from toolkit.web.gate.calendar import calendar
from toolkit.web.models import Outbox, Registration, Webinar
from toolkit.web.room.models import Question
from toolkit.web.words import language, moment

REMINDERS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minutes": timedelta(minutes=5)}
"""Kind of a reminder -> how long before the start."""
SEATED = ("confirmed",)
OWN_WORDS = ("link", *REMINDERS, "thanks", "missed")
"""Kinds whose subject and text a host may write."""
IMPORT = "import"
"""Source of registrations that a host has brought."""
CORRECTIONS, AFTERWARDS = ("correct", "corrected"), ("thanks", "missed", "answer")
TITLE_LENGTH = 60
"""Characters of a title in a subject: mail programs show little more."""
CHANGES = ("moved", "cancellation")
"""Kinds whose calendar file replaces the first, which comes with the seat."""
FITS = {
    "confirm": ("pending",),
    "link": Registration.ENTERS,
    "waitlist": ("waitlisted",),
    "correct": (*Registration.ENTERS, "waitlisted"),
    **dict.fromkeys((*REMINDERS, "thanks", "missed"), SEATED),
    **dict.fromkeys(CHANGES, (*SEATED, "waitlisted")),
}
"""Kind of a mail -> states of a registration that it is true of: the state may change before it is sent."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says.

    Attributes:
        subject: Before the title of the webinar; never a visitor's words.
        lines: Paragraphs.
        link: Address and words of the one button; None without one.
        note: Below it.
    """

    subject: str
    lines: Sequence[str]
    link: tuple[str, str] | None
    note: str = ""


def letter(row: Outbox, registration: Registration, say: Language) -> Letter:
    """The letter of an outbox row, in the host's own words of its language between title and link where there are any.

    Those of the mail with the seat are of the time before the end.

    Args:
        row: What is to be sent.
        registration: To whom.
        say: In which language.
    """
    found, webinar = _letter(row, registration, say), registration.webinar
    of_seat_afterwards = row.kind == "link" and webinar.is_over
    own = {} if of_seat_afterwards else webinar.mails.get(say.code, {}).get(row.kind, {})
    text = [line for line in own.get("text", "").splitlines() if line.strip()]
    came_free = [say.words("A seat came free, and it is yours.")] if row.data.get("waited") else []
    lines = [found.lines[0], *came_free, *(text or found.lines[1:])]
    return replace(found, subject=own.get("subject") or found.subject, lines=lines)


def _letter(row: Outbox, registration: Registration, say: Language) -> Letter:
    """The letter in the words of the portal; that of a confirmation mints its secret, which is stored nowhere else."""
    webinar = row.webinar or registration.webinar
    when = moment(webinar, say)
    base = settings.PORTAL.base_url
    title = say.words("{title}, {when}", title=webinar.title, when=when)
    me = base + reverse("me", args=[tokens.link(registration, tokens.ME)])
    cancel = say.words("Your registration, to see, cancel or delete: {address}", address=me)
    room = (base + reverse("enter", args=[tokens.link(registration, tokens.ACCESS)]), say.words("Open the room"))
    if row.kind == "confirm":
        secret = tokens.mint("confirm", tokens.CONFIRM, registration)
        told = (
            say.words("Somebody entered this address to see the replay. If it was you, confirm it within two days.")
            if webinar.gives_replay
            else say.words("Somebody entered this address to take part. If it was you, confirm it within two days.")
        )
        return Letter(
            say.words("Confirm your registration"),
            [title, *(_imported(say, webinar) if registration.source == IMPORT else [told])],
            (base + reverse("confirm", args=[secret]), say.words("Confirm the registration")),
            say.words("If it was not you, do nothing: without a confirmation the address is deleted after seven days."),
        )
    if row.kind == "link":
        over = webinar.is_over
        told = (
            say.words("The webinar is over. This link is yours alone and shows what was shown:")
            if over
            else say.words("You have a seat. This link is yours alone and opens the room:")
        )
        subject = say.words("Your personal link") if over else say.words("Your seat and your personal link")
        return Letter(subject, [title, told], (room[0], say.words("See the replay") if over else room[1]), cancel)
    if row.kind in REMINDERS:
        soon = {"day": say.words("Tomorrow"), "hour": say.words("In one hour"), "minutes": say.words("In five minutes")}
        return Letter(soon[row.kind], [title, say.words("This link is yours alone and opens the room:")], room, cancel)
    if row.kind in (*CORRECTIONS, "moved", *AFTERWARDS):
        told = _of_new_address if row.kind in CORRECTIONS else _of_new_time if row.kind == "moved" else _afterwards
        return told(row, registration, say, Letter("", [title], room, cancel))
    if row.kind == "news":
        return Letter(
            say.words("A new webinar"),
            [title, say.words("You agreed to hear of later webinars. Whether you take part is up to you:")],
            (base + reverse("webinar", args=[webinar.slug]) + "?source=news", say.words("See the webinar")),
            say.words("No more of these mails: {address}", address=unsubscribe_address(registration)),
        )
    if row.kind == "waitlist":
        subject = say.words("You are on the waiting list")
        told = (
            say.words("The webinar is over, and no seat came free.")
            if webinar.is_over
            else say.words("The host looks at each registration. A mail follows when you are admitted.")
            if webinar.approval
            else say.words("All seats are taken. One that is given back goes to whoever confirmed first, and a mail says so.")
        )
    elif row.kind == "cancellation":
        subject = say.words("Your webinar is cancelled")
        told = say.words("The webinar does not take place. The file with this mail takes it out of your calendar.")
    else:
        subject, told = say.words("Your registration is cancelled"), say.words("Your place is free for others.")
    return Letter(subject, [title, told], None, cancel)


def _imported(say: Language, webinar: Webinar) -> list[str]:
    """What the mail to somebody says whose address a host has brought, with the text that others read at the form."""
    organiser = settings.PORTAL.organiser
    told = say.words(
        "{organiser} registered this address. It counts once you confirm it, within two days.", organiser=organiser
    )
    return [told, consent.texts(say, organiser, replay=webinar.gives_replay)[consent.PARTICIPATION]]


def _afterwards(row: Outbox, registration: Registration, say: Language, usual: Letter) -> Letter:
    """The mail to who was there, with the survey, that to who was not, with the replay, and an answer to a question."""
    if row.kind == "thanks":
        survey = settings.PORTAL.base_url + reverse("survey", args=[tokens.link(registration, tokens.SURVEY)])
        told = say.words("Thank you for taking part. Tell us in a minute what to do better:")
        link = survey, say.words("Answer two questions")
        return Letter(say.words("Thank you"), [*usual.lines, told], link, usual.note)
    if row.kind == "answer":
        asked = Question.objects.get(id=row.data["question"])
        told = say.words("You asked: {question}", question=asked.text)
        return Letter(
            say.words("An answer to your question"), [*usual.lines, told, *asked.answer.splitlines()], None, usual.note
        )
    told, room = say.words("You were not there. What was shown, asked and voted can be seen for a week:"), usual.link
    link = room and (room[0], say.words("See the replay"))
    return Letter(say.words("We missed you"), [*usual.lines, told], link, usual.note)


def _of_new_address(row: Outbox, registration: Registration, say: Language, usual: Letter) -> Letter:
    """The mail that asks the new address of a registration, and the one that tells the former."""
    if row.kind == "correct":
        secret = tokens.mint("confirm", tokens.CONFIRM, registration, row.data["email"])
        told = say.words("Somebody entered this address in place of another one. If it was you, confirm it within two days.")
        lines = [*usual.lines, told, say.words("The registration goes with it, and what was agreed to.")]
        link = settings.PORTAL.base_url + reverse("confirm", args=[secret]), say.words("Confirm the address")
        return Letter(say.words("Confirm your new address"), lines, link, say.words("If it was not you, do nothing."))
    told = say.words("Your registration has another address from now on. The links in mails to this one have ended.")
    contact = settings.PORTAL.contact
    lines = [
        *usual.lines,
        told,
        *([say.words("If it was not you, write to us: {contact}", contact=contact)] if contact else []),
    ]
    return Letter(say.words("Your registration has another address"), lines, None)


def _of_new_time(row: Outbox, registration: Registration, say: Language, usual: Letter) -> Letter:
    """What a mail about a new time says between the usual title, button and note."""
    before = Webinar(starts=datetime.fromisoformat(row.data["before"]), zone=registration.webinar.zone)
    told = say.words(
        "The webinar was to begin on {before}. That has changed: the time above holds.", before=moment(before, say)
    )
    subject = say.words("Your webinar has a new time")
    if registration.state not in SEATED:
        return Letter(subject, [*usual.lines, told, say.words("You stay on the waiting list.")], None, usual.note)
    stays = say.words("You keep your seat. This link is yours alone and opens the room:")
    return Letter(subject, [*usual.lines, told, stays], usual.link, usual.note)


def unsubscribe_address(registration: Registration) -> str:
    """Where news end: by its button, and by one post of a mail program."""
    return settings.PORTAL.base_url + reverse("unsubscribe", args=[tokens.link(registration, tokens.UNSUBSCRIBE)])


def compose(row: Outbox, registration: Registration) -> EmailMultiAlternatives:
    """The message of an outbox row: one recipient, no name in a header, an id that stays the same when it is sent twice."""
    say = language(registration.language)
    told = letter(row, registration, say)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        # A restored database gives numbers again: a mail with the id of another one would be dropped as its copy.
        "Message-ID": f"<portal-{row.id}.{row.created.timestamp():.0f}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if row.kind == "news":  # RFC 8058; the mail server must sign both headers (DKIM)
        headers["List-Unsubscribe"] = f"<{unsubscribe_address(registration)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    about = Truncator((row.webinar or registration.webinar).title).chars(TITLE_LENGTH)
    sender = (row.webinar or registration.webinar).sender
    shown = {"letter": told, "organiser": sender or settings.PORTAL.organiser, "code": say.code}
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    found = EmailMultiAlternatives(
        f"{told.subject}: {about}",
        engines["text"].get_template("letter.txt").render(shown),
        from_email=formataddr((sender or name, address)),
        to=[row.data.get("email") or registration.email],
        headers=headers,
    )
    found.attach_alternative(engines["jinja2"].get_template("letter.html").render(shown), "text/html")
    webinar = registration.webinar
    if row.kind in CHANGES or (row.kind == "link" and not webinar.is_over):
        address = settings.PORTAL.base_url + reverse("webinar", args=[webinar.slug])
        file = MIMEText(calendar(webinar, address).decode(), "calendar")
        file.set_param("method", "CANCEL" if webinar.cancelled_at else "PUBLISH")
        file.add_header("Content-Disposition", "attachment", filename="webinar.ics")
        found.attach(file)
    return found


class Folder(BaseEmailBackend):
    """Each mail as a file, ``mails/20261203T160000-portal-1.eml`` in the folder of the portal; its link is printed."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the files."""
        folder = settings.PORTAL.folder / "mails"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = str(message.extra_headers["Message-ID"]).strip("<>").partition(".")[0]
            path = folder / f"{timezone.now():%Y%m%dT%H%M%S}-{name}.eml"
            draft = folder / f"{name}.part"  # a process that dies while it writes leaves no torn mail
            draft.write_bytes(message.message().as_bytes())
            draft.replace(path)
            links = [line for line in str(message.body).splitlines() if line.startswith(settings.PORTAL.base_url)]
            sys.stderr.write("\n  ".join([f"mail: {path}", *links]) + "\n")
        return len(email_messages)


def sweep() -> None:
    """Remove the files of mails whose rows are deleted."""
    mails = (settings.PORTAL.folder / "mails").glob("*portal-*")
    files = {path: re.search(r"portal-(\d+)\.(?:eml|part)$", path.name) for path in mails}
    kept = set(Outbox.objects.values_list("id", flat=True)) if files else set()
    for path, row in files.items():
        if row is not None and int(row[1]) not in kept:
            path.unlink(missing_ok=True)
