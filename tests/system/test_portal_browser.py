"""The portal in a real browser: the journey of a visitor, both languages, widths and themes; nothing on the console.

On PostgreSQL where it is installed; the room and the pages of hosts are on SQLite.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.system.browser import NEEDED, Browser
from tests.system.portal import postgresql_server, serving
from tests.system.visit import HEADINGS, PATIENCE, Visit, enter

pytestmark = NEEDED


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql_server())
        database = {} if server is None else {"TOOLKIT_WEB_DATABASE_URL": server}
        found = stack.enter_context(serving(tmp_path_factory.mktemp("portal"), processes=1, **database))
        starts = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="minutes")[:16]
        later = (datetime.now(UTC) + timedelta(days=2, minutes=5)).isoformat(timespec="minutes")[:16]
        found.now = found.create("Gallium & cousins", starts, "--zone", "UTC", "--strategy", "physical-basket")  # type: ignore[attr-defined]
        found.later = found.create("Rare earths", later, "--zone", "UTC")  # type: ignore[attr-defined]
        found.start()
        yield found


@pytest.fixture
def visit(portal):
    browser = Browser()
    found = Visit(portal, browser)
    yield found
    found.collect()
    browser.close()
    assert found.said == []
    assert [address for address in found.asked if not address.startswith(portal.base)] == []


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_visitor_enters_and_moves_sliders(visit, portal, code):
    enter(visit, portal.now, code, "Gallium & cousins")
    end = time.monotonic() + PATIENCE
    while not visit.browser.value("Boolean(document.getElementById('demo'))"):  # it warms up
        assert time.monotonic() < end
        time.sleep(1)
        visit.open("/room/")
    *_, conflict, controlled = HEADINGS[code]
    assert visit.browser.value("document.cookie") == ""
    before = visit.browser.value("document.getElementById('finding').textContent")
    # Controls so wide that nothing holds every limit, then a slider at one that leaves more room.
    visit.run("document.querySelector('[name=scenario][value=wider]').click(); return 0")
    visit.until(f"document.getElementById('finding').textContent.includes({conflict!r})")
    visit.until(f"document.getElementById('state').textContent.includes({conflict!r})")
    # The last answer stays below the reason, with where it holds.
    kept = visit.browser.value("document.getElementById('last').innerText")
    where = {"en": "The last answer, which holds at: Budget €100,000", "de": "gilt: Budget 100.000\xa0€"}[code]
    assert (before in kept, where in kept) == (True, True)
    visit.check(1280)
    visit.run("document.querySelector('[name=scenario][value=today]').click(); return 0")
    visit.slide("cap", 80)
    visit.until("!document.getElementById('last') && document.querySelectorAll('.bars tbody tr').length > 3")
    visit.until(f"document.getElementById('state').textContent.includes({controlled!r})")
    assert visit.browser.value("document.getElementById('finding').textContent") != before
    assert "80" in visit.browser.value("document.getElementById('cap').getAttribute('aria-valuetext')")
    assert visit.browser.value("document.querySelector('[data-for=cap]').value") == "80"
    # The number beside it does the same, and what is no value of it asks nothing.
    visit.run(
        "const n = document.querySelector('[data-for=cap]'); n.value = 50; n.dispatchEvent(new Event('input', {bubbles: true})); return 0"
    )
    visit.until("document.getElementById('cap').value === '50' && document.querySelector('.kpi').textContent.includes('50')")
    # What the slider has not is told by the field and solves nothing; an empty field is what counts again.
    for typed, stays, valid in ((154_000, 154_000, False), (99_999_999, 99_999_999, False), (5, 5, False), ("", 100_000, True)):
        visit.run(
            f"const n = document.querySelector('[data-for=budget]'); n.value = '{typed}'; "
            "for (const name of ['input', 'change']) n.dispatchEvent(new Event(name, {bubbles: true})); return 0"
        )
        shown = "(n => [n.value, n.validity.valid, document.getElementById('budget').value].join())(document.querySelector('[data-for=budget]'))"
        assert visit.browser.value(shown) == f"{stays},{str(valid).lower()},100000", typed
    # A position that no slider has, as another program may send it, is answered with its field and range.
    field = {"en": "Budget: from 10,000 to 500,000", "de": "Budget: von 10.000 bis 500.000"}[code]
    visit.collect()
    visit.run(
        "const s = document.getElementById('budget'); s.type = 'text'; s.value = '101000'; htmx.trigger('#demo', 'rested'); return 0"
    )
    visit.until(f"document.getElementById('state').textContent.startsWith({field!r})")
    visit.run("const s = document.getElementById('budget'); s.value = '100000'; s.type = 'range'; return 0")
    visit.browser.events.clear()
    # Who has left in another tab is not told that the room is too busy.
    visit.collect()
    visit.run(
        "const leave = document.querySelector('header form'), body = new URLSearchParams(new FormData(leave)); "
        "fetch(leave.action, {method: 'POST', body}).then(() => { document.title = 'left'; }); return 0"
    )
    visit.until("document.title === 'left'")
    visit.slide("cap", 70)
    refused = {"en": "That was not accepted", "de": "Das wurde nicht angenommen"}[code]
    visit.until(f"document.getElementById('state').textContent.includes({refused!r})")
    visit.browser.events.clear()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_their_width(visit, portal, width, dark):
    visit.browser.media("screen", dark=dark)
    pages = ["/", portal.now, portal.later, f"{portal.now}sent", f"{portal.now}confirmed", "/privacy", "/host/login"]
    for page in pages:
        visit.open(page, width)
        assert visit.browser.value("document.documentElement.scrollWidth") <= width, page
        paper = visit.browser.value("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(16, 22, 28)" if dark else "rgb(255, 255, 255)"), page


def test_the_waiting_room_counts_down_by_the_server_s_clock(visit, portal):
    wrong = "const now = Date.now; Date.now = () => now() + 864e5"
    visit.browser.call("Page.addScriptToEvaluateOnNewDocument", source=wrong)
    enter(visit, portal.later, "en", "Rare earths")
    visit.until("/^2 d 00:0[0-5]:\\d\\d$/.test(document.getElementById('countdown').textContent)")
    first = visit.browser.value("document.getElementById('countdown').textContent")
    visit.until(f"document.getElementById('countdown').textContent !== {first!r}")


def test_a_page_that_waits_is_read_on_until_its_webinar_is_moved(visit, portal):
    """A page that loads itself again each minute ends what a screen reader reads, and at a proxy without a portal itself."""
    later = [(datetime.now(UTC) + timedelta(days=days, minutes=5)).isoformat(timespec="minutes")[:16] for days in (3, 4)]
    page = portal.create("Tungsten", later[0], "--zone", "UTC")
    each_second = "const every = setInterval; window.setInterval = (act, wait) => every(act, wait / 60)"
    visit.browser.call("Page.addScriptToEvaluateOnNewDocument", source=each_second)
    enter(visit, page, "en", "Tungsten")
    visit.check(1280)
    visit.run("window.unchanged = true; return 0")
    time.sleep(3)
    assert visit.browser.value("window.unchanged && /^3 d/.test(document.getElementById('countdown').textContent)")
    assert sum(address.endswith("/room/") for address in visit.browser.requests()) >= 2
    portal.run("webinar", "change", page, "--starts", later[1])
    visit.until("!window.unchanged && /^4 d/.test(document.getElementById('countdown').textContent)")


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "UTC"])
def test_a_visitor_abroad_reads_their_own_time(visit, portal, zone):
    visit.browser.call("Emulation.setTimezoneOverride", timezoneId=zone)
    visit.open(portal.later)
    shown = visit.browser.value("document.querySelector('time').textContent")
    starts = datetime.fromisoformat(visit.browser.value("document.querySelector('time').dateTime"))
    there = starts.astimezone(ZoneInfo(zone))
    assert shown.partition(" (UTC)")[2] == ("" if zone == "UTC" else f" · your time: {there.day} {there:%B %Y, %H:%M}")


def test_a_form_of_another_site_registers_nobody(visit, portal, tmp_path):
    """A page of another origin that sends the form by itself: no cookie, no token, no registration."""
    path = tmp_path / "evil.html"
    path.write_text(
        f"<form method=post action='{portal.base}{portal.now}register'><input name=name value=Eve>"
        "<input name=email value=eve@example.com></form><script>document.forms[0].submit()</script>",
        encoding="utf-8",
    )
    visit.browser.open(path, 1280)
    visit.until("document.querySelector('h1')")
    assert visit.browser.value("document.querySelector('h1').textContent") == "That was not accepted"
    visit.browser.events.clear()  # the status of a refused request is on the console of the other site's page
    assert not any(mail["To"] == "eve@example.com" for mail in portal.mails())
