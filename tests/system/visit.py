"""A visitor's browser at a portal."""

from __future__ import annotations

import time

from tests.system.axe import AXE, violations
from tests.system.browser import Browser
from tests.system.firefox import Firefox
from tests.system.portal import Portal, aged

PATIENCE = 120.0


class Visit:
    """A visitor's browser; every page it has shown is held against the rules at the end."""

    def __init__(self, portal: Portal, browser: Browser | Firefox) -> None:
        self.portal, self.browser = portal, browser
        self.said: list[object] = []
        self.asked: list[str] = []

    def open(self, path: str, width: int = 1280) -> None:
        self.collect()
        self.browser.open(self.portal.base + path.removeprefix(self.portal.base), width)

    def collect(self) -> None:
        self.said += self.browser.console_messages()
        self.asked += self.browser.requests()

    def run(self, script: str):
        return self.browser.value(f"(() => {{ {script} }})()")

    def until(self, condition: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.browser.holds(condition):
            assert time.monotonic() < end, (condition, self.browser.value("document.body.innerText"))
            time.sleep(0.1)

    def submit(self, form: str, then: str, **fields: str) -> None:
        """Fill a form and send it by its button; wait for the heading of the next page."""
        for name, value in fields.items():
            self.run(f"document.querySelector('{form} [name={name}]').value = {value!r}; return 0")
        self.collect()
        self.browser.events.clear()
        self.run(f"document.querySelector('{form} button').click(); return 0")
        self.until(f"(document.querySelector('h1') || {{}}).textContent === {then!r}")

    def check(self, width: int) -> None:
        """The page as it is fits its width, and axe-core finds nothing. What axe writes into it is not the page's."""
        self.collect()
        assert self.browser.value("document.documentElement.scrollWidth") <= width
        if AXE is not None:
            assert violations(self.browser) == []
        self.browser.events.clear()

    def slide(self, name: str, value: float) -> None:
        self.until("document.readyState === 'complete'")  # its script listens
        script = f"const s = document.getElementById('{name}'); s.value = {value};"
        self.run(f"{script} s.dispatchEvent(new Event('input', {{bubbles: true}})); return 0")


HEADINGS = {
    "en": ("Look into your mail", "Confirmed", "cap", "keeps these limits together", "under export control"),
    "de": ("Schauen Sie in Ihr Postfach", "Bestätigt", "cap", "hält diese Grenzen zugleich ein", "unter Ausfuhrkontrolle"),
}


def enter(visit: Visit, page: str, code: str, title: str, name: str = "") -> str:
    """From the form to the room; the address that was registered."""
    mail, confirmed, *_ = HEADINGS[code]
    address = f"{name or code}-{page.strip('/').split('/')[-1]}@example.com"
    visit.open(page)
    if code == "de":
        visit.run("document.querySelector('button[value=de]').click(); return 0")
        visit.until("document.documentElement.lang === 'de' && document.readyState === 'complete'")
    started = visit.browser.value("document.querySelector('form[action$=register] [name=started]').value")
    filled = aged(visit.portal, {"name": "Ana Lima", "email": address, "started": started})
    visit.submit("form[action$=register]", mail, **filled)
    visit.open(visit.portal.link("c", address))
    visit.submit("main form", confirmed)
    visit.open(visit.portal.link("a", address))
    visit.submit("main form", title)
    return address
