"""Rate limits: fixed windows in one table, all of a request in one statement that is the same on both databases.

Counts in a cache are lost between threads and processes (PORTAL-SECURITY T29). What a question to the demo costs is borne by
the process that answers it: those are counted there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from toolkit.web.models import Counter
from toolkit.web.writing import writing

MINUTE, HOUR, DAY = 60, 3600, 86400
UPSERT = """
    INSERT INTO web_counter (key, began, n) VALUES {rows}
    ON CONFLICT (key) DO UPDATE SET
        n = CASE WHEN web_counter.began = excluded.began THEN web_counter.n + 1 ELSE 1 END, began = excluded.began
    RETURNING key, n
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` events in `seconds` of one subject; `here`, as this process alone counts them."""

    name: str
    most: int
    seconds: int
    here: bool = False


REGISTER_ADDRESS = (Limit("register", 10, 10 * MINUTE), Limit("register-day", 50, DAY))
REGISTER_EMAIL = (Limit("mail", 3, HOUR), Limit("mail-day", 6, DAY))
REGISTER_NETWORK = Limit("register-network", 300, 10 * MINUTE)
REFUSED_ADDRESS, REFUSED_NETWORK = Limit("refused", 20, 10 * MINUTE), Limit("refused-network", 300, 10 * MINUTE)
"""Forms with a fault take no place of others. Of a webinar alone nothing is counted: anybody could close it."""
CONFIRMATIONS = Limit("confirmations", 2000, HOUR)
"""Mails to unconfirmed addresses of the whole portal: an attack must not spend the sender's reputation."""
TOKENS = Limit("tokens", 30, MINUTE)
SOLVES = (Limit("solve", 30, 4, here=True), Limit("solves", 3600, HOUR, here=True))
"""Of one session: a slider that is pulled asks at most seven times a second."""
REPORTS = Limit("report", 10, HOUR)
ASKS = Limit("ask", 5, 10 * MINUTE)
VOTES = Limit("vote", 60, MINUTE)
STREAMS = Limit("stream", 60, MINUTE)
CERTIFICATES = Limit("certificate", 5, HOUR, here=True)
API = Limit("api", 120, MINUTE, here=True)
"""Of one attendee: questions, votes, and streams that were opened."""
LOGIN_ADDRESS = Limit("login", 30, 15 * MINUTE)
WRONG_AT_ONCE, LONGEST_WAIT = 5, 15 * MINUTE
"""Wrong passwords of a name, from any addresses, before the next one waits: for two seconds, doubled by each, up to this."""
Windows = list[tuple[str, int]]
"""Key of a counter, and when its window began."""
_here: dict[str, tuple[int, int]] = {}
_lock = threading.Lock()


class TooMany(Exception):
    """More than a limit allows.

    Attributes:
        seconds: Until the window ends.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def of_address(address: str) -> str:
    """The subject of an address: the /64 network of IPv6, which one visitor has whole."""
    return _network(address, 32, 64)


def of_network(address: str) -> str:
    """The subject of the network that an address is in: /24, of IPv6 /48."""
    return _network(address, 24, 48)


def _network(address: str, four: int, six: int) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{found}/{four if found.version == 4 else six}", strict=False).network_address)


def of_email(email: str) -> str:
    """The subject of an address of mail: without a tag, and without the dots that Gmail ignores."""
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0]
    return f"{local.replace('.', '')}@{domain}" if domain in ("gmail.com", "googlemail.com") else f"{local}@{domain}"


def _key(name: str, subject: str) -> str:
    return salted_hmac("web.limit", f"{name}:{subject}", algorithm="sha256").hexdigest()


def exceeded(limits: Iterable[tuple[Limit, str]]) -> int:
    """Count one event under each (limit, subject), all of one kind; seconds to wait where one is exceeded, else 0."""
    now = int(time.time())
    by_key = {_key(limit.name, subject): limit for limit, subject in limits}
    windows = [(key, now // limit.seconds * limit.seconds) for key, limit in sorted(by_key.items())]
    counts = (_count_here if all(limit.here for limit in by_key.values()) else _count)(windows)
    waits = [limit.seconds - now % limit.seconds for key, limit in by_key.items() if counts[key] > limit.most]
    return max(waits, default=0)


def check(*limits: tuple[Limit, str]) -> None:
    """Count one event; `TooMany` where a limit is exceeded."""
    if seconds := exceeded(limits):
        raise TooMany(seconds)


def check_wrong(subject: str) -> None:
    """`TooMany` where a name, or a device, that had wrong passwords has not waited since the last one."""
    found = Counter.objects.filter(key=_key("wrong", subject), n__gt=WRONG_AT_ONCE).first()
    if found is not None:
        left = found.began + min(2 ** (found.n - WRONG_AT_ONCE), LONGEST_WAIT) - int(time.time())
        if left > 0:
            raise TooMany(left)


@writing
def count_wrong(subject: str) -> int:
    """Count a wrong password; how many there were without a day's pause that had to wait."""
    key, now = _key("wrong", subject), int(time.time())
    again, first = {"began": now, "n": F("n") + 1}, {"began": now, "n": 1}
    Counter.objects.update_or_create(key=key, defaults=again, create_defaults=first)
    return max(0, Counter.objects.get(key=key).n - WRONG_AT_ONCE)


@writing
def forget_wrong(subject: str) -> None:
    """Forget wrong passwords: the right one came."""
    Counter.objects.filter(key=_key("wrong", subject)).delete()


def _count_here(windows: Windows) -> dict[str, int]:
    """Count one event of each key in this process."""
    with _lock:
        for key, began in windows:
            before, n = _here.get(key, (began, 0))
            _here[key] = began, n + 1 if before == began else 1
        return {key: _here[key][1] for key, _ in windows}


@writing
def _count(windows: Windows) -> dict[str, int]:
    """Count one event of each key in the database."""
    rows = ", ".join(["(%s, %s, 1)"] * len(windows))
    with connection.cursor() as cursor:
        cursor.execute(UPSERT.format(rows=rows), [value for window in windows for value in window])
        return dict(cursor.fetchall())


CLOCK = "clock"


def last_seen() -> int | None:
    """Seconds of the clock at the last deletion; None before the first one."""
    return Counter.objects.filter(key=CLOCK).values_list("began", flat=True).first()


@writing
def see() -> None:
    """Keep what the clock says now."""
    Counter.objects.update_or_create(key=CLOCK, defaults={"began": int(time.time()), "n": 1})


@writing
def prune() -> int:
    """Remove windows that have ended, and return how many the database had."""
    ended = int(time.time()) - DAY
    with _lock:
        for key in [key for key, (began, _) in _here.items() if began < ended]:
            del _here[key]
    return Counter.objects.filter(began__lt=ended).delete()[0]
