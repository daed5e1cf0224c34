"""The demo beside hostile sessions: what good visitors wait while some ask as fast as they are let.

Run: `.venv/bin/python -m benchmarks.hostile [SECONDS GOOD HOSTILE...]` (120 s, 100, and 0 1 3 30), with SQLite and, where its
programs are installed, with PostgreSQL. A server of its own on
loopback; the clients are on the same machine and take their share of it. A good visitor moves one slider to another place and
waits for whole lots, each half a minute on average (variable `PAUSE`); a hostile one has two tabs that ask for another
position as soon as they are answered or refused. Prints a table: goal 1 s in the middle and 3 s at the 99th of 100 for the
first answer, in divisible amounts.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.portal import Kept, form
from benchmarks.room import TOKEN, prepared, used
from tests.system.portal import Portal, postgresql_server, serving

PAUSE, TABS, HALF = float(os.environ.get("PAUSE", "30")), 2, 0.5
LOADING = 25.0
"""Seconds after which every process of the demo has loaded."""
CHOICES = {
    "budget": range(10_000, 510_000, 10_000),
    "aversion": [0.5 * n for n in range(1, 41)],
    "cap": range(25, 101),
    "scenario": ["today", "wider", "lifted"],
}
START = {"budget": 100_000, "aversion": 3.0, "cap": 50, "scenario": "today"}


class Asker(Kept):
    """A visitor of the room; how often each status came is counted."""

    def __init__(self, portal: Portal, link: str, number: int) -> None:
        super().__init__(portal, link, number)
        self.random, self.at, self.fields, self.statuses = random.Random(number), dict(START), {}, Counter[str]()

    async def come(self) -> None:
        """From the link to the form of the demo."""
        await self.enter()
        while (found := TOKEN.search(page := await self.ask("GET", "/room/"))) is None or 'action="/room/solve"' not in page:
            await asyncio.sleep(0.5)  # the demo loads
        self.fields = {**form(page, "/room/solve"), "csrfmiddlewaretoken": found[1]}

    async def solve(self, **more: str) -> str:
        """Status of the answer at the present position."""
        before = len(self.errors)
        asked = {name: str(value) for name, value in self.at.items()}
        await self.ask("POST", "/room/solve", {**self.fields, **asked, **more})
        status = self.errors.pop().split()[-1] if len(self.errors) > before else "200"
        self.statuses[status] += 1
        return status

    async def explore(self, until: float, first: list[float], whole: list[float]) -> None:
        """One slider after another, as a person does: the page asks for divisible amounts and then for whole lots."""
        while (pause := self.random.expovariate(1 / PAUSE)) + time.monotonic() < until:
            await asyncio.sleep(pause)
            slider = self.random.choice([*CHOICES])
            self.at[slider] = self.random.choice(CHOICES[slider])
            began = time.monotonic()
            for more, waits in (({"moving": "on"}, first), ({}, whole)):
                while await self.solve(**more) != "200":
                    await asyncio.sleep(0.5)
                waits.append(time.monotonic() - began)

    async def attack(self, until: float) -> None:
        """As fast as it goes."""
        while time.monotonic() < until:
            self.at = {slider: self.random.choice(values) for slider, values in CHOICES.items()}
            more = {"moving": "on"} if self.random.random() < HALF else {}
            await asyncio.sleep(0.05 if await self.solve(**more) == "429" else 0)


def demo_seconds(portal: Portal) -> float:
    """Seconds of processors that the processes of the demo have had."""
    assert portal.process is not None
    tasks = Path(f"/proc/{portal.process.pid}/task").glob("*/children")
    pids = {pid for children in tasks for pid in children.read_text("ascii").split()}
    stats = [Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split() for pid in pids]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / 100


async def beside(portal: Portal, good: list[Asker], hostile: list[list[Asker]], seconds: float) -> str:
    """The row of the table for some hostile sessions, each with its tabs."""
    waits: tuple[list[float], list[float]] = [], []
    for one in [*good, *(tab for tabs in hostile for tab in tabs)]:
        one.statuses.clear()
    until, cpu, demo = time.monotonic() + seconds, used(portal), demo_seconds(portal)
    explorers = (one.explore(until, *waits) for one in good)
    await asyncio.gather(*explorers, *(tab.attack(until) for tabs in hostile for tab in tabs))
    mine = sum((one.statuses for one in good), Counter[str]())
    theirs = sum((tab.statuses for tabs in hostile for tab in tabs), Counter[str]())
    told = [
        f"{statistics.median(each):.2f} s | {statistics.quantiles(each, n=100)[98]:.2f} s | {max(each):.2f} s" for each in waits
    ]
    shares = f"{(used(portal) - cpu) / seconds:.2f} | {(demo_seconds(portal) - demo) / seconds:.2f}"
    return (
        f"| {len(hostile)} | {len(waits[1]):,} | {' | '.join(told)} "
        f"| {mine['503']:,} | {theirs['200']:,} | {theirs.total() - theirs['200']:,} | {shares} |"
    )


async def run(portal: Portal, links: list[str], seconds: float, good: int, hostile: list[int]) -> list[str]:
    """A row for each number of hostile sessions."""
    visitors = [Asker(portal, link, number) for number, link in enumerate(links)]
    for one in visitors:
        await one.come()
    await asyncio.sleep(LOADING)
    attackers = [[one, *(_tab(portal, one, good + k) for k in range(1, TABS))] for one in visitors[good:]]
    return [await beside(portal, visitors[:good], attackers[:some], seconds) for some in hostile]


def _tab(portal: Portal, one: Asker, number: int) -> Asker:
    """Another tab of a session."""
    tab = Asker(portal, one.link, number)
    tab.address, tab.cookies, tab.fields = one.address, one.cookies, one.fields
    tab.random = random.Random(f"{one.link} {number}")
    return tab


def rows(address: str | None, seconds: float, good: int, hostile: list[int]) -> list[str]:
    """Of a portal with a database of PostgreSQL, or with SQLite's file."""
    more = {} if address is None else {"TOOLKIT_WEB_DATABASE_URL": address}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), processes=None, **more) as portal:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        portal.create("Gallium", starts, "--zone", "UTC", "--capacity", "1000", "--minutes", "600")
        portal.start()
        found = asyncio.run(run(portal, prepared(portal, good + max(hostile)), seconds, good, hostile))
    return [f"| {'SQLite' if address is None else 'PostgreSQL'} {row}" for row in found]


def main() -> None:
    """Print the table."""
    seconds, good, *hostile = (int(word) for word in sys.argv[1:] or ("120", "100", "0", "1", "3", "30"))
    busy = os.getloadavg()[0]
    with postgresql_server() as server:
        table = [row for address in dict.fromkeys((None, server)) for row in rows(address, seconds, good, hostile)]
    print(
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {busy:.1f} other processes at work beside the "
        f"clients: {good} good visitors, {seconds} s a row.\n\n"
        "| Database | Hostile | Steps | First answer, middle | 99 of 100 | Longest "
        "| Whole lots, middle | 99 of 100 | Longest | Busy | Answers to the hostile | Refused to them "
        "| Cores of the server | Cores of the demo |\n"
        "|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    print("\n".join(table))


if __name__ == "__main__":
    main()
