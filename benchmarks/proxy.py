"""The portal behind nginx: joins, idle streams, and a restart of both in the middle of a room.

Run: `.venv/bin/python -m benchmarks.proxy joins|idle|restart [PEOPLE]` (1,000, 1,334 with three streams each, 300). The
settings of nginx are those of docs/portal.md, without TLS. Clients are on the same machine and take their share of it; those of
`restart` come back as the page's script does, and one page in Chromium beside them is that script. Prints one JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import room
from benchmarks.room import Client, memory, prepared, used
from tests.system.browser import Browser
from tests.system.portal import Portal, free_port, serving

CONFIGURATION = """
daemon off; worker_processes 1; worker_rlimit_nofile 40000; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Host $host:{port};
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_buffering off;
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
  }}
}}
"""
STREAMS = 3
"""Of one attendee."""
IDLE_SECONDS = 60
FIRST, LONGEST = 1.0, 30.0
"""Seconds before a page tries again, doubled up to the most, as in live.js."""
AWAY = 2.0
"""Seconds between the end of a server and its start."""


class Nginx:
    """nginx on a port of its own, before a portal."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.port, self.file = free_port(), folder / "nginx.conf"
        self.file.write_text(CONFIGURATION.format(folder=folder, port=self.port, upstream=upstream))
        self.start()

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(["nginx", "-c", str(self.file)])

    def stop(self) -> None:
        """End it with every connection."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


@contextlib.contextmanager
def behind(people: int) -> Iterator[tuple[Portal, Nginx, str]]:
    """A portal that serves behind nginx, and the page of its webinar."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        work = Path(folder) / "work"
        work.mkdir()
        port = free_port()
        nginx = Nginx(Path(folder), port)
        proxied = f"http://127.0.0.1:{nginx.port}"
        given = {"TOOLKIT_WEB_BASE_URL": proxied, "TOOLKIT_WEB_TRUSTED_PROXY": "127.0.0.1/32", "TOOLKIT_WEB_PORT": str(port)}
        try:
            with serving(work, **given) as portal:
                portal.base, portal.port = proxied, nginx.port
                starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
                page = portal.create("Gallium", starts, "--zone", "UTC", "--capacity", str(people), "--minutes", "600")
                portal.start()
                yield portal, nginx, page
        finally:
            nginx.stop()


class Page(Client):
    """An attendee whose streams come back."""

    def __init__(self, portal: Portal, link: str, number: int) -> None:
        super().__init__(portal, link, number)
        self.heard, self.opened, self.ended = 0.0, 0, 0

    async def follow(self) -> None:
        """Read the stream for ever, with the waits of live.js between two tries."""
        tries, chance = 0, random.Random(self.address)
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
                writer.write(self._head("GET", "/room/live", 0))
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 200 " in head.split(b"\r\n")[0]:
                    self.opened, tries = self.opened + 1, 0
                    while (part := await reader.read(1 << 16)) and not part.endswith(
                        b"0\r\n\r\n"
                    ):  # nginx keeps the connection
                        self.heard = time.monotonic()
                elif b"portal-answer" in head.lower() and b" 503 " not in head:
                    self.ended += 1
                    return
                writer.close()
            await asyncio.sleep(min(LONGEST, FIRST * 2**tries) * (0.5 + chance.random() / 2))
            tries += 1


async def entered(portal: Portal, links: list[str], seconds: float) -> list[Page]:
    """Attendees in the room."""
    pages = [Page(portal, link, number) for number, link in enumerate(links)]

    async def come(one: Page, at: float) -> None:
        await asyncio.sleep(at)
        await one.enter()

    await asyncio.gather(*(come(one, seconds * number / len(links)) for number, one in enumerate(pages)))
    return pages


