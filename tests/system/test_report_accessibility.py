"""WCAG 2.2 AA by axe-core, in light, dark and print, on a phone and on a wide screen, in both languages; and the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.axe import AXE, violations
from tests.system.browser import A4, NEEDED, Browser

pytestmark = [*NEEDED, pytest.mark.skipif(AXE is None, reason="axe-core is not installed: .ci/browser.txt")]
ROOMS = {
    "phone": (320, "", False), "phone in the dark": (320, "", True), "wide": (1440, "", False),
    "wide in the dark": (1440, "", True), "print": (A4[0], "print", False),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    browser.call("Page.setBypassCSP", enabled=True)
    yield browser
    browser.close()


@pytest.mark.parametrize(
    ("page", "room"),
    [
        *(("allocation", room) for room in ROOMS),
        *((page, room) for page in ("exposure", "market-brief") for room in ("phone", "wide in the dark", "print")),
        *((page, "phone") for page in ("allocation.de", "exposure.de", "conflict", "webinar", "hostile", "backtest", "backtest.de")),
    ],
)  # fmt: skip
def test_axe_finds_nothing(browser, report_pages, page, room):
    width, media, dark = ROOMS[room]
    browser.media(media, dark=dark)
    browser.open(report_pages[page], width)
    # Closed tables are part of the page: what is behind a summary is read too.
    browser.value("document.querySelectorAll('details').forEach(d => {d.open = true});0")
    assert violations(browser) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_keyboard_reaches_everything_that_can_be_used(browser, report_pages, width):
    browser.media()
    browser.open(report_pages["allocation"], width)
    usable = browser.value(
        "[...document.querySelectorAll('a[href], summary, button, [tabindex=\"0\"]')].filter(e => e.checkVisibility()).length"
    )
    browser.value("window.reached = new Set();0")
    for _ in range(usable + 5):
        browser.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        browser.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        browser.value("window.reached.add(document.activeElement);0")
    missed = browser.value(
        "[...document.querySelectorAll('a[href], summary, button, [tabindex=\"0\"]')].filter(e => e.checkVisibility() && !window.reached.has(e)).map(e => e.outerHTML.slice(0, 120))"
    )
    assert usable > 10
    assert missed == []


@pytest.mark.parametrize("page", ["allocation", "allocation.de", "exposure.de"])
def test_twice_the_size_loses_nothing(browser, report_pages, page):
    # 200 % on a screen of 1280 px leaves 640 px of room.
    browser.media()
    browser.open(report_pages[page], 640)
    assert browser.value("document.documentElement.scrollWidth") <= 640
    cut = browser.value(
        "[...document.querySelectorAll('h1, h2, h3, p, td, th, li, dd')].filter(e => e.checkVisibility() && !e.closest('.scroll, .vh, thead')"
        " && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX === 'hidden').map(e => e.textContent.slice(0, 60))"
    )
    assert cut == []
