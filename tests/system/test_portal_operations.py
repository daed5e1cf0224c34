"""Care of a portal's data by commands: backup while it serves, restore with erasures, verification; and the portal on PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.system.portal import Portal, aged, postgresql_server, serving, sign_up
from tests.system.test_portal import _storm, _without_limits, soon

REPOSITORY = Path(__file__).resolve().parents[2]
PORTAL_TESTS = (
    "test_routes.py::test_who_may_see_what",
    "test_gate.py",
    "test_host.py",
    "test_outbox.py",
    "test_operations.py",
    "test_room.py",
    "test_self_service.py",
)
"""Of the addresses it is enough that each is asked for by each role: what else is asked of them, forms, headers and words, is the
same over every database."""


def command(portal: Portal, *arguments: str) -> tuple[int, str]:
    """Exit code, and what was printed."""
    code, printed, told = portal.command("serve", *arguments)
    return code, printed or told


@pytest.fixture(scope="module")
def announced(tmp_path_factory) -> tuple[Path, str]:
    """A folder whose portal has one webinar, and the path of its page: to be copied."""
    portal = Portal(tmp_path_factory.mktemp("announced"))
    return portal.work, portal.create("Gallium", soon(180), "--zone", "UTC", "--capacity", "50")


@pytest.fixture
def portal(tmp_path, announced) -> Iterator[Portal]:
    folder, page = announced
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with serving(tmp_path, TOOLKIT_WEB_DEMO="false") as found:
        found.page = page  # type: ignore[attr-defined]
        yield found


RESTORED = """
import sys
from pathlib import Path
from toolkit.cli.webinar import portal
from toolkit.core.errors import DataError

portal(folder=None)
from toolkit.web.operations.backup import restore

for name in sys.argv[1:]:
    try:
        restore(Path(name), force=True)
    except (DataError, OSError):
        continue
    print(name)
