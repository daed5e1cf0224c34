"""A host in a running room: handouts, the end, a visitor without a script, the replay, and a restart in the middle."""

from __future__ import annotations

import base64
import os
import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system import firefox
from tests.system.browser import NEEDED, Browser
from tests.system.firefox import Firefox
from tests.system.portal import serving
from tests.system.test_host_journey_browser import in_room
from tests.system.visit import Visit, enter

pytestmark = NEEDED
PICTURES = os.environ.get("END_PICTURES") and Path(os.environ["END_PICTURES"]).absolute()
"""Folder of pictures of the pages, for who looks at them."""
TITLE = "Gallium and cousins"
AT_ONCE = 12.0
"""Seconds after a restart in which a loaded machine shows the room; the demo takes half a minute and more to load."""
WORDS = {
    "en": ("It ended at", "This webinar is over.", "with a seat were there.", "Confirmed"),
    "de": ("Es endete um", "Dieses Webinar ist vorbei.", "mit Platz waren da.", "Bestätigt"),
}


@pytest.fixture
def portal(tmp_path):
    starts = (datetime.now(UTC) - timedelta(minutes=3)).isoformat(timespec="minutes")[:16]
    with serving(tmp_path, processes=1) as found:
        found.page = found.create(TITLE, starts, "--zone", "UTC")  # type: ignore[attr-defined]
        found.start()
        yield found


def picture(visit: Visit, name: str) -> None:
    if PICTURES and isinstance(visit.browser, Browser):
        shot = visit.browser.call("Page.captureScreenshot", captureBeyondViewport=True)
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


@pytest.mark.parametrize(("browser", "code"), [(Browser, "en"), pytest.param(Firefox, "de", marks=firefox.NEEDED)])
def test_a_host_lengthens_and_ends_a_room_that_was_restarted(portal, browser, code):
    ended, over, there, confirmed = WORDS[code]
    host, visitor, plain = Visit(portal, browser()), Visit(portal, browser()), Visit(portal, Browser())
    host.open("/")
    host.run(f"document.querySelector('button[value={code}]').click(); return 0")
    host.until(f"document.documentElement.lang === '{code}' && document.readyState === 'complete'")
    host.open("/host/setup/" + portal.log.read_text("utf-8").partition("/host/setup/")[2].split()[0])
    host.submit("main form", "Webinars" if code == "en" else "Webinare", username="mara", password="correct horse battery")
    own = f"/host{portal.page}"
    enter(visitor, portal.page, code, TITLE, "ana")
    in_room(visitor, "/room/")
    in_room(host, f"{own}room")
    host.slide("budget", 200_000)
    visitor.until("Number(document.getElementById('position').dataset.budget) === 200000")
    # Somebody without a script is there.
    enter(plain, portal.page, code, TITLE, "bea")
    plain.browser.call("Emulation.setScriptExecutionDisabled", value=True)
    plain.open("/room/")
    assert plain.browser.value("document.querySelector('noscript iframe').contentDocument.title !== ''")
    assert plain.browser.value("document.querySelectorAll('script[src]').length") > 0
    # A handout reaches the open page.
    host.open(f"{own}handouts")
    host.run(
        "const files = new DataTransfer(); files.items.add(new File(['words'], 'notes.txt'));"
        "const form = document.querySelector('main form'); form.querySelector('[type=file]').files = files.files;"
        "form.querySelector('button').click(); return 0"
    )
    visitor.until("document.querySelector('#handouts a')?.textContent === 'notes.txt'")
    # A restart: whoever loads the page anew sees the last step, though the demo loads.
    portal.stop(signal.SIGKILL)
    portal.start()
    began = time.monotonic()
    visitor.open("/room/")
    assert visitor.browser.value("document.getElementById('position').dataset.budget") == "200000"
    host.open(f"{own}room")
    assert host.browser.value("Boolean(document.getElementById('demo'))")
    assert time.monotonic() - began < AT_ONCE
    picture(host, "presenter")
    # Fifteen minutes more, then the end: open pages say so, and no step reaches them.
    with sqlite3.connect(portal.work / "portal" / "portal.sqlite3", timeout=30) as database:  # as if for minutes
        database.execute("UPDATE web_presence SET opened = datetime(opened, '-2 minutes')")
    database.close()
    before = host.browser.value("document.getElementById('end').innerText")
    host.until("document.readyState === 'complete' && document.getElementById('go_on')")
    host.run("document.getElementById('go_on').click(); return 0")
    host.until(f"document.getElementById('end').innerText !== {before!r} && document.getElementById('end_now')")
    host.run("document.getElementById('end_now').click(); return 0")
    host.until(f"document.getElementById('end').innerText.includes({ended!r})")
    visitor.until(f"document.getElementById('over').innerText.includes({over!r})")
    assert visitor.browser.value("document.getElementById('ask').offsetHeight") == 0
    picture(host, "presenter-over")
    picture(visitor, "room-over")
    host.slide("budget", 300_000)
    host.until("document.getElementById('state').textContent.length > 20")
    assert visitor.browser.value("document.getElementById('position').dataset.budget") == "200000"
    # Both were there, and whoever comes now sees the replay without a seat.
    host.open(f"{own}attendance")
    assert f"2 {'of' if code == 'en' else 'von'} 2 {there}" in host.browser.value("document.querySelector('main').innerText")
    host.open(f"{own}player")
    host.submit("main form", TITLE, replay_days="5")
    late = Visit(portal, browser())
    enter(late, portal.page, code, "Replay" if code == "en" else "Wiedergabe", "cleo")
    assert late.browser.value("location.pathname") == "/room/replay"
    picture(late, "replay")
    host.open(own)
    picture(host, "registrations")
    totals = host.browser.value(
        "[...document.querySelectorAll('dl.kpi div')].map((one) => one.innerText.split('\\n')).join(';')"
    )
    assert f"{confirmed},2" in totals
    with sqlite3.connect(portal.work / "portal" / "portal.sqlite3", timeout=30) as database:
        rows = database.execute("SELECT state, count(*) FROM web_registration GROUP BY state ORDER BY state").fetchall()
    database.close()
    assert rows == [("confirmed", 2), ("replay", 1)]
    for visit in (host, visitor, plain, late):
        visit.browser.close()
