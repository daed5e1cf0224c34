"""Mails: sent at least once, tried again, given up; nothing of a visitor in their headers."""

from __future__ import annotations

import re
import resource
import socket
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from django.core import mail
from django.utils import timezone

from tests.unit.web.visitors import filled, registered
from toolkit.web.gate import limits, outbox, registering
from toolkit.web.gate.mail import FITS, compose
from toolkit.web.models import Outbox, Registration, Token

HOSTILE = "Ana\u2028Bcc: eve@example.com"


def row_of(registration: Registration, kind: str = "link") -> Outbox:
    return Outbox.objects.create(kind=kind, registration=registration, data={"before": "2026-12-03T16:00:00+00:00"})


class Server:
    """A mail server that answers recipients with what it is told to."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[SimpleNamespace] = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(SimpleNamespace(to=list(envelope.rcpt_tos), data=envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def smtp(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = False
    yield server
    controller.stop()


def test_a_mail_has_one_recipient_and_nothing_of_the_visitor_in_its_headers(webinar):
    registration = registered(webinar)
    registration.name = registration.company = HOSTILE
    registration.save()
    message = compose(row_of(registration), registration).message()
    assert message["To"] == "ana@example.com"
    assert (message["Cc"], message["Bcc"]) == (None, None)
    assert HOSTILE[:3] not in f"{message['Subject']}{message['From']}{message['To']}"
    assert message["Auto-Submitted"] == "auto-generated"
    parts = {part.get_content_type() for part in message.walk()}
    assert parts == {"multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"}


@pytest.mark.parametrize("kind", sorted({*FITS, "cancelled", "news"}))
def test_each_subject_names_the_webinar(webinar, kind):
    registration = registered(webinar)
    row = row_of(registration, kind)
    assert compose(row, registration).message()["Subject"].endswith(": Gallium")
    registration.webinar.title = "Gallium und seine Geschwister " * 6
    subject = compose(row, registration).subject
    assert (len(subject) < 100, subject.endswith("…")) == (True, True)


def test_the_date_comes_with_the_seat_and_not_after_it(webinar):
    registration = registered(webinar)
    files = [part.get_content_type() for part in compose(row_of(registration), registration).message().walk()]
    assert files.count("text/calendar") == 1
    webinar.starts = timezone.now() - timedelta(days=1)
    files = [part.get_content_type() for part in compose(row_of(registration), registration).message().walk()]
    assert "text/calendar" not in files


def test_links_begin_with_the_configured_address_alone(webinar, client):
    registration = registered(webinar, state="pending")
    client.get(f"/w/{webinar.slug}/", headers={"X-Forwarded-Host": "evil.test"})
    body = str(compose(row_of(registration, "confirm"), registration).body)
    assert "https://webinar.example.com/c/" in body
    assert "evil" not in body


@pytest.mark.parametrize("kind", [*FITS, "news", "cancelled"])
def test_every_address_of_the_text_is_a_link_of_the_page(webinar, kind):
    registration = registered(webinar)
    message = compose(row_of(registration, kind), registration)
    page = message.alternatives[0][0]
    assert re.findall(r'href="([^"]+)"', page) == re.findall(r"https://\S+", str(message.body)) != []
    assert max(len(word) for word in re.sub("<[^>]+>", " ", page).split()) <= 50, "it fits a telephone"


def test_a_mail_is_in_the_language_of_the_registration(webinar):
    registration = registered(webinar)
    registration.language = "de"
    assert compose(row_of(registration), registration).subject == "Ihr Platz und Ihr persönlicher Link: Gallium"


def test_what_is_sent_is_marked_and_sent_once(webinar, smtp):
    row = row_of(registered(webinar))
    assert (outbox.send_due(), outbox.send_due()) == (1, 0)
    assert [taken.to for taken in smtp.taken] == [["ana@example.com"]]
    assert f"Message-ID: <portal-{row.id}.{row.created.timestamp():.0f}@" in smtp.taken[0].data
    row.refresh_from_db()
    assert row.sent is not None


def test_a_mail_to_nobody_is_marked_and_not_sent(webinar, smtp):
    Outbox.objects.create(kind="noop")
    outbox.send_due()
    assert smtp.taken == []
    assert Outbox.objects.get().sent is not None


def test_an_unknown_mailbox_is_given_up(webinar, smtp):
    smtp.answers = ["550 unknown"]
    row = row_of(registered(webinar))
    outbox.send_due()
    row.refresh_from_db()
    assert row.failed is not None


def test_a_full_mailbox_is_tried_again_later_and_in_the_end_given_up(webinar, smtp):
    smtp.answers = ["451 later"] * outbox.TRIES_OF_MAIL
    row, now = row_of(registered(webinar)), timezone.now()
    waits = []
    for tries in range(outbox.TRIES_OF_MAIL):
        with time_machine.travel(now, tick=False):
            outbox.send_due()
        row.refresh_from_db()
        assert row.tries == tries + 1
        waits.append(row.due - now)
        now = row.due
    assert waits[:5] == [timedelta(minutes=m) for m in (1, 5, 25, 120, 120)]
    assert row.failed is not None


def test_ten_minutes_without_a_mail_server_are_nothing_to_visitors_and_mails_go_when_it_is_back(client, webinar, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    now, page = timezone.now(), f"/w/{webinar.slug}/"
    for minute in range(10):
        with time_machine.travel(now + timedelta(minutes=minute, seconds=minute), tick=False):
            sign_up = filled(email=f"a{minute}@example.com")
            assert client.send(f"{page}register", sign_up, page=page).headers["Location"] == f"{page}sent"
            assert outbox.send_due() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        assert outbox.send_due() == 10
    assert sorted(message.to[0] for message in mail.outbox) == [f"a{minute}@example.com" for minute in range(10)]


def test_a_server_without_encryption_gets_no_mail(webinar, smtp, settings):
    settings.EMAIL_USE_TLS = True
    row = row_of(registered(webinar))
    outbox.send_due()
    row.refresh_from_db()
    assert (smtp.taken, row.sent, row.failed) == ([], None, None)


def test_what_a_killed_process_had_in_hand_is_sent_after_its_lease(webinar, smtp):
    row_of(registered(webinar))
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert len(outbox.claim()) == 1
        assert outbox.claim() == []
    with time_machine.travel(now + outbox.LEASE + timedelta(seconds=1), tick=False):
        assert outbox.send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(settings):
    from tests.unit.web.visitors import announced

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    webinar = announced()
    for i in range(60):
        row_of(registered(webinar, f"a{i}@example.com"))

    def work() -> None:
        from django.db import connections

        while outbox.send_due():
            pass
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message.to[0] for message in mail.outbox) == sorted(f"a{i}@example.com" for i in range(60))


def test_a_cancelled_registration_takes_its_secrets_with_it(webinar, smtp):
    registration = registered(webinar, state="pending")
    row_of(registration, "confirm")
    outbox.send_due()
    assert Token.objects.count() == 1
    registering.cancel(registration)
    assert Token.objects.count() == 0


def test_confirmations_of_all_webinars_together_are_limited_and_not_lost(webinar, smtp, monkeypatch):
    monkeypatch.setattr(limits, "CONFIRMATIONS", limits.Limit("confirmations", 2, limits.HOUR))
    for i in range(3):
        row_of(registered(webinar, f"a{i}@example.com", "pending"), "confirm")
    assert outbox.send_due() == 2
    late = Outbox.objects.get(sent=None)
    assert (late.failed, late.due > timezone.now()) == (None, True)


def test_without_a_mail_server_each_mail_is_a_file_and_its_link_is_printed(webinar, settings, capsys):
    settings.EMAIL_BACKEND = "toolkit.web.gate.mail.Folder"
    row_of(registered(webinar))
    assert outbox.send_due() == 1
    folder = django_settings.PORTAL.folder / "mails"
    written = sorted(folder.glob("*.eml"))[-1]
    assert b"To: ana@example.com" in written.read_bytes()
    assert "https://webinar.example.com/a/" in capsys.readouterr().err


def test_a_mail_that_could_not_be_written_whole_is_no_mail_and_is_written_later(webinar, settings):
    settings.EMAIL_BACKEND = "toolkit.web.gate.mail.Folder"
    row = row_of(registered(webinar))
    folder = django_settings.PORTAL.folder / "mails"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # a disk that is full after a hundred bytes
    try:
        assert outbox.send_due() == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in folder.glob("*.eml") if b"To: " not in path.read_bytes()] == []
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert outbox.send_due() == 1
    assert [path.name for path in folder.glob(f"*portal-{row.id}.*")] == [
        path.name for path in folder.glob(f"*-portal-{row.id}.eml")
    ]
