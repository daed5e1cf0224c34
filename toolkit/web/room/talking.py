"""Questions with votes, and polls: each change is a version of the room's talk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from toolkit.web.models import Outbox, Registration, Webinar
from toolkit.web.operations import webhook
from toolkit.web.room.models import Ballot, Choice, Poll, Question, Room, Upvote
from toolkit.web.room.presenting import locked
from toolkit.web.writing import writing

TWICE = timedelta(minutes=1)
"""Time in which the same poll is made by a button that was pressed twice."""
VISIBLE = (Question.State.SHOWN, Question.State.ANSWERED)


def changed(webinar: Webinar) -> None:
    """Let open pages know that there is something new beside what is presented."""
    if not Room.objects.filter(webinar=webinar).update(talk=F("talk") + 1):
        Room.objects.create(webinar=webinar, talk=1)


@writing
def ask(registration: Registration, text: str) -> Question:
    """A question, which others see at once where the room is not moderated."""
    room = locked(registration.webinar)
    question = Question(webinar=registration.webinar, registration=registration, text=text)
    if not room.moderated:
        question.state, question.shown = Question.State.SHOWN, timezone.now()
    question.save()
    changed(registration.webinar)
    return question


@writing
def upvote(registration: Registration, question: int) -> bool:
    """Count a vote for a question once; False where the registration sees no such question."""
    found = Question.objects.filter(webinar=registration.webinar, id=question, state__in=VISIBLE).first()
    if found is None:
        return False
    if Upvote.objects.get_or_create(question=found, registration=registration)[1]:
        Question.objects.filter(id=found.id).update(votes=F("votes") + 1)
        changed(registration.webinar)
    return True


@writing
def moderate(webinar: Webinar, question: int, state: str) -> bool:
    """Change who sees a question; False where the webinar has none of that number.

    Args:
        webinar: Whose room.
        question: Number.
        state: The new one.
    """
    found = Question.objects.filter(webinar=webinar, id=question).first()
    if found is None:
        return False
    now = timezone.now()
    found.state = state
    found.shown = (found.shown or now) if state in VISIBLE else found.shown
    found.answered = now if state == Question.State.ANSWERED else None
    found.save()
    changed(webinar)
    return True


@writing
def answer(webinar: Webinar, question: int, text: str, *, to_all: bool) -> None:
    """Answer a question in writing; who asked is told by mail once the webinar is over.

    Args:
        webinar: Whose room.
        question: Number of one of its questions.
        text: The answer.
        to_all: Whether everybody sees question and answer; else one that waits is hidden from the others.
    """
    found, now = Question.objects.select_for_update().get(webinar=webinar, id=question), timezone.now()
    found.answer, found.to_all = text, to_all
    if to_all:
        found.state, found.shown, found.answered = Question.State.ANSWERED, found.shown or now, now
    elif found.state == Question.State.WAITING:
        found.state = Question.State.HIDDEN
    found.save()
    webhook.notify(webinar, "question.answered", found.registration_id, question=found.id)
    if webinar.is_over:
        Outbox.objects.create(kind="answer", registration_id=found.registration_id, data={"question": found.id})
    changed(webinar)


@writing
def set_moderation(webinar: Webinar, moderated: bool) -> None:  # noqa: FBT001
    """Whether new questions wait for the host."""
    Room.objects.update_or_create(webinar=webinar, defaults={"moderated": moderated})
    changed(webinar)


@writing
def make_poll(webinar: Webinar, text: str, choices: Sequence[str]) -> Poll:
    """A poll, not yet open; one that was just made is not made twice.

    Args:
        webinar: Whose room.
        text: The question.
        choices: Two or more.
    """
    locked(webinar)  # of two at once the second finds what the first has made
    for poll in Poll.objects.filter(webinar=webinar, text=text, opened=None, created__gt=timezone.now() - TWICE):
        if [one.text for one in poll.choices.all()] == [*choices]:  # type: ignore[attr-defined]
            return poll
    poll = Poll.objects.create(webinar=webinar, text=text)
    for choice in choices:
        Choice.objects.create(poll=poll, text=choice)
    changed(webinar)
    return poll


@writing
def open_poll(webinar: Webinar, poll: int) -> bool:
    """Close the poll that is open, and open another one for votes; False where that was open already, or is none."""
    locked(webinar)
    found = Poll.objects.filter(webinar=webinar, id=poll, opened=None)
    if not found.exists():
        return False
    for other in Poll.objects.filter(webinar=webinar, opened__isnull=False, closed=None):
        close_poll(webinar, other.id)
    found.update(opened=timezone.now())
    changed(webinar)
    return True


@writing
def delete_poll(webinar: Webinar, poll: int) -> bool:
    """Delete a poll that nobody has voted in; False where there is no such one."""
    found = Poll.objects.select_for_update().filter(webinar=webinar, id=poll).first()
    if found is None or Ballot.objects.filter(poll=found).exists():
        return False
    found.delete()
    changed(webinar)
    return True


@writing
def close_poll(webinar: Webinar, poll: int) -> bool:
    """Close a poll: its result is shown to all. False where it is not open."""
    open_one = Poll.objects.filter(webinar=webinar, id=poll, opened__isnull=False, closed=None)
    if not open_one.update(closed=timezone.now()):
        return False
    webhook.notify(webinar, "poll.closed", poll=poll)
    changed(webinar)
    return True


@writing
def vote(registration: Registration, choice: int) -> bool:
    """Count a vote of an open poll once; False where there is no such choice to vote for.

    The row of the poll is locked: a vote comes before the poll is closed, or is not counted.
    """
    found = Choice.objects.filter(id=choice, poll__webinar=registration.webinar).first()
    if found is None:
        return False
    poll = Poll.objects.select_for_update().get(id=found.poll_id)  # type: ignore[attr-defined]
    if poll.opened is None or poll.closed is not None:
        return False
    if Ballot.objects.get_or_create(poll=poll, registration=registration)[1]:
        Choice.objects.filter(id=choice).update(votes=F("votes") + 1)
        changed(registration.webinar)
    return True


def current_poll(webinar: Webinar) -> Poll | None:
    """The poll that was opened last."""
    opened = Poll.objects.filter(webinar=webinar, opened__isnull=False)
    return opened.prefetch_related("choices").order_by("-opened").first()


def visible_questions(webinar: Webinar) -> QuerySet[Question]:
    """What everybody sees: open questions by their votes, answered ones after them."""
    return Question.objects.filter(webinar=webinar, state__in=VISIBLE).order_by(
        F("answered").asc(nulls_first=True), "-votes", "id"
    )
