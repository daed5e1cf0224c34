"""A loopback server, and clients that ask it in the place of every source."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tests.loopback import Loopback
from toolkit.market.sources.client import Budget, Client, Pace

TODAY = date(2026, 11, 26)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback().running() as running:
        yield running


@pytest.fixture
def client(server: Loopback) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(budget: Budget | None = None, **more) -> Client:
        pace = more.pop("pace", Pace(deadline=2.0, attempts=3, backoff=0.01))
        made.append(Client(budget or Budget(1000, 1.0), more.pop("today", TODAY), pace, mirror=server.address, **more))
        return made[-1]

    yield make
    for one in made:
        one.stop.set()
        one.close()
