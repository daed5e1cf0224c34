"""Connections that end when a request does not come, an answer is not read, or one address has too many of them.

uvicorn waits for headers and bodies for ever (PORTAL-SECURITY T8); this protocol cuts what is slow.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 10.0
"""For a whole request, and for a part of an answer to be taken."""
CONNECTIONS = 512
"""Of one address: more than its streams, since a company sits behind one address. A trusted proxy has those of all visitors,
whose open requests are counted in its place (`toolkit.web.asgi.whole`)."""
Networks = tuple[IPv4Network | IPv6Network, ...]


def is_in(address: str, networks: Networks) -> bool:
    """Whether an address is in one of the networks."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


class Deadline(H11Protocol):
    """The protocol of one connection."""

    open_by_address: ClassVar[Counter[str]] = Counter()
    proxies: ClassVar[Networks] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._request_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self.open_by_address[self._address] += 1
        if self.open_by_address[self._address] > CONNECTIONS and not is_in(self._address, self.proxies):
            transport.abort()
        else:
            self._request_timer = self.loop.call_later(REQUEST_SECONDS, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.open_by_address[self._address] -= 1
        if not self.open_by_address[self._address]:
            del self.open_by_address[self._address]
        self._request_timer = _cancelled(self._request_timer)
        self._answer_timer = _cancelled(self._answer_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request: the first part starts the time, the last part ends it."""
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._request_timer = _cancelled(self._request_timer)
        elif self._request_timer is None:
            self._request_timer = self.loop.call_later(REQUEST_SECONDS, self._cut)

    def pause_writing(self) -> None:
        """Begin to wait for the visitor to read."""
        super().pause_writing()
        self._answer_timer = self._answer_timer or self.loop.call_later(REQUEST_SECONDS, self._cut)

    def resume_writing(self) -> None:
        """The visitor reads."""
        super().resume_writing()
        self._answer_timer = _cancelled(self._answer_timer)

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection; one with an answer that nobody reads would wait for its reader."""
        if self.transport.get_write_buffer_size():
            self._cut()
        else:
            super().timeout_keep_alive_handler()

    def _cut(self, *_: Any) -> None:
        """Reset the connection: what the system still holds of an answer that nobody reads goes with it."""
        if (open_socket := self.transport.get_extra_info("socket")) is not None:
            open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
