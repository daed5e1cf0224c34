"""Programs that read files of others in a process of their own.

A reader in another language may end its process at a damaged or a hostile file, by a panic or for want of memory, and no
exception tells it: then the program ends, and the command or the portal that started it says so.
"""

from __future__ import annotations

import subprocess
import sys

from toolkit.core.messages import Message, message

LONGEST = 300.0
"""Seconds after which the reading of a file is ended."""
MOST_MEMORY = 4 * 2**30
"""Bytes of memory of a program, where the system can limit them: cells of the largest table that is read take a quarter."""
_PROGRAM = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({most}, {most}))
except (ImportError, ValueError, OSError):
    pass
try:
    exec(sys.argv.pop(1), {{"__name__": "__main__", "sys": sys}})
except BaseException as error:
    sys.stderr.write(str(error))
    sys.exit(7)
"""
_FAILED = 7


class ReadingEnded(Exception):
    """A program that ended without its result; `reason` is what it said."""

    def __init__(self, reason: str | Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def run(program: str, *arguments: str, content: bytes = b"") -> bytes:
    """What a program writes to its standard output.

    Args:
        program: Python source; `sys` is imported.
        arguments: Its `sys.argv`, from the second on.
        content: Its standard input.

    Raises:
        ReadingEnded: for a program that raises, ends otherwise than by its last line, or takes longer than `LONGEST`.
    """
    command = [sys.executable, "-P", "-c", _PROGRAM.format(most=MOST_MEMORY), program, *arguments]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ReadingEnded(message("it takes more than {n:d} s", n=int(LONGEST))) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines() if done.returncode == _FAILED else []
        raise ReadingEnded(said[0] if said else message("damaged, or too large"))
    return done.stdout
