"""What hosts and operators rely on: the audit log, webhooks, files, sign-ups from other sites, hosts of their own webinars."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import socket
import threading
import time
import zipfile
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
import python_calamine
import time_machine
from django.apps import apps
from django.conf import settings as django_settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from tests.full_disks import no_file_beyond
from tests.unit.web.test_host import HOSTILE
from tests.unit.web.test_self_service import me, signed_up
from tests.unit.web.visitors import Browser, announced, filled, kinds, log_in, registered
from toolkit.core.errors import SpecError
from toolkit.web import hosts
from toolkit.web.export import registrations_xlsx
from toolkit.web.gate import consent, limits, outbox, registering, retention
from toolkit.web.models import AuditEntry, Consent, Host, Outbox, Registration, Webinar
from toolkit.web.operations import audit, backup, journal, webhook
from toolkit.web.webinars import announce, sessions
from toolkit.web.words import language
from toolkit.web.writing import writing

State = Registration.State
SITE = "https://metals.example"


class TestAudit:
    def test_each_entry_follows_the_one_before(self, db):
        for action in ("a", "b", "c"):
            audit.record("host:1", action)
        assert audit.broken() == []
        first, second, third = AuditEntry.objects.order_by("id")
        assert (second.previous, third.previous) == (first.digest, second.digest)

    @pytest.mark.parametrize("change", ["UPDATE web_auditentry SET action = 'x'", "DELETE FROM web_auditentry"])
    def test_no_entry_is_changed(self, db, change):
        audit.record("host:1", "erase")
        with pytest.raises(DatabaseError, match="not changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)

    @pytest.mark.parametrize(
        "change", ["UPDATE web_auditentry SET action = 'x' WHERE id = {}", "DELETE FROM web_auditentry WHERE id = {}"]
    )
    def test_what_was_changed_without_the_trigger_is_found(self, db, change):
        for action in ("a", "b", "c"):
            audit.record("host:1", action)
        _, second, third = AuditEntry.objects.order_by("id")
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE web_auditentry DISABLE TRIGGER audit_append_only")
            else:
                cursor.execute("DROP TRIGGER audit_no_update")
                cursor.execute("DROP TRIGGER audit_no_delete")
            cursor.execute(change.format(second.id))
        assert audit.broken() == ([second.id] if change.startswith("UPDATE") else [third.id])
        assert any(fault.startswith("audit") for fault in backup.faults())

    def test_what_a_host_does_is_in_it_without_names(self, client, webinar):
        found, other = registered(webinar), registered(webinar, "b@example.com")
        host = log_in(client)
        page = f"/host/w/{webinar.slug}/"
        client.get(f"{page}registrations.csv")
        client.get(f"{page}registrations.xlsx")
        client.send(f"{page}resend", {"registration": str(found.id)}, page=page)
        client.send(f"{page}revoke", {"registration": str(found.id)}, page=page)
        client.send(f"{page}erase", {"registration": str(other.id)}, page=page)
        client.send(f"{page}settings", {"url": ""}, page=f"{page}settings")
        rows = list(AuditEntry.objects.order_by("id").values_list("actor", "action", "target"))
        assert [row[1] for row in rows] == ["login", "export", "export", "resend", "revoke", "erase", "webhook"]
        assert {row[0] for row in rows} == {f"host:{host.pk}"}
        assert not any("@" in str(row) or "Ana" in str(row) for row in rows)


class Receiver(BaseHTTPRequestHandler):
    """A server of webhooks that answers what it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == "drip":
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.05)
            return
        self.send_response(status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.taken, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def loopback(monkeypatch):
    monkeypatch.setattr(django_settings.PORTAL, "webhook_networks", (ip_network("127.0.0.0/8"),))


@pytest.fixture
def hooked(webinar, receiver) -> Webinar:
    webinar.webhook = f"http://127.0.0.1:{receiver.server_port}/hook?a=1"
    webinar.webhook_secret = webhook.new_secret()
    webinar.capacity = 1
    webinar.save()
    return webinar


@pytest.mark.usefixtures("loopback")
class TestWebhook:
    def test_each_change_is_posted_with_a_signature(self, hooked, receiver):
        first, _ = signed_up(hooked), signed_up(hooked, "b@example.com")
        registering.cancel(first)
        registering.erase(first)
        # What waited of the erased one is gone with it.
        assert outbox.call_due() == 3
        events = [json.loads(body) for _, body in receiver.taken]
        assert [event["type"].partition(".")[2] for event in events] == ["waitlisted", "confirmed", "erased"]
        headers, body = receiver.taken[-1]
        key = base64.b64decode(hooked.webhook_secret.removeprefix("whsec_"))
        signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
        assert headers["Webhook-Signature"] == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert events[-1]["data"] == {"registration": str(first.id), "webinar": hooked.slug}
        assert outbox.call_due() == 0

    def test_it_says_the_registration_as_it_is(self, hooked, receiver):
        hooked.questions = ["Why?"]
        hooked.save()
        signed_up(hooked, question_0="Curious")
        outbox.call_due()
        data = json.loads(receiver.taken[0][1])["data"]
        assert (data["email"], data["state"], data["answers"]) == ("ana@example.com", "confirmed", {"Why?": "Curious"})

    def test_what_is_not_taken_is_tried_again_and_a_redirect_is_not_followed(self, hooked, receiver):
        receiver.answers = [500, 302]
        signed_up(hooked)
        now = timezone.now()
        for minutes in (0, 2, 10):
            with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
                outbox.call_due()
        assert len(receiver.taken) == 3
        assert {headers["Webhook-Id"] for headers, _ in receiver.taken} == {receiver.taken[0][0]["Webhook-Id"]}
        assert Outbox.objects.get(kind="webhook").sent is not None

    def test_a_receiver_that_drips_is_cut(self, hooked, receiver, monkeypatch):
        monkeypatch.setattr(webhook, "WEBHOOK_SECONDS", 0.4)
        receiver.answers = ["drip"]
        signed_up(hooked)
        began = time.monotonic()
        assert outbox.call_due() == 0
        assert time.monotonic() - began < 3
        assert Outbox.objects.get(kind="webhook").tries == 1

    def test_a_mail_does_not_wait_for_it(self, hooked, receiver):
        signed_up(hooked)
        assert {row.kind for row in outbox.claim()} == {"confirm", "link"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a01:203", "2002:7f00:1::", "2001:0:a01:203::",
    ],
)  # fmt: skip
def test_webhooks_reach_no_private_address(address):
    assert not webhook.is_allowed(address)


