"""A real browser for tests: chromium, driven through its own debugging pipe, with no library and no port."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
)  # fmt: skip
PATIENCE = 60.0
A4 = (688, 1005)
"""Width and height in px between the margins of a printed page."""
SPOKEN = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
"""Events of a page that says something on its console."""


class Chromium:
    """A chromium for every browser of this process. Messages are JSON with a zero byte between them, on descriptors 3 and 4."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        # Above 10, so that copying them to 3 and 4 is a real copy: only a copy outlives exec.
        ours = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, theirs_out)]
        quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
        pipes = [(os.POSIX_SPAWN_DUP2, fd, number) for fd, number in zip(ours, (3, 4), strict=True)]
        assert CHROMIUM
        arguments = [CHROMIUM, *FLAGS, f"--user-data-dir={self.folder}/profile", "about:blank"]
        own = {**os.environ, "TMPDIR": self.folder}
        self.pid = os.posix_spawn(CHROMIUM, arguments, own, file_actions=[*quiet, *pipes], setpgroup=0)
        for fd in (theirs_in, theirs_out, *ours):
            os.close(fd)
        self._out, self._in, self._buffer, self._id = ours_out, ours_in, b"", 0
        self.events: dict[str | None, list[dict[str, Any]]] = {None: []}
        """Session of a page -> what happened in it."""

    def call(self, method: str, session: str | None = None, within: float = PATIENCE, **params: Any) -> dict[str, Any]:
        """Send a command and wait some seconds for its answer; events on the way are kept.

        Raises:
            TimeoutError: It did not answer. A page that is being left may never do: what only reads can be asked again.
        """
        self._id += 1
        message = {"id": self._id, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + within
        while (answer := self.receive(until)).get("id") != self._id:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def receive(self, until: float) -> dict[str, Any]:
        """The next message, which is an answer, or an event that is kept, if it comes until a moment of the steady clock."""
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(until - time.monotonic(), 0))
            if not ready:
                raise TimeoutError("chromium did not answer")
            read = os.read(self._in, 1 << 16)
            assert read, "chromium has ended"
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "id" not in message:
            self.events.get(message.get("sessionId"), []).append(message)
        return message

    def close(self) -> None:
        """End this chromium and its helpers, and no other, and remove its files."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._out)
        while os.read(self._in, 1 << 16):  # helpers write files until they have ended
            pass
        os.close(self._in)
        shutil.rmtree(self.folder)


running: list[Chromium] = []
"""That of this process, once there was a browser: `tests/system/conftest.py` ends it."""


class Browser:
    """A page with cookies and storage of its own, as in a browser that nobody used before."""

    def __init__(self) -> None:
        if not running:
            running.append(Chromium())
        self._chromium = running[0]
        self.session: str | None = None
        self._context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events: list[dict[str, Any]] = []
        self._chromium.events[self.session] = self.events
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command to the page and wait for its answer."""
        return self._chromium.call(method, self.session, **params)

    def open(self, page: Path | str, width: int) -> None:
        """Load a file or an address at a width, as a phone does below 500 px."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.events.clear()
        loader = self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())["loaderId"]
        until = time.monotonic() + PATIENCE
        while not self._has_loaded(loader):
            self._chromium.receive(until)

    def _has_loaded(self, loader: str) -> bool:
        """Whether a navigation is at its end: what comes before its own page is of the page that was left."""
        told = [(event["method"], event["params"].get("frame", {}).get("loaderId")) for event in self.events]
        arrived = ("Page.frameNavigated", loader)
        return arrived in told and ("Page.loadEventFired", None) in told[told.index(arrived) :]

    def media(self, media: str = "", *, dark: bool = False) -> None:
        """Show pages as print or screen, light or dark, from now on."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def console_messages(self) -> list[dict[str, Any]]:
        """What the page said on its console since it was opened."""
        return [event for event in self.events if event["method"] in SPOKEN]

    def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def holds(self, condition: str) -> bool:
        """Whether a condition holds in the page now; between two pages there may be none to look into, or none that answers."""
        looked = f"(() => {{ try {{ return Boolean({condition}) }} catch {{ return false }} }})()"
        try:
            return self.call("Runtime.evaluate", within=5.0, expression=looked, returnByValue=True)["result"]["value"]
        except TimeoutError:
            return False

    def close(self) -> None:
        """Forget the page and what it kept."""
        session, self.session = self.session, None
        self.call("Target.disposeBrowserContext", browserContextId=self._context)
        del self._chromium.events[session]
