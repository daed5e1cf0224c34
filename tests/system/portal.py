"""A portal as a process of its own, and visitors who keep cookies and send forms as a browser does."""

from __future__ import annotations

import atexit
import contextlib
import email
import email.policy
import functools
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
from django.core.signing import TimestampSigner, b62_encode

PATIENCE = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.heading, self._in_heading = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag == "input" and self.forms and "name" in found and found.get("type") != "checkbox":
            self.forms[-1][1][found["name"]] = found.get("value", "")
        self._in_heading = tag == "h1" or (self._in_heading and tag == "bdi")

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading += data


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    path: str

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def parsed(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.text)
        return parser

    @property
    def heading(self) -> str:
        return self.parsed.heading.strip()

    def form(self, action: str = "") -> dict[str, str]:
        """Fields of the form that posts there, without a place of the one that posts to its page: hidden ones with their values."""
        forms = self.parsed.forms
        own = next((fields for where, fields in forms if not where), None)
        return own if own and not action else next(fields for where, fields in forms if where.startswith(action))


@dataclass
class Visitor:
    portal: Portal
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.portal.base

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.base).port, timeout=PATIENCE)
        sent = {"Accept-Language": self.language, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with contextlib.closing(connection):
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie") or []:
                name, _, rest = cookie.partition("=")
                value = rest.partition(";")[0]
                self.cookies[name] = value
                if not value.strip('"'):
                    del self.cookies[name]
            return Answer(response.status, response.headers, response.read(), path)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path.removeprefix(self.base))

    def post(self, path: str, fields: dict[str, str], *, follow: bool = True) -> Answer:
        """Send a form; the page that it leads to."""
        path = path.removeprefix(self.base)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        answer = self.ask("POST", path, urlencode(fields).encode(), headers)
        if answer.status in (302, 303) and follow:
            return self.get(answer.headers["Location"])
        return answer

    def press(self, path: str) -> Answer:
        """Open a page with one button, and press it."""
        return self.post(path, self.get(path).form())


COMMANDS = """
import json, os, sys
import argon2, django.contrib.auth.hashers, django.core.mail, django.db.migrations.executor, django.forms, icalendar, psycopg
import toolkit.__main__, toolkit.cli.serve, toolkit.cli.webinar, toolkit.web.config, toolkit.web.server, toolkit.web.settings

for line in sys.stdin:
    words, folder, environment, files = json.loads(line)
    if not (copy := os.fork()):
        break
    print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
else:
    sys.exit()
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
for number, file in enumerate((os.devnull, *files)):
    os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
sys.argv = ["toolkit", *words]
toolkit.__main__.main()
"""
"""Runs commands, each in a copy of one process that has loaded libraries and nothing that is configured."""


