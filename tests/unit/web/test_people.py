"""Registrations that a host corrects, brings from a file and admits by hand; certificates of attendance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.unit.web.visitors import Browser, announced, filled, kinds, registered, secret_of
from toolkit.app.report.pdf import printer
from toolkit.web.gate import registering, tokens
from toolkit.web.gate.mail import compose
from toolkit.web.models import AuditEntry, Consent, Outbox, Registration, Webinar
from toolkit.web.room import certificate
from toolkit.web.room.models import Presence


class TestCorrect:
    def test_a_name_at_once_and_an_address_once_it_is_confirmed(self, host, webinar):
        one = registered(webinar)
        path = f"/host/w/{webinar.slug}/correct?registration={one.id}"
        assert host.send(path, {"name": "Ana Lima-Sy", "email": "new@example.com", "company": "Metals"}).status_code == 302
        one.refresh_from_db()
        assert (one.name, one.company, one.email) == ("Ana Lima-Sy", "Metals", "ana@example.com")
        assert Outbox.objects.get(kind="correct").data == {"email": "new@example.com"}
        assert AuditEntry.objects.get(action="correct").actor.startswith("host:")

    def test_one_of_another_webinar_is_not_found(self, host, webinar):
        other = registered(announced(), "else@example.com")
        for wrong in (str(other.id), "x", ""):
            assert host.get(f"/host/w/{webinar.slug}/correct?registration={wrong}").status_code == 404


class TestImport:
    def bring(self, host: Browser, webinar: Webinar, content: str | bytes):
        content = content.encode() if isinstance(content, str) else content
        return host.send(f"/host/w/{webinar.slug}/people", {"file": SimpleUploadedFile("a.csv", content)})

    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    def test_each_address_is_asked_and_counts_once_it_confirms(self, host, webinar, mark):
        lines = (("email", "name", "company"), ("Ana@example.com", "Ana Lima", ""), ("b@example.com", "Béa", "Tin & Co"))
        text = "\ufeff" + "\r\n".join(mark.join(line) for line in lines)
        assert self.bring(host, webinar, text).status_code == 302
        found = list(Registration.objects.order_by("email").values_list("email", "name", "company", "state", "source"))
        assert found == [
            ("ana@example.com", "Ana Lima", "", "pending", "import"),
            ("b@example.com", "Béa", "Tin & Co", "pending", "import"),
        ]
        assert kinds() == ["confirm", "confirm"]
        assert not Consent.objects.filter(text__purpose="marketing", given=True).exists()
        row = Outbox.objects.select_related("registration__webinar").first()
        body = compose(row, row.registration).body  # type: ignore[union-attr,arg-type]
        assert "Metals & Co registered this address" in body
        assert "All of it is deleted 90 days after the webinar." in body
        assert AuditEntry.objects.filter(action="import", target=webinar.slug).count() == 1

    def test_whoever_is_there_stays_as_they_are(self, host, webinar):
        registered(webinar)
        self.bring(host, webinar, "name,email\nOther,ana@example.com\n")
        assert Registration.objects.get().name == "Ana Lima"
        assert Registration.objects.get().state == "confirmed"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"name,email\n",
            b"name,mail\nA,a@example.com\n",
            b"name,email\nA,a@example.com\nB,no address\n",
            b"name,email\nA\x07,a@example.com\n",
            b"name,email\n\xff,a@example.com\n",
            b"name,email\n" + b"A,a@example.com\n" * 501,
            b"\x89PNG\r\n\x1a\n",
        ],
        ids=lambda value: value[:30],
    )
    def test_a_file_with_a_fault_brings_nobody(self, host, webinar, content):
        assert self.bring(host, webinar, content).status_code == 422
        assert not Registration.objects.exists()

    def test_no_visitor_says_that_a_host_has_brought_them(self, client, webinar):
        client.send(f"/w/{webinar.slug}/register", filled(source="import"), page=f"/w/{webinar.slug}/")
        assert Registration.objects.get().source == ""


class TestApproval:
    @pytest.fixture
    def chosen(self, webinar) -> Webinar:
        Webinar.objects.filter(id=webinar.id).update(approval=True)
        webinar.refresh_from_db()
        return webinar

    def waiting(self, webinar: Webinar, email: str) -> Registration:
        one = registered(webinar, email, "pending")
        assert registering.confirm(secret_of(one))[0] == "waitlisted"
        return one

    def admit(self, host: Browser, webinar: Webinar, one: Registration) -> str:
        sent = {"registration": str(one.id)}
        host.send(f"/host/w/{webinar.slug}/admit", sent, page=f"/host/w/{webinar.slug}/")
        one.refresh_from_db()
        return one.state

    def test_who_confirms_waits_until_the_host_admits(self, host, chosen):
        first, second, third = (self.waiting(chosen, f"{name}@example.com") for name in "abc")
        row = Outbox.objects.select_related("registration__webinar").filter(kind="waitlist").first()
        assert "The host looks at each registration" in compose(row, row.registration).body  # type: ignore[union-attr,arg-type]
        assert [self.admit(host, chosen, one) for one in (second, first)] == ["confirmed", "confirmed"]
        assert self.admit(host, chosen, third) == "waitlisted"  # of two seats
        registering.cancel(first)
        third.refresh_from_db()
        assert third.state == "waitlisted"  # nobody moves up by themselves
        assert self.admit(host, chosen, third) == "confirmed"
        assert Outbox.objects.filter(kind="link").count() == 3

    def test_nobody_else_is_admitted(self, host, chosen):
        pending = registered(chosen, "p@example.com", "pending")
        assert self.admit(host, chosen, pending) == "pending"
        other = registered(announced(), "w@example.com", "waitlisted")
        assert self.admit(host, chosen, other) == "waitlisted"

    def test_the_host_asks_for_it_and_its_end_fills_the_seats(self, host, webinar):
        page = f"/host/w/{webinar.slug}/change"
        given = {"starts": f"{webinar.local_start:%Y-%m-%dT%H:%M}", "minutes": "45", "capacity": "2", "title": "Gallium"}
        host.send(page, {**given, "description": "", "approval": "on"})
        webinar.refresh_from_db()
        assert webinar.approval
        one = self.waiting(webinar, "a@example.com")
        host.send(page, {**given, "description": ""})
        one.refresh_from_db()
        assert one.state == "confirmed"


class TestCertificate:
    @pytest.fixture
    def there(self, webinar) -> Registration:  # with a database
        over = announced(starts=timezone.now() - timedelta(hours=2), minutes=60)
        one = registered(over)
        Presence.objects.create(registration=one, opened=over.starts, closed=over.starts + timedelta(minutes=30))
        return one

    def path(self, one: Registration) -> str:
        return f"/me/{tokens.link(one, tokens.ME)}/certificate.pdf"

    @pytest.mark.skipif(printer({"PATH": "/usr/bin:/usr/local/bin"}) is None, reason="nothing prints here")
    def test_who_was_there_for_half_of_it_gets_a_pdf(self, there, client):
        assert "Certificate of attendance as PDF" in client.get(f"/me/{tokens.link(there, tokens.ME)}").content.decode()
        answer = client.get(self.path(there))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-")

    def test_who_was_there_for_less_gets_none(self, there, client):
        Presence.objects.update(closed=there.webinar.starts + timedelta(minutes=29))
        assert client.get(self.path(there)).status_code == 404
        assert certificate.attended(there) is None

    def test_there_is_none_before_the_end_nor_of_what_was_cancelled(self, there, client):
        for fields in ({"minutes": 180}, {"minutes": 60, "cancelled_at": timezone.now()}):
            Webinar.objects.filter(id=there.webinar_id).update(**fields)
            assert client.get(self.path(there)).status_code == 404
