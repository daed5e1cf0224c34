"""The portal as one ASGI application, and what starts and stops with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from toolkit.web.asgi.deadline import REQUEST_SECONDS
from toolkit.web.asgi.pace import Pace
from toolkit.web.asgi.pages import Pages
from toolkit.web.asgi.whole import Receive, Scope, Send, Whole, refuse
from toolkit.web.config import WebConfig
from toolkit.web.settings import BODY, UPLOAD


class Portal:
    """Pages, with services that start before the first request and stop after the last.

    Args:
        config: Of this portal.
        start: Called in order.
        stop: Called in order once no request is open.
    """

    def __init__(self, config: WebConfig, start: Sequence[Callable[[], None]], stop: Sequence[Callable[[], None]]) -> None:
        self._pages = Pages(config.threads)
        self._pace = Pace(frozenset({"/room/solve"}))
        self._whole = Whole(
            self._paced, {config.hostname}, limit=BODY, upload=UPLOAD, seconds=REQUEST_SECONDS, proxies=config.trusted_proxy
        )
        self._start, self._stop = start, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._whole(scope, receive, send)

    async def _paced(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """A page, in its turn."""
        if await self._pace.kept(scope):
            await self._pages(scope, body, receive, send)
        else:
            await refuse(send, 429, (b"retry-after", b"1"))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for start in self._start:
            start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._pages.close()
        for stop in self._stop:
            stop()
        await send({"type": "lifespan.shutdown.complete"})
