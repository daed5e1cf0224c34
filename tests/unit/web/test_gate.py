"""From the form to a seat: what a visitor may learn, what a secret opens, and who gets the last seat."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone, translation
from structlog.testing import capture_logs

from tests.unit.web.visitors import OWN, Browser, access, announced, entered, filled, kinds, registered, secret_of
from toolkit.web.gate import limits, mail, registering, tokens
from toolkit.web.gate.calendar import calendar
from toolkit.web.gate.retention import purge
from toolkit.web.models import Consent, Outbox, Registration, Session, Token
from toolkit.web.views.errors import too_many
from toolkit.web.words import language, moment

State = Registration.State


def dump() -> list[tuple[str, list[tuple]]]:
    """Every row of every table."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        rows = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.append((table, sorted(cursor.fetchall(), key=str)))
        return rows


class TestRegister:
    def test_a_sign_up_is_pending_with_a_mail_and_the_texts_that_were_shown(self, client, webinar):
        answer = client.send(f"/w/{webinar.slug}/register", filled(marketing="on"), page=f"/w/{webinar.slug}/")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/w/{webinar.slug}/sent")
        registration = Registration.objects.get()
        assert (registration.state, kinds()) == (State.PENDING, ["confirm"])
        given = {consent.text.purpose: consent.given for consent in Consent.objects.select_related("text")}
        assert given == {"participation": True, "marketing": True}
        page = client.get(f"/w/{webinar.slug}/").content.decode().replace("&amp;", "&")
        for consent in Consent.objects.select_related("text"):
            assert consent.text.text in page
            assert consent.text.sha256 == hashlib.sha256(consent.text.text.encode()).hexdigest()
            assert consent.confirmed is None

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="PRAGMA of SQLite")
    def test_while_nothing_can_be_written_the_answer_is_to_come_back(self, webinar):
        client, path = Browser(raise_request_exception=False), f"/w/{webinar.slug}/"
        connection.cursor().execute("PRAGMA query_only = 1")
        try:
            answer = client.send(f"{path}register", filled(), page=path)
        finally:
            connection.cursor().execute("PRAGMA query_only = 0")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert client.send(f"{path}register", filled(), page=path).status_code == 302

    def test_news_need_a_tick_of_their_own(self, client, webinar):
        client.send(f"/w/{webinar.slug}/register", filled(), page=f"/w/{webinar.slug}/")
        assert not Consent.objects.get(text__purpose="marketing").given

    @pytest.mark.parametrize("state", [None, *State.values])
    def test_the_answer_is_the_same_whatever_is_known_of_an_address(self, webinar, state):
        if state is not None:
            registered(webinar, state=state)
        client = Browser()
        path = f"/w/{webinar.slug}/"
        answer = client.send(f"{path}register", filled(), page=path)
        assert (answer.status_code, answer.headers["Location"], answer.content) == (302, f"{path}sent", b"")
        assert Outbox.objects.count() == 1
        again = client.send(f"{path}resend", {"email": "ana@example.com"}, page=path)
        assert (again.status_code, again.headers["Location"]) == (302, f"{path}sent")
        assert Outbox.objects.count() == 2

    def test_an_unknown_address_costs_the_same_rows_as_a_known_one(self, client, webinar):
        registered(webinar)
        path = f"/w/{webinar.slug}/"
        client.send(f"{path}resend", {"email": "nobody@example.com"}, page=path)
        client.send(f"{path}resend", {"email": "ana@example.com"}, page=path)
        assert kinds() == ["noop", "link"]

    def test_an_address_is_one_registration_whatever_its_case(self, client, webinar):
        for email in ("Ana@Example.com", "ana@example.com"):
            client.send(f"/w/{webinar.slug}/register", filled(email=email), page=f"/w/{webinar.slug}/")
        assert Registration.objects.count() == 1

    def test_a_letter_that_no_mail_takes_is_named(self, client, webinar):
        path = f"/w/{webinar.slug}/"
        for email, told in (
            ("jürgen@example.com", "Before the @ there are no letters"),
            ("a@localhost", "This is no e-mail address"),
        ):
            assert told in client.send(f"{path}register", filled(email=email), page=path).content.decode()
        client.send(f"{path}register", filled(email="juergen@größe.example"), page=path)
        assert Registration.objects.get().email == "juergen@größe.example"

    def test_who_registers_again_after_cancelling_confirms_again(self, client, webinar):
        registration = registered(webinar, state=State.CANCELLED)
        client.send(f"/w/{webinar.slug}/register", filled(), page=f"/w/{webinar.slug}/")
        registration.refresh_from_db()
        assert (registration.state, kinds()) == (State.PENDING, ["confirm"])

    def test_a_button_that_is_pressed_twice_sends_one_mail(self, webinar):
        path, now = f"/w/{webinar.slug}/", timezone.now()
        with time_machine.travel(now, tick=False):
            for _ in range(2):
                Browser().send(f"{path}register", filled(), page=path)
        assert kinds() == ["confirm", "noop"]
        with time_machine.travel(now + timedelta(seconds=61), tick=False):
            Browser().send(f"{path}resend", {"email": "ana@example.com"}, page=path)
        assert Outbox.objects.filter(kind="confirm").count() == 2

    @pytest.mark.django_db(transaction=True)
    def test_posts_that_race_send_one_mail(self):
        webinar = announced()

        def post(n: int) -> int:
            try:
                new = Registration(webinar=webinar, email="ana@example.com", name="Ana", language="en")
                if n % 2:
                    registering.register(new, {"participation": "x"}, marketing=False, shown_at="/")
                else:
                    registering.resend(webinar, "ana@example.com")
            finally:
                connections.close_all()
            return n

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(post, range(20))) == 190
        assert (Outbox.objects.count(), Outbox.objects.filter(kind="confirm").count()) == (20, 1)

    def test_a_revoked_address_gets_nothing(self, client, webinar):
        registration = registered(webinar, state=State.REVOKED)
        client.send(f"/w/{webinar.slug}/register", filled(), page=f"/w/{webinar.slug}/")
        registration.refresh_from_db()
        assert (registration.state, kinds()) == (State.REVOKED, ["noop"])

    def test_a_robot_gets_the_same_answer_and_nothing_happens(self, client, webinar):
        answer = client.send(f"/w/{webinar.slug}/register", filled(website="x"), page=f"/w/{webinar.slug}/")
        assert answer.headers["Location"] == f"/w/{webinar.slug}/sent"
        assert (Registration.objects.count(), kinds()) == (0, ["noop"])

    @pytest.mark.parametrize(
        "fields",
        [
            {"email": "ana@"},
            {"email": "a" * 65 + "@example.com"},
            {"email": "аna@example.com"},
            {"email": "ana@example.com, eve@example.com"},
            {"email": "ana@example.com\r\nBcc: eve@example.com"},
            {"email": ""},
            {"name": ""},
            {"name": "Ana\x00Lima"},
            {"name": "\u200b"},
            {"name": "x" * 101},
            {"source": "x" * 41},
            {"state": "confirmed"},
            {"started": "now"},
            {"seconds": 7300},
        ],
        ids=str,
    )
    def test_what_is_no_sign_up_is_shown_again_with_its_fault(self, client, webinar, fields):
        answer = client.send(f"/w/{webinar.slug}/register", filled(**fields), page=f"/w/{webinar.slug}/")
        assert answer.status_code == 422
        assert b'class="error"' in answer.content
        assert (Registration.objects.count(), kinds()) == (0, [])

    @pytest.mark.parametrize(
        ("fault", "mended"),
        [
            ({"seconds": 1}, {}),
            ({"seconds": -600}, {}),
            ({"seconds": 7300}, {}),
            ({"email": "ana@"}, {"email": "ana@example.com"}),
        ],
        ids=str,
    )
    def test_a_form_that_was_shown_again_is_taken_however_quickly_it_is_sent(self, client, webinar, fault, mended):
        """A browser that fills the form is quick, and a clock may be set: the page spoke of a mail that never came."""
        path = f"/w/{webinar.slug}/"
        with time_machine.travel(timezone.now(), tick=False):
            shown = client.send(f"{path}register", filled(**fault), page=path).content.decode()
        again = dict(
            re.findall(r'<input type="(?:text|email|hidden)" name="(\w+)"(?: value="([^"]*)")?', shown.partition("</form>")[0])
        )
        assert client.post(f"{path}register", again | mended, headers=OWN).status_code == 302
        assert (Registration.objects.count(), kinds()) == (1, ["confirm"])

    @pytest.mark.parametrize(
        ("pasted", "name"),
        [
            ("Ana\xa0Lima", "Ana Lima"),
            ("\u202aAna Lima\u202c", "Ana Lima"),
            ("Ana\u2028Lima", "Ana Lima"),
            ("Ana\u202eLima", "AnaLima"),
            ("علی\u200cرضا", "علیرضا"),
            ('O\'Brien "Bob" ❤️ 👩\u200d🔬', 'O\'Brien "Bob" ❤️ 👩🔬'),
        ],
        ids=ascii,
    )
    def test_a_name_from_another_program_is_taken_as_one_line(self, client, webinar, pasted, name):
        answer = client.send(f"/w/{webinar.slug}/register", filled(name=pasted), page=f"/w/{webinar.slug}/")
        assert answer.headers["Location"] == f"/w/{webinar.slug}/sent"
        assert Registration.objects.get().name == name

    def test_a_field_that_comes_twice_is_refused(self, client, webinar):
        answer = client.send(
            f"/w/{webinar.slug}/register", {**filled(), "email": ["a@example.com", "b@example.com"]}, page=f"/w/{webinar.slug}/"
        )
        assert (answer.status_code, Registration.objects.count()) == (422, 0)

    def test_after_some_mails_an_address_gets_no_more_and_the_answer_is_the_same(self, client, webinar):
        path = f"/w/{webinar.slug}/"
        emails = [f"ana+{i}@example.com" for i in range(limits.REGISTER_EMAIL[0].most + 1)]
        answers = [client.send(f"{path}register", filled(email=email), page=path).headers["Location"] for email in emails]
        assert answers == [f"{path}sent"] * len(emails)
        assert kinds() == ["confirm"] * (len(emails) - 1) + ["noop"]

    @pytest.mark.parametrize(
        ("host", "status", "limit"),
        [("@example.com", 302, limits.REGISTER_ADDRESS[0]), ("", 422, limits.REFUSED_ADDRESS)],
        ids=["form", "form with a fault"],
    )
    def test_one_address_of_the_net_is_told_to_wait(self, client, webinar, host, status, limit):
        path = f"/w/{webinar.slug}/"
        found = [client.send(f"{path}register", filled(email=f"a{i}{host}"), page=path) for i in range(limit.most + 1)]
        assert [answer.status_code for answer in found] == [status] * (len(found) - 1) + [429]
        assert int(found[-1].headers["Retry-After"]) > 0

    def test_nobody_closes_a_webinar_for_others(self, webinar, monkeypatch):
        """Three hundred forms with a fault from thirty addresses did, and so did as many genuine ones."""
        monkeypatch.setattr(limits, "REFUSED_NETWORK", limits.Limit("refused-network", 3, limits.HOUR))
        monkeypatch.setattr(limits, "REGISTER_NETWORK", limits.Limit("register-network", 3, limits.HOUR))
        path = f"/w/{webinar.slug}/"

        def statuses(network: str, host: str = "") -> list[int]:
            found = [Browser(REMOTE_ADDR=f"{network}.{i}") for i in range(5)]
            emails = [f"a{network}.{i}{host}" for i in range(5)]
            return [
                one.send(f"{path}register", filled(email=email), page=path).status_code
                for one, email in zip(found, emails, strict=True)
            ]

        assert statuses("192.0.2") == [422] * 3 + [429] * 2
        assert statuses("192.0.2", "@example.com") == [302] * 3 + [429] * 2
        for number in range(4):
            assert statuses(f"198.51.{number}", "@example.com")[:3] == [302] * 3

    @pytest.mark.parametrize(
        ("seconds", "told"),
        [(60, "wait a moment"), (61, "wait 2 minutes"), (900, "wait 15 minutes"), (3601, "wait 2 hours")],
    )
    def test_who_is_told_to_wait_is_told_how_long(self, rf, seconds, told):
        """A colleague behind the same address was to wait a moment, where it was ten minutes."""
        with translation.override("en"):  # a request of another test may have left its own
            answer = too_many(rf.get("/"), seconds)
        assert (answer.headers["Retry-After"], told in answer.content.decode()) == (str(seconds), True)