def test_webhooks_reach_public_addresses():
    assert all(webhook.is_allowed(address) for address in ("93.184.216.34", "2606:2800:220:1::1"))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::1]"])
def test_a_name_of_this_machine_is_looked_up_and_refused(hooked, receiver, name, monkeypatch):
    monkeypatch.setattr(webhook, "fault", lambda url: "")  # the check of addresses alone
    hooked.webhook = f"http://{name}:{receiver.server_port}/"
    hooked.save()
    signed_up(hooked)
    assert outbox.call_due() == 0
    assert receiver.taken == []


def test_a_name_that_changes_its_address_is_connected_where_it_was_checked(hooked, receiver, monkeypatch):
    """The name is looked up once: a second answer of its server is never asked for."""
    monkeypatch.setattr(webhook, "fault", lambda url: "")
    asked, real = [], socket.getaddrinfo

    def answers(host, *rest, **more):
        if host != "rebinding.example":
            return real(host, *rest, **more)
        asked.append(host)
        return real("127.0.0.1" if len(asked) > 1 else "127.0.0.2", *rest, **more)

    monkeypatch.setattr(webhook.socket, "getaddrinfo", answers)
    monkeypatch.setattr(webhook, "is_allowed", lambda address: address == "127.0.0.2")
    monkeypatch.setattr(webhook, "WEBHOOK_SECONDS", 0.3)
    hooked.webhook = f"http://rebinding.example:{receiver.server_port}/"
    hooked.save()
    signed_up(hooked)
    assert outbox.call_due() == 0
    assert (asked, receiver.taken) == (["rebinding.example"], [])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://example.com:22/", "ftp://example.com/", "https://user:pw@example.com/", "https://", "x",
        "https://example.com/\r\nHost: evil", "https://exämple.com/", "https://example.com:x/", "javascript:alert(1)", "https://e x/",
        "https://127.0.0.1/", "https://[::1]/", "https://localhost/hook", "https://10.1.2.3/", "https://nowhere.invalid/hook",
    ],
)  # fmt: skip
def test_what_is_no_address_for_webhooks_is_refused(client, webinar, url):
    log_in(client)
    page = f"/host/w/{webinar.slug}/settings"
    assert client.send(page, {"url": url}).status_code == 422
    webinar.refresh_from_db()
    assert webinar.webhook == ""


