"""Polite requests to one source: a budget, backoff, `Retry-After`, total deadlines, conditional requests."""

from __future__ import annotations

import contextlib
import email.utils
import io
import json
import queue
import random
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from toolkit import __version__
from toolkit.core.errors import SourceError
from toolkit.core.text import one_line
from toolkit.records.store import Reason

T = TypeVar("T")
S = TypeVar("S")

Kind = Literal["json", "lines", "file", "page"]
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses after which a request is sent again."""
MOST_WAIT = 120.0
"""Seconds that are waited at a source's request; one that asks for more is asked again another day."""
LOST = 8
"""Requests that nobody answered, one after the other, after which a source counts as out of reach."""
MOST_BYTES: Mapping[Kind, int] = MappingProxyType(
    {"json": 32 * 2**20, "page": 32 * 2**20, "lines": 128 * 2**20, "file": 128 * 2**20}
)
"""Largest reply of a kind, unpacked: objects of Python are up to twenty times as large as their JSON."""
MOST_REDIRECTS = 5
ENCODING = "gzip"
"""The one compression that is asked for: it is unpacked here, up to the largest reply and the deadline."""
_LOGIN = re.compile(
    r"/[\w.-]*(log-?in|sign-?in|sso|consent|captcha|missing_key|invalid_key|auth)[\w.-]*(/|\?|$)", re.IGNORECASE
)
_HTML = re.compile(rb"\s*(<!doctype html|<html|<head)", re.IGNORECASE)
NO_END = "the last line does not end"
AGENT = f"strategic-metals-toolkit/{__version__}"


class FetchError(SourceError):
    """A request without the data that was asked for.

    Attributes:
        reason: Why, as the outcome of the series states it.
        detail: What the source said.
        again: Whether the request may be sent again.
        after: Seconds after which, where the source says so.
    """

    def __init__(self, reason: Reason, detail: str = "", *, again: bool = False, after: float | None = None) -> None:
        detail = one_line(detail).strip()
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail, self.again, self.after = detail or None, again, after


@dataclass(frozen=True, slots=True)
class Budget:
    """Requests that a source is sent.

    Attributes:
        requests: At most so many in any `seconds`.
        seconds: Length of that window.
        workers: Requests at a time.
    """

    requests: int
    seconds: float
    workers: int = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a request may take, and how it is repeated.

    Attributes:
        deadline: Seconds for a whole request, however slowly its bytes come.
        attempts: Requests at most, the first included.
        backoff: Seconds before the second one, twice as many before each next, with a random part.
        clock: Seconds, by which pauses and the budget are held.
        sleep: Waits so many seconds, or until the event is set; whether it is.
    """

    deadline: float = 60.0
    attempts: int = 5
    backoff: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[threading.Event, float], bool] = threading.Event.wait


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply.

    Attributes:
        content: Its body.
        url: Address that was asked for.
        unchanged: Whether the source says that nothing changed since it was fetched last; there is no body then.
        has_end: Whether the transfer says where the body ends; else a body that is cut off is told by its text alone.
    """

    content: bytes
    url: str
    unchanged: bool = False
    has_end: bool = True

    def json(self) -> Any:
        """The body as JSON, which is an object or an array: a number that is cut off is a number, too.

        Raises:
            FetchError: for what is none.
        """
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict | list):
            raise FetchError("not_data", self.content[:80].decode(errors="replace").strip() or "empty body")
        return found


