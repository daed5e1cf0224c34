"""The steps of a webinar after it: what was shown, asked and voted, in the order of the clock."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from toolkit.report.i18n.language import Language, mark
from toolkit.web.models import Webinar
from toolkit.web.room.models import Moment, Poll, Question
from toolkit.web.room.parts import of_state, poll_data
from toolkit.web.room.presenting import stored
from toolkit.web.room.talking import VISIBLE

AT_ONCE = timedelta(seconds=1)
"""Steps of a slider that is pulled are one step of the replay."""
WORDS = {
    "state": mark("The presenter moves on."),
    "opened": mark("A poll opens."),
    "closed": mark("The poll closes."),
    "shown": mark("A question is shown."),
    "answered": mark("A question is answered."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that changed.

    Attributes:
        kind: A key of `WORDS`.
        poll: Number of the poll that closes, which another one may follow at the same moment; None for other steps.
    """

    at: datetime
    kind: str
    poll: int | None = None


def steps(webinar: Webinar) -> list[Step]:
    """What changed from the start of a webinar on."""
    moments = [Step(at, "state") for at in Moment.objects.filter(webinar=webinar).order_by("at").values_list("at", flat=True)]
    found = [one for one, after in zip(moments, [*moments[1:], None], strict=False) if not after or after.at - one.at > AT_ONCE]
    for poll in Poll.objects.filter(webinar=webinar):
        found += [Step(poll.opened, "opened")] if poll.opened else []
        found += [Step(poll.closed, "closed", poll.id)] if poll.closed else []
    for question in Question.objects.filter(webinar=webinar, state__in=VISIBLE):
        found += [Step(at, kind) for at, kind in ((question.shown, "shown"), (question.answered, "answered")) if at]
    return sorted((one for one in found if one.at >= webinar.starts), key=lambda one: one.at)


def gaps(found: list[Step]) -> list[float]:
    """Seconds from each step to the next one."""
    return [(after.at - one.at).total_seconds() for one, after in itertools.pairwise(found)]


def moment_data(webinar: Webinar, step: Step, say: Language) -> dict[str, Any]:
    """What the page of a step shows.

    Args:
        webinar: Whose replay.
        step: Of it.
        say: The language.
    """
    moment = Moment.objects.filter(webinar=webinar, at__lte=step.at).order_by("-version").first()
    polls = Poll.objects.filter(webinar=webinar, opened__lte=step.at).prefetch_related("choices")
    poll = polls.filter(id=step.poll).first() if step.poll else polls.order_by("-opened").first()
    questions = list(Question.objects.filter(webinar=webinar, state__in=VISIBLE, shown__lte=step.at).order_by("-votes", "id"))
    for one in questions:
        if one.answered and one.answered > step.at:
            one.answered, one.answer = None, ""
    state = None if moment is None else stored(moment.state)
    open_yet = poll is not None and poll.closed is not None and poll.closed > step.at  # else no step would show the result
    return {
        **({"outcome": None} if state is None else of_state(state, say)),
        **poll_data(poll),
        "closed": not open_yet,
        "questions": questions,
        "inert": True,
        "step": {"clock": f"{webinar.local(step.at):%H:%M:%S}", "words": say.words(WORDS[step.kind])},
    }
