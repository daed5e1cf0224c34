"""A room at size: attendees enter within a time by their links, each opens its stream, and a presenter's steps reach them all.

Run: `.venv/bin/python -m benchmarks.room [PEOPLE] [SECONDS]` (1,000 people, 60 s). A server of its own on loopback; the clients
are on the same machine and take their share of it. Prints one JSON: errors, times of answers, from the first page that has a
step to the 99th of 100, processor time and memory of the server. Goals (PORTAL-STACK section 10): no error, p95 of answers
below 500 ms, 300 ms from the first page to the 99th, memory below 250 MB, a stop with every stream open below 5 s.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from django.core.signing import TimestampSigner

from tests.system.portal import Portal, Visitor, registered, serving

STEPS = 10
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Client:
    """One attendee: a connection for pages, and one for the stream."""

    def __init__(self, portal: Portal, link: str, number: int) -> None:
        self.port, self.link = portal.port, link
        self.origin = f"http://127.0.0.1:{portal.port}"
        self.address = f"127.1.{number // 250}.{1 + number % 250}"  # limits count by address: each has its own
        self.cookies: dict[str, str] = {}
        self.times: list[float] = []
        self.errors: list[str] = []
        self.seen: dict[str, float] = {}

    async def enter(self) -> None:
        """From the link to the room."""
        page = await self.ask("GET", self.link)
        token = TOKEN.search(page)
        if token is None:
            return
        await self.ask("POST", self.link, {"csrfmiddlewaretoken": token[1]})
        room = await self.ask("GET", "/room/")
        if 'id="demo"' not in room:
            self.errors.append("no room")

    async def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> str:
        """The body of an answer; its time is kept."""
        began = time.monotonic()
        body = urlencode(fields).encode() if fields else b""
        head, _, content = (await self.exchange(self._head(method, path, len(body)) + body)).partition("\r\n\r\n")
        self.times.append(time.monotonic() - began)
        if not head.split()[1].startswith(("2", "3")):
            self.errors.append(f"{path.partition('/')[2][:8]} {head.split()[1]}")
        for name, value in re.findall(r"(?im)^set-cookie: ([^=]+)=([^;]*)", head):
            self.cookies[name] = value
        return content

    async def exchange(self, request: bytes) -> str:
        """The answer to one request over a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
        writer.write(request)
        answer = (await reader.read()).decode()
        writer.close()
        return answer

    def _head(self, method: str, path: str, length: int) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n" if length else ""
        close = "" if path == "/room/live" else "Connection: close\r\n"
        close += "HX-Request: true\r\n" if path == "/room/solve" else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {self.origin}\r\nCookie: {cookies}\r\n"
        return f"{head}{close}{form}\r\n".encode()

    async def stream(self) -> None:
        """Read the stream to its end; when each step came is kept."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
        writer.write(self._head("GET", "/room/live", 0))
        while line := await reader.readline():
            if found := re.search(rb'data-cap="([0-9.]+)"', line):
                self.seen.setdefault(found[1].decode(), time.monotonic())
        writer.close()


def prepared(portal: Portal, people: int) -> list[str]:
    """The links of attendees who were written into the database with a seat, as their mails would carry them."""
    key = (portal.work / "portal" / "secret").read_text("ascii").strip()
    signer = TimestampSigner(key=key, salt="web.access", fallback_keys=[])
    return [f"/a/{signer.sign_object([one.hex, 1])}" for one in registered(portal, people)]


def presenter(portal: Portal, page: str) -> tuple[Visitor, str]:
    """A host who is logged in, and the address of the presenter's page, once the demo is ready."""
    link = re.findall(rf"{portal.base}/host/setup/\S+", portal.log.read_text("utf-8"))[-1]
    host, path = portal.visitor(), f"/host/w/{page.strip('/').split('/')[-1]}"
    host.post(link, {**host.get(link).form(), "username": "mara", "password": "correct horse battery"})
    portal.wait_for(lambda: 'id="demo"' in host.get(f"{path}/room").text)
    return host, path


def used(portal: Portal) -> float:
    """Seconds of processors that the serving process has had, without that of the demo."""
    assert portal.process is not None
    fields = Path(f"/proc/{portal.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(portal: Portal) -> float:
    """Megabytes that the serving process has resident."""
    assert portal.process is not None
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{portal.process.pid}/status").read_text("ascii"))[0]) / 1024


async def run(portal: Portal, links: list[str], seconds: float, host: Visitor, path: str) -> dict[str, object]:
    """Everybody enters in turn; then the presenter's steps."""
    fields = host.get(f"{path}/room").form(f"{path}/drive")
    fields = {**fields, "budget": "100000", "aversion": "6", "scenario": "today", "section": "demo", "pointer": ""}

    async def step(cap: int) -> None:
        await asyncio.to_thread(host.post, f"{path}/drive", {**fields, "cap": str(cap)}, follow=False)

    await step(59)
    clients = [Client(portal, link, number) for number, link in enumerate(links)]
    streams: list[asyncio.Task[None]] = []
    began = used(portal)

    async def come(client: Client, at: float) -> None:
        await asyncio.sleep(at)
        await client.enter()
        streams.append(asyncio.create_task(client.stream()))

    await asyncio.gather(*(come(client, seconds * number / len(clients)) for number, client in enumerate(clients)))
    await asyncio.sleep(1)
    entered, spread, reached = used(portal) - began, [], 0
    began = used(portal)
    for number in range(STEPS):
        await step(60 + number)
        await asyncio.sleep(1.5)
        times = [client.seen[str(60 + number)] for client in clients if str(60 + number) in client.seen]
        reached += len(times)
        spread += [each - min(times) for each in times]
    steps = used(portal) - began
    resident = memory(portal)
    stopped = await asyncio.to_thread(portal.stop)
    await asyncio.gather(*streams)
    times = [each for client in clients for each in client.times]
    return {
        "people": len(clients),
        "errors": sorted(error for client in clients for error in client.errors)[:10],
        "answers": len(times),
        "answer_p50": round(statistics.median(times), 4),
        "answer_p95": round(statistics.quantiles(times, n=100)[94], 4),
        "enter_cpu_ms": round(1000 * entered / len(clients), 2),
        "reached": f"{reached} of {STEPS * len(clients)}",
        "first_to_p99_page": round(statistics.quantiles(spread, n=100)[98], 4),
        "step_cpu_ms": round(1000 * steps / STEPS, 1),
        "memory_mb": round(resident, 1),
        "stop_seconds": round(stopped, 2),
        "left_open": open_intervals(portal),
    }


def open_intervals(portal: Portal) -> int:
    """Intervals of attendance that nobody has closed."""
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    ((count,),) = database.execute("SELECT count(*) FROM web_presence WHERE closed IS NULL")
    database.close()
    return count


def main() -> None:
    people, seconds = (int(word) for word in (*sys.argv[1:], *("1000", "60")[len(sys.argv) - 1 :]))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * people + 256)), hard))
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), TOOLKIT_WEB_WALL="60") as portal:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        page = portal.create("Gallium", starts, "--zone", "UTC", "--capacity", str(people))
        portal.start()
        links = prepared(portal, people)
        host, path = presenter(portal, page)
        print(json.dumps(asyncio.run(run(portal, links, seconds, host, path)), indent=1))


if __name__ == "__main__":
    main()
