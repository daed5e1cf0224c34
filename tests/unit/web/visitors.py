"""Webinars, registrations and browsers of tests."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.test import Client
from django.utils import timezone

from toolkit.web.forms import FORM
from toolkit.web.gate import tokens
from toolkit.web.models import Host, Outbox, Registration, Webinar

HOST = "webinar.example.com"
OWN = {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}


class Browser(Client):
    """Requests over https to the portal's host, with the checks of forms that Django's client leaves out."""

    def __init__(self, **defaults) -> None:
        super().__init__(enforce_csrf_checks=True, SERVER_NAME=HOST, **defaults)

    def request(self, **request):
        return super().request(**{**request, "wsgi.url_scheme": "https", "SERVER_PORT": "443"})

    def send(self, path: str, fields: dict[str, str] | None = None, *, page: str | None = None, headers=OWN):
        """Post a form with the token of its page."""
        shown = self.get(page or path).content.decode()
        token = shown.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        return self.post(path, {"csrfmiddlewaretoken": token, **(fields or {})}, headers=headers)


def announced(**fields) -> Webinar:
    usual = {
        "slug": f"gallium-{Webinar.objects.count()}",
        "title": "Gallium",
        "starts": timezone.now() + timedelta(days=1),
        "zone": "Europe/Berlin",
        "strategy": "physical-basket",
        "capacity": 2,
    }
    return Webinar.objects.create(**{**usual, **fields})


def filled(*, seconds: int = 5, **fields: str) -> dict[str, str]:
    """The fields of the form, which was loaded some seconds ago."""
    signer = signing.TimestampSigner(salt=FORM)
    signer.timestamp = lambda: signing.b62_encode(int(timezone.now().timestamp()) - seconds)  # type: ignore[method-assign]
    usual = {"name": "Ana Lima", "email": "ana@example.com", "company": "", "website": "", "source": ""}
    return {**usual, "started": signer.sign("form"), **fields}


def registered(webinar: Webinar, email: str = "ana@example.com", state: str = "confirmed") -> Registration:
    confirmed = None if state == "pending" else timezone.now()
    return Registration.objects.create(
        webinar=webinar, email=email, name="Ana Lima", language="en", state=state, confirmed=confirmed
    )


def secret_of(registration: Registration) -> str:
    return tokens.mint("confirm", tokens.CONFIRM, registration)


def access(registration: Registration) -> str:
    return f"/a/{tokens.link(registration, tokens.ACCESS)}"


def entered(client: Browser, registration: Registration) -> Browser:
    """The client in the session of an attendee."""
    assert client.send(access(registration)).status_code == 302
    return client


def kinds() -> list[str]:
    """Kinds of the mails in the outbox that are due."""
    return list(Outbox.objects.filter(due__lte=timezone.now()).order_by("id").values_list("kind", flat=True))


PASSWORD = "correct horse battery"


def log_in(client: Browser, name: str = "mara") -> Host:
    """A new host in a session; the webinars that have none are hers."""
    host = Host.objects.create_user(name, password=PASSWORD)
    Webinar.objects.filter(host=None).update(host=host)
    client.force_login(host, backend="django.contrib.auth.backends.ModelBackend")
    return host
