"""The area of hosts: registrations, their file, and what a host changes."""

from __future__ import annotations

import csv
import io

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.web.test_routes import log_in
from tests.unit.web.visitors import Browser, access, announced, entered, filled, kinds, registered, secret_of
from toolkit.web.export import COLUMNS, neutralise
from toolkit.web.models import Registration

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


def test_the_page_shows_every_state(host, webinar):
    for state in Registration.State:
        registered(webinar, f"{state.value}@example.com", state)
    webinar.starts = timezone.now()
    page = host.get(f"/host/w/{webinar.slug}/").content.decode()
    for words in ("not yet confirmed", "has a seat", "on the waiting list", "cancelled", "revoked"):
        assert f"<td>{words}</td>" in page
