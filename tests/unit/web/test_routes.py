"""Every address for every role: generated from the table of addresses, so that a new one without an entry fails."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.utils import timezone

from tests.unit.web.test_gate import dump
from tests.unit.web.visitors import OWN, Browser, access, announced, entered, log_in, registered, secret_of
from toolkit.web.gate import tokens
from toolkit.web.models import File, Webinar
from toolkit.web.room.models import Question

ROLES = ("anybody", "attendee", "attendee of another", "cancelled", "another host", "host")
OPEN = (200,) * 6
LED_ABOVE = (302,) * 6
"""What takes forms alone."""
OF_HOSTS = (302, 302, 302, 302, 200, 200)
OF_ITS_HOST = (302, 302, 302, 302, 404, 200)
ROUTES: dict[str, tuple[str, tuple[int, ...]]] = {
    "webinars": ("/", OPEN),
    "healthz": ("/healthz", OPEN),
    "language": ("/language", LED_ABOVE),
    "privacy": ("/privacy", OPEN),
    "brand": ("/brand/1b5e93.css", OPEN),
    "picture": ("/picture/{picture}", OPEN),
    "webinar": ("/w/{slug}/", OPEN),
    "register": ("/w/{slug}/register", LED_ABOVE),
    "join": ("/w/{slug}/join", LED_ABOVE),
    "resend": ("/w/{slug}/resend", LED_ABOVE),
    "sent": ("/w/{slug}/sent", OPEN),
    "confirmed": ("/w/{slug}/confirmed", OPEN),
    "calendar": ("/w/{slug}/calendar.ics", OPEN),
    "confirm": ("/c/{confirm}", OPEN),
    "enter": ("/a/{access}", OPEN),
    "me": ("/me/{me}", OPEN),
    "my-data": ("/me/{me}/data.json", OPEN),
    "correct": ("/me/{me}/correct", LED_ABOVE),
    "certificate": ("/me/{me}/certificate.pdf", (404,) * 6),
    "erase": ("/me/{me}/erase", LED_ABOVE),
    "unsubscribe": ("/u/{unsubscribe}", OPEN),
    "survey": ("/s/{survey}", OPEN),
    "room": ("/room/", (401, 200, 200, 401, 401, 401)),
    "solve": ("/room/solve", LED_ABOVE),
    "report": ("/room/report", LED_ABOVE),
    "here": ("/room/here", (401, 200, 200, 401, 401, 401)),
    "live": ("/room/live", (401, 404, 404, 401, 401, 401)),
    "ask": ("/room/ask", LED_ABOVE),
    "own": ("/room/own", (401, 200, 200, 401, 401, 401)),
    "handout": ("/room/handout/{handout}", (401, 200, 404, 401, 401, 401)),
    "api": ("/api/{slug}/registrations", (401,) * 6),
    "upvote": ("/room/upvote", LED_ABOVE),
    "vote": ("/room/vote", LED_ABOVE),
    "replay": ("/room/replay", (401, 404, 404, 401, 401, 401)),
    "host-room": ("/host/w/{slug}/room", OF_ITS_HOST),
    "host-live": ("/host/w/{slug}/live", OF_ITS_HOST),
    "host-drive": ("/host/w/{slug}/drive", LED_ABOVE),
    "host-end": ("/host/w/{slug}/end", LED_ABOVE),
    "host-delete": ("/host/w/{slug}/delete", LED_ABOVE),
    "host-take": ("/host/w/{slug}/take", LED_ABOVE),
    "host-moderate": ("/host/w/{slug}/questions", LED_ABOVE),
    "host-poll": ("/host/w/{slug}/poll", LED_ABOVE),
    "host-new-poll": ("/host/w/{slug}/polls", LED_ABOVE),
    "host-attendance": ("/host/w/{slug}/attendance", OF_ITS_HOST),
    "host-attendance-csv": ("/host/w/{slug}/attendance.csv", OF_ITS_HOST),
    "leave": ("/leave", LED_ABOVE),
    "host": ("/host/", OF_HOSTS),
    "host-webinar": ("/host/w/{slug}/", OF_ITS_HOST),
    "host-csv": ("/host/w/{slug}/registrations.csv", OF_ITS_HOST),
    "host-xlsx": ("/host/w/{slug}/registrations.xlsx", OF_ITS_HOST),
    "host-settings": ("/host/w/{slug}/settings", OF_ITS_HOST),
    "host-player": ("/host/w/{slug}/player", OF_ITS_HOST),
    "host-brand": ("/host/w/{slug}/brand", OF_ITS_HOST),
    "host-mails": ("/host/w/{slug}/mails", OF_ITS_HOST),
    "host-handouts": ("/host/w/{slug}/handouts", OF_ITS_HOST),
    "host-answer": ("/host/w/{slug}/answer?question={question}", OF_ITS_HOST),
    "host-token": ("/host/w/{slug}/token", LED_ABOVE),
    "host-figures": ("/host/w/{slug}/figures", OF_ITS_HOST),
    "host-people": ("/host/w/{slug}/people", OF_ITS_HOST),
    "host-correct": ("/host/w/{slug}/correct?registration={registration}", OF_ITS_HOST),
    "host-admit": ("/host/w/{slug}/admit", LED_ABOVE),
    "host-helpers": ("/host/w/{slug}/helpers", OF_ITS_HOST),
    "host-trial": ("/host/w/{slug}/trial", OF_ITS_HOST),
    "host-new": ("/host/new", OF_HOSTS),
    "host-change": ("/host/w/{slug}/change", OF_ITS_HOST),
    "host-cancel": ("/host/w/{slug}/cancel", LED_ABOVE),
    "host-news": ("/host/w/{slug}/news", LED_ABOVE),
    "host-erase": ("/host/w/{slug}/erase", LED_ABOVE),
    "host-revoke": ("/host/w/{slug}/revoke", LED_ABOVE),
    "host-renew": ("/host/w/{slug}/renew", LED_ABOVE),
    "host-resend": ("/host/w/{slug}/resend", LED_ABOVE),
    "host-codes": ("/host/codes", OF_HOSTS),
    "host-password": ("/host/password", OF_HOSTS),
    "host-login": ("/host/login", OPEN),
    "host-logout": ("/host/logout", LED_ABOVE),
    "host-recovered": ("/host/recover/1-x", (404,) * 6),
    "host-setup": ("/host/setup/{setup}", (200, 200, 200, 200, 404, 404)),
}
"""Name -> an address that exists, and the status of a GET for each role."""
MACHINES = {"join", "unsubscribe"}
"""Addresses that take a post without the token of a page."""


@pytest.fixture
def addresses(webinar) -> dict[str, str]:
    registration = registered(webinar, "places@example.com")
    return {
        "slug": webinar.slug,
        "picture": str(File.objects.create(webinar=webinar, media="image/webp", content=b"RIFF").id),
        "confirm": secret_of(registered(webinar, "pending@example.com", "pending")),
        "access": tokens.link(registration, tokens.ACCESS),
        "me": tokens.link(registration, tokens.ME),
        "unsubscribe": tokens.link(registration, tokens.UNSUBSCRIBE),
        "handout": str(File.objects.create(webinar=webinar, name="a.txt", media="text/plain", content=b"a").id),
        "question": str(Question.objects.create(webinar=webinar, registration=registration, text="Why?").id),
        "registration": str(registration.id),
        "survey": tokens.link(registered(announced(starts=timezone.now() - timedelta(hours=1))), tokens.SURVEY),
        "setup": tokens.mint("setup", tokens.SETUP),
    }


@pytest.fixture
def clients(webinar) -> dict[str, Browser]:
    found = {role: Browser() for role in ROLES}
    entered(found["attendee"], registered(webinar))
    entered(found["attendee of another"], registered(announced()))
    gone = registered(webinar, "gone@example.com")
    entered(found["cancelled"], gone)
    gone.state = "cancelled"
    gone.save()
    return found


def test_every_address_has_an_entry():
    assert {pattern.name for pattern in get_resolver().url_patterns} == set(ROUTES)


def test_who_may_see_what(addresses, clients):
    hosts = ROLES[-2:]

    def statuses(roles: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        return {
            name: tuple(clients[role].get(address.format(**addresses)).status_code for role in roles)
            for name, (address, _) in ROUTES.items()
        }

    visitors = statuses(ROLES[:-2])
    for role in reversed(hosts):
        log_in(clients[role], role)
    owners = statuses(hosts)
    assert {name: visitors[name] + owners[name] for name in ROUTES} == {
        name: expected for name, (_, expected) in ROUTES.items()
    }


def test_an_address_of_forms_leads_to_a_page(addresses, host):
    """A form that was sent back stands at such an address: its language could not be changed, the answer had no word."""
    for name in (name for name, (_, expected) in ROUTES.items() if expected == LED_ABOVE):
        for way in (host.get, host.head):
            response = way(ROUTES[name][0].format(**addresses), follow=True, headers=OWN)
            assert response.status_code in (200, 401), name


def test_a_get_writes_nothing_and_other_methods_are_refused(addresses, client):
    before = dump()
    for name, (place, _) in ROUTES.items():
        address = place.format(**addresses)
        for _ in range(2):
            client.get(address)
            client.head(address)
        for method in ("TRACE", "OPTIONS", "PUT", "DELETE", "PATCH"):
            assert client.generic(method, address, headers=OWN).status_code in (403, 405), (name, method)
        assert dump() == before, name


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, False),
        (OWN, False),
        ({"Origin": "https://evil.test"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://webinar.example.com"}, True),
        ({**OWN, "Sec-Fetch-Site": "cross-site"}, True),
        ({**OWN, "Sec-Fetch-Site": "same-site"}, True),
    ],
    ids=str,
)
def test_a_post_from_elsewhere_changes_nothing(headers, token, addresses, client):
    page = client.get(f"/w/{addresses['slug']}/").content.decode()
    fields = {"csrfmiddlewaretoken": page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]} if token else {}
    before = dump()
    for name in {*ROUTES} - MACHINES:
        assert client.post(ROUTES[name][0].format(**addresses), fields, headers=headers).status_code in (403, 405), name
    assert dump() == before


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
ANSWERS = {
    **{name: address for name, (address, _) in ROUTES.items()},
    "404": "/nothing",
    "refused method": "/leave",
    "secret that is none": "/a/x",
    "bad escape": "/%ff",
    "static": "/static/web/portal.css",
}


def test_every_answer_has_the_headers(addresses, client):
    lasting = {"static": "max-age=3600, public", **dict.fromkeys(("brand", "picture"), "public, max-age=86400")}
    secret = ("confirm", "enter", "me", "my-data", "unsubscribe", "survey", "host-setup")
    for name, address in ANSWERS.items():
        answer = client.get(address.format(**addresses))
        assert {header: answer.headers.get(header) for header in HEADERS} == HEADERS, name
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert {policy["default-src"], policy["base-uri"], policy["frame-ancestors"]} == {"'none'"}, name
        assert {policy["script-src"], policy["style-src"], policy["form-action"], policy["connect-src"]} == {"'self'"}, name
        assert "Access-Control-Allow-Origin" not in answer.headers, name
        assert answer.headers["Cache-Control"] == lasting.get(name, "no-store"), name
        wanted = "strict-origin" if name in secret else "strict-origin-when-cross-origin"
        assert answer.headers["Referrer-Policy"] == wanted, name
    answer.close()  # the last one is a file; whoever closes it ends the connection to the database


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


HOSTILE = "\"'><svg/onload=alert(1)>{{7*7}}${7*7}javascript:alert(1)"


NO_PAGES = {
    "brand", "handout", "picture", "calendar", "healthz", "host-csv", "host-xlsx", "my-data", "host-live", "host-attendance-csv",
}  # fmt: skip
"""Addresses that answer with something else than a page."""


def test_words_of_visitors_and_hosts_are_words(addresses, client):
    from toolkit.web.models import Registration

    Registration.objects.update(name=HOSTILE, company=HOSTILE)
    Webinar.objects.update(title=HOSTILE, description=HOSTILE)
    entered(client, Registration.objects.get(email="places@example.com"))
    pages = {name: place.format(**addresses) for name, (place, statuses) in ROUTES.items() if 200 in statuses}
    answers = {name: client.get(address) for name, address in pages.items() if not name.startswith("host")}
    host = Browser()
    answers["host-setup"] = host.get(pages["host-setup"])  # until there is a host
    log_in(host)
    answers |= {name: host.get(address) for name, address in pages.items() if name not in answers}
    kinds = {name: answer.headers["Content-Type"].partition(";")[0] for name, answer in answers.items()}
    assert {name for name, kind in kinds.items() if kind != "text/html"} == NO_PAGES
    for name in kinds.keys() - NO_PAGES:
        page = answers[name].content.decode()
        elements = _Elements(page).found
        bars = name == "host-figures"  # drawn by the portal
        assert not any(
            (tag == "svg" and not bars) or any(key.startswith("on") or key == "style" for key in found)
            for tag, found in elements
        ), name
        assert not any(str(found.get("href", "")).startswith("javascript") for _, found in elements), name
        assert not any(tag == "script" and "src" not in found for tag, found in elements), name
        assert page.count("7*7") == 2 * page.count("{{7*7}}"), name


@pytest.mark.parametrize(
    "body",
    [
        ("application/x-www-form-urlencoded; charset=utf-7", b"a=1"),
        ("application/x-www-form-urlencoded", b"name=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % i for i in range(1001))),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--'),
        ("application/json", b"[" * 60_000),
        ("text/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
    ],
    ids=lambda body: body[0],
)
def test_a_body_that_cannot_be_read_is_an_answer_and_no_fault(body, addresses, client):
    kind, data = body
    for name in ("register", "resend", "confirm", "enter", "me", "leave", "language"):
        answer = client.post(ROUTES[name][0].format(**addresses), data, content_type=kind, headers=OWN)
        assert answer.status_code in (400, 403), name
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "there", ["//evil.test", "/\\evil.test", "https:evil.test", "https://evil.test/", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(there, client, db):
    answer = client.send("/language", {"language": "de", "next": there}, page="/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_the_language_is_kept_by_a_button(client, db):
    client.send("/language", {"language": "de", "next": "/privacy"}, page="/")
    assert '<html lang="de">' in client.get("/privacy").content.decode()


def test_another_host_is_refused(client, db):
    assert client.get("/", headers={"Host": "evil.test"}).status_code == 400


def test_settings_pass_the_checks_for_deployment():
    from django.core.checks import run_checks

    accepted = {
        "security.W021",  # HSTS preload is the owner's decision
        "security.W008",  # the proxy redirects to https, or there is none
    }
    assert {message.id for message in run_checks(include_deployment_checks=True)} <= accepted
    assert settings.DEBUG is False


def test_pages_and_reports_have_the_same_colours():
    import re
    from pathlib import Path

    root = Path(__file__).resolve().parents[3]
    tokens_of = [
        dict(re.findall(r"(--[a-z]+): (#[0-9a-f]+)", block))
        for file in ("reports/assets/report.css", "toolkit/web/static/web/portal.css")
        for block in re.findall(r":root \{[^}]*\}", (root / file).read_text("utf-8"))
    ]
    light, dark, own_light, own_dark = tokens_of
    assert own_light.items() <= light.items()
    assert own_dark.items() <= dark.items()
    assert own_light.keys() == own_dark.keys()
    assert len(own_light) > 8


def test_the_personal_link_is_in_no_page(addresses, client):
    registration = registered(announced(), "own@example.com")
    entered(client, registration)
    assert access(registration) not in client.get("/room/").content.decode()


@pytest.mark.parametrize("name", ["confirm", "enter", "me", "unsubscribe", "host-setup", "webinar", "host-login"])
def test_the_language_is_changed_on_every_page(addresses, name):
    """Who came by a link of a mail had to read what the browser asks for."""
    path = ROUTES[name][0].format(**addresses)
    visitor = Browser()
    page = visitor.get(path).content.decode()
    assert f'<input type="hidden" name="next" value="{path}">' in page
    answer = visitor.send("/language", {"language": "de", "next": path}, page=path)
    assert answer.headers["Location"] == path
    assert '<html lang="de">' in visitor.get(path).content.decode()
