"""The room: one driver, questions and polls, who was there, and the streams of real connections."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import http.client
import io
import itertools
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
import time_machine
import uvicorn
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.test_routes import HOSTILE, _Elements
from tests.unit.web.visitors import HOST, OWN, Browser, announced, entered, log_in, registered
from toolkit.web import webinars
from toolkit.web.asgi.app import Portal
from toolkit.web.asgi.deadline import Deadline
from toolkit.web.demo import pool
from toolkit.web.demo.position import Holding, Outcome, Position, Start
from toolkit.web.gate import limits, registering, tokens
from toolkit.web.gate.retention import ATTENDEES, purge
from toolkit.web.models import Host, Registration, Webinar
from toolkit.web.room import attendance, presenting, replay, talking
from toolkit.web.room import hub as hubs
from toolkit.web.room.hub import Hub, Stream, encode, hub
from toolkit.web.room.models import Ballot, Choice, Moment, Poll, Presence, Question, Room
from toolkit.web.room.presenting import Held, State
from toolkit.web.words import language
from toolkit.web.writing import Busy

POSITION = Position("physical-basket", 100_000, 6, 50)


def outcome(position: Position) -> Outcome:
    """An answer that tells positions apart by the weight of its one asset."""
    held = Holding("gold", "Gold bar", position.cap / 100, position.budget, 3, controlled=False)
    return Outcome("optimal", "2026-11-26", "EUR", (held,), 0.5, 0.17, 0.4, ("CHN", 0.4), 0.05)


def state(cap: float = 50, **more) -> State:
    position = replace(POSITION, cap=cap)
    return State(position, outcome(position), **more)


class _Solver:
    def start(self, strategy):
        return Start(POSITION, "Basket", "EUR", has_aversion=True, has_cap=True)

    def solve(self, position, session, *, first=False):
        return outcome(position)


@pytest.fixture(autouse=True)
def _solver(monkeypatch):
    monkeypatch.setattr(pool, "solver", _Solver())


@pytest.fixture
def webinar(db):
    return announced(starts=timezone.now() - timedelta(minutes=5), capacity=50)


@pytest.fixture
def host(client, webinar) -> Browser:
    log_in(client)
    return client


@pytest.fixture
def visitor(webinar) -> Browser:
    return entered(Browser(), registered(webinar))


def show(host: Browser, webinar, **fields: str):
    usual = {"budget": "100000", "aversion": "6", "cap": "50", "scenario": "today", "section": "demo", "pointer": ""}
    return host.send(f"/host/w/{webinar.slug}/drive", {**usual, **fields}, page=f"/host/w/{webinar.slug}/room")


class TestPresenting:
    def test_what_is_shown_is_what_attendees_see_without_a_script(self, host, visitor, webinar):
        assert 'data-view="nobody"' in visitor.get("/room/").content.decode()
        assert show(host, webinar, cap="61", section="poll", pointer="gold").status_code == 302
        page = visitor.get("/room/").content.decode()
        assert 'data-view="following"' in page
        assert 'data-cap="61' in page
        assert 'data-section="poll" data-pointer="gold"' in page
        assert '<tr class="pointed">' in page
        alone = visitor.send(
            "/room/solve", {"budget": "100000", "aversion": "6", "cap": "33", "scenario": "today"}, page="/room/"
        )
        assert 'data-view="own"' in alone.content.decode()
        assert 'data-cap="33' in alone.content.decode()

    def test_a_state_is_stored_whole(self, webinar):
        host = Host.objects.create_user("mara")
        shown = state(61, section="questions", pointer="gold")
        assert presenting.drive(webinar, host, "a", shown, timezone.now()) == 1
        assert presenting.stored(presenting.find(webinar).state) == shown
        assert presenting.stored(Moment.objects.get().state) == shown

    def test_one_drives_until_the_lease_ends_or_another_takes_over(self, webinar):
        mara, nils = Host.objects.create_user("mara"), Host.objects.create_user("nils")
        presenting.drive(webinar, mara, "a", state(), timezone.now())
        with pytest.raises(Held):
            presenting.drive(webinar, nils, "b", state(70), timezone.now())
        assert presenting.holder(presenting.find(webinar), "b") == "mara"
        presenting.take(webinar, nils, "b")
        assert presenting.drive(webinar, nils, "b", state(70), timezone.now()) == 2
        with pytest.raises(Held):
            presenting.drive(webinar, mara, "a", state(80), timezone.now())
        with time_machine.travel(timezone.now() + presenting.LEASE + timedelta(seconds=1), tick=False):
            assert presenting.drive(webinar, mara, "a", state(80), timezone.now()) == 3

    def test_who_may_not_drive_is_told_so_and_can_take_over(self, host, webinar):
        other = Browser()
        other.force_login(Host.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
        assert show(host, webinar).status_code == 302
        assert show(other, webinar, cap="77").status_code == 409
        assert Room.objects.get().version == 1
        assert other.send(f"/host/w/{webinar.slug}/take", {}, page=f"/host/w/{webinar.slug}/room").status_code == 302
        assert show(other, webinar, cap="77").status_code == 302
        assert show(host, webinar).status_code == 409

    def test_the_latest_step_wins_however_late_an_earlier_one_is_solved(self, webinar):
        host, now = Host.objects.create_user("mara"), timezone.now()
        presenting.drive(webinar, host, "a", state(70), now)
        assert presenting.drive(webinar, host, "a", state(60), now - timedelta(seconds=1)) == 1
        assert presenting.stored(presenting.find(webinar).state) == state(70)

    @pytest.mark.parametrize("change", [{"section": "other"}, {"pointer": "<b>"}, {"cap": "nan"}, {"driver": "x"}], ids=str)
    def test_what_the_page_does_not_send_is_refused(self, host, webinar, change):
        assert show(host, webinar, **change).status_code == 400
        assert not Moment.objects.exists()


class TestTalk:
    def ask(self, visitor, text="Why hafnium?"):
        return visitor.send("/room/ask", {"text": text}, page="/room/")

    def test_a_question_is_seen_by_others_once_a_host_shows_it(self, host, visitor, webinar):
        other = entered(Browser(), registered(webinar, "b@example.com"))
        assert self.ask(visitor).status_code == 302
        question, path = Question.objects.get(), f"/host/w/{webinar.slug}/questions"
        assert "Why hafnium?" in visitor.get("/room/").content.decode()
        assert "Why hafnium?" not in other.get("/room/").content.decode()
        assert other.send("/room/upvote", {"question": str(question.id)}, page="/room/").status_code == 404
        room = f"/host/w/{webinar.slug}/room"
        assert host.send(path, {"shown": str(question.id)}, page=room).status_code == 302
        assert "Why hafnium?" in other.get("/room/").content.decode()
        assert "Ana Lima" not in other.get("/room/").content.decode()
        host.send(path, {"answered": str(question.id)}, page=room)
        assert 'class="answered"' in other.get("/room/").content.decode()
        host.send(path, {"hidden": str(question.id)}, page=room)
        assert "Why hafnium?" not in other.get("/room/").content.decode()
        assert f'name="shown" value="{question.id}"' in host.get(room).content.decode()
        host.send(path, {"shown": str(question.id)}, page=room)
        assert "Why hafnium?" in other.get("/room/").content.decode()

    def test_no_search_engine_keeps_the_room_nor_what_a_secret_opens(self, visitor, webinar):
        address = f"/me/{tokens.link(Registration.objects.get(), tokens.ME)}"
        assert {visitor.get(path)["X-Robots-Tag"] for path in ("/room/", address)} == {"noindex"}

    def test_after_the_end_the_room_says_that_it_is_over(self, visitor, webinar):
        assert "This webinar is over." not in visitor.get("/room/").content.decode()
        Webinar.objects.update(minutes=1)
        assert "This webinar is over." in visitor.get("/room/").content.decode()

    def test_who_asked_is_not_told_that_there_is_no_question(self, visitor):
        self.ask(visitor)
        page = visitor.get("/room/").content.decode()
        assert ("No question is shown yet." in page, "No question yet." in page) == (True, False)

    def test_each_poll_says_in_german_whether_votes_are_taken(self, host, webinar):
        polls = [talking.make_poll(webinar, text, ["a", "b"]) for text in "xyz"]
        for poll in polls[1:]:
            talking.open_poll(webinar, poll.id)
        page = host.get(f"/host/w/{webinar.slug}/room", headers={"Accept-Language": "de"}).content.decode()
        assert re.findall(r'class="help">(.+?) · Stimmen: 0', page) == ["läuft", "beendet", "noch nicht begonnen"]

    def test_without_moderation_it_is_seen_at_once(self, host, visitor, webinar):
        room = f"/host/w/{webinar.slug}/room"
        assert host.send(f"/host/w/{webinar.slug}/questions", {"moderated": "no"}, page=room).status_code == 302
        self.ask(visitor)
        assert Question.objects.get().state == "shown"

    def test_script_in_a_question_and_in_a_poll_is_words_in_every_part(self, host, visitor, webinar):
        self.ask(visitor, HOSTILE)
        poll = talking.make_poll(webinar, HOSTILE, [HOSTILE, "other"])
        talking.moderate(webinar, Question.objects.get().id, "shown")
        talking.open_poll(webinar, poll.id)
        for closed in (False, True):
            if closed:
                talking.close_poll(webinar, poll.id)
            pages = [visitor.get("/room/"), host.get(f"/host/w/{webinar.slug}/room")]
            for page in [answer.content.decode() for answer in pages]:
                elements = _Elements(page).found
                assert not any(key.startswith("on") or key == "style" for _, found in elements for key in found)
                assert not any(tag == "script" and "src" not in found for tag, found in elements)
                assert all("onload" not in found for tag, found in elements if tag == "svg")
                assert "{{7*7}}" in page

    @given(st.text())
    def test_no_words_end_an_event_or_begin_another(self, text):
        lines = encode("poll", text).decode().removesuffix("\n\n").split("\n")
        assert lines[0] == "event: poll"
        assert all(line.startswith("data: ") for line in lines[1:])
        assert not any("\r" in line for line in lines)

    def test_a_vote_counts_once_however_many_ask_at_a_time(self, transactional_db):
        webinar = announced(starts=timezone.now() - timedelta(minutes=5))
        voter = registered(webinar)
        poll = talking.make_poll(webinar, "Which?", ["Gallium", "Germanium"])
        talking.open_poll(webinar, poll.id)
        first, second = Choice.objects.filter(poll=poll)
        question = talking.ask(voter, "Why?")
        talking.moderate(webinar, question.id, "shown")
        voter = Registration.objects.select_related("webinar").get()

        def both(number: int) -> bool:
            done = talking.vote(voter, (first, second)[number % 2].id) and talking.upvote(voter, question.id)
            connection.close()
            return done

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(both, range(30)))
        assert sum(Choice.objects.values_list("votes", flat=True)) == Ballot.objects.count() == 1
        assert Question.objects.get().votes == 1

    def test_only_the_open_poll_of_the_own_webinar_takes_votes(self, visitor, webinar):
        poll = talking.make_poll(webinar, "Which?", ["Gallium", "Germanium"])
        choice = str(Choice.objects.filter(poll=poll)[0].id)
        vote = lambda browser: browser.send("/room/vote", {"choice": choice}, page="/room/").status_code  # noqa: E731
        assert vote(visitor) == 404
        talking.open_poll(webinar, poll.id)
        stranger = entered(Browser(), registered(announced(starts=webinar.starts), "c@example.com"))
        assert vote(stranger) == 404
        assert vote(visitor) == 302
        assert "Germanium" not in visitor.get("/room/").content.decode()  # voted: the result comes later
        talking.close_poll(webinar, poll.id)
        assert vote(entered(Browser(), registered(webinar, "b@example.com"))) == 404
        assert Choice.objects.get(id=choice).votes == 1
        assert "100%" in visitor.get("/room/").content.decode()

    def test_a_poll_is_made_once_and_one_without_votes_is_deleted(self, host, webinar):
        room, fields = f"/host/w/{webinar.slug}/room", {"text": "Which?", "choices": "a\nb"}
        for _ in range(2):
            host.send(f"/host/w/{webinar.slug}/polls", fields, page=room)
        poll = Poll.objects.get()
        assert talking.make_poll(webinar, "Which?", ["b", "a"]).id != poll.id
        talking.open_poll(webinar, poll.id)
        assert talking.make_poll(webinar, "Which?", ["a", "b"]).id != poll.id
        voter = Registration.objects.select_related("webinar").get(id=registered(webinar, "v@example.com").id)
        talking.vote(voter, Choice.objects.filter(poll=poll)[0].id)
        path = f"/host/w/{webinar.slug}/poll"
        assert host.send(path, {"delete": str(poll.id)}, page=room).status_code == 404
        other = Poll.objects.exclude(id=poll.id).first()
        assert host.send(path, {"delete": str(other.id)}, page=room).status_code == 302
        assert not Poll.objects.filter(id=other.id).exists()

    @pytest.mark.parametrize(("fields", "told"), [({"text": "", "choices": "a\nb"}, "Question: This field is required."), ({"text": "Why?", "choices": "a"}, "one a line: Two to eight")])  # fmt: skip
    def test_each_fault_of_a_poll_is_told_of_its_own_field(self, host, webinar, fields, told):
        path, room = f"/host/w/{webinar.slug}/polls", f"/host/w/{webinar.slug}/room"
        script = host.send(path, fields, page=room, headers={**OWN, "HX-Request": "true"})
        assert (script.status_code, told in script.content.decode()) == (400, True)
        page = host.send(path, fields, page=room).content.decode()
        assert ("Two to eight" in page) == ("Two to eight" in told)

    def test_an_answer_in_private_is_no_hidden_question(self, host, webinar):
        question = talking.ask(registered(webinar, "q@example.com"), "Why?")
        talking.answer(webinar, question.id, "Because.", to_all=False)
        page = host.get(f"/host/w/{webinar.slug}/room").content.decode()
        assert ('<span class="mark">answered</span>' in page, '<span class="mark">hidden</span>' in page) == (True, False)

    def test_a_poll_that_opens_closes_the_one_before_and_opens_once(self, webinar):
        first, second = (talking.make_poll(webinar, text, ["a", "b"]) for text in "xy")
        assert talking.open_poll(webinar, first.id)
        assert not talking.open_poll(webinar, first.id)
        assert talking.open_poll(webinar, second.id)
        assert list(Poll.objects.filter(closed=None).values_list("id", flat=True)) == [second.id]

    def test_questions_of_others_webinars_are_out_of_reach_for_hosts_pages_too(self, host, webinar):
        other = announced(starts=webinar.starts)
        question = talking.ask(registered(other), "Why?")
        path = f"/host/w/{webinar.slug}/questions"
        assert host.send(path, {"shown": str(question.id)}, page=f"/host/w/{webinar.slug}/room").status_code == 404
        assert Question.objects.get().state == "waiting"

    @pytest.mark.parametrize(
        "fields", [{}, {"shown": "1", "hidden": "1"}, {"shown": "x"}, {"shown": "-1"}, {"state": "shown"}, {"moderated": "maybe"}], ids=str
    )  # fmt: skip
    def test_a_button_says_one_thing(self, host, webinar, fields):
        path = f"/host/w/{webinar.slug}/questions"
        assert host.send(path, fields, page=f"/host/w/{webinar.slug}/room").status_code == 400

    @pytest.mark.parametrize("text", ["", " ", "x" * 301, "a\x00b", "\u202e"], ids=repr)
    def test_what_is_no_line_of_words_is_no_question(self, visitor, text):
        assert self.ask(visitor, text).status_code == 400
        assert not Question.objects.exists()

    @pytest.mark.parametrize("choices", ["one", "same\nsame", "\n".join(map(str, range(9))), "a\n" + "b" * 121], ids=len)
    def test_a_poll_has_two_to_eight_answers(self, host, webinar, choices):
        path = f"/host/w/{webinar.slug}/polls"
        fields = {"text": "Which?", "choices": choices}
        told = host.send(path, fields, page=f"/host/w/{webinar.slug}/room")
        assert told.status_code == 400
        assert 'role="alert">Two to eight different answers of at most 120' in told.content.decode()
        assert 'value="Which?">' in told.content.decode()
        assert f"required>{choices}</textarea>" in told.content.decode()
        assert not Poll.objects.exists()

    def test_one_attendee_asks_only_so_often(self, visitor):
        with time_machine.travel(timezone.now(), tick=False):
            statuses = [self.ask(visitor, f"{n}?").status_code for n in range(limits.ASKS.most + 1)]
        assert statuses == [302] * limits.ASKS.most + [429]

    def test_before_the_start_nothing_is_asked(self, visitor, webinar):
        token = visitor.get("/room/").content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        webinar.starts = timezone.now() + timedelta(hours=1)
        webinar.save()
        for path, fields in (("ask", {"text": "Why?"}), ("vote", {"choice": "1"}), ("upvote", {"question": "1"})):
            assert visitor.post(f"/room/{path}", {**fields, "csrfmiddlewaretoken": token}, headers=OWN).status_code == 400


class TestEnd:
    """The host ends the demo or lengthens it, and what comes after the end reaches nobody."""

    def end(self, host, webinar, minutes):
        return host.send(f"/host/w/{webinar.slug}/end", {"minutes": minutes}, page=f"/host/w/{webinar.slug}/room").status_code

    def test_it_ends_at_once_and_nothing_reaches_anybody(self, host, visitor, webinar):
        poll = talking.make_poll(webinar, "Which?", ["Gallium", "Germanium"])
        assert show(host, webinar, cap="61").status_code == 302
        assert "It ends at" in host.get(f"/host/w/{webinar.slug}/room").content.decode()
        assert self.end(host, webinar, "0") == 302
        webinar.refresh_from_db()
        assert (webinar.is_over, webinar.minutes) == (True, 5)
        assert "It ended at" in host.get(f"/host/w/{webinar.slug}/room").content.decode()
        assert show(host, webinar, cap="77").status_code == 409
        path, room = f"/host/w/{webinar.slug}/poll", f"/host/w/{webinar.slug}/room"
        assert host.send(path, {"open": str(poll.id)}, page=room).status_code == 409
        assert presenting.stored(presenting.find(webinar).state).position.cap == 61
        for name, fields in (("ask", {"text": "Why?"}), ("vote", {"choice": "1"}), ("upvote", {"question": "1"})):
            answer = visitor.send(f"/room/{name}", fields, page="/room/")
            assert (answer.status_code, "This webinar is over." in answer.content.decode()) == (409, True)
        page = visitor.get("/room/").content.decode()
        assert "This webinar is over." in page
        assert 'href="/room/replay"' in page
        sliders = {"budget": "100000", "aversion": "6", "cap": "33", "scenario": "today"}
        assert visitor.send("/room/solve", sliders, page="/room/").status_code == 200  # explore on

    def test_it_goes_on_from_the_planned_end_or_from_now(self, host, webinar):
        assert self.end(host, webinar, "15") == 302
        webinar.refresh_from_db()
        assert webinar.minutes == 60
        with time_machine.travel(webinar.ends + timedelta(minutes=9, seconds=30), tick=False):
            host = Browser()
            host.force_login(Host.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
            assert self.end(host, webinar, "15") == 302
            webinar.refresh_from_db()
            assert (webinar.minutes, webinar.is_over) == (60 + 25, False)
            assert show(host, webinar, cap="77").status_code == 302

    def test_what_follows_a_webinar_is_never_followed_by_it(self, host, webinar):
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() - timedelta(hours=2), minutes=45)
        assert self.end(host, webinar, "15") == 302
        webinar.refresh_from_db()
        assert webinar.minutes == 45
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() + timedelta(hours=2))
        assert self.end(host, webinar, "0") == 302
        webinar.refresh_from_db()
        assert webinar.minutes == 45
        assert self.end(host, webinar, "7") == 400


class TestWithoutScript:
    def test_its_frame_says_that_somebody_is_there(self, visitor, webinar):
        page = visitor.get("/room/")
        assert '<noscript><iframe src="/room/here" hidden></iframe></noscript>' in page.content.decode()
        assert page.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
        begin = timezone.now()
        for seconds in (0, 30, 60, 90):
            with time_machine.travel(begin + timedelta(seconds=seconds), tick=False):
                frame = visitor.get("/room/here")
                assert 'http-equiv="refresh" content="30"' in frame.content.decode()
                assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
                assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
                assert attendance.present(webinar.id) == 1
        (there,) = attendance.attendance(webinar)
        assert there.minutes == pytest.approx(1.5)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]

    def test_who_asks_all_the_time_writes_seldom(self, visitor, webinar):
        visitor.get("/room/here")
        with CaptureQueriesContext(connection) as queries:
            for _ in range(5):
                visitor.get("/room/here")
        assert not [one["sql"] for one in queries if re.match("INSERT|UPDATE", one["sql"])]

    def test_who_only_sends_a_form_was_there(self, visitor, webinar):
        visitor.send("/room/ask", {"text": "Why?"}, page="/room/")
        assert [one.registration.email for one in attendance.attendance(webinar)] == ["ana@example.com"]

    def test_who_waits_is_counted_and_has_attended_nothing(self, host, visitor, webinar):
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() + timedelta(minutes=5))
        assert "You are in the waiting room" in visitor.get("/room/").content.decode()
        page = host.get(f"/host/w/{webinar.slug}/room").content.decode()
        assert '<b class="kv">1</b> in the waiting room' in page
        with time_machine.travel(timezone.now() + timedelta(minutes=30)):
            assert attendance.attendance(Webinar.objects.get(id=webinar.id)) == []

    def test_who_came_in_the_minute_in_which_it_was_ended_was_there(self, webinar):
        """A length is of whole minutes: the end lay before their first second."""
        for name, begin, end in (("late", 20, 40), ("after", 70, 80), ("whole", -120, 40)):
            person = registered(webinar, f"{name}@example.com")
            times = [webinar.ends + timedelta(seconds=seconds) for seconds in (begin, end)]
            Presence.objects.create(registration=person, opened=times[0], seen=times[1], closed=times[1])
        early = webinar.starts - timedelta(minutes=5)
        Presence.objects.create(registration=registered(webinar, "early@example.com"), opened=early, seen=early, closed=early)
        found = {one.registration.email.split("@")[0]: one.minutes for one in attendance.attendance(webinar)}
        assert found == {"whole": 2.0, "late": 0.0}

    @pytest.mark.parametrize("text", ["x" * 301, "\u202e"], ids=["long", "unseen"])
    def test_a_refused_question_keeps_its_words(self, visitor, webinar, text):
        answer = visitor.send("/room/ask", {"text": text}, page="/room/")
        assert answer.status_code == 400
        assert f'value="{text}"' in answer.content.decode()
        assert '<p class="error" role="alert">' in answer.content.decode()

    def test_one_too_many_keeps_its_words_too(self, visitor, webinar):
        with time_machine.travel(timezone.now(), tick=False):
            for n in range(limits.ASKS.most):
                visitor.send("/room/ask", {"text": f"{n}?"}, page="/room/")
            answer = visitor.send("/room/ask", {"text": "One more?"}, page="/room/")
        assert (answer.status_code, 'value="One more?"' in answer.content.decode()) == (429, True)
        assert "Please wait" in answer.content.decode()

    def test_a_vote_without_a_choice_is_told_in_the_room(self, visitor, webinar):
        poll = talking.make_poll(webinar, "Which?", ["Gallium", "Germanium"])
        talking.open_poll(webinar, poll.id)
        answer = visitor.send("/room/vote", {}, page="/room/")
        assert (answer.status_code, "Germanium" in answer.content.decode()) == (400, True)


class TestRestart:
    """The demo loads for half a minute after a restart."""

    @pytest.fixture
    def loading(self, monkeypatch):
        class Loading:
            def start(self, strategy):
                raise Busy

        return lambda: monkeypatch.setattr(pool, "solver", Loading())

    def test_the_room_shows_the_last_step_at_once(self, host, visitor, webinar, loading):
        assert show(host, webinar, cap="61").status_code == 302
        loading()
        page = visitor.get("/room/").content.decode()
        assert 'data-view="following"' in page
        assert 'data-cap="61' in page
        assert 'id="budget"' in page
        assert 'id="driver"' in host.get(f"/host/w/{webinar.slug}/room").content.decode()

    def test_before_the_first_step_it_shows_the_start(self, visitor, webinar, loading):
        before = visitor.get("/room/").content.decode()
        loading()
        after = visitor.get("/room/").content.decode()
        part = re.compile(r'<section id="result".*?</section>', re.DOTALL)
        assert part.search(before)[0] == part.search(after)[0]

    def test_a_room_that_was_never_shown_says_what_is_happening(self, visitor, loading):
        loading()
        answer = visitor.get("/room/")
        assert (answer.status_code, "takes up to a minute" in answer.content.decode()) == (200, True)


class TestReplay:
    def test_a_poll_closes_under_its_own_name(self, visitor, webinar):
        with time_machine.travel(webinar.starts - timedelta(minutes=1), tick=False):
            first, second = (talking.make_poll(webinar, f"{name}?", ["a", "b"]) for name in ("First", "Second"))
            talking.open_poll(webinar, first.id)
        with time_machine.travel(webinar.starts + timedelta(minutes=1)):
            talking.open_poll(webinar, second.id)
            Poll.objects.filter(id=first.id).update(closed=Poll.objects.get(id=second.id).opened + timedelta(milliseconds=5))
        found = replay.steps(webinar)
        assert [step.kind for step in found] == ["opened", "closed"]
        polls = [replay.moment_data(webinar, step, language("en"))["poll"].text for step in found]
        assert polls == ["Second?", "First?"]

    def test_one_poll_closes_before_the_next_opens(self, webinar):
        first, second = (talking.make_poll(webinar, f"{name}?", ["a", "b"]) for name in ("First", "Second"))
        talking.open_poll(webinar, first.id)
        talking.open_poll(webinar, second.id)
        assert [step.kind for step in replay.steps(webinar)] == ["opened", "closed", "opened"]

    def test_each_step_shows_what_was_there_then(self, visitor, webinar):
        host, begin = Host.objects.create_user("mara"), webinar.starts
        with time_machine.travel(begin - timedelta(minutes=1), tick=False):
            presenting.drive(webinar, host, "a", state(11), timezone.now())  # a rehearsal
        with time_machine.travel(begin + timedelta(minutes=1), tick=False) as clock:
            presenting.drive(webinar, host, "a", state(40), timezone.now())
            clock.shift(0.5)
            presenting.drive(webinar, host, "a", state(41), timezone.now())
            clock.shift(60)
            question = talking.ask(registered(webinar, "b@example.com"), "Why hafnium?")
            talking.moderate(webinar, question.id, "shown")
            clock.shift(60)
            poll = talking.make_poll(webinar, "Which?", ["Gallium", "Germanium"])
            talking.open_poll(webinar, poll.id)
            clock.shift(60)
            presenting.drive(webinar, host, "a", state(80), timezone.now())
        found = replay.steps(webinar)
        assert [step.kind for step in found] == ["state", "shown", "opened", "state"]
        assert replay.gaps(found) == pytest.approx([60, 60, 60])
        webinar.starts, webinar.minutes = begin, 1
        webinar.save()
        pages = [visitor.get(f"/room/replay?at={at}").content.decode() for at in (1, 2, 3, 4, 99)]
        assert ['data-cap="41' in page for page in pages] == [True, True, True, False, False]
        assert ["Why hafnium?" in page for page in pages] == [False, True, True, True, True]
        assert ["Germanium" in page for page in pages] == [False, False, True, True, True]
        assert ['class="bars poll"' in page for page in pages] == [False, False, True, True, True]  # nobody closed it
        assert 'data-cap="80' in pages[4]
        assert not any('name="choice"' in page or 'name="question"' in page for page in pages)
        step = visitor.get("/room/replay?at=4", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in step
        assert 'data-cap="80' in step

    @pytest.mark.parametrize("at", ["0", "-1", "x", "9" * 30, "١", ""])
    def test_a_step_that_is_none_is_the_first_or_last(self, visitor, webinar, at):
        webinar.minutes = 1
        webinar.save()
        assert visitor.get("/room/replay", {"at": at}).status_code == 200

    def test_while_it_runs_and_without_a_seat_there_is_none(self, visitor, webinar):
        assert visitor.get("/room/replay").status_code == 404
        webinar.minutes = 1
        webinar.save()
        assert Browser().get("/room/replay").status_code == 401


def at(minute: float) -> datetime:
    return datetime(2026, 12, 3, 17, tzinfo=UTC) + timedelta(minutes=minute)


class TestAttendance:
    def test_pages_at_once_and_short_gaps_are_one_interval(self):
        spans = [(at(0), at(5)), (at(3), at(4)), (at(6), at(10)), (at(30), at(31))]
        assert attendance.merged(reversed(spans)) == ((at(0), at(10)), (at(30), at(31)))

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60))))
    def test_merged_intervals_hold_all_and_are_apart(self, drawn):
        spans = [(at(begin), at(begin + length)) for begin, length in drawn]
        found = attendance.merged(spans)
        assert all(any(a <= begin and end <= b for a, b in found) for begin, end in spans)
        assert all(after[0] - before[1] >= attendance.GRACE for before, after in itertools.pairwise(found))

    def test_the_page_and_the_file_have_each_interval_and_no_formula(self, host, webinar):
        person = registered(webinar)
        Registration.objects.update(name="=1+1")
        for begin, end in ((-20, -1), (0, 10), (30, 40)):
            opened, closed = webinar.starts + timedelta(minutes=begin), webinar.starts + timedelta(minutes=end)
            Presence.objects.create(registration=person, opened=opened, seen=closed, closed=closed)
        (one,) = attendance.attendance(webinar)
        assert (len(one.intervals), one.minutes) == (2, 20)
        answer = host.get(f"/host/w/{webinar.slug}/attendance.csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["name"] for row in rows] == ["'=1+1"] * 2
        begun = webinar.starts.astimezone(ZoneInfo("Europe/Berlin"))
        assert rows[0]["from"] == f"{begun:%Y-%m-%d %H:%M}", "the clock of the page beside it"
        assert host.get(f"/host/w/{webinar.slug}/attendance").status_code == 200

    def test_what_a_killed_process_left_open_ends_when_it_was_last_seen(self, webinar):
        last = timezone.now() - attendance.LOST - timedelta(seconds=5)
        (number,) = attendance.begin([registered(webinar).id])
        Presence.objects.update(opened=last - timedelta(minutes=3), seen=last)
        assert attendance.present(webinar.id) == 0
        attendance.go_on([])
        assert Presence.objects.get(id=number).closed == last

    def test_it_is_gone_with_the_registration(self, webinar):
        person = registered(webinar)
        attendance.begin([person.id])
        talking.ask(person, "Why?")
        with time_machine.travel(webinar.ends + ATTENDEES + timedelta(days=1), tick=False):
            purge()
        assert not Presence.objects.exists()
        assert not Question.objects.exists()


class Connection:
    """A stream over a socket, read in a thread: the events by name, the newest of each."""

    opened: ClassVar[list[Connection]] = []

    def __init__(self, port: int, browser: Browser, path: str = "/room/live", **headers: str) -> None:
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items())
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.http.request("GET", path, headers={"Host": HOST, "Cookie": cookies, **headers})
        self.socket = self.http.sock
        self.answer = self.http.getresponse()
        self.events: dict[str, str] = {}
        self.ended = False
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        self.opened.append(self)

    def _read(self) -> None:
        name = ""
        with contextlib.suppress(OSError, http.client.HTTPException):
            for raw in self.answer if self.answer.status == 200 else ():
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name, self.events = line[7:], {**self.events, line[7:]: ""}
                elif line.startswith("data: "):
                    self.events[name] += line[6:] + "\n"
        self.ended = True

    def wait(self, condition, patience: float = 10.0) -> None:
        until = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < until, self.events
            time.sleep(0.02)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the other side was first
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.answer.close()
        self.http.close()
        self.socket.close()


def forget_the_audit_log() -> None:
    """Empty the log before the tables are: its triggers refuse that, and are back afterwards."""
    if connection.vendor != "sqlite":  # TRUNCATE is no change of a row
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'web_auditentry'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("DELETE FROM web_auditentry")
        for _, statement in triggers:
            cursor.execute(statement)


@pytest.fixture
def served(transactional_db, monkeypatch):
    """The real composition on a port of its own; sessions are looked at five times a second."""
    monkeypatch.setattr(hubs, "BEAT", 0.2)
    config = settings.PORTAL.model_copy(update={"threads": 2, "trusted_proxy": ()})
    server = uvicorn.Server(
        uvicorn.Config(
            Portal(config, start=[hub.start], stop=[hub.stop]), port=0, http=Deadline, lifespan="on", log_config=None,
            proxy_headers=False, timeout_graceful_shutdown=3,
        )
    )  # fmt: skip
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    server.port = server.servers[0].sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    def stop() -> float:
        began = time.monotonic()
        hub.end_streams()
        server.should_exit = True
        thread.join()
        return time.monotonic() - began

    server.stop = stop  # type: ignore[attr-defined]
    yield server
    while Connection.opened:
        Connection.opened.pop().close()
    if thread.is_alive():
        stop()
    forget_the_audit_log()


@pytest.fixture
def running(served):
    return announced(starts=timezone.now() - timedelta(minutes=5), capacity=50)


def drive(webinar, cap: float) -> None:
    host = Host.objects.filter(username="driver").first() or Host.objects.create_user("driver")
    presenting.drive(webinar, host, "driver", state(cap), timezone.now())


class TestStreams:
    def test_who_comes_late_gets_the_present_state_and_then_each_new_one(self, served, running):
        drive(running, 41)
        late = Connection(served.port, entered(Browser(), registered(running)))
        late.wait(lambda: {"result", "poll", "questions"} <= late.events.keys(), 2)
        assert 'data-cap="41' in late.events["result"]
        german = Connection(served.port, entered(Browser(), registered(running, "b@example.com")), **{"Accept-Language": "de"})
        drive(running, 42)
        for one in (late, german):
            one.wait(lambda one=one: 'data-cap="42' in one.events.get("result", ""), 2)
        assert "Volatilität" in german.events["result"]
        talking.moderate(running, talking.ask(registered(running, "c@example.com"), "Why hafnium?").id, "shown")
        late.wait(lambda: "Why hafnium?" in late.events["questions"], 3)

    def test_open_pages_are_told_of_handouts_of_a_new_end_and_of_the_end(self, served, running):
        visitor = Connection(served.port, entered(Browser(), registered(running)))
        browser = Browser()
        log_in(browser)
        running.refresh_from_db()
        host = Connection(served.port, browser, f"/host/w/{running.slug}/live")
        visitor.wait(lambda: "handouts" in visitor.events)
        webinars.change_handouts(running, ("slides.pdf", "application/pdf", b"%PDF-"), None, actor="console")
        visitor.wait(lambda: "slides.pdf" in visitor.events["handouts"], 3)
        assert "over" not in visitor.events or "See the replay" not in visitor.events["over"]
        host.wait(lambda: f"It ends at {running.local(running.ends):%H:%M}" in host.events.get("end", ""))
        webinars.move_end(running, 15, actor="console")
        running.refresh_from_db()
        host.wait(lambda: f"It ends at {running.local(running.ends):%H:%M}" in host.events["end"], 3)
        webinars.move_end(running, 0, actor="console")
        visitor.wait(lambda: "See the replay" in visitor.events["over"], 3)
        host.wait(lambda: "It ended at" in host.events["end"], 3)

    @pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
    def test_what_is_too_large_is_answered_by_a_page_in_the_visitors_language(self, served, running, chunked):
        body = b"x" * 66_000  # a little too large: what the portal leaves unread resets the connection
        size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 66000"
        head = [f"POST /w/{running.slug}/register HTTP/1.1".encode(), b"Host: " + HOST.encode(), b"Accept-Language: de", size]
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as link:
            link.sendall(b"\r\n".join([*head, b"Content-Type: application/x-www-form-urlencoded", b"", b""]))
            link.sendall(b"%x\r\n%b\r\n" % (len(body), body) if chunked else body)
            answer = http.client.HTTPResponse(link)
            answer.begin()
            page = answer.read().decode()
        assert (answer.status, answer.headers["Connection"]) == (413, "close")
        assert "<h1>Das ist zu groß</h1>" in page
        assert "portal.css" in page

    def test_rooms_are_apart(self, served, running):
        other = announced(starts=running.starts)
        drive(running, 41)
        drive(other, 99)
        here = Connection(served.port, entered(Browser(), registered(running)))
        there = Connection(served.port, entered(Browser(), registered(other, "b@example.com")))
        for one, cap in ((here, 41), (there, 99)):
            one.wait(lambda one=one: "result" in one.events)
            assert f'data-cap="{cap}' in one.events["result"]

    def test_a_revoked_attendee_and_a_host_who_logs_out_lose_the_stream(self, served, running):
        person = registered(running)
        stream = Connection(served.port, entered(Browser(), person))
        browser = Browser()
        log_in(browser)
        hosts = Connection(served.port, browser, f"/host/w/{running.slug}/live")
        for one in (stream, hosts):
            one.wait(lambda one=one: "questions" in one.events)
        hosts.wait(lambda: ">1<" in hosts.events["people"])
        registering.cancel(person, state=Registration.State.REVOKED)
        stream.wait(lambda: stream.ended, 3)
        assert not hosts.ended
        browser.send("/host/logout", {}, page="/host/")
        hosts.wait(lambda: hosts.ended, 3)

    def test_a_fourth_stream_of_an_attendee_ends_the_first(self, served, running):
        browser = entered(Browser(), registered(running))
        streams = []
        for _ in range(hubs.EACH + 1):
            streams.append(Connection(served.port, browser))
            streams[-1].wait(lambda: "questions" in streams[-1].events)
        streams[0].wait(lambda: streams[0].ended)
        assert streams[0].events["ended"] == "elsewhere\n"
        assert not any(one.ended for one in streams[1:])

    def test_intervals_begin_and_end_with_the_connection_and_with_the_server(self, served, running):
        first, second = (Connection(served.port, entered(Browser(), registered(running, f"{n}@example.com"))) for n in "ab")
        first.wait(lambda: Presence.objects.filter(closed=None).count() == 2)
        first.close()
        second.wait(lambda: Presence.objects.filter(closed=None).count() == 1)
        assert served.stop() < 3
        second.wait(lambda: second.ended)
        assert not Presence.objects.filter(closed=None).exists()
        assert all(row.closed >= row.opened for row in Presence.objects.all())

    def test_an_erased_attendee_keeps_nobody_from_being_counted(self, served, running):
        gone, stays = registered(running, "a@example.com"), registered(running, "b@example.com")
        browsers = [entered(Browser(), one) for one in (gone, stays)]
        streams = [Connection(served.port, browser) for browser in browsers]
        gone.delete()
        streams[1].wait(lambda: Presence.objects.filter(registration=stays).exists())
        streams[0].wait(lambda: streams[0].ended, 3)

    def test_another_site_and_a_full_process_get_none(self, served, running, monkeypatch):
        browser = entered(Browser(), registered(running))
        for site in ("cross-site", "same-site"):
            assert Connection(served.port, browser, **{"Sec-Fetch-Site": site}).answer.status == 403
        monkeypatch.setattr(hubs, "ALL", 0)
        full = Connection(served.port, browser)
        assert (full.answer.status, "Retry-After" in full.answer.headers) == (503, True)

    def test_one_attendee_opens_only_so_many_a_minute(self, served, running, monkeypatch):
        monkeypatch.setattr(limits, "STREAMS", limits.Limit("stream", 2, 60))
        browser = entered(Browser(), registered(running))
        with time_machine.travel(timezone.now(), tick=False):
            assert [Connection(served.port, browser).answer.status for _ in range(3)] == [200, 200, 429]

    def test_what_waits_for_a_slow_reader_is_the_newest_alone(self, db):
        sent: list[bytes] = []

        async def read_slowly() -> None:
            stream, gone, reading = Stream(1, "en", "attendee"), asyncio.Event(), asyncio.Event()

            async def receive():
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message):
                sent.append(message["body"])
                await reading.wait()

            running = asyncio.create_task(stream(receive, send))
            await asyncio.sleep(0)
            while not sent:
                await asyncio.sleep(0.01)
            for number in range(100):
                stream.give({"result": encode("result", str(number))})
            reading.set()
            while len(sent) < 2:
                await asyncio.sleep(0.01)
            gone.set()
            await running

        asyncio.run(asyncio.wait_for(read_slowly(), 10))
        assert sent[1] == b"event: result\ndata: 99\n\n"
        assert hub._streams == []

    def test_a_database_that_is_away_for_a_moment_ends_no_thread(self, served, running, monkeypatch):
        from django.db import DatabaseError

        stream = Connection(served.port, entered(Browser(), registered(running)))
        stream.wait(lambda: "questions" in stream.events)
        whole, failed = Hub.tick, []

        def tick(self):
            if len(failed) < 3:
                failed.append(time.monotonic())
                raise DatabaseError
            whole(self)

        monkeypatch.setattr(Hub, "tick", tick)
        drive(running, 43)
        stream.wait(lambda: 'data-cap="43' in stream.events.get("result", ""))
        assert len(failed) == 3
        assert failed[-1] - failed[0] > hubs.AWAY, "each failure is a line of the log"


class TestPresenterGone:
    def test_attendees_are_told_once_no_page_of_a_presenter_is_connected(self, client, webinar):
        """By the thread that feeds the streams, and on a page that is loaded meanwhile; a page that comes back ends it."""
        told, now = "not connected any more", timezone.now()
        visitor = entered(Browser(), registered(webinar))
        page, attending = Stream(webinar.id, "en", "host"), Stream(webinar.id, "en", "attendee")
        feeding = Hub()

        def seen(seconds: int, *streams: Stream) -> tuple[bool, bool]:
            with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
                feeding._beat([*streams])
                feeding._look([attending], talk=True)
                made = feeding._made[webinar.id, "attendee", "en"][1]
                return told in made["away"], told in visitor.get("/room/").content.decode()

        feeding._send = lambda number, versions, _: feeding._made.update(  # type: ignore[method-assign]  # no loop is open here
            {
                (number, "attendee", "en"): (
                    versions,
                    hubs.parts(webinar, presenting.find(webinar), "attendee", hubs.language("en")),
                )
            }
        )
        assert seen(0, page) == (False, False)  # nobody has presented
        presenting.drive(webinar, log_in(client), "session", state(), now)
        assert seen(1, page) == (False, False)
        assert seen(15) == (False, False)
        assert seen(22) == (True, True)
        assert seen(30, page) == (False, False)
        assert seen(60) == (True, True)
        Webinar.objects.update(minutes=1)
        assert told not in visitor.get("/room/").content.decode()
