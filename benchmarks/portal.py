"""The portal under load on loopback: the gated page, registrations, and solves that are and are not in the cache.

Run: `.venv/bin/python -m benchmarks.portal [SECONDS]` (10 s a case, 32 connections). A server of its own on loopback; clients
are on the same machine and take their share of it, so the processor time a request is told beside the rate. Prints a table.
Registrations come twice: by clients of whom each sends the next when it is answered, and as 200 a second that wait for nobody,
each timed from the moment it was due. Goals on a calm machine: a gated page 500 times a second, at most 2.2 ms each; cached
solves 400 a second, others 60; 200 registrations a second, p99 below 250 ms, acknowledged equals stored.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from pathlib import Path

from benchmarks.room import TOKEN, Client, memory, prepared, used
from tests.system.portal import Answer, Portal, serving

CONNECTIONS = 32
PEOPLE, A_WEBINAR, AN_ADDRESS = 250, 250, 8
"""Attendees, and registrations that stay below the limits of a webinar and of an address."""
OFFERED = 200
"""Registrations a second that come whatever the answers."""
CASES = ("today", "wider", "lifted")


class Kept(Client):
    """An attendee whose connection stays open between requests, as a browser's does."""

    stream_of: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __init__(self, portal: Portal, link: str, number: int) -> None:
        super().__init__(portal, link, number)
        self.one_at_a_time = asyncio.Lock()

    async def exchange(self, request: bytes) -> str:
        """The answer over the open connection, or over a new one where the server has closed it."""
        async with self.one_at_a_time:
            return await self._exchange(request)

    async def _exchange(self, request: bytes) -> str:
        for _ in range(2):
            if self.stream_of is None:
                self.stream_of = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
            reader, writer = self.stream_of
            try:
                writer.write(request.replace(b"Connection: close\r\n", b""))
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                return (head + await reader.readexactly(int(length[1]) if length else 0)).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.stream_of = None
        raise ConnectionError(self.address)


@dataclass(frozen=True)
class Load:
    """What a case gave: requests answered, refused (503) and failed, seconds, times of answers, processor ms of each."""

    name: str
    answered: int
    busy: int
    failed: int
    seconds: float
    times: list[float]
    cpu_ms: float

    @property
    def row(self) -> str:
        """Its row of the table."""
        middle, late = statistics.median(self.times), statistics.quantiles(self.times, n=100)[98]
        times = f"{1000 * middle:.0f} ms | {1000 * late:.0f} ms | {self.cpu_ms:.1f} ms"
        return f"| {self.name} | {self.answered / self.seconds:,.0f} a second | {times} | {self.busy:,} | {self.failed:,} |"


async def load(
    portal: Portal,
    name: str,
    clients: Sequence[Client],
    jobs: Iterator[Callable[[], Awaitable[object]]],
    seconds: float,
    offered: int = 0,
) -> Load:
    """Requests for some seconds: rate, times, and processor time of the serving process.

    Args:
        portal: That serves.
        name: Of the row.
        clients: Whose errors count.
        jobs: Requests.
        seconds: That they last.
        offered: Requests a second that start when they are due; 0: `CONNECTIONS` clients, each as it is answered.
    """
    times: list[float] = []
    for client in clients:
        client.errors.clear()
    began, cpu = time.monotonic(), used(portal)

    async def work() -> None:
        for job in jobs:
            at = time.monotonic()
            await job()
            times.append(time.monotonic() - at)
            if time.monotonic() - began > seconds:
                return

    async def due(job: Callable[[], Awaitable[object]], at: float) -> None:
        await asyncio.sleep(at - time.monotonic())
        await job()
        times.append(time.monotonic() - at)

    if offered:
        dues = (began + number / offered for number in range(int(offered * seconds)))
        await asyncio.gather(*(due(job, at) for at, job in zip(dues, jobs, strict=False)))
    else:
        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    spent, worked = time.monotonic() - began, used(portal) - cpu
    errors = [error for client in clients for error in client.errors]
    busy = sum(error.endswith("503") for error in errors)
    answered = len(times) - len(errors)
    return Load(name, answered, busy, len(errors) - busy, spent, times, 1000 * worked / len(times))


def webinars(portal: Portal, count: int) -> list[str]:
    """Addresses of copies of the webinar: each takes as many registrations as its limit allows."""
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    database.row_factory = sqlite3.Row
    (first,) = database.execute("SELECT * FROM web_webinar LIMIT 1")
    slugs = [f"load-{number}" for number in range(count)]
    names = [name for name in first.keys() if name != "id"]  # noqa: SIM118  (of a row, not of a mapping)
    database.executemany(
        f"INSERT INTO web_webinar ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [tuple(slug if name == "slug" else first[name] for name in names) for slug in slugs],
    )
    database.commit()
    database.close()
    return [f"/w/{slug}/" for slug in slugs]


