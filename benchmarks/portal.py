"""The portal under load on loopback: the gated page, registrations, and solves that are and are not in the cache.

Run: `.venv/bin/python -m benchmarks.portal [SECONDS]` (10 s a case, 32 connections). A server of its own on loopback; clients
are on the same machine and take their share of it, so the processor time a request is told beside the rate. Prints one JSON.
Goals (PORTAL-STACK section 10, a calm machine): page 500 a second, at most 2.2 ms each; cached solves 400 a second, others 60;
200 registrations a second, p99 below 250 ms, acknowledged equals stored.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from pathlib import Path

from benchmarks.room import TOKEN, Client, memory, prepared, used
from tests.system.portal import Answer, Portal, serving

CONNECTIONS = 32
PEOPLE, A_WEBINAR, AN_ADDRESS = 250, 250, 8
"""Attendees, and registrations that stay below the limits of a webinar and of an address."""
CASES = ("today", "wider", "lifted")


async def load(portal: Portal, jobs: Iterator[Callable[[], Awaitable[object]]], seconds: float) -> dict[str, float]:
    """Requests by `CONNECTIONS` clients at once for some seconds: rate, times, and processor time of the serving process."""
    times: list[float] = []
    began, cpu = time.monotonic(), used(portal)

    async def work() -> None:
        for job in jobs:
            at = time.monotonic()
            await job()
            times.append(time.monotonic() - at)
            if time.monotonic() - began > seconds:
                return

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    spent = time.monotonic() - began
    return {
        "requests": len(times),
        "per_second": round(len(times) / spent, 1),
        "p50": round(statistics.median(times), 4),
        "p99": round(statistics.quantiles(times, n=100)[98], 4),
        "cpu_ms": round(1000 * (used(portal) - cpu) / len(times), 2),
    }


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


async def registrations(portal: Portal, seconds: float) -> dict[str, float]:
    """Forms that were loaded before, posted by visitors of many addresses to many webinars."""
    most = int(400 * seconds)
    pages = webinars(portal, most // A_WEBINAR + 1)
    clients = [Client(portal, "", number) for number in range(most // AN_ADDRESS + 1)]
    forms = [form(await client.ask("GET", pages[0]), f"{pages[0]}register") for client in clients]
    await asyncio.sleep(2.1)  # a form that is sent sooner is taken for a robot's
    acknowledged = 0

    async def register(number: int) -> None:
        nonlocal acknowledged
        client, page = clients[number // AN_ADDRESS], pages[number // A_WEBINAR]
        errors = len(client.errors)
        fields = {**forms[number // AN_ADDRESS], "name": "Ana Lima", "email": f"load{number}@example.com"}
        await client.ask("POST", f"{page}register", fields)
        acknowledged += len(client.errors) == errors

    found = await load(portal, (lambda n=n: register(n) for n in range(most)), seconds)
    errors = sum(len(client.errors) for client in clients)
    return {**found, "acknowledged": acknowledged, "stored": stored(portal), "errors": errors}


def form(page: str, action: str) -> dict[str, str]:
    """Fields of a form of a page."""
    return Answer(200, HTTPMessage(), page.encode(), action).form(action)


async def room(portal: Portal, links: list[str], seconds: float) -> dict[str, object]:
    """The gated page, one question over and over, and questions that nobody asked before."""
    clients = [Client(portal, link, number) for number, link in enumerate(links)]
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

    async def case(ask: Callable[..., Awaitable[object]], numbers: Iterator[object]) -> dict[str, object]:
        for client in clients:
            client.errors.clear()
        found = await load(portal, (lambda one=one: ask(one) for one in numbers), seconds)
        return {**found, "errors": dict(Counter(error for client in clients for error in client.errors))}

    every = itertools.count()
    asked = ((next(every), *at) for at in grid)
    await solve(0, cap=60)
    return {
        "gated_page": await case(lambda n: clients[n % len(clients)].ask("GET", "/room/"), every),
        "solve_cached": await case(lambda n: solve(n, cap=60), every),
        "solve_moving": await case(lambda at: solve(at[0], scenario=at[1], cap=at[2], budget=at[3], moving="on"), asked),
        "solve_whole_lots": await case(lambda at: solve(at[0], scenario=at[1], cap=at[2], budget=at[3]), asked),
    }


def main() -> None:
    seconds = float((*sys.argv[1:], "10")[0])
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as portal:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        portal.create("Gallium", starts, "--zone", "UTC", "--capacity", "100000")
        portal.start()
        inside = asyncio.run(room(portal, prepared(portal, PEOPLE), seconds))
        signed = asyncio.run(registrations(portal, seconds))
        print(json.dumps({**inside, "registrations": signed, "memory_mb": round(memory(portal), 1)}, indent=1))


if __name__ == "__main__":
    main()
