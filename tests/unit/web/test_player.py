"""Voice and picture in the room: from origins of the operator alone, for those with a seat; and webinars made in the browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.unit.web.test_routes import log_in
from tests.unit.web.visitors import Browser, announced, entered, registered
from toolkit.web.models import AuditEntry, Webinar

MEETING = "https://meet.example/metals"
FRAME = "; frame-src https://meet.example"


@pytest.fixture(autouse=True)
def _allowed(settings):
    settings.PORTAL = settings.PORTAL.model_copy(update={"players": ("https://meet.example",), "organiser": "The organiser"})


@pytest.fixture
def host(webinar) -> Browser:
    found = Browser()
    log_in(found)
    webinar.refresh_from_db()
    return found


class TestPlayer:
    def save(self, host: Browser, webinar: Webinar, url: str):
        return host.send(f"/host/w/{webinar.slug}/player", {"url": url})

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
        assert "frame-src" not in page.headers["Content-Security-Policy"]
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

    def test_no_file_of_the_server_is_a_strategy(self, host):
        assert host.send("/host/new", {**self.FIELDS, "strategy": "/etc/passwd"}).status_code == 422

    def test_the_trial_of_another_host_is_not_shown(self, host):
        other = announced()
        Webinar.objects.filter(id=other.id).update(host=None)
        assert host.get(f"/host/w/{other.slug}/trial").status_code == 404