@dataclass(slots=True)
class Body:
    """The body of a reply while it comes, unpacked up to a limit.

    Attributes:
        most: Bytes at most.
        encoding: `Content-Encoding` of the reply.
    """

    most: int
    encoding: str = ""
    _bytes: io.BytesIO = field(default_factory=io.BytesIO, init=False)
    _packed: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        match self.encoding.strip().lower():
            case "gzip" | "x-gzip":
                self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
            case "" | "identity":
                pass
            case other:
                raise FetchError("not_data", f"compressed by {other[:40]}, which was not asked for")

    @property
    def is_packed(self) -> bool:
        """Whether it comes compressed, which has an end of its own."""
        return self._packed is not None

    def add(self, chunk: bytes) -> int:
        """Take some bytes as they come over the network, and return how many they are.

        Raises:
            FetchError: for more than the limit, and for what is not packed as its header says.
        """
        taken = len(chunk)
        while chunk:
            room = self.most + 1 - self._bytes.tell()
            try:
                unpacked = chunk if self._packed is None else self._packed.decompress(chunk, room)
            except zlib.error as error:
                raise FetchError("not_data", f"no {ENCODING}: {error}") from None
            if len(unpacked) >= room:
                raise FetchError("not_data", f"more than {self.most // 2**20} MiB")
            self._bytes.write(unpacked)
            chunk = b""
            if self._packed is not None and self._packed.eof:
                chunk = self._packed.unused_data.lstrip(b"\0")
                self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16) if chunk else self._packed
        return taken

    def whole(self) -> bytes:
        """The body.

        Raises:
            FetchError: where the compression has not come to its end.
        """
        if self._packed is not None and not self._packed.eof:
            raise FetchError("cut_off", f"the {ENCODING} does not end", again=True)
        return self._bytes.getvalue()


