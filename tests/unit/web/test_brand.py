"""How a webinar looks: a colour that can be read, pictures that are decoded and written anew, and who speaks and writes."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.web.visitors import Browser, entered, registered
from toolkit.web.gate import branding
from toolkit.web.gate.mail import compose
from toolkit.web.models import AuditEntry, File, Outbox, Webinar

FIELDS = {"colour": "#8a1538", "speaker": "Dr. Ana Lima", "about_speaker": "Trades gallium.", "sender": "Metals, Lima & Co"}
colours = st.from_regex(r"\A#[0-9a-f]{6}\Z")


def file(form: str = "PNG", size: tuple[int, int] = (900, 300), **saved) -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", size, "#8a1538").save(content, form, **saved)
    return SimpleUploadedFile(f"a.{form.lower()}", content.getvalue())


def save(host: Browser, webinar: Webinar, **fields):
    answer = host.send(f"/host/w/{webinar.slug}/brand", {**FIELDS, **fields})
    webinar.refresh_from_db()
    return answer


class TestColour:
    def test_contrast_of_the_ends_and_of_a_known_pair(self):
        assert branding.contrast("#000000", "#ffffff") == pytest.approx(21)
        assert branding.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=5e-4)  # the grey that just fails

    @given(colours, colours)
    def test_contrast_is_symmetric_and_within_its_range(self, one, other):
        assert branding.contrast(one, other) == branding.contrast(other, one)
        assert 1 <= branding.contrast(one, other) <= 21 + 1e-9

    @given(colours)
    def test_every_colour_has_one_that_is_read_in_the_dark(self, colour):
        assert branding.contrast(branding.in_the_dark(colour), branding.DARK_PAPER) >= branding.READABLE

    def test_the_sheet_is_of_a_colour_that_is_read_and_of_nothing_else(self, client, db):
        answer = client.get("/brand/8a1538.css")
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "--data: #8a1538;" in answer.content.decode()
        for wrong in ("ffff00", "8A1538", "8a153", "red;}x{", "8a1538%0a"):
            assert client.get(f"/brand/{wrong}.css").status_code == 404

    def test_the_colours_of_the_style_sheet_are_those_that_are_checked(self, client):
        answer = client.get("/static/web/portal.css")
        css = b"".join(answer.streaming_content).decode()
        answer.close()
        assert f"--data: {branding.COLOUR};" in css
        assert f"--paper: {branding.DARK_PAPER};" in css

    def test_what_cannot_be_read_is_refused_with_its_contrast(self, host, webinar):
        answer = save(host, webinar, colour="#ffcc00")
        assert answer.status_code == 422
        assert "its contrast to white is 1.5, and must be 4.5" in answer.content.decode()
        assert webinar.colour == ""

    def test_the_colour_of_the_portal_is_none_of_its_own(self, host, webinar):
        assert save(host, webinar, colour=branding.COLOUR.upper()).status_code == 302
        assert webinar.colour == ""
        assert "/brand/" not in host.get(f"/w/{webinar.slug}/").content.decode()


class TestPages:
    def test_visitors_see_colour_speaker_logo_and_portrait(self, host, webinar):
        assert save(host, webinar, logo=file(), portrait=file("JPEG")).status_code == 302
        assert AuditEntry.objects.filter(action="brand", target=webinar.slug).count() == 1
        for page in (
            Browser().get(f"/w/{webinar.slug}/"),
            entered(Browser(), registered(webinar)).get("/room/"),  # the waiting room
        ):
            text = page.content.decode()
            assert '<link rel="stylesheet" href="/brand/8a1538.css">' in text
            assert f'<img src="/picture/{webinar.logo_id}" alt="Metals &amp; Co">' in text
            assert f'<img src="/picture/{webinar.portrait_id}" alt="Dr. Ana Lima">' in text
            assert "Trades gallium." in text
        assert "/brand/" not in Browser().get("/").content.decode()

    def test_mails_come_from_its_sender_at_the_address_of_the_portal(self, host, webinar):
        row = Outbox.objects.create(kind="link", registration=registered(webinar))
        assert compose(row, row.registration).message()["From"] == "Metals & Co <webinar@localhost>"
        save(host, webinar)
        row = Outbox.objects.select_related("registration__webinar").get(id=row.id)
        mail = compose(row, row.registration)
        assert mail.message()["From"] == '"Metals, Lima & Co" <webinar@localhost>'
        assert mail.body.rstrip().endswith("Metals, Lima & Co")

    @pytest.mark.parametrize("name", ["sender", "speaker"])
    @pytest.mark.parametrize("words", ["a\r\nBcc: b@example.com", "a\x00b"])
    def test_control_characters_are_no_name(self, host, webinar, name, words):
        answer = save(host, webinar, **{name: words})
        webinar.refresh_from_db()
        assert answer.status_code == 422 or "\n" not in getattr(webinar, name)
        row = Outbox.objects.create(kind="link", registration=registered(webinar))
        assert compose(row, row.registration).message()["Bcc"] is None


class TestPictures:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_picture_is_written_anew_and_made_small(self, host, webinar, form):
        meta = Image.Exif()
        meta[0x010E] = "where it was taken"
        save(host, webinar, logo=file(form, exif=meta.tobytes()))
        answer = Browser().get(f"/picture/{webinar.logo_id}")
        assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == ("image/webp", "nosniff")
        found = Image.open(io.BytesIO(answer.content))
        assert (found.format, found.size, dict(found.getexif())) == ("WEBP", (480, 160), {})

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
            b"\x89PNG\r\n\x1a\n" + b"\x00" * 64,
            b"%!PS-Adobe-3.0 EPSF-3.0\n",
            b"<script>alert(1)</script>",
        ],
        ids=["empty", "gif", "svg", "broken png", "eps", "script"],
    )
    def test_what_is_no_picture_is_refused(self, host, webinar, content):
        answer = save(host, webinar, logo=SimpleUploadedFile("logo.png", content, "image/png"))
        assert answer.status_code == 422
        assert not File.objects.exists()

    def test_one_of_too_many_pixels_or_bytes_is_refused(self, host, webinar):
        assert save(host, webinar, logo=file(size=(6000, 5000))).status_code == 422
        import os

        noise = Image.frombytes("RGB", (1000, 1000), os.urandom(3_000_000))
        content = io.BytesIO()
        noise.save(content, "PNG")
        assert save(host, webinar, logo=SimpleUploadedFile("a.png", content.getvalue())).status_code == 422
        assert not File.objects.exists()

    def test_it_stays_until_another_one_comes_or_it_is_taken_away(self, host, webinar):
        save(host, webinar, logo=file())
        first = webinar.logo_id
        save(host, webinar)
        assert webinar.logo_id == first
        save(host, webinar, logo=file())
        assert webinar.logo_id not in (None, first)
        assert Browser().get(f"/picture/{first}").status_code == 404
        save(host, webinar, no_logo="on")
        assert (webinar.logo_id, File.objects.count()) == (None, 0)

    def test_a_file_that_is_not_asked_for_is_refused(self, host, webinar):
        answer = save(host, webinar, other=file())
        assert answer.status_code == 422
        assert "The form was not sent as this page shows it" in answer.content.decode()
