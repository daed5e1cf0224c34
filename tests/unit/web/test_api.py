"""What programs of a host get: webhooks of what happens in the room, and a read API with tokens."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.unit.web.visitors import Browser, announced, entered, registered
from toolkit.web.gate import limits, registering
from toolkit.web.gate.follow_up import follow_up
from toolkit.web.models import AuditEntry, Outbox, Token, Webinar
from toolkit.web.operations.webhook import content
from toolkit.web.room import talking
from toolkit.web.room.models import Presence


@pytest.fixture(autouse=True)
def _uncounted():
    limits._here.clear()


def minted(host: Browser, webinar: Webinar) -> str:
    page = f"/host/w/{webinar.slug}/settings"
    answer = host.send(f"/host/w/{webinar.slug}/token", {}, page=page)
    found = re.search(r"<code>([\w-]{43})</code>", answer.content.decode())
    assert found
    assert found[1] not in host.get(page).content.decode()
    return found[1]


def read(webinar: Webinar, what: str, secret: str, **query: str):
    return Browser().get(f"/api/{webinar.slug}/{what}", query, headers={"Authorization": f"Bearer {secret}"})


class TestApi:
    def test_it_reads_one_webinar_whole(self, host, webinar):
        ana = registered(webinar)
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() - timedelta(hours=2))
        webinar.refresh_from_db()
        Presence.objects.create(registration=ana, opened=webinar.starts, closed=webinar.starts + timedelta(minutes=30))
        poll = talking.make_poll(webinar, "Which?", ["Gallium", "Tin"])
        talking.open_poll(webinar, poll.id)
        talking.vote(ana, poll.choices.first().id)  # type: ignore[attr-defined]
        question = talking.ask(ana, "Why?")
        talking.answer(webinar, question.id, "So.", to_all=False)
        registering.answer_survey(ana, 4, "Good.")
        secret = minted(host, webinar)
        found = {}
        for what in ("registrations", "attendance", "polls", "questions", "surveys"):
            answer = read(webinar, what, secret)
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
            assert answer.headers["Cache-Control"] == "no-store"
            (found[what],) = answer.json()["data"]
        assert (found["registrations"]["email"], found["registrations"]["state"]) == ("ana@example.com", "confirmed")
        assert (found["attendance"]["registration"], found["attendance"]["minutes"]) == (str(ana.id), 30.0)
        assert found["polls"]["choices"] == [{"text": "Gallium", "votes": 1}, {"text": "Tin", "votes": 0}]
        assert (found["questions"]["answer"], found["questions"]["to_all"]) == ("So.", False)
        assert (found["surveys"]["rating"], found["surveys"]["comment"]) == (4, "Good.")

    def test_pages_hold_two_hundred_and_another_number_is_answered(self, host, webinar):
        from toolkit.web.models import Registration

        Registration.objects.bulk_create(
            Registration(webinar=webinar, email=f"{n}@example.com", name="A", language="en") for n in range(201)
        )
        secret = minted(host, webinar)
        first, last = (read(webinar, "registrations", secret, page=page).json() for page in ("1", "2"))
        assert (len(first["data"]), len(last["data"]), first["pages"]) == (200, 1, 2)
        assert len({one["registration"] for one in first["data"] + last["data"]}) == 201
        for page in ("0", "3", "x", "-1"):
            assert read(webinar, "registrations", secret, page=page).status_code == 400
        assert read(webinar, "outbox", secret).status_code == 404

    def test_nobody_reads_without_a_token_of_the_webinar(self, host, webinar):
        secret, other = minted(host, webinar), announced()
        assert Browser().get(f"/api/{webinar.slug}/registrations").status_code == 401
        assert host.get(f"/api/{webinar.slug}/registrations").status_code == 401  # a session is no token
        assert entered(Browser(), registered(webinar)).get(f"/api/{webinar.slug}/polls").status_code == 401
        for wrong in (secret[:-1], secret[::-1], "", "x" * 43):
            assert read(webinar, "registrations", wrong).status_code == 401
        assert read(other, "registrations", secret).status_code == 401
        headers = {"Authorization": f"Basic {secret}"}
        assert Browser().get(f"/api/{webinar.slug}/polls", headers=headers).status_code == 401
        assert Browser().get(f"/host/setup/{secret}").status_code == 404
        assert Browser().get(f"/c/{secret}").status_code == 404
        assert Browser().post(f"/api/{webinar.slug}/polls").status_code == 403  # before its method is looked at

    def test_tokens_are_hashes_end_after_a_year_and_by_a_button(self, host, webinar):
        secret = minted(host, webinar)
        assert secret not in str(Token.objects.values())
        with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
            assert read(webinar, "polls", secret).status_code == 401
        kept = minted(host, announced(host=webinar.host))
        host.send(f"/host/w/{webinar.slug}/token", {"end": "on"}, page=f"/host/w/{webinar.slug}/settings")
        assert read(webinar, "polls", secret).status_code == 401
        assert Token.objects.filter(purpose="api").count() == 1
        assert kept
        assert list(AuditEntry.objects.filter(target=webinar.slug).values_list("action", flat=True)) == [
            "token",
            "tokens ended",
        ]

    def test_an_address_is_slowed_down(self, host, webinar):
        with time_machine.travel(timezone.now().replace(second=1), tick=False):
            statuses = [read(webinar, "polls", "x").status_code for _ in range(121)]
        assert (set(statuses[:-1]), statuses[-1]) == ({401}, 429)


class TestWebhooks:
    def written(self) -> list[dict]:
        rows = Outbox.objects.filter(kind="webhook").select_related("webinar", "registration").order_by("id")
        return [json.loads(json.dumps(content(row), default=str)) for row in rows]

    @pytest.fixture
    def hooked(self, webinar) -> Webinar:  # with a database
        found = announced(webhook="https://hooks.example.com/", starts=timezone.now() - timedelta(hours=2), capacity=9)
        for name in ("there", "missed"):
            one = registered(found, f"{name}@example.com")
            one.confirmed = found.starts - timedelta(days=1)
            one.save()
        there = found.registrations.get(email="there@example.com")  # type: ignore[attr-defined]
        Presence.objects.create(registration=there, opened=found.starts, closed=found.starts + timedelta(minutes=20))
        return found

    def test_attendance_polls_answers_and_surveys_are_posted(self, hooked):
        there = hooked.registrations.get(email="there@example.com")
        first, second = (talking.make_poll(hooked, name, ["A", "B"]) for name in ("One?", "Two?"))
        for poll in (first, second):
            talking.open_poll(hooked, poll.id)  # the second closes the first
            talking.vote(there, poll.choices.last().id)
        talking.close_poll(hooked, second.id)
        question = talking.ask(there, "Why?")
        talking.answer(hooked, question.id, "So.", to_all=True)
        registering.answer_survey(there, 5, "")
        follow_up()
        found = self.written()
        kinds = ["poll.closed", "poll.closed", "question.answered", "survey.answered"]
        assert [one["type"] for one in found[:4]] == kinds
        assert {one["data"]["webinar"] for one in found} == {hooked.slug}
        assert [one["data"]["choices"][1]["votes"] for one in found[:2]] == [1, 1]
        assert (found[2]["data"]["answer"], found[3]["data"]["rating"]) == ("So.", 5)
        after = {one["data"]["email"]: (one["type"], one["data"]["minutes"]) for one in found[4:]}
        assert after == {
            "there@example.com": ("registration.attended", 20.0),
            "missed@example.com": ("registration.missed", 0.0),
        }

    def test_what_waits_of_an_erased_registration_goes_with_it(self, hooked):
        there = hooked.registrations.get(email="there@example.com")
        question = talking.ask(there, "Why?")
        talking.answer(hooked, question.id, "So.", to_all=False)
        registering.answer_survey(there, 5, "")
        registering.erase(there)
        assert [one["type"] for one in self.written()] == ["registration.erased"]

    def test_none_is_written_where_there_is_none(self, webinar):
        talking.open_poll(webinar, talking.make_poll(webinar, "One?", ["A", "B"]).id)
        assert not Outbox.objects.exists()
