"""A PostgreSQL of a test's own: made in a folder, on loopback, ended with the test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.portal import free_port

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
FOUND = shutil.which("initdb") or next((str(path / "initdb") for path in reversed(BINARIES)), None)
NEEDED = pytest.mark.skipif(FOUND is None, reason="no PostgreSQL is installed")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database. PostgreSQL refuses to run as root: it runs as its own user then, in its own folder."""
    assert FOUND is not None
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    user: str | None = None
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(folder, user)
    port, programs = free_port(), Path(FOUND).parent
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        group = pwd.getpwnam(user).pw_gid if user else None
        subprocess.run(
            command, check=True, user=user, group=group, env=environment, stdout=subprocess.DEVNULL, timeout=60, cwd=folder
        )

    run("initdb", "-U", "portal", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://portal@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)
