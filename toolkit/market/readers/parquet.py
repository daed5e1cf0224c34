"""Parquet of others, read by a process of its own: at a damaged page polars may end its process, which no exception tells."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.market.readers.contents import check_size
from toolkit.market.readers.footer import Footer

PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""
LONGEST = 300.0
"""Seconds after which the reading of a file is ended."""
_PROGRAM = """
import sys
import polars as pl
try:
    pl.scan_parquet(sys.argv[1], glob=False).sink_ipc(sys.argv[2], compression="lz4")
except BaseException as error:
    sys.exit((str(error) or "damaged").splitlines()[0])
"""


def read_parquet(name: str, content: bytes) -> pl.DataFrame:
    """The rows of a Parquet file within the limits of what is read.

    Args:
        name: File name as shown.
        content: Its bytes.

    Raises:
        DataError: for a file that is damaged or too large.
    """
    footer = Footer.of(content)
    if footer is None:
        raise _damaged(name, message("its footer cannot be read"))
    check_size(name, rows=footer.rows, columns=footer.columns, cells=footer.rows * footer.columns, size=footer.size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.parquet"
        path.write_bytes(content)
        return _rows(name, path, Path(folder))


def read_own_parquet(path: Path) -> pl.DataFrame:
    """The rows of a Parquet file of a data package, of any size.

    Raises:
        DataError: for a file that is damaged.
        OSError: for one that is missing or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _rows(path.name, path, Path(folder))


def _rows(name: str, path: Path, folder: Path) -> pl.DataFrame:
    return pl.read_ipc(as_ipc(name, path, folder / "rows.arrow"))


def as_ipc(name: str, path: Path, target: Path) -> Path:
    """A Parquet file written anew as an Arrow file, which holds no page of the one that was given.

    Args:
        name: File name as shown.
        path: The Parquet file.
        target: Where the Arrow file is written; returned.

    Raises:
        DataError: for a file that is damaged.
        OSError: for one that is missing or cannot be read.
    """
    path.open("rb").close()
    command = [sys.executable, "-P", "-c", _PROGRAM, str(path), str(target)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _damaged(name, message("it takes more than {n:d} s", n=int(LONGEST))) from None
    if done.returncode == 1:
        raise _damaged(name, done.stderr.splitlines()[-1] if done.stderr else message("damaged"))
    if done.returncode:
        raise _damaged(name, message("damaged"))
    return target


def _damaged(name: str, reason: str) -> DataError:
    hint = message("Write or copy the file again.")
    return DataError("{file:s} is not a whole Parquet file: {reason}.", hint=hint, file=name, reason=reason)