def test_a_host_sets_and_ends_a_webhook(client, webinar):
    log_in(client)
    page = f"/host/w/{webinar.slug}/settings"
    assert client.send(page, {"url": "https://93.184.216.34/hook"}).status_code == 302
    webinar.refresh_from_db()
    assert webinar.webhook_secret in client.get(page).content.decode()
    client.send(page, {"url": ""})
    webinar.refresh_from_db()
    assert (webinar.webhook, webinar.webhook_secret) == ("", "")


class TestJoin:
    @pytest.fixture(autouse=True)
    def site(self, monkeypatch):
        monkeypatch.setattr(django_settings.PORTAL, "form_origins", (SITE,))

    def fields(self, **more: str) -> dict[str, str]:
        texts = consent.fingerprint(language("de"), django_settings.PORTAL.organiser)
        usual = {"name": "Ana Lima", "email": "ana@example.com", "company": "", "website": "", "source": "site"}
        return {**usual, "language": "de", "texts": texts, **more}

    def post(self, webinar: Webinar, fields: dict[str, str], origin: str = SITE):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"} if origin else {"Sec-Fetch-Site": "cross-site"}
        return Browser().post(f"/w/{webinar.slug}/join", fields, headers=headers)

    def test_a_form_of_the_host_registers_as_one_of_ours(self, webinar):
        answer = self.post(webinar, self.fields(marketing="on"))
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/w/{webinar.slug}/sent")
        assert answer.cookies[django_settings.LANGUAGE_COOKIE_NAME].value == "de"  # of the form, not of the browser
        found = Registration.objects.get()
        assert (found.state, found.language, found.source, kinds()) == ("pending", "de", "site", ["confirm"])
        assert {one.shown_at for one in Consent.objects.all()} == {SITE}
        assert Consent.objects.filter(given=True).count() == 2

    @pytest.mark.parametrize(
        "origin", ["", "null", "https://evil.test", "http://metals.example", "https://metals.example.evil.test"]
    )
    def test_no_other_site_does(self, webinar, origin):
        assert self.post(webinar, self.fields(), origin).status_code == 403
        assert (Registration.objects.count(), kinds()) == (0, [])

    def test_nobody_signs_up_for_what_is_over(self, db):
        answer = self.post(announced(starts=timezone.now() - timedelta(days=1)), self.fields())
        assert (answer.status_code, Registration.objects.count()) == (422, 0)

    def test_its_answer_is_the_same_for_every_address(self, webinar):
        registered(webinar, state="confirmed")
        answers = [self.post(webinar, self.fields(email=email)) for email in ("ana@example.com", "new@example.com")]
        assert len({(answer.status_code, answer.headers["Location"], answer.content) for answer in answers}) == 1

    @pytest.mark.parametrize("fields", [{"texts": "0" * 64}, {"texts": ""}, {"email": "x"}, {"more": "1"}], ids=str)
    def test_texts_of_another_day_and_faults_lead_to_our_own_form(self, webinar, fields):
        answer = self.post(webinar, self.fields(**fields))
        assert (answer.status_code, Registration.objects.count()) == (422, 0)
        assert 'value="Ana Lima"' in answer.content.decode()

    def test_a_robot_gets_the_same_answer(self, webinar):
        assert self.post(webinar, self.fields(website="x")).status_code == 302
        assert (Registration.objects.count(), kinds()) == (0, ["noop"])

    def test_the_snippet_of_the_host_is_what_it_takes(self, client, webinar):
        import html
        import re

        webinar.questions = ['A "quoted" <question>*']
        webinar.save()
        log_in(client)
        page = client.get(f"/host/w/{webinar.slug}/settings", headers={"Accept-Language": "de"}).content.decode()
        snippet = html.unescape(page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
        assert f'action="https://webinar.example.com/w/{webinar.slug}/join"' in snippet
        given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', snippet))
        assert "<question>" not in snippet
        fields = {"name": "Ana", "email": "ana@example.com", "company": "", "website": "", "question_0": "yes", **given}
        assert set(re.findall(r'name="(\w+)"', snippet)) == {*fields, "marketing"}
        assert self.post(webinar, fields).status_code == 302
        assert Registration.objects.get().answers == {'A "quoted" <question>': "yes"}


class TestHosts:
    def test_an_invited_host_has_own_webinars_alone(self, client, webinar):
        log_in(client)
        link = hosts.invitation().removeprefix("https://webinar.example.com")
        other = Browser()
        taken = other.send(link, {"username": "mara", "password": "another good secret"})
        assert taken.status_code == 422
        assert other.send(link, {"username": "bea", "password": "another good secret"}).status_code == 302
        assert Browser().get(link).status_code == 404
        assert other.get(f"/host/w/{webinar.slug}/").status_code == 404
        assert webinar.title not in other.get("/host/").content.decode()
        assert webinar.title in client.get("/host/").content.decode()

    def test_the_first_host_gets_what_was_announced_before(self, webinar):
        link = (hosts.setup_link() or "").removeprefix("https://webinar.example.com")
        Browser().send(link, {"username": "mara", "password": "correct horse battery"})
        webinar.refresh_from_db()
        assert webinar.host == Host.objects.get()

    def test_of_several_hosts_one_is_named(self, db):
        usual = {"title": "x", "zone": "UTC", "strategy": "physical-basket", "capacity": 1}
        for name in ("a", "b"):
            Host.objects.create_user(name)
        with pytest.raises(SpecError, match="whose"):
            announce(["2126-12-03T17:00"], **usual)
        with pytest.raises(SpecError, match="no host"):
            announce(["2126-12-03T17:00"], **usual, host="c")
        assert announce(["2126-12-03T17:00"], **usual, host="b")[0].host == Host.objects.get(username="b")


class TestWhatIsAnnounced:
    USUAL: ClassVar = {"zone": "Europe/Berlin", "strategy": "physical-basket", "capacity": 1}

    def test_two_sessions_at_once_are_one_written_twice(self, db):
        with pytest.raises(SpecError, match="at another time"):
            announce(["2126-12-03T17:00", "2126-12-03T16:00+00:00"], title="x", **self.USUAL)
        assert not Webinar.objects.exists()

    @pytest.mark.parametrize("zone", ["EST", "CET", "GMT+1", "Etc/GMT+1", "PST", "Berlin", "../xx"])
    def test_a_zone_is_a_place_whose_clock_has_its_summer(self, db, zone):
        with pytest.raises(SpecError) as told:
            announce(["2027-07-01T17:00"], title="x", **{**self.USUAL, "zone": zone})
        hint = "Did you mean 'Europe/Berlin'?" if zone == "Berlin" else "Name a place, as America/New_York."
        assert told.value.hint == hint

    @pytest.mark.parametrize(
        ("starts", "fault", "hint"),
        [
            ("2126-12-03", "day without a time", "2126-12-03T17:00"),
            ("03.12.2126 17:00", "no time", ""),
            ("2126-13-03T17:00", "no time", ""),
            ("2025-12-03T17:00", "over", "year"),
            ("2027-03-28T02:30", "does not exist", ""),
            ("2027-10-31T02:30", "twice", "2027-10-31T02:30:00+01:00"),
        ],
    )
    def test_a_start_that_could_be_meant_otherwise_is_refused(self, db, starts, fault, hint):
        with time_machine.travel("2026-11-27"), pytest.raises(SpecError, match=fault) as refused:
            announce(["2026-12-03T17:00", starts], title="x", **self.USUAL)
        assert hint in (refused.value.hint or "")
        assert not Webinar.objects.exists()

    @pytest.mark.parametrize(("offset", "hour"), [("+02:00", 0), ("+01:00", 1)])
    def test_an_hour_that_comes_twice_is_named_by_its_offset(self, db, offset, hour):
        (found,) = announce([f"2127-10-26T02:30{offset}"], title="x", **self.USUAL)
        assert found.starts == datetime(2127, 10, 26, hour, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("title", "kept"), [("👩\u200d🔬 live", "👩🔬 live"), (" 10\xa0000\n€ ", "10 000 €"), ("„Gallium“ & <b>", "„Gallium“ & <b>")], ids=ascii
    )  # fmt: skip
    def test_a_title_is_one_line(self, db, title, kept):
        assert announce(["2126-12-03T17:00"], title=title, **self.USUAL)[0].title == kept

    @pytest.mark.parametrize("title", ["", " \u200b", "x" * 201, "a\x1b[1mb"], ids=ascii)
    def test_a_title_that_is_no_line_is_refused(self, db, title):
        with pytest.raises(SpecError, match="title"):
            announce(["2126-12-03T17:00"], title=title, **self.USUAL)


class TestSessionsAndQuestions:
    def test_the_page_of_a_session_names_the_others(self, client, db):
        soon = [(timezone.now() + timedelta(days=days)).isoformat() for days in (2, 9)]
        first, second = announce(soon, title="Twice", zone="UTC", strategy="physical-basket", capacity=1)
        assert list(AuditEntry.objects.values_list("action", "target")) == [("webinar", first.slug), ("webinar", second.slug)]
        assert f"/w/{second.slug}/" in client.get(f"/w/{first.slug}/").content.decode()
        assert [one.id for one in sessions(first)] == [first.id, second.id]
        assert list(sessions(announced()).values_list("series", flat=True)) == [""]

    def test_answers_are_kept_and_those_that_must_be_given_are_asked_for(self, client, webinar):
        webinar.questions = ["Why?*", "Which metals"]
        webinar.save()
        path = f"/w/{webinar.slug}/"
        assert client.send(f"{path}register", filled(question_0=""), page=path).status_code == 422
        client.send(f"{path}register", filled(question_0="Because", question_1=""), page=path)
        found = Registration.objects.get()
        assert found.answers == {"Why?": "Because"}
        assert "Because" in client.get(me(found)).content.decode()

    @pytest.mark.parametrize(
        "questions", [["a"] * 2, ["a", "a*"], ["*"], ["x" * 201], ["a\x00b"], [str(i) for i in range(11)]], ids=str
    )
    def test_questions_that_are_none_are_refused(self, db, questions):
        with pytest.raises(SpecError, match="question"):
            announce(["2126-12-03T17:00"], title="x", zone="UTC", strategy="physical-basket", capacity=1, questions=questions)


def test_a_workbook_holds_words_and_times_and_no_formula(client, webinar):
    webinar.questions = ["=question"]
    webinar.save()
    for i, words in enumerate(HOSTILE):
        one = registered(webinar, f"a{i}@example.com")
        one.name = one.company = words.replace("\x00", "")
        one.answers = {"=question": one.name}
        one.save()
    log_in(client)
    content = client.get(f"/host/w/{webinar.slug}/registrations.xlsx").content
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0][-1] == "=question"
    assert len(rows) == 1 + len(HOSTILE)
    assert rows[1][0] == HOSTILE[0]
    assert rows[1][5] == pytest.approx(datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None), abs=timedelta(minutes=2))
    assert registrations_xlsx([], Webinar(questions=[]))


