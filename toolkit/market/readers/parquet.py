"""Parquet of others: read by a process of its own, which ends at a damaged file or one that needs too much memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.market.readers.contents import MAX_BYTES, MAX_CELLS, ReadingEnded, check_size, run

PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""
_PROGRAM = """
import polars as pl
pl.scan_parquet(sys.argv[1], glob="://" in sys.argv[1]).sink_ipc(sys.argv[2], compression="lz4")
"""
_WITHIN_LIMITS = """
import polars as pl
path, target, most_cells, most_bytes = *sys.argv[1:3], *map(int, sys.argv[3:])
scan = pl.scan_parquet(path, glob=False)
rows, columns, size = scan.select(pl.len()).collect().item(), len(scan.collect_schema()), 0
if rows * columns <= most_cells:
    frame = scan.collect()
    size = frame.estimated_size()
    if size <= most_bytes:
        frame.write_ipc(target, compression="lz4")
print(rows, columns, size)
"""


def read_parquet(name: str, content: bytes) -> pl.DataFrame:
    """The rows of a Parquet file within the limits of what is read.

    Args:
        name: File name as shown.
        content: Its bytes.

    Raises:
        DataError: for a file that is damaged or too large.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, target = Path(folder) / "given.parquet", Path(folder) / "rows.arrow"
        path.write_bytes(content)
        try:
            found = run(_WITHIN_LIMITS, str(path), str(target), str(MAX_CELLS), str(MAX_BYTES))
        except ReadingEnded as ended:
            raise _damaged(name, ended) from None
        rows, columns, size = map(int, found.split())
        check_size(name, rows=rows, columns=columns, cells=rows * columns, size=size)
        return pl.read_ipc(target)


def read_own_parquet(path: Path) -> pl.DataFrame:
    """The rows of a Parquet file of a data package, of any size.

    Raises:
        DataError: for a file that is damaged.
        OSError: for one that is missing or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        return pl.read_ipc(as_ipc(path.name, path, Path(folder) / "rows.arrow"))


def read_remote_parquet(address: str) -> pl.DataFrame:
    """The rows of the files at an address of object storage, with the settings and keys of the environment.

    Raises:
        ReadingEnded: with what polars says.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "rows.arrow"
        run(_PROGRAM, address, str(target))
        return pl.read_ipc(target)


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
    try:
        run(_PROGRAM, str(path), str(target))
    except ReadingEnded as ended:
        raise _damaged(name, ended) from None
    return target


def _damaged(name: str, ended: ReadingEnded) -> DataError:
    return DataError(
        "{file:s} is not a whole Parquet file: {reason}.",
        hint="Write or copy the file again.",
        details={"reason": str(ended.reason)},
        file=name,
        reason=message("damaged, or too large"),
    )
