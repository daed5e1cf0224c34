"""What webhooks and the read API say of a webinar, in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolkit.web.models import Registration, Survey, Webinar
from toolkit.web.room.attendance import Attendance, attendance
from toolkit.web.room.models import Poll, Question

ENTERED = ("email", "name", "company", "language", "state", "source", "answers", "confirmed")
"""Of a registration, under the names of its columns."""


def of_registration(one: Registration) -> dict[str, Any]:
    """A registration."""
    return {"registration": str(one.id), **{name: getattr(one, name) for name in ENTERED}}


def of_attendance(one: Attendance) -> dict[str, Any]:
    """When somebody was there: minutes in all, and each interval from and to."""
    return {"registration": str(one.registration.id), "minutes": round(one.minutes, 1), "intervals": one.intervals}


def of_poll(poll: Poll) -> dict[str, Any]:
    """A poll with the votes of each choice."""
    choices = [{"text": one.text, "votes": one.votes} for one in poll.choices.all()]  # type: ignore[attr-defined]
    return {"poll": poll.id, "text": poll.text, "opened": poll.opened, "closed": poll.closed, "choices": choices}


def of_question(one: Question) -> dict[str, Any]:
    """A question of an attendee with its answer in writing."""
    names = ("text", "state", "votes", "created", "answer", "to_all")
    return {"question": one.id, "registration": str(one.registration_id), **{name: getattr(one, name) for name in names}}


def of_survey(one: Survey) -> dict[str, Any]:
    """What an attendee thought."""
    return {"registration": str(one.pk), "rating": one.rating, "comment": one.comment, "at": one.at}


READABLE: dict[str, tuple[Callable[[Webinar], Any], Callable[[Any], dict[str, Any]]]] = {
    "registrations": (lambda found: Registration.objects.filter(webinar=found).order_by("created", "id"), of_registration),
    "attendance": (attendance, of_attendance),
    "polls": (lambda found: Poll.objects.filter(webinar=found).prefetch_related("choices").order_by("id"), of_poll),
    "questions": (lambda found: Question.objects.filter(webinar=found).order_by("id"), of_question),
    "surveys": (lambda found: Survey.objects.filter(registration__webinar=found).order_by("at", "pk"), of_survey),
}
"""Name in the API -> the rows of a webinar, and one of them in JSON."""
