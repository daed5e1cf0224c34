"""What visitors do with their own registration, and what is gone when it is erased."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail, signing
from django.db import connection
from django.db.models import CASCADE
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.unit.web.test_gate import dump
from tests.unit.web.visitors import Browser, access, announced, entered, filled, kinds, log_in, registered, secret_of
from toolkit.web.gate import news, outbox, registering, tokens
from toolkit.web.gate.mail import compose
from toolkit.web.models import AuditEntry, Consent, Outbox, Registration, Webinar
from toolkit.web.operations import backup, journal

State = Registration.State
ONE_CLICK = b"List-Unsubscribe=One-Click"


def me(registration: Registration) -> str:
    return f"/me/{tokens.link(registration, tokens.ME)}"


def signed_up(webinar: Webinar, email: str = "ana@example.com", **fields: str) -> Registration:
    """A visitor who registered by the form and confirmed."""
    visitor, path = Browser(), f"/w/{webinar.slug}/"
    visitor.send(f"{path}register", filled(email=email, **fields), page=path)
    found = Registration.objects.get(webinar=webinar, email=email)
    visitor.send(f"/c/{secret_of(found)}")
    found.refresh_from_db()
    return found


class TestErase:
    def test_nothing_of_the_visitor_is_left(self, client, webinar):
        webinar.questions, webinar.webhook, webinar.webhook_secret = ["Why?"], "https://example.com/x", "whsec_" + "A" * 44
        webinar.save()
        found = signed_up(webinar, name="Ana Unusual", company="Rarities Ltd", question_0="A private reason")
        entered(Browser(), found)
        folder = django_settings.PORTAL.folder / "mails"
        folder.mkdir(exist_ok=True)
        row = Outbox.objects.filter(registration=found).first()
        written = folder / f"20261126T000000-portal-{row.id}.eml"
        written.write_bytes(b"To: ana@example.com")
        assert client.get(me(found)).status_code == 200
        assert client.send(f"{me(found)}/erase", page=me(found)).status_code == 200
        left = str(dump())
        for word in ("ana@example.com", "Unusual", "Rarities", "private reason"):
            assert word not in left, word
        assert not written.exists()
        assert client.get(me(found)).status_code == 404
        assert AuditEntry.objects.filter(actor="visitor", action="erase", target=str(found.id)).exists()

    def test_it_hangs_on_the_registration_whatever_table_it_is_in(self):
        kept = [relation.name for relation in Registration._meta.related_objects if relation.on_delete is not CASCADE]
        assert kept == []

    def test_the_seat_goes_to_the_waiting_list(self, webinar):
        taken = [registered(webinar, f"a{i}@example.com") for i in range(2)]
        waiting = registered(webinar, "w@example.com", State.WAITLISTED)
        registering.erase(taken[0])
        waiting.refresh_from_db()
        assert waiting.state == State.CONFIRMED

    def test_a_mail_that_was_claimed_before_is_not_sent(self, webinar, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        found = registered(webinar)
        Outbox.objects.create(kind="link", registration=found)
        rows = outbox.claim()
        registering.erase(found)
        assert not any(outbox._send(row, mail.get_connection()) for row in rows)
        assert mail.outbox == []

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="a file of SQLite")
    def test_the_address_is_in_no_file_of_the_database(self, transactional_db):
        webinar = announced()
        address = "very-unusual-address@example.com"
        found = registered(webinar, address)
        files = [Path(f"{connection.settings_dict['NAME']}{end}") for end in ("", "-wal")]
        assert any(address.encode() in file.read_bytes() for file in files)
        registering.erase(found)
        assert not any(address.encode() in file.read_bytes() for file in files)

    def test_hosts_erase_their_own_visitors_alone(self, client, webinar):
        mine = registered(webinar)
        log_in(client)
        other = announced()
        theirs = registered(other, "b@example.com")
        page = f"/host/w/{webinar.slug}/"
        assert client.send(f"{page}erase", {"registration": str(theirs.id)}, page=page).status_code == 404
        assert client.send(f"{page}erase", {"registration": str(mine.id)}, page=page).status_code == 302
        assert [one.id for one in Registration.objects.all()] == [theirs.id]


class TestOwnData:
    def test_the_file_has_every_table_that_knows_the_visitor(self, client, webinar):
        found = signed_up(webinar, marketing="on")
        entered(Browser(), found)
        answer = client.get(f"{me(found)}/data.json")
        data = json.loads(answer.content)
        assert data["registration"]["email"] == "ana@example.com"
        tables = {str(relation.related_model._meta.verbose_name) for relation in Registration._meta.related_objects}
        assert tables <= data.keys()
        assert len(data["session"]) == 1
        assert set(data["consent texts"].values()) == {one.text.text for one in Consent.objects.select_related("text")}

    def test_nothing_in_it_opens_anything(self, client, webinar):
        found = signed_up(webinar)
        entered(client, found)
        text = client.get(f"{me(found)}/data.json").content.decode()
        for table, rows in dump():
            if table in ("web_session", "web_token"):
                assert rows
                assert not any(row[0] in text for row in rows)

    def test_the_page_stays_after_cancelling_and_after_the_webinar(self, client, webinar):
        found = registered(webinar)
        registering.cancel(found)
        with time_machine.travel(webinar.ends + timedelta(days=60), tick=False):
            page = client.get(me(found)).content.decode()
        assert "/erase" in page
        assert "Cancel the registration" not in page


class TestEnumeration:
    @pytest.mark.parametrize("path", ["register", "resend"])
    def test_each_address_costs_the_same_statements(self, webinar, path):
        webinar.capacity = 50
        webinar.save()
        signed_up(webinar, "before@example.com")  # the consent texts are stored
        found = {}
        for state in (None, *State.values):
            email = f"{state or 'unknown'}@example.com"
            if state is not None:
                registered(webinar, email, state)
            client, page = Browser(REMOTE_ADDR=f"192.0.2.{len(found) + 1}"), f"/w/{webinar.slug}/"
            fields = filled(email=email) if path == "register" else {"email": email}
            shown = client.get(page).content.decode()
            token = shown.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
            with CaptureQueriesContext(connection) as queries:
                answer = client.post(
                    f"{page}{path}", {"csrfmiddlewaretoken": token, **fields}, headers={"Origin": "https://webinar.example.com"}
                )
            found[state] = (answer.status_code, answer.content, len(queries))
        assert len(set(found.values())) == 1, found

    def test_a_sign_up_that_is_refused_costs_no_less_and_leaves_nothing(self, webinar):
        signed_up(webinar, "before@example.com")
        counts = {}
        for refused in (False, True):
            shown = {"participation": "a", "marketing": "b"}
            new = Registration(webinar=webinar, email=f"{refused}@example.com", name="A", language="en")
            with CaptureQueriesContext(connection) as queries:
                registering.register(new, shown, marketing=False, shown_at="/", refused=refused)
            counts[refused] = len(queries)
        assert counts[True] >= counts[False]
        assert not Registration.objects.filter(email="true@example.com").exists()
        assert kinds()[-1] == "noop"


class TestNews:
    @pytest.fixture
    def later(self, client, webinar) -> Webinar:
        """A second webinar of the same host, whose first one has a reader."""
        signed_up(webinar, marketing="on")
        signed_up(webinar, "silent@example.com")
        host = log_in(client)
        Outbox.objects.update(sent=timezone.now())
        return announced(host=host)

    def test_those_who_agreed_are_told_once_with_a_way_out(self, client, later):
        page = f"/host/w/{later.slug}/"
        for _ in range(2):
            assert client.send(f"{page}news", page=page).status_code == 302
        (row,) = Outbox.objects.filter(kind="news")
        message = compose(row, row.registration).message()
        assert message["To"] == "ana@example.com"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert f"/w/{later.slug}/" in str(compose(row, row.registration).body)

    def test_mails_of_a_registration_have_no_such_header(self, webinar):
        found = registered(webinar)
        for kind in ("confirm", "link", "waitlist", "cancelled", "day", "hour", "minutes"):
            message = compose(Outbox.objects.create(kind=kind, registration=found), found).message()
            assert message["List-Unsubscribe"] is None, kind

    def test_nobody_else_is_told(self, later):
        first = Webinar.objects.exclude(id=later.id).get()
        unconfirmed = registered(first, "pending@example.com", "pending")
        text = Consent.objects.filter(text__purpose="marketing").first().text
        Consent.objects.create(registration=unconfirmed, text=text, given=True, shown_at="/")
        revoked = registered(first, "revoked@example.com", "revoked")
        Consent.objects.create(registration=revoked, text=text, given=True, shown_at="/", confirmed=timezone.now())
        elsewhere = registered(announced(), "theirs@example.com")
        Consent.objects.create(registration=elsewhere, text=text, given=True, shown_at="/", confirmed=timezone.now())
        assert [one.email for one in news.news_readers(later)] == ["ana@example.com"]
        registered(later)
        assert news.news_readers(later) == []

    def test_one_post_of_a_mail_program_ends_them_and_a_get_does_not(self, later):
        program = Browser()  # no cookie, no Origin, no token
        found = Registration.objects.get(email="ana@example.com")
        address = f"/u/{tokens.link(found, tokens.UNSUBSCRIBE)}"
        news.tell(later)
        before = dump()
        for _ in range(5):
            assert program.get(address).status_code == 200
        assert dump() == before
        form = "application/x-www-form-urlencoded"
        for _ in range(2):
            answer = program.post(address, ONE_CLICK, content_type=form, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 200
        assert Consent.objects.filter(withdrawn=None, given=True, text__purpose="marketing").count() == 0
        assert news.news_readers(later) == []
        assert not Outbox.objects.filter(kind="news").exists()
        assert AuditEntry.objects.filter(action="withdraw", target=str(found.id)).count() == 1
        assert ("withdrawn", found.id) in [entry[1:] for entry in journal.entries()]

    def test_the_way_out_of_one_is_none_for_another(self, later, webinar):
        ana = Registration.objects.get(email="ana@example.com")
        signed_up(webinar, "bea@example.com", marketing="on")
        registering.withdraw(Registration.objects.get(email="bea@example.com").id)
        assert [one.id for one in news.news_readers(later)] == [ana.id]
        assert Browser().post(f"/u/{tokens.link(ana, tokens.ME)}", ONE_CLICK, content_type="text/plain").status_code == 404


@pytest.mark.django_db
class TestReminders:
    def due(self) -> dict[str, object]:
        return dict(Outbox.objects.filter(kind__in=("day", "hour", "minutes")).values_list("kind", "due"))

    def test_a_day_an_hour_and_five_minutes_before(self, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        webinar = announced(starts=timezone.now() + timedelta(days=3))
        signed_up(webinar)
        sent = []
        for before in (timedelta(hours=25), timedelta(hours=23), timedelta(minutes=50), timedelta(minutes=4), timedelta(0)):
            mail.outbox = []
            with time_machine.travel(webinar.starts - before, tick=False):
                outbox.send_due()
            sent.append([message.subject for message in mail.outbox][-1:])
        assert [subject[0].split(":")[0] for subject in sent[1:4]] == ["Tomorrow", "In one hour", "In five minutes"]
        assert sent[4] == []

    def test_those_that_a_mail_server_missed_are_one_mail_and_none_after_the_start(self, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        webinar = announced(starts=timezone.now() + timedelta(days=3))
        signed_up(webinar)
        outbox.send_due()
        mail.outbox = []
        with time_machine.travel(webinar.starts - timedelta(minutes=30), tick=False):
            outbox.send_due()
        assert [message.subject.split(":")[0] for message in mail.outbox] == ["In one hour"]
        mail.outbox = []
        with time_machine.travel(webinar.starts + timedelta(minutes=1), tick=False):
            outbox.send_due()
        assert mail.outbox == []
        assert not Outbox.objects.filter(sent=None).exists()

    def test_who_has_no_seat_is_not_reminded_and_who_gets_one_is(self):
        webinar = announced(starts=timezone.now() + timedelta(days=3), capacity=1)
        first, second = signed_up(webinar), signed_up(webinar, "b@example.com")
        assert set(Outbox.objects.filter(kind="day").values_list("registration", flat=True)) == {first.id}
        registering.cancel(first)
        assert set(Outbox.objects.filter(kind="day").values_list("registration", flat=True)) == {second.id}

    def test_a_webinar_that_is_put_off_moves_them(self, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        webinar = announced(starts=timezone.now() + timedelta(days=3))
        signed_up(webinar)
        outbox.send_due()
        former, webinar.starts = webinar.starts, webinar.starts + timedelta(days=7)
        webinar.save()
        mail.outbox = []
        with time_machine.travel(former - timedelta(hours=23), tick=False):
            outbox.send_due()
        assert mail.outbox == []
        assert self.due()["day"] == webinar.starts - timedelta(days=1)

    def test_a_registration_shortly_before_is_not_reminded_of_yesterday(self):
        signed_up(announced(starts=timezone.now() + timedelta(minutes=40)))
        assert set(self.due()) == {"minutes"}

    def test_a_link_that_the_host_revoked_meanwhile_is_not_sent(self, webinar, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        found = signed_up(webinar)
        registering.cancel(found, state=State.REVOKED)
        outbox.send_due()
        assert mail.outbox == []
        assert access(found)


class TestCorrect:
    def send(self, found: Registration, client: Browser | None = None, **fields: str):
        usual = {"name": found.name, "email": found.email, "company": found.company}
        return (client or Browser()).send(f"{me(found)}/correct", {**usual, **fields}, page=me(found))

    def secret(self, found: Registration) -> str:
        """The secret of the mail to the new address."""
        row = Outbox.objects.filter(registration=found, kind="correct").latest("id")
        mailed = compose(row, found)
        assert mailed.to == [row.data["email"]]
        return str(mailed.body).partition("/c/")[2].split()[0]

    def test_a_name_is_corrected_at_once_and_no_mail_is_sent(self, webinar):
        found = registered(webinar)
        answer = self.send(found, name="Ana  Lima-Costa", company="Rarities")
        assert "It is changed." in answer.content.decode()
        found.refresh_from_db()
        assert (found.name, found.company, found.email, kinds()) == ("Ana Lima-Costa", "Rarities", "ana@example.com", [])
        assert AuditEntry.objects.filter(action="correct", target=str(found.id)).count() == 1

    @pytest.mark.parametrize(("state", "mailed"), [("confirmed", "link"), ("waitlisted", "waitlist")])
    def test_an_address_is_corrected_once_it_is_confirmed_and_former_links_open_no_room(self, webinar, state, mailed):
        found = registered(webinar, state=state)
        former, own = access(found), me(found)
        earlier = f"/me/{signing.dumps([found.id.hex, 0], salt=tokens.ME)}"
        visitor = entered(Browser(), found) if state == "confirmed" else Browser()
        assert [Browser().get(page).status_code for page in (own, earlier)] == [200, 200]
        assert "asks to confirm it" in self.send(found, email="Lima@example.com").content.decode()
        found.refresh_from_db()
        assert (found.email, kinds()) == ("ana@example.com", ["correct"])
        secret = self.secret(found)
        assert visitor.get(f"/c/{secret}").status_code == 200
        for _ in range(2):  # a button is pressed twice
            assert Browser().send(f"/c/{secret}").headers["Location"].endswith("/confirmed")
        found.refresh_from_db()
        assert (found.email, found.state, kinds()) == ("lima@example.com", state, ["correct", "corrected", mailed])
        assert compose(Outbox.objects.get(kind="corrected"), found).to == ["ana@example.com"]
        assert compose(Outbox.objects.get(kind=mailed), found).to == ["lima@example.com"]
        assert (Browser().get(former).status_code, visitor.get("/room/").status_code) == (404, 401)
        assert [Browser().get(page).status_code for page in (own, earlier, me(found))] == [404, 404, 200]
        if state == "confirmed":
            assert entered(Browser(), found).get("/room/").status_code == 200

    def test_what_has_run_out_or_is_taken_changes_nothing(self, webinar):
        found = registered(webinar)
        self.send(found, email="lima@example.com")
        secret = self.secret(found)
        other = registered(webinar, "lima@example.com", "pending")
        assert Browser().send(f"/c/{secret}").status_code == 409
        other.delete()
        with time_machine.travel(timezone.now() + timedelta(hours=49)):
            Browser().send(f"/c/{secret}")
        found.refresh_from_db()
        assert found.email == "ana@example.com"

    def test_wrong_fields_are_told_and_mails_to_one_address_are_few(self, webinar):
        found, hour = registered(webinar), timezone.now().replace(minute=1)  # the windows of limits begin with the hour
        with time_machine.travel(hour):
            answer = self.send(found, email="lima@")
            assert (answer.status_code, "This is no e-mail address" in answer.content.decode()) == (422, True)
            self.send(found, email="lima@example.com")
            self.send(found, email="lima@example.com")
            assert kinds() == ["correct", "noop"]
        for n in range(4):
            with time_machine.travel(hour + timedelta(minutes=2 * n + 2)):
                self.send(registered(webinar, f"a{n}@example.com"), email="lima@example.com")
        assert Outbox.objects.filter(kind="correct").count() <= 3
        gone = registered(webinar, "b@example.com", "cancelled")
        assert Browser().post(f"{me(gone)}/correct").status_code in (400, 403)

    def test_no_word_of_it_is_left_when_it_is_erased(self, webinar):
        found = registered(webinar)
        self.send(found, email="very-unusual@example.com")
        self.secret(found)
        assert "very-unusual" in str(dump())
        registering.erase(found)
        assert "very-unusual" not in str(dump())


class TestSharedLink:
    def test_the_host_is_told_and_a_new_link_keeps_the_seat(self, client, webinar):
        found, others = registered(webinar), [Browser() for _ in range(5)]
        log_in(client)
        page = f"/host/w/{webinar.slug}/"
        for other in others[:3]:
            entered(other, found)
        assert "more than three devices" not in client.get(page).content.decode() + client.get("/host/").content.decode()
        for other in others[3:]:
            entered(other, found)
        assert AuditEntry.objects.filter(action="link shared", target=str(found.id)).count() == 1
        assert "link on more than three devices" in client.get(page).content.decode()
        assert "links on more than three devices: 1" in client.get("/host/").content.decode()
        former = access(found)
        assert client.send(f"{page}renew", {"registration": str(found.id)}, page=page).status_code == 302
        assert {other.get("/room/").status_code for other in others} == {401}
        assert Browser().get(former).status_code == 404
        found.refresh_from_db()
        assert (found.state, found.shared, kinds()) == ("confirmed", None, ["link"])
        assert entered(Browser(), found).get("/room/").status_code == 200
        assert "more than three devices" not in client.get(page).content.decode()
        assert [what for _, what, identity in journal.entries() if identity == found.id] == ["renewed"]

    def test_it_holds_after_a_restore(self, webinar):
        found = registered(webinar)
        former = access(found)
        registering.renew(found)
        Registration.objects.update(link_version=1)  # as a backup from before has it
        assert backup._again()["renewed"] == 1
        assert Browser().get(former).status_code == 404

    def test_one_browser_that_opens_its_link_again_is_one_device(self, webinar):
        found, visitor = registered(webinar), Browser()
        for _ in range(5):
            entered(visitor, found)
        found.refresh_from_db()
        assert found.shared is None
