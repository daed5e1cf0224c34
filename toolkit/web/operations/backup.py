"""Backup, restore and verification: SQLite by its own online backup, PostgreSQL by its own tools."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.db.models import F, QuerySet

from toolkit.core.errors import DataError, SpecError
from toolkit.web.gate import registering, retention
from toolkit.web.gate.consent import sha256
from toolkit.web.gate.mail import REMINDERS
from toolkit.web.models import AuditEntry, ConsentText, Outbox, Registration, Session, Webinar
from toolkit.web.operations import audit, journal
from toolkit.web.server import file_lock, migrate, refuse_unknown
from toolkit.web.webinars import with_counts


def backup(path: Path) -> dict[str, Any]:
    """Write a consistent copy of the database, while the portal serves or not; the key and the journal are not in it.

    Args:
        path: Of the new file.

    Raises:
        SpecError: where the file exists.
        DataError: where the copy is damaged, or PostgreSQL's tools are missing or fail.
        OSError: where the file cannot be written.
    """
    if path.exists():
        raise SpecError(f"{path} exists.", hint="Name a new file: a backup is not overwritten.")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch()  # a folder that is not there or may not be written to is told by the system
    try:
        audit.record(audit.CONSOLE, "backup")
        head = AuditEntry.objects.order_by("-id").values_list("digest", flat=True)[0]
        connection.close()
        if connection.vendor == "sqlite":
            _copy(_database(), part)
        else:
            _run("pg_dump", "--format=custom", "--no-owner", f"--file={part}")
        _check(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return {"file": str(path), "bytes": path.stat().st_size, "audit": head}


def restore(path: Path, *, force: bool) -> dict[str, Any]:
    """Put a backup in the place of the database, and make again what must hold after it.

    Sessions and unused links of mails end; registrations that were erased, revoked or cancelled since the backup are so again;
    webinars that were moved or cancelled too, without a mail; what is past its retention is deleted.

    Args:
        path: A file of `backup`.
        force: Whether a database that is there may be replaced.

    Raises:
        SpecError: where there is a database and it may not be replaced.
        DataError: for a file that is no sound backup, a portal that is serving, a newer or unfinished schema.
        OSError: for a file that is not there.
    """
    with _alone():
        _check(path)
        if connection.vendor == "sqlite":
            there = _database()
            if there.exists() and not force:
                raise SpecError(f"{there} would be replaced.", hint="Make a backup of it, then repeat with --force.")
            connections.close_all()
            part = there.with_name(f"{there.name}.part")
            shutil.copyfile(path, part)
            for log in ("-wal", "-shm"):  # of the former file: they would be read into the restored one
                there.with_name(there.name + log).unlink(missing_ok=True)
            part.replace(there)
        else:
            if not force and connection.introspection.table_names():
                raise SpecError("the database holds tables, which would be replaced.", hint="Repeat with --force.")
            connections.close_all()
            _run(
                "pg_restore",
                "--clean",
                "--if-exists",
                "--no-owner",
                "--single-transaction",
                "--dbname",
                str(_database()),
                str(path),
            )
        migrate(settings.PORTAL)
        Session.objects.all().delete()
        again = _again()
        deleted = retention.purge()
        registering.forget()
        audit.record(audit.CONSOLE, "restore")
    return {"registrations": Registration.objects.count(), "made_again": again, "deleted": deleted}


def _again() -> dict[str, int]:
    """Make again what the journal holds since the backup was made; erasures whenever they were."""
    made = AuditEntry.objects.filter(action="backup").order_by("-id").values_list("at", flat=True).first()
    counts: dict[str, int] = {}
    for at, what, identity in journal.entries():
        found = Registration.objects.filter(id=identity).first()
        if found is None or (what != journal.ERASED and made is not None and at < made):
            continue
        if what == journal.ERASED:
            registering.erase(found)
        elif what == journal.WITHDRAWN:
            registering.withdraw(identity)
        elif what == journal.RENEWED:
            Registration.objects.filter(id=identity).update(link_version=F("link_version") + 1)
        else:
            registering.cancel(found, state=Registration.State(what))
        counts[what] = counts.get(what, 0) + 1
    of_webinars: dict[str, set[str]] = {}
    for at, slug, fields in journal.of_webinars():  # who had a seat has had the mail
        webinar = Webinar.objects.filter(slug=slug, cancelled_at=None).first()
        if webinar is None or (made is not None and at < made):
            continue
        reminders = Outbox.objects.filter(registration__webinar=webinar, kind__in=REMINDERS, sent=None)
        reminders.update(due=F("due") + (fields.get("starts", webinar.starts) - webinar.starts))
        Webinar.objects.filter(id=webinar.id).update(**fields, revision=F("revision") + 1)
        what = "webinars cancelled" if "cancelled_at" in fields else "webinars moved"
        of_webinars.setdefault(what, set()).add(slug)
    return counts | {what: len(slugs) for what, slugs in of_webinars.items()}


def _erased() -> QuerySet[Registration]:
    """Registrations that are stored, and were erased: the database was put back."""
    return Registration.objects.filter(id__in=[identity for _, what, identity in journal.entries() if what == journal.ERASED])


def erase_again() -> None:
    """Erase what was erased before the database was put back by other means than `restore`, or by one that was cut off."""
    for registration in _erased():
        registering.erase(registration)
        audit.record(audit.CONSOLE, "erase", registration.id)


def faults() -> list[str]:
    """What is wrong with the database; empty where all is sound."""
    found: list[str] = []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            found += [f"integrity: {row[0]}" for row in cursor.fetchall() if row[0] != "ok"]
            cursor.execute("PRAGMA foreign_key_check")
            found += [f"foreign key: {row[0]} row {row[1]}" for row in cursor.fetchall()]
    found += [f"audit: entry {entry} was changed, or the one before it was removed" for entry in audit.broken()]
    texts = ConsentText.objects.iterator()
    found += [f"consent: text {text.sha256[:12]} was changed" for text in texts if sha256(text.text) != text.sha256]
    overfull = with_counts().filter(confirmed__gt=F("capacity"))
    found += [f"seats: {webinar.slug} has more confirmed than seats" for webinar in overfull]
    there = _erased().count()
    return [*found, *([f"erasure: {there} erased registrations are stored"] if there else [])]


def counts() -> dict[str, int]:
    """Rows that a reader can compare with what they expect."""
    return {
        "webinars": Webinar.objects.count(),
        "registrations": Registration.objects.count(),
        "confirmed": Registration.objects.filter(state=Registration.State.CONFIRMED).count(),
        "audit_entries": AuditEntry.objects.count(),
    }


def _database() -> Path:
    return Path(connection.settings_dict["NAME"])


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """As long as no portal serves this database."""
    if connection.vendor == "sqlite":
        with file_lock(settings.PORTAL.folder / "serve.lock", 0.1, hint="Stop the portal first."):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if cursor.fetchone()[0]:
            raise DataError("other processes use the database.", hint="Stop every portal first.")
    yield


def _copy(source: Path, target: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(source)) as there, contextlib.closing(sqlite3.connect(target)) as here:
            there.backup(here)  # in one step: what the portal writes meanwhile would begin it anew
            here.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.OperationalError as error:
        raise DataError(f"{target} cannot be written: {error}.") from None


def _check(path: Path) -> None:
    """Refuse what is no sound database of a portal, and one of a schema that this version cannot bring to its own."""
    path.stat()
    applied = _applied_sqlite(path) if connection.vendor == "sqlite" else _applied_postgresql(path)
    if not any(app == "web" for app, _ in applied):
        raise DataError(f"{path} is no sound backup of a portal.")
    refuse_unknown(str(path), applied)


def _applied_sqlite(path: Path) -> set[tuple[str, str]]:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as there:
            sound = there.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            return {*there.execute("SELECT app, name FROM django_migrations")} if sound else set()
    except sqlite3.DatabaseError:
        return set()


def _applied_postgresql(path: Path) -> set[tuple[str, str]]:
    """The rows of one table, as they would be restored: id, app, name and time, with tabs between them."""
    rows = _run("pg_restore", "--data-only", "--table=django_migrations", "--file=-", str(path)).splitlines()
    return {(cells[1], cells[2]) for row in rows if len(cells := row.split("\t")) == 4}


def _run(tool: str, *arguments: str) -> str:
    """What a tool of PostgreSQL writes, with the connection in its environment: a password is in no list of processes."""
    if shutil.which(tool) is None:
        raise DataError(
            f"{tool} is not installed.", hint="It comes with PostgreSQL's client programs, of the server's version."
        )
    place = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = {
        **os.environ,
        **{f"PG{name.upper()}": value for name, value in place["OPTIONS"].items() if name != "options"},
        **{name: str(place[key]) for name, key in names.items() if place[key]},
    }
    done = subprocess.run([tool, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        # Below an error stands the statement that it is in, over several lines.
        errors = [line for line in said if "error:" in line] or said[-1:] or [str(done.returncode)]
        raise DataError(f"{tool} failed: {errors[0]}")
    return done.stdout
