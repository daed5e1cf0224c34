"""A host's own words in mails, what follows a webinar, and the survey."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone

from tests.unit.web.visitors import Browser, announced, kinds, registered
from toolkit.web.gate import registering, tokens
from toolkit.web.gate.follow_up import follow_up
from toolkit.web.gate.mail import OWN_WORDS, compose
from toolkit.web.models import AuditEntry, Outbox, Registration, Survey, Webinar
from toolkit.web.room.models import Presence


def save(host: Browser, webinar: Webinar, of: str = "en", **fields: str):
    given = {f"{name}_{kind}": "" for kind in OWN_WORDS for name in ("subject", "text")}
    answer = host.send(f"/host/w/{webinar.slug}/mails?of={of}", {**given, **fields})
    webinar.refresh_from_db()
    return answer


def mail(kind: str, registration: Registration):
    registration = Registration.objects.select_related("webinar").get(id=registration.id)
    return compose(Outbox.objects.create(kind=kind, registration=registration), registration)


class TestOwnWords:
    def test_they_stand_between_title_and_link_and_none_is_the_portals(self, host, webinar):
        words = {"subject_link": "Welcome", "text_link": "Bring a pen.\n\nSee https://metals.example/before"}
        assert save(host, webinar, **words).status_code == 302
        assert AuditEntry.objects.filter(action="mails", target=webinar.slug).count() == 1
        one = registered(webinar)
        found = mail("link", one)
        assert found.subject == "Welcome: Gallium"
        lines = [line for line in found.body.splitlines() if line]
        assert lines[1:3] == ["Bring a pen.", "See https://metals.example/before"]
        assert "You have a seat" not in found.body
        assert '<a href="https://metals.example/before"' in found.alternatives[0][0]
        assert f"/a/{tokens.link(one, tokens.ACCESS)}" in found.body
        assert mail("day", one).subject == "Tomorrow: Gallium"

    def test_who_waited_is_told_that_a_seat_came_free_in_whatever_words(self, host, webinar):
        save(host, webinar, text_link="Bring a pen.")
        Webinar.objects.filter(id=webinar.id).update(capacity=1)
        first, second = registered(webinar), registered(webinar, "b@example.com", "waitlisted")
        registering.cancel(first)
        row = Outbox.objects.get(kind="link", registration=second)
        body = compose(row, Registration.objects.select_related("webinar").get(id=second.id)).body
        assert [line for line in body.splitlines() if line][1:3] == ["A seat came free, and it is yours.", "Bring a pen."]
        assert "came free" not in mail("link", registered(webinar, "c@example.com")).body

    def test_a_preview_shows_what_would_be_sent_and_stores_nothing(self, host, webinar):
        answer = save(host, webinar, subject_day="Soon now", preview="on")
        assert (answer.status_code, webinar.mails) == (200, {})
        page = answer.content.decode()
        assert "<b>Soon now: <bdi>Gallium</bdi></b>" in page
        assert "/a/" not in page  # no link of anybody

    def test_each_language_has_its_own(self, host, webinar):
        save(host, webinar, subject_link="Welcome")
        assert save(host, webinar, of="de", subject_link="Willkommen", text_day="Bis morgen.").url.endswith("mails?of=de")
        one = registered(webinar)
        Registration.objects.filter(id=one.id).update(language="de")
        assert mail("link", one).subject == "Willkommen: Gallium"
        assert "Bis morgen." in mail("day", one).body
        Registration.objects.filter(id=one.id).update(language="en")
        assert mail("link", one).subject == "Welcome: Gallium"
        assert "Bis morgen." not in mail("day", one).body
        page = host.get(f"/host/w/{webinar.slug}/mails?of=de").content.decode()
        assert 'value="Willkommen"' in page
        assert 'value="Welcome"' not in page

    def test_words_of_before_hold_in_each_language(self, webinar):
        Webinar.objects.filter(id=webinar.id).update(mails={"link": {"subject": "Welcome", "text": ""}})
        import_module("toolkit.web.migrations.0010_mails_by_language").by_language(apps, None)
        one = registered(webinar)
        for language in ("en", "de"):
            Registration.objects.filter(id=one.id).update(language=language)
            assert mail("link", one).subject == "Welcome: Gallium"

    @pytest.mark.parametrize("words", ["a\r\nBcc: b@example.com", "x" * 81, "a\x00b"])
    def test_a_subject_is_one_short_line(self, host, webinar, words):
        answer = save(host, webinar, subject_link=words)
        assert answer.status_code == 422 or "\n" not in webinar.mails["en"]["link"]["subject"]
        assert mail("link", registered(webinar)).message()["Bcc"] is None

    def test_the_words_of_a_host_are_words(self, host, webinar):
        save(host, webinar, text_link="{{ 7*7 }} {% x %} <script>alert(1)</script>")
        found = mail("link", registered(webinar))
        assert "{{ 7*7 }} {% x %} <script>" in found.body
        assert "<script>" not in found.alternatives[0][0]

    def test_a_confirmation_has_no_words_of_a_host(self, host, webinar):
        answer = host.send(f"/host/w/{webinar.slug}/mails", {"subject_confirm": "Buy"})
        assert answer.status_code == 422


class TestFollowUp:
    @pytest.fixture
    def over(self, webinar) -> Webinar:  # with a database
        found = announced(starts=timezone.now() - timedelta(hours=2), minutes=45, capacity=9, follow_up=True)
        for name in ("there", "missed", "late"):
            registered(found, f"{name}@example.com", "replay" if name == "late" else "confirmed")
        registered(found, "waited@example.com", "waitlisted")
        there = Registration.objects.get(webinar=found, email="there@example.com")
        opened = found.starts - timedelta(minutes=1)
        Presence.objects.create(registration=there, opened=opened, seen=found.ends, closed=found.ends)
        return found

    def sent(self) -> dict[str, str]:
        return {row.registration.email: row.kind for row in Outbox.objects.filter(kind__in=("thanks", "missed"))}

    def test_each_who_had_a_seat_gets_the_mail_that_is_true_once(self, over):
        for _ in range(2):
            follow_up()
        assert self.sent() == {"there@example.com": "thanks", "missed@example.com": "missed"}
        assert len(kinds()) == 2
        row = Outbox.objects.select_related("registration__webinar").get(kind="missed")
        assert "/a/" in compose(row, row.registration).body

    @pytest.mark.parametrize("minutes", [-5, 44, 29 + 45, 45 + 24 * 60 + 1])
    def test_not_before_half_an_hour_after_the_end_nor_a_day_later(self, over, minutes):
        with time_machine.travel(over.starts + timedelta(minutes=minutes), tick=False):
            follow_up()
        assert self.sent() == {}

    @pytest.mark.parametrize("fields", [{"follow_up": False}, {"cancelled_at": timezone.now()}], ids=["no", "cancelled"])
    def test_none_follows_what_was_cancelled_or_where_the_host_wants_none(self, over, fields):
        Webinar.objects.filter(id=over.id).update(**fields)
        follow_up()
        assert self.sent() == {}

    def test_the_host_asks_for_them(self, host, webinar):
        save(host, webinar, follow_up="on")
        assert webinar.follow_up
        save(host, webinar)
        assert not webinar.follow_up


class TestSurvey:
    @pytest.fixture
    def link(self, webinar) -> str:
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() - timedelta(hours=2))
        found = mail("thanks", registered(webinar))
        return re.search(r"/s/\S+", found.body)[0]  # type: ignore[index]

    def test_an_answer_is_stored_once_and_replaced(self, link, client):
        for rating, comment in (("2", "Slow."), ("5", "")):
            assert client.send(link, {"rating": rating, "comment": comment}).status_code == 200
        assert list(Survey.objects.values_list("rating", "comment")) == [(5, "")]
        assert Survey.objects.get().registration.email == "ana@example.com"

    @pytest.mark.parametrize("rating", ["0", "6", "", "x", "1.5"])
    def test_another_rating_is_refused(self, link, client, rating):
        assert client.send(link, {"rating": rating, "comment": ""}).status_code == 422
        assert not Survey.objects.exists()

    def test_it_is_of_its_purpose_and_after_the_start_alone(self, link, client, webinar):
        secret = link.rpartition("/")[2]
        for other in ("a", "me", "u", "c"):
            assert client.get(f"/{other}/{secret}").status_code == 404
        assert client.get(f"/s/{tokens.link(Registration.objects.get(), tokens.ME)}").status_code == 404
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() + timedelta(hours=2))
        assert client.get(link).status_code == 404

    def test_it_goes_with_the_registration(self, link, client):
        client.send(link, {"rating": "4", "comment": "Good."})
        from toolkit.web.export import everything_of

        found = everything_of(Registration.objects.get())
        assert found["survey"][0]["comment"] == "Good."
        Registration.objects.all().delete()
        assert not Survey.objects.exists()
