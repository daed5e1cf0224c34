"""Pages of hosts and of self-service in a real browser: both languages, two widths, axe-core, nothing on the console."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.axe import AXE, violations
from tests.system.browser import NEEDED, Browser
from tests.system.portal import serving, sign_up
from tests.system.test_portal_browser import Visit

pytestmark = NEEDED


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal with a host, two webinars, and visitors who agreed to news at the first."""
    options = {"TOOLKIT_WEB_DEMO": "false", "TOOLKIT_WEB_FORM_ORIGINS": '["https://metals.example"]'}
    with serving(tmp_path_factory.mktemp("portal"), **options) as found:
        soon = [(datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="minutes")[:16] for days in (2, 9, 20)]
        questions = ("--question", "Which metals do you hold?", "--question", "Your role?*")
        found.page = found.create("What if exports stop", soon[0], "--starts", soon[1], "--zone", "UTC", *questions)  # type: ignore[attr-defined]
        found.later = found.create("Rare earths", soon[2], "--zone", "UTC")  # type: ignore[attr-defined]
        found.start()
        answers = {"question_0": "Gallium", "question_1": "Treasurer", "marketing": "on"}
        for name in ("ana", "bea"):
            sign_up(found.visitor(), found.page, f"{name}@example.com", **answers)  # type: ignore[attr-defined]
            found.visitor().press(found.link("c", f"{name}@example.com"))
        yield found


def test_host_and_visitor_pages_in_both_languages_and_widths(portal):
    browser = Browser()
    visit = Visit(portal, browser)
    visit.open(re.findall(rf"{portal.base}/host/setup/\S+", portal.log.read_text("utf-8"))[-1])
    visit.submit("main form", "Webinars", username="mara", password="correct horse battery")
    me = portal.link("me", "ana@example.com")
    pages = [
        portal.page,
        me,
        "/host/",
        "/host/new",
        f"/host{portal.later}",
        *(
            f"/host{portal.page}{one}"
            for one in ("", "change", "settings", "player", "brand", "mails", "handouts", "helpers", "people", "figures")
        ),
    ]
    found = {}
    for code, width in (("de", 390), ("en", 1280)):
        visit.open("/")
        visit.run(f"document.querySelector('button[value={code}]').click(); return 0")
        visit.until(f"(document.documentElement || {{}}).lang === '{code}' && document.readyState === 'complete'")
        for page in pages:
            visit.open(page, width)
            assert visit.browser.value("document.documentElement.scrollWidth") <= width, (page, width)
            assert visit.browser.value("document.documentElement.lang") == code
        # Axe writes styles into the page, which the policy refuses: what was said is read before.
        visit.collect()
        if AXE is not None:
            browser.call("Page.setBypassCSP", enabled=True)
            for page in pages:
                browser.open(portal.base + page.removeprefix(portal.base), width)
                found[page, code] = violations(browser)
            browser.call("Page.setBypassCSP", enabled=False)
            browser.events.clear()
    assert {page: faults for page, faults in found.items() if faults} == {}
    # A webinar is made in the browser, and its meeting is a link where the operator names no origin.
    visit.open("/host/new")
    visit.submit("main form", "Antimony", title="Antimony", starts="2126-12-03T17:00")
    visit.run("document.querySelector('a[href$=player]').click(); return 0")
    visit.until("document.querySelector('main form [name=replay_days]')")
    visit.submit("main form", "Antimony", url="https://meet.example/metals", replay_days="7")
    visit.until("document.querySelector('main a.main[target=_blank]')")
    # News leave by the button of the host and end by the button of the visitor.
    visit.open(f"/host{portal.later}")
    visit.run("document.querySelector('form[action$=news] button').click(); return 0")
    visit.until("document.body && document.body.innerText.includes('were told of this webinar')")
    visit.open(portal.link("u", "bea@example.com"))
    visit.submit("main form", "No more news")
    visit.open(me)
    visit.submit("form[action$=erase]", "Everything is deleted")
    visit.open(f"/host{portal.page}")
    assert visit.browser.value("document.body.innerText.includes('ana@example.com')") is False
    visit.collect()
    browser.close()
    assert visit.said == []
    assert [address for address in visit.asked if not address.startswith((portal.base, "data:"))] == []
