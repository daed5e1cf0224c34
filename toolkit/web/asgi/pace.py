"""Requests of a visitor that come faster than a person makes them wait, before a page is begun for them."""

from __future__ import annotations

import asyncio
import re
import time

from toolkit.web.asgi.whole import Scope

BURST, A_SECOND = 24.0, 1.0
"""Requests of a session at once, and how many more a second: a slider that is pulled asks six times a second."""
WAITING = 4
"""Requests of a session that wait for their turn."""
REFUSED_SECONDS = 1.0
"""Seconds after which who sends more is refused, not to ask again at once."""
SESSION = re.compile(rb"(?:^|;) *(?:__Host-)?session=([^;]*)")
REMEMBERED = 10_000
"""Sessions that are remembered; those that have all their requests left need not be."""


class Pace:
    """A token bucket of each session.

    Args:
        paths: Of the pages that are counted.
    """

    def __init__(self, paths: frozenset[str]) -> None:
        self._paths = paths
        self._left: dict[bytes, tuple[float, float]] = {}

    async def kept(self, scope: Scope) -> bool:
        """Wait for the request's turn; False where too many of its session wait already."""
        if scope["path"] not in self._paths:
            return True
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
        found = SESSION.search(cookies)
        client = scope.get("client") or ("",)
        who, now = found[1] if found else client[0].encode(), time.monotonic()
        left, at = self._left.get(who, (BURST, now))
        left = min(BURST, left + A_SECOND * (now - at)) - 1
        if left < -WAITING * A_SECOND:
            await asyncio.sleep(REFUSED_SECONDS)
            return False
        self._left[who] = left, now
        if len(self._left) > REMEMBERED:
            self._left = {one: (n, then) for one, (n, then) in self._left.items() if n + A_SECOND * (now - then) < BURST}
        if left < 0:
            await asyncio.sleep(-left / A_SECOND)
        return True