"""
"""Prints the files of its arguments that are put in the place of the database."""


def joined(portal: Portal, address: str, page: str = "") -> None:
    visitor = portal.visitor()
    sign_up(visitor, page or portal.page, address)  # type: ignore[attr-defined]
    visitor.press(portal.link("c", address))
    portal.link("a", address)


def addresses(portal: Portal) -> dict[str, str]:
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    found = dict(database.execute("SELECT email, state FROM web_registration"))
    database.close()
    return found


def test_while_the_database_is_away_the_log_has_lines_and_no_traces(portal):
    """The file is moved away under the server: what writes says so in one line, and all goes on when it is back."""
    portal.start()
    folder, away = portal.work / "portal", portal.work / "away"
    away.mkdir()
    visitor = portal.visitor()
    fields = {
        **aged(portal, visitor.get(portal.page).form(f"{portal.page}register")),
        "name": "Ana",
        "email": "ana@example.com",
    }
    there = sorted(folder.glob("portal.sqlite3*"))
    for one in there:
        one.rename(away / one.name)
    assert {visitor.post(f"{portal.page}register", fields).status for _ in range(5)} == {503}
    portal.wait_for(lambda: "outbox.no_database" in portal.log.read_text("utf-8"))
    time.sleep(1)
    assert visitor.get("/healthz").status == 503
    for one in there:
        (away / one.name).rename(one)
    portal.wait_for(lambda: visitor.get("/healthz").status == 200)
    assert sign_up(visitor, portal.page, "ana@example.com").status == 200
    assert portal.link("c", "ana@example.com")
    told = [json.loads(line) for line in portal.log.read_text("utf-8").splitlines() if line.startswith("{")]
    assert [one for one in told if "exception" in one or "Traceback" in str(one)] == []
    counts = Counter(one["event"] for one in told)
    assert (counts["page.no_database"], 1 <= counts["outbox.no_database"] <= 2) == (5, True)


def test_what_was_erased_stays_erased_after_a_restore(portal):
    portal.start()
    for name in ("kept", "erased", "cancelled"):
        joined(portal, f"{name}@example.com")
    off, moved = (portal.create(name, soon(300), "--zone", "UTC") for name in ("Off", "Moved"))
    joined(portal, "moved@example.com", moved)
    code, printed = command(portal, "backup", "copy", "--json")
    assert code == 0
    copy = portal.work / "copy"
    assert copy.stat().st_mode & 0o077 == 0
    assert json.loads(printed)["bytes"] == copy.stat().st_size
    assert (portal.work / "portal" / "secret").read_bytes().strip() not in copy.read_bytes()
    visitor = portal.visitor()
    room = portal.link("a", "erased@example.com")
    link = portal.link("me", "erased@example.com")
    assert (
        visitor.post(f"{link}/erase", visitor.get(link).form(f"{link.removeprefix(portal.base)}/erase")).heading
        == "Everything is deleted"
    )
    visitor.press(portal.link("me", "cancelled@example.com"))
    joined(portal, "later@example.com")
    portal.run("webinar", "cancel", off)
    for later in (soon(2000), soon(3000)):
        portal.run("webinar", "change", moved, "--starts", later)
    assert not any(mail["To"] == "erased@example.com" for mail in portal.mails())
    code, printed = command(portal, "restore", "copy", "--force")
    assert (code, "Stop the portal first." in printed) == (3, True)
    portal.stop()
    assert command(portal, "restore", "copy")[0] == 2
    code, printed = command(portal, "restore", "copy", "--force", "--json")
    assert code == 0, printed
    assert json.loads(printed)["made_again"] == {
        "erased": 1,
        "cancelled": 1,
        "webinars cancelled": 1,
        "webinars moved": 1,
    }
    states = {"kept": "confirmed", "cancelled": "cancelled", "moved": "confirmed"}
    assert addresses(portal) == {f"{name}@example.com": state for name, state in states.items()}
    found = {one["title"]: one for one in json.loads(portal.run("webinar", "list", "--json"))["webinars"]}
    assert found["Off"]["cancelled"]
    assert found["Moved"]["starts"][:16] == later
    with contextlib.closing(sqlite3.connect(portal.work / "portal" / "portal.sqlite3")) as database:
        reminders = "SELECT due FROM web_outbox o JOIN web_registration r ON r.id = o.registration_id"
        ((due,),) = database.execute(f"{reminders} WHERE kind = 'hour' AND email = 'moved@example.com'").fetchall()
    assert datetime.fromisoformat(due) == datetime.fromisoformat(later) - timedelta(hours=1)
    files = [path for path in (portal.work / "portal").rglob("*") if path.is_file()]
    assert not [path for path in files if b"erased@example.com" in path.read_bytes()]
    assert command(portal, "verify")[0] == 0
    portal.start()
    assert portal.visitor().get(room).status == 404
    assert portal.visitor().press(portal.link("a", "kept@example.com")).status == 200


def test_what_was_erased_is_erased_again_from_a_database_that_was_copied_back(portal):
    """As by the snapshot of a machine, or a restore that was killed: no step of `restore` was done."""
    portal.start()
    for name in ("kept", "erased"):
        joined(portal, f"{name}@example.com")
    portal.stop()
    database = portal.work / "portal" / "portal.sqlite3"
    before = database.read_bytes()
    portal.start()
    link, visitor = portal.link("me", "erased@example.com"), portal.visitor()
    visitor.post(f"{link}/erase", visitor.get(link).form(f"{link.removeprefix(portal.base)}/erase"))
    portal.stop()
    database.write_bytes(before)
    assert command(portal, "verify")[0] == 3
    portal.start()
    assert addresses(portal) == {"kept@example.com": "confirmed"}
    portal.stop()
    assert command(portal, "verify")[0] == 0


def test_a_backup_under_load_is_whole(portal):
    portal.start()
    _without_limits(portal)
    acknowledged: list[str] = []
    ending = threading.Event()
    threads = [threading.Thread(target=_storm, args=(portal, portal.page, acknowledged, ending, i)) for i in range(4)]
    for thread in threads:
        thread.start()
    portal.wait_for(lambda: len(acknowledged) > 20)
    before = {*acknowledged}
    code, printed = command(portal, "backup", "copy")
    ending.set()
    for thread in threads:
        thread.join()
    assert code == 0, printed
    portal.stop()
    assert command(portal, "restore", "copy", "--force")[0] == 0
    assert before <= addresses(portal).keys()
    assert command(portal, "verify")[0] == 0


def test_a_command_waits_for_its_turn_in_the_database(portal):
    """Beside a portal that writes it ended after the five seconds of a request: the database was locked."""
    other = sqlite3.connect(portal.work / "portal" / "portal.sqlite3", isolation_level=None)
    with contextlib.closing(other), ThreadPoolExecutor(1) as threads:
        other.execute("BEGIN IMMEDIATE")
        done = threads.submit(command, portal, "backup", "copy")
        time.sleep(12)  # longer than a request waits, for the database and for its write
        assert not done.done(), done.result()[1]
        other.execute("COMMIT")
        assert done.result()[0] == 0, done.result()[1]


def test_what_is_no_backup_replaces_nothing(portal):
    command(portal, "backup", "copy")
    copy = (portal.work / "copy").read_bytes()
    database = portal.work / "portal" / "portal.sqlite3"
    before = database.read_bytes()
    schemas = {
        "newer": "INSERT INTO django_migrations (app, name, applied) VALUES ('web', '9999_later', CURRENT_TIMESTAMP)",
        "unfinished": "DELETE FROM django_migrations WHERE app = 'web' AND name <> '0001_initial'",
    }
    for name, change in schemas.items():
        (portal.work / name).write_bytes(copy)
        with contextlib.closing(sqlite3.connect(portal.work / name)) as there, there:
            there.execute(change)
    half, page = len(copy) // 2, b"\xff" * 4096
    for name, content in {"empty": b"", "junk": b"junk" * 999, "damaged": copy[:half] + page + copy[half + 4096 :]}.items():
        (portal.work / name).write_bytes(content)
    assert command(portal, "--folder", "nowhere", "restore", "junk")[0] == 3
    assert not (portal.work / "nowhere").exists()
    code, printed = command(portal, "restore", "junk", "--force")
    assert (code, database.read_bytes() == before) == (3, True), printed
    others = [sys.executable, "-c", RESTORED, "empty", "damaged", "newer", "unfinished", "missing", "."]
    done = subprocess.run(others, cwd=portal.work, env=portal.environment, capture_output=True, text=True, check=False)
    assert (done.stdout, database.read_bytes() == before) == ("", True), done.stderr
    assert done.returncode == 0, done.stderr


def test_a_changed_database_is_found(portal):
    assert command(portal, "backup", "copy")[0] == 0
    assert command(portal, "verify")[0] == 0
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    database.execute("DROP TRIGGER audit_no_update")
    database.execute("UPDATE web_auditentry SET action = 'nothing'")
    database.commit()
    database.close()
    code, printed = command(portal, "verify", "--json")
    assert code == 3
    assert json.loads(printed)["error"]["details"]["faults"][0].startswith("audit: entry 1 ")


@pytest.mark.parametrize(("room", "told"), [(0, "does not answer: "), (100, "copy.part cannot be written: ")])
def test_a_backup_that_does_not_fit_is_told_and_leaves_no_file(portal, room, told):
    """On a full disk, of the database or of the copy, it asked for a report of a bug and left a part of the file."""
    with contextlib.closing(sqlite3.connect(portal.work / "portal" / "portal.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    limited = f'ulimit -f {room}; exec "$0" -m toolkit serve backup copy'
    done = subprocess.run(
        ["/bin/sh", "-c", limited, sys.executable], cwd=portal.work, env=portal.environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, told in done.stderr, "bug" in done.stderr) == (3, True, False), done.stderr
    assert {path.name for path in portal.work.iterdir()} == {"portal"}


@pytest.mark.parametrize(
    "arguments",
    [["backup", "copy"], ["verify"], ["purge"], ["invite"], ["recover", "Ana"], ["close", "Ana"]],
    ids=lambda a: a[0],
)
def test_a_folder_without_a_portal_is_told_and_left_alone(tmp_path, arguments):
    """A backup that is made in the wrong folder every night was one of an empty portal, and `verify` called it sound."""
    code, printed = command(Portal(tmp_path), *arguments)
    assert (code, printed.splitlines()) == (
        2,
        [f"error: there is no portal in {tmp_path}/portal.", "Name its folder with --folder."],
    )
    assert list(tmp_path.iterdir()) == []


def test_a_webinar_that_is_refused_leaves_no_folder(tmp_path):
    code, _, told = Portal(tmp_path).command("webinar", "create", "Gallium", "--starts", "tomorrow")
    assert (code, list(tmp_path.iterdir())) == (2, []), told


def test_purge_counts_and_then_deletes(portal):
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    past = (datetime.now(UTC) - timedelta(days=8)).strftime("%Y-%m-%d %H:%M:%S")
    database.execute(
        "INSERT INTO web_registration (id, webinar_id, email, name, company, language, state, link_version, created, source, answers) "
        "VALUES ('0123456789abcdef0123456789abcdef', 1, 'old@example.com', 'x', '', 'en', 'pending', 1, ?, '', '{}')",
        [past],
    )
    database.commit()
    database.close()
    for arguments, left in ((("--dry-run",), 1), ((), 0)):
        code, printed = command(portal, "purge", "--json", *arguments)
        assert (code, json.loads(printed)["registrations"], len(addresses(portal))) == (0, 1, left)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgresql_server() as address:
        if address is None:
            pytest.skip("PostgreSQL is not installed")
        yield address


def test_the_same_tests_hold_on_postgresql(postgresql):
    files = [f"tests/unit/web/{name}" for name in PORTAL_TESTS]
    environment = {**os.environ, "TEST_PORTAL_DATABASE_URL": postgresql, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]


def test_a_portal_on_postgresql_is_backed_up_and_restored_by_its_own_tools(postgresql, tmp_path):
    with serving(tmp_path, TOOLKIT_WEB_DEMO="false", TOOLKIT_WEB_DATABASE_URL=postgresql) as portal:
        portal.page = portal.create("Gallium", soon(60), "--zone", "UTC")  # type: ignore[attr-defined]
        portal.start()
        for name in ("kept", "erased"):
            joined(portal, f"{name}@example.com")
        assert command(portal, "backup", "copy")[0] == 0
        visitor, link = portal.visitor(), portal.link("me", "erased@example.com")
        visitor.post(f"{link}/erase", visitor.get(link).form(f"{link.removeprefix(portal.base)}/erase"))
        assert command(portal, "restore", "copy", "--force")[0] == 3
        portal.stop()
        code, printed = command(portal, "restore", "copy", "--force", "--json")
        assert code == 0, printed
        assert json.loads(printed)["made_again"] == {"erased": 1}
        assert json.loads(printed)["registrations"] == 1
        assert command(portal, "verify")[0] == 0
        later = "django_migrations WHERE name = '9999_later'"
        with psycopg.connect(postgresql, autocommit=True) as there:
            there.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('web', '9999_later', now())")
            subprocess.run(["pg_dump", "--format=custom", "--file=newer", postgresql], cwd=tmp_path, check=True)
            there.execute(f"DELETE FROM {later}")
        (tmp_path / "junk").write_bytes(b"junk" * 999)
        for other in ("newer", "junk", "missing"):
            assert command(portal, "restore", other, "--force")[0] != 0
        with psycopg.connect(postgresql) as there:
            assert there.execute(f"SELECT count(*) FROM {later}").fetchone() == (0,)
        assert command(portal, "verify")[0] == 0
        code, _, told = portal.command("serve", "backup", "other", PATH="/nowhere")
        assert (code, "pg_dump" in told) == (3, True)
