"""A small HTTP server on this machine that plays recorded payloads, and misbehaves where it is told to.

It stands for every source: ``https://host/path`` of a source is ``/host/path`` here, which is what `Client.mirror` asks for.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: path with the host of the source, query or form, headers in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    moment: float


@dataclass(frozen=True)
class Answer:
    """What is sent: `drip` seconds between bytes of the body, or of the headers; `cut` after that many bytes, connection closed.

    Without `length` the end of the connection is that of the body.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    drip_headers: bool = False
    cut: int | None = None
    length: bool = True


def as_json(value: Any, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), headers={"Content-Type": "application/json"}, **more)


def as_html(text: str = "<!doctype html><html><body>Please wait</body></html>", **more: Any) -> Answer:
    return Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8"}, **more)


Route = Answer | Callable[[Asked], Answer] | list[Any]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed has closed its connection: nothing to report."""


class Loopback:
    """Routes by the beginning of the path, the longest first; a list answers one after the other and keeps its last."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self._server = _Quiet(("127.0.0.1", 0), self._handler())
        self._stopped = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    @contextlib.contextmanager
    def running(self) -> Iterator[Loopback]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _answer(self, asked: Asked) -> Answer:
        fitting = [route for route in self.routes if asked.path.startswith(route)]
        if not fitting:
            return Answer(b"no such route", status=404)
        route = self.routes[max(fitting, key=len)]
        if isinstance(route, list):
            route = route.pop(0) if len(route) > 1 else route[0]
        return route if isinstance(route, Answer) else route(asked)

    def _handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                url = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                sent = url.query or self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, url.path, dict(parse_qsl(sent, keep_blank_values=True)), headers, time.monotonic())
                loopback.asked.append(asked)
                answer = loopback._answer(asked)
                if answer.drip_headers:
                    with contextlib.suppress(OSError):
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                        while not loopback._stopped.wait(answer.drip):
                            self.wfile.write(b"x")
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                if "Date" not in answer.headers:
                    self.send_header("Date", self.date_time_string())
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.length:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command == "HEAD":
                    return
                body = answer.body if answer.cut is None else answer.body[: answer.cut]
                with contextlib.suppress(OSError):  # the client may have gone
                    for part in [body] if not answer.drip else [body[i : i + 1] for i in range(len(body))]:
                        self.wfile.write(part)
                        self.wfile.flush()
                        if answer.drip and loopback._stopped.wait(answer.drip):
                            break
                if answer.cut is not None or not answer.length:
                    self.close_connection = True

            do_GET = do_POST = do_HEAD = _serve

        return Handler
