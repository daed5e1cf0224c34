"""The room in real browsers, a presenter's and two visitors': nothing on a console, nothing from elsewhere.

On PostgreSQL its tests without a browser run again: `tests/system/test_portal_operations.py`; this one does with
`TEST_PORTAL_DATABASE_URL=postgresql://...`, an empty database.
"""

from __future__ import annotations

import base64
import os
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.system import browser as browsers
from tests.system.portal import Portal, serving
from tests.system.visit import Visit, enter

pytestmark = browsers.NEEDED
PICTURE = os.environ.get("ROOM_PICTURE") and Path(os.environ["ROOM_PICTURE"]).absolute()
"""Where the picture of the room goes: `ROOM_PICTURE=docs/gallery/room.png pytest tests/system/test_room_browser.py`."""
TITLE = "Gallium & cousins"
DATABASE = "TEST_PORTAL_DATABASE_URL"
"""A database of PostgreSQL in place of SQLite's file."""
WIDTHS = {"ana": 1280, "bea": 390, "mara": 1280}
LANGUAGES = {"ana": "en", "bea": "de"}
CONTROLLED = {"en": "under export control", "de": "unter Ausfuhrkontrolle"}


@pytest.fixture
def portal(tmp_path):
    starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
    database = {"TOOLKIT_WEB_DATABASE_URL": os.environ[DATABASE]} if DATABASE in os.environ else {}
    with serving(tmp_path, processes=1, TOOLKIT_WEB_ORGANISER="Metals & Co", **database) as found:
        found.page = found.create(TITLE, starts, "--zone", "UTC")  # type: ignore[attr-defined]
        found.starts = starts  # type: ignore[attr-defined]
        found.start()
        yield found


@pytest.fixture
def people(portal):
    found = {name: Visit(portal, browsers.Browser()) for name in WIDTHS}
    yield found
    for visit in found.values():
        visit.collect()
        visit.browser.close()
    for visit in found.values():
        assert visit.said == []
        assert [address for address in visit.asked if not address.startswith((portal.base, "data:"))] == []


def warmed(visit: Visit, path: str, width: int) -> None:
    """The page of the demo, which loads itself again until its process is ready."""
    visit.open(path, width)
    visit.until("document.getElementById('demo') && document.readyState === 'complete'")


def value(visit: Visit, name: str) -> float:
    return float(visit.browser.value(f"document.getElementById('{name}').value"))


def view(visit: Visit) -> str:
    return visit.browser.value("document.getElementById('live').dataset.view")


def click(visit: Visit, selector: str) -> None:
    visit.until(f"document.querySelector({selector!r})")
    visit.run(f"document.querySelector({selector!r}).click(); return 0")


def fill(visit: Visit, selector: str, text: str) -> None:
    visit.run(f"document.querySelector({selector!r}).value = {text!r}; return 0")


def shows(visit: Visit, part: str, text: str) -> None:
    visit.until(f"document.getElementById('{part}').textContent.includes({text!r})")


def at(visit: Visit, name: str, number: float) -> None:
    visit.until(f"document.getElementById('{name}').value === '{number:g}'")


def slowly(visit: Visit, milliseconds: int) -> None:
    limits = {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1}
    visit.browser.call("Network.emulateNetworkConditions", **limits)


def refused(visit: Visit, address: str, act: Callable[[], None]) -> None:
    """What a page asks of an address for an act is answered with 503, once."""
    visit.browser.call("Fetch.enable", patterns=[{"urlPattern": address}])
    act()
    while not (paused := [one["params"] for one in visit.browser.events if one["method"] == "Fetch.requestPaused"]):
        visit.browser.value("0")
    visit.browser.call("Fetch.fulfillRequest", requestId=paused[0]["requestId"], responseCode=503)
    visit.browser.call("Fetch.disable")


