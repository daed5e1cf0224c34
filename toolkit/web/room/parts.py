"""Parts of the room's pages: made once for all who see the same, and sent when they change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from django.template import engines

from toolkit.report.i18n.language import Language
from toolkit.web.demo.showing import shown
from toolkit.web.models import Webinar
from toolkit.web.room import attendance, talking
from toolkit.web.room.models import Poll, Question, Room
from toolkit.web.room.presenting import State, holder, is_away, stored

Audience = Literal["attendee", "host"]


def part(name: str, say: Language, **data: Any) -> str:
    """A part of a page as HTML, without anything of one visitor's session.

    Args:
        name: Of its template.
        say: The language.
        data: That it shows.
    """
    template = engines["jinja2"].get_template(f"room/{name}.html")
    return template.render({"say": say.words, "fmt": say.fmt, "code": say.code, **data})


def of_state(state: State, say: Language) -> dict[str, Any]:
    """What a page shows of a state."""
    return {**shown(state.outcome, state.position, say), "pointer": state.pointer, "section": state.section}


def poll_data(poll: Poll | None, *, voted: bool = False) -> dict[str, Any]:
    """What a page shows of a poll.

    Args:
        poll: With its choices.
        voted: Whether the visitor has voted.
    """
    choices = [] if poll is None else list(poll.choices.all())  # type: ignore[attr-defined]
    return {"poll": poll, "voted": voted, "choices": choices, "votes": sum(choice.votes for choice in choices)}


def questions_data(webinar: Webinar, *, mine: Collection[int] = ()) -> dict[str, Any]:
    """What attendees see of the questions.

    Args:
        webinar: Whose room.
        mine: Questions that the visitor has voted for.
    """
    return {"questions": list(talking.visible_questions(webinar)), "mine": mine}


def host_questions_data(webinar: Webinar) -> dict[str, Any]:
    """What hosts see of the questions, with the names of who asked: those that wait first, those that are hidden last."""
    asked = Question.objects.filter(webinar=webinar).select_related("registration").order_by("id")
    waiting, hidden = asked.filter(state=Question.State.WAITING), asked.filter(state=Question.State.HIDDEN)
    every = [*waiting, *talking.visible_questions(webinar).select_related("registration"), *hidden]
    return {
        "questions": every,
        "slug": webinar.slug,
        "moderated": Room.objects.filter(webinar=webinar, moderated=False).first() is None,
    }


def host_polls_data(webinar: Webinar) -> dict[str, Any]:
    """What hosts see of the polls: each with its votes."""
    polls = Poll.objects.filter(webinar=webinar).prefetch_related("choices").order_by("-id")
    return {"polls": [poll_data(poll) for poll in polls]}


def parts(webinar: Webinar, room: Room, audience: Audience, say: Language) -> dict[str, str]:
    """What is sent to an audience, by the name of the part.

    Args:
        webinar: Whose room.
        room: As it stands.
        audience: Who sees it.
        say: In which language.
    """
    state = stored(room.state)
    found = {} if state is None else {"result": part("result", say, **of_state(state, say))}
    if audience == "attendee":
        poll = talking.current_poll(webinar)
        return {
            **found,
            "away": part("away", say, away=is_away(room) and not webinar.is_over),
            "over": part("over", say, over=webinar.is_over),
            "handouts": part("handouts", say, webinar=webinar),
            "answers": str(Question.objects.filter(webinar=webinar, to_all=False).exclude(answer="").count()),
            "poll": part("poll", say, **poll_data(poll)),
            "questions": part("questions", say, **questions_data(webinar)),
        }
    return {
        **found,
        "people": part("people", say, present=attendance.present(webinar.id), webinar=webinar),
        "end": part("end", say, webinar=webinar),
        "driver": part("driver", say, driver=holder(room, "")),
        "polls": part("host_polls", say, **host_polls_data(webinar)),
        "questions": part("host_questions", say, **host_questions_data(webinar)),
    }
