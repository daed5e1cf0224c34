"""Voice and picture in the room, from origins of the operator alone; the replay afterwards; and webinars made in the browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.unit.web.visitors import OWN, Browser, access, announced, entered, filled, kinds, registered, secret_of
from toolkit.web.gate import tokens
from toolkit.web.gate.mail import compose
from toolkit.web.models import AuditEntry, Host, Outbox, Registration, Webinar
from toolkit.web.operations.backup import faults
from toolkit.web.room.attendance import attendance
from toolkit.web.room.figures import figures
from toolkit.web.room.models import Presence

MEETING = "https://meet.example/metals"
FRAME = "; frame-src 'self' https://meet.example"


@pytest.fixture(autouse=True)
def _allowed(settings):
    settings.PORTAL = settings.PORTAL.model_copy(update={"players": ("https://meet.example",), "demo": True})


class TestPlayer:
    def save(self, host: Browser, webinar: Webinar, url: str):
        return host.send(f"/host/w/{webinar.slug}/player", {"url": url, "replay_days": "0"})

    def test_a_meeting_of_an_origin_of_the_operator_stands_in_the_test_page(self, host, webinar):
        assert self.save(host, webinar, MEETING).status_code == 302
        page = host.get(f"/host/w/{webinar.slug}/player")
        assert f'<iframe class="player" src="{MEETING}"' in page.content.decode()
        assert page.headers["Content-Security-Policy"].endswith(FRAME)
        assert 'camera=("https://meet.example"), microphone=("https://meet.example")' in page.headers["Permissions-Policy"]
        assert AuditEntry.objects.filter(action="player", target=webinar.slug).count() == 1

    @pytest.mark.parametrize(
        "url", ["https://other.example/metals", "https://meet.example.evil.test/", "https://meet.example:8443/x"]
    )
    def test_another_address_is_a_link_and_no_page_frames_it(self, host, webinar, url):
        assert self.save(host, webinar, url).status_code == 302
        page = host.get(f"/host/w/{webinar.slug}/player")
        assert "<iframe" not in page.content.decode()
        assert f'href="{url}" target="_blank" rel="noopener noreferrer"' in page.content.decode()
        assert page.headers["Content-Security-Policy"].endswith("; frame-src 'self'")
        assert "camera=()" in page.headers["Permissions-Policy"]

    @pytest.mark.parametrize(
        "url",
        [
            "http://meet.example/x",
            "javascript:alert(1)",
            "https://a:b@meet.example/",
            "https://meet.example/ x",
            "//meet.example",
        ],
    )
    def test_what_is_no_address_over_https_is_refused(self, host, webinar, url):
        assert self.save(host, webinar, url).status_code == 422
        webinar.refresh_from_db()
        assert webinar.player == ""

    def test_it_is_for_those_with_a_seat_alone_and_ends(self, host, webinar):
        self.save(host, webinar, MEETING)
        webinar.refresh_from_db()
        for path in ("/", f"/w/{webinar.slug}/"):
            page = Browser().get(path)
            assert MEETING not in page.content.decode()
            assert "frame-src" not in page.headers["Content-Security-Policy"]
        waiting = entered(Browser(), registered(webinar)).get("/room/")
        assert MEETING not in waiting.content.decode()  # before the start
        self.save(host, webinar, "")
        assert "<iframe" not in host.get(f"/host/w/{webinar.slug}/player").content.decode()


class TestReplayAfterwards:
    """Who registers after the webinar sees the replay until its last day."""

    @pytest.fixture
    def over(self, webinar) -> Webinar:  # with a database
        return announced(starts=timezone.now() - timedelta(hours=3), capacity=1, replay_days=5)

    def confirmed(self, over: Webinar, email: str = "ana@example.com") -> Registration:
        page = Browser().get(f"/w/{over.slug}/").content.decode()
        assert "Register for the replay" in page
        assert "to show you the replay of the webinar" in page
        assert Browser().send(f"/w/{over.slug}/register", filled(email=email), page=f"/w/{over.slug}/").status_code == 302
        found = Registration.objects.get(webinar=over, email=email)
        row = Outbox.objects.get(registration=found, kind="confirm")
        assert "to see the replay" in compose(row, found).body
        assert Browser().send(f"/c/{secret_of(found)}").headers["Location"].endswith("/confirmed")
        found.refresh_from_db()
        return found

    def test_it_has_its_own_consent_and_no_seat_is_counted(self, over):
        registered(over, "first@example.com")  # the one seat
        found = self.confirmed(over)
        assert (found.state, kinds()[-1]) == ("replay", "link")
        text = found.consents.get(text__purpose="participation").text.text  # type: ignore[attr-defined]
        assert "to show you the replay" in text
        visitor = entered(Browser(), found)
        assert visitor.get("/room/replay").status_code == 200

    def test_who_waited_for_a_seat_gets_the_replay_by_a_new_sign_up(self, over):
        waited = registered(over, "w@example.com", "waitlisted")
        assert (
            Browser().send(f"/w/{over.slug}/register", filled(email="w@example.com"), page=f"/w/{over.slug}/").status_code
            == 302
        )
        waited.refresh_from_db()
        assert (waited.state, kinds()) == ("replay", ["link"])

    def test_nothing_says_that_there_is_a_seat(self, over):
        """A host's own words for the mail with the seat went to who came for the replay alone."""
        Webinar.objects.filter(id=over.id).update(
            mails={"en": {"link": {"subject": "Your seat", "text": "See you at the start."}}}
        )
        page = Browser().get(f"/w/{over.slug}/").content.decode()
        assert "you see the replay once you confirm it" in page
        found = self.confirmed(over)
        sent = compose(Outbox.objects.get(registration=found, kind="link"), Registration.objects.get(id=found.id))
        assert sent.subject == "Your personal link: Gallium"
        assert "See you at the start." not in sent.body
        assert "See the replay" in sent.body
        assert all(getattr(one, "mimetype", "") != "text/calendar" for one in sent.attachments)
        done = Browser().get(f"/w/{over.slug}/confirmed").content.decode()
        assert ("waiting list" in done, "calendar" in done, "link to the replay" in done) == (False, False, True)
        visitor = Browser()
        assert "See the replay" in visitor.get(access(found)).content.decode()
        assert visitor.send(access(found)).headers["Location"] == "/room/replay"
        own = visitor.get(f"/me/{tokens.link(found, tokens.ME)}").content.decode()
        assert ("you have a seat" in own, "for the replay alone" in own) == (False, True)

    def test_list_attendance_and_figures_agree_on_seats(self, host, over):
        Webinar.objects.filter(id=over.id).update(host=Host.objects.get())
        seated = registered(over, "first@example.com")
        Registration.objects.filter(id=seated.id).update(created=over.starts)
        Presence.objects.create(registration=seated, opened=over.starts, seen=over.ends, closed=over.ends)
        late = self.confirmed(over)
        now = timezone.now()
        Presence.objects.create(registration=late, opened=now - timedelta(minutes=30), seen=now, closed=now)
        Presence.objects.create(registration=seated, opened=now - timedelta(minutes=30), seen=now, closed=now)
        page = host.get(f"/host/w/{over.slug}/").content.decode()
        assert re.findall(r"<dt>(.+?)</dt><dd class=\"kv\">(\d+)</dd>", page) == [
            ("Seats", "1"), ("Confirmed", "1"), ("Waiting", "0"), ("Not confirmed", "0"), ("For the replay alone", "1"), ("Refused mails", "0"),
        ]  # fmt: skip
        there = host.get(f"/host/w/{over.slug}/attendance").content.decode()
        assert "1 of 1 with a seat were there." in there
        assert "ana@example.com" not in there
        assert [round(one.minutes) for one in attendance(over)] == [over.minutes]
        assert figures(over).funnel == (1, 1, 1, 1, 1, 0)
        assert faults() == []

    def test_it_ends_on_its_day_and_without_one_nothing_is_taken(self, over):
        found = self.confirmed(over)
        Webinar.objects.filter(id=over.id).update(replay_days=20)
        link = access(found)
        with time_machine.travel(over.ends + timedelta(days=19)):
            assert entered(Browser(), found).get("/room/replay").status_code == 200
        with time_machine.travel(over.ends + timedelta(days=21)):
            assert Browser().get(link).status_code == 404
            page = Browser().get(f"/w/{over.slug}/").content.decode()
            assert "Register for the replay" not in page
            over.refresh_from_db()
            assert not over.gives_replay
        Webinar.objects.filter(id=over.id).update(replay_days=0)
        assert "Register for the replay" not in Browser().get(f"/w/{over.slug}/").content.decode()
        Webinar.objects.filter(id=over.id).update(replay_days=9, cancelled_at=timezone.now())
        assert "Register for the replay" not in Browser().get(f"/w/{over.slug}/").content.decode()

    @pytest.mark.parametrize("days", ["-1", "81", "", "x"])
    def test_days_that_make_no_sense_are_refused(self, host, webinar, days):
        answer = host.send(f"/host/w/{webinar.slug}/player", {"url": "", "replay_days": days})
        assert answer.status_code == 422

    def test_the_host_sets_the_days(self, host, webinar):
        assert host.send(f"/host/w/{webinar.slug}/player", {"url": "", "replay_days": "30"}).status_code == 302
        webinar.refresh_from_db()
        assert webinar.replay_until == webinar.ends + timedelta(days=30)


