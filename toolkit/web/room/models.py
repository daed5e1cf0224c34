"""Tables of the room."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from toolkit.web.models import Host


class Room(models.Model):
    """What the presenter of a webinar shows now.

    Attributes:
        version: Of the state; one more with each step of the presenter.
        talk: Of questions and polls; one more with each change of them.
        state: `toolkit.web.room.presenting.State` as JSON; empty before the first step.
        moderated: Whether questions wait for the host before others see them.
        driver, driver_session: Who presents, and the digest of the session that may, until `driver_until`.
        asked: When the newest step was asked for.
        presenter_seen: When a presenter's page was connected last.
        start: `toolkit.web.room.presenting.Kept` as JSON: what the room shows while the demo loads; empty before it ever had.
    """

    webinar = models.OneToOneField("web.Webinar", models.CASCADE, primary_key=True)
    webinar_id: int
    version = models.PositiveIntegerField(default=0)
    talk = models.PositiveIntegerField(default=0)
    state: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    moderated = models.BooleanField(default=True)
    driver: models.ForeignKey[Host | None, Host | None] = models.ForeignKey("web.Host", models.SET_NULL, null=True)
    driver_session = models.CharField(max_length=64, blank=True)
    driver_until = models.DateTimeField(default=timezone.now)
    asked = models.DateTimeField(default=timezone.now)
    presenter_seen = models.DateTimeField(null=True)
    start: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)


class Moment(models.Model):
    """A state of the room, kept for the replay."""

    webinar = models.ForeignKey("web.Webinar", models.CASCADE, related_name="moments")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    state: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        """In the order they were shown."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["webinar", "at"], name="moments")]


class Poll(models.Model):
    """A question of the host with choices: open once, at most one of a webinar at a time."""

    id: int
    webinar = models.ForeignKey("web.Webinar", models.CASCADE, related_name="polls")
    text = models.CharField(max_length=300)
    created = models.DateTimeField(default=timezone.now)
    opened = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)


class Choice(models.Model):
    """A choice of a poll, with the number of its votes: who gave them is stored nowhere."""

    id: int
    poll = models.ForeignKey(Poll, models.CASCADE, related_name="choices")
    text = models.CharField(max_length=120)
    votes = models.PositiveIntegerField(default=0)

    class Meta:
        """As they were written."""

        ordering: ClassVar[list[str]] = ["id"]


class Ballot(models.Model):
    """That somebody has voted."""

    poll = models.ForeignKey(Poll, models.CASCADE, related_name="ballots")
    registration = models.ForeignKey("web.Registration", models.CASCADE)

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["poll", "registration"], name="one_vote_each")
        ]


class Question(models.Model):
    """A question of an attendee, with an answer in writing `to_all` or to who asked."""

    class State(models.TextChoices):
        """Who sees it: the host alone, everybody, everybody as answered, nobody any more."""

        WAITING = "waiting"
        SHOWN = "shown"
        ANSWERED = "answered"
        HIDDEN = "hidden"

    id: int
    webinar = models.ForeignKey("web.Webinar", models.CASCADE, related_name="asked_questions")
    registration = models.ForeignKey("web.Registration", models.CASCADE)
    registration_id: uuid.UUID
    text = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created = models.DateTimeField(default=timezone.now)
    shown = models.DateTimeField(null=True)
    answered = models.DateTimeField(null=True)
    votes = models.PositiveIntegerField(default=0)
    answer = models.TextField(max_length=1000, blank=True, default="")
    to_all = models.BooleanField(default=False)

    @property
    def public_answer(self) -> str:
        """The answer in writing that everybody sees; empty where there is none, or for who asked alone."""
        return self.answer if self.to_all else ""


class Upvote(models.Model):
    """That somebody wants a question answered."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="upvotes")
    registration = models.ForeignKey("web.Registration", models.CASCADE)

    class Meta:
        """Once each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["question", "registration"], name="one_upvote_each")
        ]


class Presence(models.Model):
    """An interval in which a page of an attendee was connected; `seen` moves while it is, `closed` is null until it ends."""

    id: int
    registration = models.ForeignKey("web.Registration", models.CASCADE, related_name="presences")
    registration_id: uuid.UUID
    opened = models.DateTimeField(default=timezone.now)
    seen = models.DateTimeField(default=timezone.now)
    closed = models.DateTimeField(null=True)

    class Meta:
        """Those that are open are looked for."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["seen"], condition=models.Q(closed=None), name="present")]
