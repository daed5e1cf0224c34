"""A webinar that is moved, enlarged or cancelled: who is told, by which file, and what holds afterwards."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as sent_mail
from django.db import connections
from django.utils import timezone
from icalendar import Calendar

from tests.unit.web.test_room import forget_the_audit_log
from tests.unit.web.visitors import Browser, access, announced, entered, filled, kinds, log_in, registered, secret_of
from toolkit.core.errors import SpecError
from toolkit.web import webinars
from toolkit.web.forms import ChangeForm
from toolkit.web.gate import outbox, registering, tokens
from toolkit.web.gate.mail import REMINDERS, letter
from toolkit.web.models import AuditEntry, Host, Outbox, Registration, Webinar
from toolkit.web.room.hub import _valid
from toolkit.web.sessions import digest
from toolkit.web.words import language, moment

State = Registration.State


def clock(webinar: Webinar, **later: int) -> str:
    """A time on the clock of the webinar, as a host types it."""
    return f"{webinar.local(timezone.now() + timedelta(**later)):%Y-%m-%dT%H:%M}"


def event_of(file: bytes):
    return Calendar.from_ical(file).walk("VEVENT")[0]


def files() -> dict[str, tuple[str, Calendar]]:
    """Address -> method in the head of the calendar file of its mail, and the file."""
    parts = {message.to[0]: [*message.message().walk()][-1] for message in sent_mail.outbox}
    return {to: (part.get_param("method"), Calendar.from_ical(part.get_payload(decode=True))) for to, part in parts.items()}


@pytest.fixture
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sent_mail.outbox = []
    return sent_mail.outbox


@pytest.fixture
def everybody(webinar) -> dict[str, Registration]:
    Webinar.objects.update(capacity=1)
    return {state.value: registered(webinar, f"{state.value}@example.com", state) for state in State}


class TestMove:
    def test_who_has_a_seat_or_waits_is_told_both_times_and_has_a_file_that_replaces_the_first(
        self, client, webinar, everybody, mails
    ):
        first, old = event_of(client.get(f"/w/{webinar.slug}/calendar.ics").content), moment(webinar, language("en"))
        assert webinars.change(webinar, starts=clock(webinar, days=9))
        webinar.refresh_from_db()
        assert outbox.send_due() == 2
        assert outbox.send_due() == 0
        found, new = files(), moment(webinar, language("en"))
        assert {*found} == {"confirmed@example.com", "waitlisted@example.com"}
        for method, file in found.values():
            event = file.walk("VEVENT")[0]
            assert (method, str(file["METHOD"]), event["UID"]) == ("PUBLISH", "PUBLISH", first["UID"])
            assert (first["SEQUENCE"], event["SEQUENCE"], event["DTSTART"].dt) == (0, 1, webinar.local_start)
            assert file.walk("VTIMEZONE")
            assert "ATTENDEE" not in event
        told = {message.to[0]: message.body for message in mails}
        assert all(old in body and new in body for body in told.values())
        assert ["/a/" in told[f"{state}@example.com"] for state in ("confirmed", "waitlisted")] == [True, False]

    def test_links_hold_and_who_has_not_confirmed_sees_the_new_time(self, client, webinar, everybody):
        seat, unconfirmed = access(everybody["confirmed"]), secret_of(everybody["pending"])
        webinars.change(webinar, starts=clock(webinar, days=9))
        webinar.refresh_from_db()
        for path in (seat, f"/c/{unconfirmed}", f"/w/{webinar.slug}/"):
            assert moment(webinar, language("en")) in client.get(path).content.decode()

    def test_reminders_go_by_the_new_time_and_again_where_they_had_gone(self, webinar, mails):
        registering.confirm(secret_of(registered(webinar, state=State.PENDING)))
        with time_machine.travel(webinar.starts - timedelta(minutes=59), tick=False):
            assert outbox.send_due() == 2  # the link, and "in one hour"
            later = timezone.now() + timedelta(days=2)
            webinars.change(webinar, starts=f"{webinar.local(later):%Y-%m-%dT%H:%M}")
            outbox.send_due()
        webinar.refresh_from_db()
        del mails[:]
        for before in (timedelta(hours=23), timedelta(minutes=58), timedelta(minutes=4)):
            with time_machine.travel(webinar.starts - before, tick=False):
                outbox.send_due()
        assert [message.subject for message in mails] == [
            f"{soon}: Gallium" for soon in ("Tomorrow", "In one hour", "In five minutes")
        ]

    def test_reminders_of_an_earlier_time_do_not_wait_for_those_of_the_old_one(self, db):
        webinar = announced(starts=timezone.now() + timedelta(days=30))
        registering.confirm(secret_of(registered(webinar, state=State.PENDING)))
        webinars.change(webinar, starts=clock(webinar, days=3))
        webinar.refresh_from_db()
        dues = dict(Outbox.objects.filter(kind__in=REMINDERS).values_list("kind", "due"))
        assert dues == {kind: webinar.starts - before for kind, before in REMINDERS.items()}

    def test_of_two_moves_before_a_mail_leaves_one_is_told_and_none_that_was_taken_back(self, db, mails):
        webinar = announced(starts=(timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0))
        registered(webinar)
        old = f"{webinar.local_start:%Y-%m-%dT%H:%M}"
        webinars.change(webinar, starts=clock(webinar, days=9))
        webinars.change(webinar, starts=clock(webinar, days=12))
        row = Outbox.objects.get(kind="moved")
        assert moment(webinar, language("en")) in letter(row, row.registration, language("en")).lines[1]
        webinars.change(webinar, starts=old)
        assert (kinds(), outbox.send_due()) == ([], 0)

    def test_a_mail_in_hand_is_not_overtaken(self, webinar, mails):
        """What a process was about to send, and then died, is told no more: the next mail has the time that holds."""
        registered(webinar)
        now = timezone.now()
        webinars.change(webinar, starts=clock(webinar, days=9))
        assert len(outbox.claim()) == 1
        webinars.change(webinar, starts=clock(webinar, days=12))
        with time_machine.travel(now + outbox.LEASE + timedelta(seconds=1), tick=False):
            assert outbox.send_due() == 1
        webinar.refresh_from_db()
        assert moment(webinar, language("en")) in mails[0].body

    @pytest.mark.parametrize(
        ("hours", "fault"), [(-0.5, "begun"), (-3, "over"), (24, "past")], ids=["has begun", "is over", "to the past"]
    )
    def test_what_has_begun_or_is_over_stays_and_nothing_goes_to_the_past(self, db, hours, fault):
        webinar = announced(starts=timezone.now() + timedelta(hours=hours))
        registered(webinar)
        with pytest.raises(SpecError, match=fault):
            webinars.change(webinar, starts=clock(webinar, days=-1 if hours > 0 else 1))
        assert (Webinar.objects.get().starts, kinds()) == (webinar.starts, [])

    def test_a_change_that_changes_nothing_sends_nothing(self, db):
        webinar = announced(starts=(timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0), description="a\nb")
        registered(webinar)
        same = {name: getattr(webinar, name) for name in ("title", "description", "minutes", "capacity")}
        assert not webinars.change(webinar, starts=f"{webinar.local_start:%Y-%m-%dT%H:%M}", **same)
        assert not webinars.change(webinar)
        assert (Webinar.objects.get().revision, kinds(), AuditEntry.objects.count()) == (0, [], 0)


class TestSeats:
    def test_more_go_to_who_waits_in_order_and_fewer_than_given_are_refused_with_their_number(self, webinar):
        webinar.webhook = "https://example.com/hook"
        webinar.save()
        for i in range(2):
            registered(webinar, f"a{i}@example.com")
        waiting = [registered(webinar, f"w{i}@example.com", State.WAITLISTED) for i in range(3)]
        assert webinars.change(webinar, capacity=4)
        states = [Registration.objects.get(id=one.id).state for one in waiting]
        assert states == [State.CONFIRMED, State.CONFIRMED, State.WAITLISTED]
        assert Counter(kinds()) == {"link": 2, "webhook": 2}
        with pytest.raises(SpecError, match="given: 4"):
            webinars.change(webinar, capacity=3)
        assert webinars.change(webinar, capacity=5)
        assert Webinar.objects.get().capacity == 5

    def test_they_are_given_while_it_runs(self, db):
        webinar = announced(starts=timezone.now() - timedelta(minutes=9), capacity=1)
        registered(webinar)
        waiting = registered(webinar, "w@example.com", State.WAITLISTED)
        webinars.change(webinar, capacity=2)
        assert Registration.objects.get(id=waiting.id).state == State.CONFIRMED

    @pytest.mark.django_db(transaction=True)
    def test_changes_that_race_with_confirmations_leave_no_more_confirmed_than_seats(self, request):
        request.addfinalizer(forget_the_audit_log)
        webinar = announced(capacity=5)
        secrets = [secret_of(registered(webinar, f"a{i}@example.com", State.PENDING)) for i in range(24)]
        start = threading.Barrier(16)

        def race(job: str | int) -> str:
            if isinstance(job, str):
                start.wait(30)
            try:
                if isinstance(job, str):
                    return registering.confirm(job)[0]
                return str(webinars.change(webinar, capacity=job))
            except SpecError:
                return "refused"
            finally:
                connections.close_all()

        with ThreadPoolExecutor(20) as pool:
            first = [pool.submit(race, secret) for secret in secrets[:16]]
            sizes = [pool.submit(race, size) for size in (9, 3, 12, 4, 10, 2)]
            told = Counter(one.result() for one in first)
            assert {one.result() for one in sizes} <= {"True", "False", "refused"}
        webinar.refresh_from_db()
        seated = Registration.objects.filter(state=State.CONFIRMED).count()
        assert sum(told.values()) == 16 == seated + Registration.objects.filter(state=State.WAITLISTED).count()
        assert seated <= webinar.capacity
        assert seated == min(16, webinar.capacity), "no seat is empty while somebody waits"
        assert kinds().count("link") == seated, "each seat is told once"


class TestCancel:
    @pytest.fixture
    def cancelled(self, webinar, everybody) -> Webinar:
        assert webinars.cancel(webinar)
        webinar.refresh_from_db()
        return webinar

    def test_who_has_a_seat_or_waits_is_told_once_and_the_file_takes_it_out_of_the_calendar(self, client, cancelled, mails):
        assert not webinars.cancel(cancelled)
        assert outbox.send_due() == 2
        assert outbox.send_due() == 0
        found, uid = files(), event_of(client.get(f"/w/{cancelled.slug}/calendar.ics").content)["UID"]
        assert {*found} == {"confirmed@example.com", "waitlisted@example.com"}
        for method, file in found.values():
            event = file.walk("VEVENT")[0]
            assert (method, str(file["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCEL", "CANCELLED")
            assert (event["SEQUENCE"], event["UID"], "ORGANIZER" in event) == (1, uid, True)

    def test_nothing_else_is_sent_any_more(self, webinar, mails):
        registering.confirm(secret_of(registered(webinar, state=State.PENDING)))
        registered(webinar, "b@example.com", State.PENDING)
        webinars.change(webinar, starts=clock(webinar, days=9))
        webinars.cancel(webinar)
        with time_machine.travel(timezone.now() + timedelta(days=9), tick=False):
            outbox.send_due()
        assert [message.subject for message in mails] == ["Your webinar is cancelled: Gallium"]
        assert not Outbox.objects.filter(sent=None).exists()

    def test_nobody_signs_up_or_confirms(self, client, cancelled, everybody):
        page = f"/w/{cancelled.slug}/"
        answer = client.send(f"{page}register", filled(), page=page)
        assert (answer.status_code, "This webinar is cancelled." in answer.content.decode()) == (422, True)
        assert client.get(page).status_code == 200
        secret = secret_of(everybody["pending"])
        assert client.get(f"/c/{secret}").headers["Location"] == page
        assert (
            client.send(f"/c/{secret}", page=f"/me/{tokens.link(everybody['pending'], tokens.ME)}").headers["Location"] == page
        )
        assert Registration.objects.get(id=everybody["pending"].id).state == State.PENDING
        assert "This webinar is cancelled." in client.get("/").content.decode()

    def test_the_room_closes(self, db):
        webinar = announced(starts=timezone.now() + timedelta(minutes=5))
        visitor = entered(Browser(), one := registered(webinar))
        key = digest(visitor.session.session_key)
        assert _valid({key}) == {key}
        webinars.cancel(webinar)
        page = f"/w/{webinar.slug}/"
        assert visitor.get("/room/").headers["Location"] == visitor.get(access(one)).headers["Location"] == page
        assert _valid({key}) == set()
        with time_machine.travel(webinar.ends + timedelta(minutes=1)):
            assert [visitor.get(path).status_code for path in ("/room/replay", "/room/live")] == [404, 404]
        assert visitor.send("/room/ask", {"text": "Why?"}, page=page).status_code == 400

    def test_ones_own_page_says_so_and_is_sent_again_and_everything_can_be_deleted(self, client, cancelled, everybody):
        seat = everybody["confirmed"]
        me = f"/me/{tokens.link(seat, tokens.ME)}"
        page = client.get(me).content.decode()
        assert ("This webinar is cancelled." in page, "Cancel the registration" in page) == (True, False)
        with time_machine.travel(timezone.now() + registering.AGAIN + timedelta(seconds=1), tick=False):
            client.send(f"/w/{cancelled.slug}/resend", {"email": seat.email}, page=f"/w/{cancelled.slug}/")
        assert list(Outbox.objects.filter(registration=seat).values_list("kind", flat=True)) == ["cancellation"] * 2
        client.send(f"{me}/erase", page=me)
        assert not Registration.objects.filter(id=seat.id).exists()

    def test_what_is_over_is_not_cancelled_and_what_is_cancelled_not_changed(self, cancelled):
        over = announced(starts=timezone.now() - timedelta(days=1))
        with pytest.raises(SpecError, match="over"):
            webinars.cancel(over)
        with pytest.raises(SpecError, match="cancelled"):
            webinars.change(cancelled, capacity=9)

    def test_lists_have_it_among_those_that_are_over(self, client, cancelled, settings):
        log_in(client)
        page = client.get("/host/").content.decode()
        assert ("Over" in page, "Coming" in page, "This webinar is cancelled." in page) == (True, False, True)
        record = webinars.as_record(cancelled, settings.PORTAL)
        assert record["cancelled"] == cancelled.cancelled_at.isoformat()
        assert webinars.as_record(announced(), settings.PORTAL)["cancelled"] is None
        assert webinars.coming_strategies() == {"physical-basket"}


class TestPages:
    """The forms of the host's pages."""

    @pytest.fixture
    def host(self, client, webinar) -> Browser:
        log_in(client)
        return client

    def shown(self, webinar: Webinar, **new: str) -> dict[str, str]:
        """The form as it stands on the page, with what is typed in it."""
        kept = {name: str(getattr(webinar, name)) for name in ("minutes", "capacity", "title", "description")}
        return {**kept, "starts": f"{webinar.local_start:%Y-%m-%dT%H:%M}", **new}

    def test_fields_that_stay_change_nothing_and_those_that_do_not_are_in_the_audit_log(self, host, webinar):
        Webinar.objects.filter(id=webinar.id).update(description="One.\n\nTwo.")
        registered(webinar)
        path = f"/host/w/{webinar.slug}/change"
        same = self.shown(webinar, description="One.\r\n\r\nTwo.")
        assert host.send(path, same).headers["Location"] == f"/host/w/{webinar.slug}/"
        assert (Webinar.objects.get().starts, kinds(), AuditEntry.objects.filter(action="change").count()) == (
            webinar.starts,
            [],
            0,
        )
        host.send(path, {**same, "starts": clock(webinar, days=5), "capacity": "7", "title": "Germanium"})
        found = Webinar.objects.get()
        assert (found.capacity, found.title, kinds()) == (7, "Germanium", ["moved"])
        entry = AuditEntry.objects.get(action="change")
        assert (entry.actor, entry.target) == (f"host:{Host.objects.get().pk}", webinar.slug)

    @pytest.mark.parametrize(
        ("new", "said"),
        [
            ({"starts": "2025-12-03T17:00"}, "ist vergangen"),
            ({"starts": "2026-12-03"}, "ein Tag ohne Uhrzeit"),
            ({"capacity": "1"}, "Vergebene Plätze: 2."),
            ({"capacity": "0"}, "error"),
            ({"minutes": "x"}, "error"),
            ({"title": ""}, "error"),
        ],
        ids=str,
    )
    def test_what_is_refused_is_said_in_the_language_of_the_page(self, host, webinar, new, said):
        for i in range(2):
            registered(webinar, f"a{i}@example.com")
        host.cookies["django_language"] = "de"
        host.send("/language", {"language": "de", "next": "/"}, page="/")
        answer = host.send(f"/host/w/{webinar.slug}/change", self.shown(webinar, **new))
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
        assert (Webinar.objects.get().revision, kinds()) == (0, [])

    def test_a_button_behind_another_one_cancels(self, host, webinar):
        registered(webinar)
        path = f"/host/w/{webinar.slug}/"
        assert (
            f'<details><summary class="danger">Cancel the webinar</summary><form method="post" action="{path}cancel"'
            in host.get(f"{path}change").content.decode()
        )
        for _ in range(2):
            assert host.send(f"{path}cancel", page=path).headers["Location"] == path
        assert (kinds(), AuditEntry.objects.filter(action="cancel").count()) == (["cancellation"], 1)
        page = host.get(path).content.decode()
        assert ("This webinar is cancelled." in page, "Change or cancel" in page, "Presenter" in page) == (True, False, False)
        assert host.get(f"{path}room").headers["Location"] == path

    def test_another_host_changes_nothing(self, host, webinar):
        theirs = announced(host=Host.objects.create_user("eve"))
        page = f"/host/w/{webinar.slug}/"
        for path, fields in (("change", self.shown(theirs, capacity="9")), ("cancel", {})):
            assert host.send(f"/host/w/{theirs.slug}/{path}", fields, page=page).status_code == 404
        theirs.refresh_from_db()
        assert (theirs.revision, theirs.cancelled_at) == (0, None)


def test_every_field_of_the_form_is_one_of_the_use_case(webinar):
    new = {
        "starts": clock(webinar, days=2), "minutes": 30, "capacity": 3, "title": "B", "description": "C", "approval": True,
    }  # fmt: skip
    assert {*new} == {*ChangeForm.base_fields}
    assert webinars.change(webinar, **new)
    found = Webinar.objects.get()
    assert (found.minutes, found.capacity, found.title, found.description, found.revision) == (30, 3, "B", "C", 1)
    assert found.approval


def test_a_page_is_named_by_its_address_or_the_last_part_of_it(webinar):
    for page in (webinar.slug, f"https://webinar.example.com/w/{webinar.slug}/"):
        assert webinars.page_of(page) == webinar
    with pytest.raises(SpecError, match="no webinar 'gallium'") as refused:
        webinars.page_of("gallium")
    assert webinar.slug in refused.value.hint
