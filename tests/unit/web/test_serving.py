"""What stands between the socket and the pages: whole requests, deadlines, the writer, and the start."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import logging
import os
import re
import socket
import stat
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.header import decode_header, make_header
from email.utils import parseaddr
from ipaddress import ip_network

import pytest
import structlog
import uvicorn
from django.core.mail import EmailMessage
from django.db import connection, connections
from django.http.request import validate_host

from tests.full_disks import no_file_beyond
from tests.unit.web.visitors import announced
from toolkit.core.errors import DataError, SpecError
from toolkit.web import server
from toolkit.web.asgi import deadline, whole
from toolkit.web.asgi.pages import environ
from toolkit.web.asgi.whole import Whole
from toolkit.web.config import WebConfig, read_config
from toolkit.web.models import Webinar
from toolkit.web.settings import values
from toolkit.web.writing import Busy, Writer, writing


class Served:
    """A server of the real protocol on a port of its own, whose pages say what they were given."""

    def __init__(self, **whole) -> None:
        self.seen: list[tuple[dict, bytes]] = []

        async def page(scope, body, _, send):
            self.seen.append((scope, body))
            if scope["path"] == "/large":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                for _ in range(400):
                    await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
                return
            status = scope.get("portal.refused", 200)
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

        app = Whole(page, {"portal.example"}, **{"limit": 1000, "upload": 5000, "seconds": 1.0, **whole})
        config = uvicorn.Config(app, port=0, http=deadline.Deadline, lifespan="off", log_config=None, timeout_keep_alive=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))

    def __enter__(self) -> Served:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_) -> None:
        self.server.should_exit = True
        self.thread.join()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, request: bytes) -> int:
        """Status of the answer to raw bytes; 0 where the connection was cut."""
        with self.connect() as client:
            client.sendall(request)
            answer = client.recv(4096)
            return int(answer.split()[1]) if answer else 0


@pytest.fixture(scope="module")
def served():
    with Served(proxies=(ip_network("10.0.0.0/8"),)) as found:
        yield found


NO_HOSTS = (
    b"x@evil",
    b"portal.example:x@evil",
    b"portal.example:",
    b"portal.example:80:80",
    b"portal.example..",
    b"portal.example:-1",
)
HEAD = b"POST /x HTTP/1.1\r\nHost: portal.example\r\n"
UPLOAD = HEAD.replace(b"/x", b"/host/w/gallium-1/brand")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: portal.example\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: Portal.Example:8000\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: portal.example\r\nHost: evil.test\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        *((b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", 400) for host in NO_HOSTS),
        (b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n", 400),
        (HEAD + b"Content-Length: 3\r\n\r\nabc", 200),
        (HEAD + b"Content-Length: 1001\r\n\r\n", 413),
        (HEAD + b"Content-Length: 999999999999999999999999\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", 413),
        (HEAD + b"Content-Length: 10\r\n\r\nabc", 408),
        (HEAD + b"Content-Type: Multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\nabc", 415),
        (UPLOAD + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n\r\nabc", 200),
        (UPLOAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000, 200),
        (UPLOAD + b"Content-Length: 5001\r\n\r\n", 413),
        (UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n1389\r\n" + b"x" * 5001 + b"\r\n0\r\n\r\n", 413),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
    ids=lambda value: value if isinstance(value, int) else value[:70].decode("ascii"),
)
def test_a_request_has_one_allowed_host_and_a_small_body(served, request_, status):
    assert served.ask(request_) == status


def test_an_address_brings_files_one_request_at_a_time(served):
    """Nobody keeps hosts from bringing theirs, and what is held in memory has an end."""
    with served.connect() as client:
        client.sendall(UPLOAD + b"Content-Length: 4000\r\n\r\nabc")
        time.sleep(0.2)
        assert served.ask(UPLOAD + b"Content-Length: 3\r\n\r\nabc") == 503
        assert served.ask(HEAD + b"Content-Length: 3\r\n\r\nabc") == 200
    time.sleep(0.2)
    assert served.ask(UPLOAD + b"Content-Length: 3\r\n\r\nabc") == 200


def test_a_refusal_without_a_page_keeps_the_browser_on_https(served, settings):
    for seconds, wanted in ((0, None), (63_072_000, "max-age=63072000; includeSubDomains")):
        settings.SECURE_HSTS_SECONDS = seconds
        with served.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = b"".join(iter(lambda: client.recv(4096), b"")).decode().lower()
        found = re.search(r"strict-transport-security: (.*)\r", head)
        assert (found and found[1]) == (wanted and wanted.lower())


def test_who_comes_by_another_name_is_told_the_one_there_is(served):
    with served.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"".join(iter(lambda: client.recv(4096), b"")).endswith(b"400: this portal answers to portal.example alone\n")


def _silent(client):
    pass


def _half_a_line(client):
    client.sendall(b"GET / HT")


def _dripping_headers(client):
    client.sendall(b"GET / HTTP/1.1\r\nHost: portal.example\r\n")
    for _ in range(50):
        client.sendall(b"A: b\r\n")
        time.sleep(0.1)


def _dripping_body(client):
    client.sendall(HEAD + b"Content-Length: 500\r\n\r\n")
    for _ in range(50):
        client.sendall(b"x")
        time.sleep(0.1)


def _half_closed(client):
    client.sendall(b"GET / HTTP/1.1\r\nHost: portal.example\r\n")
    client.shutdown(socket.SHUT_WR)


def _unread(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(b"GET /large HTTP/1.1\r\nHost: portal.example\r\n\r\n")
    time.sleep(1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere loopback has one address")
def test_a_thousand_idle_connections_keep_no_visitor_waiting():
    server._allow_descriptors()
    with Served() as served, contextlib.ExitStack() as stack:
        for number in range(1000):  # one address may have 512
            idle = stack.enter_context(socket.socket())
            idle.bind((f"127.0.0.{2 + number % 2}", 0))
            idle.connect(("127.0.0.1", served.port))
        began = time.monotonic()
        assert served.ask(b"GET / HTTP/1.1\r\nHost: portal.example\r\n\r\n") == 200
        assert time.monotonic() - began < 5  # before the idle ones are cut


@pytest.mark.parametrize("shape", [_silent, _half_a_line, _dripping_headers, _dripping_body, _half_closed, _unread])
def test_slow_clients_are_cut_while_others_are_served(monkeypatch, shape):
    monkeypatch.setattr(deadline, "REQUEST_SECONDS", 0.4)
    with Served(seconds=30.0) as served, served.connect() as client:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            shape(client)
        assert served.ask(b"GET / HTTP/1.1\r\nHost: portal.example\r\n\r\n") == 200
        cut = False
        while time.monotonic() - began < 8 and not cut:
            try:
                cut = not client.recv(1 << 20)
            except ConnectionError:
                cut = True
        assert cut
        assert time.monotonic() - began < 7
        until = time.monotonic() + 3
        while deadline.Deadline.open_by_address and time.monotonic() < until:
            time.sleep(0.05)
        assert not deadline.Deadline.open_by_address


def test_one_address_has_only_so_many_connections(monkeypatch):
    monkeypatch.setattr(deadline, "CONNECTIONS", 3)
    with Served() as served, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(served.connect()) for _ in range(5)]
        time.sleep(0.3)
        answers = []
        for client in clients:
            try:
                client.sendall(b"GET / HTTP/1.1\r\nHost: portal.example\r\n\r\n")
                answers.append(bool(client.recv(100)))
            except ConnectionError:
                answers.append(False)
        assert answers == [True] * 3 + [False] * 2


def test_a_trusted_proxy_has_the_connections_of_all_and_each_visitor_behind_it_only_so_many(monkeypatch):
    """Behind a proxy 512 connections were all there were: the 513th visitor was reset."""
    monkeypatch.setattr(deadline, "CONNECTIONS", 3)
    monkeypatch.setattr(whole, "CONNECTIONS", 3)
    proxies = (ip_network("127.0.0.0/8"),)
    monkeypatch.setattr(deadline.Deadline, "proxies", proxies)
    with Served(proxies=proxies) as served, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(served.connect()) for _ in range(9)]
        for number, client in enumerate(clients):
            # An answer that nobody reads keeps its request open.
            address = b"192.0.2.1" if number < 5 else b"192.0.2.%d" % number
            client.sendall(b"GET /large HTTP/1.1\r\nHost: portal.example\r\nX-Forwarded-For: " + address + b"\r\n\r\n")
            time.sleep(0.05)
        statuses = [int(client.recv(100).split()[1]) for client in clients]
    assert statuses == [200] * 3 + [429] * 2 + [200] * 4


class TestAddressOfTheVisitor:
    def seen(self, peer: str, *forwarded: str) -> tuple[str, list[bytes]]:
        found = []

        async def page(scope, body, _, send):
            found.append((scope["client"][0], [name for name, _ in scope["headers"]]))

        async def receive():
            return {"type": "http.request", "body": b""}

        headers = [(b"host", b"portal.example"), (b"x-forwarded-proto", b"https")]
        headers += [(b"x-forwarded-for", one.encode()) for one in forwarded]
        app = Whole(page, {"portal.example"}, limit=10, upload=10, seconds=1, proxies=(ip_network("10.0.0.0/8"),))
        asyncio.run(app({"type": "http", "method": "GET", "headers": headers, "client": (peer, 1)}, receive, None))  # type: ignore[arg-type]
        return found[0]

    def test_nobody_is_believed_but_the_proxy(self):
        assert self.seen("203.0.113.9", "192.0.2.1") == ("203.0.113.9", [b"host"])

    def test_the_last_address_that_is_no_proxy_counts(self):
        address, names = self.seen("10.0.0.1", "192.0.2.1, 198.51.100.7", "10.0.0.2")
        assert (address, names) == ("198.51.100.7", [b"host", b"x-forwarded-proto"])

    def test_what_is_no_address_is_not_taken(self):
        assert self.seen("10.0.0.1", "<script>")[0] == "10.0.0.1"


def test_a_header_with_an_underscore_is_dropped_and_cookies_are_joined():
    scope = {
        "method": "GET",
        "raw_path": b"/%C3%A9?x",
        "query_string": b"a=1",
        "http_version": "1.1",
        "headers": [(b"x_real_ip", b"1"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-real-ip", b"2")],
    }
    found = environ(scope, b"abc")
    assert (found["HTTP_COOKIE"], found["HTTP_X_REAL_IP"], found["CONTENT_LENGTH"]) == ("a=1;b=2", "2", "3")
    assert found["PATH_INFO"].encode("latin-1").decode() == "/é"
    assert found["wsgi.input"].read() == b"abc"


class TestWriter:
    def test_jobs_that_fail_undo_themselves_and_no_other(self, transactional_db):
        start = threading.Barrier(8)

        @writing
        def announce(i: int) -> None:
            announced(slug=f"w{i}")
            if i % 2:
                raise ValueError(i)

        def job(i: int) -> str:
            start.wait()
            try:
                announce(i)
            except ValueError as error:
                return str(error)
            finally:
                connections.close_all()
            return "stored"

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(job, range(8)))
        assert found == ["stored", "1", "stored", "3", "stored", "5", "stored", "7"]
        assert set(Webinar.objects.values_list("slug", flat=True)) == {f"w{i}" for i in range(0, 8, 2)}

    @pytest.mark.skipif("TEST_PORTAL_DATABASE_URL" in os.environ, reason="PostgreSQL has no one writer")
    def test_thirty_two_threads_write_without_a_locked_database(self, transactional_db):
        @writing
        def announce(name: str) -> None:
            announced(slug=name)

        def many(thread: int) -> None:
            for i in range(10):
                announce(f"w{thread}-{i}")
            connections.close_all()

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(many, range(32)))
        assert Webinar.objects.count() == 320

    def test_a_write_that_waits_too_long_is_refused_and_never_done(self, transactional_db, settings):
        settings.WRITE_SECONDS = 0.1
        writer, go, done = Writer(), threading.Event(), []
        first = threading.Thread(target=lambda: contextlib.suppress(Busy).__enter__() or _run(writer, go.wait))
        first.start()
        time.sleep(0.05)
        with pytest.raises(Busy):
            writer.run(lambda: done.append(1))
        go.set()
        first.join()
        writer.stop()
        assert done == []


def _run(writer: Writer, job) -> None:
    with contextlib.suppress(Busy):
        writer.run(job)


class TestConfig:
    def test_plain_http_on_the_net_is_refused_unless_it_is_meant(self):
        with pytest.raises(SpecError, match="plain http"):
            read_config(base_url="http://webinar.example.com")
        config = read_config(base_url="http://webinar.example.com", insecure_http=True)
        assert not config.secure_cookies
        assert read_config().secure_cookies

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://x",
            "https://x/path",
            "webinar.example.com",
            "https://",
            "https://a b",
            "https://a:b@x",
            "https://wébinar.example",
        ],
    )
    def test_an_address_that_is_none_is_refused(self, url):
        with pytest.raises(SpecError, match="base_url"):
            read_config(base_url=url)

    @pytest.mark.parametrize(
        ("name", "value", "fault"),
        [
            ("SMTP", "mail.example.com", "smtp: must be as smtp://"),
            ("SMTP", "smtp:/mail.example.com", "smtp: must be as"),
            ("SMTP", "smtp://user:hunt#er2@mail.example.com", "%23"),
            ("SENDER", "not an address", "sender 'not an address'"),
            ("DATABASE_URL", "mysql://hunter2@h/d", "database_url: must be as postgresql://"),
            ("FORM_ORIGINS", "https://metals.example/page", "form_origins: .*without a path"),
            ("FORM_ORIGINS", '["https://metals.example"', "form_origins"),
            ("TRUSTED_PROXY", "10.0.0.1/8", "trusted_proxy: .*network"),
            ("SENDRE", "a@metals.example", "TOOLKIT_WEB_SENDRE is no setting"),
        ],
        ids=str,
    )
    def test_a_setting_that_makes_no_sense_is_refused_by_its_name(self, monkeypatch, name, value, fault):
        monkeypatch.setenv(f"TOOLKIT_WEB_{name}", value)
        with pytest.raises(SpecError, match=fault) as refused:
            read_config()
        assert not re.search(r"hunt|Value error", str(refused.value))

    def test_mails_through_a_server_come_from_an_address_of_the_hosts(self, monkeypatch):
        monkeypatch.setenv("TOOLKIT_WEB_SMTP", "smtp://mail.example.com")
        with pytest.raises(SpecError, match="webinar@localhost"):
            read_config()
        monkeypatch.setenv("TOOLKIT_WEB_SENDER", "webinar@metals.example")
        assert values(read_config())["DEFAULT_FROM_EMAIL"] == "webinar@metals.example"
        monkeypatch.setenv("TOOLKIT_WEB_ORGANISER", "Metalle, Müller & Söhne")
        named = EmailMessage("s", "b", values(read_config())["DEFAULT_FROM_EMAIL"], ["ana@example.com"]).message()["From"]
        name, address = parseaddr(str(named))
        assert (str(make_header(decode_header(name))), address) == ("Metalle, Müller & Söhne", "webinar@metals.example")
        monkeypatch.setenv("TOOLKIT_WEB_SENDER", "Ana Lima <webinar@metals.example>")
        assert values(read_config())["DEFAULT_FROM_EMAIL"] == "Ana Lima <webinar@metals.example>"

    def test_the_loopback_of_ipv6_is_an_address_with_brackets(self):
        config = read_config(host="::1")
        assert config.base_url == "http://[::1]:8000"
        assert validate_host("[::1]", values(config)["ALLOWED_HOSTS"])

    def test_commands_print_links_with_the_address_that_was_served_last(self, tmp_path):
        usual = read_config(folder=tmp_path)
        assert usual.as_served().base_url == "http://127.0.0.1:8000"
        read_config(folder=tmp_path, base_url="https://webinar.example.com").note_address()
        assert usual.as_served().base_url == "https://webinar.example.com"
        assert read_config(folder=tmp_path, port=8001).as_served().base_url == "https://webinar.example.com"
        given = read_config(folder=tmp_path, base_url="https://metals.example.com")
        assert given.as_served().base_url == "https://metals.example.com"
        read_config(folder=tmp_path, host="::1").note_address()
        assert usual.as_served().base_url == "http://[::1]:8000"

    @pytest.mark.parametrize(
        "held", [b"", b"garbage", b"javascript:alert(1)", b"http://a b", b"https://x\nhttps://y", b"\xff\xfe"]
    )
    def test_a_file_that_holds_no_address_makes_no_link(self, tmp_path, held):
        (tmp_path / "address").write_bytes(held)
        with pytest.raises(SpecError, match="address holds no address"):
            read_config(folder=tmp_path).as_served()

    @pytest.mark.parametrize("value", ["10.0.0.0/8, fd00::/8", '["10.0.0.0/8", "fd00::/8"]'])
    def test_a_list_is_json_or_has_commas(self, monkeypatch, value):
        monkeypatch.setenv("TOOLKIT_WEB_TRUSTED_PROXY", value)
        assert [*map(str, read_config().trusted_proxy)] == ["10.0.0.0/8", "fd00::/8"]

    def test_what_is_asked_of_the_connection_to_postgresql_reaches_it(self):
        database = values(WebConfig(database_url="postgresql://u:p%40@h/a%20b?sslmode=require"))["DATABASES"]["default"]  # type: ignore[arg-type]
        assert (database["NAME"], database["PASSWORD"], database["OPTIONS"]["sslmode"]) == ("a b", "p@", "require")

    def test_the_key_is_made_once_for_its_owner_alone(self, tmp_path):
        config = WebConfig(folder=tmp_path / "portal")
        keys = config.keys()
        assert keys == config.keys()
        assert stat.S_IMODE((tmp_path / "portal" / "secret").stat().st_mode) == 0o600

    @pytest.mark.parametrize("key", ["short", "django-insecure-" + "x" * 50, ""])
    def test_a_key_that_can_be_guessed_is_refused(self, tmp_path, key):
        (tmp_path / "secret").write_text(key)
        with pytest.raises(SpecError, match="key"):
            WebConfig(folder=tmp_path).keys()

    def test_secrets_are_shown_nowhere(self):
        config = WebConfig(
            sender="a@example.com", smtp="smtp://user:hunter2@mail.example.com", database_url="postgresql://u:hunter2@h/d"
        )  # type: ignore[arg-type]
        assert "hunter2" not in repr(config) + str(config.model_dump())


def test_garbage_is_collected_in_small_parts_that_hold_no_page_up():
    usual, parts = gc.get_threshold(), []

    def told(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            parts.append(info["collected"])

    try:
        gc.set_threshold(200_000, 20, 20)  # as the command line does
        server._load()
        gc.callbacks.append(told)
        for _ in range(300_000):
            circle: list[object] = []
            circle.append(circle)
    finally:
        gc.callbacks.remove(told)
        gc.set_threshold(*usual)
    assert sum(parts) > 290_000
    assert max(parts) < 2_000


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        with pytest.raises(DataError, match=f"127.0.0.1, port {port}, cannot be listened on: Address already in use\\."):
            server.serve(WebConfig(folder=tmp_path / "none", port=port))
    assert not (tmp_path / "none").exists()


class TestLock:
    def test_another_holder_is_told_and_the_end_of_a_process_frees_it(self, tmp_path):
        another = pytest.raises(DataError, match="another process")
        with server.file_lock(tmp_path / "lock", 0.1), another, server.file_lock(tmp_path / "lock", 0.1):
            pass
        with server.file_lock(tmp_path / "lock", 0.1):
            pass

    def test_a_lock_holds_on_a_full_disk(self, tmp_path):
        """Its file is empty: a portal on a full disk starts and says 503, and can be backed up to another one."""
        another = pytest.raises(DataError, match="another process")
        with no_file_beyond(0), server.file_lock(tmp_path / "lock", 0.1), another, server.file_lock(tmp_path / "lock", 0.1):
            pass

    def test_a_folder_that_takes_no_file_is_no_other_process(self, tmp_path):
        with pytest.raises(DataError, match="cannot be written"), server.file_lock(tmp_path / "none" / "lock", 0.1):
            pass

    def test_a_newer_schema_is_refused(self, db, tmp_path):
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('web', '9999_later', CURRENT_TIMESTAMP)")
        with pytest.raises(DataError, match="9999_later"):
            server.migrate(WebConfig(folder=tmp_path))

    def test_a_schema_between_those_that_became_one_is_refused(self, db, tmp_path):
        """Django could not even load the migrations: the error was one of its own, and asked for a report of it."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'web' AND name <> '0001_initial'")
        with pytest.raises(DataError, match=r"unfinished schema, without web\.0002_operations, web\.0003_room"):
            server.migrate(WebConfig(folder=tmp_path))

    def test_the_schema_that_became_one_is_taken_as_done(self, db, tmp_path):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'web' AND name = '0001_portal'")
            server.migrate(WebConfig(folder=tmp_path))
            cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'web' AND name = '0001_portal'")
            assert cursor.fetchone() == (1,)


class TestLog:
    def test_what_is_refused_before_a_page_is_a_line(self):
        sent = []

        async def send(part):
            sent.append(part)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(b"host", b"evil.example")],
            "client": ("192.0.2.1", 1),
        }
        portal = Whole(None, {"metals.example"}, limit=1, upload=1, seconds=1.0)
        with structlog.testing.capture_logs() as lines:
            asyncio.run(portal(scope, None, send))
        assert sent[0]["status"] == 400
        assert lines == [{"event": "portal.refused", "status": 400, "log_level": "info"}]

    def test_secrets_of_links_are_masked_and_each_line_is_one_object(self, monkeypatch):
        stream = io.StringIO()
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setattr(logging.getLogger("django.request"), "disabled", False)  # import-linter leaves it off
        try:
            server._log(WebConfig())
            logging.getLogger("django.request").warning("Not Found: %s", '/a/SECRET\n{"event": "forged"}\x1b[31m')
            logging.getLogger("x").warning("GET https://h/host/setup/SECRET?x and /c/SECRET")
        finally:
            root.handlers[:] = before
            root.setLevel(level)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert len(lines) == 2
        assert "SECRET" not in stream.getvalue()
        assert lines[1]["event"] == "GET https://h/host/setup/...?x and /c/..."