def picture(visit: Visit, path: Path) -> None:
    """The page of the room, as the README shows it."""
    browser = visit.browser
    visit.run("document.activeElement.blur(); return 0")
    height = browser.value("document.documentElement.scrollHeight")
    size = {"width": 1280, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **size, height=height)
    path.write_bytes(base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"]))
    browser.call("Emulation.setDeviceMetricsOverride", **size, height=900)


def end_the_webinar(portal: Portal) -> None:
    began = datetime.fromisoformat(portal.starts).replace(tzinfo=UTC)  # type: ignore[attr-defined]
    change = f"UPDATE web_webinar SET minutes = {(datetime.now(UTC) - began) // timedelta(minutes=1)}"
    if DATABASE in os.environ:
        with psycopg.connect(os.environ[DATABASE]) as server:
            server.execute(change)
        return
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    database.execute(change)
    database.commit()
    database.close()


def test_a_presenter_and_two_visitors(portal, people):
    ana, bea, mara = (people[name] for name in WIDTHS)
    slug = portal.page.strip("/").split("/")[-1]
    mara.open(re.findall(rf"{portal.base}/host/setup/\S+", portal.log.read_text("utf-8"))[-1])
    mara.submit("main form", "Webinars", username="mara", password="correct horse battery")
    warmed(mara, f"/host/w/{slug}/room", 1280)
    addresses = {}
    for name, visit in (("ana", ana), ("bea", bea)):
        addresses[name] = enter(visit, portal.page, LANGUAGES[name], TITLE, name)
        warmed(visit, "/room/", WIDTHS[name])
        assert view(visit) == "nobody"
        visit.check(WIDTHS[name])
    shows(mara, "people", "2")

    # Everybody follows; a step is read aloud.
    mara.slide("cap", 60)
    for name, visit in (("ana", ana), ("bea", bea)):
        at(visit, "cap", 60)
        visit.until("document.getElementById('position').dataset.cap.startsWith('60')")
        shows(visit, "state", CONTROLLED[LANGUAGES[name]])
        assert view(visit) == "following"
    mara.run(
        "const s = document.getElementById('pointer'); s.value = 'controlled';"
        "s.dispatchEvent(new Event('input', {bubbles: true})); return 0"
    )
    for visit in (ana, bea):
        visit.until("document.querySelector('.kpi .pointed')")
        visit.check(WIDTHS["ana" if visit is ana else "bea"])

    # A step that a proxy refuses is asked for again by itself, from where the slider stands, though the stream brings the last one.
    refused(mara, "*/drive", lambda: mara.slide("cap", 65))
    shows(mara, "state", "Too busy")
    mara.browser.events.clear()  # the console tells of the status
    at(bea, "cap", 65)
    at(mara, "cap", 65)
    mara.slide("cap", 60)
    at(bea, "cap", 60)

    # A slider that is pulled shows divisible amounts, and whole lots where it rests, over a slow connection too.
    slowly(ana, 300)
    ana.run(
        "const s = document.getElementById('budget'); s.value = 200000;"
        "window.pull = setInterval(() => s.dispatchEvent(new Event('input', {bubbles: true})), 40); return 0"
    )
    ana.until("document.getElementById('divisible')")
    ana.run("clearInterval(window.pull); return 0")
    ana.until("!document.getElementById('divisible')")
    slowly(ana, 0)

    # One explores alone, the other still follows; and comes back.
    ana.slide("budget", 300000)
    shows(ana, "budget_shown", "300,000")
    ana.until("document.getElementById('position').dataset.budget.startsWith('300000')")
    assert view(ana) == "own"
    mara.slide("cap", 75)
    at(bea, "cap", 75)
    assert (value(ana, "cap"), value(ana, "budget"), view(ana)) == (60, 300000, "own")
    ana.check(1280)
    click(ana, "#back")
    at(ana, "cap", 75)
    shows(ana, "result", "limit 75%")
    assert (value(ana, "budget"), view(ana)) == (100000, "following")

    # What is no question is words on the page of the host.
    fill(bea, "#id_text", "<img src=x onerror='window.ran = 1'><script>window.ran = 1</script>")
    click(bea, "#ask button")
    shows(mara, "questions", "<script>window.ran = 1</script>")
    for visit in (bea, mara):
        assert not visit.browser.value("Boolean(window.ran || document.querySelector('img'))")

    # A question waits for the host, is shown, and wanted by another.
    fill(ana, "#id_text", "What if gallium licences come back in spring?")
    click(ana, "#ask button")
    shows(ana, "own", "What if gallium licences come back in spring?")
    shows(mara, "questions", "What if gallium licences come back in spring?")
    assert "gallium licences" not in bea.browser.value("document.body.textContent")
    mara.check(1280)
    mara.run("const all = document.querySelectorAll('#questions button[name=shown]'); all[all.length - 1].click(); return 0")
    shows(bea, "questions", "What if gallium licences come back in spring?")
    click(bea, "#questions button.votes")
    bea.until("document.querySelector('.votes').getAttribute('aria-pressed') === 'true'")
    for visit in (mara, ana):
        visit.until("[...document.querySelectorAll('#questions .votes')].some(votes => votes.textContent.includes('1'))")
    ana.until("!document.querySelector('#own li')")
    click(mara, "#questions button[name=answered]")
    bea.until("document.querySelector('.asked .answered')")
    assert bea.browser.value("document.querySelector('.votes').getAttribute('aria-pressed')") == "true"

    # A poll: made, opened, voted in once, closed.
    fill(mara, "#id_poll", "Which control worries you most?")
    mara.run("document.getElementById('id_choices').value = 'Gallium\\nGallium'; return 0")
    click(mara, "#new_poll button")
    shows(mara, "new_poll", "Two to eight different answers of at most 120 characters, one a line.")
    mara.browser.events.clear()  # the console tells of the status
    mara.run("document.getElementById('id_choices').value = 'Gallium\\nGermanium'; return 0")
    click(mara, "#new_poll button")
    click(mara, "#polls button[name=open]")
    bea.until("document.querySelectorAll('#poll input[type=radio]').length === 2")
    ana.until("document.querySelectorAll('#poll input[type=radio]').length === 2")
    # It is told where its place is out of sight, and not where it is seen.
    ana.browser.call("Emulation.setDeviceMetricsOverride", width=390, height=500, deviceScaleFactor=1, mobile=True)
    ana.run("scrollTo(0, 0); return 0")
    ana.until("!document.getElementById('poll_open').hidden")
    ana.run("document.getElementById('poll_open').click(); return 0")
    ana.until("document.getElementById('poll_open').hidden")
    ana.browser.call("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    if PICTURE:
        picture(ana, PICTURE)
    ana.check(1280)
    ana.run("document.querySelector('#poll input[type=radio]').checked = true; return 0")
    click(ana, "#poll button")
    ana.until("document.querySelector('#poll [data-voted]')")
    shows(mara, "polls", "100%")
    bea.check(390)
    mara.check(1280)
    click(mara, "#polls button[name=close]")
    for visit in (ana, bea):
        visit.until("document.querySelector('#poll table')")
        shows(visit, "poll", "100")

    # One leaves, and comes back to what is shown now.
    ana.collect()
    click(ana, "header form button")
    ana.until("(document.querySelector('h1') || {}).textContent === 'Webinars'")
    ana.browser.events.clear()  # the console tells what the header of leaving has cleared
    mara.until("document.querySelector('#people .kv').textContent === '1'")
    mara.slide("cap", 80)
    ana.open(portal.link("a", addresses["ana"]))
    ana.submit("main form", TITLE)
    at(ana, "cap", 80)
    assert view(ana) == "following"
    mara.until("document.querySelector('#people .kv').textContent === '2'")

    # The server ends at once with every stream open, and pages come back by themselves.
    for visit in people.values():
        visit.collect()
    assert portal.stop() < 5
    portal.start()
    for visit in (ana, bea, mara):
        visit.until("performance.getEntriesByType('resource').length && document.getElementById('lost').hidden")
    mara.until("document.querySelector('#people .kv').textContent === '2'")
    for visit in people.values():
        visit.browser.events.clear()  # the console tells of the connection that was refused meanwhile

    # After it: the replay, step by step and by itself.
    end_the_webinar(portal)
    for visit, width in ((ana, 1280), (bea, 390)):
        warmed(visit, "/room/", width)
        visit.open("/room/replay", width)
        visit.until("document.getElementById('moment')")
        visit.check(width)
    assert "gallium licences" not in ana.browser.value("document.getElementById('moment').textContent")
    ana.slide("at", 99)
    shows(ana, "moment", "limit 80%")
    shows(ana, "moment", "gallium licences")
    ana.check(1280)
    click(bea, "#play")
    bea.until("document.getElementById('at').value === '2'")
    mara.open(f"/host/w/{slug}/attendance")
    mara.until("document.querySelectorAll('tbody tr').length === 2")
    mara.check(1280)
