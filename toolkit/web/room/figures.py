"""Figures of a webinar: where registrations came from, how far they went, when people left, and what they answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from toolkit.web.models import Registration, Survey, Webinar
from toolkit.web.room.attendance import attendance

TO_THE_END = timedelta(minutes=5)
"""Who was there so shortly before the end stayed to it."""
MOMENTS, ANSWERS = 12, 10
"""Parts of its length at whose ends people are counted, and answers of a question that are shown."""
Counts = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a host learns from a webinar; who registered after the end, for the replay, is in none of them.

    Attributes:
        funnel: Registered, confirmed, seated, there, there to the end, survey answered.
        sources: Source, with how many of it registered, confirmed the address and were there.
        present: Clock -> people in the room; none of the time to come.
        answers: Question at sign-up -> answer -> how many of the confirmed, the most frequent first.
        ratings: Of the survey: 5 to 1 -> how many.
        comments: Of the survey.
    """

    funnel: tuple[int, int, int, int, int, int]
    sources: list[tuple[str, int, int, int]]
    present: Counts
    answers: dict[str, Counts]
    ratings: Counts
    comments: list[str]


def figures(webinar: Webinar) -> Figures:
    """The figures of a webinar."""
    rows = list(Registration.objects.filter(webinar=webinar, created__lt=webinar.ends).order_by("created"))
    intervals = {one.registration.id: one.intervals for one in attendance(webinar)}
    there = [one for one in rows if one.id in intervals]
    stayed = [one for one in there if intervals[one.id][-1][1] >= webinar.ends - TO_THE_END]
    confirmed = [one for one in rows if one.confirmed]
    seated = [one for one in rows if one.state == Registration.State.CONFIRMED]
    surveys = list(Survey.objects.filter(registration__in=[one.id for one in there]))
    by_source = [Counter(one.source for one in group) for group in (rows, confirmed, there)]
    minutes = sorted({round(at * webinar.minutes / MOMENTS) for at in range(MOMENTS + 1)})
    moments = [webinar.starts + timedelta(minutes=at) for at in minutes]
    asked = [question.removesuffix("*").strip() for question in webinar.questions]
    rated = Counter(one.rating for one in surveys)
    return Figures(
        (len(rows), len(confirmed), len(seated), len(there), len(stayed), len(surveys)),
        [(source, n, by_source[1][source], by_source[2][source]) for source, n in by_source[0].most_common()],
        [
            (f"{webinar.local(at):%H:%M}", sum(any(a <= at <= b for a, b in spans) for spans in intervals.values()))
            for at in moments
            if at <= timezone.now()
        ],
        {
            question: Counter(one.answers[question] for one in confirmed if question in one.answers).most_common(ANSWERS)
            for question in asked
        },
        [(str(n), rated[n]) for n in range(5, 0, -1)],
        [one.comment for one in surveys if one.comment],
    )
