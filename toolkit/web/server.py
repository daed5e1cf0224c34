"""Set-up of Django from a configuration, migration under a lock, and the server."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import multiprocessing
import os
import re
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from toolkit.core.errors import DataError, SpecError
from toolkit.web.config import WebConfig

SECRETS = re.compile(r"(/(?:c|a|me|s|u|host/setup)/)[^\s?#\"']+")
OTHERS = ("asyncio", "axes", "django", "uvicorn")
"""Loggers of libraries, of which warnings are enough; those of the portal say what was done."""
MIGRATION_LOCK = 7_301_926_415
"""Key of the advisory lock on PostgreSQL."""
DESCRIPTORS = 16_384
TURN = 0.0005
"""Seconds that a thread computes before another may: of Python's 5 ms the slowest answers wait for several threads' turns."""
COLLECTED = (700, 10, 10)
"""Python's own: objects that wait for a collection, and collections of a generation before one of the next."""
MIGRATION_SECONDS = 60
"""Seconds to wait for another process that migrates."""
STOP_SECONDS = 8.0
"""Seconds from the signal to end to the end."""
log = structlog.get_logger("server")


def setup(config: WebConfig, *, serving: bool) -> None:
    """Configure Django; a process has one portal.

    Args:
        config: Of the portal.
        serving: Whether this process will be the portal; else it runs one command, which may wait longer for the database.

    Raises:
        SpecError: where Django is configured already.
    """
    import django  # noqa: PLC0415  # the commands load no Django before they run
    from django.conf import settings  # noqa: PLC0415

    from toolkit.web.settings import values  # noqa: PLC0415

    if settings.configured:
        raise SpecError("this process has a Django of its own.", hint="Run the portal in a process of its own.")
    os.umask(0o077)
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _log(config)
    settings.configure(**values(config, serving=serving))
    django.setup()


def _log(config: WebConfig) -> None:
    """Log lines as JSON on stderr, without secrets of links."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=set()), *chain],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, structlog.processors.JSONRenderer()],
    )
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if config.log == "json" else logging.NullHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OTHERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log line without the secrets of links."""
    return {name: SECRETS.sub(r"\1...", value) if isinstance(value, str) else value for name, value in event.items()}


ONE_PROCESS = "SQLite serves one process; several need TOOLKIT_WEB_DATABASE_URL."


@contextlib.contextmanager
def file_lock(path: Path, patience: float, hint: str = ONE_PROCESS) -> Iterator[None]:
    """A lock that ends with the process, whatever happens to it: SQLite's own, on every system.

    Args:
        path: Of the lock.
        patience: Seconds to wait for it.
        hint: What to do where another process has it.

    Raises:
        DataError: where another process has it for longer, or its folder takes no file.
    """
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(contextlib.closing(sqlite3.connect(path, timeout=patience, isolation_level=None)))
            connection.execute("PRAGMA journal_mode=MEMORY")  # a lock needs no room: it holds on a full disk too
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise DataError(f"{path} cannot be written: {error}.") from None
            raise DataError(f"another process holds {path}.", hint=hint) from None
        yield


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """What is done with the database: `DataError` where it does not answer, or its disk is full."""
    from django.db import OperationalError  # noqa: PLC0415

    try:
        yield
    except OperationalError as error:
        told = str(error).splitlines()[0]
        hint = "See whether its disk is full." if "disk" in told else ""
        raise DataError(f"the database does not answer: {told}.", hint=hint) from error


def migrate(config: WebConfig) -> None:
    """Bring the tables to the schema of this version, one process at a time.

    Raises:
        DataError: where a newer version has been here, or the database does not answer.
    """
    with answering():
        _migrate(config)


def refuse_unknown(what: str, applied: Iterable[tuple[str, str]]) -> None:
    """Refuse a schema of a newer version, and one between those that one migration replaces.

    Args:
        what: Whose schema it is.
        applied: App and name of its migrations.

    Raises:
        DataError: where this version does not know one of them, or knows it as a part of which the rest is missing.
    """
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415

    known, there = MigrationLoader(None).disk_migrations, {*applied}
    parts = [{*migration.replaces} - {*known} for migration in known.values()]
    if unknown := there - {*known}.union(*parts):
        names = ", ".join(f"{app}.{name}" for app, name in sorted(unknown))
        raise DataError(f"{what} has a newer schema: {names}.", hint="Install the version that wrote it.")
    if missing := {one for part in parts if part & there for one in part - there}:
        names = ", ".join(f"{app}.{name}" for app, name in sorted(missing))
        raise DataError(
            f"{what} has an unfinished schema, without {names}.", hint="Finish it with the version that wrote it, then repeat."
        )


