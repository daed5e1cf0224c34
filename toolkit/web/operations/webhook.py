"""Webhooks of what happens at a webinar, signed as Standard Webhooks says (standardwebhooks.com), never into a private net."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
import threading
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from toolkit.web.models import Outbox, Survey, Webinar
from toolkit.web.operations.records import of_poll, of_question, of_registration, of_survey
from toolkit.web.room.models import Poll, Question

WEBHOOK_SECONDS = 10.0
"""That a webhook may take as a whole."""
TRANSLATED = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""Networks of IPv6 whose addresses hold one of IPv4, which may be private (NAT64, 6to4, Teredo)."""


class NotTaken(Exception):
    """The receiver did not take it, or must not be asked."""


def new_secret() -> str:
    """A secret that signs, as receivers are given it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def is_allowed(address: str) -> bool:
    """Whether webhooks may go to an address: one of the public net, or of a network that the settings name."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in settings.PORTAL.webhook_networks):
        return True
    return found.is_global and not found.is_multicast and not any(found in network for network in TRANSLATED)


def fault(url: str) -> str:
    """Why a URL takes no webhooks; empty where it does. Names are looked up by `target`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "no address"
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password or not url.isascii():
        return "no address"
    if not url.isprintable() or " " in url:
        return "no address"
    if not settings.PORTAL.webhook_networks and (parts.scheme != "https" or port not in (None, 443)):
        return "not https on its own port"
    return ""


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The header that shows where a webhook comes from.

    Args:
        secret: As receivers are given it.
        identity: Of its header.
        timestamp: Of its header, in seconds.
        body: Bytes that are sent.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def notify(webinar: Webinar, event: str, owner: UUID | None = None, **about: Any) -> None:
    """Write the webhook of an event, where the webinar has one; what it says is made when it is sent.

    Args:
        webinar: Whose event.
        event: As ``poll.closed``; without a dot, of a registration.
        owner: Registration with which it goes.
        about: Ids and numbers of what it tells of.
    """
    if webinar.webhook:
        data = {"event": event, **about}
        Outbox.objects.create(kind="webhook", registration_id=owner, webinar=webinar, data=data)


def content(row: Outbox) -> dict[str, Any]:
    """What a webhook says: the registration, poll or question as it is when it is sent; of an erased one its id alone."""
    event, data = row.data["event"], {name: value for name, value in row.data.items() if name != "event"}
    if row.webinar is not None:
        data["webinar"] = row.webinar.slug
    if "poll" in data:
        data |= of_poll(Poll.objects.get(id=data["poll"]))
    elif "question" in data:
        data |= of_question(Question.objects.get(id=data["question"]))
    elif event == "survey.answered" and row.registration is not None:
        data |= of_survey(Survey.objects.get(registration=row.registration))
    elif row.registration is not None:
        data |= of_registration(row.registration)
    kind = event if "." in event else f"registration.{event}"
    return {"type": kind, "timestamp": row.created.isoformat(), "data": data}


def send(row: Outbox) -> None:
    """Post a webhook.

    Raises:
        NotTaken: for any answer but 2xx, and where it must not or cannot be reached; the reason holds no personal data.
    """
    if row.webinar is None or not row.webinar.webhook:
        return
    url, body, now = (
        row.webinar.webhook,
        json.dumps(content(row), cls=DjangoJSONEncoder).encode(),
        int(timezone.now().timestamp()),
    )
    if wrong := fault(url):
        raise NotTaken(wrong)
    identity = f"portal-{row.id}"
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "strategic-metals-toolkit",
        "Webhook-Id": identity,
        "Webhook-Timestamp": str(now),
        "Webhook-Signature": signature(row.webinar.webhook_secret, identity, now, body),
    }
    try:
        status = _post(url, body, headers)
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotTaken(f"status {status}")


def target(url: str) -> tuple[str, int]:
    """Address and port that a URL without a fault leads to now.

    Raises:
        NotTaken: where its name has an address that webhooks must not reach.
        OSError: where its name has none.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    if not found or not all(is_allowed(address) for address in found):
        raise NotTaken("an address that webhooks must not reach")
    return sorted(found)[0], port


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Status of a post: the name is looked up once, and the connection goes to the address that was checked.

    A redirect is an answer like others, and of the answer nothing but the status is used.
    """
    parts, (address, port) = urlsplit(url), target(url)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, port)
    connected = socket.create_connection((address, port), timeout=WEBHOOK_SECONDS)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connected = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
    # A receiver that drips its answer would hold the thread longer than the time of each part.
    deadline = threading.Timer(WEBHOOK_SECONDS, _cut, [connected])
    deadline.start()
    try:
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        connection.sock = connected
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        deadline.cancel()
        connected.close()


def _cut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        connected.shutdown(socket.SHUT_RDWR)