async def idle(portal: Portal, people: int) -> dict[str, object]:
    """Streams that nothing happens in, three of each attendee."""
    pages = await entered(portal, prepared(portal, people), people / 15)
    before, began = memory(portal), time.monotonic()
    tasks = []
    for _ in range(STREAMS):
        for one in pages:
            stream = Page(portal, one.link, 0)
            stream.address, stream.cookies = one.address, one.cookies
            tasks.append((stream, asyncio.create_task(stream.follow())))
            await asyncio.sleep(0.005)
    took, cpu = time.monotonic() - began, used(portal)
    await asyncio.sleep(IDLE_SECONDS)
    now = time.monotonic()
    found = {
        "streams": len(tasks),
        "alive": sum(now - stream.heard < 20 for stream, _ in tasks),
        "opened_again": sum(max(0, stream.opened - 1) for stream, _ in tasks),
        "opened_in_seconds": round(took, 1),
        "errors": sorted({error for one in pages for error in one.errors})[:5],
        "memory_mb": [round(before), round(memory(portal))],
        "idle_cpu_percent": round(100 * (used(portal) - cpu) / IDLE_SECONDS, 1),
    }
    for _, task in tasks:
        task.cancel()
    found["stop_seconds"] = round(await asyncio.to_thread(portal.stop), 2)
    return found


async def restart(portal: Portal, nginx: Nginx, people: int) -> dict[str, object]:
    """Seconds until every page is back after a restart of the portal, and of nginx."""
    links = prepared(portal, people + 1)
    pages = await entered(portal, links[:people], people / 15)
    browser = Browser()
    await asyncio.to_thread(_open, browser, portal, links[people])
    tasks = [asyncio.create_task(one.follow()) for one in pages]
    await _all_back(pages, 0.0)
    found: dict[str, object] = {"people": people}
    for name, end, begin in (("portal", portal.stop, portal.start), ("nginx", nginx.stop, nginx.start)):
        await asyncio.to_thread(end)
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(begin)
        began = time.monotonic()
        found[name] = {
            "back_after": await _all_back(pages, began),
            "chromium_after": await asyncio.to_thread(_seen, browser, began),
        }
    found["false_ends"] = sum(one.ended for one in pages)
    for task in tasks:
        task.cancel()
    browser.close()
    return found


async def _all_back(pages: list[Page], since: float) -> float | None:
    """Seconds until each page has heard something since a moment; None where one has not in a minute."""
    began = time.monotonic()
    while any(one.heard <= since for one in pages):
        if time.monotonic() - began > 60:
            return None
        await asyncio.sleep(0.1)
    return round(max(one.heard for one in pages) - since, 1) if since else 0.0


def _open(browser: Browser, portal: Portal, link: str) -> None:
    """A page of the room in a real browser."""
    browser.open(f"{portal.base}{link}", 1280)  # type: ignore[arg-type]
    browser.value("document.querySelector('main form').submit(); 0")
    while not browser.value("Boolean(document.getElementById('live'))"):
        time.sleep(0.5)
        browser.value("document.getElementById('main') && location.reload(); 0")
        time.sleep(1.5)


def _seen(browser: Browser, since: float) -> float | None:
    """Seconds until the page says nothing of a lost connection, and that it has not ended."""
    while browser.value("!document.getElementById('lost').hidden"):
        if time.monotonic() - since > 60:
            return None
        time.sleep(0.2)
    return None if browser.value("!document.getElementById('gone').hidden") else round(time.monotonic() - since, 1)


def main() -> None:
    """Print what was measured."""
    what, people = sys.argv[1], int((*sys.argv[2:], {"joins": 1000, "idle": 1334, "restart": 300}[sys.argv[1]])[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 40_000)), hard))
    with behind(people + 1) as (portal, nginx, page):
        if what == "joins":
            links = prepared(portal, people)
            host, path = room.presenter(portal, page)
            found = asyncio.run(room.run(portal, links, 60, host, path))
        else:
            found = asyncio.run(idle(portal, people) if what == "idle" else restart(portal, nginx, people))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
