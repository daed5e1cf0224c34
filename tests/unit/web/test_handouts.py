"""Handouts for those with a seat, and answers in writing."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.unit.web.visitors import Browser, announced, entered, registered
from toolkit.report.i18n.language import Language
from toolkit.web.gate.mail import compose
from toolkit.web.models import AuditEntry, File, Outbox, Webinar
from toolkit.web.room import talking
from toolkit.web.room.models import Question, Room
from toolkit.web.room.parts import parts
from toolkit.web.words import language

PDF = b"%PDF-1.7\n%%EOF\n"


class TestLanguage:
    def test_its_button_keeps_what_the_address_asks_for(self, host, webinar):
        Webinar.objects.filter(id=webinar.id).update(starts=timezone.now() - timedelta(minutes=1))
        one = registered(webinar)
        question = talking.ask(one, "Why?")
        for place in (f"answer?question={question.id}", f"correct?registration={one.id}", "mails?of=de"):
            path = f"/host/w/{webinar.slug}/{place}"
            told = host.send("/language", {"language": "de", "next": path}, page=path)
            assert f'name="next" value="{path}"' in host.get(path).content.decode()
            assert (told.status_code, told.headers["Location"]) == (302, path)
            assert '<html lang="de">' in host.get(path).content.decode()


class TestHandouts:
    def add(self, host: Browser, webinar: Webinar, name: str = "Slides äöü.pdf", content: bytes = PDF, **more: str):
        return host.send(f"/host/w/{webinar.slug}/handouts", {"file": SimpleUploadedFile(name, content), **more})

    def test_those_with_a_seat_save_it_as_what_it_is(self, host, webinar):
        assert self.add(host, webinar).status_code == 302
        assert AuditEntry.objects.filter(action="handouts", target=webinar.slug).count() == 1
        address = f"/room/handout/{File.objects.get().id}"
        visitor = entered(Browser(), registered(webinar))
        assert f'<a href="{address}"><bdi>Slides äöü.pdf</bdi></a>' in visitor.get("/room/").content.decode()
        answer = visitor.get(address)
        assert (answer.content, answer.headers["Content-Type"]) == (PDF, "application/pdf")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''Slides%20%C3%A4%C3%B6%C3%BC.pdf"
        assert answer.headers["Cache-Control"] == "no-store"

    def test_nobody_else_gets_it(self, host, webinar):
        self.add(host, webinar)
        one = File.objects.get()
        assert Browser().get(f"/room/handout/{one.id}").status_code == 401
        assert Browser().get(f"/picture/{one.id}").status_code == 404
        other = entered(Browser(), registered(announced(), "else@example.com"))
        assert other.get(f"/room/handout/{one.id}").status_code == 404
        picture = File.objects.create(webinar=webinar, media="image/webp", content=b"RIFF")
        assert entered(Browser(), registered(webinar)).get(f"/room/handout/{picture.id}").status_code == 404

    @pytest.mark.parametrize("name", ["a.pptx", "a.XLSX", "a.docx"])
    def test_files_of_offices_are_archives(self, host, webinar, name):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
        assert self.add(host, webinar, name, content.getvalue()).status_code == 302

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.svg", b"<svg/>"),
            ("a.html", b"<script>"),
            ("a.pdf", b"<html><script>"),
            ("a.pdf.exe", PDF),
            ("a.png", PDF),
            ("a.txt", b"a\0b"),
            ("a.pdf", PDF + b"x" * (4 << 20)),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_what_is_none_is_refused(self, host, webinar, name, content):
        assert self.add(host, webinar, name, content).status_code == 422
        assert not File.objects.exists()

    def test_a_form_without_a_file_says_so(self, host, webinar):
        answer = host.send(f"/host/w/{webinar.slug}/handouts", {})
        assert (answer.status_code, "Choose a file first." in answer.content.decode()) == (422, True)

    def test_there_are_ten_and_one_is_taken_away(self, host, webinar):
        for n in range(10):
            assert self.add(host, webinar, f"{n}.txt", b"words").status_code == 302
        assert self.add(host, webinar).status_code == 422
        gone = File.objects.get(name="3.txt")
        host.send(f"/host/w/{webinar.slug}/handouts", {"remove": str(gone.id)})
        assert (File.objects.count(), File.objects.filter(id=gone.id).exists()) == (9, False)

    def test_a_host_takes_away_no_picture_and_none_of_another_webinar(self, host, webinar):
        picture = File.objects.create(webinar=webinar, media="image/webp", content=b"RIFF")
        other = File.objects.create(webinar=announced(), name="a.txt", media="text/plain", content=b"x")
        for one in (picture, other):
            host.send(f"/host/w/{webinar.slug}/handouts", {"remove": str(one.id)})
        assert File.objects.count() == 2


class TestAnswers:
    @pytest.fixture
    def asked(self, webinar) -> Question:
        return talking.ask(registered(webinar), "What is gallium for?")

    def answer(self, host: Browser, asked: Question, text: str = "For chips.", **more: str):
        path = f"/host/w/{asked.webinar.slug}/answer"
        answer = host.send(path, {"question": str(asked.id), "text": text, **more}, page=f"{path}?question={asked.id}")
        asked.refresh_from_db()
        return answer

    def of_room(self, webinar: Webinar, say: Language | None = None) -> dict[str, str]:
        return parts(webinar, Room.objects.get(webinar=webinar), "attendee", say or language("en"))

    def test_one_to_all_shows_question_and_answer(self, host, asked):
        assert self.answer(host, asked, to_all="on").status_code == 302
        assert (asked.state, asked.to_all) == ("answered", True)
        sent = self.of_room(asked.webinar)
        assert "What is gallium for?" in sent["questions"]
        assert "For chips." in sent["questions"]
        assert sent["answers"] == "0"

    @pytest.mark.parametrize("shown", [False, True])
    def test_one_to_who_asked_is_seen_by_nobody_else(self, host, asked, shown):
        if shown:
            talking.moderate(asked.webinar, asked.id, "shown")
        before = self.of_room(asked.webinar)
        assert self.answer(host, asked).status_code == 302
        assert asked.state == ("shown" if shown else "hidden")
        sent = self.of_room(asked.webinar)
        assert (before["answers"], sent["answers"]) == ("0", "1")  # pages of who asked look for it
        assert "For chips." not in "".join(sent.values())
        assert "For chips." in entered(Browser(), asked.registration).get("/room/own").content.decode()
        other = entered(Browser(), registered(asked.webinar, "bea@example.com"))
        assert "For chips." not in other.get("/room/own").content.decode()
        assert "For chips." in "".join(
            parts(asked.webinar, Room.objects.get(), "host", language("en")).values()
        )  # with whom it went to
        assert Browser().get("/room/own").status_code == 401

    def test_after_the_webinar_who_asked_is_told_by_mail(self, host, asked):
        self.answer(host, asked)
        assert not Outbox.objects.filter(kind="answer").exists()
        Webinar.objects.filter(id=asked.webinar.id).update(starts=timezone.now() - timedelta(hours=3))
        self.answer(host, asked, "For chips, and lamps.")
        row = Outbox.objects.select_related("registration__webinar").get(kind="answer")
        mail = compose(row, row.registration)
        assert mail.subject == "An answer to your question: Gallium"
        assert "You asked: What is gallium for?" in mail.body
        assert "For chips, and lamps." in mail.body

    def test_one_without_words_and_one_of_another_webinar_are_refused(self, host, asked):
        assert self.answer(host, asked, "").status_code == 422
        theirs = talking.ask(registered(announced(), "else@example.com"), "Mine?")
        path = f"/host/w/{asked.webinar.slug}/answer"
        for wrong in (str(theirs.id), "x", "", "9" * 30):
            assert host.send(path, {"question": wrong, "text": "x"}, page="/host/").status_code == 404
            assert host.get(f"{path}?question={wrong}").status_code == 404
        theirs.refresh_from_db()
        assert theirs.answer == ""