class TestConfirm:
    def test_a_get_changes_nothing_and_a_post_confirms_once(self, client, webinar):
        registration = registered(webinar, state=State.PENDING)
        path = f"/c/{secret_of(registration)}"
        before = dump()
        for method in (client.get, client.head, client.get):
            assert method(path, headers={"Sec-Purpose": "prefetch"}).status_code == 200
        assert dump() == before
        assert client.send(path).headers["Location"] == f"/w/{webinar.slug}/confirmed"
        registration.refresh_from_db()
        assert (registration.state, kinds()) == (State.CONFIRMED, ["link"])
        assert client.send(path).headers["Location"] == f"/w/{webinar.slug}/confirmed"
        assert kinds() == ["link"]
        assert not Session.objects.exists()

    def test_a_secret_is_nowhere_in_the_database(self, client, webinar):
        secret = secret_of(registered(webinar, state=State.PENDING))
        client.send(f"/c/{secret}")
        assert secret not in str(dump())

    def test_it_holds_to_its_last_second(self, client, webinar):
        now = datetime(2026, 11, 26, 9, tzinfo=UTC)
        with time_machine.travel(now, tick=False):
            first = registered(webinar, state=State.PENDING)
            secret = secret_of(first)
        with time_machine.travel(now + tokens.CONFIRM + timedelta(seconds=1), tick=False):
            answer = client.send(f"/c/{secret}")
            assert answer.status_code == 200
            assert f'action="/w/{webinar.slug}/resend"' in answer.content.decode()
        with time_machine.travel(now + tokens.CONFIRM - timedelta(seconds=1), tick=False):
            assert client.send(f"/c/{secret}").status_code == 302

    def test_when_all_seats_are_taken_the_next_one_waits(self, client, webinar):
        for i in range(3):
            client.send(f"/c/{secret_of(registered(webinar, f'a{i}@example.com', State.PENDING))}")
        assert Counter(Registration.objects.values_list("state", flat=True)) == {State.CONFIRMED: 2, State.WAITLISTED: 1}
        assert kinds() == ["link", "link", "waitlist"]

    @pytest.mark.parametrize("wrong", ["", "x", "é" * 43, "x" * 43, "x" * 5000])
    def test_what_is_no_secret_opens_nothing(self, client, db, wrong):
        for place in ("c", "a", "me", "host/setup"):
            answer = client.get(f"/{place}/{wrong}")
            assert answer.status_code == 404

    def test_a_secret_is_random_from_its_first_character_to_its_last(self, webinar):
        registration = registered(webinar, state="pending")
        assert all(len({*column}) > 1 for column in zip(*(secret_of(registration) for _ in range(12)), strict=True))

    def test_a_secret_of_one_purpose_is_none_of_another(self, client, webinar):
        registration = registered(webinar)
        secrets = {
            "c": secret_of(registration),
            "a": tokens.link(registration, tokens.ACCESS),
            "me": tokens.link(registration, tokens.ME),
            "host/setup": tokens.mint("setup", tokens.SETUP),
        }
        for place, secret in secrets.items():
            for other in secrets:
                assert client.get(f"/{other}/{secret}").status_code == (200 if other == place else 404), (place, other)