class TestRetentionMap:
    KEPT: ClassVar[dict[str, str]] = {
        "web.Webinar": "no personal data",
        "web.Host": "as long as the host",
        "web.ConsentText": "no personal data",
        "web.Assignment": "as long as the host or the webinar",
        "web.File": "of hosts, as long as the webinar",
        "web.Room": "no personal data but its host",
        "web.Moment": "no personal data",
        "web.Poll": "no personal data",
        "web.Choice": "no personal data",
        "web.AuditEntry": "ids alone",
        "auth.Permission": "no personal data",
        "auth.Group": "no personal data",
        "contenttypes.ContentType": "no personal data",
        "otp_totp.TOTPDevice": "as long as the host",
        "web.Counter": "keyed hashes, a day",
    }

    def test_every_table_is_in_a_class(self, db):
        """A table that somebody adds is deleted with a registration, has a class of its own, or is named here."""
        due = {rows.model._meta.label for rows in retention.due().values()}
        hanging = {relation.related_model._meta.label for relation in Registration._meta.related_objects}
        through = {model._meta.label for model in apps.get_models() if model._meta.auto_created}
        hung = {
            model._meta.label
            for model in apps.get_models()
            if any(
                field.is_relation and field.related_model and field.related_model._meta.label in hanging | due
                for field in model._meta.fields
            )
        }
        assert {model._meta.label for model in apps.get_models()} - through - due - hanging - hung == set(self.KEPT)

    def test_failed_logins_go_after_a_month_and_a_dry_run_deletes_nothing(self, client, db):
        from axes.models import AccessAttempt

        client.send("/host/login", {"username": "eve", "password": "wrong"})
        assert AccessAttempt.objects.count() == 1
        with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
            assert retention.purge(dry_run=True)["failed_logins"] == 1
            assert AccessAttempt.objects.count() == 1
            assert retention.purge()["failed_logins"] == 1
        assert AccessAttempt.objects.count() == 0


