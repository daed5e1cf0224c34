"""A host in the browser alone: from an empty folder to the replay, in both languages; only the clock is moved by the test."""

from __future__ import annotations

import re
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.system import firefox
from tests.system.browser import NEEDED, Browser
from tests.system.firefox import Firefox
from tests.system.portal import serving
from tests.system.visit import PATIENCE, Visit, enter

pytestmark = NEEDED
TITLE = "What if exports stop"
WORDS = {
    "en": ("Webinars", "Thank you", "Were there", "A question is answered."),
    "de": ("Webinare", "Danke", "Waren da", "Eine Frage ist beantwortet."),
}


@pytest.fixture
def portal(tmp_path):
    with serving(tmp_path, processes=1) as found:
        found.start()
        yield found


def speak(visit: Visit, code: str) -> None:
    visit.open("/")
    visit.run(f"document.querySelector('button[value={code}]').click(); return 0")
    visit.until(f"document.documentElement.lang === '{code}' && document.readyState === 'complete'")


def in_room(visit: Visit, path: str) -> None:
    """Open a room, until its demo has loaded."""
    end = time.monotonic() + PATIENCE
    visit.open(path)
    while not visit.browser.value("Boolean(document.getElementById('demo'))"):
        assert time.monotonic() < end
        time.sleep(1)
        visit.open(path)
    visit.until("document.readyState === 'complete'")


@pytest.mark.parametrize(("browser", "code"), [(Browser, "en"), pytest.param(Firefox, "de", marks=firefox.NEEDED)])
def test_from_an_empty_folder_to_the_replay(portal, browser, code):
    heading, thanks, there, answered = WORDS[code]
    host, visitor = Visit(portal, browser()), Visit(portal, browser())
    speak(host, code)
    host.open(re.findall(rf"{portal.base}/host/setup/\S+", portal.log.read_text("utf-8"))[-1])
    host.submit("main form", heading, username="mara", password="correct horse battery")
    starts = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="minutes")[:16]
    host.open("/host/new")
    host.submit("main form", TITLE, title=TITLE, starts=starts, zone="UTC")
    slug = host.browser.value("location.pathname").split("/")[3]
    own = f"/host/w/{slug}/"
    host.open(f"{own}brand")
    host.submit("main form", TITLE, colour="#8a1538", speaker="Ana Lima", sender="Metals and Co")
    host.open(f"{own}mails")
    host.run("document.querySelector('[name=follow_up]').checked = true; return 0")
    host.submit("main form", TITLE, subject_link="Welcome")
    # A visitor registers, sees its colour, and asks.
    address = enter(visitor, f"/w/{slug}/", code, TITLE)
    assert [mail["Subject"] for mail in portal.mails() if mail["Subject"].startswith("Welcome")] == [f"Welcome: {TITLE}"]
    in_room(visitor, "/room/")
    assert visitor.browser.value("getComputedStyle(document.documentElement).getPropertyValue('--data').trim()") == "#8a1538"
    visitor.run("document.querySelector('#id_text').value = 'Why?'; document.querySelector('#ask button').click(); return 0")
    visitor.until("document.querySelector('#own li') && document.querySelector('#id_text').value === ''")
    # The host presents a step, opens a poll, and answers in writing to all.
    in_room(host, f"{own}room")
    host.slide("budget", 200_000)
    visitor.until(
        "document.getElementById('position').dataset.budget && Number(document.getElementById('position').dataset.budget) === 200000"
    )
    host.run(
        "document.querySelector('#id_poll').value = 'Which?'; document.querySelector('#id_choices').value = 'Gallium\\nTin';"
        "document.querySelector('#new_poll button').click(); return 0"
    )
    host.until("document.querySelector('#polls button[name=open]')")
    host.run("document.querySelector('#polls button[name=open]').click(); return 0")
    visitor.until("document.querySelector('#poll [type=radio]')")
    visitor.run(
        "document.querySelector('#poll [type=radio]').click(); document.querySelector('#poll button').click(); return 0"
    )
    visitor.until("document.querySelector('#poll [data-voted]')")
    host.until("document.querySelector('#questions a[href*=answer]')")
    host.run("document.querySelector('#questions a[href*=answer]').click(); return 0")
    host.until("document.querySelector('#id_to_all') && document.readyState === 'complete'")
    host.run(
        "document.querySelector('#id_text').value = 'Because.'; document.querySelector('#id_to_all').checked = true;"
        "document.querySelector('main form button').click(); return 0"
    )
    visitor.until("document.querySelector('#questions .said')?.textContent === 'Because.'")
    # Two hours later: the mail that follows, its survey, the figures and the replay.
    with sqlite3.connect(portal.work / "portal" / "portal.sqlite3", timeout=30) as database:
        for table, column in (("webinar", "starts"), *(("registration", name) for name in ("created", "confirmed")),
                              *(("presence", name) for name in ("opened", "seen", "closed"))):  # fmt: skip
            database.execute(f"UPDATE web_{table} SET {column} = datetime({column}, '-2 hours')")
    database.close()
    portal.wait_for(
        lambda: any(mail["Subject"].startswith(thanks) for mail in portal.mails()), PATIENCE
    )  # looked for once a minute
    visitor.open(portal.link("s", address))
    visitor.run("document.querySelector('[name=rating][value=\"5\"]').checked = true; return 0")
    visitor.run("document.querySelector('main form button').click(); return 0")
    visitor.until(f"document.querySelector('main [role=status]')?.textContent.startsWith({thanks!r})")
    host.open(f"{own}figures")
    assert host.browser.value("document.querySelector('main').innerText.includes('Gallium')")
    assert host.browser.value(f"document.querySelector('main').innerText.includes({there!r})")
    visitor.open("/room/replay")
    last = visitor.browser.value("document.getElementById('at').max")
    visitor.open(f"/room/replay?at={last}")
    assert answered in visitor.browser.value("document.querySelector('main').innerText")
    for visit in (host, visitor):
        visit.collect()
        visit.browser.close()
        # A step that was too much for a slow machine is asked for again; the console tells of the status.
        assert [said for said in visit.said if not re.search("(status of|Status Error Code) 503", str(said))] == []
        assert [asked for asked in visit.asked if not asked.startswith((portal.base, "data:"))] == []