@pytest.mark.parametrize(("state", "kept"), [("pending", False), ("cancelled", False), ("confirmed", True), ("revoked", True)])
def test_a_second_sign_up_counts_until_one_is_confirmed(client, webinar, state, kept):
    """A name and answers that were corrected, or of who came back, were lost without a word."""
    registered(webinar, state=state)
    page = f"/w/{webinar.slug}/"
    assert client.send(f"{page}register", filled(name="Ana Maria Lima", company="Metals"), page=page).status_code == 302
    found = Registration.objects.get()
    assert (found.name, found.company) == (("Ana Lima", "") if kept else ("Ana Maria Lima", "Metals"))
    assert found.state == (state if kept else "pending")


class TestSeats:
    @pytest.mark.django_db(transaction=True)
    def test_racing_confirmations_fill_the_seats_and_no_more(self):
        webinar = announced(capacity=10)
        secrets = [secret_of(registered(webinar, f"a{i}@example.com", State.PENDING)) for i in range(20)] * 3
        start = threading.Barrier(20)

        def race(secret: str) -> str:
            start.wait()
            try:
                return registering.confirm(secret)[0]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(20) as pool:
            found = Counter(pool.map(race, secrets))
        assert found == {"confirmed": 10, "waitlisted": 10, "already": 40}
        assert Counter(kinds()) == {"link": 10, "waitlist": 10}

    def test_a_seat_that_is_given_back_goes_to_who_confirmed_first(self, webinar):
        taken = [registered(webinar, f"a{i}@example.com") for i in range(2)]
        waiting = [registered(webinar, f"w{i}@example.com", State.WAITLISTED) for i in range(2)]
        assert registering.cancel(taken[0])
        assert not registering.cancel(taken[0])
        assert [Registration.objects.get(id=one.id).state for one in waiting] == [State.CONFIRMED, State.WAITLISTED]
        assert kinds() == ["cancelled", "link"]

    def test_a_seat_of_a_webinar_that_is_over_goes_to_nobody(self, db):
        """Who deleted their data the day after sent the first of the waiting list a seat, and a link that "opens the room"."""
        webinar = announced(starts=timezone.now() - timedelta(days=1))
        taken = [registered(webinar, f"a{i}@example.com") for i in range(2)]
        waiting = registered(webinar, "w@example.com", State.WAITLISTED)
        registering.erase(taken[0])
        assert registering.cancel(taken[1])
        waiting.refresh_from_db()
        assert (waiting.state, kinds()) == (State.WAITLISTED, ["cancelled"])