def _migrate(config: WebConfig) -> None:
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.recorder import MigrationRecorder  # noqa: PLC0415

    def run() -> None:
        refuse_unknown("the database", MigrationRecorder(connection).applied_migrations())
        call_command("migrate", verbosity=0, interactive=False)

    if connection.vendor == "sqlite":
        with file_lock(config.folder / "migrate.lock", MIGRATION_SECONDS):
            run()
        return
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            run()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    connection.close()


def serve(config: WebConfig) -> None:
    """Serve until a signal comes; `setup` was called before."""
    import uvicorn  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from toolkit.web.asgi.app import Portal  # noqa: PLC0415
    from toolkit.web.asgi.deadline import Deadline  # noqa: PLC0415
    from toolkit.web.demo import pool  # noqa: PLC0415
    from toolkit.web.gate.outbox import workers  # noqa: PLC0415
    from toolkit.web.operations.backup import erase_again  # noqa: PLC0415
    from toolkit.web.room.hub import hub  # noqa: PLC0415
    from toolkit.web.webinars import coming_strategies  # noqa: PLC0415
    from toolkit.web.writing import is_moved, writer  # noqa: PLC0415

    class Server(uvicorn.Server):
        """The server, which says where it is once it listens."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                sys.stderr.write("".join(f"{line}\n" for line in announced))

        def handle_exit(self, sig: int, frame: Any) -> None:
            threading.Thread(target=_end_anyway, daemon=True).start()
            if pool.solver is not None:  # who waits for an answer is told to come again, and the processes end
                threading.Thread(target=pool.solver.close, daemon=True).start()
            hub.end_streams()
            super().handle_exit(sig, frame)

    _refuse_taken(config)
    logging.getLogger().setLevel(logging.INFO)
    embedded = config.database_url is None
    with file_lock(config.folder / "serve.lock", 0.1) if embedded else contextlib.nullcontext():
        migrate(config)
        with answering():
            erase_again()
            is_moved()  # from now on its place is known
        config.note_address()
        announced = announcement(config)
        threads = [hub, *workers(config.every)]
        start, stop = [thread.start for thread in threads], [*(thread.stop for thread in threads), writer.stop]
        if config.demo:
            pool.solver = pool.Solver(config.prices, wall=config.wall)
            strategies = tuple(sorted(coming_strategies()))
            start.append(functools.partial(pool.solver.open, strategies))
            stop.append(pool.solver.close)
        connections.close_all()
        _allow_descriptors()
        sys.setswitchinterval(TURN)
        portal = Portal(config, start=start, stop=stop)
        Deadline.proxies = config.trusted_proxy
        settings = uvicorn.Config(
            portal,
            host=config.host,
            port=config.port,
            http=Deadline,
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=3,
        )
        _load()
        Server(settings).run()


def _end_anyway() -> None:
    """End this process `STOP_SECONDS` after it was told to: what was acknowledged is stored, whatever still waits for what."""
    time.sleep(STOP_SECONDS)
    log.error("server.ended_anyway")
    for process in multiprocessing.active_children():
        process.kill()
    os._exit(1)


def _refuse_taken(config: WebConfig) -> None:
    """`DataError` where this process cannot listen: the server would tell it as an event of its log."""
    try:
        family = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((config.host, config.port), family=family).close()
    except OSError as error:
        told = str(error.strerror).partition(" (")[0]
        fault = f"{config.host}, port {config.port}, cannot be listened on: {told}."
        raise DataError(fault, hint="Name another port with --port, or end what has this one.") from None


def _load() -> None:
    """Load what pages and mails need, and let garbage be collected in small parts: the command line lets 200,000 objects wait.

    A collection stops every page: of so many it took 0.25 s of processor, and what was loaded before needs no look any more.
    """
    from django.conf import settings  # noqa: PLC0415
    from django.urls import get_resolver  # noqa: PLC0415

    from toolkit.web.words import language  # noqa: PLC0415

    get_resolver().url_patterns  # noqa: B018  # loads the views
    for code, _ in settings.LANGUAGES:
        language(code)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def _allow_descriptors() -> None:
    """As many open connections as this process may have: each stream is one."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, wanted), most))


def announcement(config: WebConfig) -> tuple[str, ...]:
    """Lines that say where the portal is, and the link of the first host while there is none."""
    from toolkit.web.hosts import setup_link  # noqa: PLC0415

    link = setup_link()
    first = () if link is None else ("the first host signs in here, once, within five minutes:", f"  {link}")
    return (f"serving {config.base_url}/", *first)
