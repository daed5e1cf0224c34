"""Firefox for tests, driven through WebDriver BiDi: what it shows and says has the form of `tests.system.browser.Browser`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
NEEDED = pytest.mark.skipif(FIREFOX is None, reason="no firefox on the PATH")
PATIENCE = 60.0
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}
"""Nothing is asked of its maker while pages are looked at."""
SAID, ASKED = "log.entryAdded", "network.beforeRequestSent"


class Firefox:
    """A page with a profile of its own, in a process of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="firefox-"))
        lines = [f"user_pref({name!r}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (self.folder / "user.js").write_text("".join(lines).replace("'", '"'), encoding="utf-8")
        command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(self.folder), "--remote-debugging-port", "0"]
        own = {**os.environ, "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        self._process = subprocess.Popen(
            command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        told, until = self.folder / "WebDriverBiDiServer.json", time.monotonic() + PATIENCE
        while not told.exists() or not told.read_text("utf-8").endswith("}"):
            assert time.monotonic() < until, "firefox did not start"
            time.sleep(0.1)
        port = json.loads(told.read_text("utf-8"))["ws_port"]
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None))
        self._id = 0
        self.events: list[dict[str, Any]] = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=[SAID, ASKED])
        self._page = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are kept."""
        self._id += 1
        self._socket.send(json.dumps({"id": self._id, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv(PATIENCE))).get("id") != self._id:
            self.events.append(answer)
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, page: str, width: int) -> None:
        """Load an address at a width."""
        self.call("browsingContext.setViewport", context=self._page, viewport={"width": width, "height": 900})
        self.events.clear()
        self.call("browsingContext.navigate", context=self._page, url=page, wait="complete")

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [event["params"]["request"]["url"] for event in self.events if event["method"] == ASKED]

    def console_messages(self) -> list[dict[str, Any]]:
        """What the page said on its console since it was opened."""
        return [event for event in self.events if event["method"] == SAID]

    def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call(
            "script.evaluate", expression=expression, target={"context": self._page}, awaitPromise=False
        )  # fmt: skip
        assert found["type"] == "success", found
        return found["result"].get("value")

    def holds(self, condition: str) -> bool:
        """Whether a condition holds in the page now; between two pages there may be none to look into."""
        return self.value(f"(() => {{ try {{ return Boolean({condition}) }} catch {{ return false }} }})()")

    def close(self) -> None:
        """End it, and remove its files."""
        self._open.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