class TestOver:
    """A webinar that is over: its page had no form, but one that was open still, or on another site, led to a seat."""

    @pytest.fixture
    def over(self, db):
        return announced(starts=timezone.now() - timedelta(days=1))

    @pytest.mark.parametrize(("hours", "is_over"), [(-3, True), (3, False)])
    def test_the_list_says_so(self, client, db, hours, is_over):
        announced(starts=timezone.now() + timedelta(hours=hours))
        assert ("This webinar is over." in client.get("/").content.decode()) == is_over

    def test_nobody_signs_up(self, client, over):
        answer = client.send(f"/w/{over.slug}/register", filled(), page=f"/w/{over.slug}/")
        assert (answer.status_code, "This webinar is over." in answer.content.decode()) == (422, True)
        assert (Registration.objects.count(), kinds()) == (0, [])

    def test_who_has_a_seat_is_sent_the_link_as_long_as_it_holds(self, client, over):
        registered(over)
        page = f"/w/{over.slug}/"
        assert f"{page}resend" in client.get(page).content.decode()
        assert client.send(f"{page}resend", {"email": "ana@example.com"}, page=page).status_code == 302
        assert kinds() == ["link"]
        told = mail.letter(Outbox.objects.get(), Registration.objects.get(), language("en"))
        assert "The webinar is over" in told.lines[1]
        assert "seat" not in f"{told.subject} {told.lines}"
        assert told.link[1] == "See the replay"
        assert "/resend" not in client.get(f"/w/{announced(starts=timezone.now() - timedelta(days=9)).slug}/").content.decode()

    def test_who_waited_is_told_that_it_is_over(self, client, over):
        registered(over, state=State.WAITLISTED)
        client.send(f"/w/{over.slug}/resend", {"email": "ana@example.com"}, page=f"/w/{over.slug}/")
        told = mail.letter(Outbox.objects.get(), Registration.objects.get(), language("de"))
        assert told.lines[1] == "Das Webinar ist vorbei, und es wurde kein Platz frei."

    def test_one_s_own_page_offers_no_seat(self, client, over):
        me = f"/me/{tokens.link(registered(over), tokens.ME)}"
        assert "Cancel the registration" not in client.get(me).content.decode()
        assert "You can register again" not in client.send(me).content.decode()


