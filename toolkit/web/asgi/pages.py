"""Pages of Django's synchronous stack, in threads that keep their database connection.

Django's own ASGI handler makes a thread for each request and costs three times as much (PORTAL-STACK sections 1 and 7).
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from toolkit.web.asgi.later import Begun, Later
from toolkit.web.asgi.later import begun as of_request
from toolkit.web.asgi.whole import Receive, Scope, Send, refuse
from toolkit.web.writing import Busy

Stream = Callable[[Receive, Send], Awaitable[None]]
Made = tuple[int, list[tuple[bytes, bytes]], bytes, Any]
"""Status, headers and content of a page, and Django's response."""
REQUESTS_WAITING = 2048
"""Requests that may wait for a thread."""
TURN_SECONDS = 10.0
"""Seconds that each of them waits at most."""
CLOSING = 5.0
"""Seconds that threads have to close their connections."""


class Pages:
    """Pages by a pool of threads.

    Args:
        threads: Pages that are made at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._django = WSGIHandler()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._turns, self._open = asyncio.Semaphore(threads), 0

    async def __call__(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """One page; 503 where too many wait. An answer with a `stream` goes on in the loop and holds no thread.

        Neither does one that is `Later`: the page is made again with what it waited for.

        Args:
            scope: Of the request.
            body: The whole of it.
            receive: Tells when the visitor goes.
            send: Takes the answer.
        """
        begun = Begun()
        try:
            while True:
                status, headers, content, response = await self._made(environ(scope, body), begun)
                later: Later | None = getattr(response, "later", None)
                if later is None or later.key in begun.answers:
                    break
                answered = asyncio.wrap_future(later.future)
                answered.add_done_callback(lambda done: done.cancelled() or done.exception())  # the page raises it
                await asyncio.wait([answered], timeout=later.seconds)
                later.future.cancel()  # unless it is there
                begun.answers[later.key] = later.future
        except (Busy, TimeoutError):
            await refuse(send, 503, (b"retry-after", b"2"))
            return
        stream: Stream | None = getattr(response, "stream", None)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if stream is not None and scope["method"] == "GET":
            await stream(receive, send)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    async def _made(self, request: dict[str, Any], begun: Begun) -> Made:
        """The page by the next thread that is free; `Busy` or `TimeoutError` where there is none."""
        if self._open >= REQUESTS_WAITING:
            raise Busy
        self._open += 1
        try:
            await asyncio.wait_for(self._turns.acquire(), TURN_SECONDS)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, self._page, request, begun)
            finally:
                self._turns.release()
        finally:
            self._open -= 1

    def _page(self, request: dict[str, Any], begun: Begun) -> Made:
        of_request.set(begun)
        started: list[tuple[int, list[tuple[bytes, bytes]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Callable[[bytes], object]:
            encoded = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
            started.append((int(status[:3]), encoded))
            return io.BytesIO().write  # Django never calls it

        response = self._django(request, start)
        try:
            content = b"".join(response)
        finally:
            response.close()
        status, headers = started[0]
        if getattr(response, "stream", None) is None and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(content)).encode()))
        return status, headers, content, response

    def close(self) -> None:
        """Finish what is being made, and close the connection of each thread."""
        together = threading.Barrier(self._threads)

        def end() -> None:
            connections.close_all()
            together.wait(CLOSING)

        ends = [self._pool.submit(end) for _ in range(self._threads)]
        self._pool.shutdown()
        for ended in ends:
            ended.result()


def environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """A request of ASGI as one of WSGI."""
    server, client = scope.get("server") or ("", 0), scope.get("client") or ("", 0)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"].partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "CONTENT_LENGTH": str(len(body)),
        "portal.refused": scope.get("portal.refused"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name or name == b"content-length":  # `x_real` would be taken for `x-real`
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        between = ";" if key == "HTTP_COOKIE" else ","
        text = value.decode("latin-1")
        found[key] = f"{found[key]}{between}{text}" if key in found else text
    return found