def test_the_portal_says_when_its_database_is_gone(client, db, monkeypatch):
    from toolkit.web.views import public

    class Gone:
        def cursor(self):
            raise DatabaseError

    monkeypatch.setattr(public, "connection", Gone())
    assert client.get("/healthz").status_code == 503


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_moved_away_is_told_and_takes_nothing(client):
    """It went on in the file that was moved: what was acknowledged was in no database that is found again."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no file of ours")
    writing(announced)()
    assert client.get("/healthz").status_code == 200
    file = Path(connection.settings_dict["NAME"])
    file.rename(file.with_suffix(".away"))
    try:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (503, b"database\n")
        with pytest.raises(OperationalError, match="not where it was"):
            writing(announced)()
    finally:
        file.with_suffix(".away").rename(file)
    assert client.get("/healthz").status_code == 200
    assert Webinar.objects.count() == 1


def test_the_portal_says_when_its_disk_is_full(client, db, monkeypatch):
    from toolkit.web.views import public

    monkeypatch.setattr(public, "LEAST_ROOM", 1 << 62)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"disk\n")


class TestClock:
    """A clock that is wrong at the start would delete everybody: it waits until it was right for a day."""

    @pytest.fixture
    def keeper(self, webinar):
        registered(webinar, state="pending")
        found = retention.Keeper()
        found.look()
        assert limits.last_seen() == pytest.approx(time.time(), abs=5)
        return found

    def test_deletion_waits_while_the_clock_is_far_ahead(self, keeper, capsys):
        with time_machine.travel(timezone.now() + timedelta(days=200), tick=False):
            retention.Keeper().look()
        assert Registration.objects.count() == 1
        assert "retention.held" in capsys.readouterr().out
        keeper.look()
        assert Registration.objects.count() == 1

    def test_after_a_day_a_clock_is_believed(self, keeper, monkeypatch):
        with time_machine.travel(timezone.now() + timedelta(days=200), tick=False):
            keeper.look()
            monkeypatch.setattr(retention, "DELETION_WAIT", 0)
            keeper.look()
        assert Registration.objects.count() == 0

    def test_who_has_the_console_is_obeyed(self, keeper):
        with time_machine.travel(timezone.now() + timedelta(days=200), tick=False):
            assert retention.purge()["registrations"] == 1

    def test_a_week_without_the_portal_is_no_wrong_clock(self, keeper):
        for _ in range(2):
            with time_machine.travel(timezone.now() + timedelta(days=6.9), tick=False):
                retention.Keeper().look()
        with time_machine.travel(timezone.now() + timedelta(days=13), tick=False):
            retention.Keeper().look()
        assert Registration.objects.count() == 0


def test_journals_of_several_machines_in_one_file_are_read_by_time(tmp_path, monkeypatch, webinar):
    monkeypatch.setattr(django_settings.PORTAL, "journal", tmp_path / "journal")
    days = [timezone.now() + timedelta(days=day) for day in range(2)]
    for day in days:
        with time_machine.travel(day, tick=False):
            journal.note_webinar(webinar.slug, starts=day)
    first, second = (tmp_path / "journal").read_text().splitlines()[1:]
    (tmp_path / "journal").write_text(f"\n{second}\n{first}")
    assert [fields["starts"] for _, _, fields in journal.of_webinars()] == days


def test_a_line_of_the_journal_that_does_not_fit_on_the_disk_is_no_line(tmp_path, monkeypatch, webinar):
    """A part of it is written without an error: the erasure would have been done, and undone by a restore."""
    monkeypatch.setattr(django_settings.PORTAL, "journal", tmp_path / "journal")
    with no_file_beyond(60), pytest.raises(OSError, match="No space left"):
        journal.note("erased", registered(webinar).id)
    assert list(journal.entries()) == []


def test_a_line_of_the_journal_that_was_cut_hides_no_other(tmp_path, monkeypatch, webinar):
    monkeypatch.setattr(django_settings.PORTAL, "journal", tmp_path / "journal")
    first, second = registered(webinar), registered(webinar, "b@example.com")
    journal.note("erased", first.id)
    with (tmp_path / "journal").open("a") as file:
        file.write('\n{"at": "2026')
    journal.note("revoked", second.id)
    assert [entry[1:] for entry in journal.entries()] == [("erased", first.id), ("revoked", second.id)]
    assert b"@" not in (tmp_path / "journal").read_bytes()