class TestRoom:
    def test_a_personal_link_opens_by_its_button_and_many_times(self, client, webinar):
        registration = registered(webinar)
        before = dump()
        assert client.get(access(registration)).status_code == 200
        assert dump() == before
        with capture_logs() as log:
            for _ in range(2):
                entered(client, registration)
                assert client.get("/room/").status_code == 200
        assert log == [{"event": "room.entered", "registration": str(registration.pk), "log_level": "info"}] * 2

    def test_a_link_from_before_a_cancellation_stays_closed_when_its_owner_has_a_seat_again(self, client, webinar):
        registration = registered(webinar)
        former = access(registration)
        registering.cancel(registration)
        Registration.objects.filter(id=registration.id).update(state="confirmed")
        assert client.get(former).status_code == 404
        registration.refresh_from_db()
        assert client.get(access(registration)).status_code == 200

    def test_a_session_from_before_is_not_kept(self, client, webinar):
        registration = registered(webinar)
        entered(client, registration)
        first = client.cookies["__Host-session"].value
        entered(client, registration)
        assert client.cookies["__Host-session"].value != first
        client.cookies["__Host-session"] = first
        assert client.get("/room/").status_code == 401

    def test_cookies_are_of_this_host_alone_and_closed_to_scripts(self, client, webinar):
        entered(client, registered(webinar))
        for name in ("__Host-session", "__Host-csrf"):
            cookie = client.cookies[name]
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
                True, True, "Lax", "/", "",
            )  # fmt: skip

    def test_the_key_of_a_session_is_nowhere_in_the_database(self, client, webinar):
        entered(client, registered(webinar))
        assert client.cookies["__Host-session"].value not in str(dump())

    def test_of_one_link_three_sessions_are_open(self, webinar):
        registration = registered(webinar)
        clients = [entered(Browser(), registration) for _ in range(4)]
        assert [client.get("/room/").status_code for client in clients] == [401, 200, 200, 200]

    def test_leaving_ends_the_session_and_clears_the_browser(self, client, webinar):
        entered(client, registered(webinar))
        copied = client.cookies["__Host-session"].value
        answer = client.send("/leave", page="/room/")
        assert answer.headers["Clear-Site-Data"] == '"cache","cookies","storage"'
        client.cookies["__Host-session"] = copied
        assert client.get("/room/").status_code == 401

    @pytest.mark.parametrize("state", [State.CANCELLED, State.REVOKED])
    def test_without_a_seat_the_link_and_its_sessions_end(self, client, webinar, state):
        registration = registered(webinar)
        entered(client, registration)
        registering.cancel(registration, state=state)
        assert client.get("/room/").status_code == 401
        assert client.get(access(registration)).status_code == 404

    def test_a_link_ends_a_week_after_the_webinar(self, client, webinar):
        registration = registered(webinar)
        path = access(registration)
        with time_machine.travel(webinar.ends + tokens.AFTER - timedelta(seconds=1), tick=False):
            assert client.get(path).status_code == 200
        with time_machine.travel(webinar.ends + tokens.AFTER + timedelta(seconds=1), tick=False):
            assert client.get(path).status_code == 404

    def test_a_link_with_one_character_changed_opens_nothing(self, client, webinar):
        path = access(registered(webinar))
        for i in range(3, len(path), 7):
            other = "A" if path[i] != "A" else "B"
            assert client.get(path[:i] + other + path[i + 1 :]).status_code == 404

    def test_links_hold_while_the_former_key_is_kept(self, client, webinar, settings):
        path = access(registered(webinar))
        former, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 50
        settings.SECRET_KEY_FALLBACKS = [former]
        assert client.get(path).status_code == 200
        settings.SECRET_KEY_FALLBACKS = []
        assert client.get(path).status_code == 404

    def test_the_room_waits_for_the_start(self, client, webinar):
        entered(client, registered(webinar))
        assert "countdown" in client.get("/room/").content.decode()
        webinar.starts = timezone.now()
        webinar.save()
        assert "countdown" not in client.get("/room/").content.decode()

    def test_one_sees_and_cancels_ones_own_registration(self, client, webinar):
        registration = registered(webinar)
        path = f"/me/{tokens.link(registration, tokens.ME)}"
        assert "ana@example.com" in client.get(path).content.decode()
        assert client.send(path).status_code == 200
        registration.refresh_from_db()
        assert registration.state == State.CANCELLED


