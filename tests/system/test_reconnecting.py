"""A page of the room while a proxy answers in place of the portal: it comes back by itself, and ends by a word of the portal alone."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.system import browser as browsers
from tests.system.portal import Portal, free_port, seated, serving
from tests.system.visit import Visit

pytestmark = browsers.NEEDED
BAD = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad"


class Proxy:
    """A port before the portal's, which passes bytes on, or answers 502 to whoever comes."""

    def __init__(self, port: int, behind: int) -> None:
        self.behind, self.is_away, self.refused = behind, False, 0
        self.open: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._pass, args=[client], daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.is_away:
                client.recv(65536)
                client.sendall(BAD)
                self.refused += 1
                return
            with socket.create_connection(("127.0.0.1", self.behind)) as server:
                self.open += [client, server]
                threading.Thread(target=_copy, args=[client, server], daemon=True).start()
                _copy(server, client)

    def away(self) -> None:
        """Cut what is open, and answer 502 from now on."""
        self.is_away = True
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def portal(tmp_path) -> Iterator[Portal]:
    port = free_port()
    with serving(tmp_path, processes=1, TOOLKIT_WEB_BASE_URL=f"http://127.0.0.1:{port}") as found:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        found.page = found.create("Gallium", starts, "--zone", "UTC")  # type: ignore[attr-defined]
        found.start()
        found.proxy = Proxy(port, found.port)  # type: ignore[attr-defined]
        found.base = f"http://127.0.0.1:{port}"
        yield found
        found.proxy.listening.close()  # type: ignore[attr-defined]


def test_a_page_comes_back_after_a_proxy_and_ends_by_a_word_of_the_portal(portal):
    """One answer of a proxy in place of the portal closed every open page, and said that the registration had ended."""
    host = portal.visitor()
    setup = re.findall(r"/host/setup/\S+", portal.log.read_text("utf-8"))[-1]
    host.post(setup, {**host.get(setup).form(), "username": "mara", "password": "correct horse battery"})
    (ana,) = seated(portal, 1)
    visit = Visit(portal, browsers.Browser())
    try:
        for name, value in ana.cookies.items():
            visit.browser.call("Network.setCookie", name=name, value=value, url=portal.base, path="/", secure=True)
        visit.open("/room/")
        visit.until("document.getElementById('demo') && document.readyState === 'complete'")

        portal.proxy.away()
        visit.until("!document.getElementById('lost').hidden")
        portal.wait_for(lambda: portal.proxy.refused > 2)  # it tries again, and again
        assert visit.browser.value("document.getElementById('gone').hidden")
        portal.proxy.is_away = False
        visit.until("document.getElementById('lost').hidden")

        room = f"/host/w/{portal.page.strip('/').split('/')[-1]}"
        polls = host.post(
            f"{room}/polls", {**host.get(f"{room}/room").form(f"{room}/polls"), "text": "Which?", "choices": "a\nb"}
        )
        number = re.findall(r'name="open" value="(\d+)"', polls.text)[-1]
        host.post(f"{room}/poll", {"csrfmiddlewaretoken": polls.form(f"{room}/poll")["csrfmiddlewaretoken"], "open": number})
        visit.until("document.querySelectorAll('#poll input[type=radio]').length === 2")

        portal.stop()  # and a restart of the portal itself
        visit.until("!document.getElementById('lost').hidden")
        portal.start()
        visit.until("document.getElementById('lost').hidden")
        assert visit.browser.value("document.getElementById('gone').hidden")

        ana.post("/leave", {"csrfmiddlewaretoken": ana.cookies["__Host-csrf"]})
        visit.until("!document.getElementById('gone').hidden")
        assert visit.browser.value("document.getElementById('lost').hidden")
    finally:
        visit.browser.close()