@functools.cache
def _commands(python: str) -> tuple[subprocess.Popen[str], Path]:
    """The process of the commands of an interpreter, until this one ends, and the folder of what they print."""
    folder = Path(tempfile.mkdtemp(prefix="commands-"))
    given = {name: os.environ.get(name, "") for name in ("PATH", "PYTHONPATH")}
    given |= {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    process = subprocess.Popen([python, "-c", COMMANDS], cwd=folder, env=given, stdin=-1, stdout=-1, text=True)
    atexit.register(shutil.rmtree, folder)
    atexit.register(process.communicate)
    return process, folder


FEWER = """
from toolkit.__main__ import main
from toolkit.web.demo import crew, pool

crew.PROCESSES = pool.PROCESSES = {}
main()
"""
"""`toolkit` with a demo of so many processes, each of which loads everything for ten seconds."""


class Portal:
    """`toolkit serve` in a folder, with as many processes of the demo as are asked for, else as users have."""

    def __init__(self, work: Path, *, processes: int | None = None, **environment: str) -> None:
        self.work, self.port, self.python, self.processes = work, free_port(), sys.executable, processes
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = work / "log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(work),
            "LANG": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "POLARS_MAX_THREADS": "1",
            "TOOLKIT_WEB_PORT": str(self.port),
            "TOOLKIT_WEB_EVERY": "0.1",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit code of `toolkit ARGUMENTS` in a process of its own, and what it prints on either stream."""
        process, folder = _commands(self.python)
        assert process.stdin is not None
        assert process.stdout is not None
        files = [folder / "stdout", folder / "stderr"]
        asked = [arguments, str(self.work), {**self.environment, **environment}, [*map(str, files)]]
        process.stdin.write(f"{json.dumps(asked)}\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        return code, *(file.read_text("utf-8") for file in files)

    def run(self, *arguments: str) -> str:
        code, printed, told = self.command(*arguments)
        assert code == 0, told
        return printed

    def create(self, title: str, starts: str, *more: str) -> str:
        """Announce a webinar; the path of its page."""
        return urlsplit(self.run("webinar", "create", title, "--no-trial", "--starts", starts, *more).splitlines()[1]).path

    def start(self) -> None:
        start = ["-m", "toolkit"] if self.processes is None else ["-c", FEWER.format(self.processes)]
        former = self.log.read_text("utf-8").count("serving ") if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, *start, "serve"], cwd=self.work, env=self.environment, stdout=log, stderr=log
            )
        self.wait_for(lambda: self.log.read_text("utf-8").count("serving ") > former)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Seconds that it took to end."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process = None
        return time.monotonic() - began

    def wait_for(self, condition, patience: float = PATIENCE) -> None:
        until = time.monotonic() + patience
        while not condition():
            assert self.process is None or self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < until, self.log.read_text("utf-8")
            time.sleep(0.05)

    def mails(self) -> list[EmailMessage]:
        files = sorted((self.work / "portal" / "mails").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]  # type: ignore[misc]

    def link(self, purpose: str, to: str) -> str:
        """The newest link of a kind that was sent to an address: waits for the mail."""
        found: list[str] = []

        def came() -> bool:
            for mail in self.mails():
                if mail["To"] == to:
                    found.extend(re.findall(rf"{self.base}/{purpose}/\S+", mail.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
            return bool(found)

        self.wait_for(came)
        return found[-1]

    def visitor(self, language: str = "en") -> Visitor:
        return Visitor(self, language)


@contextlib.contextmanager
def serving(work: Path, *, processes: int | None = None, **environment: str) -> Iterator[Portal]:
    """A portal that is stopped in the end."""
    portal = Portal(work, processes=processes, **environment)
    try:
        yield portal
    finally:
        if portal.process is not None:
            portal.process.kill()
            portal.process.wait()


def aged(portal: Portal, fields: dict[str, str]) -> dict[str, str]:
    """The fields of a sign-up as those of a form that was loaded five seconds ago: its stamp, signed by the key of the portal."""
    key = (portal.work / "portal" / "secret").read_text("ascii").strip()
    signer = TimestampSigner(key=key, fallback_keys=(), salt="web.form")
    signer.timestamp = lambda: b62_encode(int(time.time()) - 5)  # type: ignore[method-assign]
    assert signer.unsign(fields["started"]) == "form"
    return {**fields, "started": signer.sign("form")}


def sign_up(visitor: Visitor, page: str, address: str, **more: str) -> Answer:
    """Fill the form as slowly as a person does."""
    fields = aged(visitor.portal, visitor.get(page).form(f"{page}register"))
    return visitor.post(f"{page}register", {**fields, "name": "Ana Lima", "email": address, **more})


@contextlib.contextmanager
def postgresql_server() -> Iterator[str | None]:
    """A server of PostgreSQL on a port of its own, as a user that is not root; its address, None where it is not installed."""
    places = os.pathsep.join([os.environ["PATH"], *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)])
    if shutil.which("initdb", path=places) is None:
        yield None
        return
    # Not below pytest's own folder, which root closes to others.
    folder, port = Path(tempfile.mkdtemp(prefix="postgresql-")), free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(tool: str, *arguments: str) -> None:
        done = subprocess.run(
            [*as_user, shutil.which(tool, path=places) or tool, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd="/",
        )
        assert done.returncode == 0, done.stderr

    run("initdb", "--pgdata", str(data), "--auth=trust", "--username=portal", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=150"
    run("pg_ctl", "--pgdata", str(data), "--wait", "--log", str(folder / "log"), "--options", options, "start")
    try:
        run("createdb", "--host=127.0.0.1", f"--port={port}", "--username=portal", "portal")
        yield f"postgresql://portal@127.0.0.1:{port}/portal"
    finally:
        run("pg_ctl", "--pgdata", str(data), "--mode=immediate", "stop")
        shutil.rmtree(folder)


@contextlib.contextmanager
def inserting(portal: Portal) -> Iterator[tuple[Callable[[str, dict[str, object]], None], int]]:
    """What writes rows into the portal's database, SQLite or PostgreSQL, and the number of its newest webinar."""
    address = portal.environment.get("TOOLKIT_WEB_DATABASE_URL")
    with contextlib.closing(
        sqlite3.connect(portal.work / "portal" / "portal.sqlite3", timeout=30) if address is None else psycopg.connect(address)
    ) as database:

        def stored(value: object) -> object:
            if address is not None:
                return value
            return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else getattr(value, "hex", value)

        def insert(table: str, row: dict[str, object]) -> None:
            marks = ", ".join(["?" if address is None else "%s"] * len(row))
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*map(stored, row.values())])

        (webinar,) = database.execute("SELECT max(id) FROM web_webinar").fetchone()  # type: ignore[misc]
        yield insert, webinar
        database.commit()


def registered(portal: Portal, count: int) -> list[uuid.UUID]:
    """Confirmed seats in the newest webinar of a portal: rows that a sign-up and its mails would make."""
    found, now = [uuid.uuid4() for _ in range(count)], datetime.now(UTC)
    with inserting(portal) as (insert, webinar):
        for one in found:
            row = {"id": one, "webinar_id": webinar, "email": f"{one.hex}@example.com", "name": "Ana Lima", "company": ""}
            more = {"language": "en", "state": "confirmed", "link_version": 1, "created": now, "confirmed": now}
            insert("web_registration", {**row, **more, "source": "", "answers": "{}"})
    return found


def seated(portal: Portal, count: int) -> list[Visitor]:
    """Attendees of the newest webinar of a portal, each in a session of its own."""
    found, later = [], datetime.now(UTC) + timedelta(hours=6)
    registrations = registered(portal, count)
    with inserting(portal) as (insert, _):
        for one in registrations:
            key, token = secrets.token_hex(16), secrets.token_hex(16)
            digest = hashlib.sha256(key.encode()).hexdigest()
            insert("web_session", {"session_key": digest, "session_data": "", "expire_date": later, "registration_id": one})
            found.append(Visitor(portal, cookies={"__Host-session": key, "__Host-csrf": token}))
    return found