HERE = pytest.mark.parametrize("here", [False, True], ids=["database", "process"])


class TestLimits:
    @HERE
    @time_machine.travel("2026-12-03T12:30:00Z")  # a new hour is a new window
    def test_concurrent_events_are_all_counted(self, transactional_db, here):
        limit = limits.Limit("test", 100, 3600, here)

        def hits(_: int) -> list[int]:
            try:
                return [limits.exceeded([(limit, "one")]) for _ in range(25)]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            waits = [wait for some in pool.map(hits, range(8)) for wait in some]
        assert (waits.count(0), len(waits)) == (100, 200)

    @HERE
    def test_a_window_ends_and_a_clock_that_goes_back_locks_nobody_out(self, db, here):
        limit = limits.Limit("clock", 1, 60, here)
        now = datetime(2026, 11, 26, 9, tzinfo=UTC)
        with time_machine.travel(now, tick=False):
            assert [limits.exceeded([(limit, "one")]) for _ in range(2)] == [0, 60]
        for later in (60, -3600):
            with time_machine.travel(now + timedelta(seconds=later), tick=False):
                assert limits.exceeded([(limit, "one")]) == 0

    def test_limits_of_one_subject_are_counted_apart(self, db):
        first, second = (limits.Limit(name, 1, limits.HOUR) for name in ("first", "second"))
        found = [limits.exceeded([(one, "ana")]) > 0 for one in (first, second, first, second)]
        assert found == [False, False, True, True]

    def test_a_network_of_ipv6_is_one_visitor(self):
        assert limits.of_address("2001:db8::1") == limits.of_address("2001:db8::ffff:1")
        assert limits.of_address("2001:db8:0:1::1") != limits.of_address("2001:db8::1")
        assert limits.of_address("::ffff:192.0.2.1") == "192.0.2.1"

    def test_tags_and_dots_of_an_address_do_not_make_another(self):
        assert limits.of_email("A.na+x@Gmail.com") == limits.of_email("ana@gmail.com")
        assert limits.of_email("a.na@example.com") != limits.of_email("ana@example.com")

    def test_secrets_are_guessed_at_only_so_often(self, client, db):
        with time_machine.travel(timezone.now().replace(second=1), tick=False):
            statuses = [client.send("/c/" + "x" * 43, page="/").status_code for _ in range(limits.TOKENS.most + 1)]
        assert statuses == [404] * limits.TOKENS.most + [429]

    def test_ended_windows_are_removed_and_no_address_is_stored(self, db):
        limits.exceeded([(limits.TOKENS, "192.0.2.1")])
        limits.exceeded([(limits.SOLVES[0], "192.0.2.1")])
        assert "192.0.2.1" not in str((dump(), limits._here))
        with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
            assert limits.prune() == 1
        assert not limits._here


