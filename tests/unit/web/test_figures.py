"""The page of figures: counted by hand on a small webinar."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.unit.web.visitors import Browser, announced, log_in, registered
from toolkit.web.gate import registering
from toolkit.web.models import Registration
from toolkit.web.room import talking
from toolkit.web.room.figures import figures
from toolkit.web.room.models import Presence


def test_a_webinar_that_nobody_came_to_has_figures_of_zero(webinar):
    found = figures(webinar)
    assert found.funnel == (0, 0, 0, 0, 0, 0)
    assert (found.sources, found.present, found.answers, found.comments) == ([], [], {}, [])
    client = Browser()
    log_in(client)
    assert client.get(f"/host/w/{webinar.slug}/figures").status_code == 200


def test_a_short_webinar_has_each_minute_once(db):
    found = announced(starts=timezone.now() - timedelta(hours=2), minutes=5)
    labels = [label for label, _ in figures(found).present]
    assert labels == [f"{found.local_start + timedelta(minutes=n):%H:%M}" for n in range(6)]


def test_each_figure_is_what_was_stored(db):
    found = announced(starts=timezone.now() - timedelta(hours=2), minutes=60, capacity=9, questions=["Role?*"])
    people = {}
    for name, state, source, minutes in (
        ("a", "confirmed", "letter", 60),
        ("b", "confirmed", "letter", 31),
        ("c", "confirmed", "", 0),
        ("d", "waitlisted", "", 0),
        ("e", "pending", "letter", 0),
        ("late", "confirmed", "letter", 0),
    ):
        one = registered(found, f"{name}@example.com", state)
        answers = {"Role?": "Buyer"} if minutes or state == "pending" else {}  # what is not confirmed anybody may have written
        created = timezone.now() if name == "late" else found.starts - timedelta(days=1)
        Registration.objects.filter(id=one.id).update(source=source, answers=answers, created=created)
        people[name] = one
        if minutes:
            Presence.objects.create(registration=one, opened=found.starts, closed=found.starts + timedelta(minutes=minutes))
    registering.answer_survey(people["a"], 4, "More lead.")
    poll = talking.make_poll(found, "Which?", ["Gallium", "Tin"])
    talking.open_poll(found, poll.id)
    talking.vote(people["a"], poll.choices.last().id)  # type: ignore[attr-defined]
    made = figures(found)
    assert made.funnel == (5, 4, 3, 2, 1, 1)
    assert made.sources == [("letter", 3, 2, 2), ("", 2, 2, 0)]
    assert [count for _, count in made.present] == [2] * 7 + [1] * 6
    assert made.present[0][0] == f"{found.local_start:%H:%M}"
    assert made.answers == {"Role?": [("Buyer", 2)]}
    assert made.ratings == [("5", 0), ("4", 1), ("3", 0), ("2", 0), ("1", 0)]
    assert made.comments == ["More lead."]
    client = Browser()
    log_in(client)
    page = client.get(f"/host/w/{found.slug}/figures").content.decode()
    for words in ("letter", "no source named", "Buyer", "Tin", "More lead."):
        assert words in page