def stored(portal: Portal) -> int:
    """Registrations of the load in the database."""
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    ((count,),) = database.execute("SELECT count(*) FROM web_registration WHERE email LIKE 'load%'")
    database.close()
    return int(count)


async def registrations(portal: Portal, seconds: float) -> list[Load]:
    """Forms that were loaded before, posted by visitors of many addresses to many webinars; as many are stored as answered."""
    most = int((400 + OFFERED) * seconds)
    pages = webinars(portal, most // A_WEBINAR + 1)
    clients = [Kept(portal, "", number) for number in range(most // AN_ADDRESS + 1)]
    forms = [form(await client.ask("GET", pages[0]), f"{pages[0]}register") for client in clients]
    await asyncio.sleep(2.1)  # a form that is sent sooner is taken for a robot's

    async def register(number: int) -> None:
        client, page = clients[number % len(clients)], pages[number // A_WEBINAR]
        fields = {**forms[number % len(clients)], "name": "Ana Lima", "email": f"load{number}@example.com"}
        await client.ask("POST", f"{page}register", fields)

    jobs = (lambda n=n: register(n) for n in range(most))
    found = [
        await load(portal, "registration", clients, jobs, seconds),
        await load(portal, f"registration, {OFFERED} a second offered", clients, jobs, seconds, OFFERED),
    ]
    answered = sum(one.answered for one in found)
    if answered != stored(portal):
        raise SystemExit(f"{answered} registrations were acknowledged, {stored(portal)} are stored")
    return found


def form(page: str, action: str) -> dict[str, str]:
    """Fields of a form of a page."""
    return Answer(200, HTTPMessage(), page.encode(), action).form(action)


def starting(portal: Portal, minutes: int) -> None:
    """Move the start of every webinar to so many minutes from now."""
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    moment = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(sep=" ")[:26]
    database.execute("UPDATE web_webinar SET starts = ?", (moment,))
    database.commit()
    database.close()


async def room(portal: Portal, links: list[str], seconds: float) -> list[Load]:
    """The waiting room, the room, one question over and over, and questions that nobody asked before."""
    clients = [Kept(portal, link, number) for number, link in enumerate(links)]
    await clients[0].enter()
    while 'action="/room/solve"' not in (page := await clients[0].ask("GET", "/room/")):
        await asyncio.sleep(0.5)  # the process of the demo loads
    clients[0].errors.clear()
    for client in clients[1:]:
        await client.enter()
    tokens = [found[1] for client in clients if (found := TOKEN.search(await client.ask("GET", "/room/")))]
    start = {"budget": "100000", "aversion": "6", "scenario": "today"}
    fields = form(page, "/room/solve") | start
    grid = itertools.product(CASES, range(40, 100), range(20_000, 500_000, 10_000))

    async def solve(number: int, **more: object) -> None:
        at = number % len(clients)
        asked = {name: str(value) for name, value in more.items()}
        await clients[at].ask("POST", "/room/solve", {**fields, "csrfmiddlewaretoken": tokens[at], **asked})

    async def case(name: str, ask: Callable[..., Awaitable[object]], numbers: Iterator[object]) -> Load:
        return await load(portal, name, clients, (lambda one=one: ask(one) for one in numbers), seconds)

    async def page_of(number: int) -> None:
        await clients[number % len(clients)].ask("GET", "/room/")

    every = itertools.count()
    asked = ((next(every), *at) for at in grid)
    starting(portal, 60)
    waiting = await case("waiting room", page_of, every)
    starting(portal, -2)
    await solve(0, cap=60)
    return [
        waiting,
        await case("room, with the demo's answer", page_of, every),
        await case("answer that is known", lambda n: solve(n, cap=60), every),
        await case(
            "answer while a slider moves", lambda at: solve(at[0], scenario=at[1], cap=at[2], budget=at[3], moving="on"), asked
        ),
        await case("answer in whole lots", lambda at: solve(at[0], scenario=at[1], cap=at[2], budget=at[3]), asked),
    ]


def main() -> None:
    """Print the table, and below it the memory of the server."""
    seconds, busy = float((*sys.argv[1:], "10")[0]), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as portal:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        portal.create("Gallium", starts, "--zone", "UTC", "--capacity", "100000")
        portal.start()
        cases = [*asyncio.run(room(portal, prepared(portal, PEOPLE), seconds)), *asyncio.run(registrations(portal, seconds))]
        print(
            f"Measured on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {busy:.1f} other processes at work beside "
            f"the clients: SQLite, {CONNECTIONS} connections, {seconds:g} s a row; the server ends with {memory(portal):.0f} "
            "MB.\n\n"
            "| Request | Answered | Middle | 99 of 100 | Processor | Busy (503) | Failed |\n|---|--:|--:|--:|--:|--:|--:|"
        )
        print("\n".join(one.row for one in cases))


if __name__ == "__main__":
    main()
