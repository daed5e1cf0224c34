"""The report in a real browser: chromium, driven through its own debugging pipe, with no library and no port."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import select
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from toolkit.app.config import resolve
from toolkit.app.optimize import propose
from toolkit.app.report import report_html
from toolkit.app.request import Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 60.0
A4 = (688, 1005)
"""Width and height in px between the margins of a printed page."""


class Browser:
    """A chromium and one page in it. Messages are JSON with a zero byte between them, on descriptors 3 and 4."""

    def __init__(self, profile: Path) -> None:
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        # Above 10, so that copying them to 3 and 4 is a real copy: only a copy outlives exec.
        ours = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, theirs_out)]
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
        pipes = [(os.POSIX_SPAWN_DUP2, fd, number) for fd, number in zip(ours, (3, 4), strict=True)]
        assert CHROMIUM
        arguments = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.pid = os.posix_spawn(CHROMIUM, arguments, os.environ, file_actions=[*quiet, *pipes], setpgroup=0)
        for fd in (theirs_in, theirs_out, *ours):
            os.close(fd)
        self._out, self._in, self._buffer, self._id = ours_out, ours_in, b"", 0
        self.events: list[dict[str, Any]] = []
        self.session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are kept."""
        self._id += 1
        message = {"id": self._id, "method": method, "params": params} | ({"sessionId": self.session} if self.session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._id:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, page: Path, width: int) -> None:
        """Load a page at a width, as a phone does below 500 px."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(until - time.monotonic(), 0))
            assert ready, "chromium did not answer"
            self._buffer += os.read(self._in, 1 << 16)
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def close(self) -> None:
        """End this browser and its helpers, and no other."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._out)
        os.close(self._in)


def written(strategy: str, folder: Path) -> Path:
    """The report of a strategy, and its run object beside it."""
    record = propose(Request(strategy, resolve({}, file=None), date(2026, 11, 24))).record
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "report.html").write_text(report_html(record), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the default strategy."""
    return written("physical-basket", tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def report(ordinary: Path) -> Path:
    """The same under names that try to break out."""
    record = json.loads(ordinary.with_name("run.json").read_text(encoding="utf-8"))
    for position, name in zip(
        record["positions"], ("<script>alert(1)</script>", "\u202eevil", "x" * 300, "稀土" * 40), strict=False
    ):
        position["name"] = name
        for row in (*record["assets"], *record["controls"]):
            if row["asset"] == position["asset"]:
                row["name"] = name
    path = ordinary.with_name("hostile.html")
    path.write_text(report_html(record), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways_nothing_is_fetched_nothing_is_logged(browser, report, width):
    browser.open(report, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelectorAll('h1').length") == 1
    requests = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert requests == [report.as_uri()]
    said = [
        e for e in browser.events if e["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    ]
    assert said == []


@pytest.mark.parametrize("strategy", ["us-ban-returns", "origin-at-a-premium"])
def test_scenarios_and_offers_fit_a_phone_a_screen_and_a_sheet(browser, tmp_path, strategy):
    page = written(strategy, tmp_path)
    for width, media in ((390, ""), (1280, ""), (A4[0], "print")):
        browser.call("Emulation.setEmulatedMedia", media=media)
        browser.open(page, width)
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert not [e for e in browser.events if e["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled")]
    browser.call("Emulation.setEmulatedMedia", media="")


def test_the_phone_shows_date_result_and_two_figures_before_scrolling(browser, ordinary):
    browser.open(ordinary, 390)
    bottoms = browser.value(
        "[...document.querySelectorAll('.asof, h1, .answer, .kpi div')].map(e => e.getBoundingClientRect().bottom)"
    )
    assert len(bottoms) == 6
    assert max(bottoms[:5]) <= 844


def test_each_room_shows_one_drawing_of_a_chart(browser, report):
    for width in (390, 1280):
        browser.open(report, width)
        shown = "[...document.querySelectorAll('.chart')].map(c => [...c.children].filter(d => d.getBoundingClientRect().height > 0).length)"
        counts = browser.value(shown)
        assert len(counts) == 2
        assert set(counts) == {1}


def test_a_script_in_the_page_would_not_run(browser, report):
    browser.open(report, 1280)
    browser.value(
        "(() => {const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)})()?.x ?? 0"
    )
    assert browser.value("typeof window.ran") == "undefined"


def pages(browser: Browser, page: Path) -> int:
    """Sheets of A4 that a page prints on."""
    browser.open(page, 1280)
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_print_has_few_pages_whatever_the_names(browser, ordinary, report):
    assert 1 <= pages(browser, ordinary) <= 9
    assert 1 <= pages(browser, report) <= 13


def test_print_shows_the_control_matrix_on_the_first_page_and_no_data_tables(browser, ordinary):
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.open(ordinary, A4[0])
    assert browser.value("document.querySelector('.mx').getBoundingClientRect().bottom") <= A4[1]
    assert browser.value("[...document.querySelectorAll('details')].every(d => getComputedStyle(d).display === 'none')")
    browser.call("Emulation.setEmulatedMedia", media="")