@dataclass(eq=False)
class Client:
    """Client of one source in one run of a fetch. It is used by several threads.

    Attributes:
        budget: Of the source.
        today: Day of the fetch.
        pace: Deadline and repetition.
        mirror: Address under which hosts are reached: ``https://host/path`` is asked for at ``MIRROR/host/path``.
        validators: Address -> `ETag` and `Last-Modified` of an earlier fetch.
        stop: Set when the command is interrupted: nobody waits any longer.
    """

    budget: Budget
    today: date
    pace: Pace = Pace()
    mirror: str | None = None
    validators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    seen: dict[str, dict[str, str]] = field(default_factory=dict, init=False)
    _sent: list[float] = field(default_factory=list, init=False)
    _paused_until: float = field(default=0.0, init=False)
    _lost: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _local: threading.local = field(default_factory=threading.local, init=False)
    _opened: list[Any] = field(default_factory=list, init=False)

    def address(self, url: str) -> str:
        """Where a URL is really asked for: at the mirror, where there is one."""
        if self.mirror is None or url.startswith(self.mirror):
            return url
        return f"{self.mirror.rstrip('/')}/{url.partition('://')[2]}"

    def get(self, url: str, params: Mapping[str, Any] | None = None, *, kind: Kind = "json", **more: Any) -> Reply:
        """The reply to a GET.

        Args:
            url: Address, without the mirror.
            params: Of its query.
            kind: ``json``; ``lines`` of text, each with an end, for what is left of a number that is cut off is a number, too;
                ``file`` for any other data; ``page`` for HTML, which is none of these.
            more: `headers`; `secret`, whether they or the query hold a key, which no other host is given; `conditional`, a
                text that names what is read from the reply: a reply that has not changed since the same was read is
                `unchanged`.

        Raises:
            FetchError: without the data.
        """
        return self.attempts(lambda: self._request("GET", url, params=params, kind=kind, **more))

    def post(self, url: str, data: Mapping[str, Any], **more: Any) -> Reply:
        """The reply, JSON, to a form that is posted; as `get`."""
        return self.attempts(lambda: self._request("POST", url, data=data, kind="json", **more))

    def attempts(self, call: Callable[[], T]) -> T:
        """The result of a request, sent again while it fails in a way that passes.

        Where nobody answers several requests one after the other, further ones are sent once.

        Raises:
            FetchError: of the last attempt.
        """
        for attempt in range(self.pace.attempts):
            try:
                result = call()
            except FetchError as error:
                self._lost = self._lost + 1 if error.reason == "unreachable" else 0
                last = attempt + 1 == self.pace.attempts or self._lost >= LOST
                if not error.again or last or (error.after or 0.0) > MOST_WAIT or self.stop.is_set():
                    raise
                if error.after is not None:
                    # The source speaks to all requests, not to this one alone.
                    with self._lock:
                        self._paused_until = max(self._paused_until, self.pace.clock() + error.after)
                    continue
                step = self.pace.backoff * 2**attempt
                self.pace.sleep(self.stop, min(MOST_WAIT, step * random.uniform(0.5, 1.5)))  # noqa: S311  (no secret)
            else:
                self._lost = 0
                return result
        raise AssertionError("the last attempt returns or raises")

    def turn(self) -> None:
        """Wait until the budget has room for one more request, and take it."""
        while True:
            with self._lock:
                now = self.pace.clock()
                self._sent = [moment for moment in self._sent if moment > now - self.budget.seconds]
                if now >= self._paused_until and len(self._sent) < self.budget.requests:
                    self._sent.append(now)
                    return
                full = self._sent[0] + self.budget.seconds - now if len(self._sent) >= self.budget.requests else 0.0
                wait = max(self._paused_until - now, full)
            if self.pace.sleep(self.stop, wait):
                raise FetchError("unreachable", "interrupted")

    def concurrently(self, one: Callable[[S], T], items: Sequence[S]) -> Iterator[T]:
        """The results of a function of each item as they end, by as many threads as the budget has workers."""
        waiting = iter(tuple(items))

        def work() -> Iterator[T]:
            for item in waiting:
                if self.stop.is_set():
                    return
                yield one(item)

        yield from as_they_come([work() for _ in range(min(self.budget.workers, len(items)))])

    def close(self) -> None:
        """Close every connection."""
        for opened in self._opened:
            opened.close()

    def check(self, status: int, headers: Mapping[str, str], asked: str, came_from: str, content: bytes, kind: Kind) -> None:
        """Raise a `FetchError` for a reply without data.

        Args:
            status: HTTP status.
            headers: Of the reply, by names in small letters.
            asked: Address that was asked.
            came_from: Address after redirects.
            content: Body.
            kind: As of `get`.
        """
        if came_from.partition("?")[0] != asked.partition("?")[0] and _LOGIN.search(came_from):
            raise FetchError("login", came_from.partition("?")[0])
        if status in AGAIN:
            reason: Reason = "rate_limited" if status == 429 else "server_error"
            raise FetchError(
                reason, f"HTTP {status}", again=True, after=_seconds(headers.get("retry-after"), headers.get("date"))
            )
        if status in (404, 410):
            raise FetchError("not_found", f"HTTP {status}")
        if status >= 400:
            raise FetchError("denied", f"HTTP {status}")
        if kind == "page":
            return
        if _HTML.match(content[:200]) or (kind == "json" and "html" in headers.get("content-type", "")):
            raise FetchError("not_data", "a page of HTML")
        if kind == "lines" and content[:1] in (b"{", b"["):
            raise FetchError("not_data", "JSON")
        if kind == "lines" and not content.endswith(b"\n"):
            raise FetchError("cut_off", NO_END, again=True)

    def _request(
        self,
        method: str,
        url: str,
        *,
        kind: Kind,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        conditional: str | None = None,
        secret: bool = False,
    ) -> Reply:
        import httpx  # noqa: PLC0415  (an extra, and 80 ms)

        key = f"{url} {conditional}"
        known = self.validators.get(key, {}) if conditional is not None else {}
        asking = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("last-modified")}
        sent = {**{name: value for name, value in asking.items() if value}, **(headers or {})}
        asked = self.address(url)
        self.turn()
        http = self._http()
        end = time.monotonic() + self.pace.deadline
        # Headers that drip reach no line of ours: the connection is closed under the one who reads.
        watch = threading.Timer(self.pace.deadline, http.close)
        watch.daemon = True
        watch.start()
        try:
            request = http.build_request(method, asked, params=params, data=data, headers=sent)
            response, body = self._followed(http, request, kind, secret=secret, end=end)
        except httpx.InvalidURL as error:
            raise FetchError("format", f"no address: {error}") from None
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            if time.monotonic() > end or isinstance(error, httpx.TimeoutException):
                raise self._late() from None
            if isinstance(error, httpx.RemoteProtocolError):
                raise FetchError("cut_off", str(error), again=True) from None
            if isinstance(error, httpx.TransportError):
                raise FetchError("unreachable", str(error) or type(error).__name__, again=True) from None
            raise
        finally:
            watch.cancel()
            if http.is_closed:
                del self._local.http
        if response.status_code == 304 and known:
            return Reply(b"", url, unchanged=True)
        given = {name.lower(): value for name, value in response.headers.items()}
        content = body.whole()
        self.check(response.status_code, given, asked, str(response.url), content, kind)
        if kind == "json" and not content and response.status_code != 204:
            raise FetchError("not_data", "empty body")
        if conditional is not None:
            self.seen[key] = {name: given[name] for name in ("etag", "last-modified") if name in given}
        return Reply(content, url, has_end=body.is_packed or bool({"content-length", "transfer-encoding"} & {*given}))

    def _followed(self, http: Any, request: Any, kind: Kind, *, secret: bool, end: float) -> tuple[Any, Body]:
        """The reply to a request and its body, after redirects; of a refusal the body is not read."""
        for _ in range(MOST_REDIRECTS + 1):
            response = http.send(request, stream=True)
            with contextlib.closing(response):
                following = response.next_request
                if following is None and response.status_code >= 400:
                    return response, Body(0)
                if following is None:
                    body = Body(MOST_BYTES[kind], response.headers.get("content-encoding", ""))
                    for chunk in response.iter_raw():
                        body.add(chunk)
                        if time.monotonic() > end:
                            raise self._late()
                    return response, body
            if secret and _origin(following.url) != _origin(request.url):
                raise FetchError("denied", f"it sends on to {following.url.host}, which is not given the key")
            request = following
        raise FetchError("not_found", f"more than {MOST_REDIRECTS} redirects")

    def _late(self) -> FetchError:
        return FetchError("timeout", f"more than {self.pace.deadline:g} s", again=True)

    def _http(self) -> Any:
        """The connections of this thread: cookies of one series are none of another's."""
        import httpx  # noqa: PLC0415

        if not hasattr(self._local, "http"):
            timeout = httpx.Timeout(min(20.0, self.pace.deadline))
            headers = {"User-Agent": AGENT, "Accept-Encoding": ENCODING}
            self._local.http = httpx.Client(timeout=timeout, headers=headers)
            self._opened.append(self._local.http)
        return self._local.http


def as_they_come(parts: Sequence[Iterable[T]]) -> Iterator[T]:
    """What several iterables give, each in a thread of its own; an exception of one is raised here."""
    found: queue.SimpleQueue[T | BaseException | None] = queue.SimpleQueue()

    def work(part: Iterable[T]) -> None:
        try:
            for result in part:
                found.put(result)
        except BaseException as error:  # noqa: BLE001  (raised again in the thread that waits)
            found.put(error)
        found.put(None)

    for part in parts:
        # An interrupted command does not wait for a reply: what is under way ends with the process.
        threading.Thread(target=work, args=[part], daemon=True).start()
    running = len(parts)
    while running:
        match found.get():
            case None:
                running -= 1
            case BaseException() as error:
                raise error
            case result:
                yield result


def _origin(url: Any) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address."""
    return url.scheme, url.host, url.port


def _seconds(retry_after: str | None, sent: str | None) -> float | None:
    """Seconds of a `Retry-After`, which is a number of them or a date, held against the date of the reply."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    then, now = _moment(retry_after), _moment(sent) or datetime.now(UTC)
    return None if then is None else max(0.0, (then - now).total_seconds())


def _moment(text: str | None) -> datetime | None:
    """A date of HTTP; None for what is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