class TestRetention:
    def test_what_is_due_is_deleted_and_nothing_else(self, webinar):
        now = timezone.now()
        registered(webinar, "pending@example.com", State.PENDING)
        registered(webinar, "kept@example.com")
        for after, left in (
            (timedelta(days=6, hours=23), 2),
            (timedelta(days=7, hours=1), 1),
            (timedelta(days=90), 1),
            (timedelta(days=91, hours=1), 0),
        ):
            with time_machine.travel(now + after, tick=False):
                purge()
            assert Registration.objects.count() == left, after

    def test_used_secrets_sent_mails_and_ended_sessions_go(self, client, webinar):
        registration = registered(webinar)
        secret_of(registration)
        entered(client, registration)
        Outbox.objects.create(kind="link", registration=registration, sent=timezone.now())
        with time_machine.travel(timezone.now() + timedelta(days=10), tick=False):
            purge()
        assert not Token.objects.exists()
        assert not Outbox.objects.exists()
        assert not Session.objects.exists()


class TestCalendar:
    @pytest.mark.parametrize(
        ("starts", "zone"),
        [
            ("2027-03-28T10:00", "Europe/Berlin"),
            ("2027-10-31T10:00", "Europe/Berlin"),
            ("2027-07-01T10:00", "America/New_York"),
        ],
    )
    def test_the_hour_is_that_of_the_zone_whatever_the_season(self, db, starts, zone):
        from zoneinfo import ZoneInfo

        from icalendar import Calendar

        local = datetime.fromisoformat(starts).replace(tzinfo=ZoneInfo(zone))
        webinar = announced(starts=local, zone=zone, title="Gallium; germanium,\nindium")
        file = Calendar.from_ical(calendar(webinar, "https://webinar.example.com/w/x/"))
        event = file.walk("VEVENT")[0]
        assert (event["DTSTART"].dt.astimezone(UTC), event["DTSTART"].params["TZID"]) == (local.astimezone(UTC), zone)
        assert {str(one["TZID"]) for one in file.walk("VTIMEZONE")} == {zone}
        assert str(event["SUMMARY"]) == webinar.title

    @pytest.mark.parametrize("fold", [0, 1])
    def test_of_an_hour_that_comes_twice_it_says_which(self, db, fold):
        """With a zone it is the first of both (RFC 5545): who comes to the second would be there an hour early."""
        from zoneinfo import ZoneInfo

        from icalendar import Calendar

        for local, minutes in (
            (datetime(2027, 10, 31, 2, 30, fold=fold), 45),
            (datetime(2027, 10, 31, 1, 30 + fold * 29), 120),
        ):
            webinar = announced(starts=local.replace(tzinfo=ZoneInfo("Europe/Berlin")), minutes=minutes)
            webinar.refresh_from_db()
            (event,) = Calendar.from_ical(calendar(webinar, "https://webinar.example.com/w/x/")).walk("VEVENT")
            assert "TZID" not in event["DTSTART"].params
            assert (event["DTSTART"].dt, event["DTEND"].dt) == (webinar.starts.astimezone(UTC), webinar.ends.astimezone(UTC))
        twice = announced(starts=datetime(2027, 10, 31, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Berlin")))
        assert moment(twice, language("en")).endswith(f", 02:30 (Europe/Berlin, UTC+0{2 - fold}:00)")

    def test_it_holds_no_personal_link(self, client, webinar):
        file = client.get(f"/w/{webinar.slug}/calendar.ics")
        assert f"https://webinar.example.com/w/{webinar.slug}/" in file.content.decode().replace("\r\n ", "")
        assert "/a/" not in file.content.decode()


def test_the_migrations_are_those_of_the_models(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