class TestNew:
    FIELDS = {  # noqa: RUF012
        "title": "Rare earths",
        "description": "What is under control.",
        "starts": f"{timezone.now() + timedelta(days=9):%Y-%m-%dT17:00}\n{timezone.now() + timedelta(days=10):%Y-%m-%dT17:00}",
        "zone": "Europe/Berlin",
        "minutes": "60",
        "capacity": "7",
        "strategy": "robust-utility",
        "questions": "Which metals do you hold?\nYour role?*",
    }

    def test_everything_that_the_command_makes_is_made_in_the_browser(self, host):
        answer = host.send("/host/new", self.FIELDS)
        made = list(Webinar.objects.filter(title="Rare earths").order_by("starts"))
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/host/w/{made[0].slug}/trial")
        assert {(one.capacity, one.minutes, one.strategy, one.host.username) for one in made} == {
            (7, 60, "robust-utility", "mara")
        }
        assert len({one.series for one in made} - {""}) == 1
        assert made[0].questions == ["Which metals do you hold?", "Your role?*"]
        assert AuditEntry.objects.filter(action="webinar", target=made[0].slug).get().actor != "console"

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"starts": "2020-01-01T10:00"}, "is past"),
            ({"starts": "2126-01-01"}, "is a day without a time"),
            ({"zone": "CET"}, "is no time zone of a place"),
            ({"questions": "Why?\nWhy?"}, "each another one"),
        ],
    )
    def test_what_makes_no_sense_is_answered_beside_the_form(self, host, fields, told):
        answer = host.send("/host/new", {**self.FIELDS, **fields})
        assert (answer.status_code, told in answer.content.decode()) == (422, True)
        assert not Webinar.objects.filter(title="Rare earths").exists()

    def test_a_button_that_is_pressed_twice_announces_once(self, host):
        first, second = (host.send("/host/new", self.FIELDS).headers["Location"] for _ in range(2))
        assert first == second
        assert Webinar.objects.filter(title="Rare earths").count() == 2  # sessions
        host.send("/host/new", {**self.FIELDS, "capacity": "8"})
        assert Webinar.objects.filter(title="Rare earths").count() == 4

    def test_the_same_is_announced_anew_once_it_is_no_double_click(self, host):
        host.send("/host/new", self.FIELDS)
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            host.send("/host/new", self.FIELDS)
        assert Webinar.objects.filter(title="Rare earths").count() == 4

    def test_a_zone_that_is_none_is_told_in_the_words_of_the_page(self, host):
        page = host.send("/host/new", {**self.FIELDS, "zone": "CET"}, headers={**OWN, "Accept-Language": "de"}).content.decode()
        assert "ist keine Zeitzone eines Ortes." in page
        assert "--zone" not in page

    def test_what_was_announced_by_mistake_is_deleted_until_somebody_registers(self, host, webinar):
        page, path = f"/host/w/{webinar.slug}/change", f"/host/w/{webinar.slug}/delete"
        assert "Delete the webinar" in host.get(page).content.decode()
        one = registered(webinar)
        assert "Delete the webinar" not in host.get(page).content.decode()
        assert host.send(path, page=page).headers["Location"] == page
        assert Webinar.objects.filter(id=webinar.id).exists()
        one.delete()
        assert host.send(path, page=page).headers["Location"] == "/host/"
        assert not Webinar.objects.filter(id=webinar.id).exists()
        assert AuditEntry.objects.filter(action="delete", target=webinar.slug).exists()

    def test_the_trial_says_at_once_that_it_is_being_made(self, host, webinar):
        answer = host.get(f"/host/w/{webinar.slug}/trial")
        page = answer.content.decode()
        assert "tried over its sliders, which takes half a minute" in page
        assert f'content="3;url=/host/w/{webinar.slug}/trial"' in page

    def test_no_file_of_the_server_is_a_strategy(self, host):
        assert host.send("/host/new", {**self.FIELDS, "strategy": "/etc/passwd"}).status_code == 422

    def test_the_trial_of_another_host_is_not_shown(self, host):
        other = announced()
        Webinar.objects.filter(id=other.id).update(host=None)
        assert host.get(f"/host/w/{other.slug}/trial").status_code == 404
