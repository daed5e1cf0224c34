"""Whole requests: one host, an allowed one, and a body of limited size that is here before a thread is taken."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import ip_network
from typing import Any

import structlog
from django.conf import settings

from toolkit.web.asgi.deadline import CONNECTIONS, Networks, is_in

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Pages = Callable[[Scope, bytes, Receive, Send], Awaitable[None]]

log = structlog.get_logger("portal")
UPLOADS = re.compile(r"/host/w/[a-z0-9_-]+/(brand|handouts|people)")
"""Addresses that take files."""
UPLOADS_AT_ONCE = 8
"""Requests that bring files at once; one address has one of them."""
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


async def refuse(send: Send, status: int, *headers: tuple[bytes, bytes], told: str = "") -> None:
    """A short answer without a page, with a line in the log."""
    log.info("portal.refused", status=status)
    body = (told or str(status)).encode()
    own = [*HEADERS, (b"content-length", str(len(body)).encode()), *headers]
    if seconds := settings.SECURE_HSTS_SECONDS:
        own.append((b"strict-transport-security", f"max-age={seconds}; includeSubDomains".encode()))
    await send({"type": "http.response.start", "status": status, "headers": own})
    await send({"type": "http.response.body", "body": body})


class Whole:
    """The outermost part of the portal.

    Args:
        pages: Gets the scope, the whole body, what comes after it, and where the answer goes.
        hosts: Names that a request may be for.
        limit: Bytes of a body.
        upload: The same of one that brings files.
        seconds: That a body may take.
        proxies: Networks whose word on the visitor's address is taken.
    """

    def __init__(
        self,
        pages: Pages,
        hosts: Collection[str],
        *,
        limit: int,
        upload: int,
        seconds: float,
        proxies: Networks = (),
    ) -> None:
        self._open: Counter[str] = Counter()
        self._uploads: set[str] = set()
        self._pages, self._hosts, self._limit, self._seconds, self._proxies = pages, hosts, limit, seconds, proxies
        self._upload = upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or _hostname(named[0]) not in self._hosts:
            await refuse(send, 400, told=f"400: this portal answers to {', '.join(sorted(self._hosts))} alone\n")
            return
        if {name for name, _ in scope["headers"]} >= {b"content-length", b"transfer-encoding"}:  # a proxy may see another end
            await refuse(send, 400, (b"connection", b"close"))
            return
        address = self._trust(scope)
        kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        if scope["method"] != "POST" or not UPLOADS.fullmatch(scope["path"]):
            if kind.lower().startswith(b"multipart/"):  # no form there brings files
                await refuse(send, 415, (b"connection", b"close"))
                return
            await self._bodied(address, self._limit, scope, receive, send)
        elif address in self._uploads or len(self._uploads) >= UPLOADS_AT_ONCE:
            await self._refused(503, address, scope, receive, send)
        else:
            self._uploads.add(address)
            try:
                await self._bodied(address, self._upload, scope, receive, send)
            finally:
                self._uploads.discard(address)

    async def _bodied(self, address: str, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        """One page, once its body is here."""
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not announced.isdigit() or int(announced[:20]) > limit:
            await self._refused(413, address, scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive, limit)
        except TimeoutError:
            await self._refused(408, address, scope, receive, send)
            return
        if body is None:  # the visitor has gone
            return
        if len(body) > limit:
            await self._refused(413, address, scope, receive, send)
            return
        await self._counted(address, scope, body, receive, send)

    async def _refused(self, status: int, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        """The page that says why a body was not taken, in the visitor's language; the connection ends with it."""

        async def ending(part: MutableMapping[str, Any]) -> None:
            if part["type"] == "http.response.start":
                part["headers"] = [*part["headers"], (b"connection", b"close")]
            await send(part)

        await self._counted(address, {**scope, "portal.refused": status}, b"", receive, ending)

    async def _counted(self, address: str, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """One page, unless its visitor has too many open."""
        if self._open[address] >= CONNECTIONS:
            await refuse(send, 429, (b"retry-after", b"60"), (b"connection", b"close"))
            return
        self._open[address] += 1
        try:
            await self._pages(scope, body, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _read(self, receive: Receive, limit: int) -> bytes | None:
        body = bytearray()
        while True:
            part = await receive()
            if part["type"] == "http.disconnect":
                return None
            body += part.get("body", b"")
            if len(body) > limit or not part.get("more_body", False):
                return bytes(body)

    def _trust(self, scope: Scope) -> str:
        """Put the visitor's address in place of a trusted proxy's, drop what nobody vouches for, and return the address."""
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        client = scope.get("client")
        trusted = client is not None and is_in(client[0], self._proxies)
        if trusted and forwarded:
            hops = [hop.strip() for value in forwarded for hop in value.decode("latin-1").split(",")]
            seen = next((hop for hop in reversed(hops) if not is_in(hop, self._proxies)), hops[0])
            if is_in(seen, EVERYWHERE):
                scope["client"] = (seen, 0)
        dropped = (b"x-forwarded-for",) if trusted else (b"x-forwarded-for", b"x-forwarded-proto")
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in dropped]
        return scope["client"][0] if client is not None else ""


def _hostname(host: str) -> str:
    """The name in a Host header, without the port; empty where it is not a name and a port, which Django would trace."""
    found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(:[0-9]{1,5})?", host.lower())
    return found[1].strip("[]") if found else ""
