"""The area of hosts: registrations, their file, and what a host changes."""

from __future__ import annotations

import csv
import io
import re
from base64 import b32encode
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.visitors import (
    OWN,
    PASSWORD,
    Browser,
    access,
    announced,
    entered,
    filled,
    kinds,
    log_in,
    registered,
    secret_of,
)
from toolkit.core.errors import SpecError
from toolkit.web import hosts
from toolkit.web.config import read_config
from toolkit.web.export import COLUMNS, neutralise
from toolkit.web.models import AuditEntry, Host, Outbox, Registration, Webinar
from toolkit.web.settings import values

HOSTILE = [
    "=cmd|' /C calc'!A0",
    " =1+1",
    "\ufeff=1",
    "\u200b@SUM(1)",
    "＝1+1",
    "+1",
    "-1",
    "\t=1",
    "|x",
    "%x",
    "\x00=1",
    "\r=1",
]


@pytest.fixture
def host(client, webinar) -> Browser:
    log_in(client)
    return client


@pytest.mark.parametrize("text", HOSTILE)
def test_what_may_be_a_formula_is_words(text):
    assert neutralise(text) == f"'{text}"


@given(st.text())
def test_no_cell_begins_a_formula_and_other_words_stay_as_they_are(text):
    cell = neutralise(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.strip().strip("\ufeff\u200b").startswith(("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"))
    if text[:1].isalnum():
        assert cell == text


def test_the_file_has_every_registration_with_its_state_and_confirmed_news(host, webinar):
    path = f"/w/{webinar.slug}/"
    visitor = Browser()
    visitor.send(f"{path}register", filled(email="+news@gmail.com", marketing="on", name="=1+1"), page=path)
    visitor.send(f"/c/{secret_of(Registration.objects.get())}")
    visitor.send(f"{path}register", filled(email="late@example.com", marketing="on"), page=path)
    registered(announced(), "other@example.com")
    answer = host.get(f"/host/w/{webinar.slug}/registrations.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["name"], row["email"], row["state"], row["news"]) for row in rows] == [
        ("'=1+1", "'+news@gmail.com", "confirmed", "yes"),
        ("Ana Lima", "late@example.com", "pending", "no"),
    ]


def test_a_revoked_visitor_is_out_at_once_and_the_seat_goes_on(host, webinar):
    first, _ = registered(webinar), registered(webinar, "b@example.com")
    waiting = registered(webinar, "w@example.com", "waitlisted")
    visitor = entered(Browser(), first)
    page = f"/host/w/{webinar.slug}/"
    answer = host.send(f"{page}revoke", {"registration": str(first.id)}, page=page)
    assert answer.headers["Location"] == page
    assert visitor.get("/room/").status_code == 401
    assert visitor.get(access(first)).status_code == 404
    assert Registration.objects.get(id=waiting.id).state == "confirmed"
    assert "revoked" in host.get(page).content.decode()


def test_a_mail_is_sent_again_when_the_host_asks(host, webinar):
    found = registered(webinar)
    page = f"/host/w/{webinar.slug}/"
    host.send(f"{page}resend", {"registration": str(found.id)}, page=page)
    assert kinds() == ["link"]
    host.send(f"{page}resend", {"registration": str(found.id)}, page=page)
    assert kinds() == ["link", "noop"]
    Outbox.objects.update(failed=timezone.now())
    host.send(f"{page}resend", {"registration": str(found.id)}, page=page)
    assert kinds() == ["link", "noop", "link"]


@pytest.mark.parametrize("change", ["revoke", "resend"])
def test_of_another_webinar_nothing_is_changed_and_nobody_else_changes_anything(host, webinar, change):
    theirs = registered(announced(), "other@example.com")
    page = f"/host/w/{webinar.slug}/"
    registered(webinar)
    assert host.send(f"{page}{change}", {"registration": str(theirs.id)}, page=page).status_code == 404
    assert host.send(f"{page}{change}", {"registration": "1 OR 1=1"}, page=page).status_code == 400
    visitor = entered(Browser(), theirs)
    answer = visitor.send(f"{page}{change}", {"registration": str(theirs.id)}, page=f"/w/{webinar.slug}/")
    assert answer.headers["Location"].startswith("/host/login")
    assert Registration.objects.get(id=theirs.id).state == "confirmed"
    assert kinds() == []


def test_whoever_tries_the_page_of_another_host_is_in_the_audit_log(host, webinar):
    other = Browser()
    pk = log_in(other, "otto").pk
    pages = [f"/host/w/{webinar.slug}/", f"/host/w/{webinar.slug}/registrations.csv", "/host/w/none/"]
    assert [other.get(page).status_code for page in pages] == [404] * 3
    assert other.send(f"{pages[0]}revoke", {"registration": str(registered(webinar).id)}, page="/host/codes").status_code == 404
    entries = AuditEntry.objects.filter(action="refused").values_list("actor", "target")
    assert [*entries] == [(f"host:{pk}", webinar.slug)] * 3
    assert host.get(pages[0]).status_code == 200


def test_the_page_shows_every_state(host, webinar):
    for state in Registration.State:
        registered(webinar, f"{state.value}@example.com", state)
    webinar.starts = timezone.now()
    page = host.get(f"/host/w/{webinar.slug}/").content.decode()
    for words in ("not yet confirmed", "has a seat", "on the waiting list", "cancelled", "revoked"):
        assert f"<td>{words}</td>" in page


def test_a_mail_that_was_not_taken_is_seen_until_a_later_one_is(host, webinar):
    now, found = timezone.now(), registered(webinar)

    def shown() -> list[str]:
        return re.findall(r'class="mark">([^<]+)<', host.get(f"/host/w/{webinar.slug}/").content.decode())

    row = Outbox.objects.create(kind="confirm", registration=found, sent=now - timedelta(hours=1))
    Outbox.objects.create(kind="day", registration=found, due=now + timedelta(hours=1))
    assert shown() == []
    late = Outbox.objects.create(kind="link", registration=found, created=(at := now - timedelta(minutes=2)), due=at)
    assert shown() == []
    for fields in ({"tries": 1}, {"tries": 0, "due": now + timedelta(minutes=1)}):  # refused for now; no server was there
        Outbox.objects.filter(id=late.id).update(**fields)
        assert shown() == ["mail not taken yet"]
    Outbox.objects.filter(id=late.id).update(failed=now)
    assert shown() == ["mail refused"]
    Outbox.objects.create(kind="noop", registration=found, sent=now + timedelta(minutes=6))
    Outbox.objects.create(kind="webhook", registration=found, sent=now + timedelta(minutes=6))
    assert shown() == ["mail refused"]
    Outbox.objects.filter(id=late.id).update(due=now + timedelta(hours=2))  # of the try that would have been next
    assert shown() == ["mail refused"]
    Outbox.objects.filter(id=row.id).update(sent=now + timedelta(minutes=7))
    assert shown() == []


def test_the_list_begins_with_the_nearest_webinar_and_ends_with_those_that_are_over(host, webinar):
    for title, days in (("Far", 90), ("Near", 1), ("Gone", -9), ("Just gone", -2)):
        other = announced(title=title)
        Webinar.objects.filter(id=other.id).update(starts=timezone.now() + timedelta(days=days), host=Host.objects.get())
    page = host.get("/host/").content.decode()
    order = [page.index(f">{words}<") for words in ("Coming", "Near", "Far", "Over", "Just gone", "Gone")]
    assert order == sorted(order)


NEW = {"password": PASSWORD, "new_password": "a staple in another battery"}


def wrong(name: str, address: str, browser: Browser | None = None, password: str = "wrong"):
    browser = browser or Browser()
    browser.defaults["REMOTE_ADDR"] = address
    return browser.send("/host/login", {"username": name, "password": password})


class TestSlowedLogin:
    """Guesses from many addresses: no address has more than one."""

    def guessed(self, count: int, now, name: str = "mara", first: int = 1) -> list[int]:
        with time_machine.travel(now, tick=False):
            return [wrong(name, f"192.0.2.{n}").status_code for n in range(first, first + count)]

    @pytest.mark.parametrize("name", ["mara", "nobody"])
    def test_a_name_is_guessed_at_ever_longer_waits_from_whatever_address(self, host, name):
        now = timezone.now()
        assert self.guessed(8, now, name) == [200] * 6 + [429] * 2
        waits = []
        for more in range(12):
            with time_machine.travel(now, tick=False):
                refused = wrong(name, "192.0.2.99")
                waits.append(int(refused.headers["Retry-After"]))
            now += timedelta(seconds=waits[-1])
            assert self.guessed(1, now, name, first=20 + more) == [200]
        assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
        with time_machine.travel(now, tick=False):
            assert wrong("another name", "192.0.2.99").status_code == 200

    def test_a_device_that_was_logged_in_does_not_wait_for_strangers_and_is_slowed_by_its_own(self, host):
        now, own = timezone.now(), Browser()
        with time_machine.travel(now, tick=False):
            assert wrong("mara", "198.51.100.1", own, PASSWORD).status_code == 302
        assert self.guessed(8, now)[-1] == 429
        with time_machine.travel(now, tick=False):
            assert wrong("mara", "198.51.100.2", password=PASSWORD).status_code == 429
            assert wrong("mara", "198.51.100.1", own, PASSWORD).status_code == 302
            tried = [wrong("mara", f"198.51.100.{n}", own).status_code for n in range(10, 17)]
        assert tried == [200] * 6 + [429]
        forged = Browser()
        forged.cookies["__Host-device"] = f"{Host.objects.get().pk}.00:1abcde:forged"
        with time_machine.travel(now, tick=False):
            assert wrong("mara", "198.51.100.3", forged, PASSWORD).status_code == 429

    def test_the_host_is_told_and_the_audit_log_has_an_entry_each_time_they_are_twice_as_many(self, host):
        assert 'role="alert"' not in host.get("/host/").content.decode()
        now = timezone.now()
        self.guessed(6, now)
        assert "Wrong passwords were tried for your name" in host.get("/host/").content.decode()
        for _ in range(4):
            now += timedelta(minutes=16)
            self.guessed(1, now)
        pk = Host.objects.get().pk
        assert [*AuditEntry.objects.filter(action="login slowed").values_list("target", flat=True)] == [f"host:{pk}"] * 3
        self.guessed(7, now, "nobody")
        assert AuditEntry.objects.filter(action="login slowed").count() == 3
        with time_machine.travel(now + timedelta(days=8)):
            host.force_login(Host.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
            assert 'role="alert"' not in host.get("/host/").content.decode()

    def test_the_right_password_ends_it_and_so_does_the_console(self, host):
        now = timezone.now()
        assert self.guessed(7, now)[-1] == 429
        with time_machine.travel(now, tick=False):
            password = chosen(hosts.recover("mara"))
            assert wrong("mara", "198.51.100.9", password=password).status_code == 302
            assert self.guessed(7, now) == [200] * 6 + [429]
        with time_machine.travel(later := now + timedelta(minutes=1), tick=False):
            assert wrong("mara", "198.51.100.9", password=password).status_code == 302
        assert self.guessed(1, later) == [200]

    def test_an_open_session_in_other_hands_is_slowed_too(self, host):
        now = timezone.now()
        with time_machine.travel(now, tick=False):
            statuses = []
            for n in range(1, 8):
                host.defaults["REMOTE_ADDR"] = f"192.0.2.{n}"
                statuses.append(host.send("/host/password", {**NEW, "password": "wrong"}, page="/host/password").status_code)
            assert statuses == [422] * 6 + [429]
            assert host.send("/host/codes", {"password": PASSWORD}, page="/host/codes").status_code == 429


def path_of(link):
    """The path of a link of this portal."""
    return "/" + link.split("/", 3)[3]


def chosen(link):
    """The password that a host chooses by the link of `recover`."""
    password = "another-long-one-9041"
    assert Browser().send(path_of(link), {"new_password": password}, page=path_of(link)).status_code == 302
    return password


class TestPassword:
    def test_words_of_the_portal_do_not_make_a_password(self, host):
        for word, status in (("StrategicMetals-Mara-2026", 422), ("strategic metals mended gently", 302)):
            sent = {"password": PASSWORD, "new_password": word}
            assert host.send("/host/password", sent, page="/host/password").status_code == status

    def test_a_host_changes_the_password_and_the_other_sessions_end(self, host):
        other = Browser()
        other.force_login(Host.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
        assert host.send("/host/password", NEW, page="/host/password").status_code == 302
        assert Host.objects.get().check_password(NEW["new_password"])
        assert (host.get("/host/").status_code, other.get("/host/").status_code) == (200, 302)
        assert AuditEntry.objects.filter(action="password changed").count() == 1

    @pytest.mark.parametrize(
        ("fields", "told"),
        [({"password": "another"}, "not your present password"), ({"new_password": "short"}, "at least 12 characters")],
    )
    def test_without_the_present_password_or_with_a_weak_one_nothing_changes(self, host, fields, told):
        answer = host.send("/host/password", {**NEW, **fields}, page="/host/password")
        assert (answer.status_code, told in answer.content.decode()) == (422, True)
        assert not any(word.encode() in answer.content for word in (PASSWORD, NEW["new_password"]))
        assert Host.objects.get().check_password(PASSWORD)
        assert host.get("/host/").status_code == 200

    def test_one_of_any_characters_is_taken_as_it_was_typed_and_stored_by_argon2id(self, host, settings, tmp_path):
        settings.PASSWORD_HASHERS = [*values(read_config(folder=tmp_path))["PASSWORD_HASHERS"], *settings.PASSWORD_HASHERS]
        typed = "  Gallium äöü 金属 " + "x" * 64 + " "
        assert host.send("/host/password", {**NEW, "new_password": typed}, page="/host/password").status_code == 302
        mara = Host.objects.get()
        assert mara.password.startswith("argon2id$argon2id$v=19$m=65536,t=3,p=4$")
        tried = [mara.check_password(one) for one in (typed, typed.strip(), typed.casefold(), typed[:64])]
        assert tried == [True, False, False, False]
        assert wrong("mara", "192.0.2.1", password=typed).status_code == 302

    def test_its_fields_are_masked_and_known_to_password_managers(self, host):
        found = [
            (field, re.search(r'autocomplete="([\w-]+)"', field))
            for path in ("/host/login", "/host/password", "/host/codes")
            for field in re.findall(r'<input[^>]*name="(?:new_)?password"[^>]*>', host.get(path).content.decode())
        ]
        assert all('type="password"' in field for field, _ in found)
        assert [known and known[1] for _, known in found] == ["current-password"] * 2 + ["new-password", "current-password"]

    def test_a_session_ends_twelve_hours_after_the_login_however_many_pages_are_opened(self, host):
        now, mara = timezone.now(), Browser()
        with time_machine.travel(now, tick=False):
            assert wrong("mara", "192.0.2.1", mara, PASSWORD).status_code == 302
        statuses = []
        for hours in (*range(1, 12), 11.99, 12.01):
            with time_machine.travel(now + timedelta(hours=hours), tick=False):
                statuses.append(mara.get("/host/").status_code)
        assert statuses == [200] * 12 + [302]


class TestCodes:
    PASSWORD = PASSWORD

    def test_an_open_session_alone_sets_nothing_up(self, host):
        for password in ("", "another"):
            answer = host.send("/host/codes", {"password": password}, page="/host/codes")
            assert (answer.status_code, TOTPDevice.objects.count()) == (422, 0)

    def set_up(self, host: Browser) -> TOTPDevice:
        host.send("/host/codes", {"password": PASSWORD}, page="/host/codes")
        device = TOTPDevice.objects.get()
        assert not device.confirmed
        wrong = host.send("/host/codes", {"code": "000000"}, page="/host/codes")
        assert (wrong.status_code, TOTPDevice.objects.get().confirmed) == (422, False)
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
        assert host.send("/host/codes", {"code": code(device)}, page="/host/codes").status_code == 302
        device.refresh_from_db()
        return device

    def log_in(self, **fields: str) -> tuple[Browser, int]:
        browser = Browser(REMOTE_ADDR="192.0.2.1")
        answer = browser.send("/host/login", {"username": "mara", "password": self.PASSWORD, **fields})
        assert self.PASSWORD.encode() not in answer.content
        return browser, answer.status_code

    def test_once_set_up_a_login_needs_a_code_and_each_code_counts_once(self, host):
        mara, now = Host.objects.get(), timezone.now()
        mara.set_password(self.PASSWORD)
        mara.save()
        host.force_login(mara, backend="django.contrib.auth.backends.ModelBackend")  # a new password ends the old session
        with time_machine.travel(now, tick=False):
            device = self.set_up(host)
            assert device.confirmed
            assert AuditEntry.objects.filter(action="one-time passwords").count() == 1
            assert host.get("/host/").status_code == 200
        with time_machine.travel(now + timedelta(seconds=60), tick=False):
            assert self.log_in()[1] == 200
            browser, status = self.log_in(otp_token=code(device))
            assert (status, browser.get("/host/").status_code) == (302, 200)
            again = Browser(REMOTE_ADDR="192.0.2.1")
            fields = {"username": "mara", "password": self.PASSWORD, "otp_token": code(device)}
            assert "or it was used already" in again.send("/host/login", fields).content.decode()
        with time_machine.travel(now + timedelta(seconds=180), tick=False):
            assert self.log_in(otp_token="000000")[1] == 200
        assert AuditEntry.objects.filter(action="wrong code", actor=f"host:{mara.pk}").count() == 2

    def test_logging_out_clears_what_the_browser_keeps_but_the_known_device(self, host):
        mara = Host.objects.get()
        mara.set_password(self.PASSWORD)
        mara.save()
        browser, _ = self.log_in()
        answer = browser.send("/host/logout", {}, page="/host/")
        assert answer.headers["Clear-Site-Data"] == '"cache","storage"'
        assert browser.get("/host/").status_code == 302

    def test_who_waited_as_told_logs_in_whatever_was_tried_meanwhile(self, host):
        """The right password, tried ten minutes after the last wrong one, closed the login for another fifteen."""
        mara, now = Host.objects.get(), timezone.now()
        mara.set_password(self.PASSWORD)
        mara.save()
        for minutes, password, status in [*[(0, "wrong", None)] * 6, (10, self.PASSWORD, 429), (16, self.PASSWORD, 302)]:
            with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
                browser = Browser(REMOTE_ADDR="192.0.2.3")
                answer = browser.send("/host/login", {"username": "mara", "password": password})
                assert answer.status_code == (status or answer.status_code)

    def test_a_host_without_the_telephone_chooses_a_new_password_and_has_no_codes(self, host):
        mara = Host.objects.get()
        mara.set_password(self.PASSWORD)
        mara.save()
        host.force_login(mara, backend="django.contrib.auth.backends.ModelBackend")
        self.set_up(host)
        with pytest.raises(SpecError, match="no host 'maria'"):
            hosts.recover("maria")
        browser = Browser(REMOTE_ADDR="192.0.2.2")
        tried = [browser.send("/host/login", {"username": "mara", "password": "wrong"}).status_code for _ in range(6)]
        assert tried[-1] == 429
        link = hosts.recover("mara")
        assert host.get("/host/").status_code == 302  # open sessions end
        assert Browser().send(path_of(link), {"new_password": "short"}, page=path_of(link)).status_code == 422
        password = chosen(link)
        assert Browser().get(path_of(link)).status_code == 404  # once
        assert self.log_in()[1] == 200  # the old password
        assert browser.send("/host/login", {"username": "mara", "password": password}).status_code == 302
        assert browser.get("/host/").status_code == 200
        assert AuditEntry.objects.filter(actor="console", action="host recovered", target=f"host:{mara.pk}").count() == 1

    def test_the_link_of_a_recovered_host_holds_for_an_hour(self, host):
        now = timezone.now()
        with time_machine.travel(now, tick=False):
            link = path_of(hosts.recover("mara"))
        for seconds, status in ((3599, 200), (3601, 404)):
            with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
                assert Browser().get(link).status_code == status
        for wrong_one in ("1-", "x-y", "99999999999-a-b", link.rpartition("/")[2][:-1]):
            assert Browser().get(f"/host/recover/{wrong_one}").status_code == 404

    def test_a_closed_account_is_out_at_once_until_it_is_opened_again(self, host):
        assert host.get("/host/").status_code == 200
        hosts.close("mara")
        assert host.get("/host/").status_code == 302
        assert self.log_in()[1] == 200
        assert self.log_in(password=chosen(hosts.recover("mara")))[1] == 302

    def test_a_session_without_a_code_sees_nothing_once_it_is_set_up(self, host):
        other = Browser()
        other.force_login(Host.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
        assert other.get("/host/").status_code == 200
        self.set_up(host)
        assert other.get("/host/").status_code == 302
        assert other.get("/host/codes").status_code == 302
        assert other.post("/host/codes", headers=OWN).status_code in (302, 403)

    def test_no_code_is_stored_with_a_wrong_password(self, host):
        self.log_in(password="wrong", otp_token="424242")
        assert "424242" not in str(AccessAttempt.objects.values())

    def test_what_is_in_use_is_not_replaced_by_a_button(self, host):
        device = self.set_up(host)
        host.send("/host/codes", {"password": PASSWORD}, page="/host/codes")
        assert TOTPDevice.objects.get() == device

    def test_the_picture_says_the_secret(self, host):
        host.send("/host/codes", {"password": PASSWORD}, page="/host/codes")
        page = host.get("/host/codes").content.decode()
        device = TOTPDevice.objects.get()
        assert b32encode(device.bin_key).decode().rstrip("=") in page
        assert "data:image/svg+xml;base64," in page


def code(device: TOTPDevice) -> str:
    """The present code (RFC 6238)."""
    return f"{totp(device.bin_key, device.step, device.t0, device.digits, device.drift):06d}"
